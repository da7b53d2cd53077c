/* rules.h - when a child, or the whole tuning job, has done enough: the median rule of
 * early stopping, the rungs of Hyperband (ASHA) and the completion criteria. Pure.
 */
#ifndef SAGETOP_TUNER_RULES_H
#define SAGETOP_TUNER_RULES_H

#include <stdbool.h>
#include <stddef.h>

/* What a child's log has said of the objective so far, one value an epoch. */
struct tuner_curve {
	const double *values;
	size_t n;
	bool over; /* completed or stopped: its curve does not grow any more */
};

#define TUNER_MEDIAN_MIN 3 /* children that must have come as far before one is compared */

/* Whether children[which] is worse now than the median of the running averages that the
 * other, ended ones had at its epoch. *ret_median then says that. */
bool tuner_median_stops(const struct tuner_curve *children, size_t n, size_t which, bool maximise, double *ret_median);

#define TUNER_REDUCTION 3

/* The highest rung (a number of epochs: min * 3^k, below max) that `epochs` reaches; 0
 * below the first. */
size_t tuner_rung(size_t epochs, size_t min, size_t max);
/* Asynchronous successive halving: whether children[which], which is at a rung, is not in
 * the better third of all that came so far. With fewer than three nobody is stopped. */
bool tuner_halving_stops(const struct tuner_curve *children, size_t n, size_t which, size_t rung, bool maximise);

/* Zeros mean that a criterion was not asked for. */
struct tuner_criteria {
	bool has_target;
	double target;
	size_t not_improving; /* jobs */
	bool convergence;
};

enum tuner_end { TUNER_GOES_ON, TUNER_TARGET_REACHED, TUNER_NOT_IMPROVING, TUNER_CONVERGED };

/* What the objectives of the children, in the order in which they ended, say. An
 * improvement of less than 1 % is none. Convergence: the last max(10, 2 * ranges) bettered
 * the best of all that was there before by less than a thousandth of the spread. */
enum tuner_end tuner_completion(const struct tuner_criteria *c, const double *objectives, size_t n, size_t ranges,
				bool maximise);

#endif
