/* Adapters' insides, shared by building and reading them. */
#ifndef WL_NN_LORA_INSIDE_H
#define WL_NN_LORA_INSIDE_H
#include "nn/lora.h"

/* Place of dropout of the first layer, behind all others of a model; a layer's is this plus the
 * index of its first part. */
#define WL_LORA_DROP_PLACE UINT64_C(2000000)

/* What to put on a place; r 0: nothing. */
struct wl_lora_choice {
    size_t r;
    double scale;
};

/* wl_lora_build - wl_lora_new with the places chosen.
 *   choices  (in) (places->n).  options (in) targets only name what is kept for the folder. */
WL_MUST_CHECK wl_status wl_lora_build(const wl_alloc *alloc, const struct wl_lora_places *places,
                                      const struct wl_lora_options *options,
                                      const struct wl_lora_choice *choices,
                                      struct wl_lora **lora_out, wl_error *error);

#endif
