/* Goal:   no failed allocation and no damaged byte gets past the model reader: it reports, leaves
 *         nothing behind, and hands out no half model.
 * Method: fail allocation n for n = 0.. until success, for decode, encoder and training; every cut
 *         and every flipped byte of a file, with the digest left wrong and with it made right
 *         again, so that the checks behind it are reached too. */
#include "../../unit/model/model_data.h"
#include "../../unit/model/model_samples.h"

#include "base/limits.h"
#include "base/sha256.h"
#include "model/registry.h"
#include "model/train.h"

static void encode_sample(enum wl_algorithm algorithm, struct wl_buf *bytes)
{
    struct wl_model *model = NULL;

    wl_buf_init(bytes, wl_alloc_default(), 0);
    CHECK_INT(sample_make(wl_alloc_default(), algorithm, &model, NULL), WL_OK);
    wl_model_encode(model, bytes);
    wl_model_free(model);
}

static void test_decode_survives_every_failed_allocation(void)
{
    for (int a = WL_ALGORITHM_XGBOOST; a <= WL_ALGORITHM_LSTM; a++) {
        struct wl_buf bytes;
        encode_sample((enum wl_algorithm)a, &bytes);
        for (size_t n_good = 0;; n_good++) {
            struct check_heap heap;
            struct wl_model *model = NULL;
            check_heap_init(&heap, n_good);
            wl_status status = wl_model_decode(&heap.alloc, wl_buf_view(&bytes), &model, NULL);
            CHECK((model != NULL) == (status == WL_OK));
            wl_model_free(model);
            CHECK_INT(heap.live_blocks, 0);
            if (status == WL_OK) {
                CHECK(n_good >= 2);
                break;
            }
            CHECK_INT(status, WL_ENOMEM);
        }
        wl_buf_release(&bytes);
    }
}

static void test_training_survives_every_failed_allocation(void)
{
    static uint8_t labels[150];
    struct wl_train_options options;
    struct wl_rows rows;
    struct wl_train_data data = {.set = {.rows = &rows, .n = 150}, .labels = labels};

    data_make(&rows, 150, 3, labels);
    wl_train_options_init(&options);
    options.trees = 2;
    for (int a = WL_ALGORITHM_XGBOOST; a <= WL_ALGORITHM_RULE; a++) {
        options.algorithm = a;
        options.calibration = WL_CALIBRATION_ISOTONIC;
        size_t step = a == WL_ALGORITHM_XGBOOST ? 23 : 5; // each try trains: take a sample
        for (size_t n_good = 0;; n_good += n_good < 40 ? 1 : step) {
            struct check_heap heap;
            struct wl_model *model = NULL;
            check_heap_init(&heap, n_good);
            wl_status status = wl_train(&heap.alloc, &data, &options, 1, NULL, &model, NULL);
            CHECK((model != NULL) == (status == WL_OK));
            wl_model_free(model);
            CHECK_INT(heap.live_blocks, 0);
            if (status == WL_OK) {
                CHECK(n_good > 10);
                break;
            }
            CHECK_INT(status, WL_ENOMEM);
        }
    }
    wl_rows_release(&rows);
}

/* Put a right digest behind bytes that were changed. */
static void sign_again(struct wl_buf *bytes)
{
    char digest[WL_SHA256_TEXT_BYTES];
    struct wl_str signed_part = {.data = bytes->data, .n_bytes = bytes->n_bytes - 64};
    memcpy(bytes->data + signed_part.n_bytes, wl_sha256_text(signed_part, digest), 64);
}

/* A model that was accepted must be safe to use, whatever it holds. */
static void use(const struct wl_model *model)
{
    static float values[WL_FEATURES_MAX];
    struct wl_buf again;

    for (size_t i = 0; i < SAMPLE_ROWS; i++) {
        for (size_t f = 0; f < wl_model_schema(model)->n_features; f++) {
            values[f] = i == 0 ? NAN : (float)i * 10.0F;
        }
        double p = wl_model_probability(model, wl_model_margin(model, values));
        CHECK(isnan(p) || (p >= 0.0 && p <= 1.0));
    }
    wl_buf_init(&again, wl_alloc_default(), 0);
    wl_model_encode(model, &again);
    CHECK_INT(wl_buf_check(&again, NULL), WL_OK);
    wl_buf_release(&again);
}

static void test_every_cut_is_refused(void)
{
    for (int a = WL_ALGORITHM_XGBOOST; a <= WL_ALGORITHM_LSTM; a++) {
        struct wl_buf bytes;
        encode_sample((enum wl_algorithm)a, &bytes);
        for (size_t n = 0; n < bytes.n_bytes; n++) {
            struct wl_model *model = NULL;
            struct wl_str cut = {.data = bytes.data, .n_bytes = n};
            CHECK_INT(wl_model_decode(wl_alloc_default(), cut, &model, NULL), WL_ECORRUPT);
            CHECK(model == NULL);
        }
        wl_buf_release(&bytes);
    }
}

static void test_every_flip_is_refused_or_harmless(void)
{
    static const unsigned char masks[] = {0x01, 0x80, 0xFF};
    size_t n_accepted = 0;
    size_t n_refused = 0;

    for (int a = WL_ALGORITHM_XGBOOST; a <= WL_ALGORITHM_LSTM; a++) {
        struct wl_buf bytes;
        encode_sample((enum wl_algorithm)a, &bytes);
        for (size_t i = 0; i < bytes.n_bytes * 3; i++) {
            struct wl_model *model = NULL;
            char *byte = &bytes.data[i / 3];
            *byte = (char)(*byte ^ (char)masks[i % 3]);
            wl_status status =
                wl_model_decode(wl_alloc_default(), wl_buf_view(&bytes), &model, NULL);
            CHECK(status == WL_ECORRUPT || status == WL_EVERSION);
            if (i / 3 < bytes.n_bytes - 64) {
                sign_again(&bytes);
                status = wl_model_decode(wl_alloc_default(), wl_buf_view(&bytes), &model, NULL);
                n_accepted += status == WL_OK;
                n_refused += status != WL_OK;
                if (model != NULL) {
                    use(model);
                }
                wl_model_free(model);
            }
            *byte = (char)(*byte ^ (char)masks[i % 3]);
            sign_again(&bytes);
        }
        wl_buf_release(&bytes);
    }
    fprintf(stderr, "  %zu flips behind a right digest refused, %zu harmless\n", n_refused,
            n_accepted);
    CHECK(n_refused > 500 && n_accepted > 500);
}

int main(void)
{
    RUN(test_decode_survives_every_failed_allocation);
    RUN(test_training_survives_every_failed_allocation);
    RUN(test_every_cut_is_refused);
    RUN(test_every_flip_is_refused_or_harmless);
    return check_report();
}
