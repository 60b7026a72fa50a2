/* One task per sequence and head: everything it writes is its own. Blocks are copied to float on
 * the stack, columns padded with zeros to a multiple of 16, so that every product inside is a whole
 * number of registers: C (4 x 64) stays in registers while a row of B meets four numbers of A.
 *
 *     forward                        backward (keys outside, queries inside)
 *     S = Q K^T                      P = exp(Q K^T - log total)
 *     P = exp(S - largest so far)    dV += P^T dY     dP = dY V^T
 *     O = O shrunk + P V             dS = P (dP - sum of y dy)
 *                                    dQ += dS K       dK += dS^T Q
 *
 * Q carries the factor 1 / sqrt(D) from its copying on; dQ gets it when it is stored. Rows that pad
 * a block of queries compute on zeros and are not stored; keys that pad one have P = 0. */
#include "nn/attention.h"

#include "base/limits.h"
#include "nn/row_view.h"
#include "nn/vector_math.h"

#include <math.h>
#include <stdalign.h>

#define BLOCK ((size_t)64) /* queries, and keys, handled at a time */
#define D_MAX WL_HEAD_CHANNELS_MAX

// A block of rows of one part of one head: where it lies and how far it goes.
struct block {
    size_t row; // first row in the batch
    size_t n;   // rows, 1..BLOCK
};

struct task {
    const struct wl_attention *attention;
    size_t head;
    size_t begin; // of the sequence
    size_t end;
    size_t d;        // channels
    size_t d_padded; // multiple of 16
    float scale;     // 1 / sqrt(D)
};

// c (4, 16 n_wide) = or += a (4, k) b (k, 16 n_wide). Inlined with n_wide known.
static inline __attribute__((always_inline)) void panel(float *c, size_t c_stride, const float *a,
                                                        size_t a_row, size_t a_column,
                                                        const float *b, size_t b_stride, size_t k,
                                                        bool is_added, int n_wide)
{
    wl_lanes sum[4][4];

    for (size_t r = 0; r < 4; r++) {
        for (int w = 0; w < n_wide; w++) {
            sum[r][w] = (wl_lanes){0};
            if (is_added) {
                sum[r][w] = *(const wl_lanes *)(c + r * c_stride + 16 * (size_t)w);
            }
        }
    }
    for (size_t l = 0; l < k; l++) {
        for (int w = 0; w < n_wide; w++) {
            wl_lanes row = *(const wl_lanes *)(b + l * b_stride + 16 * (size_t)w);
            for (size_t r = 0; r < 4; r++) {
                sum[r][w] += a[r * a_row + l * a_column] * row;
            }
        }
    }
    for (size_t r = 0; r < 4; r++) {
        for (int w = 0; w < n_wide; w++) {
            *(wl_lanes *)(c + r * c_stride + 16 * (size_t)w) = sum[r][w];
        }
    }
}

// c (m, n) = or += a b; element (i, l) of a lies at a[i * a_row + l * a_column]; b and c are row by
// row. m is a multiple of 4 and n of 16.
WL_CLONES static void multiply(float *c, size_t c_stride, const float *a, size_t a_row,
                               size_t a_column, const float *b, size_t b_stride, size_t m, size_t n,
                               size_t k, bool is_added)
{
    for (size_t i = 0; i < m; i += 4) {
        size_t j = 0;
        for (; j + 64 <= n; j += 64) {
            panel(c + i * c_stride + j, c_stride, a + i * a_row, a_row, a_column, b + j, b_stride,
                  k, is_added, 4);
        }
        for (; j < n; j += 16) {
            panel(c + i * c_stride + j, c_stride, a + i * a_row, a_row, a_column, b + j, b_stride,
                  k, is_added, 1);
        }
    }
}

// Rows of part 0 (q), 1 (k) or 2 (v) of a block into y (BLOCK, d_padded), times scale, padded by 0.
static void copy_block(const struct task *t, const struct wl_matrix *x, size_t part, size_t n_parts,
                       struct block block, float scale, float *y)
{
    float buffer[D_MAX];
    size_t column = (part * t->attention->n_heads + t->head) * t->d;

    WL_DCHECK(part < n_parts && x->n_columns >= n_parts * t->attention->n_heads * t->d);
    for (size_t i = 0; i < BLOCK; i++) {
        float *to = y + i * t->d_padded;
        if (i >= block.n) {
            memset(to, 0, t->d_padded * sizeof(*to));
            continue;
        }
        const float *from = wl_tile_read(x, block.row + i, column, t->d, buffer);
        for (size_t c = 0; c < t->d; c++) {
            to[c] = scale * from[c];
        }
        for (size_t c = t->d; c < t->d_padded; c++) {
            to[c] = 0.0F;
        }
    }
}

// x (BLOCK, d_padded) into y (d_padded, BLOCK).
WL_CLONES static void turn(const float *restrict x, size_t d_padded, float *restrict y)
{
    for (size_t c = 0; c < d_padded; c++) {
        for (size_t i = 0; i < BLOCK; i++) {
            y[c * BLOCK + i] = x[i * d_padded + c];
        }
    }
}

// Keys of a block that query row i may see: the first so many.
static size_t seen(const struct task *t, struct block keys, size_t i)
{
    if (!t->attention->is_causal) {
        return keys.n;
    }
    if (i < keys.row) {
        return 0;
    }
    return i - keys.row + 1 < keys.n ? i - keys.row + 1 : keys.n;
}

// One row of 64 scores: the largest of those seen and before.
static inline float row_largest(const float *s, size_t n_seen, float before)
{
    float largest = before;
    for (size_t j = 0; j < n_seen; j++) {
        largest = s[j] > largest ? s[j] : largest;
    }
    return largest;
}

// s = exp(s - less) where seen, else 0; gives their sum.
static inline float row_exp(float *s, uint32_t n_seen, float less)
{
    wl_lanes sum = {0};

    for (uint32_t j = 0; j < BLOCK; j++) {
        float value = wl_exp(s[j] - less);
        s[j] = j < n_seen ? value : 0.0F;
    }
    for (size_t j = 0; j < BLOCK; j += WL_LANES) {
        sum += *(const wl_lanes *)(s + j);
    }
    return wl_lanes_sum(&sum);
}

static inline void row_scale(float *x, size_t n, float factor)
{
    for (size_t i = 0; i < n; i++) {
        x[i] *= factor;
    }
}

// Row of 64 values times the dropout's factors.
static inline void row_drop(struct wl_dropout dropout, uint32_t row, uint32_t column, float *x)
{
    uint32_t limit = wl_dropout_limit(dropout);
    float scale = wl_dropout_scale(dropout);

    for (uint32_t j = 0; j < BLOCK; j++) {
        x[j] = wl_dropout_bits(dropout.key, row, column + j) < limit ? 0.0F : x[j] * scale;
    }
}

static uint32_t dropout_row(const struct task *t, size_t i)
{
    return (uint32_t)(i * t->attention->n_heads + t->head);
}

// A softmax under way: for each query the largest score and the total so far.
struct online {
    float largest[BLOCK];
    float total[BLOCK];
};

// Takes one block of scores into the softmax: s becomes P, o shrinks to the new largest.
WL_CLONES static void online_add(const struct task *t, struct block queries, struct block keys,
                                 struct online *online, float *s, float *o)
{
    struct wl_dropout dropout = t->attention->dropout;

    for (size_t i = 0; i < queries.n; i++) {
        float *row = s + i * BLOCK;
        size_t n_seen = seen(t, keys, queries.row + i);
        float largest = row_largest(row, n_seen, online->largest[i]);
        float shrink = online->total[i] > 0.0F ? wl_exp(online->largest[i] - largest) : 0.0F;
        float total = row_exp(row, (uint32_t)n_seen, largest);
        online->total[i] = online->total[i] * shrink + total;
        online->largest[i] = largest;
        row_scale(o + i * t->d_padded, t->d_padded, shrink);
        if (dropout.p > 0.0F) {
            row_drop(dropout, dropout_row(t, queries.row + i), (uint32_t)(keys.row - t->begin),
                     row);
        }
    }
    memset(s + queries.n * BLOCK, 0, (BLOCK - queries.n) * BLOCK * sizeof(*s));
}

static struct block block_at(const struct task *t, size_t row)
{
    size_t left = t->end - row;
    return (struct block){.row = row, .n = left < BLOCK ? left : BLOCK};
}

static size_t round_up(size_t n, size_t step)
{
    return (n + step - 1) / step * step;
}

// Stores a block of columns of one part of one head.
static void store_rows(const struct task *t, const struct wl_matrix *y, size_t part,
                       struct block block, const float *x, size_t x_stride, const float *factors)
{
    float out[D_MAX];
    size_t column = (part * t->attention->n_heads + t->head) * t->d;

    for (size_t i = 0; i < block.n; i++) {
        float *to = wl_tile_place(y, block.row + i, column, out);
        for (size_t c = 0; c < t->d; c++) {
            to[c] = factors[i] * x[i * x_stride + c];
        }
        wl_tile_write(y, block.row + i, column, t->d, to);
    }
}

// The forward pass of one block of queries.
static void queries_forward(const struct task *t, const struct wl_matrix *qkv, struct block queries,
                            const struct wl_matrix *y, float *log_totals)
{
    alignas(64) float q[BLOCK * D_MAX];
    alignas(64) float k[BLOCK * D_MAX]; // then v
    alignas(64) float k_turned[BLOCK * D_MAX];
    alignas(64) float o[BLOCK * D_MAX];
    alignas(64) float s[BLOCK * BLOCK];
    float factors[BLOCK];
    struct online online;
    size_t m = round_up(queries.n, 4);
    size_t end = t->attention->is_causal ? queries.row + queries.n : t->end;

    for (size_t i = 0; i < BLOCK; i++) {
        online.largest[i] = -INFINITY;
        online.total[i] = 0.0F;
    }
    memset(o, 0, BLOCK * t->d_padded * sizeof(*o));
    copy_block(t, qkv, 0, 3, queries, t->scale, q);
    for (size_t row = t->begin; row < end; row += BLOCK) {
        struct block keys = block_at(t, row);
        copy_block(t, qkv, 1, 3, keys, 1.0F, k);
        turn(k, t->d_padded, k_turned);
        multiply(s, BLOCK, q, t->d_padded, 1, k_turned, BLOCK, m, BLOCK, t->d, false);
        online_add(t, queries, keys, &online, s, o);
        copy_block(t, qkv, 2, 3, keys, 1.0F, k);
        multiply(o, t->d_padded, s, BLOCK, 1, k, t->d_padded, m, t->d_padded, keys.n, true);
    }
    for (size_t i = 0; i < queries.n; i++) {
        factors[i] = 1.0F / online.total[i];
        log_totals[(queries.row + i) * t->attention->n_heads + t->head] =
            online.largest[i] + logf(online.total[i]);
    }
    store_rows(t, y, 0, queries, o, t->d_padded, factors);
}

static struct task task_at(const struct wl_attention *attention, size_t i_task)
{
    size_t sequence = i_task / attention->n_heads;
    return (struct task){.attention = attention,
                         .head = i_task % attention->n_heads,
                         .begin = attention->starts[sequence],
                         .end = attention->starts[sequence + 1],
                         .d = attention->n_channels,
                         .d_padded = round_up(attention->n_channels, WL_LANES),
                         .scale = 1.0F / sqrtf((float)attention->n_channels)};
}

// Rows behind the last sequence: nothing is there, and nothing may come from there.
static void clear_rest(const struct wl_matrix *y, size_t begin)
{
    size_t value_bytes = y->number == WL_F32 ? sizeof(float) : sizeof(uint16_t);

    for (size_t i = begin; i < y->n_rows; i++) {
        memset((char *)y->data + i * y->stride * value_bytes, 0, y->n_columns * value_bytes);
    }
}

void wl_attention_forward(const struct wl_attention *attention, const struct wl_matrix *qkv,
                          const struct wl_matrix *y, float *log_totals)
{
    size_t n_tasks = attention->n_sequences * attention->n_heads;

    WL_ASSERT(attention->n_channels <= D_MAX);
#pragma omp parallel for schedule(dynamic, 1) if (WL_WORTH(qkv->n_rows * qkv->n_columns))
    for (size_t i = 0; i < n_tasks; i++) {
        struct task t = task_at(attention, i);
        for (size_t row = t.begin; row < t.end; row += BLOCK) {
            queries_forward(&t, qkv, block_at(&t, row), y, log_totals);
        }
    }
    clear_rest(y, attention->starts[attention->n_sequences]);
}

// What the backward pass keeps of one block of queries.
struct query_block {
    struct block block;
    alignas(64) float q[BLOCK * D_MAX];
    alignas(64) float dy[BLOCK * D_MAX];
    float log_total[BLOCK];
    float delta[BLOCK]; // sum of y dy, which is the sum of P dP
};

static void load_queries(const struct task *t, const struct wl_matrix *qkv,
                         const struct wl_matrix *y, const float *log_totals,
                         const struct wl_matrix *dy, struct query_block *out)
{
    float buffer[D_MAX];

    copy_block(t, qkv, 0, 3, out->block, t->scale, out->q);
    copy_block(t, dy, 0, 1, out->block, 1.0F, out->dy);
    for (size_t i = 0; i < BLOCK; i++) {
        out->log_total[i] = 0.0F;
        out->delta[i] = 0.0F;
        if (i < out->block.n) {
            size_t row = out->block.row + i;
            const float *yi = wl_tile_read(y, row, t->head * t->d, t->d, buffer);
            for (size_t c = 0; c < t->d; c++) {
                out->delta[i] += yi[c] * out->dy[i * t->d_padded + c];
            }
            out->log_total[i] = log_totals[row * t->attention->n_heads + t->head];
        }
    }
}

// Scores to probabilities p (with dropout: p_kept), and dP to dS in place.
WL_CLONES static void scores_back(const struct task *t, const struct query_block *queries,
                                  struct block keys, float *p, float *ds)
{
    struct wl_dropout dropout = t->attention->dropout;
    size_t n = queries->block.n;

    for (size_t i = 0; i < n; i++) {
        float *row = p + i * BLOCK;
        float *slope = ds + i * BLOCK;
        alignas(64) float whole[BLOCK];
        size_t row_at = queries->block.row + i;
        (void)row_exp(row, (uint32_t)seen(t, keys, row_at), queries->log_total[i]);
        memcpy(whole, row, sizeof(whole));
        if (dropout.p > 0.0F) {
            uint32_t at = dropout_row(t, row_at);
            row_drop(dropout, at, (uint32_t)(keys.row - t->begin), row);
            row_drop(dropout, at, (uint32_t)(keys.row - t->begin), slope);
        }
        for (size_t j = 0; j < BLOCK; j++) {
            slope[j] = whole[j] * (slope[j] - queries->delta[i]);
        }
    }
    memset(p + n * BLOCK, 0, (BLOCK - n) * BLOCK * sizeof(*p));
    memset(ds + n * BLOCK, 0, (BLOCK - n) * BLOCK * sizeof(*ds));
}

// Keys of one block: what is read, and the sums that are made.
struct key_block {
    struct block block;
    alignas(64) float k[BLOCK * D_MAX];
    alignas(64) float k_turned[BLOCK * D_MAX];
    alignas(64) float v_turned[BLOCK * D_MAX];
    alignas(64) float dk[BLOCK * D_MAX];
    alignas(64) float dv[BLOCK * D_MAX];
};

static void load_keys(const struct task *t, const struct wl_matrix *qkv, struct key_block *out)
{
    copy_block(t, qkv, 2, 3, out->block, 1.0F, out->k);
    turn(out->k, t->d_padded, out->v_turned);
    copy_block(t, qkv, 1, 3, out->block, 1.0F, out->k);
    turn(out->k, t->d_padded, out->k_turned);
    memset(out->dk, 0, BLOCK * t->d_padded * sizeof(*out->dk));
    memset(out->dv, 0, BLOCK * t->d_padded * sizeof(*out->dv));
}

// One block of queries against one of keys; dq (BLOCK, d_padded) is added to.
static void pair_back(const struct task *t, const struct query_block *queries,
                      struct key_block *keys, float *dq)
{
    alignas(64) float p[BLOCK * BLOCK];
    alignas(64) float ds[BLOCK * BLOCK];
    size_t d = t->d_padded;
    size_t m = round_up(queries->block.n, 4);
    size_t n = round_up(keys->block.n, 4);

    multiply(p, BLOCK, queries->q, d, 1, keys->k_turned, BLOCK, m, BLOCK, t->d, false);
    multiply(ds, BLOCK, queries->dy, d, 1, keys->v_turned, BLOCK, m, BLOCK, t->d, false);
    scores_back(t, queries, keys->block, p, ds);
    multiply(keys->dv, d, p, 1, BLOCK, queries->dy, d, n, d, queries->block.n, true);
    multiply(keys->dk, d, ds, 1, BLOCK, queries->q, d, n, d, queries->block.n, true);
    multiply(dq, d, ds, BLOCK, 1, keys->k, d, m, d, keys->block.n, true);
}

// Adds x (BLOCK, d_padded) to the head's columns of sums (N, H D); or the other way round.
static void move_sums(const struct task *t, struct block block, float *sums, float *x, bool is_out)
{
    size_t stride = t->attention->n_heads * t->d;

    for (size_t i = 0; i < BLOCK; i++) {
        float *row = sums + (block.row + i) * stride + t->head * t->d;
        for (size_t c = 0; c < t->d_padded; c++) {
            float *here = x + i * t->d_padded + c;
            bool is_real = i < block.n && c < t->d;
            if (is_out && is_real) {
                row[c] = *here;
            } else if (!is_out) {
                *here = is_real ? row[c] : 0.0F;
            }
        }
    }
}

static void keys_backward(const struct task *t, const struct wl_matrix *qkv,
                          const struct wl_matrix *y, const float *log_totals,
                          const struct wl_matrix *dy, const struct wl_matrix *dqkv, size_t key_row,
                          float *scratch)
{
    struct query_block queries;
    struct key_block keys = {.block = block_at(t, key_row)};
    alignas(64) float dq[BLOCK * D_MAX];
    float ones[BLOCK];

    load_keys(t, qkv, &keys);
    // In causal attention queries before these keys do not see them.
    for (size_t row = t->attention->is_causal ? key_row : t->begin; row < t->end; row += BLOCK) {
        queries.block = block_at(t, row);
        load_queries(t, qkv, y, log_totals, dy, &queries);
        move_sums(t, queries.block, scratch, dq, false);
        pair_back(t, &queries, &keys, dq);
        move_sums(t, queries.block, scratch, dq, true);
    }
    for (size_t i = 0; i < BLOCK; i++) {
        ones[i] = 1.0F;
    }
    store_rows(t, dqkv, 1, keys.block, keys.dk, t->d_padded, ones);
    store_rows(t, dqkv, 2, keys.block, keys.dv, t->d_padded, ones);
}

static void store_queries(const struct task *t, const struct wl_matrix *dqkv, const float *scratch)
{
    size_t stride = t->attention->n_heads * t->d;
    float factors[BLOCK];

    for (size_t i = 0; i < BLOCK; i++) {
        factors[i] = t->scale;
    }
    for (size_t row = t->begin; row < t->end; row += BLOCK) {
        store_rows(t, dqkv, 0, block_at(t, row), scratch + row * stride + t->head * t->d, stride,
                   factors);
    }
}

void wl_attention_backward(const struct wl_attention *attention, const struct wl_matrix *qkv,
                           const struct wl_matrix *y, const float *log_totals,
                           const struct wl_matrix *dy, const struct wl_matrix *dqkv, float *scratch)
{
    size_t n_tasks = attention->n_sequences * attention->n_heads;
    size_t n_rows = attention->starts[attention->n_sequences];

    WL_ASSERT(attention->n_channels <= D_MAX);
    memset(scratch, 0, n_rows * attention->n_heads * attention->n_channels * sizeof(*scratch));
#pragma omp parallel for schedule(dynamic, 1) if (WL_WORTH(qkv->n_rows * qkv->n_columns))
    for (size_t i = 0; i < n_tasks; i++) {
        struct task t = task_at(attention, i);
        for (size_t row = t.begin; row < t.end; row += BLOCK) {
            keys_backward(&t, qkv, y, log_totals, dy, dqkv, row, scratch);
        }
        store_queries(&t, dqkv, scratch);
    }
    clear_rest(dqkv, n_rows);
}
