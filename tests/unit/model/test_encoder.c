/* Goal:   columns are decided by training rows alone, in an order that does not depend on row
 *         order.
 * Method: small hand-made tables; then the leak test: rows outside the set are changed and nothing
 *         moves, while the same change inside the set does (planted). */
#include "model_data.h"

#include "base/limits.h"
#include "model/encoder.h"
#include "model/linear.h"

static const struct wl_feature_column columns[] = {{"amount", WL_FEATURE_NUMBER},
                                                   {"city", WL_FEATURE_CATEGORY}};
static const struct wl_schema schema = {.columns = columns, .n_features = 2, .hash = "x"};

static void add(struct wl_rows *rows, float amount, const char *city)
{
    float *values = NULL;
    CHECK_INT(wl_rows_add(rows, WL_STR("u"), 0, &values, NULL), WL_OK);
    values[0] = amount;
    values[1] = city != NULL ? data_level(rows, city) : NAN;
}

static void test_columns_and_values(void)
{
    struct wl_rows rows;
    struct wl_arena arena;
    struct wl_encoder encoder;
    float got[4];

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_rows_init(&rows, wl_alloc_default(), &schema);
    add(&rows, 1.5F, "wien");
    add(&rows, 2.5F, "bonn");
    add(&rows, NAN, "wien");
    add(&rows, 0.0F, "bonn");
    add(&rows, 0.0F, "rome"); // once only: below the least count of 2
    add(&rows, 0.0F, NULL);
    struct wl_row_set set = {.rows = &rows, .n = rows.n_rows};
    CHECK_INT(wl_encoder_fit(&arena, &set, 2, NULL, &encoder, NULL), WL_OK);
    CHECK_INT(encoder.n_columns, 3);
    CHECK_STR(encoder.columns[1].level, "bonn");
    CHECK_STR(encoder.columns[2].level, "wien");
    CHECK_INT(wl_encoder_check(&encoder, &schema, NULL), WL_OK);
    CHECK_INT(wl_encoder_apply(&encoder, wl_row_set_at(&set, 0), got), 0);
    CHECK(got[0] == 1.5F && got[1] == 0.0F && got[2] == 1.0F);
    CHECK_INT(wl_encoder_apply(&encoder, wl_row_set_at(&set, 4), got), 1); // rome: counted
    CHECK(got[1] == 0.0F && got[2] == 0.0F);
    CHECK_INT(wl_encoder_apply(&encoder, wl_row_set_at(&set, 5), got), 0); // missing is not unseen
    CHECK(isnan(got[1]) && isnan(got[2]));
    CHECK_INT(wl_encoder_apply(&encoder, wl_row_set_at(&set, 2), got), 0);
    CHECK(isnan(got[0]) && got[2] == 1.0F);
    struct wl_buf name;
    wl_buf_init(&name, wl_alloc_default(), 0);
    wl_encoder_column_name(&encoder, &schema, 2, &name);
    CHECK_STR(name.data, "city=wien");
    wl_buf_release(&name);
    wl_rows_release(&rows);
    wl_arena_release(&arena);
}

/* 100 levels, level i in i + 2 rows: the 64 most frequent stay. Two orders of rows, one result. */
static void test_most_frequent_levels_in_any_order(void)
{
    struct wl_arena arena;
    struct wl_encoder encoder[2];

    wl_arena_init(&arena, wl_alloc_default(), 0);
    for (int pass = 0; pass < 2; pass++) {
        struct wl_rows rows;
        char text[16];
        wl_rows_init(&rows, wl_alloc_default(), &schema);
        for (int i = 0; i < 100; i++) {
            int level = pass == 0 ? i : 99 - i;
            (void)snprintf(text, sizeof(text), "L%02d", level);
            for (int k = 0; k < level + 2; k++) {
                add(&rows, 0.0F, text);
            }
        }
        struct wl_row_set set = {.rows = &rows, .n = rows.n_rows};
        CHECK_INT(wl_encoder_fit(&arena, &set, 1, NULL, &encoder[pass], NULL), WL_OK);
        wl_rows_release(&rows);
    }
    CHECK_INT(encoder[0].n_columns, 1 + WL_LEVELS_MAX);
    CHECK_STR(encoder[0].columns[1].level, "L36");
    CHECK_STR(encoder[0].columns[64].level, "L99");
    for (size_t c = 0; c < encoder[0].n_columns; c++) {
        CHECK(encoder[0].columns[c].code == encoder[1].columns[c].code);
    }
    wl_arena_release(&arena);
}

/* Everything an encoder and a linear encoding hold, as one number to compare. */
static double fingerprint(const struct wl_row_set *set)
{
    struct wl_arena arena;
    struct wl_encoder encoder;
    struct wl_linear linear;
    double sum = 0.0;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_encoder_fit(&arena, set, 10, NULL, &encoder, NULL), WL_OK);
    CHECK_INT(wl_linear_fit_terms(&arena, &encoder, set, &linear, NULL), WL_OK);
    for (size_t c = 0; c < encoder.n_columns; c++) {
        sum += (double)(encoder.columns[c].code + 1.0F) * (double)(c + 1);
    }
    for (size_t t = 0; t < linear.n_terms; t++) {
        const struct wl_linear_term *term = &linear.terms[t];
        sum += (term->mean + 3.0 * term->deviation + (term->is_log ? 7.0 : 0.0)) * (double)(t + 1);
    }
    wl_arena_release(&arena);
    return sum;
}

static void test_test_rows_change_nothing(void)
{
    static uint8_t labels[800];
    static uint32_t index[400];
    struct wl_rows rows;

    data_make(&rows, 800, check_seed(), labels);
    for (uint32_t i = 0; i < 400; i++) {
        index[i] = i * 2;
    }
    struct wl_row_set set = {.rows = &rows, .index = index, .n = 400};
    double before = fingerprint(&set);
    for (size_t i = 1; i < 800; i += 2) {
        for (size_t f = 0; f < DATA_FEATURES; f++) {
            rows.values[i * DATA_FEATURES + f] = f % 2 == 0 ? 1e6F : NAN;
        }
    }
    CHECK(fingerprint(&set) == before);
    rows.values[0] += 1.0F; // planted: a training row does change it
    CHECK(fingerprint(&set) != before);
    wl_rows_release(&rows);
}

static void test_linear_terms(void)
{
    struct wl_rows rows;
    struct wl_arena arena;
    struct wl_encoder encoder;
    struct wl_linear linear;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_rows_init(&rows, wl_alloc_default(), &schema);
    for (int i = 0; i < 100; i++) {
        add(&rows, i == 7 ? NAN : (i == 99 ? 10000.0F : (float)(i % 10)), "same");
    }
    struct wl_row_set set = {.rows = &rows, .n = rows.n_rows};
    CHECK_INT(wl_encoder_fit(&arena, &set, 2, NULL, &encoder, NULL), WL_OK);
    CHECK_INT(wl_linear_fit_terms(&arena, &encoder, &set, &linear, NULL), WL_OK);
    CHECK_INT(linear.n_terms, 2); // amount and its missing flag; the constant city has none
    CHECK(linear.terms[0].is_log);
    CHECK(linear.terms[1].is_missing_flag);
    CHECK_CLOSE(linear.terms[1].mean, 0.01, 1e-12);
    double sum = 0.0;
    double squares = 0.0;
    for (size_t i = 0; i < 100; i++) {
        double z = wl_linear_z(&linear.terms[0], &encoder, wl_row_set_at(&set, i));
        sum += z;
        squares += z * z;
    }
    CHECK_CLOSE(sum, 0.0, 1e-10); // standardised; the missing one counts as the mean
    CHECK_CLOSE(squares / 99.0, 1.0, 1e-10);
    wl_rows_release(&rows);
    wl_arena_release(&arena);
}

int main(void)
{
    RUN(test_columns_and_values);
    RUN(test_most_frequent_levels_in_any_order);
    RUN(test_test_rows_change_nothing);
    RUN(test_linear_terms);
    return check_report();
}
