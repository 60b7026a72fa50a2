/* Names for people: every feature gets a Chinese and an English name and a formula from the
 * template of its aggregate, so that a hundred features need no hundred translations. */
#include "base/clock.h"
#include "features/plan_inner.h"

#include <stdio.h>
#include <string.h>

const char *wl_window_text(struct wl_arena *arena, int64_t window_us)
{
    char text[32];

    if (window_us == WL_WINDOW_NONE) {
        return "";
    }
    if (window_us == WL_WINDOW_ALL) {
        return "all";
    }
    return wl_arena_string(arena, wl_str_from(wl_span_format(window_us, text)));
}

// "近30天", "last 30 days", or "30d" in a formula.
static void window_words(const struct wl_plan_words *words, char *text, size_t n_bytes)
{
    bool is_days = words->window_us % WL_DAY_US == 0;
    long long n = words->window_us / (is_days ? WL_DAY_US : WL_HOUR_US);
    char span[32];

    if (words->window_us == WL_WINDOW_ALL) {
        const char *person = words->is_zh ? "历史" : "ever";
        (void)snprintf(text, n_bytes, "%s", words->is_formula ? "all" : person);
    } else if (words->is_formula) {
        (void)snprintf(text, n_bytes, "%s", wl_span_format(words->window_us, span));
    } else if (words->is_zh) {
        (void)snprintf(text, n_bytes, "近%lld%s", n, is_days ? "天" : "小时");
    } else if (n == 1) {
        (void)snprintf(text, n_bytes, "last %s", is_days ? "day" : "hour");
    } else {
        (void)snprintf(text, n_bytes, "last %lld %s", n, is_days ? "days" : "hours");
    }
}

static const char *word_for(const struct wl_plan_words *words, char letter, const char *window)
{
    const struct wl_signal *signal = words->signal;

    switch (letter) {
    case 's':
        if (words->is_formula) {
            return signal->name;
        }
        return words->is_zh ? signal->zh : signal->en;
    case 'v': return words->is_zh ? signal->value_zh : signal->value_en;
    case 'p': return words->prop;
    default: return window;
    }
}

const char *wl_plan_fill(struct wl_arena *arena, const char *form,
                         const struct wl_plan_words *words)
{
    struct wl_buf buf;
    char window[64];
    const char *text = NULL;

    window_words(words, window, sizeof(window));
    wl_buf_init(&buf, arena->alloc, WL_CONFIG_BYTES_MAX);
    for (const char *at = form; *at != '\0'; at++) {
        if (at[0] == '{' && at[1] != '\0' && at[2] == '}') {
            wl_buf_text(&buf, word_for(words, at[1], window));
            at += 2;
        } else {
            wl_buf_char(&buf, *at);
        }
    }
    if (wl_buf_check(&buf, NULL) == WL_OK) {
        text = wl_arena_string(arena, wl_buf_view(&buf));
    }
    wl_buf_release(&buf);
    return text;
}
