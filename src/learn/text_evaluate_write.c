/* An evaluation of a text model as JSON lines, as one JSON object, and as a page of text. */
#include "learn/figures_json.h"
#include "learn/text_evaluate.h"
#include "text/mask.h"

#include <math.h>
#include <string.h>

/* ---- JSON ---- */

static void put_count(struct wl_json_writer *json, const char *key, size_t count)
{
    wl_json_key(json, key);
    wl_json_i64(json, (int64_t)count);
}

static void put_metric(struct wl_json_writer *json, const struct wl_text_metric *metric)
{
    wl_figure_number(json, "value", metric->value);
    wl_figure_number(json, "low", metric->low);
    wl_figure_number(json, "high", metric->high);
    put_count(json, "n", (size_t)metric->n);
}

static bool holds_zero(const struct wl_text_metric *gain)
{
    return !(gain->low > 0.0 || gain->high < 0.0);
}

static void put_line(const struct wl_text_evaluation *evaluation, const char *model,
                     const char *key, const struct wl_text_metric *metric,
                     const struct wl_text_want *want, bool is_gain, struct wl_buf *text)
{
    struct wl_json_writer json = wl_json_begin(text);

    wl_json_open(&json, '{');
    wl_figure_text(&json, "set", evaluation->set);
    wl_figure_text(&json, "model", model);
    wl_figure_text(&json, "metric", key);
    put_metric(&json, metric);
    if (want != NULL) {
        wl_figure_number(&json, "target", want->value);
        wl_json_key(&json, "reached");
        wl_json_bool(&json, metric->value >= want->value);
    }
    if (is_gain) {
        wl_json_key(&json, "holds_zero");
        wl_json_bool(&json, holds_zero(metric));
    }
    wl_json_close(&json, '}');
    wl_buf_char(text, '\n');
}

static const struct wl_text_want *find_want(const struct wl_text_want *wants, size_t n_wants,
                                            size_t id)
{
    for (size_t i = 0; i < n_wants; i++) {
        if (wants[i].id == id) {
            return &wants[i];
        }
    }
    return NULL;
}

void wl_text_evaluation_lines(const struct wl_text_evaluation *evaluation,
                              const struct wl_text_want *wants, size_t n_wants, struct wl_buf *text)
{
    for (enum wl_text_metric_id id = 0; id < WL_TEXT_METRIC_COUNT; id++) {
        const struct wl_text_metric *metric = &evaluation->metrics[id];
        const struct wl_text_want *want = find_want(wants, n_wants, id);
        if (!isnan(metric->value) || want != NULL) {
            put_line(evaluation, evaluation->model, wl_text_metric_key(id), metric, want, false,
                     text);
        }
    }
    for (size_t b = 0; b < evaluation->n_baselines; b++) {
        const struct wl_text_baseline_result *baseline = &evaluation->baselines[b];
        const char *name = wl_text_baseline_name(baseline->id);
        put_line(evaluation, name, "accuracy", &baseline->accuracy, NULL, false, text);
        put_line(evaluation, name, "macro_f1", &baseline->macro_f1, NULL, false, text);
        put_line(evaluation, name, "accuracy_gain_of_model", &baseline->accuracy_gain, NULL, true,
                 text);
        put_line(evaluation, name, "macro_f1_gain_of_model", &baseline->macro_f1_gain, NULL, true,
                 text);
    }
}

static void put_named(struct wl_json_writer *json, const char *key,
                      const struct wl_text_metric *metric)
{
    wl_json_key(json, key);
    wl_json_open(json, '{');
    put_metric(json, metric);
    wl_json_close(json, '}');
}

static void put_labels(struct wl_json_writer *json, const struct wl_text_evaluation *evaluation)
{
    wl_json_key(json, "labels");
    wl_json_open(json, '[');
    for (size_t c = 0; c < evaluation->n_labels; c++) {
        const struct wl_class_rates *rates = &evaluation->rates[c];
        wl_json_open(json, '{');
        wl_figure_text(json, "label", evaluation->names[c]);
        wl_figure_number(json, "precision", rates->precision);
        wl_figure_number(json, "recall", rates->recall);
        wl_figure_number(json, "f1", rates->f1);
        wl_figure_number(json, "pr_auc", evaluation->pr_auc[c]);
        put_count(json, "support", (size_t)rates->support);
        wl_json_close(json, '}');
    }
    wl_json_close(json, ']');
}

static void put_curve(struct wl_json_writer *json, const struct wl_text_evaluation *evaluation)
{
    wl_json_key(json, "learning_curve");
    wl_json_open(json, '[');
    for (size_t i = 0; i < evaluation->n_curve; i++) {
        wl_json_open(json, '{');
        put_count(json, "n", evaluation->curve[i].n);
        wl_figure_number(json, "accuracy", evaluation->curve[i].accuracy);
        wl_figure_number(json, "macro_f1", evaluation->curve[i].macro_f1);
        wl_json_close(json, '}');
    }
    wl_json_close(json, ']');
    wl_json_key(json, "abstain");
    wl_json_open(json, '[');
    for (size_t i = 0; i < evaluation->n_abstain; i++) {
        wl_json_open(json, '{');
        wl_figure_number(json, "threshold", evaluation->abstain[i].threshold);
        wl_figure_number(json, "coverage", evaluation->abstain[i].coverage);
        wl_figure_number(json, "accuracy", evaluation->abstain[i].accuracy);
        wl_json_close(json, '}');
    }
    wl_json_close(json, ']');
}

void wl_text_evaluation_json(const struct wl_text_evaluation *evaluation, struct wl_buf *text)
{
    struct wl_json_writer json = wl_json_begin(text);

    wl_json_open(&json, '{');
    wl_figure_text(&json, "set", evaluation->set);
    wl_figure_text(&json, "split", evaluation->split_en);
    wl_figure_text(&json, "goal", evaluation->goal);
    wl_figure_text(&json, "parameters", evaluation->parameters);
    put_count(&json, "n_train", evaluation->n_train);
    put_count(&json, "n_copies", evaluation->n_copies);
    put_count(&json, "n_test", evaluation->n_test);
    put_count(&json, "n_groups", evaluation->n_groups);
    wl_figure_number(&json, "threshold", evaluation->threshold);
    wl_figure_number(&json, "oos_threshold", evaluation->oos_threshold);
    wl_json_key(&json, "metrics");
    wl_json_open(&json, '{');
    for (enum wl_text_metric_id id = 0; id < WL_TEXT_METRIC_COUNT; id++) {
        if (!isnan(evaluation->metrics[id].value)) {
            put_named(&json, wl_text_metric_key(id), &evaluation->metrics[id]);
        }
    }
    wl_json_close(&json, '}');
    wl_json_key(&json, "baselines");
    wl_json_open(&json, '[');
    for (size_t b = 0; b < evaluation->n_baselines; b++) {
        const struct wl_text_baseline_result *baseline = &evaluation->baselines[b];
        wl_json_open(&json, '{');
        wl_figure_text(&json, "name", wl_text_baseline_name(baseline->id));
        put_named(&json, "accuracy", &baseline->accuracy);
        put_named(&json, "macro_f1", &baseline->macro_f1);
        put_named(&json, "accuracy_gain_of_model", &baseline->accuracy_gain);
        put_named(&json, "macro_f1_gain_of_model", &baseline->macro_f1_gain);
        wl_json_close(&json, '}');
    }
    wl_json_close(&json, ']');
    put_labels(&json, evaluation);
    put_curve(&json, evaluation);
    wl_json_close(&json, '}');
}

/* ---- words ---- */

#define LABEL_COLUMNS 26
#define TEXT_BYTES    120 // of a text shown among the errors: a line

struct page {
    const struct wl_text_evaluation *evaluation;
    const char *language;
    bool is_zh;
    struct wl_buf *text;
};

// Words in the reader's language; a macro, so that formats stay literals the compiler checks.
#define IN(page, en, zh) ((page)->is_zh ? (zh) : (en))

static void put_head(const struct page *page)
{
    const struct wl_text_evaluation *evaluation = page->evaluation;

    wl_buf_format(page->text, "%s · %s\n", evaluation->set, evaluation->model);
    wl_buf_format(page->text, IN(page, "%zu texts judged", "评估 %zu 条文本"), evaluation->n_test);
    if (evaluation->n_groups > 0) {
        wl_buf_format(page->text, IN(page, " of %zu groups", "（%zu 组）"), evaluation->n_groups);
    }
    if (evaluation->n_train > 0) {
        wl_buf_format(page->text, IN(page, ", %zu learned from", "，训练 %zu 条"),
                      evaluation->n_train);
    }
    wl_buf_format(page->text, IN(page, ", %zu labels", "，%zu 个标签"), evaluation->n_labels);
    wl_buf_char(page->text, '\n');
    if (evaluation->split_en != NULL) {
        wl_buf_format(page->text, "%s\n", IN(page, evaluation->split_en, evaluation->split_zh));
    }
    if (evaluation->n_copies > 0) {
        wl_buf_format(page->text,
                      IN(page, "%zu training texts left out: a test text says the same\n",
                         "有 %zu 条训练文本与测试文本相同，已从训练中剔除\n"),
                      evaluation->n_copies);
    }
    if (evaluation->goal != NULL) {
        enum wl_text_metric_id id = wl_text_metric_find(wl_str_from(evaluation->goal));
        wl_buf_format(page->text, "%s: %s\n", IN(page, "chosen for", "优化目标"),
                      wl_text_metric_label(id, page->language));
    }
    if (evaluation->parameters != NULL) {
        wl_buf_format(page->text, "%s: %s\n", IN(page, "parameters", "参数"),
                      evaluation->parameters);
    }
    wl_buf_char(page->text, '\n');
}

static void put_row(const struct page *page, const char *label, const struct wl_text_metric *metric)
{
    wl_text_pad_left(page->text, label, LABEL_COLUMNS);
    wl_buf_format(page->text, "%8.4f", metric->value);
    if (isnan(metric->low)) {
        wl_text_pad(page->text, IN(page, "no interval", "无区间"), 20);
    } else {
        wl_buf_format(page->text, "  %8.4f .. %6.4f", metric->low, metric->high);
    }
    wl_buf_char(page->text, '\n');
}

static void put_metrics(const struct page *page)
{
    wl_text_pad_left(page->text, "", LABEL_COLUMNS);
    wl_text_pad(page->text, IN(page, "value", "数值"), 8);
    wl_text_pad(page->text, IN(page, "95 % interval", "95 % 区间"), 20);
    wl_buf_char(page->text, '\n');
    for (enum wl_text_metric_id id = 0; id < WL_TEXT_METRIC_COUNT; id++) {
        if (!isnan(page->evaluation->metrics[id].value)) {
            put_row(page, wl_text_metric_label(id, page->language), &page->evaluation->metrics[id]);
        }
    }
}

// The gain in words, because a number with an interval is easily read as a success.
static void put_gain(const struct page *page, const char *name, const char *metric,
                     const struct wl_text_metric *gain)
{
    wl_buf_format(page->text,
                  IN(page, "%s over %s: %+.4f (%.4f, %.4f)", "%s 相比%s：%+.4f（%.4f, %.4f）"),
                  metric, name, gain->value, gain->low, gain->high);
    if (holds_zero(gain)) {
        wl_buf_text(page->text, IN(page, ", holds 0: no proof that the model is better",
                                   "，区间包含 0，不能说明模型更好"));
    } else if (gain->value < 0.0) {
        wl_buf_text(page->text, IN(page, ": the model is worse", "，模型更差"));
    }
    wl_buf_char(page->text, '\n');
}

static void put_baselines(const struct page *page)
{
    const struct wl_text_evaluation *evaluation = page->evaluation;

    if (evaluation->n_baselines == 0) {
        return;
    }
    wl_buf_format(page->text, "\n%s\n", IN(page, "simplest baselines", "最简单的基线"));
    for (size_t b = 0; b < evaluation->n_baselines; b++) {
        const struct wl_text_baseline_result *baseline = &evaluation->baselines[b];
        const char *name = wl_text_baseline_label(baseline->id, page->language);
        wl_text_pad_left(page->text, name, LABEL_COLUMNS);
        wl_buf_format(page->text,
                      IN(page, "accuracy %.4f, macro F1 %.4f\n", "准确率 %.4f，宏 F1 %.4f\n"),
                      baseline->accuracy.value, baseline->macro_f1.value);
    }
    for (size_t b = 0; b < evaluation->n_baselines; b++) {
        const struct wl_text_baseline_result *baseline = &evaluation->baselines[b];
        const char *name = wl_text_baseline_label(baseline->id, page->language);
        put_gain(page, name, IN(page, "accuracy", "准确率"), &baseline->accuracy_gain);
        put_gain(page, name, IN(page, "macro F1", "宏 F1"), &baseline->macro_f1_gain);
    }
}

static void put_pr_auc(const struct page *page)
{
    const struct wl_text_evaluation *evaluation = page->evaluation;

    if (isnan(evaluation->pr_auc[0])) {
        return;
    }
    wl_buf_format(page->text, "\n%s\n",
                  IN(page, "area under precision and recall (share of the label)",
                     "PR 曲线下面积（标签占比）"));
    for (size_t c = 0; c < evaluation->n_labels; c++) {
        wl_text_pad_left(page->text, evaluation->names[c], LABEL_COLUMNS);
        wl_buf_format(page->text, "%8.4f (%.4f)\n", evaluation->pr_auc[c],
                      evaluation->rates[c].support / (double)evaluation->n_test);
    }
}

static void put_abstain(const struct page *page)
{
    const struct wl_text_evaluation *evaluation = page->evaluation;

    if (evaluation->n_abstain == 0) {
        return;
    }
    wl_buf_format(page->text, "\n%s\n",
                  IN(page,
                     "when unsure texts go to a person: threshold, share answered, of those "
                     "right",
                     "把握不足时转人工：阈值、作答比例、作答准确率"));
    for (size_t i = 0; i < evaluation->n_abstain; i++) {
        const struct wl_text_abstain *row = &evaluation->abstain[i];
        bool is_own = row->threshold == evaluation->threshold;
        wl_buf_format(page->text, "  %5.2f  %6.1f %%", row->threshold, 100.0 * row->coverage);
        if (isnan(row->accuracy)) {
            wl_text_pad(page->text, "-", 10);
        } else {
            wl_buf_format(page->text, "  %6.2f %%", 100.0 * row->accuracy);
        }
        wl_buf_format(page->text, "%s\n", is_own ? IN(page, "  <- this model", "  <- 本模型") : "");
    }
}

static void put_matrix(const struct page *page)
{
    const struct wl_text_evaluation *evaluation = page->evaluation;
    size_t n = evaluation->n_labels;
    size_t width = 6;

    for (size_t c = 0; c < n; c++) {
        size_t n_columns = wl_text_columns(evaluation->names[c]);
        width = n_columns > width ? n_columns : width;
    }
    wl_buf_format(page->text, "\n%s\n",
                  IN(page, "confusion: true labels down, said across",
                     "混淆矩阵：行为真实标签，列为模型判断"));
    wl_text_pad(page->text, "", width);
    for (size_t c = 0; c < n; c++) {
        wl_text_pad(page->text, evaluation->names[c], width + 2);
    }
    wl_buf_char(page->text, '\n');
    for (size_t t = 0; t < n; t++) {
        wl_text_pad_left(page->text, evaluation->names[t], width);
        for (size_t s = 0; s < n; s++) {
            wl_buf_format(page->text, "%*.0f", (int)width + 2, evaluation->counts[t * n + s]);
        }
        wl_buf_char(page->text, '\n');
    }
}

static void put_confusions(const struct page *page)
{
    const struct wl_text_evaluation *evaluation = page->evaluation;

    if (evaluation->counts == NULL) {
        return;
    }
    if (evaluation->n_labels <= WL_TEXT_MATRIX_MAX) {
        put_matrix(page);
        return;
    }
    if (evaluation->n_confusions > 0) {
        wl_buf_format(
            page->text, "\n%s\n",
            IN(page, "most frequent confusions: true -> said", "最常见的混淆：真实 -> 判断"));
    }
    for (size_t i = 0; i < evaluation->n_confusions; i++) {
        const struct wl_text_confusion *one = &evaluation->confusions[i];
        wl_buf_format(page->text, "%5.0f  %s -> %s\n", one->n, evaluation->names[one->truth],
                      evaluation->names[one->said]);
    }
}

static void put_learning(const struct page *page)
{
    const struct wl_text_evaluation *evaluation = page->evaluation;

    if (evaluation->n_curve == 0) {
        return;
    }
    wl_buf_format(page->text, "\n%s\n",
                  IN(page, "learning curve: training texts, accuracy, macro F1",
                     "学习曲线：训练文本数、准确率、宏 F1"));
    for (size_t i = 0; i < evaluation->n_curve; i++) {
        wl_buf_format(page->text, "%8zu  %.4f  %.4f\n", evaluation->curve[i].n,
                      evaluation->curve[i].accuracy, evaluation->curve[i].macro_f1);
    }
}

/* What it takes to show a text to a reader. */
struct mask_room {
    struct wl_normal normal;
    struct wl_masks masks;
};

// The first line's worth of a text, without what names a person.
static wl_status put_masked(const struct page *page, struct wl_str raw, struct mask_room *room,
                            wl_error *error)
{
    WL_TRY(wl_normal_set(&room->normal, raw, error));
    struct wl_str text = wl_buf_view(&room->normal.text);
    WL_TRY(wl_masks_find(&room->masks, text, error));
    size_t n = 0;
    while (n < text.n_bytes) {
        size_t length = wl_utf8_length(text, n);
        length = length > 0 ? length : 1;
        if (n + length > TEXT_BYTES) {
            break;
        }
        n += length;
    }
    size_t begin = page->text->n_bytes;
    enum wl_language language = page->is_zh ? WL_LANGUAGE_ZH : WL_LANGUAGE_EN;
    wl_masks_write(&room->masks, &room->normal, raw, 0, n, language, NULL, page->text);
    for (size_t i = begin; i < page->text->n_bytes; i++) { // one line: the raw text may have more
        char c = page->text->data[i];
        page->text->data[i] = c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
    }
    wl_buf_text(page->text, n < text.n_bytes ? "...\n" : "\n");
    return WL_OK;
}

static wl_status put_errors(const struct page *page, const struct wl_text_data *data,
                            wl_error *error)
{
    const struct wl_text_evaluation *evaluation = page->evaluation;
    struct mask_room room;
    wl_status status = WL_OK;

    wl_normal_init(&room.normal, data->alloc);
    wl_masks_init(&room.masks, data->alloc);
    if (evaluation->n_errors > 0) {
        wl_buf_format(page->text, "\n%s\n",
                      IN(page, "most certain errors: p, true -> said, line, text (masked)",
                         "最有把握的错误：概率、真实 -> 判断、行号、文本（已脱敏）"));
    }
    for (size_t i = 0; i < evaluation->n_errors && status == WL_OK; i++) {
        const struct wl_text_error *one = &evaluation->errors[i];
        wl_buf_format(page->text, "  %.3f  %s -> %s  %u  ", one->p,
                      evaluation->names[wl_text_data_label(data, one->row)],
                      evaluation->names[one->said], data->lines[one->row]);
        status = put_masked(page, data->texts[one->row], &room, error);
    }
    wl_masks_release(&room.masks);
    wl_normal_release(&room.normal);
    return status;
}

wl_status wl_text_evaluation_text(const struct wl_text_evaluation *evaluation,
                                  const struct wl_text_data *data, const char *language,
                                  struct wl_buf *text, wl_error *error)
{
    struct page page = {.evaluation = evaluation,
                        .language = language,
                        .is_zh = strcmp(language, "zh") == 0,
                        .text = text};

    put_head(&page);
    put_metrics(&page);
    put_baselines(&page);
    wl_buf_char(text, '\n');
    wl_class_report_rates(evaluation->names, evaluation->rates, evaluation->n_labels, language,
                          text);
    put_pr_auc(&page);
    put_confusions(&page);
    put_abstain(&page);
    put_learning(&page);
    WL_TRY(put_errors(&page, data, error));
    return wl_buf_check(text, error);
}

/* ---- wanted figures ---- */

wl_status wl_text_wants_read(struct wl_str text, struct wl_text_want *wants, size_t *n_wants,
                             wl_error *error)
{
    *n_wants = 0;
    while (text.n_bytes > 0) {
        struct wl_str number = wl_str_cut(&text, ',');
        struct wl_str key = wl_str_trim(wl_str_cut(&number, '='));
        struct wl_text_want want = {.id = wl_text_metric_find(key)};
        if (want.id == WL_TEXT_METRIC_COUNT ||
            !wl_str_to_double(wl_str_trim(number), &want.value)) {
            return wl_fail(error, WL_EINVAL,
                           "\"%.*s\" is no wanted figure; write accuracy=0.9 or macro_f1=0.9",
                           WL_STR_ARG(key));
        }
        if (*n_wants == WL_TEXT_WANTS_MAX) {
            return wl_fail(error, WL_EINVAL, "more than %d wanted figures", WL_TEXT_WANTS_MAX);
        }
        wants[(*n_wants)++] = want;
    }
    return WL_OK;
}

wl_status wl_text_evaluation_gate(const struct wl_text_evaluation *evaluation,
                                  const struct wl_text_want *wants, size_t n_wants, wl_error *error)
{
    for (size_t i = 0; i < n_wants; i++) {
        double value = evaluation->metrics[wants[i].id].value;
        if (!(value >= wants[i].value)) {
            return wl_fail(error, WL_EGATE,
                           "%s is %.5f, wanted at least %.5g (the majority has accuracy %.4f)",
                           wl_text_metric_key(wants[i].id), value, wants[i].value,
                           evaluation->metrics[WL_TEXT_METRIC_MAJORITY].value);
        }
    }
    return WL_OK;
}
