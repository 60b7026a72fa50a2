/* The margin of a label is a sum over n-grams. Each occurrence of an n-gram spreads its share
 * evenly over the bytes it covers (a pair over its two words), so that the bytes' sums add up to
 * the margin again, and n-grams that overlap meet in the same bytes. Parts are then runs of
 * characters that speak clearly, made up to whole words where words are written with spaces
 * between them. */
#include "text/text_linear.h"
#include "text/text_linear_inside.h"
#include "text/unicode.h"

#include <string.h>

#define CLEAR_SHARE 0.25F /* of what the strongest byte says; less is noise between words */

/* What one label sees in one text. */
struct listening {
    const struct wl_text_linear *linear;
    struct wl_linear_scratch *scratch;
    struct wl_str text; /* normalised */
};

// Weight of a column for a label; of two labels the first is the second's opposite.
static float weight_of(const struct wl_text_linear *linear, size_t column, uint32_t label)
{
    bool is_pair = linear->n_outputs == 1 && linear->base.about.n_labels == 2;
    size_t output = is_pair ? 0 : label;
    float weight = linear->scale[column] * (float)linear->weights[column * linear->stride + output];

    return is_pair && label == 0 ? -weight : weight;
}

// What each n-gram of the row adds to the margin, per occurrence.
static void fill_shares(const struct listening *listening, uint32_t label)
{
    const struct wl_text_linear *linear = listening->linear;
    struct wl_text_row *row = &listening->scratch->row;
    float *shares = listening->scratch->shares;

    memcpy(shares, row->values, row->n * sizeof(*shares)); // the counts, before they are weighed
    wl_tfidf_weigh(linear->vocabulary.keys, linear->vocabulary.idf, linear->binary, row->columns,
                   row->n, row->values);
    for (size_t i = 0; i < row->n; i++) {
        shares[i] = row->values[i] * weight_of(linear, row->columns[i], label) / shares[i];
    }
}

static void spread(float *spoken, size_t i_byte, size_t n_bytes, float share)
{
    for (size_t i = 0; i < n_bytes; i++) {
        spoken[i_byte + i] += share / (float)n_bytes;
    }
}

static wl_status spread_all(const struct listening *listening, wl_error *error)
{
    const struct wl_text_linear *linear = listening->linear;
    struct wl_linear_scratch *scratch = listening->scratch;
    struct wl_text_row *row = &scratch->row;

    WL_TRY(wl_ngrams_begin(&scratch->ngrams, &linear->options, listening->text, true, error));
    for (size_t i = 0; i < row->n; i++) {
        row->counts[row->columns[i]] = (uint32_t)i; // all of them are set back below
    }
    while (wl_ngrams_next(&scratch->ngrams)) {
        for (size_t k = 0; k < scratch->ngrams.n_keys; k++) {
            const struct wl_ngram_place *place = &scratch->ngrams.places[k];
            uint32_t column = wl_vocabulary_find(&linear->vocabulary, scratch->ngrams.keys[k]);
            if (column == WL_VOCABULARY_NONE) {
                continue;
            }
            float share = scratch->shares[row->counts[column]];
            share = place->n_other > 0 ? 0.5F * share : share;
            spread(scratch->spoken, place->i_byte, place->n_bytes, share);
            spread(scratch->spoken, place->i_other, place->n_other, share);
        }
    }
    for (size_t i = 0; i < row->n; i++) {
        row->counts[row->columns[i]] = 0;
    }
    return WL_OK;
}

/* -- parts -- */

// Letters and digits that make words with their neighbours; Chinese ones stand alone.
static bool joins_word(struct wl_str text, size_t i)
{
    size_t n = i < text.n_bytes ? wl_utf8_length(text, i) : 0;
    uint32_t c = n > 0 ? wl_char_decode(text.data + i, n) : ' ';

    return wl_char_of(c).kind <= WL_CHAR_DIGIT && !wl_char_is_han(c);
}

static size_t char_before(struct wl_str text, size_t i)
{
    do {
        i--;
    } while (i > 0 && ((unsigned char)text.data[i] & 0xC0U) == 0x80U);
    return i;
}

static size_t char_behind(struct wl_str text, size_t i)
{
    size_t n = wl_utf8_length(text, i);

    return i + (n > 0 ? n : 1);
}

// The first part from byte i on: a run above least, made up to whole words.
static bool next_part(const struct listening *listening, float least, size_t i, size_t *begin,
                      size_t *end)
{
    struct wl_str text = listening->text;
    const float *spoken = listening->scratch->spoken;
    size_t floor = i;

    while (i < text.n_bytes && spoken[i] < least) {
        i = char_behind(text, i);
    }
    if (i >= text.n_bytes) {
        return false;
    }
    *begin = i;
    while (*begin > floor && joins_word(text, *begin) &&
           joins_word(text, char_before(text, *begin))) {
        *begin = char_before(text, *begin);
    }
    while (i < text.n_bytes && spoken[i] >= least) {
        i = char_behind(text, i);
    }
    while (i < text.n_bytes && joins_word(text, i) && joins_word(text, char_before(text, i))) {
        i = char_behind(text, i);
    }
    *end = i < text.n_bytes ? i : text.n_bytes;
    return true;
}

static void trim(struct wl_str text, size_t *begin, size_t *end)
{
    while (*begin < *end && (text.data[*begin] == ' ' || text.data[*begin] == '\n')) {
        (*begin)++;
    }
    while (*begin < *end && (text.data[*end - 1] == ' ' || text.data[*end - 1] == '\n')) {
        (*end)--;
    }
}

// Keep the n_max heaviest, heaviest first; of equal ones the earlier.
static void insert(struct wl_text_span *spans, size_t n_max, size_t *n, struct wl_text_span span)
{
    size_t i = *n < n_max ? *n : n_max;

    while (i > 0 && spans[i - 1].weight < span.weight) {
        if (i < n_max) {
            spans[i] = spans[i - 1];
        }
        i--;
    }
    if (i < n_max) {
        spans[i] = span;
        *n += *n < n_max;
    }
}

static void collect(const struct listening *listening, struct wl_str raw,
                    struct wl_text_span *spans, size_t n_max, size_t *n)
{
    const float *spoken = listening->scratch->spoken;
    float most = 0.0F;
    size_t begin = 0;
    size_t end = 0;

    for (size_t i = 0; i < listening->text.n_bytes; i++) {
        most = spoken[i] > most ? spoken[i] : most;
    }
    while (most > 0.0F && next_part(listening, CLEAR_SHARE * most, end, &begin, &end)) {
        size_t first = begin;
        size_t last = end;
        double weight = 0.0;
        for (size_t i = begin; i < end; i++) {
            weight += (double)spoken[i];
        }
        trim(listening->text, &first, &last);
        if (weight > 0.0 && last > first) {
            struct wl_str part =
                wl_normal_raw(&listening->scratch->normal, raw, first, last - first);
            insert(spans, n_max, n,
                   (struct wl_text_span){.i_byte = (uint32_t)(part.data - raw.data),
                                         .n_bytes = (uint32_t)part.n_bytes,
                                         .weight = weight});
        }
    }
}

wl_status wl_text_why(const struct wl_text_classifier *classifier, struct wl_str text,
                      uint32_t label, struct wl_text_scratch *shared, struct wl_text_span *spans,
                      size_t n_spans_max, size_t *n_spans, wl_error *error)
{
    const struct wl_text_linear *linear = wl_text_linear_of(classifier);
    struct wl_linear_scratch *scratch = NULL;
    size_t n = 0;

    if (linear == NULL) {
        return wl_fail(error, WL_EINVAL, "a classifier of kind %s does not say why",
                       classifier->about.algorithm);
    }
    if (label >= classifier->about.n_labels || n_spans_max > WL_TEXT_SPANS_MAX) {
        return wl_fail(error, WL_EINVAL, "label %u of %zu, %zu parts", label,
                       classifier->about.n_labels, n_spans_max);
    }
    WL_TRY(wl_linear_scratch_of(shared, &scratch, error));
    WL_TRY(wl_text_linear_count(linear, text, scratch, error));
    struct listening listening = {
        .linear = linear, .scratch = scratch, .text = wl_buf_view(&scratch->normal.text)};
    size_t n_bytes = listening.text.n_bytes;
    WL_TRY(WL_GROW(scratch->alloc, scratch->shares, scratch->shares_capacity, scratch->row.n + 1,
                   error));
    WL_TRY(WL_GROW(scratch->alloc, scratch->spoken, scratch->spoken_capacity, n_bytes + 1, error));
    memset(scratch->spoken, 0, (n_bytes + 1) * sizeof(*scratch->spoken));
    if (scratch->row.n > 0) {
        fill_shares(&listening, label);
        WL_TRY(spread_all(&listening, error));
        collect(&listening, text, spans, n_spans_max, &n);
    }
    *n_spans = n;
    return WL_OK;
}
