/* Goal:   the document of a row holds what was known at T, newest first; the text column is learned
 *         from customers a row's model has not seen, so words that only give a customer's name away
 *         bring nothing, while words that leavers use do; customers with one text stay together.
 * Method: small companies with planted words. The planted leak is a word of each customer's own,
 *         repeated at every date: seen in training it would tell everything. */
#include "learn_company.h"

#include "base/buf.h"
#include "journey_train_texts.h"
#include "model/model.h"

static void add_text(struct wl_company *company, const char *user, double day, double received_day,
                     const char *body)
{
    struct wl_text text = {.user = intern_text(&company->users, user),
                           .channel = intern_text(&company->strings, "chat"),
                           .label = WL_ID_NONE,
                           .text_us = (int64_t)(day * (double)WL_DAY_US),
                           .received_us = (int64_t)(received_day * (double)WL_DAY_US),
                           .message_key = company->texts.n_texts + 1,
                           .body = wl_str_from(body)};
    CHECK_INT(wl_company_add_text(company, &text, NULL), WL_OK);
}

static void test_documents(void)
{
    static const struct {
        const char *user;
        double day;
        size_t n_texts;
        const char *want;
    } cases[] = {
        {"a", 99.5, 0, ""},
        {"a", 100, 1, "one"},
        {"a", 103, 2, "two\none"}, // the third was written before, but arrived on day 105
        {"a", 105, 3, "late\ntwo\none"},
        {"a", 191.5, 2, "late\ntwo"}, // a quarter later the first is forgotten
        {"b", 103, 0, ""},
        {"c", 103, 0, ""}, // nobody knows c
    };
    struct wl_company *company = company_make();
    struct wl_documents documents = {0};
    struct wl_buf buf;

    add_text(company, "a", 102.5, 105, "late");
    add_text(company, "a", 100, 100, "one");
    add_text(company, "a", 102, 102, "two");
    (void)intern_text(&company->users, "b");
    CHECK_INT(wl_documents_init(&documents, wl_alloc_default(), company, NULL), WL_OK);
    wl_buf_init(&buf, wl_alloc_default(), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint32_t user = wl_dict_find(&company->users, wl_str_from(cases[i].user));
        wl_buf_clear(&buf);
        CHECK_INT(
            wl_document_write(&documents, user, (int64_t)(cases[i].day * (double)WL_DAY_US), &buf),
            cases[i].n_texts);
        CHECK_VIEW(wl_buf_view(&buf), cases[i].want);
    }
    wl_buf_release(&buf);
    wl_documents_release(&documents);
    wl_company_free(company);
}

static void test_long_texts_are_cut_at_a_character(void)
{
    static char body[WL_DOCUMENT_BYTES + 8];
    struct wl_company *company = company_make();
    struct wl_documents documents = {0};
    struct wl_buf buf;

    for (size_t i = 0; i + 3 < sizeof(body); i += 3) {
        memcpy(body + i, "\xE5\x8D\xA1", 3);
    }
    add_text(company, "a", 1, 1, body);
    CHECK_INT(wl_documents_init(&documents, wl_alloc_default(), company, NULL), WL_OK);
    wl_buf_init(&buf, wl_alloc_default(), 0);
    CHECK_INT(wl_document_write(&documents, 0, DAY(2), &buf), 1);
    CHECK(buf.n_bytes <= WL_DOCUMENT_BYTES && buf.n_bytes % 3 == 0);
    CHECK(buf.n_bytes > WL_DOCUMENT_BYTES - 3);
    wl_buf_release(&buf);
    wl_documents_release(&documents);
    wl_company_free(company);
}

/* ---- learning ---- */

#define N_USERS 300
#define N_DATES 3
#define N_ROWS  (N_USERS * N_DATES)

/* A world of customers who wrote one text each, seen at three dates. */
struct world {
    struct wl_company *company;
    struct wl_schema schema;
    struct wl_rows rows;
    struct wl_labelled labelled;
    uint32_t all[N_ROWS];
};

static uint32_t row_index[N_ROWS], user_index[N_ROWS];
static uint64_t user_key[N_ROWS];
static int64_t as_of_us[N_ROWS];
static uint8_t y[N_ROWS];

static void world_init(struct world *world, bool words_tell)
{
    static const struct wl_feature_column columns[] = {{"text_churn", WL_FEATURE_NUMBER}};
    uint64_t seed = check_seed();

    *world =
        (struct world){.company = company_make(), .schema = {.columns = columns, .n_features = 1}};
    wl_rows_init(&world->rows, wl_alloc_default(), &world->schema);
    world->labelled = (struct wl_labelled){.alloc = wl_alloc_default(),
                                           .n_rows = N_ROWS,
                                           .n_users = N_USERS,
                                           .row = row_index,
                                           .user = user_index,
                                           .user_key = user_key,
                                           .as_of_us = as_of_us,
                                           .y = y};
    for (size_t u = 0; u < N_USERS; u++) {
        char id[16];
        char body[80];
        bool leaves = check_rand(&seed) % 3 == 0;
        const char *word = words_tell && leaves && check_rand(&seed) % 4 != 0 ? "cancel" : "fine";
        (void)snprintf(id, sizeof(id), "u%03zu", u);
        (void)snprintf(body, sizeof(body), "account%zu zq%zux is %s", u, u, word);
        add_text(world->company, id, 1, 1, body);
        for (size_t d = 0; d < N_DATES; d++) {
            size_t i = u * N_DATES + d;
            float *values = NULL;
            CHECK_INT(wl_rows_add(&world->rows, wl_str_from(id), DAY(10 + d), &values, NULL),
                      WL_OK);
            row_index[i] = (uint32_t)i;
            user_index[i] = (uint32_t)u;
            user_key[i] = wl_str_hash(wl_str_from(id), 0);
            as_of_us[i] = DAY(10 + d);
            y[i] = leaves;
            world->labelled.n_positive += leaves;
            world->all[i] = (uint32_t)i;
        }
    }
}

static void world_release(struct world *world)
{
    wl_rows_release(&world->rows);
    wl_company_free(world->company);
}

static char noticed[512];

static void note(void *context, const char *line)
{
    (void)context;
    (void)snprintf(noticed, sizeof(noticed), "%s", line);
}

static const struct wl_sink sink = {.notice = note};

// Mean value of leavers less that of stayers; NaN where a value is missing.
static double spread(const float *values)
{
    double sum[2] = {0.0, 0.0};
    double n[2] = {0.0, 0.0};

    for (size_t i = 0; i < N_ROWS; i++) {
        sum[y[i]] += (double)values[i];
        n[y[i]] += 1.0;
    }
    return sum[1] / n[1] - sum[0] / n[0];
}

static void test_words_of_leavers_are_learned(void)
{
    static float values[N_ROWS], again[N_ROWS];
    struct world world;
    struct wl_text_lab lab;
    struct wl_text_classifier *classifier = NULL;

    world_init(&world, true);
    CHECK_INT(wl_text_lab_init(&lab, wl_alloc_default(), world.company, &world.rows,
                               &world.labelled, false, NULL),
              WL_OK);
    const struct wl_fold fold = {
        .fit = world.all, .n_fit = 600, .held = world.all + 600, .n_held = 300};
    CHECK_INT(
        wl_text_lab_fold(&lab, &world.labelled, &fold, 42, 1, &sink, values, &classifier, NULL),
        WL_OK);
    CHECK(classifier != NULL);
    CHECK(spread(values) > 20.0);
    CHECK_INT(wl_text_lab_fold(&lab, &world.labelled, &fold, 42, 3, &sink, again, NULL, NULL),
              WL_OK);
    CHECK(memcmp(values, again, sizeof(values)) == 0); // any number of threads
    // The same classifier fills the held-out rows when it serves.
    CHECK_INT(wl_text_churn_fill(classifier, world.company, 0, 2, &world.rows, NULL), WL_OK);
    for (size_t i = 600; i < N_ROWS; i++) {
        CHECK(world.rows.values[i] == values[i]);
    }
    wl_text_classifier_free(classifier);
    wl_text_lab_release(&lab);
    world_release(&world);
}

static void test_a_name_given_away_brings_nothing(void)
{
    static float values[N_ROWS];
    struct world world;
    struct wl_text_lab lab;
    struct wl_text_classifier *classifier = NULL;

    world_init(&world, false);
    CHECK_INT(wl_text_lab_init(&lab, wl_alloc_default(), world.company, &world.rows,
                               &world.labelled, false, NULL),
              WL_OK);
    const struct wl_fold fold = {.fit = world.all, .n_fit = N_ROWS};
    noticed[0] = '\0';
    CHECK_INT(
        wl_text_lab_fold(&lab, &world.labelled, &fold, 42, 1, &sink, values, &classifier, NULL),
        WL_OK);
    CHECK(classifier == NULL && isnan(values[0]) && isnan(values[N_ROWS - 1]));
    CHECK(strstr(noticed, "texts do not tell leavers from stayers") != NULL);
    // Planted: each row a group of its own, as if customers did not matter. The leak must show.
    for (size_t i = 0; i < N_ROWS; i++) {
        lab.group[i] = (uint32_t)i;
    }
    lab.n_groups = N_ROWS;
    CHECK_INT(
        wl_text_lab_fold(&lab, &world.labelled, &fold, 42, 1, &sink, values, &classifier, NULL),
        WL_OK);
    CHECK(classifier != NULL && spread(values) > 20.0);
    wl_text_classifier_free(classifier);
    wl_text_lab_release(&lab);
    world_release(&world);
}

static void test_same_text_joins(void)
{
    struct world world;
    struct wl_text_lab lab;

    world_init(&world, true);
    add_text(world.company, "u003", 2, 2, "the same note");
    add_text(world.company, "u007", 3, 3, "the same note");
    add_text(world.company, "u005", 3, 3, "another note");
    add_text(world.company, "u007", 3, 3, "another note");
    CHECK_INT(wl_text_lab_init(&lab, wl_alloc_default(), world.company, &world.rows,
                               &world.labelled, true, NULL),
              WL_OK);
    CHECK_INT(lab.group_of_user[3], 3);
    CHECK_INT(lab.group_of_user[7], 3);
    CHECK_INT(lab.group_of_user[5], 3);
    CHECK_INT(lab.group_of_user[4], 4);
    CHECK_INT(lab.group[7 * N_DATES + 1], 3);
    wl_text_lab_release(&lab);
    world_release(&world);
}

// The text model travels in the file of the churn model, whatever bytes it has.
static void test_one_file_holds_both(void)
{
    static const struct wl_feature_column columns[] = {{"text_churn", WL_FEATURE_NUMBER}};
    static const char bytes[] = "a text model\0with a NUL";
    struct wl_schema schema = {.columns = columns, .n_features = 1};
    struct wl_model_about about = {.label = WL_STR("leaves"),
                                   .text = {.data = bytes, .n_bytes = sizeof(bytes)}};
    struct wl_model *model = NULL;
    struct wl_model *again = NULL;
    struct wl_buf file;

    memset(schema.hash, 'a', sizeof(schema.hash) - 1);
    wl_buf_init(&file, wl_alloc_default(), 0);
    CHECK_INT(wl_model_fallback(wl_alloc_default(), &schema, &model, NULL), WL_OK);
    CHECK_INT(wl_model_describe(model, &about, NULL), WL_OK);
    wl_model_encode(model, &file);
    CHECK_INT(file.data[8], 2); // the version
    CHECK_INT(wl_model_decode(wl_alloc_default(), wl_buf_view(&file), &again, NULL), WL_OK);
    struct wl_str text = wl_model_about(again)->text;
    CHECK(text.n_bytes == sizeof(bytes) && memcmp(text.data, bytes, sizeof(bytes)) == 0);
    wl_model_free(again);
    again = NULL;
    for (size_t i = 0; i < file.n_bytes; i++) { // every cut and every changed byte is seen
        struct wl_str cut = {.data = file.data, .n_bytes = i};
        CHECK(wl_model_decode(wl_alloc_default(), cut, &again, NULL) != WL_OK);
        file.data[i] ^= 1;
        CHECK(wl_model_decode(wl_alloc_default(), wl_buf_view(&file), &again, NULL) != WL_OK);
        file.data[i] ^= 1;
    }
    wl_model_free(model);
    wl_buf_release(&file);
}

int main(void)
{
    RUN(test_documents);
    RUN(test_long_texts_are_cut_at_a_character);
    RUN(test_words_of_leavers_are_learned);
    RUN(test_a_name_given_away_brings_nothing);
    RUN(test_same_text_joins);
    RUN(test_one_file_holds_both);
    return check_report();
}
