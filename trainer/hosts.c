#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "trainer/booster.h"
#include "trainer/hosts.h"
#include "trainer/tracker.h"

#define JOIN_SLACK_MS 60000 /* beyond the hub's own patience */
#define NEWS_MS 5000	    /* how long to wait for the hub's word on a failed ring */

struct hosts {
	const struct contract *contract;
	const volatile sig_atomic_t *stop;
	char *address;
	int port;
	int64_t timeout_ms;
	struct tracker *tracker; /* on the first host */
	int fd;
	char input[HUB_LINE_MAX];
	size_t input_n;
	int64_t heard_ms, beat_ms;
	pthread_t monitor;
	bool watching;
	volatile sig_atomic_t leaving;
	bool in_ring;
};

/* --- lines ------------------------------------------------------------------------ */

static bool say(struct hosts *h, const char *line)
{
	AUTO(buf) struct buf out = BUF_INIT(HUB_LINE_MAX);
	(void)buf_addf(&out, "%s\n", line);
	return send(h->fd, buf_str(&out), out.len, MSG_NOSIGNAL) == (ssize_t)out.len;
}

enum heard { HEARD_NOTHING, HEARD_LINE, HEARD_END };

/* The next line from the hub, beats left out, waiting at most wait_ms; beats of
 * our own are sent on the way. */
static enum heard listen_line(struct hosts *h, int wait_ms, char out[HUB_LINE_MAX])
{
	char *eol = memchr(h->input, '\n', h->input_n);
	if (!eol) {
		struct pollfd p = {.fd = h->fd, .events = POLLIN};
		if (poll(&p, 1, wait_ms) > 0) {
			ssize_t n = recv(h->fd, h->input + h->input_n, sizeof(h->input) - h->input_n, 0);
			if (n <= 0)
				return HEARD_END;
			h->input_n += (size_t)n;
			h->heard_ms = clock_mono_ms();
		}
		eol = memchr(h->input, '\n', h->input_n);
	}
	if (clock_mono_ms() >= h->beat_ms) {
		h->beat_ms = clock_mono_ms() + HUB_BEAT_MS;
		(void)say(h, "beat");
	}
	if (!eol)
		return h->input_n == sizeof(h->input) ? HEARD_END : HEARD_NOTHING;
	*eol = '\0';
	str_copy(out, HUB_LINE_MAX, h->input);
	h->input_n -= (size_t)(eol + 1 - h->input);
	memmove(h->input, eol + 1, h->input_n);
	return str_eq(out, "beat") ? HEARD_NOTHING : HEARD_LINE;
}

static bool silent(const struct hosts *h)
{
	return clock_mono_ms() - h->heard_ms > HUB_SILENCE_MS;
}

/* --- the line while training ---------------------------------------------------------- */

static void end_process(const struct hosts *h, const char *reason)
{
	/* Another host's data may be at fault, but from here it is a lost partner. */
	struct err err = {0};
	err_set(&err, strstr(reason, "ClientError") ? ERR_INVALID : ERR_NET, "%s", reason);
	contract_fail(h->contract->root, &err);
	_exit(1);
}

static void *monitor_main(void *arg)
{
	struct hosts *h = arg;
	char line[HUB_LINE_MAX];
	while (!h->leaving) {
		enum heard heard = listen_line(h, 200, line);
		if (heard == HEARD_LINE && str_starts(line, "fail "))
			end_process(h, line + 5);
		if (heard == HEARD_END && h->leaving)
			break;
		if (heard == HEARD_END || silent(h)) {
			AUTO(str)
			char *reason = xasprintf("host %s is lost: %s", h->contract->hosts.items[0],
						 heard == HEARD_END ? "its connection ended"
								    : "it has been silent for 30 seconds");
			end_process(h, reason);
		}
	}
	return NULL;
}

/* --- meeting ------------------------------------------------------------------------------ */

static int connect_once(struct hosts *h)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC}, *list = NULL;
	char port[16];
	snprintf(port, sizeof(port), "%d", h->port);
	if (getaddrinfo(h->address, port, &hints, &list))
		return -1;
	int fd = -1;
	for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen))
			fd_close(&fd);
	}
	freeaddrinfo(list);
	return fd;
}

static int hub_connect(struct hosts *h, struct err *err)
{
	int64_t deadline = clock_mono_ms() + h->timeout_ms;
	while ((h->fd = connect_once(h)) < 0) {
		if (*h->stop)
			return err_set(err, ERR_CANCELLED, "stopped");
		if (clock_mono_ms() >= deadline)
			return err_set(err, ERR_TIMEOUT,
				       "cannot reach the first host at %s port %d within %lld seconds", h->address,
				       h->port, (long long)h->timeout_ms / 1000);
		(void)poll(NULL, 0, 200); /* until the first host listens */
	}
	h->heard_ms = clock_mono_ms();
	return 0;
}

static int hub_hello(struct hosts *h, size_t rows, size_t columns, const char *fingerprint, struct err *err)
{
	int rc = h->fd < 0 ? hub_connect(h, err) : 0;
	if (rc)
		return rc;
	AUTO(str)
	char *hello =
		xasprintf(HUB_GREETING "hello %zu %zu %zu %s", h->contract->host_index, rows, columns, fingerprint);
	return say(h, hello) ? 0 : err_set(err, ERR_NET, "the first host does not listen: %m");
}

int hosts_open(const struct contract *c, int timeout_s, const volatile sig_atomic_t *stop, struct hosts **ret,
	       struct err *err)
{
	struct hosts *h = NEW(struct hosts);
	const char *place = getenv("SAGETOP_TRACKER");
	const char *colon = place ? strrchr(place, ':') : NULL;
	h->contract = c;
	h->stop = stop;
	h->fd = -1;
	h->timeout_ms = (int64_t)timeout_s * 1000;
	h->address = colon ? xstrndup(place, (size_t)(colon - place)) : xstrdup(c->hosts.items[0]);
	h->port = colon ? atoi(colon + 1) : TRACKER_PORT;
	int rc = c->host_index ? 0 : tracker_start(&c->hosts, h->port, h->timeout_ms, &h->tracker, err);
	if (rc) {
		free(h->address);
		free(h);
		return rc;
	}
	*ret = h;
	return 0;
}

/* The hub's orders; sets what they say. */
static int wait_orders(struct hosts *h, size_t *columns, char fingerprint[65], bool *leave, struct err *err)
{
	char line[HUB_LINE_MAX];
	int64_t deadline = clock_mono_ms() + h->timeout_ms + JOIN_SLACK_MS;
	int world;
	for (;;) {
		enum heard heard = listen_line(h, 200, line);
		if (*h->stop)
			return err_set(err, ERR_CANCELLED, "stopped");
		if (heard == HEARD_END || silent(h))
			return err_set(err, ERR_NET, "host %s is lost: its connection ended",
				       h->contract->hosts.items[0]);
		if (clock_mono_ms() >= deadline)
			return err_set(err, ERR_TIMEOUT, "the other hosts did not come");
		if (heard == HEARD_NOTHING)
			continue;
		if (str_starts(line, "fail "))
			end_process(h, line + 5);
		*leave = str_eq(line, "leave");
		if (*leave)
			return 0;
		if (sscanf(line, "go %d %zu %64s", &world, columns, fingerprint) == 3) {
			printf("%d of %zu hosts train; this is %s\n", world, h->contract->hosts.n,
			       h->contract->current_host);
			return 0;
		}
	}
}

int hosts_meet(struct hosts *h, size_t rows, size_t *columns, char fingerprint[65], bool *leave, struct err *err)
{
	int rc = hub_hello(h, rows, *columns, fingerprint, err);
	if (!rc)
		rc = wait_orders(h, columns, fingerprint, leave, err);
	if (rc || *leave)
		return rc;
	if (pthread_create(&h->monitor, NULL, monitor_main, h))
		return err_set(err, ERR_LIMIT, "cannot start a thread");
	h->watching = true;
	return 0;
}

int hosts_enter(struct hosts *h, struct err *err)
{
	int rc = booster_join(h->address, h->port, (int)h->contract->host_index, (int)(h->timeout_ms / 1000), err);
	h->in_ring = !rc;
	return rc;
}

/* --- leaving ------------------------------------------------------------------------------- */

static void report_failure(struct hosts *h, const struct err *failure)
{
	/* The hub may know better why the ring broke: the monitor ends the process
	 * when its word comes. */
	if (h->watching && h->in_ring && failure->code == ERR_INTERNAL)
		(void)poll(NULL, 0, NEWS_MS);
	if (h->fd < 0) {
		char none[] = "none";
		if (hub_hello(h, 0, 0, none, NULL))
			return;
	}
	AUTO(str) char *line = xasprintf("fail %.900s", failure->msg);
	h->leaving = 1; /* the hub hangs up on hearing it */
	(void)say(h, line);
}

void hosts_leave(struct hosts *h, const struct err *failure)
{
	if (!h)
		return;
	if (failure && failure->code == ERR_CANCELLED)
		failure = NULL;
	if (failure)
		report_failure(h, failure);
	else if (h->in_ring)
		(void)!booster_leave(NULL);
	h->leaving = 1;
	if (!failure && h->fd >= 0)
		(void)say(h, "done");
	if (h->watching)
		pthread_join(h->monitor, NULL);
	fd_close(&h->fd);
	tracker_finish(h->tracker);
	free(h->address);
	free(h);
}
