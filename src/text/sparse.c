/* Rows are appended and never changed; growth doubles, so that building costs O(entries). */
#include "text/sparse.h"

void wl_sparse_init(struct wl_sparse *sparse, const wl_alloc *alloc, size_t n_columns)
{
    *sparse = (struct wl_sparse){.alloc = alloc, .n_columns = n_columns};
}

void wl_sparse_release(struct wl_sparse *sparse)
{
    if (sparse->alloc != NULL) {
        wl_alloc_free(sparse->alloc, sparse->begin);
        wl_alloc_free(sparse->alloc, sparse->columns);
        wl_alloc_free(sparse->alloc, sparse->values);
        wl_sparse_init(sparse, sparse->alloc, sparse->n_columns);
    }
}

size_t wl_sparse_count(const struct wl_sparse *sparse)
{
    return sparse->n_rows > 0 ? (size_t)sparse->begin[sparse->n_rows] : 0;
}

wl_status wl_sparse_reserve(struct wl_sparse *sparse, size_t n, wl_error *error)
{
    size_t n_needed = wl_sparse_count(sparse) + n + 1;

    WL_TRY(WL_GROW(sparse->alloc, sparse->columns, sparse->columns_capacity, n_needed, error));
    return WL_GROW(sparse->alloc, sparse->values, sparse->values_capacity, n_needed, error);
}

wl_status wl_sparse_row(struct wl_sparse *sparse, size_t n, wl_error *error)
{
    size_t n_before = wl_sparse_count(sparse);

    WL_TRY(
        WL_GROW(sparse->alloc, sparse->begin, sparse->begin_capacity, sparse->n_rows + 2, error));
    sparse->begin[0] = 0;
    sparse->n_rows++;
    sparse->begin[sparse->n_rows] = n_before + n;
    return WL_OK;
}
