/* Scales of a linear model, and its margin. Moments are taken about the mean in a second pass: the
 * one-pass formula loses its digits on money columns. */
#include "model/linear.h"

#include "base/limits.h"

#include <math.h>

static double log_of(double x)
{
    return copysign(log1p(fabs(x)), x);
}

static float value_at(const struct wl_row_set *set, const struct wl_encoder_column *column,
                      size_t i)
{
    return wl_encoder_value(column, wl_row_set_at(set, i));
}

struct moments {
    size_t n_values;
    double mean;
    double deviation;
    double skew;
    double low;
};

static struct moments measure(const struct wl_row_set *set, const struct wl_encoder_column *column,
                              bool is_log)
{
    struct moments moments = {.low = (double)INFINITY};
    double sum = 0.0;
    double squares = 0.0;
    double cubes = 0.0;

    for (size_t i = 0; i < set->n; i++) {
        double x = (double)value_at(set, column, i);
        if (!isnan(x)) {
            sum += is_log ? log_of(x) : x;
            moments.n_values++;
            moments.low = fmin(moments.low, x);
        }
    }
    moments.mean = moments.n_values > 0 ? sum / (double)moments.n_values : 0.0;
    for (size_t i = 0; i < set->n; i++) {
        double x = (double)value_at(set, column, i);
        if (!isnan(x)) {
            double d = (is_log ? log_of(x) : x) - moments.mean;
            squares += d * d;
            cubes += d * d * d;
        }
    }
    if (squares > 0.0) {
        double n = (double)moments.n_values;
        moments.deviation = sqrt(squares / n);
        moments.skew = (cubes / n) / (moments.deviation * moments.deviation * moments.deviation);
    }
    return moments;
}

static void add_value_term(struct wl_linear *linear, const struct wl_row_set *set,
                           const struct wl_encoder *encoder, uint32_t c)
{
    const struct wl_encoder_column *column = &encoder->columns[c];
    struct moments moments = measure(set, column, false);
    bool is_number = set->rows->schema->columns[column->feature].kind == WL_FEATURE_NUMBER;
    bool is_log = is_number && moments.low >= 0.0 && fabs(moments.skew) > WL_SKEW_MAX;

    if (is_log) {
        moments = measure(set, column, true);
    }
    // A spread that is nothing beside the mean is rounding, not information.
    if (moments.deviation > 1e-9 * fmax(1.0, fabs(moments.mean))) {
        linear->terms[linear->n_terms++] = (struct wl_linear_term){
            .column = c, .is_log = is_log, .mean = moments.mean, .deviation = moments.deviation};
    }
}

/* All columns of a feature are missing together, so one flag serves them all. */
static void add_missing_term(struct wl_linear *linear, const struct wl_row_set *set,
                             const struct wl_encoder *encoder, uint32_t c)
{
    size_t n_missing = 0;

    for (size_t i = 0; i < set->n; i++) {
        n_missing += isnan(value_at(set, &encoder->columns[c], i)) ? 1 : 0;
    }
    if (n_missing > 0 && n_missing < set->n) {
        double share = (double)n_missing / (double)set->n;
        linear->terms[linear->n_terms++] =
            (struct wl_linear_term){.column = c,
                                    .is_missing_flag = true,
                                    .mean = share,
                                    .deviation = sqrt(share * (1.0 - share))};
    }
}

wl_status wl_linear_fit_terms(struct wl_arena *arena, const struct wl_encoder *encoder,
                              const struct wl_row_set *set, struct wl_linear *linear,
                              wl_error *error)
{
    size_t n_max = encoder->n_columns + encoder->n_features;
    struct wl_linear fitted = {.terms = wl_arena_zeroed(arena, n_max + 1, sizeof(*fitted.terms))};

    if (fitted.terms == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu linear terms", n_max);
    }
    for (size_t f = 0; f < encoder->n_features; f++) {
        for (uint32_t c = encoder->first[f]; c < encoder->first[f + 1]; c++) {
            add_value_term(&fitted, set, encoder, c);
        }
        if (encoder->first[f] < encoder->first[f + 1]) {
            add_missing_term(&fitted, set, encoder, encoder->first[f]);
        }
    }
    *linear = fitted;
    return WL_OK;
}

double wl_linear_z(const struct wl_linear_term *term, const struct wl_encoder *encoder,
                   const float *values)
{
    double x = (double)wl_encoder_value(&encoder->columns[term->column], values);

    if (term->is_missing_flag) {
        x = isnan(x) ? 1.0 : 0.0;
    } else if (isnan(x)) {
        return 0.0;
    } else if (term->is_log) {
        x = log_of(x);
    }
    return (x - term->mean) / term->deviation;
}

double wl_linear_margin(const struct wl_linear *linear, const struct wl_encoder *encoder,
                        const float *values)
{
    double margin = linear->bias;

    for (size_t i = 0; i < linear->n_terms; i++) {
        margin += linear->terms[i].weight * wl_linear_z(&linear->terms[i], encoder, values);
    }
    return margin;
}

wl_status wl_linear_check(const struct wl_linear *linear, const struct wl_encoder *encoder,
                          wl_error *error)
{
    if (!isfinite(linear->bias)) {
        return wl_fail(error, WL_ECORRUPT, "bias of the linear model is not finite");
    }
    for (size_t i = 0; i < linear->n_terms; i++) {
        const struct wl_linear_term *term = &linear->terms[i];
        if (term->column >= encoder->n_columns || !isfinite(term->mean) ||
            !isfinite(term->weight) || !(term->deviation > 0.0) || !isfinite(term->deviation)) {
            return wl_fail(error, WL_ECORRUPT, "linear term %zu is out of range", i);
        }
    }
    return WL_OK;
}
