/* Help, man page and completion, all from the table of commands. */
#include "cli/cli.h"

#include <string.h>

static void put_option(struct wl_buf *buf, const struct wl_option *option, bool is_zh)
{
    char left[64];
    struct wl_buf text;

    wl_buf_init(&text, buf->alloc, sizeof(left));
    if (option->letter != 0) {
        wl_buf_format(&text, "-%c, ", option->letter);
    } else {
        wl_buf_text(&text, "    ");
    }
    wl_buf_format(&text, "--%s%s%s", option->name, option->argument != NULL ? " " : "",
                  option->argument != NULL ? option->argument : "");
    wl_buf_format(buf, "  %-26s %s\n", text.data != NULL ? text.data : "",
                  is_zh ? option->help_zh : option->help_en);
    wl_buf_release(&text);
}

// "text" is the noun of "text train".
static bool has_noun(const struct wl_command *command, const char *noun)
{
    size_t n = strlen(noun);
    return strncmp(command->name, noun, n) == 0 && command->name[n] == ' ';
}

static void put_commands(struct wl_buf *buf, const char *noun, bool is_zh)
{
    size_t n_commands;
    const struct wl_command *const *commands = wl_cli_commands(&n_commands);

    for (size_t i = 0; i < n_commands; i++) {
        if (noun == NULL || has_noun(commands[i], noun)) {
            wl_buf_format(buf, "  %-18s %s\n", commands[i]->name,
                          is_zh ? commands[i]->summary_zh : commands[i]->summary_en);
        }
    }
}

void wl_help_overview(struct wl_buf *buf, const char *noun, bool is_zh)
{
    size_t n_globals;
    const struct wl_option *globals = wl_cli_globals(&n_globals);

    if (noun != NULL) {
        put_commands(buf, noun, is_zh);
        wl_buf_format(buf,
                      is_zh ? "\n各命令的选项：wanliu %s <命令> --help\n"
                            : "\noptions of each: wanliu %s <command> --help\n",
                      noun);
        return;
    }
    wl_buf_text(buf,
                is_zh ? "挽留 wanliu：提前发现谁会离开、为什么，并写好挽留的话。\n\n用法：wanliu "
                        "<命令> [选项]\n\n"
                      : "wanliu 挽留: who will leave, why, and what to tell them.\n\n"
                        "usage: wanliu <command> [options]\n\n");
    put_commands(buf, NULL, is_zh);
    wl_buf_text(buf, is_zh ? "\n所有命令都有的选项：\n" : "\noptions of every command:\n");
    for (size_t i = 0; i < n_globals; i++) {
        put_option(buf, &globals[i], is_zh);
    }
    wl_buf_text(
        buf,
        is_zh
            ? "\n先试试：wanliu demo\n退出码：0 成功，1 失败，2 用法错误，3 未过门槛，4 数据错误\n"
            : "\nstart with: wanliu demo\n"
              "exit codes: 0 ok, 1 failed, 2 usage, 3 a gate said no, 4 bad data\n");
}

void wl_help_command(struct wl_buf *buf, const struct wl_command *command, bool is_zh)
{
    size_t n_globals;
    const struct wl_option *globals = wl_cli_globals(&n_globals);

    wl_buf_format(buf, "%s\n\n%s wanliu %s%s%s%s\n",
                  is_zh ? command->summary_zh : command->summary_en,
                  is_zh ? "用法：" : "usage:", command->name,
                  command->n_options > 0 ? (is_zh ? " [选项]" : " [options]") : "",
                  command->arguments[0] != '\0' ? " " : "", command->arguments);
    if (command->n_options > 0) {
        wl_buf_text(buf, is_zh ? "\n选项：\n" : "\noptions:\n");
    }
    for (size_t i = 0; i < command->n_options; i++) {
        put_option(buf, &command->options[i], is_zh);
    }
    wl_buf_text(buf, is_zh ? "\n通用选项：\n" : "\nglobal options:\n");
    for (size_t i = 0; i < n_globals; i++) {
        put_option(buf, &globals[i], is_zh);
    }
    wl_buf_format(buf, "\n%s\n  %s\n", is_zh ? "例子：" : "example:", command->example);
}

// Text for roff: a leading dot or quote and every backslash and dash need care.
static void put_roff(struct wl_buf *buf, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\\') {
            wl_buf_text(buf, "\\e");
        } else if (*c == '-') {
            wl_buf_text(buf, "\\-");
        } else if ((*c == '.' || *c == '\'') && c == text) {
            wl_buf_format(buf, "\\&%c", *c);
        } else {
            wl_buf_char(buf, *c);
        }
    }
}

static void put_roff_option(struct wl_buf *buf, const struct wl_option *option)
{
    wl_buf_text(buf, ".TP\n\\fB");
    if (option->letter != 0) {
        wl_buf_format(buf, "\\-%c\\fR, \\fB", option->letter);
    }
    wl_buf_text(buf, "\\-\\-");
    put_roff(buf, option->name);
    wl_buf_text(buf, "\\fR");
    if (option->argument != NULL) {
        wl_buf_text(buf, " \\fI");
        put_roff(buf, option->argument);
        wl_buf_text(buf, "\\fR");
    }
    wl_buf_char(buf, '\n');
    put_roff(buf, option->help_en);
    wl_buf_char(buf, '\n');
}

void wl_help_man(struct wl_buf *buf)
{
    size_t n_commands;
    size_t n_globals;
    const struct wl_command *const *commands = wl_cli_commands(&n_commands);
    const struct wl_option *globals = wl_cli_globals(&n_globals);

    wl_buf_format(buf, ".TH WANLIU 1 \"\" \"wanliu %s\"\n", wl_version());
    wl_buf_text(buf, ".SH NAME\nwanliu \\- who will leave, why, and what to tell them\n"
                     ".SH SYNOPSIS\n\\fBwanliu\\fR \\fIcommand\\fR [\\fIoptions\\fR]\n"
                     ".SH OPTIONS OF EVERY COMMAND\n");
    for (size_t i = 0; i < n_globals; i++) {
        put_roff_option(buf, &globals[i]);
    }
    wl_buf_text(buf, ".SH COMMANDS\n");
    for (size_t i = 0; i < n_commands; i++) {
        wl_buf_text(buf, ".SS wanliu ");
        put_roff(buf, commands[i]->name);
        wl_buf_char(buf, ' ');
        put_roff(buf, commands[i]->arguments);
        wl_buf_char(buf, '\n');
        put_roff(buf, commands[i]->summary_en);
        wl_buf_char(buf, '\n');
        for (size_t j = 0; j < commands[i]->n_options; j++) {
            put_roff_option(buf, &commands[i]->options[j]);
        }
        wl_buf_text(buf, ".PP\nExample: \\fB");
        put_roff(buf, commands[i]->example);
        wl_buf_text(buf, "\\fR\n");
    }
    wl_buf_text(
        buf, ".SH EXIT STATUS\n0 done, 1 failed, 2 wrong usage, 3 a gate said no, 4 bad data.\n");
}

static void put_bash(struct wl_buf *buf, const struct wl_command *const *commands,
                     size_t n_commands)
{
    size_t n_globals;
    const struct wl_option *globals = wl_cli_globals(&n_globals);

    wl_buf_text(buf, "_wanliu() {\n    local cur=${COMP_WORDS[COMP_CWORD]} words=\n"
                     "    case \"${COMP_WORDS[1]-} ${COMP_WORDS[2]-}\" in\n");
    // Two-word names first: a one-word pattern would swallow them.
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < n_commands; i++) {
            bool is_two = strchr(commands[i]->name, ' ') != NULL;
            if (is_two == (pass == 0)) {
                wl_buf_format(buf, is_two ? "    \"%s\"*) words=\"" : "    \"%s \"*) words=\"",
                              commands[i]->name);
                for (size_t j = 0; j < commands[i]->n_options; j++) {
                    wl_buf_format(buf, "--%s ", commands[i]->options[j].name);
                }
                wl_buf_text(buf, "\" ;;\n");
            }
        }
    }
    wl_buf_text(buf, "    esac\n    if [ \"$COMP_CWORD\" = 1 ]; then\n"
                     "        COMPREPLY=($(compgen -W \"");
    for (size_t i = 0; i < n_commands; i++) {
        const char *space = strchr(commands[i]->name, ' ');
        wl_buf_add(buf, commands[i]->name,
                   space != NULL ? (size_t)(space - commands[i]->name) : strlen(commands[i]->name));
        wl_buf_char(buf, ' ');
    }
    wl_buf_text(buf,
                "\" -- \"$cur\"))\n        return\n    fi\n"
                "    if [ \"$COMP_CWORD\" = 2 ]; then\n        case \"${COMP_WORDS[1]}\" in\n");
    for (size_t i = 0; i < n_commands; i++) {
        const char *space = strchr(commands[i]->name, ' ');
        if (space != NULL) {
            wl_buf_format(buf, "        %.*s) words=\"$words %s\" ;;&\n",
                          (int)(space - commands[i]->name), commands[i]->name, space + 1);
        }
    }
    wl_buf_text(buf, "        esac\n    fi\n    case \"$cur\" in\n    -*) words=\"$words");
    for (size_t i = 0; i < n_globals; i++) {
        wl_buf_format(buf, " --%s", globals[i].name);
    }
    wl_buf_text(buf, "\" ;;\n    esac\n    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                     "    [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$cur\"))\n}\n"
                     "complete -F _wanliu wanliu\n");
}

static void put_fish_text(struct wl_buf *buf, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\'' || *c == '\\') {
            wl_buf_char(buf, '\\');
        }
        wl_buf_char(buf, *c);
    }
}

static void put_fish_options(struct wl_buf *buf, const char *condition,
                             const struct wl_option *options, size_t n_options)
{
    for (size_t j = 0; j < n_options; j++) {
        wl_buf_format(buf, "complete -c wanliu -n '%s' -l %s", condition, options[j].name);
        if (options[j].letter != 0) {
            wl_buf_format(buf, " -s %c", options[j].letter);
        }
        wl_buf_text(buf, options[j].argument != NULL ? " -r -d '" : " -d '");
        put_fish_text(buf, options[j].help_en);
        wl_buf_text(buf, "'\n");
    }
}

static void put_fish(struct wl_buf *buf, const struct wl_command *const *commands,
                     size_t n_commands)
{
    size_t n_globals;
    const struct wl_option *globals = wl_cli_globals(&n_globals);

    for (size_t i = 0; i < n_commands; i++) {
        struct wl_str second = wl_str_from(commands[i]->name);
        struct wl_str first = wl_str_cut(&second, ' ');
        char condition[96];
        struct wl_buf text;
        wl_buf_format(buf, "complete -c wanliu -n __fish_use_subcommand -a %.*s -d '",
                      WL_STR_ARG(first));
        put_fish_text(buf, commands[i]->summary_en);
        wl_buf_text(buf, "'\n");
        if (second.data != NULL) {
            wl_buf_format(buf, "complete -c wanliu -n '__fish_seen_subcommand_from %.*s' -a %.*s\n",
                          WL_STR_ARG(first), WL_STR_ARG(second));
        }
        wl_buf_init(&text, buf->alloc, sizeof(condition));
        wl_buf_format(&text, "__fish_seen_subcommand_from %.*s",
                      WL_STR_ARG(second.data != NULL ? second : first));
        put_fish_options(buf, text.data != NULL ? text.data : "", commands[i]->options,
                         commands[i]->n_options);
        wl_buf_release(&text);
    }
    put_fish_options(buf, "true", globals, n_globals);
}

bool wl_help_completion(struct wl_buf *buf, const char *shell)
{
    size_t n_commands;
    const struct wl_command *const *commands = wl_cli_commands(&n_commands);

    if (strcmp(shell, "bash") == 0) {
        put_bash(buf, commands, n_commands);
    } else if (strcmp(shell, "zsh") == 0) {
        wl_buf_text(buf, "autoload -U +X bashcompinit && bashcompinit\n");
        put_bash(buf, commands, n_commands);
    } else if (strcmp(shell, "fish") == 0) {
        put_fish(buf, commands, n_commands);
    } else {
        return false;
    }
    return true;
}
