/* sync_logs.c - follow a log so that no line is lost and none shown twice.
 *
 * A pass reads by FilterLogEvents (by the streams' prefix: all streams of all
 * instances and restarts, new ones too) from some time on, page after page until
 * there is no token. Passes follow each other; each begins before the newest event
 * known, so that events which reach CloudWatch late are found; their identities keep
 * the repeats out. When the thing is over one pass over the whole log that brings
 * nothing new makes it complete: then it is cached and never read again. */
#include "sync/sync_priv.h"

#include "base/log.h"

#define OVERLAP_MS 10000      /* of every pass */
#define SHORT_OVERLAP_MS 2000 /* where that repeats thousands of lines */
#define REPEATS_MANY 2000
#define LONG_OVERLAP_MS 180000 /* of every tenth, for the very late */
#define LONG_EVERY 10
#define PAGE_LIMIT 10000
#define PAGE_LIMIT_PROBE 1000 /* of what nothing is known: is it a long one? */
#define RESUMES_MAX 4
#define LIVE_POLL_MS 10000     /* beside a live tail */
#define IDLE_POLL_MS 3000      /* before the first container starts */
#define FULL_REREAD_MAX 200000 /* lines: beyond, the end is settled by the long overlap */

static void request_page(struct follow *w);

static void log_tick(void *user)
{
	struct follow *w = user;

	w->log_timer = 0;
	w->pending--;
	if (!w->s->closing)
		sync_logs_begin(w);
}

/* The rules need the metric definitions; a summary has none. */
struct metric_rules *sync_logs_rules(struct follow *w)
{
	if (w->kind != TRAINING_KIND)
		return NULL;
	struct job *j = sync_job_full(w->s, w->name);
	enum detail detail = j && !j->trimmed ? j->detail : DETAIL_SUMMARY;

	if (!w->rules || (w->rules_detail < DETAIL_SEARCHED && detail >= DETAIL_SEARCHED)) {
		metric_rules_free(w->rules);
		w->rules = metric_rules_new(j);
		w->rules_detail = detail;
	}
	return w->rules;
}

static void read_metrics(struct follow *w, struct feed *f, const char *stream, const struct log_event *e)
{
	struct log_line raw = {.time_ms = e->time_ms, .text = e->text, .len = MIN(e->len, LOG_LINE_MAX_LEN)};
	char host[64];

	if (w->rules)
		metric_rules_apply(w->rules, log_stream_host(host, sizeof(host), stream), &raw, &f->metrics);
}

/* A stand-in for the service may ignore the prefix. */
static bool is_foreign(const struct follow *w, const char *stream)
{
	return w->prefix && stream && !str_starts(stream, w->prefix);
}

static void add_event(struct follow *w, struct feed *f, const struct log_event *e, bool live)
{
	const char *stream = str_or(e->stream, w->name);

	if (is_foreign(w, e->stream)) {
		f->n_foreign++;
		return;
	}
	if (reading_skips(w, e->time_ms))
		return;
	bool added = live	      ? loglines_add_live(&f->logs, stream, e->time_ms, e->text, e->len)
		     : w->pass.probes ? loglines_add_older(&f->logs, stream, e->time_ms, e->text, e->len, false)
				      : loglines_add(&f->logs, stream, e->event_id, e->time_ms, e->text, e->len);

	if (!added) {
		w->pass.n_repeats++;
		return;
	}
	w->n_lines++;
	/* What a tail pushes moves no mark: the next pass reads it once more. */
	if (!live) {
		w->pass.n_new++;
		w->newest_ms = MAX(w->newest_ms, e->time_ms);
	}
	if (reading_wants_metrics(w) && !w->pass.probes && !back_measures(w, e->time_ms))
		read_metrics(w, f, stream, e);
}

static void add_events(struct follow *w, const struct log_event *events, size_t n, bool live)
{
	struct feed *f = follow_feed(w);

	(void)sync_logs_rules(w);
	for (size_t i = 0; i < n; i++)
		add_event(w, f, &events[i], live);
	w->pass.n_page += live ? 0 : n;
	if (n > 0 && !live)
		w->pass.last_ms = events[n - 1].time_ms;
}

static void settle_what_came(struct follow *w)
{
	struct feed *f = follow_feed(w);

	if (w->pass.probes && (w->pass.n_page > 0 || f->logs.n > 0)) { /* it was short after all */
		w->pass.probes = false;
		loglines_settle_older(&f->logs, INT64_MIN);
		back_measure(w);
	}
	loglines_settle(&f->logs);
}

/* A page is whole. */
static void settle(struct follow *w)
{
	settle_what_came(w);
	reading_take(w);
}

void sync_logs_push(struct follow *w, const struct log_event *events, size_t n)
{
	add_events(w, events, n, true);
	loglines_settle(&follow_feed(w)->logs);
	reading_take(w);
}

static void log_complete(struct follow *w)
{
	struct feed *f = follow_feed(w);

	w->log = LOG_COMPLETE;
	f->logs.complete = true;
	f->following = false;
	f->logs.generation++;
	loglines_finish(&f->logs);
	sync_live_stop(w);
	keep_begin(w);
	sync_metrics_save(w);
}

static void note_emptiness(struct follow *w, struct feed *f)
{
	str_copy(f->logs_note, sizeof(f->logs_note),
		 w->n_lines > 0 || reading_skips(w, 0) ? ""
		 : follow_is_over(w)		       ? "it has left no log"
						       : "no log stream yet");
}

/* What comes after a pass that reached the end of the log. */
void logs_pass_end(struct follow *w)
{
	struct feed *f = follow_feed(w);

	if (w->back) {
		back_followed(w);
		return;
	}
	follow_hold(w);
	w->log = LOG_IDLE;
	w->log_failures = 0;
	if (!reading_pass_end(w)) {
		logs_begin_pass(w);
		follow_release(w);
		return;
	}
	w->passes++;
	loglines_begin_pass(&f->logs);
	f->logs_loaded = true;
	f->logs.generation++;
	note_emptiness(w, f);
	/* A first pass over a log that was settled when it began has all; one that was
	 * followed is read once more from its beginning. */
	if (w->pass.kind == READ_WHOLE || (w->pass.kind == READ_CHECK && w->pass.n_new == 0)) {
		log_complete(w);
	} else if (w->count > 0) {
		f->following = true;
		w->log = LOG_PAUSED;
		follow_start_timer(w, &w->log_timer, logs_poll_delay(w), log_tick);
	}
	waiters_run(&w->log_waiters, NULL);
	if (w->log == LOG_COMPLETE || !reading_goes_on(w))
		reading_end(w, NULL);
	sync_metrics_answer(w, NULL);
	follow_release(w);
}

/* Begin the pass again, from where nothing can be missed and what comes twice is
 * known. */
static void restart_pass(struct follow *w)
{
	const struct feed *f = follow_feed(w);
	bool once = w->reading && !reading_goes_on(w);
	int64_t from_ms = once ? f->logs.seen.known_from_ms : w->newest_ms - SHORT_OVERLAP_MS;

	w->pass.restarts++;
	str_set(&w->pass.token, NULL);
	paging_done(&w->pass.pages);
	if (f->logs.seen.forgot)
		w->pass.since_ms = MAX(w->pass.since_ms, from_ms);
	request_page(w);
}

void logs_pass_failed(struct follow *w, const struct err *err)
{
	struct feed *f = follow_feed(w);
	struct err copy = *err;

	if (w->s->closing)
		return;
	/* A token of yesterday, or one that a fault has spoilt. */
	if (copy.code == ERR_INVALID && w->pass.token && w->pass.restarts == 0 &&
	    (w->access == BY_FILTER || !f->logs.seen.forgot)) {
		restart_pass(w);
		return;
	}
	settle_what_came(w);
	w->log_failures++;
	int64_t delay = follow_backoff(w, w->log_failures, "logs", &copy);
	/* What was read of a long log is not read again. */
	bool resumes = w->back || (w->pass.token != NULL && copy.code != ERR_INVALID);

	f->logs.generation++;
	if (resumes && (w->count > 0 || w->log_failures <= RESUMES_MAX))
		w->log = LOG_BROKEN;
	else
		w->log = w->count > 0 ? LOG_PAUSED : LOG_IDLE;
	if (w->log != LOG_IDLE)
		follow_start_timer(w, &w->log_timer, delay, log_tick);
	if (resumes && w->log_failures <= RESUMES_MAX)
		return; /* those who wait, wait on */
	follow_hold(w);
	waiters_run(&w->log_waiters, &copy);
	waiters_run(&w->metric_waiters, &copy);
	if (!reading_goes_on(w))
		reading_end(w, &copy);
	follow_release(w);
}

/* FilterLogEvents is denied, or has searched for long without a line of ours. */
static void read_by_stream(struct follow *w)
{
	w->access = BY_STREAM;
	logs_begin_pass(w);
}

/* The pages will not end: what would be asked next is not asked again. */
static void pass_endless(struct follow *w, const struct err *err)
{
	str_set(&w->pass.token, NULL);
	logs_pass_failed(w, err);
}

/* What a slice brings; true where others follow, or nothing is to be done. */
static bool takes_slice(struct follow *w, const struct log_event *events, size_t n, bool more)
{
	if (!more)
		w->pending--;
	if (w->s->closing)
		return true;
	if (more)
		add_events(w, events, n, false);
	return more;
}

static void on_events(void *user, const struct log_event *events, size_t n, bool more, const char *next_token,
		      const struct err *err)
{
	struct follow *w = user;
	struct err endless = {0};

	if (takes_slice(w, events, n, more))
		return;
	if (err && err->code == ERR_NOTFOUND) { /* no group, no stream: nothing was logged yet */
		str_set(&w->pass.token, NULL);
		logs_pass_end(w);
		return;
	}
	if (err && err->code == ERR_DENIED && w->access == BY_FILTER) {
		read_by_stream(w);
		return;
	}
	if (err) {
		logs_pass_failed(w, err);
		return;
	}
	if (w->pass.probes && next_token && w->pass.n_page > 0) {
		back_begin(w);
		return;
	}
	settle(w);
	if (paging_next(&w->pass.pages, "FilterLogEvents", next_token, w->pass.n_page, &endless) < 0) {
		if (str_eq(endless.aws_code, PAGING_EMPTY))
			read_by_stream(w);
		else
			pass_endless(w, &endless);
		return;
	}
	str_set(&w->pass.token, next_token);
	if (next_token && w->pass.n_page > 0 && reading_narrows(w, w->pass.last_ms))
		logs_begin_pass(w);
	else if (next_token)
		request_page(w);
	else
		logs_pass_end(w);
}

/* GetLogEvents ends where it returns the token that was sent. */
static void on_stream_events(void *user, const struct log_event *events, size_t n, bool more, const char *next_token,
			     const struct err *err)
{
	struct follow *w = user;

	if (takes_slice(w, events, n, more))
		return;
	if (err && err->code != ERR_NOTFOUND) {
		logs_pass_failed(w, err);
		return;
	}
	settle(w);
	struct err endless = {0};
	bool last = err || !next_token || str_eq(next_token, w->pass.token);

	if (paging_next(&w->pass.pages, "GetLogEvents", last ? NULL : next_token, w->pass.n_page, &endless) < 0) {
		pass_endless(w, &endless);
		return;
	}
	if (last) {
		w->pass.next_stream++;
		str_set(&w->pass.token, NULL);
	} else {
		str_set(&w->pass.token, next_token);
	}
	if (w->pass.next_stream < w->pass.streams.n)
		request_page(w);
	else
		logs_pass_end(w);
}

static void on_streams(void *user, const struct log_stream *streams, size_t n, const char *next_token,
		       const struct err *err)
{
	struct follow *w = user;

	w->pending--;
	if (w->s->closing)
		return;
	if (err && err->code != ERR_NOTFOUND) {
		logs_pass_failed(w, err);
		return;
	}
	for (size_t i = 0; !err && i < n; i++) {
		if (!is_foreign(w, streams[i].name))
			strlist_add(&w->pass.streams, streams[i].name);
	}
	struct err endless = {0};

	if (paging_next(&w->pass.pages, "DescribeLogStreams", err ? NULL : next_token, n, &endless) < 0) {
		pass_endless(w, &endless);
		return;
	}
	if (!err && next_token) {
		w->pending++;
		logs_describe_streams(w->s->aws, w->group, w->prefix, next_token, AWS_POLLING, on_streams, w);
	} else if (w->pass.streams.n > 0) {
		request_page(w);
	} else {
		logs_pass_end(w);
	}
}

/* FilterLogEvents is allowed a few times a second for the whole account: one
 * watched log is asked for often, many share the same. */
int64_t logs_poll_delay(const struct follow *w)
{
	if (follow_feed((struct follow *)w)->live)
		return LIVE_POLL_MS;
	if (w->n_lines == 0)
		return MAX(IDLE_POLL_MS, w->s->opt.log_poll_ms);
	return w->s->opt.log_poll_ms * (int64_t)MAX(w->s->follows.n, (size_t)1);
}

static int64_t pass_since(struct follow *w)
{
	int64_t overlap = w->pass.n_repeats > REPEATS_MANY ? SHORT_OVERLAP_MS : OVERLAP_MS;

	if (w->passes % LONG_EVERY == LONG_EVERY - 1)
		overlap = LONG_OVERLAP_MS;
	if (w->back) /* what is older comes by its pages, in the order of its stream */
		return MAX(w->newest_ms - overlap, back_reached_ms(w) + 1);
	if (follow_is_settled(w)) {
		if (w->n_lines <= FULL_REREAD_MAX && !follow_feed(w)->logs.seen.forgot && !follow_feed(w)->logs_cut)
			return 0;
		overlap = LONG_OVERLAP_MS * 4;
	}
	return w->newest_ms == 0 ? 0 : MAX(w->newest_ms - overlap, (int64_t)0);
}

static void request_page(struct follow *w)
{
	bool awaited = w->log_waiters.n > 0 || w->metric_waiters.n > 0 || w->reading;
	enum aws_priority p = awaited ? AWS_USER_ACTION : AWS_POLLING;
	struct log_query q = {.group = w->group,
			      .stream = w->prefix,
			      .start_ms = w->pass.since_ms,
			      .end_ms = w->pass.until_ms,
			      .limit = w->pass.probes ? PAGE_LIMIT_PROBE : PAGE_LIMIT,
			      .token = w->pass.token};

	w->log = LOG_READING;
	w->pass.n_page = 0;
	w->pending++;
	if (w->access == BY_FILTER) {
		logs_filter_events(w->s->aws, &q, p, on_events, w);
	} else if (w->pass.streams.n == 0) {
		logs_describe_streams(w->s->aws, w->group, w->prefix, NULL, p, on_streams, w);
	} else {
		q.stream = w->pass.streams.items[w->pass.next_stream];
		logs_get_events(w->s->aws, &q, true, p, on_stream_events, w);
	}
}

void logs_begin_pass(struct follow *w)
{
	bool settled = follow_is_settled(w);

	w->pass.since_ms = pass_since(w);
	w->pass.until_ms = 0;
	w->pass.kind = !settled ? READ_NEXT : w->newest_ms == 0 ? READ_WHOLE : READ_CHECK;
	w->pass.n_new = w->pass.n_repeats = 0;
	w->pass.restarts = 0;
	str_set(&w->pass.token, NULL);
	paging_done(&w->pass.pages);
	strlist_done(&w->pass.streams);
	w->pass.next_stream = 0;
	loglines_begin_pass(&follow_feed(w)->logs);
	reading_begin_pass(w);
	w->pass.probes = back_is_wanted(w);
	if (w->pass.probes && w->access == BY_STREAM)
		back_begin(w);
	else
		request_page(w);
}

/* There is nothing to be read. */
static void nothing_to_read(struct follow *w)
{
	struct feed *f = follow_feed(w);

	f->logs_loaded = true;
	f->following = false;
	if (!w->group)
		snprintf(f->logs_note, sizeof(f->logs_note), "%s have no log", w->kind->title);
	follow_hold(w);
	waiters_run(&w->log_waiters, NULL);
	reading_end(w, NULL);
	sync_metrics_answer(w, NULL);
	follow_release(w);
}

void sync_logs_begin(struct follow *w)
{
	if (w->log == LOG_READING || w->s->closing)
		return;
	if (w->log == LOG_COMPLETE || !w->group || reading_is_cached(w)) {
		nothing_to_read(w);
		return;
	}
	follow_stop_timer(w, &w->log_timer); /* one that is due begins now */
	if (w->back)
		back_go_on(w);
	else if (w->log == LOG_BROKEN)
		request_page(w);
	else
		logs_begin_pass(w);
}
