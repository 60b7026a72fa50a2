/* How much an n-gram tells about the labels of a text, to give those more weight that do. */
#ifndef WL_TEXT_TEXT_TELL_H
#define WL_TEXT_TEXT_TELL_H
#include "text/text_corpus.h"
#include "text/text_train.h"

/* wl_text_tell - scale each column by how far the labels of its texts are from those of all texts:
 * factor = KL(labels given the n-gram || labels) ^ (power / 2), rates smoothed by 3 texts.
 *   is_in   (in)     (n_texts) 1: the text may be learnt from.
 *   factor  (in,out) (n_columns) multiplied; 0 stays 0. Several labels per text: unchanged.
 * Cost:    O(entries + columns), scratch of that size.
 * Errors:  WL_ENOMEM; factor is unchanged.
 * Source:  own; the idea is that of supervised term weighting, Debole & Sebastiani 2003, SAC. */
WL_MUST_CHECK wl_status wl_text_tell(const wl_alloc *alloc, const struct wl_text_corpus *corpus,
                                     const struct wl_text_set *set, const uint8_t *is_in,
                                     double power, float *factor, wl_error *error);

#endif
