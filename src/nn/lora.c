/* Building adapters and folding them into weights; what a pass does with them is in lora_pass.c.
 *
 * A model is changed at the very end, when nothing can fail any more. Merging keeps the old weights
 * instead of subtracting the product again: (w + d) - d is not w in float. Sums of a merge are in
 * double, so merged and unmerged logits differ by one rounding of each weight. */
#include "nn/lora.h"

#include "nn/lora_inside.h"

#include <math.h>
#include <string.h>

#define R_MAX ((size_t)4096) /* above the narrowest layer of any model people adapt: a slip */

struct wl_lora_options wl_lora_options_default(void)
{
    return (struct wl_lora_options){.r = 16, .alpha = 32.0, .dropout = 0.1, .seed = 1};
}

void wl_lora_rates(struct wl_optimizer_options *options, double adapter_rate, double base_rate)
{
    options->rate = adapter_rate;
    options->n_groups = 2;
    options->group_factors[WL_LORA_ADAPTERS] = 1.0;
    options->group_factors[WL_LORA_BASE] = base_rate / adapter_rate;
}

// -- what is asked for --

static wl_status check_options(const struct wl_lora_options *o, wl_error *error)
{
    if (o->r == 0 || o->r > R_MAX) {
        return wl_fail(error, WL_ECONFIG, "rank %zu of adapters, not 1 to %zu", o->r, R_MAX);
    }
    if (!isfinite(o->alpha) || o->alpha <= 0.0) {
        return wl_fail(error, WL_ECONFIG, "alpha %g of adapters is not above 0", o->alpha);
    }
    if (!(o->dropout >= 0.0 && o->dropout < 1.0)) {
        return wl_fail(error, WL_ECONFIG, "dropout %g of adapters is not in [0, 1)", o->dropout);
    }
    return WL_OK;
}

// Words separated by commas, each once, as far as they fit a message.
struct listing {
    char text[160];
    size_t n_bytes;
};

static void list_word(struct listing *list, const char *word, size_t n_bytes)
{
    struct wl_str rest = {.data = list->text, .n_bytes = list->n_bytes};

    while (rest.n_bytes > 0) {
        struct wl_str seen = wl_str_trim(wl_str_cut(&rest, ','));
        if (seen.n_bytes == n_bytes && memcmp(seen.data, word, n_bytes) == 0) {
            return;
        }
    }
    if (list->n_bytes + n_bytes + 2 < sizeof(list->text)) {
        memcpy(list->text + list->n_bytes, ", ", 2);
        size_t skip = list->n_bytes > 0 ? 2 : 0;
        memcpy(list->text + list->n_bytes + skip, word, n_bytes);
        list->n_bytes += skip + n_bytes;
    }
}

static wl_status fail_target(const struct wl_lora_places *places, struct wl_str target,
                             wl_error *error)
{
    struct listing list = {0};

    for (size_t i = 0; i < places->n; i++) {
        const char *module = places->items[i].module;
        const char *dot = strrchr(module, '.');
        const char *word = dot != NULL ? dot + 1 : module;
        list_word(&list, word, strlen(word));
    }
    return wl_fail(error, WL_ECONFIG, "no layer is called \"%.*s\"; the model has %.*s",
                   WL_STR_ARG(target), (int)list.n_bytes, list.text);
}

// Marks the places that a target names; 0: none.
static size_t choose(const struct wl_lora_places *places, const struct wl_lora_names *names,
                     const struct wl_lora_choice *choice, struct wl_lora_choice *choices)
{
    size_t n_found = 0;

    for (size_t i = 0; i < places->n * names->n; i++) {
        size_t place = i / names->n;
        if (wl_lora_name_matches(places->items[place].module, names->items[i % names->n])) {
            choices[place] = *choice;
            n_found++;
        }
    }
    return n_found;
}

static wl_status choose_all(const struct wl_lora_places *places,
                            const struct wl_lora_options *options, struct wl_lora_choice *choices,
                            wl_error *error)
{
    const struct wl_lora_names *targets =
        options->targets.n > 0 ? &options->targets : &places->preset;
    double r = (double)options->r;
    const struct wl_lora_choice choice = {
        .r = options->r, .scale = options->alpha / (options->is_rank_stabilised ? sqrt(r) : r)};

    for (size_t t = 0; t < targets->n; t++) {
        struct wl_lora_names names = wl_lora_alias_names(places, &targets->items[t]);
        if (choose(places, &names, &choice, choices) == 0) {
            return fail_target(places, targets->items[t], error);
        }
    }
    return WL_OK;
}

// The targets without aliases, for the adapter's folder.
static wl_status keep_targets(struct wl_lora *lora, const struct wl_lora_places *places,
                              const struct wl_lora_options *options, wl_error *error)
{
    enum { ALIAS_MAX = 4 }; // names that an alias stands for at most
    const struct wl_lora_names *targets =
        options->targets.n > 0 ? &options->targets : &places->preset;
    struct wl_str *kept = wl_arena_zeroed(&lora->arena, targets->n * ALIAS_MAX, sizeof(*kept));
    size_t n = 0;

    for (size_t t = 0; kept != NULL && t < targets->n; t++) {
        struct wl_lora_names names = wl_lora_alias_names(places, &targets->items[t]);
        WL_ASSERT(names.n <= ALIAS_MAX);
        for (size_t i = 0; i < names.n; i++) {
            const char *text = wl_arena_string(&lora->arena, names.items[i]);
            if (text == NULL) {
                return wl_fail(error, WL_ENOMEM, "no memory for adapters");
            }
            kept[n++] = wl_str_from(text);
        }
    }
    lora->targets = (struct wl_lora_names){.items = kept, .n = n};
    return kept != NULL ? WL_OK : wl_fail(error, WL_ENOMEM, "no memory for adapters");
}

// -- the block --

static wl_status add_part(struct wl_lora *lora, const struct wl_lora_place *place,
                          const struct wl_lora_choice *choice, wl_error *error)
{
    size_t r = choice->r;
    struct wl_lora_part *part = &lora->parts[lora->n_parts];
    struct wl_lora_layer *layer = &lora->layers[lora->n_layers];
    const size_t a_dims[2] = {r, place->dense->n_in};
    const size_t b_dims[2] = {place->n_rows, r};

    memcpy(part->module, place->module, sizeof(part->module));
    part->r = r;
    part->n_in = place->dense->n_in;
    part->row_begin = place->row_begin;
    part->n_rows = place->n_rows;
    part->scale = (float)choice->scale;
    part->is_turned = place->is_turned;
    WL_TRY(wl_tensors_add(&lora->tensors, WL_TENSOR_WEIGHT, a_dims, 2, &part->a, error,
                          "%s.lora_A.weight", place->module));
    WL_TRY(wl_tensors_add(&lora->tensors, WL_TENSOR_WEIGHT, b_dims, 2, &part->b, error,
                          "%s.lora_B.weight", place->module));
    if (lora->n_layers > 0 && layer[-1].dense == place->dense) {
        layer[-1].n++;
    } else {
        *layer = (struct wl_lora_layer){
            .lora = lora, .dense = place->dense, .first = lora->n_parts, .n = 1};
        lora->n_layers++;
    }
    lora->n_parts++;
    return WL_OK;
}

static wl_status add_guest(struct wl_lora *lora, const struct wl_tensor *tensor,
                           enum wl_lora_group group, wl_error *error)
{
    struct wl_lora_guest *guest = &lora->guests[lora->n_guests];

    for (size_t i = 0; i < lora->n_layers; i++) {
        if (lora->layers[i].dense->weight == tensor->offset) {
            return wl_fail(error, WL_ECONFIG, "%s has an adapter, so it cannot be unfrozen, too",
                           tensor->name);
        }
    }
    WL_TRY(wl_tensors_add(&lora->tensors, tensor->kind, tensor->dims, tensor->n_dims, &guest->here,
                          error, "%s", tensor->name));
    wl_tensors_at(&lora->tensors, guest->here)->group = (uint32_t)group;
    guest->base = tensor->offset;
    guest->n_values = tensor->n_values;
    lora->n_guests++;
    return WL_OK;
}

static bool begins_with_word(const char *name, struct wl_str word)
{
    return strncmp(name, word.data, word.n_bytes) == 0 &&
           (name[word.n_bytes] == '.' || name[word.n_bytes] == '\0');
}

static wl_status fail_tensor(const struct wl_lora_places *places, struct wl_str name,
                             wl_error *error)
{
    struct listing list = {0};

    for (size_t i = 0; i < places->tensors->n_tensors; i++) {
        const char *tensor = places->tensors->items[i].name;
        list_word(&list, tensor, strcspn(tensor, "."));
    }
    return wl_fail(error, WL_ECONFIG, "nothing in the model is called \"%.*s\"; it has %.*s",
                   WL_STR_ARG(name), (int)list.n_bytes, list.text);
}

static wl_status add_guests(struct wl_lora *lora, const struct wl_lora_places *places,
                            const struct wl_lora_names *wanted, enum wl_lora_group group,
                            wl_error *error)
{
    for (size_t w = 0; w < wanted->n; w++) {
        struct wl_lora_names names = wl_lora_alias_names(places, &wanted->items[w]);
        size_t n_found = 0;
        for (size_t i = 0; i < places->tensors->n_tensors * names.n; i++) {
            const struct wl_tensor *tensor = &places->tensors->items[i / names.n];
            if (begins_with_word(tensor->name, names.items[i % names.n])) {
                WL_TRY(add_guest(lora, tensor, group, error));
                n_found++;
            }
        }
        if (n_found == 0) {
            return fail_tensor(places, wanted->items[w], error);
        }
    }
    return WL_OK;
}

// Kaiming's uniform values with a = sqrt(5), which nn.Linear and PEFT use: within 1 / sqrt(n_in).
static void start(struct wl_lora *lora, uint64_t seed)
{
    for (size_t i = 0; i < lora->n_parts; i++) {
        const struct wl_lora_part *part = &lora->parts[i];
        float *a = lora->tensors.weights + part->a;
        double bound = 1.0 / sqrt((double)part->n_in);
        struct wl_rng rng;
        wl_rng_init(&rng, seed, i);
        for (size_t k = 0; k < part->r * part->n_in; k++) {
            a[k] = (float)(bound * (2.0 * wl_rng_unit(&rng) - 1.0));
        }
    }
    for (size_t i = 0; i < lora->n_guests; i++) {
        const struct wl_lora_guest *guest = &lora->guests[i];
        memcpy(lora->tensors.weights + guest->here, lora->base->weights + guest->base,
               guest->n_values * sizeof(float));
    }
}

static wl_status make_tables(struct wl_lora *lora, const struct wl_lora_places *places,
                             wl_error *error)
{
    lora->parts = wl_alloc_zeroed(lora->alloc, places->n, sizeof(*lora->parts));
    lora->layers = wl_alloc_zeroed(lora->alloc, places->n, sizeof(*lora->layers));
    lora->guests = wl_alloc_zeroed(lora->alloc, places->tensors->n_tensors, sizeof(*lora->guests));
    return lora->parts != NULL && lora->layers != NULL && lora->guests != NULL
               ? WL_OK
               : wl_fail(error, WL_ENOMEM, "no memory for adapters of %zu layers", places->n);
}

static wl_status build(struct wl_lora *lora, const struct wl_lora_places *places,
                       const struct wl_lora_options *o, const struct wl_lora_choice *choices,
                       wl_error *error)
{
    WL_TRY(make_tables(lora, places, error));
    for (size_t i = 0; i < places->n; i++) {
        if (choices[i].r > 0) {
            WL_TRY(add_part(lora, &places->items[i], &choices[i], error));
        }
    }
    WL_TRY(add_guests(lora, places, &o->fresh, WL_LORA_ADAPTERS, error));
    WL_TRY(add_guests(lora, places, &o->unfrozen, WL_LORA_BASE, error));
    WL_TRY(keep_targets(lora, places, o, error));
    return wl_tensors_allocate(&lora->tensors, WL_BLOCK_WEIGHTS, error);
}

static void fasten(struct wl_lora *lora)
{
    for (size_t i = 0; i < lora->n_layers; i++) {
        lora->layers[i].dense->lora = &lora->layers[i];
    }
    lora->stack->lora = lora;
    wl_tensors_freeze(lora->base);
}

wl_status wl_lora_build(const wl_alloc *alloc, const struct wl_lora_places *places,
                        const struct wl_lora_options *options, const struct wl_lora_choice *choices,
                        struct wl_lora **lora_out, wl_error *error)
{
    wl_status status = WL_OK;
    struct wl_lora *lora = wl_alloc_zeroed(alloc, 1, sizeof(*lora));

    *lora_out = NULL;
    if (lora == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for adapters");
    }
    *lora = (struct wl_lora){.alloc = alloc,
                             .stack = places->stack,
                             .base = places->tensors,
                             .prefix = places->prefix,
                             .r = options->r,
                             .alpha = options->alpha,
                             .dropout = options->dropout,
                             .is_rank_stabilised = options->is_rank_stabilised};
    wl_tensors_init(&lora->tensors, alloc);
    wl_arena_init(&lora->arena, alloc, 0);
    if (places->stack->lora != NULL) {
        status = wl_fail(error, WL_EEXIST, "the model has adapters already");
        goto done;
    }
    WL_GO(build(lora, places, options, choices, error));
    start(lora, options->seed);
    fasten(lora);
    *lora_out = lora;
    lora = NULL;
done:
    wl_lora_free(lora);
    return status;
}

wl_status wl_lora_new(const wl_alloc *alloc, const struct wl_lora_places *places,
                      const struct wl_lora_options *options, struct wl_lora **lora_out,
                      wl_error *error)
{
    wl_status status = WL_OK;
    struct wl_lora_choice *choices = wl_alloc_zeroed(alloc, places->n, sizeof(*choices));

    *lora_out = NULL;
    if (choices == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for adapters");
    }
    WL_GO(check_options(options, error));
    WL_GO(choose_all(places, options, choices, error));
    WL_GO(wl_lora_build(alloc, places, options, choices, lora_out, error));
done:
    wl_alloc_free(alloc, choices);
    return status;
}

void wl_lora_free(struct wl_lora *lora)
{
    if (lora == NULL) {
        return;
    }
    for (size_t i = 0; i < lora->n_layers; i++) {
        struct wl_lora_layer *layer = &lora->layers[i];
        if (layer->dense->lora == layer) {
            layer->dense->lora = NULL;
        }
        wl_alloc_free(lora->alloc, layer->kept);
    }
    for (size_t i = 0; lora->stack != NULL && i < lora->n_guests; i++) {
        wl_tensors_at(lora->base, lora->guests[i].base)->gradient = NULL;
    }
    if (lora->stack != NULL && lora->stack->lora == lora) {
        lora->stack->lora = NULL;
    }
    wl_alloc_aligned_free(lora->alloc, lora->memory);
    wl_tensors_release(&lora->tensors);
    wl_arena_release(&lora->arena);
    wl_alloc_free(lora->alloc, lora->parts);
    wl_alloc_free(lora->alloc, lora->layers);
    wl_alloc_free(lora->alloc, lora->guests);
    wl_alloc_free(lora->alloc, lora);
}

struct wl_lora_facts wl_lora_facts(const struct wl_lora *lora)
{
    size_t n_trained = wl_tensors_count(&lora->tensors);
    size_t n_guests = 0;
    const size_t state_bytes = 3 * sizeof(float); // of a value: gradient and two moments

    for (size_t i = 0; i < lora->n_guests; i++) {
        n_guests += lora->guests[i].n_values;
    }
    size_t n_values = wl_tensors_count(lora->base) + n_trained - n_guests;
    size_t here = lora->tensors.n_floats * state_bytes;
    size_t whole = lora->base->n_floats * state_bytes;
    return (struct wl_lora_facts){.n_trained = n_trained,
                                  .n_values = n_values,
                                  .share = (double)n_trained / (double)n_values,
                                  .state_bytes = here,
                                  .saved_bytes = whole > here ? whole - here : 0};
}

// -- into the weights and out again --

// weights[rows of the part] += scale B A.
static void add_product(const struct wl_lora *lora, const struct wl_lora_part *part, float *weights)
{
    const float *a = lora->tensors.weights + part->a;
    const float *b = lora->tensors.weights + part->b;
    size_t n_in = part->n_in;

#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < part->n_rows; i++) {
        float *row = weights + (part->row_begin + i) * n_in;
        for (size_t j = 0; j < n_in; j++) {
            double sum = 0.0;
            for (size_t k = 0; k < part->r; k++) {
                sum += (double)b[i * part->r + k] * (double)a[k * n_in + j];
            }
            row[j] = (float)((double)row[j] + (double)part->scale * sum);
        }
    }
}

static size_t weight_count(const struct wl_lora_layer *layer)
{
    return layer->dense->n_out * layer->dense->n_in;
}

wl_status wl_lora_merge(struct wl_lora *lora, wl_error *error)
{
    WL_ASSERT(!lora->is_merged);
    for (size_t i = 0; i < lora->n_layers; i++) {
        struct wl_lora_layer *layer = &lora->layers[i];
        layer->kept = wl_alloc_array(lora->alloc, weight_count(layer), sizeof(*layer->kept));
        if (layer->kept == NULL) {
            while (i-- > 0) {
                wl_alloc_free(lora->alloc, lora->layers[i].kept);
                lora->layers[i].kept = NULL;
            }
            return wl_fail(error, WL_ENOMEM, "no memory for the weights before merging");
        }
    }
    wl_lora_settle(lora);
    for (size_t i = 0; i < lora->n_layers; i++) {
        struct wl_lora_layer *layer = &lora->layers[i];
        float *weights = lora->base->weights + layer->dense->weight;
        memcpy(layer->kept, weights, weight_count(layer) * sizeof(*weights));
        for (size_t k = 0; k < layer->n; k++) {
            add_product(lora, &lora->parts[layer->first + k], weights);
        }
        wl_dense_unpack(layer->dense);
        layer->dense->lora = NULL;
    }
    wl_tensors_refresh(lora->base);
    lora->is_merged = true;
    return WL_OK;
}

void wl_lora_unmerge(struct wl_lora *lora)
{
    WL_ASSERT(lora->is_merged);
    for (size_t i = 0; i < lora->n_layers; i++) {
        struct wl_lora_layer *layer = &lora->layers[i];
        memcpy(lora->base->weights + layer->dense->weight, layer->kept,
               weight_count(layer) * sizeof(float));
        wl_alloc_free(lora->alloc, layer->kept);
        layer->kept = NULL;
        wl_dense_unpack(layer->dense);
        layer->dense->lora = layer;
    }
    wl_tensors_refresh(lora->base);
    lora->is_merged = false;
}
