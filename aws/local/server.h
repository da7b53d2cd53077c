/* server.h - HTTP on the loopback address: connections in, replies out.
 *
 * The only user of libmicrohttpd. It collects a request (headers first, then the
 * body into memory or wherever the route wants it), calls the route, and sends
 * the reply, at once or when exchange_finish is called later. Slow and stuck
 * clients are cut off here; so are requests that did not come for this host.
 */
#ifndef SAGETOP_LOCAL_SERVER_H
#define SAGETOP_LOCAL_SERVER_H

#include "aws/local/faults.h"
#include "aws/local/request.h"

struct server;
struct exchange;
struct upload; /* a body on its way into the object store (objects.h) */

/* Body of a reply that is produced bit by bit (live tail). Returns the bytes
 * written, 0 for "nothing yet" (wake with exchange_wake), -1 for the end. */
typedef int64_t exchange_stream_fn(void *user, char *buf, size_t max);
typedef void exchange_gone_fn(void *user);

struct exchange {
	struct request rq;
	struct reply reply;
	struct upload *upload;	    /* set by route_headers where the body goes to a file */
	struct fault fault;	    /* set by route_headers: the body is swallowed, then this is sent */
	const struct route *route;  /* found by route_headers; NULL where faulty */
	exchange_stream_fn *stream; /* set by the route with stream_user: a reply without end */
	exchange_gone_fn *gone;	    /* called once when a streamed exchange ends */
	void *stream_user;
	bool deferred;		/* set by the route: exchange_finish comes later */
	struct fault_plan plan; /* decided when the operation is known; the rest carries it out */
	bool reset;
	int64_t slow_ms, truncate_at; /* truncate_at < 0: whole */
	struct server_conn *conn;     /* private to server.c */
};

int server_start(struct engine *e, struct server **ret, struct err *err) NODISCARD;
void server_stop(struct server *s);
int server_port(const struct server *s);

/* The route's reply is complete: a deferred exchange goes on. */
void exchange_finish(struct exchange *x);
void exchange_wake(struct exchange *x); /* a stream has something to say */

#endif
