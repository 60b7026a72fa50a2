/* From attributes to drafts: the line's beginning as tokens, the generator under the rules of
 * slots, and the linter on what came out. */
#include "compose/script_model.h"

#include "base/file.h"
#include "base/json_write.h"
#include "nn/gpt_decode.h"

#include <string.h>

#define CARD_FILE      "wanliu_script.json"
#define CARD_BYTES_MAX ((size_t)1 << 22)

// A text repeats itself when more than this share of its runs of so many bytes was there before. No
// text of the library goes beyond 0.06; a model that has lost its way beyond 0.55.
#define REPEAT_BYTES 8
#define REPEAT_FROM  40 // runs; a shorter text may say a slot twice
#define REPEAT_SHARE 0.3

// -- the card --

void wl_script_card_init(struct wl_script_card *card, const wl_alloc *alloc)
{
    wl_text_list_init(&card->attributes, alloc);
    wl_text_list_init(&card->slots, alloc);
}

void wl_script_card_release(struct wl_script_card *card)
{
    wl_text_list_release(&card->attributes);
    wl_text_list_release(&card->slots);
}

static void put_list(struct wl_json_writer *json, const char *key, const struct wl_text_list *list)
{
    wl_json_key(json, key);
    wl_json_open(json, '[');
    for (size_t i = 0; i < list->n; i++) {
        wl_json_str(json, list->items[i]);
    }
    wl_json_close(json, ']');
}

void wl_script_card_write(const struct wl_script_card *card, struct wl_buf *buf)
{
    struct wl_json_writer json = wl_json_begin(buf);

    wl_json_open(&json, '{');
    wl_json_key(&json, "version");
    wl_json_i64(&json, 1);
    put_list(&json, "attributes", &card->attributes);
    put_list(&json, "slots", &card->slots);
    wl_json_close(&json, '}');
    wl_buf_char(buf, '\n');
}

static wl_status read_list(const struct wl_node *root, const char *key, struct wl_text_list *list,
                           wl_error *error)
{
    const struct wl_node *node = wl_node_get(root, key);

    if (node == NULL || node->kind != WL_NODE_LIST) {
        return wl_fail(error, WL_EPARSE, CARD_FILE ": %s: wants a list", key);
    }
    for (const struct wl_node *item = node->first; item != NULL; item = item->next) {
        if (item->kind != WL_NODE_STRING) {
            return wl_fail(error, WL_EPARSE, CARD_FILE ": %s: wants texts", key);
        }
        WL_TRY(wl_text_list_add(list, item->text, error));
    }
    return WL_OK;
}

wl_status wl_script_card_read(struct wl_str bytes, struct wl_script_card *card, wl_error *error)
{
    struct wl_arena arena;
    struct wl_node *root = NULL;
    wl_status status = WL_OK;

    wl_arena_init(&arena, card->attributes.alloc, 0);
    status = wl_json_parse(&arena, bytes, &root, error);
    if (status != WL_OK) {
        (void)wl_fail_at(error, status, CARD_FILE);
        goto done;
    }
    if (wl_node_number(root, "version", 0.0) != 1.0) {
        status = wl_fail(error, WL_EVERSION, CARD_FILE ": wants version 1");
        goto done;
    }
    WL_GO(read_list(root, "attributes", &card->attributes, error));
    WL_GO(read_list(root, "slots", &card->slots, error));
done:
    wl_arena_release(&arena);
    return status;
}

// -- opening --

static wl_status open_card(struct wl_script_model *model, const char *path, wl_error *error)
{
    struct wl_arena arena;
    struct wl_buf buf;
    wl_status status = WL_OK;

    wl_arena_init(&arena, model->alloc, 0);
    wl_buf_init(&buf, model->alloc, CARD_BYTES_MAX);
    const char *file = wl_path_join(&arena, path, CARD_FILE);
    if (file == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for a path");
        goto done;
    }
    model->has_card = wl_file_exists(file);
    if (model->has_card) {
        WL_GO(wl_file_read(file, &buf, error));
        WL_GO(wl_script_card_read(wl_buf_view(&buf), &model->card, error));
    }
done:
    wl_buf_release(&buf);
    wl_arena_release(&arena);
    return status;
}

wl_status wl_script_model_open(const wl_alloc *alloc, const char *path, const struct wl_sink *sink,
                               struct wl_script_model *model, wl_error *error)
{
    struct wl_script_model made = {.alloc = alloc};
    wl_status status = WL_OK;

    wl_script_card_init(&made.card, alloc);
    WL_GO(wl_gpt_folder_open(alloc, path, sink, &made.folder, error));
    WL_GO(open_card(&made, path, error));
    *model = made;
    made = (struct wl_script_model){0};
done:
    wl_script_model_close(&made);
    return status;
}

void wl_script_model_close(struct wl_script_model *model)
{
    if (model != NULL) {
        wl_gpt_folder_free(model->folder);
        wl_script_card_release(&model->card);
        *model = (struct wl_script_model){0};
    }
}

// -- drafts --

void wl_drafts_release(struct wl_drafts *drafts)
{
    if (drafts != NULL) {
        wl_arena_release(&drafts->arena);
        *drafts = (struct wl_drafts){0};
    }
}

// Everything one request needs, made and given back together.
struct job {
    struct wl_script_model *model;
    const struct wl_script_request *request;
    struct wl_token_text text;
    struct wl_generate_options options;
    struct wl_gemm *gemm;
    struct wl_gpt_decode *decode;
    struct wl_slots *slots;
    struct wl_generated_texts texts;
    struct wl_ids ids;
    struct wl_buf buf;
    int32_t *prompt; // (n_prompt)
    size_t n_prompt;
};

static wl_status make_prompt(struct job *j, wl_error *error)
{
    const struct wl_gpt_tokenizer *t = j->model->folder->tokenizer;

    wl_script_prompt(&j->request->line, &j->buf);
    WL_TRY(wl_buf_check(&j->buf, error));
    WL_TRY(wl_gpt_tokenizer_encode(t, wl_buf_view(&j->buf), &j->ids, error));
    j->prompt = wl_alloc_zeroed(j->model->alloc, j->ids.n + 1, sizeof(*j->prompt));
    if (j->prompt == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for attributes");
    }
    j->prompt[j->n_prompt++] = t->begin;
    for (size_t i = 0; i < j->ids.n; i++) {
        j->prompt[j->n_prompt++] = (int32_t)j->ids.items[i];
    }
    return WL_OK;
}

static wl_status make_rules(struct job *j, wl_error *error)
{
    const struct wl_script_card *card = &j->model->card;
    const struct wl_slots_options rules = {.allowed = card->slots.items,
                                           .n_allowed = card->slots.n,
                                           .required = j->request->required,
                                           .n_required = j->request->n_required,
                                           .template_ = j->request->template_};

    j->options = j->request->generate;
    j->options.end = j->model->folder->tokenizer->end;
    j->options.stops = j->request->stops;
    j->options.n_stops = j->request->n_stops;
    j->options.text = &j->text;
    WL_TRY(wl_slots_new(j->model->alloc, &j->text, j->model->folder->gpt->config.n_vocabulary,
                        j->options.end, &rules, &j->slots, error));
    j->options.slots = j->slots;
    return WL_OK;
}

static wl_status make_decoder(struct job *j, wl_error *error)
{
    size_t n_positions = j->model->folder->gpt->config.n_positions;
    bool is_search = j->options.method == WL_GENERATE_BEAMS;

    if (j->n_prompt >= n_positions) {
        return wl_fail(error, WL_ELIMIT, "attributes take %zu tokens, the model reads %zu",
                       j->n_prompt, n_positions);
    }
    if (j->options.n_new_max > n_positions - j->n_prompt) {
        j->options.n_new_max = n_positions - j->n_prompt;
    }
    const struct wl_gpt_decode_options plan = {.n_prompt_max = j->n_prompt,
                                               .n_new_max = j->options.n_new_max,
                                               .n_beams_max = is_search ? j->options.n_beams
                                                                        : j->options.n_best,
                                               .number = j->request->number};
    return wl_gpt_decode_new(j->model->folder->gpt, j->gemm, &plan, &j->decode, error);
}

static bool is_there(const struct wl_drafts *drafts, struct wl_str text)
{
    for (size_t i = 0; i < drafts->n; i++) {
        if (wl_str_equal(drafts->items[i].text, text)) {
            return true;
        }
    }
    return false;
}

bool wl_draft_repeats(struct wl_str text)
{
    size_t n = text.n_bytes >= REPEAT_BYTES ? text.n_bytes - REPEAT_BYTES + 1 : 0;
    size_t n_again = 0;

    for (size_t i = 1; i < n; i++) {
        bool is_again = false;
        for (size_t k = 0; k < i && !is_again; k++) {
            is_again = memcmp(text.data + k, text.data + i, REPEAT_BYTES) == 0;
        }
        n_again += is_again;
    }
    return n >= REPEAT_FROM && (double)n_again > REPEAT_SHARE * (double)n;
}

static struct wl_str what_is_broken(const struct job *j, struct wl_str text)
{
    if (!wl_str_is_utf8(text)) {
        return WL_STR("UTF-8"); // half a character, where a text was cut
    }
    struct wl_str slot = wl_slots_check(j->slots, text);
    return slot.n_bytes == 0 && wl_draft_repeats(text) ? WL_STR("repeats itself") : slot;
}

static wl_status take_drafts(struct job *j, struct wl_drafts *made, wl_error *error)
{
    made->items = wl_arena_zeroed(&made->arena, j->texts.n, sizeof(*made->items));
    if (made->items == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu drafts", j->texts.n);
    }
    for (size_t i = 0; i < j->texts.n; i++) {
        const struct wl_generated *from = &j->texts.items[i];
        wl_buf_clear(&j->buf);
        wl_generate_text(&j->options, &j->text, from, &j->buf);
        WL_TRY(wl_buf_check(&j->buf, error));
        struct wl_str text = wl_str_trim(wl_buf_view(&j->buf));
        if (is_there(made, text)) {
            continue;
        }
        const char *copy = wl_arena_string(&made->arena, text);
        if (copy == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for a draft");
        }
        struct wl_draft *draft = &made->items[made->n++];
        *draft = (struct wl_draft){.text = {.data = copy, .n_bytes = text.n_bytes},
                                   .n_tokens = from->n_tokens,
                                   .log_p = from->log_p,
                                   .score = from->score,
                                   .end = from->end};
        struct wl_str broken = what_is_broken(j, draft->text);
        copy = wl_arena_string(&made->arena, broken);
        if (copy == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for a draft");
        }
        draft->broken = (struct wl_str){.data = copy, .n_bytes = broken.n_bytes};
    }
    return WL_OK;
}

wl_status wl_script_model_draft(struct wl_script_model *model,
                                const struct wl_script_request *request, struct wl_drafts *drafts,
                                wl_error *error)
{
    struct job j = {.model = model,
                    .request = request,
                    .text = wl_gpt_tokenizer_text(model->folder->tokenizer)};
    struct wl_drafts made = {0};
    wl_status status = WL_OK;

    wl_ids_init(&j.ids, model->alloc);
    wl_buf_init(&j.buf, model->alloc, 0);
    wl_arena_init(&made.arena, model->alloc, 0);
    // One thread: with others a product may add up in another order.
    WL_GO(wl_gemm_open(model->alloc, 1, &j.gemm, error));
    WL_GO(make_prompt(&j, error));
    WL_GO(make_rules(&j, error));
    WL_GO(make_decoder(&j, error));
    const struct wl_next_tokens next = wl_gpt_decode_next(j.decode);
    WL_GO(wl_generate(model->alloc, &next, j.prompt, j.n_prompt, &j.options, &j.texts, error));
    WL_GO(take_drafts(&j, &made, error));
    *drafts = made;
    made = (struct wl_drafts){0};
done:
    wl_drafts_release(&made);
    wl_generated_texts_release(&j.texts);
    wl_gpt_decode_free(j.decode);
    wl_slots_free(j.slots);
    wl_gemm_close(j.gemm);
    wl_ids_release(&j.ids);
    wl_buf_release(&j.buf);
    wl_alloc_free(model->alloc, j.prompt);
    return status;
}

// -- linting --

// Names without braces, sections and the like left out: "{{#offer}}" declares nothing.
static void put_names(const struct wl_text_list *slots, struct wl_json_writer *json)
{
    for (size_t i = 0; i < slots->n; i++) {
        struct wl_str name = {.data = slots->items[i].data + 2,
                              .n_bytes = slots->items[i].n_bytes - 4};
        if (strchr("#^/&!>{", name.data[0]) == NULL) {
            wl_json_str(json, name);
        }
    }
}

static bool has_offer(const struct wl_text_list *slots)
{
    for (size_t i = 0; i < slots->n; i++) {
        if (slots->items[i].n_bytes > 8 && memcmp(slots->items[i].data, "{{offer", 7) == 0) {
            return true;
        }
    }
    return false;
}

static void put_one(struct wl_json_writer *json, const char *key, const char *value)
{
    wl_json_key(json, key);
    wl_json_open(json, '[');
    wl_json_text(json, value);
    wl_json_close(json, ']');
}

// A library of one template; JSON is YAML.
static void put_template(const struct wl_draft *draft, const struct wl_text_list *slots,
                         enum wl_channel channel, enum wl_language language, struct wl_buf *buf)
{
    struct wl_json_writer json = wl_json_begin(buf);

    wl_json_open(&json, '{');
    wl_json_key(&json, "version");
    wl_json_i64(&json, 1);
    wl_json_key(&json, "templates");
    wl_json_open(&json, '[');
    wl_json_open(&json, '{');
    wl_json_key(&json, "id");
    wl_json_text(&json, "draft");
    wl_json_key(&json, "version");
    wl_json_i64(&json, 1);
    put_one(&json, "tiers", "medium");
    put_one(&json, "reasons", "generic");
    put_one(&json, "channels", wl_channel_names[channel]);
    wl_json_key(&json, "language");
    wl_json_text(&json, wl_language_names[language]);
    wl_json_key(&json, "body");
    wl_json_str(&json, draft->text);
    wl_json_key(&json, "slots");
    wl_json_open(&json, '[');
    put_names(slots, &json);
    wl_json_close(&json, ']');
    put_one(&json, "offers", has_offer(slots) ? "coupon" : "none");
    wl_json_close(&json, '}');
    wl_json_close(&json, ']');
    wl_json_close(&json, '}');
}

wl_status wl_draft_lint(const struct wl_draft *draft, const wl_alloc *alloc,
                        enum wl_channel channel, enum wl_language language,
                        struct wl_library *library, struct wl_findings *findings, wl_error *error)
{
    const struct wl_lint_options options = {0};
    struct wl_text_list slots;
    struct wl_buf yaml;
    size_t to = findings->n_items;
    size_t begin = to;
    wl_status status = WL_OK;

    wl_library_init(library, alloc);
    wl_text_list_init(&slots, alloc);
    wl_buf_init(&yaml, alloc, 0);
    WL_GO(wl_script_slots(draft->text, &slots, error));
    put_template(draft, &slots, channel, language, &yaml);
    WL_GO(wl_buf_check(&yaml, error));
    WL_GO(wl_library_add(library, "draft", wl_buf_view(&yaml), false, error));
    WL_GO(wl_lint_library(library, &options, findings, error));
    for (size_t i = begin; i < findings->n_items; i++) {
        if (findings->items[i].rule != WL_RULE_TITLE) {
            findings->items[to++] = findings->items[i];
        }
    }
    findings->n_items = to;
done:
    wl_buf_release(&yaml);
    wl_text_list_release(&slots);
    return status;
}
