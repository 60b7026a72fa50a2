/* Goal:   alerts are a function of the set of signals: any order of arrival within the lateness
 *         allowed, duplicates and a whole replay give the same bytes; the line never exceeds its
 *         capacity; cool-down and clear level hold; nothing is lost.
 * Method: random streams of 3,000 signals and some actions. Arrival is shuffled by adding a random
 *         delay up to the lateness; the alerts are written as JSON and compared byte for byte. The
 *         rules are checked again from the alerts alone. Planted faults: a delay beyond the
 *         lateness changes the bytes for some seed, and a capacity that is one too small is
 *         noticed by the check. */
#include "check.h"

#include "base/rng.h"
#include "decide/alert_json.h"
#include "decide/alert_options.h"

#define DAY0      (INT64_C(20000) * WL_DAY_US)
#define N_SIGNALS 3000
#define N_USERS   60
#define N_DAYS    40

struct item {
    struct wl_alert_input input;
    int64_t arrival_us;
    char user[8];
};

static struct item items[N_SIGNALS];

static void make_signal(struct wl_rng *rng, struct item *item)
{
    static const char *const reasons[] = {"cancel", "complaint", "refund", "how_to"};
    struct wl_alert_signal *signal = &item->input.signal;
    int kind = (int)wl_rng_below(rng, WL_SIGNAL_KIND_COUNT);

    snprintf(item->user, sizeof(item->user), "u%02d", (int)wl_rng_below(rng, N_USERS));
    *signal = (struct wl_alert_signal){.user = wl_str_from(item->user),
                                       // whole hours: many signals share a moment
                                       .time_us = DAY0 + (int64_t)wl_rng_below(rng, N_DAYS * 24) *
                                                             WL_HOUR_US,
                                       .trace = wl_rng_below(rng, 1U << 20) + 1,
                                       .kind = kind,
                                       .source = kind < 2 ? WL_SIGNAL_TEXT : WL_SIGNAL_BEHAVIOUR,
                                       .level = wl_rng_unit(rng),
                                       .p_churn = (double)NAN,
                                       .value = (double)(100 + wl_rng_below(rng, 900)),
                                       .observed = (double)NAN,
                                       .baseline = (double)NAN};
    if (kind == WL_SIGNAL_INTENT) {
        signal->reason = wl_str_from(reasons[wl_rng_below(rng, COUNT(reasons))]);
    } else if (kind == WL_SIGNAL_SENTIMENT) {
        signal->level = 2.0 * signal->level - 1.0;
    } else if (kind == WL_SIGNAL_ACTIVITY) {
        signal->level *= 6.0;
    }
    if (kind == WL_SIGNAL_INTENT && wl_rng_below(rng, 50) == 0) {
        signal->source = WL_SIGNAL_STATED;
    }
}

static void make_items(uint64_t seed)
{
    struct wl_rng rng;

    wl_rng_init(&rng, seed, 0);
    for (size_t i = 0; i < N_SIGNALS; i++) {
        if (i > 0 && wl_rng_below(&rng, 20) == 0) { // told twice
            items[i] = items[wl_rng_below(&rng, i)];
            items[i].input.signal.user = wl_str_from(items[i].user);
        } else {
            make_signal(&rng, &items[i]);
        }
    }
}

static int compare_arrival(const void *a, const void *b)
{
    const struct item *x = a;
    const struct item *y = b;
    return (x->arrival_us > y->arrival_us) - (x->arrival_us < y->arrival_us);
}

static void shuffle(uint64_t seed, uint64_t stream, int64_t delay_us)
{
    struct wl_rng rng;

    wl_rng_init(&rng, seed, stream);
    for (size_t i = 0; i < N_SIGNALS; i++) {
        items[i].arrival_us =
            items[i].input.signal.time_us + (int64_t)(wl_rng_unit(&rng) * (double)delay_us);
    }
    qsort(items, N_SIGNALS, sizeof(*items), compare_arrival);
    for (size_t i = 0; i < N_SIGNALS; i++) { // the names moved with their items
        items[i].input.signal.user = wl_str_from(items[i].user);
    }
}

static void set_options(struct wl_alert_options *options)
{
    wl_alert_options_default(NULL, 8 * WL_HOUR_US, options);
    options->lateness_us = 6 * WL_HOUR_US;
    options->teams[0].capacity = 4;
    options->levels[WL_SIGNAL_CHURN] = (struct wl_alert_levels){.raise = 0.8, .clear = 0.3};
}

// All alerts and counts as text; wants_twice pushes everything again, half the time apart.
static struct wl_alerts *run(const struct wl_alert_options *options, bool wants_twice,
                             struct wl_buf *text)
{
    struct wl_alerts *alerts = NULL;
    struct wl_alert_stream *stream = NULL;

    CHECK_INT(wl_alerts_new(wl_alloc_default(), options, &alerts, NULL), WL_OK);
    CHECK_INT(wl_alert_stream_new(wl_alloc_default(), alerts, &stream, NULL), WL_OK);
    for (int round = 0; round < (wants_twice ? 2 : 1); round++) {
        for (size_t i = 0; i < N_SIGNALS; i++) {
            CHECK_INT(wl_alert_stream_push(stream, &items[i].input.signal, NULL), WL_OK);
        }
        CHECK_INT(wl_alert_stream_flush(stream, DAY0 + N_DAYS * WL_DAY_US, NULL), WL_OK);
    }
    CHECK_INT(wl_alert_stream_held(stream), 0);
    for (size_t i = 0; i < wl_alerts_count(alerts); i++) {
        wl_alert_write(wl_alerts_get(alerts, i), "t", NULL, text);
        wl_buf_char(text, '\n');
    }
    wl_alert_stream_free(stream);
    return alerts;
}

static void check_counts(const struct wl_alerts *alerts, size_t n_signals)
{
    const struct wl_alert_counts *counts = wl_alerts_counts(alerts);
    size_t n = counts->n_raised + counts->n_merged;
    size_t n_alerts = 0;
    size_t n_on_alerts = 0;

    for (size_t i = 0; i < WL_QUIET_COUNT; i++) {
        n += counts->n_quiet[i];
    }
    for (size_t i = 0; i < WL_ALERT_STATE_COUNT; i++) {
        n_alerts += counts->n_by_state[i];
    }
    for (size_t i = 0; i < wl_alerts_count(alerts); i++) {
        n_on_alerts += wl_alerts_get(alerts, i)->n_signals;
    }
    CHECK_INT(counts->n_signals, n_signals);
    CHECK_INT(n, n_signals);
    CHECK_INT(n_alerts, counts->n_raised);
    CHECK_INT(n_on_alerts, counts->n_raised + counts->n_merged);
}

// Opened alerts per local day, from the alerts alone.
static bool exceeds(const struct wl_alerts *alerts, int64_t offset_us, size_t capacity)
{
    size_t n_opened[N_DAYS + 2] = {0};
    bool answer = false;

    for (size_t i = 0; i < wl_alerts_count(alerts); i++) {
        int64_t opened_us = wl_alerts_get(alerts, i)->opened_us;
        if (opened_us != WL_TIME_NONE) {
            size_t day =
                (size_t)((wl_time_floor(opened_us + offset_us, WL_DAY_US) - DAY0) / WL_DAY_US);
            answer = ++n_opened[day] > capacity || answer;
        }
    }
    return answer;
}

static void check_cooldown(const struct wl_alerts *alerts, int64_t cooldown_us)
{
    for (size_t i = 0; i < wl_alerts_count(alerts); i++) {
        const struct wl_alert *a = wl_alerts_get(alerts, i);
        for (size_t k = 0; k < i; k++) {
            const struct wl_alert *b = wl_alerts_get(alerts, k);
            // The first piece of evidence is the one that raised it.
            bool is_same = wl_str_equal(a->user, b->user) &&
                           wl_str_equal(a->evidence->reason, b->evidence->reason);
            CHECK(!is_same || a->raised_us - b->raised_us >= cooldown_us);
        }
    }
}

static void test_order_and_replay_change_nothing(void)
{
    uint64_t seed = check_seed();
    size_t n_fault_seen = 0;

    for (uint64_t round = 0; round < 5; round++) {
        struct wl_alert_options options;
        struct wl_buf first;
        struct wl_buf other;

        set_options(&options);
        wl_buf_init(&first, wl_alloc_default(), 0);
        wl_buf_init(&other, wl_alloc_default(), 0);
        make_items(seed + round);
        shuffle(seed, 100 * round, 0);
        struct wl_alerts *alerts = run(&options, false, &first);
        CHECK(wl_alerts_count(alerts) > 100);
        check_counts(alerts, N_SIGNALS);
        check_cooldown(alerts, options.cooldown_us);
        CHECK(!exceeds(alerts, options.utc_offset_us, 4));
        CHECK(exceeds(alerts, options.utc_offset_us, 3)); // planted fault
        CHECK(wl_alerts_counts(alerts)->n_expired_waiting > 0);
        wl_alerts_free(alerts);
        for (uint64_t k = 1; k <= 4; k++) {
            shuffle(seed, 100 * round + k, options.lateness_us);
            wl_buf_clear(&other);
            alerts = run(&options, k == 4, &other);
            CHECK(wl_str_equal(wl_buf_view(&first), wl_buf_view(&other)));
            CHECK_INT(wl_alerts_counts(alerts)->n_late, 0); // what was known before is not late
            check_counts(alerts, k == 4 ? 2 * N_SIGNALS : N_SIGNALS);
            wl_alerts_free(alerts);
        }
        shuffle(seed, 100 * round + 9, 4 * options.lateness_us); // planted fault: too late
        wl_buf_clear(&other);
        alerts = run(&options, false, &other);
        n_fault_seen += !wl_str_equal(wl_buf_view(&first), wl_buf_view(&other));
        check_counts(alerts, N_SIGNALS); // even then nothing is lost
        wl_alerts_free(alerts);
        wl_buf_release(&first);
        wl_buf_release(&other);
    }
    CHECK(n_fault_seen > 0);
}

static void test_lines_read_back(void)
{
    struct wl_arena arena;
    struct wl_buf line;
    struct wl_buf again;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_buf_init(&line, wl_alloc_default(), 0);
    wl_buf_init(&again, wl_alloc_default(), 0);
    make_items(7);
    for (size_t i = 0; i < 500; i++) {
        struct wl_alert_input input;
        wl_buf_clear(&line);
        wl_buf_clear(&again);
        wl_alert_signal_write(&items[i].input.signal, &line);
        CHECK_INT(wl_alert_input_read(&arena, wl_buf_view(&line), &input, NULL), WL_OK);
        wl_alert_signal_write(&input.signal, &again);
        CHECK(wl_str_equal(wl_buf_view(&line), wl_buf_view(&again)));
        wl_arena_reset(&arena);
    }
    wl_buf_release(&line);
    wl_buf_release(&again);
    wl_arena_release(&arena);
}

int main(void)
{
    RUN(test_order_and_replay_change_nothing);
    RUN(test_lines_read_back);
    return check_report();
}
