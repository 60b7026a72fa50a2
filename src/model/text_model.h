/* Text models in the registry: models/<name>/<version>/text.wlt with manifest, aliases and history
 * like any other model, and classifying many texts at once. */
#ifndef WL_MODEL_TEXT_MODEL_H
#define WL_MODEL_TEXT_MODEL_H
#include "model/registry.h"
#include "text/classifier.h"

/* A text model in use. Read-only: any number of threads may share it. */
struct wl_text_model {
    struct wl_text_classifier *classifier; /* owned */
    struct wl_registry_entry entry;
    uint32_t positive;    /* label that means the customer leaves, or WL_TEXT_NO_LABEL */
    double oos_threshold; /* below it a text is none of the others; NaN: only when said */
};

/* wl_text_model_open - load a version from the registry.
 *   arena   (in,out) owns the entry's texts.
 *   which   (in)  version, alias or NULL, as wl_registry_read has it.
 *   model   (out) close with wl_text_model_close.
 * Errors:  those of wl_registry_read and wl_text_classifier_decode. */
WL_MUST_CHECK wl_status wl_text_model_open(struct wl_arena *arena, const char *folder,
                                           const char *name, const char *which,
                                           struct wl_text_model *model, wl_error *error);

/* wl_text_model_close - a zeroed model is fine. */
void wl_text_model_close(struct wl_text_model *model);

/* What is said of a new version beside the classifier itself; borrowed. */
struct wl_text_model_facts {
    struct wl_registry_facts registry;
    const char *parameters; /* how it was learned, for people */
    const char *positive;   /* label that means leaving, or NULL */
    double oos_threshold;   /* NaN: none */
    struct wl_str metrics;  /* JSON object, or "" */
};

/* wl_text_model_keep - store a classifier as the next version of name.
 * Errors:  those of wl_registry_keep and wl_text_classifier_encode. */
WL_MUST_CHECK wl_status wl_text_model_keep(const wl_alloc *alloc, const char *folder,
                                           const char *name,
                                           const struct wl_text_classifier *classifier,
                                           const struct wl_text_model_facts *facts,
                                           int64_t *version_out, wl_error *error);

/* wl_text_is_none - the text is none of the others: said so, or nothing else is likely enough.
 *   none  (in) label of about->none; WL_TEXT_NO_LABEL gives false. */
bool wl_text_is_none(const double *p, size_t n_labels, uint32_t none, double oos_threshold);

#endif
