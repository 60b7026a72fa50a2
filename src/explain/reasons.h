/* From contributions to reasons: which features carried a score, each with a sentence in Chinese
 * and in English that keeps the value, the customer's own baseline and the change.
 *
 * What a feature means comes in from outside as words, so that nothing here knows how a feature is
 * computed. Neither sentence ever says more than the figures behind it: "down" and 减少 appear only
 * when an exact test rejects "nothing changed", and a missing value is called missing. */
#ifndef WL_EXPLAIN_REASONS_H
#define WL_EXPLAIN_REASONS_H
#include "data/records.h"

/* What is said of a value; one sentence form each. Keys as in a feature set: "count", "mean". */
enum wl_words_kind {
    WL_WORDS_COUNT,           /* events in a window */
    WL_WORDS_SUM,             /* of the values of events */
    WL_WORDS_MEAN,            /* likewise below */
    WL_WORDS_STD,             /* spread */
    WL_WORDS_MIN,             /* smallest */
    WL_WORDS_MAX,             /* largest */
    WL_WORDS_DAYS,            /* days with an event */
    WL_WORDS_HOURS,           /* hours with an event */
    WL_WORDS_DISTINCT,        /* different values of a property */
    WL_WORDS_DAYS_SINCE_LAST, /* baseline: usual gap */
    WL_WORDS_DAYS_SINCE_FIRST,
    WL_WORDS_GAP_MEAN,
    WL_WORDS_GAP_STD,
    WL_WORDS_GAP_MAX,
    WL_WORDS_OVERDUE, /* days since the last over the usual gap */
    WL_WORDS_WEEKEND_SHARE,
    WL_WORDS_NIGHT_SHARE,
    WL_WORDS_FREQUENCY, /* events per 30 days */
    WL_WORDS_COUNT_PACE,
    WL_WORDS_SUM_PACE,
    WL_WORDS_DAYS_PACE,
    WL_WORDS_COUNT_CHANGE,
    WL_WORDS_SUM_CHANGE,
    WL_WORDS_DAYS_CHANGE,
    WL_WORDS_COUNT_TREND,
    WL_WORDS_SUM_TREND,
    WL_WORDS_DAYS_TREND,
    WL_WORDS_ACTIVITY, /* percent of expected active days; baseline: the expected days */
    WL_WORDS_MEAN_BEFORE,
    WL_WORDS_MEAN_SHIFT, /* mean in the window less the mean before it */
    WL_WORDS_RATIO,      /* of two features: the label says all */
    WL_WORDS_NUMBER,     /* attributes */
    WL_WORDS_CATEGORY,
    WL_WORDS_BOOL,
    WL_WORDS_DATE, /* days since a date of the customer's */
    WL_WORDS_KIND_COUNT
};

/* wl_words_kind_parse - kind of a key; false when there is none. wl_words_kind_key - its key. */
bool wl_words_kind_parse(struct wl_str key, enum wl_words_kind *kind);
const char *wl_words_kind_key(enum wl_words_kind kind);

#define WL_WORDS_WINDOW_NONE INT64_C(0) /* no window */
#define WL_WORDS_WINDOW_ALL  INT64_MAX  /* the whole history */

/* What there is to say of one feature. Text is borrowed and never NULL; "" where there is none. */
struct wl_feature_words {
    const char *name;     /* column name, "login_count_7d" */
    const char *label_zh; /* what happens, "登录"; for ratios and attributes the whole name */
    const char *label_en; /* plural noun, "logins" */
    const char *value_zh; /* what the values of these events measure, "金额" */
    const char *value_en; /* "amount" */
    const char *unit_zh;  /* "次" */
    const char *unit_en;  /* "minutes"; not said of counts and days, whose form says it */
    const char *prop;     /* of WL_WORDS_DISTINCT */
    const char *code;     /* reason taxonomy, "activity_down" */
    enum wl_words_kind kind;
    int64_t window_us;
    size_t i_baseline; /* feature that says what is usual for this customer, or SIZE_MAX */
    size_t i_tenure;   /* feature with days since the first event, or SIZE_MAX: unknown */
};

/* The figures behind one sentence. */
struct wl_feature_fact {
    double value;        /* NaN = missing */
    double baseline;     /* NaN = none */
    double history_days; /* that the baseline was observed over, without the window; NaN unknown */
    struct wl_str level; /* text of a category; empty otherwise or when not known */
};

/* wl_sentence_write - one sentence, without a full stop, onto buf (failures stay there).
 *   "近7天登录3次，自己平时约9次，减少67%"
 *   "logins in the last 7 days: 3, usually about 9, down 67 %"
 *   A count whose change passes no test gets "（-33%，在正常波动内）" / "(-33 %, within usual
 *   variation)"; other values get the bare change, without a verdict.
 * Threads: any number, each with its own buf. */
void wl_sentence_write(const struct wl_feature_words *words, const struct wl_feature_fact *fact,
                       bool is_zh, struct wl_buf *buf);

/* wl_reasons_fill - the strongest contributions of one row, in words.
 *   arena        (in,out) owns the sentences.
 *   words        (in)  (F) one for each column of rows' schema; names are borrowed by the result.
 *   rows, i_row  (in)  the features as they were scored, before encoding.
 *   phi          (in)  (F) contribution of each feature, log-odds.
 *   base         (in)  margin of the average customer.
 *   explanation  (out) all but its score is set: at most WL_REASONS_MAX reasons by falling
 *                      |contribution|, ties in column order, none with 0; rest is the sum of the
 *                      others; top_code is the code of the first that pushes towards leaving,
 *                      "other" when no listed one does. Untouched on failure.
 * Cost:    O(F * reasons), plus two sentences each; allocates in the arena.
 * Errors:  WL_EINVAL  a contribution is not finite: names the feature.  WL_ENOMEM.
 * Threads: any number, each with its own arena. */
WL_MUST_CHECK wl_status wl_reasons_fill(struct wl_arena *arena,
                                        const struct wl_feature_words *words,
                                        const struct wl_rows *rows, size_t i_row, const double *phi,
                                        double base, struct wl_explanation *explanation,
                                        wl_error *error);

/* wl_phi_fold - contributions of encoded columns (levels, indicators) summed to features.
 *   phi      (in)  (N, C).
 *   feature  (in)  (C) feature of each column, < n_features.
 *   folded   (out) (N, n_features); another place than phi.
 * Cost:    O(N (C + F)). Sums in column order. */
void wl_phi_fold(const double *phi, size_t n_rows, size_t n_columns, const uint32_t *feature,
                 size_t n_features, double *folded);

#endif
