/* What stands behind a wl_text_classifier, for the files that make one (text_linear.c, rules.c,
 * nn/text_bert.c): they put this struct first into their own and fill it. Nobody else includes it.
 */
#ifndef WL_TEXT_CLASSIFIER_INSIDE_H
#define WL_TEXT_CLASSIFIER_INSIDE_H
#include "text/classifier.h"
#include "text/normalise.h"

struct wl_text_classifier {
    struct wl_text_about about;
    wl_status (*classify)(const struct wl_text_classifier *classifier, struct wl_str text,
                          struct wl_text_scratch *scratch, double *p, wl_error *error);
    void (*free)(struct wl_text_classifier *classifier);
    /* Bytes of a model file; NULL: the kind has none. */
    wl_status (*encode)(const struct wl_text_classifier *classifier, struct wl_buf *buf,
                        wl_error *error);
    /* Many texts at once; NULL: one after the other is as good. */
    wl_status (*classify_all)(const struct wl_text_classifier *classifier, const wl_alloc *alloc,
                              const struct wl_str *texts, size_t n, size_t n_threads, double *p,
                              wl_error *error);
};

/* Blocks of working memory; each has one user at a time within a call. */
enum wl_scratch_slot {
    WL_SCRATCH_TEXT,  /* the text as the classifier compares it */
    WL_SCRATCH_HITS,  /* rules: terms found */
    WL_SCRATCH_STATE, /* rules: what has been seen of each rule; all zero between calls */
    WL_SCRATCH_SLOTS
};

/* What a classifier of a higher layer keeps in a thread's working memory; put first into its own
 * struct. */
struct wl_scratch_guest {
    uint64_t owner; /* number of the classifier it was made for */
    void (*free)(struct wl_scratch_guest *guest);
    struct wl_scratch_guest *next;
};

struct wl_text_scratch {
    const wl_alloc *alloc;
    struct wl_scratch_guest *guests; /* owned */
    void *blocks[WL_SCRATCH_SLOTS];  /* (bytes[i]) owned */
    size_t bytes[WL_SCRATCH_SLOTS];
    struct wl_linear_scratch *linear; /* made by the first linear classifier that is asked; owned */
    struct wl_normal normal;          /* the text, normalised */
};

/* wl_linear_scratch_free - what a linear classifier keeps from text to text; NULL is fine. */
void wl_linear_scratch_free(struct wl_linear_scratch *scratch);

/* wl_scratch_room - a block of a slot with room for n_items, its content kept and zero where new.
 * Cost:    allocates only when it grows, at least twofold.
 * Errors:  WL_ENOMEM  the block stays as it was. */
WL_MUST_CHECK wl_status wl_scratch_room(struct wl_text_scratch *scratch, enum wl_scratch_slot slot,
                                        size_t n_items, size_t item_bytes, void **block_out,
                                        wl_error *error);

#endif
