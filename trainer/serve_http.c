#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"
#include "trainer/serve.h"
#include "trainer/serve_input.h"

#define HTTP_IDLE_S 75 /* a load balancer keeps connections for a minute */
#define HTTP_CONNECTIONS 2048
#define HTTP_MAX_REPLY ((size_t)1 << 31)
#define HTTP_UNPACK_FACTOR 16 /* gzip: how many times max_body a body may become */

struct serve_http {
	struct server *server;
	struct MHD_Daemon *daemon;
};

/* One request, from its headers to the end of its reply. */
struct http_request {
	struct buf body;
	bool too_big;
	bool counted;
};

/* --- replies ------------------------------------------------------------------------ */

static enum MHD_Result http_reply(struct MHD_Connection *c, int status, const char *type, char *text, size_t n,
				  const char *drift)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(n, text, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result done;

	if (!r) {
		free(text);
		return MHD_NO;
	}
	if (type)
		MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (drift && *drift)
		MHD_add_response_header(r, "X-Sagetop-Drift", drift);
	if (status == 405)
		MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, "GET, POST");
	done = MHD_queue_response(c, (unsigned)status, r);
	MHD_destroy_response(r);
	return done;
}

static enum MHD_Result http_text(struct MHD_Connection *c, int status, const char *text)
{
	AUTO(str) char *line = xasprintf("%s\n", text);

	return http_reply(c, status, "text/plain; charset=utf-8", TAKE(line), strlen(text) + 1, NULL);
}

static enum MHD_Result http_error(struct MHD_Connection *c, const struct err *err, int fallback)
{
	int status = err->http_status ? err->http_status : fallback;

	if (err->code == ERR_TOOBIG)
		status = 413;
	else if (err->code == ERR_NOTFOUND)
		status = 404;
	return http_text(c, status, err->msg);
}

/* --- /invocations --------------------------------------------------------------------- */

/* "entity=NAME" among the comma-separated custom attributes; the caller frees. */
static char *http_entity(struct MHD_Connection *c)
{
	const char *attributes = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "X-Amzn-SageMaker-Custom-Attributes");
	AUTO(strlist) struct strlist parts = {0};

	if (attributes)
		strlist_split(&parts, attributes, ',');
	for (size_t i = 0; i < parts.n; i++)
		if (str_starts(parts.items[i], "entity="))
			return xstrdup(parts.items[i] + strlen("entity="));
	return NULL;
}

static void http_report_drift(struct server *s, const struct dataset *d, struct buf *report)
{
	AUTO(buf) struct buf clean = BUF_INIT(4096);

	pthread_mutex_lock(&s->lock);
	/* the statistics go with the models: they may only be used under the lock that exchanges both */
	if (s->drift)
		drift_check(s->drift, d, report);
	pthread_mutex_unlock(&s->lock);
	if (!report->len)
		return;
	if (utf8_sanitize(&clean, buf_str(report), MIN(report->len, (size_t)1000), false))
		return;
	fprintf(stderr, "sagetop-trainer: drift: %s\n", buf_str(&clean));
	buf_clear(report);
	for (const char *p = buf_str(&clean); *p; p++)
		buf_addc(report, *p >= ' ' && *p < 127 ? *p : '?'); /* a header is ASCII */
}

static enum MHD_Result http_predict(struct server *s, struct MHD_Connection *c, const struct buf *body,
				    enum output_format format)
{
	const char *type = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);
	AUTO(model_set) struct model_set *m = server_models(s);
	AUTO(str) char *entity = http_entity(c);
	AUTO(dataset) struct dataset *d = NULL;
	AUTO(predictions) struct predictions p = {0};
	AUTO(buf) struct buf out = BUF_INIT(HTTP_MAX_REPLY), drift = BUF_INIT(1 << 20);
	struct err err = {0};
	size_t n;

	if (input_parse(m, type, entity, buf_str(body), body->len, s->settings.max_body * HTTP_UNPACK_FACTOR, &d, &err))
		return http_error(c, &err, 400);
	if (model_set_predict(m, d, false, 1, &p, &err))
		return http_error(c, &err, 400);
	if (s->settings.check_drift)
		http_report_drift(s, d, &drift);
	output_write(&s->settings.spec, format, &m->info, &p, &out);
	if (out.overflow)
		return http_text(c, 413, "the predictions are too large for one reply");
	n = out.len;
	return http_reply(c, 200, output_content_type(format), buf_take(&out), n, buf_str(&drift));
}

static enum MHD_Result http_invocation(struct server *s, struct MHD_Connection *c, struct http_request *q)
{
	const char *accept = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	static __thread bool ready;
	enum output_format format;
	struct err err = {0};

	if (q->too_big)
		return http_text(c, 413, "the request is larger than MAX_CONTENT_LENGTH");
	if (!q->body.len)
		return http_reply(c, 204, NULL, xstrdup(""), 0, NULL);
	if (str_empty(accept) || !strcmp(accept, "*/*"))
		accept = s->settings.default_accept;
	if (output_negotiate(accept, &format, &err))
		return http_error(c, &err, 406);
	if (!ready)
		booster_thread_init(0);
	ready = true;
	return http_predict(s, c, &q->body, format);
}

/* --- requests ----------------------------------------------------------------------------- */

static enum MHD_Result http_execution_parameters(struct server *s, struct MHD_Connection *c)
{
	size_t mb = MAX(s->settings.max_body >> 20, (size_t)1);
	char *text = xasprintf(
		"{\"MaxConcurrentTransforms\": %d, \"BatchStrategy\": \"MULTI_RECORD\", \"MaxPayloadInMB\": %zu}",
		s->settings.threads, mb);

	return http_reply(c, 200, "application/json", text, strlen(text), NULL);
}

static void http_begin(struct server *s, struct http_request *q)
{
	pthread_mutex_lock(&s->lock);
	s->in_flight++;
	pthread_mutex_unlock(&s->lock);
	q->counted = true;
}

static void http_completed(void *context, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode code)
{
	struct server *s = context;
	struct http_request *q = *state;

	(void)c;
	(void)code;
	if (!q)
		return;
	buf_done(&q->body);
	pthread_mutex_lock(&s->lock);
	s->in_flight--;
	if (!s->in_flight)
		pthread_cond_broadcast(&s->idle);
	pthread_mutex_unlock(&s->lock);
	free(q);
	*state = NULL;
}

static bool http_announces_too_much(struct MHD_Connection *c, size_t max)
{
	const char *length = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
	uint64_t n;

	return length && str_to_u64(length, &n) && n > max;
}

static enum MHD_Result http_handle(void *context, struct MHD_Connection *c, const char *url, const char *method,
				   const char *version, const char *data, size_t *size, void **state)
{
	struct server *s = context;
	struct http_request *q = *state;
	bool get = !strcmp(method, "GET") || !strcmp(method, "HEAD"), post = !strcmp(method, "POST");

	(void)version;
	if (!q) {
		*state = q = NEW(struct http_request);
		buf_init(&q->body, s->settings.max_body);
		http_begin(s, q);
		/* replying before the body has come closes the connection: it need not be read */
		if (http_announces_too_much(c, s->settings.max_body))
			return http_text(c, 413, "the request is larger than MAX_CONTENT_LENGTH");
		return MHD_YES;
	}
	if (*size) {
		if (!q->too_big && buf_add(&q->body, data, *size))
			q->too_big = true;
		*size = 0;
		return MHD_YES;
	}
	if (!strcmp(url, "/invocations"))
		return post ? http_invocation(s, c, q) : http_text(c, 405, "POST, please");
	if (!strcmp(url, "/ping"))
		return get ? http_reply(c, 200, NULL, xstrdup(""), 0, NULL) : http_text(c, 405, "GET, please");
	if (!strcmp(url, "/execution-parameters"))
		return get ? http_execution_parameters(s, c) : http_text(c, 405, "GET, please");
	return http_text(c, 404, "there are /ping, /execution-parameters and /invocations");
}

/* --- life ---------------------------------------------------------------------------------- */

int serve_http_start(struct server *s, struct serve_http **ret, int *port, struct err *err)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)s->settings.port)};
	unsigned pool = s->settings.threads > 1 ? (unsigned)s->settings.threads : 0;
	const union MHD_DaemonInfo *info;
	struct serve_http *h;

	if (inet_pton(AF_INET, s->settings.bind, &address.sin_addr) != 1)
		return err_set(err, ERR_USAGE, "--bind '%s' is no IPv4 address", s->settings.bind);
	h = NEW(struct serve_http);
	h->server = s;
	h->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, http_handle, s, MHD_OPTION_SOCK_ADDR,
		(struct sockaddr *)&address, MHD_OPTION_NOTIFY_COMPLETED, http_completed, s,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_S, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)HTTP_CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)65536,
		MHD_OPTION_LISTENING_ADDRESS_REUSE, (unsigned)1, MHD_OPTION_THREAD_POOL_SIZE, pool, MHD_OPTION_END);
	info = h->daemon ? MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
	if (!info) {
		int error = errno;

		free(h);
		return err_set(err, ERR_IO, "cannot listen on %s:%d: %s", s->settings.bind, s->settings.port,
			       strerror(error));
	}
	*port = info->port;
	*ret = h;
	return 0;
}

void serve_http_stop(struct serve_http *h, int64_t grace_ms)
{
	struct server *s = h->server;
	struct timespec until;
	int listener = MHD_quiesce_daemon(h->daemon);

	/* the threads of the pool may still hold the socket: it is closed at the end only */
	if (listener >= 0)
		shutdown(listener, SHUT_RDWR);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += grace_ms / 1000;
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	while (s->in_flight && pthread_cond_timedwait(&s->idle, &s->lock, &until) != ETIMEDOUT)
		;
	pthread_mutex_unlock(&s->lock);
	MHD_stop_daemon(h->daemon);
	if (listener >= 0)
		close(listener);
	free(h);
}
