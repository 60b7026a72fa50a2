/* From a margin (raw log-odds) to a probability one can count on. Fitted on margins of rows the
 * model was not trained on; stored in the model. */
#ifndef WL_MATH_CALIBRATE_H
#define WL_MATH_CALIBRATE_H
#include "base/arena.h"

enum wl_calibration {
    WL_CALIBRATION_NONE = 0,    /* p = 1 / (1 + exp(-margin)) */
    WL_CALIBRATION_SIGMOID = 1, /* p = 1 / (1 + exp(-(slope * margin + intercept))), slope > 0 */
    WL_CALIBRATION_ISOTONIC = 2 /* rising line through knots; flat parts tie customers */
};

struct wl_calibrator {
    enum wl_calibration kind;
    double slope; /* sigmoid only, as below; > 0, so ranks never change */
    double intercept;
    const double *margins;       /* (n_knots) isotonic only, not falling; in the model's arena */
    const double *probabilities; /* (n_knots) not falling, within [0, 1] */
    size_t n_knots;
};

/* Held-out margins and what came true. */
struct wl_calibration_data {
    const double *margins; /* (n) */
    const uint8_t *labels; /* (n) 1 = left */
    const float *weights;  /* (n) >= 0, or NULL: all 1 */
    size_t n;
};

/* wl_calibrate_sigmoid - fit slope and intercept by maximum likelihood on smoothed targets, so that
 *   perfectly separated margins still give finite parameters. A slope that would not rise (margins
 *   that tell nothing, or the wrong way round) becomes 0.001: the base rate for everybody, ranks
 *   kept.
 * Cost:    O(n) for each of at most 100 Newton steps; no allocation.
 * Errors:  WL_EINVAL  no rows, one class only, or a margin that is not finite.
 * Source:  Platt 1999; Lin, Lin, Weng 2007, "A note on Platt's probabilistic outputs", alg. 1. */
WL_MUST_CHECK wl_status wl_calibrate_sigmoid(const struct wl_calibration_data *data,
                                             struct wl_calibrator *calibrator, wl_error *error);

/* wl_calibrate_isotonic - pool adjacent violators; straight lines between the blocks.
 *   arena  (in,out) owns the knots.
 * Cost:    O(n log n), scratch from arena's allocator.
 * Errors:  as above; WL_ELIMIT  more than WL_KNOTS_MAX knots; WL_ENOMEM.
 * Source:  Ayer et al. 1955; Zadrozny & Elkan 2002. */
WL_MUST_CHECK wl_status wl_calibrate_isotonic(struct wl_arena *arena,
                                              const struct wl_calibration_data *data,
                                              struct wl_calibrator *calibrator, wl_error *error);

/* wl_calibrator_apply - probability of a margin, within [0, 1]; never falls as margin rises. */
double wl_calibrator_apply(const struct wl_calibrator *calibrator, double margin);

/* wl_calibrator_check - knots in order, slope positive: called on what was read from outside.
 * Errors:  WL_ECORRUPT. */
WL_MUST_CHECK wl_status wl_calibrator_check(const struct wl_calibrator *calibrator,
                                            wl_error *error);

/* wl_sigmoid - 1 / (1 + exp(-x)) without overflow. */
double wl_sigmoid(double x);

#endif
