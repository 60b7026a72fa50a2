/* Goal:   a real trained GPT (llm-viz's "gpt-nano", which sorts six digits) gives PyTorch's recorded
 *         activations, and sorts.
 * Method: weights and activations from ../shared/nn-fixtures; every activation that we keep, within
 *         1e-5 of the largest; then all 729 inputs, greedily, by whole forward passes and by the
 *         generator with its cache. Skipped without the files. */
#include "torch_json.h"

#include "nn/gpt_decode.h"

#define DIR WL_SHARED_DIR "/nn-fixtures/llmviz-gpt-nano-sort/"

enum { C = 48, H = 3, L = 3, V = 3, T = 11, INNER = 192 };

static wl_error fault;
static unsigned char bytes[1 << 20];

// The bytes of a base64 text; how many.
static size_t unpack(struct wl_str text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    int n_bits = 0;
    size_t n = 0;

    for (size_t i = 0; i < text.n_bytes && text.data[i] != '='; i++) {
        const char *digit = strchr(digits, text.data[i]);
        bits = bits << 6 | (uint32_t)(digit - digits);
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            bytes[n++] = (unsigned char)(bits >> n_bits);
        }
    }
    return n;
}

// Values of a stored tensor as float; how many.
static size_t load(const struct wl_node *root, const char *name, float *out, size_t n_max)
{
    const struct wl_node *tensor = wl_node_get(root, name);
    size_t n = unpack(wl_node_text(tensor, "data", "")) / sizeof(float);

    CHECK(n > 0 && n <= n_max);
    memcpy(out, bytes, (n <= n_max ? n : 0) * sizeof(float));
    return n;
}

static struct wl_gpt *make_model(const struct wl_node *root)
{
    const struct wl_gpt_config config = {.shape = {.n_channels = C,
                                                   .n_heads = H,
                                                   .n_inner = INNER,
                                                   .n_layers = L,
                                                   .gelu = WL_GELU_TANH,
                                                   .eps = 1e-5F,
                                                   .is_causal = true,
                                                   .is_pre_norm = true},
                                         .n_vocabulary = V,
                                         .n_positions = T};
    struct wl_gpt *gpt = NULL;

    CHECK_INT(wl_gpt_new(wl_alloc_default(), &config, &gpt, &fault), WL_OK);
    CHECK_INT(wl_gpt_plan(gpt, 64, WL_F32, true, &fault), WL_OK); // training keeps every layer
    for (size_t i = 0; i < gpt->tensors.n_tensors; i++) {
        const struct wl_tensor *tensor = &gpt->tensors.items[i];
        char name[WL_TENSOR_NAME_BYTES_MAX + 16];
        bool is_head = strncmp(tensor->name, "lm_head", 7) == 0;
        (void)snprintf(name, sizeof(name), "%s%s", is_head ? "" : "transformer.", tensor->name);
        CHECK_INT(load(root, name, gpt->tensors.weights + tensor->offset, tensor->n_values),
                  tensor->n_values);
    }
    return gpt;
}

static void check_activation(const struct wl_node *root, const char *name, const float *got,
                             size_t n)
{
    static float want[1 << 16];
    double worst = 0.0;
    double largest = 1.0;

    CHECK_INT(load(root, name, want, COUNT(want)), n);
    for (size_t i = 0; i < n; i++) {
        double off = fabs((double)got[i] - (double)want[i]);
        worst = off > worst || isnan(off) ? off : worst;
        largest = fmax(largest, fabs((double)want[i]));
    }
    fprintf(stderr, "%-10s largest difference %.1e of %.3g\n", name, worst, largest);
    CHECK(worst < 1e-5 * largest);
}

static void check_recorded(struct wl_gpt *gpt, struct wl_gemm *gemm, const struct wl_node *root)
{
    static const char *const after[L] = {"block0", "block1", "block2"};
    const struct wl_block_memory *kept = gpt->stack.kept;
    struct wl_packed_batch batch;
    float ids[4 * T];
    size_t n_ids = load(root, "idx", ids, COUNT(ids));
    size_t n = n_ids * C;

    CHECK_INT(wl_packed_batch_init(&batch, wl_alloc_default(), 64, 16, &fault), WL_OK);
    for (size_t b = 0; b < n_ids / T; b++) {
        int32_t tokens[T];
        for (size_t i = 0; i < T; i++) {
            tokens[i] = (int32_t)ids[b * T + i];
        }
        CHECK_INT(wl_packed_batch_add(&batch, tokens, NULL, T, &fault), WL_OK);
    }
    CHECK_INT(wl_gpt_forward(gpt, gemm, &batch, &fault), WL_OK);
    check_activation(root, "x", kept[0].sums[0], n);
    check_activation(root, "ln1", kept[0].in, n);
    check_activation(root, "qkv", kept[0].qkv, 3 * n);
    check_activation(root, "attnResid", kept[0].sums[1], n);
    check_activation(root, "ln2", kept[0].middle, n);
    check_activation(root, "fc", kept[0].up, 4 * n);
    check_activation(root, "gelu", kept[0].inner, 4 * n);
    for (size_t l = 0; l < L; l++) {
        check_activation(root, after[l], kept[l + 1].sums[0], n);
    }
    check_activation(root, "ln_f", gpt->stack.x, n);
    CHECK_INT(wl_gpt_logits(gpt, gemm, 0, n_ids, &fault), WL_OK);
    check_activation(root, "lm_head", gpt->logits, n_ids * V);
    struct wl_matrix logits = wl_matrix_of(gpt->logits, WL_F32, n_ids, V);
    wl_softmax_rows(&logits, &logits);
    check_activation(root, "probs", gpt->logits, n_ids * V);
    wl_packed_batch_release(&batch);
}

// Appends the model's next digit to each of the INPUTS texts of n tokens.
enum { INPUTS = 729, ANSWER = 12 };
static int32_t answers[INPUTS][ANSWER];

static void append_digits(struct wl_gpt *gpt, struct wl_gemm *gemm, struct wl_packed_batch *batch,
                          size_t n)
{
    wl_packed_batch_clear(batch);
    for (size_t b = 0; b < INPUTS; b++) {
        CHECK_INT(wl_packed_batch_add(batch, answers[b], NULL, n, &fault), WL_OK);
    }
    CHECK_INT(wl_gpt_forward(gpt, gemm, batch, &fault), WL_OK);
    for (size_t b = 0; b < INPUTS; b++) {
        int32_t best = 0;
        CHECK_INT(wl_gpt_logits(gpt, gemm, batch->starts[b + 1] - 1, 1, &fault), WL_OK);
        for (int32_t v = 1; v < V; v++) {
            best = gpt->logits[v] > gpt->logits[best] ? v : best;
        }
        answers[b][n] = best;
    }
}

// Answers whose last six digits are the first six in order.
static size_t count_sorted(void)
{
    size_t n_sorted = 0;

    for (size_t b = 0; b < INPUTS; b++) {
        size_t counts[V] = {0};
        bool is_sorted = true;
        for (size_t i = 0; i < 6; i++) {
            counts[answers[b][i]]++;
        }
        for (size_t i = 0; i < 6; i++) {
            int32_t want = i < counts[0] ? 0 : i < counts[0] + counts[1] ? 1 : 2;
            is_sorted = is_sorted && answers[b][6 + i] == want;
        }
        n_sorted += is_sorted;
    }
    return n_sorted;
}

static void make_inputs(void)
{
    for (int32_t b = 0; b < INPUTS; b++) {
        for (int32_t i = 0, rest = b; i < ANSWER; i++, rest /= 3) {
            answers[b][i] = i < 6 ? rest % 3 : 0;
        }
    }
}

static void check_sorts(struct wl_gpt *gpt, struct wl_gemm *gemm)
{
    struct wl_packed_batch batch;

    CHECK_INT(wl_gpt_plan(gpt, (size_t)INPUTS * T, WL_F32, false, &fault), WL_OK);
    CHECK_INT(wl_packed_batch_init(&batch, wl_alloc_default(), (size_t)INPUTS * T, INPUTS, &fault),
              WL_OK);
    make_inputs();
    for (size_t n = 6; n < ANSWER; n++) {
        append_digits(gpt, gemm, &batch, n);
    }
    CHECK_INT(count_sorted(), INPUTS);
    wl_packed_batch_release(&batch);
}

static void check_generator_sorts(struct wl_gpt *gpt, struct wl_gemm *gemm)
{
    const struct wl_gpt_decode_options plan = {6, ANSWER - 6, 1, WL_F32};
    struct wl_generate_options options = wl_generate_options_default();
    struct wl_gpt_decode *decode = NULL;

    options.n_new_max = ANSWER - 6;
    CHECK_INT(wl_gpt_decode_new(gpt, gemm, &plan, &decode, &fault), WL_OK);
    const struct wl_next_tokens next = wl_gpt_decode_next(decode);
    make_inputs();
    for (size_t b = 0; b < INPUTS; b++) {
        struct wl_generated_texts texts = {0};
        CHECK_INT(wl_generate(wl_alloc_default(), &next, answers[b], 6, &options, &texts, &fault),
                  WL_OK);
        CHECK_INT(texts.items[0].n_tokens, ANSWER - 6);
        memcpy(answers[b] + 6, texts.items[0].tokens, (ANSWER - 6) * sizeof(int32_t));
        wl_generated_texts_release(&texts);
    }
    CHECK_INT(count_sorted(), INPUTS);
    wl_gpt_decode_free(decode);
}

int main(void)
{
    struct wl_arena weights;
    struct wl_arena activations;
    struct wl_gemm *gemm = NULL;

    if (!wl_file_exists(DIR "gpt-nano-sort-model.json")) {
        fprintf(stderr, "skipped: no %s\n", DIR);
        return 77;
    }
    struct wl_gpt *gpt = make_model(torch_json(&weights, DIR "gpt-nano-sort-model.json"));
    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    check_recorded(gpt, gemm, torch_json(&activations, DIR "gpt-nano-sort-t0-partials.json"));
    check_sorts(gpt, gemm);
    check_generator_sorts(gpt, gemm);
    wl_gemm_close(gemm);
    wl_gpt_free(gpt);
    wl_arena_release(&weights);
    wl_arena_release(&activations);
    return check_report();
}
