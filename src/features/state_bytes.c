/* The bytes of a state. Canonical: written after pruning, in one fixed order, with numbers in their
 * shortest varint, so that equal knowledge is equal bytes.
 *
 *     "WLST"  version  plan hash  newest  first
 *     per signal:     n, then if n > 0: weekend, night, first, last, [values], hours, days, active
 *     per sketch:     n, then hashes as differences, hours back from the newest
 *     per attribute:  0, or kind + 1, known, [number] or [text]
 *     checksum of all before it
 *
 * Times are differences from the newest moment. Reading trusts nothing: every count is checked
 * against the bytes left, every order and every sum against what events can make. */
#include "base/bytes.h"
#include "features/state.h"

#include "features/state_inner.h"

#include <math.h>
#include <string.h>

#define MAGIC         UINT32_C(0x54534C57) /* "WLST" */
#define VERSION       1
#define SEED          UINT64_C(0x7374617465)
#define HOUR_MASK_MAX UINT32_C(0xFFFFFF) /* bits of a day's hours */

static void put_wide(struct wl_buf *buf, wl_i128 value)
{
    wl_u128 coded = ((wl_u128)value << 1) ^ (wl_u128)(value >> 127);

    wl_put_varint(buf, (uint64_t)coded);
    wl_put_varint(buf, (uint64_t)(coded >> 64));
}

static wl_i128 read_wide(struct wl_reader *reader)
{
    wl_u128 coded = wl_read_varint(reader);

    coded |= (wl_u128)wl_read_varint(reader) << 64;
    return (wl_i128)((coded >> 1) ^ (0 - (coded & 1)));
}

/* ---- writing ---- */

static void put_sums(struct wl_buf *buf, const struct wl_sums *sums, bool needs_values)
{
    wl_put_varint(buf, sums->n);
    wl_put_varint(buf, sums->n_night);
    if (needs_values) {
        wl_put_varint(buf, sums->n_valued);
        if (sums->n_valued > 0) {
            wl_put_zigzag(buf, sums->min_e4);
            wl_put_varint(buf, (uint64_t)(sums->max_e4 - sums->min_e4));
            put_wide(buf, sums->sum_e4);
            put_wide(buf, sums->squares_e8);
        }
    }
}

static void put_tiles(struct wl_buf *buf, const struct wl_tiles *tiles, bool is_hourly,
                      bool needs_values)
{
    int32_t before = 0;

    wl_put_varint(buf, tiles->n_items);
    for (size_t i = 0; i < tiles->n_items; i++) {
        const struct wl_tile *tile = &tiles->items[i];
        wl_put_zigzag(buf, (int64_t)tile->index - before);
        before = tile->index;
        if (!is_hourly) {
            wl_put_varint(buf, tile->hour_mask);
        }
        put_sums(buf, &tile->sums, needs_values);
    }
}

static void put_signal(struct wl_buf *buf, const struct wl_signal *signal,
                       const struct wl_signal_state *own, int64_t newest_us)
{
    put_sums(buf, &own->totals, signal->needs_values);
    if (own->totals.n == 0) {
        return;
    }
    wl_put_varint(buf, own->n_weekend);
    wl_put_varint(buf, (uint64_t)(newest_us - own->last_us));
    wl_put_varint(buf, (uint64_t)(own->last_us - own->first_us));
    if (signal->keep_hours_us > 0) {
        put_tiles(buf, &own->hours, true, signal->needs_values);
    }
    if (signal->keep_days_us > 0) {
        put_tiles(buf, &own->days, false, signal->needs_values);
    }
    if (signal->needs_all_days) {
        int32_t before = 0;
        wl_put_varint(buf, own->active.n_items);
        for (size_t i = 0; i < own->active.n_items; i++) {
            wl_put_zigzag(buf, (int64_t)own->active.items[i].word - before);
            before = own->active.items[i].word;
            wl_put_u64(buf, own->active.items[i].bits);
        }
    }
}

static void put_sketch(struct wl_buf *buf, const struct wl_sketch *sketch)
{
    uint64_t before = 0;

    wl_put_varint(buf, sketch->n_items);
    for (size_t i = 0; i < sketch->n_items; i++) {
        wl_put_varint(buf, sketch->items[i].hash - before);
        before = sketch->items[i].hash;
        wl_put_zigzag(buf, sketch->items[i].hour);
    }
}

static void put_attribute(struct wl_buf *buf, const struct wl_attribute_state *own,
                          int64_t newest_us)
{
    wl_put_u8(buf, own->is_known ? (uint8_t)own->kind : 0);
    if (!own->is_known) {
        return;
    }
    wl_put_varint(buf, (uint64_t)(newest_us - own->known_us));
    if (own->kind == WL_VALUE_STRING) {
        wl_put_string(buf, (struct wl_str){.data = own->text, .n_bytes = own->n_text_bytes});
    } else if (own->kind != WL_VALUE_MISSING) {
        wl_put_f64(buf, own->number);
    }
}

static uint32_t checksum(struct wl_str bytes)
{
    return (uint32_t)wl_str_hash(bytes, SEED);
}

void wl_state_encode(struct wl_state *state, struct wl_buf *buf)
{
    const struct wl_plan *plan = state->plan;
    size_t n_before = buf->n_bytes;

    wl_state_prune(state);
    wl_put_u32(buf, MAGIC);
    wl_put_u8(buf, VERSION);
    wl_put_u64(buf, plan->state_hash);
    wl_put_i64(buf, state->newest_us);
    wl_put_i64(buf, state->first_us);
    for (size_t i = 0; i < plan->n_signals; i++) {
        put_signal(buf, &plan->signals[i], &state->signals[i], state->newest_us);
    }
    for (size_t i = 0; i < plan->n_sketches; i++) {
        put_sketch(buf, &state->sketches[i]);
    }
    for (size_t i = 0; i < plan->n_attributes; i++) {
        put_attribute(buf, &state->attributes[i], state->newest_us);
    }
    if (buf->status == WL_OK) {
        wl_put_u32(buf, checksum((struct wl_str){.data = buf->data + n_before,
                                                 .n_bytes = buf->n_bytes - n_before}));
    }
}

/* ---- reading ---- */

struct decoder {
    struct wl_reader reader;
    struct wl_state *state;
    wl_error *error;
};

static wl_status fail_corrupt(const struct decoder *decoder, const char *what)
{
    return wl_fail(decoder->error, WL_ECORRUPT, "state is damaged: %s", what);
}

static bool is_time(int64_t time_us)
{
    return time_us >= -WL_STATE_TIME_MAX_US && time_us <= WL_STATE_TIME_MAX_US;
}

// A tile or word of so many microseconds lies within the times we know; local time may lie a day
// beyond them.
static bool is_index(int64_t index, int64_t tile_us)
{
    int64_t index_max = WL_STATE_TIME_MAX_US / tile_us + WL_HOURS_PER_DAY;

    return index >= -index_max && index <= index_max;
}

// Sums that at most n_max events can make.
static bool read_sums(struct wl_reader *reader, bool needs_values, uint32_t n_max,
                      struct wl_sums *sums)
{
    const wl_i128 value_max = WL_STATE_VALUE_MAX_E4;
    uint64_t n = wl_read_varint(reader);
    uint64_t n_night = wl_read_varint(reader);
    uint64_t n_valued = needs_values ? wl_read_varint(reader) : 0;

    *sums = wl_sums_empty();
    if (reader->failed || n > n_max || n_night > n || n_valued > n) {
        return false;
    }
    sums->n = (uint32_t)n;
    sums->n_night = (uint32_t)n_night;
    sums->n_valued = (uint32_t)n_valued;
    if (n_valued == 0) {
        return true;
    }
    sums->min_e4 = wl_read_zigzag(reader);
    uint64_t range = wl_read_varint(reader);
    sums->sum_e4 = read_wide(reader);
    sums->squares_e8 = read_wide(reader);
    if (reader->failed || sums->min_e4 < -WL_STATE_VALUE_MAX_E4 ||
        range > (uint64_t)(2 * WL_STATE_VALUE_MAX_E4)) {
        return false;
    }
    sums->max_e4 = sums->min_e4 + (int64_t)range;
    wl_i128 count = sums->n_valued;
    return sums->max_e4 <= WL_STATE_VALUE_MAX_E4 && sums->sum_e4 >= count * sums->min_e4 &&
           sums->sum_e4 <= count * sums->max_e4 && sums->squares_e8 >= 0 &&
           sums->squares_e8 <= count * value_max * value_max;
}

// Tiles in rising order whose events do not exceed the totals.
static wl_status read_tiles(struct decoder *decoder, bool is_hourly, bool needs_values,
                            uint32_t n_max, struct wl_tiles *tiles)
{
    struct wl_reader *reader = &decoder->reader;
    size_t n = wl_reader_count(reader, is_hourly ? 3 : 4);
    int64_t index = 0;

    if (n > 0) {
        WL_TRY(WL_GROW(decoder->state->alloc, tiles->items, tiles->capacity, n, decoder->error));
    }
    for (size_t i = 0; i < n; i++) {
        struct wl_tile *tile = &tiles->items[i];
        int64_t step = wl_read_zigzag(reader);
        uint64_t hour_mask = is_hourly ? 0 : wl_read_varint(reader);
        bool is_mask_bad = !is_hourly && (hour_mask == 0 || hour_mask > HOUR_MASK_MAX);
        if ((i > 0 && step <= 0) || step < INT32_MIN || step > INT32_MAX || is_mask_bad) {
            return fail_corrupt(decoder, "tiles out of order");
        }
        index += step;
        if (!is_index(index, is_hourly ? WL_HOUR_US : WL_DAY_US) ||
            !read_sums(reader, needs_values, n_max, &tile->sums) || tile->sums.n == 0) {
            return fail_corrupt(decoder, "a tile is impossible");
        }
        n_max -= tile->sums.n;
        tile->index = (int32_t)index;
        tile->hour_mask = (uint32_t)hour_mask;
        tiles->n_items = i + 1;
    }
    return reader->failed ? fail_corrupt(decoder, "it ends too early") : WL_OK;
}

static wl_status read_active(struct decoder *decoder, struct wl_day_words *active)
{
    struct wl_reader *reader = &decoder->reader;
    size_t n = wl_reader_count(reader, 9);
    int64_t word = 0;

    if (n > 0) {
        WL_TRY(WL_GROW(decoder->state->alloc, active->items, active->capacity, n, decoder->error));
    }
    for (size_t i = 0; i < n; i++) {
        int64_t step = wl_read_zigzag(reader);
        uint64_t bits = wl_read_u64(reader);
        if ((i > 0 && step <= 0) || step < INT32_MIN || step > INT32_MAX || bits == 0) {
            return fail_corrupt(decoder, "days out of order");
        }
        word += step;
        if (!is_index(word, 64 * WL_DAY_US)) {
            return fail_corrupt(decoder, "a day is impossible");
        }
        active->items[i] = (struct wl_day_word){.word = (int32_t)word, .bits = bits};
        active->n_items = i + 1;
    }
    return reader->failed ? fail_corrupt(decoder, "it ends too early") : WL_OK;
}

static wl_status read_signal(struct decoder *decoder, const struct wl_signal *signal,
                             struct wl_signal_state *own)
{
    struct wl_reader *reader = &decoder->reader;
    const uint64_t span_max = 2 * (uint64_t)WL_STATE_TIME_MAX_US;

    if (!read_sums(reader, signal->needs_values, WL_STATE_EVENTS_MAX, &own->totals)) {
        return fail_corrupt(decoder, "totals are impossible");
    }
    if (own->totals.n == 0) {
        return WL_OK;
    }
    uint64_t n_weekend = wl_read_varint(reader);
    uint64_t since_last_us = wl_read_varint(reader);
    uint64_t since_first_us = wl_read_varint(reader);
    if (reader->failed || n_weekend > own->totals.n || since_last_us > span_max ||
        since_first_us > span_max || decoder->state->newest_us == WL_TIME_NONE) {
        return fail_corrupt(decoder, "times are impossible");
    }
    own->n_weekend = (uint32_t)n_weekend;
    own->last_us = decoder->state->newest_us - (int64_t)since_last_us;
    own->first_us = own->last_us - (int64_t)since_first_us;
    if (!is_time(own->first_us)) {
        return fail_corrupt(decoder, "times are impossible");
    }
    if (signal->keep_hours_us > 0) {
        WL_TRY(read_tiles(decoder, true, signal->needs_values, own->totals.n, &own->hours));
    }
    if (signal->keep_days_us > 0) {
        WL_TRY(read_tiles(decoder, false, signal->needs_values, own->totals.n, &own->days));
    }
    return signal->needs_all_days ? read_active(decoder, &own->active) : WL_OK;
}

static wl_status read_sketch(struct decoder *decoder, struct wl_sketch *sketch)
{
    struct wl_reader *reader = &decoder->reader;
    size_t n = wl_reader_count(reader, 2);
    uint64_t hash = 0;

    if (n > 0) {
        WL_TRY(WL_GROW(decoder->state->alloc, sketch->items, sketch->capacity, n, decoder->error));
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t step = wl_read_varint(reader);
        int64_t hour = wl_read_zigzag(reader);
        if (__builtin_add_overflow(hash, step, &hash) || (i > 0 && step == 0) ||
            !is_index(hour, WL_HOUR_US)) {
            return fail_corrupt(decoder, "hashes out of order");
        }
        sketch->items[i] = (struct wl_sketch_item){.hash = hash, .hour = (int32_t)hour};
        sketch->n_items = i + 1;
    }
    sketch->n_items_prune = 2 * n + (size_t)2 * WL_SKETCH_K;
    return reader->failed ? fail_corrupt(decoder, "it ends too early") : WL_OK;
}

static wl_status read_attribute(struct decoder *decoder, struct wl_attribute_state *own)
{
    struct wl_reader *reader = &decoder->reader;
    uint8_t kind = wl_read_u8(reader);
    struct wl_str text = {.data = NULL, .n_bytes = 0};

    if (kind == 0) {
        return reader->failed ? fail_corrupt(decoder, "it ends too early") : WL_OK;
    }
    uint64_t since_us = wl_read_varint(reader);
    if (kind == WL_VALUE_STRING) {
        text = wl_read_string(reader);
    } else if (kind != WL_VALUE_MISSING) {
        own->number = wl_read_f64(reader);
    }
    if (reader->failed || kind > WL_VALUE_MISSING || text.n_bytes > WL_STATE_LEVEL_BYTES ||
        !isfinite(own->number) || since_us > 2 * (uint64_t)WL_STATE_TIME_MAX_US ||
        decoder->state->newest_us == WL_TIME_NONE) {
        return fail_corrupt(decoder, "an attribute is impossible");
    }
    own->kind = (enum wl_value_kind)kind;
    own->known_us = decoder->state->newest_us - (int64_t)since_us;
    return wl_attribute_state_set(decoder->state->alloc, own, text, decoder->error);
}

static wl_status read_head(struct decoder *decoder, struct wl_str bytes)
{
    struct wl_reader *reader = &decoder->reader;
    struct wl_reader tail;
    const size_t n_tail = sizeof(uint32_t);

    if (bytes.n_bytes < n_tail || bytes.data == NULL) {
        return fail_corrupt(decoder, "it is too short");
    }
    bytes.n_bytes -= n_tail;
    wl_reader_init(&tail, (struct wl_str){.data = bytes.data + bytes.n_bytes, .n_bytes = n_tail});
    wl_reader_init(reader, bytes);
    if (wl_read_u32(reader) != MAGIC) {
        return fail_corrupt(decoder, "it does not begin like a state");
    }
    uint8_t version = wl_read_u8(reader);
    if (version > VERSION) {
        return wl_fail(decoder->error, WL_EVERSION, "state has version %u, this program reads %u",
                       version, VERSION);
    }
    if (version == 0 || wl_read_u32(&tail) != checksum(bytes)) {
        return fail_corrupt(decoder, "its checksum does not match");
    }
    if (wl_read_u64(reader) != decoder->state->plan->state_hash) {
        return wl_fail(decoder->error, WL_ESCHEMA, "state was written for another feature set");
    }
    decoder->state->newest_us = wl_read_i64(reader);
    decoder->state->first_us = wl_read_i64(reader);
    bool is_empty = decoder->state->newest_us == WL_TIME_NONE;
    if (reader->failed || (!is_empty && !is_time(decoder->state->newest_us)) ||
        (decoder->state->first_us != WL_TIME_NONE &&
         (is_empty || !is_time(decoder->state->first_us) ||
          decoder->state->first_us > decoder->state->newest_us))) {
        return fail_corrupt(decoder, "times are impossible");
    }
    return WL_OK;
}

static wl_status read_body(struct decoder *decoder)
{
    const struct wl_plan *plan = decoder->state->plan;

    for (size_t i = 0; i < plan->n_signals; i++) {
        WL_TRY(read_signal(decoder, &plan->signals[i], &decoder->state->signals[i]));
    }
    for (size_t i = 0; i < plan->n_sketches; i++) {
        WL_TRY(read_sketch(decoder, &decoder->state->sketches[i]));
    }
    for (size_t i = 0; i < plan->n_attributes; i++) {
        WL_TRY(read_attribute(decoder, &decoder->state->attributes[i]));
    }
    if (decoder->reader.failed || wl_reader_left(&decoder->reader) > 0) {
        return fail_corrupt(decoder, "its length does not match");
    }
    return WL_OK;
}

wl_status wl_state_decode(struct wl_state *state, struct wl_str bytes, wl_error *error)
{
    struct wl_state fresh;
    struct decoder decoder = {.state = &fresh, .error = error};
    wl_status status;

    WL_TRY(wl_state_init(&fresh, state->alloc, state->plan, error));
    fresh.read_from_us = state->read_from_us;
    WL_GO(read_head(&decoder, bytes));
    WL_GO(read_body(&decoder));
    struct wl_state old = *state;
    *state = fresh;
    fresh = old; // released below
done:
    wl_state_release(&fresh);
    return status;
}
