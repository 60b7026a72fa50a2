/* The catalogue as an array. */
#include "report/report_words.h"

static const struct wl_label words[WL_WORD_COUNT] = {
#define X(key, zh_text, en_text) [WL_WORD_##key] = {.zh = (zh_text), .en = (en_text)},
#include "report/report_words.def"
#undef X
};

struct wl_label wl_report_word(enum wl_report_word word)
{
    return words[word];
}
