/* text normalize - what the program makes of a text before it reads it, for who wonders why. */
#include "cli/commands.h"
#include "cli/text_source.h"

#include "base/json_write.h"
#include "cli/text_run.h"
#include "text/analyser.h"

struct normalize_run {
    struct wl_cli *cli;
    struct wl_segmenter *segmenter; /* NULL: no dictionary */
    struct wl_stop_words stop;
    struct wl_analysis analysis;
    struct wl_buf out;
    bool was_degraded;
};

static void write_term(struct wl_json_writer *json, const struct wl_analysis *analysis,
                       const struct wl_term *term, struct wl_str line)
{
    struct wl_str raw = wl_normal_raw(&analysis->normal, line, term->i_byte, term->n_bytes);
    struct wl_str form = wl_analysis_form(analysis, term);

    wl_json_open(json, '{');
    wl_json_key(json, "text");
    wl_json_str(json, wl_analysis_text(analysis, term));
    wl_json_key(json, "kind");
    wl_json_text(json, wl_term_kind_names[term->kind]);
    if (!wl_str_equal(form, wl_analysis_text(analysis, term))) {
        wl_json_key(json, "form");
        wl_json_str(json, form);
    }
    if (term->kind == WL_TERM_NUMBER) {
        wl_json_key(json, "value");
        wl_json_double(json, term->value);
    }
    if (term->is_stop) {
        wl_json_key(json, "stop");
        wl_json_bool(json, true);
    }
    if (term->is_negation) {
        wl_json_key(json, "negation");
        wl_json_bool(json, true);
    }
    wl_json_key(json, "sentence");
    wl_json_i64(json, term->i_sentence);
    wl_json_key(json, "begin");
    wl_json_i64(json, raw.data - line.data);
    wl_json_key(json, "end");
    wl_json_i64(json, raw.data - line.data + (int64_t)raw.n_bytes);
    wl_json_close(json, '}');
}

static void write_json(struct normalize_run *run, struct wl_str line, size_t number)
{
    const struct wl_analysis *analysis = &run->analysis;
    struct wl_json_writer json = wl_json_begin(&run->out);

    wl_json_open(&json, '{');
    wl_json_key(&json, "line");
    wl_json_i64(&json, (int64_t)number);
    wl_json_key(&json, "language");
    wl_json_text(&json, wl_text_language_names[analysis->language]);
    wl_json_key(&json, "text");
    wl_json_str(&json, wl_buf_view(&analysis->normal.text));
    wl_json_key(&json, "invalid_bytes");
    wl_json_i64(&json, (int64_t)analysis->normal.n_invalid_bytes);
    wl_json_key(&json, "hidden");
    wl_json_i64(&json, (int64_t)analysis->normal.n_hidden);
    wl_json_key(&json, "degraded");
    wl_json_bool(&json, analysis->is_degraded);
    wl_json_key(&json, "terms");
    wl_json_open(&json, '[');
    for (size_t i = 0; i < analysis->n_terms; i++) {
        write_term(&json, analysis, &analysis->terms[i], line);
    }
    wl_json_close(&json, ']');
    wl_json_close(&json, '}');
}

static wl_status normalize_line(void *context, struct wl_str line, size_t number, wl_error *error)
{
    struct normalize_run *run = context;
    struct wl_analyser analyser = {.segmenter = run->segmenter, .stop = &run->stop};

    if (!run->cli->is_json) {
        WL_TRY(wl_normal_set(&run->analysis.normal, line, error));
        wl_buf_str(&run->out, wl_buf_view(&run->analysis.normal.text));
        return wl_cli_line(run->cli, &run->out, error);
    }
    WL_TRY(wl_analyse(&analyser, line, &run->analysis, error));
    run->was_degraded = run->was_degraded || run->analysis.is_degraded;
    write_json(run, line, number);
    return wl_cli_line(run->cli, &run->out, error);
}

// No dictionary is fine unless one was asked for; the words are then single characters.
static wl_status open_segmenter(struct wl_cli *cli, struct wl_segmenter **segmenter,
                                wl_error *error)
{
    wl_status status = cli->is_json ? wl_cli_segmenter_open(cli, segmenter, error) : WL_OK;
    bool is_asked = wl_cli_has(cli, "dict") || wl_cli_has(cli, "words");

    return status == WL_ENOTFOUND && !is_asked ? WL_OK : status;
}

static wl_status run_normalize(struct wl_cli *cli, wl_error *error)
{
    struct normalize_run run = {.cli = cli};
    wl_status status = WL_OK;

    wl_buf_init(&run.out, cli->alloc, 0);
    WL_GO(wl_analysis_init(&run.analysis, cli->alloc, error));
    WL_GO(wl_stop_words_init(&run.stop, cli->alloc, error));
    WL_GO(open_segmenter(cli, &run.segmenter, error));
    WL_GO(
        wl_cli_each_text(cli, cli->arguments, cli->n_arguments, normalize_line, &run, NULL, error));
    if (run.was_degraded) {
        wl_cli_say(cli, WL_SAY(cli, "no Chinese dictionary: words are single characters",
                               "没有中文词典：按单字切分"));
    }
done:
    wl_segmenter_close(run.segmenter);
    wl_stop_words_release(&run.stop);
    wl_analysis_release(&run.analysis);
    wl_buf_release(&run.out);
    return status;
}

static const struct wl_option normalize_options[] = {WL_TEXTS_OPTIONS, WL_CLI_DICT_OPTION,
                                                     WL_CLI_WORDS_OPTION};

const struct wl_command wl_command_text_normalize = {
    .name = "text normalize",
    .summary_en = "texts as they are compared; with --json their language, sentences and terms",
    .summary_zh = "输出用于比较的文本；加 --json 时给出语言、句子和词项",
    .arguments = "[FILE...]",
    .example = "wanliu text normalize --json reviews.txt",
    .options = normalize_options,
    .n_options = sizeof(normalize_options) / sizeof(normalize_options[0]),
    .run = run_normalize,
};
