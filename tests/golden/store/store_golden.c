/* Goal:   a store written by version 0.1.0 is read for ever.
 * Method: wanliu_v1.db (see make_v1.sh) against the values of calls.ndjson, and against the digest of
 *         reading calls.ndjson now. */
#include "check.h"

#include "base/clock.h"
#include "base/file.h"
#include "company_digest.h"
#include "ingest/ingest.h"
#include "store/store.h"

#include <unistd.h>

#define GOLDEN WL_SOURCE_DIR "/tests/golden/store/"

static struct wl_company *load_golden(void)
{
    static const char path[] = WL_BINARY_DIR "/store_golden.db";
    struct wl_company *company = NULL;
    struct wl_store *store = NULL;
    struct wl_buf file;
    wl_error error = {0};

    (void)unlink(WL_BINARY_DIR "/store_golden.db-wal");
    (void)unlink(WL_BINARY_DIR "/store_golden.db-shm");
    wl_buf_init(&file, wl_alloc_default(), 0);
    CHECK_INT(wl_file_read(GOLDEN "wanliu_v1.db", &file, NULL), WL_OK);
    CHECK_INT(wl_file_write(path, wl_buf_view(&file), NULL), WL_OK);
    wl_buf_release(&file);
    CHECK_INT(wl_store_open(path, wl_alloc_default(), &store, &error), WL_OK);
    CHECK_INT(wl_store_check(store, &error), WL_OK);
    CHECK_INT(wl_company_new(wl_alloc_default(), &company, NULL), WL_OK);
    CHECK_INT(wl_store_load(store, company, NULL, NULL, &error), WL_OK);
    CHECK_STR(error.message, "");
    wl_store_close(store);
    return company;
}

static void test_values(void)
{
    struct wl_company *company = load_golden();
    char text[WL_TIME_TEXT_BYTES];

    CHECK_INT(company->events.n_events, 4);
    CHECK_INT(company->texts.n_texts, 1);
    CHECK_INT(company->attributes.n_attributes, 7);
    struct wl_event order = wl_company_event(company, 0);
    CHECK(wl_str_is(wl_dict_string(&company->users, order.user), "ann"));
    CHECK(wl_str_is(wl_dict_string(&company->event_names, order.name), "Order Completed"));
    CHECK(wl_str_is(wl_dict_string(&company->strings, order.props[0]), "sku-1"));
    CHECK_INT(order.value_e4, 123000);
    CHECK_STR(wl_time_format_iso(order.event_us, text), "2024-01-03T09:30:00Z");
    CHECK_STR(wl_time_format_iso(order.received_us, text), "2024-01-03T09:30:02Z");
    CHECK_INT(wl_company_event(company, 1).value_e4, -999999999999);
    CHECK_INT(wl_company_event(company, 2).event_us, -1000000);
    CHECK_INT(wl_company_event(company, 2).value_e4, WL_VALUE_NONE);
    CHECK(wl_str_is(company->texts.texts[0].body, "太贵了，\n我想退订"));
    CHECK_STR(wl_time_format_iso(company->texts.texts[0].received_us, text),
              "2024-03-01T00:00:00Z");
    wl_company_free(company);
}

// Message keys are on disk: the hash behind them may never change.
static void test_same_as_reading_now(void)
{
    static const char yaml[] =
        "- {name: app, format: segment, properties: {item: properties.item}}\n";
    struct wl_company *golden = load_golden();
    struct wl_company *company = NULL;
    struct wl_ingest_options options;
    struct wl_ingest_report report;
    struct wl_arena arena;
    struct wl_node *root = NULL;
    struct wl_source *sources = NULL;
    size_t n = 0;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_ingest_options_init(&options);
    CHECK_INT(wl_yaml_parse(&arena, wl_str_from(yaml), &root, NULL), WL_OK);
    CHECK_INT(wl_sources_read(&arena, root, 0, &sources, &n, NULL), WL_OK);
    CHECK_INT(wl_company_new(wl_alloc_default(), &company, NULL), WL_OK);
    CHECK_INT(wl_ingest_file(sources, GOLDEN "calls.ndjson", &options, company, &report, NULL),
              WL_OK);
    CHECK(company_digest(company) == company_digest(golden));
    golden->events.message_key[0] ^= 1; // planted fault: another key
    CHECK(company_digest(company) != company_digest(golden));
    wl_company_free(company);
    wl_company_free(golden);
    wl_arena_release(&arena);
}

int main(void)
{
    RUN(test_values);
    RUN(test_same_as_reading_now);
    return check_report();
}
