/* template: lint | render | coverage - the script library from the command line. */
#include "cli/commands.h"
#include "cli/journey_run.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json_write.h"
#include "compose/lint.h"
#include "compose/message.h"
#include "journey_compose.h"

#include <string.h>

/* -- what the three share -- */

// The built-in library with the workspace's templates before it; there need not be a workspace.
static wl_status open_library(struct wl_cli *cli, struct wl_library *library, wl_error *error)
{
    const char *folder = wl_path_join(&cli->arena_process, cli->folder, "templates");

    if (folder == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a path");
    }
    return wl_library_open(folder, cli->alloc, library, error);
}

static wl_status choice(const struct wl_cli *cli, const char *option, const char *const *names,
                        int *value, wl_error *error)
{
    const char *text = wl_cli_text(cli, option, NULL);

    if (text == NULL) {
        return WL_OK;
    }
    int i = wl_name_find(names, wl_str_from(text));
    if (i < 0) {
        return wl_fail(error, WL_EINVAL, "--%s: no %s called \"%s\"", option, option, text);
    }
    *value = i;
    return WL_OK;
}

/* -- template lint -- */

static wl_status read_files(struct wl_cli *cli, struct wl_library *library, wl_error *error)
{
    struct wl_buf text;
    wl_status status = WL_OK;

    wl_library_init(library, cli->alloc);
    wl_buf_init(&text, cli->alloc, 0);
    for (size_t i = 0; i < cli->n_arguments; i++) {
        WL_GO(wl_file_read(cli->arguments[i], &text, error));
        WL_GO(wl_library_add(library, cli->arguments[i], wl_buf_view(&text), false, error));
    }
done:
    wl_buf_release(&text);
    if (status != WL_OK) {
        wl_library_release(library);
    }
    return status;
}

static wl_status print_findings(struct wl_cli *cli, const struct wl_findings *findings,
                                wl_error *error)
{
    enum wl_language language = cli->is_zh ? WL_LANGUAGE_ZH : WL_LANGUAGE_EN;
    struct wl_buf line;
    wl_status status = WL_OK;

    wl_buf_init(&line, cli->alloc, 0);
    for (size_t i = 0; i < findings->n_items; i++) {
        if (cli->is_json) {
            wl_finding_json(&findings->items[i], &line);
        } else {
            wl_finding_write(&findings->items[i], language, &line);
        }
        WL_GO(wl_cli_line(cli, &line, error));
    }
done:
    wl_buf_release(&line);
    return status;
}

static wl_status run_lint(struct wl_cli *cli, wl_error *error)
{
    struct wl_library library = {0};
    struct wl_findings findings;
    struct wl_lint_options options = {.allow_counts = wl_cli_has(cli, "allow-counts")};
    wl_status status = WL_OK;

    wl_findings_init(&findings, cli->alloc);
    WL_GO(cli->n_arguments > 0 ? read_files(cli, &library, error)
                               : open_library(cli, &library, error));
    WL_GO(wl_lint_library(&library, &options, &findings, error));
    WL_GO(print_findings(cli, &findings, error));
    if (findings.n_items > 0) {
        status = wl_fail(error, WL_EGATE, "%zu findings in %zu templates", findings.n_items,
                         library.n_items);
        goto done;
    }
    wl_cli_say(cli, WL_SAY(cli, "%zu templates are clean", "%zu 个模板全部通过"), library.n_items);
done:
    wl_findings_release(&findings);
    wl_library_release(&library);
    return status;
}

static const struct wl_option lint_options[] = {
    {"allow-counts", 0, NULL, "let templates show counts of the reader's behaviour",
     "允许模板展示用户行为的计数"},
};

const struct wl_command wl_command_template_lint = {
    .name = "template lint",
    .summary_en = "check templates: promises, numbers, tone, opt-out, length; exit 3 on findings",
    .summary_zh = "检查模板：承诺、数字、语气、退订、长度；有问题时退出码为 3",
    .arguments = "[FILE...]",
    .example = "wanliu template lint templates/scripts.yaml",
    .options = lint_options,
    .n_options = sizeof(lint_options) / sizeof(lint_options[0]),
    .run = run_lint,
};

/* -- template render -- */

/* Everything a line needs, made once. */
struct renderer {
    struct wl_cli *cli;
    struct wl_journey journey; /* its company holds the attributes, when there is a store */
    struct wl_writer writer;
    struct wl_arena arena_request;
    struct wl_buf out;
};

static wl_status open_renderer(struct wl_cli *cli, struct renderer *r, wl_error *error)
{
    struct wl_workspace *workspace = &r->journey.workspace;

    WL_TRY(wl_cli_journey_open(cli, &r->journey, error));
    if (wl_file_exists(workspace->store_path)) {
        WL_TRY(wl_journey_load(&r->journey, error));
    }
    WL_TRY(wl_writer_open(workspace, r->journey.company, cli->alloc, &r->writer, error));
    WL_TRY(wl_cli_date(cli, "offers-from", WL_TIME_NONE, &r->writer.options.now_us, error));
    WL_TRY(choice(cli, "language", wl_language_names, &r->writer.options.language, error));
    r->writer.is_language_fixed = wl_cli_has(cli, "language");
    return choice(cli, "channel", wl_channel_names, &r->writer.options.channel, error);
}

// "attributes" in the line are the customer's; without them the store is asked.
static wl_status render_line(void *context, struct wl_str line, size_t number, wl_error *error)
{
    struct renderer *r = context;
    struct wl_explanation explanation;
    struct wl_message message;
    struct wl_node *root = NULL;

    (void)number;
    wl_arena_reset(&r->arena_request);
    WL_TRY(wl_explanation_read(&r->arena_request, line, &explanation, error));
    WL_TRY(wl_json_parse(&r->arena_request, line, &root, error));
    WL_TRY(wl_writer_write(&r->writer, &explanation, wl_node_get(root, "attributes"),
                           &r->arena_request, &message, error));
    wl_message_write(&message, &r->out);
    return wl_cli_line(r->cli, &r->out, error);
}

static wl_status run_render(struct wl_cli *cli, wl_error *error)
{
    struct renderer r = {.cli = cli};
    wl_status status = WL_OK;

    wl_arena_init(&r.arena_request, cli->alloc, 0);
    wl_buf_init(&r.out, cli->alloc, 0);
    WL_GO(open_renderer(cli, &r, error));
    WL_GO(wl_cli_each_line(cli, render_line, &r, error));
done:
    wl_buf_release(&r.out);
    wl_arena_release(&r.arena_request);
    wl_writer_close(&r.writer);
    wl_journey_close(&r.journey);
    return status;
}

static const struct wl_option render_options[] = {
    {"language", 0, "LANG", "zh or en; default: the customer's, else the workspace's",
     "zh 或 en；默认取客户自己的语言，否则取工作区设置"},
    {"channel", 0, "NAME", "email, push, sms or in_app; default: the workspace's, else push",
     "email、push、sms 或 in_app；默认取工作区设置，否则为 push"},
    {"offers-from", 0, "DATE", "the day offers run from; default: the date of each score",
     "优惠的起算日；默认取每条评分的日期"},
};

const struct wl_command wl_command_template_render = {
    .name = "template render",
    .summary_en = "write the message for each explained customer",
    .summary_zh = "为每位已解释的客户生成消息",
    .arguments = "[FILE...]",
    .example = "wanliu template render reasons.jsonl",
    .options = render_options,
    .n_options = sizeof(render_options) / sizeof(render_options[0]),
    .run = run_render,
};

/* -- template coverage -- */

// One row of the table: tier, reason, then what each language and channel would get.
static void write_row(const struct wl_coverage *coverage, int tier, int reason, bool is_json,
                      struct wl_buf *line)
{
    struct wl_json_writer json = wl_json_begin(line);

    if (is_json) {
        wl_json_open(&json, '{');
        wl_json_key(&json, "tier");
        wl_json_text(&json, wl_tier_key((enum wl_tier)tier));
        wl_json_key(&json, "reason");
        wl_json_text(&json, wl_reason_names[reason]);
    } else {
        wl_buf_format(line, "%-10s %-15s", wl_tier_key((enum wl_tier)tier),
                      wl_reason_names[reason]);
    }
    for (int language = WL_LANGUAGE_COUNT - 1; language >= 0; language--) {
        for (int channel = 0; channel < WL_CHANNEL_COUNT; channel++) {
            const char *match =
                wl_match_name(coverage->cells[tier][reason][language].match[channel]);
            struct wl_str name = wl_str_from(match);
            if (is_json) {
                char key[32];
                size_t n_language = strlen(wl_language_names[language]);
                size_t n_channel = strlen(wl_channel_names[channel]);
                memcpy(key, wl_language_names[language], n_language);
                key[n_language] = '_';
                memcpy(key + n_language + 1, wl_channel_names[channel], n_channel + 1);
                wl_json_key(&json, key);
                wl_json_str(&json, name);
            } else {
                wl_buf_format(line, " %-10s", match);
            }
        }
    }
    if (is_json) {
        wl_json_close(&json, '}');
    }
}

static void write_heading(struct wl_buf *line)
{
    wl_buf_format(line, "%-10s %-15s", "tier", "reason");
    for (int language = WL_LANGUAGE_COUNT - 1; language >= 0; language--) {
        for (int channel = 0; channel < WL_CHANNEL_COUNT; channel++) {
            char cell[32] = "";
            size_t n = strlen(wl_language_names[language]);
            memcpy(cell, wl_language_names[language], n);
            cell[n] = ' ';
            memcpy(cell + n + 1, wl_channel_names[channel], strlen(wl_channel_names[channel]) + 1);
            wl_buf_format(line, " %-10s", cell);
        }
    }
}

static wl_status print_coverage(struct wl_cli *cli, const struct wl_coverage *coverage,
                                wl_error *error)
{
    struct wl_buf line;
    wl_status status = WL_OK;

    wl_buf_init(&line, cli->alloc, 0);
    if (!cli->is_json) {
        write_heading(&line);
        WL_GO(wl_cli_line(cli, &line, error));
    }
    for (int tier = 0; tier < WL_TIER_COUNT; tier++) {
        for (int reason = 0; reason < WL_REASON_COUNT; reason++) {
            write_row(coverage, tier, reason, cli->is_json, &line);
            WL_GO(wl_cli_line(cli, &line, error));
        }
    }
done:
    wl_buf_release(&line);
    return status;
}

static wl_status run_coverage(struct wl_cli *cli, wl_error *error)
{
    struct wl_library library = {0};
    struct wl_coverage coverage;
    wl_status status = WL_OK;

    WL_GO(open_library(cli, &library, error));
    wl_library_coverage(&library, &coverage);
    WL_GO(print_coverage(cli, &coverage, error));
    if (coverage.n_holes > 0) {
        status = wl_fail(error, WL_EGATE, "%zu of %zu combinations have no approved template",
                         coverage.n_holes, coverage.n_cells);
        goto done;
    }
    wl_cli_say(
        cli,
        WL_SAY(cli, "%zu combinations, none without a template", "共 %zu 种组合，均有可用模板"),
        coverage.n_cells);
done:
    wl_library_release(&library);
    return status;
}

const struct wl_command wl_command_template_coverage = {
    .name = "template coverage",
    .summary_en = "which tier, reason, language and channel has which text; exit 3 on holes",
    .summary_zh = "各等级、原因、语言与渠道对应的话术；有空缺时退出码为 3",
    .arguments = "",
    .example = "wanliu template coverage",
    .run = run_coverage,
};
