/* Adapters in a pass. For the N rows of a layer and one part:
 *
 *     forward     h = s (drop(x) A^T)            (N, r)      y[:, rows] += h B^T
 *     backward    dB += dy[:, rows]^T h          e = s (dy[:, rows] B)        (N, r)
 *                 dA += e^T drop(x)              dx += drop'(e A)
 *
 * Parts of one layer read the same drop(x), and their e A are added up before drop', because wide
 * rows cost more than the small products. Nothing is kept from the way there: h and drop(x) are
 * made again. h and e are summed in float and rounded once, where the layer works in bf16. */
#include "nn/carve.h"
#include "nn/dropout.h"
#include "nn/lora_inside.h"
#include "nn/numbers.h"
#include "nn/row_view.h"

#include <string.h>

static size_t widest(const struct wl_lora *lora, bool is_rank)
{
    size_t most = 0;

    for (size_t i = 0; i < lora->n_parts; i++) {
        size_t n = is_rank ? lora->parts[i].r : lora->parts[i].n_in;
        most = n > most ? n : most;
    }
    return most;
}

static void carve_all(struct wl_lora *lora, bool is_training, struct wl_carve *carve)
{
    size_t n = lora->rows_max;
    size_t wide = is_training && lora->dropout > 0.0 ? widest(lora, false) : 0;
    size_t r = widest(lora, true);

    lora->dropped = wl_carve_bytes(carve, n * wide, sizeof(float));
    lora->slope = wl_carve_bytes(carve, n * wide, sizeof(float));
    lora->middle = wl_carve_bytes(carve, n * r, sizeof(float));
    lora->operand = wl_carve_bytes(carve, n * r, sizeof(float));
}

// Where the gradients of unfrozen tensors go.
static void point_gradients(struct wl_lora *lora)
{
    for (size_t i = 0; i < lora->n_guests; i++) {
        const struct wl_lora_guest *guest = &lora->guests[i];
        wl_tensors_at(lora->base, guest->base)->gradient =
            lora->tensors.gradients != NULL ? lora->tensors.gradients + guest->here : NULL;
    }
}

wl_status wl_lora_plan(struct wl_lora *lora, size_t rows_max, enum wl_number number,
                       bool is_training, wl_error *error)
{
    struct wl_carve carve = {0};
    unsigned blocks = (is_training ? WL_BLOCK_GRADIENTS | WL_BLOCK_MOMENTS : 0U) |
                      (number == WL_BF16 ? (unsigned)WL_BLOCK_OPERANDS : 0U);

    wl_alloc_aligned_free(lora->alloc, lora->memory);
    lora->memory = NULL;
    lora->rows_max = rows_max;
    WL_TRY(wl_tensors_allocate(&lora->tensors, blocks, error));
    carve_all(lora, is_training, &carve);
    lora->memory = wl_alloc_aligned(lora->alloc, carve.n_bytes, 1);
    if (lora->memory == NULL) {
        lora->rows_max = 0;
        return wl_fail(error, WL_ENOMEM, "no memory for adapters of %zu rows: %zu MiB", rows_max,
                       carve.n_bytes >> 20);
    }
    carve = (struct wl_carve){.base = lora->memory};
    carve_all(lora, is_training, &carve);
    point_gradients(lora);
    wl_tensors_refresh(&lora->tensors);
    return WL_OK;
}

void wl_lora_settle(struct wl_lora *lora)
{
    struct wl_tensors *base = lora->base;

    for (size_t i = 0; i < lora->n_guests; i++) {
        const struct wl_lora_guest *guest = &lora->guests[i];
        const float *values = lora->tensors.weights + guest->here;
        memcpy(base->weights + guest->base, values, guest->n_values * sizeof(*values));
        if (base->operands != NULL) {
            wl_bf16_from_floats(values, guest->n_values, base->operands + guest->base);
        }
    }
}

void wl_lora_begin(struct wl_lora *lora, const struct wl_pass *pass)
{
    if (lora != NULL) {
        lora->dropout_now = pass->is_training ? (float)lora->dropout : 0.0F;
        lora->seed = pass->seed;
        lora->step = pass->step;
        wl_lora_settle(lora);
    }
}

// One part at work on the rows of its layer.
struct work {
    struct wl_lora *lora;
    struct wl_gemm *gemm;
    const struct wl_lora_part *part;
    enum wl_number number; // of the operands
    size_t n_rows;
    struct wl_dropout dropout;
    wl_error *error;
};

static struct work work_of(const struct wl_lora_layer *layer, size_t i, struct wl_gemm *gemm,
                           const struct wl_matrix *x, wl_error *error)
{
    struct wl_lora *lora = layer->lora;
    size_t part = layer->first + i;

    WL_ASSERT(x->n_rows <= lora->rows_max);
    return (struct work){.lora = lora,
                         .gemm = gemm,
                         .part = &lora->parts[part],
                         .number = x->number,
                         .n_rows = x->n_rows,
                         .dropout = wl_dropout_at(lora->dropout_now, lora->seed, lora->step,
                                                  WL_LORA_DROP_PLACE + layer->first),
                         .error = error};
}

// A or B in the operands' number.
static struct wl_matrix weights_at(const struct work *w, size_t offset, size_t n_rows,
                                   size_t n_columns)
{
    const struct wl_tensors *t = &w->lora->tensors;

    WL_ASSERT(w->number == WL_F32 || t->operands != NULL);
    void *data =
        w->number == WL_F32 ? (void *)(t->weights + offset) : (void *)(t->operands + offset);
    return wl_matrix_of(data, w->number, n_rows, n_columns);
}

static struct wl_matrix weights_a(const struct work *w)
{
    return weights_at(w, w->part->a, w->part->r, w->part->n_in);
}

static struct wl_matrix weights_b(const struct work *w)
{
    return weights_at(w, w->part->b, w->part->n_rows, w->part->r);
}

static struct wl_matrix gradient_at(const struct work *w, size_t offset, size_t n_rows,
                                    size_t n_columns)
{
    return wl_matrix_of(w->lora->tensors.gradients + offset, WL_F32, n_rows, n_columns);
}

// The part's columns of a layer's output.
static struct wl_matrix own_columns(const struct work *w, const struct wl_matrix *y)
{
    size_t value_bytes = y->number == WL_F32 ? sizeof(float) : sizeof(uint16_t);
    struct wl_matrix own = *y;

    own.data = (char *)y->data + w->part->row_begin * value_bytes;
    own.n_columns = w->part->n_rows;
    return own;
}

// What A reads: x itself, or a copy with values dropped.
static struct wl_matrix input(const struct work *w, const struct wl_matrix *x)
{
    if (w->dropout.p == 0.0F) {
        return *x;
    }
    struct wl_matrix dropped = wl_matrix_of(w->lora->dropped, x->number, x->n_rows, x->n_columns);
    wl_dropout_apply(w->dropout, x, &dropped);
    return dropped;
}

// operand = scale * (a times b), an (N, r) product.
static wl_status scaled_product(const struct work *w, unsigned flags, const struct wl_matrix *a,
                                const struct wl_matrix *b, struct wl_matrix *operand)
{
    size_t r = w->part->r;
    size_t n = w->n_rows * r;
    float *middle = w->lora->middle;
    struct wl_matrix sums = wl_matrix_of(middle, WL_F32, w->n_rows, r);

    WL_TRY(wl_gemm_run(w->gemm, flags, a, b, &sums, w->error));
    for (size_t i = 0; i < n; i++) {
        middle[i] *= w->part->scale;
    }
    *operand = sums;
    if (w->number == WL_BF16) {
        wl_bf16_from_floats(middle, n, w->lora->operand);
        *operand = wl_matrix_of(w->lora->operand, WL_BF16, w->n_rows, r);
    }
    return WL_OK;
}

// h = s (drop(x) A^T).
static wl_status reduce(const struct work *w, const struct wl_matrix *in, struct wl_matrix *h)
{
    struct wl_matrix a = weights_a(w);
    return scaled_product(w, WL_GEMM_B_TRANSPOSED, in, &a, h);
}

wl_status wl_lora_forward(const struct wl_lora_layer *layer, struct wl_gemm *gemm,
                          const struct wl_matrix *x, const struct wl_matrix *y, wl_error *error)
{
    struct work w = work_of(layer, 0, gemm, x, error);
    struct wl_matrix in = input(&w, x);

    for (size_t i = 0; i < layer->n; i++) {
        w = work_of(layer, i, gemm, x, error);
        struct wl_matrix b = weights_b(&w);
        struct wl_matrix own = own_columns(&w, y);
        struct wl_matrix h;
        WL_TRY(reduce(&w, &in, &h));
        WL_TRY(wl_gemm_run(gemm, WL_GEMM_B_TRANSPOSED | WL_GEMM_ADD, &h, &b, &own, error));
    }
    return WL_OK;
}

// to += from, (N, C).
static void add_rows(const struct wl_matrix *from, const struct wl_matrix *to)
{
    size_t n_tiles = (to->n_columns + WL_TILE - 1) / WL_TILE;

#pragma omp parallel for schedule(static) if (WL_WORTH(to->n_rows * to->n_columns))
    for (size_t t = 0; t < to->n_rows * n_tiles; t++) {
        float in[WL_TILE];
        float sum[WL_TILE];
        size_t i = t / n_tiles;
        size_t begin = t % n_tiles * WL_TILE;
        size_t n = to->n_columns - begin < WL_TILE ? to->n_columns - begin : WL_TILE;
        const float *added = wl_tile_read(from, i, begin, n, in);
        float *place = wl_tile_place(to, i, begin, sum);
        (void)wl_tile_read(to, i, begin, n, sum); // bf16: into sum; float: it is in place
        for (size_t k = 0; k < n; k++) {
            place[k] += added[k];
        }
        wl_tile_write(to, i, begin, n, sum);
    }
}

static struct wl_matrix slope_of(const struct work *w)
{
    return wl_matrix_of(w->lora->slope, WL_F32, w->n_rows, w->part->n_in);
}

// dx += e A; with dropout the sum of all parts' goes into slope first.
static wl_status add_slope(const struct work *w, const struct wl_matrix *e, bool is_first,
                           const struct wl_matrix *dx)
{
    struct wl_matrix a = weights_a(w);
    struct wl_matrix slope = slope_of(w);

    return w->dropout.p == 0.0F ? wl_gemm_run(w->gemm, WL_GEMM_ADD, e, &a, dx, w->error)
                                : wl_gemm_run(w->gemm, is_first ? WL_GEMM_PLAIN : WL_GEMM_ADD, e,
                                              &a, &slope, w->error);
}

// Gradients of one part, and its part of the slope.
static wl_status part_back(const struct work *w, const struct wl_matrix *in,
                           const struct wl_matrix *dy, bool is_first, const struct wl_matrix *dx)
{
    const struct wl_lora_part *part = w->part;
    struct wl_matrix own = own_columns(w, dy);
    struct wl_matrix b = weights_b(w);
    struct wl_matrix da = gradient_at(w, part->a, part->r, part->n_in);
    struct wl_matrix db = gradient_at(w, part->b, part->n_rows, part->r);
    const unsigned added = WL_GEMM_A_TRANSPOSED | WL_GEMM_ADD;
    struct wl_matrix middle;

    WL_TRY(reduce(w, in, &middle));
    WL_TRY(wl_gemm_run(w->gemm, added, &own, &middle, &db, w->error));
    WL_TRY(scaled_product(w, WL_GEMM_PLAIN, &own, &b, &middle));
    WL_TRY(wl_gemm_run(w->gemm, added, &middle, in, &da, w->error));
    return dx != NULL ? add_slope(w, &middle, is_first, dx) : WL_OK;
}

wl_status wl_lora_backward(const struct wl_lora_layer *layer, struct wl_gemm *gemm,
                           const struct wl_matrix *x, const struct wl_matrix *dy,
                           const struct wl_matrix *dx, wl_error *error)
{
    struct work w = work_of(layer, 0, gemm, x, error);
    struct wl_matrix in = input(&w, x);

    for (size_t i = 0; i < layer->n; i++) {
        w = work_of(layer, i, gemm, x, error);
        WL_TRY(part_back(&w, &in, dy, i == 0, dx));
    }
    if (dx != NULL && w.dropout.p > 0.0F) {
        struct wl_matrix slope = slope_of(&w);
        struct wl_matrix dropped = wl_matrix_of(w.lora->dropped, WL_F32, w.n_rows, w.part->n_in);
        wl_dropout_apply(w.dropout, &slope, &dropped); // drop(x) is not needed any more
        add_rows(&dropped, dx);
    }
    return WL_OK;
}
