/* A byte-level vocabulary of one's own: from texts, the pairs of tokens that stand side by side
 * most often are joined, one after the other, until there are enough tokens. Any text can be
 * written with it, because the 256 bytes are its first tokens. */
#ifndef WL_TEXT_BPE_LEARN_H
#define WL_TEXT_BPE_LEARN_H
#include "text/bpe.h"

struct wl_bpe_learnt {
    const wl_alloc *alloc;
    uint32_t (*pairs)[2];  /* (n_merges) the two tokens that token 256 + i is made of */
    struct wl_str *tokens; /* (256 + n_merges) their bytes, byte b being token b */
    size_t n_merges;
    char *bytes; /* of all tokens; owned, like the rest */
};

/* wl_bpe_learn - learn a vocabulary.
 *   texts         (in) (n) borrowed.
 *   n_tokens_max  (in) tokens wanted, 256 bytes included; fewer when no pair occurs twice.
 * Cost:    O(merges * bytes of the distinct words).
 * Errors:  WL_EINVAL  fewer than 256 tokens, or more than WL_VOCABULARY_MAX.  WL_ENOMEM.
 * Source:  Sennrich, Haddow, Birch 2016, algorithm 1; equal pairs: the smaller numbers first.
 * Release with wl_bpe_learnt_release; zeroed is fine. */
WL_MUST_CHECK wl_status wl_bpe_learn(const wl_alloc *alloc, const struct wl_str *texts, size_t n,
                                     size_t n_tokens_max, enum wl_bpe_pattern pattern,
                                     struct wl_bpe_learnt *learnt, wl_error *error);
void wl_bpe_learnt_release(struct wl_bpe_learnt *learnt);

#endif
