/* Goal:   the page is safe, complete and self-contained, whatever the data holds.
 * Method: hostile texts in every place that takes text must come out escaped; tags must balance;
 *         nothing may point outside the page; every drawing has a title; the catalogue has both
 *         languages for every key. The checks are shown to fail on planted faults. */
#include "../../golden/report/report_fixture.h"
#include "check.h"

#include "base/file.h"
#include "report/html.h"

#include <unistd.h>

static size_t count(const char *text, const char *needle)
{
    size_t n = 0;
    for (const char *at = strstr(text, needle); at != NULL; at = strstr(at + 1, needle)) {
        n++;
    }
    return n;
}

static const char *page_of(const struct wl_report *report, struct wl_buf *html)
{
    wl_buf_clear(html);
    wl_report_html(report, html);
    CHECK_INT(wl_buf_check(html, NULL), WL_OK);
    return html->data != NULL ? html->data : "";
}

static void test_nothing_points_outside(void)
{
    struct report_fixture fixture;
    struct wl_buf html;

    wl_buf_init(&html, wl_alloc_default(), 0);
    report_fixture_init(&fixture, wl_alloc_default(), "zh");
    const char *page = page_of(&fixture.report, &html);
    static const char *const outside[] = {
        "http:", "https:",  "//",   "src=",   "@import", "url(",
        "<link", "<iframe", "<img", "fetch(", "XMLHttp", "innerHTML"};
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
        bool is_comment = strcmp(outside[i], "//") == 0; // the script's own comments
        CHECK_INT(count(page, outside[i]), is_comment ? count(page, "  // ") : 0);
    }
    CHECK(count(page, "href=") == count(page, "href=\"#"));
    CHECK(count("<a href=\"https://x\">", "https:") == 1); // the search can find
    wl_buf_release(&html);
}

static void test_every_drawing_has_a_title(void)
{
    struct report_fixture fixture;
    struct wl_buf html;

    wl_buf_init(&html, wl_alloc_default(), 0);
    report_fixture_init(&fixture, wl_alloc_default(), "en");
    const char *page = page_of(&fixture.report, &html);
    size_t n_drawings = 0;
    for (const char *at = strstr(page, "<svg "); at != NULL; at = strstr(at + 1, "<svg ")) {
        const char *end = strchr(at, '>');
        CHECK(end != NULL && strncmp(end + 1, "<title ", 7) == 0);
        CHECK(strncmp(at, "<svg role=\"img\"", 15) == 0);
        n_drawings++;
    }
    CHECK_INT(n_drawings, 12);
    CHECK_INT(count(page, "<desc "), n_drawings);
    wl_buf_release(&html);
}

static void test_tags_balance(void)
{
    static const char *const tags[] = {"section", "table", "tr",       "td",      "th",
                                       "ul",      "li",    "details",  "figure",  "svg",
                                       "dl",      "span",  "div",      "article", "text",
                                       "rect",    "form",  "fieldset", "label",   "button"};
    struct report_fixture fixture;
    struct wl_buf html;

    wl_buf_init(&html, wl_alloc_default(), 0);
    report_fixture_init(&fixture, wl_alloc_default(), "en");
    const char *page = strstr(page_of(&fixture.report, &html), "</style>");
    CHECK(page != NULL);
    for (size_t i = 0; page != NULL && i < sizeof(tags) / sizeof(tags[0]); i++) {
        char plain[32];
        char full[32];
        char close[32];
        (void)snprintf(plain, sizeof(plain), "<%s>", tags[i]);
        (void)snprintf(full, sizeof(full), "<%s ", tags[i]);
        (void)snprintf(close, sizeof(close), "</%s>", tags[i]);
        size_t n_open = count(page, plain) + count(page, full);
        CHECK(n_open > 0);
        CHECK_INT(count(page, close), n_open);
    }
    wl_buf_release(&html);
}

#define HOSTILE "<script>alert('x')</script>\"&\xff"

static void test_hostile_text_is_escaped(void)
{
    struct report_fixture fixture;
    struct wl_buf html;
    struct wl_label label = {HOSTILE, HOSTILE};

    wl_buf_init(&html, wl_alloc_default(), 0);
    report_fixture_init(&fixture, wl_alloc_default(), "zh");
    size_t n_scripts = count(page_of(&fixture.report, &html), "<script>");
    CHECK_INT(n_scripts, 1);
    fixture.report.name = HOSTILE;
    fixture.report.prediction = label;
    fixture.evaluation.caution = HOSTILE;
    fixture.evaluation.baselines[0].name = HOSTILE;
    fixture.sources[0].name = HOSTILE;
    fixture.rejects[0].reason = label;
    fixture.reasons[0].code = WL_STR(HOSTILE);
    fixture.features[0].name = label;
    fixture.model.name = fixture.model.algorithm = fixture.model.schema_hash = HOSTILE;
    fixture.model.label = fixture.model.train = fixture.model.test = label;
    fixture.explanations[0].score.user = WL_STR(HOSTILE);
    fixture.explanations[0].reasons[0].zh = WL_STR(HOSTILE);
    fixture.explanations[0].reasons[0].en = WL_STR(HOSTILE);
    fixture.customers[0].message_title = WL_STR(HOSTILE);
    fixture.customers[0].message_body = WL_STR(HOSTILE);
    fixture.report.tiers[4].message_title = WL_STR(HOSTILE);
    fixture.report.tiers[4].message_body = WL_STR(HOSTILE);
    fixture.report.tiers[4].template_id = WL_STR(HOSTILE);
    fixture.report.tiers[4].offer = WL_STR(HOSTILE);
    fixture.alert_items[0].user = fixture.alert_items[0].quote = WL_STR(HOSTILE);
    fixture.alert_items[0].reason = label;
    fixture.trends.topics[0].name = fixture.trends.surges[0].topic = label;
    fixture.trends.surges[0].quotes[0] = WL_STR(HOSTILE);
    const char *page = page_of(&fixture.report, &html);
    CHECK_INT(count(page, "<script>"), n_scripts);
    CHECK_INT(count(page, "alert('x')"), 0);
    CHECK_INT(count(page, "\xff"), 0);
    CHECK(count(page, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;\xef\xbf\xbd") >
          20);
    wl_buf_release(&html);
}

static void test_nothing_to_watch_is_said(void)
{
    struct report_fixture fixture;
    struct wl_buf html;

    wl_buf_init(&html, wl_alloc_default(), 0);
    report_fixture_init(&fixture, wl_alloc_default(), "zh");
    CHECK_INT(count(page_of(&fixture.report, &html), "No surge in the last"), 0);
    fixture.trends.n_surges = 0;
    fixture.alerts.n_items = 0;
    const char *page = page_of(&fixture.report, &html);
    CHECK_INT(count(page, "No surge in the last 30 days."), 1);
    CHECK_INT(count(page, "最近 30 天没有主题激增。"), 1);
    CHECK_INT(count(page, "No alert is open at this moment."), 1);
    CHECK_INT(count(page, "目前没有待处理的预警。"), 1);
    fixture.trends.n_days = 20; // too short to know what is usual
    page = page_of(&fixture.report, &html);
    CHECK_INT(count(page, "a surge needs 35 days at least."), 1);
    CHECK_INT(count(page, "至少需要 35 天。"), 1);
    fixture.trends.n_days = 0; // no texts: no section, and no way to it
    fixture.report.alerts = NULL;
    page = page_of(&fixture.report, &html);
    CHECK_INT(count(page, "#surges") + count(page, "#alerts"), 0);
    CHECK_INT(count(page, "id=\"surges\"") + count(page, "id=\"alerts\""), 0);
    wl_buf_release(&html);
}

static bool has_chinese(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text >= 0xe4 && (unsigned char)*text <= 0xe9) {
            return true;
        }
    }
    return false;
}

static void test_the_catalogue_is_complete(void)
{
    for (int i = 0; i < WL_WORD_COUNT; i++) {
        struct wl_label label = wl_report_word((enum wl_report_word)i);
        CHECK(label.zh != NULL && label.zh[0] != '\0');
        CHECK(label.en != NULL && label.en[0] != '\0');
        CHECK(!has_chinese(label.en));
        CHECK(has_chinese(label.zh) || i == WL_WORD_CSV); // a name in both languages
    }
    CHECK_STR(wl_report_reason_label("ads").en, "Too many ads");
    CHECK_STR(wl_report_reason_label("of_tomorrow").zh, "of_tomorrow");
}

static void test_a_report_of_nothing(void)
{
    struct wl_report report = {.alloc = wl_alloc_default(),
                               .name = "",
                               .language = "en",
                               .prediction = {"", ""},
                               .first_us = WL_TIME_NONE,
                               .last_us = WL_TIME_NONE};
    struct wl_buf html;

    wl_buf_init(&html, wl_alloc_default(), 0);
    const char *page = page_of(&report, &html);
    CHECK_INT(count(page, "nan"), 0);
    CHECK_INT(count(page, "inf"), 0);
    CHECK_INT(count(page, "There is no evaluation"), 1);
    CHECK_INT(count(page, "</html>"), 1);
    wl_buf_release(&html);
}

static void test_warnings_in_words(void)
{
    struct report_fixture fixture;
    struct wl_buf html;

    wl_buf_init(&html, wl_alloc_default(), 0);
    report_fixture_init(&fixture, wl_alloc_default(), "en");
    CHECK_INT(count(page_of(&fixture.report, &html), "suspiciously good"), 0);
    fixture.evaluation.is_too_good = true;
    fixture.evaluation.is_random = true;
    fixture.evaluation.is_below_minimum = true;
    fixture.evaluation.baselines[1].auc_gain.low = -0.001;
    fixture.evaluation.metrics[WL_METRIC_ECE].value = 0.08;
    const char *page = page_of(&fixture.report, &html);
    CHECK_INT(count(page, "suspiciously good"), 1);
    CHECK_INT(count(page, "divided at random"), 1);
    CHECK_INT(count(page, "fewer rows than the minimum"), 1);
    CHECK_INT(count(page, "interval that includes 0"), 1);
    CHECK_INT(count(page, "above 5 points"), 1);
    wl_buf_release(&html);
}

static void test_cut_keeps_characters_whole(void)
{
    struct wl_str text = WL_STR("挽留ab");
    CHECK_INT(wl_utf8_cut(text, 1).n_bytes, 3);
    CHECK_INT(wl_utf8_cut(text, 3).n_bytes, 7);
    CHECK_INT(wl_utf8_cut(text, 99).n_bytes, 8);
}

static void test_no_memory_leaves_no_file(void)
{
    char path[] = "/tmp/wl_report_page_test.html";

    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct report_fixture fixture;
        check_heap_init(&heap, n_good);
        report_fixture_init(&fixture, &heap.alloc, "zh");
        wl_status status = wl_report_write(&fixture.report, path, NULL);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good > 3);
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
        CHECK(!wl_file_exists(path));
    }
    (void)unlink(path);
}

int main(void)
{
    RUN(test_nothing_points_outside);
    RUN(test_every_drawing_has_a_title);
    RUN(test_tags_balance);
    RUN(test_hostile_text_is_escaped);
    RUN(test_nothing_to_watch_is_said);
    RUN(test_the_catalogue_is_complete);
    RUN(test_a_report_of_nothing);
    RUN(test_warnings_in_words);
    RUN(test_cut_keeps_characters_whole);
    RUN(test_no_memory_leaves_no_file);
    return check_report();
}
