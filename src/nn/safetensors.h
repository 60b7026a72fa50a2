/* Weights in Hugging Face's safetensors format: read with every offset checked, and written. */
#ifndef WL_NN_SAFETENSORS_H
#define WL_NN_SAFETENSORS_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#define WL_SAFETENSOR_DIMS_MAX 8

enum wl_safetensor_type {
    WL_SAFETENSOR_F64 = 0,
    WL_SAFETENSOR_F32 = 1,
    WL_SAFETENSOR_F16 = 2,
    WL_SAFETENSOR_BF16 = 3,
    WL_SAFETENSOR_OTHER = 4 /* integers and booleans: kept, but not read as weights */
};

struct wl_safetensor {
    struct wl_str name;
    enum wl_safetensor_type type;
    const char *type_name;                /* as the file writes it: "F32", "I64" */
    size_t shape[WL_SAFETENSOR_DIMS_MAX]; /* (n_dims) */
    size_t n_dims;
    size_t n_values;     /* product of shape; 1 for a scalar */
    struct wl_str bytes; /* of the values, little-endian; in the file's bytes */
};

struct wl_safetensors {
    struct wl_safetensor *items; /* (n) by rising name */
    size_t n;
};

/* wl_safetensors_read - the table of a file's tensors.
 *   arena  (in,out) owns names and table.
 *   file   (in)  the whole file; borrowed, and the tensors point into it.
 * Cost:    O(n log n); the values are not touched.
 * Errors:  WL_EPARSE   the header is cut, longer than the file, no JSON or no table; a tensor has a
 *                      wrong shape, type or place; tensors overlap or leave gaps: names it.
 *          WL_ELIMIT   a header above WL_TENSOR_HEADER_MAX or more than 8 dimensions.
 *          WL_ENOMEM.
 * Source:  safetensors format, version 0.4. */
WL_MUST_CHECK wl_status wl_safetensors_read(struct wl_arena *arena, struct wl_str file,
                                            struct wl_safetensors *tensors, wl_error *error);

/* wl_safetensors_find - the named tensor, or NULL. */
const struct wl_safetensor *wl_safetensors_find(const struct wl_safetensors *tensors,
                                                struct wl_str name);

/* wl_safetensor_values - the values as float.
 *   values  (out) (n_values).
 * Errors:  WL_ESCHEMA  the tensor holds no floating-point numbers.
 *          WL_ERANGE   a value is NaN or infinite, or too large for float; says which. values may
 *                      be half written then. */
WL_MUST_CHECK wl_status wl_safetensor_values(const struct wl_safetensor *tensor, float *values,
                                             wl_error *error);

/* A tensor to be written; everything is borrowed. */
struct wl_safetensor_source {
    const char *name;
    const float *values; /* (product of shape) */
    size_t shape[WL_SAFETENSOR_DIMS_MAX];
    size_t n_dims;
};

/* wl_safetensors_write - write a file, whole or not at all.
 *   type   (in) WL_SAFETENSOR_F32, _F16 or _BF16; rounded to nearest, ties to even.
 * Cost:    one pass with a buffer of 1 MiB.
 * Errors:  WL_EINVAL  another type.  WL_ERANGE  a value beyond F16: names tensor and value.
 *          WL_EIO, WL_ENOMEM; the old file is untouched. */
WL_MUST_CHECK wl_status wl_safetensors_write(const char *path, const wl_alloc *alloc,
                                             const struct wl_safetensor_source *tensors, size_t n,
                                             enum wl_safetensor_type type, wl_error *error);

/* wl_safetensors_put - append the same bytes to a buffer. Errors: as above, but WL_ELIMIT in place
 * of WL_EIO; buf may have grown then. */
WL_MUST_CHECK wl_status wl_safetensors_put(struct wl_buf *buf,
                                           const struct wl_safetensor_source *tensors, size_t n,
                                           enum wl_safetensor_type type, wl_error *error);

#endif
