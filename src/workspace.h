/* A workspace: a folder with wanliu.yaml, wanliu.db, models/, templates/ and reports/. Opening one
 * reads and checks the top level of the configuration; each stage reads its own section. */
#ifndef WL_WORKSPACE_H
#define WL_WORKSPACE_H
#include "base/progress.h"
#include "data/company.h"
#include "data/node.h"
#include "data/schema.h"

struct wl_workspace {
    struct wl_arena arena; /* owns everything below */
    const char *folder;
    const char *config_path;
    const char *store_path;     /* wanliu.db */
    const char *models_path;    /* models */
    const char *templates_path; /* templates */
    const char *taxonomy_path;  /* taxonomy/reasons.yaml: what customers call reasons here */
    const char *reports_path;   /* reports */
    const char *intake_path;    /* intake.ndjson: one line for each ingest, for the report */
    const char *alerts_path;    /* alerts.ndjson: what people did about alerts */
    int64_t version;            /* of the configuration format: 1 */
    const char *name;
    int language;          /* 0 en, 1 zh */
    int64_t utc_offset_us; /* edge of day tiles, and zone of times that name none */
    const char *caution;   /* a warning about the data that every evaluation repeats; or NULL */
    bool is_simulated;     /* the data were made up: reports say so */
    double max_rejects_percent;
    const struct wl_node *sources;
    const struct wl_node *features;
    const struct wl_node *churn;
    const struct wl_node *dates;
    const struct wl_node *split;
    const struct wl_node *model;
    const struct wl_node *baselines;
    const struct wl_node *tiers;
    const struct wl_node *offers;
    const struct wl_node *messages;
    const struct wl_node *gates;
    const struct wl_node *alerts;
    const struct wl_node *texts;
};

#define WL_WORKSPACE_CONFIG "wanliu.yaml"

/* wl_workspace_open - read folder/wanliu.yaml.
 *   workspace  (out) release with wl_workspace_release; zeroed on failure.
 * Errors:  WL_ENOTFOUND  no wanliu.yaml; says how to make one.
 *          WL_ECONFIG    "wanliu.yaml: line 3, column 1: ...".  WL_EVERSION, WL_EIO, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_workspace_open(const char *folder, const wl_alloc *alloc,
                                          struct wl_workspace *workspace, wl_error *error);

/* wl_workspace_release - give the memory back; a zeroed workspace is fine. */
void wl_workspace_release(struct wl_workspace *workspace);

/* wl_workspace_load - read all records of the store; a workspace without one is left without one.
 *   sink     (in)  may be NULL.
 *   company  (out) free with wl_company_free.
 * Errors:  WL_ENOTFOUND  nothing has been ingested yet; says what to run.  Those of the store. */
WL_MUST_CHECK wl_status wl_workspace_load(const struct wl_workspace *workspace,
                                          const wl_alloc *alloc, const struct wl_sink *sink,
                                          struct wl_company **company, wl_error *error);

/* wl_workspace_fail - put the configuration file's name in front of a WL_ECONFIG complaint, unless
 * it names a file already; other failures pass unchanged. Returns status. */
wl_status wl_workspace_fail(const struct wl_workspace *workspace, wl_status status,
                            wl_error *error);

#endif
