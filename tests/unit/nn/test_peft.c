/* Goal:   a PEFT folder is read whole or refused, and its GGUF changes the base model by the same
 *         matrix.
 * Method: folders written here, with every kind of scaling; scale * b a of the folder against
 *         alpha / r * b a of the file, value by value; a table of folders that must be refused; the
 *         GGUF writer against the reader, and files cut at every byte. */
#include "check.h"

#include "base/file.h"
#include "nn/peft.h"
#include "nn/safetensors.h"

#define FOLDER WL_BINARY_DIR "/test_peft"
#define MODULE "base_model.model.model.layers.1.self_attn."

static wl_error fault;

static float a_values[2 * 3];
static float b_values[4 * 2];

static void fill(void)
{
    for (size_t i = 0; i < COUNT(a_values); i++) {
        a_values[i] = (float)i * 0.25F - 0.5F;
    }
    for (size_t i = 0; i < COUNT(b_values); i++) {
        b_values[i] = (float)i * 0.125F - 0.25F;
    }
}

static void write_folder(const char *config, const struct wl_safetensor_source *tensors, size_t n)
{
    CHECK_INT(wl_folder_make(FOLDER, &fault), WL_OK);
    CHECK_INT(wl_file_write(FOLDER "/adapter_config.json", wl_str_from(config), &fault), WL_OK);
    CHECK_INT(wl_safetensors_write(FOLDER "/adapter_model.safetensors", wl_alloc_default(), tensors,
                                   n, WL_SAFETENSOR_F32, &fault),
              WL_OK);
}

static const struct wl_safetensor_source good[] = {
    {.name = MODULE "q_proj.lora_A.weight", .values = a_values, .shape = {2, 3}, .n_dims = 2},
    {.name = MODULE "q_proj.lora_B.weight", .values = b_values, .shape = {4, 2}, .n_dims = 2},
    {.name = MODULE "o_proj.lora_A.weight", .values = a_values, .shape = {2, 3}, .n_dims = 2},
    {.name = MODULE "o_proj.lora_B.weight", .values = b_values, .shape = {4, 2}, .n_dims = 2},
};

static const char plain[] = "{\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":4,\"bias\":\"none\","
                            "\"lora_dropout\":0.1,\"base_model_name_or_path\":\"base\"}";

struct scaling {
    const char *config;
    double q_scale; // of the first module
    double o_scale;
};

static const struct scaling scalings[] = {
    {plain, 2.0, 2.0},
    {"{\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":4,\"use_rslora\":true}", 2.8284271247461903,
     2.8284271247461903},
    {"{\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":4,\"alpha_pattern\":{\"q_proj\":8}}", 4.0,
     2.0},
};

static double product(const float *a, const float *b, size_t i_out, size_t i_in)
{
    double sum = 0.0;
    for (size_t k = 0; k < 2; k++) {
        sum += (double)b[i_out * 2 + k] * (double)a[k * 3 + i_in];
    }
    return sum;
}

static const float *values_of(const struct wl_gguf *gguf, const char *name, size_t rows,
                              size_t cols)
{
    for (size_t i = 0; i < gguf->n_tensors; i++) {
        const struct wl_gguf_tensor *tensor = &gguf->tensors[i];
        if (wl_str_is(tensor->name, name)) {
            CHECK_INT(tensor->shape[0], rows);
            CHECK_INT(tensor->shape[1], cols);
            return (const float *)(const void *)tensor->bytes.data; // on an edge of 32 bytes
        }
    }
    CHECK(false);
    return NULL;
}

// Reads the file back and compares the change it makes with the one the folder means.
static void check_file(const char *path, const struct scaling *scaling)
{
    struct wl_arena arena;
    struct wl_buf bytes;
    struct wl_gguf gguf = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_buf_init(&bytes, wl_alloc_default(), 1 << 20);
    CHECK_INT(wl_file_read(path, &bytes, &fault), WL_OK);
    CHECK_INT(wl_gguf_read(&arena, wl_buf_view(&bytes), &gguf, &fault), WL_OK);
    CHECK_INT(gguf.n_facts, 4);
    CHECK_VIEW(gguf.facts[0].text, "gpt-oss");
    CHECK_INT(gguf.n_tensors, 4);
    double alpha = (double)gguf.facts[3].f32;
    for (int half = 0; half < 2; half++) {
        double want = half == 0 ? scaling->q_scale : scaling->o_scale;
        const float *a = values_of(
            &gguf, half == 0 ? "blk.1.attn_q.weight.lora_a" : "blk.1.attn_output.weight.lora_a", 2,
            3);
        const float *b = values_of(
            &gguf, half == 0 ? "blk.1.attn_q.weight.lora_b" : "blk.1.attn_output.weight.lora_b", 4,
            2);
        for (size_t i = 0; a != NULL && b != NULL && i < 12; i++) {
            CHECK_CLOSE(alpha / 2.0 * product(a, b, i / 3, i % 3),
                        want * product(a_values, b_values, i / 3, i % 3), 1e-6);
        }
    }
    wl_buf_release(&bytes);
    wl_arena_release(&arena);
}

static void test_scaling_survives(void)
{
    const char *path = FOLDER "/adapter.gguf";

    for (size_t i = 0; i < COUNT(scalings); i++) {
        struct wl_arena arena;
        struct wl_peft peft = {0};
        struct wl_gguf gguf = {0};

        wl_arena_init(&arena, wl_alloc_default(), 0);
        write_folder(scalings[i].config, good, COUNT(good));
        CHECK_INT(wl_peft_open(&arena, FOLDER, &peft, &fault), WL_OK);
        CHECK_INT(peft.n_pairs, 2);
        CHECK_INT(peft.n_parameters, 28);
        CHECK_VIEW(peft.pairs[1].module, "model.layers.1.self_attn.q_proj");
        CHECK_INT(wl_peft_to_gguf(&arena, &peft, "gpt-oss", (struct wl_str){0}, &gguf, &fault),
                  WL_OK);
        CHECK_INT(wl_gguf_write(path, wl_alloc_default(), &gguf, &fault), WL_OK);
        check_file(path, &scalings[i]);
        wl_arena_release(&arena);
    }
}

struct refusal {
    const char *config;
    const char *tensor; // name of the first tensor; NULL: the good ones
    wl_status status;
    const char *message;
};

static const struct refusal refusals[] = {
    {"{\"peft_type\":\"IA3\"}", NULL, WL_EPARSE, "adapter_config.json: peft_type is not LORA"},
    {"{\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":4,\"bias\":\"all\"}", NULL, WL_ESCHEMA,
     "adapter_config.json: trained biases are not supported"},
    {"{\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":4,\"use_dora\":true}", NULL, WL_ESCHEMA,
     "adapter_config.json: use_dora: DoRA, not supported"},
    {"{\"peft_type\":\"LORA\",\"r\":0,\"lora_alpha\":4}", NULL, WL_EPARSE, NULL},
    {"{\"peft_type\":\"LORA\",\"r\":3,\"lora_alpha\":4}", NULL, WL_EPARSE,
     "module \"model.layers.1.self_attn.o_proj\": shapes do not fit r = 3"},
    {"{\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":4,\"alpha_pattern\":{\"q.*\":1}}", NULL,
     WL_ESCHEMA, NULL},
    {plain, "base_model.model.lm_head.weight", WL_ESCHEMA,
     "tensor \"base_model.model.lm_head.weight\" is no half of a LoRA pair"},
    {plain, MODULE "k_proj.lora_A.weight", WL_EPARSE,
     "module \"model.layers.1.self_attn.k_proj\": lora_B is missing"},
};

static void test_refusals(void)
{
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct wl_safetensor_source tensors[COUNT(good)];
        struct wl_arena arena;
        struct wl_peft peft = {0};

        memcpy(tensors, good, sizeof(tensors));
        if (refusals[i].tensor != NULL) {
            tensors[0].name = refusals[i].tensor;
        }
        wl_arena_init(&arena, wl_alloc_default(), 0);
        write_folder(refusals[i].config, tensors, COUNT(tensors));
        CHECK_INT(wl_peft_open(&arena, FOLDER, &peft, &fault), refusals[i].status);
        if (refusals[i].message != NULL) {
            CHECK_STR(fault.message, refusals[i].message);
        }
        CHECK_INT(peft.n_pairs, 0);
        wl_arena_release(&arena);
    }
}

static void test_names(void)
{
    struct wl_arena arena;
    struct wl_peft peft = {0};
    struct wl_gguf gguf = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    write_folder(plain, good, COUNT(good));
    CHECK_INT(wl_peft_open(&arena, FOLDER, &peft, &fault), WL_OK);
    CHECK_INT(wl_peft_to_gguf(&arena, &peft, "gpt2", (struct wl_str){0}, &gguf, &fault), WL_EINVAL);
    CHECK_STR(fault.message,
              "module \"model.layers.1.self_attn.o_proj\" has no name in gpt2 models; "
              "name it with --names \"self_attn.o_proj=...\"");
    CHECK_INT(wl_peft_to_gguf(&arena, &peft, "phi", (struct wl_str){0}, &gguf, &fault), WL_EINVAL);
    CHECK_INT(wl_peft_to_gguf(&arena, &peft, "phi", WL_STR("q_proj=q,o_proj=o"), &gguf, &fault),
              WL_OK);
    CHECK_VIEW(gguf.tensors[0].name, "blk.1.o.weight.lora_a");
    wl_arena_release(&arena);
}

static void test_every_cut_is_refused(void)
{
    struct wl_arena arena;
    struct wl_buf bytes;
    struct wl_gguf gguf = {0};
    struct wl_peft peft = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_buf_init(&bytes, wl_alloc_default(), 1 << 20);
    write_folder(plain, good, COUNT(good));
    CHECK_INT(wl_peft_open(&arena, FOLDER, &peft, &fault), WL_OK);
    CHECK_INT(wl_peft_to_gguf(&arena, &peft, "gpt-oss", (struct wl_str){0}, &gguf, &fault), WL_OK);
    CHECK_INT(wl_gguf_write(FOLDER "/cut.gguf", wl_alloc_default(), &gguf, &fault), WL_OK);
    CHECK_INT(wl_file_read(FOLDER "/cut.gguf", &bytes, &fault), WL_OK);
    for (size_t n = 0; n + 32 < wl_buf_view(&bytes).n_bytes; n++) { // the last blanks may go
        struct wl_str cut = {.data = wl_buf_view(&bytes).data, .n_bytes = n};
        CHECK_INT(wl_gguf_read(&arena, cut, &gguf, &fault), WL_EPARSE);
    }
    wl_buf_release(&bytes);
    wl_arena_release(&arena);
    wl_folder_remove(FOLDER);
}

int main(void)
{
    fill();
    RUN(test_scaling_survives);
    RUN(test_refusals);
    RUN(test_names);
    RUN(test_every_cut_is_refused);
    return check_report();
}
