/* Chinese reviews cut into words, normalised and analysed, beside what else does it, in the same
 * run and on the same bytes.
 *
 * The text is the hotel reviews of ../shared/data/zh_ChnSentiCorp_htl_all where they are, else the
 * lines of tests/golden/text. All sides open their dictionaries first, which is not counted, and
 * take turns, so that a busy machine is busy for all of them; what is measured is processor time of
 * the process, all threads, because others on the same cores hardly change that. python3-jieba is
 * asked where /usr/bin/python3 has it. WL_JIEBA_NODE names a folder whose node_modules holds
 * @node-rs/jieba and nodejieba; a peer that is not there is null. */
#include "bench.h"

#include "base/file.h"
#include "text/analyser.h"

#include <stdio.h>
#include <string.h>

#define N_TURNS 5

static const char dictionary[] = WL_BINARY_DIR "/bin/zh.wldict";
static const char reviews[] =
    WL_SOURCE_DIR "/../shared/data/zh_ChnSentiCorp_htl_all/ChnSentiCorp_htl_all.csv";
static const char sentences[] = WL_SOURCE_DIR "/tests/golden/text/segment.jsonl";

/* A peer: a program that prints megabytes per second. */
struct peer {
    const char *bench;
    const char *name;
    const char *run; /* gets a folder and the file */
    bool is_node;
    double rates[N_TURNS];
};

#define PYTHON_BEGIN                                                                               \
    "/usr/bin/python3 -c \"\nimport sys,time\n"                                                    \
    "L=open(sys.argv[2],encoding='utf-8',newline='\\n').read().split('\\n')\n"                     \
    "n=sum(len(l.encode()) for l in L)\n"
#define PYTHON_END "\nprint(n/1e6/(time.process_time()-s))\""
#define NODE_BEGIN                                                                                 \
    "node -e \"const p=process.argv[1]+'/node_modules/';"                                          \
    "const L=require('fs').readFileSync(process.argv[2],'utf8').split('\\n');"                     \
    "let n=0;for(const l of L)n+=Buffer.byteLength(l);"
#define NODE_END                                                                                   \
    "for(let i=0;i<200;i++)f(L[i%L.length]);const c=process.cpuUsage();for(const l of L)f(l);"     \
    "const d=process.cpuUsage(c);console.log(n/(d.user+d.system));\"" // microseconds

static struct peer peers[] = {
    {.bench = "segment",
     .name = "jieba 0.42.1",
     .run = PYTHON_BEGIN "import jieba,logging\njieba.setLogLevel(logging.ERROR)\njieba.lcut('a')\n"
                         "s=time.process_time()\n[jieba.lcut(l) for l in L]" PYTHON_END},
    {.bench = "segment",
     .name = "@node-rs/jieba",
     .is_node = true,
     .run = NODE_BEGIN "const {Jieba}=require(p+'@node-rs/jieba');"
                       "const {dict}=require(p+'@node-rs/jieba/dict');"
                       "const j=Jieba.withDict(dict);const f=l=>j.cut(l,true);" NODE_END},
    {.bench = "segment",
     .name = "nodejieba",
     .is_node = true,
     .run = NODE_BEGIN "const j=require(p+'nodejieba');j.load();"
                       "const f=l=>j.cut(l,true);" NODE_END},
    {.bench = "normalise",
     .name = "Python unicodedata, NFKC and casefold",
     .run = PYTHON_BEGIN "from unicodedata import normalize\ns=time.process_time()\n"
                         "[normalize('NFKC',l).casefold() for l in L]" PYTHON_END},
};

static const char *const benches[] = {"segment", "normalise", "analyse"};
#define N_BENCHES (sizeof(benches) / sizeof(benches[0]))
#define N_PEERS   (sizeof(peers) / sizeof(peers[0]))

struct ours {
    struct wl_segmenter *segmenter;
    struct wl_stop_words stop;
    struct wl_analysis analysis;
    struct wl_tokens tokens;
    struct wl_buf text;
    double rates[N_BENCHES][N_TURNS];
};

static wl_status ours_open(struct ours *ours, const char *path)
{
    wl_buf_init(&ours->text, wl_alloc_default(), 0);
    wl_tokens_init(&ours->tokens, wl_alloc_default());
    WL_TRY(wl_segmenter_open(dictionary, wl_alloc_default(), &ours->segmenter, NULL));
    WL_TRY(wl_stop_words_init(&ours->stop, wl_alloc_default(), NULL));
    WL_TRY(wl_analysis_init(&ours->analysis, wl_alloc_default(), NULL));
    return wl_file_read(path, &ours->text, NULL);
}

static void ours_close(struct ours *ours)
{
    wl_segmenter_close(ours->segmenter);
    wl_stop_words_release(&ours->stop);
    wl_analysis_release(&ours->analysis);
    wl_tokens_release(&ours->tokens);
    wl_buf_release(&ours->text);
}

static wl_status work(struct ours *ours, size_t bench, struct wl_str line)
{
    struct wl_analyser analyser = {.segmenter = ours->segmenter, .stop = &ours->stop};

    switch (bench) {
    case 0: return wl_segmenter_cut(ours->segmenter, line, true, &ours->tokens, NULL);
    case 1: return wl_normal_set(&ours->analysis.normal, line, NULL);
    default: return wl_analyse(&analyser, line, &ours->analysis, NULL);
    }
}

// Processor time of this process.
static double cpu_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// Megabytes per second of one pass, 0 on failure.
static double measure_ours(struct ours *ours, size_t bench)
{
    struct wl_str text = wl_buf_view(&ours->text);
    double begin = cpu_seconds();
    size_t n_bytes = 0;

    while (text.n_bytes > 0) {
        struct wl_str line = wl_str_cut(&text, '\n');
        if (work(ours, bench, line) != WL_OK) {
            return 0.0;
        }
        n_bytes += line.n_bytes;
    }
    return 1e-6 * (double)n_bytes / (cpu_seconds() - begin);
}

// The same of a peer, 0 when it is not there.
static double measure_peer(const struct peer *peer, const char *path)
{
    const char *folder = peer->is_node ? getenv("WL_JIEBA_NODE") : "-";
    char command[8192];
    double rate = 0.0;

    if (folder == NULL || strpbrk(folder, "'\\\"$`") != NULL || strpbrk(path, "'\\\"$`") != NULL) {
        return 0.0;
    }
    (void)snprintf(command, sizeof(command), "%s '%s' '%s' 2>/dev/null", peer->run, folder, path);
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

static void print_line(const char *bench, double ours, const char *peer, double rate)
{
    printf("{\"bench\":\"%s\",\"unit\":\"MB/s\",\"ours\":%.2f,", bench, ours);
    if (peer == NULL) {
        printf("\"peer\":null,");
    } else {
        printf("\"peer\":\"%s\",", peer);
    }
    if (rate > 0.0) {
        printf("\"peer_value\":%.2f,\"ratio\":%.2f,\"threads\":1}\n", rate, ours / rate);
    } else {
        printf("\"peer_value\":null,\"ratio\":null,\"threads\":1}\n");
    }
}

static void print_all(struct ours *ours)
{
    for (size_t b = 0; b < N_BENCHES; b++) {
        double rate = bench_median(ours->rates[b], N_TURNS);
        bool has_peer = false;
        for (size_t k = 0; k < N_PEERS; k++) {
            if (strcmp(peers[k].bench, benches[b]) == 0) {
                has_peer = true;
                print_line(benches[b], rate, peers[k].name, bench_median(peers[k].rates, N_TURNS));
            }
        }
        if (!has_peer) {
            print_line(benches[b], rate, NULL, 0.0);
        }
    }
}

int main(void)
{
    const char *path = wl_file_exists(reviews) ? reviews : sentences;
    struct ours ours = {0};

    if (!wl_file_exists(dictionary)) {
        printf("{\"bench\":\"segment\",\"unit\":\"MB/s\",\"ours\":null,"
               "\"skipped\":\"no dictionary: python3-jieba was not there\"}\n");
        return EXIT_SUCCESS;
    }
    bool is_good = ours_open(&ours, path) == WL_OK;
    for (size_t turn = 0; turn < N_TURNS && is_good; turn++) {
        for (size_t b = 0; b < N_BENCHES; b++) {
            ours.rates[b][turn] = measure_ours(&ours, b);
            is_good = is_good && ours.rates[b][turn] > 0.0;
        }
        for (size_t k = 0; k < N_PEERS; k++) {
            peers[k].rates[turn] = measure_peer(&peers[k], path);
        }
    }
    if (is_good) {
        print_all(&ours);
    }
    ours_close(&ours);
    return is_good ? EXIT_SUCCESS : EXIT_FAILURE;
}
