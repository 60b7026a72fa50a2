/* model.wlm: docs/formats/model.md has the layout.
 *
 *   magic 8 | version u32 | payload bytes u64 | payload | SHA-256 of all before it, 64 hex digits
 *
 * The digest catches accidents; it proves nothing about intent, so every count is checked against
 * the bytes that are left before memory is taken, and every part goes through its own _check before
 * the model is handed out. Walking and explaining then need no checks. */
#include "base/bytes.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "model/model_inside.h"

#include <math.h>
#include <string.h>

#define MAGIC            "WLMODEL\n"
#define MAGIC_BYTES      8
#define VERSION          1
#define VERSION_TEXT     2 /* the same, and a text model behind the model */
#define VERSION_SEQUENCE 3 /* the same, a text model or none, and a model of sequences */
#define DIGEST_BYTES     64
#define HEAD_BYTES       (MAGIC_BYTES + 4 + 8)

/* ---- writing ---- */

static void put_schema(struct wl_buf *buf, const struct wl_schema *schema)
{
    wl_put_string(buf, wl_str_from(schema->hash));
    wl_put_varint(buf, schema->n_features);
    for (size_t f = 0; f < schema->n_features; f++) {
        wl_put_string(buf, wl_str_from(schema->columns[f].name));
        wl_put_u8(buf, (uint8_t)schema->columns[f].kind);
    }
}

static void put_encoder(struct wl_buf *buf, const struct wl_encoder *encoder)
{
    wl_put_varint(buf, encoder->n_columns);
    for (size_t c = 0; c < encoder->n_columns; c++) {
        const struct wl_encoder_column *column = &encoder->columns[c];
        wl_put_varint(buf, column->feature);
        wl_put_u8(buf, column->is_level ? 1 : 0);
        if (column->is_level) {
            wl_put_u32(buf, (uint32_t)column->code);
            wl_put_string(buf, wl_str_from(column->level));
        }
    }
}

static void put_calibrator(struct wl_buf *buf, const struct wl_calibrator *calibrator)
{
    wl_put_u8(buf, (uint8_t)calibrator->kind);
    wl_put_f64(buf, calibrator->slope);
    wl_put_f64(buf, calibrator->intercept);
    wl_put_varint(buf, calibrator->n_knots);
    for (size_t i = 0; i < calibrator->n_knots; i++) {
        wl_put_f64(buf, calibrator->margins[i]);
        wl_put_f64(buf, calibrator->probabilities[i]);
    }
}

static void put_forest(struct wl_buf *buf, const struct wl_forest *forest)
{
    wl_put_f64(buf, forest->base_margin);
    wl_put_varint(buf, forest->n_columns);
    wl_put_varint(buf, forest->n_trees);
    for (size_t t = 0; t < forest->n_trees; t++) {
        wl_put_u32(buf, forest->roots[t]);
    }
    wl_put_varint(buf, forest->n_nodes);
    for (size_t i = 0; i < forest->n_nodes; i++) {
        wl_put_u32(buf, forest->nodes[i].column);
        wl_put_u32(buf, forest->nodes[i].left);
        wl_put_f32(buf, forest->nodes[i].value);
        wl_put_u8(buf, (uint8_t)forest->nodes[i].missing_left);
        wl_put_f32(buf, forest->covers[i]);
    }
}

static void put_linear(struct wl_buf *buf, const struct wl_linear *linear)
{
    wl_put_f64(buf, linear->bias);
    wl_put_varint(buf, linear->n_terms);
    for (size_t i = 0; i < linear->n_terms; i++) {
        const struct wl_linear_term *term = &linear->terms[i];
        wl_put_u32(buf, term->column);
        wl_put_u8(buf, (uint8_t)((term->is_missing_flag ? 1 : 0) | (term->is_log ? 2 : 0)));
        wl_put_f64(buf, term->mean);
        wl_put_f64(buf, term->deviation);
        wl_put_f64(buf, term->weight);
    }
}

static void put_rule(struct wl_buf *buf, const struct wl_rule *rule)
{
    wl_put_f64(buf, rule->base);
    wl_put_varint(buf, rule->n_lines);
    for (size_t i = 0; i < rule->n_lines; i++) {
        wl_put_u32(buf, rule->lines[i].feature);
        wl_put_u8(buf, (uint8_t)rule->lines[i].op);
        wl_put_f64(buf, rule->lines[i].threshold);
        wl_put_f64(buf, rule->lines[i].points);
    }
    wl_put_u32(buf, rule->rank_feature);
    wl_put_f64(buf, rule->rank_sign);
    wl_put_f64(buf, rule->rank_missing);
    wl_put_varint(buf, rule->n_knots);
    for (size_t i = 0; i < rule->n_knots; i++) {
        wl_put_f64(buf, rule->knots[i]);
    }
}

// The oldest version that can say it, so that older programs read what they can.
static uint32_t version_of(const struct wl_model *model)
{
    if (model->about.sequence.n_bytes > 0 || wl_algorithm_is_sequence(model->algorithm)) {
        return VERSION_SEQUENCE;
    }
    return model->about.text.n_bytes > 0 ? VERSION_TEXT : VERSION;
}

static void put_payload(struct wl_buf *buf, const struct wl_model *model)
{
    wl_put_u8(buf, (uint8_t)model->algorithm);
    wl_put_string(buf, model->about.label);
    wl_put_string(buf, model->about.metrics);
    wl_put_string(buf, model->about.features);
    wl_put_i64(buf, model->about.horizon_us);
    wl_put_i64(buf, model->about.lead_us);
    put_schema(buf, &model->schema);
    put_encoder(buf, &model->encoder);
    put_calibrator(buf, &model->calibrator);
    switch (model->algorithm) {
    case WL_ALGORITHM_XGBOOST: put_forest(buf, model->forest); break;
    case WL_ALGORITHM_LOGISTIC: put_linear(buf, &model->linear); break;
    case WL_ALGORITHM_RULE: put_rule(buf, &model->rule); break;
    case WL_ALGORITHM_LSTM:
    case WL_ALGORITHM_GRU:
    case WL_ALGORITHM_CNN:
    case WL_ALGORITHM_TRANSFORMER:
        wl_put_u32(buf, model->given.feature);
        wl_put_f64(buf, model->given.base);
        break;
    }
    if (version_of(model) != VERSION) {
        wl_put_string(buf, model->about.text);
    }
    if (version_of(model) == VERSION_SEQUENCE) {
        wl_put_string(buf, model->about.sequence);
    }
}

void wl_model_encode(const struct wl_model *model, struct wl_buf *buf)
{
    char digest[WL_SHA256_TEXT_BYTES];
    struct wl_buf payload;
    size_t begin = buf->n_bytes;

    wl_buf_init(&payload, buf->alloc, 0);
    put_payload(&payload, model);
    wl_buf_add(buf, MAGIC, MAGIC_BYTES);
    wl_put_u32(buf, version_of(model));
    wl_put_u64(buf, payload.n_bytes);
    wl_buf_str(buf, wl_buf_view(&payload));
    if (buf->status == WL_OK) {
        buf->status = payload.status;
    }
    if (buf->status == WL_OK) {
        struct wl_str all = {.data = buf->data + begin, .n_bytes = buf->n_bytes - begin};
        wl_buf_add(buf, wl_sha256_text(all, digest), DIGEST_BYTES);
    }
    wl_buf_release(&payload);
}

/* ---- reading ---- */

static wl_status fail_memory(wl_error *error)
{
    return wl_fail(error, WL_ENOMEM, "no memory to read a model");
}

static wl_status fail_cut(wl_error *error, const char *where)
{
    return wl_fail(error, WL_ECORRUPT, "model file: %s is cut or out of range", where);
}

static wl_status read_text(struct wl_reader *reader, struct wl_arena *arena, struct wl_str *text,
                           wl_error *error)
{
    struct wl_str bytes = wl_read_string(reader);
    char *copy = wl_arena_string(arena, bytes);

    if (copy == NULL) {
        return fail_memory(error);
    }
    if (bytes.n_bytes > 0 && memchr(bytes.data, '\0', bytes.n_bytes) != NULL) {
        return fail_cut(error, "a text"); // a NUL would cut it short when read as a C string
    }
    *text = (struct wl_str){.data = copy, .n_bytes = bytes.n_bytes};
    return WL_OK;
}

static wl_status read_schema(struct wl_reader *reader, struct wl_model *model, wl_error *error)
{
    struct wl_str hash = wl_read_string(reader);
    size_t n = wl_reader_count(reader, 2); // length and kind
    struct wl_feature_column *columns = wl_arena_zeroed(&model->arena, n, sizeof(*columns));

    if (columns == NULL) {
        return fail_memory(error);
    }
    if (reader->failed || hash.n_bytes != WL_SHA256_TEXT_BYTES - 1 || n == 0 ||
        n > WL_FEATURES_MAX || memchr(hash.data, '\0', hash.n_bytes) != NULL) {
        return fail_cut(error, "the schema");
    }
    memcpy(model->schema.hash, hash.data, hash.n_bytes);
    for (size_t f = 0; f < n; f++) {
        struct wl_str name = {0};
        WL_TRY(read_text(reader, &model->arena, &name, error));
        uint8_t kind = wl_read_u8(reader);
        if (reader->failed || name.n_bytes == 0 || kind > WL_FEATURE_BOOL) {
            return fail_cut(error, "the schema");
        }
        columns[f] =
            (struct wl_feature_column){.name = name.data, .kind = (enum wl_feature_kind)kind};
    }
    model->schema.columns = columns;
    model->schema.n_features = n;
    return WL_OK;
}

static wl_status read_column(struct wl_reader *reader, struct wl_arena *arena,
                             struct wl_encoder_column *column, wl_error *error)
{
    uint64_t feature = wl_read_varint(reader);
    uint8_t is_level = wl_read_u8(reader);
    struct wl_str level = WL_STR("");
    uint32_t code = 0;

    if (is_level == 1) {
        code = wl_read_u32(reader);
        WL_TRY(read_text(reader, arena, &level, error));
    }
    if (reader->failed || is_level > 1 || feature >= WL_FEATURES_MAX || code >= (1U << 24)) {
        return fail_cut(error, "the encoder");
    }
    *column = (struct wl_encoder_column){.feature = (uint32_t)feature,
                                         .is_level = is_level == 1,
                                         .code = (float)code,
                                         .level = level.data};
    return WL_OK;
}

static wl_status read_encoder(struct wl_reader *reader, struct wl_model *model, wl_error *error)
{
    size_t F = model->schema.n_features;
    size_t n = wl_reader_count(reader, 2); // feature and flag
    struct wl_encoder_column *columns = wl_arena_zeroed(&model->arena, n + 1, sizeof(*columns));
    uint32_t *first = wl_arena_zeroed(&model->arena, F + 1, sizeof(*first));

    if (columns == NULL || first == NULL) {
        return fail_memory(error);
    }
    if (reader->failed || n > WL_ENCODED_MAX) {
        return fail_cut(error, "the encoder");
    }
    for (size_t c = 0; c < n; c++) {
        WL_TRY(read_column(reader, &model->arena, &columns[c], error));
        if (columns[c].feature >= F || (c > 0 && columns[c].feature < columns[c - 1].feature)) {
            return fail_cut(error, "the encoder");
        }
        first[columns[c].feature + 1] = (uint32_t)c + 1;
    }
    for (size_t f = 0; f < F; f++) { // a feature without columns begins where the last one ended
        first[f + 1] = first[f + 1] > first[f] ? first[f + 1] : first[f];
    }
    model->encoder =
        (struct wl_encoder){.columns = columns, .first = first, .n_columns = n, .n_features = F};
    return WL_OK;
}

static wl_status read_calibrator(struct wl_reader *reader, struct wl_model *model, wl_error *error)
{
    uint8_t kind = wl_read_u8(reader);
    struct wl_calibrator calibrator = {.slope = wl_read_f64(reader)};

    calibrator.intercept = wl_read_f64(reader);
    size_t n = wl_reader_count(reader, 16); // two doubles
    double *margins = wl_arena_zeroed(&model->arena, n, sizeof(*margins));
    double *probabilities = wl_arena_zeroed(&model->arena, n, sizeof(*probabilities));
    if (margins == NULL || probabilities == NULL) {
        return fail_memory(error);
    }
    for (size_t i = 0; i < n; i++) {
        margins[i] = wl_read_f64(reader);
        probabilities[i] = wl_read_f64(reader);
    }
    if (reader->failed || kind > WL_CALIBRATION_ISOTONIC || n > WL_KNOTS_MAX) {
        return fail_cut(error, "the calibration");
    }
    calibrator.kind = (enum wl_calibration)kind;
    calibrator.margins = margins;
    calibrator.probabilities = probabilities;
    calibrator.n_knots = n;
    model->calibrator = calibrator;
    return WL_OK;
}

#define NODE_BYTES 17 /* column, left, value, missing, cover */

static void read_nodes(struct wl_reader *reader, struct wl_forest *forest)
{
    for (size_t i = 0; i < forest->n_nodes; i++) {
        struct wl_tree_node *node = &forest->nodes[i];
        node->column = wl_read_u32(reader);
        node->left = wl_read_u32(reader);
        node->value = wl_read_f32(reader);
        node->missing_left = wl_read_u8(reader);
        forest->covers[i] = wl_read_f32(reader);
    }
}

static wl_status read_forest(struct wl_reader *reader, struct wl_model *model, wl_error *error)
{
    struct wl_forest *forest = wl_alloc_zeroed(model->alloc, 1, sizeof(*forest));

    model->forest = forest; // freed with the model, whatever happens below
    if (forest == NULL) {
        return fail_memory(error);
    }
    forest->alloc = model->alloc;
    forest->base_margin = wl_read_f64(reader);
    uint64_t n_columns = wl_read_varint(reader);
    forest->n_trees = wl_reader_count(reader, 4); // a root each
    forest->roots = wl_alloc_zeroed(model->alloc, forest->n_trees + 1, sizeof(*forest->roots));
    if (forest->roots == NULL) {
        return fail_memory(error);
    }
    for (size_t t = 0; t < forest->n_trees; t++) {
        forest->roots[t] = wl_read_u32(reader);
    }
    forest->n_nodes = wl_reader_count(reader, NODE_BYTES);
    forest->nodes = wl_alloc_zeroed(model->alloc, forest->n_nodes + 1, sizeof(*forest->nodes));
    forest->covers = wl_alloc_zeroed(model->alloc, forest->n_nodes + 1, sizeof(*forest->covers));
    if (forest->nodes == NULL || forest->covers == NULL) {
        return fail_memory(error);
    }
    read_nodes(reader, forest);
    if (reader->failed || n_columns != model->encoder.n_columns) {
        return fail_cut(error, "the forest");
    }
    forest->n_columns = (size_t)n_columns;
    return WL_OK;
}

#define TERM_BYTES 29 /* column, flags, three doubles */

static wl_status read_linear(struct wl_reader *reader, struct wl_model *model, wl_error *error)
{
    struct wl_linear *linear = &model->linear;
    uint8_t flags_seen = 0;

    linear->bias = wl_read_f64(reader);
    linear->n_terms = wl_reader_count(reader, TERM_BYTES);
    linear->terms = wl_arena_zeroed(&model->arena, linear->n_terms + 1, sizeof(*linear->terms));
    if (linear->terms == NULL) {
        return fail_memory(error);
    }
    for (size_t i = 0; i < linear->n_terms; i++) {
        struct wl_linear_term *term = &linear->terms[i];
        term->column = wl_read_u32(reader);
        uint8_t flags = wl_read_u8(reader);
        flags_seen |= flags;
        term->is_missing_flag = (flags & 1) != 0;
        term->is_log = (flags & 2) != 0;
        term->mean = wl_read_f64(reader);
        term->deviation = wl_read_f64(reader);
        term->weight = wl_read_f64(reader);
    }
    if (reader->failed || flags_seen > 3) {
        return fail_cut(error, "the linear model");
    }
    return WL_OK;
}

#define LINE_BYTES 21 /* feature, op, two doubles */

static wl_status read_rule(struct wl_reader *reader, struct wl_model *model, wl_error *error)
{
    struct wl_rule *rule = &model->rule;
    uint8_t op_max = 0;

    rule->base = wl_read_f64(reader);
    rule->n_lines = wl_reader_count(reader, LINE_BYTES);
    rule->lines = wl_arena_zeroed(&model->arena, rule->n_lines + 1, sizeof(*rule->lines));
    if (rule->lines == NULL) {
        return fail_memory(error);
    }
    for (size_t i = 0; i < rule->n_lines; i++) {
        rule->lines[i].feature = wl_read_u32(reader);
        uint8_t op = wl_read_u8(reader);
        op_max = op > op_max ? op : op_max;
        rule->lines[i].op = op <= WL_RULE_MISSING ? (enum wl_rule_op)op : WL_RULE_MISSING;
        rule->lines[i].threshold = wl_read_f64(reader);
        rule->lines[i].points = wl_read_f64(reader);
    }
    rule->rank_feature = wl_read_u32(reader);
    rule->rank_sign = wl_read_f64(reader);
    rule->rank_missing = wl_read_f64(reader);
    rule->n_knots = wl_reader_count(reader, 8);
    double *knots = wl_arena_zeroed(&model->arena, rule->n_knots + 1, sizeof(*knots));
    if (knots == NULL) {
        return fail_memory(error);
    }
    for (size_t i = 0; i < rule->n_knots; i++) {
        knots[i] = wl_read_f64(reader);
    }
    rule->knots = knots;
    if (reader->failed || op_max > WL_RULE_MISSING) {
        return fail_cut(error, "the rule table");
    }
    return WL_OK;
}

// Opaque here: whoever asks the model inside decodes and checks it.
static wl_status read_inner(struct wl_reader *reader, struct wl_model *model, bool may_be_empty,
                            const char *what, struct wl_str *inner, wl_error *error)
{
    struct wl_str bytes = wl_read_string(reader);
    char *copy = wl_arena_string(&model->arena, bytes);

    if (copy == NULL) {
        return fail_memory(error);
    }
    if (reader->failed || (bytes.n_bytes == 0 && !may_be_empty)) {
        return fail_cut(error, what);
    }
    *inner = (struct wl_str){.data = copy, .n_bytes = bytes.n_bytes};
    return WL_OK;
}

static wl_status read_given(struct wl_reader *reader, struct wl_model *model, wl_error *error)
{
    model->given.feature = wl_read_u32(reader);
    model->given.base = wl_read_f64(reader);
    return reader->failed ? fail_cut(error, "the column of sequences") : WL_OK;
}

static wl_status read_payload(struct wl_reader *reader, uint32_t version, struct wl_model *model,
                              wl_error *error)
{
    uint8_t algorithm = wl_read_u8(reader);
    struct wl_model_about about = {0};

    WL_TRY(read_text(reader, &model->arena, &about.label, error));
    WL_TRY(read_text(reader, &model->arena, &about.metrics, error));
    WL_TRY(read_text(reader, &model->arena, &about.features, error));
    about.horizon_us = wl_read_i64(reader);
    about.lead_us = wl_read_i64(reader);
    if (reader->failed || algorithm > WL_ALGORITHM_TRANSFORMER || about.horizon_us < 0 ||
        about.lead_us < 0) {
        return fail_cut(error, "the head");
    }
    model->algorithm = (enum wl_algorithm)algorithm;
    model->about = about;
    WL_TRY(read_schema(reader, model, error));
    WL_TRY(read_encoder(reader, model, error));
    WL_TRY(read_calibrator(reader, model, error));
    switch (model->algorithm) {
    case WL_ALGORITHM_XGBOOST: WL_TRY(read_forest(reader, model, error)); break;
    case WL_ALGORITHM_LOGISTIC: WL_TRY(read_linear(reader, model, error)); break;
    case WL_ALGORITHM_RULE: WL_TRY(read_rule(reader, model, error)); break;
    case WL_ALGORITHM_LSTM:
    case WL_ALGORITHM_GRU:
    case WL_ALGORITHM_CNN:
    case WL_ALGORITHM_TRANSFORMER: WL_TRY(read_given(reader, model, error)); break;
    }
    if (version != VERSION) {
        WL_TRY(read_inner(reader, model, version == VERSION_SEQUENCE, "the text model",
                          &model->about.text, error));
    }
    if (version == VERSION_SEQUENCE) {
        WL_TRY(read_inner(reader, model, true, "the model of sequences", &model->about.sequence,
                          error));
    }
    if (wl_reader_left(reader) != 0) {
        return wl_fail(error, WL_ECORRUPT, "model file: %zu bytes behind the model",
                       wl_reader_left(reader));
    }
    return wl_model_finish(model, error);
}

/* The frame around the payload: magic, version, length and digest. */
static wl_status open_frame(struct wl_str bytes, struct wl_str *payload, uint32_t *version_out,
                            wl_error *error)
{
    char digest[WL_SHA256_TEXT_BYTES];
    struct wl_reader reader;

    wl_reader_init(&reader, bytes);
    struct wl_str magic = wl_read_bytes(&reader, MAGIC_BYTES);
    uint32_t version = wl_read_u32(&reader);
    uint64_t n_payload = wl_read_u64(&reader);
    if (reader.failed || memcmp(magic.data, MAGIC, MAGIC_BYTES) != 0) {
        return wl_fail(error, WL_ECORRUPT, "not a model file");
    }
    if (version < VERSION || version > VERSION_SEQUENCE) {
        return wl_fail(error, WL_EVERSION, "model file has version %u, this program reads %d",
                       version, VERSION_SEQUENCE);
    }
    size_t n_left = wl_reader_left(&reader);
    if (n_left < DIGEST_BYTES || n_payload != n_left - DIGEST_BYTES) {
        return wl_fail(error, WL_ECORRUPT, "model file of %zu bytes is cut or too long",
                       bytes.n_bytes);
    }
    *payload = wl_read_bytes(&reader, (size_t)n_payload);
    struct wl_str signed_part = {.data = bytes.data, .n_bytes = HEAD_BYTES + payload->n_bytes};
    if (memcmp(wl_sha256_text(signed_part, digest), bytes.data + signed_part.n_bytes,
               DIGEST_BYTES) != 0) {
        return wl_fail(error, WL_ECORRUPT, "model file is damaged: its SHA-256 does not match");
    }
    *version_out = version;
    return WL_OK;
}

wl_status wl_model_decode(const wl_alloc *alloc, struct wl_str bytes, struct wl_model **model_out,
                          wl_error *error)
{
    struct wl_model *model = NULL;
    struct wl_str payload;
    struct wl_reader reader;
    uint32_t version = 0;
    wl_status status = open_frame(bytes, &payload, &version, error);

    if (status != WL_OK) {
        return status;
    }
    wl_reader_init(&reader, payload);
    WL_GO(wl_model_new(alloc, &model, error));
    WL_GO(read_payload(&reader, version, model, error));
    *model_out = model;
    model = NULL;
done:
    wl_model_free(model);
    return status;
}
