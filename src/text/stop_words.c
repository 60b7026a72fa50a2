/* The lists are files that people can read and edit, embedded at build. */
#include "text/stop_words.h"

#include <string.h>

extern const unsigned char wl_embedded_stop_words_en[];
extern const size_t wl_embedded_stop_words_en_bytes;
extern const unsigned char wl_embedded_stop_words_zh[];
extern const size_t wl_embedded_stop_words_zh_bytes;

static bool is_one_of(struct wl_str word, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (wl_str_is(word, *words)) {
            return true;
        }
    }
    return false;
}

// Begins with a character that a Chinese negation begins with; asked of every word.
static bool may_negate(struct wl_str word)
{
    static const char first[] = "不没未无非莫勿别毋从并毫绝决無沒別";

    for (size_t i = 0; i + 3 < sizeof(first) && word.n_bytes >= 3; i += 3) {
        if (word.data[2] == first[i + 2] && word.data[1] == first[i + 1] &&
            word.data[0] == first[i]) {
            return true;
        }
    }
    return false;
}

bool wl_is_negation(enum wl_language language, struct wl_str word)
{
    static const char *const zh[] = {
        "不",   "没",     "没有", "未",   "无",   "非",   "莫",   "勿",     "别",   "毋",
        "不是", "不会",   "不能", "不要", "不想", "不再", "不用", "不该",   "不可", "不够",
        "从不", "从未",   "并非", "并不", "毫无", "绝不", "决不", "不至于", "未必", "不怎么",
        "不太", "不一定", "没法", "无法", "無",   "沒",   "沒有", "別",     NULL};
    static const char *const en[] = {"no",      "not",    "never",   "nor",      "none",
                                     "nothing", "nobody", "nowhere", "neither",  "cannot",
                                     "without", "hardly", "barely",  "scarcely", NULL};

    if (language == WL_LANGUAGE_ZH) {
        return may_negate(word) && is_one_of(word, zh);
    }
    size_t n = word.n_bytes;
    if (n == 0 || (word.data[0] != 'n' && word.data[n - 1] != 't' && word.data[n - 1] != 'y')) {
        return false;
    }
    bool is_short = n > 3 && memcmp(word.data + n - 3, "n't", 3) == 0;
    bool is_curly = n > 5 && memcmp(word.data + n - 5, "n\u2019t", 5) == 0;
    return is_short || is_curly || is_one_of(word, en);
}

// Says something by itself, though lists of stop words hold it.
static bool is_kept(enum wl_language language, struct wl_str word)
{
    static const char *const zh[] = {"好",   "不如", "不比",   "不成",   "不得", "不尽",
                                     "不行", "不然", "不尽然", "没奈何", NULL};

    return wl_is_negation(language, word) || (language == WL_LANGUAGE_ZH && is_one_of(word, zh));
}

wl_status wl_stop_words_add(struct wl_stop_words *stop, enum wl_language language,
                            struct wl_str list, wl_error *error)
{
    uint32_t id;

    while (list.n_bytes > 0) {
        struct wl_str word = wl_str_trim(wl_str_cut(&list, '\n'));
        if (word.n_bytes > 0 && word.data[0] != '#' && !is_kept(language, word)) {
            WL_TRY(wl_dict_intern(&stop->words[language], word, &id, error));
        }
    }
    return WL_OK;
}

wl_status wl_stop_words_init(struct wl_stop_words *stop, const wl_alloc *alloc, wl_error *error)
{
    struct wl_str en = {.data = (const char *)wl_embedded_stop_words_en,
                        .n_bytes = wl_embedded_stop_words_en_bytes};
    struct wl_str zh = {.data = (const char *)wl_embedded_stop_words_zh,
                        .n_bytes = wl_embedded_stop_words_zh_bytes};

    for (size_t i = 0; i < WL_LANGUAGE_COUNT; i++) {
        wl_dict_init(&stop->words[i], alloc);
    }
    wl_status status = wl_stop_words_add(stop, WL_LANGUAGE_EN, en, error);
    if (status == WL_OK) {
        status = wl_stop_words_add(stop, WL_LANGUAGE_ZH, zh, error);
    }
    if (status != WL_OK) {
        wl_stop_words_release(stop);
    }
    return status;
}

void wl_stop_words_release(struct wl_stop_words *stop)
{
    for (size_t i = 0; i < WL_LANGUAGE_COUNT; i++) {
        if (stop->words[i].alloc != NULL) {
            wl_dict_release(&stop->words[i]);
        }
    }
    *stop = (struct wl_stop_words){0};
}

bool wl_stop_words_has(const struct wl_stop_words *stop, enum wl_language language,
                       struct wl_str word)
{
    return wl_dict_find(&stop->words[language], word) != WL_DICT_NONE;
}
