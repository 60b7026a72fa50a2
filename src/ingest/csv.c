/* CSV by the line. Most lines hold no quote: those are cut in place, with memchr, and nothing is
 * copied (about 1 GB/s). A line with quotes goes through a small state machine that copies cells
 * into a buffer and may ask for more lines.
 *
 * A wrong quote must not swallow the file. So every line taken inside an open quote is also kept in
 * `replay`; when the row turns out to be damaged, reading goes back to its second line. A row may
 * span at most ROW_LINES_MAX lines, which bounds both the replay and the work done twice. */
#include "ingest/csv.h"

#include "base/buf.h"
#include "base/limits.h"

#include <string.h>

#define ROW_LINES_MAX    ((size_t)1000)    // a cell of a thousand lines is a letter, not a field
#define REPLAY_BYTES_CUT ((size_t)1 << 20) // replay read so far is dropped beyond this

enum place { AT_START, IN_PLAIN, IN_QUOTES, AFTER_QUOTE };

struct wl_csv {
    const wl_alloc *alloc;
    struct wl_line_source source;
    char delimiter;
    size_t i_line; // of the line taken last
    struct wl_str *cells;
    size_t n_cells;
    size_t cells_capacity;
    char *text; // unquoted cells end to end
    size_t n_text;
    size_t text_capacity;
    enum place place;
    struct wl_buf replay; // lines taken inside a quote, each with "\n"
    size_t n_replayed;    // bytes of replay that were read
};

wl_status wl_csv_open(struct wl_line_source source, char delimiter, const wl_alloc *alloc,
                      struct wl_csv **csv_out, wl_error *error)
{
    struct wl_csv *csv = wl_alloc_zeroed(alloc, 1, sizeof(*csv));

    *csv_out = NULL;
    if (csv == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to read rows");
    }
    csv->alloc = alloc;
    csv->source = source;
    csv->delimiter = delimiter;
    wl_buf_init(&csv->replay, alloc, 0);
    *csv_out = csv;
    return WL_OK;
}

void wl_csv_close(struct wl_csv *csv)
{
    if (csv == NULL) {
        return;
    }
    wl_buf_release(&csv->replay);
    wl_alloc_free(csv->alloc, csv->cells);
    wl_alloc_free(csv->alloc, csv->text);
    wl_alloc_free(csv->alloc, csv);
}

static bool is_replaying(const struct wl_csv *csv)
{
    return csv->n_replayed < csv->replay.n_bytes;
}

static struct wl_str replay_line(struct wl_csv *csv)
{
    const char *start = csv->replay.data + csv->n_replayed;
    const char *end = memchr(start, '\n', csv->replay.n_bytes - csv->n_replayed);
    struct wl_str line = {.data = start, .n_bytes = (size_t)(end - start)};

    csv->n_replayed += line.n_bytes + 1;
    return line;
}

// The next line; with `keep` it can be read again by going back in replay.
static wl_status take_line(struct wl_csv *csv, bool keep, struct wl_str *line, bool *got,
                           wl_error *error)
{
    *got = true;
    if (is_replaying(csv)) {
        *line = replay_line(csv);
    } else {
        WL_TRY(csv->source.next(csv->source.context, line, got, error));
        if (*got && keep) {
            wl_buf_str(&csv->replay, *line);
            wl_buf_char(&csv->replay, '\n');
            WL_TRY(wl_buf_check(&csv->replay, error));
            csv->n_replayed = csv->replay.n_bytes;
        }
    }
    csv->i_line += *got;
    return WL_OK;
}

static void drop_replayed(struct wl_csv *csv)
{
    struct wl_buf *replay = &csv->replay;

    if (!is_replaying(csv)) {
        wl_buf_clear(replay);
        csv->n_replayed = 0;
    } else if (csv->n_replayed > REPLAY_BYTES_CUT) {
        memmove(replay->data, replay->data + csv->n_replayed, replay->n_bytes - csv->n_replayed);
        replay->n_bytes -= csv->n_replayed;
        csv->n_replayed = 0;
    }
}

static wl_status add_cell(struct wl_csv *csv, const char *start, size_t n_bytes, wl_error *error)
{
    if (csv->n_cells == csv->cells_capacity) {
        WL_TRY(WL_GROW(csv->alloc, csv->cells, csv->cells_capacity, csv->n_cells + 1, error));
    }
    csv->cells[csv->n_cells++] = (struct wl_str){.data = start, .n_bytes = n_bytes};
    return WL_OK;
}

static wl_status split_plain(struct wl_csv *csv, struct wl_str line, wl_error *error)
{
    const char *at = line.data;
    const char *end = line.data + line.n_bytes;

    for (;;) {
        const char *stop = memchr(at, csv->delimiter, (size_t)(end - at));
        WL_TRY(add_cell(csv, at, (size_t)((stop != NULL ? stop : end) - at), error));
        if (stop == NULL || csv->n_cells > WL_COLUMNS_MAX) {
            return WL_OK;
        }
        at = stop + 1;
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static wl_status split_blanks(struct wl_csv *csv, struct wl_str line, wl_error *error)
{
    size_t i = 0;

    while (i < line.n_bytes && csv->n_cells <= WL_COLUMNS_MAX) {
        size_t start = i;
        while (i < line.n_bytes && !is_blank(line.data[i])) {
            i++;
        }
        if (i > start) {
            WL_TRY(add_cell(csv, line.data + start, i - start, error));
        }
        i++;
    }
    return WL_OK;
}

static void put(struct wl_csv *csv, char c)
{
    csv->text[csv->n_text++] = c; // room for the whole line was made before
}

// Cells are noted by where their text ends, because the buffer may still move.
static wl_status end_cell(struct wl_csv *csv, wl_error *error)
{
    return add_cell(csv, NULL, csv->n_text, error);
}

static wl_status scan_char(struct wl_csv *csv, char c, enum wl_csv_problem *problem,
                           wl_error *error)
{
    bool ends = c == csv->delimiter && csv->place != IN_QUOTES;

    if (ends) {
        csv->place = AT_START;
        return end_cell(csv, error);
    }
    switch (csv->place) {
    case AT_START:
        if (c == '"') {
            csv->place = IN_QUOTES;
            return WL_OK;
        }
        csv->place = IN_PLAIN;
        break;
    case IN_QUOTES:
        if (c == '"') {
            csv->place = AFTER_QUOTE;
            return WL_OK;
        }
        break;
    case AFTER_QUOTE:
        if (c != '"') {
            *problem = WL_CSV_AFTER_QUOTE;
            return WL_OK;
        }
        csv->place = IN_QUOTES;
        break;
    case IN_PLAIN: break;
    }
    put(csv, c);
    return WL_OK;
}

static wl_status scan_line(struct wl_csv *csv, struct wl_str line, enum wl_csv_problem *problem,
                           wl_error *error)
{
    WL_TRY(
        WL_GROW(csv->alloc, csv->text, csv->text_capacity, csv->n_text + line.n_bytes + 1, error));
    for (size_t i = 0; i < line.n_bytes && *problem == WL_CSV_GOOD; i++) {
        WL_TRY(scan_char(csv, line.data[i], problem, error));
        if (csv->n_cells > WL_COLUMNS_MAX) {
            *problem = WL_CSV_TOO_WIDE;
        }
    }
    if (csv->place == IN_QUOTES) {
        put(csv, '\n');
        return WL_OK;
    }
    return end_cell(csv, error);
}

static enum wl_csv_problem check_line(struct wl_str line)
{
    if (line.n_bytes > 0 && memchr(line.data, '\0', line.n_bytes) != NULL) {
        return WL_CSV_BINARY;
    }
    return wl_str_is_utf8(line) ? WL_CSV_GOOD : WL_CSV_NOT_UTF8;
}

static void point_cells_at_text(struct wl_csv *csv)
{
    size_t start = 0;

    for (size_t i = 0; i < csv->n_cells; i++) {
        size_t end = csv->cells[i].n_bytes;
        csv->cells[i] = (struct wl_str){.data = csv->text + start, .n_bytes = end - start};
        start = end;
    }
}

// A row whose first line holds a quote. Takes more lines while a quote is open.
static wl_status read_quoted(struct wl_csv *csv, struct wl_str line, enum wl_csv_problem *problem,
                             wl_error *error)
{
    size_t back_to = csv->n_replayed;
    size_t i_first = csv->i_line;
    bool got = true;

    csv->n_text = 0;
    csv->place = AT_START;
    WL_TRY(scan_line(csv, line, problem, error));
    while (*problem == WL_CSV_GOOD && csv->place == IN_QUOTES) {
        if (csv->i_line - i_first + 1 < ROW_LINES_MAX) {
            WL_TRY(take_line(csv, true, &line, &got, error));
        } else {
            got = false;
        }
        *problem = got ? check_line(line) : WL_CSV_UNCLOSED;
        if (*problem == WL_CSV_GOOD) {
            WL_TRY(scan_line(csv, line, problem, error));
        }
    }
    if (*problem != WL_CSV_GOOD) {
        csv->n_replayed = back_to;
        csv->i_line = i_first;
    }
    point_cells_at_text(csv);
    return WL_OK;
}

static wl_status cut_line(struct wl_csv *csv, struct wl_str line, enum wl_csv_problem *problem,
                          wl_error *error)
{
    *problem = check_line(line);
    if (*problem != WL_CSV_GOOD) {
        return WL_OK;
    }
    if (csv->delimiter == WL_CSV_BLANKS) {
        WL_TRY(split_blanks(csv, line, error));
    } else if (memchr(line.data, '"', line.n_bytes) == NULL) {
        WL_TRY(split_plain(csv, line, error));
    } else {
        WL_TRY(read_quoted(csv, line, problem, error));
    }
    if (csv->n_cells > WL_COLUMNS_MAX) {
        *problem = WL_CSV_TOO_WIDE;
    }
    return WL_OK;
}

wl_status wl_csv_next(struct wl_csv *csv, struct wl_csv_row *row, bool *got, wl_error *error)
{
    struct wl_str line = {.data = NULL, .n_bytes = 0};
    enum wl_csv_problem problem = WL_CSV_GOOD;
    size_t i_line = 0;

    csv->n_cells = 0;
    while (csv->n_cells == 0 && problem == WL_CSV_GOOD) {
        drop_replayed(csv);
        WL_TRY(take_line(csv, false, &line, got, error));
        if (!*got) {
            return WL_OK;
        }
        i_line = csv->i_line;
        if (line.n_bytes > 0) {
            WL_TRY(cut_line(csv, line, &problem, error));
        }
    }
    *row = (struct wl_csv_row){.cells = csv->cells,
                               .n_cells = problem == WL_CSV_GOOD ? csv->n_cells : 0,
                               .i_line = i_line,
                               .problem = problem};
    return WL_OK;
}
