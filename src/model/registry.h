/* Trained models on disk, by name and version, with who was in charge when.
 *
 *   models/<name>/<version>/manifest.json   what it is, and a SHA-256 for every file
 *   models/<name>/<version>/model.wlm       docs/formats/model.md, or text.wlt of a text model
 *   models/<name>/aliases.json              {"champion": 3, ...}, replaced whole
 *   models/<name>/history.ndjson            one line for each move of an alias, only ever appended
 *
 * A version folder appears in one rename, never changes afterwards and is never reused. One writer
 * at a time may move aliases of a name; readers need no care. */
#ifndef WL_MODEL_REGISTRY_H
#define WL_MODEL_REGISTRY_H
#include "data/node.h"
#include "model/model.h"

#define WL_ALIAS_CHAMPION   "champion"   /* scores customers */
#define WL_ALIAS_CHALLENGER "challenger" /* wants to */
#define WL_ALIAS_SHADOW     "shadow"     /* scores beside it, unseen */

#define WL_REGISTRY_MODEL "model.wlm" /* file of a model over rows */
#define WL_REGISTRY_TEXT  "text.wlt"  /* file of a text model */

/* What one version holds, whatever kind of model it is; everything is borrowed. */
struct wl_registry_item {
    const char *file;        /* WL_REGISTRY_MODEL or WL_REGISTRY_TEXT: the kind */
    struct wl_str bytes;     /* of that file */
    const char *algorithm;   /* "xgboost", "linear", ... */
    const char *calibration; /* "none", "sigmoid", "isotonic" */
    struct wl_str about;     /* more members of the manifest, "\"label\":\"..\",...", or "" */
    struct wl_str metrics;   /* a JSON object, or "" */
};

/* What the model itself does not know; texts are borrowed during the call. Times may be
 * WL_TIME_NONE. */
struct wl_registry_facts {
    int64_t created_us;
    int64_t train_from_us; /* first and last observation date */
    int64_t train_to_us;
    size_t n_train; /* rows */
    size_t n_train_churned;
    size_t n_test;
    size_t n_test_churned;
    struct wl_str parents; /* versions it was made from, "3" or "3,4"; "" none */
};

/* One version as its manifest says; texts live in the arena given. */
struct wl_registry_entry {
    struct wl_str name;
    int64_t version;
    struct wl_str algorithm;
    struct wl_str calibration;
    struct wl_str features; /* schema hash */
    struct wl_str label;
    struct wl_str aliases; /* "champion", "champion,shadow" or "" */
    struct wl_str file;    /* WL_REGISTRY_MODEL or WL_REGISTRY_TEXT */
    struct wl_str digest;  /* SHA-256 of that file */
    struct wl_registry_facts facts;
    const struct wl_node *metrics;  /* map, or NULL */
    const struct wl_node *manifest; /* the whole of it */
};

/* One move of an alias; version 0 means none. */
struct wl_registry_move {
    int64_t at_us;
    struct wl_str alias;
    int64_t from;
    int64_t to;
    struct wl_str author;
    struct wl_str reason;
};

/* wl_registry_keep - store a model of any kind as the next version of name.
 *   folder       (in)  "models"; made when it is not there.
 *   name         (in)  1..64 of a-z, 0-9, '-', '_'.
 *   version_out  (out) 1, 2, 3, ...; may be NULL.
 * Cost:    writes two files with fsync; a crash leaves the version whole or absent, and what it
 *          left unfinished is removed by the next save. Waits for another process that saves.
 * Errors:  WL_EINVAL  a name like that.  WL_EEXIST  the name holds models of another kind.
 *          WL_EIO, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_registry_keep(const wl_alloc *alloc, const char *folder,
                                         const char *name, const struct wl_registry_item *item,
                                         const struct wl_registry_facts *facts,
                                         int64_t *version_out, wl_error *error);

/* wl_registry_read - bytes of a version, checked against its manifest.
 *   which      (in)  "3", an alias, or NULL: the champion, or the newest version without one.
 *   file       (in)  the kind wanted.
 *   bytes      (in,out) initialised; cleared first.
 *   entry_out  (out) its manifest, in arena; may be NULL.
 * Errors:  WL_ENOTFOUND  no such name, version or alias; says which.
 *          WL_EINVAL     a model of another kind.
 *          WL_ECORRUPT   a SHA-256 does not fit the manifest, a file of the version is missing, or
 *                        an alias names a version that is not there.
 *          WL_EPARSE, WL_EVERSION, WL_EIO, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_registry_read(struct wl_arena *arena, const char *folder,
                                         const char *name, const char *which, const char *file,
                                         struct wl_buf *bytes, struct wl_registry_entry *entry_out,
                                         wl_error *error);

/* wl_registry_save - wl_registry_keep of a model over rows. */
WL_MUST_CHECK wl_status wl_registry_save(const wl_alloc *alloc, const char *folder,
                                         const char *name, const struct wl_model *model,
                                         const struct wl_registry_facts *facts,
                                         int64_t *version_out, wl_error *error);

/* wl_registry_open - wl_registry_read of a model over rows, ready for use.
 *   schema     (in)  rows to be scored must fit; NULL skips that check.
 *   model_out  (out) free with wl_model_free.
 * Errors:  those of wl_registry_read; WL_ECORRUPT  the model does not fit the manifest.
 *          WL_ESCHEMA  made for other features. */
WL_MUST_CHECK wl_status wl_registry_open(struct wl_arena *arena, const char *folder,
                                         const char *name, const char *which,
                                         const struct wl_schema *schema,
                                         struct wl_registry_entry *entry_out,
                                         struct wl_model **model_out, wl_error *error);

/* wl_registry_list - every version of every name, by name and rising version.
 *   entries  (out) (n) in arena; n = 0 when the folder is not there.
 * Errors:  WL_ECORRUPT, WL_EPARSE  a manifest cannot be read; names it.  WL_EIO, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_registry_list(struct wl_arena *arena, const char *folder,
                                         struct wl_registry_entry **entries, size_t *n,
                                         wl_error *error);

/* wl_registry_set_alias - point an alias at a version, and record who did it and why.
 *   alias    (in) WL_ALIAS_CHAMPION, _CHALLENGER or _SHADOW.
 *   version  (in) an existing version; 0 takes the alias away.
 * Errors:  WL_EINVAL  another alias.  WL_ENOTFOUND  no such name or version.  WL_EIO; when the
 *          history cannot be written the alias is put back. */
WL_MUST_CHECK wl_status wl_registry_set_alias(const wl_alloc *alloc, const char *folder,
                                              const char *name, const char *alias, int64_t version,
                                              struct wl_str author, struct wl_str reason,
                                              int64_t now_us, wl_error *error);

/* wl_registry_rollback - point an alias back at what it pointed at before, by its history; once
 * more goes one version further back. Recorded as wl_registry_set_alias does.
 * Errors:  WL_ENOTFOUND  no such name, nothing before, or the version is not there any more.
 *          WL_EINVAL, WL_EPARSE, WL_EIO, WL_ENOMEM as those two. */
WL_MUST_CHECK wl_status wl_registry_rollback(const wl_alloc *alloc, const char *folder,
                                             const char *name, const char *alias,
                                             struct wl_str author, struct wl_str reason,
                                             int64_t now_us, wl_error *error);

/* wl_registry_history - all moves of a name, oldest first. moves (out) (n) in arena.
 * Errors:  WL_ENOTFOUND  no such name.  WL_EPARSE  names the line.  WL_EIO, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_registry_history(struct wl_arena *arena, const char *folder,
                                            const char *name, struct wl_registry_move **moves,
                                            size_t *n, wl_error *error);

/* wl_registry_live_at - which version an alias pointed at at a time; 0 none. */
int64_t wl_registry_live_at(const struct wl_registry_move *moves, size_t n, const char *alias,
                            int64_t time_us);

#endif
