/* What a draft may and must contain: slots such as {{offer.name}}, and fixed text around holes. It
 * works on the scores of next tokens, so that a text that breaks the rules is never made and
 * nothing has to be mended afterwards:
 *
 *   - a brace may only begin a slot of the list, and what was begun is written to its end;
 *   - the text cannot end before all slots it must have are there: where the model would end, it
 *     writes the next of them; before room runs out they are forced;
 *   - a template "Dear {{name}}, ___ See {{offer.name}}." is said word for word, and ___ is free.
 *
 * Tokens are bytes here: a slot may be one token or a letter each. */
#ifndef WL_NN_GENERATE_SLOTS_H
#define WL_NN_GENERATE_SLOTS_H
#include "base/buf.h"
#include "text/ids.h"

#define WL_SLOTS_MAX      32  /* of a text; bits of a word */
#define WL_SLOT_BYTES_MAX 128 /* "{{offer.name}}" has 14 */

/* What tokens are as text; a tokenizer, or a toy. */
struct wl_token_text {
    /* Text of a run of tokens, added to text. */
    void (*decode)(void *context, const int32_t *tokens, size_t n, struct wl_buf *text);
    /* Bytes of one token without any blank put between tokens; empty for special ones. */
    struct wl_str (*piece)(void *context, int32_t token);
    /* Tokens of a text, added to ids. */
    wl_status (*encode)(void *context, struct wl_str text, struct wl_ids *ids, wl_error *error);
    void *context;
    bool has_blanks; /* tokens carry their blanks, as byte-level ones do */
};

struct wl_slots_options {
    const struct wl_str *allowed; /* (n_allowed) "{{name}}" */
    size_t n_allowed;
    const struct wl_str *required; /* (n_required) added to the allowed ones */
    size_t n_required;
    struct wl_str template_; /* fixed text with holes "___"; empty: none */
    size_t hole_tokens_max;  /* of one hole; 0: as many as there is room for */
};

struct wl_slots;

/* wl_slots_new - compile the rules for a vocabulary.
 *   text     (in) kept until wl_slots_free.
 *   options  (in) copied; slots of the template are allowed too.
 *   end      (in) the token that ends a text.
 * Cost:    one pass over the vocabulary.
 * Errors:  WL_ECONFIG  a slot is not "{{...}}", the vocabulary cannot write it or the template, or
 *          a brace in the template begins no slot.  WL_ELIMIT  too many or too long slots.
 *          WL_ENOMEM. Free with wl_slots_free; NULL is fine. */
WL_MUST_CHECK wl_status wl_slots_new(const wl_alloc *alloc, const struct wl_token_text *text,
                                     size_t n_vocabulary, int32_t end,
                                     const struct wl_slots_options *options, struct wl_slots **out,
                                     wl_error *error);
void wl_slots_free(struct wl_slots *slots);

/* wl_slots_tokens_min - tokens that fixed text and required slots take: the least room needed. */
size_t wl_slots_tokens_min(const struct wl_slots *slots);

/* Where a text stands; copied with it. All zero at the beginning. */
struct wl_slots_state {
    uint32_t open;   /* bits of the slots that what was begun may become */
    uint32_t n_open; /* bytes of it; 0: outside */
    uint32_t seen;   /* bits of the slots that are there */
    uint32_t part;   /* of the template */
    uint32_t place;  /* tokens of that part said */
    uint32_t forced; /* slot being written because it must, + 1 */
    uint32_t forced_place;
    uint32_t would_end; /* what the model is given in place of the end: a slot + 1, or fixed text */
};

/* wl_slots_filter - take away what may not come next, and put what must where the end would be.
 *   n_left  (in)     tokens there is room for.
 *   state   (in,out) as wl_slots_take left it.
 *   scores  (in,out) (V) scores or logarithms of probabilities. */
void wl_slots_filter(const struct wl_slots *slots, struct wl_slots_state *state, size_t n_left,
                     float *scores);

/* wl_slots_take - token was chosen. */
void wl_slots_take(const struct wl_slots *slots, struct wl_slots_state *state, int32_t token);

/* wl_slots_may_end - nothing is open or missing. */
bool wl_slots_may_end(const struct wl_slots *slots, const struct wl_slots_state *state);

/* wl_slots_check - the rules once more on a finished text, whoever wrote it.
 *   found  (out) what is wrong, in the text or a slot's name; empty when all is well. */
struct wl_str wl_slots_check(const struct wl_slots *slots, struct wl_str text);

#endif
