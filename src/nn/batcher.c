/* Two rooms take turns. A room is open for texts, then its batch runs, then its texts' threads take
 * their results; the last one to leave opens it again. The thread whose text is a room's first is
 * its leader and runs the batch, so there is no thread of our own that would have to be woken.
 *
 *     open --(full, or waited enough and nobody runs)--> running --> done --(all have left)--> open
 *
 * One lock guards all but the running batch and its outputs, which only the leader touches; one
 * condition tells all changes. A few dozen threads wait at most, so waking all is cheap beside a
 * batch of milliseconds. */
#include "nn/batcher.h"

#include "base/thread.h"

#include <string.h>

enum room_state { ROOM_OPEN, ROOM_FULL, ROOM_RUNNING, ROOM_DONE };

struct room {
    struct wl_packed_batch batch;
    float *outputs; // (texts_max, n_outputs)
    enum room_state state;
    size_t n_inside; // texts whose threads have not left
    wl_status status;
    wl_error error;
};

struct wl_batcher {
    const wl_alloc *alloc;
    struct wl_batcher_options options;
    struct room rooms[2];
    bool is_running; // one of the rooms
    bool has_lock;
    bool has_changed;
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

wl_status wl_batcher_new(const wl_alloc *alloc, const struct wl_batcher_options *options,
                         struct wl_batcher **batcher_out, wl_error *error)
{
    wl_status status = WL_OK;
    struct wl_batcher *b = NULL;

    *batcher_out = NULL;
    if (options->texts_max == 0 || options->rows_max == 0 || options->n_outputs == 0 ||
        options->wait_us < 0) {
        return wl_fail(error, WL_EINVAL, "batches of %zu texts, %zu rows, %zu numbers each",
                       options->texts_max, options->rows_max, options->n_outputs);
    }
    b = wl_alloc_zeroed(alloc, 1, sizeof(*b));
    if (b == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for batches");
    }
    b->alloc = alloc;
    b->options = *options;
    for (size_t i = 0; i < 2; i++) {
        WL_GO(wl_packed_batch_init(&b->rooms[i].batch, alloc, options->rows_max, options->texts_max,
                                   error));
        b->rooms[i].outputs =
            wl_alloc_array(alloc, options->texts_max * options->n_outputs, sizeof(float));
        if (b->rooms[i].outputs == NULL) {
            status =
                wl_fail(error, WL_ENOMEM, "no memory for results of %zu texts", options->texts_max);
            goto done;
        }
    }
    b->has_lock = pthread_mutex_init(&b->lock, NULL) == 0;
    if (!b->has_lock) {
        status = wl_fail(error, WL_ENOMEM, "no memory for a lock");
        goto done;
    }
    WL_GO(wl_condition_init(&b->changed, error));
    b->has_changed = true;
    *batcher_out = b;
    b = NULL;
done:
    wl_batcher_free(b);
    return status;
}

void wl_batcher_free(struct wl_batcher *batcher)
{
    if (batcher == NULL) {
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        wl_packed_batch_release(&batcher->rooms[i].batch);
        wl_alloc_free(batcher->alloc, batcher->rooms[i].outputs);
    }
    if (batcher->has_changed) {
        (void)pthread_cond_destroy(&batcher->changed);
    }
    if (batcher->has_lock) {
        (void)pthread_mutex_destroy(&batcher->lock);
    }
    wl_alloc_free(batcher->alloc, batcher);
}

static void tell_all(struct wl_batcher *b)
{
    (void)pthread_cond_broadcast(&b->changed);
}

static void wait_for_change(struct wl_batcher *b)
{
    (void)pthread_cond_wait(&b->changed, &b->lock);
}

// The room that takes texts: one that has some before an empty one. NULL: none is open.
static struct room *open_room(struct wl_batcher *b)
{
    struct room *found = NULL;

    for (size_t i = 0; i < 2; i++) {
        struct room *room = &b->rooms[i];
        if (room->state == ROOM_OPEN && (found == NULL || room->batch.n_texts > 0)) {
            found = room;
        }
    }
    return found;
}

// Puts the text into a room, waiting for one; the room is NULL when no room can ever take it.
static wl_status enter(struct wl_batcher *b, const int32_t *tokens, size_t n_tokens,
                       struct room **room_out, wl_error *error)
{
    for (;;) {
        struct room *room = open_room(b);
        if (room == NULL) {
            wait_for_change(b);
            continue;
        }
        wl_status status = wl_packed_batch_add(&room->batch, tokens, NULL, n_tokens, error);
        if (status == WL_OK) {
            room->n_inside++;
            *room_out = room;
            if (room->batch.n_texts == b->options.texts_max) {
                room->state = ROOM_FULL;
                tell_all(b);
            }
            return WL_OK;
        }
        if (status != WL_ELIMIT || room->batch.n_texts == 0) {
            return status; // not even alone
        }
        room->state = ROOM_FULL;
        tell_all(b);
    }
}

// The leader's part: waits for others, then runs the batch for all.
static void lead(struct wl_batcher *b, struct room *room)
{
    struct wl_deadline deadline = wl_deadline_in(b->options.wait_us);

    while (room->state == ROOM_OPEN && !wl_condition_wait(&b->changed, &b->lock, deadline)) {
    }
    while (b->is_running) { // and others may still come in
        wait_for_change(b);
    }
    room->state = ROOM_RUNNING;
    b->is_running = true;
    (void)pthread_mutex_unlock(&b->lock);
    room->status = b->options.run(b->options.context, &room->batch, room->outputs, &room->error);
    (void)pthread_mutex_lock(&b->lock);
    b->is_running = false;
    room->state = ROOM_DONE;
    tell_all(b);
}

static void leave(struct wl_batcher *b, struct room *room)
{
    room->n_inside--;
    if (room->n_inside == 0) {
        wl_packed_batch_clear(&room->batch);
        room->state = ROOM_OPEN;
        tell_all(b);
    }
}

wl_status wl_batcher_run(struct wl_batcher *batcher, const int32_t *tokens, size_t n_tokens,
                         float *outputs, wl_error *error)
{
    size_t n = batcher->options.n_outputs;
    struct room *room = NULL;

    (void)pthread_mutex_lock(&batcher->lock);
    wl_status status = enter(batcher, tokens, n_tokens, &room, error);
    if (status != WL_OK) {
        (void)pthread_mutex_unlock(&batcher->lock);
        return status;
    }
    size_t i = room->batch.n_texts - 1;
    if (i == 0) {
        lead(batcher, room);
    }
    while (room->state != ROOM_DONE) {
        wait_for_change(batcher);
    }
    status = room->status;
    if (status == WL_OK) {
        memcpy(outputs, room->outputs + i * n, n * sizeof(*outputs));
    } else if (error != NULL) {
        *error = room->error;
    }
    leave(batcher, room);
    (void)pthread_mutex_unlock(&batcher->lock);
    return status;
}

wl_status wl_batch_bert(void *context, const struct wl_packed_batch *batch, float *outputs,
                        wl_error *error)
{
    const struct wl_batch_bert *work = context;
    const struct wl_bert *bert = work->bert;
    size_t k = bert->config.n_labels;
    size_t c = bert->config.shape.n_channels;
    float *vectors = outputs + batch->n_texts * k;

    WL_TRY(wl_bert_forward(work->bert, work->gemm, batch, error));
    // Vectors end to end behind the place of all logits, then each moves to its text: from the
    // first on, since it moves forward and never over one that is still to come.
    wl_bert_pool_rows(bert, batch, work->pool, vectors);
    for (size_t b = 0; b < batch->n_texts; b++) {
        memmove(outputs + b * (k + c) + k, vectors + b * c, c * sizeof(*outputs));
        memcpy(outputs + b * (k + c), bert->logits + b * k, k * sizeof(*outputs));
    }
    return WL_OK;
}
