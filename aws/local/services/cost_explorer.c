/* Cost Explorer GetCostAndUsage: what training has cost by the shipped price table. */
#include "aws/local/kept/training_job.h"
#include "aws/local/services/price_rows.h"
#include "base/clock.h"
#include "base/timefmt.h"

/* Dollars an hour of training on a type, as the table has them; 0 where it has none. */
static double training_rate(const struct price_rows *rows, const char *type)
{
	double usd = 0;

	for (size_t i = 0; i < rows->n; i++)
		if (str_eq(rows->items[i].fields[PRICE_TYPE], type) &&
		    str_eq(rows->items[i].fields[PRICE_REGION], DEFAULT_REGION) &&
		    str_eq(rows->items[i].fields[PRICE_COMPONENT], "Training"))
			(void)str_to_f64(rows->items[i].fields[PRICE_USD], &usd);
	return usd;
}

/* What a job is billed for between two times: its billable seconds, spread over its run. */
static double billed_hours(const struct training_job *job, int64_t from, int64_t until)
{
	int64_t a = MAX(job->start_ms, from), b = MIN(job->end_ms, until);

	if (!training_job_is_over(job) || job->billable_s < 0 || job->end_ms <= job->start_ms || b <= a)
		return 0;
	return (double)job->billable_s / 3600 * (double)(b - a) / (double)(job->end_ms - job->start_ms);
}

/* The training of a time by usage type: the engine bills nothing else. */
static json_t *groups_of(struct call *c, const struct price_rows *rows, int64_t from, int64_t until)
{
	json_t *sums = json_object(), *list = json_array(), *amount;
	const char *usage;

	for (size_t i = 0; i < c->e->jobs->n; i++) {
		const struct training_job *job = c->e->jobs->items[i];
		double hours = billed_hours(job, from, until);

		if (hours <= 0)
			continue;
		AUTO(json) json_t *request = training_job_request(c->e, job);
		const json_t *resources = json_object_get(request, "ResourceConfig");
		const char *type = str_or(json_get_str(resources, "InstanceType"), "?");
		AUTO(str) char *key = xasprintf("Train:%s", type);
		double usd = hours * (double)json_get_i64(resources, "InstanceCount", 1) * training_rate(rows, type);

		json_object_set_new(sums, key, json_real(json_get_f64(sums, key, 0) + usd));
	}
	json_object_foreach(sums, usage, amount)
	{
		AUTO(str) char *text = xasprintf("%.10f", json_real_value(amount));

		json_array_append_new(list, json_pack("{s:[s], s:{s:{s:s, s:s}}}", "Keys", usage, "Metrics",
						      "UnblendedCost", "Amount", text, "Unit", "USD"));
	}
	json_decref(sums);
	return list;
}

/* By day, or all of the period as one (which is what a month cut by it is). */
int op_get_cost_and_usage(struct call *c, json_t **out)
{
	const json_t *period = json_object_get(c->in, "TimePeriod");
	bool daily = !str_eq(json_get_str(c->in, "Granularity"), "MONTHLY");
	AUTO(price_rows) struct price_rows rows = {0};
	int64_t start, end;
	json_t *results, *groups = json_object_get(c->in, "GroupBy");

	if (!timefmt_parse_iso(json_get_str(period, "Start"), &start) ||
	    !timefmt_parse_iso(json_get_str(period, "End"), &end) || start >= end || end - start > 400 * DAY_MS)
		return op_invalid(c, "Start date (and hour) should be before end date (and hour)");
	if (price_rows_load(c, &rows) < 0)
		return -1;
	results = json_array();
	for (int64_t at = start, next; at < end; at = next) {
		char from[TIMEFMT_LEN], until[TIMEFMT_LEN];

		next = daily ? MIN(at + DAY_MS, end) : end;
		timefmt_iso(from, at)[10] = '\0';
		timefmt_iso(until, next)[10] = '\0';
		json_array_append_new(results, json_pack("{s:{s:s, s:s}, s:{}, s:o, s:b}", "TimePeriod", "Start", from,
							 "End", until, "Total", "Groups", groups_of(c, &rows, at, next),
							 "Estimated", 0));
	}
	*out = json_pack("{s:o, s:o, s:[]}", "ResultsByTime", results, "GroupDefinitions",
			 groups ? json_incref(groups) : json_array(), "DimensionValueAttributes");
	return 0;
}
