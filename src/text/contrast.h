/* Words that separate two groups of texts: those of customers who left and those who stayed.
 *
 * What is counted is texts, not words: who writes "ads ads ads" is one person. A word that both
 * groups use alike has a log-odds ratio near 0, however frequent it is, and cannot come first; a
 * rare word that only one group uses is held back by the prior, which knows it to be rare. */
#ifndef WL_TEXT_CONTRAST_H
#define WL_TEXT_CONTRAST_H
#include "text/keyword_matrix.h"

/* How many texts of each group hold a word. */
struct wl_contrast_counts {
    uint32_t n_with[2]; /* group A, group B */
    uint32_t n_texts[2];
};

struct wl_contrast {
    uint32_t term;
    struct wl_contrast_counts counts;
    double log_odds; /* log of the odds ratio A to B, drawn towards 0 by the prior */
    double low;      /* 95 % interval */
    double high;
    double z;          /* log_odds / its standard deviation */
    double chi_square; /* Pearson's, one degree of freedom, without correction */
    double p;          /* of the chi-square */
    double p_adjusted; /* Benjamini-Hochberg over all words that were compared */
};

#define WL_CONTRAST_PRIOR 0.1  /* the prior weighs a tenth of the texts */
#define WL_CONTRAST_LEVEL 0.05 /* share of false finds among those marked */

/* wl_contrast_of - all of a word's figures but term and p_adjusted (which is p). Both groups must
 * have texts (our caller's bug otherwise).
 *   prior  (in) weight of the prior as a share of all texts, above 0.
 * Source:  Monroe, Colaresi & Quinn 2008, "Fightin' words", Political Analysis 16(4), eq. 16-22,
 *          with texts in the place of words and the variance of all four counts; Pearson 1900. */
struct wl_contrast wl_contrast_of(const struct wl_contrast_counts *counts, double prior);

struct wl_contrast_options {
    uint32_t min_df;    /* a word in fewer texts, both groups together, is not compared */
    double prior;       /* WL_CONTRAST_PRIOR */
    bool by_chi_square; /* rank by chi-square, signed by the direction, instead of z */
};

/* wl_contrast_rank - all words that are compared, those of group A first: falling z, ties by term.
 *   group    (in)  (n_texts of matrix) 0: group A, 1: group B, other: left out.
 *   skip     (in)  (n_terms) words that are not compared; NULL: none.
 *   results  (out) given: free with wl_alloc_free of alloc; NULL when there are none.
 * Errors:  WL_EGATE  a group has no text.  WL_ENOMEM.
 * Source:  Benjamini & Hochberg 1995 for p_adjusted. */
WL_MUST_CHECK wl_status wl_contrast_rank(const wl_alloc *alloc, const struct wl_term_matrix *matrix,
                                         const uint8_t *group, const bool *skip,
                                         const struct wl_contrast_options *options,
                                         struct wl_contrast **results, size_t *n_results,
                                         wl_error *error);

#endif
