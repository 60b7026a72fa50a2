/* Small readers that the catalogue of offers and the script library share. */
#ifndef WL_COMPOSE_LISTS_H
#define WL_COMPOSE_LISTS_H
#include "data/node.h"
#include "data/records.h"

extern const char *const wl_tier_names[WL_TIER_COUNT + 1]; /* "very_low" .., NULL */

/* wl_mask_read - a list of names (or one name) as bits.
 *   where, key  (in)  for messages: "offers[2]", "tiers".
 *   names       (in)  NULL-terminated; bit i stands for names[i].
 *   mask        (out) at least one bit.
 * Errors:  WL_ECONFIG  an empty list, no text, or a name that does not exist, with a near one. */
WL_MUST_CHECK wl_status wl_mask_read(const struct wl_node *node, const char *where, const char *key,
                                     const char *const *names, uint32_t *mask, wl_error *error);

/* wl_list_where - "name[i]" into text. */
void wl_list_where(char *text, size_t n_bytes, const char *name, size_t i);

#endif
