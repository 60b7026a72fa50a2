/* The loss of a temperature is convex in its inverse, the slope: Newton's steps in one dimension,
 * halved while the loss does not fall. A label that was right in none or in all of the held-out
 * texts has no sigmoid to fit: it gets its base rate, whatever the margin. */
#include "text/text_scale.h"

#include "math/calibrate.h"

#include <math.h>
#include <stdlib.h>

#define STEPS_MAX 100
#define SLOPE_MIN 1e-3 /* flat, yet rising */
#define SLOPE_MAX 1e3

/* -- probabilities -- */

static void softmax(double *p, size_t n)
{
    double top = p[0];
    double sum = 0.0;

    for (size_t i = 1; i < n; i++) {
        top = p[i] > top ? p[i] : top;
    }
    for (size_t i = 0; i < n; i++) {
        p[i] = exp(p[i] - top);
        sum += p[i];
    }
    for (size_t i = 0; i < n; i++) {
        p[i] /= sum;
    }
}

static void know_nothing(const struct wl_text_scale *scale, double *p)
{
    size_t n = scale->n_labels;
    double each = scale->task == WL_TEXT_ONE ? 1.0 / (double)n : 0.0;

    for (size_t i = 0; i < n; i++) {
        p[i] = each;
    }
}

void wl_text_probabilities(const struct wl_text_scale *scale, const float *margins, double *p)
{
    bool is_one = scale->task == WL_TEXT_ONE;

    if (margins == NULL) {
        know_nothing(scale, p);
        return;
    }
    for (size_t o = 0; o < scale->n_outputs; o++) {
        p[o] = scale->slope[o] * (double)margins[o] + scale->intercept[o];
        p[o] = is_one && scale->n_outputs > 1 ? p[o] : wl_sigmoid(p[o]);
    }
    if (is_one && scale->n_outputs > 1) {
        softmax(p, scale->n_outputs);
    } else if (is_one) {
        p[1] = p[0];
        p[0] = 1.0 - p[1];
    }
}

/* -- temperature -- */

/* Loss of one slope with its two derivatives, summed over texts. */
struct loss {
    double value;
    double first;
    double second;
};

static void add_loss(const float *margins, size_t n, uint32_t label, double slope,
                     struct loss *loss)
{
    double top = (double)margins[0];
    double sum = 0.0;
    double mean = 0.0;
    double square = 0.0;

    for (size_t o = 1; o < n; o++) {
        top = fmax(top, (double)margins[o]);
    }
    for (size_t o = 0; o < n; o++) { // relative to the top, so that nothing overflows
        double margin = (double)margins[o] - top;
        double e = exp(slope * margin);
        sum += e;
        mean += e * margin;
        square += e * margin * margin;
    }
    mean /= sum;
    square /= sum;
    double right = (double)margins[label] - top;
    loss->value += log(sum) - slope * right;
    loss->first += mean - right;
    loss->second += fmax(square - mean * mean, 0.0);
}

static struct loss loss_of(const struct wl_text_held *held, size_t n_outputs, double slope)
{
    struct loss loss = {0.0, 0.0, 0.0};

    for (size_t i = 0; i < held->set->n; i++) {
        if (held->is_held[i] != 0) {
            add_loss(held->margins + i * n_outputs, n_outputs, held->set->labels[i], slope, &loss);
        }
    }
    return loss;
}

static double fit_slope(const struct wl_text_held *held, size_t n_outputs)
{
    double slope = 1.0;
    struct loss loss = loss_of(held, n_outputs, slope);

    for (size_t n = 0; n < STEPS_MAX && fabs(loss.first) > 1e-9 * (double)held->set->n; n++) {
        double change = -loss.first / fmax(loss.second, 1e-12);
        double next = fmin(fmax(slope + change, SLOPE_MIN), SLOPE_MAX);
        struct loss there = loss_of(held, n_outputs, next);
        for (size_t k = 0; k < STEPS_MAX && there.value > loss.value; k++) {
            next = 0.5 * (next + slope);
            there = loss_of(held, n_outputs, next);
        }
        if (fabs(next - slope) <= 1e-9 * slope) {
            break;
        }
        slope = next;
        loss = there;
    }
    return slope;
}

/* -- sigmoids -- */

static void fit_sigmoid(const struct wl_text_held *held, size_t o,
                        const struct wl_text_scale *scale, double *margins, uint8_t *labels)
{
    const struct wl_text_set *set = held->set;
    struct wl_calibrator calibrator;
    size_t n_right = 0;
    size_t n = 0;

    for (size_t i = 0; i < set->n; i++) {
        if (held->is_held[i] != 0) {
            margins[n] = (double)held->margins[i * scale->n_outputs + o];
            labels[n] = set->task == WL_TEXT_ONE ? set->labels[i] == 1
                                                 : set->marks[i * set->n_labels + o] != 0;
            n_right += labels[n];
            n++;
        }
    }
    struct wl_calibration_data data = {.margins = margins, .labels = labels, .n = n};
    if (wl_calibrate_sigmoid(&data, &calibrator, NULL) == WL_OK) {
        scale->slope[o] = calibrator.slope;
        scale->intercept[o] = calibrator.intercept;
    } else {
        double rate = ((double)n_right + 0.5) / ((double)n + 1.0);
        scale->slope[o] = SLOPE_MIN;
        scale->intercept[o] = log(rate / (1.0 - rate));
    }
}

wl_status wl_text_calibrate(const wl_alloc *alloc, const struct wl_text_held *held,
                            const struct wl_text_scale *scale, wl_error *error)
{
    const struct wl_text_set *set = held->set;

    if (set->task == WL_TEXT_ONE && scale->n_outputs > 1) {
        double slope = fit_slope(held, scale->n_outputs);
        for (size_t o = 0; o < scale->n_outputs; o++) {
            scale->slope[o] = slope;
            scale->intercept[o] = 0.0;
        }
        return WL_OK;
    }
    double *margins = wl_alloc_array(alloc, set->n, sizeof(*margins));
    uint8_t *labels = wl_alloc_array(alloc, set->n, sizeof(*labels));
    wl_status status = WL_OK;
    if (margins == NULL || labels == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory to calibrate on %zu texts", set->n);
    }
    for (size_t o = 0; o < scale->n_outputs && status == WL_OK; o++) {
        fit_sigmoid(held, o, scale, margins, labels);
    }
    wl_alloc_free(alloc, margins);
    wl_alloc_free(alloc, labels);
    return status;
}

/* -- threshold -- */

struct said {
    double p;
    bool is_right;
};

static int by_falling_p(const void *left, const void *right)
{
    const struct said *a = left;
    const struct said *b = right;

    return (a->p < b->p) - (a->p > b->p);
}

static struct said best_of(const struct wl_text_set *set, const double *p, size_t i)
{
    size_t best = 0;

    for (size_t l = 1; l < set->n_labels; l++) {
        best = p[l] > p[best] ? l : best;
    }
    bool is_right = set->task == WL_TEXT_ONE ? set->labels[i] == best
                                             : set->marks[i * set->n_labels + best] != 0;
    return (struct said){.p = p[best], .is_right = is_right};
}

wl_status wl_text_threshold(const wl_alloc *alloc, const struct wl_text_set *set, const double *p,
                            double precision_wanted, double *threshold, wl_error *error)
{
    struct said *said = wl_alloc_array(alloc, set->n, sizeof(*said));
    double found = 1.0;
    size_t n_right = 0;

    if (said == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a threshold over %zu texts", set->n);
    }
    for (size_t i = 0; i < set->n; i++) {
        said[i] = best_of(set, p + i * set->n_labels, i);
    }
    qsort(said, set->n, sizeof(*said), by_falling_p);
    for (size_t i = 0; i < set->n; i++) {
        n_right += said[i].is_right;
        bool is_step = i + 1 == set->n || said[i + 1].p < said[i].p; // equal ones go together
        if (is_step && (double)n_right >= precision_wanted * (double)(i + 1)) {
            found = said[i].p;
        }
    }
    wl_alloc_free(alloc, said);
    *threshold = found;
    return WL_OK;
}
