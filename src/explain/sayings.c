/* Collecting what was said, once per company, so that asking is a look at a few items. Everything
 * carries two clocks: a reason written in March and loaded in June is unknown in April. */
#include "explain/sayings.h"

#include <stdlib.h>
#include <string.h>

#define PLEASED_E4 3000 /* mood above 0.3: the text praises, whatever it speaks of */

struct collector {
    struct wl_sayings *sayings;
    const struct wl_company *company;
    const struct wl_text_classifier *taxonomy;
    const struct wl_text_about *about;
    struct wl_text_scratch *scratch;
    double *p;          // (n_labels)
    uint32_t *label_of; // (strings) 2 + label of a stated reason, 1: none fits, 0: not asked yet
};

static wl_status add(struct collector *c, const struct wl_saying *saying, wl_error *error)
{
    struct wl_sayings *s = c->sayings;

    WL_TRY(WL_GROW(s->alloc, s->items, s->capacity, s->n_items + 1, error));
    s->items[s->n_items++] = *saying;
    return WL_OK;
}

// The likeliest label at or above the threshold, the first of equals; WL_TEXT_NO_LABEL: none.
static wl_status classify(struct collector *c, struct wl_str text, uint32_t *label, wl_error *error)
{
    *label = WL_TEXT_NO_LABEL;
    WL_TRY(wl_rules_score(c->taxonomy, text, c->scratch, c->p, NULL, NULL, error));
    for (size_t i = 0; i < c->about->n_labels; i++) {
        bool is_more = c->p[i] > 0.0 && i != c->about->none &&
                       (*label == WL_TEXT_NO_LABEL || c->p[i] > c->p[*label]);
        *label = is_more ? (uint32_t)i : *label;
    }
    return WL_OK;
}

/* -- stated -- */

static uint32_t label_named(const struct collector *c, struct wl_str stated)
{
    for (size_t i = 0; i < c->about->n_labels; i++) {
        const struct wl_rules_label *label = &c->sayings->labels[i];
        if (wl_str_is(stated, label->id) || wl_str_is(stated, label->zh) ||
            wl_str_is(stated, label->en)) {
            return (uint32_t)i;
        }
    }
    return WL_TEXT_NO_LABEL;
}

static void note_unmapped(struct wl_sayings *sayings, struct wl_str stated)
{
    sayings->n_unmapped_events++;
    for (size_t i = 0; i < sayings->n_unmapped; i++) {
        if (wl_str_equal(sayings->unmapped[i].stated, stated)) {
            sayings->unmapped[i].n++;
            return;
        }
    }
    if (sayings->n_unmapped < WL_UNMAPPED_MAX) {
        sayings->unmapped[sayings->n_unmapped++] = (struct wl_unmapped){.stated = stated, .n = 1};
    }
}

// Stated reasons repeat: each distinct text is understood once.
static wl_status add_stated(struct collector *c, uint32_t string, struct wl_saying saying,
                            wl_error *error)
{
    struct wl_str stated = wl_str_trim(wl_dict_string(&c->company->strings, string));

    if (stated.n_bytes == 0) {
        return WL_OK;
    }
    if (c->label_of[string] == 0) {
        uint32_t label = label_named(c, stated);
        if (label == WL_TEXT_NO_LABEL) {
            WL_TRY(classify(c, stated, &label, error));
        }
        c->label_of[string] = label == WL_TEXT_NO_LABEL ? 1 : label + 2;
    }
    if (c->label_of[string] == 1) {
        note_unmapped(c->sayings, stated);
        return WL_OK;
    }
    saying.label = c->label_of[string] - 2;
    saying.source = WL_REASON_STATED;
    return saying.label == c->about->none ? WL_OK : add(c, &saying, error);
}

static wl_status collect_events(struct collector *c, wl_error *error)
{
    const struct wl_company *company = c->company;
    const struct wl_events *events = &company->events;
    uint32_t name = wl_dict_find(&company->event_names, WL_STR(WL_SAID_EVENT));
    uint32_t slot = wl_dict_find(&company->prop_names, WL_STR(WL_SAID_PROP));

    if (name == WL_DICT_NONE || slot >= WL_PROPS_MAX || events->props[slot] == NULL) {
        return WL_OK;
    }
    for (size_t i = 0; i < events->n_events; i++) {
        if (events->name[i] == name && events->props[slot][i] != WL_ID_NONE) {
            struct wl_saying saying = {.user = events->user[i],
                                       .said_us = events->event_us[i],
                                       .known_us = events->received_us[i]};
            WL_TRY(add_stated(c, events->props[slot][i], saying, error));
        }
    }
    return WL_OK;
}

/* -- read -- */

static wl_status add_read(struct collector *c, const struct wl_text *text, struct wl_saying saying,
                          wl_error *error)
{
    const struct wl_text_reading *reading = &text->reading;

    if (reading->is_read && reading->mood_e4 > PLEASED_E4) {
        return WL_OK;
    }
    saying.label = WL_TEXT_NO_LABEL;
    if (reading->is_read && reading->n_reasons > 0) {
        struct wl_str id = wl_dict_string(&c->company->strings, reading->reasons[0]);
        saying.label = wl_text_classifier_label(c->taxonomy, id);
    } else if (!reading->is_read) {
        WL_TRY(classify(c, text->body, &saying.label, error));
    }
    if (saying.label == WL_TEXT_NO_LABEL || saying.label == c->about->none) {
        return WL_OK;
    }
    saying.source = WL_REASON_TEXT;
    return add(c, &saying, error);
}

static wl_status collect_texts(struct collector *c, wl_error *error)
{
    uint32_t cancel = wl_dict_find(&c->company->strings, WL_STR(WL_SAID_CHANNEL));

    for (size_t i = 0; i < c->company->texts.n_texts; i++) {
        const struct wl_text *text = &c->company->texts.texts[i];
        struct wl_saying saying = {
            .user = text->user, .said_us = text->text_us, .known_us = text->received_us};
        if (cancel != WL_DICT_NONE && text->channel == cancel && text->label != WL_ID_NONE) {
            WL_TRY(add_stated(c, text->label, saying, error));
        }
        WL_TRY(add_read(c, text, saying, error));
    }
    return WL_OK;
}

/* -- order -- */

// By user; newest first; of one moment the stronger source, then the smaller label, so that the
// order of arrival does not show.
static int by_user(const void *a, const void *b)
{
    const struct wl_saying *left = a;
    const struct wl_saying *right = b;

    if (left->user != right->user) {
        return left->user < right->user ? -1 : 1;
    }
    if (left->said_us != right->said_us) {
        return left->said_us > right->said_us ? -1 : 1;
    }
    if (left->source != right->source) {
        return left->source > right->source ? -1 : 1;
    }
    if (left->label != right->label) {
        return left->label < right->label ? -1 : 1;
    }
    return left->known_us < right->known_us ? -1 : left->known_us > right->known_us;
}

static int by_count(const void *a, const void *b)
{
    const struct wl_unmapped *left = a;
    const struct wl_unmapped *right = b;

    if (left->n != right->n) {
        return left->n > right->n ? -1 : 1;
    }
    return wl_str_compare(left->stated, right->stated);
}

static wl_status settle(struct wl_sayings *s, wl_error *error)
{
    if (s->n_items > 0) {
        qsort(s->items, s->n_items, sizeof(*s->items), by_user);
    }
    if (s->n_unmapped > 0) {
        qsort(s->unmapped, s->n_unmapped, sizeof(s->unmapped[0]), by_count);
    }
    s->first = wl_alloc_zeroed(s->alloc, s->n_users + 2, sizeof(*s->first));
    if (s->first == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for the reasons of %zu users", s->n_users);
    }
    for (size_t i = 0; i < s->n_items; i++) {
        s->first[s->items[i].user + 1]++;
    }
    for (size_t u = 0; u < s->n_users; u++) {
        s->first[u + 1] += s->first[u];
    }
    return WL_OK;
}

wl_status wl_sayings_new(const wl_alloc *alloc, const struct wl_company *company,
                         const struct wl_text_classifier *taxonomy, struct wl_sayings *sayings,
                         wl_error *error)
{
    struct collector c = {.sayings = sayings,
                          .company = company,
                          .taxonomy = taxonomy,
                          .about = wl_text_classifier_about(taxonomy)};
    wl_status status = WL_OK;

    *sayings = (struct wl_sayings){
        .alloc = alloc, .labels = wl_rules_labels(taxonomy), .n_users = company->users.n_strings};
    WL_ASSERT(sayings->labels != NULL);
    c.p = wl_alloc_zeroed(alloc, c.about->n_labels + 1, sizeof(*c.p));
    c.label_of = wl_alloc_zeroed(alloc, company->strings.n_strings + 1, sizeof(*c.label_of));
    if (c.p == NULL || c.label_of == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for what customers said");
        goto done;
    }
    WL_GO(wl_text_scratch_new(alloc, &c.scratch, error));
    WL_GO(collect_events(&c, error));
    WL_GO(collect_texts(&c, error));
    WL_GO(settle(sayings, error));
done:
    wl_text_scratch_free(c.scratch);
    wl_alloc_free(alloc, c.p);
    wl_alloc_free(alloc, c.label_of);
    if (status != WL_OK) {
        wl_sayings_release(sayings);
    }
    return status;
}

void wl_sayings_release(struct wl_sayings *sayings)
{
    if (sayings->alloc != NULL) {
        wl_alloc_free(sayings->alloc, sayings->items);
        wl_alloc_free(sayings->alloc, sayings->first);
    }
    *sayings = (struct wl_sayings){0};
}

struct wl_said wl_sayings_find(const struct wl_sayings *sayings, uint32_t user, int64_t as_of_us)
{
    const struct wl_saying *best = NULL;

    if (user >= sayings->n_users) {
        return (struct wl_said){.source = WL_REASON_BEHAVIOUR};
    }
    for (size_t i = sayings->first[user]; i < sayings->first[user + 1]; i++) {
        const struct wl_saying *item = &sayings->items[i];
        bool is_known = item->said_us <= as_of_us && item->known_us <= as_of_us &&
                        item->said_us > as_of_us - WL_SAID_WINDOW_US;
        if (is_known && (best == NULL || item->source > best->source)) {
            best = item; // newest first, so only a stronger source replaces
        }
    }
    if (best == NULL) {
        return (struct wl_said){.source = WL_REASON_BEHAVIOUR};
    }
    return (struct wl_said){.source = best->source,
                            .label = wl_str_from(sayings->labels[best->label].id),
                            .code = wl_str_from(sayings->labels[best->label].answer),
                            .said_us = best->said_us};
}
