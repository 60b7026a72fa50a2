/* Which rows are learned from and which are judged on: by time, with a gap, unless the data has no
 * dates.
 *
 *   dates: {train: {from: 2011-03-01, to: 2011-05-30, every: 30d}, test: [2011-09-01]}
 *   split: {kind: time}                                  # default
 *   split: {kind: time, share: 0.2}              # no test dates: the latest fifth is the test
 *   split: {kind: kfold, folds: 5, seed: 42, why: "snapshot without dates"}
 *   split: {kind: kfold, together: same_text, why: ..}  # who wrote the same stays in one fold
 *
 * The gap: every training label must be certain before the first test date. A random split has to
 * say why it is one, and every report repeats that. */
#ifndef WL_LEARN_SPLIT_H
#define WL_LEARN_SPLIT_H
#include "learn/label.h"

enum wl_split_kind { WL_SPLIT_TIME = 0, WL_SPLIT_KFOLD = 1 };

enum wl_together { WL_TOGETHER_USER = 0, WL_TOGETHER_SAME_TEXT = 1 };

struct wl_split {
    int kind; /* enum wl_split_kind */
    int64_t folds;
    int64_t seed;
    double share;    /* kind time without test dates: share of the dates that is tested on */
    const char *why; /* kfold: why a random split is right here */
    int together;    /* enum wl_together: kfold: what must not be parted */
};

/* Observation dates, rising, without duplicates; in an arena. */
struct wl_dates {
    int64_t *train_us; /* (n_train) */
    size_t n_train;
    int64_t *test_us; /* (n_test) */
    size_t n_test;
    size_t n_dropped;      /* training dates left out for the gap by wl_dates_settle */
    int64_t utc_offset_us; /* zone in which messages name the days */
};

/* wl_dates_read - the `dates:` section. A list of dates, one date, or {from, to, every}.
 *   node           (in) NULL: no dates at all (a snapshot).
 *   utc_offset_us  (in) zone of dates that name none.
 * Errors:  WL_ECONFIG  with line and column.  WL_ELIMIT  more than WL_DATES_MAX.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_dates_read(struct wl_arena *arena, const struct wl_node *node,
                                      int64_t utc_offset_us, struct wl_dates *dates,
                                      wl_error *error);

/* wl_split_read - the `split:` section; NULL gives kind time.
 * Errors:  WL_ECONFIG  kfold without why, keys of the other kind. */
WL_MUST_CHECK wl_status wl_split_read(struct wl_arena *arena, const struct wl_node *node,
                                      struct wl_split *split, wl_error *error);

/* wl_dates_settle - make the dates fit the split, or refuse.
 *   dates  (in,out) kind time without test dates: the latest `share` of the training dates become
 *                   test dates, and training dates whose labels are not certain by then are
 *                   dropped.
 * Errors:  WL_ECONFIG  no dates to train or test on, or a declared training date whose labels close
 *                      after the first test date; the message names both. dates is unchanged. */
WL_MUST_CHECK wl_status wl_dates_settle(const struct wl_split *split, const struct wl_churn *churn,
                                        struct wl_dates *dates, wl_error *error);

/* wl_dates_all - training and test dates together, rising: what features and labels are made for.
 * NULL when memory is out. */
int64_t *wl_dates_all(const struct wl_dates *dates, struct wl_arena *arena, size_t *n_dates);

/* One division of labelled rows; indices into a wl_labelled, rising. */
struct wl_fold {
    const uint32_t *fit;
    size_t n_fit;
    const uint32_t *held;
    size_t n_held;
};

#define WL_FOLDS_MAX 20

struct wl_folds {
    const wl_alloc *alloc;
    uint32_t *indices; /* owned: behind the folds' pointers */
    size_t n_folds;
    bool is_random; /* by user instead of by time */
    struct wl_fold folds[WL_FOLDS_MAX];
};

/* wl_folds_release - give the memory back; zeroed is fine. */
void wl_folds_release(struct wl_folds *folds);

/* wl_folds_make - the folds a split asks for: one by time, or k by user.
 *   dates  (in) settled.
 * Cost:    O(rows log users), indices of every fold.
 * Errors:  WL_EGATE  fewer users than folds, or nothing to learn from or judge on.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_folds_make(const struct wl_split *split, const struct wl_dates *dates,
                                      const struct wl_labelled *labelled, struct wl_folds *folds,
                                      wl_error *error);

/* wl_folds_by_user - k folds of rows, all rows of a user together, leavers spread evenly.
 *   subset  (in) (n_subset) indices to divide; NULL: all rows (n_subset is ignored).
 * The division depends on seed and user ids alone, not on the order of rows. Errors as above. */
WL_MUST_CHECK wl_status wl_folds_by_user(const struct wl_labelled *labelled, const uint32_t *subset,
                                         size_t n_subset, size_t n_folds, uint64_t seed,
                                         struct wl_folds *folds, wl_error *error);

/* wl_folds_by_group - k folds of all rows, all rows of a group together: the largest group first,
 * each into the fold with the fewest rows so far, so that folds come out as even as can be.
 *   group  (in) (n_users) of each customer, < n_users. Groups of one size come in an order of the
 *               seed. Errors as above. */
WL_MUST_CHECK wl_status wl_folds_by_group(const struct wl_labelled *labelled, const uint32_t *group,
                                          size_t n_folds, uint64_t seed, struct wl_folds *folds,
                                          wl_error *error);

/* wl_folds_rolling - inside training rows: each of the latest dates is held out once, fitted on
 * rows whose labels were certain by then. n_folds may come out smaller than asked, 0 when no date
 * leaves anything to fit: then divide by user instead.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_folds_rolling(const struct wl_churn *churn,
                                         const struct wl_labelled *labelled, const uint32_t *subset,
                                         size_t n_subset, size_t n_folds_max,
                                         struct wl_folds *folds, wl_error *error);

/* wl_folds_check - no fold looks ahead (by time) and no user straddles (by user): called before
 * anything is learned, because a mistake here makes every figure a lie.
 * Cost:    O(folds * rows).
 * Errors:  WL_EINTERNAL  names the fold and row.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_folds_check(const struct wl_folds *folds, const struct wl_churn *churn,
                                       const struct wl_labelled *labelled, wl_error *error);

/* wl_split_text - how the rows were divided, in one sentence, zh or en, no line end. */
void wl_split_text(const struct wl_split *split, const struct wl_dates *dates, const char *language,
                   struct wl_buf *text);

#endif
