/* What the files that compile a plan share; nobody else includes this. */
#ifndef WL_FEATURES_PLAN_INNER_H
#define WL_FEATURES_PLAN_INNER_H
#include "data/schema.h"
#include "features/plan.h"

struct wl_plan_builder {
    struct wl_arena *arena;
    const struct wl_plan_options *options;
    struct wl_plan *plan;
    wl_error *error;
};

/* Words of one feature, to be put into the templates of its aggregate. */
struct wl_plan_words {
    const struct wl_signal *signal;
    const char *prop;  /* distinct; "" otherwise */
    int64_t window_us; /* as in wl_feature */
    bool is_zh;
    bool is_formula; /* {s} is the signal's name, {w} its window as written */
};

/* wl_plan_fail_memory - WL_ENOMEM with its text. */
wl_status wl_plan_fail_memory(const struct wl_plan_builder *builder);

/* wl_plan_find_signal - index of the named signal, or SIZE_MAX. */
size_t wl_plan_find_signal(const struct wl_plan *plan, const char *name);

/* wl_plan_read_signal - one item of "signals". wl_plan_read_set, wl_plan_read_ratio,
 * wl_plan_read_given - of "sets", "ratios", "given". */
WL_MUST_CHECK wl_status wl_plan_read_signal(struct wl_plan_builder *builder,
                                            const struct wl_node *node);
WL_MUST_CHECK wl_status wl_plan_read_set(struct wl_plan_builder *builder,
                                         const struct wl_node *node);
WL_MUST_CHECK wl_status wl_plan_read_ratio(struct wl_plan_builder *builder,
                                           const struct wl_node *node);
WL_MUST_CHECK wl_status wl_plan_read_given(struct wl_plan_builder *builder,
                                           const struct wl_node *node);

/* wl_plan_drop_features - leave the named features out.
 *   section  (in) where to point when a name is wrong. */
WL_MUST_CHECK wl_status wl_plan_drop_features(struct wl_plan_builder *builder,
                                              const struct wl_node *section,
                                              const struct wl_texts *drop);

/* wl_plan_settle - windows, sketches and baselines, once all features are there. */
WL_MUST_CHECK wl_status wl_plan_settle(struct wl_plan_builder *builder);

/* wl_plan_fill - a template with {s}, {v}, {w} and {p} filled in, in the arena; NULL when out. */
const char *wl_plan_fill(struct wl_arena *arena, const char *form,
                         const struct wl_plan_words *words);

/* wl_window_text - "30d" or "all" in the arena; NULL when out. */
const char *wl_window_text(struct wl_arena *arena, int64_t window_us);

/* wl_plan_add_feature - append a column, refusing a name that is there.
 *   node  (in) where to point when it is refused. */
WL_MUST_CHECK wl_status wl_plan_add_feature(struct wl_plan_builder *builder,
                                            const struct wl_node *node,
                                            const struct wl_feature *feature);

/* wl_plan_read_attributes - the key "attributes": all, or a list of names and maps. */
WL_MUST_CHECK wl_status wl_plan_read_attributes(struct wl_plan_builder *builder,
                                                const struct wl_node *attributes);

/* wl_plan_check_code - a reason code of the taxonomy, or a complaint. */
WL_MUST_CHECK wl_status wl_plan_check_code(const struct wl_node *node, const char *code,
                                           wl_error *error);

/* wl_plan_sort - columns in the order of a definition: of signals, ratios, attributes. */
WL_MUST_CHECK wl_status wl_plan_sort(struct wl_plan_builder *builder);

/* wl_plan_define - write plan->definition, its hashes and the schema. */
WL_MUST_CHECK wl_status wl_plan_define(struct wl_plan_builder *builder);

#endif
