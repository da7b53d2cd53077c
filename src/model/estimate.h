/* estimate.h - what a number of jobs comes to: billed seconds, the time until the last of
 * them has ended, dollars. Pure; the one arithmetic behind `sagetop estimate` and a
 * backtest's plan.
 *
 * A job of u units (models, entities) takes job_s + (the work of u - 1 of them). Money is
 * integer micro-dollars, USD_UNKNOWN where a price is not known, and never 0 for that. The
 * figures that are assumed where nothing better is known stand here, so that every place
 * assumes the same; whoever shows one says that it is assumed. */
#ifndef SAGETOP_MODEL_ESTIMATE_H
#define SAGETOP_MODEL_ESTIMATE_H

#include "model/price.h"

/* On a service: a container is started, fetches data and stores results, and is billed for
 * it; so much passes before that. */
#define ESTIMATE_JOB_S 300.0
#define ESTIMATE_START_S 141.0
#define ESTIMATE_MODEL_S 0.045 /* a further model of an entity, one thread of a common processor */
#define ESTIMATE_LAUNCHES_A_S 1.0
#define ESTIMATE_MAX_RUN_S 86400 /* MaxRuntimeInSeconds, where none is set */
#define ESTIMATE_JOBS_MAX 10000000
#define ESTIMATE_PLACES_MAX 100000 /* jobs at a time */

struct estimate_terms {
	int64_t concurrency; /* jobs at a time, from 1 to ESTIMATE_PLACES_MAX */
	int64_t quota;	     /* that the account may have; 0: not known */
	int64_t max_run_s, retries;
	bool spot;
	int64_t spot_micro, demand_micro; /* an hour of one job; USD_UNKNOWN */
	double start_s;			  /* before a job's billing begins */
	double launches_a_s;		  /* CreateTrainingJob; 0: all at once */
};

/* What they come to. */
struct estimate_quote {
	size_t jobs, units;
	double billed_s, wall_s;
	int64_t spot_micro, demand_micro;
	int64_t most_micro;    /* every job runs for max_run */
	int64_t retried_micro; /* and each is made again as often as it may */
};

/* Jobs one after the other: begin, add as they are launched, end. */
struct estimate {
	const struct estimate_terms *terms; /* borrowed */
	struct estimate_quote quote;
	double *free_at; /* private: when each place is free, a heap */
	size_t places;
};
void estimate_begin(struct estimate *e, const struct estimate_terms *terms);
void estimate_add(struct estimate *e, size_t units, double seconds);
struct estimate_quote estimate_end(struct estimate *e);

/* So many cycles that each train a model for every entity. */
struct estimate_season {
	int64_t entities, cycles;
	int64_t pack;	   /* entities of one job */
	double job_s;	   /* billed of a job that trains one */
	double model_s;	   /* each further one */
	int64_t instances; /* of a job */
};
/* ERR_INVALID says which figure cannot be: none, negative, more than ESTIMATE_JOBS_MAX jobs. */
int estimate_season(const struct estimate_terms *terms, const struct estimate_season *s, struct estimate_quote *ret,
		    struct err *err) NODISCARD;

/* Seconds at a rate an hour, rounded to the nearest micro-dollar; USD_UNKNOWN where it is, or
 * where no integer holds it. */
int64_t estimate_usd(double seconds, int64_t rate_micro);

#endif
