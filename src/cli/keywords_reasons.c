/* Keywords by the reasons they name. A keyword is asked for its reason by the same rules that read
 * whole texts; what only says that somebody goes ("cancel", "退订") is a kind of its own, because it
 * is the strongest sign of leaving and no reason for it.
 *
 * A reason is then compared as a word is: by the texts of each group that hold any keyword that
 * names it. All such keywords count, whichever group they lean to, so that the comparison is not
 * made by choosing words that lean. */
#include "cli/keywords_run.h"

#include "text/keyword_kind.h"

#include <stdlib.h>

// The label with most points; WL_REASON_NONE when none has any.
static uint32_t best_label(const double *points, size_t n_labels)
{
    uint32_t best = WL_REASON_NONE;

    for (uint32_t label = 0; label < n_labels; label++) {
        if (points[label] > 0.0 && (best == WL_REASON_NONE || points[label] > points[best])) {
            best = label;
        }
    }
    return best;
}

static wl_status name_all(struct wl_keyword_table *table, struct wl_text_scratch *scratch,
                          double *points, struct wl_buf *name, wl_error *error)
{
    size_t n_labels = wl_text_classifier_about(table->rules)->n_labels;

    for (uint32_t unit = 0; unit < table->matrix.n_terms; unit++) {
        bool is_word = unit < table->phrases.n_terms;
        table->reason_of[unit] = WL_REASON_NONE;
        if (is_word && table->corpus.terms[unit].kind != WL_WORD_CONTENT) {
            continue;
        }
        wl_buf_clear(name);
        wl_phrases_name(&table->phrases, unit, name);
        WL_TRY(wl_buf_check(name, error));
        WL_TRY(wl_rules_score(table->rules, wl_buf_view(name), scratch, points, NULL, NULL, error));
        uint32_t label = best_label(points, n_labels);
        if (wl_keyword_is_leaving(wl_buf_view(name), label != WL_REASON_NONE)) {
            label = WL_REASON_LEAVING;
        }
        table->reason_of[unit] = label;
    }
    return WL_OK;
}

wl_status wl_keyword_reasons_name(struct wl_keyword_table *table, wl_error *error)
{
    const wl_alloc *alloc = table->cli->alloc;
    struct wl_rules_file file = {.name = "built-in"};
    struct wl_text_scratch *scratch = NULL;
    struct wl_buf name;
    double *points = NULL;
    wl_status status = WL_OK;

    wl_buf_init(&name, alloc, 0);
    WL_ASSERT(wl_rules_builtin("reasons", &file.text));
    WL_GO(wl_rules_open(alloc, &file, 1, &table->rules, error));
    WL_GO(wl_text_scratch_new(alloc, &scratch, error));
    points =
        wl_alloc_zeroed(alloc, wl_text_classifier_about(table->rules)->n_labels, sizeof(*points));
    table->reason_of = wl_alloc_zeroed(alloc, table->matrix.n_terms + 1, sizeof(*table->reason_of));
    if (points == NULL || table->reason_of == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for the reasons of %zu words",
                         table->matrix.n_terms);
        goto done;
    }
    status = name_all(table, scratch, points, &name, error);
done:
    wl_alloc_free(alloc, points);
    wl_text_scratch_free(scratch);
    wl_buf_release(&name);
    return status;
}

static int compare_reasons(const void *a, const void *b)
{
    const struct wl_keyword_reason *one = a;
    const struct wl_keyword_reason *other = b;

    if (one->contrast.z != other->contrast.z) {
        return one->contrast.z > other->contrast.z ? -1 : 1;
    }
    return (one->label > other->label) - (one->label < other->label);
}

// Texts of each group by the reasons they name; seen holds the last text of each label, from 1.
static void count_texts(const struct wl_keyword_table *table, const uint8_t *group,
                        struct wl_contrast_counts *counts, size_t *seen, size_t n_labels)
{
    const struct wl_term_matrix *matrix = &table->matrix;

    for (size_t text = 0; text < matrix->n_texts; text++) {
        if (group[text] > WL_GROUP_B) {
            continue;
        }
        for (size_t label = 0; label < n_labels; label++) {
            counts[label].n_texts[group[text]]++;
        }
        for (size_t i = matrix->begin[text]; i < matrix->begin[text + 1]; i++) {
            uint32_t label = table->reason_of[matrix->items[i].term];
            if (label < n_labels && seen[label] != text + 1) {
                seen[label] = text + 1;
                counts[label].n_with[group[text]]++;
            }
        }
    }
}

wl_status wl_keyword_reasons_rank(struct wl_keyword_table *table, const uint8_t *group,
                                  uint32_t min_df, wl_error *error)
{
    const wl_alloc *alloc = table->cli->alloc;
    size_t n_labels = wl_text_classifier_about(table->rules)->n_labels;
    struct wl_contrast_counts *counts = wl_alloc_zeroed(alloc, n_labels, sizeof(*counts));
    size_t *seen = wl_alloc_zeroed(alloc, n_labels, sizeof(*seen));
    wl_status status = WL_OK;

    table->reasons = wl_alloc_zeroed(alloc, n_labels, sizeof(*table->reasons));
    if (counts == NULL || seen == NULL || table->reasons == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for %zu reasons", n_labels);
        goto done;
    }
    count_texts(table, group, counts, seen, n_labels);
    for (uint32_t label = 0; label < n_labels; label++) {
        if (counts[label].n_with[0] + counts[label].n_with[1] >= min_df) {
            table->reasons[table->n_reasons++] = (struct wl_keyword_reason){
                .label = label, .contrast = wl_contrast_of(&counts[label], WL_CONTRAST_PRIOR)};
        }
    }
    qsort(table->reasons, table->n_reasons, sizeof(*table->reasons), compare_reasons);
done:
    wl_alloc_free(alloc, counts);
    wl_alloc_free(alloc, seen);
    return status;
}
