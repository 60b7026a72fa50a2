/* Writing a text token by token: greedily, by beam search, or drawn by lot. Where scores come from
 * and what tokens mean are asked through two small interfaces, so that a toy model whose every path
 * can be enumerated is searched by the same code as a GPT.
 *
 * Greedy and beam search give the tokens of transformers' generate (5.x), scores and early end
 * included (tests/golden/nn). Everything random follows from the seed and the number of the text.
 *
 * What is generated is a draft: nothing here knows whether it is true, kind or allowed. */
#ifndef WL_NN_GENERATE_H
#define WL_NN_GENERATE_H
#include "nn/generate_scores.h"
#include "nn/generate_slots.h"

/* Where scores of next tokens come from; wl_gpt_decode_next makes one. */
struct wl_next_tokens {
    size_t n_vocabulary;
    size_t n_texts_max; /* side by side */
    /* As wl_gpt_decode_start and wl_gpt_decode_step. */
    wl_status (*start)(void *context, const int32_t *tokens, size_t n_tokens, const float **scores,
                       wl_error *error);
    wl_status (*step)(void *context, const uint32_t *from, const int32_t *tokens, size_t n_texts,
                      const float **scores, wl_error *error);
    void *context;
};

enum wl_generate_method {
    WL_GENERATE_GREEDY = 0, /* the best token each time */
    WL_GENERATE_BEAMS = 1,  /* the best texts that n_beams side by side find */
    WL_GENERATE_DRAWN = 2   /* by lot */
};

/* When a beam search with n_beams finished texts ends. */
enum wl_generate_early {
    WL_EARLY_UNLIKELY = 0, /* no going text scores better at its present length: transformers' False
                            */
    WL_EARLY_AT_ONCE = 1,  /* True */
    WL_EARLY_NEVER = 2     /* no going text can score better: "never" */
};

struct wl_generate_options {
    enum wl_generate_method method;
    size_t n_best;         /* texts wanted; 1 when greedy, at most n_beams of a search */
    size_t n_beams;        /* of a search */
    size_t n_new_min;      /* tokens before the end may come */
    size_t n_new_max;      /* tokens of a text, the end included */
    double length_penalty; /* score = log p / tokens^penalty: above 0 longer texts gain. 1 */
    enum wl_generate_early early;
    struct wl_sampling sampling; /* of texts drawn by lot */
    double repetition_penalty;   /* 1: none */
    size_t no_repeat_ngram;      /* so many tokens in a row occur once; 0: off */
    uint64_t seed;               /* of texts drawn by lot */
    int32_t end;                 /* token that ends a text; -1: none */
    const struct wl_str *stops;  /* (n_stops) a text ends in front of any of these; borrowed */
    size_t n_stops;
    const struct wl_slots *slots;     /* what it may and must contain; or NULL */
    const struct wl_token_text *text; /* for stops; or NULL without */
};

/* Why a text ended. */
enum wl_generate_end {
    WL_ENDED_BY_TOKEN = 0,
    WL_ENDED_BY_STOP = 1,
    WL_ENDED_BY_LENGTH = 2 /* n_new_max: cut, not finished */
};

struct wl_generated {
    int32_t *tokens; /* (n_tokens) without the beginning and the end token */
    size_t n_tokens;
    double log_p; /* logarithm of its probability, of what was left to choose from */
    double score; /* log_p / tokens^length_penalty, the end token counted */
    enum wl_generate_end end;
};

/* The texts, best first (drawn ones in order of drawing). */
struct wl_generated_texts {
    const wl_alloc *alloc;
    struct wl_generated *items; /* (n) */
    size_t n;
    int32_t *tokens; /* of all; owned */
};

/* wl_generate_options_default - greedy, up to 128 tokens, no penalties; temperature 1, all tokens.
 */
struct wl_generate_options wl_generate_options_default(void);

/* wl_generate - write texts after a beginning.
 *   next    (in)  one user at a time.
 *   prompt  (in)  (n_prompt) tokens of the beginning.
 *   texts   (out) release with wl_generated_texts_release; untouched on failure. A search may find
 *                 fewer than n_best when the vocabulary has no more.
 * Cost:    n_new_max steps of the model, and O(V) a step for each text.
 * Errors:  WL_EINVAL  options that do not fit; names them.
 *          WL_ELIMIT  no room for fixed text and required slots in n_new_max.
 *          WL_ENOTFOUND  nothing may be said: every token is excluded.  WL_ENOMEM, and the model's.
 * Threads: the same texts for any number, as far as the model gives the same scores. */
WL_MUST_CHECK wl_status wl_generate(const wl_alloc *alloc, const struct wl_next_tokens *next,
                                    const int32_t *prompt, size_t n_prompt,
                                    const struct wl_generate_options *options,
                                    struct wl_generated_texts *texts, wl_error *error);
void wl_generated_texts_release(struct wl_generated_texts *texts);

/* wl_generate_text - add a text's words to buf, cut in front of the first stop. */
void wl_generate_text(const struct wl_generate_options *options, const struct wl_token_text *text,
                      const struct wl_generated *generated, struct wl_buf *buf);

#endif
