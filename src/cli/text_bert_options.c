/* A preset, then each number that was given over it. */
#include "cli/text_bert_options.h"

#include <string.h>

static const char *const only_bert[] = {"base",   "preset", "lr",         "epochs",      "batch",
                                        "warmup", "decay",  "max-length", "layer-decay", "patience",
                                        "held",   "curve",  "checkpoint", "resume",      "run-log",
                                        "mlflow", "freeze"};

static wl_status read_kind(struct wl_cli *cli, bool *is_bert, wl_error *error)
{
    const char *model = wl_cli_text(cli, "model", wl_cli_has(cli, "base") ? "bert" : "linear");

    *is_bert = strcmp(model, "bert") == 0;
    if (!*is_bert && strcmp(model, "linear") != 0) {
        return wl_fail(error, WL_EINVAL, "--model wants linear or bert, not \"%s\"", model);
    }
    for (size_t i = 0; i < sizeof(only_bert) / sizeof(only_bert[0]) && !*is_bert; i++) {
        if (wl_cli_has(cli, only_bert[i])) {
            return wl_fail(error, WL_EINVAL, "--%s is for --model bert", only_bert[i]);
        }
    }
    return WL_OK;
}

// "10%" or "0.1" is a share, "500" a number of updates.
static wl_status read_warmup(const struct wl_cli *cli, struct wl_text_bert_options *options,
                             wl_error *error)
{
    const char *given = wl_cli_text(cli, "warmup", NULL);
    struct wl_str text = wl_str_from(given != NULL ? given : "");
    bool is_percent = text.n_bytes > 0 && text.data[text.n_bytes - 1] == '%';
    double value = 0.0;

    if (given == NULL) {
        return WL_OK;
    }
    text.n_bytes -= is_percent;
    bool is_number = wl_str_to_double(wl_str_trim(text), &value);
    value = is_percent ? value / 100.0 : value;
    bool is_share = is_percent || value < 1.0;
    if (!is_number || !(value >= 0.0) || value > (is_share ? 0.9 : 1e6)) {
        return wl_fail(error, WL_EINVAL,
                       "--warmup wants updates or a share such as 10%%, not "
                       "\"%s\"",
                       given);
    }
    options->warm_share = is_share ? value : 0.0;
    options->n_warm = is_share ? 0 : (size_t)value;
    return WL_OK;
}

static wl_status read_held(const struct wl_cli *cli, double *share, wl_error *error)
{
    const char *given = wl_cli_text(cli, "held", NULL);
    struct wl_str text = wl_str_from(given != NULL ? given : "");
    bool is_percent = text.n_bytes > 0 && text.data[text.n_bytes - 1] == '%';

    if (given == NULL) {
        return WL_OK;
    }
    text.n_bytes -= is_percent;
    if (!wl_str_to_double(wl_str_trim(text), share)) {
        return wl_fail(error, WL_EINVAL, "--held wants a share such as 10%%, not \"%s\"", given);
    }
    *share = is_percent ? *share / 100.0 : *share;
    return *share >= 0.02 && *share <= 0.5
               ? WL_OK
               : wl_fail(error, WL_EINVAL, "--held wants 2%% to 50%%, not \"%s\"", given);
}

static wl_status read_count(struct wl_cli *cli, const char *name, int64_t low, int64_t high,
                            size_t *count, wl_error *error)
{
    int64_t value = (int64_t)*count;

    WL_TRY(wl_cli_int(cli, name, low, high, value, &value, error));
    *count = (size_t)value;
    return WL_OK;
}

static wl_status read_numbers(struct wl_cli *cli, struct wl_text_bert_options *o, wl_error *error)
{
    WL_TRY(wl_cli_number(cli, "lr", 1e-8, 1.0, o->rate, &o->rate, error));
    WL_TRY(wl_cli_number(cli, "decay", 0.0, 1.0, o->decay, &o->decay, error));
    WL_TRY(wl_cli_number(cli, "layer-decay", 0.1, 1.0, o->layer_decay, &o->layer_decay, error));
    WL_TRY(read_count(cli, "epochs", 1, 1000, &o->n_epochs, error));
    WL_TRY(read_count(cli, "freeze", 0, 256, &o->n_frozen, error));
    WL_TRY(read_count(cli, "batch", 1, 4096, &o->batch_texts, error));
    WL_TRY(read_count(cli, "max-length", 8, 8192, &o->max_length, error));
    WL_TRY(read_count(cli, "patience", 1, 1000, &o->patience, error));
    WL_TRY(read_warmup(cli, o, error));
    return read_held(cli, &o->held_share, error);
}

wl_status wl_text_bert_options_read(struct wl_cli *cli, bool *is_bert,
                                    struct wl_text_bert_options *options, wl_error *error)
{
    const char *base = wl_cli_text(cli, "base", NULL);
    const char *preset = wl_cli_text(cli, "preset", base != NULL ? "bert" : "own");

    WL_TRY(read_kind(cli, is_bert, error));
    if (!*is_bert) {
        return WL_OK;
    }
    if (!wl_text_bert_preset(preset, options)) {
        return wl_fail(
            error, WL_EINVAL,
            "--preset wants bert, bert-zh, bert-en, bert-long, minilm or own, not \"%s\"", preset);
    }
    options->base = base;
    options->checkpoint = wl_cli_text(cli, "checkpoint", NULL);
    options->is_resumed = wl_cli_has(cli, "resume");
    if (options->is_resumed && options->checkpoint == NULL) {
        return wl_fail(error, WL_EINVAL, "--resume wants --checkpoint FILE");
    }
    return read_numbers(cli, options, error);
}
