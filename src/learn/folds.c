/* Dividing labelled rows. Users are dealt out like cards: sorted by (left at least once, a hash of
 * id and seed), then one to each fold in turn, so every fold gets its share of leavers and the
 * division does not depend on the order in which rows arrived. */
#include "base/rng.h"
#include "learn/split.h"

#include <stdlib.h>
#include <string.h>

void wl_folds_release(struct wl_folds *folds)
{
    if (folds->alloc != NULL) {
        wl_alloc_free(folds->alloc, folds->indices);
        *folds = (struct wl_folds){0};
    }
}

/* Rows to divide. */
struct subset {
    const uint32_t *indices; /* NULL: 0 .. n - 1 */
    size_t n;
};

static uint32_t subset_at(const struct subset *subset, size_t i)
{
    return subset->indices != NULL ? subset->indices[i] : (uint32_t)i;
}

static wl_status folds_init(struct wl_folds *folds, const wl_alloc *alloc, size_t n_rows,
                            size_t n_folds, bool is_random, wl_error *error)
{
    WL_ASSERT(n_folds >= 1 && n_folds <= WL_FOLDS_MAX);
    *folds = (struct wl_folds){.alloc = alloc, .is_random = is_random};
    folds->indices = wl_alloc_array(alloc, n_rows + 1, n_folds * sizeof(*folds->indices));
    if (folds->indices == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to divide %zu rows", n_rows);
    }
    return WL_OK;
}

enum part { PART_NONE = 0, PART_FIT = 1, PART_HELD = 2 };

typedef enum part (*part_fn)(const void *context, uint32_t index, size_t i_fold);

// One more fold: rows of the subset go where part says; `room` is where its indices start.
static size_t add_fold(struct wl_folds *folds, const struct subset *subset, part_fn part,
                       const void *context, size_t room)
{
    struct wl_fold *fold = &folds->folds[folds->n_folds];
    uint32_t *at = folds->indices + room;
    enum part wanted[2] = {PART_FIT, PART_HELD};
    size_t n[2] = {0, 0};
    size_t n_all = 0;

    for (size_t w = 0; w < 2; w++) {
        for (size_t i = 0; i < subset->n; i++) {
            uint32_t index = subset_at(subset, i);
            if (part(context, index, folds->n_folds) == wanted[w]) {
                at[n_all++] = index;
                n[w]++;
            }
        }
    }
    *fold = (struct wl_fold){at, n[0], at + n[0], n[1]};
    folds->n_folds++;
    return room + n_all;
}

/* A user while being dealt. */
struct card {
    uint64_t key;
    uint32_t user;
    uint32_t has_left;
};

static int by_stratum_and_key(const void *left, const void *right)
{
    const struct card *a = left;
    const struct card *b = right;

    if (a->has_left != b->has_left) {
        return a->has_left > b->has_left ? -1 : 1;
    }
    if (a->key != b->key) {
        return a->key < b->key ? -1 : 1;
    }
    return a->user < b->user ? -1 : a->user > b->user;
}

#define NOT_SEEN UINT32_MAX

// One card per user with rows in the subset. fold_of_user serves as index of the card meanwhile.
static size_t collect_cards(const struct wl_labelled *labelled, const struct subset *subset,
                            uint64_t seed, struct card *cards, uint32_t *fold_of_user)
{
    size_t n = 0;

    for (size_t u = 0; u < labelled->n_users; u++) {
        fold_of_user[u] = NOT_SEEN;
    }
    for (size_t i = 0; i < subset->n; i++) {
        uint32_t index = subset_at(subset, i);
        uint32_t user = labelled->user[index];
        if (fold_of_user[user] == NOT_SEEN) {
            struct wl_rng rng;
            wl_rng_init(&rng, seed, labelled->user_key[index]);
            fold_of_user[user] = (uint32_t)n;
            cards[n++] = (struct card){.key = wl_rng_u64(&rng), .user = user};
        }
        cards[fold_of_user[user]].has_left |= labelled->y[index];
    }
    return n;
}

struct dealt {
    const uint32_t *fold_of_user;
    const struct wl_labelled *labelled;
};

static enum part part_by_user(const void *context, uint32_t index, size_t i_fold)
{
    const struct dealt *dealt = context;
    return dealt->fold_of_user[dealt->labelled->user[index]] == i_fold ? PART_HELD : PART_FIT;
}

wl_status wl_folds_by_user(const struct wl_labelled *labelled, const uint32_t *subset,
                           size_t n_subset, size_t n_folds, uint64_t seed, struct wl_folds *folds,
                           wl_error *error)
{
    const wl_alloc *alloc = labelled->alloc;
    struct subset rows = {subset, subset != NULL ? n_subset : labelled->n_rows};
    struct wl_folds made = {0};
    struct card *cards = wl_alloc_array(alloc, labelled->n_users + 1, sizeof(*cards));
    uint32_t *fold_of_user = wl_alloc_array(alloc, labelled->n_users + 1, sizeof(*fold_of_user));
    wl_status status = WL_OK;
    size_t room = 0;

    if (cards == NULL || fold_of_user == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory to divide %zu users", labelled->n_users);
        goto done;
    }
    size_t n_cards = collect_cards(labelled, &rows, seed, cards, fold_of_user);
    if (n_cards < n_folds) {
        status = wl_fail(error, WL_EGATE, "%zu customers with labels cannot make %zu folds",
                         n_cards, n_folds);
        goto done;
    }
    qsort(cards, n_cards, sizeof(*cards), by_stratum_and_key);
    for (size_t c = 0; c < n_cards; c++) {
        fold_of_user[cards[c].user] = (uint32_t)(c % n_folds);
    }
    WL_GO(folds_init(&made, alloc, rows.n, n_folds, true, error));
    struct dealt dealt = {fold_of_user, labelled};
    for (size_t f = 0; f < n_folds; f++) {
        room = add_fold(&made, &rows, part_by_user, &dealt, room);
    }
    *folds = made;
done:
    wl_alloc_free(alloc, cards);
    wl_alloc_free(alloc, fold_of_user);
    return status;
}

/* A group while it is dealt. */
struct group_card {
    uint64_t key;
    uint32_t group;
    size_t n_rows;
};

static int by_size_and_key(const void *left, const void *right)
{
    const struct group_card *a = left;
    const struct group_card *b = right;

    if (a->n_rows != b->n_rows) {
        return a->n_rows > b->n_rows ? -1 : 1;
    }
    if (a->key != b->key) {
        return a->key < b->key ? -1 : 1;
    }
    return a->group < b->group ? -1 : a->group > b->group;
}

// The key of a group is the least of its customers' keys: the same in every order of rows.
static size_t collect_groups(const struct wl_labelled *labelled, const uint32_t *group,
                             uint64_t seed, struct group_card *cards)
{
    size_t n = 0;

    for (size_t g = 0; g < labelled->n_users; g++) {
        cards[g] = (struct group_card){.key = UINT64_MAX, .group = (uint32_t)g};
    }
    for (size_t i = 0; i < labelled->n_rows; i++) {
        struct group_card *card = &cards[group[labelled->user[i]]];
        struct wl_rng rng;
        wl_rng_init(&rng, seed, labelled->user_key[i]);
        uint64_t key = wl_rng_u64(&rng);
        card->key = key < card->key ? key : card->key;
        card->n_rows++;
    }
    for (size_t g = 0; g < labelled->n_users; g++) {
        if (cards[g].n_rows > 0) {
            cards[n++] = cards[g];
        }
    }
    return n;
}

wl_status wl_folds_by_group(const struct wl_labelled *labelled, const uint32_t *group,
                            size_t n_folds, uint64_t seed, struct wl_folds *folds, wl_error *error)
{
    const wl_alloc *alloc = labelled->alloc;
    struct wl_folds made = {0};
    struct subset rows = {NULL, labelled->n_rows};
    struct group_card *cards = wl_alloc_array(alloc, labelled->n_users + 1, sizeof(*cards));
    uint32_t *fold_of_group = wl_alloc_array(alloc, labelled->n_users + 1, sizeof(*fold_of_group));
    uint32_t *fold_of_user = wl_alloc_array(alloc, labelled->n_users + 1, sizeof(*fold_of_user));
    size_t n_rows[WL_FOLDS_MAX] = {0};
    wl_status status = WL_OK;
    size_t room = 0;

    if (cards == NULL || fold_of_group == NULL || fold_of_user == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory to divide %zu users", labelled->n_users);
        goto done;
    }
    size_t n_cards = collect_groups(labelled, group, seed, cards);
    if (n_cards < n_folds) {
        status = wl_fail(error, WL_EGATE, "%zu groups of customers cannot make %zu folds", n_cards,
                         n_folds);
        goto done;
    }
    qsort(cards, n_cards, sizeof(*cards), by_size_and_key);
    for (size_t c = 0; c < n_cards; c++) {
        size_t best = 0;
        for (size_t f = 1; f < n_folds; f++) {
            best = n_rows[f] < n_rows[best] ? f : best;
        }
        fold_of_group[cards[c].group] = (uint32_t)best;
        n_rows[best] += cards[c].n_rows;
    }
    for (size_t i = 0; i < labelled->n_rows; i++) {
        fold_of_user[labelled->user[i]] = fold_of_group[group[labelled->user[i]]];
    }
    WL_GO(folds_init(&made, alloc, rows.n, n_folds, true, error));
    struct dealt dealt = {fold_of_user, labelled};
    for (size_t f = 0; f < n_folds; f++) {
        room = add_fold(&made, &rows, part_by_user, &dealt, room);
    }
    *folds = made;
done:
    wl_alloc_free(alloc, cards);
    wl_alloc_free(alloc, fold_of_group);
    wl_alloc_free(alloc, fold_of_user);
    return status;
}

static bool has_date(const int64_t *dates_us, size_t n_dates, int64_t as_of_us)
{
    for (size_t d = 0; d < n_dates; d++) {
        if (dates_us[d] == as_of_us) {
            return true;
        }
    }
    return false;
}

struct declared {
    const struct wl_dates *dates;
    const struct wl_labelled *labelled;
};

static enum part part_by_date(const void *context, uint32_t index, size_t i_fold)
{
    const struct declared *declared = context;
    const struct wl_dates *dates = declared->dates;
    int64_t as_of_us = declared->labelled->as_of_us[index];

    (void)i_fold;
    return has_date(dates->test_us, dates->n_test, as_of_us)     ? PART_HELD
           : has_date(dates->train_us, dates->n_train, as_of_us) ? PART_FIT
                                                                 : PART_NONE;
}

wl_status wl_folds_make(const struct wl_split *split, const struct wl_dates *dates,
                        const struct wl_labelled *labelled, struct wl_folds *folds, wl_error *error)
{
    struct subset all = {NULL, labelled->n_rows};
    struct declared declared = {dates, labelled};
    struct wl_folds made;

    if (split->kind == WL_SPLIT_KFOLD) {
        return wl_folds_by_user(labelled, NULL, 0, (size_t)split->folds, (uint64_t)split->seed,
                                folds, error);
    }
    WL_TRY(folds_init(&made, labelled->alloc, labelled->n_rows, 1, false, error));
    (void)add_fold(&made, &all, part_by_date, &declared, 0);
    size_t n_fit = made.folds[0].n_fit;
    size_t n_held = made.folds[0].n_held;
    if (n_fit == 0 || n_held == 0) {
        wl_folds_release(&made);
        return wl_fail(error, WL_EGATE,
                       "%zu labelled rows to learn from and %zu to judge on: check dates, audience "
                       "and how far the data reaches",
                       n_fit, n_held);
    }
    *folds = made;
    return WL_OK;
}

/* One rolling fold: the date held out. */
struct rolling {
    const struct wl_churn *churn;
    const struct wl_labelled *labelled;
    int64_t held_us;
};

static enum part part_rolling(const void *context, uint32_t index, size_t i_fold)
{
    const struct rolling *rolling = context;
    int64_t as_of_us = rolling->labelled->as_of_us[index];

    (void)i_fold;
    if (as_of_us == rolling->held_us) {
        return PART_HELD;
    }
    return wl_churn_closes_us(rolling->churn, as_of_us) <= rolling->held_us &&
                   as_of_us < rolling->held_us
               ? PART_FIT
               : PART_NONE;
}

// The latest date before `before_us` in the subset; false when there is none.
static bool date_before(const struct wl_labelled *labelled, const struct subset *subset,
                        int64_t before_us, int64_t *date_us)
{
    bool is_found = false;

    for (size_t i = 0; i < subset->n; i++) {
        int64_t as_of_us = labelled->as_of_us[subset_at(subset, i)];
        if (as_of_us < before_us && (!is_found || as_of_us > *date_us)) {
            *date_us = as_of_us;
            is_found = true;
        }
    }
    return is_found;
}

wl_status wl_folds_rolling(const struct wl_churn *churn, const struct wl_labelled *labelled,
                           const uint32_t *subset, size_t n_subset, size_t n_folds_max,
                           struct wl_folds *folds, wl_error *error)
{
    struct subset rows = {subset, subset != NULL ? n_subset : labelled->n_rows};
    struct rolling rolling = {churn, labelled, INT64_MAX};
    struct wl_folds made;
    size_t room = 0;

    WL_TRY(folds_init(&made, labelled->alloc, rows.n, n_folds_max, false, error));
    while (made.n_folds < n_folds_max &&
           date_before(labelled, &rows, rolling.held_us, &rolling.held_us)) {
        room = add_fold(&made, &rows, part_rolling, &rolling, room);
        if (made.folds[made.n_folds - 1].n_fit == 0) {
            made.n_folds--; // earlier dates have even less before them
            break;
        }
    }
    *folds = made;
    return WL_OK;
}

static wl_status check_time(const struct wl_fold *fold, size_t i_fold, const struct wl_churn *churn,
                            const struct wl_labelled *labelled, wl_error *error)
{
    int64_t first_us = INT64_MAX;

    for (size_t i = 0; i < fold->n_held; i++) {
        int64_t as_of_us = labelled->as_of_us[fold->held[i]];
        first_us = as_of_us < first_us ? as_of_us : first_us;
    }
    for (size_t i = 0; i < fold->n_fit; i++) {
        int64_t as_of_us = labelled->as_of_us[fold->fit[i]];
        if (as_of_us >= first_us || wl_churn_closes_us(churn, as_of_us) > first_us) {
            return wl_fail(error, WL_EINTERNAL, "fold %zu looks ahead: row %u of the training rows",
                           i_fold, fold->fit[i]);
        }
    }
    return WL_OK;
}

static wl_status check_users(const struct wl_fold *fold, size_t i_fold,
                             const struct wl_labelled *labelled, uint8_t *is_held, wl_error *error)
{
    memset(is_held, 0, labelled->n_users);
    for (size_t i = 0; i < fold->n_held; i++) {
        is_held[labelled->user[fold->held[i]]] = 1;
    }
    for (size_t i = 0; i < fold->n_fit; i++) {
        if (is_held[labelled->user[fold->fit[i]]] != 0) {
            return wl_fail(error, WL_EINTERNAL, "fold %zu: the customer of row %u is on both sides",
                           i_fold, fold->fit[i]);
        }
    }
    return WL_OK;
}

wl_status wl_folds_check(const struct wl_folds *folds, const struct wl_churn *churn,
                         const struct wl_labelled *labelled, wl_error *error)
{
    uint8_t *is_held = wl_alloc_array(labelled->alloc, labelled->n_users + 1, 1);
    wl_status status = WL_OK;

    if (is_held == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to check the folds");
    }
    for (size_t f = 0; f < folds->n_folds; f++) {
        WL_GO(folds->is_random ? check_users(&folds->folds[f], f, labelled, is_held, error)
                               : check_time(&folds->folds[f], f, churn, labelled, error));
    }
done:
    wl_alloc_free(labelled->alloc, is_held);
    return status;
}
