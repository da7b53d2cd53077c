/* sync_feed.c - who wants which job's logs and metrics, and for how long. */
#include "sync/sync_priv.h"

#include "base/log.h"

#define DESCRIBE_EVERY_MS 5000
#define BACKOFF_MAX_MS 30000

struct watch *watch_find(const struct sync *s, const char *name)
{
	return map_get(&s->watches, name);
}

bool sync_is_watched(const struct sync *s, const char *name)
{
	const struct watch *w = watch_find(s, name);

	return w && w->count > 0;
}

const struct job *watch_job(const struct watch *w)
{
	return jobs_find(session_jobs(w->s->session), w->name);
}

struct job_feed *watch_feed(struct watch *w)
{
	return session_feed(w->s->session, w->name);
}

/* The cache has the logs of finished jobs, and the metrics of those seen before:
 * they show at once. */
static void load_from_store(struct watch *w)
{
	struct job_feed *f = watch_feed(w);

	if (f->logs.n == 0 && store_logs_load(w->s->store, w->name, &f->logs, NULL) == 0)
		f->logs_loaded = true;
	if (f->metrics.n == 0 && store_metrics_load(w->s->store, w->name, &f->metrics, NULL) == 0)
		w->metrics_loaded = f->logs.complete;
	w->metrics_final = w->metrics_loaded;
	if (f->logs.complete && f->metrics.n == 0) {
		struct metric_rules *rules = metric_rules_new(sync_job_full(w->s, w->name));

		for (size_t i = 0; i < f->logs.n; i++)
			metric_rules_apply(rules, &f->logs.lines[i], &f->metrics);
		metric_rules_free(rules);
	}
}

struct watch *watch_get(struct sync *s, const char *name)
{
	struct watch *w = watch_find(s, name);

	if (w)
		return w;
	w = NEW(struct watch);
	w->s = s;
	w->name = xstrdup(name);
	map_put(&s->watches, name, w);
	for (size_t i = 0; i < s->idle_feeds.n; i++) {
		if (str_eq(s->idle_feeds.items[i], name)) {
			free(s->idle_feeds.items[i]);
			memmove(&s->idle_feeds.items[i], &s->idle_feeds.items[i + 1],
				(--s->idle_feeds.n - i) * sizeof(char *));
			break;
		}
	}
	load_from_store(w);
	return w;
}

static void watch_free(struct watch *w)
{
	metric_rules_free(w->rules);
	free(w->log_waiters.items);
	free(w->metric_waiters.items);
	strlist_done(&w->streams);
	free(w->token);
	paging_done(&w->pages);
	free(w->name);
	free(w);
}

/* Nobody looks at it any more: kept for a while, since one comes back to it. */
static void feed_becomes_idle(struct sync *s, const char *name)
{
	strlist_add(&s->idle_feeds, name);
	while (s->idle_feeds.n > FEEDS_KEPT) {
		session_drop_feed(s->session, s->idle_feeds.items[0]);
		free(s->idle_feeds.items[0]);
		memmove(&s->idle_feeds.items[0], &s->idle_feeds.items[1], --s->idle_feeds.n * sizeof(char *));
	}
}

static void cancel_timer(struct watch *w, uint64_t *timer)
{
	if (*timer && !w->s->closing)
		aws_client_cancel_timer(w->s->aws, *timer);
	w->pending -= *timer != 0;
	*timer = 0;
}

void watch_check(struct watch *w)
{
	struct sync *s = w->s;

	if (s->closing)
		return;
	if (w->count == 0)
		sync_live_stop(w);
	if (w->count > 0 || w->log_waiters.n > 0 || w->metric_waiters.n > 0)
		return;
	cancel_timer(w, &w->log_timer);
	cancel_timer(w, &w->metric_timer);
	cancel_timer(w, &w->describe_timer);
	if (w->pending > 0)
		return;
	struct job *j = jobs_find(session_jobs(s->session), w->name);

	map_remove(&s->watches, w->name);
	feed_becomes_idle(s, w->name);
	if (j && !j->unsaved)
		job_trim(j);
	watch_free(w);
}

void sync_feeds_free(struct sync *s)
{
	struct err cancelled = {0};
	void *w;

	(void)err_set(&cancelled, ERR_CANCELLED, "sagetop is ending");
	for (size_t i = 0; map_next(&s->watches, &i, NULL, &w);) {
		waiters_run(&((struct watch *)w)->log_waiters, &cancelled);
		waiters_run(&((struct watch *)w)->metric_waiters, &cancelled);
	}
	for (size_t i = 0; map_next(&s->watches, &i, NULL, &w);)
		watch_free(w);
	map_done(&s->watches);
}

void sync_feeds_reset(struct sync *s)
{
	void *value;

	for (size_t i = 0; i < s->idle_feeds.n; i++)
		session_drop_feed(s->session, s->idle_feeds.items[i]);
	strlist_done(&s->idle_feeds);
	for (size_t i = 0; map_next(&s->watches, &i, NULL, &value);) {
		struct watch *w = value;
		struct job_feed *f = watch_feed(w);

		loglines_clear(&f->logs);
		series_set_done(&f->metrics);
		f->logs_loaded = false;
		w->newest_ms = w->terminal_ms = w->metrics_until_ms = 0;
		w->passes = 0;
		w->rules_final = w->metrics_final = w->metrics_loaded = w->resume = false;
	}
}

bool watch_is_settled(const struct watch *w)
{
	const struct job *j = watch_job(w);

	if (!j || !job_is_terminal(j))
		return false;
	/* By the job's own time where it lies well back; else by ours, since when
	 * the end was seen: a simulated or skewed clock may be ahead. */
	int64_t end = j->end_ms != TIME_UNKNOWN ? j->end_ms : j->modified_ms;
	int64_t ago = clock_now_ms() - end;

	if (end != TIME_UNKNOWN && ago > 4 * w->s->opt.settle_ms)
		return true;
	return w->terminal_ms > 0 && clock_mono_ms() - w->terminal_ms >= w->s->opt.settle_ms;
}

int64_t watch_backoff(struct watch *w, int failures, const char *what, const struct err *err)
{
	int64_t delay = 1000;
	struct job_feed *f = watch_feed(w);

	for (int i = 1; i < failures && delay < BACKOFF_MAX_MS; i++)
		delay *= 2;
	delay = MIN(delay, (int64_t)BACKOFF_MAX_MS);
	if (err->code == ERR_AUTH || err->code == ERR_DENIED || err->code == ERR_EXPIRED)
		delay = BACKOFF_MAX_MS;
	snprintf(f->logs_note, sizeof(f->logs_note), "%s: %.100s; retrying in %d s", what,
		 err->code == ERR_THROTTLED ? "throttled" : err->msg, (int)(delay / 1000));
	return delay;
}

static void note_terminal(struct watch *w)
{
	const struct job *j = watch_job(w);

	if (j && job_is_terminal(j) && w->terminal_ms == 0)
		w->terminal_ms = clock_mono_ms();
}

void sync_feeds_job_changed(struct sync *s, const struct job *j)
{
	struct watch *w = watch_find(s, j->name);

	if (!w)
		return;
	note_terminal(w);
	/* Final metrics show even where no log line can be matched. */
	struct job_feed *f = watch_feed(w);

	for (size_t i = 0; i < j->n_final_metrics; i++) {
		const struct job_final_metric *m = &j->final_metrics[i];

		if (m->value - m->value == 0 && !series_find(&f->metrics, m->name))
			series_add(&f->metrics, m->name, m->time_ms, -1, m->value);
	}
}

static void describe_tick(void *user);

static void on_watch_described(void *user, const struct err *err)
{
	struct watch *w = user;

	w->pending--;
	if (w->s->closing)
		return;
	const struct job *j = watch_job(w);

	if (w->count > 0 && (!j || !job_is_terminal(j))) {
		w->pending++;
		w->describe_timer = aws_client_after(w->s->aws, DESCRIBE_EVERY_MS, describe_tick, w);
	}
	watch_check(w);
}

static void describe_tick(void *user)
{
	struct watch *w = user;

	w->describe_timer = 0;
	/* The timer's count passes on to the request. */
	sync_describe(w->s, w->name, AWS_POLLING, on_watch_described, w);
}

void sync_watch(struct sync *s, const char *name)
{
	struct watch *w = watch_get(s, name);

	if (w->count++ > 0)
		return;
	struct job *j = sync_job_full(s, name);

	note_terminal(w);
	if (j)
		sync_feeds_job_changed(s, j);
	/* One look by name: Search may lag, and lacks some of Describe's members. */
	if (w->describe_timer == 0 && (!j || !job_is_terminal(j) || j->detail < DETAIL_DESCRIBED)) {
		w->pending++;
		w->describe_timer = aws_client_after(s->aws, 0, describe_tick, w);
	}
	sync_logs_begin(w);
	sync_metrics_begin(w);
}

void sync_unwatch(struct sync *s, const char *name)
{
	struct watch *w = watch_find(s, name);

	if (!w || w->count == 0)
		return;
	w->count--;
	watch_check(w);
}

void sync_drop_feed(struct sync *s, const char *name)
{
	if (watch_find(s, name))
		return;
	for (size_t i = 0; i < s->idle_feeds.n; i++) {
		if (str_eq(s->idle_feeds.items[i], name)) {
			free(s->idle_feeds.items[i]);
			memmove(&s->idle_feeds.items[i], &s->idle_feeds.items[i + 1],
				(--s->idle_feeds.n - i) * sizeof(char *));
			break;
		}
	}
	session_drop_feed(s->session, name);
}

struct feed_start {
	struct watch *w;
	bool metrics;
};

/* The job must be known before its log can be called complete. */
static void on_feed_described(void *user, const struct err *err)
{
	struct feed_start *st = user;
	struct watch *w = st->w;
	struct waiters *waiters = st->metrics ? &w->metric_waiters : &w->log_waiters;

	bool metrics = st->metrics;

	free(st);
	if (w->s->closing) {
		w->pending--;
		return;
	}
	if (err && !watch_job(w)) {
		struct err copy = *err;

		waiters_run(waiters, &copy);
	} else {
		note_terminal(w);
		sync_logs_begin(w);
		if (metrics)
			sync_metrics_begin(w);
	}
	watch_release(w);
}

static void feed_once(struct sync *s, const char *name, bool metrics, sync_done_fn *fn, void *user)
{
	struct watch *w = watch_get(s, name);
	struct feed_start *st = NEW(struct feed_start);

	waiters_add(metrics ? &w->metric_waiters : &w->log_waiters, fn, user);
	st->w = w;
	st->metrics = metrics;
	w->pending++;
	const struct job *j = watch_job(w);

	if (j && job_is_terminal(j) && !j->trimmed)
		sync_later(s, on_feed_described, st, NULL);
	else if (j && job_is_terminal(j) && sync_job_full(s, name))
		sync_later(s, on_feed_described, st, NULL);
	else
		sync_job(s, name, on_feed_described, st);
}

void sync_logs(struct sync *s, const char *name, sync_done_fn *fn, void *user)
{
	feed_once(s, name, false, fn, user);
}

void sync_metrics(struct sync *s, const char *name, sync_done_fn *fn, void *user)
{
	feed_once(s, name, true, fn, user);
}
