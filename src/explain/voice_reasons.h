/* Why customers leave, in a table: for each reason of the taxonomy how many texts and customers
 * say it, whether it grows, whom it concerns, what it may cost, in which words. */
#ifndef WL_EXPLAIN_VOICE_REASONS_H
#define WL_EXPLAIN_VOICE_REASONS_H
#include "base/language.h"
#include "explain/sayings.h"

#define WL_VOICE_KEYWORDS 5
#define WL_VOICE_QUOTES   3
#define WL_VOICE_SPAN_US  (30 * 24 * 3600 * INT64_C(1000000)) /* a trend compares two of these */

/* What the table is made from; borrowed. */
struct wl_voice_input {
    const struct wl_company *company;
    const struct wl_text_classifier *taxonomy; /* of rules; see journey_reasons.h */
    int64_t as_of_us;                          /* nothing that became known later counts */
    const struct wl_score *scores;             /* (n_scores) of as_of_us; NULL: no model */
    const double *values; /* (n_scores) worth of a customer, NaN unknown; NULL: not known */
    size_t n_scores;
};

struct wl_voice_keyword {
    struct wl_str term;
    size_t n;
};

struct wl_voice_quote {
    struct wl_str text; /* masked */
    int64_t text_us;
};

struct wl_voice_reason {
    const struct wl_rules_label *label;
    size_t n_texts;
    size_t n_users;
    size_t n_stated; /* answers to "why are you leaving?" */
    double share;    /* of all texts */
    double share_low;
    double share_high;
    size_t n_recent; /* texts of the last 30 days; n_before: of the 30 days before those */
    size_t n_before;
    double change; /* share of the last 30 days less share of those before; NaN: no texts */
    double change_low;
    double change_high;
    size_t tiers[WL_TIER_COUNT]; /* customers who say it and have a score */
    size_t n_scored;
    size_t n_valued;
    double value_at_risk; /* sum of p_churn * value over n_valued customers */
    size_t n_keywords;
    struct wl_voice_keyword keywords[WL_VOICE_KEYWORDS];
    size_t n_quotes;
    struct wl_voice_quote quotes[WL_VOICE_QUOTES];
};

struct wl_voice_table {
    struct wl_arena arena;         /* owns everything */
    struct wl_voice_reason *items; /* (n_items) by falling n_texts; only reasons that were said */
    size_t n_items;
    size_t n_texts;   /* known at as_of */
    size_t n_users;   /* who wrote them */
    size_t n_without; /* texts in which no reason was read */
    size_t n_recent;
    size_t n_before;
    bool has_scores;
    bool has_values;
    int64_t as_of_us;
    struct wl_unmapped *unmapped; /* (n_unmapped) stated reasons that no label knows */
    size_t n_unmapped;
};

/* wl_voice_table_new - make the table.
 *   table  (out) release with wl_voice_table_release; borrows the taxonomy's labels. Zeroed on
 *                failure.
 * A text that was read as praise (mood above 0.3) says no reason. Texts of one customer go
 * together: intervals are as wide as wl_cluster_effect says. The interval of a change is
 * Newcombe's.
 * Cost:    reads every text once, some 20 MB/s; memory O(texts * labels) bytes.
 * Errors:  WL_ENOMEM, those of reading texts.
 * Source:  Wilson 1927; Newcombe 1998, Statistics in Medicine 17, method 10. */
WL_MUST_CHECK wl_status wl_voice_table_new(const wl_alloc *alloc,
                                           const struct wl_voice_input *input,
                                           struct wl_voice_table *table, wl_error *error);
void wl_voice_table_release(struct wl_voice_table *table);

/* wl_voice_trend - 1: more than before, -1: less, 0: nothing that the interval would bear out. */
int wl_voice_trend(const struct wl_voice_reason *reason);

/* wl_voice_table_write - the table for people, in a language. wl_voice_table_json - one JSON line
 * for each reason, then one about the whole. */
void wl_voice_table_write(const struct wl_voice_table *table, enum wl_language language,
                          struct wl_buf *buf);
void wl_voice_table_json(const struct wl_voice_table *table, struct wl_buf *buf);

#endif
