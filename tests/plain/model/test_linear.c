/* Goal:   liblinear's coefficients are those of an exact solver within 1e-6.
 * Method: Newton's method written here (iteratively reweighted least squares with Gaussian
 *         elimination) on the same standardised matrix and the same objective. */
#include "../../unit/model/model_data.h"

#include "model/train_linear.h"

#define N_ROWS 1200
#define T_MAX  32

static struct wl_rows rows;
static uint8_t labels[N_ROWS];
static double z[N_ROWS][T_MAX]; /* last used column is the bias, 1 */

/* Solve a * x = b in place for a positive definite matrix; b becomes x. */
static void solve(double a[T_MAX][T_MAX], double *b, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        for (size_t i = k + 1; i < n; i++) {
            double factor = a[i][k] / a[k][k];
            for (size_t j = k; j < n; j++) {
                a[i][j] -= factor * a[k][j];
            }
            b[i] -= factor * b[k];
        }
    }
    for (size_t k = n; k-- > 0;) {
        for (size_t j = k + 1; j < n; j++) {
            b[k] -= a[k][j] * b[j];
        }
        b[k] /= a[k][k];
    }
}

/* Minimise |w|^2 / 2 + C * sum log(1 + exp(-y w.z)) over n weights. */
static void newton(size_t n, double c, double *w)
{
    static double hessian[T_MAX][T_MAX];
    double gradient[T_MAX];

    memset(w, 0, n * sizeof(*w));
    for (int step = 0; step < 50; step++) {
        memset(hessian, 0, sizeof(hessian));
        for (size_t j = 0; j < n; j++) {
            gradient[j] = w[j];
            hessian[j][j] = 1.0;
        }
        for (size_t i = 0; i < N_ROWS; i++) {
            double margin = 0.0;
            for (size_t j = 0; j < n; j++) {
                margin += w[j] * z[i][j];
            }
            double p = 1.0 / (1.0 + exp(-margin));
            for (size_t j = 0; j < n; j++) {
                gradient[j] += c * (p - labels[i]) * z[i][j];
                for (size_t k = 0; k < n; k++) {
                    hessian[j][k] += c * p * (1.0 - p) * z[i][j] * z[i][k];
                }
            }
        }
        solve(hessian, gradient, n);
        for (size_t j = 0; j < n; j++) {
            w[j] -= gradient[j];
        }
    }
}

static void test_coefficients(void)
{
    static const double strengths[] = {0.01, 0.1, 1.0, 100.0};
    struct wl_arena arena;
    struct wl_encoder encoder;
    struct wl_linear linear;
    struct wl_row_set set = {.rows = &rows, .n = N_ROWS};
    double w[T_MAX];

    wl_arena_init(&arena, wl_alloc_default(), 0);
    data_make(&rows, N_ROWS, check_seed(), labels);
    CHECK_INT(wl_encoder_fit(&arena, &set, 10, NULL, &encoder, NULL), WL_OK);
    CHECK_INT(wl_linear_fit_terms(&arena, &encoder, &set, &linear, NULL), WL_OK);
    CHECK(linear.n_terms >= 8 && linear.n_terms + 1 < T_MAX);
    for (size_t i = 0; i < N_ROWS; i++) {
        for (size_t t = 0; t < linear.n_terms; t++) {
            z[i][t] = wl_linear_z(&linear.terms[t], &encoder, wl_row_set_at(&set, i));
        }
        z[i][linear.n_terms] = 1.0;
    }
    for (size_t k = 0; k < sizeof(strengths) / sizeof(strengths[0]); k++) {
        double gap = 0.0;
        CHECK_INT(wl_linear_train(wl_alloc_default(), &encoder, &set, labels, strengths[k], &linear,
                                  NULL),
                  WL_OK);
        newton(linear.n_terms + 1, strengths[k], w);
        for (size_t t = 0; t < linear.n_terms; t++) {
            gap = fmax(gap, fabs(linear.terms[t].weight - w[t]));
        }
        gap = fmax(gap, fabs(linear.bias - w[linear.n_terms]));
        fprintf(stderr, "  C = %g: %zu terms, gap %.2g\n", strengths[k], linear.n_terms, gap);
        CHECK(gap < 1e-6);
        linear.terms[0].weight += 1e-5; // planted
        CHECK(fabs(linear.terms[0].weight - w[0]) > 1e-6);
    }
    memset(labels, 0, sizeof(labels));
    CHECK_INT(wl_linear_train(wl_alloc_default(), &encoder, &set, labels, 1.0, &linear, NULL),
              WL_EINVAL);
    wl_rows_release(&rows);
    wl_arena_release(&arena);
}

int main(void)
{
    RUN(test_coefficients);
    return check_report();
}
