/* Units are sorted by stratum (their most telling label) and then by a hash of their own name with
 * the seed; the sorted list is dealt out. So each division is one walk, and a unit's place does not
 * depend on the order in which rows were read. */
#include "learn/text_split.h"

#include <stdlib.h>
#include <string.h>

struct unit {
    uint64_t order; // hash of its name and the seed
    uint32_t id;
    uint32_t stratum;
    uint32_t n_rows;
    uint32_t side; // where it was dealt: fold, 1 for tested, 1 for in the part
};

struct units {
    const wl_alloc *alloc;
    const uint32_t *unit_of; // (n of data) unit of each row
    struct unit *items;      // (n) units that have rows, sorted
    size_t n;
    uint32_t *place; // (all units) index in items
};

const uint32_t *wl_text_units(const struct wl_text_data *data, size_t *n_units)
{
    *n_units = data->has_groups ? data->group_dict.n_strings : data->key_dict.n_strings;
    return data->has_groups ? data->groups : data->keys;
}

static int compare_units(const void *a, const void *b)
{
    const struct unit *left = a;
    const struct unit *right = b;

    if (left->stratum != right->stratum) {
        return left->stratum < right->stratum ? -1 : 1;
    }
    if (left->order != right->order) {
        return left->order < right->order ? -1 : 1;
    }
    return (left->id > right->id) - (left->id < right->id);
}

// Rarest label of a row, or n_labels without one: the one that is hardest to spread evenly.
static uint32_t stratum_of_row(const struct wl_text_data *data, size_t row, const size_t *n_texts)
{
    uint32_t best = (uint32_t)data->n_labels;

    for (uint32_t k = data->first[row]; k < data->first[row + 1]; k++) {
        uint32_t label = data->items[k];
        if (best == data->n_labels || n_texts[label] < n_texts[best]) {
            best = label;
        }
    }
    return best;
}

// The rarest label of all rows of a unit is its stratum, whatever the order of the rows.
static void fill_units(const struct wl_text_data *data, const uint32_t *rows, size_t n_rows,
                       const size_t *n_texts, struct units *units)
{
    for (size_t i = 0; i < n_rows; i++) {
        uint32_t id = units->unit_of[rows[i]];
        uint32_t stratum = stratum_of_row(data, rows[i], n_texts);
        if (units->place[id] == UINT32_MAX) {
            units->place[id] = (uint32_t)units->n;
            units->items[units->n++] = (struct unit){.id = id, .stratum = (uint32_t)data->n_labels};
        }
        struct unit *unit = &units->items[units->place[id]];
        unit->n_rows++;
        bool is_first = unit->stratum == data->n_labels;
        bool is_rarer = !is_first && stratum < data->n_labels &&
                        (n_texts[stratum] < n_texts[unit->stratum] ||
                         (n_texts[stratum] == n_texts[unit->stratum] && stratum < unit->stratum));
        unit->stratum = is_first || is_rarer ? stratum : unit->stratum;
    }
}

static void release_units(struct units *units)
{
    wl_alloc_free(units->alloc, units->items);
    wl_alloc_free(units->alloc, units->place);
}

static wl_status make_units(const struct wl_text_data *data, const uint32_t *rows, size_t n_rows,
                            uint64_t seed, struct units *units, wl_error *error)
{
    const struct wl_dict *names = data->has_groups ? &data->group_dict : &data->key_dict;
    size_t n_all = 0;
    size_t *n_texts = wl_alloc_zeroed(data->alloc, data->n_labels + 1, sizeof(*n_texts));

    *units = (struct units){.alloc = data->alloc};
    units->unit_of = wl_text_units(data, &n_all);
    units->items = wl_alloc_zeroed(data->alloc, n_rows + 1, sizeof(*units->items));
    units->place = wl_alloc_array(data->alloc, n_all + 1, sizeof(*units->place));
    if (n_texts == NULL || units->items == NULL || units->place == NULL) {
        wl_alloc_free(data->alloc, n_texts);
        release_units(units);
        return wl_fail(error, WL_ENOMEM, "no memory to divide %zu texts", n_rows);
    }
    memset(units->place, 0xFF, n_all * sizeof(*units->place));
    for (size_t i = 0; i < n_rows; i++) {
        for (uint32_t k = data->first[rows[i]]; k < data->first[rows[i] + 1]; k++) {
            n_texts[data->items[k]]++;
        }
    }
    fill_units(data, rows, n_rows, n_texts, units);
    for (size_t i = 0; i < units->n; i++) {
        units->items[i].order = wl_str_hash(wl_dict_string(names, units->items[i].id), seed);
    }
    qsort(units->items, units->n, sizeof(*units->items), compare_units);
    for (size_t i = 0; i < units->n; i++) {
        units->place[units->items[i].id] = (uint32_t)i;
    }
    wl_alloc_free(data->alloc, n_texts);
    return WL_OK;
}

static uint32_t side_of(const struct units *units, uint32_t row)
{
    return units->items[units->place[units->unit_of[row]]].side;
}

wl_status wl_text_split_holdout(const struct wl_text_data *data, const uint32_t *rows,
                                size_t n_rows, double share, uint64_t seed, uint8_t *is_test,
                                wl_error *error)
{
    struct units units;
    size_t n_seen = 0;
    size_t n_test = 0;
    uint32_t stratum = 0;
    size_t n_test_all = 0;

    WL_TRY(make_units(data, rows, n_rows, seed, &units, error));
    for (size_t i = 0; i < units.n; i++) {
        struct unit *unit = &units.items[i];
        if (unit->stratum != stratum) {
            stratum = unit->stratum;
            n_seen = 0;
            n_test = 0;
        }
        n_seen += unit->n_rows;
        bool is_due = (double)n_test + 0.5 * (double)unit->n_rows <= share * (double)n_seen;
        n_test += is_due ? unit->n_rows : 0;
        n_test_all += is_due ? unit->n_rows : 0;
        unit->side = is_due;
    }
    for (size_t i = 0; i < n_rows; i++) {
        is_test[rows[i]] = side_of(&units, rows[i]) != 0;
    }
    release_units(&units);
    if (n_test_all == 0 || n_test_all == n_rows) {
        return wl_fail(error, WL_EGATE, "%zu texts are too few to hold out %.3g %% of each label",
                       n_rows, 100.0 * share);
    }
    return WL_OK;
}

// Fold with the fewest rows of this stratum, then with the fewest rows.
static size_t emptiest(const size_t *of_stratum, const size_t *of_all, size_t n_folds)
{
    size_t best = 0;

    for (size_t f = 1; f < n_folds; f++) {
        if (of_stratum[f] < of_stratum[best] ||
            (of_stratum[f] == of_stratum[best] && of_all[f] < of_all[best])) {
            best = f;
        }
    }
    return best;
}

wl_status wl_text_split_folds(const struct wl_text_data *data, const uint32_t *rows, size_t n_rows,
                              size_t n_folds, uint64_t seed, uint32_t *fold, wl_error *error)
{
    size_t of_stratum[WL_TEXT_FOLDS_MAX] = {0};
    size_t of_all[WL_TEXT_FOLDS_MAX] = {0};
    uint32_t stratum = 0;
    struct units units;

    WL_ASSERT(n_folds >= 2 && n_folds <= WL_TEXT_FOLDS_MAX);
    WL_TRY(make_units(data, rows, n_rows, seed, &units, error));
    if (units.n < n_folds) {
        size_t n = units.n;
        release_units(&units);
        return wl_fail(error, WL_EGATE, "%zu different %s are fewer than %zu folds", n,
                       data->has_groups ? "groups" : "texts", n_folds);
    }
    for (size_t i = 0; i < units.n; i++) {
        struct unit *unit = &units.items[i];
        if (unit->stratum != stratum) {
            stratum = unit->stratum;
            memset(of_stratum, 0, sizeof(of_stratum));
        }
        size_t f = emptiest(of_stratum, of_all, n_folds);
        of_stratum[f] += unit->n_rows;
        of_all[f] += unit->n_rows;
        unit->side = (uint32_t)f;
    }
    for (size_t i = 0; i < n_rows; i++) {
        fold[rows[i]] = side_of(&units, rows[i]);
    }
    release_units(&units);
    return WL_OK;
}

wl_status wl_text_split_part(const struct wl_text_data *data, const uint32_t *rows, size_t n_rows,
                             double share, uint64_t seed, uint32_t *part, size_t *n_part,
                             wl_error *error)
{
    struct units units;

    WL_TRY(make_units(data, rows, n_rows, seed, &units, error));
    for (size_t begin = 0, end = 0; begin < units.n; begin = end) {
        size_t n_stratum = 0;
        size_t n_before = 0;
        while (end < units.n && units.items[end].stratum == units.items[begin].stratum) {
            n_stratum += units.items[end++].n_rows;
        }
        for (size_t i = begin; i < end; i++) {
            // The first unit is always in: a label without any text could not be learned.
            units.items[i].side = (double)n_before < share * (double)n_stratum;
            n_before += units.items[i].n_rows;
        }
    }
    *n_part = 0;
    for (size_t i = 0; i < n_rows; i++) {
        if (side_of(&units, rows[i]) != 0) {
            part[(*n_part)++] = rows[i];
        }
    }
    release_units(&units);
    return WL_OK;
}

// Marks the texts of rows; NULL when memory is out.
static uint8_t *mark_ids(const wl_alloc *alloc, const uint32_t *ids, size_t n_ids,
                         const uint32_t *rows, size_t n_rows)
{
    uint8_t *is_there = wl_alloc_zeroed(alloc, n_ids + 1, 1);

    for (size_t i = 0; is_there != NULL && i < n_rows; i++) {
        is_there[ids[rows[i]]] = 1;
    }
    return is_there;
}

wl_status wl_text_split_untie(const struct wl_text_data *data, const uint8_t *is_test,
                              uint32_t *train, size_t *n_train, uint32_t *test, size_t *n_test,
                              size_t *n_left_out, wl_error *error)
{
    *n_train = 0;
    *n_test = 0;
    *n_left_out = 0;
    for (size_t i = 0; i < data->n; i++) {
        if (is_test[i] != 0) {
            test[(*n_test)++] = (uint32_t)i;
        }
    }
    uint8_t *is_known = mark_ids(data->alloc, data->keys, data->key_dict.n_strings, test, *n_test);
    if (is_known == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to compare %zu texts", data->n);
    }
    for (size_t i = 0; i < data->n; i++) {
        if (is_test[i] == 0) {
            *n_left_out += is_known[data->keys[i]];
            train[*n_train] = (uint32_t)i;
            *n_train += is_known[data->keys[i]] == 0;
        }
    }
    wl_alloc_free(data->alloc, is_known);
    return WL_OK;
}

static wl_status check_ids(const struct wl_text_data *data, const uint32_t *ids, size_t n_ids,
                           const char *what, const uint32_t *train, size_t n_train,
                           const uint32_t *test, size_t n_test, wl_error *error)
{
    uint8_t *is_train = mark_ids(data->alloc, ids, n_ids, train, n_train);
    wl_status status = WL_OK;

    if (is_train == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to check %zu texts", data->n);
    }
    for (size_t i = 0; i < n_test && status == WL_OK; i++) {
        if (is_train[ids[test[i]]] != 0) {
            status = wl_fail(error, WL_EINTERNAL, "test row %u shares its %s with a training row",
                             test[i], what);
        }
    }
    wl_alloc_free(data->alloc, is_train);
    return status;
}

wl_status wl_text_split_check(const struct wl_text_data *data, const uint32_t *train,
                              size_t n_train, const uint32_t *test, size_t n_test, wl_error *error)
{
    if (data->has_groups) {
        WL_TRY(check_ids(data, data->groups, data->group_dict.n_strings, "group", train, n_train,
                         test, n_test, error));
    }
    return check_ids(data, data->keys, data->key_dict.n_strings, "text", train, n_train, test,
                     n_test, error);
}
