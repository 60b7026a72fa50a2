/* Texts as pieces. A text longer than a model's rows is cut, not thrown away: its end teaches as
 * well as its beginning. */
#include "nn/bert_pretrain.h"

#include <string.h>

void wl_bert_corpus_init(struct wl_bert_corpus *corpus, const wl_alloc *alloc, double valid_share,
                         uint64_t seed)
{
    *corpus = (struct wl_bert_corpus){.train = {.alloc = alloc},
                                      .valid = {.alloc = alloc},
                                      .valid_share = valid_share,
                                      .seed = seed};
    wl_ids_init(&corpus->scratch, alloc);
}

static void texts_release(struct wl_bert_texts *texts)
{
    if (texts->alloc != NULL) {
        wl_alloc_free(texts->alloc, texts->tokens);
        wl_alloc_free(texts->alloc, texts->starts);
    }
}

void wl_bert_corpus_release(struct wl_bert_corpus *corpus)
{
    texts_release(&corpus->train);
    texts_release(&corpus->valid);
    wl_ids_release(&corpus->scratch);
    *corpus = (struct wl_bert_corpus){0};
}

// Room first, so that nothing half is left behind when memory is out.
static wl_status reserve(struct wl_bert_texts *texts, size_t n_texts, size_t n_tokens,
                         wl_error *error)
{
    size_t n_now = texts->n > 0 ? texts->starts[texts->n] : 0;

    WL_TRY(WL_GROW(texts->alloc, texts->tokens, texts->tokens_capacity, n_now + n_tokens, error));
    WL_TRY(WL_GROW(texts->alloc, texts->starts, texts->starts_capacity, texts->n + n_texts + 1,
                   error));
    texts->starts[texts->n] = n_now;
    return WL_OK;
}

wl_status wl_bert_corpus_add(struct wl_bert_corpus *corpus, const struct wl_bert_folder *folder,
                             struct wl_str text, size_t n_max, wl_error *error)
{
    // 2^64 in double: the hash as a share.
    double at = (double)wl_str_hash(text, corpus->seed) / 18446744073709551616.0;
    struct wl_bert_texts *texts = at < corpus->valid_share ? &corpus->valid : &corpus->train;
    size_t n_positions = folder->bert->config.n_positions;
    size_t n_piece = (n_max < n_positions ? n_max : n_positions) - 2;

    WL_ASSERT(n_max >= 3);
    if (n_positions < 3) {
        return wl_fail(error, WL_ECONFIG, "texts need 3 positions, the model has %zu", n_positions);
    }
    corpus->scratch.n = 0;
    WL_TRY(wl_wordpiece_encode(folder->tokenizer.wordpiece, text, &corpus->scratch, error));
    size_t n_all = corpus->scratch.n;
    size_t n_texts = (n_all + n_piece - 1) / n_piece;
    WL_TRY(reserve(texts, n_texts, n_all + 2 * n_texts, error));
    for (size_t begin = 0; begin < n_all; begin += n_piece) {
        size_t n = n_all - begin < n_piece ? n_all - begin : n_piece;
        int32_t *out = texts->tokens + texts->starts[texts->n];
        *out++ = folder->tokenizer.cls;
        for (size_t i = 0; i < n; i++) {
            *out++ = (int32_t)corpus->scratch.items[begin + i];
        }
        *out++ = folder->tokenizer.sep;
        texts->starts[texts->n + 1] = texts->starts[texts->n] + n + 2;
        texts->n++;
    }
    corpus->n_texts++;
    return WL_OK;
}
