/* Shared by commands that walk the journey. */
#include "cli/journey_run.h"

struct wl_run wl_cli_run(const struct wl_cli *cli)
{
    return (struct wl_run){.alloc = cli->alloc,
                           .n_threads = cli->n_threads,
                           .seed = cli->seed,
                           .now_us = cli->now_us,
                           .sink = &cli->sink};
}
