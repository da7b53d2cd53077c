/* sagetop help [COMMAND] */
#include "app/commands.h"

int cmd_help(struct app *a, struct err *err)
{
	const struct command_row *command = NULL;

	if (a->cli.args.n) {
		const char *names[CMD_COUNT];
		const char *word = a->cli.args.items[0];
		command = cli_find_command(word);
		for (size_t i = 0; i < CMD_COUNT; i++)
			names[i] = command_rows[i].name;
		if (!command) {
			const char *near = str_nearest(word, names, CMD_COUNT);
			return err_set(err, ERR_USAGE, "unknown command \"%s\"%s%s%s", word,
				       near ? ": did you mean \"" : ": sagetop --help lists them all", near ? near : "",
				       near ? "\"?" : "");
		}
	}
	cli_print_help(a->out, command);
	return 0;
}
