/* One pass. Things begin where a letter or digit follows something else, or at "@", "+", "(".
 * There every matcher is asked in turn, the most certain first. What none knows is left behind as a
 * whole word, so that the inside of a word is never looked at. Matchers look a bounded way ahead,
 * which keeps hostile texts linear. */
#include "text/mask_inside.h"

#include "base/limits.h"

#include <string.h>

const char *const wl_mask_names[] = {"url",     "email",  "phone", "identity", "card",
                                     "account", "handle", "ip",    "number",   NULL};
const char *const wl_mask_tokens[] = {"<url>",     "<email>",  "<phone>", "<identity>", "<card>",
                                      "<account>", "<handle>", "<ip>",    "<number>",   NULL};
static const char *const words[WL_MASK_KIND_COUNT][WL_LANGUAGE_COUNT] = {
    {"[link]", "[链接]"},        {"[email]", "[邮箱]"},        {"[phone]", "[电话]"},
    {"[id number]", "[证件号]"}, {"[card number]", "[卡号]"},  {"[account]", "[账号]"},
    {"[user]", "[用户]"},        {"[ip address]", "[IP地址]"}, {"[number]", "[号码]"},
};

void wl_masks_init(struct wl_masks *masks, const wl_alloc *alloc)
{
    *masks = (struct wl_masks){.alloc = alloc};
}

void wl_masks_release(struct wl_masks *masks)
{
    if (masks->alloc != NULL) {
        wl_alloc_free(masks->alloc, masks->items);
    }
    *masks = (struct wl_masks){0};
}

const char *wl_mask_word(enum wl_mask_kind kind, enum wl_language language)
{
    return words[kind][language];
}

bool wl_mask_has(struct wl_str text, size_t i, const char *what)
{
    size_t n = strlen(what);
    return i <= text.n_bytes && text.n_bytes - i >= n && memcmp(text.data + i, what, n) == 0;
}

// Letters and digits with at least eight digits among them: parcels, serial numbers.
static size_t long_code(struct wl_str text, size_t i)
{
    size_t n_digits = 0;
    size_t end = i;

    while (end < text.n_bytes && wl_mask_is_word(text.data[end])) {
        n_digits += wl_mask_is_digit(text.data[end++]);
    }
    return n_digits >= 8 && n_digits < end - i ? end : 0;
}

static size_t find_at(struct wl_str text, size_t i, enum wl_mask_kind *kind)
{
    size_t end = 0;

    if (text.data[i] == '@') {
        *kind = WL_MASK_HANDLE;
        return wl_mask_handle(text, i);
    }
    if (wl_mask_is_word(text.data[i])) {
        *kind = WL_MASK_URL;
        end = wl_mask_url(text, i);
        if (end == 0) {
            *kind = WL_MASK_EMAIL;
            end = wl_mask_email(text, i);
        }
        if (end == 0) {
            end = wl_mask_account(text, i, kind);
        }
    }
    if (end == 0) {
        end = wl_mask_digits(text, i, kind);
    }
    if (end == 0) {
        *kind = WL_MASK_NUMBER;
        end = long_code(text, i);
    }
    return end;
}

static bool may_begin(char c)
{
    return wl_mask_is_word(c) || c == '@' || c == '+' || c == '(';
}

wl_status wl_masks_find(struct wl_masks *masks, struct wl_str text, wl_error *error)
{
    enum wl_mask_kind kind = WL_MASK_NUMBER;

    masks->n_items = 0;
    if (text.n_bytes > WL_LINE_BYTES_MAX) {
        return wl_fail(error, WL_ELIMIT, "a text of %zu bytes, %zu at most", text.n_bytes,
                       WL_LINE_BYTES_MAX);
    }
    for (size_t i = 0; i < text.n_bytes;) {
        size_t end = may_begin(text.data[i]) ? find_at(text, i, &kind) : 0;
        if (end > 0) {
            wl_status status =
                WL_GROW(masks->alloc, masks->items, masks->capacity, masks->n_items + 1, error);
            if (status != WL_OK) {
                masks->n_items = 0;
                return status;
            }
            masks->items[masks->n_items++] =
                (struct wl_mask){(uint32_t)i, (uint32_t)(end - i), kind};
            i = end;
            continue;
        }
        bool in_word = wl_mask_is_word(text.data[i++]);
        while (in_word && i < text.n_bytes && wl_mask_is_word(text.data[i])) {
            i++;
        }
    }
    return WL_OK;
}

void wl_masks_write(const struct wl_masks *masks, const struct wl_normal *normal, struct wl_str raw,
                    size_t i_byte, size_t n_bytes, enum wl_language language,
                    const char *const *tokens, struct wl_buf *out)
{
    size_t end = i_byte + n_bytes;

    for (size_t i = 0; i < masks->n_items && i_byte < end; i++) {
        const struct wl_mask *mask = &masks->items[i];
        size_t mask_end = mask->i_byte + (size_t)mask->n_bytes;
        if (mask_end <= i_byte || mask->i_byte >= end) {
            continue;
        }
        if (mask->i_byte > i_byte) {
            wl_buf_str(out, wl_normal_raw(normal, raw, i_byte, mask->i_byte - i_byte));
        }
        wl_buf_text(out, tokens != NULL ? tokens[mask->kind] : words[mask->kind][language]);
        i_byte = mask_end;
    }
    if (i_byte < end) {
        wl_buf_str(out, wl_normal_raw(normal, raw, i_byte, end - i_byte));
    }
}
