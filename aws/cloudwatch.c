/* CloudWatch metrics: GetMetricData and its series. */
#include "aws/cloudwatch.h"

#include "aws/op.h"
#include "aws/paging.h"
#include "base/clock.h"

struct call {
	cw_data_fn *fn;
	void *user;
};

struct point {
	int64_t t;
	double v;
};

static int point_compare(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	return (x->t > y->t) - (x->t < y->t);
}

static void sort_points(int64_t *t, double *v, size_t n)
{
	struct point *p;
	size_t i = 1;

	while (i < n && t[i - 1] <= t[i])
		i++;
	if (i >= n)
		return;
	p = xcalloc(n, sizeof(*p));
	for (i = 0; i < n; i++)
		p[i] = (struct point){t[i], v[i]};
	qsort(p, n, sizeof(*p), point_compare);
	for (i = 0; i < n; i++) {
		t[i] = p[i].t;
		v[i] = p[i].v;
	}
	free(p);
}

void cw_parse_series(const json_t *result, struct cw_series *out)
{
	const json_t *times = json_object_get(result, "Timestamps"), *values = json_object_get(result, "Values");
	size_t n = MIN(json_array_size(times), json_array_size(values)), kept = 0;
	int64_t *t = xcalloc(n + 1, sizeof(*t));
	double *v = xcalloc(n + 1, sizeof(*v));

	for (size_t i = 0; i < n; i++) {
		/* json_get_time_ms takes a member; the times stand in an array. */
		AUTO(json) json_t *o = json_pack("{s:O}", "t", json_array_get(times, i));
		int64_t ms = json_get_time_ms(o, "t");

		if (ms == TIME_UNKNOWN || !json_is_number(json_array_get(values, i)))
			continue;
		t[kept] = ms;
		v[kept++] = json_number_value(json_array_get(values, i));
	}
	/* Ascending was asked for; the service's own default is the other way round. */
	sort_points(t, v, kept);
	*out = (struct cw_series){.id = json_get_str(result, "Id"), .times_ms = t, .values = v, .n = kept};
}

void cw_series_done(struct cw_series *s)
{
	free((void *)s->times_ms);
	free((void *)s->values);
}

static void on_data(void *ctx, const struct aws_reply *reply, const struct err *err)
{
	struct call *k = ctx;
	const json_t *results = err ? NULL : json_object_get(reply->json, "MetricDataResults");
	size_t n = json_array_size(results);
	struct cw_series *series = xcalloc(n + 1, sizeof(*series));
	const char *token = err ? NULL : json_get_str(reply->json, "NextToken");

	for (size_t i = 0; i < n; i++)
		cw_parse_series(json_array_get(results, i), &series[i]);
	k->fn(k->user, series, n, str_empty(token) ? NULL : token, err);
	for (size_t i = 0; i < n; i++)
		cw_series_done(&series[i]);
	free(series);
	free(k);
}

struct aws_request *cw_get_metric_data(struct aws_client *c, const struct cw_query *queries, size_t n, int64_t start_ms,
				       int64_t end_ms, const char *next_token, enum aws_priority p, cw_data_fn *fn,
				       void *user)
{
	struct call *k = NEW(struct call);
	json_t *list = json_array(), *body;

	k->fn = fn;
	k->user = user;
	for (size_t i = 0; i < n; i++) {
		const struct cw_query *q = &queries[i];
		json_t *dimensions = json_array();

		if (q->dimension)
			json_array_append_new(dimensions, json_pack("{s:s, s:s}", "Name", q->dimension, "Value",
								    str_or(q->dimension_value, "")));
		if (q->dimension2)
			json_array_append_new(dimensions, json_pack("{s:s, s:s}", "Name", q->dimension2, "Value",
								    str_or(q->dimension2_value, "")));
		json_array_append_new(list, json_pack("{s:s, s:{s:{s:s, s:s, s:o}, s:i, s:s}, s:b}", "Id", q->id,
						      "MetricStat", "Metric", "Namespace", q->name_space, "MetricName",
						      q->metric, "Dimensions", dimensions, "Period", q->period_s,
						      "Stat", q->stat, "ReturnData", 1));
	}
	body = json_pack("{s:o, s:I, s:I, s:s}", "MetricDataQueries", list, "StartTime", (json_int_t)(start_ms / 1000),
			 "EndTime", (json_int_t)((end_ms + 999) / 1000), "ScanBy", "TimestampAscending");
	if (next_token)
		json_object_set_new(body, "NextToken", json_string(next_token));
	return aws_call_named(c, AWS_OP_ROW(cloudwatch, GetMetricData), p, body, on_data, k);
}

/* --- all pages --------------------------------------------------------------------- */

struct reading {
	struct aws_client *client;
	struct cw_reading of;
	struct paging pages;
};

static void reading_end(struct reading *r, const struct err *err)
{
	r->of.end(r->of.user, err);
	paging_done(&r->pages);
	free(r);
}

static void on_page(void *user, const struct cw_series *series, size_t n, const char *next_token, const struct err *err)
{
	struct reading *r = user;
	struct err endless = {0};
	size_t n_points = 0;

	if (err) {
		reading_end(r, err);
		return;
	}
	for (size_t i = 0; i < n; i++)
		n_points += series[i].n;
	r->of.take(r->of.user, series, n);
	int more = paging_next(&r->pages, "GetMetricData", next_token, n_points, &endless);

	if (more > 0)
		(void)cw_get_metric_data(r->client, r->of.queries, r->of.n, r->of.start_ms, r->of.end_ms,
					 r->pages.token, r->of.priority, on_page, r);
	else
		reading_end(r, more < 0 ? &endless : NULL);
}

void cw_read(struct aws_client *c, const struct cw_reading *of)
{
	struct reading *r = NEW(struct reading);

	r->client = c;
	r->of = *of;
	(void)cw_get_metric_data(c, of->queries, of->n, of->start_ms, of->end_ms, NULL, of->priority, on_page, r);
}
