/* The names are Hugging Face's, because people know them and PEFT folders use them; what we keep as
 * one layer (query, key, value) is three places there. */
#include "nn/lora_places.h"

#include "nn/bert.h"
#include "nn/gpt.h"

#include <stdio.h>
#include <string.h>

#define NAMES(words)                                                                               \
    {                                                                                              \
        .items = (words), .n = sizeof(words) / sizeof((words)[0])                                  \
    }
#define WORD(text)                                                                                 \
    {                                                                                              \
        .data = "" text, .n_bytes = sizeof(text) - 1                                               \
    }

static const struct wl_str bert_all[] = {WORD("query"), WORD("key"), WORD("value"), WORD("dense")};
static const struct wl_str bert_out[] = {WORD("attention.output.dense")};
static const struct wl_str bert_head[] = {WORD("classifier")};
static const struct wl_lora_alias bert_aliases[] = {
    {"query_key_value", {.items = bert_all, .n = 3}},
    {"q_proj", {.items = bert_all, .n = 1}},
    {"k_proj", {.items = bert_all + 1, .n = 1}},
    {"v_proj", {.items = bert_all + 2, .n = 1}},
    {"o_proj", NAMES(bert_out)},
    {"all-linear", NAMES(bert_all)},
    {"head", NAMES(bert_head)},
    {NULL, {0}},
};

static const struct wl_str gpt_all[] = {WORD("c_attn"), WORD("c_proj"), WORD("c_fc")};
static const struct wl_str gpt_out[] = {WORD("attn.c_proj")};
static const struct wl_str gpt_head[] = {WORD("lm_head")};
static const struct wl_str gpt_tables[] = {WORD("wte"), WORD("wpe")};
static const struct wl_lora_alias gpt_aliases[] = {
    {"query_key_value", {.items = gpt_all, .n = 1}},
    {"o_proj", NAMES(gpt_out)},
    {"all-linear", NAMES(gpt_all)},
    {"head", NAMES(gpt_head)},
    {"embeddings", NAMES(gpt_tables)},
    {NULL, {0}},
};

#undef WORD

static wl_status make_room(const wl_alloc *alloc, size_t n_max, struct wl_lora_places *places,
                           wl_error *error)
{
    places->alloc = alloc;
    places->items = wl_alloc_zeroed(alloc, n_max, sizeof(*places->items));
    return places->items != NULL ? WL_OK
                                 : wl_fail(error, WL_ENOMEM, "no memory for %zu names", n_max);
}

// "encoder.layer.3.attention.self.query": the words around the layer's number.
static struct wl_lora_place *add(struct wl_lora_places *places, struct wl_dense *dense,
                                 const char *before, size_t layer, const char *after)
{
    struct wl_lora_place *place = &places->items[places->n++];

    place->dense = dense;
    place->n_rows = dense->n_out;
    (void)snprintf(place->module, sizeof(place->module), "%s%zu%s", before, layer, after);
    return place;
}

wl_status wl_lora_places_bert(const wl_alloc *alloc, struct wl_bert *bert,
                              struct wl_lora_places *places, wl_error *error)
{
    static const char *const thirds[3] = {".attention.self.query", ".attention.self.key",
                                          ".attention.self.value"};
    static const char before[] = "encoder.layer.";
    size_t c = bert->config.shape.n_channels;
    struct wl_lora_places made = {.tensors = &bert->tensors,
                                  .stack = &bert->stack,
                                  .prefix = bert->config.n_labels > 0 ? "bert." : "",
                                  .preset = NAMES(bert_all),
                                  .aliases = bert_aliases};

    WL_TRY(make_room(alloc, 6 * bert->config.shape.n_layers + 1, &made, error));
    for (size_t l = 0; l < bert->config.shape.n_layers; l++) {
        struct wl_block *block = &bert->stack.blocks[l];
        for (size_t i = 0; i < 3; i++) {
            struct wl_lora_place *place = add(&made, &block->qkv, before, l, thirds[i]);
            place->row_begin = i * c;
            place->n_rows = c;
        }
        (void)add(&made, &block->out, before, l, ".attention.output.dense");
        (void)add(&made, &block->up, before, l, ".intermediate.dense");
        (void)add(&made, &block->down, before, l, ".output.dense");
    }
    struct wl_lora_place *pooler = &made.items[made.n++];
    *pooler = (struct wl_lora_place){
        .module = "pooler.dense", .dense = &bert->pooler, .n_rows = bert->pooler.n_out};
    *places = made;
    return WL_OK;
}

wl_status wl_lora_places_gpt(const wl_alloc *alloc, struct wl_gpt *gpt,
                             struct wl_lora_places *places, wl_error *error)
{
    struct wl_lora_places made = {.tensors = &gpt->tensors,
                                  .stack = &gpt->stack,
                                  .prefix = "transformer.",
                                  .preset = NAMES(gpt_all),
                                  .aliases = gpt_aliases};

    WL_TRY(make_room(alloc, 4 * gpt->config.shape.n_layers, &made, error));
    for (size_t l = 0; l < gpt->config.shape.n_layers; l++) {
        struct wl_block *block = &gpt->stack.blocks[l];
        (void)add(&made, &block->qkv, "h.", l, ".attn.c_attn");
        (void)add(&made, &block->out, "h.", l, ".attn.c_proj");
        (void)add(&made, &block->up, "h.", l, ".mlp.c_fc");
        (void)add(&made, &block->down, "h.", l, ".mlp.c_proj");
    }
    for (size_t i = 0; i < made.n; i++) {
        made.items[i].is_turned = true;
    }
    *places = made;
    return WL_OK;
}

void wl_lora_places_release(struct wl_lora_places *places)
{
    if (places != NULL && places->alloc != NULL) {
        wl_alloc_free(places->alloc, places->items);
        *places = (struct wl_lora_places){0};
    }
}

struct wl_lora_names wl_lora_alias_names(const struct wl_lora_places *places,
                                         const struct wl_str *name)
{
    for (const struct wl_lora_alias *alias = places->aliases; alias->name != NULL; alias++) {
        if (wl_str_is(*name, alias->name)) {
            return alias->names;
        }
    }
    return (struct wl_lora_names){.items = name, .n = 1};
}

bool wl_lora_name_matches(const char *module, struct wl_str target)
{
    size_t n_bytes = strlen(module);

    if (target.n_bytes == 0 || target.n_bytes > n_bytes ||
        memcmp(module + n_bytes - target.n_bytes, target.data, target.n_bytes) != 0) {
        return false;
    }
    return target.n_bytes == n_bytes || module[n_bytes - target.n_bytes - 1] == '.';
}
