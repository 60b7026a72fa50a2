/* A feature set, compiled: from the YAML a person wrote to arrays a loop can walk.
 *
 *   signals     which events (and texts) count as what: "order" = Order Completed with a value
 *   features    columns: an aggregate of a signal over a window, a ratio of two features, or an
 *               attribute of the customer
 *
 * A plan is immutable after wl_plan_compile and may be read by any number of threads. Everything in
 * it lives in the arena it was compiled into. */
#ifndef WL_FEATURES_PLAN_H
#define WL_FEATURES_PLAN_H
#include "base/clock.h"
#include "base/limits.h"
#include "data/company.h"
#include "data/node.h"
#include "data/rows.h"
#include "features/aggregate.h"

#define WL_WINDOW_NONE      INT64_C(0)      /* the feature has no window */
#define WL_WINDOW_ALL       INT64_MAX       /* the whole history */
#define WL_WINDOW_HOURLY_US (3 * WL_DAY_US) /* windows up to here end on an hour edge */
#define WL_WINDOWS_MAX      48              /* windows of one signal, halves for trends included */

struct wl_window {
    int64_t span_us;
    bool is_hourly; /* tail on an hour edge; otherwise on a day edge */
};

struct wl_signal_condition {
    const char *prop;
    const char *value;
};

struct wl_signal {
    const char *name;          /* "order" */
    const char *zh;            /* 订单 */
    const char *en;            /* orders (plural) */
    const char *value_zh;      /* 金额: what the value of its events measures */
    const char *value_en;      /* amount */
    const char *unit_zh;       /* 元 */
    const char *unit_en;       /* yuan */
    const char *code;          /* reason taxonomy */
    const char *const *events; /* (n_events) names; a single "*" is every event */
    size_t n_events;
    const char *const *channels; /* (n_channels) texts that count; a single "*" is every text */
    size_t n_channels;
    struct wl_signal_condition
        where[WL_PROPS_MAX]; /* (n_where) all must hold; texts have no properties */
    size_t n_where;
    const char *reads[WL_READ_COUNT]; /* labels that must have been read in a text; NULL: any */
    bool has_reads;

    /* What a state keeps, as the features ask for it. */
    bool needs_values;
    bool needs_all_days;
    struct wl_window *windows; /* (n_windows) hourly ones first, each kind by rising span */
    size_t n_windows;
    size_t n_hourly;
    int64_t keep_hours_us; /* longest hourly window; 0: no hour tiles */
    int64_t keep_days_us;  /* longest daily window; 0: no day tiles */
    size_t *features;      /* (n_features) indices of this signal's columns */
    size_t n_features;
};

/* One distinct count: the values of one property of one signal. */
struct wl_plan_sketch {
    size_t i_signal;
    const char *prop;
    int64_t keep_us; /* longest window, or WL_WINDOW_ALL */
};

enum wl_attribute_use {
    WL_ATTRIBUTE_NUMBER,
    WL_ATTRIBUTE_CATEGORY,
    WL_ATTRIBUTE_BOOL,
    WL_ATTRIBUTE_DATE /* the column is days since the date */
};

struct wl_plan_attribute {
    const char *name; /* in the company's attributes */
    enum wl_attribute_use use;
};

struct wl_feature {
    const char *name; /* "order_count_30d" */
    const char *zh;   /* "近30天订单次数" */
    const char *en;   /* "number of orders, last 30 days" */
    const char *unit_zh;
    const char *unit_en;
    const char *formula;
    const char *code; /* reason taxonomy: "activity_down", "spend_down", ... */
    enum wl_feature_kind kind;
    enum wl_aggregate aggregate;
    const char *prop;     /* distinct: the property; empty otherwise */
    int64_t window_us;    /* WL_WINDOW_NONE, WL_WINDOW_ALL or a length */
    const char *window;   /* "30d", "all" or "" */
    size_t i_signal;      /* SIZE_MAX for ratios and attributes */
    size_t i_window;      /* in the signal's windows; SIZE_MAX for none and all */
    size_t i_half_window; /* trends: the later half; SIZE_MAX otherwise */
    size_t i_sketch;      /* distinct; SIZE_MAX otherwise */
    size_t i_attribute;   /* attributes; SIZE_MAX otherwise */
    size_t i_over;        /* ratios: divisor, SIZE_MAX for none */
    size_t i_of;          /* ratios: dividend */
    double scale;         /* ratios: value = of / over * scale */
    size_t i_baseline;    /* feature that says what is usual for this user, or SIZE_MAX */
};

struct wl_plan {
    int64_t utc_offset_us; /* local day edge: days and hours are counted in this offset */
    struct wl_signal *signals;
    size_t n_signals;
    struct wl_feature *features; /* (n_features) in column order */
    size_t n_features;
    struct wl_plan_sketch *sketches;
    size_t n_sketches;
    struct wl_plan_attribute *attributes;
    size_t n_attributes;
    size_t i_activity;                  /* feature with activity in percent, or SIZE_MAX */
    bool needs_readings;                /* some column is made of what was read in texts */
    const char *readers[WL_READ_COUNT]; /* who reads: "rules", or a text model's name/version */
    const char **skipped; /* (n_skipped) attributes that "all" left out: too many levels */
    size_t n_skipped;
    struct wl_schema schema;  /* column names, kinds and the hash of their definitions */
    uint64_t state_hash;      /* first 64 bits of the hash, carried by encoded states */
    struct wl_str definition; /* JSON that compiles to this plan again, without a company */
};

struct wl_plan_options {
    int64_t utc_offset_us;
    const struct wl_company *company; /* for "attributes: all" and kinds; may be NULL */
    const char *const *readers;       /* (WL_READ_COUNT) or NULL: rules */
    const struct wl_node *given;      /* more columns that other models fill in; may be NULL */
    const char *const *exclude;       /* attributes never to use, e.g. the label; NULL-terminated,
                                       * may be NULL */
};

/* wl_plan_is_text - whether a column is made of what customers wrote: of signals of texts alone, a
 * ratio of such, or given by a model of texts (a name that begins with "text_"). */
bool wl_plan_is_text(const struct wl_plan *plan, size_t i_feature);

/* wl_plan_compile - check a feature set and lay it out.
 *   arena     (in,out) owns the plan.
 *   features  (in)  the section "features" of wanliu.yaml, or a definition of an earlier plan; NULL
 *                   or null is {library: standard}.
 *   plan      (out) kept as long as the arena.
 * Cost:    O(F^2) for the check that names differ; with a company one pass over its attributes.
 * Errors:  WL_ECONFIG  "line 3, column 5: ..." for whatever is wrong in it.
 *          WL_ELIMIT   more than WL_FEATURES_MAX features, WL_SIGNALS_MAX signals.  WL_ENOMEM.
 * Threads: none shared. */
WL_MUST_CHECK wl_status wl_plan_compile(struct wl_arena *arena, const struct wl_node *features,
                                        const struct wl_plan_options *options,
                                        struct wl_plan **plan, wl_error *error);

/* wl_plan_feature - all there is to say of one column; i_feature < plan->n_features. */
const struct wl_feature *wl_plan_feature(const struct wl_plan *plan, size_t i_feature);

/* wl_plan_find - index of the named feature, or SIZE_MAX. */
size_t wl_plan_find(const struct wl_plan *plan, struct wl_str name);

/* wl_reason_codes - the reason taxonomy, NULL-terminated. */
const char *const *wl_reason_codes(void);

/* wl_library_text - YAML of the embedded library, or the empty view when there is none of this
 * name; wl_library_names - NULL-terminated. */
struct wl_str wl_library_text(const char *name);
const char *const *wl_library_names(void);

#endif
