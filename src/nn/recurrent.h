/* LSTM and GRU over many sequences at once, forward and backward, in the layout of steps.h. Gates,
 * weights and formulas are PyTorch's (plain_sequence.h writes them out): i, f, g, o of an LSTM; r,
 * z, n of a GRU; two biases; tensors named "<name>.weight_ih_l0" and so on. Both states are 0
 * before the first step; one direction. */
#ifndef WL_NN_RECURRENT_H
#define WL_NN_RECURRENT_H
#include "nn/carve.h"
#include "nn/gemm.h"
#include "nn/steps.h"
#include "nn/tensors.h"

#define WL_RECURRENT_LAYERS_MAX 4 /* more are not trained without normalising between them */

enum wl_recurrent_kind { WL_LSTM = 0, WL_GRU = 1 };

struct wl_recurrent {
    enum wl_recurrent_kind kind;
    size_t n_in;
    size_t n_hidden;
    size_t n_layers;
    struct {
        size_t w_in;     /* offset of weight_ih (G H, n_in or H); G = 4 or 3 gates */
        size_t w_hidden; /* weight_hh (G H, H) */
        size_t b_in;     /* bias_ih (G H) */
        size_t b_hidden; /* bias_hh (G H) */
    } layers[WL_RECURRENT_LAYERS_MAX];
};

/* Memory of a batch, N rows and B sequences at most. */
struct wl_recurrent_memory {
    struct {
        float *gates;    /* (N, G H) after their functions */
        float *s;        /* (N, G H) products with the output before */
        float *c;        /* (N, H) LSTM only */
        float *h;        /* (N, H) outputs */
        float *h_before; /* (N, H) output of the step before; 0 at the first */
    } layers[WL_RECURRENT_LAYERS_MAX];
    float *zeros;   /* (B, H) */
    float *da;      /* (N, G H) training only, as all below */
    float *ds;      /* (N, G H) GRU only; da of an LSTM */
    float *dh;      /* (N, H) of the outputs of the layer below */
    float *carried; /* (B, H) */
    float *dc;      /* (B, H) LSTM only */
    float *scratch; /* (WL_PIECES, G H) */
};

/* wl_recurrent_add - append the tensors of n_layers layers. Errors: as wl_tensors_add; WL_EINVAL
 * n_layers is not 1..WL_RECURRENT_LAYERS_MAX. */
WL_MUST_CHECK wl_status wl_recurrent_add(struct wl_tensors *tensors, const char *name,
                                         enum wl_recurrent_kind kind, size_t n_in, size_t n_hidden,
                                         size_t n_layers, struct wl_recurrent *recurrent,
                                         wl_error *error);

/* wl_recurrent_start - first values as PyTorch's: uniform within +-1 / sqrt(H), biases too. */
void wl_recurrent_start(const struct wl_recurrent *recurrent, struct wl_tensors *tensors,
                        uint64_t seed);

/* wl_recurrent_plan - cut the memory of batches of so many rows (rounded up as in steps.h) and
 * sequences; see carve.h. */
void wl_recurrent_plan(const struct wl_recurrent *recurrent, size_t rows_max, size_t sequences_max,
                       bool is_training, struct wl_carve *carve,
                       struct wl_recurrent_memory *memory);

/* wl_recurrent_output - the top layer's rows, (n_padded, H), zero behind n_rows. */
const float *wl_recurrent_output(const struct wl_recurrent *recurrent,
                                 const struct wl_recurrent_memory *memory);

/* wl_recurrent_forward - outputs of all layers into memory.
 *   x  (in)  (n_padded, n_in) float, zero behind n_rows.
 * Cost:    one product over all rows and one per step; allocates nothing but new shapes.
 * Errors:  those of wl_gemm_run. */
WL_MUST_CHECK wl_status wl_recurrent_forward(struct wl_gemm *gemm, const struct wl_tensors *tensors,
                                             const struct wl_recurrent *recurrent,
                                             const struct wl_steps *steps, const float *x,
                                             const struct wl_recurrent_memory *memory,
                                             wl_error *error);

/* wl_recurrent_backward - gradients += those of the weights; dx = that of x.
 *   dy  (in)  (n_padded, H) gradient of the top layer's rows, zero behind n_rows.
 *   dx  (out) (n_padded, n_in), or NULL: not wanted. */
WL_MUST_CHECK wl_status wl_recurrent_backward(
    struct wl_gemm *gemm, const struct wl_tensors *tensors, const struct wl_recurrent *recurrent,
    const struct wl_steps *steps, const float *x, const float *dy, float *dx,
    const struct wl_recurrent_memory *memory, wl_error *error);

#endif
