/* Token by token with a GPT: keys and values of what was read are kept, so that a new token costs
 * one row per text and not the whole text again. Several texts ("beams") go on side by side from
 * one beginning; a beam is a list of the rows it has read, so that beams share their past and
 * taking up another one's is copying numbers, never keys.
 *
 *     cache    (L, rows, 2 C)  keys, then values, in the operands' number; a row is written once
 *     rows     (beams, T)      which row of the cache holds position t of a beam
 *
 * Caveats: a decoder uses its model's planned memory, so one decoder at a time per model. The row
 * of a beam that was left behind is not used again before the next start: the cache has room for
 * the beginning and for every beam at every step.
 *
 * Equal to the forward pass of the whole text within 1e-5 in float (tests/plain/nn). */
#ifndef WL_NN_GPT_DECODE_H
#define WL_NN_GPT_DECODE_H
#include "nn/generate.h"
#include "nn/gpt.h"

struct wl_gpt_decode;

struct wl_gpt_decode_options {
    size_t n_prompt_max; /* tokens of a beginning; 1 at least */
    size_t n_new_max;    /* steps after it */
    size_t n_beams_max;  /* 1..WL_GPT_BEAMS_MAX */
    enum wl_number number;
};

#define WL_GPT_BEAMS_MAX ((size_t)64) /* more find nothing better and cost as many rows a step */

/* wl_gpt_decode_new - plan the model for use and make room for its past.
 *   gpt   (in) with its weights; kept, and its plan replaced, until wl_gpt_decode_free.
 *   gemm  (in) kept likewise.
 * Cost:    packs all weights; (n_prompt + n_beams n_new) * 2 C * L numbers.
 * Errors:  WL_EINVAL  a size of 0, or more beams than the ceiling.
 *          WL_ELIMIT  more tokens than the model has positions.  WL_ENOMEM, WL_ELIBRARY.
 * Free with wl_gpt_decode_free; NULL is fine. */
WL_MUST_CHECK wl_status wl_gpt_decode_new(struct wl_gpt *gpt, struct wl_gemm *gemm,
                                          const struct wl_gpt_decode_options *options,
                                          struct wl_gpt_decode **out, wl_error *error);
void wl_gpt_decode_free(struct wl_gpt_decode *decode);

/* wl_gpt_decode_start - read a beginning; from here on there is one beam.
 *   logits  (out) (V) scores of the token after it; valid until the next call.
 * Errors:  WL_EINVAL  no tokens.  WL_ELIMIT  more than planned.  WL_ERANGE  an id the model does
 *          not have. */
WL_MUST_CHECK wl_status wl_gpt_decode_start(struct wl_gpt_decode *decode, const int32_t *tokens,
                                            size_t n_tokens, const float **logits, wl_error *error);

/* wl_gpt_decode_step - one token for each beam that goes on.
 *   from    (in)  (n_beams) which of the present beams each goes on from; one may be taken by
 *                 several, or by none.
 *   tokens  (in)  (n_beams) what each has just said.
 *   logits  (out) (n_beams, V) scores of the next; valid until the next call.
 * Cost:    one row per beam through the layers, and attention over its past.
 * Errors:  WL_ELIMIT  beyond the planned steps, beams or positions.  WL_ERANGE  as above, or a beam
 *          there is not. The state is as before. WL_ELIBRARY, WL_ENOMEM: start again. */
WL_MUST_CHECK wl_status wl_gpt_decode_step(struct wl_gpt_decode *decode, const uint32_t *from,
                                           const int32_t *tokens, size_t n_beams,
                                           const float **logits, wl_error *error);

/* wl_gpt_decode_next - the same two calls, as what wl_generate asks; decode is kept. */
struct wl_next_tokens wl_gpt_decode_next(struct wl_gpt_decode *decode);

/* wl_gpt_decode_past - tokens each beam has read. */
size_t wl_gpt_decode_past(const struct wl_gpt_decode *decode);

#endif
