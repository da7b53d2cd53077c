/* propose.h - what a tuning job tries next.
 *
 * A pure function: the same problem, seed and trials give the same proposal on every
 * machine, whatever happened in between. So a tuner keeps nothing that a crash could lose.
 */
#ifndef SAGETOP_TUNER_PROPOSE_H
#define SAGETOP_TUNER_PROPOSE_H

#include "tuner/space.h"

enum tuner_strategy { TUNER_GRID, TUNER_RANDOM, TUNER_BAYESIAN, TUNER_HYPERBAND };

enum tuner_state {
	TUNER_PENDING, /* runs, or is about to */
	TUNER_KNOWN,   /* has its value */
	TUNER_FAILED   /* ended without one */
};

struct tuner_trial {
	const double *values; /* one a range */
	enum tuner_state state;
	double objective; /* of a known one */
	bool own;	  /* of this tuning job; false: a parent's, by warm start */
};

struct tuner_problem {
	const struct tuner_space *space;
	enum tuner_strategy strategy;
	bool maximise;
	uint64_t seed;
	size_t parallel;
	/* Warm start from other data or another algorithm: parents say where to begin, not
	 * what to expect. */
	bool transfer;
};

/* "Grid", "Bayesian" ...; false where there is none. */
bool tuner_strategy_parse(const char *name, enum tuner_strategy *ret);

/* The next values (one a range). Returns 1, 0 where every point has been tried, or an
 * error: ERR_IO where there is no LAPACK. */
int tuner_propose(const struct tuner_problem *p, const struct tuner_trial *trials, size_t n, double *values,
		  struct err *err) NODISCARD;

#endif
