/* A model of scripts: a GPT-2 folder with a card that says which attributes it was trained with and
 * which slots its texts may have. It writes drafts; each is linted like a template and none is sent
 * before a person has approved it.
 *
 *     folder/                as nn/gpt_folder.h
 *     folder/wanliu_script.json   {"version":1,"attributes":[...],"slots":["{{brand}}",...]} */
#ifndef WL_COMPOSE_SCRIPT_MODEL_H
#define WL_COMPOSE_SCRIPT_MODEL_H
#include "compose/lint.h"
#include "compose/script_corpus.h"
#include "nn/generate.h"
#include "nn/gpt_folder.h"

struct wl_script_card {
    struct wl_text_list attributes;
    struct wl_text_list slots;
};

/* wl_script_card_init - empty. wl_script_card_release - give all back; zeroed is fine. */
void wl_script_card_init(struct wl_script_card *card, const wl_alloc *alloc);
void wl_script_card_release(struct wl_script_card *card);

/* wl_script_card_write - the file's bytes, appended to buf. wl_script_card_read - the other way.
 * Errors:  WL_EPARSE  not JSON, or lists of texts are missing.  WL_EVERSION.  WL_ENOMEM. */
void wl_script_card_write(const struct wl_script_card *card, struct wl_buf *buf);
WL_MUST_CHECK wl_status wl_script_card_read(struct wl_str bytes, struct wl_script_card *card,
                                            wl_error *error);

struct wl_script_model {
    const wl_alloc *alloc;
    struct wl_gpt_folder *folder; /* owned */
    struct wl_script_card card;
    bool
        has_card; /* a folder from elsewhere has none: any attribute, no slot but those asked for */
};

/* wl_script_model_open - read a folder. Errors: as wl_gpt_folder_open and wl_script_card_read.
 * Close with wl_script_model_close; a zeroed struct is fine. */
WL_MUST_CHECK wl_status wl_script_model_open(const wl_alloc *alloc, const char *path,
                                             const struct wl_sink *sink,
                                             struct wl_script_model *model, wl_error *error);
void wl_script_model_close(struct wl_script_model *model);

struct wl_script_request {
    struct wl_script_line line;    /* attributes; its text is not read */
    const struct wl_str *required; /* (n_required) slots that must occur */
    size_t n_required;
    struct wl_str template_;    /* fixed text with holes "___"; empty: none */
    const struct wl_str *stops; /* (n_stops) */
    size_t n_stops;
    struct wl_generate_options generate; /* end, stops, slots and text are set here */
    enum wl_number number;               /* WL_F32 or WL_BF16 */
};

/* A draft and what was found in it. */
struct wl_draft {
    struct wl_str text; /* in drafts->arena */
    size_t n_tokens;
    double log_p;
    double score;
    enum wl_generate_end end;
    struct wl_str broken; /* the slot whose rule does not hold, "UTF-8" or "repeats itself"; empty:
                             all is well */
};

struct wl_drafts {
    struct wl_arena arena;
    struct wl_draft *items; /* (n) best first; equal texts once */
    size_t n;
};

/* wl_script_model_draft - write drafts.
 *   drafts  (out) release with wl_drafts_release; untouched on failure.
 * One thread works, so the drafts are the same on any number of processors of one kind.
 * Errors:  WL_ELIMIT  attributes and text do not fit the model's positions; as wl_slots_new and
 *          wl_generate. */
WL_MUST_CHECK wl_status wl_script_model_draft(struct wl_script_model *model,
                                              const struct wl_script_request *request,
                                              struct wl_drafts *drafts, wl_error *error);
void wl_drafts_release(struct wl_drafts *drafts);

/* wl_draft_repeats - the text goes round in circles, as models do that have lost their way. Cost:
 * O(bytes^2). */
bool wl_draft_repeats(struct wl_str text);

/* wl_draft_lint - a draft as a template of its own: its slots declared, for one channel.
 *   library   (out) holds it; init'ed here, released by the caller after the findings.
 *   findings  (in,out) without "title": a draft has none yet.
 * Errors:  WL_ENOMEM, WL_ECONFIG. */
WL_MUST_CHECK wl_status wl_draft_lint(const struct wl_draft *draft, const wl_alloc *alloc,
                                      enum wl_channel channel, enum wl_language language,
                                      struct wl_library *library, struct wl_findings *findings,
                                      wl_error *error);

#endif
