/* Goal:   texts that a reader takes for the same become the same bytes; normalising twice changes
 *         nothing; every part of the result leads back to the raw bytes it came from.
 * Method: a table of texts; random strings of awkward characters, normalised twice and mapped back
 *         piece by piece; the longest text; every allocation failed once. */
#include "check.h"

#include "base/limits.h"
#include "text/normalise.h"
#include "text/unicode.h"

static void test_texts(void)
{
    static const struct {
        const char *raw;
        const char *want;
    } cases[] = {
        {"", ""},
        {"   ", ""},
        {"Hello  World ", "hello world"},
        {"\xef\xbb\xbfＶＩＰ　会员，ﬁne！\r\n", "vip 会员,fine!"},
        {"a\r\n \tb", "a\nb"},
        {"a \u2028 b\u00a0c", "a\nb c"},
        {"cafe\u0301 CAFÉ", "café café"},
        {"Straße ΣΑΣ", "strasse σασ"},
        {"か\u3099 ｶﾞ", "が ガ"},
        {"……", "......"},
        {"①㎡℃½", "1m2°c1⁄2"},
        {"a\x01z\x7f\u200bq\u00adw", "azqw"},
        {"\u202eabc\u202c \u2066x\u2069", "abc x"},
        {"❤\ufe0f 1\ufe0f\u20e3", "❤ 1\u20e3"},
        {"👨\u200d👩\u200d👧 👍🏽", "👨\u200d👩\u200d👧 👍🏽"},
        {"👩🏽\u200d⚕\ufe0f", "👩🏽\u200d⚕"},
        {"a\u200db\u200d👍\u200d", "ab👍"},
        {"👍\u200d\u200d👍\u200d 👍", "👍\u200d👍 👍"},
        {"\xff", "\ufffd"},
        {"a\xed\xa0\x80\xc0\xaf z", "a\ufffd z"}, // a lone surrogate, then an overlong slash
        {"\xf0\x9f\x98", "\ufffd"},
        {"\xef\xbf\xbd\xef\xbf\xbd", "\ufffd\ufffd"},
        {"각 \u1100\u1161\u11a8", "각 각"},
        {"q\u0323\u0307 q\u0307\u0323", "q\u0323\u0307 q\u0323\u0307"},
        {"x \u00a8", "x \u0308"},
        {"一丁龥鿿", "一丁龥鿿"},
        {"\u4dff", "\u4dff"},
    };
    struct wl_normal normal;

    wl_normal_init(&normal, wl_alloc_default());
    for (size_t i = 0; i < COUNT(cases); i++) {
        CHECK_INT(wl_normal_set(&normal, wl_str_from(cases[i].raw), NULL), WL_OK);
        CHECK_VIEW(wl_buf_view(&normal.text), cases[i].want);
    }
    wl_normal_release(&normal);
}

static void test_counts(void)
{
    struct wl_normal normal;

    wl_normal_init(&normal, wl_alloc_default());
    CHECK_INT(wl_normal_set(&normal, WL_STR("a\xff\xfe b\xed\xa0\x80\u200b\x02"), NULL), WL_OK);
    CHECK_INT(normal.n_invalid_bytes, 5);
    CHECK_INT(normal.n_hidden, 2);
    CHECK_INT(wl_normal_set(&normal, WL_STR("a\0b"), NULL), WL_OK);
    CHECK_VIEW(wl_buf_view(&normal.text), "ab");
    CHECK_INT(normal.n_hidden, 1);
    wl_normal_release(&normal);
}

static void test_back_to_raw(void)
{
    static const struct {
        const char *raw;
        const char *part; // of the normalised text
        const char *want;
    } cases[] = {
        {"我的ＶＩＰ会员", "vip", "ＶＩＰ"},
        {"我的ＶＩＰ会员", "会员", "会员"},
        {"我的ＶＩＰ会员", "i", "Ｉ"},
        {"  A  B\u200bC ", "bc", "B\u200bC"},
        {"  A  B ", "a b", "A  B"},
        {"x……y", ".", "…"},
        {"x……y", "......y", "……y"},
        {"x……y", "y", "y"},
        {"Cafe\u0301!", "é", "e\u0301"},
        {"Cafe\u0301!", "!", "!"},
        {"a\xff\xff\xff b", "\ufffd", "\xff\xff\xff"},
        {"㈱x", "株", "㈱"},
        {"㈱x", "x", "x"},
    };
    struct wl_normal normal;

    wl_normal_init(&normal, wl_alloc_default());
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_str raw = wl_str_from(cases[i].raw);
        CHECK_INT(wl_normal_set(&normal, raw, NULL), WL_OK);
        const char *at = strstr(normal.text.data, cases[i].part);
        CHECK(at != NULL);
        if (at != NULL) {
            size_t from = (size_t)(at - normal.text.data);
            CHECK_VIEW(wl_normal_raw(&normal, raw, from, strlen(cases[i].part)), cases[i].want);
        }
    }
    CHECK_INT(wl_normal_raw(&normal, WL_STR(""), 0, 0).n_bytes, 0);
    wl_normal_release(&normal);
}

// A string of awkward characters, at most 255 bytes.
static struct wl_str awkward(uint64_t *seed, char *text)
{
    static const char *const pieces[] = {
        "a",          "B",          "Z9 ",    " ",        "\n",     "\r\n",         "\u3000",
        "我",         "会员",       "，",     "…",        "\u0301", "\u0323",       "e",
        "ß",          "\u0345",     "\u1f80", "\u1100",   "\u1161", "\u11a8",       "각",
        "か",         "\u3099",     "ﾞ",      "\u200d",   "👍",      "🏽",         "\ufe0f",
        "\u200b",     "\u202e",     "\xff",   "\xe6\x88", "\u00a8", "\xed\xa0\x80", "\u0130",
        "\u03d3",     "\ufdfa",     "½",      "\u0f71",   "\u0f72", "\u09c7",       "\u09be",
        "\U0001d400", "\U000e0067", "\u0344", "\u017f",   "\u1e9b", "\u3164",       "\ufffe",
        "\U0010ffff", "®",          "#",      "\u20e3",   "\u1fb7", "\u0390",       "\u2126"};
    size_t n = 0;

    for (size_t i = check_rand(seed) % 24; i > 0; i--) {
        const char *piece = pieces[check_rand(seed) % COUNT(pieces)];
        char bytes[8] = {0};
        if (check_rand(seed) % 4 == 0) { // any character at all
            wl_char_encode((uint32_t)(check_rand(seed) % 0x20000), bytes);
            piece = bytes;
        }
        memcpy(text + n, piece, strlen(piece));
        n += strlen(piece);
    }
    return (struct wl_str){.data = text, .n_bytes = n};
}

static void check_map(const struct wl_normal *normal, struct wl_str raw)
{
    size_t begin = 0;

    for (size_t i = 0; i < normal->text.n_bytes; i++) {
        struct wl_str part = wl_normal_raw(normal, raw, i, 1);
        size_t at = (size_t)(part.data - raw.data);
        CHECK(part.n_bytes > 0 && at + part.n_bytes <= raw.n_bytes);
        CHECK(at >= begin);
        begin = at;
    }
}

static void test_twice_changes_nothing(void)
{
    uint64_t seed = check_seed();
    struct wl_normal once;
    struct wl_normal twice;
    char text[256];

    wl_normal_init(&once, wl_alloc_default());
    wl_normal_init(&twice, wl_alloc_default());
    for (size_t round = 0; round < 40000 && check_failures == 0; round++) {
        struct wl_str raw = awkward(&seed, text);
        CHECK_INT(wl_normal_set(&once, raw, NULL), WL_OK);
        CHECK_INT(wl_normal_set(&twice, wl_buf_view(&once.text), NULL), WL_OK);
        CHECK(wl_str_is_utf8(wl_buf_view(&once.text)));
        CHECK(wl_str_equal(wl_buf_view(&once.text), wl_buf_view(&twice.text)));
        CHECK_INT(twice.n_hidden + twice.n_invalid_bytes, 0);
        check_map(&once, raw);
        if (check_failures > 0) {
            for (size_t i = 0; i < raw.n_bytes; i++) {
                fprintf(stderr, "%02x ", (unsigned char)raw.data[i]);
            }
            fprintf(stderr, "-> %s -> %s\n", once.text.data, twice.text.data);
        }
    }
    wl_normal_release(&once);
    wl_normal_release(&twice);
}

static void test_limits(void)
{
    struct wl_normal normal;
    struct wl_buf text;
    wl_error error;

    wl_normal_init(&normal, wl_alloc_default());
    wl_buf_init(&text, wl_alloc_default(), 0);
    while (text.n_bytes < WL_LINE_BYTES_MAX / 4) {
        wl_buf_text(&text, "\ufdfa"); // grows elevenfold
    }
    CHECK_INT(wl_normal_set(&normal, wl_buf_view(&text), &error), WL_ELIMIT);
    CHECK_INT(normal.text.n_bytes, 0);
    wl_buf_clear(&text);
    wl_buf_char(&text, 'a');
    while (text.n_bytes < 1 << 20) {
        wl_buf_text(&text, "\u0301\u0323"); // nobody stacks half a million marks
    }
    CHECK_INT(wl_normal_set(&normal, wl_buf_view(&text), &error), WL_OK);
    CHECK(normal.text.n_bytes < 200);
    while (text.n_bytes <= WL_LINE_BYTES_MAX) {
        wl_buf_text(&text, "0123456789abcdef0123456789abcdef");
    }
    CHECK_INT(wl_normal_set(&normal, wl_buf_view(&text), &error), WL_ELIMIT);
    wl_normal_release(&normal);
    wl_buf_release(&text);
}

static void test_every_failed_allocation(void)
{
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_normal normal;

        check_heap_init(&heap, n_good);
        wl_normal_init(&normal, &heap.alloc);
        wl_status status =
            wl_normal_set(&normal, WL_STR("ＡＢＣ a b……  ＤＥＦ … Ｇ Ｈ a Ｉ b Ｋ c 我 Ｌ"), NULL);
        if (status != WL_OK) {
            CHECK_INT(status, WL_ENOMEM);
            CHECK_INT(normal.text.n_bytes, 0);
        }
        wl_normal_release(&normal);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good >= 2);
            break;
        }
    }
}

int main(void)
{
    RUN(test_texts);
    RUN(test_counts);
    RUN(test_back_to_raw);
    RUN(test_twice_changes_nothing);
    RUN(test_limits);
    RUN(test_every_failed_allocation);
    return check_report();
}
