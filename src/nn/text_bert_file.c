/* The BERT kind of text.wlt: behind the head lie slopes and intercepts, then the files of the
 * Hugging Face folder, each with its length. Reading them is bert_folder's work, with every offset
 * checked. docs/formats/text_model.md has the layout. */
#include "base/json_write.h"
#include "nn/text_bert_inside.h"
#include "text/text_frame.h"

#include <string.h>

#define NUMBER_MOST 1e6 /* slopes and intercepts: fitted ones are below 1000 */

/* -- writing -- */

// A length in front of what put writes.
static wl_status put_part(struct wl_buf *buf, const struct wl_text_bert *bert,
                          wl_status (*put)(const struct wl_text_bert *bert, struct wl_buf *buf,
                                           wl_error *error),
                          wl_error *error)
{
    size_t begin = buf->n_bytes;

    wl_put_u64(buf, 0);
    WL_TRY(put(bert, buf, error));
    WL_TRY(wl_buf_check(buf, error));
    uint64_t n_bytes = buf->n_bytes - begin - 8;
    for (size_t i = 0; i < 8; i++) {
        buf->data[begin + i] = (char)(n_bytes >> (8 * i));
    }
    return WL_OK;
}

static wl_status put_config(const struct wl_text_bert *bert, struct wl_buf *buf, wl_error *error)
{
    return wl_bert_folder_put_config(bert->folder, WL_SAFETENSOR_BF16, buf, error);
}

static wl_status put_vocabulary(const struct wl_text_bert *bert, struct wl_buf *buf,
                                wl_error *error)
{
    return wl_hf_wordpiece_put_vocabulary(&bert->folder->tokenizer, buf, error);
}

static wl_status put_settings(const struct wl_text_bert *bert, struct wl_buf *buf, wl_error *error)
{
    return wl_hf_wordpiece_put_settings(&bert->folder->tokenizer,
                                        bert->folder->bert->config.n_positions, buf, error);
}

static wl_status put_weights(const struct wl_text_bert *bert, struct wl_buf *buf, wl_error *error)
{
    return wl_bert_folder_put_weights(bert->folder, WL_SAFETENSOR_BF16, buf, error);
}

static wl_status put_head(const struct wl_text_bert *bert, struct wl_buf *buf, wl_error *error)
{
    struct wl_buf text;
    struct wl_json_writer json;

    wl_buf_init(&text, buf->alloc, 0);
    json = wl_json_begin(&text);
    wl_json_open(&json, '{');
    wl_text_head_put(&json, &bert->base.about);
    wl_json_key(&json, "max_length");
    wl_json_i64(&json, (int64_t)bert->max_length);
    wl_json_close(&json, '}');
    wl_put_u32(buf, (uint32_t)text.n_bytes);
    wl_buf_str(buf, wl_buf_view(&text));
    wl_status status = wl_buf_check(&text, error);
    wl_buf_release(&text);
    return status;
}

wl_status wl_text_bert_encode(const struct wl_text_classifier *classifier, struct wl_buf *buf,
                              wl_error *error)
{
    const struct wl_text_bert *bert = (const struct wl_text_bert *)classifier;
    size_t begin = wl_text_frame_begin(buf);

    WL_TRY(put_head(bert, buf, error));
    for (size_t i = 0; i < bert->base.about.n_labels; i++) {
        wl_put_f64(buf, bert->slope[i]);
        wl_put_f64(buf, bert->intercept[i]);
    }
    WL_TRY(put_part(buf, bert, put_config, error));
    WL_TRY(put_part(buf, bert, put_vocabulary, error));
    WL_TRY(put_part(buf, bert, put_settings, error));
    WL_TRY(put_part(buf, bert, put_weights, error));
    wl_text_frame_end(buf, begin);
    return wl_buf_check(buf, error);
}

/* -- reading -- */

static struct wl_str read_part(struct wl_reader *reader)
{
    uint64_t n_bytes = wl_read_u64(reader);

    if (n_bytes > wl_reader_left(reader)) {
        reader->failed = true;
        return (struct wl_str){.data = ""};
    }
    return wl_read_bytes(reader, (size_t)n_bytes);
}

static wl_status read_scales(struct wl_reader *reader, struct wl_text_bert *bert, wl_error *error)
{
    for (size_t i = 0; i < bert->base.about.n_labels; i++) {
        double slope = wl_read_f64(reader);
        double intercept = wl_read_f64(reader);
        if (!(slope > 0.0 && slope <= NUMBER_MOST) ||
            !(intercept >= -NUMBER_MOST && intercept <= NUMBER_MOST)) {
            return wl_text_frame_cut(error, "a slope");
        }
        bert->slope[i] = slope;
        bert->intercept[i] = intercept;
    }
    return WL_OK;
}

static wl_status read_folder(const wl_alloc *alloc, struct wl_reader *reader,
                             const struct wl_text_about *about, struct wl_bert_folder **folder,
                             wl_error *error)
{
    struct wl_bert_folder_options options = wl_bert_folder_options_default();
    struct wl_bert_files files = {.config = read_part(reader)};

    files.tokenizer.vocabulary = read_part(reader);
    files.tokenizer.tokenizer_config = read_part(reader);
    files.weights = read_part(reader);
    if (reader->failed || wl_reader_left(reader) > 0) {
        return wl_text_frame_cut(error, "a part of the network");
    }
    options.n_labels = about->n_labels;
    options.is_multi_label = about->task == WL_TEXT_ANY;
    WL_TRY(wl_bert_folder_read(alloc, "text model", &files, &options, folder, error));
    if ((*folder)->is_head_new || (*folder)->is_pooler_new) {
        wl_bert_folder_free(*folder);
        *folder = NULL;
        return wl_text_frame_cut(error, "the network's head");
    }
    return WL_OK;
}

wl_status wl_text_bert_read(const wl_alloc *alloc, const struct wl_node *head,
                            struct wl_reader *reader, struct wl_text_classifier **classifier_out,
                            wl_error *error)
{
    struct wl_text_classifier *made = NULL;
    struct wl_bert_folder *folder = NULL;
    struct wl_text_about about;
    struct wl_reader scales;
    struct wl_arena arena;
    wl_status status = WL_OK;

    wl_arena_init(&arena, alloc, 0);
    WL_GO(wl_text_head_read(head, "bert", &arena, &about, error));
    scales = *reader;
    (void)wl_read_bytes(reader, 16 * about.n_labels);
    WL_GO(read_folder(alloc, reader, &about, &folder, error));
    uint32_t max_length =
        wl_text_head_whole(head, "max_length", (uint32_t)folder->bert->config.n_positions);
    status = wl_text_bert_new(alloc, folder, &about, max_length, &made, error);
    if (status == WL_EINVAL) {
        status = wl_text_frame_cut(error, "the length of texts");
    }
    WL_GO(status);
    WL_GO(read_scales(&scales, (struct wl_text_bert *)made, error));
    *classifier_out = made;
    made = NULL;
done:
    wl_text_classifier_free(made);
    wl_arena_release(&arena);
    return status;
}
