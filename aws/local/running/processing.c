/* The course of a processing job: slots, inputs, processes, outputs, the end. */
#include <signal.h>

#include "aws/local/running/command.h"
#include "aws/local/running/processing_impl.h"
#include "aws/local/running/runner_impl.h"
#include "base/fs.h"

#define UPLOAD_EVERY_MS 1000 /* Continuous outputs are looked at so often */
#define DEFAULT_MAX_RUNTIME_S 86400
#define INTERNAL_ERROR "InternalServerError: We encountered an internal error.  Please try again."

/* --- its document --------------------------------------------------------------------------- */

static void save(struct processing *p)
{
	json_object_set_new(p->doc->doc, "LastModifiedTime", json_epoch(engine_now_ms(p->e)));
	document_save(p->e, p->doc);
	state_commit(p->e->db);
}

/* "waiting", "running", or "storing" behind which it has only to be stored and told. */
static void set_state(struct processing *p, const char *state)
{
	json_object_set_new(p->doc->doc, PROCESSING_STATE, json_string(state));
}

static int instance_count(const json_t *doc)
{
	return (int)MAX(json_get_i64(json_path_get(doc, "ProcessingResources.ClusterConfig"), "InstanceCount", 1), 1);
}

/* --- the list of them ------------------------------------------------------------------------ */

static struct processing *find(const struct engine *e, const char *name)
{
	struct processing *p = e->processing;

	while (p && !str_eq(p->name, name))
		p = p->next;
	return p;
}

static struct processing *add(struct engine *e, struct document *doc)
{
	struct processing *p = NEW(struct processing), **tail = &e->processing;

	*p = (struct processing){
		.e = e, .name = xstrdup(doc->key), .doc = doc, .n_hosts = instance_count(doc->doc), .waiting = true};
	while (*tail)
		tail = &(*tail)->next;
	*tail = p;
	return p;
}

static void release_slots(struct processing *p)
{
	if (p->holds_slots)
		p->e->runner->used -= p->n_hosts;
	p->holds_slots = false;
}

static void drop(struct processing *p)
{
	struct processing **at = &p->e->processing;

	release_slots(p);
	while (*at && *at != p)
		at = &(*at)->next;
	if (*at)
		*at = p->next;
	loop_cancel(p->e->loop, p->kill_timer);
	loop_cancel(p->e->loop, p->max_timer);
	loop_cancel(p->e->loop, p->upload_timer);
	for (int i = 0; p->hosts && i < p->n_hosts; i++)
		host_done(&p->hosts[i]);
	free(p->hosts);
	free(p->failure);
	strmap_done(&p->stored);
	free(p->name);
	free(p);
}

static bool hosts_alive(const struct processing *p)
{
	for (int i = 0; p->hosts && i < p->n_hosts; i++) {
		if (p->hosts[i].pid > 0)
			return true;
	}
	return false;
}

/* --- the end --------------------------------------------------------------------------------- */

static void remove_work(void *task)
{
	if (fs_remove_tree(task, NULL) < 0) {
		/* It costs space only; the next job of that name clears it. */
	}
}

static void finish(struct processing *p, enum processing_end end)
{
	static const char *const names[] = {
		[PROCESSING_COMPLETED] = "Completed", [PROCESSING_FAILED] = "Failed", [PROCESSING_STOPPED] = "Stopped"};
	struct runner *r = p->e->runner;
	json_t *doc = p->doc->doc;
	char *dir = processing_dir(p->e, p->name);

	json_object_set_new(doc, "ProcessingJobStatus", json_string(names[end]));
	if (p->failure)
		json_object_set_new(doc, "FailureReason", json_string(p->failure));
	json_object_set_new(doc, "ProcessingEndTime", json_epoch(engine_now_ms(p->e)));
	json_object_del(doc, PROCESSING_STATE);
	if (p->e->processing_listener)
		p->e->processing_listener(p->e, p->doc);
	save(p);
	drop(p);
	worker_run(r->worker, remove_work, free, dir);
	runner_wake(r);
}

static void fail(struct processing *p, const char *reason)
{
	str_set(&p->failure, reason);
	finish(p, PROCESSING_FAILED);
}

static enum processing_end outcome(const struct processing *p)
{
	return p->stopping ? p->stopping : p->failure ? PROCESSING_FAILED : PROCESSING_COMPLETED;
}

static void store_end(struct processing *p);

static void on_stored(void *task)
{
	struct store_task *t = task;
	struct processing *p = t->user;

	p->storing = NULL;
	store_task_register(p->e, t);
	if (t->error[0] && p->finishing && !p->failure && !p->stopping)
		p->failure = xasprintf("ClientError: Failed to upload the outputs: %s", t->error);
	store_task_free(t);
	state_commit(p->e->db);
	if (p->finishing)
		finish(p, outcome(p));
	else if (p->ended)
		store_end(p); /* it had to wait for this */
}

static void store(struct processing *p, bool continuous)
{
	struct store_task *t = NEW(struct store_task);

	t->e = p->e;
	t->user = p;
	t->known = &p->stored;
	processing_outputs(p, continuous, t);
	p->storing = t;
	worker_run(p->e->runner->worker, store_task_work, on_stored, t);
}

/* Of a job that failed or was stopped only what is Continuous is kept. */
static void store_end(struct processing *p)
{
	p->finishing = true;
	store(p, outcome(p) != PROCESSING_COMPLETED);
}

static void upload_continuous(void *user)
{
	struct processing *p = user;

	p->upload_timer = loop_after(p->e->loop, UPLOAD_EVERY_MS, upload_continuous, p);
	if (!p->storing)
		store(p, true);
}

/* --- processes ---------------------------------------------------------------------------------- */

static void kill_now(void *user)
{
	struct processing *p = user;
	AUTO(str) char *dir = processing_dir(p->e, p->name);

	p->kill_timer = 0;
	if (!p->hosts[0].supervised && processes_kill_under(dir) > 0)
		return;
	for (int i = 0; i < p->n_hosts; i++)
		host_signal(&p->hosts[i], SIGKILL);
}

static void terminate(struct processing *p, int64_t grace_ms)
{
	for (int i = 0; i < p->n_hosts; i++)
		host_signal(&p->hosts[i], SIGTERM);
	loop_cancel(p->e->loop, p->kill_timer);
	p->kill_timer = loop_after(p->e->loop, grace_ms, kill_now, p);
}

/* The first host that failed, and what became of the exit message. */
static void judge(struct processing *p)
{
	AUTO(str) char *message = NULL;
	struct err err = {0};

	for (int i = 0; i < p->n_hosts && !p->failure; i++) {
		struct host *h = &p->hosts[i];

		if (h->start_error && !p->stopping)
			p->failure = xasprintf("AlgorithmError: %s, exit code: 127", h->start_error);
		else if (h->exit_code && !p->stopping && (h->ended_first || !p->host_failed))
			p->failure = xasprintf("AlgorithmError: See job logs for more information, exit code: %d",
					       h->exit_code);
	}
	if (processing_message(p, &message, &err) < 0 && !p->failure && !p->stopping)
		p->failure = xstrdup(err.msg);
	for (int i = 0; i < p->n_hosts && !message && !p->failure && !p->stopping; i++) {
		AUTO(str) char *swallowed = host_swallowed(&p->hosts[i]);

		message = swallowed ? xasprintf("warning: %s", swallowed) : NULL;
	}
	if (message)
		json_object_set_new(p->doc->doc, "ExitMessage", json_string(message));
}

static void on_host_end(struct host *h)
{
	struct processing *p = h->user;

	h->ended_first = h->exit_code && !p->host_failed;
	if (hosts_alive(p)) {
		if (h->ended_first && !p->stopping) {
			p->host_failed = true;
			terminate(p, MIN(p->e->opt.stop_timeout_s, (int64_t)10) * 1000);
		}
		return;
	}
	loop_cancel(p->e->loop, p->kill_timer);
	loop_cancel(p->e->loop, p->max_timer);
	loop_cancel(p->e->loop, p->upload_timer);
	p->kill_timer = p->max_timer = p->upload_timer = 0;
	p->ended = true;
	judge(p);
	set_state(p, "storing");
	save(p);
	if (!p->storing)
		store_end(p);
}

static void max_runtime_reached(void *user)
{
	struct processing *p = user;

	p->max_timer = 0;
	if (p->stopping)
		return;
	p->stopping = PROCESSING_STOPPED;
	str_set(&p->failure, "ClientError: MaxRuntimeInSeconds of the StoppingCondition is exceeded");
	terminate(p, p->e->opt.stop_timeout_s * 1000);
}

static int build_command(struct processing *p, int host, struct command *cmd, struct err *err)
{
	const json_t *app = json_object_get(p->doc->doc, "AppSpecification");
	const json_t *entrypoint = json_object_get(app, "ContainerEntrypoint");
	AUTO(str) char *root = processing_root(p->e, p->name, host);
	AUTO(str) char *dir = processing_dir(p->e, p->name);
	AUTO(str) char *name = xasprintf("%s-algo-%d", p->name, host + 1);
	struct program program;
	int rc = program_find(p->e, json_get_str(app, "ImageUri"), json_array_size(entrypoint) > 0, &program, err);

	if (rc < 0)
		return rc;
	layout_request_environment(json_object_get(p->doc->doc, "Environment"), &cmd->env);
	layout_base_environment(dir, p->doc->arn, &cmd->env);
	strmap_set(&cmd->env, "PYTHONUNBUFFERED", "1"); /* lines arrive as they are printed */
	strmap_set(&cmd->env, "SAGETOP_ML_ROOT", program_sees(&program, root));
	return command_of_program(p->e, &program, entrypoint, json_object_get(app, "ContainerArguments"), NULL, root,
				  name, cmd, err);
}

static int start_host(struct processing *p, int i, struct err *err)
{
	struct host *h = &p->hosts[i];
	struct command cmd = {0};

	*h = (struct host){.e = p->e,
			   .group = PROCESSING_GROUP,
			   .stream = xasprintf("%s/algo-%d", p->name, i + 1),
			   .dir = processing_dir(p->e, p->name),
			   .on_end = on_host_end,
			   .user = p,
			   .out_fd = -1,
			   .report_fd = -1};
	strmap_set(&h->dims, "Host", h->stream);
	int rc = build_command(p, i, &cmd, err);

	if (rc == 0)
		rc = host_start(h, &cmd, err);
	command_done(&cmd);
	return rc;
}

static void launch(struct processing *p)
{
	int64_t max_s = json_get_i64(json_object_get(p->doc->doc, "StoppingCondition"), "MaxRuntimeInSeconds",
				     DEFAULT_MAX_RUNTIME_S);
	struct err err = {0};
	int rc = 0;

	/* From here on a process may exist: that is written down before it does. */
	set_state(p, "running");
	save(p);
	p->hosts = xcalloc((size_t)p->n_hosts, sizeof(*p->hosts));
	for (int i = 0; i < p->n_hosts && rc == 0; i++)
		rc = start_host(p, i, &err);
	runner_tend(p->e->runner);
	if (rc < 0) {
		p->failure = xasprintf("%s%s", err.code == ERR_INVALID ? "" : "InternalServerError: ", err.msg);
		p->host_failed = true;
		for (int i = 0; i < p->n_hosts; i++)
			host_signal(&p->hosts[i], SIGKILL);
		if (!hosts_alive(p))
			finish(p, PROCESSING_FAILED);
		return;
	}
	p->max_timer = loop_after(p->e->loop, max_s * 1000, max_runtime_reached, p);
	if (processing_has_continuous(p))
		p->upload_timer = loop_after(p->e->loop, UPLOAD_EVERY_MS, upload_continuous, p);
}

/* --- inputs ------------------------------------------------------------------------------------- */

static void on_copied(void *task)
{
	struct copy_task *t = task;
	struct processing *p = t->user;
	AUTO(str) char *error = copy_task_end(t);

	p->copying = NULL;
	if (p->stopping)
		finish(p, p->stopping);
	else if (p->e->runner->stopping)
		return; /* the copy was cut short: the next start of the engine takes the job up again */
	else if (error[0])
		fail(p, error);
	else
		launch(p);
}

static void begin(struct processing *p)
{
	struct copy_task *t = NEW(struct copy_task);
	struct err err = {0};

	p->waiting = false;
	p->holds_slots = true;
	p->e->runner->used += p->n_hosts;
	json_object_set_new(p->doc->doc, "ProcessingStartTime", json_epoch(engine_now_ms(p->e)));
	save(p);
	if (processing_prepare(p, &t->plan, &err) < 0) {
		free(copy_task_end(t));
		AUTO(str)
		char *reason = err.code == ERR_IO ? xasprintf("InternalServerError: %s", err.msg) : xstrdup(err.msg);

		fail(p, reason);
		return;
	}
	t->user = p;
	p->copying = t;
	worker_run(p->e->runner->worker, copy_task_work, on_copied, t);
}

void processing_schedule(struct engine *e)
{
	struct runner *r = e->runner;

	for (struct processing *p = e->processing, *next; p && !r->stopping; p = next) {
		next = p->next;
		if (p->waiting && (!r->used || r->used + p->n_hosts <= r->slots))
			begin(p);
	}
}

/* --- the interface --------------------------------------------------------------------------------- */

void processing_submit(struct engine *e, struct document *doc)
{
	struct processing *p = add(e, doc);

	set_state(p, "waiting");
	document_save(e, doc);
	runner_wake(e->runner);
}

bool processing_stop(struct engine *e, const struct document *doc)
{
	struct processing *p = find(e, doc->key);

	if (!p)
		return false;
	if (p->stopping)
		return true;
	p->stopping = PROCESSING_STOPPED;
	if (hosts_alive(p))
		terminate(p, e->opt.stop_timeout_s * 1000);
	else if (p->copying)
		p->copying->cancelled = 1;
	else if (p->waiting)
		finish(p, PROCESSING_STOPPED);
	return true;
}

static void take_up(struct engine *e, struct document *doc)
{
	const char *state = json_get_str(doc->doc, PROCESSING_STATE);
	bool stopping = str_eq(json_get_str(doc->doc, "ProcessingJobStatus"), "Stopping");
	AUTO(str) char *dir = processing_dir(e, doc->key);

	if (!state)
		return;
	struct processing *p = add(e, doc);

	p->stopping = stopping ? PROCESSING_STOPPED : PROCESSING_RUNS;
	/* A check of what lies there already is as good a second time, and nobody would ask for it again. */
	p->waiting = !stopping && (str_eq(state, "waiting") || json_object_get(doc->doc, "MonitoringScheduleArn"));
	/* Its process died with the engine, or is being killed now. */
	if (!str_eq(state, "waiting"))
		processes_kill_under(dir);
	if (p->waiting) {
		runner_wake(e->runner);
		return;
	}
	if (!stopping)
		p->failure = xstrdup(INTERNAL_ERROR);
	p->ended = true;
	store_end(p);
}

void processing_take_up(struct engine *e)
{
	const struct document_list *list = documents_of(e, PROCESSING_KIND);

	for (size_t i = 0; i < list->n; i++)
		take_up(e, list->items[i]);
}

void processing_shut_down(struct engine *e)
{
	for (struct processing *p = e->processing; p; p = p->next) {
		if (p->copying)
			p->copying->cancelled = 1;
		if (!hosts_alive(p))
			continue;
		if (!p->stopping && !p->failure)
			p->failure = xstrdup("InternalServerError: The local engine was shut down while the job ran.");
		terminate(p, MIN(e->opt.stop_timeout_s, (int64_t)10) * 1000);
	}
}

bool processing_busy(const struct engine *e)
{
	for (const struct processing *p = e->processing; p; p = p->next) {
		if (hosts_alive(p) || p->copying || p->storing)
			return true;
	}
	return false;
}

void processing_free(struct engine *e)
{
	for (struct processing *p = e->processing, *next; p; p = next) {
		next = p->next;
		drop(p);
	}
}
