/* launch_plan.h - what would be launched: pure. A specification, or the Describe
 * reply of a job to be made again, goes in; the request as it would be sent, what it
 * can cost and what is to be said about it come out. No I/O and no session: what the
 * answer depends on is passed. */
#ifndef SAGETOP_SYNC_LAUNCH_PLAN_H
#define SAGETOP_SYNC_LAUNCH_PLAN_H

#include "base/yaml.h"
#include "model/cost.h"
#include "model/grid.h"

struct sweep_job {
	char *name;
	char *source; /* the job that it is a clone of, where several are cloned; NULL */
	json_t *spec;
	int64_t ceiling_micro; /* as of the plan */
};

/* The specification has the shape of `aws sagemaker create-training-job --cli-input-json`. */
struct launch_plan {
	char *name;	       /* of the job, or of the sweep */
	json_t *spec;	       /* of the job, or of the sweep's first */
	char *diff;	       /* against the cloned job, "- path: old" / "+ path: new" lines; NULL where not a clone */
	int64_t ceiling_micro; /* most it can cost, a sweep in all; USD_UNKNOWN where unpriced, 0 by a training plan */
	char *price_as_of;     /* day of that price, the oldest of several; NULL where unpriced */
	char *training_plan;   /* the name of the one that pays for it; NULL */
	char *warning;	       /* NULL where none */
	struct sweep_job *jobs; /* of a sweep, as the grid or the cloned jobs have them; NULL */
	size_t n_jobs;
	json_t *base;	/* of a sweep over a grid: what its jobs are made of; NULL */
	bool unchanged; /* a clone: it has already what was to be changed */
};
void launch_plan_free(struct launch_plan *p);
AUTO_POINTER(launch_plan, struct launch_plan, launch_plan_free)

/* All borrowed. */
struct launch_input {
	const json_t *spec;		  /* from a file, or NULL */
	const char *what;		  /* its name, for messages; NULL */
	const struct source_lines *lines; /* NULL where not known */

	const json_t *reply;	   /* of the job to be cloned, where spec is NULL */
	const struct strmap *tags; /* of that job; NULL: they are not known */
	const char *new_name;	   /* NULL: made of the job's (job_clone_name); of a sweep the job's */

	const struct strlist *sets; /* "path=value" each; NULL */
	const struct grid *grid;    /* of a sweep; NULL */
	const struct resources *jobs;
	const struct price_table *prices;
	const char *region;
	int64_t now_ms;
	bool part; /* of several clones: what is said of all is left to launch_plan_join */
};
int launch_plan_make(const struct launch_input *in, struct launch_plan **ret, struct err *err) NODISCARD;

/* A sweep of that name out of the plans of several clones, of which the first stands for all where one is shown.
 * sources: what they are made of. The plans stay the caller's. */
int launch_plan_join(struct launch_plan *const *plans, const struct strlist *sources, const char *name,
		     const struct resources *jobs, struct launch_plan **ret, struct err *err) NODISCARD;

/* Job i of a grid over a specification, without a name of its own: its values in *spec. */
bool launch_grid_has_members(const struct grid *g); /* more than hyperparameters: what a job takes may differ */
int launch_spec_vary(json_t *spec, const struct grid *g, size_t i, struct err *err) NODISCARD;

#endif
