/* The option and command tables as parts of the manual and as completion scripts, and
 * the operations' as IAM policies. The results stand in man/ and share/; `make docs`
 * writes them and a test compares them with this program's. */
#include "app/backtest.h"
#include "app/config.h"
#include "app/dashboard_docs.h"
#include "app/field_docs.h"
#include "app/verbs.h"
#include "aws/op.h"
#include "aws/policy.h"
#include "base/mdoc.h"

static void man_option(FILE *out, const struct option_row *o, const char *command)
{
	fputs(".It ", out);
	if (o->letter)
		fprintf(out, "Fl %c , ", o->letter);
	fprintf(out, "Fl Fl %s", o->name);
	if (o->argument)
		fprintf(out, " Ar %s", o->argument);
	fputc('\n', out);
	mdoc_text(out, option_help(o, command));
	fputc('\n', out);
}

static void man_option_list(FILE *out, const char *command)
{
	bool any = false;

	for (size_t i = 0; i < OPT_COUNT; i++) {
		const struct option_row *o = &option_rows[i];
		if (command ? !*o->commands || !option_applies(o, command) : *o->commands != '\0')
			continue;
		if (!any)
			fputs(".Bl -tag -width Ds\n", out);
		any = true;
		man_option(out, o, command);
	}
	if (any)
		fputs(".El\n", out);
}

static void man_verbs(FILE *out, struct verbs verbs)
{
	if (!verbs.n)
		return;
	fputs(".Bl -tag -width Ds\n", out);
	for (size_t i = 0; i < verbs.n; i++) {
		fprintf(out, ".It Ic %s Ar %s\n", verbs.items[i].name, verbs.items[i].arguments);
		mdoc_text(out, verbs.items[i].help);
		fputc('\n', out);
	}
	fputs(".El\n", out);
}

static void docs_man(FILE *out)
{
	fputs(".Sh OPTIONS\nThese go with every command and with the dashboard,\nbefore or after the command.\n", out);
	man_option_list(out, NULL);
	fputs(".Sh COMMANDS\n", out);
	for (enum command_id i = 0; i < CMD_COUNT; i++) {
		const struct command_row *c = &command_rows[i];
		fprintf(out, ".Ss %s%s%s\n", c->name, *c->arguments ? " " : "", c->arguments);
		mdoc_text(out, c->help);
		fputc('\n', out);
		man_verbs(out, verbs_of(i));
		man_option_list(out, c->name);
	}
	dashboard_docs_man(out);
	field_docs_man(out);
}

/* What an option's value may be: words, or what sagetop --complete SOURCE prints. */
struct option_value {
	enum option_id id;
	const char *words, *source;
};

static const struct option_value *value_of(enum option_id id)
{
	static const struct option_value values[] = {
		{OPT_FORMAT, "table tsv json", NULL},
		{OPT_TIME_ZONE, "utc local", NULL},
		{OPT_PREFIX, "auto always never", NULL},
		{OPT_HEADER, "yes no", NULL},
		{OPT_SPLIT, "None Line RecordIO TFRecord", NULL},
		{OPT_STRATEGY, "MultiRecord SingleRecord", NULL},
		{OPT_GROUP, "prefix tag: type status user backtest parent sweep profile region", NULL},
		{OPT_BY,
		 "day week month kind prefix tag: type status user backtest parent component profile region scope name",
		 NULL},
		{OPT_COLUMNS, NULL, "columns"},
		{OPT_SORT, NULL, "columns"},
		{OPT_PROFILE, NULL, "profiles"},
		{OPT_REGION, NULL, "regions"},
		{OPT_SCOPE, NULL, "scopes"},
		{OPT_TYPE, NULL, "types"},
	};

	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		if (values[i].id == id)
			return &values[i];
	return NULL;
}

static void bash_words(FILE *out, const char *command)
{
	bool first = true;

	for (size_t i = 0; i < OPT_COUNT; i++) {
		const struct option_row *o = &option_rows[i];
		if (command ? !*o->commands || !option_applies(o, command) : *o->commands != '\0')
			continue;
		fprintf(out, "%s--%s", first ? "" : " ", o->name);
		first = false;
	}
}

static void bash_value(FILE *out, enum option_id id)
{
	const struct option_value *v = value_of(id);

	if (v && v->source)
		fprintf(out, ") _sagetop_words \"$(sagetop --complete %s 2>/dev/null)\"; return ;;\n", v->source);
	else if (v)
		fprintf(out, ") _sagetop_words '%s'; return ;;\n", v->words);
	else if (option_rows[id].type == OPTION_FILE)
		fputs(") COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n", out);
	else
		fputs(") return ;;\n", out);
}

static void bash_values(FILE *out)
{
	fputs("\tcase $prev in\n", out);
	for (size_t i = 0; i < OPT_COUNT; i++) {
		const struct option_row *o = &option_rows[i];
		if (o->type == OPTION_FLAG)
			continue;
		fprintf(out, "\t--%s", o->name);
		if (o->letter)
			fprintf(out, " | -%c", o->letter);
		bash_value(out, (enum option_id)i);
	}
	fputs("\tesac\n", out);
}

static bool takes_kinds(enum command_id id)
{
	return strstr(command_rows[id].arguments, "KIND") != NULL;
}

static bool takes_job_names(enum command_id id)
{
	return id == CMD_JOB || id == CMD_LOGS || id == CMD_METRICS || id == CMD_CLONE || id == CMD_STOP ||
	       id == CMD_WAIT || id == CMD_COMPARE || id == CMD_OPEN;
}

static bool takes_files(enum command_id id)
{
	return id == CMD_LAUNCH || id == CMD_UPLOAD || id == CMD_PROCESS || id == CMD_TUNE || id == CMD_ESTIMATE;
}

/* "job | logs": the commands for which takes says yes. */
static void command_names(FILE *out, bool (*takes)(enum command_id), const char *between)
{
	bool first = true;

	for (enum command_id i = 0; i < CMD_COUNT; i++)
		if (takes(i)) {
			fprintf(out, "%s%s", first ? "" : between, command_rows[i].name);
			first = false;
		}
}

static void docs_bash(FILE *out)
{
	fputs("# bash completion for sagetop. Made by `make docs` from the program's own tables.\n"
	      "# Of a list with commas what stands behind the last one is completed.\n"
	      "_sagetop_words()\n{\n\tlocal before=\n\n"
	      "\t[[ $cur != *,* ]] || before=${cur%,*},\n"
	      "\tCOMPREPLY=($(compgen -P \"$before\" -W \"$1\" -- \"${cur##*,}\"))\n}\n\n"
	      "# Jobs are those of the profile and region, or of the engine, that the line names.\n"
	      "_sagetop_jobs()\n{\n\tlocal i kind=jobs profile= region=\n\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n\t\tcase ${COMP_WORDS[i]} in\n"
	      "\t\t--local) kind=local-jobs ;;\n"
	      "\t\t--profile) kind=account-jobs profile=${COMP_WORDS[i+1]} ;;\n"
	      "\t\t--region) kind=account-jobs region=${COMP_WORDS[i+1]} ;;\n"
	      "\t\tesac\n\tdone\n"
	      "\tenv ${profile:+AWS_PROFILE=\"$profile\"} ${region:+AWS_REGION=\"$region\"} "
	      "sagetop --complete $kind 2>/dev/null\n}\n\n"
	      "_sagetop()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} cmd= word own=\n\n",
	      out);
	bash_values(out);
	fputs("\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n\t\tcase $word in\n\t\t", out);
	for (size_t i = 0; i < CMD_COUNT; i++)
		fprintf(out, "%s%s", i ? " | " : "", command_rows[i].name);
	fputs(") cmd=$word; break ;;\n\t\tesac\n\tdone\n\tcase $cmd in\n", out);
	for (size_t i = 0; i < CMD_COUNT; i++) {
		fprintf(out, "\t%s) own='", command_rows[i].name);
		bash_words(out, command_rows[i].name);
		fputs("' ;;\n", out);
	}
	fputs("\tesac\n\tif [[ $cur == -* ]]; then\n\t\tCOMPREPLY=($(compgen -W \"$own ", out);
	bash_words(out, NULL);
	fputs("\" -- \"$cur\"))\n\t\treturn\n\tfi\n\tcase $cmd in\n\t'') COMPREPLY=($(compgen -W '", out);
	for (size_t i = 0; i < CMD_COUNT; i++)
		fprintf(out, "%s%s", i ? " " : "", command_rows[i].name);
	fputs("' -- \"$cur\")) ;;\n\t", out);
	command_names(out, takes_job_names, " | ");
	fputs(") COMPREPLY=($(compgen -W \"$(_sagetop_jobs)\" -- \"$cur\")) ;;\n"
	      "\thelp) COMPREPLY=($(compgen -W \"$(sagetop --complete commands 2>/dev/null)\" -- \"$cur\")) ;;\n"
	      "\tjobs|failures) COMPREPLY=($(compgen -S : -W \"$(sagetop --complete columns 2>/dev/null)\" -- "
	      "\"$cur\"))\n\t\tcompopt -o nospace ;;\n"
	      "\tlocal) COMPREPLY=($(compgen -W 'start stop status env' -- \"$cur\")) ;;\n"
	      "\tmonitor) COMPREPLY=($(compgen -W 'baseline check analyze' -f -- \"$cur\")) ;;\n"
	      "\tlist|show|delete) COMPREPLY=($(compgen -W \"$(sagetop --complete kinds 2>/dev/null)\" -- \"$cur\")) "
	      ";;\n"
	      "\tconfig) COMPREPLY=($(compgen -W \"$(sagetop --complete settings 2>/dev/null)\" -- \"$cur\")) ;;\n"
	      "\tprices) COMPREPLY=($(compgen -W \"$(sagetop --complete types 2>/dev/null)\" -- \"$cur\")) ;;\n"
	      "\tbacktest) COMPREPLY=($(compgen -W \"$(sagetop --complete backtests 2>/dev/null)\" -f -- \"$cur\")) "
	      ";;\n\t",
	      out);
	command_names(out, takes_files, " | ");
	fputs(") COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n"
	      "\tesac\n}\ncomplete -o filenames -F _sagetop sagetop\n",
	      out);
}

/* Inside single quotes and brackets of an _arguments specification. */
static void zsh_text(FILE *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '\'')
			fputs("'\\''", out);
		else if (*s == '[' || *s == ']' || *s == ':')
			fprintf(out, "\\%c", *s);
		else
			fputc(*s, out);
	}
}

static void zsh_action(FILE *out, enum option_id id)
{
	const struct option_value *v = value_of(id);

	if (v && v->source)
		fprintf(out, " _sagetop_words %s", v->source);
	else if (v) {
		fputc('(', out);
		zsh_text(out, v->words);
		fputc(')', out);
	} else
		fputs(option_rows[id].type == OPTION_FILE ? "_files" : " ", out);
}

static void zsh_options(FILE *out, const char *command, const char *indent)
{
	for (enum option_id id = 0; id < OPT_COUNT; id++) {
		const struct option_row *o = &option_rows[id];
		if (command ? !*o->commands || !option_applies(o, command) : *o->commands != '\0')
			continue;
		fprintf(out, "%s'%s--%s%s[", indent, o->type == OPTION_LIST ? "*" : "", o->name,
			o->type == OPTION_FLAG ? "" : "=");
		zsh_text(out, option_help(o, command));
		fputs("]", out);
		if (o->type != OPTION_FLAG) {
			fprintf(out, ":%s:", o->argument);
			zsh_action(out, id);
		}
		fputs("' \\\n", out);
	}
}

static void docs_zsh(FILE *out)
{
	fputs("#compdef sagetop\n"
	      "# zsh completion for sagetop. Made by `make docs` from the program's own tables.\n\n"
	      "_sagetop_words() {\n\tlocal -a words_found\n"
	      "\twords_found=(${(f)\"$(sagetop --complete $1 2>/dev/null)\"})\n"
	      "\tcompset -P '*,'\n\tcompadd ${@[2,-1]} -a words_found\n}\n\n"
	      "_sagetop() {\n\tlocal context state line curcontext=$curcontext\n\tlocal -a everywhere commands\n"
	      "\teverywhere=( \\\n",
	      out);
	zsh_options(out, NULL, "\t\t");
	fputs("\t)\n\tcommands=( \\\n", out);
	for (size_t i = 0; i < CMD_COUNT; i++) {
		fprintf(out, "\t\t'%s:", command_rows[i].name);
		zsh_text(out, command_rows[i].help);
		fputs("' \\\n", out);
	}
	fputs("\t)\n\t_arguments -C $everywhere '1: :->command' '*:: :->argument' && return\n"
	      "\tcase $state in\n\tcommand) _describe command commands ;;\n\targument)\n\t\tcase $line[1] in\n",
	      out);
	for (enum command_id id = 0; id < CMD_COUNT; id++) {
		fprintf(out, "\t\t%s) _arguments $everywhere \\\n", command_rows[id].name);
		zsh_options(out, command_rows[id].name, "\t\t\t");
		const char *what = takes_job_names(id)			  ? " _sagetop_words jobs"
				   : takes_kinds(id)			  ? " _sagetop_words kinds"
				   : id == CMD_JOBS || id == CMD_FAILURES ? " _sagetop_words columns -S \\:"
				   : id == CMD_HELP			  ? " _sagetop_words commands"
				   : id == CMD_LOCAL			  ? "(start stop status env)"
				   : id == CMD_MONITOR			  ? "{_values verb baseline check; _files}"
				   : id == CMD_PRICES			  ? " _sagetop_words types"
				   : id == CMD_CONFIG			  ? " _sagetop_words settings"
				   : id == CMD_BACKTEST			  ? " _sagetop_words backtests"
				   : takes_files(id)			  ? "_files"
									  : " ";
		fprintf(out, "\t\t\t'*: :%s' ;;\n", what);
	}
	fputs("\t\tesac ;;\n\tesac\n}\n\n_sagetop \"$@\"\n", out);
}

static void fish_text(FILE *out, const char *s)
{
	fputc('\'', out);
	for (; *s; s++) {
		if (*s == '\'' || *s == '\\')
			fputc('\\', out);
		fputc(*s, out);
	}
	fputc('\'', out);
}

static void fish_value(FILE *out, enum option_id id)
{
	const struct option_value *v = value_of(id);

	if (v && v->source)
		fprintf(out, " -a '(__sagetop_words %s)'", v->source);
	else if (v)
		fprintf(out, " -a '%s'", v->words);
}

static void docs_fish(FILE *out)
{
	fputs("# fish completion for sagetop. Made by `make docs` from the program's own tables.\n"
	      "# Of a list with commas what stands behind the last one is completed.\n"
	      "function __sagetop_words\n"
	      "    set -l before (string match -r '.*,' -- (commandline -ct | string replace -r '^--[a-z-]*=' ''))\n"
	      "    for word in (sagetop --complete $argv[1])\n"
	      "        echo \"$before$word\"\n"
	      "    end\nend\n"
	      "complete -c sagetop -f\n",
	      out);
	for (size_t i = 0; i < CMD_COUNT; i++) {
		fprintf(out, "complete -c sagetop -n __fish_use_subcommand -a %s -d ", command_rows[i].name);
		fish_text(out, command_rows[i].help);
		fputc('\n', out);
	}
	for (enum option_id id = 0; id < OPT_COUNT; id++) {
		const struct option_row *o = &option_rows[id];
		fputs("complete -c sagetop", out);
		if (*o->commands) {
			fputs(" -n '__fish_seen_subcommand_from ", out);
			for (const char *p = o->commands; *p; p++)
				fputc(*p == ',' ? ' ' : *p, out);
			fputc('\'', out);
		}
		fprintf(out, " -l %s", o->name);
		if (o->letter)
			fprintf(out, " -s %c", o->letter);
		if (o->type != OPTION_FLAG)
			fputs(o->type == OPTION_FILE ? " -rF" : " -x", out);
		fish_value(out, id);
		fputs(" -d ", out);
		fish_text(out, o->help);
		fputc('\n', out);
	}
	fputs("complete -c sagetop -n '__fish_seen_subcommand_from ", out);
	command_names(out, takes_job_names, " ");
	fputs("' -a '(sagetop --complete jobs)'\n"
	      "complete -c sagetop -n '__fish_seen_subcommand_from help' -a '(sagetop --complete commands)'\n"
	      "complete -c sagetop -n '__fish_seen_subcommand_from jobs failures' -a '(sagetop --complete columns):'\n"
	      "complete -c sagetop -n '__fish_seen_subcommand_from local' -a 'start stop status env'\n"
	      "complete -c sagetop -n '__fish_seen_subcommand_from monitor' -F -a 'baseline check'\n"
	      "complete -c sagetop -n '__fish_seen_subcommand_from list show delete' -a '(sagetop --complete kinds)'\n"
	      "complete -c sagetop -n '__fish_seen_subcommand_from config' -a '(sagetop --complete settings)'\n"
	      "complete -c sagetop -n '__fish_seen_subcommand_from prices' -a '(sagetop --complete types)'\n"
	      "complete -c sagetop -n '__fish_seen_subcommand_from backtest' -F -a '(sagetop --complete backtests)'\n"
	      "complete -c sagetop -n '__fish_seen_subcommand_from ",
	      out);
	command_names(out, takes_files, " ");
	fputs("' -F\n", out);
}

static void print_policy(FILE *out, bool writes)
{
	struct aws_policy_scope widest = {"aws", "*", "*"};
	AUTO(json) json_t *policy = aws_policy_new(NULL, writes, &widest);

	json_dumpf(policy, out, JSON_INDENT(2));
	fputc('\n', out);
}

static void docs_policy(FILE *out)
{
	print_policy(out, true);
}

static void docs_policy_read_only(FILE *out)
{
	print_policy(out, false);
}

/* The table of AWS operations, for the test that holds it against the services' models. */
static void docs_operations(FILE *out)
{
	for (size_t i = 0; i < AWS_OP_COUNT; i++) {
		const struct aws_op *op = &aws_ops[i];
		AUTO(str) char *action = aws_op_action(op);

		fprintf(out, "%s\t%s\t%s\t%s\t%g\t%g\t%s\t%s\t%s\t%s\t%s\t%s\n", op->service->iam, op->name, action,
			op->access == AWS_READ ? "read" : "write", op->rate, op->burst, op->reply, op->resource,
			str_or(op->method, ""), str_or(op->path, ""), str_or(op->query, ""), op->need);
	}
}

int cli_print_docs(FILE *out, const char *kind, struct err *err)
{
	static const struct {
		const char *kind;
		void (*print)(FILE *out);
	} kinds[] = {{"man", docs_man},
		     {"config", config_docs_man},
		     {"backtest", backtest_docs_man},
		     {"bash", docs_bash},
		     {"zsh", docs_zsh},
		     {"fish", docs_fish},
		     {"iam-policy", docs_policy},
		     {"iam-policy-read-only", docs_policy_read_only},
		     {"operations", docs_operations}};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_eq(kind, kinds[i].kind)) {
			kinds[i].print(out);
			return 0;
		}
	return err_set(err, ERR_USAGE,
		       "--dump-docs writes man, config, bash, zsh, fish, iam-policy, iam-policy-read-only or "
		       "operations, not \"%s\"",
		       kind);
}
