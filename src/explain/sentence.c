/* One sentence: what was counted, its value, what is usual for this customer, and the change.
 *
 * A table gives each kind its form in both languages; {s} is the label, {v} what values measure,
 * {p} a property, {w} the window. The value follows the form, in Chinese directly or after a colon,
 * in English after ": ", which spares English its singular and plural, and a tail may follow it. */
#include "base/clock.h"
#include "explain/count_change.h"
#include "explain/number_text.h"
#include "explain/reasons.h"

#include <math.h>
#include <string.h>

enum value_form {
    FORM_UNIT,  /* number and unit in both languages */
    FORM_PLAIN, /* English leaves the unit out: the form has said it */
    FORM_SHARE, /* 0..1 as percent */
    FORM_BARE,  /* no unit in either language */
    FORM_DAYS,  /* days to a tenth; English says "days" */
    FORM_SHIFT, /* a difference: higher or lower by so much */
    FORM_LEVEL, /* a category */
    FORM_BOOL   /* yes or no */
};

enum change_form {
    CHANGE_NONE,   /* nothing is usual for this kind, or the kind is itself a comparison */
    CHANGE_TESTED, /* a count of events, days or hours: a verdict when its test passes */
    CHANGE_STATED, /* the bare change */
    CHANGE_GAP,    /* baseline is a usual gap */
    CHANGE_DAYS    /* baseline is the days behind the percent: no change to state */
};

struct form {
    const char *key;
    const char *zh;
    const char *en;
    enum value_form value;
    enum change_form change;
    const char *colon_zh; /* between form and value */
    const char *colon_en;
    const char *tail_zh; /* after the value */
    const char *tail_en;
};

#define NO_TAIL  ": ", "", ""
#define TREND_ZH "（-1为全在前半段，1为全在后半段）"
#define TREND_EN " (-1: all in the earlier half, 1: all in the later half)"
#define USUAL_EN " times the usual"

static const struct form forms[WL_WORDS_KIND_COUNT] = {
    [WL_WORDS_COUNT] = {"count", "{w}{s}", "{s}{w}", FORM_PLAIN, CHANGE_TESTED, "", NO_TAIL},
    [WL_WORDS_SUM] = {"sum", "{w}{s}{v}合计", "total {v} of {s}{w}", FORM_UNIT, CHANGE_STATED, "",
                      NO_TAIL},
    [WL_WORDS_MEAN] = {"mean", "{w}{s}平均{v}", "average {v} of {s}{w}", FORM_UNIT, CHANGE_STATED,
                       "", NO_TAIL},
    [WL_WORDS_STD] = {"std", "{w}{s}{v}波动", "spread of {v} of {s}{w}", FORM_UNIT, CHANGE_STATED,
                      "", NO_TAIL},
    [WL_WORDS_MIN] = {"min", "{w}{s}最小{v}", "smallest {v} of {s}{w}", FORM_UNIT, CHANGE_STATED,
                      "", NO_TAIL},
    [WL_WORDS_MAX] = {"max", "{w}{s}最大{v}", "largest {v} of {s}{w}", FORM_UNIT, CHANGE_STATED, "",
                      NO_TAIL},
    [WL_WORDS_DAYS] = {"days", "{w}有{s}的天数", "days with {s}{w}", FORM_PLAIN, CHANGE_TESTED,
                       "：", NO_TAIL},
    [WL_WORDS_HOURS] = {"hours", "{w}有{s}的小时数", "hours with {s}{w}", FORM_PLAIN, CHANGE_TESTED,
                        "：", NO_TAIL},
    [WL_WORDS_DISTINCT] = {"distinct", "{w}{s}不同的{p}", "different {p} of {s}{w}", FORM_PLAIN,
                           CHANGE_STATED, "：", NO_TAIL},
    [WL_WORDS_DAYS_SINCE_LAST] = {"days_since_last", "距上次{s}已", "{s}: the last one", FORM_DAYS,
                                  CHANGE_GAP, "", " ", "", " ago"},
    [WL_WORDS_DAYS_SINCE_FIRST] = {"days_since_first", "首次{s}至今", "{s} began", FORM_DAYS,
                                   CHANGE_NONE, "", " ", "", " ago"},
    [WL_WORDS_GAP_MEAN] = {"gap_mean", "{w}{s}平均间隔", "average time between {s}{w}", FORM_DAYS,
                           CHANGE_STATED, "", NO_TAIL},
    [WL_WORDS_GAP_STD] = {"gap_std", "{w}{s}间隔波动", "spread of time between {s}{w}", FORM_DAYS,
                          CHANGE_STATED, "", NO_TAIL},
    [WL_WORDS_GAP_MAX] = {"gap_max", "{w}{s}最长间隔", "longest time between {s}{w}", FORM_DAYS,
                          CHANGE_STATED, "", NO_TAIL},
    [WL_WORDS_OVERDUE] = {"overdue", "距上次{s}的天数是以往间隔的", "no {s} for", FORM_PLAIN,
                          CHANGE_NONE, "", " ", "", " times the usual gap"},
    [WL_WORDS_WEEKEND_SHARE] = {"weekend_share", "{w}{s}在周末的占比", "weekend share of {s}{w}",
                                FORM_SHARE, CHANGE_STATED, "", NO_TAIL},
    [WL_WORDS_NIGHT_SHARE] = {"night_share", "{w}{s}在夜间的占比", "night share of {s}{w}",
                              FORM_SHARE, CHANGE_STATED, "", NO_TAIL},
    [WL_WORDS_FREQUENCY] = {"frequency", "{w}{s}频率", "{s} per 30 days{w}", FORM_PLAIN,
                            CHANGE_STATED, "：", NO_TAIL},
    [WL_WORDS_COUNT_PACE] = {"count_pace", "按以往节奏{w}应有{s}", "usual number of {s}{w}",
                             FORM_PLAIN, CHANGE_NONE, "", NO_TAIL},
    [WL_WORDS_SUM_PACE] = {"sum_pace", "按以往节奏{w}应有{s}{v}", "usual total {v} of {s}{w}",
                           FORM_UNIT, CHANGE_NONE, "", NO_TAIL},
    [WL_WORDS_DAYS_PACE] = {"days_pace", "按以往节奏{w}应有{s}的天数", "usual days with {s}{w}",
                            FORM_PLAIN, CHANGE_NONE, "：", NO_TAIL},
    [WL_WORDS_COUNT_CHANGE] = {"count_change", "{w}{s}次数是以往的", "number of {s}{w}", FORM_PLAIN,
                               CHANGE_NONE, "", ": ", "", USUAL_EN},
    [WL_WORDS_SUM_CHANGE] = {"sum_change", "{w}{s}{v}是以往的", "total {v} of {s}{w}", FORM_PLAIN,
                             CHANGE_NONE, "", ": ", "", USUAL_EN},
    [WL_WORDS_DAYS_CHANGE] = {"days_change", "{w}有{s}的天数是以往的", "days with {s}{w}",
                              FORM_PLAIN, CHANGE_NONE, "", ": ", "", USUAL_EN},
    [WL_WORDS_COUNT_TREND] = {"count_trend", "{w}{s}次数走势", "trend of {s}{w}", FORM_BARE,
                              CHANGE_NONE, "", ": ", TREND_ZH, TREND_EN},
    [WL_WORDS_SUM_TREND] = {"sum_trend", "{w}{s}{v}走势", "trend of {v} of {s}{w}", FORM_BARE,
                            CHANGE_NONE, "", ": ", TREND_ZH, TREND_EN},
    [WL_WORDS_DAYS_TREND] = {"days_trend", "{w}有{s}的天数走势", "trend of days with {s}{w}",
                             FORM_BARE, CHANGE_NONE, "", ": ", TREND_ZH, TREND_EN},
    [WL_WORDS_ACTIVITY] = {"activity", "{w}活跃度", "days with {s}{w}", FORM_UNIT, CHANGE_DAYS, "",
                           ": ", "（有{s}的天数与自己平时之比）",
                           " of those usual for this customer"},
    [WL_WORDS_MEAN_BEFORE] = {"mean_before", "{w}以前{s}平均{v}", "average {v} of {s} before{t}",
                              FORM_UNIT, CHANGE_NONE, "", NO_TAIL},
    [WL_WORDS_MEAN_SHIFT] = {"mean_shift", "{w}{s}平均{v}", "average {v} of {s}{w}", FORM_SHIFT,
                             CHANGE_NONE, "", ": ", "", " than before"},
    [WL_WORDS_RATIO] = {"ratio", "{s}", "{s}", FORM_UNIT, CHANGE_STATED, "：", NO_TAIL},
    [WL_WORDS_NUMBER] = {"number", "{s}", "{s}", FORM_UNIT, CHANGE_STATED, "：", NO_TAIL},
    [WL_WORDS_CATEGORY] = {"category", "{s}", "{s}", FORM_LEVEL, CHANGE_NONE, "：", NO_TAIL},
    [WL_WORDS_BOOL] = {"bool", "{s}", "{s}", FORM_BOOL, CHANGE_NONE, "：", NO_TAIL},
    [WL_WORDS_DATE] = {"date", "{s}至今", "time since {s}", FORM_DAYS, CHANGE_NONE, "", NO_TAIL},
};

bool wl_words_kind_parse(struct wl_str key, enum wl_words_kind *kind)
{
    for (int i = 0; i < WL_WORDS_KIND_COUNT; i++) {
        if (wl_str_is(key, forms[i].key)) {
            *kind = (enum wl_words_kind)i;
            return true;
        }
    }
    return false;
}

const char *wl_words_kind_key(enum wl_words_kind kind)
{
    WL_ASSERT((unsigned)kind < WL_WORDS_KIND_COUNT);
    return forms[kind].key;
}

// " the last 30 days", after a preposition of the form's own.
static void write_window_name(int64_t window_us, struct wl_buf *buf)
{
    bool is_days = window_us % WL_DAY_US == 0;
    long long n = window_us / (is_days ? WL_DAY_US : WL_HOUR_US);

    if (n == 1) {
        wl_buf_format(buf, " the last %s", is_days ? "day" : "hour");
    } else {
        wl_buf_format(buf, " the last %lld %s", n, is_days ? "days" : "hours");
    }
}

// "近7天" or " in the last 7 days"; English carries its own space, so that no window leaves none.
static void write_window(int64_t window_us, bool is_zh, struct wl_buf *buf)
{
    bool is_days = window_us % WL_DAY_US == 0;
    long long n = window_us / (is_days ? WL_DAY_US : WL_HOUR_US);

    if (window_us == WL_WORDS_WINDOW_NONE) {
        return;
    }
    if (window_us == WL_WORDS_WINDOW_ALL) {
        wl_buf_text(buf, is_zh ? "历史" : " so far");
    } else if (is_zh) {
        wl_buf_format(buf, "近%lld%s", n, is_days ? "天" : "小时");
    } else {
        wl_buf_text(buf, " in");
        write_window_name(window_us, buf);
    }
}

// Fills {s}, {v}, {p}, {w} and {t} into a form or a tail.
static void write_filled(const char *text, const struct wl_feature_words *words, bool is_zh,
                         struct wl_buf *buf)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at != '{') {
            wl_buf_char(buf, *at);
            continue;
        }
        switch (at[1]) {
        case 's': wl_buf_text(buf, is_zh ? words->label_zh : words->label_en); break;
        case 'v': wl_buf_text(buf, is_zh ? words->value_zh : words->value_en); break;
        case 'p': wl_buf_text(buf, words->prop); break;
        case 't': write_window_name(words->window_us, buf); break;
        default: write_window(words->window_us, is_zh, buf); break;
        }
        at += 2;
    }
}

static void write_form(const struct wl_feature_words *words, bool is_zh, struct wl_buf *buf)
{
    const struct form *form = &forms[words->kind];
    write_filled(is_zh ? form->zh : form->en, words, is_zh, buf);
}

// What nobody needs to more digits: 11.37 days read as 11.4.
static double to_tenths(double value)
{
    return round(value * 10.0) / 10.0;
}

static void write_days(double days, bool is_zh, struct wl_buf *buf)
{
    char text[WL_NUMBER_TEXT_BYTES];
    double shown = to_tenths(days);
    const char *unit_en = shown == 1.0 ? " day" : " days";

    wl_buf_text(buf, wl_number_text(shown, text));
    wl_buf_text(buf, is_zh ? "天" : unit_en);
}

static void write_number(const struct wl_feature_words *words, double value, bool is_zh,
                         struct wl_buf *buf)
{
    enum value_form form = forms[words->kind].value;
    const char *unit = is_zh ? words->unit_zh : words->unit_en;
    char text[WL_NUMBER_TEXT_BYTES];

    if (form == FORM_SHARE) {
        wl_buf_format(buf, is_zh ? "%s%%" : "%s %%", wl_percent_text(value, text));
        return;
    }
    if (form == FORM_DAYS) {
        write_days(value, is_zh, buf);
        return;
    }
    if (words->kind == WL_WORDS_ACTIVITY || words->kind == WL_WORDS_DAYS_PACE) {
        value = to_tenths(value); // both come from a pace: more digits mean nothing
    }
    wl_buf_text(buf, wl_number_text(value, text));
    if (is_zh && form != FORM_BARE) {
        wl_buf_text(buf, unit);
    } else if (form == FORM_UNIT && unit[0] != '\0') {
        wl_buf_char(buf, ' ');
        wl_buf_text(buf, unit);
    }
}

// "lower by 0.4": a bare fact about two means, so no verdict and no percent.
static void write_shift(double shift, bool is_zh, struct wl_buf *buf)
{
    char text[WL_NUMBER_TEXT_BYTES];
    const char *amount = wl_number_text(fabs(shift), text);

    if (is_zh) {
        wl_buf_format(buf, "比以前%s%s", shift < 0.0 ? "低" : "高", amount);
    } else {
        wl_buf_format(buf, "%s %s", amount, shift < 0.0 ? "lower" : "higher");
    }
}

static void write_value(const struct wl_feature_words *words, const struct wl_feature_fact *fact,
                        bool is_zh, struct wl_buf *buf)
{
    switch (forms[words->kind].value) {
    case FORM_LEVEL:
        if (fact->level.n_bytes == 0) {
            wl_buf_text(buf, is_zh ? "未知类别" : "unknown category");
        }
        wl_buf_str(buf, fact->level);
        break;
    case FORM_BOOL:
        if (is_zh) {
            wl_buf_text(buf, fact->value != 0.0 ? "是" : "否");
        } else {
            wl_buf_text(buf, fact->value != 0.0 ? "yes" : "no");
        }
        break;
    case FORM_SHIFT: write_shift(fact->value, is_zh, buf); break;
    case FORM_UNIT:
    case FORM_PLAIN:
    case FORM_SHARE:
    case FORM_BARE:
    case FORM_DAYS: write_number(words, fact->value, is_zh, buf); break;
    }
}

// The baseline is the pace before the window, count = pace * history / window. Where the length of
// the history is not known it is taken to be one window: fewer events, so a more careful verdict.
static bool is_changed(const struct wl_feature_words *words, const struct wl_feature_fact *fact)
{
    double window_days = (double)words->window_us / (double)WL_DAY_US;
    double history_days = fact->history_days;

    if (words->window_us <= 0 || words->window_us == WL_WORDS_WINDOW_ALL) {
        return false;
    }
    if (!(history_days > 0.0)) {
        history_days = window_days;
    }
    double before = fact->baseline * history_days / window_days;
    double share = window_days / (window_days + history_days);
    return wl_count_change_p(fact->value, before, share) < WL_CHANGE_P;
}

static void write_change(const struct wl_feature_words *words, const struct wl_feature_fact *fact,
                         bool is_zh, struct wl_buf *buf)
{
    bool is_tested = forms[words->kind].change == CHANGE_TESTED;
    double change = (fact->value - fact->baseline) / fact->baseline;
    char text[WL_NUMBER_TEXT_BYTES];
    const char *percent = wl_percent_text(fabs(change), text);
    const char *sign = change < 0.0 ? "-" : "+";

    if (is_tested && is_changed(words, fact)) {
        if (is_zh) {
            wl_buf_format(buf, "，%s%s%%", change < 0.0 ? "减少" : "增加", percent);
        } else {
            wl_buf_format(buf, ", %s %s %%", change < 0.0 ? "down" : "up", percent);
        }
    } else if (change == 0.0) {
        wl_buf_text(buf, is_zh ? "，没有变化" : ", no change");
    } else if (is_zh) {
        wl_buf_format(buf, "（%s%s%%%s）", sign, percent, is_tested ? "，在正常波动内" : "");
    } else {
        wl_buf_format(buf, " (%s%s %%%s)", sign, percent,
                      is_tested ? ", within usual variation" : "");
    }
}

// ", usually about 9": what is normal for this very customer.
static void write_baseline(const struct wl_feature_words *words, const struct wl_feature_fact *fact,
                           bool is_zh, struct wl_buf *buf)
{
    enum change_form form = forms[words->kind].change;

    if (form == CHANGE_NONE || !isfinite(fact->baseline)) {
        return;
    }
    if (form == CHANGE_DAYS) {
        wl_buf_text(buf, is_zh ? "，自己平时约" : " (about ");
        write_days(fact->baseline, is_zh, buf);
        wl_buf_text(buf, is_zh ? "" : ")");
        return;
    }
    if (form == CHANGE_GAP) {
        wl_buf_text(buf, is_zh ? "，自己平时约隔" : ", usually about ");
        write_number(words, fact->baseline, is_zh, buf);
        wl_buf_text(buf, is_zh ? "" : " between them");
    } else {
        wl_buf_text(buf, is_zh ? "，自己平时约" : ", usually about ");
        write_number(words, fact->baseline, is_zh, buf);
    }
    if (fact->baseline > 0.0) {
        write_change(words, fact, is_zh, buf);
    }
}

// "no cancellations in the last 90 days": nothing at all is not said as a figure.
static void write_none(const struct wl_feature_words *words, bool is_zh, struct wl_buf *buf)
{
    if (is_zh) {
        bool is_all = words->window_us == WL_WORDS_WINDOW_ALL;
        write_filled(is_all ? "至今没有{s}" : "{w}没有{s}", words, is_zh, buf);
    } else {
        write_filled("no {s}{w}", words, is_zh, buf);
    }
}

// A missing value is called missing; of a last time that there never was the form cannot speak.
static void write_missing(const struct wl_feature_words *words, bool is_zh, struct wl_buf *buf)
{
    if (words->kind == WL_WORDS_DAYS_SINCE_LAST || words->kind == WL_WORDS_DAYS_SINCE_FIRST ||
        words->kind == WL_WORDS_OVERDUE) {
        write_filled(is_zh ? "没有{s}记录" : "no {s} on record", words, is_zh, buf);
        return;
    }
    write_form(words, is_zh, buf);
    wl_buf_text(buf, is_zh ? "：没有数据" : ": no data");
}

static void write_form_and_value(const struct wl_feature_words *words,
                                 const struct wl_feature_fact *fact, bool is_zh, struct wl_buf *buf)
{
    const struct form *form = &forms[words->kind];

    write_form(words, is_zh, buf);
    wl_buf_text(buf, is_zh ? form->colon_zh : form->colon_en);
    write_value(words, fact, is_zh, buf);
    write_filled(is_zh ? form->tail_zh : form->tail_en, words, is_zh, buf);
}

void wl_sentence_write(const struct wl_feature_words *words, const struct wl_feature_fact *fact,
                       bool is_zh, struct wl_buf *buf)
{
    bool is_none = words->kind == WL_WORDS_COUNT && fact->value == 0.0;

    WL_ASSERT((unsigned)words->kind < WL_WORDS_KIND_COUNT);
    if (isnan(fact->value)) {
        write_missing(words, is_zh, buf);
        return;
    }
    if (is_none) {
        write_none(words, is_zh, buf);
    } else {
        write_form_and_value(words, fact, is_zh, buf);
    }
    if (!is_none || fact->baseline != 0.0) { // none, usually none: nothing more to say
        write_baseline(words, fact, is_zh, buf);
    }
}
