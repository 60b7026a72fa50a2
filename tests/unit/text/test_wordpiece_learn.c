/* Goal:   a vocabulary learnt from texts is what counting by hand gives, opens as a vocabulary, and
 *         cuts every text it came from without an unknown piece when nothing was too rare.
 * Method: a table of small texts and their vocabularies; mixed Chinese and English with accents
 *         and capitals; each allocation failed once. */
#include "check.h"

#include "text/wordpiece_learn.h"

#define SPECIAL "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n"

static wl_error fault;

struct sample {
    const char *text;
    size_t n_pieces;
    uint64_t n_least;
    const char *want; // behind the special pieces
};

static const struct sample samples[] = {
    // low three times, lower, lowest: l, o, w five times, e twice, r, s, t once.
    {"low Low LOW lower lowest", 100, 2, "##o\n##w\nl\n##e\nlo\nlow\nlowe\n"},
    {"low Low LOW lower lowest", 16, 2, "##o\n##w\nl\n##e\nlo\nlow\nlowe\n"},
    {"aaa", 16, 1, "##a\na\naa\naaa\n"},
    {"退款退", 16, 1, "退\n款\n"}, // each character is a word: nothing to join
    {"é e", 16, 1, "e\n"},
    {"", 16, 1, ""},
};

static wl_status learn(const wl_alloc *alloc, const struct sample *sample, struct wl_buf *out)
{
    const struct wl_str text = wl_str_from(sample->text);
    struct wl_wordpiece_options options;

    wl_wordpiece_options_init(&options);
    wl_buf_init(out, alloc, 0);
    return wl_wordpiece_learn(alloc, &text, 1, &options, sample->n_pieces, sample->n_least, out,
                              &fault);
}

static void test_counted_by_hand(void)
{
    for (size_t i = 0; i < COUNT(samples); i++) {
        struct wl_buf out;
        char want[256];
        CHECK_INT(learn(wl_alloc_default(), &samples[i], &out), WL_OK);
        (void)snprintf(want, sizeof(want), SPECIAL "%s", samples[i].want);
        CHECK_VIEW(wl_buf_view(&out), want);
        wl_buf_release(&out);
    }
}

static void test_its_own_texts_have_no_unknown_piece(void)
{
    static const struct sample sample = {
        "Ça coûte 19,90€! 我想退款，客服没有回复… don't #@# leave LEAVING left", 400, 1, NULL};
    struct wl_wordpiece_options options;
    struct wl_wordpiece *wordpiece = NULL;
    struct wl_buf out;
    struct wl_ids ids;

    CHECK_INT(learn(wl_alloc_default(), &sample, &out), WL_OK);
    wl_wordpiece_options_init(&options);
    CHECK_INT(
        wl_wordpiece_from(wl_alloc_default(), wl_buf_view(&out), &options, &wordpiece, &fault),
        WL_OK);
    wl_ids_init(&ids, wl_alloc_default());
    CHECK_INT(wl_wordpiece_encode(wordpiece, wl_str_from(sample.text), &ids, &fault), WL_OK);
    for (size_t i = 0; i < ids.n; i++) {
        CHECK(ids.items[i] != 1);
    }
    size_t n = ids.n;
    ids.n = 0;
    CHECK_INT(wl_wordpiece_encode(wordpiece, WL_STR("leaving"), &ids, &fault), WL_OK);
    CHECK_INT(ids.n, 1); // with room enough every word becomes one piece
    CHECK(n > 20);
    wl_ids_release(&ids);
    wl_wordpiece_free(wordpiece);
    wl_buf_release(&out);
}

static void test_every_failed_allocation(void)
{
    size_t n_refused = 0;

    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_buf out;
        check_heap_init(&heap, n_good);
        wl_status status = learn(&heap.alloc, &samples[0], &out);
        wl_buf_release(&out);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
        n_refused++;
    }
    CHECK(n_refused > 10);
}

int main(void)
{
    RUN(test_counted_by_hand);
    RUN(test_its_own_texts_have_no_unknown_piece);
    RUN(test_every_failed_allocation);
    return check_report();
}
