/* Goal:   texts are read once, the same for any number of threads; a row of T knows only what was
 *         known at T; a missing model is replaced by rules and says so; the section is read
 *         strictly.
 * Method: readers that count letters, whose answers can be seen by eye; a company written by hand
 *         with a text that arrives late; a planted text shows that the comparison can fail. */
#include "check.h"

#include "base/clock.h"
#include "features/build.h"
#include "journey_texts.h"
#include "text/classifier_inside.h"

/* ---- readers that count letters ---- */

static wl_status count_letters(const struct wl_text_classifier *classifier, struct wl_str text,
                               struct wl_text_scratch *scratch, double *p, wl_error *error)
{
    double total = 0.0;

    (void)scratch;
    (void)error;
    for (size_t l = 0; l < classifier->about.n_labels; l++) {
        p[l] = 0.0;
        for (size_t i = 0; i < text.n_bytes; i++) {
            p[l] += text.data[i] == classifier->about.labels[l][0];
        }
        total += p[l];
    }
    for (size_t l = 0; l < classifier->about.n_labels; l++) {
        p[l] = total > 0.0 ? p[l] / total : 0.0;
    }
    return WL_OK;
}

// A network is asked for many texts at once, and never for one.
static wl_status refuse_one(const struct wl_text_classifier *classifier, struct wl_str text,
                            struct wl_text_scratch *scratch, double *p, wl_error *error)
{
    (void)classifier;
    (void)text;
    (void)scratch;
    (void)p;
    return wl_fail(error, WL_EINTERNAL, "one by one");
}

static wl_status count_all(const struct wl_text_classifier *classifier, const wl_alloc *alloc,
                           const struct wl_str *texts, size_t n, size_t n_threads, double *p,
                           wl_error *error)
{
    (void)alloc;
    (void)n_threads;
    for (size_t i = 0; i < n; i++) {
        WL_TRY(
            count_letters(classifier, texts[i], NULL, p + i * classifier->about.n_labels, error));
    }
    return WL_OK;
}

static void free_nothing(struct wl_text_classifier *classifier)
{
    (void)classifier;
}

static const char *const moods[] = {"negative", "o", "positive"};
static const char *const intents[] = {"x", "cancel", "refund"};
static const char *const emotions[] = {"anger", "joy"};
static const char *const reasons[] = {"price", "ads", "lag", "bugs", "support", "content"};

static struct wl_text_classifier doubles[WL_READ_COUNT] = {
    {.about = {"letters", WL_TEXT_ONE, moods, 3, WL_TEXT_NO_LABEL, 0.5}},
    {.about = {"letters", WL_TEXT_ONE, intents, 3, 0, 0.5}},
    {.about = {"letters", WL_TEXT_ONE, emotions, 2, WL_TEXT_NO_LABEL, 0.5}},
    {.about = {"letters", WL_TEXT_ANY, reasons, 6, WL_TEXT_NO_LABEL, 0.1}},
};

static struct wl_readers double_readers(void)
{
    struct wl_readers readers = {.why = ""};

    for (size_t i = 0; i < WL_READ_COUNT; i++) {
        doubles[i].about.algorithm = "letters";
        doubles[i].classify = count_letters;
        doubles[i].classify_all = NULL;
        doubles[i].free = free_nothing;
        readers.items[i] = (struct wl_reader){.name = "letters", .classifier = &doubles[i]};
    }
    return readers;
}

static void make_network(struct wl_text_classifier *classifier)
{
    classifier->about.algorithm = "bert";
    classifier->classify = refuse_one;
    classifier->classify_all = count_all;
}

static uint32_t intern(struct wl_dict *dict, const char *text)
{
    uint32_t id = 0;

    CHECK_INT(wl_dict_intern(dict, wl_str_from(text), &id, NULL), WL_OK);
    return id;
}

static void add_text(struct wl_company *company, const char *user, int64_t text_us,
                     int64_t received_us, const char *body)
{
    struct wl_text text = {.user = intern(&company->users, user),
                           .channel = intern(&company->strings, "chat"),
                           .label = WL_ID_NONE,
                           .text_us = text_us,
                           .received_us = received_us,
                           .message_key = company->texts.n_texts + 1,
                           .body = wl_str_from(body)};
    CHECK_INT(wl_company_add_text(company, &text, NULL), WL_OK);
}

static void check_label(const struct wl_company *company, uint32_t id, const char *want)
{
    CHECK(id != WL_ID_NONE);
    if (id != WL_ID_NONE) {
        CHECK_VIEW(wl_dict_string(&company->strings, id), want);
    }
}

static void test_a_text_is_read(void)
{
    struct wl_company *company = NULL;
    struct wl_readers readers = double_readers();

    CHECK_INT(wl_company_new(wl_alloc_default(), &company, NULL), WL_OK);
    add_text(company, "a", 0, 0, "nnnp c aaj ssspp"); // n 3, p 3; c 1; a 2, j 1; reasons p s a c
    add_text(company, "a", 0, 0, "zzz");
    CHECK_INT(wl_readers_apply(&readers, company, 1, NULL, NULL), WL_OK);
    const struct wl_text_reading *first = &company->texts.texts[0].reading;
    CHECK(first->is_read);
    CHECK_INT(first->mood_e4, 0);
    check_label(company, first->sentiment, "negative"); // a tie goes to the lower number
    check_label(company, first->intent, "cancel");
    check_label(company, first->emotion, "anger");
    CHECK_INT(first->n_reasons, 4); // p 3, s 3, a 2, c 1 of 9: likeliest first, ties in order
    check_label(company, first->reasons[0], "price");
    check_label(company, first->reasons[1], "support");
    check_label(company, first->reasons[2], "ads");
    check_label(company, first->reasons[3], "content");
    const struct wl_text_reading *second = &company->texts.texts[1].reading;
    CHECK(second->is_read && second->sentiment == WL_ID_NONE && second->intent == WL_ID_NONE);
    CHECK_INT(second->n_reasons, 0);
    wl_company_free(company);
}

// One thread, text by text; five threads, where two of the readers are networks.
static void test_threads_and_networks_leave_no_trace(void)
{
    enum { TEXTS = 17000 }; // two chunks

    static const char letters[] = "nopxcrajplsbs ";
    uint64_t seed = check_seed();
    struct wl_company *companies[2] = {NULL, NULL};
    struct wl_readers readers = double_readers();

    for (size_t c = 0; c < 2; c++) {
        uint64_t own = seed;
        CHECK_INT(wl_company_new(wl_alloc_default(), &companies[c], NULL), WL_OK);
        for (size_t i = 0; i < TEXTS; i++) {
            char body[24] = {0};
            for (size_t b = 0; b < sizeof(body) - 1; b++) {
                body[b] = letters[check_rand(&own) % (sizeof(letters) - 1)];
            }
            add_text(companies[c], "u", 0, 0, body);
        }
        if (c == 1) {
            make_network(&doubles[WL_READ_SENTIMENT]);
            make_network(&doubles[WL_READ_REASON]);
        }
        CHECK_INT(wl_readers_apply(&readers, companies[c], c == 0 ? 1 : 5, NULL, NULL), WL_OK);
    }
    for (size_t i = 0; i < TEXTS; i++) {
        struct wl_text_reading a = companies[0]->texts.texts[i].reading;
        struct wl_text_reading b = companies[1]->texts.texts[i].reading;
        CHECK(a.mood_e4 == b.mood_e4 && a.sentiment == b.sentiment && a.intent == b.intent &&
              a.emotion == b.emotion && a.n_reasons == b.n_reasons &&
              memcmp(a.reasons, b.reasons, a.n_reasons * sizeof(a.reasons[0])) == 0);
    }
    wl_company_free(companies[0]);
    wl_company_free(companies[1]);
}

/* ---- what was known when ---- */

#define T_US (100 * WL_DAY_US)

// Mood and cancel talk of one customer as of T, with one more text beside the first.
static void features_at_t(int64_t text_us, int64_t received_us, float *mood, float *cancels)
{
    static const char set[] = "signals:\n"
                              "  - {name: mood, channels: \"*\"}\n"
                              "  - {name: leaving, channels: chat, reads: {intent: cancel}}\n"
                              "sets:\n"
                              "  - {signal: mood, aggregates: mean, windows: 30d}\n"
                              "  - {signal: leaving, aggregates: count, windows: 30d}\n";
    struct wl_company *company = NULL;
    struct wl_readers readers = double_readers();
    struct wl_arena arena;
    struct wl_node *root = NULL;
    struct wl_plan *plan = NULL;
    struct wl_rows rows = {0};
    const int64_t dates_us[] = {T_US};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_company_new(wl_alloc_default(), &company, NULL), WL_OK);
    add_text(company, "a", T_US - 5 * WL_DAY_US, T_US - 5 * WL_DAY_US, "pppn");
    add_text(company, "a", text_us, received_us, "nnn ccc");
    CHECK_INT(wl_readers_apply(&readers, company, 1, NULL, NULL), WL_OK);
    struct wl_plan_options options = {.company = company};
    CHECK_INT(wl_yaml_parse(&arena, wl_str_from(set), &root, NULL), WL_OK);
    CHECK_INT(wl_plan_compile(&arena, root, &options, &plan, NULL), WL_OK);
    CHECK(plan->needs_readings);
    struct wl_features_request request = {
        .plan = plan, .company = company, .dates_us = dates_us, .n_dates = 1, .n_threads = 1};
    CHECK_INT(wl_features_build(&request, wl_alloc_default(), &rows, NULL), WL_OK);
    CHECK_INT(rows.n_rows, 1);
    *mood = rows.values[0];
    *cancels = rows.values[1];
    wl_rows_release(&rows);
    wl_company_free(company);
    wl_arena_release(&arena);
}

static void test_the_future_changes_nothing(void)
{
    static const struct {
        int64_t text_us;
        int64_t received_us;
        double mood; /* (3 - 1) / 4 alone; with -1 beside it, their mean */
        double cancels;
    } cases[] = {
        {T_US + WL_DAY_US, T_US + WL_DAY_US, 0.5, 0},      // written later
        {T_US - WL_DAY_US, T_US + 1, 0.5, 0},              // written before, arrived after
        {T_US - WL_DAY_US, T_US, -0.25, 1},                // planted: arrived in time
        {T_US - 40 * WL_DAY_US, T_US - WL_DAY_US, 0.5, 0}, // before the window
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        float mood = 0.0F;
        float cancels = 0.0F;
        features_at_t(cases[i].text_us, cases[i].received_us, &mood, &cancels);
        CHECK_CLOSE((double)mood, cases[i].mood, 1e-6);
        CHECK_CLOSE((double)cancels, cases[i].cancels, 0);
    }
}

/* ---- the section, and what stands in for a missing model ---- */

static void test_section(void)
{
    static const struct {
        const char *yaml;
        const char *message;
    } cases[] = {
        {"{}", ""},
        {"{sentiment: mood/3, churn: true}", ""},
        {"{sentimnt: rules}",
         "line 1, column 2: texts: no key \"sentimnt\" here (did you mean \"sentiment\"?)"},
        {"{churn: maybe}", "line 1, column 2: texts.churn: wants true or false, found a text"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_arena arena;
        struct wl_node *root = NULL;
        struct wl_text_settings settings = {0};
        wl_error error = {0};

        wl_arena_init(&arena, wl_alloc_default(), 0);
        CHECK_INT(wl_yaml_parse(&arena, wl_str_from(cases[i].yaml), &root, NULL), WL_OK);
        bool is_fine = cases[i].message[0] == '\0';
        CHECK_INT(wl_text_settings_read(&arena, root, &settings, &error),
                  is_fine ? WL_OK : WL_ECONFIG);
        CHECK_STR(error.message, cases[i].message);
        if (is_fine) {
            CHECK_STR(settings.readers[WL_READ_SENTIMENT], i == 0 ? "rules" : "mood/3");
            CHECK_STR(settings.readers[WL_READ_REASON], "rules");
            CHECK_INT(settings.has_churn, i == 1);
        }
        wl_arena_release(&arena);
    }
}

static char noticed[512];

static void note(void *context, const char *line)
{
    (void)context;
    (void)snprintf(noticed, sizeof(noticed), "%s", line);
}

static void test_a_missing_model_is_never_silent(void)
{
    const char *const names[] = {"rules", "gone", "rules", "rules"};
    const struct wl_sink sink = {.notice = note};
    const struct wl_workspace workspace = {.models_path = "no-such-folder",
                                           .taxonomy_path = "no-such-folder/reasons.yaml"};
    struct wl_arena arena;
    struct wl_readers readers = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_readers_open(wl_alloc_default(), &arena, &workspace, names, &sink, &readers, NULL),
              WL_OK);
    CHECK(readers.degraded && readers.why[0] != '\0');
    CHECK(readers.items[WL_READ_INTENT].degraded && !readers.items[WL_READ_REASON].degraded);
    CHECK(strstr(noticed, "degraded: intent is read by rules") != NULL);
    CHECK(strstr(noticed, "gone") != NULL);
    CHECK_STR(wl_text_classifier_about(readers.items[WL_READ_INTENT].classifier)->algorithm,
              "rules");
    wl_readers_release(&readers);
    wl_readers_release(&readers); // zeroed is fine
    wl_arena_release(&arena);
}

int main(void)
{
    RUN(test_a_text_is_read);
    RUN(test_threads_and_networks_leave_no_trace);
    RUN(test_the_future_changes_nothing);
    RUN(test_section);
    RUN(test_a_missing_model_is_never_silent);
    return check_report();
}
