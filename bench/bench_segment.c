/* Chinese reviews cut into words, beside python3-jieba in the same run and on the same bytes.
 *
 * The text is the hotel reviews of ../shared/data/zh_ChnSentiCorp_htl_all where they are, else the
 * lines of tests/golden/text. Both sides open their dictionary first, which is
 * not counted. The peer is null where /usr/bin/python3 has no jieba. */
#include "bench.h"

#include "base/file.h"
#include "text/segmenter.h"

#include <stdio.h>
#include <string.h>

#define N_ROUNDS 5

static const char dictionary[] = WL_BINARY_DIR "/bin/zh.wldict";
static const char reviews[] =
    WL_SOURCE_DIR "/../shared/data/zh_ChnSentiCorp_htl_all/ChnSentiCorp_htl_all.csv";
static const char sentences[] = WL_SOURCE_DIR "/tests/golden/text/segment.jsonl";

static const char script[] =
    "import jieba,sys,time,logging;jieba.setLogLevel(logging.ERROR);jieba.lcut('a');"
    "L=open(sys.argv[1],encoding='utf-8',newline='\\n').read().split('\\n');"
    "n=sum(len(l.encode()) for l in L);r=[]\n"
    "for k in range(3):\n"
    " s=time.perf_counter();[jieba.lcut(l) for l in L];r.append(n/1e6/(time.perf_counter()-s))\n"
    "print(sorted(r)[1])";

// Megabytes of one pass over the text, 0 on failure.
static double cut_lines(const struct wl_segmenter *segmenter, struct wl_str text,
                        struct wl_tokens *tokens)
{
    size_t n_bytes = 0;

    while (text.n_bytes > 0) {
        struct wl_str line = wl_str_cut(&text, '\n');
        if (wl_segmenter_cut(segmenter, line, true, tokens, NULL) != WL_OK) {
            return 0.0;
        }
        n_bytes += line.n_bytes;
    }
    return 1e-6 * (double)n_bytes;
}

// Megabytes per second, the median of the rounds; 0 on failure.
static double measure_ours(const char *path)
{
    struct wl_segmenter *segmenter = NULL;
    struct wl_tokens tokens;
    struct wl_buf text;
    double rates[N_ROUNDS] = {0.0};

    wl_buf_init(&text, wl_alloc_default(), 0);
    wl_tokens_init(&tokens, wl_alloc_default());
    wl_status status = wl_segmenter_open(dictionary, wl_alloc_default(), &segmenter, NULL);
    if (status == WL_OK) {
        status = wl_file_read(path, &text, NULL);
    }
    for (size_t round = 0; round < N_ROUNDS && status == WL_OK; round++) {
        double begin = bench_seconds();
        double megabytes = cut_lines(segmenter, wl_buf_view(&text), &tokens);
        rates[round] = megabytes / (bench_seconds() - begin);
    }
    wl_segmenter_close(segmenter);
    wl_tokens_release(&tokens);
    wl_buf_release(&text);
    return bench_median(rates, N_ROUNDS);
}

static double measure_peer(const char *path)
{
    char command[4096];
    double rate = 0.0;

    if (strpbrk(path, "'\\") != NULL) {
        return 0.0;
    }
    (void)snprintf(command, sizeof(command), "/usr/bin/python3 -c \"%s\" '%s' 2>/dev/null", script,
                   path);
    FILE *pipe = popen(command, "r");
    if (pipe == NULL) {
        return 0.0;
    }
    if (fscanf(pipe, "%lf", &rate) != 1) {
        rate = 0.0;
    }
    (void)pclose(pipe);
    return rate;
}

int main(void)
{
    const char *path = wl_file_exists(reviews) ? reviews : sentences;
    bool has_dictionary = wl_file_exists(dictionary);
    double ours = has_dictionary ? measure_ours(path) : 0.0;
    double peer = has_dictionary ? measure_peer(path) : 0.0;

    if (!has_dictionary) {
        printf("{\"bench\":\"segment\",\"unit\":\"MB/s\",\"ours\":null,"
               "\"skipped\":\"no dictionary: python3-jieba was not there\"}\n");
        return EXIT_SUCCESS;
    }
    printf("{\"bench\":\"segment\",\"unit\":\"MB/s\",\"ours\":%.2f,\"peer\":\"jieba 0.42.1\",",
           ours);
    if (peer > 0.0) {
        printf("\"peer_value\":%.2f,\"ratio\":%.2f,\"threads\":1}\n", peer, ours / peer);
    } else {
        printf("\"peer_value\":null,\"ratio\":null,\"threads\":1}\n");
    }
    return ours > 0.0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
