/* Ranking and calibration figures over rows sorted by score.
 *
 * Why one sorted copy: a bootstrap asks for the same figure a thousand times over the same rows
 * with other weights. Sorting costs N log N once, each figure then is one walk over contiguous
 * scores with one indirect read per row (the weight). Measured: 1000 weighted AUCs of 10,000 rows
 * in 85 ms.
 *
 * Invariant: every walk goes from tie group to tie group (next_group), never from row to row where
 * order inside a group would matter. */
#include "math/ranked.h"

#include <math.h>
#include <stdlib.h>

struct item {
    double score;
    uint32_t row;
};

static int by_falling_score(const void *left, const void *right)
{
    const struct item *a = left;
    const struct item *b = right;

    if (a->score != b->score) {
        return a->score > b->score ? -1 : 1;
    }
    return a->row < b->row ? -1 : a->row > b->row;
}

static wl_status check_rows(const double *score, const uint8_t *y, size_t n_rows, wl_error *error)
{
    if (n_rows >= UINT32_MAX) {
        return wl_fail(error, WL_ELIMIT, "%zu rows are more than a ranking can hold", n_rows);
    }
    for (size_t i = 0; i < n_rows; i++) {
        if (!isfinite(score[i])) {
            return wl_fail(error, WL_EINVAL, "the score of row %zu is not a finite number", i);
        }
        if (y[i] > 1) {
            return wl_fail(error, WL_EINVAL, "the outcome of row %zu is %d, not 0 or 1", i, y[i]);
        }
    }
    return WL_OK;
}

wl_status wl_ranked_init(struct wl_ranked *ranked, const wl_alloc *alloc, const double *score,
                         const uint8_t *y, size_t n_rows, wl_error *error)
{
    struct wl_ranked made = {.alloc = alloc, .n_rows = n_rows};
    struct item *items = NULL;
    wl_status status = check_rows(score, y, n_rows, error);

    if (status != WL_OK || n_rows == 0) {
        goto done;
    }
    items = wl_alloc_array(alloc, n_rows, sizeof(*items));
    made.row = wl_alloc_array(alloc, n_rows, sizeof(*made.row));
    made.score = wl_alloc_array(alloc, n_rows, sizeof(*made.score));
    made.y = wl_alloc_array(alloc, n_rows, sizeof(*made.y));
    if (items == NULL || made.row == NULL || made.score == NULL || made.y == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory to rank %zu rows", n_rows);
        goto done;
    }
    for (size_t i = 0; i < n_rows; i++) {
        items[i] = (struct item){.score = score[i], .row = (uint32_t)i};
    }
    qsort(items, n_rows, sizeof(*items), by_falling_score);
    for (size_t i = 0; i < n_rows; i++) {
        made.row[i] = items[i].row;
        made.score[i] = items[i].score;
        made.y[i] = y[items[i].row];
        made.n_positive += made.y[i];
    }
done:
    wl_alloc_free(alloc, items);
    if (status != WL_OK) {
        wl_ranked_release(&made);
        return status;
    }
    *ranked = made;
    return WL_OK;
}

void wl_ranked_release(struct wl_ranked *ranked)
{
    if (ranked->alloc == NULL) {
        return;
    }
    wl_alloc_free(ranked->alloc, ranked->row);
    wl_alloc_free(ranked->alloc, ranked->score);
    wl_alloc_free(ranked->alloc, ranked->y);
    *ranked = (struct wl_ranked){0};
}

/* Rows of one score. */
struct group {
    double score;
    double n;        /* weight of all rows */
    double positive; /* weight of leavers */
};

// The group that starts at rank *i; moves *i behind it. False at the end.
static bool next_group(const struct wl_ranked *ranked, const uint32_t *weight, size_t *i,
                       struct group *group)
{
    uint64_t n = 0;
    uint64_t positive = 0;
    size_t k = *i;

    if (k == ranked->n_rows) {
        return false;
    }
    double score = ranked->score[k];
    do {
        uint64_t w = weight != NULL ? weight[ranked->row[k]] : 1;
        n += w;
        positive += ranked->y[k] != 0 ? w : 0;
        k++;
    } while (k < ranked->n_rows && ranked->score[k] == score);
    *group = (struct group){.score = score, .n = (double)n, .positive = (double)positive};
    *i = k;
    return true;
}

// Weight of all rows and of the leavers.
static struct group total_of(const struct wl_ranked *ranked, const uint32_t *weight)
{
    uint64_t n = ranked->n_rows;
    uint64_t positive = ranked->n_positive;

    if (weight != NULL) {
        n = 0;
        positive = 0;
        for (size_t i = 0; i < ranked->n_rows; i++) {
            uint64_t w = weight[ranked->row[i]];
            n += w;
            positive += ranked->y[i] != 0 ? w : 0;
        }
    }
    return (struct group){.n = (double)n, .positive = (double)positive};
}

double wl_auc(const struct wl_ranked *ranked, const uint32_t *weight)
{
    struct group group;
    double above = 0.0; // leavers seen so far: they are above every stayer still to come
    double pairs_won = 0.0;
    double stayers = 0.0;
    size_t i = 0;

    while (next_group(ranked, weight, &i, &group)) {
        double negative = group.n - group.positive;
        pairs_won += negative * (above + 0.5 * group.positive);
        above += group.positive;
        stayers += negative;
    }
    double pairs = above * stayers;
    return pairs > 0.0 ? pairs_won / pairs : (double)NAN;
}

double wl_average_precision(const struct wl_ranked *ranked, const uint32_t *weight)
{
    struct group group;
    double flagged = 0.0;
    double found = 0.0;
    double sum = 0.0;
    size_t i = 0;

    while (next_group(ranked, weight, &i, &group)) {
        flagged += group.n;
        found += group.positive;
        if (group.positive > 0.0) {
            sum += group.positive * found / flagged;
        }
    }
    return found > 0.0 ? sum / found : (double)NAN;
}

double wl_lift(const struct wl_ranked *ranked, const uint32_t *weight, double share)
{
    struct group total = total_of(ranked, weight);
    struct group group;
    double wanted = share * total.n;
    double left = wanted;
    double found = 0.0;
    size_t i = 0;

    while (left > 0.0 && next_group(ranked, weight, &i, &group)) {
        double taken = fmin(left, group.n);
        found += group.n > 0.0 ? group.positive * taken / group.n : 0.0;
        left -= taken;
    }
    return total.positive > 0.0 ? found / wanted / (total.positive / total.n) : (double)NAN;
}

double wl_brier(const struct wl_ranked *ranked, const uint32_t *weight)
{
    struct group group;
    double sum = 0.0;
    double n = 0.0;
    size_t i = 0;

    while (next_group(ranked, weight, &i, &group)) {
        double miss = 1.0 - group.score;
        sum += group.positive * miss * miss;
        sum += (group.n - group.positive) * group.score * group.score;
        n += group.n;
    }
    return n > 0.0 ? sum / n : (double)NAN;
}

double wl_brier_skill(const struct wl_ranked *ranked, const uint32_t *weight)
{
    struct group total = total_of(ranked, weight);
    double rate = total.positive / total.n;
    double blind = rate * (1.0 - rate);

    return blind > 0.0 ? 1.0 - wl_brier(ranked, weight) / blind : (double)NAN;
}

double wl_log_loss(const struct wl_ranked *ranked, const uint32_t *weight)
{
    const double eps = 1e-15; // as scikit-learn's default for doubles before 1.2
    struct group group;
    double sum = 0.0;
    double n = 0.0;
    size_t i = 0;

    while (next_group(ranked, weight, &i, &group)) {
        double p = fmin(fmax(group.score, eps), 1.0 - eps);
        sum -= group.positive * log(p) + (group.n - group.positive) * log1p(-p);
        n += group.n;
    }
    return n > 0.0 ? sum / n : (double)NAN;
}

/* Where an equal-count table is being filled. */
struct filling {
    double bin_n; /* rows of a full bin */
    double n;     /* rows of the bin in hand */
    double sum_p;
    double sum_y;
};

// Puts as much of the group into the bin in hand as fits; returns true when the bin is full.
static bool fill_bin(struct filling *bin, struct group *group)
{
    double room = bin->bin_n - bin->n;
    double taken = fmin(room, group->n);
    double part = group->n > 0.0 ? taken / group->n : 0.0;

    bin->n += taken;
    bin->sum_p += taken * group->score;
    bin->sum_y += group->positive * part;
    group->positive -= group->positive * part;
    group->n -= taken;
    return bin->n >= bin->bin_n * (1.0 - 1e-12); // sums of fractions: a few rounding errors
}

void wl_reliability(const struct wl_ranked *ranked, const uint32_t *weight, size_t n_bins,
                    struct wl_reliability *bins)
{
    struct filling bin = {.bin_n = total_of(ranked, weight).n / (double)n_bins};
    struct group group;
    size_t i_bin = n_bins; // filled from the highest scores down
    size_t i = 0;

    for (size_t b = 0; b < n_bins; b++) {
        bins[b] = (struct wl_reliability){.p_mean = (double)NAN, .rate = (double)NAN};
    }
    while (i_bin > 0 && next_group(ranked, weight, &i, &group)) {
        while (group.n > 0.0 && i_bin > 0) {
            bool is_full = fill_bin(&bin, &group);
            bins[i_bin - 1] = (struct wl_reliability){
                .n = bin.n, .p_mean = bin.sum_p / bin.n, .rate = bin.sum_y / bin.n};
            if (is_full) {
                bin = (struct filling){.bin_n = bin.bin_n};
                i_bin--;
            }
        }
    }
}

#define BINS_MAX 100

double wl_ece(const struct wl_ranked *ranked, const uint32_t *weight, size_t n_bins)
{
    struct wl_reliability bins[BINS_MAX];
    double sum = 0.0;
    double n = 0.0;

    WL_ASSERT(n_bins > 0 && n_bins <= BINS_MAX);
    wl_reliability(ranked, weight, n_bins, bins);
    for (size_t b = 0; b < n_bins; b++) {
        if (bins[b].n > 0.0) {
            sum += bins[b].n * fabs(bins[b].p_mean - bins[b].rate);
            n += bins[b].n;
        }
    }
    return n > 0.0 ? sum / n : (double)NAN;
}

struct wl_confusion wl_confusion_at(const struct wl_ranked *ranked, const uint32_t *weight,
                                    double threshold)
{
    struct group total = total_of(ranked, weight);
    struct wl_confusion counts = {0};
    struct group group;
    size_t i = 0;

    while (next_group(ranked, weight, &i, &group) && group.score >= threshold) {
        counts.tp += group.positive;
        counts.fp += group.n - group.positive;
    }
    counts.fn = total.positive - counts.tp;
    counts.tn = total.n - total.positive - counts.fp;
    return counts;
}

double wl_best_f1_threshold(const struct wl_ranked *ranked)
{
    struct group group;
    double positive = (double)ranked->n_positive;
    double flagged = 0.0;
    double found = 0.0;
    double best_f1 = 0.0;
    double best = (double)NAN;
    size_t i = 0;

    while (next_group(ranked, NULL, &i, &group)) {
        flagged += group.n;
        found += group.positive;
        double f1 = 2.0 * found / (flagged + positive);
        if (f1 > best_f1) {
            best_f1 = f1;
            best = group.score;
        }
    }
    return best;
}

static size_t count_groups(const struct wl_ranked *ranked)
{
    size_t n = ranked->n_rows > 0 ? 1 : 0;

    for (size_t i = 1; i < ranked->n_rows; i++) {
        n += ranked->score[i] != ranked->score[i - 1] ? 1 : 0;
    }
    return n;
}

size_t wl_curve(const struct wl_ranked *ranked, struct wl_curve_point *points, size_t n_points_max)
{
    size_t n_groups = count_groups(ranked);
    size_t n_points = n_groups < n_points_max ? n_groups : n_points_max;
    double positive = (double)ranked->n_positive;
    double negative = (double)(ranked->n_rows - ranked->n_positive);
    struct group group;
    double found = 0.0;
    double flagged = 0.0;
    size_t i = 0;
    size_t n = 0;

    WL_ASSERT(n_points_max >= 2);
    if (ranked->n_positive == 0 || ranked->n_positive == ranked->n_rows) {
        return 0;
    }
    for (size_t g = 0; next_group(ranked, NULL, &i, &group); g++) {
        found += group.positive;
        flagged += group.n;
        // Point n stands for group n * (n_groups - 1) / (n_points - 1): both ends are kept.
        if (n_points < 2 || g == n * (n_groups - 1) / (n_points - 1)) {
            points[n++] =
                (struct wl_curve_point){.threshold = group.score,
                                        .recall = found / positive,
                                        .false_positive_rate = (flagged - found) / negative,
                                        .precision = found / flagged};
        }
    }
    return n;
}

void wl_delong_parts(const struct wl_ranked *ranked, double *part)
{
    double positive = (double)ranked->n_positive;
    double negative = (double)(ranked->n_rows - ranked->n_positive);
    struct group group;
    double leavers_above = 0.0;
    double stayers_above = 0.0;
    size_t begin = 0;
    size_t end = 0;

    WL_ASSERT(positive > 0.0 && negative > 0.0);
    while (next_group(ranked, NULL, &end, &group)) {
        double stayers = group.n - group.positive;
        double of_leaver = (negative - stayers_above - 0.5 * stayers) / negative;
        double of_stayer = (leavers_above + 0.5 * group.positive) / positive;
        for (size_t k = begin; k < end; k++) {
            part[ranked->row[k]] = ranked->y[k] != 0 ? of_leaver : of_stayer;
        }
        leavers_above += group.positive;
        stayers_above += stayers;
        begin = end;
    }
}

double wl_delong_covariance(const double *part_a, const double *part_b, const uint8_t *y,
                            size_t n_rows)
{
    double n[2] = {0.0, 0.0};
    double mean_a[2] = {0.0, 0.0};
    double mean_b[2] = {0.0, 0.0};
    double moment[2] = {0.0, 0.0};

    // Welford's update, one running mean per class: no digits are lost to large sums.
    for (size_t i = 0; i < n_rows; i++) {
        int c = y[i] != 0;
        n[c] += 1.0;
        double step_a = part_a[i] - mean_a[c];
        mean_a[c] += step_a / n[c];
        mean_b[c] += (part_b[i] - mean_b[c]) / n[c];
        moment[c] += step_a * (part_b[i] - mean_b[c]);
    }
    if (n[0] < 2.0 || n[1] < 2.0) {
        return (double)NAN;
    }
    return moment[0] / (n[0] - 1.0) / n[0] + moment[1] / (n[1] - 1.0) / n[1];
}
