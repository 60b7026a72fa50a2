/* Labelled texts from files: what a text model learns from and is judged on.
 *
 * Labels are numbered in byte order of their names, so that nothing depends on the order of rows. A
 * text may have several labels ("a;b", or a JSON list); then the whole set is of that kind, and an
 * empty cell means "none of them". Texts that are the same after normalising share a key: copies,
 * which must never be on both sides of a split. */
#ifndef WL_LEARN_TEXT_DATA_H
#define WL_LEARN_TEXT_DATA_H
#include "base/arena.h"
#include "base/dict.h"
#include "base/progress.h"
#include "ingest/table.h"
#include "text/text_train.h"

/* Which columns mean what. Everything is borrowed. */
struct wl_text_source {
    struct wl_table_options table; /* format, delimiter, header; columns are filled in here */
    const char *text;              /* column of the text */
    const char *label;             /* column of the label, or NULL: texts without labels */
    const char *group;             /* column of the group (dialogue, user), or NULL */
    bool is_many;                  /* several labels are allowed although no row has them */
};

/* Rows that were left out, by reason. */
struct wl_text_rejects {
    size_t n_read;
    size_t n_rejected;
    size_t n_by_reason[WL_REJECT_COUNT];
    size_t first_line[WL_REJECT_COUNT];
    const char *first_file[WL_REJECT_COUNT];
};

struct wl_text_data {
    const wl_alloc *alloc;
    struct wl_arena arena; /* texts, names */
    struct wl_str *texts;  /* (n) */
    uint32_t *keys;        /* (n) same for texts that are the same after normalising */
    uint32_t *groups;      /* (n) number of the group; 0 without a group column */
    uint32_t *first;       /* (n + 1) labels of row i: items[first[i]] .. items[first[i + 1] - 1] */
    uint32_t *items;       /* label numbers, rising within a row */
    uint8_t *is_test;      /* (n) from a file of its own for testing */
    uint32_t *lines;       /* (n) line of its file */
    const char **files;    /* (n) path of its file */
    size_t n;
    const char **names; /* (n_labels) */
    size_t n_labels;
    enum wl_text_task task;
    struct wl_dict label_dict; /* in order of sight; ids are renumbered by wl_text_data_settle */
    struct wl_dict group_dict;
    struct wl_dict key_dict;
    struct wl_text_rejects rejects;
    bool has_groups;
    bool is_many; /* some row has several labels, or a list of them */
    size_t capacity;
    size_t first_capacity;
    size_t items_capacity;
};

/* wl_text_data_init - no texts yet. wl_text_data_release - give the memory back; zeroed is fine. */
void wl_text_data_init(struct wl_text_data *data, const wl_alloc *alloc);
void wl_text_data_release(struct wl_text_data *data);

/* wl_text_data_read - add the rows of a file. Bad rows are counted, the first few of each file are
 * told with line and reason (never with their text), and reading goes on.
 *   path     (in) kept until release: rejects name it.
 *   is_test  (in) rows of an official test file.
 * Errors:  those of wl_table_open and wl_table_next.  WL_ELIMIT  too many labels or texts. */
WL_MUST_CHECK wl_status wl_text_data_read(struct wl_text_data *data, const char *path,
                                          const struct wl_text_source *source, bool is_test,
                                          const struct wl_sink *sink, wl_error *error);

/* wl_text_data_settle - all files are read: number the labels, decide the task, drop rows that then
 * have no label.
 * Errors:  WL_EREJECTS  no row is left; says why most were left out.  WL_EGATE  fewer than two
 *          labels.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_data_settle(struct wl_text_data *data, wl_error *error);

/* wl_text_rejects_tell - one notice for each reason: how many rows, and where the first one is. */
void wl_text_rejects_tell(const struct wl_text_rejects *rejects, const struct wl_sink *sink);

/* wl_text_data_fit - instead of wl_text_data_settle: labels as a model has them. Rows with a label
 * that the model does not know are left out and counted.
 *   names  (in) (n_labels) borrowed, kept until release.
 * Errors:  WL_EREJECTS  no row is left.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_data_fit(struct wl_text_data *data, const char *const *names,
                                         size_t n_labels, enum wl_text_task task, wl_error *error);

/* wl_text_data_set - the rows of a subset as wl_text_train wants them, in arena.
 *   rows   (in) (n_rows) indices.
 *   units  (in) (n of data) what stays together, or NULL.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_data_set(const struct wl_text_data *data, const uint32_t *rows,
                                         size_t n_rows, const uint32_t *units,
                                         struct wl_arena *arena, struct wl_text_set *set,
                                         wl_error *error);

/* wl_text_data_label - the label of row i of a WL_TEXT_ONE set. */
uint32_t wl_text_data_label(const struct wl_text_data *data, size_t i);

/* wl_text_data_has - row i has this label. */
bool wl_text_data_has(const struct wl_text_data *data, size_t i, uint32_t label);

#endif
