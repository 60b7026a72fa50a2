/* One reading for every training that takes adapters. */
#include "cli/lora_options.h"

static wl_status check_alone(const struct wl_cli *cli, wl_error *error)
{
    static const char *const others[] = {"targets", "adapter-rate", "unfreeze", "base-rate",
                                         "adapter-out"};

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (wl_cli_has(cli, others[i])) {
            return wl_fail(error, WL_EINVAL, "--%s is of adapters: give --lora, too", others[i]);
        }
    }
    return WL_OK;
}

wl_status wl_cli_lora(struct wl_cli *cli, struct wl_lora_order *order, bool *given, wl_error *error)
{
    struct wl_lora_order made = wl_lora_order_default();
    struct wl_str targets = wl_str_from(wl_cli_text(cli, "targets", ""));
    struct wl_str unfrozen = wl_str_from(wl_cli_text(cli, "unfreeze", ""));

    *given = wl_cli_has(cli, "lora");
    if (!*given) {
        return check_alone(cli, error);
    }
    made.options.seed = cli->seed;
    made.folder = wl_cli_text(cli, "adapter-out", NULL);
    WL_TRY(wl_lora_order_settings(&made, wl_str_from(wl_cli_text(cli, "lora", "default")), error));
    WL_TRY(wl_lora_order_names(&cli->arena_process, targets, &made.options.targets, error));
    WL_TRY(wl_lora_order_names(&cli->arena_process, unfrozen, &made.options.unfrozen, error));
    WL_TRY(wl_cli_number(cli, "adapter-rate", 1e-9, 1.0, 1e-4, &made.adapter_rate, error));
    WL_TRY(wl_cli_number(cli, "base-rate", 0.0, 1.0, 1e-6, &made.base_rate, error));
    *order = made;
    return WL_OK;
}
