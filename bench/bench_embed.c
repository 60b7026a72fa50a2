/* What numbers cost and change: banking77's texts through a BERT folder in float, bf16 and int8.
 *
 * Vectors are compared with the float ones: mean and smallest cosine; and each test text's nearest
 * training text: how often it is the same one as in float, and how often its label is right.
 * Argument: the folder (Hugging Face's, such as all-MiniLM-L6-v2), threads (1). One JSON line per
 * number; without a folder none. */
#include "bench.h"

#include "base/file.h"
#include "nn/bert_embed.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define DATA WL_SOURCE_DIR "/../shared/data/banking77/"

enum { TRAIN_MAX = 4000, TEST_MAX = 1000 };

struct set {
    struct wl_buf file;
    struct wl_str texts[TRAIN_MAX];
    struct wl_str labels[TRAIN_MAX];
    size_t n;
    size_t n_bytes;
};

static struct set train;
static struct set test;

static void must(wl_status status, const wl_error *error)
{
    if (status != WL_OK) {
        fprintf(stderr, "bench_embed: %s\n", error->message);
        exit(EXIT_FAILURE);
    }
}

// Every `step`-th line, "text,label"; a label has no comma.
static void read_set(struct set *set, const char *path, size_t step, size_t n_max)
{
    wl_error error = {0};
    size_t i = 0;

    wl_buf_init(&set->file, wl_alloc_default(), (size_t)1 << 26);
    must(wl_file_read(path, &set->file, &error), &error);
    struct wl_str rest = wl_buf_view(&set->file);
    (void)wl_str_cut(&rest, '\n'); // the header
    while (rest.n_bytes > 0 && set->n < n_max) {
        struct wl_str line = wl_str_cut(&rest, '\n');
        size_t comma = line.n_bytes;
        while (comma > 0 && line.data[comma - 1] != ',') {
            comma--;
        }
        if (comma > 1 && i++ % step == 0) {
            set->texts[set->n] = (struct wl_str){.data = line.data, .n_bytes = comma - 1};
            set->labels[set->n++] =
                (struct wl_str){.data = line.data + comma, .n_bytes = line.n_bytes - comma};
            set->n_bytes += comma - 1;
        }
    }
}

static double dot(const float *a, const float *b, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)a[i] * (double)b[i];
    }
    return sum;
}

static size_t nearest(const float *vector, const float *among, size_t n, size_t c)
{
    size_t best = 0;
    double largest = -2.0;

    for (size_t i = 0; i < n; i++) {
        double cosine = dot(vector, among + i * c, c);
        if (cosine > largest) {
            largest = cosine;
            best = i;
        }
    }
    return best;
}

static void *room(size_t n, size_t size)
{
    void *block = calloc(n, size);
    if (block == NULL) {
        exit(EXIT_FAILURE);
    }
    return block;
}

int main(int argc, char **argv)
{
    static const enum wl_number numbers[] = {WL_F32, WL_BF16, WL_S8};
    static const char *const names[] = {"f32", "bf16", "s8"};
    struct wl_bert_folder *folder = NULL;
    wl_error error = {0};

    if (argc < 2 || !wl_file_exists(DATA "train.csv")) {
        printf("{\"bench\":\"embed\",\"unit\":\"texts/s\",\"ours\":null,\"peer\":null}\n");
        return EXIT_SUCCESS;
    }
    read_set(&train, DATA "train.csv", 3, TRAIN_MAX);
    read_set(&test, DATA "test.csv", 3, TEST_MAX);
    const struct wl_bert_folder_options folder_options = {0};
    must(wl_bert_folder_open(wl_alloc_default(), argv[1], &folder_options, &folder, &error),
         &error);
    size_t c = folder->bert->config.shape.n_channels;
    float *exact = room(test.n * c, sizeof(*exact));
    size_t *exact_nearest = room(test.n, sizeof(*exact_nearest));
    for (size_t k = 0; k < 3; k++) {
        struct wl_bert_embed_options options = wl_bert_embed_options_default();
        struct wl_bert_embedder *embedder = NULL;
        float *train_vectors = room(train.n * c, sizeof(*train_vectors));
        float *vectors = room(test.n * c, sizeof(*vectors));
        double sum = 0.0;
        double smallest = 1.0;
        size_t n_same = 0;
        size_t n_right = 0;
        options.number = numbers[k];
        options.n_threads = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
        must(wl_bert_embedder_new(wl_alloc_default(), folder, &options, &embedder, &error), &error);
        must(wl_bert_embed(embedder, train.texts, train.n, train_vectors, &error), &error);
        double start = bench_seconds();
        must(wl_bert_embed(embedder, test.texts, test.n, vectors, &error), &error);
        double seconds = bench_seconds() - start;
        for (size_t i = 0; i < test.n; i++) {
            size_t found = nearest(vectors + i * c, train_vectors, train.n, c);
            if (k == 0) {
                memcpy(exact + i * c, vectors + i * c, c * sizeof(*exact));
                exact_nearest[i] = found;
            }
            double cosine = dot(vectors + i * c, exact + i * c, c);
            sum += cosine;
            smallest = fmin(smallest, cosine);
            n_same += found == exact_nearest[i];
            n_right += wl_str_equal(train.labels[found], test.labels[i]);
        }
        double n = (double)test.n;
        printf("{\"bench\":\"embed_banking77\",\"number\":\"%s\",\"unit\":\"texts/s\","
               "\"ours\":%.0f,\"peer\":null,\"cosine_mean\":%.5f,\"cosine_min\":%.5f,"
               "\"same_nearest\":%.4f,\"right\":%.4f}\n",
               names[k], n / seconds, sum / n, smallest, (double)n_same / n, (double)n_right / n);
        fflush(stdout);
        wl_bert_embedder_free(embedder);
        free(train_vectors);
        free(vectors);
    }
    free(exact);
    free(exact_nearest);
    wl_bert_folder_free(folder);
    wl_buf_release(&train.file);
    wl_buf_release(&test.file);
    return EXIT_SUCCESS;
}
