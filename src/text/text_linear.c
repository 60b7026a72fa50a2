/* One text costs its known n-grams times the outputs. The weights of a column lie together, a
 * byte each in units of the column's largest: a model of 150 labels is a quarter the size, a
 * text touches a quarter of the memory, and rounding a weight by at most 1/254 of the largest
 * changed the accuracy of no set tried: see docs/formats/text_model.md. */
#include "text/text_linear.h"

#include "text/text_linear_inside.h"

#include <string.h>

#define LANES ((size_t)16) /* outputs whose sums fit into registers together */

size_t wl_text_outputs(size_t n_labels, enum wl_text_task task)
{
    return task == WL_TEXT_ONE && n_labels == 2 ? 1 : n_labels;
}

/* -- serving -- */

// Margins of LANES outputs from i_output on: they stay in registers over all n-grams of the text.
static void add_lanes(const struct wl_text_linear *linear, const struct wl_text_row *row,
                      size_t i_output, float *margins)
{
    const int8_t *first = linear->weights + i_output;
    float sums[LANES] = {0.0F};

    for (size_t i = 0; i < row->n; i++) {
        const int8_t *weights = first + (size_t)row->columns[i] * linear->stride;
        float value = row->values[i];
        for (size_t k = 0; k < LANES; k++) {
            sums[k] += value * (float)weights[k];
        }
    }
    for (size_t k = 0; k < LANES; k++) {
        margins[i_output + k] = sums[k];
    }
}

// The same for few outputs, without lanes.
static void add_few(const struct wl_text_linear *linear, const struct wl_text_row *row,
                    float *margins)
{
    for (size_t o = 0; o < linear->n_outputs; o++) {
        float sum = 0.0F;
        for (size_t i = 0; i < row->n; i++) {
            size_t column = row->columns[i];
            sum += row->values[i] * (float)linear->weights[column * linear->stride + o];
        }
        margins[o] = sum;
    }
}

// margins has room for a stride.
static void add_margins(const struct wl_text_linear *linear, struct wl_text_row *row,
                        float *margins)
{
    for (size_t i = 0; i < row->n; i++) {
        row->values[i] *= linear->scale[row->columns[i]];
    }
    if (linear->stride < LANES) {
        add_few(linear, row, margins);
    } else {
        for (size_t o = 0; o < linear->stride; o += LANES) {
            add_lanes(linear, row, o, margins);
        }
    }
    for (size_t o = 0; o < linear->n_outputs; o++) {
        margins[o] += (float)linear->bias[o];
    }
}

void wl_linear_scratch_free(struct wl_linear_scratch *scratch)
{
    if (scratch != NULL) {
        wl_normal_release(&scratch->normal);
        wl_ngrams_release(&scratch->ngrams);
        wl_text_row_release(&scratch->row);
        wl_alloc_free(scratch->alloc, scratch->margins);
        wl_alloc_free(scratch->alloc, scratch->shares);
        wl_alloc_free(scratch->alloc, scratch->spoken);
        wl_alloc_free(scratch->alloc, scratch);
    }
}

wl_status wl_linear_scratch_of(struct wl_text_scratch *shared,
                               struct wl_linear_scratch **scratch_out, wl_error *error)
{
    if (shared->linear != NULL) {
        *scratch_out = shared->linear;
        return WL_OK;
    }
    struct wl_linear_scratch *scratch = wl_alloc_zeroed(shared->alloc, 1, sizeof(*scratch));

    if (scratch == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to read texts");
    }
    scratch->alloc = shared->alloc;
    wl_normal_init(&scratch->normal, shared->alloc);
    wl_ngrams_init(&scratch->ngrams, shared->alloc);
    wl_text_row_init(&scratch->row, shared->alloc);
    shared->linear = scratch;
    *scratch_out = scratch;
    return WL_OK;
}

wl_status wl_text_linear_count(const struct wl_text_linear *linear, struct wl_str text,
                               struct wl_linear_scratch *scratch, wl_error *error)
{
    WL_TRY(wl_normal_set(&scratch->normal, text, error));
    WL_TRY(wl_ngrams_begin(&scratch->ngrams, &linear->options, wl_buf_view(&scratch->normal.text),
                           false, error));
    return wl_text_row_count(&scratch->row, &linear->vocabulary, &scratch->ngrams, error);
}

static wl_status classify(const struct wl_text_classifier *classifier, struct wl_str text,
                          struct wl_text_scratch *shared, double *p, wl_error *error)
{
    const struct wl_text_linear *linear = (const struct wl_text_linear *)classifier;
    const struct wl_vocabulary *vocabulary = &linear->vocabulary;
    struct wl_linear_scratch *scratch = NULL;

    WL_TRY(wl_linear_scratch_of(shared, &scratch, error));
    struct wl_text_row *row = &scratch->row;
    WL_TRY(WL_GROW(scratch->alloc, scratch->margins, scratch->margins_capacity, linear->stride,
                   error));
    WL_TRY(wl_text_linear_count(linear, text, scratch, error));
    wl_tfidf_weigh(vocabulary->keys, vocabulary->idf, linear->binary, row->columns, row->n,
                   row->values);
    add_margins(linear, row, scratch->margins);
    const struct wl_text_scale scale = wl_text_linear_scale(linear);
    wl_text_probabilities(&scale, row->n > 0 ? scratch->margins : NULL, p);
    return WL_OK;
}

/* -- life -- */

static void free_linear(struct wl_text_classifier *classifier)
{
    struct wl_text_linear *linear = (struct wl_text_linear *)classifier;
    const wl_alloc *alloc = linear->alloc;

    wl_vocabulary_release(&linear->vocabulary);
    wl_alloc_aligned_free(alloc, linear->weights);
    wl_alloc_free(alloc, linear->scale);
    wl_alloc_free(alloc, linear->bias);
    wl_alloc_free(alloc, linear->slope);
    wl_alloc_free(alloc, linear->intercept);
    wl_arena_release(&linear->arena);
    wl_alloc_free(alloc, linear);
}

const struct wl_text_linear *wl_text_linear_of(const struct wl_text_classifier *classifier)
{
    return classifier->free == free_linear ? (const struct wl_text_linear *)classifier : NULL;
}

static wl_status take_memory(struct wl_text_linear *linear, const char *const *labels,
                             wl_error *error)
{
    size_t n_labels = linear->base.about.n_labels;
    const char **names = wl_arena_zeroed(&linear->arena, n_labels, sizeof(*names));

    linear->bias = wl_alloc_zeroed(linear->alloc, linear->n_outputs, sizeof(*linear->bias));
    linear->slope = wl_alloc_zeroed(linear->alloc, linear->n_outputs, sizeof(*linear->slope));
    linear->intercept =
        wl_alloc_zeroed(linear->alloc, linear->n_outputs, sizeof(*linear->intercept));
    if (names == NULL || linear->bias == NULL || linear->slope == NULL ||
        linear->intercept == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu labels", n_labels);
    }
    for (size_t i = 0; i < n_labels; i++) {
        names[i] = wl_arena_string(&linear->arena, wl_str_from(labels[i]));
        if (names[i] == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for %zu labels", n_labels);
        }
    }
    for (size_t o = 0; o < linear->n_outputs; o++) {
        linear->slope[o] = 1.0;
    }
    linear->base.about.labels = names;
    return WL_OK;
}

wl_status wl_text_linear_new(const wl_alloc *alloc, const char *const *labels, size_t n_labels,
                             enum wl_text_task task, struct wl_text_linear **linear_out,
                             wl_error *error)
{
    struct wl_text_linear *linear = wl_alloc_zeroed(alloc, 1, sizeof(*linear));

    if (linear == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a text classifier");
    }
    linear->base = (struct wl_text_classifier){

        .about = {.algorithm = "linear",
                  .task = task,
                  .n_labels = n_labels,
                  .none = WL_TEXT_NO_LABEL},
        .classify = classify,
        .free = free_linear,
        .encode = wl_text_linear_encode};
    linear->alloc = alloc;
    linear->normaliser = WL_TEXT_NORMALISER;
    linear->n_outputs = wl_text_outputs(n_labels, task);
    linear->stride = linear->n_outputs < LANES ? linear->n_outputs
                                               : (linear->n_outputs + LANES - 1) / LANES * LANES;
    wl_arena_init(&linear->arena, alloc, 0);
    wl_status status = take_memory(linear, labels, error);
    if (status != WL_OK) {
        free_linear(&linear->base);
        return status;
    }
    *linear_out = linear;
    return WL_OK;
}

wl_status wl_text_linear_reserve(struct wl_text_linear *linear, size_t n_columns, wl_error *error)
{
    size_t n_weights = 0;

    if (__builtin_mul_overflow(n_columns + 1, linear->stride, &n_weights)) {
        return wl_fail(error, WL_ELIMIT, "a model of %zu n-grams", n_columns);
    }
    linear->weights = wl_alloc_aligned(linear->alloc, n_weights, sizeof(*linear->weights));
    linear->scale = wl_alloc_zeroed(linear->alloc, n_columns + 1, sizeof(*linear->scale));
    if (linear->weights == NULL || linear->scale == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a model of %zu n-grams", n_columns);
    }
    return WL_OK;
}
