/* Goal:   a linear classifier learns what is there to learn, says so with probabilities, is the
 *         same for any number of threads, and comes back from its file as it was.
 * Method: small sets made of templates, one label and several, Chinese and English; refusals;
 *         every byte of a file cut or changed; a heap whose n-th request fails. */
#include "check.h"

#include "nn/text_file.h"
#include "text/text_linear.h"
#include "text/text_train.h"

#define N_TEXTS 60

static const char *const names[] = {"refund", "login", "praise"};

static const char *const openings[] = {"please", "hello there", "well", "today", "again"};
static const char *const cores[3][4] = {
    {"i want my money back", "refund the order now", "give a refund for it", "money back please"},
    {"i cannot log in", "the password is wrong", "login does not work", "my password fails"},
    {"this is a great app", "i love it so much", "great service thank you",
     "love this great shop"}};

struct sample {
    char texts[N_TEXTS][64];
    struct wl_str views[N_TEXTS];
    uint32_t labels[N_TEXTS];
    uint8_t marks[N_TEXTS * 3];
    struct wl_text_set set;
};

static void sample_init(struct sample *sample, enum wl_text_task task, size_t n_labels)
{
    memset(sample, 0, sizeof(*sample));
    for (size_t i = 0; i < N_TEXTS; i++) {
        uint32_t label = (uint32_t)(i % n_labels);
        (void)snprintf(sample->texts[i], sizeof(sample->texts[i]), "%s %s %zu",
                       openings[i % COUNT(openings)], cores[label][(i / 3) % 4], i * 7);
        sample->views[i] = wl_str_from(sample->texts[i]);
        sample->labels[i] = label;
        sample->marks[i * n_labels + label] = 1;
    }
    sample->set = (struct wl_text_set){.texts = sample->views,
                                       .labels = sample->labels,
                                       .marks = sample->marks,
                                       .n = N_TEXTS,
                                       .names = names,
                                       .n_labels = n_labels,
                                       .task = task};
}

static struct wl_text_train_options options_of(void)
{
    struct wl_text_train_options options;
    wl_text_train_options_init(&options, false);
    return options;
}

static struct wl_text_classifier *train(const struct sample *sample, size_t n_threads,
                                        double *held_p)
{
    struct wl_text_train_options options = options_of();
    struct wl_text_classifier *classifier = NULL;
    wl_error error = {0};

    CHECK_INT(wl_text_train(wl_alloc_default(), &sample->set, &options, n_threads, NULL, held_p,
                            &classifier, &error),
              WL_OK);
    CHECK_STR(error.message, "");
    return classifier;
}

static struct wl_text_answer ask(const struct wl_text_classifier *classifier, const char *text,
                                 double *p)
{
    struct wl_text_scratch *scratch = NULL;

    CHECK_INT(wl_text_scratch_new(wl_alloc_default(), &scratch, NULL), WL_OK);
    CHECK_INT(wl_text_classify(classifier, wl_str_from(text), scratch, p, NULL), WL_OK);
    wl_text_scratch_free(scratch);
    return wl_text_answer_of(classifier, p);
}

static void test_learns_one_of_three(void)
{
    struct sample sample;
    double held_p[N_TEXTS * 3];
    double p[3];
    size_t n_right = 0;

    sample_init(&sample, WL_TEXT_ONE, 3);
    struct wl_text_classifier *classifier = train(&sample, 1, held_p);
    CHECK_STR(wl_text_classifier_about(classifier)->algorithm, "linear");
    for (size_t i = 0; i < N_TEXTS; i++) {
        struct wl_text_answer answer = wl_text_answer_of(classifier, held_p + i * 3);
        n_right += answer.label == sample.labels[i];
        CHECK_CLOSE(held_p[i * 3] + held_p[i * 3 + 1] + held_p[i * 3 + 2], 1.0, 1e-12);
    }
    CHECK(n_right >= N_TEXTS * 9 / 10);
    CHECK_INT(ask(classifier, "PLEASE give my MONEY back", p).label, 0);
    CHECK_INT(ask(classifier, "password wrong, cannot login", p).label, 1);
    CHECK(!ask(classifier, "a great app, love it", p).abstains);
    struct wl_text_answer unknown = ask(classifier, "\xe4\xbd\xa0\xe5\xa5\xbd", p);
    CHECK(unknown.abstains);
    CHECK_CLOSE(p[0], 1.0 / 3.0, 1e-12);
    wl_text_classifier_free(classifier);
}

static void test_learns_one_of_two(void)
{
    struct sample sample;
    double p[2];

    sample_init(&sample, WL_TEXT_ONE, 2);
    struct wl_text_classifier *classifier = train(&sample, 1, NULL);
    CHECK_INT(ask(classifier, "money back", p).label, 0);
    CHECK_CLOSE(p[0] + p[1], 1.0, 1e-12);
    CHECK_INT(ask(classifier, "wrong password", p).label, 1);
    CHECK(ask(classifier, "", p).abstains);
    wl_text_classifier_free(classifier);
}

static void test_learns_any(void)
{
    struct sample sample;
    double p[3];

    sample_init(&sample, WL_TEXT_ANY, 3);
    struct wl_text_classifier *classifier = train(&sample, 1, NULL);
    (void)ask(classifier, "cannot log in, want my money back", p);
    CHECK(p[0] > p[2] && p[1] > p[2]);
    CHECK(ask(classifier, "", p).abstains);
    CHECK_CLOSE(p[0] + p[1] + p[2], 0.0, 0.0);
    wl_text_classifier_free(classifier);
}

static bool holds(struct wl_str text, const char *part)
{
    size_t n = strlen(part);

    for (size_t i = 0; i + n <= text.n_bytes; i++) {
        if (memcmp(text.data + i, part, n) == 0) {
            return true;
        }
    }
    return false;
}

static void test_says_why(void)
{
    static const char text[] = "Hello there,  the PASSWORD is wrong; it is \xe2\x91\xa0 nice day";
    struct sample sample;
    struct wl_text_scratch *scratch = NULL;
    struct wl_text_span spans[3];
    struct wl_text_span few[1];
    size_t n = 0;
    size_t n_few = 0;

    sample_init(&sample, WL_TEXT_ONE, 3);
    struct wl_text_classifier *classifier = train(&sample, 1, NULL);
    CHECK_INT(wl_text_scratch_new(wl_alloc_default(), &scratch, NULL), WL_OK);
    CHECK_INT(wl_text_why(classifier, wl_str_from(text), 1, scratch, spans, 3, &n, NULL), WL_OK);
    CHECK(n >= 1);
    CHECK(holds((struct wl_str){.data = text + spans[0].i_byte, .n_bytes = spans[0].n_bytes},
                "PASSWORD"));
    for (size_t i = 0; i < n; i++) {
        CHECK(spans[i].weight > 0.0);
        CHECK(i == 0 || spans[i].weight <= spans[i - 1].weight);
        CHECK(spans[i].i_byte + spans[i].n_bytes <= sizeof(text) - 1);
    }
    CHECK_INT(wl_text_why(classifier, wl_str_from(text), 1, scratch, few, 1, &n_few, NULL), WL_OK);
    CHECK(n_few == 1 && few[0].i_byte == spans[0].i_byte);
    CHECK_INT(wl_text_why(classifier, WL_STR(""), 1, scratch, spans, 3, &n, NULL), WL_OK);
    CHECK_INT(n, 0);
    CHECK_INT(wl_text_why(classifier, WL_STR("x"), 3, scratch, spans, 3, &n, NULL), WL_EINVAL);
    double p[3];
    double q[3];
    (void)ask(classifier, text, p); // with a fresh scratch, and with the one that said why
    CHECK_INT(wl_text_classify(classifier, wl_str_from(text), scratch, q, NULL), WL_OK);
    CHECK(memcmp(p, q, sizeof(p)) == 0);
    wl_text_scratch_free(scratch);
    wl_text_classifier_free(classifier);
}

static void encode(const struct wl_text_classifier *classifier, struct wl_buf *buf)
{
    wl_buf_init(buf, wl_alloc_default(), 0);
    CHECK_INT(wl_text_classifier_encode(classifier, buf, NULL), WL_OK);
}

static void test_threads_change_nothing(void)
{
    struct sample sample;
    struct wl_buf one;
    struct wl_buf three;

    sample_init(&sample, WL_TEXT_ONE, 3);
    struct wl_text_classifier *a = train(&sample, 1, NULL);
    struct wl_text_classifier *b = train(&sample, 3, NULL);
    encode(a, &one);
    encode(b, &three);
    CHECK(wl_str_equal(wl_buf_view(&one), wl_buf_view(&three)));
    wl_buf_release(&one);
    wl_buf_release(&three);
    wl_text_classifier_free(a);
    wl_text_classifier_free(b);
}

static void test_file(void)
{
    struct sample sample;
    struct wl_buf buf;
    struct wl_buf again;
    struct wl_text_classifier *read = NULL;
    double p[3];
    double q[3];

    sample_init(&sample, WL_TEXT_ANY, 3);
    struct wl_text_classifier *classifier = train(&sample, 1, NULL);
    encode(classifier, &buf);
    CHECK_INT(wl_text_classifier_decode(wl_alloc_default(), wl_buf_view(&buf), &read, NULL), WL_OK);
    (void)ask(classifier, "refund my login", p);
    (void)ask(read, "refund my login", q);
    CHECK(memcmp(p, q, sizeof(p)) == 0);
    encode(read, &again);
    CHECK(wl_str_equal(wl_buf_view(&buf), wl_buf_view(&again)));
    wl_text_classifier_free(read);
    read = NULL;
    for (size_t n = 0; n < buf.n_bytes; n += 1 + n / 8) {
        struct wl_str cut = {.data = buf.data, .n_bytes = n};
        CHECK_INT(wl_text_classifier_decode(wl_alloc_default(), cut, &read, NULL), WL_ECORRUPT);
        buf.data[n] ^= 1;
        CHECK(wl_text_classifier_decode(wl_alloc_default(), wl_buf_view(&buf), &read, NULL) !=
              WL_OK);
        buf.data[n] ^= 1;
    }
    CHECK(read == NULL);
    wl_buf_release(&buf);
    wl_buf_release(&again);
    wl_text_classifier_free(classifier);
}

static void test_refusals(void)
{
    static const struct {
        int64_t words_max, chars_min, chars_max, min_df, folds;
        double c;
        wl_status want;
    } cases[] = {
        {0, 0, 0, 1, 5, 1.0, WL_EINVAL}, {9, 1, 2, 1, 5, 1.0, WL_EINVAL},
        {1, 3, 2, 1, 5, 1.0, WL_EINVAL}, {1, 0, 0, 0, 5, 1.0, WL_EINVAL},
        {1, 0, 0, 1, 1, 1.0, WL_EINVAL}, {1, 0, 0, 1, 5, 0.0, WL_EINVAL},
        {1, 0, 0, 1, 61, 1.0, WL_EGATE}, {-1, 0, 0, 1, 5, 1.0, WL_EINVAL},
    };
    struct sample sample;
    struct wl_text_classifier *classifier = NULL;

    sample_init(&sample, WL_TEXT_ONE, 3);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_text_train_options options = options_of();
        options.pair_chars = 0;
        options.words_max = cases[i].words_max;
        options.chars_min = cases[i].chars_min;
        options.chars_max = cases[i].chars_max;
        options.min_df = cases[i].min_df;
        options.folds = cases[i].folds;
        options.c = cases[i].c;
        CHECK_INT(wl_text_train(wl_alloc_default(), &sample.set, &options, 1, NULL, NULL,
                                &classifier, NULL),
                  cases[i].want);
    }
    memset(sample.labels, 0, sizeof(sample.labels));
    struct wl_text_train_options options = options_of();
    CHECK_INT(
        wl_text_train(wl_alloc_default(), &sample.set, &options, 1, NULL, NULL, &classifier, NULL),
        WL_EGATE);
    CHECK(classifier == NULL);
}

// Each request for memory fails once, in learning, in writing and reading, in asking.
static wl_status walk(const wl_alloc *alloc, const struct sample *sample)
{
    struct wl_text_train_options options = options_of();
    struct wl_text_classifier *classifier = NULL;
    struct wl_text_classifier *read = NULL;
    struct wl_text_scratch *scratch = NULL;
    struct wl_text_span span;
    struct wl_buf buf;
    size_t n_spans = 0;
    double p[3];
    wl_status status = WL_OK;

    wl_buf_init(&buf, alloc, 0);
    WL_GO(wl_text_train(alloc, &sample->set, &options, 1, NULL, NULL, &classifier, NULL));
    WL_GO(wl_text_classifier_encode(classifier, &buf, NULL));
    WL_GO(wl_text_classifier_decode(alloc, wl_buf_view(&buf), &read, NULL));
    WL_GO(wl_text_scratch_new(alloc, &scratch, NULL));
    WL_GO(wl_text_classify(read, sample->views[0], scratch, p, NULL));
    WL_GO(wl_text_why(read, sample->views[0], 0, scratch, &span, 1, &n_spans, NULL));
done:
    wl_text_scratch_free(scratch);
    wl_text_classifier_free(classifier);
    wl_text_classifier_free(read);
    wl_buf_release(&buf);
    return status;
}

static void test_survives_failed_allocations(void)
{
    struct sample sample;

    sample_init(&sample, WL_TEXT_ONE, 3);
    sample.set.n = 12;
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        check_heap_init(&heap, n_good);
        wl_status status = walk(&heap.alloc, &sample);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good > 50);
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
}

int main(void)
{
    RUN(test_learns_one_of_three);
    RUN(test_learns_one_of_two);
    RUN(test_learns_any);
    RUN(test_says_why);
    RUN(test_threads_change_nothing);
    RUN(test_file);
    RUN(test_refusals);
    RUN(test_survives_failed_allocations);
    return check_report();
}
