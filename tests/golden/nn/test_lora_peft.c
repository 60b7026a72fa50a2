/* Goal:   adapters on a tiny BERT and a tiny GPT-2 equal Hugging Face's PEFT: logits, gradients of
 *         every adapter and of what is unfrozen, ten losses of AdamW at two rates, logits after
 *         merging.
 * Method: base weights and adapters by a formula known to both sides (make_peft.py). BERT has
 *         adapters on all its layers, a fresh head and unfrozen embeddings; GPT-2 rank-stabilised
 *         ones and an unfrozen last norm. Tolerances as in test_models_torch.c.
 *         Merged logits must be the unmerged ones within 1e-5, and the bytes come back.
 *         Planted fault: without the adapters' scale, logits must differ. */
#include "torch_json.h"

#include "nn/bert.h"
#include "nn/gpt.h"
#include "nn/lora.h"

#define PATH(name) WL_SOURCE_DIR "/tests/golden/nn/" name

static wl_error fault;

static void fill_tensor(const struct wl_tensors *tensors, size_t t)
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
static void fill(struct wl_tensors *tensors, size_t n)
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

// A model with adapters and a batch, and the three things a test does with it.
struct subject {
    struct wl_bert *bert;
    struct wl_gpt *gpt;
    struct wl_lora *lora;
    struct wl_gemm *gemm;
    struct wl_packed_batch batch;
    int32_t targets[32];
};

static const float *logits_of(struct subject *s)
{
    if (s->bert != NULL) {
        CHECK_INT(wl_bert_forward(s->bert, s->gemm, &s->batch, &fault), WL_OK);
        return s->bert->logits;
    }
    CHECK_INT(wl_gpt_forward(s->gpt, s->gemm, &s->batch, &fault), WL_OK);
    CHECK_INT(wl_gpt_logits(s->gpt, s->gemm, 0, 14, &fault), WL_OK);
    return s->gpt->logits;
}

static size_t logit_count(const struct subject *s)
{
    return s->bert != NULL ? 9 : 14 * 13;
}

static double train_once(struct subject *s, size_t step)
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

static void make_bert(struct subject *s, enum wl_number number)
{
    const struct wl_str embeddings = WL_STR("embeddings");
    const struct wl_str head = WL_STR("head");
    struct wl_bert_config config = {
        .shape = shape, .n_vocabulary = 11, .n_positions = 8, .n_segments = 2, .n_labels = 3};
    struct wl_lora_options options = wl_lora_options_default();
    struct wl_lora_places places = {0};

    config.shape.eps = 1e-12F;
    CHECK_INT(wl_bert_new(wl_alloc_default(), &config, &s->bert, &fault), WL_OK);
    fill(&s->bert->tensors, s->bert->tensors.n_tensors);
    CHECK_INT(wl_lora_places_bert(wl_alloc_default(), s->bert, &places, &fault), WL_OK);
    options.r = 4;
    options.alpha = 8.0;
    options.dropout = 0.0;
    options.fresh = (struct wl_lora_names){&head, 1};
    options.unfrozen = (struct wl_lora_names){&embeddings, 1};
    CHECK_INT(wl_lora_new(wl_alloc_default(), &places, &options, &s->lora, &fault), WL_OK);
    wl_lora_places_release(&places);
    CHECK_INT(wl_bert_plan(s->bert, 32, 3, number, true, &fault), WL_OK);
    for (size_t b = 0; b < 3; b++) {
        CHECK_INT(wl_packed_batch_add(&s->batch, texts[b], segments[b], text_lengths[b], &fault),
                  WL_OK);
    }
}

static void make_gpt(struct subject *s, enum wl_number number)
{
    const struct wl_str last = WL_STR("ln_f");
    struct wl_gpt_config config = {
        .shape = shape, .n_vocabulary = 13, .n_positions = 9, .is_tied = true};
    struct wl_lora_options options = wl_lora_options_default();
    struct wl_lora_places places = {0};

    config.shape.eps = 1e-5F;
    config.shape.gelu = WL_GELU_TANH;
    config.shape.is_causal = true;
    config.shape.is_pre_norm = true;
    CHECK_INT(wl_gpt_new(wl_alloc_default(), &config, &s->gpt, &fault), WL_OK);
    fill(&s->gpt->tensors, s->gpt->tensors.n_tensors);
    CHECK_INT(wl_lora_places_gpt(wl_alloc_default(), s->gpt, &places, &fault), WL_OK);
    options.r = 4;
    options.alpha = 8.0;
    options.dropout = 0.0;
    options.is_rank_stabilised = true;
    options.unfrozen = (struct wl_lora_names){&last, 1};
    CHECK_INT(wl_lora_new(wl_alloc_default(), &places, &options, &s->lora, &fault), WL_OK);
    wl_lora_places_release(&places);
    CHECK_INT(wl_gpt_plan(s->gpt, 32, number, true, &fault), WL_OK);
    memset(s->targets, 0xff, sizeof(s->targets)); // -1
    for (size_t b = 0; b < 3; b++) {
        CHECK_INT(wl_packed_batch_add(&s->batch, lines[b], NULL, line_lengths[b], &fault), WL_OK);
        for (size_t i = 0; i + 1 < line_lengths[b]; i++) {
            s->targets[s->batch.starts[b] + i] = lines[b][i + 1];
        }
    }
}

static void check_gradients(const struct wl_lora *lora, const struct wl_node *stored,
                            double tolerance)
{
    const struct wl_tensors *tensors = &lora->tensors;

    CHECK_INT(stored->n_children, tensors->n_tensors);
    for (size_t t = 0; t < tensors->n_tensors; t++) {
        const struct wl_tensor *tensor = &tensors->items[t];
        const struct wl_node *list = wl_node_get(stored, tensor->name);
        double off = torch_error(tensors->gradients + tensor->offset, tensor->n_values, list, 1e-3);
        if (!(off < tolerance)) {
            fprintf(stderr, "%s: gradient is off by %.3g\n", tensor->name, off);
        }
        CHECK(off < tolerance);
    }
}

static void check_losses(struct subject *s, const struct wl_node *stored, double gradients,
                         double tolerance)
{
    struct wl_optimizer optimizer = {.options = wl_optimizer_options_default()};
    const struct wl_node *loss = wl_node_get(stored, "losses")->first;

    wl_lora_rates(&optimizer.options, 2e-2, 2e-2 * 0.125);
    optimizer.options.n_steps = 10;
    optimizer.options.n_warm = 3;
    for (size_t i = 0; i < 10; i++, loss = loss->next) {
        CHECK_CLOSE(train_once(s, i), loss->number, tolerance);
        if (i == 0) {
            check_gradients(s->lora, wl_node_get(stored, "gradients"), gradients);
        }
        CHECK_INT(wl_optimizer_step(&optimizer, &s->lora->tensors, NULL, &fault), WL_OK);
    }
}

static double largest_change(const float *a, const float *b, size_t n)
{
    double worst = 0.0;

    for (size_t i = 0; i < n; i++) {
        worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
    }
    return worst;
}

// After training: PEFT's logits of the merged model, ours merged and not, and the bytes again.
static void check_merge(struct subject *s, const struct wl_node *stored)
{
    float before[14 * 13];
    size_t n = logit_count(s);
    struct wl_tensors *base = s->lora->base;
    size_t n_bytes = base->n_floats * sizeof(float);

    memcpy(before, logits_of(s), n * sizeof(*before));
    CHECK(torch_error(before, n, wl_node_get(stored, "merged_logits"), 1.0) < 2e-3);
    float *weights = wl_alloc_array(wl_alloc_default(), base->n_floats, sizeof(float));
    memcpy(weights, base->weights, n_bytes);
    CHECK_INT(wl_lora_merge(s->lora, &fault), WL_OK);
    CHECK(memcmp(weights, base->weights, n_bytes) != 0);
    double off = largest_change(before, logits_of(s), n);
    printf("merged and unmerged logits differ by %.2g\n", off);
    CHECK(off < 1e-5);
    wl_lora_unmerge(s->lora);
    CHECK(memcmp(weights, base->weights, n_bytes) == 0);
    CHECK(memcmp(before, logits_of(s), n * sizeof(*before)) == 0);
    for (size_t i = 0; i < s->lora->n_parts; i++) {
        s->lora->parts[i].scale = 1.0F;
    }
    CHECK(largest_change(before, logits_of(s), n) > 1e-3);
    wl_alloc_free(wl_alloc_default(), weights);
}

static void check_model(struct wl_gemm *gemm, const struct wl_node *root, bool is_bert,
                        enum wl_number number)
{
    const struct wl_node *stored = wl_node_get(root, is_bert ? "bert" : "gpt");
    struct subject s = {.gemm = gemm};
    bool is_exact = number == WL_F32;

    CHECK_INT(wl_packed_batch_init(&s.batch, wl_alloc_default(), 32, 3, &fault), WL_OK);
    (is_bert ? make_bert : make_gpt)(&s, number);
    fill(&s.lora->tensors, 2 * s.lora->n_parts);
    CHECK(s.lora->base->gradients == NULL && s.lora->base->moments[0] == NULL);
    CHECK_INT(wl_lora_facts(s.lora).n_trained, wl_node_number(stored, "trained", 0.0));
    double off = torch_error(logits_of(&s), logit_count(&s), wl_node_get(stored, "logits"), 1.0);
    printf("%s: logits differ by %.2g\n", is_bert ? "bert" : "gpt", off);
    CHECK(off < (is_exact ? 1e-5 : 5e-2));
    check_losses(&s, stored, is_exact ? 2e-5 : 0.15, is_exact ? 1e-3 : 0.1);
    if (is_exact) {
        check_merge(&s, stored);
    }
    wl_lora_free(s.lora);
    wl_bert_free(s.bert);
    wl_gpt_free(s.gpt);
    wl_packed_batch_release(&s.batch);
}

static void test_peft(void)
{
    struct wl_arena arena;
    const struct wl_node *root = torch_json(&arena, PATH("peft.json"));
    struct wl_gemm *gemm = NULL;

    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    for (int i = 0; i < (wl_gemm_has_bf16(gemm) ? 4 : 2); i++) {
        check_model(gemm, root, i % 2 == 0, i < 2 ? WL_F32 : WL_BF16);
    }
    wl_gemm_close(gemm);
    wl_arena_release(&arena);
}

int main(void)
{
    RUN(test_peft);
    return check_report();
}
