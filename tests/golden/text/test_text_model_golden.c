/* Goal:   text models written by released versions still load and answer as they did.
 * Method: v1_one.wlt (three labels) and v1_any.wlt (two labels, any may be right), learnt from the
 *         texts below, with the probabilities they gave when they were written. Called with a folder
 *         the program learns them anew and writes them there. */
#include "check.h"

#include "nn/text_file.h"
#include "text/text_train.h"

static const char folder[] = WL_SOURCE_DIR "/tests/golden/text";

static const struct {
    const char *text;
    uint32_t label;
    uint8_t marks[2];
} learnt[] = {
    {"please refund my money", 0, {1, 0}},
    {"i want a refund of the money", 0, {1, 0}},
    {"money back please", 0, {1, 0}},
    {"\xe8\xaf\xb7\xe9\x80\x80\xe6\xac\xbe", 0, {1, 0}},
    {"log in fails, wrong password", 1, {0, 1}},
    {"the password is wrong", 1, {0, 1}},
    {"cannot log in", 1, {0, 1}},
    {"log in: money gone, refund", 1, {1, 1}},
    {"a great app", 2, {0, 0}},
    {"great, thank you", 2, {0, 0}},
    {"thank you for the great app", 2, {0, 0}},
    {"\xe5\xbe\x88\xe5\xa5\xbd great", 2, {0, 0}},
};

static const struct {
    const char *text;
    double one[3];
    double any[2];
} asked[] = {
#include "v1_answers.def"
};

static void train(enum wl_text_task task, const char *name)
{
    static const char *const labels[] = {"refund", "login", "praise"};
    struct wl_str texts[COUNT(learnt)];
    uint32_t ones[COUNT(learnt)];
    uint8_t marks[COUNT(learnt) * 2];
    struct wl_text_train_options options;
    struct wl_text_classifier *classifier = NULL;
    char path[512];

    for (size_t i = 0; i < COUNT(learnt); i++) {
        texts[i] = wl_str_from(learnt[i].text);
        ones[i] = learnt[i].label;
        memcpy(marks + 2 * i, learnt[i].marks, 2);
    }
    struct wl_text_set set = {.texts = texts,
                              .labels = ones,
                              .marks = marks,
                              .n = COUNT(learnt),
                              .names = labels,
                              .n_labels = task == WL_TEXT_ONE ? 3 : 2,
                              .task = task};
    wl_text_train_options_init(&options, false);
    options.chars_max = 3;
    options.pair_window = 4;
    options.folds = 3;
    options.none = task == WL_TEXT_ONE ? "praise" : NULL;
    (void)snprintf(path, sizeof(path), "%s", name);
    CHECK_INT(wl_text_train(wl_alloc_default(), &set, &options, 1, NULL, NULL, &classifier, NULL),
              WL_OK);
    CHECK_INT(wl_text_classifier_save(classifier, path, wl_alloc_default(), NULL), WL_OK);
    wl_text_classifier_free(classifier);
}

static void write_all(const char *to)
{
    static const char *const questions[] = {"refund my money!", "password?", "Great APP",
                                            "\xe9\x80\x80\xe6\xac\xbe", "xyz"};
    char path[2][512];
    struct wl_text_classifier *classifiers[2] = {NULL, NULL};
    struct wl_text_scratch *scratch = NULL;

    (void)snprintf(path[0], sizeof(path[0]), "%s/v1_one.wlt", to);
    (void)snprintf(path[1], sizeof(path[1]), "%s/v1_any.wlt", to);
    train(WL_TEXT_ONE, path[0]);
    train(WL_TEXT_ANY, path[1]);
    CHECK_INT(wl_text_scratch_new(wl_alloc_default(), &scratch, NULL), WL_OK);
    for (size_t k = 0; k < 2; k++) {
        CHECK_INT(wl_text_classifier_open(path[k], wl_alloc_default(), &classifiers[k], NULL),
                  WL_OK);
    }
    for (size_t i = 0; i < COUNT(questions); i++) {
        struct wl_str text = wl_str_from(questions[i]);
        double p[5];
        CHECK_INT(wl_text_classify(classifiers[0], text, scratch, p, NULL), WL_OK);
        CHECK_INT(wl_text_classify(classifiers[1], text, scratch, p + 3, NULL), WL_OK);
        printf("{\"%s\", {%.9g, %.9g, %.9g}, {%.9g, %.9g}},\n", questions[i], p[0], p[1], p[2],
               p[3], p[4]);
    }
    wl_text_scratch_free(scratch);
    wl_text_classifier_free(classifiers[0]);
    wl_text_classifier_free(classifiers[1]);
}

static void check_file(const char *name, bool is_any)
{
    struct wl_text_classifier *classifier = NULL;
    struct wl_text_scratch *scratch = NULL;
    char path[512];
    wl_error error = {0};

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    CHECK_INT(wl_text_classifier_open(path, wl_alloc_default(), &classifier, &error), WL_OK);
    CHECK_STR(error.message, "");
    if (classifier == NULL) {
        return;
    }
    const struct wl_text_about *about = wl_text_classifier_about(classifier);
    CHECK_INT(about->n_labels, is_any ? 2 : 3);
    CHECK_INT(about->none, is_any ? WL_TEXT_NO_LABEL : 2);
    CHECK_STR(about->labels[1], "login");
    CHECK_INT(wl_text_scratch_new(wl_alloc_default(), &scratch, NULL), WL_OK);
    for (size_t i = 0; i < COUNT(asked); i++) {
        double p[3];
        const double *want = is_any ? asked[i].any : asked[i].one;
        CHECK_INT(wl_text_classify(classifier, wl_str_from(asked[i].text), scratch, p, NULL),
                  WL_OK);
        for (size_t l = 0; l < about->n_labels; l++) {
            CHECK_CLOSE(p[l], want[l], 1e-6); // float32 sums of a hundred terms
        }
    }
    wl_text_scratch_free(scratch);
    wl_text_classifier_free(classifier);
}

static void test_one(void)
{
    check_file("v1_one.wlt", false);
}

static void test_any(void)
{
    check_file("v1_any.wlt", true);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        write_all(argv[1]);
        return check_report();
    }
    RUN(test_one);
    RUN(test_any);
    return check_report();
}
