/* Goal:   rows survive the way to JSON lines and back bit by bit, categories included, and a line
 *         that does not fit the schema adds nothing.
 * Method: random rows over all kinds, written, read and compared; a table of lines with one mistake
 *         each; a pair of category texts that share a code. */
#include "check.h"

#include "data/rows.h"

static const struct wl_feature_column columns[] = {{"orders_30d", WL_FEATURE_NUMBER},
                                                   {"contract", WL_FEATURE_CATEGORY},
                                                   {"paperless", WL_FEATURE_BOOL}};
static const struct wl_schema schema = {
    columns, 3, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"};
static const char *const levels[] = {"Month-to-month", "两年", "a \"quoted\" level", ""};

static bool same_bits(float a, float b)
{
    return memcmp(&a, &b, sizeof(a)) == 0 || (isnan(a) && isnan(b));
}

static void fill_random(struct wl_rows *rows, size_t n_rows, uint64_t *seed)
{
    for (size_t i = 0; i < n_rows; i++) {
        char user[16];
        float *values = NULL;
        (void)snprintf(user, sizeof(user), "用户-%zu", i % 7);
        CHECK_INT(wl_rows_add(rows, wl_str_from(user), (int64_t)i * 1000001, &values, NULL), WL_OK);
        for (size_t f = 0; f < schema.n_features; f++) {
            CHECK(isnan(values[f])); // missing until set
        }
        uint32_t bits = (uint32_t)check_rand(seed);
        memcpy(&values[0], &bits, sizeof(bits));
        values[0] = isfinite(values[0]) ? values[0] : NAN;
        if (check_rand(seed) % 4 > 0) {
            const char *level = levels[check_rand(seed) % COUNT(levels)];
            CHECK_INT(wl_rows_note_level(rows, wl_str_from(level), &values[1], NULL), WL_OK);
            values[2] = (float)(check_rand(seed) % 2);
        }
    }
}

static void test_round_trip(void)
{
    struct check_heap heap;
    struct wl_arena arena;
    struct wl_rows rows;
    struct wl_rows back;
    struct wl_buf line;
    uint64_t seed = check_seed();

    check_heap_init(&heap, SIZE_MAX);
    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_buf_init(&line, wl_alloc_default(), 0);
    wl_rows_init(&rows, &heap.alloc, &schema);
    wl_rows_init(&back, &heap.alloc, &schema);
    fill_random(&rows, 1000, &seed);
    for (size_t i = 0; i < rows.n_rows; i++) {
        wl_buf_clear(&line);
        wl_row_write(&rows, i, &line);
        CHECK_INT(wl_row_read(&back, wl_buf_view(&line), &arena, NULL), WL_OK);
        wl_arena_reset(&arena);
        CHECK_INT(back.n_rows, i + 1);
        CHECK_INT(back.as_of_us[i], rows.as_of_us[i]);
        CHECK(wl_str_equal(wl_dict_string(&back.users, back.user[i]),
                           wl_dict_string(&rows.users, rows.user[i])));
        for (size_t f = 0; f < schema.n_features; f++) {
            CHECK(same_bits(back.values[i * 3 + f], rows.values[i * 3 + f]));
        }
    }
    CHECK_INT(back.levels.n_strings, rows.levels.n_strings);
    back.values[4] += 1.0f; // planted fault
    CHECK(!same_bits(back.values[4], rows.values[4]) || isnan(rows.values[4]));
    wl_buf_release(&line);
    wl_arena_release(&arena);
    wl_rows_release(&rows);
    wl_rows_release(&back);
    wl_rows_release(&back);
    CHECK_INT(heap.live_blocks, 0);
}

#define LINE(user, as_of, hash, values)                                                            \
    "{\"user\":" user ",\"as_of\":\"" as_of "\",\"schema\":\"" hash "\",\"values\":[" values "]}"

static void test_refused_lines(void)
{
    static const struct {
        const char *line;
        wl_status status;
        const char *message;
    } cases[] = {
        {"not json", WL_EPARSE, "not JSON: "},
        {"[]", WL_ESCHEMA, "a row needs the keys user, as_of, schema and values"},
        {LINE("\"\"", "2011-09-01", "0123456789ab", "1,null,0"), WL_ESCHEMA, "a row needs"},
        {LINE("\"u\"", "2011-09-01", "ffffffffffff", "1,null,0"), WL_ESCHEMA,
         "row has feature schema ffffffffffff, expected 0123456789ab"},
        {LINE("\"u\"", "2011-09-01", "0123456789abcdef", "1,null,0"), WL_ESCHEMA,
         "row has feature schema 0123456789abcdef, expected 0123456789ab"},
        {LINE("\"u\"", "2011-09-01", "0123456789ab", "1,null"), WL_ESCHEMA,
         "row has 2 values, the schema has 3 features"},
        {LINE("\"u\"", "yesterday", "0123456789ab", "1,null,0"), WL_EPARSE,
         "\"yesterday\" is not a time like 2011-09-01T08:30:00Z"},
        {LINE("\"u\"", "2011-09-01", "0123456789ab", "\"1\",null,0"), WL_ESCHEMA,
         "feature orders_30d wants a number, found a text"},
        {LINE("\"u\"", "2011-09-01", "0123456789ab", "1,5,0"), WL_ESCHEMA,
         "feature contract wants a text, found a number"},
        {LINE("\"u\"", "2011-09-01", "0123456789ab", "1,null,[]"), WL_ESCHEMA,
         "feature paperless wants a number, found a list"},
        {LINE("\"u\"", "2011-09-01", "0123456789ab", "1e39,null,0"), WL_ERANGE,
         "feature orders_30d: 1e+39 is too large for a row"},
    };
    struct wl_arena arena;
    struct wl_rows rows;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_rows_init(&rows, wl_alloc_default(), &schema);
    for (size_t i = 0; i < COUNT(cases); i++) {
        wl_error error = {0};
        CHECK_INT(wl_row_read(&rows, wl_str_from(cases[i].line), &arena, &error), cases[i].status);
        error.message[strlen(cases[i].message)] = '\0'; // the beginning is what matters
        CHECK_STR(error.message, cases[i].message);
        CHECK_INT(rows.n_rows, 0);
    }
    CHECK_INT(wl_row_read(&rows, WL_STR(LINE("\"u\"", "2011-09-01", "0123456789ab", "1,\"x\",0")),
                          &arena, NULL),
              WL_OK);
    CHECK_INT(rows.n_rows, 1);
    wl_rows_release(&rows);
    wl_arena_release(&arena);
}

static void test_levels(void)
{
    struct wl_rows rows;
    wl_error error = {0};
    float code = -1.0f;
    float again = -1.0f;

    wl_rows_init(&rows, wl_alloc_default(), &schema);
    CHECK_INT(wl_rows_note_level(&rows, WL_STR("two year"), &code, NULL), WL_OK);
    CHECK(code == wl_level_code(WL_STR("two year")));
    CHECK(code >= 0.0f && code < 16777216.0f && code == floorf(code));
    CHECK_INT(wl_rows_note_level(&rows, WL_STR("two year"), &again, NULL), WL_OK);
    CHECK(again == code && rows.levels.n_strings == 1);
    CHECK_VIEW(wl_rows_level(&rows, code), "two year");
    CHECK(wl_rows_level(&rows, 1.0f).data == NULL);

    // Two texts with one code: among 3,000 texts kept, one in about 5,600 others has a partner.
    char text[16];
    for (int i = 0; error.status == 0 && i < 200000; i++) {
        (void)snprintf(text, sizeof(text), "%d", i);
        struct wl_str level = wl_str_from(text);
        if (i < 3000 || wl_rows_level(&rows, wl_level_code(level)).data != NULL) {
            (void)!wl_rows_note_level(&rows, level, &code, &error);
        }
    }
    CHECK_INT(error.status, WL_ESCHEMA);
    CHECK(strstr(error.message, "share a code: rename one") != NULL);
    wl_rows_release(&rows);
}

static void test_schema_find(void)
{
    CHECK_INT(wl_schema_find(&schema, WL_STR("paperless")), 2);
    CHECK(wl_schema_find(&schema, WL_STR("paper")) == SIZE_MAX);
}

int main(void)
{
    RUN(test_round_trip);
    RUN(test_refused_lines);
    RUN(test_levels);
    RUN(test_schema_find);
    return check_report();
}
