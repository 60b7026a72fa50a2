/* Files of rules, and texts read with them: neither crashes, a failure says why, points are never
 * negative or infinite, and a file that was accepted reads any text. The first line end parts the
 * input: before it a text, behind it the file. */
#include "fuzz.h"

#include "text/rules.h"

#include <math.h>

static void check_points(const struct wl_text_classifier *classifier, struct wl_str text)
{
    struct wl_text_scratch *scratch = NULL;
    double points[1000];
    size_t n_labels = wl_text_classifier_about(classifier)->n_labels;

    WL_ASSERT(wl_text_scratch_new(wl_alloc_default(), &scratch, NULL) == WL_OK);
    for (int i = 0; i < 2; i++) { // what is left in the scratch must not show
        WL_ASSERT(wl_rules_score(classifier, text, scratch, points, NULL, NULL, NULL) == WL_OK);
    }
    for (size_t i = 0; i < n_labels; i++) {
        WL_ASSERT(points[i] >= 0.0 && isfinite(points[i]));
    }
    WL_ASSERT(wl_text_classify(classifier, text, scratch, points, NULL) == WL_OK);
    for (size_t i = 0; i < n_labels; i++) {
        WL_ASSERT(points[i] >= 0.0 && points[i] <= 1.0);
    }
    wl_text_scratch_free(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_str rest = {.data = (const char *)data, .n_bytes = n_bytes};
    struct wl_str text = wl_str_cut(&rest, '\n');
    struct wl_rules_file file = {.name = "f.yaml", .text = rest};
    struct wl_text_classifier *classifier = NULL;
    wl_error error = {0};

    wl_status status = wl_rules_open(wl_alloc_default(), &file, 1, &classifier, &error);
    fuzz_check_status(status, &error);
    if (status == WL_OK) {
        check_points(classifier, text);
        check_points(classifier, rest);
    }
    wl_text_classifier_free(classifier);
    return 0;
}
