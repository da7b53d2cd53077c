/* The port that the hub listens at: greetings, and what is no host. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "trainer/hosts/tracker.h"
#include "trainer/hosts/tracker_door.h"

int door_open(struct door *d, int *port, struct err *err)
{
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)*port)};
	struct sockaddr_in a4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)*port)};
	socklen_t n = sizeof(a);
	int on = 1, off = 0;

	d->n_callers = 0;
	d->listen_fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool six = d->listen_fd >= 0;
	if (!six)
		d->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	setsockopt(d->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (six)
		setsockopt(d->listen_fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(d->listen_fd, six ? (void *)&a : (void *)&a4, six ? sizeof(a) : sizeof(a4)) ||
	    listen(d->listen_fd, 256) || getsockname(d->listen_fd, (struct sockaddr *)&a, &n))
		return err_set(err, ERR_NET, "cannot listen on port %d for the other hosts: %m", *port);
	*port = ntohs(a.sin6_port); /* at the same place in both kinds of address */
	return 0;
}

static void remove_caller(struct door *d, size_t i)
{
	memmove(&d->callers[i], &d->callers[i + 1], (--d->n_callers - i) * sizeof(d->callers[0]));
}

static void send_away(struct door *d, size_t i)
{
	fd_close(&d->callers[i].fd);
	remove_caller(d, i);
}

void door_close(struct door *d)
{
	while (d->n_callers)
		send_away(d, d->n_callers - 1);
	fd_close(&d->listen_fd);
}

static void accept_all(struct door *d)
{
	int fd;

	while ((fd = accept4(d->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		if (d->n_callers == DOOR_CALLERS_MAX)
			send_away(d, 0);
		d->callers[d->n_callers++] = (struct caller){.fd = fd, .since_ms = clock_mono_ms()};
	}
}

/* The ring's greeting is answered, and only then does the worker say more. */
static bool answer_ring(struct caller *c)
{
	uint32_t magic = RING_MAGIC;

	c->in_ring = true;
	c->n -= sizeof(magic);
	memmove(c->input, c->input + sizeof(magic), c->n);
	return send(c->fd, &magic, sizeof(magic), MSG_NOSIGNAL) == sizeof(magic);
}

static void hand_worker(struct door *d, size_t i, const struct door_ops *ops, void *user)
{
	struct caller c = d->callers[i];
	char task[RING_TASK_MAX];
	enum ring_command command = ring_parse(c.input, c.n, task);

	if (command == RING_MORE && c.n < sizeof(c.input))
		return;
	if (command != RING_START) {
		send_away(d, i);
		return;
	}
	remove_caller(d, i);
	ops->worker(user, c.fd, task);
}

static void hand_host(struct door *d, size_t i, const struct door_ops *ops, void *user)
{
	struct caller c = d->callers[i];
	char *eol = memchr(c.input, '\n', c.n);

	if (!eol && c.n < sizeof(c.input))
		return;
	if (!eol) {
		send_away(d, i);
		return;
	}
	*eol = '\0';
	remove_caller(d, i);
	ops->host(user, c.fd, c.input + strlen(HUB_GREETING), eol + 1, (size_t)(c.input + c.n - eol - 1));
}

static void caller_read(struct door *d, size_t i, const struct door_ops *ops, void *user)
{
	struct caller *c = &d->callers[i];
	uint32_t greeting;
	ssize_t n = recv(c->fd, c->input + c->n, sizeof(c->input) - c->n, 0);

	if (n <= 0) {
		send_away(d, i);
		return;
	}
	c->n += (size_t)n;
	if (!c->in_ring) {
		if (c->n < sizeof(greeting))
			return;
		memcpy(&greeting, c->input, sizeof(greeting));
		if (!memcmp(&greeting, HUB_GREETING, sizeof(greeting))) {
			hand_host(d, i, ops, user);
			return;
		}
		if (greeting != RING_MAGIC || !answer_ring(c)) {
			send_away(d, i);
			return;
		}
	}
	hand_worker(d, i, ops, user);
}

size_t door_poll(const struct door *d, struct pollfd fds[DOOR_FDS_MAX])
{
	for (size_t i = 0; i < d->n_callers; i++)
		fds[i] = (struct pollfd){.fd = d->callers[i].fd, .events = POLLIN};
	fds[d->n_callers] = (struct pollfd){.fd = d->listen_fd, .events = POLLIN};
	return d->n_callers + 1;
}

void door_turn(struct door *d, const struct pollfd *fds, const struct door_ops *ops, void *user)
{
	int64_t now = clock_mono_ms();
	bool arrived = fds[d->n_callers].revents;

	/* From the last on: one that goes moves only those behind it. */
	for (size_t i = d->n_callers; i-- > 0;) {
		if (fds[i].revents)
			caller_read(d, i, ops, user);
		else if (now - d->callers[i].since_ms > DOOR_PATIENCE_MS)
			send_away(d, i);
	}
	if (arrived)
		accept_all(d);
}
