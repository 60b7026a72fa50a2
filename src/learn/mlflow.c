/* Plain files, one per value: nothing here is large or quick. Ids are hashes of names and time, so
 * that nothing random is needed.
 *
 * Source: MLflow 2, mlflow/store/tracking/file_store.py describes the layout. */
#include "learn/mlflow.h"

#include "base/arena.h"
#include "base/file.h"
#include "data/node.h"

#include <math.h>
#include <string.h>

#define CURVES_MAX  64
#define KEY_MAX     48
#define ID_BYTES    40
#define STATUS_RUN  1 // of MLflow's RunStatus
#define STATUS_DONE 3
#define STATUS_FAIL 4

struct curve {
    char key[KEY_MAX];
    struct wl_buf lines; // not yet written
};

struct wl_mlflow {
    const wl_alloc *alloc;
    struct wl_arena arena;
    const char *root; // DIR
    const char *name;
    const char *folder; // of the run
    const char *experiment_id;
    char run_id[ID_BYTES];
    int64_t started_us;
    struct curve curves[CURVES_MAX];
    size_t n_curves;
};

static wl_status fail_memory(wl_error *error)
{
    return wl_fail(error, WL_ENOMEM, "no memory for a run of MLflow");
}

static bool is_key(const char *key)
{
    size_t n = strlen(key);

    return n > 0 && n < KEY_MAX &&
           strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") == n &&
           key[0] != '.';
}

static wl_status join(struct wl_arena *arena, const char *folder, const char *name,
                      const char **path, wl_error *error)
{
    *path = wl_path_join(arena, folder, name);
    return *path != NULL ? WL_OK : fail_memory(error);
}

// A text in single quotes, as YAML has them.
static void put_quoted(struct wl_buf *buf, const char *key, const char *text)
{
    wl_buf_format(buf, "%s: '", key);
    for (; *text != '\0'; text++) {
        wl_buf_char(buf, *text);
        if (*text == '\'') { // twice within quotes
            wl_buf_char(buf, '\'');
        }
    }
    wl_buf_text(buf, "'\n");
}

/* -- the experiment -- */

// Whether the folder's meta.yaml has this name; what cannot be read is another experiment.
static bool has_name(struct wl_arena *arena, const char *folder, const char *name)
{
    const char *path = wl_path_join(arena, folder, "meta.yaml");
    struct wl_node *root = NULL;
    struct wl_buf text;

    wl_buf_init(&text, arena->alloc, (size_t)1 << 20);
    bool is_it = path != NULL && wl_file_read(path, &text, NULL) == WL_OK &&
                 wl_yaml_parse(arena, wl_buf_view(&text), &root, NULL) == WL_OK &&
                 wl_str_is(wl_node_text(root, "name", ""), name);
    wl_buf_release(&text);
    return is_it;
}

static wl_status make_experiment(struct wl_mlflow *m, const char *name, wl_error *error)
{
    uint64_t number = wl_str_hash(wl_str_from(name), 0) % UINT64_C(1000000000000000000);
    long long at_ms = (long long)(m->started_us / 1000);
    const char *folder = NULL;
    const char *path = NULL;
    struct wl_buf text;

    wl_buf_init(&text, m->alloc, 0);
    wl_buf_format(&text, "%018llu", (unsigned long long)number);
    m->experiment_id = wl_arena_string(&m->arena, wl_buf_view(&text));
    wl_buf_clear(&text);
    wl_status status = m->experiment_id != NULL ? WL_OK : fail_memory(error);
    WL_GO(status);
    WL_GO(join(&m->arena, m->root, m->experiment_id, &folder, error));
    WL_GO(join(&m->arena, folder, "meta.yaml", &path, error));
    WL_GO(wl_folder_make(folder, error));
    put_quoted(&text, "artifact_location", folder);
    wl_buf_format(&text, "creation_time: %lld\n", at_ms);
    put_quoted(&text, "experiment_id", m->experiment_id);
    wl_buf_format(&text, "last_update_time: %lld\nlifecycle_stage: active\n", at_ms);
    put_quoted(&text, "name", name);
    WL_GO(wl_buf_check(&text, error));
    WL_GO(wl_file_write(path, wl_buf_view(&text), error));
done:
    wl_buf_release(&text);
    return status;
}

static wl_status find_experiment(struct wl_mlflow *m, const char *name, wl_error *error)
{
    char **names = NULL;
    size_t n = 0;

    WL_TRY(wl_folder_make(m->root, error));
    WL_TRY(wl_folder_list(m->root, &m->arena, &names, &n, error));
    for (size_t i = 0; i < n; i++) {
        const char *folder = wl_path_join(&m->arena, m->root, names[i]);
        if (folder != NULL && has_name(&m->arena, folder, name)) {
            m->experiment_id = names[i];
            return WL_OK;
        }
    }
    return make_experiment(m, name, error);
}

/* -- the run -- */

static wl_status write_meta(struct wl_mlflow *m, int status_now, int64_t end_us, wl_error *error)
{
    const char *artifacts = NULL;
    const char *path = NULL;
    struct wl_buf text;
    wl_status status = WL_OK;

    wl_buf_init(&text, m->alloc, 0);
    WL_GO(join(&m->arena, m->folder, "artifacts", &artifacts, error));
    WL_GO(join(&m->arena, m->folder, "meta.yaml", &path, error));
    put_quoted(&text, "artifact_uri", artifacts);
    if (end_us == 0) {
        wl_buf_text(&text, "end_time: null\n");
    } else {
        wl_buf_format(&text, "end_time: %lld\n", (long long)(end_us / 1000));
    }
    wl_buf_text(&text, "entry_point_name: ''\n");
    put_quoted(&text, "experiment_id", m->experiment_id);
    wl_buf_text(&text, "lifecycle_stage: active\n");
    put_quoted(&text, "run_id", m->run_id);
    put_quoted(&text, "run_name", m->name);
    put_quoted(&text, "run_uuid", m->run_id);
    wl_buf_text(&text, "source_name: ''\nsource_type: 4\nsource_version: ''\n");
    wl_buf_format(&text, "start_time: %lld\nstatus: %d\ntags: []\nuser_id: wanliu\n",
                  (long long)(m->started_us / 1000), status_now);
    WL_GO(wl_buf_check(&text, error));
    WL_GO(wl_file_write(path, wl_buf_view(&text), error));
done:
    wl_buf_release(&text);
    return status;
}

static wl_status make_run(struct wl_mlflow *m, wl_error *error)
{
    static const char *const folders[] = {"artifacts", "metrics", "params", "tags"};
    const char *experiment = NULL;

    WL_TRY(join(&m->arena, m->root, m->experiment_id, &experiment, error));
    WL_TRY(join(&m->arena, experiment, m->run_id, &m->folder, error));
    WL_TRY(wl_folder_make(m->folder, error));
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        const char *folder = NULL;
        WL_TRY(join(&m->arena, m->folder, folders[i], &folder, error));
        WL_TRY(wl_folder_make(folder, error));
    }
    WL_TRY(write_meta(m, STATUS_RUN, 0, error));
    WL_TRY(wl_mlflow_tag(m, "mlflow.runName", wl_str_from(m->name), error));
    return wl_mlflow_tag(m, "mlflow.source.name", WL_STR("wanliu"), error);
}

wl_status wl_mlflow_open(const wl_alloc *alloc, const char *folder, const char *experiment,
                         const char *name, int64_t at_us, struct wl_mlflow **mlflow_out,
                         wl_error *error)
{
    struct wl_mlflow *m = wl_alloc_zeroed(alloc, 1, sizeof(*m));
    wl_status status = WL_OK;

    if (m == NULL) {
        return fail_memory(error);
    }
    m->alloc = alloc;
    m->started_us = at_us;
    wl_arena_init(&m->arena, alloc, 0);
    m->root = wl_arena_string(&m->arena, wl_str_from(folder));
    m->name = wl_arena_string(&m->arena, wl_str_from(name));
    if (m->root == NULL || m->name == NULL) {
        status = fail_memory(error);
        goto done;
    }
    if (strpbrk(name, "\r\n") != NULL || strpbrk(experiment, "\r\n") != NULL) {
        status = wl_fail(error, WL_EINVAL, "a name of MLflow has a line end");
        goto done;
    }
    uint64_t first = wl_str_hash(wl_str_from(name), (uint64_t)at_us);
    uint64_t second = wl_str_hash(wl_str_from(experiment), first);
    for (size_t i = 0; i < 32; i++) {
        uint64_t half = i < 16 ? first : second;
        m->run_id[i] = "0123456789abcdef"[half >> (4 * (i % 16)) & 15];
    }
    WL_GO(find_experiment(m, experiment, error));
    WL_GO(make_run(m, error));
    *mlflow_out = m;
    m = NULL;
done:
    wl_mlflow_close(m);
    return status;
}

static wl_status write_value(struct wl_mlflow *m, const char *kind, const char *key,
                             struct wl_str value, wl_error *error)
{
    const char *folder = NULL;
    const char *path = NULL;

    if (!is_key(key)) {
        return wl_fail(error, WL_EINVAL, "\"%s\" is no key of MLflow", key);
    }
    WL_TRY(join(&m->arena, m->folder, kind, &folder, error));
    WL_TRY(join(&m->arena, folder, key, &path, error));
    return wl_file_write(path, value, error);
}

wl_status wl_mlflow_param(struct wl_mlflow *mlflow, const char *key, struct wl_str value,
                          wl_error *error)
{
    return write_value(mlflow, "params", key, value, error);
}

wl_status wl_mlflow_tag(struct wl_mlflow *mlflow, const char *key, struct wl_str value,
                        wl_error *error)
{
    return write_value(mlflow, "tags", key, value, error);
}

/* -- curves -- */

static wl_status find_curve(struct wl_mlflow *m, const char *key, struct curve **curve,
                            wl_error *error)
{
    for (size_t i = 0; i < m->n_curves; i++) {
        if (strcmp(m->curves[i].key, key) == 0) {
            *curve = &m->curves[i];
            return WL_OK;
        }
    }
    if (!is_key(key)) {
        return wl_fail(error, WL_EINVAL, "\"%s\" is no key of MLflow", key);
    }
    if (m->n_curves == CURVES_MAX) {
        return wl_fail(error, WL_ELIMIT, "more than %d curves in a run", CURVES_MAX);
    }
    *curve = &m->curves[m->n_curves++];
    memcpy((*curve)->key, key, strlen(key) + 1);
    wl_buf_init(&(*curve)->lines, m->alloc, 0);
    return WL_OK;
}

wl_status wl_mlflow_metric(struct wl_mlflow *mlflow, const char *key, double value, int64_t step,
                           int64_t at_us, wl_error *error)
{
    struct curve *curve = NULL;

    if (!isfinite(value)) {
        return WL_OK;
    }
    WL_TRY(find_curve(mlflow, key, &curve, error));
    wl_buf_format(&curve->lines, "%lld %.9g %lld\n", (long long)(at_us / 1000), value,
                  (long long)step);
    return wl_buf_check(&curve->lines, error);
}

wl_status wl_mlflow_line(struct wl_mlflow *mlflow, struct wl_str line, int64_t at_us,
                         wl_error *error)
{
    struct wl_node *root = NULL;
    struct wl_arena arena;
    wl_status status = WL_OK;

    wl_arena_init(&arena, mlflow->alloc, 0);
    WL_GO(wl_json_parse(&arena, line, &root, error));
    double epoch = wl_node_number(root, "epoch", 0.0);
    int64_t step = (int64_t)wl_node_number(root, "update", epoch);
    for (const struct wl_node *node = root->first; node != NULL; node = node->next) {
        bool is_step = wl_str_is(node->key, "update") || wl_str_is(node->key, "epoch");
        const char *key = wl_arena_string(&arena, node->key);
        if (node->kind == WL_NODE_NUMBER && !is_step && key != NULL) {
            WL_GO(wl_mlflow_metric(mlflow, key, node->number, step, at_us, error));
        }
    }
done:
    wl_arena_release(&arena);
    return status;
}

wl_status wl_mlflow_flush(struct wl_mlflow *mlflow, wl_error *error)
{
    const char *folder = NULL;

    WL_TRY(join(&mlflow->arena, mlflow->folder, "metrics", &folder, error));
    for (size_t i = 0; i < mlflow->n_curves; i++) {
        struct curve *curve = &mlflow->curves[i];
        const char *path = NULL;
        if (curve->lines.n_bytes > 0) {
            WL_TRY(join(&mlflow->arena, folder, curve->key, &path, error));
            WL_TRY(wl_file_append(path, wl_buf_view(&curve->lines), error));
            wl_buf_clear(&curve->lines);
        }
    }
    return WL_OK;
}

wl_status wl_mlflow_end(struct wl_mlflow *mlflow, bool is_finished, int64_t at_us, wl_error *error)
{
    WL_TRY(wl_mlflow_flush(mlflow, error));
    return write_meta(mlflow, is_finished ? STATUS_DONE : STATUS_FAIL, at_us, error);
}

void wl_mlflow_close(struct wl_mlflow *mlflow)
{
    if (mlflow != NULL) {
        for (size_t i = 0; i < mlflow->n_curves; i++) {
            wl_buf_release(&mlflow->curves[i].lines);
        }
        wl_arena_release(&mlflow->arena);
        wl_alloc_free(mlflow->alloc, mlflow);
    }
}
