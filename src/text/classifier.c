/* The part that all text classifiers share: dispatch, working memory, the best two labels. */
#include "text/classifier_inside.h"

#include "base/file.h"
#include "base/limits.h"
#include "base/thread.h"

#include <string.h>

#define PIECE_TEXTS 64 // about a millisecond of work

const struct wl_text_about *wl_text_classifier_about(const struct wl_text_classifier *classifier)
{
    return &classifier->about;
}

void wl_text_classifier_free(struct wl_text_classifier *classifier)
{
    if (classifier != NULL) {
        classifier->free(classifier);
    }
}

uint32_t wl_text_classifier_label(const struct wl_text_classifier *classifier, struct wl_str label)
{
    for (size_t i = 0; i < classifier->about.n_labels; i++) {
        if (wl_str_is(label, classifier->about.labels[i])) {
            return (uint32_t)i;
        }
    }
    return WL_TEXT_NO_LABEL;
}

wl_status wl_text_scratch_new(const wl_alloc *alloc, struct wl_text_scratch **scratch_out,
                              wl_error *error)
{
    struct wl_text_scratch *scratch = wl_alloc_zeroed(alloc, 1, sizeof(*scratch));

    if (scratch == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to read texts");
    }
    scratch->alloc = alloc;
    wl_normal_init(&scratch->normal, alloc);
    *scratch_out = scratch;
    return WL_OK;
}

void wl_text_scratch_free(struct wl_text_scratch *scratch)
{
    if (scratch == NULL) {
        return;
    }
    wl_normal_release(&scratch->normal);
    for (size_t i = 0; i < WL_SCRATCH_SLOTS; i++) {
        wl_alloc_free(scratch->alloc, scratch->blocks[i]);
    }
    wl_linear_scratch_free(scratch->linear);
    while (scratch->guests != NULL) {
        struct wl_scratch_guest *guest = scratch->guests;
        scratch->guests = guest->next;
        guest->free(guest);
    }
    wl_alloc_free(scratch->alloc, scratch);
}

wl_status wl_scratch_room(struct wl_text_scratch *scratch, enum wl_scratch_slot slot,
                          size_t n_items, size_t item_bytes, void **block_out, wl_error *error)
{
    size_t wanted = 0;
    size_t *bytes = &scratch->bytes[slot];

    if (__builtin_mul_overflow(n_items, item_bytes, &wanted)) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu parts of a text", n_items);
    }
    if (wanted > *bytes || *bytes == 0) {
        size_t before = *bytes;
        void *block = scratch->blocks[slot];
        WL_TRY(wl_alloc_grow(scratch->alloc, &block, bytes, wanted > 0 ? wanted : 1, 1, error));
        memset((char *)block + before, 0, *bytes - before);
        scratch->blocks[slot] = block;
    }
    *block_out = scratch->blocks[slot];
    return WL_OK;
}

wl_status wl_text_classify(const struct wl_text_classifier *classifier, struct wl_str text,
                           struct wl_text_scratch *scratch, double *p, wl_error *error)
{
    if (text.n_bytes > WL_LINE_BYTES_MAX) {
        return wl_fail(error, WL_ELIMIT, "text of %zu bytes, at most %zu are read", text.n_bytes,
                       WL_LINE_BYTES_MAX);
    }
    return classifier->classify(classifier, text, scratch, p, error);
}

wl_status wl_text_classifier_encode(const struct wl_text_classifier *classifier, struct wl_buf *buf,
                                    wl_error *error)
{
    return classifier->encode != NULL
               ? classifier->encode(classifier, buf, error)
               : wl_fail(error, WL_EINVAL, "a classifier of kind %s has no model file",
                         classifier->about.algorithm);
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

struct classify_all {
    const struct wl_text_classifier *classifier;
    const struct wl_str *texts;
    double *p;
    size_t n_labels;
    struct wl_text_scratch *scratch[WL_THREADS_MAX];
};

static wl_status classify_piece(void *context, size_t begin, size_t end, size_t i_worker,
                                wl_error *error)
{
    struct classify_all *all = context;

    for (size_t i = begin; i < end; i++) {
        WL_TRY(wl_text_classify(all->classifier, all->texts[i], all->scratch[i_worker],
                                all->p + i * all->n_labels, error));
    }
    return WL_OK;
}

wl_status wl_text_classify_all(const struct wl_text_classifier *classifier, const wl_alloc *alloc,
                               const struct wl_str *texts, size_t n, size_t n_threads, double *p,
                               wl_error *error)
{
    struct classify_all all = {.classifier = classifier,
                               .texts = texts,
                               .p = p,
                               .n_labels = wl_text_classifier_about(classifier)->n_labels};
    wl_status status = WL_OK;

    if (classifier->classify_all != NULL) {
        return classifier->classify_all(classifier, alloc, texts, n, n_threads, p, error);
    }
    for (size_t i = 0; i < n_threads && status == WL_OK; i++) {
        status = wl_text_scratch_new(alloc, &all.scratch[i], error);
    }
    if (status == WL_OK) {
        status = wl_parallel_for(n_threads, n, PIECE_TEXTS, classify_piece, &all, error);
    }
    for (size_t i = 0; i < n_threads; i++) {
        wl_text_scratch_free(all.scratch[i]);
    }
    return status;
}

struct wl_text_answer wl_text_answer_of(const struct wl_text_classifier *classifier,
                                        const double *p)
{
    struct wl_text_answer answer = {.label = WL_TEXT_NO_LABEL, .second = WL_TEXT_NO_LABEL};

    for (size_t i = 0; i < classifier->about.n_labels; i++) {
        if (answer.label == WL_TEXT_NO_LABEL || p[i] > answer.p) {
            answer.second = answer.label;
            answer.p_second = answer.p;
            answer.label = (uint32_t)i;
            answer.p = p[i];
        } else if (answer.second == WL_TEXT_NO_LABEL || p[i] > answer.p_second) {
            answer.second = (uint32_t)i;
            answer.p_second = p[i];
        }
    }
    // A text without anything known has 0 everywhere, or the same for every label.
    bool is_even = classifier->about.task == WL_TEXT_ONE && classifier->about.n_labels > 1 &&
                   answer.p <= 1.0 / (double)classifier->about.n_labels;
    answer.abstains = answer.label == WL_TEXT_NO_LABEL || answer.p <= 0.0 || is_even ||
                      answer.p < classifier->about.threshold;
    return answer;
}
