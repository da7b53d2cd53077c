/* cli.h - the command line as data: tables of options and commands, and a parser.
 *
 * Pure but for cli_print_*: nothing is opened or started here. Options may stand
 * before or after the command; "--" ends them. Rows live in options.def and
 * commands.def.
 */
#ifndef SAGETOP_APP_CLI_H
#define SAGETOP_APP_CLI_H

#include "base/buf.h"
#include "base/str.h"

enum option_id {
#define OPTION(id, name, letter, type, argument, commands, help) OPT_##id,
#include "app/options.def"
#undef OPTION
	OPT_COUNT
};

enum option_type { OPTION_FLAG, OPTION_TEXT, OPTION_FILE, OPTION_NUMBER, OPTION_DURATION, OPTION_LIST };

struct option_row {
	const char *name; /* without the dashes */
	char letter;	  /* 0: none */
	enum option_type type;
	const char *argument; /* NULL for a flag */
	const char *commands; /* "jobs,logs"; "" for all */
	const char *help;
};

enum command_id {
#define COMMAND(id, name, arguments, least, most, flags, fn, help) CMD_##id,
#include "app/commands.def"
#undef COMMAND
	CMD_COUNT
};

enum { CMD_WRITES = 1, CMD_OFFLINE = 2, CMD_SCOPES = 4 };

struct app;
struct command_row {
	const char *name;
	const char *arguments;
	int least, most; /* number of arguments; most is -1 where any number is taken */
	unsigned flags;
	int (*run)(struct app *a, struct err *err); /* 0 or -code; app.h */
	const char *help;
};

extern const struct option_row option_rows[OPT_COUNT];
extern const struct command_row command_rows[CMD_COUNT];

/* What was asked for. Text is borrowed from argv, lists are owned. */
struct cli {
	const struct command_row *command; /* NULL: the dashboard */
	struct strlist args;		   /* after the command */
	const char *values[OPT_COUNT];	   /* the last one given; "" for a flag; NULL where absent */
	int64_t numbers[OPT_COUNT];	   /* NUMBER: the number; DURATION: milliseconds */
	struct strlist lists[OPT_COUNT];   /* LIST: all of them */
};
void cli_done(struct cli *c);
AUTO_EMBEDDED(cli, struct cli, cli_done)

/* ERR_USAGE names the word and suggests the nearest known one. */
int cli_parse(int argc, char *const *argv, struct cli *ret, struct err *err) NODISCARD;

const struct command_row *cli_find_command(const char *name);		  /* NULL where unknown */
bool option_applies(const struct option_row *o, const char *command);	  /* "" options apply to all */
const char *option_help(const struct option_row *o, const char *command); /* as it is for this command; NULL: for all */

/* "  -f, --follow", and text beside it from column indent on, wrapped to 80 columns. */
void cli_print_wrapped(FILE *out, const char *left, const char *text, int indent);
/* Help for the whole program (command NULL) or for one command. */
void cli_print_help(FILE *out, const struct command_row *command);
/* The tables as a manual section ("man") or as a completion script ("bash", "zsh", "fish"). */
int cli_print_docs(FILE *out, const char *kind, struct err *err) NODISCARD;

#endif
