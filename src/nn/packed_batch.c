/* Three arrays of ids and one of starts. Rounding happens on every addition, so a batch is always
 * ready for use. */
#include "nn/packed_batch.h"

#include "base/limits.h"

#include <string.h>

static size_t round_rows(size_t n)
{
    return (n + WL_NN_ROWS_ROUND - 1) / WL_NN_ROWS_ROUND * WL_NN_ROWS_ROUND;
}

wl_status wl_packed_batch_init(struct wl_packed_batch *batch, const wl_alloc *alloc,
                               size_t rows_max, size_t texts_max, wl_error *error)
{
    size_t n = round_rows(rows_max);
    struct wl_packed_batch made = {.alloc = alloc, .rows_max = n, .texts_max = texts_max};

    made.tokens = wl_alloc_zeroed(alloc, n, sizeof(*made.tokens));
    made.positions = wl_alloc_zeroed(alloc, n, sizeof(*made.positions));
    made.segments = wl_alloc_zeroed(alloc, n, sizeof(*made.segments));
    made.starts = wl_alloc_zeroed(alloc, texts_max + 1, sizeof(*made.starts));
    if (made.tokens == NULL || made.positions == NULL || made.segments == NULL ||
        made.starts == NULL) {
        wl_packed_batch_release(&made);
        return wl_fail(error, WL_ENOMEM, "no memory for a batch of %zu rows and %zu texts", n,
                       texts_max);
    }
    *batch = made;
    return WL_OK;
}

void wl_packed_batch_release(struct wl_packed_batch *batch)
{
    if (batch == NULL || batch->alloc == NULL) {
        return;
    }
    wl_alloc_free(batch->alloc, batch->tokens);
    wl_alloc_free(batch->alloc, batch->positions);
    wl_alloc_free(batch->alloc, batch->segments);
    wl_alloc_free(batch->alloc, batch->starts);
    *batch = (struct wl_packed_batch){0};
}

void wl_packed_batch_clear(struct wl_packed_batch *batch)
{
    memset(batch->tokens, 0, batch->n_rows * sizeof(*batch->tokens));
    memset(batch->positions, 0, batch->n_rows * sizeof(*batch->positions));
    memset(batch->segments, 0, batch->n_rows * sizeof(*batch->segments));
    batch->n_texts = 0;
    batch->n_rows = 0;
}

wl_status wl_packed_batch_add(struct wl_packed_batch *batch, const int32_t *tokens,
                              const int32_t *segments, size_t n_tokens, wl_error *error)
{
    size_t begin = batch->starts[batch->n_texts];

    if (n_tokens == 0) {
        return wl_fail(error, WL_EINVAL, "text %zu of the batch has no tokens", batch->n_texts);
    }
    if (n_tokens > batch->rows_max - begin || batch->n_texts == batch->texts_max) {
        return wl_fail(error, WL_ELIMIT, "batch of %zu rows and %zu texts has no room for %zu rows",
                       batch->rows_max, batch->texts_max, n_tokens);
    }
    for (size_t i = 0; i < n_tokens; i++) {
        batch->tokens[begin + i] = tokens[i];
        batch->positions[begin + i] = (int32_t)i;
        batch->segments[begin + i] = segments != NULL ? segments[i] : 0;
    }
    batch->n_texts++;
    batch->starts[batch->n_texts] = begin + n_tokens;
    batch->n_rows = round_rows(begin + n_tokens);
    return WL_OK;
}

static wl_status check_ids(const struct wl_packed_batch *batch, const int32_t *ids, size_t bound,
                           const char *what, wl_error *error)
{
    for (size_t b = 0; b < batch->n_texts; b++) {
        for (size_t i = batch->starts[b]; i < batch->starts[b + 1]; i++) {
            if (ids[i] < 0 || (size_t)ids[i] >= bound) {
                return wl_fail(error, WL_ERANGE, "%s %d at place %zu of text %zu is not below %zu",
                               what, ids[i], i - batch->starts[b], b, bound);
            }
        }
    }
    return WL_OK;
}

wl_status wl_packed_batch_check(const struct wl_packed_batch *batch, size_t n_vocabulary,
                                size_t n_positions, size_t n_segments, wl_error *error)
{
    WL_TRY(check_ids(batch, batch->tokens, n_vocabulary, "token", error));
    WL_TRY(check_ids(batch, batch->positions, n_positions, "position", error));
    return n_segments > 0 ? check_ids(batch, batch->segments, n_segments, "segment", error) : WL_OK;
}
