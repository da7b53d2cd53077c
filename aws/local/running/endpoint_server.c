/* One server: its model, its process, its /ping, its end. */
#include "aws/local/running/endpoint_impl.h"

#include <signal.h>

#include "aws/local/running/command.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/fs.h"

#define STOP_MS 30000 /* between SIGTERM and SIGKILL, as in the service */
#define START_AGAIN_MS 500

static void ping(void *user);
static void start(struct server *s);

static char *root_of(const struct server *s)
{
	return xasprintf("%s/opt/ml", s->dir);
}

/* --- models ------------------------------------------------------------------------------------- */

/* A model's container, or that of the version that it names. */
const json_t *endpoint_container(struct engine *e, const char *model)
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

/* --- the end ------------------------------------------------------------------------------------ */

static void server_free(struct server *s)
{
	struct server **at = &s->fleet->servers;

	while (*at && *at != s)
		at = &(*at)->next;
	if (*at)
		*at = s->next;
	loop_cancel(s->fleet->endpoint->e->loop, s->timer);
	http_peer_done(&s->peer);
	host_done(&s->host);
	if (fs_remove_tree(s->dir, NULL) < 0) {
		/* It costs space only; the next start of the engine clears it. */
	}
	free(s->variant);
	free(s->id);
	free(s->dir);
	free(s);
}

void server_settle(struct server *s)
{
	struct fleet *f = s->fleet;

	if (!s->leaving || s->copying || s->under_way)
		return;
	if (s->host.pid > 0) {
		if (s->ready || s->started) { /* once */
			s->ready = s->started = false;
			server_leave(s);
		}
		return;
	}
	server_free(s);
	fleet_tidy(f);
}

static void settle(void *user)
{
	struct server *s = user;

	s->timer = 0;
	server_settle(s);
}

void server_settle_later(struct server *s)
{
	if (!s->timer)
		s->timer = loop_after(s->peer.loop, 0, settle, s);
}

static void kill_server(void *user)
{
	struct server *s = user;

	s->timer = 0;
	host_signal(&s->host, SIGKILL);
}

void server_leave(struct server *s)
{
	struct loop *l = s->fleet->endpoint->e->loop;

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
		s->timer =
			loop_after(l, MIN(STOP_MS, s->fleet->endpoint->e->opt.stop_timeout_s * 1000), kill_server, s);
		return;
	}
	/* Not from within the list that our caller walks. */
	server_settle_later(s);
}

/* --- /ping ----------------------------------------------------------------------------------- */

static void fail(struct server *s)
{
	AUTO(str)
	char *reason = xasprintf("The primary container for production variant %s did not pass the ping health check. "
				 "Please check CloudWatch logs for this endpoint.",
				 s->variant);

	fleet_server_failed(s->fleet, s, reason);
}

static void on_ping(void *user, struct http_answer *a)
{
	struct server *s = user;

	if (s->leaving || s->ready || s->host.pid <= 0)
		return;
	if (a->status == 200) {
		s->ready = s->served = true;
		fleet_server_ready(s->fleet);
	} else if (clock_mono_ms() >= s->deadline_ms) {
		fail(s);
	} else {
		s->timer = loop_after(s->peer.loop, PING_EVERY_MS, ping, s);
	}
}

static void ping(void *user)
{
	struct server *s = user;

	s->timer = 0;
	http_call(&s->peer, "GET", "/ping", NULL, NULL, 0, PING_TIMEOUT_MS, on_ping, s);
}

/* --- the process ------------------------------------------------------------------------------ */

static void start_again(void *user)
{
	struct server *s = user;

	s->timer = 0;
	http_peer_done(&s->peer);
	host_done(&s->host);
	s->host = (struct host){0};
	start(s);
}

static void on_host_end(struct host *h)
{
	struct server *s = h->user;
	bool served = s->served;

	s->ready = false;
	loop_cancel(s->peer.loop, s->timer);
	s->timer = 0;
	if (s->leaving) {
		server_settle(s);
		return;
	}
	/* One that has served is started again, as the service replaces it. */
	if (served && s->fleet == s->fleet->endpoint->current && !s->fleet->endpoint->old)
		s->timer = loop_after(s->peer.loop, START_AGAIN_MS, start_again, s);
	else
		fail(s);
}

static void begin_host(struct server *s)
{
	struct endpoint *ep = s->fleet->endpoint;

	s->host = (struct host){.e = ep->e,
				.group = ep->group,
				.ns = "/aws/sagemaker/Endpoints",
				.stream = xasprintf("%s/%s", s->variant, s->id),
				.one_stream = true,
				.dir = xstrdup(s->dir),
				.on_end = on_host_end,
				.user = s,
				.out_fd = -1,
				.report_fd = -1};
	strmap_set(&s->host.dims, "EndpointName", ep->name);
	strmap_set(&s->host.dims, "VariantName", s->variant);
}

static int build_command(struct server *s, struct command *cmd, struct err *err)
{
	struct endpoint *ep = s->fleet->endpoint;
	const json_t *variant = fleet_variant(s->fleet, s->variant);
	const json_t *container = endpoint_container(ep->e, json_get_str(variant, "ModelName"));
	AUTO(str) char *root = root_of(s);
	AUTO(str) char *port = xasprintf("%d", s->peer.port);
	struct program program;
	int rc = program_find(ep->e, json_get_str(container, "Image"), false, &program, err);

	if (rc < 0)
		return rc;
	layout_request_environment(json_object_get(container, "Environment"), &cmd->env);
	layout_base_environment(s->dir, ep->doc ? ep->doc->arn : "", &cmd->env);
	strmap_set(&cmd->env, "SAGEMAKER_BIND_TO_PORT", port);
	strmap_set(&cmd->env, "PYTHONUNBUFFERED", "1");
	strmap_set(&cmd->env, "SAGETOP_ML_ROOT", program_sees(&program, root));
	return command_of_program(ep->e, &program, NULL, NULL, "serve", root, s->id, cmd, err);
}

static void start(struct server *s)
{
	struct engine *e = s->fleet->endpoint->e;
	int64_t limit_s = json_get_i64(fleet_variant(s->fleet, s->variant),
				       "ContainerStartupHealthCheckTimeoutInSeconds", STARTUP_S);
	struct command cmd = {0};
	struct err err = {0};
	int rc = command_free_port(&s->peer.port, &err);

	if (rc == 0)
		rc = build_command(s, &cmd, &err);
	if (rc == 0) {
		begin_host(s);
		rc = host_start(&s->host, &cmd, &err);
	}
	command_done(&cmd);
	if (rc < 0) {
		fleet_server_failed(s->fleet, s, err.msg);
		return;
	}
	runner_tend(e->runner);
	s->started = true;
	s->deadline_ms = clock_mono_ms() + limit_s * 1000;
	s->timer = loop_after(e->loop, PING_EVERY_MS / 5, ping, s);
}

/* --- the model ----------------------------------------------------------------------------------- */

static void on_copied(void *task)
{
	struct copy_task *t = task;
	struct server *s = t->user;
	AUTO(str) char *error = xstrdup(t->error);

	s->copying = NULL;
	copy_plan_done(&t->plan);
	free(t);
	if (s->leaving)
		server_settle(s);
	else if (error[0])
		fleet_server_failed(s->fleet, s, error);
	else
		start(s);
}

/* Its archive, or the files under its prefix. */
static int plan_model(struct engine *e, const json_t *container, const char *dir, struct copy_plan *plan,
		      struct err *err)
{
	const json_t *source = json_path_get(container, "ModelDataSource.S3DataSource");
	const char *uri = str_or(json_get_str(container, "ModelDataUrl"), json_get_str(source, "S3Uri"));
	AUTO(str) char *bucket = NULL;
	AUTO(str) char *key = NULL;
	AUTO(object) struct object o = {0};

	if (!uri)
		return 0; /* the image brings it */
	if (source && str_eq(json_get_str(source, "CompressionType"), "None")) {
		int rc = layout_plan_data(e, uri, "S3Prefix", dir, 0, 0, plan, err);

		return rc < 0 ? rc : 0;
	}
	if (!s3_uri_parse(uri, &bucket, &key) || !objects_find(e, bucket, key, &o))
		return err_set(err, ERR_NOTFOUND,
			       "Could not find model data at %.400s. Please ensure that the role has s3:GetObject "
			       "permissions and that the object is there.",
			       uri);
	copy_plan_unpack(plan, objects_blob_path(e, o.blob), dir, uri);
	return 0;
}

/* server_begin's work for which the loop must turn first: nobody is told from within a call. */
static void bring_model(void *user)
{
	struct server *s = user;
	struct engine *e = s->fleet->endpoint->e;
	const json_t *variant = fleet_variant(s->fleet, s->variant);
	AUTO(str) char *root = root_of(s);
	AUTO(str) char *model = fs_join(root, "model");
	struct copy_task *t = NEW(struct copy_task);
	struct err err = {0};
	int rc = fs_mkdirs(model, 0755, &err);

	s->timer = 0;
	if (rc == 0)
		rc = plan_model(e, endpoint_container(e, json_get_str(variant, "ModelName")), model, &t->plan, &err);
	if (rc < 0) {
		copy_plan_done(&t->plan);
		free(t);
		fleet_server_failed(s->fleet, s, err.msg);
		return;
	}
	t->user = s;
	s->copying = t;
	worker_run(e->runner->worker, copy_task_work, on_copied, t);
}

void server_begin(struct fleet *f, const json_t *variant)
{
	struct endpoint *ep = f->endpoint;
	struct server *s = NEW(struct server), **tail = &f->servers;
	char uuid[37];

	uuid4(uuid);
	*s = (struct server){.fleet = f,
			     .variant = xstrdup(json_get_str(variant, "VariantName")),
			     .id = xasprintf("i-%.8s%.4s%.4s", uuid, uuid + 9, uuid + 14),
			     .peer = {.loop = ep->e->loop}};
	/* Never used again: the servers of a deleted endpoint of the same name may still be there. */
	s->dir = xasprintf("%s/endpoints/%s/%s", ep->e->opt.state_dir, ep->name, s->id);
	while (*tail)
		tail = &(*tail)->next;
	*tail = s;
	s->timer = loop_after(ep->e->loop, 0, bring_model, s);
}
