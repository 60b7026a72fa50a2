/* Goal:   LSTM, GRU, CNN and transformer learn what only the order of events tells; the same seed
 *         gives the same bytes; the preset is PyTorch's usual one on (T, 1) numbers; early
 *         stopping keeps the best epoch; a customer's sequences are never on both sides; tokens
 *         are what they should be.
 * Method: made-up customers who leave when event 3 was followed by event 1 directly; each sequence
 *         has a twin with the same events in another order and the other label, so that counts of
 *         events say nothing. Accuracy on customers held out. Planted fault: labels shuffled among
 *         customers must not be learnt. */
#include "check.h"

#include "nn/sequence_tokens.h"
#include "nn/sequence_train.h"

enum { N = 1200, STEPS = 8, TYPES = 5 };

#define HOUR_US INT64_C(3600000000)

static wl_error fault;

struct world {
    size_t starts[N + 1];
    int32_t types[N * STEPS];
    int32_t zeros[N * STEPS];
    float numbers[N * STEPS];
    float labels[N];
    uint64_t keys[N];
    uint32_t train[N];
    uint32_t valid[N];
    size_t n_train;
    size_t n_valid;
    struct wl_sequences sequences;
};

// Pairs of sequences: "... 3 1 ..." leaves, the same with "1 3" stays. 3 and 1 occur nowhere else.
static void make_world(struct world *w, uint64_t seed)
{
    static const int32_t others[3] = {0, 2, 4};
    uint64_t state = seed;

    memset(w, 0, sizeof(*w));
    for (size_t i = 0; i < N; i += 2) {
        size_t n = 2 + check_rand(&state) % (STEPS - 1);
        size_t at = check_rand(&state) % (n - 1);
        w->starts[i + 1] = w->starts[i] + n;
        w->starts[i + 2] = w->starts[i + 1] + n;
        for (size_t t = 0; t < n; t++) {
            int32_t type = others[check_rand(&state) % 3];
            w->types[w->starts[i] + t] = type;
            w->types[w->starts[i + 1] + t] = type;
        }
        w->types[w->starts[i] + at] = w->types[w->starts[i + 1] + at + 1] = 3;
        w->types[w->starts[i] + at + 1] = w->types[w->starts[i + 1] + at] = 1;
        w->labels[i] = 1.0F;
        w->keys[i] = w->keys[i + 1] = i;
    }
    for (size_t i = 0; i < w->starts[N]; i++) {
        w->numbers[i] = (float)w->types[i] - 2.0F;
    }
    wl_sequence_hold_out(w->keys, N, 0.25, 7, w->train, &w->n_train, w->valid, &w->n_valid);
    w->sequences = (struct wl_sequences){
        .n = N, .starts = w->starts, .ids = {w->types, w->zeros, w->zeros}, .labels = w->labels};
}

struct seen {
    struct wl_sequence_epoch epochs[64];
    size_t n;
};

static wl_status note_epoch(void *context, const struct wl_sequence_epoch *epoch, wl_error *error)
{
    struct seen *seen = context;
    (void)error;
    seen->epochs[seen->n++] = *epoch;
    return WL_OK;
}

// Trains on the world; accuracy on those held out at the end, weights into out when not NULL.
static double learn(struct world *w, enum wl_sequence_body body, uint64_t seed,
                    const struct wl_sequence_train_options *options, float *out)
{
    struct wl_sequence_config config = wl_sequence_config_default();
    struct wl_sequence_model *model = NULL;
    struct wl_sequence_train_result result;
    struct wl_gemm *gemm = NULL;
    float logits[N];
    size_t n_right = 0;

    config.body = body;
    config.n_ids[0] = TYPES;
    config.n_ids[1] = config.n_ids[2] = 1;
    config.n_embedding = body == WL_SEQUENCE_TRANSFORMER ? 16 : 8;
    config.n_hidden = 16;
    if (w->sequences.numbers != NULL) {
        memset(config.n_ids, 0, sizeof(config.n_ids));
        config.n_numbers = 1;
    }
    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    CHECK_INT(wl_sequence_model_new(wl_alloc_default(), &config, seed, &model, &fault), WL_OK);
    CHECK_INT(wl_sequence_train(model, gemm, &w->sequences, w->train, w->n_train, w->valid,
                                w->n_valid, options, &result, &fault),
              WL_OK);
    CHECK_INT(
        wl_sequence_scores(model, gemm, &w->sequences, w->valid, w->n_valid, 50, logits, &fault),
        WL_OK);
    for (size_t i = 0; i < w->n_valid; i++) {
        n_right += (logits[i] > 0.0F) == (w->labels[w->valid[i]] > 0.5F);
    }
    if (out != NULL) {
        memcpy(out, logits, w->n_valid * sizeof(*out));
    }
    wl_sequence_model_free(model);
    wl_gemm_close(gemm);
    return (double)n_right / (double)w->n_valid;
}

static void test_order_is_learnt(void)
{
    static struct world w;
    struct wl_sequence_train_options options = wl_sequence_train_options_default();

    options.optimizer.rate = 0.01;
    make_world(&w, check_seed());
    for (int body = WL_SEQUENCE_LSTM; body <= WL_SEQUENCE_TRANSFORMER; body++) {
        double share = learn(&w, (enum wl_sequence_body)body, 1, &options, NULL);
        fprintf(stderr, "body %d: %.3f right\n", body, share);
        CHECK(share > 0.95);
    }
    uint64_t state = 3;
    for (size_t i = 0; i < N; i++) { // planted fault: nothing to learn
        w.labels[i] = (float)(check_rand(&state) % 2);
    }
    CHECK(learn(&w, WL_SEQUENCE_LSTM, 1, &options, NULL) < 0.65);
}

static void test_numbers_by_the_preset(void)
{
    static struct world w;
    struct wl_sequence_train_options options = wl_sequence_train_options_default();
    struct seen seen = {.n = 0};

    make_world(&w, check_seed());
    w.sequences.ids[0] = w.sequences.ids[1] = w.sequences.ids[2] = NULL;
    w.sequences.numbers = w.numbers;
    options.on_epoch = note_epoch;
    options.context = &seen;
    (void)learn(&w, WL_SEQUENCE_LSTM, 1, &options, NULL);
    CHECK_INT(seen.n, 10);
    CHECK(seen.epochs[9].train_loss < seen.epochs[0].train_loss);
    CHECK_CLOSE(seen.epochs[0].train_loss, log(2.0), 0.05); // nothing known yet
}

static void test_same_seed_same_bytes(void)
{
    static struct world w;
    struct wl_sequence_train_options options = wl_sequence_train_options_default();
    static float first[N];
    static float again[N];
    static float other[N];

    options.n_epochs = 2;
    make_world(&w, check_seed());
    (void)learn(&w, WL_SEQUENCE_GRU, 1, &options, first);
    (void)learn(&w, WL_SEQUENCE_GRU, 1, &options, again);
    options.seed = 43;
    (void)learn(&w, WL_SEQUENCE_GRU, 1, &options, other);
    CHECK(memcmp(first, again, w.n_valid * sizeof(*first)) == 0);
    CHECK(memcmp(first, other, w.n_valid * sizeof(*first)) != 0);
}

static void test_early_stopping_keeps_the_best(void)
{
    static struct world w;
    struct wl_sequence_train_options options = wl_sequence_train_options_default();
    struct seen seen = {.n = 0};
    uint64_t state = 3;
    size_t best = 0;
    double right = 0.0;

    make_world(&w, check_seed());
    for (size_t i = 0; i < N; i++) { // noise: learning it by heart makes validation worse
        w.labels[i] = (float)(check_rand(&state) % 2);
    }
    options.n_epochs = 60;
    options.patience = 3;
    options.optimizer.rate = 0.01;
    options.positive_weight = 0.0;
    options.on_epoch = note_epoch;
    options.context = &seen;
    right = learn(&w, WL_SEQUENCE_LSTM, 1, &options, NULL);
    for (size_t i = 1; i < seen.n; i++) {
        best = seen.epochs[i].valid_loss < seen.epochs[best].valid_loss ? i : best;
    }
    CHECK(seen.n < 60);
    CHECK_INT(seen.n - 1 - best, 3);
    CHECK_CLOSE(right, seen.epochs[best].valid_accuracy, 1e-12);
}

static void test_customers_are_on_one_side(void)
{
    static struct world w;
    bool is_held[N] = {false};

    make_world(&w, check_seed());
    CHECK_INT(w.n_train + w.n_valid, N);
    CHECK_CLOSE((double)w.n_valid / N, 0.25, 0.05);
    for (size_t i = 0; i < w.n_valid; i++) {
        is_held[w.valid[i]] = true;
    }
    for (size_t i = 0; i < N; i += 2) {
        CHECK(is_held[i] == is_held[i + 1]);
    }
}

static void test_refusals(void)
{
    static struct world w;
    struct wl_sequence_config config = wl_sequence_config_default();
    struct wl_sequence_train_options options = wl_sequence_train_options_default();
    struct wl_sequence_train_result result;
    struct wl_sequence_model *model = NULL;
    struct wl_gemm *gemm = NULL;

    make_world(&w, check_seed());
    config.n_ids[0] = TYPES;
    config.n_ids[1] = config.n_ids[2] = 1;
    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    CHECK_INT(wl_sequence_model_new(wl_alloc_default(), &config, 1, &model, &fault), WL_OK);
    CHECK_INT(wl_sequence_train(model, gemm, &w.sequences, w.train, 0, NULL, 0, &options, &result,
                                &fault),
              WL_EINVAL);
    options.positive_weight = 0.0;
    memset(w.labels, 0, sizeof(w.labels));
    CHECK_INT(wl_sequence_train(model, gemm, &w.sequences, w.train, 10, NULL, 0, &options, &result,
                                &fault),
              WL_EINVAL);
    CHECK_STR(fault.message, "0 of 10 sequences left: classes cannot be weighed");
    wl_sequence_model_free(model);
    wl_gemm_close(gemm);
}

static const struct bucket_case {
    double x;
    int32_t want;
} values[] = {{(double)NAN, 0}, {-5.0, 1}, {0.0, 2},   {0.01, 3},     {1.0, 7},
              {1.99, 7},        {2.0, 8},  {12.5, 10}, {65536.0, 23}, {1e300, 23}},
  gaps[] = {{0.0, 1}, {59.0, 1}, {60.0, 2}, {300.0, 3}, {172800.0, 12}, {2592000.0, 16}, {4e9, 23}};

static void test_buckets(void)
{
    for (size_t i = 0; i < COUNT(values); i++) {
        CHECK_INT(wl_value_bucket(values[i].x), values[i].want);
    }
    CHECK_INT(wl_value_bucket((double)INFINITY), 23);
    for (size_t i = 0; i < COUNT(gaps); i++) {
        CHECK_INT(wl_gap_bucket((int64_t)(gaps[i].x * 1e6)), gaps[i].want);
    }
}

static void test_tokens_as_of_a_date(void)
{
    static const struct wl_sequence_event events[] = {
        {HOUR_US, 0, (double)NAN}, {2 * HOUR_US, 1, 12.5}, {50 * HOUR_US, 0, 0.0}};
    struct wl_sequence_cut cut = {.n_events_max = 64};
    int32_t t[65];
    int32_t g[65];
    int32_t v[65];

    CHECK_INT(wl_sequence_tokens(events, 3, 2, 50 * HOUR_US, &cut, t, g, v), 4);
    CHECK(t[0] == 0 && t[1] == 1 && t[2] == 0 && t[3] == 2); // the date itself is last
    CHECK(g[0] == 0 && g[1] == 6 && g[2] == 12 && g[3] == 1);
    CHECK(v[0] == 0 && v[1] == 10 && v[2] == 2 && v[3] == 0);
    // Later events are not known: the sequence is as if they were not there.
    CHECK_INT(wl_sequence_tokens(events, 3, 2, 50 * HOUR_US - 1, &cut, t, g, v), 3);
    CHECK(t[2] == 2 && g[2] == 12);
    cut.n_events_max = 1;
    CHECK_INT(wl_sequence_tokens(events, 3, 2, 50 * HOUR_US, &cut, t, g, v), 2);
    CHECK(t[0] == 0 && g[0] == 12); // the time since the event that was cut off is known
    cut = (struct wl_sequence_cut){.n_events_max = 64, .window_us = 24 * HOUR_US};
    CHECK_INT(wl_sequence_tokens(events, 3, 2, 40 * HOUR_US, &cut, t, g, v), 1);
    CHECK(t[0] == 2 && g[0] == 12);
    CHECK_INT(wl_sequence_tokens(events, 3, 2, 0, &cut, t, g, v), 1);
    CHECK(t[0] == 2 && g[0] == 0);
}

int main(void)
{
    RUN(test_order_is_learnt);
    RUN(test_numbers_by_the_preset);
    RUN(test_same_seed_same_bytes);
    RUN(test_early_stopping_keeps_the_best);
    RUN(test_customers_are_on_one_side);
    RUN(test_refusals);
    RUN(test_buckets);
    RUN(test_tokens_as_of_a_date);
    return check_report();
}
