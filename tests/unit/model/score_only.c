/* A program that scores with the library alone: it must link without libxgboost and liblinear. */
#include "model/model.h"
#include "model/registry.h"
#include "model/xgb_json.h"

int main(void)
{
    struct wl_model *model = NULL;
    struct wl_forest *forest = NULL;

    // Each call pulls its part of the library in; all of them are refused.
    wl_status decoded = wl_model_decode(wl_alloc_default(), WL_STR("x"), &model, NULL);
    wl_status read = wl_forest_read_xgb(wl_alloc_default(), WL_STR("{}"), &forest, NULL);
    return decoded == WL_ECORRUPT && read == WL_ESCHEMA ? 0 : 1;
}
