/* Goal:   adapters on a tiny BERT and a tiny GPT-2 equal Hugging Face's PEFT: logits, gradients of
 *         every adapter and of what is unfrozen, ten losses of AdamW at two rates, logits after
 *         merging.
 * Method: base weights and adapters by a formula known to both sides (make_peft.py). BERT has
 *         adapters on all its layers, a fresh head and unfrozen embeddings; GPT-2 rank-stabilised
 *         ones and an unfrozen last norm. Tolerances as in test_models_torch.c.
 *         Merged logits must be the unmerged ones within 1e-5, and the bytes come back.
 *         Planted fault: without the adapters' scale, logits must differ. */
#include "lora_subject.h"

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

static void check_model(const struct wl_node *root, bool is_bert, enum wl_number number)
{
    const struct wl_node *stored = wl_node_get(root, is_bert ? "bert" : "gpt");
    const struct wl_lora_options options = subject_options(is_bert);
    bool is_exact = number == WL_F32;
    struct subject s;

    subject_open(&s, is_bert);
    CHECK_INT(wl_lora_new(wl_alloc_default(), &s.places, &options, &s.lora, &fault), WL_OK);
    subject_plan(&s, number);
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
    subject_close(&s);
}

static void test_peft(void)
{
    struct wl_arena arena;
    const struct wl_node *root = torch_json(&arena, PATH("peft.json"));
    struct wl_gemm *gemm = NULL;

    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    for (int i = 0; i < (wl_gemm_has_bf16(gemm) ? 4 : 2); i++) {
        check_model(root, i % 2 == 0, i < 2 ? WL_F32 : WL_BF16);
    }
    wl_gemm_close(gemm);
    wl_arena_release(&arena);
}

int main(void)
{
    RUN(test_peft);
    return check_report();
}
