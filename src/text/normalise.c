/* Most bytes of customers' texts are plain: lower-case ASCII, single spaces and common Chinese
 * characters. Those are copied in stretches. All else goes character by character through a run: a
 * starter and what may join it. A character is folded into the run; when one comes that joins
 * nothing, the run is brought into order, composed and written.
 *
 * Invariants:
 *   - The last character of a stretch never joins with what follows it: a stretch ends one ASCII
 *     character early when something else than plain characters comes.
 *   - White space is held back until something visible follows, so runs collapse and ends are bare.
 *   - A run holds 64 characters; marks beyond that are dropped, as nobody can read them and sorting
 *     them would take quadratic time.
 *   - Spans lie in order, cover the text, and the first begins at 0. */
#include "text/normalise.h"

#include "base/limits.h"
#include "text/unicode.h"

#include <string.h>

#define RUN_MAX 64 /* a base of up to 18 characters and more marks than any script stacks */

/* A part of the raw text that becomes something. */
struct source {
    uint32_t i_raw;
    uint32_t n_raw;
    bool is_kept; /* byte for byte */
};

struct pass {
    struct wl_normal *normal;
    struct wl_str raw;
    char space;           /* held-back white space: 0, ' ' or '\n' */
    uint32_t i_raw_space; /* where it began */
    bool after_emoji;     /* the last character written is one */
    bool joiner;          /* a joiner came after it */
    uint32_t run[RUN_MAX];
    size_t n_run;
    struct source from; /* of the run */
    wl_status status;
};

/* -- life -- */

void wl_normal_init(struct wl_normal *normal, const wl_alloc *alloc)
{
    *normal = (struct wl_normal){0};
    wl_buf_init(&normal->text, alloc, WL_LINE_BYTES_MAX);
}

void wl_normal_release(struct wl_normal *normal)
{
    if (normal->text.alloc != NULL) {
        wl_alloc_free(normal->text.alloc, normal->spans);
        wl_buf_release(&normal->text);
    }
    *normal = (struct wl_normal){0};
}

static void clear(struct wl_normal *normal)
{
    wl_buf_clear(&normal->text);
    normal->n_spans = 0;
    normal->n_invalid_bytes = 0;
    normal->n_hidden = 0;
}

/* -- writing -- */

// What is appended next comes from raw[i_raw ...]; n_raw as in wl_normal_span.
static void map(struct pass *pass, uint32_t i_raw, uint32_t n_raw)
{
    struct wl_normal *normal = pass->normal;
    uint32_t i_byte = (uint32_t)normal->text.n_bytes;

    if (normal->n_spans > 0) {
        const struct wl_normal_span *last = &normal->spans[normal->n_spans - 1];
        bool same_source = n_raw > 0 && last->n_raw == n_raw && last->i_raw == i_raw;
        bool goes_on =
            n_raw == 0 && last->n_raw == 0 && i_raw - last->i_raw == i_byte - last->i_byte;
        if (same_source || goes_on) {
            return;
        }
    }
    if (pass->status == WL_OK) {
        pass->status =
            WL_GROW(normal->text.alloc, normal->spans, normal->capacity, normal->n_spans + 1, NULL);
    }
    if (pass->status == WL_OK) {
        normal->spans[normal->n_spans++] =
            (struct wl_normal_span){.i_byte = i_byte, .i_raw = i_raw, .n_raw = n_raw};
    }
}

// Writes held-back white space; i_raw is where what follows it begins.
static void write_space(struct pass *pass, uint32_t i_raw)
{
    if (pass->space != 0 && pass->normal->text.n_bytes > 0) {
        map(pass, pass->i_raw_space, i_raw - pass->i_raw_space);
        wl_buf_char(&pass->normal->text, pass->space);
    }
    pass->space = 0;
}

// A skin tone is a pictograph or a mark, as the version of Unicode has it.
static bool ends_emoji(uint32_t c)
{
    return c > 0x7F && ((c >= 0x1F3FB && c <= 0x1F3FF) || wl_char_of(c).kind == WL_CHAR_PICTOGRAPH);
}

static void write_char(struct pass *pass, uint32_t c)
{
    bool is_emoji = c > 0x7F && wl_char_of(c).kind == WL_CHAR_PICTOGRAPH;
    char bytes[8];
    size_t n = 0;

    write_space(pass, pass->from.i_raw);
    if (is_emoji && pass->joiner) {
        n = wl_char_encode(WL_UNICODE_JOINER, bytes);
        pass->normal->n_hidden--; // it stays after all
    }
    n += wl_char_encode(c, bytes + n);
    map(pass, pass->from.i_raw, pass->from.is_kept && !pass->joiner ? 0 : pass->from.n_raw);
    wl_buf_add(&pass->normal->text, bytes, n);
    pass->joiner = false;
    pass->after_emoji = ends_emoji(c);
}

/* -- runs -- */

// Folding what was composed may change it once more (iota below is one); until it does not.
static size_t settle(uint32_t *run, size_t n)
{
    uint32_t again[RUN_MAX + WL_FOLD_MAX];

    for (int round = 0; round < 3; round++) {
        size_t n_again = 0;
        for (size_t i = 0; i < n && n_again < RUN_MAX; i++) {
            n_again += wl_char_fold(run[i], again + n_again);
        }
        n_again = wl_chars_compose(again, n_again < RUN_MAX ? n_again : RUN_MAX);
        bool is_same = n_again == n && memcmp(again, run, n * sizeof(*run)) == 0;
        memcpy(run, again, n_again * sizeof(*run));
        n = n_again;
        if (is_same) {
            break;
        }
    }
    return n;
}

static void flush(struct pass *pass)
{
    size_t n = pass->n_run;

    if (n > 1) {
        n = settle(pass->run, wl_chars_compose(pass->run, n));
    }
    for (size_t i = 0; i < n; i++) {
        write_char(pass, pass->run[i]);
    }
    pass->n_run = 0;
}

// One folded character of a source.
static void feed(struct pass *pass, uint32_t c, struct wl_char facts, struct source from)
{
    if (facts.kind == WL_CHAR_SPACE || facts.kind == WL_CHAR_LINE) {
        flush(pass);
        if (pass->space == 0) {
            pass->i_raw_space = from.i_raw;
        }
        pass->space = facts.kind == WL_CHAR_LINE || pass->space == '\n' ? '\n' : ' ';
        pass->joiner = false;
        pass->after_emoji = false;
        return;
    }
    if (!facts.joins || pass->n_run == 0) {
        flush(pass);
        pass->from = from;
    } else if (pass->n_run < RUN_MAX) {
        pass->from.n_raw = from.i_raw + from.n_raw - pass->from.i_raw;
        pass->from.is_kept = false;
    } else {
        pass->normal->n_hidden++;
        return;
    }
    pass->run[pass->n_run++] = c;
}

static void hide(struct pass *pass, uint32_t c)
{
    if (c == WL_UNICODE_JOINER) {
        if (pass->n_run > 0 && ends_emoji(pass->run[pass->n_run - 1])) {
            flush(pass); // an emoji composes with nothing; a letter may still, so it waits
        }
        pass->joiner = pass->n_run == 0 && pass->after_emoji;
    }
    pass->normal->n_hidden++;
}

static void take_char(struct pass *pass, uint32_t c, struct source from)
{
    uint32_t folded[WL_FOLD_MAX];
    struct wl_char facts = wl_char_of(c);

    if (facts.kind == WL_CHAR_HIDDEN) {
        hide(pass, c);
        return;
    }
    if (facts.is_stable) {
        from.is_kept = true;
        feed(pass, c, facts, from);
        return;
    }
    size_t n = wl_char_fold(c, folded);
    for (size_t i = 0; i < n; i++) {
        facts = wl_char_of(folded[i]);
        if (facts.kind != WL_CHAR_HIDDEN) {
            feed(pass, folded[i], facts, from);
        }
    }
}

/* -- stretches -- */

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0U) == 0x80U;
}

// A common Chinese character, U+4E00 to U+9FFF, stands at i.
static bool is_han_at(struct wl_str raw, size_t i)
{
    unsigned char c = (unsigned char)raw.data[i];

    return c >= 0xE4 && c <= 0xE9 && raw.n_bytes - i >= 3 && is_continuation(raw.data[i + 1]) &&
           is_continuation(raw.data[i + 2]) && (c > 0xE4 || (unsigned char)raw.data[i + 1] >= 0xB8);
}

// Where the stretch of plain characters that begins at i ends, i itself when there is none.
static size_t stretch_end(struct wl_str raw, size_t i, bool *has_upper)
{
    size_t begin = i;
    size_t held = 0; // bytes at the end that do not belong to it

    while (i < raw.n_bytes) {
        unsigned char c = (unsigned char)raw.data[i];
        if (c > ' ' && c < 0x7F) {
            *has_upper |= c >= 'A' && c <= 'Z';
            i++;
        } else if (is_han_at(raw, i)) {
            i += 3;
        } else if (c == ' ' && i > begin && raw.data[i - 1] != ' ') {
            i++;
        } else {
            // What comes may join with a character before it; Chinese ones join with nothing.
            held = i > begin && (unsigned char)raw.data[i - 1] < 0x80 ? 1 : 0;
            break;
        }
    }
    i -= held;
    return i > begin && raw.data[i - 1] == ' ' ? i - 1 : i;
}

static void lower(char *text, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++) {
        char c = text[i];
        text[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
}

static void write_stretch(struct pass *pass, size_t begin, size_t end, bool has_upper)
{
    struct wl_buf *text = &pass->normal->text;

    flush(pass);
    write_space(pass, (uint32_t)begin);
    map(pass, (uint32_t)begin, 0);
    wl_buf_add(text, pass->raw.data + begin, end - begin);
    if (has_upper && text->status == WL_OK) {
        lower(text->data + text->n_bytes - (end - begin), end - begin);
    }
    pass->joiner = false;
    pass->after_emoji = false;
}

/* -- a text -- */

// Bytes from i on where no character begins; becomes one mark.
static size_t take_invalid(struct pass *pass, size_t i)
{
    struct wl_char mark = {.kind = WL_CHAR_SYMBOL, .is_stable = true};
    size_t end = i + 1;

    while (end < pass->raw.n_bytes && wl_utf8_length(pass->raw, end) == 0) {
        end++;
    }
    pass->normal->n_invalid_bytes += end - i;
    struct source from = {.i_raw = (uint32_t)i, .n_raw = (uint32_t)(end - i)};
    feed(pass, WL_UNICODE_INVALID, mark, from);
    return end;
}

static size_t take_next(struct pass *pass, size_t i)
{
    bool has_upper = false;
    size_t end = stretch_end(pass->raw, i, &has_upper);

    if (end > i) {
        write_stretch(pass, i, end, has_upper);
        return end;
    }
    size_t n = wl_utf8_length(pass->raw, i);
    if (n == 0) {
        return take_invalid(pass, i);
    }
    struct source from = {.i_raw = (uint32_t)i, .n_raw = (uint32_t)n};
    take_char(pass, wl_utf8_decode(pass->raw, i, n), from);
    return i + n;
}

wl_status wl_normal_set(struct wl_normal *normal, struct wl_str raw, wl_error *error)
{
    struct pass pass = {.normal = normal, .raw = raw, .status = WL_OK};

    clear(normal);
    if (raw.n_bytes > WL_LINE_BYTES_MAX) {
        return wl_fail(error, WL_ELIMIT, "a text of %zu bytes, %zu at most", raw.n_bytes,
                       WL_LINE_BYTES_MAX);
    }
    for (size_t i = 0; i < raw.n_bytes && normal->text.status == WL_OK;) {
        i = take_next(&pass, i);
    }
    flush(&pass);
    wl_status status = pass.status;
    if (status == WL_OK) {
        status = normal->text.status;
    }
    if (status != WL_OK) {
        clear(normal);
        return status == WL_ELIMIT
                   ? wl_fail(error, status, "a text of %zu bytes grows above %zu when normalised",
                             raw.n_bytes, WL_LINE_BYTES_MAX)
                   : wl_fail(error, status, "no memory to normalise a text of %zu bytes",
                             raw.n_bytes);
    }
    return WL_OK;
}

/* -- back to the raw text -- */

static const struct wl_normal_span *span_at(const struct wl_normal *normal, size_t i_byte)
{
    size_t low = 0;
    size_t high = normal->n_spans;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (normal->spans[middle].i_byte <= i_byte) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return &normal->spans[low];
}

struct wl_str wl_normal_raw(const struct wl_normal *normal, struct wl_str raw, size_t i_byte,
                            size_t n_bytes)
{
    WL_ASSERT(i_byte <= normal->text.n_bytes && n_bytes <= normal->text.n_bytes - i_byte);
    if (n_bytes == 0) {
        return (struct wl_str){0};
    }
    const struct wl_normal_span *first = span_at(normal, i_byte);
    const struct wl_normal_span *last = span_at(normal, i_byte + n_bytes - 1);
    size_t begin = first->i_raw + (first->n_raw > 0 ? 0 : i_byte - first->i_byte);
    size_t end = last->i_raw + (last->n_raw > 0 ? last->n_raw : i_byte + n_bytes - last->i_byte);
    // Marks brought into another order may make an end lie before a begin.
    end = end > begin ? end : begin;
    return (struct wl_str){.data = raw.data + begin, .n_bytes = end - begin};
}
