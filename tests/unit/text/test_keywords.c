/* Goal:   rarities and keywords are as documented; a damaged file of rarities is refused; a failed
 *         allocation leaves nothing behind; TextRank equals its definition.
 * Method: lists of a few words with weights worked out by hand; every byte of a file flipped and
 *         every prefix of it refused; a plain twin of TextRank over a matrix, with a planted fault
 *         that it must see. */
#include "check.h"

#include "text/keywords.h"
#include "text_dict.h"

#define LIST "会员 5.5\n取消会员 8\n北京 2\n会员 6\n"

static void make_idf(struct wl_buf *bytes)
{
    wl_buf_init(bytes, wl_alloc_default(), 0);
    CHECK_INT(wl_idf_make(wl_alloc_default(), WL_STR(LIST), bytes, NULL), WL_OK);
}

static void test_rarities(void)
{
    struct wl_buf bytes;
    struct wl_idf idf = {0};

    make_idf(&bytes);
    CHECK_INT(wl_idf_from(wl_buf_view(&bytes), wl_alloc_default(), &idf, NULL), WL_OK);
    CHECK_CLOSE(wl_idf_of(&idf, WL_STR("会员")), 6.0, 0.0); // the last line wins
    CHECK_CLOSE(wl_idf_of(&idf, WL_STR("北京")), 2.0, 0.0);
    CHECK_CLOSE(wl_idf_of(&idf, WL_STR("北京人")), 6.0, 0.0); // the median of 2, 6, 8
    CHECK_CLOSE(wl_idf_of(&idf, WL_STR("")), 6.0, 0.0);
    wl_idf_release(&idf);
    wl_buf_release(&bytes);
}

static void test_bad_lists_are_refused(void)
{
    static const char *const lists[] = {"", "会员\n", "会员 x\n", "会员 nan\n", " 3\n", "\xff 3\n"};
    struct wl_buf out;

    wl_buf_init(&out, wl_alloc_default(), 0);
    for (size_t i = 0; i < COUNT(lists); i++) {
        CHECK(wl_idf_make(wl_alloc_default(), wl_str_from(lists[i]), &out, NULL) != WL_OK);
    }
    CHECK_INT(out.n_bytes, 0);
    wl_buf_release(&out);
}

static void test_damage_is_seen(void)
{
    struct wl_buf bytes;
    struct wl_idf idf = {0};

    make_idf(&bytes);
    for (size_t i = 0; i < bytes.n_bytes; i += i < 64 ? 1 : 7) {
        struct wl_str part = {.data = bytes.data, .n_bytes = i};
        CHECK(wl_idf_from(part, wl_alloc_default(), &idf, NULL) != WL_OK);
        bytes.data[i] ^= 1;
        CHECK(wl_idf_from(wl_buf_view(&bytes), wl_alloc_default(), &idf, NULL) != WL_OK);
        bytes.data[i] ^= 1;
    }
    CHECK(idf.weight == NULL);
    wl_buf_release(&bytes);
    CHECK_INT(wl_idf_open("/nowhere/zh.wlidf", wl_alloc_default(), &idf, NULL), WL_ENOTFOUND);
}

struct world {
    struct wl_segmenter *segmenter;
    struct wl_idf idf;
    struct wl_keywords keywords;
};

static wl_status open_world(struct world *world, const wl_alloc *alloc)
{
    struct wl_buf bytes;
    struct wl_buf rarities;

    *world = (struct world){0};
    wl_keywords_init(&world->keywords, alloc);
    CHECK_INT(text_dict_make(&bytes), WL_OK);
    make_idf(&rarities);
    wl_status status = wl_segmenter_from(wl_buf_view(&bytes), alloc, &world->segmenter, NULL);
    if (status == WL_OK) {
        status = wl_idf_from(wl_buf_view(&rarities), alloc, &world->idf, NULL);
    }
    wl_buf_release(&bytes);
    wl_buf_release(&rarities);
    return status;
}

static void close_world(struct world *world)
{
    wl_keywords_release(&world->keywords);
    wl_idf_release(&world->idf);
    wl_segmenter_close(world->segmenter);
}

static void test_keywords(void)
{
    struct wl_str text = WL_STR("北京会员，北京，取消会员 The of 我");
    struct wl_keyword_filter filter = {0};
    struct world world;

    CHECK_INT(open_world(&world, wl_alloc_default()), WL_OK);
    CHECK_INT(
        wl_keywords_tfidf(world.segmenter, &world.idf, &filter, text, 0, &world.keywords, NULL),
        WL_OK);
    CHECK_INT(world.keywords.n_items, 3); // one character and jieba's stop words are none
    CHECK_CLOSE(world.keywords.items[0].weight, 8.0 / 4.0, 1e-15);
    CHECK_CLOSE(world.keywords.items[1].weight, 6.0 / 4.0, 1e-15);
    CHECK_CLOSE(world.keywords.items[2].weight, 2 * 2.0 / 4.0, 1e-15);
    CHECK_INT(world.keywords.items[2].count, 2);
    CHECK_INT(wl_keyword_filter_set(&filter, world.segmenter, WL_STR("ns, bogus"), NULL), WL_OK);
    CHECK_INT(
        wl_keywords_tfidf(world.segmenter, &world.idf, &filter, text, 0, &world.keywords, NULL),
        WL_OK);
    CHECK_INT(world.keywords.n_items, 1);
    CHECK_INT(wl_keyword_filter_set(&filter, world.segmenter, WL_STR("bogus"), NULL), WL_EINVAL);
    CHECK_INT(wl_keywords_rank(world.segmenter, &filter, WL_STR(""), 0, &world.keywords, NULL),
              WL_OK);
    CHECK_INT(world.keywords.n_items, 0);
    close_world(&world);
}

static void test_every_allocation_may_fail(void)
{
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct world world;
        struct wl_str text = WL_STR("北京会员，北京，取消会员");
        struct wl_keyword_filter filter = {0};

        check_heap_init(&heap, n_good);
        wl_status status = open_world(&world, &heap.alloc);
        if (status == WL_OK) {
            status = wl_keywords_tfidf(world.segmenter, &world.idf, &filter, text, 2,
                                       &world.keywords, NULL);
        }
        if (status == WL_OK) {
            CHECK_INT(wl_keyword_filter_set(&filter, world.segmenter, WL_STR(WL_RANK_TAGS), NULL),
                      WL_OK);
            status = wl_keywords_rank(world.segmenter, &filter, text, 2, &world.keywords, NULL);
        }
        CHECK(status == WL_OK || status == WL_ENOMEM);
        close_world(&world);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            break;
        }
    }
}

/* -- TextRank by its definition -- */

#define N_WORDS  9
#define N_PLACES 60

static void rank_plainly(const uint32_t *places, size_t n_places, double damping, double *weights)
{
    double near[N_WORDS][N_WORDS] = {{0.0}};
    double sum[N_WORDS] = {0.0};
    double n_nodes = 0.0;
    double low = 1e300;
    double high = 0.0;

    for (size_t i = 0; i < n_places; i++) {
        for (size_t j = i + 1; j < n_places && j < i + WL_RANK_WINDOW; j++) {
            if (places[i] != WL_RANK_NONE && places[j] != WL_RANK_NONE) {
                near[places[i]][places[j]] += 1.0;
                near[places[j]][places[i]] += 1.0;
            }
        }
    }
    for (size_t i = 0; i < N_WORDS; i++) {
        for (size_t j = 0; j < N_WORDS; j++) {
            sum[i] += near[i][j];
        }
        n_nodes += sum[i] > 0.0;
    }
    for (size_t i = 0; i < N_WORDS; i++) {
        weights[i] = sum[i] > 0.0 ? 1.0 / n_nodes : 0.0;
    }
    for (int round = 0; round < 10; round++) {
        for (size_t i = 0; i < N_WORDS; i++) {
            double in = 0.0;
            for (size_t j = 0; j < N_WORDS; j++) {
                in += near[i][j] > 0.0 ? near[i][j] / sum[j] * weights[j] : 0.0;
            }
            weights[i] = sum[i] > 0.0 ? 1.0 - damping + damping * in : 0.0;
        }
    }
    for (size_t i = 0; i < N_WORDS; i++) {
        low = sum[i] > 0.0 ? fmin(low, weights[i]) : low;
        high = fmax(high, weights[i]);
    }
    for (size_t i = 0; i < N_WORDS; i++) {
        weights[i] = sum[i] > 0.0 ? (weights[i] - low / 10.0) / (high - low / 10.0) : 0.0;
    }
}

static void test_rank_equals_its_definition(void)
{
    struct wl_rank rank;
    uint64_t seed = check_seed();
    size_t n_faults_seen = 0;

    wl_rank_init(&rank, wl_alloc_default());
    for (size_t round = 0; round < 200; round++) {
        uint32_t places[N_PLACES];
        uint32_t order[N_WORDS];
        double got[N_WORDS];
        double want[N_WORDS];
        double faulty[N_WORDS];
        size_t n = check_rand(&seed) % N_PLACES;
        for (size_t i = 0; i < n; i++) {
            uint64_t word = check_rand(&seed) % (2 * N_WORDS);
            places[i] = word < N_WORDS ? (uint32_t)word : WL_RANK_NONE;
        }
        for (uint32_t i = 0; i < N_WORDS; i++) {
            order[i] = i;
        }
        CHECK_INT(wl_rank_words(&rank, places, n, order, N_WORDS, got, NULL), WL_OK);
        rank_plainly(places, n, 0.85, want);
        rank_plainly(places, n, 0.86, faulty);
        bool is_fault_seen = false;
        for (size_t i = 0; i < N_WORDS; i++) {
            CHECK_CLOSE(got[i], want[i], 1e-12); // other orders of at most 100 additions
            is_fault_seen = is_fault_seen || fabs(got[i] - faulty[i]) > 1e-12;
        }
        n_faults_seen += is_fault_seen;
    }
    CHECK(n_faults_seen > 100); // not where all weights are equal by symmetry
    wl_rank_release(&rank);
}

int main(void)
{
    RUN(test_rarities);
    RUN(test_bad_lists_are_refused);
    RUN(test_damage_is_seen);
    RUN(test_keywords);
    RUN(test_every_allocation_may_fail);
    RUN(test_rank_equals_its_definition);
    return check_report();
}
