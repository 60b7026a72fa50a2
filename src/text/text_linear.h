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

#endif
