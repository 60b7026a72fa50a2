/* The only file that sees liblinear. It keeps the first label it meets as class +1, so labels are
 * told apart by reading its label list, never by order. Zeros are left out of its sparse rows: they
 * cost nothing there and mean the same. */
#include "model/train_linear.h"

#include <linear.h>
#include <math.h>
#include <string.h>

#define STOP_COARSE                                                                                \
    1e-2 /* liblinear's gradient norm at the end over the one at the start, then polish */
#define STOP_FINE    1e-8 /* the same where there is no polish: coefficients within about 3e-6 */
#define POLISH_MAX   12   /* Newton steps after liblinear; four are usual */
#define POLISH_TERMS 2048 /* a Hessian of 32 MB; with more terms liblinear goes all the way */

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

/* ---- the last digits ---- */

static double dot_row(const struct feature_node *row, const double *w)
{
    double sum = 0.0;
    for (; row->index > 0; row++) {
        sum += row->value * w[row->index - 1];
    }
    return sum;
}

static void add_row(const struct feature_node *row, double factor, double *sum)
{
    for (; row->index > 0; row++) {
        sum[row->index - 1] += factor * row->value;
    }
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* Where a polish stands: weights w (n), gradient g (n), curvature p (1 - p) of each row. */
struct polish {
    const struct matrix *matrix;
    size_t n_rows;
    size_t n;
    double c;
    double *w;
    double *g;
    double *curvature; /* (n_rows) */
};

static double find_gradient(struct polish *at)
{
    memcpy(at->g, at->w, at->n * sizeof(*at->g));
    for (size_t i = 0; i < at->n_rows; i++) {
        double margin = dot_row(at->matrix->rows[i], at->w);
        double p = margin >= 0.0 ? 1.0 / (1.0 + exp(-margin)) : exp(margin) / (1.0 + exp(margin));
        double target = at->matrix->y[i] > 0.0 ? 1.0 : 0.0;
        at->curvature[i] = p * (1.0 - p);
        add_row(at->matrix->rows[i], at->c * (p - target), at->g);
    }
    return sqrt(dot(at->g, at->g, at->n));
}

/* Lower triangle of 1 + C X' D X, row-major (n, n). */
static void find_hessian(const struct polish *at, double *hessian)
{
    size_t n = at->n;

    memset(hessian, 0, n * n * sizeof(*hessian));
    for (size_t i = 0; i < at->n_rows; i++) {
        const struct feature_node *row = at->matrix->rows[i];
        double weight = at->c * at->curvature[i];
        for (const struct feature_node *a = row; a->index > 0; a++) {
            double factor = weight * a->value;
            double *line = hessian + (size_t)(a->index - 1) * n;
            for (const struct feature_node *b = row; b <= a; b++) {
                line[b->index - 1] += factor * b->value;
            }
        }
    }
    for (size_t j = 0; j < n; j++) {
        hessian[j * n + j] += 1.0;
    }
}

/* Cholesky in place, then step with Hessian * step = g. The Hessian's smallest eigenvalue is at
 * least 1 (the penalty), so every pivot is positive. Golub & Van Loan, algorithm 4.2.1. */
static void find_step(const struct polish *at, double *hessian, double *step)
{
    size_t n = at->n;

    for (size_t j = 0; j < n; j++) {
        double *line = hessian + j * n;
        for (size_t k = 0; k <= j; k++) {
            double rest = line[k] - dot(line, hessian + k * n, k);
            line[k] = k < j ? rest / hessian[k * n + k] : sqrt(rest);
        }
        step[j] = (at->g[j] - dot(line, step, j)) / line[j];
    }
    for (size_t j = n; j-- > 0;) {
        step[j] /= hessian[j * n + j];
        for (size_t k = 0; k < j; k++) {
            step[k] -= hessian[j * n + k] * step[j];
        }
    }
}

/* liblinear's trust region creeps where columns are nearly the same, and stops with coefficients
 * off by 1e-6 and more. Newton steps with the whole Hessian end at rounding after a few passes. */
static wl_status polish(const wl_alloc *alloc, const struct matrix *matrix, size_t n_rows, double c,
                        double *w, size_t n, wl_error *error)
{
    double *block = wl_alloc_zeroed(alloc, n * n + 3 * n + n_rows, sizeof(*block));
    double *step = block + n;
    double *kept = block + 2 * n;
    double *hessian = block + 3 * n;
    struct polish at = {.matrix = matrix, .n_rows = n_rows, .n = n, .c = c, .w = w, .g = block};

    if (block == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu weights", n);
    }
    at.curvature = hessian + n * n;
    double norm = find_gradient(&at);
    for (int i_step = 0; i_step < POLISH_MAX && norm > 0.0; i_step++) {
        memcpy(kept, w, n * sizeof(*kept));
        find_hessian(&at, hessian);
        find_step(&at, hessian, step);
        for (size_t j = 0; j < n; j++) {
            w[j] -= step[j];
        }
        double norm_next = find_gradient(&at);
        if (!(norm_next < 0.5 * norm)) { // rounding is all that is left
            if (!(norm_next < norm)) {
                memcpy(w, kept, n * sizeof(*w));
            }
            break;
        }
        norm = norm_next;
    }
    wl_alloc_free(alloc, block);
    return WL_OK;
}

static wl_status solve(const wl_alloc *alloc, const struct matrix *matrix, size_t n_rows, double c,
                       struct wl_linear *linear, wl_error *error)
{
    struct problem problem = {.l = (int)n_rows,
                              .n = (int)linear->n_terms + 1,
                              .y = matrix->y,
                              .x = matrix->rows,
                              .bias = 1.0};
    bool has_polish = linear->n_terms < POLISH_TERMS;
    struct parameter parameter = {
        .solver_type = L2R_LR, .eps = has_polish ? STOP_COARSE : STOP_FINE, .C = c};
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
    for (size_t t = 0; t <= linear->n_terms; t++) {
        model->w[t] *= sign;
    }
    wl_status status = WL_OK;
    if (has_polish) {
        status = polish(alloc, matrix, n_rows, c, model->w, linear->n_terms + 1, error);
    }
    for (size_t t = 0; status == WL_OK && t < linear->n_terms; t++) {
        linear->terms[t].weight = model->w[t];
    }
    linear->bias = status == WL_OK ? model->w[linear->n_terms] : linear->bias;
    free_and_destroy_model(&model);
    return status;
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
    WL_GO(solve(alloc, &matrix, set->n, c, linear, error));
done:
    wl_alloc_free(alloc, matrix.rows);
    wl_alloc_free(alloc, matrix.nodes);
    wl_alloc_free(alloc, matrix.y);
    return status;
}
