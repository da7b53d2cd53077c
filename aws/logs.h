/* logs.h - CloudWatch Logs (JSON 1.1, "Logs_20140328."): streams and events.
 * Times are epoch milliseconds on the wire too. A missing log group or stream is
 * normal before the first container starts: it arrives as ERR_NOTFOUND. */
#ifndef SAGETOP_AWS_LOGS_H
#define SAGETOP_AWS_LOGS_H

#include "aws/client.h"

#define TRAINING_LOG_GROUP "/aws/sagemaker/TrainingJobs"

struct log_event {
	const char *stream;
	const char *event_id; /* NULL from GetLogEvents */
	int64_t time_ms;
	const char *text; /* raw: not sanitised yet */
	size_t len;
};
struct log_stream {
	const char *name;
	int64_t first_event_ms; /* TIME_UNKNOWN where absent */
};
typedef void logs_streams_fn(void *user, const struct log_stream *streams, size_t n, const char *next_token,
			     const struct err *err);
/* A page comes in slices, as a large one takes long to read: some of its events with more
 * set, again and again, then once without (and without events) with next_token or err.
 * next_token: GetLogEvents gives nextForwardToken, or nextBackwardToken where it was not
 * asked from the head (never NULL on success; equal to the one sent at the end);
 * FilterLogEvents gives NULL at the end. */
typedef void logs_events_fn(void *user, const struct log_event *events, size_t n, bool more, const char *next_token,
			    const struct err *err);

struct aws_request *logs_describe_streams(struct aws_client *c, const char *group, const char *prefix,
					  const char *next_token, enum aws_priority p, logs_streams_fn *fn, void *user);

/* Which events of a group. Borrowed for the call. */
struct log_query {
	const char *group;
	const char *stream;	  /* its name; of logs_filter_events how the names begin: "job/", all of a job's */
	int64_t start_ms, end_ms; /* from start_ms up to end_ms; TIME_UNKNOWN: no such bound */
	int limit;		  /* of a page; 0: the service's own */
	const char *token;	  /* from the page before; NULL: the first */
};
/* Of one stream: the oldest page first, or from_head false the newest, whose token leads back. */
struct aws_request *logs_get_events(struct aws_client *c, const struct log_query *q, bool from_head,
				    enum aws_priority p, logs_events_fn *fn, void *user);
/* Of several streams at once, in the order of time. */
struct aws_request *logs_filter_events(struct aws_client *c, const struct log_query *q, enum aws_priority p,
				       logs_events_fn *fn, void *user);

/* --- Live Tail ---------------------------------------------------------------------
 *
 * Events are pushed, at most 500 a second (sampled beyond that). The service ends a
 * session after three hours; it is renewed then. AWS bills it by the minute. */
struct logs_tail;
/* sampled: some events were left out. */
typedef void logs_tail_fn(void *user, const struct log_event *events, size_t n, bool sampled);
/* The session is over: err says why (never NULL; ERR_CANCELLED after logs_tail_stop).
 * The tail is gone when it returns. */
typedef void logs_tail_end_fn(void *user, const struct err *err);

/* group_arn: see logs_group_arn. stream_prefix and pattern may be NULL. */
struct logs_tail *logs_tail_start(struct aws_client *c, const char *group_arn, const char *stream_prefix,
				  const char *pattern, logs_tail_fn *fn, logs_tail_end_fn *end, void *user);
void logs_tail_stop(struct logs_tail *t);	      /* end runs from aws_client_poll */
int64_t logs_tail_minutes(const struct logs_tail *t); /* begun so far, for the cost */
char *logs_group_arn(const char *region, const char *account, const char *group) NODISCARD;

/* Pure: events of a reply; out holds as many as the list. Borrowed from it. `stream`
 * is for those that do not name theirs. Returns how many there are. */
size_t logs_parse_events(const json_t *list, const char *stream, struct log_event *out);

#endif
