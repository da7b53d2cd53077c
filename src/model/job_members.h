/* job_members.h - what of a training job a copy of it may want to have otherwise: members of CreateTrainingJob with
 * what the job has there, hyperparameters first. */
#ifndef SAGETOP_MODEL_JOB_MEMBERS_H
#define SAGETOP_MODEL_JOB_MEMBERS_H

#include "model/job.h"

struct job_member {
	char *label; /* "eta", "instance type", "input train" */
	char *path; /* as a change names it: "HyperParameters.eta", "InputDataConfig.0.DataSource.S3DataSource.S3Uri" */
	char *text;
};

struct job_members {
	struct job_member *items;
	size_t n, cap;
};
void job_members_done(struct job_members *m);
AUTO_EMBEDDED(job_members, struct job_members, job_members_done)

/* *ret is replaced. Of a job whose cold part is not at hand: what the rest of it tells. What is made of several
 * groups of instances, or lies on a file system, has no row. */
void job_members(const struct job *j, struct job_members *ret);

#endif
