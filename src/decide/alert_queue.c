/* Two binary heaps a team: critical alerts, and all others. A heap entry is never moved when its
 * alert changes; it becomes stale and is thrown away when it comes to the top, so that every
 * alert costs O(log waiting) however often it changes. */
#include "decide/alert_queue.h"

#include <math.h>

// Ties go to the alert raised first, so that the order is total.
static bool is_before(struct wl_alert_place a, struct wl_alert_place b)
{
    if (a.at_risk > b.at_risk || a.at_risk < b.at_risk) {
        return a.at_risk > b.at_risk;
    }
    return a.i_alert < b.i_alert;
}

static void swap(struct wl_alert_place *a, struct wl_alert_place *b)
{
    struct wl_alert_place kept = *a;
    *a = *b;
    *b = kept;
}

wl_status wl_alert_line_add(struct wl_alert_line *line, const wl_alloc *alloc,
                            const struct wl_alert *alerts, uint32_t i_alert, wl_error *error)
{
    bool is_critical = alerts[i_alert].severity == WL_ALERT_CRITICAL;
    struct wl_alert_heap *heap = is_critical ? &line->critical : &line->ordinary;

    WL_TRY(WL_GROW(alloc, heap->places, heap->capacity, heap->n_places + 1, error));
    size_t i = heap->n_places++;
    heap->places[i] =
        (struct wl_alert_place){.at_risk = alerts[i_alert].at_risk, .i_alert = i_alert};
    while (i > 0 && is_before(heap->places[i], heap->places[(i - 1) / 2])) {
        swap(&heap->places[i], &heap->places[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    return WL_OK;
}

static void drop_top(struct wl_alert_heap *heap)
{
    size_t i = 0;

    heap->places[0] = heap->places[--heap->n_places];
    for (;;) {
        size_t best = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < heap->n_places; child++) {
            best = is_before(heap->places[child], heap->places[best]) ? child : best;
        }
        if (best == i) {
            return;
        }
        swap(&heap->places[i], &heap->places[best]);
        i = best;
    }
}

// The best alert in line that still waits as it was put there; NULL when there is none.
static const struct wl_alert_place *top(struct wl_alert_heap *heap, const struct wl_alert *alerts,
                                        bool is_critical)
{
    while (heap->n_places > 0) {
        const struct wl_alert_place *place = &heap->places[0];
        const struct wl_alert *alert = &alerts[place->i_alert];
        bool is_stale = alert->state != WL_ALERT_WAITING ||
                        (alert->severity == WL_ALERT_CRITICAL) != is_critical ||
                        fabs(alert->at_risk - place->at_risk) > 0.0;
        if (!is_stale) {
            return place;
        }
        drop_top(heap);
    }
    return NULL;
}

uint32_t wl_alert_line_next(struct wl_alert_line *line, const struct wl_alert_team *team,
                            double reserve_percent, const struct wl_alert *alerts, int64_t day)
{
    if (line->day != day) {
        line->day = day;
        line->n_opened = 0;
    }
    if (line->n_opened >= team->capacity) {
        return UINT32_MAX;
    }
    int64_t reserve = (int64_t)(reserve_percent / 100.0 * (double)team->capacity);
    const struct wl_alert_place *critical = top(&line->critical, alerts, true);
    const struct wl_alert_place *ordinary =
        line->n_opened < team->capacity - reserve ? top(&line->ordinary, alerts, false) : NULL;
    if (critical == NULL && ordinary == NULL) {
        return UINT32_MAX;
    }
    bool takes_critical = ordinary == NULL || (critical != NULL && is_before(*critical, *ordinary));
    uint32_t i_alert = takes_critical ? critical->i_alert : ordinary->i_alert;
    drop_top(takes_critical ? &line->critical : &line->ordinary);
    line->n_opened++;
    return i_alert;
}

void wl_alert_line_release(struct wl_alert_line *line, const wl_alloc *alloc)
{
    wl_alloc_free(alloc, line->ordinary.places);
    wl_alloc_free(alloc, line->critical.places);
    *line = (struct wl_alert_line){.day = 0};
}
