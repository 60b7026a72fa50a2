/* Written and read once per training and per start; the digest is the cost. */
#include "text/text_frame.h"

#include "base/sha256.h"

#include <math.h>
#include <string.h>

#define MAGIC        "WLTEXT\r\n"
#define MAGIC_BYTES  8
#define VERSION      1
#define DIGEST_BYTES 64
#define LENGTH_AT    (MAGIC_BYTES + 4)
#define HEAD_BYTES   (LENGTH_AT + 8)

/* -- writing -- */

size_t wl_text_frame_begin(struct wl_buf *buf)
{
    size_t begin = buf->n_bytes;

    wl_buf_add(buf, MAGIC, MAGIC_BYTES);
    wl_put_u32(buf, VERSION);
    wl_put_u64(buf, 0);
    return begin;
}

void wl_text_frame_end(struct wl_buf *buf, size_t begin)
{
    char digest[WL_SHA256_TEXT_BYTES];

    if (buf->status != WL_OK) {
        return;
    }
    uint64_t n_payload = buf->n_bytes - begin - HEAD_BYTES;
    for (size_t i = 0; i < 8; i++) {
        buf->data[begin + LENGTH_AT + i] = (char)(n_payload >> (8 * i));
    }
    struct wl_str all = {.data = buf->data + begin, .n_bytes = buf->n_bytes - begin};
    wl_buf_add(buf, wl_sha256_text(all, digest), DIGEST_BYTES);
}

void wl_text_head_put(struct wl_json_writer *json, const struct wl_text_about *about)
{
    wl_json_key(json, "algorithm");
    wl_json_text(json, about->algorithm);
    wl_json_key(json, "task");
    wl_json_text(json, about->task == WL_TEXT_ONE ? "one" : "any");
    wl_json_key(json, "labels");
    wl_json_open(json, '[');
    for (size_t i = 0; i < about->n_labels; i++) {
        wl_json_text(json, about->labels[i]);
    }
    wl_json_close(json, ']');
    wl_json_key(json, "none");
    wl_json_i64(json, about->none == WL_TEXT_NO_LABEL ? -1 : (int64_t)about->none);
    wl_json_key(json, "threshold");
    wl_json_double(json, about->threshold);
}

/* -- reading -- */

wl_status wl_text_frame_cut(wl_error *error, const char *where)
{
    return wl_fail(error, WL_ECORRUPT, "text model: %s is cut or out of range", where);
}

wl_status wl_text_frame_open(struct wl_str bytes, struct wl_str *payload, wl_error *error)
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

wl_status wl_text_frame_head(struct wl_arena *arena, struct wl_str payload,
                             struct wl_reader *reader, struct wl_node **head, wl_error *error)
{
    wl_reader_init(reader, payload);
    struct wl_str text = wl_read_bytes(reader, wl_read_u32(reader));
    if (reader->failed) {
        return wl_text_frame_cut(error, "the head");
    }
    return wl_json_parse(arena, text, head, error);
}

uint32_t wl_text_head_whole(const struct wl_node *head, const char *key, uint32_t most)
{
    double number = wl_node_number(head, key, -1.0);

    if (!(number >= 0.0 && number <= (double)most) || number != floor(number)) {
        return most + 1;
    }
    return (uint32_t)number;
}

bool wl_text_head_flag(const struct wl_node *head, const char *key, bool *flag)
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
        return wl_text_frame_cut(error, "the list of labels");
    }
    const char **labels = wl_arena_zeroed(arena, list->n_children, sizeof(*labels));
    if (labels == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu labels", list->n_children);
    }
    for (const struct wl_node *node = list->first; node != NULL; node = node->next) {
        bool has_nul =
            node->text.n_bytes > 0 && memchr(node->text.data, '\0', node->text.n_bytes) != NULL;
        if (node->kind != WL_NODE_STRING || node->text.n_bytes == 0 || has_nul) {
            return wl_text_frame_cut(error, "a label");
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

wl_status wl_text_head_read(const struct wl_node *head, const char *algorithm,
                            struct wl_arena *arena, struct wl_text_about *about, wl_error *error)
{
    const struct wl_node *list = wl_node_get(head, "labels");
    struct wl_str task = wl_node_text(head, "task", "");
    double none = wl_node_number(head, "none", -2.0);
    double threshold = wl_node_number(head, "threshold", -1.0);
    const char **labels = NULL;

    if (!wl_str_is(wl_node_text(head, "algorithm", ""), algorithm) ||
        (!wl_str_is(task, "one") && !wl_str_is(task, "any"))) {
        return wl_text_frame_cut(error, "the algorithm or the task");
    }
    WL_TRY(read_labels(list, arena, &labels, error));
    if (!(threshold >= 0.0 && threshold <= 1.0) || none != floor(none) || !(none >= -1.0) ||
        !(none < (double)list->n_children)) {
        return wl_text_frame_cut(error, "the threshold or the none label");
    }
    *about = (struct wl_text_about){.algorithm = algorithm,
                                    .task = wl_str_is(task, "one") ? WL_TEXT_ONE : WL_TEXT_ANY,
                                    .labels = labels,
                                    .n_labels = list->n_children,
                                    .none = none < 0.0 ? WL_TEXT_NO_LABEL : (uint32_t)none,
                                    .threshold = threshold};
    return WL_OK;
}
