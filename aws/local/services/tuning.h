/* tuning.h - tuning jobs that run: what a request asks for, its children, and what
 * happens next.
 *
 * A tuning job is a document of its kind. What has become of its children stands in
 * it (member "Children", not told): name, tuned values, status and objective, so that
 * nothing has to be remembered, and nothing is lost with a child that is deleted. A
 * child's record and its training job are written in one transaction. Documents
 * of --load have no such member, and do not run.
 */
#ifndef SAGETOP_LOCAL_TUNING_H
#define SAGETOP_LOCAL_TUNING_H

#include "aws/local/kept/documents.h"
#include "aws/local/kept/training_job.h"
#include "aws/local/services/ops.h"
#include "tuner/propose.h"
#include "tuner/rules.h"

struct tuning_definition {
	const json_t *doc; /* TrainingJobDefinition */
	const char *metric;
	bool maximise;
	struct tuner_space space;
};

/* A request, read and checked; borrows from its document. */
struct tuning_plan {
	struct tuning_definition *definitions; /* children take them in turn */
	size_t n;
	enum tuner_strategy strategy;
	int64_t max_jobs, parallel, max_runtime_s; /* 0: no limit */
	bool early_stopping, transfer;
	struct tuner_criteria criteria;
	size_t min_resource, max_resource; /* Hyperband's, in epochs */
	bool has_seed;
	uint64_t seed;
};

int tuning_plan_read(struct tuning_plan *p, const json_t *doc, struct fault *f) NODISCARD;
void tuning_plan_done(struct tuning_plan *p);
AUTO_EMBEDDED(tuning_plan, struct tuning_plan, tuning_plan_done)

/* Hooks of the kind's create and stop. */
int tuning_job_made(struct call *c, struct document *r);
int tuning_job_stopped(struct call *c, struct document *r);

/* CreateTrainingJob's input for a child with these values (one a range). New reference. */
json_t *tuning_child_request(const struct document *tuning, const struct tuning_definition *d, const char *name,
			     const double *values) NODISCARD;
/* A child as ListTrainingJobsForHyperParameterTuningJob tells it. New reference. */
json_t *tuning_child_row(struct engine *e, const struct document *tuning, const struct training_job *job) NODISCARD;

/* What is checked of a CreateTrainingJob before the job is made; sets the fault. */
int training_job_check(struct call *c) NODISCARD;

/* Once the runner stands: takes up what a former engine left, and listens to jobs. */
void tuning_start(struct engine *e);
void tuning_stop(struct engine *e);
/* Look at all tuning jobs on the next turn. */
void tuning_wake(struct engine *e);

#endif
