/* Goal:   rules score without training or a model file; a rank feature orders customers strictly.
 * Method: hand-made rows; the fallback model on a schema with and without known features. */
#include "model_data.h"

#include "model/model.h"

static void test_fallback_scores_without_training(void)
{
    struct wl_model *model = NULL;
    double base = 0.0;
    double parts[DATA_FEATURES];
    float fresh[DATA_FEATURES] = {1, 100, 100, 1, NAN, 0};
    float gone[DATA_FEATURES] = {100, 0, 5, 0, NAN, 0};
    float never[DATA_FEATURES] = {NAN, NAN, NAN, NAN, NAN, NAN};

    CHECK_INT(wl_model_fallback(wl_alloc_default(), &data_schema, &model, NULL), WL_OK);
    CHECK_CLOSE(wl_model_margin(model, fresh), -2.0, 1e-15);
    // 100 days: 0.3 + 0.4 + 0.6 + 0.6; activity 5 %: 0.3 + 0.4 + 0.5
    CHECK_CLOSE(wl_model_margin(model, gone), -2.0 + 1.9 + 1.2, 1e-12);
    CHECK_CLOSE(wl_model_margin(model, never), -2.0 + 1.5, 1e-12);
    CHECK(wl_model_additive(model, gone, parts, &base));
    CHECK_CLOSE(base, -2.0, 0);
    CHECK_CLOSE(parts[0], 1.9, 1e-12);
    CHECK_CLOSE(parts[2], 1.2, 1e-12);
    CHECK_CLOSE(wl_model_probability(model, 0.0), 0.5, 0);
    wl_model_free(model);
}

static void test_rank_is_strict_beyond_both_ends(void)
{
    struct wl_rows rows;
    struct wl_arena arena;
    struct wl_rule rule;
    float values[DATA_FEATURES] = {0};
    double last = -(double)INFINITY;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_rows_init(&rows, wl_alloc_default(), &data_schema);
    for (int i = 0; i < 5000; i++) {
        float *row = NULL;
        CHECK_INT(wl_rows_add(&rows, WL_STR("u"), 0, &row, NULL), WL_OK);
        row[0] = (float)(i % 2500);
    }
    struct wl_row_set set = {.rows = &rows, .n = rows.n_rows};
    CHECK_INT(wl_rule_rank(&arena, &set, NULL, 0, &rule, NULL), WL_OK);
    CHECK_INT(wl_rule_check(&rule, DATA_FEATURES, NULL), WL_OK);
    for (float x = -100.0F; x < 4000.0F; x += 0.5F) {
        values[0] = x;
        double margin = wl_rule_margin(&rule, values);
        CHECK(margin > last);
        last = margin;
    }
    values[0] = NAN; // without labels a missing value ranks in the middle
    CHECK_CLOSE(wl_rule_margin(&rule, values), 0.0, 1e-12);
    CHECK_INT(wl_rule_rank(&arena, &set, NULL, 1, &rule, NULL), WL_EINVAL); // all missing
    wl_rows_release(&rows);
    wl_arena_release(&arena);
}

int main(void)
{
    RUN(test_fallback_scores_without_training);
    RUN(test_rank_is_strict_beyond_both_ends);
    return check_report();
}
