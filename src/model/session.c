/* session.c - the world as last heard of. */
#include "model/session.h"

#include "base/utf8.h"

struct session *session_new(void)
{
	struct session *s = NEW(struct session);

	s->causes = NEW(struct map);
	return s;
}

static void feed_free(struct feed *f)
{
	free(f->name);
	loglines_done(&f->logs);
	series_set_done(&f->metrics);
	free(f);
}

void session_free(struct session *s)
{
	void *feed, *cause;

	if (!s)
		return;
	if (s->wide)
		session_wide_free(s->wide);
	for (size_t i = 0; map_next(s->causes, &i, NULL, &cause);)
		free(cause);
	map_done(s->causes);
	free(s->causes);
	for (size_t i = 0; map_next(&s->feeds, &i, NULL, &feed);)
		feed_free(feed);
	map_done(&s->feeds);
	for (size_t i = 0; i < KIND_COUNT; i++)
		resources_done(&s->tables[i]);
	session_cold_clear(s);
	session_traffic_clear(s);
	session_files_clear(s);
	file_download_done(&s->download);
	usages_done(&s->usages);
	price_table_done(&s->prices);
	backtest_run_list_free(s->backtests, s->n_backtests);
	launch_summaries_done(&s->launches);
	free(s->profile);
	free(s->region);
	free(s->account);
	free(s->endpoint);
	free(s->label);
	free(s->read_only_by);
	free(s);
}

static char *feed_key(const struct kind *kind, const char *name)
{
	return xasprintf("%s/%s", kind->name, name);
}

struct feed *session_feed(struct session *s, const struct kind *kind, const char *name)
{
	AUTO(str) char *key = feed_key(kind, name);
	struct feed *f = map_get(&s->feeds, key);

	if (!f) {
		f = NEW(struct feed);
		f->name = xstrdup(name);
		map_put(&s->feeds, key, f);
	}
	return f;
}

const struct feed *session_find_feed(const struct session *s, const struct kind *kind, const char *name)
{
	const struct session *own = session_within(s, kind, name, &name);
	AUTO(str) char *key = feed_key(kind, name);

	return own ? map_get(&own->feeds, key) : NULL;
}

void session_drop_feed(struct session *s, const struct kind *kind, const char *name)
{
	AUTO(str) char *key = feed_key(kind, name);
	struct feed *f = map_remove(&s->feeds, key);

	if (f)
		feed_free(f);
}

/* --- files --------------------------------------------------------------------------- */

struct files *session_files(struct session *s, const struct kind *kind, const char *name)
{
	AUTO(str) char *key = feed_key(kind, name);
	struct files *f = map_get(&s->files, key);

	if (!f) {
		f = NEW(struct files);
		map_put(&s->files, key, f);
	}
	return f;
}

const struct files *session_find_files(const struct session *s, const struct kind *kind, const char *name)
{
	const struct session *own = session_within(s, kind, name, &name);
	AUTO(str) char *key = feed_key(kind, name);

	return own ? map_get(&own->files, key) : NULL;
}

void session_files_clear(struct session *s)
{
	void *f;

	for (size_t i = 0; map_next(&s->files, &i, NULL, &f);) {
		files_done(f);
		free(f);
	}
	map_done(&s->files);
}

/* --- traffic ------------------------------------------------------------------------- */

struct traffic *session_traffic(struct session *s, const struct resource *endpoint)
{
	struct traffic *t = map_get(&s->traffic, endpoint->name);

	if (!t) {
		t = NEW(struct traffic);
		traffic_init(t, endpoint->created_ms);
		map_put(&s->traffic, endpoint->name, t);
	} else if (t->of_ms != endpoint->created_ms) {
		traffic_init(t, endpoint->created_ms);
	}
	return t;
}

const struct traffic *session_find_traffic(const struct session *s, const struct resource *endpoint)
{
	const struct traffic *t = map_get(&session_own(s, endpoint)->traffic, endpoint->name);

	return t && t->of_ms == endpoint->created_ms ? t : NULL;
}

void session_traffic_clear(struct session *s)
{
	void *t;

	for (size_t i = 0; map_next(&s->traffic, &i, NULL, &t);)
		free(t);
	map_done(&s->traffic);
}

/* --- cold columns ------------------------------------------------------------------ */

static bool is_column_of(const struct cold_column *c, const struct kind *k, const struct field_ref *f)
{
	return c->kind == k && c->ref.field == f->field && str_eq(c->ref.key, f->key);
}

const struct cold_column *session_cold_column(const struct session *s, const struct kind *k, const struct field_ref *f)
{
	for (size_t i = 0; i < s->n_cold; i++) {
		if (is_column_of(s->cold[i], k, f))
			return s->cold[i];
	}
	return NULL;
}

bool session_cold_is_complete(const struct session *s, const struct kind *k, const struct field_ref *f)
{
	bool complete = true;

	for (size_t i = 0; i < session_parts(s) && complete; i++) {
		const struct cold_column *c = session_cold_column(session_part(s, i), k, f);

		complete = c && c->complete;
	}
	return complete;
}

const char *session_cold_value(const struct session *s, const struct resource *r, const struct field_ref *f)
{
	const struct cold_column *c = session_cold_column(session_own(s, r), r->kind, f);

	return c ? map_get(&c->values, r->name) : NULL;
}

struct cold_column *session_cold_add(struct session *s, const struct kind *k, const struct field_ref *f)
{
	for (size_t i = 0; i < s->n_cold; i++) {
		if (is_column_of(s->cold[i], k, f))
			return s->cold[i];
	}
	struct cold_column *c = NEW(struct cold_column);

	c->kind = k;
	c->ref = (struct field_ref){f->field, xstrdup(f->key)};
	GROW(s->cold, s->cap_cold, s->n_cold + 1);
	s->cold[s->n_cold++] = c;
	return c;
}

static void cold_column_free(struct cold_column *c)
{
	void *value;

	for (size_t i = 0; map_next(&c->values, &i, NULL, &value);)
		free(value);
	map_done(&c->values);
	free(c->ref.key);
	free(c);
}

void session_cold_clear(struct session *s)
{
	for (size_t i = 0; i < s->n_cold; i++)
		cold_column_free(s->cold[i]);
	free(s->cold);
	s->cold = NULL;
	s->n_cold = s->cap_cold = 0;
}

void session_cold_update(struct session *s, const struct resource *r, int64_t now_ms)
{
	struct field_context x = {.session = s, .now_ms = now_ms};

	for (size_t i = 0; i < s->n_cold && !r->trimmed; i++) {
		struct cold_column *c = s->cold[i];

		if (c->kind != r->kind)
			continue;
		AUTO(str) char *text = field_cold_text(&c->ref, r, &x);

		/* Most things may lack what few have: those take no memory. */
		free(str_empty(text) ? map_remove(&c->values, r->name) : map_put(&c->values, r->name, TAKE(text)));
	}
}

int session_may_change(const struct session *s, struct err *err)
{
	if (!s->read_only)
		return 0;
	return err_set(err, ERR_DENIED, "nothing is changed: read-only by %s", str_or(s->read_only_by, "--read-only"));
}

char *session_prices_text(const struct session *s, char *buf)
{
	snprintf(buf, SESSION_PRICES_LEN, "prices of %s, %s", str_or(s->prices_as_of, "an unknown day"),
		 s->wide ? "of each region" : str_or(s->region, "?"));
	return buf;
}

void session_notify(struct session *s, enum notice_level level, const char *fmt, ...)
{
	AUTO(str) char *raw = NULL;
	AUTO(str) char *clean = NULL;
	va_list ap;

	va_start(ap, fmt);
	raw = xvasprintf(fmt, ap);
	va_end(ap);
	clean = utf8_sanitize_dup(raw);
	s->notice.level = level;
	s->notice.at_ms = clock_now_ms();
	str_copy(s->notice.text, sizeof(s->notice.text), clean);
	s->notice_generation++;
}

void session_add_request(struct session *s, const struct request_record *r)
{
	s->requests[s->n_requests++ % REQUEST_LOG_LEN] = *r;
}

const char *session_failure_of(const struct session *s, const char *operation)
{
	for (size_t i = 0; i < MIN(s->n_requests, (size_t)REQUEST_LOG_LEN); i++) {
		const struct request_record *r = &s->requests[(s->n_requests - 1 - i) % REQUEST_LOG_LEN];
		const char *name = strchr(r->operation, ':');

		if (name && !strcmp(name + 1, operation))
			return r->error;
	}
	return "";
}
