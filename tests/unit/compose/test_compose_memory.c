/* Goal:   loading templates, choosing and composing survive every failed allocation: WL_ENOMEM,
 *         nothing leaked, outputs untouched.
 * Method: let the n-th allocation fail for n = 0, 1, .. until the whole chain succeeds. */
#include "check.h"

#include "base/clock.h"
#include "compose/lint.h"
#include "compose/message.h"

static const char scripts[] =
    "version: 1\ntemplates:\n- {id: t, version: 1, tiers: [high], reasons: [price], "
    "channels: [push], language: zh, title: 您好, body: '{{#user.name}}{{user.name}}，"
    "{{/user.name}}{{offer.name}}七折', slots: [offer.name], optional: [user.name], "
    "offers: [care], approved_by: me, approved_at: 2025-01-01}\n";
static const char offers_text[] =
    "- {id: o, kind: care, name: {zh: 名, en: name}, terms: {zh: 款, en: terms}, cost_minor: 0, "
    "valid_days: 7, tiers: [high]}\n";

static wl_status run_chain(const wl_alloc *alloc, struct wl_message *message)
{
    struct wl_library library;
    struct wl_findings findings;
    struct wl_lint_options lint = {0};
    struct wl_arena arena;
    struct wl_offers offers = {0};
    struct wl_node *root = NULL;
    struct wl_message_options options = {
        .language = WL_LANGUAGE_ZH, .channel = WL_CHANNEL_PUSH, .now_us = WL_TIME_NONE};
    struct wl_explanation explanation = {.score = {.user = WL_STR("u"), .tier = WL_TIER_HIGH},
                                         .top_code = WL_STR("price")};
    wl_status status = WL_OK;

    wl_library_init(&library, alloc);
    wl_findings_init(&findings, alloc);
    wl_arena_init(&arena, alloc, 256); // small blocks: more allocations to fail
    WL_GO(wl_library_add(&library, "t.yaml", wl_str_from(scripts), false, NULL));
    WL_GO(wl_lint_library(&library, &lint, &findings, NULL));
    WL_GO(wl_yaml_parse(&arena, wl_str_from(offers_text), &root, NULL));
    WL_GO(wl_offers_read(&arena, root, &offers, NULL));
    WL_GO(
        wl_message_compose(&library, &offers, &explanation, NULL, &options, &arena, message, NULL));
    CHECK_STR(message->body.data, "名七折");
done:
    wl_arena_release(&arena);
    wl_findings_release(&findings);
    wl_library_release(&library);
    return status;
}

static void test_every_failed_allocation(void)
{
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_message message = {.template_version = 77};

        check_heap_init(&heap, n_good);
        wl_status status = run_chain(&heap.alloc, &message);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good > 20); // the whole chain was walked
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
        CHECK_INT(message.template_version, 77);
    }
}

int main(void)
{
    RUN(test_every_failed_allocation);
    return check_report();
}
