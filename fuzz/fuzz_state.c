/* States: any bytes are refused or accepted; what is accepted can be read and written again, and
 * the bytes then stay the same. Half of the inputs get a valid head and checksum first, so that the
 * body is reached. */
#include "fuzz.h"

#include "base/bytes.h"
#include "features/state.h"

#define HEAD_BYTES 13 /* magic, version, hash of the plan */

static const char set[] = "signals:\n"
                          "  - {name: a, events: \"*\"}\n"
                          "  - {name: b, channels: \"*\"}\n"
                          "sets:\n"
                          "  - {signal: [a, b], aggregates: [count, std, distinct(x), gap_std, "
                          "activity, sum_trend, overdue],"
                          " windows: [1h, 2d, 30d, all]}\n"
                          "attributes: [n, {name: c, kind: category}, {name: d, kind: date}]\n";

static void check_state(const struct wl_plan *plan, struct wl_state *state)
{
    struct wl_buf once;
    struct wl_buf twice;
    float values[64];
    wl_error error = {0};
    int64_t as_of_us = state->newest_us == WL_TIME_NONE ? 0 : state->newest_us;

    WL_ASSERT(plan->n_features <= 64);
    wl_buf_init(&once, wl_alloc_default(), 0);
    wl_buf_init(&twice, wl_alloc_default(), 0);
    fuzz_check_status(wl_state_row(plan, state, as_of_us, values, &error), &error);
    wl_state_encode(state, &once);
    wl_status status = wl_state_decode(state, wl_buf_view(&once), &error);
    fuzz_check_status(status, &error);
    WL_ASSERT(status == WL_OK);
    wl_state_encode(state, &twice);
    WL_ASSERT(wl_str_equal(wl_buf_view(&once), wl_buf_view(&twice)));
    wl_buf_release(&once);
    wl_buf_release(&twice);
}

static void try_bytes(const struct wl_plan *plan, struct wl_str bytes)
{
    struct wl_state state = {0};
    wl_error error = {0};

    WL_ASSERT(wl_state_init(&state, wl_alloc_default(), plan, &error) == WL_OK);
    wl_status status = wl_state_decode(&state, bytes, &error);
    fuzz_check_status(status, &error);
    if (status == WL_OK) {
        check_state(plan, &state);
    }
    wl_state_release(&state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_str bytes = {.data = (const char *)data, .n_bytes = n_bytes};
    struct wl_plan_options options = {0};
    struct wl_arena arena;
    struct wl_node *root = NULL;
    struct wl_plan *plan = NULL;
    struct wl_buf framed;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    WL_ASSERT(wl_yaml_parse(&arena, wl_str_from(set), &root, NULL) == WL_OK);
    WL_ASSERT(wl_plan_compile(&arena, root, &options, &plan, NULL) == WL_OK);
    try_bytes(plan, bytes);
    wl_buf_init(&framed, wl_alloc_default(), 0);
    wl_put_u32(&framed, UINT32_C(0x54534C57));
    wl_put_u8(&framed, 1);
    wl_put_u64(&framed, plan->state_hash);
    WL_ASSERT(framed.n_bytes == HEAD_BYTES);
    wl_buf_str(&framed, bytes);
    wl_put_u32(&framed, (uint32_t)wl_str_hash(wl_buf_view(&framed), UINT64_C(0x7374617465)));
    try_bytes(plan, wl_buf_view(&framed));
    wl_buf_release(&framed);
    wl_arena_release(&arena);
    return 0;
}
