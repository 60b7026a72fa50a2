/* What went in, and what the model is. */
#include "report/report_parts.h"

static void write_fact(struct wl_buf *html, enum wl_report_word word, double count)
{
    wl_buf_text(html, "<div class=\"key\"><dt>");
    wl_html_word(html, word);
    wl_buf_text(html, "</dt><dd><b>");
    wl_html_count(html, count);
    wl_buf_text(html, "</b></dd></div>\n");
}

static void write_source(const struct wl_report_source *source, struct wl_buf *html)
{
    const double counts[] = {source->n_read, source->n_accepted, source->n_duplicates,
                             source->n_filtered, source->n_rejected};

    wl_buf_text(html, "<tr><th scope=\"row\">");
    wl_html_text(html, source->name);
    wl_buf_text(html, "</th>");
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        wl_buf_text(html, "<td class=\"number\">");
        wl_html_count(html, counts[i]);
        wl_buf_text(html, "</td>");
    }
    wl_buf_text(html, "</tr>\n");
}

static void write_sources(const struct wl_report *report, struct wl_buf *html)
{
    static const enum wl_report_word heads[] = {WL_WORD_ROWS_READ, WL_WORD_ROWS_ACCEPTED,
                                                WL_WORD_ROWS_DUPLICATE, WL_WORD_ROWS_FILTERED,
                                                WL_WORD_ROWS_REJECTED};

    wl_buf_text(html, "<div class=\"card scroll\"><table><thead><tr><th scope=\"col\">");
    wl_html_word(html, WL_WORD_SOURCE);
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        wl_buf_text(html, "</th><th scope=\"col\" class=\"number\">");
        wl_html_word(html, heads[i]);
    }
    wl_buf_text(html, "</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < report->n_sources; i++) {
        write_source(&report->sources[i], html);
    }
    wl_buf_text(html, "</tbody></table></div>\n");
}

static void write_rejects(const struct wl_report *report, struct wl_buf *html)
{
    bool is_open = false;

    for (size_t s = 0; s < report->n_sources; s++) {
        const struct wl_report_source *source = &report->sources[s];
        for (size_t i = 0; i < source->n_rejects; i++) {
            if (!is_open) {
                wl_buf_text(html, "<div class=\"card scroll\"><h3>");
                wl_html_word(html, WL_WORD_REJECT_REASONS);
                wl_buf_text(html, "</h3><table><tbody>\n");
                is_open = true;
            }
            wl_buf_text(html, "<tr><th scope=\"row\">");
            wl_html_text(html, source->name);
            wl_buf_text(html, "</th><td>");
            wl_html_label(html, source->rejects[i].reason);
            wl_buf_text(html, "</td><td class=\"number\">");
            wl_html_count(html, source->rejects[i].n_rows);
            wl_buf_text(html, "</td></tr>\n");
        }
    }
    wl_buf_text(html, is_open ? "</tbody></table></div>\n" : "");
}

void wl_report_data(const struct wl_report *report, struct wl_buf *html)
{
    wl_report_section(html, "data", WL_WORD_DATA, WL_WORD_DATA_ABOUT);
    wl_buf_text(html, "<dl class=\"keys\">\n");
    write_fact(html, WL_WORD_FACT_USERS, report->n_users);
    write_fact(html, WL_WORD_FACT_EVENTS, report->n_events);
    write_fact(html, WL_WORD_FACT_TEXTS, report->n_texts);
    wl_buf_text(html, "<div class=\"key\"><dt>");
    wl_html_word(html, WL_WORD_FACT_WINDOW);
    wl_buf_text(html, "</dt><dd><b class=\"dates\">");
    wl_report_date(html, report->first_us);
    wl_buf_text(html, " – ");
    wl_report_date(html, report->last_us);
    wl_buf_text(html, "</b></dd></div></dl>\n");
    if (report->n_sources > 0) {
        write_sources(report, html);
        write_rejects(report, html);
    }
    wl_buf_text(html, "</section>\n");
}

static void begin_item(struct wl_buf *html, enum wl_report_word word)
{
    wl_buf_text(html, "<dt>");
    wl_html_word(html, word);
    wl_buf_text(html, "</dt><dd>");
}

static void write_item(struct wl_buf *html, enum wl_report_word word, struct wl_label label)
{
    begin_item(html, word);
    wl_html_label(html, label);
    wl_buf_text(html, "</dd>\n");
}

static void write_model(const struct wl_report_model *model, struct wl_buf *html)
{
    begin_item(html, WL_WORD_MODEL_NAME);
    wl_html_text(html, model->name);
    wl_buf_format(html, " · v%lld</dd>\n", (long long)model->version);
    begin_item(html, WL_WORD_MODEL_ALGORITHM);
    wl_html_text(html, model->algorithm);
    wl_buf_text(html, "</dd>\n");
    begin_item(html, WL_WORD_MODEL_FEATURES);
    wl_html_count(html, (double)model->n_features);
    wl_buf_text(html, "</dd>\n");
    begin_item(html, WL_WORD_MODEL_SCHEMA);
    wl_buf_text(html, "<code>");
    wl_html_text(html, model->schema_hash);
    wl_buf_text(html, "</code></dd>\n");
    write_item(html, WL_WORD_MODEL_LABEL, model->label);
    begin_item(html, WL_WORD_MODEL_TRAIN);
    wl_html_label(html, model->train);
    wl_buf_text(html, " · ");
    wl_html_count(html, model->n_train_rows);
    wl_buf_text(html, " ");
    wl_html_word(html, WL_WORD_MODEL_ROWS);
    wl_buf_text(html, " ");
    wl_html_count(html, model->n_train_left);
    wl_buf_text(html, "</dd>\n");
    write_item(html, WL_WORD_MODEL_TEST, model->test);
    begin_item(html, WL_WORD_MODEL_CREATED);
    wl_report_date(html, model->created_us);
    wl_buf_text(html, "</dd>\n");
}

void wl_report_model_card(const struct wl_report *report, struct wl_buf *html)
{
    wl_report_section(html, "model", WL_WORD_MODEL, WL_WORD_MODEL_ABOUT);
    wl_buf_text(html, "<dl class=\"card facts\">\n");
    if (report->model != NULL) {
        write_model(report->model, html);
    }
    write_item(html, WL_WORD_MODEL_USE, wl_report_word(WL_WORD_MODEL_USE_TEXT));
    begin_item(html, WL_WORD_CREATED);
    wl_report_date(html, report->created_us);
    wl_buf_text(html, "</dd>\n</dl></section>\n");
}
