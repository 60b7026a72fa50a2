/* Products on the processor's matrix tiles (Intel AMX). For gemm.c only, which takes oneDNN where
 * there are no tiles or where a product does not fit them.
 *
 * A tile is 16 rows of 64 bytes: 32 bf16 or 64 int8 of a row of a, or of a column of b. The unit is
 * a quad of 4 bytes, two bf16 or four int8 that follow each other along k.
 *
 *     packed operand: strips of 32 rows (of a) or columns (of b); a strip is its steps along k, a
 *     step two tiles. In a tile of b, row q holds quad q of 16 columns, side by side.
 *
 * Each number of c is summed by one thread, in the order of k: any number of threads gives the same
 * bits. Memory is the caller's; nothing here fails. */
#ifndef WL_NN_AMX_H
#define WL_NN_AMX_H
#include "nn/gemm.h"

#define WL_AMX_STRIP ((size_t)32) /* rows of a, and columns of b, that are computed together */

/* wl_amx_start - whether this processor has tiles for bf16 and int8 and the system lets us use
 * them. Call it before anything else here. Threads: any. */
bool wl_amx_start(void);

/* wl_amx_fit - whether b, (k, n), suits packing: n a multiple of the strip, and k, when it runs
 * along b's memory, of a tile's row. */
bool wl_amx_fit(enum wl_number number, size_t n, size_t k, bool is_turned);

/* wl_amx_bytes - of an operand packed: n rows of a or columns of b, rounded up to strips, k of
 * them each, rounded up to steps. */
size_t wl_amx_bytes(enum wl_number number, size_t n, size_t k);

/* wl_amx_pack_b - pack b.
 *   b          (in)  (k, n), or (n, k) when is_turned, WL_BF16 or, turned, WL_S8.
 *   packed     (out) wl_amx_bytes, 64-byte aligned. */
void wl_amx_pack_b(const struct wl_matrix *b, bool is_turned, void *packed);

/* wl_amx_pack_a - pack a that is stored (k, m), WL_BF16, into (m, k). */
void wl_amx_pack_a(const struct wl_matrix *a, void *packed);

struct wl_amx_product {
    size_t m;
    size_t n; // a multiple of the strip
    size_t k;
    enum wl_number number; // of a and b
    const void *a;         // packed, or rows
    size_t a_stride;       // elements from row to row; 0: packed
    const void *b;         // packed
    struct wl_gemm_end end;
    const struct wl_matrix *c; // (m, n) float or bf16
};

/* wl_amx_multiply - c = a b, ended. Added to c only when that is float. */
void wl_amx_multiply(const struct wl_amx_product *product);

#endif
