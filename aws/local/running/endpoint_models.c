/* Multi-model servers: a call names a model, which is brought and loaded when it is first asked for
 * (POST /models) and stays until the server has no room for another one (507): then the one that
 * was not called for longest is unloaded (DELETE /models/NAME), and loading tried again.
 *
 * A call that waits for its model counts as under way, so that its server does not end meanwhile.
 * The files of a model stay as they are, whatever becomes of its key.
 */
#include "aws/local/running/endpoint_impl.h"

#include "aws/local/kept/metric_store.h"
#include "aws/local/running/runner_impl.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/fs.h"

#define LOAD_MS 360000
#define UNLOAD_MS 60000
#define NO_ROOM 507
#define THERE_ALREADY 409
#define HOST_NAMESPACE "/aws/sagemaker/Endpoints"
#define NAME_LEN 32

enum hosted_state { HOSTED_ABSENT, HOSTED_BRINGING, HOSTED_LOADING, HOSTED_READY, HOSTED_LEAVING };

/* A model of one server. */
struct hosted {
	struct model_server *server;
	char *key;		 /* TargetModel */
	char name[NAME_LEN + 1]; /* by which the server knows it */
	enum hosted_state state;
	bool brought;	 /* its files lie there */
	bool wants_room; /* LOADING: until another one can be unloaded */
	int process;	 /* READY: that has it, of the server's */
	int under_way;
	int64_t used_us, began_us; /* monotonic */
	struct invocation *waiting;
	struct hosted *behind; /* LEAVING: the one that it makes room for */
	struct hosted *next;
};

static void load(struct hosted *m);
static void bring(struct hosted *m);

static bool is_ready(struct hosted *m)
{
	/* A process that was started again has none. */
	if (m->state == HOSTED_READY && m->process != m->server->process)
		m->state = HOSTED_ABSENT;
	return m->state == HOSTED_READY;
}

static struct hosted *find(const struct model_server *s, const char *key)
{
	struct hosted *m = s->hosted;

	while (m && !str_eq(m->key, key))
		m = m->next;
	return m;
}

static struct hosted *find_or_add(struct model_server *s, const char *key)
{
	struct hosted *m = find(s, key);
	char hash[SHA256_HEX_LEN];

	if (m)
		return m;
	m = NEW(struct hosted);
	*m = (struct hosted){.server = s, .key = xstrdup(key), .next = s->hosted};
	sha256_hex(key, strlen(key), hash);
	str_copy(m->name, sizeof(m->name), hash);
	s->hosted = m;
	return m;
}

void models_free(struct model_server *s)
{
	for (struct hosted *m = s->hosted, *next; m; m = next) {
		next = m->next;
		free(m->key);
		free(m);
	}
	s->hosted = NULL;
}

static char *folder_of(const struct hosted *m)
{
	return xasprintf("%s/opt/ml/models/%s/model", m->server->dir, m->name);
}

/* --- metrics ----------------------------------------------------------------------------------------- */

static void put(const struct hosted *m, const char *name, double value)
{
	struct endpoint *ep = server_fleet(m->server)->endpoint;

	endpoint_put_metric(ep, m->server->variant, name, engine_now_ms(ep->e), value);
}

static void put_time(const struct hosted *m, const char *name)
{
	put(m, name, (double)(clock_mono_us() - m->began_us));
}

static void put_count(struct model_server *s)
{
	struct endpoint *ep = server_fleet(s)->endpoint;
	AUTO(strmap) struct strmap dims = {0};
	int n = 0;

	for (struct hosted *m = s->hosted; m; m = m->next)
		n += is_ready(m);
	strmap_set(&dims, "EndpointName", ep->name);
	strmap_set(&dims, "VariantName", s->variant);
	metric_add(ep->e, metric_series(ep->e, HOST_NAMESPACE, "LoadedModelCount", &dims, true), engine_now_ms(ep->e),
		   n);
}

/* --- calls that wait -------------------------------------------------------------------------------- */

static void send(struct invocation *call, struct hosted *m)
{
	AUTO(str) char *path = xasprintf("/models/%s/invoke", m->name);

	m->under_way++;
	m->used_us = clock_mono_us();
	call->hosted = m;
	str_set(&call->path, path);
	invocation_send(call, m->server);
}

static struct invocation *take_waiting(struct hosted *m)
{
	struct invocation *call = m->waiting;

	if (call) {
		m->waiting = call->next;
		call->next = NULL;
	}
	return call;
}

static void send_waiting(struct hosted *m)
{
	struct invocation *call;

	while ((call = take_waiting(m))) {
		put(m, "ModelLoadingWaitTime", (double)(clock_mono_us() - call->began_us));
		send(call, m);
		m->server->under_way--; /* it is under way by itself now */
	}
}

/* Nothing becomes of the model: refused says why the request was wrong; else the server's answer. */
static void give_up(struct hosted *m, const char *refused, struct http_answer *a)
{
	struct model_server *s = m->server;
	struct http_answer none = {0};
	struct invocation *call, *list = m->waiting;

	m->state = HOSTED_ABSENT;
	m->waiting = NULL;
	while ((call = list)) {
		list = call->next;
		call->next = NULL;
		invocation_end(call, a ? a : &none, refused);
		model_server_called(s);
	}
}

/* --- loading ----------------------------------------------------------------------------------------- */

/* The one whose last call is the longest ago, of those without any. */
static struct hosted *find_idle(const struct hosted *but)
{
	struct hosted *best = NULL;

	for (struct hosted *m = but->server->hosted; m; m = m->next) {
		if (m != but && is_ready(m) && !m->under_way && (!best || m->used_us < best->used_us))
			best = m;
	}
	return best;
}

/* Another one may be unloaded later, or its loading make out who has the room. */
static bool may_get_room(const struct hosted *but)
{
	for (struct hosted *m = but->server->hosted; m; m = m->next) {
		if (m != but &&
		    (is_ready(m) || m->state == HOSTED_LEAVING || (m->state == HOSTED_LOADING && !m->wants_room)))
			return true;
	}
	return false;
}

/* Something has changed for those that want room. */
static void wake(struct model_server *s)
{
	for (struct hosted *m = s->hosted; m; m = m->next) {
		if (m->wants_room) {
			m->wants_room = false;
			load(m);
		}
	}
}

static void on_unloaded(void *user, struct http_answer *a)
{
	struct hosted *m = user, *behind = m->behind;
	struct model_server *s = m->server;

	(void)a; /* one that will not go makes no room, and the next 507 tells */
	m->state = HOSTED_ABSENT;
	m->behind = NULL;
	put_time(m, "ModelUnloadingTime");
	put_count(s);
	load(behind);
	if (m->waiting)
		bring(m);
	model_server_called(s);
}

static void unload(struct hosted *m, struct hosted *behind)
{
	AUTO(str) char *path = xasprintf("/models/%s", m->name);

	m->state = HOSTED_LEAVING;
	m->behind = behind;
	m->began_us = clock_mono_us();
	model_server_call(m->server, "DELETE", path, NULL, NULL, 0, UNLOAD_MS, on_unloaded, m);
}

static void on_loaded(void *user, struct http_answer *a)
{
	struct hosted *m = user, *idle = a->status == NO_ROOM ? find_idle(m) : NULL;
	struct model_server *s = m->server;

	if (idle) {
		unload(idle, m);
	} else if (a->status == NO_ROOM && may_get_room(m)) {
		m->wants_room = true;
	} else if ((a->status >= 200 && a->status < 300) || a->status == THERE_ALREADY) {
		m->state = HOSTED_READY;
		m->process = s->process;
		put_time(m, "ModelLoadingTime");
		put_count(s);
		send_waiting(m);
		wake(s);
	} else {
		if (!a->status && !a->timed_out)
			model_server_doubt(s);
		give_up(m, NULL, a);
		wake(s);
	}
	model_server_called(s);
}

static void load(struct hosted *m)
{
	struct model_server *s = m->server;
	AUTO(strmap) struct strmap headers = {0};
	AUTO(str) char *url = xasprintf("%s/models/%s/model", s->seen, m->name);
	AUTO(json) json_t *body = json_pack("{s:s, s:s}", "model_name", m->name, "url", url);
	AUTO(str) char *text = json_text(body);

	m->state = HOSTED_LOADING;
	m->began_us = clock_mono_us();
	strmap_set(&headers, "Content-Type", "application/json");
	model_server_call(s, "POST", "/models", &headers, text, strlen(text), LOAD_MS, on_loaded, m);
}

/* --- its files --------------------------------------------------------------------------------------- */

static void on_brought(void *task)
{
	struct copy_task *t = task;
	struct hosted *m = t->user;
	AUTO(str) char *error = copy_task_end(t);

	put_time(m, "ModelDownloadingTime");
	m->brought = !error[0];
	if (m->brought)
		load(m);
	else
		give_up(m, error, NULL);
}

/* It has failed already; told from the loop, as all is. */
static void no_work(void *task)
{
	(void)task;
}

static void bring(struct hosted *m)
{
	struct model_server *s = m->server;
	const char *prefix = json_get_str(model_container(s->e, s->model), "ModelDataUrl");
	AUTO(str)
	char *uri = xasprintf("%s%s%s", str_or(prefix, ""), prefix && str_ends(prefix, "/") ? "" : "/", m->key);
	AUTO(str) char *folder = folder_of(m);
	struct copy_task *t;

	if (m->brought) {
		load(m);
		return;
	}
	m->state = HOSTED_BRINGING;
	m->began_us = clock_mono_us();
	t = NEW(struct copy_task);
	t->user = m;
	if (fs_mkdirs(folder, 0755, NULL) < 0 || !layout_plan_archive(s->e, uri, folder, &t->plan)) {
		snprintf(t->error, sizeof(t->error),
			 "Failed to download model data from %.300s. Please ensure that there is an object located at "
			 "the URL and that the role passed to CreateModel has permissions to download the model.",
			 uri);
		worker_run(s->e->runner->worker, no_work, on_brought, t);
		return;
	}
	worker_run(s->e->runner->worker, copy_task_work, on_brought, t);
}

/* --- the interface ------------------------------------------------------------------------------------ */

struct model_server *models_prefer(const struct fleet *f, const char *variant, const char *key)
{
	struct model_server *best = NULL;

	for (struct model_server *s = f->servers; s; s = s->next) {
		struct hosted *m = s->ready && !s->leaving && str_eq(s->variant, variant) ? find(s, key) : NULL;

		if (m && (is_ready(m) || m->waiting) && (!best || s->under_way < best->under_way))
			best = s;
	}
	return best;
}

static void wait_for(struct invocation *call, struct hosted *m)
{
	struct invocation **tail = &m->waiting;

	while (*tail)
		tail = &(*tail)->next;
	*tail = call;
	call->server = m->server;
	m->server->under_way++;
	if (m->state == HOSTED_ABSENT)
		bring(m);
}

void models_take(struct invocation *call, struct model_server *s)
{
	struct hosted *m = find_or_add(s, call->model);
	bool ready = is_ready(m);

	put(m, "ModelCacheHit", ready);
	if (ready)
		send(call, m);
	else
		wait_for(call, m);
}

bool models_called(struct invocation *call, const struct http_answer *a)
{
	struct hosted *m = TAKE(call->hosted);
	struct model_server *s = m->server;
	bool again = a->status == 404 && !call->again;

	m->under_way--;
	if (again) { /* the server may have let go of it by itself */
		call->again = true;
		if (m->state == HOSTED_READY)
			m->state = HOSTED_ABSENT;
		wait_for(call, m);
	}
	wake(s);
	return again;
}
