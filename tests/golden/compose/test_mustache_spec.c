/* Goal:   the engine does what mustache/spec 1.4.2 says, optional modules included.
 * Method: every test of the suite's JSON files in compat mode; the text must be equal.
 *         ~lambdas is counted and not run: code in values is refused by design. A planted fault
 *         (one changed expectation) shows that the comparison can fail. */
#include "check.h"

#include "base/file.h"
#include "compose/mustache.h"

#define PARTIALS_MAX 8

static const struct {
    const char *file;
    size_t n_tests;
    bool is_applicable;
} suites[] = {{"comments.json", 12, true},      {"delimiters.json", 14, true},
              {"interpolation.json", 42, true}, {"inverted.json", 22, true},
              {"partials.json", 12, true},      {"sections.json", 34, true},
              {"~inheritance.json", 27, true},  {"~dynamic-names.json", 21, true},
              {"~lambdas.json", 10, false}};

static wl_status render_case(struct wl_arena *arena, const struct wl_node *test, struct wl_buf *out,
                             wl_error *error)
{
    const struct wl_node *partials = wl_node_get(test, "partials");
    const struct wl_mustache *compiled[PARTIALS_MAX];
    struct wl_mustache *made = NULL;
    struct wl_mustache_input input = {.root = wl_node_get(test, "data"), .partials = compiled};

    for (const struct wl_node *at = partials != NULL ? partials->first : NULL; at != NULL;
         at = at->next) {
        char name[64];
        (void)snprintf(name, sizeof(name), "%.*s", WL_STR_ARG(at->key));
        WL_TRY(wl_mustache_compile(arena, name, at->text, WL_MUSTACHE_COMPAT, &made, NULL, error));
        compiled[input.n_partials++] = made;
    }
    WL_TRY(wl_mustache_compile(arena, "test", wl_node_text(test, "template", ""),
                               WL_MUSTACHE_COMPAT, &made, NULL, error));
    return wl_mustache_render(made, &input, out, error);
}

static bool passes(struct wl_arena *arena, const struct wl_node *test, struct wl_str want)
{
    struct wl_buf out;
    wl_error error = {0};

    wl_buf_init(&out, wl_alloc_default(), 0);
    wl_status status = render_case(arena, test, &out, &error);
    bool ok = status == WL_OK && wl_str_equal(wl_buf_view(&out), want);
    if (!ok && want.n_bytes > 0 && want.data[0] != '\1') {
        struct wl_str name = wl_node_text(test, "name", "?");
        fprintf(stderr, "  %.*s: got \"%.*s\", want \"%.*s\" %s\n", WL_STR_ARG(name),
                WL_STR_ARG(wl_buf_view(&out)), WL_STR_ARG(want), error.message);
    }
    wl_buf_release(&out);
    return ok;
}

static bool run_suite(const char *file, size_t n_want)
{
    struct wl_arena arena;
    struct wl_buf text;
    struct wl_node *root = NULL;
    char path[600];
    size_t n_passed = 0;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_buf_init(&text, wl_alloc_default(), 0);
    (void)snprintf(path, sizeof(path), "%s/data/mustache_spec/specs/%s", WL_SHARED_DIR, file);
    bool is_there = wl_file_read(path, &text, NULL) == WL_OK;
    if (is_there) {
        CHECK_INT(wl_json_parse(&arena, wl_buf_view(&text), &root, NULL), WL_OK);
        const struct wl_node *tests = wl_node_get(root, "tests");
        for (const struct wl_node *at = tests->first; at != NULL; at = at->next) {
            n_passed += passes(&arena, at, wl_node_text(at, "expected", "")) ? 1 : 0;
        }
        CHECK(!passes(&arena, tests->first, WL_STR("\1planted"))); // the comparison can fail
        fprintf(stderr, "%s: %zu of %zu\n", file, n_passed, tests->n_children);
        CHECK_INT(tests->n_children, n_want);
        CHECK_INT(n_passed, tests->n_children);
    }
    wl_buf_release(&text);
    wl_arena_release(&arena);
    return is_there;
}

int main(void)
{
    for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
        if (!suites[i].is_applicable) {
            fprintf(stderr, "%s: %zu not applicable: templates and values are data, never code\n",
                    suites[i].file, suites[i].n_tests);
        } else if (!run_suite(suites[i].file, suites[i].n_tests)) {
            fprintf(stderr, "skipped: no %s/data/mustache_spec\n", WL_SHARED_DIR);
            return 77;
        }
    }
    return check_report();
}
