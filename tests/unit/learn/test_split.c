/* Goal:   dates and splits are read strictly, and a split that looks ahead is refused in clear
 *         words.
 * Method: tables of sections; the edges of the gap; a share of the dates; the report's words. */
#include "check.h"

#include "base/clock.h"
#include "learn/split.h"

static struct wl_arena arena;

static wl_status read_both(const char *yaml, struct wl_dates *dates, struct wl_split *split,
                           wl_error *error)
{
    struct wl_node *root = NULL;
    WL_TRY(wl_yaml_parse(&arena, wl_str_from(yaml), &root, error));
    WL_TRY(wl_dates_read(&arena, wl_node_get(root, "dates"), 0, dates, error));
    return wl_split_read(&arena, wl_node_get(root, "split"), split, error);
}

static void test_lists_and_ranges(void)
{
    struct wl_dates dates;
    struct wl_split split;
    char text[WL_TIME_TEXT_BYTES];

    CHECK_INT(read_both("dates:\n  train: {from: 2011-03-01, to: 2011-05-30, every: 30d}\n"
                        "  test: [2011-10-01, 2011-09-01, 2011-09-01]\n",
                        &dates, &split, NULL),
              WL_OK);
    CHECK_INT(dates.n_train, 4); // 1 and 31 March, 30 April, 30 May
    CHECK_STR(wl_date_format(dates.train_us[3], text), "2011-05-30");
    CHECK_INT(dates.n_test, 2); // sorted, each once
    CHECK_STR(wl_date_format(dates.test_us[0], text), "2011-09-01");
    CHECK_INT(split.kind, WL_SPLIT_TIME);
    CHECK_INT(read_both("dates: {test: 2011-09-01}", &dates, &split, NULL), WL_OK);
    CHECK_INT(dates.n_test, 1);
    CHECK_INT(read_both("a: 1", &dates, &split, NULL), WL_OK);
    CHECK_INT(dates.n_train + dates.n_test, 0);
    CHECK_INT(read_both("split: {kind: kfold, why: snapshot}", &dates, &split, NULL), WL_OK);
    CHECK_INT(split.folds, 5);
    CHECK_INT(split.seed, 42);
}

static const struct {
    const char *yaml;
    const char *message;
} wrong[] = {
    {"dates: {train: [2011-02-30]}", NULL},
    {"dates: {trian: [2011-02-20]}",
     "line 1, column 9: dates: no key \"trian\" here (did you mean \"train\"?)"},
    {"dates: {train: {from: 2011-03-01, to: 2011-02-01, every: 30d}}",
     "line 1, column 35: dates.train: \"to\" is before \"from\""},
    {"dates: {train: {from: 2011-03-01, to: 2011-04-01}}",
     "line 1, column 9: dates.train: the key \"every\" is missing"},
    {"dates: {train: {from: 1950-03-01, to: 2011-04-01, every: 1d}}", NULL},
    {"dates: {train: 5}", "line 1, column 9: dates.train: wants a date, found a number"},
    {"split: {kind: kfold}", "line 1, column 1: split: kfold divides at random and needs \"why\": "
                             "say why the rows cannot be divided by time"},
    {"split: {folds: 5}", "line 1, column 9: split.folds: means nothing for kind time"},
    {"split: {kind: kfold, why: x, share: 0.2}",
     "line 1, column 30: split.share: means nothing for kind kfold"},
    {"split: {kind: kfold, why: x, folds: 1}",
     "line 1, column 30: split.folds: 1 is not between 2 and 20"},
};

static void test_mistakes_are_named(void)
{
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct wl_dates dates;
        struct wl_split split;
        wl_error error = {0};
        CHECK_INT(read_both(wrong[i].yaml, &dates, &split, &error), WL_ECONFIG);
        if (wrong[i].message != NULL) {
            CHECK_STR(error.message, wrong[i].message);
        }
    }
}

static const struct wl_churn churn = {
    .kind = WL_CHURN_INACTIVITY, .horizon_us = 90 * WL_DAY_US, .lead_us = 3 * WL_DAY_US};

static void test_gap_is_demanded(void)
{
    struct wl_dates dates;
    struct wl_split split;
    wl_error error = {0};

    CHECK_INT(read_both("dates: {train: [2011-05-31], test: [2011-09-01]}", &dates, &split, NULL),
              WL_OK);
    CHECK_INT(wl_dates_settle(&split, &churn, &dates, NULL), WL_OK); // 93 days, to the day
    CHECK_INT(read_both("dates: {train: [2011-06-01], test: [2011-09-01]}", &dates, &split, NULL),
              WL_OK);
    CHECK_INT(wl_dates_settle(&split, &churn, &dates, &error), WL_ECONFIG);
    CHECK_STR(
        error.message,
        "dates: outcomes of the training date 2011-06-01 are certain on 2011-09-02 only, after "
        "the first test date 2011-09-01: train on earlier dates, or test later");
    CHECK_INT(read_both("dates: {test: [2011-09-01]}", &dates, &split, NULL), WL_OK);
    CHECK_INT(wl_dates_settle(&split, &churn, &dates, &error), WL_ECONFIG);
    CHECK_STR(error.message, "dates.train is empty: a split by time needs observation dates");
}

static void test_latest_share_is_tested_on(void)
{
    struct wl_dates dates;
    struct wl_split split;
    char text[WL_TIME_TEXT_BYTES];
    size_t n_all = 0;

    CHECK_INT(read_both("dates: {train: {from: 2011-01-01, to: 2011-10-28, every: 30d}}", &dates,
                        &split, NULL),
              WL_OK);
    CHECK_INT(dates.n_train, 11);
    CHECK_INT(wl_dates_settle(&split, &churn, &dates, NULL), WL_OK);
    CHECK_INT(dates.n_test, 3); // a fifth of eleven, rounded up
    CHECK_INT(dates.n_train, 5);
    CHECK_INT(dates.n_dropped, 3); // closing after the first test date
    CHECK_STR(wl_date_format(dates.test_us[0], text), "2011-08-29");
    CHECK(wl_dates_all(&dates, &arena, &n_all) != NULL);
    CHECK_INT(n_all, 8);
    struct wl_buf words;
    wl_buf_init(&words, wl_alloc_default(), 0);
    wl_split_text(&split, &dates, "en", &words);
    CHECK_STR(words.data,
              "split by time: 5 training dates (2011-01-01 to 2011-05-01), 3 test dates (from "
              "2011-08-29); every training outcome was certain before the test; 3 dates left out "
              "for that");
    wl_buf_release(&words);
    CHECK_INT(read_both("dates: {train: {from: 2011-01-01, to: 2011-02-28, every: 30d}}", &dates,
                        &split, NULL),
              WL_OK);
    CHECK_INT(wl_dates_settle(&split, &churn, &dates, NULL), WL_ECONFIG);
}

static void test_a_random_split_says_so(void)
{
    struct wl_dates dates;
    struct wl_split split;
    struct wl_buf words;

    CHECK_INT(read_both("split: {kind: kfold, why: snapshot without dates}", &dates, &split, NULL),
              WL_OK);
    CHECK_INT(wl_dates_settle(&split, &churn, &dates, NULL), WL_OK);
    wl_buf_init(&words, wl_alloc_default(), 0);
    wl_split_text(&split, &dates, "en", &words);
    CHECK_STR(words.data,
              "random split: 5 folds by user (seed 42), because: snapshot without dates");
    wl_buf_clear(&words);
    wl_split_text(&split, &dates, "zh", &words);
    CHECK_STR(words.data, "随机划分：按用户分为 5 折（种子 42），理由：snapshot without dates");
    wl_buf_release(&words);
}

int main(void)
{
    wl_arena_init(&arena, wl_alloc_default(), 0);
    RUN(test_lists_and_ranges);
    RUN(test_mistakes_are_named);
    RUN(test_gap_is_demanded);
    RUN(test_latest_share_is_tested_on);
    RUN(test_a_random_split_says_so);
    wl_arena_release(&arena);
    return check_report();
}
