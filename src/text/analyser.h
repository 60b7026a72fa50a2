/* What all readers of texts share: a text as written becomes sentences and terms, with the language
 * and with a way back to the raw bytes.
 *
 * A term is a place in the normalised text. Every byte that is not white space belongs to exactly
 * one term. Words of Chinese are jieba's; without a dictionary they are single characters and the
 * analysis says that it is degraded. */
#ifndef WL_TEXT_ANALYSER_H
#define WL_TEXT_ANALYSER_H
#include "text/english.h"
#include "text/mask.h"
#include "text/segmenter.h"
#include "text/stop_words.h"

enum wl_term_kind {
    WL_TERM_WORD_ZH = 0,
    WL_TERM_WORD_EN = 1,     /* Latin letters, digits among them too: "4k" */
    WL_TERM_WORD_OTHER = 2,  /* of other scripts, between what is no letter */
    WL_TERM_NUMBER = 3,      /* of either script, its value is known */
    WL_TERM_MASK = 4,        /* names a person: mask.h */
    WL_TERM_EMOJI = 5,       /* a whole sequence; ":)" and "[赞]" too */
    WL_TERM_PUNCTUATION = 6, /* a run of the same */
    WL_TERM_SYMBOL = 7
};
#define WL_TERM_KIND_COUNT 8

extern const char *const wl_term_kind_names[WL_TERM_KIND_COUNT + 1];

struct wl_term {
    uint32_t i_byte; /* in the normalised text */
    uint32_t n_bytes;
    uint32_t i_sentence;
    uint32_t i_form; /* stems only: where the form is; see wl_analysis_form */
    uint16_t n_form;
    uint8_t kind;      /* enum wl_term_kind */
    uint8_t mask;      /* WL_TERM_MASK: enum wl_mask_kind */
    uint8_t magnitude; /* WL_TERM_NUMBER: wl_numeral_magnitude */
    bool is_stop;
    bool is_negation;
    double value; /* WL_TERM_NUMBER */
};

/* A sentence ends with its mark or line. */
struct wl_sentence {
    uint32_t i_byte; /* in the normalised text */
    uint32_t n_bytes;
    uint32_t i_term;
    uint32_t n_terms;
};

/* What analysing needs besides the text; both are borrowed and may be NULL. */
struct wl_analyser {
    const struct wl_segmenter *segmenter;
    const struct wl_stop_words *stop;
};

/* One text analysed; reused from text to text, one for each thread. */
struct wl_analysis {
    struct wl_normal normal;
    struct wl_masks masks;
    struct wl_letters letters;
    enum wl_text_language language;
    bool is_degraded;      /* Chinese without a dictionary */
    struct wl_term *terms; /* (n_terms) */
    size_t n_terms;
    struct wl_sentence *sentences; /* (n_sentences) */
    size_t n_sentences;
    /* inside */
    size_t terms_capacity;
    size_t sentences_capacity;
    struct wl_tokens tokens;
    struct wl_buf forms;
    struct wl_english *english;
};

/* wl_analysis_init - empty. wl_analysis_release - give all back; zeroed is fine.
 * Errors:  WL_ENOMEM  nothing is held. */
WL_MUST_CHECK wl_status wl_analysis_init(struct wl_analysis *analysis, const wl_alloc *alloc,
                                         wl_error *error);
void wl_analysis_release(struct wl_analysis *analysis);

/* wl_analyse - normalise, mask, tell the language, cut.
 *   analysis  (in,out) initialised; gets everything; without terms on failure.
 *   raw       (in)     any bytes.
 * Cost:    O(bytes), see docs/benchmarks.md; no allocation once analysis has grown.
 * Errors:  WL_ELIMIT  text above WL_LINE_BYTES_MAX.  WL_ENOMEM.
 * Threads: any number, each with its own analysis; analyser is read only. */
WL_MUST_CHECK wl_status wl_analyse(const struct wl_analyser *analyser, struct wl_str raw,
                                   struct wl_analysis *analysis, wl_error *error);

/* wl_analysis_text - the bytes of a term in the normalised text; borrowed. */
struct wl_str wl_analysis_text(const struct wl_analysis *analysis, const struct wl_term *term);

/* wl_analysis_form - what a term is compared and counted by: the stem of an English word,
 * "<phone>", a number's magnitude "<num2>", else its text. Borrowed. */
struct wl_str wl_analysis_form(const struct wl_analysis *analysis, const struct wl_term *term);

#endif
