/* One frame, several kinds behind it. */
#include "nn/text_file.h"

#include "base/file.h"
#include "nn/text_bert.h"
#include "text/text_frame.h"
#include "text/text_linear_inside.h"

wl_status wl_text_classifier_decode(const wl_alloc *alloc, struct wl_str bytes,
                                    struct wl_text_classifier **classifier_out, wl_error *error)
{
    struct wl_node *head = NULL;
    struct wl_reader reader;
    struct wl_str payload;
    struct wl_arena arena;
    wl_status status = wl_text_frame_open(bytes, &payload, error);

    if (status != WL_OK) {
        return status;
    }
    wl_arena_init(&arena, alloc, 0);
    WL_GO(wl_text_frame_head(&arena, payload, &reader, &head, error));
    if (wl_str_is(wl_node_text(head, "algorithm", ""), "bert")) {
        WL_GO(wl_text_bert_read(alloc, head, &reader, classifier_out, error));
    } else {
        WL_GO(wl_text_linear_read(alloc, head, &reader, classifier_out, error));
    }
done:
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
