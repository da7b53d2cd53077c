/* The HTTP side of serve: connections, bodies, headers, and what is heavy. */
#include <arpa/inet.h>
#include <errno.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "trainer/serve/serve_answer.h"
#include "trainer/serve/serve_library.h"
#include "trainer/serve/serve_many.h"
#include "trainer/serve/serve_peers.h"
#include "trainer/serve/serve_pool.h"

#define HTTP_IDLE_S 75 /* a load balancer keeps connections for a minute */
#define HTTP_CONNECTIONS 2048
#define HTTP_OTHER_FILES 64 /* that we may have open besides: models, standard streams ... */
#define HTTP_CONNECTION_MEMORY 32768
#define HTTP_SWALLOW                                                                                   \
	8		 /* times max_body: what is read of a body that is refused, so that the client \
			    comes to read the reason */
#define HTTP_BUFFERED 32 /* times max_body: of all bodies together */
#define HTTP_BUFFERED_LEAST ((size_t)256 << 20)
#define HTTP_WATCH_MS 250

struct serve_http {
	struct server *server;
	struct MHD_Daemon *daemon;
	struct serve_pool *pool;
	struct peers peers;
	size_t buffered; /* bytes of bodies in memory; atomic */
	bool stopping;	 /* atomic: a connection ends with the next answer */
	bool hurry;	 /* atomic: what has not begun is not begun any more */
};

/* One request, from its headers to the end of its reply. */
struct http_request {
	struct serve_http *http;
	struct MHD_Connection *connection;
	struct peer *peer;
	struct serve_request in;
	struct serve_reply out;
	struct served *now; /* what it is answered by */
	struct serve_job job;
	size_t received, buffered;
	bool close; /* the connection cannot be used after this */
};

/* --- headers ------------------------------------------------------------------------ */

struct http_head {
	struct http_request *q;
	const char *length, *coding, *expect;
	const char *fault;
};

/* The first value, or the same again. */
static void http_only(struct http_head *h, const char **place, const char *value, const char *fault)
{
	if (*place && strcmp(*place, value))
		h->fault = fault;
	*place = value;
}

static enum MHD_Result http_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct http_head *h = context;
	struct serve_request *in = &h->q->in;

	(void)kind;
	value = value ? value : "";
	if (name[strcspn(name, " \t")])
		h->fault = "a header's name holds a blank";
	else if (str_ieq(name, MHD_HTTP_HEADER_CONTENT_LENGTH))
		http_only(h, &h->length, value, "Content-Length is given twice, and not the same");
	else if (str_ieq(name, MHD_HTTP_HEADER_TRANSFER_ENCODING))
		http_only(h, &h->coding, value, "Transfer-Encoding is given twice");
	else if (str_ieq(name, MHD_HTTP_HEADER_CONTENT_TYPE))
		http_only(h, &in->content_type, value, "Content-Type is given twice, and not the same");
	else if (str_ieq(name, MHD_HTTP_HEADER_CONTENT_ENCODING))
		http_only(h, &in->content_encoding, value, "Content-Encoding is given twice, and not the same");
	else if (str_ieq(name, "X-Amzn-SageMaker-Custom-Attributes"))
		in->attributes = value;
	else if (str_ieq(name, MHD_HTTP_HEADER_EXPECT))
		h->expect = value;
	else if (str_ieq(name, MHD_HTTP_HEADER_ACCEPT) && *value)
		(void)buf_addf(&in->accept, "%s%s", in->accept.len ? "," : "", value);
	return MHD_YES;
}

/* Where the body ends must be beyond doubt: else a proxy before us and we may disagree
 * on where the next request begins. */
static void http_check_framing(struct http_head *h)
{
	if (h->coding && !str_ieq(h->coding, "chunked"))
		h->fault = "the only Transfer-Encoding is chunked";
	else if (h->coding && h->length)
		h->fault = "Content-Length and Transfer-Encoding exclude each other";
}

/* --- replies ------------------------------------------------------------------------ */

static enum MHD_Result http_send(struct MHD_Connection *c, struct http_request *q)
{
	struct serve_reply *out = &q->out;
	struct MHD_Response *r;
	enum MHD_Result done;

	if (!out->text)
		out->text = xstrdup("");
	r = mhd()->MHD_create_response_from_buffer(out->n, out->text, MHD_RESPMEM_MUST_FREE);
	if (!r)
		return MHD_NO;
	out->text = NULL;
	if (out->type)
		mhd()->MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, out->type);
	if (out->drift && *out->drift)
		mhd()->MHD_add_response_header(r, "X-Sagetop-Drift", out->drift);
	if (out->allow)
		mhd()->MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, out->allow);
	if (q->close || __atomic_load_n(&q->http->stopping, __ATOMIC_RELAXED))
		mhd()->MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
	peer_enter(q->peer, PEER_TAKES);
	done = mhd()->MHD_queue_response(c, (unsigned)out->status, r);
	mhd()->MHD_destroy_response(r);
	return done;
}

/* --- a request, from its beginning to its end ------------------------------------------- */

static void http_refuse(struct http_request *q, int status, const char *text)
{
	serve_reply_say(&q->out, status, text);
	__atomic_sub_fetch(&q->http->buffered, q->buffered, __ATOMIC_RELAXED);
	q->buffered = 0;
	buf_done(&q->in.body);
}

static enum MHD_Result http_begin(struct serve_http *h, struct MHD_Connection *c, void **state)
{
	const union MHD_ConnectionInfo *info = mhd()->MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct http_request *q = NEW(struct http_request);
	size_t max = h->server->settings.max_body;
	struct http_head head = {.q = q};
	uint64_t n;

	*state = q;
	q->http = h;
	q->connection = c;
	q->peer = info ? info->socket_context : NULL;
	buf_init(&q->in.body, max);
	buf_init(&q->in.accept, HTTP_CONNECTION_MEMORY);
	peer_enter(q->peer, PEER_SENDS);
	pthread_mutex_lock(&h->server->lock);
	h->server->in_flight++;
	pthread_mutex_unlock(&h->server->lock);
	mhd()->MHD_get_connection_values(c, MHD_HEADER_KIND, http_header, &head);
	http_check_framing(&head);
	if (head.fault) {
		q->close = true;
		http_refuse(q, 400, head.fault);
		return http_send(c, q);
	}
	if (!head.length || !str_to_u64(head.length, &n))
		return MHD_YES;
	if (n > max) {
		http_refuse(q, 413, "the request is larger than MAX_CONTENT_LENGTH");
		/* replying before the body has come closes the connection */
		return head.expect || n / HTTP_SWALLOW > max ? http_send(c, q) : MHD_YES;
	}
	return MHD_YES;
}

static enum MHD_Result http_take(struct serve_http *h, struct http_request *q, const char *data, size_t *size)
{
	size_t n = *size, max = h->server->settings.max_body, most = MAX(max * HTTP_BUFFERED, HTTP_BUFFERED_LEAST);

	*size = 0;
	q->received += n;
	peer_received(q->peer, q->received);
	if (q->out.status)
		return q->received / HTTP_SWALLOW > max ? MHD_NO : MHD_YES;
	q->buffered += n;
	if (__atomic_add_fetch(&h->buffered, n, __ATOMIC_RELAXED) > most)
		http_refuse(q, 503, "too many large requests at a time: try again");
	else if (buf_add(&q->in.body, data, n))
		http_refuse(q, 413, "the request is larger than MAX_CONTENT_LENGTH");
	return MHD_YES;
}

static void http_completed(void *context, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode code)
{
	struct serve_http *h = context;
	struct server *s = h->server;
	struct http_request *q = *state;

	(void)c;
	(void)code;
	if (!q)
		return;
	*state = NULL;
	__atomic_sub_fetch(&h->buffered, q->buffered, __ATOMIC_RELAXED);
	peer_enter(q->peer, PEER_IDLE);
	serve_request_done(&q->in);
	serve_reply_done(&q->out);
	served_unref(q->now);
	free(q);
	pthread_mutex_lock(&s->lock);
	s->in_flight--;
	if (!s->in_flight)
		pthread_cond_broadcast(&s->idle);
	pthread_mutex_unlock(&s->lock);
}

/* --- what is asked for ------------------------------------------------------------------ */

/* In a thread of the pool. When the connection goes on, the request is not ours any more. */
static void http_run(void *context)
{
	struct http_request *q = context;

	if (__atomic_load_n(&q->http->hurry, __ATOMIC_RELAXED))
		serve_reply_say(&q->out, 503, "the server is being stopped");
	else if (!q->now)
		many_load(q->http->server->many, &q->in.body, &q->out);
	else
		serve_answer(q->http->server, q->now, &q->in, &q->out);
	mhd()->MHD_resume_connection(q->connection);
}

static bool http_hand_over(struct serve_http *h, struct http_request *q)
{
	peer_enter(q->peer, PEER_WAITS);
	mhd()->MHD_suspend_connection(q->connection);
	q->job = (struct serve_job){.run = http_run, .context = q};
	if (!serve_pool_put(h->pool, &q->job))
		http_run(q);
	return false;
}

/* By q->now. True where the answer is there; else a thread of the pool works on it. */
static bool http_invoke(struct serve_http *h, struct http_request *q)
{
	if (!q->in.body.len) {
		q->out.status = 204;
		return true;
	}
	if (!serve_is_heavy(q->now, &q->in)) {
		serve_answer(h->server, q->now, &q->in, &q->out);
		return true;
	}
	return http_hand_over(h, q);
}

/* Below /models. */
static bool http_one_of_many(struct serve_http *h, struct http_request *q, const char *path, const char *method)
{
	struct many *many = h->server->many;
	const char *end = strchr(path, '/');
	AUTO(str) char *name = xstrndup(path, end ? (size_t)(end - path) : strlen(path));

	if (end && strcmp(end, "/invoke")) {
		serve_reply_say(&q->out, 404, "there are /models/NAME and /models/NAME/invoke");
	} else if (end && strcmp(method, "POST")) {
		serve_reply_say(&q->out, 405, "POST, please");
		q->out.allow = "POST";
	} else if (end) {
		q->now = many_take(many, name);
		if (q->now)
			return http_invoke(h, q);
		serve_reply_say(&q->out, 404, "no model of that name is loaded");
	} else if (!strcmp(method, "DELETE")) {
		many_unload(many, name, &q->out);
	} else if (!strcmp(method, "GET")) {
		many_tell(many, name, &q->out);
	} else {
		serve_reply_say(&q->out, 405, "GET or DELETE, please");
		q->out.allow = "GET, DELETE";
	}
	return true;
}

static bool http_many(struct serve_http *h, struct http_request *q, const char *path, const char *method)
{
	if (*path == '/')
		return http_one_of_many(h, q, path + 1, method);
	if (!strcmp(method, "POST"))
		return http_hand_over(h, q); /* without a model: one is loaded */
	if (!strcmp(method, "GET")) {
		many_tell(h->server->many, NULL, &q->out);
	} else {
		serve_reply_say(&q->out, 405, "GET or POST, please");
		q->out.allow = "GET, POST";
	}
	return true;
}

static void http_parameters(const struct server *s, struct serve_reply *ret)
{
	ret->status = 200;
	ret->type = "application/json";
	ret->text = xasprintf(
		"{\"MaxConcurrentTransforms\": %d, \"BatchStrategy\": \"MULTI_RECORD\", \"MaxPayloadInMB\": %zu}",
		s->settings.threads, MAX(s->settings.max_body >> 20, (size_t)1));
	ret->n = strlen(ret->text);
}

static bool http_route(struct serve_http *h, struct http_request *q, const char *url, const char *method)
{
	bool invocation = !strcmp(url, "/invocations"), ping = !strcmp(url, "/ping");
	bool get = !strcmp(method, "GET") || !strcmp(method, "HEAD");

	if (h->server->many && str_starts(url, "/models") && (!url[7] || url[7] == '/'))
		return http_many(h, q, url + 7, method);
	if (h->server->many && invocation) {
		serve_reply_say(&q->out, 404, "there are many models here: POST /models/NAME/invoke");
	} else if (!invocation && !ping && strcmp(url, "/execution-parameters")) {
		serve_reply_say(&q->out, 404, "there are /ping, /execution-parameters and /invocations");
	} else if (invocation ? strcmp(method, "POST") : !get) {
		serve_reply_say(&q->out, 405, invocation ? "POST, please" : "GET, please");
		q->out.allow = invocation ? "POST" : "GET, HEAD";
	} else if (invocation) {
		q->now = server_now(h->server);
		return http_invoke(h, q);
	} else if (ping) {
		q->out.status = 200;
	} else {
		http_parameters(h->server, &q->out);
	}
	return true;
}

/* The library calls this when the headers are there, for each piece of the body, at the
 * end of the body, and once more when a suspended connection goes on. */
static enum MHD_Result http_handle(void *context, struct MHD_Connection *c, const char *url, const char *method,
				   const char *version, const char *data, size_t *size, void **state)
{
	struct serve_http *h = context;
	struct http_request *q = *state;

	(void)version;
	if (!q)
		return http_begin(h, c, state);
	if (*size)
		return http_take(h, q, data, size);
	if (!q->out.status && !http_route(h, q, url, method))
		return MHD_YES;
	return http_send(c, q);
}

/* --- life ---------------------------------------------------------------------------------- */

static void http_connection(void *context, struct MHD_Connection *c, void **socket_context,
			    enum MHD_ConnectionNotificationCode code)
{
	struct serve_http *h = context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info =
			mhd()->MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);

		*socket_context = info ? peers_add(&h->peers, info->connect_fd) : NULL;
	} else {
		peers_remove(&h->peers, *socket_context);
		*socket_context = NULL;
	}
}

/* Connections may not use up the files that an exchange of the models needs. */
static size_t http_most_connections(void)
{
	struct rlimit files;
	size_t n;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return HTTP_CONNECTIONS;
	files.rlim_cur = MIN(files.rlim_max, (rlim_t)(HTTP_CONNECTIONS + 2 * HTTP_OTHER_FILES));
	(void)setrlimit(RLIMIT_NOFILE, &files);
	n = (size_t)files.rlim_cur;
	return n > 2 * HTTP_OTHER_FILES ? MIN((size_t)HTTP_CONNECTIONS, n - HTTP_OTHER_FILES) : MAX(n / 2, (size_t)1);
}

static int http_listen(struct serve_http *h, int *port, struct err *err)
{
	const struct serve_settings *s = &h->server->settings;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)s->port)};
	unsigned pool = s->threads > 1 ? (unsigned)s->threads : 0;

	const union MHD_DaemonInfo *info;

	if (inet_pton(AF_INET, s->bind, &address.sin_addr) != 1)
		return err_set(err, ERR_USAGE, "--bind '%s' is no IPv4 address", s->bind);
	h->daemon = mhd()->MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, http_handle, h,
		MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address, MHD_OPTION_NOTIFY_COMPLETED, http_completed, h,
		MHD_OPTION_NOTIFY_CONNECTION, http_connection, h, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_S,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)h->peers.most, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)HTTP_CONNECTION_MEMORY, MHD_OPTION_LISTENING_ADDRESS_REUSE, (unsigned)1,
		MHD_OPTION_THREAD_POOL_SIZE, pool, MHD_OPTION_END);
	info = h->daemon ? mhd()->MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
	if (!info)
		return err_set(err, ERR_IO, "cannot listen on %s:%d: %s", s->bind, s->port, strerror(errno));
	*port = info->port;
	return 0;
}

static void http_free(struct serve_http *h)
{
	if (h->daemon)
		mhd()->MHD_stop_daemon(h->daemon);
	serve_pool_free(h->pool);
	pthread_mutex_destroy(&h->peers.lock);
	free(h);
}

int serve_http_start(struct server *s, struct serve_http **ret, int *port, struct err *err)
{
	struct serve_http *h = NEW(struct serve_http);
	int r;

	h->server = s;
	pthread_mutex_init(&h->peers.lock, NULL);
	h->peers.most = http_most_connections();
	r = serve_pool_start(s->settings.threads, &h->pool, err);
	if (!r)
		r = http_listen(h, port, err);
	if (r) {
		http_free(h);
		return r;
	}
	*ret = h;
	return 0;
}

void serve_http_watch(struct serve_http *h)
{
	peers_watch(&h->peers, h->server->settings.patience_ms);
}

/* Until nothing is under way, but no longer than so. */
static void http_drain(struct serve_http *h, int64_t ms)
{
	struct server *s = h->server;
	bool idle = false;

	for (; ms > 0 && !idle; ms -= HTTP_WATCH_MS) {
		struct timespec until;
		int r = 0;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += HTTP_WATCH_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		pthread_mutex_lock(&s->lock);
		while (s->in_flight && r != ETIMEDOUT)
			r = pthread_cond_timedwait(&s->idle, &s->lock, &until);
		idle = !s->in_flight;
		pthread_mutex_unlock(&s->lock);
		serve_http_watch(h);
	}
}

void serve_http_stop(struct serve_http *h, int64_t grace_ms)
{
	int listener = mhd()->MHD_quiesce_daemon(h->daemon);

	/* the threads of the library may still hold the socket: it is closed at the end only */
	if (listener >= 0)
		shutdown(listener, SHUT_RDWR);
	__atomic_store_n(&h->stopping, true, __ATOMIC_RELAXED);
	http_drain(h, grace_ms);
	/* a prediction cannot be broken off, and the library must not be stopped while one is
	 * to be answered */
	__atomic_store_n(&h->hurry, true, __ATOMIC_RELAXED);
	serve_pool_stop(h->pool);
	http_drain(h, 2 * HTTP_WATCH_MS);
	http_free(h);
	if (listener >= 0)
		close(listener);
}
