/* Goal:   English words end where a reader says they do; stems join their forms and keep negation;
 *         no negation is a stop word in either language.
 * Method: tables; every negation against both lists; failed allocations. */
#include "check.h"

#include "text/english.h"
#include "text/stop_words.h"

static void test_words(void)
{
    static const struct {
        const char *text;
        const char *word;
    } cases[] = {
        {"hello world", "hello"},
        {"don't go", "don't"},
        {"it\u2019s", "it\u2019s"},
        {"users' fault", "users"},
        {"'quoted'", ""},
        {"quoted'", "quoted"},
        {"e-mail me", "e-mail"},
        {"user-friendly", "user"},
        {"t-shirt", "t-shirt"},
        {"4k video", "4k"},
        {"iphone15pro", "iphone15pro"},
        {"c++ is", "c++"},
        {"c#", "c#"},
        {"a+b", "a+"},
        {"好的", ""},
        {"café", "café"},
        {"naïve-", "naïve"},
        {"ok好", "ok"},
        {"", ""},
        {"rock'n'roll", "rock'n'roll"},
        {"x\xff", "x"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_str text = wl_str_from(cases[i].text);
        struct wl_str word = {.data = text.data, .n_bytes = wl_english_end(text, 0)};
        CHECK_VIEW(word, cases[i].word);
    }
}

static void test_stems(void)
{
    static const struct {
        const char *word;
        const char *stem;
    } cases[] = {
        {"paying", "pay"},
        {"pays", "pay"},
        {"cancelled", "cancel"},
        {"cancellation", "cancel"},
        {"subscriptions", "subscript"},
        {"don't", "not"},
        {"won\u2019t", "not"},
        {"cannot", "not"},
        {"can't", "not"},
        {"not", "not"},
        {"never", "never"},
        {"without", "without"},
        {"it's", "it"},
        {"we'll", "we"},
        {"company's", "compani"},
        {"a", "a"},
        {"crashes", "crash"},
        {"no", "no"},
    };
    struct wl_english *english = NULL;

    CHECK_INT(wl_english_new(wl_alloc_default(), &english, NULL), WL_OK);
    for (size_t i = 0; i < COUNT(cases); i++) {
        CHECK_VIEW(wl_english_stem(english, wl_str_from(cases[i].word)), cases[i].stem);
    }
    char word[100];
    memset(word, 'a', sizeof(word));
    struct wl_str longest = {.data = word, .n_bytes = sizeof(word)};
    CHECK_INT(wl_english_stem(english, longest).n_bytes, sizeof(word));
    wl_english_free(english);
    wl_english_free(NULL);
}

static void test_negations_are_no_stop_words(void)
{
    static const char *const zh[] = {"不", "没", "没有", "别",   "无",
                                     "非", "未", "不是", "不要", "无法"};
    static const char *const en[] = {"no",     "not",   "never", "nor",
                                     "cannot", "don't", "isn't", "without"};
    static const char *const stop_zh[] = {"的", "了", "我们", "这个", "因为", "不过", "不管"};
    static const char *const stop_en[] = {"the", "is", "i", "and", "been", "very"};
    static const char *const content[] = {"会员", "贵", "refund", "cancel", "好", "不错"};
    struct wl_stop_words stop;

    CHECK_INT(wl_stop_words_init(&stop, wl_alloc_default(), NULL), WL_OK);
    // A list of the user's cannot make them stop words either.
    CHECK_INT(wl_stop_words_add(&stop, WL_LANGUAGE_ZH, WL_STR("不\n亲 \n# 好\n\n"), NULL), WL_OK);
    CHECK(wl_stop_words_has(&stop, WL_LANGUAGE_ZH, WL_STR("亲")));
    for (size_t i = 0; i < COUNT(zh); i++) {
        CHECK(wl_is_negation(WL_LANGUAGE_ZH, wl_str_from(zh[i])));
        CHECK(!wl_stop_words_has(&stop, WL_LANGUAGE_ZH, wl_str_from(zh[i])));
    }
    for (size_t i = 0; i < COUNT(en); i++) {
        CHECK(wl_is_negation(WL_LANGUAGE_EN, wl_str_from(en[i])));
        CHECK(!wl_stop_words_has(&stop, WL_LANGUAGE_EN, wl_str_from(en[i])));
    }
    for (size_t i = 0; i < COUNT(stop_zh); i++) {
        CHECK(wl_stop_words_has(&stop, WL_LANGUAGE_ZH, wl_str_from(stop_zh[i])));
    }
    for (size_t i = 0; i < COUNT(stop_en); i++) {
        CHECK(wl_stop_words_has(&stop, WL_LANGUAGE_EN, wl_str_from(stop_en[i])));
    }
    for (size_t i = 0; i < COUNT(content); i++) {
        CHECK(!wl_stop_words_has(&stop, WL_LANGUAGE_EN, wl_str_from(content[i])));
        CHECK(!wl_stop_words_has(&stop, WL_LANGUAGE_ZH, wl_str_from(content[i])));
    }
    CHECK(stop.words[WL_LANGUAGE_ZH].n_strings > 700);
    wl_stop_words_release(&stop);
}

static void test_failed_allocations(void)
{
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_stop_words stop;
        struct wl_english *english = NULL;

        check_heap_init(&heap, n_good);
        wl_status status = wl_stop_words_init(&stop, &heap.alloc, NULL);
        if (status == WL_OK) {
            status = wl_english_new(&heap.alloc, &english, NULL);
            wl_stop_words_release(&stop);
        }
        wl_english_free(english);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
}

int main(void)
{
    RUN(test_words);
    RUN(test_stems);
    RUN(test_negations_are_no_stop_words);
    RUN(test_failed_allocations);
    return check_report();
}
