/* httpd.h - a small HTTP server on a free loopback port, for tests of the
 * transport: a function makes each reply, raw, so that it can also be a wrong one. */
#ifndef SAGETOP_TESTS_HTTPD_H
#define SAGETOP_TESTS_HTTPD_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"

struct httpd_request {
	char *method, *path;   /* path with the query */
	struct strmap headers; /* names in lower case */
	const char *body;
	size_t len;
	int number; /* 0 for the first */
};
/* Append the raw reply to out. Nothing appended: the connection is reset.
 * Return false to close the connection afterwards. */
typedef bool httpd_fn(void *user, const struct httpd_request *r, struct buf *out);

#define HTTPD_CONNECTIONS 32
struct httpd {
	int listen_fd, port, stop_fds[2];
	pthread_t thread;
	httpd_fn *fn;
	void *user;
	int n_requests;
	struct pollfd fds[HTTPD_CONNECTIONS + 2];
	struct buf in[HTTPD_CONNECTIONS + 2];
	size_t n;
	char url[64];
};

static inline void httpd_reply(struct buf *out, int status, const char *headers, const char *body)
{
	buf_addf(out, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n%s", status, strlen(body), headers, body);
}

static inline bool httpd_parse(struct buf *in, struct httpd_request *r, size_t *ret_used)
{
	char *end = in->len ? strstr(in->data, "\r\n\r\n") : NULL, *line, *next;
	const char *length;
	int64_t n = 0;

	if (!end)
		return false;
	AUTO(str) char *head = xstrndup(in->data, (size_t)(end - in->data));
	line = head;
	for (bool first = true; line; line = next, first = false) {
		next = strstr(line, "\r\n");
		if (next) {
			*next = '\0';
			next += 2;
		}
		if (first) {
			char *space = strchr(line, ' ');

			r->method = xstrndup(line, (size_t)(space - line));
			r->path = xstrndup(space + 1, strcspn(space + 1, " "));
		} else {
			char *colon = strchr(line, ':');

			*colon = '\0';
			str_lower(line);
			strmap_set(&r->headers, line, str_trim(colon + 1));
		}
	}
	length = strmap_get(&r->headers, "content-length");
	if (length)
		(void)!str_to_i64(length, &n);
	r->body = end + 4;
	r->len = (size_t)n;
	*ret_used = (size_t)(end + 4 - in->data) + (size_t)n;
	return in->len >= *ret_used;
}

static inline void httpd_request_done(struct httpd_request *r)
{
	free(r->method);
	free(r->path);
	strmap_done(&r->headers);
}

static inline void httpd_drop(struct httpd *h, size_t i, bool reset)
{
	struct linger now = {1, 0};

	if (reset)
		setsockopt(h->fds[i].fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(h->fds[i].fd);
	buf_done(&h->in[i]);
	h->fds[i] = h->fds[h->n - 1];
	h->in[i] = h->in[h->n - 1];
	h->n--;
}

/* False where the connection is gone. */
static inline bool httpd_serve(struct httpd *h, size_t i)
{
	char piece[65536];
	ssize_t got = recv(h->fds[i].fd, piece, sizeof(piece), 0);

	if (got <= 0) {
		httpd_drop(h, i, false);
		return false;
	}
	(void)!buf_add(&h->in[i], piece, (size_t)got);
	for (;;) {
		struct httpd_request r = {0};
		AUTO(buf) struct buf out = BUF_INIT((size_t)128 << 20);
		size_t used = 0;
		bool keep, whole = httpd_parse(&h->in[i], &r, &used);

		if (!whole) {
			httpd_request_done(&r);
			return true;
		}
		r.number = __atomic_fetch_add(&h->n_requests, 1, __ATOMIC_SEQ_CST);
		keep = h->fn(h->user, &r, &out);
		httpd_request_done(&r);
		for (size_t sent = 0; sent < out.len;) {
			ssize_t n = send(h->fds[i].fd, out.data + sent, out.len - sent, MSG_NOSIGNAL);

			if (n <= 0)
				break;
			sent += (size_t)n;
		}
		if (!out.len || !keep) {
			httpd_drop(h, i, !out.len);
			return false;
		}
		buf_consume(&h->in[i], used);
	}
}

static inline void *httpd_main(void *user)
{
	struct httpd *h = user;

	for (;;) {
		if (poll(h->fds, h->n, -1) < 0)
			continue;
		if (h->fds[1].revents)
			return NULL;
		for (size_t i = h->n; i-- > 2;)
			if (h->fds[i].revents)
				httpd_serve(h, i);
		if (h->fds[0].revents && h->n < HTTPD_CONNECTIONS + 2) {
			h->fds[h->n].fd = accept(h->listen_fd, NULL, NULL);
			h->fds[h->n].events = POLLIN;
			h->fds[h->n].revents = 0;
			h->in[h->n] = BUF_INIT((size_t)64 << 20);
			if (h->fds[h->n].fd >= 0)
				h->n++;
		}
	}
}

static inline void httpd_start(struct httpd *h, httpd_fn *fn, void *user)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);

	*h = (struct httpd){.fn = fn, .user = user, .n = 2};
	h->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (h->listen_fd < 0 || bind(h->listen_fd, (struct sockaddr *)&a, sizeof(a)) || listen(h->listen_fd, 32) ||
	    getsockname(h->listen_fd, (struct sockaddr *)&a, &len) || pipe(h->stop_fds))
		abort();
	h->port = ntohs(a.sin_port);
	snprintf(h->url, sizeof(h->url), "http://127.0.0.1:%d", h->port);
	h->fds[0] = (struct pollfd){.fd = h->listen_fd, .events = POLLIN};
	h->fds[1] = (struct pollfd){.fd = h->stop_fds[0], .events = POLLIN};
	if (pthread_create(&h->thread, NULL, httpd_main, h))
		abort();
}

static inline void httpd_stop(struct httpd *h)
{
	if (write(h->stop_fds[1], "x", 1) != 1)
		abort();
	pthread_join(h->thread, NULL);
	while (h->n > 2)
		httpd_drop(h, h->n - 1, false);
	close(h->listen_fd);
	close(h->stop_fds[0]);
	close(h->stop_fds[1]);
}

#endif
