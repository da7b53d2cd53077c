/* tracker_ring.h - the tracker's side of the ring protocol of libxgboost 1.x. */
#ifndef SAGETOP_TRAINER_TRACKER_RING_H
#define SAGETOP_TRAINER_TRACKER_RING_H

#include "base/mem.h"

#define RING_MAGIC 0xff99
#define RING_WORKERS_MAX 1024

struct ring_worker {
	int fd;
	int rank;
	char *host;    /* numeric address */
	char task[64]; /* orders the ranks */
	int port;      /* where it listens */
	int waits;     /* connections that later workers still make to it */
};

enum ring_command { RING_START, RING_PRINT, RING_SHUTDOWN, RING_BROKEN };

/* After the magic number has been read from fd: the rest of a worker's request.
 * Takes over fd. */
enum ring_command ring_request(int fd, struct ring_worker *ret);

/* All workers are there: give ranks in the order of their tasks and tell each its
 * neighbours. Closes their descriptors. */
int ring_assign(struct ring_worker *workers, int n, struct err *err) NODISCARD;

#endif
