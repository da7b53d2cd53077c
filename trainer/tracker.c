#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "trainer/tracker.h"
#include "trainer/tracker_ring.h"

enum peer_state { PEER_ABSENT, PEER_HELLO, PEER_RUNNING, PEER_DONE };

struct peer {
	int fd;
	enum peer_state state;
	int64_t heard_ms;
	long long rows, columns;
	char fingerprint[65];
	char input[HUB_LINE_MAX];
	size_t input_n;
};

struct tracker {
	pthread_t thread;
	int listen_fd, port;
	struct strlist hosts;
	struct peer *peers;  /* one a host */
	int64_t deadline_ms; /* for all hellos */
	int64_t timeout_ms;
	int64_t beat_ms; /* when the next one is due */
	struct ring_worker *workers;
	int n_workers, world; /* world: hosts with data, 0 until all said hello */
	char reason[1100];    /* why the job fails; "" while it does not */
	int64_t grace_ms;     /* failed: how long hosts that have not come yet are told so */
};

/* --- sending ------------------------------------------------------------------------ */

static void peer_send(struct peer *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void peer_send(struct peer *p, const char *fmt, ...)
{
	AUTO(buf) struct buf line = BUF_INIT(HUB_LINE_MAX);
	va_list ap;
	va_start(ap, fmt);
	(void)buf_addfv(&line, fmt, ap);
	va_end(ap);
	(void)buf_addc(&line, '\n');
	/* A peer that does not read is found by its silence. */
	if (p->fd >= 0)
		(void)!send(p->fd, buf_str(&line), line.len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* The whole job ends: everybody learns the reason, who comes late as well. */
static void tell_failure(struct tracker *t, const char *reason)
{
	if (*t->reason)
		return;
	str_copy(t->reason, sizeof(t->reason), reason);
	t->grace_ms = MIN(t->deadline_ms, clock_mono_ms() + HUB_SILENCE_MS);
	for (size_t i = 0; i < t->hosts.n; i++)
		if (t->peers[i].state != PEER_DONE)
			peer_send(&t->peers[i], "fail %.1000s", reason);
}

static void peer_lost(struct tracker *t, size_t i, const char *how)
{
	AUTO(str) char *reason = xasprintf("host %s is lost: %s", t->hosts.items[i], how);
	fd_close(&t->peers[i].fd);
	t->peers[i].state = PEER_DONE;
	tell_failure(t, reason);
}

/* --- hello and go ---------------------------------------------------------------------- */

static long long widest(const struct tracker *t)
{
	long long most = 0;
	for (size_t i = 0; i < t->hosts.n; i++)
		most = MAX(most, t->peers[i].columns);
	return most;
}

static void start_all(struct tracker *t)
{
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
	char fingerprint[SHA256_HEX_LEN];
	for (size_t i = 0; i < t->hosts.n; i++) {
		t->world += t->peers[i].rows > 0;
		(void)buf_addf(&text, "%s\n", t->peers[i].fingerprint);
	}
	sha256_hex(text.data, text.len, fingerprint);
	t->workers = xcalloc((size_t)MAX(t->world, 1), sizeof(*t->workers));
	if (!t->world)
		tell_failure(t, "no host has data in channel train");
	for (size_t i = 0; i < t->hosts.n && !*t->reason; i++) {
		t->peers[i].state = PEER_RUNNING;
		if (t->peers[i].rows > 0)
			peer_send(&t->peers[i], "go %d %lld %s", t->world, widest(t), fingerprint);
		else
			peer_send(&t->peers[i], "leave");
	}
}

static void on_hello(struct tracker *t, struct peer *from, const char *line)
{
	int index;
	struct peer p = *from;
	if (sscanf(line, "hello %d %lld %lld %64s", &index, &p.rows, &p.columns, p.fingerprint) != 4 || index < 0 ||
	    (size_t)index >= t->hosts.n || t->peers[index].state != PEER_ABSENT) {
		fd_close(&from->fd);
		return;
	}
	p.state = PEER_HELLO;
	if (*t->reason)
		peer_send(&p, "fail %.1000s", t->reason);
	t->peers[index] = p;
	from->fd = -1;
	for (size_t i = 0; i < t->hosts.n; i++)
		if (t->peers[i].state == PEER_ABSENT)
			return;
	if (!*t->reason)
		start_all(t);
}

static void on_line(struct tracker *t, size_t i, const char *line)
{
	struct peer *p = &t->peers[i];
	if (str_eq(line, "done")) {
		p->state = PEER_DONE;
		fd_close(&p->fd);
	} else if (str_starts(line, "fail ")) {
		AUTO(str) char *reason = xasprintf("host %s failed: %s", t->hosts.items[i], line + 5);
		p->state = PEER_DONE;
		fd_close(&p->fd);
		tell_failure(t, reason);
	}
}

static void peer_read(struct tracker *t, size_t i)
{
	struct peer *p = &t->peers[i];
	ssize_t n = recv(p->fd, p->input + p->input_n, sizeof(p->input) - 1 - p->input_n, MSG_DONTWAIT);
	if (n <= 0) {
		peer_lost(t, i, "its connection ended");
		return;
	}
	p->heard_ms = clock_mono_ms();
	p->input_n += (size_t)n;
	p->input[p->input_n] = '\0';
	for (char *eol; p->fd >= 0 && (eol = strchr(p->input, '\n'));) {
		char line[HUB_LINE_MAX];
		*eol = '\0';
		str_copy(line, sizeof(line), p->input);
		p->input_n -= (size_t)(eol + 1 - p->input);
		memmove(p->input, eol + 1, p->input_n + 1);
		on_line(t, i, line);
	}
	if (p->input_n == sizeof(p->input) - 1)
		peer_lost(t, i, "it sent nonsense");
}

/* --- new connections ------------------------------------------------------------------------ */

/* The first line of a host, read at once: it is sent with the greeting. */
static void accept_host(struct tracker *t, int fd)
{
	struct peer p = {.fd = fd, .heard_ms = clock_mono_ms()};
	char line[256];
	size_t n = 0;
	while (n < sizeof(line) - 1 && recv(fd, line + n, 1, 0) == 1 && line[n] != '\n')
		n++;
	line[n] = '\0';
	on_hello(t, &p, line);
	fd_close(&p.fd);
}

static void accept_worker(struct tracker *t, int fd)
{
	struct ring_worker w;
	if (ring_request(fd, &w) != RING_START)
		return;
	if (t->n_workers >= t->world) {
		free(w.host);
		close(w.fd);
		return;
	}
	t->workers[t->n_workers++] = w;
	if (t->n_workers < t->world)
		return;
	struct err err = {0};
	if (ring_assign(t->workers, t->world, &err))
		tell_failure(t, err.msg);
}

static void accept_one(struct tracker *t)
{
	struct timeval limit = {.tv_sec = 10};
	uint32_t greeting;
	int fd = accept4(t->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (recv(fd, &greeting, sizeof(greeting), MSG_WAITALL) != sizeof(greeting))
		close(fd);
	else if (greeting == RING_MAGIC)
		accept_worker(t, fd);
	else if (!memcmp(&greeting, HUB_GREETING, sizeof(greeting)))
		accept_host(t, fd);
	else
		close(fd);
}

/* --- the thread --------------------------------------------------------------------------------- */

static void check_absent(struct tracker *t, int64_t now)
{
	AUTO(buf) struct buf names = BUF_INIT(1000);
	if (t->world || *t->reason || now < t->deadline_ms)
		return;
	for (size_t i = 0; i < t->hosts.n; i++)
		if (t->peers[i].state == PEER_ABSENT)
			(void)buf_addf(&names, " %s", t->hosts.items[i]);
	AUTO(str)
	char *reason = xasprintf("not all hosts came within %lld seconds; missing:%s", (long long)t->timeout_ms / 1000,
				 buf_str(&names));
	tell_failure(t, reason);
}

static void check_beats(struct tracker *t, int64_t now)
{
	for (size_t i = 0; i < t->hosts.n; i++)
		if (t->peers[i].fd >= 0 && now - t->peers[i].heard_ms > HUB_SILENCE_MS)
			peer_lost(t, i, "it has been silent for 30 seconds");
	if (now < t->beat_ms)
		return;
	t->beat_ms = now + HUB_BEAT_MS;
	for (size_t i = 0; i < t->hosts.n; i++)
		peer_send(&t->peers[i], "beat");
}

static bool all_gone(const struct tracker *t)
{
	bool patient = !*t->reason || clock_mono_ms() < t->grace_ms;
	for (size_t i = 0; i < t->hosts.n; i++)
		if (t->peers[i].fd >= 0 || (t->peers[i].state != PEER_DONE && patient))
			return false;
	return true;
}

static void *tracker_main(void *arg)
{
	struct tracker *t = arg;
	struct pollfd *fds = xcalloc(t->hosts.n + 1, sizeof(*fds));
	while (!all_gone(t)) {
		fds[0] = (struct pollfd){.fd = t->listen_fd, .events = POLLIN};
		for (size_t i = 0; i < t->hosts.n; i++)
			fds[i + 1] = (struct pollfd){.fd = t->peers[i].fd, .events = POLLIN};
		(void)poll(fds, t->hosts.n + 1, 200);
		int64_t now = clock_mono_ms();
		for (size_t i = 0; i < t->hosts.n; i++)
			if (fds[i + 1].revents && t->peers[i].fd == fds[i + 1].fd)
				peer_read(t, i);
		if (fds[0].revents)
			accept_one(t);
		check_absent(t, now);
		check_beats(t, now);
	}
	free(fds);
	return NULL;
}

static int listen_on(struct tracker *t, int port, struct err *err)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	struct sockaddr_in a4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	socklen_t n = sizeof(a);
	int on = 1, off = 0;
	t->listen_fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool six = t->listen_fd >= 0;
	if (!six)
		t->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(t->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (six)
		setsockopt(t->listen_fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(t->listen_fd, six ? (void *)&a : (void *)&a4, six ? sizeof(a) : sizeof(a4)) ||
	    listen(t->listen_fd, 256) || getsockname(t->listen_fd, (struct sockaddr *)&a, &n))
		return err_set(err, ERR_NET, "cannot listen on port %d for the other hosts: %m", port);
	t->port = ntohs(a.sin6_port); /* at the same place in both kinds of address */
	return 0;
}

static void tracker_free(struct tracker *t)
{
	fd_close(&t->listen_fd);
	for (size_t i = 0; t->peers && i < t->hosts.n; i++)
		fd_close(&t->peers[i].fd);
	for (int i = 0; i < t->n_workers; i++) {
		fd_close(&t->workers[i].fd);
		free(t->workers[i].host);
	}
	free(t->workers);
	free(t->peers);
	strlist_done(&t->hosts);
	free(t);
}

int tracker_start(const struct strlist *hosts, int port, int64_t timeout_ms, struct tracker **ret, struct err *err)
{
	struct tracker *t = NEW(struct tracker);
	t->timeout_ms = timeout_ms;
	t->deadline_ms = clock_mono_ms() + timeout_ms;
	t->peers = xcalloc(MAX(hosts->n, 1), sizeof(*t->peers));
	for (size_t i = 0; i < hosts->n; i++) {
		strlist_add(&t->hosts, hosts->items[i]);
		t->peers[i].fd = -1;
	}
	int rc = listen_on(t, port, err);
	if (!rc && pthread_create(&t->thread, NULL, tracker_main, t))
		rc = err_set(err, ERR_LIMIT, "cannot start a thread");
	if (rc) {
		tracker_free(t);
		return rc;
	}
	*ret = t;
	return 0;
}

int tracker_port(const struct tracker *t)
{
	return t->port;
}

void tracker_finish(struct tracker *t)
{
	if (!t)
		return;
	pthread_join(t->thread, NULL);
	tracker_free(t);
}
