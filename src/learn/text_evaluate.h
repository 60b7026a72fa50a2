/* How good a text model is, honestly: every figure with a 95 % interval by text or by group, beside
 * the simplest baselines on the same texts; what it costs to abstain; where it is wrong. */
#ifndef WL_LEARN_TEXT_EVALUATE_H
#define WL_LEARN_TEXT_EVALUATE_H
#include "learn/text_baseline.h"
#include "math/bootstrap.h"
#include "math/class_report.h"

/* Every figure. X(name, key, en, zh) */
#define WL_TEXT_METRIC_MAP(X)                                                                      \
    X(ACCURACY, "accuracy", "accuracy", "准确率")                                                  \
    X(MACRO_F1, "macro_f1", "F1, macro", "F1（宏平均）")                                           \
    X(MICRO_F1, "micro_f1", "F1, micro", "F1（微平均）")                                           \
    X(WEIGHTED_F1, "weighted_f1", "F1, weighted", "F1（加权）")                                    \
    X(MAJORITY, "majority_accuracy", "accuracy of the majority", "多数类准确率")                   \
    X(PR_AUC, "macro_pr_auc", "PR-AUC, mean of labels", "PR-AUC（各标签平均）")                    \
    X(ECE, "ece", "calibration error", "校准误差")                                                 \
    X(IN_SCOPE, "accuracy_in_scope", "accuracy in scope", "范围内准确率")                          \
    X(OOS_AUROC, "oos_auroc", "AUROC, out of scope", "范围外 AUROC")                               \
    X(OOS_RECALL, "oos_recall", "recall, out of scope", "范围外召回率")                            \
    X(OOS_PRECISION, "oos_precision", "precision, out of scope", "范围外精确率")

enum wl_text_metric_id {
#define X(name, key, en, zh) WL_TEXT_METRIC_##name,
    WL_TEXT_METRIC_MAP(X)
#undef X
        WL_TEXT_METRIC_COUNT
};

struct wl_text_metric {
    double value; /* NaN: not defined for this set */
    double low;   /* 95 %; NaN: none */
    double high;
    double n; /* denominator */
};

/* wl_text_metric_key - "accuracy"; wl_text_metric_label - for people, zh or en;
 * wl_text_metric_find - the number of a key, or WL_TEXT_METRIC_COUNT. */
const char *wl_text_metric_key(enum wl_text_metric_id id);
const char *wl_text_metric_label(enum wl_text_metric_id id, const char *language);
enum wl_text_metric_id wl_text_metric_find(struct wl_str key);

#define WL_TEXT_ERRORS_MAX     10 /* most certain errors shown */
#define WL_TEXT_CONFUSIONS_MAX 15 /* most frequent confusions shown */
#define WL_TEXT_MATRIX_MAX     12 /* labels up to which the whole matrix is shown */
#define WL_TEXT_ABSTAIN_ROWS   10
#define WL_TEXT_CURVE_MAX      4
#define WL_TEXT_PR_LABELS_MAX  20 /* labels up to which PR-AUC is resampled: it needs a sort each */

/* What is judged; everything is borrowed. */
struct wl_text_judged {
    const struct wl_text_data *data;
    const uint32_t *rows; /* (n) of data */
    size_t n;
    const double *p;          /* (n, n_labels) calibrated, by models that have not seen the row */
    uint32_t none;            /* label of texts out of scope, or WL_TEXT_NO_LABEL */
    double threshold;         /* of the model: below it an answer abstains */
    double oos_threshold;     /* below it a text counts as out of scope; NaN: only when said */
    const uint8_t *baselines; /* (n_baselines, n, n_labels) what each baseline says */
    const enum wl_text_baseline *baseline_ids; /* (n_baselines) */
    size_t n_baselines;                        /* at most WL_TEXT_BASELINES */
    size_t n_resamples;                        /* 0: 1000 */
    uint64_t seed;
    size_t n_threads;
};

struct wl_text_baseline_result {
    enum wl_text_baseline id;
    struct wl_text_metric accuracy;
    struct wl_text_metric macro_f1;
    struct wl_text_metric accuracy_gain; /* of the model over the baseline, paired */
    struct wl_text_metric macro_f1_gain;
};

struct wl_text_confusion {
    uint32_t truth;
    uint32_t said;
    double n;
};

struct wl_text_abstain {
    double threshold;
    double coverage; /* share of texts answered */
    double accuracy; /* of those; NaN: none answered */
};

struct wl_text_error {
    uint32_t row; /* of data */
    uint32_t said;
    double p;
};

struct wl_text_curve_point {
    size_t n; /* training texts */
    double accuracy;
    double macro_f1;
};

/* Everything a report needs. Pointers go into the arena given to wl_text_evaluate. */
struct wl_text_evaluation {
    const char *set; /* what the caller calls the data, the model, the split, the parameters */
    const char *model;
    const char *split_en;
    const char *split_zh;
    const char *goal; /* key of the figure the parameters were chosen for; NULL: not known */
    const char *parameters;
    size_t n_train;
    size_t n_copies; /* training rows left out because a test text says the same */
    size_t n_test;
    size_t n_groups; /* in the test; 0 without groups */
    enum wl_text_task task;
    const char *const *names; /* (n_labels) */
    size_t n_labels;
    uint32_t none;
    double threshold;
    double oos_threshold;
    struct wl_text_metric metrics[WL_TEXT_METRIC_COUNT];
    struct wl_text_baseline_result baselines[WL_TEXT_BASELINES];
    size_t n_baselines;
    struct wl_class_rates *rates; /* (n_labels + 3) and micro, macro, weighted */
    double *pr_auc;               /* (n_labels) average precision of each label's probability */
    double *counts;               /* (n_labels, n_labels) ONE: true by said; NULL for ANY */
    struct wl_text_confusion confusions[WL_TEXT_CONFUSIONS_MAX];
    size_t n_confusions;
    struct wl_text_abstain abstain[WL_TEXT_ABSTAIN_ROWS];
    size_t n_abstain;
    struct wl_text_error errors[WL_TEXT_ERRORS_MAX];
    size_t n_errors;
    struct wl_text_curve_point curve[WL_TEXT_CURVE_MAX]; /* filled by the caller */
    size_t n_curve;
};

/* wl_text_evaluate - judge.
 *   arena       (in,out) owns what evaluation points to.
 *   evaluation  (out) everything but what the caller fills: set, model, split, goal, parameters,
 *               n_train, n_copies, curve.
 * ANY: a label is said from p = 0.5 on; accuracy counts texts with all labels right. Macro F1 is
 * the mean over labels that occur or are said.
 * Cost:    O(resamples * n * (1 + baselines)); with n_labels for ANY.
 * Errors:  WL_EGATE  fewer than two texts.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_evaluate(struct wl_arena *arena,
                                         const struct wl_text_judged *judged,
                                         struct wl_text_evaluation *evaluation, wl_error *error);

/* wl_text_figures - accuracy and macro F1 alone, without intervals: for grids and curves. */
WL_MUST_CHECK wl_status wl_text_figures(const struct wl_text_data *data, const uint32_t *rows,
                                        size_t n, const double *p, double *accuracy,
                                        double *macro_f1, wl_error *error);

/* wl_text_oos_threshold - where "out of scope" begins: the best (recall out of scope + recall in
 * scope) of the largest probability in scope, on held-out training texts. Does not depend on how
 * many texts are out of scope. NaN when none is.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_oos_threshold(const struct wl_text_data *data, const uint32_t *rows,
                                              size_t n, const double *p, uint32_t none,
                                              double *threshold, wl_error *error);

/* wl_text_evaluation_text - the report for people, zh or en.
 *   data  (in) for the errors' texts, which are masked. */
WL_MUST_CHECK wl_status wl_text_evaluation_text(const struct wl_text_evaluation *evaluation,
                                                const struct wl_text_data *data,
                                                const char *language, struct wl_buf *text,
                                                wl_error *error);

/* A figure that must be reached: "accuracy=0.92". */
struct wl_text_want {
    enum wl_text_metric_id id;
    double value;
};
#define WL_TEXT_WANTS_MAX 8

/* wl_text_wants_read - "accuracy=0.92,macro_f1=0.9".
 * Errors:  WL_EINVAL  says what is possible. */
WL_MUST_CHECK wl_status wl_text_wants_read(struct wl_str text, struct wl_text_want *wants,
                                           size_t *n_wants, wl_error *error);

/* wl_text_evaluation_lines - one JSON line per figure: {"set","model","metric","value","low",
 * "high",
 * "n"}, with "target" and "reached" where one is wanted; then the baselines' figures and the
 * model's gain over them, "holds_zero" where the interval does. */
void wl_text_evaluation_lines(const struct wl_text_evaluation *evaluation,
                              const struct wl_text_want *wants, size_t n_wants,
                              struct wl_buf *text);

/* wl_text_evaluation_json - the figures as one JSON object, for the manifest. */
void wl_text_evaluation_json(const struct wl_text_evaluation *evaluation, struct wl_buf *text);

/* wl_text_evaluation_gate - every wanted figure is reached. Errors: WL_EGATE  names the first. */
WL_MUST_CHECK wl_status wl_text_evaluation_gate(const struct wl_text_evaluation *evaluation,
                                                const struct wl_text_want *wants, size_t n_wants,
                                                wl_error *error);

#endif
