/* sagetop backtest VERB: the table of what it does. */
#include "app/backtest.h"
#include "app/commands.h"

const struct backtest_verb backtest_verbs[] = {
#define BACKTEST(name, arguments, least, most, fn, help) {name, arguments, least, most, fn, help},
#include "app/backtest.def"
#undef BACKTEST
};
const size_t backtest_n_verbs = ARRAY_LEN(backtest_verbs);

static int unknown_verb(const char *word, struct err *err)
{
	const char *names[ARRAY_LEN(backtest_verbs)];
	AUTO(buf) struct buf all = BUF_INIT(BUF_MAX_TEXT);

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		names[i] = backtest_verbs[i].name;
		buf_addf(&all, "%s%s", i ? ", " : "", names[i]);
	}
	const char *near = str_nearest(word, names, ARRAY_LEN(names));
	if (near)
		return err_set(err, ERR_USAGE, "unknown verb \"%s\" of backtest: did you mean \"%s\"?", word, near);
	return err_set(err, ERR_USAGE, "unknown verb \"%s\" of backtest: it has %s", word, buf_str(&all));
}

int cmd_backtest(struct app *a, struct err *err)
{
	const char *word = a->cli.args.items[0];
	const struct backtest_verb *v = NULL;
	int n = (int)a->cli.args.n - 1;

	for (size_t i = 0; i < backtest_n_verbs && !v; i++)
		if (str_eq(backtest_verbs[i].name, word))
			v = &backtest_verbs[i];
	if (!v)
		return unknown_verb(word, err);
	if (n < v->least || n > v->most)
		return err_set(err, ERR_USAGE, "backtest %s needs %s: sagetop backtest %s %s", v->name,
			       n < v->least ? "more" : "less", v->name, v->arguments);
	return v->run(a, err);
}
