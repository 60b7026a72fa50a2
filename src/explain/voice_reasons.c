/* Making the table. One pass over the texts marks which text says which reason (a byte for each
 * pair, because the width of an interval needs to know whose texts they are); counts are sums over
 * these marks. What a text says is what was read in it before, or else what the rules find. */
#include "explain/voice_reasons.h"

#include "base/clock.h"
#include "math/statistics.h"
#include "text/mask.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PLEASED_E4      3000 /* as in sayings.c */
#define QUOTE_BYTES_MAX 300  /* longer texts are no quotes: nobody reads them in a table */

struct term_count {
    uint32_t label;
    struct wl_str term;
    size_t n;
};

struct maker {
    const wl_alloc *alloc;
    const struct wl_voice_input *input;
    const struct wl_text_about *about;
    struct wl_voice_table *table;
    struct wl_text_scratch *scratch;
    struct wl_arena arena; // all below, gone at the end
    double *points;        // (n_labels)
    uint8_t *said;         // (n_labels, n_kept)
    uint32_t *kept;        // (n_kept) texts known at the moment
    uint32_t *user;        // (n_kept)
    uint8_t *wrote;        // (n_users)
    double *per_user;      // (n_users) scratch
    size_t *score_of;      // (n_users) 1 + score, 0: none
    size_t n_kept;
    struct term_count *terms; // (n_terms)
    size_t n_terms;
    size_t terms_capacity;
    struct wl_dict by_term;
    wl_status hit_status;
};

/* -- which text says what -- */

static void note_hit(void *context, const struct wl_rules_hit *hit)
{
    struct maker *m = context;
    char key[WL_CELL_BYTES_MAX];
    uint32_t id = 0;

    if (m->hit_status != WL_OK || hit->term.n_bytes + sizeof(hit->label) > sizeof(key)) {
        return;
    }
    memcpy(key, &hit->label, sizeof(hit->label));
    memcpy(key + sizeof(hit->label), hit->term.data, hit->term.n_bytes);
    struct wl_str text = {.data = key, .n_bytes = sizeof(hit->label) + hit->term.n_bytes};
    m->hit_status = wl_dict_intern(&m->by_term, text, &id, NULL);
    if (m->hit_status == WL_OK && id == m->n_terms) {
        m->hit_status = WL_GROW(m->alloc, m->terms, m->terms_capacity, m->n_terms + 1, NULL);
        if (m->hit_status == WL_OK) {
            m->terms[m->n_terms++] = (struct term_count){.label = hit->label, .term = hit->term};
        }
    }
    if (m->hit_status == WL_OK) {
        m->terms[id].n++;
    }
}

static wl_status read_text(struct maker *m, size_t i, wl_error *error)
{
    const struct wl_text *text = &m->input->company->texts.texts[m->kept[i]];
    const struct wl_text_reading *reading = &text->reading;
    bool is_pleased = reading->is_read && reading->mood_e4 > PLEASED_E4;
    bool has_any = false;

    if (!is_pleased) {
        WL_TRY(wl_rules_score(m->input->taxonomy, text->body, m->scratch, m->points, note_hit, m,
                              error));
    }
    if (m->hit_status != WL_OK) {
        return wl_fail(error, m->hit_status, "no memory for the words of reasons");
    }
    for (size_t label = 0; label < m->about->n_labels && !is_pleased; label++) {
        bool says = m->points[label] > 0.0;
        if (reading->is_read) {
            struct wl_str id = wl_str_from(m->about->labels[label]);
            uint32_t string = wl_dict_find(&m->input->company->strings, id);
            says = string != WL_DICT_NONE && wl_text_reading_has(reading, WL_READ_REASON, string);
        }
        if (says && label != m->about->none) {
            m->said[label * m->n_kept + i] = 1;
            has_any = true;
        }
    }
    m->table->n_without += !has_any;
    return WL_OK;
}

static bool is_recent(const struct maker *m, size_t i, int64_t spans)
{
    int64_t text_us = m->input->company->texts.texts[m->kept[i]].text_us;
    int64_t end_us = m->input->as_of_us - spans * WL_VOICE_SPAN_US;
    return text_us <= end_us && text_us > end_us - WL_VOICE_SPAN_US;
}

static wl_status keep_texts(struct maker *m, wl_error *error)
{
    const struct wl_texts_log *log = &m->input->company->texts;
    size_t n_users = m->input->company->users.n_strings;

    m->kept = wl_arena_zeroed(&m->arena, log->n_texts, sizeof(*m->kept));
    m->user = wl_arena_zeroed(&m->arena, log->n_texts, sizeof(*m->user));
    m->wrote = wl_arena_zeroed(&m->arena, n_users, 1);
    m->per_user = wl_arena_zeroed(&m->arena, n_users, sizeof(*m->per_user));
    m->score_of = wl_arena_zeroed(&m->arena, n_users, sizeof(*m->score_of));
    m->points = wl_arena_zeroed(&m->arena, m->about->n_labels, sizeof(*m->points));
    if (m->kept == NULL || m->user == NULL || m->wrote == NULL || m->per_user == NULL ||
        m->score_of == NULL || m->points == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu texts", log->n_texts);
    }
    for (size_t i = 0; i < log->n_texts; i++) {
        const struct wl_text *text = &log->texts[i];
        if (text->text_us <= m->input->as_of_us && text->received_us <= m->input->as_of_us) {
            m->user[m->n_kept] = text->user;
            m->kept[m->n_kept++] = (uint32_t)i;
            m->table->n_users += !m->wrote[text->user];
            m->wrote[text->user] = 1;
        }
    }
    m->said = wl_arena_zeroed(&m->arena, m->n_kept * m->about->n_labels, 1);
    if (m->said == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu texts", m->n_kept);
    }
    return WL_OK;
}

/* -- one reason -- */

// Interval of a difference of two shares from their Wilson intervals.
static void set_change(struct wl_voice_reason *reason, double n_recent, double n_before,
                       double effect)
{
    double low[2];
    double high[2];

    reason->change = (double)NAN;
    reason->change_low = (double)NAN;
    reason->change_high = (double)NAN;
    if (n_recent < 1.0 || n_before < 1.0) {
        return;
    }
    double now = (double)reason->n_recent / n_recent;
    double then = (double)reason->n_before / n_before;
    wl_wilson((double)reason->n_recent / effect, n_recent / effect, &low[0], &high[0]);
    wl_wilson((double)reason->n_before / effect, n_before / effect, &low[1], &high[1]);
    reason->change = now - then;
    reason->change_low = reason->change - hypot(now - low[0], high[1] - then);
    reason->change_high = reason->change + hypot(high[0] - now, then - low[1]);
}

static void count_people(struct maker *m, const uint8_t *said, struct wl_voice_reason *reason)
{
    const struct wl_voice_input *input = m->input;

    memset(m->wrote, 0, input->company->users.n_strings);
    for (size_t i = 0; i < m->n_kept; i++) {
        uint32_t user = m->user[i];
        if (!said[i] || m->wrote[user]) {
            continue;
        }
        m->wrote[user] = 1;
        reason->n_users++;
        if (m->score_of[user] == 0) {
            continue;
        }
        size_t i_score = m->score_of[user] - 1;
        reason->n_scored++;
        reason->tiers[input->scores[i_score].tier]++;
        if (input->values != NULL && !isnan(input->values[i_score])) {
            reason->n_valued++;
            reason->value_at_risk += input->scores[i_score].p_churn * input->values[i_score];
        }
    }
}

static int by_term_count(const void *a, const void *b)
{
    const struct term_count *left = a;
    const struct term_count *right = b;

    if (left->label != right->label) {
        return left->label < right->label ? -1 : 1;
    }
    if (left->n != right->n) {
        return left->n > right->n ? -1 : 1;
    }
    return wl_str_compare(left->term, right->term);
}

static void pick_keywords(const struct maker *m, uint32_t label, struct wl_voice_reason *reason)
{
    for (size_t i = 0; i < m->n_terms && reason->n_keywords < WL_VOICE_KEYWORDS; i++) {
        if (m->terms[i].label == label) {
            reason->keywords[reason->n_keywords++] =
                (struct wl_voice_keyword){.term = m->terms[i].term, .n = m->terms[i].n};
        }
    }
}

/* -- quotes -- */

struct masking {
    struct wl_normal normal;
    struct wl_masks masks;
    struct wl_buf out;
};

static wl_status mask_quote(struct maker *m, struct masking *work, struct wl_str body,
                            struct wl_str *quote, wl_error *error)
{
    WL_TRY(wl_normal_set(&work->normal, body, error));
    struct wl_str text = wl_buf_view(&work->normal.text);
    WL_TRY(wl_masks_find(&work->masks, text, error));
    enum wl_language language =
        wl_language_detect(text) == WL_TEXT_ZH ? WL_LANGUAGE_ZH : WL_LANGUAGE_EN;
    wl_buf_clear(&work->out);
    wl_masks_write(&work->masks, &work->normal, body, 0, text.n_bytes, language, NULL, &work->out);
    WL_TRY(wl_buf_check(&work->out, error));
    const char *copy = wl_arena_string(&m->table->arena, wl_buf_view(&work->out));
    if (copy == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for quotes");
    }
    *quote = (struct wl_str){.data = copy, .n_bytes = work->out.n_bytes};
    return WL_OK;
}

static bool is_quoted(const struct wl_text *const *chosen, size_t n, struct wl_str body)
{
    for (size_t i = 0; i < n; i++) {
        if (wl_str_equal(chosen[i]->body, body)) {
            return true;
        }
    }
    return false;
}

// The newest texts that are short enough to read, each once; of one moment the smaller text.
static wl_status pick_quotes(struct maker *m, const uint8_t *said, struct masking *work,
                             struct wl_voice_reason *reason, wl_error *error)
{
    const struct wl_text *texts = m->input->company->texts.texts;
    const struct wl_text *chosen[WL_VOICE_QUOTES] = {NULL};

    while (reason->n_quotes < WL_VOICE_QUOTES) {
        const struct wl_text *best = NULL;
        for (size_t i = 0; i < m->n_kept; i++) {
            const struct wl_text *text = &texts[m->kept[i]];
            bool may_be = said[i] && text->body.n_bytes <= QUOTE_BYTES_MAX &&
                          !is_quoted(chosen, reason->n_quotes, text->body);
            if (may_be &&
                (best == NULL || text->text_us > best->text_us ||
                 (text->text_us == best->text_us && wl_str_compare(text->body, best->body) < 0))) {
                best = text;
            }
        }
        if (best == NULL) {
            break;
        }
        struct wl_voice_quote *quote = &reason->quotes[reason->n_quotes];
        WL_TRY(mask_quote(m, work, best->body, &quote->text, error));
        quote->text_us = best->text_us;
        chosen[reason->n_quotes++] = best;
    }
    return WL_OK;
}

/* -- the table -- */

static wl_status fill_reason(struct maker *m, uint32_t label, struct masking *work,
                             struct wl_voice_reason *reason, wl_error *error)
{
    const uint8_t *said = m->said + label * m->n_kept;

    for (size_t i = 0; i < m->n_kept; i++) {
        reason->n_texts += said[i];
        reason->n_recent += said[i] && is_recent(m, i, 0);
        reason->n_before += said[i] && is_recent(m, i, 1);
    }
    if (m->n_kept > 0) {
        double n = (double)m->n_kept;
        double effect = wl_cluster_effect(said, NULL, m->user, m->n_kept, m->per_user,
                                          m->input->company->users.n_strings);
        reason->share = (double)reason->n_texts / n;
        wl_wilson((double)reason->n_texts / effect, n / effect, &reason->share_low,
                  &reason->share_high);
        set_change(reason, (double)m->table->n_recent, (double)m->table->n_before, effect);
    }
    count_people(m, said, reason);
    pick_keywords(m, label, reason);
    return pick_quotes(m, said, work, reason, error);
}

static wl_status count_stated(struct maker *m, size_t *n_stated, wl_error *error)
{
    struct wl_sayings sayings = {0};
    struct wl_voice_table *table = m->table;

    WL_TRY(wl_sayings_new(m->alloc, m->input->company, m->input->taxonomy, &sayings, error));
    for (size_t i = 0; i < sayings.n_items; i++) {
        const struct wl_saying *item = &sayings.items[i];
        bool is_known = item->known_us <= m->input->as_of_us;
        n_stated[item->label] += item->source == WL_REASON_STATED && is_known;
    }
    table->unmapped = wl_arena_zeroed(&table->arena, sayings.n_unmapped, sizeof(*table->unmapped));
    if (table->unmapped != NULL && sayings.n_unmapped > 0) {
        memcpy(table->unmapped, sayings.unmapped, sayings.n_unmapped * sizeof(*table->unmapped));
        table->n_unmapped = sayings.n_unmapped;
    }
    wl_sayings_release(&sayings);
    return table->unmapped != NULL ? WL_OK : wl_fail(error, WL_ENOMEM, "no memory for reasons");
}

static int by_texts(const void *a, const void *b)
{
    const struct wl_voice_reason *left = a;
    const struct wl_voice_reason *right = b;

    if (left->n_texts != right->n_texts) {
        return left->n_texts > right->n_texts ? -1 : 1;
    }
    if (left->n_stated != right->n_stated) {
        return left->n_stated > right->n_stated ? -1 : 1;
    }
    return strcmp(left->label->id, right->label->id);
}

static wl_status fill_table(struct maker *m, struct masking *work, wl_error *error)
{
    const struct wl_rules_label *labels = wl_rules_labels(m->input->taxonomy);
    struct wl_voice_table *table = m->table;
    size_t *n_stated = wl_arena_zeroed(&m->arena, m->about->n_labels, sizeof(*n_stated));

    table->items = wl_arena_zeroed(&table->arena, m->about->n_labels, sizeof(*table->items));
    if (n_stated == NULL || table->items == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for reasons");
    }
    WL_TRY(count_stated(m, n_stated, error));
    for (uint32_t label = 0; label < m->about->n_labels; label++) {
        struct wl_voice_reason reason = {.label = &labels[label], .n_stated = n_stated[label]};
        WL_TRY(fill_reason(m, label, work, &reason, error));
        if (reason.n_texts + reason.n_stated > 0) {
            table->items[table->n_items++] = reason;
        }
    }
    if (table->n_items > 0) {
        qsort(table->items, table->n_items, sizeof(*table->items), by_texts);
    }
    return WL_OK;
}

static wl_status make(struct maker *m, wl_error *error)
{
    const struct wl_voice_input *input = m->input;
    struct masking work = {0};
    wl_status status = WL_OK;

    wl_normal_init(&work.normal, m->alloc);
    wl_masks_init(&work.masks, m->alloc);
    wl_buf_init(&work.out, m->alloc, 0);
    WL_GO(wl_text_scratch_new(m->alloc, &m->scratch, error));
    WL_GO(keep_texts(m, error));
    for (size_t i = 0; i < input->n_scores; i++) {
        uint32_t user = wl_dict_find(&input->company->users, input->scores[i].user);
        if (user != WL_DICT_NONE) {
            m->score_of[user] = i + 1;
        }
    }
    for (size_t i = 0; i < m->n_kept; i++) {
        WL_GO(read_text(m, i, error));
        m->table->n_recent += is_recent(m, i, 0);
        m->table->n_before += is_recent(m, i, 1);
    }
    m->table->n_texts = m->n_kept;
    if (m->n_terms > 0) {
        qsort(m->terms, m->n_terms, sizeof(*m->terms), by_term_count);
    }
    WL_GO(fill_table(m, &work, error));
done:
    wl_buf_release(&work.out);
    wl_masks_release(&work.masks);
    wl_normal_release(&work.normal);
    return status;
}

wl_status wl_voice_table_new(const wl_alloc *alloc, const struct wl_voice_input *input,
                             struct wl_voice_table *table, wl_error *error)
{
    struct maker m = {.alloc = alloc,
                      .input = input,
                      .about = wl_text_classifier_about(input->taxonomy),
                      .table = table};

    *table = (struct wl_voice_table){.as_of_us = input->as_of_us,
                                     .has_scores = input->n_scores > 0,
                                     .has_values = input->values != NULL};
    wl_arena_init(&table->arena, alloc, 0);
    wl_arena_init(&m.arena, alloc, 0);
    wl_dict_init(&m.by_term, alloc);
    wl_status status = make(&m, error);
    wl_text_scratch_free(m.scratch);
    wl_dict_release(&m.by_term);
    wl_alloc_free(alloc, m.terms);
    wl_arena_release(&m.arena);
    if (status != WL_OK) {
        wl_voice_table_release(table);
    }
    return status;
}

void wl_voice_table_release(struct wl_voice_table *table)
{
    wl_arena_release(&table->arena);
    *table = (struct wl_voice_table){0};
}

int wl_voice_trend(const struct wl_voice_reason *reason)
{
    if (reason->change_low > 0.0) {
        return 1;
    }
    return reason->change_high < 0.0 ? -1 : 0; // NaN is neither
}
