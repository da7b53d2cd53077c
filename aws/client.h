/* client.h - one AWS account, region and transport; every operation goes here.
 *
 * An operation is a row (struct aws_op) with a build and a parse function in the
 * service's file. A call is asynchronous: its callback runs later from
 * aws_client_poll, exactly once, never from within the call itself. Requests
 * queue behind their operation's token bucket, user actions before polling;
 * retries, signing, clock skew and credential refresh happen inside.
 * One thread; nothing here blocks.
 */
#ifndef SAGETOP_AWS_CLIENT_H
#define SAGETOP_AWS_CLIENT_H

#include "base/json.h"

struct aws_client;
struct aws_request; /* a call under way; valid until its callback has run */

struct aws_options {
	const char *profile;	  /* NULL: AWS_PROFILE, then "default" */
	const char *region;	  /* NULL: the chain of DESIGN.md; see aws/config.h */
	const char *endpoint_url; /* for every service; NULL: AWS_ENDPOINT_URL and the profile */
	bool local;		  /* the local engine's credentials, no chain */
	const char *local_secret; /* its secret; NULL: one that was started with --open */
	/* Another client: aws_client_poll of either turns both, and waits for both. NULL: alone */
	struct aws_client *beside;
};

enum aws_priority { AWS_POLLING = 0, AWS_USER_ACTION };

/* Every request that has ended is reported here once, for the session's log and
 * the header's budget. Text is free of secrets. */
struct aws_request_report {
	int64_t at_ms;
	const char *service, *operation;
	int http_status, attempts;
	bool throttled;
	int64_t took_ms;
	const char *request_id;
	const char *error; /* NULL where it succeeded */
};
typedef void aws_report_fn(void *user, const struct aws_request_report *r);

/* Records of a reply that could not be read and were left out, where their number differs
 * from the reply before: it is about the same each time that a list is asked for. */
typedef void aws_left_out_fn(void *user, const char *operation, size_t n);

int aws_client_new(const struct aws_options *opt, struct aws_client **ret, struct err *err) NODISCARD;
void aws_client_free(struct aws_client *c); /* cancels what is under way: callbacks get ERR_CANCELLED */
AUTO_POINTER(aws_client, struct aws_client, aws_client_free)

const char *aws_client_region(const struct aws_client *c);
const char *aws_client_profile(const struct aws_client *c);
const char *aws_client_endpoint(const struct aws_client *c); /* NULL where AWS's own */
const char *aws_client_credential_source(
	const struct aws_client *c); /* "environment", ...; NULL before the first use */
void aws_client_on_report(struct aws_client *c, aws_report_fn *fn, void *user);
void aws_client_on_left_out(struct aws_client *c, aws_left_out_fn *fn, void *user);
size_t aws_client_left_out(const struct aws_client *c); /* records of all replies so far */

/* For how long nothing has come although an answer is waited for; 0 where none is. */
int64_t aws_client_silent_ms(const struct aws_client *c);
/* How far the service's clock is ahead of this machine's, from its last reply; false before
 * there was one. */
bool aws_client_clock_skew(const struct aws_client *c, int64_t *ret_ms);

/* Requests a second for one operation (configuration). The defaults are the
 * service's known quotas. */
int aws_client_set_rate(struct aws_client *c, const char *operation, double per_second, struct err *err) NODISCARD;

/* A profile's role may need the code of an MFA device: fn is asked for it (with the
 * device's serial number or ARN) and answers now or later; NULL for no code. Without
 * a function such roles fail. */
typedef void aws_mfa_fn(void *user, const char *serial);
void aws_client_on_mfa(struct aws_client *c, aws_mfa_fn *fn, void *user);
void aws_client_answer_mfa(struct aws_client *c, const char *code);

/* Whether a credential_process may ask and talk on our terminal (default: it may not). Off
 * while a screen is drawn there. */
void aws_client_give_terminal(struct aws_client *c, bool give);
/* Whether the profile's credentials come from a program that may want the terminal. */
bool aws_client_runs_program(const struct aws_client *c);
/* What is wrong with a configuration file that was left out; NULL. */
const char *aws_client_config_problem(const struct aws_client *c);

/* Resolve credentials now; ERR_AUTH lists the sources tried. */
int aws_client_check_credentials(struct aws_client *c, struct err *err) NODISCARD;

/* One turn of the loop, of those beside it too: waits at most timeout_ms for transfers, timers or any of
 * fds (revents set as poll(2) does), then runs the callbacks that are due. */
struct pollfd;
int aws_client_poll(struct aws_client *c, struct pollfd *fds, unsigned n_fds, int timeout_ms);
/* Call fn once after delay_ms, from aws_client_poll. */
typedef void aws_timer_fn(void *user);
uint64_t aws_client_after(struct aws_client *c, int64_t delay_ms, aws_timer_fn *fn, void *user);
void aws_client_cancel_timer(struct aws_client *c, uint64_t id);

void aws_request_cancel(struct aws_request *r); /* its callback runs with ERR_CANCELLED */

#endif
