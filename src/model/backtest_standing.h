/* backtest_standing.h - how a backtest stands while it runs: the error so far against the
 * headline baseline, and each entity's share in it. Pure.
 *
 * The figures are the judge's (judge.h) over the rows of those cycles whose predictions are
 * there, so that the last of them are those of the report. */
#ifndef SAGETOP_MODEL_BACKTEST_STANDING_H
#define SAGETOP_MODEL_BACKTEST_STANDING_H

#include "model/backtest_rows.h"
#include "model/judge.h"

struct backtest_entity {
	char *name; /* sanitised */
	uint32_t n; /* rows that are judged */
	double mae, other_mae;
	double skill; /* against the headline baseline; NAN where it cannot be said */
};

/* Zeroed: nothing is known yet. */
struct backtest_standing {
	size_t cycles, cycles_all; /* whose predictions are there */
	char *against;		   /* the headline baseline's name; NULL: nothing is known */
	struct judge_skill skill;  /* unknown figures are NAN */
	struct backtest_entity *entities;
	size_t n_entities; /* the worst first; those of whom nothing can be said last */
};
void backtest_standing_done(struct backtest_standing *p);
AUTO_EMBEDDED(backtest_standing, struct backtest_standing, backtest_standing_done)

/* Of rows whose predictions are settled. ERR_INVALID where they have no such baseline. */
int backtest_standing_judge(const struct backtest_rows *rows, const char *against, struct backtest_standing *ret,
			    struct err *err) NODISCARD;
/* The worst first, as they stand in the struct. */
void backtest_standing_sort(struct backtest_standing *p);

/* "3 of 15 cycles: 8.7 % worse than the season mean (95 %: 7.5 to 9.9 % worse), MAE 8.211 against
 * 7.556"; NULL where nothing is known. Owned by the caller. */
char *backtest_standing_text(const struct backtest_standing *p) NODISCARD;

/* Where a skill stands in the heat map, from 0 (20 % worse or more) to STANDING_HEATS - 1 (20 %
 * better or more); -1 where it is not known. */
#define STANDING_HEATS 7
int backtest_standing_heat(double skill);

#endif
