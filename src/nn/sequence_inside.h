/* The inside of a sequence model: for sequence_model.c (settings, weights, file) and
 * sequence_batch.c (a batch through it), nobody else. */
#ifndef WL_NN_SEQUENCE_INSIDE_H
#define WL_NN_SEQUENCE_INSIDE_H
#include "nn/sequence_model.h"
#include "nn/transformer.h"

struct wl_sequence_model {
    const wl_alloc *alloc;
    struct wl_sequence_config config;
    struct wl_tensors tensors;
    size_t tables[WL_SEQUENCE_TABLES];
    size_t positions; /* table of positions; of a transformer */
    struct wl_recurrent recurrent;
    struct wl_convolution convolutions[WL_SEQUENCE_WIDTHS_MAX];
    struct wl_transformer stack; /* shape and places of its weights; never planned */
    struct wl_dense head;
};

/* "types", "gaps", "values". */
extern const char *const wl_sequence_table_names[WL_SEQUENCE_TABLES];

/* wl_sequence_has_ids - tokens and not numbers. */
static inline bool wl_sequence_has_ids(const struct wl_sequence_config *config)
{
    return config->n_ids[0] > 0;
}

/* wl_sequence_inputs - columns of a step. */
static inline size_t wl_sequence_inputs(const struct wl_sequence_config *config)
{
    return wl_sequence_has_ids(config) ? config->n_embedding : config->n_numbers;
}

/* wl_sequence_pooled - columns of what the head reads. */
static inline size_t wl_sequence_pooled(const struct wl_sequence_config *config)
{
    return config->n_hidden * (config->body == WL_SEQUENCE_CNN ? config->n_widths : 1);
}

#endif
