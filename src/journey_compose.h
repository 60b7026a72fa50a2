/* Messages for explained customers, with what the store knows of them. */
#ifndef WL_JOURNEY_COMPOSE_H
#define WL_JOURNEY_COMPOSE_H
#include "compose/message.h"
#include "journey.h"

/* Everything a message needs, made once; read-only afterwards. */
struct wl_writer {
    const wl_alloc *alloc;
    const struct wl_company *company; /* borrowed; NULL: nothing is known of anybody */
    struct wl_library library;
    struct wl_offers offers;
    struct wl_message_options options;
    bool is_language_fixed; /* options.language goes before what a customer says they read */
    uint32_t *order;        /* (n_attributes) the company's attributes by user, key and time */
    size_t *first;          /* (n_users + 1) where each user's begin in order */
};

/* wl_writer_open - library, catalogue and settings of a workspace, and the attributes by customer.
 *   company  (in)  borrowed, may be NULL.
 *   writer   (out) close with wl_writer_close; zeroed on failure.
 * Errors:  WL_ECONFIG  in `offers`, `messages` or a template file.  WL_ENOMEM, WL_EIO. */
WL_MUST_CHECK wl_status wl_writer_open(struct wl_workspace *workspace,
                                       const struct wl_company *company, const wl_alloc *alloc,
                                       struct wl_writer *writer, wl_error *error);
void wl_writer_close(struct wl_writer *writer);

/* wl_writer_attributes - what was known of a customer at a time, as a map; NULL when nothing was.
 * Cost: O(attributes of the customer). Allocates in arena. */
WL_MUST_CHECK wl_status wl_writer_attributes(const struct wl_writer *writer, struct wl_str user,
                                             int64_t as_of_us, struct wl_arena *arena,
                                             const struct wl_node **map_out, wl_error *error);

/* wl_writer_write - the message for one explained customer, as of the moment of the score, in the
 * language of the customer's attribute `language` ("zh...", "en...") unless it is fixed.
 *   attributes  (in) what is known of the customer; NULL looks it up in the company.
 * Errors:  those of wl_message_compose. */
WL_MUST_CHECK wl_status wl_writer_write(const struct wl_writer *writer,
                                        const struct wl_explanation *explanation,
                                        const struct wl_node *attributes, struct wl_arena *arena,
                                        struct wl_message *message, wl_error *error);

#endif
