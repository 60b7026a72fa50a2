/* Goal:   normalised texts are those of another implementation of the same standards.
 * Method: 1,500 random strings over all scripts with the answers of Python's unicodedata
 *         (normalise.jsonl, by make_normalise.py). A planted fault, one letter more, must be seen. */
#include "check.h"

#include "base/file.h"
#include "data/node.h"
#include "text/normalise.h"

int main(void)
{
    struct wl_lines *lines = NULL;
    struct wl_arena arena_request;
    struct wl_normal normal;
    struct wl_str line;
    bool got = true;
    size_t n_lines = 0;

    wl_arena_init(&arena_request, wl_alloc_default(), 0);
    wl_normal_init(&normal, wl_alloc_default());
    CHECK_INT(wl_lines_open(WL_SOURCE_DIR "/tests/golden/text/normalise.jsonl", wl_alloc_default(),
                            &lines, NULL),
              WL_OK);
    while (lines != NULL && wl_lines_next(lines, &line, &got, NULL) == WL_OK && got) {
        struct wl_node *root = NULL;
        wl_arena_reset(&arena_request);
        CHECK_INT(wl_json_parse(&arena_request, line, &root, NULL), WL_OK);
        struct wl_str want = wl_node_get(root, "want")->text;
        CHECK_INT(wl_normal_set(&normal, wl_node_get(root, "raw")->text, NULL), WL_OK);
        if (!wl_str_equal(wl_buf_view(&normal.text), want)) {
            fprintf(stderr, "line %zu\n", wl_lines_number(lines));
            CHECK_STR(normal.text.data, want.data);
        }
        wl_buf_char(&normal.text, 'x');
        CHECK(!wl_str_equal(wl_buf_view(&normal.text), want));
        n_lines++;
    }
    CHECK_INT(n_lines, 1500);
    wl_lines_close(lines);
    wl_normal_release(&normal);
    wl_arena_release(&arena_request);
    return check_report();
}
