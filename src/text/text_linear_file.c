/* text.wlt: docs/formats/text_model.md has the layout.
 *
 *   magic 8 | version u32 | payload bytes u64 | payload | SHA-256 of all before it, 64 hex digits
 *
 * Payload: a JSON head with its length, then the arrays in full. The digest finds accidents only;
 * so every size is checked against the bytes that are left before memory is taken, and every number
 * that serving relies on is looked at once. */
#include "base/bytes.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "data/node.h"
#include "text/text_linear.h"
#include "text/text_linear_inside.h"

#include <math.h>
#include <string.h>

#define MAGIC        "WLTEXT\r\n"
#define MAGIC_BYTES  8
#define VERSION      1
#define DIGEST_BYTES 64
#define NUMBER_MOST  1e6  /* weights, slopes, biases: learnt ones are below 1000 */
#define IDF_LEAST    1e-9 /* wl_text_tell leaves 1e-6 and more */
#define HEAD_BYTES   (MAGIC_BYTES + 4 + 8)

/* -- writing -- */

static void put_head(struct wl_buf *buf, const struct wl_text_linear *linear)
{
    const struct wl_text_about *about = &linear->base.about;
    struct wl_json_writer json = wl_json_begin(buf);

    wl_json_open(&json, '{');
    wl_json_key(&json, "algorithm");
    wl_json_text(&json, about->algorithm);
    wl_json_key(&json, "task");
    wl_json_text(&json, about->task == WL_TEXT_ONE ? "one" : "any");
    wl_json_key(&json, "labels");
    wl_json_open(&json, '[');
    for (size_t i = 0; i < about->n_labels; i++) {
        wl_json_text(&json, about->labels[i]);
    }
    wl_json_close(&json, ']');
    wl_json_key(&json, "none");
    wl_json_i64(&json, about->none == WL_TEXT_NO_LABEL ? -1 : (int64_t)about->none);
    wl_json_key(&json, "threshold");
    wl_json_double(&json, about->threshold);
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

wl_status wl_text_classifier_encode(const struct wl_text_classifier *classifier, struct wl_buf *buf,
                                    wl_error *error)
{
    const struct wl_text_linear *linear = wl_text_linear_of(classifier);
    char digest[WL_SHA256_TEXT_BYTES];
    struct wl_buf payload;
    struct wl_buf head;
    size_t begin = buf->n_bytes;

    if (linear == NULL) {
        return wl_fail(error, WL_EINVAL, "a classifier of kind %s has no model file",
                       classifier->about.algorithm);
    }
    wl_buf_init(&payload, buf->alloc, 0);
    wl_buf_init(&head, buf->alloc, 0);
    put_payload(&payload, &head, linear);
    wl_buf_add(buf, MAGIC, MAGIC_BYTES);
    wl_put_u32(buf, VERSION);
    wl_put_u64(buf, payload.n_bytes);
    wl_buf_str(buf, wl_buf_view(&payload));
    if (buf->status == WL_OK) {
        buf->status = head.status != WL_OK ? head.status : payload.status;
    }
    if (buf->status == WL_OK) {
        struct wl_str all = {.data = buf->data + begin, .n_bytes = buf->n_bytes - begin};
        wl_buf_add(buf, wl_sha256_text(all, digest), DIGEST_BYTES);
    }
    wl_buf_release(&payload);
    wl_buf_release(&head);
    return wl_buf_check(buf, error);
}

wl_status wl_text_classifier_save(const struct wl_text_classifier *classifier, const char *path,
                                  const wl_alloc *alloc, wl_error *error)
{
    struct wl_buf buf;

    wl_buf_init(&buf, alloc, 0);
    wl_status status = wl_text_classifier_encode(classifier, &buf, error);
    if (status == WL_OK) {
        status = wl_file_write(path, wl_buf_view(&buf), error);
    }
    wl_buf_release(&buf);
    return status;
}

/* -- reading -- */

static wl_status fail_cut(wl_error *error, const char *where)
{
    return wl_fail(error, WL_ECORRUPT, "text model: %s is cut or out of range", where);
}

// A whole number 0 .. most under key, or most + 1 when there is none.
static uint32_t whole(const struct wl_node *head, const char *key, uint32_t most)
{
    double number = wl_node_number(head, key, -1.0);

    if (!(number >= 0.0 && number <= (double)most) || number != floor(number)) {
        return most + 1;
    }
    return (uint32_t)number;
}

static bool read_flag(const struct wl_node *head, const char *key, bool *flag)
{
    const struct wl_node *node = wl_node_get(head, key);

    *flag = node != NULL && node->kind == WL_NODE_BOOL && node->number > 0.0;
    return node != NULL && node->kind == WL_NODE_BOOL;
}

static wl_status read_labels(const struct wl_node *list, struct wl_arena *arena,
                             const char ***labels_out, wl_error *error)
{
    size_t n = 0;

    if (list == NULL || list->kind != WL_NODE_LIST || list->n_children == 0 ||
        list->n_children > WL_TEXT_LABELS_MAX) {
        return fail_cut(error, "the list of labels");
    }
    const char **labels = wl_arena_zeroed(arena, list->n_children, sizeof(*labels));
    if (labels == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu labels", list->n_children);
    }
    for (const struct wl_node *node = list->first; node != NULL; node = node->next) {
        bool has_nul =
            node->text.n_bytes > 0 && memchr(node->text.data, '\0', node->text.n_bytes) != NULL;
        if (node->kind != WL_NODE_STRING || node->text.n_bytes == 0 || has_nul) {
            return fail_cut(error, "a label");
        }
        labels[n] = wl_arena_string(arena, node->text);
        if (labels[n] == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for %zu labels", list->n_children);
        }
        n++;
    }
    *labels_out = labels;
    return WL_OK;
}

static wl_status read_options(const struct wl_node *head, struct wl_text_linear *linear,
                              wl_error *error)
{
    double none = wl_node_number(head, "none", -2.0);
    double threshold = wl_node_number(head, "threshold", -1.0);

    linear->normaliser = whole(head, "normaliser", WL_TEXT_NORMALISER);
    linear->options =
        (struct wl_ngram_options){.words_max = whole(head, "words_max", WL_NGRAM_MAX),
                                  .chars_min = whole(head, "chars_min", WL_NGRAM_MAX),
                                  .chars_max = whole(head, "chars_max", WL_NGRAM_MAX),
                                  .pair_chars = whole(head, "pair_chars", UINT16_MAX),
                                  .pair_window = whole(head, "pair_window", WL_NGRAM_WINDOW_MAX)};
    if (!read_flag(head, "chars_within_words", &linear->options.chars_within_words) ||
        !read_flag(head, "words_all", &linear->options.words_all) ||
        !read_flag(head, "binary", &linear->binary) ||
        wl_ngram_options_check(&linear->options, NULL) != WL_OK) {
        return fail_cut(error, "an n-gram size");
    }
    if (linear->normaliser > WL_TEXT_NORMALISER) {
        return wl_fail(error, WL_EVERSION, "text model needs another normaliser than this one, %d",
                       WL_TEXT_NORMALISER);
    }
    if (!(threshold >= 0.0 && threshold <= 1.0) || none != floor(none) || !(none >= -1.0) ||
        !(none < (double)linear->base.about.n_labels)) {
        return fail_cut(error, "the threshold or the none label");
    }
    linear->base.about.threshold = threshold;
    linear->base.about.none = none < 0.0 ? WL_TEXT_NO_LABEL : (uint32_t)none;
    return WL_OK;
}

static wl_status read_head(const wl_alloc *alloc, struct wl_str text, struct wl_arena *arena,
                           struct wl_text_linear **linear_out, wl_error *error)
{
    struct wl_node *head = NULL;
    const char **labels = NULL;

    WL_TRY(wl_json_parse(arena, text, &head, error));
    const struct wl_node *list = wl_node_get(head, "labels");
    struct wl_str task = wl_node_text(head, "task", "");
    if (!wl_str_is(wl_node_text(head, "algorithm", ""), "linear") ||
        (!wl_str_is(task, "one") && !wl_str_is(task, "any"))) {
        return fail_cut(error, "the algorithm or the task");
    }
    WL_TRY(read_labels(list, arena, &labels, error));
    WL_TRY(wl_text_linear_new(alloc, labels, list->n_children,
                              wl_str_is(task, "one") ? WL_TEXT_ONE : WL_TEXT_ANY, linear_out,
                              error));
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
        return fail_cut(error, "the table of n-grams");
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
        status = fail_cut(error, "a weight");
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

/* The frame around the payload: magic, version, length and digest. */
static wl_status open_frame(struct wl_str bytes, struct wl_str *payload, wl_error *error)
{
    char digest[WL_SHA256_TEXT_BYTES];
    struct wl_reader reader;

    wl_reader_init(&reader, bytes);
    struct wl_str magic = wl_read_bytes(&reader, MAGIC_BYTES);
    uint32_t version = wl_read_u32(&reader);
    uint64_t n_payload = wl_read_u64(&reader);
    if (reader.failed || memcmp(magic.data, MAGIC, MAGIC_BYTES) != 0) {
        return wl_fail(error, WL_ECORRUPT, "not a text model");
    }
    if (version != VERSION) {
        return wl_fail(error, WL_EVERSION, "text model has version %u, this program reads %d",
                       version, VERSION);
    }
    size_t n_left = wl_reader_left(&reader);
    if (n_left < DIGEST_BYTES || n_payload != n_left - DIGEST_BYTES) {
        return wl_fail(error, WL_ECORRUPT, "text model of %zu bytes is cut or too long",
                       bytes.n_bytes);
    }
    *payload = wl_read_bytes(&reader, (size_t)n_payload);
    struct wl_str signed_part = {.data = bytes.data, .n_bytes = HEAD_BYTES + payload->n_bytes};
    if (memcmp(wl_sha256_text(signed_part, digest), bytes.data + signed_part.n_bytes,
               DIGEST_BYTES) != 0) {
        return wl_fail(error, WL_ECORRUPT, "text model is damaged: its SHA-256 does not match");
    }
    return WL_OK;
}

wl_status wl_text_classifier_decode(const wl_alloc *alloc, struct wl_str bytes,
                                    struct wl_text_classifier **classifier_out, wl_error *error)
{
    struct wl_text_linear *linear = NULL;
    struct wl_arena arena;
    struct wl_str payload;
    struct wl_reader reader;
    wl_status status = open_frame(bytes, &payload, error);

    if (status != WL_OK) {
        return status;
    }
    wl_arena_init(&arena, alloc, 0);
    wl_reader_init(&reader, payload);
    struct wl_str head = wl_read_bytes(&reader, wl_read_u32(&reader));
    if (reader.failed) {
        status = fail_cut(error, "the head");
        goto done;
    }
    WL_GO(read_head(alloc, head, &arena, &linear, error));
    WL_GO(read_arrays(&reader, linear, error));
    *classifier_out = &linear->base;
    linear = NULL;
done:
    wl_text_classifier_free(linear != NULL ? &linear->base : NULL);
    wl_arena_release(&arena);
    return status;
}

wl_status wl_text_classifier_open(const char *path, const wl_alloc *alloc,
                                  struct wl_text_classifier **classifier_out, wl_error *error)
{
    struct wl_buf bytes;

    wl_buf_init(&bytes, alloc, 0);
    wl_status status = wl_file_read(path, &bytes, error);
    if (status == WL_OK) {
        status = wl_text_classifier_decode(alloc, wl_buf_view(&bytes), classifier_out, error);
        if (status != WL_OK) {
            status = wl_fail_at(error, status, "%s", path);
        }
    }
    wl_buf_release(&bytes);
    return status;
}
