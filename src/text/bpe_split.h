/* Where the words of byte-pair encoding end: the published patterns of GPT-2 and o200k. */
#ifndef WL_TEXT_BPE_SPLIT_H
#define WL_TEXT_BPE_SPLIT_H
#include "base/alloc.h"
#include "text/bpe.h"

struct wl_bpe_chars; /* what each character is to the patterns */

/* wl_bpe_chars_new - make the table, 1.1 MB; read-only afterwards. Free with wl_bpe_chars_free;
 * NULL is fine. Errors: WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_bpe_chars_new(const wl_alloc *alloc, struct wl_bpe_chars **out,
                                         wl_error *error);
void wl_bpe_chars_free(struct wl_bpe_chars *chars);

/* wl_bpe_split - end of the word that begins at byte `begin` < text.n_bytes; beyond begin.
 * Cost: O(bytes of the word), where a run of spaces counts as one. */
size_t wl_bpe_split(const struct wl_bpe_chars *chars, enum wl_bpe_pattern pattern,
                    struct wl_str text, size_t begin);

#endif
