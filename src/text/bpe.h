/* Byte-level byte-pair encoding: the tokenizer of GPT-2 and of gpt-oss. A pattern splits the text
 * into words with their spaces; in each word the two neighbours that make the lowest-numbered token
 * are joined, again and again.
 *
 * Caveats: text is never taken for a special token: "<|end|>" in a customer's text is bytes like
 * any other. Every text has tokens, and the tokens give its bytes back. */
#ifndef WL_TEXT_BPE_H
#define WL_TEXT_BPE_H
#include "base/buf.h"
#include "base/str.h"
#include "text/ids.h"

struct wl_bpe;

#define WL_BPE_NONE UINT32_MAX /* no such token */

enum wl_bpe_pattern {
    WL_BPE_GPT2 = 0, /* GPT-2, GPT-3 */
    WL_BPE_O200K = 1 /* GPT-4o, gpt-oss */
};

/* wl_bpe_new - from tokens in order of merging.
 *   tokens  (in) (n) bytes, copied; a token's number is its place; an empty one is a gap.
 * Cost:    20 bytes a token and their bytes.
 * Errors:  WL_EPARSE  one of the 256 bytes is no token, or a token is there twice.
 *          WL_ELIMIT  more than WL_VOCABULARY_MAX.  WL_ENOMEM.
 * Free with wl_bpe_free; NULL is fine. */
WL_MUST_CHECK wl_status wl_bpe_new(const wl_alloc *alloc, const struct wl_str *tokens, size_t n,
                                   enum wl_bpe_pattern pattern, struct wl_bpe **out,
                                   wl_error *error);
void wl_bpe_free(struct wl_bpe *bpe);

/* wl_bpe_from_ranks - from the bytes of a .tiktoken file: a line is base64, a blank and a number.
 * Errors:  those of wl_bpe_new; WL_EPARSE also names the line. */
WL_MUST_CHECK wl_status wl_bpe_from_ranks(const wl_alloc *alloc, struct wl_str file,
                                          enum wl_bpe_pattern pattern, struct wl_bpe **out,
                                          wl_error *error);

/* wl_bpe_from_vocabulary - from a GPT-2 folder's vocab.json, whose keys write bytes as printable
 * characters. The special "<|endoftext|>" is a token like any other; no text becomes it, because
 * the pattern splits it.
 * Errors:  those of wl_bpe_new; WL_EPARSE  no map of numbers. */
WL_MUST_CHECK wl_status wl_bpe_from_vocabulary(const wl_alloc *alloc, struct wl_str json,
                                               struct wl_bpe **out, wl_error *error);

/* wl_bpe_encode - add the tokens of a text to ids.
 *   text  (in) any bytes; what is not UTF-8 is encoded byte for byte.
 * Cost:    O(n^2) in the bytes of a word up to 256, O(n log n) beyond.
 * Errors:  WL_ELIMIT  text above WL_LINE_BYTES_MAX.  WL_ENOMEM. ids is as before.
 * Threads: any number, each with its own ids.
 * Source:  Sennrich, Haddow, Birch 2016; patterns as published for the models. */
WL_MUST_CHECK wl_status wl_bpe_encode(const struct wl_bpe *bpe, struct wl_str text,
                                      struct wl_ids *ids, wl_error *error);

/* wl_bpe_decode - add the bytes of tokens to text; a number without a token adds nothing. */
void wl_bpe_decode(const struct wl_bpe *bpe, const uint32_t *ids, size_t n, struct wl_buf *text);

/* wl_bpe_token - bytes of a token, valid as long as bpe; empty when there is none. */
struct wl_str wl_bpe_token(const struct wl_bpe *bpe, uint32_t id);

/* wl_bpe_find - number of the token with these bytes, or WL_BPE_NONE. */
uint32_t wl_bpe_find(const struct wl_bpe *bpe, struct wl_str bytes);

/* wl_bpe_count - numbers in use: highest token + 1. */
size_t wl_bpe_count(const struct wl_bpe *bpe);

#endif
