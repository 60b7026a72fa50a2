/* The linear kind of text.wlt: docs/formats/text_model.md has the layout. The frame around it is
 * text_frame's. Every size is checked against the bytes that are left before memory is taken, and
 * every number that serving relies on is looked at once. */
#include "base/limits.h"
#include "text/text_frame.h"
#include "text/text_linear.h"
#include "text/text_linear_inside.h"

#include <math.h>
#include <string.h>

#define NUMBER_MOST 1e6  /* weights, slopes, biases: learnt ones are below 1000 */
#define IDF_LEAST   1e-9 /* wl_text_tell leaves 1e-6 and more */

/* -- writing -- */

static void put_head(struct wl_buf *buf, const struct wl_text_linear *linear)
{
    struct wl_json_writer json = wl_json_begin(buf);

    wl_json_open(&json, '{');
    wl_text_head_put(&json, &linear->base.about);
    wl_json_key(&json, "normaliser");
    wl_json_i64(&json, (int64_t)linear->normaliser);
    wl_json_key(&json, "words_max");
    wl_json_i64(&json, (int64_t)linear->options.words_max);
    wl_json_key(&json, "chars_min");
    wl_json_i64(&json, (int64_t)linear->options.chars_min);
    wl_json_key(&json, "chars_max");
    wl_json_i64(&json, (int64_t)linear->options.chars_max);
    wl_json_key(&json, "pair_chars");
    wl_json_i64(&json, (int64_t)linear->options.pair_chars);
    wl_json_key(&json, "pair_window");
    wl_json_i64(&json, (int64_t)linear->options.pair_window);
    wl_json_key(&json, "chars_within_words");
    wl_json_bool(&json, linear->options.chars_within_words);
    wl_json_key(&json, "words_all");
    wl_json_bool(&json, linear->options.words_all);
    wl_json_key(&json, "binary");
    wl_json_bool(&json, linear->binary);
    wl_json_close(&json, '}');
}

static void put_payload(struct wl_buf *buf, struct wl_buf *head,
                        const struct wl_text_linear *linear)
{
    const struct wl_vocabulary *vocabulary = &linear->vocabulary;

    put_head(head, linear);
    wl_put_u32(buf, (uint32_t)head->n_bytes);
    wl_buf_str(buf, wl_buf_view(head));
    wl_put_u64(buf, vocabulary->n_columns);
    for (size_t o = 0; o < linear->n_outputs; o++) {
        wl_put_f64(buf, linear->bias[o]);
        wl_put_f64(buf, linear->slope[o]);
        wl_put_f64(buf, linear->intercept[o]);
    }
    for (size_t c = 0; c < vocabulary->n_columns; c++) {
        wl_put_u64(buf, vocabulary->keys[c]);
        wl_put_f32(buf, vocabulary->idf[c]);
        wl_put_f32(buf, linear->scale[c]);
    }
    for (size_t c = 0; c < vocabulary->n_columns; c++) {
        wl_buf_add(buf, linear->weights + c * linear->stride, linear->n_outputs);
    }
}

wl_status wl_text_linear_encode(const struct wl_text_classifier *classifier, struct wl_buf *buf,
                                wl_error *error)
{
    const struct wl_text_linear *linear = (const struct wl_text_linear *)classifier;
    struct wl_buf head;
    size_t begin = wl_text_frame_begin(buf);

    wl_buf_init(&head, buf->alloc, 0);
    put_payload(buf, &head, linear);
    if (buf->status == WL_OK) {
        buf->status = head.status;
    }
    wl_text_frame_end(buf, begin);
    wl_buf_release(&head);
    return wl_buf_check(buf, error);
}

/* -- reading -- */

static wl_status read_options(const struct wl_node *head, struct wl_text_linear *linear,
                              wl_error *error)
{
    linear->normaliser = wl_text_head_whole(head, "normaliser", WL_TEXT_NORMALISER);
    linear->options = (struct wl_ngram_options){
        .words_max = wl_text_head_whole(head, "words_max", WL_NGRAM_MAX),
        .chars_min = wl_text_head_whole(head, "chars_min", WL_NGRAM_MAX),
        .chars_max = wl_text_head_whole(head, "chars_max", WL_NGRAM_MAX),
        .pair_chars = wl_text_head_whole(head, "pair_chars", UINT16_MAX),
        .pair_window = wl_text_head_whole(head, "pair_window", WL_NGRAM_WINDOW_MAX)};
    if (!wl_text_head_flag(head, "chars_within_words", &linear->options.chars_within_words) ||
        !wl_text_head_flag(head, "words_all", &linear->options.words_all) ||
        !wl_text_head_flag(head, "binary", &linear->binary) ||
        wl_ngram_options_check(&linear->options, NULL) != WL_OK) {
        return wl_text_frame_cut(error, "an n-gram size");
    }
    if (linear->normaliser > WL_TEXT_NORMALISER) {
        return wl_fail(error, WL_EVERSION, "text model needs another normaliser than this one, %d",
                       WL_TEXT_NORMALISER);
    }
    return WL_OK;
}

static wl_status read_head(const wl_alloc *alloc, const struct wl_node *head,
                           struct wl_arena *arena, struct wl_text_linear **linear_out,
                           wl_error *error)
{
    struct wl_text_about about;

    WL_TRY(wl_text_head_read(head, "linear", arena, &about, error));
    WL_TRY(wl_text_linear_new(alloc, about.labels, about.n_labels, about.task, linear_out, error));
    (*linear_out)->base.about.threshold = about.threshold;
    (*linear_out)->base.about.none = about.none;
    return read_options(head, *linear_out, error);
}

// Also false for NaN. Between these bounds no sum or product of serving overflows.
static bool is_within(double value, double least)
{
    return value >= least && value <= NUMBER_MOST;
}

static bool read_outputs(struct wl_reader *reader, struct wl_text_linear *linear)
{
    bool is_good = true;

    for (size_t o = 0; o < linear->n_outputs; o++) {
        linear->bias[o] = wl_read_f64(reader);
        linear->slope[o] = wl_read_f64(reader);
        linear->intercept[o] = wl_read_f64(reader);
        is_good = is_good && is_within(linear->bias[o], -NUMBER_MOST) &&
                  is_within(linear->slope[o], 0.0) && linear->slope[o] > 0.0 &&
                  is_within(linear->intercept[o], -NUMBER_MOST);
    }
    return is_good;
}

static bool read_columns(struct wl_reader *reader, struct wl_text_linear *linear, uint64_t *keys,
                         float *idf, size_t n_columns)
{
    bool is_good = true;

    for (size_t c = 0; c < n_columns; c++) {
        keys[c] = wl_read_u64(reader);
        idf[c] = wl_read_f32(reader);
        linear->scale[c] = wl_read_f32(reader);
        is_good = is_good && is_within((double)idf[c], IDF_LEAST) &&
                  is_within((double)linear->scale[c], 0.0);
    }
    for (size_t c = 0; c < n_columns; c++) {
        struct wl_str row = wl_read_bytes(reader, linear->n_outputs);
        if (!reader->failed) {
            memcpy(linear->weights + c * linear->stride, row.data, row.n_bytes);
        }
    }
    return is_good;
}

static wl_status read_arrays(struct wl_reader *reader, struct wl_text_linear *linear,
                             wl_error *error)
{
    const wl_alloc *alloc = linear->alloc;
    uint64_t n = wl_read_u64(reader);
    size_t n_left = wl_reader_left(reader);
    size_t column_bytes = 16 + linear->n_outputs; // key, idf, scale, weights
    uint64_t *keys = NULL;
    float *idf = NULL;
    wl_status status = WL_OK;

    if (n_left < 24 * linear->n_outputs || n > (n_left - 24 * linear->n_outputs) / column_bytes ||
        n >= UINT32_MAX || n * column_bytes + 24 * linear->n_outputs != n_left) {
        return wl_text_frame_cut(error, "the table of n-grams");
    }
    size_t n_columns = (size_t)n;
    keys = wl_alloc_array(alloc, n_columns + 1, sizeof(*keys));
    idf = wl_alloc_array(alloc, n_columns + 1, sizeof(*idf));
    if (keys == NULL || idf == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for a model of %zu n-grams", n_columns);
        goto done;
    }
    WL_GO(wl_text_linear_reserve(linear, n_columns, error));
    bool is_good = read_outputs(reader, linear);
    is_good = read_columns(reader, linear, keys, idf, n_columns) && is_good;
    if (!is_good || reader->failed) {
        status = wl_text_frame_cut(error, "a weight");
        goto done;
    }
    WL_GO(wl_vocabulary_init(&linear->vocabulary, alloc, keys, idf, n_columns, error));
    keys = NULL; // the vocabulary's now
    idf = NULL;
done:
    wl_alloc_free(alloc, keys);
    wl_alloc_free(alloc, idf);
    return status;
}

wl_status wl_text_linear_read(const wl_alloc *alloc, const struct wl_node *head,
                              struct wl_reader *reader, struct wl_text_classifier **classifier_out,
                              wl_error *error)
{
    struct wl_text_linear *linear = NULL;
    struct wl_arena arena;
    wl_status status = WL_OK;

    wl_arena_init(&arena, alloc, 0);
    WL_GO(read_head(alloc, head, &arena, &linear, error));
    WL_GO(read_arrays(reader, linear, error));
    *classifier_out = &linear->base;
    linear = NULL;
done:
    wl_text_classifier_free(linear != NULL ? &linear->base : NULL);
    wl_arena_release(&arena);
    return status;
}
