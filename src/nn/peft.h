/* LoRA adapters in the folders of Hugging Face's PEFT, and what becomes of them for llama.cpp. */
#ifndef WL_NN_PEFT_H
#define WL_NN_PEFT_H
#include "base/arena.h"
#include "base/buf.h"
#include "nn/gguf.h"

/* One adapted module: its weight gains scale * b a. */
struct wl_lora_pair {
    struct wl_str module; /* "model.layers.0.self_attn.q_proj" */
    const float *a;       /* (r, n_in) */
    const float *b;       /* (n_out, r) */
    size_t r;
    size_t n_in;
    size_t n_out;
    double scale; /* alpha / r, or alpha / sqrt(r) with rank-stabilised LoRA */
};

/* A tensor that was trained whole, beside the pairs: a classifier's head. */
struct wl_peft_whole {
    struct wl_str name; /* "classifier.weight" */
    const float *values;
    size_t dims[2];
    size_t n_dims; /* 1 or 2 */
};

struct wl_peft {
    struct wl_str base; /* name of the model it belongs to; empty when the folder does not say */
    int64_t r;
    double alpha;
    double dropout;
    bool is_rank_stabilised;
    struct wl_lora_pair *pairs; /* (n_pairs) by module name */
    size_t n_pairs;
    struct wl_peft_whole *wholes; /* (n_wholes) by name */
    size_t n_wholes;
    size_t n_parameters; /* of all pairs and wholes */
};

/* wl_peft_open - read adapter_config.json and adapter_model.safetensors of a folder.
 *   arena  (in,out) owns everything.
 *   peft   (out) untouched on failure.
 * Cost:    holds the file once and the values as float once more.
 * Errors:  WL_ENOTFOUND  a file is missing.
 *          WL_EPARSE     not JSON, no LoRA, half of a pair missing, shapes that disagree with r;
 *                        names the module.
 *          WL_ESCHEMA    DoRA, trained biases, LoRA of experts: what we do not apply is refused,
 *                        never dropped.
 *          WL_ERANGE     a value is no finite number.  WL_EIO, WL_ENOMEM.
 * Source:  PEFT checkpoint format; Hu et al. 2021, arXiv:2106.09685; rank-stabilised:
 *          Kalajdzievski 2023, arXiv:2312.03732. */
WL_MUST_CHECK wl_status wl_peft_open(struct wl_arena *arena, const char *folder,
                                     struct wl_peft *peft, wl_error *error);

/* wl_peft_read - the same from the bytes of both files, borrowed. */
WL_MUST_CHECK wl_status wl_peft_read(struct wl_arena *arena, struct wl_str config_json,
                                     struct wl_str weights, struct wl_peft *peft, wl_error *error);

/* wl_peft_whole_find - the whole tensor of a name, or of one that ends in "." and it; or NULL. */
const struct wl_peft_whole *wl_peft_whole_find(const struct wl_peft *peft, struct wl_str name);

/* wl_peft_to_gguf - the adapter as llama.cpp wants it: "<base tensor>.lora_a" and ".lora_b".
 *   architecture  (in) "gpt-oss", "qwen2", "gpt2", ...: what the base model's GGUF says.
 *   names         (in) extra names "q_proj=attn_q,..." by the last words of a module; "" none.
 *   gguf          (out) tables in arena; values point into peft where they can.
 * Errors:  WL_EINVAL  an architecture without names; a module without a name: lists it and says how
 *                     to name it.  WL_ESCHEMA  there are whole tensors, which such a file has no
 *                     place for.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_peft_to_gguf(struct wl_arena *arena, const struct wl_peft *peft,
                                        const char *architecture, struct wl_str names,
                                        struct wl_gguf *gguf, wl_error *error);

/* wl_lora_architectures - those with built-in names, NULL-terminated. */
const char *const *wl_lora_architectures(void);

#endif
