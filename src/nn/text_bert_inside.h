/* The BERT classifier's insides, shared by learning, serving and its file. */
#ifndef WL_NN_TEXT_BERT_INSIDE_H
#define WL_NN_TEXT_BERT_INSIDE_H
#include "nn/bert_folder.h"
#include "nn/text_bert.h"
#include "text/classifier_inside.h"
#include "text/text_scale.h"

struct wl_text_bert {
    struct wl_text_classifier base;
    const wl_alloc *alloc;
    struct wl_arena arena;         /* names, slopes, intercepts */
    struct wl_bert_folder *folder; /* owned; planned for use */
    size_t max_length;             /* tokens of a text */
    double *slope;                 /* (n_labels) */
    double *intercept;             /* (n_labels) */
    uint64_t number;               /* of this classifier, for guests of scratches */
};

/* wl_text_bert_scale - its slopes and intercepts; borrowed. */
static inline struct wl_text_scale wl_text_bert_scale(const struct wl_text_bert *bert)
{
    return (struct wl_text_scale){.task = bert->base.about.task,
                                  .n_labels = bert->base.about.n_labels,
                                  .n_outputs = bert->base.about.n_labels,
                                  .slope = bert->slope,
                                  .intercept = bert->intercept};
}

/* wl_text_bert_margins - raw outputs of many texts.
 *   margins   (out) (n, n_labels).
 *   is_known  (out) (n) 0: the text has no piece that the vocabulary knows.
 * Cost:    texts of like length share a batch; batches are shared by n_threads. The same numbers
 *          for any number of threads.
 * Errors:  as wl_text_classify. */
WL_MUST_CHECK wl_status wl_text_bert_margins(const struct wl_text_bert *bert, const wl_alloc *alloc,
                                             const struct wl_str *texts, size_t n, size_t n_threads,
                                             float *margins, uint8_t *is_known, wl_error *error);

/* wl_text_bert_encode - wl_text_classifier_encode of a BERT. */
WL_MUST_CHECK wl_status wl_text_bert_encode(const struct wl_text_classifier *classifier,
                                            struct wl_buf *buf, wl_error *error);

#endif
