/* The texts are tokenized once. A batch that would take more memory than ACTIVATION_BYTES is cut
 * into parts whose gradients are added up, which changes nothing but dropout's draws. The held-out
 * texts are judged by the finished classifier, with the rounded weights that its file will have. */
#include "nn/text_bert_train.h"

#include "base/limits.h"
#include "nn/own_vocabulary.h"
#include "nn/text_bert_inside.h"
#include "text/text_folds.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ACTIVATION_BYTES ((size_t)1 << 30) // of one part of a batch
#define WARM_SHARE_MAX   0.25              // a warm-up of more of the training becomes WARM_SHARE
#define WARM_SHARE       0.1
#define BALANCE_MAX      10.0 // weight of a label: rare ones must not drown the rest

struct training {
    const wl_alloc *alloc;
    const struct wl_text_set *set;
    const struct wl_text_bert_options *options;
    const struct wl_sink *sink;
    size_t n_threads;
    struct wl_bert_folder *folder;
    struct wl_lora *lora; // adapters of folder's BERT, or NULL
    struct wl_gemm *gemm;
    size_t max_length;
    uint8_t *is_held;  // (n) the caller's
    struct wl_ids ids; // scratch of the tokenizer
    int32_t *tokens;   // of all texts, those learned from first
    size_t tokens_capacity;
    size_t *starts;   // (n + 2) train's, then held's: one more for its own end
    int32_t *classes; // (n) WL_TEXT_ONE
    float *labels;    // (n, n_labels) WL_TEXT_ANY
    float *weights;   // (n_labels) or NULL
    uint32_t *order;  // (n) texts in the order of tokens
    size_t n_train;
    struct wl_text_bert_result result;
};

bool wl_text_bert_preset(const char *name, struct wl_text_bert_options *options)
{
    static const struct {
        const char *name;
        enum wl_optimizer_kind kind;
        double rate;
        double decay;
        size_t n_warm;
        double warm_share;
        size_t n_frozen;
        size_t n_epochs;
        size_t batch_texts;
    } presets[] = {{"bert", WL_ADAMW, 2e-5, 0.01, 500, 0.0, 0, 3, 16},
                   {"bert-zh", WL_ADAMW, 2e-5, 0.01, 500, 0.0, 0, 3, 16},
                   {"bert-en", WL_ADAMW, 2e-5, 0.01, 500, 0.0, 0, 3, 16},
                   {"bert-long", WL_ADAM, 2e-5, 0.0, 0, 0.0, 0, 5, 32},
                   {"minilm", WL_ADAMW, 2e-4, 0.01, 0, 0.1, 1, 8, 32},
                   {"own", WL_ADAMW, 5e-4, 0.01, 0, 0.1, 0, 10, 32}};

    for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++) {
        if (strcmp(name, presets[i].name) == 0) {
            *options = (struct wl_text_bert_options){.kind = presets[i].kind,
                                                     .rate = presets[i].rate,
                                                     .decay = presets[i].decay,
                                                     .n_warm = presets[i].n_warm,
                                                     .warm_share = presets[i].warm_share,
                                                     .layer_decay = 1.0,
                                                     .n_frozen = presets[i].n_frozen,
                                                     .n_epochs = presets[i].n_epochs,
                                                     .batch_texts = presets[i].batch_texts,
                                                     .max_length = 512,
                                                     .held_share = 0.1,
                                                     .precision_wanted = 0.9,
                                                     .seed = 1};
            return true;
        }
    }
    return false;
}

static wl_status fail_memory(wl_error *error)
{
    return wl_fail(error, WL_ENOMEM, "no memory to learn from texts");
}

/* -- texts -- */

// Whole groups are held out, stratified by label; the order of texts is train's, then held's.
static wl_status divide(struct training *t, wl_error *error)
{
    size_t n = t->set->n;
    size_t n_folds = (size_t)lround(1.0 / t->options->held_share);
    uint32_t *fold = wl_alloc_array(t->alloc, n + 1, sizeof(*fold));
    size_t n_held = 0;

    if (fold == NULL) {
        return fail_memory(error);
    }
    wl_status status = wl_text_folds(t->alloc, t->set, n_folds, t->options->seed, fold, error);
    for (size_t i = 0; i < n && status == WL_OK; i++) {
        t->is_held[i] = fold[i] == 0;
        n_held += t->is_held[i];
    }
    wl_alloc_free(t->alloc, fold);
    WL_TRY(status);
    t->n_train = n - n_held;
    size_t at[2] = {0, t->n_train};
    for (size_t i = 0; i < n; i++) {
        t->order[at[t->is_held[i]]++] = (uint32_t)i;
    }
    return WL_OK;
}

static wl_status encode_one(struct training *t, size_t text, size_t *n_all, wl_error *error)
{
    size_t n_tokens = 0;

    WL_TRY(WL_GROW(t->alloc, t->tokens, t->tokens_capacity, *n_all + t->max_length, error));
    WL_TRY(wl_bert_folder_encode(t->folder, t->set->texts[text], t->max_length, &t->ids,
                                 t->tokens + *n_all, &n_tokens, error));
    // What fills the room exactly is taken for cut: it nearly always is.
    t->result.n_cut += n_tokens == t->max_length;
    *n_all += n_tokens;
    return WL_OK;
}

static wl_status encode_all(struct training *t, wl_error *error)
{
    const struct wl_text_set *set = t->set;
    size_t n_all = 0;

    for (size_t i = 0; i < set->n; i++) {
        size_t text = t->order[i];
        t->starts[i] = n_all;
        WL_TRY(encode_one(t, text, &n_all, error));
        if (set->task == WL_TEXT_ONE) {
            t->classes[i] = (int32_t)set->labels[text];
        }
        for (size_t l = 0; l < set->n_labels && set->task == WL_TEXT_ANY; l++) {
            t->labels[i * set->n_labels + l] = set->marks[text * set->n_labels + l] != 0;
        }
    }
    t->starts[set->n] = n_all;
    return WL_OK;
}

static struct wl_examples examples_of(const struct training *t, size_t begin, size_t n)
{
    bool is_one = t->set->task == WL_TEXT_ONE;

    return (struct wl_examples){.tokens = t->tokens,
                                .starts = t->starts + begin,
                                .classes = is_one ? t->classes + begin : NULL,
                                .labels = is_one ? NULL : t->labels + begin * t->set->n_labels,
                                .n = n};
}

// Weight of a label: (texts / (labels * its texts)) ^ balance, bounded.
static void weigh_labels(struct training *t)
{
    size_t n_labels = t->set->n_labels;

    for (size_t l = 0; l < n_labels; l++) {
        size_t n = 0;
        for (size_t i = 0; i < t->n_train; i++) {
            n += t->set->task == WL_TEXT_ONE ? (size_t)t->classes[i] == l
                                             : t->labels[i * n_labels + l] > 0.0F;
        }
        double even = (double)t->n_train / ((double)n_labels * fmax(1.0, (double)n));
        double weight = pow(even, t->options->balance);
        t->weights[l] = (float)fmin(fmax(weight, 1.0 / BALANCE_MAX), BALANCE_MAX);
    }
}

/* -- the network -- */

#define BASE_NONE "a network of its own"

static const char *base_of(const struct training *t)
{
    return t->options->base != NULL ? t->options->base : BASE_NONE;
}

// An encoder that knows nothing yet, with a vocabulary from the texts to learn from.
static wl_status make_folder(struct training *t, const struct wl_bert_folder_options *options,
                             wl_error *error)
{
    struct wl_hf_wordpiece_files files = {.tokenizer = {.data = ""}};
    struct wl_str *texts = wl_alloc_array(t->alloc, t->n_train, sizeof(*texts));
    struct wl_bert_config shape;
    struct wl_buf vocabulary;
    wl_status status = WL_OK;

    wl_buf_init(&vocabulary, t->alloc, 0);
    if (texts == NULL) {
        status = fail_memory(error);
        goto done;
    }
    for (size_t i = 0; i < t->n_train; i++) {
        texts[i] = t->set->texts[t->order[i]];
    }
    WL_GO(wl_own_vocabulary(t->alloc, texts, t->n_train, &vocabulary, error));
    files.vocabulary = wl_buf_view(&vocabulary);
    WL_ASSERT(wl_bert_shape_named("tiny", &shape));
    WL_GO(wl_bert_folder_new(t->alloc, BASE_NONE, &files, &shape, options, &t->folder, error));
    wl_notice(t->sink,
              "no --base: a small network starts from nothing, with %zu pieces from these "
              "texts; one that was trained on many texts reads much better",
              t->folder->bert->config.n_vocabulary);
done:
    wl_alloc_free(t->alloc, texts);
    wl_buf_release(&vocabulary);
    return status;
}

static wl_status open_folder(struct training *t, wl_error *error)
{
    struct wl_bert_folder_options options = wl_bert_folder_options_default();

    options.n_labels = t->set->n_labels;
    options.is_multi_label = t->set->task == WL_TEXT_ANY;
    options.is_head_new = true;
    options.seed = t->options->seed;
    options.sink = t->sink;
    WL_TRY(t->options->base != NULL
               ? wl_bert_folder_open(t->alloc, t->options->base, &options, &t->folder, error)
               : make_folder(t, &options, error));
    size_t n_positions = t->folder->bert->config.n_positions;
    t->max_length = t->options->max_length < n_positions ? t->options->max_length : n_positions;
    return WL_OK;
}

// Adapters, a head that learns at their rate, and, where the folder had no pooler, this too.
static wl_status put_adapters(struct training *t, const struct wl_lora_order *order,
                              wl_error *error)
{
    const struct wl_str fresh[2] = {WL_STR("classifier"), WL_STR("pooler")};
    struct wl_lora_options options = order->options;
    struct wl_lora_places places = {0};
    wl_status status = WL_OK;

    struct wl_str *unfrozen = wl_alloc_array(t->alloc, options.unfrozen.n + 1, sizeof(*unfrozen));
    if (unfrozen == NULL) {
        return fail_memory(error);
    }
    options.fresh = (struct wl_lora_names){fresh, t->folder->is_pooler_new ? 2 : 1};
    options.unfrozen = (struct wl_lora_names){.items = unfrozen};
    for (size_t i = 0; i < order->options.unfrozen.n; i++) { // the head learns anyway
        struct wl_str name = order->options.unfrozen.items[i];
        if (!wl_str_is(name, "head") && !wl_str_is(name, "classifier")) {
            unfrozen[options.unfrozen.n++] = name;
        }
    }
    WL_GO(wl_lora_places_bert(t->alloc, t->folder->bert, &places, error));
    places.n -= t->folder->is_pooler_new; // the last one
    WL_GO(wl_lora_new(t->alloc, &places, &options, &t->lora, error));
done:
    wl_lora_places_release(&places);
    wl_alloc_free(t->alloc, unfrozen);
    return status;
}

// Groups of tensors: embeddings, layers from the bottom up, head. Many layers share a group.
static void group_layers(const struct training *t, struct wl_optimizer_options *optimizer)
{
    enum { INNER = WL_OPTIMIZER_GROUPS_MAX - 2 };
    struct wl_tensors *tensors = &t->folder->bert->tensors;
    size_t n_layers = t->folder->bert->config.shape.n_layers;
    size_t n_inner = n_layers < INNER ? n_layers : (size_t)INNER;

    optimizer->n_groups = n_inner + 2;
    for (size_t g = 0; g < optimizer->n_groups; g++) {
        bool is_frozen =
            g == 0 ? t->options->n_frozen > 0 : g * n_layers < t->options->n_frozen * n_inner;
        double depth = (double)(n_inner + 1 - g) * (double)n_layers / (double)n_inner;
        optimizer->group_factors[g] =
            g == n_inner + 1 ? 1.0 : pow(t->options->layer_decay, fmax(depth, 1.0));
        if (is_frozen && g <= n_inner) {
            optimizer->group_factors[g] = 0.0;
        }
    }
    for (size_t i = 0; i < tensors->n_tensors; i++) {
        struct wl_tensor *tensor = &tensors->items[i];
        unsigned layer = 0;
        if (strncmp(tensor->name, "embeddings.", 11) == 0) {
            tensor->group = 0;
        } else if (sscanf(tensor->name, "encoder.layer.%u.", &layer) == 1) {
            tensor->group = (uint32_t)(1 + layer * n_inner / n_layers);
        } else {
            tensor->group = (uint32_t)(n_inner + 1);
        }
    }
}

// Rows of the longest n texts of those learned from and held out: no batch has more.
static size_t rows_of_longest(const struct training *t, const uint32_t *n_of_length, size_t n)
{
    size_t n_rows = 0;

    for (size_t length = t->max_length; length > 0 && n > 0; length--) {
        size_t n_here = n_of_length[length] < n ? n_of_length[length] : n;
        n_rows += n_here * length;
        n -= n_here;
    }
    return n_rows;
}

// Bytes that a row keeps for the backward pass: operands of four products, sums of two norms.
static size_t row_bytes(const struct wl_bert_config *config, enum wl_number number)
{
    const struct wl_transformer_shape *shape = &config->shape;
    size_t operand = number == WL_BF16 ? sizeof(uint16_t) : sizeof(float);

    return shape->n_layers * (operand * (6 * shape->n_channels + 2 * shape->n_inner) +
                              2 * sizeof(float) * shape->n_channels);
}

// In how many parts a batch is computed, so that its memory stays within bounds; plan the network.
static wl_status plan(struct training *t, struct wl_finetune_options *o, wl_error *error)
{
    struct wl_bert *bert = t->folder->bert;
    enum wl_number number = wl_gemm_has_bf16(t->gemm) ? WL_BF16 : WL_F32;
    size_t rows_max = ACTIVATION_BYTES / row_bytes(&bert->config, number);
    size_t n_batch = t->options->batch_texts;
    size_t n_parts = 1;
    uint32_t *n_of_length = wl_alloc_zeroed(t->alloc, t->max_length + 1, sizeof(*n_of_length));

    if (n_of_length == NULL) {
        return fail_memory(error);
    }
    for (size_t i = 0; i < t->set->n; i++) {
        n_of_length[t->starts[i + 1] - t->starts[i]]++;
    }
    while (n_parts < n_batch && (n_batch % n_parts != 0 ||
                                 rows_of_longest(t, n_of_length, n_batch / n_parts) > rows_max)) {
        n_parts++;
    }
    o->batch_texts = n_batch / n_parts;
    o->batches_per_update = n_parts;
    size_t n_rows = rows_of_longest(t, n_of_length, o->batch_texts);
    wl_alloc_free(t->alloc, n_of_length);
    t->result.is_bf16 = number == WL_BF16;
    return wl_bert_plan(bert, n_rows, o->batch_texts, number, true, error);
}

static uint64_t key_of_lora(const struct wl_lora_order *order, uint64_t key)
{
    const struct wl_lora_options *o = &order->options;
    char text[128];
    int n = snprintf(text, sizeof(text), "%zu %.17g %.17g %d %.17g %.17g", o->r, o->alpha,
                     o->dropout, (int)o->is_rank_stabilised, order->adapter_rate, order->base_rate);

    key = wl_str_hash((struct wl_str){text, (size_t)n}, key);
    for (size_t i = 0; i < o->targets.n; i++) {
        key = wl_str_hash(o->targets.items[i], key);
    }
    for (size_t i = 0; i < o->unfrozen.n; i++) {
        key = wl_str_hash(o->unfrozen.items[i], key + 1);
    }
    return key;
}

// Of all that decides what is learned, so that another training's checkpoint is refused.
static uint64_t key_of(const struct training *t)
{
    const struct wl_text_bert_options *o = t->options;
    char text[256];
    int n = snprintf(text, sizeof(text), "%d %.17g %.17g %zu %.17g %.17g %zu %zu %zu %.17g %d %llu",
                     (int)o->kind, o->rate, o->decay, o->n_warm, o->warm_share, o->layer_decay,
                     o->n_frozen, o->n_epochs, o->batch_texts, o->balance, (int)o->watches_share,
                     (unsigned long long)o->seed);
    struct wl_str tokens = {.data = (const char *)t->tokens,
                            .n_bytes = t->starts[t->set->n] * sizeof(*t->tokens)};
    struct wl_str starts = {.data = (const char *)t->starts,
                            .n_bytes = (t->set->n + 1) * sizeof(*t->starts)};
    uint64_t key =
        wl_str_hash(starts, wl_str_hash(tokens, wl_str_hash((struct wl_str){text, (size_t)n}, 0)));
    bool is_one = t->set->task == WL_TEXT_ONE;
    struct wl_str said = {.data = is_one ? (const char *)t->classes : (const char *)t->labels,
                          .n_bytes = is_one ? t->set->n * sizeof(*t->classes)
                                            : t->set->n * t->set->n_labels * sizeof(*t->labels)};
    return wl_str_hash(said, o->lora != NULL ? key_of_lora(o->lora, key) : key);
}

static struct wl_finetune_options finetune_options(const struct training *t)
{
    const struct wl_text_bert_options *o = t->options;
    struct wl_finetune_options options = wl_finetune_options_default();
    double n_updates = ceil((double)t->n_train / (double)o->batch_texts) * (double)o->n_epochs;

    options.n_epochs = o->n_epochs;
    options.patience = o->patience;
    options.keeps_best = true;
    options.watches_share = o->watches_share;
    options.seed = o->seed;
    options.weights = t->weights;
    options.optimizer.kind = o->kind;
    options.optimizer.rate = o->rate;
    options.optimizer.decay = o->decay;
    options.optimizer.n_warm = o->n_warm;
    options.optimizer.warm_share = o->warm_share;
    if ((double)o->n_warm > WARM_SHARE_MAX * n_updates) {
        options.optimizer.n_warm = 0;
        options.optimizer.warm_share = WARM_SHARE;
        wl_notice(t->sink, "%zu updates of warm-up are too many for %.0f in all: a tenth is taken",
                  o->n_warm, n_updates);
    }
    options.checkpoint = o->checkpoint;
    options.is_resumed = o->is_resumed;
    options.key = key_of(t);
    options.sink = t->sink;
    options.seconds = o->seconds;
    options.log = o->log;
    options.context = o->context;
    return options;
}

static void tell_start(const struct training *t)
{
    const struct wl_bert_config *config = &t->folder->bert->config;

    wl_notice(t->sink,
              "fine-tuning %s: %zu layers of %zu, %.1f million numbers, %s; %zu texts, %zu held out"
              ", %zu tokens, %zu texts reach the limit of %zu tokens",
              base_of(t), config->shape.n_layers, config->shape.n_channels,
              (double)t->result.n_numbers * 1e-6, t->result.is_bf16 ? "bf16" : "float", t->n_train,
              t->set->n - t->n_train, t->starts[t->set->n], t->result.n_cut, t->max_length);
}

static wl_status learn(struct training *t, wl_error *error)
{
    struct wl_bert *bert = t->folder->bert;
    struct wl_finetune_options options = finetune_options(t);
    struct wl_examples train = examples_of(t, 0, t->n_train);
    struct wl_examples held = examples_of(t, t->n_train, t->set->n - t->n_train);

    if (t->options->lora != NULL) {
        WL_TRY(put_adapters(t, t->options->lora, error));
        WL_TRY(wl_lora_save_check(t->lora, t->options->adapter_out, error));
        wl_lora_tell(t->lora, t->sink);
        wl_lora_rates(&options.optimizer, t->options->lora->adapter_rate,
                      t->options->lora->base_rate);
    } else {
        group_layers(t, &options.optimizer);
    }
    WL_TRY(plan(t, &options, error));
    t->result.n_numbers = wl_tensors_count(&bert->tensors);
    t->result.n_train = t->n_train;
    t->result.n_held = held.n;
    tell_start(t);
    WL_TRY(wl_finetune(bert, t->gemm, &train, &held, &options, &t->result.finetune, error));
    if (t->result.finetune.n_skipped > 0) {
        wl_notice(t->sink, "%zu updates were left out: gradients that are not finite",
                  t->result.finetune.n_skipped);
    }
    if (t->lora != NULL) {
        WL_TRY(wl_lora_finish(&t->lora, base_of(t), t->options->adapter_out, t->sink, error));
    }
    wl_tensors_freeze(&bert->tensors); // no more gradients and moments
    return WL_OK;
}

/* -- the classifier -- */

static wl_status name_labels(struct training *t, wl_error *error)
{
    struct wl_str *names = wl_alloc_array(t->alloc, t->set->n_labels, sizeof(*names));

    if (names == NULL) {
        return fail_memory(error);
    }
    for (size_t l = 0; l < t->set->n_labels; l++) {
        names[l] = wl_str_from(t->set->names[l]);
    }
    wl_status status = wl_bert_folder_label(t->folder, names, error);
    wl_alloc_free(t->alloc, names);
    return status;
}

static wl_status make_classifier(struct training *t, struct wl_text_classifier **classifier,
                                 wl_error *error)
{
    struct wl_text_about about = {.task = t->set->task,
                                  .labels = t->set->names,
                                  .n_labels = t->set->n_labels,
                                  .none = WL_TEXT_NO_LABEL};

    for (size_t l = 0; l < about.n_labels && t->options->none != NULL; l++) {
        if (strcmp(about.labels[l], t->options->none) == 0) {
            about.none = (uint32_t)l;
        }
    }
    if (t->options->none != NULL && about.none == WL_TEXT_NO_LABEL) {
        return wl_fail(error, WL_EINVAL, "there is no label \"%s\"", t->options->none);
    }
    WL_TRY(name_labels(t, error));
    struct wl_bert_folder *folder = t->folder;
    t->folder = NULL; // the classifier's now
    return wl_text_bert_new(t->alloc, folder, &about, t->max_length, classifier, error);
}

// The held-out texts as a set of their own; everything lies in arena.
static wl_status held_set(const struct training *t, struct wl_arena *arena, struct wl_text_set *set,
                          wl_error *error)
{
    size_t n = t->set->n - t->n_train;
    size_t n_labels = t->set->n_labels;
    struct wl_str *texts = wl_arena_zeroed(arena, n, sizeof(*texts));
    uint32_t *labels = wl_arena_zeroed(arena, n, sizeof(*labels));
    uint8_t *marks = wl_arena_zeroed(arena, n, n_labels);

    if (texts == NULL || labels == NULL || marks == NULL) {
        return fail_memory(error);
    }
    for (size_t i = 0; i < n; i++) {
        size_t text = t->order[t->n_train + i];
        texts[i] = t->set->texts[text];
        if (t->set->task == WL_TEXT_ONE) {
            labels[i] = t->set->labels[text];
        } else {
            memcpy(marks + i * n_labels, t->set->marks + text * n_labels, n_labels);
        }
    }
    *set = (struct wl_text_set){.texts = texts,
                                .labels = labels,
                                .marks = marks,
                                .n = n,
                                .names = t->set->names,
                                .n_labels = n_labels,
                                .task = t->set->task};
    return WL_OK;
}

// Temperature or sigmoids, then the threshold, from texts that were held out.
static wl_status calibrate(struct training *t, struct wl_text_bert *bert, double *held_p,
                           wl_error *error)
{
    const struct wl_text_scale scale = wl_text_bert_scale(bert);
    size_t n_labels = t->set->n_labels;
    struct wl_text_set set;
    struct wl_arena arena;
    wl_status status = WL_OK;

    wl_arena_init(&arena, t->alloc, 0);
    WL_GO(held_set(t, &arena, &set, error));
    float *margins = wl_arena_zeroed(&arena, set.n, n_labels * sizeof(*margins));
    uint8_t *is_known = wl_arena_zeroed(&arena, set.n, sizeof(*is_known));
    double *p = wl_arena_zeroed(&arena, set.n, n_labels * sizeof(*p));
    if (margins == NULL || is_known == NULL || p == NULL) {
        status = fail_memory(error);
        goto done;
    }
    WL_GO(wl_text_bert_margins(bert, t->alloc, set.texts, set.n, t->n_threads, margins, is_known,
                               error));
    const struct wl_text_held held = {.set = &set, .margins = margins, .is_held = is_known};
    WL_GO(wl_text_calibrate(t->alloc, &held, &scale, error));
    for (size_t i = 0; i < set.n; i++) {
        wl_text_probabilities(&scale, is_known[i] != 0 ? margins + i * n_labels : NULL,
                              p + i * n_labels);
        memcpy(held_p + t->order[t->n_train + i] * n_labels, p + i * n_labels,
               n_labels * sizeof(*p));
    }
    WL_GO(wl_text_threshold(t->alloc, &set, p, t->options->precision_wanted,
                            &bert->base.about.threshold, error));
    if (bert->base.about.threshold >= 1.0) {
        wl_notice(t->sink, "no threshold reaches the precision %g on held-out texts",
                  t->options->precision_wanted);
    }
done:
    wl_arena_release(&arena);
    return status;
}

/* -- all of it -- */

static wl_status take_memory(struct training *t, wl_error *error)
{
    size_t n = t->set->n;

    wl_ids_init(&t->ids, t->alloc);
    t->starts = wl_alloc_array(t->alloc, n + 1, sizeof(*t->starts));
    t->classes = wl_alloc_array(t->alloc, n, sizeof(*t->classes));
    t->order = wl_alloc_array(t->alloc, n, sizeof(*t->order));
    if (t->set->task == WL_TEXT_ANY) {
        t->labels = wl_alloc_array(t->alloc, n, t->set->n_labels * sizeof(*t->labels));
    }
    if (t->options->balance > 0.0) {
        t->weights = wl_alloc_array(t->alloc, t->set->n_labels, sizeof(*t->weights));
    }
    return t->starts != NULL && t->classes != NULL && t->order != NULL &&
                   (t->labels != NULL || t->set->task == WL_TEXT_ONE) &&
                   (t->weights != NULL || t->options->balance <= 0.0)
               ? WL_OK
               : fail_memory(error);
}

static void release(struct training *t)
{
    wl_lora_free(t->lora); // before the model
    wl_bert_folder_free(t->folder);
    wl_gemm_close(t->gemm);
    wl_ids_release(&t->ids);
    wl_alloc_free(t->alloc, t->tokens);
    wl_alloc_free(t->alloc, t->starts);
    wl_alloc_free(t->alloc, t->classes);
    wl_alloc_free(t->alloc, t->labels);
    wl_alloc_free(t->alloc, t->weights);
    wl_alloc_free(t->alloc, t->order);
}

wl_status wl_text_bert_train(const wl_alloc *alloc, const struct wl_text_set *set,
                             const struct wl_text_bert_options *options, size_t n_threads,
                             const struct wl_sink *sink, double *held_p, uint8_t *is_held,
                             struct wl_text_bert_result *result,
                             struct wl_text_classifier **classifier_out, wl_error *error)
{
    struct training t = {.alloc = alloc,
                         .set = set,
                         .options = options,
                         .sink = sink,
                         .n_threads = n_threads,
                         .is_held = is_held};
    struct wl_text_classifier *classifier = NULL;
    wl_status status = WL_OK;

    WL_GO(take_memory(&t, error));
    WL_GO(divide(&t, error));
    WL_GO(open_folder(&t, error));
    WL_GO(encode_all(&t, error));
    if (t.weights != NULL) {
        weigh_labels(&t);
    }
    WL_GO(wl_gemm_open(alloc, n_threads, &t.gemm, error));
    WL_GO(learn(&t, error));
    WL_GO(make_classifier(&t, &classifier, error));
    WL_GO(calibrate(&t, (struct wl_text_bert *)classifier, held_p, error));
    *result = t.result;
    *classifier_out = classifier;
    classifier = NULL;
done:
    wl_text_classifier_free(classifier);
    release(&t);
    return status;
}
