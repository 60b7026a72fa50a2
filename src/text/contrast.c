/* The prior of a word is its share in both groups together, weighing prior * (texts of both). With
 * a tenth of the texts a word of 100 texts to none and one of 100 to 5 come out nearly alike, as
 * they should; with a much weaker prior the first would have a variance beyond measure and fall
 * behind. */
#include "text/contrast.h"

#include <math.h>
#include <stdlib.h>

#define Z_95 1.959963984540054 /* normal quantile of 0.975 */

static double chi_square_of(const struct wl_contrast_counts *counts)
{
    double a = counts->n_with[0];
    double b = counts->n_with[1];
    double not_a = counts->n_texts[0] - a;
    double not_b = counts->n_texts[1] - b;
    double product = (a + b) * (not_a + not_b) * (a + not_a) * (b + not_b);
    double cross = a * not_b - b * not_a;

    return product > 0.0 ? cross * cross * (a + b + not_a + not_b) / product : 0.0;
}

struct wl_contrast wl_contrast_of(const struct wl_contrast_counts *counts, double prior)
{
    struct wl_contrast result = {.counts = *counts};
    double n_both = (double)counts->n_texts[0] + counts->n_texts[1];
    double with_prior = prior * ((double)counts->n_with[0] + counts->n_with[1]);
    double variance = 0.0;

    WL_ASSERT(counts->n_texts[0] > 0 && counts->n_texts[1] > 0 && prior > 0.0);
    for (int side = 0; side < 2; side++) {
        double with = counts->n_with[side] + with_prior;
        double without = counts->n_texts[side] + prior * n_both - with;
        // A word of every text: odds stay finite, and alike for both groups.
        double floor = 0.5 * counts->n_texts[side] / n_both;
        with = fmax(with, floor);
        without = fmax(without, floor);
        result.log_odds += (side == 0 ? 1.0 : -1.0) * log(with / without);
        variance += 1.0 / with + 1.0 / without;
    }
    result.z = result.log_odds / sqrt(variance);
    result.low = result.log_odds - Z_95 * sqrt(variance);
    result.high = result.log_odds + Z_95 * sqrt(variance);
    result.chi_square = chi_square_of(counts);
    result.p = erfc(sqrt(result.chi_square / 2.0));
    result.p_adjusted = result.p;
    return result;
}

static int compare_p(const void *a, const void *b)
{
    const struct wl_contrast *one = a;
    const struct wl_contrast *other = b;

    return (one->p > other->p) - (one->p < other->p);
}

// Also sorts by p.
static void adjust(struct wl_contrast *results, size_t n)
{
    double least = 1.0;

    qsort(results, n, sizeof(*results), compare_p);
    for (size_t i = n; i-- > 0;) {
        least = fmin(least, results[i].p * (double)n / (double)(i + 1));
        results[i].p_adjusted = least;
    }
}

static int compare_z(const void *a, const void *b)
{
    const struct wl_contrast *one = a;
    const struct wl_contrast *other = b;

    if (one->z != other->z) {
        return one->z > other->z ? -1 : 1;
    }
    return (one->term > other->term) - (one->term < other->term);
}

static double signed_chi_square(const struct wl_contrast *result)
{
    double share_a = result->counts.n_with[0] / (double)result->counts.n_texts[0];
    double share_b = result->counts.n_with[1] / (double)result->counts.n_texts[1];

    return share_a >= share_b ? result->chi_square : -result->chi_square;
}

static int compare_chi_square(const void *a, const void *b)
{
    double one = signed_chi_square(a);
    double other = signed_chi_square(b);

    return one != other ? (one > other ? -1 : 1) : compare_z(a, b);
}

static wl_status count_group(const struct wl_term_matrix *matrix, const uint8_t *group,
                             struct wl_contrast_counts *counts, wl_error *error)
{
    for (size_t i = 0; i < matrix->n_texts; i++) {
        counts->n_texts[0] += group[i] == 0;
        counts->n_texts[1] += group[i] == 1;
    }
    if (counts->n_texts[0] == 0 || counts->n_texts[1] == 0) {
        return wl_fail(error, WL_EGATE, "two groups are to be compared, one has %u texts, one %u",
                       counts->n_texts[0], counts->n_texts[1]);
    }
    return WL_OK;
}

wl_status wl_contrast_rank(const wl_alloc *alloc, const struct wl_term_matrix *matrix,
                           const uint8_t *group, const bool *skip,
                           const struct wl_contrast_options *options, struct wl_contrast **results,
                           size_t *n_results, wl_error *error)
{
    struct wl_contrast_counts counts = {0};
    struct wl_contrast *found = NULL;
    uint32_t *n_with[2] = {NULL, NULL};
    size_t n = 0;
    wl_status status = WL_OK;

    WL_TRY(count_group(matrix, group, &counts, error));
    n_with[0] = wl_alloc_array(alloc, matrix->n_terms + 1, sizeof(uint32_t));
    n_with[1] = wl_alloc_array(alloc, matrix->n_terms + 1, sizeof(uint32_t));
    found = wl_alloc_array(alloc, matrix->n_terms + 1, sizeof(*found));
    if (n_with[0] == NULL || n_with[1] == NULL || found == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory to compare %zu words", matrix->n_terms);
        goto done;
    }
    wl_term_matrix_texts(matrix, group, 0, n_with[0]);
    wl_term_matrix_texts(matrix, group, 1, n_with[1]);
    for (uint32_t term = 0; term < matrix->n_terms; term++) {
        counts.n_with[0] = n_with[0][term];
        counts.n_with[1] = n_with[1][term];
        if ((skip == NULL || !skip[term]) &&
            (uint64_t)counts.n_with[0] + counts.n_with[1] >= options->min_df) {
            found[n] = wl_contrast_of(&counts, options->prior);
            found[n++].term = term;
        }
    }
    adjust(found, n);
    qsort(found, n, sizeof(*found), options->by_chi_square ? compare_chi_square : compare_z);
    *results = found;
    *n_results = n;
    found = NULL;
done:
    wl_alloc_free(alloc, n_with[0]);
    wl_alloc_free(alloc, n_with[1]);
    wl_alloc_free(alloc, found);
    return status;
}
