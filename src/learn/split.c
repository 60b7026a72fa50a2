/* The sections `dates:` and `split:`, and whether they are honest about time. */
#include "learn/split.h"

#include "base/clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int by_time(const void *left, const void *right)
{
    const int64_t *a = left;
    const int64_t *b = right;

    return (*a > *b) - (*a < *b);
}

static size_t sort_unique(int64_t *times_us, size_t n)
{
    size_t n_kept = 0;

    if (n > 1) {
        qsort(times_us, n, sizeof(*times_us), by_time);
    }
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || times_us[i] != times_us[i - 1]) {
            times_us[n_kept++] = times_us[i];
        }
    }
    return n_kept;
}

static wl_status read_date(const struct wl_node *node, const char *where, int64_t utc_offset_us,
                           int64_t *time_us, wl_error *error)
{
    wl_error inner = {0};

    if (node->kind != WL_NODE_STRING) {
        return wl_fail_node(error, node, "%s: wants a date, found %s", where,
                            wl_node_kind_name(node->kind));
    }
    if (wl_time_parse(node->text, WL_TIME_AUTO, utc_offset_us, time_us, &inner) != WL_OK) {
        return wl_fail_node(error, node, "%s: %s", where, inner.message);
    }
    return WL_OK;
}

/* {from, to, every} as written. */
struct range {
    const struct wl_node *from;
    const struct wl_node *to;
    int64_t every_us;
};

static const struct wl_field range_fields[] = {
    {.key = "from",
     .kind = WL_FIELD_NODE,
     .offset = offsetof(struct range, from),
     .is_required = true,
     .doc = "first date"},
    {.key = "to",
     .kind = WL_FIELD_NODE,
     .offset = offsetof(struct range, to),
     .is_required = true,
     .doc = "last date, itself only if the steps meet it"},
    {.key = "every",
     .kind = WL_FIELD_SPAN,
     .offset = offsetof(struct range, every_us),
     .is_required = true,
     .doc = "step between dates"},
};

static wl_status read_range(struct wl_arena *arena, const struct wl_node *node, const char *where,
                            int64_t utc_offset_us, int64_t **times_us, size_t *n, wl_error *error)
{
    struct range range = {0};
    int64_t from_us = 0;
    int64_t to_us = 0;

    WL_TRY(wl_fields_read(arena, node, where, range_fields, COUNT(range_fields), &range, error));
    WL_TRY(read_date(range.from, where, utc_offset_us, &from_us, error));
    WL_TRY(read_date(range.to, where, utc_offset_us, &to_us, error));
    if (to_us < from_us) {
        return wl_fail_node(error, range.to, "%s: \"to\" is before \"from\"", where);
    }
    size_t n_dates = (size_t)((to_us - from_us) / range.every_us) + 1;
    if (n_dates > WL_DATES_MAX) {
        return wl_fail_node(error, node, "%s: %zu dates, at most %d", where, n_dates, WL_DATES_MAX);
    }
    *times_us = wl_arena_zeroed(arena, n_dates, sizeof(**times_us));
    if (*times_us == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu dates", n_dates);
    }
    for (size_t i = 0; i < n_dates; i++) {
        (*times_us)[i] = from_us + (int64_t)i * range.every_us;
    }
    *n = n_dates;
    return WL_OK;
}

static wl_status read_dates(struct wl_arena *arena, const struct wl_node *node, const char *where,
                            int64_t utc_offset_us, int64_t **times_us, size_t *n, wl_error *error)
{
    if (node == NULL) {
        return WL_OK;
    }
    if (node->kind == WL_NODE_MAP) {
        return read_range(arena, node, where, utc_offset_us, times_us, n, error);
    }
    bool is_list = node->kind == WL_NODE_LIST;
    size_t n_dates = is_list ? node->n_children : 1;
    const struct wl_node *item = is_list ? node->first : node;
    if (n_dates > WL_DATES_MAX) {
        return wl_fail_node(error, node, "%s: %zu dates, at most %d", where, n_dates, WL_DATES_MAX);
    }
    *times_us = wl_arena_zeroed(arena, n_dates + 1, sizeof(**times_us));
    if (*times_us == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu dates", n_dates);
    }
    for (size_t i = 0; i < n_dates; i++, item = item->next) {
        WL_TRY(read_date(item, where, utc_offset_us, &(*times_us)[i], error));
    }
    *n = sort_unique(*times_us, n_dates);
    return WL_OK;
}

struct dates_section {
    const struct wl_node *train;
    const struct wl_node *test;
};

static const struct wl_field dates_fields[] = {
    {.key = "train",
     .kind = WL_FIELD_NODE,
     .offset = offsetof(struct dates_section, train),
     .doc = "observation dates to learn from"},
    {.key = "test",
     .kind = WL_FIELD_NODE,
     .offset = offsetof(struct dates_section, test),
     .doc = "observation dates to judge on"},
};

wl_status wl_dates_read(struct wl_arena *arena, const struct wl_node *node, int64_t utc_offset_us,
                        struct wl_dates *dates, wl_error *error)
{
    struct dates_section section = {0};
    struct wl_dates made = {.utc_offset_us = utc_offset_us};

    WL_TRY(
        wl_fields_read(arena, node, "dates", dates_fields, COUNT(dates_fields), &section, error));
    WL_TRY(read_dates(arena, section.train, "dates.train", utc_offset_us, &made.train_us,
                      &made.n_train, error));
    WL_TRY(read_dates(arena, section.test, "dates.test", utc_offset_us, &made.test_us, &made.n_test,
                      error));
    *dates = made;
    return WL_OK;
}

static const char *const kinds[] = {"time", "kfold", NULL};
static const char *const togethers[] = {"user", "same_text", NULL};

static const struct wl_field split_fields[] = {
    {.key = "kind",
     .kind = WL_FIELD_CHOICE,
     .offset = offsetof(struct wl_split, kind),
     .choices = kinds,
     .doc = "time or kfold"},
    {.key = "folds",
     .kind = WL_FIELD_INT,
     .offset = offsetof(struct wl_split, folds),
     .low = 2,
     .high = WL_FOLDS_MAX,
     .doc = "kfold: how many; 5"},
    {.key = "seed",
     .kind = WL_FIELD_INT,
     .offset = offsetof(struct wl_split, seed),
     .low = 0,
     .high = 4294967295.0,
     .doc = "kfold: 42"},
    {.key = "share",
     .kind = WL_FIELD_NUMBER,
     .offset = offsetof(struct wl_split, share),
     .low = 0.01,
     .high = 0.9,
     .doc = "time without test dates: share tested on; 0.2"},
    {.key = "why",
     .kind = WL_FIELD_TEXT,
     .offset = offsetof(struct wl_split, why),
     .doc = "kfold: why a random split is right here"},
    {.key = "together",
     .kind = WL_FIELD_CHOICE,
     .offset = offsetof(struct wl_split, together),
     .choices = togethers,
     .doc = "kfold: user, or same_text: who wrote the same is not parted"},
};

static wl_status refuse_key(const struct wl_node *node, const char *key, const char *kind,
                            wl_error *error)
{
    const struct wl_node *value = wl_node_get(node, key);

    if (value == NULL) {
        return WL_OK;
    }
    return wl_fail_node(error, value, "split.%s: means nothing for kind %s", key, kind);
}

wl_status wl_split_read(struct wl_arena *arena, const struct wl_node *node, struct wl_split *split,
                        wl_error *error)
{
    struct wl_split made = {.kind = WL_SPLIT_TIME, .folds = 5, .seed = 42, .share = 0.2};

    WL_TRY(wl_fields_read(arena, node, "split", split_fields, COUNT(split_fields), &made, error));
    if (made.kind == WL_SPLIT_KFOLD) {
        WL_TRY(refuse_key(node, "share", "kfold", error));
        if (made.why == NULL) {
            return wl_fail_node(error, node,
                                "split: kfold divides at random and needs \"why\": say why the "
                                "rows cannot be divided by time");
        }
    } else {
        WL_TRY(refuse_key(node, "folds", "time", error));
        WL_TRY(refuse_key(node, "seed", "time", error));
        WL_TRY(refuse_key(node, "why", "time", error));
        WL_TRY(refuse_key(node, "together", "time", error));
    }
    *split = made;
    return WL_OK;
}

// The day as it was declared, in the zone of the workspace.
static const char *day(const struct wl_dates *dates, int64_t time_us, char *text)
{
    return wl_date_format(time_us + dates->utc_offset_us, text);
}

static wl_status check_gap(const struct wl_churn *churn, const struct wl_dates *dates,
                           wl_error *error)
{
    char train[WL_TIME_TEXT_BYTES];
    char closes[WL_TIME_TEXT_BYTES];
    char test[WL_TIME_TEXT_BYTES];
    int64_t last_us = dates->train_us[dates->n_train - 1];
    int64_t closes_us = wl_churn_closes_us(churn, last_us);

    if (closes_us <= dates->test_us[0]) {
        return WL_OK;
    }
    return wl_fail(
        error, WL_ECONFIG,
        "dates: outcomes of the training date %s are certain on %s only, after the first "
        "test date %s: train on earlier dates, or test later",
        day(dates, last_us, train), day(dates, closes_us, closes),
        day(dates, dates->test_us[0], test));
}

// The latest share of the dates is tested on; what its labels would overlap is left out.
static wl_status cut_share(double share, const struct wl_churn *churn, struct wl_dates *dates,
                           wl_error *error)
{
    size_t n = dates->n_train;
    size_t n_test = (size_t)ceil(share * (double)n);
    size_t n_train = n - n_test;
    const int64_t *test_us = dates->train_us + n_train;

    while (n_train > 0 && wl_churn_closes_us(churn, dates->train_us[n_train - 1]) > test_us[0]) {
        n_train--;
    }
    if (n_train == 0) {
        return wl_fail(error, WL_ECONFIG,
                       "dates: no training date is left whose outcomes are certain before the "
                       "first of the %zu latest dates: give more dates",
                       n_test);
    }
    dates->test_us = dates->train_us + (n - n_test);
    dates->n_test = n_test;
    dates->n_dropped = n - n_test - n_train;
    dates->n_train = n_train;
    return WL_OK;
}

wl_status wl_dates_settle(const struct wl_split *split, const struct wl_churn *churn,
                          struct wl_dates *dates, wl_error *error)
{
    if (split->kind == WL_SPLIT_KFOLD) {
        return WL_OK;
    }
    if (dates->n_train == 0) {
        return wl_fail(error, WL_ECONFIG,
                       "dates.train is empty: a split by time needs observation dates");
    }
    if (dates->n_test == 0) {
        return cut_share(split->share, churn, dates, error);
    }
    return check_gap(churn, dates, error);
}

int64_t *wl_dates_all(const struct wl_dates *dates, struct wl_arena *arena, size_t *n_dates)
{
    size_t n = dates->n_train + dates->n_test;
    int64_t *all_us = wl_arena_zeroed(arena, n + 1, sizeof(*all_us));

    if (all_us == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        all_us[i] = i < dates->n_train ? dates->train_us[i] : dates->test_us[i - dates->n_train];
    }
    *n_dates = sort_unique(all_us, n);
    return all_us;
}

static void time_text(const struct wl_dates *dates, bool is_zh, struct wl_buf *text)
{
    char first[WL_TIME_TEXT_BYTES];
    char last[WL_TIME_TEXT_BYTES];
    char test[WL_TIME_TEXT_BYTES];

    wl_buf_format(text,
                  is_zh ? "按时间划分：%zu 个训练观察日（%s 至 %s），%zu 个测试观察日（自 %s 起），"
                          "训练结果在测试前均已确定"
                        : "split by time: %zu training dates (%s to %s), %zu test dates (from %s); "
                          "every training outcome was certain before the test",
                  dates->n_train, day(dates, dates->train_us[0], first),
                  day(dates, dates->train_us[dates->n_train - 1], last), dates->n_test,
                  day(dates, dates->test_us[0], test));
    if (dates->n_dropped > 0) {
        wl_buf_format(text, is_zh ? "；为此略去 %zu 个观察日" : "; %zu dates left out for that",
                      dates->n_dropped);
    }
}

void wl_split_text(const struct wl_split *split, const struct wl_dates *dates, const char *language,
                   struct wl_buf *text)
{
    bool is_zh = strcmp(language, "zh") == 0;

    if (split->kind == WL_SPLIT_TIME) {
        time_text(dates, is_zh, text);
        return;
    }
    wl_buf_format(text,
                  is_zh ? "随机划分：按用户分为 %lld 折（种子 %lld），理由：%s"
                        : "random split: %lld folds by user (seed %lld), because: %s",
                  (long long)split->folds, (long long)split->seed, split->why);
    if (split->together == WL_TOGETHER_SAME_TEXT) {
        wl_buf_text(text, is_zh ? "；写过相同文字的客户在同一折"
                                : "; customers with the same text share a fold");
    }
}
