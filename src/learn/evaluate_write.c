/* An evaluation as JSON, JSON lines, CSV and a page of text. */
#include "base/clock.h"
#include "learn/evaluate.h"
#include "learn/figures_json.h"
#include "math/class_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void put_count(struct wl_json_writer *json, const char *key, double count)
{
    wl_json_key(json, key);
    wl_json_i64(json, (int64_t)count);
}

static void put_time(struct wl_json_writer *json, const char *key, int64_t time_us)
{
    wl_json_key(json, key);
    if (time_us != WL_TIME_NONE) {
        wl_json_time(json, time_us);
    } else {
        wl_json_null(json);
    }
}

static const char *why_of(const struct wl_metric *metric, bool is_zh)
{
    if (metric->why == NULL) {
        return is_zh ? "在这些样本上无法定义" : "not defined on these rows";
    }
    return is_zh && metric->why_zh != NULL ? metric->why_zh : metric->why;
}

// value, low, high, n; or null with the reason.
static void put_metric(struct wl_json_writer *json, const struct wl_metric *metric)
{
    wl_figure_number(json, "value", metric->value);
    if (isnan(metric->value)) {
        wl_figure_text(json, "status", "not_measurable_yet");
        wl_figure_text(json, "why", why_of(metric, false));
    } else {
        wl_figure_number(json, "low", metric->low);
        wl_figure_number(json, "high", metric->high);
    }
    put_count(json, "n", metric->n);
}

static void put_line(const struct wl_evaluation *evaluation, const char *model, const char *key,
                     const struct wl_metric *metric, struct wl_buf *text)
{
    struct wl_json_writer json = wl_json_begin(text);

    wl_json_open(&json, '{');
    wl_figure_text(&json, "set", evaluation->set);
    wl_figure_text(&json, "model", model);
    wl_figure_text(&json, "metric", key);
    put_metric(&json, metric);
    wl_json_close(&json, '}');
    wl_buf_char(text, '\n');
}

// Figures that do not exist in this kind of evaluation are left out instead of excused.
static bool is_shown(const struct wl_evaluation *evaluation, size_t id)
{
    return id != WL_METRIC_AUC_POOLED || evaluation->n_folds > 1;
}

#define WARNINGS_MAX      4
#define WARNING_BYTES_MAX 160 // of our own sentences

// Warning i in words, or NULL when it does not apply; scratch holds the one with a number.
static const char *warning_text(const struct wl_evaluation *evaluation, size_t i, bool is_zh,
                                char scratch[WARNING_BYTES_MAX])
{
    switch (i) {
    case 0:
        if (!evaluation->is_below_minimum) {
            return NULL;
        }
        return is_zh ? "样本少于最低要求，结果为强制发布，仅供参考"
                     : "fewer rows than the minimum, published by force";
    case 1:
        if (!evaluation->is_random) {
            return NULL;
        }
        return is_zh ? "随机划分，结果不能说明对未来的预测能力"
                     : "a random split says nothing about predicting later months";
    case 2:
        (void)snprintf(scratch, WARNING_BYTES_MAX,
                       is_zh ? "AUC %.4f 好得可疑，请检查信息泄漏或演示数据"
                             : "auc %.4f is too good: look for leakage or demonstration data",
                       evaluation->metrics[WL_METRIC_AUC].value);
        return evaluation->is_too_good ? scratch : NULL;
    default: return evaluation->caution;
    }
}

void wl_evaluation_warnings(const struct wl_evaluation *evaluation, const char *language,
                            struct wl_buf *text)
{
    bool is_zh = strcmp(language, "zh") == 0;
    char scratch[WARNING_BYTES_MAX];

    for (size_t i = 0; i < WARNINGS_MAX; i++) {
        const char *warning = warning_text(evaluation, i, is_zh, scratch);
        if (warning != NULL) {
            wl_buf_format(text, is_zh ? "警告：%s\n" : "warning: %s\n", warning);
        }
    }
}

static void put_warning(const struct wl_evaluation *evaluation, const char *warning,
                        struct wl_buf *text)
{
    struct wl_json_writer json = wl_json_begin(text);

    if (warning == NULL) {
        return;
    }
    wl_json_open(&json, '{');
    wl_figure_text(&json, "set", evaluation->set);
    wl_figure_text(&json, "model", evaluation->model);
    wl_figure_text(&json, "warning", warning);
    wl_json_close(&json, '}');
    wl_buf_char(text, '\n');
}

bool wl_baseline_is_ablation(const char *name)
{
    return strcmp(name, WL_BASELINE_NO_TEXT) == 0 || strcmp(name, WL_BASELINE_TEXT_ONLY) == 0 ||
           strcmp(name, WL_BASELINE_NO_SEQUENCE) == 0 ||
           strcmp(name, WL_BASELINE_SEQUENCE_ONLY) == 0;
}

static const struct wl_baseline_result *find_baseline(const struct wl_evaluation *evaluation,
                                                      const char *name)
{
    for (size_t b = 0; b < evaluation->n_baselines; b++) {
        if (strcmp(evaluation->baselines[b].name, name) == 0) {
            return &evaluation->baselines[b];
        }
    }
    return NULL;
}

/* What a part of the model adds: the model beside itself without it, and beside that part alone. */
struct addition {
    const char *without; /* names of the two baselines */
    const char *only;
    const char *what_en; /* "text" */
    const char *what_zh;
};

static const struct addition additions[] = {
    {WL_BASELINE_NO_TEXT, WL_BASELINE_TEXT_ONLY, "text", "文本"},
    {WL_BASELINE_NO_SEQUENCE, WL_BASELINE_SEQUENCE_ONLY, "the order of events", "行为的先后顺序"}};

// What may be concluded from a gain: an interval that holds 0 shows nothing.
static void put_verdict(const struct wl_metric *gain, const struct addition *addition, bool is_zh,
                        struct wl_buf *text)
{
    const char *what = is_zh ? addition->what_zh : addition->what_en;

    if (!(gain->low > 0.0) && !(gain->high < 0.0)) {
        if (is_zh) {
            wl_buf_format(text, "区间包含 0：不能说%s有帮助", what);
        } else {
            wl_buf_text(text, "the interval holds 0: no gain is shown");
        }
    } else if (gain->high < 0.0) {
        wl_buf_format(text, is_zh ? "%s使模型变差" : "%s makes the model worse", what);
    } else {
        wl_buf_format(text, is_zh ? "%s有帮助" : "%s helps", what);
    }
}

static void put_gain(const struct wl_evaluation *evaluation, const struct addition *addition,
                     const char *language, struct wl_buf *text)
{
    bool is_zh = strcmp(language, "zh") == 0;
    const struct wl_baseline_result *without = find_baseline(evaluation, addition->without);
    const struct wl_baseline_result *only = find_baseline(evaluation, addition->only);
    const char *what = is_zh ? addition->what_zh : addition->what_en;

    if (without == NULL || !isfinite(without->auc_gain.value)) {
        return;
    }
    const struct wl_metric *gain = &without->auc_gain;
    wl_buf_format(text,
                  is_zh ? "%s带来的增益：AUC %+.4f（95 %% 区间 %.4f 至 %.4f），"
                        : "what %s adds: AUC %+.4f (95 %% interval %.4f to %.4f), ",
                  what, gain->value, gain->low, gain->high);
    put_verdict(gain, addition, is_zh, text);
    if (only != NULL && isfinite(only->auc.value)) {
        wl_buf_format(text, is_zh ? "；仅用%s AUC %.4f" : "; %s alone has AUC %.4f", what,
                      only->auc.value);
    }
}

void wl_evaluation_text_gain(const struct wl_evaluation *evaluation, const char *language,
                             struct wl_buf *text)
{
    put_gain(evaluation, &additions[0], language, text);
}

void wl_evaluation_sequence_gain(const struct wl_evaluation *evaluation, const char *language,
                                 struct wl_buf *text)
{
    put_gain(evaluation, &additions[1], language, text);
}

static void put_note(const struct wl_evaluation *evaluation, const struct addition *addition,
                     struct wl_buf *text)
{
    struct wl_buf note;

    wl_buf_init(&note, text->alloc, 0);
    put_gain(evaluation, addition, "en", &note);
    if (note.n_bytes > 0) {
        struct wl_json_writer json = wl_json_begin(text);
        wl_json_open(&json, '{');
        wl_figure_text(&json, "set", evaluation->set);
        wl_figure_text(&json, "model", evaluation->model);
        wl_figure_text(&json, "note", note.data);
        wl_json_close(&json, '}');
        wl_buf_char(text, '\n');
    }
    wl_buf_release(&note);
}

void wl_evaluation_lines(const struct wl_evaluation *evaluation, struct wl_buf *text)
{
    char scratch[WARNING_BYTES_MAX];

    for (size_t id = 0; id < WL_METRIC_COUNT; id++) {
        if (is_shown(evaluation, id)) {
            put_line(evaluation, evaluation->model, wl_metric_key((enum wl_metric_id)id),
                     &evaluation->metrics[id], text);
        }
    }
    for (size_t b = 0; b < evaluation->n_baselines; b++) {
        const struct wl_baseline_result *baseline = &evaluation->baselines[b];
        put_line(evaluation, baseline->name, "auc", &baseline->auc, text);
        put_line(evaluation, baseline->name, "pr_auc", &baseline->pr_auc, text);
        put_line(evaluation, baseline->name, "lift_10", &baseline->lift_10, text);
        put_line(evaluation, baseline->name, "auc_gain_of_model", &baseline->auc_gain, text);
    }
    for (size_t i = 0; i < WARNINGS_MAX; i++) {
        put_warning(evaluation, warning_text(evaluation, i, false, scratch), text);
    }
    for (size_t i = 0; i < sizeof(additions) / sizeof(additions[0]); i++) {
        put_note(evaluation, &additions[i], text);
    }
}

static void put_named_metric(struct wl_json_writer *json, const char *key,
                             const struct wl_metric *metric)
{
    wl_json_key(json, key);
    wl_json_open(json, '{');
    put_metric(json, metric);
    if (isnan(metric->value)) {
        wl_figure_text(json, "why_zh", why_of(metric, true));
    }
    wl_figure_text(json, "interval", metric->method);
    wl_json_close(json, '}');
}

static void put_facts(struct wl_json_writer *json, const struct wl_evaluation *evaluation)
{
    wl_figure_text(json, "set", evaluation->set);
    wl_figure_text(json, "model", evaluation->model);
    put_count(json, "n", (double)evaluation->n_rows);
    put_count(json, "n_positive", (double)evaluation->n_positive);
    put_count(json, "n_users", (double)evaluation->n_users);
    put_count(json, "folds", (double)evaluation->n_folds);
    put_time(json, "first_date", evaluation->first_us);
    put_time(json, "last_date", evaluation->last_us);
    wl_json_key(json, "horizon_days"); // all digits: they are read back to the microsecond
    wl_json_double(json, (double)evaluation->horizon_us / (double)WL_DAY_US);
    wl_json_key(json, "lead_hours");
    wl_json_double(json, (double)evaluation->lead_us / (double)WL_HOUR_US);
    wl_figure_number(json, "threshold", evaluation->threshold);
    wl_figure_text(json, "split", evaluation->split_en);
    wl_figure_text(json, "split_zh", evaluation->split_zh);
    wl_json_key(json, "random_split");
    wl_json_bool(json, evaluation->is_random);
    wl_json_key(json, "below_minimum");
    wl_json_bool(json, evaluation->is_below_minimum);
    wl_json_key(json, "too_good");
    wl_json_bool(json, evaluation->is_too_good);
    wl_figure_text(json, "caution", evaluation->caution);
}

static void put_baselines(struct wl_json_writer *json, const struct wl_evaluation *evaluation)
{
    wl_json_key(json, "baselines");
    wl_json_open(json, '[');
    for (size_t b = 0; b < evaluation->n_baselines; b++) {
        const struct wl_baseline_result *baseline = &evaluation->baselines[b];
        wl_json_open(json, '{');
        wl_figure_text(json, "name", baseline->name);
        put_named_metric(json, "auc", &baseline->auc);
        put_named_metric(json, "pr_auc", &baseline->pr_auc);
        put_named_metric(json, "lift_10", &baseline->lift_10);
        put_named_metric(json, "auc_gain_of_model", &baseline->auc_gain);
        wl_json_close(json, '}');
    }
    wl_json_close(json, ']');
}

static void put_pictures(struct wl_json_writer *json, const struct wl_evaluation *evaluation)
{
    wl_json_key(json, "curve");
    wl_json_open(json, '[');
    for (size_t i = 0; i < evaluation->n_points; i++) {
        const struct wl_curve_point *point = &evaluation->points[i];
        wl_json_open(json, '[');
        wl_json_digits(json, point->threshold, WL_FIGURE_DIGITS);
        wl_json_digits(json, point->recall, WL_FIGURE_DIGITS);
        wl_json_digits(json, point->false_positive_rate, WL_FIGURE_DIGITS);
        wl_json_digits(json, point->precision, WL_FIGURE_DIGITS);
        wl_json_close(json, ']');
    }
    wl_json_close(json, ']');
    wl_json_key(json, "reliability");
    wl_json_open(json, '[');
    for (size_t b = 0; b < WL_ECE_BINS; b++) {
        wl_json_open(json, '{');
        wl_figure_number(json, "n", evaluation->reliability[b].n);
        wl_figure_number(json, "p_mean", evaluation->reliability[b].p_mean);
        wl_figure_number(json, "rate", evaluation->reliability[b].rate);
        wl_json_close(json, '}');
    }
    wl_json_close(json, ']');
}

static void put_numbers(struct wl_json_writer *json, const char *key, const double *values,
                        size_t n)
{
    wl_json_key(json, key);
    wl_json_open(json, '[');
    for (size_t i = 0; i < n; i++) {
        wl_json_digits(json, values[i], WL_FIGURE_DIGITS);
    }
    wl_json_close(json, ']');
}

void wl_evaluation_json(const struct wl_evaluation *evaluation, struct wl_buf *text)
{
    struct wl_json_writer json = wl_json_begin(text);

    wl_json_open(&json, '{');
    put_facts(&json, evaluation);
    wl_json_key(&json, "metrics");
    wl_json_open(&json, '{');
    for (size_t id = 0; id < WL_METRIC_COUNT; id++) {
        if (is_shown(evaluation, id)) {
            put_named_metric(&json, wl_metric_key((enum wl_metric_id)id), &evaluation->metrics[id]);
        }
    }
    wl_json_close(&json, '}');
    put_baselines(&json, evaluation);
    wl_json_key(&json, "confusion");
    wl_json_open(&json, '{');
    put_count(&json, "tp", evaluation->confusion.tp);
    put_count(&json, "fp", evaluation->confusion.fp);
    put_count(&json, "fn", evaluation->confusion.fn);
    put_count(&json, "tn", evaluation->confusion.tn);
    wl_json_close(&json, '}');
    put_numbers(&json, "decile_lift", evaluation->decile_lift, WL_EVALUATION_DECILES);
    put_numbers(&json, "histogram", evaluation->histogram, WL_EVALUATION_BUCKETS);
    put_pictures(&json, evaluation);
    wl_json_close(&json, '}');
}

void wl_evaluation_curve_csv(const struct wl_evaluation *evaluation, struct wl_buf *text)
{
    wl_buf_text(text, "threshold,recall,false_positive_rate,precision\n");
    for (size_t i = 0; i < evaluation->n_points; i++) {
        const struct wl_curve_point *point = &evaluation->points[i];
        wl_buf_format(text, "%.*g,%.*g,%.*g,%.*g\n", WL_FIGURE_DIGITS, point->threshold,
                      WL_FIGURE_DIGITS, point->recall, WL_FIGURE_DIGITS, point->false_positive_rate,
                      WL_FIGURE_DIGITS, point->precision);
    }
}

static void page_head(const struct wl_evaluation *evaluation, bool is_zh, struct wl_buf *text)
{
    const char *split = is_zh ? evaluation->split_zh : evaluation->split_en;

    wl_buf_format(text, "%s · %s\n", evaluation->set, evaluation->model);
    wl_buf_format(text,
                  is_zh ? "%zu 个样本，%zu 位客户，其中流失 %zu（%.1f %%）"
                        : "%zu rows of %zu customers, %zu left (%.1f %%)",
                  evaluation->n_rows, evaluation->n_users, evaluation->n_positive,
                  100.0 * (double)evaluation->n_positive / (double)evaluation->n_rows);
    wl_buf_format(text, is_zh ? "；提前期 %.0f 小时" : "; lead %.0f hours",
                  (double)evaluation->lead_us / (double)WL_HOUR_US);
    if (evaluation->horizon_us > 0) {
        wl_buf_format(text, is_zh ? "，预测期 %.4g 天" : ", horizon %.4g days",
                      (double)evaluation->horizon_us / (double)WL_DAY_US);
    }
    wl_buf_char(text, '\n');
    if (split != NULL) {
        wl_buf_format(text, "%s\n", split);
    }
    wl_buf_char(text, '\n');
}

#define LABEL_COLUMNS 26

static const char *method_label(const char *method, bool is_zh)
{
    static const char *const names[][2] = {{"user bootstrap", "按用户自助法"},
                                           {"user bootstrap (BCa)", "按用户自助法（BCa）"},
                                           {"user bootstrap (centred)", "按用户自助法（居中）"},
                                           {"Wilson, by user", "Wilson，按用户"}};

    for (size_t i = 0; is_zh && i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(method, names[i][0]) == 0) {
            return names[i][1];
        }
    }
    return method; // DeLong and Wilson are names
}

static void page_metric(const char *label, const struct wl_metric *metric, bool is_zh,
                        struct wl_buf *text)
{
    wl_text_pad_left(text, label, LABEL_COLUMNS);
    if (isnan(metric->value)) {
        wl_buf_format(text, is_zh ? "尚不可测量：%s\n" : "not measurable yet: %s\n",
                      why_of(metric, is_zh));
        return;
    }
    wl_buf_format(text, "%8.4f", metric->value);
    if (isnan(metric->low)) {
        wl_text_pad(text, is_zh ? "无区间" : "no interval", 20);
    } else {
        wl_buf_format(text, "  %8.4f .. %6.4f", metric->low, metric->high);
    }
    wl_buf_format(text, "%9.0f  %s\n", metric->n, method_label(metric->method, is_zh));
}

static void page_title(bool is_zh, const char *zh, const char *en, struct wl_buf *text)
{
    wl_text_pad_left(text, is_zh ? zh : en, LABEL_COLUMNS);
    wl_text_pad(text, is_zh ? "数值" : "value", 8);
    wl_text_pad(text, is_zh ? "95 % 区间" : "95 % interval", 20);
    wl_text_pad(text, "n", 9);
    wl_buf_format(text, "  %s\n", is_zh ? "区间方法" : "interval by");
}

static void page_baselines(const struct wl_evaluation *evaluation, bool is_zh, struct wl_buf *text)
{
    char label[160];

    if (evaluation->n_baselines == 0) {
        return;
    }
    wl_buf_char(text, '\n');
    page_title(is_zh, "基线", "baselines", text);
    for (size_t b = 0; b < evaluation->n_baselines; b++) {
        const struct wl_baseline_result *baseline = &evaluation->baselines[b];
        (void)snprintf(label, sizeof(label), "%s: AUC", baseline->name);
        page_metric(label, &baseline->auc, is_zh, text);
        (void)snprintf(label, sizeof(label), is_zh ? "%s: 模型领先" : "%s: model ahead by",
                       baseline->name);
        page_metric(label, &baseline->auc_gain, is_zh, text);
    }
    for (size_t i = 0; i < sizeof(additions) / sizeof(additions[0]); i++) {
        size_t before = text->n_bytes;
        put_gain(evaluation, &additions[i], is_zh ? "zh" : "en", text);
        if (text->n_bytes > before) {
            wl_buf_char(text, '\n');
        }
    }
}

static void page_deciles(const struct wl_evaluation *evaluation, bool is_zh, struct wl_buf *text)
{
    wl_buf_text(text,
                is_zh ? "\n各十分位提升度（风险由高到低）：" : "\nlift by decile, riskiest first:");
    for (size_t d = 0; d < WL_EVALUATION_DECILES; d++) {
        wl_buf_format(text, " %.2f", evaluation->decile_lift[d]);
    }
    wl_buf_char(text, '\n');
}

static void page_classes(const struct wl_evaluation *evaluation, const char *language,
                         struct wl_buf *text)
{
    static const char *const zh[2] = {"留下", "流失"};
    static const char *const en[2] = {"stays", "leaves"};
    bool is_zh = strcmp(language, "zh") == 0;
    const struct wl_confusion *confusion = &evaluation->confusion;
    double counts[4] = {confusion->tn, confusion->fp, confusion->fn, confusion->tp};
    struct wl_class_counts table = {2, is_zh ? zh : en, counts};

    wl_buf_format(
        text,
        is_zh ? "\n阈值 %.4f：判为流失且流失 %.0f，误报 %.0f，漏报 %.0f，判为留下且留下 %.0f\n\n"
              : "\nat threshold %.4f: %.0f leavers found, %.0f false alarms, %.0f leavers "
                "missed, %.0f stayers left alone\n\n",
        evaluation->threshold, confusion->tp, confusion->fp, confusion->fn, confusion->tn);
    wl_class_report_write(&table, language, text);
}

void wl_evaluation_text(const struct wl_evaluation *evaluation, const char *language,
                        struct wl_buf *text)
{
    bool is_zh = strcmp(language, "zh") == 0;

    page_head(evaluation, is_zh, text);
    wl_evaluation_warnings(evaluation, language, text);
    page_title(is_zh, "指标", "metric", text);
    for (size_t id = 0; id < WL_METRIC_COUNT; id++) {
        if (is_shown(evaluation, id)) {
            page_metric(wl_metric_label((enum wl_metric_id)id, language), &evaluation->metrics[id],
                        is_zh, text);
        }
    }
    page_baselines(evaluation, is_zh, text);
    page_deciles(evaluation, is_zh, text);
    page_classes(evaluation, language, text);
}
