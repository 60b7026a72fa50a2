/* Goal:   a stated reason goes before one read in a text, both before behaviour; only what was
 *         known at the moment of a score counts; what no label knows is listed.
 * Method: one small company and a table of moments; the same company in other orders; a planted
 *         back-fill; a heap whose n-th request fails; then the message that follows the choice. */
#include "check.h"

#include "base/clock.h"
#include "compose/taxonomy.h"
#include "explain/sayings.h"

#define DAY(n) ((int64_t)(n)*WL_DAY_US)

static struct wl_text_classifier *open_taxonomy(void)
{
    struct wl_rules_file file = {.name = "built-in"};
    struct wl_text_classifier *taxonomy = NULL;

    CHECK(wl_rules_builtin("reasons", &file.text));
    CHECK_INT(wl_rules_open(wl_alloc_default(), &file, 1, &taxonomy, NULL), WL_OK);
    return taxonomy;
}

static uint32_t word(struct wl_dict *dict, const char *text)
{
    uint32_t id = 0;
    CHECK_INT(wl_dict_intern(dict, wl_str_from(text), &id, NULL), WL_OK);
    return id;
}

struct line {
    const char *user;
    const char *text;    // NULL: an event
    const char *channel; // of a text
    const char *reason;  // property of the event, or label of the text
    int day;
    int known_day;
};

static const struct line lines[] = {
    {"a", "视频一直卡顿", "feedback", NULL, 10, 10},
    {"a", "太贵了", "feedback", NULL, 20, 20},
    {"a", NULL, NULL, "ads", 15, 15},
    {"b", "广告太多", "ticket", NULL, 10, 40}, // back-filled: known on day 40
    {"b", "my cat is nice", "ticket", NULL, 12, 12},
    {"c", "we are moving abroad", "cancel", "stall", 30, 30}, // the label is stated
    {"d", NULL, NULL, "quantum foam", 5, 5},                  // no label knows it
    {"d", "way too many ads", "feedback", NULL, 6, 6},
    {"e", NULL, NULL, "other", 5, 5},
    {"f", NULL, NULL, "内容少", 5, 5},
    {"g", NULL, NULL, "Switched to another provider", 5, 5},
    {"h", "nothing to say", "feedback", NULL, 5, 5},
};

static void add_line(struct wl_company *company, const struct line *line, uint64_t key)
{
    uint32_t user = word(&company->users, line->user);

    if (line->text != NULL) {
        struct wl_text text = {.user = user,
                               .channel = word(&company->strings, line->channel),
                               .label = line->reason != NULL ? word(&company->strings, line->reason)
                                                             : WL_ID_NONE,
                               .text_us = DAY(line->day),
                               .received_us = DAY(line->known_day),
                               .message_key = key,
                               .body = wl_str_from(line->text)};
        CHECK_INT(wl_company_add_text(company, &text, NULL), WL_OK);
        return;
    }
    struct wl_event event = {.user = user,
                             .name = word(&company->event_names, WL_SAID_EVENT),
                             .event_us = DAY(line->day),
                             .received_us = DAY(line->known_day),
                             .value_e4 = WL_VALUE_NONE,
                             .message_key = key};
    uint32_t slot = 0;
    CHECK_INT(wl_company_prop_slot(company, WL_STR(WL_SAID_PROP), &slot, NULL), WL_OK);
    for (size_t i = 0; i < WL_PROPS_MAX; i++) {
        event.props[i] = WL_ID_NONE;
    }
    event.props[slot] = word(&company->strings, line->reason);
    CHECK_INT(wl_company_add_event(company, &event, NULL), WL_OK);
}

static struct wl_company *make_company(bool is_backward)
{
    struct wl_company *company = NULL;

    CHECK_INT(wl_company_new(wl_alloc_default(), &company, NULL), WL_OK);
    for (size_t i = 0; i < COUNT(lines); i++) {
        size_t at = is_backward ? COUNT(lines) - 1 - i : i;
        add_line(company, &lines[at], at + 1);
    }
    return company;
}

static const struct {
    const char *user;
    int day;
    enum wl_reason_source source;
    const char *label;
    const char *code;
} moments[] = {
    {"a", 9, WL_REASON_BEHAVIOUR, "", ""},
    {"a", 10, WL_REASON_TEXT, "performance", "performance"},
    {"a", 15, WL_REASON_STATED, "ads", "ads"},
    {"a", 30, WL_REASON_STATED, "ads", "ads"}, // the newer text does not win over what was stated
    {"a", 104, WL_REASON_STATED, "ads", "ads"},
    {"a", 105, WL_REASON_TEXT, "price", "price"}, // stated 90 days ago: forgotten
    {"a", 200, WL_REASON_BEHAVIOUR, "", ""},
    {"b", 30, WL_REASON_BEHAVIOUR, "", ""}, // written on day 10, but nobody knew
    {"b", 40, WL_REASON_TEXT, "ads", "ads"},
    {"c", 30, WL_REASON_STATED, "performance", "performance"},
    {"d", 20, WL_REASON_TEXT, "ads", "ads"},
    {"e", 20, WL_REASON_BEHAVIOUR, "", ""}, // "other" says nothing
    {"f", 20, WL_REASON_STATED, "content", "content"},
    {"g", 20, WL_REASON_STATED, "competitor", "competitor"},
    {"h", 20, WL_REASON_BEHAVIOUR, "", ""},
};

static void check_moments(const struct wl_company *company, const struct wl_sayings *sayings)
{
    for (size_t i = 0; i < COUNT(moments); i++) {
        uint32_t user = wl_dict_find(&company->users, wl_str_from(moments[i].user));
        struct wl_said said = wl_sayings_find(sayings, user, DAY(moments[i].day));
        if (said.source != moments[i].source) {
            fprintf(stderr, "user %s on day %d:\n", moments[i].user, moments[i].day);
        }
        CHECK_INT(said.source, moments[i].source);
        CHECK_VIEW(said.label, moments[i].label);
        CHECK_VIEW(said.code, moments[i].code);
    }
}

static void test_order_of_sources(void)
{
    struct wl_text_classifier *taxonomy = open_taxonomy();

    for (int is_backward = 0; is_backward < 2; is_backward++) {
        struct wl_company *company = make_company(is_backward != 0);
        struct wl_sayings sayings = {0};
        CHECK_INT(wl_sayings_new(wl_alloc_default(), company, taxonomy, &sayings, NULL), WL_OK);
        check_moments(company, &sayings);
        CHECK_INT(sayings.n_unmapped, 1);
        CHECK_VIEW(sayings.unmapped[0].stated, "quantum foam");
        CHECK_INT(wl_sayings_find(&sayings, 99999, DAY(30)).source, WL_REASON_BEHAVIOUR);
        wl_sayings_release(&sayings);
        wl_company_free(company);
    }
    wl_text_classifier_free(taxonomy);
}

// A text that became known late must not be seen earlier: with the second clock turned back, the
// table above fails.
static void test_planted_backfill(void)
{
    struct wl_text_classifier *taxonomy = open_taxonomy();
    struct wl_company *company = make_company(false);
    struct wl_sayings sayings = {0};

    for (size_t i = 0; i < company->texts.n_texts; i++) {
        company->texts.texts[i].received_us = company->texts.texts[i].text_us;
    }
    CHECK_INT(wl_sayings_new(wl_alloc_default(), company, taxonomy, &sayings, NULL), WL_OK);
    uint32_t user = wl_dict_find(&company->users, WL_STR("b"));
    CHECK_INT(wl_sayings_find(&sayings, user, DAY(30)).source, WL_REASON_TEXT);
    wl_sayings_release(&sayings);
    wl_company_free(company);
    wl_text_classifier_free(taxonomy);
}

// A reading that was made before is believed, and one that praises is no reason to leave.
static void test_readings(void)
{
    struct wl_text_classifier *taxonomy = open_taxonomy();
    struct wl_company *company = make_company(false);
    struct wl_text *texts = company->texts.texts;
    struct wl_sayings sayings = {0};

    texts[0].reading = (struct wl_text_reading){
        .is_read = true, .n_reasons = 1, .reasons = {word(&company->strings, "quality")}};
    texts[1].reading = (struct wl_text_reading){
        .is_read = true, .mood_e4 = 9000, .n_reasons = 1, .reasons = {texts[0].reading.reasons[0]}};
    CHECK_INT(wl_sayings_new(wl_alloc_default(), company, taxonomy, &sayings, NULL), WL_OK);
    uint32_t user = wl_dict_find(&company->users, WL_STR("a"));
    CHECK_VIEW(wl_sayings_find(&sayings, user, DAY(12)).label, "quality");
    CHECK_INT(wl_sayings_find(&sayings, user, DAY(106)).source, WL_REASON_BEHAVIOUR);
    wl_sayings_release(&sayings);
    wl_company_free(company);
    wl_text_classifier_free(taxonomy);
}

static void test_records(void)
{
    struct wl_explanation explanation = {
        .score = {.user = WL_STR("u"), .tier = WL_TIER_HIGH, .p_churn = 0.5},
        .top_code = WL_STR("inactive")};
    struct wl_explanation read = {0};
    struct wl_arena arena;
    struct wl_buf line;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_buf_init(&line, wl_alloc_default(), 0);
    CHECK_VIEW(wl_explanation_code(&explanation), "inactive");
    CHECK_INT(wl_explanation_source(&explanation), WL_REASON_BEHAVIOUR);
    explanation.score.said =
        (struct wl_said){.source = WL_REASON_STATED, .label = WL_STR("parking"), .said_us = DAY(3)};
    CHECK_VIEW(wl_explanation_code(&explanation), "inactive"); // unmapped: nothing to answer with
    CHECK_INT(wl_explanation_source(&explanation), WL_REASON_BEHAVIOUR);
    explanation.score.said.code = WL_STR("price");
    CHECK_VIEW(wl_explanation_code(&explanation), "price");
    wl_explanation_write(&explanation, NULL, 0, &line);
    CHECK(strstr(line.data, "\"said\":{\"source\":\"stated\",\"label\":\"parking\",\"code\":"
                            "\"price\",\"time\":\"1970-01-04T00:00:00Z\"}") != NULL);
    CHECK(strstr(line.data, "\"reason_code\":\"price\",\"reason_source\":\"stated\"") != NULL);
    CHECK_INT(wl_explanation_read(&arena, wl_buf_view(&line), &read, NULL), WL_OK);
    CHECK_VIEW(wl_explanation_code(&read), "price");
    CHECK_INT(wl_explanation_source(&read), WL_REASON_STATED);
    CHECK_INT(read.score.said.said_us, DAY(3));
    wl_buf_release(&line);
    wl_arena_release(&arena);
}

// Every label of the built-in taxonomy leads to a code of templates.
static void test_builtin_answers(void)
{
    struct wl_text_classifier *taxonomy = open_taxonomy();
    const struct wl_rules_label *labels = wl_rules_labels(taxonomy);

    for (size_t i = 0; i < wl_text_classifier_about(taxonomy)->n_labels; i++) {
        CHECK(wl_name_find(wl_reason_names, wl_str_from(labels[i].answer)) >= 0);
        CHECK(labels[i].n_examples_zh >= 10 && labels[i].n_examples_en >= 10);
    }
    wl_text_classifier_free(taxonomy);
}

static void test_survives_every_failed_allocation(void)
{
    struct wl_text_classifier *taxonomy = open_taxonomy();
    struct wl_company *company = make_company(false);

    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_sayings sayings = {0};
        check_heap_init(&heap, n_good);
        wl_status status = wl_sayings_new(&heap.alloc, company, taxonomy, &sayings, NULL);
        wl_sayings_release(&sayings);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
    wl_company_free(company);
    wl_text_classifier_free(taxonomy);
}

int main(void)
{
    RUN(test_order_of_sources);
    RUN(test_planted_backfill);
    RUN(test_readings);
    RUN(test_records);
    RUN(test_builtin_answers);
    RUN(test_survives_every_failed_allocation);
    return check_report();
}
