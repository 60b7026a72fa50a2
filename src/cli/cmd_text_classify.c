/* text classify and text evaluate: a kept text model on other texts. */
#include "cli/commands.h"
#include "cli/text_source.h"

#include "base/file.h"
#include "base/json_write.h"
#include "learn/text_evaluate.h"
#include "model/text_model.h"
#include "text/text_linear.h"

#include <string.h>

#define BATCH_TEXTS 4096 // classified together: enough for all threads, and answers come soon
#define DIGITS      4    // of a probability; it is calibrated on thousands of texts, not more
#define WHY_PARTS   3    // parts of a text shown for its label
#define ANY_SAID    0.5  // several labels: more likely than not

static wl_status open_model(struct wl_cli *cli, struct wl_text_model *model, wl_error *error)
{
    const char *folder = wl_path_join(&cli->arena_process, cli->folder, "models");

    if (cli->n_arguments == 0) {
        return wl_fail(error, WL_EINVAL, "%s wants the NAME of a text model", cli->command->name);
    }
    if (folder == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a path");
    }
    return wl_text_model_open(&cli->arena_process, folder, cli->arguments[0],
                              wl_cli_text(cli, "model", NULL), model, error);
}

/* -- text classify -- */

struct classify_run {
    struct wl_cli *cli;
    struct wl_text_model model;
    const struct wl_text_about *about;
    struct wl_arena arena; // texts of the batch
    struct wl_str *texts;  // (BATCH_TEXTS)
    size_t *lines;         // (BATCH_TEXTS)
    double *p;             // (BATCH_TEXTS, n_labels)
    size_t n;
    size_t n_texts;
    size_t n_abstains;
    size_t n_rejected;
    struct wl_text_scratch *scratch; // for --why; NULL without it
    struct wl_buf out;
};

static void put_label(struct wl_json_writer *json, const char *key, const char *label, double p,
                      const char *key_p)
{
    wl_json_key(json, key);
    wl_json_text(json, label);
    wl_json_key(json, key_p);
    wl_json_digits(json, p, DIGITS);
}

static void put_one(struct classify_run *run, struct wl_json_writer *json, const double *p)
{
    const struct wl_text_about *about = run->about;
    struct wl_text_answer answer = wl_text_answer_of(run->model.classifier, p);
    bool is_none = wl_text_is_none(p, about->n_labels, about->none, run->model.oos_threshold);

    run->n_abstains += answer.abstains;
    if (json == NULL) {
        wl_buf_format(&run->out, "%s\t%.4f\t%s\t%.4f\t%s", about->labels[answer.label], answer.p,
                      about->labels[answer.second], answer.p_second,
                      answer.abstains ? WL_SAY(run->cli, "unsure", "不确定")
                                      : (is_none ? WL_SAY(run->cli, "none", "都不是") : ""));
        return;
    }
    put_label(json, "label", about->labels[answer.label], answer.p, "p");
    put_label(json, "second", about->labels[answer.second], answer.p_second, "p_second");
    wl_json_key(json, "abstains");
    wl_json_bool(json, answer.abstains);
    wl_json_key(json, "none");
    wl_json_bool(json, is_none);
}

static void put_any(struct classify_run *run, struct wl_json_writer *json, const double *p)
{
    size_t n_said = 0;

    if (json != NULL) {
        wl_json_key(json, "labels");
        wl_json_open(json, '[');
    }
    for (size_t c = 0; c < run->about->n_labels; c++) {
        if (p[c] < ANY_SAID) {
            continue;
        }
        if (json == NULL) {
            wl_buf_format(&run->out, "%s%s %.4f", n_said > 0 ? ";" : "", run->about->labels[c],
                          p[c]);
        } else {
            wl_json_open(json, '{');
            put_label(json, "label", run->about->labels[c], p[c], "p");
            wl_json_close(json, '}');
        }
        n_said++;
    }
    if (json != NULL) {
        wl_json_close(json, ']');
    }
}

// The parts of a text that spoke for its label, the strongest first.
static wl_status put_why(struct classify_run *run, struct wl_json_writer *json, size_t i,
                         wl_error *error)
{
    const double *p = run->p + i * run->about->n_labels;
    struct wl_str text = run->texts[i];
    struct wl_text_span spans[WHY_PARTS];
    size_t n = 0;

    WL_TRY(wl_text_why(run->model.classifier, text,
                       wl_text_answer_of(run->model.classifier, p).label, run->scratch, spans,
                       WHY_PARTS, &n, error));
    if (json != NULL) {
        wl_json_key(json, "why");
        wl_json_open(json, '[');
    }
    for (size_t k = 0; k < n; k++) {
        struct wl_str part = {text.data + spans[k].i_byte, spans[k].n_bytes};
        if (json != NULL) {
            wl_json_str(json, wl_str_trim(part));
        } else {
            wl_buf_text(&run->out, k == 0 ? "\t" : " | ");
            wl_buf_str(&run->out, wl_str_trim(part));
        }
    }
    if (json != NULL) {
        wl_json_close(json, ']');
    }
    return WL_OK;
}

static wl_status put_answer(struct classify_run *run, size_t i, wl_error *error)
{
    struct wl_json_writer json = wl_json_begin(&run->out);
    struct wl_json_writer *writer = run->cli->is_json ? &json : NULL;
    const double *p = run->p + i * run->about->n_labels;

    if (writer != NULL) {
        wl_json_open(writer, '{');
        wl_json_key(writer, "line");
        wl_json_i64(writer, (int64_t)run->lines[i]);
    }
    if (run->about->task == WL_TEXT_ONE) {
        put_one(run, writer, p);
    } else {
        put_any(run, writer, p);
    }
    if (run->scratch != NULL) {
        WL_TRY(put_why(run, writer, i, error));
    }
    if (writer != NULL) {
        wl_json_close(writer, '}');
    }
    wl_buf_char(&run->out, '\n');
    return WL_OK;
}

static wl_status flush(struct classify_run *run, wl_error *error)
{
    if (run->n == 0) {
        return WL_OK;
    }
    WL_TRY(wl_text_classify_all(run->model.classifier, run->cli->alloc, run->texts, run->n,
                                run->cli->n_threads, run->p, error));
    for (size_t i = 0; i < run->n; i++) {
        WL_TRY(put_answer(run, i, error));
    }
    WL_TRY(wl_buf_check(&run->out, error));
    WL_TRY(wl_cli_out(run->cli, wl_buf_view(&run->out), error));
    wl_buf_clear(&run->out);
    wl_arena_reset(&run->arena);
    run->n_texts += run->n;
    run->n = 0;
    return WL_OK;
}

static wl_status take_text(void *context, struct wl_str text, size_t number, wl_error *error)
{
    struct classify_run *run = context;

    run->texts[run->n].data = wl_arena_string(&run->arena, text);
    if (run->texts[run->n].data == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a batch of texts");
    }
    run->texts[run->n].n_bytes = text.n_bytes;
    run->lines[run->n++] = number;
    return run->n == BATCH_TEXTS ? flush(run, error) : WL_OK;
}

// The first argument is the model.
static wl_status read_texts(struct classify_run *run, wl_error *error)
{
    return wl_cli_each_text(run->cli, run->cli->arguments + 1, run->cli->n_arguments - 1, take_text,
                            run, &run->n_rejected, error);
}

static wl_status take_memory(struct classify_run *run, wl_error *error)
{
    struct wl_arena *arena = &run->cli->arena_process;

    run->about = wl_text_classifier_about(run->model.classifier);
    run->texts = wl_arena_zeroed(arena, BATCH_TEXTS, sizeof(*run->texts));
    run->lines = wl_arena_zeroed(arena, BATCH_TEXTS, sizeof(*run->lines));
    run->p = wl_arena_zeroed(arena, BATCH_TEXTS, run->about->n_labels * sizeof(*run->p));
    return run->texts != NULL && run->lines != NULL && run->p != NULL
               ? WL_OK
               : wl_fail(error, WL_ENOMEM, "no memory for a batch of texts");
}

static wl_status run_classify(struct wl_cli *cli, wl_error *error)
{
    struct classify_run run = {.cli = cli};
    wl_status status = WL_OK;

    wl_arena_init(&run.arena, cli->alloc, (size_t)1 << 20);
    wl_buf_init(&run.out, cli->alloc, 0);
    WL_GO(open_model(cli, &run.model, error));
    WL_GO(take_memory(&run, error));
    if (wl_cli_has(cli, "why")) {
        WL_GO(wl_text_scratch_new(cli->alloc, &run.scratch, error));
    }
    status = read_texts(&run, error);
    // A bad line does not cost the good ones before it.
    wl_status flushed = flush(&run, status == WL_OK ? error : NULL);
    status = status == WL_OK ? flushed : status;
    wl_cli_say(cli,
               WL_SAY(cli, "%zu texts, %zu unsure, %zu rows left out",
                      "%zu 条文本，%zu 条不确定，跳过 %zu 行"),
               run.n_texts, run.n_abstains, run.n_rejected);
done:
    wl_text_scratch_free(run.scratch);
    wl_text_model_close(&run.model);
    wl_buf_release(&run.out);
    wl_arena_release(&run.arena);
    return status;
}

static const struct wl_option classify_options[] = {
    WL_TEXTS_OPTIONS,
    {"model", 0, "VERSION", "a version number or alias (default: champion)",
     "版本号或别名（默认：champion）"},
    {"why", 0, NULL, "the parts of the text that spoke for its label", "给出支持该标签的文本片段"},
};

const struct wl_command wl_command_text_classify = {
    .name = "text classify",
    .summary_en = "label texts with a kept model: the best two labels and how sure",
    .summary_zh = "用已保存的模型给文本打标签：最可能的两个标签及其概率",
    .arguments = "NAME [FILE...]",
    .example = "wanliu text classify intent tickets.txt --json",
    .options = classify_options,
    .n_options = sizeof(classify_options) / sizeof(classify_options[0]),
    .run = run_classify,
};

/* -- text evaluate -- */

struct evaluate_run {
    struct wl_cli *cli;
    struct wl_text_model model;
    struct wl_text_data data;
    struct wl_arena arena;
    struct wl_text_evaluation evaluation;
};

static wl_status read_files(struct evaluate_run *run, wl_error *error)
{
    const struct wl_text_about *about = wl_text_classifier_about(run->model.classifier);
    struct wl_text_source source;

    WL_TRY(wl_text_source_options(run->cli, true, &source, error));
    if (run->cli->n_arguments < 2) {
        return wl_fail(error, WL_EINVAL, "text evaluate wants NAME and at least one FILE");
    }
    for (size_t i = 1; i < run->cli->n_arguments; i++) {
        WL_TRY(wl_text_data_read(&run->data, run->cli->arguments[i], &source, true, &run->cli->sink,
                                 error));
    }
    WL_TRY(wl_text_data_fit(&run->data, about->labels, about->n_labels, about->task, error));
    wl_text_rejects_tell(&run->data.rejects, &run->cli->sink);
    return WL_OK;
}

static wl_status judge(struct evaluate_run *run, wl_error *error)
{
    static const enum wl_text_baseline ids[] = {WL_TEXT_MAJORITY};
    const struct wl_text_about *about = wl_text_classifier_about(run->model.classifier);
    struct wl_text_data *data = &run->data;
    uint32_t *rows = wl_arena_zeroed(&run->arena, data->n, sizeof(*rows));
    double *p = wl_arena_zeroed(&run->arena, data->n, about->n_labels * sizeof(*p));
    uint8_t *marks = wl_arena_zeroed(&run->arena, data->n, about->n_labels);

    if (rows == NULL || p == NULL || marks == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to judge %zu texts", data->n);
    }
    for (size_t i = 0; i < data->n; i++) {
        rows[i] = (uint32_t)i;
    }
    WL_TRY(wl_text_classify_all(run->model.classifier, run->cli->alloc, data->texts, data->n,
                                run->cli->n_threads, p, error));
    WL_TRY(
        wl_text_baseline_run(data, WL_TEXT_MAJORITY, rows, data->n, rows, data->n, marks, error));
    struct wl_text_judged judged = {.data = data,
                                    .rows = rows,
                                    .n = data->n,
                                    .p = p,
                                    .none = about->none,
                                    .threshold = about->threshold,
                                    .oos_threshold = run->model.oos_threshold,
                                    .baselines = marks,
                                    .baseline_ids = ids,
                                    .n_baselines = 1,
                                    .seed = run->cli->seed,
                                    .n_threads = run->cli->n_threads};
    return wl_text_evaluate(&run->arena, &judged, &run->evaluation, error);
}

static wl_status run_evaluate(struct wl_cli *cli, wl_error *error)
{
    struct evaluate_run run = {.cli = cli};
    struct wl_text_want wants[WL_TEXT_WANTS_MAX];
    size_t n_wants = 0;
    wl_status status = WL_OK;

    wl_arena_init(&run.arena, cli->alloc, 0);
    wl_text_data_init(&run.data, cli->alloc);
    WL_GO(wl_text_wants_read(wl_str_from(wl_cli_text(cli, "want", NULL)), wants, &n_wants, error));
    WL_GO(open_model(cli, &run.model, error));
    WL_GO(read_files(&run, error));
    WL_GO(judge(&run, error));
    run.evaluation.set = wl_cli_text(cli, "set", cli->arguments[1]);
    run.evaluation.model = cli->arguments[0];
    WL_GO(wl_text_evaluation_print(cli, &run.evaluation, &run.data, wants, n_wants, error));
    status = wl_text_evaluation_gate(&run.evaluation, wants, n_wants, error);
done:
    wl_text_model_close(&run.model);
    wl_text_data_release(&run.data);
    wl_arena_release(&run.arena);
    return status;
}

static const struct wl_option evaluate_options[] = {
    WL_TEXT_SOURCE_OPTIONS,
    {"model", 0, "VERSION", "a version number or alias (default: champion)",
     "版本号或别名（默认：champion）"},
    {"want", 0, "FIGURES", "exit 3 when missed: accuracy=0.92,macro_f1=0.9",
     "未达到时以 3 退出：accuracy=0.92,macro_f1=0.9"},
    {"set", 0, "NAME", "name of the data in the report (default: the file)",
     "报告中的数据名（默认：文件名）"},
};

const struct wl_command wl_command_text_evaluate = {
    .name = "text evaluate",
    .summary_en = "judge a kept text model on other labelled texts",
    .summary_zh = "用其他带标签的文本评估已保存的文本模型",
    .arguments = "NAME FILE...",
    .example = "wanliu text evaluate intent newer.csv --text body --label intent",
    .options = evaluate_options,
    .n_options = sizeof(evaluate_options) / sizeof(evaluate_options[0]),
    .run = run_evaluate,
};
