/* The bytes: "WLEV" | u32 version | u32 events | i64 window | varint names, strings | varint
 * epochs, 3 x f64 each | the net's own bytes as a string. A net brings its own checksum; names and
 * settings lie inside a model file, which has one. */
#include "model/event_model.h"

#include "base/bytes.h"
#include "base/limits.h"

#include <math.h>
#include <string.h>

#define MAGIC   "WLEV"
#define VERSION 1U

static struct wl_event_model *make(const wl_alloc *alloc, size_t n_names, wl_error *error)
{
    struct wl_event_model *model = wl_alloc_zeroed(alloc, 1, sizeof(*model));

    if (model != NULL) {
        model->alloc = alloc;
        wl_arena_init(&model->arena, alloc, 0);
        model->names = wl_arena_zeroed(&model->arena, n_names + 1, sizeof(*model->names));
    }
    if (model == NULL || model->names == NULL) {
        wl_event_model_free(model);
        (void)wl_fail(error, WL_ENOMEM, "no memory for %zu names of events", n_names);
        return NULL;
    }
    return model;
}

static wl_status add_name(struct wl_event_model *model, struct wl_str name, wl_error *error)
{
    size_t n = model->n_names;
    struct wl_str before = n > 0 ? wl_str_from(model->names[n - 1]) : WL_STR("");

    if (name.n_bytes == 0 || memchr(name.data, '\0', name.n_bytes) != NULL ||
        wl_str_compare(before, name) >= 0) {
        return wl_fail(error, WL_EINVAL, "name %zu of events is empty or out of order", n);
    }
    model->names[n] = wl_arena_string(&model->arena, name);
    if (model->names[n] == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for names of events");
    }
    model->n_names++;
    return WL_OK;
}

static wl_status check_cut(const struct wl_sequence_cut *cut, wl_error *error)
{
    if (cut->n_events_max == 0 || cut->n_events_max > WL_EVENTS_SEEN_MAX || cut->window_us < 0) {
        return wl_fail(error, WL_EINVAL, "sequences of %zu events within %lld microseconds",
                       cut->n_events_max, (long long)cut->window_us);
    }
    return WL_OK;
}

wl_status wl_event_model_new(const wl_alloc *alloc, const char *const *names, size_t n_names,
                             const struct wl_sequence_cut *cut, struct wl_event_model **model_out,
                             wl_error *error)
{
    struct wl_event_model *model = NULL;
    wl_status status = WL_OK;

    WL_TRY(check_cut(cut, error));
    model = make(alloc, n_names, error);
    if (model == NULL) {
        return WL_ENOMEM;
    }
    model->cut = *cut;
    for (size_t i = 0; i < n_names; i++) {
        WL_GO(add_name(model, wl_str_from(names[i]), error));
    }
    *model_out = model;
    model = NULL;
done:
    wl_event_model_free(model);
    return status;
}

void wl_event_model_free(struct wl_event_model *model)
{
    if (model == NULL) {
        return;
    }
    wl_sequence_model_free(model->net);
    wl_arena_release(&model->arena);
    wl_alloc_free(model->alloc, model);
}

uint32_t wl_event_model_type(const struct wl_event_model *model, struct wl_str name)
{
    size_t begin = 0;
    size_t end = model->n_names;

    while (begin < end) {
        size_t middle = begin + (end - begin) / 2;
        int order = wl_str_compare(wl_str_from(model->names[middle]), name);
        if (order == 0) {
            return (uint32_t)middle + 1;
        }
        if (order < 0) {
            begin = middle + 1;
        } else {
            end = middle;
        }
    }
    return 0;
}

void wl_event_model_encode(const struct wl_event_model *model, struct wl_buf *buf)
{
    struct wl_buf net;

    wl_buf_init(&net, model->alloc, 0);
    wl_buf_text(buf, MAGIC);
    wl_put_u32(buf, VERSION);
    wl_put_u32(buf, (uint32_t)model->cut.n_events_max);
    wl_put_i64(buf, model->cut.window_us);
    wl_put_varint(buf, model->n_names);
    for (size_t i = 0; i < model->n_names; i++) {
        wl_put_string(buf, wl_str_from(model->names[i]));
    }
    wl_put_varint(buf, model->n_epochs);
    for (size_t i = 0; i < model->n_epochs; i++) {
        wl_put_f64(buf, model->epochs[i].train_loss);
        wl_put_f64(buf, model->epochs[i].valid_loss);
        wl_put_f64(buf, model->epochs[i].valid_accuracy);
    }
    wl_sequence_model_encode(model->net, &net);
    wl_put_string(buf, wl_buf_view(&net));
    if (buf->status == WL_OK) {
        buf->status = net.status;
    }
    wl_buf_release(&net);
}

static wl_status fail_cut(wl_error *error, const char *where)
{
    return wl_fail(error, WL_ECORRUPT, "model of sequences: %s cut or out of range", where);
}

static wl_status read_epochs(struct wl_reader *reader, struct wl_event_model *model,
                             wl_error *error)
{
    size_t n = wl_reader_count(reader, 3 * sizeof(double));

    if (reader->failed || n > WL_EVENT_EPOCHS_MAX) {
        return fail_cut(error, "epochs are");
    }
    model->epochs = wl_arena_zeroed(&model->arena, n + 1, sizeof(*model->epochs));
    if (model->epochs == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu epochs", n);
    }
    for (size_t i = 0; i < n; i++) {
        model->epochs[i].train_loss = wl_read_f64(reader);
        model->epochs[i].valid_loss = wl_read_f64(reader);
        model->epochs[i].valid_accuracy = wl_read_f64(reader);
    }
    model->n_epochs = n;
    return WL_OK;
}

// The net must be one over these names, and over the buckets of this program.
static wl_status read_net(struct wl_reader *reader, struct wl_event_model *model, wl_error *error)
{
    struct wl_str bytes = wl_read_string(reader);

    if (reader->failed || wl_reader_left(reader) != 0) {
        return fail_cut(error, "the net is");
    }
    WL_TRY(wl_sequence_model_parse(model->alloc, bytes, &model->net, error));
    const struct wl_sequence_config *config = wl_sequence_model_config(model->net);
    if (config->n_ids[0] != model->n_names + 2 || config->n_ids[1] != WL_GAP_BUCKETS ||
        config->n_ids[2] != WL_VALUE_BUCKETS) {
        return wl_fail(error, WL_ECORRUPT,
                       "model of sequences: a net of %zu names, %zu gaps and %zu values for %zu "
                       "names",
                       config->n_ids[0], config->n_ids[1], config->n_ids[2], model->n_names);
    }
    return WL_OK;
}

static wl_status read_names(struct wl_reader *reader, size_t n_names, struct wl_event_model *model,
                            wl_error *error)
{
    for (size_t i = 0; i < n_names; i++) {
        struct wl_str name = wl_read_string(reader);
        if (reader->failed) {
            return fail_cut(error, "names are");
        }
        wl_status status = add_name(model, name, error);
        if (status == WL_EINVAL) {
            return fail_cut(error, "names are");
        }
        WL_TRY(status);
    }
    return WL_OK;
}

wl_status wl_event_model_decode(const wl_alloc *alloc, struct wl_str bytes,
                                struct wl_event_model **model_out, wl_error *error)
{
    struct wl_event_model *model = NULL;
    struct wl_sequence_cut cut;
    struct wl_reader reader;
    wl_status status = WL_OK;

    wl_reader_init(&reader, bytes);
    if (!wl_str_is(wl_read_bytes(&reader, 4), MAGIC)) {
        return wl_fail(error, WL_ECORRUPT, "no model of sequences: it does not start with " MAGIC);
    }
    uint32_t version = wl_read_u32(&reader);
    if (!reader.failed && version != VERSION) {
        return wl_fail(error, WL_EVERSION, "model of sequences of version %u, known is %u", version,
                       VERSION);
    }
    cut.n_events_max = wl_read_u32(&reader);
    cut.window_us = wl_read_i64(&reader);
    size_t n_names = wl_reader_count(&reader, 2); // a length and a byte
    if (reader.failed || n_names > WL_EVENT_NAMES_MAX || check_cut(&cut, NULL) != WL_OK) {
        return fail_cut(error, "settings are");
    }
    model = make(alloc, n_names, error);
    if (model == NULL) {
        return WL_ENOMEM;
    }
    model->cut = cut;
    WL_GO(read_names(&reader, n_names, model, error));
    WL_GO(read_epochs(&reader, model, error));
    WL_GO(read_net(&reader, model, error));
    *model_out = model;
    model = NULL;
done:
    wl_event_model_free(model);
    return status;
}
