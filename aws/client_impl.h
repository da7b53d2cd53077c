/* client_impl.h - the client's own state, shared by client.c (loop, timers),
 * request.c (queue, replies), request_list.c (long replies), request_send.c (one attempt) and
 * process.c (child processes). Private. */
#ifndef SAGETOP_AWS_CLIENT_IMPL_H
#define SAGETOP_AWS_CLIENT_IMPL_H

#include "aws/client.h"
#include "aws/config.h"
#include "aws/credentials.h"
#include "aws/http.h"
#include "aws/op.h"
#include "aws/retry.h"
#include "base/map.h"

struct child;

enum request_state { REQUEST_QUEUED, REQUEST_WAITING, REQUEST_SENT, REQUEST_READING /* its list */, REQUEST_ENDED };

struct aws_request {
	struct aws_client *client;
	enum request_state state;
	bool cancelled;

	/* what was asked for, owned */
	const struct aws_op *op;
	enum aws_priority priority;
	char *method, *bucket, *path, *query, *region, *host_prefix;
	struct strmap headers;
	char *body;
	size_t body_len;
	char *body_path;
	int64_t body_offset;
	char body_hash[65];
	size_t max_reply;
	int (*on_start)(void *ctx, const struct http_reply *reply);
	int (*on_data)(void *ctx, const void *data, size_t n);
	aws_reply_fn *fn;
	void *ctx;
	const char *list_member; /* of the reply: its items go to items_fn, slice by slice */
	aws_items_fn *items_fn;	 /* NULL: the reply is read at once */

	/* how it goes */
	struct http_transfer *transfer;
	int attempts, last_cost;
	int64_t started_ms;    /* monotonic */
	int64_t not_before_ms; /* monotonic: the back-off */
	int64_t skew_used_ms;
	char *signed_with; /* access key id */
	bool renewed, redirected, got_data, throttled;
	bool unsure; /* an attempt ended without an answer */
	int http_status;
	char request_id[64];
	struct err err;
	json_t *json;	 /* of a reply that is being read, without its list */
	char *list_body; /* what its list is in */
	const char *list;
	size_t list_len, list_at;
};

struct timer {
	uint64_t id;
	int64_t due_ms;
	aws_timer_fn *fn;
	void *user;
};

struct op_bucket {
	const struct aws_op *op;
	struct token_bucket bucket;
};

struct aws_client {
	struct aws_client *next; /* in the ring of those beside each other; itself where it is alone */
	struct aws_config config;
	struct aws_io io;
	char *endpoint_url; /* explicit; NULL */
	char *shown_endpoint;
	bool local;
	struct http *http;
	struct cred_cache *credentials;

	struct aws_request **requests; /* in order of arrival */
	size_t n_requests, cap_requests, n_sent;
	struct timer *timers;
	size_t n_timers, cap_timers;
	uint64_t last_timer;
	struct op_bucket *buckets;
	size_t n_buckets, cap_buckets;
	struct strmap rates; /* operation -> configured requests per second */
	struct strmap bucket_regions;
	struct retry_quota quota;
	int max_attempts;
	bool adaptive;
	struct adaptive_rate rate;
	bool skew_known;
	int64_t skew_ms;
	uint64_t random_state;
	struct child *children;
	bool has_terminal; /* that a credential_process may use */

	aws_mfa_fn *mfa;
	void *mfa_user;
	void (*mfa_answer)(void *user, const char *code); /* who waits for the code; NULL */
	void *mfa_answer_user;
	aws_report_fn *report;
	void *report_user;
	aws_left_out_fn *left_out;
	void *left_out_user;
	size_t n_left_out;
	size_t last_left_out[AWS_OP_COUNT];
};

/* request.c */
void requests_pump(struct aws_client *c);
int64_t requests_wait_ms(struct aws_client *c); /* until something can be sent; -1: nothing waits */
void requests_finish(struct aws_client *c);	/* run the callbacks of those that have ended */
void requests_fail_waiting(struct aws_client *c, const struct err *err);
void requests_cancel_all(struct aws_client *c);

/* The reply, or err in r: the parts of a list that is read in slices stay with r. */
json_t *request_read_reply(struct aws_request *r, const struct http_reply *reply);
void request_read_whole(struct aws_request *r); /* its list was given: it ends */
void requests_read(struct aws_client *c);	/* a slice of one that is being read */

void request_on_reply(void *user, const struct http_reply *reply, const struct err *err);

/* request_send.c: sign with cred and hand over to the transport. */
int request_send(struct aws_request *r, const struct aws_credentials *cred, struct err *err);

/* process.c: children of credential_process, read in the client's loop */
void process_run(void *client, const char *const *argv, aws_process_fn *fn, void *fn_user);
unsigned process_fds(struct aws_client *c, struct pollfd *fds, unsigned max);
void process_poll(struct aws_client *c);
void process_free_all(struct aws_client *c);

#endif
