/* The pre-norm stack once more, for a handful of rows whose keys and values of the past lie in a
 * cache. The beginning goes through the packed forward pass, watched layer by layer, so the two
 * paths share their layers and only attention is written twice: here a row asks a list of rows
 * anywhere in the cache.
 *
 * A step reads all weights once, whatever the number of beams: that is its cost on a processor. */
#include "nn/gpt_decode.h"

#include "base/limits.h"
#include "nn/carve.h"
#include "nn/numbers.h"
#include "nn/row_view.h"
#include "nn/vector_math.h"

#include <math.h>
#include <string.h>

struct wl_gpt_decode {
    struct wl_gpt *gpt;
    struct wl_gemm *gemm;
    const wl_alloc *alloc;
    struct wl_gpt_decode_options options;
    struct wl_packed_batch batch; // of the beginning
    size_t n_positions;           // a beam has at most
    size_t n_rows_max;            // of the cache
    size_t n_rows;                // of it in use
    size_t n_beams;
    size_t n_past;  // positions of every beam
    void *cache;    // (L, n_rows_max, 2 C)
    void *memory;   // the block that all below lies in; owned, like the cache
    uint32_t *rows; // (n_beams_max, n_positions)
    uint32_t *rows_next;
    float *x;       // (n_beams_max, C) residual stream
    float *sum;     // (n_beams_max, C)
    float *branch;  // (n_beams_max, C)
    float *stats;   // (n_beams_max, 2)
    void *in;       // (n_beams_max, C) operand
    void *qkv;      // (n_beams_max, 3 C) operand
    void *attended; // (n_beams_max, C) operand
    void *up;       // (n_beams_max, F) operand
    void *inner;    // (n_beams_max, F) operand
    float *shares;  // (n_beams_max, H, n_positions)
    float *logits;  // (n_beams_max, V)
};

// -- attention of one row over its past --

static WL_CLONES float dot(const float *a, const float *b, size_t n)
{
    float sums[WL_LANES] = {0};
    float tail = 0.0F;
    size_t i = 0;

    for (; i + WL_LANES <= n; i += WL_LANES) {
        for (size_t lane = 0; lane < WL_LANES; lane++) {
            sums[lane] += a[i + lane] * b[i + lane];
        }
    }
    for (; i < n; i++) {
        tail += a[i] * b[i];
    }
    for (size_t half = WL_LANES / 2; half > 0; half /= 2) {
        for (size_t lane = 0; lane < half; lane++) {
            sums[lane] += sums[lane + half];
        }
    }
    return sums[0] + tail;
}

static WL_CLONES void add_scaled(float *y, const float *x, float scale, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] += scale * x[i];
    }
}

// n numbers from place at on as floats: where they lie, or in buffer.
static const float *floats_at(const void *data, enum wl_number number, size_t at, size_t n,
                              float *buffer)
{
    if (number == WL_F32) {
        return (const float *)data + at;
    }
    wl_bf16_to_floats((const uint16_t *)data + at, n, buffer);
    return buffer;
}

// Scores to shares of 1; the largest first, so that no exponential overflows.
static void softmax(float *x, size_t n)
{
    float largest = x[0];
    float total = 0.0F;

    for (size_t i = 1; i < n; i++) {
        largest = x[i] > largest ? x[i] : largest;
    }
    for (size_t i = 0; i < n; i++) {
        x[i] = wl_exp(x[i] - largest);
        total += x[i];
    }
    for (size_t i = 0; i < n; i++) {
        x[i] /= total;
    }
}

static void attend_head(const struct wl_gpt_decode *d, size_t layer, size_t beam, size_t head)
{
    const struct wl_transformer_shape *shape = &d->gpt->config.shape;
    enum wl_number number = d->options.number;
    size_t c = shape->n_channels;
    size_t n = c / shape->n_heads;
    size_t value_bytes = number == WL_F32 ? sizeof(float) : sizeof(uint16_t);
    const char *cache = (const char *)d->cache + layer * d->n_rows_max * 2 * c * value_bytes;
    const uint32_t *rows = d->rows + beam * d->n_positions;
    size_t n_seen = d->n_past + 1;
    float *shares = d->shares + (beam * shape->n_heads + head) * d->n_positions;
    float scale = 1.0F / sqrtf((float)n);
    float q_space[WL_HEAD_CHANNELS_MAX];
    float space[WL_HEAD_CHANNELS_MAX];
    float y[WL_HEAD_CHANNELS_MAX] = {0};
    const float *q = floats_at(d->qkv, number, beam * 3 * c + head * n, n, q_space);

    for (size_t t = 0; t < n_seen; t++) {
        const float *k = floats_at(cache, number, rows[t] * 2 * c + head * n, n, space);
        shares[t] = dot(q, k, n) * scale;
    }
    softmax(shares, n_seen);
    for (size_t t = 0; t < n_seen; t++) {
        const float *v = floats_at(cache, number, rows[t] * 2 * c + c + head * n, n, space);
        add_scaled(y, v, shares[t], n);
    }
    if (number == WL_F32) {
        memcpy((float *)d->attended + beam * c + head * n, y, n * sizeof(*y));
    } else {
        wl_bf16_from_floats(y, n, (uint16_t *)d->attended + beam * c + head * n);
    }
}

// -- memory --

static void carve_all(struct wl_gpt_decode *d, struct wl_carve *carve)
{
    const struct wl_transformer_shape *shape = &d->gpt->config.shape;
    size_t n = d->options.n_beams_max;
    size_t c = shape->n_channels;
    size_t value_bytes = d->options.number == WL_F32 ? sizeof(float) : sizeof(uint16_t);

    d->rows = wl_carve_bytes(carve, n * d->n_positions, sizeof(*d->rows));
    d->rows_next = wl_carve_bytes(carve, n * d->n_positions, sizeof(*d->rows));
    d->x = wl_carve_bytes(carve, n * c, sizeof(float));
    d->sum = wl_carve_bytes(carve, n * c, sizeof(float));
    d->branch = wl_carve_bytes(carve, n * c, sizeof(float));
    d->stats = wl_carve_bytes(carve, n * 2, sizeof(float));
    d->in = wl_carve_bytes(carve, n * c, value_bytes);
    d->qkv = wl_carve_bytes(carve, n * 3 * c, value_bytes);
    d->attended = wl_carve_bytes(carve, n * c, value_bytes);
    d->up = wl_carve_bytes(carve, n * shape->n_inner, value_bytes);
    d->inner = wl_carve_bytes(carve, n * shape->n_inner, value_bytes);
    d->shares = wl_carve_bytes(carve, n * shape->n_heads * d->n_positions, sizeof(float));
    d->logits = wl_carve_bytes(carve, n * d->gpt->config.n_vocabulary, sizeof(float));
}

static wl_status make_room(struct wl_gpt_decode *d, wl_error *error)
{
    const struct wl_transformer_shape *shape = &d->gpt->config.shape;
    size_t value_bytes = d->options.number == WL_F32 ? sizeof(float) : sizeof(uint16_t);
    size_t row_bytes = shape->n_layers * 2 * shape->n_channels * value_bytes;
    struct wl_carve carve = {0};

    carve_all(d, &carve);
    d->memory = wl_alloc_aligned(d->alloc, carve.n_bytes, 1);
    d->cache = wl_alloc_aligned(d->alloc, d->n_rows_max, row_bytes);
    if (d->memory == NULL || d->cache == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for the past of %zu texts: %zu MiB",
                       d->options.n_beams_max, (d->n_rows_max * row_bytes) >> 20);
    }
    carve = (struct wl_carve){.base = d->memory};
    carve_all(d, &carve);
    return WL_OK;
}

static wl_status check_options(const struct wl_gpt *gpt, const struct wl_gpt_decode_options *o,
                               wl_error *error)
{
    if (o->n_prompt_max == 0 || o->n_new_max == 0 || o->n_beams_max == 0 ||
        o->n_beams_max > WL_GPT_BEAMS_MAX) {
        return wl_fail(error, WL_EINVAL, "%zu texts side by side of %zu and %zu tokens",
                       o->n_beams_max, o->n_prompt_max, o->n_new_max);
    }
    if (o->n_prompt_max > gpt->config.n_positions || o->n_new_max > gpt->config.n_positions ||
        o->n_prompt_max + o->n_new_max > gpt->config.n_positions + 1) {
        return wl_fail(error, WL_ELIMIT, "%zu tokens and %zu new ones, the model reads %zu",
                       o->n_prompt_max, o->n_new_max, gpt->config.n_positions);
    }
    return WL_OK;
}

wl_status wl_gpt_decode_new(struct wl_gpt *gpt, struct wl_gemm *gemm,
                            const struct wl_gpt_decode_options *options, struct wl_gpt_decode **out,
                            wl_error *error)
{
    wl_status status = WL_OK;
    struct wl_gpt_decode *d = NULL;

    *out = NULL;
    WL_TRY(check_options(gpt, options, error));
    d = wl_alloc_zeroed(gpt->alloc, 1, sizeof(*d));
    if (d == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a decoder");
    }
    d->gpt = gpt;
    d->gemm = gemm;
    d->alloc = gpt->alloc;
    d->options = *options;
    d->n_positions = options->n_prompt_max + options->n_new_max;
    d->n_rows_max = options->n_prompt_max + options->n_beams_max * options->n_new_max;
    WL_GO(wl_packed_batch_init(&d->batch, d->alloc, options->n_prompt_max, 1, error));
    WL_GO(make_room(d, error));
    WL_GO(wl_gpt_plan(gpt, options->n_prompt_max, options->number, false, error));
    WL_GO(wl_gpt_pack(gpt, gemm, error));
    *out = d;
    d = NULL;
done:
    wl_gpt_decode_free(d);
    return status;
}

void wl_gpt_decode_free(struct wl_gpt_decode *d)
{
    if (d != NULL) {
        wl_packed_batch_release(&d->batch);
        wl_alloc_aligned_free(d->alloc, d->memory);
        wl_alloc_aligned_free(d->alloc, d->cache);
        wl_alloc_free(d->alloc, d);
    }
}

size_t wl_gpt_decode_past(const struct wl_gpt_decode *decode)
{
    return decode->n_past;
}

// -- the beginning --

// Keys and values of rows 0 .. n - 1 of qkv into the cache, from row `first` on.
static void keep_rows(const struct wl_gpt_decode *d, size_t layer, const char *qkv, size_t first,
                      size_t n)
{
    size_t value_bytes = d->options.number == WL_F32 ? sizeof(float) : sizeof(uint16_t);
    size_t third_bytes = d->gpt->config.shape.n_channels * value_bytes;
    char *to = (char *)d->cache + (layer * d->n_rows_max + first) * 2 * third_bytes;

    for (size_t i = 0; i < n; i++) {
        memcpy(to + i * 2 * third_bytes, qkv + (i * 3 + 1) * third_bytes, 2 * third_bytes);
    }
}

static void watch_beginning(void *context, size_t layer, const struct wl_matrix *qkv)
{
    const struct wl_gpt_decode *d = context;
    keep_rows(d, layer, qkv->data, 0, d->batch.starts[1]);
}

wl_status wl_gpt_decode_start(struct wl_gpt_decode *d, const int32_t *tokens, size_t n_tokens,
                              const float **logits, wl_error *error)
{
    struct wl_gpt *gpt = d->gpt;

    if (n_tokens > d->options.n_prompt_max) {
        return wl_fail(error, WL_ELIMIT, "a beginning of %zu tokens, planned for %zu", n_tokens,
                       d->options.n_prompt_max);
    }
    d->n_beams = 0; // until all went well
    wl_packed_batch_clear(&d->batch);
    WL_TRY(wl_packed_batch_add(&d->batch, tokens, NULL, n_tokens, error));
    WL_TRY(wl_gpt_forward_watched(gpt, d->gemm, &d->batch, watch_beginning, d, error));
    WL_TRY(wl_gpt_logits(gpt, d->gemm, n_tokens - 1, 1, error));
    memcpy(d->logits, gpt->logits, gpt->config.n_vocabulary * sizeof(float));
    for (size_t t = 0; t < n_tokens; t++) {
        d->rows[t] = (uint32_t)t;
    }
    d->n_beams = 1;
    d->n_rows = n_tokens;
    d->n_past = n_tokens;
    *logits = d->logits;
    return WL_OK;
}

// -- a step --

static wl_status check_step(const struct wl_gpt_decode *d, const uint32_t *from,
                            const int32_t *tokens, size_t n_beams, wl_error *error)
{
    const struct wl_gpt_config *config = &d->gpt->config;

    if (n_beams == 0 || n_beams > d->options.n_beams_max || n_beams > d->n_rows_max - d->n_rows ||
        d->n_past >= d->n_positions || d->n_past >= config->n_positions) {
        return wl_fail(error, WL_ELIMIT, "token %zu of %zu texts, planned for %zu of %zu",
                       d->n_past + 1, n_beams, d->n_positions, d->options.n_beams_max);
    }
    for (size_t i = 0; i < n_beams; i++) {
        if (from[i] >= d->n_beams || tokens[i] < 0 || (size_t)tokens[i] >= config->n_vocabulary) {
            return wl_fail(error, WL_ERANGE, "text %zu goes on from text %u of %zu with token %d",
                           i, from[i], d->n_beams, tokens[i]);
        }
    }
    return WL_OK;
}

// Every beam takes up its past and gets a row of its own for the new token.
static void take_up(struct wl_gpt_decode *d, const uint32_t *from, size_t n_beams)
{
    uint32_t *rows = d->rows_next;

    for (size_t i = 0; i < n_beams; i++) {
        uint32_t *to = rows + i * d->n_positions;
        memcpy(to, d->rows + from[i] * d->n_positions, d->n_past * sizeof(*to));
        to[d->n_past] = (uint32_t)(d->n_rows + i);
    }
    d->rows_next = d->rows;
    d->rows = rows;
    d->n_beams = n_beams;
}

static void embed(const struct wl_gpt_decode *d, const int32_t *tokens)
{
    const struct wl_gpt *gpt = d->gpt;
    size_t c = gpt->config.shape.n_channels;
    const float *position = gpt->tensors.weights + gpt->position + d->n_past * c;

    for (size_t i = 0; i < d->n_beams; i++) {
        const float *word = gpt->tensors.weights + gpt->word + (size_t)tokens[i] * c;
        for (size_t j = 0; j < c; j++) {
            d->x[i * c + j] = word[j] + position[j];
        }
    }
}

static struct wl_matrix stream(const struct wl_gpt_decode *d, float *data)
{
    return wl_matrix_of(data, WL_F32, d->n_beams, d->gpt->config.shape.n_channels);
}

static struct wl_matrix operand(const struct wl_gpt_decode *d, void *data, size_t n_columns)
{
    return wl_matrix_of(data, d->options.number, d->n_beams, n_columns);
}

// in = norm(from).
static void norm(const struct wl_gpt_decode *d, const struct wl_norm_place *place, float *from)
{
    const float *w = d->gpt->tensors.weights;
    struct wl_matrix x = stream(d, from);
    struct wl_matrix y = operand(d, d->in, d->gpt->config.shape.n_channels);

    wl_norm_forward(&x, w + place->gain, w + place->shift, d->gpt->config.shape.eps, NULL, &y,
                    d->stats);
}

// to = from + branch.
static void add_branch(const struct wl_gpt_decode *d, float *from, float *to)
{
    struct wl_matrix x = stream(d, from);
    struct wl_matrix branch = stream(d, d->branch);
    struct wl_matrix y = stream(d, to);

    wl_residual_forward(&x, (struct wl_dropout){0}, &branch, &y);
}

static wl_status run_block(struct wl_gpt_decode *d, size_t layer, wl_error *error)
{
    const struct wl_transformer_shape *shape = &d->gpt->config.shape;
    const struct wl_block *block = &d->gpt->stack.blocks[layer];
    const struct wl_tensors *tensors = &d->gpt->tensors;
    size_t c = shape->n_channels;
    struct wl_matrix in = operand(d, d->in, c);
    struct wl_matrix qkv = operand(d, d->qkv, 3 * c);
    struct wl_matrix attended = operand(d, d->attended, c);
    struct wl_matrix branch = stream(d, d->branch);
    struct wl_matrix up = operand(d, d->up, shape->n_inner);
    struct wl_matrix inner = operand(d, d->inner, shape->n_inner);

    norm(d, &block->norm1, d->x);
    WL_TRY(wl_dense_forward(d->gemm, tensors, &block->qkv, &in, &qkv, error));
    keep_rows(d, layer, d->qkv, d->n_rows, d->n_beams);
#pragma omp parallel for if (WL_WORTH(d->n_beams * c * d->n_past))
    for (size_t i = 0; i < d->n_beams * shape->n_heads; i++) {
        attend_head(d, layer, i / shape->n_heads, i % shape->n_heads);
    }
    WL_TRY(wl_dense_forward(d->gemm, tensors, &block->out, &attended, &branch, error));
    add_branch(d, d->x, d->sum);
    norm(d, &block->norm2, d->sum);
    WL_TRY(wl_dense_forward(d->gemm, tensors, &block->up, &in, &up, error));
    wl_gelu_forward(shape->gelu, &up, &inner);
    WL_TRY(wl_dense_forward(d->gemm, tensors, &block->down, &inner, &branch, error));
    add_branch(d, d->sum, d->x);
    return WL_OK;
}

wl_status wl_gpt_decode_step(struct wl_gpt_decode *d, const uint32_t *from, const int32_t *tokens,
                             size_t n_beams, const float **logits, wl_error *error)
{
    const struct wl_gpt *gpt = d->gpt;
    struct wl_matrix in;
    struct wl_matrix scores;

    WL_TRY(check_step(d, from, tokens, n_beams, error));
    take_up(d, from, n_beams);
    embed(d, tokens);
    for (size_t layer = 0; layer < gpt->config.shape.n_layers; layer++) {
        WL_TRY(run_block(d, layer, error));
    }
    norm(d, &gpt->stack.norm_last, d->x);
    in = operand(d, d->in, gpt->config.shape.n_channels);
    scores = wl_matrix_of(d->logits, WL_F32, n_beams, gpt->config.n_vocabulary);
    WL_TRY(wl_dense_forward(d->gemm, &gpt->tensors, &gpt->head, &in, &scores, error));
    d->n_rows += n_beams;
    d->n_past++;
    *logits = d->logits;
    return WL_OK;
}

static wl_status start_of(void *context, const int32_t *tokens, size_t n_tokens,
                          const float **scores, wl_error *error)
{
    return wl_gpt_decode_start(context, tokens, n_tokens, scores, error);
}

static wl_status step_of(void *context, const uint32_t *from, const int32_t *tokens, size_t n_texts,
                         const float **scores, wl_error *error)
{
    return wl_gpt_decode_step(context, from, tokens, n_texts, scores, error);
}

struct wl_next_tokens wl_gpt_decode_next(struct wl_gpt_decode *decode)
{
    return (struct wl_next_tokens){.n_vocabulary = decode->gpt->config.n_vocabulary,
                                   .n_texts_max = decode->options.n_beams_max,
                                   .start = start_of,
                                   .step = step_of,
                                   .context = decode};
}
