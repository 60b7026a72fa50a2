/* The labels of the texts of each column are brought together by a counting sort of all entries by
 * column; then each column is one walk over its texts. */
#include "text/text_tell.h"

#include <math.h>

#define SMOOTHING    3.0  /* texts with the labels of all texts that are added to each n-gram */
#define FACTOR_LEAST 1e-6 /* an n-gram that tells nothing stays in, hardly seen */

struct telling {
    const struct wl_text_corpus *corpus;
    const struct wl_text_set *set;
    const uint8_t *is_in;
    uint64_t *begin;  /* (n_columns + 1) where each column's labels begin */
    uint32_t *labels; /* (entries of is_in) by column */
    double *share;    /* (n_labels) of all texts */
    uint32_t *count;  /* (n_labels) of one column; zero between columns */
    double power;
};

static void sort_labels(struct telling *telling)
{
    const struct wl_sparse *counts = &telling->corpus->counts;
    uint64_t *begin = telling->begin;

    for (size_t r = 0; r < counts->n_rows; r++) {
        for (uint64_t i = counts->begin[r]; i < counts->begin[r + 1] && telling->is_in[r]; i++) {
            begin[counts->columns[i] + 1]++;
        }
    }
    for (size_t c = 0; c < counts->n_columns; c++) {
        begin[c + 1] += begin[c];
    }
    for (size_t r = 0; r < counts->n_rows; r++) { // begin[c] moves to its end meanwhile
        for (uint64_t i = counts->begin[r]; i < counts->begin[r + 1] && telling->is_in[r]; i++) {
            telling->labels[begin[counts->columns[i]]++] = telling->set->labels[r];
        }
    }
    for (size_t c = counts->n_columns; c > 0; c--) {
        begin[c] = begin[c - 1];
    }
    begin[0] = 0;
}

static void count_shares(struct telling *telling)
{
    const struct wl_text_set *set = telling->set;
    double n = 0.0;

    for (size_t i = 0; i < set->n; i++) {
        if (telling->is_in[i] != 0) {
            telling->share[set->labels[i]] += 1.0;
            n += 1.0;
        }
    }
    for (size_t l = 0; l < set->n_labels; l++) {
        telling->share[l] /= n > 0.0 ? n : 1.0;
    }
}

// Labels that no text of the column has all add the same per share: they are summed in one go.
static double divergence(struct telling *telling, size_t column)
{
    const uint32_t *labels = telling->labels + telling->begin[column];
    size_t n = (size_t)(telling->begin[column + 1] - telling->begin[column]);
    double rest = SMOOTHING / ((double)n + SMOOTHING);
    double share_seen = 0.0;
    double sum = 0.0;

    for (size_t i = 0; i < n; i++) {
        telling->count[labels[i]]++;
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t count = telling->count[labels[i]];
        double share = telling->share[labels[i]];
        if (count > 0) {
            double p = ((double)count + SMOOTHING * share) / ((double)n + SMOOTHING);
            sum += p * log(p / share);
            share_seen += share;
            telling->count[labels[i]] = 0;
        }
    }
    return sum + fmax(1.0 - share_seen, 0.0) * rest * log(rest);
}

static void scale_columns(struct telling *telling, float *factor)
{
    for (size_t c = 0; c < telling->corpus->counts.n_columns; c++) {
        if (factor[c] > 0.0F) {
            double told = pow(fmax(divergence(telling, c), 0.0), 0.5 * telling->power);
            factor[c] *= (float)fmax(told, FACTOR_LEAST);
        }
    }
}

wl_status wl_text_tell(const wl_alloc *alloc, const struct wl_text_corpus *corpus,
                       const struct wl_text_set *set, const uint8_t *is_in, double power,
                       float *factor, wl_error *error)
{
    size_t n_columns = corpus->counts.n_columns;
    struct telling telling = {.corpus = corpus, .set = set, .is_in = is_in, .power = power};
    wl_status status = WL_OK;

    if (set->task != WL_TEXT_ONE) {
        return WL_OK;
    }
    telling.begin = wl_alloc_zeroed(alloc, n_columns + 2, sizeof(*telling.begin));
    telling.labels =
        wl_alloc_array(alloc, wl_sparse_count(&corpus->counts) + 1, sizeof(*telling.labels));
    telling.share = wl_alloc_zeroed(alloc, set->n_labels, sizeof(*telling.share));
    telling.count = wl_alloc_zeroed(alloc, set->n_labels, sizeof(*telling.count));
    if (telling.begin == NULL || telling.labels == NULL || telling.share == NULL ||
        telling.count == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory to weigh %zu n-grams", n_columns);
        goto done;
    }
    sort_labels(&telling);
    count_shares(&telling);
    scale_columns(&telling, factor);
done:
    wl_alloc_free(alloc, telling.begin);
    wl_alloc_free(alloc, telling.labels);
    wl_alloc_free(alloc, telling.share);
    wl_alloc_free(alloc, telling.count);
    return status;
}
