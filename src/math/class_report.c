/* Classification report. printf pads by bytes, so fields with Chinese text are padded here. */
#include "math/class_report.h"

#include <string.h>

size_t wl_text_columns(const char *text)
{
    size_t n = 0;

    for (const unsigned char *c = (const unsigned char *)text; *c != 0; c++) {
        if ((*c & 0xC0) == 0x80) {
            continue; // inside a character already counted
        }
        // Three-byte characters from U+1100 on (lead byte E1 84..) that Chinese text uses start at
        // U+2E80 (E2 BA); U+FF00 (EF BC) full-width forms too; four bytes are emoji and rare Han.
        bool is_wide = (*c == 0xE2 && c[1] >= 0xBA) || (*c >= 0xE3 && *c <= 0xED) ||
                       (*c == 0xEF && c[1] >= 0xBC && c[1] <= 0xBD) || *c >= 0xF0;
        n += is_wide ? 2 : 1;
    }
    return n;
}

static void put_spaces(struct wl_buf *buf, size_t used, size_t n_columns)
{
    for (size_t i = used; i < n_columns; i++) {
        wl_buf_char(buf, ' ');
    }
}

void wl_text_pad(struct wl_buf *buf, const char *text, size_t n_columns)
{
    put_spaces(buf, wl_text_columns(text), n_columns);
    wl_buf_text(buf, text);
}

void wl_text_pad_left(struct wl_buf *buf, const char *text, size_t n_columns)
{
    wl_buf_text(buf, text);
    put_spaces(buf, wl_text_columns(text), n_columns);
}

static double ratio_or_zero(double part, double whole)
{
    return whole > 0.0 ? part / whole : 0.0;
}

static double f1_of(double precision, double recall)
{
    return ratio_or_zero(2.0 * precision * recall, precision + recall);
}

struct wl_class_rates wl_class_rates_of(const struct wl_class_counts *counts, size_t i_class)
{
    size_t n = counts->n_classes;
    double hits = counts->counts[i_class * n + i_class];
    double said = 0.0;
    double support = 0.0;

    for (size_t c = 0; c < n; c++) {
        said += counts->counts[c * n + i_class];
        support += counts->counts[i_class * n + c];
    }
    return (struct wl_class_rates){.precision = ratio_or_zero(hits, said),
                                   .recall = ratio_or_zero(hits, support),
                                   .f1 = ratio_or_zero(2.0 * hits, said + support),
                                   .support = support};
}

struct wl_class_rates wl_class_rates_micro(const struct wl_class_counts *counts)
{
    size_t n = counts->n_classes;
    double hits = 0.0;
    double all = 0.0;

    for (size_t c = 0; c < n; c++) {
        hits += counts->counts[c * n + c];
        for (size_t k = 0; k < n; k++) {
            all += counts->counts[c * n + k];
        }
    }
    double share = ratio_or_zero(hits, all); // each row has one class: all three rates are equal
    return (struct wl_class_rates){share, share, f1_of(share, share), all};
}

static struct wl_class_rates mean_of(const struct wl_class_counts *counts, bool by_support)
{
    struct wl_class_rates mean = {0};
    double weights = 0.0;

    for (size_t c = 0; c < counts->n_classes; c++) {
        struct wl_class_rates rates = wl_class_rates_of(counts, c);
        double weight = by_support ? rates.support : 1.0;
        mean.precision += weight * rates.precision;
        mean.recall += weight * rates.recall;
        mean.f1 += weight * rates.f1;
        mean.support += rates.support;
        weights += weight;
    }
    mean.precision = ratio_or_zero(mean.precision, weights);
    mean.recall = ratio_or_zero(mean.recall, weights);
    mean.f1 = ratio_or_zero(mean.f1, weights);
    return mean;
}

struct wl_class_rates wl_class_rates_macro(const struct wl_class_counts *counts)
{
    return mean_of(counts, false);
}

struct wl_class_rates wl_class_rates_weighted(const struct wl_class_counts *counts)
{
    return mean_of(counts, true);
}

#define N_WORDS 7
static const char *const words_zh[N_WORDS] = {"精确率", "召回率", "F1",      "样本数",
                                              "微平均", "宏平均", "加权平均"};
static const char *const words_en[N_WORDS] = {"precision", "recall",    "f1-score",    "support",
                                              "micro avg", "macro avg", "weighted avg"};

static void put_line(struct wl_buf *text, const char *name, size_t width,
                     const struct wl_class_rates *rates)
{
    wl_text_pad(text, name, width);
    wl_buf_format(text, "  %9.4f %9.4f %9.4f %9.0f\n", rates->precision, rates->recall, rates->f1,
                  rates->support);
}

// The line of titles; width of the names' column.
static size_t put_titles(const char *const *names, size_t n_classes, const char *const *words,
                         struct wl_buf *text)
{
    size_t width = wl_text_columns("weighted avg");

    for (size_t c = 0; c < n_classes; c++) {
        size_t n = wl_text_columns(names[c]);
        width = n > width ? n : width;
    }
    wl_text_pad(text, "", width + 1);
    for (size_t i = 0; i < 4; i++) {
        wl_buf_char(text, ' ');
        wl_text_pad(text, words[i], 9);
    }
    wl_buf_text(text, "\n\n");
    return width;
}

void wl_class_report_rates(const char *const *names, const struct wl_class_rates *rates,
                           size_t n_classes, const char *language, struct wl_buf *text)
{
    const char *const *words = strcmp(language, "zh") == 0 ? words_zh : words_en;
    size_t width = put_titles(names, n_classes, words, text);

    for (size_t c = 0; c < n_classes; c++) {
        put_line(text, names[c], width, &rates[c]);
    }
    wl_buf_char(text, '\n');
    for (size_t i = 0; i < 3; i++) {
        put_line(text, words[4 + i], width, &rates[n_classes + i]);
    }
}

void wl_class_report_write(const struct wl_class_counts *counts, const char *language,
                           struct wl_buf *text)
{
    const char *const *words = strcmp(language, "zh") == 0 ? words_zh : words_en;
    size_t width = put_titles(counts->names, counts->n_classes, words, text);

    for (size_t c = 0; c < counts->n_classes; c++) {
        struct wl_class_rates rates = wl_class_rates_of(counts, c);
        put_line(text, counts->names[c], width, &rates);
    }
    wl_buf_char(text, '\n');
    struct wl_class_rates means[3] = {wl_class_rates_micro(counts), wl_class_rates_macro(counts),
                                      wl_class_rates_weighted(counts)};
    for (size_t i = 0; i < 3; i++) {
        put_line(text, words[4 + i], width, &means[i]);
    }
}
