/* What the text commands share: files beside the program, and the segmenter with the user's
 * words. */
#ifndef WL_CLI_TEXT_RUN_H
#define WL_CLI_TEXT_RUN_H
#include "cli/cli.h"
#include "text/segmenter.h"

/* wl_cli_beside - path of a file in the folder of the running program, in arena_process.
 * Errors:  WL_EIO  the system does not say where that is.  WL_ENOMEM. */
WL_MUST_CHECK wl_status wl_cli_beside(struct wl_cli *cli, const char *name, const char **path_out,
                                      wl_error *error);

/* wl_cli_segmenter_open - the dictionary of --dict, or the one beside the program, and the user's
 * words of --words; the command must have both options.
 *   segmenter  (out) close with wl_segmenter_close, on failure too; NULL is fine there.
 * Errors:  WL_ENOTFOUND  no dictionary; says how to get one. Those of reading both. */
WL_MUST_CHECK wl_status wl_cli_segmenter_open(struct wl_cli *cli, struct wl_segmenter **segmenter,
                                              wl_error *error);

/* The two options, for the tables of commands. */
#define WL_CLI_DICT_OPTION                                                                         \
    {                                                                                              \
        "dict", 0, "FILE", "dictionary; default: zh.wldict beside the program",                    \
            "词典；默认取程序所在目录的 zh.wldict"                                    \
    }
#define WL_CLI_WORDS_OPTION                                                                        \
    {                                                                                              \
        "words", 0, "FILE", "your own words, lines \"word frequency tag\"",                        \
            "自定义词典，每行为“词 词频 词性”"                                   \
    }

#endif
