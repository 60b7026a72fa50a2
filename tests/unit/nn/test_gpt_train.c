/* Goal:   training learns, counts only the tokens it is told to, gives the held-out loss by its
 *         definition, adds up batches as one, keeps the best weights, writes its log, and
 *         goes on from a checkpoint with the same bytes; adapters train in the model's place.
 *         Counts of runs are probabilities.
 * Method: made-up lines whose second half repeats the first, a tiny GPT with dropout; a training of
 *         six epochs beside one that is broken off after two and resumed in a new model. */
#include "check.h"

#include "base/file.h"
#include "nn/gpt_train.h"
#include "nn/lora.h"
#include "nn/token_ngrams.h"

enum { V = 14, HALF = 5, LENGTH = 2 * HALF + 2, TRAIN = 80, VALID = 20, ROWS = 128 };

#define CHECKPOINT WL_BINARY_DIR "/test_gpt_train.wlck"

static wl_error fault;
static int32_t tokens[(TRAIN + VALID) * LENGTH];
static size_t starts[TRAIN + VALID + 1];
static size_t firsts[TRAIN + VALID];
static size_t n_lines;

// 0 a b c d 1 a b c d: token 0 begins, 1 stands between; lengths differ.
static void make_texts(void)
{
    uint64_t state = 3;

    for (size_t x = 0; x < TRAIN + VALID; x++) {
        int32_t *text = tokens + starts[x];
        size_t n = 2 + check_rand(&state) % (HALF - 1);
        text[0] = 0;
        text[n + 1] = 1;
        for (size_t i = 0; i < n; i++) {
            text[1 + i] = text[2 + n + i] = (int32_t)(2 + check_rand(&state) % (V - 2));
        }
        firsts[x] = n + 2;
        starts[x + 1] = starts[x] + 2 * n + 2;
    }
}

static const struct wl_gpt_examples train = {
    .tokens = tokens, .starts = starts, .firsts = firsts, .n = TRAIN};
static const struct wl_gpt_examples valid = {
    .tokens = tokens, .starts = starts + TRAIN, .firsts = firsts + TRAIN, .n = VALID};
static const struct wl_gpt_examples none = {.tokens = tokens, .starts = starts};

static struct wl_gpt *make_gpt(const wl_alloc *alloc, float dropout)
{
    const struct wl_gpt_config config = {.shape = {32, 4, 64, 2, WL_GELU_TANH, 1e-5F, true, true},
                                         .n_vocabulary = V,
                                         .n_positions = LENGTH,
                                         .is_tied = true,
                                         .dropout = dropout,
                                         .attention_dropout = dropout};
    struct wl_gpt *gpt = NULL;

    CHECK_INT(wl_gpt_new(alloc, &config, &gpt, &fault), WL_OK);
    CHECK_INT(wl_gpt_plan(gpt, ROWS, WL_F32, true, &fault), WL_OK);
    wl_tensors_start(&gpt->tensors, 5, 0.1);
    return gpt;
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

static struct wl_gpt_train_options make_options(double *now)
{
    struct wl_gpt_train_options options = wl_gpt_train_options_default();

    options.n_epochs = 6;
    options.batch_rows = ROWS;
    options.optimizer.rate = 3e-3;
    options.seconds = tick;
    options.log = count_line;
    options.context = now;
    return options;
}

static void test_learns(struct wl_gemm *gemm)
{
    double now = 0.0;
    struct wl_gpt_train_options options = make_options(&now);
    struct wl_gpt_train_result result;
    struct wl_gpt *gpt = make_gpt(wl_alloc_default(), 0.0F);
    struct wl_ngram_losses counted = {0};
    double loss = 0.0;
    size_t n_tokens = 0;

    options.n_epochs = 60;
    options.patience = 60;
    n_lines = 0;
    CHECK_INT(wl_gpt_train_texts(gpt, gemm, &train, &valid, &options, &result, &fault), WL_OK);
    CHECK_INT(wl_gpt_loss(gpt, gemm, &valid, ROWS, &loss, &n_tokens, &fault), WL_OK);
    CHECK_INT(wl_token_ngrams(wl_alloc_default(), &train, &valid, V, &counted, &fault), WL_OK);
    fprintf(stderr, "held out: network %.3f, trigram %.3f, unigram %.3f\n", loss, counted.trigram,
            counted.unigram);
    CHECK_CLOSE(loss, result.best_loss, 1e-9); // the best weights came back
    CHECK(result.best_epoch > 0 && result.best_epoch <= result.n_epochs);
    CHECK_INT(n_tokens, counted.n_tokens);
    CHECK(loss < 0.5 * counted.unigram && loss < 0.5 * counted.trigram);
    CHECK_INT(n_lines, result.n_updates + result.n_epochs);
    wl_gpt_free(gpt);
}

// The definition: -log softmax at each target, one text at a time.
static void test_loss_is_its_definition(struct wl_gemm *gemm)
{
    struct wl_gpt *gpt = make_gpt(wl_alloc_default(), 0.1F);
    struct wl_packed_batch batch;
    double sum = 0.0;
    double loss = 0.0;
    size_t n = 0;
    size_t n_tokens = 0;

    CHECK_INT(wl_packed_batch_init(&batch, wl_alloc_default(), LENGTH, 1, &fault), WL_OK);
    for (size_t x = TRAIN; x < TRAIN + VALID; x++) {
        size_t length = starts[x + 1] - starts[x];
        wl_packed_batch_clear(&batch);
        CHECK_INT(wl_packed_batch_add(&batch, tokens + starts[x], NULL, length, &fault), WL_OK);
        CHECK_INT(wl_gpt_forward(gpt, gemm, &batch, &fault), WL_OK);
        CHECK_INT(wl_gpt_logits(gpt, gemm, 0, length, &fault), WL_OK);
        for (size_t t = firsts[x]; t < length; t++, n++) {
            const float *row = gpt->logits + (t - 1) * V;
            double total = 0.0;
            for (size_t v = 0; v < V; v++) {
                total += exp((double)row[v]);
            }
            sum += log(total) - (double)row[tokens[starts[x] + t]];
        }
    }
    CHECK_INT(wl_gpt_loss(gpt, gemm, &valid, ROWS, &loss, &n_tokens, &fault), WL_OK);
    CHECK_INT(n_tokens, n);
    CHECK_CLOSE(loss, sum / (double)n, 1e-5);
    CHECK_INT(wl_gpt_loss(gpt, gemm, &valid, LENGTH, &loss, &n_tokens, &fault), WL_OK);
    CHECK_CLOSE(loss, sum / (double)n, 1e-5); // other batches, the same
    wl_packed_batch_release(&batch);
    wl_gpt_free(gpt);
}

static void test_batches_add_up(struct wl_gemm *gemm)
{
    double now = 0.0;
    struct wl_gpt_train_options options = make_options(&now);
    struct wl_gpt_train_result result[2];
    struct wl_gpt *gpt[2] = {make_gpt(wl_alloc_default(), 0.0F),
                             make_gpt(wl_alloc_default(), 0.0F)};
    double worst = 0.0;

    options.n_epochs = 1;
    options.batch_rows = ROWS;
    const struct wl_gpt_examples few = {tokens, starts, firsts, 8}; // 8 texts fit one batch
    CHECK_INT(wl_gpt_train_texts(gpt[0], gemm, &few, &none, &options, &result[0], &fault), WL_OK);
    options.batch_rows = LENGTH;
    options.batches_per_update = 100;
    CHECK_INT(wl_gpt_train_texts(gpt[1], gemm, &few, &none, &options, &result[1], &fault), WL_OK);
    CHECK_INT(result[0].n_updates, 1);
    CHECK_INT(result[1].n_updates, 1);
    CHECK_CLOSE(result[0].train_loss, result[1].train_loss, 1e-5);
    for (size_t i = 0; i < gpt[0]->tensors.n_floats; i++) {
        worst = fmax(worst, fabs((double)gpt[0]->tensors.moments[0][i] -
                                 (double)gpt[1]->tensors.moments[0][i]));
    }
    CHECK(worst < 1e-5);
    wl_gpt_free(gpt[0]);
    wl_gpt_free(gpt[1]);
}

static void test_resumes_with_the_same_bytes(struct wl_gemm *gemm)
{
    double now = 0.0;
    struct wl_gpt_train_options options = make_options(&now);
    struct wl_gpt_train_result result;
    struct wl_gpt *whole = make_gpt(wl_alloc_default(), 0.1F);
    struct wl_gpt *broken = make_gpt(wl_alloc_default(), 0.1F);
    struct wl_gpt *resumed = make_gpt(wl_alloc_default(), 0.1F);

    options.patience = 6;                         // the best weights go into the checkpoint, too
    wl_tensors_start(&resumed->tensors, 99, 0.5); // whatever it holds, the checkpoint counts
    CHECK_INT(wl_gpt_train_texts(whole, gemm, &train, &valid, &options, &result, &fault), WL_OK);
    (void)remove(CHECKPOINT);
    options.checkpoint = CHECKPOINT;
    options.is_resumed = true;
    options.n_epochs_now = 2;
    CHECK_INT(wl_gpt_train_texts(broken, gemm, &train, &valid, &options, &result, &fault), WL_OK);
    CHECK_INT(result.n_epochs, 2);
    options.n_epochs_now = 0;
    CHECK_INT(wl_gpt_train_texts(resumed, gemm, &train, &valid, &options, &result, &fault), WL_OK);
    CHECK_INT(result.n_epochs, 6);
    CHECK(memcmp(whole->tensors.weights, resumed->tensors.weights,
                 whole->tensors.n_floats * sizeof(float)) == 0);
    CHECK(memcmp(whole->tensors.weights, broken->tensors.weights,
                 whole->tensors.n_floats * sizeof(float)) != 0); // the planted fault: broken off
    options.seed = 2;
    CHECK_INT(wl_gpt_train_texts(resumed, gemm, &train, &valid, &options, &result, &fault),
              WL_ESCHEMA);
    options.seed = 1;
    CHECK_INT(wl_gpt_train_texts(resumed, gemm, &valid, &train, &options, &result, &fault),
              WL_ESCHEMA);
    wl_gpt_free(whole);
    wl_gpt_free(broken);
    wl_gpt_free(resumed);
}

static void test_adapters_train(struct wl_gemm *gemm)
{
    double now = 0.0;
    struct wl_gpt_train_options options = make_options(&now);
    struct wl_gpt_train_result result;
    struct wl_gpt *gpt = make_gpt(wl_alloc_default(), 0.0F);
    struct wl_lora_options how = wl_lora_options_default();
    struct wl_lora_places places = {0};
    struct wl_lora *lora = NULL;
    float *before = calloc(gpt->tensors.n_floats, sizeof(*before));
    double loss[2];
    size_t n = 0;

    CHECK(before != NULL);
    memcpy(before, gpt->tensors.weights, gpt->tensors.n_floats * sizeof(*before));
    CHECK_INT(wl_gpt_loss(gpt, gemm, &train, ROWS, &loss[0], &n, &fault), WL_OK);
    how.r = 4;
    CHECK_INT(wl_lora_places_gpt(wl_alloc_default(), gpt, &places, &fault), WL_OK);
    CHECK_INT(wl_lora_new(wl_alloc_default(), &places, &how, &lora, &fault), WL_OK);
    CHECK_INT(wl_gpt_plan(gpt, ROWS, WL_F32, true, &fault), WL_OK);
    options.trained = wl_lora_trained(lora, &gpt->tensors);
    options.n_epochs = 20;
    options.patience = 20;
    CHECK_INT(wl_gpt_train_texts(gpt, gemm, &train, &valid, &options, &result, &fault), WL_OK);
    CHECK_INT(wl_gpt_loss(gpt, gemm, &train, ROWS, &loss[1], &n, &fault), WL_OK);
    CHECK(loss[1] < loss[0] - 0.05);
    CHECK(memcmp(before, gpt->tensors.weights, gpt->tensors.n_floats * sizeof(*before)) == 0);
    wl_lora_free(lora);
    wl_lora_places_release(&places);
    wl_gpt_free(gpt);
    free(before);
}

static void test_refuses(struct wl_gemm *gemm)
{
    static const size_t long_starts[2] = {0, LENGTH + 1};
    const struct wl_gpt_examples too_long = {tokens, long_starts, NULL, 1};
    double now = 0.0;
    struct wl_gpt_train_options options = make_options(&now);
    struct wl_gpt_train_result result;
    struct wl_gpt *gpt = make_gpt(wl_alloc_default(), 0.0F);
    double loss = 0.0;
    size_t n = 0;

    CHECK_INT(wl_gpt_train_texts(gpt, gemm, &none, &none, &options, &result, &fault), WL_EINVAL);
    CHECK_INT(wl_gpt_train_texts(gpt, gemm, &too_long, &none, &options, &result, &fault),
              WL_ELIMIT);
    CHECK_INT(wl_gpt_loss(gpt, gemm, &none, ROWS, &loss, &n, &fault), WL_EINVAL);
    options.batch_rows = 10000;
    CHECK_INT(wl_gpt_train_texts(gpt, gemm, &train, &none, &options, &result, &fault), WL_EINVAL);
    options.batch_rows = ROWS;
    options.n_epochs = 0;
    CHECK_INT(wl_gpt_train_texts(gpt, gemm, &train, &none, &options, &result, &fault), WL_EINVAL);
    wl_gpt_free(gpt);
}

// Over all next tokens the probabilities sum to 1; worked out by hand for one text.
static void test_counts_are_probabilities(void)
{
    static const int32_t text[] = {0, 2, 3, 2, 3, 2};
    static const size_t text_starts[2] = {0, COUNT(text)};
    const struct wl_gpt_examples one = {text, text_starts, NULL, 1};
    struct wl_ngram_losses losses;
    double sum[2] = {0};

    for (int32_t v = 0; v < V; v++) {
        const int32_t next[] = {0, 2, 3, v};
        const size_t next_starts[2] = {0, COUNT(next)};
        const size_t next_firsts[1] = {3};
        const struct wl_gpt_examples test = {next, next_starts, next_firsts, 1};
        CHECK_INT(wl_token_ngrams(wl_alloc_default(), &one, &test, V, &losses, &fault), WL_OK);
        CHECK_INT(losses.n_tokens, 1);
        sum[0] += exp(-losses.unigram);
        sum[1] += exp(-losses.trigram);
        if (v == 2) { // p1 = (3 + 1) / (5 + V), p2 = (2 + p1) / 3, p3 = (2 + p2) / 3
            double p1 = 4.0 / (5.0 + V);
            CHECK_CLOSE(exp(-losses.unigram), p1, 1e-12);
            CHECK_CLOSE(exp(-losses.trigram), (2.0 + (2.0 + p1) / 3.0) / 3.0, 1e-12);
        }
    }
    CHECK_CLOSE(sum[0], 1.0, 1e-12);
    CHECK_CLOSE(sum[1], 1.0, 1e-12);
}

int main(void)
{
    struct wl_gemm *gemm = NULL;

    make_texts();
    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    test_learns(gemm);
    test_loss_is_its_definition(gemm);
    test_batches_add_up(gemm);
    test_resumes_with_the_same_bytes(gemm);
    test_adapters_train(gemm);
    test_refuses(gemm);
    test_counts_are_probabilities();
    wl_gemm_close(gemm);
    return check_report();
}
