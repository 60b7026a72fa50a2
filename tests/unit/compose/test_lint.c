/* Goal:   every bad template is refused for the right reason and at the right place; every good
 *         one, and the whole built-in library, passes.
 * Method: labelled sets in zh and en: texts in one frame, each with the rule it must break.
 *         The good set is the planted fault of the bad one, and the other way round. */
#include "check.h"

#include "compose/lint.h"
#include "compose/sms.h"

enum frame { PUSH_ZH, PUSH_EN, SMS_ZH, SMS_EN, MAIL_ZH, MAIL_EN, VIP_ZH };

static const struct {
    const char *channel;
    const char *language;
    const char *title;
    const char *offers;
} frames[] = {{"push", "zh", "  title: 您好\n", "none"},
              {"push", "en", "  title: Hello\n", "none"},
              {"sms", "zh", "", "none"},
              {"sms", "en", "", "none"},
              {"email", "zh", "  title: 您好\n", "none"},
              {"email", "en", "  title: Hello\n", "none"},
              {"push", "zh", "  title: 您好\n", "vip_support"}};

static const struct {
    enum frame frame;
    const char *body;
    const char *rule;
} bad[] = {
    // promises, zh
    {PUSH_ZH, "现在续费享七折", "promise"},
    {PUSH_ZH, "全场半价，欢迎选购", "promise"},
    {PUSH_ZH, "免费体验新功能", "promise"},
    {PUSH_ZH, "终身会员等您来", "promise"},
    {PUSH_ZH, "送您三个月会员", "promise"},
    {PUSH_ZH, "充值立减", "promise"},
    {PUSH_ZH, "买一送一", "promise"},
    {PUSH_ZH, "我们保证让您满意", "promise"},
    {PUSH_ZH, "免 费 领取", "promise"},           // blanks inside
    {PUSH_ZH, "免\xE2\x80\x8B费领取", "promise"}, // a zero-width space inside
    {PUSH_ZH, "领取现金红包", "promise"},
    {PUSH_ZH, "百分之二十的回馈", "promise"},
    {PUSH_ZH, "立省五十元", "promise"},
    {PUSH_ZH, "双倍积分", "promise"},
    {PUSH_ZH, "全网最低", "promise"},
    {PUSH_ZH, "{{#user.name}}享八折{{/user.name}}", "promise"}, // inside a section
    {MAIL_ZH, "<p title=\"免费\">您好</p>退订", "promise"},     // inside mark-up
    // numbers and dates, zh
    {PUSH_ZH, "立享8折", "number"},
    {PUSH_ZH, "立享８折", "number"}, // full width
    {PUSH_ZH, "节省 20% 的时间", "number"},
    {PUSH_ZH, "领取优惠券，截止到周五", "date"},
    {PUSH_ZH, "仅限今天", "date"},
    {PUSH_ZH, "月底前有效", "date"},
    {PUSH_ZH, "限时开放", "date"},
    // tone, zh
    {PUSH_ZH, "我们注意到您最近来得少了", "surveillance"},
    {PUSH_ZH, "系统显示您没有登录", "surveillance"},
    {PUSH_ZH, "好久不见，快回来看看", "surveillance"},
    {PUSH_ZH, "根据您的浏览记录，为您推荐", "surveillance"},
    {PUSH_ZH, "您上次下单后就没来了", "surveillance"},
    {PUSH_ZH, "您已有{{user.inactive_days}}天没用", "raw-count"},
    {PUSH_ZH, "您登录了{{user.login_count}}回", "raw-count"},
    // claims and duties, zh
    {PUSH_ZH, "尊敬的VIP用户，您好", "vip"},
    {PUSH_ZH, "专属客服为您服务", "vip"},
    {PUSH_ZH, "您好，{{nickname}}", "slot-undeclared"},
    {PUSH_ZH, "您好，{{user.name", "syntax"},
    {PUSH_ZH, "您好{{/user.name}}", "syntax"},
    {PUSH_ZH, "您好{{>footer}}", "syntax"},
    {PUSH_ZH, "您好{{=<% %>=}}", "syntax"},
    {PUSH_ZH, "您好{{{brand}}}", "raw-value"},
    {PUSH_ZH, "您好，welcome back", "language"},
    {PUSH_ZH, "Welcome", "language"},
    {PUSH_ZH, "为您准备了{{offer.name}}", "offer-unbound"},
    {VIP_ZH, "您的服务已开启", "offer-unbound"},
    {SMS_ZH, "【{{brand}}】您好", "opt-out"},
    {SMS_ZH, "【{{brand}}】您好 Reply STOP to opt out", "opt-out"},              // another language
    {SMS_ZH, "【{{brand}}】您好{{#user.name}}退订回T{{/user.name}}", "opt-out"}, // not always there
    {SMS_ZH, "您好，退订回T", "sender"},
    {MAIL_ZH, "<p>您好</p>", "opt-out"},
    {MAIL_ZH, "<p>您好</p><a href=\"{{brand}}\">Unsubscribe</a>", "opt-out"},
    // promises, en
    {PUSH_EN, "Renew now, it is free", "promise"},
    {PUSH_EN, "FREE for you", "promise"},
    {PUSH_EN, "Half price on everything", "promise"},
    {PUSH_EN, "Half-price? half off!", "promise"},
    {PUSH_EN, "A lifetime membership", "promise"},
    {PUSH_EN, "We guarantee you will like it", "promise"},
    {PUSH_EN, "Get twenty percent", "promise"},
    {PUSH_EN, "Three months on the house", "promise"},
    {PUSH_EN, "A gift is waiting", "promise"},
    {PUSH_EN, "Your discount is ready", "promise"},
    {PUSH_EN, "Full refund", "promise"},
    {PUSH_EN, "Unlimited use", "promise"},
    // numbers and dates, en
    {PUSH_EN, "Save 50 % now", "number"},
    {PUSH_EN, "Only $9", "number"},
    {PUSH_EN, "Offer ends Friday", "date"},
    {PUSH_EN, "Today only", "date"},
    {PUSH_EN, "Last chance!", "date"},
    // tone, en
    {PUSH_EN, "We noticed you have not used the app", "surveillance"},
    {PUSH_EN, "You haven\xE2\x80\x99t logged in", "surveillance"}, // a typographic apostrophe
    {PUSH_EN, "It has been a while", "surveillance"},
    {PUSH_EN, "According to our records you may like this", "surveillance"},
    {PUSH_EN, "You were inactive", "surveillance"},
    {PUSH_EN, "You came {{user.n_visits}} times", "raw-count"},
    // claims and duties, en
    {PUSH_EN, "As a VIP you come first", "vip"},
    {PUSH_EN, "Hello {{who}}", "slot-undeclared"},
    {PUSH_EN, "Hello {{#brand}}", "syntax"},
    {PUSH_EN, "Hello 您好", "language"},
    {SMS_EN, "{{brand}}: hello", "opt-out"},
    {SMS_EN, "{{brand}}: hello 拒收请回复R", "opt-out"},
    {SMS_EN, "Hello. Reply STOP to opt out", "sender"},
    {MAIL_EN, "<p>Hello</p>", "opt-out"},
};

static const struct {
    enum frame frame;
    const char *body;
} good[] = {
    {PUSH_ZH, "有您一路相伴，是{{brand}}前进的动力。"},
    {PUSH_ZH, "第一步，打开应用；第二步，选一项功能；第三步，确认。"},
    {PUSH_ZH, "万一遇到问题，随时找我们，一次说清。"},
    {PUSH_ZH, "打开 App，几步就能上手，每一天都更轻松。"},
    {PUSH_ZH, "十分感谢您的信任，数据都为您保留。"},
    {SMS_ZH, "【{{brand}}】新功能已上线。拒收请回复R"},
    {SMS_ZH, "【{{brand}}】感谢信任。退订回T"},
    {MAIL_ZH, "<h1>您好</h1><p>直接回复这封邮件。&nbsp;</p><a href=\"{{brand}}\">点此退订</a>"},
    {VIP_ZH, "{{offer.name}}已为您开启，专属客服随时在。"},
    {PUSH_EN, "It is good to have you with {{brand}}."},
    {PUSH_EN, "Three quick steps: open the app, choose, confirm."},
    {PUSH_EN, "Freedom to choose: change your plan at any time."},
    {PUSH_EN, "You may like the new features; we are here to help."},
    {PUSH_EN, "Make it work every day."},
    {SMS_EN, "{{brand}}: new features are live. Reply STOP to opt out"},
    {MAIL_EN, "<h2>Hello</h2><p>Reply to this message.</p><a href=\"{{brand}}\">Unsubscribe</a>"},
};

static void lint_body(enum frame frame, const char *body, struct wl_library *library,
                      struct wl_findings *findings)
{
    struct wl_buf text;
    wl_error error = {0};
    struct wl_lint_options options = {0};
    bool is_vip = frame == VIP_ZH;

    wl_buf_init(&text, wl_alloc_default(), 0);
    wl_buf_format(&text,
                  "version: 1\ntemplates:\n- id: t\n  version: 1\n  tiers: [high]\n"
                  "  reasons: [price]\n  channels: [%s]\n  language: %s\n%s  body: |\n    %s\n"
                  "  slots: [%s]\n  optional: [%s]\n  offers: [%s]\n",
                  frames[frame].channel, frames[frame].language, frames[frame].title, body,
                  strstr(body, "brand}}") != NULL ? "brand" : "",
                  strstr(body, "user.name}}") != NULL  ? "user.name"
                  : strstr(body, "offer.name") != NULL ? "offer.name"
                  : strstr(body, "n_visits") != NULL   ? "user.n_visits"
                  : strstr(body, "inactive") != NULL && strstr(body, "{{") != NULL
                      ? "user.inactive_days"
                  : strstr(body, "login_count") != NULL ? "user.login_count"
                                                        : "",
                  is_vip ? "vip_support" : frames[frame].offers);
    wl_library_init(library, wl_alloc_default());
    wl_findings_init(findings, wl_alloc_default());
    CHECK_INT(wl_library_add(library, "t.yaml", wl_buf_view(&text), false, &error), WL_OK);
    CHECK_STR(error.message, "");
    CHECK_INT(wl_lint_library(library, &options, findings, &error), WL_OK);
    wl_buf_release(&text);
}

static void say(const struct wl_findings *findings)
{
    for (size_t i = 0; i < findings->n_items; i++) {
        struct wl_buf line;
        wl_buf_init(&line, wl_alloc_default(), 0);
        wl_finding_write(&findings->items[i], WL_LANGUAGE_ZH, &line);
        fprintf(stderr, "  %s\n", line.data);
        wl_buf_release(&line);
    }
}

static void test_bad_ones_are_refused(void)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct wl_library library;
        struct wl_findings findings;
        bool found = false;

        lint_body(bad[i].frame, bad[i].body, &library, &findings);
        for (size_t j = 0; j < findings.n_items; j++) {
            found = found || strcmp(wl_rule_id(findings.items[j].rule), bad[i].rule) == 0;
            CHECK(findings.items[j].place.line > 0 && findings.items[j].place.column > 0);
        }
        if (!found) {
            fprintf(stderr, "%s: not found in: %s\n", bad[i].rule, bad[i].body);
            say(&findings);
        }
        CHECK(found);
        wl_findings_release(&findings);
        wl_library_release(&library);
    }
}

static void test_good_ones_pass(void)
{
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct wl_library library;
        struct wl_findings findings;

        lint_body(good[i].frame, good[i].body, &library, &findings);
        CHECK_INT(findings.n_items, 0);
        say(&findings);
        wl_findings_release(&findings);
        wl_library_release(&library);
    }
}

static void test_builtin_library_is_clean(void)
{
    struct wl_library library;
    struct wl_findings findings;
    struct wl_lint_options options = {0};

    wl_findings_init(&findings, wl_alloc_default());
    CHECK_INT(wl_library_open(NULL, wl_alloc_default(), &library, NULL), WL_OK);
    CHECK_INT(wl_lint_library(&library, &options, &findings, NULL), WL_OK);
    CHECK_INT(findings.n_items, 0);
    say(&findings);
    wl_findings_release(&findings);
    wl_library_release(&library);
}

static void test_findings_point_at_the_words(void)
{
    static const char *const text =
        "version: 1\ntemplates:\n- id: t\n  version: 1\n  tiers: [high]\n  reasons: [price]\n"
        "  channels: [push]\n  language: zh\n  title: 您好\n  body: |\n    第一行\n"
        "    看看七折商品\n";
    struct wl_library library;
    struct wl_findings findings;
    struct wl_lint_options options = {0};
    struct wl_buf line;

    wl_library_init(&library, wl_alloc_default());
    wl_findings_init(&findings, wl_alloc_default());
    wl_buf_init(&line, wl_alloc_default(), 0);
    CHECK_INT(wl_library_add(&library, "t.yaml", wl_str_from(text), false, NULL), WL_OK);
    CHECK_INT(wl_lint_library(&library, &options, &findings, NULL), WL_OK);
    CHECK_INT(findings.n_items, 1);
    wl_finding_write(&findings.items[0], WL_LANGUAGE_EN, &line);
    CHECK_STR(line.data,
              "t.yaml:12:7: t: a benefit is promised outside a slot: \"七折\" [promise]");
    wl_buf_clear(&line);
    wl_finding_json(&findings.items[0], &line);
    CHECK_STR(
        line.data,
        "{\"file\":\"t.yaml\",\"line\":12,\"column\":7,\"template\":\"t\",\"rule\":\"promise\","
        "\"found\":\"七折\",\"en\":\"a benefit is promised outside a slot\","
        "\"zh\":\"优惠或承诺写在了变量之外\"}");
    wl_buf_release(&line);
    wl_findings_release(&findings);
    wl_library_release(&library);
}

static const struct {
    size_t n_repeats;
    const char *unit;
    bool is_gsm7;
    size_t n_units;
    size_t n_segments;
} sms[] = {{0, "a", true, 0, 0},       {160, "a", true, 160, 1},   {161, "a", true, 161, 2},
           {306, "a", true, 306, 2},   {307, "a", true, 307, 3},   {80, "€", true, 160, 1},
           {81, "[", true, 162, 2},    {70, "中", false, 70, 1},   {71, "中", false, 71, 2},
           {134, "中", false, 134, 2}, {135, "中", false, 135, 3}, {35, "😀", false, 70, 1},
           {36, "😀", false, 72, 2},    {1, "`", false, 1, 1},      {1, "é", true, 1, 1}};

static void test_sms_segments(void)
{
    for (size_t i = 0; i < sizeof(sms) / sizeof(sms[0]); i++) {
        struct wl_buf text;
        wl_buf_init(&text, wl_alloc_default(), 0);
        for (size_t j = 0; j < sms[i].n_repeats; j++) {
            wl_buf_text(&text, sms[i].unit);
        }
        struct wl_sms_size size = wl_sms_measure(wl_buf_view(&text));
        CHECK_INT(size.is_gsm7, sms[i].is_gsm7);
        CHECK_INT(size.n_units, sms[i].n_units);
        CHECK_INT(size.n_segments, sms[i].n_segments);
        wl_buf_release(&text);
    }
}

int main(void)
{
    RUN(test_bad_ones_are_refused);
    RUN(test_good_ones_pass);
    RUN(test_builtin_library_is_clean);
    RUN(test_findings_point_at_the_words);
    RUN(test_sms_segments);
    return check_report();
}
