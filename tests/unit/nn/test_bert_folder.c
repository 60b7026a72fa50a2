/* Goal:   a BERT folder gives the head that is asked for, new parts start the same for the same
 *         seed, and a head that config.json describes wrongly is refused; an encoder of one's own
 *         has the shape of its name; bytes in memory serve as a folder does; texts are cut to what
 *         is asked; no memory is lost when an allocation fails.
 * Method: the tiny folders of tests/golden/nn with their config.json changed in memory; tables of
 *         requests and refusals; each allocation failed once. What files on disk may have wrong is
 *         in tests/cli/bert_damaged. */
#include "check.h"

#include "base/file.h"
#include "nn/bert_folder.h"

#define GOLDEN WL_SOURCE_DIR "/tests/golden/nn/bert_folder/"

static wl_error fault;

// The files of a golden folder; of config.json one text replaced by another.
struct parts {
    struct wl_buf config;
    struct wl_buf weights;
    struct wl_buf vocabulary;
    struct wl_bert_files files;
};

static void load(const char *path, struct wl_buf *buf)
{
    wl_buf_init(buf, wl_alloc_default(), 1 << 20);
    if (wl_file_read(path, buf, &fault) != WL_OK) {
        fprintf(stderr, "%s\n", fault.message);
        exit(EXIT_FAILURE);
    }
}

static void replace(struct wl_buf *buf, const char *from, const char *to)
{
    char *at = strstr(buf->data, from);
    struct wl_buf out;

    CHECK(at != NULL);
    wl_buf_init(&out, wl_alloc_default(), 1 << 20);
    wl_buf_add(&out, buf->data, (size_t)(at - buf->data));
    wl_buf_text(&out, to);
    wl_buf_text(&out, at + strlen(from));
    wl_buf_release(buf);
    *buf = out;
}

static struct parts open_parts(const char *name, const char *from, const char *to)
{
    struct parts parts;
    char path[512];

    (void)snprintf(path, sizeof(path), GOLDEN "%s/config.json", name);
    load(path, &parts.config);
    (void)snprintf(path, sizeof(path), GOLDEN "%s/model.safetensors", name);
    load(path, &parts.weights);
    (void)snprintf(path, sizeof(path), GOLDEN "%s/vocab.txt", name);
    load(path, &parts.vocabulary);
    if (from != NULL) {
        replace(&parts.config, from, to);
    }
    parts.files =
        (struct wl_bert_files){.config = wl_buf_view(&parts.config),
                               .weights = wl_buf_view(&parts.weights),
                               .tokenizer = {.vocabulary = wl_buf_view(&parts.vocabulary)}};
    return parts;
}

static void close_parts(struct parts *parts)
{
    wl_buf_release(&parts->config);
    wl_buf_release(&parts->weights);
    wl_buf_release(&parts->vocabulary);
}

#define KEPT WL_BERT_LABELS_KEPT

struct request {
    const char *folder;
    size_t n_labels;
    bool is_multi_label;
    bool is_head_new;
    size_t want_labels;
    bool want_new;
    const char *first_label;
};

static const struct request requests[] = {
    {"classes", KEPT, false, false, 3, false, "stays"},
    {"classes", 3, false, false, 3, false, "stays"},
    {"classes", 3, true, false, 3, true, "LABEL_0"},
    {"classes", 3, false, true, 3, true, "LABEL_0"},
    {"classes", 5, false, false, 5, true, "LABEL_0"},
    {"classes", 0, false, false, 0, false, NULL},
    {"encoder", KEPT, false, false, 0, false, NULL},
    {"masked", KEPT, false, false, 0, false, NULL},
    {"encoder", 2, true, false, 2, true, "LABEL_0"},
};

static struct wl_bert_folder *ask(const struct request *request, uint64_t seed)
{
    struct wl_bert_folder_options options = wl_bert_folder_options_default();
    struct wl_bert_folder *folder = NULL;
    char path[512];

    options.n_labels = request->n_labels;
    options.is_multi_label = request->is_multi_label;
    options.is_head_new = request->is_head_new;
    options.seed = seed;
    (void)snprintf(path, sizeof(path), GOLDEN "%s", request->folder);
    CHECK_INT(wl_bert_folder_open(wl_alloc_default(), path, &options, &folder, &fault), WL_OK);
    return folder;
}

static void test_heads(void)
{
    for (size_t i = 0; i < COUNT(requests); i++) {
        const struct request *request = &requests[i];
        struct wl_bert_folder *folder = ask(request, 1);
        struct wl_bert_folder *again = ask(request, 1);
        struct wl_bert_folder *other = ask(request, 2);
        size_t n_bytes = folder->bert->tensors.n_floats * sizeof(float);
        const float *weights = folder->bert->tensors.weights;

        CHECK_INT(folder->bert->config.n_labels, request->want_labels);
        CHECK_INT(folder->is_head_new, request->want_new);
        CHECK(request->first_label == NULL || wl_str_is(folder->labels[0], request->first_label));
        CHECK(memcmp(weights, again->bert->tensors.weights, n_bytes) == 0);
        bool is_random = folder->is_head_new || folder->is_pooler_new;
        CHECK_INT(memcmp(weights, other->bert->tensors.weights, n_bytes) != 0, is_random);
        CHECK_INT(folder->is_pooler_new, strcmp(request->folder, "masked") == 0);
        wl_bert_folder_free(folder);
        wl_bert_folder_free(again);
        wl_bert_folder_free(other);
    }
}

static void test_wrong_heads_are_refused(void)
{
    static const struct {
        const char *from;
        const char *to;
        wl_status status;
        const char *message;
    } cases[] = {
        {"\"2\": \"\\u4e0d\\u77e5\\u9053\"", "\"3\": \"x\"", WL_ECONFIG,
         "memory/config.json: id2label: expected names for the ids 0 to 2, found id \"3\""},
        {",\n    \"2\": \"\\u4e0d\\u77e5\\u9053\"", "", WL_ESCHEMA,
         "memory/config.json: id2label: expected 3 names as classifier.weight has rows, found 2"},
        {"\"pad_token_id\": 0", "\"problem_type\": \"regression\"", WL_ECONFIG,
         "memory/config.json: problem_type: expected single_label_classification, "
         "multi_label_classification, found \"regression\""},
    };
    struct wl_bert_folder_options options = wl_bert_folder_options_default();

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct parts parts = open_parts("classes", cases[i].from, cases[i].to);
        struct wl_bert_folder *folder = NULL;
        options.n_labels = KEPT;
        CHECK_INT(wl_bert_folder_read(wl_alloc_default(), "memory", &parts.files, &options, &folder,
                                      &fault),
                  cases[i].status);
        CHECK_STR(fault.message, cases[i].message);
        CHECK(folder == NULL);
        options.n_labels = 4; // a head of one's own: what theirs says does not matter
        CHECK_INT(wl_bert_folder_read(wl_alloc_default(), "memory", &parts.files, &options, &folder,
                                      &fault),
                  WL_OK);
        wl_bert_folder_free(folder);
        close_parts(&parts);
    }
}

static void test_own_shapes(void)
{
    static const struct {
        const char *name;
        size_t n_layers;
        size_t n_channels;
        size_t n_heads;
    } shapes[] = {{"tiny", 2, 128, 2},
                  {"mini", 4, 256, 4},
                  {"small", 4, 512, 8},
                  {"medium", 8, 512, 8},
                  {"base", 12, 768, 12}};
    struct wl_bert_folder_options options = wl_bert_folder_options_default();
    const struct wl_hf_wordpiece_files files = {
        .vocabulary = WL_STR("[PAD]\n[UNK]\n[CLS]\n[SEP]\nGood\ngood\n"),
        .tokenizer_config = WL_STR("{\"do_lower_case\": false}")};
    const struct wl_str labels[] = {WL_STR("yes"), WL_STR("不")};
    struct wl_bert_config config;
    struct wl_bert_folder *folder = NULL;
    struct wl_ids scratch;
    int32_t tokens[3];
    size_t n = 0;

    for (size_t i = 0; i < COUNT(shapes); i++) {
        CHECK(wl_bert_shape_named(shapes[i].name, &config));
        CHECK_INT(config.shape.n_layers, shapes[i].n_layers);
        CHECK_INT(config.shape.n_channels, shapes[i].n_channels);
        CHECK_INT(config.shape.n_heads, shapes[i].n_heads);
    }
    CHECK(!wl_bert_shape_named("huge", &config));
    CHECK(wl_bert_shape_named("tiny", &config));
    options.n_labels = 2;
    CHECK_INT(
        wl_bert_folder_new(wl_alloc_default(), "own", &files, &config, &options, &folder, &fault),
        WL_OK);
    CHECK_INT(folder->bert->config.n_vocabulary, 6);
    CHECK_INT(folder->tokenizer.mask, -1);
    CHECK_INT(wl_bert_folder_label(folder, labels, &fault), WL_OK);
    CHECK_VIEW(folder->labels[1], "不");
    wl_ids_init(&scratch, wl_alloc_default());
    CHECK_INT(
        wl_bert_folder_encode(folder, WL_STR("Good good good"), 3, &scratch, tokens, &n, &fault),
        WL_OK);
    CHECK_INT(n, 3); // cut
    CHECK_INT(tokens[0], 2);
    CHECK_INT(tokens[1], 4); // capitals are kept
    CHECK_INT(tokens[2], 3);
    wl_ids_release(&scratch);
    wl_bert_folder_free(folder);
}

// What is put into memory reads back the same, with names and settings.
static void test_memory_serves_as_a_folder(void)
{
    struct wl_bert_folder_options options = wl_bert_folder_options_default();
    struct wl_bert_folder *folder = ask(&requests[2], 7);
    struct wl_bert_folder *again = NULL;
    const struct wl_str labels[] = {WL_STR("a"), WL_STR("b"), WL_STR("\"c\"")};
    struct wl_buf bytes[4];

    for (size_t i = 0; i < 4; i++) {
        wl_buf_init(&bytes[i], wl_alloc_default(), 0);
    }
    CHECK_INT(wl_bert_folder_label(folder, labels, &fault), WL_OK);
    CHECK_INT(wl_bert_folder_put_config(folder, WL_SAFETENSOR_F32, &bytes[0], &fault), WL_OK);
    CHECK_INT(wl_bert_folder_put_weights(folder, WL_SAFETENSOR_F32, &bytes[1], &fault), WL_OK);
    CHECK_INT(wl_hf_wordpiece_put_vocabulary(&folder->tokenizer, &bytes[2], &fault), WL_OK);
    CHECK_INT(wl_hf_wordpiece_put_settings(&folder->tokenizer, 12, &bytes[3], &fault), WL_OK);
    const struct wl_bert_files files = {.config = wl_buf_view(&bytes[0]),
                                        .weights = wl_buf_view(&bytes[1]),
                                        .tokenizer = {.vocabulary = wl_buf_view(&bytes[2]),
                                                      .tokenizer_config = wl_buf_view(&bytes[3])}};
    CHECK_INT(wl_bert_folder_read(wl_alloc_default(), "memory", &files, &options, &again, &fault),
              WL_OK);
    CHECK(again->bert->config.is_multi_label);
    CHECK(!again->is_head_new);
    CHECK_VIEW(again->labels[2], "\"c\"");
    CHECK(memcmp(again->bert->tensors.weights, folder->bert->tensors.weights,
                 folder->bert->tensors.n_floats * sizeof(float)) == 0);
    wl_bert_folder_free(again);
    wl_bert_folder_free(folder);
    for (size_t i = 0; i < 4; i++) {
        wl_buf_release(&bytes[i]);
    }
}

static void test_every_failed_allocation(void)
{
    struct parts parts = open_parts("classes", NULL, NULL);
    struct wl_bert_folder_options options = wl_bert_folder_options_default();
    size_t n_refused = 0;

    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_bert_folder *folder = NULL;
        struct wl_buf out;

        check_heap_init(&heap, n_good);
        wl_buf_init(&out, &heap.alloc, 0);
        wl_status status =
            wl_bert_folder_read(&heap.alloc, "memory", &parts.files, &options, &folder, &fault);
        if (status == WL_OK) {
            status = wl_bert_folder_put_weights(folder, WL_SAFETENSOR_BF16, &out, &fault);
        }
        wl_buf_release(&out);
        wl_bert_folder_free(folder);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
        n_refused++;
    }
    CHECK(n_refused > 20);
    close_parts(&parts);
}

int main(void)
{
    RUN(test_heads);
    RUN(test_wrong_heads_are_refused);
    RUN(test_own_shapes);
    RUN(test_memory_serves_as_a_folder);
    RUN(test_every_failed_allocation);
    return check_report();
}
