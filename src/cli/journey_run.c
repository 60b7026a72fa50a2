/* Shared by commands that walk the journey. */
#include "cli/journey_run.h"

#include "base/clock.h"
#include "cli/text_run.h"

wl_status wl_cli_journey_open(struct wl_cli *cli, struct wl_journey *journey, wl_error *error)
{
    struct wl_run run = {.alloc = cli->alloc,
                         .n_threads = cli->n_threads,
                         .seed = cli->seed,
                         .now_us = cli->now_us,
                         .sink = &cli->sink};

    if (wl_cli_beside(cli, "zh.wldict", &run.dictionary, NULL) != WL_OK) {
        run.dictionary = NULL; // words of texts are then cut by character
    }
    WL_TRY(wl_journey_open(cli->folder, &run, journey, error));
    cli->utc_offset_us = journey->workspace.utc_offset_us;
    return WL_OK;
}

wl_status wl_cli_observation_dates(struct wl_cli *cli, const struct wl_journey *journey,
                                   int64_t **dates_us, size_t *n_dates, wl_error *error)
{
    WL_TRY(wl_cli_dates(cli, "as-of", dates_us, n_dates, error));
    if (*n_dates > 0) {
        return WL_OK;
    }
    *dates_us = wl_dates_all(&journey->dates, &cli->arena_process, n_dates);
    return *dates_us != NULL ? WL_OK : wl_fail(error, WL_ENOMEM, "no memory for dates");
}

int64_t wl_cli_newest(struct wl_cli *cli, const struct wl_company *company)
{
    char newest[WL_TIME_TEXT_BYTES];
    char now[WL_TIME_TEXT_BYTES];

    if (company->newest_us <= cli->now_us) {
        return company->newest_us;
    }
    wl_cli_say(cli,
               WL_SAY(cli, "records lie in the future, up to %s: taking now, %s",
                      "有记录在未来（最晚 %s），改用当前时间 %s"),
               wl_time_format_iso(company->newest_us, newest),
               wl_time_format_iso(cli->now_us, now));
    return cli->now_us;
}
