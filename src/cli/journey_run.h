/* What commands share that walk the journey. */
#ifndef WL_CLI_JOURNEY_RUN_H
#define WL_CLI_JOURNEY_RUN_H
#include "cli/cli.h"
#include "journey.h"

/* wl_cli_run - how to run a journey, from the global options. */
struct wl_run wl_cli_run(const struct wl_cli *cli);

/* wl_cli_lines_fn - what is done with one line of input; number counts from 1. */
typedef wl_status (*wl_cli_lines_fn)(void *context, struct wl_str line, size_t number,
                                     wl_error *error);

/* wl_cli_each_line - every non-empty line of the files named as arguments, or of standard input.
 * A failure gets "file:line: " in front. */
WL_MUST_CHECK wl_status wl_cli_each_line(struct wl_cli *cli, wl_cli_lines_fn each, void *context,
                                         wl_error *error);

#endif
