#include "aws/local/runner.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "aws/local/artefact.h"
#include "aws/local/command.h"
#include "aws/local/log_store.h"
#include "aws/local/process.h"
#include "aws/local/simulate.h"
#include "aws/local/worker.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/utf8.h"

#define SAMPLE_MS 1000
#define COMMIT_MS 100
#define FAILURE_MAX 1024
#define INTERNAL_ERROR "InternalServerError: We encountered an internal error.  Please try again."

/* A job that the runner has something to do with. */
struct run {
	struct engine *e;
	struct training_job *job;
	json_t *request;
	struct metric_defs *defs;
	struct host *hosts;
	int n_hosts;
	bool holds_slots;
	enum job_outcome stopping; /* why it was told to stop; OUTCOME_NONE: it was not */
	bool interrupting;	   /* spot */
	bool host_failed;	   /* one host failed: the others are being stopped */
	int64_t attempt_ms;	   /* monotonic: when this attempt's instance began to count */
	uint64_t kill_timer, max_timer;
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

static void schedule(struct runner *r);
static void begin_upload(struct run *run, enum job_outcome outcome);
static void finish(struct run *run);

/* --- runs ------------------------------------------------------------------------------------- */

static struct run *run_new(struct engine *e, struct training_job *job)
{
	struct run *run = NEW(struct run), **tail = &e->runner->runs;

	run->e = e;
	run->job = job;
	run->request = job_request(e, job);
	run->n_hosts = (int)job_instance_count(run->request);
	run->defs = metric_defs_new(
		json_object_get(json_object_get(run->request, "AlgorithmSpecification"), "MetricDefinitions"));
	job->run = run;
	while (*tail)
		tail = &(*tail)->next;
	*tail = run;
	return run;
}

static void free_hosts(struct run *run)
{
	for (int i = 0; run->hosts && i < run->n_hosts; i++)
		host_done(&run->hosts[i]);
	free(run->hosts);
	run->hosts = NULL;
}

static void release_slots(struct run *run)
{
	if (run->holds_slots)
		run->e->runner->used -= run->n_hosts;
	run->holds_slots = false;
}

static void run_free(struct run *run)
{
	struct run **at = &run->e->runner->runs;

	release_slots(run);
	while (*at && *at != run)
		at = &(*at)->next;
	if (*at)
		*at = run->next;
	loop_cancel(run->e->loop, run->kill_timer);
	loop_cancel(run->e->loop, run->max_timer);
	free_hosts(run);
	metric_defs_free(run->defs);
	json_decref(run->request);
	run->job->run = NULL;
	free(run);
}

static void save(struct run *run)
{
	job_save(run->e, run->job);
	state_commit(run->e->db);
}

static void later_schedule(void *user)
{
	struct runner *r = user;

	r->schedule_timer = 0;
	schedule(r);
}

static void wake(struct runner *r)
{
	if (!r->schedule_timer)
		r->schedule_timer = loop_after(r->e->loop, 0, later_schedule, r);
}

/* --- the end of a job --------------------------------------------------------------------------- */

static void remove_work(void *task)
{
	if (fs_remove_tree(task, NULL) < 0) {
		/* It costs space only; the next job of that name clears it. */
	}
}

static void remove_done(void *task)
{
	free(task);
}

static void count_time(struct run *run)
{
	if (run->attempt_ms)
		run->job->training_ms += MAX(clock_mono_ms() - run->attempt_ms, 1);
	run->attempt_ms = 0;
}

/* Spot jobs are billed a share of their time: the discount is in the seconds. */
static int64_t billable_seconds(const struct training_job *job)
{
	int64_t seconds = MAX((job->training_ms + 999) / 1000, 1);

	return job->spot ? MAX(seconds * 32 / 100, 1) : seconds;
}

static void set_final_status(struct engine *e, struct training_job *job)
{
	switch (job->outcome) {
	case OUTCOME_COMPLETED:
		job->status = JOB_COMPLETED;
		job_enter(e, job, "Completed", "Training job completed");
		break;
	case OUTCOME_STOPPED:
		job->status = JOB_STOPPED;
		job_enter(e, job, "Stopped", "Training job stopped");
		break;
	case OUTCOME_MAX_RUNTIME:
		job->status = JOB_STOPPED;
		job_enter(e, job, "MaxRuntimeExceeded", "Training job runtime exceeded MaxRuntimeInSeconds provided");
		break;
	default:
		job->status = JOB_FAILED;
		job_enter(e, job, "Failed", "Training job failed");
	}
}

static void finish(struct run *run)
{
	struct training_job *job = run->job;
	struct runner *r = run->e->runner;
	char *dir = layout_job_dir(run->e, job);

	count_time(run);
	job->phase = PHASE_ENDED;
	if (job->start_ms) {
		job->end_ms = engine_now_ms(run->e);
		job->billable_s = billable_seconds(job);
	}
	set_final_status(run->e, job);
	save(run);
	run_free(run);
	worker_run(r->worker, remove_work, remove_done, dir);
	wake(r);
}

static void fail(struct run *run, const char *reason)
{
	str_set(&run->job->failure, reason);
	run->job->outcome = OUTCOME_FAILED;
	finish(run);
}

/* The first FAILURE_MAX characters of the failure file, named as the service names
 * a failure of the algorithm unless it names itself. */
static char *failure_text(struct run *run, int host, int exit_code)
{
	AUTO(str) char *root = layout_root(run->e, run->job, host);
	AUTO(str) char *path = fs_join(root, "output/failure");
	AUTO(buf) struct buf raw = BUF_INIT((size_t)1 << 20);
	AUTO(buf) struct buf text = BUF_INIT((size_t)4 << 20);
	static const char *const causes[] = {
		"AlgorithmError:", "ClientError:", "InternalServerError:", "CapacityError:"};
	bool named = false;

	if (fs_read(path, &raw, NULL) < 0 || !raw.len) {
		if (exit_code == 137)
			return xasprintf(
				"AlgorithmError: Please use an instance type with more memory, or reduce the size of "
				"training data processed on an instance., exit code: %d",
				exit_code);
		return xasprintf("AlgorithmError: , exit code: %d", exit_code);
	}
	for (size_t i = 0; i < ARRAY_LEN(causes); i++)
		named = named || str_starts(buf_str(&raw), causes[i]);
	if (!named)
		buf_adds(&text, "AlgorithmError: ");
	utf8_sanitize(&text, buf_str(&raw), raw.len, true);
	const char *s = str_trim(text.data);
	size_t n = 0, characters = 0;

	while (s[n] && (characters < FAILURE_MAX || ((unsigned char)s[n] & 0xC0) == 0x80))
		characters += ((unsigned char)s[n++] & 0xC0) != 0x80;
	return xstrndup(s, n);
}

/* --- upload --------------------------------------------------------------------------------------- */

static void register_files(struct engine *e, struct store_task *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct stored *s = &t->files[i];

		if (s->md5[0])
			objects_put(e, s->bucket, s->key, s->blob, s->size, s->md5,
				    "{\"Content-Type\":\"binary/octet-stream\"}");
	}
}

static void requeue(struct run *run, const char *message)
{
	struct training_job *job = run->job;

	release_slots(run);
	free_hosts(run);
	run->interrupting = run->host_failed = false;
	job->phase = PHASE_WAITING;
	job->outcome = OUTCOME_NONE;
	job_enter(run->e, job, "Starting", message);
	save(run);
	wake(run->e->runner);
}

static void on_stored(void *task)
{
	struct store_task *t = task;
	struct run *run = t->run;

	run->storing = false;
	register_files(run->e, t);
	if (t->error[0] && run->job->outcome != OUTCOME_FAILED) {
		run->job->outcome = OUTCOME_FAILED;
		AUTO(str)
		char *reason = xasprintf("InternalServerError: the artefacts could not be stored: %s", t->error);

		str_set(&run->job->failure, reason);
	}
	store_task_free(t);
	if (run->interrupting && !run->stopping && run->job->outcome == OUTCOME_NONE)
		requeue(run, "Preparing the instances for training after a spot interruption");
	else
		finish(run);
}

static int artefact_target(struct run *run, struct store_task *t)
{
	const json_t *config = json_object_get(run->request, "OutputDataConfig");
	AUTO(str) char *key = NULL;

	if (!s3_uri_parse(json_get_str(config, "S3OutputPath"), &t->bucket, &key) || !bucket_exists(run->e, t->bucket))
		return -1;
	size_t n = strlen(key);

	while (n && key[n - 1] == '/')
		n--;
	t->prefix = xasprintf("%.*s%s%s/output/", (int)n, key, n ? "/" : "", run->job->name);
	t->raw = str_eq(json_get_str(config, "CompressionType"), "NONE");
	return 0;
}

static void add_checkpoints(struct run *run, struct store_task *t)
{
	const char *uri = json_get_str(json_object_get(run->request, "CheckpointConfig"), "S3Uri");
	AUTO(str) char *key = NULL;

	if (!uri || !s3_uri_parse(uri, &t->checkpoint_bucket, &key) || !bucket_exists(run->e, t->checkpoint_bucket))
		return;
	t->checkpoint_prefix = *key && !str_ends(key, "/") ? xasprintf("%s/", key) : xstrdup(key);
	for (int i = 0; i < run->n_hosts; i++) {
		AUTO(str) char *dir = layout_checkpoint_dir(run->e, run->job, run->request, i);

		strlist_add(&t->checkpoint_dirs, dir);
	}
}

/* Put what the job left into the store. outcome NONE: only its checkpoints, since
 * it goes on. */
static void begin_upload(struct run *run, enum job_outcome outcome)
{
	struct training_job *job = run->job;
	struct store_task *t = NEW(struct store_task);

	t->e = run->e;
	t->run = run;
	job->outcome = outcome;
	job->phase = PHASE_UPLOADING;
	for (int i = 0; i < run->n_hosts; i++) {
		AUTO(str) char *root = layout_root(run->e, job, i);

		strlist_add(&t->roots, root);
	}
	if (outcome != OUTCOME_NONE && artefact_target(run, t) == 0) {
		t->model = outcome != OUTCOME_FAILED;
		t->output = true;
	} else if (outcome == OUTCOME_COMPLETED) {
		job->outcome = OUTCOME_FAILED;
		AUTO(str)
		char *reason = xasprintf(
			"ClientError: Artifact upload failed:The S3 bucket of the output path %.400s does not exist; "
			"create it first",
			str_or(json_get_str(json_object_get(run->request, "OutputDataConfig"), "S3OutputPath"), ""));

		str_set(&job->failure, reason);
	}
	add_checkpoints(run, t);
	if (outcome != OUTCOME_NONE && outcome != OUTCOME_FAILED && !str_eq(job->secondary, "Uploading"))
		job_enter(run->e, job, "Uploading", "Uploading generated training model");
	save(run);
	run->storing = true;
	worker_run(run->e->runner->worker, store_task_work, on_stored, t);
}

/* --- running ---------------------------------------------------------------------------------------- */

/* A container's process is not in runc's group: it is found by its environment,
 * and runc ends when it has ended. */
static void kill_hosts(struct run *run)
{
	AUTO(str) char *dir = layout_job_dir(run->e, run->job);

	if (str_eq(run->e->opt.runner, "runc") && processes_kill_under(dir) > 0)
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

static void terminate(struct run *run, int64_t grace_ms)
{
	for (int i = 0; i < run->n_hosts; i++)
		host_signal(&run->hosts[i], SIGTERM);
	loop_cancel(run->e->loop, run->kill_timer);
	run->kill_timer = loop_after(run->e->loop, grace_ms, kill_now, run);
}

static bool hosts_running(const struct run *run)
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
	if (run->stopping || !hosts_running(run))
		return;
	run->stopping = OUTCOME_MAX_RUNTIME;
	run->job->status = JOB_STOPPING;
	job_enter(run->e, run->job, "Stopping", "Stopping the training job: MaxRuntimeInSeconds is exceeded");
	save(run);
	terminate(run, run->e->opt.stop_timeout_s * 1000);
}

/* All processes have ended. */
static void on_hosts_ended(struct run *run)
{
	struct training_job *job = run->job;
	int failed = -1;

	loop_cancel(run->e->loop, run->kill_timer);
	loop_cancel(run->e->loop, run->max_timer);
	run->kill_timer = run->max_timer = 0;
	for (int i = 0; i < run->n_hosts && failed < 0; i++) {
		if (run->hosts[i].exit_code)
			failed = i;
	}
	/* The host that failed first is the cause, not those that were stopped because of it. */
	for (int i = 0; i < run->n_hosts && run->host_failed; i++) {
		if (run->hosts[i].exit_code && run->hosts[i].exit_code != 128 + SIGTERM &&
		    run->hosts[failed].exit_code == 128 + SIGTERM)
			failed = i;
	}
	if (run->stopping) {
		begin_upload(run, run->stopping);
	} else if (run->interrupting) {
		count_time(run);
		job->interruptions++;
		job_enter(run->e, job, "Interrupted", "Training job interrupted: the spot capacity was reclaimed");
		begin_upload(run, OUTCOME_NONE);
	} else if (failed < 0) {
		begin_upload(run, OUTCOME_COMPLETED);
	} else {
		char *reason = failure_text(run, failed, run->hosts[failed].exit_code);

		free(job->failure);
		job->failure = reason;
		begin_upload(run, OUTCOME_FAILED);
	}
}

static struct run *find_host(struct runner *r, pid_t pid, struct host **ret)
{
	for (struct run *run = r->runs; run; run = run->next) {
		for (int i = 0; run->hosts && i < run->n_hosts; i++) {
			if (run->hosts[i].pid == pid) {
				*ret = &run->hosts[i];
				return run;
			}
		}
	}
	return NULL;
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
		struct host *h = NULL;
		struct run *run = find_host(r, pid, &h);

		if (!run)
			continue;
		host_ended(h, status, &usage);
		if (hosts_running(run)) {
			if (h->exit_code && !run->stopping && !run->interrupting && !run->host_failed) {
				run->host_failed = true;
				terminate(run, MIN(run->e->opt.stop_timeout_s, (int64_t)10) * 1000);
			}
			continue;
		}
		on_hosts_ended(run);
	}
}

/* --- starting ----------------------------------------------------------------------------------------- */

static int start_hosts(struct run *run, struct err *err)
{
	int tracker = 0, rc = run->n_hosts > 1 ? command_free_port(&tracker, err) : 0;

	run->hosts = xcalloc((size_t)run->n_hosts, sizeof(*run->hosts));
	for (int i = 0; i < run->n_hosts; i++)
		run->hosts[i] = (struct host){
			.e = run->e, .job = run->job, .defs = run->defs, .index = i, .out_fd = -1, .exit_code = 0};
	for (int i = 0; i < run->n_hosts && rc == 0; i++) {
		struct command cmd = {0};

		rc = command_build(run->e, run->job, run->request, i, tracker, &cmd, err);
		if (rc == 0)
			rc = host_start(&run->hosts[i], (const char *const *)cmd.argv.items, &cmd.env, cmd.cwd, err);
		command_done(&cmd);
	}
	return rc;
}

static void launch(struct run *run)
{
	struct training_job *job = run->job;
	struct err err = {0};
	int64_t max_ms = job_max_runtime_s(run->request) * 1000 - job->training_ms;

	/* From here on a process may exist: that is written down before it does. */
	job->phase = PHASE_RUNNING;
	job->attempts++;
	save(run);
	if (start_hosts(run, &err) < 0) {
		AUTO(str) char *reason = xasprintf("InternalServerError: %s", err.msg);

		run->host_failed = true;
		str_set(&job->failure, reason);
		for (int i = 0; i < run->n_hosts; i++)
			host_signal(&run->hosts[i], SIGKILL);
		if (!hosts_running(run))
			fail(run, reason);
		return;
	}
	job_enter(run->e, job, "Training", "Training image download completed. Training in progress.");
	save(run);
	run->max_timer = loop_after(run->e->loop, MAX(max_ms, 1), max_runtime_reached, run);
}

static void on_copied(void *task)
{
	struct copy_task *t = task;
	struct run *run = t->run;
	AUTO(str) char *error = xstrdup(t->error);

	run->copying = NULL;
	copy_plan_done(&t->plan);
	free(t);
	if (run->stopping) {
		run->job->outcome = run->stopping;
		finish(run);
	} else if (error[0]) {
		fail(run, error);
	} else {
		launch(run);
	}
}

static void begin_download(struct run *run)
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
	job_enter(run->e, job, "Downloading", "Downloading input data");
	save(run);
	if (layout_prepare(run->e, job, run->request, &t->plan, &err) < 0) {
		copy_plan_done(&t->plan);
		free(t);
		AUTO(str)
		char *reason = err.code == ERR_IO ? xasprintf("InternalServerError: %s", err.msg) : xstrdup(err.msg);

		fail(run, reason);
		return;
	}
	t->run = run;
	run->copying = t;
	worker_run(run->e->runner->worker, copy_task_work, on_copied, t);
}

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
				job_enter(r->e, run->job, "Pending", "Waiting for a free slot of the local engine");
				job_save(r->e, run->job);
			}
			continue;
		}
		begin_download(run);
	}
	state_commit(r->e->db);
}

/* --- the interface -------------------------------------------------------------------------------------- */

void runner_submit(struct engine *e, struct training_job *job)
{
	run_new(e, job);
	wake(e->runner);
}

void runner_stop_job(struct engine *e, struct training_job *job)
{
	struct run *run = job->run;

	job->status = JOB_STOPPING;
	job_enter(e, job, "Stopping", "Stopping the training job");
	job_save(e, job);
	if (job->simulated >= 0)
		simulation_stop_job(e, job);
	if (!run)
		return;
	run->stopping = OUTCOME_STOPPED;
	if (hosts_running(run)) {
		terminate(run, e->opt.stop_timeout_s * 1000);
	} else if (run->copying) {
		run->copying->cancelled = 1;
	} else if (!run->storing) {
		job->outcome = OUTCOME_STOPPED;
		finish(run);
	} else if (job->outcome == OUTCOME_NONE) {
		/* Between two attempts of a spot job: on_stored ends it. */
		job->outcome = OUTCOME_STOPPED;
	}
}

bool runner_interrupt(struct engine *e, struct training_job *job)
{
	struct run *run = job->run;

	if (job->simulated >= 0)
		return simulation_interrupt(e, job);
	if (!job->spot || !run || run->stopping || run->interrupting || !hosts_running(run))
		return false;
	run->interrupting = true;
	terminate(run, MIN(e->opt.stop_timeout_s, (int64_t)120) * 1000);
	return true;
}

size_t runner_active(const struct engine *e)
{
	size_t n = 0;

	for (const struct run *run = e->runner->runs; run; run = run->next)
		n += run->holds_slots;
	return n;
}

static void sample(void *user)
{
	struct runner *r = user;
	struct host **hosts = NULL;
	size_t n = 0, cap = 0;

	for (struct run *run = r->runs; run; run = run->next) {
		for (int i = 0; run->hosts && i < run->n_hosts; i++) {
			GROW(hosts, cap, n + 1);
			hosts[n++] = &run->hosts[i];
		}
	}
	hosts_sample(hosts, n);
	free(hosts);
	r->sample_timer = loop_after(r->e->loop, SAMPLE_MS, sample, r);
}

static void commit_batch(void *user)
{
	struct runner *r = user;

	state_commit(r->e->db);
	r->commit_timer = loop_after(r->e->loop, COMMIT_MS, commit_batch, r);
}

/* --- after a crash ---------------------------------------------------------------------------------------- */

/* Its process died with the engine (or is being killed now): another attempt where
 * RetryStrategy grants one, else the failure that the service reports. */
static void take_up_running(struct engine *e, struct training_job *job)
{
	AUTO(json) json_t *request = job_request(e, job);
	int64_t granted = json_get_i64(json_object_get(request, "RetryStrategy"), "MaximumRetryAttempts", 0);
	AUTO(str) char *dir = layout_job_dir(e, job);

	processes_kill_under(dir);
	if (job->status == JOB_STOPPING || job->attempts - job->interruptions > granted) {
		struct run *run = run_new(e, job);

		job->training_ms = MAX(job->training_ms, job->modified_ms - job->start_ms);
		if (job->status != JOB_STOPPING)
			str_set(&job->failure, INTERNAL_ERROR);
		job->outcome = job->status == JOB_STOPPING ? OUTCOME_STOPPED : OUTCOME_FAILED;
		finish(run);
		return;
	}
	job->phase = PHASE_WAITING;
	job_enter(e, job, "Restarting", "Restarting the training job after an internal error");
	job_save(e, job);
	runner_submit(e, job);
}

static void take_up(struct engine *e, struct training_job *job)
{
	if (job_is_over(job) || job->simulated >= 0)
		return;
	switch (job->phase) {
	case PHASE_RUNNING:
		take_up_running(e, job);
		break;
	case PHASE_UPLOADING: {
		struct run *run = run_new(e, job);

		run->interrupting = job->outcome == OUTCOME_NONE;
		begin_upload(run, job->outcome);
		break;
	}
	default:
		if (job->status == JOB_STOPPING) {
			job->outcome = OUTCOME_STOPPED;
			finish(run_new(e, job));
			break;
		}
		job->phase = PHASE_WAITING;
		runner_submit(e, job);
	}
}

int runner_start(struct engine *e, struct err *err)
{
	struct runner *r = NEW(struct runner);
	sigset_t children;

	r->e = e;
	e->runner = r;
	r->slots = engine_slots(e);
	int rc = worker_new(e->loop, &r->worker, err);

	if (rc < 0)
		return rc;
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, NULL);
	r->signal_fd = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	if (r->signal_fd < 0)
		return err_set(err, ERR_IO, "signalfd: %s", strerror(errno));
	rc = loop_add(e->loop, r->signal_fd, EPOLLIN, on_child, r, err);
	sample(r);
	commit_batch(r);
	for (size_t i = 0; i < e->jobs->n; i++)
		take_up(e, e->jobs->items[i]);
	return rc;
}

/* --- the end of the engine ---------------------------------------------------------------------------------- */

static bool busy(const struct runner *r)
{
	for (const struct run *run = r->runs; run; run = run->next) {
		if (hosts_running(run) || run->copying || run->storing)
			return true;
	}
	return false;
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
		if (hosts_running(run)) {
			run->interrupting = false;
			if (!run->stopping) {
				run->stopping = OUTCOME_FAILED;
				str_set(&run->job->failure,
					"InternalServerError: The local engine was shut down while the job ran.");
			}
			terminate(run, MIN(e->opt.stop_timeout_s, (int64_t)10) * 1000);
		}
		if (run->copying)
			run->copying->cancelled = 1;
	}
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
	loop_remove(e->loop, r->signal_fd);
	close(r->signal_fd);
	free(r);
	e->runner = NULL;
}
