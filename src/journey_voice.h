/* The voice of the customer at one moment: how much is written and how it sounds, what it is about,
 * and quotes. Counts what readers found (journey_texts.h); the page is report/report_voice.c. */
#ifndef WL_JOURNEY_VOICE_H
#define WL_JOURNEY_VOICE_H
#include "journey.h"
#include "report/report_voice.h"

/* wl_voice_fill - everything the page says, of texts known at a moment.
 *   journey   (in,out) loaded; its texts are read when they have not been.
 *   as_of_us  (in)     texts with text_us and received_us up to it count.
 *   arena     (in,out) owns what voice points at.
 *   voice     (out)    n_texts 0: there is nothing to say.
 * Cost:    O(texts * labels).
 * Errors:  those of wl_journey_read_texts; WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_voice_fill(struct wl_journey *journey, int64_t as_of_us,
                                      struct wl_arena *arena, struct wl_report_voice *voice,
                                      wl_error *error);

/* wl_voice_words - words that tell leavers from stayers, in the texts that were known on the latest
 * date that a model is judged on; nothing when there is no such date or a group wrote too little.
 *   voice  (in,out) words and n_words are set.
 * Cost:    O(bytes of those texts).
 * Errors:  those of the dictionary; WL_ENOMEM.
 * Source:  text/contrast.h, text/phrase.h. */
WL_MUST_CHECK wl_status wl_voice_words(struct wl_journey *journey, struct wl_arena *arena,
                                       struct wl_report_voice *voice, wl_error *error);

/* wl_voice_quote - a text as others may see it: names and numbers of persons masked, at most
 * n_characters, in the arena.
 * Errors:  WL_ENOMEM, WL_ELIMIT. */
WL_MUST_CHECK wl_status wl_voice_quote(struct wl_arena *arena, struct wl_str raw,
                                       size_t n_characters, bool is_zh, struct wl_str *quote,
                                       wl_error *error);

/* wl_reader_label - what a label is called in both languages; a label without names is its own. */
struct wl_label wl_reader_label(const struct wl_reader *reader, struct wl_str label);

#endif
