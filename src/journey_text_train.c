/* The order of things, so that no test text is ever looked at before the end: divide, leave out
 * copies, choose parameters by cross-validation inside the training part, learn on it, then judge.
 * Parameters are chosen one after the other (C, then n-grams) from defaults that are good on the
 * public sets of docs/realdata.md; all combinations would cost ten times as much. */
#include "journey_text_train.h"

#include "base/language.h"
#include "model/text_model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define GRID_TEXTS_MAX 12000 // texts the parameters are chosen on: beyond it the choice is stable
#define GRID_FOLDS     3
#define LANGUAGE_TEXTS 1000 // looked at to tell the language

struct run {
    const struct wl_text_plan *plan;
    struct wl_text_trained *trained;
    struct wl_text_data *data;
    uint8_t *is_test;  // (n)
    uint32_t *fold;    // (n)
    uint32_t *train;   // (n) rows of the part at hand
    uint32_t *test;    // (n)
    uint32_t *judged;  // (n) rows that have been judged, in the order of p
    uint32_t *scratch; // (n)
    double *p;         // (n judged, n_labels)
    uint8_t *marks;    // (baselines, n judged, n_labels)
    size_t n_train;
    size_t n_test;
    size_t n_judged_max;
    size_t n_judged;
    size_t n_parts; // parts that were judged: 1, or the folds
    double threshold;
    double oos_threshold;
    struct wl_text_train_options options;
    uint32_t none;
};

static wl_status fail_memory(wl_error *error)
{
    return wl_fail(error, WL_ENOMEM, "no memory to learn from texts");
}

/* ---- reading and dividing ---- */

static wl_status read_files(const struct wl_text_plan *plan, struct wl_text_data *data,
                            wl_error *error)
{
    for (size_t i = 0; i < plan->n_files; i++) {
        WL_TRY(wl_text_data_read(data, plan->files[i], &plan->source, false, plan->sink, error));
    }
    if (plan->test_file != NULL) {
        WL_TRY(wl_text_data_read(data, plan->test_file, &plan->source, true, plan->sink, error));
    }
    return wl_text_data_settle(data, error);
}

// What most of the first texts are written in.
static bool is_chinese(const struct wl_text_data *data)
{
    size_t n_texts = data->n < LANGUAGE_TEXTS ? data->n : LANGUAGE_TEXTS;
    size_t n_chinese = 0;

    for (size_t i = 0; i < n_texts; i++) {
        n_chinese += wl_letters_language(wl_letters_count(data->texts[i])) == WL_TEXT_ZH;
    }
    return 2 * n_chinese > n_texts;
}

static wl_status find_none(struct run *run, wl_error *error)
{
    run->none = WL_TEXT_NO_LABEL;
    if (run->plan->none == NULL) {
        return WL_OK;
    }
    for (uint32_t c = 0; c < run->data->n_labels; c++) {
        if (strcmp(run->data->names[c], run->plan->none) == 0) {
            run->none = c;
            return WL_OK;
        }
    }
    return wl_fail(error, WL_EINVAL, "--none: no text has the label \"%s\"", run->plan->none);
}

static size_t count_test(const uint8_t *is_test, size_t n)
{
    size_t n_test = 0;

    for (size_t i = 0; i < n; i++) {
        n_test += is_test[i];
    }
    return n_test;
}

static wl_status divide(struct run *run, wl_error *error)
{
    const struct wl_text_plan *plan = run->plan;
    const struct wl_text_data *data = run->data;

    for (size_t i = 0; i < data->n; i++) {
        run->scratch[i] = (uint32_t)i;
    }
    if (plan->folds > 0) {
        run->n_judged_max = data->n;
        return wl_text_split_folds(data, run->scratch, data->n, plan->folds, plan->seed, run->fold,
                                   error);
    }
    if (plan->test_file != NULL) {
        memcpy(run->is_test, data->is_test, data->n);
    } else {
        WL_TRY(wl_text_split_holdout(data, run->scratch, data->n, plan->holdout, plan->seed,
                                     run->is_test, error));
    }
    run->n_judged_max = count_test(run->is_test, data->n);
    if (run->n_judged_max == 0 || run->n_judged_max == data->n) {
        return wl_fail(error, WL_EREJECTS, "%s",
                       run->n_judged_max == 0 ? "the test file has no usable text"
                                              : "the files to learn from have no usable text");
    }
    return WL_OK;
}

// Training and test rows of the part at hand, without copies across, proved before use.
static wl_status set_part(struct run *run, wl_error *error)
{
    size_t n_left_out = 0;

    WL_TRY(wl_text_split_untie(run->data, run->is_test, run->train, &run->n_train, run->test,
                               &run->n_test, &n_left_out, error));
    run->trained->evaluation.n_copies += n_left_out;
    if (run->n_train == 0) {
        return wl_fail(error, WL_EGATE, "every training text occurs in the test too");
    }
    return wl_text_split_check(run->data, run->train, run->n_train, run->test, run->n_test, error);
}

/* ---- one fit ---- */

static wl_status fit(const struct run *run, const uint32_t *rows, size_t n_rows,
                     const struct wl_text_train_options *options, double *held_p,
                     struct wl_text_classifier **classifier, wl_error *error)
{
    struct wl_arena arena;
    struct wl_text_set set;
    size_t n_units = 0;

    wl_arena_init(&arena, run->plan->alloc, (size_t)1 << 20);
    wl_status status = wl_text_data_set(run->data, rows, n_rows, wl_text_units(run->data, &n_units),
                                        &arena, &set, error);
    if (status == WL_OK) {
        status = wl_text_train(run->plan->alloc, &set, options, run->plan->n_threads, NULL, held_p,
                               classifier, error);
    }
    wl_arena_release(&arena);
    return status;
}

static wl_status predict(const struct run *run, const struct wl_text_classifier *classifier,
                         const uint32_t *rows, size_t n_rows, double *p, wl_error *error)
{
    struct wl_str *texts = wl_alloc_array(run->plan->alloc, n_rows + 1, sizeof(*texts));

    if (texts == NULL) {
        return fail_memory(error);
    }
    for (size_t i = 0; i < n_rows; i++) {
        texts[i] = run->data->texts[rows[i]];
    }
    wl_status status = wl_text_classify_all(classifier, run->plan->alloc, texts, n_rows,
                                            run->plan->n_threads, p, error);
    wl_alloc_free(run->plan->alloc, texts);
    return status;
}

/* ---- parameters ---- */

// The figure of the goal, over texts held out inside rows.
static wl_status try_options(const struct run *run, const uint32_t *rows, size_t n_rows,
                             const struct wl_text_train_options *options, double *goodness,
                             wl_error *error)
{
    struct wl_text_classifier *classifier = NULL;
    double *p = wl_alloc_array(run->plan->alloc, n_rows, run->data->n_labels * sizeof(*p));
    double accuracy = 0.0;
    double macro_f1 = 0.0;
    wl_status status = WL_OK;

    if (p == NULL) {
        return fail_memory(error);
    }
    WL_GO(fit(run, rows, n_rows, options, p, &classifier, error));
    WL_GO(wl_text_figures(run->data, rows, n_rows, p, &accuracy, &macro_f1, error));
    *goodness = run->plan->goal == WL_TEXT_FOR_MACRO_F1 ? macro_f1 : accuracy;
done:
    wl_text_classifier_free(classifier);
    wl_alloc_free(run->plan->alloc, p);
    return status;
}

static void write_parameters(const struct wl_text_train_options *options,
                             char text[WL_TEXT_PARAMETERS_BYTES])
{
    (void)snprintf(text, WL_TEXT_PARAMETERS_BYTES,
                   "c=%.4g,words=%lld,all=%d,chars=%lld-%lld,within=%d,pairs=%lld-%lld,binary=%d,"
                   "power=%.4g,min=%lld,balance=%.4g",
                   options->c, (long long)options->words_max, options->words_all,
                   (long long)options->chars_min, (long long)options->chars_max,
                   options->chars_within_words, (long long)options->pair_chars,
                   (long long)options->pair_window, options->binary, options->label_power,
                   (long long)options->min_df, options->balance);
}

struct search {
    const uint32_t *rows;
    size_t n_rows;
    struct wl_text_train_options best;
    double best_goodness;
    size_t n_tried;
};

#define GRID_STEPS 6 // at most, for the progress line

static wl_status try_candidate(const struct run *run, struct search *search,
                               struct wl_text_train_options candidate, bool *is_better,
                               wl_error *error)
{
    double goodness = 0.0;
    char text[WL_TEXT_PARAMETERS_BYTES];

    wl_progress(run->plan->sink, "parameters", (double)search->n_tried / GRID_STEPS);
    search->n_tried++;
    WL_TRY(try_options(run, search->rows, search->n_rows, &candidate, &goodness, error));
    write_parameters(&candidate, text);
    wl_notice(run->plan->sink, "settings %zu of %d: %.4f on texts held out, with %s",
              search->n_tried, GRID_STEPS, goodness, text);
    // A tie keeps what was there: the simpler default.
    *is_better = search->n_tried == 1 || goodness > search->best_goodness;
    if (*is_better) {
        search->best = candidate;
        search->best_goodness = goodness;
    }
    return WL_OK;
}

// From the defaults: C down or else up; half the balance, where there is one; shorter n-grams; more
// or less weight for telling n-grams.
static wl_status search_options(const struct run *run, struct search *search, wl_error *error)
{
    struct wl_text_train_options start = search->best;
    struct wl_text_train_options candidate = start;
    // Balance multiplies the C of rare labels, so the best C lies further below the default.
    double step = start.balance > 0.0 ? 0.25 : 0.5;
    bool is_better = false;

    WL_TRY(try_candidate(run, search, start, &is_better, error));
    candidate.c = step * start.c;
    WL_TRY(try_candidate(run, search, candidate, &is_better, error));
    candidate.c = is_better ? step * step * start.c : start.c / step;
    WL_TRY(try_candidate(run, search, candidate, &is_better, error));
    if (start.balance > 0.0) {
        candidate = search->best;
        candidate.balance = 0.5 * start.balance;
        WL_TRY(try_candidate(run, search, candidate, &is_better, error));
    }
    candidate = search->best;
    candidate.chars_max--;
    WL_TRY(try_candidate(run, search, candidate, &is_better, error));
    candidate = search->best;
    candidate.label_power = start.label_power > 0.0 ? 0.0 : 0.5;
    return try_candidate(run, search, candidate, &is_better, error);
}

// "2-5" or "5".
static bool read_range(struct wl_str text, int64_t *low, int64_t *high)
{
    struct wl_str first = wl_str_cut(&text, '-');

    if (!wl_str_to_i64(first, low) || *low < 0) {
        return false;
    }
    *high = *low;
    return text.data == NULL || (wl_str_to_i64(text, high) && *high >= *low);
}

static bool read_switch(struct wl_str text, bool *value)
{
    *value = wl_str_is(text, "1");
    return *value || wl_str_is(text, "0");
}

static bool read_parameter(struct wl_str key, struct wl_str value,
                           struct wl_text_train_options *options)
{
    int64_t low = 0;

    if (wl_str_is(key, "c")) {
        return wl_str_to_double(value, &options->c) && options->c > 0.0;
    }
    if (wl_str_is(key, "words")) {
        return read_range(value, &low, &options->words_max);
    }
    if (wl_str_is(key, "chars")) {
        return read_range(value, &options->chars_min, &options->chars_max);
    }
    if (wl_str_is(key, "within")) {
        return read_switch(value, &options->chars_within_words);
    }
    if (wl_str_is(key, "all")) {
        return read_switch(value, &options->words_all);
    }
    if (wl_str_is(key, "binary")) {
        return read_switch(value, &options->binary);
    }
    if (wl_str_is(key, "pairs")) {
        return read_range(value, &options->pair_chars, &options->pair_window);
    }
    if (wl_str_is(key, "power")) {
        return wl_str_to_double(value, &options->label_power) && options->label_power >= 0.0;
    }
    if (wl_str_is(key, "balance")) {
        return wl_str_to_double(value, &options->balance) && options->balance >= 0.0 &&
               options->balance <= 1.0;
    }
    return wl_str_is(key, "min") && wl_str_to_i64(value, &options->min_df) && options->min_df > 0;
}

static wl_status read_parameters(struct wl_str text, struct wl_text_train_options *options,
                                 wl_error *error)
{
    while (text.n_bytes > 0) {
        struct wl_str value = wl_str_cut(&text, ',');
        struct wl_str key = wl_str_trim(wl_str_cut(&value, '='));
        if (!read_parameter(key, wl_str_trim(value), options)) {
            return wl_fail(error, WL_EINVAL,
                           "parameter \"%.*s\" is not one of c, words, chars, within, all, "
                           "pairs, binary, power, min and balance with a value that fits",
                           WL_STR_ARG(key));
        }
    }
    return WL_OK;
}

static wl_status choose_options(struct run *run, wl_error *error)
{
    const struct wl_text_plan *plan = run->plan;
    bool is_zh = plan->language == 0 ? is_chinese(run->data) : plan->language == 1;
    struct search search = {.rows = run->scratch};

    wl_text_train_options_init(&run->options, is_zh);
    run->options.balance = plan->goal == WL_TEXT_FOR_MACRO_F1 ? 1.0 : 0.0;
    run->options.none = plan->none;
    run->options.precision_wanted = plan->precision;
    run->options.seed = plan->seed;
    if (plan->parameters != NULL) {
        return read_parameters(wl_str_from(plan->parameters), &run->options, error);
    }
    if (plan->is_quick) {
        return WL_OK;
    }
    search.best = run->options;
    search.best.folds = GRID_FOLDS;
    double share =
        run->n_train > GRID_TEXTS_MAX ? (double)GRID_TEXTS_MAX / (double)run->n_train : 1.0;
    WL_TRY(wl_text_split_part(run->data, run->train, run->n_train, share, plan->seed, run->scratch,
                              &search.n_rows, error));
    WL_TRY(search_options(run, &search, error));
    search.best.folds = run->options.folds;
    run->options = search.best;
    return WL_OK;
}

/* ---- one part: learn and predict ---- */

static const enum wl_text_baseline baseline_ids[] = {WL_TEXT_MAJORITY, WL_TEXT_KEYWORDS,
                                                     WL_TEXT_NAIVE_BAYES, WL_TEXT_LINEAR};

// The linear classifier is a baseline beside a network.
static size_t count_baselines(const struct run *run)
{
    return run->plan->bert != NULL ? WL_TEXT_BASELINES : WL_TEXT_BASELINES - 1;
}

// What the linear classifier says: its label, or those more likely than not.
static void say_labels(const struct run *run, const struct wl_text_classifier *classifier,
                       const double *p, uint8_t *marks)
{
    size_t n_labels = run->data->n_labels;

    for (size_t i = 0; i < run->n_test; i++) {
        const double *of_text = p + i * n_labels;
        if (run->data->task == WL_TEXT_ONE) {
            marks[i * n_labels + wl_text_answer_of(classifier, of_text).label] = 1;
        }
        for (size_t l = 0; l < n_labels && run->data->task == WL_TEXT_ANY; l++) {
            marks[i * n_labels + l] = of_text[l] >= 0.5;
        }
    }
}

static wl_status run_linear(struct run *run, uint8_t *marks, wl_error *error)
{
    struct wl_text_classifier *classifier = NULL;
    double *p = wl_alloc_array(run->plan->alloc, run->n_test, run->data->n_labels * sizeof(*p));
    wl_status status = WL_OK;

    if (p == NULL) {
        return fail_memory(error);
    }
    WL_GO(fit(run, run->train, run->n_train, &run->options, NULL, &classifier, error));
    WL_GO(predict(run, classifier, run->test, run->n_test, p, error));
    say_labels(run, classifier, p, marks);
done:
    wl_text_classifier_free(classifier);
    wl_alloc_free(run->plan->alloc, p);
    return status;
}

static wl_status run_baselines(struct run *run, wl_error *error)
{
    size_t n_labels = run->data->n_labels;
    size_t n_baselines = count_baselines(run);

    for (size_t b = 0; b < n_baselines; b++) {
        wl_progress(run->plan->sink, "baselines", (double)b / (double)n_baselines);
        uint8_t *marks = run->marks + (b * run->n_judged_max + run->n_judged) * n_labels;
        WL_TRY(baseline_ids[b] == WL_TEXT_LINEAR
                   ? run_linear(run, marks, error)
                   : wl_text_baseline_run(run->data, baseline_ids[b], run->train, run->n_train,
                                          run->test, run->n_test, marks, error));
    }
    return WL_OK;
}

// Thresholds of a part, from probabilities (n, n_labels) of rows that it had not seen.
static wl_status settle_part(struct run *run, const struct wl_text_classifier *classifier,
                             const uint32_t *rows, size_t n, const double *held_p, wl_error *error)
{
    double oos_threshold = (double)NAN;
    double accuracy = 0.0;
    double macro_f1 = 0.0;

    if (run->none != WL_TEXT_NO_LABEL && run->data->task == WL_TEXT_ONE) {
        WL_TRY(wl_text_oos_threshold(run->data, rows, n, held_p, run->none, &oos_threshold, error));
    }
    WL_TRY(wl_text_figures(run->data, rows, n, held_p, &accuracy, &macro_f1, error));
    wl_notice(run->plan->sink, "held out in training: accuracy %.4f, macro F1 %.4f", accuracy,
              macro_f1);
    run->threshold += wl_text_classifier_about(classifier)->threshold;
    run->oos_threshold += oos_threshold;
    run->n_parts++;
    return WL_OK;
}

// Learn on the training rows; the thresholds come from texts held out among them.
static wl_status learn_linear(struct run *run, struct wl_text_classifier **classifier,
                              wl_error *error)
{
    double *held_p =
        wl_alloc_array(run->plan->alloc, run->n_train, run->data->n_labels * sizeof(*held_p));

    if (held_p == NULL) {
        return fail_memory(error);
    }
    wl_progress(run->plan->sink, "learning", -1.0);
    wl_status status = fit(run, run->train, run->n_train, &run->options, held_p, classifier, error);
    if (status == WL_OK) {
        status = settle_part(run, *classifier, run->train, run->n_train, held_p, error);
    }
    wl_alloc_free(run->plan->alloc, held_p);
    return status;
}

/* ---- a network ---- */

// Which rows were held out, and their probabilities, moved to the front.
struct held {
    uint32_t *rows; // (n_rows)
    double *p;      // (n_rows, n_labels)
    uint8_t *is_in; // (n_rows)
    size_t n;
};

static wl_status take_held(const struct run *run, struct wl_arena *arena, size_t n_rows,
                           struct held *held, wl_error *error)
{
    held->rows = wl_arena_zeroed(arena, n_rows, sizeof(*held->rows));
    held->p = wl_arena_zeroed(arena, n_rows, run->data->n_labels * sizeof(*held->p));
    held->is_in = wl_arena_zeroed(arena, n_rows, sizeof(*held->is_in));
    return held->rows != NULL && held->p != NULL && held->is_in != NULL ? WL_OK
                                                                        : fail_memory(error);
}

static void keep_held(const struct run *run, const uint32_t *rows, size_t n_rows, struct held *held)
{
    size_t n_labels = run->data->n_labels;

    for (size_t i = 0; i < n_rows; i++) {
        if (held->is_in[i] != 0) {
            held->rows[held->n] = rows[i];
            memmove(held->p + held->n * n_labels, held->p + i * n_labels,
                    n_labels * sizeof(*held->p));
            held->n++;
        }
    }
}

// Fine-tune on rows. is_kept: the model to keep, or a part that is judged; with log and checkpoint.
static wl_status fit_bert(struct run *run, const uint32_t *rows, size_t n_rows, bool is_kept,
                          struct wl_arena *arena, struct held *held,
                          struct wl_text_classifier **classifier, wl_error *error)
{
    const struct wl_text_plan *plan = run->plan;
    struct wl_text_bert_options options = *plan->bert;
    struct wl_text_bert_result result;
    struct wl_text_set set;
    size_t n_units = 0;

    options.none = plan->none;
    options.precision_wanted = plan->precision;
    options.seed = plan->seed;
    options.balance = plan->goal == WL_TEXT_FOR_MACRO_F1 ? 1.0 : 0.0;
    options.watches_share = plan->goal == WL_TEXT_FOR_ACCURACY;
    if (!is_kept) {
        options.log = NULL;
        options.checkpoint = NULL;
        options.adapter_out = NULL;
    }
    WL_TRY(wl_text_data_set(run->data, rows, n_rows, wl_text_units(run->data, &n_units), arena,
                            &set, error));
    WL_TRY(take_held(run, arena, n_rows, held, error));
    WL_TRY(wl_text_bert_train(plan->alloc, &set, &options, plan->n_threads, plan->sink, held->p,
                              held->is_in, &result, classifier, error));
    keep_held(run, rows, n_rows, held);
    if (is_kept) {
        run->trained->bert = result;
    }
    return WL_OK;
}

static wl_status learn_bert(struct run *run, struct wl_text_classifier **classifier,
                            wl_error *error)
{
    struct held held = {.n = 0};
    struct wl_arena arena;

    wl_arena_init(&arena, run->plan->alloc, (size_t)1 << 20);
    wl_status status = fit_bert(run, run->train, run->n_train, run->plan->folds == 0, &arena, &held,
                                classifier, error);
    if (status == WL_OK) {
        status = settle_part(run, *classifier, held.rows, held.n, held.p, error);
    }
    wl_arena_release(&arena);
    return status;
}

// A model alone, without thresholds: for the learning curve, and on all texts after folds.
static wl_status fit_alone(struct run *run, const uint32_t *rows, size_t n_rows, bool is_kept,
                           const struct wl_text_train_options *options,
                           struct wl_text_classifier **classifier, wl_error *error)
{
    struct held held = {.n = 0};
    struct wl_arena arena;

    if (run->plan->bert == NULL) {
        return fit(run, rows, n_rows, options, NULL, classifier, error);
    }
    wl_arena_init(&arena, run->plan->alloc, (size_t)1 << 20);
    wl_status status = fit_bert(run, rows, n_rows, is_kept, &arena, &held, classifier, error);
    wl_arena_release(&arena);
    return status;
}

static wl_status judge_part(struct run *run, struct wl_text_classifier **classifier,
                            wl_error *error)
{
    WL_TRY(set_part(run, error));
    WL_TRY(choose_options(run, error));
    WL_TRY(run->plan->bert != NULL ? learn_bert(run, classifier, error)
                                   : learn_linear(run, classifier, error));
    WL_TRY(predict(run, *classifier, run->test, run->n_test,
                   run->p + run->n_judged * run->data->n_labels, error));
    WL_TRY(run_baselines(run, error));
    memcpy(run->judged + run->n_judged, run->test, run->n_test * sizeof(*run->test));
    run->n_judged += run->n_test;
    return WL_OK;
}

static wl_status judge_folds(struct run *run, wl_error *error)
{
    for (size_t f = 0; f < run->plan->folds; f++) {
        struct wl_text_classifier *classifier = NULL;
        wl_progress(run->plan->sink, "folds", (double)f / (double)run->plan->folds);
        for (size_t i = 0; i < run->data->n; i++) {
            run->is_test[i] = run->fold[i] == f;
        }
        wl_status status = judge_part(run, &classifier, error);
        wl_text_classifier_free(classifier);
        WL_TRY(status);
    }
    // The model to keep learns from all texts, with parameters chosen on all.
    for (size_t i = 0; i < run->data->n; i++) {
        run->train[i] = (uint32_t)i;
    }
    run->n_train = run->data->n;
    WL_TRY(choose_options(run, error));
    return fit_alone(run, run->train, run->n_train, true, &run->options, &run->trained->classifier,
                     error);
}

/* ---- the learning curve ---- */

static wl_status curve_point(struct run *run, double share, double *p,
                             struct wl_text_curve_point *point, wl_error *error)
{
    struct wl_text_train_options options = run->options;
    struct wl_text_classifier *classifier = NULL;
    wl_status status = WL_OK;

    options.folds = GRID_FOLDS; // the curve needs answers, not the last digit of probabilities
    WL_GO(wl_text_split_part(run->data, run->train, run->n_train, share, run->plan->seed,
                             run->scratch, &point->n, error));
    status = fit_alone(run, run->scratch, point->n, false, &options, &classifier, error);
    if (status == WL_EGATE) { // too few texts at the left end: no point there
        point->n = 0;
        status = WL_OK;
        goto done;
    }
    WL_GO(status);
    WL_GO(predict(run, classifier, run->test, run->n_test, p, error));
    status = wl_text_figures(run->data, run->test, run->n_test, p, &point->accuracy,
                             &point->macro_f1, error);
done:
    wl_text_classifier_free(classifier);
    return status;
}

static wl_status learning_curve(struct run *run, wl_error *error)
{
    static const double shares[] = {0.1, 0.25, 0.5};
    struct wl_text_evaluation *evaluation = &run->trained->evaluation;
    double *p = wl_alloc_array(run->plan->alloc, run->n_test, run->data->n_labels * sizeof(*p));
    wl_status status = p != NULL ? WL_OK : fail_memory(error);

    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]) && status == WL_OK; i++) {
        struct wl_text_curve_point point = {0};
        wl_progress(run->plan->sink, "learning curve", (double)i / 3.0);
        status = curve_point(run, shares[i], p, &point, error);
        if (status == WL_OK && point.n > 0) {
            evaluation->curve[evaluation->n_curve++] = point;
        }
    }
    wl_alloc_free(run->plan->alloc, p);
    if (status == WL_OK) {
        evaluation->curve[evaluation->n_curve++] = (struct wl_text_curve_point){
            .n = run->n_train,
            .accuracy = evaluation->metrics[WL_TEXT_METRIC_ACCURACY].value,
            .macro_f1 = evaluation->metrics[WL_TEXT_METRIC_MACRO_F1].value};
    }
    return status;
}

/* ---- all of it ---- */

static void write_bert(const struct run *run, char text[WL_TEXT_PARAMETERS_BYTES])
{
    static const char *const kinds[] = {"adamw", "adam", "sgd"};
    const struct wl_text_bert_options *o = run->plan->bert;
    const struct wl_finetune_result *result = &run->trained->bert.finetune;
    const char *base = o->base != NULL ? o->base : "none";
    const char *slash = strrchr(base, '/');

    (void)snprintf(text, WL_TEXT_PARAMETERS_BYTES,
                   "base=%.64s,optimizer=%s,lr=%.4g,epochs=%zu,batch=%zu,warmup=%.4g,decay=%.4g,"
                   "layer_decay=%.4g,frozen=%zu,max_length=%zu,updates=%zu,numbers=%s%s%.0zu",
                   slash != NULL && slash[1] != '\0' ? slash + 1 : base, kinds[o->kind],
                   o->lora != NULL ? o->lora->adapter_rate : o->rate, result->n_epochs,
                   o->batch_texts, o->n_warm > 0 ? (double)o->n_warm : o->warm_share, o->decay,
                   o->layer_decay, o->n_frozen, o->max_length, result->n_updates,
                   run->trained->bert.is_bf16 ? "bf16" : "float", o->lora != NULL ? ",lora=" : "",
                   o->lora != NULL ? o->lora->options.r : 0); // 0 prints nothing
}

static void describe(const struct run *run)
{
    const struct wl_text_plan *plan = run->plan;
    struct wl_text_trained *trained = run->trained;
    const char *by_en = run->data->has_groups ? "whole groups" : "copies together";
    const char *by_zh = run->data->has_groups ? "同组不拆分" : "相同文本不拆分";

    if (plan->bert != NULL) {
        write_bert(run, trained->parameters);
    } else {
        write_parameters(&run->options, trained->parameters);
    }
    if (plan->folds > 0) {
        (void)snprintf(trained->split_en, sizeof(trained->split_en),
                       "%zu folds, stratified by label, %s, seed %llu", plan->folds, by_en,
                       (unsigned long long)plan->seed);
        (void)snprintf(trained->split_zh, sizeof(trained->split_zh),
                       "%zu 折，按标签分层，%s，种子 %llu", plan->folds, by_zh,
                       (unsigned long long)plan->seed);
    } else if (plan->test_file != NULL) {
        (void)snprintf(trained->split_en, sizeof(trained->split_en), "a test file of its own");
        (void)snprintf(trained->split_zh, sizeof(trained->split_zh), "使用单独的测试文件");
    } else {
        (void)snprintf(trained->split_en, sizeof(trained->split_en),
                       "%.4g %% held out, stratified by label, %s, seed %llu",
                       100.0 * plan->holdout, by_en, (unsigned long long)plan->seed);
        (void)snprintf(trained->split_zh, sizeof(trained->split_zh),
                       "留出 %.4g %%，按标签分层，%s，种子 %llu", 100.0 * plan->holdout, by_zh,
                       (unsigned long long)plan->seed);
    }
}

static wl_status evaluate(struct run *run, wl_error *error)
{
    struct wl_text_evaluation *evaluation = &run->trained->evaluation;
    size_t n_copies = evaluation->n_copies;
    struct wl_text_judged judged = {.data = run->data,
                                    .rows = run->judged,
                                    .n = run->n_judged,
                                    .p = run->p,
                                    .none = run->none,
                                    .threshold = run->threshold / (double)run->n_parts,
                                    .oos_threshold = run->oos_threshold / (double)run->n_parts,
                                    .baselines = run->marks,
                                    .baseline_ids = baseline_ids,
                                    .n_baselines = count_baselines(run),
                                    .seed = run->plan->seed,
                                    .n_threads = run->plan->n_threads};

    wl_progress(run->plan->sink, "intervals", -1.0);
    WL_TRY(wl_text_evaluate(&run->trained->arena, &judged, evaluation, error));
    evaluation->n_copies = n_copies;
    evaluation->n_train = run->n_train;
    evaluation->set = run->plan->set;
    evaluation->model = run->plan->model;
    describe(run);
    evaluation->goal =
        wl_text_metric_key(run->plan->goal == WL_TEXT_FOR_MACRO_F1 ? WL_TEXT_METRIC_MACRO_F1
                                                                   : WL_TEXT_METRIC_ACCURACY);
    evaluation->parameters = run->trained->parameters;
    evaluation->split_en = run->trained->split_en;
    evaluation->split_zh = run->trained->split_zh;
    return WL_OK;
}

static wl_status take_memory(struct run *run, wl_error *error)
{
    struct wl_arena *arena = &run->trained->arena;
    size_t n = run->data->n;
    size_t n_labels = run->data->n_labels;

    run->is_test = wl_arena_zeroed(arena, n, 1);
    run->fold = wl_arena_zeroed(arena, n, sizeof(*run->fold));
    run->train = wl_arena_zeroed(arena, n, sizeof(*run->train));
    run->test = wl_arena_zeroed(arena, n, sizeof(*run->test));
    run->judged = wl_arena_zeroed(arena, n, sizeof(*run->judged));
    run->scratch = wl_arena_zeroed(arena, n, sizeof(*run->scratch));
    if (run->is_test == NULL || run->fold == NULL || run->train == NULL || run->test == NULL ||
        run->judged == NULL || run->scratch == NULL) {
        return fail_memory(error);
    }
    WL_TRY(divide(run, error));
    run->p = wl_arena_zeroed(arena, run->n_judged_max, n_labels * sizeof(*run->p));
    run->marks = wl_arena_zeroed(arena, run->n_judged_max, n_labels * WL_TEXT_BASELINES);
    return run->p != NULL && run->marks != NULL ? WL_OK : fail_memory(error);
}

wl_status wl_journey_text_train(const struct wl_text_plan *plan, struct wl_text_trained *trained,
                                wl_error *error)
{
    struct run run = {.plan = plan, .trained = trained, .data = &trained->data};

    *trained = (struct wl_text_trained){.classifier = NULL};
    wl_text_data_init(&trained->data, plan->alloc);
    wl_arena_init(&trained->arena, plan->alloc, 0);
    WL_TRY(read_files(plan, run.data, error));
    wl_text_rejects_tell(&run.data->rejects, plan->sink);
    WL_TRY(find_none(&run, error));
    WL_TRY(take_memory(&run, error));
    if (plan->folds > 0) {
        WL_TRY(judge_folds(&run, error));
    } else {
        WL_TRY(judge_part(&run, &trained->classifier, error));
    }
    WL_TRY(evaluate(&run, error));
    return plan->wants_curve && plan->folds == 0 ? learning_curve(&run, error) : WL_OK;
}

void wl_text_trained_release(struct wl_text_trained *trained)
{
    wl_text_classifier_free(trained->classifier);
    trained->classifier = NULL;
    wl_text_data_release(&trained->data);
    wl_arena_release(&trained->arena);
}
