/* budgets.h - the settings' budgets held against what is spent: `cost --check`, and before
 * a launch. */
#ifndef SAGETOP_APP_BUDGETS_H
#define SAGETOP_APP_BUDGETS_H

#include "app/app.h"
#include "model/budget.h"

/* ERR_LIMIT where something of at most ceiling_micro (USD_UNKNOWN: nobody knows) would break
 * a hard budget; the message says how to go on. tags NULL: none. */
int budgets_allow(const struct config *config, struct sync *sync, const struct kind *kind, const char *name,
		  const struct strmap *tags, int64_t ceiling_micro, struct err *err) NODISCARD;

/* The same on the command line, where the jobs are asked for first; --force, and the local
 * engine, which costs nothing, let everything pass. */
int budgets_allow_launch(struct app *a, const struct kind *kind, const char *name, const struct strmap *tags,
			 int64_t ceiling_micro, struct err *err) NODISCARD;
/* The same of a request to create something, with the tags that it has. */
int budgets_allow_request(struct app *a, const struct kind *kind, const char *name, const json_t *request,
			  int64_t ceiling_micro, struct err *err) NODISCARD;

/* The same of what costs so much an hour (USD_UNKNOWN) and has no end of its own: to the end
 * of the budget's day or month. */
int budgets_allow_rate(struct app *a, const struct kind *kind, const char *name, const json_t *request,
		       int64_t rate_micro, struct err *err) NODISCARD;

/* `cost --check`: a line for each budget; exit statuses 8 (a share is reached) and 9 (one
 * is used up). Calls the settings' notice-command for each share newly reached. */
int budgets_check(struct app *a, struct err *err) NODISCARD;

#endif
