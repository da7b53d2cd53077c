/* How a job ends: outcome, artefacts, final metrics, billing. */
#include "aws/local/running/runner_impl.h"

#include <signal.h>
#include <sys/stat.h>

#include "aws/local/running/artefact.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/utf8.h"

#define FAILURE_MAX 1024

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

/* Each attempt counts in whole seconds, as an instance's time does. */
void run_count_time(struct run *run)
{
	if (run->attempt_ms)
		run->job->training_ms += MAX((clock_mono_ms() - run->attempt_ms + 999) / 1000, 1) * 1000;
	run->attempt_ms = 0;
}

/* Spot jobs are billed a share of their time: the discount is in the seconds. */
static int64_t billable_seconds(const struct training_job *job)
{
	int64_t seconds = MAX((job->training_ms + 999) / 1000, 1);

	return job->spot ? MAX(seconds * 32 / 100, 1) : seconds;
}

static void set_final_status(struct engine *e, struct training_job *job, const char *warning)
{
	AUTO(str)
	char *completed = xasprintf("Training job completed%s%s", warning ? "; " : "", warning ? warning : "");

	switch (job->outcome) {
	case OUTCOME_COMPLETED:
		job->status = JOB_COMPLETED;
		training_job_enter(e, job, "Completed", completed);
		break;
	case OUTCOME_STOPPED:
		job->status = JOB_STOPPED;
		training_job_enter(e, job, "Stopped", "Training job stopped");
		break;
	case OUTCOME_MAX_WAIT:
		job->status = JOB_STOPPED;
		training_job_enter(e, job, "MaxWaitTimeExceeded",
				   "Training job exceeded MaxWaitTimeInSeconds provided");
		break;
	case OUTCOME_MAX_RUNTIME:
		job->status = JOB_STOPPED;
		training_job_enter(e, job, "MaxRuntimeExceeded",
				   "Training job runtime exceeded MaxRuntimeInSeconds provided");
		break;
	default:
		job->status = JOB_FAILED;
		training_job_enter(e, job, "Failed", "Training job failed");
	}
}

void run_finish(struct run *run)
{
	struct training_job *job = run->job;
	struct runner *r = run->e->runner;
	char *dir = layout_job_dir(run->e, job);

	run_count_time(run);
	job->phase = PHASE_ENDED;
	if (job->start_ms) {
		job->end_ms = engine_now_ms(run->e);
		job->billable_s = billable_seconds(job);
	}
	set_final_status(run->e, job, run->warning);
	run_save(run);
	run_free(run);
	worker_run(r->worker, remove_work, remove_done, dir);
	runner_wake(r);
}

void run_fail(struct run *run, const char *reason)
{
	str_set(&run->job->failure, reason);
	run->job->outcome = OUTCOME_FAILED;
	run_finish(run);
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
	struct stat st;

	/* A link leads out of the job's folder, and a FIFO would hold the engine up. */
	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode) || fs_read(path, &raw, NULL) < 0 || !raw.len) {
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

static void requeue(struct run *run, const char *message)
{
	struct training_job *job = run->job;

	run_release_slots(run);
	run_free_hosts(run);
	run->interrupting = run->host_failed = run->ended = false;
	free(TAKE(run->start_failure));
	job->phase = PHASE_WAITING;
	job->outcome = OUTCOME_NONE;
	training_job_enter(run->e, job, "Starting", message);
	run_save(run);
	runner_wake(run->e->runner);
}

static void on_stored(void *task)
{
	struct store_task *t = task;
	struct run *run = t->user;

	run->storing = false;
	store_task_register(run->e, t);
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
		run_finish(run);
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
	AUTO(str) char *bucket = NULL;
	AUTO(str) char *key = NULL;

	if (!uri || !s3_uri_parse(uri, &bucket, &key) || !bucket_exists(run->e, bucket))
		return;
	for (int i = 0; i < run->n_hosts; i++) {
		AUTO(str) char *dir = layout_checkpoint_dir(run->e, run->job, run->request, i);

		store_task_tree(t, dir, xstrdup(bucket), s3_folder_key(key), true);
	}
}

/* Put what the job left into the store. outcome NONE: only its checkpoints, since
 * it goes on. */
void run_upload(struct run *run, enum job_outcome outcome)
{
	struct training_job *job = run->job;
	struct store_task *t = NEW(struct store_task);

	t->e = run->e;
	t->user = run;
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
		training_job_enter(run->e, job, "Uploading", "Uploading generated training model");
	run_save(run);
	run->storing = true;
	worker_run(run->e->runner->worker, store_task_work, on_stored, t);
}

/* When its failure file was written; 0 where there is none. */
static int64_t failure_time_ns(struct run *run, int host)
{
	AUTO(str) char *root = layout_root(run->e, run->job, host);
	AUTO(str) char *path = fs_join(root, "output/failure");
	struct stat st;

	if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	return (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

/* One host's failure makes the others fail, and they may end before it does. The cause
 * is one that was killed by a signal not ours; else the one that first wrote down why;
 * else the one that first ended. */
static int cause_of_failure(struct run *run)
{
	int first_file = -1, first_end = -1, any = 0;
	int64_t earliest = 0;

	for (int i = run->n_hosts - 1; i >= 0; i--) {
		const struct host *h = &run->hosts[i];
		int64_t time_ns = failure_time_ns(run, i);

		if (!h->exit_code)
			continue;
		any = i;
		if (!time_ns && (h->ended_first ? h->exit_code > 128 : h->exit_code == 128 + SIGKILL && !run->killed))
			return i;
		if (h->ended_first)
			first_end = i;
		if (time_ns && (first_file < 0 || time_ns <= earliest)) {
			first_file = i;
			earliest = time_ns;
		}
	}
	return first_file >= 0 ? first_file : first_end >= 0 ? first_end : any;
}

void run_fail_hosts(struct run *run)
{
	int host = cause_of_failure(run);
	char *reason =
		run->start_failure ? xstrdup(run->start_failure) : failure_text(run, host, run->hosts[host].exit_code);

	free(run->job->failure);
	run->job->failure = reason;
	run_upload(run, OUTCOME_FAILED);
}
