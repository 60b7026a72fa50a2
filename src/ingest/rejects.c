/* Rejects are rare or the run stops, so clarity beats speed; lines are gathered only because each
 * append is synced to disk. */
#include "ingest/rejects.h"

#include "base/file.h"
#include "base/json_write.h"
#include "base/sha256.h"

#define FLUSH_BYTES ((size_t)64 * 1024) // some hundred lines per write and fsync
#define USER_DIGITS 16                  // 64 bits of SHA-256 tell all users apart

static const struct {
    const char *key;
    const char *en;
    const char *zh;
} reasons[] = {
#define X(name, key, en, zh) {key, en, zh},
    WL_REJECT_MAP(X)
#undef X
};

const char *wl_reject_key(enum wl_reject reason)
{
    WL_ASSERT((int)reason < WL_REJECT_COUNT);
    return reasons[reason].key;
}

const char *wl_reject_text(enum wl_reject reason, const char *language)
{
    WL_ASSERT((int)reason < WL_REJECT_COUNT);
    return language[0] == 'z' ? reasons[reason].zh : reasons[reason].en;
}

enum wl_reject wl_reject_of_csv(enum wl_csv_problem problem)
{
    switch (problem) {
    case WL_CSV_GOOD: return WL_REJECT_NONE;
    case WL_CSV_UNCLOSED: return WL_REJECT_UNCLOSED;
    case WL_CSV_AFTER_QUOTE: return WL_REJECT_AFTER_QUOTE;
    case WL_CSV_BINARY: return WL_REJECT_BINARY;
    case WL_CSV_NOT_UTF8: return WL_REJECT_NOT_UTF8;
    case WL_CSV_TOO_WIDE: return WL_REJECT_TOO_WIDE;
    }
    return WL_REJECT_NONE;
}

void wl_rejects_init(struct wl_rejects *rejects, const wl_alloc *alloc, const char *path)
{
    *rejects = (struct wl_rejects){.path = path};
    wl_buf_init(&rejects->buf, alloc, 0);
}

void wl_rejects_release(struct wl_rejects *rejects)
{
    wl_buf_release(&rejects->buf);
}

static void write_line(struct wl_buf *buf, const struct wl_rejected *rejected)
{
    struct wl_json_writer json = wl_json_begin(buf);
    char digest[WL_SHA256_TEXT_BYTES];

    wl_json_open(&json, '{');
    wl_json_key(&json, "file");
    wl_json_text(&json, rejected->file);
    wl_json_key(&json, "line");
    wl_json_i64(&json, (int64_t)rejected->i_line);
    wl_json_key(&json, "column");
    if (rejected->column != NULL) {
        wl_json_text(&json, rejected->column);
    } else {
        wl_json_null(&json);
    }
    wl_json_key(&json, "reason");
    wl_json_text(&json, wl_reject_key(rejected->reason));
    if (rejected->value.n_bytes > 0 && rejected->value.n_bytes <= WL_REJECT_VALUE_BYTES) {
        wl_json_key(&json, "value");
        wl_json_str(&json, rejected->value);
    }
    if (rejected->user.n_bytes > 0) {
        wl_json_key(&json, "user_sha256");
        (void)wl_sha256_text(rejected->user, digest);
        wl_json_str(&json, (struct wl_str){.data = digest, .n_bytes = USER_DIGITS});
    }
    wl_json_close(&json, '}');
    wl_buf_char(buf, '\n');
}

wl_status wl_rejects_add(struct wl_rejects *rejects, const struct wl_rejected *rejected,
                         wl_error *error)
{
    rejects->n_rejects++;
    if (rejects->path == NULL) {
        return WL_OK;
    }
    write_line(&rejects->buf, rejected);
    return rejects->buf.n_bytes >= FLUSH_BYTES ? wl_rejects_flush(rejects, error) : WL_OK;
}

wl_status wl_rejects_flush(struct wl_rejects *rejects, wl_error *error)
{
    WL_TRY(wl_buf_check(&rejects->buf, error));
    if (rejects->path != NULL && rejects->buf.n_bytes > 0) {
        WL_TRY(wl_file_append(rejects->path, wl_buf_view(&rejects->buf), error));
        wl_buf_clear(&rejects->buf);
    }
    return WL_OK;
}
