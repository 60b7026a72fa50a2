/* A table becomes rows of features first: the encoder that boosted trees use then turns text into
 * columns and is fitted on the customers to learn from, so nothing of the others can get in. */
#include "journey_preset.h"

#include "base/file.h"
#include "ingest/csv.h"
#include "math/ranked.h"
#include "math/statistics.h"
#include "model/train.h"
#include "nn/sequence_train.h"

#include <math.h>
#include <string.h>

#define TEST_SHARE   0.2
#define VALID_SHARE  0.2   // of what is left
#define SCALE        100.0 // of numbers
#define HIDDEN       64
#define STREAM_TEST  1 // random streams of the seed
#define STREAM_VALID 2

static const char *const label_names[] = {"churn", "churned", "label", "target", NULL};
static const char *const user_names[] = {"user_id", "user", "customer_id", "id", NULL};
static const char *const one_hot_names[] = {"active", "monthly", NULL};

static bool is_one_of(const char *const *names, struct wl_str name)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (wl_str_is(name, names[i])) {
            return true;
        }
    }
    return false;
}

/* ---- the table ---- */

struct table {
    struct wl_arena *arena; // owns cells
    struct wl_str *names;   // (n_columns)
    size_t n_columns;
    struct wl_str **rows; // (n_rows) of n_columns cells; owned
    size_t n_rows;
    size_t capacity;
    size_t i_label;
    size_t i_user; // or SIZE_MAX
};

static wl_status next_line(void *context, struct wl_str *line, bool *got, wl_error *error)
{
    return wl_lines_next(context, line, got, error);
}

static struct wl_str *copy_cells(struct wl_arena *arena, const struct wl_csv_row *row)
{
    struct wl_str *cells = wl_arena_zeroed(arena, row->n_cells + 1, sizeof(*cells));

    for (size_t i = 0; cells != NULL && i < row->n_cells; i++) {
        struct wl_str text = wl_str_trim(row->cells[i]);
        cells[i] = (struct wl_str){.data = wl_arena_string(arena, text), .n_bytes = text.n_bytes};
        if (cells[i].data == NULL) {
            return NULL;
        }
    }
    return cells;
}

static wl_status add_row(struct table *table, const struct wl_csv_row *row, wl_error *error)
{
    if (row->problem != WL_CSV_GOOD || (table->names != NULL && row->n_cells != table->n_columns)) {
        return wl_fail(error, WL_EPARSE, "line %zu: %zu cells, the header has %zu", row->i_line,
                       row->n_cells, table->n_columns);
    }
    struct wl_str *cells = copy_cells(table->arena, row);
    if (cells == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for line %zu", row->i_line);
    }
    if (table->names == NULL) {
        table->names = cells;
        table->n_columns = row->n_cells;
        return WL_OK;
    }
    WL_TRY(wl_alloc_grow(table->arena->alloc, (void **)&table->rows, &table->capacity,
                         table->n_rows + 1, sizeof(struct wl_str *), error));
    table->rows[table->n_rows++] = cells;
    return WL_OK;
}

static wl_status read_rows(struct table *table, const char *path, wl_error *error)
{
    struct wl_lines *lines = NULL;
    struct wl_csv *csv = NULL;
    struct wl_csv_row row;
    bool got = true;
    wl_status status = WL_OK;

    WL_GO(wl_lines_open(path, table->arena->alloc, &lines, error));
    WL_GO(wl_csv_open((struct wl_line_source){.next = next_line, .context = lines}, ',',
                      table->arena->alloc, &csv, error));
    for (;;) {
        WL_GO(wl_csv_next(csv, &row, &got, error));
        if (!got) {
            break;
        }
        WL_GO(add_row(table, &row, error));
    }
done:
    wl_csv_close(csv);
    wl_lines_close(lines);
    return status;
}

static size_t find_column(const struct table *table, const char *const *names)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        if (is_one_of(names, table->names[i])) {
            return i;
        }
    }
    return SIZE_MAX;
}

static wl_status read_table(struct table *table, const struct wl_preset_options *options,
                            wl_error *error)
{
    const char *const wanted[2] = {options->label, NULL};

    wl_status status = read_rows(table, options->path, error);
    if (status != WL_OK) {
        return wl_fail_at(error, status, "%s", options->path);
    }
    table->i_label = find_column(table, options->label != NULL ? wanted : label_names);
    table->i_user = find_column(table, user_names);
    if (table->i_label == SIZE_MAX) {
        return wl_fail(error, WL_ESCHEMA,
                       "%s: no column %s that says who left: name it with --label", options->path,
                       options->label != NULL ? options->label : "churn");
    }
    if (table->n_columns - 1 - (table->i_user != SIZE_MAX) == 0) {
        return wl_fail(error, WL_ESCHEMA, "%s: no column beside the label", options->path);
    }
    return WL_OK;
}

static wl_status read_label(const struct table *table, size_t i, uint8_t *y, wl_error *error)
{
    static const char *const yes[] = {"1", "1.0", "yes", "Yes", "true", "True", "TRUE", NULL};
    static const char *const no[] = {"0", "0.0", "no", "No", "false", "False", "FALSE", NULL};
    struct wl_str text = table->rows[i][table->i_label];

    if (!is_one_of(yes, text) && !is_one_of(no, text)) {
        return wl_fail(error, WL_EPARSE, "row %zu: label \"%.*s\" is neither 0 or 1 nor yes or no",
                       i + 1, WL_STR_ARG(text));
    }
    *y = is_one_of(yes, text);
    return WL_OK;
}

/* ---- rows of features ---- */

/* One training: rows, labels, and who is in which part. */
struct preset {
    const struct wl_preset_options *options;
    struct wl_arena *arena;
    const wl_alloc *alloc;
    struct table table;
    struct wl_schema schema;
    size_t *column; // (n_features) of the table
    struct wl_rows rows;
    uint8_t *y;         // (n)
    uint32_t *parts[3]; // rows to learn from, to watch, to judge
    size_t n_parts[3];
    struct wl_encoder encoder; // fitted on part 0
    float *numbers;            // (n, T)
    size_t n_steps;
    struct wl_sequence_model *net; // owned
    struct wl_gemm *gemm;          // owned
};

enum { LEARN = 0, WATCH = 1, JUDGE = 2 };

static bool is_number(const struct table *table, size_t column)
{
    double value;

    if (is_one_of(one_hot_names, table->names[column])) {
        return false;
    }
    for (size_t i = 0; i < table->n_rows; i++) {
        struct wl_str cell = table->rows[i][column];
        if (cell.n_bytes > 0 && !wl_str_to_double(cell, &value)) {
            return false;
        }
    }
    return true;
}

static wl_status make_schema(struct preset *p, wl_error *error)
{
    const struct table *table = &p->table;
    struct wl_feature_column *columns =
        wl_arena_zeroed(p->arena, table->n_columns, sizeof(*columns));
    size_t n = 0;

    p->column = wl_arena_zeroed(p->arena, table->n_columns, sizeof(*p->column));
    if (columns == NULL || p->column == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu columns", table->n_columns);
    }
    for (size_t c = 0; c < table->n_columns; c++) {
        if (c != table->i_label && c != table->i_user) {
            p->column[n] = c;
            columns[n++] = (struct wl_feature_column){
                .name = table->names[c].data,
                .kind = is_number(table, c) ? WL_FEATURE_NUMBER : WL_FEATURE_CATEGORY};
        }
    }
    p->schema = (struct wl_schema){.columns = columns, .n_features = n};
    return WL_OK;
}

static wl_status put_row(struct preset *p, size_t i, wl_error *error)
{
    struct wl_str *cells = p->table.rows[i];
    struct wl_buf name;
    float *values = NULL;

    wl_buf_init(&name, p->alloc, 0);
    if (p->table.i_user != SIZE_MAX) {
        wl_buf_str(&name, cells[p->table.i_user]);
    } else {
        wl_buf_format(&name, "row %zu", i + 1);
    }
    wl_status status = wl_buf_check(&name, error);
    if (status == WL_OK) {
        status = wl_rows_add(&p->rows, wl_buf_view(&name), 0, &values, error);
    }
    wl_buf_release(&name);
    WL_TRY(status);
    for (size_t f = 0; f < p->schema.n_features; f++) {
        struct wl_str cell = cells[p->column[f]];
        double number = 0.0;
        if (cell.n_bytes == 0) {
            continue; // missing
        }
        if (p->schema.columns[f].kind == WL_FEATURE_CATEGORY) {
            WL_TRY(wl_rows_note_level(&p->rows, cell, &values[f], error));
        } else if (wl_str_to_double(cell, &number)) {
            values[f] = (float)number;
        }
    }
    return read_label(&p->table, i, &p->y[i], error);
}

static double draw(const struct preset *p, uint64_t stream, uint32_t user)
{
    struct wl_rng rng;

    wl_rng_init(&rng, p->options->seed * 4 + stream,
                wl_str_hash(wl_dict_string(&p->rows.users, user), 0));
    return wl_rng_unit(&rng);
}

static wl_status make_rows(struct preset *p, wl_error *error)
{
    size_t n = p->table.n_rows;

    p->y = wl_arena_zeroed(p->arena, n + 1, sizeof(*p->y));
    for (size_t part = 0; part < 3; part++) {
        p->parts[part] = wl_arena_zeroed(p->arena, n + 1, sizeof(*p->parts[part]));
        if (p->y == NULL || p->parts[part] == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for %zu rows", n);
        }
    }
    WL_TRY(make_schema(p, error));
    wl_rows_init(&p->rows, p->alloc, &p->schema);
    for (size_t i = 0; i < n; i++) {
        WL_TRY(put_row(p, i, error));
        size_t part = draw(p, STREAM_TEST, p->rows.user[i]) < TEST_SHARE     ? JUDGE
                      : draw(p, STREAM_VALID, p->rows.user[i]) < VALID_SHARE ? WATCH
                                                                             : LEARN;
        p->parts[part][p->n_parts[part]++] = (uint32_t)i;
    }
    return WL_OK;
}

static struct wl_row_set set_of(const struct preset *p, size_t part)
{
    return (struct wl_row_set){.rows = &p->rows, .index = p->parts[part], .n = p->n_parts[part]};
}

// What stands for a missing number: the mean of the customers to learn from.
static double mean_of(const struct preset *p, size_t column)
{
    double sum = 0.0;
    size_t n = 0;

    for (size_t i = 0; i < p->n_parts[LEARN]; i++) {
        const struct wl_row_set set = set_of(p, LEARN);
        float value = wl_encoder_value(&p->encoder.columns[column], wl_row_set_at(&set, i));
        if (!isnan(value)) {
            sum += (double)value;
            n++;
        }
    }
    return n > 0 ? sum / (double)n : 0.0;
}

static wl_status make_numbers(struct preset *p, wl_error *error)
{
    const struct wl_row_set learn = set_of(p, LEARN);
    size_t n = p->rows.n_rows;

    WL_TRY(wl_encoder_fit(p->arena, &learn, 1, NULL, &p->encoder, error));
    size_t n_steps = p->encoder.n_columns;
    p->numbers = wl_arena_zeroed(p->arena, n * n_steps + 1, sizeof(*p->numbers));
    if (p->numbers == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu rows of %zu steps", n, n_steps);
    }
    for (size_t t = 0; t < n_steps; t++) {
        const struct wl_encoder_column *column = &p->encoder.columns[t];
        double divisor = column->is_level ? 1.0 : SCALE;
        double missing = column->is_level ? 0.0 : mean_of(p, t);
        for (size_t i = 0; i < n; i++) {
            double value =
                (double)wl_encoder_value(column, p->rows.values + i * p->schema.n_features);
            p->numbers[i * n_steps + t] = (float)((isnan(value) ? missing : value) / divisor);
        }
    }
    p->n_steps = n_steps;
    return n_steps > 0 ? WL_OK : wl_fail(error, WL_ESCHEMA, "no column to learn from");
}

/* ---- learning and judging ---- */

struct notes {
    struct wl_preset_result *result;
    const struct wl_sink *sink;
    size_t n_all;
};

static wl_status note_epoch(void *context, const struct wl_sequence_epoch *epoch, wl_error *error)
{
    struct notes *notes = context;

    (void)error;
    notes->result->epochs[notes->result->n_epochs++] =
        (struct wl_event_epoch){.train_loss = epoch->train_loss,
                                .valid_loss = epoch->valid_loss,
                                .valid_accuracy = epoch->valid_accuracy};
    wl_progress(notes->sink, "sequences", (double)notes->result->n_epochs / (double)notes->n_all);
    return WL_OK;
}

static wl_status learn(struct preset *p, struct wl_sequences *sequences,
                       struct wl_preset_result *result, wl_error *error)
{
    struct wl_sequence_train_options options = wl_sequence_train_options_default();
    struct wl_sequence_config config = wl_sequence_config_default();
    struct wl_sequence_train_result trained;
    struct notes notes = {.result = result, .sink = p->options->sink, .n_all = options.n_epochs};

    result->epochs = wl_arena_zeroed(p->arena, options.n_epochs, sizeof(*result->epochs));
    if (result->epochs == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for epochs");
    }
    config.body = p->options->body;
    config.n_hidden = HIDDEN;
    config.n_numbers = 1;
    options.seed = p->options->seed;
    options.on_epoch = note_epoch;
    options.context = &notes;
    WL_TRY(wl_gemm_open(p->alloc, 1, &p->gemm, error)); // one thread: the same bytes everywhere
    WL_TRY(wl_sequence_model_new(p->alloc, &config, p->options->seed, &p->net, error));
    return wl_sequence_train(p->net, p->gemm, sequences, p->parts[LEARN], p->n_parts[LEARN],
                             p->parts[WATCH], p->n_parts[WATCH], &options, &trained, error);
}

// Margins and labels of a part, in its order.
static wl_status score(struct preset *p, const struct wl_sequences *sequences, size_t part,
                       double **margins, uint8_t **labels, wl_error *error)
{
    size_t n = p->n_parts[part];
    float *logits = wl_arena_zeroed(p->arena, n + 1, sizeof(*logits));

    *margins = wl_arena_zeroed(p->arena, n + 1, sizeof(**margins));
    *labels = wl_arena_zeroed(p->arena, n + 1, sizeof(**labels));
    if (logits == NULL || *margins == NULL || *labels == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu scores", n);
    }
    WL_TRY(wl_sequence_scores(p->net, p->gemm, sequences, p->parts[part], n, 64, logits, error));
    for (size_t i = 0; i < n; i++) {
        (*margins)[i] = (double)logits[i];
        (*labels)[i] = p->y[p->parts[part][i]];
    }
    return WL_OK;
}

// Boosted trees and logistic regression on the same rows.
static wl_status rival(struct preset *p, int algorithm, struct wl_baseline_scores *baseline,
                       wl_error *error)
{
    struct wl_train_options options;
    struct wl_train_data data = {.set = set_of(p, LEARN)};
    const struct wl_row_set judged = set_of(p, JUDGE);
    struct wl_model *model = NULL;
    uint8_t *y = wl_arena_zeroed(p->arena, data.set.n + 1, sizeof(*y));
    double *scores = wl_arena_zeroed(p->arena, judged.n + 1, sizeof(*scores));

    if (y == NULL || scores == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu rows", p->rows.n_rows);
    }
    for (size_t i = 0; i < data.set.n; i++) {
        y[i] = p->y[p->parts[LEARN][i]];
    }
    data.labels = y;
    wl_train_options_init(&options);
    options.algorithm = algorithm;
    options.calibration = WL_CALIBRATION_NONE;
    options.seed = (int64_t)p->options->seed;
    WL_TRY(wl_train(p->alloc, &data, &options, p->options->n_threads, p->options->sink, &model,
                    error));
    for (size_t i = 0; i < judged.n; i++) {
        scores[i] = wl_model_margin(model, wl_row_set_at(&judged, i));
    }
    wl_model_free(model);
    *baseline = (struct wl_baseline_scores){.name = wl_algorithm_name((enum wl_algorithm)algorithm),
                                            .score = scores};
    return WL_OK;
}

static const char *body_name(enum wl_sequence_body body)
{
    return wl_algorithm_name((enum wl_algorithm)(WL_ALGORITHM_LSTM + (int)body));
}

static wl_status judge(struct preset *p, const struct wl_sequences *sequences,
                       struct wl_preset_result *result, wl_error *error)
{
    struct wl_baseline_scores baselines[2];
    struct wl_calibrator calibrator = {0};
    struct wl_ranked ranked = {0};
    double *margins[2];
    uint8_t *y[2];
    size_t n = p->n_parts[JUDGE];

    WL_TRY(score(p, sequences, WATCH, &margins[0], &y[0], error));
    WL_TRY(score(p, sequences, JUDGE, &margins[1], &y[1], error));
    const struct wl_calibration_data data = {
        .margins = margins[0], .labels = y[0], .n = p->n_parts[WATCH]};
    WL_TRY(wl_calibrate_sigmoid(&data, &calibrator, error));
    double *probabilities = wl_arena_zeroed(p->arena, n + 1, sizeof(*probabilities));
    uint32_t *users = wl_arena_zeroed(p->arena, n + 1, sizeof(*users));
    if (probabilities == NULL || users == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu scores", n);
    }
    for (size_t i = 0; i < n; i++) {
        probabilities[i] = wl_calibrator_apply(&calibrator, margins[1][i]);
        users[i] = p->rows.user[p->parts[JUDGE][i]];
    }
    for (size_t i = 0; i < p->n_parts[WATCH]; i++) {
        margins[0][i] = wl_calibrator_apply(&calibrator, margins[0][i]);
    }
    WL_TRY(wl_ranked_init(&ranked, p->alloc, margins[0], y[0], p->n_parts[WATCH], error));
    double threshold = wl_best_f1_threshold(&ranked);
    wl_ranked_release(&ranked);
    WL_TRY(rival(p, WL_ALGORITHM_XGBOOST, &baselines[0], error));
    WL_TRY(rival(p, WL_ALGORITHM_LOGISTIC, &baselines[1], error));
    struct wl_evaluate_input input = {
        .set = "preset",
        .model = body_name(p->options->body),
        .n_rows = n,
        .y = y[1],
        .p = probabilities,
        .margin = margins[1],
        .user = users,
        .n_users = p->rows.users.n_strings,
        .threshold = threshold,
        .split_en = "split by customer at random, a fifth for the test: the table has no dates, so "
                    "nothing is said about predicting later months",
        .split_zh =
            "按客户随机划分，五分之一用于测试：表中没有日期，因此不能说明对未来月份的预测能力",
        .is_random = true,
        .is_forced = p->options->is_forced,
        .n_baselines = 2,
        .baselines = baselines,
        .seed = p->options->seed,
        .n_threads = p->options->n_threads};
    WL_TRY(wl_gates_read(p->arena, NULL, &input.gates, error));
    return wl_evaluate(p->alloc, &input, &result->evaluation, error);
}

static wl_status run(struct preset *p, struct wl_preset_result *result, wl_error *error)
{
    struct wl_gates gates;
    size_t n_left = 0;

    WL_TRY(read_table(&p->table, p->options, error));
    WL_TRY(make_rows(p, error));
    for (size_t i = 0; i < p->rows.n_rows; i++) {
        n_left += p->y[i];
    }
    WL_TRY(wl_gates_read(p->arena, NULL, &gates, error));
    WL_TRY(wl_gate_rows(&gates, p->rows.n_rows, n_left, p->options->is_forced, error));
    WL_TRY(make_numbers(p, error));
    size_t *starts = wl_arena_zeroed(p->arena, p->rows.n_rows + 1, sizeof(*starts));
    float *labels = wl_arena_zeroed(p->arena, p->rows.n_rows + 1, sizeof(*labels));
    if (starts == NULL || labels == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu rows", p->rows.n_rows);
    }
    for (size_t i = 0; i < p->rows.n_rows; i++) {
        starts[i + 1] = starts[i] + p->n_steps;
        labels[i] = p->y[i] != 0 ? 1.0F : 0.0F;
    }
    struct wl_sequences sequences = {
        .n = p->rows.n_rows, .starts = starts, .numbers = p->numbers, .labels = labels};
    WL_TRY(learn(p, &sequences, result, error));
    WL_TRY(judge(p, &sequences, result, error));
    result->n_steps = p->n_steps;
    result->n_train = p->n_parts[LEARN];
    result->n_valid = p->n_parts[WATCH];
    return WL_OK;
}

wl_status wl_preset_train(struct wl_arena *arena, const struct wl_preset_options *options,
                          struct wl_preset_result *result, wl_error *error)
{
    struct preset p = {
        .options = options, .arena = arena, .alloc = arena->alloc, .table = {.arena = arena}};
    struct wl_preset_result made = {0};

    wl_status status = run(&p, &made, error);
    wl_alloc_free(p.alloc, p.table.rows);
    wl_rows_release(&p.rows);
    wl_sequence_model_free(p.net);
    wl_gemm_close(p.gemm);
    if (status == WL_OK) {
        *result = made;
    }
    return status;
}
