/* What commands share that walk the journey. */
#ifndef WL_CLI_JOURNEY_RUN_H
#define WL_CLI_JOURNEY_RUN_H
#include "cli/cli.h"
#include "journey.h"

/* wl_cli_journey_open - open the workspace of -C with the global options; dates on the command line
 * that name no zone are read in the workspace's from here on.
 *   journey  (out) close with wl_journey_close.
 * Errors:  those of wl_journey_open. */
WL_MUST_CHECK wl_status wl_cli_journey_open(struct wl_cli *cli, struct wl_journey *journey,
                                            wl_error *error);

/* wl_cli_observation_dates - the dates of --as-of, else those of wanliu.yaml, rising; n_dates is 0
 * when neither names any.
 *   dates_us  (out) in an arena. */
WL_MUST_CHECK wl_status wl_cli_observation_dates(struct wl_cli *cli,
                                                 const struct wl_journey *journey,
                                                 int64_t **dates_us, size_t *n_dates,
                                                 wl_error *error);

/* wl_cli_newest - the moment to speak of where none was given: the newest record, but not after the
 * present. Says so when records lie in the future. */
int64_t wl_cli_newest(struct wl_cli *cli, const struct wl_company *company);

#endif
