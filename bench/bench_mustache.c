/* Renders of one message template with new values each time, beside npm's mustache in the same run.
 *
 * The template and values are those of the reference figure (0.61 M renders/s for mustache 4). Both
 * sides render it with HTML escaping from a compiled template and a fresh set of values; ours
 * builds its tree of values inside the loop, as theirs builds its object.
 * WL_MUSTACHE_NODE: a folder whose node_modules holds mustache; without it the peer is null. */
#include "bench.h"

#include "compose/mustache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_RENDERS 5000000
#define N_ROUNDS  5
#define N_VALUES  7

static const char source[] = "亲爱的{{name}}，您在过去{{days}}天登录{{n}}次，平时约{{base}}次。{{#"
                             "vip}}作为{{level}}会员，{{/vip}}"
                             "我们为您准备了{{offer}}，有效期至下周五。Dear customer we would love "
                             "to have you back and have "
                             "prepared something for you, please have a look whenever you like it.";

static const char script[] =
    "const m=require(process.argv[1]+'/node_modules/mustache');const t=process.argv[2];"
    "const go=N=>{const s=process.hrtime.bigint();let k=0;for(let i=0;i<N;i++)"
    "k+=m.render(t,{name:'u'+i,days:7,n:3,base:9,vip:i&1,level:'金卡',offer:'7天体验'}).length;"
    "return N/(Number(process.hrtime.bigint()-s)/1e9)};go(100000);"
    "console.log([1,2,3,4,5].map(()=>go(300000)).sort((x,y)=>x-y)[2])";

static void set_value(struct wl_node *node, struct wl_node *next, const char *key,
                      enum wl_node_kind kind, struct wl_str text, double number)
{
    *node = (struct wl_node){
        .kind = kind, .key = wl_str_from(key), .text = text, .number = number, .next = next};
}

static void set_values(struct wl_node *values, size_t i, char *name)
{
    size_t n = 0;
    char digits[24];
    size_t n_digits = 0;
    struct wl_node *v = values + 1;

    for (size_t rest = i; rest > 0 || n_digits == 0; rest /= 10) {
        digits[n_digits++] = (char)('0' + rest % 10);
    }
    name[n++] = 'u';
    while (n_digits > 0) {
        name[n++] = digits[--n_digits];
    }
    values[0] = (struct wl_node){.kind = WL_NODE_MAP, .first = v, .n_children = N_VALUES};
    set_value(v, v + 1, "name", WL_NODE_STRING, (struct wl_str){.data = name, .n_bytes = n}, 0);
    set_value(v + 1, v + 2, "days", WL_NODE_NUMBER, WL_STR("7"), 7);
    set_value(v + 2, v + 3, "n", WL_NODE_NUMBER, WL_STR("3"), 3);
    set_value(v + 3, v + 4, "base", WL_NODE_NUMBER, WL_STR("9"), 9);
    set_value(v + 4, v + 5, "vip", WL_NODE_BOOL, WL_STR("true"), (double)(i & 1));
    set_value(v + 5, v + 6, "level", WL_NODE_STRING, WL_STR("金卡"), 0);
    set_value(v + 6, NULL, "offer", WL_NODE_STRING, WL_STR("7天体验"), 0);
}

// Renders per second, the median of the rounds; 0 on failure.
static double measure_ours(void)
{
    struct wl_arena arena;
    struct wl_buf out;
    struct wl_mustache *made = NULL;
    struct wl_node values[N_VALUES + 1];
    struct wl_mustache_input input = {.root = values, .escape = WL_ESCAPE_HTML};
    char name[32];
    double rates[N_ROUNDS] = {0.0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_buf_init(&out, wl_alloc_default(), 0);
    wl_status status = wl_mustache_compile(&arena, "bench", wl_str_from(source), WL_MUSTACHE_STRICT,
                                           &made, NULL, NULL);
    for (size_t round = 0; round < N_ROUNDS && status == WL_OK; round++) {
        double begin = bench_seconds();
        for (size_t i = 0; i < N_RENDERS / N_ROUNDS && status == WL_OK; i++) {
            wl_buf_clear(&out);
            set_values(values, i, name);
            status = wl_mustache_render(made, &input, &out, NULL);
        }
        rates[round] = (double)N_RENDERS / N_ROUNDS / (bench_seconds() - begin);
    }
    wl_buf_release(&out);
    wl_arena_release(&arena);
    return status == WL_OK ? bench_median(rates, N_ROUNDS) : 0.0;
}

static double measure_peer(void)
{
    const char *folder = getenv("WL_MUSTACHE_NODE");
    char command[2048];
    double rate = 0.0;

    if (folder == NULL || strchr(folder, '\'') != NULL) {
        return 0.0;
    }
    (void)snprintf(command, sizeof(command), "node -e \"%s\" '%s' '%s'", script, folder, source);
    FILE *pipe = popen(command, "r");
    if (pipe == NULL) {
        return 0.0;
    }
    if (fscanf(pipe, "%lf", &rate) != 1) {
        rate = 0.0;
    }
    (void)pclose(pipe);
    return rate;
}

int main(void)
{
    double ours = measure_ours();
    double peer = measure_peer();

    printf(
        "{\"bench\":\"mustache\",\"unit\":\"renders/s\",\"ours\":%.0f,\"peer\":\"mustache.js 4\",",
        ours);
    if (peer > 0.0) {
        printf("\"peer_value\":%.0f,\"ratio\":%.2f,\"threads\":1}\n", peer, ours / peer);
    } else {
        printf("\"peer_value\":null,\"ratio\":null,\"threads\":1}\n");
    }
    return ours > 0.0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
