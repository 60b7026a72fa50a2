/* The loop. Everything random follows from the seed, the epoch and the number of the text, never
 * from what ran before, so a resumed training hides the same words. */
#include "nn/bert_pretrain.h"

#include "base/file.h"
#include "base/json_write.h"
#include "nn/bert_mask.h"
#include "nn/checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SKIPPED_MAX 5 /* updates in a row without a finite gradient: it will not recover */

// Streams of random numbers apart from each other.
#define SEED_ORDER UINT64_C(0x6f72646572)
#define SEED_TRAIN UINT64_C(0x747261696e)
#define SEED_VALID UINT64_C(0x76616c6964)

struct wl_pretrain_options wl_pretrain_options_default(void)
{
    struct wl_pretrain_options options = {.n_epochs = 3,
                                          .batch_texts = 32,
                                          .n_tokens_max = 128,
                                          .share = 0.15,
                                          .seed = 1,
                                          .optimizer = wl_optimizer_options_default()};
    options.optimizer.rate = 5e-4;
    options.optimizer.warm_share = 0.06;
    return options;
}

// A training at work.
struct run {
    struct wl_bert_folder *folder;
    struct wl_bert *bert;
    struct wl_gemm *gemm;
    const struct wl_bert_corpus *corpus;
    const struct wl_pretrain_options *options;
    const wl_alloc *alloc;
    struct wl_packed_batch batch;
    struct wl_bert_masker masker;
    int32_t *text;   // (n_tokens_max) the text being hidden
    size_t *places;  // (n_tokens_max)
    size_t *rows;    // (rows_max) chosen rows of the batch
    int32_t *wanted; // (rows_max)
    size_t n_masked;
    uint32_t *order; // (train.n)
    float *best;     // (n_floats) with patience
    struct wl_buf line;
    struct wl_optimizer optimizer;
    int32_t kept[5];
    struct wl_bert_mask_rule rule;
    size_t n_skipped_now;
    size_t n_since_best;
    size_t n_texts_done; // of this run
    size_t n_tokens_done;
    double started;
    struct wl_pretrain_result result;
};

// Texts order[begin] .. into the batch, hidden by the streams of seed from `stream` on.
static wl_status load_batch(struct run *r, const struct wl_bert_texts *texts, const uint32_t *order,
                            size_t begin, size_t n, uint64_t seed, uint64_t stream, wl_error *error)
{
    wl_packed_batch_clear(&r->batch);
    r->n_masked = 0;
    for (size_t i = 0; i < n; i++) {
        size_t text = order != NULL ? order[begin + i] : begin + i;
        size_t n_tokens = texts->starts[text + 1] - texts->starts[text];
        size_t first_row = r->batch.starts[r->batch.n_texts];
        struct wl_rng rng;

        memcpy(r->text, texts->tokens + texts->starts[text], n_tokens * sizeof(*r->text));
        wl_rng_init(&rng, seed, stream + text);
        size_t n_chosen = wl_bert_mask_tokens(&r->rule, &rng, r->text, n_tokens, r->places,
                                              r->wanted + r->n_masked);
        for (size_t k = 0; k < n_chosen; k++) {
            r->rows[r->n_masked++] = first_row + r->places[k];
        }
        WL_TRY(wl_packed_batch_add(&r->batch, r->text, NULL, n_tokens, error));
    }
    return WL_OK;
}

static struct wl_bert_masked masked_of(const struct run *r)
{
    return (struct wl_bert_masked){.rows = r->rows, .tokens = r->wanted, .n = r->n_masked};
}

// -- telling --

static void tell_progress(const struct run *r, double loss)
{
    const struct wl_pretrain_options *o = r->options;
    size_t n_all = r->corpus->train.n * o->n_epochs;
    size_t n_before = r->optimizer.n_done * o->batch_texts;
    double share = fmin(1.0, (double)n_before / (double)n_all);
    char text[96];

    if (o->seconds == NULL || r->n_texts_done == 0) {
        (void)snprintf(text, sizeof(text), "loss %.4f", loss);
    } else {
        double spent = fmax(1e-9, o->seconds(o->context) - r->started);
        long left = (long)((1.0 - share) * (double)n_all * spent / (double)r->n_texts_done);
        (void)snprintf(text, sizeof(text), "loss %.4f, %.0f tokens/s, %ld:%02ld:%02ld", loss,
                       (double)r->n_tokens_done / spent, left / 3600, left / 60 % 60, left % 60);
    }
    wl_progress(o->sink, text, share);
}

struct fact {
    const char *key;
    double value;
};

static wl_status log_facts(struct run *r, const struct fact *facts, size_t n, wl_error *error)
{
    if (r->options->log == NULL) {
        return WL_OK;
    }
    wl_buf_clear(&r->line);
    struct wl_json_writer json = wl_json_begin(&r->line);
    wl_json_open(&json, '{');
    for (size_t i = 0; i < n; i++) {
        wl_json_key(&json, facts[i].key);
        wl_json_double(&json, facts[i].value);
    }
    wl_json_close(&json, '}');
    WL_TRY(wl_buf_check(&r->line, error));
    return r->options->log(r->options->context, wl_buf_view(&r->line), error);
}

// -- training --

static wl_status update(struct run *r, size_t epoch, size_t begin, size_t n, double *sum,
                        size_t *n_masked, wl_error *error)
{
    const struct wl_bert_masked masked = masked_of(r);
    double rate = wl_optimizer_rate(&r->optimizer.options, r->optimizer.n_done);
    double loss = 0.0;
    double norm = 0.0;

    r->n_texts_done += n;
    r->n_tokens_done += r->batch.starts[n];
    if (masked.n == 0) { // short texts: nothing was hidden
        r->optimizer.n_done++;
        return WL_OK;
    }
    size_t i_batch = epoch * r->corpus->train.n + begin;
    WL_TRY(wl_bert_masker_train(&r->masker, r->gemm, &r->batch, &masked, 1.0 / (double)masked.n,
                                r->options->seed, i_batch, &loss, error));
    wl_status status = wl_optimizer_step(&r->optimizer, &r->bert->tensors, &norm, error);
    if (status == WL_ERANGE && ++r->n_skipped_now < SKIPPED_MAX) {
        r->result.n_skipped++;
        r->optimizer.n_done++; // its place in the schedule is spent
        return WL_OK;
    }
    WL_TRY(status);
    r->n_skipped_now = 0;
    *sum += loss * (double)masked.n;
    *n_masked += masked.n;
    tell_progress(r, loss);
    const struct fact facts[] = {{"update", (double)r->optimizer.n_done},
                                 {"epoch", (double)(epoch + 1)},
                                 {"loss", loss},
                                 {"rate", rate},
                                 {"norm", norm}};
    return log_facts(r, facts, sizeof(facts) / sizeof(facts[0]), error);
}

static wl_status run_epoch(struct run *r, size_t epoch, wl_error *error)
{
    const struct wl_bert_texts *train = &r->corpus->train;
    size_t batch_texts = r->options->batch_texts;
    double sum = 0.0;
    size_t n_masked = 0;
    struct wl_rng rng;

    for (size_t i = 0; i < train->n; i++) {
        r->order[i] = (uint32_t)i;
    }
    wl_rng_init(&rng, r->options->seed ^ SEED_ORDER, epoch);
    wl_rng_shuffle(&rng, r->order, train->n);
    for (size_t begin = 0; begin < train->n; begin += batch_texts) {
        size_t n = train->n - begin < batch_texts ? train->n - begin : batch_texts;
        WL_TRY(load_batch(r, train, r->order, begin, n, r->options->seed ^ SEED_TRAIN,
                          (uint64_t)epoch * train->n, error));
        WL_TRY(update(r, epoch, begin, n, &sum, &n_masked, error));
    }
    r->result.train_loss = sum / (double)n_masked;
    return WL_OK;
}

// -- held-out texts --

static wl_status measure(struct run *r, double *loss, double *share_right, wl_error *error)
{
    const struct wl_bert_texts *valid = &r->corpus->valid;
    size_t batch_texts = r->options->batch_texts;
    double sum = 0.0;
    size_t n_right = 0;
    size_t n_masked = 0;

    for (size_t begin = 0; begin < valid->n; begin += batch_texts) {
        size_t n = valid->n - begin < batch_texts ? valid->n - begin : batch_texts;
        double part = 0.0;
        size_t n_part = 0;
        WL_TRY(load_batch(r, valid, NULL, begin, n, r->options->seed ^ SEED_VALID, 0, error));
        const struct wl_bert_masked masked = masked_of(r);
        if (masked.n > 0) {
            WL_TRY(wl_bert_masker_measure(&r->masker, r->gemm, &r->batch, &masked, &part, &n_part,
                                          error));
        }
        sum += part;
        n_right += n_part;
        n_masked += masked.n;
    }
    *loss = sum / (double)n_masked; // NaN without texts
    *share_right = (double)n_right / (double)n_masked;
    return WL_OK;
}

// The same hidden pieces guessed by frequency: counts of the training texts, one more for each.
static wl_status measure_unigram(struct run *r, wl_error *error)
{
    const struct wl_bert_texts *train = &r->corpus->train;
    const struct wl_bert_texts *valid = &r->corpus->valid;
    size_t v = r->rule.n_vocabulary;
    size_t n_all = v;
    size_t n_masked = 0;
    size_t n_right = 0;
    double sum = 0.0;
    size_t best = 0;
    size_t *counts = wl_alloc_zeroed(r->alloc, v, sizeof(*counts));

    if (counts == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu counts", v);
    }
    for (size_t i = 0; i < train->starts[train->n]; i++) {
        int32_t token = train->tokens[i];
        bool is_special = token == r->kept[0] || token == r->kept[1];
        counts[token] += !is_special;
        n_all += !is_special;
    }
    for (size_t k = 1; k < v; k++) {
        best = counts[k] > counts[best] ? k : best;
    }
    wl_status status = WL_OK;
    for (size_t i = 0; i < valid->n && status == WL_OK; i++) {
        status = load_batch(r, valid, NULL, i, 1, r->options->seed ^ SEED_VALID, 0, error);
        for (size_t k = 0; k < r->n_masked && status == WL_OK; k++) {
            sum -= log((double)(counts[r->wanted[k]] + 1) / (double)n_all);
            n_right += (size_t)r->wanted[k] == best;
        }
        n_masked += r->n_masked;
    }
    r->result.unigram_loss = sum / (double)n_masked;
    r->result.unigram_right = (double)n_right / (double)n_masked;
    wl_alloc_free(r->alloc, counts);
    return status;
}

// A checkpoint of other texts or options must not be gone on from.
static uint64_t key_of(const struct run *r)
{
    const struct wl_pretrain_options *o = r->options;
    const struct wl_bert_texts *train = &r->corpus->train;
    const struct wl_str tokens = {.data = (const char *)(const void *)train->tokens,
                                  .n_bytes = train->starts[train->n] * sizeof(*train->tokens)};
    char said[256];

    (void)snprintf(said, sizeof(said), "%zu texts, %zu epochs of %zu, share %g, rate %g, seed %llu",
                   train->n, o->n_epochs, o->batch_texts, o->share, o->optimizer.rate,
                   (unsigned long long)o->seed);
    return wl_str_hash(wl_str_from(said), wl_str_hash(tokens, o->seed));
}

static wl_status keep_checkpoint(const struct run *r, wl_error *error)
{
    const struct wl_train_state state = {.n_updates = r->optimizer.n_done,
                                         .n_epochs = r->result.n_epochs,
                                         .key = key_of(r),
                                         .best_loss = r->result.best_loss,
                                         .n_since_best = r->n_since_best,
                                         .best = r->best};

    return wl_checkpoint_write(r->options->checkpoint, &r->bert->tensors, &state, error);
}

static wl_status end_epoch(struct run *r, wl_error *error)
{
    struct wl_tensors *tensors = &r->bert->tensors;

    WL_TRY(measure(r, &r->result.valid_loss, &r->result.valid_right, error));
    r->n_since_best++;
    if (r->result.valid_loss < r->result.best_loss) {
        r->result.best_loss = r->result.valid_loss;
        r->n_since_best = 0;
        if (r->best != NULL) {
            memcpy(r->best, tensors->weights, tensors->n_floats * sizeof(*r->best));
        }
    }
    r->result.is_stopped = r->options->patience > 0 && r->corpus->valid.n > 0 &&
                           r->n_since_best >= r->options->patience;
    const struct fact facts[] = {{"epoch", (double)r->result.n_epochs},
                                 {"train_loss", r->result.train_loss},
                                 {"valid_loss", r->result.valid_loss},
                                 {"valid_right", r->result.valid_right},
                                 {"unigram_loss", r->result.unigram_loss}};
    WL_TRY(log_facts(r, facts, sizeof(facts) / sizeof(facts[0]), error));
    if (r->options->epoch != NULL) {
        r->options->epoch(r->options->context, &r->result);
    }
    return r->options->checkpoint == NULL ? WL_OK : keep_checkpoint(r, error);
}

static wl_status run_epochs(struct run *r, wl_error *error)
{
    const struct wl_pretrain_options *o = r->options;
    struct wl_tensors *tensors = &r->bert->tensors;
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

// -- beginning and end --

static void run_release(struct run *r)
{
    wl_packed_batch_release(&r->batch);
    wl_bert_masker_release(&r->masker);
    wl_alloc_free(r->alloc, r->text);
    wl_alloc_free(r->alloc, r->places);
    wl_alloc_free(r->alloc, r->rows);
    wl_alloc_free(r->alloc, r->wanted);
    wl_alloc_free(r->alloc, r->order);
    wl_alloc_free(r->alloc, r->best);
    wl_buf_release(&r->line);
}

static wl_status run_prepare(struct run *r, wl_error *error)
{
    const struct wl_pretrain_options *o = r->options;
    size_t rows_max = o->batch_texts * o->n_tokens_max;

    WL_TRY(wl_bert_plan(r->bert, rows_max, o->batch_texts, o->number, true, error));
    WL_TRY(wl_bert_masker_init(&r->masker, r->bert, rows_max, error));
    WL_TRY(wl_packed_batch_init(&r->batch, r->alloc, rows_max, o->batch_texts, error));
    r->text = wl_alloc_zeroed(r->alloc, o->n_tokens_max, sizeof(*r->text));
    r->places = wl_alloc_zeroed(r->alloc, o->n_tokens_max, sizeof(*r->places));
    r->rows = wl_alloc_zeroed(r->alloc, rows_max, sizeof(*r->rows));
    r->wanted = wl_alloc_zeroed(r->alloc, rows_max, sizeof(*r->wanted));
    r->order = wl_alloc_zeroed(r->alloc, r->corpus->train.n, sizeof(*r->order));
    if (o->patience > 0) {
        r->best = wl_alloc_zeroed(r->alloc, r->bert->tensors.n_floats, sizeof(*r->best));
    }
    return r->text != NULL && r->places != NULL && r->rows != NULL && r->wanted != NULL &&
                   r->order != NULL && (r->best != NULL || o->patience == 0)
               ? WL_OK
               : wl_fail(error, WL_ENOMEM, "no memory for training");
}

// No loss reaches the pooler: it stays as it is, without decay.
static void freeze_pooler(struct run *r)
{
    struct wl_optimizer_options *o = &r->optimizer.options;
    struct wl_tensors *tensors = &r->bert->tensors;

    for (size_t i = 0; i < tensors->n_tensors; i++) {
        bool is_pooler = strncmp(tensors->items[i].name, "pooler.", strlen("pooler.")) == 0;
        tensors->items[i].group = is_pooler ? 1 : 0;
    }
    o->n_groups = 2;
    o->group_factors[0] = 1.0;
    o->group_factors[1] = 0.0;
}

static wl_status resume(struct run *r, wl_error *error)
{
    const struct wl_pretrain_options *o = r->options;
    struct wl_train_state state = {.key = key_of(r), .best = r->best};

    if (!o->is_resumed || o->checkpoint == NULL || !wl_file_exists(o->checkpoint)) {
        return WL_OK;
    }
    WL_TRY(wl_checkpoint_read(o->checkpoint, &r->bert->tensors, &state, error));
    r->optimizer.n_done = state.n_updates;
    r->result.n_epochs = state.n_epochs;
    r->result.best_loss = state.best_loss;
    r->n_since_best = state.n_since_best;
    r->result.is_stopped = o->patience > 0 && r->n_since_best >= o->patience;
    return WL_OK;
}

static wl_status check(const struct wl_bert_folder *folder, const struct wl_bert_corpus *corpus,
                       const struct wl_pretrain_options *o, wl_error *error)
{
    if (corpus->train.n == 0 || corpus->train.n > UINT32_MAX) {
        return wl_fail(error, WL_EINVAL, "%zu texts to learn from", corpus->train.n);
    }
    if (o->n_epochs == 0 || o->batch_texts == 0 || o->n_tokens_max < 3) {
        return wl_fail(error, WL_EINVAL, "%zu epochs in batches of %zu texts of %zu pieces",
                       o->n_epochs, o->batch_texts, o->n_tokens_max);
    }
    return folder->tokenizer.mask >= 0
               ? WL_OK
               : wl_fail(error, WL_EINVAL, "the vocabulary has no piece [MASK]");
}

wl_status wl_bert_pretrain(struct wl_bert_folder *folder, struct wl_gemm *gemm,
                           const struct wl_bert_corpus *corpus,
                           const struct wl_pretrain_options *options,
                           struct wl_pretrain_result *result, wl_error *error)
{
    const struct wl_hf_wordpiece *t = &folder->tokenizer;
    wl_status status = WL_OK;
    struct run r = {.folder = folder,
                    .bert = folder->bert,
                    .gemm = gemm,
                    .corpus = corpus,
                    .options = options,
                    .alloc = folder->alloc,
                    .optimizer = {.options = options->optimizer},
                    .kept = {t->cls, t->sep, t->pad, t->unk, t->mask},
                    .result = {.best_loss = (double)INFINITY, .train_loss = (double)NAN}};

    WL_TRY(check(folder, corpus, options, error));
    r.rule = (struct wl_bert_mask_rule){.share = options->share,
                                        .mask = t->mask,
                                        .kept = r.kept,
                                        .n_kept = sizeof(r.kept) / sizeof(r.kept[0]),
                                        .n_vocabulary = folder->bert->config.n_vocabulary};
    r.optimizer.options.n_steps =
        (corpus->train.n + options->batch_texts - 1) / options->batch_texts * options->n_epochs;
    r.started = options->seconds != NULL ? options->seconds(options->context) : 0.0;
    wl_buf_init(&r.line, r.alloc, 0);
    freeze_pooler(&r);
    WL_GO(run_prepare(&r, error));
    WL_GO(resume(&r, error));
    memset(r.bert->tensors.gradients, 0, r.bert->tensors.n_floats * sizeof(float));
    WL_GO(measure_unigram(&r, error));
    WL_GO(measure(&r, &r.result.first_loss, &r.result.valid_right, error));
    r.result.valid_loss = r.result.first_loss;
    WL_GO(run_epochs(&r, error));
    r.result.n_updates = r.optimizer.n_done;
    *result = r.result;
done:
    run_release(&r);
    return status;
}
