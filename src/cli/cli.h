/* The command line: one table of commands and options feeds the parser, the help, the man page and
 * shell completion. Data goes to stdout, words to stderr. A command is a function that gets its
 * options here and returns a wl_status; main turns that into the exit code. */
#ifndef WL_CLI_CLI_H
#define WL_CLI_CLI_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/progress.h"

/* Exit codes; the same for every command. */
enum wl_exit {
    WL_EXIT_OK = 0,
    WL_EXIT_FAILED = 1,
    WL_EXIT_USAGE = 2,
    WL_EXIT_GATE = 3,
    WL_EXIT_DATA = 4
};

struct wl_option {
    const char *name;     /* long name without dashes: "as-of" */
    char letter;          /* short form, or 0 */
    const char *argument; /* "DATE", or NULL for a switch */
    const char *help_en;
    const char *help_zh;
};

struct wl_cli;

struct wl_command {
    const char *name; /* one or two words: "features build" */
    const char *summary_en;
    const char *summary_zh;
    const char *arguments; /* "FILE...", or "" */
    const char *example;   /* a line that works in a demo workspace */
    const struct wl_option *options;
    size_t n_options;
    wl_status (*run)(struct wl_cli *cli, wl_error *error);
};

#define WL_CLI_OPTIONS_MAX 64 /* options of one command and the global ones together */

struct wl_cli {
    const wl_alloc *alloc;
    const struct wl_command *command;
    const char *values[WL_CLI_OPTIONS_MAX]; /* by option index; NULL when not given */
    const char *const *arguments;           /* (n_arguments) what is not an option */
    size_t n_arguments;
    const char *folder; /* -C: the workspace, "." by default */
    uint64_t seed;
    size_t n_threads;
    bool is_json;
    bool is_quiet;
    bool is_zh;     /* words for people in Chinese */
    int64_t now_us; /* wall clock at the start */
    int64_t
        utc_offset_us;   /* zone of dates that name none: set from the workspace once it is open */
    struct wl_sink sink; /* notices and progress, to stderr */
    struct wl_arena arena_process;
};

/* wl_cli_text - value of an option, or fallback when it was not given. */
const char *wl_cli_text(const struct wl_cli *cli, const char *option, const char *fallback);

/* wl_cli_has - the option was given. */
bool wl_cli_has(const struct wl_cli *cli, const char *option);

/* wl_cli_int - value of an option as a whole number within [low, high], or fallback.
 * Errors:  WL_EINVAL  with the option's name and what it wants. */
WL_MUST_CHECK wl_status wl_cli_int(const struct wl_cli *cli, const char *option, int64_t low,
                                   int64_t high, int64_t fallback, int64_t *value, wl_error *error);

/* wl_cli_number - the same for a decimal number. */
WL_MUST_CHECK wl_status wl_cli_number(const struct wl_cli *cli, const char *option, double low,
                                      double high, double fallback, double *value, wl_error *error);

/* wl_cli_date - value of an option as a moment, or fallback_us without it. */
WL_MUST_CHECK wl_status wl_cli_date(const struct wl_cli *cli, const char *option,
                                    int64_t fallback_us, int64_t *time_us, wl_error *error);

/* wl_cli_dates - value of an option as one or more ISO dates with commas between, sorted, no
 * duplicates. dates_out lives in arena_process; n is 0 when the option was not given. */
WL_MUST_CHECK wl_status wl_cli_dates(struct wl_cli *cli, const char *option, int64_t **dates_out,
                                     size_t *n_dates, wl_error *error);

/* wl_cli_out - data to stdout. Errors: WL_EIO  the pipe or disk is gone. */
WL_MUST_CHECK wl_status wl_cli_out(struct wl_cli *cli, struct wl_str bytes, wl_error *error);

/* wl_cli_line - one line to stdout: the buffer's text and a line end; empties the buffer.
 * Errors:  those of the buffer, WL_EIO. */
WL_MUST_CHECK wl_status wl_cli_line(struct wl_cli *cli, struct wl_buf *line, wl_error *error);

/* wl_cli_say - one line of words to stderr, unless --quiet. */
void wl_cli_say(struct wl_cli *cli, const char *format, ...) WL_PRINTF(2, 3);

/* WL_SAY - words in the reader's language. */
#define WL_SAY(cli, en, zh) ((cli)->is_zh ? (zh) : (en))

/* wl_cli_main - parse, dispatch, report.
 *   commands  (in) (n_commands) the table.
 * Returns the exit code. */
int wl_cli_main(const struct wl_command *const *commands, size_t n_commands, int n_words,
                const char *const *words);

/* wl_cli_commands - the table of all commands, in the order of the journey. */
const struct wl_command *const *wl_cli_commands(size_t *n_commands);

/* wl_help_overview - what `wanliu --help` prints; with a noun, what `wanliu text --help` does.
 * wl_help_command - what `wanliu X --help` prints.
 * wl_help_man - the man page in roff. wl_help_completion - a completion script for "bash", "zsh" or
 * "fish"; false for another shell. */
void wl_help_overview(struct wl_buf *buf, const char *noun, bool is_zh);
void wl_help_command(struct wl_buf *buf, const struct wl_command *command, bool is_zh);
void wl_help_man(struct wl_buf *buf);
bool wl_help_completion(struct wl_buf *buf, const char *shell);

/* wl_cli_globals - the options every command knows. */
const struct wl_option *wl_cli_globals(size_t *n_options);

/* wl_cli_lines_fn - what is done with one line of input; number counts from 1. */
typedef wl_status (*wl_cli_lines_fn)(void *context, struct wl_str line, size_t number,
                                     wl_error *error);

/* wl_cli_each_line - every non-empty line of the files named as arguments, or of standard input.
 * A failure gets "file:line: " in front. */
WL_MUST_CHECK wl_status wl_cli_each_line(struct wl_cli *cli, wl_cli_lines_fn each, void *context,
                                         wl_error *error);

/* wl_cli_each_line_of - the same of one file; "-" is standard input. */
WL_MUST_CHECK wl_status wl_cli_each_line_of(struct wl_cli *cli, const char *path,
                                            wl_cli_lines_fn each, void *context, wl_error *error);

#endif
