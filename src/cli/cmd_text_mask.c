/* text mask - customers' texts without what names a person. */
#include "cli/commands.h"
#include "cli/text_source.h"

#include "base/json_write.h"
#include "text/mask.h"

struct mask_run {
    struct wl_cli *cli;
    struct wl_normal normal;
    struct wl_masks masks;
    struct wl_buf out;
    size_t n_masks;
};

static void write_json(struct mask_run *run, struct wl_str line, size_t number)
{
    struct wl_json_writer json = wl_json_begin(&run->out);

    wl_json_open(&json, '{');
    wl_json_key(&json, "line");
    wl_json_i64(&json, (int64_t)number);
    wl_json_key(&json, "masks");
    wl_json_open(&json, '[');
    for (size_t i = 0; i < run->masks.n_items; i++) {
        const struct wl_mask *mask = &run->masks.items[i];
        struct wl_str part = wl_normal_raw(&run->normal, line, mask->i_byte, mask->n_bytes);
        wl_json_open(&json, '{');
        wl_json_key(&json, "kind");
        wl_json_text(&json, wl_mask_names[mask->kind]);
        wl_json_key(&json, "begin");
        wl_json_i64(&json, part.data - line.data);
        wl_json_key(&json, "end");
        wl_json_i64(&json, part.data - line.data + (int64_t)part.n_bytes);
        wl_json_close(&json, '}');
    }
    wl_json_close(&json, ']');
    wl_json_close(&json, '}');
}

static wl_status mask_line(void *context, struct wl_str line, size_t number, wl_error *error)
{
    struct mask_run *run = context;
    struct wl_cli *cli = run->cli;

    WL_TRY(wl_normal_set(&run->normal, line, error));
    struct wl_str text = wl_buf_view(&run->normal.text);
    WL_TRY(wl_masks_find(&run->masks, text, error));
    run->n_masks += run->masks.n_items;
    if (cli->is_json) {
        write_json(run, line, number);
    } else {
        enum wl_language language =
            wl_language_detect(text) == WL_TEXT_ZH ? WL_LANGUAGE_ZH : WL_LANGUAGE_EN;
        wl_masks_write(&run->masks, &run->normal, line, 0, text.n_bytes, language,
                       wl_cli_has(cli, "tokens") ? wl_mask_tokens : NULL, &run->out);
    }
    return wl_cli_line(cli, &run->out, error);
}

static wl_status run_mask(struct wl_cli *cli, wl_error *error)
{
    struct mask_run run = {.cli = cli};

    wl_normal_init(&run.normal, cli->alloc);
    wl_masks_init(&run.masks, cli->alloc);
    wl_buf_init(&run.out, cli->alloc, 0);
    wl_status status =
        wl_cli_each_text(cli, cli->arguments, cli->n_arguments, mask_line, &run, NULL, error);
    if (status == WL_OK) {
        wl_cli_say(cli, WL_SAY(cli, "%zu places masked", "共遮盖 %zu 处"), run.n_masks);
    }
    wl_buf_release(&run.out);
    wl_masks_release(&run.masks);
    wl_normal_release(&run.normal);
    return status;
}

static const struct wl_option mask_options[] = {
    WL_TEXTS_OPTIONS,
    {"tokens", 0, NULL, "write <phone> instead of [phone], whatever the language",
     "写 <phone>，不写[电话]，与语言无关"},
};

const struct wl_command wl_command_text_mask = {
    .name = "text mask",
    .summary_en = "hide telephone, identity and card numbers, mail, links and ids, text by text",
    .summary_zh = "遮盖电话、证件号、卡号、邮箱、链接和账号，逐条处理",
    .arguments = "[FILE...]",
    .example = "wanliu text mask reviews.txt",
    .options = mask_options,
    .n_options = sizeof(mask_options) / sizeof(mask_options[0]),
    .run = run_mask,
};
