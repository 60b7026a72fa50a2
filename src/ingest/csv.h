/* Reading CSV (RFC 4180): quotes, doubled quotes, line ends inside quotes, a header or none; also
 * columns between runs of blanks. A damaged row is handed out as a problem, and reading goes on
 * with the next line: one stray quote never swallows the rest of a file. */
#ifndef WL_INGEST_CSV_H
#define WL_INGEST_CSV_H
#include "base/alloc.h"
#include "base/str.h"

/* Where lines come from: wl_lines, or memory in tests. The line is borrowed until the next call. */
struct wl_line_source {
    wl_status (*next)(void *context, struct wl_str *line, bool *got, wl_error *error);
    void *context;
};

enum wl_csv_problem {
    WL_CSV_GOOD = 0,
    WL_CSV_UNCLOSED = 1,    /* a quote that is never closed */
    WL_CSV_AFTER_QUOTE = 2, /* text between a closing quote and the delimiter */
    WL_CSV_BINARY = 3,      /* a NUL byte */
    WL_CSV_NOT_UTF8 = 4,
    WL_CSV_TOO_WIDE = 5 /* more than WL_COLUMNS_MAX cells */
};

struct wl_csv_row {
    const struct wl_str *cells; /* (n_cells) borrowed until the next call */
    size_t n_cells;             /* 0 when there is a problem */
    size_t i_line;              /* 1-based line on which the row starts */
    enum wl_csv_problem problem;
};

#define WL_CSV_BLANKS ' ' /* delimiter: any run of blanks and tabs, also in front; no quotes */

struct wl_csv;

/* wl_csv_open - read rows from a source of lines.
 *   source     (in) copied; its context is borrowed until close.
 *   delimiter  (in) ',' ';' '\t' or WL_CSV_BLANKS.
 * Errors:  WL_ENOMEM. Close with wl_csv_close (NULL is fine). */
WL_MUST_CHECK wl_status wl_csv_open(struct wl_line_source source, char delimiter,
                                    const wl_alloc *alloc, struct wl_csv **csv_out,
                                    wl_error *error);
void wl_csv_close(struct wl_csv *csv);

/* wl_csv_next - the next row; empty lines are no rows.
 *   row  (out) cells without their quotes; a line end inside quotes reads as "\n", however the file
 *              writes it. A row with a problem covers only its first line: the lines a wrong quote
 *              would have swallowed are read again as rows of their own.
 *   got  (out) false at the end.
 * Cost:    O(bytes); no allocation once buffers have grown to the widest row.
 * Errors:  those of the source; WL_ENOMEM.
 * Source:  RFC 4180, section 2. */
WL_MUST_CHECK wl_status wl_csv_next(struct wl_csv *csv, struct wl_csv_row *row, bool *got,
                                    wl_error *error);

#endif
