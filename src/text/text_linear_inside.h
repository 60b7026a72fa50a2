/* The linear classifier's insides, shared by learning, serving and its file. */
#ifndef WL_TEXT_TEXT_LINEAR_INSIDE_H
#define WL_TEXT_TEXT_LINEAR_INSIDE_H
#include "base/arena.h"
#include "base/bytes.h"
#include "data/node.h"
#include "text/classifier_inside.h"
#include "text/normalise.h"
#include "text/text_scale.h"
#include "text/vocabulary.h"

/* Two labels of which one is right have one output, for label 1; else each label has one. */
struct wl_text_linear {
    struct wl_text_classifier base;
    const wl_alloc *alloc;
    struct wl_arena arena; /* names */
    struct wl_ngram_options options;
    bool binary;         /* weights as wl_tfidf_weigh has it */
    uint32_t normaliser; /* version of the normaliser it was learnt with */
    struct wl_vocabulary vocabulary;
    size_t n_outputs;
    size_t stride;     /* outputs and room behind them, so that rows of weights begin evenly */
    int8_t *weights;   /* (n_columns, stride) -127 .. 127, in units of the column's scale; owned */
    float *scale;      /* (n_columns) >= 0; owned */
    double *bias;      /* (n_outputs) owned */
    double *slope;     /* (n_outputs) > 0; owned */
    double *intercept; /* (n_outputs) owned */
};

#define WL_TEXT_NORMALISER 1 /* version of wl_normal_set: another one would see other n-grams */

/* What a thread brings, beyond what all kinds share. */
struct wl_linear_scratch {
    const wl_alloc *alloc;
    struct wl_normal normal;
    struct wl_ngrams ngrams;
    struct wl_text_row row;
    float *margins; /* (margins_capacity) owned */
    size_t margins_capacity;
    float *shares; /* (shares_capacity) for wl_text_why: of each n-gram of the row; owned */
    size_t shares_capacity;
    float *spoken; /* (spoken_capacity) for wl_text_why: of each byte of the text; owned */
    size_t spoken_capacity;
};

/* wl_linear_scratch_of - what a thread brings, made when it is asked for first.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_linear_scratch_of(struct wl_text_scratch *shared,
                                             struct wl_linear_scratch **scratch_out,
                                             wl_error *error);

/* wl_text_linear_count - normalise a text; its known n-grams and their counts are then in row.
 * Errors:  WL_ELIMIT, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_linear_count(const struct wl_text_linear *linear,
                                             struct wl_str text, struct wl_linear_scratch *scratch,
                                             wl_error *error);

/* wl_text_linear_new - empty, with names and room for outputs; free with wl_text_classifier_free.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_linear_new(const wl_alloc *alloc, const char *const *labels,
                                           size_t n_labels, enum wl_text_task task,
                                           struct wl_text_linear **linear_out, wl_error *error);

/* wl_text_linear_encode - wl_text_classifier_encode of a linear one. */
WL_MUST_CHECK wl_status wl_text_linear_encode(const struct wl_text_classifier *classifier,
                                              struct wl_buf *buf, wl_error *error);

/* wl_text_linear_read - a linear classifier from an opened frame (text_frame.h); nn/text_file.h
 * reads files of every kind.
 *   head    (in)     of the frame.
 *   reader  (in,out) behind the head.
 * Cost:    O(bytes).
 * Errors:  WL_ECORRUPT, WL_EVERSION, WL_ELIMIT  not a whole model of ours.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_linear_read(const wl_alloc *alloc, const struct wl_node *head,
                                            struct wl_reader *reader,
                                            struct wl_text_classifier **classifier_out,
                                            wl_error *error);

/* wl_text_linear_of - the linear classifier behind a classifier; NULL when it is another kind. */
const struct wl_text_linear *wl_text_linear_of(const struct wl_text_classifier *classifier);

/* wl_text_linear_reserve - room for the weights of n_columns, all zero.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_linear_reserve(struct wl_text_linear *linear, size_t n_columns,
                                               wl_error *error);

/* wl_text_outputs - outputs of n_labels labels. */
size_t wl_text_outputs(size_t n_labels, enum wl_text_task task);

/* wl_text_linear_scale - its slopes and intercepts; borrowed. */
static inline struct wl_text_scale wl_text_linear_scale(const struct wl_text_linear *linear)
{
    return (struct wl_text_scale){.task = linear->base.about.task,
                                  .n_labels = linear->base.about.n_labels,
                                  .n_outputs = linear->n_outputs,
                                  .slope = linear->slope,
                                  .intercept = linear->intercept};
}

#endif
