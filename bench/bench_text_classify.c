/* Learning to classify texts and classifying them, beside scikit-learn with the same n-grams, TF-
 * IDF and C, and beside fastText, in the same run, on the same lines and on one thread.
 *
 * The lines are made by text_classify_peer.py from banking77 (77 intents, its own split) and the
 * online shopping reviews without hotels (two classes, 80/20) in ../shared/data; without them, or
 * without scikit-learn, the case says that it is skipped. "text_learn" is one fit without folds, as
 * the peers do it; what wl_text_train adds, five folds for calibration, is in "text_learn_all". */
#include "bench.h"

#include "base/dict.h"
#include "base/file.h"
#include "text/text_linear.h"
#include "text/text_train.h"

#include <stdio.h>
#include <string.h>

#define N_ROUNDS 5

static const char folder[] = WL_BINARY_DIR "/bench_text";
static const char script[] = WL_SOURCE_DIR "/bench/text_classify_peer.py";

struct lines {
    struct wl_buf buf;
    struct wl_str *texts;
    uint32_t *labels;
    size_t n;
};

/* One way to do it. */
struct figures {
    double accuracy;
    double train_s;
    double texts_per_s;
};

struct set {
    const char *name;
    bool is_chinese;
    struct wl_dict labels;
    const char *names[WL_TEXT_LABELS_MAX];
    char text[WL_TEXT_LABELS_MAX][64];
    struct lines train;
    struct lines test;
};

static bool read_lines(const char *name, const char *part, struct wl_dict *labels,
                       struct lines *lines)
{
    const wl_alloc *alloc = wl_alloc_default();
    size_t text_capacity = 0;
    size_t label_capacity = 0;
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s.%s", folder, name, part);
    wl_buf_init(&lines->buf, alloc, 0);
    if (wl_file_read(path, &lines->buf, NULL) != WL_OK) {
        return false;
    }
    struct wl_str rest = wl_buf_view(&lines->buf);
    for (lines->n = 0; rest.n_bytes > 0; lines->n++) {
        struct wl_str line = wl_str_cut(&rest, '\n');
        struct wl_str label = wl_str_cut(&line, '\t');
        if (WL_GROW(alloc, lines->texts, text_capacity, lines->n + 1, NULL) != WL_OK ||
            WL_GROW(alloc, lines->labels, label_capacity, lines->n + 1, NULL) != WL_OK ||
            wl_dict_intern(labels, label, &lines->labels[lines->n], NULL) != WL_OK) {
            return false;
        }
        lines->texts[lines->n] = line;
    }
    return lines->n > 0;
}

static bool set_open(struct set *set)
{
    wl_dict_init(&set->labels, wl_alloc_default());
    if (!read_lines(set->name, "train", &set->labels, &set->train) ||
        !read_lines(set->name, "test", &set->labels, &set->test) ||
        set->labels.n_strings > WL_TEXT_LABELS_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < set->labels.n_strings; i++) {
        struct wl_str label = wl_dict_string(&set->labels, i);
        (void)snprintf(set->text[i], sizeof(set->text[i]), "%.*s", WL_STR_ARG(label));
        set->names[i] = set->text[i];
    }
    return true;
}

static void lines_release(struct lines *lines)
{
    wl_buf_release(&lines->buf);
    wl_alloc_free(wl_alloc_default(), lines->texts);
    wl_alloc_free(wl_alloc_default(), lines->labels);
}

// scikit-learn's features, or ours.
static struct wl_text_train_options options_of(const struct set *set, bool is_same, int64_t folds)
{
    struct wl_text_train_options options;

    wl_text_train_options_init(&options, set->is_chinese);
    options.folds = folds;
    if (is_same) {
        options.words_all = false;
        options.pair_chars = 0;
        options.binary = false;
        options.label_power = 0.0;
        options.c = 0.5;
    }
    return options;
}

static struct wl_text_classifier *
learn(const struct set *set, const struct wl_text_train_options *options, double *seconds)
{
    struct wl_text_set texts = {.texts = set->train.texts,
                                .labels = set->train.labels,
                                .n = set->train.n,
                                .names = set->names,
                                .n_labels = set->labels.n_strings,
                                .task = WL_TEXT_ONE};
    struct wl_text_classifier *classifier = NULL;
    double begin = bench_seconds();

    if (wl_text_train(wl_alloc_default(), &texts, options, 1, NULL, NULL, &classifier, NULL) !=
        WL_OK) {
        return NULL;
    }
    *seconds = bench_seconds() - begin;
    return classifier;
}

// Share of right answers over one pass; -1 on failure.
static double answer_all(const struct set *set, const struct wl_text_classifier *classifier,
                         struct wl_text_scratch *scratch)
{
    static double p[WL_TEXT_LABELS_MAX];
    size_t n_right = 0;

    for (size_t i = 0; i < set->test.n; i++) {
        if (wl_text_classify(classifier, set->test.texts[i], scratch, p, NULL) != WL_OK) {
            return -1.0;
        }
        n_right += wl_text_answer_of(classifier, p).label == set->test.labels[i];
    }
    return (double)n_right / (double)set->test.n;
}

static bool measure_ours(const struct set *set, const struct wl_text_train_options *options,
                         size_t n_rounds, struct figures *figures)
{
    struct wl_text_scratch *scratch = NULL;
    double seconds[N_ROUNDS];
    double rates[N_ROUNDS];
    bool is_good = wl_text_scratch_new(wl_alloc_default(), &scratch, NULL) == WL_OK;

    for (size_t r = 0; r < n_rounds && is_good; r++) {
        struct wl_text_classifier *classifier = learn(set, options, &seconds[r]);
        is_good = classifier != NULL;
        double begin = bench_seconds();
        figures->accuracy = is_good ? answer_all(set, classifier, scratch) : -1.0;
        rates[r] = (double)set->test.n / (bench_seconds() - begin);
        is_good = is_good && figures->accuracy >= 0.0;
        wl_text_classifier_free(classifier);
    }
    wl_text_scratch_free(scratch);
    if (is_good) {
        figures->train_s = bench_median(seconds, n_rounds);
        figures->texts_per_s = bench_median(rates, n_rounds);
    }
    return is_good;
}

static bool measure_peer(const char *peer, const char *name, struct figures *figures)
{
    char command[2048];

    (void)snprintf(command, sizeof(command), "/usr/bin/python3 '%s' %s '%s' %s 2>/dev/null", script,
                   peer, folder, name);
    FILE *pipe = popen(command, "r");
    if (pipe == NULL) {
        return false;
    }
    int n =
        fscanf(pipe, "%lf %lf %lf", &figures->accuracy, &figures->train_s, &figures->texts_per_s);
    (void)pclose(pipe);
    return n == 3;
}

static void print_case(const char *bench, const char *set, const char *unit, const char *peer,
                       const double *ours, const double *theirs, const double *accuracies)
{
    bool is_time = strcmp(unit, "s") == 0;

    printf("{\"bench\":\"%s\",\"set\":\"%s\",\"unit\":\"%s\",\"ours\":%.4g,\"peer\":\"%s\",", bench,
           set, unit, *ours, peer);
    if (theirs == NULL) {
        printf("\"peer_value\":null,\"ratio\":null,\"accuracy\":%.4f,\"threads\":1}\n",
               accuracies[0]);
    } else {
        printf("\"peer_value\":%.4g,\"ratio\":%.2f,\"accuracy\":%.4f,\"peer_accuracy\":%.4f,"
               "\"threads\":1}\n",
               *theirs, is_time ? *theirs / *ours : *ours / *theirs, accuracies[0], accuracies[1]);
    }
    (void)fflush(stdout);
}

static void print_both(const struct set *set, const char *peer, const char *label,
                       const struct figures *ours)
{
    struct figures theirs = {0};
    bool has_peer = measure_peer(peer, set->name, &theirs);
    double accuracies[] = {ours->accuracy, theirs.accuracy};

    print_case("text_learn", set->name, "s", label, &ours->train_s,
               has_peer ? &theirs.train_s : NULL, accuracies);
    print_case("text_classify", set->name, "texts/s", label, &ours->texts_per_s,
               has_peer ? &theirs.texts_per_s : NULL, accuracies);
}

static bool run_set(const char *name, bool is_chinese)
{
    struct set *set = wl_alloc_zeroed(wl_alloc_default(), 1, sizeof(*set));
    struct figures same = {0};
    struct figures full = {0};
    bool is_good = set != NULL;

    if (set == NULL) {
        return false;
    }
    set->name = name;
    set->is_chinese = is_chinese;
    if (!set_open(set)) {
        printf(
            "{\"bench\":\"text_classify\",\"set\":\"%s\",\"ours\":null,\"skipped\":\"no data\"}\n",
            name);
    } else {
        struct wl_text_train_options options = options_of(set, true, 0);
        struct wl_text_train_options ours = options_of(set, false, 5);
        is_good =
            measure_ours(set, &options, N_ROUNDS, &same) && measure_ours(set, &ours, 1, &full);
        if (is_good) {
            print_both(set, "sklearn", "scikit-learn, the same features", &same);
            print_both(set, "fasttext", "fastText", &same);
            print_case("text_learn_all", name, "s", "none", &full.train_s, NULL, &full.accuracy);
            print_case("text_classify_all", name, "texts/s", "none", &full.texts_per_s, NULL,
                       &full.accuracy);
        }
    }
    lines_release(&set->train);
    lines_release(&set->test);
    wl_dict_release(&set->labels);
    wl_alloc_free(wl_alloc_default(), set);
    return is_good;
}

int main(void)
{
    char command[2048];

    (void)snprintf(command, sizeof(command),
                   "/usr/bin/python3 '%s' prepare '%s' '%s' >/dev/null 2>&1", script,
                   WL_SOURCE_DIR "/../shared", folder);
    if (strchr(WL_SOURCE_DIR WL_BINARY_DIR, '\'') != NULL || system(command) != 0) {
        printf("{\"bench\":\"text_classify\",\"ours\":null,\"skipped\":\"no python3-sklearn\"}\n");
        return EXIT_SUCCESS;
    }
    bool is_good = run_set("banking77", false);
    is_good = run_set("shopping", true) && is_good;
    return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}
