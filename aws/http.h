/* http.h - the transport: a curl multi handle, which those beside each other share, and the only
 * user of libcurl, which is opened with the first transfer (http_library.h).
 *
 * Connections are kept and reused, HTTP/2 is used where TLS offers it. Replies
 * are capped in headers and body. Nothing blocks but http_poll, for at most its
 * time-out; callbacks run from there only.
 */
#ifndef SAGETOP_AWS_HTTP_H
#define SAGETOP_AWS_HTTP_H

#include "aws/http_types.h"

struct http;
struct http_transfer; /* valid until its callback has run */
struct pollfd;

struct http_options {
	const char *ca_bundle;			      /* NULL: the system's */
	const char *user_agent;			      /* NULL: ours */
	int64_t connect_timeout_ms, total_timeout_ms; /* 0: 5 s, 60 s */
	struct http *beside;			      /* http_poll of either turns both; NULL: alone */
};

struct http *http_new(const struct http_options *opt) NODISCARD;
void http_free(struct http *h); /* what is under way ends without a callback */
AUTO_POINTER(http, struct http, http_free)

/* Never NULL. Everything in r is copied. */
struct http_transfer *http_send(struct http *h, const struct http_request *r, http_reply_fn *fn, void *user);
/* The callback does not run. */
void http_cancel(struct http_transfer *t);

/* For how long nothing has come although an answer is waited for; 0 where none is. */
int64_t http_silent_ms(const struct http *h);

/* Wait at most timeout_ms for transfers or fds (revents set as poll(2) does), then
 * run the callbacks of those that have ended. At most HTTP_FDS_MAX of fds are looked at. */
#define HTTP_FDS_MAX 32
int http_poll(struct http *h, struct pollfd *fds, unsigned n_fds, int timeout_ms);

#endif
