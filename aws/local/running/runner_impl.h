/* runner_impl.h - what the runner's files share: runner.c (the queue, the interface),
 * runner_process.c (download, processes, signals), runner_finish.c (how a job ends,
 * its artefacts), runner_recover.c (the start after a crash, the engine's end). */
#ifndef SAGETOP_LOCAL_RUNNER_IMPL_H
#define SAGETOP_LOCAL_RUNNER_IMPL_H

#include "aws/local/running/process.h"
#include "aws/local/running/runner.h"
#include "aws/local/core/worker.h"

/* A job that the runner has something to do with. */
struct run {
	struct engine *e;
	struct training_job *job;
	json_t *request;
	struct metric_defs *defs;
	struct host *hosts;
	int n_hosts;
	bool ended; /* all of its hosts: on_hosts_ended has seen to it */
	bool holds_slots;
	enum job_outcome stopping; /* why it was told to stop; OUTCOME_NONE: it was not */
	bool interrupting;	   /* spot */
	bool host_failed;	   /* one host failed: the others are being stopped */
	bool killed;		   /* by us: those that did not stop when they were told to */
	char *start_failure;	   /* the first host's that could not be started, else NULL */
	char *warning;		   /* what is said of a completed job besides, else NULL */
	int64_t attempt_ms;	   /* monotonic: when this attempt's instance began to count */
	uint64_t kill_timer, max_timer, wait_timer;
	struct copy_task *copying;
	bool storing;
	struct run *next;
};

struct runner {
	struct engine *e;
	struct worker *worker;
	struct run *runs; /* in order of arrival */
	int64_t slots, used;
	int signal_fd;
	uint64_t sample_timer, commit_timer, schedule_timer;
	bool stopping;
};

/* runner.c */
struct run *run_new(struct engine *e, struct training_job *job) NODISCARD;
void run_free(struct run *run);
void run_free_hosts(struct run *run);
void run_release_slots(struct run *run);
void run_save(struct run *run);	    /* and commits */
void runner_wake(struct runner *r); /* schedule on the next turn */
void runner_tend(struct runner *r); /* something runs: begin to sample and commit, where that is not under way */
/* End it wherever it stands. */
void run_stop(struct run *run, enum job_outcome outcome, const char *message);

/* runner_process.c */
int runner_watch_children(struct runner *r, struct err *err) NODISCARD;
void run_download(struct run *run); /* takes its slots; launches when all files are there */
bool run_hosts_alive(const struct run *run);
void run_terminate(struct run *run, int64_t grace_ms); /* SIGTERM, later SIGKILL */

/* runner_finish.c */
/* Put what the job left into the store, then end it. OUTCOME_NONE: only its
 * checkpoints, since it goes on. */
void run_upload(struct run *run, enum job_outcome outcome);
void run_finish(struct run *run); /* by job->outcome; frees run */
void run_fail(struct run *run, const char *reason);
void run_fail_hosts(struct run *run); /* with the failure of the host that is the cause */
void run_count_time(struct run *run);

/* runner_recover.c */
void runner_take_up(struct engine *e); /* jobs that a former engine left */

#endif
