/* Goal:   a model of sequences keeps names, cut, epochs and net in its bytes; a name that it does
 *         not know is "something else"; damaged bytes and failed allocations leave nothing behind.
 * Method: a tiny model there and back, compared as bytes; every cut refused; every flipped byte
 *         refused or harmless; names out of order, a net for other names; allocation n fails for
 *         n = 0.. until success. */
#include "event_model_sample.h"

static wl_error fault;

static void encode(enum wl_sequence_body body, struct wl_buf *bytes)
{
    struct wl_event_model *model = NULL;

    wl_buf_init(bytes, wl_alloc_default(), 0);
    CHECK_INT(event_sample(wl_alloc_default(), body, &model), WL_OK);
    wl_event_model_encode(model, bytes);
    CHECK_INT(wl_buf_check(bytes, NULL), WL_OK);
    wl_event_model_free(model);
}

static void test_there_and_back(void)
{
    static const struct {
        const char *name;
        uint32_t type;
    } cases[] = {{"buy", 1},   {"open", 2}, {"\xE9\x80\x80\xE8\xB4\xA7", 3}, {"", 0}, {"b", 0},
                 {"buyer", 0}, {"zzz", 0}};

    for (int body = WL_SEQUENCE_LSTM; body <= WL_SEQUENCE_TRANSFORMER; body++) {
        struct wl_event_model *model = NULL;
        struct wl_buf bytes;
        struct wl_buf again;
        encode((enum wl_sequence_body)body, &bytes);
        wl_buf_init(&again, wl_alloc_default(), 0);
        CHECK_INT(wl_event_model_decode(wl_alloc_default(), wl_buf_view(&bytes), &model, &fault),
                  WL_OK);
        wl_event_model_encode(model, &again);
        CHECK(wl_str_equal(wl_buf_view(&bytes), wl_buf_view(&again)));
        CHECK_INT(model->cut.n_events_max, 4);
        CHECK_INT(model->n_epochs, 2);
        for (size_t i = 0; i < COUNT(cases); i++) {
            CHECK_INT(wl_event_model_type(model, wl_str_from(cases[i].name)), cases[i].type);
        }
        wl_event_model_free(model);
        wl_buf_release(&bytes);
        wl_buf_release(&again);
    }
}

static void test_damage(void)
{
    struct wl_buf bytes;

    encode(WL_SEQUENCE_GRU, &bytes);
    for (size_t i = 0; i < bytes.n_bytes; i++) {
        struct wl_event_model *model = NULL;
        struct wl_str cut = {.data = bytes.data, .n_bytes = i};
        CHECK(wl_event_model_decode(wl_alloc_default(), cut, &model, &fault) != WL_OK);
        bytes.data[i] = (char)(bytes.data[i] ^ 0x20);
        if (wl_event_model_decode(wl_alloc_default(), wl_buf_view(&bytes), &model, &fault) ==
            WL_OK) { // a name or a setting changed, nothing that could go out of bounds
            CHECK_INT(wl_sequence_model_config(model->net)->n_ids[0], model->n_names + 2);
            wl_event_model_free(model);
        }
        bytes.data[i] = (char)(bytes.data[i] ^ 0x20);
    }
    // "open" becomes "Open": it would stand before "buy".
    struct wl_event_model *model = NULL;
    char *open = memchr(bytes.data, 'o', bytes.n_bytes);
    CHECK(open != NULL && memcmp(open, "open", 4) == 0);
    *open = 'O';
    CHECK_INT(wl_event_model_decode(wl_alloc_default(), wl_buf_view(&bytes), &model, &fault),
              WL_ECORRUPT);
    CHECK(strstr(fault.message, "names") != NULL);
    CHECK(model == NULL);
    wl_buf_release(&bytes);
}

static void test_a_net_for_other_names(void)
{
    struct wl_event_model *model = NULL;
    struct wl_buf bytes;

    CHECK_INT(event_sample(wl_alloc_default(), WL_SEQUENCE_LSTM, &model), WL_OK);
    model->n_names--;
    wl_buf_init(&bytes, wl_alloc_default(), 0);
    wl_event_model_encode(model, &bytes);
    wl_event_model_free(model);
    model = NULL;
    CHECK_INT(wl_event_model_decode(wl_alloc_default(), wl_buf_view(&bytes), &model, &fault),
              WL_ECORRUPT);
    CHECK_STR(fault.message,
              "model of sequences: a net of 5 names, 24 gaps and 24 values for 2 names");
    wl_buf_release(&bytes);
}

static void test_names_must_rise(void)
{
    static const char *const twice[2] = {"buy", "buy"};
    static const char *const empty[1] = {""};
    const struct wl_sequence_cut cut = {.n_events_max = 4};
    const struct wl_sequence_cut none = {.n_events_max = 0};
    struct wl_event_model *model = NULL;

    CHECK_INT(wl_event_model_new(wl_alloc_default(), twice, 2, &cut, &model, &fault), WL_EINVAL);
    CHECK_INT(wl_event_model_new(wl_alloc_default(), empty, 1, &cut, &model, &fault), WL_EINVAL);
    CHECK_INT(wl_event_model_new(wl_alloc_default(), twice, 1, &none, &model, &fault), WL_EINVAL);
    CHECK(model == NULL);
}

static void test_every_failed_allocation(void)
{
    struct wl_buf bytes;

    encode(WL_SEQUENCE_TRANSFORMER, &bytes);
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_event_model *model = NULL;
        check_heap_init(&heap, n_good);
        wl_status status = wl_event_model_decode(&heap.alloc, wl_buf_view(&bytes), &model, &fault);
        CHECK((model != NULL) == (status == WL_OK));
        wl_event_model_free(model);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good > 4);
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
    wl_buf_release(&bytes);
}

int main(void)
{
    RUN(test_there_and_back);
    RUN(test_damage);
    RUN(test_a_net_for_other_names);
    RUN(test_names_must_rise);
    RUN(test_every_failed_allocation);
    return check_report();
}
