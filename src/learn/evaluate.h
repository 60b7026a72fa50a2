/* How good predictions were, honestly: every figure with its interval and its n, beside the base
 * rate, the majority and the baselines; or the words "not measurable yet" and why.
 *
 *   gates: {min_rows: 400, min_per_class: 100, min_auc: 0.85, min_accuracy: 0.82,
 *           too_good_auc: 0.98} */
#ifndef WL_LEARN_EVALUATE_H
#define WL_LEARN_EVALUATE_H
#include "base/buf.h"
#include "data/schema.h"
#include "math/bootstrap.h"
#include "math/statistics.h"

/* Thresholds; 0 switches min_auc and min_accuracy off. */
struct wl_gates {
    int64_t min_rows;
    int64_t min_per_class;
    double min_auc;
    double min_accuracy;
    double too_good_auc; /* above it: look for leakage or demonstration data */
};

/* wl_gates_read - the `gates:` section; NULL gives 400, 100, off, off, 0.98.
 * Errors:  WL_ECONFIG. */
WL_MUST_CHECK wl_status wl_gates_read(struct wl_arena *arena, const struct wl_node *node,
                                      struct wl_gates *gates, wl_error *error);

/* wl_gate_rows - enough rows to learn from or to judge on?
 * Errors:  WL_EGATE  too few rows or too few of a class, and not forced. */
WL_MUST_CHECK wl_status wl_gate_rows(const struct wl_gates *gates, size_t n_rows, size_t n_positive,
                                     bool is_forced, wl_error *error);

/* Every figure; rows 1 to 7 of the metric matrix. */
#define WL_METRIC_MAP(X)                                                                           \
    X(AUC, "auc", "AUC", "AUC")                                                                    \
    X(AUC_POOLED, "auc_pooled", "AUC, folds pooled", "AUC（各折合并）")                            \
    X(PR_AUC, "pr_auc", "PR-AUC", "PR-AUC")                                                        \
    X(LIFT_10, "lift_10", "lift, top 10 %", "提升度（前 10 %）")                                   \
    X(PRECISION, "precision", "precision", "精确率")                                               \
    X(RECALL, "recall", "recall", "召回率")                                                        \
    X(F1, "f1", "F1, leavers", "F1（流失）")                                                       \
    X(F1_MACRO, "f1_macro", "F1, macro", "F1（宏平均）")                                           \
    X(F1_WEIGHTED, "f1_weighted", "F1, weighted", "F1（加权）")                                    \
    X(ACCURACY, "accuracy", "accuracy", "准确率")                                                  \
    X(MAJORITY, "majority_accuracy", "accuracy of the majority", "多数类准确率")                   \
    X(BASE_RATE, "base_rate", "base rate", "流失率")                                               \
    X(ECE, "ece", "calibration error", "校准误差")                                                 \
    X(BRIER, "brier", "Brier score", "Brier 分数")                                                 \
    X(BRIER_SKILL, "brier_skill", "Brier skill", "Brier 技巧分")                                   \
    X(LOG_LOSS, "log_loss", "log loss", "对数损失")

enum wl_metric_id {
#define X(name, key, en, zh) WL_METRIC_##name,
    WL_METRIC_MAP(X)
#undef X
        WL_METRIC_COUNT
};

/* One figure. */
struct wl_metric {
    double value; /* NaN: not measurable yet */
    double low;   /* 95 % interval; NaN: none */
    double high;
    double n;           /* denominator: rows, flagged rows or leavers, as the metric has it */
    const char *method; /* of the interval, English; static */
    const char *why;    /* not measurable: the reason, English; static; NULL otherwise */
    const char *why_zh;
};

/* wl_metric_key - "auc"; wl_metric_label - for people, zh or en. */
const char *wl_metric_key(enum wl_metric_id id);
const char *wl_metric_label(enum wl_metric_id id, const char *language);

/* Scores of something simpler to stand beside the model; higher = likelier to leave. Borrowed. */
struct wl_baseline_scores {
    const char *name;
    const double *score; /* (N) finite */
};

#define WL_BASELINES_MAX 8

/* What is judged. Everything is borrowed and must outlive the evaluation (names) or the call. */
struct wl_evaluate_input {
    const char *set;   /* name of the data, for the reports */
    const char *model; /* name of the model */
    size_t n_rows;
    const uint8_t *y;        /* (N) 1 left, 0 stayed */
    const double *p;         /* (N) calibrated probability, 0..1 */
    const double *margin;    /* (N) what rows are ranked by; NULL: p */
    const uint32_t *user;    /* (N) 0 .. n_users - 1 */
    size_t n_users;          /* of the numbering; users without rows do not matter */
    const int64_t *as_of_us; /* (N) or NULL: no dates */
    const uint32_t *fold;    /* (N) fold that held the row out; NULL: one held-out period */
    size_t n_folds;          /* with fold: 2 .. WL_EVALUATION_FOLDS_MAX */
    double threshold;        /* on p, frozen on validation rows */
    int64_t horizon_us;      /* 0: none declared */
    int64_t lead_us;
    const char *split_en; /* wl_split_text in both languages; NULL: unknown */
    const char *split_zh;
    bool is_random;      /* divided at random and not by time */
    bool is_forced;      /* publish below the minimum, and mark it */
    const char *caution; /* what the workspace says of its data; NULL */
    size_t n_baselines;
    const struct wl_baseline_scores *baselines;
    struct wl_gates gates;
    size_t n_resamples; /* 0: 1000 */
    uint64_t seed;
    size_t n_threads;
};

/* Two baselines of their own kind: the model itself without the columns made of texts, and with
 * those alone. They say what text adds and are no rivals of the model. */
#define WL_BASELINE_NO_TEXT   "no_text"
#define WL_BASELINE_TEXT_ONLY "text_only"

/* Likewise without the column made of events in their order, and with that alone. */
#define WL_BASELINE_NO_SEQUENCE   "no_sequence"
#define WL_BASELINE_SEQUENCE_ONLY "sequence_only"

/* wl_baseline_is_ablation - whether a baseline is one of those four. */
bool wl_baseline_is_ablation(const char *name);

#define WL_EVALUATION_FOLDS_MAX  20
#define WL_EVALUATION_POINTS_MAX 200 /* of a curve: more than a screen shows */
#define WL_EVALUATION_DECILES    10
#define WL_EVALUATION_BUCKETS    20 /* of the score histogram: UX-5 */

struct wl_baseline_result {
    const char *name;
    struct wl_metric auc;
    struct wl_metric pr_auc;
    struct wl_metric lift_10;
    struct wl_metric auc_gain; /* AUC of the model minus AUC of the baseline, paired */
};

/* Everything a report needs; plain data, nothing to release. */
struct wl_evaluation {
    const char *set;
    const char *model;
    size_t n_rows;
    size_t n_positive;
    size_t n_users;
    size_t n_folds;   /* 1: one held-out period */
    int64_t first_us; /* observation dates; WL_TIME_NONE without */
    int64_t last_us;
    int64_t horizon_us;
    int64_t lead_us;
    double threshold;
    const char *split_en;
    const char *split_zh;
    const char *caution;
    bool is_random;
    bool is_below_minimum; /* published by force */
    bool is_too_good;      /* AUC above gates.too_good_auc */
    bool users_repeat;
    struct wl_metric metrics[WL_METRIC_COUNT];
    size_t n_baselines;
    struct wl_baseline_result baselines[WL_BASELINES_MAX];
    struct wl_confusion confusion;
    size_t n_points;
    struct wl_curve_point points[WL_EVALUATION_POINTS_MAX];
    struct wl_reliability reliability[WL_ECE_BINS];
    double decile_lift[WL_EVALUATION_DECILES]; /* of each tenth of the rows, riskiest first */
    double histogram[WL_EVALUATION_BUCKETS];   /* rows by p in steps of 0.05 */
};

/* wl_evaluate - judge predictions.
 *   evaluation  (out) untouched on failure.
 * The headline AUC ranks by margin. With folds it is the mean of the folds' AUCs, because margins
 * of models fitted apart are not one scale; the pooled AUC of the calibrated p stands beside it.
 * Cost:    O(resamples * N * (10 + 3 * baselines)), about 2 s for 10,000 rows on one core.
 * Errors:  WL_EGATE   too few rows, not forced.   WL_EINVAL  a score is not finite, a p outside
 *          0..1, a user, fold or threshold out of range; names the row.   WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_evaluate(const wl_alloc *alloc, const struct wl_evaluate_input *input,
                                    struct wl_evaluation *evaluation, wl_error *error);

/* wl_evaluation_gate - is the model good enough to go on? Call it after the figures are written.
 * Errors:  WL_EGATE  auc or accuracy below its gate; the message has the base rate and the
 *                    majority. */
WL_MUST_CHECK wl_status wl_evaluation_gate(const struct wl_evaluation *evaluation,
                                           const struct wl_gates *gates, wl_error *error);

/* wl_evaluation_json - everything as one JSON object, no line end. */
void wl_evaluation_json(const struct wl_evaluation *evaluation, struct wl_buf *text);

/* wl_evaluation_read - what wl_evaluation_json wrote, from a model's manifest; writing it again
 * gives the same bytes. Figures have the six digits that were written; texts live in arena.
 *   root        (in)  the map; borrowed.
 *   evaluation  (out) untouched on failure.
 * Errors:  WL_ESCHEMA  a key is missing, unknown, of a wrong kind or outside its bounds; names it.
 *          WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_evaluation_read(struct wl_arena *arena, const struct wl_node *root,
                                           struct wl_evaluation *evaluation, wl_error *error);

/* wl_evaluation_lines - one JSON line per figure, the baselines' too:
 * {"set":..,"model":..,"metric":"auc","value":..,"low":..,"high":..,"n":..}. What is not measurable
 * has "value":null,"status":"not_measurable_yet","why":"...". After the figures, one line per
 * warning of wl_evaluation_warnings, in English: {"set":..,"model":..,"warning":".."}, and what
 * text adds as {"set":..,"model":..,"note":".."}. */
void wl_evaluation_lines(const struct wl_evaluation *evaluation, struct wl_buf *text);

/* wl_evaluation_text - a page for people, zh or en. */
void wl_evaluation_text(const struct wl_evaluation *evaluation, const char *language,
                        struct wl_buf *text);

/* wl_evaluation_curve_csv - threshold, recall, false positive rate and precision of every point. */
void wl_evaluation_curve_csv(const struct wl_evaluation *evaluation, struct wl_buf *text);

/* wl_evaluation_text_gain - what text adds to the model, in one sentence, zh or en, no line end;
 * nothing when the evaluation has no WL_BASELINE_NO_TEXT. When the interval of the gain holds 0,
 * the sentence says that nothing is shown. */
void wl_evaluation_text_gain(const struct wl_evaluation *evaluation, const char *language,
                             struct wl_buf *text);

/* wl_evaluation_sequence_gain - likewise what the order of events adds, with
 * WL_BASELINE_NO_SEQUENCE. */
void wl_evaluation_sequence_gain(const struct wl_evaluation *evaluation, const char *language,
                                 struct wl_buf *text);

/* wl_evaluation_warnings - the warnings of a report, one per line, zh or en; nothing when there are
 * none: too good to be true, random split, below the minimum, the data's own caution. */
void wl_evaluation_warnings(const struct wl_evaluation *evaluation, const char *language,
                            struct wl_buf *text);

#endif
