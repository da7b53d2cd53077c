/* objective.h - what a job's metric says about it: which way is better, the best
 * value and its round, the last. Pure. */
#ifndef SAGETOP_MODEL_OBJECTIVE_H
#define SAGETOP_MODEL_OBJECTIVE_H

#include "model/series.h"

enum metric_direction { METRIC_EITHER = 0, METRIC_SMALLER, METRIC_LARGER };

/* Which way a metric gets better: by what the job says of it (its hyperparameters
 * greater_is_better with metric_for_best_model), else by the words of its name
 * ("validation:auc", "val_loss", "ndcg@10-", "neg_mean_squared_error").
 * METRIC_EITHER where nothing is known. j may be NULL. */
enum metric_direction metric_direction(const char *name, const struct job *j);

/* The best value of a curve, and the step it had (-1 where unknown): of its newest
 * segment, values that are no numbers aside. Where no direction is known the last.
 * False where it has no number. */
bool series_best(const struct series *s, enum metric_direction d, double *ret_best, int64_t *ret_step);

/* A job's objective (job_objective_name): the best value, its round (-1 unknown) and
 * the last, which may be nan. curve: its series where one is in memory; where it is NULL
 * or the service's final value only, what was kept of the curve (job_keep_best) stands in,
 * else the final value is all there is. Where no value is a number the best is nan. False
 * where there is no value at all, the outputs are nan then. */
bool job_best_objective(const struct job *j, const struct series *curve, double *ret_best, int64_t *ret_step,
			double *ret_last);

/* Keep the best of a curve that is whole up to now with its job. True where that
 * changed it. */
bool job_keep_best(struct job *j, const struct series *curve);

#endif
