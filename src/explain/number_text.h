/* Numbers as people read them; the one place that decides how. */
#ifndef WL_EXPLAIN_NUMBER_TEXT_H
#define WL_EXPLAIN_NUMBER_TEXT_H

#define WL_NUMBER_TEXT_BYTES 48

/* wl_number_text - "3", "0.667", "70.35", "1,235", "-40": whole numbers in full with a comma at the
 * thousands, others to two decimals, to none from 1,000 on, and below 1 to three digits that
 * count. The digits are the same in Chinese.
 *   value  (in)  any; beyond 1e15 or below 1e-6 in scientific form; NaN is "?".
 *   text   (out) WL_NUMBER_TEXT_BYTES. Returns text. */
char *wl_number_text(double value, char *text);

/* wl_percent_text - 0.35 as "35", 0.004 as "0.4": percent without the sign for it.
 *   text   (out) WL_NUMBER_TEXT_BYTES. Returns text. */
char *wl_percent_text(double share, char *text);

#endif
