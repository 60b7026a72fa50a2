/* What customers say: figures first, then the weeks, then topics with a quote each. A quote is the
 * unhappiest recent message of its topic, masked before it came here. */
#include "report/report_parts.h"

#include <math.h>

static void write_share(struct wl_buf *html, enum wl_report_word word, double share)
{
    wl_buf_text(html, "<div class=\"key\"><dt>");
    wl_html_word(html, word);
    wl_buf_text(html, "</dt><dd><b>");
    wl_html_percent(html, share);
    wl_buf_text(html, "</b></dd></div>\n");
}

static void write_keys(const struct wl_report_voice *voice, struct wl_buf *html)
{
    wl_buf_text(html, "<dl class=\"keys\">\n<div class=\"key\"><dt>");
    wl_html_word(html, WL_WORD_VOICE_RECENT);
    wl_buf_text(html, "</dt><dd><b>");
    wl_html_number(html, voice->n_recent, 0);
    wl_buf_text(html, "</b><small>");
    wl_html_number(html, voice->n_people, 0);
    wl_buf_text(html, " ");
    wl_html_word(html, WL_WORD_VOICE_PEOPLE);
    wl_buf_text(html, "<br>");
    wl_html_number(html, voice->n_before, 0);
    wl_buf_text(html, " ");
    wl_html_word(html, WL_WORD_VOICE_IN_BEFORE);
    wl_buf_text(html, "</small></dd></div>\n");
    write_share(html, WL_WORD_VOICE_NEGATIVE, voice->share_negative);
    write_share(html, WL_WORD_VOICE_POSITIVE, voice->share_positive);
    write_share(html, WL_WORD_VOICE_NO_REASON, voice->share_without_reason);
    wl_buf_text(html, "</dl>\n");
}

static void write_volume(const struct wl_report_voice *voice, struct wl_buf *html)
{
    struct wl_chart_series series = {.name = wl_report_word(WL_WORD_VOICE_VOLUME),
                                     .y = voice->week_count,
                                     .n_points = voice->n_weeks,
                                     .format = WL_SVG_COUNT};
    struct wl_chart chart = {.kind = WL_CHART_COLUMNS,
                             .id = "chart-voice-volume",
                             .title = wl_report_word(WL_WORD_VOICE_VOLUME),
                             .about = wl_report_word(WL_WORD_VOICE_VOLUME_ABOUT),
                             .x_label = wl_report_word(WL_WORD_VOICE_WEEK),
                             .y_label = wl_report_word(WL_WORD_VOICE_VOLUME),
                             .y_format = WL_SVG_COUNT,
                             .names = voice->weeks,
                             .series = &series,
                             .n_series = 1};

    wl_chart_figure(&chart, html);
}

static void write_mood(const struct wl_report_voice *voice, struct wl_buf *html)
{
    double x[WL_VOICE_WEEKS_MAX];
    struct wl_chart_series series[2] = {{.name = wl_report_word(WL_WORD_VOICE_NEGATIVE),
                                         .style = "main",
                                         .x = x,
                                         .y = voice->week_negative,
                                         .n_points = voice->n_weeks,
                                         .format = WL_SVG_PERCENT},
                                        {.name = wl_report_word(WL_WORD_VOICE_POSITIVE),
                                         .style = "second",
                                         .x = x,
                                         .y = voice->week_positive,
                                         .n_points = voice->n_weeks,
                                         .format = WL_SVG_PERCENT}};
    struct wl_chart chart = {.kind = WL_CHART_LINES,
                             .id = "chart-voice-mood",
                             .title = wl_report_word(WL_WORD_VOICE_MOOD),
                             .about = wl_report_word(WL_WORD_VOICE_MOOD_ABOUT),
                             .x_label = wl_report_word(WL_WORD_VOICE_WEEK),
                             .y_label = wl_report_word(WL_WORD_VOICE_SHARE),
                             .x_format = WL_SVG_COUNT,
                             .y_format = WL_SVG_PERCENT,
                             .x_high = (double)voice->n_weeks,
                             .y_high = 1.0,
                             .series = series,
                             .n_series = 2};

    for (size_t w = 0; w < voice->n_weeks; w++) {
        x[w] = (double)(w + 1);
    }
    wl_chart_figure(&chart, html);
}

static enum wl_report_word change_word(enum wl_voice_change change)
{
    switch (change) {
    case WL_VOICE_RISING: return WL_WORD_VOICE_RISING;
    case WL_VOICE_FALLING: return WL_WORD_VOICE_FALLING;
    case WL_VOICE_STEADY: break;
    }
    return WL_WORD_VOICE_STEADY;
}

static void head_cell(struct wl_buf *html, enum wl_report_word word, bool is_number)
{
    wl_buf_format(html, "<th scope=\"col\"%s>", is_number ? " class=\"number\"" : "");
    wl_html_word(html, word);
    wl_buf_text(html, "</th>");
}

static void write_topic(const struct wl_voice_topic *topic, struct wl_buf *html)
{
    wl_buf_text(html, "<tr><th scope=\"row\">");
    wl_html_label(html, topic->name);
    wl_buf_text(html, "</th><td class=\"number\">");
    wl_html_number(html, topic->n_recent, 0);
    wl_buf_text(html, "</td><td class=\"number quiet\">");
    wl_html_number(html, topic->n_before, 0);
    wl_buf_text(html, "</td><td>");
    wl_html_word(html, change_word(topic->change));
    wl_buf_text(html, "</td><td class=\"number\">");
    wl_html_number(html, topic->mood, 2);
    wl_buf_text(html, "</td><td class=\"quiet\">");
    wl_html_escape(html, topic->quote);
    wl_buf_text(html, "</td></tr>\n");
}

static void write_topics(const struct wl_voice_topic *topics, size_t n_topics,
                         enum wl_report_word title, struct wl_buf *html)
{
    if (n_topics == 0) {
        return;
    }
    wl_buf_text(html, "<div class=\"card scroll\">");
    wl_html_element(html, "h3", NULL, title);
    wl_buf_text(html, "<table><thead><tr>");
    head_cell(html, WL_WORD_VOICE_TOPIC, false);
    head_cell(html, WL_WORD_VOICE_RECENT, true);
    head_cell(html, WL_WORD_VOICE_BEFORE, true);
    head_cell(html, WL_WORD_VOICE_CHANGE, false);
    head_cell(html, WL_WORD_VOICE_MOOD_MEAN, true);
    head_cell(html, WL_WORD_VOICE_QUOTE, false);
    wl_buf_text(html, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < n_topics; i++) {
        write_topic(&topics[i], html);
    }
    wl_buf_text(html, "</tbody></table>");
    wl_html_element(html, "p", NULL, WL_WORD_VOICE_CHANGE_NOTE);
    wl_buf_text(html, "</div>\n");
}

static void write_words(const struct wl_report_voice *voice, struct wl_buf *html)
{
    if (voice->n_words == 0) {
        return;
    }
    wl_buf_text(html, "<div class=\"card scroll\">");
    wl_html_element(html, "h3", NULL, WL_WORD_VOICE_WORDS);
    wl_html_element(html, "p", NULL, WL_WORD_VOICE_WORDS_ABOUT);
    wl_buf_text(html, "<table><thead><tr>");
    head_cell(html, WL_WORD_VOICE_WORD, false);
    head_cell(html, WL_WORD_VOICE_WORD_LEAVERS, true);
    head_cell(html, WL_WORD_VOICE_WORD_STAYERS, true);
    head_cell(html, WL_WORD_VOICE_WORD_ODDS, true);
    head_cell(html, WL_WORD_CI_95, true);
    wl_buf_text(html, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < voice->n_words; i++) {
        const struct wl_voice_word *word = &voice->words[i];
        wl_buf_text(html, "<tr><th scope=\"row\">");
        wl_html_escape(html, word->word);
        wl_buf_text(html, "</th><td class=\"number\">");
        wl_html_number(html, word->n_leavers, 0);
        wl_buf_text(html, "</td><td class=\"number\">");
        wl_html_number(html, word->n_stayers, 0);
        wl_buf_text(html, "</td><td class=\"number\">");
        wl_html_number(html, word->odds, 2);
        wl_buf_text(html, "</td><td class=\"number quiet\">");
        wl_html_number(html, word->low, 2);
        wl_buf_text(html, " – ");
        wl_html_number(html, word->high, 2);
        wl_buf_text(html, "</td></tr>\n");
    }
    wl_buf_text(html, "</tbody></table></div>\n");
}

// One sentence of the evaluation in both languages; nothing when it was not measured.
static void write_gain(const struct wl_report *report, struct wl_buf *html)
{
    struct wl_buf zh;
    struct wl_buf en;

    if (report->evaluation == NULL) {
        return;
    }
    wl_buf_init(&zh, html->alloc, 0);
    wl_buf_init(&en, html->alloc, 0);
    wl_evaluation_text_gain(report->evaluation, "zh", &zh);
    wl_evaluation_text_gain(report->evaluation, "en", &en);
    if (zh.n_bytes > 0 && en.n_bytes > 0) {
        wl_buf_text(html, "<div class=\"card\">");
        wl_html_element(html, "h3", NULL, WL_WORD_VOICE_GAIN);
        wl_buf_text(html, "<p>");
        wl_html_label(html, (struct wl_label){.zh = zh.data, .en = en.data});
        wl_buf_text(html, "</p></div>\n");
    }
    wl_buf_release(&zh);
    wl_buf_release(&en);
}

void wl_report_voice(const struct wl_report *report, struct wl_buf *html)
{
    const struct wl_report_voice *voice = report->voice;

    wl_report_section(html, "voice", WL_WORD_VOICE, WL_WORD_VOICE_LEAD);
    if (voice == NULL || voice->n_texts == 0.0) {
        wl_html_element(html, "p", NULL, WL_WORD_VOICE_NONE);
        wl_buf_text(html, "</section>\n");
        return;
    }
    write_keys(voice, html);
    if (voice->n_weeks > 1) {
        wl_buf_text(html, "<div class=\"pair\">\n");
        write_volume(voice, html);
        write_mood(voice, html);
        wl_buf_text(html, "</div>\n");
    }
    write_topics(voice->reasons, voice->n_reasons, WL_WORD_VOICE_REASONS, html);
    write_topics(voice->intents, voice->n_intents, WL_WORD_VOICE_INTENTS, html);
    write_words(voice, html);
    write_gain(report, html);
    wl_buf_text(html, "<p class=\"lead\">");
    wl_html_word(html, WL_WORD_VOICE_READERS);
    wl_buf_text(html, " · ");
    wl_html_label(html, voice->readers);
    if (voice->degraded.zh[0] != '\0') {
        wl_buf_text(html, " · ");
        wl_html_word(html, WL_WORD_VOICE_DEGRADED);
        wl_buf_text(html, " · ");
        wl_html_label(html, voice->degraded);
    }
    wl_buf_text(html, "</p></section>\n");
}
