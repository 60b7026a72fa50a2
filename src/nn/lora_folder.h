/* Folders of models and folders of adapters: putting one into the other. */
#ifndef WL_NN_LORA_FOLDER_H
#define WL_NN_LORA_FOLDER_H
#include "base/progress.h"
#include "nn/lora_peft.h"
#include "nn/safetensors.h"

struct wl_lora_merge_order {
    const char *base;             /* folder of a BERT or a GPT-2 of Hugging Face */
    const char *adapter;          /* folder of PEFT */
    const char *out;              /* folder to be made */
    enum wl_safetensor_type type; /* of its weights */
    const struct wl_sink *sink;   /* or NULL */
};

/* What was merged. */
struct wl_lora_merged {
    const char *kind; /* "bert" or "gpt2" */
    size_t n_modules;
    size_t n_wholes; /* tensors that were trained whole */
    size_t n_values; /* of the model */
};

/* wl_lora_merge_folder - the base model with the adapter in its weights, as a folder that needs no
 * PEFT. A classifier's head in the adapter becomes the model's.
 * Cost:    the model is in memory once, with the weights that change twice.
 * Errors:  WL_ECONFIG  a base that is neither.  Those of the folders, of wl_lora_attach and of
 *          saving; out is not there then. */
WL_MUST_CHECK wl_status wl_lora_merge_folder(const wl_alloc *alloc,
                                             const struct wl_lora_merge_order *order,
                                             struct wl_lora_merged *merged, wl_error *error);

#endif
