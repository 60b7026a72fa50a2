/* Goal:   a BERT of one's own learns a language from its texts alone: hidden words are guessed
 *         better than by frequency; the same seed gives the same bytes, also after a break;
 *         texts are cut, none is lost, copies stay on one side; words are hidden as often as is
 *         said.
 * Method: a made-up language in which every word is followed by one of two others, so that its
 *         neighbours give a hidden word away; a training broken off after an epoch against one that
 *         was not; counts over many draws of the masks, 3 standard errors wide; each allocation
 *         failed once. Planted fault: with words in random order nothing beats frequency. */
#include "check.h"

#include "base/file.h"
#include "nn/bert_mask.h"
#include "nn/bert_pretrain.h"

#define FOLDER WL_BINARY_DIR "/test_bert_pretrain"

enum { WORDS = 12, TEXTS = 400, LENGTH = 10 };

static wl_error fault;

static const struct wl_bert_config shape = {
    .shape = {.n_channels = 32, .n_heads = 2, .n_inner = 64, .n_layers = 2, .eps = 1e-12F},
    .n_positions = 16,
    .n_segments = 2};

#define VOCABULARY "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\n"

static struct wl_bert_folder *make_folder(const wl_alloc *alloc)
{
    struct wl_bert_folder_options options = wl_bert_folder_options_default();
    const struct wl_hf_wordpiece_files files = {.vocabulary = WL_STR(VOCABULARY)};
    struct wl_bert_folder *folder = NULL;

    options.n_labels = 0;
    options.has_mask_head = true;
    if (wl_bert_folder_new(alloc, "own", &files, &shape, &options, &folder, &fault) != WL_OK) {
        CHECK(alloc != wl_alloc_default());
    }
    return folder;
}

// Texts of the language: a word is followed by the next or the one behind it; or by any.
static wl_status fill(struct wl_bert_corpus *corpus, const struct wl_bert_folder *folder,
                      bool is_random, wl_error *error)
{
    uint64_t state = 5;

    for (size_t b = 0; b < TEXTS; b++) {
        char text[2 * LENGTH];
        uint64_t word = check_rand(&state) % WORDS;
        for (size_t i = 0; i < LENGTH; i++) {
            text[2 * i] = (char)('a' + (int)word);
            text[2 * i + 1] = ' ';
            word = (word + (is_random ? check_rand(&state) : 1 + check_rand(&state) % 2)) % WORDS;
        }
        const struct wl_str view = {.data = text, .n_bytes = sizeof(text)};
        WL_TRY(wl_bert_corpus_add(corpus, folder, view, LENGTH + 2, error));
    }
    return WL_OK;
}

static struct wl_pretrain_options make_options(void)
{
    struct wl_pretrain_options options = wl_pretrain_options_default();

    options.n_epochs = 50;
    options.batch_texts = 16;
    options.n_tokens_max = LENGTH + 2;
    options.optimizer.rate = 5e-3;
    return options;
}

static struct wl_pretrain_result train(bool is_random, const struct wl_pretrain_options *options,
                                       float *weights)
{
    struct wl_bert_folder *folder = make_folder(wl_alloc_default());
    struct wl_pretrain_result result = {0};
    struct wl_bert_corpus corpus;
    struct wl_gemm *gemm = NULL;

    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    wl_bert_corpus_init(&corpus, wl_alloc_default(), 0.2, 1);
    CHECK_INT(fill(&corpus, folder, is_random, &fault), WL_OK);
    CHECK_INT(wl_bert_pretrain(folder, gemm, &corpus, options, &result, &fault), WL_OK);
    if (weights != NULL) {
        memcpy(weights, folder->bert->tensors.weights,
               folder->bert->tensors.n_floats * sizeof(float));
    }
    wl_bert_corpus_release(&corpus);
    wl_bert_folder_free(folder);
    wl_gemm_close(gemm);
    return result;
}

static void test_learns_the_language(void)
{
    struct wl_pretrain_options options = make_options();
    struct wl_pretrain_result result = train(false, &options, NULL);

    fprintf(stderr, "held out %.3f, before %.3f, by frequency %.3f; guessed %.2f\n",
            result.valid_loss, result.first_loss, result.unigram_loss, result.valid_right);
    CHECK(fabs(result.unigram_loss - log(WORDS)) < 0.2); // all words are about as frequent
    CHECK(result.first_loss > result.unigram_loss);
    CHECK(result.valid_loss < 0.7 * result.unigram_loss);
    CHECK(result.valid_right > 0.5);
    options.n_epochs = 4;
    result = train(true, &options, NULL); // planted fault: nothing to be learnt but frequency
    CHECK(result.valid_loss > 0.9 * result.unigram_loss);
}

static void refuse(const struct wl_pretrain_options *options)
{
    struct wl_bert_folder *folder = make_folder(wl_alloc_default());
    struct wl_pretrain_result result;
    struct wl_bert_corpus corpus;
    struct wl_gemm *gemm = NULL;

    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    wl_bert_corpus_init(&corpus, wl_alloc_default(), 0.2, 1);
    CHECK_INT(fill(&corpus, folder, false, &fault), WL_OK);
    CHECK_INT(wl_bert_pretrain(folder, gemm, &corpus, options, &result, &fault), WL_ESCHEMA);
    wl_bert_corpus_release(&corpus);
    wl_bert_folder_free(folder);
    wl_gemm_close(gemm);
}

static void test_broken_off_goes_on_the_same(void)
{
    static float whole[1 << 15];
    static float broken[1 << 15];
    struct wl_pretrain_options options = make_options();

    CHECK_INT(wl_folder_make(FOLDER, &fault), WL_OK);
    (void)remove(FOLDER "/checkpoint");
    options.n_epochs = 3;
    options.patience = 3;
    (void)train(false, &options, whole);
    options.checkpoint = FOLDER "/checkpoint";
    options.is_resumed = true;
    options.n_epochs_now = 1;
    (void)train(false, &options, broken);
    CHECK(memcmp(whole, broken, sizeof(whole)) != 0);
    options.n_epochs_now = 0;
    struct wl_pretrain_result result = train(false, &options, broken);
    CHECK_INT(result.n_epochs, 3);
    CHECK(memcmp(whole, broken, sizeof(whole)) == 0);
    options.seed = 2;
    refuse(&options); // it is the checkpoint of another training
    options.checkpoint = NULL;
    (void)train(false, &options, broken);
    CHECK(memcmp(whole, broken, sizeof(whole)) != 0);
    wl_folder_remove(FOLDER);
}

static void test_texts_are_cut_not_lost(void)
{
    struct wl_bert_folder *folder = make_folder(wl_alloc_default());
    struct wl_bert_corpus corpus;

    wl_bert_corpus_init(&corpus, wl_alloc_default(), 0.0, 1);
    CHECK_INT(wl_bert_corpus_add(&corpus, folder, WL_STR("a b c d e f g"), 5, &fault), WL_OK);
    CHECK_INT(wl_bert_corpus_add(&corpus, folder, WL_STR(""), 5, &fault), WL_OK);
    CHECK_INT(corpus.train.n, 3); // three, three and one
    CHECK_INT(corpus.train.starts[3], 7 + 3 * 2);
    CHECK_INT(corpus.train.tokens[corpus.train.starts[2] + 1], 5 + 6);
    wl_bert_corpus_release(&corpus);
    wl_bert_corpus_init(&corpus, wl_alloc_default(), 0.5, 1);
    for (size_t i = 0; i < 20; i++) {
        CHECK_INT(wl_bert_corpus_add(&corpus, folder, WL_STR("a b"), 16, &fault), WL_OK);
    }
    CHECK(corpus.train.n == 0 || corpus.valid.n == 0); // copies stay together
    wl_bert_corpus_release(&corpus);
    wl_bert_folder_free(folder);
}

static void test_masks_are_as_frequent_as_said(void)
{
    enum { DRAWS = 2000 };
    static const int32_t kept[] = {2, 3};
    const struct wl_bert_mask_rule rule = {
        .share = 0.15, .mask = 4, .kept = kept, .n_kept = 2, .n_vocabulary = 17};
    size_t n_chosen = 0;
    size_t n_masked = 0;
    size_t n_same = 0;

    for (uint64_t i = 0; i < DRAWS; i++) {
        int32_t tokens[12] = {2, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 3};
        size_t places[12];
        int32_t wanted[12];
        struct wl_rng rng;
        wl_rng_init(&rng, 1, i);
        size_t n = wl_bert_mask_tokens(&rule, &rng, tokens, 12, places, wanted);
        CHECK(tokens[0] == 2 && tokens[11] == 3);
        for (size_t k = 0; k < n; k++) {
            CHECK_INT(wanted[k], (int)places[k] + 4);
            n_masked += tokens[places[k]] == 4;
            n_same += tokens[places[k]] == wanted[k];
        }
        n_chosen += n;
    }
    // Of 20,000 places and 3,000 chosen ones; of all pieces one in 17 is [MASK] or the same again.
    CHECK_CLOSE((double)n_chosen / (10.0 * DRAWS), 0.15, 3.0 * sqrt(0.15 * 0.85 / 20000.0));
    CHECK_CLOSE((double)n_masked / (double)n_chosen, 0.8 + 0.1 / 17, 3.0 * sqrt(0.16 / 3000.0));
    CHECK_CLOSE((double)n_same / (double)n_chosen, 0.1 + 0.1 / 17, 3.0 * sqrt(0.09 / 3000.0));
}

static void test_every_failed_allocation(void)
{
    const struct wl_pretrain_options options = {.n_epochs = 1,
                                                .batch_texts = 100,
                                                .n_tokens_max = LENGTH + 2,
                                                .share = 0.15,
                                                .patience = 1,
                                                .optimizer = wl_optimizer_options_default()};
    size_t n_refused = 0;

    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_pretrain_result result = {.n_updates = 77};
        struct wl_bert_corpus corpus;
        struct wl_gemm *gemm = NULL;

        check_heap_init(&heap, n_good);
        struct wl_bert_folder *folder = make_folder(&heap.alloc);
        wl_bert_corpus_init(&corpus, &heap.alloc, 0.2, 1);
        wl_status status = folder == NULL ? WL_ENOMEM : fill(&corpus, folder, false, &fault);
        if (status == WL_OK) {
            CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
            status = wl_bert_pretrain(folder, gemm, &corpus, &options, &result, &fault);
        }
        wl_bert_corpus_release(&corpus);
        wl_bert_folder_free(folder);
        wl_gemm_close(gemm);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
        CHECK_INT(result.n_updates, 77);
        n_refused++;
    }
    CHECK(n_refused > 30);
}

int main(void)
{
    RUN(test_learns_the_language);
    RUN(test_broken_off_goes_on_the_same);
    RUN(test_texts_are_cut_not_lost);
    RUN(test_masks_are_as_frequent_as_said);
    RUN(test_every_failed_allocation);
    return check_report();
}
