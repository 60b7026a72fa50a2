/* Reasons meet templates here: text/ knows labels, compose/ knows codes, the journey sees both. */
#include "journey_reasons.h"

#include "base/file.h"
#include "compose/taxonomy.h"
#include "data/schema.h"
#include "explain/sayings.h"
#include "text/rules.h"

#include <string.h>

static wl_status check_answers(const struct wl_text_classifier *taxonomy, const char *file,
                               wl_error *error)
{
    const struct wl_rules_label *labels = wl_rules_labels(taxonomy);

    for (size_t i = 0; i < wl_text_classifier_about(taxonomy)->n_labels; i++) {
        struct wl_str answer = wl_str_from(labels[i].answer);
        if (answer.n_bytes > 0 && wl_name_find(wl_reason_names, answer) < 0) {
            const char *near = wl_closest(answer, wl_reason_names);
            return wl_fail(error, WL_ECONFIG, "%s: label %s: answer: no reason \"%s\"%s%s%s", file,
                           labels[i].id, labels[i].answer, near != NULL ? " (did you mean \"" : "",
                           near != NULL ? near : "", near != NULL ? "\"?)" : "");
        }
    }
    return WL_OK;
}

wl_status wl_taxonomy_open_at(const char *path, const wl_alloc *alloc,
                              struct wl_text_classifier **taxonomy_out, wl_error *error)
{
    struct wl_rules_file files[2] = {{.name = "built-in reasons.yaml"}};
    struct wl_text_classifier *taxonomy = NULL;
    size_t n_files = 1;
    struct wl_buf own;
    wl_status status = WL_OK;

    wl_buf_init(&own, alloc, WL_CONFIG_BYTES_MAX);
    bool is_there = wl_rules_builtin("reasons", &files[0].text);
    WL_ASSERT(is_there);
    if (wl_file_exists(path)) {
        WL_GO(wl_file_read(path, &own, error));
        files[n_files++] = (struct wl_rules_file){path, wl_buf_view(&own)};
    }
    WL_GO(wl_rules_open(alloc, files, n_files, &taxonomy, error));
    WL_GO(check_answers(taxonomy, files[n_files - 1].name, error));
    *taxonomy_out = taxonomy;
    taxonomy = NULL;
done:
    wl_text_classifier_free(taxonomy);
    wl_buf_release(&own);
    return status;
}

wl_status wl_taxonomy_open(const struct wl_workspace *workspace, const wl_alloc *alloc,
                           struct wl_text_classifier **taxonomy_out, wl_error *error)
{
    return wl_taxonomy_open_at(workspace->taxonomy_path, alloc, taxonomy_out, error);
}

wl_status wl_taxonomy_said(const wl_alloc *alloc, const struct wl_company *company,
                           const struct wl_text_classifier *taxonomy, struct wl_score *scores,
                           size_t n_scores, wl_error *error)
{
    struct wl_sayings sayings = {0};

    WL_TRY(wl_sayings_new(alloc, company, taxonomy, &sayings, error));
    for (size_t i = 0; i < n_scores; i++) {
        uint32_t user = wl_dict_find(&company->users, scores[i].user);
        if (user != WL_DICT_NONE) {
            scores[i].said = wl_sayings_find(&sayings, user, scores[i].as_of_us);
        }
    }
    wl_sayings_release(&sayings);
    return WL_OK;
}
