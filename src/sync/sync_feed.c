/* sync_feed.c - who wants which thing's log and metrics, and for how long. */
#include "sync/sync_priv.h"

#include "base/log.h"

#define DESCRIBE_EVERY_MS 5000
#define BACKOFF_MAX_MS 30000

static char *key_of(const struct kind *kind, const char *name)
{
	return xasprintf("%s/%s", kind->name, name);
}

struct follow *follow_find(const struct sync *s, const struct kind *kind, const char *name)
{
	AUTO(str) char *key = key_of(kind, name);

	return map_get(&s->follows, key);
}

bool sync_is_watched(const struct sync *s, const struct kind *kind, const char *name)
{
	const struct follow *w = follow_find(s, kind, name);

	return w && w->count > 0;
}

const struct resource *follow_resource(const struct follow *w)
{
	return resources_find(&w->s->session->tables[w->kind->id], w->name);
}

const struct job *follow_job(const struct follow *w)
{
	const struct resource *r = w->kind == TRAINING_KIND ? follow_resource(w) : NULL;

	return r ? resource_job(r) : NULL;
}

struct feed *follow_feed(struct follow *w)
{
	return session_feed(w->s->session, w->kind, w->name);
}

void follow_start_timer(struct follow *w, uint64_t *timer, int64_t delay_ms, aws_timer_fn *fn)
{
	if (*timer || w->s->closing)
		return;
	w->pending++;
	*timer = aws_client_after(w->s->aws, delay_ms, fn, w);
}

void follow_stop_timer(struct follow *w, uint64_t *timer)
{
	if (*timer && !w->s->closing)
		aws_client_cancel_timer(w->s->aws, *timer);
	w->pending -= *timer != 0;
	*timer = 0;
}

static void forget_idle(struct sync *s, const char *key)
{
	for (size_t i = 0; i < s->idle_feeds.n; i++) {
		if (str_eq(s->idle_feeds.items[i], key)) {
			free(s->idle_feeds.items[i]);
			memmove(&s->idle_feeds.items[i], &s->idle_feeds.items[i + 1],
				(--s->idle_feeds.n - i) * sizeof(char *));
			return;
		}
	}
}

/* What its feed has from before is not read again. */
static void resume(struct follow *w)
{
	const struct feed *f = follow_feed(w);

	if (f->logs.complete || w->back || f->logs.n == 0)
		return;
	w->newest_ms = f->logs_read_ms;
	w->n_lines = f->logs.n;
}

/* The one there is, or a new one; keeps_lines: what the cache has of it is loaded. */
static struct follow *follow_get(struct sync *s, const struct kind *kind, const char *name, bool keeps_lines)
{
	struct follow *w = follow_find(s, kind, name);

	if (w)
		return w;
	w = NEW(struct follow);
	w->s = s;
	w->kind = kind;
	w->name = xstrdup(name);
	w->group = kind->log_group ? kind_pattern(kind->log_group, name) : NULL;
	w->prefix = kind->log_prefix ? kind_pattern(kind->log_prefix, name) : NULL;
	AUTO(str) char *key = key_of(kind, name);

	map_put(&s->follows, key, w);
	forget_idle(s, key);
	if (!follow_feed(w)->logs.max_bytes)
		follow_feed(w)->logs.max_bytes = (size_t)s->opt.log_bytes;
	if (keeps_lines) {
		back_from_cache(w);
		resume(w);
	}
	return w;
}

static void follow_free(struct follow *w)
{
	back_free(w);
	store_log_close(w->keep_writer);
	metric_rules_free(w->rules);
	free(w->log_waiters.items);
	free(w->metric_waiters.items);
	strlist_done(&w->pass.streams);
	free(w->pass.token);
	paging_done(&w->pass.pages);
	free(w->group);
	free(w->prefix);
	free(w->name);
	free(w);
}

static void drop_by_key(struct sync *s, const char *key)
{
	const char *slash = strchr(key, '/');
	AUTO(str) char *kind = xstrndup(key, (size_t)(slash - key));

	session_drop_feed(s->session, kind_find(kind), slash + 1);
}

/* Nobody looks at it any more: kept for a while, since one comes back to it. */
static void feed_becomes_idle(struct sync *s, const char *key)
{
	strlist_add(&s->idle_feeds, key);
	while (s->idle_feeds.n > FEEDS_KEPT) {
		drop_by_key(s, s->idle_feeds.items[0]);
		free(s->idle_feeds.items[0]);
		memmove(&s->idle_feeds.items[0], &s->idle_feeds.items[1], --s->idle_feeds.n * sizeof(char *));
	}
}

void follow_check(struct follow *w)
{
	struct sync *s = w->s;

	if (s->closing)
		return;
	if (w->count == 0)
		sync_live_stop(w);
	if (w->count > 0 || w->log_waiters.n > 0 || w->metric_waiters.n > 0 || w->reading)
		return;
	follow_stop_timer(w, &w->log_timer);
	follow_stop_timer(w, &w->metric_timer);
	follow_stop_timer(w, &w->describe_timer);
	if (w->pending > 0)
		return;
	AUTO(str) char *key = key_of(w->kind, w->name);
	struct job *j = (struct job *)(uintptr_t)follow_job(w);

	back_drop(w);
	follow_feed(w)->logs_read_ms = w->newest_ms;
	map_remove(&s->follows, key);
	feed_becomes_idle(s, key);
	if (j && !j->unsaved)
		job_trim(j);
	follow_free(w);
}

void sync_feeds_free(struct sync *s)
{
	struct err cancelled = {0};
	void *value;

	(void)err_set(&cancelled, ERR_CANCELLED, "sagetop is ending");
	for (size_t i = 0; map_next(&s->follows, &i, NULL, &value);) {
		struct follow *w = value;

		waiters_run(&w->log_waiters, &cancelled);
		waiters_run(&w->metric_waiters, &cancelled);
		reading_end(w, &cancelled);
	}
	for (size_t i = 0; map_next(&s->follows, &i, NULL, &value);)
		follow_free(value);
	map_done(&s->follows);
}

void sync_feeds_reset(struct sync *s)
{
	void *value;

	for (size_t i = 0; i < s->idle_feeds.n; i++)
		drop_by_key(s, s->idle_feeds.items[i]);
	strlist_done(&s->idle_feeds);
	for (size_t i = 0; map_next(&s->follows, &i, NULL, &value);) {
		struct follow *w = value;
		struct feed *f = follow_feed(w);
		bool begins = w->back && w->back_timer;

		keep_stop(w);
		back_drop(w);
		loglines_clear(&f->logs);
		series_set_done(&f->metrics);
		f->logs_loaded = false;
		w->newest_ms = w->over_ms = w->metrics_until_ms = 0;
		w->passes = 0;
		w->n_lines = 0;
		w->rules_detail = DETAIL_SUMMARY;
		if (w->log == LOG_BROKEN) /* its token is of no more use */
			w->log = LOG_PAUSED;
		if (w->log == LOG_COMPLETE)
			w->log = LOG_IDLE;
		if (w->metrics == METRICS_COMPLETE)
			w->metrics = METRICS_IDLE;
		if (begins) { /* nothing was asked that would begin it */
			w->log = LOG_IDLE;
			sync_logs_begin(w);
		}
	}
}

bool follow_is_over(const struct follow *w)
{
	const struct resource *r = follow_resource(w);
	const struct job *j = follow_job(w);

	if (j)
		return job_is_terminal(j);
	return r && r->end_ms != TIME_UNKNOWN && r->state != STATE_RUNNING;
}

bool follow_is_settled(const struct follow *w)
{
	const struct resource *r = follow_resource(w);

	if (!follow_is_over(w))
		return false;
	/* By its own time where that lies well back; else by ours, since when the end
	 * was seen: a simulated or skewed clock may be ahead. */
	int64_t end = r->end_ms != TIME_UNKNOWN ? r->end_ms : r->modified_ms;
	int64_t ago = clock_now_ms() - end;

	if (end != TIME_UNKNOWN && ago > 4 * w->s->opt.settle_ms)
		return true;
	return w->over_ms > 0 && clock_mono_ms() - w->over_ms >= w->s->opt.settle_ms;
}

int64_t follow_backoff(struct follow *w, int failures, const char *what, const struct err *err)
{
	int64_t delay = 1000;
	struct feed *f = follow_feed(w);

	for (int i = 1; i < failures && delay < BACKOFF_MAX_MS; i++)
		delay *= 2;
	delay = MIN(delay, (int64_t)BACKOFF_MAX_MS);
	if (err->code == ERR_AUTH || err->code == ERR_DENIED || err->code == ERR_EXPIRED)
		delay = BACKOFF_MAX_MS;
	snprintf(f->logs_note, sizeof(f->logs_note), "%s: %.260s; retrying in %d s", what,
		 err->code == ERR_THROTTLED ? "throttled" : err->msg, (int)(delay / 1000));
	return delay;
}

static void note_over(struct follow *w)
{
	if (w->over_ms == 0 && follow_is_over(w))
		w->over_ms = clock_mono_ms();
}

/* Those of the job's record, where its log has none. */
static void add_final_metrics(struct follow *w)
{
	const struct job *j = follow_job(w);

	for (size_t i = 0; j && i < j->cold->n_final_metrics; i++) {
		const struct job_final_metric *m = &j->cold->final_metrics[i];

		series_put_final(&follow_feed(w)->metrics, m->name, m->time_ms, m->value);
	}
}

void sync_feeds_job_changed(struct sync *s, const struct job *j)
{
	struct follow *w = follow_find(s, TRAINING_KIND, j->name);

	if (!w)
		return;
	note_over(w);
	add_final_metrics(w);
}

static void describe_tick(void *user);

static void on_watch_described(void *user, const struct err *err)
{
	struct follow *w = user;

	w->pending--;
	if (w->s->closing)
		return;
	str_copy(follow_feed(w)->details_note, sizeof(follow_feed(w)->details_note), err ? err->msg : "");
	if (err) /* a page says so */
		session_jobs(w->s->session)->generation++;
	if (w->count > 0 && !follow_is_over(w))
		follow_start_timer(w, &w->describe_timer, DESCRIBE_EVERY_MS, describe_tick);
	follow_check(w);
}

static void describe_tick(void *user)
{
	struct follow *w = user;

	w->describe_timer = 0;
	/* The timer's count passes on to the request. */
	sync_describe(w->s, w->name, AWS_POLLING, on_watch_described, w);
}

/* Jobs change often while they run: their state is asked for by name. What is of
 * another kind changes with its list. */
static void follow_state(struct follow *w)
{
	struct job *j = w->kind == TRAINING_KIND ? sync_job_full(w->s, w->name) : NULL;

	note_over(w);
	if (w->kind != TRAINING_KIND)
		return;
	if (j)
		add_final_metrics(w);
	/* One look by name: Search may lag, and lacks some of Describe's members. */
	if (!j || !job_is_terminal(j) || j->detail < DETAIL_DESCRIBED)
		follow_start_timer(w, &w->describe_timer, 0, describe_tick);
}

void sync_watch(struct sync *s, const struct kind *kind, const char *name)
{
	struct follow *w = follow_get(s, kind, name, true);

	if (w->count++ > 0)
		return;
	follow_state(w);
	sync_logs_begin(w);
	sync_metrics_begin(w);
}

void sync_unwatch(struct sync *s, const struct kind *kind, const char *name)
{
	struct follow *w = follow_find(s, kind, name);

	if (!w || w->count == 0)
		return;
	w->count--;
	follow_check(w);
}

/* --- once --------------------------------------------------------------------------- */

/* It must be known before its log can be called complete. */
static void on_feed_described(void *user, const struct err *err)
{
	struct follow *w = user;

	if (w->s->closing) {
		w->pending--;
		return;
	}
	if (err && !follow_resource(w)) {
		struct err copy = *err;

		waiters_run(&w->log_waiters, &copy);
		waiters_run(&w->metric_waiters, &copy);
		reading_end(w, &copy);
	} else {
		note_over(w);
		add_final_metrics(w);
		sync_logs_begin(w);
		if (w->metric_waiters.n > 0)
			sync_metrics_begin(w);
		if (reading_goes_on(w))
			follow_state(w);
	}
	follow_release(w);
}

static void on_resource_described(void *user, struct resource *r, const json_t *raw, const struct err *err)
{
	on_feed_described(user, err);
}

static void describe_first(struct follow *w)
{
	const struct job *j = follow_job(w);

	follow_hold(w);
	if (w->kind != TRAINING_KIND) {
		if (follow_resource(w))
			sync_later(w->s, on_feed_described, w, NULL);
		else
			sync_resource(w->s, w->kind, w->name, on_resource_described, w);
		return;
	}
	if (j && job_is_terminal(j) && (!j->trimmed || sync_job_full(w->s, w->name)))
		sync_later(w->s, on_feed_described, w, NULL);
	else
		sync_job(w->s, w->name, on_feed_described, w);
}

void sync_logs(struct sync *s, const struct kind *kind, const char *name, sync_done_fn *fn, void *user)
{
	struct follow *w = follow_get(s, kind, name, true);

	waiters_add(&w->log_waiters, fn, user);
	describe_first(w);
}

void sync_metrics(struct sync *s, const struct kind *kind, const char *name, sync_done_fn *fn, void *user)
{
	struct follow *w = follow_get(s, kind, name, false);

	waiters_add(&w->metric_waiters, fn, user);
	if (w->count == 0 && w->log == LOG_IDLE && !w->reading && follow_feed(w)->logs.n == 0) {
		if (store_metrics_load(s->store, kind, name, &follow_feed(w)->metrics, NULL) == 0) {
			w->metrics = METRICS_COMPLETE; /* as they are only kept of a whole log */
			w->log = LOG_COMPLETE;
		} else {
			reading_for_metrics(w);
		}
	}
	describe_first(w);
}

void sync_read_log(struct sync *s, const struct kind *kind, const char *name, const struct sync_reading *r,
		   sync_done_fn *fn, void *user)
{
	struct follow *w = follow_get(s, kind, name, false);

	w->count += r->follow;
	reading_start(w, r, fn, user);
	describe_first(w);
}
