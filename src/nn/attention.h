/* Attention over packed sequences: rows of a batch lie end to end, starts says where each sequence
 * begins, and no row is padding within it. Scores exist for a block of 64 queries and 64 keys at a
 * time, so memory does not grow with T x T.
 *
 * Source: online softmax, Milakov & Gimelshein 2018, arXiv:1805.02867; in blocks and backward by
 *         recomputing, Dao et al. 2022, arXiv:2205.14135, algorithms 1 and 4. Twin:
 *         wl_plain_attention. */
#ifndef WL_NN_ATTENTION_H
#define WL_NN_ATTENTION_H
#include "nn/dropout.h"
#include "nn/gemm.h"

struct wl_attention {
    size_t n_heads;
    size_t n_channels; /* D of a head, 1..WL_HEAD_CHANNELS_MAX; rows of qkv are (3, H, D) */
    bool is_causal;    /* a row sees itself and those before it */
    struct wl_dropout dropout;
    const size_t *starts; /* (n_sequences + 1) first row of each sequence; borrowed */
    size_t n_sequences;
};

/* wl_attention_forward - y = softmax(q k^T / sqrt(D)) v within each sequence and head.
 *   qkv    (in)  (N, 3 H D) float or bf16, N >= starts[n_sequences].
 *   y      (out) (N, H D); rows behind the last sequence become 0.
 *   log_totals  (out) (N, H) logarithm of each row's softmax total, for the backward pass.
 * Cost:    O(T^2 D) per sequence and head; no allocation; 200 KiB of stack per thread.
 * Threads: sequences and heads are shared out; the result is the same for any number. */
void wl_attention_forward(const struct wl_attention *attention, const struct wl_matrix *qkv,
                          const struct wl_matrix *y, float *log_totals);

/* wl_attention_backward - dqkv from dy; what the forward pass left is given again.
 *   dqkv    (out) (N, 3 H D); rows behind the last sequence become 0.
 *   scratch (out) (N, H D) sums of dq in float. */
void wl_attention_backward(const struct wl_attention *attention, const struct wl_matrix *qkv,
                           const struct wl_matrix *y, const float *log_totals,
                           const struct wl_matrix *dy, const struct wl_matrix *dqkv,
                           float *scratch);

#endif
