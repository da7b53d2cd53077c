/* request.h - one HTTP request as it stood on the wire, and the reply to it.
 *
 * Pure data: nothing here knows the HTTP library, so that signatures, routes and
 * operations can be tested (and fuzzed) on bytes alone. Path and query are kept
 * raw, since the signature covers what was sent, not what it decodes to.
 */
#ifndef SAGETOP_LOCAL_REQUEST_H
#define SAGETOP_LOCAL_REQUEST_H

#include "aws/sigv4.h"
#include "base/buf.h"
#include "base/json.h"

#define REQUEST_MAX_BODY ((size_t)16 << 20) /* an API call's; objects go to a file */
#define REQUEST_MAX_HEADERS 128
#define REQUEST_MAX_TARGET ((size_t)32 << 10)

struct principal {
	char access_key[130];
	char arn[600];
	char user_id[200];
};

struct request {
	char method[16];
	char *path;  /* raw, "/" where empty */
	char *query; /* raw, without '?'; NULL where none */
	struct sigv4_header *headers;
	size_t n_headers, cap_headers;
	struct strmap args; /* the query, decoded; a name without '=' has the value "" */
	struct buf body;
	char id[37];

	/* From the credential scope, before it is verified. */
	char region[64], service[64];
	struct principal who;
	int64_t clock_skew_ms; /* a fault: how far this clock is ahead of the real one */
};

void request_init(struct request *r);
void request_done(struct request *r);
AUTO_EMBEDDED(request, struct request, request_done)

/* target is "path?query". ERR_INVALID for what cannot be an HTTP target. */
int request_set_target(struct request *r, const char *method, const char *target, struct err *err) NODISCARD;
void request_add_header(struct request *r, const char *name, const char *value); /* copies */
const char *request_header(const struct request *r, const char *name);		 /* any case; the first; NULL */
const char *request_arg(const struct request *r, const char *name);		 /* NULL where absent */

/* application/x-www-form-urlencoded text into pairs (the first of a name wins). */
int form_parse(const char *text, size_t n, struct strmap *out, struct err *err) NODISCARD;

/* A failure as the service names it. message is a line; http_status 0 takes 400. */
struct fault {
	int http_status;
	char code[64];
	char shape[64]; /* its name in JSON and CBOR, where that is not the code (CloudWatch's) */
	char message[2048];
};
/* Returns -1, so that an operation can `return fault_set(...)`. The first wins. */
int fault_set(struct fault *f, int http_status, const char *code, const char *fmt, ...) PRINTF_LIKE(4, 5);
#ifdef __clang_analyzer__ /* sees one file at a time: this is what the line above says */
#define fault_set(...) ((void)fault_set(__VA_ARGS__), -1)
#endif

struct reply {
	int status;
	const char *content_type; /* static; NULL: none */
	struct strmap headers;
	struct buf body;
	int fd; /* -1, or a file whose bytes offset..offset+length are the body; owned */
	int64_t offset, length;
};
void reply_init(struct reply *r);
void reply_done(struct reply *r);

#endif
