/* What commands share that walk the journey. */
#ifndef WL_CLI_JOURNEY_RUN_H
#define WL_CLI_JOURNEY_RUN_H
#include "cli/cli.h"
#include "journey.h"

/* wl_cli_run - how to run a journey, from the global options. */
struct wl_run wl_cli_run(const struct wl_cli *cli);

#endif
