/* Goal:   PEFT's folders attach to our models with PEFT's logits; what we save attaches again with
 *         the same bytes; what does not fit is refused and leaves the model as it was.
 * Method: the folders peft_bert and peft_gpt, saved by PEFT with the values of make_peft.py: logits
 *         of the formula's adapters are stored in peft.json. BERT's embeddings are unfrozen there
 *         too, but not changed, so the folder does not hold them. Then one step of training, a
 *         folder of our own and its logits, which check_peft.py lets PEFT load.
 *         Refusals: a table of targets, names and sizes with their messages. */
#include "lora_subject.h"

#include "base/file.h"
#include "base/json_write.h"
#include "nn/bert_folder.h"
#include "nn/lora_folder.h"

#define OUT WL_BINARY_DIR "/test_lora_folder"

static void attach(struct subject *s, const char *folder, struct wl_arena *arena)
{
    struct wl_peft peft = {0};

    CHECK_INT(wl_peft_open(arena, folder, &peft, &fault), WL_OK);
    CHECK_INT(wl_lora_attach(wl_alloc_default(), &s->places, &peft, &s->lora, &fault), WL_OK);
    subject_plan(s, WL_F32);
}

static void write_logits(struct subject *s, const char *path)
{
    const float *logits = logits_of(s);
    struct wl_buf buf;

    wl_buf_init(&buf, wl_alloc_default(), 0);
    struct wl_json_writer json = wl_json_begin(&buf);
    wl_json_open(&json, '[');
    for (size_t i = 0; i < logit_count(s); i++) {
        wl_json_float(&json, logits[i]);
    }
    wl_json_close(&json, ']');
    CHECK_INT(wl_file_write(path, wl_buf_view(&buf), &fault), WL_OK);
    wl_buf_release(&buf);
}

static void step(struct subject *s)
{
    struct wl_optimizer optimizer = {.options = wl_optimizer_options_default()};

    wl_lora_rates(&optimizer.options, 1e-2, 1e-3);
    optimizer.options.n_steps = 10;
    (void)train_once(s, 0);
    CHECK_INT(wl_optimizer_step(&optimizer, &s->lora->tensors, NULL, &fault), WL_OK);
}

static void check_round(bool is_bert, const char *in, const char *out, const char *logits)
{
    struct subject s;
    struct subject again;
    struct wl_arena arena;
    struct wl_arena stored_arena;
    const struct wl_node *stored =
        wl_node_get(torch_json(&stored_arena, PATH("peft.json")), is_bert ? "bert" : "gpt");

    wl_arena_init(&arena, wl_alloc_default(), 0);
    subject_open(&s, is_bert);
    attach(&s, in, &arena);
    CHECK(torch_error(logits_of(&s), logit_count(&s), wl_node_get(stored, "logits"), 1.0) < 1e-5);
    CHECK_INT(s.lora->n_guests, is_bert ? 2 : 0);
    step(&s);
    CHECK(torch_error(logits_of(&s), logit_count(&s), wl_node_get(stored, "logits"), 1.0) > 1e-3);
    write_logits(&s, logits);
    CHECK_INT(wl_lora_save(s.lora, "base", out, &fault), WL_OK);
    CHECK_INT(wl_lora_save(s.lora, "base", out, &fault), WL_EEXIST);
    subject_open(&again, is_bert);
    attach(&again, out, &arena);
    CHECK_INT(again.lora->tensors.n_floats, s.lora->tensors.n_floats);
    CHECK(memcmp(again.lora->tensors.weights, s.lora->tensors.weights,
                 s.lora->tensors.n_floats * sizeof(float)) == 0);
    CHECK(memcmp(logits_of(&again), logits_of(&s), logit_count(&s) * sizeof(float)) == 0);
    subject_close(&again);
    subject_close(&s);
    wl_arena_release(&arena);
    wl_arena_release(&stored_arena);
}

static void test_folders(void)
{
    wl_folder_remove(OUT);
    CHECK_INT(wl_folder_make(OUT, &fault), WL_OK);
    check_round(true, PATH("peft_bert"), OUT "/bert", OUT "/bert.json");
    check_round(false, PATH("peft_gpt"), OUT "/gpt", OUT "/gpt.json");
}

struct refusal {
    bool is_bert;
    const char *target;   // NULL: the preset
    const char *unfrozen; // NULL: nothing
    size_t r;
    double dropout;
    const char *message;
};

static const struct refusal refusals[] = {
    {true, "c_attn", NULL, 4, 0.0,
     "no layer is called \"c_attn\"; the model has query, key, value, dense"},
    {false, "query", NULL, 4, 0.0,
     "no layer is called \"query\"; the model has c_attn, c_proj, c_fc"},
    {false, "attn", NULL, 4, 0.0,
     "no layer is called \"attn\"; the model has c_attn, c_proj, c_fc"},
    {true, NULL, "wte", 4, 0.0,
     "nothing in the model is called \"wte\"; it has embeddings, encoder, pooler, classifier"},
    {false, NULL, "head", 4, 0.0,
     "nothing in the model is called \"head\"; it has wte, wpe, h, ln_f"},
    {true, NULL, "pooler", 4, 0.0,
     "pooler.dense.weight has an adapter, so it cannot be unfrozen, too"},
    {true, NULL, NULL, 0, 0.0, "rank 0 of adapters, not 1 to 4096"},
    {true, NULL, NULL, 4, 1.0, "dropout 1 of adapters is not in [0, 1)"},
};

static void test_refusals(void)
{
    for (size_t i = 0; i < COUNT(refusals); i++) {
        const struct refusal *r = &refusals[i];
        const struct wl_str target = wl_str_from(r->target);
        const struct wl_str unfrozen = wl_str_from(r->unfrozen);
        struct wl_lora_options options = wl_lora_options_default();
        struct subject s;

        subject_open(&s, r->is_bert);
        options.r = r->r;
        options.dropout = r->dropout;
        options.targets = (struct wl_lora_names){&target, r->target != NULL};
        options.unfrozen = (struct wl_lora_names){&unfrozen, r->unfrozen != NULL};
        CHECK_INT(wl_lora_new(wl_alloc_default(), &s.places, &options, &s.lora, &fault),
                  WL_ECONFIG);
        CHECK_STR(fault.message, r->message);
        CHECK(s.lora == NULL && s.places.stack->lora == NULL && !s.places.tensors->is_frozen);
        subject_close(&s);
    }
}

// BERT's folder does not fit GPT-2, and a second set of adapters does not fit anybody.
static void test_wrong_model(void)
{
    struct wl_lora_options options = wl_lora_options_default();
    struct wl_lora *second = NULL;
    struct wl_peft peft = {0};
    struct wl_arena arena;
    struct subject s;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    subject_open(&s, false);
    CHECK_INT(wl_peft_open(&arena, PATH("peft_bert"), &peft, &fault), WL_OK);
    CHECK_INT(wl_lora_attach(wl_alloc_default(), &s.places, &peft, &s.lora, &fault), WL_ESCHEMA);
    CHECK_STR(fault.message,
              "the model has no module \"bert.encoder.layer.0.attention.output.dense\"");
    CHECK_INT(wl_lora_new(wl_alloc_default(), &s.places, &options, &s.lora, &fault), WL_OK);
    CHECK_INT(wl_lora_new(wl_alloc_default(), &s.places, &options, &second, &fault), WL_EEXIST);
    subject_close(&s);
    wl_arena_release(&arena);
}

static void test_first_values(void)
{
    struct wl_lora_options options = wl_lora_options_default();
    struct subject s;
    float before[14 * 13];

    subject_open(&s, false);
    subject_plan(&s, WL_F32);
    memcpy(before, logits_of(&s), sizeof(before));
    CHECK_INT(wl_lora_new(wl_alloc_default(), &s.places, &options, &s.lora, &fault), WL_OK);
    CHECK(s.places.tensors->gradients == NULL); // given back
    subject_plan(&s, WL_F32);
    CHECK(memcmp(before, logits_of(&s), sizeof(before)) == 0); // B is zero
    const struct wl_lora_part *part = &s.lora->parts[0];
    double largest = 0.0;
    for (size_t i = 0; i < part->r * part->n_in; i++) {
        largest = fmax(largest, fabs((double)s.lora->tensors.weights[part->a + i]));
    }
    CHECK(largest <= 0.25 && largest > 0.24); // 1 / sqrt(16)
    CHECK_CLOSE((double)part->scale, 2.0, 1e-7);
    struct wl_lora_facts facts = wl_lora_facts(s.lora);
    // Two layers: 16 (16 + 48) + 16 (16 + 16) + 16 (16 + 32) twice.
    CHECK_INT(facts.n_trained, 2 * 16 * (64 + 32 + 48 + 48));
    CHECK_INT(facts.n_values, wl_tensors_count(s.places.tensors) + facts.n_trained);
    wl_lora_free(s.lora);
    s.lora = NULL;
    CHECK(s.gpt->stack.blocks[0].qkv.lora == NULL && s.gpt->stack.lora == NULL);
    subject_close(&s);
}

// Attaching, merging and saving with the n-th request for memory refused: the model is as before.
static wl_status use_with(const wl_alloc *alloc, struct subject *s, const struct wl_peft *peft)
{
    struct wl_lora *lora = NULL;
    wl_status status = wl_lora_attach(alloc, &s->places, peft, &lora, &fault);

    if (status == WL_OK) {
        status = wl_lora_plan(lora, 32, WL_F32, true, &fault);
    }
    if (status == WL_OK) {
        status = wl_lora_save(lora, "", OUT "/fault", &fault);
    }
    if (status == WL_OK) {
        status = wl_lora_merge(lora, &fault);
    }
    if (status == WL_OK) {
        wl_lora_unmerge(lora);
    }
    wl_lora_free(lora);
    return status;
}

static void test_every_failed_allocation(void)
{
    struct wl_peft peft = {0};
    struct wl_arena arena;
    struct subject s;
    wl_status status = WL_ENOMEM;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    subject_open(&s, true);
    CHECK_INT(wl_peft_open(&arena, PATH("peft_bert"), &peft, &fault), WL_OK);
    size_t n_floats = s.places.tensors->n_floats;
    float *before = wl_alloc_array(wl_alloc_default(), n_floats, sizeof(*before));
    memcpy(before, s.places.tensors->weights, n_floats * sizeof(*before));
    for (size_t n_good = 0; status != WL_OK && n_good < 1000; n_good++) {
        struct check_heap heap;
        check_heap_init(&heap, n_good);
        status = use_with(&heap.alloc, &s, &peft);
        wl_folder_remove(OUT "/fault");
        CHECK(status == WL_OK || status == WL_ENOMEM);
        CHECK_INT(heap.live_blocks, 0);
        CHECK(s.places.stack->lora == NULL && s.bert->stack.blocks[0].qkv.lora == NULL);
        CHECK(memcmp(before, s.places.tensors->weights, n_floats * sizeof(*before)) == 0);
    }
    CHECK_INT(status, WL_OK);
    wl_alloc_free(wl_alloc_default(), before);
    subject_close(&s);
    wl_arena_release(&arena);
}

// The formula's BERT as a folder, without the head, which the adapter brings along.
static void save_base(const char *path)
{
    static const char words[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\nd\ne\nf\n";
    const struct wl_hf_wordpiece_files given = {
        .vocabulary = {.data = words, .n_bytes = sizeof(words) - 1}};
    struct wl_bert_config config = {.shape = shape, .n_positions = 8, .n_segments = 2};
    struct wl_bert_folder_options options = wl_bert_folder_options_default();
    struct wl_bert_folder *folder = NULL;

    config.shape.eps = 1e-12F;
    options.n_labels = 0;
    CHECK_INT(
        wl_bert_folder_new(wl_alloc_default(), "words", &given, &config, &options, &folder, &fault),
        WL_OK);
    fill(&folder->bert->tensors, folder->bert->tensors.n_tensors);
    CHECK_INT(wl_bert_folder_save(folder, path, WL_SAFETENSOR_F32, &fault), WL_OK);
    wl_bert_folder_free(folder);
}

static void test_merge_bert(void)
{
    const struct wl_lora_merge_order order = {
        .base = OUT "/base", .adapter = PATH("peft_bert"), .out = OUT "/merged"};
    struct wl_bert_folder_options options = wl_bert_folder_options_default();
    struct wl_bert_folder *folder = NULL;
    struct wl_lora_merged merged = {0};
    struct wl_arena arena;
    struct subject s;

    save_base(order.base);
    struct wl_lora_merge_order f32 = order;
    f32.type = WL_SAFETENSOR_F32;
    CHECK_INT(wl_lora_merge_folder(wl_alloc_default(), &f32, &merged, &fault), WL_OK);
    CHECK_STR(merged.kind, "bert");
    CHECK_INT(merged.n_modules, 13);
    CHECK_INT(merged.n_wholes, 2);
    CHECK_INT(wl_bert_folder_open(wl_alloc_default(), order.out, &options, &folder, &fault), WL_OK);
    const struct wl_node *stored =
        wl_node_get(wl_node_get(torch_json(&arena, PATH("peft.json")), "bert"), "logits");
    subject_open(&s, true);
    wl_bert_free(s.bert);
    s.bert = folder->bert;
    subject_plan(&s, WL_F32);
    double off = torch_error(logits_of(&s), 9, stored, 1.0);
    printf("merged folder: logits differ by %.2g\n", off);
    CHECK(off < 1e-5);
    s.bert = NULL;
    subject_close(&s);
    wl_bert_folder_free(folder);
    wl_arena_release(&arena);
    f32.adapter = OUT "/gpt";
    f32.out = OUT "/no";
    CHECK_INT(wl_lora_merge_folder(wl_alloc_default(), &f32, &merged, &fault), WL_ESCHEMA);
    CHECK(!wl_file_exists(OUT "/no"));
    f32.base = OUT "/gpt"; // an adapter is no model
    CHECK_INT(wl_lora_merge_folder(wl_alloc_default(), &f32, &merged, &fault), WL_ENOTFOUND);
}

int main(void)
{
    RUN(test_folders);
    RUN(test_refusals);
    RUN(test_wrong_model);
    RUN(test_first_values);
    RUN(test_every_failed_allocation);
    RUN(test_merge_bert);
    return check_report();
}
