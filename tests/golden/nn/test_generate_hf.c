/* Goal:   greedy and beam search give the tokens and scores of transformers' generate.
 * Method: make_generate.py ran it on a tiny GPT-2 whose weights follow from a formula, 96 times:
 *         four beginnings, two end tokens, lengths, penalties, early ends. A planted fault, another
 *         length penalty, changes some of them. */
#include "torch_json.h"

#include "nn/gpt_decode.h"

enum { C = 32, H = 2, L = 2, V = 40, T = 64, INNER = 64, NEW = 16, BEAMS = 5 };

static wl_error fault;

static uint32_t mixed(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x7feb352dU;
    x ^= x >> 15;
    x *= 0x846ca68bU;
    return x ^ x >> 16;
}

static struct wl_gpt *make_model(void)
{
    static const char *const parts[] = {"attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"};
    const struct wl_gpt_config config = {.shape = {C, H, INNER, L, WL_GELU_TANH, 1e-5F, true, true},
                                         .n_vocabulary = V,
                                         .n_positions = T,
                                         .is_tied = true};
    struct wl_gpt *gpt = NULL;
    uint32_t i = 0;

    CHECK_INT(wl_gpt_new(wl_alloc_default(), &config, &gpt, &fault), WL_OK);
    wl_tensors_start(&gpt->tensors, 1, 0.0); // norms 1 and 0
    for (size_t n = 0; n < 2 + L * COUNT(parts) * 2; n++, i++) {
        char name[64] = "";
        size_t place = n < 2 ? 0 : n - 2;
        if (n < 2) {
            (void)snprintf(name, sizeof(name), "%s", n == 0 ? "wte.weight" : "wpe.weight");
        } else {
            (void)snprintf(name, sizeof(name), "h.%zu.%s.%s", place / 8, parts[place % 8 / 2],
                           place % 2 == 0 ? "weight" : "bias");
        }
        struct wl_tensor *tensor = wl_tensors_find(&gpt->tensors, wl_str_from(name));
        CHECK(tensor != NULL);
        for (uint32_t j = 0; tensor != NULL && j < tensor->n_values; j++) {
            double unit = (double)mixed(j + 65536 * i) / 4294967296.0 - 0.5;
            gpt->tensors.weights[tensor->offset + j] = (float)(unit * 1.2);
        }
    }
    return gpt;
}

static struct wl_generate_options options_of(const struct wl_node *test)
{
    struct wl_generate_options o = wl_generate_options_default();
    const struct wl_node *way = wl_node_get(test, "way");
    const struct wl_node *early = wl_node_get(way, "early_stopping");

    o.n_new_max = NEW;
    o.end = (int32_t)wl_node_number(test, "end", -1.0);
    o.n_beams = (size_t)wl_node_number(way, "num_beams", 1.0);
    o.n_best = (size_t)wl_node_number(way, "num_return_sequences", 1.0);
    o.method = o.n_beams > 1 ? WL_GENERATE_BEAMS : WL_GENERATE_GREEDY;
    o.n_new_min = (size_t)wl_node_number(way, "min_new_tokens", 0.0);
    o.length_penalty = wl_node_number(way, "length_penalty", 1.0);
    o.repetition_penalty = wl_node_number(way, "repetition_penalty", 1.0);
    o.no_repeat_ngram = (size_t)wl_node_number(way, "no_repeat_ngram_size", 0.0);
    if (early != NULL) {
        o.early = early->kind == WL_NODE_BOOL ? WL_EARLY_AT_ONCE : WL_EARLY_NEVER;
    }
    return o;
}

static bool is_same(const struct wl_generated *got, const struct wl_node *want)
{
    size_t i = 0;

    if (want == NULL || got->n_tokens != want->n_children) {
        return false;
    }
    for (const struct wl_node *token = want->first; token != NULL; token = token->next, i++) {
        if (got->tokens[i] != (int32_t)token->number) {
            return false;
        }
    }
    return true;
}

// How many texts of one case are other ones; scores are compared for texts that are the same.
static size_t differences(struct wl_gpt_decode *decode, const struct wl_node *test, double penalty)
{
    const struct wl_next_tokens next = wl_gpt_decode_next(decode);
    struct wl_generate_options options = options_of(test);
    struct wl_generated_texts texts = {0};
    const struct wl_node *want = wl_node_get(test, "texts")->first;
    const struct wl_node *score = wl_node_get(test, "scores");
    int32_t prompt[T];
    size_t n = 0;
    size_t n_different = 0;

    for (const struct wl_node *id = wl_node_get(test, "prompt")->first; id != NULL; id = id->next) {
        prompt[n++] = (int32_t)id->number;
    }
    options.length_penalty += penalty;
    CHECK_INT(wl_generate(wl_alloc_default(), &next, prompt, n, &options, &texts, &fault), WL_OK);
    CHECK_INT(texts.n, wl_node_get(test, "texts")->n_children);
    score = score != NULL ? score->first : NULL;
    for (size_t i = 0; i < texts.n; i++) {
        bool same = is_same(&texts.items[i], want);
        n_different += !same;
        if (same && score != NULL && penalty == 0.0) {
            CHECK_CLOSE(texts.items[i].score, score->number, 1e-4);
        }
        want = want != NULL ? want->next : NULL;
        score = score != NULL ? score->next : NULL;
    }
    wl_generated_texts_release(&texts);
    return n_different;
}

int main(void)
{
    const struct wl_gpt_decode_options options = {8, NEW, BEAMS, WL_F32};
    struct wl_arena arena;
    const struct wl_node *root = torch_json(&arena, WL_SOURCE_DIR "/tests/golden/nn/generate.json");
    struct wl_gpt *gpt = make_model();
    struct wl_gemm *gemm = NULL;
    struct wl_gpt_decode *decode = NULL;
    size_t n_cases = 0;
    size_t n_faults = 0;

    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    CHECK_INT(wl_gpt_decode_new(gpt, gemm, &options, &decode, &fault), WL_OK);
    for (const struct wl_node *test = wl_node_get(root, "cases")->first; test != NULL;
         test = test->next) {
        size_t n = differences(decode, test, 0.0);
        if (n > 0) {
            fprintf(stderr, "case %zu: %zu texts differ\n", n_cases, n);
        }
        CHECK_INT(n, 0);
        n_faults += differences(decode, test, 1.5) > 0;
        n_cases++;
    }
    fprintf(stderr, "%zu cases; another length penalty changes %zu\n", n_cases, n_faults);
    CHECK_INT(n_cases, 96);
    CHECK(n_faults > 10);
    wl_gpt_decode_free(decode);
    wl_gemm_close(gemm);
    wl_gpt_free(gpt);
    wl_arena_release(&arena);
    return check_report();
}
