/* jobs.h - all jobs of one account and region, by name, with a generation that
 * grows with every visible change so that views know when to redraw. */
#ifndef SAGETOP_MODEL_JOBS_H
#define SAGETOP_MODEL_JOBS_H

#include "base/map.h"
#include "model/job.h"

struct jobs {
	struct job **items; /* owned, in order of arrival */
	size_t n, cap;
	struct map by_name;
	uint64_t generation;
	size_t n_active; /* InProgress or Stopping, kept up to date */
};

void jobs_done(struct jobs *t);
AUTO_EMBEDDED(jobs, struct jobs, jobs_done)
struct job *jobs_find(const struct jobs *t, const char *name); /* borrowed; NULL */
/* Insert or merge; j is consumed. Returns the job in the table; *ret_changed
 * (may be NULL) tells whether it differs from before. */
struct job *jobs_put(struct jobs *t, struct job *j, bool *ret_changed);
/* Frees the job: nobody may hold it. */
bool jobs_remove(struct jobs *t, const char *name);
/* Room for n jobs in all, before many are put. */
void jobs_reserve(struct jobs *t, size_t n);

#endif
