/* Goal:   keywords, their order and their weights are those of python3-jieba 0.42.1, by TF-IDF, by
 *         TF-IDF with a filter of parts of speech, and by TextRank; but the user's own words pass
 *         every such filter.
 * Method: texts of our own with jieba's answers (keywords.jsonl, by make_keywords.py); skipped where
 *         the build made no dictionary. A planted fault, one more stop word, must change an answer;
 *         then a user's word of a part of speech that the filter does not name. */
#include "check.h"

#include "base/file.h"
#include "data/node.h"
#include "text/keywords.h"

static const char dictionary[] = WL_BINARY_DIR "/bin/zh.wldict";
static const char rarities[] = WL_BINARY_DIR "/bin/zh.wlidf";

struct world {
    struct wl_segmenter *segmenter;
    struct wl_idf idf;
    struct wl_dict stop_words;
    struct wl_keywords keywords;
};

static bool is_same(const struct wl_keywords *keywords, struct wl_str text,
                    const struct wl_node *want)
{
    const struct wl_node *pair = want->first;

    for (size_t i = 0; i < keywords->n_items; i++, pair = pair->next) {
        const struct wl_keyword *got = &keywords->items[i];
        struct wl_str word = {.data = text.data + got->i_byte, .n_bytes = got->n_bytes};
        // Both sides do the same operations: equal but for how JSON writes a double.
        if (pair == NULL || !wl_str_equal(word, pair->first->text) ||
            fabs(got->weight - pair->first->next->number) > 1e-14 * got->weight) {
            return false;
        }
    }
    return pair == NULL;
}

static bool is_line_same(struct world *world, const struct wl_node *root)
{
    struct wl_str text = wl_node_get(root, "text")->text;
    struct wl_keyword_filter all = {.stop_words = &world->stop_words};
    struct wl_keyword_filter nouns = all;
    struct wl_keyword_filter rank = all;
    bool is_good = true;

    CHECK_INT(wl_keyword_filter_set(&nouns, world->segmenter, WL_STR("n,nr,ns,nz,eng"), NULL),
              WL_OK);
    CHECK_INT(wl_keyword_filter_set(&rank, world->segmenter, WL_STR(WL_RANK_TAGS), NULL), WL_OK);
    CHECK_INT(
        wl_keywords_tfidf(world->segmenter, &world->idf, &all, text, 20, &world->keywords, NULL),
        WL_OK);
    is_good = is_same(&world->keywords, text, wl_node_get(root, "tfidf"));
    CHECK_INT(
        wl_keywords_tfidf(world->segmenter, &world->idf, &nouns, text, 0, &world->keywords, NULL),
        WL_OK);
    is_good = is_same(&world->keywords, text, wl_node_get(root, "nouns")) && is_good;
    CHECK_INT(wl_keywords_rank(world->segmenter, &rank, text, 0, &world->keywords, NULL), WL_OK);
    return is_same(&world->keywords, text, wl_node_get(root, "rank")) && is_good;
}

static size_t count_same(struct world *world, size_t *n_lines, bool is_loud)
{
    const char *other = getenv("WL_KEYWORDS_FILE"); // another file made by the same script
    struct wl_lines *lines = NULL;
    struct wl_arena arena_request;
    struct wl_str line;
    bool got = true;
    size_t n_same = 0;

    wl_arena_init(&arena_request, wl_alloc_default(), 0);
    CHECK_INT(
        wl_lines_open(other != NULL ? other : WL_SOURCE_DIR "/tests/golden/text/keywords.jsonl",
                      wl_alloc_default(), &lines, NULL),
        WL_OK);
    *n_lines = 0;
    while (lines != NULL && wl_lines_next(lines, &line, &got, NULL) == WL_OK && got) {
        struct wl_node *root = NULL;
        wl_arena_reset(&arena_request);
        CHECK_INT(wl_json_parse(&arena_request, line, &root, NULL), WL_OK);
        bool is_good = is_line_same(world, root);
        if (!is_good && is_loud) {
            fprintf(stderr, "differs: %.*s\n", WL_STR_ARG(line));
        }
        n_same += is_good;
        ++*n_lines;
    }
    wl_lines_close(lines);
    wl_arena_release(&arena_request);
    return n_same;
}

static void test_user_words_pass(struct world *world)
{
    struct wl_str text = WL_STR("我喜欢会员日，会员日有优惠");
    struct wl_keyword_filter filter = {0};

    CHECK_INT(wl_segmenter_add(world->segmenter, WL_STR("会员日 500 zzz"), NULL), WL_OK);
    CHECK_INT(wl_keyword_filter_set(&filter, world->segmenter, WL_STR("n"), NULL), WL_OK);
    CHECK_INT(wl_keywords_rank(world->segmenter, &filter, text, 0, &world->keywords, NULL), WL_OK);
    CHECK(world->keywords.n_items > 0 && world->keywords.items[0].n_bytes == strlen("会员日"));
    CHECK_INT(
        wl_keywords_tfidf(world->segmenter, &world->idf, &filter, text, 1, &world->keywords, NULL),
        WL_OK);
    CHECK(world->keywords.n_items == 1 && world->keywords.items[0].count == 2);
}

int main(void)
{
    struct world world = {0};
    size_t n_lines;
    uint32_t id;

    if (!wl_file_exists(dictionary) || !wl_file_exists(rarities)) {
        fprintf(stderr, "skipped: no %s; python3-jieba was not there\n", dictionary);
        return 77;
    }
    wl_keywords_init(&world.keywords, wl_alloc_default());
    wl_dict_init(&world.stop_words, wl_alloc_default());
    CHECK_INT(wl_segmenter_open(dictionary, wl_alloc_default(), &world.segmenter, NULL), WL_OK);
    CHECK_INT(wl_idf_open(rarities, wl_alloc_default(), &world.idf, NULL), WL_OK);
    if (check_failures == 0) {
        CHECK_INT(count_same(&world, &n_lines, true), n_lines);
        CHECK(n_lines > 200);
        CHECK_INT(wl_dict_intern(&world.stop_words, WL_STR("会员"), &id, NULL), WL_OK);
        CHECK(count_same(&world, &n_lines, false) < n_lines); // the planted fault is seen
        test_user_words_pass(&world);
    }
    wl_idf_release(&world.idf);
    wl_segmenter_close(world.segmenter);
    wl_dict_release(&world.stop_words);
    wl_keywords_release(&world.keywords);
    return check_report();
}
