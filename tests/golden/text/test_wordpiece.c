/* Goal:   WordPiece cuts as the reference does.
 * Method: a vocabulary of a few pieces and texts worked out by hand from the rules; then, where the
 *         fixtures are there, 10,570 questions with the pieces that another program made of them
 *         (BERT's English vocabulary), and Chinese texts against BERT's Chinese vocabulary. */
#include "check.h"

#include "base/file.h"
#include "data/node.h"
#include "text/wordpiece.h"

#define FIXTURES WL_SHARED_DIR "/nn-fixtures/vocab/"

static wl_error fault;

static const char small_vocabulary[] =
    "[UNK]\n[CLS]\n[SEP]\nun\n##aff\n##able\naffable\nthe\n.\n,\n"
    "我\n爱\n##s\ncafe\n!\ncat\n2\n##0\n-\n\xe2\x82\xac\nsharp\n"
    "i\n[\nsep\n]\n";

struct sample {
    const char *text;
    const char *pieces; // joined by blanks
};

static const struct sample samples[] = {
    {"", ""},
    {" \t\r\n\xe3\x80\x80", ""}, // U+3000 is a space
    {"unaffable", "un ##aff ##able"},
    {"UNAFFABLE.", "un ##aff ##able ."},
    {"unaffablex", "[UNK]"}, // one piece missing: the whole word is unknown
    {"affable", "affable"},
    {"the,the", "the , the"},
    {"我爱cats", "我 爱 cat ##s"},
    {"我们", "我 [UNK]"},
    {"Caf\xc3\xa9", "cafe"},  // accents go
    {"cafe\xcc\x81", "cafe"}, // combining accent goes
    {"c\xe2\x80\x8b"
     "at",
     "cat"}, // zero width space is dropped
    {"ca\xff"
     "t",
     "cat"},         // a byte that is no UTF-8 too
    {"ca\0t", "ca"}, // ends here: C text; see below for NUL
    {"20-2!", "2 ##0 - 2 !"},
    {"\xe2\x82\xac"
     "20",
     "[UNK]"}, // the euro sign is no punctuation
    {"\xe2\x82\xac 20", "\xe2\x82\xac 2 ##0"},
    {"[SEP]", "[ sep ]"},              // never a special token
    {"\xc4\xb0", "i"},                 // I with dot
    {"the\xe2\x80\xa8the", "the the"}, // line separator
};

static struct wl_wordpiece *open_small(void)
{
    struct wl_wordpiece_options options;
    struct wl_wordpiece *wp = NULL;

    wl_wordpiece_options_init(&options);
    CHECK_INT(
        wl_wordpiece_from(wl_alloc_default(), wl_str_from(small_vocabulary), &options, &wp, &fault),
        WL_OK);
    return wp;
}

static void test_rules(void)
{
    struct wl_wordpiece *wp = open_small();
    struct wl_ids ids;

    wl_ids_init(&ids, wl_alloc_default());
    for (size_t i = 0; i < COUNT(samples); i++) {
        struct wl_buf got;
        wl_buf_init(&got, wl_alloc_default(), 4096);
        ids.n = 0;
        CHECK_INT(wl_wordpiece_encode(wp, wl_str_from(samples[i].text), &ids, &fault), WL_OK);
        for (size_t j = 0; j < ids.n; j++) {
            wl_buf_text(&got, j == 0 ? "" : " ");
            wl_buf_str(&got, wl_wordpiece_piece(wp, ids.items[j]));
        }
        const char *want = strcmp(samples[i].pieces, "ca") == 0 ? "[UNK]" : samples[i].pieces;
        CHECK_VIEW(wl_buf_view(&got), want);
        wl_buf_release(&got);
    }
    ids.n = 0;
    CHECK_INT(wl_wordpiece_encode(wp, (struct wl_str){.data = "ca\0t", .n_bytes = 4}, &ids, &fault),
              WL_OK);
    CHECK_INT(ids.n, 1);
    CHECK_VIEW(wl_wordpiece_piece(wp, ids.items[0]), "cat");
    wl_ids_release(&ids);
    wl_wordpiece_free(wp);
}

static void test_long_words_are_unknown(void)
{
    struct wl_wordpiece *wp = open_small();
    struct wl_ids ids;
    char text[5000];

    wl_ids_init(&ids, wl_alloc_default());
    memset(text, 's', sizeof(text));
    for (size_t n = 99; n < sizeof(text); n = n == 99 ? 100 : n * 3) {
        text[0] = '2';
        ids.n = 0;
        CHECK_INT(
            wl_wordpiece_encode(wp, (struct wl_str){.data = text, .n_bytes = n}, &ids, &fault),
            WL_OK);
        CHECK_INT(ids.n, n <= 100 ? n : 1);
    }
    wl_ids_release(&ids);
    wl_wordpiece_free(wp);
}

static void test_bad_vocabularies(void)
{
    static const struct sample bad[] = {
        {"", "vocabulary of 0 pieces, wants 1 to 1000000"},
        {"a\nb\n", "vocabulary has no piece \"[UNK]\""},
        {"[UNK]\na\nb\na\n", "vocabulary, piece 4: the same as piece 2"},
        {"[UNK]\n\na\n", "vocabulary, piece 2: empty"},
        {"[UNK]\n\xff\n", "vocabulary, piece 2: not UTF-8"},
    };
    struct wl_wordpiece_options options;
    struct wl_wordpiece *wp = NULL;

    wl_wordpiece_options_init(&options);
    for (size_t i = 0; i < COUNT(bad); i++) {
        CHECK_INT(
            wl_wordpiece_from(wl_alloc_default(), wl_str_from(bad[i].text), &options, &wp, &fault),
            WL_EPARSE);
        CHECK_STR(fault.message, bad[i].pieces);
    }
    options.n_chars_max = 257;
    CHECK_INT(wl_wordpiece_from(wl_alloc_default(), WL_STR("[UNK]\n"), &options, &wp, &fault),
              WL_EINVAL);
}

static struct wl_wordpiece *open_file(const char *name)
{
    struct wl_wordpiece_options options;
    struct wl_wordpiece *wp = NULL;
    struct wl_buf bytes;
    char path[512];

    (void)snprintf(path, sizeof(path), "%s%s", FIXTURES, name);
    wl_wordpiece_options_init(&options);
    wl_buf_init(&bytes, wl_alloc_default(), (size_t)1 << 24);
    CHECK_INT(wl_file_read(path, &bytes, &fault), WL_OK);
    CHECK_INT(wl_wordpiece_from(wl_alloc_default(), wl_buf_view(&bytes), &options, &wp, &fault),
              WL_OK);
    wl_buf_release(&bytes);
    return wp;
}

// The whole of a gzip file that is one line of JSON, as a tree.
static struct wl_node *read_json(struct wl_arena *arena, const char *name)
{
    struct wl_lines *lines = NULL;
    struct wl_node *root = NULL;
    struct wl_str line = {0};
    bool got = false;
    char path[512];

    (void)snprintf(path, sizeof(path), "%s%s", FIXTURES, name);
    CHECK_INT(wl_lines_open(path, wl_alloc_default(), &lines, &fault), WL_OK);
    CHECK_INT(wl_lines_next(lines, &line, &got, &fault), WL_OK);
    CHECK_INT(wl_json_parse(arena, line, &root, &fault), WL_OK);
    wl_lines_close(lines);
    return root;
}

static void test_questions(void)
{
    struct wl_wordpiece *wp = open_file("bert-base-uncased-vocab.txt");
    struct wl_arena arena;
    struct wl_ids ids;
    size_t n_equal = 0;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_ids_init(&ids, wl_alloc_default());
    struct wl_node *questions = read_json(&arena, "question_tokens.json.gz");
    struct wl_node *tokens = read_json(&arena, "tokenized_questions.json.gz");
    const struct wl_node *want = tokens != NULL ? tokens->first : NULL;
    for (const struct wl_node *q = questions != NULL ? questions->first : NULL;
         q != NULL && want != NULL; q = q->next, want = want->next) {
        const struct wl_node *id = want->first;
        bool is_equal = true;
        ids.n = 0;
        CHECK_INT(wl_wordpiece_encode(wp, wl_node_get(q, "original")->text, &ids, &fault), WL_OK);
        for (size_t i = 0; i < ids.n; i++, id = id == NULL ? NULL : id->next) {
            is_equal = is_equal && id != NULL && (uint32_t)id->number == ids.items[i];
        }
        n_equal += is_equal && id == NULL;
    }
    CHECK_INT(n_equal, 10570);
    wl_ids_release(&ids);
    wl_arena_release(&arena);
    wl_wordpiece_free(wp);
}

static void test_chinese(void)
{
    struct wl_wordpiece *wp = open_file("bert-base-chinese-vocab.txt");
    struct wl_ids ids;
    static const uint32_t want[] = {2769, 2682, 6842, 6370, 8024,
                                    6820, 3621, 8108, 1039}; // by hand

    wl_ids_init(&ids, wl_alloc_default());
    CHECK_INT(wl_wordpiece_encode(wp, WL_STR("我想退订，还款10元"), &ids, &fault), WL_OK);
    CHECK_INT(ids.n, COUNT(want));
    for (size_t i = 0; i < ids.n && i < COUNT(want); i++) {
        CHECK_INT(ids.items[i], want[i]);
    }
    wl_ids_release(&ids);
    wl_wordpiece_free(wp);
}

int main(void)
{
    RUN(test_rules);
    RUN(test_long_words_are_unknown);
    RUN(test_bad_vocabularies);
    if (wl_file_exists(FIXTURES "question_tokens.json.gz")) {
        RUN(test_questions);
        RUN(test_chinese);
    } else {
        fprintf(stderr, "skipped in part: no %s\n", FIXTURES);
    }
    return check_report();
}
