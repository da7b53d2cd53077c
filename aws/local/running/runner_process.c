/* A job's attempt: download, start of its hosts, their exit. */
#include "aws/local/running/runner_impl.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aws/local/running/artefact.h"
#include "aws/local/running/command.h"
#include "aws/local/kept/metric_store.h"
#include "base/clock.h"

/* --- running ---------------------------------------------------------------------------------------- */

/* A container's process is not in runc's group: it is found by its environment,
 * and runc ends when it has ended. */
static void kill_hosts(struct run *run)
{
	AUTO(str) char *dir = layout_job_dir(run->e, run->job);

	run->killed = true;
	if (!run->hosts[0].supervised && processes_kill_under(dir) > 0)
		return;
	for (int i = 0; i < run->n_hosts; i++)
		host_signal(&run->hosts[i], SIGKILL);
}

static void kill_now(void *user)
{
	struct run *run = user;

	run->kill_timer = 0;
	kill_hosts(run);
}

void run_terminate(struct run *run, int64_t grace_ms)
{
	for (int i = 0; i < run->n_hosts; i++)
		host_signal(&run->hosts[i], SIGTERM);
	loop_cancel(run->e->loop, run->kill_timer);
	run->kill_timer = loop_after(run->e->loop, grace_ms, kill_now, run);
}

bool run_hosts_alive(const struct run *run)
{
	for (int i = 0; run->hosts && i < run->n_hosts; i++) {
		if (run->hosts[i].pid > 0)
			return true;
	}
	return false;
}

static void max_runtime_reached(void *user)
{
	struct run *run = user;

	run->max_timer = 0;
	if (!run->stopping && run_hosts_alive(run))
		run_stop(run, OUTCOME_MAX_RUNTIME, "Stopping the training job: MaxRuntimeInSeconds is exceeded");
}

/* All processes have ended. */
static void on_hosts_ended(struct run *run)
{
	struct training_job *job = run->job;
	bool failed = run->start_failure != NULL;

	loop_cancel(run->e->loop, run->kill_timer);
	loop_cancel(run->e->loop, run->max_timer);
	run->kill_timer = run->max_timer = 0;
	for (int i = 0; i < run->n_hosts; i++)
		failed = failed || run->hosts[i].exit_code;
	if (run->stopping) {
		run_upload(run, run->stopping);
	} else if (run->interrupting) {
		run_count_time(run);
		job->interruptions++;
		training_job_enter(run->e, job, "Interrupted",
				   "Training job interrupted: the spot capacity was reclaimed");
		run_upload(run, OUTCOME_NONE);
	} else if (failed) {
		run_fail_hosts(run);
	} else {
		for (int i = 0; i < run->n_hosts && !run->warning; i++)
			run->warning = host_swallowed(&run->hosts[i]);
		run_upload(run, OUTCOME_COMPLETED);
	}
}

/* The first one counts: those after it may only be its consequence. What the request is to
 * blame for is worded as a FailureReason already. */
static void note_start_failure(struct run *run, enum err_code code, const char *message)
{
	if (!run->start_failure)
		run->start_failure = xasprintf("%s%s", code == ERR_INVALID ? "" : "InternalServerError: ", message);
}

/* Some of its hosts may have ended, or all. */
static void look_after(struct run *run)
{
	bool failed = false;

	if (!run_hosts_alive(run)) {
		run->ended = true;
		on_hosts_ended(run);
		return;
	}
	for (int i = 0; i < run->n_hosts; i++)
		failed = failed || run->hosts[i].exit_code;
	if (!failed || run->stopping || run->interrupting || run->host_failed)
		return;
	run->host_failed = true;
	run_terminate(run, MIN(run->e->opt.stop_timeout_s, (int64_t)10) * 1000);
}

static void on_child(void *user, uint32_t events)
{
	struct runner *r = user;
	struct signalfd_siginfo info;
	struct rusage usage;
	int status;
	pid_t pid;

	while (read(r->signal_fd, &info, sizeof(info)) == sizeof(info))
		;
	while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
		struct host *h = host_find(r->e, pid);

		if (!h)
			continue;
		host_ended(h, status, &usage);
		h->on_end(h);
	}
	for (struct run *run = r->runs, *next; run; run = next) {
		next = run->next;
		if (run->hosts && !run->ended)
			look_after(run);
	}
}

/* --- starting ----------------------------------------------------------------------------------------- */

static void on_metric(struct host *h, const char *name, double value)
{
	struct run *run = h->user;
	AUTO(strmap) struct strmap dims = {0};
	int64_t now = engine_now_ms(h->e);

	strmap_set(&dims, "TrainingJobName", run->job->name);
	metric_add(h->e, metric_series(h->e, TRAINING_NAMESPACE, name, &dims, true), now, value);
	training_job_set_final(run->job, name, value, now);
	if (h->e->job_listener)
		h->e->job_listener(h->e, run->job, true);
}

/* What follows for the job is seen to when all that ended now are known (on_child). */
static void on_host_end(struct host *h)
{
	struct run *run = h->user;

	h->ended_first = h->exit_code && !run->host_failed;
	if (h->start_error)
		note_start_failure(run, ERR_IO, h->start_error);
}

static void prepare_host(struct run *run, int i)
{
	struct host *h = &run->hosts[i];

	*h = (struct host){.e = run->e,
			   .group = TRAINING_GROUP,
			   .stream = xasprintf("%s/algo-%d", run->job->name, i + 1),
			   .dir = layout_job_dir(run->e, run->job),
			   .defs = run->defs,
			   .on_metric = on_metric,
			   .on_end = on_host_end,
			   .user = run,
			   .out_fd = -1,
			   .report_fd = -1};
	strmap_set(&h->dims, "Host", h->stream);
}

static int start_hosts(struct run *run, struct err *err)
{
	int tracker = 0, rc = run->n_hosts > 1 ? command_free_port(run->e, &tracker, err) : 0;

	run->hosts = xcalloc((size_t)run->n_hosts, sizeof(*run->hosts));
	for (int i = 0; i < run->n_hosts; i++)
		prepare_host(run, i);
	for (int i = 0; i < run->n_hosts && rc == 0; i++) {
		struct command cmd = {0};

		rc = command_build(run->e, run->job, run->request, i, tracker, &cmd, err);
		if (rc == 0)
			rc = host_start(&run->hosts[i], &cmd, err);
		command_done(&cmd);
	}
	return rc;
}

static void launch(struct run *run)
{
	struct training_job *job = run->job;
	struct err err = {0};
	int64_t max_ms = training_job_max_runtime_s(run->request) * 1000 - job->training_ms;

	/* From here on a process may exist: that is written down before it does. */
	job->phase = PHASE_RUNNING;
	job->attempts++;
	run->killed = false;
	run_save(run);
	if (start_hosts(run, &err) < 0) {
		note_start_failure(run, err.code, err.msg);
		run->host_failed = true;
		for (int i = 0; i < run->n_hosts; i++)
			host_signal(&run->hosts[i], SIGKILL);
		if (!run_hosts_alive(run))
			run_fail(run, run->start_failure);
		return;
	}
	training_job_enter(run->e, job, "Training", "Training image download completed. Training in progress.");
	run_save(run);
	run->max_timer = loop_after(run->e->loop, MAX(max_ms, 1), max_runtime_reached, run);
}

static void on_copied(void *task)
{
	struct copy_task *t = task;
	struct run *run = t->user;
	AUTO(str) char *error = copy_task_end(t);

	run->copying = NULL;
	if (run->stopping) {
		run->job->outcome = run->stopping;
		run_finish(run);
	} else if (run->e->runner->stopping) {
		return; /* the copy was cut short: the next start of the engine takes the job up again */
	} else if (error[0]) {
		run_fail(run, error);
	} else {
		launch(run);
	}
}

void run_download(struct run *run)
{
	struct training_job *job = run->job;
	struct copy_task *t = NEW(struct copy_task);
	struct err err = {0};

	run->holds_slots = true;
	run->e->runner->used += run->n_hosts;
	job->phase = PHASE_DOWNLOADING;
	if (!job->start_ms)
		job->start_ms = engine_now_ms(run->e);
	run->attempt_ms = clock_mono_ms();
	training_job_enter(run->e, job, "Downloading", "Downloading input data");
	run_save(run);
	if (layout_prepare(run->e, job, run->request, &t->plan, &err) < 0) {
		free(copy_task_end(t));
		AUTO(str)
		char *reason = err.code == ERR_IO ? xasprintf("InternalServerError: %s", err.msg) : xstrdup(err.msg);

		run_fail(run, reason);
		return;
	}
	t->user = run;
	run->copying = t;
	worker_run(run->e->runner->worker, copy_task_work, on_copied, t);
}

int runner_watch_children(struct runner *r, struct err *err)
{
	sigset_t children;

	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, NULL);
	r->signal_fd = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	if (r->signal_fd < 0)
		return err_set(err, ERR_IO, "signalfd: %s", strerror(errno));
	return loop_add(r->e->loop, r->signal_fd, EPOLLIN, on_child, r, err);
}
