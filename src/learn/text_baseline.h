/* The simplest things a text model must beat: the majority label, five keywords a label, and naive
 * Bayes over words. Words are runs of letters and digits; of Chinese, pairs of characters. */
#ifndef WL_LEARN_TEXT_BASELINE_H
#define WL_LEARN_TEXT_BASELINE_H
#include "learn/text_data.h"

enum wl_text_baseline {
    WL_TEXT_MAJORITY = 0,    /* the label most training texts have; ANY: labels most have */
    WL_TEXT_KEYWORDS = 1,    /* at most WL_TEXT_KEYWORDS_MAX words a label, chosen for F1 */
    WL_TEXT_NAIVE_BAYES = 2, /* multinomial over the different words of a text */
    WL_TEXT_LINEAR = 3,      /* the linear classifier of text_train.h, beside a network */
    WL_TEXT_BASELINES = 4
};

#define WL_TEXT_KEYWORDS_MAX 5

/* wl_text_baseline_name - "majority", "keywords", "naive_bayes"; for people in zh or en. */
const char *wl_text_baseline_name(enum wl_text_baseline baseline);
const char *wl_text_baseline_label(enum wl_text_baseline baseline, const char *language);

/* wl_text_baseline_run - learn on some rows, say the labels of others; all but WL_TEXT_LINEAR,
 * which is learned like any other model.
 *   marks  (out) (n_test, n_labels) 1 where the label is said; ONE: exactly one a row.
 * Cost:    O(texts * words); keywords: that times labels times WL_TEXT_KEYWORDS_MAX.
 * Errors:  WL_ENOMEM.
 * Source:  McCallum & Nigam 1998, binarised as Wang & Manning 2012; keywords: own, greedy F1. */
WL_MUST_CHECK wl_status wl_text_baseline_run(const struct wl_text_data *data,
                                             enum wl_text_baseline baseline, const uint32_t *train,
                                             size_t n_train, const uint32_t *test, size_t n_test,
                                             uint8_t *marks, wl_error *error);

#endif
