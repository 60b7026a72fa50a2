/* What a workspace and a command line ask of training: the model, what it stands beside, gates. */
#include "journey_train.h"

#include "data/schema.h"

#include <stdio.h>
#include <string.h>

#define AUTOMATIC_MAX 2 // "boosted" and "fusion"

static bool has_baseline(const struct wl_training *training, const char *name)
{
    for (size_t i = 0; i < training->n_baselines; i++) {
        const char *own = training->baselines[i].name;
        if (own != NULL && strcmp(own, name) == 0) {
            return true;
        }
    }
    return false;
}

// What a model of sequences has to stand beside: trees over everything else, and both together.
static void add_baselines(struct wl_training *training)
{
    static const char *const names[AUTOMATIC_MAX] = {"boosted", "fusion"};

    for (size_t i = 0; i < AUTOMATIC_MAX; i++) {
        if (training->n_baselines < WL_BASELINES_MAX && !has_baseline(training, names[i])) {
            struct wl_train_options *added = &training->baselines[training->n_baselines++];
            *added = training->options;
            added->name = names[i];
            added->algorithm = WL_ALGORITHM_XGBOOST;
            added->net.body = i == 0 ? 0 : training->options.net.body;
        }
    }
}

// One column serves the model and all baselines, so they must mean the same by it.
static wl_status settle_net(struct wl_journey *journey, struct wl_training *training,
                            wl_error *error)
{
    training->net = training->options.net;
    if (wl_algorithm_is_sequence((enum wl_algorithm)training->options.algorithm)) {
        add_baselines(training);
    }
    for (size_t i = 0; i < training->n_baselines; i++) {
        const struct wl_net_options *other = &training->baselines[i].net;
        if (training->net.body == 0) {
            training->net = *other;
        } else if (other->body != 0 && other->body != training->net.body) {
            return wl_fail(error, WL_ECONFIG,
                           "baselines[%zu]: one model of sequences at a time: this one is %s, "
                           "another is %s",
                           i, wl_train_net_name(other), wl_train_net_name(&training->net));
        }
    }
    journey->has_sequences = training->net.body != 0;
    return WL_OK;
}

static wl_status read_baselines(struct wl_journey *journey, const struct wl_train_options *defaults,
                                struct wl_training *training, wl_error *error)
{
    struct wl_workspace *workspace = &journey->workspace;
    const struct wl_node *list = workspace->baselines;
    bool is_none = list == NULL || list->kind == WL_NODE_NULL;
    size_t i = 0;

    if (!is_none && (list->kind != WL_NODE_LIST || list->n_children > WL_BASELINES_MAX)) {
        return wl_fail_node(error, list, "baselines: wants a list of at most %d", WL_BASELINES_MAX);
    }
    training->baselines =
        wl_arena_zeroed(&workspace->arena, (is_none ? 0 : list->n_children) + AUTOMATIC_MAX,
                        sizeof(*training->baselines));
    if (training->baselines == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for baselines");
    }
    const struct wl_node *item = is_none ? NULL : list->first;
    for (; item != NULL; item = item->next, i++) {
        char where[32];
        (void)snprintf(where, sizeof(where), "baselines[%zu]", i);
        training->baselines[i] = *defaults;
        WL_TRY(
            wl_train_options_read(&workspace->arena, item, where, &training->baselines[i], error));
    }
    training->n_baselines = i;
    return WL_OK;
}

wl_status wl_training_read(struct wl_journey *journey, struct wl_training *training,
                           wl_error *error)
{
    struct wl_workspace *workspace = &journey->workspace;
    struct wl_train_options defaults;

    wl_train_options_init(&defaults);
    defaults.seed = (int64_t)journey->run.seed;
    *training = (struct wl_training){.options = defaults};
    WL_TRY(wl_gates_read(&workspace->arena, workspace->gates, &training->gates, error));
    WL_TRY(wl_train_options_read(&workspace->arena, workspace->model, "model", &training->options,
                                 error));
    WL_TRY(read_baselines(journey, &defaults, training, error));
    return settle_net(journey, training, error);
}

wl_status wl_training_choose(struct wl_journey *journey, struct wl_training *training,
                             const char *algorithm, const char *sequence, wl_error *error)
{
    int chosen = training->options.algorithm;

    if (algorithm != NULL && !wl_train_algorithm_parse(algorithm, &chosen)) {
        return wl_fail(error, WL_EINVAL,
                       "no model \"%s\"; there are xgboost, logistic, rule, lstm, gru, cnn and "
                       "transformer",
                       algorithm);
    }
    if (algorithm != NULL) {
        training->options.net.body = 0;
        wl_train_options_choose(&training->options, chosen);
    }
    if (sequence != NULL) {
        if (!wl_train_algorithm_parse(sequence, &chosen) ||
            !wl_algorithm_is_sequence((enum wl_algorithm)chosen)) {
            return wl_fail(error, WL_EINVAL,
                           "no model of sequences \"%s\"; there are lstm, gru, cnn and transformer",
                           sequence);
        }
        training->options.net.body = 1 + chosen - WL_ALGORITHM_LSTM;
    }
    return settle_net(journey, training, error);
}

// Features that a candidate names, one or a list, must be in the plan.
static wl_status check_names(const struct wl_plan *plan, const struct wl_node *candidate,
                             const char *const *names, wl_error *error)
{
    const struct wl_node *one = wl_node_get(candidate, "feature");
    const struct wl_node *list = wl_node_get(candidate, "features");
    const struct wl_node *item = list != NULL && list->kind == WL_NODE_LIST ? list->first : NULL;

    for (item = one != NULL ? one : item; item != NULL; item = item == one ? NULL : item->next) {
        if (wl_plan_find(plan, item->text) != SIZE_MAX) {
            continue;
        }
        const char *nearest = wl_closest(item->text, names);
        return nearest != NULL
                   ? wl_fail_node(error, item, "no feature \"%.*s\" (did you mean \"%s\"?)",
                                  WL_STR_ARG(item->text), nearest)
                   : wl_fail_node(error, item, "no feature \"%.*s\": see wanliu features list",
                                  WL_STR_ARG(item->text));
    }
    return WL_OK;
}

wl_status wl_training_check(struct wl_journey *journey, wl_error *error)
{
    struct wl_workspace *workspace = &journey->workspace;
    const struct wl_plan *plan = journey->plan;
    const char **names =
        wl_arena_zeroed(&workspace->arena, plan->n_features + 1, sizeof(*names)); // NULL at its end
    const struct wl_node *list = workspace->baselines;

    if (names == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu names", plan->n_features);
    }
    for (size_t i = 0; i < plan->n_features; i++) {
        names[i] = wl_plan_feature(plan, i)->name;
    }
    WL_TRY(check_names(plan, workspace->model, names, error));
    const struct wl_node *item = list != NULL && list->kind == WL_NODE_LIST ? list->first : NULL;
    for (; item != NULL; item = item->next) {
        WL_TRY(check_names(plan, item, names, error));
    }
    return WL_OK;
}
