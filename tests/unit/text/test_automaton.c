/* Goal:   the automaton finds every place of every word, and nothing else.
 * Method: random words and texts over three letters, so that words overlap and nest, against a
 *         search at every place; a planted fault shows that the comparison can fail. */
#include "check.h"

#include "text/automaton.h"
#include "text/word_tree.h"

#define WORDS 40
#define TEXT  200

struct found {
    uint8_t at[WORDS][TEXT + 1]; // 1 where the word ends
};

static void find_plainly(const struct wl_str *words, size_t n_words, const char *text,
                         struct found *found)
{
    memset(found, 0, sizeof(*found));
    for (size_t w = 0; w < n_words; w++) {
        for (size_t i = 0; i + words[w].n_bytes <= TEXT; i++) {
            if (memcmp(text + i, words[w].data, words[w].n_bytes) == 0) {
                found->at[w][i + words[w].n_bytes] = 1;
            }
        }
    }
}

static void find_with(const struct wl_automaton *automaton, const char *text, struct found *found)
{
    uint32_t cell = 0;

    memset(found, 0, sizeof(*found));
    for (size_t i = 0; i < TEXT; i++) {
        cell = wl_automaton_step(automaton, cell, (uint8_t)text[i]);
        uint32_t at = automaton->word[cell] != 0 ? cell : automaton->shorter[cell];
        for (; at != 0; at = automaton->shorter[at]) {
            found->at[automaton->word[at] - 1][i + 1] = 1;
        }
    }
}

// Distinct random words of 1 to 6 letters.
static size_t make_words(uint64_t *seed, char letters[][8], struct wl_str *words)
{
    size_t n = 0;

    while (n < WORDS) {
        size_t n_bytes = 1 + check_rand(seed) % 6;
        for (size_t i = 0; i < n_bytes; i++) {
            letters[n][i] = (char)("ab\xE8"[check_rand(seed) % 3]);
        }
        words[n] = (struct wl_str){.data = letters[n], .n_bytes = n_bytes};
        bool is_new = true;
        for (size_t k = 0; k < n; k++) {
            is_new = is_new && !wl_str_equal(words[k], words[n]);
        }
        n += is_new;
    }
    return n;
}

static void test_against_search(void)
{
    static struct found want;
    static struct found got;
    uint64_t seed = check_seed();

    for (int round = 0; round < 50; round++) {
        char letters[WORDS][8];
        struct wl_str words[WORDS];
        char text[TEXT];
        struct wl_automaton automaton = {0};
        size_t n_words = make_words(&seed, letters, words);
        for (size_t i = 0; i < TEXT; i++) {
            text[i] = (char)("ab\xE8"[check_rand(&seed) % 3]);
        }
        CHECK_INT(wl_automaton_build(wl_alloc_default(), words, n_words, &automaton, NULL), WL_OK);
        find_plainly(words, n_words, text, &want);
        find_with(&automaton, text, &got);
        CHECK(memcmp(&want, &got, sizeof(want)) == 0);
        text[TEXT / 2] = 'x'; // planted fault: another text is not the same
        find_with(&automaton, text, &got);
        CHECK(memcmp(&want, &got, sizeof(want)) != 0);
        wl_automaton_release(wl_alloc_default(), &automaton);
    }
}

static void test_refusals(void)
{
    char long_word[WL_WORD_BYTES_MAX + 1] = {0};
    struct wl_str empty = {.data = "", .n_bytes = 0};
    struct wl_str too_long = {.data = long_word, .n_bytes = sizeof(long_word)};
    struct wl_automaton automaton = {0};

    CHECK_INT(wl_automaton_build(wl_alloc_default(), &empty, 1, &automaton, NULL), WL_EINVAL);
    CHECK_INT(wl_automaton_build(wl_alloc_default(), &too_long, 1, &automaton, NULL), WL_ELIMIT);
    CHECK(automaton.word == NULL);
    CHECK_INT(wl_automaton_build(wl_alloc_default(), NULL, 0, &automaton, NULL), WL_OK);
    CHECK_INT(wl_automaton_step(&automaton, 0, 'a'), 0); // no words: never leaves the root
    wl_automaton_release(wl_alloc_default(), &automaton);
}

static void test_survives_every_failed_allocation(void)
{
    struct wl_str words[] = {WL_STR("price"), WL_STR("ice"), WL_STR("\u4ef7\u683c")};

    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_automaton automaton = {0};
        check_heap_init(&heap, n_good);
        wl_status status = wl_automaton_build(&heap.alloc, words, COUNT(words), &automaton, NULL);
        wl_automaton_release(&heap.alloc, &automaton);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
}

int main(void)
{
    RUN(test_against_search);
    RUN(test_refusals);
    RUN(test_survives_every_failed_allocation);
    return check_report();
}
