/* One text model for each fold of the churn model. Its own calibration folds hold the customer (or
 * everybody with the same text) out, and those held-out probabilities are the training values of
 * the column: made of seen labels it would look perfect in training and be noise afterwards. */
#include "journey_train_texts.h"

#include "journey_train_column.h"
#include "text/text_train.h"

#include <math.h>
#include <string.h>

void wl_text_lab_release(struct wl_text_lab *lab)
{
    wl_arena_release(&lab->arena);
    *lab = (struct wl_text_lab){0};
}

static uint32_t find_root(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i) {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    return i;
}

// Customers with a text in common become one group; the lower number is the root, so that the
// result does not depend on the order of joining.
static void join(uint32_t *parent, uint32_t a, uint32_t b)
{
    uint32_t x = find_root(parent, a);
    uint32_t y = find_root(parent, b);

    if (x < y) {
        parent[y] = x;
    } else {
        parent[x] = y;
    }
}

static bool has_chinese(struct wl_str text)
{
    for (size_t i = 0; i + 2 < text.n_bytes; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte >= 0xE4 && byte <= 0xE9) { // U+4000 .. U+9FFF
            return true;
        }
    }
    return false;
}

static wl_status write_documents(struct wl_text_lab *lab, const wl_alloc *alloc,
                                 const struct wl_company *company, const struct wl_rows *rows,
                                 const struct wl_labelled *labelled, wl_error *error)
{
    struct wl_documents documents = {0};
    struct wl_buf text;
    size_t n_documents = 0;
    size_t n_chinese = 0;
    wl_status status = WL_OK;

    wl_buf_init(&text, alloc, 0);
    WL_GO(wl_documents_init(&documents, alloc, company, error));
    for (size_t i = 0; i < lab->n_rows; i++) {
        struct wl_str id = wl_dict_string(&rows->users, labelled->user[i]);
        wl_buf_clear(&text);
        if (wl_document_write(&documents, wl_dict_find(&company->users, id), labelled->as_of_us[i],
                              &text) == 0) {
            continue;
        }
        WL_GO(wl_buf_check(&text, error));
        const char *kept = wl_arena_string(&lab->arena, wl_buf_view(&text));
        if (kept == NULL) {
            status = wl_fail(error, WL_ENOMEM, "no memory for %zu documents", lab->n_rows);
            goto done;
        }
        lab->texts[i] = (struct wl_str){.data = kept, .n_bytes = text.n_bytes};
        n_documents++;
        n_chinese += has_chinese(lab->texts[i]);
    }
    lab->is_chinese = n_documents > 0 && n_chinese * 10 >= n_documents * 3;
done:
    wl_buf_release(&text);
    wl_documents_release(&documents);
    return status;
}

static wl_status join_same_texts(struct wl_text_lab *lab, const wl_alloc *alloc,
                                 const struct wl_company *company, const struct wl_rows *rows,
                                 wl_error *error)
{
    struct wl_map64 first; // customer who brought a text, by its hash
    wl_status status = WL_OK;

    wl_map64_init(&first, alloc);
    for (size_t i = 0; i < company->texts.n_texts; i++) {
        const struct wl_text *text = &company->texts.texts[i];
        uint32_t user = wl_dict_find(&rows->users, wl_dict_string(&company->users, text->user));
        bool is_new = false;
        if (user == WL_DICT_NONE) {
            continue;
        }
        uint64_t *writer = wl_map64_at(&first, wl_str_hash(text->body, 0), &is_new);
        if (writer == NULL) {
            status = wl_fail(error, WL_ENOMEM, "no memory to group %zu texts", i);
            goto done;
        }
        if (is_new) {
            *writer = user;
        } else {
            join(lab->group_of_user, (uint32_t)*writer, user);
        }
    }
done:
    wl_map64_release(&first);
    return status;
}

wl_status wl_text_lab_init(struct wl_text_lab *lab, const wl_alloc *alloc,
                           const struct wl_company *company, const struct wl_rows *rows,
                           const struct wl_labelled *labelled, bool joins_same_text,
                           wl_error *error)
{
    struct wl_text_lab made = {.n_rows = labelled->n_rows, .n_groups = labelled->n_users};
    wl_status status = WL_OK;

    wl_arena_init(&made.arena, alloc, 0);
    made.texts = wl_arena_zeroed(&made.arena, made.n_rows + 1, sizeof(*made.texts));
    made.group = wl_arena_zeroed(&made.arena, made.n_rows + 1, sizeof(*made.group));
    made.group_of_user =
        wl_arena_zeroed(&made.arena, labelled->n_users + 1, sizeof(*made.group_of_user));
    if (made.texts == NULL || made.group == NULL || made.group_of_user == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for %zu documents", made.n_rows);
        goto done;
    }
    for (size_t u = 0; u < labelled->n_users; u++) {
        made.group_of_user[u] = (uint32_t)u;
    }
    WL_GO(write_documents(&made, alloc, company, rows, labelled, error));
    if (joins_same_text) {
        WL_GO(join_same_texts(&made, alloc, company, rows, error));
    }
    for (size_t u = 0; u < labelled->n_users; u++) {
        made.group_of_user[u] = find_root(made.group_of_user, (uint32_t)u);
    }
    for (size_t i = 0; i < made.n_rows; i++) {
        made.group[i] = made.group_of_user[labelled->user[i]];
    }
    *lab = made;
    made = (struct wl_text_lab){0};
done:
    wl_text_lab_release(&made);
    return status;
}

/* Texts of one fold to learn from. */
struct lesson {
    struct wl_str *texts;
    uint32_t *labels;
    uint32_t *groups;
    uint32_t *rows; /* in the lab */
    double *held_p; /* (n, 2) */
    size_t n;
};

static wl_status gather(const struct wl_text_lab *lab, const struct wl_labelled *labelled,
                        const struct wl_fold *fold, struct wl_arena *arena, struct lesson *lesson,
                        wl_error *error)
{
    size_t n = fold->n_fit + 1;

    *lesson = (struct lesson){.texts = wl_arena_zeroed(arena, n, sizeof(*lesson->texts)),
                              .labels = wl_arena_zeroed(arena, n, sizeof(*lesson->labels)),
                              .groups = wl_arena_zeroed(arena, n, sizeof(*lesson->groups)),
                              .rows = wl_arena_zeroed(arena, n, sizeof(*lesson->rows)),
                              .held_p = wl_arena_zeroed(arena, 2 * n, sizeof(*lesson->held_p))};
    if (lesson->texts == NULL || lesson->labels == NULL || lesson->groups == NULL ||
        lesson->rows == NULL || lesson->held_p == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to learn from %zu documents", n);
    }
    for (size_t i = 0; i < fold->n_fit; i++) {
        uint32_t row = fold->fit[i];
        if (lab->texts[row].n_bytes > 0) {
            lesson->texts[lesson->n] = lab->texts[row];
            lesson->labels[lesson->n] = labelled->y[row];
            lesson->groups[lesson->n] = lab->group[row];
            lesson->rows[lesson->n++] = row;
        }
    }
    return WL_OK;
}

static wl_status read_held(const struct wl_text_lab *lab, const struct wl_fold *fold,
                           const struct wl_text_classifier *classifier, const wl_alloc *alloc,
                           float *values, wl_error *error)
{
    struct wl_text_scratch *scratch = NULL;
    wl_status status = WL_OK;

    WL_TRY(wl_text_scratch_new(alloc, &scratch, error));
    for (size_t i = 0; i < fold->n_held; i++) {
        uint32_t row = fold->held[i];
        double p[2] = {0.0, 0.0};
        if (lab->texts[row].n_bytes > 0) {
            WL_GO(wl_text_classify(classifier, lab->texts[row], scratch, p, error));
            values[row] = (float)(100.0 * p[WL_TEXT_CHURN_LEAVES]);
        }
    }
done:
    wl_text_scratch_free(scratch);
    return status;
}

// The held-out probabilities must rank leavers above stayers by more than chance: customers may
// share their texts word for word.
static wl_status earns_place(const struct wl_text_lab *lab, const struct lesson *lesson,
                             struct wl_arena *arena, const wl_alloc *alloc, double *auc_out,
                             double *low_out, wl_error *error)
{
    size_t n = lesson->n;
    double *p = wl_arena_zeroed(arena, n + 1, sizeof(*p));
    uint8_t *y = wl_arena_zeroed(arena, n + 1, sizeof(*y));

    if (p == NULL || y == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to judge %zu documents", n);
    }
    for (size_t i = 0; i < n; i++) {
        p[i] = lesson->held_p[2 * i + WL_TEXT_CHURN_LEAVES];
        y[i] = (uint8_t)lesson->labels[i];
    }
    const struct wl_column_proof proof = {
        .p = p, .y = y, .group = lesson->groups, .n = n, .n_groups = lab->n_groups};
    return wl_column_judge(alloc, &proof, auc_out, low_out, error);
}

wl_status wl_text_lab_fold(const struct wl_text_lab *lab, const struct wl_labelled *labelled,
                           const struct wl_fold *fold, uint64_t seed, size_t n_threads,
                           const struct wl_sink *sink, float *values,
                           struct wl_text_classifier **classifier_out, wl_error *error)
{
    const wl_alloc *alloc = labelled->alloc;
    struct wl_text_classifier *classifier = NULL;
    struct wl_text_train_options options;
    struct wl_arena arena_batch;
    struct lesson lesson;
    wl_error inner = {0};
    wl_status status = WL_OK;

    wl_arena_init(&arena_batch, alloc, 0);
    for (size_t i = 0; i < lab->n_rows; i++) {
        values[i] = NAN;
    }
    WL_GO(gather(lab, labelled, fold, &arena_batch, &lesson, error));
    struct wl_text_set set = {.texts = lesson.texts,
                              .labels = lesson.labels,
                              .groups = lesson.groups,
                              .n = lesson.n,
                              .names = wl_text_churn_labels,
                              .n_labels = 2,
                              .task = WL_TEXT_ONE};
    wl_text_train_options_init(&options, lab->is_chinese);
    options.seed = seed;
    status =
        wl_text_train(alloc, &set, &options, n_threads, sink, lesson.held_p, &classifier, &inner);
    if (status == WL_EGATE) {
        wl_notice(sink, "no model of texts: %s", inner.message);
        status = WL_OK;
        goto done;
    }
    if (status != WL_OK) {
        status = wl_fail(error, status, "model of texts: %s", inner.message);
        goto done;
    }
    double auc = 0.0;
    double low = 0.0;
    WL_GO(earns_place(lab, &lesson, &arena_batch, alloc, &auc, &low, error));
    if (!(low > 0.5)) {
        wl_notice(
            sink,
            "texts do not tell leavers from stayers (AUC %.3f on customers not seen, at least "
            "%.3f): column " WL_TEXT_CHURN_FEATURE " stays empty",
            auc, low);
        goto done;
    }
    for (size_t i = 0; i < lesson.n; i++) {
        values[lesson.rows[i]] = (float)(100.0 * lesson.held_p[2 * i + WL_TEXT_CHURN_LEAVES]);
    }
    WL_GO(read_held(lab, fold, classifier, alloc, values, error));
    if (classifier_out != NULL) {
        *classifier_out = classifier;
        classifier = NULL;
    }
done:
    wl_text_classifier_free(classifier);
    wl_arena_release(&arena_batch);
    return status;
}
