/* One walk over the normalised text, between the masks. A stretch of Chinese characters, letters
 * and digits goes to the segmenter as a whole, because its dictionary holds words of both; what it
 * hands back in letters and digits, and all stretches without Chinese, are read as English words
 * and numbers.
 *
 * Invariants: terms lie in order and do not overlap; a sentence has at least one term. */
#include "text/analyser.h"

#include "text/numeral.h"
#include "text/unicode.h"

#include <string.h>

const char *const wl_term_kind_names[] = {"word_zh", "word_en",     "word_other", "number", "mask",
                                          "emoji",   "punctuation", "symbol",     NULL};

struct walk {
    const struct wl_analyser *analyser;
    struct wl_analysis *analysis;
    struct wl_str text;
    size_t i_plain;   /* up to here no Chinese is in this stretch */
    bool is_new;      /* the next term begins a sentence */
    wl_status status; /* first failure */
};

/* -- life -- */

wl_status wl_analysis_init(struct wl_analysis *analysis, const wl_alloc *alloc, wl_error *error)
{
    struct wl_english *english = NULL;

    WL_TRY(wl_english_new(alloc, &english, error));
    *analysis = (struct wl_analysis){.english = english};
    wl_normal_init(&analysis->normal, alloc);
    wl_masks_init(&analysis->masks, alloc);
    wl_tokens_init(&analysis->tokens, alloc);
    wl_buf_init(&analysis->forms, alloc, 0);
    return WL_OK;
}

void wl_analysis_release(struct wl_analysis *analysis)
{
    if (analysis->english != NULL) {
        wl_alloc_free(analysis->tokens.alloc, analysis->terms);
        wl_alloc_free(analysis->tokens.alloc, analysis->sentences);
        wl_normal_release(&analysis->normal);
        wl_masks_release(&analysis->masks);
        wl_tokens_release(&analysis->tokens);
        wl_buf_release(&analysis->forms);
        wl_english_free(analysis->english);
    }
    *analysis = (struct wl_analysis){0};
}

struct wl_str wl_analysis_text(const struct wl_analysis *analysis, const struct wl_term *term)
{
    return (struct wl_str){.data = analysis->normal.text.data + term->i_byte,
                           .n_bytes = term->n_bytes};
}

struct wl_str wl_analysis_form(const struct wl_analysis *analysis, const struct wl_term *term)
{
    static const char *const numbers[] = {"<num0>",  "<num1>",  "<num2>", "<num3>", "<num4>",
                                          "<num5>",  "<num6>",  "<num7>", "<num8>", "<num9>",
                                          "<num10>", "<num11>", "<num12>"};

    if (term->kind == WL_TERM_NUMBER) {
        return wl_str_from(numbers[term->magnitude]);
    }
    if (term->kind == WL_TERM_MASK) {
        return wl_str_from(wl_mask_tokens[term->mask]);
    }
    if (term->n_form > 0) {
        return (struct wl_str){.data = analysis->forms.data + term->i_form,
                               .n_bytes = term->n_form};
    }
    return wl_analysis_text(analysis, term);
}

/* -- adding -- */

static struct wl_str part(const struct walk *walk, size_t begin, size_t end)
{
    return (struct wl_str){.data = walk->text.data + begin, .n_bytes = end - begin};
}

static bool begin_sentence(struct walk *walk, size_t begin)
{
    struct wl_analysis *a = walk->analysis;

    if (WL_GROW(a->tokens.alloc, a->sentences, a->sentences_capacity, a->n_sentences + 1, NULL) !=
        WL_OK) {
        walk->status = WL_ENOMEM;
        return false;
    }
    a->sentences[a->n_sentences++] =
        (struct wl_sentence){.i_byte = (uint32_t)begin, .i_term = (uint32_t)a->n_terms};
    walk->is_new = false;
    return true;
}

// A new term, NULL when memory is out.
static struct wl_term *add(struct walk *walk, size_t begin, size_t end, enum wl_term_kind kind)
{
    struct wl_analysis *a = walk->analysis;

    if (walk->status != WL_OK || (walk->is_new && !begin_sentence(walk, begin))) {
        return NULL;
    }
    if (a->n_terms == a->terms_capacity &&
        WL_GROW(a->tokens.alloc, a->terms, a->terms_capacity, a->n_terms + 1, NULL) != WL_OK) {
        walk->status = WL_ENOMEM;
        return NULL;
    }
    struct wl_sentence *sentence = &a->sentences[a->n_sentences - 1];
    struct wl_term *term = &a->terms[a->n_terms++];
    *term = (struct wl_term){.i_byte = (uint32_t)begin,
                             .n_bytes = (uint32_t)(end - begin),
                             .i_sentence = (uint32_t)(a->n_sentences - 1),
                             .kind = (uint8_t)kind};
    sentence->n_bytes = (uint32_t)(end - sentence->i_byte);
    sentence->n_terms++;
    return term;
}

static void add_number(struct walk *walk, size_t begin, const struct wl_numeral *numeral)
{
    struct wl_term *term = add(walk, begin, begin + numeral->n_bytes, WL_TERM_NUMBER);

    if (term != NULL) {
        term->value = numeral->value;
        term->magnitude = (uint8_t)wl_numeral_magnitude(numeral);
    }
}

static void set_word(const struct walk *walk, struct wl_term *term, enum wl_language language)
{
    struct wl_str word = part(walk, term->i_byte, term->i_byte + (size_t)term->n_bytes);

    term->is_negation = wl_is_negation(language, word);
    term->is_stop =
        walk->analyser->stop != NULL && wl_stop_words_has(walk->analyser->stop, language, word);
}

static void add_zh(struct walk *walk, size_t begin, size_t end)
{
    struct wl_term *term = add(walk, begin, end, WL_TERM_WORD_ZH);

    if (term != NULL) {
        set_word(walk, term, WL_LANGUAGE_ZH);
    }
}

static void add_en(struct walk *walk, size_t begin, size_t end)
{
    struct wl_buf *forms = &walk->analysis->forms;
    struct wl_term *term = add(walk, begin, end, WL_TERM_WORD_EN);

    if (term == NULL) {
        return;
    }
    set_word(walk, term, WL_LANGUAGE_EN);
    struct wl_str word = part(walk, begin, end);
    struct wl_str stem = wl_english_stem(walk->analysis->english, word);
    bool is_contraction = memchr(word.data, '\'', word.n_bytes) != NULL ||
                          memchr(word.data, '\xe2', word.n_bytes) != NULL;
    if (is_contraction && walk->analyser->stop != NULL) {
        term->is_stop = wl_stop_words_has(walk->analyser->stop, WL_LANGUAGE_EN, stem); // "it's"
    }
    if (!wl_str_equal(stem, word)) {
        term->i_form = (uint32_t)forms->n_bytes;
        term->n_form = (uint16_t)stem.n_bytes;
        wl_buf_str(forms, stem);
        walk->status = forms->status;
    }
}

/* -- letters and digits without Chinese -- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_latin(uint32_t c)
{
    return c < 0x250 || (c >= 0x1E00 && c <= 0x1EFF);
}

// The word or number at i; returns where it ends, i when there is none.
static size_t add_word(struct walk *walk, size_t i, size_t end_max)
{
    struct wl_str text = {.data = walk->text.data, .n_bytes = end_max};
    struct wl_numeral numeral;
    size_t end = wl_english_end(text, i);

    if (end == i) {
        return i;
    }
    if (is_digit(text.data[i]) && wl_numeral_read(text, i, &numeral) &&
        i + numeral.n_bytes >= end) {
        add_number(walk, i, &numeral);
        return i + numeral.n_bytes;
    }
    size_t n = wl_utf8_length(text, i);
    if (is_latin(wl_utf8_decode(text, i, n))) {
        add_en(walk, i, end);
    } else {
        (void)add(walk, i, end, WL_TERM_WORD_OTHER);
    }
    return end;
}

/* -- emoji -- */

static size_t picture_end(struct wl_str text, size_t i)
{
    bool after_joiner = true;

    while (i < text.n_bytes) {
        size_t n = wl_utf8_length(text, i);
        uint32_t c = n > 0 ? wl_utf8_decode(text, i, n) : 0;
        enum wl_char_kind kind = (enum wl_char_kind)wl_char_of(c).kind;
        bool is_tone = c >= 0x1F3FB && c <= 0x1F3FF;
        bool goes_on = is_tone || kind == WL_CHAR_MARK || c == WL_UNICODE_JOINER ||
                       (after_joiner && kind == WL_CHAR_PICTOGRAPH);
        if (!goes_on) {
            break;
        }
        after_joiner = c == WL_UNICODE_JOINER;
        i += n;
    }
    return i;
}

static size_t face_end(struct wl_str text, size_t i)
{
    static const char *const faces[] = {":-)", ":-(", ":'(", ":)", ":(",  ";)",  ":d",  ":p", "=)",
                                        "^_^", "^^",  "t_t", "<3", "-_-", "orz", "qaq", "xd"};

    for (size_t k = 0; k < sizeof(faces) / sizeof(faces[0]); k++) {
        size_t n = strlen(faces[k]);
        size_t end = i + n;
        bool is_here = text.n_bytes - i >= n && memcmp(text.data + i, faces[k], n) == 0;
        // "xd" is not the begin of a word, "<3" not of a number, ":(" not of what brackets hold.
        char last = is_here ? text.data[end - 1] : '\0';
        bool may_go_on = (last >= 'a' && last <= 'z') || is_digit(last) || last == '(';
        bool is_tail = end >= text.n_bytes || (unsigned char)text.data[end] <= '/';
        if (is_here && (is_tail || !may_go_on)) {
            return end;
        }
    }
    return i;
}

// "[赞]", "[大哭]": how some services write their own emoji.
static size_t named_end(struct wl_str text, size_t i)
{
    size_t n_characters = 0;
    size_t at = i + 1;

    while (text.data[i] == '[' && at < text.n_bytes && n_characters < 5) {
        size_t n = wl_utf8_length(text, at);
        if (text.data[at] == ']') {
            return n_characters > 0 ? at + 1 : i;
        }
        if (n == 0 || !wl_char_is_han(wl_utf8_decode(text, at, n))) {
            break;
        }
        n_characters++;
        at += n;
    }
    return i;
}

static size_t emoji_end(struct wl_str text, size_t i, uint32_t c, enum wl_char_kind kind)
{
    bool is_flag = c >= 0x1F1E6 && c <= 0x1F1FF;

    if (is_flag && text.n_bytes - i >= 8 && memcmp(text.data + i + 4, "\xf0\x9f\x87", 3) == 0) {
        return i + 8;
    }
    if (c < 0x80 && (c == 0 || strchr(":;=^t<-oqx[", (int)c) == NULL)) {
        return i;
    }
    if (c < 0x80) {
        size_t end = face_end(text, i);
        return end > i ? end : named_end(text, i);
    }
    bool is_sign = c == 0xA9 || c == 0xAE || c == 0x2122; // copyright and trade marks are no moods
    return kind == WL_CHAR_PICTOGRAPH && !is_sign ? picture_end(text, i) : i;
}

/* -- all else -- */

static bool ends_sentence(const struct walk *walk, size_t i, uint32_t c, size_t end)
{
    if (c == '.') {
        bool is_last = end >= walk->text.n_bytes || walk->text.data[end] == ' ' ||
                       walk->text.data[end] == '\n' || (unsigned char)walk->text.data[end] >= 0x80;
        return is_last || end - i > 1;
    }
    return c == '!' || c == '?' || c == ';' || c == 0x3002;
}

// A run of the character of n bytes at i.
static size_t add_mark(struct walk *walk, size_t i, size_t n, size_t end_max)
{
    struct wl_str text = {.data = walk->text.data, .n_bytes = end_max};
    uint32_t c = wl_utf8_decode(text, i, n);
    bool is_mark = wl_char_of(c).kind == WL_CHAR_PUNCTUATION;
    size_t end = i + n;

    while (end_max - end >= n && memcmp(text.data + end, text.data + i, n) == 0) {
        end += n;
    }
    (void)add(walk, i, end, is_mark ? WL_TERM_PUNCTUATION : WL_TERM_SYMBOL);
    walk->is_new = walk->is_new || ends_sentence(walk, i, c, end);
    return end;
}

// Something that is no part of a stretch for the segmenter.
static size_t add_other(struct walk *walk, size_t i, size_t end_max)
{
    struct wl_str text = {.data = walk->text.data, .n_bytes = end_max};
    size_t n = wl_utf8_length(text, i);
    uint32_t c = wl_utf8_decode(text, i, n);
    enum wl_char_kind kind = (enum wl_char_kind)wl_char_of(c).kind;

    if (kind == WL_CHAR_SPACE || kind == WL_CHAR_LINE) {
        walk->is_new = walk->is_new || kind == WL_CHAR_LINE;
        return i + n;
    }
    size_t end = emoji_end(text, i, c, kind);
    if (end > i) {
        (void)add(walk, i, end, WL_TERM_EMOJI);
        return end;
    }
    end = add_word(walk, i, end_max);
    return end > i ? end : add_mark(walk, i, n, end_max);
}

/* -- stretches with Chinese -- */

static size_t han_length(struct wl_str text, size_t i)
{
    if ((unsigned char)text.data[i] < 0xE3) {
        return 0;
    }
    size_t n = wl_utf8_length(text, i);
    return n > 0 && wl_char_is_han(wl_utf8_decode(text, i, n)) ? n : 0;
}

// As the segmenter has it: what may stand in one word with Chinese characters.
static bool is_stretch_ascii(char c)
{
    return (c >= 'a' && c <= 'z') || is_digit(c) || (c != '\0' && strchr("+#&._%-", c) != NULL);
}

// End of the stretch at i; *has_han tells whether it needs the segmenter.
static size_t stretch_end(struct wl_str text, size_t i, bool *has_han)
{
    *has_han = false;
    while (i < text.n_bytes) {
        size_t n = han_length(text, i);
        if (n == 0 && !is_stretch_ascii(text.data[i])) {
            break;
        }
        *has_han |= n > 0;
        i += n > 0 ? n : 1;
    }
    return i;
}

// What is counted; jieba has "二十元" as one word, here it is a number and a word.
static bool is_measure(struct wl_str word)
{
    static const char *const measures[] = {"元", "块", "圆",   "角",   "年", "月", "日", "天",
                                           "号", "岁", "个",   "次",   "人", "条", "件", "斤",
                                           "克", "米", "小时", "分钟", "秒", "点", "分", "块钱"};

    for (size_t k = 0; k < sizeof(measures) / sizeof(measures[0]); k++) {
        if (wl_str_is(word, measures[k])) {
            return true;
        }
    }
    return false;
}

// Tokens that a number of several characters takes up, 0 when there is none; a measure may be left
// of the last one.
static size_t number_tokens(const struct walk *walk, size_t begin, size_t end, size_t k,
                            struct wl_numeral *numeral)
{
    const struct wl_tokens *tokens = &walk->analysis->tokens;
    struct wl_str text = {.data = walk->text.data, .n_bytes = end};
    size_t from = begin + tokens->items[k].i_byte;

    if (!wl_numeral_read(text, from, numeral) || (numeral->is_chinese && numeral->n_bytes <= 3)) {
        return 0; // a single character is a word: "一"
    }
    size_t to = from + numeral->n_bytes;
    for (size_t last = k; last < tokens->n_items; last++) {
        size_t at = begin + tokens->items[last].i_byte + tokens->items[last].n_bytes;
        if (at >= to) {
            return at == to || is_measure(part(walk, to, at)) ? last + 1 - k : 0;
        }
    }
    return 0;
}

static void add_plain(struct walk *walk, size_t begin, size_t end)
{
    while (begin < end && walk->status == WL_OK) {
        begin = add_other(walk, begin, end);
    }
}

static bool is_ascii(struct wl_str word)
{
    for (size_t i = 0; i < word.n_bytes; i++) {
        if ((unsigned char)word.data[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

static void add_tokens(struct walk *walk, size_t begin, size_t end)
{
    const struct wl_tokens *tokens = &walk->analysis->tokens;
    struct wl_numeral numeral;
    size_t plain = begin; // what lies between here and the next word has no Chinese

    for (size_t k = 0; k < tokens->n_items;) {
        size_t from = begin + tokens->items[k].i_byte;
        size_t to = from + tokens->items[k].n_bytes;
        bool is_plain = is_ascii(part(walk, from, to));
        bool may_count = !is_plain || plain == from; // not within "v1.2"
        size_t n = may_count ? number_tokens(walk, begin, end, k, &numeral) : 0;
        if (n == 0 && is_plain) {
            k++;
            continue;
        }
        add_plain(walk, plain, from);
        if (n > 0) {
            add_number(walk, from, &numeral);
            from += numeral.n_bytes;
            to = begin + tokens->items[k + n - 1].i_byte + tokens->items[k + n - 1].n_bytes;
        }
        if (n == 0 || from < to) {
            add_zh(walk, from, to);
        }
        plain = to;
        k += n > 0 ? n : 1;
    }
    add_plain(walk, plain, end);
}

static void add_characters(struct walk *walk, size_t begin, size_t end)
{
    struct wl_str text = {.data = walk->text.data, .n_bytes = end};

    walk->analysis->is_degraded = true;
    while (begin < end && walk->status == WL_OK) {
        size_t n = han_length(text, begin);
        if (n > 0) {
            add_zh(walk, begin, begin + n);
            begin += n;
        } else {
            begin = add_other(walk, begin, end);
        }
    }
}

static size_t add_stretch(struct walk *walk, size_t i, size_t end_max)
{
    struct wl_str text = {.data = walk->text.data, .n_bytes = end_max};
    bool has_han;
    size_t end = stretch_end(text, i, &has_han);

    if (!has_han) {
        walk->i_plain = end;
        return i;
    }
    if (walk->analyser->segmenter == NULL) {
        add_characters(walk, i, end);
        return end;
    }
    walk->status = wl_segmenter_cut(walk->analyser->segmenter, part(walk, i, end), true,
                                    &walk->analysis->tokens, NULL);
    if (walk->status == WL_OK) {
        add_tokens(walk, i, end);
    }
    return end;
}

/* -- a text -- */

static void walk_between(struct walk *walk, size_t begin, size_t end)
{
    walk->i_plain = begin;
    while (begin < end && walk->status == WL_OK) {
        size_t next = begin < walk->i_plain ? begin : add_stretch(walk, begin, end);
        begin = next > begin ? next : add_other(walk, begin, end);
    }
}

static void walk_all(struct walk *walk)
{
    const struct wl_masks *masks = &walk->analysis->masks;
    size_t begin = 0;

    for (size_t i = 0; i < masks->n_items; i++) {
        const struct wl_mask *mask = &masks->items[i];
        walk_between(walk, begin, mask->i_byte);
        begin = mask->i_byte + (size_t)mask->n_bytes;
        struct wl_term *term = add(walk, mask->i_byte, begin, WL_TERM_MASK);
        if (term != NULL) {
            term->mask = (uint8_t)mask->kind;
        }
    }
    walk_between(walk, begin, walk->text.n_bytes);
}

wl_status wl_analyse(const struct wl_analyser *analyser, struct wl_str raw,
                     struct wl_analysis *analysis, wl_error *error)
{
    struct walk walk = {
        .analyser = analyser, .analysis = analysis, .is_new = true, .status = WL_OK};

    analysis->n_terms = 0;
    analysis->n_sentences = 0;
    analysis->is_degraded = false;
    wl_buf_clear(&analysis->forms);
    WL_TRY(wl_normal_set(&analysis->normal, raw, error));
    walk.text = wl_buf_view(&analysis->normal.text);
    WL_TRY(wl_masks_find(&analysis->masks, walk.text, error));
    analysis->letters = wl_letters_count(walk.text);
    analysis->language = wl_letters_language(analysis->letters);
    walk_all(&walk);
    if (walk.status != WL_OK) {
        analysis->n_terms = 0;
        analysis->n_sentences = 0;
        return wl_fail(error, walk.status, "no memory for the terms of a text of %zu bytes",
                       raw.n_bytes);
    }
    return WL_OK;
}
