/* A tiny model of sequences over three names, for tests. */
#ifndef WL_TESTS_UNIT_MODEL_EVENT_MODEL_SAMPLE_H
#define WL_TESTS_UNIT_MODEL_EVENT_MODEL_SAMPLE_H
#include "check.h"

#include "model/event_model.h"

/* Errors: WL_ENOMEM, with nothing left behind. */
static inline wl_status event_sample(const wl_alloc *alloc, enum wl_sequence_body body,
                                     struct wl_event_model **model_out)
{
    static const char *const names[3] = {"buy", "open", "\xE9\x80\x80\xE8\xB4\xA7"};
    const struct wl_sequence_cut cut = {.n_events_max = 4, .window_us = INT64_C(1) << 41};
    struct wl_sequence_config config = wl_sequence_config_default();
    struct wl_event_model *model = NULL;
    wl_status status = wl_event_model_new(alloc, names, 3, &cut, &model, NULL);

    if (status != WL_OK) {
        return status;
    }
    config.body = body;
    config.n_ids[0] = 5;
    config.n_ids[1] = WL_GAP_BUCKETS;
    config.n_ids[2] = WL_VALUE_BUCKETS;
    config.n_embedding = config.n_hidden = 4;
    config.n_heads = 2;
    config.n_positions = 5;
    status = wl_sequence_model_new(alloc, &config, 3, &model->net, NULL);
    model->epochs = wl_arena_zeroed(&model->arena, 2, sizeof(*model->epochs));
    if (status != WL_OK || model->epochs == NULL) {
        wl_event_model_free(model);
        return WL_ENOMEM;
    }
    model->epochs[0] = (struct wl_event_epoch){0.75, 0.5, 0.625};
    model->epochs[1] = (struct wl_event_epoch){0.5, (double)NAN, 0.75};
    model->n_epochs = 2;
    *model_out = model;
    return WL_OK;
}

#endif
