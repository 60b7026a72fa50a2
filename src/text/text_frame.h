/* The frame of text.wlt, the same for every kind of text model, and the JSON head that says which
 * kind it is. docs/formats/text_model.md has the layout.
 *
 *   magic 8 | version u32 | payload bytes u64 | payload | SHA-256 of all before it, 64 hex digits
 *
 * A payload begins with its head: u32 bytes, then a JSON object. The digest finds accidents only;
 * whoever reads a payload checks every size and number in it. */
#ifndef WL_TEXT_TEXT_FRAME_H
#define WL_TEXT_TEXT_FRAME_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/json_write.h"
#include "data/node.h"
#include "text/classifier.h"

/* wl_text_frame_begin - magic, version and room for the length; gives where the frame begins.
 * wl_text_frame_end - set the length and add the digest; a buffer that failed stays as it is. */
size_t wl_text_frame_begin(struct wl_buf *buf);
void wl_text_frame_end(struct wl_buf *buf, size_t begin);

/* wl_text_frame_open - the payload of a whole file; borrowed from bytes.
 * Cost:    one pass over the bytes for the digest.
 * Errors:  WL_ECORRUPT  not a text model, cut, too long or damaged.  WL_EVERSION. */
WL_MUST_CHECK wl_status wl_text_frame_open(struct wl_str bytes, struct wl_str *payload,
                                           wl_error *error);

/* wl_text_frame_head - parse the head at the start of a payload.
 *   reader  (out) stands behind the head.
 * Errors:  WL_ECORRUPT, and those of wl_json_parse. */
WL_MUST_CHECK wl_status wl_text_frame_head(struct wl_arena *arena, struct wl_str payload,
                                           struct wl_reader *reader, struct wl_node **head,
                                           wl_error *error);

/* wl_text_head_put - members that every head has: algorithm, task, labels, none, threshold. */
void wl_text_head_put(struct wl_json_writer *json, const struct wl_text_about *about);

/* wl_text_head_read - the other way round, checked.
 *   algorithm  (in)  what the head must say; literal, kept in about.
 *   about      (out) labels lie in arena.
 * Errors:  WL_ECORRUPT  another algorithm, or a member out of range.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_head_read(const struct wl_node *head, const char *algorithm,
                                          struct wl_arena *arena, struct wl_text_about *about,
                                          wl_error *error);

/* wl_text_head_whole - a whole number 0 .. most under key, or most + 1 when there is none. */
uint32_t wl_text_head_whole(const struct wl_node *head, const char *key, uint32_t most);

/* wl_text_head_flag - a flag under key. Returns false when there is none. */
bool wl_text_head_flag(const struct wl_node *head, const char *key, bool *flag);

/* wl_text_frame_cut - WL_ECORRUPT: "text model: WHERE is cut or out of range". */
wl_status wl_text_frame_cut(wl_error *error, const char *where);

#endif
