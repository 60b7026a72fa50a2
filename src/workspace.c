/* Opening a workspace. The top level of wanliu.yaml is read here and nowhere else. */
#include "workspace.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "store/store.h"

#include <string.h>

static const char *const languages[] = {"en", "zh", NULL};

#define FIELD(name) offsetof(struct wl_workspace, name)

static const struct wl_field fields[] = {
    {"version", WL_FIELD_INT, FIELD(version), true, 1, 9, NULL, "configuration format, 1"},
    {"name", WL_FIELD_TEXT, FIELD(name), true, 0, 0, NULL, "name of the company or product"},
    {"language", WL_FIELD_CHOICE, FIELD(language), false, 0, 0, languages, "language of reports"},
    {"caution", WL_FIELD_TEXT, FIELD(caution), false, 0, 0, NULL, "a warning every report repeats"},
    {"simulated", WL_FIELD_BOOL, FIELD(is_simulated), false, 0, 0, NULL, "the data were made up"},
    {"max_rejects_percent", WL_FIELD_NUMBER, FIELD(max_rejects_percent), false, 0, 100, NULL,
     "ingest stops when more rows are rejected"},
    {"sources", WL_FIELD_NODE, FIELD(sources), false, 0, 0, NULL, "what ingest reads"},
    {"features", WL_FIELD_NODE, FIELD(features), false, 0, 0, NULL, "the feature set"},
    {"churn", WL_FIELD_NODE, FIELD(churn), false, 0, 0, NULL, "what counts as leaving"},
    {"dates", WL_FIELD_NODE, FIELD(dates), false, 0, 0, NULL, "observation dates"},
    {"split", WL_FIELD_NODE, FIELD(split), false, 0, 0, NULL, "how training and test are parted"},
    {"model", WL_FIELD_NODE, FIELD(model), false, 0, 0, NULL, "algorithm and its settings"},
    {"baselines", WL_FIELD_NODE, FIELD(baselines), false, 0, 0, NULL, "simple models beside it"},
    {"tiers", WL_FIELD_NODE, FIELD(tiers), false, 0, 0, NULL, "the five risk tiers"},
    {"offers", WL_FIELD_NODE, FIELD(offers), false, 0, 0, NULL, "what may be promised"},
    {"messages", WL_FIELD_NODE, FIELD(messages), false, 0, 0, NULL, "how messages are written"},
    {"texts", WL_FIELD_NODE, FIELD(texts), false, 0, 0, NULL, "who reads what customers write"},
    {"gates", WL_FIELD_NODE, FIELD(gates), false, 0, 0, NULL, "quality a model must reach"},
    {"alerts", WL_FIELD_NODE, FIELD(alerts), false, 0, 0, NULL, "when people are warned"},
};

// utc_offset has a form of its own: take it out of the map before the strict reading.
static wl_status take_utc_offset(struct wl_workspace *workspace, struct wl_node *root,
                                 wl_error *error)
{
    struct wl_node **link = &root->first;
    wl_error inner = {0};

    for (; *link != NULL; link = &(*link)->next) {
        struct wl_node *node = *link;
        if (wl_str_is(node->key, "utc_offset")) {
            if (wl_offset_parse(node->text, &workspace->utc_offset_us, &inner) != WL_OK) {
                return wl_fail_node(error, node, "utc_offset: %s", inner.message);
            }
            *link = node->next;
            root->n_children--;
            return WL_OK;
        }
    }
    return WL_OK;
}

static wl_status set_paths(struct wl_workspace *workspace, const char *folder, wl_error *error)
{
    struct wl_arena *arena = &workspace->arena;

    workspace->folder = wl_arena_string(arena, wl_str_from(folder));
    workspace->config_path = wl_path_join(arena, folder, WL_WORKSPACE_CONFIG);
    workspace->store_path = wl_path_join(arena, folder, "wanliu.db");
    workspace->models_path = wl_path_join(arena, folder, "models");
    workspace->templates_path = wl_path_join(arena, folder, "templates");
    workspace->taxonomy_path = wl_path_join(arena, folder, "taxonomy/reasons.yaml");
    workspace->reports_path = wl_path_join(arena, folder, "reports");
    workspace->intake_path = wl_path_join(arena, folder, "intake.ndjson");
    workspace->alerts_path = wl_path_join(arena, folder, "alerts.ndjson");
    if (workspace->folder == NULL || workspace->config_path == NULL ||
        workspace->store_path == NULL || workspace->models_path == NULL ||
        workspace->templates_path == NULL || workspace->taxonomy_path == NULL ||
        workspace->reports_path == NULL || workspace->intake_path == NULL ||
        workspace->alerts_path == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a workspace");
    }
    return WL_OK;
}

static wl_status read_config(struct wl_workspace *workspace, wl_error *error)
{
    struct wl_buf text;
    struct wl_node *root = NULL;
    wl_status status;

    wl_buf_init(&text, workspace->arena.alloc, WL_CONFIG_BYTES_MAX);
    if (!wl_file_exists(workspace->config_path)) {
        status = wl_fail(error, WL_ENOTFOUND,
                         "no %s here: run wanliu init, or name the workspace with -C",
                         workspace->config_path);
        goto done;
    }
    WL_GO(wl_file_read(workspace->config_path, &text, error));
    WL_GO(wl_yaml_parse(&workspace->arena, wl_buf_view(&text), &root, error));
    if (root->kind == WL_NODE_MAP) {
        WL_GO(take_utc_offset(workspace, root, error));
    }
    WL_GO(wl_fields_read(&workspace->arena, root, "top level", fields,
                         sizeof(fields) / sizeof(fields[0]), workspace, error));
    if (workspace->version != 1) {
        status = wl_fail(error, WL_EVERSION, "%s: version %lld, this program reads version 1",
                         workspace->config_path, (long long)workspace->version);
    }
done:
    wl_buf_release(&text);
    return wl_workspace_fail(workspace, status, error);
}

wl_status wl_workspace_open(const char *folder, const wl_alloc *alloc,
                            struct wl_workspace *workspace, wl_error *error)
{
    *workspace = (struct wl_workspace){.max_rejects_percent = 1.0, .name = ""};
    wl_arena_init(&workspace->arena, alloc, 0);
    wl_status status = set_paths(workspace, folder, error);
    if (status == WL_OK) {
        status = read_config(workspace, error);
    }
    if (status != WL_OK) {
        wl_workspace_release(workspace);
    }
    return status;
}

void wl_workspace_release(struct wl_workspace *workspace)
{
    wl_arena_release(&workspace->arena);
    *workspace = (struct wl_workspace){0};
}

wl_status wl_workspace_load(const struct wl_workspace *workspace, const wl_alloc *alloc,
                            const struct wl_sink *sink, struct wl_company **company_out,
                            wl_error *error)
{
    struct wl_store *store = NULL;
    struct wl_company *company = NULL;
    bool has_records = false;
    wl_status status = WL_OK;

    if (wl_file_exists(workspace->store_path)) { // opening would make it
        WL_GO(wl_store_open(workspace->store_path, alloc, &store, error));
        WL_GO(wl_company_new(alloc, &company, error));
        WL_GO(wl_store_load(store, company, NULL, sink, error));
        has_records = company->users.n_strings > 0;
    }
    if (!has_records) {
        status = wl_fail(error, WL_ENOTFOUND, "%s holds no records yet: run wanliu ingest FILE",
                         workspace->store_path);
        goto done;
    }
    *company_out = company;
    company = NULL;
done:
    wl_company_free(company);
    wl_store_close(store);
    return status;
}

wl_status wl_workspace_fail(const struct wl_workspace *workspace, wl_status status, wl_error *error)
{
    const char *path = workspace->config_path;

    if (status == WL_ECONFIG && error != NULL && strstr(error->message, path) == NULL) {
        return wl_fail_at(error, status, "%s", path);
    }
    return status;
}
