/* Reading the catalogue and choosing from it. */
#include "compose/offers.h"

#include "base/limits.h"
#include "compose/lists.h"
#include "data/schema.h"

#include <stdlib.h>
#include <string.h>

extern const unsigned char wl_embedded_offers[];
extern const size_t wl_embedded_offers_bytes;

struct raw {
    struct wl_offer offer;
    const struct wl_node *name;
    const struct wl_node *terms;
    const struct wl_node *tiers;
    const struct wl_node *reasons;
};

#define FIELD(key_, kind_, member, ...)                                                            \
    {                                                                                              \
        .key = (key_), .kind = (kind_), .offset = offsetof(struct raw, member), __VA_ARGS__        \
    }

static const struct wl_field fields[] = {
    FIELD("id", WL_FIELD_TEXT, offer.id, .is_required = true, .doc = "name in messages and logs"),
    FIELD("kind", WL_FIELD_CHOICE, offer.kind, .is_required = true, .choices = wl_offer_kind_names,
          .doc = "what it is"),
    FIELD("name", WL_FIELD_NODE, name, .is_required = true, .doc = "{zh: ..., en: ...}"),
    FIELD("terms", WL_FIELD_NODE, terms, .is_required = true, .doc = "{zh: ..., en: ...}"),
    FIELD("cost_minor", WL_FIELD_INT, offer.cost_minor, .is_required = true, .low = 0, .high = 1e12,
          .doc = "what one costs, in minor units"),
    FIELD("currency", WL_FIELD_TEXT, offer.currency, .doc = "ISO 4217; default CNY"),
    FIELD("valid_days", WL_FIELD_INT, offer.valid_days, .is_required = true, .low = 1, .high = 3660,
          .doc = "days from the offer to its end"),
    FIELD("tiers", WL_FIELD_NODE, tiers, .is_required = true, .doc = "risk tiers it is for"),
    FIELD("reasons", WL_FIELD_NODE, reasons, .doc = "reasons it answers; default [any]"),
    FIELD("entitled", WL_FIELD_NODE, offer.entitled, .doc = "attribute: value a user must have"),
};
#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

struct wl_str wl_offers_builtin(void)
{
    return (struct wl_str){.data = (const char *)wl_embedded_offers,
                           .n_bytes = wl_embedded_offers_bytes};
}

static wl_status read_both(const struct wl_node *node, const char *where, const char *key,
                           const char **texts, wl_error *error)
{
    for (int i = 0; i < WL_LANGUAGE_COUNT; i++) {
        const struct wl_node *text = wl_node_get(node, wl_language_names[i]);
        if (text == NULL || text->kind != WL_NODE_STRING || text->text.n_bytes == 0) {
            return wl_fail_node(error, node, "%s.%s: wants a text for zh and one for en", where,
                                key);
        }
        texts[i] = text->text.data;
    }
    return WL_OK;
}

static wl_status read_reasons(const struct wl_node *node, const char *where, struct wl_offer *offer,
                              wl_error *error)
{
    const struct wl_node *one = node != NULL && node->kind == WL_NODE_LIST ? node->first : node;

    if (node == NULL || (one != NULL && wl_str_is(one->text, "any"))) {
        offer->is_any_reason = true;
        return WL_OK;
    }
    return wl_mask_read(node, where, "reasons", wl_reason_names, &offer->reasons, error);
}

static wl_status check_entitled(const struct wl_node *node, const char *where, wl_error *error)
{
    if (node == NULL) {
        return WL_OK;
    }
    if (node->kind != WL_NODE_MAP || node->n_children == 0) {
        return wl_fail_node(error, node, "%s.entitled: wants attribute: value", where);
    }
    for (const struct wl_node *at = node->first; at != NULL; at = at->next) {
        if (at->kind == WL_NODE_NULL || at->kind == WL_NODE_LIST || at->kind == WL_NODE_MAP) {
            return wl_fail_node(error, at, "%s.entitled: wants one value for %.*s", where,
                                WL_STR_ARG(at->key));
        }
    }
    return WL_OK;
}

static wl_status read_offer(struct wl_arena *arena, const struct wl_node *node, const char *where,
                            struct wl_offer *offer, wl_error *error)
{
    struct raw raw = {.offer = {.currency = "CNY"}};

    WL_TRY(wl_fields_read(arena, node, where, fields, N_FIELDS, &raw, error));
    WL_TRY(read_both(raw.name, where, "name", raw.offer.name, error));
    WL_TRY(read_both(raw.terms, where, "terms", raw.offer.terms, error));
    WL_TRY(wl_mask_read(raw.tiers, where, "tiers", wl_tier_names, &raw.offer.tiers, error));
    WL_TRY(read_reasons(raw.reasons, where, &raw.offer, error));
    WL_TRY(check_entitled(raw.offer.entitled, where, error));
    if (strlen(raw.offer.currency) != 3) {
        return wl_fail_node(error, node, "%s.currency: wants three letters such as CNY", where);
    }
    *offer = raw.offer;
    return WL_OK;
}

static int by_id(const void *a, const void *b)
{
    const struct wl_offer *x = a;
    const struct wl_offer *y = b;
    return strcmp(x->id, y->id);
}

wl_status wl_offers_read(struct wl_arena *arena, const struct wl_node *node,
                         struct wl_offers *offers, wl_error *error)
{
    struct wl_offers made = {0};
    size_t i = 0;
    char where[32];

    if (node == NULL || node->kind == WL_NODE_NULL) {
        *offers = made;
        return WL_OK;
    }
    if (node->kind != WL_NODE_LIST || node->n_children > WL_OFFERS_MAX) {
        return wl_fail_node(error, node, "offers: wants a list of at most %d", WL_OFFERS_MAX);
    }
    made.items = wl_arena_zeroed(arena, node->n_children, sizeof(*made.items));
    if (made.items == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for offers");
    }
    for (const struct wl_node *at = node->first; at != NULL; at = at->next, i++) {
        wl_list_where(where, sizeof(where), "offers", i);
        WL_TRY(read_offer(arena, at, where, &made.items[i], error));
        for (size_t j = 0; j < i; j++) {
            if (strcmp(made.items[j].id, made.items[i].id) == 0) {
                return wl_fail_node(error, at, "offers: the id %s is here twice", made.items[i].id);
            }
        }
    }
    made.n_items = node->n_children;
    qsort(made.items, made.n_items, sizeof(*made.items), by_id);
    *offers = made;
    return WL_OK;
}

bool wl_offer_entitles(const struct wl_offer *offer, const struct wl_node *attributes)
{
    const struct wl_node *want = offer->entitled != NULL ? offer->entitled->first : NULL;

    for (; want != NULL; want = want->next) {
        const struct wl_node *has = wl_node_get(attributes, want->key.data);
        bool is_number = has != NULL && has->kind == WL_NODE_NUMBER;
        if (has == NULL || has->kind == WL_NODE_NULL || has->kind == WL_NODE_LIST ||
            has->kind == WL_NODE_MAP) {
            return false;
        }
        bool same = is_number && want->kind == WL_NODE_NUMBER
                        ? !(has->number < want->number) && !(has->number > want->number)
                        : wl_str_equal(has->text, want->text);
        if (!same) {
            return false;
        }
    }
    return true;
}

// Smaller comes first. A pause keeps the customer at no cost and, in what others measured, brings
// more of them back than a discount does.
static int kind_rank(int kind, bool discount_first)
{
    static const int ranks[WL_OFFER_KIND_COUNT] = {
        [WL_OFFER_PAUSE] = 0,  [WL_OFFER_VIP_SUPPORT] = 1, [WL_OFFER_TRIAL_PACK] = 2,
        [WL_OFFER_POINTS] = 3, [WL_OFFER_COUPON] = 4,      [WL_OFFER_FEATURE_TIP] = 5,
        [WL_OFFER_CARE] = 6,   [WL_OFFER_NONE] = 7};
    bool goes_first = discount_first && (kind == WL_OFFER_COUPON || kind == WL_OFFER_POINTS);
    return goes_first ? -1 : ranks[kind];
}

static bool is_eligible(const struct wl_offer *offer, enum wl_tier tier, enum wl_reason_code reason,
                        const struct wl_node *attributes)
{
    bool for_reason = offer->is_any_reason || (offer->reasons >> reason & 1) != 0;
    return for_reason && (offer->tiers >> tier & 1) != 0 && wl_offer_entitles(offer, attributes);
}

// Is a better than b? Entries come sorted by id, so that an equal one later does not win.
static bool is_better(const struct wl_offer *a, const struct wl_offer *b, bool discount_first)
{
    int rank_a = kind_rank(a->kind, discount_first);
    int rank_b = kind_rank(b->kind, discount_first);

    if (a->is_any_reason != b->is_any_reason) {
        return !a->is_any_reason;
    }
    if ((a->entitled != NULL) != (b->entitled != NULL)) {
        return a->entitled != NULL;
    }
    if (rank_a != rank_b) {
        return rank_a < rank_b;
    }
    return a->cost_minor < b->cost_minor;
}

static bool is_discount(const struct wl_offer *offer)
{
    return offer->kind == WL_OFFER_COUPON || offer->kind == WL_OFFER_POINTS;
}

const struct wl_offer *wl_offers_choose(const struct wl_offers *offers, enum wl_tier tier,
                                        enum wl_reason_code reason,
                                        const struct wl_node *attributes, bool discount_first)
{
    const struct wl_offer *best = NULL;
    bool has_pause = false;

    for (size_t i = 0; i < offers->n_items; i++) {
        has_pause = has_pause || (offers->items[i].kind == WL_OFFER_PAUSE &&
                                  is_eligible(&offers->items[i], tier, reason, attributes));
    }
    for (size_t i = 0; i < offers->n_items; i++) {
        const struct wl_offer *offer = &offers->items[i];
        bool is_held_back = has_pause && !discount_first && is_discount(offer);
        if (!is_held_back && is_eligible(offer, tier, reason, attributes) &&
            (best == NULL || is_better(offer, best, discount_first))) {
            best = offer;
        }
    }
    return best;
}

const struct wl_offer *wl_offer_find(const struct wl_offers *offers, struct wl_str id)
{
    for (size_t i = 0; i < offers->n_items; i++) {
        if (wl_str_is(id, offers->items[i].id)) {
            return &offers->items[i];
        }
    }
    return NULL;
}
