/* The words of the video site's world, as they stand in the files. */
#include "simulate/world.h"

const char *wl_sim_type_key(enum wl_sim_type type)
{
    static const char *const keys[] = {"loyal",           "casual",         "price_sensitive",
                                       "annoyed_by_ads",  "stall_sufferer", "content_starved",
                                       "payment_trouble", "seasonal"};
    return keys[type];
}

const char *wl_sim_cause_key(enum wl_sim_cause cause)
{
    static const char *const keys[] = {"ads", "stall", "content", "price", "payment", "none"};
    return keys[cause];
}

const char *wl_sim_action_key(enum wl_sim_action action)
{
    static const char *const keys[] = {"no_action", "coupon", "fewer_ads", "content_pack",
                                       "vip_support"};
    return keys[action];
}

const char *wl_sim_plan_key(enum wl_sim_plan plan)
{
    static const char *const keys[] = {"free", "basic", "premium"};
    return keys[plan];
}

const char *wl_sim_leave_key(enum wl_sim_leave leave)
{
    static const char *const keys[] = {"stays", "silent", "cancels", "involuntary"};
    return keys[leave];
}

const char *wl_sim_device_key(size_t i_device)
{
    static const char *const keys[WL_SIM_DEVICES] = {"ios", "android", "tv", "web"};
    return keys[i_device];
}

const char *wl_sim_age_key(size_t i_age)
{
    static const char *const keys[WL_SIM_AGE_BANDS] = {"18-24", "25-34", "35-44", "45-54", "55+"};
    return keys[i_age];
}

const char *wl_sim_channel_key(size_t i_channel)
{
    static const char *const keys[WL_SIM_CHANNELS] = {"organic", "app_store", "referral", "partner",
                                                      "coupon"};
    return keys[i_channel];
}

const char *wl_sim_category_key(size_t i_category)
{
    static const char *const keys[WL_SIM_CATEGORIES] = {"drama",  "film",        "variety", "anime",
                                                        "sports", "documentary", "kids",    "news"};
    return keys[i_category];
}
