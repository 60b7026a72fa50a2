/* Glue between the registry, which knows files, and the text classifier, which knows bytes. */
#include "model/text_model.h"

#include "base/json_write.h"
#include "nn/text_file.h"

#include <math.h>

wl_status wl_text_model_open(struct wl_arena *arena, const char *folder, const char *name,
                             const char *which, struct wl_text_model *model, wl_error *error)
{
    struct wl_text_model opened = {.classifier = NULL};
    struct wl_buf bytes;
    wl_status status = WL_OK;

    wl_buf_init(&bytes, arena->alloc, 0);
    WL_GO(wl_registry_read(arena, folder, name, which, WL_REGISTRY_TEXT, &bytes, &opened.entry,
                           error));
    status =
        wl_text_classifier_decode(arena->alloc, wl_buf_view(&bytes), &opened.classifier, error);
    if (status != WL_OK) {
        (void)wl_fail_at(error, status, "model %s version %lld", name,
                         (long long)opened.entry.version);
        goto done;
    }
    const struct wl_node *manifest = opened.entry.manifest;
    opened.positive =
        wl_text_classifier_label(opened.classifier, wl_node_text(manifest, "positive", ""));
    opened.oos_threshold = wl_node_number(manifest, "oos_threshold", (double)NAN);
    *model = opened;
done:
    wl_buf_release(&bytes);
    return status;
}

void wl_text_model_close(struct wl_text_model *model)
{
    wl_text_classifier_free(model->classifier);
    model->classifier = NULL;
}

static void write_about(struct wl_buf *buf, const struct wl_text_about *about,
                        const struct wl_text_model_facts *facts)
{
    struct wl_json_writer json = wl_json_begin(buf);

    wl_json_key(&json, "label");
    wl_json_text(&json, facts->positive != NULL ? facts->positive : "");
    wl_json_key(&json, "task");
    wl_json_text(&json, about->task == WL_TEXT_ONE ? "one" : "any");
    wl_json_key(&json, "labels");
    wl_json_open(&json, '[');
    for (size_t i = 0; i < about->n_labels; i++) {
        wl_json_text(&json, about->labels[i]);
    }
    wl_json_close(&json, ']');
    wl_json_key(&json, "parameters");
    wl_json_text(&json, facts->parameters);
    if (facts->positive != NULL) {
        wl_json_key(&json, "positive");
        wl_json_text(&json, facts->positive);
    }
    if (!isnan(facts->oos_threshold)) {
        wl_json_key(&json, "oos_threshold");
        wl_json_double(&json, facts->oos_threshold);
    }
}

wl_status wl_text_model_keep(const wl_alloc *alloc, const char *folder, const char *name,
                             const struct wl_text_classifier *classifier,
                             const struct wl_text_model_facts *facts, int64_t *version_out,
                             wl_error *error)
{
    const struct wl_text_about *about = wl_text_classifier_about(classifier);
    struct wl_buf bytes;
    struct wl_buf members;
    wl_status status = WL_OK;

    wl_buf_init(&bytes, alloc, 0);
    wl_buf_init(&members, alloc, 0);
    WL_GO(wl_text_classifier_encode(classifier, &bytes, error));
    write_about(&members, about, facts);
    WL_GO(wl_buf_check(&bytes, error));
    WL_GO(wl_buf_check(&members, error));
    struct wl_registry_item item = {.file = WL_REGISTRY_TEXT,
                                    .bytes = wl_buf_view(&bytes),
                                    .algorithm = about->algorithm,
                                    .calibration = "sigmoid",
                                    .about = wl_buf_view(&members),
                                    .metrics = facts->metrics};
    status = wl_registry_keep(alloc, folder, name, &item, &facts->registry, version_out, error);
done:
    wl_buf_release(&members);
    wl_buf_release(&bytes);
    return status;
}

bool wl_text_is_none(const double *p, size_t n_labels, uint32_t none, double oos_threshold)
{
    uint32_t best = WL_TEXT_NO_LABEL; // of the others

    if (none == WL_TEXT_NO_LABEL) {
        return false;
    }
    for (uint32_t c = 0; c < n_labels; c++) {
        if (c != none && (best == WL_TEXT_NO_LABEL || p[c] > p[best])) {
            best = c;
        }
    }
    // a tie goes to the lower number, as in wl_text_answer_of; nothing is below NaN
    bool is_said = p[none] > p[best] || (p[none] == p[best] && none < best);
    return is_said || p[best] < oos_threshold;
}
