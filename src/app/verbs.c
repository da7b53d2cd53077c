/* verbs.c - the verbs of commands: see verbs.h. */
#include "app/verbs.h"

#include "app/backtest.h"
#include "app/commands.h"
#include "app/monitor.h"

static const struct verb backtest_verbs[] = {
#define BACKTEST(name, arguments, least, most, fn, help) {name, arguments, least, most, fn, help},
#include "app/backtest.def"
#undef BACKTEST
};

static const struct verb monitor_verbs[] = {
#define MONITOR(name, arguments, least, most, fn, help) {name, arguments, least, most, fn, help},
#include "app/monitor.def"
#undef MONITOR
};

struct verbs verbs_of(enum command_id id)
{
	if (id == CMD_BACKTEST)
		return (struct verbs){backtest_verbs, ARRAY_LEN(backtest_verbs)};
	if (id == CMD_MONITOR)
		return (struct verbs){monitor_verbs, ARRAY_LEN(monitor_verbs)};
	return (struct verbs){0};
}

static int unknown_verb(const char *word, const char *command, struct verbs all, struct err *err)
{
	AUTO(strlist) struct strlist names = {0};
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);

	for (size_t i = 0; i < all.n; i++) {
		strlist_add(&names, all.items[i].name);
		buf_addf(&text, "%s%s", i ? ", " : "", all.items[i].name);
	}
	const char *near = str_nearest(word, (const char *const *)names.items, names.n);

	if (near)
		return err_set(err, ERR_USAGE, "unknown verb \"%s\" of %s: did you mean \"%s\"?", word, command, near);
	return err_set(err, ERR_USAGE, "unknown verb \"%s\" of %s: it has %s", word, command, buf_str(&text));
}

int verbs_run(struct app *a, enum command_id id, struct err *err)
{
	const char *word = a->cli.args.items[0], *command = command_rows[id].name;
	const struct verbs all = verbs_of(id);
	const struct verb *v = NULL;
	int n = (int)a->cli.args.n - 1;

	for (size_t i = 0; i < all.n && !v; i++)
		if (str_eq(all.items[i].name, word))
			v = &all.items[i];
	if (!v)
		return unknown_verb(word, command, all, err);
	if (n < v->least || (v->most >= 0 && n > v->most))
		return err_set(err, ERR_USAGE, "%s %s needs %s: sagetop %s %s %s", command, v->name,
			       n < v->least ? "more" : "less", command, v->name, v->arguments);
	return v->run(a, err);
}
