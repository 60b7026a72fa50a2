/* inspect: one customer's profile: timeline, interests, topics, mood. */
#include "cli/commands.h"
#include "cli/journey_run.h"
#include "journey_profile.h"

#include "base/clock.h"
#include "base/json_write.h"

#include <math.h>

#define LINES     20
#define LINES_MAX 10000

static void put_pair(struct wl_json_writer *json, const char *key, struct wl_str text)
{
    wl_json_key(json, key);
    wl_json_str(json, text);
}

static void put_label(struct wl_json_writer *json, const char *key, struct wl_label label)
{
    wl_json_key(json, key);
    wl_json_open(json, '{');
    put_pair(json, "zh", wl_str_from(label.zh));
    put_pair(json, "en", wl_str_from(label.en));
    wl_json_close(json, '}');
}

static void put_number(struct wl_json_writer *json, const char *key, double value)
{
    wl_json_key(json, key);
    wl_json_digits(json, value, 6);
}

static void put_line(struct wl_json_writer *json, const struct wl_profile_line *line)
{
    wl_json_open(json, '{');
    wl_json_key(json, "time");
    wl_json_time(json, line->time_us);
    put_pair(json, line->is_text ? "channel" : "event", line->what);
    if (line->is_text) {
        put_number(json, "mood", line->mood);
        put_label(json, "intent", line->intent);
        put_label(json, "reasons", line->reasons);
        put_pair(json, "text", line->quote);
    } else {
        put_number(json, "count", line->n);
        put_number(json, "value", line->value);
    }
    wl_json_close(json, '}');
}

static void put_profile(struct wl_json_writer *json, const struct wl_profile *profile)
{
    wl_json_open(json, '{');
    put_pair(json, "user", profile->user);
    wl_json_key(json, "as_of");
    wl_json_time(json, profile->as_of_us);
    put_number(json, "events", profile->n_events);
    put_number(json, "texts", profile->n_texts);
    put_number(json, "mood", profile->mood);
    put_pair(json, "direction", wl_str_from(wl_mood_direction_key(profile->direction)));
    put_number(json, "direction_p", profile->direction_p);
    wl_json_key(json, "degraded");
    wl_json_bool(json, profile->degraded);
    wl_json_key(json, "interests");
    wl_json_open(json, '[');
    for (size_t i = 0; i < profile->n_interests; i++) {
        const struct wl_profile_interest *interest = &profile->interests[i];
        wl_json_open(json, '{');
        put_pair(json, "property", interest->property);
        put_pair(json, "value", interest->value);
        put_number(json, "count", interest->n);
        put_number(json, "share", interest->share);
        wl_json_close(json, '}');
    }
    wl_json_close(json, ']');
    wl_json_key(json, "topics");
    wl_json_open(json, '[');
    for (size_t i = 0; i < profile->n_topics; i++) {
        wl_json_open(json, '{');
        put_label(json, "name", profile->topics[i].name);
        put_number(json, "count", profile->topics[i].n);
        wl_json_close(json, '}');
    }
    wl_json_close(json, ']');
    wl_json_key(json, "timeline");
    wl_json_open(json, '[');
    for (size_t i = 0; i < profile->n_timeline; i++) {
        put_line(json, &profile->timeline[i]);
    }
    wl_json_close(json, ']');
    wl_json_close(json, '}');
}

/* ---- words ---- */

static const char *label_text(struct wl_label label, bool is_zh)
{
    return is_zh ? label.zh : label.en;
}

static void say_head(const struct wl_profile *profile, int64_t offset_us, bool is_zh,
                     struct wl_buf *page)
{
    char first[WL_TIME_TEXT_BYTES];
    char last[WL_TIME_TEXT_BYTES];

    wl_buf_format(page,
                  is_zh ? "%.*s：事件 %.0f，留言 %.0f，%s 至 %s\n"
                        : "%.*s: events %.0f, messages %.0f, %s to %s\n",
                  WL_STR_ARG(profile->user), profile->n_events, profile->n_texts,
                  wl_date_format(profile->first_us + offset_us, first),
                  wl_date_format(profile->last_us + offset_us, last));
}

static void say_mood(const struct wl_profile *profile, bool is_zh, struct wl_buf *page)
{
    static const char *const zh[] = {"留言太少，看不出走向", "没有可证实的变化", "转差", "转好"};
    static const char *const en[] = {"too few messages to see a direction",
                                     "no change that can be shown", "falling", "rising"};

    if (isnan(profile->mood)) {
        wl_buf_text(page, is_zh ? "情绪：没有留言\n" : "mood: no messages\n");
        return;
    }
    wl_buf_format(page,
                  is_zh ? "情绪：%.2f（-1最差，1最好），%s" : "mood: %.2f (-1 worst, 1 best), %s",
                  profile->mood, is_zh ? zh[profile->direction] : en[profile->direction]);
    if (isfinite(profile->direction_p)) {
        wl_buf_format(page, is_zh ? "（p = %.3f）" : " (p = %.3f)", profile->direction_p);
    }
    wl_buf_text(page, profile->degraded
                          ? (is_zh ? "；降级：由规则代读\n" : "; degraded: read by rules\n")
                          : "\n");
}

static void say_interests(const struct wl_profile *profile, bool is_zh, struct wl_buf *page)
{
    for (size_t i = 0; i < profile->n_interests; i++) {
        const struct wl_profile_interest *one = &profile->interests[i];
        bool is_first = i == 0 || !wl_str_equal(one->property, profile->interests[i - 1].property);
        if (is_first) {
            wl_buf_format(page,
                          is_zh ? "%s近90天的%.*s：" : "%s%.*s, last 90 days: ", i > 0 ? "\n" : "",
                          WL_STR_ARG(one->property));
        } else {
            wl_buf_text(page, is_zh ? "，" : ", ");
        }
        wl_buf_format(page, "%.*s %.0f %%", WL_STR_ARG(one->value), 100.0 * one->share);
    }
    wl_buf_text(page, profile->n_interests > 0 ? "\n" : "");
    for (size_t i = 0; i < profile->n_topics; i++) {
        wl_buf_text(page, i == 0 ? (is_zh ? "常谈：" : "writes about: ") : (is_zh ? "，" : ", "));
        wl_buf_format(page, "%s %.0f", label_text(profile->topics[i].name, is_zh),
                      profile->topics[i].n);
    }
    wl_buf_text(page, profile->n_topics > 0 ? "\n" : "");
}

static void say_line(const struct wl_profile_line *line, int64_t offset_us, bool is_zh,
                     struct wl_buf *page)
{
    char day[WL_TIME_TEXT_BYTES];

    wl_buf_format(page, "%s  ", wl_date_format(line->time_us + offset_us, day));
    if (!line->is_text) {
        wl_buf_str(page, line->what);
        if (line->n > 1.0) {
            wl_buf_format(page, " x %.0f", line->n);
        }
        if (isfinite(line->value)) {
            wl_buf_format(page, " (%.6g)", line->value);
        }
        wl_buf_char(page, '\n');
        return;
    }
    wl_buf_format(page, is_zh ? "%.*s：情绪 %.2f" : "%.*s: mood %.2f", WL_STR_ARG(line->what),
                  line->mood);
    if (line->intent.en[0] != '\0') {
        wl_buf_format(page, is_zh ? "；意图 %s" : "; intent %s", label_text(line->intent, is_zh));
    }
    if (line->reasons.en[0] != '\0') {
        wl_buf_format(page, is_zh ? "；在谈 %s" : "; about %s", label_text(line->reasons, is_zh));
    }
    wl_buf_format(page, is_zh ? "\n            “%.*s”\n" : "\n            \"%.*s\"\n",
                  WL_STR_ARG(line->quote));
}

static void say_profile(const struct wl_profile *profile, int64_t offset_us, bool is_zh,
                        struct wl_buf *page)
{
    say_head(profile, offset_us, is_zh, page);
    say_mood(profile, is_zh, page);
    say_interests(profile, is_zh, page);
    wl_buf_char(page, '\n');
    for (size_t i = 0; i < profile->n_timeline; i++) {
        say_line(&profile->timeline[i], offset_us, is_zh, page);
    }
    if (profile->n_more > 0) {
        wl_buf_format(page,
                      is_zh ? "另有 %zu 行更早的记录：--lines\n" : "%zu earlier lines: --lines\n",
                      profile->n_more);
    }
}

static wl_status run_inspect(struct wl_cli *cli, wl_error *error)
{
    struct wl_journey journey = {0};
    struct wl_profile profile;
    struct wl_buf page;
    struct wl_str user = wl_str_from(wl_cli_text(cli, "user", ""));
    int64_t as_of_us = 0;
    int64_t n_lines = LINES;
    wl_status status = WL_OK;

    if (user.n_bytes == 0) {
        return wl_fail(error, WL_EINVAL, "inspect needs --user ID");
    }
    wl_buf_init(&page, cli->alloc, 0);
    WL_GO(wl_cli_int(cli, "lines", 1, LINES_MAX, LINES, &n_lines, error));
    WL_GO(wl_cli_journey_open(cli, &journey, error));
    WL_GO(wl_journey_load(&journey, error));
    WL_GO(wl_cli_date(cli, "as-of", wl_cli_newest(cli, journey.company), &as_of_us, error));
    WL_GO(wl_profile_fill(&journey, user, as_of_us, (size_t)n_lines, &cli->arena_process, &profile,
                          error));
    if (cli->is_json) {
        struct wl_json_writer json = wl_json_begin(&page);
        put_profile(&json, &profile);
        wl_buf_char(&page, '\n');
    } else {
        say_profile(&profile, journey.workspace.utc_offset_us, cli->is_zh, &page);
    }
    WL_GO(wl_buf_check(&page, error));
    status = wl_cli_out(cli, wl_buf_view(&page), error);
done:
    wl_buf_release(&page);
    wl_journey_close(&journey);
    return status;
}

static const struct wl_option options[] = {
    {"user", 'u', "ID", "the customer", "客户"},
    {"as-of", 0, "DATE", "the moment (default: the newest record, at most now)",
     "时刻（默认：最新记录，不晚于当前）"},
    {"lines", 0, "N", "lines of the timeline at most (20)", "时间线最多行数（20）"},
};

const struct wl_command wl_command_inspect = {
    .name = "inspect",
    .summary_en = "one customer: timeline, interests, topics and mood; texts are masked",
    .summary_zh = "查看一位客户：时间线、兴趣、话题与情绪；留言已遮蔽个人信息",
    .arguments = "",
    .example = "wanliu inspect --user u000001",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .run = run_inspect,
};
