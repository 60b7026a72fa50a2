/* Writing a segment: tables of words first, then one column after the other, each with its length.
 * Times are differences to the record before, numbers are varints: most take one or two bytes, and
 * like stands by like, which is what zstd needs. */
#include "base/bytes.h"
#include "base/clock.h"
#include "store/segment.h"

#include <string.h>

/* A column under construction and the records it is made of. */
struct writer {
    const struct wl_company *company;
    const size_t *records;
    size_t n_records;
    struct wl_buf *payload;
    struct wl_buf column;
};

/* The words a segment uses: company id -> id inside the segment, in order of first use. */
struct table {
    const struct wl_dict *dict;
    const wl_alloc *alloc;
    struct wl_map64 ids;
    uint32_t *words; /* (n_words) company ids */
    size_t n_words;
    size_t capacity;
};

static void table_init(struct table *table, const wl_alloc *alloc, const struct wl_dict *dict)
{
    *table = (struct table){.dict = dict, .alloc = alloc};
    wl_map64_init(&table->ids, alloc);
}

static void table_release(struct table *table)
{
    wl_map64_release(&table->ids);
    wl_alloc_free(table->alloc, table->words);
}

static wl_status table_add(struct table *table, uint32_t word, wl_error *error)
{
    bool is_new = false;

    if (word == WL_ID_NONE) {
        return WL_OK;
    }
    WL_TRY(WL_GROW(table->alloc, table->words, table->capacity, table->n_words + 1, error));
    uint64_t *id = wl_map64_at(&table->ids, word, &is_new);
    if (id == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for the words of a segment");
    }
    if (is_new) {
        *id = table->n_words;
        table->words[table->n_words++] = word;
    }
    return WL_OK;
}

static void table_put(const struct table *table, struct wl_buf *payload)
{
    wl_put_varint(payload, table->n_words);
    for (size_t i = 0; i < table->n_words; i++) {
        wl_put_string(payload, wl_dict_string(table->dict, table->words[i]));
    }
}

// id + 1, so that 0 can say "none".
static void put_word(struct wl_buf *column, const struct table *table, uint32_t word)
{
    wl_put_varint(column, word == WL_ID_NONE ? 0 : *wl_map64_get(&table->ids, word) + 1);
}

static void end_column(struct writer *writer)
{
    wl_put_string(writer->payload, wl_buf_view(&writer->column));
    if (writer->column.status != WL_OK) {
        writer->payload->status = writer->column.status;
    }
    wl_buf_clear(&writer->column);
}

static void put_difference(struct wl_buf *column, int64_t time_us, int64_t *before_us)
{
    wl_put_zigzag(column, (int64_t)((uint64_t)time_us - (uint64_t)*before_us));
    *before_us = time_us;
}

static void widen(struct wl_segment_info *info, int64_t time_us, int64_t received_us)
{
    info->first_us = time_us < info->first_us ? time_us : info->first_us;
    info->last_us = time_us > info->last_us ? time_us : info->last_us;
    info->first_received_us =
        received_us < info->first_received_us ? received_us : info->first_received_us;
    info->last_received_us =
        received_us > info->last_received_us ? received_us : info->last_received_us;
}

/* Events. */

static void put_event_props(struct writer *writer, const struct table *strings)
{
    const struct wl_company *company = writer->company;

    for (size_t slot = 0; slot < company->prop_names.n_strings; slot++) {
        for (size_t i = 0; i < writer->n_records; i++) {
            put_word(&writer->column, strings, company->events.props[slot][writer->records[i]]);
        }
        end_column(writer);
    }
}

static void put_event_columns(struct writer *writer, const struct table *users,
                              const struct table *names, struct wl_segment_info *info)
{
    const struct wl_events *events = &writer->company->events;
    struct wl_buf *column = &writer->column;
    int64_t before_us = 0;

    for (size_t i = 0; i < writer->n_records; i++) {
        put_word(column, users, events->user[writer->records[i]]);
    }
    end_column(writer);
    for (size_t i = 0; i < writer->n_records; i++) {
        put_word(column, names, events->name[writer->records[i]]);
    }
    end_column(writer);
    for (size_t i = 0; i < writer->n_records; i++) {
        size_t at = writer->records[i];
        put_difference(column, events->event_us[at], &before_us);
        widen(info, events->event_us[at], events->received_us[at]);
    }
    end_column(writer);
    for (size_t i = 0; i < writer->n_records; i++) {
        size_t at = writer->records[i];
        wl_put_varint(column, (uint64_t)events->received_us[at] - (uint64_t)events->event_us[at]);
    }
    end_column(writer);
    for (size_t i = 0; i < writer->n_records; i++) {
        wl_put_u64(column, events->message_key[writer->records[i]]);
    }
    end_column(writer);
    for (size_t i = 0; i < writer->n_records; i++) {
        int64_t value_e4 = events->value_e4[writer->records[i]];
        wl_put_u8(column, value_e4 != WL_VALUE_NONE);
        if (value_e4 != WL_VALUE_NONE) {
            wl_put_zigzag(column, value_e4);
        }
    }
    end_column(writer);
}

static wl_status encode_events(struct writer *writer, struct wl_segment_info *info, wl_error *error)
{
    const struct wl_company *company = writer->company;
    const struct wl_events *events = &company->events;
    struct table users;
    struct table names;
    struct table strings;
    wl_status status = WL_OK;

    table_init(&users, company->alloc, &company->users);
    table_init(&names, company->alloc, &company->event_names);
    table_init(&strings, company->alloc, &company->strings);
    for (size_t i = 0; i < writer->n_records; i++) {
        size_t at = writer->records[i];
        WL_GO(table_add(&users, events->user[at], error));
        WL_GO(table_add(&names, events->name[at], error));
        for (size_t slot = 0; slot < company->prop_names.n_strings; slot++) {
            WL_GO(table_add(&strings, events->props[slot][at], error));
        }
    }
    table_put(&users, writer->payload);
    table_put(&names, writer->payload);
    table_put(&strings, writer->payload);
    wl_put_varint(writer->payload, company->prop_names.n_strings);
    for (uint32_t slot = 0; slot < company->prop_names.n_strings; slot++) {
        wl_put_string(writer->payload, wl_dict_string(&company->prop_names, slot));
    }
    put_event_columns(writer, &users, &names, info);
    put_event_props(writer, &strings);
done:
    table_release(&users);
    table_release(&names);
    table_release(&strings);
    return status;
}

/* Texts. */

static void put_text_columns(struct writer *writer, const struct table *users,
                             const struct table *strings, struct wl_segment_info *info)
{
    const struct wl_text *texts = writer->company->texts.texts;
    struct wl_buf *column = &writer->column;
    int64_t before_us = 0;

    for (size_t i = 0; i < writer->n_records; i++) {
        const struct wl_text *text = &texts[writer->records[i]];
        put_word(column, users, text->user);
        put_word(column, strings, text->channel);
        put_word(column, strings, text->label);
    }
    end_column(writer);
    for (size_t i = 0; i < writer->n_records; i++) {
        const struct wl_text *text = &texts[writer->records[i]];
        put_difference(column, text->text_us, &before_us);
        wl_put_varint(column, (uint64_t)text->received_us - (uint64_t)text->text_us);
        widen(info, text->text_us, text->received_us);
    }
    end_column(writer);
    for (size_t i = 0; i < writer->n_records; i++) {
        wl_put_u64(column, texts[writer->records[i]].message_key);
    }
    end_column(writer);
    for (size_t i = 0; i < writer->n_records; i++) {
        wl_put_string(column, texts[writer->records[i]].body);
    }
    end_column(writer);
}

static wl_status encode_texts(struct writer *writer, struct wl_segment_info *info, wl_error *error)
{
    const struct wl_company *company = writer->company;
    struct table users;
    struct table strings;
    wl_status status = WL_OK;

    table_init(&users, company->alloc, &company->users);
    table_init(&strings, company->alloc, &company->strings);
    for (size_t i = 0; i < writer->n_records; i++) {
        const struct wl_text *text = &company->texts.texts[writer->records[i]];
        WL_GO(table_add(&users, text->user, error));
        WL_GO(table_add(&strings, text->channel, error));
        WL_GO(table_add(&strings, text->label, error));
    }
    table_put(&users, writer->payload);
    table_put(&strings, writer->payload);
    put_text_columns(writer, &users, &strings, info);
done:
    table_release(&users);
    table_release(&strings);
    return status;
}

/* Attributes. */

static void put_attribute_columns(struct writer *writer, const struct table *users,
                                  const struct table *names, const struct table *strings,
                                  struct wl_segment_info *info)
{
    const struct wl_attribute *items = writer->company->attributes.items;
    struct wl_buf *column = &writer->column;
    int64_t before_us = 0;

    for (size_t i = 0; i < writer->n_records; i++) {
        const struct wl_attribute *item = &items[writer->records[i]];
        put_word(column, users, item->user);
        put_word(column, names, item->key);
    }
    end_column(writer);
    for (size_t i = 0; i < writer->n_records; i++) {
        const struct wl_attribute *item = &items[writer->records[i]];
        put_difference(column, item->known_us, &before_us);
        widen(info, item->known_us, item->known_us);
    }
    end_column(writer);
    for (size_t i = 0; i < writer->n_records; i++) {
        const struct wl_attribute *item = &items[writer->records[i]];
        wl_put_u8(column, (uint8_t)item->kind);
        if (item->kind == WL_VALUE_STRING) {
            put_word(column, strings, item->string);
        } else if (item->kind == WL_VALUE_NUMBER || item->kind == WL_VALUE_BOOL) {
            wl_put_f64(column, item->number);
        }
    }
    end_column(writer);
}

static wl_status encode_attributes(struct writer *writer, struct wl_segment_info *info,
                                   wl_error *error)
{
    const struct wl_company *company = writer->company;
    struct table users;
    struct table names;
    struct table strings;
    wl_status status = WL_OK;

    table_init(&users, company->alloc, &company->users);
    table_init(&names, company->alloc, &company->attribute_names);
    table_init(&strings, company->alloc, &company->strings);
    for (size_t i = 0; i < writer->n_records; i++) {
        const struct wl_attribute *item = &company->attributes.items[writer->records[i]];
        bool has_string = item->kind == WL_VALUE_STRING;
        WL_GO(table_add(&users, item->user, error));
        WL_GO(table_add(&names, item->key, error));
        WL_GO(table_add(&strings, has_string ? item->string : WL_ID_NONE, error));
    }
    table_put(&users, writer->payload);
    table_put(&names, writer->payload);
    table_put(&strings, writer->payload);
    put_attribute_columns(writer, &users, &names, &strings, info);
done:
    table_release(&users);
    table_release(&names);
    table_release(&strings);
    return status;
}

static wl_status encode(struct writer *writer, struct wl_segment_info *info, wl_error *error)
{
    switch (info->kind) {
    case WL_SEGMENT_EVENTS: return encode_events(writer, info, error);
    case WL_SEGMENT_TEXTS: return encode_texts(writer, info, error);
    case WL_SEGMENT_ATTRIBUTES: return encode_attributes(writer, info, error);
    }
    return wl_fail(error, WL_EINVAL, "no segment kind %d", (int)info->kind);
}

wl_status wl_segment_encode(const struct wl_company *company, enum wl_segment_kind kind,
                            const size_t *records, size_t n_records, struct wl_buf *blob,
                            struct wl_segment_info *info, wl_error *error)
{
    struct wl_segment_info made = {.kind = kind,
                                   .n_records = n_records,
                                   .first_us = INT64_MAX,
                                   .last_us = INT64_MIN,
                                   .first_received_us = INT64_MAX,
                                   .last_received_us = INT64_MIN};
    struct wl_buf payload;
    struct writer writer = {
        .company = company, .records = records, .n_records = n_records, .payload = &payload};
    wl_status status;

    WL_ASSERT(n_records > 0);
    wl_buf_init(&payload, company->alloc, WL_SEGMENT_BYTES_MAX);
    wl_buf_init(&writer.column, company->alloc, WL_SEGMENT_BYTES_MAX);
    WL_GO(encode(&writer, &made, error));
    WL_GO(wl_buf_check(&payload, error));
    WL_GO(wl_frame_pack(&made, wl_buf_view(&payload), blob, error));
    *info = made;
done:
    wl_buf_release(&payload);
    wl_buf_release(&writer.column);
    return status;
}
