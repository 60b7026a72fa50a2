/* The wire forms: Segment track lines, CSV and the truth. Numbers are formatted here by hand,
 * because two million lines a few seconds leave no room for printf. */
#ifndef WL_SIMULATE_EMIT_H
#define WL_SIMULATE_EMIT_H
#include "base/buf.h"
#include "simulate/life.h"

/* What all lines share. */
struct wl_sim_emitter {
    const struct wl_world *world;
    const struct wl_sim_text *texts; /* (n_texts) borrowed */
};

/* wl_sim_event_write - one events.ndjson line with its line end. */
void wl_sim_event_write(const struct wl_sim_emitter *emitter, const struct wl_sim_event *event,
                        struct wl_buf *buf);

/* wl_sim_texts_header - first line of texts.csv. */
void wl_sim_texts_header(struct wl_buf *buf);

/* wl_sim_text_write - one row of texts.csv. */
void wl_sim_text_write(const struct wl_sim_text *text, bool is_churner, struct wl_buf *buf);

/* wl_sim_customers_header - first line of customers.csv. */
void wl_sim_customers_header(struct wl_buf *buf);

/* wl_sim_customer_write - one row of customers.csv. */
void wl_sim_customer_write(const struct wl_world *world, const struct wl_sim_traits *traits,
                           size_t i_user, struct wl_buf *buf);

/* wl_sim_truth_write - one truth.ndjson line.
 *   hazards  (in) (weeks) as wl_sim_life_run leaves them. */
void wl_sim_truth_write(const struct wl_world *world, const struct wl_sim_truth *truth,
                        const float *hazards, size_t i_user, struct wl_buf *buf);

#endif
