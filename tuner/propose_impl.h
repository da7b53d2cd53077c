/* propose_impl.h - what propose.c (the strategies) and bayesian.c share. */
#ifndef SAGETOP_TUNER_PROPOSE_IMPL_H
#define SAGETOP_TUNER_PROPOSE_IMPL_H

#include "tuner/propose.h"
#include "tuner/random.h"

/* Whether some trial of the same job, or one whose value counts here, has these values. */
bool tuner_was_tried(const struct tuner_problem *p, const struct tuner_trial *trials, size_t n, const double *values);

/* As tuner_propose, but may come out at a point that was tried. */
int tuner_propose_bayesian(const struct tuner_problem *p, const struct tuner_trial *trials, size_t n, double *values,
			   struct err *err) NODISCARD;

#endif
