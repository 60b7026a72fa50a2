/* Goal:   a decoder with a cache gives the scores of the forward pass over each whole text, in
 *         float within 1e-5, whatever beams take up; limits are refused; every failed allocation
 *         is survived.
 * Method: a random GPT twice with the same weights; beams that fork, swap and end at random, their
 *         texts written down; after each step the texts go through the packed forward pass of the
 *         second model. A planted fault: one text with one other early token is seen. */
#include "check.h"

#include "nn/gpt_decode.h"

enum { V = 53, T = 40, PROMPT = 7, BEAMS = 4, STEPS = 30 };

static wl_error fault;
static int32_t texts[BEAMS][T];

static struct wl_gpt *make_gpt(const wl_alloc *alloc, bool is_tied)
{
    const struct wl_gpt_config config = {.shape = {48, 3, 96, 3, WL_GELU_TANH, 1e-5F, true, true},
                                         .n_vocabulary = V,
                                         .n_positions = T,
                                         .is_tied = is_tied};
    struct wl_gpt *gpt = NULL;

    if (wl_gpt_new(alloc, &config, &gpt, &fault) == WL_OK) {
        wl_tensors_start(&gpt->tensors, 3, 0.15);
    }
    return gpt;
}

// Largest difference of one beam's scores from those of the whole text, and their size.
static double difference(struct wl_gpt *gpt, struct wl_gemm *gemm, const int32_t *text, size_t n,
                         const float *got, double *largest)
{
    struct wl_packed_batch batch;
    double worst = 0.0;

    CHECK_INT(wl_packed_batch_init(&batch, wl_alloc_default(), T, 1, &fault), WL_OK);
    CHECK_INT(wl_packed_batch_add(&batch, text, NULL, n, &fault), WL_OK);
    CHECK_INT(wl_gpt_forward(gpt, gemm, &batch, &fault), WL_OK);
    CHECK_INT(wl_gpt_logits(gpt, gemm, n - 1, 1, &fault), WL_OK);
    *largest = 1.0;
    for (size_t v = 0; v < V; v++) {
        double want = (double)gpt->logits[v];
        double off = fabs(want - (double)got[v]);
        worst = off > worst || isnan(off) ? off : worst;
        *largest = fmax(*largest, fabs(want));
    }
    wl_packed_batch_release(&batch);
    return worst;
}

// One random step of the texts; how many go on.
static size_t choose(uint64_t *state, size_t n_beams, size_t n, uint32_t *from, int32_t *tokens)
{
    int32_t before[BEAMS][T];
    size_t n_next = 1 + check_rand(state) % BEAMS;

    memcpy(before, texts, sizeof(before));
    for (size_t i = 0; i < n_next; i++) {
        from[i] = (uint32_t)(check_rand(state) % n_beams);
        tokens[i] = (int32_t)(check_rand(state) % V);
        memcpy(texts[i], before[from[i]], n * sizeof(texts[i][0]));
        texts[i][n] = tokens[i];
    }
    return n_next;
}

static void check_equal(enum wl_number number, bool is_tied, double tolerance)
{
    const struct wl_gpt_decode_options options = {PROMPT, STEPS, BEAMS, number};
    uint64_t state = check_seed();
    struct wl_gpt *gpt = make_gpt(wl_alloc_default(), is_tied);
    struct wl_gpt *whole = make_gpt(wl_alloc_default(), is_tied);
    struct wl_gemm *gemm = NULL;
    struct wl_gpt_decode *decode = NULL;
    const float *logits = NULL;
    double worst = 0.0;
    double largest = 0.0;
    size_t n_beams = 1;

    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    CHECK_INT(wl_gpt_plan(whole, T, number, false, &fault), WL_OK);
    CHECK_INT(wl_gpt_decode_new(gpt, gemm, &options, &decode, &fault), WL_OK);
    for (size_t t = 0; t < PROMPT; t++) {
        texts[0][t] = (int32_t)(check_rand(&state) % V);
    }
    CHECK_INT(wl_gpt_decode_start(decode, texts[0], PROMPT, &logits, &fault), WL_OK);
    CHECK(difference(whole, gemm, texts[0], PROMPT, logits, &largest) <= tolerance * largest);
    for (size_t n = PROMPT; n < PROMPT + STEPS; n++) {
        uint32_t from[BEAMS];
        int32_t tokens[BEAMS];
        n_beams = choose(&state, n_beams, n, from, tokens);
        CHECK_INT(wl_gpt_decode_step(decode, from, tokens, n_beams, &logits, &fault), WL_OK);
        for (size_t i = 0; i < n_beams; i++) {
            double off =
                difference(whole, gemm, texts[i], n + 1, logits + i * V, &largest) / largest;
            worst = off > worst || isnan(off) ? off : worst;
        }
    }
    fprintf(stderr, "%s: largest difference %.1e of the largest score\n",
            number == WL_F32 ? "float" : "bf16", worst);
    CHECK(worst <= tolerance);
    CHECK_INT(wl_gpt_decode_past(decode), PROMPT + STEPS);
    texts[0][PROMPT - 1] = (texts[0][PROMPT - 1] + 1) % V; // the planted fault
    CHECK(difference(whole, gemm, texts[0], PROMPT + STEPS, logits, &largest) >
          tolerance * largest);
    wl_gpt_decode_free(decode);
    wl_gemm_close(gemm);
    wl_gpt_free(whole);
    wl_gpt_free(gpt);
}

static void test_equals_the_forward_pass(void)
{
    check_equal(WL_F32, true, 1e-5);
    check_equal(WL_F32, false, 1e-5);
}

static void test_equals_the_forward_pass_in_bf16(void)
{
    struct wl_gemm *gemm = NULL;

    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    bool has_bf16 = wl_gemm_has_bf16(gemm);
    wl_gemm_close(gemm);
    if (has_bf16) {
        check_equal(WL_BF16, true, 0.03); // 8 bits of mantissa, three layers
    }
}

static void test_limits_are_refused(void)
{
    static const struct {
        struct wl_gpt_decode_options options;
        wl_status want;
    } cases[] = {
        {{0, 4, 1, WL_F32}, WL_EINVAL}, {{4, 0, 1, WL_F32}, WL_EINVAL},
        {{4, 4, 0, WL_F32}, WL_EINVAL}, {{4, 4, WL_GPT_BEAMS_MAX + 1, WL_F32}, WL_EINVAL},
        {{T, 2, 1, WL_F32}, WL_ELIMIT}, {{SIZE_MAX, 2, 1, WL_F32}, WL_ELIMIT},
    };
    const struct wl_gpt_decode_options options = {4, 2, 2, WL_F32};
    const int32_t tokens[5] = {1, 2, 3, 4, V};
    const uint32_t from[3] = {0, 0, 1};
    struct wl_gpt *gpt = make_gpt(wl_alloc_default(), true);
    struct wl_gemm *gemm = NULL;
    struct wl_gpt_decode *decode = NULL;
    const float *logits = NULL;

    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    for (size_t i = 0; i < COUNT(cases); i++) {
        CHECK_INT(wl_gpt_decode_new(gpt, gemm, &cases[i].options, &decode, &fault), cases[i].want);
        CHECK(decode == NULL);
    }
    CHECK_INT(wl_gpt_decode_new(gpt, gemm, &options, &decode, &fault), WL_OK);
    CHECK_INT(wl_gpt_decode_step(decode, from, tokens, 1, &logits, &fault), WL_ERANGE);
    CHECK_INT(wl_gpt_decode_start(decode, tokens, 5, &logits, &fault), WL_ELIMIT);
    CHECK_INT(wl_gpt_decode_start(decode, tokens + 4, 1, &logits, &fault), WL_ERANGE);
    CHECK_INT(wl_gpt_decode_start(decode, tokens, 4, &logits, &fault), WL_OK);
    CHECK_INT(wl_gpt_decode_step(decode, from, tokens, 3, &logits, &fault), WL_ELIMIT);
    CHECK_INT(wl_gpt_decode_step(decode, from + 2, tokens, 1, &logits, &fault), WL_ERANGE);
    CHECK_INT(wl_gpt_decode_step(decode, from, tokens + 4, 1, &logits, &fault), WL_ERANGE);
    CHECK_INT(wl_gpt_decode_step(decode, from, tokens, 2, &logits, &fault), WL_OK);
    CHECK_INT(wl_gpt_decode_step(decode, from, tokens, 2, &logits, &fault), WL_OK);
    CHECK_INT(wl_gpt_decode_step(decode, from, tokens, 2, &logits, &fault), WL_ELIMIT);
    wl_gpt_decode_free(decode);
    wl_gemm_close(gemm);
    wl_gpt_free(gpt);
}

static void test_survives_every_failed_allocation(void)
{
    const struct wl_gpt_decode_options options = {4, 2, 2, WL_F32};
    struct wl_gemm *gemm = NULL;

    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    for (size_t n_good = 0; n_good < 1000; n_good++) {
        struct check_heap heap;
        struct wl_gpt_decode *decode = NULL;
        wl_status status = WL_ENOMEM;

        check_heap_init(&heap, n_good);
        struct wl_gpt *gpt = make_gpt(&heap.alloc, true);
        if (gpt != NULL) {
            status = wl_gpt_decode_new(gpt, gemm, &options, &decode, &fault);
        }
        wl_gpt_decode_free(decode);
        wl_gpt_free(gpt);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good > 5);
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
    wl_gemm_close(gemm);
}

int main(void)
{
    RUN(test_equals_the_forward_pass);
    RUN(test_equals_the_forward_pass_in_bf16);
    RUN(test_limits_are_refused);
    RUN(test_survives_every_failed_allocation);
    return check_report();
}
