/* Everything remembered of one user: enough to compute the row of any later moment, and nothing
 * that tells in which order events came.
 *
 *   per signal   totals since ever, hour tiles (3 days), day tiles (longest window), active days
 *   per sketch   hashes of property values with the hour they were last seen
 *   attributes   the latest value of each, by the time it became known
 *
 * A state may be read at any moment not before the newest thing it knows. */
#ifndef WL_FEATURES_STATE_H
#define WL_FEATURES_STATE_H
#include "base/buf.h"
#include "features/binding.h"
#include "features/sketch.h"
#include "features/tiles.h"

#define WL_STATE_TIME_MAX_US  INT64_C(10000000000000000) /* year 2286: beyond is a wrong unit */
#define WL_STATE_VALUE_MAX_E4 INT64_C(1000000000000000)  /* WL_VALUE_ABS_MAX * WL_VALUE_SCALE */
#define WL_STATE_EVENTS_MAX   100000000U /* of one signal of one user: squares then fit 128 bits */
#define WL_STATE_LEVEL_BYTES  255        /* longer categories are cut at a character */
#define WL_STATE_DAYS_KEPT    WL_WINDOW_DAYS_MAX /* active days are remembered for ten years */

struct wl_signal_state {
    struct wl_sums totals; /* since ever */
    uint32_t n_weekend;    /* of totals.n: on Saturdays and Sundays */
    int64_t first_us;      /* WL_TIME_NONE when there is none */
    int64_t last_us;
    struct wl_tiles hours;
    struct wl_tiles days;
    struct wl_day_words active; /* only when the signal needs all days */
};

struct wl_attribute_state {
    bool is_known;
    enum wl_value_kind kind;
    int64_t known_us;
    double number;
    char *text; /* (n_text_bytes) owned */
    size_t n_text_bytes;
    size_t text_capacity;
};

struct wl_state {
    const wl_alloc *alloc;
    const struct wl_plan *plan; /* borrowed: outlives the state */
    int64_t newest_us;          /* when the newest thing became known; WL_TIME_NONE when empty */
    int64_t first_us;           /* first event or text of any kind; WL_TIME_NONE when none */
    int64_t read_from_us;       /* nobody will read before this moment: lets batch skip old tiles */
    struct wl_signal_state *signals;       /* (n_signals) owned */
    struct wl_sketch *sketches;            /* (n_sketches) owned */
    struct wl_attribute_state *attributes; /* (n_attributes) owned */
};

/* wl_state_init - nothing known of a user. wl_state_release - give memory back; zeroed is fine.
 * wl_state_reset - forget everything, keep the memory.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_state_init(struct wl_state *state, const wl_alloc *alloc,
                                      const struct wl_plan *plan, wl_error *error);
void wl_state_release(struct wl_state *state);
void wl_state_reset(struct wl_state *state);

/* wl_state_apply_event - one event of this user became known.
 *   binding  (in) of the same plan; refreshed since the event's names were added.
 * Cost:    O(signals it counts for), no allocation but for new tiles.
 * Errors:  WL_ERANGE  a time or value beyond WL_STATE_TIME_MAX_US, WL_STATE_VALUE_MAX_E4.
 *          WL_ELIMIT  WL_STATE_EVENTS_MAX.  WL_ENOMEM.  The state is as before.
 * Threads: one writer per state. */
WL_MUST_CHECK wl_status wl_state_apply_event(struct wl_state *state,
                                             const struct wl_binding *binding,
                                             const struct wl_event *event, wl_error *error);

/* wl_state_apply_text - one text of this user became known, with what was read in it. For signals
 * of texts alone its mood is its value. Errors as wl_state_apply_event. */
WL_MUST_CHECK wl_status wl_state_apply_text(struct wl_state *state,
                                            const struct wl_binding *binding,
                                            const struct wl_text *text, wl_error *error);

/* wl_state_apply_attribute - one value of an attribute became known. The latest known_us counts; of
 * two at the same moment the greater by kind, number and text. Errors as wl_state_apply_event. */
WL_MUST_CHECK wl_status wl_state_apply_attribute(struct wl_state *state,
                                                 const struct wl_binding *binding,
                                                 const struct wl_attribute *attribute,
                                                 wl_error *error);

/* wl_state_row - the features of this user as of a moment.
 *   as_of_us  (in)  not before state->newest_us.
 *   values    (out) (plan->n_features) float32, NaN = missing; untouched on failure.
 * Cost:    O(tiles inside the longest windows + F); no allocation.
 * Errors:  WL_EINVAL  the state knows things that came later. */
WL_MUST_CHECK wl_status wl_state_row(const struct wl_plan *plan, const struct wl_state *state,
                                     int64_t as_of_us, float *values, wl_error *error);

/* wl_state_level - text of a category column, as in the row; empty when it is missing or the column
 * is none. Borrowed until the state changes. */
struct wl_str wl_state_level(const struct wl_state *state, size_t i_feature);

/* wl_state_prune - forget what no row from state->newest_us on can need. Rows stay the same. */
void wl_state_prune(struct wl_state *state);

/* wl_state_bytes - memory held, for measuring. */
size_t wl_state_bytes(const struct wl_state *state);

/* wl_state_encode - prune, then append the canonical bytes of the state: the same set of events
 * gives the same bytes in whatever order they came. Layout: docs/formats/state.md.
 * Errors:  none at once; ask wl_buf_check. */
void wl_state_encode(struct wl_state *state, struct wl_buf *buf);

/* wl_state_decode - read a state back.
 *   state  (in,out) initialised with the plan; replaced whole, untouched on failure.
 * Errors:  WL_ECORRUPT  cut, altered, or saying what no state says.
 *          WL_EVERSION  written by a later version.
 *          WL_ESCHEMA   of another plan.   WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_state_decode(struct wl_state *state, struct wl_str bytes,
                                        wl_error *error);

#endif
