/* How GPT-2's vocabulary files write bytes: each of the 256 as a character that prints, so that
 * tokens can stand in JSON and between blanks. Bytes that print are themselves, the other 68 are
 * U+0100 .. U+0143: a blank is U+0120, a line end U+010A. */
#ifndef WL_TEXT_BPE_SHOWN_H
#define WL_TEXT_BPE_SHOWN_H
#include "base/arena.h"
#include "base/buf.h"

/* wl_bpe_show - bytes as these characters, added to buf. */
void wl_bpe_show(struct wl_str bytes, struct wl_buf *buf);

/* wl_bpe_unshow - the bytes that such characters write.
 *   shown  (in)  UTF-8.
 *   bytes  (out) in arena.
 * Errors:  WL_EPARSE  a character that writes no byte.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_bpe_unshow(struct wl_arena *arena, struct wl_str shown,
                                      struct wl_str *bytes, wl_error *error);

#endif
