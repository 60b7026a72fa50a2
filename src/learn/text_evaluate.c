/* What a predictor says is kept as a list of labels for each text, so that one resample is a walk
 * over texts and not over texts times labels. All figures of an evaluation come from the same
 * resamples: the gain over a baseline is paired, and its interval narrow. */
#include "learn/text_evaluate.h"

#include "math/ranked.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RESAMPLES 1000 // the second digit of an end of an interval
#define ANY_SAID  0.5  // probabilities are calibrated: more likely than not

const char *wl_text_metric_key(enum wl_text_metric_id id)
{
    static const char *const keys[] = {
#define X(name, key, en, zh) key,
        WL_TEXT_METRIC_MAP(X)
#undef X
    };
    return keys[id];
}

const char *wl_text_metric_label(enum wl_text_metric_id id, const char *language)
{
    static const char *const labels[][2] = {
#define X(name, key, en, zh) {en, zh},
        WL_TEXT_METRIC_MAP(X)
#undef X
    };
    return labels[id][strcmp(language, "zh") == 0];
}

enum wl_text_metric_id wl_text_metric_find(struct wl_str key)
{
    enum wl_text_metric_id id = 0;

    while (id < WL_TEXT_METRIC_COUNT && !wl_str_is(key, wl_text_metric_key(id))) {
        id++;
    }
    return id;
}

/* ---- what is said, and the counts behind every rate ---- */

/* Labels said of each judged text. */
struct said {
    uint32_t *first; // (n + 1)
    uint32_t *items;
};

struct judging {
    const struct wl_text_judged *judged;
    const struct wl_text_data *data;
    struct said said[1 + WL_TEXT_BASELINES]; // the model, then the baselines
    struct wl_ranked confidence;             // ONE: p of the answer, right or wrong; ANY: all p
    struct wl_ranked scope;                  // minus the largest p in scope, by out of scope
    struct wl_ranked *labels;                // (n_labels) p of each, by having it; NULL: too many
    uint8_t *is_out;                         // (n) said to be out of scope
    uint32_t majority;                       // ONE
    bool has_scope;
};

static bool has_none(const struct judging *judging, size_t i)
{
    const struct wl_text_judged *judged = judging->judged;
    return wl_text_data_has(judged->data, judged->rows[i], judged->none);
}

// Most likely label; the lower number on a tie.
static uint32_t best_of(const double *p, size_t n_labels, uint32_t except)
{
    uint32_t best = WL_TEXT_NO_LABEL;

    for (uint32_t c = 0; c < n_labels; c++) {
        if (c != except && (best == WL_TEXT_NO_LABEL || p[c] > p[best])) {
            best = c;
        }
    }
    return best;
}

// Labels that probabilities say, appended to items; how many.
static size_t say(const double *p, size_t n_labels, enum wl_text_task task, uint32_t *items)
{
    size_t n = 0;

    if (task == WL_TEXT_ONE) {
        items[n++] = best_of(p, n_labels, WL_TEXT_NO_LABEL);
        return n;
    }
    for (uint32_t c = 0; c < n_labels; c++) {
        if (p[c] >= ANY_SAID) {
            items[n++] = c;
        }
    }
    return n;
}

static wl_status fail_memory(wl_error *error)
{
    return wl_fail(error, WL_ENOMEM, "no memory to judge a text model");
}

// p NULL: what marks say.
static wl_status make_said(struct wl_arena *arena, const struct wl_text_data *data, size_t n,
                           const double *p, const uint8_t *marks, struct said *said,
                           wl_error *error)
{
    size_t n_labels = data->n_labels;
    size_t per_text = data->task == WL_TEXT_ONE ? 1 : n_labels;

    said->first = wl_arena_zeroed(arena, n + 1, sizeof(*said->first));
    said->items = wl_arena_zeroed(arena, n * per_text + 1, sizeof(*said->items));
    if (said->first == NULL || said->items == NULL) {
        return fail_memory(error);
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t *items = said->items + said->first[i];
        size_t n_said = 0;
        if (p != NULL) {
            n_said = say(p + i * n_labels, n_labels, data->task, items);
        } else {
            for (uint32_t c = 0; c < n_labels; c++) {
                if (marks[i * n_labels + c] != 0) {
                    items[n_said++] = c;
                }
            }
        }
        said->first[i + 1] = said->first[i] + (uint32_t)n_said;
    }
    return WL_OK;
}

/* Weighted counts of every label, and of whole texts. */
struct tally {
    double hits[WL_TEXT_LABELS_MAX];
    double said[WL_TEXT_LABELS_MAX];
    double true_of[WL_TEXT_LABELS_MAX];
    double right; // texts with all labels right
    double all;
};

// Both lists rise, so one walk finds what they share.
static void tally_text(struct tally *tally, const uint32_t *truth, size_t n_truth,
                       const uint32_t *said, size_t n_said, double weight)
{
    size_t n_same = 0;

    for (size_t t = 0, s = 0; t < n_truth && s < n_said;) {
        if (truth[t] == said[s]) {
            tally->hits[truth[t]] += weight;
            n_same++;
            t++;
            s++;
        } else if (truth[t] < said[s]) {
            t++;
        } else {
            s++;
        }
    }
    for (size_t t = 0; t < n_truth; t++) {
        tally->true_of[truth[t]] += weight;
    }
    for (size_t s = 0; s < n_said; s++) {
        tally->said[said[s]] += weight;
    }
    tally->right += n_same == n_truth && n_same == n_said ? weight : 0.0;
    tally->all += weight;
}

static void tally_all(const struct wl_text_data *data, const uint32_t *rows, size_t n,
                      const struct said *said, const uint32_t *weight, struct tally *tally)
{
    memset(tally->hits, 0, data->n_labels * sizeof(double));
    memset(tally->said, 0, data->n_labels * sizeof(double));
    memset(tally->true_of, 0, data->n_labels * sizeof(double));
    tally->right = 0.0;
    tally->all = 0.0;
    for (size_t i = 0; i < n; i++) {
        if (weight == NULL || weight[i] > 0) {
            uint32_t first = data->first[rows[i]];
            tally_text(tally, data->items + first, data->first[rows[i] + 1] - first,
                       said->items + said->first[i], said->first[i + 1] - said->first[i],
                       weight == NULL ? 1.0 : weight[i]);
        }
    }
}

static double ratio(double part, double whole)
{
    return whole > 0.0 ? part / whole : 0.0;
}

struct f1 {
    double macro;
    double micro;
    double weighted;
};

static struct f1 f1_of(const struct tally *tally, size_t n_labels)
{
    double sum = 0.0;
    double weighted = 0.0;
    double hits = 0.0;
    double said = 0.0;
    double true_of = 0.0;
    size_t n = 0;

    for (size_t c = 0; c < n_labels; c++) {
        double both = tally->said[c] + tally->true_of[c];
        sum += ratio(2.0 * tally->hits[c], both);
        weighted += tally->true_of[c] * ratio(2.0 * tally->hits[c], both);
        n += both > 0.0;
        hits += tally->hits[c];
        said += tally->said[c];
        true_of += tally->true_of[c];
    }
    return (struct f1){.macro = ratio(sum, (double)n),
                       .micro = ratio(2.0 * hits, said + true_of),
                       .weighted = ratio(weighted, true_of)};
}

wl_status wl_text_figures(const struct wl_text_data *data, const uint32_t *rows, size_t n,
                          const double *p, double *accuracy, double *macro_f1, wl_error *error)
{
    struct wl_arena arena;
    struct said said;
    struct tally tally;

    wl_arena_init(&arena, data->alloc, 0);
    wl_status status = make_said(&arena, data, n, p, NULL, &said, error);
    if (status == WL_OK) {
        tally_all(data, rows, n, &said, NULL, &tally);
        *accuracy = ratio(tally.right, tally.all);
        *macro_f1 = f1_of(&tally, data->n_labels).macro;
    }
    wl_arena_release(&arena);
    return status;
}

/* ---- out of scope ---- */

// Minus the largest probability of a label in scope: larger means further outside.
static void scope_scores(const struct wl_text_data *data, const uint32_t *rows, size_t n,
                         const double *p, uint32_t none, double *score, uint8_t *is_out)
{
    for (size_t i = 0; i < n; i++) {
        const double *of_text = p + i * data->n_labels;
        score[i] = -of_text[best_of(of_text, data->n_labels, none)];
        is_out[i] = wl_text_data_has(data, rows[i], none);
    }
}

static wl_status rank_scope(const struct wl_text_data *data, const uint32_t *rows, size_t n,
                            const double *p, uint32_t none, struct wl_ranked *ranked,
                            wl_error *error)
{
    double *score = wl_alloc_zeroed(data->alloc, n + 1, sizeof(*score));
    uint8_t *is_out = wl_alloc_zeroed(data->alloc, n + 1, 1);
    wl_status status = fail_memory(NULL);

    if (score == NULL || is_out == NULL) {
        (void)fail_memory(error);
    } else {
        scope_scores(data, rows, n, p, none, score, is_out);
        status = wl_ranked_init(ranked, data->alloc, score, is_out, n, error);
    }
    wl_alloc_free(data->alloc, is_out);
    wl_alloc_free(data->alloc, score);
    return status;
}

wl_status wl_text_oos_threshold(const struct wl_text_data *data, const uint32_t *rows, size_t n,
                                const double *p, uint32_t none, double *threshold, wl_error *error)
{
    struct wl_ranked ranked = {0};
    double best = 0.0;
    double n_found = 0.0;
    double n_wrong = 0.0;

    *threshold = (double)NAN;
    WL_TRY(rank_scope(data, rows, n, p, none, &ranked, error));
    double n_out = (double)ranked.n_positive;
    double n_in = (double)(n - ranked.n_positive);
    for (size_t i = 0; i < n && n_out > 0.0 && n_in > 0.0; i++) {
        n_found += ranked.y[i];
        n_wrong += 1 - ranked.y[i];
        bool is_step = i + 1 == n || ranked.score[i + 1] < ranked.score[i];
        double gain = n_found / n_out - n_wrong / n_in;
        if (is_step && gain > best) {
            best = gain;
            // half way to the next text, so that nothing hangs on the last digit
            *threshold = i + 1 == n ? 1.0 : -0.5 * (ranked.score[i] + ranked.score[i + 1]);
        }
    }
    wl_ranked_release(&ranked);
    return WL_OK;
}

// Said to be out of scope: by its label, or because nothing in scope is likely enough.
static bool is_said_out(const struct judging *judging, size_t i)
{
    const struct wl_text_judged *judged = judging->judged;
    const double *p = judged->p + i * judging->data->n_labels;
    size_t n_labels = judging->data->n_labels;

    if (best_of(p, n_labels, WL_TEXT_NO_LABEL) == judged->none) {
        return true;
    }
    return p[best_of(p, n_labels, judged->none)] < judged->oos_threshold; // false for NaN
}

/* ---- figures of one resample ---- */

#define N_FIGURES (WL_TEXT_METRIC_COUNT + 4 * WL_TEXT_BASELINES)

static void scope_figures(const struct judging *judging, const uint32_t *weight, double *values)
{
    const struct said *said = &judging->said[0];
    double in_scope = 0.0;
    double right = 0.0;
    double found = 0.0;
    double alarms = 0.0;
    double out = 0.0;

    for (size_t i = 0; i < judging->judged->n; i++) {
        double w = weight == NULL ? 1.0 : weight[i];
        if (has_none(judging, i)) {
            out += w;
            found += judging->is_out[i] ? w : 0.0;
        } else {
            in_scope += w;
            alarms += judging->is_out[i] ? w : 0.0;
            right += wl_text_data_has(judging->data, judging->judged->rows[i],
                                      said->items[said->first[i]])
                         ? w
                         : 0.0;
        }
    }
    values[WL_TEXT_METRIC_IN_SCOPE] = in_scope > 0.0 ? right / in_scope : (double)NAN;
    values[WL_TEXT_METRIC_OOS_AUROC] = wl_auc(&judging->scope, weight);
    values[WL_TEXT_METRIC_OOS_RECALL] = out > 0.0 ? found / out : (double)NAN;
    values[WL_TEXT_METRIC_OOS_PRECISION] =
        found + alarms > 0.0 ? found / (found + alarms) : (double)NAN;
}

static double mean_pr_auc(const struct judging *judging, const uint32_t *weight)
{
    double sum = 0.0;
    size_t n = 0;

    for (size_t c = 0; c < judging->data->n_labels; c++) {
        double value = wl_average_precision(&judging->labels[c], weight);
        if (!isnan(value)) {
            sum += value;
            n++;
        }
    }
    return n > 0 ? sum / (double)n : (double)NAN;
}

// The label most judged texts have; the lower number on a tie.
static uint32_t majority_of(const struct wl_text_judged *judged)
{
    size_t n_texts[WL_TEXT_LABELS_MAX] = {0};
    uint32_t best = 0;

    for (size_t i = 0; i < judged->n; i++) {
        n_texts[wl_text_data_label(judged->data, judged->rows[i])]++;
    }
    for (uint32_t c = 1; c < judged->data->n_labels; c++) {
        best = n_texts[c] > n_texts[best] ? c : best;
    }
    return best;
}

static void figures_of(const void *context, const uint32_t *weight, double *values)
{
    const struct judging *judging = context;
    const struct wl_text_judged *judged = judging->judged;
    const struct wl_text_data *data = judging->data;
    struct tally tally;

    for (size_t i = 0; i < N_FIGURES; i++) {
        values[i] = (double)NAN;
    }
    tally_all(data, judged->rows, judged->n, &judging->said[0], weight, &tally);
    struct f1 f1 = f1_of(&tally, data->n_labels);
    double accuracy = ratio(tally.right, tally.all);
    values[WL_TEXT_METRIC_ACCURACY] = accuracy;
    values[WL_TEXT_METRIC_MACRO_F1] = f1.macro;
    values[WL_TEXT_METRIC_MICRO_F1] = f1.micro;
    values[WL_TEXT_METRIC_WEIGHTED_F1] = f1.weighted;
    if (data->task == WL_TEXT_ONE) {
        values[WL_TEXT_METRIC_MAJORITY] = ratio(tally.true_of[judging->majority], tally.all);
        values[WL_TEXT_METRIC_ECE] = wl_ece(&judging->confidence, weight, WL_ECE_BINS);
    }
    if (judging->labels != NULL) {
        values[WL_TEXT_METRIC_PR_AUC] = mean_pr_auc(judging, weight);
    }
    if (judging->has_scope) {
        scope_figures(judging, weight, values);
    }
    for (size_t b = 0; b < judged->n_baselines; b++) {
        double *of_baseline = values + WL_TEXT_METRIC_COUNT + 4 * b;
        tally_all(data, judged->rows, judged->n, &judging->said[1 + b], weight, &tally);
        of_baseline[0] = ratio(tally.right, tally.all);
        of_baseline[1] = f1_of(&tally, data->n_labels).macro;
        of_baseline[2] = accuracy - of_baseline[0];
        of_baseline[3] = f1.macro - of_baseline[1];
    }
}

/* ---- preparing ---- */

static wl_status rank_confidence(struct wl_arena *arena, struct judging *judging, wl_error *error)
{
    const struct wl_text_judged *judged = judging->judged;
    double *score = wl_arena_zeroed(arena, judged->n, sizeof(*score));
    uint8_t *is_right = wl_arena_zeroed(arena, judged->n, 1);

    if (score == NULL || is_right == NULL) {
        return fail_memory(error);
    }
    for (size_t i = 0; i < judged->n; i++) {
        uint32_t said = judging->said[0].items[i];
        score[i] = judged->p[i * judging->data->n_labels + said];
        is_right[i] = wl_text_data_has(judging->data, judged->rows[i], said);
    }
    return wl_ranked_init(&judging->confidence, judging->data->alloc, score, is_right, judged->n,
                          error);
}

static wl_status rank_labels(struct wl_arena *arena, struct judging *judging, wl_error *error)
{
    const struct wl_text_judged *judged = judging->judged;
    size_t n_labels = judging->data->n_labels;
    double *score = wl_arena_zeroed(arena, judged->n, sizeof(*score));
    uint8_t *has = wl_arena_zeroed(arena, judged->n, 1);

    if (score == NULL || has == NULL) {
        return fail_memory(error);
    }
    judging->labels = wl_alloc_zeroed(judging->data->alloc, n_labels, sizeof(*judging->labels));
    if (judging->labels == NULL) {
        return fail_memory(error);
    }
    for (uint32_t c = 0; c < n_labels; c++) {
        for (size_t i = 0; i < judged->n; i++) {
            score[i] = judged->p[i * n_labels + c];
            has[i] = wl_text_data_has(judging->data, judged->rows[i], c);
        }
        WL_TRY(wl_ranked_init(&judging->labels[c], judging->data->alloc, score, has, judged->n,
                              error));
    }
    return WL_OK;
}

static wl_status prepare(struct wl_arena *arena, struct judging *judging, wl_error *error)
{
    const struct wl_text_judged *judged = judging->judged;
    const struct wl_text_data *data = judging->data;
    size_t n = judged->n;

    WL_TRY(make_said(arena, data, n, judged->p, NULL, &judging->said[0], error));
    for (size_t b = 0; b < judged->n_baselines; b++) {
        WL_TRY(make_said(arena, data, n, NULL, judged->baselines + b * n * data->n_labels,
                         &judging->said[1 + b], error));
    }
    if (data->task == WL_TEXT_ONE) {
        judging->majority = majority_of(judged);
        WL_TRY(rank_confidence(arena, judging, error));
    }
    if (data->n_labels <= WL_TEXT_PR_LABELS_MAX) {
        WL_TRY(rank_labels(arena, judging, error));
    }
    judging->has_scope = judged->none != WL_TEXT_NO_LABEL && data->task == WL_TEXT_ONE;
    if (judging->has_scope) {
        judging->is_out = wl_arena_zeroed(arena, n, 1);
        if (judging->is_out == NULL) {
            return fail_memory(error);
        }
        for (size_t i = 0; i < n; i++) {
            judging->is_out[i] = is_said_out(judging, i);
        }
        WL_TRY(rank_scope(data, judged->rows, n, judged->p, judged->none, &judging->scope, error));
    }
    return WL_OK;
}

static void release(struct judging *judging)
{
    wl_ranked_release(&judging->confidence);
    wl_ranked_release(&judging->scope);
    for (size_t c = 0; judging->labels != NULL && c < judging->data->n_labels; c++) {
        wl_ranked_release(&judging->labels[c]);
    }
    wl_alloc_free(judging->data->alloc, judging->labels);
}

// Groups of the judged rows numbered from 0; without groups every text is its own.
static wl_status make_clusters(struct wl_arena *arena, const struct wl_text_judged *judged,
                               uint32_t **cluster_out, size_t *n_clusters, wl_error *error)
{
    const struct wl_text_data *data = judged->data;
    uint32_t *cluster = wl_arena_zeroed(arena, judged->n, sizeof(*cluster));
    uint32_t *number =
        wl_arena_zeroed(arena, data->group_dict.n_strings + 1, sizeof(*number)); // 0: not met

    if (cluster == NULL || number == NULL) {
        return fail_memory(error);
    }
    *n_clusters = 0;
    for (size_t i = 0; i < judged->n; i++) {
        uint32_t *of_group = data->has_groups ? &number[data->groups[judged->rows[i]]] : NULL;
        if (of_group == NULL || *of_group == 0) {
            (*n_clusters)++;
        }
        cluster[i] = (uint32_t)*n_clusters - 1;
        if (of_group != NULL) {
            *of_group = *of_group == 0 ? (uint32_t)*n_clusters : *of_group;
            cluster[i] = *of_group - 1;
        }
    }
    *cluster_out = cluster;
    return WL_OK;
}

/* ---- filling the evaluation ---- */

static struct wl_text_metric metric_of(const struct wl_interval *interval, double n)
{
    return (struct wl_text_metric){
        .value = interval->value, .low = interval->low, .high = interval->high, .n = n};
}

static void fill_metrics(const struct wl_interval *intervals, struct wl_text_evaluation *evaluation)
{
    double n = (double)evaluation->n_test;

    for (size_t id = 0; id < WL_TEXT_METRIC_COUNT; id++) {
        evaluation->metrics[id] = metric_of(&intervals[id], n);
    }
    // resampling overstates an error that is a mean of sizes: see wl_interval
    evaluation->metrics[WL_TEXT_METRIC_ECE].low = intervals[WL_TEXT_METRIC_ECE].centred_low;
    evaluation->metrics[WL_TEXT_METRIC_ECE].high = intervals[WL_TEXT_METRIC_ECE].centred_high;
    for (size_t b = 0; b < evaluation->n_baselines; b++) {
        const struct wl_interval *of_baseline = intervals + WL_TEXT_METRIC_COUNT + 4 * b;
        struct wl_text_baseline_result *result = &evaluation->baselines[b];
        result->accuracy = metric_of(&of_baseline[0], n);
        result->macro_f1 = metric_of(&of_baseline[1], n);
        result->accuracy_gain = metric_of(&of_baseline[2], n);
        result->macro_f1_gain = metric_of(&of_baseline[3], n);
    }
}

// Rates of every label, and their means over labels that occur or are said.
static void fill_rates(const struct tally *tally, struct wl_text_evaluation *evaluation)
{
    size_t n_labels = evaluation->n_labels;
    struct wl_class_rates *micro = &evaluation->rates[n_labels];
    struct wl_class_rates *macro = &evaluation->rates[n_labels + 1];
    struct wl_class_rates *weighted = &evaluation->rates[n_labels + 2];
    double hits = 0.0;
    double said = 0.0;
    double all = 0.0;
    size_t n_met = 0;

    for (size_t c = 0; c < n_labels; c++) {
        double both = tally->said[c] + tally->true_of[c];
        struct wl_class_rates rates = {.precision = ratio(tally->hits[c], tally->said[c]),
                                       .recall = ratio(tally->hits[c], tally->true_of[c]),
                                       .f1 = ratio(2.0 * tally->hits[c], both),
                                       .support = tally->true_of[c]};
        evaluation->rates[c] = rates;
        macro->precision += rates.precision;
        macro->recall += rates.recall;
        macro->f1 += rates.f1;
        weighted->precision += rates.precision * rates.support;
        weighted->recall += rates.recall * rates.support;
        weighted->f1 += rates.f1 * rates.support;
        n_met += both > 0.0;
        hits += tally->hits[c];
        said += tally->said[c];
        all += rates.support;
    }
    *micro = (struct wl_class_rates){ratio(hits, said), ratio(hits, all),
                                     ratio(2.0 * hits, said + all), all};
    *macro = (struct wl_class_rates){ratio(macro->precision, (double)n_met),
                                     ratio(macro->recall, (double)n_met),
                                     ratio(macro->f1, (double)n_met), all};
    *weighted =
        (struct wl_class_rates){ratio(weighted->precision, all), ratio(weighted->recall, all),
                                ratio(weighted->f1, all), all};
}

static int compare_confusions(const void *a, const void *b)
{
    const struct wl_text_confusion *left = a;
    const struct wl_text_confusion *right = b;

    if (left->n != right->n) {
        return left->n > right->n ? -1 : 1;
    }
    if (left->truth != right->truth) {
        return left->truth < right->truth ? -1 : 1;
    }
    return (left->said > right->said) - (left->said < right->said);
}

static void fill_confusions(const struct judging *judging, struct wl_text_evaluation *evaluation)
{
    size_t n_labels = evaluation->n_labels;
    const struct wl_text_judged *judged = judging->judged;

    for (size_t i = 0; i < judged->n; i++) {
        size_t truth = wl_text_data_label(judging->data, judged->rows[i]);
        evaluation->counts[truth * n_labels + judging->said[0].items[i]] += 1.0;
    }
    for (uint32_t t = 0; t < n_labels; t++) {
        for (uint32_t s = 0; s < n_labels; s++) {
            struct wl_text_confusion one = {t, s, evaluation->counts[t * n_labels + s]};
            size_t n = evaluation->n_confusions;
            if (t == s || one.n == 0.0) {
                continue;
            }
            bool is_full = n == WL_TEXT_CONFUSIONS_MAX;
            if (is_full && compare_confusions(&one, &evaluation->confusions[n - 1]) > 0) {
                continue;
            }
            evaluation->confusions[is_full ? n - 1 : evaluation->n_confusions++] = one;
            qsort(evaluation->confusions, evaluation->n_confusions, sizeof(one),
                  compare_confusions);
        }
    }
}

static void fill_abstain(const struct judging *judging, struct wl_text_evaluation *evaluation)
{
    static const double thresholds[] = {0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95};
    const struct wl_ranked *ranked = &judging->confidence;
    size_t n_rows = sizeof(thresholds) / sizeof(thresholds[0]);
    bool is_put = false; // the model's own threshold, at its place

    for (size_t t = 0; t < n_rows || !is_put;) {
        bool is_own = !is_put && (t == n_rows || evaluation->threshold <= thresholds[t]);
        double threshold = is_own ? evaluation->threshold : thresholds[t];
        double n = 0.0;
        double n_right = 0.0;
        for (size_t i = 0; i < ranked->n_rows && ranked->score[i] >= threshold; i++) {
            n += 1.0;
            n_right += ranked->y[i];
        }
        evaluation->abstain[evaluation->n_abstain++] =
            (struct wl_text_abstain){.threshold = threshold,
                                     .coverage = n / (double)ranked->n_rows,
                                     .accuracy = n > 0.0 ? n_right / n : (double)NAN};
        t += !is_own || (t < n_rows && thresholds[t] == threshold);
        is_put |= is_own;
    }
}

static void fill_errors(const struct judging *judging, struct wl_text_evaluation *evaluation)
{
    const struct wl_ranked *ranked = &judging->confidence;

    for (size_t i = 0; i < ranked->n_rows && evaluation->n_errors < WL_TEXT_ERRORS_MAX; i++) {
        if (ranked->y[i] == 0) {
            evaluation->errors[evaluation->n_errors++] =
                (struct wl_text_error){.row = judging->judged->rows[ranked->row[i]],
                                       .said = judging->said[0].items[ranked->row[i]],
                                       .p = ranked->score[i]};
        }
    }
}

static wl_status fill(struct wl_arena *arena, const struct judging *judging,
                      const struct wl_interval *intervals, struct wl_text_evaluation *evaluation,
                      wl_error *error)
{
    const struct wl_text_judged *judged = judging->judged;
    size_t n_labels = evaluation->n_labels;
    struct tally tally;

    evaluation->rates = wl_arena_zeroed(arena, n_labels + 3, sizeof(*evaluation->rates));
    evaluation->pr_auc = wl_arena_zeroed(arena, n_labels, sizeof(*evaluation->pr_auc));
    if (evaluation->rates == NULL || evaluation->pr_auc == NULL) {
        return fail_memory(error);
    }
    tally_all(judging->data, judged->rows, judged->n, &judging->said[0], NULL, &tally);
    fill_rates(&tally, evaluation);
    for (size_t c = 0; c < n_labels; c++) {
        evaluation->pr_auc[c] =
            judging->labels != NULL ? wl_average_precision(&judging->labels[c], NULL) : (double)NAN;
    }
    fill_metrics(intervals, evaluation);
    if (evaluation->task == WL_TEXT_ONE) {
        evaluation->counts = wl_arena_zeroed(arena, n_labels * n_labels, sizeof(double));
        if (evaluation->counts == NULL) {
            return fail_memory(error);
        }
        fill_confusions(judging, evaluation);
        fill_abstain(judging, evaluation);
        fill_errors(judging, evaluation);
    }
    return WL_OK;
}

wl_status wl_text_evaluate(struct wl_arena *arena, const struct wl_text_judged *judged,
                           struct wl_text_evaluation *evaluation, wl_error *error)
{
    struct judging judging = {.judged = judged, .data = judged->data};
    struct wl_interval intervals[N_FIGURES];
    struct wl_text_evaluation result = {.task = judged->data->task,
                                        .names = (const char *const *)judged->data->names,
                                        .n_labels = judged->data->n_labels,
                                        .none = judged->none,
                                        .threshold = judged->threshold,
                                        .oos_threshold = judged->oos_threshold,
                                        .n_test = judged->n,
                                        .n_baselines = judged->n_baselines};
    uint32_t *cluster = NULL;
    size_t n_clusters = 0;
    wl_status status = WL_OK;

    if (judged->n < 2) {
        return wl_fail(error, WL_EGATE, "%zu texts are too few to judge a model on", judged->n);
    }
    WL_GO(prepare(arena, &judging, error));
    WL_GO(make_clusters(arena, judged, &cluster, &n_clusters, error));
    uint8_t *stratum = wl_arena_zeroed(arena, n_clusters, 1);
    if (stratum == NULL) {
        status = fail_memory(error);
        goto done;
    }
    struct wl_bootstrap bootstrap = {.n_rows = judged->n,
                                     .cluster = cluster,
                                     .n_clusters = n_clusters,
                                     .stratum = stratum,
                                     .n_resamples =
                                         judged->n_resamples > 0 ? judged->n_resamples : RESAMPLES,
                                     .seed = judged->seed,
                                     .n_threads = judged->n_threads,
                                     .figures = figures_of,
                                     .data = &judging,
                                     .n_values = N_FIGURES};
    WL_GO(wl_bootstrap_run(&bootstrap, judged->data->alloc, intervals, error));
    for (size_t b = 0; b < judged->n_baselines; b++) {
        result.baselines[b].id = judged->baseline_ids[b];
    }
    result.n_groups = judged->data->has_groups ? n_clusters : 0;
    WL_GO(fill(arena, &judging, intervals, &result, error));
    *evaluation = result;
done:
    release(&judging);
    return status;
}
