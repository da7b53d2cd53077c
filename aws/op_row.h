/* op_row.h - what a row of operations.def says: data alone. */
#ifndef SAGETOP_AWS_OP_ROW_H
#define SAGETOP_AWS_OP_ROW_H

struct aws_service;

enum aws_access { AWS_READ, AWS_WRITE }; /* AWS_WRITE: with the full policy only */

enum aws_timeout {
	AWS_TIMEOUT_USUAL, /* the transport's, for the whole of an attempt */
	AWS_TIMEOUT_NONE,  /* bodies and streams: it may take long, but a stall ends it */
};

/* What may have happened when an attempt has ended without an answer. */
enum aws_retry {
	AWS_RETRY_REPEATS, /* once more does no harm */
	AWS_RETRY_CREATES, /* "exists" on a later attempt may be our own */
	AWS_RETRY_DELETES, /* "not found" on a later attempt is what was wanted */
	AWS_RETRY_NEVER,   /* what it calls is not ours: it is sent again only where it was not let in */
};

struct aws_op {
	const struct aws_service *service;
	const char *name;
	enum aws_access access;
	double rate, burst;   /* requests a second; 0: no limit of ours */
	const char *reply;    /* what a success holds: "Member", "a|b", "header:etag", apart by spaces */
	const char *resource; /* for policies, behind "arn:aws:", %R region, %A account; "*": all; "": none yet */
	const char *need;     /* what is lost without it, for people */
	enum aws_timeout timeout;
	enum aws_retry retry;
	const char *action; /* of IAM; NULL: service:Name */
	const char *method; /* REST-JSON; NULL: POST */
	const char *path;   /* REST-JSON: "/schedules/{Name}" */
	const char *query;  /* REST-JSON: "Member=parameter Member", apart by spaces */
	const char *probe;  /* doctor's request; "": none changes nothing; NULL: not asked */
};

#endif
