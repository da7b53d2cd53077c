/* jobs.h - the table of one kind's things (resource.h) seen as training jobs. */
#ifndef SAGETOP_MODEL_JOBS_H
#define SAGETOP_MODEL_JOBS_H

#include "model/job.h"

static inline struct job *jobs_at(const struct resources *t, size_t i)
{
	return resource_job(t->items[i]);
}

static inline struct job *jobs_find(const struct resources *t, const char *name) /* borrowed; NULL */
{
	return resource_job(resources_find(t, name));
}

/* See resources_put. */
static inline struct job *jobs_put(struct resources *t, struct job *j, bool *ret_changed)
{
	return resource_job(resources_put(t, job_resource(j), ret_changed));
}

/* A name for a job made of another: "-YYMMDD-HHMMSS" behind it, in place of a time
 * that a tool put there before; 63 characters at most; that of no job in the table
 * (a second later each time; NULL: no table). Owned by the caller. */
char *job_clone_name(const struct resources *jobs, const char *name, int64_t now_ms) NODISCARD;

#endif
