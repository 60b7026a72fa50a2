/* Keywords as a table for people, with small bars and a quote each, or as JSON lines. Quotes are
 * cut to a line and masked; no text goes anywhere else. */
#include "cli/keywords_run.h"

#include "base/json_write.h"

#include <math.h>
#include <string.h>

#define NAME_PLACES  24
#define BAR_PLACES   8
#define QUOTE_PLACES 72
#define QUOTE_BEFORE 16 /* characters shown before the keyword */
#define CELL_BYTES   64

/* What writing needs beside the table. */
struct writing {
    struct wl_keyword_table *table;
    struct wl_buf line;
    struct wl_buf name;
    struct wl_buf quote;
    struct wl_normal normal;
    struct wl_masks masks;
    double share_max; /* of the longest bar */
};

/* -- places on a terminal -- */

// Chinese characters and emoji take two places; quotes, dashes and bars one.
static size_t places_of(unsigned char first)
{
    if (first < 0x80 || (first >= 0xC0 && first < 0xE3)) {
        return 1;
    }
    return first >= 0xE3 ? 2 : 0;
}

static size_t count_places(struct wl_str text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.n_bytes; i++) {
        n += places_of((unsigned char)text.data[i]);
    }
    return n;
}

static void put_padded(struct wl_buf *line, struct wl_str text, size_t n_places, bool is_right)
{
    size_t n = count_places(text);

    for (size_t i = n; is_right && i < n_places; i++) {
        wl_buf_char(line, ' ');
    }
    wl_buf_str(line, text);
    for (size_t i = n; !is_right && i < n_places; i++) {
        wl_buf_char(line, ' ');
    }
    wl_buf_char(line, ' ');
}

static void put_number(struct wl_buf *line, size_t n_places, int n_digits, const char *unit,
                       double number)
{
    struct wl_buf cell;

    wl_buf_init(&cell, line->alloc, CELL_BYTES);
    wl_buf_format(&cell, "%.*f%s", n_digits, number, unit);
    put_padded(line, wl_buf_view(&cell), n_places, true);
    wl_buf_release(&cell);
}

static void put_bar(struct wl_buf *line, double share)
{
    size_t n = (size_t)lround(fmin(fmax(share, 0.0), 1.0) * BAR_PLACES);

    for (size_t i = 0; i < BAR_PLACES; i++) {
        wl_buf_text(line, i < n ? "\u2588" : "\u00b7");
    }
    wl_buf_char(line, ' ');
}

/* -- facts of a row -- */

static double share_of(const struct wl_contrast *contrast, int side)
{
    return contrast->counts.n_with[side] / (double)contrast->counts.n_texts[side];
}

static const char *reason_name(const struct wl_keyword_table *table, uint32_t reason)
{
    if (reason == WL_REASON_LEAVING) {
        return WL_SAY(table->cli, "(leaving)", "（离开）");
    }
    if (reason == WL_REASON_NONE) {
        return "";
    }
    const struct wl_rules_label *label = &wl_rules_labels(table->rules)[reason];
    return table->cli->is_zh ? label->zh : label->en;
}

// Rows of group B stand behind all of group A's.
static bool is_row_of_b(const struct wl_keyword_table *table, size_t i_row)
{
    return table->method == WL_KEYWORDS_CONTRAST &&
           i_row >= table->n_rows_a + table->n_rows_leaving;
}

// 1-based, within its part of the rows.
static size_t rank_of(const struct wl_keyword_table *table, size_t i_row)
{
    if (is_row_of_b(table, i_row)) {
        return i_row - table->n_rows_a - table->n_rows_leaving + 1;
    }
    return table->n_rows_a > 0 && i_row >= table->n_rows_a ? i_row - table->n_rows_a + 1
                                                           : i_row + 1;
}

static bool holds(const struct wl_term_matrix *matrix, size_t text, uint32_t unit)
{
    size_t low = matrix->begin[text];
    size_t high = matrix->begin[text + 1];

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (matrix->items[middle].term < unit) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < matrix->begin[text + 1] && matrix->items[low].term == unit;
}

// The next text of the row's group, from *text on, that holds its keyword; false at the end.
static bool next_example(const struct wl_keyword_table *table, size_t i_row, size_t *text)
{
    const struct wl_keyword_row *row = &table->rows[i_row];
    uint8_t group = is_row_of_b(table, i_row) ? WL_GROUP_B : WL_GROUP_A;

    for (; *text < table->matrix.n_texts; ++*text) {
        if (table->texts->group[table->kept[*text]] == group &&
            holds(&table->matrix, *text, row->unit)) {
            return true;
        }
    }
    return false;
}

// Where a quote begins so that the keyword stands in it: a few characters before its first sight.
static size_t quote_begin(struct wl_str text, struct wl_str keyword)
{
    size_t at = 0;

    while (at + keyword.n_bytes <= text.n_bytes &&
           memcmp(text.data + at, keyword.data, keyword.n_bytes) != 0) {
        at++;
    }
    if (at + keyword.n_bytes > text.n_bytes) {
        return 0; // words of a phrase with something between them
    }
    for (size_t n = 0; at > 0 && n < QUOTE_BEFORE && text.data[at - 1] != '\n'; n++) {
        do {
            at--;
        } while (at > 0 && ((unsigned char)text.data[at] & 0xC0U) == 0x80U);
    }
    return at;
}

// A masked text on one line, at most n_places of it, around the keyword in writing->name.
static wl_status put_quote(struct writing *writing, struct wl_str text, size_t n_places,
                           struct wl_buf *out, wl_error *error)
{
    size_t n = 0;

    WL_TRY(wl_normal_set(&writing->normal, text, error));
    struct wl_str whole = wl_buf_view(&writing->normal.text);
    WL_TRY(wl_masks_find(&writing->masks, whole, error));
    size_t begin = n_places < whole.n_bytes ? quote_begin(whole, wl_buf_view(&writing->name)) : 0;
    size_t end = begin;
    while (end < whole.n_bytes && n < n_places && whole.data[end] != '\n') {
        size_t length = wl_utf8_length(whole, end);
        n += places_of((unsigned char)whole.data[end]);
        end += length > 0 ? length : 1;
    }
    enum wl_language language =
        wl_language_detect(whole) == WL_TEXT_ZH ? WL_LANGUAGE_ZH : WL_LANGUAGE_EN;
    wl_buf_text(out, begin > 0 ? "\u2026" : "");
    wl_masks_write(&writing->masks, &writing->normal, text, begin, end - begin, language, NULL,
                   out);
    wl_buf_text(out, end < whole.n_bytes ? "\u2026" : "");
    return wl_buf_check(out, error);
}

static wl_status set_name(struct writing *writing, uint32_t unit, wl_error *error)
{
    wl_buf_clear(&writing->name);
    wl_phrases_name(&writing->table->phrases, unit, &writing->name);
    return wl_buf_check(&writing->name, error);
}

/* -- for people -- */

static wl_status put_examples(struct writing *writing, size_t i_row, wl_error *error)
{
    struct wl_keyword_table *table = writing->table;
    size_t text = 0;

    for (size_t n = 0; n < table->n_examples && next_example(table, i_row, &text); n++, text++) {
        wl_buf_text(&writing->line, "     \u201c");
        WL_TRY(put_quote(writing, table->texts->items[table->kept[text]], QUOTE_PLACES,
                         &writing->line, error));
        wl_buf_text(&writing->line, "\u201d");
        WL_TRY(wl_cli_line(table->cli, &writing->line, error));
    }
    return WL_OK;
}

static void put_contrast(struct writing *writing, const struct wl_contrast *contrast, bool is_b)
{
    struct wl_buf *line = &writing->line;
    int own = is_b ? 1 : 0;
    double sign = is_b ? -1.0 : 1.0;
    double low = sign * (is_b ? contrast->high : contrast->low);
    double high = sign * (is_b ? contrast->low : contrast->high);

    put_number(line, 6, 1, "", exp(sign * contrast->log_odds));
    wl_buf_char(line, '[');
    put_number(line, 5, 1, "", exp(low));
    put_number(line, 5, 1, "", exp(high));
    wl_buf_text(line, "] ");
    put_bar(line, share_of(contrast, own) / writing->share_max);
    put_number(line, 6, 1, "%", 100.0 * share_of(contrast, own));
    put_number(line, 6, 1, "%", 100.0 * share_of(contrast, 1 - own));
    put_number(line, 6, 0, "", contrast->counts.n_with[own]);
    put_number(line, 6, 0, "", contrast->counts.n_with[1 - own]);
    wl_buf_text(line, contrast->p_adjusted < WL_CONTRAST_LEVEL ? " * " : "   ");
}

static wl_status put_row(struct writing *writing, size_t i_row, wl_error *error)
{
    struct wl_keyword_table *table = writing->table;
    const struct wl_keyword_row *row = &table->rows[i_row];

    WL_TRY(set_name(writing, row->unit, error));
    put_number(&writing->line, 3, 0, "", (double)rank_of(table, i_row));
    put_padded(&writing->line, wl_buf_view(&writing->name), NAME_PLACES, false);
    if (table->method == WL_KEYWORDS_CONTRAST) {
        put_contrast(writing, &row->contrast, is_row_of_b(table, i_row));
    } else {
        put_number(&writing->line, 8, 4, "", row->weight);
        put_bar(&writing->line, row->weight / writing->share_max);
        put_number(&writing->line, 7, 0, "", row->count);
        put_number(&writing->line, 7, 0, "", row->n_texts);
    }
    wl_buf_text(&writing->line, reason_name(table, table->reason_of[row->unit]));
    WL_TRY(wl_cli_line(table->cli, &writing->line, error));
    return put_examples(writing, i_row, error);
}

static wl_status put_heading(struct writing *writing, bool is_b, wl_error *error)
{
    struct wl_keyword_table *table = writing->table;
    struct wl_cli *cli = table->cli;
    struct wl_buf *line = &writing->line;

    wl_buf_text(line, "  # ");
    put_padded(line, wl_str_from(WL_SAY(cli, "keyword", "关键词")), NAME_PLACES, false);
    if (table->method == WL_KEYWORDS_CONTRAST) {
        const char *own = table->texts->names[is_b];
        const char *other = table->texts->names[!is_b];
        put_padded(line, wl_str_from(WL_SAY(cli, "odds", "优势比")), 6, true);
        put_padded(line, wl_str_from(WL_SAY(cli, "[95 % range]", "[95% 区间]")), 14, true);
        put_padded(line, wl_str_from(own), BAR_PLACES + 7, false);
        put_padded(line, wl_str_from(other), 7, true);
        put_padded(line, wl_str_from(WL_SAY(cli, "texts", "文本数")), 13, true);
        wl_buf_text(line, WL_SAY(cli, "  reason", "  原因"));
    } else {
        put_padded(line, wl_str_from(WL_SAY(cli, "weight", "权重")), 8, true);
        put_padded(line, wl_str_from(""), BAR_PLACES, false);
        put_padded(line, wl_str_from(WL_SAY(cli, "count", "次数")), 7, true);
        put_padded(line, wl_str_from(WL_SAY(cli, "texts", "文本数")), 7, true);
        wl_buf_text(line, WL_SAY(cli, "reason", "原因"));
    }
    return wl_cli_line(cli, line, error);
}

#define REASON_WORDS 6 /* words shown for a reason */

// The words that name a reason and lean most to group A.
static wl_status put_words(struct writing *writing, uint32_t label, wl_error *error)
{
    const struct wl_keyword_table *table = writing->table;
    size_t n = 0;

    for (size_t i = 0; i < table->n_all && n < REASON_WORDS; i++) {
        if (table->reason_of[table->all[i].term] == label && table->all[i].log_odds > 0.0) {
            WL_TRY(set_name(writing, table->all[i].term, error));
            wl_buf_text(&writing->line, n++ > 0 ? WL_SAY(table->cli, ", ", "、") : "");
            wl_buf_str(&writing->line, wl_buf_view(&writing->name));
        }
    }
    return WL_OK;
}

static wl_status put_reasons(struct writing *writing, wl_error *error)
{
    struct wl_keyword_table *table = writing->table;

    writing->share_max = 0.0;
    for (size_t i = 0; i < table->n_reasons; i++) {
        writing->share_max = fmax(writing->share_max, share_of(&table->reasons[i].contrast, 0));
    }
    for (size_t i = 0; i < table->n_reasons; i++) {
        const struct wl_keyword_reason *reason = &table->reasons[i];
        put_number(&writing->line, 3, 0, "", (double)i + 1.0);
        put_padded(&writing->line, wl_str_from(reason_name(table, reason->label)), NAME_PLACES,
                   false);
        put_contrast(writing, &reason->contrast, false);
        WL_TRY(put_words(writing, reason->label, error));
        WL_TRY(wl_cli_line(table->cli, &writing->line, error));
    }
    return WL_OK;
}

static wl_status write_rows(struct writing *writing, size_t from, size_t to, wl_error *error)
{
    struct wl_keyword_table *table = writing->table;

    writing->share_max = 0.0;
    for (size_t i = from; i < to; i++) {
        double share = table->method == WL_KEYWORDS_CONTRAST
                           ? share_of(&table->rows[i].contrast, is_row_of_b(table, i))
                           : table->rows[i].weight;
        writing->share_max = fmax(writing->share_max, share);
    }
    for (size_t i = from; i < to; i++) {
        WL_TRY(put_row(writing, i, error));
    }
    return WL_OK;
}

static wl_status put_line(struct writing *writing, const char *text, wl_error *error)
{
    wl_buf_text(&writing->line, text);
    return wl_cli_line(writing->table->cli, &writing->line, error);
}

static size_t count_group(const struct wl_keyword_table *table, bool is_b)
{
    size_t n = 0;

    for (size_t i = 0; i < table->matrix.n_texts; i++) {
        n += table->texts->group[table->kept[i]] == (is_b ? WL_GROUP_B : WL_GROUP_A);
    }
    return n;
}

static wl_status write_side(struct writing *writing, bool is_b, wl_error *error)
{
    struct wl_keyword_table *table = writing->table;
    struct wl_cli *cli = table->cli;
    size_t n_a = table->n_rows_a + table->n_rows_leaving;

    wl_buf_format(&writing->line,
                  WL_SAY(cli, "What tells \"%s\" apart (%zu texts)", "“%s”的特征词（%zu 条文本）"),
                  table->texts->names[is_b], count_group(table, is_b));
    WL_TRY(wl_cli_line(cli, &writing->line, error));
    WL_TRY(put_heading(writing, is_b, error));
    WL_TRY(write_rows(writing, is_b ? n_a : 0, is_b ? table->n_rows : table->n_rows_a, error));
    if (!is_b && table->n_rows_leaving > 0) {
        WL_TRY(put_line(writing,
                        WL_SAY(cli, "Words of leaving or lost patience: no reasons",
                               "表示要离开或失去耐心的词：不是原因"),
                        error));
        WL_TRY(write_rows(writing, table->n_rows_a, n_a, error));
    }
    return put_line(writing, "", error);
}

static wl_status write_people(struct writing *writing, wl_error *error)
{
    struct wl_keyword_table *table = writing->table;
    struct wl_cli *cli = table->cli;

    if (table->method != WL_KEYWORDS_CONTRAST) {
        WL_TRY(put_heading(writing, false, error));
        return write_rows(writing, 0, table->n_rows, error);
    }
    WL_TRY(write_side(writing, false, error));
    WL_TRY(write_side(writing, true, error));
    WL_TRY(put_line(writing,
                    WL_SAY(cli, "Reasons: texts with any keyword that names one",
                           "原因：含有任一相关关键词的文本"),
                    error));
    WL_TRY(put_reasons(writing, error));
    wl_cli_say(
        cli, "%s",
        WL_SAY(cli,
               "odds of a text to hold the word, with a prior; * at most 5 % of those marked "
               "are chance (Benjamini-Hochberg; reasons: one test each)",
               "优势比：文本含该词的比值（带先验）；* 标记的词中至多 5% 出于偶然"
               "（Benjamini-Hochberg；原因为单次检验）"));
    return WL_OK;
}

/* -- for programs -- */

static void put_pair(struct wl_json_writer *json, const char *key, double a, double b)
{
    wl_json_key(json, key);
    wl_json_open(json, '[');
    wl_json_digits(json, a, 6);
    wl_json_digits(json, b, 6);
    wl_json_close(json, ']');
}

static void json_number(struct wl_json_writer *json, const char *key, double value)
{
    wl_json_key(json, key);
    wl_json_digits(json, value, 6);
}

static void json_contrast(struct wl_json_writer *json, const struct wl_contrast *contrast)
{
    put_pair(json, "texts", contrast->counts.n_with[0], contrast->counts.n_with[1]);
    put_pair(json, "of", contrast->counts.n_texts[0], contrast->counts.n_texts[1]);
    put_pair(json, "share", share_of(contrast, 0), share_of(contrast, 1));
    json_number(json, "log_odds", contrast->log_odds);
    put_pair(json, "interval", contrast->low, contrast->high);
    json_number(json, "z", contrast->z);
    json_number(json, "chi_square", contrast->chi_square);
    json_number(json, "p", contrast->p);
    json_number(json, "p_adjusted", contrast->p_adjusted);
    wl_json_key(json, "is_marked");
    wl_json_bool(json, contrast->p_adjusted < WL_CONTRAST_LEVEL);
}

static wl_status json_examples(struct writing *writing, size_t i_row, struct wl_json_writer *json,
                               wl_error *error)
{
    struct wl_keyword_table *table = writing->table;
    size_t text = 0;

    wl_json_key(json, "examples");
    wl_json_open(json, '[');
    for (size_t n = 0; n < table->n_examples && next_example(table, i_row, &text); n++, text++) {
        wl_buf_clear(&writing->quote);
        WL_TRY(put_quote(writing, table->texts->items[table->kept[text]], SIZE_MAX, &writing->quote,
                         error));
        wl_json_str(json, wl_buf_view(&writing->quote));
    }
    wl_json_close(json, ']');
    return WL_OK;
}

static void json_reason(struct wl_json_writer *json, const struct wl_keyword_table *table,
                        uint32_t reason)
{
    wl_json_key(json, "reason");
    if (reason < WL_REASON_LEAVING) {
        wl_json_text(json, wl_rules_labels(table->rules)[reason].id);
    } else {
        wl_json_null(json);
    }
}

static wl_status json_row(struct writing *writing, size_t i_row, wl_error *error)
{
    struct wl_keyword_table *table = writing->table;
    const struct wl_keyword_row *row = &table->rows[i_row];
    struct wl_json_writer json = wl_json_begin(&writing->line);

    WL_TRY(set_name(writing, row->unit, error));
    wl_json_open(&json, '{');
    wl_json_key(&json, "keyword");
    wl_json_str(&json, wl_buf_view(&writing->name));
    wl_json_key(&json, "is_phrase");
    wl_json_bool(&json, row->unit >= table->phrases.n_terms);
    wl_json_key(&json, "is_leaving");
    wl_json_bool(&json, table->reason_of[row->unit] == WL_REASON_LEAVING);
    json_reason(&json, table, table->reason_of[row->unit]);
    wl_json_key(&json, "rank");
    wl_json_i64(&json, (int64_t)rank_of(table, i_row));
    if (table->method == WL_KEYWORDS_CONTRAST) {
        wl_json_key(&json, "group");
        wl_json_text(&json, table->texts->names[is_row_of_b(table, i_row)]);
        json_contrast(&json, &row->contrast);
    } else {
        json_number(&json, "weight", row->weight);
        wl_json_key(&json, "count");
        wl_json_i64(&json, row->count);
        wl_json_key(&json, "texts");
        wl_json_i64(&json, row->n_texts);
    }
    WL_TRY(json_examples(writing, i_row, &json, error));
    wl_json_close(&json, '}');
    return wl_cli_line(table->cli, &writing->line, error);
}

static wl_status json_reasons(struct writing *writing, wl_error *error)
{
    struct wl_keyword_table *table = writing->table;

    for (size_t i = 0; i < table->n_reasons; i++) {
        struct wl_json_writer json = wl_json_begin(&writing->line);
        wl_json_open(&json, '{');
        json_reason(&json, table, table->reasons[i].label);
        wl_json_key(&json, "rank");
        wl_json_i64(&json, (int64_t)i + 1);
        json_contrast(&json, &table->reasons[i].contrast);
        wl_json_close(&json, '}');
        WL_TRY(wl_cli_line(table->cli, &writing->line, error));
    }
    return WL_OK;
}

wl_status wl_keyword_table_write(struct wl_keyword_table *table, wl_error *error)
{
    struct writing writing = {.table = table};
    wl_status status = WL_OK;

    wl_buf_init(&writing.line, table->cli->alloc, 0);
    wl_buf_init(&writing.name, table->cli->alloc, 0);
    wl_buf_init(&writing.quote, table->cli->alloc, 0);
    wl_normal_init(&writing.normal, table->cli->alloc);
    wl_masks_init(&writing.masks, table->cli->alloc);
    if (table->cli->is_json) {
        for (size_t i = 0; status == WL_OK && i < table->n_rows; i++) {
            status = json_row(&writing, i, error);
        }
        status = status == WL_OK ? json_reasons(&writing, error) : status;
    } else {
        status = write_people(&writing, error);
    }
    wl_masks_release(&writing.masks);
    wl_normal_release(&writing.normal);
    wl_buf_release(&writing.name);
    wl_buf_release(&writing.quote);
    wl_buf_release(&writing.line);
    return status;
}
