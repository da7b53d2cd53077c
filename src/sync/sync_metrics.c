/* sync_metrics.c - the instances' own metrics, from CloudWatch.
 *
 * Only of jobs that somebody looks at, once a minute: every series asked for costs
 * money. Names are CloudWatch's ("CPUUtilization"); of several instances each has
 * its own ("CPUUtilization algo-2"). Metrics in log lines come by sync_logs.c. */
#include "sync/sync_priv.h"

#include "aws/cloudwatch.h"
#include "base/log.h"

#define NAMESPACE "/aws/sagemaker/TrainingJobs"
#define POLL_MS 60000
#define PERIOD_S 60
#define LATE_MS 300000 /* data points may come late by some minutes */
#define HOSTS_MAX 8
#define QUERIES_MAX 40
#define POINTS_PER_SERIES 10000

struct metric_call {
	struct watch *w;
	size_t n;
	int64_t until_ms;
	char ids[QUERIES_MAX][16];
	char *hosts[QUERIES_MAX];
	char names[QUERIES_MAX][64];
	struct cw_query queries[QUERIES_MAX];
	int64_t start_ms;
	struct paging pages;
};

static void call_free(struct metric_call *c)
{
	paging_done(&c->pages);
	for (size_t i = 0; i < c->n; i++)
		free(c->hosts[i]);
	free(c);
}

static bool has_gpu(const char *type)
{
	return type && (strstr(type, "ml.p") || strstr(type, "ml.g")); /* of a mixed cluster all types */
}

static void add_queries(struct metric_call *c, const struct job *j, int period_s)
{
	static const char *const metrics[] = {"CPUUtilization", "MemoryUtilization", "DiskUtilization",
					      "GPUUtilization", "GPUMemoryUtilization"};
	int hosts = MIN(MAX(j->instance_count, 1), HOSTS_MAX);
	size_t n_metrics = has_gpu(j->instance_type) ? 5 : 3;

	for (int h = 1; h <= hosts; h++) {
		for (size_t m = 0; m < n_metrics && c->n < QUERIES_MAX; m++) {
			size_t i = c->n++;

			snprintf(c->ids[i], sizeof(c->ids[i]), "q%zu", i);
			c->hosts[i] = xasprintf("%s/algo-%d", j->name, h);
			if (hosts > 1)
				snprintf(c->names[i], sizeof(c->names[i]), "%s algo-%d", metrics[m], h);
			else
				snprintf(c->names[i], sizeof(c->names[i]), "%s", metrics[m]);
			c->queries[i] = (struct cw_query){.id = c->ids[i],
							  .name_space = NAMESPACE,
							  .metric = metrics[m],
							  .dimension = "Host",
							  .dimension_value = c->hosts[i],
							  .stat = "Average",
							  .period_s = period_s};
		}
	}
}

static void metric_tick(void *user)
{
	struct watch *w = user;

	w->metric_timer = 0;
	w->pending--;
	if (!w->s->closing)
		sync_metrics_begin(w);
}

static void schedule(struct watch *w, int64_t delay_ms)
{
	if (w->metric_timer || w->s->closing || w->count == 0)
		return;
	w->pending++;
	w->metric_timer = aws_client_after(w->s->aws, delay_ms, metric_tick, w);
}

void sync_metrics_save(struct watch *w)
{
	const struct job_feed *f = watch_feed(w);
	struct err err = {0};

	if (!f->logs.complete || !w->metrics_final)
		return;
	if (store_metrics_save(w->s->store, w->name, &f->metrics, &err))
		sync_note_error(w->s, "not cached", &err);
}

/* Those who wait for metrics wait for the log's too: whichever ends last. */
static void answer(struct watch *w, const struct err *err)
{
	if (w->metric_waiters.n == 0)
		return;
	w->metrics_waited = w->logs_busy;
	if (!w->logs_busy)
		waiters_run(&w->metric_waiters, err);
}

void sync_metrics_log_ended(struct watch *w)
{
	if (w->metric_waiters.n == 0)
		return;
	if (w->metrics_waited) {
		w->metrics_waited = false;
		waiters_run(&w->metric_waiters, NULL);
	} else {
		sync_metrics_begin(w);
	}
}

static void call_end(struct metric_call *c, const struct err *err)
{
	struct watch *w = c->w;
	const struct job *j = watch_job(w);

	w->metrics_busy = false;
	watch_hold(w);
	if (err) {
		/* Charts of the log's metrics go on without them: a passing failure is
		 * worth no line, one that stays is worth one. */
		bool stays = err->code == ERR_DENIED || err->code == ERR_AUTH || err->code == ERR_INVALID;

		w->metric_failures++;
		if (w->metric_failures == (stays ? 1 : 3))
			sync_note_error(w->s, "instance metrics", err);
		schedule(w, err->code == ERR_DENIED ? 30 * POLL_MS : POLL_MS);
	} else {
		w->metric_failures = 0;
		w->metrics_until_ms = c->until_ms;
		if (j && job_is_terminal(j) && watch_is_settled(w))
			w->metrics_final = true;
		else
			schedule(w, j && job_is_terminal(j) ? POLL_MS / 4 : POLL_MS);
		if (w->metrics_final)
			sync_metrics_save(w);
	}
	answer(w, err && err->code != ERR_DENIED ? err : NULL);
	call_free(c);
	watch_release(w);
}

static void on_data(void *user, const struct cw_series *series, size_t n, const char *next_token, const struct err *err)
{
	struct metric_call *c = user;
	struct watch *w = c->w;

	w->pending--;
	if (w->s->closing) {
		call_free(c);
		return;
	}
	if (err) {
		struct err copy = *err;

		call_end(c, &copy);
		return;
	}
	struct job_feed *f = watch_feed(w);
	struct err endless = {0};
	size_t n_points = 0;

	for (size_t i = 0; i < n; i++) {
		n_points += series[i].n;
		for (size_t q = 0; q < c->n; q++) {
			if (!str_eq(series[i].id, c->ids[q]))
				continue;
			for (size_t k = 0; k < series[i].n; k++)
				series_add(&f->metrics, c->names[q], series[i].times_ms[k], -1, series[i].values[k]);
			if (series[i].n > 0)
				str_set(&series_get(&f->metrics, c->names[q])->unit, "%");
		}
	}
	int more = paging_next(&c->pages, "GetMetricData", next_token, n_points, &endless);
	if (more > 0) {
		w->pending++;
		cw_get_metric_data(w->s->aws, c->queries, c->n, c->start_ms, c->until_ms, next_token, AWS_POLLING,
				   on_data, c);
		return;
	}
	call_end(c, more < 0 ? &endless : NULL);
}

/* The period that keeps a long job within the service's limit of points. */
static int period_for(int64_t span_ms)
{
	int period = PERIOD_S;

	while (span_ms / 1000 / period > POINTS_PER_SERIES)
		period *= 5;
	return period;
}

void sync_metrics_begin(struct watch *w)
{
	const struct job *j = watch_job(w);

	if (w->metrics_busy || w->s->closing)
		return;
	if (!j || j->created_ms == TIME_UNKNOWN || j->start_ms == TIME_UNKNOWN || w->metrics_final) {
		/* Nothing runs yet, or all is known. */
		if (j && job_is_terminal(j))
			w->metrics_final = true;
		if (!w->metrics_final)
			schedule(w, POLL_MS / 12);
		watch_hold(w);
		answer(w, NULL);
		watch_release(w);
		return;
	}
	if (w->metric_timer) {
		aws_client_cancel_timer(w->s->aws, w->metric_timer);
		w->metric_timer = 0;
		w->pending--;
	}
	struct metric_call *c = NEW(struct metric_call);
	int64_t end = j->end_ms != TIME_UNKNOWN ? j->end_ms + LATE_MS : MAX(clock_now_ms(), j->modified_ms) + 60000;

	c->w = w;
	c->start_ms = w->metrics_until_ms ? w->metrics_until_ms - LATE_MS - 60000 : j->start_ms - LATE_MS;
	/* Our clock may run ahead of the service's: what was fetched up to "now" may
	 * lie behind the job's end. */
	c->start_ms = MIN(c->start_ms, end - LATE_MS);
	c->until_ms = end;
	add_queries(c, j, period_for(c->until_ms - c->start_ms));
	w->metrics_busy = true;
	w->pending++;
	cw_get_metric_data(w->s->aws, c->queries, c->n, c->start_ms, c->until_ms, NULL, AWS_POLLING, on_data, c);
}
