/* The page: head, ten sections, foot. */
#include "report/report.h"

#include "base/file.h"
#include "report/report_parts.h"

#include <string.h>

void wl_report_section(struct wl_buf *html, const char *anchor, enum wl_report_word heading,
                       enum wl_report_word lead)
{
    wl_buf_format(html, "<section id=\"%s\" aria-labelledby=\"%s-h\"><h2 id=\"%s-h\">", anchor,
                  anchor, anchor);
    wl_html_word(html, heading);
    wl_buf_text(html, "</h2>\n<p class=\"lead\">");
    wl_html_word(html, lead);
    wl_buf_text(html, "</p>\n");
}

const char *wl_report_tier_style(enum wl_tier tier)
{
    static const char *const styles[WL_TIER_COUNT] = {"tier-0", "tier-1", "tier-2", "tier-3",
                                                      "tier-4"};
    return styles[tier];
}

struct wl_label wl_report_tier_name(enum wl_tier tier)
{
    return (struct wl_label){.zh = wl_tier_label(tier, "zh"), .en = wl_tier_label(tier, "en")};
}

void wl_report_date(struct wl_buf *html, int64_t time_us)
{
    char text[WL_TIME_TEXT_BYTES];
    wl_buf_text(html, time_us == WL_TIME_NONE ? "–" : wl_date_format(time_us, text));
}

struct wl_label wl_report_reason_label(const char *code)
{
    static const struct {
        const char *code;
        struct wl_label label;
    } known[] = {
        {"activity_down", {"活跃度下降", "Less active than usual"}},
        {"spend_down", {"消费下降", "Spends less than usual"}},
        {"inactive", {"很久没有来", "Has not come for long"}},
        {"payment_failed", {"支付失败", "Payments fail"}},
        {"support_issue", {"问题与投诉", "Support issues and complaints"}},
        {"performance", {"卡顿与故障", "Stalls and errors"}},
        {"ads", {"广告太多", "Too many ads"}},
        {"content", {"内容不够吸引", "Content does not appeal"}},
        {"price", {"价格", "Price"}},
        {"contract", {"合约与续费", "Contract and renewal"}},
        {"new_customer", {"新客户", "New customer"}},
        {"bugs", {"故障与缺陷", "Bugs and faults"}},
        {"delivery", {"物流配送", "Delivery"}},
        {"quality", {"质量", "Quality"}},
        {"competitor", {"竞品", "A competitor"}},
        {"life_event", {"生活变化", "Change in life"}},
        {"benefits", {"会员权益", "Membership benefits"}},
        {"usability", {"难用", "Hard to use"}},
        {"trust", {"信任与隐私", "Trust and privacy"}},
        {"other", {"其他", "Other"}},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i].code, code) == 0) {
            return known[i].label;
        }
    }
    return (struct wl_label){.zh = code, .en = code};
}

void wl_report_html(const struct wl_report *report, struct wl_buf *html)
{
    wl_html_begin(html, report->language, report->name, report->alerts != NULL,
                  report->trends != NULL && report->trends->n_days > 0);
    wl_report_overview(report, html);
    wl_report_alerts(report, html);
    wl_report_reasons(report, html);
    wl_report_voice(report, html);
    wl_report_surges(report, html);
    wl_report_customers(report, html);
    wl_report_messages(report, html);
    wl_report_quality(report, html);
    wl_report_data(report, html);
    wl_report_model_card(report, html);
    wl_html_end(html);
}

wl_status wl_report_write(const struct wl_report *report, const char *path, wl_error *error)
{
    struct wl_buf html;

    wl_buf_init(&html, report->alloc, 0);
    wl_report_html(report, &html);
    wl_status status = wl_buf_check(&html, error);
    if (status == WL_OK) {
        status = wl_file_write(path, wl_buf_view(&html), error);
    }
    wl_buf_release(&html);
    return status;
}
