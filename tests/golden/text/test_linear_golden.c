/* Goal:   n-grams, document frequencies and TF-IDF rows are scikit-learn's, and the linear models
 *         are the optimum that liblinear finds.
 * Method: linear.json, made by make_linear.py: for each vectoriser the sorted document frequencies
 *         and the sorted weights of every text (names of n-grams do not survive hashing, so some are
 *         looked up one by one); for each label the objective and the decisions of LinearSVC with a
 *         tolerance of 1e-10, with and without class_weight="balanced". A planted fault, another C or
 *         another balance, must be seen. */
#include "check.h"

#include "base/file.h"
#include "data/node.h"
#include "text/dual_descent.h"
#include "text/text_corpus.h"
#include "text/vocabulary.h"

#define N_TEXTS_MAX 64
#define NEAR        2e-4 /* what stopping at a gradient of 0.01 leaves of the objective at a C_i of 15 */

static struct wl_arena arena;
static const struct wl_node *golden;
static struct wl_str texts[N_TEXTS_MAX];
static size_t n_texts;

static void open_golden(void)
{
    struct wl_buf buf;
    struct wl_node *root = NULL;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_buf_init(&buf, wl_alloc_default(), 0);
    CHECK_INT(wl_file_read(WL_SOURCE_DIR "/tests/golden/text/linear.json", &buf, NULL), WL_OK);
    CHECK_INT(wl_json_parse(&arena, wl_buf_view(&buf), &root, NULL), WL_OK);
    wl_buf_release(&buf);
    golden = root;
    const struct wl_node *list = wl_node_get(golden, "texts");
    for (const struct wl_node *node = list != NULL ? list->first : NULL; node != NULL;
         node = node->next) {
        texts[n_texts++] = node->text;
    }
    CHECK(n_texts > 20);
}

static struct wl_ngram_options options_of(const struct wl_node *node)
{
    return (struct wl_ngram_options){.words_max = (uint32_t)wl_node_number(node, "words_max", -1.0),
                                     .chars_min = (uint32_t)wl_node_number(node, "chars_min", -1.0),
                                     .chars_max = (uint32_t)wl_node_number(node, "chars_max", -1.0),
                                     .chars_within_words =
                                         wl_node_get(node, "within_words")->number > 0.0};
}

static int compare_u32(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static int compare_float(const void *left, const void *right)
{
    float a = *(const float *)left;
    float b = *(const float *)right;
    return (a > b) - (a < b);
}

// Rows of TF-IDF over the first n texts with this vectoriser. Release with wl_sparse_release.
static void weigh(const struct wl_ngram_options *options, size_t n, struct wl_text_corpus *corpus,
                  uint32_t **df_out, struct wl_sparse *rows)
{
    CHECK_INT(wl_text_corpus_init(corpus, wl_alloc_default(), options, texts, n, 1, NULL), WL_OK);
    size_t n_columns = corpus->counts.n_columns;
    uint32_t *df = wl_alloc_zeroed(wl_alloc_default(), n_columns, sizeof(*df));
    float *idf = wl_alloc_zeroed(wl_alloc_default(), n_columns, sizeof(*idf));
    wl_text_corpus_df(corpus, NULL, df);
    for (size_t c = 0; c < n_columns; c++) {
        idf[c] = wl_idf(n, df[c]);
        CHECK(c == 0 || df[c] <= df[c - 1]);
    }
    CHECK_INT(wl_text_corpus_weigh(corpus, idf, false, rows, NULL), WL_OK);
    wl_alloc_free(wl_alloc_default(), idf);
    *df_out = df;
}

static void check_rows(struct wl_sparse *rows, const struct wl_node *list)
{
    size_t r = 0;

    CHECK_INT(rows->n_rows, list->n_children);
    for (const struct wl_node *row = list->first; row != NULL && r < rows->n_rows;
         row = row->next, r++) {
        float *values = rows->values + rows->begin[r];
        size_t n = (size_t)(rows->begin[r + 1] - rows->begin[r]);
        const struct wl_node *want = row->first;
        CHECK_INT(n, row->n_children);
        qsort(values, n, sizeof(*values), compare_float);
        for (size_t i = 0; i < n && want != NULL; i++, want = want->next) {
            CHECK_CLOSE((double)values[i], want->number, 1e-6); // float32, seven digits in the file
        }
    }
}

// Document frequency of one n-gram of characters, by the key that it has as a text of its own.
static void check_ngram(const struct wl_text_corpus *corpus, const uint32_t *df,
                        const struct wl_node *want)
{
    static struct wl_ngrams ngrams;
    struct wl_ngram_options options = {.chars_min = 1, .chars_max = WL_NGRAM_MAX};
    uint64_t key = 0;
    size_t found = SIZE_MAX;

    wl_ngrams_init(&ngrams, wl_alloc_default());
    CHECK_INT(wl_ngrams_begin(&ngrams, &options, want->key, true, NULL), WL_OK);
    CHECK(wl_ngrams_next(&ngrams));
    for (size_t i = 0; i < ngrams.n_keys; i++) {
        if (ngrams.places[i].i_byte == 0 && ngrams.places[i].n_bytes == want->key.n_bytes) {
            key = ngrams.keys[i];
        }
    }
    wl_ngrams_release(&ngrams);
    for (size_t c = 0; c < corpus->counts.n_columns; c++) {
        found = corpus->keys[c] == key ? c : found;
    }
    CHECK(found != SIZE_MAX);
    CHECK(found == SIZE_MAX || (double)df[found] == want->number);
}

static void check_case(const struct wl_node *node)
{
    struct wl_ngram_options options = options_of(node);
    struct wl_text_corpus corpus;
    struct wl_sparse rows;
    uint32_t *df = NULL;
    const struct wl_node *want = wl_node_get(node, "df")->first;
    const struct wl_node *ngrams = wl_node_get(node, "ngrams");

    weigh(&options, n_texts, &corpus, &df, &rows);
    for (const struct wl_node *one = ngrams != NULL ? ngrams->first : NULL; one != NULL;
         one = one->next) {
        check_ngram(&corpus, df, one);
    }
    CHECK_INT(corpus.counts.n_columns, wl_node_get(node, "df")->n_children);
    qsort(df, corpus.counts.n_columns, sizeof(*df), compare_u32);
    for (size_t c = 0; c < corpus.counts.n_columns && want != NULL; c++, want = want->next) {
        CHECK_INT(df[c], want->number);
    }
    check_rows(&rows, wl_node_get(node, "rows"));
    wl_sparse_release(&rows);
    wl_text_corpus_release(&corpus);
    wl_alloc_free(wl_alloc_default(), df);
}

static void test_ngrams_are_scikit_learns(void)
{
    size_t n = 0;

    for (const struct wl_node *node = wl_node_get(golden, "cases")->first; node != NULL;
         node = node->next) {
        check_case(node);
        n++;
    }
    CHECK_INT(n, 5);
}

/* -- the optimum -- */

struct solution {
    float *weights; /* (n_columns, n_outputs) */
    double bias[8];
    size_t n_outputs;
};

static double decide(const struct wl_sparse *x, const struct solution *solution, size_t row,
                     size_t output)
{
    double sum = solution->bias[output];

    for (uint64_t i = x->begin[row]; i < x->begin[row + 1]; i++) {
        size_t at = (size_t)x->columns[i] * solution->n_outputs + output;
        sum += (double)x->values[i] * (double)solution->weights[at];
    }
    return sum;
}

static double objective_of(const struct wl_dual_problem *problem, const struct solution *solution,
                           size_t output)
{
    const struct wl_sparse *x = problem->x;
    double sum = 0.5 * solution->bias[output] * solution->bias[output];
    double n_positive = 0.0;

    for (size_t r = 0; r < problem->n_rows; r++) {
        n_positive += problem->labels[r] == output;
    }
    for (size_t c = 0; c < x->n_columns; c++) {
        double w = (double)solution->weights[c * solution->n_outputs + output];
        sum += 0.5 * w * w;
    }
    for (size_t r = 0; r < problem->n_rows; r++) {
        double y = problem->labels[r] == output ? 1.0 : -1.0;
        double loss = fmax(0.0, 1.0 - y * decide(x, solution, r, output));
        double n_side = y > 0.0 ? n_positive : (double)problem->n_rows - n_positive;
        double weight = pow((double)problem->n_rows / (2.0 * n_side), problem->balance);
        sum += problem->c * weight * loss * loss;
    }
    return sum;
}

static void check_optimum(const struct wl_node *node, const struct wl_dual_problem *problem,
                          double c_of_fault, double balance_of_fault)
{
    struct wl_dual_problem other = *problem;
    struct solution solution = {.n_outputs = wl_dual_outputs(problem)};
    struct solution faulty = {.n_outputs = solution.n_outputs};
    size_t n_weights = problem->x->n_columns * solution.n_outputs;
    size_t output = 0;

    solution.weights = wl_alloc_zeroed(wl_alloc_default(), n_weights, sizeof(float));
    faulty.weights = wl_alloc_zeroed(wl_alloc_default(), n_weights, sizeof(float));
    other.c = c_of_fault;
    other.balance = balance_of_fault;
    CHECK_INT(wl_dual_train(wl_alloc_default(), problem, 2, solution.weights, solution.bias, NULL),
              WL_OK);
    CHECK_INT(wl_dual_train(wl_alloc_default(), &other, 1, faulty.weights, faulty.bias, NULL),
              WL_OK);
    for (const struct wl_node *one = wl_node_get(node, "outputs")->first; one != NULL;
         one = one->next, output++) {
        double best = wl_node_number(one, "objective", -1.0);
        const struct wl_node *want = wl_node_get(one, "decisions")->first;
        double got = objective_of(problem, &solution, output);
        CHECK(got <= best * (1.0 + NEAR) && got >= best * (1.0 - 1e-6));
        CHECK(objective_of(problem, &faulty, output) > best * (1.0 + NEAR)); // planted fault
        for (size_t r = 0; r < problem->n_rows && want != NULL; r++, want = want->next) {
            CHECK_CLOSE(decide(problem->x, &solution, r, output), want->number, 0.01);
            CHECK((decide(problem->x, &solution, r, output) > 0.0) == (want->number > 0.0));
        }
    }
    wl_alloc_free(wl_alloc_default(), solution.weights);
    wl_alloc_free(wl_alloc_default(), faulty.weights);
}

static const struct wl_node *case_named(struct wl_str name)
{
    const struct wl_node *node = wl_node_get(golden, "cases")->first;

    while (node != NULL && !wl_str_equal(wl_node_get(node, "name")->text, name)) {
        node = node->next;
    }
    return node;
}

static void check_svm(const struct wl_node *node)
{
    struct wl_ngram_options options = options_of(case_named(wl_node_get(node, "case")->text));
    const struct wl_node *label = wl_node_get(node, "labels")->first;
    uint32_t labels[N_TEXTS_MAX];
    uint32_t rows[N_TEXTS_MAX];
    size_t n = 0;
    struct wl_text_corpus corpus;
    struct wl_sparse x;
    uint32_t *df = NULL;

    for (; label != NULL; label = label->next, n++) {
        labels[n] = (uint32_t)label->number;
        rows[n] = (uint32_t)n;
    }
    weigh(&options, n, &corpus, &df, &x);
    struct wl_dual_problem problem = {.x = &x,
                                      .rows = rows,
                                      .n_rows = n,
                                      .labels = labels,
                                      .n_labels = (size_t)wl_node_number(node, "n_labels", 0.0),
                                      .c = wl_node_number(node, "c", 0.0),
                                      .balance = wl_node_number(node, "balance", 0.0),
                                      .tolerance = 0.01, // as wl_text_train
                                      .n_passes_max = 1000,
                                      .seed = 7};
    check_optimum(node, &problem, problem.c * 1.2, problem.balance);
    if (problem.balance > 0.0) {
        check_optimum(node, &problem, problem.c, 0.8);
    }
    wl_sparse_release(&x);
    wl_text_corpus_release(&corpus);
    wl_alloc_free(wl_alloc_default(), df);
}

static void test_models_are_the_optimum(void)
{
    size_t n = 0;

    for (const struct wl_node *node = wl_node_get(golden, "svm")->first; node != NULL;
         node = node->next) {
        check_svm(node);
        n++;
    }
    CHECK_INT(n, 4);
}

int main(void)
{
    open_golden();
    if (golden != NULL && check_failures == 0) {
        RUN(test_ngrams_are_scikit_learns);
        RUN(test_models_are_the_optimum);
    }
    wl_arena_release(&arena);
    return check_report();
}
