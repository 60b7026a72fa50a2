/* Goal:   the built-in library loads whole and covers every tier, reason and language; the fallback
 *         order holds; a workspace's template wins; nothing unapproved or broken is ever chosen.
 * Method: coverage of the built-in library; small libraries and what is selected from them. */
#include "check.h"

#include "compose/script_library.h"

#define SCRIPT(id, version, reason, offers, more)                                                  \
    "- {id: " id ", version: " version ", tiers: [high], reasons: [" reason                        \
    "], channels: [push], language: en, title: t, body: b, offers: [" offers "]" more "}\n"
#define APPROVED ", approved_by: me, approved_at: 2025-01-01"

static const struct wl_script_query wanted = {.tier = WL_TIER_HIGH,
                                              .reason = WL_REASON_PRICE,
                                              .channel = WL_CHANNEL_PUSH,
                                              .language = WL_LANGUAGE_EN,
                                              .offer = WL_OFFER_COUPON};

static void check_select(const char *builtin, const char *own, enum wl_script_match at_least,
                         const char *want_id, int64_t want_version, const char *want_match)
{
    struct wl_library library;
    enum wl_script_match match = WL_MATCH_NONE;
    struct wl_buf text;
    wl_error error = {0};

    wl_library_init(&library, wl_alloc_default());
    wl_buf_init(&text, wl_alloc_default(), 0);
    wl_buf_format(&text, "version: 1\ntemplates:\n%s", builtin);
    CHECK_INT(wl_library_add(&library, "a.yaml", wl_buf_view(&text), true, &error), WL_OK);
    if (own != NULL) {
        wl_buf_clear(&text);
        wl_buf_format(&text, "version: 1\ntemplates:\n%s", own);
        CHECK_INT(wl_library_add(&library, "b.yaml", wl_buf_view(&text), false, &error), WL_OK);
    }
    CHECK_STR(error.message, "");
    const struct wl_script *got = wl_library_select(&library, &wanted, at_least, &match);
    CHECK_STR(got != NULL ? got->id : "-", want_id);
    CHECK_INT(got != NULL ? got->version : 0, want_version);
    CHECK_STR(wl_match_name(match), want_match);
    wl_buf_release(&text);
    wl_library_release(&library);
}

static void test_fallback_order(void)
{
    const char *all = SCRIPT("g", "1", "generic", "all", APPROVED)
        SCRIPT("v", "1", "value", "all", APPROVED) SCRIPT("p", "1", "price", "all", APPROVED)
            SCRIPT("o", "1", "contract", "all", APPROVED);

    check_select(all, NULL, WL_MATCH_EXACT, "p", 1, "exact");
    check_select(all, NULL, WL_MATCH_GROUP, "v", 1, "group");
    check_select(all, NULL, WL_MATCH_GENERIC, "g", 1, "generic");
    check_select(SCRIPT("o", "1", "contract", "all", APPROVED), NULL, 0, "-", 0, "none");
    // a text that may not carry the offer is no text for it
    check_select(SCRIPT("p", "1", "price", "none", APPROVED)
                     SCRIPT("g", "1", "generic", "coupon", APPROVED),
                 NULL, WL_MATCH_EXACT, "g", 1, "generic");
    // written for this kind before written for all; then the smaller id
    check_select(SCRIPT("a", "1", "price", "all", APPROVED)
                     SCRIPT("c", "1", "price", "coupon", APPROVED)
                         SCRIPT("b", "1", "price", "coupon", APPROVED),
                 NULL, WL_MATCH_EXACT, "b", 1, "exact");
}

static void test_only_approved_whole_texts(void)
{
    check_select(SCRIPT("p", "1", "price", "all", ""), NULL, 0, "-", 0, "none");
    check_select(SCRIPT("p", "1", "price", "all", ", approved_by: me"), NULL, 0, "-", 0, "none");
    check_select("- {id: p, version: 1, tiers: [high], reasons: [price], channels: [push], "
                 "language: en, title: '{{#x}}', body: b, offers: [all]" APPROVED "}\n",
                 NULL, WL_MATCH_EXACT, "-", 0, "none");
}

static void test_workspace_wins(void)
{
    const char *builtin = SCRIPT("p", "9", "price", "all", APPROVED);

    check_select(builtin, SCRIPT("p", "1", "price", "all", APPROVED), 0, "p", 1, "exact");
    check_select(builtin, SCRIPT("z", "1", "price", "all", APPROVED), 0, "z", 1, "exact");
    check_select(builtin, SCRIPT("z", "1", "generic", "all", APPROVED), 0, "p", 9, "exact");
}

static const struct {
    const char *yaml;
    const char *error;
} broken[] = {
    {"version: 2\ntemplates: []\n",
     "x.yaml: line 1, column 1: version: this program reads version 1 of the format"},
    {"version: 1\ntemplats: []\n", "x.yaml: line 2, column 1: templates: no key \"templats\" here "
                                   "(did you mean \"templates\"?)"},
    {"version: 1\ntemplates: 3\n",
     "x.yaml: line 2, column 1: templates: wants a list of at most 4096"},
    {"version: 1\ntemplates:\n- {id: a}\n", "x.yaml: line 3, column 4: templates[0]: the key "
                                            "\"version\" is missing"},
    {"version: 1\ntemplates:\n" SCRIPT("a", "1", "price", "all", "")
         SCRIPT("a", "1", "price", "all", ""),
     "x.yaml: line 4, column 4: templates[1]: the id a is here twice"},
    {"version: 1\ntemplates:\n" SCRIPT("a", "1", "prize", "all", ""), NULL},
};

static void test_broken_files(void)
{
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct wl_library library;
        wl_error error = {0};

        wl_library_init(&library, wl_alloc_default());
        CHECK_INT(wl_library_add(&library, "x.yaml", wl_str_from(broken[i].yaml), false, &error),
                  WL_ECONFIG);
        if (broken[i].error != NULL) {
            CHECK_STR(error.message, broken[i].error);
        }
        CHECK_INT(library.n_items, 0);
        wl_library_release(&library);
    }
}

static void test_builtin_covers_everything(void)
{
    struct wl_library library;
    struct wl_coverage coverage;
    wl_error error = {0};

    CHECK_INT(wl_library_open(NULL, wl_alloc_default(), &library, &error), WL_OK);
    CHECK_STR(error.message, "");
    wl_library_coverage(&library, &coverage);
    CHECK_INT(coverage.n_cells, 5 * 20 * 2 * 4);
    CHECK_INT(coverage.n_holes, 0);
    for (size_t i = 0; i < library.n_items; i++) {
        CHECK_INT(library.items[i].body.why.status, WL_OK);
        CHECK(library.items[i].approved_by != NULL);
    }
    for (int reason = 0; reason < WL_REASON_OTHER; reason++) { // the main reasons have texts
        CHECK(coverage.cells[WL_TIER_HIGH][reason][0].match[WL_CHANNEL_PUSH] == WL_MATCH_EXACT);
        CHECK(coverage.cells[WL_TIER_HIGH][reason][1].match[WL_CHANNEL_PUSH] == WL_MATCH_EXACT);
    }
    wl_library_release(&library);
    wl_library_release(&library); // a released one is fine
}

int main(void)
{
    RUN(test_fallback_order);
    RUN(test_only_approved_whole_texts);
    RUN(test_workspace_wins);
    RUN(test_broken_files);
    RUN(test_builtin_covers_everything);
    return check_report();
}
