/* How evaluations write their figures as JSON: the same digits and the same null everywhere. */
#ifndef WL_LEARN_FIGURES_JSON_H
#define WL_LEARN_FIGURES_JSON_H
#include "base/json_write.h"

#define WL_FIGURE_DIGITS 6 /* intervals are no finer than the third; six keep files comparable */

/* wl_figure_text - "key": text, or null for NULL. */
static inline void wl_figure_text(struct wl_json_writer *json, const char *key, const char *text)
{
    wl_json_key(json, key);
    if (text != NULL) {
        wl_json_text(json, text);
    } else {
        wl_json_null(json);
    }
}

/* wl_figure_number - "key": value with WL_FIGURE_DIGITS digits. */
static inline void wl_figure_number(struct wl_json_writer *json, const char *key, double value)
{
    wl_json_key(json, key);
    wl_json_digits(json, value, WL_FIGURE_DIGITS);
}

#endif
