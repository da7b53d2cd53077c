/* metric_compute.h - the metrics that the library does not have, on predictions that it
 * made: the same for a single host and for several, whose sums are added.
 */
#ifndef SAGETOP_TRAINER_METRIC_COMPUTE_H
#define SAGETOP_TRAINER_METRIC_COMPUTE_H

#include "trainer/settings/objective.h"

/* Value of our own metrics on predictions as booster_predict gives them
 * (transformed). Sums are added over the hosts of the job. */
int metric_compute(const struct metric *m, const struct objective *o, int classes, const struct dataset *d,
		   const float *predictions, size_t columns, double *ret, struct err *err) NODISCARD;

#endif
