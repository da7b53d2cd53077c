/* session.c - the world as last heard of. */
#include "model/session.h"

#include "base/utf8.h"

struct session *session_new(void)
{
	return NEW(struct session);
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
	void *feed;

	if (!s)
		return;
	for (size_t i = 0; map_next(&s->feeds, &i, NULL, &feed);)
		feed_free(feed);
	map_done(&s->feeds);
	for (size_t i = 0; i < KIND_COUNT; i++)
		resources_done(&s->tables[i]);
	price_table_done(&s->prices);
	free(s->profile);
	free(s->region);
	free(s->account);
	free(s->endpoint);
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
		f->kind = kind;
		f->name = xstrdup(name);
		map_put(&s->feeds, key, f);
	}
	return f;
}

const struct feed *session_find_feed(const struct session *s, const struct kind *kind, const char *name)
{
	AUTO(str) char *key = feed_key(kind, name);

	return map_get(&s->feeds, key);
}

void session_drop_feed(struct session *s, const struct kind *kind, const char *name)
{
	AUTO(str) char *key = feed_key(kind, name);
	struct feed *f = map_remove(&s->feeds, key);

	if (f)
		feed_free(f);
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
