/* The taxonomy of reasons of a workspace, and what its customers have said. */
#ifndef WL_JOURNEY_REASONS_H
#define WL_JOURNEY_REASONS_H
#include "data/records.h"
#include "text/classifier.h"
#include "workspace.h"

/* wl_taxonomy_open - the built-in taxonomy, extended by the workspace's taxonomy/reasons.yaml when
 * it is there. wl_taxonomy_open_at - the same with the path of that file.
 *   taxonomy_out  (out) a classifier of rules; free with wl_text_classifier_free.
 * Errors:  WL_ECONFIG  the file, with line and column; an `answer` that is no code of templates,
 *          with a near one.  WL_EIO, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_taxonomy_open(const struct wl_workspace *workspace,
                                         const wl_alloc *alloc,
                                         struct wl_text_classifier **taxonomy_out, wl_error *error);
WL_MUST_CHECK wl_status wl_taxonomy_open_at(const char *path, const wl_alloc *alloc,
                                            struct wl_text_classifier **taxonomy_out,
                                            wl_error *error);

/* wl_taxonomy_said - set what the customers of scores had said at the moment of each score.
 *   taxonomy  (in)     of wl_taxonomy_open; the scores borrow from it.
 *   scores    (in,out) (n_scores) `said` is set.
 * Errors:  those of wl_sayings_new. */
WL_MUST_CHECK wl_status wl_taxonomy_said(const wl_alloc *alloc, const struct wl_company *company,
                                         const struct wl_text_classifier *taxonomy,
                                         struct wl_score *scores, size_t n_scores, wl_error *error);

#endif
