/* sweep.h - the jobs of a sweep in the durable queue.
 *
 * A sweep is a run of the queue: its rows wait for a quota, a rate or credentials, and whatever happens
 * meanwhile each of its requests is sent once. Putting it in again goes on with it: what was launched stays
 * so, what waits is due at once, what was refused is asked for once more. */
#ifndef SAGETOP_SYNC_SWEEP_H
#define SAGETOP_SYNC_SWEEP_H

#include "sync/sync.h"

/* How a job of the plan stands; in its order. */
struct sweep_row {
	enum launch_state state;
	char *error; /* the last one; NULL */
	int64_t pack, cycle;
};
struct sweep_rows {
	struct sweep_row *items;
	size_t n;
};
void sweep_rows_done(struct sweep_rows *r);
AUTO_EMBEDDED(sweep_rows, struct sweep_rows, sweep_rows_done)

/* All jobs of the plan into the queue, or none. *ret (replaced) says how they stand then: what was accepted
 * by then was launched before. ERR_EXISTS where an earlier sweep of that name was interrupted and jobs of it wait that
 * the plan has not: they would be sent beside these. */
int sweep_enqueue(struct sync *s, const struct launch_plan *p, struct sweep_rows *ret, struct err *err) NODISCARD;
/* How they stand now; no network. */
int sweep_look(struct sync *s, const struct launch_plan *p, struct sweep_rows *rows, struct err *err) NODISCARD;

/* What waits of that sweep is due now, and this process's. ERR_NOTFOUND where nothing does. */
int sweep_resume(struct sync *s, const char *name, struct err *err) NODISCARD;
/* Take back what waits of a sweep, or of a job of that name: it is not sent. ERR_NOTFOUND where nothing waits. */
int launch_discard(struct sync *s, const char *name, struct launch_discarded *ret, struct err *err) NODISCARD;
/* What was launched from here, into the session; no network. */
void sync_launches(struct sync *s);

/* Say how a sweep went where this was the last of its rows to be settled; run: the row's, or NULL. */
void sweep_row_settled(struct sync *s, const char *run);

#endif
