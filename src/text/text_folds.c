/* Groups are put in random order, then sorted by label (that order kept), then dealt out like
 * cards: each fold gets its share of each label, up to one group. A group's label is that of its
 * first text; with several labels per text, the first that is right. */
#include "text/text_folds.h"

#include "base/rng.h"

#include <stdlib.h>

struct member {
    uint32_t group;
    uint32_t text;
    uint32_t label;
    uint32_t rank; /* random place among the groups */
};

static int by_group(const void *left, const void *right)
{
    const struct member *a = left;
    const struct member *b = right;

    if (a->group != b->group) {
        return a->group < b->group ? -1 : 1;
    }
    return (a->text > b->text) - (a->text < b->text);
}

static int by_label(const void *left, const void *right)
{
    const struct member *a = left;
    const struct member *b = right;

    if (a->label != b->label) {
        return a->label < b->label ? -1 : 1;
    }
    if (a->rank != b->rank) {
        return a->rank < b->rank ? -1 : 1;
    }
    return (a->text > b->text) - (a->text < b->text);
}

static uint32_t label_of(const struct wl_text_set *set, size_t i)
{
    uint32_t label = 0;

    if (set->task == WL_TEXT_ONE) {
        return set->labels[i];
    }
    while (label < set->n_labels && set->marks[i * set->n_labels + label] == 0) {
        label++;
    }
    return label;
}

// Members come sorted by group; all of a group get its label and its rank. Returns the groups.
static size_t settle_groups(const struct wl_text_set *set, struct member *members, uint32_t *ranks,
                            struct wl_rng *rng)
{
    size_t n_groups = 0;

    for (size_t i = 0; i < set->n; i++) {
        bool is_new = i == 0 || members[i].group != members[i - 1].group;
        n_groups += is_new;
        members[i].label = is_new ? label_of(set, members[i].text) : members[i - 1].label;
    }
    for (size_t g = 0; g < n_groups; g++) {
        ranks[g] = (uint32_t)g;
    }
    wl_rng_shuffle(rng, ranks, n_groups);
    size_t g = 0;
    for (size_t i = 0; i < set->n; i++) {
        g += i > 0 && members[i].group != members[i - 1].group;
        members[i].rank = ranks[g];
    }
    return n_groups;
}

wl_status wl_text_folds(const wl_alloc *alloc, const struct wl_text_set *set, size_t n_folds,
                        uint64_t seed, uint32_t *fold, wl_error *error)
{
    struct member *members = wl_alloc_array(alloc, set->n + 1, sizeof(*members));
    uint32_t *ranks = wl_alloc_array(alloc, set->n + 1, sizeof(*ranks));
    struct wl_rng rng;
    wl_status status = WL_OK;

    if (members == NULL || ranks == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for folds of %zu texts", set->n);
        goto done;
    }
    for (size_t i = 0; i < set->n; i++) {
        uint32_t group = set->groups != NULL ? set->groups[i] : (uint32_t)i;
        members[i] = (struct member){.group = group, .text = (uint32_t)i};
    }
    qsort(members, set->n, sizeof(*members), by_group);
    wl_rng_init(&rng, seed, 0);
    size_t n_groups = settle_groups(set, members, ranks, &rng);
    if (n_groups < n_folds) {
        status = wl_fail(error, WL_EGATE, "%zu groups of texts are too few for %zu folds", n_groups,
                         n_folds);
        goto done;
    }
    qsort(members, set->n, sizeof(*members), by_label);
    size_t n_dealt = 0;
    for (size_t i = 0; i < set->n; i++) {
        n_dealt += i > 0 && members[i].rank != members[i - 1].rank;
        fold[members[i].text] = (uint32_t)(n_dealt % n_folds);
    }
done:
    wl_alloc_free(alloc, members);
    wl_alloc_free(alloc, ranks);
    return status;
}
