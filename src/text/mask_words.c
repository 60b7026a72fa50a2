/* Addresses, mail, @names, and ids that a word announces. */
#include "text/mask_inside.h"

#include <string.h>

#define HOST_BYTES_MAX  253 /* RFC 1035, 2.3.4 */
#define LOCAL_BYTES_MAX 64  /* RFC 5321, 4.5.3.1.1 */
#define NAME_BYTES_MAX  30  /* @name; services allow 15 to 30 */
#define NAME_HAN_MAX    8   /* Chinese @name: longer ones are sentences without a space */

/* -- addresses -- */

// End of labels with dots between; *n_last gets the length of the last one when it is all letters.
static size_t host_end(struct wl_str text, size_t i, size_t *n_labels, size_t *n_last)
{
    size_t end = i;
    bool is_alpha = true;

    *n_labels = 0;
    *n_last = 0;
    for (size_t from = i; from < text.n_bytes && from - i < HOST_BYTES_MAX;) {
        size_t to = from;
        is_alpha = true;
        while (to < text.n_bytes && to - i < HOST_BYTES_MAX &&
               (wl_mask_is_word(text.data[to]) || (text.data[to] == '-' && to > from))) {
            is_alpha = is_alpha && !wl_mask_is_digit(text.data[to]) && text.data[to] != '-';
            to++;
        }
        if (to == from) {
            break;
        }
        end = to;
        *n_last = is_alpha ? to - from : 0;
        (*n_labels)++;
        if (wl_mask_byte(text, to) != '.') {
            break;
        }
        from = to + 1;
    }
    return end;
}

static size_t path_end(struct wl_str text, size_t i)
{
    static const char path[] = "/?#%&=+-._~:;,@!$*()[]'|";
    size_t begin = i;

    while (i < text.n_bytes && (wl_mask_is_word(text.data[i]) ||
                                memchr(path, text.data[i], sizeof(path) - 1) != NULL)) {
        i++;
    }
    bool has_open = i > begin && memchr(text.data + begin, '(', i - begin) != NULL;
    while (i > begin && strchr(has_open ? ".,;:!?]'" : ".,;:!?)]'", text.data[i - 1]) != NULL) {
        i--; // ends the sentence, not the address
    }
    return i;
}

static bool is_common_end(struct wl_str end)
{
    static const char *const ends[] = {"com", "cn", "net", "org", "edu", "gov", "io", "cc",
                                       "me",  "co", "top", "xyz", "app", "vip", "tv", "shop",
                                       "hk",  "tw", "uk",  "us",  "de",  "jp",  "fr", "info",
                                       "be",  "ly", "gl",  "gg",  "im",  "so",  "eu", "club"};

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (wl_str_is(end, ends[i])) {
            return true;
        }
    }
    return false;
}

size_t wl_mask_url(struct wl_str text, size_t i)
{
    static const char *const schemes[] = {"http://", "https://", "ftp://"};
    size_t n_labels;
    size_t n_last;

    for (size_t k = 0; k < sizeof(schemes) / sizeof(schemes[0]); k++) {
        if (wl_mask_has(text, i, schemes[k])) {
            size_t from = i + strlen(schemes[k]);
            size_t end = path_end(text, from);
            return end > from ? end : 0;
        }
    }
    size_t end = host_end(text, i, &n_labels, &n_last);
    bool is_www = wl_mask_has(text, i, "www.") && n_labels > 2;
    if (n_labels < 2 || n_last < 2) {
        return is_www ? path_end(text, i) : 0;
    }
    struct wl_str last = {.data = text.data + end - n_last, .n_bytes = n_last};
    bool has_path = wl_mask_byte(text, end) == '/' && wl_mask_is_word(wl_mask_byte(text, end + 1));
    return is_www || (has_path && is_common_end(last)) ? path_end(text, end) : 0;
}

size_t wl_mask_email(struct wl_str text, size_t i)
{
    size_t n_labels;
    size_t n_last;
    size_t at = i;

    while (at < text.n_bytes && at - i <= LOCAL_BYTES_MAX &&
           (wl_mask_is_word(text.data[at]) ||
            (text.data[at] != '\0' && strchr("._%+-", text.data[at]) != NULL))) {
        at++;
    }
    if (at == i || wl_mask_byte(text, at) != '@') {
        return 0;
    }
    size_t end = host_end(text, at + 1, &n_labels, &n_last);
    return n_labels >= 2 && n_last >= 2 ? end : 0;
}

/* -- @names -- */

static size_t han_name_end(struct wl_str text, size_t i)
{
    size_t n_characters = 0;

    while (i < text.n_bytes) {
        size_t n = wl_utf8_length(text, i);
        bool is_name =
            wl_mask_is_word(text.data[i]) || text.data[i] == '_' ||
            (n == 3 && (unsigned char)text.data[i] >= 0xE4 && (unsigned char)text.data[i] <= 0xE9);
        if (!is_name) {
            break;
        }
        if (++n_characters > NAME_HAN_MAX) {
            return 0;
        }
        i += n;
    }
    return n_characters >= 2 ? i : 0;
}

size_t wl_mask_handle(struct wl_str text, size_t i)
{
    size_t end = i + 1;
    char first = wl_mask_byte(text, end);

    if (i > 0 && wl_mask_is_word(text.data[i - 1])) {
        return 0;
    }
    if ((unsigned char)first >= 0x80) {
        return han_name_end(text, end);
    }
    if (wl_mask_is_digit(first)) {
        return 0;
    }
    while (wl_mask_is_word(wl_mask_byte(text, end)) || wl_mask_byte(text, end) == '_') {
        end++;
    }
    return end - i > 2 && end - i <= NAME_BYTES_MAX + 1 ? end : 0;
}

/* -- ids behind a word -- */

static bool ends_with(struct wl_str text, const char *what)
{
    size_t n = strlen(what);
    return text.n_bytes >= n && memcmp(text.data + text.n_bytes - n, what, n) == 0;
}

// The text before i ends with one of words, which are whole words; returns its index + 1.
static size_t ends_with_word(struct wl_str before, const char *const *words, size_t n_words)
{
    for (size_t k = 0; k < n_words; k++) {
        if (ends_with(before, words[k])) {
            size_t n = before.n_bytes - strlen(words[k]);
            if ((unsigned char)words[k][0] >= 0x80 || n == 0 ||
                !wl_mask_is_word(before.data[n - 1])) {
                return k + 1;
            }
        }
    }
    return 0;
}

// Which kind the words in front of i announce; false when none do. *is_told: a colon is there.
static bool announced(struct wl_str text, size_t i, enum wl_mask_kind *kind, bool *is_told)
{
    static const char *const people[] = {"微信", "wechat",   "weixin",   "vx",
                                         "wx",   "v信",      "qq",       "扣扣",
                                         "加v",  "telegram", "whatsapp", "line id"};
    static const char *const numbers[] = {"订单",    "单号",    "编号",      "运单",     "快递单",
                                          "流水",    "工单",    "order",     "tracking", "parcel",
                                          "ticket",  "booking", "reference", "账号",     "帐号",
                                          "account", "invoice"};
    static const char *const fillers[] = {" ",  ":",      "#",    "号码", "号", "是", "为",
                                          "id", "number", "code", "no.",  "no", "is", "群"};
    struct wl_str before = {.data = text.data, .n_bytes = i};

    *is_told = false;
    for (size_t step = 0; step < 6; step++) {
        size_t k = 0;
        if (ends_with_word(before, people, sizeof(people) / sizeof(people[0])) > 0) {
            *kind = WL_MASK_ACCOUNT;
            return true;
        }
        if (ends_with_word(before, numbers, sizeof(numbers) / sizeof(numbers[0])) > 0) {
            *kind = WL_MASK_NUMBER;
            return true;
        }
        while (k < sizeof(fillers) / sizeof(fillers[0]) && !ends_with(before, fillers[k])) {
            k++;
        }
        if (k == sizeof(fillers) / sizeof(fillers[0])) {
            return false;
        }
        *is_told = *is_told || fillers[k][0] == ':' || fillers[k][0] == '#';
        before.n_bytes -= strlen(fillers[k]);
    }
    return false;
}

static bool is_amount(struct wl_str text, size_t end)
{
    static const char *const units[] = {"元", "块", "万", "亿", "人", "次", "个", "%", "年", "月"};

    for (size_t k = 0; k < sizeof(units) / sizeof(units[0]); k++) {
        if (wl_mask_has(text, end, units[k])) {
            return true;
        }
    }
    return false;
}

size_t wl_mask_account(struct wl_str text, size_t i, enum wl_mask_kind *kind)
{
    size_t end = i;
    size_t n_digits = 0;
    bool is_told;

    while (end < text.n_bytes && end - i <= 24 &&
           (wl_mask_is_word(text.data[end]) || text.data[end] == '_' || text.data[end] == '-')) {
        n_digits += wl_mask_is_digit(text.data[end++]);
    }
    while (end > i && (text.data[end - 1] == '-' || text.data[end - 1] == '_')) {
        end--;
    }
    bool is_digits = n_digits == end - i;
    size_t before = i;
    while (before > 0 && text.data[before - 1] == ' ') {
        before--;
    }
    bool may_name = before > 0 && (text.data[before - 1] == ':' || text.data[before - 1] == '#');
    if (n_digits < 2 && !may_name) {
        return 0; // nearly all words
    }
    if (end - i < 5 || end - i > 24 || i == 0 || (is_digits && is_amount(text, end)) ||
        !announced(text, i, kind, &is_told)) {
        return 0;
    }
    // A word without digits is a name only where it is said to be one: "wechat: johnsmith".
    bool is_id = n_digits >= 2 || (is_told && *kind == WL_MASK_ACCOUNT);
    return is_id && (*kind == WL_MASK_ACCOUNT || n_digits >= 4) ? end : 0;
}
