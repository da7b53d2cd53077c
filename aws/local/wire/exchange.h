/* exchange.h - a request, the reply to it, and what is decided about both on the
 * way: all that the services need to know of the server.
 *
 * A reply may be a stream without end (live tail): the operation sets `stream`,
 * and calls exchange_wake whenever the stream has something to say.
 */
#ifndef SAGETOP_LOCAL_EXCHANGE_H
#define SAGETOP_LOCAL_EXCHANGE_H

#include "aws/local/wire/request.h"

struct upload; /* a body on its way into the object store (objects.h) */

/* What a request meets by --faults; all false and 0 for nothing. */
struct fault_plan {
	bool throttle, error_500, error_503, expired, empty, reset_before, reset_after, truncate;
	int64_t slow_ms, skew_ms;
	double truncate_at; /* share of the reply that is sent, 0..1 */
};

/* Body of a reply that is produced bit by bit. Returns the bytes written, 0 for
 * "nothing yet", -1 for the end. */
typedef int64_t exchange_stream_fn(void *user, char *buf, size_t max);
typedef void exchange_gone_fn(void *user);

struct exchange {
	struct request rq;
	struct reply reply;
	struct upload *upload;	    /* set by route_headers where the body goes to a file */
	struct fault fault;	    /* set by route_headers: the body is swallowed, then this is sent */
	const struct route *route;  /* found by route_headers; NULL where faulty */
	exchange_stream_fn *stream; /* set by the operation with stream_user: a reply without end */
	exchange_gone_fn *gone;	    /* called once when a streamed exchange ends */
	void *stream_user;
	struct fault_plan plan; /* decided when the operation is known; the rest carries it out */
	bool reset;
	int64_t slow_ms, truncate_at; /* truncate_at < 0: whole */
	/* The operation answers later: it sets this, fills reply or fault by itself and calls
	 * exchange_answered. `gone` tells it where nobody waits any more. */
	bool pending;
	void (*answered)(struct exchange *self); /* the route's */
	struct engine *engine;
	json_t *input;			     /* for the record; owned */
	void (*wake)(struct exchange *self); /* the server's */
	struct server_conn *conn;	     /* private to the server */
};

static inline void exchange_wake(struct exchange *x)
{
	x->wake(x);
}

/* What was pending is there. */
static inline void exchange_answered(struct exchange *x)
{
	x->answered(x);
	x->pending = false;
	x->wake(x);
}

#endif
