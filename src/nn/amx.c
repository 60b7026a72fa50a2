/* Problem: oneDNN 2.6 reaches a third of what the tiles can do on the products of a model, because
 * it packs weights anew or reads them unpacked, and reads a with long strides.
 *
 * Here c is computed in blocks of 32 x 32, which are four of the eight tiles; two of a and two of b
 * meet in four products per step. b is always packed, a strip of it is read from the second-level
 * cache by all rows of a group, and a group of rows stays in that cache. The loops of packing are
 * small beside the product: each number of b is packed once and used m times.
 *
 *     for a group of rows of a (1280 KiB of them)     } shared out among
 *         for a strip of b                            } the threads
 *             for each 32 rows of the group
 *                 32 x 32 numbers of c
 *
 * Measured: see docs/benchmarks.md, "Networks". */
#define _GNU_SOURCE // syscall
#include "nn/amx.h"

#include "nn/vector_math.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#include <stdalign.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STRIP       WL_AMX_STRIP
#define TILE_BYTES  ((size_t)1024)
#define ROW_BYTES   ((size_t)64)
#define STEP_BYTES  (2 * TILE_BYTES)
#define GROUP_BYTES ((size_t)1280 << 10) // of a: most of the second-level cache's 2 MiB
#define BIG_BYTES   ((size_t)1 << 20)    // c above this leaves the cache before it is read again

#if defined(__clang__)
#define WIDE ""
#else
#define WIDE ",prefer-vector-width=512"
#endif
#define TILED                                                                                      \
    __attribute__((                                                                                \
        target("amx-tile,amx-bf16,amx-int8,avx512f,avx512bw,avx512vl,avx512bf16,fma" WIDE)))
#define TILED_INLINE TILED __attribute__((always_inline))

bool wl_amx_start(void)
{
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_TILE_DATA = 18 };
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    const unsigned amx = 1U << 22 | 1U << 24 | 1U << 25; // bf16, tiles, int8

    __asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(7), "c"(0));
    return (d & amx) == amx && __builtin_cpu_supports("avx512bw") &&
           syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_TILE_DATA) == 0;
}

static size_t number_bytes(enum wl_number number)
{
    return number == WL_S8 ? 1 : 2;
}

static size_t steps_of(enum wl_number number, size_t k)
{
    return (k * number_bytes(number) + ROW_BYTES - 1) / ROW_BYTES;
}

bool wl_amx_fit(enum wl_number number, size_t n, size_t k, bool is_turned)
{
    return (number == WL_BF16 || (number == WL_S8 && is_turned)) && n > 0 && n % STRIP == 0 &&
           k > 0 && (!is_turned || k * number_bytes(number) % ROW_BYTES == 0);
}

size_t wl_amx_bytes(enum wl_number number, size_t n, size_t k)
{
    return (n + STRIP - 1) / STRIP * steps_of(number, k) * STEP_BYTES;
}

// -- packing --

// 16 rows of 16 quads, stride bytes apart, into their transpose.
static inline TILED_INLINE void turn_tile(const char *x, size_t stride, char *y)
{
    const __m512i rows =
        _mm512_mullo_epi32(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
                           _mm512_set1_epi32((int)stride));

    for (size_t q = 0; q < 16; q++) {
        _mm512_store_si512(y + q * ROW_BYTES, _mm512_i32gather_epi32(rows, x + 4 * q, 1));
    }
}

// Rows k and k + 1 of 16 bf16 as 16 quads; missing rows are 0.
static inline TILED_INLINE __m512i pair_rows(const struct wl_matrix *x, size_t k, size_t column)
{
    const uint16_t *at = (const uint16_t *)x->data + k * x->stride + column;
    __m512i low = _mm512_setzero_si512();
    __m512i high = low;

    if (k < x->n_rows) {
        low = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)at));
    }
    if (k + 1 < x->n_rows) {
        high = _mm512_cvtepu16_epi32(
            _mm256_loadu_si256((const __m256i *)(const void *)(at + x->stride)));
    }
    return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}

// 32 rows and 16 columns of x as a tile of quads.
static inline TILED_INLINE void pair_tile(const struct wl_matrix *x, size_t k, size_t column,
                                          char *y)
{
    for (size_t q = 0; q < 16; q++) {
        _mm512_store_si512(y + q * ROW_BYTES, pair_rows(x, k + 2 * q, column));
    }
}

TILED static void pack_strip_turned(const struct wl_matrix *b, size_t strip, size_t n_steps,
                                    char *packed)
{
    size_t stride = b->stride * number_bytes(b->number);
    const char *at = (const char *)b->data + strip * STRIP * stride;

    for (size_t s = 0; s < n_steps; s++) {
        turn_tile(at + s * ROW_BYTES, stride, packed + s * STEP_BYTES);
        turn_tile(at + 16 * stride + s * ROW_BYTES, stride, packed + s * STEP_BYTES + TILE_BYTES);
    }
}

TILED static void pack_strip(const struct wl_matrix *b, size_t strip, size_t n_steps, char *packed)
{
    for (size_t s = 0; s < n_steps; s++) {
        for (size_t half = 0; half < 2; half++) {
            pair_tile(b, 32 * s, strip * STRIP + 16 * half,
                      packed + s * STEP_BYTES + half * TILE_BYTES);
        }
    }
}

TILED static void pack_strip_a(const struct wl_matrix *a, size_t strip, size_t n_steps,
                               char *packed)
{
    alignas(64) char pairs[TILE_BYTES];

    for (size_t s = 0; s < n_steps; s++) {
        for (size_t half = 0; half < 2; half++) {
            pair_tile(a, 32 * s, strip * STRIP + 16 * half, pairs);
            turn_tile(pairs, ROW_BYTES, packed + s * STEP_BYTES + half * TILE_BYTES);
        }
    }
}

void wl_amx_pack_b(const struct wl_matrix *b, bool is_turned, void *packed)
{
    size_t n = is_turned ? b->n_rows : b->n_columns;
    size_t k = is_turned ? b->n_columns : b->n_rows;
    size_t n_steps = steps_of(b->number, k);

#pragma omp parallel for schedule(static)
    for (size_t strip = 0; strip < n / STRIP; strip++) {
        char *to = (char *)packed + strip * n_steps * STEP_BYTES;
        if (is_turned) {
            pack_strip_turned(b, strip, n_steps, to);
        } else {
            pack_strip(b, strip, n_steps, to);
        }
    }
}

void wl_amx_pack_a(const struct wl_matrix *a, void *packed)
{
    size_t n_steps = steps_of(a->number, a->n_rows);

#pragma omp parallel for schedule(static)
    for (size_t strip = 0; strip < a->n_columns / STRIP; strip++) {
        pack_strip_a(a, strip, n_steps, (char *)packed + strip * n_steps * STEP_BYTES);
    }
}

// -- multiplying --

// The processor's description of the tiles: bytes of a row and rows of each.
struct tile_config {
    uint8_t palette;
    uint8_t start_row;
    uint8_t reserved[14];
    uint16_t row_bytes[16];
    uint8_t n_rows[16];
};

// Tiles 0 to 3 are c, 4 and 5 a, 6 and 7 b; those of a and c have as many rows as a has here.
TILED static void configure(size_t n_rows)
{
    struct tile_config config = {.palette = 1};
    size_t upper = n_rows < 16 ? n_rows : 16;
    size_t lower = n_rows > 16 ? n_rows - 16 : 16; // unused when there are none

    for (size_t i = 0; i < 8; i++) {
        bool is_lower = i == 2 || i == 3 || i == 5;
        config.row_bytes[i] = (uint16_t)ROW_BYTES;
        config.n_rows[i] = (uint8_t)(i >= 6 ? 16 : is_lower ? lower : upper);
    }
    // gcc 12 tells the optimizer of 8 of the 64 bytes that are read here.
    __asm__ volatile("" : : "r"(&config) : "memory");
    _tile_loadconfig(&config);
}

// Where 32 rows of a lie.
struct rows_a {
    const char *at;
    size_t stride; // bytes from row to row
    size_t step;   // bytes from step to step
    size_t lower;  // bytes to row 16
};

// Sums of a block that are not in c yet: rows next to n_rows.
struct unfinished {
    const char *sums; // (32, 32) float or int32
    size_t row;       // of c
    size_t column;
    size_t next;
    size_t n_rows;
    bool is_past; // c is large, and its rows are whole lines
};

// A line of c. Past the cache: it is not fetched only to be overwritten.
static inline TILED_INLINE void store(void *to, __m512i line, bool is_past)
{
    if (is_past) {
        _mm512_stream_si512(to, line);
    } else {
        _mm512_storeu_si512(to, line);
    }
}

// 32 floats into a float or bf16 matrix, from its element on.
static inline TILED_INLINE void store_row(const struct wl_matrix *y, size_t at, const __m512 *x,
                                          bool is_past)
{
    if (y->number == WL_BF16) {
        store((uint16_t *)y->data + at, (__m512i)_mm512_cvtne2ps_pbh(x[1], x[0]), is_past);
    } else {
        store((float *)y->data + at, _mm512_castps_si512(x[0]), is_past);
        store((float *)y->data + at + 16, _mm512_castps_si512(x[1]), is_past);
    }
}

static inline TILED_INLINE void gelu_row(enum wl_gelu kind, __m512 *x)
{
    float values[STRIP];

    memcpy(values, x, sizeof(values));
    if (kind == WL_GELU_EXACT) {
        for (size_t j = 0; j < STRIP; j++) {
            values[j] = wl_gelu_exact(values[j]);
        }
    } else {
        for (size_t j = 0; j < STRIP; j++) {
            values[j] = wl_gelu_tanh(values[j]);
        }
    }
    memcpy(x, values, sizeof(values));
}

// Two halves of a row of sums as floats: scaled, with bias, with what was there.
static inline TILED_INLINE void finish_row(const struct wl_amx_product *p,
                                           const struct unfinished *u, size_t i)
{
    bool is_past = u->is_past;
    const char *from = u->sums + i * STRIP * sizeof(float);
    __m512 x[2] = {_mm512_load_ps((const void *)from), _mm512_load_ps((const void *)(from + 64))};
    size_t at = (u->row + i) * p->c->stride + u->column;

    for (int h = 0; p->number == WL_S8 && h < 2; h++) {
        x[h] = _mm512_cvtepi32_ps(_mm512_castps_si512(x[h]));
    }
    for (int h = 0; p->end.row_scales != NULL && h < 2; h++) {
        x[h] = _mm512_mul_ps(x[h], _mm512_set1_ps(p->end.row_scales[u->row + i]));
        x[h] = _mm512_mul_ps(x[h], _mm512_loadu_ps(p->end.column_scales + u->column + 16 * h));
    }
    if (p->end.bias != NULL) {
        x[0] = _mm512_add_ps(x[0], _mm512_loadu_ps(p->end.bias + u->column));
        x[1] = _mm512_add_ps(x[1], _mm512_loadu_ps(p->end.bias + u->column + 16));
    }
    if (p->end.is_added) {
        const float *before = (const float *)p->c->data + at;
        x[0] = _mm512_add_ps(x[0], _mm512_loadu_ps(before));
        x[1] = _mm512_add_ps(x[1], _mm512_loadu_ps(before + 16));
    }
    if (p->end.has_gelu) {
        if (p->end.keeps_before) {
            size_t there = (u->row + i) * p->end.before_gelu->stride + u->column;
            store_row(p->end.before_gelu, there, x, is_past);
        }
        gelu_row(p->end.gelu, x);
    }
    store_row(p->c, at, x, is_past);
}

static inline TILED_INLINE void finish_rows(const struct wl_amx_product *p, struct unfinished *u,
                                            size_t n)
{
    for (size_t i = 0; i < n && u->next < u->n_rows; i++) {
        finish_row(p, u, u->next++);
    }
}

#define MULTIPLY(c, a, b)                                                                          \
    do {                                                                                           \
        if (is_s8) {                                                                               \
            _tile_dpbssd(c, a, b);                                                                 \
        } else {                                                                                   \
            _tile_dpbf16ps(c, a, b);                                                               \
        }                                                                                          \
    } while (0)

// What a block's loop reads ahead: lines of the next strip of b, for the second-level cache.
struct ahead {
    const char *at;
    size_t n_lines; // at each step
};

// sums (32, 32) = a b over all steps, and meanwhile the block before is finished: its vector
// instructions run beside the tiles'. has_lower: there are more than 16 rows.
static inline TILED_INLINE void multiply_block(const struct wl_amx_product *p, struct rows_a a,
                                               const char *b, size_t n_steps, struct ahead *ahead,
                                               bool is_s8, bool has_lower,
                                               struct unfinished *before, char *sums)
{
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (size_t s = 0; s < n_steps; s++) {
        _tile_loadd(6, b + s * STEP_BYTES, ROW_BYTES);
        _tile_loadd(4, a.at + s * a.step, a.stride);
        _tile_loadd(7, b + s * STEP_BYTES + TILE_BYTES, ROW_BYTES);
        MULTIPLY(0, 4, 6);
        MULTIPLY(1, 4, 7);
        if (has_lower) {
            _tile_loadd(5, a.at + a.lower + s * a.step, a.stride);
            MULTIPLY(2, 5, 6);
            MULTIPLY(3, 5, 7);
        }
        for (size_t i = 0; i < ahead->n_lines; i++) {
            _mm_prefetch(ahead->at + i * ROW_BYTES, _MM_HINT_T1);
        }
        ahead->at += ahead->n_lines * ROW_BYTES;
        finish_rows(p, before, 2);
    }
    finish_rows(p, before, STRIP);
    _tile_stored(0, sums, STRIP * sizeof(float));
    _tile_stored(1, sums + ROW_BYTES, STRIP * sizeof(float));
    if (has_lower) {
        _tile_stored(2, sums + 16 * STRIP * sizeof(float), STRIP * sizeof(float));
        _tile_stored(3, sums + 16 * STRIP * sizeof(float) + ROW_BYTES, STRIP * sizeof(float));
    }
}

TILED static void multiply_s8(const struct wl_amx_product *p, struct rows_a a, const char *b,
                              size_t n_steps, struct ahead *ahead, bool has_lower,
                              struct unfinished *before, char *sums)
{
    if (has_lower) {
        multiply_block(p, a, b, n_steps, ahead, true, true, before, sums);
    } else {
        multiply_block(p, a, b, n_steps, ahead, true, false, before, sums);
    }
}

TILED static void multiply_bf16(const struct wl_amx_product *p, struct rows_a a, const char *b,
                                size_t n_steps, struct ahead *ahead, bool has_lower,
                                struct unfinished *before, char *sums)
{
    if (has_lower) {
        multiply_block(p, a, b, n_steps, ahead, false, true, before, sums);
    } else {
        multiply_block(p, a, b, n_steps, ahead, false, false, before, sums);
    }
}

static struct rows_a rows_at(const struct wl_amx_product *p, size_t n_steps, size_t row)
{
    size_t stride = p->a_stride * number_bytes(p->number);

    if (stride == 0) {
        return (struct rows_a){.at = (const char *)p->a + row / STRIP * n_steps * STEP_BYTES,
                               .stride = ROW_BYTES,
                               .step = STEP_BYTES,
                               .lower = TILE_BYTES};
    }
    return (struct rows_a){.at = (const char *)p->a + row * stride,
                           .stride = stride,
                           .step = ROW_BYTES,
                           .lower = 16 * stride};
}

static bool goes_past(const struct wl_matrix *c)
{
    size_t row_bytes = c->stride * (c->number == WL_F32 ? sizeof(float) : sizeof(uint16_t));
    return c->n_rows * row_bytes > BIG_BYTES && row_bytes % ROW_BYTES == 0 &&
           (uintptr_t)c->data % ROW_BYTES == 0;
}

// Rows begin to end of a with one strip of b.
TILED static void multiply_strip(const struct wl_amx_product *p, size_t begin, size_t end,
                                 size_t strip)
{
    size_t n_steps = steps_of(p->number, p->k);
    size_t n_blocks = (end - begin + STRIP - 1) / STRIP;
    const char *b = (const char *)p->b + strip * n_steps * STEP_BYTES;
    bool is_last = (strip + 1) * STRIP == p->n;
    struct ahead ahead = {.at = is_last ? (const char *)p->b : b + n_steps * STEP_BYTES,
                          .n_lines = (STEP_BYTES / ROW_BYTES + n_blocks - 1) / n_blocks};
    alignas(64) char sums[2][STRIP * STRIP * sizeof(float)];
    struct unfinished before = {0};
    size_t configured = 0;
    bool is_past = !p->end.is_added && goes_past(p->c); // what was read is in the cache

    for (size_t row = begin, turn = 0; row < end; row += STRIP, turn ^= 1) {
        size_t n_rows = end - row < STRIP ? end - row : STRIP;
        struct rows_a a = rows_at(p, n_steps, row);
        if (n_rows != configured) {
            configure(n_rows);
            configured = n_rows;
        }
        if (p->number == WL_S8) {
            multiply_s8(p, a, b, n_steps, &ahead, n_rows > 16, &before, sums[turn]);
        } else {
            multiply_bf16(p, a, b, n_steps, &ahead, n_rows > 16, &before, sums[turn]);
        }
        before = (struct unfinished){.sums = sums[turn],
                                     .row = row,
                                     .column = strip * STRIP,
                                     .n_rows = n_rows,
                                     .is_past = is_past};
    }
    finish_rows(p, &before, STRIP);
    _tile_release();
    _mm_sfence(); // lines that went past the cache are seen by all
}

void wl_amx_multiply(const struct wl_amx_product *product)
{
    size_t row_bytes = steps_of(product->number, product->k) * ROW_BYTES;
    size_t group = GROUP_BYTES / row_bytes / STRIP * STRIP;
    size_t n_strips = product->n / STRIP;

    group = group < 2 * STRIP ? 2 * STRIP : group;
    size_t n_groups = (product->m + group - 1) / group;
#pragma omp parallel for schedule(static)
    for (size_t t = 0; t < n_groups * n_strips; t++) {
        size_t begin = t / n_strips * group;
        size_t end = begin + group < product->m ? begin + group : product->m;
        multiply_strip(product, begin, end, t % n_strips);
    }
}

#else

bool wl_amx_start(void)
{
    return false;
}

bool wl_amx_fit(enum wl_number number, size_t n, size_t k, bool is_turned)
{
    (void)number, (void)n, (void)k, (void)is_turned;
    return false;
}

size_t wl_amx_bytes(enum wl_number number, size_t n, size_t k)
{
    (void)number, (void)n, (void)k;
    return 0;
}

void wl_amx_pack_b(const struct wl_matrix *b, bool is_turned, void *packed)
{
    (void)b, (void)is_turned, (void)packed;
}

void wl_amx_pack_a(const struct wl_matrix *a, void *packed)
{
    (void)a, (void)packed;
}

void wl_amx_multiply(const struct wl_amx_product *product)
{
    (void)product;
}

#endif
