/* Goal:   a learnt vocabulary joins the most frequent pairs first, writes every text, and has each
 *         token once.
 * Method: the joins of random texts of few letters against a slow twin that counts all pairs anew
 *         before each join; limits; every failed allocation. */
#include "check.h"

#include "base/buf.h"
#include "text/bpe_learn.h"

enum { TEXTS = 12, LENGTH = 40, MERGES = 30 };

static wl_error fault;

// The twin: tokens as runs of letters between blanks; the words of a text that has no blanks but in
// front of words are these runs.
static uint32_t symbols[TEXTS][LENGTH];
static size_t lengths[TEXTS];

static bool plain_join(const struct wl_bpe_learnt *learnt, size_t i)
{
    uint64_t best = 1;
    uint32_t a = 0;
    uint32_t b = 0;
    for (size_t t = 0; t < TEXTS; t++) {
        for (size_t j = 0; j + 1 < lengths[t]; j++) {
            uint64_t n = 0;
            uint32_t x = symbols[t][j];
            uint32_t y = symbols[t][j + 1];
            for (size_t u = 0; u < TEXTS; u++) {
                for (size_t k = 0; k + 1 < lengths[u]; k++) {
                    n += symbols[u][k] == x && symbols[u][k + 1] == y;
                }
            }
            if (n > best || (n == best && best > 1 && (x < a || (x == a && y < b)))) {
                best = n;
                a = x;
                b = y;
            }
        }
    }
    if (best < 2) {
        return false;
    }
    CHECK_INT(learnt->pairs[i][0], a);
    CHECK_INT(learnt->pairs[i][1], b);
    for (size_t t = 0; t < TEXTS; t++) {
        size_t to = 0;
        for (size_t j = 0; j < lengths[t]; j++) {
            bool is_pair = j + 1 < lengths[t] && symbols[t][j] == a && symbols[t][j + 1] == b;
            symbols[t][to++] = is_pair ? (uint32_t)(256 + i) : symbols[t][j];
            j += is_pair;
        }
        lengths[t] = to;
    }
    return true;
}

static void test_joins_are_those_of_the_twin(void)
{
    static char letters[TEXTS][LENGTH];
    struct wl_str texts[TEXTS];
    uint64_t state = check_seed();

    for (size_t round = 0; round < 20; round++) {
        struct wl_bpe_learnt learnt = {0};
        for (size_t t = 0; t < TEXTS; t++) {
            lengths[t] = 5 + check_rand(&state) % (LENGTH - 5);
            for (size_t j = 0; j < lengths[t]; j++) {
                // no letter twice in a row, where the order of overlapping pairs would matter
                do {
                    letters[t][j] = (char)('a' + check_rand(&state) % 5);
                } while (j > 0 && letters[t][j] == letters[t][j - 1]);
                symbols[t][j] = (uint8_t)letters[t][j];
            }
            texts[t] = (struct wl_str){.data = letters[t], .n_bytes = lengths[t]};
        }
        CHECK_INT(wl_bpe_learn(wl_alloc_default(), texts, TEXTS, 256 + MERGES, WL_BPE_GPT2, &learnt,
                               &fault),
                  WL_OK);
        for (size_t i = 0; i < 8; i++) { // later tokens may repeat, as "abab" + "ab"
            CHECK(plain_join(&learnt, i));
        }
        for (size_t i = 0; i < 256 + learnt.n_merges; i++) {
            for (size_t j = i + 1; j < 256 + learnt.n_merges; j++) {
                CHECK(!wl_str_equal(learnt.tokens[i], learnt.tokens[j]));
            }
        }
        wl_bpe_learnt_release(&learnt);
    }
}

static void test_limits(void)
{
    const struct wl_str text = WL_STR("您好 您好 hello hello aaaaaaaaa");
    struct wl_bpe_learnt learnt = {0};

    CHECK_INT(wl_bpe_learn(wl_alloc_default(), &text, 1, 255, WL_BPE_GPT2, &learnt, &fault),
              WL_EINVAL);
    CHECK_INT(wl_bpe_learn(wl_alloc_default(), &text, 1, 256, WL_BPE_GPT2, &learnt, &fault), WL_OK);
    CHECK_INT(learnt.n_merges, 0);
    wl_bpe_learnt_release(&learnt);
    CHECK_INT(wl_bpe_learn(wl_alloc_default(), NULL, 0, 1000, WL_BPE_GPT2, &learnt, &fault), WL_OK);
    CHECK_INT(learnt.n_merges, 0);
    wl_bpe_learnt_release(&learnt);
    for (size_t n_good = 0; n_good < 1000; n_good++) {
        struct check_heap heap;
        check_heap_init(&heap, n_good);
        wl_status status = wl_bpe_learn(&heap.alloc, &text, 1, 270, WL_BPE_GPT2, &learnt, &fault);
        wl_bpe_learnt_release(&learnt);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good > 5);
            return;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
    CHECK(false);
}

int main(void)
{
    RUN(test_joins_are_those_of_the_twin);
    RUN(test_limits);
    return check_report();
}
