/* Segments of the store, twice: as bytes from outside, and as the content of a frame whose checksum
 * is right, which is how a lie would look. What is accepted is written again and read as the same.
 * */
#include "fuzz.h"

#include "../tests/company_digest.h"
#include "store/segment.h"

static size_t count_of(const struct wl_company *company, enum wl_segment_kind kind)
{
    return kind == WL_SEGMENT_EVENTS  ? company->events.n_events
           : kind == WL_SEGMENT_TEXTS ? company->texts.n_texts
                                      : company->attributes.n_attributes;
}

static void write_again(const struct wl_company *company, enum wl_segment_kind kind)
{
    size_t n = count_of(company, kind);
    size_t *records = wl_alloc_array(company->alloc, n + 1, sizeof(*records));
    struct wl_company *copy = NULL;
    struct wl_segment_info info;
    struct wl_buf blob;

    WL_ASSERT(records != NULL);
    for (size_t i = 0; i < n; i++) {
        records[i] = i;
    }
    wl_buf_init(&blob, wl_alloc_default(), 0);
    if (n > 0) {
        WL_ASSERT(wl_company_new(wl_alloc_default(), &copy, NULL) == WL_OK);
        WL_ASSERT(wl_segment_encode(company, kind, records, n, &blob, &info, NULL) == WL_OK);
        WL_ASSERT(wl_segment_decode(wl_buf_view(&blob), NULL, NULL, copy, &info, NULL) == WL_OK);
        WL_ASSERT(company_digest(copy) == company_digest(company));
    }
    wl_company_free(copy);
    wl_buf_release(&blob);
    wl_alloc_free(company->alloc, records);
}

static void read_one(struct wl_str blob)
{
    struct wl_company *company = NULL;
    struct wl_segment_info info;
    struct wl_dedupe dedupe;
    wl_error error = {0};

    WL_ASSERT(wl_company_new(wl_alloc_default(), &company, NULL) == WL_OK);
    wl_status status = wl_segment_decode(blob, NULL, NULL, company, &info, &error);
    fuzz_check_status(status, &error);
    if (status == WL_OK) {
        write_again(company, info.kind);
    }
    wl_dedupe_init(&dedupe, wl_alloc_default(), WL_DEDUPE_WINDOW_US);
    status = wl_segment_keys(blob, &dedupe, &error);
    fuzz_check_status(status, &error);
    wl_dedupe_release(&dedupe);
    wl_company_free(company);
}

// Byte 0: kind. Byte 1: number of records. The rest is the payload.
static void read_framed(const uint8_t *data, size_t n_bytes)
{
    struct wl_segment_info info = {.kind = (enum wl_segment_kind)(1 + data[0] % 3),
                                   .n_records = data[1]};
    struct wl_str payload = {.data = (const char *)data + 2, .n_bytes = n_bytes - 2};
    struct wl_buf blob;

    wl_buf_init(&blob, wl_alloc_default(), 0);
    WL_ASSERT(wl_frame_pack(&info, payload, &blob, NULL) == WL_OK);
    read_one(wl_buf_view(&blob));
    wl_buf_release(&blob);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_str blob = {.data = (const char *)data, .n_bytes = n_bytes};

    read_one(blob);
    if (n_bytes >= 2) {
        read_framed(data, n_bytes);
    }
    return 0;
}
