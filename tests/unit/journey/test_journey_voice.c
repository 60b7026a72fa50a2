/* Goal:   the voice page counts what was known at its moment, calls a change rising only when a
 *         test says so, and shows no telephone number.
 * Method: a company written by hand, read by the built-in rules. */
#include "learn_company.h"

#include "journey_voice.h"

static void add_text(struct wl_company *company, size_t i, double day, double received_day,
                     const char *body)
{
    char user[24];
    struct wl_text text = {.channel = intern_text(&company->strings, "chat"),
                           .label = WL_ID_NONE,
                           .text_us = (int64_t)(day * (double)WL_DAY_US),
                           .received_us = (int64_t)(received_day * (double)WL_DAY_US),
                           .message_key = company->texts.n_texts + 1,
                           .body = wl_str_from(body)};
    (void)snprintf(user, sizeof(user), "u%03zu", i);
    text.user = intern_text(&company->users, user);
    CHECK_INT(wl_company_add_text(company, &text, NULL), WL_OK);
}

static const struct wl_voice_topic *find(const struct wl_voice_topic *topics, size_t n,
                                         const char *en)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(topics[i].name.en, en) == 0) {
            return &topics[i];
        }
    }
    return NULL;
}

static void test_page_of_a_small_company(void)
{
    struct wl_journey journey = {.run = {.alloc = wl_alloc_default(), .n_threads = 2}};
    struct wl_report_voice voice;
    struct wl_arena arena;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_arena_init(&journey.workspace.arena, wl_alloc_default(), 0);
    CHECK_INT(wl_text_settings_read(&arena, NULL, &journey.texts, NULL), WL_OK);
    journey.workspace.language = 1;
    journey.workspace.models_path = "no-such-folder";
    journey.workspace.taxonomy_path = "no-such-folder/reasons.yaml";
    journey.company = company_make();
    for (size_t i = 0; i < 40; i++) { // ads: 40 in the last 30 days, 6 before
        add_text(journey.company, i, 80, 80, "广告太多了，每集都有广告");
    }
    for (size_t i = 0; i < 6; i++) {
        add_text(journey.company, i, 41, 41, "广告太多了");
    }
    for (size_t i = 0; i < 9; i++) { // price: 5 and 4
        add_text(journey.company, i, i < 5 ? 90 : 45, i < 5 ? 90 : 45, "太贵了，会员又涨价了");
    }
    add_text(journey.company, 1, 95, 95, "太贵了，气死我了，我要投诉，垃圾，电话13912345678");
    add_text(journey.company, 2, 99, 101, "写得早，到得晚，太贵了"); // not known on day 100
    CHECK_INT(wl_voice_fill(&journey, DAY(100), &arena, &voice, NULL), WL_OK);
    CHECK_CLOSE(voice.n_texts, 56, 0);
    CHECK_CLOSE(voice.n_recent, 46, 0);
    CHECK_CLOSE(voice.n_before, 10, 0);
    CHECK_CLOSE(voice.n_people, 40, 0);
    CHECK(voice.share_negative > 0.5);
    CHECK_CLOSE(voice.share_without_reason, 0, 0);
    const struct wl_voice_topic *ads = find(voice.reasons, voice.n_reasons, "ads");
    const struct wl_voice_topic *price = find(voice.reasons, voice.n_reasons, "price");
    CHECK(ads != NULL && price != NULL);
    if (ads != NULL && price != NULL) {
        CHECK(ads == voice.reasons); // most first
        CHECK_CLOSE(ads->n_recent, 40, 0);
        CHECK_CLOSE(ads->n_before, 6, 0);
        CHECK_INT(ads->change, WL_VOICE_RISING);
        CHECK_STR(ads->name.zh, "广告");
        CHECK_CLOSE(price->n_recent, 6, 0);
        CHECK_INT(price->change, WL_VOICE_STEADY); // 6 after 4 is chance
        CHECK(price->quote.n_bytes > 0 && strstr(price->quote.data, "139") == NULL);
        CHECK(strstr(price->quote.data, "[电话]") != NULL);
    }
    CHECK_INT(voice.n_weeks, 8); // from day 41 on: 59 days are eight whole weeks
    CHECK_STR(voice.readers.zh, "情感：规则，意图：规则，情绪：规则，原因：规则");
    wl_journey_close(&journey);
    wl_arena_release(&arena);
}

static void test_quotes_are_cut_and_masked(void)
{
    struct wl_arena arena;
    struct wl_str quote = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_voice_quote(&arena, WL_STR("mail me at jane@example.com please, now"), 30, false,
                             &quote, NULL),
              WL_OK);
    CHECK(strstr(quote.data, "jane") == NULL && strstr(quote.data, "[email]") != NULL);
    CHECK_INT(wl_voice_quote(&arena, WL_STR("一二三四五六七八"), 5, true, &quote, NULL), WL_OK);
    CHECK_VIEW(quote, "一二三四五…");
    wl_arena_release(&arena);
}

int main(void)
{
    RUN(test_page_of_a_small_company);
    RUN(test_quotes_are_cut_and_masked);
    return check_report();
}
