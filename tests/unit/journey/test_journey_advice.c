/* Goal:   every reason leads to one strategy, through the answers of the rule files, and is called
 *         by a name in both languages.
 * Method: a table of reasons; every answer of both files must be a code of the taxonomy; no
 *         memory, step by step. */
#include "compose/taxonomy.h"
#include "journey_advice.h"
#include "text/rules.h"

#include "../../check.h"

static void test_reasons_lead_to_strategies(void)
{
    static const struct {
        const char *reason;
        const char *strategy;
        const char *en;
    } cases[] = {
        {"price", "value", "Price"},
        {"support", "service", "support"}, // a label of texts: by its answer
        {"support_issue", "service", "Support issues and complaints"},
        {"payment_failure", "billing", "payment"},
        {"payment_failed", "billing", "Payments fail"},
        {"complaint", "service", "complaint"},
        {"refund", "billing", "refund"},
        {"payment", "billing", "payment"},
        {"cancel", "contact", "leaving"},
        {"activity_down", "engagement", "Less active than usual"},
        {"new_customer", "onboarding", "New customer"},
        {"trust", "service", "Trust and privacy"},
        {"sentiment_down", "contact", "mood has fallen"},
        {"churn_risk", "contact", "likely to leave"},
        {"other", "contact", "Other"},
        {"unheard_of", "contact", NULL},
        {"", "contact", NULL},
    };
    struct wl_advice advice;

    CHECK_INT(wl_advice_open(NULL, wl_alloc_default(), &advice, NULL), WL_OK);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_str reason = wl_str_from(cases[i].reason);
        struct wl_label name = wl_advice_name(&advice, reason);
        CHECK_STR(wl_advice_strategy(&advice, reason)->key, cases[i].strategy);
        CHECK((name.en == NULL) == (cases[i].en == NULL) && (name.zh == NULL) == (name.en == NULL));
        if (cases[i].en != NULL && name.en != NULL) {
            CHECK_STR(name.en, cases[i].en);
        }
    }
    wl_advice_release(&advice);
}

static void test_texts_say_why_somebody_leaves(void)
{
    static const struct {
        const char *reason;
        const char *text;
        const char *strategy;
        const char *because;
    } cases[] = {
        {"cancel", "太贵了，我要退订", "value", "price"},
        {"cancel", "the video keeps buffering, I quit", "service", "speed and outages"},
        {"cancel", "我要退订", "contact", NULL},
        {"cancel", "", "contact", NULL},
        {"refund", "too expensive, I want my money back", "billing", NULL}, // has its own answer
    };
    struct wl_advice advice;

    CHECK_INT(wl_advice_open(NULL, wl_alloc_default(), &advice, NULL), WL_OK);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_alert_evidence evidence = {.text = wl_str_from(cases[i].text)};
        struct wl_alert alert = {.reason = wl_str_from(cases[i].reason), .evidence = &evidence};
        struct wl_alert_advice found;
        CHECK_INT(wl_advice_alert(&advice, &alert, &found, NULL), WL_OK);
        CHECK_STR(found.strategy->key, cases[i].strategy);
        CHECK((found.because.en == NULL) == (cases[i].because == NULL));
        if (found.because.en != NULL && cases[i].because != NULL) {
            CHECK_STR(found.because.en, cases[i].because);
        }
    }
    wl_advice_release(&advice);
}

static void test_answers_are_codes(void)
{
    struct wl_advice advice;

    CHECK_INT(wl_advice_open(NULL, wl_alloc_default(), &advice, NULL), WL_OK);
    const struct wl_text_classifier *files[] = {advice.reasons, advice.intents};
    for (size_t k = 0; k < COUNT(files); k++) {
        for (size_t i = 0; i < wl_text_classifier_about(files[k])->n_labels; i++) {
            struct wl_str answer = wl_str_from(wl_rules_labels(files[k])[i].answer);
            CHECK(answer.n_bytes == 0 || wl_name_find(wl_reason_names, answer) >= 0);
        }
    }
    for (int i = 0; i < WL_REASON_COUNT; i++) { // a code is called by words, not by itself
        CHECK(strcmp(wl_advice_name(&advice, wl_str_from(wl_reason_names[i])).zh,
                     wl_reason_names[i]) != 0);
    }
    wl_advice_release(&advice);
}

static void test_no_memory(void)
{
    // Thousands of allocations: near the start one by one, then in strides that meet every phase.
    for (size_t n_good = 0, is_done = 0; !is_done; n_good += n_good < 50 ? 1 : 97) {
        struct check_heap heap;
        struct wl_advice advice;
        check_heap_init(&heap, n_good);
        wl_status status = wl_advice_open(NULL, &heap.alloc, &advice, NULL);
        CHECK(status == WL_OK || (status == WL_ENOMEM && advice.reasons == NULL));
        is_done = status == WL_OK;
        wl_advice_release(&advice);
        CHECK_INT(heap.live_blocks, 0);
    }
}

int main(void)
{
    RUN(test_reasons_lead_to_strategies);
    RUN(test_texts_say_why_somebody_leaves);
    RUN(test_answers_are_codes);
    RUN(test_no_memory);
    return check_report();
}
