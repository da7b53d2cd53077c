/* The hub of a job on several hosts: who is there, who beats, who is lost. */
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "trainer/hosts/tracker.h"
#include "trainer/hosts/tracker_door.h"
#include "trainer/hosts/tracker_settings.h"

#define SILENCE_MIN_MS 5000
#define SILENCE_MAX_MS 30000
#define STALL_MS 2000	 /* a turn that took longer: we were held up ourselves */
#define SETTINGS_MAX 256 /* of a host */

/* Loading: it has its line, and no data yet. Ready: it waits for its orders. */
enum peer_state { PEER_ABSENT, PEER_LOADING, PEER_READY, PEER_RUNNING, PEER_DONE };

struct peer {
	int fd;
	enum peer_state state;
	int64_t heard_ms;
	long long rows, columns;
	char fingerprint[65];
	struct strmap settings;
	char input[HUB_LINE_MAX];
	size_t input_n;
	bool in_ring;
};

struct tracker {
	pthread_t thread;
	int port;
	struct door door;
	struct strlist hosts;
	struct peer *peers;  /* one a host */
	int64_t deadline_ms; /* for all to be there */
	int64_t timeout_ms, silence_ms;
	int64_t beat_ms; /* when the next one is due */
	int64_t turn_ms; /* when the last turn ended */
	struct ring_worker *workers;
	int n_workers, world; /* world: hosts with data, 0 until all are ready */
	pthread_t ring_thread;
	bool ring_started, ring_done; /* done: atomic */
	struct err ring_err, err;     /* err: why the job fails */
	char verdict[700];	      /* the line that ends the job before its time, "" while there is none */
	int64_t grace_ms;	      /* with a verdict: how long hosts that have not come yet are told so */
	bool over;		      /* atomic: every host is done or gone */
};

int64_t hub_silence_ms(int64_t timeout_ms)
{
	return MAX(MIN(timeout_ms, (int64_t)SILENCE_MAX_MS), (int64_t)SILENCE_MIN_MS);
}

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

/* The whole job ends: everybody learns it, who comes late as well. This host last,
 * since its process ends on hearing it. */
static void end_job(struct tracker *t, const char *verdict)
{
	if (*t->verdict)
		return;
	str_copy(t->verdict, sizeof(t->verdict), verdict);
	t->grace_ms = MIN(t->deadline_ms, clock_mono_ms() + t->silence_ms);
	for (size_t i = t->hosts.n; i-- > 0;)
		if (t->peers[i].state != PEER_DONE)
			peer_send(&t->peers[i], "%s", verdict);
}

static void fail_job(struct tracker *t, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void fail_job(struct tracker *t, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	if (*t->verdict)
		return;
	va_start(ap, fmt);
	(void)err_setv(&t->err, code, fmt, ap);
	va_end(ap);
	AUTO(str) char *verdict = xasprintf("fail %d %s", code, t->err.msg);
	end_job(t, verdict);
}

static void peer_lost(struct tracker *t, size_t i, const char *how)
{
	fd_close(&t->peers[i].fd);
	t->peers[i].state = PEER_DONE;
	fail_job(t, ERR_NET, "host %s is lost: %s", t->hosts.items[i], how);
}

/* --- ready and go ---------------------------------------------------------------------- */

static struct host_settings settings_of(const struct tracker *t, size_t i)
{
	return (struct host_settings){t->hosts.items[i], &t->peers[i].settings, t->peers[i].rows > 0};
}

/* All against the first that has data, or the first of all. */
static char *find_difference(const struct tracker *t)
{
	size_t first = 0;
	char *reason = NULL;

	while (first + 1 < t->hosts.n && t->peers[first].rows <= 0)
		first++;
	struct host_settings a = settings_of(t, first);
	for (size_t i = 0; i < t->hosts.n && !reason; i++) {
		struct host_settings b = settings_of(t, i);
		reason = settings_difference(&a, &b);
	}
	return reason;
}

static void give_orders(struct tracker *t, const char *fingerprint)
{
	long long widest = 0;

	for (size_t i = 0; i < t->hosts.n; i++)
		widest = MAX(widest, t->peers[i].columns);
	for (size_t i = 0; i < t->hosts.n; i++) {
		t->peers[i].state = PEER_RUNNING;
		if (t->peers[i].rows > 0)
			peer_send(&t->peers[i], "go %d %lld %s", t->world, widest, fingerprint);
		else
			peer_send(&t->peers[i], "leave");
	}
}

static void start_all(struct tracker *t)
{
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
	AUTO(str) char *difference = find_difference(t);
	char fingerprint[SHA256_HEX_LEN];

	for (size_t i = 0; i < t->hosts.n; i++) {
		t->world += t->peers[i].rows > 0;
		(void)buf_addf(&text, "%s\n", t->peers[i].fingerprint);
	}
	sha256_hex(text.data, text.len, fingerprint);
	t->workers = xcalloc((size_t)MAX(t->world, 1), sizeof(*t->workers));
	if (difference)
		fail_job(t, ERR_INVALID, "%s", difference);
	else if (!t->world)
		fail_job(t, ERR_INVALID, "no host has data in channel train");
	else
		give_orders(t, fingerprint);
}

/* --- lines of a host --------------------------------------------------------------------- */

static void on_hello(struct tracker *t, size_t i, const char *line)
{
	struct peer *p = &t->peers[i];

	if (p->state != PEER_LOADING ||
	    sscanf(line, "hello %lld %lld %64s", &p->rows, &p->columns, p->fingerprint) != 3) {
		peer_lost(t, i, "it sent nonsense");
		return;
	}
	p->state = PEER_READY;
	for (size_t k = 0; k < t->hosts.n; k++)
		if (t->peers[k].state != PEER_READY)
			return;
	if (!*t->verdict)
		start_all(t);
}

static void on_setting(struct peer *p, const char *line)
{
	const char *equals = strchr(line, '=');

	if (!equals || p->settings.n >= SETTINGS_MAX)
		return;
	AUTO(str) char *name = xstrndup(line, (size_t)(equals - line));
	strmap_set(&p->settings, name, equals + 1);
}

static void on_failure(struct tracker *t, size_t i, const char *line)
{
	char *reason;
	long code = strtol(line, &reason, 10);

	if (code <= ERR_OK || code >= ERR_CODE_COUNT)
		code = ERR_NET;
	fail_job(t, (enum err_code)code, "host %s failed:%s", t->hosts.items[i], reason);
}

static void on_line(struct tracker *t, size_t i, const char *line)
{
	struct peer *p = &t->peers[i];
	bool done = str_eq(line, "done"), stop = str_eq(line, "stop"), failed = str_starts(line, "fail ");

	if (str_starts(line, "hello "))
		on_hello(t, i, line);
	else if (str_starts(line, "setting "))
		on_setting(p, line + strlen("setting "));
	if (!done && !stop && !failed)
		return;
	bool early = done && !t->world && !*t->verdict;
	p->state = PEER_DONE;
	fd_close(&p->fd);
	if (failed)
		on_failure(t, i, line + strlen("fail "));
	else if (stop)
		end_job(t, "stop");
	else if (early)
		peer_lost(t, i, "it left before the training");
}

static void read_lines(struct tracker *t, size_t i)
{
	struct peer *p = &t->peers[i];

	p->input[p->input_n] = '\0';
	for (char *eol; p->fd >= 0 && (eol = strchr(p->input, '\n'));) {
		char line[HUB_LINE_MAX];
		*eol = '\0';
		str_copy(line, sizeof(line), p->input);
		p->input_n -= (size_t)(eol + 1 - p->input);
		memmove(p->input, eol + 1, p->input_n + 1);
		on_line(t, i, line);
	}
	if (p->fd >= 0 && p->input_n == sizeof(p->input) - 1)
		peer_lost(t, i, "it sent nonsense");
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
	read_lines(t, i);
}

/* --- new connections ------------------------------------------------------------------------ */

static void on_host(void *user, int fd, const char *line, const char *rest, size_t n)
{
	struct tracker *t = user;
	int index;

	if (sscanf(line, "here %d", &index) != 1 || index < 0 || (size_t)index >= t->hosts.n ||
	    t->peers[index].state != PEER_ABSENT) {
		close(fd);
		return;
	}
	struct peer *p = &t->peers[index];
	p->fd = fd;
	p->state = PEER_LOADING;
	p->heard_ms = clock_mono_ms();
	if (*t->verdict)
		peer_send(p, "%s", t->verdict);
	memcpy(p->input, rest, n); /* less than the door's input, which is less than ours */
	p->input_n = n;
	read_lines(t, (size_t)index);
}

/* An IPv4 peer on an IPv6 socket is shown as IPv4: workers connect by that. */
static char *address_text(int fd, int (*get)(int, struct sockaddr *, socklen_t *))
{
	struct sockaddr_storage a;
	socklen_t n = sizeof(a);
	char host[NI_MAXHOST];

	if (get(fd, (struct sockaddr *)&a, &n) ||
	    getnameinfo((struct sockaddr *)&a, n, host, sizeof(host), NULL, 0, NI_NUMERICHOST))
		return NULL;
	return xstrdup(str_starts(host, "::ffff:") ? host + strlen("::ffff:") : host);
}

static int get_peer(int fd, struct sockaddr *a, socklen_t *n)
{
	return getpeername(fd, a, n);
}

static int get_own(int fd, struct sockaddr *a, socklen_t *n)
{
	return getsockname(fd, a, n);
}

static bool is_loopback(const char *address)
{
	return str_starts(address, "127.") || str_eq(address, "::1");
}

/* Where the others find this worker. This host may reach itself by a loopback address:
 * then by the one at which another host has found us. */
static char *worker_address(const struct tracker *t, const char *from)
{
	for (size_t i = 0; is_loopback(from) && i < t->hosts.n; i++) {
		AUTO(str) char *peer = t->peers[i].fd >= 0 ? address_text(t->peers[i].fd, get_peer) : NULL;
		if (peer && !is_loopback(peer))
			return address_text(t->peers[i].fd, get_own);
	}
	return xstrdup(from);
}

static void *ring_main(void *arg)
{
	struct tracker *t = arg;

	(void)!ring_assign(t->workers, t->world, &t->ring_err);
	__atomic_store_n(&t->ring_done, true, __ATOMIC_RELEASE);
	return NULL;
}

static bool may_join(const struct tracker *t, const char *task, const char *from, size_t *ret)
{
	int64_t index;

	if (!from || !str_to_i64(task, &index) || index < 0 || (size_t)index >= t->hosts.n)
		return false;
	const struct peer *p = &t->peers[index];
	if (p->state != PEER_RUNNING || p->rows <= 0 || p->fd < 0 || p->in_ring)
		return false;
	*ret = (size_t)index;
	/* Only from where the host's line comes: no stranger takes its place. */
	AUTO(str) char *line = address_text(p->fd, get_peer);
	return line && str_eq(line, from);
}

static void on_worker(void *user, int fd, const char *task)
{
	struct tracker *t = user;
	AUTO(str) char *from = address_text(fd, get_peer);
	size_t i;

	if (!may_join(t, task, from, &i)) {
		close(fd);
		return;
	}
	struct ring_worker *w = &t->workers[t->n_workers++];
	*w = (struct ring_worker){.fd = fd, .rank = -1, .name = t->hosts.items[i], .host = worker_address(t, from)};
	str_copy(w->task, sizeof(w->task), task);
	t->peers[i].in_ring = true;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	if (t->n_workers < t->world)
		return;
	t->ring_started = !pthread_create(&t->ring_thread, NULL, ring_main, t);
	if (!t->ring_started)
		fail_job(t, ERR_LIMIT, "cannot start a thread");
}

/* --- the thread --------------------------------------------------------------------------------- */

static void check_absent(struct tracker *t, int64_t now)
{
	AUTO(buf) struct buf names = BUF_INIT(300);

	if (t->world || *t->verdict || now < t->deadline_ms)
		return;
	for (size_t i = 0; i < t->hosts.n; i++)
		if (t->peers[i].state == PEER_ABSENT)
			(void)buf_addf(&names, " %s", t->hosts.items[i]);
	if (names.len)
		fail_job(t, ERR_TIMEOUT, "not all hosts came within %lld seconds; missing:%s",
			 (long long)t->timeout_ms / 1000, buf_str(&names));
}

/* Where our own line is cut all fall silent together, to within a beat or two: they
 * are lost together. */
static void check_silence(struct tracker *t, int64_t now)
{
	AUTO(buf) struct buf names = BUF_INIT(300);
	int64_t longest = 0;
	size_t n = 0;

	if (now - t->turn_ms > STALL_MS)
		for (size_t i = 0; i < t->hosts.n; i++)
			t->peers[i].heard_ms = now;
	for (size_t i = 0; i < t->hosts.n; i++)
		if (t->peers[i].fd >= 0)
			longest = MAX(longest, now - t->peers[i].heard_ms);
	if (longest <= t->silence_ms)
		return;
	for (size_t i = 0; i < t->hosts.n; i++) {
		struct peer *p = &t->peers[i];
		if (p->fd < 0 || now - p->heard_ms < t->silence_ms - 2 * HUB_BEAT_MS)
			continue;
		(void)buf_addf(&names, "%s%s", n++ ? ", " : "", t->hosts.items[i]);
		fd_close(&p->fd);
		p->state = PEER_DONE;
	}
	fail_job(t, ERR_NET, "host%s %s %s lost: silent for %lld seconds", n > 1 ? "s" : "", buf_str(&names),
		 n > 1 ? "are" : "is", (long long)t->silence_ms / 1000);
}

static void send_beats(struct tracker *t, int64_t now)
{
	if (now < t->beat_ms)
		return;
	t->beat_ms = now + HUB_BEAT_MS;
	for (size_t i = 0; i < t->hosts.n; i++)
		peer_send(&t->peers[i], "beat");
}

static bool all_gone(const struct tracker *t)
{
	bool patient = !*t->verdict || clock_mono_ms() < t->grace_ms;

	for (size_t i = 0; i < t->hosts.n; i++)
		if (t->peers[i].fd >= 0 || (t->peers[i].state != PEER_DONE && patient))
			return false;
	return true;
}

static void turn(struct tracker *t, struct pollfd *fds)
{
	static const struct door_ops ops = {on_host, on_worker};
	size_t n = t->hosts.n;

	for (size_t i = 0; i < n; i++)
		fds[i] = (struct pollfd){.fd = t->peers[i].fd, .events = POLLIN};
	(void)poll(fds, n + door_poll(&t->door, fds + n), 200);
	for (size_t i = 0; i < n; i++)
		if (fds[i].revents)
			peer_read(t, i);
	door_turn(&t->door, fds + n, &ops, t);
	if (__atomic_load_n(&t->ring_done, __ATOMIC_ACQUIRE) && t->ring_err.code)
		fail_job(t, t->ring_err.code, "%s", t->ring_err.msg);
	int64_t now = clock_mono_ms();
	check_absent(t, now);
	check_silence(t, now);
	send_beats(t, now);
	t->turn_ms = now;
}

static void *tracker_main(void *arg)
{
	struct tracker *t = arg;
	struct pollfd *fds = xcalloc(t->hosts.n + DOOR_FDS_MAX, sizeof(*fds));

	t->turn_ms = clock_mono_ms();
	while (!all_gone(t))
		turn(t, fds);
	free(fds);
	__atomic_store_n(&t->over, true, __ATOMIC_RELEASE);
	return NULL;
}

/* --- begin and end ---------------------------------------------------------------------------------- */

static void tracker_free(struct tracker *t)
{
	/* The ring's thread may wait for a worker that is gone. */
	for (int i = 0; i < t->n_workers; i++)
		shutdown(t->workers[i].fd, SHUT_RDWR);
	if (t->ring_started)
		pthread_join(t->ring_thread, NULL);
	for (int i = 0; i < t->n_workers; i++) {
		fd_close(&t->workers[i].fd);
		free(t->workers[i].host);
	}
	door_close(&t->door);
	for (size_t i = 0; i < t->hosts.n; i++) {
		fd_close(&t->peers[i].fd);
		strmap_done(&t->peers[i].settings);
	}
	free(t->workers);
	free(t->peers);
	strlist_done(&t->hosts);
	free(t);
}

int tracker_start(const struct strlist *hosts, int port, int64_t timeout_ms, struct tracker **ret, struct err *err)
{
	struct tracker *t = NEW(struct tracker);

	t->port = port;
	t->timeout_ms = timeout_ms;
	t->silence_ms = hub_silence_ms(timeout_ms);
	t->deadline_ms = clock_mono_ms() + timeout_ms;
	t->peers = xcalloc(MAX(hosts->n, 1), sizeof(*t->peers));
	for (size_t i = 0; i < hosts->n; i++) {
		strlist_add(&t->hosts, hosts->items[i]);
		t->peers[i].fd = -1;
	}
	int rc = door_open(&t->door, &t->port, err);
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

void tracker_wait(const struct tracker *t)
{
	while (!__atomic_load_n(&t->over, __ATOMIC_ACQUIRE))
		(void)poll(NULL, 0, 20);
}

int tracker_finish(struct tracker *t, struct err *err)
{
	int rc = 0;

	if (!t)
		return 0;
	pthread_join(t->thread, NULL);
	if (t->err.code)
		rc = err_set(err, t->err.code, "%s", t->err.msg);
	tracker_free(t);
	return rc;
}
