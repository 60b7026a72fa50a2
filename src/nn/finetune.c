/* The loop around wl_bert_train and wl_optimizer_step. Everything random follows from the seed and
 * the number of the epoch or batch, never from what ran before, so a resumed training draws the
 * same numbers. Batches are packed, so a short text beside a long one costs nothing and texts need
 * no sorting by length. */
#include "nn/finetune.h"

#include "base/file.h"
#include "base/json_write.h"
#include "nn/checkpoint.h"
#include "nn/lora.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SKIPPED_MAX 5 /* updates in a row without a finite gradient: it will not recover */

struct wl_finetune_options wl_finetune_options_default(void)
{
    struct wl_finetune_options options = {.n_epochs = 3,
                                          .batch_texts = 16,
                                          .batches_per_update = 1,
                                          .seed = 1,
                                          .optimizer = wl_optimizer_options_default()};
    options.optimizer.warm_share = 0.1;
    return options;
}

// A training at work.
struct run {
    struct wl_bert *bert;
    struct wl_tensors *trained; // the model's weights, or its adapters'
    struct wl_gemm *gemm;
    const struct wl_examples *train;
    const struct wl_examples *valid;
    const struct wl_finetune_options *options;
    const wl_alloc *alloc;
    struct wl_packed_batch batch;
    int32_t *classes; // (batch_texts)
    float *labels;    // (batch_texts, K)
    uint32_t *order;  // (n)
    float *best;      // (n_floats) weights of the best epoch; NULL when not kept
    struct wl_buf line;
    struct wl_optimizer optimizer;
    size_t n_per_update; // texts
    size_t n_skipped_now;
    size_t n_since_best;
    size_t n_tokens_done; // of this run
    size_t n_texts_done;
    double started;
    struct wl_finetune_result result;
};

static size_t batches_of(size_t n_texts, size_t batch_texts)
{
    return (n_texts + batch_texts - 1) / batch_texts;
}

// Texts order[begin] .. into the batch, with their targets; order NULL: as they stand.
static wl_status load_batch(struct run *r, const struct wl_examples *examples,
                            const uint32_t *order, size_t begin, size_t n, wl_error *error)
{
    size_t k = r->bert->config.n_labels;

    wl_packed_batch_clear(&r->batch);
    for (size_t i = 0; i < n; i++) {
        size_t text = order != NULL ? order[begin + i] : begin + i;
        size_t first = examples->starts[text];
        WL_TRY(wl_packed_batch_add(&r->batch, examples->tokens + first, NULL,
                                   examples->starts[text + 1] - first, error));
        if (r->bert->config.is_multi_label) {
            memcpy(r->labels + i * k, examples->labels + text * k, k * sizeof(float));
        } else {
            r->classes[i] = examples->classes[text];
        }
    }
    return WL_OK;
}

static void tell_progress(const struct run *r, double loss)
{
    const struct wl_finetune_options *o = r->options;
    size_t n_all = r->train->n * o->n_epochs;
    size_t n_before = r->optimizer.n_done * r->n_per_update;
    double share = fmin(1.0, (double)n_before / (double)n_all);
    char text[96];

    if (o->seconds == NULL || r->n_texts_done == 0) {
        (void)snprintf(text, sizeof(text), "loss %.4f", loss);
    } else {
        double spent = fmax(1e-9, o->seconds(o->context) - r->started);
        double left = (1.0 - share) * (double)n_all * spent / (double)r->n_texts_done;
        long seconds = (long)left;
        (void)snprintf(text, sizeof(text), "loss %.4f, %.0f tokens/s, %ld:%02ld:%02ld", loss,
                       (double)r->n_tokens_done / spent, seconds / 3600, seconds / 60 % 60,
                       seconds % 60);
    }
    wl_progress(o->sink, text, share);
}

static wl_status log_line(struct run *r, wl_error *error)
{
    WL_TRY(wl_buf_check(&r->line, error));
    return r->options->log(r->options->context, wl_buf_view(&r->line), error);
}

static void put_number(struct wl_json_writer *json, const char *key, double value)
{
    wl_json_key(json, key);
    wl_json_double(json, value);
}

static wl_status log_update(struct run *r, size_t epoch, double loss, double rate, double norm,
                            wl_error *error)
{
    if (r->options->log == NULL) {
        return WL_OK;
    }
    wl_buf_clear(&r->line);
    struct wl_json_writer json = wl_json_begin(&r->line);
    wl_json_open(&json, '{');
    put_number(&json, "update", (double)r->optimizer.n_done);
    put_number(&json, "epoch", (double)(epoch + 1));
    put_number(&json, "loss", loss);
    put_number(&json, "rate", rate);
    put_number(&json, "norm", norm);
    wl_json_close(&json, '}');
    return log_line(r, error);
}

static wl_status log_epoch(struct run *r, double share_right, wl_error *error)
{
    if (r->options->log == NULL) {
        return WL_OK;
    }
    wl_buf_clear(&r->line);
    struct wl_json_writer json = wl_json_begin(&r->line);
    wl_json_open(&json, '{');
    put_number(&json, "epoch", (double)r->result.n_epochs);
    put_number(&json, "train_loss", r->result.train_loss);
    put_number(&json, "valid_loss", r->result.valid_loss);
    put_number(&json, "valid_accuracy", share_right);
    wl_json_close(&json, '}');
    return log_line(r, error);
}

// Gradients of texts begin .. begin + n of the order, in batches; their mean loss.
static wl_status add_gradients(struct run *r, size_t epoch, size_t begin, size_t n, double *loss,
                               wl_error *error)
{
    size_t batch_texts = r->options->batch_texts;
    size_t n_batches = batches_of(r->train->n, batch_texts);
    const struct wl_targets targets = {
        .classes = r->classes, .labels = r->labels, .weights = r->options->weights};
    double sum = 0.0;

    for (size_t done = 0; done < n; done += batch_texts) {
        size_t n_now = n - done < batch_texts ? n - done : batch_texts;
        size_t i_batch = epoch * n_batches + (begin + done) / batch_texts;
        double part = 0.0;
        WL_TRY(load_batch(r, r->train, r->order, begin + done, n_now, error));
        WL_TRY(wl_bert_train(r->bert, r->gemm, &r->batch, &targets, 1.0 / (double)n,
                             r->options->seed, i_batch, &part, error));
        sum += part;
        r->n_texts_done += n_now;
        r->n_tokens_done += r->batch.starts[n_now];
    }
    *loss = sum;
    return WL_OK;
}

static wl_status update(struct run *r, size_t epoch, size_t begin, size_t n, double *loss,
                        wl_error *error)
{
    double rate = wl_optimizer_rate(&r->optimizer.options, r->optimizer.n_done);
    double norm = 0.0;

    WL_TRY(add_gradients(r, epoch, begin, n, loss, error));
    wl_status status = wl_optimizer_step(&r->optimizer, r->trained, &norm, error);
    if (status == WL_ERANGE && ++r->n_skipped_now < SKIPPED_MAX) {
        r->result.n_skipped++;
        r->optimizer.n_done++; // its place in the schedule is spent
        return WL_OK;
    }
    WL_TRY(status);
    r->n_skipped_now = 0;
    tell_progress(r, *loss);
    return log_update(r, epoch, *loss, rate, norm, error);
}

static wl_status run_epoch(struct run *r, size_t epoch, wl_error *error)
{
    size_t n = r->train->n;
    double sum = 0.0;
    struct wl_rng rng;

    for (size_t i = 0; i < n; i++) {
        r->order[i] = (uint32_t)i;
    }
    wl_rng_init(&rng, r->options->seed, epoch);
    wl_rng_shuffle(&rng, r->order, n);
    for (size_t begin = 0; begin < n; begin += r->n_per_update) {
        size_t n_now = n - begin < r->n_per_update ? n - begin : r->n_per_update;
        double loss = 0.0;
        WL_TRY(update(r, epoch, begin, n_now, &loss, error));
        sum += loss * (double)n_now;
    }
    r->result.train_loss = sum / (double)n;
    return WL_OK;
}

static size_t largest_of(const float *x, size_t n)
{
    size_t best = 0;
    for (size_t k = 1; k < n; k++) {
        best = x[k] > x[best] ? k : best;
    }
    return best;
}

static wl_status measure(struct run *r, const struct wl_examples *examples, double *loss_out,
                         double *share_right, wl_error *error)
{
    size_t batch_texts = r->options->batch_texts;
    size_t k = r->bert->config.n_labels;
    const struct wl_targets targets = {
        .classes = r->classes, .labels = r->labels, .weights = r->options->weights};
    size_t n_right = 0;
    double sum = 0.0;

    for (size_t begin = 0; begin < examples->n; begin += batch_texts) {
        size_t left = examples->n - begin;
        size_t n_now = left < batch_texts ? left : batch_texts;
        double part = 0.0;
        WL_TRY(load_batch(r, examples, NULL, begin, n_now, error));
        WL_TRY(wl_bert_forward(r->bert, r->gemm, &r->batch, error));
        WL_TRY(wl_bert_loss(r->bert, &r->batch, &targets, 1.0, &part, error));
        sum += part;
        for (size_t i = 0; i < n_now && !r->bert->config.is_multi_label; i++) {
            n_right += largest_of(r->bert->logits + i * k, k) == (size_t)r->classes[i];
        }
    }
    *loss_out = sum / (double)examples->n;
    *share_right =
        r->bert->config.is_multi_label ? (double)NAN : (double)n_right / (double)examples->n;
    return WL_OK;
}

static bool is_better(const struct run *r, double share_right)
{
    const struct wl_finetune_result *result = &r->result;
    bool has_shares = r->options->watches_share && !isnan(share_right);

    if (has_shares && !isnan(result->best_share) && share_right != result->best_share) {
        return share_right > result->best_share;
    }
    return result->valid_loss < result->best_loss;
}

// The best epoch so far, and whether patience runs out.
static void watch(struct run *r, double share_right)
{
    const struct wl_tensors *tensors = r->trained;

    r->n_since_best++;
    if (is_better(r, share_right)) {
        r->result.best_loss = r->result.valid_loss;
        r->result.best_share = share_right;
        r->n_since_best = 0;
        if (r->best != NULL) {
            memcpy(r->best, tensors->weights, tensors->n_floats * sizeof(*r->best));
        }
    }
    r->result.is_stopped = r->options->patience > 0 && r->n_since_best >= r->options->patience;
}

static wl_status keep_checkpoint(const struct run *r, wl_error *error)
{
    const struct wl_train_state state = {.n_updates = r->optimizer.n_done,
                                         .n_epochs = r->result.n_epochs,
                                         .key = r->options->key,
                                         .best_loss = r->result.best_loss,
                                         .best_share = r->result.best_share,
                                         .n_since_best = r->n_since_best,
                                         .best = r->best};

    return wl_checkpoint_write(r->options->checkpoint, r->trained, &state, error);
}

// After an epoch: validation, the best weights, the log, the checkpoint.
static wl_status end_epoch(struct run *r, wl_error *error)
{
    double share_right = (double)NAN;

    if (r->valid->n > 0) {
        WL_TRY(measure(r, r->valid, &r->result.valid_loss, &share_right, error));
        watch(r, share_right);
    }
    WL_TRY(log_epoch(r, share_right, error));
    return r->options->checkpoint == NULL ? WL_OK : keep_checkpoint(r, error);
}

static wl_status run_epochs(struct run *r, wl_error *error)
{
    const struct wl_finetune_options *o = r->options;
    struct wl_tensors *tensors = r->trained;
    size_t n_now = 0;

    while (r->result.n_epochs < o->n_epochs && !r->result.is_stopped &&
           (o->n_epochs_now == 0 || n_now < o->n_epochs_now)) {
        WL_TRY(run_epoch(r, r->result.n_epochs, error));
        r->result.n_epochs++;
        n_now++;
        WL_TRY(end_epoch(r, error));
    }
    if (r->best != NULL && isfinite(r->result.best_loss)) {
        memcpy(tensors->weights, r->best, tensors->n_floats * sizeof(*r->best));
        wl_tensors_refresh(tensors);
    }
    return WL_OK;
}

static void run_release(struct run *r)
{
    wl_packed_batch_release(&r->batch);
    wl_alloc_free(r->alloc, r->classes);
    wl_alloc_free(r->alloc, r->labels);
    wl_alloc_free(r->alloc, r->order);
    wl_alloc_free(r->alloc, r->best);
    wl_buf_release(&r->line);
}

static bool keeps_best(const struct wl_finetune_options *o)
{
    return o->patience > 0 || o->keeps_best;
}

// Memory for the batches; best and order only for training.
static wl_status run_prepare(struct run *r, wl_error *error)
{
    size_t n_texts = r->options->batch_texts;
    size_t k = r->bert->config.n_labels;

    r->alloc = r->bert->alloc;
    wl_buf_init(&r->line, r->alloc, 0);
    WL_TRY(wl_packed_batch_init(&r->batch, r->alloc, r->bert->stack.rows_max, n_texts, error));
    r->classes = wl_alloc_zeroed(r->alloc, n_texts, sizeof(*r->classes));
    r->labels = wl_alloc_zeroed(r->alloc, n_texts * k, sizeof(*r->labels));
    r->order = wl_alloc_zeroed(r->alloc, r->train != NULL ? r->train->n : 1, sizeof(*r->order));
    if (keeps_best(r->options)) {
        r->best = wl_alloc_zeroed(r->alloc, r->trained->n_floats, sizeof(*r->best));
    }
    return r->classes != NULL && r->labels != NULL && r->order != NULL &&
                   (r->best != NULL || !keeps_best(r->options))
               ? WL_OK
               : wl_fail(error, WL_ENOMEM, "no memory for training");
}

static wl_status check_options(const struct wl_examples *train, const struct wl_finetune_options *o,
                               wl_error *error)
{
    if (train->n == 0 || train->n > UINT32_MAX) {
        return wl_fail(error, WL_EINVAL, "%zu texts to train on", train->n);
    }
    if (o->n_epochs == 0 || o->batch_texts == 0) {
        return wl_fail(error, WL_EINVAL, "%zu epochs in batches of %zu texts", o->n_epochs,
                       o->batch_texts);
    }
    return WL_OK;
}

static wl_status resume(struct run *r, wl_error *error)
{
    const struct wl_finetune_options *o = r->options;
    struct wl_train_state state = {.key = o->key, .best = r->best};

    if (!o->is_resumed || o->checkpoint == NULL || !wl_file_exists(o->checkpoint)) {
        return WL_OK;
    }
    WL_TRY(wl_checkpoint_read(o->checkpoint, r->trained, &state, error));
    r->optimizer.n_done = state.n_updates;
    r->result.n_epochs = state.n_epochs;
    r->result.best_loss = state.best_loss;
    r->result.best_share = state.best_share;
    r->n_since_best = state.n_since_best;
    r->result.is_stopped = o->patience > 0 && r->n_since_best >= o->patience;
    return WL_OK;
}

wl_status wl_finetune(struct wl_bert *bert, struct wl_gemm *gemm, const struct wl_examples *train,
                      const struct wl_examples *valid, const struct wl_finetune_options *options,
                      struct wl_finetune_result *result, wl_error *error)
{
    size_t n_batches = options->batches_per_update > 0 ? options->batches_per_update : 1;
    wl_status status = WL_OK;
    struct run r = {.bert = bert,
                    .trained = wl_lora_trained(bert->stack.lora, &bert->tensors),
                    .gemm = gemm,
                    .train = train,
                    .valid = valid,
                    .options = options,
                    .n_per_update = options->batch_texts * n_batches,
                    .optimizer = {.options = options->optimizer},
                    .result = {.train_loss = (double)NAN,
                               .valid_loss = (double)NAN,
                               .best_loss = (double)INFINITY,
                               .best_share = (double)NAN}};

    WL_TRY(check_options(train, options, error));
    r.optimizer.options.n_steps = batches_of(train->n, r.n_per_update) * options->n_epochs;
    r.started = options->seconds != NULL ? options->seconds(options->context) : 0.0;
    WL_GO(run_prepare(&r, error));
    WL_GO(resume(&r, error));
    // What a failed training left behind.
    memset(r.trained->gradients, 0, r.trained->n_floats * sizeof(float));
    WL_GO(run_epochs(&r, error));
    r.result.n_updates = r.optimizer.n_done;
    *result = r.result;
done:
    run_release(&r);
    return status;
}

wl_status wl_finetune_loss(struct wl_bert *bert, struct wl_gemm *gemm,
                           const struct wl_examples *examples, size_t batch_texts,
                           const float *weights, double *loss, double *share_right, wl_error *error)
{
    const struct wl_finetune_options options = {.batch_texts = batch_texts, .weights = weights};
    struct run r = {.bert = bert,
                    .trained = wl_lora_trained(bert->stack.lora, &bert->tensors),
                    .gemm = gemm,
                    .options = &options};
    double found_loss = 0.0;
    double found_share = 0.0;
    wl_status status = WL_OK;

    if (examples->n == 0 || batch_texts == 0) {
        return wl_fail(error, WL_EINVAL, "%zu texts in batches of %zu", examples->n, batch_texts);
    }
    WL_GO(run_prepare(&r, error));
    WL_GO(measure(&r, examples, &found_loss, &found_share, error));
    *loss = found_loss;
    *share_right = found_share;
done:
    run_release(&r);
    return status;
}
