/* Goal:   folders of transformers are read: tokens and logits are its own; a folder of ours is read
 *         back the same; words can be added; what is damaged or not followed is refused in one line.
 * Method: three tiny folders of make_gpt_folder.py (byte-level tokens with an added word, F16, a
 *         BERT vocabulary with a head of its own and masks from old files); each saved, read again,
 *         and left with our own figures for "make_gpt_folder.py check"; then one fault at a time. */
#include "torch_json.h"

#include "base/json_write.h"
#include "nn/gpt_folder.h"

#define DIR WL_SOURCE_DIR "/tests/golden/nn/gpt_folder"

static wl_error fault;

static struct wl_gpt_folder *open_folder(const char *path)
{
    struct wl_gpt_folder *folder = NULL;
    wl_status status = wl_gpt_folder_open(wl_alloc_default(), path, NULL, &folder, &fault);

    if (status != WL_OK) {
        fprintf(stderr, "%s: %s\n", path, fault.message);
        exit(EXIT_FAILURE);
    }
    return folder;
}

static double logits_error(struct wl_gpt_folder *folder, struct wl_gemm *gemm,
                           const struct wl_ids *ids, const struct wl_node *want)
{
    struct wl_packed_batch batch;
    int32_t tokens[24];
    size_t n = ids->n < 24 ? ids->n : 24;

    for (size_t i = 0; i < n; i++) {
        tokens[i] = (int32_t)ids->items[i];
    }
    CHECK_INT(wl_packed_batch_init(&batch, wl_alloc_default(), 24, 1, &fault), WL_OK);
    CHECK_INT(wl_packed_batch_add(&batch, tokens, NULL, n, &fault), WL_OK);
    CHECK_INT(wl_gpt_forward(folder->gpt, gemm, &batch, &fault), WL_OK);
    CHECK_INT(wl_gpt_logits(folder->gpt, gemm, n - 1, 1, &fault), WL_OK);
    wl_packed_batch_release(&batch);
    return want != NULL
               ? torch_error(folder->gpt->logits, folder->gpt->config.n_vocabulary, want, 1.0)
               : 0.0;
}

static void check_ids(const struct wl_ids *ids, const struct wl_node *want)
{
    size_t i = 0;

    CHECK_INT(ids->n, want->n_children);
    for (const struct wl_node *id = want->first; id != NULL && i < ids->n; id = id->next) {
        CHECK_INT(ids->items[i++], id->number);
    }
}

// What is decoded, encoded again, is the same; bytes give the text itself.
static void check_round_trip(const struct wl_gpt_tokenizer *tokenizer, const struct wl_ids *ids,
                             struct wl_str text)
{
    struct wl_buf back;
    struct wl_ids again;
    int32_t tokens[256];

    wl_buf_init(&back, wl_alloc_default(), 0);
    wl_ids_init(&again, wl_alloc_default());
    for (size_t i = 0; i < ids->n; i++) {
        tokens[i] = (int32_t)ids->items[i];
    }
    wl_gpt_tokenizer_decode(tokenizer, tokens, ids->n, &back);
    if (tokenizer->kind == WL_GPT_BYTES) {
        CHECK(wl_str_equal(wl_buf_view(&back), text));
    }
    if (memchr(wl_buf_view(&back).data, ']', back.n_bytes) == NULL) { // "[UNK]" is no text
        CHECK_INT(wl_gpt_tokenizer_encode(tokenizer, wl_buf_view(&back), &again, &fault), WL_OK);
        CHECK_INT(again.n, ids->n);
        CHECK(memcmp(again.items, ids->items, ids->n * sizeof(uint32_t)) == 0);
    }
    wl_ids_release(&again);
    wl_buf_release(&back);
}

static void check_folder(struct wl_gpt_folder *folder, const struct wl_node *cases)
{
    struct wl_gemm *gemm = NULL;
    double worst = 0.0;

    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    CHECK_INT(wl_gpt_plan(folder->gpt, 24, WL_F32, false, &fault), WL_OK);
    for (const struct wl_node *test = cases->first; test != NULL; test = test->next) {
        struct wl_ids ids;
        struct wl_str text = wl_node_text(test, "text", "");
        wl_ids_init(&ids, wl_alloc_default());
        CHECK_INT(wl_gpt_tokenizer_encode(folder->tokenizer, text, &ids, &fault), WL_OK);
        check_ids(&ids, wl_node_get(test, "ids"));
        if (ids.n > 0) {
            check_round_trip(folder->tokenizer, &ids, text);
            worst = fmax(worst, logits_error(folder, gemm, &ids, wl_node_get(test, "logits")));
        }
        wl_ids_release(&ids);
    }
    fprintf(stderr, "  logits differ by %.1e of the largest\n", worst);
    CHECK(worst < 1e-5);
    wl_gemm_close(gemm);
}

// The figures that transformers is asked to repeat.
static void write_expected(struct wl_gpt_folder *folder, const struct wl_node *cases,
                           const char *path)
{
    struct wl_gemm *gemm = NULL;
    struct wl_buf out;

    wl_buf_init(&out, wl_alloc_default(), 0);
    struct wl_json_writer json = wl_json_begin(&out);
    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    CHECK_INT(wl_gpt_plan(folder->gpt, 24, WL_F32, false, &fault), WL_OK);
    wl_json_open(&json, '[');
    for (const struct wl_node *test = cases->first; test != NULL; test = test->next) {
        struct wl_ids ids;
        struct wl_str text = wl_node_text(test, "text", "");
        wl_ids_init(&ids, wl_alloc_default());
        CHECK_INT(wl_gpt_tokenizer_encode(folder->tokenizer, text, &ids, &fault), WL_OK);
        wl_json_open(&json, '{');
        wl_json_key(&json, "text");
        wl_json_str(&json, text);
        wl_json_key(&json, "ids");
        wl_json_open(&json, '[');
        for (size_t i = 0; i < ids.n; i++) {
            wl_json_i64(&json, (int64_t)ids.items[i]);
        }
        wl_json_close(&json, ']');
        wl_json_key(&json, "logits");
        wl_json_open(&json, '[');
        if (ids.n > 0) {
            (void)logits_error(folder, gemm, &ids, NULL);
            for (size_t v = 0; v < folder->gpt->config.n_vocabulary; v++) {
                wl_json_float(&json, folder->gpt->logits[v]);
            }
        }
        wl_json_close(&json, ']');
        wl_json_close(&json, '}');
        wl_ids_release(&ids);
    }
    wl_json_close(&json, ']');
    CHECK_INT(wl_file_write(path, wl_buf_view(&out), &fault), WL_OK);
    wl_gemm_close(gemm);
    wl_buf_release(&out);
}

// Adds a word, saves, reads again: the word is one token, everything else is as before.
static void check_saved(struct wl_gpt_folder *folder, const char *name, const struct wl_node *cases)
{
    char path[512];
    char expected[600];
    uint32_t id = 0;
    struct wl_ids ids;

    (void)snprintf(path, sizeof(path), "%s/gpt_folder_%s", WL_BINARY_DIR, name);
    (void)snprintf(expected, sizeof(expected), "%s/expected.json", path);
    wl_folder_remove(path);
    CHECK_INT(wl_gpt_folder_save(folder, path, WL_SAFETENSOR_F32, &fault), WL_OK);
    CHECK_INT(wl_gpt_folder_save(folder, path, WL_SAFETENSOR_F32, &fault), WL_EEXIST);
    struct wl_gpt_folder *again = open_folder(path);
    check_folder(again, cases);
    CHECK_INT(wl_gpt_tokenizer_add(again->tokenizer, WL_STR("{{offer.name}}"), &id, &fault), WL_OK);
    CHECK_INT(wl_gpt_folder_grow(again, &fault), WL_OK);
    CHECK_INT(again->gpt->config.n_vocabulary, id + 1);
    wl_folder_remove(path);
    CHECK_INT(wl_gpt_folder_save(again, path, WL_SAFETENSOR_F32, &fault), WL_OK);
    wl_gpt_folder_free(again);
    again = open_folder(path);
    wl_ids_init(&ids, wl_alloc_default());
    CHECK_INT(wl_gpt_tokenizer_encode(again->tokenizer, WL_STR("{{offer.name}}"), &ids, &fault),
              WL_OK);
    CHECK(ids.n == 1 && ids.items[0] == id);
    CHECK_VIEW(wl_gpt_tokenizer_piece(again->tokenizer, (int32_t)id), "{{offer.name}}");
    write_expected(again, cases, expected);
    wl_ids_release(&ids);
    wl_gpt_folder_free(again);
}

// -- damage --

static struct wl_buf read_whole(const char *path)
{
    struct wl_buf buf;

    wl_buf_init(&buf, wl_alloc_default(), 0);
    CHECK_INT(wl_file_read(path, &buf, &fault), WL_OK);
    return buf;
}

// One exchange of words in one of the files, or a file cut short.
struct damage {
    int file; // 0 config, 1 weights, 2 tokenizer.json
    const char *from;
    const char *to; // of the same length, or NULL: cut here
    wl_status want;
};

static char *find(const struct wl_buf *buf, const char *words)
{
    size_t n = strlen(words);
    for (size_t i = 0; i + n <= buf->n_bytes; i++) {
        if (memcmp(buf->data + i, words, n) == 0) {
            return buf->data + i;
        }
    }
    return NULL;
}

static wl_status read_damaged(const struct damage *damage)
{
    struct wl_buf bufs[3] = {read_whole(DIR "/bytes/config.json"),
                             read_whole(DIR "/bytes/model.safetensors"),
                             read_whole(DIR "/bytes/tokenizer.json")};
    struct wl_gpt_files files = {0};
    struct wl_gpt_folder *folder = NULL;
    struct wl_buf *buf = &bufs[damage->file];
    char *at = find(buf, damage->from);

    CHECK(at != NULL);
    if (at != NULL && damage->to != NULL) {
        memcpy(at, damage->to, strlen(damage->to));
    } else if (at != NULL) {
        buf->n_bytes = (size_t)(at - buf->data);
    }
    files.config = wl_buf_view(&bufs[0]);
    files.weights = wl_buf_view(&bufs[1]);
    files.tokenizer.tokenizer = wl_buf_view(&bufs[2]);
    wl_status status =
        wl_gpt_folder_read(wl_alloc_default(), "base", &files, NULL, &folder, &fault);
    CHECK((folder == NULL) == (status != WL_OK));
    wl_gpt_folder_free(folder);
    for (size_t i = 0; i < 3; i++) {
        wl_buf_release(&bufs[i]);
    }
    return status;
}

static void test_damage_is_refused(void)
{
    static const struct damage cases[] = {
        {0, "gelu_new", "relu\"   ", WL_EPARSE},
        {0, "\"gelu_new\"", "\"gelu_old\"", WL_ECONFIG},
        {0, "\"gpt2\"", "\"gptj\"", WL_ECONFIG},
        {0, "\"n_head\": 2", "\"n_head\": 3", WL_ECONFIG},
        {0, "\"n_head\": 2", "\"n_heat\": 2", WL_ECONFIG},
        {0, "\"n_embd\": 8", "\"n_embd\": 4", WL_ESCHEMA},
        {0, "\"vocab_size\": 331", "\"vocab_size\": 330", WL_ESCHEMA},
        {0, "\"n_layer\": 2", "\"n_layer\": 3", WL_ESCHEMA},
        {0, "\"scale_attn_weights\": true", "\"scale_attn_weights\":false", WL_ECONFIG},
        {0, "n_positions", NULL, WL_EPARSE},
        {1, "transformer.ln_f.bias", "transformer.ln_g.bias", WL_ESCHEMA},
        {1, "F32", "I32", WL_ESCHEMA},
        {1, "wte.weight", NULL, WL_EPARSE},
        {2, "\"ByteLevel\"", "\"Bytelevel\"", WL_ESCHEMA},
        {2, "\"BPE\"", "\"XPE\"", WL_ESCHEMA},
        {2, "\"ignore_merges\"", NULL, WL_EPARSE},
        {2, "\"id\": 330", "\"id\": -30", WL_EPARSE},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        wl_status status = read_damaged(&cases[i]);
        if (status != cases[i].want) {
            fprintf(stderr, "case %zu: %s\n", i, fault.message);
        }
        CHECK_INT(status, cases[i].want);
        CHECK(status != WL_OK && fault.message[0] != '\0');
    }
}

static void test_joins_out_of_order_are_refused(void)
{
    struct wl_buf json = read_whole(WL_BINARY_DIR "/gpt_folder_bytes/vocab.json");
    struct wl_buf merges = read_whole(WL_BINARY_DIR "/gpt_folder_bytes/merges.txt");
    struct wl_gpt_tokenizer_files files = {.vocab_json = wl_buf_view(&json),
                                           .merges = wl_buf_view(&merges)};
    struct wl_gpt_tokenizer *tokenizer = NULL;
    struct wl_buf turned;

    CHECK_INT(wl_gpt_tokenizer_read(wl_alloc_default(), "x", &files, NULL, &tokenizer, &fault),
              WL_OK); // the two files alone
    wl_gpt_tokenizer_free(tokenizer);
    wl_buf_init(&turned, wl_alloc_default(), 0);
    struct wl_str rest = wl_buf_view(&merges);
    (void)wl_str_cut(&rest, '\n');
    struct wl_str first = wl_str_cut(&rest, '\n');
    wl_buf_str(&turned, rest);
    wl_buf_str(&turned, first);
    files.merges = wl_buf_view(&turned);
    CHECK_INT(wl_gpt_tokenizer_read(wl_alloc_default(), "x", &files, NULL, &tokenizer, &fault),
              WL_ESCHEMA);
    CHECK(tokenizer == NULL && strstr(fault.message, "rising") != NULL);
    files.merges = WL_STR("a b c\n");
    CHECK_INT(wl_gpt_tokenizer_read(wl_alloc_default(), "x", &files, NULL, &tokenizer, &fault),
              WL_EPARSE);
    files.merges = WL_STR("q x\n");
    CHECK_INT(wl_gpt_tokenizer_read(wl_alloc_default(), "x", &files, NULL, &tokenizer, &fault),
              WL_ESCHEMA);
    wl_buf_release(&turned);
    wl_buf_release(&merges);
    wl_buf_release(&json);
}

static void test_pieces_are_joined(void)
{
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        {"亲 爱 的 hello names, hello", "亲爱的hello names, hello"},
        {"hello{{name}}。您好", "hello{{name}}。您好"},
        {"hello {{offer}} hello", "hello{{offer}} hello"},
    };
    struct wl_gpt_folder *folder = open_folder(DIR "/pieces");

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_ids ids;
        struct wl_buf text;
        int32_t tokens[64];
        wl_ids_init(&ids, wl_alloc_default());
        wl_buf_init(&text, wl_alloc_default(), 0);
        CHECK_INT(
            wl_gpt_tokenizer_encode(folder->tokenizer, wl_str_from(cases[i].text), &ids, &fault),
            WL_OK);
        for (size_t t = 0; t < ids.n; t++) {
            tokens[t] = (int32_t)ids.items[t];
        }
        wl_gpt_tokenizer_decode(folder->tokenizer, tokens, ids.n, &text);
        CHECK_VIEW(wl_buf_view(&text), cases[i].want);
        wl_ids_release(&ids);
        wl_buf_release(&text);
    }
    wl_gpt_folder_free(folder);
}

int main(void)
{
    static const char *const names[] = {"bytes", "half", "pieces"};
    struct wl_arena arena;
    const struct wl_node *root = torch_json(&arena, DIR "/expected.json");

    for (size_t i = 0; i < COUNT(names); i++) {
        char path[512];
        (void)snprintf(path, sizeof(path), "%s/%s", DIR, names[i]);
        fprintf(stderr, "%s\n", names[i]);
        struct wl_gpt_folder *folder = open_folder(path);
        CHECK_INT(folder->n_unused, 0);
        check_folder(folder, wl_node_get(root, names[i]));
        check_saved(folder, names[i], wl_node_get(root, names[i]));
        wl_gpt_folder_free(folder);
    }
    RUN(test_damage_is_refused);
    RUN(test_joins_out_of_order_are_refused);
    RUN(test_pieces_are_joined);
    wl_arena_release(&arena);
    return check_report();
}
