/* StartLiveTail: a request whose reply is an event stream. */
#include "aws/eventstream.h"
#include "aws/logs.h"
#include "aws/op.h"
#include "aws/reply_json.h"
#include "base/clock.h"

#define MAX_PENDING ((size_t)ES_MAX_PAYLOAD + ES_MAX_HEADERS_LENGTH + 1024)

struct logs_tail {
	struct aws_client *client;
	char *group_arn, *prefix, *pattern;
	struct buf pending; /* bytes of a frame that is not whole yet */
	struct aws_request *request;
	bool open, timed_out, stopped;
	int64_t started_ms;
	struct err err;
	logs_tail_fn *fn;
	logs_tail_end_fn *end;
	void *user;
};

char *logs_group_arn(const char *region, const char *account, const char *group)
{
	return xasprintf("arn:%s:logs:%s:%s:log-group:%s", partition_of(region), region, account, group);
}

static void give_update(struct logs_tail *t, const json_t *update)
{
	const json_t *list = json_object_get(update, "sessionResults");
	struct log_event *events = xcalloc(json_array_size(list) + 1, sizeof(*events));
	size_t n = logs_parse_events(list, "", events);
	bool sampled = json_get_bool(json_object_get(update, "sessionMetadata"), "sampled", false);

	t->fn(t->user, events, n, sampled);
	free(events);
}

static int on_exception(struct logs_tail *t, const struct es_message *m)
{
	AUTO(json) json_t *j = NULL;
	const struct es_header *type = es_find(m, ":exception-type");
	char name[64] = "";
	const char *text = NULL;

	if (type && type->type == ES_STRING)
		snprintf(name, sizeof(name), "%.*s", (int)type->len, (const char *)type->data);
	if (!reply_json_parse(m->payload, m->payload_len, "exception", &j, NULL)) {
		text = json_get_str(j, "message");
		if (!text)
			text = json_get_str(j, "Message");
	}
	if (!strcmp(name, "SessionTimeoutException")) {
		t->timed_out = true;
		return 0;
	}
	return err_set(&t->err, ERR_SERVICE, "live tail: %s: %s", name, str_or(text, "the session has ended"));
}

static int on_message(struct logs_tail *t, const struct es_message *m)
{
	AUTO(json) json_t *j = NULL;

	if (es_is(m, ":message-type", "exception"))
		return on_exception(t, m);
	if (es_is(m, ":message-type", "error")) {
		const struct es_header *text = es_find(m, ":error-message");

		return err_set(&t->err, ERR_SERVICE, "live tail: %.*s", text ? (int)text->len : 5,
			       text ? (const char *)text->data : "error");
	}
	if (es_is(m, ":event-type", "sessionStart"))
		t->open = true;
	if (!es_is(m, ":event-type", "sessionUpdate"))
		return 0;
	if (reply_json_parse(m->payload, m->payload_len, "live tail update", &j, &t->err))
		return -(int)t->err.code;
	t->open = true;
	give_update(t, j);
	return 0;
}

static int on_bytes(void *ctx, const void *data, size_t n)
{
	struct logs_tail *t = ctx;
	struct es_message m;
	size_t used = 0, done = 0;
	int rc = buf_add(&t->pending, data, n);

	if (rc)
		return err_set(&t->err, ERR_TOOBIG, "live tail: frame too large");
	while (!t->stopped &&
	       (rc = eventstream_decode(t->pending.data + done, t->pending.len - done, &m, &used, &t->err)) == 1) {
		rc = on_message(t, &m);
		if (rc < 0)
			return rc;
		done += used;
	}
	buf_consume(&t->pending, done);
	return MIN(rc, 0);
}

static void tail_send(struct logs_tail *t);

static void tail_end(struct logs_tail *t, const struct err *err)
{
	t->end(t->user, err);
	free(t->group_arn);
	free(t->prefix);
	free(t->pattern);
	buf_done(&t->pending);
	free(t);
}

static void on_ended(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct logs_tail *t = ctx;

	t->request = NULL;
	t->open = false;
	if (err && err->code == ERR_CANCELLED) {
		tail_end(t, err);
		return;
	}
	if (t->timed_out) {
		t->timed_out = false;
		buf_clear(&t->pending);
		tail_send(t);
		return;
	}
	if (!t->err.code && err)
		t->err = *err;
	if (!t->err.code)
		err_set(&t->err, ERR_NET, "live tail: the service has closed the session");
	tail_end(t, &t->err);
}

static void tail_send(struct logs_tail *t)
{
	AUTO(json) json_t *body = json_pack("{s:[s]}", "logGroupIdentifiers", t->group_arn);
	struct aws_call call = {.op = AWS_OP_ROW(logs, StartLiveTail),
				.priority = AWS_USER_ACTION,
				.host_prefix = "stream-",
				.on_data = on_bytes,
				.fn = on_ended,
				.ctx = t};

	if (t->prefix)
		json_object_set_new(body, "logStreamNamePrefixes", json_pack("[s]", t->prefix));
	if (t->pattern)
		json_object_set_new(body, "logEventFilterPattern", json_string(t->pattern));
	AUTO(str) char *text = json_text(body);
	call.body = text;
	call.body_len = strlen(text);
	t->request = aws_call(t->client, &call);
}

struct logs_tail *logs_tail_start(struct aws_client *c, const char *group_arn, const char *stream_prefix,
				  const char *pattern, logs_tail_fn *fn, logs_tail_end_fn *end, void *user)
{
	struct logs_tail *t = NEW(struct logs_tail);

	*t = (struct logs_tail){.client = c,
				.group_arn = xstrdup(group_arn),
				.prefix = xstrdup(stream_prefix),
				.pattern = xstrdup(pattern),
				.started_ms = clock_mono_ms(),
				.fn = fn,
				.end = end,
				.user = user};
	buf_init(&t->pending, MAX_PENDING);
	tail_send(t);
	return t;
}

void logs_tail_stop(struct logs_tail *t)
{
	t->stopped = true;
	if (t->request)
		aws_request_cancel(t->request);
}

int64_t logs_tail_minutes(const struct logs_tail *t)
{
	return (clock_mono_ms() - t->started_ms) / 60000 + 1;
}
