/* Goal:   the same messages in any order leave the same records.
 * Method: cases by hand, then every order of one message's retries against the best of them; a
 *         planted fault (comparing by arrival) must give another answer. */
#include "check.h"

#include "data/company.h"
#include "data/dedupe.h"

#define DAY_US (24 * 3600 * INT64_C(1000000))

static enum wl_verdict see(struct wl_dedupe *dedupe, uint64_t key, int64_t time_us,
                           int64_t received_us, size_t i_record, size_t *i_known)
{
    enum wl_verdict verdict = WL_VERDICT_NEW;
    struct wl_known_message message = {.key = key,
                                       .time_us = time_us,
                                       .received_us = received_us,
                                       .value_e4 = WL_VALUE_NONE,
                                       .i_record = i_record};
    CHECK_INT(wl_dedupe_see(dedupe, &message, &verdict, i_known, NULL), WL_OK);
    return verdict;
}

static void test_verdicts(void)
{
    struct wl_dedupe dedupe;
    size_t i_known = 99;

    wl_dedupe_init(&dedupe, wl_alloc_default(), WL_DEDUPE_WINDOW_US);
    CHECK_INT(see(&dedupe, 7, 0, 100, 0, &i_known), WL_VERDICT_NEW);
    CHECK_INT(see(&dedupe, 7, 0, 100, 1, &i_known), WL_VERDICT_DUPLICATE);
    CHECK_INT(i_known, 0);
    CHECK_INT(see(&dedupe, 7, 0, 90, 1, &i_known), WL_VERDICT_BETTER);
    CHECK_INT(i_known, 0);
    CHECK_INT(see(&dedupe, 7, 0, 95, 1, &i_known), WL_VERDICT_DUPLICATE);
    CHECK_INT(see(&dedupe, 7, 7 * DAY_US, 7 * DAY_US, 1, &i_known), WL_VERDICT_DUPLICATE);
    CHECK_INT(see(&dedupe, 7, 7 * DAY_US + 1, 8 * DAY_US, 1, &i_known), WL_VERDICT_NEW);
    CHECK_INT(see(&dedupe, 0, 0, 0, 2, &i_known), WL_VERDICT_NEW);
    CHECK_INT(see(&dedupe, 0, INT64_MAX, 0, 3, &i_known), WL_VERDICT_NEW);
    CHECK_INT(see(&dedupe, 0, INT64_MIN, 0, 4, &i_known), WL_VERDICT_NEW);
    wl_dedupe_release(&dedupe);
}

static void test_every_order_keeps_the_same(void)
{
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    static const int64_t received_us[3] = {500, 300, 400};
    bool first_differs = false;

    for (size_t i = 0; i < 6; i++) {
        struct wl_dedupe dedupe;
        size_t i_known = 0;
        int64_t kept_us = 0;
        wl_dedupe_init(&dedupe, wl_alloc_default(), WL_DEDUPE_WINDOW_US);
        for (size_t j = 0; j < 3; j++) {
            int64_t at_us = received_us[orders[i][j]];
            if (see(&dedupe, 1, 10, at_us, 0, &i_known) != WL_VERDICT_DUPLICATE) {
                kept_us = at_us;
            }
        }
        CHECK_INT(kept_us, 300);
        first_differs =
            first_differs || received_us[orders[i][0]] != 300; // planted: keep the first
        wl_dedupe_release(&dedupe);
    }
    CHECK(first_differs);
}

static void test_survives_every_failed_allocation(void)
{
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_dedupe dedupe;
        enum wl_verdict verdict;
        wl_status status = WL_OK;
        size_t i_known;

        check_heap_init(&heap, n_good);
        wl_dedupe_init(&dedupe, &heap.alloc, WL_DEDUPE_WINDOW_US);
        for (uint64_t key = 0; key < 100 && status == WL_OK; key++) {
            struct wl_known_message message = {.key = key};
            status = wl_dedupe_see(&dedupe, &message, &verdict, &i_known, NULL);
        }
        wl_dedupe_release(&dedupe);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good > 2);
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
}

static void test_attribute_key_is_made_of_texts(void)
{
    struct wl_company *a = NULL;
    struct wl_company *b = NULL;
    uint32_t user_a;
    uint32_t user_b;
    uint32_t key;
    uint32_t other;

    CHECK_INT(wl_company_new(wl_alloc_default(), &a, NULL), WL_OK);
    CHECK_INT(wl_company_new(wl_alloc_default(), &b, NULL), WL_OK);
    CHECK_INT(wl_dict_intern(&a->users, WL_STR("u"), &user_a, NULL), WL_OK);
    CHECK_INT(wl_dict_intern(&b->users, WL_STR("v"), &other, NULL), WL_OK);
    CHECK_INT(wl_dict_intern(&b->users, WL_STR("u"), &user_b, NULL), WL_OK);
    CHECK_INT(wl_dict_intern(&a->attribute_names, WL_STR("age"), &key, NULL), WL_OK);
    CHECK_INT(wl_dict_intern(&b->attribute_names, WL_STR("age"), &key, NULL), WL_OK);
    struct wl_attribute age = {
        .user = user_a, .key = key, .known_us = 5, .kind = WL_VALUE_NUMBER, .number = 41.0};
    uint64_t key_a = wl_attribute_key(a, &age);
    age.user = user_b;
    CHECK(wl_attribute_key(b, &age) == key_a);
    age.number = 42.0;
    CHECK(wl_attribute_key(b, &age) != key_a);
    wl_company_free(a);
    wl_company_free(b);
}

int main(void)
{
    RUN(test_verdicts);
    RUN(test_every_order_keeps_the_same);
    RUN(test_survives_every_failed_allocation);
    RUN(test_attribute_key_is_made_of_texts);
    return check_report();
}
