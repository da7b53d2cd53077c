/* job_facets.h - hyperparameters and tags of a trimmed job: pairs that jobs have in common.
 *
 * Each pair is a kind byte ('h' or 't'), the name, NUL, the value. The pairs of a job are a
 * set, a text of intern.h that is known by its number (`facets` of job.h). A sweep's jobs
 * differ in a pair or two: such a set is kept as what it has in place of another's. Whatever
 * came before, the same pairs give the same number. */
#ifndef SAGETOP_MODEL_JOB_FACETS_H
#define SAGETOP_MODEL_JOB_FACETS_H

#include "model/job.h"

/* Make the set of tags and hyperparameters, which must be in memory: what is too long is left out. */
void job_facets_derive(struct job *j);
size_t job_facets_count(const struct job *j);
/* The value; NULL where there is none. Borrowed for ever. */
const char *job_facet_find(const struct job *j, char kind, const char *name);
/* Add the names of all of one kind. */
void job_facets_names(const struct job *j, char kind, struct strlist *ret);
/* The tags among them, put into *ret. */
void job_facets_tags(const struct job *j, struct strmap *ret);

#endif
