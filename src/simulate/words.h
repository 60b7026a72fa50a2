/* Sentences of customers, from phrase tables: opener, complaint, detail, closing, in the customer's
 * language. The tables are data; a new reason is a new row. */
#ifndef WL_SIMULATE_WORDS_H
#define WL_SIMULATE_WORDS_H
#include "base/buf.h"
#include "simulate/life.h"

/* Phrases of one part of a sentence; slots in braces: {n} a number, {cat} a category, {when} a
 * time, {money} a price, {dev} a device. */
struct wl_sim_phrases {
    const char *const *items; /* (n_items) */
    size_t n_items;
};

/* wl_sim_topic_phrases - what is said about a topic; wl_sim_detail_phrases - what is added (may be
 * empty). wl_sim_opener_phrases, wl_sim_closer_phrases - how a tone begins and ends. */
struct wl_sim_phrases wl_sim_topic_phrases(enum wl_sim_topic topic, bool is_zh);
struct wl_sim_phrases wl_sim_detail_phrases(enum wl_sim_topic topic, bool is_zh);
struct wl_sim_phrases wl_sim_opener_phrases(enum wl_sim_tone tone, bool is_zh);
struct wl_sim_phrases wl_sim_closer_phrases(enum wl_sim_tone tone, bool is_zh);

/* wl_sim_words_write - the words of a text: same text, same words. No quotes, no line ends. */
void wl_sim_words_write(const struct wl_sim_text *text, struct wl_buf *buf);

/* wl_sim_topic_key - label of the corpus; wl_sim_text_channel_key - where it was written. */
const char *wl_sim_topic_key(enum wl_sim_topic topic);
const char *wl_sim_text_channel_key(enum wl_sim_text_channel channel);

#endif
