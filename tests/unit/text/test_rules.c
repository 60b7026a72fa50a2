/* Goal:   rules count what they say: words and phrases, their ends, negation, emphasis, scopes,
 *         words that silence others; and a file that is wrong is refused with its place.
 * Method: one small file and a table of texts with the points they must get; a table of faulty
 *         files; folding by example; a heap whose n-th request fails; a planted fault. */
#include "check.h"

#include "base/buf.h"
#include "text/rules.h"
#include "text/rules_inside.h"

static const char rules_text[] =
    "version: 1\n"
    "name: test\n"
    "task: any\n"
    "reach: 3\n"
    "negators: [不, 没有, 没, not, never, '*n''t']\n"
    "breaks: [但, but]\n"
    "more: [很, very]\n"
    "less: [有点, a bit]\n"
    "ignore: [不但, 会员卡]\n"
    "labels:\n"
    "- id: slow\n"
    "  rules:\n"
    "  - any: [卡, 卡顿, slow, buffer*]\n"
    "  - {all: ['(等|wait)', '(半天|hours)'], none: [客服, support], scope: clause, points: 2}\n"
    "- id: ads\n"
    "  zh: 广告\n"
    "  answer: ads\n"
    "  examples: {zh: [广告多], en: [too many ads, pop-ups]}\n"
    "  rules:\n"
    "  - any: [广告, ads, pop up]\n"
    "- id: good\n"
    "  negated: bad\n"
    "  rules:\n"
    "  - any: [好, good]\n"
    "- id: bad\n"
    "  negated: keep\n"
    "  rules:\n"
    "  - {any: [不好, bad], points: 2}\n"
    "  - {all: [钱, 贵], scope: text}\n";

static struct wl_text_classifier *open_text(const char *text, wl_error *error)
{
    struct wl_rules_file file = {.name = "t.yaml", .text = wl_str_from(text)};
    struct wl_text_classifier *classifier = NULL;

    CHECK_INT(wl_rules_open(wl_alloc_default(), &file, 1, &classifier, error), WL_OK);
    return classifier;
}

static const struct {
    const char *text;
    double points[4]; // slow, ads, good, bad
} cases[] = {
    {"", {0, 0, 0, 0}},
    {"卡", {1, 0, 0, 0}},
    {"卡顿", {1, 0, 0, 0}}, // one word, not two
    {"会员卡", {0, 0, 0, 0}},
    {"会员卡卡顿", {1, 0, 0, 0}},
    {"不卡", {0, 0, 0, 0}},
    {"一点都不觉得卡", {0, 0, 0, 0}},
    {"没有广告", {0, 0, 0, 0}},
    {"没有不卡", {1, 0, 0, 0}}, // taken back
    {"不但卡", {1, 0, 0, 0}},
    {"不，卡", {1, 0, 0, 0}},                 // another clause
    {"不 卡", {1, 0, 0, 0}},                  // a blank between Chinese characters is a pause
    {"不是别的什么原因就是卡", {1, 0, 0, 0}}, // out of reach
    {"很卡", {1.5, 0, 0, 0}},
    {"有点卡", {0.6, 0, 0, 0}},
    {"SLOW", {1, 0, 0, 0}},
    {"ｓｌｏｗ", {1, 0, 0, 0}}, // full width
    {"slowly", {0, 0, 0, 0}},
    {"so-slow", {1, 0, 0, 0}},
    {"buffering", {1, 0, 0, 0}},
    {"rebuffering", {0, 0, 0, 0}},
    {"bads", {0, 0, 0, 0}},
    {"not slow but ads", {0, 1, 0, 0}},
    {"not all that slow", {0, 0, 0, 0}},
    {"isn't slow", {0, 0, 0, 0}},
    {"isn\u2019t slow", {0, 0, 0, 0}},
    {"never ever had it been slow", {1, 0, 0, 0}},
    {"pop-up", {0, 1, 0, 0}},
    {"pop  up", {0, 1, 0, 0}},
    {"好", {0, 0, 1, 0}},
    {"不好", {0, 0, 0, 2}}, // a word of its own; its parts say nothing
    {"没那么好", {0, 0, 0, 1}},
    {"not good", {0, 0, 0, 1}},
    {"very good", {0, 0, 1.5, 0}},
    {"等了半天", {2, 0, 0, 0}},
    {"等客服半天", {0, 0, 0, 0}},
    {"等，半天", {0, 0, 0, 0}}, // not in one clause
    {"wait for hours. support", {2, 0, 0, 0}},
    {"半天没等", {0, 0, 0, 0}},
    {"钱多。还贵", {0, 0, 0, 1}},
    {"钱钱钱", {0, 0, 0, 0}},
    {"好\xFF\xE5好", {0, 0, 2, 0}}, // bytes that are no UTF-8
    {"\u200b卡\u200d顿", {1, 0, 0, 0}},
};

static void test_points(void)
{
    struct wl_text_classifier *classifier = open_text(rules_text, NULL);
    struct wl_text_scratch *scratch = NULL;

    CHECK_INT(wl_text_scratch_new(wl_alloc_default(), &scratch, NULL), WL_OK);
    for (size_t i = 0; i < COUNT(cases); i++) {
        double points[4] = {-1, -1, -1, -1};
        CHECK_INT(wl_rules_score(classifier, wl_str_from(cases[i].text), scratch, points, NULL,
                                 NULL, NULL),
                  WL_OK);
        for (size_t k = 0; k < 4; k++) {
            if (fabs(points[k] - cases[i].points[k]) > 1e-12) {
                fprintf(stderr, "in \"%s\", label %zu:\n", cases[i].text, k);
            }
            CHECK_CLOSE(points[k], cases[i].points[k], 1e-12);
        }
    }
    wl_text_scratch_free(scratch);
    wl_text_classifier_free(classifier);
}

// Rules with the negation taken out must fail the table: what the table holds is negation.
static void test_planted_fault(void)
{
    static char faulty[sizeof(rules_text)];
    struct wl_text_scratch *scratch = NULL;
    double points[4] = {0};

    memcpy(faulty, rules_text, sizeof(faulty));
    *strstr(faulty, "negators") = '#'; // a comment now
    struct wl_text_classifier *classifier = open_text(faulty, NULL);
    CHECK_INT(wl_text_scratch_new(wl_alloc_default(), &scratch, NULL), WL_OK);
    CHECK_INT(wl_rules_score(classifier, WL_STR("没有广告"), scratch, points, NULL, NULL, NULL),
              WL_OK);
    CHECK_CLOSE(points[1], 1.0, 0.0);
    wl_text_scratch_free(scratch);
    wl_text_classifier_free(classifier);
}

static void note_hit(void *context, const struct wl_rules_hit *hit)
{
    struct wl_buf *buf = context;
    wl_buf_format(buf, "%u:%.*s%s ", hit->label, WL_STR_ARG(hit->term), hit->is_negated ? "!" : "");
}

static void test_hits_and_facts(void)
{
    struct wl_text_classifier *classifier = open_text(rules_text, NULL);
    const struct wl_rules_label *labels = wl_rules_labels(classifier);
    struct wl_text_scratch *scratch = NULL;
    struct wl_buf buf;
    double points[4];

    wl_buf_init(&buf, wl_alloc_default(), 0);
    CHECK_INT(wl_text_scratch_new(wl_alloc_default(), &scratch, NULL), WL_OK);
    CHECK_INT(wl_rules_score(classifier, WL_STR("卡顿, Pop-Up, not good, 等了半天"), scratch,
                             points, note_hit, &buf, NULL),
              WL_OK);
    CHECK_STR(buf.data, "0:卡顿 1:pop up 3:good! 0:半天 ");
    CHECK_STR(labels[1].zh, "广告");
    CHECK_STR(labels[1].en, "ads");
    CHECK_STR(labels[0].answer, "");
    CHECK_INT(labels[1].n_examples_zh, 1);
    CHECK_STR(labels[1].examples_en[1], "pop-ups");
    CHECK_STR(wl_text_classifier_about(classifier)->algorithm, "rules");
    wl_buf_release(&buf);
    wl_text_scratch_free(scratch);
    wl_text_classifier_free(classifier);
}

/* -- one label -- */

static const char one_text[] = "version: 1\n"
                               "task: one\n"
                               "none: neutral\n"
                               "threshold: 0.6\n"
                               "margin: 0.5\n"
                               "confidence: [[0, 0.4], [0.5, 0.7], [2, 0.9]]\n"
                               "labels:\n"
                               "- {id: good, negated: bad, rules: [{any: [good, 好]}]}\n"
                               "- {id: bad, rules: [{any: [bad, 坏]}]}\n"
                               "- {id: neutral}\n";

static void test_one_label(void)
{
    static const struct {
        const char *text;
        double p[3];
        uint32_t label;
        bool abstains;
    } rows[] = {
        {"good", {0.7, 0.15, 0.15}, 0, false},
        {"good good good bad", {0.9, 0.05, 0.05}, 0, false},
        {"good bad", {0.3, 0.3, 0.4}, 2, true}, // no lead
        {"hm", {0.3, 0.3, 0.4}, 2, true},
    };
    struct wl_text_classifier *classifier = open_text(one_text, NULL);
    struct wl_text_scratch *scratch = NULL;

    CHECK_INT(wl_text_scratch_new(wl_alloc_default(), &scratch, NULL), WL_OK);
    for (size_t i = 0; i < COUNT(rows); i++) {
        double p[3];
        CHECK_INT(wl_text_classify(classifier, wl_str_from(rows[i].text), scratch, p, NULL), WL_OK);
        for (size_t k = 0; k < 3; k++) {
            CHECK_CLOSE(p[k], rows[i].p[k], 1e-12);
        }
        struct wl_text_answer answer = wl_text_answer_of(classifier, p);
        CHECK_INT(answer.label, rows[i].label);
        CHECK_INT(answer.abstains, rows[i].abstains);
    }
    wl_text_scratch_free(scratch);
    wl_text_classifier_free(classifier);
}

/* -- files -- */

static void test_extension(void)
{
    static const char more[] = "version: 1\n"
                               "ignore: [卡车]\n"
                               "labels:\n"
                               "- {id: slow, zh: 慢, rules: [{any: [龟速]}]}\n"
                               "- {id: ads, replace: true, rules: [{any: [banner]}]}\n"
                               "- {id: parking, answer: price, rules: [{any: [停车]}]}\n";
    struct wl_rules_file files[] = {{"a.yaml", wl_str_from(rules_text)},
                                    {"b.yaml", wl_str_from(more)}};
    struct wl_text_classifier *classifier = NULL;
    struct wl_text_scratch *scratch = NULL;
    double points[5] = {0};

    CHECK_INT(wl_rules_open(wl_alloc_default(), files, 2, &classifier, NULL), WL_OK);
    CHECK_INT(wl_text_scratch_new(wl_alloc_default(), &scratch, NULL), WL_OK);
    CHECK_INT(wl_text_classifier_about(classifier)->n_labels, 5);
    CHECK_INT(wl_rules_score(classifier, WL_STR("龟速 卡 卡车 会员卡 广告 banner 停车 不卡"),
                             scratch, points, NULL, NULL, NULL),
              WL_OK);
    CHECK_CLOSE(points[0], 2.0, 0.0);
    CHECK_CLOSE(points[1], 1.0, 0.0);
    CHECK_CLOSE(points[4], 1.0, 0.0);
    CHECK_STR(wl_rules_labels(classifier)[0].zh, "慢");
    CHECK_STR(wl_rules_labels(classifier)[1].zh, "广告");
    CHECK_INT(wl_rules_labels(classifier)[1].n_examples_zh, 0);
    wl_text_scratch_free(scratch);
    wl_text_classifier_free(classifier);
}

#define HEAD "version: 1\n"

static void test_refusals(void)
{
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"labels: []\n", "t.yaml: line 1, column 1: top level: the key \"version\" is missing"},
        {"version: 2\nlabels: []\n",
         "t.yaml: line 1, column 1: version 2, this program reads version 1"},
        {HEAD "labels: {a: 1}\n", "t.yaml: line 2, column 1: labels: wants a list, found a map"},
        {HEAD "negator: [no]\nlabels: []\n",
         "t.yaml: line 2, column 1: top level: no key \"negator\" here (did you mean "
         "\"negators\"?)"},
        {HEAD "labels:\n- id: a\n  rules:\n  - {anyy: [x]}\n",
         "t.yaml: line 5, column 6: label a: no key \"anyy\" here (did you mean \"any\"?)"},
        {HEAD "labels:\n- id: a\n  rules:\n  - {none: [x]}\n",
         "t.yaml: line 5, column 6: label a: a rule needs any or all"},
        {HEAD "labels:\n- id: a\n- id: a\n",
         "t.yaml: line 4, column 3: labels: \"a\" stands here twice"},
        {HEAD "labels:\n- {id: good, negated: badd, rules: [{any: [x]}]}\n- id: bad\n",
         "t.yaml: line 3, column 4: negated: no label \"badd\" (did you mean \"bad\"?)"},
        {HEAD "labels:\n- id: a\n  rules:\n  - {any: [x], negated: flip}\n",
         "t.yaml: line 5, column 6: negated: flip wants a label whose `negated` names the "
         "opposite"},
        {HEAD "none: b\nlabels: [{id: a}]\n", "t.yaml: none: no label \"b\" (did you mean \"a\"?)"},
        {HEAD "labels:\n- id: a\n  rules:\n  - any: ['*']\n  - any: ['\u200b']\n",
         "t.yaml: line 6, column 5: \"\u200b\" leaves nothing to look for"},
        {HEAD "labels:\n- id: a\n  rules:\n"
              "  - any: ['(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)']\n",
         "t.yaml: line 5, column 5: alternatives stand for more than 512 terms"},
        {HEAD "confidence: [[1, 0.5]]\nlabels: []\n",
         "t.yaml: line 2, column 15: confidence: points begin at 0 and rise"},
        {HEAD "confidence: [[0, 1.5]]\nlabels: []\n",
         "t.yaml: line 2, column 15: confidence: wants [points, probability]"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct wl_rules_file file = {.name = "t.yaml", .text = wl_str_from(rows[i].text)};
        struct wl_text_classifier *classifier = NULL;
        wl_error error = {0};
        CHECK_INT(wl_rules_open(wl_alloc_default(), &file, 1, &classifier, &error), WL_ECONFIG);
        CHECK_STR(error.message, rows[i].message);
        CHECK(classifier == NULL);
    }
}

static void test_folding(void)
{
    static const struct {
        const char *text;
        const char *folded;
    } rows[] = {
        {"", ""},
        {"a b", "a b"},
        {"vip 会员", "vip会员"},
        {"质量好 物流慢", "质量好,物流慢"},
        {"wi-fi 5-6 - x", "wi fi 5 6 - x"},
        {"\u201cdon\u2019t\u201d", "\"don't\""},
        {"好。坏!", "好\n坏!"},
        {"é\U0001F600", "é\U0001F600"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        char folded[64];
        size_t n = wl_rules_fold(wl_str_from(rows[i].text), folded);
        CHECK(n <= strlen(rows[i].text));
        CHECK_VIEW(((struct wl_str){folded, n}), rows[i].folded);
    }
}

static wl_status open_and_score(const wl_alloc *alloc)
{
    struct wl_rules_file file = {.name = "t.yaml", .text = wl_str_from(rules_text)};
    struct wl_text_classifier *classifier = NULL;
    struct wl_text_scratch *scratch = NULL;
    double points[4];
    wl_status status = WL_OK;

    WL_GO(wl_rules_open(alloc, &file, 1, &classifier, NULL));
    WL_GO(wl_text_scratch_new(alloc, &scratch, NULL));
    WL_GO(wl_rules_score(classifier, WL_STR("好 坏 广告 卡 好 好 好 好 好 好 ads"), scratch, points,
                         NULL, NULL, NULL));
done:
    wl_text_scratch_free(scratch);
    wl_text_classifier_free(classifier);
    return status;
}

static void test_survives_every_failed_allocation(void)
{
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        check_heap_init(&heap, n_good);
        wl_status status = open_and_score(&heap.alloc);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good > 10);
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
}

// A text again and a longer one before it: the second run takes no memory.
static void test_no_allocation_once_grown(void)
{
    struct wl_rules_file file = {.name = "t.yaml", .text = wl_str_from(rules_text)};
    struct wl_text_classifier *classifier = NULL;
    struct wl_text_scratch *scratch = NULL;
    struct check_heap heap;
    double points[4];

    check_heap_init(&heap, SIZE_MAX);
    CHECK_INT(wl_rules_open(&heap.alloc, &file, 1, &classifier, NULL), WL_OK);
    CHECK_INT(wl_text_scratch_new(&heap.alloc, &scratch, NULL), WL_OK);
    CHECK_INT(
        wl_text_classify(classifier, WL_STR("很卡，等了半天，广告 ads 好"), scratch, points, NULL),
        WL_OK);
    size_t n_before = heap.n_requests;
    for (int i = 0; i < 1000; i++) {
        CHECK_INT(
            wl_text_classify(classifier, WL_STR("卡顿，ads，not good"), scratch, points, NULL),
            WL_OK);
    }
    CHECK_INT(heap.n_requests, n_before);
    wl_text_scratch_free(scratch);
    wl_text_classifier_free(classifier);
}

static void test_builtin_files(void)
{
    for (const char *const *name = wl_rules_builtin_names(); *name != NULL; name++) {
        struct wl_rules_file file = {.name = *name};
        struct wl_text_classifier *classifier = NULL;
        wl_error error = {0};
        CHECK(wl_rules_builtin(*name, &file.text));
        CHECK_INT(wl_rules_open(wl_alloc_default(), &file, 1, &classifier, &error), WL_OK);
        CHECK_STR(error.message, "");
        wl_text_classifier_free(classifier);
    }
    struct wl_str text;
    CHECK(!wl_rules_builtin("weather", &text));
}

int main(void)
{
    RUN(test_points);
    RUN(test_planted_fault);
    RUN(test_hits_and_facts);
    RUN(test_one_label);
    RUN(test_extension);
    RUN(test_refusals);
    RUN(test_folding);
    RUN(test_survives_every_failed_allocation);
    RUN(test_no_allocation_once_grown);
    RUN(test_builtin_files);
    return check_report();
}
