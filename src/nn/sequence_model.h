/* Who leaves, from what they did in order: a sequence of events (or of numbers) to one logit.
 *
 *     tokens: type + gap + value, embedded and added | or numbers (T, F)
 *       -> LSTM or GRU, last step or mean | or convolutions of several widths, largest over time
 *          | or a causal transformer over tokens and their distance to the end, last step
 *       -> linear -> logit of leaving
 *
 * Batches are packed; nothing is padded and nothing allocates in a step. A model that is not being
 * trained is read-only: any number of threads, each with a wl_sequence_memory and a wl_gemm. */
#ifndef WL_NN_SEQUENCE_MODEL_H
#define WL_NN_SEQUENCE_MODEL_H
#include "base/buf.h"
#include "nn/convolution.h"
#include "nn/recurrent.h"

enum wl_sequence_body {
    WL_SEQUENCE_LSTM = 0,
    WL_SEQUENCE_GRU = 1,
    WL_SEQUENCE_CNN = 2,
    WL_SEQUENCE_TRANSFORMER = 3
};

#define WL_SEQUENCE_TABLES     3 /* type, gap, value */
#define WL_SEQUENCE_WIDTHS_MAX 4
#define WL_SEQUENCE_LAYERS_MAX 12 /* of a transformer: BERT-base; behaviour fills two */

struct wl_sequence_config {
    enum wl_sequence_body body;
    size_t n_ids[WL_SEQUENCE_TABLES];      /* of types, gaps, values; all 0: numbers instead */
    size_t n_numbers;                      /* F of each step, when there are no ids */
    size_t n_embedding;                    /* C of a token; 32; of a transformer: n_hidden */
    size_t n_hidden;                       /* H; of a CNN: filters of each width; 64 */
    size_t n_layers;                       /* of LSTM, GRU and transformer; 1 */
    enum wl_pooling pooling;               /* of LSTM and GRU; the last step */
    size_t n_widths;                       /* of a CNN */
    size_t widths[WL_SEQUENCE_WIDTHS_MAX]; /* 2, 3, 5 */
    size_t n_heads;                        /* of a transformer; 4 */
    size_t n_positions; /* of a transformer: steps from the end that have places of their own */
};

/* Sequences and what became of them; borrowed. */
struct wl_sequences {
    size_t n;
    const size_t *starts;                   /* (n + 1); every sequence has at least one step */
    const int32_t *ids[WL_SEQUENCE_TABLES]; /* (N) each, or NULL with numbers */
    const float *numbers;                   /* (N, F), or NULL with ids */
    const float *labels;                    /* (n) 1: left, 0: stayed; NULL: not known */
};

struct wl_sequence_model;

/* wl_sequence_config_default - one LSTM layer of 64, last step, tokens of 32; ids are to be set. */
struct wl_sequence_config wl_sequence_config_default(void);

/* wl_sequence_model_new - a model with PyTorch's first values for this seed.
 * Errors:  WL_EINVAL  a size of 0 or above its ceiling; both ids and numbers or neither.
 *          WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_sequence_model_new(const wl_alloc *alloc,
                                              const struct wl_sequence_config *config,
                                              uint64_t seed, struct wl_sequence_model **model_out,
                                              wl_error *error);
void wl_sequence_model_free(struct wl_sequence_model *model);

/* wl_sequence_model_config - its settings. wl_sequence_model_tensors - its weights;
 * borrowed. */
const struct wl_sequence_config *wl_sequence_model_config(const struct wl_sequence_model *model);
struct wl_tensors *wl_sequence_model_tensors(struct wl_sequence_model *model);

/* Memory of a batch; of one thread. */
struct wl_sequence_memory;

/* wl_sequence_memory_new - memory for batches of so many rows (steps of all sequences) and
 * sequences; free it before the model. Errors: WL_EINVAL for 0 or too many, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_sequence_memory_new(const struct wl_sequence_model *model,
                                               size_t rows_max, size_t sequences_max,
                                               bool is_training,
                                               struct wl_sequence_memory **memory_out,
                                               wl_error *error);
void wl_sequence_memory_free(struct wl_sequence_memory *memory);

/* wl_sequence_model_forward - logits of a batch.
 *   picked  (in)  (n) which of the sequences.
 *   logits  (out) (n) in the order of picked.
 * Errors:  WL_ELIMIT  a batch beyond the memory.  WL_ERANGE  an id beyond its table, a number that
 *          is not finite, a sequence without steps.  Those of wl_gemm_run.
 * Threads: any number over one model. */
WL_MUST_CHECK wl_status wl_sequence_model_forward(const struct wl_sequence_model *model,
                                                  struct wl_sequence_memory *memory,
                                                  struct wl_gemm *gemm,
                                                  const struct wl_sequences *sequences,
                                                  const uint32_t *picked, size_t n, float *logits,
                                                  wl_error *error);

/* wl_sequence_model_backward - loss of the batch that forward saw last, and its gradients (+=),
 * whose block is there.
 *   memory           (in,out) made for training.
 *   positive_weight  (in)  factor of the loss of those who left; 1: none.
 *   loss             (out) mean binary cross-entropy. */
WL_MUST_CHECK wl_status wl_sequence_model_backward(
    struct wl_sequence_model *model, struct wl_sequence_memory *memory, struct wl_gemm *gemm,
    const struct wl_sequences *sequences, const uint32_t *picked, size_t n, float positive_weight,
    double *loss, wl_error *error);

/* wl_sequence_model_write - the model as one file.
 *     "WLSQ" | u32 version 2 | u32 body | u32 ids (3) | u32 numbers, embedding, hidden, layers,
 *     pooling, widths, width (4), heads, positions | u64 floats | weights (float, little-endian) |
 *     u64 hash of all
 * wl_sequence_model_read - the other way round.
 * Errors:  WL_ECORRUPT  cut, damaged, or a weight that is not finite.  WL_EVERSION.  WL_EIO,
 *          WL_ENOTFOUND, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_sequence_model_write(const struct wl_sequence_model *model,
                                                const char *path, wl_error *error);
WL_MUST_CHECK wl_status wl_sequence_model_read(const wl_alloc *alloc, const char *path,
                                               struct wl_sequence_model **model_out,
                                               wl_error *error);

/* wl_sequence_model_encode - the same bytes behind what buf holds; failures stay in buf.
 * wl_sequence_model_parse - wl_sequence_model_read from bytes. */
void wl_sequence_model_encode(const struct wl_sequence_model *model, struct wl_buf *buf);
WL_MUST_CHECK wl_status wl_sequence_model_parse(const wl_alloc *alloc, struct wl_str bytes,
                                                struct wl_sequence_model **model_out,
                                                wl_error *error);

#endif
