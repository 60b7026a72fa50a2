/* text.wlt of any kind: the head of the file says which one. */
#ifndef WL_NN_TEXT_FILE_H
#define WL_NN_TEXT_FILE_H
#include "text/classifier.h"

/* wl_text_classifier_decode - a classifier from the bytes of a file; borrowed.
 * Cost:    O(bytes).
 * Errors:  WL_ECORRUPT, WL_EVERSION, WL_ELIMIT  not a whole model file of ours.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_classifier_decode(const wl_alloc *alloc, struct wl_str bytes,
                                                  struct wl_text_classifier **classifier_out,
                                                  wl_error *error);

/* wl_text_classifier_open - read a file; free with wl_text_classifier_free.
 * Errors:  as above, and those of wl_file_read. */
WL_MUST_CHECK wl_status wl_text_classifier_open(const char *path, const wl_alloc *alloc,
                                                struct wl_text_classifier **classifier_out,
                                                wl_error *error);

#endif
