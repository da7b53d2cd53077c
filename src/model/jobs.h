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

#endif
