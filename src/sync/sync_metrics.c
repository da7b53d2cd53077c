/* sync_metrics.c - the instances' own metrics, from CloudWatch.
 *
 * Only of what somebody looks at, once a minute: every series asked for costs money.
 * Names are CloudWatch's ("CPUUtilization"); each instance has a series of its own.
 * Metrics in log lines come by sync_logs.c. */
#include "sync/sync_priv.h"

#include "aws/cloudwatch.h"
#include "base/clock.h"
#include "base/log.h"
#include "model/endpoint_values.h"
#include "model/objective.h"
#include "model/variants.h"

#define POLL_MS 60000
#define PERIOD_S 60
#define LATE_MS 300000	/* data points may come late by some minutes */
#define QUERIES_MAX 500 /* of a call: the service's limit */
#define METRICS_MAX 5
#define SERVED_MS (3 * HOUR_MS)
#define POINTS_PER_SERIES 10000

struct metric_query {
	char id[16];
	char *dimension_value;	 /* "job/algo-2" */
	char source[64];	 /* "algo-2", or an endpoint's variant */
	const char *name, *unit; /* of its series */
	double scale;
};

struct metric_call {
	struct follow *w;
	size_t n;
	int64_t start_ms, until_ms;
	struct metric_query of[QUERIES_MAX];
	struct cw_query queries[QUERIES_MAX];
};

static void call_free(struct metric_call *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->of[i].dimension_value);
	free(c);
}

static const char *const metric_names[METRICS_MAX] = {"CPUUtilization", "MemoryUtilization", "DiskUtilization",
						      "GPUUtilization", "GPUMemoryUtilization"};

static bool has_gpu(const char *type)
{
	return type && (strstr(type, "ml.p") || strstr(type, "ml.g")); /* of a mixed cluster all types */
}

/* Of an endpoint's variants. What begins alike behind the colon is drawn together. */
static const struct variant_metric {
	const char *name, *name_space, *metric, *stat, *unit;
	double scale;
} variant_metrics[] = {
	{"Invocations", "AWS/SageMaker", "Invocations", "Sum", NULL, 1},
	{"p50:ModelLatency", "AWS/SageMaker", "ModelLatency", "p50", "ms", 1e-3},
	{"p95:ModelLatency", "AWS/SageMaker", "ModelLatency", "p95", "ms", 1e-3},
	{"OverheadLatency", "AWS/SageMaker", "OverheadLatency", "Average", "ms", 1e-3},
	{"4XX:InvocationErrors", "AWS/SageMaker", "Invocation4XXErrors", "Sum", NULL, 1},
	{"5XX:InvocationErrors", "AWS/SageMaker", "Invocation5XXErrors", "Sum", NULL, 1},
	{"CPUUtilization", "/aws/sagemaker/Endpoints", "CPUUtilization", "Average", "%", 1},
	{"MemoryUtilization", "/aws/sagemaker/Endpoints", "MemoryUtilization", "Average", "%", 1},
	{"DiskUtilization", "/aws/sagemaker/Endpoints", "DiskUtilization", "Average", "%", 1},
	{"GPUUtilization", "/aws/sagemaker/Endpoints", "GPUUtilization", "Average", "%", 1},
	{"GPUMemoryUtilization", "/aws/sagemaker/Endpoints", "GPUMemoryUtilization", "Average", "%", 1},
};

static void add_variant_query(struct metric_call *c, const struct variant_metric *m, const char *variant, int period_s)
{
	size_t i = c->n++;
	struct metric_query *q = &c->of[i];

	snprintf(q->id, sizeof(q->id), "q%zu", i);
	str_copy(q->source, sizeof(q->source), variant);
	q->dimension_value = xstrdup(c->w->name);
	q->name = m->name;
	q->unit = m->unit;
	q->scale = m->scale;
	c->queries[i] = (struct cw_query){.id = q->id,
					  .name_space = m->name_space,
					  .metric = m->metric,
					  .stat = m->stat,
					  .period_s = period_s,
					  .dimension = "EndpointName",
					  .dimension_value = q->dimension_value,
					  .dimension2 = "VariantName",
					  .dimension2_value = q->source};
}

/* Each of its variants by itself. */
static void add_variant_queries(struct metric_call *c, const struct resource *r, int period_s)
{
	const char *config = record_value(r, "EndpointConfigName");
	const struct resource *machines =
		config ? resources_find(&c->w->s->session->tables[KIND_ENDPOINT_CONFIG], config) : NULL;
	bool gpu = !machines || has_gpu(str_or(record_value(machines, VARIANT_TYPES), ""));
	AUTO(strlist) struct strlist names = {0};

	strlist_split(&names, str_or(record_value(r, VARIANT_NAMES), ""), ',');
	for (size_t v = 0; v < names.n && v < VARIANTS_MAX; v++)
		for (size_t m = 0; m < ARRAY_LEN(variant_metrics); m++)
			if (gpu || !str_starts(variant_metrics[m].name, "GPU"))
				add_variant_query(c, &variant_metrics[m], names.items[v], period_s);
}

static void add_query(struct metric_call *c, const char *metric, const char *source, int period_s)
{
	const struct follow *w = c->w;
	size_t i = c->n++;
	struct metric_query *q = &c->of[i];

	snprintf(q->id, sizeof(q->id), "q%zu", i);
	str_copy(q->source, sizeof(q->source), source);
	q->name = metric;
	q->unit = "%";
	q->scale = 1;
	q->dimension_value = *source ? xasprintf("%s/%s", w->name, source) : xstrdup(w->name);
	c->queries[i] = (struct cw_query){.id = q->id,
					  .name_space = w->kind->metric_namespace,
					  .metric = metric,
					  .dimension = w->kind->metric_dimension,
					  .dimension_value = q->dimension_value,
					  .stat = "Average",
					  .period_s = period_s};
}

/* Of all instances, or of as many as one call takes: then a note says so. */
static void add_queries(struct metric_call *c, int period_s)
{
	const struct job *j = follow_job(c->w);
	bool by_host = str_eq(c->w->kind->metric_dimension, "Host");
	int hosts = by_host && j ? MAX(j->instance_count, 1) : 1;
	int n_metrics = !j || has_gpu(j->instance_type) ? METRICS_MAX : 3;
	int shown = MIN(hosts, QUERIES_MAX / n_metrics);
	struct feed *f = follow_feed(c->w);
	char source[32] = "";

	for (int h = 1; h <= shown; h++) {
		if (by_host)
			snprintf(source, sizeof(source), "algo-%d", h);
		for (int m = 0; m < n_metrics; m++)
			add_query(c, metric_names[m], source, period_s);
	}
	f->metrics_note[0] = '\0';
	if (shown < hosts)
		snprintf(f->metrics_note, sizeof(f->metrics_note), "utilization of the first %d of %d instances", shown,
			 hosts);
}

static void metric_tick(void *user)
{
	struct follow *w = user;

	w->metric_timer = 0;
	w->pending--;
	if (!w->s->closing)
		sync_metrics_begin(w);
}

static void pause_metrics(struct follow *w, int64_t delay_ms)
{
	w->metrics = w->count > 0 ? METRICS_PAUSED : METRICS_IDLE;
	if (w->count > 0)
		follow_start_timer(w, &w->metric_timer, delay_ms, metric_tick);
}

void sync_metrics_note(struct follow *w)
{
	struct resource *r = (struct resource *)(uintptr_t)follow_resource(w);
	const char *name = r && w->kind == TRAINING_KIND ? job_objective_name(resource_job(r)) : NULL;

	if (!name || !job_keep_best(resource_job(r), series_find(&follow_feed(w)->metrics, name)))
		return;
	struct err err = {0};

	w->s->session->tables[w->kind->id].generation++;
	if (store_resources_save(w->s->store, &r, 1, &err))
		sync_note_error(w->s, "not saved", &err);
}

void sync_metrics_save(struct follow *w)
{
	struct err err = {0};

	if (w->log != LOG_COMPLETE || w->metrics != METRICS_COMPLETE || !reading_wants_metrics(w))
		return;
	if (store_metrics_save(w->s->store, w->kind, w->name, &follow_feed(w)->metrics, &err))
		sync_note_error(w->s, "not cached", &err);
}

void sync_metrics_answer(struct follow *w, const struct err *err)
{
	if (w->metrics == METRICS_READING || w->log == LOG_READING || w->log == LOG_BROKEN)
		return;
	if (!err && reading_wants_metrics(w))
		sync_metrics_note(w);
	waiters_run(&w->metric_waiters, err);
}

static void call_end(struct metric_call *c, const struct err *err)
{
	struct follow *w = c->w;

	follow_hold(w);
	if (err) {
		/* Charts of the log's metrics go on without them: a passing failure is
		 * worth no line, one that stays is worth one. */
		bool stays = err->code == ERR_DENIED || err->code == ERR_AUTH || err->code == ERR_INVALID;

		w->metric_failures++;
		if (w->metric_failures == (stays ? 1 : 3))
			sync_note_error(w->s, "instance metrics", err);
		pause_metrics(w, err->code == ERR_DENIED ? 30 * POLL_MS : POLL_MS);
	} else {
		w->metric_failures = 0;
		w->metrics_until_ms = c->until_ms;
		if (follow_is_settled(w))
			w->metrics = METRICS_COMPLETE;
		else
			pause_metrics(w, follow_is_over(w) ? POLL_MS / 4 : POLL_MS);
		sync_metrics_save(w);
	}
	sync_metrics_answer(w, err && err->code != ERR_DENIED ? err : NULL);
	call_free(c);
	follow_release(w);
}

static void take_series(struct metric_call *c, const struct cw_series *x)
{
	struct series_set *set = &follow_feed(c->w)->metrics;

	for (size_t i = 0; i < c->n; i++) {
		const struct metric_query *q = &c->of[i];
		const char *source = q->source[0] ? q->source : NULL;

		if (!str_eq(x->id, q->id))
			continue;
		for (size_t k = 0; k < x->n; k++)
			series_put(set, q->name, source, x->times_ms[k], x->values[k] * q->scale);
		if (x->n > 0)
			str_set(&series_get(set, q->name, source)->unit, q->unit);
	}
}

static void on_series(void *user, const struct cw_series *series, size_t n)
{
	for (size_t i = 0; i < n; i++)
		take_series(user, &series[i]);
}

static void on_end(void *user, const struct err *err)
{
	struct metric_call *c = user;
	struct err copy = err ? *err : (struct err){0};

	c->w->pending--;
	if (c->w->s->closing)
		call_free(c);
	else
		call_end(c, err ? &copy : NULL);
}

/* The period that keeps a long job within the service's limit of points. */
static int period_for(int64_t span_ms)
{
	int period = PERIOD_S;

	while (span_ms / 1000 / period > POINTS_PER_SERIES)
		period *= 5;
	return period;
}

/* From when there are points: its start; of what serves on and on the last hours. */
static int64_t begins_ms(const struct resource *r)
{
	return r->kind->id == KIND_ENDPOINT ? MAX(r->created_ms, clock_now_ms() - SERVED_MS) : r->start_ms;
}

static void ask(struct follow *w, const struct resource *r)
{
	struct metric_call *c = NEW(struct metric_call);
	int64_t now = MAX(clock_now_ms(), r->modified_ms);
	int64_t end = r->end_ms != TIME_UNKNOWN ? r->end_ms + LATE_MS : now + 60000;

	c->w = w;
	c->start_ms = w->metrics_until_ms ? w->metrics_until_ms - LATE_MS - 60000 : begins_ms(r) - LATE_MS;
	/* Our clock may run ahead of the service's: what was fetched up to "now" may
	 * lie behind the job's end. */
	c->start_ms = MIN(c->start_ms, end - LATE_MS);
	c->until_ms = end;
	if (r->kind->id == KIND_ENDPOINT)
		add_variant_queries(c, r, PERIOD_S);
	else
		add_queries(c, period_for(c->until_ms - c->start_ms));
	w->metrics = METRICS_READING;
	w->pending++;
	cw_read(w->s->aws, &(struct cw_reading){.queries = c->queries,
						.n = c->n,
						.start_ms = c->start_ms,
						.end_ms = c->until_ms,
						.priority = AWS_POLLING,
						.take = on_series,
						.end = on_end,
						.user = c});
}

void sync_metrics_begin(struct follow *w)
{
	const struct resource *r = follow_resource(w);
	bool serves = r && r->kind->id == KIND_ENDPOINT && record_value(r, VARIANT_NAMES);
	bool runs = r && r->created_ms != TIME_UNKNOWN && (serves || r->start_ms != TIME_UNKNOWN);

	if (w->metrics == METRICS_READING || w->s->closing)
		return;
	follow_stop_timer(w, &w->metric_timer);
	if (w->metrics != METRICS_COMPLETE && runs && w->kind->metric_namespace) {
		ask(w, r);
		return;
	}
	/* Nothing runs yet, or all is known. */
	if (w->metrics != METRICS_COMPLETE && follow_is_over(w))
		w->metrics = METRICS_COMPLETE;
	else if (w->metrics != METRICS_COMPLETE)
		pause_metrics(w, POLL_MS / 12);
	follow_hold(w);
	sync_metrics_answer(w, NULL);
	follow_release(w);
}
