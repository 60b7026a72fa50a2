/* The tiny BERT and GPT-2 of make_peft.py with adapters, and one batch. */
#ifndef WL_TESTS_GOLDEN_NN_LORA_SUBJECT_H
#define WL_TESTS_GOLDEN_NN_LORA_SUBJECT_H
#include "torch_json.h"

#include "nn/bert.h"
#include "nn/gpt.h"
#include "nn/lora_peft.h"

#define PATH(name) WL_SOURCE_DIR "/tests/golden/nn/" name

static wl_error fault;

static inline void fill_tensor(const struct wl_tensors *tensors, size_t t)
{
    const struct wl_tensor *tensor = &tensors->items[t];

    for (size_t i = 0; i < tensor->n_values; i++) {
        long long k = (long long)((i * 7919 + t * 104729 + i * i * 31) % 2003) - 1001;
        double value = (double)k / 2048.0 * 0.5;
        bool is_gain = tensor->kind == WL_TENSOR_GAIN;
        tensors->weights[tensor->offset + i] = (float)(is_gain ? value * 0.5 + 1.0 : value);
    }
}

// Everything in a model; of adapters only the pairs, because the rest are copies.
static inline void fill(struct wl_tensors *tensors, size_t n)
{
    for (size_t t = 0; t < n; t++) {
        fill_tensor(tensors, t);
    }
    wl_tensors_refresh(tensors);
}

static const struct wl_transformer_shape shape = {
    .n_channels = 16, .n_heads = 2, .n_inner = 32, .n_layers = 2};
static const int32_t texts[3][8] = {{1, 5, 9, 2, 7}, {1, 10, 3, 3, 8, 6, 4, 2}, {1}};
static const int32_t segments[3][8] = {{0, 0, 0, 1, 1}, {0, 0, 0, 0, 1, 1, 1, 1}, {0}};
static const size_t text_lengths[3] = {5, 8, 1};
static const int32_t classes[3] = {2, 0, 1};
static const int32_t lines[3][9] = {{1, 4, 7, 2, 12, 3, 3, 9, 0}, {5, 6, 11, 8}, {10}};
static const size_t line_lengths[3] = {9, 4, 1};

/* A model, perhaps with adapters, and a batch. */
struct subject {
    struct wl_bert *bert;
    struct wl_gpt *gpt;
    struct wl_lora *lora;
    struct wl_gemm *gemm;
    struct wl_packed_batch batch;
    struct wl_lora_places places;
    int32_t targets[32];
};

static inline const float *logits_of(struct subject *s)
{
    if (s->bert != NULL) {
        CHECK_INT(wl_bert_forward(s->bert, s->gemm, &s->batch, &fault), WL_OK);
        return s->bert->logits;
    }
    CHECK_INT(wl_gpt_forward(s->gpt, s->gemm, &s->batch, &fault), WL_OK);
    CHECK_INT(wl_gpt_logits(s->gpt, s->gemm, 0, 14, &fault), WL_OK);
    return s->gpt->logits;
}

static inline size_t logit_count(const struct subject *s)
{
    return s->bert != NULL ? 9 : 14 * 13;
}

static inline double train_once(struct subject *s, size_t step)
{
    const struct wl_targets targets = {.classes = classes};
    double loss = 0.0;

    wl_status status = s->bert != NULL ? wl_bert_train(s->bert, s->gemm, &s->batch, &targets,
                                                       1.0 / 3.0, 1, step, &loss, &fault)
                                       : wl_gpt_train(s->gpt, s->gemm, &s->batch, s->targets,
                                                      1.0 / 11.0, 1, step, &loss, &fault);
    CHECK_INT(status, WL_OK);
    return loss;
}

static inline void bert_base(struct subject *s)
{
    struct wl_bert_config config = {
        .shape = shape, .n_vocabulary = 11, .n_positions = 8, .n_segments = 2, .n_labels = 3};

    config.shape.eps = 1e-12F;
    CHECK_INT(wl_bert_new(wl_alloc_default(), &config, &s->bert, &fault), WL_OK);
    fill(&s->bert->tensors, s->bert->tensors.n_tensors);
    CHECK_INT(wl_lora_places_bert(wl_alloc_default(), s->bert, &s->places, &fault), WL_OK);
    for (size_t b = 0; b < 3; b++) {
        CHECK_INT(wl_packed_batch_add(&s->batch, texts[b], segments[b], text_lengths[b], &fault),
                  WL_OK);
    }
}

static inline void gpt_base(struct subject *s)
{
    struct wl_gpt_config config = {
        .shape = shape, .n_vocabulary = 13, .n_positions = 9, .is_tied = true};

    config.shape.eps = 1e-5F;
    config.shape.gelu = WL_GELU_TANH;
    config.shape.is_causal = true;
    config.shape.is_pre_norm = true;
    CHECK_INT(wl_gpt_new(wl_alloc_default(), &config, &s->gpt, &fault), WL_OK);
    fill(&s->gpt->tensors, s->gpt->tensors.n_tensors);
    CHECK_INT(wl_lora_places_gpt(wl_alloc_default(), s->gpt, &s->places, &fault), WL_OK);
    memset(s->targets, 0xff, sizeof(s->targets)); // -1
    for (size_t b = 0; b < 3; b++) {
        CHECK_INT(wl_packed_batch_add(&s->batch, lines[b], NULL, line_lengths[b], &fault), WL_OK);
        for (size_t i = 0; i + 1 < line_lengths[b]; i++) {
            s->targets[s->batch.starts[b] + i] = lines[b][i + 1];
        }
    }
}

/* subject_open - a model with weights, without adapters and without a plan. */
static inline void subject_open(struct subject *s, bool is_bert)
{
    *s = (struct subject){0};
    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &s->gemm, &fault), WL_OK);
    CHECK_INT(wl_packed_batch_init(&s->batch, wl_alloc_default(), 32, 3, &fault), WL_OK);
    if (is_bert) {
        bert_base(s);
    } else {
        gpt_base(s);
    }
}

static inline void subject_plan(struct subject *s, enum wl_number number)
{
    CHECK_INT(s->bert != NULL ? wl_bert_plan(s->bert, 32, 3, number, true, &fault)
                              : wl_gpt_plan(s->gpt, 32, number, true, &fault),
              WL_OK);
}

/* subject_options - what make_peft.py gives PEFT. */
static inline struct wl_lora_options subject_options(bool is_bert)
{
    static const struct wl_str fresh = {"head", 4};
    static const struct wl_str tables = {"embeddings", 10};
    static const struct wl_str last = {"ln_f", 4};
    struct wl_lora_options options = wl_lora_options_default();

    options.r = 4;
    options.alpha = 8.0;
    options.dropout = 0.0;
    options.is_rank_stabilised = !is_bert;
    options.fresh = (struct wl_lora_names){&fresh, is_bert ? 1 : 0};
    options.unfrozen = (struct wl_lora_names){is_bert ? &tables : &last, 1};
    return options;
}

static inline void subject_close(struct subject *s)
{
    wl_lora_free(s->lora);
    wl_lora_places_release(&s->places);
    wl_bert_free(s->bert);
    wl_gpt_free(s->gpt);
    wl_packed_batch_release(&s->batch);
    wl_gemm_close(s->gemm);
}

#endif
