/* sync_logs.c - follow a job's log so that no line is lost and none shown twice.
 *
 * A pass reads by FilterLogEvents (stream prefix "job/": all streams of all
 * instances and restarts, new ones too) from some time on, page after page until
 * there is no token. Passes follow each other; each begins before the newest event
 * known, so that events which reach CloudWatch late are found; event ids keep the
 * repeats out. When the job is over one pass over the whole log that brings
 * nothing new makes it complete: then it is cached and never read again. */
#include "sync/sync_priv.h"

#include "base/log.h"

#define OVERLAP_MS 10000      /* of every pass */
#define SHORT_OVERLAP_MS 2000 /* where that repeats thousands of lines */
#define REPEATS_MANY 2000
#define LONG_OVERLAP_MS 180000 /* of every tenth, for the very late */
#define LONG_EVERY 10
#define PAGE_LIMIT 10000
#define RESUMES_MAX 4
#define LIVE_POLL_MS 10000     /* beside a live tail */
#define IDLE_POLL_MS 3000      /* before the first container starts */
#define FULL_REREAD_MAX 200000 /* lines: beyond, the end is settled by the long overlap */

static void request_page(struct watch *w);
static void begin_pass(struct watch *w);
static int64_t poll_delay(const struct watch *w);

static void log_tick(void *user)
{
	struct watch *w = user;

	w->log_timer = 0;
	w->pending--;
	if (!w->s->closing)
		sync_logs_begin(w);
}

static void schedule_pass(struct watch *w, int64_t delay_ms)
{
	if (w->log_timer || w->s->closing)
		return;
	w->pending++;
	w->log_timer = aws_client_after(w->s->aws, delay_ms, log_tick, w);
}

/* The rules need the metric definitions; a summary has none. */
static void update_rules(struct watch *w)
{
	struct job *j = sync_job_full(w->s, w->name);
	bool is_final = j && !j->trimmed && j->detail >= DETAIL_SEARCHED;

	if (w->rules && (w->rules_final || !is_final))
		return;
	metric_rules_free(w->rules);
	w->rules = metric_rules_new(j);
	w->rules_final = is_final;
}

void sync_logs_add(struct watch *w, const struct log_event *events, size_t n, bool live)
{
	struct job_feed *f = watch_feed(w);

	update_rules(w);
	for (size_t i = 0; i < n; i++) {
		const struct log_event *e = &events[i];

		const char *stream = str_or(e->stream, w->name);
		bool added = live ? loglines_add_live(&f->logs, stream, e->time_ms, e->text, e->len)
				  : loglines_add(&f->logs, stream, e->event_id, e->time_ms, e->text, e->len);

		if (!added) {
			w->repeats++;
			continue;
		}
		/* What a tail pushes moves no mark: the next pass reads it once more. */
		w->pass_any |= !live;
		if (!live)
			w->newest_ms = MAX(w->newest_ms, e->time_ms);
		/* The raw text: a tab of the program is one of the pattern too. */
		struct log_line raw = {
			.time_ms = e->time_ms, .text = e->text, .len = (uint32_t)MIN(e->len, (size_t)UINT32_MAX)};

		metric_rules_apply(w->rules, &raw, &f->metrics);
	}
	loglines_settle(&f->logs);
}

static void log_complete(struct watch *w)
{
	struct job_feed *f = watch_feed(w);
	struct err err = {0};

	f->logs.complete = true;
	f->following = false;
	f->logs.generation++;
	sync_live_stop(w);
	if (f->logs.n_dropped == 0 && store_logs_save(w->s->store, w->name, &f->logs, &err))
		sync_note_error(w->s, "not cached", &err);
	sync_metrics_save(w);
}

/* What comes after a pass that reached the end of the log. */
static void pass_end(struct watch *w)
{
	struct job_feed *f = watch_feed(w);
	const struct job *j = watch_job(w);
	bool over = j && job_is_terminal(j);

	watch_hold(w);
	w->logs_busy = false;
	w->log_failures = 0;
	w->passes++;
	loglines_begin_pass(&f->logs);
	f->logs_loaded = true;
	f->logs.generation++;
	str_copy(f->logs_note, sizeof(f->logs_note),
		 f->logs.n > 0 ? ""
		 : over	       ? "the job has left no log"
			       : "no log stream yet");
	/* A first pass over the log of a job that was settled when it began has all;
	 * one that was followed is read once more from its beginning. */
	if (w->final_pass && (!w->pass_any || w->fresh_pass)) {
		log_complete(w);
	} else if (w->count > 0) {
		f->following = true;
		schedule_pass(w, poll_delay(w));
	}
	if (w->log_waiters.n > 0)
		waiters_run(&w->log_waiters, NULL);
	sync_metrics_log_ended(w);
	watch_release(w);
}

static void pass_failed(struct watch *w, const struct err *err)
{
	struct job_feed *f = watch_feed(w);
	struct err copy = *err;

	w->logs_busy = false;
	if (w->s->closing)
		return;
	/* A token of yesterday, or one that a fault has spoilt: begin the pass again. */
	if (copy.code == ERR_INVALID && w->token && !w->pass_restarted) {
		begin_pass(w);
		w->pass_restarted = true;
		return;
	}
	loglines_settle(&f->logs);
	w->log_failures++;
	int64_t delay = watch_backoff(w, w->log_failures, "logs", &copy);

	/* What was read of a long log is not read again. */
	w->resume = w->token != NULL && copy.code != ERR_INVALID;
	f->logs.generation++;
	if (w->count > 0 || (w->resume && w->log_failures <= RESUMES_MAX))
		schedule_pass(w, delay);
	if (w->resume && w->log_failures <= RESUMES_MAX)
		return; /* those who wait, wait on */
	watch_hold(w);
	waiters_run(&w->log_waiters, &copy);
	waiters_run(&w->metric_waiters, &copy);
	watch_release(w);
}

/* FilterLogEvents is denied, or has searched for long without a line of ours. */
static void read_by_stream(struct watch *w)
{
	w->by_stream = true;
	w->logs_busy = false;
	sync_logs_begin(w);
}

/* The pages will not end: what would be asked next is not asked again. */
static void pass_endless(struct watch *w, const struct err *err)
{
	str_set(&w->token, NULL);
	pass_failed(w, err);
}

static void on_events(void *user, const struct log_event *events, size_t n, const char *next_token,
		      const struct err *err)
{
	struct watch *w = user;
	struct err endless = {0};

	w->pending--;
	if (w->s->closing)
		return;
	if (err && err->code == ERR_NOTFOUND) { /* no group, no stream: nothing was logged yet */
		str_set(&w->token, NULL);
		pass_end(w);
		return;
	}
	if (err && err->code == ERR_DENIED && !w->by_stream) {
		read_by_stream(w);
		return;
	}
	if (err) {
		pass_failed(w, err);
		return;
	}
	sync_logs_add(w, events, n, false);
	if (paging_next(&w->pages, "FilterLogEvents", next_token, n, &endless) < 0) {
		if (str_eq(endless.aws_code, PAGING_EMPTY))
			read_by_stream(w);
		else
			pass_endless(w, &endless);
		return;
	}
	str_set(&w->token, next_token);
	if (next_token)
		request_page(w);
	else
		pass_end(w);
}

/* GetLogEvents ends where it returns the token that was sent. */
static void on_stream_events(void *user, const struct log_event *events, size_t n, const char *next_token,
			     const struct err *err)
{
	struct watch *w = user;
	struct err endless = {0};

	w->pending--;
	if (w->s->closing)
		return;
	if (err && err->code != ERR_NOTFOUND) {
		pass_failed(w, err);
		return;
	}
	if (!err)
		sync_logs_add(w, events, n, false);
	bool last = err || !next_token || str_eq(next_token, w->token);
	if (paging_next(&w->pages, "GetLogEvents", last ? NULL : next_token, n, &endless) < 0) {
		pass_endless(w, &endless);
		return;
	}
	if (last) {
		w->next_stream++;
		str_set(&w->token, NULL);
	} else {
		str_set(&w->token, next_token);
	}
	if (w->next_stream < w->streams.n)
		request_page(w);
	else
		pass_end(w);
}

static void on_streams(void *user, const struct log_stream *streams, size_t n, const char *next_token,
		       const struct err *err)
{
	struct watch *w = user;
	struct err endless = {0};

	w->pending--;
	if (w->s->closing)
		return;
	if (err && err->code != ERR_NOTFOUND) {
		pass_failed(w, err);
		return;
	}
	for (size_t i = 0; !err && i < n; i++)
		strlist_add(&w->streams, streams[i].name);
	if (paging_next(&w->pages, "DescribeLogStreams", err ? NULL : next_token, n, &endless) < 0) {
		pass_endless(w, &endless);
		return;
	}
	if (!err && next_token) {
		AUTO(str) char *prefix = xasprintf("%s/", w->name);

		w->pending++;
		logs_describe_streams(w->s->aws, TRAINING_LOG_GROUP, prefix, next_token, AWS_POLLING, on_streams, w);
	} else if (w->streams.n > 0) {
		request_page(w);
	} else {
		pass_end(w);
	}
}

/* FilterLogEvents is allowed a few times a second for the whole account: one
 * watched job is asked for often, many share the same. */
static int64_t poll_delay(const struct watch *w)
{
	const struct job_feed *f = watch_feed((struct watch *)w);

	if (f->live)
		return LIVE_POLL_MS;
	if (f->logs.n == 0)
		return MAX(IDLE_POLL_MS, w->s->opt.log_poll_ms);
	return w->s->opt.log_poll_ms * (int64_t)MAX(w->s->watches.n, (size_t)1);
}

static int64_t pass_since(const struct watch *w, size_t n_lines)
{
	int64_t overlap = w->repeats > REPEATS_MANY ? SHORT_OVERLAP_MS : OVERLAP_MS;

	if (w->passes % LONG_EVERY == LONG_EVERY - 1)
		overlap = LONG_OVERLAP_MS;
	if (watch_is_settled(w)) {
		if (n_lines <= FULL_REREAD_MAX)
			return 0;
		overlap = LONG_OVERLAP_MS * 4;
	}
	return w->newest_ms == 0 ? 0 : MAX(w->newest_ms - overlap, (int64_t)0);
}

static void request_page(struct watch *w)
{
	enum aws_priority p = w->log_waiters.n > 0 ? AWS_USER_ACTION : AWS_POLLING;
	AUTO(str) char *prefix = xasprintf("%s/", w->name);

	w->pending++;
	if (!w->by_stream)
		logs_filter_events(w->s->aws, TRAINING_LOG_GROUP, prefix, NULL, w->since_ms, 0, PAGE_LIMIT, w->token, p,
				   on_events, w);
	else if (w->streams.n == 0)
		logs_describe_streams(w->s->aws, TRAINING_LOG_GROUP, prefix, NULL, p, on_streams, w);
	else
		logs_get_events(w->s->aws, TRAINING_LOG_GROUP, w->streams.items[w->next_stream], w->since_ms, 0, true,
				PAGE_LIMIT, w->token, p, on_stream_events, w);
}

static void begin_pass(struct watch *w)
{
	struct job_feed *f = watch_feed(w);

	w->logs_busy = true;
	w->pass_any = false;
	w->pass_restarted = false;
	w->since_ms = pass_since(w, f->logs.n);
	w->final_pass = watch_is_settled(w);
	w->fresh_pass = w->newest_ms == 0;
	w->repeats = 0;
	str_set(&w->token, NULL);
	paging_done(&w->pages);
	strlist_done(&w->streams);
	w->next_stream = 0;
	loglines_begin_pass(&f->logs);
	request_page(w);
}

void sync_logs_begin(struct watch *w)
{
	struct job_feed *f = watch_feed(w);

	if (w->logs_busy || w->s->closing)
		return;
	if (f->logs.complete) {
		f->logs_loaded = true;
		f->following = false;
		watch_hold(w);
		waiters_run(&w->log_waiters, NULL);
		watch_release(w);
		return;
	}
	if (w->log_timer) { /* one is due: it begins now */
		aws_client_cancel_timer(w->s->aws, w->log_timer);
		w->log_timer = 0;
		w->pending--;
	}
	if (w->resume) {
		w->resume = false;
		w->logs_busy = true;
		request_page(w);
		return;
	}
	begin_pass(w);
}
