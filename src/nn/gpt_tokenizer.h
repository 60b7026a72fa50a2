/* Tokens of a GPT-2: byte-level pairs (vocab.json and merges.txt, or tokenizer.json) or, as
 * Chinese GPT-2s have it, the pieces of a BERT vocabulary (vocab.txt). One way to encode and decode
 * both, and words of one's own, such as slots {{name}}, that are one token.
 *
 * Byte-level tokens give every text back byte for byte. Pieces do not say where blanks were:
 * Chinese characters are joined, "##" goes on a word, Latin words and numbers get a blank between
 * them and behind punctuation, and nothing changes within braces.
 *
 * Caveats: a text is never taken for a special token; only added words are looked for in it. A
 * vocabulary whose joins are not in the order of their numbers is refused (GPT-2's and those of
 * Hugging Face's trainers are in order): joins are made by number here. */
#ifndef WL_NN_GPT_TOKENIZER_H
#define WL_NN_GPT_TOKENIZER_H
#include "nn/generate_slots.h"
#include "nn/hf_wordpiece.h"
#include "text/bpe.h"

enum wl_gpt_tokenizer_kind {
    WL_GPT_BYTES = 0, /* byte-level pairs */
    WL_GPT_PIECES = 1 /* of BERT */
};

/* Bytes of a folder's files; what is not there is empty. Borrowed. */
struct wl_gpt_tokenizer_files {
    struct wl_str tokenizer;        /* tokenizer.json; goes before the two below */
    struct wl_str vocab_json;       /* vocab.json */
    struct wl_str merges;           /* merges.txt */
    struct wl_str vocab_txt;        /* vocab.txt */
    struct wl_str tokenizer_config; /* tokenizer_config.json */
};

/* A word that is one token. */
struct wl_gpt_added {
    struct wl_str text;
    uint32_t id;
    bool is_special; /* never looked for in a text, and left out of decoded ones */
};

struct wl_gpt_tokenizer {
    const wl_alloc *alloc;
    struct wl_arena arena; /* texts below */
    enum wl_gpt_tokenizer_kind kind;
    struct wl_bpe *bpe;            /* of bytes; owned */
    struct wl_hf_wordpiece pieces; /* of pieces; owned */
    struct wl_str *merges;         /* (n_merges) "left right" as files write them */
    size_t n_merges;
    struct wl_gpt_added *added; /* (n_added); owned */
    size_t n_added;
    size_t added_capacity;
    size_t n_tokens; /* highest number + 1 */
    int32_t begin;   /* stands in front of a text: <|endoftext|>, [CLS] */
    int32_t end;     /* and behind it: <|endoftext|>, [SEP] */
};

/* wl_gpt_tokenizer_read - a tokenizer from the bytes of its files.
 *   name  (in) of the folder, for messages.
 *   sink  (in) is told of differences that change nothing; or NULL.
 * Errors:  WL_ENOTFOUND  no vocabulary.  WL_EPARSE  damaged.
 *          WL_ESCHEMA    another kind of tokenizer, joins out of order, no token for a byte or for
 *                        the end of a text.  WL_ELIMIT, WL_ENOMEM.
 * Free with wl_gpt_tokenizer_free; NULL is fine. */
WL_MUST_CHECK wl_status wl_gpt_tokenizer_read(const wl_alloc *alloc, const char *name,
                                              const struct wl_gpt_tokenizer_files *files,
                                              const struct wl_sink *sink,
                                              struct wl_gpt_tokenizer **out, wl_error *error);
void wl_gpt_tokenizer_free(struct wl_gpt_tokenizer *tokenizer);

/* wl_gpt_tokenizer_learn - byte-level pairs learnt from texts, "<|endoftext|>" the last token.
 * Errors:  as wl_bpe_learn. */
WL_MUST_CHECK wl_status wl_gpt_tokenizer_learn(const wl_alloc *alloc, const struct wl_str *texts,
                                               size_t n, size_t n_tokens_max,
                                               struct wl_gpt_tokenizer **out, wl_error *error);

/* wl_gpt_tokenizer_add - make a word one token, if it is none; its number is the next one.
 *   text  (in) not empty; copied. Errors: WL_EINVAL, WL_ELIMIT, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_gpt_tokenizer_add(struct wl_gpt_tokenizer *tokenizer, struct wl_str text,
                                             uint32_t *id, wl_error *error);

/* wl_gpt_tokenizer_encode - add the tokens of a text to ids; neither beginning nor end is added.
 * Errors:  WL_ELIMIT  text above WL_LINE_BYTES_MAX.  WL_ENOMEM. ids is as before.
 * Threads: any number, each with its own ids. */
WL_MUST_CHECK wl_status wl_gpt_tokenizer_encode(const struct wl_gpt_tokenizer *tokenizer,
                                                struct wl_str text, struct wl_ids *ids,
                                                wl_error *error);

/* wl_gpt_tokenizer_decode - add the text of tokens to buf, special ones left out. */
void wl_gpt_tokenizer_decode(const struct wl_gpt_tokenizer *tokenizer, const int32_t *tokens,
                             size_t n, struct wl_buf *buf);

/* wl_gpt_tokenizer_piece - bytes of one token; empty for special ones and those there are not. */
struct wl_str wl_gpt_tokenizer_piece(const struct wl_gpt_tokenizer *tokenizer, int32_t token);

/* wl_gpt_tokenizer_text - the same three calls, as what wl_generate asks; tokenizer is kept. */
struct wl_token_text wl_gpt_tokenizer_text(struct wl_gpt_tokenizer *tokenizer);

/* wl_gpt_tokenizer_files_count - how many files a saved tokenizer has. wl_gpt_tokenizer_put - name
 * and bytes of one of them, appended to buf.
 *   n_positions  (in) texts are cut to so many tokens there. Errors: WL_ENOMEM, WL_ELIMIT. */
size_t wl_gpt_tokenizer_files_count(const struct wl_gpt_tokenizer *tokenizer);
WL_MUST_CHECK wl_status wl_gpt_tokenizer_put(const struct wl_gpt_tokenizer *tokenizer,
                                             size_t i_file, size_t n_positions, const char **name,
                                             struct wl_buf *buf, wl_error *error);

#endif
