/* Goal:   mean TF-IDF of words over texts is scikit-learn's, chi-square scipy's, and the log-odds
 *         with a prior those of the formula in numpy; Chinese and English.
 * Method: texts of our own with their answers (contrast.json, by make_contrast.py). A planted fault,
 *         one text more in a group, must be seen. */
#include "check.h"

#include "base/dict.h"
#include "base/file.h"
#include "data/node.h"
#include "text/contrast.h"

struct world {
    struct wl_arena arena_process;
    struct wl_buf file;
    struct wl_dict words;
    struct wl_term_matrix matrix;
    uint8_t *group; /* (n_texts) */
    const struct wl_node *answers;
};

static void read_texts(struct world *world, const struct wl_node *root)
{
    const struct wl_node *mark = wl_node_get(root, "group")->first;
    const struct wl_node *texts = wl_node_get(root, "texts");

    world->group = wl_arena_zeroed(&world->arena_process, texts->n_children, 1);
    for (const struct wl_node *text = texts->first; text != NULL; text = text->next) {
        uint32_t *terms = wl_arena_zeroed(&world->arena_process, text->n_children, sizeof(*terms));
        size_t n = 0;
        for (const struct wl_node *word = text->first; word != NULL; word = word->next) {
            CHECK_INT(wl_dict_intern(&world->words, word->text, &terms[n++], NULL), WL_OK);
        }
        world->group[world->matrix.n_texts] = mark->number > 0.0;
        CHECK_INT(wl_term_matrix_add(&world->matrix, terms, n, NULL), WL_OK);
        mark = mark->next;
    }
}

static bool open_world(struct world *world)
{
    struct wl_node *root = NULL;

    wl_arena_init(&world->arena_process, wl_alloc_default(), 0);
    wl_buf_init(&world->file, wl_alloc_default(), 0);
    wl_dict_init(&world->words, wl_alloc_default());
    wl_term_matrix_init(&world->matrix, wl_alloc_default());
    CHECK_INT(wl_file_read(WL_SOURCE_DIR "/tests/golden/text/contrast.json", &world->file, NULL),
              WL_OK);
    CHECK_INT(wl_json_parse(&world->arena_process, wl_buf_view(&world->file), &root, NULL), WL_OK);
    if (root == NULL) {
        return false;
    }
    read_texts(world, root);
    world->answers = wl_node_get(root, "words");
    return true;
}

// The k-th number behind a word's name.
static double number_of(const struct wl_node *answer, size_t k)
{
    const struct wl_node *node = answer->first->next;

    for (; k > 0; k--) {
        node = node->next;
    }
    return node->number;
}

static void test_tfidf(struct world *world)
{
    size_t n_terms = world->matrix.n_terms;
    uint32_t *n_texts_of = wl_arena_zeroed(&world->arena_process, n_terms, sizeof(*n_texts_of));
    double *weights = wl_arena_zeroed(&world->arena_process, n_terms, sizeof(*weights));
    size_t n_above = 0;

    wl_term_matrix_texts(&world->matrix, NULL, 0, n_texts_of);
    wl_term_matrix_tfidf(&world->matrix, n_texts_of, 5, weights);
    for (const struct wl_node *answer = world->answers->first; answer != NULL;
         answer = answer->next) {
        uint32_t term = wl_dict_find(&world->words, answer->first->text);
        CHECK(term != WL_DICT_NONE);
        // Means of some hundred numbers below 1 in another order of addition.
        CHECK_CLOSE(weights[term] / number_of(answer, 0), 1.0, 1e-12);
    }
    for (size_t i = 0; i < n_terms; i++) {
        n_above += weights[i] > 0.0;
    }
    CHECK_INT(n_above, world->answers->n_children); // none but those of min_df
}

// Largest relative difference of any figure of any word.
static double compare(struct world *world)
{
    struct wl_contrast_options options = {.min_df = 5, .prior = WL_CONTRAST_PRIOR};
    struct wl_contrast *results = NULL;
    size_t n = 0;
    double worst = 0.0;

    CHECK_INT(wl_contrast_rank(wl_alloc_default(), &world->matrix, world->group, NULL, &options,
                               &results, &n, NULL),
              WL_OK);
    CHECK_INT(n, world->answers->n_children);
    for (size_t i = 0; i < n; i++) {
        struct wl_str name = wl_dict_string(&world->words, results[i].term);
        const struct wl_node *answer = world->answers->first;
        CHECK(i == 0 || results[i].z <= results[i - 1].z);
        while (answer != NULL && !wl_str_equal(answer->first->text, name)) {
            answer = answer->next;
        }
        CHECK(answer != NULL);
        if (answer == NULL) {
            break;
        }
        const double got[] = {results[i].counts.n_with[0], results[i].counts.n_with[1],
                              results[i].log_odds,         results[i].z,
                              results[i].chi_square,       results[i].p,
                              results[i].p_adjusted};
        for (size_t k = 0; k < COUNT(got); k++) {
            double want = number_of(answer, k + 1);
            worst = fmax(worst, fabs(got[k] - want) / fmax(1e-3, fabs(want)));
        }
    }
    wl_alloc_free(wl_alloc_default(), results);
    return worst;
}

int main(void)
{
    struct world world = {0};

    if (open_world(&world)) {
        test_tfidf(&world);
        CHECK(compare(&world) < 1e-9);
        world.group[0] = !world.group[0];
        CHECK(compare(&world) > 1e-6); // the planted fault is seen
    }
    wl_term_matrix_release(&world.matrix);
    wl_dict_release(&world.words);
    wl_buf_release(&world.file);
    wl_arena_release(&world.arena_process);
    return check_report();
}
