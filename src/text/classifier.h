/* What a text says, by a trained model or by written rules: sentiment, intent, reasons, leaving.
 * One interface, whatever stands behind it, so that those who ask (journey, alerts, commands) need
 * not know.
 *
 * A classifier is immutable and may be shared by any number of threads; each thread brings its own
 * wl_text_scratch, which stops allocating once it has grown to the longest text. */
#ifndef WL_TEXT_CLASSIFIER_H
#define WL_TEXT_CLASSIFIER_H
#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"

enum wl_text_task {
    WL_TEXT_ONE = 0, /* exactly one label is right; probabilities sum to 1 */
    WL_TEXT_ANY = 1  /* any number of labels are right, none too; each has its own probability */
};

#define WL_TEXT_LABELS_MAX 1000
#define WL_TEXT_NO_LABEL   UINT32_MAX

struct wl_text_classifier; /* see text_linear.h and rules.h for those that make one */
struct wl_text_scratch;

/* What a classifier is; borrowed from it. */
struct wl_text_about {
    const char *algorithm; /* "linear", "rules", ... */
    enum wl_text_task task;
    const char *const *labels; /* (n_labels) */
    size_t n_labels;
    uint32_t none;    /* the label that stands for "none of the others", or WL_TEXT_NO_LABEL */
    double threshold; /* below it an answer abstains: a person should look */
};

/* What to make of the probabilities of one text. */
struct wl_text_answer {
    uint32_t label; /* most likely; ties go to the lower number */
    uint32_t second;
    double p;
    double p_second;
    bool abstains; /* p < threshold, or the text has nothing the classifier knows */
};

/* wl_text_classifier_about - facts for those who ask; valid as long as the classifier. */
const struct wl_text_about *wl_text_classifier_about(const struct wl_text_classifier *classifier);

/* wl_text_classifier_free - NULL is fine. */
void wl_text_classifier_free(struct wl_text_classifier *classifier);

/* wl_text_classifier_label - number of a label, or WL_TEXT_NO_LABEL. */
uint32_t wl_text_classifier_label(const struct wl_text_classifier *classifier, struct wl_str label);

/* wl_text_scratch_new - working memory of one thread; free with wl_text_scratch_free, NULL is fine.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_scratch_new(const wl_alloc *alloc,
                                            struct wl_text_scratch **scratch_out, wl_error *error);
void wl_text_scratch_free(struct wl_text_scratch *scratch);

/* wl_text_classify - calibrated probability of every label.
 *   text     (in)     any bytes; normalised here as in training.
 *   scratch  (in,out) of this thread; any classifier may use it.
 *   p        (out)    (n_labels); a text without anything known gets the same for every label when
 *                     one label is right, else 0, and its answer abstains.
 * Cost:    one pass over the text; no allocation once scratch has grown.
 * Errors:  WL_ELIMIT  text above WL_LINE_BYTES_MAX.  WL_ENOMEM.
 * Threads: any number, a scratch each. */
WL_MUST_CHECK wl_status wl_text_classify(const struct wl_text_classifier *classifier,
                                         struct wl_str text, struct wl_text_scratch *scratch,
                                         double *p, wl_error *error);

/* wl_text_classifier_encode - the classifier as the bytes of a model file, onto a sticky buffer.
 * wl_text_classifier_save - the same into a file. What reads them is nn/text_file.h.
 * Errors:  WL_EINVAL  a kind without model files, as rules are.  WL_ELIMIT, WL_ENOMEM; those of
 *          wl_file_write. */
WL_MUST_CHECK wl_status wl_text_classifier_encode(const struct wl_text_classifier *classifier,
                                                  struct wl_buf *buf, wl_error *error);
WL_MUST_CHECK wl_status wl_text_classifier_save(const struct wl_text_classifier *classifier,
                                                const char *path, const wl_alloc *alloc,
                                                wl_error *error);

/* wl_text_classify_all - probabilities of many texts.
 *   p  (out) (n, n_labels).
 * Cost:    one pass over the texts, shared by n_threads; a network takes texts of like length
 *          together. The same numbers for any number of threads.
 * Errors:  those of wl_text_classify. */
WL_MUST_CHECK wl_status wl_text_classify_all(const struct wl_text_classifier *classifier,
                                             const wl_alloc *alloc, const struct wl_str *texts,
                                             size_t n, size_t n_threads, double *p,
                                             wl_error *error);

/* wl_text_answer_of - the best two labels of probabilities that wl_text_classify gave. */
struct wl_text_answer wl_text_answer_of(const struct wl_text_classifier *classifier,
                                        const double *p);

#endif
