/* backtest_standing.c - the error so far of a backtest that runs. */
#include "model/backtest_standing.h"

#include <math.h>

#define HEAT_STEP 0.08 /* the middle one is from 4 % worse to 4 % better */

void backtest_standing_done(struct backtest_standing *p)
{
	for (size_t i = 0; i < p->n_entities; i++)
		free(p->entities[i].name);
	free(p->entities);
	free(p->against);
	*p = (struct backtest_standing){0};
}

static int worst_first(const void *a, const void *b)
{
	const struct backtest_entity *x = a, *y = b;

	if (isnan(x->skill) || isnan(y->skill))
		return isnan(x->skill) != isnan(y->skill) ? (isnan(x->skill) ? 1 : -1) : strcmp(x->name, y->name);
	if (x->skill != y->skill)
		return x->skill < y->skill ? -1 : 1;
	return strcmp(x->name, y->name);
}

void backtest_standing_sort(struct backtest_standing *p)
{
	if (p->n_entities)
		qsort(p->entities, p->n_entities, sizeof(*p->entities), worst_first);
}

static void take_entities(const struct backtest_rows *rows, const struct judge *j, struct backtest_standing *ret)
{
	const struct judge_grouping *by = &j->by[JUDGE_BY_ENTITY];

	ret->entities = xcalloc(by->n + 1, sizeof(*ret->entities));
	for (size_t i = 0; i < by->n; i++) {
		const struct judge_skill *s = &by->items[i].skills[0];

		ret->entities[ret->n_entities++] =
			(struct backtest_entity){.name = xstrdup(rows->entities.items[by->items[i].id]),
						 .n = s->n,
						 .mae = s->mae,
						 .other_mae = s->other_mae,
						 .skill = s->skill};
	}
	backtest_standing_sort(ret);
}

int backtest_standing_judge(const struct backtest_rows *rows, const char *against, struct backtest_standing *ret,
			    struct err *err)
{
	const struct backtest_column *other = backtest_rows_baseline(rows, against);
	AUTO(judge) struct judge j = {0};

	if (!other)
		return err_set(err, ERR_INVALID, "the predictions have no baseline %s", against);
	const double *const others[] = {other->values};
	const struct judge_input in = {.n = rows->n,
				       .of = {rows->cycle, rows->week, rows->slate, rows->entity},
				       .n_of = {rows->n_cycles, rows->n_weeks, rows->n_slates, rows->entities.n},
				       .scored = rows->scored,
				       .actual = rows->fixed[BACKTEST_ACTUAL],
				       .prediction = rows->fixed[BACKTEST_PREDICTION],
				       .low = rows->fixed[BACKTEST_LOW],
				       .high = rows->fixed[BACKTEST_HIGH],
				       .scale = rows->fixed[BACKTEST_SCALE],
				       .others = others,
				       .n_others = 1,
				       .coverage = 0.5}; /* of intervals nothing is said here */

	judge_predictions(&in, &j);
	*ret = (struct backtest_standing){.against = xstrdup(against), .skill = judge_whole(&j)->skills[0]};
	take_entities(rows, &j, ret);
	return 0;
}

char *backtest_standing_text(const struct backtest_standing *p)
{
	if (!p->against)
		return NULL;
	AUTO(str) char *other = judge_baseline_words(p->against);
	AUTO(str) char *sentence = judge_sentence(&p->skill, other);
	AUTO(str)
	char *maes = isnan(p->skill.mae) || isnan(p->skill.other_mae)
			     ? xstrdup("")
			     : xasprintf(", MAE %.4g against %.4g", p->skill.mae, p->skill.other_mae);

	return xasprintf("%zu of %zu cycles: %s%s", p->cycles, p->cycles_all, sentence, maes);
}

int backtest_standing_heat(double skill)
{
	if (isnan(skill))
		return -1;
	return (int)MAX(0, MIN(STANDING_HEATS - 1, floor(skill / HEAT_STEP + STANDING_HEATS / 2.0)));
}
