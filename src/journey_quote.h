/* The beginning of a customer's text, without what names a person: what may be shown to people. */
#ifndef WL_JOURNEY_QUOTE_H
#define WL_JOURNEY_QUOTE_H
#include "text/mask.h"

#define WL_QUOTE_BYTES_MAX 240 /* an alert is read at a glance */

struct wl_quoter {
    struct wl_normal normal;
    struct wl_masks masks;
    struct wl_buf text;
};

/* wl_quoter_init - takes no memory yet. wl_quoter_release - give it back. */
void wl_quoter_init(struct wl_quoter *quoter, const wl_alloc *alloc);
void wl_quoter_release(struct wl_quoter *quoter);

/* wl_quoter_set - quote a text.
 *   quote  (out) borrowed until the next call.
 * Errors:  WL_ELIMIT  text above WL_LINE_BYTES_MAX.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_quoter_set(struct wl_quoter *quoter, struct wl_str body,
                                      struct wl_str *quote, wl_error *error);

#endif
