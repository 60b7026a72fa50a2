/* A model: features in, a calibrated probability of leaving out. One opaque object for every
 * algorithm, read-only once made, with no training library behind it. */
#ifndef WL_MODEL_MODEL_H
#define WL_MODEL_MODEL_H
#include "base/buf.h"
#include "math/calibrate.h"
#include "model/encoder.h"
#include "model/forest.h"
#include "model/linear.h"
#include "model/rule.h"

enum wl_algorithm {
    WL_ALGORITHM_XGBOOST = 0,  /* boosted trees */
    WL_ALGORITHM_LOGISTIC = 1, /* linear, on standardised columns */
    WL_ALGORITHM_RULE = 2,     /* points, or the rank of one feature */
    WL_ALGORITHM_LSTM = 3,     /* what a model of event sequences says, likewise below */
    WL_ALGORITHM_GRU = 4,
    WL_ALGORITHM_CNN = 5,
    WL_ALGORITHM_TRANSFORMER = 6
};

#define WL_SEQUENCE_FEATURE "sequence_churn" /* the column that a model of sequences fills */

/* wl_algorithm_name - "xgboost", "logistic", "rule", "lstm", "gru", "cnn", "transformer". */
const char *wl_algorithm_name(enum wl_algorithm algorithm);

/* wl_algorithm_is_sequence - one of the last four. */
bool wl_algorithm_is_sequence(enum wl_algorithm algorithm);

struct wl_model;

/* What a model says about itself; texts are the model's own. */
struct wl_model_about {
    struct wl_str label;    /* definition of churn, one line */
    struct wl_str metrics;  /* JSON object of its evaluation; "" before one */
    struct wl_str features; /* definition of the feature set it was trained on; "" unknown */
    struct wl_str text;     /* bytes of the text model that fills a column of it; "" none */
    struct wl_str sequence; /* bytes of the model of sequences that fills another; "" none */
    int64_t horizon_us;     /* leaves within this time after the lead; 0 unknown */
    int64_t lead_us;        /* time left to act */
};

/* wl_model_free - give all back; NULL is fine. */
void wl_model_free(struct wl_model *model);

/* wl_model_fallback - the rule baseline for a schema, without any training: what scores when no
 *   model file is there. Its probabilities are the logistic of the points, not calibrated.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_model_fallback(const wl_alloc *alloc, const struct wl_schema *schema,
                                          struct wl_model **model_out, wl_error *error);

/* wl_model_algorithm .. wl_model_calibrator - the parts, borrowed from the model. forest, linear
 * and rule are NULL unless the algorithm is theirs. */
enum wl_algorithm wl_model_algorithm(const struct wl_model *model);
const struct wl_schema *wl_model_schema(const struct wl_model *model);
const struct wl_encoder *wl_model_encoder(const struct wl_model *model);
const struct wl_forest *wl_model_forest(const struct wl_model *model);
const struct wl_linear *wl_model_linear(const struct wl_model *model);
const struct wl_rule *wl_model_rule(const struct wl_model *model);
const struct wl_calibrator *wl_model_calibrator(const struct wl_model *model);
const struct wl_model_about *wl_model_about(const struct wl_model *model);

/* wl_model_describe - set what the model says about itself; texts are copied. Call before the model
 * is shared between threads. Errors: WL_ENOMEM; nothing is changed. */
WL_MUST_CHECK wl_status wl_model_describe(struct wl_model *model,
                                          const struct wl_model_about *about, wl_error *error);

/* wl_model_check_schema - may rows of this schema be scored?
 * Errors:  WL_ESCHEMA  "model wants features 0a1b2c3d4e5f (42 columns), rows have ...". */
WL_MUST_CHECK wl_status wl_model_check_schema(const struct wl_model *model,
                                              const struct wl_schema *schema, wl_error *error);

/* wl_model_margin - raw log-odds of one row, before calibration; what contributions add up to.
 *   values  (in) (F) in the model's schema, NaN = missing.
 * Cost:    O(trees * depth), no allocation. Threads: any number. */
double wl_model_margin(const struct wl_model *model, const float *values);

/* wl_model_probability - calibrated probability of a margin, 0..1, never falling with it. */
double wl_model_probability(const struct wl_model *model, double margin);

/* wl_model_score_rows - margins and probabilities of all rows; the same bits for any n_threads.
 *   rows      (in)  of the model's schema.
 *   margin    (out) (n_rows), may be NULL.  p_churn (out) (n_rows), may be NULL.
 * Cost:    O(N * trees * depth), no allocation besides the threads.
 * Errors:  WL_ESCHEMA  as wl_model_check_schema; outputs are untouched. */
WL_MUST_CHECK wl_status wl_model_score_rows(const struct wl_model *model,
                                            const struct wl_rows *rows, size_t n_threads,
                                            double *margin, double *p_churn, wl_error *error);

/* wl_model_additive - for every model but a forest: each feature's part of the margin against the
 *   average training row; base + sum of contributions = margin.
 *   contributions  (out) (F).  base (out) margin of the average row, or without points (rule).
 * Returns false, writing nothing, for a forest: that takes TreeSHAP.
 * Cost:    O(terms), no allocation. */
bool wl_model_additive(const struct wl_model *model, const float *values, double *contributions,
                       double *base);

/* wl_model_encode - the model as the bytes of model.wlm (docs/formats/model.md); same model, same
 * bytes. Failures stay in buf. */
void wl_model_encode(const struct wl_model *model, struct wl_buf *buf);

/* wl_model_decode - read and check a model file; nothing in it is trusted.
 * Errors:  WL_ECORRUPT  not a model, cut, or damaged; says what.  WL_EVERSION  a newer format.
 *          WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_model_decode(const wl_alloc *alloc, struct wl_str bytes,
                                        struct wl_model **model_out, wl_error *error);

#endif
