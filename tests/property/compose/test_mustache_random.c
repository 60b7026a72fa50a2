/* Goal:   rendering equals what the template's tree says, and other bytes do no harm.
 * Method: random trees of texts, values and sections are written as source and, by a plain walk
 *         over the tree itself, as the expected text; then random bytes and cut or damaged
 *         templates, which must end in a text or a one-line error. SEED= replays. */
#include "check.h"

#include "compose/mustache.h"

#define N_TREES 3000
#define N_BYTES 20000

static const char *const names[] = {"a", "b.c", "no", "yes", "list"};
static const char json[] =
    "{\"a\":\"1<2\",\"b\":{\"c\":\"中\"},\"no\":false,\"yes\":{\"a\":\"in\"},\"list\":[{},{}]}";

struct writer {
    uint64_t *seed;
    struct wl_buf source;
    struct wl_buf want;
};

// What "a" is where the walk stands: "yes" brings its own.
static void write_tree(struct writer *w, int depth, bool is_shown, bool in_yes)
{
    static const char *const texts[] = {"x", " y ", "{", "}", "中文", "<", "}}"};
    size_t n_parts = check_rand(w->seed) % 4;

    for (size_t i = 0; i < n_parts; i++) {
        size_t pick = check_rand(w->seed) % 3;
        if (pick == 0) {
            const char *text = texts[check_rand(w->seed) % 7];
            wl_buf_text(&w->source, text);
            wl_buf_text(&w->source, "|"); // keeps a lone brace apart from a tag
            wl_buf_text(is_shown ? &w->want : &w->source, is_shown ? text : "");
            wl_buf_text(is_shown ? &w->want : &w->source, is_shown ? "|" : "");
        } else if (pick == 1 || depth == 0) {
            bool is_a = check_rand(w->seed) % 2 == 0;
            wl_buf_format(&w->source, "{{ %s }}", is_a ? names[0] : names[1]);
            if (is_shown) {
                wl_buf_text(&w->want, !is_a ? "中" : in_yes ? "in" : "1&lt;2");
            }
        } else {
            size_t i_name = 2 + check_rand(w->seed) % 3;
            bool is_inverted = check_rand(w->seed) % 2 == 0;
            size_t n_rounds = is_inverted ? i_name == 2 : i_name == 4 ? 2 : i_name == 3;
            uint64_t before = *w->seed;
            wl_buf_format(&w->source, "{{%s%s}}", is_inverted ? "^" : "#", names[i_name]);
            bool inner_yes = in_yes || (i_name == 3 && !is_inverted);
            write_tree(w, depth - 1, is_shown && n_rounds > 0, inner_yes);
            size_t n_source = w->source.n_bytes;
            if (is_shown && n_rounds == 2) { // the second round: same tree, text only
                uint64_t after = *w->seed;
                *w->seed = before;
                write_tree(w, depth - 1, true, inner_yes);
                *w->seed = after;
                w->source.n_bytes = n_source;
            }
            wl_buf_format(&w->source, "{{/%s}}", names[i_name]);
        }
    }
}

static wl_status render(struct wl_arena *arena, struct wl_str source, const struct wl_node *root,
                        enum wl_mustache_mode mode, struct wl_buf *out, wl_error *error)
{
    struct wl_mustache *made = NULL;
    struct wl_mustache_input input = {.root = root, .escape = WL_ESCAPE_HTML};

    WL_TRY(wl_mustache_compile(arena, "t", source, mode, &made, NULL, error));
    return wl_mustache_render(made, &input, out, error);
}

static void test_random_trees(void)
{
    uint64_t seed = check_seed();
    struct writer w = {.seed = &seed};
    struct wl_buf out;
    size_t n_written = 0;

    wl_buf_init(&w.source, wl_alloc_default(), 0);
    wl_buf_init(&w.want, wl_alloc_default(), 0);
    wl_buf_init(&out, wl_alloc_default(), 0);
    for (int i = 0; i < N_TREES; i++) {
        struct wl_arena arena;
        struct wl_node *root = NULL;
        wl_error error = {0};
        wl_arena_init(&arena, wl_alloc_default(), 0);
        CHECK_INT(wl_json_parse(&arena, wl_str_from(json), &root, &error), WL_OK);
        wl_buf_clear(&w.source);
        wl_buf_clear(&w.want);
        wl_buf_clear(&out);
        write_tree(&w, 4, true, false);
        CHECK_INT(render(&arena, wl_buf_view(&w.source), root, WL_MUSTACHE_STRICT, &out, &error),
                  WL_OK);
        CHECK(wl_str_equal(wl_buf_view(&out), wl_buf_view(&w.want)));
        wl_buf_char(&w.want, '.'); // planted fault
        CHECK(!wl_str_equal(wl_buf_view(&out), wl_buf_view(&w.want)));
        n_written += out.n_bytes;
        wl_arena_release(&arena);
    }
    CHECK(n_written > N_TREES); // the trees are not all empty
    wl_buf_release(&w.source);
    wl_buf_release(&w.want);
    wl_buf_release(&out);
}

static void test_random_bytes(void)
{
    static const char *const pieces[] = {"{{",     "}}",     "{{{",    "}}}", "#", "^",  "/",
                                         "a",      "b",      ".",      "\n",  " ", ">",  "<",
                                         "$",      "!",      "=",      "*",   "&", "中", "{{#a}}",
                                         "{{/a}}", "{{$b}}", "{{/b}}", "\r\n"};
    uint64_t seed = check_seed();
    struct wl_buf source;
    struct wl_buf out;

    wl_buf_init(&source, wl_alloc_default(), 0);
    wl_buf_init(&out, wl_alloc_default(), 1 << 16);
    for (int i = 0; i < N_BYTES; i++) {
        struct wl_arena arena;
        struct wl_node *root = NULL;
        wl_error error = {0};
        wl_arena_init(&arena, wl_alloc_default(), 4096);
        CHECK_INT(wl_json_parse(&arena, wl_str_from(json), &root, &error), WL_OK);
        wl_buf_clear(&source);
        wl_buf_clear(&out);
        for (size_t n = check_rand(&seed) % 30; n > 0; n--) {
            wl_buf_text(&source, pieces[check_rand(&seed) % 25]);
        }
        wl_status status =
            render(&arena, wl_buf_view(&source), root,
                   i % 2 == 0 ? WL_MUSTACHE_COMPAT : WL_MUSTACHE_STRICT, &out, &error);
        CHECK((status == WL_OK) == (error.message[0] == '\0'));
        CHECK(strchr(error.message, '\n') == NULL);
        wl_arena_release(&arena);
    }
    wl_buf_release(&source);
    wl_buf_release(&out);
}

int main(void)
{
    RUN(test_random_trees);
    RUN(test_random_bytes);
    return check_report();
}
