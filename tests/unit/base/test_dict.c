/* Goal:   the dictionary and the 64-bit map behave like a plain list that is searched from the
 *         front.
 * Method: random strings and keys, with many repeats and awkward ones (empty, zero, NUL bytes),
 *         against that list; a planted fault at the end shows the comparison can fail. */
#include "check.h"

#include "base/dict.h"

#define N_STEPS 4000

static struct wl_str random_text(uint64_t *seed, char *text)
{
    size_t n_bytes = check_rand(seed) % 4; // short, so that most have been seen
    for (size_t i = 0; i < n_bytes; i++) {
        text[i] = (char)(check_rand(seed) % 8); // NUL is a byte like any other
    }
    return (struct wl_str){.data = text, .n_bytes = n_bytes};
}

static void test_dict_against_list(void)
{
    static char texts[N_STEPS][4];
    struct wl_str list[N_STEPS];
    uint32_t n_list = 0;
    struct check_heap heap;
    struct wl_dict dict;
    uint64_t seed = check_seed();

    check_heap_init(&heap, SIZE_MAX);
    wl_dict_init(&dict, &heap.alloc);
    CHECK_INT(wl_dict_find(&dict, WL_STR("x")), WL_DICT_NONE);
    CHECK_INT(heap.live_blocks, 0);
    for (size_t i = 0; i < N_STEPS; i++) {
        struct wl_str text = random_text(&seed, texts[i]);
        uint32_t want = 0;
        uint32_t got = 0;
        while (want < n_list && !wl_str_equal(list[want], text)) {
            want++;
        }
        CHECK_INT(wl_dict_find(&dict, text), want < n_list ? want : WL_DICT_NONE);
        CHECK_INT(wl_dict_intern(&dict, text, &got, NULL), WL_OK);
        CHECK_INT(got, want);
        if (want == n_list) {
            list[n_list++] = text;
        }
        CHECK_INT(dict.n_strings, n_list);
    }
    for (uint32_t id = 0; id < n_list; id++) {
        CHECK(wl_str_equal(wl_dict_string(&dict, id), list[id]));
    }
    CHECK(n_list > 500 && n_list < 600); // 1 + 8 + 64 + 512: all of them met
    dict.hashes[7] ^= 1;                 // planted fault
    CHECK(wl_dict_find(&dict, list[7]) == WL_DICT_NONE);
    wl_dict_release(&dict);
    wl_dict_release(&dict);
    CHECK_INT(heap.live_blocks, 0);
    CHECK_INT(dict.n_strings, 0);
}

static void test_dict_of_many(void)
{
    struct wl_dict dict;
    char text[24];
    uint32_t id = 0;

    wl_dict_init(&dict, wl_alloc_default());
    for (uint32_t i = 0; i < 100000; i++) {
        (void)snprintf(text, sizeof(text), "user-%u", i);
        CHECK_INT(wl_dict_intern(&dict, wl_str_from(text), &id, NULL), WL_OK);
        CHECK_INT(id, i);
    }
    CHECK(dict.n_strings * 10 <= dict.n_slots * 7 + 10);
    CHECK_VIEW(wl_dict_string(&dict, 99999), "user-99999");
    CHECK_INT(wl_dict_find(&dict, WL_STR("user-31415")), 31415);
    wl_dict_release(&dict);
}

static void test_map_against_list(void)
{
    uint64_t keys[N_STEPS];
    uint64_t values[N_STEPS];
    size_t n_list = 0;
    struct check_heap heap;
    struct wl_map64 map;
    uint64_t seed = check_seed();

    check_heap_init(&heap, SIZE_MAX);
    wl_map64_init(&map, &heap.alloc);
    CHECK(wl_map64_get(&map, 0) == NULL && wl_map64_get(&map, 5) == NULL);
    for (size_t i = 0; i < N_STEPS; i++) {
        uint64_t key = check_rand(&seed) % 900;
        key = i % 3 == 0 ? key << 44 : key; // keys that differ in high bits only
        bool is_new = false;
        size_t want = 0;
        while (want < n_list && keys[want] != key) {
            want++;
        }
        const uint64_t *before = wl_map64_get(&map, key);
        CHECK_INT(before != NULL, want < n_list);
        uint64_t *at = wl_map64_at(&map, key, &is_new);
        CHECK_INT(is_new, want == n_list);
        CHECK(*at == (want < n_list ? values[want] : 0));
        *at = check_rand(&seed);
        n_list += want == n_list;
        keys[want] = key;
        values[want] = *at;
        CHECK_INT(map.n_keys + map.has_zero, n_list);
    }
    for (size_t i = 0; i < n_list; i++) {
        CHECK(*wl_map64_get(&map, keys[i]) == values[i]);
    }
    wl_map64_release(&map);
    wl_map64_release(&map);
    CHECK_INT(heap.live_blocks, 0);
}

int main(void)
{
    RUN(test_dict_against_list);
    RUN(test_dict_of_many);
    RUN(test_map_against_list);
    return check_report();
}
