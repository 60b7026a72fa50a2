/* Templates and values: input is "template NUL json". Neither mode crashes or runs away; a failed
 * rendering leaves the buffer as it was; what strict mode writes, compat mode writes too. */
#include "fuzz.h"

#include "compose/mustache.h"

#define OUTPUT_BYTES_MAX ((size_t)1 << 16) // small, so that a search stays quick

static wl_status render(struct wl_arena *arena, struct wl_str source, const struct wl_node *root,
                        enum wl_mustache_mode mode, enum wl_escape escape, struct wl_buf *out)
{
    struct wl_mustache *made = NULL;
    const struct wl_mustache *partials[1];
    struct wl_place place = {0};
    wl_error error = {0};

    wl_status status = wl_mustache_compile(arena, "t", source, mode, &made, &place, &error);
    fuzz_check_status(status, &error);
    WL_ASSERT(status != WL_EPARSE || (place.line > 0 && place.column > 0));
    if (status == WL_OK) {
        partials[0] = made; // a template that may name itself
        struct wl_mustache_input input = {
            .root = root, .escape = escape, .partials = partials, .n_partials = 1};
        status = wl_mustache_render(made, &input, out, &error);
        fuzz_check_status(status, &error);
    }
    WL_ASSERT(status == WL_OK || out->n_bytes == 0);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_str json = {.data = (const char *)data, .n_bytes = n_bytes};
    struct wl_str source = wl_str_cut(&json, '\0');
    struct wl_node *root = NULL;
    struct wl_arena arena;
    struct wl_buf strict;
    struct wl_buf compat;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_buf_init(&strict, wl_alloc_default(), OUTPUT_BYTES_MAX);
    wl_buf_init(&compat, wl_alloc_default(), OUTPUT_BYTES_MAX);
    if (wl_json_parse(&arena, json, &root, NULL) != WL_OK) {
        root = NULL; // no values is a case of its own
    }
    for (int i = 0; i <= WL_ESCAPE_JSON; i++) {
        enum wl_escape escape = (enum wl_escape)i;
        wl_buf_clear(&strict);
        wl_buf_clear(&compat);
        wl_status mild = render(&arena, source, root, WL_MUSTACHE_COMPAT, escape, &compat);
        if (render(&arena, source, root, WL_MUSTACHE_STRICT, escape, &strict) == WL_OK) {
            WL_ASSERT(mild == WL_OK);
            WL_ASSERT(wl_str_equal(wl_buf_view(&strict), wl_buf_view(&compat)));
        }
    }
    wl_buf_release(&strict);
    wl_buf_release(&compat);
    wl_arena_release(&arena);
    return 0;
}
