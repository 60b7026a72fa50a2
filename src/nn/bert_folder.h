/* A BERT with its tokenizer, as Hugging Face keeps it in a folder:
 *
 *     config.json             sizes, names of classes
 *     model.safetensors       weights in F32, F16 or BF16
 *     vocab.txt               pieces; or tokenizer.json
 *     tokenizer_config.json   capitals, accents, names of special pieces
 *
 * What is read is checked whole: a tensor that is missing, of another shape or kind or not finite,
 * and a setting we do not follow, is one line with file, name, what was expected and what was
 * found.
 * What is there and not used, and what starts at random because it is not there, is told to the
 * sink. Saved folders are loaded by transformers' AutoTokenizer and AutoModelFor....
 *
 * The same bytes serve from memory, so that a model file can carry them (wl_bert_folder_read,
 * wl_bert_folder_put). */
#ifndef WL_NN_BERT_FOLDER_H
#define WL_NN_BERT_FOLDER_H
#include "nn/bert.h"
#include "nn/hf_wordpiece.h"
#include "nn/safetensors.h"

#define WL_BERT_LABELS_KEPT SIZE_MAX /* as many classes as the folder's own head has; 0 if none */

struct wl_bert_folder {
    const wl_alloc *alloc;
    struct wl_arena arena;            /* texts below */
    struct wl_bert *bert;             /* owned; weights loaded, not yet planned */
    struct wl_hf_wordpiece tokenizer; /* wordpiece and ids of special pieces; owned */
    struct wl_str *labels;            /* (bert->config.n_labels) names of classes */
    double initializer_range;         /* deviation of weights that start at random */
    bool is_pooler_new;               /* the file had none: random */
    bool is_head_new;                 /* random, too */
    bool is_mask_head_new;            /* random, too */
    size_t n_unused;                  /* tensors of the file that no part of the model wanted */
};

struct wl_bert_folder_options {
    size_t n_labels;     /* of the head: 0 none, or WL_BERT_LABELS_KEPT */
    bool is_multi_label; /* when n_labels is a number: labels that hold or not, not classes */
    bool is_head_new;    /* start a new head even if the file's fits */
    bool has_mask_head;  /* with the head that guesses hidden words: see nn/bert_mask.h */
    uint64_t seed;       /* of what starts at random */
    const struct wl_sink *sink; /* or NULL */
};

/* wl_bert_folder_options_default - the folder's own head, seed 1. */
struct wl_bert_folder_options wl_bert_folder_options_default(void);

/* Bytes of a folder's files; what is not there is empty. Borrowed. */
struct wl_bert_files {
    struct wl_str config;  /* config.json */
    struct wl_str weights; /* model.safetensors */
    struct wl_hf_wordpiece_files tokenizer;
};

/* wl_bert_folder_open - read a folder.
 *   path  (in) the folder.
 * The file's head is kept when n_labels and is_multi_label fit it; otherwise a new one starts at
 * normal(0, initializer_range) and the file's is not used.
 * Cost:    the weight file and the model are in memory at once.
 * Errors:  WL_ENOTFOUND  no folder, or a file is missing.
 *          WL_EPARSE     a file is cut or damaged.
 *          WL_ECONFIG    config.json says what we do not follow, or sizes that make no model.
 *          WL_ESCHEMA    tensors or pieces are missing or do not fit config.json.
 *          WL_ERANGE     a weight is NaN or infinite.
 *          WL_ELIMIT, WL_EIO, WL_ENOMEM.
 * Free with wl_bert_folder_free; NULL is fine. */
WL_MUST_CHECK wl_status wl_bert_folder_open(const wl_alloc *alloc, const char *path,
                                            const struct wl_bert_folder_options *options,
                                            struct wl_bert_folder **folder_out, wl_error *error);
void wl_bert_folder_free(struct wl_bert_folder *folder);

/* wl_bert_folder_read - the same from bytes in memory; name stands for the folder in messages. */
WL_MUST_CHECK wl_status wl_bert_folder_read(const wl_alloc *alloc, const char *name,
                                            const struct wl_bert_files *files,
                                            const struct wl_bert_folder_options *options,
                                            struct wl_bert_folder **folder_out, wl_error *error);

/* wl_bert_shape_named - sizes of an encoder by name: "tiny" (2 layers of 128), "mini" (4 of 256),
 * "small" (4 of 512), "medium" (8 of 512), "base" (12 of 768); false for another name.
 * Source: Turc, Chang, Lee, Toutanova 2019, arXiv:1908.08962. */
bool wl_bert_shape_named(const char *name, struct wl_bert_config *config);

/* wl_bert_folder_new - an encoder of one's own, all weights at random.
 *   name    (in) stands for the folder in messages.
 *   shape   (in) sizes; n_vocabulary, n_labels and is_multi_label come from elsewhere.
 * Errors:  as wl_bert_folder_read. */
WL_MUST_CHECK wl_status wl_bert_folder_new(const wl_alloc *alloc, const char *name,
                                           const struct wl_hf_wordpiece_files *files,
                                           const struct wl_bert_config *shape,
                                           const struct wl_bert_folder_options *options,
                                           struct wl_bert_folder **folder_out, wl_error *error);

/* wl_bert_folder_label - name the classes; names are copied.
 *   labels  (in) (bert->config.n_labels). Errors: WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_bert_folder_label(struct wl_bert_folder *folder,
                                             const struct wl_str *labels, wl_error *error);

/* wl_bert_folder_encode - the pieces of a text between [CLS] and [SEP], cut to n_max in all.
 *   n_max    (in)     2 or more; at most bert->config.n_positions are made.
 *   scratch  (in,out) reused from text to text.
 *   tokens   (out)    (n_max).
 * Errors:  as wl_wordpiece_encode.
 * Threads: any number, each with its own scratch. */
WL_MUST_CHECK wl_status wl_bert_folder_encode(const struct wl_bert_folder *folder,
                                              struct wl_str text, size_t n_max,
                                              struct wl_ids *scratch, int32_t *tokens,
                                              size_t *n_tokens, wl_error *error);

/* wl_bert_folder_put_config - the bytes of config.json, appended to buf.
 * wl_bert_folder_put_weights - those of model.safetensors.
 *   type  (in) WL_SAFETENSOR_F32, _F16 or _BF16.
 * Errors:  WL_ENOMEM, WL_ELIMIT, and as wl_safetensors_put. */
WL_MUST_CHECK wl_status wl_bert_folder_put_config(const struct wl_bert_folder *folder,
                                                  enum wl_safetensor_type type, struct wl_buf *buf,
                                                  wl_error *error);
WL_MUST_CHECK wl_status wl_bert_folder_put_weights(const struct wl_bert_folder *folder,
                                                   enum wl_safetensor_type type, struct wl_buf *buf,
                                                   wl_error *error);

/* wl_bert_folder_save - write a folder, whole or not at all: the four files and tokenizer.json.
 * With a mask head and no classes it is a BertForMaskedLM, with a pooler only if one was read.
 * Errors:  WL_EEXIST  path is taken.  WL_EIO, WL_ENOTFOUND (no parent), and as above. */
WL_MUST_CHECK wl_status wl_bert_folder_save(const struct wl_bert_folder *folder, const char *path,
                                            enum wl_safetensor_type type, wl_error *error);

#endif
