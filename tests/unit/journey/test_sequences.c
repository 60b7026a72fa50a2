/* Goal:   the sequence of a customer holds what was known at T and nothing else, whatever order
 *         events arrived in; the column does not depend on threads or on the order of the company's
 *         dictionary; a name that the model does not know is one event of its own; learning it
 *         never lets a customer's own labels into the value that the customer is trained on.
 * Method: small companies. Point in time by a table of cases. Two companies with the same events
 *         added in opposite order, so that their dictionaries differ. Planted leak: labels are
 *         noise, and each customer repeats a private event at every date, which seen in training
 *         would tell everything; planted signal: the order of two events tells, and is found. */
#include "../model/event_model_sample.h"
#include "learn_company.h"

#include "journey_train_sequences.h"
#include "model/model.h"

enum { N_USERS = 120, N_DATES = 2 };

static wl_error fault;

static void add_value(struct wl_company *company, const char *user, const char *name, double day,
                      double received_day, int64_t value)
{
    company_late(company, user, name, day, received_day);
    company->events.value_e4[company->events.n_events - 1] = value * WL_VALUE_SCALE;
}

static void test_what_was_known(void)
{
    static const struct {
        double day;
        size_t n_max;
        const char *want;
    } cases[] = {
        {0.5, 9, ""},
        {1, 9, "buy=5;"},          // two lines of one order
        {3, 9, "buy=5;open=nan;"}, // the return of day 2 was known on day 4 only
        {4, 9, "buy=5;return=7;open=nan;"},
        {4, 2, "return=7;open=nan;"},
    };
    struct wl_company *company = company_make();
    struct wl_histories histories = {0};

    company_event(company, "a", "open", 3);
    add_value(company, "a", "buy", 1, 1, 2);
    add_value(company, "b", "buy", 1, 1, 9);
    add_value(company, "a", "return", 2, 4, 7);
    add_value(company, "a", "buy", 1, 1, 3);
    CHECK_INT(wl_histories_init(&histories, wl_alloc_default(), company, NULL), WL_OK);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_sequence_event events[9];
        char got[128] = "";
        size_t n = wl_history_events(&histories, 0, DAY(cases[i].day), cases[i].n_max, events);
        for (size_t k = 0; k < n; k++) {
            struct wl_str name = wl_dict_string(&company->event_names, events[k].type);
            size_t used = strlen(got);
            (void)snprintf(got + used, sizeof(got) - used, "%.*s=%g;", WL_STR_ARG(name),
                           fabs(events[k].value));
        }
        CHECK_STR(got, cases[i].want);
    }
    CHECK_INT(wl_history_events(&histories, WL_ID_NONE, DAY(9), 9, NULL), 0);
    wl_histories_release(&histories);
    wl_company_free(company);
}

/* ---- the column ---- */

static const struct wl_feature_column columns[2] = {{"days", WL_FEATURE_NUMBER},
                                                    {WL_SEQUENCE_FEATURE, WL_FEATURE_NUMBER}};
static const struct wl_schema schema = {.columns = columns, .n_features = 2};

static void add_rows(struct wl_rows *rows, size_t n, double day)
{
    for (size_t i = 0; i < n; i++) {
        float *values = NULL;
        char user[32];
        (void)snprintf(user, sizeof(user), "u%zu", i);
        CHECK_INT(wl_rows_add(rows, wl_str_from(user), DAY(day), &values, NULL), WL_OK);
    }
}

// The same events for both directions; keys follow the event, not its arrival.
static void fill_company(struct wl_company *company, bool is_reversed, const char *unknown)
{
    const char *const names[4] = {"open", "buy", "\xE9\x80\x80\xE8\xB4\xA7", unknown};
    size_t n = (size_t)N_USERS * 6;

    for (size_t k = 0; k < n; k++) {
        size_t i = is_reversed ? n - 1 - k : k;
        char user[32];
        (void)snprintf(user, sizeof(user), "u%zu", i / 6);
        company_event(company, user, names[(i * 7 + i / 6) % 4], 1.0 + (double)(i % 6) * 1.5);
        company->events.message_key[company->events.n_events - 1] = i;
    }
}

static void fill_rows(bool is_reversed, const char *unknown, enum wl_sequence_body body,
                      size_t n_threads, size_t n_rows, float got[N_USERS])
{
    struct wl_company *company = company_make();
    struct wl_event_model *model = NULL;
    struct wl_rows rows;

    fill_company(company, is_reversed, unknown);
    CHECK_INT(event_sample(wl_alloc_default(), body, &model), WL_OK);
    wl_rows_init(&rows, wl_alloc_default(), &schema);
    add_rows(&rows, n_rows, 8);
    CHECK_INT(wl_sequence_churn_fill(model, company, 1, n_threads, &rows, &fault), WL_OK);
    for (size_t i = 0; i < n_rows; i++) {
        got[i] = rows.values[2 * i + 1];
        CHECK(isnan(rows.values[2 * i]) && got[i] > 0.0F && got[i] < 100.0F);
    }
    wl_rows_release(&rows);
    wl_event_model_free(model);
    wl_company_free(company);
}

static void fill_column(bool is_reversed, const char *unknown, size_t n_threads, float got[N_USERS])
{
    fill_rows(is_reversed, unknown, WL_SEQUENCE_GRU, n_threads, N_USERS, got);
}

// Who else is in the batch changes products' shapes, and no digit that counts.
static void test_a_row_stands_for_itself(void)
{
    for (int body = WL_SEQUENCE_LSTM; body <= WL_SEQUENCE_TRANSFORMER; body++) {
        float all[N_USERS];
        float few[N_USERS];
        size_t n_off = 0;
        fill_rows(false, "else", (enum wl_sequence_body)body, 1, N_USERS, all);
        for (size_t n = 1; n < 20; n += 3) {
            fill_rows(false, "else", (enum wl_sequence_body)body, 1, n, few);
            for (size_t i = 0; i < n; i++) {
                n_off += all[i] != few[i];
                CHECK_CLOSE((double)all[i], (double)few[i], 1e-6); // a few roundings of a float
            }
        }
        fprintf(stderr, "body %d: %zu values differ in their last digit\n", body, n_off);
    }
}

static void test_the_column(void)
{
    float want[N_USERS];
    float got[N_USERS];

    fill_column(false, "else", 1, want);
    CHECK(want[0] != want[1]);
    fill_column(false, "else", 3, got);
    CHECK(memcmp(want, got, sizeof(want)) == 0);
    fill_column(true, "else", 2, got); // other dictionary, other order
    CHECK(memcmp(want, got, sizeof(want)) == 0);
    fill_column(false, "never seen", 2, got); // one unknown name is like another
    CHECK(memcmp(want, got, sizeof(want)) == 0);
    fill_column(false, "buy", 2, got); // planted fault: a known one is not
    CHECK(memcmp(want, got, sizeof(want)) != 0);
}

/* ---- learning ---- */

struct lab {
    struct wl_company *company;
    struct wl_rows rows;
    struct wl_labelled labelled;
    uint32_t row[N_USERS * N_DATES];
    uint32_t user[N_USERS * N_DATES];
    uint64_t key[N_USERS * N_DATES];
    int64_t as_of_us[N_USERS * N_DATES];
    uint8_t y[N_USERS * N_DATES];
    uint32_t fit[N_USERS * N_DATES];
};

// tells: "pay, open" leaves and "open, pay" stays; else labels are noise, and every customer has a
// private event.
static void make_lab(struct lab *lab, bool tells)
{
    uint64_t seed = check_seed();
    size_t n = 0;

    *lab = (struct lab){.company = company_make()};
    wl_rows_init(&lab->rows, wl_alloc_default(), &schema);
    for (size_t u = 0; u < N_USERS; u++) {
        char user[32];
        char name[40];
        bool left = check_rand(&seed) % 2 == 0;
        (void)snprintf(user, sizeof(user), "u%zu", u);
        (void)snprintf(name, sizeof(name), "private %zu", u);
        for (size_t k = 0; k < 24; k++) {
            company_event(lab->company, user, tells ? "look" : name, 1.0 + (double)k);
        }
        company_event(lab->company, user, left && tells ? "pay" : "open", 29);
        company_event(lab->company, user, left && tells ? "open" : "pay", 29.5);
        lab->y[u] = lab->y[u + N_USERS] = left;
    }
    for (size_t d = 0; d < N_DATES; d++) {
        add_rows(&lab->rows, N_USERS, 30 + (double)d);
    }
    for (; n < (size_t)N_USERS * N_DATES; n++) {
        lab->row[n] = lab->fit[n] = (uint32_t)n;
        lab->user[n] = (uint32_t)(n % N_USERS);
        lab->key[n] = wl_str_hash(wl_dict_string(&lab->rows.users, lab->user[n]), 0);
        lab->as_of_us[n] = lab->rows.as_of_us[n];
        lab->labelled.n_positive += lab->y[n];
    }
    lab->labelled.alloc = wl_alloc_default();
    lab->labelled.n_rows = n;
    lab->labelled.n_users = N_USERS;
    lab->labelled.row = lab->row;
    lab->labelled.user = lab->user;
    lab->labelled.user_key = lab->key;
    lab->labelled.as_of_us = lab->as_of_us;
    lab->labelled.y = lab->y;
}

// Share of rows whose out-of-fold value is on the right side of 50 percent.
static double learn(struct lab *lab, size_t n_threads, bool may_be_empty, float *values,
                    struct wl_event_model **model)
{
    const struct wl_fold fold = {.fit = lab->fit, .n_fit = lab->labelled.n_rows};
    struct wl_train_options options;
    struct wl_sequence_lab sequences = {0};
    size_t n_right = 0;

    wl_train_options_init(&options);
    wl_train_options_choose(&options, WL_ALGORITHM_GRU);
    options.net.hidden = 8;
    options.net.embedding = 8;
    options.net.epochs = 12;
    options.net.learning_rate = 0.02;
    CHECK_INT(wl_sequence_lab_init(&sequences, wl_alloc_default(), lab->company, &lab->rows,
                                   &lab->labelled, &options.net, &fault),
              WL_OK);
    sequences.may_be_empty = may_be_empty;
    CHECK_INT(wl_sequence_lab_fold(&sequences, &lab->labelled, &fold, 42, n_threads, NULL, values,
                                   model, &fault),
              WL_OK);
    for (size_t i = 0; i < lab->labelled.n_rows; i++) {
        n_right += (values[i] > 50.0F) == (lab->y[i] != 0);
    }
    wl_sequence_lab_release(&sequences);
    return (double)n_right / (double)lab->labelled.n_rows;
}

static void release_lab(struct lab *lab)
{
    wl_rows_release(&lab->rows);
    wl_company_free(lab->company);
}

static void test_order_is_learnt(void)
{
    static struct lab lab;
    float values[2][N_USERS * N_DATES];
    struct wl_event_model *models[2] = {NULL, NULL};
    struct wl_buf bytes[2];

    make_lab(&lab, true);
    for (size_t i = 0; i < 2; i++) {
        double share = learn(&lab, 1 + i, true, values[i], &models[i]);
        fprintf(stderr, "%.3f right\n", share);
        CHECK(share > 0.95);
        wl_buf_init(&bytes[i], wl_alloc_default(), 0);
        wl_event_model_encode(models[i], &bytes[i]);
        CHECK(models[i]->n_epochs > 0 && models[i]->n_names == 3);
        wl_event_model_free(models[i]);
    }
    CHECK(memcmp(values[0], values[1], sizeof(values[0])) == 0); // one thread, two threads
    CHECK(wl_str_equal(wl_buf_view(&bytes[0]), wl_buf_view(&bytes[1])));
    wl_buf_release(&bytes[0]);
    wl_buf_release(&bytes[1]);
    release_lab(&lab);
}

static void test_own_labels_do_not_leak(void)
{
    static struct lab lab;
    float values[N_USERS * N_DATES];
    struct wl_event_model *model = NULL;

    make_lab(&lab, false);
    double share = learn(&lab, 2, false, values, &model);
    fprintf(stderr, "%.3f right on noise\n", share);
    CHECK(share < 0.65); // 240 rows of 120 customers: 0.5 +- 0.09 is chance
    CHECK(model != NULL);
    wl_event_model_free(model);
    model = NULL;
    (void)learn(&lab, 2, true, values, &model);
    CHECK(model == NULL && isnan(values[0]) && isnan(values[N_USERS]));
    release_lab(&lab);
}

int main(void)
{
    RUN(test_what_was_known);
    RUN(test_the_column);
    RUN(test_a_row_stands_for_itself);
    RUN(test_order_is_learnt);
    RUN(test_own_labels_do_not_leak);
    return check_report();
}
