/* Adapters from and to the folders of Hugging Face's PEFT: adapter_config.json and
 * adapter_model.safetensors, names as PEFT gives them. */
#ifndef WL_NN_LORA_PEFT_H
#define WL_NN_LORA_PEFT_H
#include "nn/lora.h"
#include "nn/peft.h"

/* wl_lora_attach - adapters with the values of a folder, fastened to the model as by wl_lora_new.
 * Tensors trained whole become unfrozen ones that learn at the adapters' rate.
 *   places  (in) of the model; not needed afterwards.
 *   peft    (in) from wl_peft_open; borrowed.
 * Errors:  WL_ESCHEMA  a module or a whole tensor that the model does not have, or of another
 *                      shape: names it.  And as wl_lora_new. The model is as before. */
WL_MUST_CHECK wl_status wl_lora_attach(const wl_alloc *alloc, const struct wl_lora_places *places,
                                       const struct wl_peft *peft, struct wl_lora **lora_out,
                                       wl_error *error);

/* wl_lora_save - write the folder, whole or not at all. PEFT loads it on the base model.
 *   base  (in) base_model_name_or_path: where the base model is; "" for none.
 * Errors:  WL_EEXIST   path is taken.
 *          WL_ESCHEMA  the token table learned and is the head, too: PEFT has no place for that.
 *          WL_EIO, WL_ENOTFOUND (no parent), WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_lora_save(const struct wl_lora *lora, const char *base, const char *path,
                                     wl_error *error);

/* wl_lora_save_check - whether wl_lora_save could write there, before a long training.
 *   path  (in) or NULL: nothing is wanted, which is fine.
 * Errors:  WL_EEXIST, WL_ESCHEMA as there. */
WL_MUST_CHECK wl_status wl_lora_save_check(const struct wl_lora *lora, const char *path,
                                           wl_error *error);

#endif
