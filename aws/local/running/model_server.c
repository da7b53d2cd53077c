/* One server: its model, its process, its /ping, its end. */
#include "aws/local/running/model_server.h"

#include <signal.h>

#include "aws/local/kept/documents.h"
#include "aws/local/running/command.h"
#include "aws/local/running/runner_impl.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/fs.h"

#define PING_FIRST_MS 5	 /* between two at first ... */
#define PING_EVERY_MS 50 /* ... and at most */
#define PING_TIMEOUT_MS 2000
#define STARTUP_S 240	   /* where the owner does not say it */
#define STOP_MS 30000	   /* between SIGTERM and SIGKILL, as in the service */
#define START_AGAIN_MS 500 /* doubled each time */
#define MAX_STARTS 4	   /* in a row: then it has failed */
#define SERVED_MS 30000	   /* after so long the next end is the first again */

static void ping(void *user);
static void start(struct model_server *s);

static char *root_of(const struct model_server *s)
{
	return xasprintf("%s/opt/ml", s->dir);
}

/* --- models ------------------------------------------------------------------------------------- */

const json_t *model_container(struct engine *e, const char *model)
{
	const struct document *doc = model ? document_find(e, "model", model) : NULL;
	const json_t *container = doc ? json_object_get(doc->doc, "PrimaryContainer") : NULL;
	const json_t *several = doc ? json_object_get(doc->doc, "Containers") : NULL;

	if (!container && json_array_size(several) == 1)
		container = json_array_get(several, 0);
	const char *package = json_get_str(container, "ModelPackageName");
	const struct document *version = package ? document_by_arn(e, package) : NULL;

	return version ? json_path_get(version->doc, "InferenceSpecification.Containers.0") : container;
}

static bool is_multi(const json_t *container)
{
	return str_eq(json_get_str(container, "Mode"), "MultiModel");
}

bool model_is_multi(struct engine *e, const char *model)
{
	return is_multi(model_container(e, model));
}

/* --- the end ------------------------------------------------------------------------------------ */

void model_server_free(struct model_server *s)
{
	loop_cancel(s->e->loop, s->timer);
	http_peer_done(&s->peer);
	host_done(&s->host);
	if (fs_remove_tree(s->dir, NULL) < 0) {
		/* It costs space only; the next start of the engine clears it. */
	}
	free(s->model);
	free(s->variant);
	free(s->arn);
	strmap_done(&s->env);
	free(s->id);
	free(s->dir);
	free(s->seen);
	free(s);
}

/* It may have nothing left to wait for. */
static void settle_now(struct model_server *s)
{
	if (!s->leaving || s->copying || s->under_way)
		return;
	if (s->host.pid > 0) {
		if (s->ready || s->started) { /* once */
			s->ready = s->started = false;
			model_server_leave(s);
		}
		return;
	}
	s->ops->done(s);
}

static void settle(void *user)
{
	struct model_server *s = user;

	s->timer = 0;
	settle_now(s);
}

static void settle_later(struct model_server *s)
{
	if (!s->timer)
		s->timer = loop_after(s->peer.loop, 0, settle, s);
}

static void kill_server(void *user)
{
	struct model_server *s = user;

	s->timer = 0;
	host_signal(&s->host, SIGKILL);
}

void model_server_leave(struct model_server *s)
{
	struct loop *l = s->e->loop;

	s->leaving = true;
	loop_cancel(l, s->timer);
	s->timer = 0;
	if (s->copying)
		s->copying->cancelled = 1;
	if (s->under_way)
		return;
	if (s->host.pid > 0) {
		s->ready = s->started = false;
		host_signal(&s->host, SIGTERM);
		s->timer = loop_after(l, MIN(STOP_MS, s->e->opt.stop_timeout_s * 1000), kill_server, s);
		return;
	}
	/* Not from within the list that our caller walks. */
	settle_later(s);
}

/* --- /ping ----------------------------------------------------------------------------------- */

/* An eighth of the time that it has taken so far: nobody waits much longer than the server
 * needs, and a slow one is asked rarely. */
static int64_t until_next_ping(const struct model_server *s)
{
	int64_t taken_ms = clock_mono_ms() - (s->deadline_ms - s->startup_s * 1000);

	return MIN(MAX(taken_ms / 8, PING_FIRST_MS), PING_EVERY_MS);
}

static void on_ping(void *user, struct http_answer *a)
{
	struct model_server *s = user;

	if (s->leaving || s->ready || s->host.pid <= 0)
		return;
	if (a->status == 200) {
		s->ready = s->served = true;
		if (!s->ready_ms)
			s->ready_ms = clock_mono_ms();
		s->ops->ready(s);
	} else if (clock_mono_ms() >= s->deadline_ms) {
		s->ops->failed(s, NULL);
	} else {
		s->timer = loop_after(s->peer.loop, until_next_ping(s), ping, s);
	}
}

static void ping(void *user)
{
	struct model_server *s = user;

	s->timer = 0;
	http_call(&s->peer, "GET", "/ping", NULL, NULL, 0, PING_TIMEOUT_MS, on_ping, s);
}

/* --- the process ------------------------------------------------------------------------------ */

static void start_again(void *user)
{
	struct model_server *s = user;

	s->timer = 0;
	http_peer_done(&s->peer);
	host_done(&s->host);
	s->host = (struct host){0};
	start(s);
}

/* One that ends at every start is given up. */
static bool may_start_again(struct model_server *s)
{
	if (!s->served || !s->ops->again(s))
		return false;
	if (s->ready_ms && clock_mono_ms() - s->ready_ms >= SERVED_MS)
		s->starts = 0;
	return s->starts++ < MAX_STARTS;
}

static void on_host_end(struct host *h)
{
	struct model_server *s = h->user;
	bool again = !s->leaving && may_start_again(s);

	s->ready = false;
	loop_cancel(s->peer.loop, s->timer);
	s->timer = 0;
	if (s->leaving) {
		settle_now(s);
		return;
	}
	if (again)
		s->timer = loop_after(s->peer.loop, (int64_t)START_AGAIN_MS << (s->starts - 1), start_again, s);
	else
		s->ops->failed(s, NULL);
}

static void begin_host(struct model_server *s)
{
	s->host = (struct host){
		.e = s->e, .dir = xstrdup(s->dir), .on_end = on_host_end, .user = s, .out_fd = -1, .report_fd = -1};
	s->ops->describe(s, &s->host);
}

static void set_environment(const struct model_server *s, const json_t *container, const char *seen, struct strmap *env)
{
	AUTO(str) char *port = xasprintf("%d", s->peer.port);

	layout_request_environment(json_object_get(container, "Environment"), env);
	for (size_t i = 0; i < s->env.n; i++)
		strmap_set(env, s->env.items[i].name, s->env.items[i].value);
	layout_base_environment(s->dir, s->arn, env);
	strmap_set(env, "SAGEMAKER_BIND_TO_PORT", port);
	strmap_set(env, "PYTHONUNBUFFERED", "1");
	if (model_is_multi(s->e, s->model))
		strmap_set(env, "SAGEMAKER_MULTI_MODEL", "true");
	strmap_set(env, "SAGETOP_ML_ROOT", seen);
}

static int build_command(struct model_server *s, struct command *cmd, struct err *err)
{
	const json_t *container = model_container(s->e, s->model);
	AUTO(str) char *root = root_of(s);
	struct program program;
	int rc = program_find(s->e, json_get_str(container, "Image"), false, &program, err);

	if (rc < 0)
		return rc;
	str_set(&s->seen, program_sees(&program, root));
	set_environment(s, container, s->seen, &cmd->env);
	return command_of_program(s->e, &program, NULL, NULL, "serve", root, s->id, cmd, err);
}

static void start(struct model_server *s)
{
	struct engine *e = s->e;
	struct command cmd = {0};
	struct err err = {0};
	int rc = command_free_port(e, &s->peer.port, &err);

	if (rc == 0)
		rc = build_command(s, &cmd, &err);
	if (rc == 0) {
		begin_host(s);
		rc = host_start(&s->host, &cmd, &err);
	}
	command_done(&cmd);
	if (rc < 0) {
		s->ops->failed(s, err.msg);
		return;
	}
	runner_tend(e->runner);
	s->process++;
	s->started = true;
	s->ready_ms = 0;
	s->deadline_ms = clock_mono_ms() + s->startup_s * 1000;
	s->timer = loop_after(e->loop, PING_FIRST_MS, ping, s);
}

/* --- the model ----------------------------------------------------------------------------------- */

static void on_copied(void *task)
{
	struct copy_task *t = task;
	struct model_server *s = t->user;
	AUTO(str) char *error = copy_task_end(t);

	s->copying = NULL;
	if (s->leaving)
		settle_now(s);
	else if (error[0])
		s->ops->failed(s, error);
	else
		start(s);
}

/* Its archive, or the files under its prefix. */
static int plan_model(struct engine *e, const json_t *container, const char *dir, struct copy_plan *plan,
		      struct err *err)
{
	const json_t *source = json_path_get(container, "ModelDataSource.S3DataSource");
	const char *uri = str_or(json_get_str(container, "ModelDataUrl"), json_get_str(source, "S3Uri"));

	if (!uri || is_multi(container))
		return 0; /* the image brings it, or calls will */
	if (source && str_eq(json_get_str(source, "CompressionType"), "None")) {
		int rc = layout_plan_data(e, uri, "S3Prefix", dir, 0, 0, plan, err);

		return rc < 0 ? rc : 0;
	}
	if (!layout_plan_archive(e, uri, dir, plan))
		return err_set(err, ERR_NOTFOUND,
			       "Could not find model data at %.400s. Please ensure that the role has s3:GetObject "
			       "permissions and that the object is there.",
			       uri);
	return 0;
}

/* The beginning's work for which the loop must turn first: nobody is told from within a call. */
static void bring_model(void *user)
{
	struct model_server *s = user;
	struct engine *e = s->e;
	AUTO(str) char *root = root_of(s);
	AUTO(str) char *model = fs_join(root, "model");
	struct copy_task *t = NEW(struct copy_task);
	struct err err = {0};
	int rc = fs_mkdirs(model, 0755, &err);

	s->timer = 0;
	if (rc == 0)
		rc = plan_model(e, model_container(e, s->model), model, &t->plan, &err);
	if (rc < 0) {
		free(copy_task_end(t));
		s->ops->failed(s, err.msg);
		return;
	}
	t->user = s;
	s->copying = t;
	worker_run(e->runner->worker, copy_task_work, on_copied, t);
}

struct model_server *model_server_begin(struct engine *e, const struct model_server_ops *ops, void *owner, char *model,
					char *variant, char *arn, const char *parent)
{
	struct model_server *s = NEW(struct model_server);
	char uuid[37];

	uuid4(uuid);
	*s = (struct model_server){.e = e,
				   .ops = ops,
				   .owner = owner,
				   .model = model,
				   .variant = variant,
				   .arn = arn,
				   .startup_s = STARTUP_S,
				   .id = xasprintf("i-%.8s%.4s%.4s", uuid, uuid + 9, uuid + 14),
				   .peer = {.loop = e->loop}};
	/* Never used again: the servers of a deleted endpoint of the same name may still be there. */
	s->dir = fs_join(parent, s->id);
	s->timer = loop_after(e->loop, 0, bring_model, s);
	return s;
}

/* --- calls ---------------------------------------------------------------------------------------- */

void model_server_call(struct model_server *s, const char *method, const char *path, const struct strmap *headers,
		       const void *body, size_t n, int64_t timeout_ms, http_call_fn *fn, void *user)
{
	s->under_way++;
	http_call(&s->peer, method, path, headers, body, n, timeout_ms, fn, user);
}

void model_server_called(struct model_server *s)
{
	s->under_way--;
	/* One that leaves may have waited for this; not from within its connection's call. */
	if (s->leaving && !s->under_way)
		settle_later(s);
}

void model_server_doubt(struct model_server *s)
{
	if (!s->ready || s->leaving || s->host.pid <= 0)
		return;
	s->ready = false;
	s->deadline_ms = clock_mono_ms() + s->startup_s * 1000;
	loop_cancel(s->peer.loop, s->timer);
	s->timer = loop_after(s->peer.loop, 0, ping, s);
}
