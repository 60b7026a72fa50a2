/* A small company's report, made up by formula: enough of everything to see every part of the page. */
#ifndef WL_TESTS_REPORT_FIXTURE_H
#define WL_TESTS_REPORT_FIXTURE_H
#include "report/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define FIXTURE_CUSTOMERS 12

struct report_fixture {
    struct wl_report report;
    struct wl_evaluation evaluation;
    struct wl_report_model model;
    struct wl_report_voice voice;
    struct wl_voice_word words[2];
    struct wl_report_alert alert_items[2];
    struct wl_report_alerts alerts;
    struct wl_report_trends trends;
    struct wl_report_source sources[2];
    struct wl_report_reject rejects[2];
    struct wl_report_reason reasons[6];
    struct wl_report_feature features[6];
    struct wl_report_customer customers[FIXTURE_CUSTOMERS];
    struct wl_explanation explanations[FIXTURE_CUSTOMERS];
    char users[FIXTURE_CUSTOMERS][16];
};

static inline struct wl_metric fixture_metric(double value, double half, double n)
{
    return (struct wl_metric){.value = value,
                              .low = value - half,
                              .high = value + half,
                              .n = n,
                              .method = "bootstrap over users"};
}

static inline void fixture_evaluation(struct wl_evaluation *evaluation)
{
    static const double values[WL_METRIC_COUNT] = {0.861, 0.86,  0.412, 4.7,  0.46,  0.52,
                                                   0.488, 0.713, 0.932, 0.93, 0.951, 0.049,
                                                   0.011, 0.036, 0.21,  0.145};

    *evaluation = (struct wl_evaluation){.set = "video",
                                         .model = "xgboost",
                                         .n_rows = 16203,
                                         .n_positive = 794,
                                         .n_users = 16203,
                                         .n_folds = 1,
                                         .threshold = 0.23,
                                         .n_baselines = 3,
                                         .n_points = 41,
                                         .caution = "simulated data"};
    for (size_t m = 0; m < WL_METRIC_COUNT; m++) {
        evaluation->metrics[m] = fixture_metric(values[m], 0.012, 16203);
    }
    evaluation->baselines[0] = (struct wl_baseline_result){
        "recency", fixture_metric(0.722, 0.02, 16203), fixture_metric(0.14, 0.01, 16203),
        fixture_metric(2.1, 0.2, 16203), fixture_metric(0.139, 0.02, 16203)};
    evaluation->baselines[1] = (struct wl_baseline_result){
        "logistic", fixture_metric(0.838, 0.014, 16203), fixture_metric(0.36, 0.02, 16203),
        fixture_metric(4.2, 0.3, 16203), fixture_metric(0.023, 0.008, 16203)};
    evaluation->baselines[2] = (struct wl_baseline_result){
        WL_BASELINE_NO_TEXT, fixture_metric(0.858, 0.014, 16203), fixture_metric(0.39, 0.02, 16203),
        fixture_metric(4.4, 0.3, 16203), fixture_metric(0.003, 0.005, 16203)};
    for (size_t i = 0; i < evaluation->n_points; i++) {
        double share = (double)i / 40.0;
        double recall = 1.0 - pow(1.0 - share, 4.0);
        evaluation->points[i] =
            (struct wl_curve_point){.threshold = 1.0 - share,
                                    .recall = recall,
                                    .false_positive_rate = share,
                                    .precision = 0.049 + 0.85 * pow(1.0 - recall, 1.5)};
    }
    for (size_t i = 0; i < WL_ECE_BINS; i++) {
        double p = 0.45 * pow((double)(i + 1) / WL_ECE_BINS, 2.0);
        evaluation->reliability[i] =
            (struct wl_reliability){.n = 1080, .p_mean = p, .rate = p * (i % 2 ? 1.06 : 0.95)};
    }
    for (size_t i = 0; i < WL_EVALUATION_DECILES; i++) {
        evaluation->decile_lift[i] = 5.2 * pow(0.55, (double)i) + 0.1;
    }
    evaluation->confusion = (struct wl_confusion){.tp = 413, .fp = 485, .fn = 381, .tn = 14924};
}

static inline void fixture_customers(struct report_fixture *fixture)
{
    static const struct {
        const char *zh;
        const char *en;
    } sentences[] = {{"最近 7 天登录 0 次，平常每 7 天 3.4 次",
                      "0 logins in the last 7 days; usually 3.4 in 7 days"},
                     {"最近 30 天看到 86 次广告，平常每 30 天 31 次",
                      "86 ads in the last 30 days; usually 31 in 30 days"},
                     {"最近 30 天提交 2 次工单，平常没有",
                      "2 support tickets in the last 30 days; usually none"},
                     {"最近 30 天卡顿 19 次，平常每 30 天 2.1 次",
                      "19 stalls and errors in the last 30 days; usually 2.1 in 30 days"}};

    for (size_t i = 0; i < FIXTURE_CUSTOMERS; i++) {
        struct wl_explanation *one = &fixture->explanations[i];
        double p = 0.96 - 0.055 * (double)i;
        (void)snprintf(fixture->users[i], sizeof(fixture->users[i]), "u%06zu", 104 + 7919 * i);
        *one = (struct wl_explanation){.n_reasons = 3};
        one->score = (struct wl_score){
            .user = wl_str_from(fixture->users[i]),
            .p_churn = p,
            .tier = p >= 0.9 ? WL_TIER_VERY_HIGH : (p >= 0.7 ? WL_TIER_HIGH : WL_TIER_MEDIUM)};
        for (size_t r = 0; r < 3; r++) {
            size_t s = (i + r) % 4;
            one->reasons[r] = (struct wl_reason){.contribution = 1.2 - 0.4 * (double)r,
                                                 .zh = wl_str_from(sentences[s].zh),
                                                 .en = wl_str_from(sentences[s].en)};
        }
        fixture->customers[i] = (struct wl_report_customer){
            .explanation = one,
            .message_title = WL_STR("我们想为您做得更好"),
            .message_body =
                WL_STR("您好，最近播放体验不太理想，我们已为您开通优先线路。\n如仍有问题，"
                       "VIP 客服 7×24 小时在线。")};
    }
}

static inline void fixture_tiers(struct wl_report *report)
{
    static const double counts[WL_TIER_COUNT] = {13980, 1422, 611, 158, 32};
    static const double means[WL_TIER_COUNT] = {0.021, 0.19, 0.48, 0.79, 0.94};

    for (size_t t = 0; t < WL_TIER_COUNT; t++) {
        report->tiers[t] = (struct wl_report_tier){
            .n_customers = counts[t],
            .p_mean = means[t],
            .message_title = t >= 2 ? WL_STR("这份心意想当面给您") : WL_STR(""),
            .message_body =
                t >= 1 ? WL_STR("您好，感谢一直以来的陪伴。为您准备了七天会员体验，到期自动结束，"
                                "不会扣费。回复 T 退订。")
                       : WL_STR(""),
            .template_id = WL_STR("high.performance.zh"),
            .offer = t >= 3 ? WL_STR("七天会员体验") : WL_STR("")};
    }
    for (size_t i = 0; i < WL_REPORT_BUCKETS; i++) {
        report->histogram[i] = floor(11000.0 * pow(0.42, (double)i)) + 12.0 * (double)(20 - i);
    }
}

// The fixture is filled in place: the report points into it.
// Two topics, two intents, two words, six weeks; a quote that must be escaped.
static inline void fixture_voice(struct report_fixture *fixture)
{
    static const struct wl_label weeks[] = {{"02-17", "02-17"}, {"02-24", "02-24"},
                                            {"03-03", "03-03"}, {"03-10", "03-10"},
                                            {"03-17", "03-17"}, {"03-24", "03-24"}};
    struct wl_report_voice *voice = &fixture->voice;

    *voice =
        (struct wl_report_voice){.n_texts = 1201,
                                 .n_recent = 412,
                                 .n_before = 388,
                                 .n_people = 340,
                                 .share_positive = 0.31,
                                 .share_negative = 0.42,
                                 .share_without_reason = 0.5,
                                 .n_weeks = 6,
                                 .n_reasons = 2,
                                 .n_intents = 2,
                                 .words = fixture->words,
                                 .n_words = 2,
                                 .readers = {"情感：规则", "sentiment: rules"},
                                 .degraded = {"有文本模型缺失，由规则代读",
                                              "a text model is missing, rules read the texts"}};
    for (size_t w = 0; w < 6; w++) {
        voice->weeks[w] = weeks[w];
        voice->week_count[w] = 80 + 7 * (double)w;
        voice->week_negative[w] = 0.3 + 0.03 * (double)w;
        voice->week_positive[w] = w == 2 ? (double)NAN : 0.4 - 0.02 * (double)w;
    }
    voice->reasons[0] = (struct wl_voice_topic){{"广告", "ads"},
                                                91,
                                                44,
                                                80,
                                                -0.62,
                                                WL_VOICE_RISING,
                                                WL_STR("广告太多了 <b>[电话]</b> & …")};
    voice->reasons[1] = (struct wl_voice_topic){
        {"价格", "price"}, 60, 71, 58, -0.2, WL_VOICE_STEADY, WL_STR("Too expensive for me")};
    voice->intents[0] = (struct wl_voice_topic){
        {"离开", "leaving"}, 33, 61, 33, -0.7, WL_VOICE_FALLING, WL_STR("I want to cancel")};
    voice->intents[1] = (struct wl_voice_topic){{"表扬", "praise"}, 0,         2, 0, (double)NAN,
                                                WL_VOICE_STEADY,    WL_STR("")};
    fixture->words[0] = (struct wl_voice_word){WL_STR("退订"), 40, 12, 5.1, 2.8, 9.3};
    fixture->words[1] = (struct wl_voice_word){WL_STR("喜欢"), 4, 60, 0.2, 0.1, 0.5};
}

// Two alerts, of which one is not known to be worth anything; two topics, one surge that goes on.
static inline void fixture_watch(struct report_fixture *fixture)
{
    struct wl_report_trends *trends = &fixture->trends;

    fixture->alert_items[0] =
        (struct wl_report_alert){.severity = 2,
                                 .user = WL_STR("u000007"),
                                 .reason = {"要离开：价格", "leaving: price"},
                                 .source = {"留言", "from a message"},
                                 .state = {"待处理", "open"},
                                 .strategy = {"提供目录内的优惠", "an offer from the catalogue"},
                                 .since = "2025-03-30 19:56",
                                 .p_churn = 0.9,
                                 .at_risk = 1686.0,
                                 .quote = WL_STR("太贵了 <b>[电话]</b> & 不续了")};
    fixture->alert_items[1] =
        (struct wl_report_alert){.severity = 0,
                                 .user = WL_STR("u000008"),
                                 .reason = {"活跃度下降", "Less active than usual"},
                                 .source = {"行为", "from behaviour"},
                                 .state = {"排队", "waiting"},
                                 .strategy = {"推荐喜欢的内容", "bring back with what they like"},
                                 .since = "2025-03-31 08:00",
                                 .p_churn = (double)NAN,
                                 .at_risk = (double)NAN,
                                 .quote = WL_STR("")};
    fixture->alerts = (struct wl_report_alerts){.items = fixture->alert_items,
                                                .n_items = 2,
                                                .n_by_severity = {3, 0, 1},
                                                .n_waiting = 1,
                                                .n_degraded = 1,
                                                .at_risk = 1686.0};
    *trends = (struct wl_report_trends){.n_days = 90,
                                        .n_days_needed = 35,
                                        .n_weeks = 3,
                                        .n_topics = 2,
                                        .n_surges = 1,
                                        .n_earlier = 2};
    for (size_t w = 0; w < 3; w++) {
        trends->weeks[w] = fixture->voice.weeks[w + 3];
        trends->topics[0].weeks[w] = 20.0 + 31.0 * (double)w;
        trends->topics[1].weeks[w] = 12.0;
    }
    trends->topics[0].name = (struct wl_label){"广告", "ads"};
    trends->topics[0].n_texts = 180;
    trends->topics[0].n_negative = 153;
    trends->topics[1].name = (struct wl_label){"价格", "price"};
    trends->topics[1].n_texts = 60;
    trends->topics[1].n_negative = 36;
    trends->surges[0] = (struct wl_watch_surge){.topic = {"广告", "ads"},
                                                .begin = "2025-03-19",
                                                .end = "",
                                                .n_negative = 120,
                                                .n_expected = 48,
                                                .ratio = 2.5,
                                                .low = 1.9,
                                                .high = 3.2,
                                                .share_before = 0.61,
                                                .share_during = 0.88,
                                                .quotes = {WL_STR("广告太多 <i>")},
                                                .n_quotes = 1};
}

static inline void report_fixture_init(struct report_fixture *fixture, const wl_alloc *alloc,
                                       const char *language)
{
    static const char *const codes[] = {"activity_down", "ads",     "performance",
                                        "support_issue", "content", "price"};
    int64_t day = wl_days_from_civil(2025, 3, 31) * WL_DAY_US;

    memset(fixture, 0, sizeof(*fixture));
    fixture_evaluation(&fixture->evaluation);
    fixture_customers(fixture);
    fixture_voice(fixture);
    fixture_watch(fixture);
    for (size_t i = 0; i < 6; i++) {
        fixture->reasons[i] =
            (struct wl_report_reason){.code = wl_str_from(codes[i]),
                                      .share = 0.41 * pow(0.72, (double)i),
                                      .contribution_mean = 0.6 - 0.05 * (double)i};
        for (size_t t = 0; t < WL_TIER_COUNT; t++) {
            double turn = (double)((i + 2 * t) % 5) / 5.0;
            fixture->reasons[i].share_by_tier[t] = fixture->reasons[i].share * (0.4 + turn);
        }
        fixture->features[i] = (struct wl_report_feature){
            .name = i % 2 ? (struct wl_label){"最近 30 天观看时长", "minutes played in 30 days"}
                          : (struct wl_label){"距离上次登录的天数", "days since the last login"},
            .contribution_abs = 0.52 * pow(0.78, (double)i)};
    }
    fixture->rejects[0] = (struct wl_report_reject){
        {"时间不符合声明的格式", "time is not in the declared format"}, 11};
    fixture->rejects[1] = (struct wl_report_reject){{"缺少用户编号", "no user id"}, 3};
    fixture->sources[0] =
        (struct wl_report_source){"events", 2028159, 2016187, 11958, 0, 14, fixture->rejects, 2};
    fixture->sources[1] = (struct wl_report_source){"customers", 20000, 20000, 0, 0, 0, NULL, 0};
    fixture->model = (struct wl_report_model){
        .name = "churn",
        .version = 3,
        .algorithm = "xgboost",
        .n_features = 94,
        .schema_hash = "0a1b2c3d4e5f",
        .label = {"14 天内没有任何活动", "activity: the last one 14 days ago"},
        .train = {"2025-02-01 至 2025-02-22，每 7 天", "2025-02-01 to 2025-02-22, every 7 days"},
        .test = {"2025-03-13", "2025-03-13"},
        .n_train_rows = 61240,
        .n_train_left = 3111,
        .created_us = day};
    fixture->report = (struct wl_report){
        .alloc = alloc,
        .name = "video",
        .alerts = &fixture->alerts,
        .voice = &fixture->voice,
        .trends = &fixture->trends,
        .language = language,
        .is_simulated = true,
        .created_us = day,
        .as_of_us = day,
        .prediction = {"在最近 30 天活跃的客户中，谁会在 72 小时之后的 14 天内停止一切活动。",
                       "which customers active in the last 30 days will stop all activity for 14 "
                       "days, beginning 72 hours from now."},
        .n_users = 20000,
        .n_events = 2016187,
        .n_texts = 10000,
        .first_us = day - 89 * WL_DAY_US,
        .last_us = day,
        .sources = fixture->sources,
        .n_sources = 2,
        .n_scored = 16203,
        .n_expected = 812.4,
        .reasons = fixture->reasons,
        .n_reasons = 6,
        .features = fixture->features,
        .n_leaning = 6,
        .customers = fixture->customers,
        .n_customers = FIXTURE_CUSTOMERS,
        .evaluation = &fixture->evaluation,
        .model = &fixture->model};
    fixture_tiers(&fixture->report);
}

#endif
