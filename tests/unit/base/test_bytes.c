/* Goal:   what is written is read back bit by bit; a reader never leaves its bytes, stays failed,
 *         and refuses counts that cannot be.
 * Method: round trips over edge values; the exact bytes of small values, because they are a file
 *         format; every cut of a document; hostile varints and counts. */
#include "check.h"

#include "base/bytes.h"

static void test_bytes_on_disk(void)
{
    struct wl_buf buf;

    wl_buf_init(&buf, wl_alloc_default(), 0);
    wl_put_u8(&buf, 0xAB);
    wl_put_u32(&buf, 0x01020304);
    wl_put_u64(&buf, UINT64_C(0x0102030405060708));
    wl_put_i64(&buf, -2);
    wl_put_f32(&buf, 1.0f);
    wl_put_f64(&buf, -2.0);
    wl_put_varint(&buf, 300);
    wl_put_zigzag(&buf, -1);
    wl_put_zigzag(&buf, 1);
    wl_put_string(&buf, WL_STR("hi"));
    CHECK(wl_str_equal(wl_buf_view(&buf), WL_STR("\xAB\x04\x03\x02\x01"
                                                 "\x08\x07\x06\x05\x04\x03\x02\x01"
                                                 "\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
                                                 "\x00\x00\x80\x3F"
                                                 "\x00\x00\x00\x00\x00\x00\x00\xC0"
                                                 "\xAC\x02\x01\x02\x02hi")));
    wl_buf_release(&buf);
}

static const uint64_t edges[] = {
    0,         1, 127, 128, 16383, 16384, UINT32_MAX, (uint64_t)INT64_MAX, (uint64_t)INT64_MAX + 1,
    UINT64_MAX};

static void put_all(struct wl_buf *buf)
{
    for (size_t i = 0; i < COUNT(edges); i++) {
        wl_put_u8(buf, (uint8_t)edges[i]);
        wl_put_u32(buf, (uint32_t)edges[i]);
        wl_put_u64(buf, edges[i]);
        wl_put_i64(buf, (int64_t)edges[i]);
        wl_put_varint(buf, edges[i]);
        wl_put_zigzag(buf, (int64_t)edges[i]);
    }
    wl_put_f64(buf, 0.1);
    wl_put_f32(buf, 0.1f);
    wl_put_string(buf, WL_STR("挽留"));
    wl_put_string(buf, WL_STR(""));
}

static bool read_all(struct wl_reader *reader)
{
    bool same = true;

    for (size_t i = 0; i < COUNT(edges); i++) {
        same = wl_read_u8(reader) == (uint8_t)edges[i] && same;
        same = wl_read_u32(reader) == (uint32_t)edges[i] && same;
        same = wl_read_u64(reader) == edges[i] && same;
        same = wl_read_i64(reader) == (int64_t)edges[i] && same;
        same = wl_read_varint(reader) == edges[i] && same;
        same = wl_read_zigzag(reader) == (int64_t)edges[i] && same;
    }
    same = wl_read_f64(reader) == 0.1 && same;
    same = wl_read_f32(reader) == 0.1f && same;
    same = wl_str_is(wl_read_string(reader), "挽留") && same;
    same = wl_str_is(wl_read_string(reader), "") && same;
    return same && !reader->failed;
}

static void test_round_trip_and_every_cut(void)
{
    struct wl_buf buf;
    struct wl_reader reader;

    wl_buf_init(&buf, wl_alloc_default(), 0);
    put_all(&buf);
    wl_reader_init(&reader, wl_buf_view(&buf));
    CHECK(read_all(&reader));
    CHECK_INT(wl_reader_left(&reader), 0);
    for (size_t n = 0; n < buf.n_bytes; n++) {
        char *exact = wl_alloc_array(wl_alloc_default(), n + 1, 1); // the sanitizer guards its end
        memcpy(exact + 1, buf.data, n);
        wl_reader_init(&reader, (struct wl_str){exact + 1, n});
        CHECK(!read_all(&reader));
        CHECK(reader.failed && reader.n_read <= n);
        wl_alloc_free(wl_alloc_default(), exact);
    }
    buf.data[20] ^= 1; // planted fault: a flipped bit is seen
    wl_reader_init(&reader, wl_buf_view(&buf));
    CHECK(!read_all(&reader));
    wl_buf_release(&buf);
}

static void test_failed_reader_hands_out_zeros(void)
{
    struct wl_reader reader;

    wl_reader_init(&reader, WL_STR("\x01\x02\x03"));
    CHECK_INT(wl_read_u32(&reader), 0);
    CHECK(reader.failed);
    CHECK_INT(wl_read_u8(&reader), 0); // there are bytes, but the reader is past trusting them
    CHECK(wl_read_f64(&reader) == 0.0);
    CHECK_INT(wl_read_bytes(&reader, 1).n_bytes, 0);
    CHECK_INT(wl_read_string(&reader).n_bytes, 0);
    CHECK_INT(wl_read_varint(&reader), 0);
    CHECK_INT(wl_reader_count(&reader, 1), 0);
}

static void test_hostile_varints_and_counts(void)
{
    static const struct {
        struct wl_str bytes;
        size_t item_bytes_min;
        bool good;
        size_t count;
    } cases[] = {
        {{"\x03xyz", 4}, 1, true, 3},
        {{"\x04xyz", 4}, 1, false, 0},
        {{"\x02xyz", 4}, 2, false, 0},
        {{"\x01xyz", 4}, 3, true, 1},
        {{"\x00", 1}, 8, true, 0},
        {{"\x03xyz", 4}, 0, true, 3},
        {{"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10}, 1, false, 0},     // 2^64 - 1 items
        {{"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02", 10}, 1, false, 0},     // 65 bits
        {{"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11}, 1, false, 0}, // 11 bytes
        {{"\x80", 1}, 1, false, 0},
        {{"", 0}, 1, false, 0},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_reader reader;
        wl_reader_init(&reader, cases[i].bytes);
        CHECK_INT(wl_reader_count(&reader, cases[i].item_bytes_min), cases[i].count);
        CHECK_INT(reader.failed, !cases[i].good);
    }
    struct wl_reader reader;
    wl_reader_init(&reader, WL_STR("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01xyz"));
    CHECK_INT(wl_read_string(&reader).n_bytes, 0); // a length of 2^64 - 1
    CHECK(reader.failed);
}

int main(void)
{
    RUN(test_bytes_on_disk);
    RUN(test_round_trip_and_every_cut);
    RUN(test_failed_reader_hands_out_zeros);
    RUN(test_hostile_varints_and_counts);
    return check_report();
}
