/* Goal:   an evaluation that was written can be read: the same bytes are written again, the page is
 *         the same in both languages, texts outlive the file, and a damaged file is refused without
 *         touching what was there.
 * Method: real evaluations (one period; folds; nobody flagged; forced and random) written, read and
 *         written again; single edits of a good file with the words of the refusal; every failed
 *         allocation. */
#include "check.h"

#include "base/clock.h"
#include "base/rng.h"
#include "learn/evaluate.h"

#define N 500

static uint8_t y[N];
static double p[N], weak[N];
static uint32_t user[N], fold[N];
static int64_t as_of_us[N];

static const struct wl_baseline_scores baselines[] = {{"recency", weak}, {"\"rfm\" 基线", p}};

static struct wl_evaluate_input input_of(void)
{
    struct wl_rng rng;

    wl_rng_init(&rng, 7, 0);
    for (size_t i = 0; i < N; i++) {
        double z = 1.5 * wl_rng_normal(&rng) - 1.0;
        p[i] = 1.0 / (1.0 + exp(-z));
        y[i] = wl_rng_unit(&rng) < p[i];
        weak[i] = z + 3.0 * wl_rng_normal(&rng);
        user[i] = (uint32_t)(i / 2);
        fold[i] = (uint32_t)(i % 5);
        as_of_us[i] = 15000 * WL_DAY_US + (int64_t)(i % 2) * WL_HOUR_US + 1;
    }
    return (struct wl_evaluate_input){.set = "online \"retail\"",
                                      .model = "xgboost",
                                      .n_rows = N,
                                      .y = y,
                                      .p = p,
                                      .user = user,
                                      .n_users = N,
                                      .as_of_us = as_of_us,
                                      .threshold = 0.4,
                                      .horizon_us = 100 * WL_HOUR_US,
                                      .lead_us = 72 * WL_HOUR_US + 1,
                                      .split_en = "split by time",
                                      .split_zh = "按时间划分",
                                      .n_baselines = 2,
                                      .baselines = baselines,
                                      .gates = {400, 100, 0.0, 0.0, 0.98},
                                      .n_resamples = 50,
                                      .seed = 42,
                                      .n_threads = 1};
}

static struct wl_evaluation evaluate(const struct wl_evaluate_input *input)
{
    struct wl_evaluation evaluation = {0};

    CHECK_INT(wl_evaluate(wl_alloc_default(), input, &evaluation, NULL), WL_OK);
    return evaluation;
}

static wl_status read_text(struct wl_arena *arena, struct wl_str text,
                           struct wl_evaluation *evaluation, wl_error *error)
{
    struct wl_arena arena_tree; // given back before texts are looked at
    struct wl_node *root = NULL;

    wl_arena_init(&arena_tree, wl_alloc_default(), 0);
    wl_status status = wl_json_parse(&arena_tree, text, &root, error);
    if (status == WL_OK) {
        status = wl_evaluation_read(arena, root, evaluation, error);
    }
    wl_arena_release(&arena_tree);
    return status;
}

static void check_both_ways(const struct wl_evaluation *first)
{
    struct wl_evaluation second = {0};
    struct wl_arena arena;
    struct wl_buf a, b;
    wl_error error = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_buf_init(&a, wl_alloc_default(), 0);
    wl_buf_init(&b, wl_alloc_default(), 0);
    wl_evaluation_json(first, &a);
    CHECK_INT(read_text(&arena, wl_buf_view(&a), &second, &error), WL_OK);
    CHECK_STR(error.message, "");
    wl_evaluation_json(&second, &b);
    CHECK_STR(b.data, a.data);
    CHECK_INT(second.horizon_us, first->horizon_us);
    CHECK_INT(second.lead_us, first->lead_us);
    CHECK_INT(second.first_us, first->first_us);
    CHECK_INT(second.users_repeat, first->users_repeat);
    static const char *const languages[] = {"en", "zh"};
    for (size_t i = 0; i < 2; i++) {
        wl_buf_clear(&a);
        wl_buf_clear(&b);
        wl_evaluation_text(first, languages[i], &a);
        wl_evaluation_text(&second, languages[i], &b);
        CHECK_STR(b.data, a.data);
    }
    second.decile_lift[3] += 0.01; // planted: a figure that differs is seen
    wl_buf_clear(&b);
    wl_evaluation_text(&second, "zh", &b);
    CHECK(strcmp(a.data, b.data) != 0);
    wl_buf_release(&a);
    wl_buf_release(&b);
    wl_arena_release(&arena);
}

static void test_written_read_and_written_again(void)
{
    struct wl_evaluate_input input = input_of();
    struct wl_evaluation evaluation = evaluate(&input);
    CHECK_INT(evaluation.n_points, WL_EVALUATION_POINTS_MAX);
    check_both_ways(&evaluation);
    input.fold = fold;
    input.n_folds = 5;
    input.is_random = true;
    input.caution = "demonstration\tdata 演示";
    evaluation = evaluate(&input);
    check_both_ways(&evaluation);
    input.fold = NULL;
    input.threshold = 1.0; // nobody is flagged: a figure without a value
    input.n_baselines = 0;
    input.as_of_us = NULL;
    input.split_en = NULL;
    input.split_zh = NULL;
    evaluation = evaluate(&input);
    check_both_ways(&evaluation);
    for (size_t i = 0; i < N; i++) {
        y[i] = 0;
    }
    input.n_baselines = 2; // nobody left: hardly anything is defined
    input.is_forced = true;
    evaluation = evaluate(&input);
    check_both_ways(&evaluation);
    evaluation.histogram[19] = -0.0; // JSON readers take "-0" for a whole number
    check_both_ways(&evaluation);
}

// The first `from` of the text becomes `to`.
static void edit(struct wl_str text, const char *from, const char *to, struct wl_buf *edited)
{
    const char *at = strstr(text.data, from);

    CHECK(at != NULL);
    wl_buf_clear(edited);
    if (at != NULL) {
        wl_buf_add(edited, text.data, (size_t)(at - text.data));
        wl_buf_text(edited, to);
        wl_buf_text(edited, at + strlen(from));
    }
}

static void test_damage_is_refused(void)
{
    static const struct {
        const char *from, *to, *message;
    } cases[] = {
        {"\"model\":\"xgboost\",", "", "evaluation: the key \"model\" is missing"},
        {"\"model\":\"xgboost\"", "\"model\":[]", "evaluation.model: wants a text"},
        {"\"n\":500", "\"n\":0", "evaluation.n: 0 is not between 1"},
        {"\"n\":500", "\"n\":500.5", "evaluation.n: wants a whole number"},
        {"\"n\":500", "\"n\":499", NULL}, // fewer rows than the rest says: only bounds are checked
        {"\"n\":500", "\"n\":100", "left and 250 users among 100 rows"},
        {"\"folds\":1", "\"folds\":21", "evaluation.folds: 21 is not between 1 and 20"},
        {"\"folds\":1", "\"folds\":2", "auc_pooled: the key \"n\" is missing"},
        {"\"first_date\":\"2011-", "\"first_date\":\"2011-13-", "evaluation.first_date: "},
        {"\"first_date\":\"2011-", "\"first_date\":\"x2011-", "evaluation.first_date: "},
        {"\"horizon_days\":4", "\"horizon_days\":9994", "evaluation.horizon_days: "},
        {"\"threshold\":0.4", "\"threshold\":1.4", "evaluation.threshold: "},
        {"\"random_split\":false", "\"random_split\":0", "evaluation.random_split: wants true"},
        {"\"too_good\"", "\"to_good\"", "no key \"to_good\" here (did you mean \"too_good\"?)"},
        {"\"pr_auc\":{", "\"pr_auk\":{", "metrics: no key \"pr_auk\" here"},
        {"\"auc\":{\"value\":0", "\"auc\":{\"value\":\"0", NULL}, // no JSON any more
        {"\"auc\":{\"value\":0.", "\"auc\":{\"value\":1e99,\"high\":0.",
         NULL}, // "high" twice: no JSON either
        {"\"auc\":{\"value\":0.", "\"auc\":{\"value\":9999999999.", "auc.value: "},
        {"\"low\":0.", "\"low\":7.", "auc: 7."},
        {"\"low\":0.", "\"low\":null,\"was\":0.", "auc: no key \"was\" here"},
        {"\"interval\":\"user bootstrap\"", "\"interval\":null",
         "auc: the key \"interval\" is missing"},
        {"\"metrics\":{", "\"metrics\":[],\"baselines\":{", NULL},
        {"\"baselines\":[", "\"baselines\":[7,", "baselines: wants a map, found a number"},
        {"\"baselines\":[", "\"baselines\":[0,1,2,3,4,5,6,", "baselines: 9 values, wants 0 to 8"},
        {"\"confusion\":{", "\"confusion\":{\"xx\":1,", "confusion: no key \"xx\" here"},
        {"\"tp\":", "\"tp\":-", "confusion.tp: "},
        {"\"decile_lift\":[", "\"decile_lift\":[1,", "decile_lift: 11 values, wants 10 to 10"},
        {"\"histogram\":[", "\"histogram\":[\"a\",", "histogram: 21 values, wants 20 to 20"},
        {"\"curve\":[[", "\"curve\":[{},[", "curve: 201 values, wants 0 to 200"},
        {"\"curve\":[[", "\"curve\":[[0,", "curve: 5 values, wants 4 to 4"},
        {"\"curve\":[[0.", "\"curve\":[[\"\",0.", NULL},
        {"\"reliability\":[{", "\"reliability\":[{\"m\":1,", "reliability: no key \"m\" here"},
        {"\"reliability\":[", "\"reliability\":[{\"n\":1},", "reliability: 16 values"},
    };
    struct wl_evaluate_input input = input_of();
    struct wl_evaluation good = evaluate(&input);
    struct wl_buf text, edited;
    struct wl_arena arena;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_buf_init(&text, wl_alloc_default(), 0);
    wl_buf_init(&edited, wl_alloc_default(), 0);
    wl_evaluation_json(&good, &text);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct wl_evaluation got = {.n_rows = 77};
        wl_error error = {0};
        edit(wl_buf_view(&text), cases[i].from, cases[i].to, &edited);
        wl_status status = read_text(&arena, wl_buf_view(&edited), &got, &error);
        if (cases[i].message != NULL) {
            CHECK_INT(status, WL_ESCHEMA);
            CHECK_INT(error.status, WL_ESCHEMA);
            if (strstr(error.message, cases[i].message) == NULL) {
                CHECK_STR(error.message, cases[i].message);
            }
        }
        CHECK_INT(got.n_rows, status == WL_OK ? 499 : 77);
    }
    wl_buf_release(&text);
    wl_buf_release(&edited);
    wl_arena_release(&arena);
}

static void test_other_trees_are_refused(void)
{
    static const char *const texts[] = {
        "null", "{}", "[]", "7", "\"evaluation\"", "{\"set\":\"a\",\"model\":\"b\"}"};
    struct wl_arena arena;
    struct wl_evaluation got = {.n_rows = 77};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        CHECK_INT(read_text(&arena, wl_str_from(texts[i]), &got, NULL), WL_ESCHEMA);
    }
    CHECK_INT(wl_evaluation_read(&arena, NULL, &got, NULL), WL_ESCHEMA);
    CHECK_INT(got.n_rows, 77);
    wl_arena_release(&arena);
}

static void test_every_failed_allocation(void)
{
    struct wl_evaluate_input input = input_of();
    struct wl_evaluation good = evaluate(&input);
    struct wl_arena arena_tree;
    struct wl_node *root = NULL;
    struct wl_buf text;
    wl_status status = WL_ENOMEM;

    wl_arena_init(&arena_tree, wl_alloc_default(), 0);
    wl_buf_init(&text, wl_alloc_default(), 0);
    wl_evaluation_json(&good, &text);
    CHECK_INT(wl_json_parse(&arena_tree, wl_buf_view(&text), &root, NULL), WL_OK);
    for (size_t n_good = 0; n_good < 100 && status != WL_OK; n_good++) {
        struct wl_evaluation got = {.n_rows = 77};
        struct check_heap heap;
        struct wl_arena arena;
        check_heap_init(&heap, n_good);
        wl_arena_init(&arena, &heap.alloc, 64); // small blocks: many allocations
        status = wl_evaluation_read(&arena, root, &got, NULL);
        CHECK(status == WL_OK || status == WL_ENOMEM);
        CHECK_INT(got.n_rows, status == WL_OK ? N : 77);
        wl_arena_release(&arena);
        CHECK_INT(heap.live_blocks, 0);
    }
    CHECK_INT(status, WL_OK);
    wl_buf_release(&text);
    wl_arena_release(&arena_tree);
}

int main(void)
{
    RUN(test_written_read_and_written_again);
    RUN(test_damage_is_refused);
    RUN(test_other_trees_are_refused);
    RUN(test_every_failed_allocation);
    return check_report();
}
