/* Vocabularies of byte-pair encoding from the two files they come in. */
#include "base/arena.h"
#include "base/limits.h"
#include "data/node.h"
#include "text/bpe.h"
#include "text/bpe_shown.h"

#include <string.h>

// Tokens by number, with gaps.
struct token_list {
    struct wl_arena *arena;
    const wl_alloc *alloc;
    struct wl_str *items; // (n), owned
    size_t n;
    size_t capacity;
};

static wl_status put(struct token_list *list, uint64_t id, struct wl_str bytes, wl_error *error)
{
    if (id >= WL_VOCABULARY_MAX) {
        return wl_fail(error, WL_ELIMIT, "token number %llu, at most %d", (unsigned long long)id,
                       WL_VOCABULARY_MAX - 1);
    }
    if (id >= list->n) {
        WL_TRY(WL_GROW(list->alloc, list->items, list->capacity, (size_t)id + 1, error));
        memset(list->items + list->n, 0, ((size_t)id + 1 - list->n) * sizeof(*list->items));
        list->n = (size_t)id + 1;
    }
    if (list->items[id].n_bytes > 0) {
        return wl_fail(error, WL_EPARSE, "token number %llu is there twice",
                       (unsigned long long)id);
    }
    list->items[id] = bytes;
    return WL_OK;
}

static int base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// Bytes of a base64 text (RFC 4648, section 4), into the arena.
static wl_status base64_read(struct wl_arena *arena, struct wl_str text, struct wl_str *out,
                             wl_error *error)
{
    char *bytes = wl_arena_alloc(arena, text.n_bytes / 4 * 3 + 3);
    uint32_t bits = 0;
    int n_bits = 0;
    size_t n = 0;

    if (bytes == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for a vocabulary");
    }
    while (text.n_bytes > 0 && text.data[text.n_bytes - 1] == '=') {
        text.n_bytes--;
    }
    for (size_t i = 0; i < text.n_bytes; i++) {
        int digit = base64_digit(text.data[i]);
        if (digit < 0) {
            return wl_fail(error, WL_EPARSE, "not base64 at byte %zu", i + 1);
        }
        bits = bits << 6 | (uint32_t)digit;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            bytes[n++] = (char)(bits >> n_bits & 0xFFU);
        }
    }
    *out = (struct wl_str){.data = bytes, .n_bytes = n};
    return WL_OK;
}

static wl_status read_rank(struct token_list *list, struct wl_str line, wl_error *error)
{
    struct wl_str rest = line;
    struct wl_str text = wl_str_cut(&rest, ' ');
    struct wl_str bytes;
    int64_t id = 0;

    if (!wl_str_to_i64(wl_str_trim(rest), &id) || id < 0) {
        return wl_fail(error, WL_EPARSE, "wants base64, a blank and a number");
    }
    WL_TRY(base64_read(list->arena, text, &bytes, error));
    return put(list, (uint64_t)id, bytes, error);
}

wl_status wl_bpe_from_ranks(const wl_alloc *alloc, struct wl_str file, enum wl_bpe_pattern pattern,
                            struct wl_bpe **out, wl_error *error)
{
    struct wl_arena arena;
    struct token_list list = {.arena = &arena, .alloc = alloc};
    wl_status status = WL_OK;

    *out = NULL;
    wl_arena_init(&arena, alloc, 0);
    for (size_t number = 1; file.n_bytes > 0; number++) {
        struct wl_str line = wl_str_cut(&file, '\n');
        if (wl_str_trim(line).n_bytes > 0) {
            status = read_rank(&list, line, error);
        }
        if (status != WL_OK) {
            (void)wl_fail_at(error, status, "vocabulary, line %zu", number);
            goto done;
        }
    }
    WL_GO(wl_bpe_new(alloc, list.items, list.n, pattern, out, error));
done:
    wl_alloc_free(alloc, list.items);
    wl_arena_release(&arena);
    return status;
}

wl_status wl_bpe_from_vocabulary(const wl_alloc *alloc, struct wl_str json, struct wl_bpe **out,
                                 wl_error *error)
{
    struct wl_arena arena;
    struct token_list list = {.arena = &arena, .alloc = alloc};
    struct wl_node *root = NULL;
    wl_status status = WL_OK;

    *out = NULL;
    wl_arena_init(&arena, alloc, 0);
    WL_GO(wl_json_parse(&arena, json, &root, error));
    if (root->kind != WL_NODE_MAP) {
        status = wl_fail(error, WL_EPARSE, "vocabulary: wants a map from token to number");
        goto done;
    }
    for (const struct wl_node *item = root->first; item != NULL; item = item->next) {
        struct wl_str bytes;
        if (item->kind != WL_NODE_NUMBER || item->number < 0.0 ||
            item->number >= (double)WL_VOCABULARY_MAX ||
            item->number != (double)(uint64_t)item->number) {
            status = wl_fail(error, WL_EPARSE, "vocabulary: a token's number is not one");
            goto done;
        }
        WL_GO(wl_bpe_unshow(&arena, item->key, &bytes, error));
        WL_GO(put(&list, (uint64_t)item->number, bytes, error));
    }
    WL_GO(wl_bpe_new(alloc, list.items, list.n, WL_BPE_GPT2, out, error));
done:
    wl_alloc_free(alloc, list.items);
    wl_arena_release(&arena);
    return status;
}
