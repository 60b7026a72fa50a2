/* A forest compiled for scoring: it asks the features themselves, not encoded columns. Gives the
 * bits of wl_forest_margin on the encoded row, for one row or for many, without allocating. */
#ifndef WL_MODEL_WALK_H
#define WL_MODEL_WALK_H
#include "model/encoder.h"
#include "model/forest.h"

/* For single rows, 16 bytes. A row goes right when low <= value <= high: a number asks [threshold,
 * inf], a level [code, code]. A missing value goes right when the top bit of feature is set. A leaf
 * has low = NaN, no top bit and left = itself, so a row stays there; its output stands in high. */
struct wl_walk_node {
    float low;
    float high;
    uint32_t left;
    uint32_t feature;
};

/* For rows side by side, 16 bytes. A row goes right when its slot's value >= threshold. A leaf has
 * threshold = NaN and left = itself. */
struct wl_walk_lane {
    float threshold;
    float output; /* of a leaf */
    uint32_t left;
    uint32_t slot; /* times the number of lanes */
};

/* One value that lanes ask for: an encoded column with missing sent one way. */
struct wl_walk_slot {
    struct wl_encoder_column column;
    float missing; /* +inf: goes right, -inf: goes left */
};

struct wl_walk {
    const wl_alloc *alloc;
    struct wl_walk_node *nodes; /* (n_nodes) owned */
    struct wl_walk_lane *lanes; /* (n_nodes) owned */
    struct wl_walk_slot *slots; /* (n_slots) owned */
    uint32_t *roots;            /* (n_trees) owned */
    uint32_t *depths;           /* (n_trees) owned: edges on the longest path */
    size_t n_slots;
    size_t n_trees;
    size_t n_features;
    double base_margin;
};

/* wl_walk_init - compile a checked forest. Release with wl_walk_release (zeroed is fine).
 * Cost:    O(nodes). Errors: WL_ESHAPE  forest and encoder differ in columns.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_walk_init(struct wl_walk *walk, const wl_alloc *alloc,
                                     const struct wl_forest *forest,
                                     const struct wl_encoder *encoder, wl_error *error);
void wl_walk_release(struct wl_walk *walk);

/* wl_walk_margins - log-odds of N rows.
 *   values   (in)  (N, F) row-major features, NaN = missing, none infinite.
 *   margins  (out) (N) base_margin + leaves in tree order, summed in double.
 * Cost:    O(N * trees * depth), no allocation. Threads: any number. */
void wl_walk_margins(const struct wl_walk *walk, const float *values, size_t N, double *margins);

#endif
