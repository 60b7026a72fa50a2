/* A fine-tuned BERT as a text classifier: what serving needs of it. Learning it is
 * nn/text_bert_train.h; the file is docs/formats/text_model.md.
 *
 * The weights are shared by all threads; the working memory of a batch lies in a thread's
 * wl_text_scratch. Products are bf16 where the processor multiplies it, else float. */
#ifndef WL_NN_TEXT_BERT_H
#define WL_NN_TEXT_BERT_H
#include "base/bytes.h"
#include "data/node.h"
#include "text/classifier.h"

struct wl_bert_folder;

/* wl_text_bert_new - a classifier from a fine-tuned folder.
 *   folder      (in) a head with as many labels as about has; taken: freed with the classifier, on
 *               failure too. Its weights are rounded to bf16, as the file keeps them.
 *   about       (in) copied, labels too; algorithm is set here.
 *   max_length  (in) tokens of a text that are read, [CLS] and [SEP] among them.
 * Margins pass for log-odds until it is calibrated.
 * Errors:  WL_EINVAL  max_length or labels do not fit the folder.  WL_ENOMEM, WL_ELIBRARY. */
WL_MUST_CHECK wl_status wl_text_bert_new(const wl_alloc *alloc, struct wl_bert_folder *folder,
                                         const struct wl_text_about *about, size_t max_length,
                                         struct wl_text_classifier **classifier_out,
                                         wl_error *error);

/* wl_text_bert_read - from an opened frame (text/text_frame.h); nn/text_file.h reads files of every
 * kind.
 *   head    (in)     of the frame.
 *   reader  (in,out) behind the head.
 * Errors:  WL_ECORRUPT, WL_ELIMIT and those of wl_bert_folder_read. */
WL_MUST_CHECK wl_status wl_text_bert_read(const wl_alloc *alloc, const struct wl_node *head,
                                          struct wl_reader *reader,
                                          struct wl_text_classifier **classifier_out,
                                          wl_error *error);

/* wl_text_bert_folder - the folder behind a classifier, to save it; NULL when it is another kind.
 * Borrowed, and not to be changed. */
const struct wl_bert_folder *wl_text_bert_folder(const struct wl_text_classifier *classifier);

#endif
