/* CloudWatch Logs operations. */
#include <fnmatch.h>

#include "aws/local/services/filter_pattern.h"
#include "aws/local/kept/log_store.h"
#include "aws/local/services/ops.h"

#define MAX_REPLY_BYTES ((size_t)1 << 20)

static int not_found(struct call *c, const char *what)
{
	return fault_set(c->fault, 400, "ResourceNotFoundException", "The specified %s does not exist.", what);
}

/* logGroupName, or the identifier (a name or an ARN). */
static int find_group(struct call *c, const char **ret)
{
	const char *name = json_get_str(c->in, "logGroupName"), *id = json_get_str(c->in, "logGroupIdentifier");

	if (!name == !id)
		return fault_set(c->fault, 400, "InvalidParameterException",
				 "Exactly one of logGroupName and logGroupIdentifier must be given.");
	if (!name) {
		const char *at = strstr(id, ":log-group:");

		name = at ? at + strlen(":log-group:") : id;
	}
	*ret = name;
	return log_group_exists(c->e, name) ? 0 : not_found(c, "log group");
}

static char *group_arn(const struct call *c, const char *group)
{
	return xasprintf("arn:aws:logs:%s:" ACCOUNT_ID ":log-group:%s", str_or(c->rq->region, DEFAULT_REGION), group);
}

static int bad_token(struct call *c)
{
	return fault_set(c->fault, 400, "InvalidParameterException", "The specified nextToken is invalid.");
}

/* --- groups and streams -------------------------------------------------------------------- */

int op_describe_log_groups(struct call *c, json_t **out)
{
	const char *prefix = json_get_str(c->in, "logGroupNamePrefix"),
		   *pattern = json_get_str(c->in, "logGroupNamePattern");
	const char *token = json_get_str(c->in, "nextToken");
	AUTO(str) char *after = token ? token_decode("log-groups", token) : xstrdup("");
	int64_t limit = json_get_i64(c->in, "limit", 50);
	AUTO(str) char *last = NULL;
	sqlite3_stmt *st =
		state_prepare(c->e->db, "SELECT g.name, g.created, (SELECT COALESCE(SUM(bytes), 0) FROM log_streams"
					" WHERE grp = g.name) FROM log_groups g WHERE g.name > ? ORDER BY g.name");

	if (!after)
		return bad_token(c);
	json_t *groups = json_array();
	bool more = false;

	state_bind_text(st, 1, after);
	while (!more && state_step(c->e->db, st)) {
		const char *name = state_text(st, 0);

		if ((prefix && !str_starts(name, prefix)) || (pattern && !strcasestr(name, pattern)))
			continue;
		if ((int64_t)json_array_size(groups) == limit) {
			more = true;
			break;
		}
		AUTO(str) char *arn = group_arn(c, name);
		AUTO(str) char *star = xasprintf("%s:*", arn);

		str_set(&last, name);
		json_array_append_new(groups, json_pack("{s:s, s:I, s:i, s:s, s:s, s:s, s:I}", "logGroupName", name,
							"creationTime", (json_int_t)sqlite3_column_int64(st, 1),
							"metricFilterCount", 0, "arn", star, "logGroupArn", arn,
							"logGroupClass", "STANDARD", "storedBytes",
							(json_int_t)sqlite3_column_int64(st, 2)));
	}
	state_done(st);
	*out = json_pack("{s:o}", "logGroups", groups);
	if (more) {
		AUTO(str) char *next = token_encode("log-groups", last);

		json_object_set_new(*out, "nextToken", json_string(next));
	}
	return 0;
}

static json_t *stream_json(struct call *c, const char *group, sqlite3_stmt *st)
{
	const char *name = state_text(st, 0);
	AUTO(str) char *base = group_arn(c, group);
	AUTO(str) char *arn = xasprintf("%s:log-stream:%s", base, name);
	json_t *j = json_pack("{s:s, s:I, s:s, s:i}", "logStreamName", name, "creationTime",
			      (json_int_t)sqlite3_column_int64(st, 1), "arn", arn, "storedBytes", 0);

	if (sqlite3_column_int64(st, 2)) {
		json_object_set_new(j, "firstEventTimestamp", json_integer(sqlite3_column_int64(st, 2)));
		json_object_set_new(j, "lastEventTimestamp", json_integer(sqlite3_column_int64(st, 3)));
		json_object_set_new(j, "lastIngestionTime", json_integer(sqlite3_column_int64(st, 4)));
	}
	json_object_set_new(j, "uploadSequenceToken", json_string("1"));
	return j;
}

/* One page of streams from row `offset` on, in the order asked for. */
static sqlite3_stmt *streams_query(struct call *c, bool by_time, bool descending)
{
#define STREAM_COLUMNS                                                                                                 \
	"SELECT name, created, first, last, ingested FROM log_streams WHERE grp = ?1 AND substr(name, 1, length(?2)) " \
	"= ?2"
#define STREAM_PAGE " LIMIT ?3 OFFSET ?4"
	if (by_time)
		return descending ? state_prepare(c->e->db, STREAM_COLUMNS " ORDER BY last DESC, name DESC" STREAM_PAGE)
				  : state_prepare(c->e->db, STREAM_COLUMNS " ORDER BY last, name" STREAM_PAGE);
	return descending ? state_prepare(c->e->db, STREAM_COLUMNS " ORDER BY name DESC" STREAM_PAGE)
			  : state_prepare(c->e->db, STREAM_COLUMNS " ORDER BY name" STREAM_PAGE);
}

int op_describe_log_streams(struct call *c, json_t **out)
{
	const char *group, *prefix = json_get_str(c->in, "logStreamNamePrefix"),
			   *token = json_get_str(c->in, "nextToken");
	bool by_time = str_eq(json_get_str(c->in, "orderBy"), "LastEventTime");
	int64_t limit = json_get_i64(c->in, "limit", 50), offset = 0;

	if (find_group(c, &group) < 0)
		return -1;
	if (by_time && prefix)
		return fault_set(c->fault, 400, "InvalidParameterException",
				 "Cannot order by LastEventTime with a logStreamNamePrefix.");
	if (!token_decode_number("log-streams", token, &offset))
		return bad_token(c);
	sqlite3_stmt *st = streams_query(c, by_time, json_get_bool(c->in, "descending", false));
	json_t *streams = json_array();

	state_bind_text(st, 1, group);
	state_bind_text(st, 2, str_or(prefix, ""));
	state_bind_i64(st, 3, limit + 1);
	state_bind_i64(st, 4, offset);
	bool more = false;

	while (state_step(c->e->db, st)) {
		more = (int64_t)json_array_size(streams) == limit;
		if (more)
			break;
		json_array_append_new(streams, stream_json(c, group, st));
	}
	state_done(st);
	*out = json_pack("{s:o}", "logStreams", streams);
	if (more) {
		AUTO(str) char *next = token_encode_number("log-streams", offset + limit);

		json_object_set_new(*out, "nextToken", json_string(next));
	}
	return 0;
}

int op_create_log_group(struct call *c, json_t **out)
{
	const char *group = json_get_str(c->in, "logGroupName");

	if (log_group_exists(c->e, group))
		return fault_set(c->fault, 400, "ResourceAlreadyExistsException",
				 "The specified log group already exists");
	log_group_create(c->e, group);
	*out = json_null();
	return 0;
}

int op_create_log_stream(struct call *c, json_t **out)
{
	const char *group = json_get_str(c->in, "logGroupName"), *stream = json_get_str(c->in, "logStreamName");

	if (!log_group_exists(c->e, group))
		return not_found(c, "log group");
	if (log_stream_find(c->e, group, stream))
		return fault_set(c->fault, 400, "ResourceAlreadyExistsException",
				 "The specified log stream already exists");
	log_stream_create(c->e, group, stream);
	*out = json_null();
	return 0;
}

int op_put_log_events(struct call *c, json_t **out)
{
	const char *group = json_get_str(c->in, "logGroupName"), *stream = json_get_str(c->in, "logStreamName");
	int64_t previous = 0, id;
	size_t i;
	json_t *event;
	const json_t *events = json_object_get(c->in, "logEvents");

	if (!log_group_exists(c->e, group))
		return not_found(c, "log group");
	if (!(id = log_stream_find(c->e, group, stream)))
		return not_found(c, "log stream");
	json_array_foreach((json_t *)events, i, event)
	{
		int64_t at = json_get_i64(event, "timestamp", 0);

		if (at < previous)
			return fault_set(c->fault, 400, "InvalidParameterException",
					 "Log events in a single PutLogEvents request must be in chronological order.");
		if (strlen(json_get_str(event, "message")) > LOG_MAX_EVENT)
			return fault_set(c->fault, 400, "InvalidParameterException",
					 "Log event too large: exceeds limit of 262144");
		previous = at;
	}
	json_array_foreach((json_t *)events, i, event)
	{
		const char *text = json_get_str(event, "message");

		log_append(c->e, id, json_get_i64(event, "timestamp", 0), text, strlen(text));
	}
	*out = json_pack("{s:s}", "nextSequenceToken", "1");
	return 0;
}

/* --- GetLogEvents --------------------------------------------------------------------------- */

struct position {
	int64_t time_ms, seq;
};

static bool read_position(const char *text, struct position *p)
{
	AUTO(strlist) struct strlist parts = {0};

	strlist_split(&parts, text, ',');
	return parts.n == 2 && str_to_i64(parts.items[0], &p->time_ms) && str_to_i64(parts.items[1], &p->seq);
}

/* Tokens are a direction and the last position read: "f/..." leads on from it. */
static char *position_token(const char *direction, struct position p)
{
	AUTO(str) char *text = xasprintf("%lld,%lld", (long long)p.time_ms, (long long)p.seq);
	AUTO(str) char *body = token_encode("log-events", text);

	return xasprintf("%s/%s", direction, body);
}

static int read_token(struct call *c, const char *token, bool *forward, struct position *p)
{
	if (!str_starts(token, "f/") && !str_starts(token, "b/"))
		return bad_token(c);
	AUTO(str) char *text = token_decode("log-events", token + 2);

	*forward = token[0] == 'f';
	return text && read_position(text, p) ? 0 : bad_token(c);
}

static json_t *event_json(const struct log_row *row)
{
	return json_pack("{s:I, s:s, s:I}", "timestamp", (json_int_t)row->time_ms, "message", row->text,
			 "ingestionTime", (json_int_t)row->ingested_ms);
}

/* Events of one stream beyond `from` in the direction, oldest first in *ret. */
static void read_events(struct call *c, int64_t stream, bool forward, struct position from, int64_t start, int64_t end,
			int64_t limit, struct log_row **ret, size_t *ret_n)
{
	sqlite3_stmt *st =
		forward ? state_prepare(c->e->db,
					"SELECT time, seq, ingested, text FROM log_events WHERE stream = ?1 AND"
					" (time, seq) > (?2, ?3) AND time >= ?4 AND time < ?5"
					" ORDER BY time, seq LIMIT ?6")
			: state_prepare(c->e->db,
					"SELECT time, seq, ingested, text FROM log_events WHERE stream = ?1 AND"
					" (time, seq) < (?2, ?3) AND time >= ?4 AND time < ?5"
					" ORDER BY time DESC, seq DESC LIMIT ?6");
	struct log_row *rows = NULL;
	size_t n = 0, cap = 0, bytes = 0;

	state_bind_i64(st, 1, stream);
	state_bind_i64(st, 2, from.time_ms);
	state_bind_i64(st, 3, from.seq);
	state_bind_i64(st, 4, start);
	state_bind_i64(st, 5, end);
	state_bind_i64(st, 6, limit);
	while (bytes < MAX_REPLY_BYTES && state_step(c->e->db, st)) {
		GROW(rows, cap, n + 1);
		rows[n++] = (struct log_row){.time_ms = sqlite3_column_int64(st, 0),
					     .seq = sqlite3_column_int64(st, 1),
					     .ingested_ms = sqlite3_column_int64(st, 2),
					     .text = xstrdup(state_text(st, 3))};
		bytes += strlen(rows[n - 1].text) + 26;
	}
	state_done(st);
	for (size_t i = 0; !forward && i < n / 2; i++) {
		struct log_row swap = rows[i];

		rows[i] = rows[n - 1 - i];
		rows[n - 1 - i] = swap;
	}
	*ret = rows;
	*ret_n = n;
}

int op_get_log_events(struct call *c, json_t **out)
{
	const char *group, *token = json_get_str(c->in, "nextToken");
	bool forward = json_get_bool(c->in, "startFromHead", false);
	int64_t start = json_get_i64(c->in, "startTime", 0), end = json_get_i64(c->in, "endTime", INT64_MAX);
	struct position from =
		forward ? (struct position){start - 1, INT64_MAX} : (struct position){INT64_MAX, INT64_MAX};
	struct log_row *rows;
	size_t n;

	if (find_group(c, &group) < 0)
		return -1;
	int64_t stream = log_stream_find(c->e, group, json_get_str(c->in, "logStreamName"));

	if (!stream)
		return not_found(c, "log stream");
	if (token && read_token(c, token, &forward, &from) < 0)
		return -1;
	read_events(c, stream, forward, from, start, end, json_get_i64(c->in, "limit", 10000), &rows, &n);
	json_t *events = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(events, event_json(&rows[i]));
	/* At either end the token comes back as it was sent. From the tail of an empty
	 * range, "forward" is the first event to come. */
	struct position first = n ? (struct position){rows[0].time_ms, rows[0].seq} : from;
	struct position last = n ? (struct position){rows[n - 1].time_ms, rows[n - 1].seq} : from;

	if (!n && !token && !forward)
		first = last = (struct position){start - 1, INT64_MAX};
	AUTO(str) char *next = position_token("f", last);
	AUTO(str) char *back = position_token("b", first);

	*out = json_pack("{s:o, s:s, s:s}", "events", events, "nextForwardToken", next, "nextBackwardToken", back);
	for (size_t i = 0; i < n; i++)
		log_row_done(&rows[i]);
	free(rows);
	return 0;
}

/* --- FilterLogEvents -------------------------------------------------------------------------- */

static bool stream_wanted(const struct call *c, const char *name)
{
	const char *prefix = json_get_str(c->in, "logStreamNamePrefix");
	const json_t *names = json_object_get(c->in, "logStreamNames");
	size_t i;
	json_t *wanted;

	if (prefix)
		return str_starts(name, prefix);
	if (!names)
		return true;
	json_array_foreach((json_t *)names, i, wanted)
	{
		if (str_eq(json_string_value(wanted), name))
			return true;
	}
	return false;
}

/* The streams meant, as a JSON array of ids for the query. */
static char *stream_ids(struct call *c, const char *group)
{
	sqlite3_stmt *st = state_prepare(c->e->db, "SELECT id, name FROM log_streams WHERE grp = ? ORDER BY name");
	AUTO(json) json_t *ids = json_array();

	state_bind_text(st, 1, group);
	while (state_step(c->e->db, st)) {
		if (stream_wanted(c, state_text(st, 1)))
			json_array_append_new(ids, json_integer(sqlite3_column_int64(st, 0)));
	}
	state_done(st);
	return json_text(ids);
}

struct filter_run {
	struct filter_pattern *pattern;
	int64_t time_ms, stream, seq; /* the last event looked at */
	json_t *events;
	size_t bytes, looked;
	bool more;
};

static void filter_add(struct filter_run *run, sqlite3_stmt *st)
{
	const char *text = state_text(st, 4);
	char id[64];

	run->time_ms = sqlite3_column_int64(st, 0);
	run->stream = sqlite3_column_int64(st, 1);
	run->seq = sqlite3_column_int64(st, 2);
	run->looked++;
	if (!filter_pattern_matches(run->pattern, text))
		return;
	/* Stable, unique, and ordered as the events are, like the service's 56 digits. */
	snprintf(id, sizeof(id), "%020lld%018lld%018lld", (long long)run->time_ms, (long long)run->stream,
		 (long long)run->seq);
	run->bytes += strlen(text) + 26;
	json_array_append_new(run->events,
			      json_pack("{s:s, s:I, s:s, s:I, s:s}", "logStreamName", state_text(st, 5), "timestamp",
					(json_int_t)run->time_ms, "message", text, "ingestionTime",
					(json_int_t)sqlite3_column_int64(st, 3), "eventId", id));
}

#define FILTER_ROWS                                                                                       \
	"SELECT v.time, v.stream, v.seq, v.ingested, v.text, s.name FROM log_events v JOIN log_streams s" \
	" ON s.id = v.stream WHERE v.time >= ?2 AND v.time <= ?3 AND (v.time, v.stream, v.seq) > (?4, ?5, ?6)"

/* The events of one stream lie in their order: those that do not go out are not looked at. */
static sqlite3_stmt *filter_query(struct call *c, bool several)
{
	return several ? state_prepare(c->e->db, FILTER_ROWS " AND v.stream IN (SELECT value FROM json_each(?1))"
							     " ORDER BY v.time, v.stream, v.seq LIMIT 200001")
		       : state_prepare(c->e->db, FILTER_ROWS " AND v.stream = json_extract(?1, '$[0]')"
							     " ORDER BY v.time, v.seq LIMIT 200001");
}

static void filter_run(struct call *c, struct filter_run *run, const char *ids, int64_t limit)
{
	sqlite3_stmt *st = filter_query(c, strchr(ids, ',') != NULL);

	state_bind_text(st, 1, ids);
	/* FilterLogEvents' endTime is inclusive, unlike GetLogEvents'. */
	state_bind_i64(st, 2, MAX(json_get_i64(c->in, "startTime", 0), run->time_ms));
	state_bind_i64(st, 3, json_get_i64(c->in, "endTime", INT64_MAX));
	state_bind_i64(st, 4, run->time_ms);
	state_bind_i64(st, 5, run->stream);
	state_bind_i64(st, 6, run->seq);
	while (state_step(c->e->db, st)) {
		if ((int64_t)json_array_size(run->events) == limit || run->bytes >= MAX_REPLY_BYTES ||
		    run->looked == 200000) {
			run->more = true;
			break;
		}
		filter_add(run, st);
	}
	state_done(st);
}

int op_filter_log_events(struct call *c, json_t **out)
{
	AUTO(filter_pattern) struct filter_pattern *pattern = NULL;
	struct filter_run run = {0};
	const char *group, *token = json_get_str(c->in, "nextToken");
	struct err err = {0};

	if (json_object_get(c->in, "logStreamNamePrefix") && json_object_get(c->in, "logStreamNames"))
		return fault_set(c->fault, 400, "InvalidParameterException",
				 "logStreamNamePrefix and logStreamNames cannot both be given.");
	if (find_group(c, &group) < 0)
		return -1;
	if (filter_pattern_new(json_get_str(c->in, "filterPattern"), &pattern, &err) < 0)
		return fault_set(c->fault, 400, "InvalidParameterException", "%s", err.msg);
	if (token) {
		AUTO(strlist) struct strlist parts = {0};
		AUTO(str) char *text = token_decode("filter-events", token);

		strlist_split(&parts, text ? text : "", ',');
		if (parts.n != 3 || !str_to_i64(parts.items[0], &run.time_ms) ||
		    !str_to_i64(parts.items[1], &run.stream) || !str_to_i64(parts.items[2], &run.seq))
			return bad_token(c);
	}
	AUTO(str) char *ids = stream_ids(c, group);

	run.pattern = pattern;
	run.events = json_array();
	filter_run(c, &run, ids, json_get_i64(c->in, "limit", 10000));
	*out = json_pack("{s:o, s:[]}", "events", run.events, "searchedLogStreams");
	if (run.more) {
		AUTO(str)
		char *text =
			xasprintf("%lld,%lld,%lld", (long long)run.time_ms, (long long)run.stream, (long long)run.seq);
		AUTO(str) char *next = token_encode("filter-events", text);

		json_object_set_new(*out, "nextToken", json_string(next));
	}
	return 0;
}
