/* The loop around wl_gpt_train and wl_optimizer_step. Everything random follows from the seed and
 * the number of the epoch or batch, never from what ran before, so a resumed training draws the
 * same numbers.
 *
 * Lines are taken in the epoch's order and packed until the next one would not fit: batches differ
 * in lines, hardly in tokens. The loss of an update is the mean over its tokens, so a short line
 * counts for less than a long one, as it does in the perplexity. */
#include "nn/gpt_train.h"

#include "base/file.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "nn/checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SKIPPED_MAX 5 // updates in a row without a finite gradient: it will not recover

struct wl_gpt_train_options wl_gpt_train_options_default(void)
{
    struct wl_gpt_train_options options = {.n_epochs = 10,
                                           .batch_rows = 1024,
                                           .batches_per_update = 1,
                                           .seed = 1,
                                           .optimizer = wl_optimizer_options_default()};
    options.optimizer.rate = 5e-4;
    options.optimizer.beta2 = 0.98; // few updates: the second moment must not remember for long
    options.optimizer.shape = WL_RATE_COSINE;
    options.optimizer.warm_share = 0.05;
    return options;
}

// A training at work.
struct run {
    struct wl_gpt *gpt;
    struct wl_gemm *gemm;
    const struct wl_gpt_examples *train;
    const struct wl_gpt_examples *valid;
    const struct wl_gpt_train_options *options;
    struct wl_tensors *trained;
    const wl_alloc *alloc;
    struct wl_packed_batch batch;
    int32_t *targets; // (rows)
    uint32_t *order;  // (n)
    size_t *begins;   // (n + 1) where each batch of the epoch begins in the order
    size_t n_batches; // of the epoch
    double *losses;   // (WL_GPT_HEAD_ROWS)
    float *best;      // (n_floats) weights of the best epoch; NULL without patience
    struct wl_buf line;
    struct wl_optimizer optimizer;
    size_t n_skipped_now;
    size_t n_since_best;
    size_t n_tokens_done; // of this run
    size_t n_steps_before;
    double started;
    struct wl_gpt_train_result result;
};

static size_t length_of(const struct wl_gpt_examples *examples, size_t i)
{
    return examples->starts[i + 1] - examples->starts[i];
}

size_t wl_gpt_train_rows(const struct wl_gpt_examples *examples, size_t batch_rows)
{
    size_t n = batch_rows;

    for (size_t i = 0; i < examples->n; i++) {
        n = length_of(examples, i) > n ? length_of(examples, i) : n;
    }
    return n;
}

// -- batches --

// Where batches begin, lines taken in this order; how many. order NULL: as they stand.
static size_t cut_batches(const struct wl_gpt_examples *examples, const uint32_t *order,
                          size_t batch_rows, size_t *begins)
{
    size_t n_batches = 0;
    size_t n_rows = SIZE_MAX;

    for (size_t i = 0; i < examples->n; i++) {
        size_t length = length_of(examples, order != NULL ? order[i] : i);
        if (n_rows > batch_rows || length > batch_rows - n_rows) {
            begins[n_batches++] = i;
            n_rows = 0;
        }
        n_rows += length;
    }
    begins[n_batches] = examples->n;
    return n_batches;
}

// Lines order[begin] .. end - 1 into the batch, with their targets; adds how many count.
static wl_status load_batch(struct run *r, const struct wl_gpt_examples *examples,
                            const uint32_t *order, size_t begin, size_t end, size_t *n_targets,
                            wl_error *error)
{
    size_t row = 0;

    wl_packed_batch_clear(&r->batch);
    for (size_t i = begin; i < end; i++) {
        size_t text = order != NULL ? order[i] : i;
        const int32_t *tokens = examples->tokens + examples->starts[text];
        size_t n = length_of(examples, text);
        size_t first = examples->firsts != NULL ? examples->firsts[text] : 1;
        WL_TRY(wl_packed_batch_add(&r->batch, tokens, NULL, n, error));
        for (size_t t = 0; t < n; t++, row++) {
            bool counts = t + 1 < n && t + 1 >= first;
            r->targets[row] = counts ? tokens[t + 1] : -1;
            *n_targets += counts;
        }
    }
    for (; row < r->batch.n_rows; row++) {
        r->targets[row] = -1;
    }
    return WL_OK;
}

static size_t count_targets(const struct wl_gpt_examples *examples, const uint32_t *order,
                            size_t begin, size_t end)
{
    size_t n = 0;

    for (size_t i = begin; i < end; i++) {
        size_t text = order != NULL ? order[i] : i;
        size_t first = examples->firsts != NULL ? examples->firsts[text] : 1;
        size_t length = length_of(examples, text);
        n += length > first ? length - (first > 0 ? first : 1) : 0;
    }
    return n;
}

static void shuffle(struct run *r, size_t epoch)
{
    struct wl_rng rng;

    for (size_t i = 0; i < r->train->n; i++) {
        r->order[i] = (uint32_t)i;
    }
    wl_rng_init(&rng, r->options->seed, epoch);
    wl_rng_shuffle(&rng, r->order, r->train->n);
    r->n_batches = cut_batches(r->train, r->order, r->options->batch_rows, r->begins);
}

static size_t batches_per_update(const struct run *r)
{
    return r->options->batches_per_update > 0 ? r->options->batches_per_update : 1;
}

static size_t updates_of_epoch(const struct run *r)
{
    return (r->n_batches + batches_per_update(r) - 1) / batches_per_update(r);
}

// -- telling --

static void tell_progress(const struct run *r, double loss)
{
    const struct wl_gpt_train_options *o = r->options;
    size_t n_all = r->optimizer.options.n_steps;
    size_t n_done = r->optimizer.n_done;
    double share = n_all > 0 ? fmin(1.0, (double)n_done / (double)n_all) : 1.0;
    char text[96];

    if (o->seconds == NULL || n_done == r->n_steps_before) {
        (void)snprintf(text, sizeof(text), "loss %.4f", loss);
    } else {
        double spent = fmax(1e-9, o->seconds(o->context) - r->started);
        double left = (double)(n_all - n_done) * spent / (double)(n_done - r->n_steps_before);
        long seconds = (long)left;
        (void)snprintf(text, sizeof(text), "loss %.4f, %.0f tokens/s, %ld:%02ld:%02ld", loss,
                       (double)r->n_tokens_done / spent, seconds / 3600, seconds / 60 % 60,
                       seconds % 60);
    }
    wl_progress(o->sink, text, share);
}

static void put_number(struct wl_json_writer *json, const char *key, double value)
{
    wl_json_key(json, key);
    wl_json_double(json, value);
}

static wl_status log_line(struct run *r, wl_error *error)
{
    WL_TRY(wl_buf_check(&r->line, error));
    return r->options->log(r->options->context, wl_buf_view(&r->line), error);
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

static wl_status log_epoch(struct run *r, wl_error *error)
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
    put_number(&json, "valid_perplexity", exp(r->result.valid_loss));
    wl_json_close(&json, '}');
    return log_line(r, error);
}

// -- an epoch --

// Gradients of batches begin .. end - 1; the mean loss of their tokens.
static wl_status add_gradients(struct run *r, size_t epoch, size_t begin, size_t end,
                               size_t n_targets, double *loss, wl_error *error)
{
    double sum = 0.0;

    for (size_t b = begin; b < end; b++) {
        size_t n = 0;
        double part = 0.0;
        WL_TRY(load_batch(r, r->train, r->order, r->begins[b], r->begins[b + 1], &n, error));
        // Epochs have different numbers of batches: one number for each pair of the two.
        uint64_t step = (uint64_t)epoch << 32 | b;
        WL_TRY(wl_gpt_train(r->gpt, r->gemm, &r->batch, r->targets, 1.0 / (double)n_targets,
                            r->options->seed, step, &part, error));
        sum += part;
        r->n_tokens_done += r->batch.starts[r->batch.n_texts];
    }
    *loss = sum;
    return WL_OK;
}

static wl_status update(struct run *r, size_t epoch, size_t begin, size_t end, size_t n_targets,
                        double *loss, wl_error *error)
{
    double rate = wl_optimizer_rate(&r->optimizer.options, r->optimizer.n_done);
    double norm = 0.0;

    WL_TRY(add_gradients(r, epoch, begin, end, n_targets, loss, error));
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
    double sum = 0.0;
    size_t n_all = 0;

    shuffle(r, epoch);
    for (size_t begin = 0; begin < r->n_batches; begin += batches_per_update(r)) {
        size_t end = begin + batches_per_update(r);
        end = end < r->n_batches ? end : r->n_batches;
        size_t n = count_targets(r->train, r->order, r->begins[begin], r->begins[end]);
        double loss = 0.0;
        if (n > 0) {
            WL_TRY(update(r, epoch, begin, end, n, &loss, error));
        }
        sum += loss * (double)n;
        n_all += n;
    }
    r->result.train_loss = n_all > 0 ? sum / (double)n_all : (double)NAN;
    return WL_OK;
}

// -- the held-out loss --

static wl_status sum_losses(struct run *r, double *sum, wl_error *error)
{
    struct wl_gpt *gpt = r->gpt;
    size_t n_rows = r->batch.n_rows;

    WL_TRY(wl_gpt_forward(gpt, r->gemm, &r->batch, error));
    for (size_t begin = 0; begin < n_rows; begin += WL_GPT_HEAD_ROWS) {
        size_t n = n_rows - begin < WL_GPT_HEAD_ROWS ? n_rows - begin : WL_GPT_HEAD_ROWS;
        struct wl_matrix logits = wl_matrix_of(gpt->logits, WL_F32, n, gpt->config.n_vocabulary);
        WL_TRY(wl_gpt_logits(gpt, r->gemm, begin, n, error));
        wl_cross_entropy(&logits, r->targets + begin, NULL, 1.0F, r->losses, NULL);
        for (size_t i = 0; i < n; i++) {
            *sum += r->losses[i];
        }
    }
    return WL_OK;
}

static wl_status measure(struct run *r, const struct wl_gpt_examples *examples, double *loss,
                         size_t *n_tokens, wl_error *error)
{
    size_t n_batches = cut_batches(examples, NULL, r->options->batch_rows, r->begins);
    size_t n = 0;
    double sum = 0.0;

    for (size_t b = 0; b < n_batches; b++) {
        WL_TRY(load_batch(r, examples, NULL, r->begins[b], r->begins[b + 1], &n, error));
        WL_TRY(sum_losses(r, &sum, error));
    }
    *loss = n > 0 ? sum / (double)n : (double)NAN;
    *n_tokens = n;
    return WL_OK;
}

static struct wl_str bytes_of(const void *data, size_t n_bytes)
{
    return (struct wl_str){.data = data, .n_bytes = n_bytes};
}

static uint64_t key_of_texts(const struct wl_gpt_examples *examples, uint64_t key)
{
    if (examples->n == 0) {
        return wl_str_hash(WL_STR("none"), key);
    }
    size_t begin = examples->starts[0];
    size_t n = examples->starts[examples->n] - begin;
    key = wl_str_hash(bytes_of(examples->tokens + begin, n * sizeof(*examples->tokens)), key);
    key =
        wl_str_hash(bytes_of(examples->starts, (examples->n + 1) * sizeof(*examples->starts)), key);
    return examples->firsts == NULL
               ? key
               : wl_str_hash(bytes_of(examples->firsts, examples->n * sizeof(*examples->firsts)),
                             key);
}

// What a checkpoint must agree in: texts and what decides the numbers. Not how far to go now.
static uint64_t key_of(const struct run *r)
{
    const struct wl_gpt_train_options *o = r->options;
    const struct wl_optimizer_options *a = &o->optimizer;
    const double numbers[] = {(double)o->n_epochs,
                              (double)o->batch_rows,
                              (double)batches_per_update(r),
                              a->rate,
                              a->beta1,
                              a->beta2,
                              a->eps,
                              a->decay,
                              a->norm_max,
                              (double)a->shape,
                              (double)a->n_warm,
                              a->warm_share,
                              (double)a->kind,
                              (double)r->gpt->stack.number};
    uint64_t key = wl_str_hash(bytes_of(numbers, sizeof(numbers)), o->seed);

    return key_of_texts(r->valid, key_of_texts(r->train, key));
}

// After an epoch: held-out loss, the best weights, the log, the checkpoint.
static wl_status end_epoch(struct run *r, wl_error *error)
{
    struct wl_tensors *tensors = r->trained;
    size_t n_tokens = 0;

    if (r->valid->n > 0) {
        WL_TRY(measure(r, r->valid, &r->result.valid_loss, &n_tokens, error));
        r->n_since_best++;
        if (r->result.valid_loss < r->result.best_loss) {
            r->result.best_loss = r->result.valid_loss;
            r->result.best_epoch = r->result.n_epochs;
            r->n_since_best = 0;
            if (r->best != NULL) {
                memcpy(r->best, tensors->weights, tensors->n_floats * sizeof(*r->best));
            }
        }
        r->result.is_stopped = r->options->patience > 0 && r->n_since_best >= r->options->patience;
    }
    WL_TRY(log_epoch(r, error));
    const struct wl_train_state state = {.n_updates = r->optimizer.n_done,
                                         .n_epochs = r->result.n_epochs,
                                         .key = key_of(r),
                                         .best_loss = r->result.best_loss,
                                         .n_since_best = r->n_since_best,
                                         .best = r->best};
    return r->options->checkpoint == NULL
               ? WL_OK
               : wl_checkpoint_write(r->options->checkpoint, tensors, &state, error);
}

static wl_status run_epochs(struct run *r, wl_error *error)
{
    const struct wl_gpt_train_options *o = r->options;
    size_t n_now = 0;

    while (r->result.n_epochs < o->n_epochs && !r->result.is_stopped &&
           (o->n_epochs_now == 0 || n_now < o->n_epochs_now)) {
        WL_TRY(run_epoch(r, r->result.n_epochs, error));
        r->result.n_epochs++;
        n_now++;
        WL_TRY(end_epoch(r, error));
    }
    if (r->best != NULL && isfinite(r->result.best_loss)) {
        memcpy(r->trained->weights, r->best, r->trained->n_floats * sizeof(*r->best));
        wl_tensors_refresh(r->trained);
    }
    return WL_OK;
}

// -- the whole --

static void run_release(struct run *r)
{
    wl_packed_batch_release(&r->batch);
    wl_alloc_free(r->alloc, r->targets);
    wl_alloc_free(r->alloc, r->order);
    wl_alloc_free(r->alloc, r->begins);
    wl_alloc_free(r->alloc, r->losses);
    wl_alloc_free(r->alloc, r->best);
    wl_buf_release(&r->line);
}

static wl_status run_prepare(struct run *r, size_t n_texts_max, wl_error *error)
{
    size_t n_rows = r->gpt->stack.rows_max;

    r->alloc = r->gpt->alloc;
    wl_buf_init(&r->line, r->alloc, 0);
    WL_TRY(wl_packed_batch_init(&r->batch, r->alloc, n_rows, n_rows, error));
    r->targets = wl_alloc_zeroed(r->alloc, n_rows + WL_NN_ROWS_ROUND, sizeof(*r->targets));
    r->order = wl_alloc_zeroed(r->alloc, n_texts_max + 1, sizeof(*r->order));
    r->begins = wl_alloc_zeroed(r->alloc, n_texts_max + 1, sizeof(*r->begins));
    r->losses = wl_alloc_zeroed(r->alloc, WL_GPT_HEAD_ROWS, sizeof(*r->losses));
    if (r->options->patience > 0) {
        r->best = wl_alloc_zeroed(r->alloc, r->trained->n_floats, sizeof(*r->best));
    }
    return r->targets != NULL && r->order != NULL && r->begins != NULL && r->losses != NULL &&
                   (r->best != NULL || r->options->patience == 0)
               ? WL_OK
               : wl_fail(error, WL_ENOMEM, "no memory for training");
}

static wl_status check_texts(const struct wl_gpt *gpt, const struct wl_gpt_examples *examples,
                             wl_error *error)
{
    for (size_t i = 0; i < examples->n; i++) {
        size_t n = length_of(examples, i);
        if (n > gpt->config.n_positions || n > gpt->stack.rows_max) {
            return wl_fail(error, WL_ELIMIT, "text %zu has %zu tokens, the model reads %zu", i + 1,
                           n, gpt->config.n_positions);
        }
    }
    return WL_OK;
}

static wl_status check_options(const struct run *r, wl_error *error)
{
    const struct wl_gpt_train_options *o = r->options;

    if (r->train->n == 0 || r->train->n > UINT32_MAX) {
        return wl_fail(error, WL_EINVAL, "%zu texts to train on", r->train->n);
    }
    if (o->n_epochs == 0 || o->batch_rows == 0 || r->gpt->stack.rows_max < o->batch_rows) {
        return wl_fail(error, WL_EINVAL, "%zu epochs in batches of %zu tokens, planned for %zu",
                       o->n_epochs, o->batch_rows, r->gpt->stack.rows_max);
    }
    WL_TRY(check_texts(r->gpt, r->train, error));
    return check_texts(r->gpt, r->valid, error);
}

static wl_status resume(struct run *r, wl_error *error)
{
    const struct wl_gpt_train_options *o = r->options;
    struct wl_train_state state = {.key = key_of(r), .best = r->best};

    if (!o->is_resumed || o->checkpoint == NULL || !wl_file_exists(o->checkpoint)) {
        return WL_OK;
    }
    WL_TRY(wl_checkpoint_read(o->checkpoint, r->trained, &state, error));
    r->optimizer.n_done = state.n_updates;
    r->result.n_epochs = state.n_epochs;
    r->result.best_loss = state.best_loss;
    r->n_since_best = (size_t)state.n_since_best;
    r->result.best_epoch =
        isfinite(state.best_loss) ? (size_t)(state.n_epochs - state.n_since_best) : 0;
    r->result.is_stopped = o->patience > 0 && r->n_since_best >= o->patience;
    return WL_OK;
}

wl_status wl_gpt_train_texts(struct wl_gpt *gpt, struct wl_gemm *gemm,
                             const struct wl_gpt_examples *train,
                             const struct wl_gpt_examples *valid,
                             const struct wl_gpt_train_options *options,
                             struct wl_gpt_train_result *result, wl_error *error)
{
    wl_status status = WL_OK;
    struct run r = {.gpt = gpt,
                    .gemm = gemm,
                    .train = train,
                    .valid = valid,
                    .options = options,
                    .trained = options->trained != NULL ? options->trained : &gpt->tensors,
                    .optimizer = {.options = options->optimizer},
                    .result = {.train_loss = (double)NAN,
                               .valid_loss = (double)NAN,
                               .best_loss = (double)INFINITY}};

    WL_TRY(check_options(&r, error));
    WL_GO(run_prepare(&r, train->n > valid->n ? train->n : valid->n, error));
    r.optimizer.options.n_steps = 0;
    for (size_t epoch = 0; epoch < options->n_epochs; epoch++) { // what the schedule must know
        shuffle(&r, epoch);
        r.optimizer.options.n_steps += updates_of_epoch(&r);
    }
    r.started = options->seconds != NULL ? options->seconds(options->context) : 0.0;
    WL_GO(resume(&r, error));
    r.n_steps_before = r.optimizer.n_done;
    // What a failed training left behind.
    memset(r.trained->gradients, 0, r.trained->n_floats * sizeof(float));
    WL_GO(run_epochs(&r, error));
    r.result.n_updates = r.optimizer.n_done;
    *result = r.result;
done:
    run_release(&r);
    return status;
}

wl_status wl_gpt_loss(struct wl_gpt *gpt, struct wl_gemm *gemm,
                      const struct wl_gpt_examples *examples, size_t batch_rows, double *loss,
                      size_t *n_tokens, wl_error *error)
{
    const struct wl_gpt_train_options options = {.batch_rows = batch_rows};
    struct run r = {.gpt = gpt, .gemm = gemm, .options = &options, .trained = &gpt->tensors};
    double found = 0.0;
    size_t n = 0;
    wl_status status = WL_OK;

    if (examples->n == 0 || batch_rows == 0 || batch_rows > gpt->stack.rows_max) {
        return wl_fail(error, WL_EINVAL, "%zu texts in batches of %zu tokens, planned for %zu",
                       examples->n, batch_rows, gpt->stack.rows_max);
    }
    WL_TRY(check_texts(gpt, examples, error));
    WL_GO(run_prepare(&r, examples->n, error));
    WL_GO(measure(&r, examples, &found, &n, error));
    *loss = found;
    *n_tokens = n;
done:
    run_release(&r);
    return status;
}
