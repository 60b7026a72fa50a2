/* Names of reasons, channels and offers. */
#include "compose/taxonomy.h"

const char *const wl_channel_names[] = {"email", "push", "sms", "in_app", NULL};
const char *const wl_reason_names[] = {
    "activity_down", "spend_down", "inactive", "payment_failed", "support_issue", "performance",
    "ads",           "content",    "price",    "contract",       "new_customer",  "other",
    "bugs",          "delivery",   "quality",  "competitor",     "life_event",    "benefits",
    "usability",     "trust",      NULL};
const char *const wl_reason_group_names[] = {"engagement", "value",      "billing", "service",
                                             "experience", "onboarding", NULL};
const char *const wl_offer_kind_names[] = {
    "none", "coupon", "points", "trial_pack", "vip_support", "care", "pause", "feature_tip", NULL};

int wl_name_find(const char *const *names, struct wl_str text)
{
    for (int i = 0; names[i] != NULL; i++) {
        if (wl_str_is(text, names[i])) {
            return i;
        }
    }
    return -1;
}

enum wl_reason_code wl_reason_from(struct wl_str code)
{
    int i = wl_name_find(wl_reason_names, code);
    return i < 0 ? WL_REASON_OTHER : (enum wl_reason_code)i;
}

int wl_reason_group(enum wl_reason_code reason)
{
    switch (reason) {
    case WL_REASON_ACTIVITY_DOWN:
    case WL_REASON_INACTIVE:
    case WL_REASON_LIFE_EVENT: return 0;
    case WL_REASON_SPEND_DOWN:
    case WL_REASON_PRICE:
    case WL_REASON_COMPETITOR:
    case WL_REASON_BENEFITS: return 1;
    case WL_REASON_PAYMENT_FAILED:
    case WL_REASON_CONTRACT: return 2;
    case WL_REASON_SUPPORT_ISSUE:
    case WL_REASON_PERFORMANCE:
    case WL_REASON_BUGS:
    case WL_REASON_DELIVERY:
    case WL_REASON_TRUST: return 3;
    case WL_REASON_ADS:
    case WL_REASON_CONTENT:
    case WL_REASON_QUALITY:
    case WL_REASON_USABILITY: return 4;
    case WL_REASON_NEW_CUSTOMER: return 5;
    case WL_REASON_OTHER: return WL_REASON_GROUP_NONE;
    }
    return WL_REASON_GROUP_NONE;
}
