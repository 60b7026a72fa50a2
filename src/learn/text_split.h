/* Dividing labelled texts: what belongs together (a dialogue, a user, copies of one text) stays
 * together, and every part has the labels in the same shares.
 *
 * Who goes where depends on the seed and on the unit's own name or text, never on the order of the
 * rows. */
#ifndef WL_LEARN_TEXT_SPLIT_H
#define WL_LEARN_TEXT_SPLIT_H
#include "learn/text_data.h"

#define WL_TEXT_FOLDS_MAX 20

/* wl_text_units - number of the unit of each row: its group, or without groups its text. */
const uint32_t *wl_text_units(const struct wl_text_data *data, size_t *n_units);

/* wl_text_split_holdout - mark rows for testing, stratified by label, whole units.
 *   rows     (in)  (n_rows) rows to divide.
 *   share    (in)  0 < share < 1 of the rows to test on.
 *   is_test  (out) (n of data) 1 where the row is held out; only entries of rows are written.
 * Errors:  WL_EGATE  nothing would be left on one side.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_split_holdout(const struct wl_text_data *data, const uint32_t *rows,
                                              size_t n_rows, double share, uint64_t seed,
                                              uint8_t *is_test, wl_error *error);

/* wl_text_split_folds - deal rows into folds, stratified by label, whole units.
 *   fold  (out) (n of data) 0 .. n_folds - 1; only entries of rows are written.
 * Errors:  WL_EGATE  fewer units than folds.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_split_folds(const struct wl_text_data *data, const uint32_t *rows,
                                            size_t n_rows, size_t n_folds, uint64_t seed,
                                            uint32_t *fold, wl_error *error);

/* wl_text_split_part - a part of rows for a learning curve: whole units, some of each label; a
 * smaller share is always part of a larger one.
 *   part  (out) (n_rows) rows chosen, in the order of rows. *n_part: how many.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_split_part(const struct wl_text_data *data, const uint32_t *rows,
                                           size_t n_rows, double share, uint64_t seed,
                                           uint32_t *part, size_t *n_part, wl_error *error);

/* wl_text_split_untie - leave out training rows whose text occurs in the test rows: an official
 * test file, or groups that share phrases, can hold copies of training texts.
 *   is_test  (in)  (n of data).
 *   train    (out) (n of data) training rows that stay. test (out) (n of data) test rows.
 * Returns the number of training rows left out.
 * Errors:  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_split_untie(const struct wl_text_data *data, const uint8_t *is_test,
                                            uint32_t *train, size_t *n_train, uint32_t *test,
                                            size_t *n_test, size_t *n_left_out, wl_error *error);

/* wl_text_split_check - no unit and no text on both sides: called before anything is learned,
 * because a mistake here makes every figure a lie.
 * Errors:  WL_EINTERNAL  names the row.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_text_split_check(const struct wl_text_data *data, const uint32_t *train,
                                            size_t n_train, const uint32_t *test, size_t n_test,
                                            wl_error *error);

#endif
