/* Tokenizers: megabytes of text per second, beside Hugging Face's tokenizers in the same run
 * (tokenizer_peer.py), which has the same vocabulary: WordPiece of bert-base-uncased and
 * bert-base-chinese, byte-pair encoding of o200k (GPT-4o, gpt-oss).
 *
 * Texts are the lines of two public files: banking77 (English, short) and ChnSentiCorp (Chinese
 * reviews). One text per call with one thread; then all texts shared out among two threads, beside
 * the peer's batch call. The numbers of tokens must agree (the peer's stand on stderr). Turns
 * alternate; the ratio is the median over turns, of wall clock and of processor time. */
#include "bench.h"
#include "peer.h"

#include "base/file.h"
#include "base/thread.h"
#include "text/bpe.h"
#include "text/wordpiece.h"

#define N_RUNS       7
#define VOCABULARIES WL_SOURCE_DIR "/../shared/nn-fixtures/vocab/"
#define DATA         WL_SOURCE_DIR "/../shared/data/"

enum { THREADS_MAX = 2 };

struct texts {
    struct wl_str *items;
    size_t n;
    size_t n_bytes;
};

struct tokenizer {
    const struct wl_wordpiece *wordpiece;
    const struct wl_bpe *bpe;
};

struct work {
    struct tokenizer tokenizer;
    const struct texts *texts;
    struct wl_ids ids[THREADS_MAX];
    size_t n_tokens[THREADS_MAX];
};

static void must(wl_status status, const wl_error *error)
{
    if (status != WL_OK) {
        fprintf(stderr, "bench_tokenizer: %s\n", error->message);
        exit(EXIT_FAILURE);
    }
}

// The lines of a file; the file's bytes stay in `file`.
static struct texts lines_of(const char *path, struct wl_buf *file)
{
    struct texts texts = {0};
    wl_error error = {0};

    wl_buf_init(file, wl_alloc_default(), (size_t)1 << 30);
    must(wl_file_read(path, file, &error), &error);
    struct wl_str rest = wl_buf_view(file);
    size_t capacity = 0;
    while (rest.n_bytes > 0) {
        if (texts.n == capacity) {
            capacity = capacity == 0 ? 1024 : 2 * capacity;
            texts.items = realloc(texts.items, capacity * sizeof(*texts.items));
        }
        texts.items[texts.n] = wl_str_cut(&rest, '\n');
        texts.n_bytes += texts.items[texts.n++].n_bytes;
    }
    return texts;
}

static wl_status encode_some(void *context, size_t begin, size_t end, size_t i_worker,
                             wl_error *error)
{
    struct work *work = context;
    struct wl_ids *ids = &work->ids[i_worker];

    for (size_t i = begin; i < end; i++) {
        ids->n = 0;
        WL_TRY(work->tokenizer.bpe != NULL
                   ? wl_bpe_encode(work->tokenizer.bpe, work->texts->items[i], ids, error)
                   : wl_wordpiece_encode(work->tokenizer.wordpiece, work->texts->items[i], ids,
                                         error));
        work->n_tokens[i_worker] += ids->n;
    }
    return WL_OK;
}

static struct peer_turn turn_of_ours(struct work *work, size_t n_threads)
{
    wl_error error = {0};
    double cpu_s = peer_seconds_cpu();
    double wall_s = bench_seconds();

    must(wl_parallel_for(n_threads, work->texts->n, 256, encode_some, work, &error), &error);
    return (struct peer_turn){.wall_s = bench_seconds() - wall_s,
                              .cpu_s = peer_seconds_cpu() - cpu_s};
}

static void run_case(const char *name, struct tokenizer tokenizer, const struct texts *texts,
                     size_t n_threads, char *kind, char *vocabulary, char *path)
{
    struct work work = {.tokenizer = tokenizer, .texts = texts};
    struct peer peer;
    char threads[8];
    char *arguments[] = {kind, threads, vocabulary, path, NULL};
    double ours[N_RUNS];
    double ratio[N_RUNS];
    double ratio_cpu[N_RUNS];

    (void)snprintf(threads, sizeof(threads), "%zu", n_threads);
    for (size_t i = 0; i < THREADS_MAX; i++) {
        wl_ids_init(&work.ids[i], wl_alloc_default());
    }
    bool has_peer = peer_start(&peer, WL_SOURCE_DIR "/bench/tokenizer_peer.py", arguments);
    (void)turn_of_ours(&work, n_threads);
    size_t n_tokens = work.n_tokens[0] + work.n_tokens[1];
    for (size_t i = 0; i < N_RUNS; i++) {
        struct peer_turn mine = turn_of_ours(&work, n_threads);
        struct peer_turn theirs = peer_turn_run(&peer);
        ours[i] = mine.wall_s;
        ratio[i] = theirs.wall_s / mine.wall_s;
        ratio_cpu[i] = theirs.cpu_s / mine.cpu_s;
    }
    double mb_s = 1e-6 * (double)texts->n_bytes / bench_median(ours, N_RUNS);
    printf("{\"bench\":\"%s\",\"unit\":\"MB/s\",\"threads\":%zu,\"tokens\":%zu,\"ours\":%.1f,",
           name, n_threads, n_tokens, mb_s);
    if (has_peer) {
        double times = bench_median(ratio, N_RUNS);
        printf("\"peer\":\"huggingface tokenizers\",\"peer_value\":%.2f,\"ratio\":%.2f,"
               "\"ratio_cpu\":%.2f}\n",
               mb_s / times, times, bench_median(ratio_cpu, N_RUNS));
    } else {
        printf("\"peer\":null,\"peer_value\":null,\"ratio\":null}\n");
    }
    fflush(stdout);
    (void)peer_end(&peer);
    for (size_t i = 0; i < THREADS_MAX; i++) {
        wl_ids_release(&work.ids[i]);
    }
}

static char kind_wordpiece[] = "wordpiece";
static char kind_bpe[] = "bpe";

static void bench_wordpiece(const char *name, char *vocabulary, char *path)
{
    struct wl_wordpiece_options options;
    struct wl_wordpiece *wordpiece = NULL;
    struct wl_buf file;
    struct wl_buf lines;
    wl_error error = {0};

    wl_wordpiece_options_init(&options);
    wl_buf_init(&file, wl_alloc_default(), (size_t)1 << 30);
    must(wl_file_read(vocabulary, &file, &error), &error);
    must(wl_wordpiece_from(wl_alloc_default(), wl_buf_view(&file), &options, &wordpiece, &error),
         &error);
    struct texts texts = lines_of(path, &lines);
    for (size_t n_threads = 1; n_threads <= THREADS_MAX; n_threads++) {
        run_case(name, (struct tokenizer){.wordpiece = wordpiece}, &texts, n_threads,
                 kind_wordpiece, vocabulary, path);
    }
    free(texts.items);
    wl_wordpiece_free(wordpiece);
    wl_buf_release(&file);
    wl_buf_release(&lines);
}

static void bench_bpe(const char *name, char *vocabulary, char *path)
{
    struct wl_bpe *bpe = NULL;
    struct wl_lines *reader = NULL;
    struct wl_buf ranks;
    struct wl_buf lines;
    struct wl_str line;
    bool has_line = true;
    wl_error error = {0};

    wl_buf_init(&ranks, wl_alloc_default(), (size_t)1 << 30);
    must(wl_lines_open(vocabulary, wl_alloc_default(), &reader, &error), &error);
    for (;;) {
        must(wl_lines_next(reader, &line, &has_line, &error), &error);
        if (!has_line) {
            break;
        }
        wl_buf_str(&ranks, line);
        wl_buf_text(&ranks, "\n");
    }
    wl_lines_close(reader);
    must(wl_bpe_from_ranks(wl_alloc_default(), wl_buf_view(&ranks), WL_BPE_O200K, &bpe, &error),
         &error);
    struct texts texts = lines_of(path, &lines);
    for (size_t n_threads = 1; n_threads <= THREADS_MAX; n_threads++) {
        run_case(name, (struct tokenizer){.bpe = bpe}, &texts, n_threads, kind_bpe, vocabulary,
                 path);
    }
    free(texts.items);
    wl_bpe_free(bpe);
    wl_buf_release(&ranks);
    wl_buf_release(&lines);
}

int main(void)
{
    static char english[] = DATA "banking77/train.csv";
    static char chinese[] = DATA "zh_ChnSentiCorp_htl_all/ChnSentiCorp_htl_all.csv";
    static char uncased[] = VOCABULARIES "bert-base-uncased-vocab.txt";
    static char hanzi[] = VOCABULARIES "bert-base-chinese-vocab.txt";
    static char o200k[] = VOCABULARIES "o200k_base.tiktoken.gz";

    if (!wl_file_exists(english) || !wl_file_exists(chinese) || !wl_file_exists(o200k)) {
        printf("{\"bench\":\"tokenizer\",\"unit\":\"MB/s\",\"ours\":null,\"peer\":null}\n");
        return EXIT_SUCCESS;
    }
    if (getenv("WANLIU_PEER_PYTHON") == NULL) {
        fprintf(stderr, "bench_tokenizer: no peer: WANLIU_PEER_PYTHON names no python\n");
    }
    bench_wordpiece("wordpiece_english", uncased, english);
    bench_wordpiece("wordpiece_chinese", hanzi, chinese);
    bench_bpe("bpe_english", o200k, english);
    bench_bpe("bpe_chinese", o200k, chinese);
    return EXIT_SUCCESS;
}
