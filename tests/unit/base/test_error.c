/* Goal:   a failure text is always one clean line of UTF-8, and the status table is what it says.
 * Method: formats whose results are too long, hold control bytes or broken characters; every row of
 *         the status table against the accessors. */
#include "check.h"

#include "base/error.h"
#include "base/str.h"

#define MESSAGE_BYTES (sizeof(((wl_error *)NULL)->message))

static void test_status_table(void)
{
#define X(name, number, class, text)                                                               \
    CHECK_INT(name, number);                                                                       \
    CHECK_STR(wl_status_name(name), #name);                                                        \
    CHECK_STR(wl_status_text(name), text);                                                         \
    CHECK_INT(wl_status_class(name), class);
    WL_STATUS_MAP(X)
#undef X
    CHECK_STR(wl_status_name((wl_status)-999), "WL_?");
    CHECK_STR(wl_status_text((wl_status)-999), "unknown status");
    CHECK_INT(wl_status_class((wl_status)-999), WL_CLASS_OURS);
    CHECK_STR(wl_version(), WL_VERSION);
    CHECK_INT(sizeof(wl_error), 256);
}

static void test_messages(void)
{
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        {"plain", "plain"},
        {"two\nlines\r\n", "two lines  "},
        {"tab\tbell\x07 delete\x7F", "tab bell  delete "},
        {"挽留", "挽留"},
        {"cut \xE6\x8C", "cut ??"},
        {"\xC0\x80\xFFx", "???x"},
        {"", ""},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        wl_error error = {0};
        CHECK_INT(wl_fail(&error, WL_EPARSE, "%s", cases[i].text), WL_EPARSE);
        CHECK_INT(error.status, WL_EPARSE);
        CHECK_STR(error.message, cases[i].want);
    }
    CHECK_INT(wl_fail(NULL, WL_EIO, "nobody listens %d", 1), WL_EIO);
}

// Whatever the length in front, the cut leaves whole characters and at most three bytes unused.
static void test_cut_at_a_character(void)
{
    char text[400];

    for (size_t n_ascii = 0; n_ascii < 8; n_ascii++) {
        wl_error error = {0};
        size_t n = n_ascii;
        memset(text, 'a', n_ascii);
        while (n + 3 < sizeof(text)) {
            memcpy(text + n, "\xE7\x95\x99", 3);
            n += 3;
        }
        text[n] = '\0';
        (void)wl_fail(&error, WL_EIO, "%s", text);
        struct wl_str message = wl_str_from(error.message);
        CHECK(wl_str_is_utf8(message));
        CHECK(message.n_bytes < MESSAGE_BYTES && message.n_bytes + 4 >= MESSAGE_BYTES);
        CHECK(memcmp(error.message, text, message.n_bytes) == 0);
    }
}

static void test_where_in_front(void)
{
    wl_error error = {0};
    char long_text[300];

    (void)wl_fail(&error, WL_ENOTFOUND, "no such file");
    CHECK_INT(wl_fail_at(&error, WL_EIO, "line %d", 7), WL_EIO);
    CHECK_STR(error.message, "line 7: no such file");
    CHECK_INT(error.status, WL_EIO);
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = '\0';
    (void)wl_fail(&error, WL_EIO, "%s", long_text);
    (void)wl_fail_at(&error, WL_EIO, "%s", "model.json");
    CHECK(strncmp(error.message, "model.json: xxx", 15) == 0);
    CHECK_INT(strlen(error.message), MESSAGE_BYTES - 1);
    CHECK_INT(wl_fail_at(NULL, WL_EIO, "line %d", 7), WL_EIO);
}

int main(void)
{
    RUN(test_status_table);
    RUN(test_messages);
    RUN(test_cut_at_a_character);
    RUN(test_where_in_front);
    return check_report();
}
