/* A PEFT folder is a small JSON file of settings and a safetensors file with two matrices for each
 * adapted module. What llama.cpp cannot apply (DoRA, biases, whole modules, experts) is refused
 * here, with the reason, because an adapter that is applied by half is worse than none.
 *
 * llama.cpp scales each pair by alpha / r, with one alpha for the file. Where PEFT means another
 * factor (rank-stabilised: alpha / sqrt(r); an alpha of its own for some modules) the difference
 * goes into alpha, and what is left into that pair's b. */
#include "nn/peft.h"

#include "base/file.h"
#include "base/limits.h"
#include "data/node.h"
#include "nn/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "base_model.model."

static bool ends_with(struct wl_str text, struct wl_str end)
{
    return text.n_bytes >= end.n_bytes &&
           memcmp(text.data + text.n_bytes - end.n_bytes, end.data, end.n_bytes) == 0;
}

static bool begins_with(struct wl_str text, struct wl_str begin)
{
    return text.n_bytes >= begin.n_bytes && memcmp(text.data, begin.data, begin.n_bytes) == 0;
}

static bool contains(struct wl_str text, const char *part)
{
    size_t n = strlen(part);

    for (size_t i = 0; i + n <= text.n_bytes; i++) {
        if (memcmp(text.data + i, part, n) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_any(struct wl_str text, const char *letters)
{
    for (size_t i = 0; i < text.n_bytes; i++) {
        if (strchr(letters, text.data[i]) != NULL) {
            return true;
        }
    }
    return false;
}

// -- settings --

static bool is_set(const struct wl_node *config, const char *key)
{
    const struct wl_node *node = wl_node_get(config, key);

    if (node == NULL || node->kind == WL_NODE_NULL) {
        return false;
    }
    if (node->kind == WL_NODE_BOOL) {
        return node->number != 0.0;
    }
    return node->kind == WL_NODE_LIST || node->kind == WL_NODE_MAP ? node->n_children > 0 : true;
}

static wl_status check_config(const struct wl_node *config, wl_error *error)
{
    static const char *const refused[][2] = {
        {"use_dora", "DoRA"},
        {"target_parameters", "LoRA of single parameters (experts)"},
        {"megatron_config", "Megatron"},
        {"layer_replication", "repeated layers"},
    };
    const struct wl_node *kind = wl_node_get(config, "peft_type");
    const struct wl_node *bias = wl_node_get(config, "bias");

    if (config->kind != WL_NODE_MAP || kind == NULL || !wl_str_is(kind->text, "LORA")) {
        return wl_fail(error, WL_EPARSE, "adapter_config.json: peft_type is not LORA");
    }
    if (bias != NULL && bias->kind != WL_NODE_NULL && !wl_str_is(bias->text, "none")) {
        return wl_fail(error, WL_ESCHEMA, "adapter_config.json: trained biases are not supported");
    }
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (is_set(config, refused[i][0])) {
            return wl_fail(error, WL_ESCHEMA, "adapter_config.json: %s: %s, not supported",
                           refused[i][0], refused[i][1]);
        }
    }
    return WL_OK;
}

static wl_status read_config(struct wl_arena *arena, const struct wl_node *config,
                             struct wl_peft *peft, wl_error *error)
{
    const struct wl_node *base = wl_node_get(config, "base_model_name_or_path");
    double r = wl_node_number(config, "r", 0.0);

    WL_TRY(check_config(config, error));
    peft->alpha = wl_node_number(config, "lora_alpha", 0.0);
    peft->dropout = wl_node_number(config, "lora_dropout", 0.0);
    peft->is_rank_stabilised = is_set(config, "use_rslora");
    if (!(r >= 1.0) || r > 65536.0 || r != floor(r) || !(peft->alpha > 0.0)) {
        return wl_fail(error, WL_EPARSE,
                       "adapter_config.json: r %g and lora_alpha %g, wants a whole number and a "
                       "positive one",
                       r, peft->alpha);
    }
    peft->r = (int64_t)r;
    if (base != NULL && base->kind == WL_NODE_STRING) {
        const char *name = wl_arena_string(arena, base->text);
        if (name == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for an adapter");
        }
        peft->base = wl_str_from(name);
    }
    return WL_OK;
}

// Alpha of a module: its own by alpha_pattern (the last words of its name), or the common one.
static wl_status alpha_of(const struct wl_node *config, struct wl_str module, double *alpha,
                          wl_error *error)
{
    const struct wl_node *patterns = wl_node_get(config, "alpha_pattern");

    for (const struct wl_node *item = patterns != NULL ? patterns->first : NULL; item != NULL;
         item = item->next) {
        if (has_any(item->key, "*+?[](){}|^$\\")) {
            return wl_fail(error, WL_ESCHEMA,
                           "adapter_config.json: alpha_pattern \"%.*s\" is an expression; only "
                           "names of modules are supported",
                           WL_STR_ARG(item->key));
        }
        bool is_last = ends_with(module, item->key) &&
                       (module.n_bytes == item->key.n_bytes ||
                        module.data[module.n_bytes - item->key.n_bytes - 1] == '.');
        if (is_last) {
            *alpha = item->number;
        }
    }
    return WL_OK;
}

// -- matrices --

struct reading {
    struct wl_arena *arena;
    const struct wl_node *config;
    const struct wl_safetensors *tensors;
    struct wl_peft *peft;
};

static wl_status read_matrix(struct reading *reading, const struct wl_safetensor *tensor,
                             const float **values, wl_error *error)
{
    float *out = wl_arena_alloc(reading->arena, tensor->n_values * sizeof(*out) + 1);

    if (out == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for tensor \"%.*s\"", WL_STR_ARG(tensor->name));
    }
    WL_TRY(wl_safetensor_values(tensor, out, error));
    *values = out;
    return WL_OK;
}

// The other half of a pair: the same name with lora_B.
static const struct wl_safetensor *other_half(struct reading *reading, struct wl_str a_name,
                                              size_t i_letter)
{
    char name[512];

    if (a_name.n_bytes > sizeof(name)) {
        return NULL;
    }
    memcpy(name, a_name.data, a_name.n_bytes);
    name[i_letter] = 'B';
    return wl_safetensors_find(reading->tensors,
                               (struct wl_str){.data = name, .n_bytes = a_name.n_bytes});
}

static wl_status read_pair(struct reading *reading, const struct wl_safetensor *a,
                           struct wl_str end, wl_error *error)
{
    struct wl_peft *peft = reading->peft;
    struct wl_lora_pair *pair = &peft->pairs[peft->n_pairs];
    struct wl_str module = {.data = a->name.data, .n_bytes = a->name.n_bytes - end.n_bytes};
    const struct wl_safetensor *b =
        other_half(reading, a->name, module.n_bytes + sizeof(".lora_") - 1);
    double alpha = peft->alpha;

    if (begins_with(module, WL_STR(PREFIX))) {
        module.data += sizeof(PREFIX) - 1;
        module.n_bytes -= sizeof(PREFIX) - 1;
    }
    if (b == NULL) {
        return wl_fail(error, WL_EPARSE, "module \"%.*s\": lora_B is missing", WL_STR_ARG(module));
    }
    if (contains(module, ".experts")) {
        return wl_fail(error, WL_ESCHEMA, "module \"%.*s\": LoRA of experts is not supported",
                       WL_STR_ARG(module));
    }
    if (a->n_dims != 2 || b->n_dims != 2 || a->shape[0] != b->shape[1] || a->shape[0] == 0 ||
        (a->shape[0] != (size_t)peft->r && !is_set(reading->config, "rank_pattern"))) {
        return wl_fail(error, WL_EPARSE, "module \"%.*s\": shapes do not fit r = %lld",
                       WL_STR_ARG(module), (long long)peft->r);
    }
    *pair = (struct wl_lora_pair){
        .module = module, .r = a->shape[0], .n_in = a->shape[1], .n_out = b->shape[0]};
    WL_TRY(alpha_of(reading->config, module, &alpha, error));
    pair->scale = alpha / (peft->is_rank_stabilised ? sqrt((double)pair->r) : (double)pair->r);
    WL_TRY(read_matrix(reading, a, &pair->a, error));
    WL_TRY(read_matrix(reading, b, &pair->b, error));
    peft->n_parameters += a->n_values + b->n_values;
    peft->n_pairs++;
    return WL_OK;
}

// A module that modules_to_save names, or a part of one, ends so: the words before each dot count.
static bool is_saved_whole(const struct reading *reading, struct wl_str name)
{
    const struct wl_node *saved = wl_node_get(reading->config, "modules_to_save");

    for (size_t n = name.n_bytes; n-- > 0;) {
        if (name.data[n] != '.') {
            continue;
        }
        struct wl_str module = {.data = name.data, .n_bytes = n};
        for (const struct wl_node *item = saved != NULL ? saved->first : NULL; item != NULL;
             item = item->next) {
            if (item->text.n_bytes > 0 && ends_with(module, item->text)) {
                return true;
            }
        }
    }
    return false;
}

static wl_status read_whole(struct reading *reading, const struct wl_safetensor *tensor,
                            wl_error *error)
{
    struct wl_peft *peft = reading->peft;
    struct wl_peft_whole *whole = &peft->wholes[peft->n_wholes];

    if (!is_saved_whole(reading, tensor->name)) {
        return wl_fail(error, WL_ESCHEMA, "tensor \"%.*s\" is no half of a LoRA pair",
                       WL_STR_ARG(tensor->name));
    }
    if (tensor->n_dims < 1 || tensor->n_dims > 2) {
        return wl_fail(error, WL_ESCHEMA, "tensor \"%.*s\" has %zu dimensions, not 1 or 2",
                       WL_STR_ARG(tensor->name), tensor->n_dims);
    }
    whole->name = tensor->name;
    if (begins_with(whole->name, WL_STR(PREFIX))) {
        whole->name.data += sizeof(PREFIX) - 1;
        whole->name.n_bytes -= sizeof(PREFIX) - 1;
    }
    whole->n_dims = tensor->n_dims;
    memcpy(whole->dims, tensor->shape, tensor->n_dims * sizeof(*whole->dims));
    WL_TRY(read_matrix(reading, tensor, &whole->values, error));
    peft->n_parameters += tensor->n_values;
    peft->n_wholes++;
    return WL_OK;
}

static wl_status read_pairs(struct reading *reading, wl_error *error)
{
    const struct wl_str a_ends[] = {WL_STR(".lora_A.weight"), WL_STR(".lora_A.default.weight")};
    const struct wl_str b_ends[] = {WL_STR(".lora_B.weight"), WL_STR(".lora_B.default.weight")};
    const struct wl_safetensors *tensors = reading->tensors;
    size_t n_halves = 0;

    for (size_t i = 0; i < tensors->n; i++) {
        const struct wl_safetensor *tensor = &tensors->items[i];
        bool is_known = false;
        for (size_t j = 0; j < 2 && !is_known; j++) {
            if (ends_with(tensor->name, a_ends[j])) {
                WL_TRY(read_pair(reading, tensor, a_ends[j], error));
                is_known = true;
            }
            is_known = is_known || ends_with(tensor->name, b_ends[j]);
        }
        if (is_known) {
            n_halves++;
        } else {
            WL_TRY(read_whole(reading, tensor, error));
        }
    }
    if (n_halves != 2 * reading->peft->n_pairs) {
        return wl_fail(error, WL_EPARSE, "%zu tensors make %zu pairs: a lora_A is missing",
                       n_halves, reading->peft->n_pairs);
    }
    return reading->peft->n_pairs > 0 ? WL_OK
                                      : wl_fail(error, WL_EPARSE, "the adapter has no LoRA pairs");
}

static wl_status read_file(const char *folder, const char *name, struct wl_arena *arena,
                           struct wl_buf *bytes, wl_error *error)
{
    const char *path = wl_path_join(arena, folder, name);

    return path == NULL ? wl_fail(error, WL_ENOMEM, "no memory for a path")
                        : wl_file_read(path, bytes, error);
}

// Names of pairs point into the file's bytes, which go away: the arena keeps them.
static wl_status keep_names(struct wl_arena *arena, struct wl_peft *peft, wl_error *error)
{
    for (size_t i = 0; i < peft->n_pairs; i++) {
        const char *name = wl_arena_string(arena, peft->pairs[i].module);
        if (name == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for an adapter");
        }
        peft->pairs[i].module = wl_str_from(name);
    }
    for (size_t i = 0; i < peft->n_wholes; i++) {
        const char *name = wl_arena_string(arena, peft->wholes[i].name);
        if (name == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for an adapter");
        }
        peft->wholes[i].name = wl_str_from(name);
    }
    return WL_OK;
}

wl_status wl_peft_read(struct wl_arena *arena, struct wl_str config_json, struct wl_str weights,
                       struct wl_peft *peft, wl_error *error)
{
    struct wl_peft found = {0};
    struct wl_safetensors tensors = {0};
    struct wl_node *config = NULL;
    wl_status status = wl_json_parse(arena, config_json, &config, error);

    if (status != WL_OK) {
        return wl_fail_at(error, status, "adapter_config.json");
    }
    WL_TRY(read_config(arena, config, &found, error));
    WL_TRY(wl_safetensors_read(arena, weights, &tensors, error));
    found.pairs = wl_arena_zeroed(arena, tensors.n + 1, sizeof(*found.pairs));
    found.wholes = wl_arena_zeroed(arena, tensors.n + 1, sizeof(*found.wholes));
    if (found.pairs == NULL || found.wholes == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for an adapter");
    }
    struct reading reading = {
        .arena = arena, .config = config, .tensors = &tensors, .peft = &found};
    WL_TRY(read_pairs(&reading, error));
    WL_TRY(keep_names(arena, &found, error));
    *peft = found;
    return WL_OK;
}

wl_status wl_peft_open(struct wl_arena *arena, const char *folder, struct wl_peft *peft,
                       wl_error *error)
{
    struct wl_buf text;
    struct wl_buf weights;
    wl_status status = WL_OK;

    wl_buf_init(&text, arena->alloc, WL_TENSOR_HEADER_MAX);
    wl_buf_init(&weights, arena->alloc, (size_t)WL_WEIGHT_BYTES_MAX);
    WL_GO(read_file(folder, "adapter_config.json", arena, &text, error));
    WL_GO(read_file(folder, "adapter_model.safetensors", arena, &weights, error));
    WL_GO(wl_peft_read(arena, wl_buf_view(&text), wl_buf_view(&weights), peft, error));
done:
    wl_buf_release(&text);
    wl_buf_release(&weights);
    return status;
}

const struct wl_peft_whole *wl_peft_whole_find(const struct wl_peft *peft, struct wl_str name)
{
    for (size_t i = 0; i < peft->n_wholes; i++) {
        struct wl_str whole = peft->wholes[i].name;
        if (ends_with(whole, name) && (whole.n_bytes == name.n_bytes ||
                                       whole.data[whole.n_bytes - name.n_bytes - 1] == '.')) {
            return &peft->wholes[i];
        }
    }
    return NULL;
}

// -- to llama.cpp --

struct renaming {
    const char *architecture;
    const char *names; // "last words of a module=base tensor", commas between
};

static const struct renaming renamings[] = {
    {"gpt-oss", "self_attn.q_proj=attn_q,self_attn.k_proj=attn_k,self_attn.v_proj=attn_v,"
                "self_attn.o_proj=attn_output,mlp.router=ffn_gate_inp,lm_head=output"},
    {"qwen2", "self_attn.q_proj=attn_q,self_attn.k_proj=attn_k,self_attn.v_proj=attn_v,"
              "self_attn.o_proj=attn_output,mlp.gate_proj=ffn_gate,mlp.up_proj=ffn_up,"
              "mlp.down_proj=ffn_down,lm_head=output"},
    {"gpt2", "attn.c_attn=attn_qkv,attn.c_proj=attn_output,mlp.c_fc=ffn_up,mlp.c_proj=ffn_down,"
             "lm_head=output"},
};

#define N_RENAMINGS (sizeof(renamings) / sizeof(renamings[0]))

const char *const *wl_lora_architectures(void)
{
    static const char *const names[] = {"gpt-oss", "qwen2", "gpt2", NULL};
    return names;
}

static const char *names_of(const char *architecture)
{
    for (size_t i = 0; i < N_RENAMINGS; i++) {
        if (strcmp(renamings[i].architecture, architecture) == 0) {
            return renamings[i].names;
        }
    }
    return NULL;
}

// Number of the layer in a module's name, "model.layers.12.self_attn...": -1 when there is none.
static int64_t layer_of(struct wl_str module, struct wl_str *last)
{
    struct wl_str rest = module;

    while (rest.n_bytes > 0) {
        struct wl_str word = wl_str_cut(&rest, '.');
        int64_t number = 0;
        if (rest.n_bytes > 0 && wl_str_to_i64(word, &number) && number >= 0) {
            *last = rest;
            return number;
        }
    }
    *last = module;
    return -1;
}

// The base tensor's name among "words=name,..."; the empty view when it is not there.
static struct wl_str find_name(struct wl_str names, struct wl_str last)
{
    while (names.n_bytes > 0) {
        struct wl_str name = wl_str_cut(&names, ',');
        struct wl_str words = wl_str_cut(&name, '=');
        bool is_end =
            ends_with(last, words) && words.n_bytes > 0 &&
            (last.n_bytes == words.n_bytes || last.data[last.n_bytes - words.n_bytes - 1] == '.');
        if (is_end) {
            return name;
        }
    }
    return (struct wl_str){0};
}

static wl_status name_tensor(struct wl_arena *arena, const struct wl_lora_pair *pair,
                             const char *architecture, struct wl_str extra, char half,
                             struct wl_str *name, wl_error *error)
{
    struct wl_str last;
    int64_t layer = layer_of(pair->module, &last);
    struct wl_str base = find_name(extra, last);
    char text[128];

    if (base.n_bytes == 0) {
        base = find_name(wl_str_from(names_of(architecture)), last);
    }
    if (base.n_bytes == 0) {
        return wl_fail(error, WL_EINVAL,
                       "module \"%.*s\" has no name in %s models; name it with "
                       "--names \"%.*s=...\"",
                       WL_STR_ARG(pair->module), architecture, WL_STR_ARG(last));
    }
    int n = layer >= 0
                ? snprintf(text, sizeof(text), "blk.%lld.%.*s.weight.lora_%c", (long long)layer,
                           WL_STR_ARG(base), half)
                : snprintf(text, sizeof(text), "%.*s.weight.lora_%c", WL_STR_ARG(base), half);
    const char *kept =
        n > 0 && (size_t)n < sizeof(text) ? wl_arena_string(arena, wl_str_from(text)) : NULL;
    if (kept == NULL) {
        return wl_fail(error, n < 0 || (size_t)n >= sizeof(text) ? WL_EINVAL : WL_ENOMEM,
                       "no room for the name of module \"%.*s\"", WL_STR_ARG(pair->module));
    }
    *name = wl_str_from(kept);
    return WL_OK;
}

// b with the part of the scale that llama.cpp's own alpha / r does not give.
static wl_status scaled_b(struct wl_arena *arena, const struct wl_lora_pair *pair, double alpha,
                          const float **b, wl_error *error)
{
    double factor = pair->scale / (alpha / (double)pair->r);
    size_t n = pair->n_out * pair->r;

    *b = pair->b;
    if (fabs(factor - 1.0) < 1e-12) {
        return WL_OK;
    }
    float *scaled = wl_arena_alloc(arena, n * sizeof(*scaled) + 1);
    if (scaled == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for module \"%.*s\"", WL_STR_ARG(pair->module));
    }
    for (size_t i = 0; i < n; i++) {
        scaled[i] = (float)((double)pair->b[i] * factor);
    }
    *b = scaled;
    return WL_OK;
}

static struct wl_gguf_fact text_fact(const char *key, const char *text)
{
    return (struct wl_gguf_fact){
        .key = wl_str_from(key), .kind = WL_GGUF_TEXT, .text = wl_str_from(text)};
}

static wl_status add_facts(struct wl_arena *arena, const char *architecture, double alpha,
                           struct wl_gguf *gguf, wl_error *error)
{
    const char *name = wl_arena_string(arena, wl_str_from(architecture));

    gguf->facts = wl_arena_zeroed(arena, 4, sizeof(*gguf->facts));
    if (gguf->facts == NULL || name == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for an adapter");
    }
    gguf->facts[gguf->n_facts++] = text_fact("general.architecture", name);
    gguf->facts[gguf->n_facts++] = text_fact("general.type", "adapter");
    gguf->facts[gguf->n_facts++] = text_fact("adapter.type", "lora");
    gguf->facts[gguf->n_facts++] = (struct wl_gguf_fact){
        .key = WL_STR("adapter.lora.alpha"), .kind = WL_GGUF_F32, .f32 = (float)alpha};
    return WL_OK;
}

wl_status wl_peft_to_gguf(struct wl_arena *arena, const struct wl_peft *peft,
                          const char *architecture, struct wl_str names, struct wl_gguf *gguf,
                          wl_error *error)
{
    struct wl_gguf made = {0};
    double alpha = peft->is_rank_stabilised ? peft->alpha * sqrt((double)peft->r) : peft->alpha;

    if (names_of(architecture) == NULL && names.n_bytes == 0) {
        return wl_fail(error, WL_EINVAL,
                       "no names are built in for architecture \"%s\" (there are gpt-oss, qwen2, "
                       "gpt2); give them with --names",
                       architecture);
    }
    if (peft->n_wholes > 0) {
        return wl_fail(error, WL_ESCHEMA,
                       "\"%.*s\" was trained whole; a GGUF adapter holds pairs only",
                       WL_STR_ARG(peft->wholes[0].name));
    }
    WL_TRY(add_facts(arena, architecture, alpha, &made, error));
    made.tensors = wl_arena_zeroed(arena, 2 * peft->n_pairs + 1, sizeof(*made.tensors));
    if (made.tensors == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for an adapter");
    }
    for (size_t i = 0; i < peft->n_pairs; i++) {
        const struct wl_lora_pair *pair = &peft->pairs[i];
        struct wl_gguf_tensor *a = &made.tensors[made.n_tensors++];
        struct wl_gguf_tensor *b = &made.tensors[made.n_tensors++];
        *a = (struct wl_gguf_tensor){.n_dims = 2, .shape = {pair->r, pair->n_in}};
        *b = (struct wl_gguf_tensor){.n_dims = 2, .shape = {pair->n_out, pair->r}};
        a->values = pair->a;
        WL_TRY(name_tensor(arena, pair, architecture, names, 'a', &a->name, error));
        WL_TRY(name_tensor(arena, pair, architecture, names, 'b', &b->name, error));
        WL_TRY(scaled_b(arena, pair, alpha, &b->values, error));
    }
    *gguf = made;
    return WL_OK;
}
