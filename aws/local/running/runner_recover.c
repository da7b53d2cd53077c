/* Jobs that a former engine left behind are taken up again. */
#include "aws/local/running/runner_impl.h"

#include <unistd.h>

#include "aws/local/running/artefact.h"
#include "aws/local/running/endpoint.h"
#include "aws/local/running/alarms.h"
#include "aws/local/running/scaling.h"
#include "aws/local/running/processing.h"
#include "aws/local/running/transform.h"

#define INTERNAL_ERROR "InternalServerError: We encountered an internal error.  Please try again."

/* --- after a crash ---------------------------------------------------------------------------------------- */

/* Its process died with the engine (or is being killed now): another attempt where
 * RetryStrategy grants one, else the failure that the service reports. */
static void take_up_running(struct engine *e, struct training_job *job)
{
	AUTO(json) json_t *request = training_job_request(e, job);
	int64_t granted = json_get_i64(json_object_get(request, "RetryStrategy"), "MaximumRetryAttempts", 0);
	AUTO(str) char *dir = layout_job_dir(e, job);

	/* The tuner counts on each of its children: the engine's end is no result. */
	if (json_object_get(request, "TuningJobArn"))
		granted = MAX(granted, 1);
	processes_kill_under(dir);
	if (job->status == JOB_STOPPING || job->attempts - job->interruptions > granted) {
		struct run *run = run_new(e, job);

		job->training_ms = MAX(job->training_ms, job->modified_ms - job->start_ms);
		if (job->status != JOB_STOPPING)
			str_set(&job->failure, INTERNAL_ERROR);
		job->outcome = job->status == JOB_STOPPING ? OUTCOME_STOPPED : OUTCOME_FAILED;
		run_finish(run);
		return;
	}
	job->phase = PHASE_WAITING;
	training_job_enter(e, job, "Restarting", "Restarting the training job after an internal error");
	training_job_save(e, job);
	runner_submit(e, job);
}

static void take_up(struct engine *e, struct training_job *job)
{
	/* A job that --load stored is at its end for the runner, whatever it says. */
	if (training_job_is_over(job) || job->simulated >= 0 || job->phase == PHASE_ENDED)
		return;
	switch (job->phase) {
	case PHASE_RUNNING:
		take_up_running(e, job);
		break;
	case PHASE_UPLOADING: {
		struct run *run = run_new(e, job);

		run->interrupting = job->outcome == OUTCOME_NONE;
		run_upload(run, job->outcome);
		break;
	}
	default:
		if (job->status == JOB_STOPPING) {
			job->outcome = OUTCOME_STOPPED;
			run_finish(run_new(e, job));
			break;
		}
		job->phase = PHASE_WAITING;
		runner_submit(e, job);
	}
}

void runner_take_up(struct engine *e)
{
	for (size_t i = 0; i < e->jobs->n; i++)
		take_up(e, e->jobs->items[i]);
	processing_take_up(e);
	transform_take_up(e);
	endpoints_take_up(e);
	alarms_start(e);
	scaling_start(e);
}

/* --- the end of the engine ---------------------------------------------------------------------------------- */

static bool busy(const struct runner *r)
{
	for (const struct run *run = r->runs; run; run = run->next) {
		if (run_hosts_alive(run) || run->copying || run->storing)
			return true;
	}
	return processing_busy(r->e) || transform_busy(r->e) || endpoints_busy(r->e);
}

/* Jobs that run are ended as by an internal error, unless they were stopping anyway;
 * those that wait go on waiting for the next start. */
void runner_stop(struct engine *e)
{
	struct runner *r = e->runner;

	if (!r)
		return;
	r->stopping = true;
	for (struct run *run = r->runs; run; run = run->next) {
		if (run_hosts_alive(run)) {
			run->interrupting = false;
			if (!run->stopping) {
				run->stopping = OUTCOME_FAILED;
				str_set(&run->job->failure,
					"InternalServerError: The local engine was shut down while the job ran.");
			}
			run_terminate(run, MIN(e->opt.stop_timeout_s, (int64_t)10) * 1000);
		}
		if (run->copying)
			run->copying->cancelled = 1;
	}
	processing_shut_down(e);
	transform_shut_down(e);
	scaling_stop(e);
	alarms_stop(e);
	endpoints_shut_down(e);
	while (busy(r)) {
		if (loop_turn(e->loop, 1000, NULL) < 0)
			break;
	}
	loop_cancel(e->loop, r->sample_timer);
	loop_cancel(e->loop, r->commit_timer);
	loop_cancel(e->loop, r->schedule_timer);
	worker_free(r->worker);
	while (r->runs)
		run_free(r->runs);
	processing_free(e);
	transform_free(e);
	endpoints_free(e);
	loop_remove(e->loop, r->signal_fd);
	close(r->signal_fd);
	free(r);
	e->runner = NULL;
}
