/* The feature sets that are built in. Their YAML is embedded at build time, so that the program
 * needs no files of its own. */
#include "features/plan.h"

#include <string.h>

extern const unsigned char wl_library_standard[];
extern const size_t wl_library_standard_bytes;
extern const unsigned char wl_library_text_set[];
extern const size_t wl_library_text_set_bytes;

static const char *const names[] = {"standard", "text", NULL};

const char *const *wl_library_names(void)
{
    return names;
}

struct wl_str wl_library_text(const char *name)
{
    if (strcmp(name, names[0]) == 0) {
        return (struct wl_str){.data = (const char *)wl_library_standard,
                               .n_bytes = wl_library_standard_bytes};
    }
    if (strcmp(name, names[1]) == 0) {
        return (struct wl_str){.data = (const char *)wl_library_text_set,
                               .n_bytes = wl_library_text_set_bytes};
    }
    return (struct wl_str){.data = NULL, .n_bytes = 0};
}
