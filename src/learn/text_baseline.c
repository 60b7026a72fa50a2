/* Three learners over one bag of words. Counts are kept per word as a short list of labels, so the
 * cost follows the texts and not words times labels. Ties go to the lower number everywhere. */
#include "learn/text_baseline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WORD_BYTES_MAX 64 // longer runs are no words but links or noise: cut

static const char *const names[WL_TEXT_BASELINES][3] = {
    {"majority", "majority", "多数类"},
    {"keywords", "keywords", "关键词规则"},
    {"naive_bayes", "naive Bayes", "朴素贝叶斯"},
    {"linear", "linear classifier", "线性分类器"},
};

const char *wl_text_baseline_name(enum wl_text_baseline baseline)
{
    return names[baseline][0];
}

const char *wl_text_baseline_label(enum wl_text_baseline baseline, const char *language)
{
    return names[baseline][strcmp(language, "zh") == 0 ? 2 : 1];
}

/* ---- words ---- */

/* Different words of every row, rising. */
struct bags {
    const wl_alloc *alloc;
    struct wl_dict words;
    uint32_t *items;
    size_t capacity;
    size_t *first; // (n + 1)
};

static bool is_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '\'';
}

static wl_status put_word(struct bags *bags, struct wl_str word, size_t *n, wl_error *error)
{
    uint32_t id = 0;

    WL_TRY(wl_dict_intern(&bags->words, word, &id, error));
    WL_TRY(WL_GROW(bags->alloc, bags->items, bags->capacity, *n + 1, error));
    bags->items[(*n)++] = id;
    return WL_OK;
}

static int compare_ids(const void *a, const void *b)
{
    const uint32_t *left = a;
    const uint32_t *right = b;
    return (*left > *right) - (*left < *right);
}

// Sorted, each once; the new end.
static size_t unique(uint32_t *items, size_t n)
{
    size_t n_kept = 0;

    if (n > 0) {
        qsort(items, n, sizeof(*items), compare_ids);
    }
    for (size_t i = 0; i < n; i++) {
        if (n_kept == 0 || items[i] != items[n_kept - 1]) {
            items[n_kept++] = items[i];
        }
    }
    return n_kept;
}

// Words of a text whose ASCII letters are small already (its key).
static wl_status cut_words(struct bags *bags, struct wl_str text, size_t *n, wl_error *error)
{
    size_t previous = SIZE_MAX; // where the Han character right before this one begins

    for (size_t i = 0; i < text.n_bytes;) {
        unsigned char c = (unsigned char)text.data[i];
        if (is_letter(c)) {
            size_t end = i;
            while (end < text.n_bytes && is_letter((unsigned char)text.data[end])) {
                end++;
            }
            size_t n_word = end - i < WORD_BYTES_MAX ? end - i : WORD_BYTES_MAX;
            WL_TRY(put_word(bags, (struct wl_str){text.data + i, n_word}, n, error));
            previous = SIZE_MAX;
            i = end;
            continue;
        }
        size_t length = wl_utf8_length(text, i);
        bool is_wide = length >= 3 && c != 0xE2 && !(c == 0xE3 && (text.data[i + 1] & 0x3F) == 0);
        if (is_wide && previous != SIZE_MAX) {
            struct wl_str pair = {text.data + previous, i + length - previous};
            WL_TRY(put_word(bags, pair, n, error));
        }
        previous = is_wide ? i : SIZE_MAX;
        i += length > 0 ? length : 1;
    }
    return WL_OK;
}

static void release_bags(struct bags *bags)
{
    wl_alloc_free(bags->alloc, bags->items);
    wl_alloc_free(bags->alloc, bags->first);
    wl_dict_release(&bags->words);
}

static wl_status make_bags(const struct wl_text_data *data, struct bags *bags, wl_error *error)
{
    size_t n = 0;
    wl_status status = WL_OK;

    *bags = (struct bags){.alloc = data->alloc};
    wl_dict_init(&bags->words, data->alloc);
    bags->first = wl_alloc_zeroed(data->alloc, data->n + 1, sizeof(*bags->first));
    if (bags->first == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for the words of %zu texts", data->n);
    }
    for (size_t i = 0; i < data->n && status == WL_OK; i++) {
        struct wl_str text = wl_dict_string(&data->key_dict, data->keys[i]);
        status = cut_words(bags, text, &n, error);
        n = bags->first[i] + unique(bags->items + bags->first[i], n - bags->first[i]);
        bags->first[i + 1] = n;
    }
    if (status != WL_OK) {
        release_bags(bags);
    }
    return status;
}

/* ---- the learners ---- */

struct learner {
    const struct wl_text_data *data;
    const uint32_t *train;
    size_t n_train;
    const uint32_t *test;
    size_t n_test;
    size_t *n_texts; // (n_labels) training texts of each label
    uint32_t majority;
    struct bags bags;
    uint8_t *marks;
};

static void say(const struct learner *learner, size_t i, uint32_t label)
{
    learner->marks[i * learner->data->n_labels + label] = 1;
}

static void count_labels(struct learner *learner)
{
    const struct wl_text_data *data = learner->data;

    for (size_t i = 0; i < learner->n_train; i++) {
        for (uint32_t k = data->first[learner->train[i]]; k < data->first[learner->train[i] + 1];
             k++) {
            learner->n_texts[data->items[k]]++;
        }
    }
    for (uint32_t c = 1; c < data->n_labels; c++) {
        if (learner->n_texts[c] > learner->n_texts[learner->majority]) {
            learner->majority = c;
        }
    }
}

static void say_majority(const struct learner *learner)
{
    for (size_t i = 0; i < learner->n_test; i++) {
        if (learner->data->task == WL_TEXT_ONE) {
            say(learner, i, learner->majority);
            continue;
        }
        for (uint32_t c = 0; c < learner->data->n_labels; c++) {
            if (2 * learner->n_texts[c] > learner->n_train) {
                say(learner, i, c);
            }
        }
    }
}

/* The keywords of one label, and how right each was where no earlier one was there. */
struct keywords {
    uint32_t words[WL_TEXT_KEYWORDS_MAX];
    double precision[WL_TEXT_KEYWORDS_MAX];
    size_t n;
};

struct keyword_counts {
    uint32_t *with;    // (words) uncovered texts of the label that have the word
    uint32_t *without; // (words) uncovered texts of others
    uint8_t *covered;  // (n_train)
};

static bool has_word(const struct bags *bags, size_t row, uint32_t word)
{
    size_t low = bags->first[row];
    size_t high = bags->first[row + 1];

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (bags->items[middle] < word) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < bags->first[row + 1] && bags->items[low] == word;
}

static void count_words(const struct learner *learner, uint32_t label,
                        const struct keyword_counts *counts)
{
    const struct bags *bags = &learner->bags;

    memset(counts->with, 0, bags->words.n_strings * sizeof(*counts->with));
    memset(counts->without, 0, bags->words.n_strings * sizeof(*counts->without));
    for (size_t i = 0; i < learner->n_train; i++) {
        size_t row = learner->train[i];
        if (counts->covered[i] != 0) {
            continue;
        }
        uint32_t *of = wl_text_data_has(learner->data, row, label) ? counts->with : counts->without;
        for (size_t k = bags->first[row]; k < bags->first[row + 1]; k++) {
            of[bags->items[k]]++;
        }
    }
}

// Greedily: the word that raises the F1 of the label most, until none does.
static void find_keywords(const struct learner *learner, uint32_t label,
                          const struct keyword_counts *counts, struct keywords *keywords)
{
    const struct bags *bags = &learner->bags;
    double n_positive = (double)learner->n_texts[label];
    double hits = 0.0;
    double alarms = 0.0;
    double best_f1 = 0.0;

    memset(counts->covered, 0, learner->n_train);
    while (keywords->n < WL_TEXT_KEYWORDS_MAX) {
        uint32_t best = WL_DICT_NONE;
        count_words(learner, label, counts);
        for (uint32_t w = 0; w < bags->words.n_strings; w++) {
            double tp = hits + counts->with[w];
            double fp = alarms + counts->without[w];
            double f1 = tp > 0.0 ? 2.0 * tp / (tp + fp + n_positive) : 0.0;
            if (f1 > best_f1) {
                best_f1 = f1;
                best = w;
            }
        }
        if (best == WL_DICT_NONE) {
            return;
        }
        hits += counts->with[best];
        alarms += counts->without[best];
        keywords->words[keywords->n] = best;
        keywords->precision[keywords->n++] =
            counts->with[best] / (double)(counts->with[best] + counts->without[best]);
        for (size_t i = 0; i < learner->n_train; i++) {
            counts->covered[i] |= has_word(bags, learner->train[i], best);
        }
    }
}

static void say_keywords(const struct learner *learner, const struct keywords *keywords)
{
    for (size_t i = 0; i < learner->n_test; i++) {
        uint32_t best = learner->majority;
        double best_precision = 0.0;
        for (uint32_t c = 0; c < learner->data->n_labels; c++) {
            for (size_t k = 0; k < keywords[c].n; k++) {
                if (!has_word(&learner->bags, learner->test[i], keywords[c].words[k])) {
                    continue;
                }
                if (learner->data->task == WL_TEXT_ANY) {
                    say(learner, i, c);
                } else if (keywords[c].precision[k] > best_precision) {
                    best_precision = keywords[c].precision[k];
                    best = c;
                }
            }
        }
        if (learner->data->task == WL_TEXT_ONE) {
            say(learner, i, best);
        }
    }
}

static wl_status run_keywords(const struct learner *learner, wl_error *error)
{
    const wl_alloc *alloc = learner->data->alloc;
    size_t n_words = learner->bags.words.n_strings + 1;
    size_t n_labels = learner->data->n_labels;
    struct keyword_counts counts = {.with = wl_alloc_zeroed(alloc, n_words, sizeof(*counts.with)),
                                    .without =
                                        wl_alloc_zeroed(alloc, n_words, sizeof(*counts.without)),
                                    .covered = wl_alloc_zeroed(alloc, learner->n_train + 1, 1)};
    struct keywords *keywords = wl_alloc_zeroed(alloc, n_labels, sizeof(*keywords));
    wl_status status = WL_OK;

    if (counts.with == NULL || counts.without == NULL || counts.covered == NULL ||
        keywords == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for the keywords of %zu labels", n_labels);
        goto done;
    }
    for (uint32_t c = 0; c < n_labels; c++) {
        find_keywords(learner, c, &counts, &keywords[c]);
    }
    say_keywords(learner, keywords);
done:
    wl_alloc_free(alloc, keywords);
    wl_alloc_free(alloc, counts.covered);
    wl_alloc_free(alloc, counts.without);
    wl_alloc_free(alloc, counts.with);
    return status;
}

/* Naive Bayes: how many training texts of each label have a word, as lists of (label, count). */
struct word_label {
    uint32_t word;
    uint32_t label;
};

struct bayes {
    struct word_label *pairs; // (n_pairs) one for each (text, word, label), sorted
    size_t n_pairs;
    size_t *first;   // (words + 1) of pairs
    double *n_of;    // (n_labels) pairs of each label
    double *scores;  // (n_labels) scratch
    size_t *in_word; // (n_labels) scratch
};

static int compare_pairs(const void *a, const void *b)
{
    const struct word_label *left = a;
    const struct word_label *right = b;

    if (left->word != right->word) {
        return left->word < right->word ? -1 : 1;
    }
    return (left->label > right->label) - (left->label < right->label);
}

static size_t fill_pairs(const struct learner *learner, struct word_label *pairs)
{
    const struct wl_text_data *data = learner->data;
    const struct bags *bags = &learner->bags;
    size_t n = 0;

    for (size_t i = 0; i < learner->n_train; i++) {
        size_t row = learner->train[i];
        for (size_t k = bags->first[row]; k < bags->first[row + 1]; k++) {
            for (uint32_t l = data->first[row]; l < data->first[row + 1]; l++) {
                if (pairs != NULL) {
                    pairs[n] = (struct word_label){bags->items[k], data->items[l]};
                }
                n++;
            }
        }
    }
    return n;
}

static void index_pairs(const struct learner *learner, struct bayes *bayes)
{
    size_t n_words = learner->bags.words.n_strings;
    size_t at = 0;

    bayes->n_pairs = fill_pairs(learner, bayes->pairs);
    if (bayes->n_pairs > 0) {
        qsort(bayes->pairs, bayes->n_pairs, sizeof(*bayes->pairs), compare_pairs);
    }
    for (size_t w = 0; w <= n_words; w++) {
        while (at < bayes->n_pairs && bayes->pairs[at].word < w) {
            at++;
        }
        bayes->first[w] = at;
    }
    for (size_t i = 0; i < bayes->n_pairs; i++) {
        bayes->n_of[bayes->pairs[i].label] += 1.0;
    }
}

// ONE: log prior and log likelihood with add-one smoothing; words never seen say nothing.
static uint32_t best_label(const struct learner *learner, struct bayes *bayes, size_t row)
{
    const struct bags *bags = &learner->bags;
    size_t n_labels = learner->data->n_labels;
    double n_words = (double)bags->words.n_strings;
    size_t n_known = 0;
    uint32_t best = 0;

    for (size_t c = 0; c < n_labels; c++) {
        bayes->scores[c] = log((double)learner->n_texts[c] + 0.5);
    }
    for (size_t k = bags->first[row]; k < bags->first[row + 1]; k++) {
        size_t begin = bayes->first[bags->items[k]];
        size_t end = bayes->first[bags->items[k] + 1];
        n_known += end > begin;
        for (size_t i = begin; i < end;) {
            size_t j = i;
            while (j < end && bayes->pairs[j].label == bayes->pairs[i].label) {
                j++;
            }
            bayes->scores[bayes->pairs[i].label] += log((double)(j - i) + 1.0);
            i = j;
        }
    }
    for (uint32_t c = 0; c < n_labels; c++) {
        bayes->scores[c] -= (double)n_known * log(bayes->n_of[c] + n_words);
        best = bayes->scores[c] > bayes->scores[best] ? c : best;
    }
    return best;
}

// ANY: for each label the log odds against texts without it.
static void say_any(const struct learner *learner, struct bayes *bayes, size_t i)
{
    const struct bags *bags = &learner->bags;
    size_t row = learner->test[i];
    size_t n_labels = learner->data->n_labels;
    double n_words = (double)bags->words.n_strings;
    double n_all = (double)bayes->n_pairs;

    for (size_t c = 0; c < n_labels; c++) {
        bayes->scores[c] = log(((double)learner->n_texts[c] + 0.5) /
                               ((double)(learner->n_train - learner->n_texts[c]) + 0.5));
    }
    for (size_t k = bags->first[row]; k < bags->first[row + 1]; k++) {
        size_t begin = bayes->first[bags->items[k]];
        size_t end = bayes->first[bags->items[k] + 1];
        memset(bayes->in_word, 0, n_labels * sizeof(*bayes->in_word));
        for (size_t p = begin; p < end; p++) {
            bayes->in_word[bayes->pairs[p].label]++;
        }
        for (size_t c = 0; c < n_labels && end > begin; c++) {
            double with = (double)bayes->in_word[c];
            double without = (double)(end - begin) - with;
            bayes->scores[c] += log((with + 1.0) / (bayes->n_of[c] + n_words)) -
                                log((without + 1.0) / (n_all - bayes->n_of[c] + n_words));
        }
    }
    for (uint32_t c = 0; c < n_labels; c++) {
        if (bayes->scores[c] > 0.0) {
            say(learner, i, c);
        }
    }
}

static wl_status run_bayes(const struct learner *learner, wl_error *error)
{
    const wl_alloc *alloc = learner->data->alloc;
    size_t n_labels = learner->data->n_labels;
    struct bayes bayes = {
        .pairs = wl_alloc_array(alloc, fill_pairs(learner, NULL) + 1, sizeof(*bayes.pairs)),
        .first = wl_alloc_zeroed(alloc, learner->bags.words.n_strings + 2, sizeof(*bayes.first)),
        .n_of = wl_alloc_zeroed(alloc, n_labels, sizeof(*bayes.n_of)),
        .scores = wl_alloc_zeroed(alloc, n_labels, sizeof(*bayes.scores)),
        .in_word = wl_alloc_zeroed(alloc, n_labels, sizeof(*bayes.in_word))};
    wl_status status = WL_OK;

    if (bayes.pairs == NULL || bayes.first == NULL || bayes.n_of == NULL || bayes.scores == NULL ||
        bayes.in_word == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for naive Bayes");
        goto done;
    }
    index_pairs(learner, &bayes);
    for (size_t i = 0; i < learner->n_test; i++) {
        if (learner->data->task == WL_TEXT_ONE) {
            say(learner, i, best_label(learner, &bayes, learner->test[i]));
        } else {
            say_any(learner, &bayes, i);
        }
    }
done:
    wl_alloc_free(alloc, bayes.in_word);
    wl_alloc_free(alloc, bayes.scores);
    wl_alloc_free(alloc, bayes.n_of);
    wl_alloc_free(alloc, bayes.first);
    wl_alloc_free(alloc, bayes.pairs);
    return status;
}

wl_status wl_text_baseline_run(const struct wl_text_data *data, enum wl_text_baseline baseline,
                               const uint32_t *train, size_t n_train, const uint32_t *test,
                               size_t n_test, uint8_t *marks, wl_error *error)
{
    struct learner learner = {.data = data,
                              .train = train,
                              .n_train = n_train,
                              .test = test,
                              .n_test = n_test,
                              .marks = marks};
    wl_status status = WL_OK;

    WL_ASSERT(baseline != WL_TEXT_LINEAR);
    learner.n_texts = wl_alloc_zeroed(data->alloc, data->n_labels + 1, sizeof(*learner.n_texts));
    if (learner.n_texts == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu labels", data->n_labels);
    }
    memset(marks, 0, n_test * data->n_labels);
    count_labels(&learner);
    if (baseline == WL_TEXT_MAJORITY) {
        say_majority(&learner);
    } else {
        status = make_bags(data, &learner.bags, error);
        if (status == WL_OK) {
            status = baseline == WL_TEXT_KEYWORDS ? run_keywords(&learner, error)
                                                  : run_bayes(&learner, error);
            release_bags(&learner.bags);
        }
    }
    wl_alloc_free(data->alloc, learner.n_texts);
    return status;
}
