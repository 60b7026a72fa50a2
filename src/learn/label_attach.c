/* Labels meet feature rows. */
#include "learn/label.h"

#include <string.h>

void wl_labelled_release(struct wl_labelled *labelled)
{
    if (labelled->alloc != NULL) {
        wl_alloc_free(labelled->alloc, labelled->row);
        wl_alloc_free(labelled->alloc, labelled->user);
        wl_alloc_free(labelled->alloc, labelled->user_key);
        wl_alloc_free(labelled->alloc, labelled->as_of_us);
        wl_alloc_free(labelled->alloc, labelled->y);
        *labelled = (struct wl_labelled){0};
    }
}

static wl_status labelled_init(struct wl_labelled *labelled, const wl_alloc *alloc, size_t n_rows,
                               wl_error *error)
{
    size_t n = n_rows + 1; // never an empty array
    *labelled = (struct wl_labelled){.alloc = alloc};
    labelled->row = wl_alloc_array(alloc, n, sizeof(*labelled->row));
    labelled->user = wl_alloc_array(alloc, n, sizeof(*labelled->user));
    labelled->user_key = wl_alloc_array(alloc, n, sizeof(*labelled->user_key));
    labelled->as_of_us = wl_alloc_array(alloc, n, sizeof(*labelled->as_of_us));
    labelled->y = wl_alloc_array(alloc, n, sizeof(*labelled->y));
    if (labelled->row == NULL || labelled->user == NULL || labelled->user_key == NULL ||
        labelled->as_of_us == NULL || labelled->y == NULL) {
        wl_labelled_release(labelled);
        return wl_fail(error, WL_ENOMEM, "no memory for labels of %zu rows", n_rows);
    }
    return WL_OK;
}

wl_status wl_labels_attach(const struct wl_labels *labels, const struct wl_company *company,
                           const struct wl_rows *rows, struct wl_labelled *labelled,
                           struct wl_label_report *report, wl_error *error)
{
    struct wl_label_report counts = {0};
    struct wl_labelled made;

    WL_TRY(labelled_init(&made, labels->alloc, rows->n_rows, error));
    made.n_users = rows->users.n_strings;
    for (size_t r = 0; r < rows->n_rows; r++) {
        struct wl_str user = wl_dict_string(&rows->users, rows->user[r]);
        uint32_t id = wl_dict_find(&company->users, user);
        size_t i = wl_labels_find(labels, id, rows->as_of_us[r]);
        if (i == SIZE_MAX) {
            counts.n_unmatched++;
            continue;
        }
        counts.n[labels->status[i]]++;
        if (labels->status[i] != WL_LABEL_POSITIVE && labels->status[i] != WL_LABEL_NEGATIVE) {
            continue;
        }
        size_t n = made.n_rows++;
        made.row[n] = (uint32_t)r;
        made.user[n] = rows->user[r];
        made.user_key[n] = wl_str_hash(user, 0);
        made.as_of_us[n] = rows->as_of_us[r];
        made.y[n] = labels->status[i] == WL_LABEL_POSITIVE;
        made.n_positive += made.y[n];
    }
    *labelled = made;
    if (report != NULL) {
        *report = counts;
    }
    return WL_OK;
}

void wl_label_report_text(const struct wl_label_report *report, const char *language,
                          struct wl_buf *text)
{
    static const char *const zh[WL_LABEL_STATUS_COUNT] = {
        "留下", "流失", "不在范围内", "提前期内已流失", "结果未定", "非自愿流失"};
    static const char *const en[WL_LABEL_STATUS_COUNT] = {"stayed",
                                                          "left",
                                                          "not eligible",
                                                          "left before the lead time was over",
                                                          "outcome not known yet",
                                                          "left involuntarily"};
    static const enum wl_label_status order[WL_LABEL_STATUS_COUNT] = {
        WL_LABEL_POSITIVE,     WL_LABEL_NEGATIVE, WL_LABEL_INVOLUNTARY,
        WL_LABEL_NOT_ELIGIBLE, WL_LABEL_EARLY,    WL_LABEL_OPEN};
    bool is_zh = strcmp(language, "zh") == 0;

    for (size_t i = 0; i < WL_LABEL_STATUS_COUNT; i++) {
        size_t n = report->n[order[i]];
        if (n > 0 || i < 2) {
            wl_buf_text(text, i == 0 ? "" : is_zh ? "，" : ", ");
            if (is_zh) {
                wl_buf_format(text, "%s %zu", zh[order[i]], n);
            } else {
                wl_buf_format(text, "%zu %s", n, en[order[i]]);
            }
        }
    }
    if (report->n_unmatched > 0) {
        wl_buf_format(text, is_zh ? "，无对应标签 %zu" : ", %zu without a label",
                      report->n_unmatched);
    }
}
