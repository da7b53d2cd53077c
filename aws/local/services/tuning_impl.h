/* tuning_impl.h - what the files of running tuning jobs share: tuning_run.c (the look at
 * one, its end), tuning_told.c (what has become of the children), tuning_early.c
 * (stopping), tuning_begin.c (the next child).
 */
#ifndef SAGETOP_LOCAL_TUNING_IMPL_H
#define SAGETOP_LOCAL_TUNING_IMPL_H

#include "aws/local/services/tuning.h"

struct tuning {
	uint64_t timer;
	int64_t due_ms;	   /* what the timer waits for, engine_clock_ms */
	struct map curves; /* struct curve (tuning_early.c) by the child's name */
};

/* One tuning job during a look at it. */
struct look {
	struct engine *e;
	struct document *r;
	json_t *children;
	struct tuning_plan plan;
	bool changed;
};

static inline bool child_runs(const json_t *child)
{
	const char *status = json_get_str(child, "Status");

	return str_eq(status, "InProgress") || str_eq(status, "Stopping");
}

static inline const char *child_name(const json_t *child)
{
	return json_get_str(child, "Name");
}

static inline struct training_job *child_job(const struct look *l, const json_t *child)
{
	return training_jobs_find(l->e, child_name(child));
}

static inline const struct tuning_definition *child_definition(const struct look *l, const json_t *child)
{
	return &l->plan.definitions[(size_t)json_get_i64(child, "Definition", 0) % l->plan.n];
}

size_t tuning_count_running(const struct look *l);
/* Look at all again in ms, or sooner. */
void tuning_wake_in(struct engine *e, int64_t ms);
/* From now on no child is begun; `status` comes when the last has ended. reason: of a failure. */
void tuning_begin_end(struct look *l, const char *status, const char *reason);

void tuning_update_child(struct look *l, json_t *child); /* from its training job */
void tuning_tell(struct look *l);			 /* counters and the best, into the document */

void tuning_stop_early(struct look *l);
void tuning_forget_curve(struct engine *e, const char *child);

void tuning_begin_children(struct look *l); /* as many as may run */
bool tuning_is_exhausted(const struct look *l);

#endif
