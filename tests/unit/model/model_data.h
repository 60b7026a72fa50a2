/* Made-up customers for the model tests: numbers with gaps, a heavy tail, a flag and a category,
 * and a label that depends on them through a known formula. */
#ifndef WL_TESTS_UNIT_MODEL_MODEL_DATA_H
#define WL_TESTS_UNIT_MODEL_MODEL_DATA_H
#include "check.h"

#include "data/rows.h"

#define DATA_FEATURES 6

static const struct wl_feature_column data_columns[DATA_FEATURES] = {
    {"order_days_since_last", WL_FEATURE_NUMBER},
    {"order_sum_90d", WL_FEATURE_NUMBER},
    {"order_activity_30d", WL_FEATURE_NUMBER},
    {"is_member", WL_FEATURE_BOOL},
    {"plan", WL_FEATURE_CATEGORY},
    {"noise", WL_FEATURE_NUMBER},
};

static const struct wl_schema data_schema = {
    .columns = data_columns,
    .n_features = DATA_FEATURES,
    .hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"};

static inline double data_unit(uint64_t *state)
{
    return (double)(check_rand(state) >> 11) * 0x1.0p-53;
}

static inline float data_level(struct wl_rows *rows, const char *text)
{
    float code = 0.0F;
    CHECK_INT(wl_rows_note_level(rows, wl_str_from(text), &code, NULL), WL_OK);
    return code;
}

/* One customer; returns the label. */
static inline uint8_t data_add(struct wl_rows *rows, size_t i_user, uint64_t *state)
{
    static const char *const plans[] = {"basic", "plus", "\xE4\xBC\x9A\xE5\x91\x98", "rare"};
    char user[32];
    float *values = NULL;
    double days = 90.0 * data_unit(state);
    double sum = exp(2.0 + 3.0 * data_unit(state) * data_unit(state) * 2.0);
    double activity = 100.0 * data_unit(state);
    bool is_member = data_unit(state) < 0.4;
    size_t plan = data_unit(state) < 0.001 ? 3 : (size_t)(3.0 * data_unit(state));
    bool is_gap = data_unit(state) < 0.15;
    double z = -1.0 + 0.03 * (days - 45.0) - 0.02 * (activity - 50.0) - 0.8 * is_member +
               (plan == 0 ? 0.7 : 0.0) + (is_gap ? 0.5 : 0.0) - 0.2 * log(sum);

    (void)snprintf(user, sizeof(user), "u%zu", i_user);
    CHECK_INT(wl_rows_add(rows, wl_str_from(user), 0, &values, NULL), WL_OK);
    values[0] = (float)days;
    values[1] = is_gap ? NAN : (float)sum;
    values[2] = data_unit(state) < 0.05 ? NAN : (float)activity;
    values[3] = is_member ? 1.0F : 0.0F;
    values[4] = data_unit(state) < 0.03 ? NAN : data_level(rows, plans[plan]);
    values[5] = (float)data_unit(state);
    return data_unit(state) < 1.0 / (1.0 + exp(-z));
}

/* N customers and their labels (N). */
static inline void data_make(struct wl_rows *rows, size_t N, uint64_t seed, uint8_t *labels)
{
    uint64_t state = seed;

    wl_rows_init(rows, wl_alloc_default(), &data_schema);
    for (size_t i = 0; i < N; i++) {
        labels[i] = data_add(rows, i, &state);
    }
}

/* Area under the ROC curve by comparing all pairs: slow and plain. */
static inline double data_auc(const double *scores, const uint8_t *labels, size_t N)
{
    double wins = 0.0;
    double pairs = 0.0;

    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; labels[i] && j < N; j++) {
            if (!labels[j]) {
                pairs += 1.0;
                wins += scores[i] > scores[j] ? 1.0 : (scores[i] == scores[j] ? 0.5 : 0.0);
            }
        }
    }
    return wins / pairs;
}

#endif
