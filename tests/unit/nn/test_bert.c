/* Goal:   a BERT learns, gives the same bytes for the same seed, takes no memory in a step,
 * survives
 *         every failed allocation, and refuses what does not fit; packed neighbours do not meet.
 * Method: a tiny model with dropout on made-up texts whose class is whether token 3 occurs; memory
 *         counted by the heap; one text alone against the same text among others. */
#include "check.h"

#include "nn/bert.h"
#include "nn/optimizer.h"

enum { V = 20, P = 16, TEXTS = 24, LENGTH = 12 };

static wl_error fault;

static const struct wl_bert_config config = {
    .shape = {.n_channels = 16, .n_heads = 2, .n_inner = 32, .n_layers = 3, .eps = 1e-12F},
    .n_vocabulary = V,
    .n_positions = P,
    .n_segments = 2,
    .n_labels = 2,
    .dropout = 0.1F,
    .attention_dropout = 0.1F};

static void make_batch(struct wl_packed_batch *batch, int32_t *classes, uint64_t *state)
{
    wl_packed_batch_clear(batch);
    for (size_t b = 0; b < TEXTS; b++) {
        int32_t tokens[LENGTH] = {1};
        size_t n = 2 + check_rand(state) % (LENGTH - 1);
        classes[b] = 0;
        for (size_t i = 1; i < n; i++) {
            tokens[i] = (int32_t)(4 + check_rand(state) % (V - 4));
        }
        if (check_rand(state) % 2 == 0) {
            tokens[1 + check_rand(state) % (n - 1)] = 3;
            classes[b] = 1;
        }
        CHECK_INT(wl_packed_batch_add(batch, tokens, NULL, n, &fault), WL_OK);
    }
}

static bool recomputes; // what the next training does

// Trains from nothing; the last loss, and all weights into out when not NULL.
static double train(enum wl_number number, size_t n_steps, float *out)
{
    struct wl_bert *bert = NULL;
    struct wl_gemm *gemm = NULL;
    struct wl_packed_batch batch;
    struct check_heap heap;
    struct wl_optimizer optimizer = {.options = wl_optimizer_options_default()};
    int32_t classes[TEXTS];
    const struct wl_targets targets = {.classes = classes};
    uint64_t state = 7;
    double mean = 0.0;

    check_heap_init(&heap, SIZE_MAX);
    optimizer.options.rate = 1e-2;
    optimizer.options.n_steps = n_steps;
    CHECK_INT(wl_gemm_open(&heap.alloc, 1, &gemm, &fault), WL_OK);
    CHECK_INT(wl_bert_new(&heap.alloc, &config, &bert, &fault), WL_OK);
    bert->stack.recomputes = recomputes;
    CHECK_INT(wl_bert_plan(bert, (size_t)TEXTS * LENGTH, TEXTS, number, true, &fault), WL_OK);
    wl_tensors_start(&bert->tensors, 5, 0.1);
    CHECK_INT(wl_packed_batch_init(&batch, &heap.alloc, (size_t)TEXTS * LENGTH, TEXTS, &fault),
              WL_OK);
    size_t n_requests = heap.n_requests;
    for (size_t i = 0; i < n_steps; i++) {
        double loss = 0.0;
        make_batch(&batch, classes, &state);
        CHECK_INT(wl_bert_train(bert, gemm, &batch, &targets, 1.0 / TEXTS, 42, i, &loss, &fault),
                  WL_OK);
        CHECK_INT(wl_optimizer_step(&optimizer, &bert->tensors, NULL, &fault), WL_OK);
        mean += i + 10 >= n_steps ? loss / 10.0 : 0.0;
    }
    CHECK_INT(heap.n_requests, n_requests); // nothing in a step
    if (out != NULL) {
        memcpy(out, bert->tensors.weights, bert->tensors.n_floats * sizeof(float));
    }
    wl_packed_batch_release(&batch);
    wl_bert_free(bert);
    wl_gemm_close(gemm);
    CHECK_INT(heap.live_blocks, 0);
    return mean;
}

static void test_learns(void)
{
    double first = train(WL_F32, 10, NULL); // mean of the first ten: no better than a coin
    double last = train(WL_F32, 150, NULL);

    fprintf(stderr, "loss %.3f, then %.3f\n", first, last);
    CHECK(first > 0.5);
    CHECK(last < 0.3);
}

static void test_same_seed_same_bytes(void)
{
    static float once[1 << 14];
    static float again[1 << 14];

    (void)train(WL_F32, 12, once);
    (void)train(WL_F32, 12, again);
    CHECK(memcmp(once, again, sizeof(once)) == 0);
    (void)train(WL_F32, 11, again);
    CHECK(memcmp(once, again, sizeof(once)) != 0);
}

static void test_recomputing_changes_no_byte(void)
{
    static float once[1 << 14];
    static float again[1 << 14];

    (void)train(WL_F32, 12, once);
    recomputes = true;
    (void)train(WL_F32, 12, again);
    recomputes = false;
    CHECK(memcmp(once, again, sizeof(once)) == 0);
}

static void test_neighbours_do_not_meet(void)
{
    struct wl_bert *bert = NULL;
    struct wl_gemm *gemm = NULL;
    struct wl_packed_batch batch;
    int32_t classes[TEXTS];
    float among[2];
    uint64_t state = 3;

    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    CHECK_INT(wl_bert_new(wl_alloc_default(), &config, &bert, &fault), WL_OK);
    CHECK_INT(wl_bert_plan(bert, (size_t)TEXTS * LENGTH, TEXTS, WL_F32, false, &fault), WL_OK);
    wl_tensors_start(&bert->tensors, 5, 0.2);
    CHECK_INT(
        wl_packed_batch_init(&batch, wl_alloc_default(), (size_t)TEXTS * LENGTH, TEXTS, &fault),
        WL_OK);
    make_batch(&batch, classes, &state);
    CHECK_INT(wl_transformer_pack(&bert->stack, gemm, &bert->tensors, &fault), WL_OK);
    for (size_t b = 0; b < TEXTS; b += 5) {
        struct wl_packed_batch alone;
        size_t n = batch.starts[b + 1] - batch.starts[b];
        CHECK_INT(wl_bert_forward(bert, gemm, &batch, &fault), WL_OK);
        memcpy(among, bert->logits + 2 * b, sizeof(among));
        CHECK_INT(wl_packed_batch_init(&alone, wl_alloc_default(), n, 1, &fault), WL_OK);
        CHECK_INT(wl_packed_batch_add(&alone, batch.tokens + batch.starts[b], NULL, n, &fault),
                  WL_OK);
        CHECK_INT(wl_bert_forward(bert, gemm, &alone, &fault), WL_OK);
        CHECK_CLOSE((double)bert->logits[0], (double)among[0], 1e-5);
        CHECK_CLOSE((double)bert->logits[1], (double)among[1], 1e-5);
        wl_packed_batch_release(&alone);
    }
    wl_packed_batch_release(&batch);
    wl_bert_free(bert);
    wl_gemm_close(gemm);
}

static void test_refusals(void)
{
    static const int32_t tokens[LENGTH] = {1, V, -1};
    struct wl_bert *bert = NULL;
    struct wl_gemm *gemm = NULL;
    struct wl_packed_batch batch;
    struct wl_bert_config wrong = config;
    double loss = 77.0;
    const int32_t classes[2] = {0, 2};
    const struct wl_targets targets = {.classes = classes};

    wrong.shape.n_heads = 3;
    CHECK_INT(wl_bert_new(wl_alloc_default(), &wrong, &bert, &fault), WL_ECONFIG);
    wrong = config;
    wrong.shape.n_layers = 0;
    CHECK_INT(wl_bert_new(wl_alloc_default(), &wrong, &bert, &fault), WL_ECONFIG);
    wrong = config;
    wrong.shape.is_causal = true;
    CHECK_INT(wl_bert_new(wl_alloc_default(), &wrong, &bert, &fault), WL_ECONFIG);
    CHECK(bert == NULL);
    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    CHECK_INT(wl_bert_new(wl_alloc_default(), &config, &bert, &fault), WL_OK);
    CHECK_INT(wl_bert_plan(bert, 16, 1, WL_F32, true, &fault), WL_OK);
    CHECK_INT(wl_packed_batch_init(&batch, wl_alloc_default(), 40, 2, &fault), WL_OK);
    CHECK_INT(wl_packed_batch_add(&batch, tokens, NULL, 0, &fault), WL_EINVAL);
    CHECK_INT(wl_packed_batch_add(&batch, tokens, NULL, 49, &fault), WL_ELIMIT);
    CHECK_INT(wl_packed_batch_add(&batch, tokens, NULL, 2, &fault), WL_OK);
    CHECK_INT(wl_bert_forward(bert, gemm, &batch, &fault), WL_ERANGE);
    CHECK_STR(fault.message, "token 20 at place 1 of text 0 is not below 20");
    wl_packed_batch_clear(&batch);
    CHECK_INT(wl_packed_batch_add(&batch, tokens, NULL, 1, &fault), WL_OK);
    CHECK_INT(wl_packed_batch_add(&batch, tokens, NULL, 1, &fault), WL_OK);
    CHECK_INT(wl_packed_batch_add(&batch, tokens, NULL, 1, &fault), WL_ELIMIT);
    CHECK_INT(wl_bert_forward(bert, gemm, &batch, &fault), WL_ELIMIT); // two texts, planned for one
    CHECK_INT(wl_bert_plan(bert, 16, 2, WL_F32, true, &fault), WL_OK);
    CHECK_INT(wl_bert_train(bert, gemm, &batch, &targets, 1.0, 1, 1, &loss, &fault), WL_ERANGE);
    CHECK_CLOSE(loss, 77.0, 0.0);
    wl_packed_batch_release(&batch);
    wl_bert_free(bert);
    wl_gemm_close(gemm);
}

// A view gives the numbers of its BERT, packed or not, and outlives other views.
static void test_views(void)
{
    static const int32_t tokens[] = {1, 2, 3, 4, 5, 6, 7};
    struct wl_bert *bert = NULL;
    struct wl_bert *views[2] = {NULL, NULL};
    struct wl_packed_batch batch;
    struct wl_gemm *gemm = NULL;
    float want[8];

    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    CHECK_INT(wl_bert_new(wl_alloc_default(), &config, &bert, &fault), WL_OK);
    wl_tensors_start(&bert->tensors, 3, 0.2);
    CHECK_INT(wl_bert_plan(bert, 16, 2, WL_F32, false, &fault), WL_OK);
    CHECK_INT(wl_transformer_pack(&bert->stack, gemm, &bert->tensors, &fault), WL_OK);
    CHECK_INT(wl_packed_batch_init(&batch, wl_alloc_default(), 32, 2, &fault), WL_OK);
    CHECK_INT(wl_packed_batch_add(&batch, tokens, NULL, 7, &fault), WL_OK);
    CHECK_INT(wl_bert_forward(bert, gemm, &batch, &fault), WL_OK);
    CHECK(config.n_labels <= COUNT(want));
    memcpy(want, bert->logits, config.n_labels * sizeof(*want));
    for (size_t i = 0; i < 2; i++) {
        CHECK_INT(wl_bert_view(bert, 32, 2, &views[i], &fault), WL_OK);
        memset(bert->logits, 0, config.n_labels * sizeof(*want));
        CHECK_INT(wl_bert_forward(views[i], gemm, &batch, &fault), WL_OK);
        CHECK(memcmp(views[i]->logits, want, config.n_labels * sizeof(*want)) == 0);
    }
    wl_bert_free(views[0]);
    CHECK_INT(wl_bert_forward(views[1], gemm, &batch, &fault), WL_OK);
    CHECK(memcmp(views[1]->logits, want, config.n_labels * sizeof(*want)) == 0);
    wl_bert_free(views[1]);
    wl_packed_batch_release(&batch);
    wl_bert_free(bert);
    wl_gemm_close(gemm);
}

static void test_every_failed_allocation(void)
{
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_bert *bert = NULL;

        check_heap_init(&heap, n_good);
        wl_status status = wl_bert_new(&heap.alloc, &config, &bert, &fault);
        if (status == WL_OK) {
            status = wl_bert_plan(bert, 16, 2, WL_BF16, true, &fault);
        }
        struct wl_bert *view = NULL;
        if (status == WL_OK) {
            status = wl_bert_view(bert, 16, 2, &view, &fault);
        }
        wl_bert_free(view);
        wl_bert_free(bert);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good > 8);
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
}

int main(void)
{
    RUN(test_learns);
    RUN(test_same_seed_same_bytes);
    RUN(test_recomputing_changes_no_byte);
    RUN(test_neighbours_do_not_meet);
    RUN(test_refusals);
    RUN(test_views);
    RUN(test_every_failed_allocation);
    return check_report();
}
