/* The names and strategies of reasons, looked up in the files that everything else reads. */
#include "journey_advice.h"

#include "compose/taxonomy.h"
#include "journey_reasons.h"
#include "report/report.h"
#include "text/rules.h"

static const struct wl_strategy strategies[WL_REASON_GROUP_COUNT + 1] = {
    {"engagement", {"推荐喜欢的内容，唤回使用", "bring back with what they like"}},
    {"value", {"提供目录内的优惠", "an offer from the catalogue"}},
    {"billing", {"处理支付与退款，或暂停订阅", "settle the payment, or a pause"}},
    {"service", {"优先客服跟进", "priority support"}},
    {"experience", {"改善广告、内容与易用性", "fix ads, content or handling"}},
    {"onboarding", {"新手引导", "show how it works"}},
    {"contact", {"主动联系，了解原因", "call and ask why"}},
};

// What only alerts speak of: a level that changed, not a reason somebody gave.
static const struct {
    const char *reason;
    struct wl_label name;
} changes[] = {
    {"sentiment_down", {"情绪下滑", "mood has fallen"}},
    {"churn_risk", {"流失概率高", "likely to leave"}},
    {"intent", {"有话要说", "wants something"}},
};

static wl_status open_intents(const wl_alloc *alloc, struct wl_text_classifier **intents_out,
                              wl_error *error)
{
    struct wl_rules_file file = {.name = "built-in intents.yaml"};
    bool is_there = wl_rules_builtin("intents", &file.text);

    WL_ASSERT(is_there);
    return wl_rules_open(alloc, &file, 1, intents_out, error);
}

wl_status wl_advice_open(const struct wl_workspace *workspace, const wl_alloc *alloc,
                         struct wl_advice *advice, wl_error *error)
{
    struct wl_advice opened = {0};
    wl_status status = WL_OK;

    *advice = opened;
    WL_GO(workspace != NULL ? wl_taxonomy_open(workspace, alloc, &opened.reasons, error)
                            : wl_taxonomy_open_at("", alloc, &opened.reasons, error));
    WL_GO(open_intents(alloc, &opened.intents, error));
    WL_GO(wl_text_scratch_new(alloc, &opened.scratch, error));
    opened.alloc = alloc;
    opened.points =
        wl_alloc_array(alloc, wl_text_classifier_about(opened.reasons)->n_labels, sizeof(double));
    if (opened.points == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for the points of reasons");
        goto done;
    }
    *advice = opened;
    opened = (struct wl_advice){0};
done:
    wl_advice_release(&opened);
    return status;
}

void wl_advice_release(struct wl_advice *advice)
{
    wl_text_classifier_free(advice->reasons);
    wl_text_classifier_free(advice->intents);
    wl_text_scratch_free(advice->scratch);
    if (advice->alloc != NULL) {
        wl_alloc_free(advice->alloc, advice->points);
    }
    *advice = (struct wl_advice){0};
}

static const struct wl_rules_label *find_label(const struct wl_text_classifier *rules,
                                               struct wl_str reason)
{
    uint32_t i = wl_text_classifier_label(rules, reason);
    return i != WL_TEXT_NO_LABEL ? &wl_rules_labels(rules)[i] : NULL;
}

// A code goes before a label of that name: both are "price", and mean the same.
static struct wl_str answer_to(const struct wl_advice *advice, struct wl_str reason)
{
    const struct wl_rules_label *label = NULL;

    if (wl_name_find(wl_reason_names, reason) >= 0) {
        return reason;
    }
    label = find_label(advice->intents, reason);
    label = label != NULL ? label : find_label(advice->reasons, reason);
    return wl_str_from(label != NULL ? label->answer : "");
}

const struct wl_strategy *wl_advice_strategy(const struct wl_advice *advice, struct wl_str reason)
{
    int group = wl_reason_group(wl_reason_from(answer_to(advice, reason)));
    return &strategies[group != WL_REASON_GROUP_NONE ? group : WL_REASON_GROUP_COUNT];
}

// The reason with most points in a text; NULL: it gives none.
static wl_status reason_in(struct wl_advice *advice, struct wl_str text, double *most,
                           const struct wl_rules_label **label, wl_error *error)
{
    const struct wl_rules_label *labels = wl_rules_labels(advice->reasons);
    const struct wl_text_about *about = wl_text_classifier_about(advice->reasons);
    wl_status status =
        wl_rules_score(advice->reasons, text, advice->scratch, advice->points, NULL, NULL, error);

    if (status == WL_ELIMIT) {
        return WL_OK; // too long to be read: it says nothing
    }
    WL_TRY(status);
    for (size_t i = 0; i < about->n_labels; i++) {
        if (i != about->none && labels[i].answer[0] != '\0' && advice->points[i] > *most) {
            *most = advice->points[i];
            *label = &labels[i];
        }
    }
    return WL_OK;
}

wl_status wl_advice_alert(struct wl_advice *advice, const struct wl_alert *alert,
                          struct wl_alert_advice *found, wl_error *error)
{
    const struct wl_strategy *contact = &strategies[WL_REASON_GROUP_COUNT];
    const struct wl_strategy *own = wl_advice_strategy(advice, alert->reason);
    const struct wl_rules_label *label = NULL;
    double most = 0.0;

    for (const struct wl_alert_evidence *item = alert->evidence; own == contact && item != NULL;
         item = item->next) {
        if (item->text.n_bytes > 0) {
            WL_TRY(reason_in(advice, item->text, &most, &label, error));
        }
    }
    *found = (struct wl_alert_advice){.strategy = own, .because = {.zh = NULL, .en = NULL}};
    if (label != NULL) {
        found->strategy = wl_advice_strategy(advice, wl_str_from(label->answer));
        found->because = (struct wl_label){.zh = label->zh, .en = label->en};
    }
    return WL_OK;
}

struct wl_label wl_advice_name(const struct wl_advice *advice, struct wl_str reason)
{
    const struct wl_rules_label *label = NULL;
    int code = wl_name_find(wl_reason_names, reason);

    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        if (wl_str_is(reason, changes[i].reason)) {
            return changes[i].name;
        }
    }
    if (code >= 0) {
        return wl_report_reason_label(wl_reason_names[code]);
    }
    label = find_label(advice->intents, reason);
    label = label != NULL ? label : find_label(advice->reasons, reason);
    return label != NULL ? (struct wl_label){.zh = label->zh, .en = label->en}
                         : (struct wl_label){.zh = NULL, .en = NULL};
}
