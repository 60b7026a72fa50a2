/* Goal:   no allocation that fails while documents, companies or rows are built loses memory or
 *         adds half a record.
 * Method: as in test_fault_base: the n-th allocation fails for n = 0, 1, 2 .. until the job
 *         succeeds. */
#include "check.h"

#include "data/company.h"
#include "data/node.h"
#include "data/records.h"
#include "data/rows.h"

#define N_FAULTS_MAX 500

static wl_status add_events(struct wl_company *company)
{
    struct wl_event event = {.event_us = 1, .received_us = 2, .value_e4 = 3};
    uint32_t slot = 0;

    WL_TRY(wl_dict_intern(&company->users, WL_STR("u"), &event.user, NULL));
    WL_TRY(wl_dict_intern(&company->event_names, WL_STR("e"), &event.name, NULL));
    for (uint32_t i = 0; i < 2500; i++) {
        if (i % 1000 == 0) {
            char name[2] = {(char)('a' + (int)(i / 1000)), '\0'};
            WL_TRY(wl_company_prop_slot(company, wl_str_from(name), &slot, NULL));
        }
        event.props[0] = i;
        size_t n_before = company->events.n_events;
        wl_status status = wl_company_add_event(company, &event, NULL);
        CHECK_INT(company->events.n_events, n_before + (status == WL_OK));
        WL_TRY(status);
    }
    return WL_OK;
}

static wl_status add_others(struct wl_company *company)
{
    struct wl_text text = {.text_us = 1, .received_us = 2, .body = WL_STR("too expensive")};
    struct wl_attribute attribute = {.known_us = 5, .kind = WL_VALUE_BOOL, .number = 1.0};

    for (size_t i = 0; i < 100; i++) {
        WL_TRY(wl_company_add_text(company, &text, NULL));
        CHECK_INT(company->texts.n_texts, i + 1);
        WL_TRY(wl_company_add_attribute(company, &attribute, NULL));
        CHECK_INT(company->attributes.n_attributes, i + 1);
    }
    return WL_OK;
}

static wl_status build_company(struct check_heap *heap)
{
    struct wl_company *company = NULL;
    wl_status status = wl_company_new(&heap->alloc, &company, NULL);

    CHECK_INT(company != NULL, status == WL_OK);
    if (status == WL_OK) {
        status = add_events(company);
        for (size_t i = 0; i < company->events.n_events; i++) {
            CHECK_INT(wl_company_event(company, i).props[0], i);
        }
    }
    if (status == WL_OK) {
        status = add_others(company);
    }
    wl_company_free(company);
    return status;
}

static const struct wl_feature_column columns[] = {{"n", WL_FEATURE_NUMBER},
                                                   {"c", WL_FEATURE_CATEGORY}};
static const struct wl_schema schema = {
    columns, 2, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"};

static wl_status build_rows(struct check_heap *heap)
{
    struct wl_rows rows;
    wl_status status = WL_OK;

    wl_rows_init(&rows, &heap->alloc, &schema);
    for (size_t i = 0; i < 200 && status == WL_OK; i++) {
        char name[16];
        float *values = NULL;
        (void)snprintf(name, sizeof(name), "%zu", i);
        status = wl_rows_add(&rows, wl_str_from(name), (int64_t)i, &values, NULL);
        CHECK_INT(rows.n_rows, status == WL_OK ? i + 1 : i);
        if (status == WL_OK) {
            values[0] = (float)i;
            status = wl_rows_note_level(&rows, wl_str_from(name), &values[1], NULL);
        }
    }
    for (size_t i = 0; i < rows.n_rows; i++) {
        CHECK(rows.values[2 * i] == (float)i && rows.as_of_us[i] == (int64_t)i);
    }
    wl_rows_release(&rows);
    return status;
}

static wl_status read_row(struct check_heap *heap)
{
    struct wl_rows rows;
    struct wl_arena arena;

    wl_arena_init(&arena, &heap->alloc, 64); // small blocks, so that every node is a request
    wl_rows_init(&rows, &heap->alloc, &schema);
    wl_status status =
        wl_row_read(&rows,
                    WL_STR("{\"user\":\"u\",\"as_of\":\"2011-09-01\",\"schema\":\"0123456789ab\","
                           "\"values\":[1.5,\"two year\"]}"),
                    &arena, NULL);
    CHECK_INT(rows.n_rows, status == WL_OK);
    wl_rows_release(&rows);
    wl_arena_release(&arena);
    return status;
}

static wl_status read_documents(struct check_heap *heap)
{
    struct wl_arena arena;
    struct wl_node *yaml = NULL;
    struct wl_node *json = NULL;

    wl_arena_init(&arena, &heap->alloc, 64);
    wl_status status = wl_yaml_parse(&arena, WL_STR("a: [1, b, {c: ~}]\n"), &yaml, NULL);
    CHECK_INT(yaml != NULL, status == WL_OK);
    if (status == WL_OK) {
        status = wl_json_parse(&arena, WL_STR("{\"a\":[1,\"b\",{\"c\":null}]}"), &json, NULL);
        CHECK_INT(json != NULL, status == WL_OK);
    }
    wl_arena_release(&arena);
    return status;
}

static wl_status read_explanation(struct check_heap *heap)
{
    struct wl_arena arena;
    struct wl_explanation explanation = {.base = 77.0};

    wl_arena_init(&arena, &heap->alloc, 64);
    wl_status status = wl_explanation_read(
        &arena,
        WL_STR("{\"user\":\"u\",\"as_of\":\"2011-09-01\",\"p_churn\":0.5,\"tier\":\"low\","
               "\"base\":1,\"reasons\":[{\"feature\":\"f\",\"contribution\":1}]}"),
        &explanation, NULL);
    CHECK(status == WL_OK ? explanation.base == 1.0 : explanation.base == 77.0);
    wl_arena_release(&arena);
    return status;
}

static void walk(wl_status (*job)(struct check_heap *), size_t n_faults_min)
{
    for (size_t n_good = 0; n_good < N_FAULTS_MAX; n_good++) {
        struct check_heap heap;
        check_heap_init(&heap, n_good);
        wl_status status = job(&heap);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good >= n_faults_min);
            return;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
    CHECK_INT(N_FAULTS_MAX, 0); // the job never succeeds
}

int main(void)
{
    walk(build_company, 30);
    walk(build_rows, 10);
    walk(read_row, 5);
    walk(read_documents, 10);
    walk(read_explanation, 10);
    return check_report();
}
