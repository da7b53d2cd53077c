/* Parse argv by the tables of options and commands. */
#include "app/cli.h"

#include "app/commands.h"
#include "base/timefmt.h"

const struct option_row option_rows[OPT_COUNT] = {
#define OPTION(id, name, letter, type, argument, commands, help) \
	[OPT_##id] = {name, letter, OPTION_##type, argument, commands, help},
#include "app/options.def"
#undef OPTION
};

const struct command_row command_rows[CMD_COUNT] = {
#define COMMAND(id, name, arguments, least, most, flags, fn, help) \
	[CMD_##id] = {name, arguments, least, most, flags, fn, help},
#include "app/commands.def"
#undef COMMAND
};

void cli_done(struct cli *c)
{
	strlist_done(&c->args);
	for (size_t i = 0; i < OPT_COUNT; i++)
		strlist_done(&c->lists[i]);
}

const struct command_row *cli_find_command(const char *name)
{
	for (size_t i = 0; i < CMD_COUNT; i++)
		if (!strcmp(command_rows[i].name, name))
			return &command_rows[i];
	return NULL;
}

bool option_applies(const struct option_row *o, const char *command)
{
	if (!*o->commands)
		return true;
	size_t n = strlen(command);
	for (const char *p = o->commands; p; p = strchr(p, ',')) {
		p += *p == ',';
		if (!strncmp(p, command, n) && (p[n] == ',' || !p[n]))
			return true;
	}
	return false;
}

const char *option_help(const struct option_row *o, const char *command)
{
	static const struct {
		enum option_id id;
		struct option_row row; /* commands and help */
	} own[] = {
#define OPTION(...)
#define OPTION_HELP(option, which, text) {OPT_##option, {.commands = which, .help = text}},
#include "app/options.def"
#undef OPTION_HELP
#undef OPTION
	};

	for (size_t i = 0; command && i < ARRAY_LEN(own); i++)
		if (&option_rows[own[i].id] == o && option_applies(&own[i].row, command))
			return own[i].row.help;
	return o->help;
}

static int unknown_option(const char *name, size_t len, struct err *err)
{
	AUTO(str) char *word = xstrndup(name, len);
	const char *names[OPT_COUNT];

	for (size_t i = 0; i < OPT_COUNT; i++)
		names[i] = option_rows[i].name;
	const char *near = str_nearest(word, names, OPT_COUNT);
	if (near)
		return err_set(err, ERR_USAGE, "unknown option --%s: did you mean --%s?", word, near);
	return err_set(err, ERR_USAGE, "unknown option --%s: sagetop --help lists them all", word);
}

static int unknown_command(const char *word, struct err *err)
{
	const char *names[CMD_COUNT];

	for (size_t i = 0; i < CMD_COUNT; i++)
		names[i] = command_rows[i].name;
	const char *near = str_nearest(word, names, CMD_COUNT);
	if (near)
		return err_set(err, ERR_USAGE, "unknown command \"%s\": did you mean \"%s\"?", word, near);
	return err_set(err, ERR_USAGE, "unknown command \"%s\": sagetop --help lists them all", word);
}

/* Keep the value of one option; text NULL for a flag. */
static int take_value(struct cli *c, enum option_id id, const char *text, struct err *err)
{
	const struct option_row *o = &option_rows[id];
	int64_t number;

	c->values[id] = text ? text : "";
	switch (o->type) {
	case OPTION_NUMBER:
		if (!str_to_i64(text, &number) || number < 0)
			return err_set(err, ERR_USAGE, "--%s needs a whole number, not \"%s\"", o->name, text);
		c->numbers[id] = number;
		break;
	case OPTION_DURATION:
		if (!timefmt_parse_duration(text, &number))
			return err_set(err, ERR_USAGE, "--%s needs a time such as 90s, 15m or 2h, not \"%s\"", o->name,
				       text);
		c->numbers[id] = number;
		break;
	case OPTION_LIST:
		strlist_add(&c->lists[id], text);
		break;
	default:
		break;
	}
	return 0;
}

/* OPT_COUNT where no option is called so. */
static enum option_id find_option(const char *name, size_t len)
{
	static const struct {
		const char *name;
		enum option_id id;
	} aliases[] = {
#define OPTION(...)
#define OPTION_ALIAS(alias, option) {alias, OPT_##option},
#include "app/options.def"
#undef OPTION_ALIAS
#undef OPTION
	};

	for (enum option_id id = 0; id < OPT_COUNT; id++)
		if (strlen(option_rows[id].name) == len && !strncmp(option_rows[id].name, name, len))
			return id;
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (strlen(aliases[i].name) == len && !strncmp(aliases[i].name, name, len))
			return aliases[i].id;
	return OPT_COUNT;
}

/* One word that begins with "--". *i moves where the value is the next word. */
static int parse_long(struct cli *c, int argc, char *const *argv, int *i, struct err *err)
{
	const char *name = argv[*i] + 2;
	size_t len = strcspn(name, "=");
	enum option_id id = find_option(name, len);

	if (id == OPT_COUNT)
		return unknown_option(name, len, err);
	const struct option_row *o = &option_rows[id];
	const char *value = name[len] == '=' ? name + len + 1 : NULL;
	if (o->type == OPTION_FLAG) {
		if (value)
			return err_set(err, ERR_USAGE, "--%s takes no value", o->name);
		return take_value(c, id, NULL, err);
	}
	if (!value && ++*i < argc)
		value = argv[*i];
	if (!value)
		return err_set(err, ERR_USAGE, "--%s needs a value: --%s %s", o->name, o->name, o->argument);
	return take_value(c, id, value, err);
}

/* One word of letters: "-f", "-n20", "-n 20". */
static int parse_letters(struct cli *c, int argc, char *const *argv, int *i, struct err *err)
{
	for (const char *p = argv[*i] + 1; *p; p++) {
		enum option_id id = 0;
		while (id < OPT_COUNT && option_rows[id].letter != *p)
			id++;
		if (id == OPT_COUNT)
			return err_set(err, ERR_USAGE, "unknown option -%c: sagetop --help lists them all", *p);
		const struct option_row *o = &option_rows[id];
		if (o->type == OPTION_FLAG) {
			if (take_value(c, id, NULL, err) < 0)
				return -ERR_USAGE;
			continue;
		}
		const char *value = p[1] ? p + 1 : ++*i < argc ? argv[*i] : NULL;
		if (!value)
			return err_set(err, ERR_USAGE, "-%c needs a value: -%c %s", *p, *p, o->argument);
		return take_value(c, id, value, err);
	}
	return 0;
}

/* Options were read before the command may have been known: do they fit it? */
static int check_fit(const struct cli *c, struct err *err)
{
	const struct command_row *cmd = c->command;

	for (size_t i = 0; i < OPT_COUNT; i++) {
		const struct option_row *o = &option_rows[i];
		if (c->values[i] && !option_applies(o, cmd ? cmd->name : ""))
			return err_set(err, ERR_USAGE, "--%s does not go with %s%s: it is for %s", o->name,
				       cmd ? "sagetop " : "the dashboard", cmd ? cmd->name : "", o->commands);
	}
	if (!cmd || c->values[OPT_HELP])
		return 0;
	if ((int)c->args.n < cmd->least)
		return err_set(err, ERR_USAGE, "%s needs more: sagetop %s %s", cmd->name, cmd->name, cmd->arguments);
	if (cmd->most >= 0 && (int)c->args.n > cmd->most)
		return err_set(err, ERR_USAGE, "\"%s\" is too much: sagetop %s %s", c->args.items[cmd->most], cmd->name,
			       cmd->arguments);
	return 0;
}

int cli_parse(int argc, char *const *argv, struct cli *ret, struct err *err)
{
	bool options = true;
	int rc = 0;

	*ret = (struct cli){0};
	for (int i = 1; i < argc && rc == 0; i++) {
		const char *word = argv[i];
		if (options && !strcmp(word, "--"))
			options = false;
		else if (options && str_starts(word, "--"))
			rc = parse_long(ret, argc, argv, &i, err);
		else if (options && word[0] == '-' && word[1])
			rc = parse_letters(ret, argc, argv, &i, err);
		else if (ret->command)
			strlist_add(&ret->args, word);
		else if (!(ret->command = cli_find_command(word)))
			rc = unknown_command(word, err);
	}
	return rc < 0 ? rc : check_fit(ret, err);
}
