/* Goal:   a sequence model on numbers and on tokens comes back from its file with the same logits,
 *         takes no memory in a step, survives failed allocations, and refuses what does not fit.
 * Method: tiny models; every single byte of a file changed and every cut of it must be refused;
 *         memory counted by the heap. */
#include "check.h"

#include "base/bytes.h"
#include "base/file.h"
#include "nn/optimizer.h"
#include "nn/sequence_model.h"

#define PATH WL_BINARY_DIR "/test_sequence_model.wlsq"

enum { B = 4, ROWS = 10 };

static wl_error fault;
static const size_t starts[B + 1] = {0, 3, 4, 8, 10};
static const float labels[B] = {1, 0, 1, 0};
static const int32_t types[ROWS] = {0, 1, 2, 2, 1, 0, 1, 2, 0, 1};
static const int32_t gaps[ROWS] = {0, 1, 1, 0, 1, 0, 1, 1, 0, 0};
static const float numbers[ROWS] = {0.5F, -1.0F, 2.0F, 0.0F, 1.0F, 1.5F, -0.5F, 0.25F, 3.0F, 1.0F};
static const uint32_t picked[B] = {0, 1, 2, 3};
static const struct wl_sequences tokens = {
    .n = B, .starts = starts, .ids = {types, gaps, gaps}, .labels = labels};
static const struct wl_sequences series = {
    .n = B, .starts = starts, .numbers = numbers, .labels = labels};

static struct wl_sequence_config config_of(enum wl_sequence_body body, bool has_numbers)
{
    struct wl_sequence_config config = wl_sequence_config_default();
    config.body = body;
    config.n_embedding = 4;
    config.n_hidden = body == WL_SEQUENCE_TRANSFORMER ? 4 : 3;
    config.n_heads = 2;
    config.n_positions = 3;
    config.n_numbers = has_numbers ? 1 : 0;
    config.n_ids[0] = has_numbers ? 0 : 3;
    config.n_ids[1] = has_numbers ? 0 : 2;
    config.n_ids[2] = has_numbers ? 0 : 2;
    return config;
}

static void forward(const struct wl_sequence_model *model, struct wl_gemm *gemm,
                    const struct wl_sequences *sequences, float *logits)
{
    struct wl_sequence_memory *memory = NULL;

    CHECK_INT(wl_sequence_memory_new(model, ROWS, B, false, &memory, &fault), WL_OK);
    CHECK_INT(wl_sequence_model_forward(model, memory, gemm, sequences, picked, B, logits, &fault),
              WL_OK);
    wl_sequence_memory_free(memory);
}

static void test_a_file_gives_the_same_logits(void)
{
    struct wl_gemm *gemm = NULL;

    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    for (int body = WL_SEQUENCE_LSTM; body <= WL_SEQUENCE_TRANSFORMER; body++) {
        for (int has_numbers = 0; has_numbers < (body == WL_SEQUENCE_TRANSFORMER ? 1 : 2);
             has_numbers++) {
            struct wl_sequence_config config =
                config_of((enum wl_sequence_body)body, has_numbers != 0);
            const struct wl_sequences *s = has_numbers != 0 ? &series : &tokens;
            struct wl_sequence_model *model = NULL;
            struct wl_sequence_model *again = NULL;
            float want[B];
            float got[B];
            CHECK_INT(wl_sequence_model_new(wl_alloc_default(), &config, 5, &model, &fault), WL_OK);
            forward(model, gemm, s, want);
            CHECK_INT(wl_sequence_model_write(model, PATH, &fault), WL_OK);
            CHECK_INT(wl_sequence_model_read(wl_alloc_default(), PATH, &again, &fault), WL_OK);
            forward(again, gemm, s, got);
            CHECK(memcmp(want, got, sizeof(want)) == 0);
            CHECK(want[0] != want[1]);
            wl_sequence_model_free(model);
            wl_sequence_model_free(again);
        }
    }
    wl_gemm_close(gemm);
}

static void test_damaged_files_are_refused(void)
{
    struct wl_sequence_config config = config_of(WL_SEQUENCE_GRU, false);
    struct wl_sequence_model *model = NULL;
    struct wl_buf file;

    wl_buf_init(&file, wl_alloc_default(), 0);
    CHECK_INT(wl_sequence_model_new(wl_alloc_default(), &config, 5, &model, &fault), WL_OK);
    CHECK_INT(wl_sequence_model_write(model, PATH, &fault), WL_OK);
    wl_sequence_model_free(model);
    CHECK_INT(wl_file_read(PATH, &file, &fault), WL_OK);
    for (size_t i = 0; i < file.n_bytes; i++) {
        struct wl_sequence_model *damaged = NULL;
        struct wl_str cut = {.data = file.data, .n_bytes = i};
        CHECK(wl_sequence_model_parse(wl_alloc_default(), cut, &damaged, &fault) != WL_OK);
        file.data[i] = (char)(file.data[i] ^ 0x10);
        CHECK(wl_sequence_model_parse(wl_alloc_default(), wl_buf_view(&file), &damaged, &fault) !=
              WL_OK);
        CHECK(damaged == NULL);
        file.data[i] = (char)(file.data[i] ^ 0x10);
    }
    // A right checksum over wrong settings: more types than the weights are for.
    file.data[12] = 100;
    file.n_bytes -= sizeof(uint64_t);
    wl_put_u64(&file, wl_str_hash(wl_buf_view(&file), 0));
    CHECK_INT(wl_sequence_model_parse(wl_alloc_default(), wl_buf_view(&file), &model, &fault),
              WL_ECORRUPT);
    CHECK(strstr(fault.message, "settings") != NULL);
    wl_buf_release(&file);
}

static void test_what_does_not_fit_is_refused(void)
{
    static const size_t empty[B + 1] = {0, 3, 3, 8, 10};
    static const int32_t wrong[ROWS] = {0, 1, 3, 2, 1, 0, 1, 2, 0, 1};
    struct wl_sequence_config config = config_of(WL_SEQUENCE_LSTM, false);
    struct wl_sequence_model *model = NULL;
    struct wl_sequence_memory *memory = NULL;
    struct wl_sequences bad = tokens;
    struct wl_gemm *gemm = NULL;
    float logits[B];

    CHECK_INT(wl_gemm_open(wl_alloc_default(), 1, &gemm, &fault), WL_OK);
    CHECK_INT(wl_sequence_model_new(wl_alloc_default(), &config, 5, &model, &fault), WL_OK);
    CHECK_INT(wl_sequence_memory_new(model, 9, B, false, &memory, &fault), WL_OK);
    CHECK_INT(wl_sequence_model_forward(model, memory, gemm, &tokens, picked, B, logits, &fault),
              WL_ELIMIT);
    wl_sequence_memory_free(memory);
    memory = NULL;
    CHECK_INT(wl_sequence_memory_new(model, 0, B, false, &memory, &fault), WL_EINVAL);
    CHECK_INT(wl_sequence_memory_new(model, ROWS, B, false, &memory, &fault), WL_OK);
    CHECK_INT(wl_sequence_model_forward(model, memory, gemm, &series, picked, B, logits, &fault),
              WL_ERANGE);
    bad.starts = empty;
    CHECK_INT(wl_sequence_model_forward(model, memory, gemm, &bad, picked, B, logits, &fault),
              WL_ERANGE);
    bad = tokens;
    bad.ids[0] = wrong;
    CHECK_INT(wl_sequence_model_forward(model, memory, gemm, &bad, picked, B, logits, &fault),
              WL_ERANGE);
    CHECK_STR(fault.message, "id 3 of step 2 is not below 3, the number of types");
    CHECK_INT(wl_sequence_model_forward(model, memory, gemm, &tokens, picked, B, logits, &fault),
              WL_OK);
    wl_sequence_memory_free(memory);
    wl_sequence_model_free(model);
    model = NULL;
    config.n_numbers = 1;
    CHECK_INT(wl_sequence_model_new(wl_alloc_default(), &config, 5, &model, &fault), WL_EINVAL);
    config = config_of(WL_SEQUENCE_CNN, false);
    config.widths[1] = 0;
    CHECK_INT(wl_sequence_model_new(wl_alloc_default(), &config, 5, &model, &fault), WL_EINVAL);
    config = config_of(WL_SEQUENCE_TRANSFORMER, true);
    CHECK_INT(wl_sequence_model_new(wl_alloc_default(), &config, 5, &model, &fault), WL_EINVAL);
    config = config_of(WL_SEQUENCE_TRANSFORMER, false);
    config.n_heads = 3; // do not divide 4 channels
    CHECK_INT(wl_sequence_model_new(wl_alloc_default(), &config, 5, &model, &fault), WL_EINVAL);
    CHECK(model == NULL);
    wl_gemm_close(gemm);
}

static void test_a_step_takes_no_memory(void)
{
    struct check_heap heap;
    struct wl_gemm *gemm = NULL;

    check_heap_init(&heap, SIZE_MAX);
    CHECK_INT(wl_gemm_open(&heap.alloc, 1, &gemm, &fault), WL_OK);
    for (int body = WL_SEQUENCE_LSTM; body <= WL_SEQUENCE_TRANSFORMER; body++) {
        struct wl_sequence_config config = config_of((enum wl_sequence_body)body, false);
        struct wl_sequence_model *model = NULL;
        struct wl_sequence_memory *memory = NULL;
        struct wl_optimizer optimizer = {.options = wl_optimizer_options_default()};
        size_t n_before = 0;
        double loss = 0.0;
        float logits[B];
        optimizer.options.shape = WL_RATE_CONSTANT;
        CHECK_INT(wl_sequence_model_new(&heap.alloc, &config, 5, &model, &fault), WL_OK);
        CHECK_INT(wl_sequence_memory_new(model, ROWS, B, true, &memory, &fault), WL_OK);
        CHECK_INT(wl_tensors_allocate(wl_sequence_model_tensors(model),
                                      WL_BLOCK_GRADIENTS | WL_BLOCK_MOMENTS, &fault),
                  WL_OK);
        for (size_t step = 0; step < 3; step++) {
            n_before = step == 1 ? heap.n_requests : n_before; // shapes are planned in the first
            CHECK_INT(
                wl_sequence_model_forward(model, memory, gemm, &tokens, picked, B, logits, &fault),
                WL_OK);
            CHECK_INT(wl_sequence_model_backward(model, memory, gemm, &tokens, picked, B, 1.0F,
                                                 &loss, &fault),
                      WL_OK);
            CHECK_INT(wl_optimizer_step(&optimizer, wl_sequence_model_tensors(model), NULL, &fault),
                      WL_OK);
        }
        CHECK_INT(heap.n_requests, n_before);
        wl_sequence_memory_free(memory);
        wl_sequence_model_free(model);
    }
    wl_gemm_close(gemm);
    CHECK_INT(heap.live_blocks, 0);
}

static void walk_failures(enum wl_sequence_body body)
{
    struct wl_sequence_config config = config_of(body, false);

    for (size_t n_good = 0;; n_good++) {
        struct check_heap heap;
        struct wl_sequence_model *model = NULL;
        struct wl_sequence_memory *memory = NULL;
        check_heap_init(&heap, n_good);
        wl_status status = wl_sequence_model_new(&heap.alloc, &config, 5, &model, &fault);
        if (status == WL_OK) {
            status = wl_sequence_memory_new(model, ROWS, B, true, &memory, &fault);
        }
        wl_sequence_memory_free(memory);
        wl_sequence_model_free(model);
        CHECK_INT(heap.live_blocks, 0);
        if (status == WL_OK) {
            CHECK(n_good > 4); // model, table, weights, memory, batch
            break;
        }
        CHECK_INT(status, WL_ENOMEM);
    }
}

static void test_every_failed_allocation(void)
{
    walk_failures(WL_SEQUENCE_LSTM);
    walk_failures(WL_SEQUENCE_TRANSFORMER);
}

int main(void)
{
    RUN(test_a_file_gives_the_same_logits);
    RUN(test_damaged_files_are_refused);
    RUN(test_what_does_not_fit_is_refused);
    RUN(test_a_step_takes_no_memory);
    RUN(test_every_failed_allocation);
    return check_report();
}
