/* Goal:   a text becomes the sentences and terms that a reader sees, each with a way back to its
 *         raw bytes; every visible byte belongs to exactly one term.
 * Method: a table over a dictionary of ten words; the same without a dictionary; random pieces,
 *         whose terms must cover the text; failed allocations; no allocation once grown. */
#include "check.h"

#include "text/analyser.h"
#include "text_dict.h"

struct setup {
    struct wl_segmenter *segmenter;
    struct wl_stop_words stop;
    struct wl_analyser analyser;
    struct wl_analysis analysis;
};

static void setup_open(struct setup *setup)
{
    struct wl_buf bytes;

    CHECK_INT(text_dict_make(&bytes), WL_OK);
    CHECK_INT(wl_segmenter_from(wl_buf_view(&bytes), wl_alloc_default(), &setup->segmenter, NULL),
              WL_OK);
    wl_buf_release(&bytes);
    CHECK_INT(wl_stop_words_init(&setup->stop, wl_alloc_default(), NULL), WL_OK);
    CHECK_INT(wl_analysis_init(&setup->analysis, wl_alloc_default(), NULL), WL_OK);
    setup->analyser = (struct wl_analyser){.segmenter = setup->segmenter, .stop = &setup->stop};
}

static void setup_close(struct setup *setup)
{
    wl_segmenter_close(setup->segmenter);
    wl_stop_words_release(&setup->stop);
    wl_analysis_release(&setup->analysis);
}

// "z会员 e:pay n3:299 ./ ...": a letter for the kind, the form, "'" for stop words, "/" behind a
// sentence.
static void describe(const struct wl_analysis *analysis, struct wl_buf *out)
{
    static const char letters[] = "zeonm*.s";

    wl_buf_clear(out);
    for (size_t i = 0; i < analysis->n_terms; i++) {
        const struct wl_term *term = &analysis->terms[i];
        if (i > 0) {
            wl_buf_text(out, term->i_sentence != analysis->terms[i - 1].i_sentence ? " / " : " ");
        }
        wl_buf_char(out, letters[term->kind]);
        wl_buf_str(out, wl_analysis_form(analysis, term));
        wl_buf_text(out, term->is_stop ? "'" : "");
        wl_buf_text(out, term->is_negation ? "!" : "");
    }
}

static void test_texts(void)
{
    static const struct {
        const char *raw;
        const char *want;
    } cases[] = {
        {"", ""},
        {" \n ", ""},
        {"我取消会员。", "z我' z取消会员 .。"},
        {"北京大学的学生！小明？", "z北京大学 z的' z学生 .! / z小明 .?"},
        {"我不取消", "z我' z不! z取消"},
        {"Don't pay, I'm cancelling. Now!", "enot! epay ., ei' ecancel .. / enow' .!"},
        {"the users weren't told", "ethe' euser enot! etold"},
        {"会员299元，3.5%", "z会员 n<num2> z元 ., n<num0>"},
        {"三百二十元和1万2", "n<num2> z元 z和' n<num4>"},
        {"一个会员", "z一' z个' z会员"},
        {"万一取消", "z万 z一' z取消"},
        {"4K iPhone15 v1.2", "e4k eiphone15 ev1 .. n<num0>"},
        {"电话13812345678，会员", "z电 z话 m<phone> ., z会员"},
        {"mail a@b.com @me now", "email m<email> m<handle> enow'"},
        {"好😀👍🏽👨\u200d👩\u200d👧！！！",
         "z好 *😀 *👍🏽 *👨\u200d👩\u200d👧 .!!!"},
        {"ok:) 😀😀 [赞] <3 <300 xdata", "eok' *:) *😀 *😀 *[赞] *<3 s< n<num2> exdata"},
        {"地址:(北京)", "z地' z址 .: .( z北京 .)"},
        {"🇨🇳🇺🇸 1\ufe0f\u20e3 ™©", "*🇨🇳 *🇺🇸 e1\u20e3 etm s©"},
        {"очень плохо", "oочень oплохо"},
        {"first line\nsecond", "efirst eline / esecond"},
        {"e.g. this. That", "ee .. eg .. / ethis' .. / ethat'"},
        {"3.5 and 1,299.50", "n<num0> eand' n<num3>"},
        {"C++的会员", "ec++ z的' z会员"},
        {"a\xff"
         "b",
         "ea' s\ufffd eb"},
        {"@@", ".@@"},
        {"我a1.5%b", "z我' ea1 .. n<num0> eb"},
        {"会员二十元一年", "z会员 n<num1> z元 z一' z年'"},
        {"我v2三百二十", "z我' ev2 n<num2>"},
    };
    struct setup setup;
    struct wl_buf got;

    setup_open(&setup);
    wl_buf_init(&got, wl_alloc_default(), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_str raw = wl_str_from(cases[i].raw);
        CHECK_INT(wl_analyse(&setup.analyser, raw, &setup.analysis, NULL), WL_OK);
        describe(&setup.analysis, &got);
        CHECK_VIEW(wl_buf_view(&got), cases[i].want);
        CHECK(!setup.analysis.is_degraded);
    }
    wl_buf_release(&got);
    setup_close(&setup);
}

static void test_way_back(void)
{
    struct wl_str raw = WL_STR("  ＶＩＰ会员\u200b好！ Don\u2019t pay… ");
    static const char *const want[] = {"ＶＩＰ", "会员", "好", "！", "Don\u2019t", "pay", "…"};
    struct setup setup;

    setup_open(&setup);
    CHECK_INT(wl_analyse(&setup.analyser, raw, &setup.analysis, NULL), WL_OK);
    CHECK_INT(setup.analysis.n_terms, COUNT(want));
    for (size_t i = 0; i < setup.analysis.n_terms && i < COUNT(want); i++) {
        const struct wl_term *term = &setup.analysis.terms[i];
        CHECK_VIEW(wl_normal_raw(&setup.analysis.normal, raw, term->i_byte, term->n_bytes),
                   want[i]);
    }
    CHECK_INT(setup.analysis.language, WL_TEXT_EN); // three words against three characters
    CHECK_INT(setup.analysis.n_sentences, 2);
    const struct wl_sentence *second = &setup.analysis.sentences[1];
    CHECK_INT(second->n_terms, 3);
    CHECK_VIEW(wl_normal_raw(&setup.analysis.normal, raw, second->i_byte, second->n_bytes),
               "Don\u2019t pay…");
    setup_close(&setup);
}

static void test_without_dictionary(void)
{
    struct setup setup;
    struct wl_analyser bare = {0};
    struct wl_buf got;

    setup_open(&setup);
    wl_buf_init(&got, wl_alloc_default(), 0);
    CHECK_INT(wl_analyse(&bare, WL_STR("会员VIP贵2元"), &setup.analysis, NULL), WL_OK);
    describe(&setup.analysis, &got);
    CHECK_VIEW(wl_buf_view(&got), "z会 z员 evip z贵 n<num0> z元");
    CHECK(setup.analysis.is_degraded);
    CHECK_INT(wl_analyse(&bare, WL_STR("too expensive"), &setup.analysis, NULL), WL_OK);
    CHECK(!setup.analysis.is_degraded);
    wl_buf_release(&got);
    setup_close(&setup);
}

static void check_cover(const struct wl_analysis *analysis)
{
    struct wl_str text = wl_buf_view(&analysis->normal.text);
    size_t at = 0;
    size_t n_terms = 0;

    for (size_t i = 0; i < analysis->n_terms; i++) {
        const struct wl_term *term = &analysis->terms[i];
        struct wl_str gap = {.data = text.data + at, .n_bytes = term->i_byte - at};
        CHECK(term->i_byte >= at && term->n_bytes > 0);
        CHECK_INT(wl_str_trim(gap).n_bytes, 0);
        CHECK(wl_analysis_form(analysis, term).n_bytes > 0);
        at = term->i_byte + (size_t)term->n_bytes;
    }
    CHECK_INT(at, text.n_bytes); // nothing visible is left; no white space is at the end
    for (size_t i = 0; i < analysis->n_sentences; i++) {
        CHECK_INT(analysis->sentences[i].i_term, n_terms);
        CHECK(analysis->sentences[i].n_terms > 0);
        n_terms += analysis->sentences[i].n_terms;
    }
    CHECK_INT(n_terms, analysis->n_terms);
}

static void test_terms_cover_random_texts(void)
{
    static const char *const pieces[] = {"北京",
                                         "大学",
                                         "我",
                                         "a",
                                         "Z",
                                         "1",
                                         ".",
                                         "5",
                                         "%",
                                         " ",
                                         "\n",
                                         "！",
                                         "。",
                                         "@",
                                         "'",
                                         "don't",
                                         "😀",
                                         "\u200d",
                                         "👍🏽",
                                         "[",
                                         "赞",
                                         "]",
                                         ":)",
                                         "三百",
                                         "十",
                                         "万",
                                         "点",
                                         "\xff",
                                         "\xe4",
                                         "13812345678",
                                         "http://x.cn/a",
                                         "#",
                                         "+",
                                         "-",
                                         "_",
                                         "&",
                                         "г",
                                         "한",
                                         "か",
                                         "\u3099",
                                         "a@b.cn",
                                         "\u0301",
                                         "🇨",
                                         "(",
                                         "微信",
                                         "号:"};
    uint64_t seed = check_seed();
    struct setup setup;
    struct wl_buf raw;

    setup_open(&setup);
    wl_buf_init(&raw, wl_alloc_default(), 0);
    for (size_t round = 0; round < 20000 && check_failures == 0; round++) {
        wl_buf_clear(&raw);
        for (size_t i = check_rand(&seed) % 20; i > 0; i--) {
            wl_buf_text(&raw, pieces[check_rand(&seed) % COUNT(pieces)]);
        }
        struct wl_analyser analyser = setup.analyser;
        analyser.segmenter = round % 3 == 0 ? NULL : analyser.segmenter;
        CHECK_INT(wl_analyse(&analyser, wl_buf_view(&raw), &setup.analysis, NULL), WL_OK);
        check_cover(&setup.analysis);
        if (check_failures > 0) {
            fprintf(stderr, "text: %s\n", raw.data);
        }
    }
    wl_buf_release(&raw);
    setup_close(&setup);
}

static void test_allocations(void)
{
    struct wl_str raw = WL_STR("Cancelling users！我取消会员13812345678，ＶＩＰ 小明。");
    struct setup setup;

    setup_open(&setup);
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_analysis analysis = {0};

        check_heap_init(&heap, n_good);
        wl_status status = wl_analysis_init(&analysis, &heap.alloc, NULL);
        if (status == WL_OK) {
            status = wl_analyse(&setup.analyser, raw, &analysis, NULL);
        }
        if (status == WL_OK) {
            size_t n_requests = heap.n_requests;
            CHECK_INT(wl_analyse(&setup.analyser, raw, &analysis, NULL), WL_OK);
            CHECK_INT(heap.n_requests, n_requests);
        } else {
            CHECK_INT(status, WL_ENOMEM);
            CHECK_INT(analysis.n_terms, 0);
        }
        wl_analysis_release(&analysis);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good >= 8);
            break;
        }
    }
    setup_close(&setup);
}

int main(void)
{
    RUN(test_texts);
    RUN(test_way_back);
    RUN(test_without_dictionary);
    RUN(test_terms_cover_random_texts);
    RUN(test_allocations);
    return check_report();
}
