/* script generate: drafts of texts from a model of scripts, linted like templates. */
#include "cli/commands.h"

#include "base/file.h"
#include "base/json_write.h"
#include "compose/script_model.h"

#include <string.h>

struct job {
    struct wl_cli *cli;
    struct wl_script_model model;
    struct wl_script_request request;
    struct wl_text_list slots;
    struct wl_text_list stops;
    struct wl_drafts drafts;
    enum wl_channel channel;
    size_t n_clean;
};

// -- options --

static wl_status read_list(const struct wl_cli *cli, const char *option, struct wl_text_list *list,
                           wl_error *error)
{
    struct wl_str rest = wl_str_from(wl_cli_text(cli, option, ""));

    while (rest.n_bytes > 0) {
        WL_TRY(wl_text_list_add(list, wl_str_trim(wl_str_cut(&rest, ',')), error));
    }
    return WL_OK;
}

static wl_status read_count(const struct wl_cli *cli, const char *option, int64_t low, int64_t high,
                            size_t *value, wl_error *error)
{
    int64_t read = 0;

    WL_TRY(wl_cli_int(cli, option, low, high, (int64_t)*value, &read, error));
    *value = (size_t)read;
    return WL_OK;
}

// Beams unless something says by lot; without either, the one greedy text.
static wl_status read_method(const struct wl_cli *cli, struct wl_generate_options *o,
                             wl_error *error)
{
    bool is_drawn =
        wl_cli_has(cli, "top-k") || wl_cli_has(cli, "top-p") || wl_cli_has(cli, "temperature");

    if (is_drawn && wl_cli_has(cli, "beams")) {
        return wl_fail(error, WL_EINVAL,
                       "--beams searches, --top-k, --top-p and --temperature draw: give one kind");
    }
    o->n_beams = 4;
    WL_TRY(read_count(cli, "beams", 1, 64, &o->n_beams, error));
    WL_TRY(read_count(cli, "n-best", 1, 64, &o->n_best, error));
    WL_TRY(read_count(cli, "top-k", 0, 1000000, &o->sampling.top_k, error));
    WL_TRY(wl_cli_number(cli, "top-p", 1e-6, 1.0, 1.0, &o->sampling.top_p, error));
    WL_TRY(wl_cli_number(cli, "temperature", 1e-3, 100.0, 1.0, &o->sampling.temperature, error));
    o->method = is_drawn ? WL_GENERATE_DRAWN
                         : (wl_cli_has(cli, "beams") || o->n_best > 1 ? WL_GENERATE_BEAMS
                                                                      : WL_GENERATE_GREEDY);
    if (o->method == WL_GENERATE_BEAMS && o->n_best > o->n_beams) {
        if (wl_cli_has(cli, "beams")) {
            return wl_fail(error, WL_EINVAL, "--n-best %zu of --beams %zu", o->n_best, o->n_beams);
        }
        o->n_beams = o->n_best;
    }
    return WL_OK;
}

static wl_status read_generation(const struct wl_cli *cli, struct wl_generate_options *o,
                                 wl_error *error)
{
    *o = wl_generate_options_default();
    o->seed = cli->seed;
    WL_TRY(read_method(cli, o, error));
    WL_TRY(read_count(cli, "max", 1, 1 << 20, &o->n_new_max, error));
    WL_TRY(read_count(cli, "min", 0, (int64_t)o->n_new_max, &o->n_new_min, error));
    WL_TRY(read_count(cli, "no-repeat", 0, 100, &o->no_repeat_ngram, error));
    WL_TRY(wl_cli_number(cli, "length-penalty", -10.0, 10.0, 1.0, &o->length_penalty, error));
    return wl_cli_number(cli, "repetition", 0.1, 10.0, 1.0, &o->repetition_penalty, error);
}

// The channel that an attribute names; in-app without one.
static enum wl_channel channel_of(const struct wl_script_line *line)
{
    static const struct {
        const char *name;
        enum wl_channel channel;
    } names[] = {{"email", WL_CHANNEL_EMAIL},   {"邮件", WL_CHANNEL_EMAIL},
                 {"push", WL_CHANNEL_PUSH},     {"推送", WL_CHANNEL_PUSH},
                 {"sms", WL_CHANNEL_SMS},       {"短信", WL_CHANNEL_SMS},
                 {"in-app", WL_CHANNEL_IN_APP}, {"站内", WL_CHANNEL_IN_APP}};

    for (size_t i = 0; i < line->n_attributes; i++) {
        for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
            if (wl_str_is(line->attributes[i], names[n].name)) {
                return names[n].channel;
            }
        }
    }
    return WL_CHANNEL_IN_APP;
}

static wl_status read_request(struct job *j, wl_error *error)
{
    const struct wl_cli *cli = j->cli;
    struct wl_script_request *r = &j->request;
    const char *attributes = wl_cli_text(cli, "attributes", NULL);
    const char *channel = wl_cli_text(cli, "channel", NULL);
    const char *precision = wl_cli_text(cli, "precision", "f32");

    if (strcmp(precision, "f32") != 0 && strcmp(precision, "bf16") != 0) {
        return wl_fail(error, WL_EINVAL, "--precision wants f32 or bf16, not \"%s\"", precision);
    }
    r->number = precision[0] == 'f' ? WL_F32 : WL_BF16;
    if (attributes == NULL) {
        return wl_fail(error, WL_EINVAL, "script generate wants --attributes \"a,b\"");
    }
    WL_TRY(read_generation(cli, &r->generate, error));
    WL_TRY(wl_attributes_parse(wl_str_from(attributes),
                               j->model.has_card ? &j->model.card.attributes : NULL, &r->line,
                               error));
    WL_TRY(read_list(cli, "slots", &j->slots, error));
    WL_TRY(read_list(cli, "stop", &j->stops, error));
    r->required = j->slots.items;
    r->n_required = j->slots.n;
    r->stops = j->stops.items;
    r->n_stops = j->stops.n;
    r->template_ = wl_str_from(wl_cli_text(cli, "template", ""));
    j->channel = channel_of(&r->line);
    if (channel != NULL) {
        int i = wl_name_find(wl_channel_names, wl_str_from(channel));
        if (i < 0) {
            return wl_fail(error, WL_EINVAL, "--channel: no channel called \"%s\"", channel);
        }
        j->channel = (enum wl_channel)i;
    }
    return WL_OK;
}

// -- telling --

static void put_json(const struct job *j, const struct wl_draft *draft, size_t rank,
                     const struct wl_findings *findings, struct wl_buf *out)
{
    static const char *const ends[] = {"end", "stop", "length"};
    struct wl_json_writer json = wl_json_begin(out);
    const struct wl_script_line *line = &j->request.line;

    wl_json_open(&json, '{');
    wl_json_key(&json, "draft");
    wl_json_i64(&json, (int64_t)rank);
    wl_json_key(&json, "attributes");
    wl_json_open(&json, '[');
    for (size_t i = 0; i < line->n_attributes; i++) {
        wl_json_str(&json, line->attributes[i]);
    }
    wl_json_close(&json, ']');
    wl_json_key(&json, "text");
    wl_json_str(&json, draft->text);
    wl_json_key(&json, "tokens");
    wl_json_i64(&json, (int64_t)draft->n_tokens);
    wl_json_key(&json, "log_p");
    wl_json_digits(&json, draft->log_p, 6);
    wl_json_key(&json, "score");
    wl_json_digits(&json, draft->score, 6);
    wl_json_key(&json, "ended_by");
    wl_json_text(&json, ends[draft->end]);
    if (draft->broken.n_bytes > 0) {
        wl_json_key(&json, "broken");
        wl_json_str(&json, draft->broken);
    }
    wl_json_key(&json, "approved");
    wl_json_bool(&json, false);
    wl_json_key(&json, "findings");
    wl_json_open(&json, '[');
    for (size_t i = 0; i < findings->n_items; i++) {
        wl_json_text(&json, wl_rule_id(findings->items[i].rule));
    }
    wl_json_close(&json, ']');
    wl_json_close(&json, '}');
}

static void put_text(const struct job *j, const struct wl_draft *draft,
                     const struct wl_findings *findings, struct wl_buf *out)
{
    enum wl_language language = j->cli->is_zh ? WL_LANGUAGE_ZH : WL_LANGUAGE_EN;

    wl_buf_str(out, draft->text);
    if (draft->end == WL_ENDED_BY_LENGTH) {
        wl_buf_text(out, WL_SAY(j->cli, "\n    cut at --max: it has no end",
                                "\n    到 --max 被截断：没有结尾"));
    }
    if (draft->broken.n_bytes > 0) {
        wl_buf_format(out, WL_SAY(j->cli, "\n    not as it must be: %.*s", "\n    不合要求：%.*s"),
                      WL_STR_ARG(draft->broken));
    }
    for (size_t i = 0; i < findings->n_items; i++) {
        const struct wl_finding *finding = &findings->items[i];
        wl_buf_format(out, "\n    %s: %.*s [%s]", wl_rule_text(finding->rule, language),
                      WL_STR_ARG(finding->found), wl_rule_id(finding->rule));
    }
}

static wl_status tell_draft(struct job *j, size_t i, struct wl_buf *out, wl_error *error)
{
    const struct wl_draft *draft = &j->drafts.items[i];
    bool is_zh = wl_letters_language(wl_letters_count(draft->text)) == WL_TEXT_ZH;
    struct wl_library library = {0};
    struct wl_findings findings;
    wl_status status = WL_OK;

    wl_findings_init(&findings, j->cli->alloc);
    WL_GO(wl_draft_lint(draft, j->cli->alloc, j->channel, is_zh ? WL_LANGUAGE_ZH : WL_LANGUAGE_EN,
                        &library, &findings, error));
    j->n_clean +=
        findings.n_items == 0 && draft->broken.n_bytes == 0 && draft->end != WL_ENDED_BY_LENGTH;
    if (j->cli->is_json) {
        put_json(j, draft, i + 1, &findings, out);
    } else {
        put_text(j, draft, &findings, out);
    }
    WL_GO(wl_cli_line(j->cli, out, error));
done:
    wl_findings_release(&findings);
    wl_library_release(&library);
    return status;
}

static wl_status tell_drafts(struct job *j, wl_error *error)
{
    struct wl_buf out;
    wl_status status = WL_OK;

    wl_buf_init(&out, j->cli->alloc, 0);
    for (size_t i = 0; i < j->drafts.n; i++) {
        WL_GO(tell_draft(j, i, &out, error));
    }
    wl_cli_say(j->cli,
               WL_SAY(j->cli,
                      "%zu drafts by a model, %zu of them pass the linter; none is approved",
                      "模型起草 %zu 条，其中 %zu 条通过检查；均为草稿，未经审核"),
               j->drafts.n, j->n_clean);
    if (j->n_clean == 0) {
        status = wl_fail(error, WL_EGATE, "no draft passes the linter");
    }
done:
    wl_buf_release(&out);
    return status;
}

static wl_status run_job(struct job *j, wl_error *error)
{
    const char *folder = wl_cli_text(j->cli, "model", NULL);

    if (folder == NULL) {
        return wl_fail(error, WL_EINVAL, "script generate wants --model FOLDER");
    }
    WL_TRY(wl_script_model_open(j->cli->alloc, folder, &j->cli->sink, &j->model, error));
    WL_TRY(read_request(j, error));
    WL_TRY(wl_script_model_draft(&j->model, &j->request, &j->drafts, error));
    return tell_drafts(j, error);
}

static wl_status run_generate(struct wl_cli *cli, wl_error *error)
{
    struct job j = {.cli = cli};

    wl_text_list_init(&j.slots, cli->alloc);
    wl_text_list_init(&j.stops, cli->alloc);
    wl_status status = run_job(&j, error);
    wl_drafts_release(&j.drafts);
    wl_text_list_release(&j.slots);
    wl_text_list_release(&j.stops);
    wl_script_model_close(&j.model);
    return status;
}

static const struct wl_option generate_options[] = {
    {"model", 0, "FOLDER", "of script train, or any GPT-2 folder",
     "script train 的输出，或任意 GPT-2 目录"},
    {"attributes", 'a', "LIST", "whom the text is for: \"high risk,price,sms\"",
     "文案面向的人群：“高风险,价格敏感,短信”"},
    {"beams", 0, "N", "search with so many texts side by side (default with --n-best: 4)",
     "束搜索宽度（配合 --n-best 默认 4）"},
    {"n-best", 0, "N", "texts wanted (default: 1)", "需要的文案条数（默认 1）"},
    {"length-penalty", 0, "P", "of a search: above 1 longer texts gain (default: 1)",
     "束搜索长度惩罚：大于 1 偏好长文案（默认 1）"},
    {"top-k", 0, "K", "draw from the K best tokens", "从概率最高的 K 个词元中抽取"},
    {"top-p", 0, "P", "draw from the best tokens that together have this probability",
     "从累计概率达到 P 的词元中抽取"},
    {"temperature", 0, "T", "draw: above 1 bolder, below 1 calmer (default: 1)",
     "抽取温度：大于 1 更发散，小于 1 更保守（默认 1）"},
    {"repetition", 0, "P", "above 1: words already said lose (default: 1)",
     "重复惩罚：大于 1 时压低已出现的词元（默认 1）"},
    {"no-repeat", 0, "N", "N tokens in a row occur once", "连续 N 个词元不重复出现"},
    {"min", 0, "N", "tokens at least", "最少词元数"},
    {"max", 0, "N", "tokens at most (default: 128)", "最多词元数（默认 128）"},
    {"slots", 0, "LIST", "the text must have these: {{user.name}},{{offer.name}}",
     "文案必须包含的变量：{{user.name}},{{offer.name}}"},
    {"template", 0, "TEXT", "fixed text; the model fills each ___", "固定文案；模型填写每处 ___"},
    {"stop", 0, "LIST", "end in front of any of these words", "遇到这些词即停止（不含该词）"},
    {"precision", 0, "NAME", "f32, or bf16: half the memory to read (default: f32)",
     "f32，或 bf16：读取内存减半（默认 f32）"},
    {"channel", 0, "NAME", "lint for it (default: the one among the attributes, else in_app)",
     "按此渠道检查（默认取属性中的渠道，否则 in_app）"},
};

const struct wl_command wl_command_script_generate = {
    .name = "script generate",
    .summary_en = "drafts of texts for attributes, linted; exit 3 when none passes",
    .summary_zh = "按属性起草文案并检查；没有一条通过时退出码为 3",
    .arguments = "",
    .example =
        "wanliu script generate --model writer --attributes \"high risk,price,push\" --n-best 3",
    .options = generate_options,
    .n_options = sizeof(generate_options) / sizeof(generate_options[0]),
    .run = run_generate,
};
