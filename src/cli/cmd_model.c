/* model list: the versions in models/, as a table for people or one JSON object per line. */
#include "base/clock.h"
#include "base/json_write.h"
#include "cli/commands.h"
#include "model/registry.h"
#include "workspace.h"

#include <math.h>

#define COLUMNS 7

/* One cell of the table, padded to the width of its column; a wide character takes two places. */
static void put_cell(struct wl_buf *line, struct wl_str text, size_t width)
{
    size_t n_places = 0;

    for (size_t i = 0; i < text.n_bytes; i++) {
        unsigned char c = (unsigned char)text.data[i];
        n_places += c < 0x80 ? 1 : (c >= 0xE0 ? 2 : (c >= 0xC0 ? 1 : 0));
    }
    wl_buf_str(line, text);
    do {
        wl_buf_char(line, ' ');
    } while (++n_places < width);
}

static const size_t widths[COLUMNS] = {16, 8, 20, 10, 21, 11, 10};

static void put_header(struct wl_cli *cli, struct wl_buf *line)
{
    static const char *const en[COLUMNS] = {"model",   "version", "alias", "algorithm",
                                            "created", "rows",    "AUC"};
    static const char *const zh[COLUMNS] = {"模型",     "版本", "别名", "算法",
                                            "创建时间", "行数", "AUC"};

    for (size_t i = 0; i < COLUMNS; i++) {
        put_cell(line, wl_str_from(cli->is_zh ? zh[i] : en[i]), widths[i]);
    }
    wl_buf_text(line, WL_SAY(cli, "leaving means", "流失定义"));
}

static void put_number(struct wl_buf *cell, int n_digits, double number)
{
    wl_buf_clear(cell);
    if (number == number) {
        wl_buf_format(cell, "%.*f", n_digits, number);
    } else {
        wl_buf_char(cell, '-');
    }
}

// A figure of the evaluation: {"metrics": {"auc": {"value": 0.9, ...}, ...}, ...}.
static double metric(const struct wl_registry_entry *entry, const char *key)
{
    const struct wl_node *figures = wl_node_get(entry->metrics, "metrics");
    return wl_node_number(wl_node_get(figures, key), "value", (double)NAN);
}

static void put_row(const struct wl_registry_entry *entry, struct wl_buf *cell, struct wl_buf *line)
{
    char time[WL_TIME_TEXT_BYTES];
    struct wl_str created = WL_STR("-");

    if (entry->facts.created_us != WL_TIME_NONE) {
        created = wl_str_from(
            wl_time_format_iso(wl_time_floor(entry->facts.created_us, WL_SECOND_US), time));
    }
    put_cell(line, entry->name, widths[0]);
    put_number(cell, 0, (double)entry->version);
    put_cell(line, wl_buf_view(cell), widths[1]);
    put_cell(line, entry->aliases, widths[2]);
    put_cell(line, entry->algorithm, widths[3]);
    put_cell(line, created, widths[4]);
    put_number(cell, 0, (double)entry->facts.n_train);
    put_cell(line, wl_buf_view(cell), widths[5]);
    bool is_text = wl_str_is(entry->file, WL_REGISTRY_TEXT);
    put_number(cell, 3, metric(entry, is_text ? "accuracy" : "auc"));
    wl_buf_text(cell, is_text ? " acc" : "");
    put_cell(line, wl_buf_view(cell), widths[6]);
    wl_buf_str(line, entry->label);
}

static void put_time(struct wl_json_writer *json, const char *key, int64_t time_us)
{
    wl_json_key(json, key);
    if (time_us == WL_TIME_NONE) {
        wl_json_null(json);
    } else {
        wl_json_time(json, time_us);
    }
}

static void put_text(struct wl_json_writer *json, const char *key, struct wl_str text)
{
    wl_json_key(json, key);
    wl_json_str(json, text);
}

/* The numbers among the metrics and the values of the figures; the rest is for the report. */
static void put_metrics(struct wl_json_writer *json, const struct wl_node *metrics)
{
    const struct wl_node *figures = wl_node_get(metrics, "metrics");

    wl_json_key(json, "metrics");
    wl_json_open(json, '{');
    for (const struct wl_node *item = metrics != NULL ? metrics->first : NULL; item != NULL;
         item = item->next) {
        if (item->kind == WL_NODE_NUMBER) {
            wl_json_key_str(json, item->key);
            wl_json_double(json, item->number);
        }
    }
    for (const struct wl_node *item = figures != NULL ? figures->first : NULL; item != NULL;
         item = item->next) {
        wl_json_key_str(json, item->key);
        wl_json_double(json, wl_node_number(item, "value", (double)NAN));
    }
    wl_json_close(json, '}');
}

static void put_json(const struct wl_registry_entry *entry, struct wl_buf *line)
{
    struct wl_json_writer json = wl_json_begin(line);

    wl_json_open(&json, '{');
    put_text(&json, "model", entry->name);
    wl_json_key(&json, "version");
    wl_json_i64(&json, entry->version);
    put_text(&json, "aliases", entry->aliases);
    put_text(&json, "file", entry->file);
    put_text(&json, "algorithm", entry->algorithm);
    put_text(&json, "calibration", entry->calibration);
    put_text(&json, "features", entry->features);
    put_text(&json, "label", entry->label);
    put_time(&json, "created_at", entry->facts.created_us);
    put_time(&json, "train_from", entry->facts.train_from_us);
    put_time(&json, "train_to", entry->facts.train_to_us);
    wl_json_key(&json, "n_train");
    wl_json_i64(&json, (int64_t)entry->facts.n_train);
    wl_json_key(&json, "n_train_churned");
    wl_json_i64(&json, (int64_t)entry->facts.n_train_churned);
    put_text(&json, "parents", entry->facts.parents);
    put_metrics(&json, entry->metrics);
    put_text(&json, "sha256", entry->digest);
    wl_json_close(&json, '}');
}

static wl_status print_list(struct wl_cli *cli, const struct wl_registry_entry *entries, size_t n,
                            wl_error *error)
{
    struct wl_buf line;
    struct wl_buf cell;
    wl_status status = WL_OK;

    wl_buf_init(&line, cli->alloc, 0);
    wl_buf_init(&cell, cli->alloc, 0);
    if (!cli->is_json && n > 0) {
        put_header(cli, &line);
        WL_GO(wl_cli_line(cli, &line, error));
    }
    for (size_t i = 0; i < n; i++) {
        if (cli->is_json) {
            put_json(&entries[i], &line);
        } else {
            put_row(&entries[i], &cell, &line);
        }
        WL_GO(wl_cli_line(cli, &line, error));
    }
    if (n == 0) {
        wl_cli_say(cli, "%s",
                   WL_SAY(cli, "no model yet: train one with \"wanliu train\"",
                          "还没有模型：用 \"wanliu train\" 训练一个"));
    }
done:
    wl_buf_release(&line);
    wl_buf_release(&cell);
    return status;
}

static wl_status run_model_list(struct wl_cli *cli, wl_error *error)
{
    struct wl_workspace workspace = {0};
    struct wl_registry_entry *entries = NULL;
    size_t n = 0;
    wl_status status = WL_OK;

    WL_GO(wl_workspace_open(cli->folder, cli->alloc, &workspace, error));
    WL_GO(wl_registry_list(&cli->arena_process, workspace.models_path, &entries, &n, error));
    WL_GO(print_list(cli, entries, n, error));
done:
    wl_workspace_release(&workspace);
    return status;
}

const struct wl_command wl_command_model_list = {
    .name = "model list",
    .summary_en = "list trained models: versions, aliases, figures",
    .summary_zh = "列出已训练的模型：版本、别名、指标",
    .arguments = "",
    .example = "wanliu model list",
    .run = run_model_list,
};
