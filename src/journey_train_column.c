/* An interval for the AUC where rows of one customer are not independent. */
#include "journey_train_column.h"

#include "math/ranked.h"
#include "math/statistics.h"

#include <math.h>

#define Z_ONE_SIDED 1.6449 /* 95 %: one side, because only a gain counts */

wl_status wl_column_judge(const wl_alloc *alloc, const struct wl_column_proof *proof,
                          double *auc_out, double *low_out, wl_error *error)
{
    size_t n = proof->n;
    double *part = wl_alloc_array(alloc, n + 1, sizeof(*part));
    double *of_group = wl_alloc_zeroed(alloc, proof->n_groups + 1, sizeof(*of_group));
    struct wl_ranked ranked = {0};
    double n_of[2] = {0.0, 0.0};
    double variance = 0.0;
    wl_status status = WL_OK;

    if (part == NULL || of_group == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory to judge %zu rows", n);
        goto done;
    }
    WL_GO(wl_ranked_init(&ranked, alloc, proof->p, proof->y, n, error));
    double auc = wl_auc(&ranked, NULL);
    wl_delong_parts(&ranked, part);
    for (size_t i = 0; i < n; i++) {
        n_of[proof->y[i]] += 1.0;
    }
    for (size_t i = 0; i < n; i++) {
        of_group[proof->group[i]] += (part[i] - auc) / n_of[proof->y[i]];
    }
    for (size_t g = 0; g < proof->n_groups; g++) {
        variance += of_group[g] * of_group[g];
    }
    *auc_out = auc;
    *low_out = auc - Z_ONE_SIDED * sqrt(variance);
done:
    wl_ranked_release(&ranked);
    wl_alloc_free(alloc, part);
    wl_alloc_free(alloc, of_group);
    return status;
}
