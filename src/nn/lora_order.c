/* Settings are few and flat, so they are a list of words rather than a file. */
#include "nn/lora_order.h"

#include <math.h>

struct wl_lora_order wl_lora_order_default(void)
{
    return (struct wl_lora_order){
        .options = wl_lora_options_default(), .adapter_rate = 1e-4, .base_rate = 1e-6};
}

static wl_status read_setting(struct wl_lora_options *options, struct wl_str item, wl_error *error)
{
    struct wl_str value = item;
    struct wl_str name = wl_str_trim(wl_str_cut(&value, '='));
    double number = 0.0;

    if (wl_str_is(item, "rslora")) {
        options->is_rank_stabilised = true;
        return WL_OK;
    }
    bool is_number = wl_str_to_double(wl_str_trim(value), &number);
    if (wl_str_is(name, "r") && is_number && number >= 1.0 && number <= 4096.0 &&
        number == floor(number)) {
        options->r = (size_t)number;
    } else if (wl_str_is(name, "alpha") && is_number && number > 0.0) {
        options->alpha = number;
    } else if (wl_str_is(name, "dropout") && is_number && number >= 0.0 && number < 1.0) {
        options->dropout = number;
    } else {
        return wl_fail(error, WL_EINVAL,
                       "LoRA setting \"%.*s\": wants r=16, alpha=32, dropout=0.1 or rslora",
                       WL_STR_ARG(item));
    }
    return WL_OK;
}

wl_status wl_lora_order_settings(struct wl_lora_order *order, struct wl_str text, wl_error *error)
{
    struct wl_lora_options options = order->options;

    while (text.n_bytes > 0) {
        struct wl_str item = wl_str_trim(wl_str_cut(&text, ','));
        if (!wl_str_is(item, "default")) {
            WL_TRY(read_setting(&options, item, error));
        }
    }
    order->options = options;
    return WL_OK;
}

wl_status wl_lora_order_names(struct wl_arena *arena, struct wl_str text,
                              struct wl_lora_names *names, wl_error *error)
{
    struct wl_lora_names made = {0};
    size_t n_max = 1;

    for (size_t i = 0; i < text.n_bytes; i++) {
        n_max += text.data[i] == ',';
    }
    struct wl_str *items = wl_arena_zeroed(arena, n_max, sizeof(*items));
    if (items == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for %zu names", n_max);
    }
    while (text.n_bytes > 0) {
        struct wl_str item = wl_str_trim(wl_str_cut(&text, ','));
        if (item.n_bytes == 0) {
            return wl_fail(error, WL_EINVAL, "a list of layers has an empty name");
        }
        items[made.n++] = item;
    }
    made.items = items;
    *names = made;
    return WL_OK;
}

void wl_lora_tell(const struct wl_lora *lora, const struct wl_sink *sink)
{
    struct wl_lora_facts facts = wl_lora_facts(lora);

    wl_notice(sink,
              "LoRA: %zu of %zu numbers learn (%.2f %%), on %zu layers; gradients and moments take "
              "%.1f MiB, %.1f MiB less than for the whole model",
              facts.n_trained, facts.n_values, 100.0 * facts.share, lora->n_parts,
              (double)facts.state_bytes / 1048576.0, (double)facts.saved_bytes / 1048576.0);
}

wl_status wl_lora_finish(struct wl_lora **lora, const char *base, const char *folder,
                         const struct wl_sink *sink, wl_error *error)
{
    if (folder != NULL) {
        WL_TRY(wl_lora_save(*lora, base, folder, error));
        wl_notice(sink, "adapters saved: %s", folder);
    }
    WL_TRY(wl_lora_merge(*lora, error));
    wl_lora_free(*lora);
    *lora = NULL;
    return WL_OK;
}
