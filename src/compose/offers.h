/* The catalogue of offers: what may be promised, to whom, until when, and what it costs. A message
 * speaks of an offer only through the entry that was chosen here. */
#ifndef WL_COMPOSE_OFFERS_H
#define WL_COMPOSE_OFFERS_H
#include "compose/taxonomy.h"
#include "data/node.h"
#include "data/records.h"

struct wl_offer {
    const char *id;
    int kind;                             /* enum wl_offer_kind */
    const char *name[WL_LANGUAGE_COUNT];  /* by enum wl_language */
    const char *terms[WL_LANGUAGE_COUNT]; /* by enum wl_language */
    int64_t cost_minor;                   /* what one costs us, minor units of currency */
    const char *currency;                 /* ISO 4217 */
    int64_t valid_days;                   /* from the day it is offered */
    uint32_t tiers;                       /* bit per enum wl_tier */
    uint32_t reasons;                     /* bit per enum wl_reason_code */
    bool is_any_reason;
    const struct wl_node *entitled; /* attribute -> value that a user must have; NULL: everybody */
};

struct wl_offers {
    struct wl_offer *items; /* (n_items) in the arena, sorted by id */
    size_t n_items;
};

/* wl_offers_read - the `offers:` section; NULL gives an empty catalogue.
 *   arena  (in,out) owns the entries; node must live as long.
 * Errors:  WL_ECONFIG  with line and column: unknown keys, no zh or en name, negative cost, a kind,
 *          tier or reason that does not exist, two entries of one id.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_offers_read(struct wl_arena *arena, const struct wl_node *node,
                                       struct wl_offers *offers, wl_error *error);

/* wl_offers_builtin - the example catalogue of share/scripts/offers.yaml as YAML text. */
struct wl_str wl_offers_builtin(void);

/* wl_offer_entitles - the user's attributes fulfil the entry's condition. An attribute that is
 * absent or null fulfils nothing. */
bool wl_offer_entitles(const struct wl_offer *offer, const struct wl_node *attributes);

/* wl_offers_choose - the offer for a tier and reason, or NULL when none is eligible.
 *   attributes      (in) the user's, as a map; NULL is an empty one.
 *   discount_first  (in) coupons and points go before other kinds; by default a pause that is
 *                   eligible keeps them out.
 * Order: an entry that names the reason, then one that names an entitlement, then by kind (pause,
 * vip_support, trial_pack, points, coupon, feature_tip, care, none), then the cheaper, then by id.
 * So two reasons of one tier get two offers where the catalogue has them, and ties never depend on
 * luck.
 * Cost: O(entries). Threads: any number. Source: own. */
const struct wl_offer *wl_offers_choose(const struct wl_offers *offers, enum wl_tier tier,
                                        enum wl_reason_code reason,
                                        const struct wl_node *attributes, bool discount_first);

/* wl_offer_find - entry of an id, or NULL. */
const struct wl_offer *wl_offer_find(const struct wl_offers *offers, struct wl_str id);

#endif
