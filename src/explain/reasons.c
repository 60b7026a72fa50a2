/* Picks the strongest contributions and has a sentence written for each. Ten of at most a thousand
 * features: a plain selection, one pass for each reason, beats keeping a heap in order. */
#include "explain/reasons.h"

#include "base/clock.h"
#include "base/limits.h"

#include <math.h>
#include <string.h>

#define CODE_OTHER "other" // of the reason taxonomy: nothing we know of pushes towards leaving

// Index of the largest |phi| that is smaller than `last` in the order (|phi| falling, index
// rising), or SIZE_MAX when only zeros are left.
static size_t next_strongest(const double *phi, size_t n_features, size_t last)
{
    size_t best = SIZE_MAX;

    for (size_t i = 0; i < n_features; i++) {
        double size = fabs(phi[i]);
        bool is_after =
            last == SIZE_MAX || size < fabs(phi[last]) || (size == fabs(phi[last]) && i > last);
        if (size > 0.0 && is_after && (best == SIZE_MAX || size > fabs(phi[best]))) {
            best = i;
        }
    }
    return best;
}

static double value_at(const struct wl_rows *rows, size_t i_row, size_t i_feature)
{
    if (i_feature >= rows->schema->n_features) {
        return (double)NAN;
    }
    return (double)rows->values[i_row * rows->schema->n_features + i_feature];
}

static struct wl_feature_fact fact_of(const struct wl_feature_words *words,
                                      const struct wl_rows *rows, size_t i_row, size_t i_feature)
{
    struct wl_feature_fact fact = {.value = value_at(rows, i_row, i_feature),
                                   .baseline = value_at(rows, i_row, words->i_baseline)};
    double tenure_days = value_at(rows, i_row, words->i_tenure);
    double history_days = tenure_days - (double)words->window_us / (double)WL_DAY_US;

    fact.history_days = history_days > 0.0 ? history_days : (double)NAN;
    if (words->kind == WL_WORDS_CATEGORY && !isnan(fact.value)) {
        fact.level = wl_rows_level(rows, (float)fact.value);
    }
    return fact;
}

static wl_status keep_sentence(struct wl_arena *arena, const struct wl_feature_words *words,
                               const struct wl_feature_fact *fact, bool is_zh, struct wl_buf *buf,
                               struct wl_str *sentence, wl_error *error)
{
    wl_buf_clear(buf);
    wl_sentence_write(words, fact, is_zh, buf);
    WL_TRY(wl_buf_check(buf, error));
    const char *text = wl_arena_string(arena, wl_buf_view(buf));
    if (text == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a reason of %zu bytes", buf->n_bytes);
    }
    *sentence = wl_str_from(text);
    return WL_OK;
}

static wl_status check_finite(const struct wl_feature_words *words, const double *phi,
                              size_t n_features, wl_error *error)
{
    for (size_t i = 0; i < n_features; i++) {
        if (!isfinite(phi[i])) {
            return wl_fail(error, WL_EINVAL, "contribution of %s is %g", words[i].name, phi[i]);
        }
    }
    return WL_OK;
}

// What is left when the listed reasons are taken out, added in column order.
static double sum_of_rest(const double *phi, size_t n_features, const size_t *listed,
                          size_t n_listed)
{
    double sum = 0.0;

    for (size_t i = 0; i < n_features; i++) {
        bool is_listed = false;
        for (size_t k = 0; k < n_listed; k++) {
            is_listed = is_listed || listed[k] == i;
        }
        sum += is_listed ? 0.0 : phi[i];
    }
    return sum;
}

static wl_status fill_reason(struct wl_arena *arena, const struct wl_feature_words *words,
                             const struct wl_feature_fact *fact, struct wl_buf *buf,
                             struct wl_reason *reason, wl_error *error)
{
    reason->feature = wl_str_from(words->name);
    reason->value = fact->value;
    reason->level = fact->level;
    reason->baseline = fact->baseline;
    reason->code = wl_str_from(words->code);
    WL_TRY(keep_sentence(arena, words, fact, true, buf, &reason->zh, error));
    return keep_sentence(arena, words, fact, false, buf, &reason->en, error);
}

wl_status wl_reasons_fill(struct wl_arena *arena, const struct wl_feature_words *words,
                          const struct wl_rows *rows, size_t i_row, const double *phi, double base,
                          struct wl_explanation *explanation, wl_error *error)
{
    struct wl_explanation filled = {
        .score = explanation->score, .base = base, .top_code = WL_STR(CODE_OTHER)};
    size_t n_features = rows->schema->n_features;
    size_t listed[WL_REASONS_MAX];
    size_t last = SIZE_MAX;
    bool has_top = false;
    struct wl_buf buf;
    wl_status status;

    WL_ASSERT(i_row < rows->n_rows);
    wl_buf_init(&buf, arena->alloc, WL_BUF_BYTES_MAX);
    WL_GO(check_finite(words, phi, n_features, error));
    while (filled.n_reasons < WL_REASONS_MAX) {
        last = next_strongest(phi, n_features, last);
        if (last == SIZE_MAX) {
            break;
        }
        struct wl_feature_fact fact = fact_of(&words[last], rows, i_row, last);
        struct wl_reason *reason = &filled.reasons[filled.n_reasons];
        reason->contribution = phi[last];
        WL_GO(fill_reason(arena, &words[last], &fact, &buf, reason, error));
        if (phi[last] > 0.0 && !has_top) {
            filled.top_code = reason->code;
            has_top = true;
        }
        listed[filled.n_reasons++] = last;
    }
    filled.rest = sum_of_rest(phi, n_features, listed, filled.n_reasons);
    *explanation = filled;
done:
    wl_buf_release(&buf);
    return status;
}

void wl_phi_fold(const double *phi, size_t n_rows, size_t n_columns, const uint32_t *feature,
                 size_t n_features, double *folded)
{
    for (size_t i = 0; i < n_rows; i++) {
        double *row = folded + i * n_features;
        memset(row, 0, n_features * sizeof(double));
        for (size_t c = 0; c < n_columns; c++) {
            WL_DCHECK(feature[c] < n_features);
            row[feature[c]] += phi[i * n_columns + c];
        }
    }
}
