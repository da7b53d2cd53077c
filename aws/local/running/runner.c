/* The queue of jobs: slots, submission, stopping, interruption. */
#include "aws/local/running/runner_impl.h"

#include "aws/local/running/artefact.h"
#include "aws/local/running/own_ml.h"
#include "aws/local/running/processing.h"
#include "aws/local/running/simulate.h"
#include "aws/local/running/transform.h"

#define SAMPLE_MS 1000
#define COMMIT_MS 100

static void schedule(struct runner *r);

/* --- runs ------------------------------------------------------------------------------------- */

static void sample(void *user)
{
	struct runner *r = user;

	r->sample_timer = 0;
	hosts_sample(r->e);
	runner_tend(r);
}

static void commit_batch(void *user)
{
	struct runner *r = user;

	r->commit_timer = 0;
	state_commit(r->e->db);
	runner_tend(r);
}

/* While something runs, and only then, its use is sampled and its lines are
 * committed in batches. */
void runner_tend(struct runner *r)
{
	if (!r->runs && !r->e->hosts)
		return;
	if (!r->sample_timer)
		r->sample_timer = loop_after(r->e->loop, SAMPLE_MS, sample, r);
	if (!r->commit_timer)
		r->commit_timer = loop_after(r->e->loop, COMMIT_MS, commit_batch, r);
}

struct run *run_new(struct engine *e, struct training_job *job)
{
	struct run *run = NEW(struct run), **tail = &e->runner->runs;

	run->e = e;
	run->job = job;
	run->request = training_job_request(e, job);
	run->n_hosts = (int)training_job_instance_count(run->request);
	run->defs = metric_defs_new(
		json_object_get(json_object_get(run->request, "AlgorithmSpecification"), "MetricDefinitions"));
	job->run = run;
	while (*tail)
		tail = &(*tail)->next;
	*tail = run;
	runner_tend(e->runner);
	return run;
}

void run_free_hosts(struct run *run)
{
	for (int i = 0; run->hosts && i < run->n_hosts; i++)
		host_done(&run->hosts[i]);
	free(run->hosts);
	run->hosts = NULL;
}

void run_release_slots(struct run *run)
{
	if (run->holds_slots)
		run->e->runner->used -= run->n_hosts;
	run->holds_slots = false;
}

void run_free(struct run *run)
{
	struct run **at = &run->e->runner->runs;

	run_release_slots(run);
	while (*at && *at != run)
		at = &(*at)->next;
	if (*at)
		*at = run->next;
	loop_cancel(run->e->loop, run->kill_timer);
	loop_cancel(run->e->loop, run->max_timer);
	loop_cancel(run->e->loop, run->wait_timer);
	run_free_hosts(run);
	free(run->start_failure);
	free(run->warning);
	metric_defs_free(run->defs);
	json_decref(run->request);
	run->job->run = NULL;
	free(run);
}

void run_save(struct run *run)
{
	training_job_save(run->e, run->job);
	state_commit(run->e->db);
}

static void later_schedule(void *user)
{
	struct runner *r = user;

	r->schedule_timer = 0;
	schedule(r);
}

void runner_wake(struct runner *r)
{
	if (!r->schedule_timer)
		r->schedule_timer = loop_after(r->e->loop, 0, later_schedule, r);
}

/* --- the queue --- */

/* Start what fits, in order of arrival. A job wider than all slots runs alone. */
static void schedule(struct runner *r)
{
	struct run *next;

	for (struct run *run = r->runs; run && !r->stopping; run = next) {
		next = run->next;
		if (run->job->phase != PHASE_WAITING || run->holds_slots)
			continue;
		if (r->used && r->used + run->n_hosts > r->slots) {
			if (!str_eq(run->job->secondary, "Pending")) {
				training_job_enter(r->e, run->job, "Pending",
						   "Waiting for a free slot of the local engine");
				training_job_save(r->e, run->job);
			}
			continue;
		}
		run_download(run);
	}
	processing_schedule(r->e);
	transform_schedule(r->e);
	state_commit(r->e->db);
}

/* --- the interface -------------------------------------------------------------------------------------- */

/* End a run wherever it stands. */
void run_stop(struct run *run, enum job_outcome outcome, const char *message)
{
	struct training_job *job = run->job;

	job->status = JOB_STOPPING;
	training_job_enter(run->e, job, "Stopping", message);
	training_job_save(run->e, job);
	run->stopping = outcome;
	if (run_hosts_alive(run)) {
		run_terminate(run, run->e->opt.stop_timeout_s * 1000);
	} else if (run->copying) {
		run->copying->cancelled = 1;
	} else if (!run->storing) {
		job->outcome = outcome;
		run_finish(run);
	} else if (job->outcome == OUTCOME_NONE) {
		/* Between two attempts of a spot job: on_stored ends it. */
		job->outcome = outcome;
	}
}

/* Managed spot: the whole wait, for capacity and for the training. */
static void max_wait_reached(void *user)
{
	struct run *run = user;

	run->wait_timer = 0;
	if (!run->stopping)
		run_stop(run, OUTCOME_MAX_WAIT, "Stopping the training job: MaxWaitTimeInSeconds is exceeded");
}

void runner_submit(struct engine *e, struct training_job *job)
{
	struct run *run = run_new(e, job);
	int64_t wait_s = json_get_i64(json_object_get(run->request, "StoppingCondition"), "MaxWaitTimeInSeconds", 0);

	if (job->spot && wait_s > 0)
		run->wait_timer = loop_after(e->loop, MAX(wait_s * 1000 - (engine_now_ms(e) - job->created_ms), 1),
					     max_wait_reached, run);
	runner_wake(e->runner);
}

void runner_stop_job_because(struct engine *e, struct training_job *job, const char *why)
{
	if (job->run) {
		run_stop(job->run, OUTCOME_STOPPED, why);
		return;
	}
	bool stored = job->phase == PHASE_ENDED && job->simulated < 0; /* by --load: nothing has to end first */

	job->status = stored ? JOB_STOPPED : JOB_STOPPING;
	training_job_enter(e, job, training_job_status_name(job->status), stored ? "Training job stopped" : why);
	if (stored)
		job->end_ms = engine_now_ms(e);
	training_job_save(e, job);
	if (job->simulated >= 0)
		simulation_stop_job(e, job);
}

void runner_stop_job(struct engine *e, struct training_job *job)
{
	runner_stop_job_because(e, job, "Stopping the training job");
}

bool runner_interrupt(struct engine *e, struct training_job *job)
{
	struct run *run = job->run;

	if (job->simulated >= 0)
		return simulation_interrupt(e, job);
	if (!job->spot || !run || run->stopping || run->interrupting || !run_hosts_alive(run))
		return false;
	run->interrupting = true;
	run_terminate(run, MIN(e->opt.stop_timeout_s, (int64_t)120) * 1000);
	return true;
}

int runner_start(struct engine *e, struct err *err)
{
	struct runner *r = NEW(struct runner);

	r->e = e;
	e->runner = r;
	r->slots = engine_slots(e);
	r->signal_fd = -1;
	/* While there is one thread: what it forks must find no lock that another one holds. */
	(void)own_ml_works();
	int rc = worker_new(e->loop, &r->worker, err);

	if (rc == 0)
		rc = runner_watch_children(r, err);
	if (rc == 0)
		runner_take_up(e);
	return rc;
}
