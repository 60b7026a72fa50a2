/* Every string of the report that a person reads, Chinese and English side by side. One table
 * makes the enum and both texts, so a missing key does not compile and a missing language fails a
 * test. */
#ifndef WL_REPORT_REPORT_WORDS_H
#define WL_REPORT_REPORT_WORDS_H
#include <stddef.h>

/* A text in both languages, UTF-8, borrowed. */
struct wl_label {
    const char *zh;
    const char *en;
};

enum wl_report_word {
#define X(key, zh, en) WL_WORD_##key,
#include "report/report_words.def"
#undef X
    WL_WORD_COUNT
};

/* wl_report_word - both texts of a key. */
struct wl_label wl_report_word(enum wl_report_word word);

#endif
