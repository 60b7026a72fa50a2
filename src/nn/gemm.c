/* Products of bf16 and int8 run on the processor's tiles where there are any and the shape suits
 * them (amx.c); all others on oneDNN 2.6. There a product is planned once for its shape
 * ("primitive": code made for this processor) and kept in a table; running it only points the plan
 * at the operands.
 *
 * The table is open addressing without removal: when it is full it is emptied, which a program with
 * a bounded set of shapes never sees. Shapes of packed batches differ from step to step, so callers
 * round their row counts up (see WL_NN_ROWS_ROUND in limits.h). */
#include "nn/gemm.h"

#include "base/limits.h"
#include "base/str.h"
#include "nn/amx.h"
#include "nn/kernels.h"
#include "nn/numbers.h"

#include <oneapi/dnnl/dnnl.h>
#include <string.h>

// libgomp's, which oneDNN runs on; clang has another <omp.h>.
void omp_set_num_threads(int n_threads);

// Memory that is kept from product to product: operands packed on the way, and the caller's.
enum { SCRATCH_A, SCRATCH_B, SCRATCH_CALLER, SCRATCHES };

#define SLOTS (2 * WL_GEMM_SHAPES_MAX)

// What tells one plan from another. It is compared as bytes, so it has no padding.
struct plan_key {
    int64_t dims[4];    // batch, m, n, k
    int64_t strides[9]; // batch, row, column of a, b, c; those of b 0 when packed
    uint64_t layout;    // hash of the packed layout: layers of one shape share a plan; 0 not packed
    int32_t number_in;
    int32_t number_out;
    int32_t is_added;
    int32_t has_bias;
};

struct plan {
    struct plan_key key;
    dnnl_primitive_t primitive; // NULL: free slot
    dnnl_memory_t a;
    dnnl_memory_t b;
    dnnl_memory_t c;
    dnnl_memory_t bias; // NULL: none
};

struct wl_gemm {
    const wl_alloc *alloc;
    size_t n_threads;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    bool has_bf16;
    bool has_s8;
    bool has_tiles;
    struct plan *plans; // (SLOTS)
    size_t n_plans;
    struct scratch {
        void *data;
        size_t n_bytes;
    } scratch[SCRATCHES];
};

struct wl_gemm_packed {
    const wl_alloc *alloc;
    size_t n_out;
    size_t n_in;
    enum wl_number number;
    bool is_tiles; // data is amx.h's; else the layout is oneDNN's
    dnnl_memory_desc_t layout;
    uint64_t layout_hash;
    void *data;
};

static wl_status check(dnnl_status_t code, const char *what, wl_error *error)
{
    if (code == dnnl_success) {
        return WL_OK;
    }
    return code == dnnl_out_of_memory
               ? wl_fail(error, WL_ENOMEM, "no memory for %s", what)
               : wl_fail(error, WL_ELIBRARY, "oneDNN: %s failed with status %d%s", what, (int)code,
                         code == dnnl_unimplemented ? " (not on this processor)" : "");
}

#define DNNL_TRY(call, what) WL_TRY(check((call), (what), error))

static dnnl_data_type_t type_of(enum wl_number number)
{
    static const dnnl_data_type_t types[] = {dnnl_f32, dnnl_bf16, dnnl_s8};
    return types[number];
}

static size_t number_bytes(enum wl_number number)
{
    static const size_t bytes[] = {sizeof(float), sizeof(uint16_t), sizeof(int8_t)};
    return bytes[number];
}

// A description with batch, row and column strides; a batch of one is left out.
static wl_status describe(dnnl_memory_desc_t *out, int64_t n_batch, int64_t n_rows,
                          int64_t n_columns, const int64_t *strides, enum wl_number number,
                          wl_error *error)
{
    bool is_batch = n_batch > 1;
    dnnl_dims_t dims = {is_batch ? n_batch : n_rows, is_batch ? n_rows : n_columns, n_columns};
    dnnl_dims_t steps = {strides[is_batch ? 0 : 1], strides[is_batch ? 1 : 2], strides[2]};

    DNNL_TRY(dnnl_memory_desc_init_by_strides(out, is_batch ? 3 : 2, dims, type_of(number), steps),
             "matrix description");
    return WL_OK;
}

// Plans a product from its descriptions; gives the primitive and the layout it wants for b.
static wl_status make_primitive(dnnl_engine_t engine, const dnnl_memory_desc_t *a,
                                const dnnl_memory_desc_t *b, const dnnl_memory_desc_t *bias,
                                const dnnl_memory_desc_t *c, bool is_added,
                                dnnl_primitive_t *primitive, dnnl_memory_desc_t *b_layout,
                                bool *is_fast, wl_error *error)
{
    dnnl_matmul_desc_t desc;
    dnnl_primitive_desc_t primitive_desc = NULL;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t post_ops = NULL;
    wl_status status = WL_OK;

    WL_GO(check(dnnl_matmul_desc_init(&desc, a, b, bias, c), "product", error));
    if (is_added) {
        WL_GO(check(dnnl_primitive_attr_create(&attr), "product attributes", error));
        WL_GO(check(dnnl_post_ops_create(&post_ops), "product attributes", error));
        WL_GO(check(dnnl_post_ops_append_sum(post_ops, 1.0F), "product attributes", error));
        WL_GO(check(dnnl_primitive_attr_set_post_ops(attr, post_ops), "product attributes", error));
    }
    WL_GO(check(dnnl_primitive_desc_create(&primitive_desc, &desc, attr, engine, NULL), "product",
                error));
    if (b_layout != NULL) {
        *b_layout = *dnnl_primitive_desc_query_md(primitive_desc, dnnl_query_weights_md, 0);
    }
    if (is_fast != NULL) {
        const char *info = "";
        (void)dnnl_primitive_desc_query(primitive_desc, dnnl_query_impl_info_str, 0, (void *)&info);
        *is_fast = strstr(info, "avx512_core_bf16") != NULL || strstr(info, "amx") != NULL;
    }
    if (primitive != NULL) {
        WL_GO(check(dnnl_primitive_create(primitive, primitive_desc), "product", error));
    }
done:
    (void)dnnl_post_ops_destroy(post_ops);
    (void)dnnl_primitive_attr_destroy(attr);
    (void)dnnl_primitive_desc_destroy(primitive_desc);
    return status;
}

static void plan_drop(struct plan *plan)
{
    (void)dnnl_primitive_destroy(plan->primitive);
    (void)dnnl_memory_destroy(plan->a);
    (void)dnnl_memory_destroy(plan->b);
    (void)dnnl_memory_destroy(plan->c);
    (void)dnnl_memory_destroy(plan->bias);
    *plan = (struct plan){0};
}

// Whether bf16 runs on instructions of its own: asked of the library, which knows the processor.
static bool find_bf16(dnnl_engine_t engine)
{
    static const int64_t strides[3] = {0, 64, 1};
    dnnl_memory_desc_t desc;
    bool is_fast = false;

    return describe(&desc, 1, 64, 64, strides, WL_BF16, NULL) == WL_OK &&
           make_primitive(engine, &desc, &desc, NULL, &desc, false, NULL, NULL, &is_fast, NULL) ==
               WL_OK &&
           is_fast;
}

// The library names sets of instructions by bits: a larger set has those of the smaller one.
static bool has_isa(dnnl_cpu_isa_t isa)
{
    return ((unsigned)dnnl_get_effective_cpu_isa() & (unsigned)isa) == (unsigned)isa;
}

wl_status wl_gemm_open(const wl_alloc *alloc, size_t n_threads, struct wl_gemm **gemm_out,
                       wl_error *error)
{
    wl_status status = WL_OK;
    struct wl_gemm *gemm = wl_alloc_zeroed(alloc, 1, sizeof(*gemm));

    *gemm_out = NULL;
    if (gemm == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for matrix products");
    }
    gemm->alloc = alloc;
    gemm->n_threads = n_threads;
    gemm->plans = wl_alloc_zeroed(alloc, SLOTS, sizeof(*gemm->plans));
    if (gemm->plans == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for matrix products");
        goto done;
    }
    WL_GO(check(dnnl_engine_create(&gemm->engine, dnnl_cpu, 0), "start", error));
    WL_GO(check(dnnl_stream_create(&gemm->stream, gemm->engine, dnnl_stream_default_flags), "start",
                error));
    gemm->has_bf16 = find_bf16(gemm->engine);
    // The library's view of the processor can be narrowed by its users, and then ours is.
    gemm->has_s8 = has_isa(dnnl_cpu_isa_avx512_core_vnni) || has_isa(dnnl_cpu_isa_avx2_vnni);
    gemm->has_tiles = has_isa(dnnl_cpu_isa_avx512_core_amx) && wl_amx_start();
    *gemm_out = gemm;
    gemm = NULL;
done:
    wl_gemm_close(gemm);
    return status;
}

void wl_gemm_close(struct wl_gemm *gemm)
{
    if (gemm == NULL) {
        return;
    }
    for (size_t i = 0; gemm->plans != NULL && i < SLOTS; i++) {
        plan_drop(&gemm->plans[i]);
    }
    for (size_t i = 0; i < SCRATCHES; i++) {
        wl_alloc_aligned_free(gemm->alloc, gemm->scratch[i].data);
    }
    (void)dnnl_stream_destroy(gemm->stream);
    (void)dnnl_engine_destroy(gemm->engine);
    wl_alloc_free(gemm->alloc, gemm->plans);
    wl_alloc_free(gemm->alloc, gemm);
}

bool wl_gemm_has_s8(const struct wl_gemm *gemm)
{
    return gemm->has_s8;
}

bool wl_gemm_has_bf16(const struct wl_gemm *gemm)
{
    return gemm->has_bf16;
}

static void *scratch_of(struct wl_gemm *gemm, int which, size_t n_bytes)
{
    struct scratch *scratch = &gemm->scratch[which];

    if (scratch->n_bytes < n_bytes) {
        wl_alloc_aligned_free(gemm->alloc, scratch->data);
        scratch->data = wl_alloc_aligned(gemm->alloc, n_bytes, 1);
        scratch->n_bytes = scratch->data != NULL ? n_bytes : 0;
    }
    return scratch->data;
}

void *wl_gemm_scratch(struct wl_gemm *gemm, size_t n_bytes)
{
    return scratch_of(gemm, SCRATCH_CALLER, n_bytes);
}

static uint64_t key_hash(const struct plan_key *key)
{
    struct wl_str bytes = {.data = (const char *)key, .n_bytes = sizeof(*key)};
    return wl_str_hash(bytes, 0);
}

// Slot of a key: the plan when there is one, else a free slot.
static struct plan *find_slot(struct wl_gemm *gemm, const struct plan_key *key)
{
    size_t i = key_hash(key) % SLOTS;

    while (gemm->plans[i].primitive != NULL &&
           memcmp(&gemm->plans[i].key, key, sizeof(*key)) != 0) {
        i = (i + 1) % SLOTS;
    }
    return &gemm->plans[i];
}

static wl_status plan_make(struct wl_gemm *gemm, const struct plan_key *key,
                           const struct wl_gemm_packed *packed, struct plan *slot, wl_error *error)
{
    const int64_t *dims = key->dims;
    struct plan plan = {.key = *key};
    dnnl_memory_desc_t a;
    dnnl_memory_desc_t b;
    dnnl_memory_desc_t c;
    dnnl_memory_desc_t bias;
    const int64_t bias_strides[3] = {0, dims[2], 1};
    enum wl_number in = (enum wl_number)key->number_in;
    enum wl_number out = (enum wl_number)key->number_out;
    wl_status status = WL_OK;

    WL_GO(describe(&a, dims[0], dims[1], dims[3], key->strides, in, error));
    WL_GO(describe(&c, dims[0], dims[1], dims[2], key->strides + 6, out, error));
    if (packed != NULL) {
        b = packed->layout;
    } else {
        WL_GO(describe(&b, dims[0], dims[3], dims[2], key->strides + 3, in, error));
    }
    WL_GO(describe(&bias, 1, 1, dims[2], bias_strides, WL_F32, error));
    WL_GO(make_primitive(gemm->engine, &a, &b, key->has_bias != 0 ? &bias : NULL, &c,
                         key->is_added != 0, &plan.primitive, NULL, NULL, error));
    WL_GO(check(dnnl_memory_create(&plan.a, &a, gemm->engine, DNNL_MEMORY_NONE), "matrix", error));
    WL_GO(check(dnnl_memory_create(&plan.b, &b, gemm->engine, DNNL_MEMORY_NONE), "matrix", error));
    WL_GO(check(dnnl_memory_create(&plan.c, &c, gemm->engine, DNNL_MEMORY_NONE), "matrix", error));
    if (key->has_bias != 0) {
        WL_GO(check(dnnl_memory_create(&plan.bias, &bias, gemm->engine, DNNL_MEMORY_NONE), "bias",
                    error));
    }
    *slot = plan;
    gemm->n_plans++;
    return WL_OK;
done:
    plan_drop(&plan);
    return status;
}

static wl_status find_plan(struct wl_gemm *gemm, const struct plan_key *key,
                           const struct wl_gemm_packed *packed, struct plan **plan, wl_error *error)
{
    struct plan *slot = find_slot(gemm, key);

    if (slot->primitive == NULL) {
        if (gemm->n_plans == WL_GEMM_SHAPES_MAX) {
            for (size_t i = 0; i < SLOTS; i++) {
                plan_drop(&gemm->plans[i]);
            }
            gemm->n_plans = 0;
            slot = find_slot(gemm, key);
        }
        WL_TRY(plan_make(gemm, key, packed, slot, error));
    }
    *plan = slot;
    return WL_OK;
}

static wl_status execute(struct wl_gemm *gemm, struct plan *plan, void *a, void *b,
                         const float *bias, void *c, wl_error *error)
{
    union {
        const float *read; // the library's handles are not const; it only reads this one
        void *handle;
    } bias_data = {.read = bias};

    DNNL_TRY(dnnl_memory_set_data_handle(plan->a, a), "matrix");
    DNNL_TRY(dnnl_memory_set_data_handle(plan->b, b), "matrix");
    DNNL_TRY(dnnl_memory_set_data_handle(plan->c, c), "matrix");
    if (bias != NULL) {
        DNNL_TRY(dnnl_memory_set_data_handle(plan->bias, bias_data.handle), "bias");
    }
    dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, plan->a},
                              {DNNL_ARG_WEIGHTS, plan->b},
                              {DNNL_ARG_DST, plan->c},
                              {DNNL_ARG_BIAS, plan->bias}};
    omp_set_num_threads((int)gemm->n_threads); // of this thread only
    DNNL_TRY(dnnl_primitive_execute(plan->primitive, gemm->stream, bias != NULL ? 4 : 3, args),
             "product");
    DNNL_TRY(dnnl_stream_wait(gemm->stream), "product");
    return WL_OK;
}

// Batch, row and column strides of a matrix as the product reads it.
static void set_strides(int64_t *strides, const struct wl_matrix *matrix, bool is_transposed)
{
    strides[0] = matrix->n_batch > 1 ? (int64_t)matrix->batch_stride : 0;
    strides[1] = is_transposed ? 1 : (int64_t)matrix->stride;
    strides[2] = is_transposed ? (int64_t)matrix->stride : 1;
}

static int64_t batch_of(const struct wl_matrix *matrix)
{
    return matrix->n_batch > 1 ? (int64_t)matrix->n_batch : 1;
}

// -- on tiles --

static bool tiles_suit(const struct wl_gemm *gemm, unsigned flags, const struct wl_matrix *a,
                       const struct wl_gemm_end *end, const struct wl_matrix *c)
{
    bool a_turned = (flags & WL_GEMM_A_TRANSPOSED) != 0;
    bool b_turned = (flags & WL_GEMM_B_TRANSPOSED) != 0;
    size_t k = a_turned ? a->n_rows : a->n_columns;

    return gemm->has_tiles && a->number == WL_BF16 && batch_of(c) == 1 &&
           wl_amx_fit(WL_BF16, c->n_columns, k, b_turned) &&
           wl_amx_fit(WL_BF16, a_turned ? c->n_rows : WL_AMX_STRIP, k, !a_turned) &&
           (!end->is_added || c->number == WL_F32);
}

static wl_status tiles_run(struct wl_gemm *gemm, unsigned flags, const struct wl_matrix *a,
                           const struct wl_matrix *b, const struct wl_gemm_end *end,
                           const struct wl_matrix *c, wl_error *error)
{
    bool a_turned = (flags & WL_GEMM_A_TRANSPOSED) != 0;
    struct wl_amx_product product = {.m = c->n_rows,
                                     .n = c->n_columns,
                                     .k = a_turned ? a->n_rows : a->n_columns,
                                     .number = WL_BF16,
                                     .a = a->data,
                                     .a_stride = a->stride,
                                     .end = *end,
                                     .c = c};
    size_t b_bytes = wl_amx_bytes(WL_BF16, product.n, product.k);
    size_t a_bytes = wl_amx_bytes(WL_BF16, product.m, product.k);
    void *b_packed = scratch_of(gemm, SCRATCH_B, b_bytes);
    void *a_packed = a_turned ? scratch_of(gemm, SCRATCH_A, a_bytes) : NULL;

    if (b_packed == NULL || (a_turned && a_packed == NULL)) {
        return wl_fail(error, WL_ENOMEM, "no memory for operands of %zu bytes", b_bytes + a_bytes);
    }
    omp_set_num_threads((int)gemm->n_threads);
    wl_amx_pack_b(b, (flags & WL_GEMM_B_TRANSPOSED) != 0, b_packed);
    product.b = b_packed;
    if (a_turned) {
        wl_amx_pack_a(a, a_packed);
        product.a = a_packed;
        product.a_stride = 0;
    }
    wl_amx_multiply(&product);
    return WL_OK;
}

static void tiles_run_packed(struct wl_gemm *gemm, const struct wl_matrix *a,
                             const struct wl_gemm_packed *packed, const struct wl_gemm_end *end,
                             const struct wl_matrix *c)
{
    const struct wl_amx_product product = {.m = a->n_rows,
                                           .n = packed->n_out,
                                           .k = packed->n_in,
                                           .number = packed->number,
                                           .a = a->data,
                                           .a_stride = a->stride,
                                           .b = packed->data,
                                           .end = *end,
                                           .c = c};

    omp_set_num_threads((int)gemm->n_threads);
    wl_amx_multiply(&product);
}

wl_status wl_gemm_run(struct wl_gemm *gemm, unsigned flags, const struct wl_matrix *a,
                      const struct wl_matrix *b, const struct wl_matrix *c, wl_error *error)
{
    return wl_gemm_run_bias(gemm, flags, a, b, NULL, c, error);
}

wl_status wl_gemm_run_bias(struct wl_gemm *gemm, unsigned flags, const struct wl_matrix *a,
                           const struct wl_matrix *b, const float *bias, const struct wl_matrix *c,
                           wl_error *error)
{
    const struct wl_gemm_end end = {.bias = bias, .is_added = (flags & WL_GEMM_ADD) != 0};
    return wl_gemm_run_end(gemm, flags, a, b, &end, c, error);
}

// Where the library's product goes: with GELU, which it does not know in our form, not into c.
static const struct wl_matrix *target_of(const struct wl_gemm_end *end, const struct wl_matrix *c)
{
    WL_ASSERT(!end->has_gelu || (end->before_gelu != NULL && !end->is_added));
    return end->has_gelu ? end->before_gelu : c;
}

static wl_status end_product(const struct wl_gemm_end *end, const struct wl_matrix *c)
{
    if (end->has_gelu) {
        wl_gelu_forward(end->gelu, end->before_gelu, c);
    }
    return WL_OK;
}

wl_status wl_gemm_run_end(struct wl_gemm *gemm, unsigned flags, const struct wl_matrix *a,
                          const struct wl_matrix *b, const struct wl_gemm_end *end,
                          const struct wl_matrix *c, wl_error *error)
{
    bool a_turned = (flags & WL_GEMM_A_TRANSPOSED) != 0;
    bool b_turned = (flags & WL_GEMM_B_TRANSPOSED) != 0;
    size_t m = a_turned ? a->n_columns : a->n_rows;
    size_t k = a_turned ? a->n_rows : a->n_columns;
    size_t k_of_b = b_turned ? b->n_columns : b->n_rows;
    size_t n = b_turned ? b->n_rows : b->n_columns;
    struct plan_key key = {.dims = {batch_of(c), (int64_t)m, (int64_t)n, (int64_t)k},
                           .number_in = (int32_t)a->number,
                           .number_out = (int32_t)c->number,
                           .is_added = end->is_added,
                           .has_bias = end->bias != NULL};
    struct plan *plan = NULL;

    if (k != k_of_b || m != c->n_rows || n != c->n_columns || batch_of(a) != batch_of(b) ||
        batch_of(a) != batch_of(c)) {
        return wl_fail(error, WL_EINVAL, "product (%zu, %zu) x (%zu, %zu) into (%zu, %zu)", m, k,
                       k_of_b, n, c->n_rows, c->n_columns);
    }
    if (a->number != b->number || c->number == WL_S8 ||
        (c->number == WL_BF16 && a->number != WL_BF16)) {
        return wl_fail(error, WL_EINVAL, "product of number kinds %d and %d into %d",
                       (int)a->number, (int)b->number, (int)c->number);
    }
    if (m == 0 || n == 0) {
        return WL_OK;
    }
    if (tiles_suit(gemm, flags, a, end, c)) {
        return tiles_run(gemm, flags, a, b, end, c, error);
    }
    const struct wl_matrix *target = target_of(end, c);
    set_strides(key.strides, a, a_turned);
    set_strides(key.strides + 3, b, b_turned);
    set_strides(key.strides + 6, target, false);
    WL_TRY(find_plan(gemm, &key, NULL, &plan, error));
    WL_TRY(execute(gemm, plan, a->data, b->data, end->bias, target->data, error));
    return end_product(end, c);
}

void wl_gemm_packed_free(struct wl_gemm_packed *packed)
{
    if (packed != NULL) {
        wl_alloc_aligned_free(packed->alloc, packed->data);
        wl_alloc_free(packed->alloc, packed);
    }
}

// The layout the library would choose for these weights and a middling number of rows.
static wl_status choose_layout(struct wl_gemm *gemm, struct wl_gemm_packed *packed, wl_error *error)
{
    enum { TYPICAL_ROWS = 256 };
    int64_t n_in = (int64_t)packed->n_in;
    int64_t n_out = (int64_t)packed->n_out;
    const int64_t a_strides[3] = {0, n_in, 1};
    const int64_t c_strides[3] = {0, n_out, 1};
    const dnnl_dims_t dims = {n_in, n_out};
    dnnl_memory_desc_t a;
    dnnl_memory_desc_t b;
    dnnl_memory_desc_t c;

    WL_TRY(describe(&a, 1, TYPICAL_ROWS, n_in, a_strides, packed->number, error));
    WL_TRY(describe(&c, 1, TYPICAL_ROWS, n_out, c_strides, WL_F32, error));
    DNNL_TRY(
        dnnl_memory_desc_init_by_tag(&b, 2, dims, type_of(packed->number), dnnl_format_tag_any),
        "matrix description");
    WL_TRY(
        make_primitive(gemm->engine, &a, &b, NULL, &c, false, NULL, &packed->layout, NULL, error));
    packed->layout_hash = wl_str_hash(
        (struct wl_str){.data = (const char *)&packed->layout, .n_bytes = sizeof(packed->layout)},
        1);
    return WL_OK;
}

// Copies weights [out, in] into the chosen layout.
static wl_status reorder(struct wl_gemm *gemm, const struct wl_matrix *weights,
                         struct wl_gemm_packed *packed, wl_error *error)
{
    const int64_t strides[3] = {0, 1, (int64_t)weights->stride};
    dnnl_memory_desc_t plain;
    dnnl_primitive_desc_t desc = NULL;
    dnnl_primitive_t primitive = NULL;
    dnnl_memory_t from = NULL;
    dnnl_memory_t to = NULL;
    wl_status status = WL_OK;

    WL_GO(describe(&plain, 1, (int64_t)packed->n_in, (int64_t)packed->n_out, strides,
                   weights->number, error));
    WL_GO(check(dnnl_reorder_primitive_desc_create(&desc, &plain, gemm->engine, &packed->layout,
                                                   gemm->engine, NULL),
                "packing", error));
    WL_GO(check(dnnl_primitive_create(&primitive, desc), "packing", error));
    WL_GO(check(dnnl_memory_create(&from, &plain, gemm->engine, weights->data), "packing", error));
    WL_GO(check(dnnl_memory_create(&to, &packed->layout, gemm->engine, packed->data), "packing",
                error));
    dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    omp_set_num_threads((int)gemm->n_threads);
    WL_GO(check(dnnl_primitive_execute(primitive, gemm->stream, 2, args), "packing", error));
    WL_GO(check(dnnl_stream_wait(gemm->stream), "packing", error));
done:
    (void)dnnl_memory_destroy(from);
    (void)dnnl_memory_destroy(to);
    (void)dnnl_primitive_destroy(primitive);
    (void)dnnl_primitive_desc_destroy(desc);
    return status;
}

wl_status wl_gemm_pack(struct wl_gemm *gemm, const struct wl_matrix *weights,
                       struct wl_gemm_packed **packed_out, wl_error *error)
{
    wl_status status = WL_OK;
    struct wl_gemm_packed *packed = wl_alloc_zeroed(gemm->alloc, 1, sizeof(*packed));

    *packed_out = NULL;
    if (packed == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for packed weights");
    }
    packed->alloc = gemm->alloc;
    packed->n_out = weights->n_rows;
    packed->n_in = weights->n_columns;
    packed->number = weights->number;
    packed->is_tiles =
        gemm->has_tiles && wl_amx_fit(packed->number, packed->n_out, packed->n_in, true);
    if (!packed->is_tiles) {
        WL_GO(choose_layout(gemm, packed, error));
    }
    size_t n_bytes = packed->is_tiles ? wl_amx_bytes(packed->number, packed->n_out, packed->n_in)
                                      : dnnl_memory_desc_get_size(&packed->layout);
    packed->data = wl_alloc_aligned(gemm->alloc, n_bytes, 1);
    if (packed->data == NULL) {
        status = wl_fail(error, WL_ENOMEM, "no memory for packed weights (%zu, %zu) of %zu bytes",
                         packed->n_out, packed->n_in, number_bytes(packed->number));
        goto done;
    }
    if (packed->is_tiles) {
        omp_set_num_threads((int)gemm->n_threads);
        wl_amx_pack_b(weights, true, packed->data);
    } else {
        WL_GO(reorder(gemm, weights, packed, error));
    }
    *packed_out = packed;
    packed = NULL;
done:
    wl_gemm_packed_free(packed);
    return status;
}

wl_status wl_gemm_run_packed(struct wl_gemm *gemm, const struct wl_matrix *a,
                             const struct wl_gemm_packed *packed, const float *bias,
                             const struct wl_matrix *c, wl_error *error)
{
    const struct wl_gemm_end end = {.bias = bias};
    return wl_gemm_run_packed_end(gemm, a, packed, &end, c, error);
}

static wl_status library_run_packed(struct wl_gemm *gemm, const struct wl_matrix *a,
                                    const struct wl_gemm_packed *packed, const float *bias,
                                    bool is_added, const struct wl_matrix *c, wl_error *error)
{
    struct plan_key key = {
        .dims = {1, (int64_t)a->n_rows, (int64_t)packed->n_out, (int64_t)packed->n_in},
        .layout = packed->layout_hash,
        .number_in = (int32_t)a->number,
        .number_out = (int32_t)c->number,
        .is_added = is_added,
        .has_bias = bias != NULL};
    struct plan *plan = NULL;

    set_strides(key.strides, a, false);
    set_strides(key.strides + 6, c, false);
    WL_TRY(find_plan(gemm, &key, packed, &plan, error));
    return execute(gemm, plan, a->data, packed->data, bias, c->data, error);
}

// y = or += x times the scales of its row and column, plus bias. x is used up.
static void scale_rows(const struct wl_matrix *x, const struct wl_gemm_end *end,
                       const struct wl_matrix *y)
{
#pragma omp parallel for schedule(static) if (x->n_rows * x->n_columns > 32768)
    for (size_t i = 0; i < x->n_rows; i++) {
        float *row = (float *)x->data + i * x->stride;
        float *to = (float *)y->data + i * y->stride; // used when y is float
        for (size_t j = 0; j < x->n_columns; j++) {
            row[j] *= end->row_scales[i] * end->column_scales[j];
            row[j] += end->bias != NULL ? end->bias[j] : 0.0F;
            row[j] += end->is_added ? to[j] : 0.0F;
        }
        if (y->number == WL_BF16) {
            wl_bf16_from_floats(row, x->n_columns, (uint16_t *)y->data + i * y->stride);
        } else {
            memcpy(to, row, x->n_columns * sizeof(*to));
        }
    }
}

static wl_status library_run_scaled(struct wl_gemm *gemm, const struct wl_matrix *a,
                                    const struct wl_gemm_packed *packed,
                                    const struct wl_gemm_end *end, const struct wl_matrix *c,
                                    wl_error *error)
{
    size_t n_bytes = c->n_rows * c->n_columns * sizeof(float);
    struct wl_matrix sums =
        wl_matrix_of(scratch_of(gemm, SCRATCH_A, n_bytes), WL_F32, c->n_rows, c->n_columns);

    if (sums.data == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for sums of %zu bytes", n_bytes);
    }
    WL_TRY(library_run_packed(gemm, a, packed, NULL, false, &sums, error));
    scale_rows(&sums, end, c);
    return WL_OK;
}

wl_status wl_gemm_run_packed_end(struct wl_gemm *gemm, const struct wl_matrix *a,
                                 const struct wl_gemm_packed *packed, const struct wl_gemm_end *end,
                                 const struct wl_matrix *c, wl_error *error)
{
    if (a->n_columns != packed->n_in || c->n_columns != packed->n_out || a->n_rows != c->n_rows ||
        a->number != packed->number || c->number == WL_S8) {
        return wl_fail(error, WL_EINVAL,
                       "product (%zu, %zu) x packed (%zu, %zu) into (%zu, %zu), kinds %d, %d",
                       a->n_rows, a->n_columns, packed->n_in, packed->n_out, c->n_rows,
                       c->n_columns, (int)a->number, (int)packed->number);
    }
    if (a->n_rows == 0) {
        return WL_OK;
    }
    const struct wl_matrix *target = target_of(end, c);
    if (packed->is_tiles) {
        tiles_run_packed(gemm, a, packed, end, c);
        return WL_OK;
    }
    WL_TRY(end->row_scales != NULL
               ? library_run_scaled(gemm, a, packed, end, target, error)
               : library_run_packed(gemm, a, packed, end->bias, end->is_added, target, error));
    return end_product(end, c);
}
