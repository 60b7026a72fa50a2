/* Learning in three steps: count the n-grams of all texts once; for each fold learn from the other
 * folds, with their vocabulary and document frequencies, and keep the margins of the fold's texts;
 * then learn from all. Slopes that make probabilities of margins, and the threshold, come from the
 * margins that were kept: what a model says about texts it has learnt from proves nothing. */
#include "text/text_train.h"

#include "base/limits.h"
#include "math/calibrate.h"
#include "text/dual_descent.h"
#include "text/normalise.h"
#include "text/text_corpus.h"
#include "text/text_folds.h"
#include "text/text_linear_inside.h"
#include "text/text_tell.h"

#include <math.h>
#include <string.h>

#define TOLERANCE  0.05 /* of the gradient: the objective is then within 1e-4 of the best */
#define PASSES_MAX 1000

struct training {
    const wl_alloc *alloc;
    const struct wl_text_set *set;
    const struct wl_text_train_options *options;
    size_t n_threads;
    struct wl_ngram_options ngrams;
    size_t n_outputs;
    struct wl_text_corpus corpus;
    uint32_t *fold;   /* (n) */
    uint8_t *is_in;   /* (n) texts to learn from */
    uint32_t *rows;   /* (n) the same as a list */
    uint32_t *df;     /* (n_columns) */
    float *idf;       /* (n_columns) 0: not in the vocabulary */
    float *weights;   /* (n_columns, n_outputs) */
    double *bias;     /* (n_outputs) */
    float *held;      /* (n, n_outputs) margins by models that have not seen the text */
    uint8_t *is_held; /* (n) 1: there is such a margin; 0: nothing in the text was known */
};

void wl_text_train_options_init(struct wl_text_train_options *options, bool is_chinese)
{
    *options = (struct wl_text_train_options){.words_max = is_chinese ? 0 : 2,
                                              .chars_min = is_chinese ? 1 : 2,
                                              .chars_max = is_chinese ? 4 : 5,
                                              .chars_within_words = !is_chinese,
                                              .words_all = true,
                                              .pair_chars = is_chinese ? 0 : 4,
                                              .pair_window = 32,
                                              .binary = is_chinese,
                                              .label_power = is_chinese ? 0.5 : 0.0,
                                              .min_df = 2,
                                              .c = 1.0,
                                              .folds = 5,
                                              .precision_wanted = 0.9};
}

/* -- what came in -- */

static wl_status check_labels(const struct wl_text_set *set, wl_error *error)
{
    size_t n_used = 0;

    for (size_t l = 0; l < set->n_labels; l++) {
        bool is_used = false;
        for (size_t i = 0; i < set->n && !is_used; i++) {
            is_used = set->task == WL_TEXT_ONE ? set->labels[i] == l
                                               : set->marks[i * set->n_labels + l] != 0;
        }
        n_used += is_used;
    }
    for (size_t i = 0; i < set->n && set->task == WL_TEXT_ONE; i++) {
        if (set->labels[i] >= set->n_labels) {
            return wl_fail(error, WL_EINVAL, "text %zu has label %u of %zu", i, set->labels[i],
                           set->n_labels);
        }
    }
    if (n_used < (set->task == WL_TEXT_ONE ? 2U : 1U)) {
        return wl_fail(error, WL_EGATE, "%zu labels with texts are too few to learn from", n_used);
    }
    return WL_OK;
}

static wl_status check(const struct wl_text_set *set, const struct wl_text_train_options *options,
                       wl_error *error)
{
    if (set->n_labels > WL_TEXT_LABELS_MAX || set->n >= UINT32_MAX) {
        return wl_fail(error, WL_ELIMIT, "%zu texts with %zu labels", set->n, set->n_labels);
    }
    if (!(options->c > 0.0) || !isfinite(options->c) || !(options->label_power >= 0.0) ||
        !(options->label_power <= 4.0) || options->min_df < 1 || options->folds < 0 ||
        options->folds == 1 || options->folds > 1000 || !(options->balance >= 0.0) ||
        !(options->balance <= 1.0)) {
        return wl_fail(
            error, WL_EINVAL, "c %g, balance %g, min_df %lld and %lld folds do not make a model",
            options->c, options->balance, (long long)options->min_df, (long long)options->folds);
    }
    if (set->n < (size_t)options->folds) {
        return wl_fail(error, WL_EGATE, "%zu texts are too few for %lld folds", set->n,
                       (long long)options->folds);
    }
    return check_labels(set, error);
}

// What is out of range becomes a value that wl_ngram_options_check refuses.
static uint32_t size_of(int64_t n, uint32_t most)
{
    return n < 0 || n > (int64_t)most ? most + 1 : (uint32_t)n;
}

static wl_status begin(struct training *training, wl_error *error)
{
    const struct wl_text_train_options *options = training->options;

    training->ngrams =
        (struct wl_ngram_options){.words_max = size_of(options->words_max, WL_NGRAM_MAX),
                                  .chars_min = size_of(options->chars_min, WL_NGRAM_MAX),
                                  .chars_max = size_of(options->chars_max, WL_NGRAM_MAX),
                                  .pair_chars = size_of(options->pair_chars, UINT16_MAX),
                                  .pair_window = size_of(options->pair_window, WL_NGRAM_WINDOW_MAX),
                                  .chars_within_words = options->chars_within_words,
                                  .words_all = options->words_all};
    training->n_outputs = wl_text_outputs(training->set->n_labels, training->set->task);
    WL_TRY(wl_ngram_options_check(&training->ngrams, error));
    return check(training->set, options, error);
}

// All texts normalised, end to end in one buffer.
static wl_status count_corpus(struct training *training, wl_error *error)
{
    const struct wl_text_set *set = training->set;
    struct wl_str *texts = wl_alloc_array(training->alloc, set->n, sizeof(*texts));
    struct wl_normal one;
    struct wl_buf all;
    wl_status status = WL_OK;

    wl_normal_init(&one, training->alloc);
    wl_buf_init(&all, training->alloc, SIZE_MAX / 2);
    if (texts == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for %zu texts", set->n);
        goto done;
    }
    for (size_t i = 0; i < set->n; i++) {
        WL_GO(wl_normal_set(&one, set->texts[i], error));
        texts[i] = (struct wl_str){.n_bytes = one.text.n_bytes};
        wl_buf_str(&all, wl_buf_view(&one.text));
    }
    WL_GO(wl_buf_check(&all, error));
    for (size_t i = 0, at = 0; i < set->n; i++) {
        texts[i].data = all.data != NULL ? all.data + at : "";
        at += texts[i].n_bytes;
    }
    status = wl_text_corpus_init(&training->corpus, training->alloc, &training->ngrams, texts,
                                 set->n, (size_t)training->options->min_df, error);
done:
    wl_alloc_free(training->alloc, texts);
    wl_normal_release(&one);
    wl_buf_release(&all);
    return status;
}

static wl_status take_memory(struct training *training, wl_error *error)
{
    const wl_alloc *alloc = training->alloc;
    size_t n = training->set->n;
    size_t n_columns = training->corpus.counts.n_columns;
    size_t n_outputs = training->n_outputs;

    training->fold = wl_alloc_zeroed(alloc, n, sizeof(*training->fold));
    training->is_in = wl_alloc_zeroed(alloc, n, sizeof(*training->is_in));
    training->rows = wl_alloc_zeroed(alloc, n, sizeof(*training->rows));
    training->df = wl_alloc_zeroed(alloc, n_columns + 1, sizeof(*training->df));
    training->idf = wl_alloc_zeroed(alloc, n_columns + 1, sizeof(*training->idf));
    training->weights =
        wl_alloc_zeroed(alloc, n_columns * n_outputs + 1, sizeof(*training->weights));
    training->bias = wl_alloc_zeroed(alloc, n_outputs, sizeof(*training->bias));
    training->held = wl_alloc_zeroed(alloc, n * n_outputs, sizeof(*training->held));
    training->is_held = wl_alloc_zeroed(alloc, n, sizeof(*training->is_held));
    if (training->fold == NULL || training->is_in == NULL || training->rows == NULL ||
        training->df == NULL || training->idf == NULL || training->weights == NULL ||
        training->bias == NULL || training->held == NULL || training->is_held == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to learn %zu labels from %zu texts", n_outputs,
                       n);
    }
    return WL_OK;
}

static void release(struct training *training)
{
    const wl_alloc *alloc = training->alloc;

    wl_text_corpus_release(&training->corpus);
    wl_alloc_free(alloc, training->fold);
    wl_alloc_free(alloc, training->is_in);
    wl_alloc_free(alloc, training->rows);
    wl_alloc_free(alloc, training->df);
    wl_alloc_free(alloc, training->idf);
    wl_alloc_free(alloc, training->weights);
    wl_alloc_free(alloc, training->bias);
    wl_alloc_free(alloc, training->held);
    wl_alloc_free(alloc, training->is_held);
}

/* -- one model -- */

// Learns from the texts of is_in; x are the rows of all texts with that part's vocabulary.
static wl_status learn(struct training *training, uint64_t seed, struct wl_sparse *x,
                       wl_error *error)
{
    const struct wl_text_set *set = training->set;
    size_t n_rows = 0;

    for (size_t i = 0; i < set->n; i++) {
        training->rows[n_rows] = (uint32_t)i;
        n_rows += training->is_in[i] != 0;
    }
    wl_text_corpus_df(&training->corpus, training->is_in, training->df);
    for (size_t c = 0; c < training->corpus.counts.n_columns; c++) {
        bool is_known = (int64_t)training->df[c] >= training->options->min_df;
        training->idf[c] = is_known ? wl_idf(n_rows, training->df[c]) : 0.0F;
    }
    if (training->options->label_power > 0.0) {
        WL_TRY(wl_text_tell(training->alloc, &training->corpus, set, training->is_in,
                            training->options->label_power, training->idf, error));
    }
    WL_TRY(wl_text_corpus_weigh(&training->corpus, training->idf, training->options->binary, x,
                                error));
    struct wl_dual_problem problem = {.x = x,
                                      .rows = training->rows,
                                      .n_rows = n_rows,
                                      .labels = set->task == WL_TEXT_ONE ? set->labels : NULL,
                                      .marks = set->marks,
                                      .n_labels = set->n_labels,
                                      .c = training->options->c,
                                      .balance = training->options->balance,
                                      .tolerance = TOLERANCE,
                                      .n_passes_max = PASSES_MAX,
                                      .seed = seed};
    wl_status status = wl_dual_train(training->alloc, &problem, training->n_threads,
                                     training->weights, training->bias, error);
    if (status != WL_OK) {
        wl_sparse_release(x);
    }
    return status;
}

static void hold(struct training *training, const struct wl_sparse *x, size_t i)
{
    size_t n_outputs = training->n_outputs;
    float *margins = training->held + i * n_outputs;

    training->is_held[i] = x->begin[i + 1] > x->begin[i];
    for (size_t o = 0; o < n_outputs; o++) {
        margins[o] = (float)training->bias[o];
    }
    for (uint64_t k = x->begin[i]; k < x->begin[i + 1]; k++) {
        const float *weights = training->weights + (size_t)x->columns[k] * n_outputs;
        for (size_t o = 0; o < n_outputs; o++) {
            margins[o] += x->values[k] * weights[o];
        }
    }
}

static wl_status learn_folds(struct training *training, const struct wl_sink *sink, wl_error *error)
{
    const struct wl_text_set *set = training->set;
    size_t n_folds = (size_t)training->options->folds;

    WL_TRY(wl_text_folds(training->alloc, set, n_folds, training->options->seed, training->fold,
                         error));
    for (size_t f = 0; f < n_folds; f++) {
        struct wl_sparse x;
        wl_progress(sink, "text train", (double)f / (double)(n_folds + 1));
        for (size_t i = 0; i < set->n; i++) {
            training->is_in[i] = training->fold[i] != f;
        }
        WL_TRY(learn(training, training->options->seed + 1 + f, &x, error));
        for (size_t i = 0; i < set->n; i++) {
            if (training->is_in[i] == 0) {
                hold(training, &x, i);
            }
        }
        wl_sparse_release(&x);
    }
    wl_progress(sink, "text train", (double)n_folds / (double)(n_folds + 1));
    return WL_OK;
}

/* -- the classifier -- */

#define WEIGHT_MOST 127.0F /* of a signed byte, the same on both sides */

static void round_weights(const float *weights, size_t n, int8_t *rounded, float *scale)
{
    float most = 0.0F;

    for (size_t o = 0; o < n; o++) {
        most = fmaxf(most, fabsf(weights[o]));
    }
    *scale = most / WEIGHT_MOST;
    for (size_t o = 0; o < n; o++) {
        rounded[o] = *scale > 0.0F ? (int8_t)lrintf(weights[o] / *scale) : 0;
    }
}

// Columns of the corpus that made it into the vocabulary, with keys, idf and weights.
static wl_status fill(const struct training *training, struct wl_text_linear *linear,
                      wl_error *error)
{
    const wl_alloc *alloc = training->alloc;
    size_t n_columns = training->corpus.counts.n_columns; // all of them: min_df held for all texts
    size_t n_outputs = training->n_outputs;
    uint64_t *keys = wl_alloc_array(alloc, n_columns + 1, sizeof(*keys));
    float *idf = wl_alloc_array(alloc, n_columns + 1, sizeof(*idf));
    wl_status status = WL_OK;

    if (keys == NULL || idf == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for a model of %zu n-grams", n_columns);
        goto done;
    }
    WL_GO(wl_text_linear_reserve(linear, n_columns, error));
    memcpy(keys, training->corpus.keys, n_columns * sizeof(*keys));
    memcpy(idf, training->idf, n_columns * sizeof(*idf));
    for (size_t c = 0; c < n_columns; c++) {
        round_weights(training->weights + c * n_outputs, n_outputs,
                      linear->weights + c * linear->stride, &linear->scale[c]);
    }
    memcpy(linear->bias, training->bias, n_outputs * sizeof(*linear->bias));
    WL_GO(wl_vocabulary_init(&linear->vocabulary, alloc, keys, idf, n_columns, error));
    keys = NULL; // the vocabulary's now
    idf = NULL;
done:
    wl_alloc_free(alloc, keys);
    wl_alloc_free(alloc, idf);
    return status;
}

static void put_held(const struct training *training, const struct wl_text_linear *linear,
                     double *held_p)
{
    const struct wl_text_set *set = training->set;
    const struct wl_text_scale scale = wl_text_linear_scale(linear);

    for (size_t i = 0; i < set->n; i++) {
        const float *margins =
            training->is_held[i] != 0 ? training->held + i * training->n_outputs : NULL;
        wl_text_probabilities(&scale, margins, held_p + i * set->n_labels);
    }
}

static wl_status settle(struct training *training, struct wl_text_linear *linear,
                        const struct wl_sink *sink, double *held_p, wl_error *error)
{
    const struct wl_text_set *set = training->set;
    const struct wl_text_scale scale = wl_text_linear_scale(linear);
    struct wl_text_held held = {
        .set = set, .margins = training->held, .is_held = training->is_held};

    for (size_t l = 0; l < set->n_labels && training->options->none != NULL; l++) {
        if (strcmp(set->names[l], training->options->none) == 0) {
            linear->base.about.none = (uint32_t)l;
        }
    }
    if (training->options->none != NULL && linear->base.about.none == WL_TEXT_NO_LABEL) {
        return wl_fail(error, WL_EINVAL, "there is no label \"%s\"", training->options->none);
    }
    linear->options = training->ngrams;
    linear->binary = training->options->binary;
    if (training->options->folds == 0) {
        return WL_OK; // slopes of 1, threshold 0
    }
    WL_TRY(wl_text_calibrate(training->alloc, &held, &scale, error));
    double *p = held_p;
    wl_status status = WL_OK;
    if (p == NULL) {
        p = wl_alloc_array(training->alloc, set->n * set->n_labels, sizeof(*p));
        if (p == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for probabilities of %zu texts", set->n);
        }
    }
    put_held(training, linear, p);
    status = wl_text_threshold(training->alloc, set, p, training->options->precision_wanted,
                               &linear->base.about.threshold, error);
    if (status == WL_OK && linear->base.about.threshold >= 1.0) {
        wl_notice(sink, "no threshold reaches the precision %g on held-out texts",
                  training->options->precision_wanted);
    }
    if (held_p == NULL) {
        wl_alloc_free(training->alloc, p);
    }
    return status;
}

wl_status wl_text_train(const wl_alloc *alloc, const struct wl_text_set *set,
                        const struct wl_text_train_options *options, size_t n_threads,
                        const struct wl_sink *sink, double *held_p,
                        struct wl_text_classifier **classifier_out, wl_error *error)
{
    struct training training = {
        .alloc = alloc, .set = set, .options = options, .n_threads = n_threads};
    struct wl_text_linear *linear = NULL;
    struct wl_sparse x = {0};
    wl_status status = WL_OK;

    WL_ASSERT(options->folds > 0 || held_p == NULL);
    WL_GO(begin(&training, error));
    WL_GO(count_corpus(&training, error));
    WL_GO(take_memory(&training, error));
    if (options->folds > 0) {
        WL_GO(learn_folds(&training, sink, error));
    }
    memset(training.is_in, 1, set->n);
    WL_GO(learn(&training, options->seed, &x, error));
    wl_sparse_release(&x);
    WL_GO(wl_text_linear_new(alloc, set->names, set->n_labels, set->task, &linear, error));
    WL_GO(fill(&training, linear, error));
    WL_GO(settle(&training, linear, sink, held_p, error));
    wl_progress(sink, "text train", 1.0);
    *classifier_out = &linear->base;
    linear = NULL;
done:
    wl_text_classifier_free(linear != NULL ? &linear->base : NULL);
    release(&training);
    return status;
}
