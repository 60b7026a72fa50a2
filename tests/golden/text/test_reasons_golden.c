/* Goal:   the built-in taxonomy reads short texts of both languages as people do: what is said, what
 *         is negated, and what only looks like a reason.
 * Method: reasons.tsv, labels and a text in each line, "-" for none, written by hand; a planted
 *         fault: without the words that negate, texts like "不卡" and "no ads" are misread. */
#include "check.h"

#include "base/file.h"
#include "text/rules.h"

static struct wl_text_classifier *open_rules(struct wl_str text)
{
    struct wl_rules_file file = {.name = "reasons.yaml", .text = text};
    struct wl_text_classifier *classifier = NULL;
    wl_error error = {0};

    CHECK_INT(wl_rules_open(wl_alloc_default(), &file, 1, &classifier, &error), WL_OK);
    CHECK_STR(error.message, "");
    return classifier;
}

// Whether the labels that got points are exactly those named.
static bool agrees(const struct wl_text_classifier *classifier, struct wl_str labels,
                   const double *points)
{
    size_t n_named = 0;
    size_t n_said = 0;

    for (size_t i = 0; i < wl_text_classifier_about(classifier)->n_labels; i++) {
        n_said += points[i] > 0.0;
    }
    while (labels.n_bytes > 0 && !wl_str_is(labels, "-")) {
        uint32_t label = wl_text_classifier_label(classifier, wl_str_cut(&labels, ','));
        CHECK(label != WL_TEXT_NO_LABEL);
        if (label == WL_TEXT_NO_LABEL || !(points[label] > 0.0)) {
            return false;
        }
        n_named++;
    }
    return n_named == n_said;
}

// How many lines are misread; says which when asked to.
static size_t count_wrong(const struct wl_text_classifier *classifier, bool is_loud, size_t *n)
{
    struct wl_text_scratch *scratch = NULL;
    struct wl_lines *lines = NULL;
    struct wl_str line;
    double points[WL_TEXT_LABELS_MAX];
    size_t n_wrong = 0;
    bool got = true;

    *n = 0;
    CHECK_INT(wl_text_scratch_new(wl_alloc_default(), &scratch, NULL), WL_OK);
    CHECK_INT(wl_lines_open(WL_SOURCE_DIR "/tests/golden/text/reasons.tsv", wl_alloc_default(),
                            &lines, NULL),
              WL_OK);
    while (wl_lines_next(lines, &line, &got, NULL) == WL_OK && got) {
        struct wl_str text = line;
        struct wl_str labels = wl_str_cut(&text, '\t');
        CHECK_INT(wl_rules_score(classifier, text, scratch, points, NULL, NULL, NULL), WL_OK);
        if (!agrees(classifier, labels, points)) {
            n_wrong++;
            if (is_loud) {
                fprintf(stderr, "misread: %.*s\n", WL_STR_ARG(line));
            }
        }
        ++*n;
    }
    wl_lines_close(lines);
    wl_text_scratch_free(scratch);
    return n_wrong;
}

static void test_every_line(void)
{
    struct wl_str text;
    size_t n = 0;

    CHECK(wl_rules_builtin("reasons", &text));
    struct wl_text_classifier *classifier = open_rules(text);
    CHECK_INT(count_wrong(classifier, true, &n), 0);
    CHECK(n > 200);
    wl_text_classifier_free(classifier);
}

static void test_planted_fault(void)
{
    struct wl_str text;
    struct wl_buf copy;
    size_t n = 0;

    CHECK(wl_rules_builtin("reasons", &text));
    wl_buf_init(&copy, wl_alloc_default(), 0);
    wl_buf_str(&copy, text);
    char *reach = strstr(copy.data, "\nreach: 3\n");
    CHECK(reach != NULL);
    char *breaks = strstr(copy.data, "\nbreaks:");
    CHECK(breaks != NULL);
    for (char *at = reach + 10; at < breaks; at++) { // the list of negators becomes a comment
        bool begins_line = at[-1] == '\n';
        *at = begins_line ? '#' : *at;
    }
    struct wl_text_classifier *classifier = open_rules(wl_buf_view(&copy));
    CHECK(count_wrong(classifier, false, &n) > 20);
    wl_text_classifier_free(classifier);
    wl_buf_release(&copy);
}

int main(void)
{
    RUN(test_every_line);
    RUN(test_planted_fault);
    return check_report();
}
