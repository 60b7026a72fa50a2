/* Matrix products, on the processor's tiles (amx.h) or on oneDNN. This is the only part that knows
 * the library: everything above speaks of matrices and numbers.
 *
 * A wl_gemm belongs to one thread at a time and runs each product on its own n_threads workers.
 * The same product with the same number of threads gives the same bits. */
#ifndef WL_NN_GEMM_H
#define WL_NN_GEMM_H
#include "base/alloc.h"

struct wl_gemm;

enum wl_number {
    WL_F32 = 0,  /* float */
    WL_BF16 = 1, /* upper half of a float, as uint16_t */
    WL_S8 = 2    /* int8_t */
};

/* A matrix, or n_batch of them, in somebody else's memory. Element (i, j) of matrix b lies at
 * data[b * batch_stride + i * stride + j]. */
struct wl_matrix {
    void *data;
    enum wl_number number;
    size_t n_rows;
    size_t n_columns;
    size_t stride;       /* elements from row to row, >= n_columns */
    size_t n_batch;      /* 0 and 1: one matrix */
    size_t batch_stride; /* elements from matrix to matrix */
};

/* wl_matrix_of - one matrix without gaps. */
static inline struct wl_matrix wl_matrix_of(void *data, enum wl_number number, size_t n_rows,
                                            size_t n_columns)
{
    return (struct wl_matrix){.data = data,
                              .number = number,
                              .n_rows = n_rows,
                              .n_columns = n_columns,
                              .stride = n_columns,
                              .n_batch = 1};
}

/* What to make of the operands. */
enum wl_gemm_flags {
    WL_GEMM_PLAIN = 0,
    WL_GEMM_A_TRANSPOSED = 1, /* a is stored (k, m) */
    WL_GEMM_B_TRANSPOSED = 2, /* b is stored (n, k): a weight matrix [out, in] */
    WL_GEMM_ADD = 4           /* c += instead of c = */
};

/* wl_gemm_open - get ready for products.
 *   n_threads  (in) workers of each product, 1..WL_THREADS_MAX.
 * Errors:  WL_ELIBRARY  oneDNN's own words.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_gemm_open(const wl_alloc *alloc, size_t n_threads,
                                     struct wl_gemm **gemm_out, wl_error *error);
void wl_gemm_close(struct wl_gemm *gemm);

/* wl_gemm_has_bf16 - this processor multiplies bf16 faster than float. */
bool wl_gemm_has_bf16(const struct wl_gemm *gemm);

/* wl_gemm_has_s8 - this processor multiplies int8 by instructions of its own. Older ones lose
 * digits (sums of two products are cut off at 16 bits), so there int8 is not to be used. */
bool wl_gemm_has_s8(const struct wl_gemm *gemm);

/* wl_gemm_run - c = a b, or c += a b; sums are taken in float (in int32 for WL_S8).
 *   a, b   (in)  (m, k) and (k, n), or stored the other way round by flags; the same number.
 *   c      (out) (m, n) WL_F32 or, for bf16 operands, WL_BF16; overlaps neither.
 * Cost:    O(m n k). The first product of a shape builds its code (0.5 ms); the latest
 *          WL_GEMM_SHAPES_MAX shapes are kept.
 * Errors:  WL_EINVAL  shapes or numbers that do not fit; names them.  WL_ELIBRARY, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_gemm_run(struct wl_gemm *gemm, unsigned flags, const struct wl_matrix *a,
                                    const struct wl_matrix *b, const struct wl_matrix *c,
                                    wl_error *error);

/* wl_gemm_run_bias - wl_gemm_run with bias (n), float, added to every row of c; NULL: none. */
WL_MUST_CHECK wl_status wl_gemm_run_bias(struct wl_gemm *gemm, unsigned flags,
                                         const struct wl_matrix *a, const struct wl_matrix *b,
                                         const float *bias, const struct wl_matrix *c,
                                         wl_error *error);

enum wl_gelu {
    WL_GELU_EXACT = 0, /* BERT */
    WL_GELU_TANH = 1   /* GPT-2 */
};

/* What becomes of a product on its way into c; all zero: nothing. In this order. */
struct wl_gemm_end {
    const float *row_scales; /* (m) and (n), what each row and column counts, of WL_S8; or NULL */
    const float *column_scales;
    const float *bias; /* (n) added to every row; or NULL */
    bool is_added;     /* to c, which is float */
    bool has_gelu;     /* c = gelu of it; not with is_added */
    bool keeps_before; /* before_gelu is wanted; else it is only room */
    enum wl_gelu gelu;
    const struct wl_matrix *before_gelu; /* (out) (m, n) the number of c; with has_gelu */
};

/* wl_gemm_run_end - wl_gemm_run with an end. */
WL_MUST_CHECK wl_status wl_gemm_run_end(struct wl_gemm *gemm, unsigned flags,
                                        const struct wl_matrix *a, const struct wl_matrix *b,
                                        const struct wl_gemm_end *end, const struct wl_matrix *c,
                                        wl_error *error);

/* A weight matrix in the layout that the processor likes best, for inference. */
struct wl_gemm_packed;

/* wl_gemm_pack - copy weights [out, in] into that layout; free with wl_gemm_packed_free.
 *   weights  (in) (n_out, n_in) WL_F32, WL_BF16 or WL_S8; not needed afterwards. */
WL_MUST_CHECK wl_status wl_gemm_pack(struct wl_gemm *gemm, const struct wl_matrix *weights,
                                     struct wl_gemm_packed **packed_out, wl_error *error);
void wl_gemm_packed_free(struct wl_gemm_packed *packed);

/* wl_gemm_scratch - memory until the next call of it, 64-byte aligned; NULL: there is none. It is
 * kept, so that steps of one size allocate once. */
void *wl_gemm_scratch(struct wl_gemm *gemm, size_t n_bytes);

/* wl_gemm_run_packed - c = a weights^T + bias: a (m, n_in), c (m, n_out), bias (n_out) or NULL.
 * Threads: the packed weights may be shared by any number of wl_gemm. */
WL_MUST_CHECK wl_status wl_gemm_run_packed(struct wl_gemm *gemm, const struct wl_matrix *a,
                                           const struct wl_gemm_packed *packed, const float *bias,
                                           const struct wl_matrix *c, wl_error *error);

/* wl_gemm_run_packed_end - wl_gemm_run_packed with an end. */
WL_MUST_CHECK wl_status wl_gemm_run_packed_end(struct wl_gemm *gemm, const struct wl_matrix *a,
                                               const struct wl_gemm_packed *packed,
                                               const struct wl_gemm_end *end,
                                               const struct wl_matrix *c, wl_error *error);

#endif
