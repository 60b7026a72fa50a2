/* Goal:   rounding to bf16 follows the standard's rule; a table of tensors lays out memory as its
 *         header says, refuses what cannot be, and survives every failed allocation.
 * Method: tables of bit patterns; the nearest of the two neighbours in double, for random floats;
 *         refusals, which must leave the table as it was. */
#include "check.h"

#include "base/limits.h"
#include "nn/numbers.h"
#include "nn/tensors.h"

static wl_error fault;

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static const struct rounding {
    uint32_t bits;
    uint16_t want;
} roundings[] = {
    {0x3f800000, 0x3f80}, // 1
    {0x3f808000, 0x3f80}, // half way, even below
    {0x3f818000, 0x3f82}, // half way, even above
    {0x3f808001, 0x3f81}, // just above half way
    {0x80000000, 0x8000}, // minus zero
    {0x00000001, 0x0000}, // smallest subnormal
    {0x7f7fffff, 0x7f80}, // largest float rounds to infinity
    {0x7f800000, 0x7f80}, // infinity
    {0xff800000, 0xff80}, // minus infinity
    {0x7f800001, 0x7fc0}, // a NaN whose upper half alone is infinity
    {0x7fffffff, 0x7fff}, // a NaN that rounding would carry into zero
};

static void test_rounding_table(void)
{
    for (size_t i = 0; i < COUNT(roundings); i++) {
        CHECK_INT(wl_bf16_of(float_of(roundings[i].bits)), roundings[i].want);
    }
}

static void test_rounding_is_nearest(void)
{
    enum { N = 4099 }; // no multiple of a vector, so that the loop's tail runs
    static float x[N];
    static uint16_t y[N];
    static float back[N];
    uint64_t state = check_seed();
    int n_wrong_if_cut = 0;

    for (size_t i = 0; i < N; i++) {
        x[i] = ldexpf((float)(check_rand(&state) >> 40), (int)(check_rand(&state) % 60) - 50);
    }
    wl_bf16_from_floats(x, N, y);
    wl_bf16_to_floats(y, N, back);
    for (size_t i = 0; i < N; i++) {
        double below = (double)wl_bf16_float((uint16_t)(y[i] - 1U));
        double above = (double)wl_bf16_float((uint16_t)(y[i] + 1U));
        double off = fabs((double)back[i] - (double)x[i]);
        CHECK_INT(y[i], wl_bf16_of(x[i]));
        CHECK(x[i] == 0.0F || (off <= fabs(above - (double)x[i]) && off <= (double)x[i] - below));
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof(bits));
        n_wrong_if_cut += (uint16_t)(bits >> 16) != y[i];
    }
    CHECK(n_wrong_if_cut > N / 4); // the planted fault, cutting, is seen
}

static wl_status fill(struct wl_tensors *tensors)
{
    const size_t word[2] = {5, 7};
    const size_t gain[1] = {7};
    const size_t weight[2] = {4, 4};
    size_t at = 0;

    WL_TRY(wl_tensors_add(tensors, WL_TENSOR_TABLE, word, 2, &at, &fault, "word"));
    CHECK_INT(at, 0);
    WL_TRY(wl_tensors_add(tensors, WL_TENSOR_GAIN, gain, 1, &at, &fault, "norm.%d.weight", 0));
    CHECK_INT(at, 48); // 35 values, up to the next multiple of 16
    WL_TRY(wl_tensors_add(tensors, WL_TENSOR_BIAS, gain, 1, &at, &fault, "norm.%d.bias", 0));
    CHECK_INT(at, 64);
    WL_TRY(wl_tensors_add(tensors, WL_TENSOR_WEIGHT, weight, 2, &at, &fault, "out.weight"));
    CHECK_INT(at, 80);
    return wl_tensors_allocate(
        tensors, WL_BLOCK_WEIGHTS | WL_BLOCK_GRADIENTS | WL_BLOCK_MOMENTS | WL_BLOCK_OPERANDS,
        &fault);
}

static void test_layout_and_first_values(void)
{
    struct wl_tensors tensors;

    wl_tensors_init(&tensors, wl_alloc_default());
    CHECK_INT(fill(&tensors), WL_OK);
    CHECK_INT(tensors.n_floats, 96);
    CHECK_INT(wl_tensors_count(&tensors), 35 + 7 + 7 + 16);
    CHECK_INT((uintptr_t)tensors.weights % 64, 0);
    wl_tensors_start(&tensors, 3, 0.02);
    const struct wl_tensor *gain = wl_tensors_find(&tensors, WL_STR("norm.0.weight"));
    CHECK(gain != NULL && wl_tensors_at(&tensors, 48) == gain);
    CHECK(wl_tensors_find(&tensors, WL_STR("norm.1.weight")) == NULL);
    CHECK_CLOSE((double)tensors.weights[48], 1.0, 0.0);
    CHECK_CLOSE((double)tensors.weights[64], 0.0, 0.0);
    CHECK(tensors.weights[0] != 0.0F && fabsf(tensors.weights[0]) < 0.2F);
    CHECK_CLOSE((double)tensors.weights[36], 0.0, 0.0); // a gap
    CHECK_INT(tensors.operands[0], wl_bf16_of(tensors.weights[0]));
    CHECK_INT(tensors.operands[48], 0x3f80);
    wl_tensors_release(&tensors);
    wl_tensors_release(&tensors); // released is zeroed
}

static void test_refusals(void)
{
    static const size_t none[1] = {0};
    static const size_t one[1] = {1};
    static const size_t huge[3] = {SIZE_MAX / 2, 4, 4};
    static const size_t large[1] = {WL_MODEL_FLOATS_MAX};
    struct wl_tensors tensors;
    size_t at = 77;

    wl_tensors_init(&tensors, wl_alloc_default());
    CHECK_INT(wl_tensors_add(&tensors, WL_TENSOR_BIAS, one, 1, &at, &fault, "a"), WL_OK);
    at = 77;
    CHECK_INT(wl_tensors_add(&tensors, WL_TENSOR_BIAS, one, 1, &at, &fault, "a"), WL_EEXIST);
    CHECK_INT(wl_tensors_add(&tensors, WL_TENSOR_BIAS, none, 1, &at, &fault, "b"), WL_EINVAL);
    CHECK_INT(wl_tensors_add(&tensors, WL_TENSOR_BIAS, one, 0, &at, &fault, "b"), WL_EINVAL);
    CHECK_INT(wl_tensors_add(&tensors, WL_TENSOR_BIAS, one, 9, &at, &fault, "b"), WL_EINVAL);
    CHECK_INT(wl_tensors_add(&tensors, WL_TENSOR_BIAS, huge, 3, &at, &fault, "b"), WL_ELIMIT);
    CHECK_INT(wl_tensors_add(&tensors, WL_TENSOR_BIAS, large, 1, &at, &fault, "b"), WL_ELIMIT);
    CHECK_INT(wl_tensors_add(&tensors, WL_TENSOR_BIAS, one, 1, &at, &fault, "%0*d", 96, 1),
              WL_EINVAL);
    CHECK_INT(at, 77);
    CHECK_INT(tensors.n_tensors, 1);
    CHECK_INT(tensors.n_floats, 16);
    wl_tensors_release(&tensors);
}

static void test_every_failed_allocation(void)
{
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_tensors tensors;

        check_heap_init(&heap, n_good);
        wl_tensors_init(&tensors, &heap.alloc);
        wl_status status = fill(&tensors);
        wl_tensors_release(&tensors);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK_INT(n_good, 6); // the table and five blocks
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
}

int main(void)
{
    RUN(test_rounding_table);
    RUN(test_rounding_is_nearest);
    RUN(test_layout_and_first_values);
    RUN(test_refusals);
    RUN(test_every_failed_allocation);
    return check_report();
}
