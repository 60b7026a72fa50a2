/* The report: one HTML file that needs nothing else. Plain data in, filled by the caller;
 * everything is borrowed for the time of the call.
 *
 * Nothing is computed here that stands elsewhere: figures come from the evaluation, sentences
 * from the explanations, messages from the composer. The page only arranges them. */
#ifndef WL_REPORT_REPORT_H
#define WL_REPORT_REPORT_H
#include "base/clock.h"
#include "data/records.h"
#include "learn/evaluate.h"
#include "report/report_voice.h"
#include "report/report_watch.h"

#define WL_REPORT_CUSTOMERS_MAX 200 /* rows of the table: what a person reads, and under 1 MB */
#define WL_REPORT_BUCKETS       20

/* Rows of one source refused for one reason. */
struct wl_report_reject {
    struct wl_label reason;
    double n_rows;
};

/* What became of the rows of one source. */
struct wl_report_source {
    const char *name;
    double n_read;
    double n_accepted;
    double n_duplicates;
    double n_filtered;
    double n_rejected;
    const struct wl_report_reject *rejects; /* (n_rejects) */
    size_t n_rejects;
};

/* One tier. Message texts empty: none is written for this tier. */
struct wl_report_tier {
    double n_customers;
    double p_mean; /* NaN when nobody is in it */
    struct wl_str message_title;
    struct wl_str message_body;
    struct wl_str template_id;
    struct wl_str offer; /* name of the offer; empty: nothing is promised */
};

/* A reason over all scored customers. */
struct wl_report_reason {
    struct wl_str code; /* taxonomy: "activity_down" */
    double share;       /* of scored customers with it among their first three risk raisers */
    double share_by_tier[WL_TIER_COUNT]; /* the same within each tier; NaN: nobody or unknown */
    double contribution_mean;            /* log-odds, among those */
};

/* A feature the model leans on. */
struct wl_report_feature {
    struct wl_label name;    /* in words */
    double contribution_abs; /* mean absolute log-odds over scored customers */
};

/* One of the riskiest customers. */
struct wl_report_customer {
    const struct wl_explanation *explanation;
    struct wl_str message_title; /* empty title and body: no message */
    struct wl_str message_body;
};

/* How a model of event sequences learned, epoch by epoch. */
struct wl_report_epochs {
    size_t n;
    const double *number;         /* (n) 1, 2, .. */
    const double *train_loss;     /* (n) */
    const double *valid_loss;     /* (n) customers held out; NaN: none were */
    const double *valid_accuracy; /* (n) likewise */
};

struct wl_report_model {
    const char *name;
    int64_t version;
    const char *algorithm;
    size_t n_features;
    const char *schema_hash;
    struct wl_label label; /* definition of leaving */
    struct wl_label train; /* dates, in words */
    struct wl_label test;
    double n_train_rows;
    double n_train_left;
    int64_t created_us;
};

struct wl_report {
    const wl_alloc *alloc;
    const char *name;     /* of the company */
    const char *language; /* "zh" or "en": what the page shows first; the other is one click away */
    bool is_simulated;    /* says so under the title */
    int64_t created_us;   /* handed in: the library has no clock */
    int64_t as_of_us;     /* of the scores */
    struct wl_label prediction; /* wl_churn_sentence in both languages */

    double n_users;
    double n_events;
    double n_texts;
    int64_t first_us; /* of what is known; WL_TIME_NONE: unknown */
    int64_t last_us;
    const struct wl_report_source *sources; /* (n_sources) */
    size_t n_sources;

    double n_scored;
    double n_expected; /* sum of the probabilities */
    struct wl_report_tier tiers[WL_TIER_COUNT];
    double histogram[WL_REPORT_BUCKETS];    /* customers by p in steps of 0.05 */
    const struct wl_report_reason *reasons; /* (n_reasons) by falling share */
    size_t n_reasons;
    const struct wl_report_feature *features; /* (n_leaning) by falling contribution */
    size_t n_leaning;
    const struct wl_report_customer *customers; /* (n_customers) by falling probability; at most
                                                   WL_REPORT_CUSTOMERS_MAX are shown */
    size_t n_customers;

    const struct wl_report_alerts *alerts; /* NULL: nobody looked */
    const struct wl_report_voice *voice;   /* NULL: no texts */
    const struct wl_report_trends *trends; /* likewise */

    const struct wl_evaluation *evaluation; /* NULL: the page says that there is none */
    const struct wl_report_epochs *epochs;  /* NULL: no model of sequences */
    const struct wl_report_model *model;    /* NULL: no model card */
};

/* wl_report_html - the page as bytes. Same data, same bytes; data is escaped, whatever it holds.
 * Cost:    O(customers + points); about 1 MB for 200 customers.
 * Threads: any number over one report. */
void wl_report_html(const struct wl_report *report, struct wl_buf *html);

/* wl_report_write - the page as a file, whole or not at all. Its folder must exist.
 * Errors:  WL_EIO, WL_ENOTFOUND, WL_ENOMEM; the old file is untouched.
 * Threads: any number over one report. */
WL_MUST_CHECK wl_status wl_report_write(const struct wl_report *report, const char *path,
                                        wl_error *error);

/* wl_report_reason_label - a reason of the taxonomy in words; an unknown code stands for itself. */
struct wl_label wl_report_reason_label(const char *code);

#endif
