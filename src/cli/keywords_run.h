/* text keywords: what its files share. Texts come in, are divided into groups, become a corpus of
 * words and phrases, are ranked, and are written. */
#ifndef WL_CLI_KEYWORDS_RUN_H
#define WL_CLI_KEYWORDS_RUN_H
#include "cli/cli.h"
#include "text/contrast.h"
#include "text/mask.h"
#include "text/phrase.h"
#include "text/rules.h"

enum wl_keyword_method { WL_KEYWORDS_TFIDF, WL_KEYWORDS_TEXTRANK, WL_KEYWORDS_CONTRAST };

#define WL_GROUP_A    0
#define WL_GROUP_B    1
#define WL_GROUP_NONE 2 /* a text of neither group */

/* Texts as they came, with the group of each. */
struct wl_keyword_texts {
    const wl_alloc *alloc;
    struct wl_arena arena;
    struct wl_str *items; /* (n) in arena */
    uint8_t *group;       /* (n) */
    size_t n;
    size_t items_capacity;
    size_t group_capacity;
    size_t n_of[3];       /* texts by group */
    size_t n_rejected;    /* rows of a table that could not be read */
    const char *names[2]; /* of the groups, for people */
    bool has_groups;
};

/* wl_keyword_texts_read - the texts the command line asks for: files, or those of the workspace.
 * Errors:  those of the sources; WL_EINVAL for options that do not go together; WL_EGATE no text.
 * Release with wl_keyword_texts_release; zeroed is fine. */
WL_MUST_CHECK wl_status wl_keyword_texts_read(struct wl_cli *cli, struct wl_keyword_texts *texts,
                                              wl_error *error);
void wl_keyword_texts_release(struct wl_keyword_texts *texts);

/* One keyword ready to be written. */
struct wl_keyword_row {
    uint32_t unit;
    double weight; /* TF-IDF, TextRank */
    uint32_t count;
    uint32_t n_texts;
    struct wl_contrast contrast; /* WL_KEYWORDS_CONTRAST */
};

#define WL_REASON_NONE    UINT32_MAX       /* names no reason */
#define WL_REASON_LEAVING (UINT32_MAX - 1) /* says that somebody leaves, not why */

/* A reason of the built-in rules, with all keywords that name it taken together: texts that hold
 * any of them are compared. */
struct wl_keyword_reason {
    uint32_t label;
    struct wl_contrast contrast;
};

struct wl_keyword_table {
    struct wl_cli *cli;
    const struct wl_keyword_texts *texts;
    enum wl_keyword_method method;
    size_t n_top;
    size_t n_examples;
    const uint32_t *kept; /* (matrix.n_texts) index in texts of each text of the corpus */
    struct wl_corpus corpus;
    struct wl_phrases phrases;
    struct wl_term_matrix matrix;
    struct wl_text_classifier *rules; /* NULL: none */
    uint32_t *reason_of;              /* (matrix.n_terms) label of the rules, or WL_REASON_* */
    struct wl_keyword_row *rows;      /* (n_rows) best first */
    size_t n_rows;
    size_t n_rows_a;       /* contrast: rows[0 .. n_rows_a) are of group A and not about leaving, */
    size_t n_rows_leaving; /* then these of group A are, the rest is of group B */
    struct wl_contrast *all; /* (n_all) contrast: every word compared, best for A first; NULL */
    size_t n_all;
    struct wl_keyword_reason *reasons; /* (n_reasons) contrast: by falling z */
    size_t n_reasons;
};

/* wl_keyword_reasons_name - reason_of every unit, from the rules that are built in.
 * Errors:  those of the rules; WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_keyword_reasons_name(struct wl_keyword_table *table, wl_error *error);

/* wl_keyword_reasons_rank - the reasons that group A gives more often than B, and the other way
 * round, after wl_keyword_reasons_name.
 *   group   (in) (matrix.n_texts).
 *   min_df  (in) a reason in fewer texts is left out.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_keyword_reasons_rank(struct wl_keyword_table *table,
                                                const uint8_t *group, uint32_t min_df,
                                                wl_error *error);

/* wl_keyword_table_write - the table for people, or JSON lines.
 * Errors:  WL_EIO, WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_keyword_table_write(struct wl_keyword_table *table, wl_error *error);

/* wl_keyword_each_write - instead of a table, the keywords of each text by itself, a line each.
 *   n_texts_of, skip  (in) (matrix.n_terms) as wl_phrases_absorb has them.
 * Errors:  WL_EIO, WL_ENOMEM, those of the file of rarities. */
WL_MUST_CHECK wl_status wl_keyword_each_write(struct wl_keyword_table *table,
                                              const uint32_t *n_texts_of, const bool *skip,
                                              wl_error *error);

#endif
