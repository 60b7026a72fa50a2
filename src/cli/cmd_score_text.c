/* score --text: how likely the writer of one text is to leave, by a text model of the registry that
 * was trained with --positive. */
#include "cli/commands.h"
#include "workspace.h"

#include "base/file.h"
#include "base/json_write.h"
#include "decide/tiers.h"
#include "model/text_model.h"

#include <math.h>

#define DIGITS 6

static wl_status open_leaving(struct wl_cli *cli, struct wl_text_model *model, wl_error *error)
{
    const char *name = wl_cli_text(cli, "text-model", "text_churn");
    const char *folder = wl_path_join(&cli->arena_process, cli->folder, "models");

    if (folder == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a path");
    }
    wl_status status = wl_text_model_open(&cli->arena_process, folder, name,
                                          wl_cli_text(cli, "model", NULL), model, error);
    if (status == WL_ENOTFOUND) {
        return wl_fail(error, status,
                       "no trained text model %s in %s: train one with wanliu text train FILE "
                       "--name %s --positive LABEL",
                       name, folder, name);
    }
    if (status == WL_OK && model->positive == WL_TEXT_NO_LABEL) {
        wl_text_model_close(model);
        return wl_fail(error, WL_EINVAL,
                       "text model %s says nothing of leaving: train it with --positive LABEL",
                       name);
    }
    return status;
}

// The bands of the workspace, or the defaults outside of one.
static wl_status read_tiers(struct wl_cli *cli, struct wl_tiers *tiers, wl_error *error)
{
    struct wl_workspace workspace = {0};
    char *config = wl_path_join(&cli->arena_process, cli->folder, WL_WORKSPACE_CONFIG);

    wl_tiers_default(tiers);
    if (config == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a path");
    }
    if (!wl_file_exists(config)) {
        return WL_OK;
    }
    WL_TRY(wl_workspace_open(cli->folder, cli->alloc, &workspace, error));
    wl_status status = wl_tiers_read(&workspace.arena, workspace.tiers, tiers, error);
    (void)wl_workspace_fail(&workspace, status, error);
    wl_workspace_release(&workspace);
    return status;
}

static wl_status print_score(struct wl_cli *cli, const struct wl_text_model *model, const double *p,
                             enum wl_tier tier, wl_error *error)
{
    struct wl_text_answer answer = wl_text_answer_of(model->classifier, p);
    double p_churn = p[model->positive];
    struct wl_buf line;

    wl_buf_init(&line, cli->alloc, 0);
    struct wl_json_writer json = wl_json_begin(&line);
    wl_json_open(&json, '{');
    wl_json_key(&json, "p_churn");
    wl_json_digits(&json, p_churn, DIGITS);
    wl_json_key(&json, "tier");
    wl_json_text(&json, wl_tier_key(tier));
    wl_json_key(&json, "abstains");
    wl_json_bool(&json, answer.abstains);
    wl_json_key(&json, "model");
    wl_json_str(&json, model->entry.name);
    wl_json_key(&json, "model_version");
    wl_json_i64(&json, model->entry.version);
    wl_json_close(&json, '}');
    wl_status status = wl_cli_line(cli, &line, error);
    wl_buf_release(&line);
    wl_cli_say(cli, WL_SAY(cli, "%.1f %% likely to leave: %s%s", "流失概率 %.1f %%：%s%s"),
               100.0 * p_churn, wl_tier_label(tier, WL_SAY(cli, "en", "zh")),
               answer.abstains
                   ? WL_SAY(cli, " (unsure: a person should look)", "（不确定，建议人工查看）")
                   : "");
    return status;
}

wl_status wl_cli_score_text(struct wl_cli *cli, const char *text, wl_error *error)
{
    struct wl_text_model model = {.classifier = NULL};
    struct wl_tiers tiers;
    wl_status status = WL_OK;

    if (wl_str_trim(wl_str_from(text)).n_bytes == 0) {
        return wl_fail(error, WL_EINVAL, "--text is empty");
    }
    WL_TRY(read_tiers(cli, &tiers, error));
    WL_TRY(open_leaving(cli, &model, error));
    size_t n_labels = wl_text_classifier_about(model.classifier)->n_labels;
    struct wl_str one = wl_str_from(text);
    double *p = wl_arena_zeroed(&cli->arena_process, n_labels, sizeof(*p));
    if (p == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for %zu labels", n_labels);
        goto done;
    }
    WL_GO(wl_text_classify_all(model.classifier, cli->alloc, &one, 1, 1, p, error));
    bool is_fallback = false;
    tiers.from = WL_TIER_FROM_PROBABILITY; // one text has no activity
    enum wl_tier tier = wl_tier_of(&tiers, p[model.positive], (double)NAN, &is_fallback);
    status = print_score(cli, &model, p, tier, error);
done:
    wl_text_model_close(&model);
    return status;
}
