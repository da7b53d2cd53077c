/* simulate_impl.h - between simulate.c (the courses) and simulate_kept.c (from one start to the next). */
#ifndef SAGETOP_LOCAL_SIMULATE_IMPL_H
#define SAGETOP_LOCAL_SIMULATE_IMPL_H

#include "aws/local/running/simulate.h"

enum step {
	STEP_CREATE,
	STEP_DOWNLOAD,
	STEP_TRAIN,
	STEP_ROUND,
	STEP_RESTART,
	STEP_UPLOAD,
	STEP_END,
	STEP_STOPPED,
	STEP_DONE
};

/* A job on its way: the next step and when it is due. */
struct course {
	int64_t index, due_ms;
	enum step step;
	int round;
	int64_t began_ms; /* of this stretch of training */
	int64_t stream_id;
	bool interrupted;
	struct training_job *job;
};

struct simulation {
	int64_t total, base_ms, hours, seed;
	struct course *heap; /* by due_ms */
	size_t n, cap;
	int64_t next_index, backfilled;
	bool *early; /* of each job below backfilled: its traces were asked for, and are there already */
	uint64_t timer;
};

/* --- simulate.c --- */
void simulation_plan(const struct simulation *s, int64_t index, struct sim_plan *p);
void simulation_push(struct simulation *s, struct course c);

/* --- simulate_kept.c --- */
void simulation_write_down(struct engine *e);
/* Go on where the last engine stopped. False where there is nothing to go on with, or
 * another simulation is asked for. */
bool simulation_take_up(struct engine *e, struct simulation *s);
/* What an earlier simulation left: its jobs and their traces. */
void simulation_forget(struct engine *e);

#endif
