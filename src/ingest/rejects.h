/* Bad rows: why a row was refused, and the file they are written to. A line of that file says where
 * and why, never what the customer wrote: values are cut off at 40 bytes, texts left out, users
 * hashed. */
#ifndef WL_INGEST_REJECTS_H
#define WL_INGEST_REJECTS_H
#include "ingest/csv.h"

#include "base/buf.h"

/* One table makes the enum, the keys in files and the words for people. X(name, key, en, zh) */
#define WL_REJECT_MAP(X)                                                                           \
    X(WL_REJECT_NONE, "none", "nothing is wrong", "没有问题")                                      \
    X(WL_REJECT_USER_MISSING, "user_missing", "no user id", "缺少用户编号")                        \
    X(WL_REJECT_USER_LONG, "user_too_long", "user id is longer than 256 bytes",                    \
      "用户编号超过 256 字节")                                                                     \
    X(WL_REJECT_TIME_MISSING, "time_missing", "no time", "缺少时间")                               \
    X(WL_REJECT_TIME_BAD, "time_bad", "time is not in the declared format",                        \
      "时间不符合声明的格式")                                                                      \
    X(WL_REJECT_TIME_IMPOSSIBLE, "time_impossible", "time is not in the calendar",                 \
      "日历中没有这个时间")                                                                        \
    X(WL_REJECT_EVENT_MISSING, "event_missing", "event has no name", "缺少事件名称")               \
    X(WL_REJECT_EVENT_UNMATCHED, "event_unmatched", "no event rule matches", "没有匹配的事件规则") \
    X(WL_REJECT_VALUE_BAD, "value_bad", "value is not a number", "数值不是数字")                   \
    X(WL_REJECT_VALUE_RANGE, "value_range", "value is beyond 1e11", "数值超出 1e11")               \
    X(WL_REJECT_TEXT_MISSING, "text_missing", "text is empty", "文本为空")                         \
    X(WL_REJECT_LABEL_MISSING, "label_missing", "label is empty", "标签为空")                      \
    X(WL_REJECT_LABEL_UNKNOWN, "label_unknown", "label is not among those learned",                \
      "标签不在训练所见之列")                                                                      \
    X(WL_REJECT_GROUP_MISSING, "group_missing", "group is empty", "分组为空")                      \
    X(WL_REJECT_ATTRIBUTE_BAD, "attribute_bad", "attribute is not of its declared kind",           \
      "属性与声明的类型不符")                                                                      \
    X(WL_REJECT_CELL_LONG, "cell_too_long", "value is longer than 4096 bytes",                     \
      "内容超过 4096 字节")                                                                        \
    X(WL_REJECT_COLUMNS, "column_count", "row has another number of columns than the header",      \
      "列数与表头不符")                                                                            \
    X(WL_REJECT_UNCLOSED, "quote_unclosed", "quote is never closed", "引号没有闭合")               \
    X(WL_REJECT_AFTER_QUOTE, "quote_followed", "text stands behind a closing quote",               \
      "右引号之后还有文字")                                                                        \
    X(WL_REJECT_BINARY, "binary", "row holds a NUL byte", "含有 NUL 字节")                         \
    X(WL_REJECT_NOT_UTF8, "not_utf8", "row is not UTF-8", "不是 UTF-8 编码")                       \
    X(WL_REJECT_TOO_WIDE, "too_wide", "row has more than 4096 columns", "超过 4096 列")            \
    X(WL_REJECT_NOT_JSON, "not_json", "line is not JSON", "不是 JSON")                             \
    X(WL_REJECT_NOT_OBJECT, "not_object", "line is not a JSON object", "不是 JSON 对象")           \
    X(WL_REJECT_CALL_UNSUPPORTED, "call_unsupported", "group and alias are not supported yet",     \
      "尚不支持 group 和 alias")                                                                   \
    X(WL_REJECT_CALL_UNKNOWN, "call_unknown", "type is not a call of the Segment spec",            \
      "type 不是 Segment 规范中的调用")

enum wl_reject {
#define X(name, key, en, zh) name,
    WL_REJECT_MAP(X)
#undef X
};

#define X(name, key, en, zh) +1
enum { WL_REJECT_COUNT = 0 WL_REJECT_MAP(X) };
#undef X

#define WL_REJECT_VALUE_BYTES 40 /* longer values are left out of the rejects file */

/* wl_reject_key - "time_bad". wl_reject_text - in "zh" or "en". */
const char *wl_reject_key(enum wl_reject reason);
const char *wl_reject_text(enum wl_reject reason, const char *language);

/* wl_reject_of_csv - the reject that a damaged CSV row is. */
enum wl_reject wl_reject_of_csv(enum wl_csv_problem problem);

/* One refused row. Strings are borrowed. */
struct wl_rejected {
    enum wl_reject reason;
    const char *file;
    size_t i_line;
    const char *column;  /* NULL when the whole row is meant */
    struct wl_str value; /* what stood there; empty to say nothing */
    struct wl_str user;  /* hashed before it is written; empty when unknown */
};

struct wl_rejects {
    const char *path; /* borrowed; NULL: rows are counted, not written */
    struct wl_buf buf;
    uint64_t n_rejects;
};

/* wl_rejects_init - an empty list for a file, which is made when the first row comes.
 * wl_rejects_release - give memory back; what was not flushed is lost. */
void wl_rejects_init(struct wl_rejects *rejects, const wl_alloc *alloc, const char *path);
void wl_rejects_release(struct wl_rejects *rejects);

/* wl_rejects_add - one more row, as a JSON line.
 * Errors:  WL_EIO, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_rejects_add(struct wl_rejects *rejects,
                                       const struct wl_rejected *rejected, wl_error *error);

/* wl_rejects_flush - append what is waiting to the file. Errors: WL_EIO, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_rejects_flush(struct wl_rejects *rejects, wl_error *error);

#endif
