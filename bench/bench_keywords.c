/* Keywords of Chinese reviews, one review per call, beside jieba.analyse of python3-jieba in the
 * same run and on the same bytes; and how fast a corpus with its phrases and its contrast is made,
 * which has no peer.
 *
 * The text is the hotel reviews of ../shared/data/zh_ChnSentiCorp_htl_all where they are, else the
 * lines of tests/golden/text. Both sides open their dictionaries first, which is not counted. The
 * peer is null where /usr/bin/python3 has no jieba. */
#include "bench.h"

#include "base/file.h"
#include "text/contrast.h"
#include "text/keywords.h"
#include "text/phrase.h"

#include <stdio.h>
#include <string.h>

#define N_ROUNDS 3

static const char dictionary[] = WL_BINARY_DIR "/bin/zh.wldict";
static const char rarities[] = WL_BINARY_DIR "/bin/zh.wlidf";
static const char reviews[] =
    WL_SOURCE_DIR "/../shared/data/zh_ChnSentiCorp_htl_all/ChnSentiCorp_htl_all.csv";
static const char sentences[] = WL_SOURCE_DIR "/tests/golden/text/segment.jsonl";

static const char script[] =
    "import jieba,jieba.analyse as a,jieba.posseg as p,sys,time,logging;"
    "jieba.setLogLevel(logging.ERROR);jieba.lcut('a');p.lcut('a');"
    "L=open(sys.argv[1],encoding='utf-8',newline='\\n').read().split('\\n')[:2000];"
    "n=sum(len(l.encode()) for l in L)\n"
    "for f in (a.extract_tags,a.textrank):\n"
    " s=time.perf_counter();[f(l,withWeight=True) for l in L]\n"
    " print(n/1e6/(time.perf_counter()-s))";

struct world {
    struct wl_segmenter *segmenter;
    struct wl_idf idf;
    struct wl_keywords keywords;
    struct wl_stop_words stop;
    struct wl_buf text;
};

enum work { TFIDF, TEXTRANK, CONTRAST, N_WORKS };

static const char *const names[N_WORKS] = {"keywords_tfidf", "keywords_textrank",
                                           "keywords_contrast"};

static wl_status each_line(struct world *world, enum work work, size_t *n_bytes)
{
    struct wl_str rest = wl_buf_view(&world->text);
    struct wl_keyword_filter filter = {0};
    wl_status status = work == TEXTRANK ? wl_keyword_filter_set(&filter, world->segmenter,
                                                                WL_STR(WL_RANK_TAGS), NULL)
                                        : WL_OK;

    while (status == WL_OK && rest.n_bytes > 0) {
        struct wl_str line = wl_str_cut(&rest, '\n');
        status = work == TFIDF ? wl_keywords_tfidf(world->segmenter, &world->idf, &filter, line, 20,
                                                   &world->keywords, NULL)
                               : wl_keywords_rank(world->segmenter, &filter, line, 20,
                                                  &world->keywords, NULL);
        *n_bytes += line.n_bytes;
    }
    return status;
}

// All lines as one corpus: words, phrases, matrix, and every second text against the others.
static wl_status contrast_lines(struct world *world, size_t *n_bytes)
{
    struct wl_str rest = wl_buf_view(&world->text);
    struct wl_analyser analyser = {.segmenter = world->segmenter, .stop = &world->stop};
    struct wl_contrast_options options = {.min_df = 5, .prior = WL_CONTRAST_PRIOR};
    struct wl_phrase_options phrase_options;
    struct wl_corpus corpus;
    struct wl_phrases phrases = {0};
    struct wl_term_matrix matrix;
    struct wl_contrast *results = NULL;
    uint8_t *group = NULL;
    size_t n = 0;
    wl_status status = WL_OK;

    wl_phrase_options_init(&phrase_options);
    wl_term_matrix_init(&matrix, wl_alloc_default());
    WL_GO(wl_corpus_init(&corpus, wl_alloc_default(), &analyser, NULL));
    while (rest.n_bytes > 0) {
        struct wl_str line = wl_str_cut(&rest, '\n');
        WL_GO(wl_corpus_add(&corpus, line, NULL));
        *n_bytes += line.n_bytes;
    }
    wl_corpus_settle(&corpus);
    WL_GO(wl_phrases_find(&corpus, &phrase_options, &phrases, NULL));
    WL_GO(wl_phrases_matrix(&phrases, &matrix, NULL));
    group = wl_alloc_zeroed(wl_alloc_default(), matrix.n_texts + 1, 1);
    for (size_t i = 0; group != NULL && i < matrix.n_texts; i++) {
        group[i] = i % 2;
    }
    status = group != NULL ? wl_contrast_rank(wl_alloc_default(), &matrix, group, NULL, &options,
                                              &results, &n, NULL)
                           : WL_ENOMEM;
done:
    wl_alloc_free(wl_alloc_default(), group);
    wl_alloc_free(wl_alloc_default(), results);
    wl_term_matrix_release(&matrix);
    wl_phrases_release(&phrases);
    wl_corpus_release(&corpus);
    return status;
}

// Megabytes per second, the median of the rounds; 0 on failure.
static double measure_ours(struct world *world, enum work work)
{
    double rates[N_ROUNDS] = {0.0};
    wl_status status = WL_OK;

    for (size_t round = 0; round < N_ROUNDS && status == WL_OK; round++) {
        double begin = bench_seconds();
        size_t n_bytes = 0;
        status =
            work == CONTRAST ? contrast_lines(world, &n_bytes) : each_line(world, work, &n_bytes);
        rates[round] = 1e-6 * (double)n_bytes / (bench_seconds() - begin);
    }
    return status == WL_OK ? bench_median(rates, N_ROUNDS) : 0.0;
}

static void measure_peer(const char *path, double *rates)
{
    char command[4096];

    if (strpbrk(path, "'\\") != NULL) {
        return;
    }
    (void)snprintf(command, sizeof(command), "/usr/bin/python3 -c \"%s\" '%s' 2>/dev/null", script,
                   path);
    FILE *pipe = popen(command, "r");
    if (pipe == NULL) {
        return;
    }
    if (fscanf(pipe, "%lf %lf", &rates[TFIDF], &rates[TEXTRANK]) != 2) {
        rates[TFIDF] = 0.0;
        rates[TEXTRANK] = 0.0;
    }
    (void)pclose(pipe);
}

static void print_line(enum work work, double ours, double peer)
{
    printf("{\"bench\":\"%s\",\"unit\":\"MB/s\",\"ours\":%.2f,\"peer\":%s,", names[work], ours,
           work == CONTRAST ? "null" : "\"jieba.analyse 0.42.1\"");
    if (peer > 0.0) {
        printf("\"peer_value\":%.3f,\"ratio\":%.2f,\"threads\":1}\n", peer, ours / peer);
    } else {
        printf("\"peer_value\":null,\"ratio\":null,\"threads\":1}\n");
    }
}

int main(void)
{
    const char *path = wl_file_exists(reviews) ? reviews : sentences;
    struct world world = {0};
    double peers[N_WORKS] = {0.0};
    int code = EXIT_SUCCESS;

    if (!wl_file_exists(dictionary) || !wl_file_exists(rarities)) {
        printf("{\"bench\":\"keywords\",\"unit\":\"MB/s\",\"ours\":null,"
               "\"skipped\":\"no dictionary: python3-jieba was not there\"}\n");
        return EXIT_SUCCESS;
    }
    wl_keywords_init(&world.keywords, wl_alloc_default());
    wl_buf_init(&world.text, wl_alloc_default(), 0);
    if (wl_segmenter_open(dictionary, wl_alloc_default(), &world.segmenter, NULL) != WL_OK ||
        wl_idf_open(rarities, wl_alloc_default(), &world.idf, NULL) != WL_OK ||
        wl_stop_words_init(&world.stop, wl_alloc_default(), NULL) != WL_OK ||
        wl_file_read(path, &world.text, NULL) != WL_OK) {
        return EXIT_FAILURE;
    }
    measure_peer(path, peers);
    for (int work = 0; work < N_WORKS; work++) {
        double ours = measure_ours(&world, (enum work)work);
        print_line((enum work)work, ours, peers[work]);
        code = ours > 0.0 ? code : EXIT_FAILURE;
    }
    wl_stop_words_release(&world.stop);
    wl_idf_release(&world.idf);
    wl_segmenter_close(world.segmenter);
    wl_keywords_release(&world.keywords);
    wl_buf_release(&world.text);
    return code;
}
