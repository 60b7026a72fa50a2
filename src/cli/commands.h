/* Every command of the program, one per cmd_<verb>.c. */
#ifndef WL_CLI_COMMANDS_H
#define WL_CLI_COMMANDS_H
#include "cli/cli.h"

extern const struct wl_command wl_command_config_check;
extern const struct wl_command wl_command_help;
extern const struct wl_command wl_command_man;
extern const struct wl_command wl_command_completion;

#endif
