/* op.h - how a service's file makes a call: an operation row, what to send, and a
 * function for the reply. For the files of aws/ only; the rest of the program
 * sees the typed functions of sagemaker.h, logs.h and so on.
 */
#ifndef SAGETOP_AWS_OP_H
#define SAGETOP_AWS_OP_H

#include "aws/client.h"
#include "aws/endpoint.h"
#include "aws/http_types.h"

struct aws_op {
	const struct aws_service *service;
	const char *name;
	double rate, burst; /* a second; 0: no limit of ours */
	int64_t timeout_ms; /* of one attempt; 0: the transport's; -1: none (streams) */
	bool no_retry;
};

struct aws_reply {
	int status;
	const char *body;
	size_t len;
	const json_t *json; /* JSON services: never NULL on success ({} for an empty body) */
	const struct http_reply *http;
};

/* reply is NULL beside an err. All borrowed; runs exactly once, from aws_client_poll. */
typedef void aws_reply_fn(void *ctx, const struct aws_reply *reply, const struct err *err);

struct aws_call {
	const struct aws_op *op;
	enum aws_priority priority;
	const char *method;	      /* NULL: POST */
	const char *bucket;	      /* S3: becomes part of the host name or the path */
	const char *path;	      /* encoded; NULL: "/" */
	const char *query;	      /* encoded, without '?'; may be NULL */
	const char *region;	      /* NULL: the client's */
	const char *host_prefix;      /* "stream-"; NULL */
	const struct strmap *headers; /* more of them; may be NULL */
	const void *body;	      /* copied */
	size_t body_len;
	const char *body_path; /* or: body_len bytes of this file from body_offset */
	int64_t body_offset;
	const char *body_hash; /* hex, where body_path */
	size_t max_reply;      /* 0: the transport's default */
	int (*on_start)(void *ctx, const struct http_reply *reply);
	int (*on_data)(void *ctx, const void *data, size_t n); /* see http_types.h */
	aws_reply_fn *fn;
	void *ctx;
};
/* Copies what it needs. Never NULL. */
struct aws_request *aws_call(struct aws_client *c, const struct aws_call *call);
/* A JSON service's call: steals body. */
struct aws_request *aws_call_json(struct aws_client *c, const struct aws_op *op, enum aws_priority p, json_t *body,
				  aws_reply_fn *fn, void *ctx);

/* How the failure of a reply reads: code, message and class from body and headers. */
void aws_reply_error(const struct http_reply *r, enum aws_protocol protocol, const char *operation, struct err *err);
/* The header by which Lambda notices that functions call each other without end; NULL
 * where there is none to send, or the request has one already. Owned by the caller. */
char *aws_trace_id(const struct aws_io *io, const char *already) NODISCARD;
/* The class of a service's error code. */
enum err_code aws_error_class(const char *aws_code, const char *message, int http_status);

#endif
