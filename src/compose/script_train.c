/* A line is one example: beginning, "[attributes] ", text, end; attributes and text are encoded
 * apart, so that what the model is asked with later are the very tokens it has seen. */
#include "compose/script_train.h"

#include "base/limits.h"

#include <string.h>

// -- the corpus --

void wl_script_corpus_init(struct wl_script_corpus *corpus, const wl_alloc *alloc)
{
    *corpus = (struct wl_script_corpus){.alloc = alloc};
    wl_arena_init(&corpus->arena, alloc, 0);
}

void wl_script_corpus_release(struct wl_script_corpus *corpus)
{
    if (corpus->alloc != NULL) {
        wl_alloc_free(corpus->alloc, corpus->lines);
        wl_arena_release(&corpus->arena);
        *corpus = (struct wl_script_corpus){0};
    }
}

wl_status wl_script_corpus_add(struct wl_script_corpus *corpus, struct wl_str line, size_t number,
                               const struct wl_text_list *allowed, wl_error *error)
{
    struct wl_script_line parsed;
    wl_error why = {0};

    if (wl_str_trim(line).n_bytes == 0) {
        return WL_OK;
    }
    const char *copy = wl_arena_string(&corpus->arena, line);
    if (copy == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a corpus");
    }
    const struct wl_str kept = {.data = copy, .n_bytes = line.n_bytes};
    if (wl_script_line_read(kept, allowed, &parsed, &why) != WL_OK) {
        if (corpus->n_rejected == 0) {
            corpus->first_rejected = number;
            corpus->why = why;
        }
        corpus->n_rejected++;
        return WL_OK;
    }
    WL_TRY(WL_GROW(corpus->alloc, corpus->lines, corpus->capacity, corpus->n + 1, error));
    corpus->lines[corpus->n++] = parsed;
    return WL_OK;
}

// -- tokens --

struct encoded {
    const wl_alloc *alloc;
    int32_t *tokens;
    size_t n_tokens;
    size_t tokens_capacity;
    size_t *starts; // (n + 1)
    size_t starts_capacity;
    size_t *firsts; // (n)
    size_t firsts_capacity;
    size_t n;
    size_t n_long;
};

static void encoded_release(struct encoded *e)
{
    wl_alloc_free(e->alloc, e->tokens);
    wl_alloc_free(e->alloc, e->starts);
    wl_alloc_free(e->alloc, e->firsts);
}

static struct wl_gpt_examples examples_of(const struct encoded *e)
{
    return (struct wl_gpt_examples){
        .tokens = e->tokens, .starts = e->starts, .firsts = e->firsts, .n = e->n};
}

static wl_status put_tokens(struct encoded *e, const uint32_t *ids, size_t n, wl_error *error)
{
    WL_TRY(WL_GROW(e->alloc, e->tokens, e->tokens_capacity, e->n_tokens + n + 1, error));
    for (size_t i = 0; i < n; i++) {
        e->tokens[e->n_tokens++] = (int32_t)ids[i];
    }
    return WL_OK;
}

// One line behind the others; cut when the model cannot read it whole.
static wl_status put_line(struct encoded *e, const struct wl_gpt_tokenizer *t,
                          const struct wl_script_line *line, size_t n_positions,
                          bool is_loss_on_text, struct wl_buf *buf, struct wl_ids *ids,
                          wl_error *error)
{
    size_t begin = e->n_tokens;
    const uint32_t ends[2] = {(uint32_t)t->begin, (uint32_t)t->end};

    WL_TRY(WL_GROW(e->alloc, e->starts, e->starts_capacity, e->n + 2, error));
    WL_TRY(WL_GROW(e->alloc, e->firsts, e->firsts_capacity, e->n + 1, error));
    wl_buf_clear(buf);
    wl_script_prompt(line, buf);
    WL_TRY(wl_buf_check(buf, error));
    ids->n = 0;
    WL_TRY(wl_gpt_tokenizer_encode(t, wl_buf_view(buf), ids, error));
    size_t n_prompt = ids->n + 1;
    WL_TRY(wl_gpt_tokenizer_encode(t, line->text, ids, error));
    WL_TRY(put_tokens(e, &ends[0], 1, error));
    WL_TRY(put_tokens(e, ids->items, ids->n, error));
    WL_TRY(put_tokens(e, &ends[1], 1, error));
    if (e->n_tokens - begin > n_positions) {
        e->n_tokens = begin + n_positions;
        e->n_long++;
    }
    e->starts[e->n] = begin;
    e->firsts[e->n++] = is_loss_on_text ? n_prompt : 1;
    e->starts[e->n] = e->n_tokens;
    return WL_OK;
}

// -- which lines are held out --

// By text, so that a text never stands on both sides.
static bool is_held_out(const struct wl_script_line *line, double share, uint64_t seed)
{
    uint64_t hash = wl_str_hash(line->text, seed);
    return (double)(hash >> 11) / 9007199254740992.0 < share;
}

struct job {
    struct wl_gpt_folder *folder;
    struct wl_lora *lora; // of the folder's GPT, or NULL
    const struct wl_script_train_options *options;
    struct encoded train;
    struct encoded valid;
    struct wl_buf buf;
    struct wl_ids ids;
};

static wl_status encode_corpus(struct job *j, const struct wl_script_corpus *corpus, bool is_valid,
                               double share, wl_error *error)
{
    const struct wl_script_train_options *o = j->options;

    for (size_t i = 0; i < corpus->n; i++) {
        const struct wl_script_line *line = &corpus->lines[i];
        bool is_out = is_valid || is_held_out(line, share, o->train.seed);
        WL_TRY(put_line(is_out ? &j->valid : &j->train, j->folder->tokenizer, line,
                        j->folder->gpt->config.n_positions, o->is_loss_on_text, &j->buf, &j->ids,
                        error));
    }
    return WL_OK;
}

// -- card and vocabulary --

static wl_status fill_card(const struct wl_script_corpus *corpus, struct wl_script_card *card,
                           wl_error *error)
{
    for (size_t i = 0; i < corpus->n; i++) {
        const struct wl_script_line *line = &corpus->lines[i];
        for (size_t a = 0; a < line->n_attributes; a++) {
            WL_TRY(wl_text_list_add(&card->attributes, line->attributes[a], error));
        }
        WL_TRY(wl_script_slots(line->text, &card->slots, error));
    }
    return WL_OK;
}

static wl_status add_slots(struct job *j, const struct wl_script_card *card, wl_error *error)
{
    for (size_t i = 0; i < card->slots.n; i++) {
        uint32_t id = 0;
        j->ids.n = 0;
        WL_TRY(wl_gpt_tokenizer_encode(j->folder->tokenizer, card->slots.items[i], &j->ids, error));
        if (j->ids.n > 1) {
            WL_TRY(wl_gpt_tokenizer_add(j->folder->tokenizer, card->slots.items[i], &id, error));
        }
    }
    return wl_gpt_folder_grow(j->folder, error);
}

// -- training --

// Adapters on the model's layers; says how much they are of it.
static wl_status put_adapters(struct job *j, struct wl_gpt_train_options *options, wl_error *error)
{
    const struct wl_lora_order *order = j->options->lora;
    struct wl_lora_places places = {0};
    wl_status status = WL_OK;

    WL_GO(wl_lora_places_gpt(j->folder->alloc, j->folder->gpt, &places, error));
    WL_GO(wl_lora_new(j->folder->alloc, &places, &order->options, &j->lora, error));
    wl_lora_rates(&options->optimizer, order->adapter_rate, order->base_rate);
    options->trained = wl_lora_trained(j->lora, &j->folder->gpt->tensors);
    WL_GO(wl_lora_save_check(j->lora, order->folder, error));
    wl_lora_tell(j->lora, options->sink);
done:
    wl_lora_places_release(&places);
    return status;
}

static wl_status train(struct job *j, struct wl_gemm *gemm, struct wl_script_train_result *result,
                       wl_error *error)
{
    const struct wl_script_train_options *o = j->options;
    struct wl_gpt_train_options options = o->train;
    struct wl_gpt *gpt = j->folder->gpt;
    struct wl_gpt_examples train_set = examples_of(&j->train);
    struct wl_gpt_examples valid_set = examples_of(&j->valid);
    size_t n_rows = wl_gpt_train_rows(&train_set, o->train.batch_rows);
    size_t n_rows_valid = wl_gpt_train_rows(&valid_set, o->train.batch_rows);
    size_t n_tokens = 0;

    n_rows = n_rows_valid > n_rows ? n_rows_valid : n_rows;
    if (o->lora != NULL) {
        WL_TRY(put_adapters(j, &options, error));
    }
    WL_TRY(wl_gpt_plan(gpt, n_rows, o->number, true, error));
    WL_TRY(wl_gpt_train_texts(gpt, gemm, &train_set, &valid_set, &options, &result->train, error));
    if (valid_set.n > 0) {
        WL_TRY(wl_gpt_loss(gpt, gemm, &valid_set, o->train.batch_rows, &result->loss, &n_tokens,
                           error));
        WL_TRY(wl_token_ngrams(j->folder->alloc, &train_set, &valid_set, gpt->config.n_vocabulary,
                               &result->counted, error));
    }
    result->n_train = train_set.n;
    result->n_valid = valid_set.n;
    result->n_long = j->train.n_long + j->valid.n_long;
    result->n_parameters = wl_tensors_count(&gpt->tensors);
    return j->lora == NULL
               ? WL_OK
               : wl_lora_finish(&j->lora, o->base, o->lora->folder, options.sink, error);
}

wl_status wl_script_train(struct wl_gpt_folder *folder, const struct wl_script_corpus *train_corpus,
                          const struct wl_script_corpus *valid,
                          const struct wl_script_train_options *options,
                          struct wl_script_card *card, struct wl_script_train_result *result,
                          wl_error *error)
{
    struct job j = {.folder = folder,
                    .options = options,
                    .train = {.alloc = folder->alloc},
                    .valid = {.alloc = folder->alloc}};
    struct wl_script_train_result found = {0};
    struct wl_gemm *gemm = NULL;
    wl_status status = WL_OK;

    wl_buf_init(&j.buf, folder->alloc, 0);
    wl_ids_init(&j.ids, folder->alloc);
    WL_GO(fill_card(train_corpus, card, error));
    if (options->adds_slots) {
        WL_GO(add_slots(&j, card, error));
    }
    WL_GO(encode_corpus(&j, train_corpus, false, valid->n > 0 ? 0.0 : options->holdout, error));
    WL_GO(encode_corpus(&j, valid, true, 0.0, error));
    WL_GO(wl_gemm_open(folder->alloc, options->n_threads, &gemm, error));
    WL_GO(train(&j, gemm, &found, error));
    *result = found;
done:
    wl_lora_free(j.lora);
    wl_gemm_close(gemm);
    encoded_release(&j.train);
    encoded_release(&j.valid);
    wl_buf_release(&j.buf);
    wl_ids_release(&j.ids);
    return status;
}
