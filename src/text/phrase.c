/* Two rounds. In the first, pairs of neighbouring words are counted and those that pass both tests
 * become phrases; in the second the texts are read with these joined, and pairs of which one side
 * is a phrase are tested in turn. So "too slow" comes first and "loads too slow" grows from it.
 * Where pairs overlap the one that is more unlikely by chance wins.
 *
 * Forms of a word are counted together. Which form a phrase is shown in is decided by a majority
 * vote that needs one counter per phrase (Boyer & Moore 1981): a place in the corpus as
 * candidate. */
#include "text/phrase.h"

#include <math.h>
#include <string.h>

#define NO_UNIT   UINT32_MAX
#define N_MIN     5
#define G2_MIN    15.14 /* chi-square, one degree of freedom, p = 0.0001 */
#define CLOSENESS 0.2

/* One side of a text while it is read: units and where they begin. */
struct reading {
    uint32_t *units; /* (n) NO_UNIT for a break */
    size_t *places;  /* (n) */
    size_t n;
    size_t capacity;
    size_t places_capacity;
};

struct pair_counts {
    const wl_alloc *alloc;
    struct wl_map64 pairs; /* left << 32 | right -> count */
    uint32_t *left;        /* (n_units) how often a unit stands on the left of a pair */
    uint32_t *right;
    double n_pairs;
    struct wl_map64 decided; /* left << 32 | right -> 1: tested in this round already */
};

void wl_phrase_options_init(struct wl_phrase_options *options)
{
    *options = (struct wl_phrase_options){
        .n_min = N_MIN, .log_likelihood_min = G2_MIN, .closeness_min = CLOSENESS};
}

void wl_phrases_release(struct wl_phrases *phrases)
{
    if (phrases->alloc != NULL) {
        wl_alloc_free(phrases->alloc, phrases->items);
        wl_map64_release(&phrases->pairs);
    }
    *phrases = (struct wl_phrases){0};
}

static uint64_t key_of(uint32_t left, uint32_t right)
{
    return (uint64_t)left << 32 | right;
}

/* -- units -- */

static const struct wl_phrase *phrase_of(const struct wl_phrases *phrases, uint32_t unit)
{
    return unit >= phrases->n_terms ? &phrases->items[unit - phrases->n_terms] : NULL;
}

static uint32_t words_of(const struct wl_phrases *phrases, uint32_t unit)
{
    const struct wl_phrase *phrase = phrase_of(phrases, unit);

    return phrase != NULL ? phrase->n_words : 1;
}

static enum wl_word_kind first_kind(const struct wl_phrases *phrases, uint32_t unit)
{
    while (unit >= phrases->n_terms) {
        unit = phrase_of(phrases, unit)->left;
    }
    return (enum wl_word_kind)phrases->corpus->terms[unit].kind;
}

static enum wl_word_kind last_kind(const struct wl_phrases *phrases, uint32_t unit)
{
    while (unit >= phrases->n_terms) {
        unit = phrase_of(phrases, unit)->right;
    }
    return (enum wl_word_kind)phrases->corpus->terms[unit].kind;
}

/* -- reading with phrases joined -- */

static wl_status add_unit(const wl_alloc *alloc, struct reading *reading, uint32_t unit,
                          size_t place, wl_error *error)
{
    WL_TRY(WL_GROW(alloc, reading->units, reading->capacity, reading->n + 1, error));
    WL_TRY(WL_GROW(alloc, reading->places, reading->places_capacity, reading->n + 1, error));
    reading->places[reading->n] = place;
    reading->units[reading->n++] = unit;
    return WL_OK;
}

static uint32_t joined(const struct wl_phrases *phrases, uint32_t left, uint32_t right)
{
    if (left == NO_UNIT || right == NO_UNIT) {
        return NO_UNIT;
    }
    const uint64_t *phrase = wl_map64_get(&phrases->pairs, key_of(left, right));
    return phrase != NULL ? (uint32_t)(phrases->n_terms + *phrase - 1) : NO_UNIT;
}

static double strength(const struct wl_phrases *phrases, uint32_t unit)
{
    return unit != NO_UNIT ? phrase_of(phrases, unit)->log_likelihood : 0.0;
}

// Joins neighbours of what was read, in place, from left to right; a pair waits if the next is
// stronger.
static void join(const struct wl_phrases *phrases, struct reading *reading)
{
    size_t to = 0;

    for (size_t i = 0; i < reading->n; i++) {
        uint32_t next = i + 1 < reading->n ? reading->units[i + 1] : NO_UNIT;
        uint32_t after = i + 2 < reading->n ? reading->units[i + 2] : NO_UNIT;
        uint32_t unit = joined(phrases, reading->units[i], next);
        bool is_taken = unit != NO_UNIT &&
                        strength(phrases, joined(phrases, next, after)) <= strength(phrases, unit);
        reading->places[to] = reading->places[i];
        reading->units[to++] = is_taken ? unit : reading->units[i];
        i += is_taken;
    }
    reading->n = to;
}

// The terms of a text, not joined.
static wl_status read_text(const struct wl_corpus *corpus, size_t text, struct reading *reading,
                           wl_error *error)
{
    reading->n = 0;
    for (size_t i = corpus->begin[text]; i < corpus->begin[text + 1]; i++) {
        uint32_t form = corpus->places[i];
        uint32_t unit = form != WL_CORPUS_BREAK ? corpus->forms[form].term : NO_UNIT;
        WL_TRY(add_unit(corpus->alloc, reading, unit, i, error));
    }
    return WL_OK;
}

static void reading_release(const wl_alloc *alloc, struct reading *reading)
{
    wl_alloc_free(alloc, reading->units);
    wl_alloc_free(alloc, reading->places);
}

/* -- counting pairs -- */

static wl_status count_reading(struct pair_counts *counts, const struct reading *reading,
                               wl_error *error)
{
    for (size_t i = 0; i + 1 < reading->n; i++) {
        uint32_t left = reading->units[i];
        uint32_t right = reading->units[i + 1];
        if (left == NO_UNIT || right == NO_UNIT) {
            continue;
        }
        uint64_t *count = wl_map64_at(&counts->pairs, key_of(left, right), NULL);
        if (count == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for pairs of words");
        }
        ++*count;
        counts->left[left]++;
        counts->right[right]++;
        counts->n_pairs += 1.0;
    }
    return WL_OK;
}

static double x_log_x_ratio(double x, double expected)
{
    return x > 0.0 ? x * log(x / expected) : 0.0;
}

// Of the table of four: both, left only, right only, neither.
static double log_likelihood(double both, double left, double right, double n)
{
    double sum = x_log_x_ratio(both, left * right / n);

    sum += x_log_x_ratio(left - both, left * (n - right) / n);
    sum += x_log_x_ratio(right - both, (n - left) * right / n);
    sum += x_log_x_ratio(n - left - right + both, (n - left) * (n - right) / n);
    return 2.0 * sum;
}

/* -- deciding -- */

static bool may_join(const struct wl_phrases *phrases, uint32_t left, uint32_t right)
{
    bool is_short = words_of(phrases, left) + words_of(phrases, right) <= WL_PHRASE_WORDS_MAX;

    return is_short && left != right && first_kind(phrases, left) != WL_WORD_GLUE &&
           last_kind(phrases, right) == WL_WORD_CONTENT;
}

static wl_status decide(struct wl_phrases *phrases, const struct pair_counts *counts,
                        const struct wl_phrase_options *options, uint64_t key, uint64_t count,
                        size_t place, wl_error *error)
{
    uint32_t left = (uint32_t)(key >> 32);
    uint32_t right = (uint32_t)key;
    double n = counts->n_pairs;
    double expected = (double)counts->left[left] * counts->right[right] / n;
    double both = (double)count;

    if (count < options->n_min || both <= expected || !may_join(phrases, left, right)) {
        return WL_OK;
    }
    struct wl_phrase phrase = {.left = left,
                               .right = right,
                               .n_words = words_of(phrases, left) + words_of(phrases, right),
                               .place = place};
    phrase.log_likelihood = log_likelihood(both, counts->left[left], counts->right[right], n);
    phrase.closeness = both < n ? log(both / expected) / -log(both / n) : 1.0;
    if (phrase.log_likelihood < options->log_likelihood_min ||
        phrase.closeness < options->closeness_min) {
        return WL_OK;
    }
    WL_TRY(WL_GROW(phrases->alloc, phrases->items, phrases->capacity, phrases->n + 1, error));
    phrases->items[phrases->n++] = phrase;
    return WL_OK;
}

// Pairs in the order of their first sight, so that numbers of phrases do not depend on the table.
// The second round tests only what has a phrase on one side.
static wl_status decide_all(struct wl_phrases *phrases, struct pair_counts *counts,
                            const struct reading *reading, bool is_first,
                            const struct wl_phrase_options *options, wl_error *error)
{
    for (size_t i = 0; i + 1 < reading->n; i++) {
        uint32_t left = reading->units[i];
        uint32_t right = reading->units[i + 1];
        bool is_new = true;
        if (left == NO_UNIT || right == NO_UNIT ||
            (!is_first && words_of(phrases, left) + words_of(phrases, right) == 2)) {
            continue;
        }
        const uint64_t *count = wl_map64_get(&counts->pairs, key_of(left, right));
        if (count == NULL || *count < options->n_min) {
            continue;
        }
        if (wl_map64_at(&counts->decided, key_of(left, right), &is_new) == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for pairs of words");
        }
        if (is_new) {
            WL_TRY(decide(phrases, counts, options, key_of(left, right), *count, reading->places[i],
                          error));
        }
    }
    return WL_OK;
}

static wl_status take_counts(struct pair_counts *counts, size_t n_units, wl_error *error)
{
    counts->left = wl_alloc_zeroed(counts->alloc, n_units + 1, sizeof(*counts->left));
    counts->right = wl_alloc_zeroed(counts->alloc, n_units + 1, sizeof(*counts->right));
    return counts->left != NULL && counts->right != NULL
               ? WL_OK
               : wl_fail(error, WL_ENOMEM, "no memory to count pairs of %zu words", n_units);
}

// From now on the phrases from n_known on are joined.
static wl_status publish(struct wl_phrases *phrases, size_t n_known, wl_error *error)
{
    for (size_t i = n_known; i < phrases->n; i++) {
        const struct wl_phrase *phrase = &phrases->items[i];
        uint64_t *slot = wl_map64_at(&phrases->pairs, key_of(phrase->left, phrase->right), NULL);
        if (slot == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for %zu phrases", phrases->n);
        }
        *slot = i + 1;
    }
    return WL_OK;
}

// One round: count the pairs of all texts as they are read now, then decide.
static wl_status find_round(struct wl_phrases *phrases, bool is_first,
                            const struct wl_phrase_options *options, wl_error *error)
{
    const struct wl_corpus *corpus = phrases->corpus;
    struct pair_counts counts = {.alloc = phrases->alloc};
    struct reading reading = {0};
    size_t n_known = phrases->n;
    wl_status status = WL_OK;

    wl_map64_init(&counts.pairs, phrases->alloc);
    wl_map64_init(&counts.decided, phrases->alloc);
    WL_GO(take_counts(&counts, phrases->n_terms + phrases->n, error));
    for (int pass = 0; pass < 2; pass++) {
        for (size_t text = 0; text < corpus->n_texts; text++) {
            WL_GO(read_text(corpus, text, &reading, error));
            if (!is_first) {
                join(phrases, &reading);
            }
            WL_GO(pass == 0 ? count_reading(&counts, &reading, error)
                            : decide_all(phrases, &counts, &reading, is_first, options, error));
        }
    }
    status = publish(phrases, n_known, error);
done:
    wl_map64_release(&counts.pairs);
    wl_map64_release(&counts.decided);
    wl_alloc_free(phrases->alloc, counts.left);
    wl_alloc_free(phrases->alloc, counts.right);
    reading_release(phrases->alloc, &reading);
    return status;
}

/* -- occurrences -- */

/* Takes each phrase of a text in turn, those within longer ones too. */
typedef wl_status (*phrase_fn)(void *context, uint32_t unit, size_t place, wl_error *error);

static wl_status each_within(const struct wl_phrases *phrases, uint32_t unit, size_t place,
                             phrase_fn each, void *context, wl_error *error)
{
    const struct wl_phrase *phrase = phrase_of(phrases, unit);

    if (phrase == NULL) {
        return WL_OK;
    }
    WL_TRY(each(context, unit, place, error));
    WL_TRY(each_within(phrases, phrase->left, place, each, context, error)); // depth: words - 1
    return each_within(phrases, phrase->right, place + words_of(phrases, phrase->left), each,
                       context, error);
}

static wl_status each_phrase(const struct wl_phrases *phrases, size_t text, struct reading *reading,
                             phrase_fn each, void *context, wl_error *error)
{
    WL_TRY(read_text(phrases->corpus, text, reading, error));
    join(phrases, reading);
    join(phrases, reading);
    for (size_t i = 0; i < reading->n; i++) {
        if (reading->units[i] != NO_UNIT) {
            WL_TRY(
                each_within(phrases, reading->units[i], reading->places[i], each, context, error));
        }
    }
    return WL_OK;
}

static wl_status vote(void *context, uint32_t unit, size_t place, wl_error *error)
{
    struct wl_phrases *phrases = context;
    struct wl_phrase *phrase = &phrases->items[unit - phrases->n_terms];
    const uint32_t *places = phrases->corpus->places;

    (void)error;
    if (phrase->votes == 0) {
        phrase->place = place;
        phrase->votes = 1;
    } else if (memcmp(places + phrase->place, places + place, phrase->n_words * sizeof(*places)) ==
               0) {
        phrase->votes++;
    } else {
        phrase->votes--;
    }
    return WL_OK;
}

static wl_status vote_all(struct wl_phrases *phrases, wl_error *error)
{
    struct reading reading = {0};
    wl_status status = WL_OK;

    for (size_t text = 0; status == WL_OK && text < phrases->corpus->n_texts; text++) {
        status = each_phrase(phrases, text, &reading, vote, phrases, error);
    }
    reading_release(phrases->alloc, &reading);
    return status;
}

wl_status wl_phrases_find(const struct wl_corpus *corpus, const struct wl_phrase_options *options,
                          struct wl_phrases *phrases_out, wl_error *error)
{
    struct wl_phrases phrases = {
        .alloc = corpus->alloc, .corpus = corpus, .n_terms = corpus->term_names.n_strings};
    wl_status status = WL_OK;

    wl_map64_init(&phrases.pairs, corpus->alloc);
    WL_GO(find_round(&phrases, true, options, error));
    WL_GO(find_round(&phrases, false, options, error));
    WL_GO(vote_all(&phrases, error));
    *phrases_out = phrases;
    phrases = (struct wl_phrases){0};
done:
    wl_phrases_release(&phrases);
    return status;
}

/* -- units of texts -- */

struct collecting {
    const wl_alloc *alloc;
    uint32_t *units; /* (n) */
    size_t n;
    size_t capacity;
};

static wl_status collect(void *context, uint32_t unit, size_t place, wl_error *error)
{
    struct collecting *collecting = context;

    (void)place;
    WL_TRY(WL_GROW(collecting->alloc, collecting->units, collecting->capacity, collecting->n + 1,
                   error));
    collecting->units[collecting->n++] = unit;
    return WL_OK;
}

static wl_status collect_words(const struct wl_corpus *corpus, size_t text,
                               struct collecting *collecting, wl_error *error)
{
    for (size_t i = corpus->begin[text]; i < corpus->begin[text + 1]; i++) {
        uint32_t form = corpus->places[i];
        if (form != WL_CORPUS_BREAK &&
            corpus->terms[corpus->forms[form].term].kind == WL_WORD_CONTENT) {
            WL_TRY(collect(collecting, corpus->forms[form].term, i, error));
        }
    }
    return WL_OK;
}

wl_status wl_phrases_matrix(const struct wl_phrases *phrases, struct wl_term_matrix *matrix,
                            wl_error *error)
{
    struct collecting collecting = {.alloc = phrases->alloc};
    struct reading reading = {0};
    wl_status status = WL_OK;

    for (size_t text = 0; text < phrases->corpus->n_texts; text++) {
        collecting.n = 0;
        WL_GO(collect_words(phrases->corpus, text, &collecting, error));
        WL_GO(each_phrase(phrases, text, &reading, collect, &collecting, error));
        WL_GO(wl_term_matrix_add(matrix, collecting.units, collecting.n, error));
    }
done:
    wl_alloc_free(phrases->alloc, collecting.units);
    reading_release(phrases->alloc, &reading);
    return status;
}

// Marks the parts of a phrase, and theirs, that stand nearly nowhere else.
static void absorb_part(const struct wl_phrases *phrases, uint32_t part, double n_wanted,
                        const uint32_t *n_texts_of, size_t n_units, bool *skip)
{
    const struct wl_phrase *phrase = phrase_of(phrases, part);

    if (part < n_units && n_texts_of[part] <= n_wanted) {
        skip[part] = true;
    }
    if (phrase != NULL) { // depth: words of a phrase
        absorb_part(phrases, phrase->left, n_wanted, n_texts_of, n_units, skip);
        absorb_part(phrases, phrase->right, n_wanted, n_texts_of, n_units, skip);
    }
}

void wl_phrases_absorb(const struct wl_phrases *phrases, const uint32_t *n_texts_of, double share,
                       size_t n_units, bool *skip)
{
    memset(skip, 0, n_units * sizeof(*skip));
    for (size_t i = 0; i < phrases->n && phrases->n_terms + i < n_units; i++) {
        const struct wl_phrase *phrase = &phrases->items[i];
        double n_wanted = n_texts_of[phrases->n_terms + i] / share;
        absorb_part(phrases, phrase->left, n_wanted, n_texts_of, n_units, skip);
        absorb_part(phrases, phrase->right, n_wanted, n_texts_of, n_units, skip);
    }
}

void wl_phrases_name(const struct wl_phrases *phrases, uint32_t unit, struct wl_buf *out)
{
    const struct wl_corpus *corpus = phrases->corpus;
    const struct wl_phrase *phrase = phrase_of(phrases, unit);
    bool was_chinese = true;

    if (phrase == NULL) {
        wl_buf_str(out, wl_dict_string(&corpus->form_names, corpus->terms[unit].form));
        return;
    }
    for (size_t i = 0; i < phrase->n_words; i++) {
        uint32_t form = corpus->places[phrase->place + i];
        bool is_chinese = corpus->terms[corpus->forms[form].term].is_chinese;
        wl_buf_text(out, i > 0 && !(is_chinese && was_chinese) ? " " : "");
        wl_buf_str(out, wl_dict_string(&corpus->form_names, form));
        was_chinese = is_chinese;
    }
}
