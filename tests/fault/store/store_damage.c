/* Goal:   whatever happens to a segment's bytes, reading it never crashes and says WL_ECORRUPT; and
 *         running out of memory leaves nothing behind.
 * Method: flip each byte of a segment, cut it at each length, and fill well-made frames with
 *         damaged contents, which the checksum cannot see. Then every failed allocation of writing,
 *         reading, appending and loading. */
#include "check.h"

#include "base/rng.h"
#include "company_digest.h"
#include "company_sample.h"
#include "store/store.h"

#include <unistd.h>

static void encode(const struct wl_company *company, enum wl_segment_kind kind, size_t n,
                   struct wl_buf *blob)
{
    struct wl_segment_info info;
    size_t records[256];

    for (size_t i = 0; i < n; i++) {
        records[i] = i;
    }
    wl_buf_init(blob, wl_alloc_default(), 0);
    CHECK_INT(wl_segment_encode(company, kind, records, n, blob, &info, NULL), WL_OK);
    CHECK_INT(info.n_records, n);
}

static wl_status decode(struct wl_str blob, const wl_alloc *alloc)
{
    struct wl_company *company = NULL;
    struct wl_segment_info info;
    struct wl_dedupe dedupe;
    wl_status status;

    wl_dedupe_init(&dedupe, alloc, WL_DEDUPE_WINDOW_US);
    WL_GO(wl_company_new(alloc, &company, NULL));
    WL_GO(wl_segment_decode(blob, NULL, &dedupe, company, &info, NULL));
    if (info.kind != WL_SEGMENT_ATTRIBUTES) {
        WL_GO(wl_segment_keys(blob, &dedupe, NULL));
    }
done:
    wl_company_free(company);
    wl_dedupe_release(&dedupe);
    return status;
}

static const size_t n_records[] = {0, 100, 20, 20}; // by kind

static void test_every_byte_counts(void)
{
    struct wl_company *company = sample_company(11, 100, 0);

    for (int kind = 1; kind <= 3; kind++) {
        struct wl_buf blob;
        encode(company, (enum wl_segment_kind)kind, n_records[kind], &blob);
        CHECK_INT(decode(wl_buf_view(&blob), wl_alloc_default()), WL_OK);
        for (size_t i = 0; i < blob.n_bytes; i++) {
            blob.data[i] = (char)(blob.data[i] ^ 0x20);
            CHECK_INT(decode(wl_buf_view(&blob), wl_alloc_default()), WL_ECORRUPT);
            blob.data[i] = (char)(blob.data[i] ^ 0x20);
        }
        for (size_t n = 0; n < blob.n_bytes; n++) {
            struct wl_str cut = {.data = blob.data, .n_bytes = n};
            CHECK_INT(decode(cut, wl_alloc_default()), WL_ECORRUPT);
        }
        wl_buf_release(&blob);
    }
    wl_company_free(company);
}

// The frame is right, its content is not: every id and length has to be checked by the reader.
static void test_lies_with_a_good_checksum(void)
{
    struct wl_company *company = sample_company(12, 100, 0);
    struct wl_rng rng;
    size_t n_refused = 0;

    wl_rng_init(&rng, check_seed(), 0);
    for (int kind = 1; kind <= 3; kind++) {
        struct wl_buf blob;
        struct wl_buf payload;
        struct wl_segment_info info;
        encode(company, (enum wl_segment_kind)kind, n_records[kind], &blob);
        wl_buf_init(&payload, wl_alloc_default(), 0);
        CHECK_INT(wl_frame_unpack(wl_buf_view(&blob), &info, &payload, NULL), WL_OK);
        for (size_t i = 0; i < 2000; i++) {
            size_t at = (size_t)wl_rng_below(&rng, payload.n_bytes);
            char before = payload.data[at];
            payload.data[at] = (char)wl_rng_below(&rng, 256);
            info.n_records = n_records[kind] + (i % 7 == 0) * wl_rng_below(&rng, 1000);
            CHECK_INT(wl_frame_pack(&info, wl_buf_view(&payload), &blob, NULL), WL_OK);
            wl_status status = decode(wl_buf_view(&blob), wl_alloc_default());
            CHECK(status == WL_OK || status == WL_ECORRUPT);
            n_refused += status == WL_ECORRUPT;
            payload.data[at] = before;
        }
        wl_buf_release(&blob);
        wl_buf_release(&payload);
    }
    CHECK(n_refused > 500); // most changes hit a value, which may be anything; many hit structure
    wl_company_free(company);
}

static void test_decode_survives_every_failed_allocation(void)
{
    struct wl_company *company = sample_company(13, 60, 0);

    for (int kind = 1; kind <= 3; kind++) {
        struct wl_buf blob;
        encode(company, (enum wl_segment_kind)kind, 12, &blob);
        for (size_t n_good = 0;; n_good++) {
            struct check_heap heap;
            check_heap_init(&heap, n_good);
            wl_status status = decode(wl_buf_view(&blob), &heap.alloc);
            CHECK_INT(heap.live_blocks, 0);
            if (status == WL_OK) {
                CHECK(n_good > 10);
                break;
            }
            CHECK_INT(status, WL_ENOMEM);
        }
        wl_buf_release(&blob);
    }
    wl_company_free(company);
}

static const char *fresh_path(void)
{
    static const char path[] = WL_BINARY_DIR "/store_damage.db";

    (void)unlink(path);
    (void)unlink(WL_BINARY_DIR "/store_damage.db-wal");
    (void)unlink(WL_BINARY_DIR "/store_damage.db-shm");
    return path;
}

// Memory fails at every place; what was stored before stays, and the next append finds nothing
// half.
static void test_append_survives_every_failed_allocation(void)
{
    struct wl_company *first = sample_company(14, 40, 0);
    struct wl_company *second = sample_company(15, 40, 20);
    const char *path = fresh_path();

    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_store *store = NULL;
        struct wl_company *loaded = NULL;
        wl_status status;

        (void)fresh_path();
        check_heap_init(&heap, n_good);
        status = wl_store_open(path, &heap.alloc, &store, NULL);
        if (status == WL_OK) {
            status = wl_store_append(store, first, WL_DEDUPE_WINDOW_US, NULL, NULL);
        }
        if (status == WL_OK) {
            status = wl_store_append(store, second, WL_DEDUPE_WINDOW_US, NULL, NULL);
        }
        if (status == WL_OK) {
            status = wl_company_new(&heap.alloc, &loaded, NULL);
        }
        if (status == WL_OK) {
            status = wl_store_load(store, loaded, NULL, NULL, NULL);
        }
        wl_company_free(loaded);
        wl_store_close(store);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good > 40);
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
    wl_company_free(first);
    wl_company_free(second);
}

int main(void)
{
    RUN(test_every_byte_counts);
    RUN(test_lies_with_a_good_checksum);
    RUN(test_decode_survives_every_failed_allocation);
    RUN(test_append_survives_every_failed_allocation);
    return check_report();
}
