/* demo: the whole journey on a simulated company, with nothing but the public commands. Each is
 * shown as it runs, so that the demo is also the first lesson. */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STEP_WORDS_MAX 24

struct demo {
    struct wl_cli *cli;
    const char *folder;
    char seed[24];
    char threads[24];
    int64_t started_us;
};

static int64_t clock_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * WL_SECOND_US + now.tv_nsec / 1000;
}

// Standard output into a file while one command runs; returns the saved descriptor, or -1.
static int divert_stdout(const char *path)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    int saved = -1;

    if (file >= 0 && fflush(stdout) == 0) {
        saved = dup(STDOUT_FILENO);
        if (saved >= 0 && dup2(file, STDOUT_FILENO) < 0) {
            (void)close(saved);
            saved = -1;
        }
    }
    if (file >= 0) {
        (void)close(file);
    }
    return saved;
}

static void restore_stdout(int saved)
{
    (void)fflush(stdout);
    (void)dup2(saved, STDOUT_FILENO);
    (void)close(saved);
}

// The command line as a person would type it inside the workspace.
static void show_step(struct demo *demo, const char *const *words, const char *out)
{
    struct wl_buf line;

    wl_buf_init(&line, demo->cli->alloc, 0);
    wl_buf_text(&line, "\n$ wanliu");
    for (size_t i = 0; words[i] != NULL; i++) {
        wl_buf_format(&line, " %s", words[i]);
    }
    if (out != NULL) {
        wl_buf_format(&line, " > %s", out);
    }
    if (line.status == WL_OK) {
        wl_cli_say(demo->cli, "%s", line.data);
    }
    wl_buf_release(&line);
}

/* One command, in this process, in the demo's workspace.
 *   words  NULL-terminated; file names in them are relative to the workspace.
 *   out    where its data goes, relative to the workspace; NULL: standard output. */
static wl_status step(struct demo *demo, const char *const *words, const char *out, wl_error *error)
{
    struct wl_arena *arena = &demo->cli->arena_process;
    const char *all[STEP_WORDS_MAX];
    size_t n_commands;
    size_t n = 0;
    int saved = -1;

    show_step(demo, words, out);
    const char *fixed[] = {"-C",        demo->folder,
                           "--seed",    demo->seed,
                           "--threads", demo->threads,
                           "--now",     "2025-04-01T00:00:00Z", // the end of the simulated days
                           "--lang",    demo->cli->is_zh ? "zh" : "en"};
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        all[n++] = fixed[i];
    }
    if (demo->cli->is_quiet) {
        all[n++] = "--quiet";
    }
    for (size_t i = 0; words[i] != NULL; i++) {
        WL_ASSERT(n < STEP_WORDS_MAX);
        bool is_file = strchr(words[i], '.') != NULL; // data files are the only words with a dot
        all[n++] = is_file ? wl_path_join(arena, demo->folder, words[i]) : words[i];
    }
    const char *path = out != NULL ? wl_path_join(arena, demo->folder, out) : NULL;
    if (path != NULL) {
        saved = divert_stdout(path);
        if (saved < 0) {
            return wl_fail(error, WL_EIO, "cannot write %s: %s", path, strerror(errno));
        }
    }
    const struct wl_command *const *commands = wl_cli_commands(&n_commands);
    int code = wl_cli_main(commands, n_commands, (int)n, all);
    if (saved >= 0) {
        restore_stdout(saved);
    }
    if (code == WL_EXIT_GATE) { // few customers give few leavers to judge on
        return wl_fail(error, WL_EGATE, "the demo stopped at: wanliu %s; try more --users",
                       words[0]);
    }
    if (code != WL_EXIT_OK) {
        return wl_fail(error, code == WL_EXIT_USAGE ? WL_EINVAL : WL_EINTERNAL,
                       "the demo stopped at: wanliu %s", words[0]);
    }
    return WL_OK;
}

static wl_status walk(struct demo *demo, const char *users, wl_error *error)
{
    const char *const init[] = {"init", "--template", "video", NULL};
    const char *const simulate[] = {"simulate", "--users", users, NULL};
    const char *const events[] = {"ingest", "--source", "events", "data/events.ndjson", NULL};
    const char *const customers[] = {"ingest", "--source", "customers", "data/customers.csv", NULL};
    const char *const check[] = {"config", "check", NULL};
    const char *const train[] = {"train", NULL};
    const char *const score[] = {"score", NULL};
    const char *const explain[] = {"explain", "scores.jsonl", NULL};
    const char *const render[] = {"template", "render", "reasons.jsonl", NULL};
    const char *const report[] = {"report", NULL};

    WL_TRY(step(demo, init, NULL, error));
    WL_TRY(wl_file_append(wl_path_join(&demo->cli->arena_process, demo->folder, "wanliu.yaml"),
                          WL_STR("\nsimulated: true                 # this company never was\n"),
                          error));
    WL_TRY(step(demo, simulate, NULL, error));
    WL_TRY(step(demo, events, NULL, error));
    WL_TRY(step(demo, customers, NULL, error));
    WL_TRY(step(demo, check, NULL, error));
    WL_TRY(step(demo, train, "evaluation.txt", error));
    WL_TRY(step(demo, score, "scores.jsonl", error));
    WL_TRY(step(demo, explain, "reasons.jsonl", error));
    WL_TRY(step(demo, render, "messages.jsonl", error));
    return step(demo, report, NULL, error);
}

// Files a former demo left behind; anything else in the folder stays.
static wl_status clear_former(struct wl_cli *cli, const char *folder, wl_error *error)
{
    static const char *const names[] = {"wanliu.yaml",    "wanliu.db",      "wanliu.db-wal",
                                        "wanliu.db-shm",  "intake.ndjson",  "scores.jsonl",
                                        "reasons.jsonl",  "messages.jsonl", "rejects.jsonl",
                                        "evaluation.txt", "demo.marker"};
    struct wl_arena *arena = &cli->arena_process;
    const char *marker = wl_path_join(arena, folder, "demo.marker");

    if (!wl_file_exists(folder)) {
        return WL_OK;
    }
    if (!wl_file_exists(marker)) {
        return wl_fail(
            error, WL_EEXIST,
            "%s is there already and was not made by a demo: name another folder with -C", folder);
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *path = wl_path_join(arena, folder, names[i]);
        if (path != NULL && wl_file_exists(path) && unlink(path) != 0) {
            return wl_fail(error, WL_EIO, "cannot remove %s: %s", path, strerror(errno));
        }
    }
    const char *models = wl_path_join(arena, folder, "models");
    if (models != NULL && wl_file_exists(models)) {
        wl_folder_remove(models);
    }
    return WL_OK;
}

static wl_status run_demo(struct wl_cli *cli, wl_error *error)
{
    struct demo demo = {.cli = cli, .started_us = clock_us()};
    const char *users = wl_cli_text(cli, "users", "20000");
    bool is_named = strcmp(cli->folder, ".") != 0;

    demo.folder = is_named ? cli->folder : "wanliu-demo";
    (void)snprintf(demo.seed, sizeof(demo.seed), "%llu", (unsigned long long)cli->seed);
    (void)snprintf(demo.threads, sizeof(demo.threads), "%zu", cli->n_threads);
    WL_TRY(clear_former(cli, demo.folder, error));
    WL_TRY(wl_folder_make(demo.folder, error));
    WL_TRY(wl_file_write(wl_path_join(&cli->arena_process, demo.folder, "demo.marker"),
                         WL_STR("wanliu demo may empty this folder\n"), error));
    WL_TRY(walk(&demo, users, error));
    wl_cli_say(cli,
               WL_SAY(cli,
                      "\nThe whole journey took %.0f s. Open the report in a browser:\n"
                      "  %s/reports/report.html\n"
                      "Look closer:\n"
                      "  cat %s/evaluation.txt\n"
                      "  head -1 %s/reasons.jsonl\n"
                      "  wanliu features list -C %s\n"
                      "Then your own data: wanliu init --template ecommerce -C shop",
                      "\n全程用时 %.0f 秒。请用浏览器打开报告：\n"
                      "  %s/reports/report.html\n"
                      "还可以看看：\n"
                      "  cat %s/evaluation.txt\n"
                      "  head -1 %s/reasons.jsonl\n"
                      "  wanliu features list -C %s\n"
                      "接着用你自己的数据：wanliu init --template ecommerce -C shop"),
               (double)(clock_us() - demo.started_us) / (double)WL_SECOND_US, demo.folder,
               demo.folder, demo.folder, demo.folder);
    return WL_OK;
}

static const struct wl_option options[] = {
    {"users", 'n', "N", "customers to simulate (20000)", "模拟的客户数（20000）"},
};

const struct wl_command wl_command_demo = {
    .name = "demo",
    .summary_en = "simulate a company and run the whole journey; makes ./wanliu-demo",
    .summary_zh = "模拟一家公司并走完全程；生成 ./wanliu-demo",
    .arguments = "",
    .example = "wanliu demo",
    .options = options,
    .n_options = sizeof(options) / sizeof(options[0]),
    .run = run_demo,
};
