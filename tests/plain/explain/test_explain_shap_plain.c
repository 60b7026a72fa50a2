/* Goal:   wl_shap_rows gives the Shapley values of the path-dependent game, with tables and
 *         without.
 * Method: small random forests against the definition over all 2^F coalitions: repeated columns,
 *         missing values, sides without training data, unused columns, one-leaf trees. Then a
 *         planted fault, to show that the comparison can fail. */
#include "plain/explain/random_forest.h"

#include "explain/shap_plan.h"

#define N_ROWS    ((size_t)20)
#define TOLERANCE 1e-9 /* 2^10 terms of size 1 in double are good to 1e-12 */

static const struct forest_shape shapes[] = {
    {"one column, asked again and again", 3, 1, 5, 0.1, 0.0, 0.2, 200},
    {"stumps", 5, 3, 1, 0.0, 0.0, 0.2, 100},
    {"one group per tree", 4, 6, 3, 0.2, 0.1, 0.2, 100},
    {"several groups", 3, 8, 6, 0.1, 0.05, 0.3, 400},
    {"leaves deeper than a table", 2, 10, 12, 0.2, 0.02, 0.2, 500},
    {"nothing is missing", 3, 5, 5, 0.2, 0.0, 0.0, 300},
    {"everything is missing", 3, 5, 5, 0.2, 0.0, 1.0, 300},
    {"sides without training data", 3, 6, 6, 0.1, 0.5, 0.2, 300},
    {"one-leaf trees", 3, 2, 4, 0.7, 0.0, 0.1, 60},
    {"many unused columns", 1, 10, 2, 0.0, 0.0, 0.2, 20},
};

static double worst_gap(const struct forest_shape *shape, size_t table_bytes_max, double fault,
                        uint64_t *seed)
{
    struct wl_forest forest;
    struct wl_shap *shap = NULL;
    double gap = 0.0;
    double base = 0.0;

    random_forest_init(&forest, shape, seed);
    float *columns = random_rows(N_ROWS, shape, seed);
    double *phi = calloc(N_ROWS * shape->n_columns, sizeof(double));
    CHECK_INT(wl_shap_new_limited(wl_alloc_default(), &forest, table_bytes_max, &shap, NULL),
              WL_OK);
    CHECK_INT(wl_shap_rows(shap, columns, N_ROWS, 1, phi, &base, NULL), WL_OK);
    for (size_t i = 0; i < N_ROWS; i++) {
        double want[16];
        double want_base;
        plain_shapley(&forest, columns + i * shape->n_columns, want, &want_base);
        gap = fmax(gap, fabs(base - want_base));
        for (size_t c = 0; c < shape->n_columns; c++) {
            gap = fmax(gap, fabs(phi[i * shape->n_columns + c] * (1.0 + fault) - want[c]));
        }
    }
    wl_shap_free(shap);
    free(phi);
    free(columns);
    random_forest_release(&forest);
    return gap;
}

static void test_equals_definition(void)
{
    uint64_t seed = check_seed();

    for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++) {
        for (size_t round = 0; round < 4; round++) {
            double with = worst_gap(&shapes[s], WL_SHAP_TABLE_BYTES_MAX, 0.0, &seed);
            double without = worst_gap(&shapes[s], 0, 0.0, &seed);
            if (!(with < TOLERANCE && without < TOLERANCE)) {
                fprintf(stderr, "%s: gap %g with tables, %g without\n", shapes[s].name, with,
                        without);
            }
            CHECK(with < TOLERANCE);
            CHECK(without < TOLERANCE);
        }
    }
}

static void test_planted_fault_is_seen(void)
{
    uint64_t seed = 7;

    CHECK(worst_gap(&shapes[3], WL_SHAP_TABLE_BYTES_MAX, 1e-6, &seed) > TOLERANCE);
}

int main(void)
{
    RUN(test_equals_definition);
    RUN(test_planted_fault_is_seen);
    return check_report();
}
