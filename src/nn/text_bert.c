/* Serving a BERT. One text alone is a batch of one. Many texts are cut into chunks, and each chunk
 * is sorted by length and packed into batches of at most BATCH_ROWS rows: large enough for products
 * at full speed, small enough that a thread's memory stays in tens of MiB. Who computes a batch
 * does not matter for its numbers, and which texts share one depends on the texts alone, so the
 * number of threads never shows. */
#include "nn/text_bert.h"

#include "base/limits.h"
#include "base/thread.h"
#include "nn/numbers.h"
#include "nn/text_bert_inside.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define BATCH_ROWS  1024 // tokens computed together; a longer text is a batch of its own
#define BATCH_TEXTS 64
#define CHUNK_TEXTS 4096 // sorted together
#define PIECE_TEXTS 64   // tokenized together

/* -- a thread's working memory -- */

struct guest {
    struct wl_scratch_guest base;
    const wl_alloc *alloc;
    struct wl_bert *view;
    struct wl_gemm *gemm;
    struct wl_packed_batch batch;
    struct wl_ids ids;
    int32_t *tokens; // (max_length)
    float *margins;  // (n_labels)
};

static void free_guest(struct wl_scratch_guest *base)
{
    struct guest *guest = (struct guest *)base;

    wl_bert_free(guest->view);
    wl_gemm_close(guest->gemm);
    wl_packed_batch_release(&guest->batch);
    wl_ids_release(&guest->ids);
    wl_alloc_free(guest->alloc, guest->tokens);
    wl_alloc_free(guest->alloc, guest->margins);
    wl_alloc_free(guest->alloc, guest);
}

static size_t rows_max_of(const struct wl_text_bert *bert)
{
    return bert->max_length > BATCH_ROWS ? bert->max_length : BATCH_ROWS;
}

static wl_status fill_guest(const struct wl_text_bert *bert, struct guest *guest, wl_error *error)
{
    size_t n_rows = rows_max_of(bert);

    wl_ids_init(&guest->ids, guest->alloc);
    guest->tokens = wl_alloc_array(guest->alloc, bert->max_length, sizeof(*guest->tokens));
    guest->margins =
        wl_alloc_array(guest->alloc, bert->base.about.n_labels, sizeof(*guest->margins));
    if (guest->tokens == NULL || guest->margins == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to read texts");
    }
    WL_TRY(wl_gemm_open(guest->alloc, 1, &guest->gemm, error));
    WL_TRY(wl_packed_batch_init(&guest->batch, guest->alloc, n_rows, BATCH_TEXTS, error));
    return wl_bert_view(bert->folder->bert, n_rows, BATCH_TEXTS, &guest->view, error);
}

// The memory for this classifier in a thread's scratch, made when it is asked for first.
static wl_status guest_of(const struct wl_text_bert *bert, struct wl_text_scratch *scratch,
                          struct guest **guest_out, wl_error *error)
{
    for (struct wl_scratch_guest *at = scratch->guests; at != NULL; at = at->next) {
        if (at->owner == bert->number) {
            *guest_out = (struct guest *)at;
            return WL_OK;
        }
    }
    struct guest *guest = wl_alloc_zeroed(scratch->alloc, 1, sizeof(*guest));
    if (guest == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to read texts");
    }
    guest->alloc = scratch->alloc;
    guest->base = (struct wl_scratch_guest){.owner = bert->number, .free = free_guest};
    wl_status status = fill_guest(bert, guest, error);
    if (status != WL_OK) {
        free_guest(&guest->base);
        return status;
    }
    guest->base.next = scratch->guests;
    scratch->guests = &guest->base;
    *guest_out = guest;
    return WL_OK;
}

/* -- one text -- */

// Tokens of a text; whether any piece is known.
static wl_status encode(const struct wl_text_bert *bert, struct wl_str text, struct wl_ids *ids,
                        int32_t *tokens, size_t *n_tokens, bool *is_known, wl_error *error)
{
    int32_t unknown = bert->folder->tokenizer.unk;

    WL_TRY(
        wl_bert_folder_encode(bert->folder, text, bert->max_length, ids, tokens, n_tokens, error));
    *is_known = false;
    for (size_t i = 1; i + 1 < *n_tokens && !*is_known; i++) {
        *is_known = tokens[i] != unknown;
    }
    return WL_OK;
}

// The guest's batch through the network; its margins are in view->logits.
static wl_status run_batch(struct guest *guest, wl_error *error)
{
    size_t n = guest->batch.n_texts * guest->view->config.n_labels;

    WL_TRY(wl_bert_forward(guest->view, guest->gemm, &guest->batch, error));
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(guest->view->logits[i])) {
            return wl_fail(error, WL_ERANGE, "the model's answer is not a finite number");
        }
    }
    return WL_OK;
}

static wl_status classify(const struct wl_text_classifier *classifier, struct wl_str text,
                          struct wl_text_scratch *scratch, double *p, wl_error *error)
{
    const struct wl_text_bert *bert = (const struct wl_text_bert *)classifier;
    const struct wl_text_scale scale = wl_text_bert_scale(bert);
    struct guest *guest = NULL;
    size_t n_tokens = 0;
    bool is_known = false;

    WL_TRY(guest_of(bert, scratch, &guest, error));
    WL_TRY(encode(bert, text, &guest->ids, guest->tokens, &n_tokens, &is_known, error));
    if (is_known) {
        wl_packed_batch_clear(&guest->batch);
        WL_TRY(wl_packed_batch_add(&guest->batch, guest->tokens, NULL, n_tokens, error));
        WL_TRY(run_batch(guest, error));
    }
    wl_text_probabilities(&scale, is_known ? guest->view->logits : NULL, p);
    return WL_OK;
}

/* -- many texts -- */

struct chunk {
    const struct wl_text_bert *bert;
    const struct wl_str *texts; // (n)
    size_t n;
    float *margins;     // (n, n_labels)
    uint8_t *is_known;  // (n)
    int32_t *tokens;    // (CHUNK_TEXTS, max_length)
    uint32_t *n_tokens; // (CHUNK_TEXTS)
    uint32_t *order;    // (CHUNK_TEXTS) texts by falling length
    uint32_t *batches;  // (CHUNK_TEXTS + 1) first place of each batch
    size_t n_batches;
    struct wl_text_scratch *scratch[WL_THREADS_MAX]; // (n_threads)
};

static wl_status encode_piece(void *context, size_t begin, size_t end, size_t i_worker,
                              wl_error *error)
{
    struct chunk *chunk = context;
    size_t max_length = chunk->bert->max_length;
    struct guest *guest = NULL;

    WL_TRY(guest_of(chunk->bert, chunk->scratch[i_worker], &guest, error));
    for (size_t i = begin; i < end; i++) {
        size_t n_tokens = 0;
        bool is_known = false;
        WL_TRY(encode(chunk->bert, chunk->texts[i], &guest->ids, chunk->tokens + i * max_length,
                      &n_tokens, &is_known, error));
        chunk->n_tokens[i] = (uint32_t)n_tokens;
        chunk->is_known[i] = is_known;
    }
    return WL_OK;
}

struct sized {
    uint32_t n_tokens;
    uint32_t text;
};

static int by_falling_length(const void *left, const void *right)
{
    const struct sized *a = left;
    const struct sized *b = right;

    if (a->n_tokens != b->n_tokens) {
        return a->n_tokens > b->n_tokens ? -1 : 1;
    }
    return (a->text > b->text) - (a->text < b->text);
}

// Texts by falling length, cut into batches. Texts without a known piece take part: they are rare.
static wl_status make_batches(struct chunk *chunk, const wl_alloc *alloc, wl_error *error)
{
    struct sized *sized = wl_alloc_array(alloc, chunk->n, sizeof(*sized));
    size_t rows_max = rows_max_of(chunk->bert);
    size_t n_rows = 0;
    size_t n_texts = 0;

    if (sized == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to sort %zu texts", chunk->n);
    }
    for (size_t i = 0; i < chunk->n; i++) {
        sized[i] = (struct sized){.n_tokens = chunk->n_tokens[i], .text = (uint32_t)i};
    }
    qsort(sized, chunk->n, sizeof(*sized), by_falling_length);
    chunk->n_batches = 0;
    for (size_t i = 0; i < chunk->n; i++) {
        bool is_full = n_texts == BATCH_TEXTS || n_rows + sized[i].n_tokens > rows_max;
        if (i == 0 || is_full) {
            chunk->batches[chunk->n_batches++] = (uint32_t)i;
            n_rows = 0;
            n_texts = 0;
        }
        n_rows += sized[i].n_tokens;
        n_texts++;
        chunk->order[i] = sized[i].text;
    }
    chunk->batches[chunk->n_batches] = (uint32_t)chunk->n;
    wl_alloc_free(alloc, sized);
    return WL_OK;
}

static wl_status run_batches(void *context, size_t begin, size_t end, size_t i_worker,
                             wl_error *error)
{
    struct chunk *chunk = context;
    size_t n_labels = chunk->bert->base.about.n_labels;
    struct guest *guest = NULL;

    WL_TRY(guest_of(chunk->bert, chunk->scratch[i_worker], &guest, error));
    for (size_t b = begin; b < end; b++) {
        wl_packed_batch_clear(&guest->batch);
        for (size_t i = chunk->batches[b]; i < chunk->batches[b + 1]; i++) {
            size_t text = chunk->order[i];
            WL_TRY(wl_packed_batch_add(&guest->batch,
                                       chunk->tokens + text * chunk->bert->max_length, NULL,
                                       chunk->n_tokens[text], error));
        }
        WL_TRY(run_batch(guest, error));
        for (size_t i = chunk->batches[b]; i < chunk->batches[b + 1]; i++) {
            memcpy(chunk->margins + chunk->order[i] * n_labels,
                   guest->view->logits + (i - chunk->batches[b]) * n_labels,
                   n_labels * sizeof(float));
        }
    }
    return WL_OK;
}

static wl_status run_chunk(struct chunk *chunk, const wl_alloc *alloc, size_t n_threads,
                           wl_error *error)
{
    WL_TRY(wl_parallel_for(n_threads, chunk->n, PIECE_TEXTS, encode_piece, chunk, error));
    WL_TRY(make_batches(chunk, alloc, error));
    return wl_parallel_for(n_threads, chunk->n_batches, 1, run_batches, chunk, error);
}

static wl_status take_chunk(struct chunk *chunk, const wl_alloc *alloc, size_t n_texts,
                            size_t n_threads, wl_error *error)
{
    size_t n = n_texts < CHUNK_TEXTS ? n_texts : CHUNK_TEXTS;

    chunk->tokens = wl_alloc_array(alloc, n, chunk->bert->max_length * sizeof(*chunk->tokens));
    chunk->n_tokens = wl_alloc_array(alloc, n, sizeof(*chunk->n_tokens));
    chunk->order = wl_alloc_array(alloc, n, sizeof(*chunk->order));
    chunk->batches = wl_alloc_array(alloc, n + 1, sizeof(*chunk->batches));
    if (chunk->tokens == NULL || chunk->n_tokens == NULL || chunk->order == NULL ||
        chunk->batches == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu texts", n);
    }
    for (size_t i = 0; i < n_threads; i++) {
        WL_TRY(wl_text_scratch_new(alloc, &chunk->scratch[i], error));
    }
    return WL_OK;
}

static void release_chunk(struct chunk *chunk, const wl_alloc *alloc)
{
    wl_alloc_free(alloc, chunk->tokens);
    wl_alloc_free(alloc, chunk->n_tokens);
    wl_alloc_free(alloc, chunk->order);
    wl_alloc_free(alloc, chunk->batches);
    for (size_t i = 0; i < WL_THREADS_MAX; i++) {
        wl_text_scratch_free(chunk->scratch[i]);
    }
}

wl_status wl_text_bert_margins(const struct wl_text_bert *bert, const wl_alloc *alloc,
                               const struct wl_str *texts, size_t n, size_t n_threads,
                               float *margins, uint8_t *is_known, wl_error *error)
{
    size_t n_labels = bert->base.about.n_labels;
    struct chunk chunk = {.bert = bert};
    wl_status status = WL_OK;

    if (n == 0) {
        return WL_OK;
    }
    WL_GO(take_chunk(&chunk, alloc, n, n_threads, error));
    for (size_t begin = 0; begin < n; begin += CHUNK_TEXTS) {
        chunk.texts = texts + begin;
        chunk.n = n - begin < CHUNK_TEXTS ? n - begin : CHUNK_TEXTS;
        chunk.margins = margins + begin * n_labels;
        chunk.is_known = is_known + begin;
        WL_GO(run_chunk(&chunk, alloc, n_threads, error));
    }
done:
    release_chunk(&chunk, alloc);
    return status;
}

static wl_status classify_all(const struct wl_text_classifier *classifier, const wl_alloc *alloc,
                              const struct wl_str *texts, size_t n, size_t n_threads, double *p,
                              wl_error *error)
{
    const struct wl_text_bert *bert = (const struct wl_text_bert *)classifier;
    const struct wl_text_scale scale = wl_text_bert_scale(bert);
    size_t n_labels = scale.n_labels;
    float *margins = wl_alloc_array(alloc, n + 1, n_labels * sizeof(*margins));
    uint8_t *is_known = wl_alloc_array(alloc, n + 1, sizeof(*is_known));
    wl_status status = WL_OK;

    if (margins == NULL || is_known == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for the answers to %zu texts", n);
        goto done;
    }
    WL_GO(wl_text_bert_margins(bert, alloc, texts, n, n_threads, margins, is_known, error));
    for (size_t i = 0; i < n; i++) {
        wl_text_probabilities(&scale, is_known[i] != 0 ? margins + i * n_labels : NULL,
                              p + i * n_labels);
    }
done:
    wl_alloc_free(alloc, margins);
    wl_alloc_free(alloc, is_known);
    return status;
}

/* -- life -- */

static void free_bert(struct wl_text_classifier *classifier)
{
    struct wl_text_bert *bert = (struct wl_text_bert *)classifier;

    wl_bert_folder_free(bert->folder);
    wl_arena_release(&bert->arena);
    wl_alloc_free(bert->alloc, bert);
}

const struct wl_bert_folder *wl_text_bert_folder(const struct wl_text_classifier *classifier)
{
    return classifier->free == free_bert ? ((const struct wl_text_bert *)classifier)->folder : NULL;
}

// The weights as the file has them, so that a model answers the same after it was read back.
static void round_weights(struct wl_tensors *tensors)
{
    for (size_t i = 0; i < tensors->n_floats; i++) {
        tensors->weights[i] = wl_bf16_float(wl_bf16_of(tensors->weights[i]));
    }
}

// Packed weights, in the number that this processor is quickest with.
static wl_status prepare(struct wl_bert *bert, const wl_alloc *alloc, wl_error *error)
{
    struct wl_gemm *gemm = NULL;
    wl_status status = wl_gemm_open(alloc, 1, &gemm, error);

    if (status == WL_OK) {
        enum wl_number number = wl_gemm_has_bf16(gemm) ? WL_BF16 : WL_F32;
        status = wl_bert_plan(bert, WL_NN_ROWS_ROUND, 1, number, false, error);
    }
    if (status == WL_OK) {
        status = wl_transformer_pack(&bert->stack, gemm, &bert->tensors, error);
    }
    wl_gemm_close(gemm);
    return status;
}

static wl_status copy_about(struct wl_text_bert *bert, const struct wl_text_about *about,
                            wl_error *error)
{
    const char **names = wl_arena_zeroed(&bert->arena, about->n_labels, sizeof(*names));

    bert->slope = wl_arena_zeroed(&bert->arena, about->n_labels, sizeof(*bert->slope));
    bert->intercept = wl_arena_zeroed(&bert->arena, about->n_labels, sizeof(*bert->intercept));
    if (names == NULL || bert->slope == NULL || bert->intercept == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu labels", about->n_labels);
    }
    for (size_t i = 0; i < about->n_labels; i++) {
        bert->slope[i] = 1.0;
        names[i] = wl_arena_string(&bert->arena, wl_str_from(about->labels[i]));
        if (names[i] == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for %zu labels", about->n_labels);
        }
    }
    bert->base.about = *about;
    bert->base.about.algorithm = "bert";
    bert->base.about.labels = names;
    return WL_OK;
}

wl_status wl_text_bert_new(const wl_alloc *alloc, struct wl_bert_folder *folder,
                           const struct wl_text_about *about, size_t max_length,
                           struct wl_text_classifier **classifier_out, wl_error *error)
{
    static atomic_uint_least64_t n_made;
    const struct wl_bert_config *config = &folder->bert->config;
    struct wl_text_bert *bert = wl_alloc_zeroed(alloc, 1, sizeof(*bert));
    wl_status status = WL_OK;

    if (bert == NULL) {
        wl_bert_folder_free(folder);
        return wl_fail(error, WL_ENOMEM, "no memory for a text classifier");
    }
    bert->alloc = alloc;
    bert->folder = folder;
    bert->max_length = max_length;
    bert->number = atomic_fetch_add(&n_made, 1) + 1;
    bert->base = (struct wl_text_classifier){.classify = classify,
                                             .free = free_bert,
                                             .encode = wl_text_bert_encode,
                                             .classify_all = classify_all};
    wl_arena_init(&bert->arena, alloc, 0);
    if (max_length < 3 || max_length > config->n_positions || config->n_labels != about->n_labels) {
        status = wl_fail(error, WL_EINVAL,
                         "%zu labels and texts of %zu tokens, the network has %zu and %zu",
                         about->n_labels, max_length, config->n_labels, config->n_positions);
        goto done;
    }
    WL_GO(copy_about(bert, about, error));
    round_weights(&folder->bert->tensors);
    WL_GO(prepare(folder->bert, alloc, error));
    *classifier_out = &bert->base;
    bert = NULL;
done:
    if (bert != NULL) {
        free_bert(&bert->base);
    }
    return status;
}
