/* Blocks on the layers below. Every matrix of a pass is a view of planned memory, made where it is
 * used: the shapes can be read off the calls. */
#include "nn/transformer.h"

#include "base/limits.h"
#include "nn/attention.h"
#include "nn/carve.h"
#include "nn/lora.h"

#include <stdio.h>
#include <string.h>

const struct wl_transformer_names wl_names_bert = {
    .qkv = "encoder.layer.%zu.attention.self.qkv",
    .out = "encoder.layer.%zu.attention.output.dense",
    .up = "encoder.layer.%zu.intermediate.dense",
    .down = "encoder.layer.%zu.output.dense",
    .norm1 = "encoder.layer.%zu.attention.output.LayerNorm",
    .norm2 = "encoder.layer.%zu.output.LayerNorm",
    .norm_last = NULL,
};

const struct wl_transformer_names wl_names_gpt = {
    .qkv = "h.%zu.attn.c_attn",
    .out = "h.%zu.attn.c_proj",
    .up = "h.%zu.mlp.c_fc",
    .down = "h.%zu.mlp.c_proj",
    .norm1 = "h.%zu.ln_1",
    .norm2 = "h.%zu.ln_2",
    .norm_last = "ln_f",
};

wl_status wl_norm_add(struct wl_tensors *tensors, const char *name, size_t n_channels,
                      struct wl_norm_place *norm, wl_error *error)
{
    struct wl_norm_place added;

    WL_TRY(wl_tensors_add(tensors, WL_TENSOR_GAIN, &n_channels, 1, &added.gain, error, "%s.weight",
                          name));
    WL_TRY(wl_tensors_add(tensors, WL_TENSOR_BIAS, &n_channels, 1, &added.shift, error, "%s.bias",
                          name));
    *norm = added;
    return WL_OK;
}

static wl_status check_shape(const struct wl_transformer_shape *s, wl_error *error)
{
    if (s->n_channels == 0 || s->n_channels > WL_CHANNELS_MAX || s->n_inner == 0 ||
        s->n_inner > 8 * WL_CHANNELS_MAX || s->n_layers == 0 || s->n_layers > WL_NN_LAYERS_MAX) {
        return wl_fail(error, WL_ECONFIG, "%zu layers of %zu channels and %zu inner ones",
                       s->n_layers, s->n_channels, s->n_inner);
    }
    if (s->n_heads == 0 || s->n_channels % s->n_heads != 0 ||
        s->n_channels / s->n_heads > WL_HEAD_CHANNELS_MAX) {
        return wl_fail(error, WL_ECONFIG, "%zu heads for %zu channels; at most %zu channels each",
                       s->n_heads, s->n_channels, WL_HEAD_CHANNELS_MAX);
    }
    return WL_OK;
}

// A name with its layer, "h.3.mlp.c_fc". The words are those of the two tables above.
static const char *layer_name(char *name, size_t n_bytes, const char *words, size_t layer)
{
    const char *hole = strstr(words, "%zu");

    WL_ASSERT(hole != NULL);
    (void)snprintf(name, n_bytes, "%.*s%zu%s", (int)(hole - words), words, layer, hole + 3);
    return name;
}

static wl_status add_block(const struct wl_transformer_shape *s,
                           const struct wl_transformer_names *names, size_t layer,
                           struct wl_tensors *tensors, struct wl_block *block, wl_error *error)
{
    char name[WL_TENSOR_NAME_BYTES_MAX];
    size_t c = s->n_channels;
#define NAME(words) layer_name(name, sizeof(name), (words), layer)

    WL_TRY(wl_dense_add(tensors, NAME(names->qkv), c, 3 * c, true, &block->qkv, error));
    WL_TRY(wl_dense_add(tensors, NAME(names->out), c, c, true, &block->out, error));
    WL_TRY(wl_norm_add(tensors, NAME(names->norm1), c, &block->norm1, error));
    WL_TRY(wl_dense_add(tensors, NAME(names->up), c, s->n_inner, true, &block->up, error));
    WL_TRY(wl_dense_add(tensors, NAME(names->down), s->n_inner, c, true, &block->down, error));
    WL_TRY(wl_norm_add(tensors, NAME(names->norm2), c, &block->norm2, error));
#undef NAME
    return WL_OK;
}

wl_status wl_transformer_init(struct wl_transformer *t, const wl_alloc *alloc,
                              const struct wl_transformer_shape *shape,
                              const struct wl_transformer_names *names, struct wl_tensors *tensors,
                              wl_error *error)
{
    wl_status status = WL_OK;
    struct wl_transformer made = {.shape = *shape, .alloc = alloc};

    WL_TRY(check_shape(shape, error));
    made.blocks = wl_alloc_zeroed(alloc, shape->n_layers, sizeof(*made.blocks));
    made.kept = wl_alloc_zeroed(alloc, shape->n_layers + 1, sizeof(*made.kept));
    if (made.blocks == NULL || made.kept == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for %zu layers", shape->n_layers);
        goto done;
    }
    for (size_t l = 0; l < shape->n_layers; l++) {
        WL_GO(add_block(shape, names, l, tensors, &made.blocks[l], error));
    }
    if (shape->is_pre_norm) {
        WL_GO(wl_norm_add(tensors, names->norm_last, shape->n_channels, &made.norm_last, error));
    }
    *t = made;
    made = (struct wl_transformer){0};
done:
    wl_transformer_release(&made);
    return status;
}

static void unpack(struct wl_transformer *t)
{
    if (t->is_view) {
        return;
    }
    for (size_t l = 0; t->blocks != NULL && l < t->shape.n_layers; l++) {
        wl_dense_unpack(&t->blocks[l].qkv);
        wl_dense_unpack(&t->blocks[l].out);
        wl_dense_unpack(&t->blocks[l].up);
        wl_dense_unpack(&t->blocks[l].down);
    }
}

wl_status wl_transformer_pack(struct wl_transformer *t, struct wl_gemm *gemm,
                              const struct wl_tensors *tensors, wl_error *error)
{
    return wl_transformer_pack_as(t, gemm, tensors, t->number, error);
}

wl_status wl_transformer_pack_as(struct wl_transformer *t, struct wl_gemm *gemm,
                                 const struct wl_tensors *tensors, enum wl_number number,
                                 wl_error *error)
{
    WL_ASSERT(t->memory != NULL && !t->is_training);
    for (size_t l = 0; l < t->shape.n_layers; l++) {
        struct wl_block *block = &t->blocks[l];
        WL_TRY(wl_dense_pack(gemm, tensors, &block->qkv, number, error));
        WL_TRY(wl_dense_pack(gemm, tensors, &block->out, number, error));
        WL_TRY(wl_dense_pack(gemm, tensors, &block->up, number, error));
        WL_TRY(wl_dense_pack(gemm, tensors, &block->down, number, error));
    }
    return WL_OK;
}

wl_status wl_transformer_view(const struct wl_transformer *t, struct wl_transformer *view,
                              wl_error *error)
{
    struct wl_transformer made = {.shape = t->shape,
                                  .alloc = t->alloc,
                                  .is_view = true,
                                  .blocks = t->blocks,
                                  .norm_last = t->norm_last,
                                  .number = t->number};

    made.kept = wl_alloc_zeroed(t->alloc, t->shape.n_layers + 1, sizeof(*made.kept));
    if (made.kept == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu layers", t->shape.n_layers);
    }
    *view = made;
    return WL_OK;
}

void wl_transformer_release(struct wl_transformer *t)
{
    if (t == NULL || t->alloc == NULL) {
        return;
    }
    unpack(t);
    wl_alloc_aligned_free(t->alloc, t->memory);
    if (!t->is_view) {
        wl_alloc_free(t->alloc, t->blocks);
    }
    wl_alloc_free(t->alloc, t->kept);
    *t = (struct wl_transformer){0};
}

// What one block keeps; is_last: only what the stack's end needs.
static void carve_block(const struct wl_transformer *t, bool is_last, struct wl_carve *carve,
                        struct wl_block_memory *kept)
{
    size_t n = t->rows_max;
    size_t c = t->shape.n_channels;
    size_t operand = t->number == WL_F32 ? sizeof(float) : sizeof(uint16_t);

    kept->in = wl_carve_bytes(carve, n * c, operand);
    kept->sums[0] = wl_carve_bytes(carve, n * c, sizeof(float));
    kept->stats[0] = wl_carve_bytes(carve, n * 2, sizeof(float));
    if (is_last) {
        return;
    }
    kept->qkv = wl_carve_bytes(carve, n * 3 * c, operand);
    kept->log_totals = wl_carve_bytes(carve, n * t->shape.n_heads, sizeof(float));
    kept->attended = wl_carve_bytes(carve, n * c, operand);
    kept->sums[1] = wl_carve_bytes(carve, n * c, sizeof(float));
    kept->stats[1] = wl_carve_bytes(carve, n * 2, sizeof(float));
    kept->middle = wl_carve_bytes(carve, n * c, operand);
    kept->up = wl_carve_bytes(carve, n * t->shape.n_inner, operand);
    kept->inner = wl_carve_bytes(carve, n * t->shape.n_inner, operand);
}

// One block's memory for all, but for the stream before each. A post-norm block reads its operand
// while it writes the next one's, so these lie in two places by turns.
static void carve_recomputed(struct wl_transformer *t, struct wl_carve *carve)
{
    size_t n_layers = t->shape.n_layers;
    size_t n_values = t->rows_max * t->shape.n_channels;
    struct wl_block_memory shared = {0};
    struct wl_block_memory *last = &t->kept[n_layers];

    carve_block(t, false, carve, &shared);
    carve_block(t, true, carve, last);
    for (size_t l = 0; l < n_layers; l++) {
        struct wl_block_memory *kept = &t->kept[l];
        *kept = shared;
        if (t->shape.is_pre_norm) {
            kept->sums[0] = wl_carve_bytes(carve, n_values, sizeof(float));
        } else {
            kept->start = wl_carve_bytes(carve, n_values, sizeof(float));
            kept->in = (n_layers - l) % 2 == 0 ? last->in : shared.in;
        }
    }
}

static void carve_all(struct wl_transformer *t, struct wl_carve *carve)
{
    size_t n = t->rows_max;
    size_t c = t->shape.n_channels;
    size_t f = t->shape.n_inner;
    size_t operand = t->number == WL_F32 ? sizeof(float) : sizeof(uint16_t);

    t->x = wl_carve_bytes(carve, n * c, sizeof(float));
    t->branch = wl_carve_bytes(carve, n * c, sizeof(float));
    memset(t->kept, 0, (t->shape.n_layers + 1) * sizeof(*t->kept));
    if (t->is_training && t->recomputes) {
        carve_recomputed(t, carve);
    }
    for (size_t l = 0; !(t->is_training && t->recomputes) && l <= t->shape.n_layers; l++) {
        if (t->is_training || l == 0) {
            carve_block(t, l == t->shape.n_layers, carve, &t->kept[l]);
        } else {
            t->kept[l] = t->kept[0];
        }
    }
    if (t->is_training) {
        t->dx = wl_carve_bytes(carve, n * c, sizeof(float));
        t->doperand[0] = wl_carve_bytes(carve, n * c, operand);
        t->doperand[1] = wl_carve_bytes(carve, n * c, operand);
        t->dqkv = wl_carve_bytes(carve, n * 3 * c, operand);
        t->dinner[0] = wl_carve_bytes(carve, n * f, operand);
        t->dinner[1] = wl_carve_bytes(carve, n * f, operand);
        t->scratch =
            wl_carve_bytes(carve, (size_t)WL_PIECES * (3 * c > f ? 3 * c : f), sizeof(float));
    }
}

wl_status wl_transformer_plan(struct wl_transformer *t, size_t rows_max, enum wl_number number,
                              bool is_training, wl_error *error)
{
    struct wl_carve carve = {0};

    WL_ASSERT(number == WL_F32 || number == WL_BF16);
    wl_alloc_aligned_free(t->alloc, t->memory);
    t->memory = NULL;
    unpack(t);
    t->rows_max = (rows_max + WL_NN_ROWS_ROUND - 1) / WL_NN_ROWS_ROUND * WL_NN_ROWS_ROUND;
    t->number = number;
    t->is_training = is_training;
    carve_all(t, &carve);
    t->memory = wl_alloc_aligned(t->alloc, carve.n_bytes, 1);
    if (t->memory == NULL) {
        t->rows_max = 0;
        return wl_fail(error, WL_ENOMEM, "no memory for the layers of %zu rows: %zu MiB", rows_max,
                       carve.n_bytes >> 20);
    }
    carve = (struct wl_carve){.base = t->memory};
    carve_all(t, &carve);
    return t->lora == NULL ? WL_OK : wl_lora_plan(t->lora, t->rows_max, number, is_training, error);
}

// One pass at work: everything the steps below need.
struct run {
    struct wl_transformer *t;
    struct wl_gemm *gemm;
    const struct wl_tensors *tensors;
    const struct wl_pass *pass;
    wl_error *error;
};

static struct wl_matrix operand(const struct run *r, void *data, size_t n_columns)
{
    return wl_transformer_rows(r->t, data, r->pass->n_rows, n_columns);
}

static struct wl_matrix stream(const struct run *r, float *data)
{
    return wl_matrix_of(data, WL_F32, r->pass->n_rows, r->t->shape.n_channels);
}

static const float *weights_at(const struct run *r, size_t offset)
{
    return r->tensors->weights + offset;
}

// Places that draw random numbers: three per block.
enum drop_place { DROP_ATTENTION = 0, DROP_FIRST = 1, DROP_SECOND = 2, DROP_PLACES = 3 };

static struct wl_dropout dropout_of(const struct run *r, size_t layer, enum drop_place place)
{
    float p = place == DROP_ATTENTION ? r->pass->attention_dropout : r->pass->dropout;
    return wl_dropout_at(p, r->pass->seed, r->pass->step, layer * DROP_PLACES + (size_t)place);
}

static struct wl_attention attention_of(const struct run *r, size_t layer)
{
    const struct wl_transformer_shape *s = &r->t->shape;
    return (struct wl_attention){.n_heads = s->n_heads,
                                 .n_channels = s->n_channels / s->n_heads,
                                 .is_causal = s->is_causal,
                                 .dropout = dropout_of(r, layer, DROP_ATTENTION),
                                 .starts = r->pass->starts,
                                 .n_sequences = r->pass->n_texts};
}

static wl_status dense(const struct run *r, const struct wl_dense *layer, const struct wl_matrix *x,
                       const struct wl_matrix *y)
{
    return wl_dense_forward(r->gemm, r->tensors, layer, x, y, r->error);
}

// In use the residual is added where the stream lies: nobody asks for the sums later.
static bool adds_in_place(const struct run *r)
{
    return !r->t->is_training && !r->t->shape.is_pre_norm;
}

// branch = layer(x), or stream x += it.
static wl_status dense_branch(const struct run *r, const struct wl_dense *layer,
                              const struct wl_matrix *x)
{
    const struct wl_gemm_end end = {.is_added = adds_in_place(r)};
    struct wl_matrix y = stream(r, end.is_added ? r->t->x : r->t->branch);

    return wl_dense_forward_end(r->gemm, r->tensors, layer, x, &end, &y, r->error);
}

// branch = out(attention(qkv(in))).
static wl_status attend(const struct run *r, size_t l)
{
    const struct wl_block *block = &r->t->blocks[l];
    const struct wl_block_memory *kept = &r->t->kept[l];
    size_t c = r->t->shape.n_channels;
    struct wl_matrix in = operand(r, kept->in, c);
    struct wl_matrix qkv = operand(r, kept->qkv, 3 * c);
    struct wl_matrix attended = operand(r, kept->attended, c);
    struct wl_attention attention = attention_of(r, l);

    WL_TRY(dense(r, &block->qkv, &in, &qkv));
    if (r->pass->watch != NULL) {
        r->pass->watch(r->pass->watch_context, l, &qkv);
    }
    wl_attention_forward(&attention, &qkv, &attended, kept->log_totals);
    return dense_branch(r, &block->out, &attended);
}

// branch = down(gelu(up(middle))).
static wl_status feed(const struct run *r, size_t l)
{
    const struct wl_block *block = &r->t->blocks[l];
    const struct wl_block_memory *kept = &r->t->kept[l];
    struct wl_matrix middle = operand(r, kept->middle, r->t->shape.n_channels);
    struct wl_matrix up = operand(r, kept->up, r->t->shape.n_inner);
    struct wl_matrix inner = operand(r, kept->inner, r->t->shape.n_inner);
    const struct wl_gemm_end end = {.has_gelu = true,
                                    .keeps_before = r->t->is_training,
                                    .gelu = r->t->shape.gelu,
                                    .before_gelu = &up};

    WL_TRY(wl_dense_forward_end(r->gemm, r->tensors, &block->up, &middle, &end, &inner, r->error));
    return dense_branch(r, &block->down, &inner);
}

// sum = from + dropout(branch).
static void residual(const struct run *r, size_t l, enum drop_place place, float *from, float *sum)
{
    struct wl_matrix x = stream(r, from);
    struct wl_matrix branch = stream(r, r->t->branch);
    struct wl_matrix y = stream(r, sum);

    wl_residual_forward(&x, dropout_of(r, l, place), &branch, &y);
}

// y (stream, or NULL) and y_operand = norm(sum).
static void norm(const struct run *r, const struct wl_norm_place *place, float *sum, float *y,
                 void *y_operand, float *stats)
{
    struct wl_matrix from = stream(r, sum);
    struct wl_matrix to = stream(r, y);
    struct wl_matrix to_operand = operand(r, y_operand, r->t->shape.n_channels);

    wl_norm_forward(&from, weights_at(r, place->gain), weights_at(r, place->shift), r->t->shape.eps,
                    y != NULL ? &to : NULL, &to_operand, stats);
}

// sum = x + dropout(branch); x and y_operand = norm(sum).
static void residual_norm(const struct run *r, size_t l, enum drop_place place,
                          const struct wl_norm_place *norm_place, float *sum, void *y_operand,
                          float *stats)
{
    struct wl_matrix x = stream(r, r->t->x);
    struct wl_matrix branch = stream(r, r->t->branch);
    struct wl_matrix to_sum = stream(r, sum);
    struct wl_matrix to_operand = operand(r, y_operand, r->t->shape.n_channels);

    if (adds_in_place(r)) {
        norm(r, norm_place, r->t->x, r->t->x, y_operand, stats);
        return;
    }
    wl_residual_norm_forward(&x, dropout_of(r, l, place), &branch, &to_sum,
                             weights_at(r, norm_place->gain), weights_at(r, norm_place->shift),
                             r->t->shape.eps, &x, &to_operand, stats);
}

// kept->in from x: a copy in the operands' number.
static void take_operand(const struct run *r, size_t l)
{
    struct wl_matrix x = stream(r, r->t->x);
    struct wl_matrix in = operand(r, r->t->kept[l].in, r->t->shape.n_channels);

    wl_dropout_apply((struct wl_dropout){0}, &x, &in);
}

static wl_status block_post(const struct run *r, size_t l)
{
    struct wl_block_memory *kept = &r->t->kept[l];
    const struct wl_block *block = &r->t->blocks[l];

    WL_TRY(attend(r, l));
    residual_norm(r, l, DROP_FIRST, &block->norm1, kept->sums[0], kept->middle, kept->stats[0]);
    WL_TRY(feed(r, l));
    residual_norm(r, l, DROP_SECOND, &block->norm2, kept->sums[1], r->t->kept[l + 1].in,
                  kept->stats[1]);
    return WL_OK;
}

static wl_status forward_post(const struct run *r)
{
    struct wl_transformer *t = r->t;

    take_operand(r, 0);
    for (size_t l = 0; l < t->shape.n_layers; l++) {
        if (t->kept[l].start != NULL) {
            memcpy(t->kept[l].start, t->x, r->pass->n_rows * t->shape.n_channels * sizeof(*t->x));
        }
        WL_TRY(block_post(r, l));
    }
    return WL_OK;
}

static wl_status block_pre(const struct run *r, size_t l)
{
    struct wl_transformer *t = r->t;
    struct wl_block_memory *kept = &t->kept[l];

    norm(r, &t->blocks[l].norm1, kept->sums[0], NULL, kept->in, kept->stats[0]);
    WL_TRY(attend(r, l));
    residual(r, l, DROP_FIRST, kept->sums[0], kept->sums[1]);
    norm(r, &t->blocks[l].norm2, kept->sums[1], NULL, kept->middle, kept->stats[1]);
    WL_TRY(feed(r, l));
    residual(r, l, DROP_SECOND, kept->sums[1], t->kept[l + 1].sums[0]);
    return WL_OK;
}

// What block l kept, once more, when blocks share their memory. The last one's is still there.
static wl_status recompute(const struct run *r, size_t l)
{
    struct wl_transformer *t = r->t;

    if (!t->recomputes || l + 1 == t->shape.n_layers) {
        return WL_OK;
    }
    if (t->shape.is_pre_norm) {
        return block_pre(r, l);
    }
    memcpy(t->x, t->kept[l].start, r->pass->n_rows * t->shape.n_channels * sizeof(*t->x));
    take_operand(r, l);
    return block_post(r, l);
}

static wl_status forward_pre(const struct run *r)
{
    struct wl_transformer *t = r->t;
    struct wl_matrix x = stream(r, t->x);
    struct wl_matrix first = stream(r, t->kept[0].sums[0]);

    wl_dropout_apply((struct wl_dropout){0}, &x, &first);
    for (size_t l = 0; l < t->shape.n_layers; l++) {
        WL_TRY(block_pre(r, l));
    }
    struct wl_block_memory *last = &t->kept[t->shape.n_layers];
    norm(r, &t->norm_last, last->sums[0], t->x, last->in, last->stats[0]);
    return WL_OK;
}

wl_status wl_transformer_forward(struct wl_transformer *t, struct wl_gemm *gemm,
                                 const struct wl_tensors *tensors, const struct wl_pass *pass,
                                 wl_error *error)
{
    const struct run r = {t, gemm, tensors, pass, error};

    WL_ASSERT(t->memory != NULL && pass->n_rows <= t->rows_max);
    return t->shape.is_pre_norm ? forward_pre(&r) : forward_post(&r);
}

static wl_status dense_back(const struct run *r, const struct wl_dense *layer,
                            const struct wl_matrix *x, const struct wl_matrix *dy, bool is_added,
                            const struct wl_matrix *dx)
{
    return wl_dense_backward(r->gemm, r->tensors, layer, x, dy, is_added, dx, r->t->scratch,
                             r->error);
}

// dto = or += gradient of middle, from dsum, the gradient behind the second residual.
static wl_status feed_back(const struct run *r, size_t l, float *dsum, bool is_added, float *dto)
{
    struct wl_transformer *t = r->t;
    const struct wl_block *block = &t->blocks[l];
    const struct wl_block_memory *kept = &t->kept[l];
    size_t c = t->shape.n_channels;
    size_t f = t->shape.n_inner;
    struct wl_matrix d = stream(r, dsum);
    struct wl_matrix dbranch = operand(r, t->doperand[0], c);
    struct wl_matrix inner = operand(r, kept->inner, f);
    struct wl_matrix dinner = operand(r, t->dinner[0], f);
    struct wl_matrix up = operand(r, kept->up, f);
    struct wl_matrix dup = operand(r, t->dinner[1], f);
    struct wl_matrix middle = operand(r, kept->middle, c);
    struct wl_matrix dmiddle = stream(r, dto);

    wl_dropout_apply(dropout_of(r, l, DROP_SECOND), &d, &dbranch);
    WL_TRY(dense_back(r, &block->down, &inner, &dbranch, false, &dinner));
    wl_gelu_backward(t->shape.gelu, &up, &dinner, &dup);
    return dense_back(r, &block->up, &middle, &dup, is_added, &dmiddle);
}

// dto = or += gradient of in, from dsum, the gradient behind the first residual.
static wl_status attend_back(const struct run *r, size_t l, float *dsum, bool is_added, float *dto)
{
    struct wl_transformer *t = r->t;
    const struct wl_block *block = &t->blocks[l];
    const struct wl_block_memory *kept = &t->kept[l];
    size_t c = t->shape.n_channels;
    struct wl_matrix d = stream(r, dsum);
    struct wl_matrix dbranch = operand(r, t->doperand[0], c);
    struct wl_matrix attended = operand(r, kept->attended, c);
    struct wl_matrix dattended = operand(r, t->doperand[1], c);
    struct wl_matrix qkv = operand(r, kept->qkv, 3 * c);
    struct wl_matrix dqkv = operand(r, t->dqkv, 3 * c);
    struct wl_matrix in = operand(r, kept->in, c);
    struct wl_matrix din = stream(r, dto);
    struct wl_attention attention = attention_of(r, l);

    wl_dropout_apply(dropout_of(r, l, DROP_FIRST), &d, &dbranch);
    WL_TRY(dense_back(r, &block->out, &attended, &dbranch, false, &dattended));
    // The stream's buffer is free here: it serves for the sums of dq.
    wl_attention_backward(&attention, &qkv, &attended, kept->log_totals, &dattended, &dqkv, t->x);
    return dense_back(r, &block->qkv, &in, &dqkv, is_added, &din);
}

static void norm_back(const struct run *r, const struct wl_norm_place *place, float *sum,
                      const float *stats, float *dy, bool is_added, float *dx)
{
    struct wl_matrix from = stream(r, sum);
    struct wl_matrix d = stream(r, dy);
    struct wl_matrix to = stream(r, dx);

    wl_norm_backward(&from, weights_at(r, place->gain), stats, &d, is_added, &to,
                     wl_tensors_gradient(r->tensors, place->gain),
                     wl_tensors_gradient(r->tensors, place->shift), r->t->scratch);
}

// dx and branch take turns: a norm's gradient goes from one to the other, a layer's is added there.
static wl_status backward_post(const struct run *r)
{
    struct wl_transformer *t = r->t;

    for (size_t l = t->shape.n_layers; l-- > 0;) {
        struct wl_block_memory *kept = &t->kept[l];
        WL_TRY(recompute(r, l));
        norm_back(r, &t->blocks[l].norm2, kept->sums[1], kept->stats[1], t->dx, false, t->branch);
        WL_TRY(feed_back(r, l, t->branch, true, t->branch));
        norm_back(r, &t->blocks[l].norm1, kept->sums[0], kept->stats[0], t->branch, false, t->dx);
        WL_TRY(attend_back(r, l, t->dx, true, t->dx));
    }
    return WL_OK;
}

static wl_status backward_pre(const struct run *r)
{
    struct wl_transformer *t = r->t;
    struct wl_block_memory *last = &t->kept[t->shape.n_layers];
    struct wl_matrix branch = stream(r, t->branch);
    struct wl_matrix dx = stream(r, t->dx);

    norm_back(r, &t->norm_last, last->sums[0], last->stats[0], t->dx, false, t->branch);
    wl_dropout_apply((struct wl_dropout){0}, &branch, &dx);
    for (size_t l = t->shape.n_layers; l-- > 0;) {
        struct wl_block_memory *kept = &t->kept[l];
        WL_TRY(recompute(r, l));
        WL_TRY(feed_back(r, l, t->dx, false, t->branch));
        norm_back(r, &t->blocks[l].norm2, kept->sums[1], kept->stats[1], t->branch, true, t->dx);
        WL_TRY(attend_back(r, l, t->dx, false, t->branch));
        norm_back(r, &t->blocks[l].norm1, kept->sums[0], kept->stats[0], t->branch, true, t->dx);
    }
    return WL_OK;
}

wl_status wl_transformer_backward(struct wl_transformer *t, struct wl_gemm *gemm,
                                  const struct wl_tensors *tensors, const struct wl_pass *pass,
                                  wl_error *error)
{
    const struct run r = {t, gemm, tensors, pass, error};

    WL_ASSERT(t->is_training && pass->n_rows <= t->rows_max);
    return t->shape.is_pre_norm ? backward_pre(&r) : backward_post(&r);
}
