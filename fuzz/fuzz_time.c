/* Times, durations and offsets: what is accepted is in range and reads back from its own text. */
#include "fuzz.h"

#include "base/clock.h"

static void check_time(struct wl_str text, enum wl_time_format format)
{
    char iso[WL_TIME_TEXT_BYTES];
    int64_t time_us = 0;
    int64_t again_us = 0;
    wl_error error = {0};
    wl_status status = wl_time_parse(text, format, 8 * WL_HOUR_US, &time_us, &error);

    fuzz_check_status(status, &error);
    if (status == WL_OK) {
        struct wl_str written = wl_str_from(wl_time_format_iso(time_us, iso));
        WL_ASSERT(wl_time_parse(written, WL_TIME_AUTO, 0, &again_us, NULL) == WL_OK);
        WL_ASSERT(again_us == time_us);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_str text = {.data = (const char *)data, .n_bytes = n_bytes};
    char written[WL_TIME_TEXT_BYTES];
    int64_t span_us = 0;
    int64_t again_us = 0;
    wl_error error = {0};

    for (int format = WL_TIME_AUTO; format <= WL_TIME_YMD; format++) {
        check_time(text, (enum wl_time_format)format);
    }
    wl_status status = wl_span_parse(text, &span_us, &error);
    fuzz_check_status(status, &error);
    if (status == WL_OK) {
        struct wl_str span = wl_str_from(wl_span_format(span_us, written));
        WL_ASSERT(wl_span_parse(span, &again_us, NULL) == WL_OK && again_us == span_us);
    }
    fuzz_check_status(wl_offset_parse(text, &span_us, &error), &error);
    return 0;
}
