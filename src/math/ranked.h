/* Scores in falling order beside their outcomes: sorted once, then every ranking and calibration
 * figure is one walk, with or without row weights (a bootstrap resample is a set of weights).
 *
 * Rows of equal score are one step everywhere, so no figure depends on the order of the input. */
#ifndef WL_MATH_RANKED_H
#define WL_MATH_RANKED_H
#include "base/alloc.h"

#include <stdint.h>

struct wl_ranked {
    const wl_alloc *alloc;
    size_t n_rows;
    size_t n_positive;
    uint32_t *row; /* (n_rows) owned: index of the row in the input */
    double *score; /* (n_rows) owned: falling */
    uint8_t *y;    /* (n_rows) owned: 1 left, 0 stayed, in the order of score */
};

/* wl_ranked_init - sort N rows by score.
 *   score  (in) (N) any finite number, higher = more likely to leave.
 *   y      (in) (N) 0 or 1.
 * Cost:    O(N log N), three arrays. Release with wl_ranked_release (zeroed is fine).
 * Errors:  WL_EINVAL  a score is not finite or an outcome is neither 0 nor 1; names the row.
 *          WL_ELIMIT  more than 2^32 - 1 rows.  WL_ENOMEM. ranked is untouched. */
WL_MUST_CHECK wl_status wl_ranked_init(struct wl_ranked *ranked, const wl_alloc *alloc,
                                       const double *score, const uint8_t *y, size_t n_rows,
                                       wl_error *error);
void wl_ranked_release(struct wl_ranked *ranked);

/* In all figures below:
 *   weight  (in) (N) how often each row counts, by its index in the input; NULL counts each once.
 * The result is NaN when it is not defined (a class without weight, no rows).
 * Cost:    O(N), no allocation.   Threads: any number, a ranking is read-only. */

/* wl_auc - area under the ROC curve: P(score of a leaver > score of a stayer), ties count half.
 * Source: Hanley & McNeil 1982, Radiology 143(1). */
double wl_auc(const struct wl_ranked *ranked, const uint32_t *weight);

/* wl_average_precision - area under the precision-recall curve as a step function:
 * sum of (recall_k - recall_k-1) * precision_k over the distinct scores.
 * Source: as scikit-learn's average_precision_score. */
double wl_average_precision(const struct wl_ranked *ranked, const uint32_t *weight);

/* wl_lift - rate of leavers among the top `share` of rows divided by the rate among all. When the
 * cut falls between equal scores, the expected value over their orders counts.
 *   share  (in) 0 < share <= 1; the cut is at share * N rows, a fraction allowed. */
double wl_lift(const struct wl_ranked *ranked, const uint32_t *weight, double share);

/* wl_brier - mean squared error of the scores as probabilities. Source: Brier 1950. */
double wl_brier(const struct wl_ranked *ranked, const uint32_t *weight);

/* wl_brier_skill - 1 - Brier / Brier of always saying the base rate; 0 = no better, 1 = perfect. */
double wl_brier_skill(const struct wl_ranked *ranked, const uint32_t *weight);

/* wl_log_loss - mean -log(probability given to what happened), in nats; probabilities are kept
 * 1e-15 away from 0 and 1, so that one certain mistake costs 34.5 and not infinity. */
double wl_log_loss(const struct wl_ranked *ranked, const uint32_t *weight);

#define WL_ECE_BINS 15 /* section 12, metric 7 */

/* wl_ece - expected calibration error: mean over n_bins equal-count bins of
 * |mean probability - rate of leavers|. Equal scores on an edge are shared out evenly.
 * Biased upwards: even a perfect model shows about sqrt(n_bins / N) / 3.
 * Source: Naeini, Cooper, Hauskrecht 2015, AAAI. */
double wl_ece(const struct wl_ranked *ranked, const uint32_t *weight, size_t n_bins);

/* One bin of a reliability table. */
struct wl_reliability {
    double n;      /* rows; a fraction where equal scores were shared out */
    double p_mean; /* mean probability said */
    double rate;   /* share that left */
};

/* wl_reliability - the table behind wl_ece, from the lowest scores up.
 *   bins  (out) (n_bins). */
void wl_reliability(const struct wl_ranked *ranked, const uint32_t *weight, size_t n_bins,
                    struct wl_reliability *bins);

/* Counts at a threshold: flagged means score >= threshold. Doubles, as weights may be large. */
struct wl_confusion {
    double tp; /* flagged and left */
    double fp; /* flagged and stayed */
    double fn; /* not flagged and left */
    double tn; /* not flagged and stayed */
};

/* wl_confusion_at - the four counts. Cost: O(N). */
struct wl_confusion wl_confusion_at(const struct wl_ranked *ranked, const uint32_t *weight,
                                    double threshold);

/* wl_best_f1_threshold - the score whose use as threshold gives the highest F1 of the leavers; the
 * highest such score on a tie. NaN without leavers. Freeze it on validation rows. */
double wl_best_f1_threshold(const struct wl_ranked *ranked);

/* One point of a curve, at one distinct score, from the highest down. */
struct wl_curve_point {
    double threshold;
    double recall;              /* true positive rate */
    double false_positive_rate; /* with recall: the ROC curve */
    double precision;           /* with recall: the PR curve */
};

/* wl_curve - ROC and PR points.
 *   points      (out) (n_points_max) evenly thinned, first and last distinct score kept.
 *   returns     number of points written; 0 when a class is empty.
 * Cost: O(N). */
size_t wl_curve(const struct wl_ranked *ranked, struct wl_curve_point *points, size_t n_points_max);

/* wl_delong_parts - what each row adds to AUC: for a leaver the share of stayers it is above (ties
 * half), for a stayer the share of leavers that are above it. Means over either class are the AUC.
 *   part  (out) (N) by index in the input.
 * Cost:    O(N) after the sort. Both classes must be present (our caller's bug otherwise).
 * Source:  Sun & Xu 2014, IEEE SPL 21(11), eq. 5-6, with ties as midranks. */
void wl_delong_parts(const struct wl_ranked *ranked, double *part);

/* wl_delong_covariance - covariance of two AUCs over the same rows, from their parts; the variance
 * when both are the same. NaN when a class has fewer than two rows.
 * Source:  DeLong, DeLong, Clarke-Pearson 1988, Biometrics 44(3). */
double wl_delong_covariance(const double *part_a, const double *part_b, const uint8_t *y,
                            size_t n_rows);

#endif
