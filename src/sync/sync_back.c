/* sync_back.c - a long log, its newest page first.
 *
 * From the service it is read backwards by GetLogEvents, whose tokens lead exactly from
 * page to page (FilterLogEvents goes forwards only where the service is an older one, and
 * stand-ins know nothing else). Of several streams the next page is always that of the
 * stream which was read the least far back; what other streams have from before that time
 * is held back until it is certain that nothing belongs between, so that what is shown has
 * no holes. What is still being written is read forwards meanwhile, by a pass between two
 * pages. From the cache it comes chunk by chunk, a turn of the loop each. The metrics of the
 * lines are taken when all are there, as their curves go forwards. */
#include "sync/sync_priv.h"

#include "base/clock.h"
#include "base/log.h"

#define STREAMS_MAX 24 /* more are read forwards, all at once */
#define PAGE_LINES 10000
#define FIRST_LINES_MIN 500
#define SLICE_US 3000
#define SCREEN_LINES 200
#define SWEEP_LINES 64 /* between two looks at the clock */

struct back_stream {
	char *name, *token;
	int64_t oldest_ms; /* read back to; INT64_MAX: nothing yet */
	bool asked, done;
	struct paging pages;
};

struct back {
	struct back_stream *streams;
	size_t n, cap, at;
	bool listed; /* the streams are known */
	struct paging pages;
	int64_t first_ms;	  /* of the whole log, as far as the service tells */
	bool whole;		  /* it could not grow any more when this began */
	struct log_pages *cached; /* it comes from the cache; NULL */
	bool asked;		  /* the cache for its metrics */
	int64_t followed_ms;	  /* monotonic: when the last pass over new lines ended */
	size_t swept;		  /* lines whose metrics were taken ... */
	size_t n_dropped;	  /* ... and how many had been given up before those */
};

static void back_request(struct follow *w);
static void back_tick(void *user);

void back_free(struct follow *w)
{
	struct back *b = TAKE(w->back);

	if (!b)
		return;
	for (size_t i = 0; i < b->n; i++) {
		free(b->streams[i].name);
		free(b->streams[i].token);
		paging_done(&b->streams[i].pages);
	}
	free(b->streams);
	paging_done(&b->pages);
	store_log_pages_free(b->cached);
	free(b);
}

/* What was read has a beginning that is missing: it is not kept. */
void back_drop(struct follow *w)
{
	struct feed *f = follow_feed(w);

	if (!w->back)
		return;
	follow_stop_timer(w, &w->back_timer);
	back_free(w);
	loglines_clear(&f->logs);
	f->logs_loaded = f->logs_reading = false;
	f->logs_about = 0;
	w->n_lines = 0;
	w->newest_ms = 0;
}

bool back_is_wanted(struct follow *w)
{
	return w->count > 0 && !w->reading && !w->no_back && w->newest_ms == 0 && w->log_waiters.n == 0 &&
	       w->metric_waiters.n == 0 && follow_feed(w)->logs.n == 0;
}

/* Forwards, as any other. */
static void give_up(struct follow *w)
{
	back_drop(w);
	w->no_back = true;
	logs_begin_pass(w);
}

/* --- the end -------------------------------------------------------------------- */

static void cached_end(struct follow *w)
{
	struct feed *f = follow_feed(w);

	f->logs.complete = true;
	f->logs.generation++;
	loglines_finish(&f->logs);
	w->n_lines = f->logs.n;
	w->log = LOG_COMPLETE;
	waiters_run(&w->log_waiters, NULL);
	sync_metrics_answer(w, NULL);
}

static void back_end(struct follow *w)
{
	struct feed *f = follow_feed(w);
	bool cached = w->back->cached, whole = w->back->whole;

	f->logs_reading = false;
	f->logs.generation++;
	back_free(w);
	follow_hold(w);
	if (cached) {
		cached_end(w);
	} else {
		w->pass.kind = whole ? READ_WHOLE : READ_NEXT;
		logs_pass_end(w);
	}
	follow_release(w);
}

/* The oldest lines may have been given up since. */
static size_t *swept_lines(struct follow *w)
{
	struct back *b = w->back;
	size_t dropped = follow_feed(w)->logs.n_dropped - b->n_dropped;

	b->n_dropped += dropped;
	if (b->swept != SIZE_MAX)
		b->swept -= MIN(b->swept, dropped);
	return &b->swept;
}

bool back_measures(struct follow *w, int64_t time_ms)
{
	size_t *swept = w->back ? swept_lines(w) : NULL;

	if (!swept)
		return false;
	if (*swept == 0 || *swept == SIZE_MAX || follow_feed(w)->logs.lines[*swept - 1].time_ms <= time_ms)
		return true;
	(*swept)++; /* it stands before them */
	return false;
}

/* Metrics of some more lines; false where all were looked at. */
static bool sweep(struct follow *w, int64_t budget_us)
{
	struct feed *f = follow_feed(w);
	struct metric_rules *rules = sync_logs_rules(w);
	int64_t until = clock_mono_us() + budget_us;
	size_t *i = swept_lines(w);
	char host[64];

	if (!rules)
		*i = SIZE_MAX;
	while (*i < f->logs.n) {
		const struct log_line *l = &f->logs.lines[(*i)++];

		log_stream_host(host, sizeof(host), f->logs.streams.items[l->stream]);
		metric_rules_apply(rules, host, l, &f->metrics);
		if (*i % SWEEP_LINES == 0 && clock_mono_us() >= until)
			break;
	}
	return *i < f->logs.n;
}

void back_measure(struct follow *w)
{
	w->back = NEW(struct back);
	(void)sweep(w, INT64_MAX / 2);
	back_free(w);
}

/* --- from the cache --------------------------------------------------------------- */

static void on_cached_line(void *user, const char *stream, int64_t time_ms, const char *text, size_t len)
{
	(void)loglines_add_older(user, stream, time_ms, text, len, true);
}

/* Some more pages; false where none is left, or where the cache is damaged (back is NULL). */
static bool cached_pages(struct follow *w, size_t enough)
{
	struct feed *f = follow_feed(w);
	int64_t until = clock_mono_us() + SLICE_US;
	struct err err = {0};
	bool more = true;

	while (more && (f->logs.n < enough || clock_mono_us() < until)) {
		if (store_log_page(w->back->cached, on_cached_line, &f->logs, &more, &err)) {
			log_debug("%s: %s", w->name, err.msg);
			back_drop(w);
			w->log = LOG_IDLE;
			return false;
		}
		loglines_settle_older(&f->logs, INT64_MIN);
	}
	f->logs_loaded = true;
	f->logs_reading = more;
	return more;
}

/* The metrics that were kept with it; without them those of its lines are taken. */
static void load_metrics(struct follow *w)
{
	struct feed *f = follow_feed(w);

	w->back->asked = true;
	if (series_set_has_curves(&f->metrics)) {
		w->back->swept = SIZE_MAX;
	} else if (store_metrics_load(w->s->store, w->kind, w->name, &f->metrics, NULL) == 0) {
		w->back->swept = SIZE_MAX;
		w->metrics = METRICS_COMPLETE;
		sync_metrics_note(w);
	}
}

void back_from_cache(struct follow *w)
{
	struct feed *f = follow_feed(w);
	struct log_pages *cached = NULL;

	if (f->logs.complete) { /* it was looked at before */
		w->n_lines = f->logs.n;
		w->log = LOG_COMPLETE;
		return;
	}
	if (f->logs.n > 0 || store_log_open(w->s->store, w->kind, w->name, &cached, NULL))
		return;
	const struct strlist *streams = store_log_streams(cached);

	w->pending++; /* who opens it is not done with w */
	loglines_clear(&f->logs);
	for (size_t i = 0; i < streams->n; i++) /* in the order that they have there */
		strlist_add(&f->logs.streams, streams->items[i]);
	w->back = NEW(struct back);
	w->back->cached = cached;
	w->log = LOG_READING;
	w->pass.kind = READ_BACK;
	f->logs_about = store_log_n(cached);
	if (cached_pages(w, SCREEN_LINES) || (w->back && f->logs.n > SCREEN_LINES)) {
		follow_start_timer(w, &w->back_timer, 0, back_tick);
	} else if (w->back) { /* a short one is there at once */
		load_metrics(w);
		(void)sweep(w, INT64_MAX / 2);
		back_end(w);
	}
	w->pending--;
}

/* --- from the service --------------------------------------------------------------- */

/* Whichever was read the least far back; NULL where all were read. */
static struct back_stream *next_stream(const struct back *b)
{
	struct back_stream *best = NULL;

	for (size_t i = 0; i < b->n; i++) {
		struct back_stream *s = &b->streams[i];

		if (!s->done && (!best || s->oldest_ms > best->oldest_ms))
			best = s;
	}
	return best;
}

int64_t back_reached_ms(const struct follow *w)
{
	const struct back_stream *s = next_stream(w->back);

	return s ? s->oldest_ms : 0;
}

/* "of about 1,000,000": as dense as what was read. */
static void estimate(struct follow *w, int64_t from_ms)
{
	const struct back *b = w->back;
	struct feed *f = follow_feed(w);
	double read_ms = (double)(w->newest_ms - from_ms), all_ms = (double)(w->newest_ms - b->first_ms);
	double about = read_ms > 0 && b->first_ms > 0 ? (double)f->logs.n * all_ms / read_ms : 0, scale = 1;

	while (about / scale >= 100) /* two digits: it is a guess */
		scale *= 10;
	f->logs_about = about > (double)f->logs.n ? (size_t)(about / scale + 0.5) * (size_t)scale : 0;
}

/* Between two pages what is new is looked for, as often as without them. */
static bool follows_now(const struct follow *w)
{
	const struct back *b = w->back;

	return !b->whole && w->newest_ms > 0 && clock_mono_ms() - b->followed_ms >= logs_poll_delay(w);
}

void back_followed(struct follow *w)
{
	struct feed *f = follow_feed(w);

	loglines_begin_pass(&f->logs);
	f->logs.generation++;
	w->passes++;
	w->log_failures = 0;
	w->back->followed_ms = clock_mono_ms();
	back_request(w);
}

static void page_taken(struct follow *w)
{
	struct back *b = w->back;
	struct feed *f = follow_feed(w);
	struct back_stream *next = next_stream(b);
	int64_t from_ms = next ? next->oldest_ms : INT64_MIN;

	loglines_settle_older(&f->logs, from_ms);
	f->logs_loaded |= from_ms != INT64_MAX;
	f->logs_reading = next != NULL;
	f->logs_note[0] = '\0';
	f->logs.generation++;
	w->log_failures = 0;
	if (next && from_ms != INT64_MAX)
		estimate(w, from_ms);
	if (next && f->logs.bytes > loglines_limit(&f->logs)) {
		f->logs_cut = true;
		next = NULL;
	}
	if (next) {
		b->at = (size_t)(next - b->streams);
		if (f->logs_loaded && follows_now(w))
			logs_begin_pass(w);
		else
			back_request(w);
		return;
	}
	f->logs_reading = false;
	follow_start_timer(w, &w->back_timer, 0, back_tick);
}

static void take_events(struct follow *w, const struct log_event *events, size_t n)
{
	struct back_stream *s = &w->back->streams[w->back->at];
	struct feed *f = follow_feed(w);

	for (size_t i = 0; i < n; i++) {
		const struct log_event *e = &events[i];

		w->n_lines += loglines_add_older(&f->logs, s->name, e->time_ms, e->text, e->len, false);
		w->newest_ms = MAX(w->newest_ms, e->time_ms);
		s->oldest_ms = MIN(s->oldest_ms, e->time_ms);
	}
	w->pass.n_page += n;
}

static void on_back_events(void *user, const struct log_event *events, size_t n, bool more, const char *next_token,
			   const struct err *err)
{
	struct follow *w = user;
	struct err endless = {0};

	w->pending -= !more;
	if (w->s->closing)
		return;
	if (!w->back) { /* another account: the log is another, too */
		if (!more)
			logs_begin_pass(w);
		return;
	}
	if (more) {
		take_events(w, events, n);
		return;
	}
	if (err && (err->code == ERR_DENIED || err->code == ERR_INVALID)) {
		give_up(w);
		return;
	}
	if (err && err->code != ERR_NOTFOUND) {
		logs_pass_failed(w, err);
		return;
	}
	struct back_stream *s = &w->back->streams[w->back->at];

	s->asked = true;
	s->done = err || !next_token || str_eq(next_token, s->token);
	str_set(&s->token, next_token);
	if (paging_next(&s->pages, "GetLogEvents", s->done ? NULL : next_token, w->pass.n_page, &endless) < 0)
		give_up(w);
	else
		page_taken(w);
}

static void add_stream(struct back *b, const struct log_stream *s)
{
	GROW(b->streams, b->cap, b->n + 1);
	b->streams[b->n++] = (struct back_stream){.name = xstrdup(s->name), .oldest_ms = INT64_MAX};
	if (s->first_event_ms != TIME_UNKNOWN && (b->first_ms == 0 || s->first_event_ms < b->first_ms))
		b->first_ms = s->first_event_ms;
}

static void on_back_streams(void *user, const struct log_stream *streams, size_t n, const char *next_token,
			    const struct err *err)
{
	struct follow *w = user;
	struct back *b = w->back;

	w->pending--;
	if (w->s->closing)
		return;
	if (!b) {
		logs_begin_pass(w);
		return;
	}
	if (err && err->code != ERR_DENIED && err->code != ERR_NOTFOUND) {
		logs_pass_failed(w, err);
		return;
	}
	for (size_t i = 0; !err && i < n; i++) {
		if (!w->prefix || str_starts(streams[i].name, w->prefix))
			add_stream(b, &streams[i]);
	}
	struct err endless = {0};

	if (err || b->n > STREAMS_MAX || paging_next(&b->pages, "DescribeLogStreams", next_token, n, &endless) < 0 ||
	    (!next_token && b->n == 0)) {
		give_up(w);
	} else if (next_token) {
		w->pending++;
		logs_describe_streams(w->s->aws, w->group, w->prefix, next_token, AWS_USER_ACTION, on_back_streams, w);
	} else {
		b->listed = true;
		back_request(w);
	}
}

static void back_request(struct follow *w)
{
	struct back *b = w->back;

	w->log = LOG_READING;
	w->pass.kind = READ_BACK;
	w->pass.n_page = 0;
	str_set(&w->pass.token, NULL); /* of a pass that broke */
	w->pending++;
	if (!b->listed) { /* from the beginning, where it broke off */
		paging_done(&b->pages);
		while (b->n > 0)
			free(b->streams[--b->n].name);
		logs_describe_streams(w->s->aws, w->group, w->prefix, NULL, AWS_USER_ACTION, on_back_streams, w);
		return;
	}
	const struct back_stream *s = &b->streams[b->at];
	struct log_query q = {.group = w->group,
			      .stream = s->name,
			      .limit = s->asked ? PAGE_LINES : MAX(PAGE_LINES / (int)b->n, FIRST_LINES_MIN),
			      .token = s->token};

	logs_get_events(w->s->aws, &q, false, AWS_USER_ACTION, on_back_events, w);
}

void back_begin(struct follow *w)
{
	struct feed *f = follow_feed(w);

	loglines_clear(&f->logs);
	w->n_lines = 0;
	w->newest_ms = 0;
	w->back = NEW(struct back);
	w->back->whole = follow_is_settled(w);
	w->back->followed_ms = clock_mono_ms();
	f->logs_about = 0;
	f->logs_cut = false;
	back_request(w);
}

void back_go_on(struct follow *w)
{
	if (!w->back->cached)
		back_request(w);
}

/* A slice of what needs no network: a page of the cache, or the metrics of some lines. */
static void back_tick(void *user)
{
	struct follow *w = user;

	w->back_timer = 0;
	w->pending--;
	if (w->s->closing || !w->back)
		return;
	struct feed *f = follow_feed(w);
	bool more = true;

	if (w->back->cached && !w->back->asked)
		load_metrics(w); /* behind the first paint */
	else if (f->logs_reading)
		more = cached_pages(w, 0) || (w->back && w->back->swept < f->logs.n);
	else
		more = sweep(w, SLICE_US);
	if (!w->back) { /* the cache is damaged */
		sync_logs_begin(w);
		follow_check(w);
	} else if (more) {
		follow_start_timer(w, &w->back_timer, 0, back_tick);
	} else {
		back_end(w);
	}
}
