/* The records that stages hand on, as JSON lines: score -> reason -> message. Each line carries the
 * one before it, so a stage can be run alone from a file. Field names are the contract; see
 * docs/formats/records.md. */
#ifndef WL_DATA_RECORDS_H
#define WL_DATA_RECORDS_H
#include "base/buf.h"
#include "data/rows.h"

/* Five risk tiers, mildest first. */
enum wl_tier {
    WL_TIER_VERY_LOW = 0,
    WL_TIER_LOW = 1,
    WL_TIER_MEDIUM = 2,
    WL_TIER_HIGH = 3,
    WL_TIER_VERY_HIGH = 4
};
#define WL_TIER_COUNT 5

/* wl_tier_key - "very_low" .. "very_high". wl_tier_label - in "zh" or "en": "极高风险". */
const char *wl_tier_key(enum wl_tier tier);
const char *wl_tier_label(enum wl_tier tier, const char *language);

/* wl_tier_parse - tier of a key; false when there is none. */
bool wl_tier_parse(struct wl_str key, enum wl_tier *tier);

/* Where the reason that a message answers comes from, weakest first. */
enum wl_reason_source {
    WL_REASON_BEHAVIOUR = 0, /* what the score leans on */
    WL_REASON_TEXT = 1,      /* read in what the customer wrote */
    WL_REASON_STATED = 2     /* picked or written in answer to "why are you leaving?" */
};

/* wl_reason_source_key - "behaviour", "text", "stated". */
const char *wl_reason_source_key(enum wl_reason_source source);

/* What a customer has said of why; source WL_REASON_BEHAVIOUR: nothing. Strings are borrowed. */
struct wl_said {
    enum wl_reason_source source;
    struct wl_str label; /* in the taxonomy of reasons: "price" */
    struct wl_str code;  /* that templates and offers know it by; empty: unmapped */
    int64_t said_us;
};

/* What a model says of one customer at one moment. Strings are borrowed. */
struct wl_score {
    struct wl_str user;
    int64_t as_of_us;
    double p_churn;  /* calibrated, 0..1 */
    double margin;   /* raw log-odds before calibration: what contributions add up to */
    double activity; /* percent of the user's own expected active days, 0..100; NaN unknown */
    enum wl_tier tier;
    int64_t horizon_us;
    int64_t lead_us;
    struct wl_str model_name;
    int64_t model_version;
    bool degraded;     /* a fallback made this score */
    struct wl_str why; /* reason of degraded; empty otherwise */
    struct wl_said said;
};

#define WL_REASONS_MAX 10

/* One signed contribution to a score, in words. Strings are borrowed. */
struct wl_reason {
    struct wl_str feature;
    double contribution; /* log-odds; positive pushes towards leaving */
    double value;        /* NaN = missing */
    struct wl_str level; /* text of a category; empty otherwise */
    double baseline;     /* the user's own usual value; NaN when there is none */
    struct wl_str code;  /* reason taxonomy: "activity_down", "price" */
    struct wl_str zh;
    struct wl_str en;
};

struct wl_explanation {
    struct wl_score score;
    double base; /* margin of the average customer; base + all contributions = margin */
    double rest; /* sum of the contributions not listed */
    size_t n_reasons;
    struct wl_reason reasons[WL_REASONS_MAX]; /* by falling |contribution| */
    struct wl_str top_code; /* of the strongest reason that pushes towards leaving, or "other" */
};

/* wl_explanation_code - the reason that a message answers: what was said when it is mapped, else
 * top_code. wl_explanation_source - where that comes from. */
struct wl_str wl_explanation_code(const struct wl_explanation *explanation);
enum wl_reason_source wl_explanation_source(const struct wl_explanation *explanation);

/* wl_score_write - a score as one JSON line (no line end).
 *   rows, i_row  (in) the features behind it, written as "schema" and "values"; rows NULL leaves
 *                     them out. */
void wl_score_write(const struct wl_score *score, const struct wl_rows *rows, size_t i_row,
                    struct wl_buf *line);

/* wl_score_read - read a line of wl_score_write, ignoring what it does not know.
 *   arena  (in,out) owns the strings.
 * Errors:  WL_EPARSE  not JSON.  WL_ESCHEMA  a key is missing or of the wrong kind.
 *          WL_ERANGE  a probability, span or version that cannot be. */
WL_MUST_CHECK wl_status wl_score_read(struct wl_arena *arena, struct wl_str line,
                                      struct wl_score *score, wl_error *error);

/* wl_explanation_write - the score's keys, "base", "rest" and "reasons". rows as in
 * wl_score_write. */
void wl_explanation_write(const struct wl_explanation *explanation, const struct wl_rows *rows,
                          size_t i_row, struct wl_buf *line);

/* wl_explanation_read - read a line of wl_explanation_write. Errors as wl_score_read. */
WL_MUST_CHECK wl_status wl_explanation_read(struct wl_arena *arena, struct wl_str line,
                                            struct wl_explanation *explanation, wl_error *error);

#endif
