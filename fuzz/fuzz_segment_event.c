/* Lines of the Segment spec, as files from outside: every line is accounted for, and the records
 * made keep to their ranges. */
#define _GNU_SOURCE
#include "fuzz.h"

#include "ingest/ingest.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

static const char yaml[] = "- {name: app, format: segment, properties: {plan: properties.plan}, "
                           "bool: [vip], number: [n]}\n";

static void check_records(const struct wl_company *company, const struct wl_ingest_report *report)
{
    const struct wl_events *events = &company->events;
    int64_t limit_e4 = (int64_t)WL_VALUE_ABS_MAX * WL_VALUE_SCALE;

    WL_ASSERT(report->n_read ==
              report->n_accepted + report->n_duplicates + report->n_filtered + report->n_rejected);
    for (size_t i = 0; i < events->n_events; i++) {
        WL_ASSERT(events->event_us[i] <= events->received_us[i]);
        WL_ASSERT(events->value_e4[i] == WL_VALUE_NONE ||
                  (events->value_e4[i] >= -limit_e4 && events->value_e4[i] <= limit_e4));
    }
    for (size_t i = 0; i < company->texts.n_texts; i++) {
        WL_ASSERT(company->texts.texts[i].body.n_bytes > 0);
    }
}

static void ingest(const struct wl_source *source, const char *path)
{
    struct wl_company *company = NULL;
    struct wl_ingest_options options;
    struct wl_ingest_report report;
    struct wl_rejects rejects;
    wl_error error = {0};

    wl_ingest_options_init(&options);
    wl_rejects_init(&rejects, wl_alloc_default(), NULL);
    options.rejects = &rejects;
    options.reject_share_max = 1.0;
    WL_ASSERT(wl_company_new(wl_alloc_default(), &company, NULL) == WL_OK);
    wl_status status = wl_ingest_file(source, path, &options, company, &report, &error);
    fuzz_check_status(status, &error);
    check_records(company, &report);
    WL_ASSERT(rejects.n_rejects == report.n_rejected);
    wl_rejects_release(&rejects);
    wl_company_free(company);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_arena arena;
    struct wl_node *root = NULL;
    struct wl_source *sources = NULL;
    size_t n_sources = 0;
    char path[64];
    int fd = memfd_create("fuzz", 0); // a file without a disk

    WL_ASSERT(fd >= 0 && write(fd, data, n_bytes) == (ssize_t)n_bytes);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    wl_arena_init(&arena, wl_alloc_default(), 0);
    WL_ASSERT(wl_yaml_parse(&arena, wl_str_from(yaml), &root, NULL) == WL_OK);
    WL_ASSERT(wl_sources_read(&arena, root, 0, &sources, &n_sources, NULL) == WL_OK);
    ingest(sources, path);
    wl_arena_release(&arena);
    (void)close(fd);
    return 0;
}
