/* http_call.h - HTTP/1.1 requests to a server on this machine, on the loop: what an
 * endpoint forwards. Connections are kept and used again.
 */
#ifndef SAGETOP_LOCAL_HTTP_CALL_H
#define SAGETOP_LOCAL_HTTP_CALL_H

#include "aws/local/core/loop.h"
#include "base/buf.h"
#include "base/str.h"

#define HTTP_CALL_MAX_BODY ((size_t)256 << 20) /* of either direction */

/* One server. */
struct http_peer {
	struct loop *loop;
	int port;
	struct http_conn *conns; /* private */
};
void http_peer_done(struct http_peer *p); /* calls under way end without an answer */

struct http_answer {
	int status;	       /* 0: none came */
	struct strmap headers; /* names in small letters */
	struct buf body;
	bool timed_out;
	bool refused;	 /* nobody listens there: it was not sent */
	char error[128]; /* why none came */
};
/* Borrowed. Runs once: from the loop, or from http_peer_done. */
typedef void http_call_fn(void *user, struct http_answer *a);

/* body is copied, of HTTP_CALL_MAX_BODY bytes at most. No answer within timeout_ms is a failure. */
void http_call(struct http_peer *p, const char *method, const char *path, const struct strmap *headers,
	       const void *body, size_t n, int64_t timeout_ms, http_call_fn *fn, void *user);

#endif
