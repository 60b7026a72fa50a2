/* Filling the report: each part of the page from the stage that knows it. */
#define _GNU_SOURCE // qsort_r
#include "journey_report.h"

#include "base/file.h"
#include "ingest/rejects.h"
#include "journey_compose.h"
#include "journey_voice.h"
#include "journey_watch.h"
#include "learn/evaluate.h"
#include "model/registry.h"
#include "report/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REPORT_SOURCES_MAX  32 /* sources with intakes; more are summed into the last */
#define REPORT_REASONS_MAX  32 /* codes of the taxonomy; ours has a dozen */
#define REPORT_FEATURES_MAX 20 /* bars a person compares at a glance */
#define REPORT_FIRST        3  /* reasons of a customer that count as theirs */

/* What is being put together. Strings live in arena unless a stage owns them. */
struct page {
    struct wl_journey *journey;
    struct wl_arena arena;
    struct wl_scorer scorer;
    struct wl_rows rows;
    struct wl_score *scores;             /* (N) in arena */
    struct wl_explanation *explanations; /* (N) in arena */
    double *leaning;                     /* (F) in arena */
    uint32_t *order;                     /* (N) by falling probability */
    struct wl_writer writer;
    struct wl_evaluation evaluation;
    struct wl_report_epochs epochs;
    struct wl_registry_entry entry;
    struct wl_report_model model;
    struct wl_report_source sources[REPORT_SOURCES_MAX];
    struct wl_report_reason reasons[REPORT_REASONS_MAX];
    struct wl_report_feature features[REPORT_FEATURES_MAX];
    struct wl_report_alerts alerts;
    struct wl_report_voice voice;
    struct wl_report_trends trends;
    struct wl_report report;
};

static wl_status no_memory(wl_error *error)
{
    return wl_fail(error, WL_ENOMEM, "no memory for a report");
}

/* ---- scores and reasons ---- */

static wl_status score_all(struct page *page, const char *which, int64_t as_of_us, wl_error *error)
{
    struct wl_journey *journey = page->journey;

    if (as_of_us == WL_TIME_NONE) {
        as_of_us = journey->company->newest_us;
    }
    page->report.as_of_us = as_of_us;
    WL_TRY(wl_scorer_open(journey, which, &page->scorer, error));
    WL_TRY(wl_journey_rows(journey, &as_of_us, 1, NULL, &page->rows, error));
    size_t n = page->rows.n_rows;
    page->scores = wl_arena_zeroed(&page->arena, n + 1, sizeof(*page->scores));
    page->explanations = wl_arena_zeroed(&page->arena, n + 1, sizeof(*page->explanations));
    page->order = wl_arena_zeroed(&page->arena, n + 1, sizeof(*page->order));
    page->leaning = wl_arena_zeroed(&page->arena, page->scorer.n_features + 1, sizeof(double));
    if (page->scores == NULL || page->explanations == NULL || page->order == NULL ||
        page->leaning == NULL) {
        return no_memory(error);
    }
    WL_TRY(wl_journey_score(journey, &page->scorer, &page->rows, page->scores, error));
    return wl_journey_explain(&page->scorer, &page->rows, page->scores, 0, n, &page->arena,
                              page->explanations, page->leaning, error);
}

// Insertion into buckets of equal probability would be overkill: one sort of indices.
static int by_risk(const void *a, const void *b, void *context)
{
    const struct wl_score *scores = context;
    const struct wl_score *left = &scores[*(const uint32_t *)a];
    const struct wl_score *right = &scores[*(const uint32_t *)b];
    if (left->p_churn != right->p_churn) {
        return left->p_churn < right->p_churn ? 1 : -1;
    }
    return wl_str_compare(left->user, right->user);
}

static void count_scores(struct page *page)
{
    struct wl_report *report = &page->report;

    for (size_t i = 0; i < page->rows.n_rows; i++) {
        const struct wl_score *score = &page->scores[i];
        struct wl_report_tier *tier = &report->tiers[score->tier];
        size_t bucket = (size_t)(score->p_churn * WL_REPORT_BUCKETS);
        report->histogram[bucket < WL_REPORT_BUCKETS ? bucket : WL_REPORT_BUCKETS - 1] += 1.0;
        report->n_expected += score->p_churn;
        tier->n_customers += 1.0;
        tier->p_mean += score->p_churn;
        page->order[i] = (uint32_t)i;
    }
    for (size_t t = 0; t < WL_TIER_COUNT; t++) {
        struct wl_report_tier *tier = &report->tiers[t];
        tier->p_mean = tier->n_customers > 0.0 ? tier->p_mean / tier->n_customers : (double)NAN;
    }
    report->n_scored = (double)page->rows.n_rows;
}

static struct wl_report_reason *find_reason(struct page *page, struct wl_str code)
{
    struct wl_report *report = &page->report;

    for (size_t i = 0; i < report->n_reasons; i++) {
        if (wl_str_equal(page->reasons[i].code, code)) {
            return &page->reasons[i];
        }
    }
    if (report->n_reasons == REPORT_REASONS_MAX) {
        return NULL;
    }
    page->reasons[report->n_reasons] = (struct wl_report_reason){.code = code};
    return &page->reasons[report->n_reasons++];
}

static int by_share(const void *a, const void *b)
{
    const struct wl_report_reason *left = a;
    const struct wl_report_reason *right = b;
    if (left->share != right->share) {
        return left->share < right->share ? 1 : -1;
    }
    return wl_str_compare(left->code, right->code);
}

// Each code once per customer, among the first reasons that push towards leaving.
static void count_reasons(struct page *page)
{
    struct wl_report *report = &page->report;

    for (size_t i = 0; i < page->rows.n_rows; i++) {
        const struct wl_explanation *explanation = &page->explanations[i];
        struct wl_report_reason *seen[REPORT_FIRST] = {NULL};
        size_t n_seen = 0;
        for (size_t r = 0; r < explanation->n_reasons && n_seen < REPORT_FIRST; r++) {
            const struct wl_reason *reason = &explanation->reasons[r];
            struct wl_report_reason *sum =
                reason->contribution > 0.0 ? find_reason(page, reason->code) : NULL;
            bool is_new = sum != NULL;
            for (size_t s = 0; s < n_seen; s++) {
                is_new = is_new && seen[s] != sum;
            }
            if (is_new) {
                seen[n_seen++] = sum;
                sum->share += 1.0;
                sum->share_by_tier[explanation->score.tier] += 1.0;
                sum->contribution_mean += reason->contribution;
            }
        }
    }
    for (size_t i = 0; i < report->n_reasons; i++) {
        struct wl_report_reason *reason = &page->reasons[i];
        reason->contribution_mean /= reason->share;
        reason->share /= report->n_scored;
        for (size_t t = 0; t < WL_TIER_COUNT; t++) {
            double n = report->tiers[t].n_customers;
            reason->share_by_tier[t] = n > 0.0 ? reason->share_by_tier[t] / n : (double)NAN;
        }
    }
    qsort(page->reasons, report->n_reasons, sizeof(page->reasons[0]), by_share);
    report->reasons = page->reasons;
}

static void rank_features(struct page *page)
{
    const struct wl_plan *plan = page->journey->plan;
    struct wl_report *report = &page->report;

    while (report->n_leaning < REPORT_FEATURES_MAX) {
        size_t best = SIZE_MAX;
        for (size_t f = 0; f < plan->n_features; f++) {
            bool is_larger = best == SIZE_MAX || page->leaning[f] > page->leaning[best];
            best = page->leaning[f] > 0.0 && is_larger ? f : best;
        }
        if (best == SIZE_MAX) {
            break;
        }
        const struct wl_feature *feature = wl_plan_feature(plan, best);
        page->features[report->n_leaning++] = (struct wl_report_feature){
            .name = {.zh = feature->zh, .en = feature->en},
            .contribution_abs = page->leaning[best] / fmax(report->n_scored, 1.0)};
        page->leaning[best] = 0.0; // taken
    }
    report->features = page->features;
}

/* ---- customers and their messages ---- */

// A message, or an empty one when none can be written: the page then says so.
static void write_message(struct page *page, size_t i, struct wl_message *message)
{
    *message = (struct wl_message){0};
    if (page->writer.alloc != NULL && wl_writer_write(&page->writer, &page->explanations[i], NULL,
                                                      &page->arena, message, NULL) != WL_OK) {
        *message = (struct wl_message){0};
    }
}

static wl_status fill_customers(struct page *page, wl_error *error)
{
    struct wl_report *report = &page->report;
    size_t n = page->rows.n_rows;
    size_t n_shown = n < WL_REPORT_CUSTOMERS_MAX ? n : WL_REPORT_CUSTOMERS_MAX;
    struct wl_report_customer *customers =
        wl_arena_zeroed(&page->arena, n_shown + 1, sizeof(*customers));
    struct wl_message message;

    if (customers == NULL) {
        return no_memory(error);
    }
    qsort_r(page->order, n, sizeof(*page->order), by_risk, page->scores);
    for (size_t c = 0; c < n_shown; c++) {
        write_message(page, page->order[c], &message);
        customers[c] =
            (struct wl_report_customer){.explanation = &page->explanations[page->order[c]],
                                        .message_title = message.title,
                                        .message_body = message.body};
    }
    report->customers = customers;
    report->n_customers = n_shown;
    for (size_t c = 0; c < n; c++) { // the riskiest of each tier shows what the tier gets
        size_t i = page->order[c];
        struct wl_report_tier *tier = &report->tiers[page->scores[i].tier];
        if (tier->template_id.n_bytes == 0) {
            write_message(page, i, &message);
            tier->message_title = message.title;
            tier->message_body = message.body;
            tier->offer = message.offer;
            tier->template_id = message.template_id.n_bytes > 0 ? message.template_id : WL_STR("-");
        }
    }
    return WL_OK;
}

/* ---- where the data came from, and how good the model is ---- */

static double count_of(const struct wl_node *map, const char *key)
{
    return wl_node_number(map, key, 0.0);
}

static wl_status add_rejects(struct page *page, const struct wl_node *reasons,
                             struct wl_report_source *source, wl_error *error)
{
    size_t n_old = source->n_rejects;
    size_t n_new = reasons != NULL ? reasons->n_children : 0;
    struct wl_report_reject *rejects =
        wl_arena_zeroed(&page->arena, n_old + n_new + 1, sizeof(*rejects));

    if (rejects == NULL) {
        return no_memory(error);
    }
    if (n_old > 0) {
        memcpy(rejects, source->rejects, n_old * sizeof(*rejects));
    }
    for (const struct wl_node *item = n_new > 0 ? reasons->first : NULL; item != NULL;
         item = item->next) {
        int i_reason = 0;
        while (i_reason < WL_REJECT_COUNT &&
               !wl_str_is(item->key, wl_reject_key((enum wl_reject)i_reason))) {
            i_reason++;
        }
        if (i_reason < WL_REJECT_COUNT) {
            rejects[source->n_rejects++] = (struct wl_report_reject){
                .reason = {.zh = wl_reject_text((enum wl_reject)i_reason, "zh"),
                           .en = wl_reject_text((enum wl_reject)i_reason, "en")},
                .n_rows = item->number};
        }
    }
    source->rejects = rejects;
    return WL_OK;
}

static wl_status add_intake(struct page *page, const struct wl_node *line, wl_error *error)
{
    struct wl_report *report = &page->report;
    const struct wl_node *rows = wl_node_get(line, "rows");
    struct wl_str name = wl_node_text(line, "source", "");
    size_t i = 0;

    while (i < report->n_sources && !wl_str_is(name, page->sources[i].name)) {
        i++;
    }
    if (i == REPORT_SOURCES_MAX) {
        i--;
    } else if (i == report->n_sources) {
        page->sources[i] = (struct wl_report_source){.name = wl_arena_string(&page->arena, name)};
        report->n_sources++;
    }
    struct wl_report_source *source = &page->sources[i];
    if (source->name == NULL) {
        return no_memory(error);
    }
    source->n_read += count_of(rows, "read");
    source->n_accepted += count_of(rows, "accepted");
    source->n_duplicates += count_of(rows, "duplicates");
    source->n_filtered += count_of(rows, "filtered");
    source->n_rejected += count_of(rows, "rejected");
    return add_rejects(page, wl_node_get(rows, "reasons"), source, error);
}

static wl_status fill_sources(struct page *page, wl_error *error)
{
    const char *path = page->journey->workspace.intake_path;
    struct wl_lines *lines = NULL;
    struct wl_node *root = NULL;
    struct wl_str line;
    bool got = true;
    wl_status status = WL_OK;

    page->report.sources = page->sources;
    if (!wl_file_exists(path)) {
        return WL_OK; // records may have come another way
    }
    WL_GO(wl_lines_open(path, page->journey->run.alloc, &lines, error));
    for (;;) {
        WL_GO(wl_lines_next(lines, &line, &got, error));
        if (!got) {
            break;
        }
        WL_GO(wl_json_parse(&page->arena, line, &root, error));
        WL_GO(add_intake(page, root, error));
    }
done:
    wl_lines_close(lines);
    return status;
}

static const char *date_range(struct page *page, int64_t from_us, int64_t to_us)
{
    char from[WL_TIME_TEXT_BYTES];
    char to[WL_TIME_TEXT_BYTES];
    struct wl_buf text;

    if (from_us == WL_TIME_NONE || to_us == WL_TIME_NONE) {
        return "";
    }
    wl_buf_init(&text, page->journey->run.alloc, 0);
    int64_t offset_us = page->journey->workspace.utc_offset_us;
    wl_buf_text(&text, wl_date_format(from_us + offset_us, from));
    if (strcmp(from, wl_date_format(to_us + offset_us, to)) != 0) {
        wl_buf_format(&text, " – %s", to);
    }
    const char *kept = wl_arena_string(&page->arena, wl_buf_view(&text));
    wl_buf_release(&text);
    return kept != NULL ? kept : "";
}

static struct wl_label prediction(struct page *page)
{
    struct wl_label label = {.zh = "", .en = ""};
    struct wl_buf text;

    if (page->journey->has_churn) {
        wl_buf_init(&text, page->journey->run.alloc, 0);
        wl_churn_sentence(&page->journey->churn, "zh", &text);
        label.zh = wl_arena_string(&page->arena, wl_buf_view(&text));
        wl_buf_clear(&text);
        wl_churn_sentence(&page->journey->churn, "en", &text);
        label.en = wl_arena_string(&page->arena, wl_buf_view(&text));
        wl_buf_release(&text);
    }
    return label;
}

static wl_status fill_epochs(struct page *page, wl_error *error)
{
    const struct wl_event_model *sequences = page->journey->sequences;
    size_t n = sequences != NULL ? sequences->n_epochs : 0;
    double *rows[4];

    for (size_t i = 0; n > 0 && i < 4; i++) {
        rows[i] = wl_arena_zeroed(&page->arena, n, sizeof(*rows[i]));
        if (rows[i] == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for %zu epochs", n);
        }
    }
    for (size_t i = 0; i < n; i++) {
        rows[0][i] = (double)i + 1.0;
        rows[1][i] = sequences->epochs[i].train_loss;
        rows[2][i] = sequences->epochs[i].valid_loss;
        rows[3][i] = sequences->epochs[i].valid_accuracy;
    }
    if (n > 0) {
        page->epochs = (struct wl_report_epochs){.n = n,
                                                 .number = rows[0],
                                                 .train_loss = rows[1],
                                                 .valid_loss = rows[2],
                                                 .valid_accuracy = rows[3]};
        page->report.epochs = &page->epochs;
    }
    return WL_OK;
}

static wl_status fill_model(struct page *page, wl_error *error)
{
    struct wl_journey *journey = page->journey;
    const struct wl_model_about *about = wl_model_about(page->scorer.model);
    struct wl_node *metrics = NULL;
    char version[24];
    struct wl_model *model = NULL;

    if (page->scorer.version == 0) {
        return WL_OK; // the rule baseline: no card, no evaluation
    }
    struct wl_buf text;
    wl_buf_init(&text, journey->run.alloc, sizeof(version));
    wl_buf_format(&text, "%lld", (long long)page->scorer.version);
    wl_status status =
        wl_registry_open(&page->arena, journey->workspace.models_path, WL_MODEL_NAME,
                         text.data != NULL ? text.data : "", NULL, &page->entry, &model, error);
    wl_buf_release(&text);
    wl_model_free(model);
    WL_TRY(status);
    if (about->metrics.n_bytes > 0) {
        WL_TRY(wl_json_parse(&page->arena, about->metrics, &metrics, error));
        WL_TRY(wl_evaluation_read(&page->arena, metrics, &page->evaluation, error));
        page->report.evaluation = &page->evaluation;
    }
    WL_TRY(fill_epochs(page, error));
    const struct wl_registry_facts *facts = &page->entry.facts;
    const char *train = date_range(page, facts->train_from_us, facts->train_to_us);
    const char *test = page->report.evaluation != NULL
                           ? date_range(page, page->evaluation.first_us, page->evaluation.last_us)
                           : "";
    page->model = (struct wl_report_model){
        .name = WL_MODEL_NAME,
        .version = page->scorer.version,
        .algorithm = wl_algorithm_name(wl_model_algorithm(page->scorer.model)),
        .n_features = page->scorer.n_features,
        .schema_hash = journey->plan->schema.hash,
        .label = page->report.prediction,
        .train = {.zh = train, .en = train},
        .test = {.zh = test, .en = test},
        .n_train_rows = (double)facts->n_train,
        .n_train_left = (double)facts->n_train_churned,
        .created_us = facts->created_us};
    page->report.model = &page->model;
    return WL_OK;
}

static void fill_company(struct page *page, bool is_zh)
{
    const struct wl_journey *journey = page->journey;
    const struct wl_company *company = journey->company;
    struct wl_report *report = &page->report;
    const struct wl_events *events = &company->events;

    report->alloc = journey->run.alloc;
    report->name = journey->workspace.name;
    report->language = is_zh ? "zh" : "en";
    report->is_simulated = journey->workspace.is_simulated;
    report->created_us = journey->run.now_us;
    report->prediction = prediction(page);
    report->n_users = (double)company->users.n_strings;
    report->n_events = (double)events->n_events;
    report->n_texts = (double)company->texts.n_texts;
    report->first_us = WL_TIME_NONE;
    report->last_us = WL_TIME_NONE;
    for (size_t i = 0; i < events->n_events; i++) {
        if (i == 0 || events->event_us[i] < report->first_us) {
            report->first_us = events->event_us[i];
        }
        if (i == 0 || events->event_us[i] > report->last_us) {
            report->last_us = events->event_us[i];
        }
    }
}

static wl_status write_page(struct page *page, const char *path, struct wl_report_summary *summary,
                            wl_error *error)
{
    struct wl_workspace *workspace = &page->journey->workspace;

    if (path == NULL) {
        WL_TRY(wl_folder_make(workspace->reports_path, error));
        path = wl_path_join(&workspace->arena, workspace->reports_path, "report.html");
    }
    if (path == NULL) {
        return no_memory(error);
    }
    WL_TRY(wl_report_write(&page->report, path, error));
    if (summary != NULL) {
        *summary = (struct wl_report_summary){.path = path, .n_scored = page->rows.n_rows};
        for (size_t t = 0; t < WL_TIER_COUNT; t++) {
            summary->n_by_tier[t] = (size_t)page->report.tiers[t].n_customers;
        }
    }
    return WL_OK;
}

wl_status wl_journey_report(struct wl_journey *journey, const char *which, int64_t as_of_us,
                            const char *path, bool is_zh, struct wl_report_summary *summary,
                            wl_error *error)
{
    struct page *page = wl_alloc_zeroed(journey->run.alloc, 1, sizeof(*page));
    wl_status status = WL_OK;

    if (page == NULL) {
        return no_memory(error);
    }
    page->journey = journey;
    wl_arena_init(&page->arena, journey->run.alloc, 0);
    fill_company(page, is_zh);
    WL_GO(score_all(page, which, as_of_us, error));
    WL_GO(wl_writer_open(&journey->workspace, journey->company, journey->run.alloc, &page->writer,
                         error));
    WL_GO(wl_voice_fill(journey, page->report.as_of_us, &page->arena, &page->voice, error));
    WL_GO(wl_voice_words(journey, &page->arena, &page->voice, error));
    WL_GO(wl_watch_trends(journey, page->report.as_of_us, &page->arena, &page->trends, error));
    WL_GO(wl_watch_alerts(journey, &page->scorer, page->report.as_of_us, &page->arena,
                          &page->alerts, error));
    page->report.voice = &page->voice;
    page->report.trends = &page->trends;
    page->report.alerts = &page->alerts;
    count_scores(page);
    count_reasons(page);
    rank_features(page);
    WL_GO(fill_customers(page, error));
    WL_GO(fill_sources(page, error));
    WL_GO(fill_model(page, error));
    status = write_page(page, path, summary, error);
done:
    wl_writer_close(&page->writer);
    wl_scorer_close(&page->scorer);
    wl_rows_release(&page->rows);
    wl_arena_release(&page->arena);
    wl_alloc_free(journey->run.alloc, page);
    return status;
}
