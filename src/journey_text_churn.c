/* Documents and the column they fill. The text model is a column of the churn model and not a vote
 * beside it: so one explanation covers both, and one calibration. */
#include "journey_text_churn.h"

#include "base/clock.h"
#include "base/thread.h"

#include <math.h>
#include <stdlib.h>

#define RECENT_US  (90 * WL_DAY_US) /* what was said a quarter ago speaks of another mood */
#define PIECE_ROWS 256

const char *const wl_text_churn_labels[2] = {"stays", "leaves"};

void wl_documents_release(struct wl_documents *documents)
{
    if (documents->alloc != NULL) {
        wl_alloc_free(documents->alloc, documents->first);
        wl_alloc_free(documents->alloc, documents->index);
    }
    *documents = (struct wl_documents){0};
}

/* A text while it is sorted. */
struct card {
    uint32_t user;
    uint32_t index;
    int64_t text_us;
    uint64_t key;
};

// Newest first; what was written at one moment by its key, never by the order of arrival.
static int compare_cards(const void *a, const void *b)
{
    const struct card *x = a;
    const struct card *y = b;

    if (x->user != y->user) {
        return x->user < y->user ? -1 : 1;
    }
    if (x->text_us != y->text_us) {
        return x->text_us > y->text_us ? -1 : 1;
    }
    return x->key < y->key ? -1 : x->key > y->key;
}

wl_status wl_documents_init(struct wl_documents *documents, const wl_alloc *alloc,
                            const struct wl_company *company, wl_error *error)
{
    size_t n_users = company->users.n_strings;
    size_t n_texts = company->texts.n_texts;
    struct wl_documents made = {.alloc = alloc, .company = company};
    struct card *cards = wl_alloc_array(alloc, n_texts + 1, sizeof(*cards));

    made.first = wl_alloc_zeroed(alloc, n_users + 2, sizeof(*made.first));
    made.index = wl_alloc_array(alloc, n_texts + 1, sizeof(*made.index));
    if (cards == NULL || made.first == NULL || made.index == NULL) {
        wl_alloc_free(alloc, cards);
        wl_documents_release(&made);
        return wl_fail(error, WL_ENOMEM, "no memory for %zu texts", n_texts);
    }
    for (size_t i = 0; i < n_texts; i++) {
        const struct wl_text *text = &company->texts.texts[i];
        cards[i] = (struct card){.user = text->user,
                                 .index = (uint32_t)i,
                                 .text_us = text->text_us,
                                 .key = text->message_key};
        made.first[text->user + 1]++;
    }
    for (size_t user = 0; user < n_users; user++) {
        made.first[user + 1] += made.first[user];
    }
    qsort(cards, n_texts, sizeof(*cards), compare_cards);
    for (size_t i = 0; i < n_texts; i++) {
        made.index[i] = cards[i].index;
    }
    wl_alloc_free(alloc, cards);
    *documents = made;
    return WL_OK;
}

// As much of a text as there is room for, cut at a character.
static size_t cut(struct wl_str text, size_t room)
{
    size_t n = text.n_bytes < room ? text.n_bytes : room;

    while (n > 0 && n < text.n_bytes && ((unsigned char)text.data[n] & 0xC0) == 0x80) {
        n--;
    }
    return n;
}

size_t wl_document_write(const struct wl_documents *documents, uint32_t user, int64_t as_of_us,
                         struct wl_buf *buf)
{
    size_t n_written = 0;
    size_t room = WL_DOCUMENT_BYTES;

    if (user == WL_ID_NONE) {
        return 0;
    }
    for (size_t i = documents->first[user]; i < documents->first[user + 1]; i++) {
        const struct wl_text *text = &documents->company->texts.texts[documents->index[i]];
        if (text->text_us < as_of_us - RECENT_US || n_written == WL_DOCUMENT_TEXTS || room < 2) {
            break;
        }
        if (text->text_us > as_of_us || text->received_us > as_of_us || text->body.n_bytes == 0) {
            continue;
        }
        if (n_written++ > 0) {
            wl_buf_char(buf, '\n');
            room--;
        }
        size_t n = cut(text->body, room);
        wl_buf_add(buf, text->body.data, n);
        room -= n;
    }
    return n_written;
}

/* ---- the column ---- */

struct fill {
    const struct wl_text_classifier *classifier;
    struct wl_documents documents;
    struct wl_rows *rows;
    size_t i_feature;
    struct wl_text_scratch *scratch[WL_THREADS_MAX];
    struct wl_buf text[WL_THREADS_MAX];
};

static wl_status fill_piece(void *context, size_t begin, size_t end, size_t i_worker,
                            wl_error *error)
{
    struct fill *fill = context;
    struct wl_rows *rows = fill->rows;
    struct wl_buf *text = &fill->text[i_worker];

    for (size_t i = begin; i < end; i++) {
        float *value = rows->values + i * rows->schema->n_features + fill->i_feature;
        uint32_t user = wl_dict_find(&fill->documents.company->users,
                                     wl_dict_string(&rows->users, rows->user[i]));
        double p[2] = {0.0, 0.0};
        wl_buf_clear(text);
        if (wl_document_write(&fill->documents, user, rows->as_of_us[i], text) == 0) {
            *value = NAN;
            continue;
        }
        WL_TRY(wl_buf_check(text, error));
        WL_TRY(wl_text_classify(fill->classifier, wl_buf_view(text), fill->scratch[i_worker], p,
                                error));
        *value = (float)(100.0 * p[WL_TEXT_CHURN_LEAVES]);
    }
    return WL_OK;
}

wl_status wl_text_churn_fill(const struct wl_text_classifier *classifier,
                             const struct wl_company *company, size_t i_feature, size_t n_threads,
                             struct wl_rows *rows, wl_error *error)
{
    const wl_alloc *alloc = rows->alloc;
    struct fill *fill = wl_alloc_zeroed(alloc, 1, sizeof(*fill));
    size_t n_workers = n_threads != 0 ? n_threads : wl_threads_default();
    wl_status status = WL_OK;

    if (fill == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory to read %zu documents", rows->n_rows);
    }
    fill->classifier = classifier;
    fill->rows = rows;
    fill->i_feature = i_feature;
    WL_GO(wl_documents_init(&fill->documents, alloc, company, error));
    for (size_t i = 0; i < n_workers; i++) {
        wl_buf_init(&fill->text[i], alloc, 0);
        WL_GO(wl_text_scratch_new(alloc, &fill->scratch[i], error));
    }
    WL_GO(wl_parallel_for(n_workers, rows->n_rows, PIECE_ROWS, fill_piece, fill, error));
done:
    for (size_t i = 0; i < n_workers; i++) {
        wl_buf_release(&fill->text[i]);
        wl_text_scratch_free(fill->scratch[i]);
    }
    wl_documents_release(&fill->documents);
    wl_alloc_free(alloc, fill);
    return status;
}
