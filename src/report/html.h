/* Writing HTML: everything that comes from data is escaped here, and every text stands in both
 * languages, of which the style sheet shows one. */
#ifndef WL_REPORT_HTML_H
#define WL_REPORT_HTML_H
#include "base/buf.h"
#include "report/report_words.h"

/* wl_html_escape - text with & < > " ' as entities; bytes that are not UTF-8, and control bytes,
 * become U+FFFD. Right inside elements and quoted attributes, wrong inside script or style. */
void wl_html_escape(struct wl_buf *html, struct wl_str text);

/* wl_html_text - wl_html_escape of a NUL-terminated string; NULL writes nothing. */
void wl_html_text(struct wl_buf *html, const char *text);

/* wl_html_label - a text in both languages as two spans, escaped. */
void wl_html_label(struct wl_buf *html, struct wl_label label);

/* wl_html_word - wl_html_label of a catalogue text. */
void wl_html_word(struct wl_buf *html, enum wl_report_word word);

/* wl_html_element - <tag class="...">word</tag>; no class when style is NULL. */
void wl_html_element(struct wl_buf *html, const char *tag, const char *style,
                     enum wl_report_word word);

/* wl_html_percent - a share of 0..1 as "12.3 %"; NaN as a dash. */
void wl_html_percent(struct wl_buf *html, double share);

/* wl_html_number - n_digits behind the point; NaN as a dash. */
void wl_html_number(struct wl_buf *html, double value, int n_digits);

/* wl_html_begin - everything before the content: head, style, language switch, navigation.
 *   language  (in) "zh" or "en": shown first. name (in) of the company, escaped.
 *   has_alerts, has_surges (in) whether the navigation leads there. */
void wl_html_begin(struct wl_buf *html, const char *language, const char *name, bool has_alerts,
                   bool has_surges);

/* wl_html_end - footer and script. */
void wl_html_end(struct wl_buf *html);

/* wl_utf8_cut - the longest prefix of text with at most n_characters, cut between characters. */
struct wl_str wl_utf8_cut(struct wl_str text, size_t n_characters);

#endif
