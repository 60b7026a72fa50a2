/* Goal:   texts are cut and tagged as documented; the user's words keep their tags and are known as
 *         such; any bytes are cut into tokens that add up; a table that is not understood is
 *         refused; a failed allocation leaves nothing behind.
 * Method: a table of texts over a dictionary of ten words and a model of four states, worked out by
 *         hand; random bytes; every allocation failed in turn. */
#include "check.h"

#include "text/pos_tag.h"
#include "text_dict.h"

static struct wl_segmenter *open_segmenter(void)
{
    struct wl_buf bytes;
    struct wl_segmenter *segmenter = NULL;

    CHECK_INT(text_dict_make(&bytes), WL_OK);
    CHECK_INT(wl_segmenter_from(wl_buf_view(&bytes), wl_alloc_default(), &segmenter, NULL), WL_OK);
    wl_buf_release(&bytes);
    return segmenter;
}

static void check_tags(const struct wl_segmenter *segmenter, const char *text, const char *want)
{
    struct wl_pos_tokens tokens;
    struct wl_buf got;

    wl_pos_tokens_init(&tokens, wl_alloc_default());
    wl_buf_init(&got, wl_alloc_default(), 0);
    CHECK_INT(wl_pos_cut(segmenter, wl_str_from(text), &tokens, NULL), WL_OK);
    for (size_t i = 0; i < tokens.n_items; i++) {
        wl_buf_text(&got, i > 0 ? "|" : "");
        wl_buf_add(&got, text + tokens.items[i].i_byte, tokens.items[i].n_bytes);
        wl_buf_char(&got, '/');
        wl_buf_str(&got, wl_pos_name(segmenter, tokens.items[i].tag));
        wl_buf_text(&got, tokens.items[i].is_users ? "*" : "");
    }
    CHECK_VIEW(wl_buf_view(&got), want);
    wl_buf_release(&got);
    wl_pos_tokens_release(&tokens);
}

static void test_texts(void)
{
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        {"", ""},
        {"我取消会员", "我/r|取消会员/v"},
        {"北京大学的学生", "北京大学/nt|的/uj|学生/n"},
        {"小明", "小明/nr"},                  // B-E: -2.0 -4.0 -0.1 -4.0, the only path to E
        {"小小", "小/a|小/nr"},               // S-B: -2.5 -5.0 -1.5 -4.0 = -13; it ends unfinished
        {"明", "明/x"},                       // alone: not asked of the model
        {"我50%-b", "我/n|50/m|%/x|-/x|b/x"}, // a run is the model's: 我 may be all, S n is last
        {"v2.0ab", "v2/eng|.0/m|ab/eng"},
        {"a_b", "a/eng|_/x|b/eng"},
        {"C++的", "C++/nz|的/uj"},
        {"a\r\n\xff，", "a/x|\r\n/x|\xff/x|，/x"},
    };
    struct wl_segmenter *segmenter = open_segmenter();

    for (size_t i = 0; i < COUNT(cases); i++) {
        check_tags(segmenter, cases[i].text, cases[i].want);
    }
    CHECK_INT(wl_pos_find(segmenter, WL_STR("nope")), WL_POS_NONE);
    CHECK_VIEW(wl_pos_name(segmenter, wl_pos_find(segmenter, WL_STR("nt"))), "nt");
    wl_segmenter_close(segmenter);
}

static void test_user_words(void)
{
    struct wl_segmenter *segmenter = open_segmenter();

    CHECK_INT(wl_segmenter_add(segmenter, WL_STR("小明 20 hero"), NULL), WL_OK);
    CHECK_INT(wl_segmenter_add(segmenter, WL_STR("大学的学生"), NULL), WL_OK);
    CHECK_INT(wl_segmenter_add(segmenter, WL_STR("会员 500"), NULL), WL_OK);
    check_tags(segmenter, "小明会员", "小明/hero*|会员/n*"); // without a tag: the dictionary's
    check_tags(segmenter, "大学的学生", "大学的学生/x*");
    CHECK_INT(wl_segmenter_add(segmenter, WL_STR("会员 0"), NULL), WL_OK);
    check_tags(segmenter, "取消，北京", "取消/v|，/x|北京/ns");
    wl_segmenter_close(segmenter);
}

static void test_random_bytes_add_up(void)
{
    static const char *const pieces[] = {"北",  "京",   "大学", "小",   "明", "\xe5",       "a",
                                         "1.5", "\r\n", "%",    "\xff", "我", "\U0001F600", "C+"};
    struct wl_segmenter *segmenter = open_segmenter();
    struct wl_pos_tokens tokens;
    uint64_t seed = check_seed();

    wl_pos_tokens_init(&tokens, wl_alloc_default());
    for (size_t round = 0; round < 2000; round++) {
        char text[256];
        size_t n = 0;
        size_t at = 0;
        for (size_t i = check_rand(&seed) % 40; i > 0; i--) {
            const char *piece = pieces[check_rand(&seed) % COUNT(pieces)];
            memcpy(text + n, piece, strlen(piece));
            n += strlen(piece);
        }
        struct wl_str view = {.data = text, .n_bytes = n};
        CHECK_INT(wl_pos_cut(segmenter, view, &tokens, NULL), WL_OK);
        for (size_t i = 0; i < tokens.n_items; i++) {
            CHECK(tokens.items[i].i_byte == at && tokens.items[i].n_bytes > 0);
            at += tokens.items[i].n_bytes;
        }
        CHECK_INT(at, n);
    }
    wl_pos_tokens_release(&tokens);
    wl_segmenter_close(segmenter);
}

// Longer than one piece of the model, and of characters it has never seen.
static void test_long_run(void)
{
    struct wl_segmenter *segmenter = open_segmenter();
    struct wl_pos_tokens tokens;
    struct wl_buf text;
    size_t n_bytes = 0;

    wl_pos_tokens_init(&tokens, wl_alloc_default());
    wl_buf_init(&text, wl_alloc_default(), 0);
    for (size_t i = 0; i < 3 * WL_POS_RUN_MAX + 7; i++) {
        wl_buf_text(&text, i % 3 == 0 ? "小" : "龘");
    }
    CHECK_INT(wl_pos_cut(segmenter, wl_buf_view(&text), &tokens, NULL), WL_OK);
    for (size_t i = 0; i < tokens.n_items; i++) {
        n_bytes += tokens.items[i].n_bytes;
    }
    CHECK_INT(n_bytes, text.n_bytes);
    wl_buf_release(&text);
    wl_pos_tokens_release(&tokens);
    wl_segmenter_close(segmenter);
}

static void test_bad_tables_are_refused(void)
{
    static const char *const tables[] = {
        "",
        "P=",
        "P={",
        "P={('B', 'n'): }",
        "P={('Q', 'n'): -1.0}",
        "P={('B', 'n': -1.0}",
        "P={'B': -1.0}",
        "P={('B', 'nr'): {('E', 'zz'): -1.0}}",
        "P={('B', 'nr'): {'\\u5c0f': x}}",
        "P={('B', 'nr'): {'\\u5c0f': -1.0}",
        "P={'\\u5c0f': (('B', 'nr')",
    };
    struct wl_buf out;

    wl_buf_init(&out, wl_alloc_default(), 0);
    for (size_t i = 0; i < COUNT(tables) * 4; i++) {
        struct wl_dict_source source = text_dict_source();
        struct wl_str *const places[] = {&source.tag_start, &source.tag_transition,
                                         &source.tag_emission, &source.tag_states};
        *places[i % 4] = wl_str_from(tables[i / 4]);
        CHECK_INT(wl_dict_make(wl_alloc_default(), &source, &out, NULL), WL_EPARSE);
    }
    CHECK_INT(out.n_bytes, 0);
    wl_buf_release(&out);
}

static void test_every_allocation_may_fail(void)
{
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_dict_source source = text_dict_source();
        struct wl_segmenter *segmenter = NULL;
        struct wl_pos_tokens tokens;
        struct wl_buf bytes;

        check_heap_init(&heap, n_good);
        wl_buf_init(&bytes, &heap.alloc, 0);
        wl_pos_tokens_init(&tokens, &heap.alloc);
        wl_status status = wl_dict_make(&heap.alloc, &source, &bytes, NULL);
        if (status == WL_OK) {
            status = wl_segmenter_from(wl_buf_view(&bytes), &heap.alloc, &segmenter, NULL);
        }
        if (status == WL_OK) {
            status = wl_segmenter_add(segmenter, WL_STR("小明 20 hero"), NULL);
        }
        if (status == WL_OK) {
            status = wl_pos_cut(segmenter, WL_STR("我小小明"), &tokens, NULL);
        }
        CHECK(status == WL_OK || status == WL_ENOMEM);
        wl_pos_tokens_release(&tokens);
        wl_segmenter_close(segmenter);
        wl_buf_release(&bytes);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            break;
        }
    }
}

int main(void)
{
    RUN(test_texts);
    RUN(test_user_words);
    RUN(test_random_bytes_add_up);
    RUN(test_long_run);
    RUN(test_bad_tables_are_refused);
    RUN(test_every_allocation_may_fail);
    return check_report();
}
