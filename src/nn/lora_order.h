/* What a person asks of LoRA on the command line, for every training that takes adapters. */
#ifndef WL_NN_LORA_ORDER_H
#define WL_NN_LORA_ORDER_H
#include "base/progress.h"
#include "nn/lora_peft.h"

struct wl_lora_order {
    struct wl_lora_options options;
    double adapter_rate; /* at its peak */
    double base_rate;    /* of what is unfrozen */
    const char *folder;  /* PEFT folder for the adapters, or NULL: they are only merged */
};

/* wl_lora_order_default - wl_lora_options_default, rates 1e-4 and 1e-6, no folder. */
struct wl_lora_order wl_lora_order_default(void);

/* wl_lora_order_settings - read "r=16,alpha=32,dropout=0.1,rslora"; "default" changes nothing.
 * Errors:  WL_EINVAL  another word, or no number: says what there is. order is unchanged. */
WL_MUST_CHECK wl_status wl_lora_order_settings(struct wl_lora_order *order, struct wl_str text,
                                               wl_error *error);

/* wl_lora_order_names - split "query,value" into names.
 *   names  (out) in arena; text is borrowed. Errors: WL_EINVAL  an empty name.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_lora_order_names(struct wl_arena *arena, struct wl_str text,
                                            struct wl_lora_names *names, wl_error *error);

/* wl_lora_tell - one line for a person: how many numbers learn, and what memory that saves. */
void wl_lora_tell(const struct wl_lora *lora, const struct wl_sink *sink);

/* wl_lora_finish - after training: the adapters as a folder, into the weights, and gone.
 *   lora    (in,out) freed and NULL afterwards; as it was on failure.
 *   base    (in) where the base model is.
 *   folder  (in) to be made, or NULL: none.
 * Errors:  as wl_lora_save and wl_lora_merge. */
WL_MUST_CHECK wl_status wl_lora_finish(struct wl_lora **lora, const char *base, const char *folder,
                                       const struct wl_sink *sink, wl_error *error);

#endif
