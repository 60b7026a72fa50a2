/* Keywords of each text by itself. Chinese ones are found as jieba finds them, with its list of how
 * rare words are; others by the same two methods over the words and phrases of the corpus, which
 * says how rare these are. */
#include "cli/keywords_run.h"
#include "cli/text_run.h"

#include "base/file.h"
#include "base/json_write.h"
#include "text/keywords.h"

#include <math.h>
#include <stdlib.h>

/* What one text after the other is worked on with. */
struct each {
    struct wl_keyword_table *table;
    const struct wl_segmenter *segmenter; /* NULL: no text is taken as Chinese */
    struct wl_idf idf;
    struct wl_keyword_filter filter;
    struct wl_keywords keywords;
    struct wl_rank rank;
    const uint32_t *n_texts_of;
    const bool *skip;
    struct wl_buf line;
    struct wl_buf name;
    struct wl_json_writer json;
    size_t n_written; /* of the text at hand */
};

static wl_status put_keyword(struct each *each, struct wl_str name, double weight, uint32_t count,
                             wl_error *error)
{
    if (each->table->cli->is_json) {
        wl_json_open(&each->json, '{');
        wl_json_key(&each->json, "keyword");
        wl_json_str(&each->json, name);
        wl_json_key(&each->json, "weight");
        wl_json_double(&each->json, weight);
        wl_json_key(&each->json, "count");
        wl_json_i64(&each->json, count);
        wl_json_close(&each->json, '}');
    } else {
        wl_buf_text(&each->line, each->n_written > 0 ? "  " : "");
        wl_buf_str(&each->line, name);
        wl_buf_format(&each->line, " %.3f", weight);
    }
    each->n_written++;
    return wl_buf_check(&each->line, error);
}

static wl_status put_chinese(struct each *each, struct wl_str text, wl_error *error)
{
    size_t n_top = each->table->n_top;

    WL_TRY(
        each->table->method == WL_KEYWORDS_TEXTRANK
            ? wl_keywords_rank(each->segmenter, &each->filter, text, n_top, &each->keywords, error)
            : wl_keywords_tfidf(each->segmenter, &each->idf, &each->filter, text, n_top,
                                &each->keywords, error));
    for (size_t i = 0; i < each->keywords.n_items; i++) {
        const struct wl_keyword *item = &each->keywords.items[i];
        struct wl_str name = {.data = text.data + item->i_byte, .n_bytes = item->n_bytes};
        WL_TRY(put_keyword(each, name, item->weight, item->count, error));
    }
    return WL_OK;
}

static int compare_weights(const void *a, const void *b)
{
    const struct wl_term_weight *one = a;
    const struct wl_term_weight *other = b;

    if (one->weight != other->weight) {
        return one->weight > other->weight ? -1 : 1;
    }
    return (one->term > other->term) - (one->term < other->term);
}

// count / number of words * idf, with the idf of the corpus.
static wl_status weigh_text(const struct each *each, size_t text, struct wl_term_weight **items_out,
                            size_t *n_items, wl_error *error)
{
    const struct wl_term_matrix *matrix = &each->table->matrix;
    size_t from = matrix->begin[text];
    size_t n = matrix->begin[text + 1] - from;
    struct wl_term_weight *items = wl_alloc_zeroed(each->table->cli->alloc, n + 1, sizeof(*items));
    double total = 0.0;

    if (items == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for the words of a text");
    }
    *n_items = 0;
    for (size_t i = from; i < from + n; i++) {
        total += matrix->items[i].count;
    }
    for (size_t i = from; i < from + n; i++) {
        struct wl_term_count item = matrix->items[i];
        double df = each->n_texts_of[item.term];
        double idf = log((1.0 + (double)matrix->n_texts) / (1.0 + df)) + 1.0;
        if (!each->skip[item.term]) {
            items[(*n_items)++] = (struct wl_term_weight){
                .term = item.term, .count = item.count, .weight = item.count * (idf / total)};
        }
    }
    *items_out = items;
    return WL_OK;
}

static wl_status put_other(struct each *each, size_t text, wl_error *error)
{
    struct wl_keyword_table *table = each->table;
    struct wl_term_weight *items = NULL;
    size_t n = 0;
    wl_status status = WL_OK;

    WL_TRY(table->method == WL_KEYWORDS_TEXTRANK
               ? wl_corpus_rank_text(&table->corpus, text, &each->rank, &items, &n, error)
               : weigh_text(each, text, &items, &n, error));
    qsort(items, n, sizeof(*items), compare_weights);
    for (size_t i = 0; i < n && i < table->n_top && items[i].weight > 0.0; i++) {
        wl_buf_clear(&each->name);
        wl_phrases_name(&table->phrases, items[i].term, &each->name);
        WL_GO(put_keyword(each, wl_buf_view(&each->name), items[i].weight, items[i].count, error));
    }
done:
    wl_alloc_free(table->cli->alloc, items);
    return status;
}

static wl_status put_text(struct each *each, size_t text, wl_error *error)
{
    struct wl_keyword_table *table = each->table;
    struct wl_str raw = table->texts->items[table->kept[text]];
    bool is_chinese = each->segmenter != NULL && wl_language_detect(raw) == WL_TEXT_ZH;

    each->n_written = 0;
    if (table->cli->is_json) {
        each->json = wl_json_begin(&each->line);
        wl_json_open(&each->json, '{');
        wl_json_key(&each->json, "text");
        wl_json_i64(&each->json, (int64_t)table->kept[text] + 1);
        wl_json_key(&each->json, "keywords");
        wl_json_open(&each->json, '[');
    } else {
        wl_buf_format(&each->line, "%zu\t", (size_t)table->kept[text] + 1);
    }
    WL_TRY(is_chinese ? put_chinese(each, raw, error) : put_other(each, text, error));
    if (table->cli->is_json) {
        wl_json_close(&each->json, ']');
        wl_json_close(&each->json, '}');
    }
    return wl_cli_line(table->cli, &each->line, error);
}

static wl_status open_each(struct each *each, const struct wl_segmenter *segmenter, wl_error *error)
{
    struct wl_cli *cli = each->table->cli;
    const char *path = NULL;

    WL_TRY(wl_cli_beside(cli, "zh.wlidf", &path, error));
    if (segmenter == NULL || !wl_file_exists(path)) {
        return WL_OK; // then Chinese is weighed by the corpus too
    }
    WL_TRY(wl_idf_open(path, cli->alloc, &each->idf, error));
    each->segmenter = segmenter;
    const char *tags =
        wl_cli_text(cli, "tags", each->table->method == WL_KEYWORDS_TEXTRANK ? WL_RANK_TAGS : NULL);
    return tags != NULL ? wl_keyword_filter_set(&each->filter, segmenter, wl_str_from(tags), error)
                        : WL_OK;
}

wl_status wl_keyword_each_write(struct wl_keyword_table *table, const uint32_t *n_texts_of,
                                const bool *skip, wl_error *error)
{
    struct each each = {.table = table, .n_texts_of = n_texts_of, .skip = skip};
    const wl_alloc *alloc = table->cli->alloc;
    wl_status status = WL_OK;

    wl_keywords_init(&each.keywords, alloc);
    wl_rank_init(&each.rank, alloc);
    wl_buf_init(&each.line, alloc, 0);
    wl_buf_init(&each.name, alloc, 0);
    WL_GO(open_each(&each, table->corpus.analyser.segmenter, error));
    for (size_t text = 0; text < table->matrix.n_texts; text++) {
        WL_GO(put_text(&each, text, error));
    }
done:
    wl_buf_release(&each.name);
    wl_buf_release(&each.line);
    wl_rank_release(&each.rank);
    wl_keywords_release(&each.keywords);
    wl_idf_release(&each.idf);
    return status;
}
