/* Template files and catalogues of offers: neither crashes, a failure says why, and the linter gets
 * through whatever was accepted with a place for every finding. */
#include "fuzz.h"

#include "compose/lint.h"
#include "compose/offers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_str text = {.data = (const char *)data, .n_bytes = n_bytes};
    struct wl_library library;
    struct wl_findings findings;
    struct wl_lint_options options = {0};
    struct wl_offers offers = {0};
    struct wl_node *root = NULL;
    wl_error error = {0};

    wl_library_init(&library, wl_alloc_default());
    wl_findings_init(&findings, wl_alloc_default());
    wl_status status = wl_library_add(&library, "f.yaml", text, false, &error);
    fuzz_check_status(status, &error);
    if (status == WL_OK) {
        WL_ASSERT(wl_lint_library(&library, &options, &findings, &error) == WL_OK);
        for (size_t i = 0; i < findings.n_items; i++) {
            WL_ASSERT(findings.items[i].place.line > 0);
        }
    }
    if (wl_yaml_parse(&library.arena, text, &root, NULL) == WL_OK) {
        status = wl_offers_read(&library.arena, wl_node_get(root, "offers"), &offers, &error);
        fuzz_check_status(status, &error);
    }
    wl_findings_release(&findings);
    wl_library_release(&library);
    return 0;
}
