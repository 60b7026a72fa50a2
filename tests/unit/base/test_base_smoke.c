/* Goal:   the base layer links and its simplest promises hold.
 * Method: one case per promise; the other unit tests go deep. */
#include "check.h"

#include "base/clock.h"
#include "base/str.h"

static void test_fixed_point_is_exact(void)
{
    int64_t value_e4 = 0;
    CHECK(wl_str_to_fixed(WL_STR("2.55"), &value_e4));
    CHECK_INT(value_e4, 25500);
    CHECK(wl_str_to_fixed(WL_STR("-0.00005"), &value_e4));
    CHECK_INT(value_e4, -1);
    CHECK(!wl_str_to_fixed(WL_STR("nan"), &value_e4));
}

static void test_time_round_trip(void)
{
    char text[WL_TIME_TEXT_BYTES];
    int64_t time_us = 0;
    CHECK_INT(wl_time_parse(WL_STR("2011-09-01T08:30:15+08:00"), WL_TIME_AUTO, 0, &time_us, NULL),
              0);
    CHECK_STR(wl_time_format_iso(time_us, text), "2011-09-01T00:30:15Z");
    CHECK_INT(wl_time_parse(WL_STR("2011-02-30"), WL_TIME_AUTO, 0, &time_us, NULL), WL_ERANGE);
}

int main(void)
{
    RUN(test_fixed_point_is_exact);
    RUN(test_time_round_trip);
    return check_report();
}
