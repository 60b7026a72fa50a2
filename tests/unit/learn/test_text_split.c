/* Goal:   labelled texts are read and divided honestly: labels by name, bad rows counted, no copy
 *         and no group on both sides, shares kept, the same division for any order of rows.
 * Method: files made here; every division goes through wl_text_split_check, which is itself shown
 *         to see a planted fault. */
#include "check.h"

#include "base/file.h"
#include "base/rng.h"
#include "learn/text_split.h"

#define N_ROWS 900

static const char path[] = "test_text_split.tmp";

// 900 rows, labels 60 / 30 / 10 %, 90 groups, every tenth text said a second time in capitals.
static void write_rows(uint64_t order_seed)
{
    uint32_t order[N_ROWS];
    struct wl_buf text;
    struct wl_rng rng;

    for (uint32_t i = 0; i < N_ROWS; i++) {
        order[i] = i;
    }
    wl_rng_init(&rng, order_seed, 0);
    if (order_seed != 0) {
        wl_rng_shuffle(&rng, order, N_ROWS);
    }
    wl_buf_init(&text, wl_alloc_default(), 0);
    wl_buf_text(&text, "text,label,dialogue\n");
    for (size_t i = 0; i < N_ROWS; i++) {
        uint32_t k = order[i];
        uint32_t said = k % 10 == 9 ? k - 1 : k;
        uint32_t label = said % 100 < 60 ? 0 : (said % 100 < 90 ? 1 : 2);
        wl_buf_format(&text, "%s number %u,%c,d%u\n", k == said ? "text" : "TEXT  ", said,
                      "abc"[label], k / 10);
    }
    CHECK_INT(wl_file_write(path, wl_buf_view(&text), NULL), WL_OK);
    wl_buf_release(&text);
}

static void read_rows(struct wl_text_data *data, const char *group)
{
    struct wl_text_source source = {
        .table = {.delimiter = ','}, .text = "text", .label = "label", .group = group};

    wl_text_data_init(data, wl_alloc_default());
    CHECK_INT(wl_text_data_read(data, path, &source, false, NULL, NULL), WL_OK);
    CHECK_INT(wl_text_data_settle(data, NULL), WL_OK);
    CHECK_INT(data->n, N_ROWS);
    CHECK_INT(data->n_labels, 3);
    CHECK_STR(data->names[0], "a");
    CHECK_STR(data->names[2], "c");
}

struct sides {
    uint8_t is_test[N_ROWS];
    uint32_t rows[N_ROWS];
    uint32_t train[N_ROWS];
    uint32_t test[N_ROWS];
    size_t n_train;
    size_t n_test;
    size_t n_left_out;
};

static void hold_out(const struct wl_text_data *data, uint64_t seed, struct sides *sides)
{
    for (uint32_t i = 0; i < N_ROWS; i++) {
        sides->rows[i] = i;
    }
    CHECK_INT(wl_text_split_holdout(data, sides->rows, N_ROWS, 0.2, seed, sides->is_test, NULL),
              WL_OK);
    CHECK_INT(wl_text_split_untie(data, sides->is_test, sides->train, &sides->n_train, sides->test,
                                  &sides->n_test, &sides->n_left_out, NULL),
              WL_OK);
    CHECK_INT(
        wl_text_split_check(data, sides->train, sides->n_train, sides->test, sides->n_test, NULL),
        WL_OK);
}

static void test_copies_stay_together(void)
{
    static struct sides sides;
    struct wl_text_data data;
    size_t of_label[3] = {0};

    write_rows(0);
    read_rows(&data, NULL);
    hold_out(&data, 42, &sides);
    CHECK_INT(sides.n_left_out, 0); // copies are one unit: nothing to leave out
    CHECK_INT(sides.n_train + sides.n_test, N_ROWS);
    for (size_t i = 0; i < sides.n_test; i++) {
        of_label[wl_text_data_label(&data, sides.test[i])]++;
    }
    CHECK(of_label[0] >= 106 && of_label[0] <= 110); // 20 % of 540, a unit has up to two rows
    CHECK(of_label[1] >= 52 && of_label[1] <= 56);
    CHECK(of_label[2] >= 16 && of_label[2] <= 20);
    // planted fault: a copy put on the other side is seen
    uint32_t copy = sides.test[0];
    for (uint32_t i = 0; i < N_ROWS; i++) {
        if (i % 10 == 9 && sides.is_test[i] != 0) {
            copy = i;
        }
    }
    CHECK_INT(wl_text_split_check(&data, &copy, 1, sides.test, sides.n_test, NULL), WL_EINTERNAL);
    wl_text_data_release(&data);
}

static void test_groups_stay_whole(void)
{
    static struct sides sides;
    struct wl_text_data data;
    uint32_t fold[N_ROWS];
    size_t of_fold[5] = {0};

    write_rows(0);
    read_rows(&data, "dialogue");
    hold_out(&data, 42, &sides);
    CHECK(sides.n_test >= 160 && sides.n_test <= 200);
    CHECK_INT(wl_text_split_folds(&data, sides.rows, N_ROWS, 5, 42, fold, NULL), WL_OK);
    for (size_t i = 0; i < N_ROWS; i++) {
        CHECK_INT(fold[i], fold[i / 10 * 10]); // ten rows a dialogue
        of_fold[fold[i]]++;
    }
    for (size_t f = 0; f < 5; f++) {
        CHECK_INT(of_fold[f], 180);
    }
    wl_text_data_release(&data);
}

static void test_copies_of_a_test_file_leave_training(void)
{
    struct wl_text_data data;
    struct wl_text_source source = {.table = {.delimiter = ','}, .text = "text", .label = "label"};
    uint32_t train[8];
    uint32_t test[8];
    size_t n_train;
    size_t n_test;
    size_t n_left_out;

    wl_text_data_init(&data, wl_alloc_default());
    CHECK_INT(wl_file_write(path, WL_STR("text,label\nwhere is it,a\nOther,b\nmore,a\n"), NULL),
              WL_OK);
    CHECK_INT(wl_text_data_read(&data, path, &source, false, NULL, NULL), WL_OK);
    CHECK_INT(wl_file_write(path, WL_STR("text,label\nWhere  is IT,a\nnew,b\n"), NULL), WL_OK);
    CHECK_INT(wl_text_data_read(&data, path, &source, true, NULL, NULL), WL_OK);
    CHECK_INT(wl_text_data_settle(&data, NULL), WL_OK);
    CHECK_INT(
        wl_text_split_untie(&data, data.is_test, train, &n_train, test, &n_test, &n_left_out, NULL),
        WL_OK);
    CHECK_INT(n_test, 2);
    CHECK_INT(n_train, 2);
    CHECK_INT(n_left_out, 1);
    CHECK_INT(train[0], 1);
    wl_text_data_release(&data);
}

// The same texts on the same side, whatever the order of the rows and never another seed's.
static void test_order_does_not_matter(void)
{
    static struct sides sides[3];
    struct wl_text_data data[3];
    size_t n_moved = 0;

    for (size_t i = 0; i < 3; i++) {
        write_rows(i == 1 ? 7 : 0);
        read_rows(&data[i], NULL);
        hold_out(&data[i], i == 2 ? 43 : 42, &sides[i]);
    }
    for (size_t i = 0; i < N_ROWS; i++) {
        struct wl_str text = wl_dict_string(&data[0].key_dict, data[0].keys[i]);
        uint32_t key = wl_dict_find(&data[1].key_dict, text);
        for (size_t k = 0; k < N_ROWS; k++) {
            if (data[1].keys[k] == key) {
                CHECK_INT(sides[1].is_test[k], sides[0].is_test[i]);
            }
        }
        n_moved += sides[0].is_test[i] != sides[2].is_test[i];
    }
    CHECK(n_moved > 100);
    for (size_t i = 0; i < 3; i++) {
        wl_text_data_release(&data[i]);
    }
}

static void test_parts_are_nested(void)
{
    struct wl_text_data data;
    uint32_t rows[N_ROWS];
    uint32_t part[2][N_ROWS];
    size_t n[2];
    size_t i_large = 0;

    write_rows(0);
    read_rows(&data, NULL);
    for (uint32_t i = 0; i < N_ROWS; i++) {
        rows[i] = i;
    }
    CHECK_INT(wl_text_split_part(&data, rows, N_ROWS, 0.1, 42, part[0], &n[0], NULL), WL_OK);
    CHECK_INT(wl_text_split_part(&data, rows, N_ROWS, 0.25, 42, part[1], &n[1], NULL), WL_OK);
    CHECK(n[0] >= 90 && n[0] <= 95);
    CHECK(n[1] >= 225 && n[1] <= 231);
    for (size_t i = 0; i < n[0]; i++) {
        while (i_large < n[1] && part[1][i_large] < part[0][i]) {
            i_large++;
        }
        CHECK(i_large < n[1] && part[1][i_large] == part[0][i]);
    }
    wl_text_data_release(&data);
}

static void test_several_labels(void)
{
    static const char lines[] = "{\"text\":\"one\",\"label\":[\"z\",\"a\"]}\n"
                                "{\"text\":\"two\",\"label\":[]}\n"
                                "{\"text\":\"\",\"label\":[\"a\"]}\n"
                                "{\"text\":\"three\",\"label\":\"a\"}\n";
    struct wl_text_source source = {.text = "text", .label = "label"};
    struct wl_text_data data;

    wl_text_data_init(&data, wl_alloc_default());
    CHECK_INT(wl_file_write(path, wl_str_from(lines), NULL), WL_OK);
    CHECK_INT(wl_text_data_read(&data, path, &source, false, NULL, NULL), WL_OK);
    CHECK_INT(wl_text_data_settle(&data, NULL), WL_OK);
    CHECK_INT(data.task, WL_TEXT_ANY);
    CHECK_INT(data.n, 3);
    CHECK_INT(data.rejects.n_by_reason[WL_REJECT_TEXT_MISSING], 1);
    CHECK_INT(data.rejects.first_line[WL_REJECT_TEXT_MISSING], 3);
    CHECK(wl_text_data_has(&data, 0, 0) && wl_text_data_has(&data, 0, 1));
    CHECK(!wl_text_data_has(&data, 1, 0) && !wl_text_data_has(&data, 1, 1));
    CHECK(wl_text_data_has(&data, 2, 0) && !wl_text_data_has(&data, 2, 1));
    wl_text_data_release(&data);
}

static void test_refusals(void)
{
    static const struct {
        const char *text;
        wl_status want;
        const char *message;
    } refusals[] = {
        {"text,label\na,x\nb,x\n", WL_EGATE,
         "all 2 texts have the label \"x\": nothing to tell apart"},
        {"text,label\n,x\n,y\n", WL_EREJECTS,
         "no texts left of 2 rows; most often: text is empty (first at test_text_split.tmp:2)"},
        {"text,label\na,\n", WL_EREJECTS,
         "no texts left of 1 rows; most often: label is empty (first at test_text_split.tmp:2)"},
        {"text,label\n", WL_EREJECTS, "no texts: the files have no rows"},
    };
    struct wl_text_source source = {.table = {.delimiter = ','}, .text = "text", .label = "label"};

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct wl_text_data data;
        wl_error error = {0};
        wl_text_data_init(&data, wl_alloc_default());
        CHECK_INT(wl_file_write(path, wl_str_from(refusals[i].text), NULL), WL_OK);
        CHECK_INT(wl_text_data_read(&data, path, &source, false, NULL, &error), WL_OK);
        CHECK_INT(wl_text_data_settle(&data, &error), refusals[i].want);
        CHECK_STR(error.message, refusals[i].message);
        wl_text_data_release(&data);
    }
}

int main(void)
{
    RUN(test_copies_stay_together);
    RUN(test_groups_stay_whole);
    RUN(test_copies_of_a_test_file_leave_training);
    RUN(test_order_does_not_matter);
    RUN(test_parts_are_nested);
    RUN(test_several_labels);
    RUN(test_refusals);
    (void)remove(path);
    return check_report();
}
