/* What customers write, read once: the section `texts:` of wanliu.yaml names who reads, and what
 * was read stands beside each text in the company, where features find it.
 *
 *   texts:
 *     sentiment: rules        # rules (default), or the name of a text model: mood, mood/3
 *     intent: rules
 *     emotion: rules
 *     reason: rules
 *     churn: true             # also learn a model of texts that feeds the churn model */
#ifndef WL_JOURNEY_TEXTS_H
#define WL_JOURNEY_TEXTS_H
#include "base/progress.h"
#include "data/company.h"
#include "data/node.h"
#include "text/classifier.h"
#include "workspace.h"

#define WL_READER_RULES "rules"

/* The section. */
struct wl_text_settings {
    const char *readers[WL_READ_COUNT]; /* "rules", or a text model as name or name/version */
    bool has_churn;
};

/* wl_text_settings_read - strictly from the section; NULL: rules read, no churn model of texts.
 * Errors:  WL_ECONFIG  with line and column, "did you mean".  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_settings_read(struct wl_arena *arena, const struct wl_node *node,
                                              struct wl_text_settings *settings, wl_error *error);

/* wl_text_readers_pin - names as a model remembers them: a text model without a version becomes the
 * one that reads today, "mood" as "mood/3", so that rows scored later are read by who read those
 * learned from. A model that is not there keeps its name.
 *   names   (in)     (WL_READ_COUNT)
 *   pinned  (out)    (WL_READ_COUNT) in arena, or borrowed from names.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_readers_pin(struct wl_arena *arena, const char *models_path,
                                            const char *const *names, const char **pinned,
                                            wl_error *error);

/* One reader, opened. */
struct wl_reader {
    const char *name; /* as configured */
    struct wl_text_classifier *classifier;
    bool degraded; /* the configured model cannot read: rules do */
    char why[320]; /* of degraded */
};

struct wl_readers {
    struct wl_reader items[WL_READ_COUNT];
    bool degraded; /* some reader is */
    const char *why;
};

/* wl_readers_open - open all four. A model that is missing or damaged, or has no label that its
 * task needs, is replaced by rules, marked degraded and noticed, so that a score is late at worst
 * by a better reader, never missing.
 *   arena        (in,out) scratch of the registry.
 *   workspace    (in)  its models, and its taxonomy of reasons.
 *   readers      (out) release with wl_readers_release; zeroed on failure.
 * Errors:  WL_ENOMEM, and those of wl_taxonomy_open. */
WL_MUST_CHECK wl_status wl_readers_open(const wl_alloc *alloc, struct wl_arena *arena,
                                        const struct wl_workspace *workspace,
                                        const char *const *names, const struct wl_sink *sink,
                                        struct wl_readers *readers, wl_error *error);

/* wl_readers_release - give everything back; zeroed is fine. */
void wl_readers_release(struct wl_readers *readers);

/* wl_readers_apply - read every text of a company; fills wl_text.reading.
 *   n_threads  (in) the same readings for any number.
 * Cost:    one pass over each text for each reader; a million characters take about 0.1 s.
 * Errors:  WL_ENOMEM; then some texts are read and others not. */
WL_MUST_CHECK wl_status wl_readers_apply(const struct wl_readers *readers,
                                         struct wl_company *company, size_t n_threads,
                                         const struct wl_sink *sink, wl_error *error);

#endif
