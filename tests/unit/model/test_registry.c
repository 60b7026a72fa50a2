/* Goal:   versions count up and never change, aliases move with a history, and whatever does not
 *         fit its manifest is refused with one clear line.
 * Method: a registry in a temporary folder of the build; files are damaged by hand. */
#include "model_data.h"

#include "base/clock.h"
#include "base/file.h"
#include "model/registry.h"

static struct wl_arena arena;
static char *folder;
static const struct wl_registry_facts facts = {.created_us = 1000 * WL_DAY_US,
                                               .train_from_us = WL_TIME_NONE,
                                               .train_to_us = 999 * WL_DAY_US,
                                               .n_train = 100,
                                               .n_train_churned = 20,
                                               .parents = {.data = "", .n_bytes = 0}};

static char *path_of(const char *name)
{
    return wl_path_join(&arena, folder, name);
}

static void save_one(int64_t want_version)
{
    struct wl_model *model = NULL;
    int64_t version = 0;
    struct wl_model_about about = {.label = WL_STR("no order in 90d"),
                                   .metrics = WL_STR("{\"auc\":0.75}"),
                                   .features = WL_STR(""),
                                   .horizon_us = 90 * WL_DAY_US,
                                   .lead_us = 3 * WL_DAY_US};

    CHECK_INT(wl_model_fallback(wl_alloc_default(), &data_schema, &model, NULL), WL_OK);
    CHECK_INT(wl_model_describe(model, &about, NULL), WL_OK);
    CHECK_INT(wl_registry_save(wl_alloc_default(), folder, "churn", model, &facts, &version, NULL),
              WL_OK);
    CHECK_INT(version, want_version);
    wl_model_free(model);
}

static void expect(const char *which, wl_status want, int64_t version, const char *words)
{
    struct wl_registry_entry entry = {0};
    struct wl_model *model = NULL;
    wl_error error = {0};

    CHECK_INT(
        wl_registry_open(&arena, folder, "churn", which, &data_schema, &entry, &model, &error),
        want);
    CHECK((model != NULL) == (want == WL_OK));
    CHECK_INT(entry.version, version);
    if (words != NULL && strstr(error.message, words) == NULL) {
        CHECK_STR(error.message, words);
    }
    wl_model_free(model);
}

static void test_versions_and_aliases(void)
{
    struct wl_registry_entry *entries = NULL;
    struct wl_registry_move *moves = NULL;
    size_t n = 0;
    const wl_alloc *alloc = wl_alloc_default();
    wl_error error = {0};

    CHECK_INT(wl_registry_list(&arena, path_of("nothing"), &entries, &n, NULL), WL_OK);
    CHECK_INT(n, 0);
    expect(NULL, WL_ENOTFOUND, 0, "no model churn in");
    for (int64_t version = 1; version <= 11; version++) {
        save_one(version);
    }
    expect(NULL, WL_OK, 11, NULL); // no champion: the newest
    expect("champion", WL_ENOTFOUND, 0, "model churn has no champion");
    CHECK_INT(wl_registry_set_alias(alloc, folder, "churn", "champion", 2, WL_STR("ann"),
                                    WL_STR("first"), 100 * WL_DAY_US, NULL),
              WL_OK);
    CHECK_INT(wl_registry_set_alias(alloc, folder, "churn", "shadow", 2, WL_STR("ann"), WL_STR(""),
                                    101 * WL_DAY_US, NULL),
              WL_OK);
    CHECK_INT(wl_registry_set_alias(alloc, folder, "churn", "champion", 10, WL_STR("bo"),
                                    WL_STR("\xE6\x9B\xB4\xE5\xA5\xBD"), 200 * WL_DAY_US, NULL),
              WL_OK);
    expect(NULL, WL_OK, 10, NULL);
    expect("champion", WL_OK, 10, NULL);
    expect("shadow", WL_OK, 2, NULL);
    expect("3", WL_OK, 3, NULL);
    expect("12", WL_ENOTFOUND, 0, "model churn has no version 12");
    expect("chmpion", WL_ENOTFOUND, 0, "neither a version nor champion");
    CHECK_INT(wl_registry_set_alias(alloc, folder, "churn", "champion", 12, WL_STR("bo"),
                                    WL_STR(""), 0, &error),
              WL_ENOTFOUND);
    CHECK_INT(wl_registry_set_alias(alloc, folder, "churn", "boss", 1, WL_STR("bo"), WL_STR(""), 0,
                                    &error),
              WL_EINVAL);
    CHECK_INT(wl_registry_list(&arena, folder, &entries, &n, NULL), WL_OK);
    CHECK_INT(n, 11);
    CHECK_INT(entries[10].version, 11); // by number, not by text
    CHECK(wl_str_is(entries[9].aliases, "champion"));
    CHECK(wl_str_is(entries[1].aliases, "shadow"));
    CHECK_CLOSE(wl_node_number(entries[0].metrics, "auc", 0), 0.75, 0);
    CHECK(entries[0].facts.train_to_us == 999 * WL_DAY_US);
    CHECK(entries[0].facts.train_from_us == WL_TIME_NONE);
    CHECK_INT(wl_registry_history(&arena, folder, "churn", &moves, &n, NULL), WL_OK);
    CHECK_INT(n, 3);
    CHECK_INT(moves[2].from, 2);
    CHECK(wl_str_is(moves[2].author, "bo"));
    CHECK_INT(wl_registry_live_at(moves, n, "champion", 99 * WL_DAY_US), 0);
    CHECK_INT(wl_registry_live_at(moves, n, "champion", 150 * WL_DAY_US), 2);
    CHECK_INT(wl_registry_live_at(moves, n, "champion", 200 * WL_DAY_US), 10);
}

static void test_mismatches_are_refused(void)
{
    struct wl_schema other = data_schema;
    struct wl_model *model = NULL;
    wl_error error = {0};
    char *file = path_of("churn/4/model.wlm");
    struct wl_buf bytes;

    memcpy(other.hash, "ffff", 4);
    CHECK_INT(wl_registry_open(&arena, folder, "churn", "1", &other, NULL, &model, &error),
              WL_ESCHEMA);
    CHECK_STR(error.message,
              "model wants features 0123456789ab (6 columns), rows have ffff456789ab "
              "(6 columns)");
    wl_buf_init(&bytes, wl_alloc_default(), 0);
    CHECK_INT(wl_file_read(file, &bytes, NULL), WL_OK);
    bytes.data[40] ^= 1;
    CHECK_INT(wl_file_write(file, wl_buf_view(&bytes), NULL), WL_OK);
    expect("4", WL_ECORRUPT, 0, "SHA-256 differs from the manifest");
    CHECK_INT(remove(file), 0);
    expect("4", WL_ECORRUPT, 0, "churn/4/model.wlm");
    CHECK_INT(wl_file_write(path_of("churn/5/manifest.json"), WL_STR("{\"format\":1"), NULL), 0);
    expect("5", WL_EPARSE, 0, "churn/5/manifest.json");
    CHECK_INT(wl_file_write(path_of("churn/6/manifest.json"), WL_STR("{\"format\":2}"), NULL), 0);
    expect("6", WL_EVERSION, 0, "format is not 1");
    CHECK_INT(remove(path_of("churn/7/manifest.json")), 0);
    expect("7", WL_ECORRUPT, 0, "churn/7/manifest.json");
    wl_buf_release(&bytes);
}

static void test_what_a_killed_save_left_is_removed(void)
{
    struct wl_registry_entry *entries = NULL;
    char *stale = NULL;
    size_t n = 0;

    CHECK_INT(wl_registry_list(&arena, folder, &entries, &n, NULL), WL_OK);
    CHECK_INT(wl_folder_temporary(path_of("churn"), &arena, &stale, NULL), WL_OK);
    CHECK_INT(wl_file_write(wl_path_join(&arena, stale, "model.wlm"), WL_STR("half"), NULL), WL_OK);
    save_one((int64_t)n + 1);
    CHECK(!wl_file_exists(stale));
}

static void test_names(void)
{
    struct wl_model *model = NULL;
    static const char *const bad[] = {"", "../x", "A", "a/b", ".hidden", "a b"};

    CHECK_INT(wl_model_fallback(wl_alloc_default(), &data_schema, &model, NULL), WL_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_INT(wl_registry_save(wl_alloc_default(), folder, bad[i], model, &facts, NULL, NULL),
                  WL_EINVAL);
    }
    wl_model_free(model);
}

static void clear_away(void)
{
    char **names = NULL;
    size_t n = 0;
    char *churn = path_of("churn");

    CHECK_INT(wl_folder_list(churn, &arena, &names, &n, NULL), WL_OK);
    for (size_t i = 0; i < n; i++) {
        wl_folder_remove(wl_path_join(&arena, churn, names[i]));
    }
    wl_folder_remove(churn);
    wl_folder_remove(folder);
    CHECK(!wl_file_exists(folder));
}

static wl_status go_back(const char *alias)
{
    return wl_registry_rollback(wl_alloc_default(), folder, "churn", alias, WL_STR("ann"),
                                WL_STR("back"), 300 * WL_DAY_US, NULL);
}

static void put_in_charge(int64_t version)
{
    CHECK_INT(wl_registry_set_alias(wl_alloc_default(), folder, "churn", "challenger", version,
                                    WL_STR("ann"), WL_STR("try"), 300 * WL_DAY_US, NULL),
              WL_OK);
}

// Moves of one alias, 0 a rollback, and where it must point after each.
static void test_rollback_goes_further_back_each_time(void)
{
    static const int64_t steps[][2] = {{3, 3}, {4, 4}, {4, 4}, {5, 5}, {0, 4}, {0, 3}, {7, 7},
                                       {3, 3}, {8, 8}, {0, 3}, {6, 6}, {5, 5}, {6, 6}, {0, 3}};
    struct wl_registry_move *moves = NULL;
    size_t n = 0;

    CHECK_INT(go_back("challenger"), WL_ENOTFOUND); // it never pointed anywhere
    CHECK_INT(go_back("boss"), WL_EINVAL);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (steps[i][0] > 0) {
            put_in_charge(steps[i][0]);
        } else {
            CHECK_INT(go_back("challenger"), WL_OK);
        }
        expect("challenger", WL_OK, steps[i][1], NULL);
    }
    CHECK_INT(go_back("challenger"), WL_ENOTFOUND); // 3 was the first
    expect("challenger", WL_OK, 3, NULL);
    put_in_charge(0);
    CHECK_INT(go_back("challenger"), WL_OK); // taken away, and back
    expect("challenger", WL_OK, 3, NULL);
    CHECK_INT(wl_registry_history(&arena, folder, "chrun", &moves, &n, NULL), WL_ENOTFOUND);
}

int main(void)
{
    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_folder_temporary(WL_BINARY_DIR, &arena, &folder, NULL), WL_OK);
    RUN(test_versions_and_aliases);
    RUN(test_rollback_goes_further_back_each_time);
    RUN(test_what_a_killed_save_left_is_removed);
    RUN(test_mismatches_are_refused);
    RUN(test_names);
    clear_away();
    wl_arena_release(&arena);
    return check_report();
}
