/* HTML pieces. The language switch is two radio buttons in front of everything else: the style
 * sheet hides the other language behind them, so the page needs no script. */
#include "report/html.h"

#include <math.h>
#include <string.h>

extern const unsigned char wl_report_css[];
extern const size_t wl_report_css_bytes;
extern const unsigned char wl_report_js[];
extern const size_t wl_report_js_bytes;

// Length of the well-formed UTF-8 character at the start, or 0.
static size_t character_bytes(const unsigned char *s, size_t n)
{
    static const unsigned char low[5] = {0, 0, 0xc2, 0xe0, 0xf0};
    size_t n_bytes = s[0] < 0x80 ? 1 : (s[0] < 0xe0 ? 2 : (s[0] < 0xf0 ? 3 : 4));

    if (n_bytes == 1) {
        return 1;
    }
    if (n < n_bytes || s[0] < low[n_bytes] || s[0] > 0xf4) {
        return 0;
    }
    for (size_t i = 1; i < n_bytes; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool is_overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool is_surrogate = s[0] == 0xed && s[1] >= 0xa0;
    bool is_beyond = s[0] == 0xf4 && s[1] >= 0x90;
    return is_overlong || is_surrogate || is_beyond ? 0 : n_bytes;
}

static const char *entity_of(unsigned char c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

void wl_html_escape(struct wl_buf *html, struct wl_str text)
{
    const unsigned char *s = (const unsigned char *)text.data;

    for (size_t i = 0; i < text.n_bytes;) {
        size_t n = character_bytes(s + i, text.n_bytes - i);
        bool is_control = n == 1 && (s[i] < 0x20 || s[i] == 0x7f) && s[i] != '\n' && s[i] != '\t';
        const char *entity = n == 1 ? entity_of(s[i]) : NULL;
        if (n == 0 || is_control) {
            wl_buf_text(html, "\xef\xbf\xbd");
            n = 1;
        } else if (entity != NULL) {
            wl_buf_text(html, entity);
        } else {
            wl_buf_add(html, s + i, n);
        }
        i += n;
    }
}

void wl_html_text(struct wl_buf *html, const char *text)
{
    wl_html_escape(html, wl_str_from(text));
}

void wl_html_label(struct wl_buf *html, struct wl_label label)
{
    wl_buf_text(html, "<span lang=\"zh\">");
    wl_html_text(html, label.zh);
    wl_buf_text(html, "</span><span lang=\"en\">");
    wl_html_text(html, label.en);
    wl_buf_text(html, "</span>");
}

void wl_html_word(struct wl_buf *html, enum wl_report_word word)
{
    wl_html_label(html, wl_report_word(word));
}

void wl_html_element(struct wl_buf *html, const char *tag, const char *style,
                     enum wl_report_word word)
{
    if (style != NULL) {
        wl_buf_format(html, "<%s class=\"%s\">", tag, style);
    } else {
        wl_buf_format(html, "<%s>", tag);
    }
    wl_html_word(html, word);
    wl_buf_format(html, "</%s>", tag);
}

void wl_html_percent(struct wl_buf *html, double share)
{
    if (!isfinite(share)) {
        wl_buf_text(html, "–");
        return;
    }
    wl_buf_format(html, "%.1f %%", 100.0 * share);
}

void wl_html_number(struct wl_buf *html, double value, int n_digits)
{
    if (!isfinite(value)) {
        wl_buf_text(html, "–");
        return;
    }
    wl_buf_format(html, "%.*f", n_digits, value);
}

static void write_navigation(struct wl_buf *html, bool has_alerts, bool has_surges)
{
    const struct {
        const char *anchor;
        enum wl_report_word word;
        bool is_there;
    } items[] = {
        {"overview", WL_WORD_NAV_OVERVIEW, true},   {"alerts", WL_WORD_NAV_ALERTS, has_alerts},
        {"reasons", WL_WORD_NAV_REASONS, true},     {"voice", WL_WORD_NAV_VOICE, true},
        {"surges", WL_WORD_NAV_SURGES, has_surges}, {"customers", WL_WORD_NAV_CUSTOMERS, true},
        {"messages", WL_WORD_NAV_MESSAGES, true},   {"quality", WL_WORD_NAV_QUALITY, true},
        {"data", WL_WORD_NAV_DATA, true},           {"model", WL_WORD_NAV_MODEL, true}};

    wl_buf_text(html, "<nav aria-label=\"sections\">");
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        if (!items[i].is_there) {
            continue;
        }
        wl_buf_format(html, "<a href=\"#%s\">", items[i].anchor);
        wl_html_word(html, items[i].word);
        wl_buf_text(html, "</a>");
    }
    wl_buf_text(html, "</nav>");
}

void wl_html_begin(struct wl_buf *html, const char *language, const char *name, bool has_alerts,
                   bool has_surges)
{
    bool is_zh = strcmp(language, "zh") == 0;

    wl_buf_format(html, "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n",
                  is_zh ? "zh-CN" : "en");
    wl_buf_text(html, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                      "<meta name=\"color-scheme\" content=\"light dark\">\n"
                      "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    wl_html_text(html, name);
    wl_buf_text(html, " · ");
    wl_html_text(html, is_zh ? wl_report_word(WL_WORD_TITLE).zh : wl_report_word(WL_WORD_TITLE).en);
    wl_buf_text(html, "</title>\n<style>\n");
    wl_buf_add(html, wl_report_css, wl_report_css_bytes);
    wl_buf_text(html, "</style>\n</head>\n<body>\n");
    wl_buf_format(html,
                  "<input class=\"switch\" type=\"radio\" name=\"language\" id=\"show-zh\" "
                  "aria-label=\"中文\"%s>\n"
                  "<input class=\"switch\" type=\"radio\" name=\"language\" id=\"show-en\" "
                  "aria-label=\"English\"%s>\n",
                  is_zh ? " checked" : "", is_zh ? "" : " checked");
    wl_buf_text(html, "<div class=\"page\">\n<a class=\"skip\" href=\"#overview\">");
    wl_html_word(html, WL_WORD_SKIP);
    wl_buf_text(html, "</a>\n<div class=\"bar\"><strong class=\"brand\">wanliu 挽留</strong>");
    write_navigation(html, has_alerts, has_surges);
    wl_buf_text(html, "<span class=\"languages\"><label for=\"show-zh\">中文</label>"
                      "<label for=\"show-en\">English</label></span></div>\n<main>\n");
}

void wl_html_end(struct wl_buf *html)
{
    wl_buf_text(html, "</main>\n<footer>");
    wl_html_word(html, WL_WORD_FOOTER);
    wl_buf_text(html, "</footer>\n</div>\n<script>\n");
    wl_buf_add(html, wl_report_js, wl_report_js_bytes);
    wl_buf_text(html, "</script>\n</body>\n</html>\n");
}

struct wl_str wl_utf8_cut(struct wl_str text, size_t n_characters)
{
    size_t n_bytes = 0;

    for (size_t i = 0; i < n_characters && n_bytes < text.n_bytes; i++) {
        size_t n =
            character_bytes((const unsigned char *)text.data + n_bytes, text.n_bytes - n_bytes);
        n_bytes += n > 0 ? n : 1;
    }
    return (struct wl_str){.data = text.data, .n_bytes = n_bytes};
}
