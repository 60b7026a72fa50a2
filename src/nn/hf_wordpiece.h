/* The tokenizer of a Hugging Face BERT folder: vocab.txt, or tokenizer.json of a WordPiece, with
 * the settings of tokenizer_config.json; and back. */
#ifndef WL_NN_HF_WORDPIECE_H
#define WL_NN_HF_WORDPIECE_H
#include "base/buf.h"
#include "base/progress.h"
#include "nn/hf_config.h"
#include "text/wordpiece.h"

/* Bytes of the files; one that is not there is empty. Borrowed. */
struct wl_hf_wordpiece_files {
    struct wl_str vocabulary;       /* vocab.txt */
    struct wl_str tokenizer;        /* tokenizer.json; goes before vocab.txt, as there */
    struct wl_str tokenizer_config; /* tokenizer_config.json */
};

struct wl_hf_wordpiece {
    struct wl_wordpiece *wordpiece;      /* owned */
    struct wl_wordpiece_options options; /* its texts point into the arena */
    int32_t cls;
    int32_t sep;
    int32_t pad;
    int32_t unk;
    int32_t mask; /* -1: the vocabulary has none */
};

/* wl_hf_wordpiece_read - a tokenizer from the bytes of its files.
 *   folder  (in)     for messages.
 *   arena   (in,out) owns the texts of options.
 *   sink    (in)     is told of differences that change nothing; or NULL.
 * Errors:  WL_ENOTFOUND  no vocabulary.  WL_EPARSE  damaged, a piece twice, ids with a gap.
 *          WL_ESCHEMA    another kind of tokenizer, or a special piece is missing.  WL_ENOMEM.
 * Release with wl_hf_wordpiece_release; zeroed is fine. */
WL_MUST_CHECK wl_status wl_hf_wordpiece_read(struct wl_arena *arena, const char *folder,
                                             const struct wl_hf_wordpiece_files *files,
                                             const struct wl_sink *sink,
                                             struct wl_hf_wordpiece *tokenizer, wl_error *error);
void wl_hf_wordpiece_release(struct wl_hf_wordpiece *tokenizer);

/* wl_hf_wordpiece_put_vocabulary - the bytes of vocab.txt, appended to buf; _put_settings - those
 * of tokenizer_config.json; _put_tokenizer - those of tokenizer.json, which says all of it again
 * for libraries that read only that. The first two are enough for wl_hf_wordpiece_read.
 *   n_positions  (in) texts are cut to so many pieces there. Errors: WL_ENOMEM, WL_ELIMIT. */
WL_MUST_CHECK wl_status wl_hf_wordpiece_put_vocabulary(const struct wl_hf_wordpiece *tokenizer,
                                                       struct wl_buf *buf, wl_error *error);
WL_MUST_CHECK wl_status wl_hf_wordpiece_put_settings(const struct wl_hf_wordpiece *tokenizer,
                                                     size_t n_positions, struct wl_buf *buf,
                                                     wl_error *error);
WL_MUST_CHECK wl_status wl_hf_wordpiece_put_tokenizer(const struct wl_hf_wordpiece *tokenizer,
                                                      struct wl_buf *buf, wl_error *error);

#endif
