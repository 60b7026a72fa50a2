/* Goal:   layers and the optimizer give the same bytes for any number of threads.
 * Method: matrices large enough to be shared out; one thread, then two, then five, byte by byte.
 *         Planted fault: another seed of dropout must differ. Skipped in effect where the compiler
 *         has no OpenMP: then there is one thread every time. */
#include "check.h"

#include "nn/attention.h"
#include "nn/kernels.h"
#include "nn/optimizer.h"

void omp_set_num_threads(int n_threads); // libgomp's; clang has another <omp.h>

enum { N = 230, C = 192, HEADS = 3, V = 50 };

static wl_error fault;
static float x[N * C];
static float dy[N * C];
static float qkv[N * 3 * C];
static int32_t ids[N];

// Everything the layers write in one go.
struct outputs {
    float y[N * C];
    float dx[N * C];
    float attended[N * C];
    float dqkv[N * 3 * C];
    float log_totals[N * HEADS];
    float gain[C];
    float shift[C];
    float bias[C];
    float table[V * C];
    double losses[N];
    float weights[N * C];
};

static void fill(float *values, size_t n, uint64_t *state)
{
    for (size_t i = 0; i < n; i++) {
        values[i] = (float)(ldexp((double)(check_rand(state) >> 11), -52) - 1.0);
    }
}

static void run_layers(uint64_t seed, struct outputs *out)
{
    static float scratch[WL_PIECES * 2 * C];
    static float sums[N * C];
    static float stats[2 * N];
    static const size_t starts[] = {0, 70, 71, 200, N};
    struct wl_matrix mx = wl_matrix_of(x, WL_F32, N, C);
    struct wl_matrix mdy = wl_matrix_of(dy, WL_F32, N, C);
    struct wl_matrix my = wl_matrix_of(out->y, WL_F32, N, C);
    struct wl_matrix mdx = wl_matrix_of(out->dx, WL_F32, N, C);
    struct wl_matrix mqkv = wl_matrix_of(qkv, WL_F32, N, 3 * C);
    struct wl_matrix mattended = wl_matrix_of(out->attended, WL_F32, N, C);
    struct wl_matrix mdqkv = wl_matrix_of(out->dqkv, WL_F32, N, 3 * C);
    const struct wl_attention attention = {.n_heads = HEADS,
                                           .n_channels = C / HEADS,
                                           .dropout = wl_dropout_at(0.1F, seed, 1, 1),
                                           .starts = starts,
                                           .n_sequences = 4};

    wl_norm_forward(&mx, x, dy, 1e-5F, &my, NULL, stats);
    wl_norm_backward(&mx, x, stats, &mdy, false, &mdx, out->gain, out->shift, scratch);
    wl_columns_sum(&mdy, out->bias, scratch);
    wl_embedding_backward(&mdy, ids, out->table);
    wl_attention_forward(&attention, &mqkv, &mattended, out->log_totals);
    wl_attention_backward(&attention, &mqkv, &mattended, out->log_totals, &mdy, &mdqkv, sums);
    wl_cross_entropy(&mx, ids, NULL, 1.0F, out->losses, NULL);
}

static void run_optimizer(struct outputs *out)
{
    static const size_t dims[2] = {N, C};
    struct wl_optimizer optimizer = {.options = wl_optimizer_options_default()};
    struct wl_tensors tensors;
    size_t at = 0;

    optimizer.options.n_steps = 10;
    wl_tensors_init(&tensors, wl_alloc_default());
    CHECK_INT(wl_tensors_add(&tensors, WL_TENSOR_WEIGHT, dims, 2, &at, &fault, "w"), WL_OK);
    CHECK_INT(wl_tensors_allocate(&tensors,
                                  WL_BLOCK_WEIGHTS | WL_BLOCK_GRADIENTS | WL_BLOCK_MOMENTS, &fault),
              WL_OK);
    memcpy(tensors.weights, x, sizeof(x));
    memcpy(tensors.gradients, dy, sizeof(dy));
    CHECK_INT(wl_optimizer_step(&optimizer, &tensors, NULL, &fault), WL_OK);
    memcpy(out->weights, tensors.weights, sizeof(out->weights));
    wl_tensors_release(&tensors);
}

static void test_any_number_of_threads(void)
{
    static struct outputs one;
    static struct outputs many;
    static const int counts[] = {2, 5};
    uint64_t state = check_seed();

    fill(x, COUNT(x), &state);
    fill(dy, COUNT(dy), &state);
    fill(qkv, COUNT(qkv), &state);
    for (size_t i = 0; i < N; i++) {
        ids[i] = (int32_t)(check_rand(&state) % V);
    }
    omp_set_num_threads(1);
    run_layers(7, &one);
    run_optimizer(&one);
    for (size_t i = 0; i < COUNT(counts); i++) {
        omp_set_num_threads(counts[i]);
        memset(&many, 0, sizeof(many));
        run_layers(7, &many);
        run_optimizer(&many);
        CHECK(memcmp(&one, &many, sizeof(one)) == 0);
    }
    memset(&many, 0, sizeof(many));
    run_layers(8, &many);
    run_optimizer(&many);
    CHECK(memcmp(&one, &many, sizeof(one)) != 0); // planted fault
}

int main(void)
{
    RUN(test_any_number_of_threads);
    return check_report();
}
