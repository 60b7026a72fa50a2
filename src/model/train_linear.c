/* The only file that sees liblinear. It keeps the first label it meets as class +1, so labels are told
 * apart by reading its label list, never by order. Zeros are left out of its sparse rows: they cost
 * nothing there and mean the same. */
#include "model/train_linear.h"

#include <linear.h>
#include <math.h>
#include <string.h>

/* Gradient norm at the end over the one at the start: coefficients then agree with an exact solver to
 * better than 1e-6 on standardised columns (a test compares). */
#define STOP_GRADIENT 1e-10

static void print_nothing(const char *text)
{
    (void)text;
}

struct matrix {
    struct feature_node **rows; /* (n) owned */
    struct feature_node *nodes; /* all rows end to end, owned */
    double *y;                  /* (n) owned */
};

static size_t count_nodes(const struct wl_linear *linear, const struct wl_encoder *encoder,
                          const struct wl_row_set *set)
{
    size_t n_nodes = 0;

    for (size_t i = 0; i < set->n; i++) {
        for (size_t t = 0; t < linear->n_terms; t++) {
            n_nodes += wl_linear_z(&linear->terms[t], encoder, wl_row_set_at(set, i)) != 0.0;
        }
        n_nodes += 2; // bias and end mark
    }
    return n_nodes;
}

static void fill_rows(struct matrix *matrix, const struct wl_linear *linear,
                      const struct wl_encoder *encoder, const struct wl_row_set *set,
                      const uint8_t *labels)
{
    struct feature_node *node = matrix->nodes;

    for (size_t i = 0; i < set->n; i++) {
        matrix->rows[i] = node;
        matrix->y[i] = labels[i] != 0 ? 1.0 : -1.0;
        for (size_t t = 0; t < linear->n_terms; t++) {
            double z = wl_linear_z(&linear->terms[t], encoder, wl_row_set_at(set, i));
            if (z != 0.0) {
                *node++ = (struct feature_node){.index = (int)t + 1, .value = z};
            }
        }
        *node++ = (struct feature_node){.index = (int)linear->n_terms + 1, .value = 1.0};
        *node++ = (struct feature_node){.index = -1};
    }
}

static wl_status solve(const struct matrix *matrix, size_t n_rows, double c,
                       struct wl_linear *linear, wl_error *error)
{
    struct problem problem = {.l = (int)n_rows,
                              .n = (int)linear->n_terms + 1,
                              .y = matrix->y,
                              .x = matrix->rows,
                              .bias = 1.0};
    struct parameter parameter = {.solver_type = L2R_LR, .eps = STOP_GRADIENT, .C = c};
    const char *refusal = check_parameter(&problem, &parameter);

    if (refusal != NULL) {
        return wl_fail(error, WL_ELIBRARY, "liblinear refuses: %s", refusal);
    }
    set_print_string_function(print_nothing);
    struct model *model = train(&problem, &parameter);
    if (model == NULL || model->nr_class != 2 || model->nr_feature != problem.n - 1) {
        free_and_destroy_model(&model);
        return wl_fail(error, WL_ELIBRARY, "liblinear gives no two-class model");
    }
    double sign = model->label[0] > 0 ? 1.0 : -1.0;
    for (size_t t = 0; t < linear->n_terms; t++) {
        linear->terms[t].weight = sign * model->w[t];
    }
    linear->bias = sign * model->w[linear->n_terms];
    free_and_destroy_model(&model);
    return WL_OK;
}

wl_status wl_linear_train(const wl_alloc *alloc, const struct wl_encoder *encoder,
                          const struct wl_row_set *set, const uint8_t *labels, double c,
                          struct wl_linear *linear, wl_error *error)
{
    struct matrix matrix = {0};
    size_t n_positive = 0;
    wl_status status = WL_OK;

    for (size_t i = 0; i < set->n; i++) {
        n_positive += labels[i] != 0;
    }
    if (n_positive == 0 || n_positive == set->n || set->n > INT32_MAX) {
        return wl_fail(error, WL_EINVAL, "logistic regression needs both classes, has %zu of %zu",
                       n_positive, set->n);
    }
    size_t n_nodes = count_nodes(linear, encoder, set);
    matrix.rows = wl_alloc_array(alloc, set->n, sizeof(struct feature_node *));
    matrix.nodes = wl_alloc_array(alloc, n_nodes, sizeof(*matrix.nodes));
    matrix.y = wl_alloc_array(alloc, set->n, sizeof(*matrix.y));
    if (matrix.rows == NULL || matrix.nodes == NULL || matrix.y == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for a matrix of %zu values", n_nodes);
        goto done;
    }
    fill_rows(&matrix, linear, encoder, set, labels);
    WL_GO(solve(&matrix, set->n, c, linear, error));
done:
    wl_alloc_free(alloc, matrix.rows);
    wl_alloc_free(alloc, matrix.nodes);
    wl_alloc_free(alloc, matrix.y);
    return status;
}
