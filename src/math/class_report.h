/* The classification report every classifier prints: per class precision, recall, F1 and support,
 * then micro, macro and weighted means. The layout is the one people know from scikit-learn. */
#ifndef WL_MATH_CLASS_REPORT_H
#define WL_MATH_CLASS_REPORT_H
#include "base/buf.h"

/* Counts of C classes. Everything is borrowed. */
struct wl_class_counts {
    size_t n_classes;
    const char *const *names; /* (C) UTF-8, in the language of the report */
    const double *counts;     /* (C, C) rows of true class by class said */
};

/* One line of the report. A rate without a denominator is 0, as scikit-learn has it. */
struct wl_class_rates {
    double precision;
    double recall;
    double f1;
    double support; /* rows of the class */
};

/* wl_class_rates_of - rates of one class. wl_class_rates_micro, _macro, _weighted - the means: over
 * all rows, over classes, over classes by support. Cost: O(C^2). */
struct wl_class_rates wl_class_rates_of(const struct wl_class_counts *counts, size_t i_class);
struct wl_class_rates wl_class_rates_micro(const struct wl_class_counts *counts);
struct wl_class_rates wl_class_rates_macro(const struct wl_class_counts *counts);
struct wl_class_rates wl_class_rates_weighted(const struct wl_class_counts *counts);

/* wl_class_report_write - the report as plain text with four digits.
 *   language  (in) "zh" or "en".
 *   text      (in,out) sticky buffer. */
void wl_class_report_write(const struct wl_class_counts *counts, const char *language,
                           struct wl_buf *text);

/* wl_class_report_rates - the same report from rates, for texts that may have several classes.
 *   rates  (in) (n_classes + 3) of each class, then micro, macro and weighted means. */
void wl_class_report_rates(const char *const *names, const struct wl_class_rates *rates,
                           size_t n_classes, const char *language, struct wl_buf *text);

/* wl_text_columns - columns a UTF-8 text takes on a terminal: 2 for a CJK character, else 1.
 * Source: the wide ranges of Unicode TR 11 that Chinese text uses. */
size_t wl_text_columns(const char *text);

/* wl_text_pad - text on the right of a field of n_columns. wl_text_pad_left - on the left. */
void wl_text_pad(struct wl_buf *buf, const char *text, size_t n_columns);
void wl_text_pad_left(struct wl_buf *buf, const char *text, size_t n_columns);

#endif
