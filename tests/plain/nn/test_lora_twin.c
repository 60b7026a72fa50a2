/* Goal:   adapters in a pass equal their definition in double (nn/plain.h), with dropout, in float
 *         and in bf16: outputs, gradients of x, A and B; three parts on one layer touch only their
 *         own columns.
 * Method: the joined qkv of a small BERT with adapters of different values on query and value; the
 *         layer is called on random rows with gaps behind them. Tolerances: float 1e-5 of the
 *         largest value, sums of a few dozen products; bf16 3 %, 8 bits in four roundings.
 *         Planted fault: another step's dropout must not pass. */
#include "nn_twin.h"

#include "nn/bert.h"
#include "nn/lora_inside.h"
#include "nn/plain.h"

enum { C = 24, N = 32, R = 5, SEED = 7, STEP = 3 };

static wl_error fault;

struct setting {
    enum wl_number number;
    double dropout;
    double tolerance;
};
static const struct setting settings[] = {
    {WL_F32, 0.0, 1e-5}, {WL_F32, 0.4, 1e-5}, {WL_BF16, 0.0, 3e-2}, {WL_BF16, 0.4, 3e-2}};

// One part's matrices in double, and gradients of the same shapes.
struct plain_part {
    double a[R * C];
    double b[C * R];
    double da[R * C];
    double db[C * R];
};

static struct wl_bert *make_bert(void)
{
    const struct wl_bert_config config = {
        .shape = {.n_channels = C, .n_heads = 2, .n_inner = 48, .n_layers = 1, .eps = 1e-12F},
        .n_vocabulary = 9,
        .n_positions = N,
        .n_segments = 1,
        .n_labels = 2};
    struct wl_bert *bert = NULL;

    CHECK_INT(wl_bert_new(wl_alloc_default(), &config, &bert, &fault), WL_OK);
    return bert;
}

static struct wl_lora *make_lora(struct wl_bert *bert, const struct setting *setting)
{
    const struct wl_str targets[2] = {WL_STR("query"), WL_STR("v_proj")};
    struct wl_lora_options options = wl_lora_options_default();
    struct wl_lora_places places = {0};
    struct wl_lora *lora = NULL;

    options.r = R;
    options.dropout = setting->dropout;
    options.targets = (struct wl_lora_names){targets, 2};
    CHECK_INT(wl_lora_places_bert(wl_alloc_default(), bert, &places, &fault), WL_OK);
    CHECK_INT(wl_lora_new(wl_alloc_default(), &places, &options, &lora, &fault), WL_OK);
    wl_lora_places_release(&places);
    CHECK_INT(wl_bert_plan(bert, N, 2, setting->number, true, &fault), WL_OK);
    return lora;
}

// Random values in the block and, as the pass will read them, in double.
static void fill_parts(struct wl_lora *lora, enum wl_number number, struct plain_part *plain,
                       uint64_t *state)
{
    for (size_t i = 0; i < lora->tensors.n_floats; i++) {
        lora->tensors.weights[i] = (float)ldexp((double)(check_rand(state) >> 11), -52) - 1.0F;
    }
    wl_tensors_refresh(&lora->tensors);
    for (size_t p = 0; p < 2; p++) {
        for (size_t i = 0; i < (size_t)R * C; i++) {
            size_t at[2] = {lora->parts[p].a + i, lora->parts[p].b + i};
            double value[2];
            for (size_t k = 0; k < 2; k++) {
                value[k] = number == WL_F32 ? (double)lora->tensors.weights[at[k]]
                                            : (double)wl_bf16_float(lora->tensors.operands[at[k]]);
            }
            plain[p].a[i] = value[0];
            plain[p].b[i] = value[1];
        }
    }
}

static void columns(const struct twin *t, size_t begin, double *out)
{
    for (size_t i = 0; i < N; i++) {
        memcpy(out + i * C, t->plain + i * t->matrix.n_columns + begin, C * sizeof(*out));
    }
}

static void put_columns(struct twin *t, size_t begin, const double *values)
{
    for (size_t i = 0; i < N; i++) {
        memcpy(t->plain + i * t->matrix.n_columns + begin, values + i * C, C * sizeof(*values));
    }
}

// The plain results, into the twins' plain halves.
static void run_plain(const struct wl_lora *lora, struct plain_part *plain, uint64_t step,
                      const struct twin *x, const struct twin *dy, struct twin *y, struct twin *dx)
{
    for (size_t p = 0; p < 2; p++) {
        const struct wl_lora_part *part = &lora->parts[p];
        struct wl_dropout dropout =
            wl_dropout_at((float)lora->dropout, SEED, step, WL_LORA_DROP_PLACE); // of the layer
        double own[N * C];
        double slope[N * C];
        columns(y, part->row_begin, own);
        wl_plain_lora(x->plain, plain[p].a, plain[p].b, (double)part->scale, N, C, R, C, dropout,
                      own);
        put_columns(y, part->row_begin, own);
        columns(dy, part->row_begin, slope);
        wl_plain_lora_back(x->plain, plain[p].a, plain[p].b, (double)part->scale, N, C, R, C,
                           dropout, slope, dx->plain, plain[p].da, plain[p].db);
    }
}

static void check(struct wl_gemm *gemm, const struct setting *setting, bool is_wrong_step,
                  uint64_t *state)
{
    struct wl_bert *bert = make_bert();
    struct wl_lora *lora = make_lora(bert, setting);
    const struct wl_lora_layer *layer = bert->stack.blocks[0].qkv.lora;
    const struct wl_pass pass = {.seed = SEED, .step = STEP, .is_training = true};
    struct plain_part plain[2] = {0};
    struct twin x = twin_make(setting->number, N, C, 1.0, state);
    struct twin y = twin_make(setting->number, N, (size_t)3 * C, 1.0, state);
    struct twin dy = twin_make(setting->number, N, (size_t)3 * C, 1.0, state);
    struct twin dx = twin_make(setting->number, N, C, 1.0, state);
    double worst = 0.0;

    CHECK(layer != NULL && layer->n == 2);
    fill_parts(lora, setting->number, plain, state);
    wl_lora_begin(lora, &pass);
    run_plain(lora, plain, is_wrong_step ? STEP + 1 : STEP, &x, &dy, &y, &dx);
    CHECK_INT(wl_lora_forward(layer, gemm, &x.matrix, &y.matrix, &fault), WL_OK);
    CHECK_INT(wl_lora_backward(layer, gemm, &x.matrix, &dy.matrix, &dx.matrix, &fault), WL_OK);
    worst = fmax(twin_error(&y), twin_error(&dx));
    for (size_t p = 0; p < 2; p++) {
        const float *g = lora->tensors.gradients;
        worst = fmax(worst, twin_floats_error(g + lora->parts[p].a, plain[p].da, (size_t)R * C));
        worst = fmax(worst, twin_floats_error(g + lora->parts[p].b, plain[p].db, (size_t)R * C));
    }
    if (is_wrong_step) {
        CHECK(worst > 10.0 * setting->tolerance);
    } else {
        printf("LoRA %s, dropout %g: off by %.1e\n", setting->number == WL_F32 ? "float" : "bf16",
               setting->dropout, worst);
        CHECK(worst < setting->tolerance);
    }
    twin_free(&x);
    twin_free(&y);
    twin_free(&dy);
    twin_free(&dx);
    wl_lora_free(lora);
    wl_bert_free(bert);
}

static void test_pass(void)
{
    uint64_t state = check_seed();
    struct wl_gemm *gemm = NULL;

    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    for (size_t i = 0; i < COUNT(settings); i++) {
        if (settings[i].number == WL_F32 || wl_gemm_has_bf16(gemm)) {
            check(gemm, &settings[i], false, &state);
        }
    }
    check(gemm, &settings[1], true, &state);
    wl_gemm_close(gemm);
}

int main(void)
{
    RUN(test_pass);
    return check_report();
}
