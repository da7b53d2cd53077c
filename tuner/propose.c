/* Grid and random search, and which of the strategies is asked. */
#include "tuner/propose_impl.h"

#include <math.h>

#define DRAWS 200
/* Spaces up to this size are walked through where drawing finds nothing new. */
#define WALKED 1000000

bool tuner_strategy_parse(const char *name, enum tuner_strategy *ret)
{
	static const char *const names[] = {"Grid", "Random", "Bayesian", "Hyperband"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (str_eq(names[i], name)) {
			*ret = (enum tuner_strategy)i;
			return true;
		}
	}
	return false;
}

bool tuner_was_tried(const struct tuner_problem *p, const struct tuner_trial *trials, size_t n, const double *values)
{
	for (size_t i = 0; i < n; i++) {
		if ((trials[i].own || !p->transfer) && tuner_space_same(p->space, trials[i].values, values))
			return true;
	}
	return false;
}

/* Any point that was not tried; false where there is none. */
static bool draw_new(const struct tuner_problem *p, const struct tuner_trial *trials, size_t n,
		     struct tuner_random *random, double *values)
{
	double size = tuner_space_size(p->space);

	for (int i = 0; i < DRAWS; i++) {
		for (size_t d = 0; d < p->space->n; d++)
			values[d] = tuner_range_value(&p->space->ranges[d], tuner_random_unit(random));
		if (!tuner_was_tried(p, trials, n, values))
			return true;
	}
	if (size > WALKED)
		return false;
	uint64_t start = tuner_random_next(random) % (uint64_t)size;

	for (uint64_t i = 0; i < (uint64_t)size; i++) {
		tuner_space_point(p->space, (start + i) % (uint64_t)size, values);
		if (!tuner_was_tried(p, trials, n, values))
			return true;
	}
	return false;
}

static size_t count_own(const struct tuner_trial *trials, size_t n)
{
	size_t own = 0;

	for (size_t i = 0; i < n; i++)
		own += trials[i].own;
	return own;
}

int tuner_propose(const struct tuner_problem *p, const struct tuner_trial *trials, size_t n, double *values,
		  struct err *err)
{
	struct tuner_random random;
	size_t own = count_own(trials, n);

	tuner_random_begin(&random, p->seed, own);
	if (p->strategy == TUNER_GRID) {
		if ((double)own >= tuner_space_size(p->space))
			return 0;
		tuner_space_point(p->space, own, values);
		return 1;
	}
	if (p->strategy == TUNER_BAYESIAN) {
		int rc = tuner_propose_bayesian(p, trials, n, values, err);

		if (rc < 0)
			return rc;
		if (!tuner_was_tried(p, trials, n, values))
			return 1;
	}
	return draw_new(p, trials, n, &random, values) ? 1 : 0;
}
