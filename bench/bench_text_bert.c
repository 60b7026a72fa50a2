/* How long a kept BERT classifier takes: to open, for one text alone, and for many. Processor time
 * of the thread stands beside the clock, which other programs move.
 *   usage: bench_text_bert MODEL.wlt TEXTS      one text a line; one JSON line per case */
#include "bench.h"

#include "base/file.h"
#include "nn/text_file.h"

#include <stdio.h>

#define TEXTS_MAX 4096
#define ALONE     500 // texts asked one by one
#define ROUNDS    5

struct texts {
    struct wl_str items[TEXTS_MAX];
    size_t n;
};

static double processor_seconds(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void split_lines(struct wl_str all, struct texts *texts)
{
    while (all.n_bytes > 0 && texts->n < TEXTS_MAX) {
        struct wl_str line = wl_str_trim(wl_str_cut(&all, '\n'));
        if (line.n_bytes > 0) {
            texts->items[texts->n++] = line;
        }
    }
}

static bool measure_alone(const struct wl_text_classifier *classifier, const struct texts *texts)
{
    static double clock_ms[ALONE];
    static double processor_ms[ALONE];
    static double p[WL_TEXT_LABELS_MAX];
    struct wl_text_scratch *scratch = NULL;
    size_t n = texts->n < ALONE ? texts->n : ALONE;

    if (wl_text_scratch_new(wl_alloc_default(), &scratch, NULL) != WL_OK) {
        return false;
    }
    bool is_good = true;
    for (size_t i = 0; i < 2 * n && is_good; i++) { // the first round builds code for its shapes
        double begin = bench_seconds();
        double spent = processor_seconds();
        is_good = wl_text_classify(classifier, texts->items[i % n], scratch, p, NULL) == WL_OK;
        processor_ms[i % n] = 1e3 * (processor_seconds() - spent);
        clock_ms[i % n] = 1e3 * (bench_seconds() - begin);
    }
    wl_text_scratch_free(scratch);
    printf("{\"case\":\"one text\",\"median_ms\":%.3f,\"processor_median_ms\":%.3f}\n",
           bench_median(clock_ms, n), bench_median(processor_ms, n));
    return is_good;
}

static bool measure_many(const struct wl_text_classifier *classifier, const struct texts *texts,
                         size_t n_threads)
{
    size_t n_labels = wl_text_classifier_about(classifier)->n_labels;
    double *p = wl_alloc_array(wl_alloc_default(), texts->n, n_labels * sizeof(*p));
    double rates[ROUNDS];
    bool is_good = p != NULL;

    for (size_t r = 0; r < ROUNDS && is_good; r++) {
        double begin = bench_seconds();
        is_good = wl_text_classify_all(classifier, wl_alloc_default(), texts->items, texts->n,
                                       n_threads, p, NULL) == WL_OK;
        rates[r] = (double)texts->n / (bench_seconds() - begin);
    }
    wl_alloc_free(wl_alloc_default(), p);
    printf("{\"case\":\"many texts\",\"threads\":%zu,\"n\":%zu,\"texts_per_s\":%.0f}\n", n_threads,
           texts->n, is_good ? bench_median(rates, ROUNDS) : 0.0);
    return is_good;
}

int main(int argc, char **argv)
{
    static struct texts texts;
    struct wl_text_classifier *classifier = NULL;
    struct wl_buf file;
    wl_error error;

    if (argc != 3) {
        fprintf(stderr, "usage: bench_text_bert MODEL.wlt TEXTS\n");
        return 2;
    }
    wl_buf_init(&file, wl_alloc_default(), 0);
    double begin = bench_seconds();
    if (wl_text_classifier_open(argv[1], wl_alloc_default(), &classifier, &error) != WL_OK ||
        wl_file_read(argv[2], &file, &error) != WL_OK) {
        fprintf(stderr, "bench_text_bert: %s\n", error.message);
        return 1;
    }
    printf("{\"case\":\"open\",\"ms\":%.0f}\n", 1e3 * (bench_seconds() - begin));
    split_lines(wl_buf_view(&file), &texts);
    bool is_good = measure_alone(classifier, &texts) && measure_many(classifier, &texts, 1) &&
                   measure_many(classifier, &texts, 2);
    wl_text_classifier_free(classifier);
    wl_buf_release(&file);
    return is_good ? 0 : 1;
}
