/* Goal:   the steps of characters say of every string what the double array of bytes says.
 * Method: from every begin of a word of a dictionary of ten words all characters are asked both
 *         ways, all the way down; then failed allocations. */
#include "check.h"

#include "text/word_steps.h"
#include "text_dict.h"

struct both {
    struct wl_word_dict dict;
    struct wl_word_steps steps;
    size_t n_steps;
    size_t n_words;
};

// Bytes of a character by its number; returns how many.
static size_t spell(uint32_t character, char *bytes)
{
    uint32_t code = character - 128 + WL_HAN_FIRST;

    if (character < 128) {
        bytes[0] = (char)character;
        return 1;
    }
    bytes[0] = (char)(0xE0U | code >> 12);
    bytes[1] = (char)(0x80U | (code >> 6 & 0x3FU));
    bytes[2] = (char)(0x80U | (code & 0x3FU));
    return 3;
}

// Cell that a character leads to, 0 for none.
static uint32_t walk(const struct wl_word_dict *dict, uint32_t cell, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!wl_word_cells_step(&dict->cells, &cell, (uint8_t)bytes[i])) {
            return 0;
        }
    }
    return cell;
}

static void compare(struct both *both, uint32_t cell, uint64_t step)
{
    const struct wl_word_steps *steps = &both->steps;
    char bytes[4];

    for (uint32_t character = 1; character < WL_STEP_CHARACTERS; character++) {
        size_t n = spell(character, bytes);
        uint32_t label = wl_word_steps_label(steps, bytes);
        uint32_t want = walk(&both->dict, cell, bytes, n);
        uint64_t got =
            cell == 0 ? wl_word_steps_first(steps, label) : wl_word_steps_next(steps, step, label);
        CHECK_INT(wl_word_steps_character(bytes), character);
        CHECK_INT(got != 0, want != 0);
        if (want == 0 || got == 0) {
            continue;
        }
        uint32_t word = both->dict.cells.items[want].word;
        double weight = word != 0 ? both->dict.weight[word] : -(double)INFINITY;
        CHECK(wl_word_steps_weight(steps, got) == weight);
        both->n_steps++;
        both->n_words += word != 0;
        compare(both, want, got);
    }
}

static void test_no_step(const struct wl_word_steps *steps)
{
    uint32_t label = wl_word_steps_label(steps, "\xE5\x8C\x97"); // 北
    uint64_t step = wl_word_steps_first(steps, label);

    CHECK(step != 0);
    CHECK_INT(wl_word_steps_next(steps, step, WL_STEP_LABEL_NONE), 0);
    CHECK_INT(wl_word_steps_next(steps, 0, label), 0);
    CHECK_INT(wl_word_steps_first(steps, WL_STEP_LABEL_NONE), 0);
    CHECK(wl_word_steps_weight(steps, 0) == -(double)INFINITY);
}

int main(void)
{
    struct wl_buf bytes;
    struct both both = {0};

    CHECK_INT(text_dict_make(&bytes), WL_OK);
    CHECK_INT(wl_word_dict_read(wl_alloc_default(), wl_buf_view(&bytes), &both.dict, NULL), WL_OK);
    CHECK_INT(wl_word_steps_make(wl_alloc_default(), &both.dict, &both.steps, NULL), WL_OK);
    compare(&both, 0, 0);
    CHECK_INT(both.n_steps, 19); // 会员 取消会员 北京大学 大学 学生 的 我 C++
    CHECK_INT(both.n_words, 10);
    test_no_step(&both.steps);
    wl_word_steps_release(wl_alloc_default(), &both.steps);
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        check_heap_init(&heap, n_good);
        wl_status status = wl_word_steps_make(&heap.alloc, &both.dict, &both.steps, NULL);
        wl_word_steps_release(&heap.alloc, &both.steps);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK_INT(n_good, 12); // so every failure path was walked
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
    wl_word_dict_release(wl_alloc_default(), &both.dict);
    wl_buf_release(&bytes);
    return check_report();
}
