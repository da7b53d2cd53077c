/* verbs.h - commands that do several things, each by its verb: sagetop backtest plan SPEC.
 * Each has a table (backtest.def ...), which help, manual and completion read too. */
#ifndef SAGETOP_APP_VERBS_H
#define SAGETOP_APP_VERBS_H

#include "app/app.h"

/* One row; cli.args holds the verb and its arguments. */
struct verb {
	const char *name;
	const char *arguments;
	int least, most; /* of the arguments; -1: any number */
	int (*run)(struct app *a, struct err *err);
	const char *help;
};

struct verbs {
	const struct verb *items;
	size_t n;
};

/* Of a command; n is 0 where it has none. */
struct verbs verbs_of(enum command_id id);
/* Run the one that the first argument names. */
int verbs_run(struct app *a, enum command_id id, struct err *err) NODISCARD;

#endif
