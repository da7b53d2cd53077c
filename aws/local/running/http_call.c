/* A small HTTP client for servers on loopback. */
#include "aws/local/running/http_call.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_MAX ((size_t)64 << 10)

struct http_conn {
	struct http_peer *peer;
	int fd;
	struct buf out, in;
	size_t sent;
	uint64_t timer;
	/* Of the call under way; fn NULL: idle. */
	http_call_fn *fn;
	void *user;
	bool writing;
	struct http_answer answer;
	size_t head; /* bytes of the head; 0: not there yet */
	size_t read; /* of a chunked answer: bytes behind the head that are in answer.body already */
	struct http_conn *next;
};

/* --- connections ----------------------------------------------------------------------------- */

static void close_fd(struct http_conn *c)
{
	if (c->fd >= 0)
		loop_remove(c->peer->loop, c->fd);
	fd_close(&c->fd);
}

static void conn_free(struct http_conn *c)
{
	close_fd(c);
	loop_cancel(c->peer->loop, c->timer);
	buf_done(&c->out);
	buf_done(&c->in);
	strmap_done(&c->answer.headers);
	buf_done(&c->answer.body);
	free(c);
}

void http_peer_done(struct http_peer *p)
{
	while (p->conns) {
		struct http_conn *c = p->conns;

		p->conns = c->next;
		if (c->fn) {
			http_call_fn *fn = TAKE(c->fn);

			c->answer.status = 0;
			str_copy(c->answer.error, sizeof(c->answer.error), "the server has ended");
			fn(c->user, &c->answer);
		}
		conn_free(c);
	}
}

/* The call has ended; the connection is idle afterwards. */
static void finish(struct http_conn *c, bool keep)
{
	http_call_fn *fn = c->fn;
	struct http_answer answer = c->answer;

	loop_cancel(c->peer->loop, c->timer);
	c->timer = 0;
	c->fn = NULL;
	c->writing = false;
	c->answer = (struct http_answer){0};
	if (!keep)
		close_fd(c);
	fn(c->user, &answer); /* may free the peer, and c with it */
	strmap_done(&answer.headers);
	buf_done(&answer.body);
}

static void fail(struct http_conn *c, const char *why)
{
	c->answer.status = 0;
	str_copy(c->answer.error, sizeof(c->answer.error), why);
	finish(c, false);
}

/* --- the answer ------------------------------------------------------------------------------- */

static void read_head(struct http_conn *c)
{
	const char *end = memmem(buf_str(&c->in), c->in.len, "\r\n\r\n", 4);
	AUTO(strlist) struct strlist lines = {0};

	if (!end)
		return;
	c->head = (size_t)(end - c->in.data) + 4;
	AUTO(str) char *text = xstrndup(c->in.data, c->head);

	strlist_split(&lines, text, '\n');
	if (lines.n && str_starts(lines.items[0], "HTTP/1."))
		c->answer.status = atoi(lines.items[0] + strcspn(lines.items[0], " "));
	for (size_t i = 1; i < lines.n; i++) {
		char *colon = strchr(lines.items[i], ':');

		if (!colon)
			continue;
		*colon = 0;
		str_lower(lines.items[i]);
		strmap_set(&c->answer.headers, lines.items[i], str_trim(colon + 1));
	}
}

/* Chunks that are there. 1: all, 0: not yet, -1: broken. */
static int read_chunks(struct http_conn *c)
{
	const char *end = c->in.data + c->in.len;

	for (;;) {
		const char *at = c->in.data + c->head + c->read;
		const char *line = memmem(at, (size_t)(end - at), "\r\n", 2);

		if (!line)
			return 0;
		char *stop;
		unsigned long long n = strtoull(at, &stop, 16);

		if (stop == at || n > HTTP_CALL_MAX_BODY)
			return -1;
		at = line + 2;
		if ((unsigned long long)(end - at) < n + 2)
			return 0;
		if (!n)
			return 1;
		if (buf_add(&c->answer.body, at, (size_t)n) < 0)
			return -1;
		c->read = (size_t)(at + n + 2 - c->in.data) - c->head;
	}
}

/* As read_chunks. */
static int read_body(struct http_conn *c, bool closed)
{
	const char *length = strmap_get(&c->answer.headers, "content-length");
	const char *coding = strmap_get(&c->answer.headers, "transfer-encoding");
	size_t there = c->in.len - c->head;
	int64_t n = -1;

	if (c->answer.status == 204 || c->answer.status == 304)
		return 1;
	if (str_ieq(coding, "chunked"))
		return read_chunks(c);
	if (length && (!str_to_i64(length, &n) || n < 0))
		return -1;
	if (n < 0 ? !closed : (int64_t)there < n)
		return closed ? -1 : 0;
	return buf_add(&c->answer.body, c->in.data + c->head, n < 0 ? there : (size_t)n) < 0 ? -1 : 1;
}

static void parse(struct http_conn *c, bool closed)
{
	if (!c->head)
		read_head(c);
	/* 100 Continue is nobody's answer. */
	if (c->head && c->answer.status == 100) {
		buf_consume(&c->in, c->head);
		c->head = 0;
		strmap_done(&c->answer.headers);
		c->answer.headers = (struct strmap){0};
		read_head(c);
	}
	if (!c->head) {
		if (closed || c->in.len > HEAD_MAX)
			fail(c, "the server closed the connection without an answer");
		return;
	}
	int rc = read_body(c, closed);

	if (rc < 0 || c->in.overflow)
		fail(c, "the server's answer is not whole");
	else if (rc) /* one that answers before it has read all is not spoken to again: it would read the rest */
		finish(c, !closed && c->sent == c->out.len &&
				  !str_ieq(strmap_get(&c->answer.headers, "connection"), "close"));
}

/* --- the wire ------------------------------------------------------------------------------------ */

static void on_event(void *user, uint32_t events);

static void watch(struct http_conn *c, uint32_t events)
{
	loop_remove(c->peer->loop, c->fd);
	if (loop_add(c->peer->loop, c->fd, events, on_event, c, NULL) < 0)
		abort(); /* a descriptor of ours that epoll refuses */
}

static void read_some(struct http_conn *c);

/* It may have answered without reading all, and that answer may still be there. */
static void cannot_write(struct http_conn *c, int error)
{
	c->writing = false;
	if (error == EPIPE || error == ECONNRESET) {
		read_some(c);
		return;
	}
	c->answer.refused = error == ECONNREFUSED;
	fail(c, strerror(error));
}

static void write_some(struct http_conn *c)
{
	while (c->sent < c->out.len) {
		ssize_t n = send(c->fd, c->out.data + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);

		if (n > 0)
			c->sent += (size_t)n;
		else if (n < 0 && errno == EINTR)
			continue;
		else if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))
			return;
		else {
			cannot_write(c, errno);
			return;
		}
	}
	if (c->writing) {
		c->writing = false;
		watch(c, EPOLLIN);
	}
}

static void read_some(struct http_conn *c)
{
	bool closed = false;

	for (;;) {
		if (buf_reserve(&c->in, (size_t)64 << 10) < 0)
			break;
		ssize_t n = recv(c->fd, c->in.data + c->in.len, (size_t)64 << 10, 0);

		if (n < 0 && errno == EINTR)
			continue;
		closed = n == 0 || (n < 0 && errno != EAGAIN);
		if (n <= 0)
			break;
		c->in.len += (size_t)n;
		c->in.data[c->in.len] = 0;
	}
	if (c->fn)
		parse(c, closed);
	else
		close_fd(c); /* idle: the server has closed it */
}

static void on_event(void *user, uint32_t events)
{
	struct http_conn *c = user;

	if (c->writing && (events & EPOLLOUT)) {
		write_some(c);
		return;
	}
	read_some(c);
}

static void timed_out(void *user)
{
	struct http_conn *c = user;

	c->timer = 0;
	c->answer.timed_out = true;
	fail(c, "the server did not answer in time");
}

static void connect_and_send(struct http_conn *c)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)c->peer->port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	c->sent = 0;
	if (c->fd < 0)
		return; /* the time limit tells */
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS) {
		/* Whatever it is, the first event tells it. */
	}
	c->writing = true;
	watch(c, EPOLLIN | EPOLLOUT);
}

static struct http_conn *idle_conn(struct http_peer *p)
{
	struct http_conn *c = p->conns;

	while (c && (c->fn || c->fd < 0))
		c = c->next;
	if (c)
		return c;
	for (c = p->conns; c && c->fn; c = c->next)
		;
	if (c)
		return c;
	c = NEW(struct http_conn);
	*c = (struct http_conn){.peer = p, .fd = -1, .next = p->conns, .in = BUF_INIT(HTTP_CALL_MAX_BODY + HEAD_MAX)};
	c->out = BUF_INIT(HTTP_CALL_MAX_BODY + HEAD_MAX);
	p->conns = c;
	return c;
}

/* A server may close a connection that it has kept for long; what was sent over it is not
 * sent again, since nobody knows whether it was read. */
static bool is_closed(const struct http_conn *c)
{
	char byte;
	ssize_t n = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return n >= 0 || (errno != EAGAIN && errno != EINTR);
}

void http_call(struct http_peer *p, const char *method, const char *path, const struct strmap *headers,
	       const void *body, size_t n, int64_t timeout_ms, http_call_fn *fn, void *user)
{
	struct http_conn *c = idle_conn(p);

	buf_clear(&c->out);
	buf_clear(&c->in);
	buf_addf(&c->out, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: %zu\r\n", method, path, p->port, n);
	for (size_t i = 0; headers && i < headers->n; i++)
		buf_addf(&c->out, "%s: %s\r\n", headers->items[i].name, headers->items[i].value);
	buf_adds(&c->out, "\r\n");
	buf_add(&c->out, body, n);
	c->fn = fn;
	c->user = user;
	c->head = c->read = c->sent = 0;
	c->answer = (struct http_answer){.body = BUF_INIT(HTTP_CALL_MAX_BODY)};
	c->timer = loop_after(p->loop, timeout_ms, timed_out, c);
	if (c->fd < 0 || is_closed(c)) {
		close_fd(c);
		connect_and_send(c);
		return;
	}
	c->writing = true;
	watch(c, EPOLLIN | EPOLLOUT);
}
