/* Goal:   a buffer holds what was appended, never grows past its ceiling, and stays failed.
 * Method: each append function; ceilings met exactly and passed by one byte; then appends after a
 *         failure, which must change nothing. */
#include "check.h"

#include "base/buf.h"

static void test_appends(void)
{
    struct wl_buf buf;

    wl_buf_init(&buf, wl_alloc_default(), 0);
    CHECK_INT(wl_buf_view(&buf).n_bytes, 0);
    wl_buf_add(&buf, "a\0b", 3);
    wl_buf_add(&buf, NULL, 0);
    wl_buf_str(&buf, WL_STR("挽留"));
    wl_buf_str(&buf, wl_str_from(NULL));
    wl_buf_text(&buf, "!");
    wl_buf_char(&buf, '?');
    wl_buf_format(&buf, "%s=%d", "x", -3);
    CHECK(wl_str_equal(wl_buf_view(&buf), WL_STR("a\0b挽留!?x=-3")));
    CHECK_INT(buf.data[buf.n_bytes], 0);
    CHECK_INT(wl_buf_check(&buf, NULL), WL_OK);
    const char *memory = buf.data;
    wl_buf_clear(&buf);
    CHECK(buf.n_bytes == 0 && buf.data == memory && buf.data[0] == '\0');
    wl_buf_release(&buf);
    wl_buf_release(&buf);
}

static void test_long_format(void)
{
    struct wl_buf buf;
    char text[5000];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    wl_buf_init(&buf, wl_alloc_default(), 0);
    wl_buf_format(&buf, "<%s>", text);
    CHECK_INT(buf.n_bytes, sizeof(text) + 1);
    CHECK(buf.data[buf.n_bytes - 1] == '>');
    wl_buf_release(&buf);
}

static void test_ceiling_and_sticky_failure(void)
{
    wl_error error = {0};
    struct wl_buf buf;

    wl_buf_init(&buf, wl_alloc_default(), 10);
    wl_buf_text(&buf, "0123456789");
    CHECK_INT(wl_buf_check(&buf, &error), WL_OK); // exactly full is fine
    wl_buf_text(&buf, "");
    CHECK_INT(wl_buf_check(&buf, &error), WL_OK);
    wl_buf_char(&buf, 'x');
    CHECK_INT(wl_buf_check(&buf, &error), WL_ELIMIT);
    CHECK_STR(error.message, "output is larger than its limit of 10 bytes");
    CHECK_VIEW(wl_buf_view(&buf), "0123456789");
    wl_buf_clear(&buf); // forgets the failure
    wl_buf_format(&buf, "%s", "01234567890");
    CHECK_INT(wl_buf_check(&buf, NULL), WL_ELIMIT);
    wl_buf_text(&buf, "a"); // would fit, but half a document must not look whole
    wl_buf_format(&buf, "%d", 1);
    wl_buf_char(&buf, 'a');
    CHECK_INT(buf.n_bytes, 0);
    wl_buf_clear(&buf);
    wl_buf_add(&buf, "x", SIZE_MAX); // a size from outside must not wrap around
    CHECK_INT(wl_buf_check(&buf, NULL), WL_ELIMIT);
    wl_buf_release(&buf);
}

int main(void)
{
    RUN(test_appends);
    RUN(test_long_format);
    RUN(test_ceiling_and_sticky_failure);
    return check_report();
}
