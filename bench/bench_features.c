/* Feature rows from raw events: 68 aggregates of every user at one date, beside DuckDB in the same
 * run on the same events.
 *
 * Events are those of the reference figure: eight kinds, uniform over 60 days, users drawn so that
 * few have many. The aggregates are its 68 (count, sum, active days, largest value and the count
 * of each kind over 1, 3, 7, 14 and 30 days; days since the last of each kind). Both sides hold
 * the events in memory before the clock starts: DuckDB as a table, ours as a company; both use two
 * threads.
 *
 *     bench_features [EVENTS [USERS]]      default: 5000000 125000
 *
 * WL_DUCKDB_NODE: a folder whose node_modules holds @duckdb/node-api; without it the peer is null.
 * */
#include "bench.h"

#include "base/clock.h"
#include "features/build.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define N_KINDS   8
#define N_THREADS 2
#define N_ROUNDS  3                   // each side; the script has the same number
#define FROM_S    INT64_C(1699920000) // a day edge, so that both sides mean the same windows
#define TO_S      (FROM_S + 60 * 86400)

static const char *const kinds[N_KINDS] = {"login", "view",     "search",  "play",
                                           "cart",  "purchase", "comment", "refund"};

static const char set_head[] = "signals:\n  - {name: any, events: \"*\"}\n";
static const char set_tail[] =
    "  - {signal: any, aggregates: [count, sum, days, max], windows: [1d, 3d, 7d, 14d, 30d]}\n"
    "  - {signal: [login, view, search, play, cart, purchase, comment, refund],\n"
    "     aggregates: [count, days_since_last], windows: [1d, 3d, 7d, 14d, 30d]}\n";

static const char script[] =
    "const{DuckDBInstance}=require(process.argv[1]+'/node_modules/@duckdb/node-api');(async()=>{"
    "const c=await(await DuckDBInstance.create(':memory:',{threads:'2'})).connect();"
    "const T=+process.argv[3],cols=[],K=process.argv[4].split(',');"
    "for(const w of[1,3,7,14,30]){const f=`filter(ts>=${T-w*86400})`;"
    "cols.push(`count(*) ${f} c${w}`,`sum(value) ${f} s${w}`,`max(value) ${f} m${w}`,"
    "`count(distinct ts//86400) ${f} d${w}`);"
    "for(const e of K)cols.push(`count(*) filter(ts>=${T-w*86400} and event='${e}') c${w}_${e}`)}"
    "for(const e of K)cols.push(`max(ts) filter(event='${e}') l_${e}`);"
    "await c.run(`create table ev as select * from read_csv('${process.argv[2]}',header=false,"
    "columns={'user_id':'VARCHAR','ts':'BIGINT','event':'VARCHAR','value':'DOUBLE'})`);const b=[];"
    "for(let i=0;i<3;i++){const t=process.hrtime.bigint();await c.run(`create or replace table o "
    "as "
    "select user_id,${cols.join(',')} from ev where ts<=${T} group by user_id`);"
    "b.push(Number(process.hrtime.bigint()-t)/1e9)}b.sort((x,y)=>x-y);"
    "const r=(await(await c.run('select count(*)::DOUBLE,sum(c30)::DOUBLE,sum(d30)::DOUBLE,"
    "sum(c3_play)::DOUBLE from o')).getRows())[0];console.log(b[1],r.join(' '))})();";

/* What both sides must agree on: rows, and three sums over all users. */
struct totals {
    double n_rows;
    double count_30d;
    double days_30d;
    double plays_3d;
};

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

// Fills a company, and writes the same events as CSV when there is a file.
static wl_status make_events(struct wl_company *company, size_t n_events, size_t n_users, FILE *csv)
{
    uint64_t random = UINT64_C(88172645463325252);
    struct wl_event event = {0};
    char user[16];

    memset(event.props, 0xFF, sizeof(event.props));
    for (uint64_t i = 0; i < n_events; i++) {
        uint64_t x = next_random(&random) % n_users;
        x = x * (next_random(&random) % n_users) / n_users;
        int64_t time_s = FROM_S + (int64_t)(next_random(&random) % (60 * 86400));
        uint64_t kind = next_random(&random) % N_KINDS;
        int64_t value = (int64_t)(next_random(&random) % 50000); // in hundredths
        (void)snprintf(user, sizeof(user), "u%07" PRIu64, x);
        event.event_us = event.received_us = time_s * WL_SECOND_US;
        event.value_e4 = value * 100;
        event.message_key = i;
        WL_TRY(wl_dict_intern(&company->users, wl_str_from(user), &event.user, NULL));
        WL_TRY(wl_dict_intern(&company->event_names, wl_str_from(kinds[kind]), &event.name, NULL));
        WL_TRY(wl_company_add_event(company, &event, NULL));
        if (csv != NULL) {
            (void)fprintf(csv, "%s,%" PRId64 ",%s,%" PRId64 ".%02d\n", user, time_s, kinds[kind],
                          value / 100, (int)(value % 100));
        }
    }
    return WL_OK;
}

static wl_status compile(struct wl_arena *arena, struct wl_plan **plan, wl_error *error)
{
    struct wl_plan_options options = {0};
    struct wl_node *root = NULL;
    struct wl_buf text;

    wl_buf_init(&text, wl_alloc_default(), 0);
    wl_buf_text(&text, set_head);
    for (size_t i = 0; i < N_KINDS; i++) {
        wl_buf_format(&text, "  - {name: %s, events: %s}\n", kinds[i], kinds[i]);
    }
    wl_buf_format(&text, "sets:\n%s", set_tail);
    wl_status status = wl_yaml_parse(arena, wl_buf_view(&text), &root, error);
    if (status == WL_OK) {
        status = wl_plan_compile(arena, root, &options, plan, error);
    }
    wl_buf_release(&text);
    return status;
}

static double column_sum(const struct wl_rows *rows, struct wl_str name)
{
    size_t f = wl_schema_find(rows->schema, name);
    double sum = 0.0;

    for (size_t i = 0; f != SIZE_MAX && i < rows->n_rows; i++) {
        sum += (double)rows->values[i * rows->schema->n_features + f];
    }
    return sum;
}

// Seconds for one build, the median; 0 on failure.
static double measure_ours(const struct wl_plan *plan, const struct wl_company *company,
                           struct totals *totals)
{
    int64_t date_us = TO_S * WL_SECOND_US;
    struct wl_features_request request = {.plan = plan,
                                          .company = company,
                                          .dates_us = &date_us,
                                          .n_dates = 1,
                                          .n_threads = N_THREADS};
    double taken_s[N_ROUNDS];

    for (size_t round = 0; round < N_ROUNDS; round++) {
        struct wl_rows rows;
        wl_error error = {0};
        double begin = bench_seconds();
        if (wl_features_build(&request, wl_alloc_default(), &rows, &error) != WL_OK) {
            (void)fprintf(stderr, "bench_features: %s\n", error.message);
            return 0.0;
        }
        taken_s[round] = bench_seconds() - begin;
        *totals = (struct totals){(double)rows.n_rows, column_sum(&rows, WL_STR("any_count_30d")),
                                  column_sum(&rows, WL_STR("any_days_30d")),
                                  column_sum(&rows, WL_STR("play_count_3d"))};
        wl_rows_release(&rows);
    }
    return bench_median(taken_s, N_ROUNDS);
}

// Seconds of DuckDB for the same, 0 when it is not there.
static double measure_peer(const char *folder, const char *csv, struct totals *totals)
{
    char command[4096];
    double seconds = 0.0;

    (void)snprintf(command, sizeof(command),
                   "node -e \"%s\" '%s' '%s' %" PRId64
                   " login,view,search,play,cart,purchase,comment,refund",
                   "$WL_BENCH_SCRIPT", folder, csv, TO_S);
    FILE *pipe = popen(command, "r");
    if (pipe == NULL) {
        return 0.0;
    }
    if (fscanf(pipe, "%lf %lf %lf %lf %lf", &seconds, &totals->n_rows, &totals->count_30d,
               &totals->days_30d, &totals->plays_3d) != 5) {
        seconds = 0.0;
    }
    (void)pclose(pipe);
    return seconds;
}

static int run(size_t n_events, size_t n_users)
{
    const char *folder = getenv("WL_DUCKDB_NODE");
    char path[] = "/tmp/wl_bench_features_XXXXXX";
    bool has_peer = folder != NULL && strchr(folder, '\'') == NULL;
    int handle = has_peer ? mkstemp(path) : -1;
    FILE *csv = handle >= 0 ? fdopen(handle, "w") : NULL;
    struct wl_arena arena;
    struct wl_company *company = NULL;
    struct wl_plan *plan = NULL;
    struct totals ours = {0};
    struct totals theirs = {0};
    wl_error error = {0};
    double seconds = 0.0;
    double peer_seconds = 0.0;

    wl_arena_init(&arena, wl_alloc_default(), 0);
    if (wl_company_new(wl_alloc_default(), &company, &error) == WL_OK &&
        make_events(company, n_events, n_users, csv) == WL_OK &&
        compile(&arena, &plan, &error) == WL_OK) {
        seconds = measure_ours(plan, company, &ours);
    }
    wl_company_free(company);
    wl_arena_release(&arena);
    if (csv != NULL) {
        (void)fclose(csv);
        (void)setenv("WL_BENCH_SCRIPT", script, 1);
        peer_seconds = measure_peer(folder, path, &theirs);
        (void)unlink(path);
    }
    double n = (double)n_events;
    printf("{\"bench\":\"features\",\"unit\":\"events/s\",\"ours\":%.0f,\"peer\":\"duckdb\",",
           seconds > 0.0 ? n / seconds : 0.0);
    if (peer_seconds > 0.0) {
        bool agrees = memcmp(&ours, &theirs, sizeof(ours)) == 0;
        printf("\"peer_value\":%.0f,\"ratio\":%.2f,\"threads\":%d,\"events\":%zu,\"agrees\":%s}\n",
               n / peer_seconds, peer_seconds / seconds, N_THREADS, n_events,
               agrees ? "true" : "false");
        return agrees && seconds > 0.0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    printf("\"peer_value\":null,\"ratio\":null,\"threads\":%d,\"events\":%zu}\n", N_THREADS,
           n_events);
    return seconds > 0.0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int n_words, char **words)
{
    int64_t n_events = 5000000;
    int64_t n_users = 125000;
    bool is_fine = n_words < 2 || wl_str_to_i64(wl_str_from(words[1]), &n_events);
    is_fine = is_fine && (n_words < 3 || wl_str_to_i64(wl_str_from(words[2]), &n_users));

    if (!is_fine || n_events < 1 || n_users < 1 || n_users > 9999999) {
        (void)fprintf(stderr, "usage: bench_features [EVENTS [USERS]]\n");
        return 2;
    }
    return run((size_t)n_events, (size_t)n_users);
}
