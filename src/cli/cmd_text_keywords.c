/* text keywords: what a pile of texts is about, and what tells two piles apart. */
#include "cli/commands.h"
#include "cli/keywords_run.h"
#include "cli/text_run.h"
#include "cli/text_source.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>

#define TOP      20
#define TOP_MAX  1000
#define MIN_DF   5
#define EXAMPLES 1
#define ABSORB   0.7 /* a word that is a phrase in so many of its texts is shown as that phrase */

struct keywords_run {
    struct wl_cli *cli;
    struct wl_keyword_texts texts;
    struct wl_segmenter *segmenter;
    struct wl_stop_words stop;
    struct wl_keyword_table table;
    int64_t n_top;
    int64_t min_df;
    int64_t n_examples;
    bool by_chi_square;
    uint32_t *kept; /* (n_kept) texts of the corpus */
    uint8_t *group; /* (n_kept) */
    size_t n_kept;
    uint32_t *n_texts_of; /* (matrix.n_terms) */
    bool *skip;           /* (matrix.n_terms) */
};

static const char *const methods[] = {"tfidf", "textrank", "contrast", "chi2"};

static wl_status read_options(struct keywords_run *run, wl_error *error)
{
    struct wl_cli *cli = run->cli;
    const char *method = wl_cli_text(cli, "method", NULL);

    WL_TRY(wl_cli_int(cli, "top", 1, TOP_MAX, TOP, &run->n_top, error));
    WL_TRY(wl_cli_int(cli, "min-df", 1, 1000000, MIN_DF, &run->min_df, error));
    WL_TRY(wl_cli_int(cli, "examples", 0, 10, EXAMPLES, &run->n_examples, error));
    run->table.method = run->texts.has_groups ? WL_KEYWORDS_CONTRAST : WL_KEYWORDS_TFIDF;
    for (size_t i = 0; method != NULL && i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcmp(method, methods[i]) == 0) {
            run->by_chi_square = i == 3;
            run->table.method = i < 3 ? (enum wl_keyword_method)i : WL_KEYWORDS_CONTRAST;
            method = NULL;
        }
    }
    if (method != NULL) {
        return wl_fail(error, WL_EINVAL,
                       "--method: \"%s\" is none of tfidf, textrank, contrast, "
                       "chi2",
                       method);
    }
    if (run->table.method == WL_KEYWORDS_CONTRAST && !run->texts.has_groups) {
        return wl_fail(error, WL_EINVAL,
                       "a contrast wants two groups: give --label and --value, "
                       "or --against FILE");
    }
    if (run->table.method == WL_KEYWORDS_CONTRAST && wl_cli_has(cli, "each")) {
        return wl_fail(error, WL_EINVAL, "--each goes with --method tfidf or textrank");
    }
    return WL_OK;
}

static bool is_wanted(const struct keywords_run *run, size_t i)
{
    const char *language = wl_cli_text(run->cli, "texts", NULL);

    if (run->texts.group[i] == WL_GROUP_NONE ||
        (run->texts.group[i] == WL_GROUP_B && run->table.method != WL_KEYWORDS_CONTRAST)) {
        return false;
    }
    return language == NULL ||
           strcmp(wl_text_language_names[wl_language_detect(run->texts.items[i])], language) == 0;
}

static wl_status read_corpus(struct keywords_run *run, wl_error *error)
{
    struct wl_corpus *corpus = &run->table.corpus;

    run->kept = wl_alloc_array(run->cli->alloc, run->texts.n, sizeof(*run->kept));
    run->group = wl_alloc_array(run->cli->alloc, run->texts.n, sizeof(*run->group));
    if (run->kept == NULL || run->group == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu texts", run->texts.n);
    }
    for (uint32_t i = 0; i < run->texts.n; i++) {
        if (is_wanted(run, i)) {
            WL_TRY(wl_corpus_add(corpus, run->texts.items[i], error));
            run->group[run->n_kept] = run->texts.group[i];
            run->kept[run->n_kept++] = i;
        }
        if (i % 4096 == 0) {
            wl_progress(&run->cli->sink, "words", (double)i / (double)run->texts.n);
        }
    }
    wl_corpus_settle(corpus);
    return run->n_kept > 0 ? WL_OK : wl_fail(error, WL_EGATE, "no text is left to look at");
}

static wl_status find_units(struct keywords_run *run, wl_error *error)
{
    struct wl_keyword_table *table = &run->table;
    struct wl_phrase_options options;

    wl_phrase_options_init(&options);
    options.n_min = (uint32_t)run->min_df;
    WL_TRY(wl_phrases_find(&table->corpus, &options, &table->phrases, error));
    WL_TRY(wl_phrases_matrix(&table->phrases, &table->matrix, error));
    size_t n_units = table->matrix.n_terms;
    run->n_texts_of = wl_alloc_zeroed(run->cli->alloc, n_units + 1, sizeof(*run->n_texts_of));
    run->skip = wl_alloc_zeroed(run->cli->alloc, n_units + 1, sizeof(*run->skip));
    if (run->n_texts_of == NULL || run->skip == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu words", n_units);
    }
    wl_term_matrix_texts(&table->matrix, NULL, 0, run->n_texts_of);
    wl_phrases_absorb(&table->phrases, run->n_texts_of, ABSORB, n_units, run->skip);
    return WL_OK;
}

/* -- ranking by weight -- */

static int compare_rows(const void *a, const void *b)
{
    const struct wl_keyword_row *one = a;
    const struct wl_keyword_row *other = b;

    if (one->weight != other->weight) {
        return one->weight > other->weight ? -1 : 1;
    }
    return (one->unit > other->unit) - (one->unit < other->unit);
}

// A phrase weighs what its words that say something weigh on average.
static double phrase_weight(const struct wl_phrases *phrases, uint32_t unit, const double *weights)
{
    const struct wl_phrase *phrase = &phrases->items[unit - phrases->n_terms];
    const struct wl_corpus *corpus = phrases->corpus;
    double sum = 0.0;
    size_t n = 0;

    for (size_t i = 0; i < phrase->n_words; i++) {
        uint32_t term = corpus->forms[corpus->places[phrase->place + i]].term;
        if (corpus->terms[term].kind == WL_WORD_CONTENT) {
            sum += weights[term];
            n++;
        }
    }
    return n > 0 ? sum / (double)n : 0.0;
}

static wl_status weigh_units(struct keywords_run *run, double *weights, wl_error *error)
{
    struct wl_keyword_table *table = &run->table;

    if (table->method == WL_KEYWORDS_TFIDF) {
        wl_term_matrix_tfidf(&table->matrix, run->n_texts_of, (uint32_t)run->min_df, weights);
        return WL_OK;
    }
    WL_TRY(wl_corpus_rank(&table->corpus, weights, error));
    for (size_t unit = table->phrases.n_terms; unit < table->matrix.n_terms; unit++) {
        weights[unit] = phrase_weight(&table->phrases, (uint32_t)unit, weights);
    }
    return WL_OK;
}

static void count_units(const struct wl_term_matrix *matrix, uint32_t *count)
{
    for (size_t i = 0; i < matrix->begin[matrix->n_texts]; i++) {
        count[matrix->items[i].term] += matrix->items[i].count;
    }
}

static wl_status rank_by_weight(struct keywords_run *run, wl_error *error)
{
    struct wl_keyword_table *table = &run->table;
    size_t n_terms = table->corpus.term_names.n_strings;
    size_t n_units = table->matrix.n_terms > n_terms ? table->matrix.n_terms : n_terms;
    double *weights = wl_alloc_zeroed(run->cli->alloc, n_units + 1, sizeof(*weights));
    uint32_t *count = wl_alloc_zeroed(run->cli->alloc, n_units + 1, sizeof(*count));
    wl_status status = WL_OK;

    table->rows = wl_alloc_zeroed(run->cli->alloc, n_units + 1, sizeof(*table->rows));
    if (weights == NULL || count == NULL || table->rows == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory to rank %zu words", n_units);
        goto done;
    }
    WL_GO(weigh_units(run, weights, error));
    count_units(&table->matrix, count);
    for (uint32_t unit = 0; unit < table->matrix.n_terms; unit++) {
        if (!run->skip[unit] && run->n_texts_of[unit] >= run->min_df && weights[unit] > 0.0) {
            table->rows[table->n_rows++] =
                (struct wl_keyword_row){.unit = unit,
                                        .weight = weights[unit],
                                        .count = count[unit],
                                        .n_texts = run->n_texts_of[unit]};
        }
    }
    qsort(table->rows, table->n_rows, sizeof(*table->rows), compare_rows);
    table->n_rows = table->n_rows > table->n_top ? table->n_top : table->n_rows;
done:
    wl_alloc_free(run->cli->alloc, weights);
    wl_alloc_free(run->cli->alloc, count);
    return status;
}

/* -- ranking by contrast -- */

// The first of n words, from begin on or from the end, that lean to this side and are, or are not,
// about leaving.
static void add_contrasts(struct wl_keyword_table *table, bool is_b, bool is_leaving, size_t n)
{
    for (size_t i = 0; i < table->n_all && n > 0; i++) {
        const struct wl_contrast *contrast = &table->all[is_b ? table->n_all - 1 - i : i];
        bool leans = is_b ? contrast->log_odds < 0.0 : contrast->log_odds > 0.0;
        if (leans &&
            (is_b || (table->reason_of[contrast->term] == WL_REASON_LEAVING) == is_leaving)) {
            table->rows[table->n_rows++] = (struct wl_keyword_row){
                .unit = contrast->term,
                .n_texts = contrast->counts.n_with[0] + contrast->counts.n_with[1],
                .contrast = *contrast};
            n--;
        }
    }
}

static wl_status rank_by_contrast(struct keywords_run *run, wl_error *error)
{
    struct wl_keyword_table *table = &run->table;
    struct wl_contrast_options options = {.min_df = (uint32_t)run->min_df,
                                          .prior = WL_CONTRAST_PRIOR,
                                          .by_chi_square = run->by_chi_square};

    WL_TRY(wl_contrast_rank(run->cli->alloc, &table->matrix, run->group, run->skip, &options,
                            &table->all, &table->n_all, error));
    table->rows = wl_alloc_zeroed(run->cli->alloc, 3 * table->n_top, sizeof(*table->rows));
    if (table->rows == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu keywords", 3 * table->n_top);
    }
    add_contrasts(table, false, false, table->n_top);
    table->n_rows_a = table->n_rows;
    add_contrasts(table, false, true, table->n_top);
    table->n_rows_leaving = table->n_rows - table->n_rows_a;
    add_contrasts(table, true, false, table->n_top);
    return wl_keyword_reasons_rank(table, run->group, options.min_df, error);
}

/* -- the command -- */

static void release(struct keywords_run *run)
{
    struct wl_keyword_table *table = &run->table;
    const wl_alloc *alloc = run->cli->alloc;

    wl_alloc_free(alloc, run->kept);
    wl_alloc_free(alloc, run->group);
    wl_alloc_free(alloc, run->n_texts_of);
    wl_alloc_free(alloc, run->skip);
    wl_alloc_free(alloc, table->rows);
    wl_alloc_free(alloc, table->all);
    wl_alloc_free(alloc, table->reasons);
    wl_alloc_free(alloc, table->reason_of);
    wl_text_classifier_free(table->rules);
    wl_term_matrix_release(&table->matrix);
    wl_phrases_release(&table->phrases);
    wl_corpus_release(&table->corpus);
    wl_stop_words_release(&run->stop);
    wl_segmenter_close(run->segmenter);
    wl_keyword_texts_release(&run->texts);
}

// Texts without Chinese need no dictionary.
static wl_status open_segmenter(struct keywords_run *run, wl_error *error)
{
    const char *path = NULL;

    WL_TRY(wl_cli_beside(run->cli, "zh.wldict", &path, error));
    if (!wl_cli_has(run->cli, "dict") && !wl_file_exists(path)) {
        wl_cli_say(run->cli, "%s",
                   WL_SAY(run->cli, "no Chinese dictionary: Chinese characters stand alone",
                          "没有中文词典：中文按单字处理"));
        return WL_OK;
    }
    return wl_cli_segmenter_open(run->cli, &run->segmenter, error);
}

// A table without rows is no answer: say why, and what to change.
static void say_if_none(const struct keywords_run *run)
{
    if (run->table.n_rows == 0) {
        wl_cli_say(run->cli,
                   WL_SAY(run->cli,
                          "no keyword stands in %lld of these %zu texts: read more texts, or take "
                          "rarer words with --min-df 1",
                          "没有词出现在至少 %lld 条文本中（共 %zu 条）：请读入更多文本，或用 "
                          "--min-df 1 纳入较少见的词"),
                   (long long)run->min_df, run->texts.n);
    }
}

static wl_status run_keywords(struct wl_cli *cli, wl_error *error)
{
    struct keywords_run run = {.cli = cli};
    wl_status status = WL_OK;

    run.table.cli = cli;
    run.table.texts = &run.texts;
    wl_term_matrix_init(&run.table.matrix, cli->alloc);
    WL_GO(wl_keyword_texts_read(cli, &run.texts, error));
    WL_GO(read_options(&run, error));
    run.table.n_top = (size_t)run.n_top;
    run.table.n_examples = (size_t)run.n_examples;
    WL_GO(open_segmenter(&run, error));
    WL_GO(wl_stop_words_init(&run.stop, cli->alloc, error));
    struct wl_analyser analyser = {.segmenter = run.segmenter, .stop = &run.stop};
    WL_GO(wl_corpus_init(&run.table.corpus, cli->alloc, &analyser, error));
    WL_GO(read_corpus(&run, error));
    run.table.kept = run.kept;
    WL_GO(find_units(&run, error));
    if (wl_cli_has(cli, "each")) {
        status = wl_keyword_each_write(&run.table, run.n_texts_of, run.skip, error);
        goto done;
    }
    WL_GO(wl_keyword_reasons_name(&run.table, error));
    WL_GO(run.table.method == WL_KEYWORDS_CONTRAST ? rank_by_contrast(&run, error)
                                                   : rank_by_weight(&run, error));
    status = wl_keyword_table_write(&run.table, error);
    say_if_none(&run);
done:
    release(&run);
    return status;
}

static const struct wl_option options[] = {
    WL_TEXTS_OPTIONS,
    {"label", 0, "NAME", "column that divides the texts into two groups", "将文本分为两组的列"},
    {"value", 0, "VALUE", "texts with this label are the first group", "属于第一组的标签取值"},
    {"against", 0, "FILE", "texts of the second group", "第二组文本所在文件"},
    {"method", 0, "NAME",
     "tfidf, textrank, contrast (log-odds) or chi2 (default: contrast where "
     "there are two groups, else tfidf)",
     "tfidf、textrank、contrast（对数优势比）或 chi2（默认：有两组时为 contrast，否则 tfidf）"},
    {"each", 0, NULL, "keywords of each text by itself (tfidf or textrank)",
     "逐条文本输出关键词（tfidf 或 textrank）"},
    {"tags", 0, "NAMES",
     "with --each: parts of speech that count in Chinese, such as n,v (TextRank: ns,n,vn,v)",
     "配合 --each：中文只取这些词性，如 n,v（TextRank 默认 ns,n,vn,v）"},
    {"top", 0, "N", "how many keywords (20)", "关键词个数（20）"},
    {"min-df", 0, "N", "keywords stand in so many texts at least (5)",
     "关键词至少出现在多少条文本中（5）"},
    {"examples", 0, "N", "texts quoted for each keyword, masked (1)",
     "每个关键词引用几条原文（已脱敏，1）"},
    {"texts", 0, "LANGUAGE", "only texts in zh or in en", "只看中文（zh）或英文（en）文本"},
    {"as-of", 0, "DATES", "workspace: dates at which somebody left or stayed",
     "工作区：判断流失或留存的观察日"},
    WL_CLI_DICT_OPTION,
    WL_CLI_WORDS_OPTION,
};

const struct wl_command wl_command_text_keywords = {
    .name = "text keywords",
    .summary_en = "rank the words and phrases of texts, or those that tell two groups apart",
    .summary_zh = "文本关键词与短语排序，或找出区分两组文本的词",
    .arguments = "[FILE...]",
    .example = "wanliu text keywords data/texts.csv --label is_churner --value 1",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .run = run_keywords,
};
