/* Goal:   a causal transformer finds a cue 200 events and more back that no count shows.
 * Method: twins with the same 240 events. Near the beginning one has "bought for much, returned for
 *         little" and leaves, the other "bought for little, returned for much" and stays. Counts of
 *         event names over any window are the same for twins, and so are counts of values, so they
 *         are right for half of the customers, which is computed and not assumed. Accuracy on
 *         customers held out. Planted fault: cut to the last 200 events it must not be learnt. */
#include "check.h"

#include "nn/sequence_train.h"

enum { N = 480, STEPS = 240, BACK = 200, TYPES = 5, CUES = 2, VALUES = 3 };

static wl_error fault;

struct world {
    size_t starts[N + 1];
    int32_t types[N * STEPS];
    int32_t zeros[N * STEPS];
    int32_t values[N * STEPS]; // 0: none, 1: little, 2: much
    float labels[N];
    uint64_t keys[N];
    uint32_t train[N];
    uint32_t valid[N];
    size_t n_train;
    size_t n_valid;
    struct wl_sequences sequences;
};

// Types 0 and 1 are the cue and occur once each, BACK to STEPS events before the end. Of every
// sequence the last n_steps are kept.
static void make_world(struct world *w, size_t n_steps, uint64_t seed)
{
    uint64_t state = seed;

    memset(w, 0, sizeof(*w));
    for (size_t i = 0; i < N; i += 2) {
        int32_t types[STEPS];
        int32_t values[2][STEPS] = {{0}};
        size_t at = check_rand(&state) % (STEPS - BACK - 2);
        for (size_t t = 0; t < STEPS; t++) {
            types[t] = (int32_t)(CUES + check_rand(&state) % (TYPES - CUES));
        }
        types[at] = 0;
        types[at + 1] = 1;
        values[0][at] = values[1][at + 1] = 2;
        values[0][at + 1] = values[1][at] = 1;
        for (size_t twin = 0; twin < 2; twin++) {
            size_t begin = w->starts[i + twin];
            w->starts[i + twin + 1] = begin + n_steps;
            memcpy(w->types + begin, types + STEPS - n_steps, n_steps * sizeof(*types));
            memcpy(w->values + begin, values[twin] + STEPS - n_steps, n_steps * sizeof(*types));
        }
        w->labels[i] = 1.0F;
        w->keys[i] = w->keys[i + 1] = i;
    }
    wl_sequence_hold_out(w->keys, N, 0.25, 7, w->train, &w->n_train, w->valid, &w->n_valid);
    w->sequences = (struct wl_sequences){
        .n = N, .starts = w->starts, .ids = {w->types, w->zeros, w->values}, .labels = w->labels};
}

// Accuracy on those held out.
static double learn(struct world *w, size_t n_steps)
{
    struct wl_sequence_config config = wl_sequence_config_default();
    struct wl_sequence_train_options options = wl_sequence_train_options_default();
    struct wl_sequence_model *model = NULL;
    struct wl_sequence_train_result result;
    struct wl_gemm *gemm = NULL;
    float logits[N];
    size_t n_right = 0;

    config.body = WL_SEQUENCE_TRANSFORMER;
    config.n_ids[0] = TYPES;
    config.n_ids[1] = 1;
    config.n_ids[2] = VALUES;
    config.n_embedding = config.n_hidden = 16;
    config.n_heads = 2;
    config.n_positions = n_steps;
    options.optimizer.rate = 0.003;
    options.n_epochs = 10;
    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    CHECK_INT(wl_sequence_model_new(wl_alloc_default(), &config, 1, &model, &fault), WL_OK);
    CHECK_INT(wl_sequence_train(model, gemm, &w->sequences, w->train, w->n_train, NULL, 0, &options,
                                &result, &fault),
              WL_OK);
    CHECK_INT(
        wl_sequence_scores(model, gemm, &w->sequences, w->valid, w->n_valid, 50, logits, &fault),
        WL_OK);
    for (size_t i = 0; i < w->n_valid; i++) {
        n_right += (logits[i] > 0.0F) == (w->labels[w->valid[i]] > 0.5F);
    }
    wl_sequence_model_free(model);
    wl_gemm_close(gemm);
    return (double)n_right / (double)w->n_valid;
}

// Whether twins have the same counts of ids over the last n events, for every n up to BACK and for
// all events.
static bool are_counts_equal(const int32_t *a, const int32_t *b)
{
    int64_t difference[TYPES] = {0};
    bool is_equal = true;

    for (size_t n = 1; n <= STEPS; n++) {
        difference[a[STEPS - n]]++;
        difference[b[STEPS - n]]--;
        for (size_t id = 0; (n <= BACK || n == STEPS) && id < TYPES; id++) {
            is_equal = is_equal && difference[id] == 0;
        }
    }
    return is_equal;
}

static void test_a_cue_far_back_is_found(void)
{
    static struct world w;

    make_world(&w, STEPS, check_seed());
    for (size_t i = 0; i < N; i += 2) {
        const size_t *begin = w.starts + i;
        CHECK(are_counts_equal(w.types + begin[0], w.types + begin[1]));
        CHECK(are_counts_equal(w.values + begin[0], w.values + begin[1]));
    }
    double share = learn(&w, STEPS);
    fprintf(stderr, "%.3f right; counts: 0.500\n", share);
    CHECK(share > 0.9);
    make_world(&w, BACK, check_seed()); // planted fault: the cue is cut off
    share = learn(&w, BACK);
    fprintf(stderr, "%.3f right without the cue\n", share);
    CHECK(share < 0.65);
}

int main(void)
{
    RUN(test_a_cue_far_back_is_found);
    return check_report();
}
