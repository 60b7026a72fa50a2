/* Goal:   words and their parts of speech are those of python3-jieba 0.42.1's posseg.
 * Method: sentences of our own with posseg's answers (tags.jsonl, by make_tags.py), tagged with the
 *         dictionary of this build; skipped where the build made none. A planted fault, one word
 *         with another tag by the user, must change an answer. */
#include "check.h"

#include "base/file.h"
#include "data/node.h"
#include "text/pos_tag.h"

static const char dictionary[] = WL_BINARY_DIR "/bin/zh.wldict";

static bool is_same(const struct wl_segmenter *segmenter, struct wl_pos_tokens *tokens,
                    const struct wl_node *root)
{
    struct wl_str text = wl_node_get(root, "text")->text;
    const struct wl_node *word = wl_node_get(root, "words")->first;
    const struct wl_node *tag = wl_node_get(root, "tags")->first;

    CHECK_INT(wl_pos_cut(segmenter, text, tokens, NULL), WL_OK);
    for (size_t i = 0; i < tokens->n_items; i++, word = word->next, tag = tag->next) {
        struct wl_str got = {.data = text.data + tokens->items[i].i_byte,
                             .n_bytes = tokens->items[i].n_bytes};
        if (word == NULL || tag == NULL || !wl_str_equal(got, word->text) ||
            !wl_str_equal(wl_pos_name(segmenter, tokens->items[i].tag), tag->text)) {
            return false;
        }
    }
    return word == NULL;
}

static size_t count_same(const struct wl_segmenter *segmenter, size_t *n_lines, bool is_loud)
{
    struct wl_lines *lines = NULL;
    struct wl_arena arena_request;
    struct wl_pos_tokens tokens;
    struct wl_str line;
    bool got = true;
    size_t n_same = 0;

    wl_arena_init(&arena_request, wl_alloc_default(), 0);
    wl_pos_tokens_init(&tokens, wl_alloc_default());
    CHECK_INT(wl_lines_open(WL_SOURCE_DIR "/tests/golden/text/tags.jsonl", wl_alloc_default(),
                            &lines, NULL),
              WL_OK);
    *n_lines = 0;
    while (lines != NULL && wl_lines_next(lines, &line, &got, NULL) == WL_OK && got) {
        struct wl_node *root = NULL;
        wl_arena_reset(&arena_request);
        CHECK_INT(wl_json_parse(&arena_request, line, &root, NULL), WL_OK);
        bool is_good = is_same(segmenter, &tokens, root);
        if (!is_good && is_loud) {
            fprintf(stderr, "differs: %.*s\n", WL_STR_ARG(line));
        }
        n_same += is_good;
        ++*n_lines;
    }
    wl_lines_close(lines);
    wl_pos_tokens_release(&tokens);
    wl_arena_release(&arena_request);
    return n_same;
}

int main(void)
{
    struct wl_segmenter *segmenter = NULL;
    size_t n_lines;

    if (!wl_file_exists(dictionary)) {
        fprintf(stderr, "skipped: no %s; python3-jieba was not there\n", dictionary);
        return 77;
    }
    CHECK_INT(wl_segmenter_open(dictionary, wl_alloc_default(), &segmenter, NULL), WL_OK);
    if (segmenter != NULL) {
        CHECK_INT(count_same(segmenter, &n_lines, true), n_lines);
        CHECK(n_lines > 300);
        CHECK_INT(wl_segmenter_add(segmenter, WL_STR("会员 2000 zzz"), NULL), WL_OK);
        CHECK(count_same(segmenter, &n_lines, false) < n_lines); // the planted fault is seen
    }
    wl_segmenter_close(segmenter);
    return check_report();
}
