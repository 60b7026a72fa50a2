/* Goal:   the worked example of docs/internals/treeshap.md holds; no memory is lost, whichever
 *         allocation fails; empty inputs are fine; the quadrature is exact where it must be.
 * Method: one case per promise; fault injection walks every allocation. */
#include "plain/explain/random_forest.h"

#include "explain/shap_plan.h"

/* The tree of the document: income < 5 ? (visits < 3 ? 4 : 0) : -2, covers 6 | 2 4 | 4. */
static void test_worked_example(void)
{
    struct wl_tree_node nodes[] = {{0, 1, 5.0F, 0},
                                   {1, 3, 3.0F, 1},
                                   {WL_NODE_LEAF, 0, -2.0F, 0},
                                   {WL_NODE_LEAF, 0, 4.0F, 0},
                                   {WL_NODE_LEAF, 0, 0.0F, 0}};
    float covers[] = {10.0F, 6.0F, 4.0F, 2.0F, 4.0F};
    uint32_t roots[] = {0};
    const struct wl_forest forest = {.nodes = nodes,
                                     .covers = covers,
                                     .roots = roots,
                                     .n_nodes = 5,
                                     .n_trees = 1,
                                     .n_columns = 2,
                                     .depth_max = 2};
    const float row[] = {1.0F, 1.0F};
    struct wl_shap *shap = NULL;
    double phi[2];
    double base;

    CHECK_INT(wl_shap_new(wl_alloc_default(), &forest, &shap, NULL), WL_OK);
    CHECK_INT(wl_shap_rows(shap, row, 1, 1, phi, &base, NULL), WL_OK);
    CHECK_CLOSE(base, 0.0, 1e-15);
    CHECK_CLOSE(wl_shap_base(shap), 0.0, 1e-15);
    CHECK_CLOSE(phi[0], 28.0 / 15.0, 1e-14);
    CHECK_CLOSE(phi[1], 32.0 / 15.0, 1e-14);
    wl_shap_free(shap);
}

static void test_quadrature_integrates_powers(void)
{
    for (size_t n = 1; n <= WL_SHAP_POINTS_MAX; n++) {
        struct wl_quadrature rule;
        wl_quadrature_init(&rule, n);
        for (size_t power = 0; power < 2 * n; power++) {
            double sum = 0.0;
            for (size_t q = 0; q < n; q++) {
                sum += rule.weight[q] * pow(rule.t[q], (double)power);
            }
            CHECK_CLOSE(sum * ((double)power + 1.0), 1.0, 1e-13);
        }
        double sum = 0.0; // one power too far must not be exact: the check can fail
        for (size_t q = 0; q < n; q++) {
            sum += rule.weight[q] * pow(rule.t[q], 2.0 * (double)n);
        }
        CHECK(n > 6 || fabs(sum * (2.0 * (double)n + 1.0) - 1.0) > 1e-8);
    }
}

static void test_survives_every_failed_allocation(void)
{
    const struct forest_shape shape = {"faults", 3, 10, 12, 0.1, 0.0, 0.2, 300};
    uint64_t seed = 5;
    struct wl_forest forest;

    random_forest_init(&forest, &shape, &seed);
    float *columns = random_rows(30, &shape, &seed);
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_shap *shap = NULL;
        double phi[300] = {1234.5};

        check_heap_init(&heap, n_good);
        wl_status status = wl_shap_new(&heap.alloc, &forest, &shap, NULL);
        CHECK((status == WL_OK) == (shap != NULL));
        if (status == WL_OK) {
            status = wl_shap_rows(shap, columns, 30, 2, phi, NULL, NULL);
            CHECK(status == WL_OK || phi[0] == 1234.5);
        }
        wl_shap_free(shap);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good > 8); // so each array's failure was walked
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
    free(columns);
    random_forest_release(&forest);
}

static void test_nothing_to_explain(void)
{
    const struct wl_forest empty = {.n_columns = 3, .base_margin = 0.25};
    const float row[] = {1.0F, 2.0F, (float)NAN};
    struct wl_shap *shap = NULL;
    double phi[3] = {1.0, 1.0, 1.0};
    double base = 0.0;

    CHECK_INT(wl_shap_new(wl_alloc_default(), &empty, &shap, NULL), WL_OK);
    CHECK_INT(wl_shap_rows(shap, row, 0, 1, phi, &base, NULL), WL_OK);
    CHECK(phi[0] == 1.0);
    CHECK_INT(wl_shap_rows(shap, row, 1, 4, phi, &base, NULL), WL_OK);
    CHECK(phi[0] == 0.0 && phi[2] == 0.0 && base == 0.25);
    wl_shap_free(shap);
    wl_shap_free(NULL);
}

int main(void)
{
    RUN(test_worked_example);
    RUN(test_quadrature_integrates_powers);
    RUN(test_survives_every_failed_allocation);
    RUN(test_nothing_to_explain);
    return check_report();
}
