/* tracker_ring.h - the tracker's side of the ring protocol of libxgboost 1.x.
 *
 * A worker says who it is (ring_parse); once all are there, ring_assign gives the
 * ranks and tells each whom to connect to. It waits for workers as long as it takes
 * them: run it in a thread of its own, and shut a worker's descriptor down to end it.
 */
#ifndef SAGETOP_TRAINER_TRACKER_RING_H
#define SAGETOP_TRAINER_TRACKER_RING_H

#include "base/mem.h"

#define RING_MAGIC 0xff99 /* greeting of both sides, as a 4-byte number */
#define RING_WORKERS_MAX 1024
#define RING_TASK_MAX 64

struct ring_worker {
	int fd;
	int rank;
	const char *name;	  /* of its host, for messages; borrowed */
	char *host;		  /* numeric address */
	char task[RING_TASK_MAX]; /* orders the ranks */
	int port;		  /* where it listens */
	int waits;		  /* connections that later workers still make to it */
};

enum ring_command { RING_MORE, RING_START, RING_OTHER, RING_BROKEN };

/* What a worker sends after the greeting: RING_MORE until all of it is there. */
enum ring_command ring_parse(const char *bytes, size_t n, char task[RING_TASK_MAX]);

/* All workers are there: give ranks in the order of their tasks and tell each its
 * neighbours. The descriptors stay open. */
int ring_assign(struct ring_worker *workers, int n, struct err *err) NODISCARD;

#endif
