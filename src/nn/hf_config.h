/* config.json of a Hugging Face folder, read with every value checked: a number that is missing,
 * of the wrong kind or out of bounds is one line naming file, key, what was expected and found.
 * BERT's and GPT-2's readers share it. */
#ifndef WL_NN_HF_CONFIG_H
#define WL_NN_HF_CONFIG_H
#include "base/buf.h"
#include "data/node.h"

struct wl_hf_config {
    const char *file; /* for messages; borrowed */
    const struct wl_node *root;
};

/* wl_hf_file_read - the file of this name in a folder, into buf.
 *   path_out  (out) its path, in arena, for messages; set on failure too unless memory is out.
 * Errors:  as wl_file_read, with the path. */
WL_MUST_CHECK wl_status wl_hf_file_read(struct wl_arena *arena, const char *folder,
                                        const char *name, struct wl_buf *buf, const char **path_out,
                                        wl_error *error);

/* wl_hf_config_read - parse the bytes of a JSON file; its root must be a map.
 *   arena  (in,out) owns the tree; text is copied.
 * Errors:  WL_EPARSE, WL_ELIMIT, WL_ENOMEM; the message begins with file. */
WL_MUST_CHECK wl_status wl_hf_config_read(struct wl_arena *arena, const char *file,
                                          struct wl_str bytes, struct wl_hf_config *config,
                                          wl_error *error);

/* wl_hf_config_count - a whole number of 1..most; fallback when it is absent or null, and with a
 * fallback of 0 it must be there. Errors: WL_ECONFIG. */
WL_MUST_CHECK wl_status wl_hf_config_count(const struct wl_hf_config *config, const char *key,
                                           size_t fallback, size_t most, size_t *value,
                                           wl_error *error);

/* wl_hf_config_real - a number within [low, high]; fallback when absent or null. Errors:
 * WL_ECONFIG. */
WL_MUST_CHECK wl_status wl_hf_config_real(const struct wl_hf_config *config, const char *key,
                                          double fallback, double low, double high, double *value,
                                          wl_error *error);

/* wl_hf_config_flag - a truth value; fallback when absent, null or something else. */
bool wl_hf_config_flag(const struct wl_hf_config *config, const char *key, bool fallback);

/* wl_hf_config_word - which of these words the text under key is; the first one when absent or
 * null. Errors: WL_ECONFIG  another word: names all.
 *   words  (in) NULL-terminated.   i_word (out) index. */
WL_MUST_CHECK wl_status wl_hf_config_word(const struct wl_hf_config *config, const char *key,
                                          const char *const *words, size_t *i_word,
                                          wl_error *error);

/* wl_hf_config_labels - names of classes by id2label, {"0": "stays", "1": "leaves"}; none when
 * it is absent. Errors: WL_ECONFIG  ids that are not 0..n-1, each once.  WL_ENOMEM.
 *   labels  (out) (n_labels) in arena. */
WL_MUST_CHECK wl_status wl_hf_config_labels(struct wl_arena *arena,
                                            const struct wl_hf_config *config,
                                            struct wl_str **labels, size_t *n_labels,
                                            wl_error *error);

#endif
