/* tracker_door.h - who connects to the tracker's port: hosts, workers of the ring,
 * strangers.
 *
 * Nobody is waited for: bytes are collected as they come, a caller that does not say
 * within DOOR_PATIENCE_MS what it wants is sent away, and of too many the oldest. So a
 * stranger that sends rubbish, or nothing, holds nobody up.
 */
#ifndef SAGETOP_TRAINER_TRACKER_DOOR_H
#define SAGETOP_TRAINER_TRACKER_DOOR_H

#include <poll.h>

#include "trainer/hosts/tracker_ring.h"

#define DOOR_CALLERS_MAX 64
#define DOOR_PATIENCE_MS 10000
#define DOOR_INPUT_MAX 256

struct door {
	int listen_fd;
	struct caller {
		int fd;
		bool in_ring; /* greeted as a worker of the ring, else nothing said yet */
		int64_t since_ms;
		char input[DOOR_INPUT_MAX];
		size_t n;
	} callers[DOOR_CALLERS_MAX];
	size_t n_callers;
};

/* Both take over fd. rest: what came behind the first line. */
struct door_ops {
	void (*host)(void *user, int fd, const char *line, const char *rest, size_t n);
	void (*worker)(void *user, int fd, const char *task);
};

/* IPv6 and IPv4 where there are both. port 0 picks one; *port is the one. */
int door_open(struct door *d, int *port, struct err *err) NODISCARD;
void door_close(struct door *d);

#define DOOR_FDS_MAX (DOOR_CALLERS_MAX + 1)
size_t door_poll(const struct door *d, struct pollfd fds[DOOR_FDS_MAX]); /* how many it filled in */
void door_turn(struct door *d, const struct pollfd *fds, const struct door_ops *ops, void *user);

#endif
