/* What a linear text classifier can tell beyond what all can. Learning it is text_train.h. */
#ifndef WL_TEXT_TEXT_LINEAR_H
#define WL_TEXT_TEXT_LINEAR_H
#include "text/classifier.h"

/* A part of a text that spoke for a label. */
struct wl_text_span {
    uint32_t i_byte; /* in the text as it was given; whole characters */
    uint32_t n_bytes;
    double weight; /* what its n-grams add to the label's margin, > 0 */
};

#define WL_TEXT_SPANS_MAX 64

/* wl_text_why - which parts of a text speak for a label; n-grams that overlap are one part.
 *   label    (in)  number of a label.
 *   spans    (out) (n_spans_max) by falling weight; parts that speak against it are left out.
 *   n_spans  (out) how many there are; 0 when nothing speaks for the label.
 * Cost:    as wl_text_classify twice; no allocation once scratch has grown.
 * Errors:  WL_EINVAL  the classifier is not a linear one, there is no such label, or n_spans_max is
 *          above WL_TEXT_SPANS_MAX.  WL_ELIMIT, WL_ENOMEM as wl_text_classify.
 * Source:  own: a byte's share is the sum of weight * value of its n-grams, spread evenly over
 *          their bytes; it adds up to the margin less the bias. */
WL_MUST_CHECK wl_status wl_text_why(const struct wl_text_classifier *classifier, struct wl_str text,
                                    uint32_t label, struct wl_text_scratch *scratch,
                                    struct wl_text_span *spans, size_t n_spans_max, size_t *n_spans,
                                    wl_error *error);

#endif
