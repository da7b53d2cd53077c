/* --help: the tables as text of at most 80 columns. */
#include "app/verbs.h"

#define HELP_WIDTH 80

void cli_print_wrapped(FILE *out, const char *left, const char *text, int indent)
{
	int at = fprintf(out, "%s", left);

	if (at && at > indent - 2) {
		fputc('\n', out);
		at = 0;
	}
	fprintf(out, "%*s", indent - at, "");
	at = indent;
	for (const char *p = text; *p;) {
		size_t word = strcspn(p, " ");
		if (at > indent && at + 1 + (int)word > HELP_WIDTH) {
			fprintf(out, "\n%*s", indent, "");
			at = indent;
		}
		if (at > indent)
			at += fprintf(out, " ");
		at += fprintf(out, "%.*s", (int)word, p);
		p += word;
		p += strspn(p, " ");
	}
	fputc('\n', out);
}

static void print_option(FILE *out, const struct option_row *o, const char *command)
{
	AUTO(str) char *left = NULL;
	char letter[8] = "   ";

	if (o->letter)
		snprintf(letter, sizeof(letter), "-%c,", o->letter);
	left = xasprintf("  %s --%s%s%s", letter, o->name, o->argument ? " " : "", o->argument ? o->argument : "");
	cli_print_wrapped(out, left, option_help(o, command), 29);
}

static void print_options(FILE *out, const struct command_row *command, bool own)
{
	for (size_t i = 0; i < OPT_COUNT; i++) {
		const struct option_row *o = &option_rows[i];
		if (own ? *o->commands && option_applies(o, command->name) : !*o->commands)
			print_option(out, o, command ? command->name : NULL);
	}
}

static bool has_own_options(const struct command_row *command)
{
	for (size_t i = 0; i < OPT_COUNT; i++)
		if (*option_rows[i].commands && option_applies(&option_rows[i], command->name))
			return true;
	return false;
}

static void print_program_help(FILE *out)
{
	fputs("usage: sagetop [option]...                  the dashboard\n"
	      "       sagetop COMMAND [argument]... [option]...\n\n"
	      "Watch, launch and stop SageMaker training jobs: logs, metrics, cost.\n"
	      "Without an AWS account: sagetop --local\n\n"
	      "Commands:\n",
	      out);
	for (size_t i = 0; i < CMD_COUNT; i++) {
		AUTO(str) char *left = xasprintf("  %s %s", command_rows[i].name, command_rows[i].arguments);
		cli_print_wrapped(out, left, command_rows[i].help, 29);
	}
	fputs("\nOptions of every command:\n", out);
	print_options(out, NULL, false);
	fputs("\nsagetop COMMAND --help lists the options of a command.\n"
	      "Exit status: 0 done, 1 failed, 2 wrong usage, 3 a job failed, a baseline was\n"
	      "not beaten or is violated, 4 not found, 5 credentials or permission,\n"
	      "6 throttled or no connection, 7 a job reached its time limit, 8 a share of a\n"
	      "budget is reached, 9 a budget is used up, 130 interrupted.\n",
	      out);
}

static void print_verbs(FILE *out, struct verbs verbs)
{
	if (!verbs.n)
		return;
	fputs("\nVerbs:\n", out);
	for (size_t i = 0; i < verbs.n; i++) {
		AUTO(str) char *left = xasprintf("  %s %s", verbs.items[i].name, verbs.items[i].arguments);
		cli_print_wrapped(out, left, verbs.items[i].help, 29);
	}
}

void cli_print_help(FILE *out, const struct command_row *command)
{
	if (!command) {
		print_program_help(out);
		return;
	}
	fprintf(out, "usage: sagetop %s%s%s [option]...\n\n", command->name, *command->arguments ? " " : "",
		command->arguments);
	cli_print_wrapped(out, "", command->help, 0);
	print_verbs(out, verbs_of((enum command_id)(command - command_rows)));
	if (has_own_options(command)) {
		fputs("\nOptions:\n", out);
		print_options(out, command, true);
	}
	fputs("\nOptions of every command:\n", out);
	print_options(out, command, false);
}
