/* CloudWatch operations. */
#include "aws/local/kept/metric_stat.h"
#include "aws/local/services/ops.h"
#include "aws/local/kept/training_job.h"
#include "base/clock.h"

#define MAX_DATAPOINTS 100800

static int invalid(struct call *c, const char *code, const char *fmt, ...) PRINTF_LIKE(3, 4);
static int invalid(struct call *c, const char *code, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return fault_set(c->fault, 400, code, "%s", text);
}

static int check_period(struct call *c, int64_t period)
{
	if (period == 1 || period == 5 || period == 10 || period == 20 || period == 30 ||
	    (period > 0 && period % 60 == 0))
		return 0;
	return invalid(c, "ValidationError", "Period must be 1, 5, 10, 20, 30 or a multiple of 60; it is %lld.",
		       (long long)period);
}

static int check_times(struct call *c, int64_t *start, int64_t *end)
{
	*start = json_get_time_ms(c->in, "StartTime");
	*end = json_get_time_ms(c->in, "EndTime");
	if (*start >= *end)
		return invalid(c, "ValidationError",
			       "The parameter StartTime must be less than the parameter EndTime.");
	return 0;
}

/* --- GetMetricData --------------------------------------------------------------------------- */

struct data_run {
	int64_t start, end;
	bool ascending;
	int64_t skip, room; /* datapoints of earlier pages; left on this one */
	bool more;
	json_t *results;
};

static int check_query(struct call *c, const json_t *query, size_t index)
{
	const json_t *stat = json_object_get(query, "MetricStat");
	const json_t *metric = json_object_get(stat, "Metric");
	const char *id = str_or(json_get_str(query, "Id"), "");

	if (!(id[0] >= 'a' && id[0] <= 'z') ||
	    strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != strlen(id))
		return invalid(
			c, "ValidationError",
			"The value '%.100s' for parameter MetricDataQueries.member.%zu.Id is not matching the expected "
			"pattern ^[a-z][a-zA-Z0-9_]*$.",
			id, index + 1);
	if (!stat)
		return invalid(
			c, "ValidationError",
			"Metric math expressions are not served by the local engine (MetricDataQueries.member.%zu).",
			index + 1);
	if (!json_get_str(metric, "Namespace") || !json_get_str(metric, "MetricName"))
		return invalid(c, "ValidationError", "MetricDataQueries.member.%zu needs a Namespace and a MetricName.",
			       index + 1);
	if (!metric_stat_valid(str_or(json_get_str(stat, "Stat"), "")))
		return invalid(c, "ValidationError",
			       "The value '%.60s' for MetricDataQueries.member.%zu.MetricStat.Stat is not valid.",
			       str_or(json_get_str(stat, "Stat"), ""), index + 1);
	return check_period(c, json_get_i64(stat, "Period", 60));
}

static void run_query(struct call *c, struct data_run *run, const json_t *query)
{
	const json_t *stat = json_object_get(query, "MetricStat"), *metric = json_object_get(stat, "Metric");
	const char *name = json_get_str(metric, "MetricName"), *stat_name = json_get_str(stat, "Stat");
	int64_t period_ms = json_get_i64(stat, "Period", 60) * 1000;
	AUTO(strmap) struct strmap dims = {0};
	json_t *times = json_array(), *values = json_array();
	struct metric_point *points = NULL;
	size_t n_points = 0, n = 0;
	bool partial = false;

	metric_dimensions(json_object_get(metric, "Dimensions"), &dims);
	int64_t series = metric_series(c->e, json_get_str(metric, "Namespace"), name, &dims, false);

	if (series)
		metric_read(c->e, series, run->start / period_ms * period_ms, run->end, &points, &n_points);
	struct metric_period *periods = metric_periods(points, n_points, period_ms, &n);

	for (size_t i = 0; i < n; i++) {
		const struct metric_period *p = &periods[run->ascending ? i : n - 1 - i];

		if (run->skip > 0) {
			run->skip--;
			continue;
		}
		if (run->room == 0) {
			partial = run->more = true;
			break;
		}
		run->room--;
		json_array_append_new(times, json_epoch(p->time_ms));
		json_array_append_new(values, json_real(metric_stat(points, p, stat_name)));
	}
	free(points);
	free(periods);
	json_array_append_new(run->results,
			      json_pack("{s:s, s:s, s:o, s:o, s:s}", "Id", json_get_str(query, "Id"), "Label",
					str_or(json_get_str(query, "Label"), name), "Timestamps", times, "Values",
					values, "StatusCode", partial ? "PartialData" : "Complete"));
}

int op_get_metric_data(struct call *c, json_t **out)
{
	const json_t *queries = json_object_get(c->in, "MetricDataQueries");
	const char *token = json_get_str(c->in, "NextToken");
	struct data_run run = {.ascending = str_eq(json_get_str(c->in, "ScanBy"), "TimestampAscending")};
	AUTO(map) struct map ids = {0};
	int64_t page = json_get_i64(c->in, "MaxDatapoints", MAX_DATAPOINTS), skip = 0;
	size_t i;
	json_t *query;

	if (check_times(c, &run.start, &run.end) < 0)
		return -1;
	if (page < 1 || page > MAX_DATAPOINTS)
		return invalid(c, "ValidationError", "MaxDatapoints must be from 1 to %d.", MAX_DATAPOINTS);
	json_array_foreach((json_t *)queries, i, query)
	{
		if (check_query(c, query, i) < 0)
			return -1;
		if (map_put(&ids, json_get_str(query, "Id"), query))
			return invalid(c, "ValidationError",
				       "The values for parameter id in MetricDataQueries are not unique.");
	}
	if (!token_decode_number("metric-data", token, &skip))
		return invalid(c, "InvalidNextToken", "The next token specified is invalid.");
	run.skip = skip;
	run.room = page;
	run.results = json_array();
	json_array_foreach((json_t *)queries, i, query)
	{
		if (json_get_bool(query, "ReturnData", true))
			run_query(c, &run, query);
	}
	*out = json_pack("{s:o, s:[]}", "MetricDataResults", run.results, "Messages");
	if (run.more) {
		AUTO(str) char *next = token_encode_number("metric-data", skip + page);

		json_object_set_new(*out, "NextToken", json_string(next));
	}
	return 0;
}

int op_get_metric_statistics(struct call *c, json_t **out)
{
	static const char *const names[] = {"SampleCount", "Average", "Sum", "Minimum", "Maximum"};
	const json_t *wanted = json_object_get(c->in, "Statistics");
	int64_t start, end, period = json_get_i64(c->in, "Period", 60);
	AUTO(strmap) struct strmap dims = {0};
	struct metric_point *points = NULL;
	size_t n_points = 0, n = 0;
	json_t *list = json_array();

	*out = json_pack("{s:s, s:o}", "Label", json_get_str(c->in, "MetricName"), "Datapoints", list);
	if (check_times(c, &start, &end) < 0 || check_period(c, period) < 0)
		return -1;
	metric_dimensions(json_object_get(c->in, "Dimensions"), &dims);
	int64_t series =
		metric_series(c->e, json_get_str(c->in, "Namespace"), json_get_str(c->in, "MetricName"), &dims, false);

	if (series)
		metric_read(c->e, series, start / (period * 1000) * (period * 1000), end, &points, &n_points);
	struct metric_period *periods = metric_periods(points, n_points, period * 1000, &n);

	for (size_t i = 0; i < n; i++) {
		json_t *row = json_pack("{s:o, s:s}", "Timestamp", json_epoch(periods[i].time_ms), "Unit", "None");

		for (size_t k = 0; k < ARRAY_LEN(names); k++) {
			bool asked = false;

			for (size_t w = 0; w < json_array_size(wanted); w++)
				asked = asked || str_eq(json_string_value(json_array_get(wanted, w)), names[k]);
			if (asked)
				json_object_set_new(row, names[k],
						    json_real(metric_stat(points, &periods[i], names[k])));
		}
		json_array_append_new(list, row);
	}
	free(points);
	free(periods);
	return 0;
}

/* --- ListMetrics, PutMetricData ---------------------------------------------------------------- */

static bool dims_match(const json_t *filters, const json_t *dims)
{
	size_t i;
	json_t *f;

	json_array_foreach((json_t *)filters, i, f)
	{
		const char *value = json_get_str(dims, str_or(json_get_str(f, "Name"), ""));
		const char *wanted = json_get_str(f, "Value");

		if (!value || (wanted && !str_eq(value, wanted)))
			return false;
	}
	return true;
}

static json_t *metric_json(const char *ns, const char *name, const json_t *dims)
{
	json_t *list = json_array(), *value;
	const char *key;

	json_object_foreach((json_t *)dims, key, value)
		json_array_append_new(list, json_pack("{s:s, s:O}", "Name", key, "Value", value));
	return json_pack("{s:s, s:s, s:o}", "Namespace", ns, "MetricName", name, "Dimensions", list);
}

int op_list_metrics(struct call *c, json_t **out)
{
	const char *ns = json_get_str(c->in, "Namespace"), *name = json_get_str(c->in, "MetricName");
	const char *token = json_get_str(c->in, "NextToken");
	int64_t after = 0, last = 0;
	bool more = false;
	json_t *metrics = json_array();

	*out = json_pack("{s:o}", "Metrics", metrics);
	if (!token_decode_number("list-metrics", token, &after))
		return invalid(c, "InvalidParameterValue", "The next token specified is invalid.");
	sqlite3_stmt *st =
		state_prepare(c->e->db, "SELECT id, ns, name, dims FROM metric_series WHERE id > ?1 AND"
					" (?2 IS NULL OR ns = ?2) AND (?3 IS NULL OR name = ?3) ORDER BY id");

	state_bind_i64(st, 1, after);
	state_bind_text(st, 2, ns);
	state_bind_text(st, 3, name);
	while (state_step(c->e->db, st)) {
		AUTO(json) json_t *dims = NULL;
		const char *text = state_text(st, 3);

		if (json_parse(text, strlen(text), "dimensions", &dims, NULL) < 0 ||
		    !dims_match(json_object_get(c->in, "Dimensions"), dims))
			continue;
		if (json_array_size(metrics) == 500) {
			more = true;
			break;
		}
		last = sqlite3_column_int64(st, 0);
		json_array_append_new(metrics, metric_json(state_text(st, 1), state_text(st, 2), dims));
	}
	state_done(st);
	if (more) {
		AUTO(str) char *next = token_encode_number("list-metrics", last);

		json_object_set_new(*out, "NextToken", json_string(next));
	}
	return 0;
}

static void put_datum(struct call *c, const json_t *d)
{
	AUTO(strmap) struct strmap dims = {0};
	const json_t *set = json_object_get(d, "StatisticValues"), *values = json_object_get(d, "Values");
	int64_t at = json_get_time_ms(d, "Timestamp");

	metric_dimensions(json_object_get(d, "Dimensions"), &dims);
	if (at == TIME_UNKNOWN)
		at = engine_now_ms(c->e);
	int64_t series =
		metric_series(c->e, json_get_str(c->in, "Namespace"), json_get_str(d, "MetricName"), &dims, true);

	if (json_object_get(d, "Value"))
		metric_add(c->e, series, at, json_get_f64(d, "Value", 0));
	if (set) {
		struct metric_point p = {.time_ms = at,
					 .sum = json_get_f64(set, "Sum", 0),
					 .n = json_get_f64(set, "SampleCount", 1),
					 .low = json_get_f64(set, "Minimum", 0),
					 .high = json_get_f64(set, "Maximum", 0)};

		if (p.n > 0)
			metric_add_set(c->e, series, &p);
	}
	for (size_t i = 0; i < json_array_size(values); i++) {
		double v = json_number_value(json_array_get(values, i));
		const json_t *counts = json_object_get(d, "Counts");
		double n = json_array_get(counts, i) ? json_number_value(json_array_get(counts, i)) : 1;
		struct metric_point p = {.time_ms = at, .sum = v * n, .n = n, .low = v, .high = v};

		if (n > 0)
			metric_add_set(c->e, series, &p);
	}
}

int op_put_metric_data(struct call *c, json_t **out)
{
	const json_t *data = json_object_get(c->in, "MetricData");
	size_t i;
	json_t *d;

	json_array_foreach((json_t *)data, i, d) put_datum(c, d);
	*out = json_null();
	return 0;
}
