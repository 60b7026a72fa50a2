/* The kind of the base stands in its config.json; an adapter's folder does not say it. */
#include "nn/lora_folder.h"

#include "base/file.h"
#include "nn/bert_folder.h"
#include "nn/gpt_folder.h"
#include "nn/hf_config.h"

// Adapters of a folder on the model at these places, folded in and taken off.
static wl_status fold_in(const wl_alloc *alloc, const struct wl_lora_places *places,
                         const struct wl_peft *peft, struct wl_lora_merged *merged, wl_error *error)
{
    struct wl_lora *lora = NULL;
    wl_status status = WL_OK;

    WL_GO(wl_lora_attach(alloc, places, peft, &lora, error));
    WL_GO(wl_lora_merge(lora, error));
    merged->n_modules = lora->n_parts;
    merged->n_wholes = peft->n_wholes;
    merged->n_values = wl_tensors_count(places->tensors);
done:
    wl_lora_free(lora);
    return status;
}

static wl_status merge_bert(const wl_alloc *alloc, const struct wl_lora_merge_order *order,
                            const struct wl_peft *peft, struct wl_lora_merged *merged,
                            wl_error *error)
{
    const struct wl_peft_whole *head = wl_peft_whole_find(peft, WL_STR("classifier.weight"));
    struct wl_bert_folder_options options = wl_bert_folder_options_default();
    struct wl_bert_folder *folder = NULL;
    struct wl_lora_places places = {0};
    wl_status status = WL_OK;

    options.sink = head != NULL ? NULL : order->sink; // the adapter's head replaces the random one
    options.n_labels = head != NULL ? head->dims[0] : WL_BERT_LABELS_KEPT;
    WL_GO(wl_bert_folder_open(alloc, order->base, &options, &folder, error));
    WL_GO(wl_lora_places_bert(alloc, folder->bert, &places, error));
    WL_GO(fold_in(alloc, &places, peft, merged, error));
    merged->kind = "bert";
    WL_GO(wl_bert_folder_save(folder, order->out, order->type, error));
done:
    wl_lora_places_release(&places);
    wl_bert_folder_free(folder);
    return status;
}

static wl_status merge_gpt(const wl_alloc *alloc, const struct wl_lora_merge_order *order,
                           const struct wl_peft *peft, struct wl_lora_merged *merged,
                           wl_error *error)
{
    struct wl_gpt_folder *folder = NULL;
    struct wl_lora_places places = {0};
    wl_status status = WL_OK;

    WL_GO(wl_gpt_folder_open(alloc, order->base, order->sink, &folder, error));
    WL_GO(wl_lora_places_gpt(alloc, folder->gpt, &places, error));
    WL_GO(fold_in(alloc, &places, peft, merged, error));
    merged->kind = "gpt2";
    WL_GO(wl_gpt_folder_save(folder, order->out, order->type, error));
done:
    wl_lora_places_release(&places);
    wl_gpt_folder_free(folder);
    return status;
}

static wl_status read_kind(struct wl_arena *arena, const char *base, const char *const *words,
                           size_t *kind, wl_error *error)
{
    struct wl_hf_config config = {0};
    const char *path = NULL;
    struct wl_buf buf;
    wl_status status = WL_OK;

    wl_buf_init(&buf, arena->alloc, (size_t)1 << 24);
    WL_GO(wl_hf_file_read(arena, base, "config.json", &buf, &path, error));
    WL_GO(wl_hf_config_read(arena, path, wl_buf_view(&buf), &config, error));
    WL_GO(wl_hf_config_word(&config, "model_type", words, kind, error));
done:
    wl_buf_release(&buf);
    return status;
}

wl_status wl_lora_merge_folder(const wl_alloc *alloc, const struct wl_lora_merge_order *order,
                               struct wl_lora_merged *merged, wl_error *error)
{
    static const char *const kinds[] = {"bert", "gpt2", NULL};
    struct wl_lora_merged found = {0};
    struct wl_peft peft = {0};
    struct wl_arena arena;
    size_t kind = 0;
    wl_status status = WL_OK;

    wl_arena_init(&arena, alloc, 0);
    if (wl_file_exists(order->out)) {
        status = wl_fail(error, WL_EEXIST, "%s exists already", order->out);
        goto done;
    }
    WL_GO(read_kind(&arena, order->base, kinds, &kind, error));
    status = wl_peft_open(&arena, order->adapter, &peft, error);
    if (status != WL_OK) {
        (void)wl_fail_at(error, status, "%s", order->adapter);
        goto done;
    }
    WL_GO((kind == 0 ? merge_bert : merge_gpt)(alloc, order, &peft, &found, error));
    *merged = found;
done:
    wl_arena_release(&arena);
    return status;
}
