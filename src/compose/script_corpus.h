/* Lines of a script corpus, "[男性,高消费,游戏爱好者] 您好……": whom a text is for, then the text.
 * What a model of scripts is trained on, and how it is asked. Attributes come from a list of
 * allowed ones: a model must not learn to speak of what it should not know, and nobody may ask it
 * to. */
#ifndef WL_COMPOSE_SCRIPT_CORPUS_H
#define WL_COMPOSE_SCRIPT_CORPUS_H
#include "compose/script_library.h"

#define WL_ATTRIBUTES_MAX      16 /* in front of one text; people read them */
#define WL_ATTRIBUTE_BYTES_MAX 64 /* "游戏爱好者" has 15 */

/* A list of texts, each once, in order of first sight. */
struct wl_text_list {
    const wl_alloc *alloc;
    struct wl_arena arena;
    struct wl_str *items; /* (n) */
    size_t n;
    size_t capacity;
};

/* wl_text_list_init - empty. wl_text_list_release - give all back; zeroed is fine. */
void wl_text_list_init(struct wl_text_list *list, const wl_alloc *alloc);
void wl_text_list_release(struct wl_text_list *list);
/* wl_text_list_add - append a copy unless it is there. Errors: WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_list_add(struct wl_text_list *list, struct wl_str text,
                                         wl_error *error);
bool wl_text_list_has(const struct wl_text_list *list, struct wl_str text);

/* wl_attributes_builtin - the attributes the starter corpus uses (risk, reason, channel) and some
 * usual ones, in Chinese and English. */
WL_MUST_CHECK wl_status wl_attributes_builtin(struct wl_text_list *list, wl_error *error);

/* wl_attributes_read - a list of one's own: one attribute a line; empty lines and those that begin
 * with # do not count. Errors: WL_EPARSE  with its line: an attribute cannot stand in brackets. */
WL_MUST_CHECK wl_status wl_attributes_read(struct wl_str file, struct wl_text_list *list,
                                           wl_error *error);

struct wl_script_line {
    struct wl_str attributes[WL_ATTRIBUTES_MAX]; /* (n_attributes) borrowed from the line */
    size_t n_attributes;
    struct wl_str text;
};

/* wl_attributes_parse - "男性,高消费" into line's attributes; commas of both kinds.
 *   allowed  (in) or NULL: any.
 * Errors:  WL_EPARSE  none, one that is empty or too long, one twice, or one with brackets, braces
 *          or control bytes.  WL_ERANGE  not allowed; the message names it.  WL_ELIMIT  too many.
 *          line is untouched. */
WL_MUST_CHECK wl_status wl_attributes_parse(struct wl_str text, const struct wl_text_list *allowed,
                                            struct wl_script_line *line, wl_error *error);

/* wl_script_line_read - a line of a corpus; borrows from it.
 * Errors:  as wl_attributes_parse; WL_EPARSE  no brackets in front, or no text behind them. */
WL_MUST_CHECK wl_status wl_script_line_read(struct wl_str bytes, const struct wl_text_list *allowed,
                                            struct wl_script_line *line, wl_error *error);

/* wl_script_line_write - the line again, without its end. wl_script_prompt - only its beginning,
 * "[男性,高消费] ": what a model is asked with. */
void wl_script_line_write(const struct wl_script_line *line, struct wl_buf *buf);
void wl_script_prompt(const struct wl_script_line *line, struct wl_buf *buf);

/* wl_script_slots - add the slots "{{...}}" of a text to a list. Errors: WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_script_slots(struct wl_str text, struct wl_text_list *slots,
                                        wl_error *error);

struct wl_corpus_options {
    uint32_t channels;  /* bit per enum wl_channel */
    uint32_t languages; /* bit per enum wl_language */
    double holdout;     /* share of templates whose lines go to the second file, 0..1 */
    uint64_t seed;      /* which these are */
};

struct wl_corpus_facts {
    size_t n_templates;
    size_t n_texts; /* different ones */
    size_t n_lines;
    size_t n_held_out; /* lines of the second file */
};

/* wl_script_corpus - a corpus to start from: every approved template of a library, with the slots
 * standing for themselves, with and without name and offer, once for each risk tier and reason it
 * is written for.
 *   lines     (in,out) lines are appended.
 *   held_out  (in,out) lines of whole templates kept apart, for measuring.
 * Errors:  WL_ENOMEM, WL_ELIMIT, and as rendering a template. */
WL_MUST_CHECK wl_status wl_script_corpus(const struct wl_library *library, const wl_alloc *alloc,
                                         const struct wl_corpus_options *options,
                                         struct wl_buf *lines, struct wl_buf *held_out,
                                         struct wl_corpus_facts *facts, wl_error *error);

#endif
