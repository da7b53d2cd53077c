/* backtest_plan.h - a backtest's cycles cut into jobs, and what they cost: pure.
 *
 * A unit is what cannot be cut: one entity in one cycle where every model is one of an
 * entity's, else a cycle, since pooled models learn from all entities. A job is a run of
 * consecutive cycles, or a part of the entities of them. How units become jobs:
 *
 *   - pack_entities and pack_cycles are kept to where they are given;
 *   - else a job has at most BACKTEST_JOB_WORK_S of work beyond what one unit takes, and as
 *     many jobs run as may at a time, as long as each still has least_work_s of it;
 *   - jobs are cut by cycles first, and by entities only where there are fewer cycles than
 *     jobs.
 *
 * A job of u units takes job_s + (the work of u - 1 of them); every figure that rests on
 * such an assumption is listed among the plan's assumptions. Money is micro-dollars,
 * USD_UNKNOWN where a price is not known, and never 0 for that. */
#ifndef SAGETOP_MODEL_BACKTEST_PLAN_H
#define SAGETOP_MODEL_BACKTEST_PLAN_H

#include "base/str.h"
#include "model/estimate.h"

#define BACKTEST_JOB_WORK_S 900.0
#define BACKTEST_JOBS_MAX 20000
#define BACKTEST_RUN_NAME_MAX 40 /* so that a job's name has at most 63 characters */

/* What a cycle has; days are since 1970-01-01. */
struct backtest_cycle {
	int32_t first_day, last_day;
	size_t slates;
	size_t rows;	 /* to be predicted */
	size_t scored;	 /* of these, that happened */
	size_t learnt;	 /* rows that its models may learn from */
	size_t entities; /* with rows to be predicted */
};

/* The same test window, recalibrated every so many days; 0: never. */
struct backtest_cadence {
	int64_t days;
	struct backtest_cycle *cycles;
	size_t n;
};

/* All borrowed. */
struct backtest_plan_input {
	const char *run;
	struct backtest_cadence cadence;	     /* what is asked for */
	const struct backtest_cadence *alternatives; /* what else could be */
	size_t n_alternatives;
	bool per_entity;       /* every model is one of an entity's */
	size_t models;	       /* of the specification */
	int64_t pack_entities; /* 0: as is best */
	int64_t pack_cycles;   /* 0: as is best */
	int64_t concurrency;   /* jobs at a time */
	int64_t quota;	       /* instances that the account may have; 0: not known */
	int64_t max_run_s, retries;
	bool spot;
	int64_t spot_micro, demand_micro; /* an hour; USD_UNKNOWN */

	double job_s;	     /* billed of a job with one unit */
	double start_s;	     /* before that, not billed */
	double model_s;	     /* an entity's model */
	double pooled_row_s; /* a pooled model, for each row that it learns from */
	double launches_a_s; /* CreateTrainingJob */
	double least_work_s; /* worth a job of its own */
};

struct backtest_job {
	char *name; /* RUN-c<first cycle>-p<part> */
	size_t first_cycle, last_cycle;
	size_t part, parts; /* 1 of 1 .. */
	size_t units, rows; /* rows: of all parts together */
	double seconds;	    /* that are billed, about */
};

struct backtest_plan {
	struct backtest_job *jobs;
	size_t n_jobs, cap_jobs;
	size_t cycles, slates, rows, scored;	/* of cycles that have rows */
	size_t most_entities;			/* of a cycle */
	struct estimate_quote packed, unpacked; /* what a way of cutting comes to */
	struct estimate_quote *alternatives;	/* packed, as the input has them */
	size_t n_alternatives;
	struct strlist dropped;	    /* cycles that need no job, and why */
	struct strlist assumptions; /* what the figures rest on */
};
void backtest_plan_free(struct backtest_plan *p);
AUTO_POINTER(backtest_plan, struct backtest_plan, backtest_plan_free)

/* ERR_INVALID: the run's name is none, nothing is to be predicted, a pack is asked for that
 * cannot be, or there are more than BACKTEST_JOBS_MAX jobs. */
int backtest_plan_make(const struct backtest_plan_input *in, struct backtest_plan **ret, struct err *err) NODISCARD;

/* Whether the jobs may cost more than that (0: no limit); ERR_INVALID says by how much. What
 * is not known cannot be held against a budget, and is refused as well. */
int backtest_plan_check_budget(const struct backtest_plan *p, int64_t budget_micro, struct err *err) NODISCARD;

#endif
