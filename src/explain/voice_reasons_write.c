/* The table of reasons in words and as JSON. */
#include "explain/voice_reasons.h"

#include "base/clock.h"
#include "base/json_write.h"
#include "explain/number_text.h"

#include <math.h>

/* -- for people -- */

static void write_share(struct wl_buf *buf, double share)
{
    wl_buf_format(buf, "%.1f", 100.0 * share);
}

// "more than before (+3.2 points; 1.0 to 5.4)": a verdict only where the interval bears it out.
static void write_trend(const struct wl_voice_reason *reason, bool is_zh, struct wl_buf *buf)
{
    static const char *const words_en[] = {"less than before", "no clear change",
                                           "more than before"};
    static const char *const words_zh[] = {"比之前少", "无明显变化", "比之前多"};

    if (isnan(reason->change)) {
        wl_buf_text(buf, is_zh ? "趋势：文本不足" : "trend: too few texts");
        return;
    }
    wl_buf_format(buf,
                  is_zh
                      ? "近30天与之前30天：%s（%+.1f 个百分点，95%% 区间 %.1f 至 %.1f）"
                      : "last 30 days beside the 30 before: %s (%+.1f points, 95 %% %.1f to %.1f)",
                  (is_zh ? words_zh : words_en)[wl_voice_trend(reason) + 1], 100.0 * reason->change,
                  100.0 * reason->change_low, 100.0 * reason->change_high);
}

static void write_people(const struct wl_voice_table *table, const struct wl_voice_reason *reason,
                         bool is_zh, struct wl_buf *buf)
{
    char number[WL_NUMBER_TEXT_BYTES];

    if (table->has_scores) {
        wl_buf_text(buf, is_zh ? "  风险等级：" : "  tiers:");
        for (int tier = WL_TIER_VERY_HIGH; tier >= 0; tier--) {
            wl_buf_format(buf, is_zh ? "%s%s %zu" : "%s %s %zu",
                          is_zh && tier != WL_TIER_VERY_HIGH ? "，" : "",
                          wl_tier_label((enum wl_tier)tier, is_zh ? "zh" : "en"),
                          reason->tiers[tier]);
            wl_buf_text(buf, !is_zh && tier > 0 ? "," : "");
        }
        wl_buf_char(buf, '\n');
    }
    if (table->has_values && reason->n_valued > 0) {
        wl_buf_format(buf,
                      is_zh ? "  风险价值：%s（%zu 位客户的价值乘以流失概率之和）\n"
                            : "  value at risk: %s (value times probability to leave, summed over "
                              "%zu customers)\n",
                      wl_number_text(reason->value_at_risk, number), reason->n_valued);
    }
}

static void write_reason(const struct wl_voice_table *table, const struct wl_voice_reason *reason,
                         bool is_zh, struct wl_buf *buf)
{
    wl_buf_text(buf, is_zh ? reason->label->zh : reason->label->en);
    wl_buf_format(buf, is_zh ? "：%zu 条，%zu 人，占 " : ": %zu texts, %zu customers, ",
                  reason->n_texts, reason->n_users);
    write_share(buf, reason->share);
    wl_buf_text(buf, is_zh ? "%（" : " % (");
    write_share(buf, reason->share_low);
    wl_buf_text(buf, is_zh ? "–" : " to ");
    write_share(buf, reason->share_high);
    wl_buf_text(buf, is_zh ? "）" : ")");
    if (reason->n_stated > 0) {
        wl_buf_format(buf, is_zh ? "，取消时填写 %zu 次" : ", stated %zu times when leaving",
                      reason->n_stated);
    }
    wl_buf_text(buf, "\n  ");
    write_trend(reason, is_zh, buf);
    wl_buf_char(buf, '\n');
    write_people(table, reason, is_zh, buf);
    for (size_t i = 0; i < reason->n_keywords; i++) {
        wl_buf_text(buf, i == 0 ? (is_zh ? "  关键词：" : "  words: ") : (is_zh ? "、" : ", "));
        wl_buf_str(buf, reason->keywords[i].term);
        wl_buf_format(buf, is_zh ? "（%zu）" : " (%zu)", reason->keywords[i].n);
    }
    wl_buf_text(buf, reason->n_keywords > 0 ? "\n" : "");
    for (size_t i = 0; i < reason->n_quotes; i++) {
        wl_buf_text(buf, is_zh ? "  “" : "  \"");
        wl_buf_str(buf, reason->quotes[i].text);
        wl_buf_text(buf, is_zh ? "”\n" : "\"\n");
    }
}

static bool is_answered(const struct wl_voice_reason *reason)
{
    return reason->label->answer[0] != '\0';
}

void wl_voice_table_write(const struct wl_voice_table *table, enum wl_language language,
                          struct wl_buf *buf)
{
    bool is_zh = language == WL_LANGUAGE_ZH;
    char date[WL_TIME_TEXT_BYTES];
    double without =
        table->n_texts > 0 ? 100.0 * (double)table->n_without / (double)table->n_texts : 0.0;

    wl_buf_format(buf,
                  is_zh ? "%zu 条文本，%zu 位客户，截至 %s；%.1f%% 的文本没有提到原因\n"
                        : "%zu texts of %zu customers as of %s; %.1f %% say no reason\n",
                  table->n_texts, table->n_users,
                  wl_time_format_iso(wl_time_floor(table->as_of_us, WL_SECOND_US), date), without);
    for (size_t i = 0; i < table->n_items; i++) {
        write_reason(table, &table->items[i], is_zh, buf);
    }
    for (size_t i = 0; i < table->n_items; i++) {
        if (!is_answered(&table->items[i])) {
            wl_buf_format(buf, is_zh ? "没有对应话术的原因：%s\n" : "no template answers: %s\n",
                          is_zh ? table->items[i].label->zh : table->items[i].label->en);
        }
    }
    for (size_t i = 0; i < table->n_unmapped; i++) {
        wl_buf_format(buf,
                      is_zh ? "分类体系之外的取消原因：%.*s（%zu）\n"
                            : "stated, but in no class of the taxonomy: %.*s (%zu)\n",
                      WL_STR_ARG(table->unmapped[i].stated), table->unmapped[i].n);
    }
}

/* -- JSON -- */

static void put_count(struct wl_json_writer *json, const char *key, size_t n)
{
    wl_json_key(json, key);
    wl_json_i64(json, (int64_t)n);
}

static void put_number(struct wl_json_writer *json, const char *key, double value)
{
    wl_json_key(json, key);
    wl_json_digits(json, value, 6);
}

static void put_tiers(struct wl_json_writer *json, const struct wl_voice_reason *reason)
{
    wl_json_key(json, "tiers");
    wl_json_open(json, '{');
    for (int tier = WL_TIER_VERY_LOW; tier <= WL_TIER_VERY_HIGH; tier++) {
        put_count(json, wl_tier_key((enum wl_tier)tier), reason->tiers[tier]);
    }
    wl_json_close(json, '}');
}

static void put_words(struct wl_json_writer *json, const struct wl_voice_reason *reason)
{
    wl_json_key(json, "keywords");
    wl_json_open(json, '[');
    for (size_t i = 0; i < reason->n_keywords; i++) {
        wl_json_open(json, '{');
        wl_json_key(json, "term");
        wl_json_str(json, reason->keywords[i].term);
        put_count(json, "n", reason->keywords[i].n);
        wl_json_close(json, '}');
    }
    wl_json_close(json, ']');
    wl_json_key(json, "quotes");
    wl_json_open(json, '[');
    for (size_t i = 0; i < reason->n_quotes; i++) {
        wl_json_open(json, '{');
        wl_json_key(json, "text");
        wl_json_str(json, reason->quotes[i].text);
        wl_json_key(json, "time");
        wl_json_time(json, reason->quotes[i].text_us);
        wl_json_close(json, '}');
    }
    wl_json_close(json, ']');
}

static void put_reason(const struct wl_voice_table *table, const struct wl_voice_reason *reason,
                       struct wl_buf *buf)
{
    struct wl_json_writer json = wl_json_begin(buf);

    wl_json_open(&json, '{');
    wl_json_key(&json, "reason");
    wl_json_text(&json, reason->label->id);
    wl_json_key(&json, "zh");
    wl_json_text(&json, reason->label->zh);
    wl_json_key(&json, "en");
    wl_json_text(&json, reason->label->en);
    wl_json_key(&json, "code");
    if (is_answered(reason)) {
        wl_json_text(&json, reason->label->answer);
    } else {
        wl_json_null(&json);
    }
    put_count(&json, "texts", reason->n_texts);
    put_count(&json, "users", reason->n_users);
    put_count(&json, "stated", reason->n_stated);
    put_number(&json, "share", reason->share);
    put_number(&json, "share_low", reason->share_low);
    put_number(&json, "share_high", reason->share_high);
    put_count(&json, "texts_recent", reason->n_recent);
    put_count(&json, "texts_before", reason->n_before);
    put_number(&json, "change", reason->change);
    put_number(&json, "change_low", reason->change_low);
    put_number(&json, "change_high", reason->change_high);
    wl_json_key(&json, "trend");
    wl_json_i64(&json, wl_voice_trend(reason));
    if (table->has_scores) {
        put_tiers(&json, reason);
    }
    if (table->has_values) {
        put_count(&json, "users_valued", reason->n_valued);
        put_number(&json, "value_at_risk", reason->value_at_risk);
    }
    put_words(&json, reason);
    wl_json_close(&json, '}');
    wl_buf_char(buf, '\n');
}

void wl_voice_table_json(const struct wl_voice_table *table, struct wl_buf *buf)
{
    for (size_t i = 0; i < table->n_items; i++) {
        put_reason(table, &table->items[i], buf);
    }
    struct wl_json_writer json = wl_json_begin(buf);
    wl_json_open(&json, '{');
    wl_json_key(&json, "as_of");
    wl_json_time(&json, table->as_of_us);
    put_count(&json, "texts", table->n_texts);
    put_count(&json, "users", table->n_users);
    put_count(&json, "texts_without_reason", table->n_without);
    wl_json_key(&json, "unmapped");
    wl_json_open(&json, '[');
    for (size_t i = 0; i < table->n_unmapped; i++) {
        wl_json_open(&json, '{');
        wl_json_key(&json, "stated");
        wl_json_str(&json, table->unmapped[i].stated);
        put_count(&json, "n", table->unmapped[i].n);
        wl_json_close(&json, '}');
    }
    wl_json_close(&json, ']');
    wl_json_close(&json, '}');
    wl_buf_char(buf, '\n');
}
