/* This host's line to the hub: a thread that beats, listens and ends a lost job. */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "trainer/hosts/hosts.h"
#include "trainer/hosts/tracker.h"
#include "trainer/library/booster.h"

#define PATIENCE_MS 5000 /* of a host that leaves before it has reached the first one */
#define RETRY_MS 200
#define STALL_MS 2000 /* a turn that took longer: we were held up ourselves */

enum orders { ORDERS_NONE, ORDERS_GO, ORDERS_LEAVE, ORDERS_STOP };

struct hosts {
	const struct contract *contract;
	const volatile sig_atomic_t *stop;
	char *address;
	int port;
	int64_t timeout_ms, silence_ms;
	struct tracker *tracker; /* on the first host */
	pthread_t thread;
	bool leaving; /* atomic */
	bool in_ring;

	/* Of the thread. */
	char input[HUB_LINE_MAX];
	size_t input_n;
	int64_t heard_ms, beat_ms, turn_ms;

	pthread_mutex_t talk; /* held while a line is sent */
	/* Of both, under the lock. */
	pthread_mutex_t lock;
	pthread_cond_t news;
	int fd; /* -1 until the line stands */
	enum orders orders;
	int world;
	size_t columns;
	char fingerprint[65];
};

static const char *first_host(const struct hosts *h)
{
	return h->contract->hosts.items[0];
}

static bool is_leaving(const struct hosts *h)
{
	return __atomic_load_n(&h->leaving, __ATOMIC_ACQUIRE);
}

/* Waits for a slow hub. One that is lost is found by its silence, not here. */
static void say(struct hosts *h, int fd, const char *line)
{
	AUTO(buf) struct buf out = BUF_INIT(HUB_LINE_MAX);
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	(void)buf_addf(&out, "%s\n", line);
	pthread_mutex_lock(&h->talk);
	for (size_t sent = 0; sent < out.len;) {
		ssize_t n = send(fd, out.data + sent, out.len - sent, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			break;
		if (n < 0)
			(void)poll(&p, 1, RETRY_MS);
		else
			sent += (size_t)n;
	}
	pthread_mutex_unlock(&h->talk);
}

/* Never waits, as the one that listens must not. */
static void say_beat(struct hosts *h, int fd)
{
	if (pthread_mutex_trylock(&h->talk))
		return;
	(void)!send(fd, "beat\n", 5, MSG_NOSIGNAL);
	pthread_mutex_unlock(&h->talk);
}

/* --- the end of the process ------------------------------------------------------------ */

/* The first host stays until the others have their news, those that come late too. */
static _Noreturn void end_process(const struct hosts *h, int status)
{
	if (h->tracker) {
		shutdown(h->fd, SHUT_RDWR); /* it waits for us as well */
		tracker_wait(h->tracker);
	}
	fflush(stdout);
	_exit(status);
}

static _Noreturn void end_failed(const struct hosts *h, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
static _Noreturn void end_failed(const struct hosts *h, enum err_code code, const char *fmt, ...)
{
	struct err err = {0};
	va_list ap;

	va_start(ap, fmt);
	(void)err_setv(&err, code, fmt, ap);
	va_end(ap);
	contract_fail(h->contract->root, &err);
	end_process(h, 1);
}

/* --- connecting ------------------------------------------------------------------------ */

/* In slices, so that neither a host that does not answer nor a slow network keeps a
 * process beyond its time. */
static bool wait_connected(const struct hosts *h, int fd, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int failure = 0;
	socklen_t n = sizeof(failure);

	while (clock_mono_ms() < deadline && !is_leaving(h) && poll(&p, 1, RETRY_MS) <= 0)
		;
	return p.revents && !getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &n) && !failure;
}

static int connect_once(const struct hosts *h, int64_t deadline)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC}, *list = NULL;
	char port[16];

	snprintf(port, sizeof(port), "%d", h->port);
	if (getaddrinfo(h->address, port, &hints, &list))
		return -1;
	int fd = -1;
	for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) &&
		    (errno != EINPROGRESS || !wait_connected(h, fd, deadline)))
			fd_close(&fd);
	}
	freeaddrinfo(list);
	return fd;
}

/* The line, or -1 where this host leaves before it stands. */
static int take_up_line(struct hosts *h)
{
	int64_t deadline = clock_mono_ms() + h->timeout_ms;
	int fd;

	while ((fd = connect_once(h, deadline)) < 0 && !is_leaving(h)) {
		if (clock_mono_ms() >= deadline)
			end_failed(h, ERR_TIMEOUT, "cannot reach the first host, %s, at %s port %d within %lld seconds",
				   first_host(h), h->address, h->port, (long long)h->timeout_ms / 1000);
		(void)poll(NULL, 0, RETRY_MS); /* until the first host listens */
	}
	if (fd < 0)
		return -1;
	AUTO(str) char *greeting = xasprintf(HUB_GREETING "here %zu", h->contract->host_index);
	say(h, fd, greeting); /* a line that is dead already is found below */
	h->heard_ms = h->turn_ms = clock_mono_ms();
	pthread_mutex_lock(&h->lock);
	h->fd = fd;
	pthread_cond_broadcast(&h->news);
	pthread_mutex_unlock(&h->lock);
	return fd;
}

/* --- the line -------------------------------------------------------------------------------- */

enum heard { HEARD_NOTHING, HEARD_LINE, HEARD_END };

/* The next line from the hub, beats left out; beats of our own are sent on the way. */
static enum heard listen_line(struct hosts *h, int fd, char out[HUB_LINE_MAX])
{
	char *eol = memchr(h->input, '\n', h->input_n);

	if (!eol) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		if (poll(&p, 1, 200) > 0) {
			ssize_t n = recv(fd, h->input + h->input_n, sizeof(h->input) - h->input_n, 0);
			if (n <= 0)
				return HEARD_END;
			h->input_n += (size_t)n;
			h->heard_ms = clock_mono_ms();
		}
		eol = memchr(h->input, '\n', h->input_n);
	}
	if (clock_mono_ms() >= h->beat_ms) {
		h->beat_ms = clock_mono_ms() + HUB_BEAT_MS;
		say_beat(h, fd);
	}
	if (!eol)
		return h->input_n == sizeof(h->input) ? HEARD_END : HEARD_NOTHING;
	*eol = '\0';
	str_copy(out, HUB_LINE_MAX, h->input);
	h->input_n -= (size_t)(eol + 1 - h->input);
	memmove(h->input, eol + 1, h->input_n);
	return str_eq(out, "beat") ? HEARD_NOTHING : HEARD_LINE;
}

static bool silent(struct hosts *h)
{
	int64_t now = clock_mono_ms();

	if (now - h->turn_ms > STALL_MS)
		h->heard_ms = now;
	h->turn_ms = now;
	return now - h->heard_ms > h->silence_ms;
}

static void on_failure(const struct hosts *h, const char *line)
{
	char *reason;
	long code = strtol(line, &reason, 10);

	if (code <= ERR_OK || code >= ERR_CODE_COUNT)
		code = ERR_NET;
	end_failed(h, (enum err_code)code, "%s", *reason == ' ' ? reason + 1 : reason);
}

static void on_orders(struct hosts *h, const char *line)
{
	enum orders orders = str_eq(line, "leave") ? ORDERS_LEAVE : str_eq(line, "stop") ? ORDERS_STOP : ORDERS_NONE;

	pthread_mutex_lock(&h->lock);
	if (sscanf(line, "go %d %zu %64s", &h->world, &h->columns, h->fingerprint) == 3)
		orders = ORDERS_GO;
	bool late = orders == ORDERS_STOP && h->orders != ORDERS_NONE;
	if (orders != ORDERS_NONE)
		h->orders = orders;
	pthread_cond_broadcast(&h->news);
	pthread_mutex_unlock(&h->lock);
	if (!late)
		return;
	/* The ring waits for the host that was stopped, and cannot be called off. */
	puts("another host was stopped by a signal before the first round");
	end_process(h, 0);
}

static void *line_main(void *arg)
{
	struct hosts *h = arg;
	char line[HUB_LINE_MAX];
	int fd = take_up_line(h);

	while (fd >= 0 && !is_leaving(h)) {
		enum heard heard = listen_line(h, fd, line);
		if (heard == HEARD_LINE && str_starts(line, "fail "))
			on_failure(h, line + strlen("fail "));
		else if (heard == HEARD_LINE)
			on_orders(h, line);
		if (is_leaving(h))
			break;
		if (heard == HEARD_END)
			end_failed(h, ERR_NET, "host %s is lost: its connection ended", first_host(h));
		if (silent(h))
			end_failed(h, ERR_NET, "host %s is lost: silent for %lld seconds", first_host(h),
				   (long long)h->silence_ms / 1000);
	}
	return NULL;
}

/* --- meeting ------------------------------------------------------------------------------ */

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
	h->silence_ms = hub_silence_ms(h->timeout_ms);
	h->address = colon ? xstrndup(place, (size_t)(colon - place)) : xstrdup(c->hosts.items[0]);
	h->port = colon ? atoi(colon + 1) : TRACKER_PORT;
	signal(SIGPIPE, SIG_IGN); /* the library would send to a host that is gone, and end without a reason */
	pthread_mutex_init(&h->talk, NULL);
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->news, NULL);
	int rc = c->host_index ? 0 : tracker_start(&c->hosts, h->port, h->timeout_ms, &h->tracker, err);
	if (!rc && pthread_create(&h->thread, NULL, line_main, h)) {
		/* Only the end of the process ends a tracker that nobody calls. */
		rc = err_set(err, ERR_LIMIT, "cannot start a thread");
		h->tracker = NULL;
	}
	if (rc) {
		free(h->address);
		free(h);
		return rc;
	}
	*ret = h;
	return 0;
}

/* Wait for news, under the lock, for a moment: signals bring none. */
static void wait_a_moment(struct hosts *h)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += RETRY_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_cond_timedwait(&h->news, &h->lock, &until);
}

/* The line's descriptor once it stands; -1 where the job was stopped before. */
static int wait_line(struct hosts *h)
{
	pthread_mutex_lock(&h->lock);
	while (h->fd < 0 && !*h->stop) /* the thread ends the process where it comes to nothing */
		wait_a_moment(h);
	int fd = h->fd;
	pthread_mutex_unlock(&h->lock);
	return fd;
}

/* The same for a host that has something to say before it leaves: the others would
 * wait for it. -1 where the first host does not answer soon. */
static int wait_last_line(struct hosts *h)
{
	int64_t deadline = clock_mono_ms() + PATIENCE_MS;

	pthread_mutex_lock(&h->lock);
	while (h->fd < 0 && clock_mono_ms() < deadline)
		wait_a_moment(h);
	int fd = h->fd;
	pthread_mutex_unlock(&h->lock);
	return fd;
}

static void say_hello(struct hosts *h, int fd, size_t rows, const struct strmap *settings)
{
	for (size_t i = 0; i < settings->n; i++) {
		AUTO(str) char *line = xasprintf("setting %s=%s", settings->items[i].name, settings->items[i].value);
		say(h, fd, line);
	}
	AUTO(str) char *hello = xasprintf("hello %zu %zu %s", rows, h->columns, h->fingerprint);
	say(h, fd, hello);
}

int hosts_meet(struct hosts *h, size_t rows, const struct strmap *settings, size_t *columns, char fingerprint[65],
	       bool *leave, struct err *err)
{
	h->columns = *columns;
	str_copy(h->fingerprint, sizeof(h->fingerprint), fingerprint);
	int fd = wait_line(h);
	if (fd >= 0)
		say_hello(h, fd, rows, settings);
	pthread_mutex_lock(&h->lock);
	while (h->orders == ORDERS_NONE && !*h->stop)
		wait_a_moment(h);
	enum orders orders = h->orders;
	pthread_mutex_unlock(&h->lock);
	if (orders == ORDERS_NONE || orders == ORDERS_STOP)
		return err_set(err, ERR_CANCELLED, "stopped");
	*leave = orders == ORDERS_LEAVE;
	if (*leave)
		return 0;
	*columns = h->columns;
	str_copy(fingerprint, 65, h->fingerprint);
	printf("%d of %zu hosts train; this is %s\n", h->world, h->contract->hosts.n, h->contract->current_host);
	return 0;
}

int hosts_enter(struct hosts *h, struct err *err)
{
	h->in_ring = true; /* whatever fails from here on may be another's loss */
	return booster_join(h->address, h->port, (int)h->contract->host_index, err);
}

/* --- leaving ------------------------------------------------------------------------------- */

static void report_failure(struct hosts *h, const struct err *failure)
{
	/* What the library fails for in the ring is another's loss as a rule. The hub
	 * knows whose, at the latest when it misses its beats: the thread ends the
	 * process when that word comes. */
	if (h->in_ring && failure->code == ERR_INTERNAL)
		(void)poll(NULL, 0, (int)h->silence_ms + 2 * HUB_BEAT_MS);
	/* First here, then elsewhere: so the first failure file is that of the cause. */
	contract_fail(h->contract->root, failure);
	int fd = wait_last_line(h);
	AUTO(str) char *line = xasprintf("fail %d %s", failure->code, failure->msg);
	__atomic_store_n(&h->leaving, true, __ATOMIC_RELEASE); /* the hub hangs up on hearing it */
	if (fd >= 0)
		say(h, fd, line);
}

static void report_end(struct hosts *h, bool stopped)
{
	if (h->in_ring)
		(void)!booster_leave(NULL);
	int fd = wait_last_line(h);
	__atomic_store_n(&h->leaving, true, __ATOMIC_RELEASE);
	if (fd >= 0)
		say(h, fd, stopped && !h->in_ring ? "stop" : "done");
}

int hosts_leave(struct hosts *h, const struct err *failure, struct err *err)
{
	if (!h)
		return 0;
	if (failure && failure->code != ERR_CANCELLED)
		report_failure(h, failure);
	else
		report_end(h, failure != NULL);
	if (h->fd >= 0)
		shutdown(h->fd, SHUT_RD); /* wakes the thread */
	pthread_join(h->thread, NULL);
	fd_close(&h->fd);
	int rc = tracker_finish(h->tracker, err);
	pthread_cond_destroy(&h->news);
	pthread_mutex_destroy(&h->lock);
	pthread_mutex_destroy(&h->talk);
	free(h->address);
	free(h);
	return rc;
}
