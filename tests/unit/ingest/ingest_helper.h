/* Files and sources for tests of ingest: YAML in, one source out; text in, a file out. */
#ifndef WL_TESTS_UNIT_INGEST_INGEST_HELPER_H
#define WL_TESTS_UNIT_INGEST_INGEST_HELPER_H
#include "check.h"

#include "base/file.h"
#include "ingest/ingest.h"

struct ingest_case {
    struct wl_arena arena;
    const struct wl_source *source;
    struct wl_ingest_options options;
    struct wl_company *company;
    struct wl_ingest_report report;
    wl_error error;
};

static inline const char *temporary_path(const char *name)
{
    static char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", WL_BINARY_DIR, name);
    return path;
}

static inline void write_text(const char *path, const char *text)
{
    CHECK_INT(wl_file_write(path, wl_str_from(text), NULL), WL_OK);
}

static inline void case_init(struct ingest_case *one, const char *yaml)
{
    struct wl_node *root = NULL;
    struct wl_source *sources = NULL;
    size_t n = 0;

    *one = (struct ingest_case){.source = NULL};
    wl_arena_init(&one->arena, wl_alloc_default(), 0);
    wl_ingest_options_init(&one->options);
    CHECK_INT(wl_company_new(wl_alloc_default(), &one->company, NULL), WL_OK);
    CHECK_INT(wl_yaml_parse(&one->arena, wl_str_from(yaml), &root, &one->error), WL_OK);
    CHECK_INT(wl_sources_read(&one->arena, root, 0, &sources, &n, &one->error), WL_OK);
    CHECK_STR(one->error.message, "");
    one->source = sources;
}

static inline wl_status case_read(struct ingest_case *one, const char *path)
{
    return wl_ingest_file(one->source, path, &one->options, one->company, &one->report,
                          &one->error);
}

static inline void case_release(struct ingest_case *one)
{
    wl_company_free(one->company);
    wl_arena_release(&one->arena);
}

#endif
