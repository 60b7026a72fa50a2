/* The list becomes a double array, as the dictionary does (word_cells.h), with a number for each
 * word behind it. A word that stands twice has its last number; the median is that of the distinct
 * words, the upper one of two, as jieba takes it. */
#include "text/keyword_idf.h"

#include "base/file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX ((size_t)1 << 30) /* 1 GiB: as the dictionary's */

void wl_idf_release(struct wl_idf *idf)
{
    if (idf->alloc != NULL) {
        wl_word_cells_release(idf->alloc, &idf->cells);
        wl_alloc_free(idf->alloc, idf->weight);
    }
    *idf = (struct wl_idf){0};
}

double wl_idf_of(const struct wl_idf *idf, struct wl_str word)
{
    return idf->weight[wl_word_cells_find(&idf->cells, word)];
}

/* -- making -- */

static wl_status read_line(struct wl_str line, struct wl_str *word, double *number, wl_error *error)
{
    *word = wl_str_cut(&line, ' ');
    if (!wl_str_to_double(line, number)) {
        return wl_fail(error, WL_EPARSE, "no number behind the word");
    }
    return wl_str_is_utf8(*word) ? WL_OK : wl_fail(error, WL_EPARSE, "not UTF-8");
}

static wl_status grow_tree(struct wl_word_tree *tree, struct wl_str list, wl_error *error)
{
    for (size_t number = 1; list.n_bytes > 0; number++) {
        struct wl_str word;
        double value;
        wl_status status = read_line(wl_str_trim(wl_str_cut(&list, '\n')), &word, &value, error);
        if (status == WL_OK) {
            status = wl_word_tree_put(tree, word, 0, WL_WORD_TAG_NONE, error);
        }
        if (status != WL_OK) {
            return wl_fail_at(error, status, "list of idf, line %zu", number);
        }
    }
    return tree->n_nodes > 0 ? WL_OK : wl_fail(error, WL_EPARSE, "the list of idf is empty");
}

static int compare_doubles(const void *a, const void *b)
{
    double one = *(const double *)a;
    double other = *(const double *)b;

    return (one > other) - (one < other);
}

// Numbers of the words in weight[1..], the median in weight[0].
static wl_status fill_weights(const wl_alloc *alloc, const struct wl_word_cells *cells,
                              struct wl_str list, double *weight, size_t n_words, wl_error *error)
{
    while (list.n_bytes > 0) {
        struct wl_str word;
        double value;
        WL_TRY(read_line(wl_str_trim(wl_str_cut(&list, '\n')), &word, &value, error));
        weight[wl_word_cells_find(cells, word)] = value;
    }
    double *sorted = wl_alloc_array(alloc, n_words, sizeof(*sorted));
    if (sorted == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu numbers", n_words);
    }
    memcpy(sorted, weight + 1, n_words * sizeof(*sorted));
    qsort(sorted, n_words, sizeof(*sorted), compare_doubles);
    weight[0] = sorted[n_words / 2];
    wl_alloc_free(alloc, sorted);
    return WL_OK;
}

static wl_status write_file(const wl_alloc *alloc, const struct wl_word_cells *cells,
                            const double *weight, size_t n_words, struct wl_buf *out,
                            wl_error *error)
{
    struct wl_buf body;

    wl_buf_init(&body, alloc, FILE_BYTES_MAX);
    wl_put_u32(&body, (uint32_t)cells->n);
    wl_put_u32(&body, (uint32_t)n_words);
    wl_word_cells_put(cells, &body);
    for (size_t i = 0; i <= n_words; i++) {
        wl_put_f64(&body, weight[i]);
    }
    wl_status status = wl_buf_check(&body, error);
    if (status == WL_OK) {
        wl_buf_text(out, WL_IDF_MAGIC);
        wl_put_u32(out, WL_IDF_VERSION);
        wl_put_u64(out, wl_str_hash(wl_buf_view(&body), WL_IDF_VERSION));
        wl_buf_str(out, wl_buf_view(&body));
        status = wl_buf_check(out, error);
    }
    wl_buf_release(&body);
    return status;
}

wl_status wl_idf_make(const wl_alloc *alloc, struct wl_str list, struct wl_buf *out,
                      wl_error *error)
{
    struct wl_word_tree tree;
    struct wl_word_cells cells = {0};
    double *weight = NULL;
    size_t n_words = 0;
    wl_status status = WL_OK;

    wl_word_tree_init(&tree, alloc);
    WL_GO(grow_tree(&tree, list, error));
    for (size_t i = 0; i < tree.n_nodes; i++) {
        n_words += tree.nodes[i].is_word;
    }
    WL_GO(wl_word_cells_make(alloc, &tree, &cells, error));
    weight = wl_alloc_zeroed(alloc, n_words + 1, sizeof(*weight));
    if (weight == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for %zu numbers", n_words);
        goto done;
    }
    WL_GO(fill_weights(alloc, &cells, list, weight, n_words, error));
    status = write_file(alloc, &cells, weight, n_words, out, error);
done:
    wl_alloc_free(alloc, weight);
    wl_word_cells_release(alloc, &cells);
    wl_word_tree_release(&tree);
    return status;
}

/* -- reading -- */

static wl_status read_header(struct wl_reader *reader, wl_error *error)
{
    struct wl_str magic = wl_read_bytes(reader, strlen(WL_IDF_MAGIC));
    uint32_t version = wl_read_u32(reader);

    if (reader->failed || !wl_str_is(magic, WL_IDF_MAGIC)) {
        return wl_fail(error, WL_ECORRUPT, "this is no list of idf of ours");
    }
    if (version != WL_IDF_VERSION) {
        return wl_fail(error, WL_EVERSION, "list of idf version %u, this program reads %u", version,
                       WL_IDF_VERSION);
    }
    uint64_t checksum = wl_read_u64(reader);
    struct wl_reader ahead = *reader;
    struct wl_str rest = wl_read_bytes(&ahead, wl_reader_left(reader));
    if (reader->failed || checksum != wl_str_hash(rest, WL_IDF_VERSION)) {
        return wl_fail(error, WL_ECORRUPT, "the checksum of the list of idf does not match");
    }
    return WL_OK;
}

static wl_status read_weights(struct wl_reader *reader, struct wl_idf *idf, wl_error *error)
{
    if (wl_reader_left(reader) != (idf->n_words + 1) * sizeof(double)) {
        return wl_fail(error, WL_ECORRUPT, "%zu bytes for %zu words of the list of idf",
                       wl_reader_left(reader), idf->n_words);
    }
    idf->weight = wl_alloc_array(idf->alloc, idf->n_words + 1, sizeof(*idf->weight));
    if (idf->weight == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu words", idf->n_words);
    }
    for (size_t i = 0; i <= idf->n_words; i++) {
        idf->weight[i] = wl_read_f64(reader);
        if (!isfinite(idf->weight[i])) {
            return wl_fail(error, WL_ECORRUPT, "a number of the list of idf is not finite");
        }
    }
    return WL_OK;
}

wl_status wl_idf_from(struct wl_str bytes, const wl_alloc *alloc, struct wl_idf *idf_out,
                      wl_error *error)
{
    struct wl_idf idf = {.alloc = alloc};
    struct wl_reader reader;
    wl_status status = WL_OK;

    wl_reader_init(&reader, bytes);
    WL_TRY(read_header(&reader, error));
    size_t n_cells = wl_read_u32(&reader);
    idf.n_words = wl_read_u32(&reader);
    WL_GO(wl_word_cells_read(alloc, &reader, n_cells, idf.n_words, &idf.cells, error));
    WL_GO(read_weights(&reader, &idf, error));
    *idf_out = idf;
    idf = (struct wl_idf){0};
done:
    wl_idf_release(&idf);
    return status;
}

wl_status wl_idf_open(const char *path, const wl_alloc *alloc, struct wl_idf *idf, wl_error *error)
{
    struct wl_buf bytes;

    wl_buf_init(&bytes, alloc, FILE_BYTES_MAX);
    wl_status status = wl_file_read(path, &bytes, error);
    if (status == WL_OK) {
        status = wl_idf_from(wl_buf_view(&bytes), alloc, idf, error);
        if (status != WL_OK) {
            status = wl_fail_at(error, status, "%s", path);
        }
    }
    wl_buf_release(&bytes);
    return status;
}
