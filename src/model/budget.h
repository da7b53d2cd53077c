/* budget.h - how much may be spent, as the settings say it, and how much of it is.
 *
 *   budgets:
 *     total: 500/month
 *     nba: 50/day hard                  names that begin so (their prefix, --by prefix)
 *     kind:endpoints: 20/day warn 50% 80%
 *     tag:team=a: 200/month
 *
 * A budget warns at shares of it (80 % and 100 % where none are named). A hard one refuses
 * a launch that would break it. Pure. */
#ifndef SAGETOP_MODEL_BUDGET_H
#define SAGETOP_MODEL_BUDGET_H

#include "model/spend.h"

#define BUDGET_SHARES_MAX 4
enum budget_of { BUDGET_TOTAL = 0, BUDGET_KIND, BUDGET_TAG, BUDGET_PREFIX };

struct budget {
	const char *name; /* its key in the settings; borrowed */
	enum budget_of of;
	char *what; /* kind, "KEY=VALUE", prefix; NULL of the total */
	int64_t usd_micro;
	enum period_unit per; /* day or month */
	bool hard;
	int shares[BUDGET_SHARES_MAX]; /* per cent, ascending */
	size_t n_shares;
};
void budget_done(struct budget *b);
AUTO_EMBEDDED(budget, struct budget, budget_done)
/* ERR_INVALID says what an entry looks like. */
int budget_parse(const char *key, const char *text, struct budget *ret, struct err *err) NODISCARD;

/* Whether it goes for a thing of that kind, name and tags (NULL: none). */
bool budget_matches(const struct budget *b, const struct kind *kind, const char *name, const struct strmap *tags);
/* The same of what is there; r NULL: gone. */
bool budget_counts(const struct budget *b, const struct kind *kind, const char *name, const struct resource *r);

/* What of it is spent in the period that holds now. */
struct budget_state {
	int64_t from_ms, until_ms; /* of the period */
	int64_t spent_micro;
	size_t unknown; /* things whose amount is not known, and not in it */
	int percent;	/* of the budget, rounded down */
	int passed;	/* the greatest share that is reached; 0: none */
};
void budget_begin(const struct budget *b, int64_t now_ms, bool local, struct budget_state *ret);
void budget_add(const struct budget *b, struct budget_state *st, const struct charges *c);
void budget_settle(const struct budget *b, struct budget_state *st);

#endif
