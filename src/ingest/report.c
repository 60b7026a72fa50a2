/* What became of the rows: counting files together, JSON for machines, a few lines for people. */
#include "base/clock.h"
#include "base/json_write.h"
#include "ingest/ingest.h"

#include <stdio.h>
#include <string.h>

void wl_ingest_report_init(struct wl_ingest_report *report)
{
    *report = (struct wl_ingest_report){.first_us = WL_TIME_NONE, .last_us = WL_TIME_NONE};
}

static void widen(struct wl_ingest_report *total, const struct wl_ingest_report *report)
{
    if (report->first_us == WL_TIME_NONE) {
        return;
    }
    if (total->first_us == WL_TIME_NONE || report->first_us < total->first_us) {
        total->first_us = report->first_us;
    }
    if (total->last_us == WL_TIME_NONE || report->last_us > total->last_us) {
        total->last_us = report->last_us;
    }
}

void wl_ingest_report_add(struct wl_ingest_report *total, const struct wl_ingest_report *report)
{
    total->n_read += report->n_read;
    total->n_accepted += report->n_accepted;
    total->n_duplicates += report->n_duplicates;
    total->n_filtered += report->n_filtered;
    total->n_rejected += report->n_rejected;
    for (size_t i = 0; i < WL_REJECT_COUNT; i++) {
        total->n_by_reason[i] += report->n_by_reason[i];
        if (total->first_line[i] == 0) {
            total->first_line[i] = report->first_line[i];
        }
    }
    total->n_events += report->n_events;
    total->n_texts += report->n_texts;
    total->n_attributes += report->n_attributes;
    total->n_conflicts += report->n_conflicts;
    total->n_skewed += report->n_skewed;
    total->n_skipped_values += report->n_skipped_values;
    total->n_users = report->n_users > total->n_users ? report->n_users : total->n_users;
    total->n_mixed += report->n_mixed;
    if (report->n_mixed > 0) {
        memcpy(total->mixed, report->mixed, sizeof(total->mixed));
    }
    widen(total, report);
}

static void put_count(struct wl_json_writer *json, const char *key, uint64_t count)
{
    wl_json_key(json, key);
    wl_json_i64(json, (int64_t)count);
}

static void put_time(struct wl_json_writer *json, const char *key, int64_t time_us)
{
    wl_json_key(json, key);
    if (time_us == WL_TIME_NONE) {
        wl_json_null(json);
    } else {
        wl_json_time(json, time_us);
    }
}

void wl_ingest_report_json(const struct wl_ingest_report *report, struct wl_buf *buf)
{
    struct wl_json_writer json = wl_json_begin(buf);

    wl_json_open(&json, '{');
    put_count(&json, "read", report->n_read);
    put_count(&json, "accepted", report->n_accepted);
    put_count(&json, "duplicates", report->n_duplicates);
    put_count(&json, "filtered", report->n_filtered);
    put_count(&json, "rejected", report->n_rejected);
    wl_json_key(&json, "reasons");
    wl_json_open(&json, '{');
    for (size_t i = 0; i < WL_REJECT_COUNT; i++) {
        if (report->n_by_reason[i] > 0) {
            put_count(&json, wl_reject_key((enum wl_reject)i), report->n_by_reason[i]);
        }
    }
    wl_json_close(&json, '}');
    put_count(&json, "events", report->n_events);
    put_count(&json, "texts", report->n_texts);
    put_count(&json, "attributes", report->n_attributes);
    put_count(&json, "conflicts", report->n_conflicts);
    put_count(&json, "skewed", report->n_skewed);
    put_count(&json, "skipped_values", report->n_skipped_values);
    put_count(&json, "mixed_columns", report->n_mixed);
    put_count(&json, "users", report->n_users);
    put_time(&json, "first", report->first_us);
    put_time(&json, "last", report->last_us);
    wl_json_close(&json, '}');
}

static void put_reasons(const struct wl_ingest_report *report, const char *language,
                        struct wl_buf *buf)
{
    bool is_zh = language[0] == 'z';

    for (size_t i = 0; i < WL_REJECT_COUNT; i++) {
        if (report->n_by_reason[i] > 0) {
            wl_buf_format(buf,
                          is_zh ? "  拒绝 %llu 行：%s（首见第 %llu 行）\n"
                                : "  %llu rejected: %s (first at line %llu)\n",
                          (unsigned long long)report->n_by_reason[i],
                          wl_reject_text((enum wl_reject)i, language),
                          (unsigned long long)report->first_line[i]);
        }
    }
}

static void put_notes(const struct wl_ingest_report *report, bool is_zh, struct wl_buf *buf)
{
    if (report->n_conflicts > 0) {
        wl_buf_format(buf,
                      is_zh ? "  %llu 个消息编号被不同用户使用，均已保留\n"
                            : "  %llu message ids are used by several users; all were kept\n",
                      (unsigned long long)report->n_conflicts);
    }
    if (report->n_skewed > 0) {
        wl_buf_format(buf,
                      is_zh ? "  %llu 条事件的时间晚于获知时间，已改为获知时间\n"
                            : "  %llu events lay after the time they became known; set back\n",
                      (unsigned long long)report->n_skewed);
    }
    if (report->n_mixed > 0) {
        wl_buf_format(buf,
                      is_zh ? "  %llu 列混有数字和文字，按类别处理：%s\n"
                            : "  %llu columns mix numbers and words, kept as categories: %s\n",
                      (unsigned long long)report->n_mixed, report->mixed);
    }
    if (report->n_skipped_values > 0) {
        wl_buf_format(buf,
                      is_zh ? "  %llu 个列表型属性值已跳过\n"
                            : "  %llu lists among attributes were skipped\n",
                      (unsigned long long)report->n_skipped_values);
    }
}

void wl_ingest_report_text(const struct wl_ingest_report *report, const char *language,
                           struct wl_buf *buf)
{
    bool is_zh = language[0] == 'z';
    char first[WL_TIME_TEXT_BYTES];
    char last[WL_TIME_TEXT_BYTES];

    wl_buf_format(buf,
                  is_zh ? "读入 %llu 行：接受 %llu，重复 %llu，过滤 %llu，拒绝 %llu\n"
                        : "%llu rows: %llu accepted, %llu duplicates, %llu filtered, "
                          "%llu rejected\n",
                  (unsigned long long)report->n_read, (unsigned long long)report->n_accepted,
                  (unsigned long long)report->n_duplicates, (unsigned long long)report->n_filtered,
                  (unsigned long long)report->n_rejected);
    put_reasons(report, language, buf);
    wl_buf_format(buf,
                  is_zh ? "%llu 个用户：%llu 条事件，%llu 条文本，%llu 个属性值\n"
                        : "%llu users: %llu events, %llu texts, %llu attribute values\n",
                  (unsigned long long)report->n_users, (unsigned long long)report->n_events,
                  (unsigned long long)report->n_texts, (unsigned long long)report->n_attributes);
    if (report->first_us != WL_TIME_NONE) {
        wl_buf_format(buf, is_zh ? "时间从 %s 到 %s\n" : "from %s to %s\n",
                      wl_date_format(report->first_us, first),
                      wl_date_format(report->last_us, last));
    }
    put_notes(report, is_zh, buf);
}
