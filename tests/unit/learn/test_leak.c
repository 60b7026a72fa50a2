/* Goal:   a feature that knows the answer is caught, an honest one is not.
 * Method: 400 rows with planted leaks of every shape (the column itself, a number, its reverse, a
 *         value that is only there for leavers, a category) beside honest features and an id
 *         column. */
#include "check.h"

#include "base/rng.h"
#include "learn/leak.h"

#define N 400

static const struct {
    const char *name;
    enum wl_feature_kind kind;
    bool is_leak;
} features[] = {
    {"attr_churn", WL_FEATURE_BOOL, true},          // the label column, shuffled: name alone tells
    {"cancel_fee", WL_FEATURE_NUMBER, true},        // rises with the outcome
    {"days_active_later", WL_FEATURE_NUMBER, true}, // falls with it
    {"exit_survey", WL_FEATURE_NUMBER, true},       // there for leavers only
    {"closing_reason", WL_FEATURE_CATEGORY, true},
    {"honest", WL_FEATURE_NUMBER, false},
    {"plan", WL_FEATURE_CATEGORY, false},
    {"customer_id", WL_FEATURE_CATEGORY, false}, // every level once: no leak
    {"constant", WL_FEATURE_NUMBER, false},
};
#define F (sizeof(features) / sizeof(features[0]))

static struct wl_feature_column columns[F];
static struct wl_schema schema = {.columns = columns, .n_features = F};
static float values[N * F];
static uint32_t row[N];
static uint8_t y[N];

static void fill(struct wl_rows *rows, struct wl_labelled *labelled)
{
    struct wl_rng rng;

    wl_rng_init(&rng, 5, 0);
    for (size_t f = 0; f < F; f++) {
        columns[f] = (struct wl_feature_column){features[f].name, features[f].kind};
    }
    *labelled = (struct wl_labelled){
        .alloc = wl_alloc_default(), .n_rows = N, .row = row, .y = y, .n_positive = 0};
    for (size_t i = 0; i < N; i++) {
        double left = wl_rng_unit(&rng) < 0.3 ? 1.0 : 0.0;
        float *x = values + i * F;
        row[i] = (uint32_t)i;
        y[i] = (uint8_t)left;
        labelled->n_positive += y[i];
        x[0] = (float)wl_rng_below(&rng, 2);
        x[1] = (float)(left * 10.0 + wl_rng_unit(&rng));
        x[2] = -x[1];
        x[3] = left > 0.0 ? (float)wl_rng_unit(&rng) : NAN;
        x[4] = (float)(100 + (i % 3) + (left > 0.0 ? 10 : 0));
        x[5] = (float)(left + wl_rng_normal(&rng));
        x[6] = (float)wl_rng_below(&rng, 4);
        x[7] = (float)i;
        x[8] = 1.0f;
    }
    *rows = (struct wl_rows){.schema = &schema, .n_rows = N, .values = values};
}

static const struct wl_churn churn = {
    .kind = WL_CHURN_LABEL, .attribute = "Churn", .positive = "Yes"};

static void test_planted_leaks_are_caught(void)
{
    struct wl_rows rows;
    struct wl_labelled labelled;
    struct wl_leak leaks[F];
    size_t n_leaks = 0;
    bool is_found[F] = {false};

    fill(&rows, &labelled);
    CHECK_INT(wl_leaks_find(&churn, &rows, &labelled, leaks, &n_leaks, NULL), WL_OK);
    for (size_t i = 0; i < n_leaks; i++) {
        is_found[leaks[i].i_feature] = true;
        CHECK_INT(leaks[i].is_label_column, leaks[i].i_feature == 0);
    }
    for (size_t f = 0; f < F; f++) {
        if (is_found[f] != features[f].is_leak) {
            fprintf(stderr, "feature %s:\n", features[f].name);
        }
        CHECK_INT(is_found[f], features[f].is_leak);
    }
}

static size_t n_notices;

static void count_notice(void *context, const char *line)
{
    (void)context;
    CHECK(strstr(line, "alone ranks leavers") != NULL);
    n_notices++;
}

static void test_refused_unless_forced(void)
{
    struct wl_rows rows;
    struct wl_labelled labelled;
    struct wl_sink sink = {.notice = count_notice};
    wl_error error = {0};

    fill(&rows, &labelled);
    CHECK_INT(wl_leaks_check(&churn, &rows, &labelled, false, &sink, &error), WL_EGATE);
    CHECK_STR(error.message, "feature attr_churn is the label itself: drop it");
    CHECK_INT(wl_leaks_check(&churn, &rows, &labelled, true, &sink, &error), WL_EGATE);
    columns[0].name = "renamed";
    n_notices = 0;
    CHECK_INT(wl_leaks_check(&churn, &rows, &labelled, false, &sink, &error), WL_EGATE);
    CHECK_STR(error.message, "feature cancel_fee alone ranks leavers with auc 1.0000 (4 such): it "
                             "knows the answer; drop it, or force when it is honest");
    CHECK_INT(wl_leaks_check(&churn, &rows, &labelled, true, &sink, NULL), WL_OK);
    CHECK_INT(n_notices, 4);
}

static void test_few_rows_say_nothing(void)
{
    struct wl_rows rows;
    struct wl_labelled labelled;
    double auc = 0.0;

    fill(&rows, &labelled);
    labelled.n_rows = 30;
    labelled.n_positive = 5;
    CHECK_INT(wl_feature_auc(&rows, &labelled, 1, &auc, NULL), WL_OK);
    CHECK(isnan(auc));
}

int main(void)
{
    RUN(test_planted_leaks_are_caught);
    RUN(test_refused_unless_forced);
    RUN(test_few_rows_say_nothing);
    return check_report();
}
