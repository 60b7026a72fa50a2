/* Goal:   what is written reads back; what is damaged is refused with one clear line.
 * Method: three tensors through a file in each type; halves against their definition, all of them;
 *         a table of damaged headers with the words they must bring. */
#include "check.h"

#include "base/bytes.h"
#include "base/file.h"
#include "nn/safetensors.h"

static wl_error fault;

static const float first[6] = {0.0F, -1.5F, 3.25F, 1e-3F, -0.125F, 100.0F};
static const float second[1] = {42.0F};

static const struct wl_safetensor_source sources[] = {
    {.name = "b.weight", .values = first, .shape = {2, 3}, .n_dims = 2},
    {.name = "a.scale", .values = second, .n_dims = 0},
    {.name = "empty", .values = first, .shape = {0, 5}, .n_dims = 2},
};

static void test_round_trip(void)
{
    static const double tolerance[] = {0.0, 0.0, 1.0 / 2048, 1.0 / 256};
    const char *path = WL_BINARY_DIR "/test_safetensors.bin";

    for (int type = WL_SAFETENSOR_F32; type <= WL_SAFETENSOR_BF16; type++) {
        struct wl_arena arena;
        struct wl_buf file;
        struct wl_safetensors tensors = {0};
        float values[6];

        wl_arena_init(&arena, wl_alloc_default(), 0);
        wl_buf_init(&file, wl_alloc_default(), 1 << 20);
        CHECK_INT(wl_safetensors_write(path, wl_alloc_default(), sources, COUNT(sources),
                                       (enum wl_safetensor_type)type, &fault),
                  WL_OK);
        CHECK_INT(wl_file_read(path, &file, &fault), WL_OK);
        CHECK_INT(wl_safetensors_read(&arena, wl_buf_view(&file), &tensors, &fault), WL_OK);
        CHECK_INT(tensors.n, 3);
        const struct wl_safetensor *b = wl_safetensors_find(&tensors, WL_STR("b.weight"));
        CHECK(b != NULL && b->n_dims == 2 && b->shape[0] == 2 && b->shape[1] == 3);
        CHECK_INT(wl_safetensor_values(b, values, &fault), WL_OK);
        for (size_t i = 0; i < 6; i++) {
            double want = (double)first[i];
            CHECK(fabs((double)values[i] - want) <= tolerance[type] * fabs(want));
        }
        CHECK_INT(wl_safetensors_find(&tensors, WL_STR("a.scale"))->n_values, 1);
        CHECK_INT(wl_safetensors_find(&tensors, WL_STR("empty"))->n_values, 0);
        CHECK(wl_safetensors_find(&tensors, WL_STR("c")) == NULL);
        wl_buf_release(&file);
        wl_arena_release(&arena);
    }
    (void)remove(path);
}

static double half_by_definition(uint32_t half)
{
    int exponent = (int)(half >> 10 & 31);
    double fraction = (double)(half & 1023) / 1024.0;
    double value = exponent == 0 ? ldexp(fraction, -14) : ldexp(1.0 + fraction, exponent - 15);
    return (half & 0x8000) != 0 ? -value : value;
}

// All finite halves through a file and back: the same; between two of them: the nearest.
static void test_all_halves(void)
{
    static float values[2 * 0x7C00];
    static float got[2 * 0x7C00];
    const char *path = WL_BINARY_DIR "/test_halves.bin";
    struct wl_safetensor_source source = {
        .name = "h", .values = values, .shape = {COUNT(values)}, .n_dims = 1};
    struct wl_safetensors tensors = {0};
    struct wl_arena arena;
    struct wl_buf file;

    for (uint32_t i = 0; i < 0x7C00; i++) {
        values[2 * i] = (float)half_by_definition(i | 0x8000);
        double next = i + 1 < 0x7C00 ? half_by_definition(i + 1) : 65504.0;
        values[2 * i + 1] = (float)(0.75 * half_by_definition(i) + 0.25 * next);
    }
    wl_arena_init(&arena, wl_alloc_default(), 0);
    wl_buf_init(&file, wl_alloc_default(), 1 << 20);
    CHECK_INT(wl_safetensors_write(path, wl_alloc_default(), &source, 1, WL_SAFETENSOR_F16, &fault),
              WL_OK);
    CHECK_INT(wl_file_read(path, &file, &fault), WL_OK);
    CHECK_INT(wl_safetensors_read(&arena, wl_buf_view(&file), &tensors, &fault), WL_OK);
    CHECK_INT(wl_safetensor_values(&tensors.items[0], got, &fault), WL_OK);
    for (uint32_t i = 0; i < 0x7C00; i++) {
        CHECK((double)got[2 * i] == half_by_definition(i | 0x8000));
        CHECK((double)got[2 * i + 1] == half_by_definition(i));
    }
    values[0] = 65520.0F; // the first that no half comes near
    CHECK_INT(wl_safetensors_write(path, wl_alloc_default(), &source, 1, WL_SAFETENSOR_F16, &fault),
              WL_ERANGE);
    wl_buf_release(&file);
    wl_arena_release(&arena);
    (void)remove(path);
}

struct damage {
    const char *header;
    size_t n_value_bytes;
    const char *message;
};

static const struct damage damages[] = {
    {"[]", 0, "safetensors header is no map of tensors"},
    {"{", 0, NULL},
    {"{\"a\":{\"dtype\":\"F31\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
     "tensor \"a\": unknown dtype"},
    {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "tensor \"a\": no shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4,
     "tensor \"a\": wrong shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,2],\"data_offsets\":[0,4]}}", 4,
     "tensor \"a\": wrong shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4,
     "tensor \"a\": 2 values in 4 bytes"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 3,
     "tensor \"a\": its place is not within the 3 bytes of values"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4,
     "tensor \"a\": its place is not within the 4 bytes of values"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,1e300]}}", 4,
     "tensor \"a\": its place is not within the 4 bytes of values"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
     "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}}",
     6, "tensor \"b\": overlaps the one in front"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8,
     "tensor \"a\": a gap lies in front of it"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 8,
     "4 bytes behind the last tensor"},
};

static void test_damaged_files(void)
{
    for (size_t i = 0; i < COUNT(damages); i++) {
        struct wl_arena arena;
        struct wl_buf file;
        struct wl_safetensors tensors = {0};

        wl_arena_init(&arena, wl_alloc_default(), 0);
        wl_buf_init(&file, wl_alloc_default(), 1 << 20);
        wl_put_u64(&file, strlen(damages[i].header));
        wl_buf_text(&file, damages[i].header);
        for (size_t j = 0; j < damages[i].n_value_bytes; j++) {
            wl_buf_char(&file, '\0');
        }
        CHECK_INT(wl_safetensors_read(&arena, wl_buf_view(&file), &tensors, &fault), WL_EPARSE);
        if (damages[i].message != NULL) {
            CHECK_STR(fault.message, damages[i].message);
        }
        CHECK(tensors.items == NULL);
        wl_buf_release(&file);
        wl_arena_release(&arena);
    }
}

static void test_cut_and_huge(void)
{
    struct wl_arena arena;
    struct wl_safetensors tensors = {0};

    wl_arena_init(&arena, wl_alloc_default(), 0);
    CHECK_INT(wl_safetensors_read(&arena, WL_STR("\x02\0\0"), &tensors, &fault), WL_EPARSE);
    CHECK_INT(wl_safetensors_read(&arena, WL_STR("\x10\0\0\0\0\0\0\0{}"), &tensors, &fault),
              WL_EPARSE);
    CHECK_STR(fault.message, "safetensors file is cut: header of 16 bytes in a file of 10");
    CHECK_INT(
        wl_safetensors_read(&arena, WL_STR("\xff\xff\xff\xff\xff\xff\xff\x7f{}"), &tensors, &fault),
        WL_ELIMIT);
    wl_arena_release(&arena);
}

static void test_values_that_are_no_weights(void)
{
    static const char nan_bytes[4] = {0, 0, (char)0xc0, 0x7f};
    struct wl_safetensor tensor = {.name = WL_STR("w"),
                                   .type = WL_SAFETENSOR_F32,
                                   .n_values = 1,
                                   .bytes = {.data = nan_bytes, .n_bytes = 4}};
    float value = 0.0F;

    CHECK_INT(wl_safetensor_values(&tensor, &value, &fault), WL_ERANGE);
    CHECK_STR(fault.message, "tensor \"w\": value 0 is no finite number");
    tensor.type = WL_SAFETENSOR_OTHER;
    CHECK_INT(wl_safetensor_values(&tensor, &value, &fault), WL_ESCHEMA);
}

int main(void)
{
    RUN(test_round_trip);
    RUN(test_all_halves);
    RUN(test_damaged_files);
    RUN(test_cut_and_huge);
    RUN(test_values_that_are_no_weights);
    return check_report();
}
