/* op.h - how a call is made: an operation's row (operations.def), what to send, and a
 * function for the reply. The files of aws/ have typed functions in front of it
 * (sagemaker.h, logs.h ...); kinds that need none use aws_op_find and aws_call_named.
 */
#ifndef SAGETOP_AWS_OP_H
#define SAGETOP_AWS_OP_H

#include "aws/client.h"
#include "aws/endpoint.h"
#include "aws/http_types.h"
#include "aws/op_row.h"

enum aws_op_id {
#define AWS_OP(service, name, ...) AWS_OP_##service##_##name,
#include "aws/operations.def"
#undef AWS_OP
	AWS_OP_COUNT
};
extern const struct aws_op aws_ops[AWS_OP_COUNT];
#define AWS_OP_ROW(service, name) (&aws_ops[AWS_OP_##service##_##name])

/* service as IAM spells it ("sagemaker", "cloudwatch", "application-autoscaling").
 * NULL where there is no such row. */
const struct aws_op *aws_op_find(const char *service, const char *name);
/* "sagemaker:Search". Owned by the caller. */
char *aws_op_action(const struct aws_op *op) NODISCARD;

/* A name that nothing has: what is asked about it answers "not found" where the call
 * is allowed. */
#define AWS_NOBODY "sagetop-doctor-no-such-job"

struct aws_reply {
	int status;
	const char *body;
	size_t len;
	const json_t *json;	       /* JSON services: never NULL on success ({} for an empty body) */
	const struct http_reply *http; /* NULL where the list was read in slices, as is body */
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
/* A call of a JSON or REST-JSON service with the members of body, which it steals.
 * Members that are labels of the path or parameters of the query go into the URL. */
struct aws_request *aws_call_named(struct aws_client *c, const struct aws_op *op, enum aws_priority p, json_t *body,
				   aws_reply_fn *fn, void *ctx);

/* The list of that member of the reply is handed on in slices of some milliseconds, a turn
 * of the loop each: fn gets some of the items in their order, again and again, then the
 * call's own function the reply, whose list means nothing any more. In the place of an item
 * that cannot be read is null: the others were given, so that it is not asked for again. */
typedef void aws_items_fn(void *ctx, const json_t *items);
void aws_request_slice(struct aws_request *r, const char *member, aws_items_fn *fn);

/* The reply of a call that ended with status 2xx: a new reference (JSON services: never
 * NULL, {} for an empty body; else NULL). It is an error of the network, which is tried
 * again, where it is not whole or lacks what the operation's row says, of the service
 * where it is a page of HTML. */
json_t *aws_reply_read(const struct aws_op *op, const struct http_reply *r, struct err *err);
bool aws_reply_is_html(const struct http_reply *r);
int aws_reply_html_error(const struct http_reply *r, const char *operation, struct err *err);
/* The parse functions tell what they had to leave out of a reply; 0 as well. */
void aws_note_left_out(struct aws_client *c, const struct aws_op *op, size_t n);
/* How the failure of a reply reads: code, message and class from body and headers. */
void aws_reply_error(const struct http_reply *r, enum aws_protocol protocol, const char *operation, struct err *err);
/* The header by which Lambda notices that functions call each other without end; NULL
 * where there is none to send, or the request has one already. Owned by the caller. */
char *aws_trace_id(const struct aws_io *io, const char *already) NODISCARD;

#endif
