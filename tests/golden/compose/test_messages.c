/* Goal:   the five tiers' messages, in both languages, stay as they were read and approved; a
 *         message says nothing that the catalogue, the allow-list and the user's own data do not
 *         give.
 * Method: ten customers (see tests/golden/compose/messages.jsonl, made by this program with
 *         WL_GOLDEN_WRITE=1 and then read by a person); then one refusal after another. */
#include "check.h"

#include "base/clock.h"
#include "base/file.h"
#include "compose/message.h"

#define GOLDEN WL_SOURCE_DIR "/tests/golden/compose/messages.jsonl"
#define NOW_US (INT64_C(1741939200) * WL_SECOND_US) /* 2025-03-14T08:00:00Z */

static const char values[] = "brand: 万流\nunsubscribe_url: https://example.com/u?a=1&b=2\n";
static const char *const allowed[] = {"name"};

struct world {
    struct wl_arena arena;
    struct wl_library library;
    struct wl_offers offers;
    struct wl_message_options options;
};

static void open_world(struct world *w)
{
    struct wl_node *root = NULL;
    struct wl_node *map = NULL;
    wl_error error = {0};

    *w = (struct world){0};
    wl_arena_init(&w->arena, wl_alloc_default(), 0);
    CHECK_INT(wl_library_open(NULL, wl_alloc_default(), &w->library, &error), WL_OK);
    CHECK_INT(wl_yaml_parse(&w->arena, wl_offers_builtin(), &root, &error), WL_OK);
    CHECK_INT(wl_offers_read(&w->arena, wl_node_get(root, "offers"), &w->offers, &error), WL_OK);
    CHECK_INT(wl_yaml_parse(&w->arena, wl_str_from(values), &map, &error), WL_OK);
    CHECK_STR(error.message, "");
    w->options = (struct wl_message_options){.channel = WL_CHANNEL_PUSH,
                                             .attributes = {.items = NULL, .n_items = 0},
                                             .values = map,
                                             .now_us = NOW_US,
                                             .utc_offset_us = 8 * WL_HOUR_US};
    w->options.attributes.n_items = 1;
    w->options.attributes.items = wl_arena_zeroed(&w->arena, 1, sizeof(char *));
    w->options.attributes.items[0] = allowed[0];
}

static void close_world(struct world *w)
{
    wl_library_release(&w->library);
    wl_arena_release(&w->arena);
}

static wl_status compose(struct world *w, enum wl_tier tier, const char *reason,
                         const char *attributes, struct wl_message *message, wl_error *error)
{
    struct wl_explanation explanation = {
        .score = {.user = WL_STR("u-1"), .as_of_us = NOW_US, .p_churn = 0.5, .tier = tier},
        .top_code = wl_str_from(reason)};
    struct wl_node *map = NULL;

    WL_TRY(wl_json_parse(&w->arena, wl_str_from(attributes), &map, error));
    return wl_message_compose(&w->library, &w->offers, &explanation, map, &w->options, &w->arena,
                              message, error);
}

static const struct {
    enum wl_tier tier;
    enum wl_channel channel;
    const char *reason;
    const char *attributes;
} customers[] = {
    {WL_TIER_VERY_LOW, WL_CHANNEL_PUSH, "other", "{\"name\":\"Li\",\"secret\":\"x\"}"},
    {WL_TIER_LOW, WL_CHANNEL_SMS, "content", "{}"},
    {WL_TIER_MEDIUM, WL_CHANNEL_EMAIL, "support_issue", "{\"name\":\"<b>\"}"},
    {WL_TIER_HIGH, WL_CHANNEL_PUSH, "price", "{\"name\":\"Li\",\"vip\":false}"},
    {WL_TIER_VERY_HIGH, WL_CHANNEL_IN_APP, "unheard_of", "{\"name\":\"Li\",\"vip\":true}"},
};

static void write_all(struct world *w, struct wl_buf *lines)
{
    for (int language = WL_LANGUAGE_COUNT - 1; language >= 0; language--) {
        for (size_t i = 0; i < sizeof(customers) / sizeof(customers[0]); i++) {
            struct wl_message message = {0};
            wl_error error = {0};

            w->options.language = language;
            w->options.channel = (int)customers[i].channel;
            CHECK_INT(compose(w, customers[i].tier, customers[i].reason, customers[i].attributes,
                              &message, &error),
                      WL_OK);
            CHECK_STR(error.message, "");
            CHECK(!message.degraded);
            wl_message_write(&message, lines);
            wl_buf_char(lines, '\n');
        }
    }
}

static void test_golden_messages(void)
{
    struct world w;
    struct wl_buf got;
    struct wl_buf want;

    open_world(&w);
    wl_buf_init(&got, wl_alloc_default(), 0);
    wl_buf_init(&want, wl_alloc_default(), 0);
    write_all(&w, &got);
    if (getenv("WL_GOLDEN_WRITE") != NULL) {
        CHECK_INT(wl_file_write(GOLDEN, wl_buf_view(&got), NULL), WL_OK);
    }
    CHECK_INT(wl_file_read(GOLDEN, &want, NULL), WL_OK);
    struct wl_str rest_got = wl_buf_view(&got);
    struct wl_str rest_want = wl_buf_view(&want);
    while (rest_got.n_bytes > 0 || rest_want.n_bytes > 0) {
        struct wl_str a = wl_str_cut(&rest_got, '\n');
        struct wl_str b = wl_str_cut(&rest_want, '\n');
        CHECK(wl_str_equal(a, b));
        if (!wl_str_equal(a, b)) {
            fprintf(stderr, "got  %.*s\nwant %.*s\n", WL_STR_ARG(a), WL_STR_ARG(b));
        }
    }
    wl_buf_release(&got);
    wl_buf_release(&want);
    close_world(&w);
}

static void test_lines_read_back(void)
{
    struct world w;
    struct wl_buf once;
    struct wl_buf twice;

    open_world(&w);
    wl_buf_init(&once, wl_alloc_default(), 0);
    wl_buf_init(&twice, wl_alloc_default(), 0);
    write_all(&w, &once);
    for (struct wl_str rest = wl_buf_view(&once); rest.n_bytes > 0;) {
        struct wl_str line = wl_str_cut(&rest, '\n');
        struct wl_message message = {0};
        CHECK_INT(wl_message_read(&w.arena, line, &message, NULL), WL_OK);
        wl_message_write(&message, &twice);
        wl_buf_char(&twice, '\n');
    }
    CHECK(wl_str_equal(wl_buf_view(&once), wl_buf_view(&twice)));
    CHECK_INT(wl_message_read(&w.arena, WL_STR("{\"user\":1}"), &(struct wl_message){0}, NULL),
              WL_ESCHEMA);
    CHECK_INT(wl_message_read(&w.arena, WL_STR("{"), &(struct wl_message){0}, NULL), WL_EPARSE);
    wl_buf_release(&once);
    wl_buf_release(&twice);
    close_world(&w);
}

// A template of the workspace that reads what it should not, or what is not there.
static void add_own(struct world *w, const char *body)
{
    struct wl_buf text;
    wl_error error = {0};

    wl_buf_init(&text, wl_alloc_default(), 0);
    wl_buf_format(
        &text,
        "version: 1\ntemplates:\n- {id: own, version: 1, tiers: [high], reasons: [price], "
        "channels: [push], language: en, title: t, body: '%s', offers: [all], "
        "approved_by: me, approved_at: 2025-01-01}\n",
        body);
    CHECK_INT(wl_library_add(&w->library, "own.yaml", wl_buf_view(&text), false, &error), WL_OK);
    CHECK_STR(error.message, "");
    wl_buf_release(&text);
}

static const struct {
    const char *body;
    const char *why;
} refused[] = {
    {"{{user.secret}}", "template own, line 1, column 1: no value for \"user.secret\""},
    {"{{secret}}", "template own, line 1, column 1: no value for \"secret\""},
    {"{{offer.cost_minor}}", "template own, line 1, column 1: no value for \"offer.cost_minor\""},
    {"{{user.name}}", "template own, line 1, column 1: \"user.name\" is empty"},
};

static void test_what_a_template_cannot_read(void)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct world w;
        struct wl_message message = {0};
        wl_error error = {0};

        open_world(&w);
        add_own(&w, refused[i].body);
        CHECK_INT(compose(&w, WL_TIER_HIGH, "price", "{\"secret\":\"s3\",\"name\":\" \"}", &message,
                          &error),
                  WL_OK);
        CHECK(message.degraded); // and says why; the generic text went out instead
        CHECK_STR(message.why.data, refused[i].why);
        CHECK_STR(message.template_id.data, "en_high_push");
        CHECK(strstr(message.body.data, "s3") == NULL);
        CHECK(strstr(message.body.data, "Hello") == NULL);
        close_world(&w);
    }
}

static void test_vip_text_only_for_the_entitled(void)
{
    struct world w;
    struct wl_message message = {0};

    open_world(&w);
    for (int vip = 0; vip < 2; vip++) {
        CHECK_INT(compose(&w, WL_TIER_VERY_HIGH, "ads",
                          vip == 1 ? "{\"vip\":true}" : "{\"vip\":false}", &message, NULL),
                  WL_OK);
        bool says_vip = strstr(message.body.data, "VIP") != NULL;
        CHECK_INT(says_vip, vip);
        CHECK_INT(wl_str_is(message.offer, "vip_support"), vip);
    }
    close_world(&w);
}

static void test_no_text_at_all(void)
{
    struct world w;
    struct wl_message message = {.template_version = 77};
    wl_error error = {0};

    open_world(&w);
    w.options.values = NULL; // no brand: nothing can be said
    CHECK_INT(compose(&w, WL_TIER_HIGH, "other", "{}", &message, &error), WL_ESCHEMA);
    CHECK(strstr(error.message, "no value for \"brand\"") != NULL);
    wl_library_release(&w.library);
    wl_library_init(&w.library, wl_alloc_default());
    CHECK_INT(compose(&w, WL_TIER_HIGH, "other", "{}", &message, &error), WL_ENOTFOUND);
    CHECK_INT(message.template_version, 77);
    close_world(&w);
}

int main(void)
{
    RUN(test_golden_messages);
    RUN(test_lines_read_back);
    RUN(test_what_a_template_cannot_read);
    RUN(test_vip_text_only_for_the_entitled);
    RUN(test_no_text_at_all);
    return check_report();
}
