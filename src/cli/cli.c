/* Parsing and dispatch. Options may stand anywhere behind the command's name; "--" ends them. */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/thread.h"
#include "data/schema.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PROGRESS_AFTER_US (2 * WL_SECOND_US) // shorter work needs no progress line
#define PROGRESS_EVERY_US (WL_SECOND_US / 5) // five updates a second are smooth enough

static const struct wl_option globals[] = {
    {"folder", 'C', "DIR", "work in this workspace (default: the current folder)",
     "使用该工作区（默认：当前目录）"},
    {"json", 0, NULL, "machine-readable output, one JSON object per line",
     "输出 JSON，每行一个对象"},
    {"seed", 0, "N", "seed of everything random (default 42)", "随机种子（默认 42）"},
    {"now", 0, "TIME", "take this as the current time, for repeatable runs",
     "以此作为当前时间（便于复现）"},
    {"threads", 0, "N", "worker threads (default: OMP_NUM_THREADS, or all processors)",
     "线程数（默认：OMP_NUM_THREADS，否则全部处理器）"},
    {"lang", 0, "zh|en", "language of words for people (default: from the environment)",
     "界面语言（默认：取自环境变量）"},
    {"quiet", 'q', NULL, "no notices, no progress", "不输出提示和进度"},
    {"help", 'h', NULL, "this help", "显示帮助"},
    {"version", 0, NULL, "version and build", "显示版本"},
};
#define N_GLOBALS (sizeof(globals) / sizeof(globals[0]))

const struct wl_option *wl_cli_globals(size_t *n_options)
{
    *n_options = N_GLOBALS;
    return globals;
}

/* One run: the command line while it is being read. */
struct parse {
    struct wl_cli cli;
    const struct wl_command *const *commands;
    size_t n_commands;
    const char *global_values[N_GLOBALS];
    const char **arguments; /* (n_words) room for every word */
    size_t n_arguments;
};

struct console {
    int64_t started_us;
    int64_t shown_us;
    bool is_terminal;
    bool has_line; /* a progress line stands on the screen */
    bool is_quiet;
};

static struct console console;

static int64_t monotonic_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * WL_SECOND_US + now.tv_nsec / 1000;
}

static void clear_progress(void)
{
    if (console.has_line) {
        (void)fputs("\r\033[K", stderr);
        console.has_line = false;
    }
}

static void show_notice(void *context, const char *line)
{
    (void)context;
    if (!console.is_quiet) {
        clear_progress();
        (void)fprintf(stderr, "%s\n", line);
    }
}

static void show_progress(void *context, const char *what, double share)
{
    int64_t now_us = monotonic_us();

    (void)context;
    if (console.is_quiet || !console.is_terminal ||
        now_us - console.started_us < PROGRESS_AFTER_US ||
        now_us - console.shown_us < PROGRESS_EVERY_US) {
        return;
    }
    console.shown_us = now_us;
    console.has_line = true;
    if (share >= 0.0) {
        (void)fprintf(stderr, "\r\033[K%s %3.0f %%", what, share * 100.0);
    } else {
        (void)fprintf(stderr, "\r\033[K%s ...", what);
    }
}

void wl_cli_say(struct wl_cli *cli, const char *format, ...)
{
    va_list args;

    if (cli->is_quiet) {
        return;
    }
    clear_progress();
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
}

wl_status wl_cli_out(struct wl_cli *cli, struct wl_str bytes, wl_error *error)
{
    (void)cli;
    if (bytes.n_bytes > 0 && fwrite(bytes.data, 1, bytes.n_bytes, stdout) != bytes.n_bytes) {
        return wl_fail(error, WL_EIO, "cannot write to standard output: %s", strerror(errno));
    }
    return WL_OK;
}

wl_status wl_cli_line(struct wl_cli *cli, struct wl_buf *line, wl_error *error)
{
    wl_buf_char(line, '\n');
    WL_TRY(wl_buf_check(line, error));
    WL_TRY(wl_cli_out(cli, wl_buf_view(line), error));
    wl_buf_clear(line);
    return WL_OK;
}

static size_t option_index(const struct wl_option *options, size_t n_options, struct wl_str name)
{
    for (size_t i = 0; i < n_options; i++) {
        bool is_letter = name.n_bytes == 1 && options[i].letter == name.data[0];
        if (is_letter || wl_str_is(name, options[i].name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

const char *wl_cli_text(const struct wl_cli *cli, const char *option, const char *fallback)
{
    size_t i = option_index(cli->command->options, cli->command->n_options, wl_str_from(option));
    WL_ASSERT(i != SIZE_MAX); // the command asks for an option of its own table
    return cli->values[i] != NULL ? cli->values[i] : fallback;
}

bool wl_cli_has(const struct wl_cli *cli, const char *option)
{
    return wl_cli_text(cli, option, NULL) != NULL;
}

wl_status wl_cli_int(const struct wl_cli *cli, const char *option, int64_t low, int64_t high,
                     int64_t fallback, int64_t *value, wl_error *error)
{
    const char *text = wl_cli_text(cli, option, NULL);

    *value = fallback;
    if (text == NULL) {
        return WL_OK;
    }
    if (!wl_str_to_i64(wl_str_from(text), value) || *value < low || *value > high) {
        return wl_fail(error, WL_EINVAL, "--%s wants a whole number from %lld to %lld, not \"%s\"",
                       option, (long long)low, (long long)high, text);
    }
    return WL_OK;
}

wl_status wl_cli_number(const struct wl_cli *cli, const char *option, double low, double high,
                        double fallback, double *value, wl_error *error)
{
    const char *text = wl_cli_text(cli, option, NULL);

    *value = fallback;
    if (text == NULL) {
        return WL_OK;
    }
    if (!wl_str_to_double(wl_str_from(text), value) || *value < low || *value > high) {
        return wl_fail(error, WL_EINVAL, "--%s wants a number from %g to %g, not \"%s\"", option,
                       low, high, text);
    }
    return WL_OK;
}

static int compare_times(const void *a, const void *b)
{
    const int64_t *left = a;
    const int64_t *right = b;
    return (*left > *right) - (*left < *right);
}

wl_status wl_cli_date(const struct wl_cli *cli, const char *option, int64_t fallback_us,
                      int64_t *time_us, wl_error *error)
{
    const char *text = wl_cli_text(cli, option, NULL);
    wl_error inner = {0};

    *time_us = fallback_us;
    if (text != NULL && wl_time_parse(wl_str_from(text), WL_TIME_AUTO, cli->utc_offset_us, time_us,
                                      &inner) != WL_OK) {
        return wl_fail(error, WL_EINVAL, "--%s: %s", option, inner.message);
    }
    return WL_OK;
}

wl_status wl_cli_dates(struct wl_cli *cli, const char *option, int64_t **dates_out, size_t *n_dates,
                       wl_error *error)
{
    struct wl_str rest = wl_str_from(wl_cli_text(cli, option, NULL));
    int64_t *dates = wl_arena_zeroed(&cli->arena_process, rest.n_bytes + 1, sizeof(*dates));
    size_t n = 0;
    wl_error inner = {0};

    if (dates == NULL) {
        return wl_fail(error, WL_ENOMEM, "no memory for dates");
    }
    while (rest.n_bytes > 0) {
        struct wl_str one = wl_str_trim(wl_str_cut(&rest, ','));
        if (wl_time_parse(one, WL_TIME_AUTO, cli->utc_offset_us, &dates[n], &inner) != WL_OK) {
            return wl_fail(error, WL_EINVAL, "--%s: %s", option, inner.message);
        }
        n++;
    }
    if (n > WL_DATES_MAX) {
        return wl_fail(error, WL_EINVAL, "--%s: %zu dates, at most %d", option, n, WL_DATES_MAX);
    }
    qsort(dates, n, sizeof(*dates), compare_times);
    *n_dates = 0;
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || dates[i] != dates[i - 1]) {
            dates[(*n_dates)++] = dates[i];
        }
    }
    *dates_out = dates;
    return WL_OK;
}

// Nearest option name for "did you mean"; NULL when none is near.
static const char *nearest_option(const struct wl_command *command, struct wl_str name)
{
    const char *names[WL_CLI_OPTIONS_MAX + N_GLOBALS + 1] = {NULL};
    size_t n = 0;

    for (size_t i = 0; i < command->n_options; i++) {
        names[n++] = command->options[i].name;
    }
    for (size_t i = 0; i < N_GLOBALS; i++) {
        names[n++] = globals[i].name;
    }
    return wl_closest(name, names);
}

static wl_status fail_option(const struct wl_command *command, const char *word, struct wl_str name,
                             wl_error *error)
{
    const char *near = nearest_option(command, name);
    bool is_named = command->summary_en != NULL; // not the options before a command
    const char *where = is_named ? command->name : "";

    if (near != NULL) {
        return wl_fail(error, WL_EINVAL, "%s%sno option %s (did you mean --%s?)", where,
                       is_named ? ": " : "", word, near);
    }
    return wl_fail(error, WL_EINVAL, "%s%sno option %s", where, is_named ? ": " : "", word);
}

// One option word; takes its value from the next word when it needs one.
static wl_status read_option(struct parse *parse, const char *const *words, int n_words, int *at,
                             wl_error *error)
{
    const struct wl_command *command = parse->cli.command;
    const char *word = words[*at];
    bool is_long = word[1] == '-';
    struct wl_str rest = wl_str_from(word + (is_long ? 2 : 1));
    struct wl_str name = is_long ? wl_str_cut(&rest, '=') : rest;
    const char *value = is_long && rest.data != NULL ? rest.data : NULL;
    size_t i_global = option_index(globals, N_GLOBALS, name);
    size_t i_own = option_index(command->options, command->n_options, name);
    bool is_own = i_own != SIZE_MAX;

    if (is_long == (name.n_bytes == 1) || (!is_own && i_global == SIZE_MAX)) {
        return fail_option(command, word, name, error);
    }
    const struct wl_option *option = is_own ? &command->options[i_own] : &globals[i_global];
    if (option->argument == NULL && value != NULL) {
        return wl_fail(error, WL_EINVAL, "--%s takes no value", option->name);
    }
    if (option->argument != NULL && value == NULL) {
        if (*at + 1 >= n_words) {
            return wl_fail(error, WL_EINVAL, "--%s wants %s behind it", option->name,
                           option->argument);
        }
        value = words[++*at];
    }
    const char **slot = is_own ? &parse->cli.values[i_own] : &parse->global_values[i_global];
    *slot = value != NULL ? value : "";
    return WL_OK;
}

static const char *global_value(const struct parse *parse, const char *name)
{
    return parse->global_values[option_index(globals, N_GLOBALS, wl_str_from(name))];
}

static bool environment_is_zh(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0') {
            return strncmp(value, "zh", 2) == 0;
        }
    }
    return false;
}

// OMP_NUM_THREADS is where people who share a machine say how much of it a program may take.
static size_t environment_threads(void)
{
    const char *value = getenv("OMP_NUM_THREADS");
    int64_t number = 0;

    bool is_number = value != NULL && wl_str_to_i64(wl_str_from(value), &number);
    return is_number && number >= 1 && number <= WL_THREADS_MAX ? (size_t)number
                                                                : wl_threads_default();
}

static wl_status apply_globals(struct parse *parse, wl_error *error)
{
    struct wl_cli *cli = &parse->cli;
    const char *seed = global_value(parse, "seed");
    const char *threads = global_value(parse, "threads");
    const char *language = global_value(parse, "lang");
    const char *folder = global_value(parse, "folder");
    int64_t number = 0;

    cli->folder = folder != NULL ? folder : ".";
    cli->is_json = global_value(parse, "json") != NULL;
    cli->is_quiet = global_value(parse, "quiet") != NULL;
    cli->seed = 42;
    cli->n_threads = environment_threads();
    cli->is_zh = environment_is_zh();
    if (seed != NULL) {
        if (!wl_str_to_i64(wl_str_from(seed), &number) || number < 0) {
            return wl_fail(error, WL_EINVAL, "--seed wants a whole number >= 0, not \"%s\"", seed);
        }
        cli->seed = (uint64_t)number;
    }
    if (threads != NULL) {
        if (!wl_str_to_i64(wl_str_from(threads), &number) || number < 1 ||
            number > WL_THREADS_MAX) {
            return wl_fail(error, WL_EINVAL, "--threads wants a number from 1 to %d, not \"%s\"",
                           WL_THREADS_MAX, threads);
        }
        cli->n_threads = (size_t)number;
    }
    if (language != NULL) {
        if (strcmp(language, "zh") != 0 && strcmp(language, "en") != 0) {
            return wl_fail(error, WL_EINVAL, "--lang wants zh or en, not \"%s\"", language);
        }
        cli->is_zh = language[0] == 'z';
    }
    console.is_quiet = cli->is_quiet;
    const char *now = global_value(parse, "now");
    wl_error inner = {0};
    if (now != NULL &&
        wl_time_parse(wl_str_from(now), WL_TIME_AUTO, 0, &cli->now_us, &inner) != WL_OK) {
        return wl_fail(error, WL_EINVAL, "--now: %s", inner.message);
    }
    return WL_OK;
}

// The command whose words stand first; *n_words_used says how many.
static const struct wl_command *find_command(const struct parse *parse, const char *const *words,
                                             int n_words, int *n_words_used)
{
    for (size_t i = 0; i < parse->n_commands; i++) {
        struct wl_str second = wl_str_from(parse->commands[i]->name);
        struct wl_str first = wl_str_cut(&second, ' ');
        bool has_second = second.data != NULL;
        if (n_words < 1 || !wl_str_is(first, words[0])) {
            continue;
        }
        if (!has_second || (n_words > 1 && wl_str_is(second, words[1]))) {
            *n_words_used = has_second ? 2 : 1;
            return parse->commands[i];
        }
    }
    return NULL;
}

// "text" of "text train": a word that only begins commands.
static bool is_noun(const struct parse *parse, const char *word)
{
    for (size_t i = 0; i < parse->n_commands; i++) {
        struct wl_str rest = wl_str_from(parse->commands[i]->name);
        if (wl_str_is(wl_str_cut(&rest, ' '), word) && rest.data != NULL) {
            return true;
        }
    }
    return false;
}

static wl_status fail_command(const struct parse *parse, const char *const *words, int n_words,
                              wl_error *error)
{
    const char *names[128] = {NULL};
    struct wl_buf said;

    wl_buf_init(&said, wl_alloc_default(), 4096);
    wl_buf_text(&said, words[0]);
    for (size_t i = 0; i < parse->n_commands && i < 127; i++) {
        names[i] = parse->commands[i]->name;
    }
    if (is_noun(parse, words[0]) && n_words > 1) {
        wl_buf_char(&said, ' ');
        wl_buf_text(&said, words[1]);
    }
    const char *near = wl_closest(wl_buf_view(&said), names);
    wl_status status =
        near != NULL ? wl_fail(error, WL_EINVAL, "no command \"%s\" (did you mean \"%s\"?)",
                               said.data != NULL ? said.data : words[0], near)
                     : wl_fail(error, WL_EINVAL, "no command \"%s\"; see wanliu --help", words[0]);
    wl_buf_release(&said);
    return status;
}

static enum wl_exit exit_of(wl_status status)
{
    if (status == WL_OK) {
        return WL_EXIT_OK;
    }
    if (status == WL_EGATE) {
        return WL_EXIT_GATE;
    }
    if (status == WL_EINVAL) {
        return WL_EXIT_USAGE;
    }
    return wl_status_class(status) == WL_CLASS_DATA ? WL_EXIT_DATA : WL_EXIT_FAILED;
}

static wl_status print_buf(struct parse *parse, struct wl_buf *buf, wl_error *error)
{
    wl_status status = wl_buf_check(buf, error);
    if (status == WL_OK) {
        status = wl_cli_out(&parse->cli, wl_buf_view(buf), error);
    }
    wl_buf_release(buf);
    return status;
}

static wl_status run_words(struct parse *parse, int n_words, const char *const *words,
                           wl_error *error)
{
    static const struct wl_command none = {.name = "wanliu", .arguments = ""};
    struct wl_buf buf;
    const struct wl_command *command;
    const char *noun = NULL;
    int n_used = 0;
    int at = 0;
    bool options_end = false;

    wl_buf_init(&buf, parse->cli.alloc, 0);
    parse->cli.command = &none;
    for (; at < n_words && words[at][0] == '-'; at++) { // global options before the command
        WL_TRY(read_option(parse, words, n_words, &at, error));
    }
    command = find_command(parse, words + at, n_words - at, &n_used);
    if (command == NULL && at < n_words) {
        bool is_alone = at + 1 == n_words || words[at + 1][0] == '-';
        if (!is_alone || !is_noun(parse, words[at])) {
            return fail_command(parse, words + at, n_words - at, error);
        }
        noun = words[at];
        n_used = 1;
    }
    parse->cli.command = command != NULL ? command : &none;
    for (int i = at + n_used; i < n_words; i++) {
        if (!options_end && strcmp(words[i], "--") == 0) {
            options_end = true;
        } else if (!options_end && words[i][0] == '-' && words[i][1] != '\0') {
            WL_TRY(read_option(parse, words, n_words, &i, error));
        } else {
            parse->arguments[parse->n_arguments++] = words[i];
        }
    }
    WL_TRY(apply_globals(parse, error));
    if (global_value(parse, "version") != NULL) {
        wl_buf_format(&buf, "wanliu %s\n", wl_version());
        return print_buf(parse, &buf, error);
    }
    if (noun != NULL && global_value(parse, "help") == NULL) {
        return wl_fail(error, WL_EINVAL, "%s wants a second word; see wanliu %s --help", noun,
                       noun);
    }
    if (command == NULL || global_value(parse, "help") != NULL) {
        if (command == NULL) {
            wl_help_overview(&buf, noun, parse->cli.is_zh);
        } else {
            wl_help_command(&buf, command, parse->cli.is_zh);
        }
        return print_buf(parse, &buf, error);
    }
    if (parse->n_arguments > 0 && command->arguments[0] == '\0') {
        return wl_fail(error, WL_EINVAL, "%s takes no argument, found \"%s\"", command->name,
                       parse->arguments[0]);
    }
    parse->cli.arguments = parse->arguments;
    parse->cli.n_arguments = parse->n_arguments;
    return command->run(&parse->cli, error);
}

int wl_cli_main(const struct wl_command *const *commands, size_t n_commands, int n_words,
                const char *const *words)
{
    struct parse parse = {.commands = commands, .n_commands = n_commands};
    struct timespec now;
    wl_error error = {0};

    console = (struct console){.started_us = monotonic_us(), .is_terminal = isatty(STDERR_FILENO)};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    parse.cli.alloc = wl_alloc_default();
    parse.cli.now_us = (int64_t)now.tv_sec * WL_SECOND_US + now.tv_nsec / 1000;
    parse.cli.sink = (struct wl_sink){.notice = show_notice, .progress = show_progress};
    wl_arena_init(&parse.cli.arena_process, parse.cli.alloc, 0);
    parse.arguments =
        wl_arena_zeroed(&parse.cli.arena_process, (size_t)n_words + 1, sizeof(char *));

    wl_status status = parse.arguments != NULL
                           ? run_words(&parse, n_words, words, &error)
                           : wl_fail(&error, WL_ENOMEM, "no memory for the command line");
    if (fflush(stdout) != 0 && status == WL_OK) {
        status = wl_fail(&error, WL_EIO, "cannot write to standard output: %s", strerror(errno));
    }
    clear_progress();
    if (status != WL_OK) {
        (void)fprintf(stderr, "wanliu: %s\n", error.message);
    }
    wl_arena_release(&parse.cli.arena_process);
    return (int)exit_of(status);
}
