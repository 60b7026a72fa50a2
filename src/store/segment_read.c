/* Reading a segment. The frame's checksum has been checked, but a well-made lie passes it: so every
 * id, length and kind is checked again, and a column must end exactly where its length says. Words
 * become ids only when a record that is wanted uses them. */
#include "base/bytes.h"
#include "base/clock.h"
#include "store/segment.h"

#include <math.h>
#include <string.h>

/* Words of a segment and what ids they have in the company. */
struct table {
    const wl_alloc *alloc;
    struct wl_str *words; /* (n_words) borrowed from the payload */
    uint32_t *ids;        /* (n_words) WL_ID_NONE until the word is used */
    size_t n_words;
    struct wl_dict *dict;
};

struct segment {
    const struct wl_segment_info *info;
    struct wl_company *company;
    const struct wl_bounds *bounds;
    struct wl_dedupe *dedupe;
    struct wl_reader payload;
    struct table users;
    struct table names;
    struct table strings;
    wl_error *error;
};

static wl_status fail_content(const struct segment *segment)
{
    return wl_fail(segment->error, WL_ECORRUPT, "segment of %llu records is damaged inside",
                   (unsigned long long)segment->info->n_records);
}

static void table_release(struct table *table)
{
    if (table->alloc != NULL) {
        wl_alloc_free(table->alloc, table->words);
        wl_alloc_free(table->alloc, table->ids);
    }
}

static wl_status read_table(struct segment *segment, struct wl_dict *dict, struct table *table)
{
    const wl_alloc *alloc = segment->company->alloc;
    size_t n = wl_reader_count(&segment->payload, 1);

    *table = (struct table){.alloc = alloc, .dict = dict, .n_words = n};
    if (segment->payload.failed) {
        return fail_content(segment);
    }
    table->words = wl_alloc_array(alloc, n + 1, sizeof(*table->words));
    table->ids = wl_alloc_array(alloc, n + 1, sizeof(*table->ids));
    if (table->words == NULL || table->ids == NULL) {
        return wl_fail(segment->error, WL_ENOMEM, "no memory for %zu words", n);
    }
    for (size_t i = 0; i < n; i++) {
        table->words[i] = wl_read_string(&segment->payload);
        table->ids[i] = WL_ID_NONE;
    }
    return segment->payload.failed ? fail_content(segment) : WL_OK;
}

// A column, which must have room for n_records values of at least one byte.
static wl_status read_column(struct segment *segment, struct wl_reader *column)
{
    struct wl_str bytes = wl_read_string(&segment->payload);

    wl_reader_init(column, bytes);
    if (segment->payload.failed || bytes.n_bytes < segment->info->n_records) {
        return fail_content(segment);
    }
    return WL_OK;
}

// The id of a word in the company. Wrong numbers fail the column, which is checked at the end.
static wl_status word_id(struct segment *segment, struct table *table, uint64_t coded,
                         bool may_be_none, uint32_t *id)
{
    if (coded == 0 && may_be_none) {
        *id = WL_ID_NONE;
        return WL_OK;
    }
    if (coded == 0 || coded > table->n_words) {
        return fail_content(segment);
    }
    size_t i = (size_t)coded - 1;
    if (table->ids[i] == WL_ID_NONE) {
        WL_TRY(wl_dict_intern(table->dict, table->words[i], &table->ids[i], segment->error));
    }
    *id = table->ids[i];
    return WL_OK;
}

static int64_t take_time(struct wl_reader *column, int64_t *before_us)
{
    *before_us = (int64_t)((uint64_t)*before_us + (uint64_t)wl_read_zigzag(column));
    return *before_us;
}

static int64_t take_received(struct wl_reader *column, int64_t time_us)
{
    uint64_t delay_us = wl_read_varint(column);
    int64_t received_us = time_us;

    if (delay_us > INT64_MAX || __builtin_add_overflow(time_us, (int64_t)delay_us, &received_us)) {
        column->failed = true;
    }
    return received_us;
}

static bool is_inside(const struct wl_bounds *bounds, int64_t time_us)
{
    return bounds == NULL || (time_us >= bounds->from_us && time_us <= bounds->to_us);
}

static wl_status check_end(struct segment *segment, const struct wl_reader *columns,
                           size_t n_columns)
{
    for (size_t i = 0; i < n_columns; i++) {
        if (columns[i].failed || wl_reader_left(&columns[i]) != 0) {
            return fail_content(segment);
        }
    }
    return segment->payload.failed || wl_reader_left(&segment->payload) != 0 ? fail_content(segment)
                                                                             : WL_OK;
}

/* Events. */

enum { EVENT_USER, EVENT_NAME, EVENT_TIME, EVENT_DELAY, EVENT_KEY, EVENT_VALUE, EVENT_PROPS };

struct event_columns {
    struct wl_reader at[EVENT_PROPS + WL_PROPS_MAX];
    uint32_t slots[WL_PROPS_MAX]; // of the segment's properties in the company
    size_t n_props;
    int64_t before_us;
};

static int64_t take_value(struct wl_reader *column)
{
    uint8_t has_value = wl_read_u8(column);

    if (has_value == 0) {
        return WL_VALUE_NONE;
    }
    int64_t value_e4 = wl_read_zigzag(column);
    int64_t limit_e4 = (int64_t)WL_VALUE_ABS_MAX * WL_VALUE_SCALE;
    if (has_value != 1 || value_e4 > limit_e4 || value_e4 < -limit_e4) {
        column->failed = true;
    }
    return value_e4;
}

static wl_status open_events(struct segment *segment, struct event_columns *columns)
{
    struct wl_company *company = segment->company;

    WL_TRY(read_table(segment, &company->users, &segment->users));
    WL_TRY(read_table(segment, &company->event_names, &segment->names));
    WL_TRY(read_table(segment, &company->strings, &segment->strings));
    columns->before_us = 0;
    columns->n_props = wl_reader_count(&segment->payload, 1);
    if (columns->n_props > WL_PROPS_MAX) {
        return fail_content(segment);
    }
    for (size_t i = 0; i < columns->n_props; i++) {
        struct wl_str name = wl_read_string(&segment->payload);
        if (segment->payload.failed) {
            return fail_content(segment);
        }
        WL_TRY(wl_company_prop_slot(company, name, &columns->slots[i], segment->error));
    }
    for (size_t i = 0; i < EVENT_PROPS + columns->n_props; i++) {
        WL_TRY(read_column(segment, &columns->at[i]));
    }
    return WL_OK;
}

static wl_status add_event(struct segment *segment, const struct wl_event *event)
{
    struct wl_company *company = segment->company;
    enum wl_verdict verdict = WL_VERDICT_NEW;
    size_t i_known = 0;

    if (segment->dedupe != NULL) {
        struct wl_known_message message = {.key = event->message_key,
                                           .time_us = event->event_us,
                                           .received_us = event->received_us,
                                           .value_e4 = event->value_e4,
                                           .i_record = company->events.n_events};
        WL_TRY(wl_dedupe_see(segment->dedupe, &message, &verdict, &i_known, segment->error));
    }
    if (verdict == WL_VERDICT_NEW) {
        return wl_company_add_event(company, event, segment->error);
    }
    if (verdict == WL_VERDICT_BETTER) {
        wl_company_set_event(company, i_known, event);
    }
    return WL_OK;
}

static wl_status take_event(struct segment *segment, struct event_columns *columns)
{
    struct wl_reader *at = columns->at;
    struct wl_event event;
    uint64_t user = wl_read_varint(&at[EVENT_USER]);
    uint64_t name = wl_read_varint(&at[EVENT_NAME]);
    uint64_t props[WL_PROPS_MAX];

    event.event_us = take_time(&at[EVENT_TIME], &columns->before_us);
    event.received_us = take_received(&at[EVENT_DELAY], event.event_us);
    event.message_key = wl_read_u64(&at[EVENT_KEY]);
    event.value_e4 = take_value(&at[EVENT_VALUE]);
    for (size_t i = 0; i < columns->n_props; i++) {
        props[i] = wl_read_varint(&at[EVENT_PROPS + i]);
    }
    if (!is_inside(segment->bounds, event.event_us)) {
        return WL_OK;
    }
    WL_TRY(word_id(segment, &segment->users, user, false, &event.user));
    WL_TRY(word_id(segment, &segment->names, name, false, &event.name));
    memset(event.props, 0xFF, sizeof(event.props)); // WL_ID_NONE
    for (size_t i = 0; i < columns->n_props; i++) {
        WL_TRY(
            word_id(segment, &segment->strings, props[i], true, &event.props[columns->slots[i]]));
    }
    return add_event(segment, &event);
}

static wl_status decode_events(struct segment *segment)
{
    struct event_columns columns;

    WL_TRY(open_events(segment, &columns));
    for (uint64_t i = 0; i < segment->info->n_records; i++) {
        WL_TRY(take_event(segment, &columns));
    }
    return check_end(segment, columns.at, EVENT_PROPS + columns.n_props);
}

/* Texts. */

enum { TEXT_WORDS, TEXT_TIMES, TEXT_KEY, TEXT_BODY, TEXT_COLUMNS };

static wl_status open_texts(struct segment *segment, struct wl_reader *columns)
{
    WL_TRY(read_table(segment, &segment->company->users, &segment->users));
    WL_TRY(read_table(segment, &segment->company->strings, &segment->strings));
    for (size_t i = 0; i < TEXT_COLUMNS; i++) {
        WL_TRY(read_column(segment, &columns[i]));
    }
    return WL_OK;
}

static wl_status add_text(struct segment *segment, const struct wl_text *text)
{
    struct wl_company *company = segment->company;
    enum wl_verdict verdict = WL_VERDICT_NEW;
    size_t i_known = 0;

    if (segment->dedupe != NULL) {
        struct wl_known_message message = {.key = text->message_key,
                                           .time_us = text->text_us,
                                           .received_us = text->received_us,
                                           .value_e4 = WL_VALUE_NONE,
                                           .i_record = company->texts.n_texts};
        WL_TRY(wl_dedupe_see(segment->dedupe, &message, &verdict, &i_known, segment->error));
    }
    if (verdict == WL_VERDICT_NEW) {
        return wl_company_add_text(company, text, segment->error);
    }
    return verdict == WL_VERDICT_BETTER
               ? wl_company_set_text(company, i_known, text, segment->error)
               : WL_OK;
}

static wl_status take_text(struct segment *segment, struct wl_reader *columns, int64_t *before_us)
{
    struct wl_text text = {.label = WL_ID_NONE}; // nobody has read it yet
    uint64_t user = wl_read_varint(&columns[TEXT_WORDS]);
    uint64_t channel = wl_read_varint(&columns[TEXT_WORDS]);
    uint64_t label = wl_read_varint(&columns[TEXT_WORDS]);

    text.text_us = take_time(&columns[TEXT_TIMES], before_us);
    text.received_us = take_received(&columns[TEXT_TIMES], text.text_us);
    text.message_key = wl_read_u64(&columns[TEXT_KEY]);
    text.body = wl_read_string(&columns[TEXT_BODY]);
    if (!is_inside(segment->bounds, text.text_us)) {
        return WL_OK;
    }
    WL_TRY(word_id(segment, &segment->users, user, false, &text.user));
    WL_TRY(word_id(segment, &segment->strings, channel, false, &text.channel));
    WL_TRY(word_id(segment, &segment->strings, label, true, &text.label));
    return add_text(segment, &text);
}

static wl_status decode_texts(struct segment *segment)
{
    struct wl_reader columns[TEXT_COLUMNS];
    int64_t before_us = 0;

    WL_TRY(open_texts(segment, columns));
    for (uint64_t i = 0; i < segment->info->n_records; i++) {
        WL_TRY(take_text(segment, columns, &before_us));
    }
    return check_end(segment, columns, TEXT_COLUMNS);
}

/* Attributes. */

enum { ATTRIBUTE_WORDS, ATTRIBUTE_TIME, ATTRIBUTE_VALUE, ATTRIBUTE_COLUMNS };

static void take_attribute_value(struct wl_reader *column, struct wl_attribute *item,
                                 uint64_t *string)
{
    uint8_t kind = wl_read_u8(column);

    item->number = 0.0;
    *string = 0;
    if (kind < WL_VALUE_NUMBER || kind > WL_VALUE_MISSING) {
        column->failed = true;
        kind = WL_VALUE_MISSING;
    }
    item->kind = (enum wl_value_kind)kind;
    if (kind == WL_VALUE_STRING) {
        *string = wl_read_varint(column);
    } else if (kind != WL_VALUE_MISSING) {
        item->number = wl_read_f64(column);
        column->failed = column->failed || !isfinite(item->number);
    }
}

static wl_status take_attribute(struct segment *segment, struct wl_reader *columns,
                                int64_t *before_us)
{
    struct wl_attribute item;
    uint64_t string;
    uint64_t user = wl_read_varint(&columns[ATTRIBUTE_WORDS]);
    uint64_t key = wl_read_varint(&columns[ATTRIBUTE_WORDS]);

    item.known_us = take_time(&columns[ATTRIBUTE_TIME], before_us);
    take_attribute_value(&columns[ATTRIBUTE_VALUE], &item, &string);
    if (!is_inside(segment->bounds, item.known_us)) {
        return WL_OK;
    }
    WL_TRY(word_id(segment, &segment->users, user, false, &item.user));
    WL_TRY(word_id(segment, &segment->names, key, false, &item.key));
    WL_TRY(word_id(segment, &segment->strings, string, item.kind != WL_VALUE_STRING, &item.string));
    return wl_company_add_attribute(segment->company, &item, segment->error);
}

static wl_status decode_attributes(struct segment *segment)
{
    struct wl_reader columns[ATTRIBUTE_COLUMNS];
    int64_t before_us = 0;

    WL_TRY(read_table(segment, &segment->company->users, &segment->users));
    WL_TRY(read_table(segment, &segment->company->attribute_names, &segment->names));
    WL_TRY(read_table(segment, &segment->company->strings, &segment->strings));
    for (size_t i = 0; i < ATTRIBUTE_COLUMNS; i++) {
        WL_TRY(read_column(segment, &columns[i]));
    }
    for (uint64_t i = 0; i < segment->info->n_records; i++) {
        WL_TRY(take_attribute(segment, columns, &before_us));
    }
    return check_end(segment, columns, ATTRIBUTE_COLUMNS);
}

static wl_status decode(struct segment *segment)
{
    switch (segment->info->kind) {
    case WL_SEGMENT_EVENTS: return decode_events(segment);
    case WL_SEGMENT_TEXTS: return decode_texts(segment);
    case WL_SEGMENT_ATTRIBUTES: return decode_attributes(segment);
    }
    return fail_content(segment);
}

wl_status wl_segment_decode(struct wl_str blob, const struct wl_bounds *bounds,
                            struct wl_dedupe *dedupe, struct wl_company *company,
                            struct wl_segment_info *info, wl_error *error)
{
    struct wl_buf payload;
    struct wl_segment_info read = {.n_records = 0};
    struct segment segment = {
        .info = &read, .company = company, .bounds = bounds, .dedupe = dedupe, .error = error};
    wl_status status;

    WL_ASSERT(bounds == NULL || dedupe == NULL);
    wl_buf_init(&payload, company->alloc, 0);
    WL_GO(wl_frame_unpack(blob, &read, &payload, error));
    wl_reader_init(&segment.payload, wl_buf_view(&payload));
    WL_GO(decode(&segment));
    *info = read;
done:
    table_release(&segment.users);
    table_release(&segment.names);
    table_release(&segment.strings);
    wl_buf_release(&payload);
    return status;
}

/* Keys only: tables are stepped over, columns that are not needed too. */

static void skip_strings(struct wl_reader *payload)
{
    size_t n = wl_reader_count(payload, 1);
    for (size_t i = 0; i < n; i++) {
        (void)wl_read_string(payload);
    }
}

struct key_columns {
    struct wl_reader time;
    struct wl_reader delay; // for texts the same column as time
    struct wl_reader key;
    struct wl_reader value;
};

static void open_event_keys(struct wl_reader *payload, struct key_columns *columns)
{
    for (int i = 0; i < 4; i++) {
        skip_strings(payload);
    }
    (void)wl_read_string(payload);
    (void)wl_read_string(payload);
    wl_reader_init(&columns->time, wl_read_string(payload));
    wl_reader_init(&columns->delay, wl_read_string(payload));
    wl_reader_init(&columns->key, wl_read_string(payload));
    wl_reader_init(&columns->value, wl_read_string(payload));
}

static void open_text_keys(struct wl_reader *payload, struct key_columns *columns)
{
    skip_strings(payload);
    skip_strings(payload);
    (void)wl_read_string(payload);
    wl_reader_init(&columns->time, wl_read_string(payload));
    wl_reader_init(&columns->key, wl_read_string(payload));
}

static wl_status take_keys(struct key_columns *columns, const struct wl_segment_info *info,
                           struct wl_dedupe *dedupe, wl_error *error)
{
    bool is_event = info->kind == WL_SEGMENT_EVENTS;
    int64_t before_us = 0;

    for (uint64_t i = 0; i < info->n_records; i++) {
        struct wl_known_message message = {.value_e4 = WL_VALUE_NONE};
        enum wl_verdict verdict;
        size_t i_known;
        message.time_us = take_time(&columns->time, &before_us);
        message.received_us =
            take_received(is_event ? &columns->delay : &columns->time, message.time_us);
        message.key = wl_read_u64(&columns->key);
        if (is_event) {
            message.value_e4 = take_value(&columns->value);
        }
        if (columns->time.failed || columns->key.failed || columns->delay.failed ||
            columns->value.failed) {
            return wl_fail(error, WL_ECORRUPT, "segment of %llu records is damaged inside",
                           (unsigned long long)info->n_records);
        }
        WL_TRY(wl_dedupe_see(dedupe, &message, &verdict, &i_known, error));
    }
    return WL_OK;
}

wl_status wl_segment_keys(struct wl_str blob, struct wl_dedupe *dedupe, wl_error *error)
{
    struct wl_segment_info info = {.n_records = 0};
    struct wl_buf payload;
    struct wl_reader reader;
    struct key_columns columns = {.time.failed = false};
    wl_status status;

    wl_buf_init(&payload, dedupe->alloc, 0);
    WL_GO(wl_frame_unpack(blob, &info, &payload, error));
    if (info.kind == WL_SEGMENT_ATTRIBUTES) {
        status = wl_fail(error, WL_ECORRUPT, "segment of attributes where messages should be");
        goto done;
    }
    wl_reader_init(&reader, wl_buf_view(&payload));
    if (info.kind == WL_SEGMENT_EVENTS) {
        open_event_keys(&reader, &columns);
    } else {
        open_text_keys(&reader, &columns);
    }
    WL_GO(take_keys(&columns, &info, dedupe, error));
done:
    wl_buf_release(&payload);
    return status;
}
