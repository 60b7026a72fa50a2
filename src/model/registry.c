/* The registry is folders and small files: it can be read with ls and cat, copied with cp, and
 * needs no service. A version is written into a hidden folder and renamed into place while the
 * model's folder is locked: savers take turns, and what a killed one left is cleared away. */
#include "model/registry.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "data/schema.h"
#include "model/registry_inside.h"

#include <stdlib.h>
#include <string.h>

#define MANIFEST   "manifest.json"
#define NAME_BYTES 64

static const char *const calibrations[] = {"none", "sigmoid", "isotonic"};

static wl_status fail_memory(wl_error *error)
{
    return wl_fail(error, WL_ENOMEM, "no memory for the model registry");
}

wl_status wl_registry_check_name(const char *name, wl_error *error)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_");

    if (n == 0 || n > NAME_BYTES || name[n] != '\0') {
        return wl_fail(error, WL_EINVAL,
                       "model name \"%s\" is not 1 to %d of a-z, 0-9, '-' and '_'", name,
                       NAME_BYTES);
    }
    return WL_OK;
}

/* A folder name that is a version: "1", "23", not "01". 0 when it is none. */
static int64_t version_of(const char *text)
{
    int64_t version = 0;

    if (text[0] < '1' || text[0] > '9' || strspn(text, "0123456789") != strlen(text) ||
        !wl_str_to_i64(wl_str_from(text), &version)) {
        return 0;
    }
    return version;
}

char *wl_registry_version_path(struct wl_arena *arena, const char *model_folder, int64_t version)
{
    char text[24];
    size_t n = sizeof(text);

    text[--n] = '\0';
    do {
        text[--n] = (char)('0' + version % 10);
        version /= 10;
    } while (version > 0);
    return wl_path_join(arena, model_folder, text + n);
}

static wl_status newest_version(struct wl_arena *arena, const char *model_folder, int64_t *newest,
                                wl_error *error)
{
    char **names = NULL;
    size_t n_names = 0;

    *newest = 0;
    WL_TRY(wl_folder_list(model_folder, arena, &names, &n_names, error));
    for (size_t i = 0; i < n_names; i++) {
        int64_t version = version_of(names[i]);
        *newest = version > *newest ? version : *newest;
    }
    return WL_OK;
}

/* ---- saving ---- */

static void write_time(struct wl_json_writer *json, const char *key, int64_t time_us)
{
    wl_json_key(json, key);
    if (time_us == WL_TIME_NONE) {
        wl_json_null(json);
    } else {
        wl_json_time(json, time_us);
    }
}

static void write_count(struct wl_json_writer *json, const char *key, size_t count)
{
    wl_json_key(json, key);
    wl_json_i64(json, (int64_t)count);
}

static void write_text(struct wl_json_writer *json, const char *key, struct wl_str text)
{
    wl_json_key(json, key);
    wl_json_str(json, text);
}

static void write_facts(struct wl_json_writer *json, const struct wl_registry_facts *facts)
{
    write_time(json, "created_at", facts->created_us);
    write_time(json, "train_from", facts->train_from_us);
    write_time(json, "train_to", facts->train_to_us);
    write_count(json, "n_train", facts->n_train);
    write_count(json, "n_train_churned", facts->n_train_churned);
    write_count(json, "n_test", facts->n_test);
    write_count(json, "n_test_churned", facts->n_test_churned);
    write_text(json, "parents", facts->parents);
}

static void write_manifest(struct wl_buf *buf, const char *name, int64_t version,
                           const struct wl_registry_item *item,
                           const struct wl_registry_facts *facts)
{
    char digest[WL_SHA256_TEXT_BYTES];
    struct wl_json_writer json = wl_json_begin(buf);

    wl_json_open(&json, '{');
    write_count(&json, "format", 1);
    write_text(&json, "name", wl_str_from(name));
    wl_json_key(&json, "version");
    wl_json_i64(&json, version);
    write_text(&json, "algorithm", wl_str_from(item->algorithm));
    write_text(&json, "calibration", wl_str_from(item->calibration));
    if (item->about.n_bytes > 0) {
        wl_buf_char(buf, ',');
        wl_buf_str(buf, item->about); // members already
    }
    write_facts(&json, facts);
    if (item->metrics.n_bytes > 0) {
        wl_json_key(&json, "metrics");
        wl_buf_str(buf, item->metrics); // a JSON object already
        json.needs_comma = true;
    }
    wl_json_key(&json, "files");
    wl_json_open(&json, '{');
    write_text(&json, item->file, wl_str_from(wl_sha256_text(item->bytes, digest)));
    wl_json_close(&json, '}');
    wl_json_close(&json, '}');
    wl_buf_char(buf, '\n');
}

static wl_status write_version(struct wl_arena *arena, const char *path,
                               const struct wl_registry_item *item, struct wl_str manifest,
                               wl_error *error)
{
    char *model_path = wl_path_join(arena, path, item->file);
    char *manifest_path = wl_path_join(arena, path, MANIFEST);

    if (model_path == NULL || manifest_path == NULL) {
        return fail_memory(error);
    }
    WL_TRY(wl_file_write(model_path, item->bytes, error));
    return wl_file_write(manifest_path, manifest, error);
}

/* Become `version`; the caller holds the folder. */
static wl_status save_as(struct wl_arena *arena, const char *model_folder, const char *name,
                         int64_t version, const struct wl_registry_item *item,
                         const struct wl_registry_facts *facts, wl_error *error)
{
    char *temporary = NULL;
    char *path = wl_registry_version_path(arena, model_folder, version);
    struct wl_buf manifest;
    wl_status status = WL_OK;

    wl_buf_init(&manifest, arena->alloc, 0);
    if (path == NULL) {
        status = fail_memory(error);
        goto done;
    }
    write_manifest(&manifest, name, version, item, facts);
    WL_GO(wl_buf_check(&manifest, error));
    WL_GO(wl_folder_temporary(model_folder, arena, &temporary, error));
    WL_GO(write_version(arena, temporary, item, wl_buf_view(&manifest), error));
    WL_GO(wl_folder_publish(temporary, path, error));
    temporary = NULL;
done:
    if (temporary != NULL) {
        wl_folder_remove(temporary);
    }
    wl_buf_release(&manifest);
    return status;
}

// Folders that a killed save left half written; nothing ever reads them.
static wl_status remove_stale(struct wl_arena *arena, const char *model_folder, wl_error *error)
{
    char **names = NULL;
    size_t n_names = 0;

    WL_TRY(wl_folder_list(model_folder, arena, &names, &n_names, error));
    for (size_t i = 0; i < n_names; i++) {
        if (strncmp(names[i], WL_FOLDER_TEMPORARY, strlen(WL_FOLDER_TEMPORARY)) == 0) {
            char *path = wl_path_join(arena, model_folder, names[i]);
            if (path == NULL) {
                return fail_memory(error);
            }
            wl_folder_remove(path);
        }
    }
    return WL_OK;
}

// One name, one kind: whoever reads "churn" must not meet a text model there.
static wl_status check_kind(struct wl_arena *arena, const char *model_folder, const char *name,
                            int64_t newest, const char *file, wl_error *error)
{
    if (newest == 0) {
        return WL_OK;
    }
    char *path = wl_registry_version_path(arena, model_folder, newest);
    char *file_path = path != NULL ? wl_path_join(arena, path, file) : NULL;
    if (file_path == NULL) {
        return fail_memory(error);
    }
    if (!wl_file_exists(file_path)) {
        return wl_fail(error, WL_EEXIST,
                       "model %s exists and is of another kind (version %lld has no %s)", name,
                       (long long)newest, file);
    }
    return WL_OK;
}

wl_status wl_registry_keep(const wl_alloc *alloc, const char *folder, const char *name,
                           const struct wl_registry_item *item,
                           const struct wl_registry_facts *facts, int64_t *version_out,
                           wl_error *error)
{
    struct wl_arena arena;
    int64_t version = 0;
    int lock = -1;
    wl_status status = wl_registry_check_name(name, error);

    if (status != WL_OK) {
        return status;
    }
    wl_arena_init(&arena, alloc, 0);
    char *model_folder = wl_path_join(&arena, folder, name);
    if (model_folder == NULL) {
        status = fail_memory(error);
        goto done;
    }
    WL_GO(wl_folder_make(model_folder, error));
    WL_GO(wl_folder_lock(model_folder, &lock, error)); // so that what is unfinished is stale
    WL_GO(remove_stale(&arena, model_folder, error));
    WL_GO(newest_version(&arena, model_folder, &version, error));
    WL_GO(check_kind(&arena, model_folder, name, version, item->file, error));
    WL_GO(save_as(&arena, model_folder, name, ++version, item, facts, error));
    if (version_out != NULL) {
        *version_out = version;
    }
done:
    wl_folder_unlock(lock);
    wl_arena_release(&arena);
    return status;
}

static void write_about(struct wl_buf *buf, const struct wl_model *model)
{
    const struct wl_model_about *about = wl_model_about(model);
    const struct wl_schema *schema = wl_model_schema(model);
    struct wl_json_writer json = wl_json_begin(buf);

    write_text(&json, "features", wl_str_from(schema->hash));
    write_count(&json, "n_features", schema->n_features);
    write_text(&json, "label", about->label);
    wl_json_key(&json, "horizon_us");
    wl_json_i64(&json, about->horizon_us);
    wl_json_key(&json, "lead_us");
    wl_json_i64(&json, about->lead_us);
}

wl_status wl_registry_save(const wl_alloc *alloc, const char *folder, const char *name,
                           const struct wl_model *model, const struct wl_registry_facts *facts,
                           int64_t *version_out, wl_error *error)
{
    struct wl_buf bytes;
    struct wl_buf about;
    wl_status status = WL_OK;

    wl_buf_init(&bytes, alloc, 0);
    wl_buf_init(&about, alloc, 0);
    wl_model_encode(model, &bytes);
    write_about(&about, model);
    WL_GO(wl_buf_check(&bytes, error));
    WL_GO(wl_buf_check(&about, error));
    struct wl_registry_item item = {.file = WL_REGISTRY_MODEL,
                                    .bytes = wl_buf_view(&bytes),
                                    .algorithm = wl_algorithm_name(wl_model_algorithm(model)),
                                    .calibration = calibrations[wl_model_calibrator(model)->kind],
                                    .about = wl_buf_view(&about),
                                    .metrics = wl_model_about(model)->metrics};
    status = wl_registry_keep(alloc, folder, name, &item, facts, version_out, error);
done:
    wl_buf_release(&about);
    wl_buf_release(&bytes);
    return status;
}

/* ---- reading ---- */

static int64_t read_time(const struct wl_node *root, const char *key)
{
    int64_t time_us = WL_TIME_NONE;

    if (wl_time_parse(wl_node_text(root, key, ""), WL_TIME_AUTO, 0, &time_us, NULL) != WL_OK) {
        return WL_TIME_NONE;
    }
    return time_us;
}

static size_t read_count(const struct wl_node *root, const char *key)
{
    double number = wl_node_number(root, key, 0.0);
    return number >= 0.0 && number < 9e15 ? (size_t)number : 0;
}

static wl_status list_aliases(struct wl_arena *arena, const struct wl_registry_aliases *aliases,
                              int64_t version, struct wl_str *text, wl_error *error)
{
    struct wl_buf buf;
    wl_status status = WL_OK;

    wl_buf_init(&buf, arena->alloc, 0);
    for (size_t i = 0; i < WL_REGISTRY_ALIASES; i++) {
        if (aliases->version[i] == version) {
            wl_buf_text(&buf, buf.n_bytes > 0 ? "," : "");
            wl_buf_text(&buf, wl_registry_alias_name(i));
        }
    }
    WL_GO(wl_buf_check(&buf, error));
    text->n_bytes = buf.n_bytes;
    text->data = wl_arena_string(arena, wl_buf_view(&buf));
    status = text->data != NULL ? WL_OK : fail_memory(error);
done:
    wl_buf_release(&buf);
    return status;
}

static wl_status read_entry(struct wl_arena *arena, const char *path,
                            const struct wl_registry_aliases *aliases,
                            struct wl_registry_entry *entry, wl_error *error)
{
    struct wl_node *root = NULL;
    char *manifest_path = wl_path_join(arena, path, MANIFEST);
    const struct wl_node *file = NULL;

    if (manifest_path == NULL) {
        return fail_memory(error);
    }
    WL_TRY(wl_registry_read_json(arena, manifest_path, &root, error));
    if (wl_node_number(root, "format", 0.0) != 1.0) {
        return wl_fail(error, WL_EVERSION, "%s: format is not 1", manifest_path);
    }
    file = wl_node_get(root, "files");
    file = file != NULL ? file->first : NULL;
    *entry =
        (struct wl_registry_entry){.name = wl_node_text(root, "name", ""),
                                   .version = (int64_t)read_count(root, "version"),
                                   .algorithm = wl_node_text(root, "algorithm", ""),
                                   .calibration = wl_node_text(root, "calibration", ""),
                                   .features = wl_node_text(root, "features", ""),
                                   .label = wl_node_text(root, "label", ""),
                                   .file = file != NULL ? file->key : WL_STR(""),
                                   .digest = file != NULL ? file->text : WL_STR(""),
                                   .metrics = wl_node_get(root, "metrics"),
                                   .manifest = root,
                                   .facts = {.created_us = read_time(root, "created_at"),
                                             .train_from_us = read_time(root, "train_from"),
                                             .train_to_us = read_time(root, "train_to"),
                                             .n_train = read_count(root, "n_train"),
                                             .n_train_churned = read_count(root, "n_train_churned"),
                                             .n_test = read_count(root, "n_test"),
                                             .n_test_churned = read_count(root, "n_test_churned"),
                                             .parents = wl_node_text(root, "parents", "")}};
    if (entry->version == 0 || entry->digest.n_bytes != WL_SHA256_TEXT_BYTES - 1) {
        return wl_fail(error, WL_ECORRUPT, "%s: has no version or no SHA-256 of a model",
                       manifest_path);
    }
    return list_aliases(arena, aliases, entry->version, &entry->aliases, error);
}

/* Which version is meant by text. */
static wl_status resolve(struct wl_arena *arena, const char *model_folder, const char *name,
                         const char *which, const struct wl_registry_aliases *aliases,
                         int64_t *version, wl_error *error)
{
    if (which == NULL) {
        *version = aliases->version[wl_registry_alias_index(WL_ALIAS_CHAMPION)];
        if (*version == 0) {
            WL_TRY(newest_version(arena, model_folder, version, error));
        }
        return *version > 0 ? WL_OK
                            : wl_fail(error, WL_ENOTFOUND, "model %s has no version yet", name);
    }
    size_t i_alias = wl_registry_alias_index(which);
    *version = i_alias < WL_REGISTRY_ALIASES ? aliases->version[i_alias] : version_of(which);
    if (*version == 0 && i_alias < WL_REGISTRY_ALIASES) {
        return wl_fail(error, WL_ENOTFOUND, "model %s has no %s", name, which);
    }
    if (*version == 0) {
        return wl_fail(error, WL_ENOTFOUND,
                       "model %s: \"%s\" is neither a version nor champion, challenger or shadow",
                       name, which);
    }
    return WL_OK;
}

// A file that a version must have and has not is damage, not "no model yet".
static wl_status as_damage(wl_status status, wl_error *error)
{
    return status == WL_ENOTFOUND ? wl_fail_at(error, WL_ECORRUPT, "damaged version") : status;
}

wl_status wl_registry_fail_name(struct wl_arena *arena, const char *folder, const char *name,
                                wl_error *error)
{
    char **names = NULL;
    size_t n_names = 0;
    const char *near = NULL;

    if (wl_folder_list(folder, arena, &names, &n_names, NULL) == WL_OK) {
        const char **candidates = wl_arena_zeroed(arena, n_names + 1, sizeof(*candidates));
        for (size_t i = 0; candidates != NULL && i < n_names; i++) {
            candidates[i] = names[i];
        }
        near = candidates != NULL ? wl_closest(wl_str_from(name), candidates) : NULL;
    }
    if (near != NULL) {
        return wl_fail(error, WL_ENOTFOUND, "no model %s in %s (did you mean %s?)", name, folder,
                       near);
    }
    return wl_fail(error, WL_ENOTFOUND, "no model %s in %s", name, folder);
}

static wl_status find_version(struct wl_arena *arena, const char *folder, const char *name,
                              const char *which, char **path_out,
                              struct wl_registry_aliases *aliases, wl_error *error)
{
    int64_t version = 0;

    WL_TRY(wl_registry_check_name(name, error));
    char *model_folder = wl_path_join(arena, folder, name);
    if (model_folder == NULL) {
        return fail_memory(error);
    }
    if (!wl_file_exists(model_folder)) {
        return wl_registry_fail_name(arena, folder, name, error);
    }
    WL_TRY(wl_registry_read_aliases(arena, model_folder, aliases, error));
    WL_TRY(resolve(arena, model_folder, name, which, aliases, &version, error));
    *path_out = wl_registry_version_path(arena, model_folder, version);
    if (*path_out == NULL) {
        return fail_memory(error);
    }
    if (!wl_file_exists(*path_out)) {
        bool is_by_number = which != NULL && version_of(which) == version;
        return wl_fail(error, is_by_number ? WL_ENOTFOUND : WL_ECORRUPT,
                       is_by_number ? "model %s has no version %lld"
                                    : "model %s: an alias names version %lld, which is not there",
                       name, (long long)version);
    }
    return WL_OK;
}

static wl_status read_bytes(struct wl_arena *arena, const char *path,
                            const struct wl_registry_entry *entry, struct wl_buf *bytes,
                            wl_error *error)
{
    char digest[WL_SHA256_TEXT_BYTES];
    char *file = wl_arena_string(arena, entry->file);
    char *file_path = file != NULL ? wl_path_join(arena, path, file) : NULL;

    if (file_path == NULL) {
        return fail_memory(error);
    }
    WL_TRY(wl_file_read(file_path, bytes, error));
    if (!wl_str_is(entry->digest, wl_sha256_text(wl_buf_view(bytes), digest))) {
        return wl_fail(error, WL_ECORRUPT, "%s: SHA-256 differs from the manifest", file_path);
    }
    return WL_OK;
}

wl_status wl_registry_read(struct wl_arena *arena, const char *folder, const char *name,
                           const char *which, const char *file, struct wl_buf *bytes,
                           struct wl_registry_entry *entry_out, wl_error *error)
{
    struct wl_registry_entry entry;
    struct wl_registry_aliases aliases;
    char *path = NULL;

    WL_TRY(find_version(arena, folder, name, which, &path, &aliases, error));
    WL_TRY(as_damage(read_entry(arena, path, &aliases, &entry, error), error));
    if (!wl_str_is(entry.file, file)) {
        return wl_fail(error, WL_EINVAL, "model %s version %lld is of another kind (no %s)", name,
                       (long long)entry.version, file);
    }
    WL_TRY(as_damage(read_bytes(arena, path, &entry, bytes, error), error));
    if (entry_out != NULL) {
        *entry_out = entry;
    }
    return WL_OK;
}

static wl_status decode(struct wl_arena *arena, const struct wl_registry_entry *entry,
                        struct wl_str bytes, const struct wl_schema *schema,
                        struct wl_model **model_out, wl_error *error)
{
    struct wl_model *model = NULL;
    wl_status status = wl_model_decode(arena->alloc, bytes, &model, error);

    if (status != WL_OK) {
        return wl_fail_at(error, status, "model %.*s version %lld", WL_STR_ARG(entry->name),
                          (long long)entry->version);
    }
    if (!wl_str_is(entry->features, wl_model_schema(model)->hash)) {
        status = wl_fail(error, WL_ECORRUPT,
                         "model %.*s version %lld: features differ from the manifest",
                         WL_STR_ARG(entry->name), (long long)entry->version);
    } else if (schema != NULL) {
        status = wl_model_check_schema(model, schema, error);
    }
    if (status != WL_OK) {
        wl_model_free(model);
        return status;
    }
    *model_out = model;
    return WL_OK;
}

wl_status wl_registry_open(struct wl_arena *arena, const char *folder, const char *name,
                           const char *which, const struct wl_schema *schema,
                           struct wl_registry_entry *entry_out, struct wl_model **model_out,
                           wl_error *error)
{
    struct wl_registry_entry entry;
    struct wl_buf bytes;
    wl_status status = WL_OK;

    wl_buf_init(&bytes, arena->alloc, 0);
    WL_GO(wl_registry_read(arena, folder, name, which, WL_REGISTRY_MODEL, &bytes, &entry, error));
    WL_GO(decode(arena, &entry, wl_buf_view(&bytes), schema, model_out, error));
    if (entry_out != NULL) {
        *entry_out = entry;
    }
done:
    wl_buf_release(&bytes);
    return status;
}

/* ---- listing ---- */

struct list {
    struct wl_arena *arena;
    struct wl_registry_entry *entries;
    size_t n;
    size_t capacity;
};

static int compare_versions(const void *a, const void *b)
{
    const struct wl_registry_entry *left = a;
    const struct wl_registry_entry *right = b;
    return (left->version > right->version) - (left->version < right->version);
}

static wl_status list_name(struct list *list, const char *model_folder, wl_error *error)
{
    const wl_alloc *alloc = list->arena->alloc;
    struct wl_registry_aliases aliases;
    char **names = NULL;
    size_t n_names = 0;
    size_t begin = list->n;

    WL_TRY(wl_registry_read_aliases(list->arena, model_folder, &aliases, error));
    WL_TRY(wl_folder_list(model_folder, list->arena, &names, &n_names, error));
    for (size_t i = 0; i < n_names; i++) {
        if (version_of(names[i]) == 0) {
            continue;
        }
        char *path = wl_path_join(list->arena, model_folder, names[i]);
        if (path == NULL) {
            return fail_memory(error);
        }
        WL_TRY(WL_GROW(alloc, list->entries, list->capacity, list->n + 1, error));
        WL_TRY(read_entry(list->arena, path, &aliases, &list->entries[list->n], error));
        list->n++;
    }
    if (list->n > begin) { // folder names are sorted as text: "10" before "2"
        qsort(list->entries + begin, list->n - begin, sizeof(*list->entries), compare_versions);
    }
    return WL_OK;
}

wl_status wl_registry_list(struct wl_arena *arena, const char *folder,
                           struct wl_registry_entry **entries, size_t *n, wl_error *error)
{
    struct list list = {.arena = arena};
    char **names = NULL;
    size_t n_names = 0;
    wl_status status = WL_OK;

    if (wl_file_exists(folder)) {
        WL_GO(wl_folder_list(folder, arena, &names, &n_names, error));
    }
    for (size_t i = 0; i < n_names; i++) {
        if (wl_registry_check_name(names[i], NULL) == WL_OK) {
            char *path = wl_path_join(arena, folder, names[i]);
            if (path == NULL) {
                status = fail_memory(error);
                goto done;
            }
            WL_GO(list_name(&list, path, error));
        }
    }
    struct wl_registry_entry *kept = wl_arena_zeroed(arena, list.n + 1, sizeof(*kept));
    if (kept == NULL) {
        status = fail_memory(error);
        goto done;
    }
    if (list.n > 0) {
        memcpy(kept, list.entries, list.n * sizeof(*kept));
    }
    *entries = kept;
    *n = list.n;
done:
    wl_alloc_free(arena->alloc, list.entries);
    return status;
}
