/* learned.h - what the account's own jobs teach: durations and spot's savings, of the newest
 * completed jobs of the store. */
#ifndef SAGETOP_SYNC_LEARNED_H
#define SAGETOP_SYNC_LEARNED_H

#include "model/estimate_job.h"
#include "sync/sync.h"

struct learned {
	struct duration_history *history;
	struct duration_model *model;
};
void learned_free(struct learned *l);
AUTO_POINTER(learned, struct learned, learned_free)

/* At most `most` jobs; no network, and no turn of the loop takes more than some milliseconds.
 * The callback owns what it gets; NULL where sync ends meanwhile. */
typedef void sync_learned_fn(void *user, struct learned *l);
void sync_learn(struct sync *s, size_t most, sync_learned_fn *fn, void *user);

/* A specification as the job that it would be. The caller owns *ret. */
int learned_job_of_spec(const json_t *spec, struct job **ret, struct err *err) NODISCARD;
/* What of a job's specification an estimate reads, of a whole job. New reference. */
json_t *learned_spec_of_job(const struct job *j) NODISCARD;
/* What is asked about such a job, or about one that is whole; borrows all, one (a group of its only
 * type) as well. The price table's rates; the user's own may be set after. */
void learned_question(const struct learned *l, const struct session *s, const struct job *j, struct job_group *one,
		      struct estimate_question *ret);
/* That asked and answered; *ret borrows j. */
void learned_estimate(const struct learned *l, const struct session *s, const struct job *j, struct job_estimate *ret);

#endif
