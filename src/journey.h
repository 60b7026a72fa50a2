/* The journey: ingest -> features -> label, train -> score -> explain -> compose -> report. Each
 * call here is one stage; the stages themselves live in their folders. journey.c is the table of
 * contents.
 *
 * A journey is opened on a workspace, loaded once from its store, and then asked for rows, scores
 * and explanations. Training lives in journey_train.h, apart, so that scoring links no training
 * library. */
#ifndef WL_JOURNEY_H
#define WL_JOURNEY_H
#include "base/progress.h"
#include "compose/message.h"
#include "data/company.h"
#include "decide/tiers.h"
#include "explain/reasons.h"
#include "explain/shap.h"
#include "features/plan.h"
#include "journey_texts.h"
#include "learn/label.h"
#include "learn/split.h"
#include "model/event_model.h"
#include "model/model.h"
#include "text/rules.h"
#include "workspace.h"

/* How to run; filled by the caller before wl_journey_open. */
struct wl_run {
    const wl_alloc *alloc;
    size_t n_threads;
    uint64_t seed;
    int64_t now_us;             /* wall clock, for what is written down about versions */
    const struct wl_sink *sink; /* may be NULL */
    const char *dictionary;     /* zh.wldict, for words of texts; NULL: characters stand alone */
};

struct wl_journey {
    struct wl_run run;
    struct wl_workspace workspace;
    struct wl_churn churn;
    bool has_churn; /* the section is there */
    struct wl_split split;
    struct wl_dates dates; /* settled when has_churn */
    struct wl_tiers tiers;
    struct wl_text_settings texts;
    struct wl_text_classifier *taxonomy;   /* of reasons: the built-in one, or the workspace's */
    struct wl_readers readers;             /* opened by the first plan that asks what was read */
    struct wl_text_classifier *text_churn; /* of the model in use; NULL: its column stays NaN */
    bool has_sequences;               /* the plan gets a column for a model of sequences: set by
                                       * training, as `model` asks for one */
    struct wl_event_model *sequences; /* of the model in use; NULL: its column stays NaN */
    struct wl_company *company;       /* NULL until wl_journey_load */
    struct wl_plan *plan;             /* NULL until wl_journey_plan */
};

/* wl_journey_open - read a workspace's configuration, every section that all commands share.
 *   journey  (out) release with wl_journey_close; zeroed on failure.
 * Errors:  those of wl_workspace_open; WL_ECONFIG "wanliu.yaml: line 3, column 1: ...". */
WL_MUST_CHECK wl_status wl_journey_open(const char *folder, const struct wl_run *run,
                                        struct wl_journey *journey, wl_error *error);

/* wl_journey_close - give everything back; a zeroed journey is fine. */
void wl_journey_close(struct wl_journey *journey);

/* wl_journey_load - read all records from the workspace's store.
 * Errors:  WL_ENOTFOUND  nothing has been ingested yet; says what to run.  Those of the store. */
WL_MUST_CHECK wl_status wl_journey_load(struct wl_journey *journey, wl_error *error);

/* wl_journey_plan - compile the feature set: the workspace's own, or the one a model was trained
 * on.
 *   definition  (in) wl_plan.definition of a saved model; empty: the `features:` section.
 * When its columns need it and records are loaded, texts are read, by the readers of the plan.
 * Errors:  WL_ECONFIG, WL_ESCHEMA (a saved definition that no longer compiles), WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_journey_plan(struct wl_journey *journey, struct wl_str definition,
                                        wl_error *error);

/* wl_journey_read_texts - read all texts, by the plan's readers, or by those of the section `texts`
 * when no plan needs any. Does nothing when they have been read so already.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_journey_read_texts(struct wl_journey *journey, wl_error *error);

/* wl_journey_rows - features of everybody in the audience at each date.
 *   dates_us  (in)  (n_dates) rising.
 *   labels    (out) statuses behind the audience; release with wl_labels_release. May be NULL.
 *   rows      (out) release with wl_rows_release. Without a churn section everybody known is in.
 * Errors:  those of the features and labels. */
WL_MUST_CHECK wl_status wl_journey_rows(struct wl_journey *journey, const int64_t *dates_us,
                                        size_t n_dates, struct wl_labels *labels,
                                        struct wl_rows *rows, wl_error *error);

#define WL_MODEL_NAME "churn" /* the one model of a workspace, in versions */

/* A model opened for scoring, with everything prepared once; read-only afterwards. */
struct wl_scorer {
    const wl_alloc *alloc;
    struct wl_model *model;
    int64_t version;                /* 0: no model was found, the rule baseline scores */
    struct wl_shap *shap;           /* NULL unless the model is a forest */
    uint32_t *feature;              /* (n_columns) feature of each encoded column */
    struct wl_feature_words *words; /* (n_features) */
    size_t n_columns;
    size_t n_features;
    size_t i_activity; /* feature with activity in percent, or SIZE_MAX */
    bool degraded;
    const char *why; /* of degraded, static */
};

/* wl_scorer_open - the model to score with; compiles the feature set it was trained on into
 * journey->plan.
 *   which   (in)  "3", an alias, or NULL: the champion, and without any version the rule baseline,
 *                 marked degraded.
 *   scorer  (out) close with wl_scorer_close; zeroed on failure.
 * Errors:  WL_ENOTFOUND  no such version, or no model and no feature the rules know.
 *          WL_ESCHEMA, WL_ECORRUPT, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_scorer_open(struct wl_journey *journey, const char *which,
                                       struct wl_scorer *scorer, wl_error *error);
void wl_scorer_close(struct wl_scorer *scorer);

/* wl_journey_score - probability and tier of every row.
 *   scores  (out) (rows->n_rows), caller's memory; strings are borrowed from rows and statics.
 * Cost:    O(rows * trees * depth).
 * Errors:  WL_ESCHEMA  rows of another feature set.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_journey_score(const struct wl_journey *journey,
                                         const struct wl_scorer *scorer, const struct wl_rows *rows,
                                         struct wl_score *scores, wl_error *error);

/* wl_journey_explain - reasons of rows begin .. end-1.
 *   scores        (in)     (rows->n_rows) from wl_journey_score, or read from a file.
 *   arena         (in,out) owns the sentences.
 *   explanations  (out)    (end - begin).
 *   leaning       (in,out) (F) grows by the |contribution| of every row, or NULL.
 * Cost:    contributions of each row, see docs/internals/treeshap.md, and its sentences.
 * Errors:  WL_ESCHEMA  rows of another feature set.  WL_ENOMEM.
 * Threads: any number over one scorer, an arena each. */
WL_MUST_CHECK wl_status wl_journey_explain(const struct wl_scorer *scorer,
                                           const struct wl_rows *rows,
                                           const struct wl_score *scores, size_t begin, size_t end,
                                           struct wl_arena *arena,
                                           struct wl_explanation *explanations, double *leaning,
                                           wl_error *error);

#endif
