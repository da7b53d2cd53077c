/* http_types.h - an HTTP exchange as plain data, free of any library's types. */
#ifndef SAGETOP_AWS_HTTP_TYPES_H
#define SAGETOP_AWS_HTTP_TYPES_H

#include "base/buf.h"
#include "base/str.h"

struct http_header {
	const char *name, *value;
};

struct http_reply;

struct http_request {
	const char *method; /* GET, PUT, POST, HEAD, DELETE */
	const char *url;
	const struct http_header *headers;
	size_t n_headers;
	const void *body; /* copied; or: */
	size_t body_len;
	const char *body_path; /* the body is body_len bytes of this file, from body_offset */
	int64_t body_offset;
	int64_t connect_timeout_ms; /* 0: the default */
	int64_t total_timeout_ms;   /* 0: the default; -1: none, but a stalled transfer still ends */
	size_t max_body;	    /* of the reply; 0: the default */
	bool no_proxy;		    /* link-local endpoints */
	/* A successful reply (2xx) as it comes: first its status and headers, then
	 * pieces of its body, which are then not collected. Either may be NULL. A
	 * negative return ends the transfer with that code. */
	int (*on_start)(void *user, const struct http_reply *reply);
	int (*on_data)(void *user, const void *data, size_t n);
	void *data_user;
};

struct http_reply {
	int status; /* 0 where none was received */
	const char *body;
	size_t len;
	struct buf *whole;		   /* what body lies in: who keeps a long one takes it. NULL: it is copied */
	const struct http_header *headers; /* names in lower case */
	size_t n_headers;
	int64_t sent_ms, received_ms; /* wall clock */
	bool http2;
};
const char *http_reply_header(const struct http_reply *r, const char *name); /* NULL where absent */

/* reply is never NULL (status 0 beside an err); err is NULL where a reply of any
 * status came. ERR_NET, ERR_TIMEOUT, ERR_TOOBIG, ERR_CANCELLED. All borrowed. */
typedef void http_reply_fn(void *user, const struct http_reply *reply, const struct err *err);

#endif
