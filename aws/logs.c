/* CloudWatch Logs: streams and events. */
#include "aws/logs.h"

#include "aws/op.h"
#include "base/clock.h"

#define EVENTS_MAX 10000 /* of a page: the service takes no greater limit */

struct call {
	struct aws_client *client;
	const struct aws_op *op;
	logs_streams_fn *streams;
	logs_events_fn *events;
	char *stream;	   /* that GetLogEvents was asked for */
	const char *token; /* the reply's member that leads on */
	size_t n_left_out;
	void *user;
};

static struct call *call_new(struct aws_client *c, void *user)
{
	struct call *k = NEW(struct call);

	k->client = c;
	k->user = user;
	return k;
}

static void call_free(struct call *k)
{
	free(k->stream);
	free(k);
}

static void on_streams(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct call *k = ctx;
	const json_t *list = err ? NULL : json_object_get(reply->json, "logStreams");
	struct log_stream *streams = xcalloc(json_array_size(list) + 1, sizeof(*streams));
	size_t i, n = 0;
	json_t *item;

	json_array_foreach((json_t *)list, i, item)
	{
		const char *name = json_get_str(item, "logStreamName");

		if (name)
			streams[n++] = (struct log_stream){
				.name = name,
				.first_event_ms = json_get_i64(item, "firstEventTimestamp", TIME_UNKNOWN)};
	}
	if (!err)
		aws_note_left_out(k->client, k->op, json_array_size(list) - n);
	k->streams(k->user, streams, n, err ? NULL : json_get_str(reply->json, "nextToken"), err);
	free(streams);
	call_free(k);
}

struct aws_request *logs_describe_streams(struct aws_client *c, const char *group, const char *prefix,
					  const char *next_token, enum aws_priority p, logs_streams_fn *fn, void *user)
{
	struct call *k = call_new(c, user);
	json_t *body = json_pack("{s:s, s:i}", "logGroupName", group, "limit", 50);

	k->streams = fn;
	if (!str_empty(prefix))
		json_object_set_new(body, "logStreamNamePrefix", json_string(prefix));
	if (next_token)
		json_object_set_new(body, "nextToken", json_string(next_token));
	k->op = AWS_OP_ROW(logs, DescribeLogStreams);
	return aws_call_named(c, k->op, p, body, on_streams, k);
}

size_t logs_parse_events(const json_t *list, const char *stream, struct log_event *out)
{
	size_t i, n = 0;
	json_t *item;

	json_array_foreach((json_t *)list, i, item)
	{
		const json_t *message = json_object_get(item, "message");
		const char *name = json_get_str(item, "logStreamName");

		if (!json_is_string(message))
			continue;
		out[n++] = (struct log_event){.stream = name ? name : stream,
					      .event_id = json_get_str(item, "eventId"),
					      .time_ms = json_get_i64(item, "timestamp", TIME_UNKNOWN),
					      .text = json_string_value(message),
					      .len = json_string_length(message)};
	}
	return n;
}

/* Of a page: again and again, until its end is told. */
static void on_some_events(void *ctx, const json_t *list)
{
	struct call *k = ctx;
	struct log_event *events = xcalloc(json_array_size(list) + 1, sizeof(*events));
	size_t n = logs_parse_events(list, k->stream, events);

	k->n_left_out += json_array_size(list) - n;
	k->events(k->user, events, n, true, NULL, NULL);
	free(events);
}

static void on_events_end(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct call *k = ctx;

	if (!err)
		aws_note_left_out(k->client, k->op, k->n_left_out);
	k->events(k->user, NULL, 0, false, err ? NULL : json_get_str(reply->json, k->token), err);
	call_free(k);
}

static struct aws_request *call_events(struct call *k, enum aws_priority p, json_t *body)
{
	struct aws_request *r = aws_call_named(k->client, k->op, p, body, on_events_end, k);

	aws_request_slice(r, "events", on_some_events);
	return r;
}

static void add_page(json_t *body, const struct log_query *q)
{
	if (q->start_ms != TIME_UNKNOWN)
		json_object_set_new(body, "startTime", json_integer(q->start_ms));
	if (q->end_ms != TIME_UNKNOWN)
		json_object_set_new(body, "endTime", json_integer(q->end_ms));
	if (q->limit > 0)
		json_object_set_new(body, "limit", json_integer(MIN(q->limit, EVENTS_MAX)));
	if (q->token)
		json_object_set_new(body, "nextToken", json_string(q->token));
}

struct aws_request *logs_get_events(struct aws_client *c, const struct log_query *q, bool from_head,
				    enum aws_priority p, logs_events_fn *fn, void *user)
{
	struct call *k = call_new(c, user);
	json_t *body = json_pack("{s:s, s:s, s:b}", "logGroupName", q->group, "logStreamName", q->stream,
				 "startFromHead", from_head);

	k->events = fn;
	k->stream = xstrdup(q->stream);
	k->token = from_head ? "nextForwardToken" : "nextBackwardToken";
	k->op = AWS_OP_ROW(logs, GetLogEvents);
	add_page(body, q);
	return call_events(k, p, body);
}

struct aws_request *logs_filter_events(struct aws_client *c, const struct log_query *q, enum aws_priority p,
				       logs_events_fn *fn, void *user)
{
	struct call *k = call_new(c, user);
	json_t *body = json_pack("{s:s}", "logGroupName", q->group);

	k->events = fn;
	k->token = "nextToken";
	k->op = AWS_OP_ROW(logs, FilterLogEvents);
	if (!str_empty(q->stream))
		json_object_set_new(body, "logStreamNamePrefix", json_string(q->stream));
	add_page(body, q);
	return call_events(k, p, body);
}
