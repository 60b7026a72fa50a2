/* Goal:   texts of many threads meet in batches and everybody gets his own result; failures reach
 *         all in the batch and nobody else; embeddings and scores of a BERT come from one pass.
 * Method: 8 threads with 200 texts each and a function that adds up tokens, slow enough for texts
 *         to meet; then a function that fails for one token; then a tiny BERT, each text against
 *         its result alone. Run under ThreadSanitizer too. */
#include "check.h"

#include "base/thread.h"
#include "nn/batcher.h"

#include <stdatomic.h>

enum { THREADS = 8, TEXTS = 200, POISON = 999 };

static wl_error fault;

struct seen {
    size_t n_batches;
    size_t n_texts;
    atomic_int n_inside;
};

// Sum and count of each text's tokens.
static wl_status add_up(void *context, const struct wl_packed_batch *batch, float *outputs,
                        wl_error *error)
{
    struct seen *seen = context;

    CHECK_INT(atomic_fetch_add(&seen->n_inside, 1), 0); // one call at a time
    seen->n_batches++;
    seen->n_texts += batch->n_texts;
    wl_status status = WL_OK;
    for (size_t b = 0; b < batch->n_texts; b++) {
        outputs[2 * b] = 0.0F;
        outputs[2 * b + 1] = (float)(batch->starts[b + 1] - batch->starts[b]);
        for (size_t i = batch->starts[b]; i < batch->starts[b + 1]; i++) {
            outputs[2 * b] += (float)batch->tokens[i];
            if (batch->tokens[i] == POISON) {
                status = wl_fail(error, WL_ERANGE, "poison");
            }
        }
    }
    (void)atomic_fetch_sub(&seen->n_inside, 1);
    return status;
}

static struct wl_batcher_options options_of(struct seen *seen)
{
    return (struct wl_batcher_options){.texts_max = 5,
                                       .rows_max = 64,
                                       .wait_us = 200,
                                       .n_outputs = 2,
                                       .run = add_up,
                                       .context = seen};
}

static wl_status ask_many(void *context, size_t begin, size_t end, size_t i_worker, wl_error *error)
{
    struct wl_batcher *batcher = context;
    (void)i_worker;

    for (size_t t = begin; t < end; t++) {
        for (size_t i = 0; i < TEXTS; i++) {
            int32_t tokens[24];
            float outputs[2];
            size_t n = 1 + (t * 7 + i * 5) % 24;
            float sum = 0.0F;
            for (size_t k = 0; k < n; k++) {
                tokens[k] = (int32_t)((t * 31 + i * 17 + k) % 100);
                sum += (float)tokens[k];
            }
            WL_TRY(wl_batcher_run(batcher, tokens, n, outputs, error));
            CHECK_CLOSE((double)outputs[0], (double)sum, 0.0);
            CHECK_INT((int64_t)outputs[1], (int64_t)n);
        }
    }
    return WL_OK;
}

static void test_everybody_gets_his_own(void)
{
    struct seen seen = {0};
    struct wl_batcher_options options = options_of(&seen);
    struct wl_batcher *batcher = NULL;

    CHECK_INT(wl_batcher_new(wl_alloc_default(), &options, &batcher, &fault), WL_OK);
    CHECK_INT(wl_parallel_for(THREADS, THREADS, 1, ask_many, batcher, &fault), WL_OK);
    CHECK_INT(seen.n_texts, THREADS * TEXTS);
    CHECK(seen.n_batches < seen.n_texts); // some met
    wl_batcher_free(batcher);
}

static void test_refusals_and_failures(void)
{
    struct seen seen = {0};
    struct wl_batcher_options options = options_of(&seen);
    struct wl_batcher *batcher = NULL;
    static const int32_t tokens[100] = {1, 2, POISON};
    float outputs[2] = {-1.0F, -1.0F};

    CHECK_INT(wl_batcher_new(wl_alloc_default(), &options, &batcher, &fault), WL_OK);
    CHECK_INT(wl_batcher_run(batcher, tokens, 100, outputs, &fault), WL_ELIMIT);
    CHECK_INT(wl_batcher_run(batcher, tokens, 0, outputs, &fault), WL_EINVAL);
    CHECK_INT(wl_batcher_run(batcher, tokens, 3, outputs, &fault), WL_ERANGE);
    CHECK_STR(fault.message, "poison");
    CHECK_CLOSE((double)outputs[0], -1.0, 0.0);                            // as before
    CHECK_INT(wl_batcher_run(batcher, tokens, 2, outputs, &fault), WL_OK); // and life goes on
    CHECK_CLOSE((double)outputs[0], 3.0, 0.0);
    wl_batcher_free(batcher);
    wl_batcher_free(NULL);
    options.texts_max = 0;
    CHECK_INT(wl_batcher_new(wl_alloc_default(), &options, &batcher, &fault), WL_EINVAL);
}

enum { LABELS = 3, WIDTH = 16, OUTPUTS = LABELS + WIDTH };

static wl_status ask_bert(void *context, size_t begin, size_t end, size_t i_worker, wl_error *error)
{
    float(*outputs)[OUTPUTS] = ((void **)context)[1];
    (void)i_worker;

    for (size_t t = begin; t < end; t++) {
        const int32_t tokens[6] = {1, (int32_t)t, 2, 3, (int32_t)(t * 3 % 20), 4};
        WL_TRY(wl_batcher_run(((void **)context)[0], tokens, 3 + t % 4, outputs[t], error));
    }
    return WL_OK;
}

static void test_bert(void)
{
    const struct wl_bert_config config = {
        .shape = {.n_channels = WIDTH, .n_heads = 2, .n_inner = 32, .n_layers = 2, .eps = 1e-12F},
        .n_vocabulary = 20,
        .n_positions = 16,
        .n_segments = 2,
        .n_labels = LABELS};
    static float together[THREADS][OUTPUTS];
    static float alone[THREADS][OUTPUTS];
    struct wl_bert *bert = NULL;
    struct wl_gemm *gemm = NULL;

    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    CHECK_INT(wl_bert_new(wl_alloc_default(), &config, &bert, &fault), WL_OK);
    wl_tensors_start(&bert->tensors, 3, 0.3);
    CHECK_INT(wl_bert_plan(bert, 64, THREADS, WL_F32, false, &fault), WL_OK);
    for (int turn = 0; turn < 2; turn++) {
        struct wl_batch_bert work = {bert, gemm, WL_POOL_MEAN};
        const struct wl_batcher_options options = {.texts_max = turn == 0 ? 1 : THREADS,
                                                   .rows_max = 64,
                                                   .wait_us = 20000,
                                                   .n_outputs = OUTPUTS,
                                                   .run = wl_batch_bert,
                                                   .context = &work};
        struct wl_batcher *batcher = NULL;
        CHECK_INT(wl_batcher_new(wl_alloc_default(), &options, &batcher, &fault), WL_OK);
        void *context[2] = {batcher, turn == 0 ? alone : together};
        CHECK_INT(wl_parallel_for(THREADS, THREADS, 1, ask_bert, context, &fault), WL_OK);
        wl_batcher_free(batcher);
    }
    for (size_t t = 0; t < THREADS; t++) {
        for (size_t i = 0; i < OUTPUTS; i++) {
            CHECK(fabs((double)(together[t][i] - alone[t][i])) < 1e-5);
        }
    }
    CHECK(memcmp(alone[0], alone[1], sizeof(alone[0])) != 0); // texts do differ
    wl_bert_free(bert);
    wl_gemm_close(gemm);
}

int main(void)
{
    RUN(test_everybody_gets_his_own);
    RUN(test_refusals_and_failures);
    RUN(test_bert);
    return check_report();
}
