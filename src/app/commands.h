/* commands.h - the commands' functions, declared from their table.
 *
 * Each runs one command of an app whose command line was parsed, prints to
 * app.out, and returns 0 or -code with err set; a status that is not an error
 * (a job failed, an interrupt) goes to app.exit_status. */
#ifndef SAGETOP_APP_COMMANDS_H
#define SAGETOP_APP_COMMANDS_H

#include "app/app.h"

#define COMMAND(id, name, arguments, least, most, flags, fn, help) int fn(struct app *a, struct err *err) NODISCARD;
#include "app/commands.def"
#undef COMMAND

#endif
