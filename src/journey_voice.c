/* Counting what readers found. A change is called rising or falling only when an exact test of the
 * two counts says so; everything else is "steady", whatever the percent. */
#include "journey_voice.h"

#include "base/clock.h"
#include "explain/count_change.h"
#include "report/html.h"
#include "text/mask.h"
#include "text/rules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WEEK_US          (7 * WL_DAY_US)
#define RECENT_US        (WL_VOICE_DAYS * WL_DAY_US)
#define QUOTE_CHARACTERS 90   /* what a row of a table holds in three lines */
#define CHANGE_P         0.01 /* a dozen topics are tested at once */

/* ---- quotes and names ---- */

wl_status wl_voice_quote(struct wl_arena *arena, struct wl_str raw, size_t n_characters, bool is_zh,
                         struct wl_str *quote, wl_error *error)
{
    struct wl_normal normal;
    struct wl_masks masks;
    struct wl_buf text;
    wl_status status = WL_OK;

    wl_normal_init(&normal, arena->alloc);
    wl_masks_init(&masks, arena->alloc);
    wl_buf_init(&text, arena->alloc, 0);
    WL_GO(wl_normal_set(&normal, raw, error));
    struct wl_str all = wl_buf_view(&normal.text);
    WL_GO(wl_masks_find(&masks, all, error));
    wl_masks_write(&masks, &normal, raw, 0, all.n_bytes, is_zh ? WL_LANGUAGE_ZH : WL_LANGUAGE_EN,
                   NULL, &text);
    struct wl_str cut = wl_utf8_cut(wl_buf_view(&text), n_characters);
    if (cut.n_bytes < text.n_bytes) {
        text.n_bytes = cut.n_bytes;
        wl_buf_text(&text, "…");
    }
    WL_GO(wl_buf_check(&text, error));
    const char *kept = wl_arena_string(arena, wl_buf_view(&text));
    if (kept == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for a quote");
        goto done;
    }
    *quote = (struct wl_str){.data = kept, .n_bytes = text.n_bytes};
done:
    wl_buf_release(&text);
    wl_masks_release(&masks);
    wl_normal_release(&normal);
    return status;
}

struct wl_label wl_reader_label(const struct wl_reader *reader, struct wl_str label)
{
    const struct wl_rules_label *names = wl_rules_labels(reader->classifier);
    const struct wl_text_about *about = wl_text_classifier_about(reader->classifier);

    for (size_t i = 0; i < about->n_labels; i++) {
        if (wl_str_is(label, about->labels[i])) {
            return names != NULL
                       ? (struct wl_label){.zh = names[i].zh, .en = names[i].en}
                       : (struct wl_label){.zh = about->labels[i], .en = about->labels[i]};
        }
    }
    return (struct wl_label){.zh = "", .en = ""};
}

/* ---- counting ---- */

/* One label while texts are counted. */
struct tally {
    uint32_t label; /* in company->strings */
    size_t n_recent;
    size_t n_before;
    size_t n_people;
    double mood_sum;
    const struct wl_text *worst; /* recent text with the lowest mood */
    uint64_t *people;            /* bit by user */
};

struct count {
    struct wl_journey *journey;
    int64_t as_of_us;
    struct wl_arena *arena;
    struct tally tallies[2][WL_VOICE_TOPICS_MAX]; /* reasons, intents */
    size_t n_tallies[2];
    uint64_t *people; /* of all recent texts */
};

static bool note_person(uint64_t *people, uint32_t user)
{
    uint64_t bit = UINT64_C(1) << (user % 64);
    bool is_new = (people[user / 64] & bit) == 0;

    people[user / 64] |= bit;
    return is_new;
}

static uint64_t *new_people(struct count *count)
{
    size_t n = count->journey->company->users.n_strings / 64 + 1;
    return wl_arena_zeroed(count->arena, n, sizeof(uint64_t));
}

static wl_status prepare(struct count *count, wl_error *error)
{
    static const enum wl_text_read reads[2] = {WL_READ_REASON, WL_READ_INTENT};

    count->people = new_people(count);
    for (size_t k = 0; k < 2; k++) {
        const struct wl_reader *reader = &count->journey->readers.items[reads[k]];
        const struct wl_text_about *about = wl_text_classifier_about(reader->classifier);
        for (size_t i = 0; i < about->n_labels && i < WL_VOICE_TOPICS_MAX; i++) {
            struct tally *tally = &count->tallies[k][count->n_tallies[k]];
            if (i == about->none) {
                continue;
            }
            tally->people = new_people(count);
            tally->label =
                wl_dict_find(&count->journey->company->strings, wl_str_from(about->labels[i]));
            if (tally->people == NULL || count->people == NULL) {
                return wl_fail(error, WL_ENOMEM, "no memory to count texts");
            }
            count->n_tallies[k]++;
        }
    }
    return WL_OK;
}

// Of two texts that sound alike the one with the lower key: the same quote every time.
static bool is_worse(const struct wl_text *text, const struct wl_text *than)
{
    if (than == NULL || text->reading.mood_e4 != than->reading.mood_e4) {
        return than == NULL || text->reading.mood_e4 < than->reading.mood_e4;
    }
    return text->message_key < than->message_key;
}

static void tally_text(struct count *count, const struct wl_text *text, bool is_recent)
{
    static const enum wl_text_read reads[2] = {WL_READ_REASON, WL_READ_INTENT};

    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < count->n_tallies[k]; i++) {
            struct tally *tally = &count->tallies[k][i];
            if (!wl_text_reading_has(&text->reading, reads[k], tally->label)) {
                continue;
            }
            if (!is_recent) {
                tally->n_before++;
                continue;
            }
            tally->n_recent++;
            tally->n_people += note_person(tally->people, text->user);
            tally->mood_sum += text->reading.mood_e4 / 1e4;
            tally->worst = is_worse(text, tally->worst) ? text : tally->worst;
        }
    }
}

// Whole weeks that end with the moment, as many as there are texts for.
static void count_weeks(struct count *count, struct wl_report_voice *voice, int64_t first_us)
{
    const struct wl_company *company = count->journey->company;
    size_t n_weeks = (size_t)((count->as_of_us - first_us) / WEEK_US);
    uint32_t positive = wl_dict_find(&company->strings, WL_STR("positive"));
    uint32_t negative = wl_dict_find(&company->strings, WL_STR("negative"));

    voice->n_weeks = n_weeks < WL_VOICE_WEEKS_MAX ? n_weeks : WL_VOICE_WEEKS_MAX;
    for (size_t i = 0; i < company->texts.n_texts; i++) {
        const struct wl_text *text = &company->texts.texts[i];
        if (text->text_us > count->as_of_us || text->received_us > count->as_of_us) {
            continue;
        }
        size_t ago = (size_t)((count->as_of_us - text->text_us) / WEEK_US);
        if (ago < voice->n_weeks) {
            size_t week = voice->n_weeks - 1 - ago;
            voice->week_count[week] += 1.0;
            voice->week_positive[week] +=
                wl_text_reading_has(&text->reading, WL_READ_SENTIMENT, positive);
            voice->week_negative[week] +=
                wl_text_reading_has(&text->reading, WL_READ_SENTIMENT, negative);
        }
    }
    for (size_t w = 0; w < voice->n_weeks; w++) {
        double n = voice->week_count[w];
        voice->week_positive[w] = n > 0.0 ? voice->week_positive[w] / n : (double)NAN;
        voice->week_negative[w] = n > 0.0 ? voice->week_negative[w] / n : (double)NAN;
    }
}

static wl_status name_weeks(struct count *count, struct wl_report_voice *voice, wl_error *error)
{
    int64_t offset_us = count->journey->workspace.utc_offset_us;

    for (size_t w = 0; w < voice->n_weeks; w++) {
        char text[WL_TIME_TEXT_BYTES];
        int64_t ago = (int64_t)(voice->n_weeks - w);
        const char *day = wl_date_format(count->as_of_us - ago * WEEK_US + offset_us, text);
        const char *kept = wl_arena_string(count->arena, wl_str_from(day + 5)); // month and day
        if (kept == NULL) {
            return wl_fail(error, WL_ENOMEM, "no memory for weeks");
        }
        voice->weeks[w] = (struct wl_label){.zh = kept, .en = kept};
    }
    return WL_OK;
}

static void count_texts(struct count *count, struct wl_report_voice *voice, int64_t *first_us)
{
    const struct wl_company *company = count->journey->company;
    uint32_t positive = wl_dict_find(&company->strings, WL_STR("positive"));
    uint32_t negative = wl_dict_find(&company->strings, WL_STR("negative"));
    double n_positive = 0.0;
    double n_negative = 0.0;
    double n_without = 0.0;

    *first_us = count->as_of_us;
    for (size_t i = 0; i < company->texts.n_texts; i++) {
        const struct wl_text *text = &company->texts.texts[i];
        if (text->text_us > count->as_of_us || text->received_us > count->as_of_us) {
            continue;
        }
        bool is_recent = text->text_us > count->as_of_us - RECENT_US;
        voice->n_texts += 1.0;
        *first_us = text->text_us < *first_us ? text->text_us : *first_us;
        if (text->text_us <= count->as_of_us - 2 * RECENT_US) {
            continue;
        }
        tally_text(count, text, is_recent);
        voice->n_before += is_recent ? 0.0 : 1.0;
        if (is_recent) {
            voice->n_recent += 1.0;
            voice->n_people += note_person(count->people, text->user);
            n_positive += wl_text_reading_has(&text->reading, WL_READ_SENTIMENT, positive);
            n_negative += wl_text_reading_has(&text->reading, WL_READ_SENTIMENT, negative);
            n_without += text->reading.n_reasons == 0;
        }
    }
    double n = voice->n_recent > 0.0 ? voice->n_recent : (double)NAN;
    voice->share_positive = n_positive / n;
    voice->share_negative = n_negative / n;
    voice->share_without_reason = n_without / n;
}

static int by_count(const void *a, const void *b)
{
    const struct tally *x = a;
    const struct tally *y = b;

    if (x->n_recent != y->n_recent) {
        return x->n_recent > y->n_recent ? -1 : 1;
    }
    return (x->label > y->label) - (x->label < y->label);
}

static enum wl_voice_change change_of(const struct tally *tally, bool has_before)
{
    double p = wl_count_change_p((double)tally->n_recent, (double)tally->n_before, 0.5);

    if (!has_before || p >= CHANGE_P) {
        return WL_VOICE_STEADY;
    }
    return tally->n_recent > tally->n_before ? WL_VOICE_RISING : WL_VOICE_FALLING;
}

static wl_status write_topics(struct count *count, size_t k, bool has_before,
                              struct wl_voice_topic *topics, size_t *n_topics, wl_error *error)
{
    const struct wl_journey *journey = count->journey;
    const struct wl_reader *reader =
        &journey->readers.items[k == 0 ? WL_READ_REASON : WL_READ_INTENT];
    bool is_zh = journey->workspace.language == 1;

    qsort(count->tallies[k], count->n_tallies[k], sizeof(count->tallies[k][0]), by_count);
    for (size_t i = 0; i < count->n_tallies[k]; i++) {
        const struct tally *tally = &count->tallies[k][i];
        if (tally->n_recent + tally->n_before == 0) {
            continue;
        }
        struct wl_voice_topic *topic = &topics[(*n_topics)++];
        *topic = (struct wl_voice_topic){
            .name =
                wl_reader_label(reader, wl_dict_string(&journey->company->strings, tally->label)),
            .n_recent = (double)tally->n_recent,
            .n_before = (double)tally->n_before,
            .n_people = (double)tally->n_people,
            .mood = tally->n_recent > 0 ? tally->mood_sum / (double)tally->n_recent : (double)NAN,
            .change = change_of(tally, has_before),
            .quote = WL_STR("")};
        if (tally->worst != NULL) {
            WL_TRY(wl_voice_quote(count->arena, tally->worst->body, QUOTE_CHARACTERS, is_zh,
                                  &topic->quote, error));
        }
    }
    return WL_OK;
}

static wl_status name_readers(struct count *count, struct wl_report_voice *voice, wl_error *error)
{
    const struct wl_readers *readers = &count->journey->readers;
    struct wl_buf zh;
    struct wl_buf en;

    wl_buf_init(&zh, count->arena->alloc, 0);
    wl_buf_init(&en, count->arena->alloc, 0);
    static const char *const names_zh[WL_READ_COUNT] = {"情感", "意图", "情绪", "原因"};
    for (size_t i = 0; i < WL_READ_COUNT; i++) {
        const char *name = readers->items[i].degraded ? WL_READER_RULES : readers->items[i].name;
        bool is_rules = strcmp(name, WL_READER_RULES) == 0;
        wl_buf_format(&zh, "%s%s：%s", i > 0 ? "，" : "", names_zh[i], is_rules ? "规则" : name);
        wl_buf_format(&en, "%s%s: %s", i > 0 ? ", " : "", wl_text_read_key((enum wl_text_read)i),
                      name);
    }
    voice->readers.zh = wl_arena_string(count->arena, wl_buf_view(&zh));
    voice->readers.en = wl_arena_string(count->arena, wl_buf_view(&en));
    wl_buf_release(&zh);
    wl_buf_release(&en);
    bool is_out = voice->readers.zh == NULL || voice->readers.en == NULL;
    return is_out ? wl_fail(error, WL_ENOMEM, "no memory for names of readers") : WL_OK;
}

wl_status wl_voice_fill(struct wl_journey *journey, int64_t as_of_us, struct wl_arena *arena,
                        struct wl_report_voice *voice, wl_error *error)
{
    struct count *count = wl_arena_zeroed(arena, 1, sizeof(*count));
    int64_t first_us = as_of_us;

    *voice = (struct wl_report_voice){.degraded = {.zh = "", .en = ""}};
    if (count == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to count texts");
    }
    if (journey->company->texts.n_texts == 0) {
        return WL_OK;
    }
    WL_TRY(wl_journey_read_texts(journey, error));
    count->journey = journey;
    count->as_of_us = as_of_us;
    count->arena = arena;
    WL_TRY(prepare(count, error));
    count_texts(count, voice, &first_us);
    count_weeks(count, voice, first_us);
    WL_TRY(name_weeks(count, voice, error));
    bool has_before = first_us <= as_of_us - 2 * RECENT_US + WL_DAY_US;
    WL_TRY(write_topics(count, 0, has_before, voice->reasons, &voice->n_reasons, error));
    WL_TRY(write_topics(count, 1, has_before, voice->intents, &voice->n_intents, error));
    if (journey->readers.degraded) {
        voice->degraded =
            (struct wl_label){.zh = "有文本模型缺失，由规则代读", .en = journey->readers.why};
    }
    return name_readers(count, voice, error);
}
