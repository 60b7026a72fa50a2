/* Words with their part of speech, as jieba.posseg 0.42.1 gives them: "n" noun, "v" verb, "ns"
 * place, "x" other, ... Its rules are not those of plain cutting: "%" and "-" stand alone, and
 * unknown words come from a model of places and tags together.
 *
 * Caveats: a run of more than WL_POS_RUN_MAX single characters is decoded in pieces of this length,
 * so that a text of 16 MB needs no gigabyte. */
#ifndef WL_TEXT_POS_TAG_H
#define WL_TEXT_POS_TAG_H
#include "text/segmenter.h"

#define WL_POS_RUN_MAX 4096

struct wl_pos_token {
    uint32_t i_byte; /* where it begins in the text */
    uint32_t n_bytes;
    uint8_t tag;   /* for wl_pos_name */
    bool is_users; /* one of the user's own words */
};

/* Tagged words of one text and what finding them needs; reused from text to text. */
struct wl_pos_tokens {
    const wl_alloc *alloc;
    struct wl_pos_token *items; /* (n_items) */
    size_t n_items;
    size_t capacity;
    struct wl_route *route; /* scratch, (n_route) */
    size_t n_route;
    uint8_t *back; /* scratch, (n_back) */
    size_t n_back;
};

/* wl_pos_tokens_init - empty; takes no memory yet. wl_pos_tokens_release - give it back; zeroed is
 * fine. */
void wl_pos_tokens_init(struct wl_pos_tokens *tokens, const wl_alloc *alloc);
void wl_pos_tokens_release(struct wl_pos_tokens *tokens);

/* wl_pos_cut - the words of text with their tags, in its order; every byte belongs to one.
 *   text    (in) any bytes.
 *   tokens  (in,out) initialised; gets the words, empty on failure.
 * Cost:    O(bytes * longest word), and 1 us per character of an unknown word; no allocation once
 *          tokens has grown to the longest text.
 * Errors:  WL_ELIMIT  text above WL_LINE_BYTES_MAX.  WL_ENOMEM.
 * Threads: any number, each with its own tokens.
 * Source:  jieba.posseg 0.42.1. */
WL_MUST_CHECK wl_status wl_pos_cut(const struct wl_segmenter *segmenter, struct wl_str text,
                                   struct wl_pos_tokens *tokens, wl_error *error);

/* wl_pos_name - text of a tag; borrowed until wl_segmenter_add. */
struct wl_str wl_pos_name(const struct wl_segmenter *segmenter, uint8_t tag);

/* wl_pos_find - id of a tag's text, or WL_POS_NONE when the dictionary has no such tag. */
#define WL_POS_NONE 255
uint8_t wl_pos_find(const struct wl_segmenter *segmenter, struct wl_str name);

#endif
