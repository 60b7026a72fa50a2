/* Learning to read leaving from texts, without leaking: the value a row is trained on comes from a
 * text model that has not seen its customer, the value a held-out row is judged on from one that
 * has seen none of the held-out rows. Linked into the program only. */
#ifndef WL_JOURNEY_TRAIN_TEXTS_H
#define WL_JOURNEY_TRAIN_TEXTS_H
#include "base/progress.h"
#include "journey_text_churn.h"
#include "learn/label.h"
#include "learn/split.h"

/* Documents of labelled rows, and which of them must not be parted. */
struct wl_text_lab {
    struct wl_arena arena;   /* owns all below */
    size_t n_rows;           /* labelled */
    struct wl_str *texts;    /* (n_rows) no bytes: the row has no document */
    uint32_t *group;         /* (n_rows) the customer, or everybody who wrote the same */
    uint32_t *group_of_user; /* (n_users) of the labelled numbering */
    size_t n_groups;
    bool is_chinese; /* three documents in ten and more have Chinese characters */
};

/* wl_text_lab_init - documents of all labelled rows as of their dates.
 *   joins_same_text  (in) customers with a text in common form one group: for texts that many
 *                         share word for word, as an agent's notes.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_lab_init(struct wl_text_lab *lab, const wl_alloc *alloc,
                                         const struct wl_company *company,
                                         const struct wl_rows *rows,
                                         const struct wl_labelled *labelled, bool joins_same_text,
                                         wl_error *error);
void wl_text_lab_release(struct wl_text_lab *lab);

/* wl_text_lab_fold - values of the column for one fold.
 *   fold        (in)  rows to learn from and rows held out.
 *   values      (out) (n_rows) percent; NaN without a document and for rows of neither kind.
 *   classifier  (out) learned on all rows to learn from; NULL when there were too few texts, or
 *                     when on customers not seen they rank leavers no better than chance; that is
 *                     noticed and every value is NaN then.  May be NULL.
 * Cost:    one wl_text_train.
 * Errors:  those of wl_text_train but WL_EGATE. */
WL_MUST_CHECK wl_status wl_text_lab_fold(const struct wl_text_lab *lab,
                                         const struct wl_labelled *labelled,
                                         const struct wl_fold *fold, uint64_t seed,
                                         size_t n_threads, const struct wl_sink *sink,
                                         float *values, struct wl_text_classifier **classifier,
                                         wl_error *error);

#endif
