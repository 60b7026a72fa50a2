/* What heads outside bert.c need of it: the way up to the last hidden states and back down. */
#ifndef WL_NN_BERT_INSIDE_H
#define WL_NN_BERT_INSIDE_H
#include "nn/bert.h"

/* wl_bert_stack_forward - embeddings and blocks: hidden states in bert->stack.x.
 * Errors:  as wl_bert_forward. */
WL_MUST_CHECK wl_status wl_bert_stack_forward(struct wl_bert *bert, struct wl_gemm *gemm,
                                              const struct wl_packed_batch *batch,
                                              const struct wl_pass *pass, wl_error *error);

/* wl_bert_stack_backward - gradients of blocks and embeddings, from bert->stack.dx.
 *   pass  (in) the forward pass's. */
WL_MUST_CHECK wl_status wl_bert_stack_backward(struct wl_bert *bert, struct wl_gemm *gemm,
                                               const struct wl_packed_batch *batch,
                                               const struct wl_pass *pass, wl_error *error);

#endif
