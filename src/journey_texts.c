/* Reading texts. Each text is read once, right after loading, by four classifiers; everything later
 * (features, alerts, profile, report) looks at the readings. So a feature of texts is an ordinary
 * feature: same tiles, same windows, same rule of what was known at T, and batch equals stream.
 *
 * Readings are not stored: the text is the record, a reading is an opinion, and a better reader
 * must not have to rewrite history. 10,000 short texts take well under a second. */
#include "journey_texts.h"

#include "base/thread.h"
#include "data/schema.h"
#include "journey_reasons.h"
#include "model/registry.h"
#include "nn/text_file.h"
#include "text/rules.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define PIECE_TEXTS 256   /* some 100 kB of text: enough work to share, small enough to balance */
#define CHUNK_TEXTS 16384 // read by networks ahead of the rest

/* ---- the section ---- */

#define FIELD(name) offsetof(struct wl_text_settings, name)

static const struct wl_field fields[] = {
    {"sentiment", WL_FIELD_TEXT, FIELD(readers[WL_READ_SENTIMENT]), false, 0, 0, NULL,
     "who reads sentiment: rules, or a text model"},
    {"intent", WL_FIELD_TEXT, FIELD(readers[WL_READ_INTENT]), false, 0, 0, NULL,
     "who reads intents"},
    {"emotion", WL_FIELD_TEXT, FIELD(readers[WL_READ_EMOTION]), false, 0, 0, NULL,
     "who reads emotions"},
    {"reason", WL_FIELD_TEXT, FIELD(readers[WL_READ_REASON]), false, 0, 0, NULL,
     "who reads reasons"},
    {"churn", WL_FIELD_BOOL, FIELD(has_churn), false, 0, 0, NULL,
     "learn a model of texts that feeds the churn model"},
};

wl_status wl_text_settings_read(struct wl_arena *arena, const struct wl_node *node,
                                struct wl_text_settings *settings, wl_error *error)
{
    struct wl_text_settings read = {
        .readers = {WL_READER_RULES, WL_READER_RULES, WL_READER_RULES, WL_READER_RULES}};

    if (node != NULL && node->kind != WL_NODE_NULL) {
        WL_TRY(wl_fields_read(arena, node, "texts", fields, sizeof(fields) / sizeof(fields[0]),
                              &read, error));
    }
    *settings = read;
    return WL_OK;
}

/* ---- opening ---- */

static const char *const positive_labels[] = {"positive", "pos", "正面", "积极", NULL};
static const char *const negative_labels[] = {"negative", "neg", "负面", "消极", NULL};

// Number of the first of several names that the classifier knows, or WL_TEXT_NO_LABEL.
static uint32_t find_label(const struct wl_text_classifier *classifier, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        uint32_t label = wl_text_classifier_label(classifier, wl_str_from(names[i]));
        if (label != WL_TEXT_NO_LABEL) {
            return label;
        }
    }
    return WL_TEXT_NO_LABEL;
}

static wl_status open_rules(const wl_alloc *alloc, const struct wl_workspace *workspace,
                            enum wl_text_read read, struct wl_text_classifier **classifier,
                            wl_error *error)
{
    static const char *const names[WL_READ_COUNT] = {"sentiment", "intents", "emotion", "reasons"};
    struct wl_rules_file file = {.name = "built-in"};

    if (read == WL_READ_REASON) {
        return wl_taxonomy_open(workspace, alloc, classifier, error);
    }
    if (!wl_rules_builtin(names[read], &file.text)) {
        return wl_fail(error, WL_ENOTFOUND, "no rules for %s are built in", names[read]);
    }
    return wl_rules_open(alloc, &file, 1, classifier, error);
}

// "mood" is the champion of that name, "mood/3" its version 3.
static wl_status open_model(const wl_alloc *alloc, struct wl_arena *arena, const char *models_path,
                            const char *name, struct wl_text_classifier **classifier,
                            wl_error *error)
{
    struct wl_str which = wl_str_from(name);
    struct wl_str model = wl_str_cut(&which, '/');
    const char *model_name = wl_arena_string(arena, model);
    const char *version = wl_arena_string(arena, which);
    struct wl_buf bytes;
    wl_status status = WL_OK;

    if (model_name == NULL || version == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to open text model %s", name);
    }
    wl_buf_init(&bytes, alloc, 0);
    WL_GO(wl_registry_read(arena, models_path, model_name, which.n_bytes > 0 ? version : NULL,
                           WL_REGISTRY_TEXT, &bytes, NULL, error));
    WL_GO(wl_text_classifier_decode(alloc, wl_buf_view(&bytes), classifier, error));
done:
    wl_buf_release(&bytes);
    return status;
}

wl_status wl_text_readers_pin(struct wl_arena *arena, const char *models_path,
                              const char *const *names, const char **pinned, wl_error *error)
{
    for (size_t i = 0; i < WL_READ_COUNT; i++) {
        struct wl_registry_entry entry = {0};
        struct wl_buf bytes;
        pinned[i] = names[i];
        if (strcmp(names[i], WL_READER_RULES) == 0 || strchr(names[i], '/') != NULL) {
            continue;
        }
        wl_buf_init(&bytes, arena->alloc, 0);
        wl_status status = wl_registry_read(arena, models_path, names[i], NULL, WL_REGISTRY_TEXT,
                                            &bytes, &entry, NULL);
        wl_buf_clear(&bytes);
        wl_buf_format(&bytes, "%s/%lld", names[i], (long long)entry.version);
        if (status == WL_OK) {
            pinned[i] = wl_arena_string(arena, wl_buf_view(&bytes));
        }
        wl_buf_release(&bytes);
        if (pinned[i] == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for names of readers");
        }
    }
    return WL_OK;
}

static bool can_read(const struct wl_text_classifier *classifier, enum wl_text_read read)
{
    return read != WL_READ_SENTIMENT ||
           (find_label(classifier, positive_labels) != WL_TEXT_NO_LABEL &&
            find_label(classifier, negative_labels) != WL_TEXT_NO_LABEL);
}

static void degrade(struct wl_reader *reader, enum wl_text_read read, const char *why,
                    const struct wl_sink *sink)
{
    reader->degraded = true;
    (void)snprintf(reader->why, sizeof(reader->why), "%s is read by rules: %s",
                   wl_text_read_key(read), why);
    wl_notice(sink, "degraded: %s", reader->why);
}

static wl_status open_reader(const wl_alloc *alloc, struct wl_arena *arena,
                             const struct wl_workspace *workspace, enum wl_text_read read,
                             const struct wl_sink *sink, struct wl_reader *reader, wl_error *error)
{
    wl_error inner = {0};

    if (strcmp(reader->name, WL_READER_RULES) != 0) {
        wl_status status = open_model(alloc, arena, workspace->models_path, reader->name,
                                      &reader->classifier, &inner);
        if (status == WL_ENOMEM) {
            return wl_fail(error, status, "%s", inner.message);
        }
        if (status == WL_OK && can_read(reader->classifier, read)) {
            return WL_OK;
        }
        degrade(reader, read,
                status == WL_OK ? "the model knows no positive and negative" : inner.message, sink);
        wl_text_classifier_free(reader->classifier);
        reader->classifier = NULL;
    }
    return open_rules(alloc, workspace, read, &reader->classifier, error);
}

wl_status wl_readers_open(const wl_alloc *alloc, struct wl_arena *arena,
                          const struct wl_workspace *workspace, const char *const *names,
                          const struct wl_sink *sink, struct wl_readers *readers, wl_error *error)
{
    *readers = (struct wl_readers){.why = ""};
    for (size_t i = 0; i < WL_READ_COUNT; i++) {
        struct wl_reader *reader = &readers->items[i];
        reader->name = names[i];
        wl_status status =
            open_reader(alloc, arena, workspace, (enum wl_text_read)i, sink, reader, error);
        if (status != WL_OK) {
            wl_readers_release(readers);
            return status;
        }
        if (reader->degraded && !readers->degraded) {
            readers->degraded = true;
            readers->why = "a text model is missing, rules read the texts";
        }
    }
    return WL_OK;
}

void wl_readers_release(struct wl_readers *readers)
{
    for (size_t i = 0; i < WL_READ_COUNT; i++) {
        wl_text_classifier_free(readers->items[i].classifier);
    }
    *readers = (struct wl_readers){0};
}

/* ---- reading ---- */

/* One pass over all texts. */
struct pass {
    const struct wl_readers *readers;
    struct wl_company *company;
    uint32_t *ids[WL_READ_COUNT]; /* (n_labels) label of each reader in company->strings */
    uint32_t positive;
    uint32_t negative;
    size_t n_labels_max;
    double *p;                        /* (n_workers, n_labels_max) */
    double *given[WL_READ_COUNT];     /* (CHUNK_TEXTS, n_labels) of networks, which read many texts
                                         at once; NULL: texts are read one by one */
    size_t begin;                     /* first text of the chunk */
    struct wl_text_scratch **scratch; /* (n_workers) */
    const struct wl_sink *sink;
};

// The likeliest reasons at or above the threshold; a single answer when only one can be right.
static void read_reasons(const struct wl_text_classifier *classifier, const double *p,
                         const uint32_t *ids, struct wl_text_reading *reading)
{
    const struct wl_text_about *about = wl_text_classifier_about(classifier);
    double before = (double)INFINITY;
    size_t i_before = 0;

    while (reading->n_reasons < WL_READ_REASONS_MAX) {
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < about->n_labels; i++) {
            // After the last one taken, in order of falling p and rising number.
            bool is_left = p[i] < before || (p[i] == before && i > i_before);
            if (i != about->none && p[i] >= about->threshold && is_left &&
                (best == SIZE_MAX || p[i] > p[best])) {
                best = i;
            }
        }
        if (best == SIZE_MAX) {
            return;
        }
        reading->reasons[reading->n_reasons++] = ids[best];
        before = p[best];
        i_before = best;
        if (about->task == WL_TEXT_ONE) {
            return;
        }
    }
}

static uint32_t answer_id(const struct wl_text_classifier *classifier, const double *p,
                          const uint32_t *ids)
{
    struct wl_text_answer answer = wl_text_answer_of(classifier, p);
    return answer.abstains ? WL_ID_NONE : ids[answer.label];
}

static wl_status read_text(const struct pass *pass, size_t i_in_chunk, size_t i_worker,
                           wl_error *error)
{
    struct wl_text *text = &pass->company->texts.texts[pass->begin + i_in_chunk];
    struct wl_text_reading reading = {.is_read = true};
    double *own = pass->p + i_worker * pass->n_labels_max;

    for (size_t i = 0; i < WL_READ_COUNT; i++) {
        const struct wl_text_classifier *classifier = pass->readers->items[i].classifier;
        const double *p = own;
        if (pass->given[i] != NULL) {
            size_t n_labels = wl_text_classifier_about(classifier)->n_labels;
            p = pass->given[i] + i_in_chunk * n_labels;
        } else {
            WL_TRY(wl_text_classify(classifier, text->body, pass->scratch[i_worker], own, error));
        }
        switch ((enum wl_text_read)i) {
        case WL_READ_SENTIMENT:
            reading.mood_e4 = (int32_t)lround((p[pass->positive] - p[pass->negative]) * 1e4);
            reading.sentiment = answer_id(classifier, p, pass->ids[i]);
            break;
        case WL_READ_INTENT: reading.intent = answer_id(classifier, p, pass->ids[i]); break;
        case WL_READ_EMOTION: reading.emotion = answer_id(classifier, p, pass->ids[i]); break;
        case WL_READ_REASON: read_reasons(classifier, p, pass->ids[i], &reading); break;
        }
    }
    text->reading = reading;
    return WL_OK;
}

static wl_status read_piece(void *context, size_t begin, size_t end, size_t i_worker,
                            wl_error *error)
{
    struct pass *pass = context;

    if (i_worker == 0) {
        wl_progress(pass->sink, "texts",
                    (double)(pass->begin + begin) / (double)pass->company->texts.n_texts);
    }
    for (size_t i = begin; i < end; i++) {
        WL_TRY(read_text(pass, i, i_worker, error));
    }
    return WL_OK;
}

static bool is_among(const char *label, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], label) == 0) {
            return true;
        }
    }
    return false;
}

// Models name the two moods as they like; features and pages ask for positive and negative.
static const char *plain_mood(const char *label)
{
    if (is_among(label, positive_labels)) {
        return positive_labels[0];
    }
    return is_among(label, negative_labels) ? negative_labels[0] : label;
}

// Labels become strings of the company before the threads start: nothing is interned later.
static wl_status prepare(struct pass *pass, struct wl_arena *arena, size_t n_threads,
                         wl_error *error)
{
    for (size_t i = 0; i < WL_READ_COUNT; i++) {
        const struct wl_text_about *about =
            wl_text_classifier_about(pass->readers->items[i].classifier);
        pass->ids[i] = wl_arena_zeroed(arena, about->n_labels + 1, sizeof(uint32_t));
        if (pass->ids[i] == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for %zu labels", about->n_labels);
        }
        for (size_t l = 0; l < about->n_labels; l++) {
            const char *label =
                i == WL_READ_SENTIMENT ? plain_mood(about->labels[l]) : about->labels[l];
            WL_TRY(wl_dict_intern(&pass->company->strings, wl_str_from(label), &pass->ids[i][l],
                                  error));
        }
        pass->n_labels_max =
            about->n_labels > pass->n_labels_max ? about->n_labels : pass->n_labels_max;
    }
    const struct wl_text_classifier *mood = pass->readers->items[WL_READ_SENTIMENT].classifier;
    pass->positive = find_label(mood, positive_labels);
    pass->negative = find_label(mood, negative_labels);
    WL_ASSERT(pass->positive != WL_TEXT_NO_LABEL && pass->negative != WL_TEXT_NO_LABEL);
    pass->p = wl_arena_zeroed(arena, n_threads * pass->n_labels_max, sizeof(*pass->p));
    pass->scratch = wl_arena_zeroed(arena, n_threads, sizeof(struct wl_text_scratch *));
    if (pass->p == NULL || pass->scratch == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to read texts");
    }
    return WL_OK;
}

static bool is_network(const struct wl_text_classifier *classifier)
{
    return strcmp(wl_text_classifier_about(classifier)->algorithm, "bert") == 0;
}

// What networks say of a chunk of texts; views has room for it.
static wl_status read_ahead(struct pass *pass, size_t n, size_t n_threads, struct wl_str *views,
                            wl_error *error)
{
    for (size_t i = 0; i < n; i++) {
        views[i] = pass->company->texts.texts[pass->begin + i].body;
    }
    for (size_t i = 0; i < WL_READ_COUNT; i++) {
        if (pass->given[i] != NULL) {
            WL_TRY(wl_text_classify_all(pass->readers->items[i].classifier, pass->company->alloc,
                                        views, n, n_threads, pass->given[i], error));
        }
    }
    return WL_OK;
}

static wl_status read_chunks(struct pass *pass, struct wl_arena *arena, size_t n_threads,
                             wl_error *error)
{
    size_t n_texts = pass->company->texts.n_texts;
    size_t n_chunk = n_texts < CHUNK_TEXTS ? n_texts : CHUNK_TEXTS;
    struct wl_str *views = wl_arena_zeroed(arena, n_chunk, sizeof(*views));
    bool is_short = views == NULL;

    for (size_t i = 0; i < WL_READ_COUNT; i++) {
        const struct wl_text_classifier *classifier = pass->readers->items[i].classifier;
        if (is_network(classifier)) {
            size_t n_labels = wl_text_classifier_about(classifier)->n_labels;
            pass->given[i] = wl_arena_zeroed(arena, n_chunk, n_labels * sizeof(double));
            is_short = is_short || pass->given[i] == NULL;
        }
    }
    if (is_short) {
        return wl_fail(error, WL_ENOMEM, "no memory to read texts");
    }
    for (pass->begin = 0; pass->begin < n_texts; pass->begin += CHUNK_TEXTS) {
        size_t left = n_texts - pass->begin;
        size_t n = left < CHUNK_TEXTS ? left : CHUNK_TEXTS;
        WL_TRY(read_ahead(pass, n, n_threads, views, error));
        WL_TRY(wl_parallel_for(n_threads, n, PIECE_TEXTS, read_piece, pass, error));
    }
    return WL_OK;
}

wl_status wl_readers_apply(const struct wl_readers *readers, struct wl_company *company,
                           size_t n_threads, const struct wl_sink *sink, wl_error *error)
{
    struct pass pass = {.readers = readers, .company = company, .sink = sink};
    size_t n_workers = n_threads != 0 ? n_threads : wl_threads_default();
    struct wl_arena arena_batch;
    wl_status status = WL_OK;

    if (company->texts.n_texts == 0) {
        return WL_OK;
    }
    wl_arena_init(&arena_batch, company->alloc, 0);
    WL_GO(prepare(&pass, &arena_batch, n_workers, error));
    for (size_t i = 0; i < n_workers; i++) {
        WL_GO(wl_text_scratch_new(company->alloc, &pass.scratch[i], error));
    }
    WL_GO(read_chunks(&pass, &arena_batch, n_workers, error));
    wl_progress(sink, "texts", 1.0);
done:
    for (size_t i = 0; pass.scratch != NULL && i < n_workers; i++) {
        wl_text_scratch_free(pass.scratch[i]);
    }
    wl_arena_release(&arena_batch);
    return status;
}
