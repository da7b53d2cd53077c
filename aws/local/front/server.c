/* HTTP by libmicrohttpd on the loop: connections, bodies, replies, slow clients. */
#include "aws/local/front/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "aws/local/front/route.h"
#include "base/clock.h"
#include "base/timefmt.h"

#define MAX_CONNECTIONS 512
#define IDLE_TIMEOUT_S 75
#define HEADER_DEADLINE_MS 20000 /* from the request line to the last header */
#define BODY_PROGRESS_MS 30000	 /* a body must grow by BODY_PROGRESS_BYTES in this time */
#define BODY_PROGRESS_BYTES 4096
#define SWEEP_MS 5000

enum stage { STAGE_LINE, STAGE_BODY, STAGE_WAITING, STAGE_REPLIED };

/* One request on a connection; made when its request line has come. */
struct server_conn {
	struct exchange x;
	struct server *server;
	struct MHD_Connection *mhd;
	int fd;
	enum stage stage;
	bool suspended;
	char *target;
	int64_t began_ms, progress_ms;
	uint64_t body_bytes, progress_bytes;
	uint64_t slow_timer;
	struct server_conn *prev, *next;
};

struct server {
	struct engine *e;
	struct MHD_Daemon *daemon;
	int epoll_fd, port;
	uint64_t timer, sweep;
	struct server_conn *conns;
	bool resumed; /* a connection was, perhaps from within a request of another one */
	bool stopping;
};

static void arm_timer(struct server *s);

static void run_daemon(struct server *s)
{
	s->resumed = false;
	MHD_run(s->daemon);
	arm_timer(s);
}

static void on_readable(void *user, uint32_t events)
{
	run_daemon(user);
}

static void on_timer(void *user)
{
	struct server *s = user;

	s->timer = 0;
	run_daemon(s);
}

static void arm_timer(struct server *s)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	loop_cancel(s->e->loop, s->timer);
	s->timer = 0;
	/* The daemon's own descriptor does not always report a resumed connection. */
	if (s->resumed)
		s->timer = loop_after(s->e->loop, 0, on_timer, s);
	else if (!s->stopping && MHD_get_timeout(s->daemon, &wait_ms) == MHD_YES)
		s->timer = loop_after(s->e->loop, (int64_t)MIN(wait_ms, 60000ULL), on_timer, s);
}

static void wake(struct exchange *x)
{
	struct server_conn *c = x->conn;

	if (!c->suspended)
		return;
	c->suspended = false;
	MHD_resume_connection(c->mhd);
	c->server->resumed = true;
	arm_timer(c->server);
}

/* A reply's head and body must not wait for the client's acknowledgement in between. */
static void no_delay(int fd)
{
	int one = 1;

	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* --- a request's life ------------------------------------------------------ */

static void *on_request_line(void *cls, const char *uri, struct MHD_Connection *mhd)
{
	struct server *s = cls;
	struct server_conn *c = NEW(struct server_conn);

	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);

	request_init(&c->x.rq);
	reply_init(&c->x.reply);
	c->x.truncate_at = -1;
	c->x.conn = c;
	c->x.wake = wake;
	c->server = s;
	c->mhd = mhd;
	c->fd = info ? info->connect_fd : -1;
	no_delay(c->fd);
	c->target = xstrndup(uri, REQUEST_MAX_TARGET + 1);
	c->began_ms = c->progress_ms = clock_mono_ms();
	c->next = s->conns;
	if (c->next)
		c->next->prev = c;
	s->conns = c;
	return c;
}

static void on_request_end(void *cls, struct MHD_Connection *mhd, void **con_cls, enum MHD_RequestTerminationCode how)
{
	struct server *s = cls;
	struct server_conn *c = *con_cls;

	if (!c)
		return;
	*con_cls = NULL;
	if (c->prev)
		c->prev->next = c->next;
	else
		s->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
	loop_cancel(s->e->loop, c->slow_timer);
	if (c->x.gone)
		c->x.gone(c->x.stream_user);
	json_decref(c->x.input);
	route_abandon(&c->x);
	request_done(&c->x.rq);
	reply_done(&c->x.reply);
	free(c->target);
	free(c);
}

static enum MHD_Result add_header(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct server_conn *c = cls;

	if (c->x.rq.n_headers >= REQUEST_MAX_HEADERS) {
		fault_set(&c->x.fault, 431, "RequestHeaderSectionTooLarge", "Your request has too many headers.");
		return MHD_NO;
	}
	request_add_header(&c->x.rq, key, value);
	return MHD_YES;
}

/* A web page could reach the port through the user's browser (by a name that
 * resolves to 127.0.0.1), and the key is well known: only requests addressed to
 * this host by its own name are served, and none that a foreign page sent. */
static bool host_is_local(const char *host)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
	char name[300];

	str_copy(name, sizeof(name), host);
	char *colon = strrchr(name, ':');
	/* Clients put these before the host of a live tail. */
	static const char *const prefixes[] = {"stream-", "streaming-"};

	if (colon && !strchr(colon, ']'))
		*colon = 0;
	str_lower(name);
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		if (str_starts(name, prefixes[i]))
			memmove(name, name + strlen(prefixes[i]), strlen(name + strlen(prefixes[i])) + 1);
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (str_eq(name, names[i]))
			return true;
	}
	struct in_addr v4;

	if (inet_pton(AF_INET, name, &v4) == 1)
		return (ntohl(v4.s_addr) >> 24) == 127;
	return str_ends(name, ".localhost");
}

static void check_host(struct server_conn *c)
{
	const char *host = request_header(&c->x.rq, "Host");
	const char *origin = request_header(&c->x.rq, "Origin");

	if (!host || !host_is_local(host))
		fault_set(&c->x.fault, 403, "AccessDenied",
			  "The local engine serves requests to localhost only; the Host header names another.");
	if (!origin)
		return;
	const char *name = strstr(origin, "://");

	if (!name || !host_is_local(name + 3))
		fault_set(&c->x.fault, 403, "AccessDenied", "The local engine does not serve other sites' pages.");
}

static void send_reset(struct server_conn *c)
{
	struct linger hard = {.l_onoff = 1, .l_linger = 0};

	if (c->fd >= 0)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
}

/* --- replies ---------------------------------------------------------------- */

static ssize_t read_stream(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct server_conn *c = cls;
	int64_t n = c->server->stopping ? -1 : c->x.stream(c->x.stream_user, buf, max);

	if (n < 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (n == 0 && !c->suspended) {
		c->suspended = true;
		MHD_suspend_connection(c->mhd);
	}
	return (ssize_t)n;
}

/* A reply cut short on purpose: the length is announced in full. */
static ssize_t read_truncated(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct server_conn *c = cls;
	uint64_t limit = (uint64_t)c->x.truncate_at;

	if (pos >= limit)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	size_t n = MIN(max, limit - pos);

	if (c->x.reply.fd >= 0) {
		ssize_t got = pread(c->x.reply.fd, buf, n, (off_t)(c->x.reply.offset + (int64_t)pos));

		return got > 0 ? got : MHD_CONTENT_READER_END_WITH_ERROR;
	}
	memcpy(buf, c->x.reply.body.data + pos, n);
	return (ssize_t)n;
}

static struct MHD_Response *make_response(struct server_conn *c)
{
	struct reply *r = &c->x.reply;
	uint64_t length = r->fd >= 0 ? (uint64_t)r->length : r->body.len;

	if (c->x.stream)
		return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 64 << 10, read_stream, c, NULL);
	if (c->x.truncate_at >= 0 && (uint64_t)c->x.truncate_at < length)
		return MHD_create_response_from_callback(length, 64 << 10, read_truncated, c, NULL);
	if (r->fd >= 0) {
		struct MHD_Response *response =
			MHD_create_response_from_fd_at_offset64(length, r->fd, (uint64_t)r->offset);

		if (response)
			r->fd = -1; /* the response closes it */
		return response;
	}
	return MHD_create_response_from_buffer(r->body.len, r->body.len ? r->body.data : (void *)"",
					       MHD_RESPMEM_MUST_COPY);
}

static enum MHD_Result send_reply(struct server_conn *c)
{
	struct reply *r = &c->x.reply;
	char date[TIMEFMT_LEN];

	if (c->x.reset) {
		send_reset(c);
		return MHD_NO;
	}
	struct MHD_Response *response = make_response(c);

	if (!response)
		return MHD_NO;
	c->stage = STAGE_REPLIED;
	timefmt_http(date, clock_now_ms() + c->x.rq.clock_skew_ms);
	MHD_add_response_header(response, "Date", date);
	if (r->content_type)
		MHD_add_response_header(response, "Content-Type", r->content_type);
	for (size_t i = 0; i < r->headers.n; i++)
		MHD_add_response_header(response, r->headers.items[i].name, r->headers.items[i].value);
	enum MHD_Result rc = MHD_queue_response(c->mhd, (unsigned)r->status, response);

	MHD_destroy_response(response);
	return rc;
}

static void slow_over(void *user)
{
	struct server_conn *c = user;

	c->slow_timer = 0;
	c->x.slow_ms = 0;
	if (!c->x.pending)
		wake(&c->x);
}

/* The reply is ready: send it, or hold it back where a fault says so. */
static enum MHD_Result reply_or_wait(struct server_conn *c)
{
	if (c->x.slow_ms > 0 && !c->slow_timer)
		c->slow_timer = loop_after(c->server->e->loop, c->x.slow_ms, slow_over, c);
	if (!c->slow_timer && !c->x.pending)
		return send_reply(c);
	c->stage = STAGE_WAITING;
	c->suspended = true;
	MHD_suspend_connection(c->mhd);
	return MHD_YES;
}

/* --- the access handler ------------------------------------------------------ */

static enum MHD_Result begin(struct server_conn *c, const char *method)
{
	struct err err = {0};

	c->stage = STAGE_BODY;
	MHD_get_connection_values(c->mhd, MHD_HEADER_KIND, add_header, c);
	if (request_set_target(&c->x.rq, method, c->target, &err) < 0)
		fault_set(&c->x.fault, err.code == ERR_TOOBIG ? 414 : 400, "InvalidURI",
			  "Couldn't parse the specified URI.");
	check_host(c);
	if (!c->x.fault.code[0])
		route_headers(c->server->e, &c->x);
	/* A client that waits for "100 Continue" need not send a body that nobody wants. */
	if (c->x.fault.code[0] && request_header(&c->x.rq, "Expect")) {
		route_request(c->server->e, &c->x);
		return reply_or_wait(c);
	}
	return MHD_YES;
}

static enum MHD_Result on_access(void *cls, struct MHD_Connection *mhd, const char *url, const char *method,
				 const char *version, const char *data, size_t *size, void **con_cls)
{
	struct server *s = cls;
	struct server_conn *c = *con_cls;

	if (!c)
		return MHD_NO;
	switch (c->stage) {
	case STAGE_LINE:
		return begin(c, method);
	case STAGE_BODY:
		if (*size) {
			c->body_bytes += *size;
			if (!c->x.fault.code[0])
				route_body(s->e, &c->x, data, *size);
			*size = 0;
			return MHD_YES;
		}
		route_request(s->e, &c->x);
		return reply_or_wait(c);
	case STAGE_WAITING:
		*size = 0;
		return reply_or_wait(c);
	case STAGE_REPLIED:
		break;
	}
	return MHD_YES;
}

/* --- stuck clients ----------------------------------------------------------- */

static bool is_stuck(struct server_conn *c, int64_t now)
{
	if (c->stage == STAGE_LINE)
		return now - c->began_ms > HEADER_DEADLINE_MS;
	if (c->stage != STAGE_BODY || now - c->progress_ms < BODY_PROGRESS_MS)
		return false;
	bool stuck = c->body_bytes - c->progress_bytes < BODY_PROGRESS_BYTES;

	c->progress_ms = now;
	c->progress_bytes = c->body_bytes;
	return stuck;
}

static void sweep(void *user)
{
	struct server *s = user;
	int64_t now = clock_mono_ms();

	for (struct server_conn *c = s->conns; c; c = c->next) {
		if (is_stuck(c, now) && c->fd >= 0)
			shutdown(c->fd, SHUT_RDWR);
	}
	s->sweep = loop_after(s->e->loop, SWEEP_MS, sweep, s);
}

/* --- start and stop ----------------------------------------------------------- */

static int open_socket(const struct options *opt, int *ret_port, struct err *err)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)opt->port)};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)opt->port)};
	bool is_v4 = inet_pton(AF_INET, opt->address, &v4.sin_addr) == 1;
	int one = 1;

	if (!is_v4 && inet_pton(AF_INET6, opt->address, &v6.sin6_addr) != 1)
		return err_set(err, ERR_USAGE, "--address: %s is not an address", opt->address);
	struct sockaddr *sa = is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
	socklen_t len = is_v4 ? sizeof(v4) : sizeof(v6);
	AUTO(fd) int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return err_set(err, ERR_NET, "cannot make a socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, sa, len) < 0 || listen(fd, 256) < 0)
		return err_set(err, ERR_NET,
			       "cannot listen on %s port %lld: %s; choose another with --port, or 0 for any",
			       opt->address, (long long)opt->port, strerror(errno));
	if (getsockname(fd, sa, &len) < 0)
		return err_set(err, ERR_NET, "getsockname: %s", strerror(errno));
	*ret_port = ntohs(is_v4 ? v4.sin_port : v6.sin6_port);
	return fd_take(&fd);
}

int server_start(struct engine *e, struct server **ret, struct err *err)
{
	int port = 0;
	int fd = open_socket(&e->opt, &port, err);

	if (fd < 0)
		return fd;
	struct server *s = NEW(struct server);

	s->e = e;
	s->port = port;
	s->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK, 0, NULL,
				     NULL, on_access, s, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK,
				     on_request_line, s, MHD_OPTION_NOTIFY_COMPLETED, on_request_end, s,
				     MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS,
				     MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S,
				     MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)128 << 10, MHD_OPTION_END);
	if (!s->daemon) {
		close(fd);
		free(s);
		return err_set(err, ERR_NET, "the HTTP server does not start: %s", strerror(errno));
	}
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	s->epoll_fd = info->epoll_fd;
	*ret = s;
	int rc = loop_add(e->loop, s->epoll_fd, EPOLLIN, on_readable, s, err);

	if (rc < 0)
		return rc;
	s->sweep = loop_after(e->loop, SWEEP_MS, sweep, s);
	arm_timer(s);
	return 0;
}

void server_stop(struct server *s)
{
	if (!s)
		return;
	s->stopping = true;
	loop_cancel(s->e->loop, s->timer);
	loop_cancel(s->e->loop, s->sweep);
	loop_remove(s->e->loop, s->epoll_fd);
	for (struct server_conn *c = s->conns; c; c = c->next) {
		if (c->suspended) {
			c->suspended = false;
			c->x.reset = true; /* nobody will complete it now */
			loop_cancel(s->e->loop, c->slow_timer);
			c->slow_timer = 0;
			MHD_resume_connection(c->mhd);
		}
	}
	MHD_run(s->daemon);
	MHD_stop_daemon(s->daemon);
	free(s);
}

int server_port(const struct server *s)
{
	return s->port;
}
