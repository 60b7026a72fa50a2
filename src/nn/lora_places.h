/* Where adapters may be put: the dense layers of a model by Hugging Face's names. */
#ifndef WL_NN_LORA_PLACES_H
#define WL_NN_LORA_PLACES_H
#include "base/str.h"
#include "nn/transformer.h"

struct wl_bert;
struct wl_gpt;

/* Names, borrowed. */
struct wl_lora_names {
    const struct wl_str *items;
    size_t n;
};

/* A dense layer, or some of its rows. */
struct wl_lora_place {
    char module[WL_TENSOR_NAME_BYTES_MAX]; /* "h.0.attn.c_attn" */
    struct wl_dense *dense;
    size_t row_begin;
    size_t n_rows;
    bool is_turned; /* Hugging Face keeps this weight as [in, out] */
};

/* Another word for some targets or tensors: "head" is "classifier". */
struct wl_lora_alias {
    const char *name;
    struct wl_lora_names names;
};

/* What wl_lora_new wants to know of a model. */
struct wl_lora_places {
    const wl_alloc *alloc;
    struct wl_lora_place
        *items; /* (n) in the order of layers, those of one layer together; owned */
    size_t n;
    struct wl_tensors *tensors;   /* of the model; borrowed */
    struct wl_transformer *stack; /* likewise */
    const char *prefix;           /* of Hugging Face's names: "bert.", "transformer." or "" */
    struct wl_lora_names preset;  /* targets when none are given */
    const struct wl_lora_alias *aliases; /* the last has no name */
};

/* wl_lora_places_bert - query, key, value and the other dense layers, the pooler's too; not the
 * head, which is new when fine-tuning starts. wl_lora_places_gpt - the four of each block.
 * Errors:  WL_ENOMEM.  Release with wl_lora_places_release (zeroed is fine). */
WL_MUST_CHECK wl_status wl_lora_places_bert(const wl_alloc *alloc, struct wl_bert *bert,
                                            struct wl_lora_places *places, wl_error *error);
WL_MUST_CHECK wl_status wl_lora_places_gpt(const wl_alloc *alloc, struct wl_gpt *gpt,
                                           struct wl_lora_places *places, wl_error *error);
void wl_lora_places_release(struct wl_lora_places *places);

/* wl_lora_alias_names - what a name stands for: itself when it is no alias, borrowed then. */
struct wl_lora_names wl_lora_alias_names(const struct wl_lora_places *places,
                                         const struct wl_str *name);

/* wl_lora_name_matches - the module is called so, or its last words are. */
bool wl_lora_name_matches(const char *module, struct wl_str target);

#endif
