/* Goal:   every kind of feature is said in Chinese and in English with its value, its baseline and
 *         its change, and a verdict appears only when the test behind it passes.
 * Method: a table of facts with both sentences, read by a person; then rules that no sentence may
 *         break, over all kinds and many values. */
#include "check.h"

#include "base/buf.h"
#include "base/clock.h"
#include "explain/reasons.h"

#define NO     ((double)NAN)
#define D7     (7 * WL_DAY_US)
#define D30    (30 * WL_DAY_US)
#define MOOD   "留言", "messages", "情绪", "mood", "（-1最差，1最好）", "(-1 worst, 1 best)"
#define LOGIN  "登录", "logins", "", ""
#define ORDER  "订单", "orders", "金额", "amount"
#define YUAN   "元", "yuan"
#define TIMES  "次", "times"
#define DAYS   "天", "days"
#define FACTOR "倍", "x"

struct words_case {
    enum wl_words_kind kind;
    int64_t window_us;
    const char *label_zh, *label_en, *value_zh, *value_en, *unit_zh, *unit_en;
    double value, baseline, history_days;
    const char *level;
    const char *zh;
    const char *en;
};

static const struct words_case cases[] = {
    {WL_WORDS_COUNT, D7, LOGIN, TIMES, 3, 9, 365, "", "近7天登录3次，自己平时约9次，减少67%",
     "logins in the last 7 days: 3, usually about 9, down 67 %"},
    {WL_WORDS_COUNT, D7, LOGIN, TIMES, 2, 3, 365, "",
     "近7天登录2次，自己平时约3次（-33%，在正常波动内）",
     "logins in the last 7 days: 2, usually about 3 (-33 %, within usual variation)"},
    {WL_WORDS_COUNT, D7, LOGIN, TIMES, 20, 4.5, 90, "", "近7天登录20次，自己平时约4.5次，增加344%",
     "logins in the last 7 days: 20, usually about 4.5, up 344 %"},
    {WL_WORDS_COUNT, D7, LOGIN, TIMES, 3, 9, NO, "",
     "近7天登录3次，自己平时约9次（-67%，在正常波动内）",
     "logins in the last 7 days: 3, usually about 9 (-67 %, within usual variation)"},
    {WL_WORDS_COUNT, D7, LOGIN, TIMES, 3, 0, 30, "", "近7天登录3次，自己平时约0次",
     "logins in the last 7 days: 3, usually about 0"},
    {WL_WORDS_COUNT, D7, LOGIN, TIMES, 3, 3, 30, "", "近7天登录3次，自己平时约3次，没有变化",
     "logins in the last 7 days: 3, usually about 3, no change"},
    {WL_WORDS_COUNT, D7, LOGIN, TIMES, 1204, NO, NO, "", "近7天登录1,204次",
     "logins in the last 7 days: 1,204"},
    {WL_WORDS_COUNT, WL_DAY_US, LOGIN, TIMES, 0, NO, NO, "", "近1天没有登录",
     "no logins in the last day"},
    {WL_WORDS_COUNT, D7, LOGIN, TIMES, 0, 9, 365, "", "近7天没有登录，自己平时约9次，减少100%",
     "no logins in the last 7 days, usually about 9, down 100 %"},
    {WL_WORDS_COUNT, D30, LOGIN, TIMES, 0, 0, 365, "", "近30天没有登录",
     "no logins in the last 30 days"},
    {WL_WORDS_COUNT, WL_WORDS_WINDOW_ALL, LOGIN, TIMES, 0, NO, NO, "", "至今没有登录",
     "no logins so far"},
    {WL_WORDS_COUNT, 6 * WL_HOUR_US, LOGIN, TIMES, 1, NO, NO, "", "近6小时登录1次",
     "logins in the last 6 hours: 1"},
    {WL_WORDS_COUNT, WL_WORDS_WINDOW_ALL, LOGIN, TIMES, 41, NO, NO, "", "历史登录41次",
     "logins so far: 41"},
    {WL_WORDS_COUNT, D7, LOGIN, TIMES, NO, 9, 365, "", "近7天登录：没有数据",
     "logins in the last 7 days: no data"},
    {WL_WORDS_SUM, D30, ORDER, YUAN, 1234.5, 2000, 300, "",
     "近30天订单金额合计1,234元，自己平时约2,000元（-38%）",
     "total amount of orders in the last 30 days: 1,234 yuan, usually about 2,000 yuan (-38 %)"},
    {WL_WORDS_MEAN, D30, ORDER, YUAN, 45.678, NO, NO, "", "近30天订单平均金额45.68元",
     "average amount of orders in the last 30 days: 45.68 yuan"},
    {WL_WORDS_STD, WL_WORDS_WINDOW_ALL, ORDER, YUAN, 12.5, NO, NO, "", "历史订单金额波动12.5元",
     "spread of amount of orders so far: 12.5 yuan"},
    {WL_WORDS_MIN, D30, ORDER, YUAN, 1, NO, NO, "", "近30天订单最小金额1元",
     "smallest amount of orders in the last 30 days: 1 yuan"},
    {WL_WORDS_MAX, D30, ORDER, YUAN, 99, NO, NO, "", "近30天订单最大金额99元",
     "largest amount of orders in the last 30 days: 99 yuan"},
    {WL_WORDS_DAYS, D30, LOGIN, DAYS, 4, 15, 200, "",
     "近30天有登录的天数：4天，自己平时约15天，减少73%",
     "days with logins in the last 30 days: 4, usually about 15, down 73 %"},
    {WL_WORDS_HOURS, D30, LOGIN, "小时", "hours", 4, NO, NO, "", "近30天有登录的小时数：4小时",
     "hours with logins in the last 30 days: 4"},
    {WL_WORDS_DISTINCT, D30, ORDER, "种", "kinds", 5, NO, NO, "", "近30天订单不同的item：5种",
     "different item of orders in the last 30 days: 5"},
    {WL_WORDS_DAYS_SINCE_LAST, 0, LOGIN, DAYS, 12, 3, NO, "",
     "距上次登录已12天，自己平时约隔3天（+300%）",
     "logins: the last one 12 days ago, usually about 3 days between them (+300 %)"},
    {WL_WORDS_DAYS_SINCE_LAST, 0, LOGIN, DAYS, 11.37, 5.78, NO, "",
     "距上次登录已11.4天，自己平时约隔5.8天（+97%）",
     "logins: the last one 11.4 days ago, usually about 5.8 days between them (+97 %)"},
    {WL_WORDS_DAYS_SINCE_LAST, 0, LOGIN, DAYS, 1.04, NO, NO, "", "距上次登录已1天",
     "logins: the last one 1 day ago"},
    {WL_WORDS_DAYS_SINCE_LAST, 0, LOGIN, DAYS, NO, NO, NO, "", "没有登录记录",
     "no logins on record"},
    {WL_WORDS_DAYS_SINCE_FIRST, 0, LOGIN, DAYS, 400, NO, NO, "", "首次登录至今400天",
     "logins began 400 days ago"},
    {WL_WORDS_GAP_MEAN, D30, LOGIN, DAYS, 2.25, NO, NO, "", "近30天登录平均间隔2.3天",
     "average time between logins in the last 30 days: 2.3 days"},
    {WL_WORDS_GAP_STD, D30, LOGIN, DAYS, 1.5, NO, NO, "", "近30天登录间隔波动1.5天",
     "spread of time between logins in the last 30 days: 1.5 days"},
    {WL_WORDS_GAP_MAX, D30, LOGIN, DAYS, 9, NO, NO, "", "近30天登录最长间隔9天",
     "longest time between logins in the last 30 days: 9 days"},
    {WL_WORDS_OVERDUE, 0, LOGIN, FACTOR, 4.26, NO, NO, "", "距上次登录的天数是以往间隔的4.26倍",
     "no logins for 4.26 times the usual gap"},
    {WL_WORDS_OVERDUE, 0, LOGIN, FACTOR, NO, NO, NO, "", "没有登录记录", "no logins on record"},
    {WL_WORDS_WEEKEND_SHARE, D30, LOGIN, "", "", 0.354, NO, NO, "", "近30天登录在周末的占比35%",
     "weekend share of logins in the last 30 days: 35 %"},
    {WL_WORDS_NIGHT_SHARE, D30, LOGIN, "", "", 0.004, NO, NO, "", "近30天登录在夜间的占比0.4%",
     "night share of logins in the last 30 days: 0.4 %"},
    {WL_WORDS_FREQUENCY, D30, LOGIN, "次/30天", "per 30 days", 8, NO, NO, "",
     "近30天登录频率：8次/30天", "logins per 30 days in the last 30 days: 8"},
    {WL_WORDS_COUNT_PACE, D30, LOGIN, TIMES, 8.5, NO, NO, "", "按以往节奏近30天应有登录8.5次",
     "usual number of logins in the last 30 days: 8.5"},
    {WL_WORDS_SUM_PACE, D30, ORDER, YUAN, 850, NO, NO, "", "按以往节奏近30天应有订单金额850元",
     "usual total amount of orders in the last 30 days: 850 yuan"},
    {WL_WORDS_DAYS_PACE, D30, LOGIN, DAYS, 8, NO, NO, "", "按以往节奏近30天应有登录的天数：8天",
     "usual days with logins in the last 30 days: 8"},
    {WL_WORDS_COUNT_CHANGE, D30, LOGIN, FACTOR, 0.333, NO, NO, "", "近30天登录次数是以往的0.333倍",
     "number of logins in the last 30 days: 0.333 times the usual"},
    {WL_WORDS_SUM_CHANGE, D30, ORDER, FACTOR, 2, NO, NO, "", "近30天订单金额是以往的2倍",
     "total amount of orders in the last 30 days: 2 times the usual"},
    {WL_WORDS_DAYS_CHANGE, D30, LOGIN, FACTOR, 0.5, NO, NO, "", "近30天有登录的天数是以往的0.5倍",
     "days with logins in the last 30 days: 0.5 times the usual"},
    {WL_WORDS_COUNT_TREND, D30, LOGIN, FACTOR, -0.4, NO, NO, "",
     "近30天登录次数走势-0.4（-1为全在前半段，1为全在后半段）",
     "trend of logins in the last 30 days: -0.4 (-1: all in the earlier half, 1: all in the "
     "later half)"},
    {WL_WORDS_SUM_TREND, D30, ORDER, FACTOR, 1, NO, NO, "",
     "近30天订单金额走势1（-1为全在前半段，1为全在后半段）",
     "trend of amount of orders in the last 30 days: 1 (-1: all in the earlier half, 1: all in "
     "the later half)"},
    {WL_WORDS_DAYS_TREND, D30, LOGIN, FACTOR, 0, NO, NO, "",
     "近30天有登录的天数走势0（-1为全在前半段，1为全在后半段）",
     "trend of days with logins in the last 30 days: 0 (-1: all in the earlier half, 1: all in "
     "the later half)"},
    {WL_WORDS_ACTIVITY, D30, LOGIN, "%", "%", 45.2, 12, NO, "",
     "近30天活跃度45.2%（有登录的天数与自己平时之比），自己平时约12天",
     "days with logins in the last 30 days: 45.2 % of those usual for this customer (about 12 "
     "days)"},
    {WL_WORDS_ACTIVITY, D7, LOGIN, "%", "%", 42.857, 2.3333, NO, "",
     "近7天活跃度42.9%（有登录的天数与自己平时之比），自己平时约2.3天",
     "days with logins in the last 7 days: 42.9 % of those usual for this customer (about 2.3 "
     "days)"},
    {WL_WORDS_ACTIVITY, D7, LOGIN, "%", "%", NO, NO, NO, "", "近7天活跃度：没有数据",
     "days with logins in the last 7 days: no data"},
    {WL_WORDS_MEAN, D30, MOOD, -0.41, NO, NO, "", "近30天留言平均情绪-0.41（-1最差，1最好）",
     "average mood of messages in the last 30 days: -0.41 (-1 worst, 1 best)"},
    {WL_WORDS_MEAN_BEFORE, D30, MOOD, 0.2, NO, NO, "", "近30天以前留言平均情绪0.2（-1最差，1最好）",
     "average mood of messages before the last 30 days: 0.2 (-1 worst, 1 best)"},
    {WL_WORDS_MEAN_SHIFT, D30, MOOD, -0.62, NO, NO, "", "近30天留言平均情绪比以前低0.62",
     "average mood of messages in the last 30 days: 0.62 lower than before"},
    {WL_WORDS_MEAN_SHIFT, D30, MOOD, 0.3, NO, NO, "", "近30天留言平均情绪比以前高0.3",
     "average mood of messages in the last 30 days: 0.3 higher than before"},
    {WL_WORDS_RATIO, 0, "近30天每次登录停留时长", "dwell time per login, last 30 days", "", "",
     "分钟", "minutes", 12, NO, NO, "", "近30天每次登录停留时长：12分钟",
     "dwell time per login, last 30 days: 12 minutes"},
    {WL_WORDS_NUMBER, 0, "月费", "monthly charge", "", "", YUAN, 70.35, NO, NO, "", "月费：70.35元",
     "monthly charge: 70.35 yuan"},
    {WL_WORDS_NUMBER, 0, "年龄", "age", "", "", "", "", NO, NO, NO, "", "年龄：没有数据",
     "age: no data"},
    {WL_WORDS_CATEGORY, 0, "合约类型", "contract", "", "", "", "", 77, NO, NO, "Month-to-month",
     "合约类型：Month-to-month", "contract: Month-to-month"},
    {WL_WORDS_CATEGORY, 0, "合约类型", "contract", "", "", "", "", 77, NO, NO, "",
     "合约类型：未知类别", "contract: unknown category"},
    {WL_WORDS_BOOL, 0, "会员", "member", "", "", "", "", 1, NO, NO, "", "会员：是", "member: yes"},
    {WL_WORDS_BOOL, 0, "会员", "member", "", "", "", "", 0, NO, NO, "", "会员：否", "member: no"},
    {WL_WORDS_BOOL, 0, "会员", "member", "", "", "", "", NO, NO, NO, "", "会员：没有数据",
     "member: no data"},
    {WL_WORDS_DATE, 0, "注册", "sign-up", "", "", DAYS, 210, NO, NO, "", "注册至今210天",
     "time since sign-up: 210 days"},
};

static struct wl_feature_words words_of(const struct words_case *c)
{
    return (struct wl_feature_words){.name = "f",
                                     .label_zh = c->label_zh,
                                     .label_en = c->label_en,
                                     .value_zh = c->value_zh,
                                     .value_en = c->value_en,
                                     .unit_zh = c->unit_zh,
                                     .unit_en = c->unit_en,
                                     .prop = "item",
                                     .code = "other",
                                     .kind = c->kind,
                                     .window_us = c->window_us,
                                     .i_baseline = SIZE_MAX,
                                     .i_tenure = SIZE_MAX};
}

static void test_sentences(void)
{
    bool is_met[WL_WORDS_KIND_COUNT] = {false};
    struct wl_buf buf;

    wl_buf_init(&buf, wl_alloc_default(), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct words_case *c = &cases[i];
        struct wl_feature_words words = words_of(c);
        struct wl_feature_fact fact = {.value = c->value,
                                       .baseline = c->baseline,
                                       .history_days = c->history_days,
                                       .level = wl_str_from(c->level)};
        wl_buf_clear(&buf);
        wl_sentence_write(&words, &fact, true, &buf);
        CHECK_STR(buf.data, c->zh);
        wl_buf_clear(&buf);
        wl_sentence_write(&words, &fact, false, &buf);
        CHECK_STR(buf.data, c->en);
        is_met[c->kind] = true;
    }
    for (size_t k = 0; k < WL_WORDS_KIND_COUNT; k++) {
        CHECK(is_met[k]); // a kind without a case has words that nobody has read
    }
    wl_buf_release(&buf);
}

static bool has(const struct wl_buf *buf, const char *text)
{
    return strstr(buf->data, text) != NULL;
}

static void test_a_verdict_needs_a_count_and_a_baseline(void)
{
    struct wl_buf buf;

    wl_buf_init(&buf, wl_alloc_default(), 0);
    for (int k = 0; k < WL_WORDS_KIND_COUNT; k++) {
        struct words_case c = cases[0];
        c.kind = (enum wl_words_kind)k;
        struct wl_feature_words words = words_of(&c);
        bool may_judge = k == WL_WORDS_COUNT || k == WL_WORDS_DAYS || k == WL_WORDS_HOURS;
        for (int with_baseline = 0; with_baseline < 2; with_baseline++) {
            struct wl_feature_fact fact = {.value = 1,
                                           .baseline = with_baseline ? 50 : NO,
                                           .history_days = 300,
                                           .level = WL_STR("x")};
            wl_buf_clear(&buf);
            wl_sentence_write(&words, &fact, true, &buf);
            CHECK_INT(has(&buf, "减少") || has(&buf, "增加"), may_judge && with_baseline);
            wl_buf_clear(&buf);
            wl_sentence_write(&words, &fact, false, &buf);
            CHECK_INT(has(&buf, " down ") || has(&buf, " up "), may_judge && with_baseline);
        }
    }
    wl_buf_release(&buf);
}

static void test_kinds_have_keys(void)
{
    for (int k = 0; k < WL_WORDS_KIND_COUNT; k++) {
        enum wl_words_kind kind;
        const char *key = wl_words_kind_key((enum wl_words_kind)k);
        CHECK(wl_words_kind_parse(wl_str_from(key), &kind));
        CHECK_INT(kind, k);
    }
    enum wl_words_kind kind = WL_WORDS_DATE;
    CHECK(!wl_words_kind_parse(WL_STR("Count"), &kind));
    CHECK_INT(kind, WL_WORDS_DATE);
}

int main(void)
{
    RUN(test_sentences);
    RUN(test_a_verdict_needs_a_count_and_a_baseline);
    RUN(test_kinds_have_keys);
    return check_report();
}
