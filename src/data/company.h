/* Everything known about a company's customers, in columns: events, texts and attributes. This is
 * what ingest fills, the store keeps and features read. Order carries no meaning anywhere. */
#ifndef WL_DATA_COMPANY_H
#define WL_DATA_COMPANY_H
#include "base/dict.h"
#include "base/limits.h"

#define WL_VALUE_NONE INT64_MIN  /* event without a value */
#define WL_ID_NONE    UINT32_MAX /* property that is absent */

/* One event as it travels between stages, ids already interned in a wl_company. */
struct wl_event {
    uint32_t user;                /* index into company->users */
    uint32_t name;                /* index into company->event_names */
    int64_t event_us;             /* when it happened, <= received_us */
    int64_t received_us;          /* when it became known */
    int64_t value_e4;             /* value * 10^4, or WL_VALUE_NONE */
    uint64_t message_key;         /* hash of user and message id: equal keys are one event */
    uint32_t props[WL_PROPS_MAX]; /* ids in company->strings by property slot, or WL_ID_NONE */
};

struct wl_events {
    size_t n_events;
    size_t capacity;
    uint32_t *user;                /* (n_events) each column is owned */
    uint32_t *name;                /* (n_events) */
    int64_t *event_us;             /* (n_events) */
    int64_t *received_us;          /* (n_events) */
    int64_t *value_e4;             /* (n_events) */
    uint64_t *message_key;         /* (n_events) */
    uint32_t *props[WL_PROPS_MAX]; /* (n_events) each; NULL for slots >= n_props of the company */
};

/* What may be read in a text. */
enum wl_text_read {
    WL_READ_SENTIMENT = 0, /* positive, neutral, negative */
    WL_READ_INTENT = 1,    /* what the writer wants: refund, complaint, cancel, ... */
    WL_READ_EMOTION = 2,
    WL_READ_REASON = 3 /* what it is about: price, ads, ...; several at once */
};
#define WL_READ_COUNT       4
#define WL_READ_REASONS_MAX 4 /* reasons kept of one text; people rarely name more */

/* What readers made of one text. Derived from the body when records are loaded, never stored: a
 * better reader changes nothing that is kept. Ids are in company->strings. */
struct wl_text_reading {
    bool is_read;       /* false: nobody looked, and everything below means nothing */
    int32_t mood_e4;    /* (P(positive) - P(negative)) * 10^4 */
    uint32_t sentiment; /* WL_ID_NONE: not certain enough; likewise below */
    uint32_t intent;
    uint32_t emotion;
    uint32_t n_reasons;
    uint32_t reasons[WL_READ_REASONS_MAX]; /* (n_reasons) likeliest first */
};

/* One text: feedback, review, ticket, chat turn, cancel reason. */
struct wl_text {
    uint32_t user;
    uint32_t channel;     /* id in company->strings */
    uint32_t label;       /* id in company->strings, or WL_ID_NONE */
    int64_t text_us;      /* when it was written, <= received_us */
    int64_t received_us;  /* when it became known */
    uint64_t message_key; /* as for events */
    struct wl_str body;   /* UTF-8 */
    struct wl_text_reading reading;
};

struct wl_texts_log {
    size_t n_texts;
    size_t capacity;
    struct wl_text *texts; /* (n_texts) owned; bodies point into the company's arena */
};

/* One value of one attribute of one customer, from the moment it became known. */
enum wl_value_kind {
    WL_VALUE_NUMBER = 1, /* number */
    WL_VALUE_STRING = 2, /* string id */
    WL_VALUE_BOOL = 3,   /* number is 0 or 1 */
    WL_VALUE_MISSING = 4 /* known to be unknown: an empty cell */
};

struct wl_attribute {
    uint32_t user;
    uint32_t key;     /* id in company->attribute_names */
    int64_t known_us; /* when the value became known */
    enum wl_value_kind kind;
    uint32_t string; /* id in company->strings; WL_ID_NONE unless WL_VALUE_STRING */
    double number;
};

struct wl_attributes {
    size_t n_attributes;
    size_t capacity;
    struct wl_attribute *items; /* (n_attributes) owned */
};

struct wl_company {
    const wl_alloc *alloc;
    struct wl_dict users;           /* user ids */
    struct wl_dict event_names;     /* "Order Completed" */
    struct wl_dict prop_names;      /* at most WL_PROPS_MAX; a slot is an id here */
    struct wl_dict attribute_names; /* "Contract" */
    struct wl_dict strings;         /* property values, channels, categories */
    struct wl_events events;
    struct wl_texts_log texts;
    struct wl_attributes attributes;
    struct wl_arena *arena; /* owned: text bodies */
    int64_t newest_us;      /* latest time anything became known; WL_TIME_NONE when empty */
};

/* wl_company_new - empty company. Free with wl_company_free (NULL is fine).
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_company_new(const wl_alloc *alloc, struct wl_company **company_out,
                                       wl_error *error);
void wl_company_free(struct wl_company *company);

/* wl_company_clear - forget all events, texts and attributes but keep the dictionaries, so that ids
 * handed out before stay valid: how a long input is worked off in batches. */
void wl_company_clear(struct wl_company *company);

/* wl_company_add_event - append one event; ids in it come from this company's dictionaries.
 * An event_us later than received_us is clock skew and is set back to received_us.
 * Errors:  WL_ENOMEM; nothing is added. */
WL_MUST_CHECK wl_status wl_company_add_event(struct wl_company *company,
                                             const struct wl_event *event, wl_error *error);

/* wl_company_add_text - append one text; the body is copied. Errors: WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_company_add_text(struct wl_company *company, const struct wl_text *text,
                                            wl_error *error);

/* wl_company_add_attribute - append one attribute value. Errors: WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_company_add_attribute(struct wl_company *company,
                                                 const struct wl_attribute *attribute,
                                                 wl_error *error);

/* wl_company_set_event - put another event in the place of one; wl_company_set_text - the same for
 * a text, whose body is copied. For duplicates of which the better one stays.
 * Errors:  WL_ENOMEM; the old text stays. */
void wl_company_set_event(struct wl_company *company, size_t i_event, const struct wl_event *event);
WL_MUST_CHECK wl_status wl_company_set_text(struct wl_company *company, size_t i_text,
                                            const struct wl_text *text, wl_error *error);

/* wl_company_prop_slot - slot of a property name, adding it when new.
 * Errors:  WL_ELIMIT  all WL_PROPS_MAX slots are taken; the message lists the rule. */
WL_MUST_CHECK wl_status wl_company_prop_slot(struct wl_company *company, struct wl_str name,
                                             uint32_t *slot, wl_error *error);

/* wl_text_read_key - "sentiment", "intent", "emotion", "reason". */
const char *wl_text_read_key(enum wl_text_read read);

/* wl_text_reading_has - whether a reader found the label in a text. */
bool wl_text_reading_has(const struct wl_text_reading *reading, enum wl_text_read read,
                         uint32_t label);

/* wl_company_event - one event as a struct. */
struct wl_event wl_company_event(const struct wl_company *company, size_t i_event);

/* wl_attribute_key - the key under which an attribute value is found again: user, name, time, kind
 * and value. Made of texts, not ids, so it is the same in every company. */
uint64_t wl_attribute_key(const struct wl_company *company, const struct wl_attribute *attribute);

/* wl_message_key - the key under which duplicates are found: same user and same message id. */
uint64_t wl_message_key(struct wl_str user, struct wl_str message_id);

#endif
