/* The words that reasons, channels and offers are sorted by. One list each, so that configuration,
 * templates, coverage and messages speak of the same things. */
#ifndef WL_COMPOSE_TAXONOMY_H
#define WL_COMPOSE_TAXONOMY_H
#include "base/error.h"
#include "base/language.h"

enum wl_channel {
    WL_CHANNEL_EMAIL = 0,
    WL_CHANNEL_PUSH = 1,
    WL_CHANNEL_SMS = 2,
    WL_CHANNEL_IN_APP = 3
};
#define WL_CHANNEL_COUNT 4

/* Why somebody may leave. The codes are those of explanations (reason.code, top_code). */
enum wl_reason_code {
    WL_REASON_ACTIVITY_DOWN = 0,
    WL_REASON_SPEND_DOWN = 1,
    WL_REASON_INACTIVE = 2,
    WL_REASON_PAYMENT_FAILED = 3,
    WL_REASON_SUPPORT_ISSUE = 4,
    WL_REASON_PERFORMANCE = 5,
    WL_REASON_ADS = 6,
    WL_REASON_CONTENT = 7,
    WL_REASON_PRICE = 8,
    WL_REASON_CONTRACT = 9,
    WL_REASON_NEW_CUSTOMER = 10,
    WL_REASON_OTHER = 11,
    WL_REASON_BUGS = 12, /* from here on: what is said in texts, no feature measures it */
    WL_REASON_DELIVERY = 13,
    WL_REASON_QUALITY = 14,
    WL_REASON_COMPETITOR = 15,
    WL_REASON_LIFE_EVENT = 16,
    WL_REASON_BENEFITS = 17,
    WL_REASON_USABILITY = 18,
    WL_REASON_TRUST = 19
};
#define WL_REASON_COUNT 20

/* Reasons that one text may answer: engagement, value, billing, service, experience, onboarding. */
#define WL_REASON_GROUP_COUNT 6
#define WL_REASON_GROUP_NONE  (-1)

enum wl_offer_kind {
    WL_OFFER_NONE = 0,
    WL_OFFER_COUPON = 1,
    WL_OFFER_POINTS = 2,
    WL_OFFER_TRIAL_PACK = 3,
    WL_OFFER_VIP_SUPPORT = 4,
    WL_OFFER_CARE = 5,
    WL_OFFER_PAUSE = 6,
    WL_OFFER_FEATURE_TIP = 7
};
#define WL_OFFER_KIND_COUNT 8

/* Names by number, NULL-terminated, as configuration writes them. */
extern const char *const wl_channel_names[WL_CHANNEL_COUNT + 1];
extern const char *const wl_reason_names[WL_REASON_COUNT + 1];
extern const char *const wl_reason_group_names[WL_REASON_GROUP_COUNT + 1];
extern const char *const wl_offer_kind_names[WL_OFFER_KIND_COUNT + 1];

/* wl_name_find - index of text in a NULL-terminated list of names, or -1. */
int wl_name_find(const char *const *names, struct wl_str text);

/* wl_reason_from - the reason of a code; an unknown or empty one is WL_REASON_OTHER. */
enum wl_reason_code wl_reason_from(struct wl_str code);

/* wl_reason_group - group of a reason, or WL_REASON_GROUP_NONE for WL_REASON_OTHER. */
int wl_reason_group(enum wl_reason_code reason);

#endif
