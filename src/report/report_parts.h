/* The sections of the page, in order; each writes one <section>. */
#ifndef WL_REPORT_REPORT_PARTS_H
#define WL_REPORT_REPORT_PARTS_H
#include "report/chart.h"
#include "report/report.h"

/* wl_report_overview - title, what is predicted, key figures, tiers, histogram. */
void wl_report_overview(const struct wl_report *report, struct wl_buf *html);

/* wl_report_alerts - who needs a call; nothing when nobody looked. */
void wl_report_alerts(const struct wl_report *report, struct wl_buf *html);

/* wl_report_reasons - why customers may leave, and what the prediction leans on. */
void wl_report_reasons(const struct wl_report *report, struct wl_buf *html);

/* wl_report_voice - what customers say: volume, mood, reasons, intents, words, what text adds. */
void wl_report_voice(const struct wl_report *report, struct wl_buf *html);

/* wl_report_surges - topics by week and mood, and what rose; nothing without texts. */
void wl_report_surges(const struct wl_report *report, struct wl_buf *html);

/* wl_report_customers - the riskiest customers. */
void wl_report_customers(const struct wl_report *report, struct wl_buf *html);

/* wl_report_messages - one message per tier. */
void wl_report_messages(const struct wl_report *report, struct wl_buf *html);

/* wl_report_quality - figures with intervals, baselines, charts, warnings. */
void wl_report_quality(const struct wl_report *report, struct wl_buf *html);

/* wl_report_data - what was read and refused. */
void wl_report_data(const struct wl_report *report, struct wl_buf *html);

/* wl_report_model_card - what the model is and what it may be used for. */
void wl_report_model_card(const struct wl_report *report, struct wl_buf *html);

/* wl_report_section - opening tag, heading and lead of a section. */
void wl_report_section(struct wl_buf *html, const char *anchor, enum wl_report_word heading,
                       enum wl_report_word lead);

/* wl_report_tier_style - class of a tier: "tier-very_high". */
const char *wl_report_tier_style(enum wl_tier tier);

/* wl_report_tier_name - label of a tier in both languages. */
struct wl_label wl_report_tier_name(enum wl_tier tier);

/* wl_report_date - a day, or a dash. */
void wl_report_date(struct wl_buf *html, int64_t time_us);

#endif
