/* Goal:   folds never look ahead and no user straddles, whatever the data; and the checker that
 *         says so can say no.
 * Method: random labelled rows; invariants checked here from the definitions, apart from
 *         wl_folds_check; then a planted look-ahead and a planted straddle, which wl_folds_check
 *         must catch; the division must not depend on the order of rows. */
#include "check.h"

#include "base/clock.h"
#include "learn/split.h"

#define ROWS_MAX  400
#define USERS_MAX 120

static uint32_t row[ROWS_MAX], user[ROWS_MAX];
static uint64_t user_key[ROWS_MAX];
static int64_t as_of_us[ROWS_MAX];
static uint8_t y[ROWS_MAX];

static struct wl_labelled random_rows(uint64_t *seed)
{
    size_t n = 100 + check_rand(seed) % (ROWS_MAX - 100);
    struct wl_labelled labelled = {.alloc = wl_alloc_default(),
                                   .n_rows = n,
                                   .n_users = USERS_MAX,
                                   .row = row,
                                   .user = user,
                                   .user_key = user_key,
                                   .as_of_us = as_of_us,
                                   .y = y};

    for (size_t i = 0; i < n; i++) {
        row[i] = (uint32_t)i;
        user[i] = (uint32_t)(check_rand(seed) % USERS_MAX);
        user_key[i] = user[i] * UINT64_C(0x9e3779b97f4a7c15) + 1;
        as_of_us[i] = (int64_t)(check_rand(seed) % 12) * 10 * WL_DAY_US;
        y[i] = check_rand(seed) % 4 == 0;
        labelled.n_positive += y[i];
    }
    return labelled;
}

static struct wl_churn random_churn(uint64_t *seed)
{
    return (struct wl_churn){.kind = WL_CHURN_CANCEL,
                             .horizon_us = (int64_t)(1 + check_rand(seed) % 40) * WL_DAY_US,
                             .lead_us = (int64_t)(check_rand(seed) % 5) * WL_DAY_US,
                             .allowed_gap_us = (int64_t)(check_rand(seed) % 10) * WL_DAY_US};
}

static void check_no_look_ahead(const struct wl_folds *folds, const struct wl_churn *churn)
{
    for (size_t f = 0; f < folds->n_folds; f++) {
        const struct wl_fold *fold = &folds->folds[f];
        CHECK(fold->n_fit > 0 && fold->n_held > 0);
        for (size_t i = 0; i < fold->n_fit; i++) {
            int64_t certain_us =
                as_of_us[fold->fit[i]] + churn->lead_us + churn->horizon_us + churn->allowed_gap_us;
            for (size_t k = 0; k < fold->n_held; k++) {
                if (certain_us > as_of_us[fold->held[k]]) {
                    CHECK(certain_us <= as_of_us[fold->held[k]]);
                    return;
                }
            }
        }
    }
}

static void test_rolling_folds_never_look_ahead(void)
{
    uint64_t seed = check_seed();
    size_t n_with_folds = 0;

    for (int round = 0; round < 100; round++) {
        struct wl_labelled labelled = random_rows(&seed);
        struct wl_churn churn = random_churn(&seed);
        struct wl_folds folds = {0};

        CHECK_INT(wl_folds_rolling(&churn, &labelled, NULL, 0, 4, &folds, NULL), WL_OK);
        check_no_look_ahead(&folds, &churn);
        CHECK_INT(wl_folds_check(&folds, &churn, &labelled, NULL), WL_OK);
        n_with_folds += folds.n_folds > 0 ? 1 : 0;
        wl_folds_release(&folds);
    }
    CHECK(n_with_folds > 90);
}

static void test_split_by_time_never_looks_ahead(void)
{
    uint64_t seed = check_seed();

    for (int round = 0; round < 100; round++) {
        struct wl_labelled labelled = random_rows(&seed);
        struct wl_churn churn = random_churn(&seed);
        struct wl_split split = {.kind = WL_SPLIT_TIME, .share = 0.2};
        struct wl_folds folds = {0};
        int64_t all_us[12];
        struct wl_dates dates = {.train_us = all_us, .n_train = 12};

        for (int d = 0; d < 12; d++) {
            all_us[d] = d * 10 * WL_DAY_US;
        }
        CHECK_INT(wl_dates_settle(&split, &churn, &dates, NULL), WL_OK);
        CHECK_INT(wl_folds_make(&split, &dates, &labelled, &folds, NULL), WL_OK);
        check_no_look_ahead(&folds, &churn);
        wl_folds_release(&folds);
    }
}

static void test_users_never_straddle(void)
{
    uint64_t seed = check_seed();

    for (int round = 0; round < 100; round++) {
        struct wl_labelled labelled = random_rows(&seed);
        struct wl_folds folds = {0};
        size_t n_folds = 2 + check_rand(&seed) % 9;
        size_t n_held[ROWS_MAX] = {0};
        int fold_of[USERS_MAX];
        size_t leavers[WL_FOLDS_MAX] = {0};

        CHECK_INT(wl_folds_by_user(&labelled, NULL, 0, n_folds, 42, &folds, NULL), WL_OK);
        CHECK_INT(folds.n_folds, n_folds);
        for (size_t u = 0; u < USERS_MAX; u++) {
            fold_of[u] = -1;
        }
        for (size_t f = 0; f < n_folds; f++) {
            const struct wl_fold *fold = &folds.folds[f];
            bool has_left[USERS_MAX] = {false};
            CHECK_INT(fold->n_fit + fold->n_held, labelled.n_rows);
            for (size_t i = 0; i < fold->n_held; i++) {
                uint32_t index = fold->held[i];
                CHECK(fold_of[user[index]] == -1 || fold_of[user[index]] == (int)f);
                fold_of[user[index]] = (int)f;
                n_held[index]++;
                has_left[user[index]] |= y[index] != 0;
            }
            for (size_t u = 0; u < USERS_MAX; u++) {
                leavers[f] += has_left[u] ? 1 : 0;
            }
            CHECK(leavers[f] <= leavers[0] && leavers[f] + 1 >= leavers[0]); // spread evenly
        }
        for (size_t i = 0; i < labelled.n_rows; i++) {
            CHECK_INT(n_held[i], 1); // every row is judged exactly once
        }
        CHECK_INT(wl_folds_check(&folds, NULL, &labelled, NULL), WL_OK);
        wl_folds_release(&folds);
    }
}

static void test_groups_never_straddle(void)
{
    uint64_t seed = check_seed();

    for (int round = 0; round < 100; round++) {
        struct wl_labelled labelled = random_rows(&seed);
        struct wl_folds folds = {0};
        uint32_t group[USERS_MAX];
        int fold_of[USERS_MAX];
        size_t n_folds = 2 + check_rand(&seed) % 5;
        size_t largest = 0;
        size_t n_rows[USERS_MAX] = {0};
        size_t n_total = 0;

        for (uint32_t u = 0; u < USERS_MAX; u++) {
            group[u] = (uint32_t)(check_rand(&seed) % 30);
            fold_of[u] = -1;
        }
        for (size_t i = 0; i < labelled.n_rows; i++) {
            size_t n = ++n_rows[group[user[i]]];
            largest = n > largest ? n : largest;
        }
        CHECK_INT(wl_folds_by_group(&labelled, group, n_folds, 42, &folds, NULL), WL_OK);
        CHECK_INT(folds.n_folds, n_folds);
        for (size_t f = 0; f < n_folds; f++) {
            const struct wl_fold *fold = &folds.folds[f];
            CHECK(fold->n_held <=
                  labelled.n_rows / n_folds + largest); // as even as groups let them
            n_total += fold->n_held;
            for (size_t i = 0; i < fold->n_held; i++) {
                uint32_t g = group[user[fold->held[i]]];
                CHECK(fold_of[g] == -1 || fold_of[g] == (int)f);
                fold_of[g] = (int)f;
            }
        }
        CHECK_INT(n_total, labelled.n_rows);
        CHECK_INT(wl_folds_check(&folds, NULL, &labelled, NULL), WL_OK);
        wl_folds_release(&folds);
    }
}

static void test_order_of_rows_means_nothing(void)
{
    uint64_t seed = check_seed();
    struct wl_labelled labelled = random_rows(&seed);
    struct wl_folds folds = {0};
    size_t fold_of[USERS_MAX], n = labelled.n_rows;

    CHECK_INT(wl_folds_by_user(&labelled, NULL, 0, 5, 42, &folds, NULL), WL_OK);
    for (size_t f = 0; f < 5; f++) {
        for (size_t i = 0; i < folds.folds[f].n_held; i++) {
            fold_of[user[folds.folds[f].held[i]]] = f;
        }
    }
    wl_folds_release(&folds);
    for (size_t i = 0; i < n / 2; i++) { // turn the rows round; user ids stay with their keys
        uint32_t u = user[i];
        uint64_t k = user_key[i];
        uint8_t o = y[i];
        user[i] = user[n - 1 - i];
        user_key[i] = user_key[n - 1 - i];
        y[i] = y[n - 1 - i];
        user[n - 1 - i] = u;
        user_key[n - 1 - i] = k;
        y[n - 1 - i] = o;
    }
    CHECK_INT(wl_folds_by_user(&labelled, NULL, 0, 5, 42, &folds, NULL), WL_OK);
    for (size_t f = 0; f < 5; f++) {
        for (size_t i = 0; i < folds.folds[f].n_held; i++) {
            CHECK_INT(fold_of[user[folds.folds[f].held[i]]], f);
        }
    }
    wl_folds_release(&folds);
}

static void test_planted_faults_are_caught(void)
{
    uint64_t seed = check_seed();
    struct wl_labelled labelled = random_rows(&seed);
    struct wl_churn churn = {.kind = WL_CHURN_INACTIVITY, .horizon_us = 30 * WL_DAY_US};
    struct wl_folds folds = {0};
    wl_error error = {0};

    CHECK_INT(wl_folds_rolling(&churn, &labelled, NULL, 0, 1, &folds, NULL), WL_OK);
    int64_t held_us = as_of_us[folds.folds[0].held[0]];
    as_of_us[folds.folds[0].fit[0]] = held_us - 29 * WL_DAY_US; // certain a day too late
    CHECK_INT(wl_folds_check(&folds, &churn, &labelled, &error), WL_EINTERNAL);
    CHECK(strstr(error.message, "fold 0 looks ahead") != NULL);
    wl_folds_release(&folds);
    CHECK_INT(wl_folds_by_user(&labelled, NULL, 0, 5, 42, &folds, NULL), WL_OK);
    user[folds.folds[2].fit[0]] = user[folds.folds[2].held[0]];
    CHECK_INT(wl_folds_check(&folds, &churn, &labelled, &error), WL_EINTERNAL);
    CHECK(strstr(error.message, "is on both sides") != NULL);
    wl_folds_release(&folds);
}

static void test_every_failed_allocation(void)
{
    uint64_t seed = check_seed();
    struct wl_labelled labelled = random_rows(&seed);

    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_folds folds = {0};
        check_heap_init(&heap, n_good);
        labelled.alloc = &heap.alloc;
        wl_status status = wl_folds_by_user(&labelled, NULL, 0, 5, 42, &folds, NULL);
        wl_folds_release(&folds);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK_INT(n_good, 3);
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
}

static void test_too_few_users_are_refused(void)
{
    uint64_t seed = check_seed();
    struct wl_labelled labelled = random_rows(&seed);
    struct wl_folds folds = {0};
    wl_error error = {0};

    labelled.n_rows = 3;
    CHECK_INT(wl_folds_by_user(&labelled, NULL, 0, 5, 42, &folds, &error), WL_EGATE);
    CHECK(strstr(error.message, "cannot make 5 folds") != NULL);
    CHECK(folds.indices == NULL);
}

int main(void)
{
    RUN(test_rolling_folds_never_look_ahead);
    RUN(test_split_by_time_never_looks_ahead);
    RUN(test_users_never_straddle);
    RUN(test_groups_never_straddle);
    RUN(test_order_of_rows_means_nothing);
    RUN(test_planted_faults_are_caught);
    RUN(test_every_failed_allocation);
    RUN(test_too_few_users_are_refused);
    return check_report();
}
