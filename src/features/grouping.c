/* A counting sort by user: two passes over one column, instead of a comparison sort over events. */
#include "features/grouping.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

/* One kind of thing as two columns with a stride. */
struct column {
    size_t n_items;
    const char *user;
    size_t user_stride;
    const char *received;
    size_t received_stride;
};

static struct column column_of(const struct wl_company *company, enum wl_known_kind kind)
{
    const struct wl_events *events = &company->events;
    const struct wl_text *texts = company->texts.texts;
    const struct wl_attribute *attributes = company->attributes.items;

    switch (kind) {
    case WL_KNOWN_EVENT:
        return (struct column){events->n_events, (const char *)events->user, sizeof(uint32_t),
                               (const char *)events->received_us, sizeof(int64_t)};
    case WL_KNOWN_TEXT:
        return (struct column){
            company->texts.n_texts,
            texts != NULL ? (const char *)texts + offsetof(struct wl_text, user) : NULL,
            sizeof(*texts),
            texts != NULL ? (const char *)texts + offsetof(struct wl_text, received_us) : NULL,
            sizeof(*texts)};
    case WL_KNOWN_ATTRIBUTE: break;
    }
    return (struct column){
        company->attributes.n_attributes,
        attributes != NULL ? (const char *)attributes + offsetof(struct wl_attribute, user) : NULL,
        sizeof(*attributes),
        attributes != NULL ? (const char *)attributes + offsetof(struct wl_attribute, known_us)
                           : NULL,
        sizeof(*attributes)};
}

static uint32_t user_at(const struct column *column, size_t i)
{
    uint32_t user;
    memcpy(&user, column->user + i * column->user_stride, sizeof(user));
    return user;
}

static int64_t received_at(const struct column *column, size_t i)
{
    int64_t received_us;
    memcpy(&received_us, column->received + i * column->received_stride, sizeof(received_us));
    return received_us;
}

static wl_status group_kind(struct wl_grouping *grouping, enum wl_known_kind kind, int64_t last_us,
                            int64_t *first_known_us, wl_error *error)
{
    struct column column = column_of(grouping->company, kind);
    struct wl_group *group = &grouping->groups[kind];
    size_t n_users = grouping->company->users.n_strings;

    if (column.n_items >= UINT32_MAX) {
        return wl_fail(error, WL_ELIMIT, "%zu events are more than 2^32", column.n_items);
    }
    group->first = wl_alloc_zeroed(grouping->alloc, n_users + 2, sizeof(*group->first));
    if (group->first == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to group by %zu users", n_users);
    }
    size_t *counts = group->first + 1; // shifted by one: the second pass turns ends into begins
    size_t n_known = 0;
    for (size_t i = 0; i < column.n_items; i++) {
        int64_t received_us = received_at(&column, i);
        if (received_us <= last_us) {
            uint32_t user = user_at(&column, i);
            counts[user + 1]++;
            n_known++;
            if (received_us < first_known_us[user]) {
                first_known_us[user] = received_us;
            }
        }
    }
    for (size_t user = 0; user < n_users; user++) {
        counts[user + 1] += counts[user];
    }
    group->index = wl_alloc_array(grouping->alloc, n_known + 1, sizeof(*group->index));
    if (group->index == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to group %zu events", n_known);
    }
    for (size_t i = 0; i < column.n_items; i++) {
        if (received_at(&column, i) <= last_us) {
            group->index[counts[user_at(&column, i)]++] = (uint32_t)i;
        }
    }
    return WL_OK;
}

void wl_grouping_release(struct wl_grouping *grouping)
{
    if (grouping->alloc != NULL) {
        for (size_t kind = 0; kind < WL_KNOWN_KINDS; kind++) {
            wl_alloc_free(grouping->alloc, grouping->groups[kind].first);
            wl_alloc_free(grouping->alloc, grouping->groups[kind].index);
        }
        wl_alloc_free(grouping->alloc, grouping->users);
    }
    *grouping = (struct wl_grouping){0};
}

/* A user and the first bytes of the id as a number: most comparisons end there. */
struct sort_key {
    uint64_t prefix;
    struct wl_str id;
    uint32_t user;
};

static uint64_t prefix_of(struct wl_str id)
{
    uint64_t prefix = 0;

    for (size_t i = 0; i < 8; i++) {
        prefix = prefix << 8 | (i < id.n_bytes ? (unsigned char)id.data[i] : 0);
    }
    return prefix;
}

static int compare_keys(const void *a, const void *b)
{
    const struct sort_key *x = a;
    const struct sort_key *y = b;

    if (x->prefix != y->prefix) {
        return x->prefix < y->prefix ? -1 : 1;
    }
    return wl_str_compare(x->id, y->id);
}

// Dates on which anything is known, counted from the last one.
static uint32_t count_dates(const int64_t *dates_us, size_t n_dates, int64_t first_known_us)
{
    size_t n = 0;

    while (n < n_dates && dates_us[n_dates - 1 - n] >= first_known_us) {
        n++;
    }
    return (uint32_t)n;
}

static wl_status order_users(struct wl_grouping *grouping, const int64_t *first_known_us,
                             const int64_t *dates_us, size_t n_dates, size_t *n_rows,
                             wl_error *error)
{
    const struct wl_company *company = grouping->company;
    size_t n_users = company->users.n_strings;
    struct sort_key *keys = wl_alloc_array(grouping->alloc, n_users + 1, sizeof(*keys));
    size_t n_found = 0;

    grouping->users = wl_alloc_zeroed(grouping->alloc, n_users + 1, sizeof(*grouping->users));
    if (keys == NULL || grouping->users == NULL) {
        wl_alloc_free(grouping->alloc, keys);
        return wl_fail(error, WL_ENOMEM, "no memory to sort %zu users", n_users);
    }
    for (size_t user = 0; user < n_users; user++) {
        if (first_known_us[user] <= dates_us[n_dates - 1]) {
            struct wl_str id = wl_dict_string(&company->users, (uint32_t)user);
            keys[n_found++] =
                (struct sort_key){.prefix = prefix_of(id), .id = id, .user = (uint32_t)user};
        }
    }
    qsort(keys, n_found, sizeof(*keys), compare_keys);
    *n_rows = 0;
    for (size_t i = 0; i < n_found; i++) {
        uint32_t n = count_dates(dates_us, n_dates, first_known_us[keys[i].user]);
        grouping->users[i] =
            (struct wl_grouped_user){.user = keys[i].user, .n_dates = n, .i_row_first = *n_rows};
        *n_rows += n;
    }
    grouping->n_users = n_found;
    wl_alloc_free(grouping->alloc, keys);
    return WL_OK;
}

wl_status wl_grouping_init(struct wl_grouping *grouping, const wl_alloc *alloc,
                           const struct wl_company *company, const int64_t *dates_us,
                           size_t n_dates, size_t *n_rows, wl_error *error)
{
    size_t n_users = company->users.n_strings;
    int64_t *first_known_us = wl_alloc_array(alloc, n_users + 1, sizeof(*first_known_us));
    wl_status status = WL_OK;

    *grouping = (struct wl_grouping){.alloc = alloc, .company = company};
    if (first_known_us == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to group %zu users", n_users);
    }
    for (size_t user = 0; user < n_users; user++) {
        first_known_us[user] = INT64_MAX;
    }
    for (int kind = 0; kind < WL_KNOWN_KINDS; kind++) {
        WL_GO(group_kind(grouping, (enum wl_known_kind)kind, dates_us[n_dates - 1], first_known_us,
                         error));
    }
    WL_GO(order_users(grouping, first_known_us, dates_us, n_dates, n_rows, error));
done:
    wl_alloc_free(alloc, first_known_us);
    return status;
}

#define RUN_ITEMS 8 // short runs are sorted by insertion, longer ones by merging

static void sort_runs(struct wl_known *known, size_t n)
{
    for (size_t begin = 0; begin < n; begin += RUN_ITEMS) {
        size_t end = begin + RUN_ITEMS < n ? begin + RUN_ITEMS : n;
        for (size_t i = begin + 1; i < end; i++) {
            struct wl_known item = known[i];
            size_t at = i;
            for (; at > begin && known[at - 1].received_us > item.received_us; at--) {
                known[at] = known[at - 1];
            }
            known[at] = item;
        }
    }
}

static void merge(const struct wl_known *from, size_t begin, size_t middle, size_t end,
                  struct wl_known *to)
{
    size_t a = begin;
    size_t b = middle;

    for (size_t at = begin; at < end; at++) {
        bool takes_a = b == end || (a < middle && from[a].received_us <= from[b].received_us);
        to[at] = from[takes_a ? a++ : b++];
    }
}

// Stable merge sort; scratch has n items.
static void sort_known(struct wl_known *known, size_t n, struct wl_known *scratch)
{
    struct wl_known *from = known;
    struct wl_known *to = scratch;

    sort_runs(known, n);
    for (size_t run = RUN_ITEMS; run < n; run *= 2) {
        for (size_t begin = 0; begin < n; begin += 2 * run) {
            size_t middle = begin + run < n ? begin + run : n;
            size_t end = begin + 2 * run < n ? begin + 2 * run : n;
            merge(from, begin, middle, end, to);
        }
        struct wl_known *swap = from;
        from = to;
        to = swap;
    }
    if (from != known) {
        memcpy(known, from, n * sizeof(*known));
    }
}

wl_status wl_grouping_collect(const struct wl_grouping *grouping, uint32_t user,
                              const wl_alloc *alloc, struct wl_known **known, size_t *capacity,
                              size_t *n_known, wl_error *error)
{
    size_t n = 0;
    bool is_sorted = true;
    int64_t before_us = INT64_MIN;

    for (int kind = 0; kind < WL_KNOWN_KINDS; kind++) {
        n += grouping->groups[kind].first[user + 1] - grouping->groups[kind].first[user];
    }
    WL_TRY(WL_GROW(alloc, *known, *capacity, 2 * n, error));
    struct wl_known *items = *known;
    size_t at = 0;
    for (int kind = 0; kind < WL_KNOWN_KINDS; kind++) {
        const struct wl_group *group = &grouping->groups[kind];
        struct column column = column_of(grouping->company, (enum wl_known_kind)kind);
        for (size_t i = group->first[user]; i < group->first[user + 1]; i++) {
            int64_t received_us = received_at(&column, group->index[i]);
            items[at++] = (struct wl_known){
                .received_us = received_us, .index = group->index[i], .kind = (uint32_t)kind};
            is_sorted = is_sorted && before_us <= received_us;
            before_us = received_us;
        }
    }
    if (!is_sorted) {
        sort_known(items, n, items + n);
    }
    *n_known = n;
    return WL_OK;
}
