/* What columns share that other models fill (texts, sequences of events): whether they earn their
 * place. Linked into the program only. */
#ifndef WL_JOURNEY_TRAIN_COLUMN_H
#define WL_JOURNEY_TRAIN_COLUMN_H
#include "base/alloc.h"
#include "base/error.h"

/* Probabilities by models that have not seen the group, and what became of the rows; borrowed. */
struct wl_column_proof {
    const double *p;       /* (n) */
    const uint8_t *y;      /* (n) 1 left */
    const uint32_t *group; /* (n) below n_groups: rows that belong together, as a customer's */
    size_t n;
    size_t n_groups;
};

/* wl_column_judge - AUC of held-out probabilities and the lower end of its interval, 95 % on one
 * side. A column whose low is not above 0.5 is left empty: noise that rows share costs more than it
 * brings.
 * Cost:    O(n log n + n_groups).
 * Errors:  WL_EINVAL  a class is missing or p is not finite.  WL_ENOMEM.
 * Source:  variance by group: Obuchowski 1997, Biometrics 53(2), leavers' and stayers' parts in one
 *          sum. */
WL_MUST_CHECK wl_status wl_column_judge(const wl_alloc *alloc, const struct wl_column_proof *proof,
                                        double *auc_out, double *low_out, wl_error *error);

#endif
