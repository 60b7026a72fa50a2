/* Adapters: any adapter_config.json beside good weights, and any weights beside a good config, are
 * refused or give pairs that lie in memory; what becomes of them as GGUF is read back the same.
 * The first byte says which of the two the rest is. */
#include "base/file.h"
#include "nn/peft.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

#define CONFIG "{\"peft_type\":\"LORA\",\"r\":1,\"lora_alpha\":2,\"modules_to_save\":[\"score\"]}"
#define HEADER                                                                                     \
    "{\"base_model.model.h.0.attn.c_attn.lora_A.weight\":{\"dtype\":\"F32\",\"shape\":[1,2],"      \
    "\"data_offsets\":[0,8]},\"base_model.model.h.0.attn.c_attn.lora_B.weight\":{\"dtype\":"       \
    "\"F32\",\"shape\":[3,1],\"data_offsets\":[8,20]}}"

// Good weights of one pair: length of the header, header, five floats.
static size_t good_weights(char *out)
{
    size_t n = sizeof(HEADER) - 1;

    memset(out, 0, 8 + n + 20);
    out[0] = (char)(n & 0xff);
    out[1] = (char)(n >> 8);
    memcpy(out + 8, HEADER, n);
    return 8 + n + 20;
}

// Every value can be read: a pair out of bounds is the sanitizer's to see.
static void touch(const struct wl_peft *peft)
{
    float sum = 0.0F;

    for (size_t i = 0; i < peft->n_pairs; i++) {
        const struct wl_lora_pair *pair = &peft->pairs[i];
        sum += pair->a[pair->r * pair->n_in - 1] + pair->b[pair->n_out * pair->r - 1];
    }
    for (size_t i = 0; i < peft->n_wholes; i++) {
        sum += peft->wholes[i].n_dims == 2 ? (float)peft->wholes[i].dims[1] : 0.0F;
    }
    if (sum != sum) {
        abort(); // weights are finite
    }
}

static void round_trip(struct wl_arena *arena, const struct wl_peft *peft)
{
    static const char path[] = "fuzz_peft.gguf";
    struct wl_gguf made = {0};
    struct wl_gguf got = {0};
    struct wl_buf bytes;
    wl_error error;

    wl_buf_init(&bytes, wl_alloc_default(), (size_t)1 << 24);
    if (wl_peft_to_gguf(arena, peft, "gpt2", WL_STR("x=y"), &made, &error) == WL_OK &&
        wl_gguf_write(path, wl_alloc_default(), &made, &error) == WL_OK) {
        if (wl_file_read(path, &bytes, &error) != WL_OK ||
            wl_gguf_read(arena, wl_buf_view(&bytes), &got, &error) != WL_OK ||
            got.n_tensors != made.n_tensors || got.n_facts != made.n_facts) {
            abort();
        }
        for (size_t i = 0; i < made.n_tensors; i++) {
            const struct wl_gguf_tensor *tensor = &made.tensors[i];
            size_t n = tensor->shape[0] * tensor->shape[1] * sizeof(float);
            if (!wl_str_equal(tensor->name, got.tensors[i].name) ||
                got.tensors[i].bytes.n_bytes != n ||
                memcmp(got.tensors[i].bytes.data, tensor->values, n) != 0) {
                abort();
            }
        }
    }
    wl_buf_release(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_str rest = {.data = (const char *)data + 1, .n_bytes = n_bytes - 1};
    char weights[sizeof(HEADER) + 32];
    struct wl_peft peft = {0};
    struct wl_arena arena;
    wl_error error;

    if (n_bytes == 0) {
        return 0;
    }
    struct wl_str good = {.data = weights, .n_bytes = good_weights(weights)};
    bool is_config = data[0] % 2 == 0;
    wl_arena_init(&arena, wl_alloc_default(), 0);
    if (wl_peft_read(&arena, is_config ? rest : WL_STR(CONFIG), is_config ? good : rest, &peft,
                     &error) == WL_OK) {
        touch(&peft);
        round_trip(&arena, &peft);
    }
    wl_arena_release(&arena);
    return 0;
}
