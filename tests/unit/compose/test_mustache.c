/* Goal:   strict mode never leaves a hole and says where it stopped; escaping fits the channel;
 *         hostile templates end in an error.
 * Method: tables of template, values and result or message; then shapes that nest or multiply, and
 *         every failed allocation. */
#include "check.h"

#include "base/limits.h"
#include "compose/mustache.h"

static const char values[] =
    "{\"name\":\"小王\",\"vip\":true,\"old\":false,\"n\":3,\"none\":null,\"blank\":\" \","
    "\"items\":[\"a\",\"b\"],\"offer\":{\"name\":\"<七天> & 'x'\"},\"evil\":\"a\\nb\\u0001\\\"\"}";

static const struct {
    const char *source;
    enum wl_escape escape;
    const char *want;  // NULL: an error
    const char *error; // its message
} cases[] = {
    {"Hi {{name}}!", WL_ESCAPE_TEXT, "Hi 小王!", NULL},
    {"{{#vip}}A{{/vip}}{{^vip}}B{{/vip}}{{#old}}C{{/old}}{{^old}}D{{/old}}", 1, "AD", NULL},
    {"{{#items}}{{.}},{{/items}}{{n}}", 1, "a,b,3", NULL},
    {"{{offer.name}}", WL_ESCAPE_HTML, "&lt;七天&gt; &amp; &#39;x&#39;", NULL},
    {"{{{offer.name}}}", WL_ESCAPE_HTML, "<七天> & 'x'", NULL},
    {"{{offer.name}}", WL_ESCAPE_TEXT, "<七天> & 'x'", NULL},
    {"{{evil}}", WL_ESCAPE_TEXT, "a b \"", NULL}, // a value cannot forge a line
    {"{{evil}}", WL_ESCAPE_JSON, "a\\nb\\u0001\\\"", NULL},
    {"a {{! note }}b", 1, "a b", NULL},
    {"你好\n 嗨{{x}}", 1, NULL, "template t, line 2, column 3: no value for \"x\""},
    {"{{offer.terms}}", 1, NULL, "template t, line 1, column 1: no value for \"offer.terms\""},
    {"{{#x}}a{{/x}}", 1, NULL, "template t, line 1, column 1: no value for \"x\""},
    {"{{^x}}a{{/x}}", 1, NULL, "template t, line 1, column 1: no value for \"x\""},
    {"{{none}}", 1, NULL, "template t, line 1, column 1: \"none\" is null"},
    {"{{#none}}{{/none}}", 1, NULL, "template t, line 1, column 1: \"none\" is null"},
    {"{{blank}}", 1, NULL, "template t, line 1, column 1: \"blank\" is empty"},
    {"{{vip}}", 1, NULL, "template t, line 1, column 1: \"vip\" is true or false, not a text"},
    {"{{items}}", 1, NULL, "template t, line 1, column 1: \"items\" is a list, not a text"},
    {"{{offer}}", 1, NULL, "template t, line 1, column 1: \"offer\" is a map, not a text"},
    {"a\n{{name", 1, NULL, "template t, line 2, column 1: this tag is never closed with }}"},
    {"{{#vip}}x", 1, NULL, "template t, line 1, column 1: \"vip\" is opened here and never closed"},
    {"{{/vip}}", 1, NULL, "template t, line 1, column 1: {{/vip}} closes nothing"},
    {"{{#a}}\n{{/b}}", 1, NULL,
     "template t, line 2, column 1: {{/b}} stands where {{/a}} should (opened in line 1)"},
    {"{{}}", 1, NULL, "template t, line 1, column 1: a tag without a name"},
    {"{{a b}}", 1, NULL,
     "template t, line 1, column 1: \"a b\" is no name: letters, digits, _ and single dots"},
    {"{{a..b}}", 1, NULL,
     "template t, line 1, column 1: \"a..b\" is no name: letters, digits, _ and single dots"},
    {"{{=<% %>=}}", 1, NULL,
     "template t, line 1, column 1: a reviewed template may not change its delimiters"},
    {"{{>p}}", 1, NULL,
     "template t, line 1, column 1: a reviewed template stands alone: no partials and no blocks"},
    {"{{$b}}{{/b}}", 1, NULL,
     "template t, line 1, column 1: a reviewed template stands alone: no partials and no blocks"},
};

static wl_status render(const wl_alloc *alloc, const char *source, enum wl_mustache_mode mode,
                        const char *json, enum wl_escape escape, struct wl_buf *out,
                        wl_error *error)
{
    struct wl_arena arena;
    struct wl_node *root = NULL;
    struct wl_mustache *made = NULL;
    const struct wl_mustache *partials[1];
    wl_status status = WL_OK;

    wl_arena_init(&arena, alloc, 0);
    WL_GO(wl_json_parse(&arena, wl_str_from(json), &root, error));
    WL_GO(wl_mustache_compile(&arena, "t", wl_str_from(source), mode, &made, NULL, error));
    partials[0] = made;
    struct wl_mustache_input input = {
        .root = root, .escape = escape, .partials = partials, .n_partials = 1};
    WL_GO(wl_mustache_render(made, &input, out, error));
done:
    wl_arena_release(&arena);
    return status;
}

static void test_strict_cases(void)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wl_buf out;
        wl_error error = {0};

        wl_buf_init(&out, wl_alloc_default(), 0);
        wl_buf_text(&out, "kept:");
        wl_status status = render(wl_alloc_default(), cases[i].source, WL_MUSTACHE_STRICT, values,
                                  cases[i].escape, &out, &error);
        if (cases[i].want != NULL) {
            CHECK_INT(status, WL_OK);
            CHECK_STR(out.data + 5, cases[i].want);
        } else {
            CHECK(status == WL_EPARSE || status == WL_ESCHEMA);
            CHECK_STR(error.message, cases[i].error);
            CHECK_STR(out.data, "kept:"); // nothing half done stays behind
        }
        wl_buf_release(&out);
    }
}

static wl_status render_quietly(const char *source, const char *json, size_t n_bytes_max)
{
    struct wl_buf out;
    wl_error error = {0};

    wl_buf_init(&out, wl_alloc_default(), n_bytes_max);
    wl_status status =
        render(wl_alloc_default(), source, WL_MUSTACHE_COMPAT, json, WL_ESCAPE_HTML, &out, &error);
    CHECK_INT(out.n_bytes == 0 || status == WL_OK, 1);
    wl_buf_release(&out);
    return status;
}

static void repeat(struct wl_buf *buf, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        wl_buf_text(buf, text);
    }
}

static void test_hostile_shapes(void)
{
    struct wl_buf source;
    char list[] = "{\"l\":[1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7]}";

    CHECK_INT(render_quietly("{{>t}}", "{}", 0), WL_ELIMIT);       // itself, for ever
    CHECK_INT(render_quietly("{{>t}}{{>t}}", "{}", 0), WL_ELIMIT); // and twice
    CHECK_INT(render_quietly("{{<t}}{{$a}}{{>t}}{{/a}}{{/t}}{{$a}}{{/a}}", "{}", 0), WL_ELIMIT);
    CHECK_INT(render_quietly("{{#l}}0123456789{{/l}}", list, 100), WL_ELIMIT); // buffer's ceiling
    wl_buf_init(&source, wl_alloc_default(), 0);
    repeat(&source, "{{#l}}", 12); // 16^12 rounds without a byte of text
    repeat(&source, "{{/l}}", 12);
    CHECK_INT(render_quietly(source.data, list, 0), WL_ELIMIT);
    wl_buf_clear(&source);
    repeat(&source, "{{#l}}", WL_TEMPLATE_DEPTH_MAX + 1);
    repeat(&source, "{{/l}}", WL_TEMPLATE_DEPTH_MAX + 1);
    CHECK_INT(render_quietly(source.data, "{}", 0), WL_ELIMIT);
    wl_buf_clear(&source);
    repeat(&source, "x", WL_TEMPLATE_BYTES_MAX + 1);
    CHECK_INT(render_quietly(source.data, "{}", 0), WL_ELIMIT);
    wl_buf_release(&source);
}

static void test_every_failed_allocation(void)
{
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_buf out;

        check_heap_init(&heap, n_good);
        wl_buf_init(&out, &heap.alloc, 0);
        wl_status status = render(&heap.alloc, "a{{#vip}}{{name}}{{/vip}}", WL_MUSTACHE_STRICT,
                                  values, WL_ESCAPE_TEXT, &out, NULL);
        wl_buf_release(&out);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good >= 3); // arena, steps, text
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
}

int main(void)
{
    RUN(test_strict_cases);
    RUN(test_hostile_shapes);
    RUN(test_every_failed_allocation);
    return check_report();
}
