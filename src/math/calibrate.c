/* Two calibrations. The sigmoid is the default: two parameters do not overfit a few thousand rows
 * and it is strictly monotone, so that no two customers are tied by it. Isotonic regression bends
 * to any shape and wants more data.
 *
 * The Newton iteration works on standardised margins u = (margin - mean) / deviation and is turned
 * back at the end: the Hessian is then well conditioned whatever the scale of the margins. */
#include "math/calibrate.h"

#include "base/limits.h"

#include <math.h>
#include <stdlib.h>

#define SLOPE_MIN   1e-3  /* flat, yet strictly rising: see the header */
#define STEPS_MAX   100   /* Lin, Lin, Weng use the same */
#define GRADIENT_OK 1e-9  /* per unit of weight: far below any printed digit */
#define RIDGE       1e-12 /* keeps the Hessian invertible */

double wl_sigmoid(double x)
{
    if (x >= 0.0) {
        return 1.0 / (1.0 + exp(-x));
    }
    double e = exp(x);
    return e / (1.0 + e);
}

static double weight_of(const struct wl_calibration_data *data, size_t i)
{
    return data->weights != NULL ? (double)data->weights[i] : 1.0;
}

/* What the fit needs to know about the data; targets as in Platt: (n1 + 1) / (n1 + 2), 1 / (n0 +
 * 2). */
struct summary {
    double weight[2]; /* by label */
    double mean;
    double deviation;
    double target[2]; /* by label */
};

static wl_status summarise(const struct wl_calibration_data *data, struct summary *summary,
                           wl_error *error)
{
    double total = 0.0;
    double squares = 0.0;

    *summary = (struct summary){0};
    for (size_t i = 0; i < data->n; i++) {
        double margin = data->margins[i];
        double weight = weight_of(data, i);
        if (!isfinite(margin) || !(weight >= 0.0)) {
            return wl_fail(error, WL_EINVAL, "margin %zu is %g with weight %g", i, margin, weight);
        }
        summary->weight[data->labels[i] != 0] += weight;
        total += weight;
        if (weight > 0.0) { // West 1979: weighted Welford
            double step = margin - summary->mean;
            summary->mean += step * weight / total;
            squares += weight * step * (margin - summary->mean);
        }
    }
    if (summary->weight[0] <= 0.0 || summary->weight[1] <= 0.0) {
        return wl_fail(error, WL_EINVAL,
                       "calibration needs both classes, has weight %g that stay and %g that leave",
                       summary->weight[0], summary->weight[1]);
    }
    summary->deviation = squares > 0.0 ? sqrt(squares / total) : 1.0;
    summary->target[1] = (summary->weight[1] + 1.0) / (summary->weight[1] + 2.0);
    summary->target[0] = 1.0 / (summary->weight[0] + 2.0);
    return WL_OK;
}

/* Cross-entropy, gradient and Hessian at (slope, intercept) in standardised margins. */
struct newton {
    double loss;
    double d_slope;
    double d_intercept;
    double h_ss;
    double h_si;
    double h_ii;
};

static struct newton evaluate(const struct wl_calibration_data *data, const struct summary *summary,
                              double slope, double intercept)
{
    struct newton at = {.h_ss = RIDGE, .h_ii = RIDGE};

    for (size_t i = 0; i < data->n; i++) {
        double u = (data->margins[i] - summary->mean) / summary->deviation;
        double z = slope * u + intercept;
        double target = summary->target[data->labels[i] != 0];
        double weight = weight_of(data, i);
        double p = wl_sigmoid(z);
        double log1p_part = log1p(exp(-fabs(z)));
        // -t log p - (1-t) log(1-p), without cancellation on either side.
        at.loss += weight * (log1p_part + (z >= 0.0 ? (1.0 - target) * z : -target * z));
        double d = weight * (p - target);
        double h = weight * p * (1.0 - p);
        at.d_slope += d * u;
        at.d_intercept += d;
        at.h_ss += h * u * u;
        at.h_si += h * u;
        at.h_ii += h;
    }
    return at;
}

/* Newton with halving steps; returns when the gradient is nothing or no step lowers the loss. */
static void fit_line(const struct wl_calibration_data *data, const struct summary *summary,
                     double *slope, double *intercept)
{
    double total = summary->weight[0] + summary->weight[1];
    struct newton at = evaluate(data, summary, *slope, *intercept);

    for (int i_step = 0; i_step < STEPS_MAX; i_step++) {
        if (fabs(at.d_slope) + fabs(at.d_intercept) < GRADIENT_OK * total) {
            return;
        }
        double determinant = at.h_ss * at.h_ii - at.h_si * at.h_si;
        if (!(determinant > 0.0)) {
            return;
        }
        double d_slope = (at.h_ii * at.d_slope - at.h_si * at.d_intercept) / determinant;
        double d_intercept = (at.h_ss * at.d_intercept - at.h_si * at.d_slope) / determinant;
        double share = 1.0;
        struct newton next = at;
        do {
            next =
                evaluate(data, summary, *slope - share * d_slope, *intercept - share * d_intercept);
            share = next.loss < at.loss ? share : share / 2.0;
        } while (!(next.loss < at.loss) && share > 1e-10);
        if (!(next.loss < at.loss)) {
            return;
        }
        *slope -= share * d_slope;
        *intercept -= share * d_intercept;
        at = next;
    }
}

wl_status wl_calibrate_sigmoid(const struct wl_calibration_data *data,
                               struct wl_calibrator *calibrator, wl_error *error)
{
    struct summary summary;
    WL_TRY(summarise(data, &summary, error));

    double slope = 0.0;
    double intercept = log((summary.weight[1] + 1.0) / (summary.weight[0] + 1.0));
    fit_line(data, &summary, &slope, &intercept);
    slope /= summary.deviation;
    intercept -= slope * summary.mean;
    if (!(slope >= SLOPE_MIN)) {
        slope = SLOPE_MIN;
        intercept = log(summary.weight[1] / summary.weight[0]) - slope * summary.mean;
    }
    *calibrator = (struct wl_calibrator){
        .kind = WL_CALIBRATION_SIGMOID, .slope = slope, .intercept = intercept};
    return WL_OK;
}

/* A run of rows with one probability. */
struct block {
    double margin_low;
    double margin_high;
    double weight;
    double positive; /* weight that left */
};

struct point {
    double margin;
    double weight;
    double positive;
};

static int compare_points(const void *a, const void *b)
{
    const struct point *left = a;
    const struct point *right = b;
    return (left->margin > right->margin) - (left->margin < right->margin);
}

static double level_of(const struct block *block)
{
    return block->positive / block->weight;
}

/* Sorted points to rising blocks; equal margins always share one. Returns how many. */
static size_t pool(const struct point *points, size_t n, struct block *blocks)
{
    size_t n_blocks = 0;

    for (size_t i = 0; i < n; i++) {
        struct block *last = n_blocks > 0 ? &blocks[n_blocks - 1] : NULL;
        if (points[i].weight <= 0.0) {
            continue;
        }
        if (last != NULL && last->margin_high == points[i].margin) {
            last->weight += points[i].weight;
            last->positive += points[i].positive;
        } else {
            blocks[n_blocks++] = (struct block){.margin_low = points[i].margin,
                                                .margin_high = points[i].margin,
                                                .weight = points[i].weight,
                                                .positive = points[i].positive};
        }
    }
    size_t n_pooled = 0;
    for (size_t i = 0; i < n_blocks; i++) {
        struct block open = blocks[i];
        while (n_pooled > 0 && level_of(&blocks[n_pooled - 1]) >= level_of(&open)) {
            n_pooled--;
            open.margin_low = blocks[n_pooled].margin_low;
            open.weight += blocks[n_pooled].weight;
            open.positive += blocks[n_pooled].positive;
        }
        blocks[n_pooled++] = open;
    }
    return n_pooled;
}

static wl_status store_knots(struct wl_arena *arena, const struct block *blocks, size_t n_blocks,
                             struct wl_calibrator *calibrator, wl_error *error)
{
    size_t n_knots = 0;

    if (n_blocks * 2 > WL_KNOTS_MAX) {
        return wl_fail(error, WL_ELIMIT, "isotonic calibration wants %zu knots, at most %zu",
                       n_blocks * 2, WL_KNOTS_MAX);
    }
    double *margins = wl_arena_zeroed(arena, n_blocks * 2, sizeof(*margins));
    double *probabilities = wl_arena_zeroed(arena, n_blocks * 2, sizeof(*probabilities));
    if (margins == NULL || probabilities == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu knots", n_blocks * 2);
    }
    for (size_t i = 0; i < n_blocks; i++) {
        double level = level_of(&blocks[i]);
        margins[n_knots] = blocks[i].margin_low;
        probabilities[n_knots++] = level;
        if (blocks[i].margin_high > blocks[i].margin_low) {
            margins[n_knots] = blocks[i].margin_high;
            probabilities[n_knots++] = level;
        }
    }
    *calibrator = (struct wl_calibrator){.kind = WL_CALIBRATION_ISOTONIC,
                                         .margins = margins,
                                         .probabilities = probabilities,
                                         .n_knots = n_knots};
    return WL_OK;
}

wl_status wl_calibrate_isotonic(struct wl_arena *arena, const struct wl_calibration_data *data,
                                struct wl_calibrator *calibrator, wl_error *error)
{
    const wl_alloc *alloc = arena->alloc;
    struct summary summary;
    wl_status status = summarise(data, &summary, error);

    if (status != WL_OK) {
        return status;
    }
    struct point *points = wl_alloc_array(alloc, data->n, sizeof(*points));
    struct block *blocks = wl_alloc_array(alloc, data->n, sizeof(*blocks));
    if (points == NULL || blocks == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory to calibrate %zu rows", data->n);
        goto done;
    }
    for (size_t i = 0; i < data->n; i++) {
        double weight = weight_of(data, i);
        points[i] = (struct point){.margin = data->margins[i],
                                   .weight = weight,
                                   .positive = data->labels[i] != 0 ? weight : 0.0};
    }
    qsort(points, data->n, sizeof(*points), compare_points);
    WL_GO(store_knots(arena, blocks, pool(points, data->n, blocks), calibrator, error));
done:
    wl_alloc_free(alloc, points);
    wl_alloc_free(alloc, blocks);
    return status;
}

static double interpolate(const struct wl_calibrator *calibrator, double margin)
{
    const double *x = calibrator->margins;
    const double *y = calibrator->probabilities;
    size_t low = 0;
    size_t high = calibrator->n_knots - 1;

    if (!(margin > x[low])) {
        return y[low];
    }
    if (margin >= x[high]) {
        return y[high];
    }
    while (high - low > 1) { // x[low] < margin < x[high]
        size_t middle = low + (high - low) / 2;
        if (x[middle] < margin) {
            low = middle;
        } else {
            high = middle;
        }
    }
    double share = (margin - x[low]) / (x[high] - x[low]);
    return fmin(y[low] + share * (y[high] - y[low]), y[high]); // rounding must not step over
}

double wl_calibrator_apply(const struct wl_calibrator *calibrator, double margin)
{
    if (calibrator->kind == WL_CALIBRATION_ISOTONIC) {
        return interpolate(calibrator, margin);
    }
    if (calibrator->kind == WL_CALIBRATION_SIGMOID) {
        return wl_sigmoid(calibrator->slope * margin + calibrator->intercept);
    }
    return wl_sigmoid(margin);
}

wl_status wl_calibrator_check(const struct wl_calibrator *calibrator, wl_error *error)
{
    if (calibrator->kind == WL_CALIBRATION_SIGMOID &&
        !(isfinite(calibrator->slope) && calibrator->slope > 0.0 &&
          isfinite(calibrator->intercept))) {
        return wl_fail(error, WL_ECORRUPT, "calibration line has slope %g, intercept %g",
                       calibrator->slope, calibrator->intercept);
    }
    if (calibrator->kind != WL_CALIBRATION_ISOTONIC) {
        return WL_OK;
    }
    if (calibrator->n_knots == 0) {
        return wl_fail(error, WL_ECORRUPT, "isotonic calibration has no knots");
    }
    for (size_t i = 0; i < calibrator->n_knots; i++) {
        double x = calibrator->margins[i];
        double y = calibrator->probabilities[i];
        bool is_rising =
            i == 0 || (calibrator->margins[i - 1] < x && calibrator->probabilities[i - 1] <= y);
        if (!isfinite(x) || !(y >= 0.0 && y <= 1.0) || !is_rising) {
            return wl_fail(error, WL_ECORRUPT, "calibration knot %zu (%g, %g) is out of order", i,
                           x, y);
        }
    }
    return WL_OK;
}
