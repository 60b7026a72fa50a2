/* Goal:   byte-pair encoding joins and splits as the reference does, and gives every byte back.
 * Method: words split by hand from the patterns; a small vocabulary whose joins can be followed;
 *         short and long ways of joining compared on the same words; then, where the fixtures are
 *         there, a source file of 24 kB with the 5,609 tokens that another program made of it. */
#include "check.h"

#include "base/file.h"
#include "base/rng.h"
#include "data/node.h"
#include "text/bpe.h"
#include "text/bpe_split.h"

#define FIXTURES WL_SHARED_DIR "/nn-fixtures/vocab/"

static wl_error fault;

struct split {
    enum wl_bpe_pattern pattern;
    const char *text; // words with bars between them
};

static const struct split splits[] = {
    {WL_BPE_GPT2, "I|'m| sure|,| it|'s| 42|!"},
    {WL_BPE_GPT2, "two|   | more|\n\n"},
    {WL_BPE_GPT2, "I|'|M"}, // contractions are lower case only
    {WL_BPE_GPT2, "我想退订|，|还款|10|元"},
    {WL_BPE_GPT2, "a|\t|b| |\n|c"},
    {WL_BPE_O200K, "I'm| sure|,| it's| |420|00|!"},
    {WL_BPE_O200K, "I'M| HELLOworld| i|Phone"},
    {WL_BPE_O200K, "two|  | more|\n\n"},
    {WL_BPE_O200K, "end|.\n\n| | next"},
    {WL_BPE_O200K, "a|  \n| | b"},
    {WL_BPE_O200K, "中文|ABC| 中文abc|ABC中|A"},
    {WL_BPE_O200K, "://|x|/y"},
    {WL_BPE_O200K, "(x|)"},
    {WL_BPE_O200K, "e\xcc\x81|A\xcc\x81|B"}, // marks are in both classes
};

static size_t strip_bars(const char *text, char *plain)
{
    size_t n = 0;
    for (; *text != '\0'; text++) {
        if (*text != '|') {
            plain[n++] = *text;
        }
    }
    return n;
}

static void test_splits(void)
{
    struct wl_bpe_chars *chars = NULL;

    CHECK_INT(wl_bpe_chars_new(wl_alloc_default(), &chars, &fault), WL_OK);
    for (size_t i = 0; i < COUNT(splits); i++) {
        char plain[256];
        char got[512];
        struct wl_str text = {.data = plain, .n_bytes = strip_bars(splits[i].text, plain)};
        size_t n = 0;
        for (size_t begin = 0; begin < text.n_bytes;) {
            size_t end = wl_bpe_split(chars, splits[i].pattern, text, begin);
            if (begin > 0) {
                got[n++] = '|';
            }
            memcpy(got + n, plain + begin, end - begin);
            n += end - begin;
            begin = end;
        }
        got[n] = '\0';
        CHECK_STR(got, splits[i].text);
    }
    wl_bpe_chars_free(chars);
}

// 256 bytes, then joins over a, b and c in this order.
static const char *const joins[] = {"ab", "bc", "abc", "aa", "aaaa", "cc", " a"};

static struct wl_bpe *open_small(void)
{
    static char bytes[256];
    struct wl_str tokens[256 + COUNT(joins)];
    struct wl_bpe *bpe = NULL;

    for (size_t i = 0; i < 256; i++) {
        bytes[i] = (char)i;
        tokens[i] = (struct wl_str){.data = bytes + i, .n_bytes = 1};
    }
    for (size_t i = 0; i < COUNT(joins); i++) {
        tokens[256 + i] = wl_str_from(joins[i]);
    }
    CHECK_INT(wl_bpe_new(wl_alloc_default(), tokens, COUNT(tokens), WL_BPE_GPT2, &bpe, &fault),
              WL_OK);
    return bpe;
}

static void test_joins_in_order_of_number(void)
{
    // bcab: bc would win by place, ab wins by number; then b c stay apart from it.
    static const struct {
        const char *text;
        uint32_t ids[8];
        size_t n;
    } cases[] = {
        {"abc", {258}, 1},        {"bcab", {257, 256}, 2},      {"abcc", {258, 'c'}, 2},
        {"aaaaa", {260, 'a'}, 2}, {"x ab", {'x', ' ', 256}, 3}, // " a" is number 262, "ab" is lower
    };
    struct wl_bpe *bpe = open_small();
    struct wl_ids ids;

    wl_ids_init(&ids, wl_alloc_default());
    for (size_t i = 0; i < COUNT(cases); i++) {
        ids.n = 0;
        CHECK_INT(wl_bpe_encode(bpe, wl_str_from(cases[i].text), &ids, &fault), WL_OK);
        CHECK_INT(ids.n, cases[i].n);
        for (size_t j = 0; j < ids.n && j < cases[i].n; j++) {
            CHECK_INT(ids.items[j], cases[i].ids[j]);
        }
    }
    wl_ids_release(&ids);
    wl_bpe_free(bpe);
}

// A word of 200 letters and the same word 40 times over: their beginnings join the same way.
static void test_long_words_join_as_short_ones(void)
{
    struct wl_bpe *bpe = open_small();
    struct wl_ids shorter;
    struct wl_ids longer;
    struct wl_rng rng;
    char text[8000];

    wl_rng_init(&rng, 42, 0);
    wl_ids_init(&shorter, wl_alloc_default());
    wl_ids_init(&longer, wl_alloc_default());
    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < sizeof(text); i++) {
            text[i] = (char)('a' + (int)wl_rng_below(&rng, 3));
        }
        for (size_t i = 200; i < sizeof(text); i += 201) {
            text[i] = 'x'; // joins with nothing, so the parts between are words of their own
        }
        shorter.n = 0;
        longer.n = 0;
        for (size_t i = 0; i < sizeof(text); i += 201) {
            struct wl_str part = {.data = text + i,
                                  .n_bytes = i + 201 < sizeof(text) ? 201 : sizeof(text) - i};
            CHECK_INT(wl_bpe_encode(bpe, part, &shorter, &fault), WL_OK);
        }
        struct wl_str whole = {.data = text, .n_bytes = sizeof(text)};
        CHECK_INT(wl_bpe_encode(bpe, whole, &longer, &fault), WL_OK);
        CHECK_INT(longer.n, shorter.n);
        CHECK(longer.n == shorter.n &&
              memcmp(longer.items, shorter.items, longer.n * sizeof(uint32_t)) == 0);
    }
    wl_ids_release(&shorter);
    wl_ids_release(&longer);
    wl_bpe_free(bpe);
}

static void test_bad_vocabularies(void)
{
    struct wl_bpe *bpe = NULL;

    CHECK_INT(
        wl_bpe_from_ranks(wl_alloc_default(), WL_STR("IQ== 0\nx 1\n"), WL_BPE_O200K, &bpe, &fault),
        WL_EPARSE);
    CHECK_STR(fault.message, "vocabulary has no token for the byte 0x00");
    CHECK_INT(wl_bpe_from_ranks(wl_alloc_default(), WL_STR("IQ== 0\nIg== zero\n"), WL_BPE_O200K,
                                &bpe, &fault),
              WL_EPARSE);
    CHECK_STR(fault.message, "vocabulary, line 2: wants base64, a blank and a number");
    CHECK_INT(wl_bpe_from_ranks(wl_alloc_default(), WL_STR("IQ== 0\nIg== 0\n"), WL_BPE_O200K, &bpe,
                                &fault),
              WL_EPARSE);
    CHECK_STR(fault.message, "vocabulary, line 2: token number 0 is there twice");
    CHECK_INT(
        wl_bpe_from_ranks(wl_alloc_default(), WL_STR("IQ== 5000000\n"), WL_BPE_O200K, &bpe, &fault),
        WL_ELIMIT);
    CHECK_INT(wl_bpe_from_vocabulary(wl_alloc_default(), WL_STR("[1]"), &bpe, &fault), WL_EPARSE);
    CHECK_INT(wl_bpe_from_vocabulary(wl_alloc_default(), WL_STR("{\"a\":-1}"), &bpe, &fault),
              WL_EPARSE);
    CHECK_INT(wl_bpe_from_vocabulary(wl_alloc_default(), WL_STR("{\"我\":1}"), &bpe, &fault),
              WL_EPARSE);
    CHECK(bpe == NULL);
}

// The printable characters of GPT-2, all 256 of them, and one join.
static void test_vocabulary_of_gpt2(void)
{
    struct wl_buf json;
    struct wl_bpe *bpe = NULL;
    struct wl_ids ids;
    uint32_t next = 0x100;

    wl_buf_init(&json, wl_alloc_default(), 1 << 16);
    wl_buf_text(&json, "{");
    for (uint32_t byte = 0; byte < 256; byte++) {
        bool prints = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
        wl_buf_format(&json, "\"\\u%04x\":%u,", prints ? byte : next++, byte);
    }
    wl_buf_text(&json, "\"\\u0120a\":256}"); // U+0120 writes the blank
    CHECK_INT(wl_bpe_from_vocabulary(wl_alloc_default(), wl_buf_view(&json), &bpe, &fault), WL_OK);
    wl_ids_init(&ids, wl_alloc_default());
    CHECK_INT(wl_bpe_encode(bpe, WL_STR("a a"), &ids, &fault), WL_OK);
    CHECK_INT(ids.n, 2);
    CHECK_INT(ids.items[0], 'a');
    CHECK_INT(ids.items[1], 256);
    CHECK_INT(wl_bpe_find(bpe, WL_STR(" a")), 256);
    CHECK_INT(wl_bpe_find(bpe, WL_STR("no")), WL_BPE_NONE);
    wl_ids_release(&ids);
    wl_bpe_free(bpe);
    wl_buf_release(&json);
}

static struct wl_bpe *open_o200k(void)
{
    struct wl_lines *lines = NULL;
    struct wl_str line = {0};
    struct wl_buf file;
    struct wl_bpe *bpe = NULL;
    bool got = true;

    wl_buf_init(&file, wl_alloc_default(), (size_t)1 << 26);
    CHECK_INT(wl_lines_open(FIXTURES "o200k_base.tiktoken.gz", wl_alloc_default(), &lines, &fault),
              WL_OK);
    while (wl_lines_next(lines, &line, &got, &fault) == WL_OK && got) {
        wl_buf_str(&file, line);
        wl_buf_text(&file, "\n");
    }
    wl_lines_close(lines);
    CHECK_INT(wl_bpe_from_ranks(wl_alloc_default(), wl_buf_view(&file), WL_BPE_O200K, &bpe, &fault),
              WL_OK);
    wl_buf_release(&file);
    return bpe;
}

static void test_source_file(void)
{
    struct wl_bpe *bpe = open_o200k();
    struct wl_arena arena;
    struct wl_node *want = NULL;
    struct wl_buf text;
    struct wl_buf json;
    struct wl_buf back;
    struct wl_ids ids;
    size_t i = 0;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_buf_init(&text, wl_alloc_default(), (size_t)1 << 20);
    wl_buf_init(&json, wl_alloc_default(), (size_t)1 << 20);
    wl_buf_init(&back, wl_alloc_default(), (size_t)1 << 20);
    wl_ids_init(&ids, wl_alloc_default());
    CHECK_INT(wl_file_read(FIXTURES "lib.rs.txt", &text, &fault), WL_OK);
    CHECK_INT(wl_file_read(FIXTURES "tokens_gpt4o.json", &json, &fault), WL_OK);
    CHECK_INT(wl_json_parse(&arena, wl_buf_view(&json), &want, &fault), WL_OK);
    CHECK_INT(wl_bpe_encode(bpe, wl_buf_view(&text), &ids, &fault), WL_OK);
    CHECK_INT(ids.n, want->n_children);
    for (const struct wl_node *id = want->first; id != NULL && i < ids.n; id = id->next, i++) {
        CHECK_INT(ids.items[i], (long long)id->number);
    }
    wl_bpe_decode(bpe, ids.items, ids.n, &back);
    CHECK(wl_str_equal(wl_buf_view(&back), wl_buf_view(&text)));
    wl_ids_release(&ids);
    wl_buf_release(&text);
    wl_buf_release(&json);
    wl_buf_release(&back);
    wl_arena_release(&arena);
    wl_bpe_free(bpe);
}

int main(void)
{
    RUN(test_splits);
    RUN(test_joins_in_order_of_number);
    RUN(test_long_words_join_as_short_ones);
    RUN(test_bad_vocabularies);
    RUN(test_vocabulary_of_gpt2);
    if (wl_file_exists(FIXTURES "o200k_base.tiktoken.gz")) {
        RUN(test_source_file);
    } else {
        fprintf(stderr, "skipped in part: no %s\n", FIXTURES);
    }
    return check_report();
}
