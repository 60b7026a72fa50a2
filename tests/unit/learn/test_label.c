/* Goal:   labels follow the declared churn: windows, lead, gap, audience, two clocks, open ends.
 * Method: one small company per rule with the label every user must get; two definitions on one
 *         log; attaching to rows; mistakes and failures. tests/plain has a twin on random logs. */
#include "learn_company.h"

static const char *orders[] = {"Order"};
static const char *cancels[] = {"Cancel"};
static const char *starts[] = {"Start"};
static const char *failures[] = {"Failed"};
#define NAMES(array) ((struct wl_texts){array, sizeof(array) / sizeof(array[0])})

static struct wl_churn inactivity(void)
{
    return (struct wl_churn){.kind = WL_CHURN_INACTIVITY,
                             .events = NAMES(orders),
                             .horizon_us = DAY(30),
                             .lead_us = DAY(3)};
}

static struct wl_churn cancel(void)
{
    return (struct wl_churn){.kind = WL_CHURN_CANCEL,
                             .events = NAMES(cancels),
                             .horizon_us = DAY(30),
                             .lead_us = DAY(3)};
}

static void expect(const struct wl_churn *churn, const struct wl_company *company, const char *user,
                   double day, int want)
{
    struct wl_labels labels = {0};
    int64_t date_us = (int64_t)(day * (double)WL_DAY_US);

    CHECK_INT(wl_labels_build(churn, company, &date_us, 1, &labels, NULL, NULL), WL_OK);
    int got = status_at(&labels, company, user, date_us);
    if (got != want) {
        fprintf(stderr, "user %s at day %g:\n", user, day);
    }
    CHECK_INT(got, want);
    wl_labels_release(&labels);
}

static void test_inactivity_windows(void)
{
    struct wl_churn churn = inactivity();
    struct wl_company *company = company_make();

    company_event(company, "gone", "Order", 90);
    company_event(company, "stays", "Order", 90);
    company_event(company, "stays", "Order", 110);
    company_event(company, "lead only", "Order", 90);
    company_event(company, "lead only", "Order", 103); // T + lead belongs to the lead
    company_event(company, "last moment", "Order", 90);
    company_event(company, "last moment", "Order", 133); // the end belongs to the window
    company_event(company, "too late", "Order", 90);
    company_event(company, "too late", "Order", 133.001);
    company_event(company, "new", "Order", 101);
    company_event(company, "other", "View", 99);
    company_event(company, "other", "View", 110);
    company_event(company, "at T", "Order", 100);
    company_event(company, "clock", "View", 200);
    expect(&churn, company, "gone", 100, WL_LABEL_POSITIVE);
    expect(&churn, company, "stays", 100, WL_LABEL_NEGATIVE);
    expect(&churn, company, "lead only", 100, WL_LABEL_POSITIVE);
    expect(&churn, company, "last moment", 100, WL_LABEL_NEGATIVE);
    expect(&churn, company, "too late", 100, WL_LABEL_POSITIVE);
    expect(&churn, company, "new", 100, WL_LABEL_NOT_ELIGIBLE);
    expect(&churn, company, "other", 100, WL_LABEL_NOT_ELIGIBLE);
    expect(&churn, company, "at T", 100, WL_LABEL_POSITIVE); // known at T, so asked about
    expect(&churn, company, "gone", 167, WL_LABEL_POSITIVE); // closes exactly with the data
    expect(&churn, company, "gone", 167.001, WL_LABEL_OPEN);
    churn.events = (struct wl_texts){0}; // any event
    expect(&churn, company, "other", 100, WL_LABEL_NEGATIVE);
    wl_company_free(company);
}

// Who has left already is not asked about, until they come back.
static void test_gone_before(void)
{
    struct wl_churn churn = inactivity();
    struct wl_company *company = company_make();

    company_event(company, "left", "Order", 90);
    company_event(company, "left", "Cancel", 95);
    company_event(company, "back", "Order", 90);
    company_event(company, "back", "Cancel", 95);
    company_event(company, "back", "Start", 97);
    company_event(company, "leaves later", "Order", 90);
    company_event(company, "leaves later", "Cancel", 101);
    company_event(company, "clock", "View", 200);
    expect(&churn, company, "left", 100, WL_LABEL_POSITIVE); // nobody said what gone means
    churn.gone = NAMES(cancels);
    churn.restart = NAMES(starts);
    expect(&churn, company, "left", 94, WL_LABEL_POSITIVE);
    expect(&churn, company, "left", 100, WL_LABEL_NOT_ELIGIBLE);
    expect(&churn, company, "back", 96, WL_LABEL_NOT_ELIGIBLE);
    expect(&churn, company, "back", 100, WL_LABEL_POSITIVE);
    expect(&churn, company, "leaves later", 100, WL_LABEL_POSITIVE);
    wl_company_free(company);
}

static void test_two_clocks(void)
{
    struct wl_churn churn = inactivity();
    struct wl_company *company = company_make();

    company_late(company, "late", "Order", 90, 101); // not known at T: not in the audience
    company_event(company, "told late", "Order", 90);
    company_late(company, "told late", "Order", 110, 190); // a label may arrive late
    company_event(company, "clock", "View", 200);
    expect(&churn, company, "late", 100, WL_LABEL_NOT_ELIGIBLE);
    expect(&churn, company, "late", 101, WL_LABEL_POSITIVE);
    expect(&churn, company, "told late", 100, WL_LABEL_NEGATIVE);
    wl_company_free(company);
}

static void test_audience(void)
{
    struct wl_churn churn = inactivity();
    struct wl_company *company = company_make();

    company_event(company, "old", "Order", 10);
    company_event(company, "edge", "Order", 80);
    company_event(company, "inside", "Order", 80.001);
    company_event(company, "login", "Start", 95);
    company_event(company, "clock", "View", 200);
    churn.audience_within_us = DAY(20);
    expect(&churn, company, "old", 100, WL_LABEL_NOT_ELIGIBLE);
    expect(&churn, company, "edge", 100, WL_LABEL_NOT_ELIGIBLE); // (T - within, T]
    expect(&churn, company, "inside", 100, WL_LABEL_POSITIVE);
    expect(&churn, company, "login", 100, WL_LABEL_NOT_ELIGIBLE);
    churn.audience_events = NAMES(starts);
    expect(&churn, company, "login", 100, WL_LABEL_POSITIVE);
    expect(&churn, company, "inside", 100, WL_LABEL_NOT_ELIGIBLE);
    wl_company_free(company);
}

static void test_cancel_windows_and_gap(void)
{
    struct wl_churn churn = cancel();
    struct wl_company *company = company_make();

    company_event(company, "leaves", "View", 50);
    company_event(company, "leaves", "Cancel", 110);
    company_event(company, "early", "View", 50);
    company_event(company, "early", "Cancel", 103);
    company_event(company, "stays", "View", 50);
    company_event(company, "gone", "View", 50);
    company_event(company, "gone", "Cancel", 60);
    company_event(company, "back", "View", 50);
    company_event(company, "back", "Cancel", 60);
    company_event(company, "back", "Start", 70);
    company_event(company, "wavers", "View", 50);
    company_event(company, "wavers", "Cancel", 110);
    company_event(company, "wavers", "Start", 117);
    company_event(company, "returns late", "View", 50);
    company_event(company, "returns late", "Cancel", 110);
    company_event(company, "returns late", "Start", 118);
    company_event(company, "again", "View", 50);
    company_event(company, "again", "Cancel", 102);
    company_event(company, "again", "Start", 104);
    company_event(company, "again", "Cancel", 120);
    company_late(company, "hidden", "View", 50, 50);
    company_late(company, "hidden", "Cancel", 90, 105); // gone at T, nobody knew
    company_event(company, "clock", "View", 200);
    churn.restart = NAMES(starts);
    churn.allowed_gap_us = DAY(7);
    expect(&churn, company, "leaves", 100, WL_LABEL_POSITIVE);
    expect(&churn, company, "early", 100, WL_LABEL_EARLY);
    expect(&churn, company, "stays", 100, WL_LABEL_NEGATIVE);
    expect(&churn, company, "gone", 100, WL_LABEL_NOT_ELIGIBLE);
    expect(&churn, company, "back", 100, WL_LABEL_NEGATIVE);
    expect(&churn, company, "back", 65, WL_LABEL_NOT_ELIGIBLE); // not back yet
    expect(&churn, company, "wavers", 100, WL_LABEL_NEGATIVE);  // within the gap: no churn
    expect(&churn, company, "returns late", 100, WL_LABEL_POSITIVE);
    expect(&churn, company, "again", 100, WL_LABEL_POSITIVE); // first taken back, second not
    expect(&churn, company, "hidden", 100, WL_LABEL_EARLY);
    expect(&churn, company, "stays", 161, WL_LABEL_OPEN); // 161 + 3 + 30 + 7 > 200
    // Two definitions, two label sets: without the gap the one who wavered has left.
    churn.allowed_gap_us = 0;
    expect(&churn, company, "wavers", 100, WL_LABEL_POSITIVE);
    expect(&churn, company, "stays", 161, WL_LABEL_NEGATIVE);
    wl_company_free(company);
}

static void test_involuntary_is_kept_apart(void)
{
    struct wl_churn churn = cancel();
    struct wl_company *company = company_make();

    company_event(company, "unpaid", "View", 50);
    company_event(company, "unpaid", "Failed", 105);
    company_event(company, "unpaid", "Cancel", 110);
    company_event(company, "paid again", "View", 50);
    company_event(company, "paid again", "Failed", 60);
    company_event(company, "paid again", "Cancel", 110);
    company_event(company, "unpaid", "Order", 50);
    company_event(company, "clock", "View", 200);
    churn.involuntary = NAMES(failures);
    churn.involuntary_within_us = DAY(10);
    expect(&churn, company, "unpaid", 100, WL_LABEL_INVOLUNTARY);
    expect(&churn, company, "paid again", 100, WL_LABEL_POSITIVE);
    churn.involuntary = (struct wl_texts){0};
    expect(&churn, company, "unpaid", 100, WL_LABEL_POSITIVE);
    struct wl_churn silent = inactivity();
    silent.involuntary = NAMES(failures);
    silent.involuntary_within_us = DAY(10);
    expect(&silent, company, "unpaid", 100, WL_LABEL_INVOLUNTARY);
    wl_company_free(company);
}

static void test_label_attribute(void)
{
    struct wl_churn churn = {.kind = WL_CHURN_LABEL, .attribute = "Churn", .positive = "Yes"};
    struct wl_company *company = company_make();
    struct wl_labels labels = {0};
    struct wl_label_report report = {0};

    company_text_attribute(company, "a", "Churn", "Yes", 10);
    company_text_attribute(company, "b", "Churn", "No", 20);
    company_text_attribute(company, "c", "Churn", NULL, 10);
    company_text_attribute(company, "d", "Plan", "Gold", 10);
    company_text_attribute(company, "e", "Churn", "Yes", 10);
    company_text_attribute(company, "e", "Churn", "No", 30); // the newest value counts
    CHECK_INT(wl_labels_build(&churn, company, NULL, 0, &labels, &report, NULL), WL_OK);
    CHECK_INT(status_at(&labels, company, "a", DAY(10)), WL_LABEL_POSITIVE);
    CHECK_INT(status_at(&labels, company, "b", DAY(20)), WL_LABEL_NEGATIVE);
    CHECK_INT(status_at(&labels, company, "b", DAY(10)), -1);
    CHECK_INT(status_at(&labels, company, "c", DAY(10)), WL_LABEL_NOT_ELIGIBLE);
    CHECK_INT(status_at(&labels, company, "e", DAY(30)), WL_LABEL_NEGATIVE);
    CHECK_INT(report.n[WL_LABEL_POSITIVE], 1);
    CHECK_INT(report.n[WL_LABEL_NEGATIVE], 2);
    CHECK_INT(report.n[WL_LABEL_NOT_ELIGIBLE], 2);
    wl_labels_release(&labels);
    expect(&churn, company, "a", 100, WL_LABEL_POSITIVE); // at a given date
    expect(&churn, company, "c", 100, WL_LABEL_OPEN);     // not known: nothing to learn from, but
    expect(&churn, company, "d", 100, WL_LABEL_OPEN);     // somebody to score
    expect(&churn, company, "d", 9, WL_LABEL_NOT_ELIGIBLE);
    // A reader may have made the column a boolean.
    for (size_t i = 0; i < company->attributes.n_attributes; i++) {
        struct wl_attribute *attribute = &company->attributes.items[i];
        if (attribute->kind == WL_VALUE_STRING) {
            struct wl_str text = wl_dict_string(&company->strings, attribute->string);
            attribute->kind = WL_VALUE_BOOL;
            attribute->number = wl_str_is(text, "Yes") ? 1.0 : 0.0;
        }
    }
    expect(&churn, company, "a", 100, WL_LABEL_POSITIVE);
    expect(&churn, company, "b", 100, WL_LABEL_NEGATIVE);
    churn.positive = "No"; // turned over: staying is what is predicted
    expect(&churn, company, "b", 100, WL_LABEL_POSITIVE);
    wl_company_free(company);
}

static void test_mistakes_are_named(void)
{
    static const char *typo[] = {"Ordr"};
    struct wl_churn churn = inactivity();
    struct wl_company *company = company_make();
    struct wl_labels labels = {0};
    wl_error error = {0};
    int64_t dates_us[] = {DAY(100), DAY(100)};

    company_event(company, "a", "Order", 90);
    company_text_attribute(company, "a", "Churn", "Yes", 10);
    CHECK_INT(wl_labels_build(&churn, company, dates_us, 2, &labels, NULL, &error), WL_EINVAL);
    CHECK_STR(error.message, "observation date 1 is not after the one before");
    CHECK_INT(wl_labels_build(&churn, company, NULL, 0, &labels, NULL, &error), WL_EINVAL);
    churn.events = NAMES(typo);
    CHECK_INT(wl_labels_build(&churn, company, dates_us, 1, &labels, NULL, &error), WL_ECONFIG);
    CHECK_STR(error.message, "churn.events: the data has no \"Ordr\" (did you mean \"Order\"?)");
    struct wl_churn given = {.kind = WL_CHURN_LABEL, .attribute = "Churned", .positive = "Yes"};
    CHECK_INT(wl_labels_build(&given, company, NULL, 0, &labels, NULL, &error), WL_ECONFIG);
    CHECK_STR(error.message,
              "churn.attribute: the data has no \"Churned\" (did you mean \"Churn\"?)");
    given.attribute = "Churn";
    given.positive = "yess";
    CHECK_INT(wl_labels_build(&given, company, NULL, 0, &labels, NULL, &error), WL_ECONFIG);
    CHECK_STR(error.message, "churn.positive: no customer has Churn = \"yess\"");
    CHECK(labels.status == NULL);
    wl_company_free(company);
}

static void test_attach_keeps_what_has_an_outcome(void)
{
    struct wl_churn churn = cancel();
    struct wl_company *company = company_make();
    struct wl_feature_column column = {"x", WL_FEATURE_NUMBER};
    struct wl_schema schema = {.columns = &column, .n_features = 1};
    struct wl_labels labels = {0};
    struct wl_labelled labelled = {0};
    struct wl_label_report report;
    struct wl_rows rows;
    struct wl_buf text;
    float *values;
    int64_t date_us = DAY(100);
    static const char *const users[] = {"stays", "leaves", "early", "stranger"};

    company_event(company, "leaves", "View", 50);
    company_event(company, "leaves", "Cancel", 110);
    company_event(company, "early", "View", 50);
    company_event(company, "early", "Cancel", 102);
    company_event(company, "stays", "View", 50);
    company_event(company, "clock", "View", 200);
    wl_rows_init(&rows, wl_alloc_default(), &schema);
    for (size_t i = 0; i < 4; i++) {
        CHECK_INT(wl_rows_add(&rows, wl_str_from(users[i]), date_us, &values, NULL), WL_OK);
    }
    CHECK_INT(wl_rows_add(&rows, WL_STR("stays"), DAY(101), &values, NULL), WL_OK);
    CHECK_INT(wl_labels_build(&churn, company, &date_us, 1, &labels, NULL, NULL), WL_OK);
    CHECK_INT(wl_labels_attach(&labels, company, &rows, &labelled, &report, NULL), WL_OK);
    CHECK_INT(labelled.n_rows, 2);
    CHECK_INT(labelled.row[1], 1);
    CHECK_INT(labelled.y[0], 0);
    CHECK_INT(labelled.y[1], 1);
    CHECK_INT(labelled.n_positive, 1);
    CHECK_INT(report.n_unmatched, 2); // the stranger, and a date without labels
    CHECK_INT(report.n[WL_LABEL_EARLY], 1);
    wl_buf_init(&text, wl_alloc_default(), 0);
    wl_label_report_text(&report, "en", &text);
    CHECK_STR(text.data,
              "1 left, 1 stayed, 1 left before the lead time was over, 2 without a label");
    wl_buf_clear(&text);
    wl_label_report_text(&report, "zh", &text);
    CHECK_STR(text.data, "流失 1，留下 1，提前期内已流失 1，无对应标签 2");
    wl_buf_release(&text);
    wl_labelled_release(&labelled);
    wl_labels_release(&labels);
    wl_rows_release(&rows);
    wl_company_free(company);
}

static void test_every_failed_allocation(void)
{
    struct wl_churn churn = inactivity();
    struct wl_company *company = company_make();
    const wl_alloc *own = company->alloc;
    int64_t date_us = DAY(100);

    company_event(company, "a", "Order", 90);
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_labels labels = {0};
        check_heap_init(&heap, n_good);
        company->alloc = &heap.alloc;
        wl_status status = wl_labels_build(&churn, company, &date_us, 1, &labels, NULL, NULL);
        wl_labels_release(&labels);
        company->alloc = own;
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK_INT(n_good, 5);
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
    wl_company_free(company);
}

int main(void)
{
    RUN(test_inactivity_windows);
    RUN(test_gone_before);
    RUN(test_two_clocks);
    RUN(test_audience);
    RUN(test_cancel_windows_and_gap);
    RUN(test_involuntary_is_kept_apart);
    RUN(test_label_attribute);
    RUN(test_mistakes_are_named);
    RUN(test_attach_keeps_what_has_an_outcome);
    RUN(test_every_failed_allocation);
    return check_report();
}
