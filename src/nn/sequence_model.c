/* What a sequence model is made of: settings, first values of its weights, and its file. What
 * happens to a batch is sequence_batch.c. */
#include "nn/sequence_inside.h"

#include "base/bytes.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/rng.h"
#include "nn/kernels.h"

#include <math.h>
#include <string.h>

#define MAGIC         "WLSQ"
#define VERSION       2U    /* 1 had no heads and positions; no command ever wrote it */
#define SETTING_MAX   4096  /* embedding, hidden, numbers: far above what behaviour can fill */
#define WIDTH_MAX     64    /* taps of a filter */
#define POSITIONS_MAX 65536 /* events of a customer that a model can tell apart by place */
#define N_SETTINGS    16    /* u32 of a configuration in a file */

const char *const wl_sequence_table_names[WL_SEQUENCE_TABLES] = {"types", "gaps", "values"};

struct wl_sequence_config wl_sequence_config_default(void)
{
    return (struct wl_sequence_config){.body = WL_SEQUENCE_LSTM,
                                       .n_embedding = 32,
                                       .n_hidden = 64,
                                       .n_layers = 1,
                                       .pooling = WL_POOL_LAST,
                                       .n_widths = 3,
                                       .widths = {2, 3, 5},
                                       .n_heads = 4,
                                       .n_positions = 65};
}

static wl_status check_size(size_t n, size_t most, const char *what, wl_error *error)
{
    return n > 0 && n <= most
               ? WL_OK
               : wl_fail(error, WL_EINVAL, "%s of a sequence model is %zu, not 1 to %zu", what, n,
                         most);
}

static wl_status check_cnn(const struct wl_sequence_config *c, wl_error *error)
{
    WL_TRY(check_size(c->n_widths, WL_SEQUENCE_WIDTHS_MAX, "number of widths", error));
    for (size_t i = 0; i < c->n_widths; i++) {
        WL_TRY(check_size(c->widths[i], WIDTH_MAX, "filter width", error));
    }
    return WL_OK;
}

// Events are embedded straight into the stream of the stack; the date, last, reads them all.
static wl_status check_transformer(const struct wl_sequence_config *c, wl_error *error)
{
    if (!wl_sequence_has_ids(c) || c->pooling != WL_POOL_LAST || c->n_embedding != c->n_hidden) {
        return wl_fail(error, WL_EINVAL,
                       "a transformer of sequences reads tokens as wide as itself, at the last "
                       "step: %zu ids, width %zu of %zu",
                       c->n_ids[0], c->n_embedding, c->n_hidden);
    }
    WL_TRY(check_size(c->n_positions, POSITIONS_MAX, "positions", error));
    return check_size(c->n_layers, WL_SEQUENCE_LAYERS_MAX, "layers", error);
}

static wl_status check_config(const struct wl_sequence_config *c, wl_error *error)
{
    if ((unsigned)c->body > WL_SEQUENCE_TRANSFORMER || (unsigned)c->pooling > WL_POOL_MEAN) {
        return wl_fail(error, WL_EINVAL, "no sequence model has body %u and pooling %u",
                       (unsigned)c->body, (unsigned)c->pooling);
    }
    if (wl_sequence_has_ids(c) == (c->n_numbers > 0)) {
        return wl_fail(error, WL_EINVAL, "a sequence model takes either tokens or numbers");
    }
    for (size_t i = 0; wl_sequence_has_ids(c) && i < WL_SEQUENCE_TABLES; i++) {
        WL_TRY(check_size(c->n_ids[i], WL_VOCABULARY_MAX, wl_sequence_table_names[i], error));
    }
    WL_TRY(check_size(wl_sequence_inputs(c), SETTING_MAX, "width of a step", error));
    WL_TRY(check_size(c->n_hidden, SETTING_MAX, "hidden size", error));
    switch (c->body) {
    case WL_SEQUENCE_CNN: return check_cnn(c, error);
    case WL_SEQUENCE_TRANSFORMER: return check_transformer(c, error);
    case WL_SEQUENCE_LSTM:
    case WL_SEQUENCE_GRU: break;
    }
    return check_size(c->n_layers, WL_RECURRENT_LAYERS_MAX, "layers", error);
}

static wl_status add_stack(struct wl_sequence_model *model, wl_error *error)
{
    const struct wl_sequence_config *c = &model->config;
    const size_t dims[2] = {c->n_positions, c->n_hidden};
    const struct wl_transformer_shape shape = {.n_channels = c->n_hidden,
                                               .n_heads = c->n_heads,
                                               .n_inner = 4 * c->n_hidden,
                                               .n_layers = c->n_layers,
                                               .gelu = WL_GELU_TANH,
                                               .eps = 1e-5F,
                                               .is_causal = true,
                                               .is_pre_norm = true};

    WL_TRY(wl_tensors_add(&model->tensors, WL_TENSOR_TABLE, dims, 2, &model->positions, error,
                          "positions.weight"));
    wl_error inner = {0};
    wl_status status = wl_transformer_init(&model->stack, model->alloc, &shape, &wl_names_gpt,
                                           &model->tensors, &inner);
    // A shape that is refused is the caller's setting here, and no file's.
    return status == WL_OK
               ? WL_OK
               : wl_fail(error, status == WL_ECONFIG ? WL_EINVAL : status, "%s", inner.message);
}

static wl_status add_tensors(struct wl_sequence_model *model, wl_error *error)
{
    const struct wl_sequence_config *c = &model->config;
    size_t n_in = wl_sequence_inputs(c);

    for (size_t i = 0; wl_sequence_has_ids(c) && i < WL_SEQUENCE_TABLES; i++) {
        const size_t dims[2] = {c->n_ids[i], c->n_embedding};
        WL_TRY(wl_tensors_add(&model->tensors, WL_TENSOR_TABLE, dims, 2, &model->tables[i], error,
                              "%s.weight", wl_sequence_table_names[i]));
    }
    for (size_t i = 0; c->body == WL_SEQUENCE_CNN && i < c->n_widths; i++) {
        char name[] = "convolution.0";
        name[sizeof(name) - 2] = (char)('0' + i);
        WL_TRY(wl_convolution_add(&model->tensors, name, n_in, c->widths[i], c->n_hidden,
                                  &model->convolutions[i], error));
    }
    if (c->body == WL_SEQUENCE_TRANSFORMER) {
        WL_TRY(add_stack(model, error));
    }
    if (c->body == WL_SEQUENCE_LSTM || c->body == WL_SEQUENCE_GRU) {
        WL_TRY(wl_recurrent_add(&model->tensors, "recurrent",
                                c->body == WL_SEQUENCE_LSTM ? WL_LSTM : WL_GRU, n_in, c->n_hidden,
                                c->n_layers, &model->recurrent, error));
    }
    return wl_dense_add(&model->tensors, "head", wl_sequence_pooled(c), 1, true, &model->head,
                        error);
}

// Uniform within +-1 / sqrt(inputs), weight and bias, as torch.nn.Linear and Conv1d start.
static void start_dense(struct wl_tensors *tensors, const struct wl_dense *dense, uint64_t seed)
{
    const size_t offsets[2] = {dense->weight, dense->bias};
    double bound = 1.0 / sqrt((double)dense->n_in);

    for (size_t k = 0; k < 2; k++) {
        const struct wl_tensor *tensor = wl_tensors_at(tensors, offsets[k]);
        struct wl_rng rng;
        wl_rng_init(&rng, seed, (uint64_t)(tensor - tensors->items));
        for (size_t i = 0; i < tensor->n_values; i++) {
            tensors->weights[tensor->offset + i] = (float)(bound * (2.0 * wl_rng_unit(&rng) - 1.0));
        }
    }
}

static void start(struct wl_sequence_model *model, uint64_t seed)
{
    // Tables are standard normal, as torch.nn.Embedding. A stack this narrow starts as wide as its
    // inputs allow: GPT-2's 0.02 is for 768 channels, and learns slowly with 64.
    bool is_stack = model->config.body == WL_SEQUENCE_TRANSFORMER;

    wl_tensors_start(&model->tensors, seed,
                     is_stack ? 1.0 / sqrt((double)model->config.n_hidden) : 1.0);
    if (model->config.body == WL_SEQUENCE_CNN) {
        for (size_t i = 0; i < model->config.n_widths; i++) {
            start_dense(&model->tensors, &model->convolutions[i].dense, seed);
        }
    } else if (!is_stack) {
        wl_recurrent_start(&model->recurrent, &model->tensors, seed);
    }
    start_dense(&model->tensors, &model->head, seed);
}

// A model without weights.
static wl_status make(const wl_alloc *alloc, const struct wl_sequence_config *config,
                      struct wl_sequence_model **model_out, wl_error *error)
{
    struct wl_sequence_model *model = NULL;
    wl_status status = WL_OK;

    WL_TRY(check_config(config, error));
    model = wl_alloc_zeroed(alloc, 1, sizeof(*model));
    if (model == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a sequence model");
    }
    model->alloc = alloc;
    model->config = *config;
    wl_tensors_init(&model->tensors, alloc);
    WL_GO(add_tensors(model, error));
    *model_out = model;
    model = NULL;
done:
    wl_sequence_model_free(model);
    return status;
}

wl_status wl_sequence_model_new(const wl_alloc *alloc, const struct wl_sequence_config *config,
                                uint64_t seed, struct wl_sequence_model **model_out,
                                wl_error *error)
{
    struct wl_sequence_model *model = NULL;
    wl_status status = WL_OK;

    WL_GO(make(alloc, config, &model, error));
    WL_GO(wl_tensors_allocate(&model->tensors, WL_BLOCK_WEIGHTS, error));
    start(model, seed);
    *model_out = model;
    model = NULL;
done:
    wl_sequence_model_free(model);
    return status;
}

void wl_sequence_model_free(struct wl_sequence_model *model)
{
    if (model == NULL) {
        return;
    }
    wl_tensors_release(&model->tensors);
    wl_transformer_release(&model->stack);
    wl_alloc_free(model->alloc, model);
}

const struct wl_sequence_config *wl_sequence_model_config(const struct wl_sequence_model *model)
{
    return &model->config;
}

struct wl_tensors *wl_sequence_model_tensors(struct wl_sequence_model *model)
{
    return &model->tensors;
}

// The configuration as it stands in a file.
static void settings_of(const struct wl_sequence_config *c, uint32_t *settings)
{
    size_t n = 0;

    settings[n++] = (uint32_t)c->body;
    for (size_t i = 0; i < WL_SEQUENCE_TABLES; i++) {
        settings[n++] = (uint32_t)c->n_ids[i];
    }
    settings[n++] = (uint32_t)c->n_numbers;
    settings[n++] = (uint32_t)c->n_embedding;
    settings[n++] = (uint32_t)c->n_hidden;
    settings[n++] = (uint32_t)c->n_layers;
    settings[n++] = (uint32_t)c->pooling;
    settings[n++] = (uint32_t)c->n_widths;
    for (size_t i = 0; i < WL_SEQUENCE_WIDTHS_MAX; i++) {
        settings[n++] = (uint32_t)c->widths[i];
    }
    settings[n++] = (uint32_t)c->n_heads;
    settings[n++] = (uint32_t)c->n_positions;
    WL_ASSERT(n == N_SETTINGS);
}

static struct wl_sequence_config config_from(const uint32_t *s)
{
    return (struct wl_sequence_config){.body = (enum wl_sequence_body)s[0],
                                       .n_ids = {s[1], s[2], s[3]},
                                       .n_numbers = s[4],
                                       .n_embedding = s[5],
                                       .n_hidden = s[6],
                                       .n_layers = s[7],
                                       .pooling = (enum wl_pooling)s[8],
                                       .n_widths = s[9],
                                       .widths = {s[10], s[11], s[12], s[13]},
                                       .n_heads = s[14],
                                       .n_positions = s[15]};
}

void wl_sequence_model_encode(const struct wl_sequence_model *model, struct wl_buf *buf)
{
    uint32_t settings[N_SETTINGS];
    size_t begin = buf->n_bytes;

    settings_of(&model->config, settings);
    wl_buf_text(buf, MAGIC);
    wl_put_u32(buf, VERSION);
    for (size_t i = 0; i < N_SETTINGS; i++) {
        wl_put_u32(buf, settings[i]);
    }
    wl_put_u64(buf, model->tensors.n_floats);
    for (size_t i = 0; i < model->tensors.n_floats; i++) {
        wl_put_f32(buf, model->tensors.weights[i]);
    }
    if (buf->status == WL_OK) {
        struct wl_str all = {.data = buf->data + begin, .n_bytes = buf->n_bytes - begin};
        wl_put_u64(buf, wl_str_hash(all, 0));
    }
}

wl_status wl_sequence_model_write(const struct wl_sequence_model *model, const char *path,
                                  wl_error *error)
{
    struct wl_buf buf;
    wl_status status = WL_OK;

    wl_buf_init(&buf, model->alloc, 0);
    wl_sequence_model_encode(model, &buf);
    WL_GO(wl_buf_check(&buf, error));
    WL_GO(wl_file_write(path, wl_buf_view(&buf), error));
done:
    wl_buf_release(&buf);
    return status;
}

// Everything before the weights; the reader stands at them then.
static wl_status parse_header(struct wl_str bytes, struct wl_reader *reader,
                              struct wl_sequence_config *config, size_t *n_floats, wl_error *error)
{
    uint32_t settings[N_SETTINGS];

    wl_reader_init(reader, bytes);
    struct wl_str magic = wl_read_bytes(reader, 4);
    if (!wl_str_is(magic, MAGIC) || bytes.n_bytes < sizeof(uint64_t)) {
        return wl_fail(error, WL_ECORRUPT, "no sequence model: it does not start with " MAGIC);
    }
    uint32_t version = wl_read_u32(reader);
    if (!reader->failed && version != VERSION) {
        return wl_fail(error, WL_EVERSION, "sequence model of version %u, known is %u", version,
                       VERSION);
    }
    for (size_t i = 0; i < N_SETTINGS; i++) {
        settings[i] = wl_read_u32(reader);
    }
    uint64_t n = wl_read_u64(reader);
    struct wl_reader end;
    struct wl_str body = {.data = bytes.data, .n_bytes = bytes.n_bytes - sizeof(uint64_t)};
    wl_reader_init(&end, (struct wl_str){.data = bytes.data + body.n_bytes, .n_bytes = 8});
    if (reader->failed || wl_read_u64(&end) != wl_str_hash(body, 0) ||
        wl_reader_left(reader) < sizeof(uint64_t) ||
        (wl_reader_left(reader) - sizeof(uint64_t)) / sizeof(float) != n) {
        return wl_fail(error, WL_ECORRUPT, "sequence model of %zu bytes is cut or damaged",
                       bytes.n_bytes);
    }
    *config = config_from(settings);
    *n_floats = n;
    return WL_OK;
}

wl_status wl_sequence_model_parse(const wl_alloc *alloc, struct wl_str bytes,
                                  struct wl_sequence_model **model_out, wl_error *error)
{
    struct wl_sequence_model *model = NULL;
    struct wl_sequence_config config;
    struct wl_reader reader;
    size_t n_floats = 0;
    wl_status status = WL_OK;

    WL_TRY(parse_header(bytes, &reader, &config, &n_floats, error));
    status = make(alloc, &config, &model, error);
    if (status == WL_ENOMEM) {
        goto done;
    }
    // No memory is taken for weights that the file does not hold.
    if (status != WL_OK || model->tensors.n_floats != n_floats) {
        status = wl_fail(error, WL_ECORRUPT, "sequence model's settings do not fit its %zu values",
                         n_floats);
        goto done;
    }
    WL_GO(wl_tensors_allocate(&model->tensors, WL_BLOCK_WEIGHTS, error));
    for (size_t i = 0; i < n_floats; i++) {
        model->tensors.weights[i] = wl_read_f32(&reader);
        if (!isfinite(model->tensors.weights[i])) {
            status =
                wl_fail(error, WL_ECORRUPT, "value %zu of the sequence model is not finite", i);
            goto done;
        }
    }
    *model_out = model;
    model = NULL;
done:
    wl_sequence_model_free(model);
    return status;
}

wl_status wl_sequence_model_read(const wl_alloc *alloc, const char *path,
                                 struct wl_sequence_model **model_out, wl_error *error)
{
    struct wl_buf buf;
    wl_status status = WL_OK;

    wl_buf_init(&buf, alloc, 0);
    WL_GO(wl_file_read(path, &buf, error));
    WL_GO(wl_sequence_model_parse(alloc, wl_buf_view(&buf), model_out, error));
done:
    wl_buf_release(&buf);
    return status;
}
