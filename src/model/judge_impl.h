/* judge_impl.h - what the files of the judge share: rows picked by position, and the
 * figures over them. Picked rows are in order of slate. */
#ifndef SAGETOP_MODEL_JUDGE_IMPL_H
#define SAGETOP_MODEL_JUDGE_IMPL_H

#include <math.h>

#include "base/doubles.h"
#include "model/judge.h"

struct judge_pick {
	const uint32_t *rows;
	size_t n;
};

/* Errors of two columns by slate, on the rows that both know. */
struct judge_slates {
	struct judge_slate {
		double error, other; /* summed */
		uint32_t n;
	} * items;
	size_t n; /* slates with a row */
	double error, other;
	uint32_t rows;
};

/* Room for a judgement's passes, for rows and slates of the input. */
struct judge_room {
	struct judge_slates slates;
	struct judge_ranked {
		double value;
		uint32_t at;
	} * ranked;
	double *a, *b, *ranks_a, *ranks_b; /* of one slate */
	double *draws;
};

static inline bool judge_counts(const struct judge_input *in, const double *values, uint32_t row)
{
	return in->scored[row] && !isnan(values[row]);
}

/* f in 0..1 of n >= 1 sorted values. */
double judge_quantile(const double *sorted, size_t n, double f);

void judge_measure(const struct judge_input *in, struct judge_pick pick, const double *values, struct judge_room *room,
		   struct judge_measures *ret);
void judge_measure_intervals(const struct judge_input *in, struct judge_pick pick, struct judge_intervals *ret);
/* Fills room->slates as well. */
void judge_compare(const struct judge_input *in, struct judge_pick pick, const double *other, struct judge_room *room,
		   struct judge_skill *ret);
/* Of what judge_compare has left in room->slates. */
void judge_test_slates(struct judge_room *room, struct judge_test *ret);

#endif
