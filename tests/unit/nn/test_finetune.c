/* Goal:   fine-tuning learns, adds up batches as one, stops early with the best weights, writes its
 *         log, and goes on from a checkpoint with the same bytes; damaged checkpoints are refused.
 * Method: made-up texts whose class is whether token 3 occurs, a tiny BERT with dropout; a training
 *         of four epochs beside one that is broken off after two and resumed in a new model. */
#include "check.h"

#include "base/file.h"
#include "nn/checkpoint.h"
#include "nn/finetune.h"

enum { V = 20, LENGTH = 12, TRAIN = 90, VALID = 30, BATCH = 8 };

#define CHECKPOINT WL_BINARY_DIR "/test_finetune.wlck"

static wl_error fault;
static int32_t tokens[(TRAIN + VALID) * LENGTH];
static size_t starts[TRAIN + VALID + 1];
static int32_t classes[TRAIN + VALID];
static size_t n_lines;

static void make_texts(void)
{
    uint64_t state = 11;

    for (size_t b = 0; b < TRAIN + VALID; b++) {
        int32_t *text = tokens + starts[b];
        size_t n = 2 + check_rand(&state) % (LENGTH - 1);
        text[0] = 1;
        for (size_t i = 1; i < n; i++) {
            text[i] = (int32_t)(4 + check_rand(&state) % (V - 4));
        }
        classes[b] = check_rand(&state) % 2 == 0;
        if (classes[b] == 1) {
            text[1 + check_rand(&state) % (n - 1)] = 3;
        }
        starts[b + 1] = starts[b] + n;
    }
}

static const struct wl_examples train = {
    .tokens = tokens, .starts = starts, .classes = classes, .n = TRAIN};
static const struct wl_examples valid = {
    .tokens = tokens, .starts = starts + TRAIN, .classes = classes + TRAIN, .n = VALID};
static const struct wl_examples none = {.tokens = tokens, .starts = starts, .classes = classes};

static struct wl_bert *make_bert(const wl_alloc *alloc, float dropout, size_t n_layers)
{
    const struct wl_bert_config config = {
        .shape = {16, 2, 32, n_layers, WL_GELU_EXACT, 1e-12F, false, false},
        .n_vocabulary = V,
        .n_positions = LENGTH,
        .n_segments = 2,
        .n_labels = 2,
        .dropout = dropout,
        .attention_dropout = dropout};
    struct wl_bert *bert = NULL;

    CHECK_INT(wl_bert_new(alloc, &config, &bert, &fault), WL_OK);
    CHECK_INT(
        wl_bert_plan(bert, (size_t)2 * BATCH * LENGTH, (size_t)2 * BATCH, WL_F32, true, &fault),
        WL_OK);
    wl_tensors_start(&bert->tensors, 5, 0.1);
    return bert;
}

static wl_status count_line(void *context, struct wl_str line, wl_error *error)
{
    (void)context;
    (void)error;
    CHECK(line.n_bytes > 2 && line.data[0] == '{' && line.data[line.n_bytes - 1] == '}');
    n_lines++;
    return WL_OK;
}

static double tick(void *context)
{
    double *now = context;
    return *now += 0.25;
}

static struct wl_finetune_options make_options(void)
{
    struct wl_finetune_options options = wl_finetune_options_default();
    options.n_epochs = 4;
    options.batch_texts = BATCH;
    options.optimizer.rate = 1e-2;
    return options;
}

static struct wl_gemm *gemm;

static struct wl_finetune_result run(struct wl_bert *bert, const struct wl_finetune_options *o,
                                     wl_status want)
{
    struct wl_finetune_result result = {0};
    CHECK_INT(wl_finetune(bert, gemm, &train, &valid, o, &result, &fault), want);
    return result;
}

static void test_learns_and_logs(void)
{
    struct wl_bert *bert = make_bert(wl_alloc_default(), 0.1F, 2);
    struct wl_finetune_options options = make_options();
    double now = 0.0;
    double loss = 0.0;
    double right = 0.0;

    options.n_epochs = 12;
    options.log = count_line;
    options.seconds = tick;
    options.context = &now;
    n_lines = 0;
    struct wl_finetune_result result = run(bert, &options, WL_OK);
    CHECK_INT(result.n_epochs, 12);
    CHECK_INT(result.n_updates, 12 * 12); // 90 texts in batches of 8
    CHECK_INT(n_lines, 12 * 12 + 12);
    CHECK(result.train_loss < 0.1 && result.valid_loss < 0.4);
    CHECK_INT(wl_finetune_loss(bert, gemm, &valid, 7, NULL, &loss, &right, &fault), WL_OK);
    CHECK_CLOSE(loss, result.valid_loss, 1e-5); // batches of 7 and of 8
    CHECK(right > 0.85);
    wl_bert_free(bert);
}

static void test_batches_add_up(void)
{
    struct wl_bert *whole = make_bert(wl_alloc_default(), 0.0F, 2);
    struct wl_bert *parts = make_bert(wl_alloc_default(), 0.0F, 2);
    struct wl_finetune_options options = make_options();

    options.n_epochs = 1;
    options.batches_per_update = 2;
    struct wl_finetune_result added = run(parts, &options, WL_OK);
    options.batches_per_update = 1;
    options.batch_texts = 2 * BATCH;
    struct wl_finetune_result once = run(whole, &options, WL_OK);
    CHECK_INT(added.n_updates, once.n_updates);
    CHECK_CLOSE(added.train_loss, once.train_loss, 1e-4);
    CHECK_CLOSE(added.valid_loss, once.valid_loss, 1e-3);
    wl_bert_free(whole);
    wl_bert_free(parts);
}

// Four epochs at once, and two and two: with the best epoch kept, which lies before the break.
static void check_resumed(bool keeps_best, double rate)
{
    struct wl_bert *whole = make_bert(wl_alloc_default(), 0.1F, 2);
    struct wl_bert *broken = make_bert(wl_alloc_default(), 0.1F, 2);
    struct wl_bert *resumed = make_bert(wl_alloc_default(), 0.1F, 2);
    struct wl_finetune_options options = make_options();
    size_t n_bytes = whole->tensors.n_floats * sizeof(float);

    options.keeps_best = keeps_best;
    options.watches_share = keeps_best;
    options.optimizer.rate = rate;
    options.key = 12;
    struct wl_finetune_result straight = run(whole, &options, WL_OK);
    (void)remove(CHECKPOINT);
    options.checkpoint = CHECKPOINT;
    options.is_resumed = true; // no file yet: starts anew
    options.n_epochs_now = 2;
    CHECK_INT(run(broken, &options, WL_OK).n_epochs, 2);
    CHECK(keeps_best || memcmp(whole->tensors.weights, broken->tensors.weights, n_bytes) != 0);
    options.n_epochs_now = 0;
    struct wl_finetune_result result = run(resumed, &options, WL_OK);
    CHECK_INT(result.n_epochs, 4);
    CHECK_CLOSE(result.valid_loss, straight.valid_loss, 0.0);
    CHECK_CLOSE(result.best_loss, straight.best_loss, 0.0);
    CHECK(memcmp(whole->tensors.weights, resumed->tensors.weights, n_bytes) == 0);
    CHECK(memcmp(whole->tensors.moments[1], resumed->tensors.moments[1], n_bytes) == 0);
    options.key = 13; // other options: not this training's
    run(resumed, &options, WL_ESCHEMA);
    options.key = 12;
    options.keeps_best = !keeps_best;
    run(resumed, &options, WL_ESCHEMA);
    wl_bert_free(whole);
    wl_bert_free(broken);
    wl_bert_free(resumed);
}

static void test_resumes_to_the_same_bytes(void)
{
    check_resumed(true, 1e-2);
    check_resumed(true, 0.3); // breaks the model: the best epoch is an early one
    check_resumed(false, 1e-2);
}

static void test_stops_with_the_best(void)
{
    struct wl_bert *bert = make_bert(wl_alloc_default(), 0.0F, 2);
    struct wl_finetune_options options = make_options();
    double loss = 0.0;
    double right = 0.0;

    options.n_epochs = 60;
    options.patience = 2;
    options.optimizer.rate = 0.05; // too fast: gets worse somewhere
    struct wl_finetune_result result = run(bert, &options, WL_OK);
    CHECK(result.is_stopped && result.n_epochs < 60);
    CHECK(result.valid_loss > result.best_loss);
    CHECK_INT(wl_finetune_loss(bert, gemm, &valid, BATCH, NULL, &loss, &right, &fault), WL_OK);
    CHECK_CLOSE(loss, result.best_loss, 1e-9);
    wl_bert_free(bert);
}

static void test_refusals(void)
{
    struct wl_bert *bert = make_bert(wl_alloc_default(), 0.0F, 2);
    struct wl_finetune_options options = make_options();
    struct wl_finetune_result result = {.n_epochs = 77};

    CHECK_INT(wl_finetune(bert, gemm, &none, &none, &options, &result, &fault), WL_EINVAL);
    options.batch_texts = 0;
    CHECK_INT(wl_finetune(bert, gemm, &train, &none, &options, &result, &fault), WL_EINVAL);
    options = make_options();
    bert->tensors.weights[bert->head.weight] = NAN;
    CHECK_INT(wl_finetune(bert, gemm, &train, &none, &options, &result, &fault), WL_ERANGE);
    CHECK_STR(fault.message, "gradients of update 5 are not finite");
    CHECK_INT(result.n_epochs, 77);
    wl_bert_free(bert);
}

// The checkpoint of test_resumes, changed and written elsewhere.
static wl_status read_changed(struct wl_bert *bert, size_t n_bytes_cut, size_t i_byte)
{
    struct wl_train_state state = {.key = 12};
    struct wl_buf buf;
    const char *path = CHECKPOINT ".changed";

    wl_buf_init(&buf, wl_alloc_default(), 0);
    CHECK_INT(wl_file_read(CHECKPOINT, &buf, &fault), WL_OK);
    if (i_byte < buf.n_bytes) {
        buf.data[i_byte] = (char)(buf.data[i_byte] ^ 1);
    }
    buf.n_bytes -= n_bytes_cut < buf.n_bytes ? n_bytes_cut : buf.n_bytes;
    CHECK_INT(wl_file_write(path, wl_buf_view(&buf), &fault), WL_OK);
    wl_status status = wl_checkpoint_read(path, &bert->tensors, &state, &fault);
    wl_buf_release(&buf);
    (void)remove(path);
    return status;
}

static void test_damaged_checkpoints(void)
{
    struct wl_bert *bert = make_bert(wl_alloc_default(), 0.0F, 2);
    struct wl_bert *other = make_bert(wl_alloc_default(), 0.0F, 1);
    struct wl_train_state state = {.n_epochs = 77};
    size_t n_bytes = 80 + 3 * bert->tensors.n_floats * sizeof(float) + 8;
    float first = bert->tensors.weights[0];

    CHECK_INT(read_changed(bert, 0, SIZE_MAX), WL_OK); // not changed at all
    CHECK(bert->tensors.weights[0] != first);
    bert->tensors.weights[0] = first;
    CHECK_INT(read_changed(bert, 1, SIZE_MAX), WL_ECORRUPT);
    CHECK_INT(read_changed(bert, n_bytes - 20, SIZE_MAX), WL_ECORRUPT);
    CHECK_INT(read_changed(bert, n_bytes, SIZE_MAX), WL_ECORRUPT);
    CHECK_INT(read_changed(bert, 0, 0), WL_ECORRUPT);           // magic
    CHECK_INT(read_changed(bert, 0, 4), WL_EVERSION);           // version
    CHECK_INT(read_changed(bert, 0, 8), WL_ESCHEMA);            // names and shapes
    CHECK_INT(read_changed(bert, 0, 25), WL_ECORRUPT);          // updates
    CHECK_INT(read_changed(bert, 0, 1000), WL_ECORRUPT);        // a weight
    CHECK_INT(read_changed(bert, 0, n_bytes - 1), WL_ECORRUPT); // the checksum
    CHECK_INT(read_changed(other, 0, SIZE_MAX), WL_ESCHEMA);
    CHECK_CLOSE((double)bert->tensors.weights[0], (double)first, 0.0);
    CHECK_INT(wl_checkpoint_read(CHECKPOINT ".none", &bert->tensors, &state, &fault), WL_ENOTFOUND);
    CHECK_INT(state.n_epochs, 77);
    wl_bert_free(bert);
    wl_bert_free(other);
    (void)remove(CHECKPOINT);
}

static void test_every_failed_allocation(void)
{
    struct wl_finetune_options options = make_options();

    options.n_epochs = 1;
    options.patience = 1;
    options.log = count_line;
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_finetune_result result = {0};
        check_heap_init(&heap, SIZE_MAX);
        struct wl_bert *bert = make_bert(&heap.alloc, 0.0F, 1);
        size_t live_blocks = heap.live_blocks;
        heap.n_until_failure = n_good;
        wl_status status = wl_finetune(bert, gemm, &train, &valid, &options, &result, &fault);
        CHECK_INT(heap.live_blocks, live_blocks);
        wl_bert_free(bert);
        if (status == WL_OK) {
            CHECK(n_good > 7);
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
}

int main(void)
{
    make_texts();
    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    RUN(test_learns_and_logs);
    RUN(test_batches_add_up);
    RUN(test_resumes_to_the_same_bytes);
    RUN(test_stops_with_the_best);
    RUN(test_refusals);
    RUN(test_damaged_checkpoints);
    RUN(test_every_failed_allocation);
    wl_gemm_close(gemm);
    return check_report();
}
