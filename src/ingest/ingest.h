/* Ingest: files of a company become records. Whatever is wrong with a row is written down and
 * counted, and reading goes on, until too large a share of the rows is wrong. */
#ifndef WL_INGEST_INGEST_H
#define WL_INGEST_INGEST_H
#include "base/progress.h"
#include "data/company.h"
#include "ingest/mapping.h"
#include "ingest/rejects.h"

#define WL_REJECT_SHARE_MAX 0.01 /* one row in a hundred: more is a wrong mapping, not dirt */
#define WL_REJECT_ROWS_MIN  1000 /* rows read before the share is looked at, or the end */

struct wl_ingest_options {
    double reject_share_max;    /* 0..1; WL_REJECT_SHARE_MAX */
    int64_t dedupe_window_us;   /* how far apart copies of one message may lie; >= 24 h */
    size_t batch_records;       /* records in memory before flush is called */
    struct wl_rejects *rejects; /* where bad rows go; NULL: they are only counted */
    const struct wl_sink *sink; /* notices and progress; NULL: none */

    /* Takes a full batch, for example into the store; the company is emptied afterwards (its
     * dictionaries stay). NULL: everything stays in the company. */
    wl_status (*flush)(void *context, struct wl_company *company, wl_error *error);
    void *flush_context;
};

#define WL_MIXED_NAMES_BYTES 160

/* What became of the rows of a file: n_read = n_accepted + n_duplicates + n_filtered + n_rejected.
 * */
struct wl_ingest_report {
    uint64_t n_read;
    uint64_t n_accepted;
    uint64_t n_duplicates; /* the same message again */
    uint64_t n_filtered;   /* a `where` condition did not hold */
    uint64_t n_rejected;
    uint64_t n_by_reason[WL_REJECT_COUNT];
    uint64_t first_line[WL_REJECT_COUNT]; /* line of the first row rejected so; 0: none */
    uint64_t n_events;                    /* records made */
    uint64_t n_texts;
    uint64_t n_attributes;
    uint64_t n_conflicts;      /* one message id used by another user: both are kept */
    uint64_t n_skewed;         /* events that happened after they became known: set back */
    uint64_t n_skipped_values; /* lists inside attributes, which have no meaning here */
    uint64_t n_users;          /* users the company knows now */
    int64_t first_us;          /* earliest and latest time of a record; WL_TIME_NONE: none */
    int64_t last_us;
    uint64_t n_mixed; /* attribute columns with numbers and other texts: categories */
    char mixed[WL_MIXED_NAMES_BYTES]; /* their names, cut when they are many */
};

/* wl_ingest_options_init - the defaults above, no rejects file, no sink, no flush. */
void wl_ingest_options_init(struct wl_ingest_options *options);

/* wl_ingest_file - read one file into a company. Copies of a message are found within the file and
 * among the events and texts that the company holds already.
 *   path     (in)     CSV or lines of JSON, gzip or not; "-" is standard input.
 *   company  (in,out) gets the records; on failure it holds what was read since the last flush,
 *                     which the caller throws away.
 *   report   (out)    filled in on failure too.
 * Cost:    O(bytes); memory for one batch of records. Blocks on the file.
 * Errors:  WL_EPARSE    the file is empty, or has no readable header.
 *          WL_ESCHEMA   a mapped column is not in the file; names it and those there are.
 *          WL_EREJECTS  too large a share of bad rows; names the most frequent reason and first
 *          line. WL_ECORRUPT  gzip damaged or cut, with the line; the rows before are flushed,
 *          unless too many of them were bad. WL_ENOTFOUND, WL_EIO, WL_ELIMIT,
 *          WL_ENOMEM, and what flush returns.
 * Threads: one at a time per company. */
WL_MUST_CHECK wl_status wl_ingest_file(const struct wl_source *source, const char *path,
                                       const struct wl_ingest_options *options,
                                       struct wl_company *company, struct wl_ingest_report *report,
                                       wl_error *error);

/* wl_ingest_report_init - nothing read yet. wl_ingest_report_add - put another file's counts on
 * top. */
void wl_ingest_report_init(struct wl_ingest_report *report);
void wl_ingest_report_add(struct wl_ingest_report *total, const struct wl_ingest_report *report);

/* wl_ingest_report_json - the report as one JSON object, no line end. */
void wl_ingest_report_json(const struct wl_ingest_report *report, struct wl_buf *buf);

/* wl_ingest_report_text - the report in a few lines for a person, in "zh" or "en". */
void wl_ingest_report_text(const struct wl_ingest_report *report, const char *language,
                           struct wl_buf *buf);

#endif
