/* Goal:   a text is cut into words as documented; a damaged dictionary and bytes that are not UTF-8
 *         do no harm; a failed allocation leaves nothing behind.
 * Method: a table of texts over a dictionary of ten words; every byte of its file flipped and every
 *         prefix of it refused; random bytes, whose tokens must add up to the text. */
#include "check.h"

#include "text/segmenter.h"
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

enum mode { HMM, PLAIN, SEARCH };

static void check_cut(const struct wl_segmenter *segmenter, enum mode mode, const char *text,
                      const char *want)
{
    struct wl_tokens tokens;
    struct wl_buf got;
    struct wl_str view = wl_str_from(text);

    wl_tokens_init(&tokens, wl_alloc_default());
    wl_buf_init(&got, wl_alloc_default(), 0);
    if (mode == SEARCH) {
        CHECK_INT(wl_segmenter_cut_search(segmenter, view, true, &tokens, NULL), WL_OK);
    } else {
        CHECK_INT(wl_segmenter_cut(segmenter, view, mode == HMM, &tokens, NULL), WL_OK);
    }
    for (size_t i = 0; i < tokens.n_items; i++) {
        wl_buf_text(&got, i > 0 ? "|" : "");
        wl_buf_add(&got, text + tokens.items[i].i_byte, tokens.items[i].n_bytes);
    }
    CHECK_VIEW(wl_buf_view(&got), want);
    wl_buf_release(&got);
    wl_tokens_release(&tokens);
}

static void test_texts(void)
{
    static const struct {
        enum mode mode;
        const char *text;
        const char *want;
    } cases[] = {
        {HMM, "", ""},
        {HMM, "我取消会员", "我|取消会员"},
        {HMM, "北京大学的学生", "北京大学|的|学生"},
        {HMM, "小明", "小明"},    // made by the model
        {PLAIN, "小明", "小|明"}, // in no dictionary
        {HMM, "我a1.5%b", "我|a1.5%|b"},
        {PLAIN, "我ab", "我|ab"},
        {HMM, "C++的", "C++|的"},
        {HMM, "a  \r\nb\n", "a| | |\r\n|b|\n"},
        {HMM, "我，\U0001F600\u00e9", "我|，|\U0001F600|\u00e9"},
        {HMM, "\xff我\xe6\x88", "\xff|我|\xe6|\x88"},
        {SEARCH, "北京大学\U0001F600", "北京|大学|北京大学|\U0001F600"},
        {SEARCH, "我\xff", "我|\xff"},
    };
    struct wl_segmenter *segmenter = open_segmenter();

    for (size_t i = 0; i < COUNT(cases); i++) {
        check_cut(segmenter, cases[i].mode, cases[i].text, cases[i].want);
    }
    wl_segmenter_close(segmenter);
}

static void test_user_words(void)
{
    struct wl_segmenter *segmenter = open_segmenter();
    wl_error error;

    CHECK_INT(wl_segmenter_add(segmenter, WL_STR("大学的学生"), &error), WL_OK);
    check_cut(segmenter, HMM, "大学的学生", "大学的学生");
    CHECK_INT(wl_segmenter_add(segmenter, WL_STR("小明 20 nr"), &error), WL_OK);
    check_cut(segmenter, PLAIN, "我小明", "我|小明");
    CHECK_INT(wl_segmenter_add(segmenter, WL_STR("取消会员 0"), &error), WL_OK);
    check_cut(segmenter, HMM, "取消会员", "取消|会员");
    CHECK_INT(wl_segmenter_add(segmenter, WL_STR("小明 0"), &error), WL_OK);
    check_cut(segmenter, HMM, "小明", "小|明");
    CHECK_INT(wl_segmenter_add(segmenter, WL_STR("  "), &error), WL_OK);
    CHECK_INT(wl_segmenter_add(segmenter, WL_STR("a\xff 3"), &error), WL_EPARSE);
    CHECK_INT(wl_segmenter_add(segmenter, WL_STR("会员 99999999999"), &error), WL_ERANGE);
    wl_segmenter_close(segmenter);
}

static void test_damage_is_seen(void)
{
    struct wl_buf bytes;
    struct wl_segmenter *segmenter = NULL;

    CHECK_INT(text_dict_make(&bytes), WL_OK);
    for (size_t i = 0; i < bytes.n_bytes; i += i < 64 ? 1 : bytes.n_bytes / 50) {
        struct wl_str part = {.data = bytes.data, .n_bytes = i};
        CHECK(wl_segmenter_from(part, wl_alloc_default(), &segmenter, NULL) != WL_OK);
        bytes.data[i] ^= 1;
        CHECK(wl_segmenter_from(wl_buf_view(&bytes), wl_alloc_default(), &segmenter, NULL) !=
              WL_OK);
        bytes.data[i] ^= 1;
    }
    CHECK(segmenter == NULL);
    wl_buf_release(&bytes);
    CHECK_INT(wl_segmenter_open("/nowhere/zh.wldict", wl_alloc_default(), &segmenter, NULL),
              WL_ENOTFOUND);
}

static void test_bad_sources_are_refused(void)
{
    static const char *const words[] = {"", "会员\n", "会员 x n\n", "\xff 3 n\n", " 3 n\n"};
    struct wl_buf out;

    wl_buf_init(&out, wl_alloc_default(), 0);
    for (size_t i = 0; i < COUNT(words); i++) {
        struct wl_dict_source source = text_dict_source();
        source.words = wl_str_from(words[i]);
        CHECK(wl_dict_make(wl_alloc_default(), &source, &out, NULL) != WL_OK);
    }
    struct wl_dict_source source = text_dict_source();
    source.emission = WL_STR("P={'B': {'\\u5c0f': none}}");
    CHECK_INT(wl_dict_make(wl_alloc_default(), &source, &out, NULL), WL_EPARSE);
    source.emission = WL_STR("");
    CHECK_INT(wl_dict_make(wl_alloc_default(), &source, &out, NULL), WL_EPARSE);
    CHECK_INT(out.n_bytes, 0);
    wl_buf_release(&out);
}

static void test_random_bytes_add_up(void)
{
    static const char *const pieces[] = {"北",  "京",   "大学", "小",   "明", "\xe5",       "a",
                                         "1.5", "\r\n", "%",    "\xff", "我", "\U0001F600", "C+"};
    struct wl_segmenter *segmenter = open_segmenter();
    struct wl_tokens tokens;
    uint64_t seed = check_seed();

    wl_tokens_init(&tokens, wl_alloc_default());
    for (size_t round = 0; round < 2000; round++) {
        char text[256];
        size_t n = 0;
        for (size_t i = check_rand(&seed) % 40; i > 0; i--) {
            const char *piece = pieces[check_rand(&seed) % COUNT(pieces)];
            memcpy(text + n, piece, strlen(piece));
            n += strlen(piece);
        }
        struct wl_str view = {.data = text, .n_bytes = n};
        CHECK_INT(wl_segmenter_cut(segmenter, view, round % 2 == 0, &tokens, NULL), WL_OK);
        size_t at = 0;
        for (size_t i = 0; i < tokens.n_items; i++) {
            CHECK(tokens.items[i].n_bytes > 0);
            CHECK_INT(tokens.items[i].i_byte, at);
            at += tokens.items[i].n_bytes;
        }
        CHECK_INT(at, n);
    }
    wl_tokens_release(&tokens);
    wl_segmenter_close(segmenter);
}

static void test_every_failed_allocation(void)
{
    struct wl_buf bytes;

    CHECK_INT(text_dict_make(&bytes), WL_OK);
    for (size_t n_good = 0; n_good < 100; n_good++) {
        struct check_heap heap;
        struct wl_segmenter *segmenter = NULL;
        struct wl_tokens tokens;

        check_heap_init(&heap, n_good);
        wl_tokens_init(&tokens, &heap.alloc);
        wl_status status = wl_segmenter_from(wl_buf_view(&bytes), &heap.alloc, &segmenter, NULL);
        if (status == WL_OK) {
            status = wl_segmenter_add(segmenter, WL_STR("大学的学生"), NULL);
        }
        if (status == WL_OK) {
            status = wl_segmenter_cut(segmenter, WL_STR("我，北京大学的学生"), true, &tokens, NULL);
            CHECK(status == WL_OK || tokens.n_items == 0);
        }
        wl_tokens_release(&tokens);
        wl_segmenter_close(segmenter);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good > 5);
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
    wl_buf_release(&bytes);
}

int main(void)
{
    RUN(test_texts);
    RUN(test_user_words);
    RUN(test_damage_is_seen);
    RUN(test_bad_sources_are_refused);
    RUN(test_random_bytes_add_up);
    RUN(test_every_failed_allocation);
    return check_report();
}
