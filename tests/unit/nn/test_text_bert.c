/* Goal:   a BERT learns texts and serves as a text classifier: right on what is planted, the same
 *         bytes after its file, for any number of threads and after a break; several labels; texts
 *         of 10,000 characters; damaged files are refused.
 * Method: made texts whose class is which of three words occurs, a tiny encoder of its own, saved
 *         as a folder; the classifier beside what its file gives; a training of four epochs beside
 *         one that is broken off by its log after two and resumed. */
#include "check.h"

#include "base/file.h"
#include "nn/bert_folder.h"
#include "nn/text_bert.h"
#include "nn/text_bert_train.h"
#include "nn/text_file.h"

enum { N = 240, LABELS = 3, LONG = 10000 };

#define BASE       WL_BINARY_DIR "/test_text_bert.base"
#define CHECKPOINT WL_BINARY_DIR "/test_text_bert.wlck"

static wl_error fault;
static char texts[N][64];
static struct wl_str views[N];
static uint32_t labels[N];
static uint8_t marks[N * LABELS];
static double held_p[N * LABELS];
static uint8_t is_held[N];
static const char *const names[LABELS] = {"praise", "refund", "why"};
static const char *const words[LABELS] = {"love", "money", "how"};
static const char *const fillers[] = {"please", "the", "my", "show", "is", "now", "you"};

static void make_texts(void)
{
    uint64_t state = 5;

    for (size_t i = 0; i < N; i++) {
        size_t n_words = 2 + check_rand(&state) % 6;
        size_t at = check_rand(&state) % n_words;
        labels[i] = (uint32_t)(check_rand(&state) % LABELS);
        marks[i * LABELS + labels[i]] = 1;
        for (size_t w = 0; w < n_words; w++) {
            const char *word = w == at ? words[labels[i]] : fillers[check_rand(&state) % 7];
            size_t n = strlen(texts[i]);
            (void)snprintf(texts[i] + n, sizeof(texts[i]) - n, "%s ", word);
        }
        views[i] = wl_str_from(texts[i]);
    }
}

static void make_base(void)
{
    static const char vocabulary[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]"
                                     "\nlove\nmoney\nhow\nplease\nthe\nmy\nshow\nis\nnow\nyou\n";
    const struct wl_hf_wordpiece_files files = {.vocabulary = wl_str_from(vocabulary)};
    struct wl_bert_folder_options options = wl_bert_folder_options_default();
    struct wl_bert_config shape;
    struct wl_bert_folder *folder = NULL;

    options.n_labels = 0;
    CHECK(wl_bert_shape_named("tiny", &shape));
    shape.shape.n_channels = 16;
    shape.shape.n_inner = 32;
    shape.n_positions = 64;
    CHECK_INT(
        wl_bert_folder_new(wl_alloc_default(), "made", &files, &shape, &options, &folder, &fault),
        WL_OK);
    wl_folder_remove(BASE);
    CHECK_INT(wl_bert_folder_save(folder, BASE, WL_SAFETENSOR_F32, &fault), WL_OK);
    wl_bert_folder_free(folder);
}

static struct wl_text_set make_set(enum wl_text_task task)
{
    return (struct wl_text_set){.texts = views,
                                .labels = labels,
                                .marks = marks,
                                .n = N,
                                .names = names,
                                .n_labels = LABELS,
                                .task = task};
}

static struct wl_text_bert_options make_options(void)
{
    struct wl_text_bert_options options;

    CHECK(!wl_text_bert_preset("no such", &options));
    CHECK(wl_text_bert_preset("bert", &options));
    CHECK_CLOSE(options.rate, 2e-5, 0.0);
    CHECK_INT(options.n_warm, 500);
    options.base = BASE;
    options.rate = 3e-3;
    options.n_epochs = 4;
    options.batch_texts = 8;
    options.watches_share = true;
    return options;
}

static struct wl_text_classifier *learn(enum wl_text_task task,
                                        const struct wl_text_bert_options *options, wl_status want)
{
    const struct wl_text_set set = make_set(task);
    struct wl_text_classifier *classifier = NULL;
    struct wl_text_bert_result result = {.n_train = 0};

    memset(held_p, 0, sizeof(held_p));
    CHECK_INT(wl_text_bert_train(wl_alloc_default(), &set, options, 1, NULL, held_p, is_held,
                                 &result, &classifier, &fault),
              want);
    if (want == WL_OK) {
        CHECK_INT(result.n_train + result.n_held, N);
        CHECK(result.n_held > N / 20 && result.n_held < N / 5);
    } else {
        CHECK(classifier == NULL);
    }
    return classifier;
}

static void encode(const struct wl_text_classifier *classifier, struct wl_buf *buf)
{
    wl_buf_init(buf, wl_alloc_default(), 0);
    CHECK_INT(wl_text_classifier_encode(classifier, buf, &fault), WL_OK);
}

static void test_learns(void)
{
    struct wl_text_bert_options options = make_options();
    options.n_epochs = 40;
    struct wl_text_classifier *classifier = learn(WL_TEXT_ONE, &options, WL_OK);
    const struct wl_text_about *about = wl_text_classifier_about(classifier);
    struct wl_text_scratch *scratch = NULL;
    size_t n_right = 0;
    double p[LABELS];

    CHECK_STR(about->algorithm, "bert");
    CHECK_INT(about->n_labels, LABELS);
    CHECK_STR(about->labels[1], "refund");
    CHECK(wl_text_bert_folder(classifier) != NULL);
    CHECK_INT(wl_text_scratch_new(wl_alloc_default(), &scratch, &fault), WL_OK);
    for (size_t i = 0; i < N; i++) {
        CHECK_INT(wl_text_classify(classifier, views[i], scratch, p, &fault), WL_OK);
        CHECK_CLOSE(p[0] + p[1] + p[2], 1.0, 1e-12);
        n_right += wl_text_answer_of(classifier, p).label == labels[i];
    }
    CHECK(n_right > N * 95 / 100);
    // Nothing known: the same for every label.
    CHECK_INT(wl_text_classify(classifier, WL_STR("zzz zzz"), scratch, p, &fault), WL_OK);
    CHECK_CLOSE(p[0], 1.0 / LABELS, 1e-12);
    CHECK(wl_text_answer_of(classifier, p).abstains);
    CHECK_INT(wl_text_classify(classifier, WL_STR(""), scratch, p, &fault), WL_OK);
    wl_text_scratch_free(scratch);
    wl_text_classifier_free(classifier);
}

// All texts at once by one thread and by three, and one by one; then the same by what the file has.
static void test_same_numbers(void)
{
    static double p[4][N * LABELS];
    struct wl_text_bert_options options = make_options();
    struct wl_text_classifier *classifier = learn(WL_TEXT_ONE, &options, WL_OK);
    struct wl_text_classifier *read = NULL;
    struct wl_text_scratch *scratch = NULL;
    struct wl_buf file;
    struct wl_buf again;

    encode(classifier, &file);
    CHECK_INT(wl_text_classifier_decode(wl_alloc_default(), wl_buf_view(&file), &read, &fault),
              WL_OK);
    encode(read, &again);
    CHECK(wl_str_equal(wl_buf_view(&file), wl_buf_view(&again)));
    CHECK_INT(wl_text_classify_all(classifier, wl_alloc_default(), views, N, 1, p[0], &fault),
              WL_OK);
    CHECK_INT(wl_text_classify_all(classifier, wl_alloc_default(), views, N, 3, p[1], &fault),
              WL_OK);
    CHECK_INT(wl_text_classify_all(read, wl_alloc_default(), views, N, 2, p[2], &fault), WL_OK);
    CHECK_INT(wl_text_scratch_new(wl_alloc_default(), &scratch, &fault), WL_OK);
    for (size_t i = 0; i < N; i++) { // one scratch, two classifiers in turn
        CHECK_INT(wl_text_classify(i % 2 == 0 ? read : classifier, views[i], scratch,
                                   p[3] + i * LABELS, &fault),
                  WL_OK);
    }
    CHECK(memcmp(p[0], p[1], sizeof(p[0])) == 0);
    CHECK(memcmp(p[0], p[2], sizeof(p[0])) == 0);
    for (size_t i = 0; i < N * LABELS; i++) {
        CHECK(fabs(p[3][i] - p[0][i]) < 1e-3); // a batch of one may sum in another order
        if (is_held[i / LABELS] != 0) {
            CHECK(fabs(held_p[i] - p[0][i]) < 1e-3);
        }
    }
    wl_text_scratch_free(scratch);
    wl_text_classifier_free(classifier);
    wl_text_classifier_free(read);
    wl_buf_release(&file);
    wl_buf_release(&again);
}

static void test_several_labels(void)
{
    struct wl_text_bert_options options = make_options();
    options.n_epochs = 40;
    options.watches_share = false;
    options.balance = 1.0;
    struct wl_text_classifier *classifier = learn(WL_TEXT_ANY, &options, WL_OK);
    double p[LABELS];
    const struct wl_str both = WL_STR("love the show how is my money");

    CHECK_INT(wl_text_classify_all(classifier, wl_alloc_default(), &both, 1, 1, p, &fault), WL_OK);
    for (size_t l = 0; l < LABELS; l++) {
        CHECK(p[l] >= 0.0 && p[l] <= 1.0);
    }
    const struct wl_str one = WL_STR("my money please");
    CHECK_INT(wl_text_classify_all(classifier, wl_alloc_default(), &one, 1, 1, p, &fault), WL_OK);
    CHECK(p[1] > 0.5 && p[0] < 0.5 && p[2] < 0.5);
    wl_text_classifier_free(classifier);
}

static void test_long_texts(void)
{
    static char text[LONG + 1];
    struct wl_text_bert_options options = make_options();
    struct wl_str first = views[0];
    double p[LABELS];

    for (size_t i = 0; i < LONG; i++) {
        text[i] = i % 5 == 4 ? ' ' : "love"[i % 5];
    }
    views[0] = (struct wl_str){.data = text, .n_bytes = LONG};
    options.n_epochs = 1;
    struct wl_text_classifier *classifier = learn(WL_TEXT_ONE, &options, WL_OK);
    CHECK_INT(wl_text_classify_all(classifier, wl_alloc_default(), views, N, 2,
                                   (double[N * LABELS]){0}, &fault),
              WL_OK);
    CHECK_INT(wl_text_classify_all(classifier, wl_alloc_default(), views, 1, 1, p, &fault), WL_OK);
    CHECK_CLOSE(p[0] + p[1] + p[2], 1.0, 1e-12);
    wl_text_classifier_free(classifier);
    views[0] = first;
}

// Breaks a training off: the log of the second epoch fails as a full disk would.
static wl_status fail_second(void *context, struct wl_str line, wl_error *error)
{
    size_t *n_epochs = context;
    bool is_epoch = line.n_bytes > 9 && memcmp(line.data, "{\"epoch\":", 9) == 0;

    *n_epochs += is_epoch;
    return is_epoch && *n_epochs == 3 ? wl_fail(error, WL_EIO, "disk full") : WL_OK;
}

static void test_resumes(void)
{
    struct wl_text_bert_options options = make_options();
    struct wl_text_classifier *whole = learn(WL_TEXT_ONE, &options, WL_OK);
    size_t n_epochs = 0;
    struct wl_buf want;
    struct wl_buf got;

    (void)remove(CHECKPOINT);
    options.checkpoint = CHECKPOINT;
    options.log = fail_second;
    options.context = &n_epochs;
    learn(WL_TEXT_ONE, &options, WL_EIO);
    options.log = NULL;
    options.is_resumed = true;
    struct wl_text_classifier *resumed = learn(WL_TEXT_ONE, &options, WL_OK);
    encode(whole, &want);
    encode(resumed, &got);
    CHECK(wl_str_equal(wl_buf_view(&want), wl_buf_view(&got)));
    options.rate = 1e-4; // another training's checkpoint
    learn(WL_TEXT_ONE, &options, WL_ESCHEMA);
    wl_text_classifier_free(whole);
    wl_text_classifier_free(resumed);
    wl_buf_release(&want);
    wl_buf_release(&got);
    (void)remove(CHECKPOINT);
}

static void test_refusals(void)
{
    struct wl_text_bert_options options = make_options();

    options.base = WL_BINARY_DIR "/no such folder";
    learn(WL_TEXT_ONE, &options, WL_ENOTFOUND);
    options = make_options();
    options.none = "nothing";
    options.n_epochs = 1;
    learn(WL_TEXT_ONE, &options, WL_EINVAL);
    CHECK_STR(fault.message, "there is no label \"nothing\"");
    options = make_options();
    options.rate = 1e30; // weights and gradients that are not finite
    learn(WL_TEXT_ONE, &options, WL_ERANGE);
}

static void test_damaged_files(void)
{
    struct wl_text_bert_options options = make_options();
    struct wl_text_classifier *read = NULL;
    struct wl_buf file;

    options.n_epochs = 1;
    struct wl_text_classifier *classifier = learn(WL_TEXT_ONE, &options, WL_OK);
    encode(classifier, &file);
    for (size_t n = 0; n < file.n_bytes; n += 1 + n / 50) {
        struct wl_str cut = {.data = file.data, .n_bytes = n};
        CHECK_INT(wl_text_classifier_decode(wl_alloc_default(), cut, &read, &fault), WL_ECORRUPT);
    }
    for (size_t i = 0; i < file.n_bytes; i += 1 + i / 50) {
        file.data[i] = (char)(file.data[i] ^ 4);
        CHECK(wl_text_classifier_decode(wl_alloc_default(), wl_buf_view(&file), &read, &fault) !=
              WL_OK);
        file.data[i] = (char)(file.data[i] ^ 4);
    }
    CHECK(read == NULL);
    wl_text_classifier_free(classifier);
    wl_buf_release(&file);
}

int main(void)
{
    make_texts();
    make_base();
    RUN(test_learns);
    RUN(test_same_numbers);
    RUN(test_several_labels);
    RUN(test_long_texts);
    RUN(test_resumes);
    RUN(test_refusals);
    RUN(test_damaged_files);
    wl_folder_remove(BASE);
    return check_report();
}
