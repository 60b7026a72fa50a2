/* The script library: approved, versioned message templates, and how one is chosen. Built into the
 * program from share/scripts/scripts.yaml; a workspace's templates/ folder goes before it. */
#ifndef WL_COMPOSE_SCRIPT_LIBRARY_H
#define WL_COMPOSE_SCRIPT_LIBRARY_H
#include "compose/mustache.h"
#include "compose/taxonomy.h"
#include "data/records.h"
#include "data/schema.h"

/* Where a text stands in its file, so that a complaint can point into it. */
struct wl_script_part {
    const char *text;               /* as written; NULL when the part is absent */
    const struct wl_mustache *made; /* NULL when it does not compile */
    struct wl_place key;            /* of its key in the file */
    struct wl_place problem;        /* inside text: why it does not compile */
    wl_error why;                   /* the same in words; WL_OK when it compiles */
};

struct wl_script {
    const char *id;
    int64_t version;
    uint32_t tiers;           /* bit per enum wl_tier */
    uint32_t reasons;         /* bit per enum wl_reason_code */
    uint32_t groups;          /* bit per reason group */
    bool is_generic;          /* for whatever has no text of its own */
    uint32_t channels;        /* bit per enum wl_channel */
    int language;             /* enum wl_language */
    struct wl_texts slots;    /* must have a value */
    struct wl_texts optional; /* false when they have none */
    uint32_t offers;          /* bit per enum wl_offer_kind that it may carry */
    const char *approved_by;  /* NULL: not approved, never sent */
    int64_t approved_us;
    struct wl_script_part title;
    struct wl_script_part body;
    const char *file;      /* for messages: path, or "built-in" */
    struct wl_str source;  /* text of that file */
    struct wl_place place; /* of the entry */
    bool is_builtin;
};

struct wl_library {
    struct wl_arena arena; /* owns everything */
    struct wl_script *items;
    size_t n_items;
    size_t capacity;
};

/* wl_library_init - an empty library. wl_library_release - give all memory back; zeroed is fine. */
void wl_library_init(struct wl_library *library, const wl_alloc *alloc);
void wl_library_release(struct wl_library *library);

/* wl_library_add - add the templates of one YAML text. A template whose id is there already
 * replaces it when it has a higher version or comes from a workspace (is_builtin false).
 *   file  (in) its name for messages; copied.
 * Errors:  WL_ECONFIG  "scripts.yaml: line 3, column 5: ..."; WL_ELIMIT, WL_ENOMEM. nothing added.
 *          A template that does not compile is kept for the linter and never chosen. */
WL_MUST_CHECK wl_status wl_library_add(struct wl_library *library, const char *file,
                                       struct wl_str text, bool is_builtin, wl_error *error);

/* wl_library_open - the built-in library, then folder/ *.yaml by name, when it is there.
 *   folder   (in) a workspace's templates folder, or NULL.
 *   library  (out) release with wl_library_release; zeroed on failure.
 * Errors:  those of wl_library_add; WL_EIO. */
WL_MUST_CHECK wl_status wl_library_open(const char *folder, const wl_alloc *alloc,
                                        struct wl_library *library, wl_error *error);

/* wl_library_builtin - the YAML text of the built-in library: what `wanliu init` copies. */
struct wl_str wl_library_builtin(void);

/* What a template is wanted for. */
struct wl_script_query {
    enum wl_tier tier;
    enum wl_reason_code reason;
    enum wl_channel channel;
    enum wl_language language;
    enum wl_offer_kind offer; /* WL_OFFER_NONE: nothing is promised */
};

/* How close a template is to what was wanted. */
enum wl_script_match {
    WL_MATCH_EXACT = 0,   /* names the reason */
    WL_MATCH_GROUP = 1,   /* names the reason's group */
    WL_MATCH_GENERIC = 2, /* generic text of the tier */
    WL_MATCH_NONE = 3
};

/* wl_match_name - "exact", "group", "generic", "none". */
const char *wl_match_name(enum wl_script_match match);

/* wl_library_select - the best approved template, or NULL when there is none.
 *   at_least  (in)  WL_MATCH_EXACT for the usual order; WL_MATCH_GENERIC to skip closer ones.
 *   match     (out) how close it is; WL_MATCH_NONE with NULL.
 * Order: exact reason, then the reason's group, then generic; among these a workspace's own before
 * a built-in one, one that names fewer kinds of offers (written for this one), then the smaller id.
 * Only templates that may carry the offer are looked at: a promise is never dropped in silence.
 * Cost: O(templates). Threads: any number. */
const struct wl_script *wl_library_select(const struct wl_library *library,
                                          const struct wl_script_query *query,
                                          enum wl_script_match at_least,
                                          enum wl_script_match *match);

/* One cell of the coverage table. */
struct wl_coverage_cell {
    enum wl_script_match match[WL_CHANNEL_COUNT]; /* without an offer, by channel */
};

struct wl_coverage {
    struct wl_coverage_cell cells[WL_TIER_COUNT][WL_REASON_COUNT][WL_LANGUAGE_COUNT];
    size_t n_holes; /* combinations of tier, reason, language and channel without any text */
    size_t n_cells; /* all of them */
};

/* wl_library_coverage - which text each tier x reason x language x channel would get. */
void wl_library_coverage(const struct wl_library *library, struct wl_coverage *coverage);

#endif
