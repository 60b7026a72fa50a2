/* From an explanation to a message: choose an offer, choose a template, render it, and keep what
 * was said, from which template, with which facts. */
#ifndef WL_COMPOSE_MESSAGE_H
#define WL_COMPOSE_MESSAGE_H
#include "compose/offers.h"
#include "compose/script_library.h"

#define WL_FACTS_MAX 32 /* values in one message; the longest template of ours uses eight */

/* A value that a message shows. */
struct wl_fact {
    struct wl_str slot; /* "offer.name" */
    struct wl_str value;
};

/* The record after compose. Strings are in the arena it was made with, or borrowed from a line. */
struct wl_message {
    struct wl_str user;
    int64_t as_of_us;
    enum wl_tier tier;
    struct wl_str reason; /* code that the text answers */
    enum wl_reason_source reason_source;
    struct wl_str template_id;
    int64_t template_version;
    struct wl_str match; /* "exact", "group" or "generic" */
    enum wl_channel channel;
    enum wl_language language;
    struct wl_str title; /* empty: none */
    struct wl_str body;
    struct wl_str offer; /* id in the catalogue; empty: nothing is promised */
    size_t n_facts;
    struct wl_fact facts[WL_FACTS_MAX]; /* in order of first use */
    bool degraded;                      /* a fallback stood in: template, score or both */
    struct wl_str why;                  /* reason of degraded; empty otherwise */
};

/* The `messages:` section. */
struct wl_message_options {
    int language;               /* enum wl_language */
    int channel;                /* enum wl_channel */
    struct wl_texts attributes; /* allow-list: attributes that templates may read, as user.<name> */
    const struct wl_node *values; /* map: brand, unsubscribe_url, ...; NULL is an empty one */
    bool discount_first;          /* discounts go before a pause */
    int64_t now_us;               /* offers run from here; WL_TIME_NONE: from the score's as_of */
    int64_t utc_offset_us;        /* for the date an offer ends on */
};

/* wl_message_options_read - the `messages:` section into options, which hold the defaults.
 *   node  (in) {language, channel, attributes, values, discount_first}; NULL leaves the defaults.
 * Errors:  WL_ECONFIG  with line and column.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_message_options_read(struct wl_arena *arena, const struct wl_node *node,
                                                struct wl_message_options *options,
                                                wl_error *error);

/* wl_message_compose - write the message for one customer.
 *   explanation  (in)  tier and strongest reason; borrowed.
 *   attributes   (in)  the customer's, as a map; NULL is an empty one. All of them decide
 *                      entitlement; only those of the allow-list can be read by a template.
 *   arena        (in,out) arena_request: owns the message's strings.
 *   message      (out) untouched on failure.
 * A template whose slots lack a value gives way to the generic one of the tier, then to one without
 * the offer; the message says so in degraded and why. Nothing is ever sent with an empty hole.
 * Cost:    O(templates + text).
 * Errors:  WL_ENOTFOUND  no approved template for tier, channel and language.
 *          WL_ESCHEMA    none of them can be filled; the message names template and slot.
 *          WL_ELIMIT, WL_ENOMEM.
 * Threads: any number over one library and catalogue; an arena each. */
WL_MUST_CHECK wl_status wl_message_compose(const struct wl_library *library,
                                           const struct wl_offers *offers,
                                           const struct wl_explanation *explanation,
                                           const struct wl_node *attributes,
                                           const struct wl_message_options *options,
                                           struct wl_arena *arena, struct wl_message *message,
                                           wl_error *error);

/* wl_message_write - one JSON line (no line end). */
void wl_message_write(const struct wl_message *message, struct wl_buf *line);

/* wl_message_read - read a line of wl_message_write, ignoring what it does not know.
 * Errors:  WL_EPARSE  not JSON.  WL_ESCHEMA  a key is missing or of the wrong kind.
 *          WL_ELIMIT  more than WL_FACTS_MAX facts.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_message_read(struct wl_arena *arena, struct wl_str line,
                                        struct wl_message *message, wl_error *error);

#endif
