/* Texts of one step, packed: rows of all texts end to end, no padding between them. Rows are
 * rounded up to a multiple of WL_NN_ROWS_ROUND so that few different shapes of products occur; the
 * rows behind the last text hold token 0 and take part in nothing. */
#ifndef WL_NN_PACKED_BATCH_H
#define WL_NN_PACKED_BATCH_H
#include "base/alloc.h"

struct wl_packed_batch {
    int32_t *tokens;    /* (n_rows) */
    int32_t *positions; /* (n_rows) counted from 0 in each text */
    int32_t *segments;  /* (n_rows) 0, or 1 for a second sentence */
    size_t *starts;     /* (n_texts + 1) first row of each text; the last is the end */
    size_t n_texts;
    size_t n_rows; /* rounded up */
    size_t rows_max;
    size_t texts_max;
    const wl_alloc *alloc;
};

/* wl_packed_batch_init - room for so many rows (rounded up) and texts. Errors: WL_ENOMEM.
 * wl_packed_batch_release - give all back; a zeroed struct is fine. */
WL_MUST_CHECK wl_status wl_packed_batch_init(struct wl_packed_batch *batch, const wl_alloc *alloc,
                                             size_t rows_max, size_t texts_max, wl_error *error);
void wl_packed_batch_release(struct wl_packed_batch *batch);

/* wl_packed_batch_clear - no texts. */
void wl_packed_batch_clear(struct wl_packed_batch *batch);

/* wl_packed_batch_add - append a text of tokens; segments may be NULL: all 0.
 * Errors:  WL_ELIMIT  no room for it.  WL_EINVAL  no tokens. Nothing is changed. */
WL_MUST_CHECK wl_status wl_packed_batch_add(struct wl_packed_batch *batch, const int32_t *tokens,
                                            const int32_t *segments, size_t n_tokens,
                                            wl_error *error);

/* wl_packed_batch_check - every id is within these bounds. Errors: WL_ERANGE with text and place.
 */
WL_MUST_CHECK wl_status wl_packed_batch_check(const struct wl_packed_batch *batch,
                                              size_t n_vocabulary, size_t n_positions,
                                              size_t n_segments, wl_error *error);

#endif
