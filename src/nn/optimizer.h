/* One step from gradients to weights: norm and clipping over the whole block, then AdamW, Adam or
 * SGD tensor by tensor, with a rate that warms up and decays. The numbers are PyTorch's and Hugging
 * Face's (tests/golden/nn). */
#ifndef WL_NN_OPTIMIZER_H
#define WL_NN_OPTIMIZER_H
#include "nn/tensors.h"

enum wl_optimizer_kind {
    WL_ADAMW = 0, /* decay apart from the gradient */
    WL_ADAM = 1,  /* decay added to the gradient */
    WL_SGD = 2    /* with momentum; decay added to the gradient */
};

enum wl_rate_shape {
    WL_RATE_LINEAR = 0, /* to 0 at the last step */
    WL_RATE_COSINE = 1, /* half a cosine to 0 */
    WL_RATE_CONSTANT = 2
};

#define WL_OPTIMIZER_GROUPS_MAX 16

struct wl_optimizer_options {
    enum wl_optimizer_kind kind;
    double rate;     /* at its peak: 2e-5 for fine-tuning BERT */
    double beta1;    /* 0.9; SGD: momentum */
    double beta2;    /* 0.999 */
    double eps;      /* 1e-8 */
    double decay;    /* of weights and tables; biases and norms never decay: 0.01 */
    double norm_max; /* gradients of a larger norm are scaled to it: 1; 0: never */
    enum wl_rate_shape shape;
    size_t n_steps;    /* updates of the whole training */
    size_t n_warm;     /* updates while the rate rises from 0 */
    double warm_share; /* the same as a share of n_steps, when n_warm is 0 */
    size_t n_groups;   /* 0: one group of factor 1 */
    /* Of the tensors of each group (wl_tensor.group), times the rate; 0 freezes them. */
    double group_factors[WL_OPTIMIZER_GROUPS_MAX];
};

struct wl_optimizer {
    struct wl_optimizer_options options;
    size_t n_done; /* updates so far; with weights and moments, all that resuming needs */
};

/* wl_optimizer_options_default - AdamW as for fine-tuning BERT: the numbers above. */
struct wl_optimizer_options wl_optimizer_options_default(void);

/* wl_optimizer_rate - the schedule's rate of the update after n_done others.
 * Source: transformers.get_linear_schedule_with_warmup and its cosine sister. */
double wl_optimizer_rate(const struct wl_optimizer_options *options, size_t n_done);

/* wl_optimizer_step - update all weights from gradients, renew their bf16 copies, clear gradients.
 * Gradients of several batches may have been added up before; the caller scales their losses.
 *   tensors  (in,out) with weights, gradients, moments.
 *   norm     (out) of all gradients before clipping; may be NULL.
 * Cost:    one pass over the model's memory after one over its gradients; threads share both.
 * Errors:  WL_ERANGE  a gradient is not finite: nothing is changed but the gradients, which are
 *                     cleared, so that a training may go on with the next batch.
 * Source:  Loshchilov & Hutter 2019, arXiv:1711.05101, algorithm 2; Kingma & Ba 2015. */
WL_MUST_CHECK wl_status wl_optimizer_step(struct wl_optimizer *optimizer,
                                          struct wl_tensors *tensors, double *norm,
                                          wl_error *error);

#endif
