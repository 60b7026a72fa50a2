/* Reading zh.wldict. Everything is copied out of the file with the checked reader and looked at
 * once: each word number has a word, each tag a name, each probability is finite. Opening jieba's
 * dictionary takes 80 ms. */
#include "text/word_dict.h"

#include "base/bytes.h"

#include <math.h>
#include <string.h>

void wl_word_dict_release(const wl_alloc *alloc, struct wl_word_dict *dict)
{
    wl_word_cells_release(alloc, &dict->cells);
    wl_alloc_free(alloc, dict->frequency);
    wl_alloc_free(alloc, dict->weight);
    wl_alloc_free(alloc, dict->tag);
    wl_dict_release(&dict->tags);
    wl_alloc_free(alloc, dict->hmm.emission);
    wl_pos_model_release(alloc, &dict->pos);
    *dict = (struct wl_word_dict){0};
}

/* What the head of the file says. */
struct head {
    size_t n_cells;
    size_t n_words;
};

static wl_status read_header(struct wl_reader *reader, struct wl_word_dict *dict, struct head *head,
                             wl_error *error)
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
    head->n_cells = wl_read_u32(reader);
    head->n_words = wl_read_u32(reader);
    dict->total = wl_read_u64(reader);
    return WL_OK;
}

// What has a fixed size against the bytes that are there, before anything is allocated.
static wl_status check_sizes(const struct wl_reader *reader, const struct head *head,
                             const struct wl_word_dict *dict, wl_error *error)
{
    size_t n_numbers = WL_HMM_STATES * (1 + WL_HMM_STATES + (size_t)WL_HAN_COUNT);

    if (head->n_cells > WL_WORD_CELLS_MAX || head->n_words > head->n_cells) {
        return wl_fail(error, WL_ELIMIT, "a dictionary of %zu cells and %zu words", head->n_cells,
                       head->n_words);
    }
    size_t wanted = head->n_cells * WL_WORD_CELL_BYTES +
                    head->n_words * (sizeof(uint32_t) + sizeof(uint8_t)) +
                    n_numbers * sizeof(double);
    if (head->n_cells == 0 || dict->total == 0 || wl_reader_left(reader) < wanted) {
        return wl_fail(error, WL_ECORRUPT, "the dictionary has %zu bytes, its head says %zu",
                       wl_reader_left(reader), wanted);
    }
    return WL_OK;
}

static wl_status take_memory(const wl_alloc *alloc, struct wl_word_dict *dict, wl_error *error)
{
    dict->frequency = wl_alloc_zeroed(alloc, dict->n_words + 1, sizeof(*dict->frequency));
    dict->weight = wl_alloc_zeroed(alloc, dict->n_words + 1, sizeof(*dict->weight));
    dict->tag = wl_alloc_zeroed(alloc, dict->n_words + 1, sizeof(*dict->tag));
    dict->hmm.emission = wl_alloc_array(alloc, WL_HAN_COUNT, sizeof(*dict->hmm.emission));
    if (dict->frequency == NULL || dict->weight == NULL || dict->tag == NULL ||
        dict->hmm.emission == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a dictionary of %zu words", dict->n_words);
    }
    return WL_OK;
}

static void read_words(struct wl_reader *reader, struct wl_word_dict *dict)
{
    for (size_t i = 1; i <= dict->n_words; i++) {
        dict->frequency[i] = wl_read_u32(reader);
        dict->weight[i] = log(dict->frequency[i] > 0 ? (double)dict->frequency[i] : 1.0);
    }
}

static wl_status read_tags(struct wl_reader *reader, struct wl_word_dict *dict, wl_error *error)
{
    uint32_t n_tags = wl_read_u32(reader);

    if (n_tags < WL_TAG_FIRST || n_tags > WL_WORD_TAG_NONE) {
        return wl_fail(error, WL_ECORRUPT, "a dictionary of %u tags", n_tags);
    }
    for (uint32_t i = 0; i < n_tags; i++) {
        uint32_t id;
        WL_TRY(wl_dict_intern(&dict->tags, wl_read_string(reader), &id, error));
        if (id != i) {
            return wl_fail(error, WL_ECORRUPT, "the dictionary names a tag twice");
        }
    }
    for (size_t i = 1; i <= dict->n_words; i++) {
        dict->tag[i] = wl_read_u8(reader);
        if (dict->tag[i] >= n_tags) {
            return wl_fail(error, WL_ECORRUPT, "word %zu has tag %u of %u", i, dict->tag[i],
                           n_tags);
        }
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

static wl_status read_tables(struct wl_reader *reader, struct wl_hmm *hmm, wl_error *error)
{
    if (!read_numbers(reader, hmm->start, WL_HMM_STATES) ||
        !read_numbers(reader, &hmm->transition[0][0], (size_t)WL_HMM_STATES * WL_HMM_STATES) ||
        !read_numbers(reader, &hmm->emission[0][0], (size_t)WL_HAN_COUNT * WL_HMM_STATES)) {
        return wl_fail(error, WL_ECORRUPT, "a probability of the dictionary is not finite");
    }
    return WL_OK;
}

wl_status wl_word_dict_read(const wl_alloc *alloc, struct wl_str bytes,
                            struct wl_word_dict *dict_out, wl_error *error)
{
    struct wl_word_dict dict = {0};
    struct head head = {0};
    struct wl_reader reader;
    wl_status status = WL_OK;

    wl_reader_init(&reader, bytes);
    wl_dict_init(&dict.tags, alloc);
    WL_TRY(read_header(&reader, &dict, &head, error));
    WL_TRY(check_sizes(&reader, &head, &dict, error));
    dict.n_words = head.n_words;
    WL_GO(take_memory(alloc, &dict, error));
    WL_GO(wl_word_cells_read(alloc, &reader, head.n_cells, head.n_words, &dict.cells, error));
    read_words(&reader, &dict);
    WL_GO(read_tables(&reader, &dict.hmm, error));
    WL_GO(read_tags(&reader, &dict, error));
    WL_GO(wl_pos_model_read(alloc, &reader, dict.tags.n_strings, &dict.pos, error));
    if (reader.failed || wl_reader_left(&reader) > 0) {
        status = wl_fail(error, WL_ECORRUPT, "the dictionary ends too early or too late");
        goto done;
    }
    *dict_out = dict;
    dict = (struct wl_word_dict){0};
done:
    wl_word_dict_release(alloc, &dict);
    return status;
}
