/* Goal:   beam search finds the best texts of a model small enough to enumerate; one beam is
 *         greedy; drawn texts have the probabilities of their definition; stops are seen across
 *         tokens; slots and templates hold whatever the model likes; a seed gives the same texts.
 * Method: a toy model whose scores are a hash of the last two tokens, every text enumerated;
 *         200,000 draws against exact probabilities after top k, top p and temperature (chi-square,
 *         limit of 1 in 10,000); 400 random models under random rules, each text checked anew. */
#include "check.h"

#include "nn/generate.h"

static wl_error fault;

// -- a toy model: V tokens, scores from the last two --

enum { V_MAX = 64, LENGTH_MAX = 64, TEXTS = 64 };

struct toy {
    size_t v;
    uint64_t seed;
    float likes_end; // added to the score of token 0
    size_t n;        // tokens each text has
    int32_t texts[TEXTS][LENGTH_MAX];
    float scores[TEXTS * V_MAX];
};

static void toy_scores(const struct toy *toy, const int32_t *text, size_t n, float *scores)
{
    uint64_t state = toy->seed + (uint64_t)text[n - 1] * 977 + (n > 1 ? (uint64_t)text[n - 2] : 0);

    for (size_t v = 0; v < toy->v; v++) {
        scores[v] = (float)((double)(check_rand(&state) >> 40) / 16777216.0 * 4.0);
    }
    scores[0] += toy->likes_end;
}

static wl_status toy_start(void *context, const int32_t *tokens, size_t n, const float **scores,
                           wl_error *error)
{
    struct toy *toy = context;

    (void)error;
    memcpy(toy->texts[0], tokens, n * sizeof(*tokens));
    toy->n = n;
    toy_scores(toy, toy->texts[0], n, toy->scores);
    *scores = toy->scores;
    return WL_OK;
}

static wl_status toy_step(void *context, const uint32_t *from, const int32_t *tokens, size_t n,
                          const float **scores, wl_error *error)
{
    static int32_t before[TEXTS][LENGTH_MAX];
    struct toy *toy = context;

    (void)error;
    memcpy(before, toy->texts, sizeof(before));
    for (size_t i = 0; i < n; i++) {
        memcpy(toy->texts[i], before[from[i]], toy->n * sizeof(*tokens));
        toy->texts[i][toy->n] = tokens[i];
        toy_scores(toy, toy->texts[i], toy->n + 1, toy->scores + i * toy->v);
    }
    toy->n++;
    *scores = toy->scores;
    return WL_OK;
}

static struct wl_next_tokens next_of(struct toy *toy)
{
    return (struct wl_next_tokens){toy->v, TEXTS, toy_start, toy_step, toy};
}

static void log_softmax(float *scores, size_t n)
{
    double total = 0.0;
    for (size_t i = 0; i < n; i++) {
        total += exp((double)scores[i]);
    }
    for (size_t i = 0; i < n; i++) {
        scores[i] = (float)((double)scores[i] - log(total));
    }
}

// -- beam search against enumeration --

struct best {
    double scores[8]; // falling
    size_t n;
};

static void remember(struct best *best, double score)
{
    size_t i = best->n < COUNT(best->scores) ? best->n++ : best->n;
    for (; i > 0 && best->scores[i - 1] < score; i--) {
        if (i < COUNT(best->scores)) {
            best->scores[i] = best->scores[i - 1];
        }
    }
    if (i < COUNT(best->scores)) {
        best->scores[i] = score;
    }
}

static void enumerate(const struct toy *toy, int32_t *text, size_t n, size_t n_left, double log_p,
                      double penalty, struct best *best)
{
    float scores[V_MAX];

    toy_scores(toy, text, n, scores);
    log_softmax(scores, toy->v);
    for (size_t v = 0; v < toy->v; v++) {
        double now = log_p + (double)scores[v];
        if (v == 0 || n_left == 1) {
            remember(best, now / pow((double)n, penalty)); // n - 1 new tokens and this one
        } else {
            text[n] = (int32_t)v;
            enumerate(toy, text, n + 1, n_left - 1, now, penalty, best);
        }
    }
}

static void test_beams_find_the_best_of_all_texts(void)
{
    uint64_t seed = check_seed();

    for (uint64_t round = 0; round < 60; round++) {
        struct toy toy = {.v = 4, .seed = seed + round * 1000003};
        struct wl_generate_options options = wl_generate_options_default();
        struct wl_next_tokens next = next_of(&toy);
        struct wl_generated_texts texts = {0};
        struct best best = {0};
        int32_t text[LENGTH_MAX] = {1};

        options.method = WL_GENERATE_BEAMS;
        options.n_beams = 54; // the widest level but the last has 27 texts; 2 x 54 >= 27 x 4
        options.n_best = 8;
        options.n_new_max = 4;
        options.early = WL_EARLY_NEVER;
        options.length_penalty = (double)(round % 4) * 0.7;
        options.end = 0;
        enumerate(&toy, text, 1, options.n_new_max, 0.0, options.length_penalty, &best);
        CHECK_INT(wl_generate(wl_alloc_default(), &next, text, 1, &options, &texts, &fault), WL_OK);
        CHECK_INT(texts.n, 8);
        for (size_t i = 0; i < texts.n; i++) {
            CHECK_CLOSE(texts.items[i].score, best.scores[i], 1e-5);
        }
        wl_generated_texts_release(&texts);
    }
}

static void test_one_beam_is_greedy(void)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        struct toy toy = {.v = 30, .seed = seed};
        struct wl_generate_options options = wl_generate_options_default();
        struct wl_next_tokens next = next_of(&toy);
        struct wl_generated_texts greedy = {0};
        struct wl_generated_texts beam = {0};
        const int32_t prompt[2] = {3, 4};

        options.n_new_max = 30;
        options.end = 0;
        CHECK_INT(wl_generate(wl_alloc_default(), &next, prompt, 2, &options, &greedy, &fault),
                  WL_OK);
        options.method = WL_GENERATE_BEAMS;
        options.early = WL_EARLY_AT_ONCE;
        CHECK_INT(wl_generate(wl_alloc_default(), &next, prompt, 2, &options, &beam, &fault),
                  WL_OK);
        CHECK_INT(beam.items[0].n_tokens, greedy.items[0].n_tokens);
        CHECK(memcmp(beam.items[0].tokens, greedy.items[0].tokens,
                     greedy.items[0].n_tokens * sizeof(int32_t)) == 0);
        CHECK_CLOSE(beam.items[0].log_p, greedy.items[0].log_p, 1e-5);
        wl_generated_texts_release(&greedy);
        wl_generated_texts_release(&beam);
    }
}

// -- drawing --

// Probabilities by definition: all sorted, the first k, then the first that reach p.
static void exact(const float *scores, size_t n, const struct wl_sampling *how, double *p)
{
    size_t order[V_MAX];
    double kept = 0.0;
    double total = 0.0;

    for (size_t i = 0; i < n; i++) {
        size_t j = i;
        for (; j > 0 && scores[order[j - 1]] < scores[i]; j--) {
            order[j] = order[j - 1];
        }
        order[j] = i;
        p[i] = 0.0;
    }
    size_t n_most = how->top_k > 0 && how->top_k < n ? how->top_k : n;
    for (size_t i = 0; i < n_most; i++) {
        total += exp((double)scores[order[i]] / how->temperature);
    }
    for (size_t i = 0; i < n_most && kept < how->top_p; i++) {
        p[order[i]] = exp((double)scores[order[i]] / how->temperature) / total;
        kept += p[order[i]];
    }
    for (size_t i = 0; i < n; i++) {
        p[i] /= kept;
    }
}

static void test_draws_have_their_probabilities(void)
{
    // Limits of chi-square at 1 in 10,000 for 1 to 9 degrees of freedom.
    static const double limits[] = {15.1, 18.4, 21.1, 23.5, 25.7, 27.9, 29.9, 31.8, 33.7};
    static const struct wl_sampling ways[] = {{1.0, 0, 1.0},  {0.7, 0, 1.0}, {2.0, 0, 1.0},
                                              {1.0, 3, 1.0},  {1.0, 0, 0.6}, {0.8, 5, 0.8},
                                              {1.0, 10, 0.95}};
    enum { N = 10, DRAWS = 200000 };
    const float scores[N] = {0.3F, 2.0F, -1.0F, 1.1F, -INFINITY, 0.0F, 1.5F, -2.0F, 0.9F, 1.9F};
    struct wl_scored space[N];
    struct wl_rng rng;

    wl_rng_init(&rng, check_seed(), 0);
    for (size_t w = 0; w < COUNT(ways); w++) {
        double p[N];
        size_t counts[N] = {0};
        double chi = 0.0;
        size_t freedom = 0;
        exact(scores, N, &ways[w], p);
        for (size_t i = 0; i < DRAWS; i++) {
            double log_p = 0.0;
            size_t token = wl_scores_draw(scores, N, &ways[w], space, &rng, &log_p);
            counts[token]++;
            CHECK_CLOSE(exp(log_p), p[token], 1e-6);
        }
        for (size_t i = 0; i < N; i++) {
            double want = p[i] * DRAWS;
            CHECK(p[i] > 0.0 || counts[i] == 0);
            chi += p[i] > 0.0 ? pow((double)counts[i] - want, 2.0) / want : 0.0;
            freedom += p[i] > 0.0;
        }
        CHECK(freedom == 1 || chi < limits[freedom - 2]);
        double off = (double)counts[1] * 1.03 - p[1] * DRAWS; // a planted fault of 3 %
        CHECK(freedom == 1 || off * off / (p[1] * DRAWS) > 20.0);
    }
}

static void test_same_seed_same_texts(void)
{
    struct toy toy = {.v = 40, .seed = 5};
    struct wl_generate_options options = wl_generate_options_default();
    struct wl_next_tokens next = next_of(&toy);
    struct wl_generated_texts runs[3] = {{0}};
    const int32_t prompt[1] = {3};
    static const uint64_t seeds[3] = {7, 7, 8};

    options.method = WL_GENERATE_DRAWN;
    options.n_best = 5;
    options.n_new_max = 20;
    options.end = 0;
    for (size_t i = 0; i < 3; i++) {
        options.seed = seeds[i];
        CHECK_INT(wl_generate(wl_alloc_default(), &next, prompt, 1, &options, &runs[i], &fault),
                  WL_OK);
        CHECK_INT(runs[i].n, 5);
    }
    CHECK(memcmp(runs[0].tokens, runs[1].tokens, 5 * 20 * sizeof(int32_t)) == 0);
    CHECK(memcmp(runs[0].tokens, runs[2].tokens, 5 * 20 * sizeof(int32_t)) != 0);
    CHECK(memcmp(runs[0].items[0].tokens, runs[0].items[1].tokens, 3 * sizeof(int32_t)) != 0);
    for (size_t i = 0; i < 3; i++) {
        wl_generated_texts_release(&runs[i]);
    }
}

// -- text: token 0 ends, 1.. are pieces --

static const char *const pieces[] = {"",   "a",  "b",  " c", "ab", "{", "{{", "}",       "}}",
                                     "na", "me", "of", "fe", "r",  "n", "m",  "e",       "o",
                                     "f",  ".",  "}a", "e}", "b{", " ", "c",  "{{name}}"};

static struct wl_str piece_of(void *context, int32_t token)
{
    size_t n = *(const size_t *)context; // pieces in use
    return (size_t)token < n ? wl_str_from(pieces[token]) : (struct wl_str){0};
}

static void decode(void *context, const int32_t *tokens, size_t n, struct wl_buf *text)
{
    for (size_t i = 0; i < n; i++) {
        wl_buf_str(text, piece_of(context, tokens[i]));
    }
}

// Longest piece first.
static wl_status encode(void *context, struct wl_str text, struct wl_ids *ids, wl_error *error)
{
    for (size_t at = 0; at < text.n_bytes;) {
        uint32_t best = 0;
        for (uint32_t i = 1; i < *(const size_t *)context; i++) {
            size_t n = strlen(pieces[i]);
            if (n > strlen(pieces[best]) && n <= text.n_bytes - at &&
                memcmp(text.data + at, pieces[i], n) == 0) {
                best = i;
            }
        }
        if (best == 0) {
            return wl_fail(error, WL_ERANGE, "no piece");
        }
        WL_TRY(wl_ids_reserve(ids, ids->n + 1, error));
        ids->items[ids->n++] = best;
        at += strlen(pieces[best]);
    }
    return WL_OK;
}

static size_t n_pieces = COUNT(pieces);
static const struct wl_token_text words = {decode, piece_of, encode, &n_pieces, true};

static void test_stops_across_tokens(void)
{
    static const struct wl_str stops[] = {{"na m", 4}, {"ab", 2}, {"ea", 2}};
    size_t n_stopped = 0;

    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct toy toy = {.v = COUNT(pieces), .seed = seed};
        struct wl_generate_options options = wl_generate_options_default();
        struct wl_next_tokens next = next_of(&toy);
        struct wl_generated_texts texts = {0};
        struct wl_buf text;
        const int32_t prompt[1] = {1};

        options.method = seed % 2 == 0 ? WL_GENERATE_DRAWN : WL_GENERATE_BEAMS;
        options.n_best = options.n_beams = 4;
        options.n_new_max = 40;
        options.end = 0;
        options.stops = stops;
        options.n_stops = COUNT(stops);
        options.text = &words;
        CHECK_INT(wl_generate(wl_alloc_default(), &next, prompt, 1, &options, &texts, &fault),
                  WL_OK);
        wl_buf_init(&text, wl_alloc_default(), 0);
        for (size_t i = 0; i < texts.n; i++) {
            wl_buf_clear(&text);
            wl_generate_text(&options, &words, &texts.items[i], &text);
            for (size_t s = 0; s < COUNT(stops) && text.n_bytes > 0; s++) {
                CHECK(strstr(text.data, stops[s].data) == NULL);
            }
            n_stopped += texts.items[i].end == WL_ENDED_BY_STOP;
        }
        wl_buf_release(&text);
        wl_generated_texts_release(&texts);
    }
    CHECK(n_stopped > 20);
}

// -- slots --

static void check_one(uint64_t *state, const struct wl_slots_options *rules, const char *want)
{
    struct toy toy = {.v = n_pieces,
                      .seed = check_rand(state),
                      .likes_end = (float)(check_rand(state) % 7) - 2.0F};
    struct wl_generate_options options = wl_generate_options_default();
    struct wl_next_tokens next = next_of(&toy);
    struct wl_generated_texts texts = {0};
    struct wl_slots *slots = NULL;
    struct wl_buf text;
    const int32_t prompt[1] = {1};

    wl_buf_init(&text, wl_alloc_default(), 0);
    CHECK_INT(wl_slots_new(wl_alloc_default(), &words, n_pieces, 0, rules, &slots, &fault), WL_OK);
    options.method = (enum wl_generate_method)(check_rand(state) % 3);
    options.n_beams = 4;
    options.n_best = options.method == WL_GENERATE_GREEDY ? 1 : 4;
    options.n_new_max = wl_slots_tokens_min(slots) + check_rand(state) % 24;
    options.n_new_max += options.n_new_max == 0;
    options.end = 0;
    options.seed = toy.seed;
    options.slots = slots;
    options.no_repeat_ngram = check_rand(state) % 2 * 3;
    CHECK_INT(wl_generate(wl_alloc_default(), &next, prompt, 1, &options, &texts, &fault), WL_OK);
    for (size_t i = 0; i < texts.n; i++) {
        wl_buf_clear(&text);
        wl_generate_text(&options, &words, &texts.items[i], &text);
        struct wl_str bad = wl_slots_check(slots, wl_buf_view(&text));
        if (bad.n_bytes > 0) {
            fprintf(stderr, "%.*s: %.*s\n", WL_STR_ARG(wl_buf_view(&text)), WL_STR_ARG(bad));
        }
        CHECK_INT(bad.n_bytes, 0);
        CHECK(want == NULL ||
              (text.n_bytes >= strlen(want) && strncmp(text.data, want, strlen(want)) == 0));
    }
    wl_buf_release(&text);
    wl_generated_texts_release(&texts);
    wl_slots_free(slots);
}

static void test_slots_hold_whatever_the_model_likes(void)
{
    static const struct wl_str both[] = {{"{{name}}", 8}, {"{{offer}}", 9}};
    static const struct {
        struct wl_slots_options rules;
        const char *want;
    } cases[] = {
        {{NULL, 0, NULL, 0, {NULL, 0}, 0}, NULL},
        {{both, 2, NULL, 0, {NULL, 0}, 0}, NULL},
        {{both, 1, both, 2, {NULL, 0}, 0}, NULL},
        {{NULL, 0, both + 1, 1, {NULL, 0}, 0}, NULL},
        {{NULL, 0, both, 2, {"ab {{name}}.___ c___m", 21}, 4}, "ab {{name}}."},
        {{both, 2, both, 1, {"___{{offer}}", 12}, 0}, NULL},
        {{NULL, 0, NULL, 0, {"of {{name}} ___", 15}, 0}, "of {{name}}"},
        {{NULL, 0, both, 1, {"name {{offer}}___.", 18}, 0}, "name {{offer}}"},
    };
    uint64_t state = check_seed();

    for (size_t round = 0; round < 50; round++) {
        n_pieces = round % 2 == 0 ? COUNT(pieces) : COUNT(pieces) - 1; // with a token "{{name}}"
        for (size_t i = 0; i < COUNT(cases); i++) {
            check_one(&state, &cases[i].rules, cases[i].want);
        }
    }
    n_pieces = COUNT(pieces);
}

static void test_slots_refuse(void)
{
    static const struct {
        const char *slot;
        const char *template_;
        wl_status want;
    } cases[] = {
        {"name", "", WL_ECONFIG},
        {"{{}}", "", WL_ECONFIG},
        {"{{na me}}", "", WL_ECONFIG},
        {"{{{name}}}", "", WL_ECONFIG},
        {"{{xyz}}", "", WL_ERANGE},
        {"{{name}}", "a {{name", WL_ECONFIG},
        {"{{name}}", "a } b", WL_ECONFIG},
        {"{{name}}", "a { b", WL_ECONFIG},
        {"{{name}}", "a {{name}} b ___", WL_OK},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct wl_str slot = wl_str_from(cases[i].slot);
        const struct wl_slots_options rules = {
            .required = &slot, .n_required = 1, .template_ = wl_str_from(cases[i].template_)};
        struct wl_slots *slots = NULL;
        CHECK_INT(wl_slots_new(wl_alloc_default(), &words, n_pieces, 0, &rules, &slots, &fault),
                  cases[i].want);
        CHECK((slots != NULL) == (cases[i].want == WL_OK));
        if (slots != NULL) {
            CHECK_VIEW(wl_slots_check(slots, WL_STR("b")), "{{name}}");
            CHECK_VIEW(wl_slots_check(slots, WL_STR("{{name}} {{na")), "{{na");
            CHECK_VIEW(wl_slots_check(slots, WL_STR("{{name}} {{off}}")), "off}}");
        }
        wl_slots_free(slots);
    }
}

// -- refusals --

static void test_options_are_refused(void)
{
    struct toy toy = {.v = 5, .seed = 1};
    const struct wl_next_tokens next = next_of(&toy);
    const struct wl_generate_options good = wl_generate_options_default();
    struct wl_generate_options bad[8] = {good, good, good, good, good, good, good, good};
    const int32_t prompt[1] = {1};

    bad[0].n_new_max = 0;
    bad[1].n_best = 2;
    bad[2].method = WL_GENERATE_BEAMS;
    bad[2].n_beams = TEXTS + 1;
    bad[3].sampling.temperature = 0.0;
    bad[4].sampling.top_p = (double)NAN;
    bad[5].repetition_penalty = -1.0;
    bad[6].n_new_min = 1000;
    bad[7].end = 5;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct wl_generated_texts texts = {0};
        CHECK_INT(wl_generate(wl_alloc_default(), &next, prompt, 1, &bad[i], &texts, &fault),
                  WL_EINVAL);
        CHECK(texts.items == NULL);
    }
}

static void test_survives_every_failed_allocation(void)
{
    static const struct wl_str slot = {"{{offer}}", 9};
    const struct wl_slots_options rules = {
        .required = &slot, .n_required = 1, .template_ = {"a ___ b", 7}};
    struct toy toy = {.v = n_pieces, .seed = 1};
    const struct wl_next_tokens next = next_of(&toy);
    struct wl_generate_options options = wl_generate_options_default();
    const int32_t prompt[1] = {1};

    options.end = 0;
    options.n_new_max = 30;
    for (size_t n_good = 0; n_good < 1000; n_good++) {
        struct check_heap heap;
        struct wl_slots *slots = NULL;
        struct wl_generated_texts texts = {0};

        check_heap_init(&heap, n_good);
        wl_status status = wl_slots_new(&heap.alloc, &words, n_pieces, 0, &rules, &slots, &fault);
        options.slots = slots;
        if (status == WL_OK) {
            status = wl_generate(&heap.alloc, &next, prompt, 1, &options, &texts, &fault);
        }
        wl_generated_texts_release(&texts);
        wl_slots_free(slots);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good > 10);
            return;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
    CHECK(false);
}

int main(void)
{
    RUN(test_beams_find_the_best_of_all_texts);
    RUN(test_one_beam_is_greedy);
    RUN(test_draws_have_their_probabilities);
    RUN(test_same_seed_same_texts);
    RUN(test_stops_across_tokens);
    RUN(test_slots_hold_whatever_the_model_likes);
    RUN(test_slots_refuse);
    RUN(test_options_are_refused);
    RUN(test_survives_every_failed_allocation);
    return check_report();
}
