/* Goal:   the ten strongest contributions come out in order, listed + rest + base adds up, the
 *         leading code pushes towards leaving, and a failed allocation leaves nothing half done.
 * Method: a small table of rows, contributions by hand; fault injection; folding of encoded
 *         columns against sums by hand. */
#include "check.h"

#include "base/clock.h"
#include "explain/reasons.h"

#define F 14

static struct wl_feature_column columns[F];
static char names[F][8];
static struct wl_feature_words words[F];

// Feature 0 counts logins with its baseline in 1 and the tenure in 2; 3 is a category.
static struct wl_schema schema_of_test(void)
{
    for (size_t i = 0; i < F; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "f%zu", i);
        columns[i] = (struct wl_feature_column){.name = names[i], .kind = WL_FEATURE_NUMBER};
        words[i] = (struct wl_feature_words){.name = names[i],
                                             .label_zh = "特征",
                                             .label_en = "feature",
                                             .value_zh = "",
                                             .value_en = "",
                                             .unit_zh = "",
                                             .unit_en = "",
                                             .prop = "",
                                             .code = i % 2 == 0 ? "activity_down" : "price",
                                             .kind = WL_WORDS_NUMBER,
                                             .i_baseline = SIZE_MAX,
                                             .i_tenure = SIZE_MAX};
    }
    words[0].kind = WL_WORDS_COUNT;
    words[0].window_us = 7 * WL_DAY_US;
    words[0].i_baseline = 1;
    words[0].i_tenure = 2;
    words[3].kind = WL_WORDS_CATEGORY;
    columns[3].kind = WL_FEATURE_CATEGORY;
    return (struct wl_schema){.columns = columns, .n_features = F};
}

static void fill_rows(struct wl_rows *rows, const struct wl_schema *schema)
{
    float *values = NULL;

    wl_rows_init(rows, wl_alloc_default(), schema);
    for (int i = 0; i < 2; i++) {
        CHECK_INT(wl_rows_add(rows, WL_STR("u"), i, &values, NULL), WL_OK);
    }
    values[0] = 3.0F;
    values[1] = 9.0F;
    values[2] = 372.0F;
    CHECK_INT(wl_rows_note_level(rows, WL_STR("Month-to-month"), &values[3], NULL), WL_OK);
    values[4] = 0.5F;
}

static const double phi[F] = {0.2,  0.0, -0.9, 0.6,  -0.3, 0.2,  0.01,
                              0.02, 0.0, 0.03, 0.04, 0.05, 0.06, 0.07};

static void test_strongest_first(void)
{
    const size_t want[WL_REASONS_MAX] = {2, 3, 4, 0, 5, 13, 12, 11, 10, 9};
    struct wl_schema schema = schema_of_test();
    struct wl_rows rows;
    struct wl_arena arena_request;
    struct wl_explanation e = {.score = {.p_churn = 0.75}};

    fill_rows(&rows, &schema);
    wl_arena_init(&arena_request, wl_alloc_default(), 0);
    CHECK_INT(wl_reasons_fill(&arena_request, words, &rows, 1, phi, -1.5, &e, NULL), WL_OK);
    CHECK_INT(e.n_reasons, WL_REASONS_MAX);
    double sum = e.base + e.rest;
    for (size_t k = 0; k < e.n_reasons; k++) {
        CHECK(wl_str_is(e.reasons[k].feature, names[want[k]]));
        CHECK(e.reasons[k].contribution == phi[want[k]]);
        sum += e.reasons[k].contribution;
    }
    double all = -1.5;
    for (size_t i = 0; i < F; i++) {
        all += phi[i];
    }
    CHECK_CLOSE(sum, all, 1e-15);
    CHECK_CLOSE(e.rest, 0.03, 1e-15);
    CHECK(e.score.p_churn == 0.75);
    CHECK(wl_str_is(e.top_code, "price")); // of feature 3: 2 is stronger but keeps the customer
    CHECK(wl_str_is(e.reasons[0].en, "feature: 372"));
    CHECK(wl_str_is(e.reasons[1].zh, "特征：Month-to-month"));
    CHECK(wl_str_is(e.reasons[1].level, "Month-to-month"));
    CHECK(wl_str_is(e.reasons[3].zh, "近7天特征3，自己平时约9，减少67%"));
    CHECK(e.reasons[3].value == 3.0 && e.reasons[3].baseline == 9.0);
    CHECK(wl_str_is(e.reasons[4].en, "feature: no data"));
    wl_arena_release(&arena_request);
    wl_rows_release(&rows);
}

static void test_nothing_pushes_towards_leaving(void)
{
    struct wl_schema schema = schema_of_test();
    struct wl_rows rows;
    struct wl_arena arena_request;
    struct wl_explanation e = {0};
    double quiet[F] = {0};

    fill_rows(&rows, &schema);
    wl_arena_init(&arena_request, wl_alloc_default(), 0);
    CHECK_INT(wl_reasons_fill(&arena_request, words, &rows, 1, quiet, 0.5, &e, NULL), WL_OK);
    CHECK_INT(e.n_reasons, 0);
    CHECK(e.rest == 0.0 && e.base == 0.5);
    CHECK(wl_str_is(e.top_code, "other"));
    quiet[7] = -0.5;
    CHECK_INT(wl_reasons_fill(&arena_request, words, &rows, 1, quiet, 0.5, &e, NULL), WL_OK);
    CHECK_INT(e.n_reasons, 1);
    CHECK(wl_str_is(e.top_code, "other"));
    wl_arena_release(&arena_request);
    wl_rows_release(&rows);
}

static void test_failures_change_nothing(void)
{
    struct wl_schema schema = schema_of_test();
    struct wl_rows rows;
    wl_error error;
    double bad[F] = {0};

    fill_rows(&rows, &schema);
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_arena arena_request;
        struct wl_explanation e = {.rest = 77.0};

        check_heap_init(&heap, n_good);
        wl_arena_init(&arena_request, &heap.alloc, 64); // small blocks: many allocations to fail
        wl_status status = wl_reasons_fill(&arena_request, words, &rows, 1, phi, 0.0, &e, NULL);
        wl_arena_release(&arena_request);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good > 5);
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
        CHECK(e.rest == 77.0 && e.n_reasons == 0);
    }
    struct wl_arena arena_request;
    struct wl_explanation e = {.rest = 77.0};
    wl_arena_init(&arena_request, wl_alloc_default(), 0);
    bad[5] = (double)NAN;
    CHECK_INT(wl_reasons_fill(&arena_request, words, &rows, 1, bad, 0.0, &e, &error), WL_EINVAL);
    CHECK_STR(error.message, "contribution of f5 is nan");
    CHECK(e.rest == 77.0);
    wl_arena_release(&arena_request);
    wl_rows_release(&rows);
}

static void test_columns_fold_to_features(void)
{
    const double encoded[2 * 5] = {0.1, 0.2, 0.3, 0.4, 0.5, 1.0, -2.0, 3.0, 0.0, 5.0};
    const uint32_t feature[5] = {0, 2, 2, 2, 1};
    double folded[2 * 4];

    wl_phi_fold(encoded, 2, 5, feature, 4, folded);
    CHECK_CLOSE(folded[0], 0.1, 1e-15);
    CHECK_CLOSE(folded[1], 0.5, 1e-15);
    CHECK_CLOSE(folded[2], 0.9, 1e-15);
    CHECK(folded[3] == 0.0);
    CHECK_CLOSE(folded[6], 1.0, 1e-15);
}

int main(void)
{
    RUN(test_strongest_first);
    RUN(test_nothing_pushes_towards_leaving);
    RUN(test_failures_change_nothing);
    RUN(test_columns_fold_to_features);
    return check_report();
}
