/* The linear text classifier: what serving needs of it. Learning it is text_train.h; the file is
 * docs/formats/text_model.md. */
#ifndef WL_TEXT_TEXT_LINEAR_H
#define WL_TEXT_TEXT_LINEAR_H
#include "base/buf.h"
#include "text/classifier.h"

/* wl_text_classifier_encode - the classifier as the bytes of a model file, onto a sticky buffer.
 * Errors:  WL_EINVAL  the classifier is not a linear one. */
WL_MUST_CHECK wl_status wl_text_classifier_encode(const struct wl_text_classifier *classifier,
                                                  struct wl_buf *buf, wl_error *error);

/* wl_text_classifier_decode - a classifier from the bytes of a file; borrowed.
 * Cost:    O(bytes).
 * Errors:  WL_ECORRUPT, WL_EVERSION, WL_ELIMIT  not a whole model file of ours.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_classifier_decode(const wl_alloc *alloc, struct wl_str bytes,
                                                  struct wl_text_classifier **classifier_out,
                                                  wl_error *error);

/* wl_text_classifier_save - write a model file; wl_text_classifier_open - read one; free with
 * wl_text_classifier_free.
 * Errors:  as above, and those of wl_file_write and wl_file_read. */
WL_MUST_CHECK wl_status wl_text_classifier_save(const struct wl_text_classifier *classifier,
                                                const char *path, const wl_alloc *alloc,
                                                wl_error *error);
WL_MUST_CHECK wl_status wl_text_classifier_open(const char *path, const wl_alloc *alloc,
                                                struct wl_text_classifier **classifier_out,
                                                wl_error *error);

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
