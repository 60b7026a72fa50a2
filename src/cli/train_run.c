/* Figures of a training, for machines and for people. */
#include "cli/train_run.h"

#include "base/json_write.h"
#include "cli/run_log.h"

#include <string.h>

static void epoch_lines(const struct wl_cli_learned *learned, struct wl_buf *text)
{
    for (size_t i = 0; i < learned->n_epochs; i++) {
        const struct wl_event_epoch *epoch = &learned->epochs[i];
        struct wl_json_writer json = wl_json_begin(text);
        wl_json_open(&json, '{');
        wl_json_key(&json, "set");
        wl_json_text(&json, learned->evaluation->set);
        wl_json_key(&json, "model");
        wl_json_text(&json, learned->evaluation->model);
        wl_json_key(&json, "epoch");
        wl_json_i64(&json, (int64_t)i + 1);
        wl_json_key(&json, "train_loss");
        wl_json_digits(&json, epoch->train_loss, 6);
        wl_json_key(&json, "valid_loss");
        wl_json_digits(&json, epoch->valid_loss, 6);
        wl_json_key(&json, "valid_accuracy");
        wl_json_digits(&json, epoch->valid_accuracy, 6);
        wl_json_close(&json, '}');
        wl_buf_char(text, '\n');
    }
}

static void epoch_table(const struct wl_cli *cli, const struct wl_cli_learned *learned,
                        struct wl_buf *text)
{
    if (learned->n_epochs > 0) {
        wl_buf_text(text, WL_SAY(cli,
                                 "\nepoch  loss, learning  loss, customers held out  accuracy, "
                                 "likewise\n",
                                 "\n轮次  训练损失  留出客户的损失  留出客户的准确率\n"));
    }
    for (size_t i = 0; i < learned->n_epochs; i++) {
        const struct wl_event_epoch *epoch = &learned->epochs[i];
        wl_buf_format(text, "%5zu  %14.4f  %24.4f  %18.4f\n", i + 1, epoch->train_loss,
                      epoch->valid_loss, epoch->valid_accuracy);
    }
}

static wl_status put_lines(struct wl_run_log *log, const struct wl_cli_learned *learned,
                           struct wl_buf *text, wl_error *error)
{
    const struct wl_metric *auc = &learned->evaluation->metrics[WL_METRIC_AUC];

    epoch_lines(learned, text);
    WL_TRY(wl_buf_check(text, error));
    for (size_t at = 0; at < text->n_bytes;) {
        const char *end = memchr(text->data + at, '\n', text->n_bytes - at);
        size_t n_bytes = (size_t)(end - (text->data + at));
        WL_TRY(wl_run_log_line(log, (struct wl_str){.data = text->data + at, .n_bytes = n_bytes},
                               error));
        at += n_bytes + 1;
    }
    WL_TRY(wl_run_log_metric(log, "auc", auc->value, error));
    return wl_run_log_end(log, true, error);
}

static wl_status write_log(struct wl_cli *cli, const struct wl_cli_learned *learned,
                           wl_error *error)
{
    struct wl_run_log log = {0};
    struct wl_buf text;

    wl_buf_init(&text, cli->alloc, 0);
    wl_status status = wl_run_log_open(cli, learned->evaluation->set, learned->evaluation->model,
                                       false, &log, error);
    if (status == WL_OK) {
        status = put_lines(&log, learned, &text, error);
    }
    wl_run_log_close(&log);
    wl_buf_release(&text);
    return status;
}

wl_status wl_cli_learned_print(struct wl_cli *cli, const struct wl_cli_learned *learned,
                               wl_error *error)
{
    struct wl_buf text;

    wl_buf_init(&text, cli->alloc, 0);
    if (cli->is_json) {
        epoch_lines(learned, &text);
        wl_evaluation_lines(learned->evaluation, &text);
    } else {
        wl_evaluation_text(learned->evaluation, WL_SAY(cli, "en", "zh"), &text);
        epoch_table(cli, learned, &text);
    }
    wl_status status = wl_buf_check(&text, error);
    if (status == WL_OK) {
        status = wl_cli_out(cli, wl_buf_view(&text), error);
    }
    wl_buf_release(&text);
    return status == WL_OK ? write_log(cli, learned, error) : status;
}
