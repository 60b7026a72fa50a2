/* Leaving, read from texts: what a customer wrote up to T, as one document, and the column
 * "text_churn" that a text model fills with its probability in percent. Serving half; learning is
 * journey_train_texts.h.
 *
 *   document of (customer, T) = the latest texts with text_us <= T and received_us <= T, newest
 *   first, at most WL_DOCUMENT_TEXTS of them and WL_DOCUMENT_BYTES in all, of the last 90 days
 *
 * Whoever wrote nothing has no document, and NaN in the column. */
#ifndef WL_JOURNEY_TEXT_CHURN_H
#define WL_JOURNEY_TEXT_CHURN_H
#include "base/buf.h"
#include "data/company.h"
#include "features/plan.h"
#include "text/classifier.h"

#define WL_TEXT_CHURN_FEATURE "text_churn"
#define WL_DOCUMENT_TEXTS     10
#define WL_DOCUMENT_BYTES     8192

/* The two labels of the model, in this order. */
extern const char *const wl_text_churn_labels[2];
#define WL_TEXT_CHURN_LEAVES 1

/* Texts by customer, newest first. */
struct wl_documents {
    const wl_alloc *alloc;
    const struct wl_company *company; /* borrowed: outlives the documents */
    size_t *first;                    /* (n_users + 1) owned */
    uint32_t *index;                  /* (n_texts) owned */
};

/* wl_documents_init - sort a company's texts. wl_documents_release - zeroed is fine.
 * Cost:    O(texts log texts of a customer).
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_documents_init(struct wl_documents *documents, const wl_alloc *alloc,
                                          const struct wl_company *company, wl_error *error);
void wl_documents_release(struct wl_documents *documents);

/* wl_document_write - append the document of a customer as of a moment.
 *   user  (in) of the company, or WL_ID_NONE.
 * Returns how many texts it holds; 0: nothing was appended. */
size_t wl_document_write(const struct wl_documents *documents, uint32_t user, int64_t as_of_us,
                         struct wl_buf *buf);

/* wl_text_churn_fill - set the column of every row.
 *   classifier  (in)     with wl_text_churn_labels.
 *   rows        (in,out) of a schema with the column, at i_feature.
 * Cost:    one classification for each row with a document; rows of one document are read again.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_churn_fill(const struct wl_text_classifier *classifier,
                                           const struct wl_company *company, size_t i_feature,
                                           size_t n_threads, struct wl_rows *rows, wl_error *error);

#endif
