/* sync_read.c - a log handed on line by line while it is read, and not kept.
 *
 * What the cache has whole is given from there. Else the passes of sync_logs.c read
 * it and give every page's new lines; the first pass over the log of what is over
 * writes the cache on its way. The last lines are read backwards: windows of growing
 * length from the end on, until enough of the wanted lines are found. */
#include "sync/sync_priv.h"

#include "base/clock.h"
#include "base/log.h"

#define FIRST_WINDOW_MS 60000
#define WINDOW_GROWTH 4
#define NARROWEST_MS 500
#define PAGES_MAX 2
#define BEFORE_CREATION_MS HOUR_MS
/* Streams that are read one after the other are merged by time within this much. */
#define HOLD_BYTES ((size_t)24 << 20)
/* Identities of a log that is read once: a pass may begin again a little earlier. */
#define ONCE_HALF 50000
#define ONCE_HORIZON_MS 1

enum reading_state { READ_CACHE = 0, READ_WINDOWS, READ_ON };

struct reading {
	struct sync_reading opt; /* line NULL: only the metrics are wanted */
	sync_done_fn *fn;	 /* may be NULL */
	void *user;
	enum reading_state state;
	struct log_writer *writer;   /* NULL: it is not cached */
	int64_t floor_ms;	     /* what is older was left out on purpose */
	int64_t window_ms, until_ms; /* the last one's length; what comes from then on is read */
	int64_t known_ms;	     /* lines are there, more than were read; 0 nothing known */
	int n_pages;		     /* of this window */
};

void reading_start(struct follow *w, const struct sync_reading *opt, sync_done_fn *fn, void *user)
{
	struct feed *f = follow_feed(w);

	w->reading = NEW(struct reading);
	*w->reading = (struct reading){.opt = *opt, .fn = fn, .user = user, .floor_ms = opt->since_ms};
	if (w->log == LOG_IDLE && f->logs.n == 0) /* what an earlier reading handed on is wanted again */
		loglines_clear(&f->logs);
	if (opt->last) /* so many were asked for */
		f->logs.max_bytes = SIZE_MAX;
	if (!opt->follow) {
		f->logs.seen.half = ONCE_HALF;
		f->logs.seen.horizon_ms = ONCE_HORIZON_MS;
	}
}

void reading_for_metrics(struct follow *w)
{
	struct sync_reading all = {.since_ms = INT64_MIN};

	reading_start(w, &all, NULL, NULL);
}

bool reading_wants_metrics(const struct follow *w)
{
	return !w->reading || !w->reading->opt.line;
}

bool reading_goes_on(const struct follow *w)
{
	return w->reading && w->reading->opt.follow;
}

bool reading_skips(const struct follow *w, int64_t time_ms)
{
	return w->reading && time_ms < w->reading->floor_ms;
}

void reading_end(struct follow *w, const struct err *err)
{
	struct reading *r = TAKE(w->reading);

	if (!r)
		return;
	store_log_close(r->writer);
	w->count -= r->opt.follow;
	if (r->fn)
		r->fn(r->user, err);
	free(r);
}

/* Only the last lines are wanted, or none of them. */
static bool is_from_end(const struct reading *r)
{
	return r->opt.last || r->opt.none;
}

static bool wants(const struct reading *r, const struct log_line *l)
{
	return r->opt.line && (!r->opt.wants || r->opt.wants(r->opt.user, l));
}

/* --- from the cache ------------------------------------------------------------- */

struct cached {
	struct follow *w;
	struct buf text; /* the line with a NUL behind it */
	size_t n_wanted, skip;
	bool count_only;
};

static void on_cached_line(void *user, const char *stream, int64_t time_ms, const char *text, size_t len)
{
	struct cached *c = user;
	struct follow *w = c->w;
	const struct reading *r = w->reading;
	char host[64];

	if (time_ms < r->floor_ms)
		return;
	buf_clear(&c->text);
	(void)buf_add(&c->text, text, len);
	struct log_line line = {
		.time_ms = time_ms, .text = buf_str(&c->text), .len = MIN(c->text.len, LOG_LINE_MAX_LEN)};

	if (!r->opt.line) {
		metric_rules_apply(w->rules, log_stream_host(host, sizeof(host), stream), &line,
				   &follow_feed(w)->metrics);
		return;
	}
	line.level = (uint8_t)log_line_level_of(line.text, line.len);
	if (!wants(r, &line))
		return;
	if (c->n_wanted++ >= c->skip && !c->count_only)
		r->opt.line(r->opt.user, stream, &line);
}

static int read_cached(struct cached *c)
{
	struct follow *w = c->w;

	c->n_wanted = 0;
	return store_log_read(w->s->store, w->kind, w->name, on_cached_line, c, NULL);
}

bool reading_is_cached(struct follow *w)
{
	struct reading *r = w->reading;
	struct cached c = {.w = w, .text = BUF_INIT((size_t)64 << 20)};

	if (!r || r->state != READ_CACHE)
		return false;
	r->state = is_from_end(r) ? READ_WINDOWS : READ_ON;
	if (!r->opt.line && !sync_logs_rules(w))
		return false;
	if (is_from_end(r)) { /* how many there are says where the last ones begin */
		c.count_only = true;
		if (read_cached(&c) == 0 && c.n_wanted > r->opt.last)
			c.skip = c.n_wanted - r->opt.last;
		c.count_only = false;
	}
	bool whole = read_cached(&c) == 0;

	buf_done(&c.text);
	if (!whole)
		return false;
	w->log = LOG_COMPLETE;
	w->n_lines = c.n_wanted;
	follow_feed(w)->logs.complete = true;
	return true;
}

/* --- from the service ------------------------------------------------------------ */

/* Where a log cannot begin earlier. */
static int64_t earliest(const struct follow *w)
{
	const struct resource *r = follow_resource(w);
	int64_t ms = r && r->created_ms != TIME_UNKNOWN ? r->created_ms - BEFORE_CREATION_MS : 0;

	return MAX(ms, MAX(w->reading->floor_ms, (int64_t)0));
}

static int64_t window_end(const struct follow *w)
{
	const struct resource *r = follow_resource(w);

	if (w->reading->until_ms)
		return w->reading->until_ms;
	return r && r->end_ms != TIME_UNKNOWN ? r->end_ms : clock_now_ms();
}

static void begin_window(struct follow *w, struct reading *r)
{
	int64_t end = window_end(w), lowest = MAX(r->floor_ms, (int64_t)0);

	r->n_pages = 0;
	w->pass.kind = READ_WINDOW;
	w->pass.until_ms = r->until_ms; /* the first one is open at its end */
	if (r->known_ms) {
		int64_t half = (end - r->known_ms) / 2;

		w->pass.since_ms = r->known_ms + (half > NARROWEST_MS ? half : 0);
	} else {
		r->window_ms = r->window_ms ? r->window_ms * WINDOW_GROWTH : FIRST_WINDOW_MS;
		w->pass.since_ms = end - r->window_ms;
	}
	if (w->pass.since_ms <= earliest(w))
		w->pass.since_ms = lowest;
}

/* A window that holds page after page is too large: lines are known to be at its front,
 * what lies behind them is halved. */
bool reading_narrows(struct follow *w, int64_t last_ms)
{
	struct reading *r = w->reading;

	if (!r || r->state != READ_WINDOWS || w->access == BY_STREAM || ++r->n_pages < PAGES_MAX)
		return false;
	if (window_end(w) - last_ms <= 2 * NARROWEST_MS)
		return false;
	r->known_ms = last_ms;
	return true;
}

void reading_begin_pass(struct follow *w)
{
	struct reading *r = w->reading;
	struct err err = {0};

	if (!r)
		return;
	if (r->state == READ_WINDOWS) {
		begin_window(w, r);
		return;
	}
	w->pass.since_ms = MAX(w->pass.since_ms, r->floor_ms);
	store_log_close(TAKE(r->writer)); /* of a pass that came to nothing */
	if (w->pass.kind == READ_WHOLE && r->floor_ms == INT64_MIN &&
	    store_log_begin(w->s->store, w->kind, w->name, &r->writer, &err))
		log_debug("%s: not cached: %s", w->name, err.msg);
}

static void hand_on(struct follow *w, struct reading *r)
{
	struct loglines *l = &follow_feed(w)->logs;
	struct err err = {0};

	for (size_t i = 0; i < l->n; i++) {
		const struct log_line *line = &l->lines[i];

		if (wants(r, line))
			r->opt.line(r->opt.user, l->streams.items[line->stream], line);
	}
	if (r->writer && store_log_append(r->writer, l, &err)) {
		log_debug("%s: not cached: %s", w->name, err.msg);
		store_log_close(TAKE(r->writer));
	}
	loglines_forget(l);
}

static bool wanted_of(void *user, const struct log_line *l)
{
	return wants(user, l);
}

void reading_take(struct follow *w)
{
	struct reading *r = w->reading;
	struct feed *f = follow_feed(w);

	if (!r)
		return;
	if (r->state == READ_WINDOWS)
		loglines_select(&f->logs, r->opt.last, wanted_of, r);
	else if (w->access == BY_FILTER || w->pass.streams.n < 2 || f->logs.bytes > HOLD_BYTES)
		hand_on(w, r);
}

/* Lines of a stretch that was read to its end; those before it are of windows that
 * were not. */
static size_t n_since(const struct loglines *l, int64_t since_ms)
{
	size_t i = l->n;

	while (i > 0 && l->lines[i - 1].time_ms >= since_ms)
		i--;
	return l->n - i;
}

bool reading_pass_end(struct follow *w)
{
	struct reading *r = w->reading;
	struct feed *f = follow_feed(w);
	struct err err = {0};

	if (!r)
		return true;
	if (r->state == READ_WINDOWS && n_since(&f->logs, w->pass.since_ms) < r->opt.last &&
	    w->pass.since_ms > MAX(r->floor_ms, (int64_t)0)) {
		if (w->pass.since_ms <= r->known_ms) { /* all of it was read after all */
			r->window_ms = MAX(window_end(w) - w->pass.since_ms, (int64_t)NARROWEST_MS);
			r->known_ms = 0;
		}
		r->until_ms = w->pass.since_ms;
		return false;
	}
	if (r->state == READ_WINDOWS) {
		r->state = READ_ON;
		r->floor_ms = w->pass.since_ms;
	}
	hand_on(w, r);
	if (r->writer && w->pass.kind == READ_WHOLE && w->n_lines > 0 && store_log_commit(r->writer, &f->logs, &err))
		log_debug("%s: not cached: %s", w->name, err.msg);
	return true;
}
