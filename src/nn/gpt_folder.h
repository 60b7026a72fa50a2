/* A GPT-2 with its tokenizer, as Hugging Face keeps it in a folder:
 *
 *     config.json             sizes
 *     model.safetensors       weights in F32, F16 or BF16; with "transformer." or without
 *     vocab.json, merges.txt  byte-level pairs; or tokenizer.json; or vocab.txt, pieces of BERT
 *     tokenizer_config.json   added words
 *
 * What is read is checked whole, as a BERT's folder is (nn/bert_folder.h). Masks that old files
 * keep as tensors (h.0.attn.bias) say nothing and are left out knowingly. Saved folders are loaded
 * by transformers' AutoTokenizer and AutoModelForCausalLM. */
#ifndef WL_NN_GPT_FOLDER_H
#define WL_NN_GPT_FOLDER_H
#include "nn/gpt.h"
#include "nn/gpt_tokenizer.h"
#include "nn/safetensors.h"

struct wl_gpt_folder {
    const wl_alloc *alloc;
    struct wl_gpt *gpt;                 /* owned; weights loaded, not yet planned */
    struct wl_gpt_tokenizer *tokenizer; /* owned */
    double initializer_range;           /* deviation of weights that start at random */
    size_t n_unused;                    /* tensors of the file that no part of the model wanted */
};

/* Bytes of a folder's files; what is not there is empty. Borrowed. */
struct wl_gpt_files {
    struct wl_str config;  /* config.json */
    struct wl_str weights; /* model.safetensors */
    struct wl_gpt_tokenizer_files tokenizer;
};

/* wl_gpt_folder_open - read a folder.
 *   sink  (in) is told what is there and not used; or NULL.
 * Cost:    the weight file and the model are in memory at once.
 * Errors:  WL_ENOTFOUND  no folder, or a file is missing.
 *          WL_EPARSE     a file is cut or damaged.
 *          WL_ECONFIG    config.json says what we do not follow, or sizes that make no model.
 *          WL_ESCHEMA    tensors or tokens are missing or do not fit config.json.
 *          WL_ERANGE     a weight is NaN or infinite.
 *          WL_ELIMIT, WL_EIO, WL_ENOMEM.
 * Free with wl_gpt_folder_free; NULL is fine. */
WL_MUST_CHECK wl_status wl_gpt_folder_open(const wl_alloc *alloc, const char *path,
                                           const struct wl_sink *sink,
                                           struct wl_gpt_folder **folder_out, wl_error *error);
void wl_gpt_folder_free(struct wl_gpt_folder *folder);

/* wl_gpt_folder_read - the same from bytes in memory; name stands for the folder in messages. */
WL_MUST_CHECK wl_status wl_gpt_folder_read(const wl_alloc *alloc, const char *name,
                                           const struct wl_gpt_files *files,
                                           const struct wl_sink *sink,
                                           struct wl_gpt_folder **folder_out, wl_error *error);

/* wl_gpt_folder_tokenizer - only the tokenizer of a folder, which need not hold a model. */
WL_MUST_CHECK wl_status wl_gpt_folder_tokenizer(const wl_alloc *alloc, const char *path,
                                                const struct wl_sink *sink,
                                                struct wl_gpt_tokenizer **tokenizer_out,
                                                wl_error *error);

/* wl_gpt_folder_new - a model of one's own, all weights at random.
 *   tokenizer  (in) taken, on failure too.
 *   shape      (in) sizes; n_vocabulary comes from the tokenizer.
 * Errors:  WL_ECONFIG  sizes that make no model.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_gpt_folder_new(const wl_alloc *alloc, struct wl_gpt_tokenizer *tokenizer,
                                          const struct wl_gpt_config *shape, uint64_t seed,
                                          struct wl_gpt_folder **folder_out, wl_error *error);

/* wl_gpt_folder_grow - give every token of the tokenizer a vector: after words were added. New
 * vectors start at the mean of the others. The model is another one afterwards, not yet planned.
 * Errors:  WL_ENOMEM, WL_ELIMIT; nothing is changed. */
WL_MUST_CHECK wl_status wl_gpt_folder_grow(struct wl_gpt_folder *folder, wl_error *error);

/* wl_gpt_folder_save - write a folder, whole or not at all.
 *   type  (in) WL_SAFETENSOR_F32, _F16 or _BF16.
 * Errors:  WL_EEXIST  path is taken.  WL_EIO, WL_ENOTFOUND (no parent), WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_gpt_folder_save(const struct wl_gpt_folder *folder, const char *path,
                                           enum wl_safetensor_type type, wl_error *error);

/* wl_gpt_shape_default - a small GPT-2: 4 layers of 256 channels, 4 heads, 256 positions, tied. */
struct wl_gpt_config wl_gpt_shape_default(void);

#endif
