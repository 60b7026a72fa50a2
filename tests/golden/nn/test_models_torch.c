/* Goal:   a tiny BERT and a tiny GPT-2 equal PyTorch: logits, every gradient, ten losses of AdamW
 *         with warm-up, decay and clipping.
 * Method: weights by a formula known to both sides, three texts of different lengths (one of a
 *         single token) in one packed batch here, one by one there. Tolerances: float logits 1e-5;
 *         a tensor's gradients 2e-5 of its largest, which two orders of summation differ by; losses
 *         1e-3, because Adam turns a tiny gradient's rounding into a whole step. bf16: 8 bits, so
 *         logits within 3 % and losses within 5 %.
 *         Planted fault: the gradient of another tensor of the same size must not pass. */
#include "torch_json.h"

#include "nn/bert.h"
#include "nn/gpt.h"
#include "nn/optimizer.h"

#define PATH(name) WL_SOURCE_DIR "/tests/golden/nn/" name

static wl_error fault;

// Value i of tensor t, as in make_torch.py.
static void fill(struct wl_tensors *tensors)
{
    for (size_t t = 0; t < tensors->n_tensors; t++) {
        const struct wl_tensor *tensor = &tensors->items[t];
        for (size_t i = 0; i < tensor->n_values; i++) {
            long long k = (long long)((i * 7919 + t * 104729 + i * i * 31) % 2003) - 1001;
            double value = (double)k / 2048.0 * 0.5;
            bool is_gain = tensor->kind == WL_TENSOR_GAIN;
            tensors->weights[tensor->offset + i] = (float)(is_gain ? value * 0.5 + 1.0 : value);
        }
    }
    wl_tensors_refresh(tensors);
}

static const struct wl_transformer_shape shape = {
    .n_channels = 16, .n_heads = 2, .n_inner = 32, .n_layers = 2};

static const int32_t texts[3][8] = {{1, 5, 9, 2, 7}, {1, 10, 3, 3, 8, 6, 4, 2}, {1}};
static const int32_t segments[3][8] = {{0, 0, 0, 1, 1}, {0, 0, 0, 0, 1, 1, 1, 1}, {0}};
static const size_t text_lengths[3] = {5, 8, 1};
static const int32_t classes[3] = {2, 0, 1};
static const float labels[9] = {1, 0, 1, 0, 0, 0, 0.25F, 1, 0};
static const int32_t lines[3][9] = {{1, 4, 7, 2, 12, 3, 3, 9, 0}, {5, 6, 11, 8}, {10}};
static const size_t line_lengths[3] = {9, 4, 1};

// The training both sides do.
static struct wl_optimizer make_optimizer(void)
{
    struct wl_optimizer optimizer = {.options = wl_optimizer_options_default()};
    optimizer.options.rate = 2e-2;
    optimizer.options.n_steps = 10;
    optimizer.options.n_warm = 3;
    return optimizer;
}

// Gradients of all tensors that are stored; how many those are.
static size_t check_gradients(const struct wl_tensors *tensors, const struct wl_node *stored,
                              double tolerance)
{
    size_t n = 0;
    size_t n_swapped_seen = 0;

    for (size_t t = 0; t < tensors->n_tensors; t++) {
        const struct wl_tensor *tensor = &tensors->items[t];
        const struct wl_node *list = wl_node_get(stored, tensor->name);
        if (list == NULL) {
            continue;
        }
        double off = torch_error(tensors->gradients + tensor->offset, tensor->n_values, list, 1e-3);
        if (!(off < tolerance)) {
            fprintf(stderr, "%s: gradient is off by %.3g\n", tensor->name, off);
        }
        CHECK(off < tolerance);
        n++;
        if (t > 0 && tensors->items[t - 1].n_values == tensor->n_values) {
            n_swapped_seen += torch_error(tensors->gradients + tensors->items[t - 1].offset,
                                          tensor->n_values, list, 1e-3) > tolerance;
        }
    }
    CHECK(n < 5 || n_swapped_seen > 5);
    return n;
}

static void check_loss(const struct wl_node *stored, size_t i, double got, double tolerance)
{
    const struct wl_node *node = wl_node_get(stored, "losses")->first;
    for (size_t k = 0; k < i; k++) {
        node = node->next;
    }
    CHECK_CLOSE(got, node->number, tolerance);
}

struct precision {
    enum wl_number number;
    double logits;
    double gradients;
    double losses;
};
static const struct precision precisions[] = {{WL_F32, 1e-5, 2e-5, 1e-3},
                                              {WL_BF16, 3e-2, 0.1, 5e-2}};

static struct wl_bert *make_bert(bool is_multi_label, enum wl_number number)
{
    struct wl_bert_config config = {.shape = shape,
                                    .n_vocabulary = 11,
                                    .n_positions = 8,
                                    .n_segments = 2,
                                    .n_labels = 3,
                                    .is_multi_label = is_multi_label};
    struct wl_bert *bert = NULL;

    config.shape.eps = 1e-12F;
    CHECK_INT(wl_bert_new(wl_alloc_default(), &config, &bert, &fault), WL_OK);
    CHECK_INT(wl_bert_plan(bert, 32, 3, number, true, &fault), WL_OK);
    fill(&bert->tensors);
    return bert;
}

static void check_bert(struct wl_gemm *gemm, const struct wl_node *stored, bool is_multi_label,
                       const struct precision *p)
{
    struct wl_bert *bert = make_bert(is_multi_label, p->number);
    struct wl_optimizer optimizer = make_optimizer();
    const struct wl_targets targets = {.classes = classes, .labels = labels};
    struct wl_packed_batch batch;

    CHECK_INT(wl_packed_batch_init(&batch, wl_alloc_default(), 32, 3, &fault), WL_OK);
    for (size_t b = 0; b < 3; b++) {
        CHECK_INT(wl_packed_batch_add(&batch, texts[b], segments[b], text_lengths[b], &fault),
                  WL_OK);
    }
    CHECK_INT(wl_bert_forward(bert, gemm, &batch, &fault), WL_OK);
    CHECK(torch_error(bert->logits, 9, wl_node_get(stored, "logits"), 1.0) < p->logits);
    for (size_t i = 0; i < 10; i++) {
        double loss = 0.0;
        CHECK_INT(wl_bert_train(bert, gemm, &batch, &targets, 1.0 / 3.0, 1, i, &loss, &fault),
                  WL_OK);
        check_loss(stored, i, loss, p->losses);
        if (i == 0) {
            size_t n =
                check_gradients(&bert->tensors, wl_node_get(stored, "gradients"), p->gradients);
            CHECK_INT(n, is_multi_label ? 2 : bert->tensors.n_tensors);
        }
        CHECK_INT(wl_optimizer_step(&optimizer, &bert->tensors, NULL, &fault), WL_OK);
    }
    wl_packed_batch_release(&batch);
    wl_bert_free(bert);
}

static void check_gpt(struct wl_gemm *gemm, const struct wl_node *stored, const struct precision *p)
{
    struct wl_gpt_config config = {
        .shape = shape, .n_vocabulary = 13, .n_positions = 9, .is_tied = true};
    struct wl_gpt *gpt = NULL;
    struct wl_optimizer optimizer = make_optimizer();
    struct wl_packed_batch batch;
    int32_t targets[32];

    config.shape.eps = 1e-5F;
    config.shape.gelu = WL_GELU_TANH;
    config.shape.is_causal = true;
    config.shape.is_pre_norm = true;
    CHECK_INT(wl_gpt_new(wl_alloc_default(), &config, &gpt, &fault), WL_OK);
    CHECK_INT(wl_gpt_plan(gpt, 32, p->number, true, &fault), WL_OK);
    fill(&gpt->tensors);
    CHECK_INT(wl_packed_batch_init(&batch, wl_alloc_default(), 32, 3, &fault), WL_OK);
    memset(targets, 0xff, sizeof(targets)); // -1
    for (size_t b = 0; b < 3; b++) {
        CHECK_INT(wl_packed_batch_add(&batch, lines[b], NULL, line_lengths[b], &fault), WL_OK);
        for (size_t i = 0; i + 1 < line_lengths[b]; i++) {
            targets[batch.starts[b] + i] = lines[b][i + 1];
        }
    }
    CHECK_INT(wl_gpt_forward(gpt, gemm, &batch, &fault), WL_OK);
    CHECK_INT(wl_gpt_logits(gpt, gemm, 0, 14, &fault), WL_OK);
    CHECK(torch_error(gpt->logits, (size_t)14 * 13, wl_node_get(stored, "logits"), 1.0) <
          p->logits);
    for (size_t i = 0; i < 10; i++) {
        double loss = 0.0;
        CHECK_INT(wl_gpt_train(gpt, gemm, &batch, targets, 1.0 / 11.0, 1, i, &loss, &fault), WL_OK);
        check_loss(stored, i, loss, p->losses);
        if (i == 0) {
            size_t n =
                check_gradients(&gpt->tensors, wl_node_get(stored, "gradients"), p->gradients);
            CHECK_INT(n, gpt->tensors.n_tensors);
        }
        CHECK_INT(wl_optimizer_step(&optimizer, &gpt->tensors, NULL, &fault), WL_OK);
    }
    wl_packed_batch_release(&batch);
    wl_gpt_free(gpt);
}

static void test_models(void)
{
    struct wl_arena bert_arena;
    struct wl_arena gpt_arena;
    const struct wl_node *bert = torch_json(&bert_arena, PATH("bert.json"));
    const struct wl_node *gpt = torch_json(&gpt_arena, PATH("gpt.json"));
    struct wl_gemm *gemm = NULL;

    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    for (size_t i = 0; i < (wl_gemm_has_bf16(gemm) ? COUNT(precisions) : 1); i++) {
        check_bert(gemm, wl_node_get(bert, "softmax"), false, &precisions[i]);
        check_bert(gemm, wl_node_get(bert, "labels"), true, &precisions[i]);
        check_gpt(gemm, wl_node_get(gpt, "next"), &precisions[i]);
    }
    wl_gemm_close(gemm);
    wl_arena_release(&bert_arena);
    wl_arena_release(&gpt_arena);
}

int main(void)
{
    RUN(test_models);
    return check_report();
}
