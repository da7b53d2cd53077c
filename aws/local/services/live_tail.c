/* StartLiveTail: sessions, the events they hear of, and their frames. */
#include "aws/local/services/live_tail.h"

#include <assert.h>
#include "aws/eventstream.h"
#include "aws/local/services/filter_pattern.h"
#include "aws/local/kept/log_store.h"
#include "aws/local/services/ops.h"
#include "aws/local/wire/exchange.h"
#include "base/clock.h"
#include "base/digest.h"

/* As the service documents them. */
#define UPDATE_MS 1000
#define UPDATE_MAX_EVENTS 500
#define BUFFERED_UPDATES 10
#define SESSION_MS (3 * HOUR_MS)
#define MAX_SESSIONS 15

struct frame {
	char *data;
	size_t len;
	struct frame *next;
};

struct session {
	struct engine *e;
	struct exchange *x;
	struct strlist identifiers, groups, names, prefixes;
	struct filter_pattern *pattern;
	char *pattern_text, *id;
	json_t *events; /* of this second */
	size_t matched;
	uint32_t random;
	struct frame *first, *last;
	size_t n_frames, sent; /* bytes of the first frame that are out */
	bool ending;
	int64_t began_ms;
	uint64_t timer;
	struct session *next;
};

struct tails {
	struct session *sessions;
	size_t n;
	/* The stream that wrote last: events come in runs. */
	int64_t stream_id;
	char *group, *stream;
};

/* --- frames ------------------------------------------------------------------------------ */

static void push_frame(struct session *s, const char *type_header, const char *type, const char *message_type,
		       const char *payload)
{
	const struct es_header headers[] = {
		es_string(":message-type", message_type),
		es_string(type_header, type),
		es_string(":content-type", "application/json"),
	};
	AUTO(buf) struct buf out = BUF_INIT((size_t)32 << 20);

	if (eventstream_encode(&out, headers, ARRAY_LEN(headers), payload, strlen(payload)) < 0)
		return;
	struct frame *f = NEW(struct frame);

	f->len = out.len;
	f->data = buf_take(&out);
	if (s->last)
		s->last->next = f;
	else
		s->first = f;
	s->last = f;
	s->n_frames++;
}

static void push_event(struct session *s, const char *type, json_t *body)
{
	AUTO(json) json_t *owned = body;
	AUTO(str) char *text = json_text(owned);

	push_frame(s, ":event-type", type, "event", text);
}

static void drop_first(struct session *s)
{
	struct frame *f = s->first;

	s->first = f->next;
	if (!s->first)
		s->last = NULL;
	assert(s->last != f);
	s->n_frames--;
	s->sent = 0;
	free(f->data);
	free(f);
}

/* A client that reads too slowly loses the oldest updates, but never half a frame. */
static void drop_oldest(struct session *s)
{
	while (s->n_frames > BUFFERED_UPDATES) {
		struct frame *victim = s->sent ? s->first->next : s->first;

		if (!s->sent) {
			drop_first(s);
			continue;
		}
		s->first->next = victim->next;
		if (s->last == victim)
			s->last = s->first;
		s->n_frames--;
		free(victim->data);
		free(victim);
	}
}

static int64_t read_frames(void *user, char *buf, size_t max)
{
	struct session *s = user;
	size_t n = 0;

	while (s->first && n < max) {
		size_t part = MIN(max - n, s->first->len - s->sent);

		memcpy(buf + n, s->first->data + s->sent, part);
		n += part;
		s->sent += part;
		if (s->sent == s->first->len)
			drop_first(s);
	}
	return n ? (int64_t)n : s->ending ? -1 : 0;
}

/* --- events -------------------------------------------------------------------------------- */

static bool find_stream(struct engine *e, int64_t stream_id)
{
	struct tails *t = e->tails;

	if (t->stream_id == stream_id)
		return true;
	sqlite3_stmt *st = state_prepare(e->db, "SELECT grp, name FROM log_streams WHERE id = ?");

	state_bind_i64(st, 1, stream_id);
	bool found = state_step(e->db, st);

	if (found) {
		str_set(&t->group, state_text(st, 0));
		str_set(&t->stream, state_text(st, 1));
		t->stream_id = stream_id;
	}
	state_done(st);
	return found;
}

static bool wanted(const struct session *s, const struct tails *t, const char *text)
{
	bool stream = !s->names.n && !s->prefixes.n;

	if (!strlist_has(&s->groups, t->group))
		return false;
	for (size_t i = 0; i < s->prefixes.n && !stream; i++)
		stream = str_starts(t->stream, s->prefixes.items[i]);
	return (stream || strlist_has(&s->names, t->stream)) && filter_pattern_matches(s->pattern, text);
}

static json_t *result(const struct session *s, const struct tails *t, int64_t time_ms, int64_t ingested_ms,
		      const char *text)
{
	const char *identifier = s->identifiers.items[0];

	for (size_t i = 0; i < s->groups.n; i++) {
		if (str_eq(s->groups.items[i], t->group))
			identifier = s->identifiers.items[i];
	}
	return json_pack("{s:s, s:s, s:s, s:I, s:I}", "logStreamName", t->stream, "logGroupIdentifier", identifier,
			 "message", text, "timestamp", (json_int_t)time_ms, "ingestionTime", (json_int_t)ingested_ms);
}

static void hear_event(struct engine *e, int64_t stream_id, int64_t time_ms, int64_t ingested_ms, const char *text,
		       size_t n)
{
	struct tails *t = e->tails;

	if (!t || !t->sessions || !find_stream(e, stream_id))
		return;
	AUTO(str) char *line = xstrndup(text, n);

	for (struct session *s = t->sessions; s; s = s->next) {
		if (!wanted(s, t, line))
			continue;
		s->matched++;
		if (s->matched <= UPDATE_MAX_EVENTS) {
			json_array_append_new(s->events, result(s, t, time_ms, ingested_ms, line));
			continue;
		}
		/* Above the limit every event has the same chance to be among those sent. */
		s->random = s->random * 1664525u + 1013904223u;
		size_t place = s->random % s->matched;

		if (place < UPDATE_MAX_EVENTS)
			json_array_set_new(s->events, place, result(s, t, time_ms, ingested_ms, line));
	}
}

/* --- sessions ----------------------------------------------------------------------------- */

static void session_gone(void *user)
{
	struct session *s = user, **at = &s->e->tails->sessions;

	while (*at && *at != s)
		at = &(*at)->next;
	if (*at) {
		*at = s->next;
		s->e->tails->n--;
	}
	loop_cancel(s->e->loop, s->timer);
	while (s->first)
		drop_first(s);
	strlist_done(&s->identifiers);
	strlist_done(&s->groups);
	strlist_done(&s->names);
	strlist_done(&s->prefixes);
	filter_pattern_free(s->pattern);
	free(s->pattern_text);
	free(s->id);
	json_decref(s->events);
	free(s);
}

static void update(void *user)
{
	struct session *s = user;

	push_event(s, "sessionUpdate",
		   json_pack("{s:{s:b}, s:o}", "sessionMetadata", "sampled", s->matched > UPDATE_MAX_EVENTS,
			     "sessionResults", s->events));
	s->events = json_array();
	s->matched = 0;
	drop_oldest(s);
	s->timer = 0;
	if (clock_mono_ms() - s->began_ms >= SESSION_MS) {
		push_frame(s, ":exception-type", "SessionTimeoutException", "exception",
			   "{\"message\":\"The session has timed out after three hours.\"}");
		s->ending = true;
	} else {
		s->timer = loop_after(s->e->loop, UPDATE_MS, update, s);
	}
	exchange_wake(s->x);
}

static void copy_list(struct strlist *to, const json_t *from)
{
	for (size_t i = 0; i < json_array_size(from); i++)
		strlist_add(to, str_or(json_string_value(json_array_get(from, i)), ""));
}

static void greet(struct session *s)
{
	json_t *start =
		json_pack("{s:s, s:s, s:o, s:o, s:o}", "requestId", s->x->rq.id, "sessionId", s->id,
			  "logGroupIdentifiers", json_from_strlist(&s->identifiers), "logStreamNames",
			  json_from_strlist(&s->names), "logStreamNamePrefixes", json_from_strlist(&s->prefixes));

	if (s->pattern_text)
		json_object_set_new(start, "logEventFilterPattern", json_string(s->pattern_text));
	push_frame(s, ":event-type", "initial-response", "event", "{}");
	push_event(s, "sessionStart", start);
}

static int invalid(struct call *c, const char *message)
{
	return fault_set(c->fault, 400, "InvalidParameterException", "%s", message);
}

static int check_groups(struct call *c, struct session *s)
{
	copy_list(&s->identifiers, json_object_get(c->in, "logGroupIdentifiers"));
	copy_list(&s->names, json_object_get(c->in, "logStreamNames"));
	copy_list(&s->prefixes, json_object_get(c->in, "logStreamNamePrefixes"));
	for (size_t i = 0; i < s->identifiers.n; i++) {
		const char *at = strstr(s->identifiers.items[i], ":log-group:");

		if (!str_starts(s->identifiers.items[i], "arn:") || !at || str_ends(s->identifiers.items[i], "*"))
			return invalid(c, "logGroupIdentifiers must be ARNs of log groups, without a trailing '*'.");
		at += strlen(":log-group:");
		if (!log_group_exists(c->e, at))
			return fault_set(c->fault, 400, "ResourceNotFoundException",
					 "The specified log group does not exist.");
		strlist_add(&s->groups, at);
	}
	if ((s->names.n || s->prefixes.n) && s->groups.n > 1)
		return invalid(c, "logStreamNames and logStreamNamePrefixes are only allowed with a single log group.");
	if (s->names.n && s->prefixes.n)
		return invalid(c, "logStreamNames and logStreamNamePrefixes cannot both be given.");
	return 0;
}

int op_start_live_tail(struct call *c, json_t **out)
{
	const char *pattern = json_get_str(c->in, "logEventFilterPattern");
	struct err err = {0};

	if (!c->e->tails)
		c->e->tails = NEW(struct tails);
	c->e->log_listener = hear_event;
	if (c->e->tails->n >= MAX_SESSIONS)
		return fault_set(c->fault, 400, "LimitExceededException", "There are %d Live Tail sessions already.",
				 MAX_SESSIONS);
	struct session *s = NEW(struct session);
	char id[37];

	s->e = c->e;
	s->x = c->x;
	s->events = json_array();
	s->random = 1;
	uuid4(id);
	s->id = xstrdup(id);
	s->pattern_text = xstrdup(pattern);
	s->began_ms = clock_mono_ms();
	if (check_groups(c, s) < 0 || (filter_pattern_new(pattern, &s->pattern, &err) < 0 && invalid(c, err.msg) < 0)) {
		session_gone(s);
		return -1;
	}
	s->next = c->e->tails->sessions;
	c->e->tails->sessions = s;
	c->e->tails->n++;
	greet(s);
	s->timer = loop_after(c->e->loop, UPDATE_MS, update, s);
	c->x->stream = read_frames;
	c->x->gone = session_gone;
	c->x->stream_user = s;
	c->x->reply.content_type = "application/vnd.amazon.eventstream";
	strmap_set(&c->x->reply.headers, "x-amzn-RequestId", c->rq->id);
	return 0;
}

void live_tails_free(struct engine *e)
{
	if (!e->tails)
		return;
	free(e->tails->group);
	free(e->tails->stream);
	free(TAKE(e->tails));
	e->log_listener = NULL;
}
