/* Goal:   simulated texts are valid UTF-8 in the right language, need no escapes, and vary.
 * Method: write many texts of every topic, tone and language and look at their bytes; count the
 *         distinct ones. A planted bad byte shows that the check of UTF-8 can fail. */
#include "check.h"

#include "base/dict.h"
#include "simulate/words.h"

// Well-formed UTF-8 without control bytes, quotes, backslashes or line ends.
static bool is_plain(struct wl_str text)
{
    for (size_t i = 0; i < text.n_bytes;) {
        unsigned char c = (unsigned char)text.data[i];
        size_t n = c < 0x80 ? 1 : (c >= 0xe0 && c < 0xf0 ? 3 : (c >= 0xc2 && c < 0xe0 ? 2 : 0));
        if (n == 0 || i + n > text.n_bytes || c < 0x20 || c == '"' || c == '\\' || c == '{' ||
            c == '}') {
            return false;
        }
        for (size_t k = 1; k < n; k++) {
            if (((unsigned char)text.data[i + k] & 0xc0) != 0x80) {
                return false;
            }
        }
        i += n;
    }
    return true;
}

static bool is_ascii(struct wl_str text)
{
    for (size_t i = 0; i < text.n_bytes; i++) {
        if ((unsigned char)text.data[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

// In Chinese most characters are three bytes long; the exceptions are words like VIP and numbers.
static bool is_mostly_chinese(struct wl_str text)
{
    size_t n_ascii = 0;
    for (size_t i = 0; i < text.n_bytes; i++) {
        n_ascii += (unsigned char)text.data[i] < 0x80;
    }
    return n_ascii * 3 < text.n_bytes;
}

static void test_every_topic_tone_and_language(void)
{
    struct wl_dict seen;
    struct wl_buf buf;
    size_t n_written = 0;

    wl_dict_init(&seen, wl_alloc_default());
    wl_buf_init(&buf, wl_alloc_default(), 0);
    for (size_t i = 0; i < (size_t)WL_SIM_TOPIC_COUNT * 3 * 2 * 100; i++) {
        struct wl_sim_text text = {.seed = i + 1,
                                   .topic = (uint8_t)(i % WL_SIM_TOPIC_COUNT),
                                   .tone = (uint8_t)(i / WL_SIM_TOPIC_COUNT % 3),
                                   .is_zh = i / (WL_SIM_TOPIC_COUNT * (size_t)3) % 2 == 0};
        uint32_t id = 0;
        wl_buf_clear(&buf);
        wl_sim_words_write(&text, &buf);
        struct wl_str words = wl_buf_view(&buf);
        CHECK(words.n_bytes >= 6);
        CHECK(is_plain(words));
        CHECK(text.is_zh ? is_mostly_chinese(words) : is_ascii(words));
        CHECK_INT(wl_dict_intern(&seen, words, &id, NULL), WL_OK);
        n_written++;
    }
    CHECK(seen.n_strings * 10 > n_written * 8); // calm questions repeat now and then
    CHECK(!is_plain(WL_STR("bad \xff byte")));
    CHECK(!is_plain(WL_STR("an open {slot}")));
    wl_buf_release(&buf);
    wl_dict_release(&seen);
}

int main(void)
{
    RUN(test_every_topic_tone_and_language);
    return check_report();
}
