/* What the segmenter shares with the tagger, which cuts by other rules over the same words. */
#ifndef WL_TEXT_SEGMENTER_INSIDE_H
#define WL_TEXT_SEGMENTER_INSIDE_H
#include "text/segmenter.h"
#include "text/word_dict.h"
#include "text/word_steps.h"
#include "text/word_tree.h"

struct wl_segmenter {
    const wl_alloc *alloc;
    struct wl_word_dict dict;
    struct wl_word_steps steps;
    struct wl_word_tree user;
    uint64_t total;   /* of the dictionary and of the user's words */
    double log_total; /* its natural log */
};

struct wl_route {
    double score;    /* of the best path from this byte to the end of the block */
    uint32_t n_next; /* bytes of its first word */
};

/* What the dictionaries know of a string. */
struct wl_word_entry {
    uint32_t frequency; /* 0: it is no word, or taken out */
    uint8_t tag;        /* WL_TAG_X for what has none */
    bool is_users;      /* one of the user's own words */
};

/* wl_segmenter_route - the best path of words through text[begin, end), which holds nothing but
 * ASCII and characters of the dictionary's range.
 *   route  (out) (end - begin + 1); set where a character begins. */
void wl_segmenter_route(const struct wl_segmenter *segmenter, const char *text, size_t begin,
                        size_t end, struct wl_route *route);

/* wl_segmenter_look_up - what is known of a string. */
struct wl_word_entry wl_segmenter_look_up(const struct wl_segmenter *segmenter, const char *text,
                                          size_t n_bytes);

#endif
