/* The course of a transform job: slots, servers, the model's own wishes, the end. */
#include "aws/local/running/transform_impl.h"

#include <assert.h>

#include "aws/local/running/runner_impl.h"
#include "base/fs.h"

#define PARAMETERS_TIMEOUT_MS 5000
#define INTERNAL_ERROR "InternalServerError: We encountered an internal error.  Please try again."
#define NO_PING                                                                                                       \
	"AlgorithmError: Model container failed to respond to ping. Please ensure /ping endpoint is implemented and " \
	"responds with an HTTP 200 status code"

/* --- its document ----------------------------------------------------------------------------- */

static void save(struct transform *t)
{
	json_object_set_new(t->doc->doc, "LastModifiedTime", json_epoch(engine_now_ms(t->e)));
	document_save(t->e, t->doc);
	state_commit(t->e->db);
}

/* "waiting", or "running", behind which a process may exist. */
static void set_state(struct transform *t, const char *state)
{
	json_object_set_new(t->doc->doc, TRANSFORM_STATE, json_string(state));
}

/* --- the list of them --------------------------------------------------------------------------- */

static struct transform *find(const struct engine *e, const char *name)
{
	struct transform *t = e->transforms;

	while (t && !str_eq(t->name, name))
		t = t->next;
	return t;
}

static struct transform *add(struct engine *e, struct document *doc)
{
	struct transform *t = NEW(struct transform), **tail = &e->transforms;
	const json_t *resources = json_object_get(doc->doc, "TransformResources");

	*t = (struct transform){.e = e,
				.name = xstrdup(doc->key),
				.dir = xasprintf("%s/transforms/%s", e->opt.state_dir, doc->key),
				.doc = doc,
				.n_hosts = (int)MAX(json_get_i64(resources, "InstanceCount", 1), 1),
				.waiting = true};
	while (*tail)
		tail = &(*tail)->next;
	*tail = t;
	return t;
}

static void drop(struct transform *t)
{
	struct transform **at = &t->e->transforms;

	if (t->holds_slots)
		t->e->runner->used -= t->n_hosts;
	while (*at && *at != t)
		at = &(*at)->next;
	assert(*at);
	*at = t->next;
	loop_cancel(t->e->loop, t->retry_timer);
	for (int i = 0; t->hosts && i < t->n_hosts; i++) {
		if (t->hosts[i].server)
			model_server_free(t->hosts[i].server);
	}
	transform_files_free(t);
	transform_settings_done(&t->set);
	free(t->hosts);
	free(t->failure);
	free(t->file_failure);
	free(t->name);
	free(t->dir);
	free(t);
}

/* --- the end -------------------------------------------------------------------------------------- */

static void remove_work(void *task)
{
	if (fs_remove_tree(task, NULL) < 0) {
		/* It costs space only; the next job of that name clears it. */
	}
}

static void finish(struct transform *t)
{
	struct runner *r = t->e->runner;
	const char *status = t->stopping ? "Stopped" : t->failure ? "Failed" : "Completed";
	char *dir = xstrdup(t->dir);

	if (t->stopping)
		transform_forget_outputs(t); /* as the service, which keeps nothing of a stopped job */
	json_object_set_new(t->doc->doc, "TransformJobStatus", json_string(status));
	if (t->failure && !t->stopping)
		json_object_set_new(t->doc->doc, "FailureReason", json_string(t->failure));
	if (!json_object_get(t->doc->doc, "TransformEndTime"))
		json_object_set_new(t->doc->doc, "TransformEndTime", json_epoch(engine_now_ms(t->e)));
	json_object_del(t->doc->doc, TRANSFORM_STATE);
	save(t);
	drop(t);
	worker_run(r->worker, remove_work, free, dir);
	runner_wake(r);
}

void transform_settle(struct transform *t)
{
	if (!t->ended || transform_working(t))
		return;
	for (int i = 0; t->hosts && i < t->n_hosts; i++) {
		if (t->hosts[i].server)
			return;
	}
	finish(t);
}

static void settle_later(void *user)
{
	struct transform *t = user;

	t->retry_timer = 0;
	transform_settle(t);
}

/* Its servers end, whatever they are doing. */
void transform_end(struct transform *t, const char *failure)
{
	if (t->ended)
		return;
	t->ended = true;
	if (failure)
		str_set(&t->failure, failure);
	json_object_set_new(t->doc->doc, "TransformEndTime", json_epoch(engine_now_ms(t->e)));
	for (int i = 0; t->hosts && i < t->n_hosts; i++) {
		struct model_server *s = t->hosts[i].server;

		if (!s)
			continue;
		http_peer_done(&s->peer);
		model_server_leave(s);
	}
	/* Not from within what its caller still does with it. */
	loop_cancel(t->e->loop, t->retry_timer);
	t->retry_timer = loop_after(t->e->loop, 0, settle_later, t);
}

/* --- servers ---------------------------------------------------------------------------------------- */

static void describe(struct model_server *s, struct host *h)
{
	const struct transform *t = ((struct transform_host *)s->owner)->t;
	AUTO(str) char *instance = xasprintf("%s/%s", t->name, s->id);

	h->group = TRANSFORM_GROUP;
	h->stream = xstrdup(instance);
	strmap_set(&h->dims, "Host", instance);
}

/* What is not given by the request nor by the model has its default. */
static void begin_sending(struct transform *t, const json_t *parameters)
{
	const struct transform_settings *set = &t->set;

	transform_settings_of_model(&t->set, parameters);
	for (int i = 0; i < t->n_hosts; i++)
		transform_say(&t->hosts[i], "MaxConcurrentTransforms=%lld, MaxPayloadInMB=%lld, BatchStrategy=%s",
			      (long long)set->concurrent, (long long)set->payload_mb,
			      set->multi ? "MULTI_RECORD" : "SINGLE_RECORD");
	t->serving = true;
	transform_go_on(t);
}

static void on_parameters(void *user, struct http_answer *a)
{
	struct transform_host *h = user;
	struct transform *t = h->t;
	AUTO(json) json_t *parameters = NULL;

	if (a->status == 200 &&
	    json_parse(buf_str(&a->body), a->body.len, "execution parameters", &parameters, NULL) < 0)
		transform_say(h, "/execution-parameters did not answer with JSON; the defaults stand");
	model_server_called(h->server);
	if (!t->ended)
		begin_sending(t, parameters);
}

static void on_ready(struct model_server *s)
{
	struct transform_host *h = s->owner;
	struct transform *t = h->t;

	h->again = true;
	if (t->serving) {
		transform_go_on(t);
		return;
	}
	if (t->asked)
		return;
	t->asked = true;
	if (t->set.concurrent > 0 && t->set.payload_mb >= 0 && t->set.multi >= 0)
		begin_sending(t, NULL);
	else
		model_server_call(s, "GET", "/execution-parameters", NULL, NULL, 0, PARAMETERS_TIMEOUT_MS,
				  on_parameters, h);
}

static void on_failed(struct model_server *s, const char *reason)
{
	struct transform *t = ((struct transform_host *)s->owner)->t;
	bool said = reason && strstr(reason, "Error: ");
	AUTO(str) char *worded = reason ? xasprintf("%s%s", said ? "" : "ClientError: ", reason) : xstrdup(NO_PING);

	/* One that has left may fail to start, too. */
	if (!t->ended)
		transform_end(t, worded);
	else
		model_server_leave(s);
}

/* Once, unless it comes to serve again. */
static bool is_started_again(const struct model_server *s)
{
	struct transform_host *h = s->owner;
	bool again = h->again;

	h->again = false;
	return again && !h->t->ended;
}

static void on_done(struct model_server *s)
{
	struct transform_host *h = s->owner;

	h->server = NULL;
	model_server_free(s);
	transform_settle(h->t);
}

/* --- the beginning ------------------------------------------------------------------------------------- */

static void start_servers(struct transform *t)
{
	static const struct model_server_ops ops = {describe, on_ready, on_failed, is_started_again, on_done};
	const char *model = str_or(json_get_str(t->doc->doc, "ModelName"), "");

	t->hosts = xcalloc((size_t)t->n_hosts, sizeof(*t->hosts));
	for (int i = 0; i < t->n_hosts; i++) {
		struct transform_host *h = &t->hosts[i];

		h->t = t;
		h->first = (size_t)i;
		h->server = model_server_begin(t->e, &ops, h, xstrdup(model), NULL, xstrdup(t->doc->arn), t->dir);
		transform_environment(t->doc->doc, &h->server->env);
	}
}

static void begin(struct transform *t)
{
	struct err err = {0};

	t->waiting = false;
	t->holds_slots = true;
	t->e->runner->used += t->n_hosts;
	json_object_set_new(t->doc->doc, "TransformStartTime", json_epoch(engine_now_ms(t->e)));
	/* From here on a process may exist: that is written down before it does. */
	set_state(t, "running");
	save(t);
	int rc = fs_remove_tree(t->dir, &err);

	if (rc == 0)
		rc = fs_mkdirs(t->dir, 0755, &err);
	if (rc == 0)
		rc = transform_settings_read(t->doc->doc, &t->set, &err);
	if (rc == 0)
		rc = transform_plan(t, &err);
	if (rc < 0)
		transform_end(t, err.msg);
	else
		start_servers(t);
}

void transform_schedule(struct engine *e)
{
	struct runner *r = e->runner;

	for (struct transform *t = e->transforms, *next; t && !r->stopping; t = next) {
		next = t->next;
		if (t->waiting && (!r->used || r->used + t->n_hosts <= r->slots))
			begin(t);
	}
}

/* --- the interface ---------------------------------------------------------------------------------------- */

void transform_submit(struct engine *e, struct document *doc)
{
	struct transform *t = add(e, doc);

	set_state(t, "waiting");
	document_save(e, doc);
	runner_wake(e->runner);
}

bool transform_stop(struct engine *e, const struct document *doc)
{
	struct transform *t = find(e, doc->key);

	if (!t)
		return false;
	t->stopping = true;
	t->waiting = false;
	transform_end(t, NULL);
	return true;
}

static void take_up(struct engine *e, struct document *doc)
{
	const char *state = json_get_str(doc->doc, TRANSFORM_STATE);
	bool stopping = str_eq(json_get_str(doc->doc, "TransformJobStatus"), "Stopping");

	if (!state)
		return;
	struct transform *t = add(e, doc);

	t->waiting = !stopping && str_eq(state, "waiting");
	if (t->waiting) {
		runner_wake(e->runner);
		return;
	}
	/* Its servers died with the engine, or are being killed now. */
	processes_kill_under(t->dir);
	t->stopping = stopping;
	transform_end(t, INTERNAL_ERROR);
}

void transform_take_up(struct engine *e)
{
	const struct document_list *list = documents_of(e, TRANSFORM_KIND);

	for (size_t i = 0; i < list->n; i++)
		take_up(e, list->items[i]);
}

/* Those that wait go on waiting for the next start. */
void transform_shut_down(struct engine *e)
{
	for (struct transform *t = e->transforms; t; t = t->next) {
		if (!t->waiting)
			transform_end(t, "InternalServerError: The local engine was shut down while the job ran.");
	}
}

bool transform_busy(const struct engine *e)
{
	for (const struct transform *t = e->transforms; t; t = t->next) {
		if (!t->waiting)
			return true;
	}
	return false;
}

void transform_free(struct engine *e)
{
	for (struct transform *t = e->transforms, *next; t; t = next) {
		next = t->next;
		drop(t);
	}
}
