/* Batches need no sorting by length: they are packed, so a short sequence beside a long one costs
 * nothing. A customer is held out by a hash, so adding customers moves no other. */
#include "nn/sequence_train.h"

#include "base/rng.h"
#include "nn/plain.h"

#include <math.h>
#include <string.h>

struct wl_sequence_train_options wl_sequence_train_options_default(void)
{
    struct wl_sequence_train_options options = {.n_epochs = 10,
                                                .batch_sequences = 32,
                                                .positive_weight = 1.0,
                                                .seed = 42,
                                                .optimizer = wl_optimizer_options_default()};
    options.optimizer.kind = WL_ADAM;
    options.optimizer.rate = 0.001;
    options.optimizer.decay = 0.0;
    options.optimizer.norm_max = 0.0;
    options.optimizer.shape = WL_RATE_CONSTANT;
    return options;
}

void wl_sequence_hold_out(const uint64_t *keys, size_t n, double share, uint64_t seed,
                          uint32_t *kept, size_t *n_kept, uint32_t *held, size_t *n_held)
{
    *n_kept = 0;
    *n_held = 0;
    for (size_t i = 0; i < n; i++) {
        struct wl_rng rng;
        wl_rng_init(&rng, seed, keys[i]);
        if (wl_rng_unit(&rng) < share) {
            held[(*n_held)++] = (uint32_t)i;
        } else {
            kept[(*n_kept)++] = (uint32_t)i;
        }
    }
}

// Most rows a batch of these can have.
static size_t rows_of(const struct wl_sequences *sequences, const uint32_t *picked, size_t n,
                      size_t batch)
{
    size_t longest = 1;

    for (size_t i = 0; i < n; i++) {
        size_t length = sequences->starts[picked[i] + 1] - sequences->starts[picked[i]];
        longest = length > longest ? length : longest;
    }
    return longest * batch;
}

// Logits, in memory that is there already.
static wl_status score(const struct wl_sequence_model *model, struct wl_sequence_memory *memory,
                       struct wl_gemm *gemm, const struct wl_sequences *sequences,
                       const uint32_t *picked, size_t n, size_t batch, float *logits,
                       wl_error *error)
{
    for (size_t at = 0; at < n; at += batch) {
        size_t count = n - at < batch ? n - at : batch;
        WL_TRY(wl_sequence_model_forward(model, memory, gemm, sequences, picked + at, count,
                                         logits + at, error));
    }
    return WL_OK;
}

wl_status wl_sequence_scores(const struct wl_sequence_model *model, struct wl_gemm *gemm,
                             const struct wl_sequences *sequences, const uint32_t *picked, size_t n,
                             size_t batch_sequences, float *logits, wl_error *error)
{
    struct wl_sequence_memory *memory = NULL;
    wl_status status = WL_OK;

    WL_GO(wl_sequence_memory_new(model, rows_of(sequences, picked, n, batch_sequences),
                                 batch_sequences, false, &memory, error));
    WL_GO(score(model, memory, gemm, sequences, picked, n, batch_sequences, logits, error));
done:
    wl_sequence_memory_free(memory);
    return status;
}

// What a training needs besides the model.
struct training {
    struct wl_sequence_model *model;
    struct wl_sequence_memory *memory; // owned, as all that is allocated
    struct wl_gemm *gemm;
    const struct wl_sequences *sequences;
    const struct wl_sequence_train_options *options;
    struct wl_optimizer optimizer;
    float positive_weight;
    const uint32_t *valid;
    size_t n_valid;
    uint32_t *order; // (n_train)
    size_t n_train;
    float *logits; // (n_valid or a batch)
    float *best;   // weights of the best epoch
};

static wl_status weigh_classes(struct training *t, wl_error *error)
{
    size_t n_left = 0;

    for (size_t i = 0; i < t->n_train; i++) {
        n_left += t->sequences->labels[t->order[i]] > 0.5F;
    }
    t->positive_weight = (float)t->options->positive_weight;
    if (t->options->positive_weight > 0.0) {
        return WL_OK;
    }
    if (n_left == 0 || n_left == t->n_train) {
        return wl_fail(error, WL_EINVAL, "%zu of %zu sequences left: classes cannot be weighed",
                       n_left, t->n_train);
    }
    t->positive_weight = (float)(t->n_train - n_left) / (float)n_left;
    return WL_OK;
}

static wl_status run_epoch(struct training *t, struct wl_sequence_epoch *epoch, wl_error *error)
{
    size_t batch = t->options->batch_sequences;
    struct wl_rng rng;

    epoch->train_loss = 0.0;
    wl_rng_init(&rng, t->options->seed, epoch->i_epoch);
    wl_rng_shuffle(&rng, t->order, t->n_train);
    for (size_t at = 0; at < t->n_train; at += batch) {
        size_t n = t->n_train - at < batch ? t->n_train - at : batch;
        double loss;
        WL_TRY(wl_sequence_model_forward(t->model, t->memory, t->gemm, t->sequences, t->order + at,
                                         n, t->logits, error));
        WL_TRY(wl_sequence_model_backward(t->model, t->memory, t->gemm, t->sequences, t->order + at,
                                          n, t->positive_weight, &loss, error));
        WL_TRY(wl_optimizer_step(&t->optimizer, wl_sequence_model_tensors(t->model), NULL, error));
        epoch->train_loss += loss * (double)n / (double)t->n_train;
    }
    return WL_OK;
}

static wl_status validate(struct training *t, struct wl_sequence_epoch *epoch, wl_error *error)
{
    size_t n_right = 0;
    double sum = 0.0;

    epoch->valid_loss = (double)NAN;
    epoch->valid_accuracy = (double)NAN;
    if (t->n_valid == 0) {
        return WL_OK;
    }
    WL_TRY(score(t->model, t->memory, t->gemm, t->sequences, t->valid, t->n_valid,
                 t->options->batch_sequences, t->logits, error));
    for (size_t i = 0; i < t->n_valid; i++) {
        float label = t->sequences->labels[t->valid[i]];
        sum += wl_plain_binary((double)t->logits[i], (double)label);
        n_right += (t->logits[i] > 0.0F) == (label > 0.5F);
    }
    epoch->valid_loss = sum / (double)t->n_valid;
    epoch->valid_accuracy = (double)n_right / (double)t->n_valid;
    return WL_OK;
}

static wl_status run(struct training *t, struct wl_sequence_train_result *result, wl_error *error)
{
    const struct wl_sequence_train_options *o = t->options;
    struct wl_tensors *tensors = wl_sequence_model_tensors(t->model);
    size_t n_bytes = tensors->n_floats * sizeof(float);

    for (size_t i = 0; i < o->n_epochs && !result->is_stopped; i++) {
        struct wl_sequence_epoch epoch = {.i_epoch = i};
        WL_TRY(run_epoch(t, &epoch, error));
        WL_TRY(validate(t, &epoch, error));
        result->n_epochs = i + 1;
        if (epoch.valid_loss < result->best_loss || t->n_valid == 0 || o->patience == 0) {
            result->best = i;
            result->best_loss = fmin(result->best_loss, epoch.valid_loss);
            memcpy(t->best, tensors->weights, n_bytes);
        }
        if (o->on_epoch != NULL) {
            WL_TRY(o->on_epoch(o->context, &epoch, error));
        }
        result->is_stopped = t->n_valid > 0 && o->patience > 0 && i - result->best >= o->patience;
    }
    memcpy(tensors->weights, t->best, n_bytes);
    return WL_OK;
}

// Memory for the training and for the model's batches.
static wl_status prepare(struct training *t, const uint32_t *train, wl_error *error)
{
    const wl_alloc *alloc = wl_sequence_model_tensors(t->model)->alloc;
    size_t batch = t->options->batch_sequences;
    size_t train_rows = rows_of(t->sequences, train, t->n_train, batch);
    size_t valid_rows = rows_of(t->sequences, t->valid, t->n_valid, batch);
    size_t n_logits = t->n_valid > batch ? t->n_valid : batch;

    t->order = wl_alloc_array(alloc, t->n_train, sizeof(*t->order));
    t->logits = wl_alloc_array(alloc, n_logits, sizeof(*t->logits));
    t->best = wl_alloc_array(alloc, wl_sequence_model_tensors(t->model)->n_floats, sizeof(float));
    if (t->order == NULL || t->logits == NULL || t->best == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to train on %zu sequences", t->n_train);
    }
    memcpy(t->order, train, t->n_train * sizeof(*train));
    WL_TRY(weigh_classes(t, error));
    WL_TRY(wl_sequence_memory_new(t->model, train_rows > valid_rows ? train_rows : valid_rows,
                                  batch, true, &t->memory, error));
    struct wl_tensors *tensors = wl_sequence_model_tensors(t->model);
    WL_TRY(wl_tensors_allocate(tensors, WL_BLOCK_GRADIENTS | WL_BLOCK_MOMENTS, error));
    // A training before this one leaves nothing but its weights.
    memset(tensors->gradients, 0, tensors->n_floats * sizeof(float));
    memset(tensors->moments[0], 0, tensors->n_floats * sizeof(float));
    memset(tensors->moments[1], 0, tensors->n_floats * sizeof(float));
    return WL_OK;
}

wl_status wl_sequence_train(struct wl_sequence_model *model, struct wl_gemm *gemm,
                            const struct wl_sequences *sequences, const uint32_t *train,
                            size_t n_train, const uint32_t *valid, size_t n_valid,
                            const struct wl_sequence_train_options *options,
                            struct wl_sequence_train_result *result, wl_error *error)
{
    const wl_alloc *alloc = wl_sequence_model_tensors(model)->alloc;
    struct wl_sequence_train_result made = {.best_loss = (double)INFINITY};
    struct training t = {.model = model,
                         .gemm = gemm,
                         .sequences = sequences,
                         .options = options,
                         .optimizer = {.options = options->optimizer},
                         .valid = valid,
                         .n_valid = n_valid,
                         .n_train = n_train};
    wl_status status = WL_OK;

    if (n_train == 0 || options->n_epochs == 0 || options->batch_sequences == 0 ||
        sequences->labels == NULL) {
        return wl_fail(error, WL_EINVAL,
                       "training on %zu sequences for %zu epochs in batches of %zu%s", n_train,
                       options->n_epochs, options->batch_sequences,
                       sequences->labels == NULL ? " without labels" : "");
    }
    t.optimizer.options.n_steps =
        options->n_epochs * ((n_train - 1) / options->batch_sequences + 1);
    WL_GO(prepare(&t, train, error));
    WL_GO(run(&t, &made, error));
    *result = made;
done:
    wl_sequence_memory_free(t.memory);
    wl_alloc_free(alloc, t.order);
    wl_alloc_free(alloc, t.logits);
    wl_alloc_free(alloc, t.best);
    return status;
}
