/* Goal:   AdamW, Adam and SGD step as PyTorch's do, with warm-up, each decay of the rate, clipping,
 *         and no decay of biases; a gradient that is not finite changes no weight.
 * Method: ten updates by gradients from a formula known to make_torch.py; weights within 2e-6 after
 *         each. Planted fault: a decayed bias must differ. Then groups and refusals. */
#include "torch_json.h"

#include "nn/optimizer.h"

static wl_error fault;

static struct wl_tensors make_tensors(size_t *weight, size_t *bias, enum wl_tensor_kind bias_kind)
{
    static const size_t dims[2] = {2, 3};
    static const size_t n[1] = {3};
    struct wl_tensors t;

    wl_tensors_init(&t, wl_alloc_default());
    CHECK_INT(wl_tensors_add(&t, WL_TENSOR_WEIGHT, dims, 2, weight, &fault, "w"), WL_OK);
    CHECK_INT(wl_tensors_add(&t, bias_kind, n, 1, bias, &fault, "b"), WL_OK);
    CHECK_INT(
        wl_tensors_allocate(&t, WL_BLOCK_WEIGHTS | WL_BLOCK_GRADIENTS | WL_BLOCK_MOMENTS, &fault),
        WL_OK);
    for (size_t i = 0; i < 6; i++) {
        t.weights[*weight + i] = (float)i * 0.25F - 0.5F;
    }
    for (size_t i = 0; i < 3; i++) {
        t.weights[*bias + i] = (float)i * 0.5F;
    }
    return t;
}

static void set_gradients(const struct wl_tensors *t, size_t weight, size_t bias, size_t step)
{
    for (size_t i = 0; i < 6; i++) {
        t->gradients[weight + i] = (float)((int)((i * 5 + step * 7) % 11) - 5) * 0.125F;
    }
    for (size_t i = 0; i < 3; i++) {
        t->gradients[bias + i] = (float)((int)((i * 3 + step * 5) % 7) - 3) * 0.125F;
    }
}

static const struct optimizer_case {
    const char *name;
    enum wl_optimizer_kind kind;
    enum wl_rate_shape shape;
} cases[] = {
    {"adamw", WL_ADAMW, WL_RATE_LINEAR},
    {"adam", WL_ADAM, WL_RATE_COSINE},
    {"sgd", WL_SGD, WL_RATE_CONSTANT},
};

static struct wl_optimizer make_optimizer(const struct optimizer_case *c)
{
    struct wl_optimizer o = {.options = wl_optimizer_options_default()};
    o.options.kind = c->kind;
    o.options.shape = c->shape;
    o.options.rate = 0.1;
    o.options.decay = 0.05;
    o.options.n_steps = 10;
    o.options.warm_share = 0.2;
    return o;
}

// Largest difference over ten updates.
static double run_case(const struct optimizer_case *c, const struct wl_node *stored,
                       enum wl_tensor_kind bias_kind)
{
    size_t weight = 0;
    size_t bias = 0;
    struct wl_tensors t = make_tensors(&weight, &bias, bias_kind);
    struct wl_optimizer optimizer = make_optimizer(c);
    const struct wl_node *row = wl_node_get(wl_node_get(stored, c->name), "weights")->first;
    double worst = 0.0;

    for (size_t step = 0; step < 10; step++, row = row->next) {
        float now[9];
        set_gradients(&t, weight, bias, step);
        CHECK_INT(wl_optimizer_step(&optimizer, &t, NULL, &fault), WL_OK);
        memcpy(now, t.weights + weight, 6 * sizeof(float));
        memcpy(now + 6, t.weights + bias, 3 * sizeof(float));
        worst = fmax(worst, torch_error(now, 9, row, 1.0));
        CHECK_CLOSE((double)t.gradients[weight], 0.0, 0.0);
    }
    wl_tensors_release(&t);
    return worst;
}

static void test_ten_updates(void)
{
    struct wl_arena arena;
    const struct wl_node *stored =
        torch_json(&arena, WL_SOURCE_DIR "/tests/golden/nn/optimizer.json");

    for (size_t i = 0; i < COUNT(cases); i++) {
        CHECK(run_case(&cases[i], stored, WL_TENSOR_BIAS) < 2e-6);
        CHECK(run_case(&cases[i], stored, WL_TENSOR_WEIGHT) > 1e-4); // planted fault
    }
    wl_arena_release(&arena);
}

static void test_groups_and_refusals(void)
{
    size_t weight = 0;
    size_t bias = 0;
    struct wl_tensors t = make_tensors(&weight, &bias, WL_TENSOR_BIAS);
    struct wl_optimizer o = make_optimizer(&cases[2]);
    float before[32];
    double norm = 0.0;

    o.options.warm_share = 0.0;
    o.options.n_groups = 2;
    o.options.group_factors[0] = 1.0;
    o.options.group_factors[1] = 0.0; // frozen
    t.items[1].group = 1;
    memcpy(before, t.weights, t.n_floats * sizeof(float));
    set_gradients(&t, weight, bias, 0);
    t.gradients[weight] = INFINITY;
    CHECK_INT(wl_optimizer_step(&o, &t, &norm, &fault), WL_ERANGE);
    CHECK_INT(o.n_done, 0);
    CHECK(memcmp(before, t.weights, t.n_floats * sizeof(float)) == 0);
    CHECK_CLOSE((double)t.gradients[weight + 1], 0.0, 0.0);
    set_gradients(&t, weight, bias, 0);
    CHECK_INT(wl_optimizer_step(&o, &t, &norm, &fault), WL_OK);
    CHECK(norm > 0.0);
    CHECK(memcmp(before + bias, t.weights + bias, 3 * sizeof(float)) == 0);
    CHECK(memcmp(before + weight, t.weights + weight, 6 * sizeof(float)) != 0);
    wl_tensors_release(&t);
}

static void test_rates(void)
{
    struct wl_optimizer_options o = wl_optimizer_options_default();

    o.rate = 1.0;
    o.n_steps = 10;
    o.n_warm = 2;
    CHECK_CLOSE(wl_optimizer_rate(&o, 0), 0.0, 0.0);
    CHECK_CLOSE(wl_optimizer_rate(&o, 1), 0.5, 0.0);
    CHECK_CLOSE(wl_optimizer_rate(&o, 2), 1.0, 0.0);
    CHECK_CLOSE(wl_optimizer_rate(&o, 6), 0.5, 1e-15);
    CHECK_CLOSE(wl_optimizer_rate(&o, 99), 0.0, 0.0);
    o.shape = WL_RATE_COSINE;
    CHECK_CLOSE(wl_optimizer_rate(&o, 4), 0.5 + 0.25 * sqrt(2.0), 1e-15);
    o.shape = WL_RATE_CONSTANT;
    CHECK_CLOSE(wl_optimizer_rate(&o, 99), 1.0, 0.0);
}

int main(void)
{
    RUN(test_ten_updates);
    RUN(test_groups_and_refusals);
    RUN(test_rates);
    return check_report();
}
