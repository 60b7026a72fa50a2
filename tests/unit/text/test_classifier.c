/* Goal:   what all text classifiers share: dispatch, the best two labels, working memory that grows
 *         and keeps its content.
 * Method: a stand-in classifier with fixed probabilities; tables of probabilities and answers; a
 *         heap whose n-th request fails. */
#include "check.h"

#include "base/limits.h"
#include "text/classifier_inside.h"

static const char *const labels[] = {"ads", "price", "none"};
static size_t n_freed;

static wl_status stand_in_classify(const struct wl_text_classifier *classifier, struct wl_str text,
                                   struct wl_text_scratch *scratch, double *p, wl_error *error)
{
    (void)scratch;
    (void)error;
    for (size_t i = 0; i < classifier->about.n_labels; i++) {
        p[i] = text.n_bytes == i ? 1.0 : 0.0;
    }
    return WL_OK;
}

static void stand_in_free(struct wl_text_classifier *classifier)
{
    (void)classifier;
    n_freed++;
}

static struct wl_text_classifier stand_in(size_t n_labels)
{
    return (struct wl_text_classifier){.about = {.algorithm = "stand-in",
                                                 .labels = labels,
                                                 .n_labels = n_labels,
                                                 .none = 2,
                                                 .threshold = 0.5},
                                       .classify = stand_in_classify,
                                       .free = stand_in_free};
}

static void test_answers(void)
{
    static const struct {
        double p[3];
        uint32_t label;
        uint32_t second;
        bool abstains;
    } cases[] = {
        {{0.7, 0.2, 0.1}, 0, 1, false}, {{0.1, 0.2, 0.7}, 2, 1, false},
        {{0.2, 0.7, 0.1}, 1, 0, false}, {{0.4, 0.4, 0.2}, 0, 1, true}, // a tie: the lower number
        {{0.2, 0.4, 0.4}, 1, 2, true},  {{0.5, 0.5, 0.0}, 0, 1, false},
        {{0.0, 0.0, 0.0}, 0, 1, true},
    };
    struct wl_text_classifier classifier = stand_in(3);

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct wl_text_answer answer = wl_text_answer_of(&classifier, cases[i].p);
        CHECK_INT(answer.label, cases[i].label);
        CHECK_INT(answer.second, cases[i].second);
        CHECK_INT(answer.abstains, cases[i].abstains);
        CHECK(answer.p >= answer.p_second);
    }
    struct wl_text_classifier empty = stand_in(0);
    CHECK_INT(wl_text_answer_of(&empty, NULL).label, WL_TEXT_NO_LABEL);
    CHECK(wl_text_answer_of(&empty, NULL).abstains);
}

static void test_dispatch(void)
{
    struct wl_text_classifier classifier = stand_in(3);
    struct wl_str too_long = {.data = "", .n_bytes = WL_LINE_BYTES_MAX + 1};
    double p[3] = {0};
    wl_error error = {0};

    CHECK_INT(wl_text_classify(&classifier, WL_STR("x"), NULL, p, NULL), WL_OK);
    CHECK_CLOSE(p[1], 1.0, 0.0);
    CHECK_INT(wl_text_classify(&classifier, too_long, NULL, p, &error), WL_ELIMIT);
    CHECK_CLOSE(p[1], 1.0, 0.0);
    CHECK_INT(wl_text_classifier_label(&classifier, WL_STR("price")), 1);
    CHECK_INT(wl_text_classifier_label(&classifier, WL_STR("pric")), WL_TEXT_NO_LABEL);
    CHECK_STR(wl_text_classifier_about(&classifier)->algorithm, "stand-in");
    wl_text_classifier_free(&classifier);
    wl_text_classifier_free(NULL);
    CHECK_INT(n_freed, 1);
}

static wl_status use_room(const wl_alloc *alloc)
{
    struct wl_text_scratch *scratch = NULL;
    void *block = NULL;
    wl_status status = WL_OK;

    WL_GO(wl_text_scratch_new(alloc, &scratch, NULL));
    WL_GO(wl_scratch_room(scratch, WL_SCRATCH_HITS, 0, 8, &block, NULL));
    WL_GO(wl_scratch_room(scratch, WL_SCRATCH_HITS, 10, 8, &block, NULL));
    ((unsigned char *)block)[79] = 7;
    WL_GO(wl_scratch_room(scratch, WL_SCRATCH_HITS, 1000, 8, &block, NULL));
    CHECK_INT(((unsigned char *)block)[79], 7);
    CHECK_INT(((unsigned char *)block)[80], 0);
    CHECK_INT(((unsigned char *)block)[7999], 0);
    CHECK_INT(wl_scratch_room(scratch, WL_SCRATCH_HITS, SIZE_MAX, 8, &block, NULL), WL_ENOMEM);
done:
    wl_text_scratch_free(scratch);
    return status;
}

static void test_room(void)
{
    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        check_heap_init(&heap, n_good);
        wl_status status = use_room(&heap.alloc);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good >= 3);
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
    wl_text_scratch_free(NULL);
}

int main(void)
{
    RUN(test_answers);
    RUN(test_dispatch);
    RUN(test_room);
    return check_report();
}
