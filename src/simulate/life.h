/* A customer's life as a log: the days of world.h turned into events and texts with two clocks. */
#ifndef WL_SIMULATE_LIFE_H
#define WL_SIMULATE_LIFE_H
#include "simulate/world.h"

enum wl_sim_kind {
    WL_SIM_SIGNED_UP,
    WL_SIM_SIGNED_IN,
    WL_SIM_VIDEO_PLAYED,           /* value: minutes; category, feature */
    WL_SIM_PRODUCTS_SEARCHED,      /* category */
    WL_SIM_CONTENT_VIEWED,         /* category, feature */
    WL_SIM_COMMENT_POSTED,         /* category */
    WL_SIM_CONTENT_SHARED,         /* category */
    WL_SIM_ORDER_COMPLETED,        /* value: money; category */
    WL_SIM_SUBSCRIPTION_STARTED,   /* value: money */
    WL_SIM_SUBSCRIPTION_RENEWED,   /* value: money */
    WL_SIM_SUBSCRIPTION_CANCELLED, /* */
    WL_SIM_PAYMENT_FAILED,         /* value: money */
    WL_SIM_TICKET_CREATED,         /* text */
    WL_SIM_FEEDBACK_SUBMITTED,     /* value: rating 1..5; text */
    WL_SIM_ERROR_SHOWN,            /* value: seconds of stall */
    WL_SIM_AD_SHOWN,               /* value: seconds */
    WL_SIM_OFFER_DECIDED,          /* action, propensity */
    WL_SIM_CANCEL_REASON_GIVEN,    /* reason; text */
    WL_SIM_KIND_COUNT
};

#define WL_SIM_FEATURES  6
#define WL_SIM_NO_DETAIL UINT8_MAX
#define WL_SIM_NO_VALUE  INT32_MIN
#define WL_SIM_NO_TEXT   UINT32_MAX

struct wl_sim_event {
    int64_t event_us;
    int64_t received_us;
    uint32_t user;
    uint32_t serial;  /* counts a customer's events; a duplicate repeats it */
    int32_t value_e2; /* value * 100, or WL_SIM_NO_VALUE */
    uint32_t text;    /* index into the log's texts, or WL_SIM_NO_TEXT */
    uint8_t kind;     /* enum wl_sim_kind */
    uint8_t category; /* or WL_SIM_NO_DETAIL */
    uint8_t feature;  /* or WL_SIM_NO_DETAIL */
    uint8_t detail;   /* action of an offer, cause of a cancel reason, or WL_SIM_NO_DETAIL */
};

/* What a text is about; the label of the corpus. */
enum wl_sim_topic {
    WL_SIM_TOPIC_ADS, /* the first five are the causes of world.h */
    WL_SIM_TOPIC_STALL,
    WL_SIM_TOPIC_CONTENT,
    WL_SIM_TOPIC_PRICE,
    WL_SIM_TOPIC_PAYMENT,
    WL_SIM_TOPIC_OTHER, /* leaving without a reason */
    WL_SIM_TOPIC_PRAISE,
    WL_SIM_TOPIC_QUESTION,
    WL_SIM_TOPIC_NEUTRAL,
    WL_SIM_TOPIC_COUNT
};

enum wl_sim_tone { WL_SIM_TONE_CALM, WL_SIM_TONE_ANNOYED, WL_SIM_TONE_LEAVING };

enum wl_sim_text_channel { WL_SIM_TICKET, WL_SIM_FEEDBACK, WL_SIM_CANCEL };

struct wl_sim_text {
    int64_t text_us;
    int64_t received_us;
    uint64_t seed; /* makes the words */
    uint32_t user;
    uint8_t topic;   /* enum wl_sim_topic */
    uint8_t tone;    /* enum wl_sim_tone */
    uint8_t channel; /* enum wl_sim_text_channel */
    bool is_zh;
    bool is_kept; /* part of the corpus texts.csv; the event carries its words anyway */
};

/* Events and texts of some customers, in no particular order. */
struct wl_sim_log {
    const wl_alloc *alloc;
    struct wl_sim_event *events; /* (n_events) owned */
    size_t n_events;
    size_t events_capacity;
    struct wl_sim_text *texts; /* (n_texts) owned */
    size_t n_texts;
    size_t texts_capacity;
    size_t n_duplicates;
    size_t n_late;
};

/* The truth about one customer. */
struct wl_sim_truth {
    struct wl_sim_traits traits;
    enum wl_sim_leave leave;
    int32_t leave_day; /* last day; meaningless when leave is WL_SIM_STAYS */
    enum wl_sim_cause reason;
    bool has_potential; /* was a customer on the campaign day */
    struct wl_sim_potential potential;
    bool is_in_campaign;
    enum wl_sim_action action; /* received in the campaign */
};

/* wl_sim_life_run - live customer i_user's days, appending to log.
 *   hazards  (out) (weeks) mean daily hazard of each week, NaN outside the customer's time.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_sim_life_run(const struct wl_world *world, size_t i_user,
                                        struct wl_sim_log *log, struct wl_sim_truth *truth,
                                        float *hazards, wl_error *error);

/* wl_sim_weeks - weeks begun within the world's days. */
size_t wl_sim_weeks(const struct wl_world *world);

/* wl_sim_propensity - chance of an action in the campaign. */
double wl_sim_propensity(enum wl_sim_action action);

/* wl_sim_log_release - give memory back; a zeroed log is fine. */
void wl_sim_log_release(struct wl_sim_log *log);

#endif
