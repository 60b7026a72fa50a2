/* Goal:   the index says of every character, pair and step what the double array says.
 * Method: all characters of a dictionary of ten words, and pairs of those it knows with others, are
 *         asked both ways; failed allocations. */
#include "check.h"

#include "text/han_index.h"
#include "text_dict.h"

// Cell that a string leads to, 0 for none.
static uint32_t walk(const struct wl_word_dict *dict, uint32_t cell, uint32_t code)
{
    const uint8_t bytes[] = {(uint8_t)(0xE0U | code >> 12), (uint8_t)(0x80U | (code >> 6 & 0x3FU)),
                             (uint8_t)(0x80U | (code & 0x3FU))};

    for (size_t i = 0; i < COUNT(bytes); i++) {
        if (!wl_word_cells_step(&dict->cells, &cell, bytes[i])) {
            return 0;
        }
    }
    return cell;
}

static double weight_of(const struct wl_word_dict *dict, uint32_t cell)
{
    uint32_t word = dict->cells.items[cell].word;
    return dict->frequency[word] > 0 ? dict->weight[word] : WL_HAN_NO_WORD;
}

static void test_same_as_the_cells(const struct wl_word_dict *dict,
                                   const struct wl_han_index *index)
{
    size_t n_pairs = 0;

    for (uint32_t code = WL_HAN_FIRST; code <= WL_HAN_LAST; code++) {
        const struct wl_han_first *first = wl_han_index_first(index, code);
        uint32_t cell = walk(dict, 0, code);
        CHECK_INT(first->cell, cell);
        if (cell == 0) {
            continue;
        }
        CHECK_CLOSE(first->weight, weight_of(dict, cell), 0.0);
        for (uint32_t next = WL_HAN_FIRST; next <= WL_HAN_LAST; next++) {
            const struct wl_han_pair *pair = wl_han_index_pair(index, code, next);
            uint32_t want = walk(dict, cell, next);
            CHECK_INT(pair != NULL ? pair->cell : 0, want);
            if (pair != NULL) {
                CHECK(wl_han_index_may(index, cell, next));
                CHECK_CLOSE(pair->weight, weight_of(dict, want), 0.0);
                n_pairs++;
            }
        }
    }
    CHECK_INT(n_pairs, 5); // 会员 取消 北京 大学 学生
}

int main(void)
{
    struct wl_buf bytes;
    struct wl_word_dict dict = {0};
    struct wl_han_index index = {0};

    CHECK_INT(text_dict_make(&bytes), WL_OK);
    CHECK_INT(wl_word_dict_read(wl_alloc_default(), wl_buf_view(&bytes), &dict, NULL), WL_OK);
    CHECK_INT(wl_han_index_make(wl_alloc_default(), &dict, &index, NULL), WL_OK);
    test_same_as_the_cells(&dict, &index);
    wl_han_index_release(wl_alloc_default(), &index);
    for (size_t n_good = 0; n_good < 3; n_good++) {
        struct check_heap heap;
        check_heap_init(&heap, n_good);
        CHECK_INT(wl_han_index_make(&heap.alloc, &dict, &index, NULL), WL_ENOMEM);
        CHECK_INT(heap.live_blocks, 0);
    }
    wl_word_dict_release(wl_alloc_default(), &dict);
    wl_buf_release(&bytes);
    return check_report();
}
