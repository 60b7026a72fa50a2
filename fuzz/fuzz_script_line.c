/* Lines of a script corpus: what is read must be written and read again to the same; the rest of
 * the input, behind a NUL, is a list of attributes and a model's card. */
#include "compose/script_model.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void round_trip(struct wl_str bytes)
{
    struct wl_script_line line;
    struct wl_script_line again;
    struct wl_buf once;
    struct wl_buf twice;
    wl_error error;

    if (wl_script_line_read(bytes, NULL, &line, &error) != WL_OK) {
        return;
    }
    wl_buf_init(&once, wl_alloc_default(), 0);
    wl_buf_init(&twice, wl_alloc_default(), 0);
    wl_script_line_write(&line, &once);
    if (wl_script_line_read(wl_buf_view(&once), NULL, &again, &error) != WL_OK) {
        abort();
    }
    wl_script_line_write(&again, &twice);
    if (!wl_str_equal(wl_buf_view(&once), wl_buf_view(&twice))) {
        abort();
    }
    wl_buf_release(&once);
    wl_buf_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
    struct wl_str rest = {.data = (const char *)data, .n_bytes = n_bytes};
    struct wl_text_list list;
    struct wl_script_card card;
    wl_error error;

    round_trip(wl_str_cut(&rest, '\0'));
    wl_text_list_init(&list, wl_alloc_default());
    (void)!wl_attributes_read(rest, &list, &error);
    (void)!wl_script_slots(rest, &list, &error);
    wl_text_list_release(&list);
    wl_script_card_init(&card, wl_alloc_default());
    (void)!wl_script_card_read(rest, &card, &error);
    wl_script_card_release(&card);
    return 0;
}
