/* Named columns of a table, a row at a time: CSV with a header or one JSON object per line. For
 * commands that want a few columns of a file and no records of customers. */
#ifndef WL_INGEST_TABLE_H
#define WL_INGEST_TABLE_H
#include "ingest/rejects.h"

enum wl_table_format {
    WL_TABLE_AUTO = 0, /* NDJSON when the first line begins with '{', else CSV */
    WL_TABLE_CSV = 1,
    WL_TABLE_NDJSON = 2
};

struct wl_table_options {
    enum wl_table_format format;
    char delimiter;             /* as wl_csv_open has it */
    const char *const *columns; /* (n_columns) wanted; NDJSON: keys or dotted paths; borrowed */
    size_t n_columns;           /* 1 .. WL_TABLE_COLUMNS_MAX */
    const char *const *header;  /* (n_header) names of a CSV file without a header, or NULL */
    size_t n_header;
};

#define WL_TABLE_COLUMNS_MAX 8 /* columns one command asks for */

struct wl_table_cell {
    struct wl_str text; /* without blanks around; of a JSON list the items with ';' between */
    bool is_list;       /* it was a JSON list */
};

/* One row; borrowed until the next call. */
struct wl_table_row {
    const struct wl_table_cell *cells; /* (n_columns) as asked; absent ones are empty */
    size_t i_line;                     /* 1-based line on which it starts */
    enum wl_reject reject;             /* not WL_REJECT_NONE: a bad row without cells */
};

struct wl_table;

/* wl_table_open - open a file and find the columns.
 *   path     (in) "-" is standard input; gzip is seen by itself.
 *   options  (in) borrowed until close.
 * Errors:  WL_ESCHEMA  no such column, or it is there twice; says which is near.
 *          WL_EPARSE  the file is empty or its first line is no header.  WL_ENOTFOUND, WL_EIO,
 *          WL_ENOMEM. Close with wl_table_close (NULL is fine). */
WL_MUST_CHECK wl_status wl_table_open(const char *path, const struct wl_table_options *options,
                                      const wl_alloc *alloc, struct wl_table **table_out,
                                      wl_error *error);
void wl_table_close(struct wl_table *table);

/* wl_table_next - the next row, good or bad.
 *   got  (out) false at the end.
 * Errors:  WL_ESCHEMA  NDJSON, at the end: a column that no line had.
 *          WL_ECORRUPT, WL_ELIMIT, WL_EIO of the file; WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_table_next(struct wl_table *table, struct wl_table_row *row, bool *got,
                                      wl_error *error);

/* wl_table_share - how much has been read, 0..1, or -1 when unknown. */
double wl_table_share(const struct wl_table *table);

#endif
