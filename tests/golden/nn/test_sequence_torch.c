/* Goal:   tiny LSTM, GRU, CNN and transformer over tokens equal PyTorch: logits, every gradient, ten losses of
 *         Adam with a weighted positive class; and a batch's numbers do not depend on its order.
 * Method: weights by a formula known to both sides, five sequences of different lengths in one
 *         packed batch here, one by one there. Float logits 1e-5; a tensor's gradients 2e-5 of
 *         its largest; losses 1e-3, because Adam turns a tiny gradient's rounding into a whole
 *         step. Planted fault: the gradient of another tensor of the same size must not pass. */
#include "torch_json.h"

#include "nn/optimizer.h"
#include "nn/sequence_model.h"

enum { B = 5, ROWS = 16 };

static wl_error fault;
static const size_t starts[B + 1] = {0, 3, 8, 9, 14, 16};
static const float labels[B] = {1, 0, 1, 0, 0};

static const struct sequence_case {
    const char *name;
    enum wl_sequence_body body;
    size_t n_layers;
    enum wl_pooling pooling;
} cases[] = {
    {"lstm", WL_SEQUENCE_LSTM, 1, WL_POOL_LAST},
    {"lstm_mean", WL_SEQUENCE_LSTM, 2, WL_POOL_MEAN},
    {"gru", WL_SEQUENCE_GRU, 1, WL_POOL_LAST},
    {"gru_mean", WL_SEQUENCE_GRU, 2, WL_POOL_MEAN},
    {"cnn", WL_SEQUENCE_CNN, 1, WL_POOL_LAST},
    {"transformer", WL_SEQUENCE_TRANSFORMER, 2, WL_POOL_LAST},
};

// Value i of tensor t, as in make_torch_sequence.py.
static void fill(struct wl_tensors *tensors)
{
    for (size_t t = 0; t < tensors->n_tensors; t++) {
        const struct wl_tensor *tensor = &tensors->items[t];
        for (size_t i = 0; i < tensor->n_values; i++) {
            long long k = (long long)((i * 7919 + t * 104729 + i * i * 31) % 2003) - 1001;
            tensors->weights[tensor->offset + i] = (float)((double)k / 2048.0);
        }
    }
}

static struct wl_sequence_model *make_model(const struct sequence_case *c)
{
    struct wl_sequence_config config = wl_sequence_config_default();
    struct wl_sequence_model *model = NULL;

    config.body = c->body;
    config.n_layers = c->n_layers;
    config.pooling = c->pooling;
    config.n_ids[0] = 7;
    config.n_ids[1] = 4;
    config.n_ids[2] = 3;
    config.n_embedding = 6;
    config.n_hidden = c->body == WL_SEQUENCE_TRANSFORMER ? 6 : 5;
    config.n_heads = 2;
    config.n_positions = 4;
    config.n_widths = 2;
    CHECK_INT(wl_sequence_model_new(wl_alloc_default(), &config, 1, &model, &fault), WL_OK);
    CHECK_INT(wl_tensors_allocate(wl_sequence_model_tensors(model),
                                  WL_BLOCK_GRADIENTS | WL_BLOCK_MOMENTS, &fault),
              WL_OK);
    fill(wl_sequence_model_tensors(model));
    return model;
}

static void make_ids(int32_t ids[WL_SEQUENCE_TABLES][ROWS], struct wl_sequences *sequences)
{
    for (size_t b = 0; b < B; b++) {
        for (size_t t = 0; t < starts[b + 1] - starts[b]; t++) {
            ids[0][starts[b] + t] = (int32_t)((t * 3 + b * 2) % 7);
            ids[1][starts[b] + t] = (int32_t)((t + b) % 4);
            ids[2][starts[b] + t] = (int32_t)((t * 2 + b) % 3);
        }
    }
    *sequences = (struct wl_sequences){
        .n = B, .starts = starts, .ids = {ids[0], ids[1], ids[2]}, .labels = labels};
}

static void check_gradients(const struct wl_tensors *tensors, const struct wl_node *stored)
{
    for (size_t t = 0; t < tensors->n_tensors; t++) {
        const struct wl_tensor *tensor = &tensors->items[t];
        const struct wl_node *list = wl_node_get(stored, tensor->name);
        const float *got = tensors->gradients + tensor->offset;
        double off = torch_error(got, tensor->n_values, list, 1e-3);
        if (!(off < 2e-5)) {
            fprintf(stderr, "%s: gradient is off by %.3g\n", tensor->name, off);
        }
        CHECK(off < 2e-5);
        if (t > 0 && tensors->items[t - 1].n_values == tensor->n_values &&
            strstr(tensor->name, "bias_hh") == NULL) { // an LSTM's two biases share a gradient
            const float *other = tensors->gradients + tensors->items[t - 1].offset;
            CHECK(torch_error(other, tensor->n_values, list, 1e-3) > 2e-5);
        }
    }
}

static void check_case(struct wl_gemm *gemm, const struct sequence_case *c,
                       const struct wl_node *stored)
{
    static const uint32_t picked[B] = {0, 1, 2, 3, 4};
    static const uint32_t turned[B] = {4, 2, 0, 3, 1};
    int32_t ids[WL_SEQUENCE_TABLES][ROWS];
    struct wl_sequences sequences;
    struct wl_sequence_model *model = make_model(c);
    struct wl_optimizer optimizer = {.options = wl_optimizer_options_default()};
    const struct wl_node *loss_node = wl_node_get(stored, "losses")->first;
    float logits[B];
    float other[B];
    double loss = 0.0;

    struct wl_sequence_memory *memory = NULL;
    CHECK_INT(wl_sequence_memory_new(model, ROWS, B, true, &memory, &fault), WL_OK);
    make_ids(ids, &sequences);
    CHECK_INT(wl_sequence_model_forward(model, memory, gemm, &sequences, turned, B, other, &fault),
              WL_OK);
    CHECK_INT(wl_sequence_model_forward(model, memory, gemm, &sequences, picked, B, logits, &fault),
              WL_OK);
    CHECK(torch_error(logits, B, wl_node_get(stored, "logits"), 1.0) < 1e-5);
    for (size_t i = 0; i < B; i++) {
        CHECK_CLOSE((double)other[i], (double)logits[turned[i]], 1e-6);
    }
    optimizer.options.kind = WL_ADAM;
    optimizer.options.rate = 0.02;
    optimizer.options.decay = 0.0;
    optimizer.options.norm_max = 0.0;
    optimizer.options.shape = WL_RATE_CONSTANT;
    for (size_t step = 0; step < 10; step++, loss_node = loss_node->next) {
        CHECK_INT(
            wl_sequence_model_forward(model, memory, gemm, &sequences, picked, B, logits, &fault),
            WL_OK);
        CHECK_INT(wl_sequence_model_backward(model, memory, gemm, &sequences, picked, B, 2.5F,
                                             &loss, &fault),
                  WL_OK);
        CHECK_CLOSE(loss, loss_node->number, step == 0 ? 1e-6 : 1e-3);
        if (step == 0) {
            check_gradients(wl_sequence_model_tensors(model), wl_node_get(stored, "gradients"));
        }
        CHECK_INT(wl_optimizer_step(&optimizer, wl_sequence_model_tensors(model), NULL, &fault),
                  WL_OK);
    }
    wl_sequence_memory_free(memory);
    wl_sequence_model_free(model);
}

static void test_models_equal_torch(void)
{
    struct wl_arena arena;
    struct wl_gemm *gemm = NULL;
    const struct wl_node *stored =
        torch_json(&arena, WL_SOURCE_DIR "/tests/golden/nn/sequence.json");

    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    for (size_t i = 0; i < COUNT(cases); i++) {
        fprintf(stderr, "%s\n", cases[i].name);
        check_case(gemm, &cases[i], wl_node_get(stored, cases[i].name));
    }
    wl_gemm_close(gemm);
    wl_arena_release(&arena);
}

int main(void)
{
    RUN(test_models_equal_torch);
    return check_report();
}
