/* Goal:   the report of a small company has the bytes it had when a person last looked at it.
 * Method: write the page twice, compare with each other and with the stored page. After a change
 *         that is meant, run with WL_GOLDEN_WRITE=1 and look at the page in a browser, in both
 *         languages. Made by this test; no other program is involved. */
#include "check.h"
#include "report_fixture.h"

#include "base/file.h"

static const char *const languages[] = {"zh", "en"};

static void test_page_equals_the_stored_one(void)
{
    for (size_t i = 0; i < 2; i++) {
        struct report_fixture fixture;
        struct wl_buf first;
        struct wl_buf again;
        struct wl_buf stored;
        char path[512];

        (void)snprintf(path, sizeof(path), "%s/tests/golden/report/small.%s.html", WL_SOURCE_DIR,
                       languages[i]);
        wl_buf_init(&first, wl_alloc_default(), 0);
        wl_buf_init(&again, wl_alloc_default(), 0);
        wl_buf_init(&stored, wl_alloc_default(), 0);
        report_fixture_init(&fixture, wl_alloc_default(), languages[i]);
        wl_report_html(&fixture.report, &first);
        wl_report_html(&fixture.report, &again);
        CHECK(wl_str_equal(wl_buf_view(&first), wl_buf_view(&again)));
        if (getenv("WL_GOLDEN_WRITE") != NULL) {
            CHECK_INT(wl_report_write(&fixture.report, path, NULL), WL_OK);
        }
        CHECK_INT(wl_file_read(path, &stored, NULL), WL_OK);
        CHECK(wl_str_equal(wl_buf_view(&first), wl_buf_view(&stored)));
        fixture.report.n_scored += 1.0; // one customer more shows
        wl_buf_clear(&again);
        wl_report_html(&fixture.report, &again);
        CHECK(!wl_str_equal(wl_buf_view(&again), wl_buf_view(&stored)));
        wl_buf_release(&first);
        wl_buf_release(&again);
        wl_buf_release(&stored);
    }
}

int main(void)
{
    RUN(test_page_equals_the_stored_one);
    return check_report();
}
