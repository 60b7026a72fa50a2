/* Reading zh.wldict. Everything is copied out of the file with the checked reader and looked at
 * once: each word number has a word, each probability is finite. What is not checked is that the
 * cells make a tree: a walk takes one byte per step and looks at the bounds of each, so the worst
 * that a forged array can do is give wrong words. Opening jieba's dictionary takes 80 ms. */
#include "text/word_dict.h"

#include "base/bytes.h"

#include <math.h>
#include <string.h>

void wl_word_dict_release(const wl_alloc *alloc, struct wl_word_dict *dict)
{
    wl_alloc_free(alloc, dict->cells);
    wl_alloc_free(alloc, dict->frequency);
    wl_alloc_free(alloc, dict->weight);
    wl_alloc_free(alloc, dict->hmm.emission);
    *dict = (struct wl_word_dict){0};
}

static wl_status read_header(struct wl_reader *reader, struct wl_word_dict *dict, wl_error *error)
{
    struct wl_str magic = wl_read_bytes(reader, strlen(WL_DICT_MAGIC));
    uint32_t version = wl_read_u32(reader);

    if (reader->failed || !wl_str_is(magic, WL_DICT_MAGIC)) {
        return wl_fail(error, WL_ECORRUPT, "this is no dictionary of ours");
    }
    if (version != WL_DICT_VERSION) {
        return wl_fail(error, WL_EVERSION, "dictionary version %u, this program reads %u", version,
                       WL_DICT_VERSION);
    }
    uint64_t checksum = wl_read_u64(reader);
    struct wl_reader ahead = *reader;
    struct wl_str rest = wl_read_bytes(&ahead, wl_reader_left(reader));
    if (reader->failed || checksum != wl_str_hash(rest, WL_DICT_VERSION)) {
        return wl_fail(error, WL_ECORRUPT, "the dictionary's checksum does not match");
    }
    dict->n_cells = wl_read_u32(reader);
    dict->n_words = wl_read_u32(reader);
    dict->total = wl_read_u64(reader);
    return WL_OK;
}

// All sizes against the bytes that are there, before anything is allocated.
static wl_status check_sizes(const struct wl_reader *reader, const struct wl_word_dict *dict,
                             wl_error *error)
{
    size_t n_numbers = WL_HMM_STATES * (1 + WL_HMM_STATES + (size_t)WL_HAN_COUNT);

    if (dict->n_cells > WL_DICT_CELLS_MAX || dict->n_words > dict->n_cells) {
        return wl_fail(error, WL_ELIMIT, "a dictionary of %zu cells and %zu words", dict->n_cells,
                       dict->n_words);
    }
    size_t wanted = dict->n_cells * WL_WORD_CELL_BYTES + dict->n_words * sizeof(uint32_t) +
                    n_numbers * sizeof(double);
    if (dict->n_cells == 0 || dict->total == 0 || wl_reader_left(reader) != wanted) {
        return wl_fail(error, WL_ECORRUPT, "the dictionary has %zu bytes, its head says %zu",
                       wl_reader_left(reader), wanted);
    }
    return WL_OK;
}

static wl_status take_memory(const wl_alloc *alloc, struct wl_word_dict *dict, wl_error *error)
{
    dict->cells = wl_alloc_array(alloc, dict->n_cells, sizeof(*dict->cells));
    dict->frequency = wl_alloc_zeroed(alloc, dict->n_words + 1, sizeof(*dict->frequency));
    dict->weight = wl_alloc_zeroed(alloc, dict->n_words + 1, sizeof(*dict->weight));
    dict->hmm.emission = wl_alloc_array(alloc, WL_HAN_COUNT, sizeof(*dict->hmm.emission));
    if (dict->cells == NULL || dict->frequency == NULL || dict->weight == NULL ||
        dict->hmm.emission == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a dictionary of %zu cells", dict->n_cells);
    }
    return WL_OK;
}

static wl_status read_words(struct wl_reader *reader, struct wl_word_dict *dict, wl_error *error)
{
    for (size_t i = 0; i < dict->n_cells; i++) {
        struct wl_word_cell *cell = &dict->cells[i];
        cell->base = wl_read_u32(reader);
        cell->parent = wl_read_u32(reader);
        cell->word = wl_read_u32(reader);
        if (cell->word > dict->n_words) {
            return wl_fail(error, WL_ECORRUPT, "cell %zu names word %u of %zu", i, cell->word,
                           dict->n_words);
        }
    }
    for (size_t i = 1; i <= dict->n_words; i++) {
        dict->frequency[i] = wl_read_u32(reader);
        dict->weight[i] = log(dict->frequency[i] > 0 ? (double)dict->frequency[i] : 1.0);
    }
    return WL_OK;
}

static bool read_numbers(struct wl_reader *reader, double *numbers, size_t n)
{
    bool is_good = true;
    for (size_t i = 0; i < n; i++) {
        numbers[i] = wl_read_f64(reader);
        is_good = is_good && isfinite(numbers[i]);
    }
    return is_good;
}

wl_status wl_word_dict_read(const wl_alloc *alloc, struct wl_str bytes,
                            struct wl_word_dict *dict_out, wl_error *error)
{
    struct wl_word_dict dict = {0};
    struct wl_reader reader;
    wl_status status = WL_OK;

    wl_reader_init(&reader, bytes);
    WL_TRY(read_header(&reader, &dict, error));
    WL_TRY(check_sizes(&reader, &dict, error));
    WL_GO(take_memory(alloc, &dict, error));
    WL_GO(read_words(&reader, &dict, error));
    if (!read_numbers(&reader, dict.hmm.start, WL_HMM_STATES) ||
        !read_numbers(&reader, &dict.hmm.transition[0][0], (size_t)WL_HMM_STATES * WL_HMM_STATES) ||
        !read_numbers(&reader, &dict.hmm.emission[0][0], (size_t)WL_HAN_COUNT * WL_HMM_STATES)) {
        status = wl_fail(error, WL_ECORRUPT, "a probability of the dictionary is not finite");
        goto done;
    }
    *dict_out = dict;
    dict = (struct wl_word_dict){0};
done:
    wl_word_dict_release(alloc, &dict);
    return status;
}
