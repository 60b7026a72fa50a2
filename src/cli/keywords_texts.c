/* Where the texts of text keywords come from: plain lines, a column of a table, or the texts that a
 * workspace holds, divided by a label column, by a second file, or by who left. */
#include "cli/keywords_run.h"

#include "base/file.h"
#include "cli/journey_run.h"
#include "cli/text_source.h"
#include "ingest/table.h"

#include <string.h>

void wl_keyword_texts_release(struct wl_keyword_texts *texts)
{
    if (texts->alloc != NULL) {
        wl_alloc_free(texts->alloc, texts->items);
        wl_alloc_free(texts->alloc, texts->group);
        wl_arena_release(&texts->arena);
    }
    *texts = (struct wl_keyword_texts){0};
}

static wl_status add_text(struct wl_keyword_texts *texts, struct wl_str text, uint8_t group,
                          wl_error *error)
{
    if (wl_str_trim(text).n_bytes == 0) {
        return WL_OK;
    }
    char *copy = wl_arena_string(&texts->arena, text);
    if (copy == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu texts", texts->n);
    }
    WL_TRY(WL_GROW(texts->alloc, texts->items, texts->items_capacity, texts->n + 1, error));
    WL_TRY(WL_GROW(texts->alloc, texts->group, texts->group_capacity, texts->n + 1, error));
    texts->items[texts->n] = (struct wl_str){.data = copy, .n_bytes = text.n_bytes};
    texts->group[texts->n++] = group;
    texts->n_of[group]++;
    return WL_OK;
}

/* -- files -- */

struct reading {
    struct wl_cli *cli;
    struct wl_keyword_texts *texts;
    const char *columns[2]; /* text, label */
    size_t n_columns;
    const char *value; /* of the label: group A */
    uint8_t group;     /* of the file, without a label */
};

static uint8_t group_of(const struct reading *reading, const struct wl_table_row *row)
{
    if (reading->n_columns < 2) {
        return reading->group;
    }
    struct wl_str label = row->cells[1].text;
    if (label.n_bytes == 0) {
        return WL_GROUP_NONE;
    }
    return wl_str_is(label, reading->value) ? WL_GROUP_A : WL_GROUP_B;
}

static wl_status read_table(struct reading *reading, const char *path, wl_error *error)
{
    struct wl_table_options options = {.columns = reading->columns,
                                       .n_columns = reading->n_columns};
    struct wl_table *table = NULL;
    struct wl_table_row row;
    bool got = true;
    wl_status status = WL_OK;

    WL_TRY(wl_text_table_options(reading->cli, &options, error));
    WL_TRY(wl_table_open(path, &options, reading->cli->alloc, &table, error));
    for (size_t n = 0;; n++) {
        WL_GO(wl_table_next(table, &row, &got, error));
        if (!got) {
            break;
        }
        if (row.reject != WL_REJECT_NONE) {
            reading->texts->n_rejected++;
            continue;
        }
        WL_GO(add_text(reading->texts, row.cells[0].text, group_of(reading, &row), error));
        if (n % 4096 == 0) {
            wl_progress(&reading->cli->sink, path, wl_table_share(table));
        }
    }
done:
    wl_table_close(table);
    return status;
}

static wl_status read_lines(struct reading *reading, const char *path, wl_error *error)
{
    struct wl_lines *lines = NULL;
    struct wl_str line;
    bool got = true;

    WL_TRY(wl_lines_open(path, reading->cli->alloc, &lines, error));
    wl_status status = wl_lines_next(lines, &line, &got, error);
    while (status == WL_OK && got) {
        status = add_text(reading->texts, line, reading->group, error);
        if (status == WL_OK && wl_lines_number(lines) % 4096 == 0) {
            wl_progress(&reading->cli->sink, path, wl_lines_share(lines));
        }
        if (status == WL_OK) {
            status = wl_lines_next(lines, &line, &got, error);
        }
    }
    wl_lines_close(lines);
    return status;
}

static wl_status read_file(struct reading *reading, const char *path, wl_error *error)
{
    bool is_table = reading->n_columns > 1 || wl_cli_is_table(reading->cli, path);

    return is_table ? read_table(reading, path, error) : read_lines(reading, path, error);
}

static wl_status read_files(struct reading *reading, wl_error *error)
{
    struct wl_cli *cli = reading->cli;
    const char *against = wl_cli_text(cli, "against", NULL);
    const char *label = wl_cli_text(cli, "label", NULL);

    reading->columns[0] = wl_cli_text(cli, "text", "text");
    reading->columns[1] = label;
    reading->n_columns = label != NULL ? 2 : 1;
    reading->value = wl_cli_text(cli, "value", NULL);
    if (label != NULL && (reading->value == NULL || against != NULL)) {
        return wl_fail(error, WL_EINVAL, "--label wants --value, and no --against");
    }
    reading->texts->has_groups = label != NULL || against != NULL;
    reading->texts->names[0] = label != NULL ? reading->value : cli->arguments[0];
    reading->texts->names[1] = label != NULL ? WL_SAY(cli, "others", "其他") : against;
    for (size_t i = 0; i < cli->n_arguments; i++) {
        WL_TRY(read_file(reading, cli->arguments[i], error));
    }
    reading->group = WL_GROUP_B;
    return against != NULL ? read_file(reading, against, error) : WL_OK;
}

/* -- the workspace -- */

// Who left at any observation date is a leaver; who only ever stayed, a stayer.
static void divide_users(const struct wl_labels *labels, uint8_t *group)
{
    memset(group, WL_GROUP_NONE, labels->n_users);
    for (size_t i = 0; i < labels->n_labels; i++) {
        uint8_t *of = &group[i % labels->n_users];
        if (labels->status[i] == WL_LABEL_POSITIVE || labels->status[i] == WL_LABEL_EARLY ||
            labels->status[i] == WL_LABEL_INVOLUNTARY) {
            *of = WL_GROUP_A;
        } else if (labels->status[i] == WL_LABEL_NEGATIVE && *of == WL_GROUP_NONE) {
            *of = WL_GROUP_B;
        }
    }
}

static wl_status divide_texts(struct reading *reading, struct wl_journey *journey, wl_error *error)
{
    const struct wl_company *company = journey->company;
    struct wl_labels labels = {0};
    int64_t *dates_us = NULL;
    size_t n_dates = 0;
    uint8_t *group = wl_alloc_array(reading->cli->alloc, company->users.n_strings + 1, 1);
    wl_status status = WL_OK;

    if (group == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu customers", company->users.n_strings);
    }
    memset(group, WL_GROUP_A, company->users.n_strings + 1);
    if (journey->has_churn) {
        WL_GO(wl_cli_observation_dates(reading->cli, journey, &dates_us, &n_dates, error));
        status = wl_labels_build(&journey->churn, company, dates_us, n_dates, &labels, NULL, error);
        WL_GO(wl_workspace_fail(&journey->workspace, status, error));
        divide_users(&labels, group);
        reading->texts->has_groups = true;
    }
    for (size_t i = 0; i < company->texts.n_texts; i++) {
        const struct wl_text *text = &company->texts.texts[i];
        WL_GO(add_text(reading->texts, text->body, group[text->user], error));
    }
done:
    wl_labels_release(&labels);
    wl_alloc_free(reading->cli->alloc, group);
    return status;
}

static wl_status read_workspace(struct reading *reading, wl_error *error)
{
    struct wl_journey journey = {0};
    wl_status status = WL_OK;

    reading->texts->names[0] = WL_SAY(reading->cli, "leavers", "流失");
    reading->texts->names[1] = WL_SAY(reading->cli, "stayers", "留存");
    WL_GO(wl_cli_journey_open(reading->cli, &journey, error));
    WL_GO(wl_journey_load(&journey, error));
    status = divide_texts(reading, &journey, error);
done:
    wl_journey_close(&journey);
    return status;
}

wl_status wl_keyword_texts_read(struct wl_cli *cli, struct wl_keyword_texts *texts, wl_error *error)
{
    struct reading reading = {.cli = cli, .texts = texts, .group = WL_GROUP_A};

    *texts = (struct wl_keyword_texts){.alloc = cli->alloc};
    wl_arena_init(&texts->arena, cli->alloc, (size_t)1 << 20);
    WL_TRY(cli->n_arguments > 0 ? read_files(&reading, error) : read_workspace(&reading, error));
    if (texts->n_rejected > 0) {
        wl_cli_say(cli, WL_SAY(cli, "%zu rows could not be read", "有 %zu 行无法读取"),
                   texts->n_rejected);
    }
    return texts->n_of[WL_GROUP_A] + texts->n_of[WL_GROUP_B] > 0
               ? WL_OK
               : wl_fail(error, WL_ENOTFOUND, "there are no texts to find keywords in");
}
