/* Step scaling: what an alarm that is set off asks for, by how far its metric is beyond the threshold. */
#include "aws/local/running/scaling.h"

#include <math.h>

#include "aws/local/kept/metric_stat.h"
#include "aws/local/running/alarms.h"

double scaling_metric(struct engine *e, const json_t *spec, int64_t ms)
{
	AUTO(strmap) struct strmap map = {0};
	struct metric_point *points = NULL;
	size_t n = 0;
	double sum = 0, count = 0, high = -INFINITY, low = INFINITY;
	const char *statistic = str_or(json_get_str(spec, "Statistic"), "Average");
	int64_t now = engine_now_ms(e);

	metric_dimensions(json_object_get(spec, "Dimensions"), &map);
	int64_t series = metric_series(e, str_or(json_get_str(spec, "Namespace"), ""),
				       str_or(json_get_str(spec, "MetricName"), ""), &map, false);

	if (series)
		metric_read(e, series, now - MAX(ms, (int64_t)1000), now + 1, &points, &n);
	for (size_t i = 0; i < n; i++) {
		sum += points[i].sum;
		count += points[i].n;
		high = MAX(high, points[i].high);
		low = MIN(low, points[i].low);
	}
	free(points);
	if (!n)
		return NAN;
	return str_eq(statistic, "Sum")		  ? sum
	       : str_eq(statistic, "Maximum")	  ? high
	       : str_eq(statistic, "Minimum")	  ? low
	       : str_eq(statistic, "SampleCount") ? count
						  : sum / count;
}

const struct document *scaling_alarm_of(struct engine *e, const struct document *policy)
{
	const struct document_list *list = documents_of(e, ALARM_KIND);
	size_t k;
	json_t *action;

	for (size_t i = 0; i < list->n; i++) {
		const json_t *doc = list->items[i]->doc;

		if (!str_eq(json_get_str(doc, "StateValue"), "ALARM") || !json_get_bool(doc, "ActionsEnabled", true))
			continue;
		json_array_foreach(json_object_get(doc, "AlarmActions"), k, action)
		{
			if (str_eq(json_string_value(action), policy->arn))
				return list->items[i];
		}
	}
	return NULL;
}

/* Beyond an upper threshold a step has its lower bound, beyond a lower one its upper bound. */
static bool holds(const json_t *step, double beyond, bool below)
{
	double low = json_get_f64(step, "MetricIntervalLowerBound", -INFINITY);
	double high = json_get_f64(step, "MetricIntervalUpperBound", INFINITY);

	return below ? beyond > low && beyond <= high : beyond >= low && beyond < high;
}

/* A share of one instance is one, and beyond that what is whole counts. */
static int64_t share(int64_t now_count, int64_t percent)
{
	double part = (double)now_count * (double)percent / 100;

	return fabs(part) < 1 && part != 0 ? (part > 0 ? 1 : -1) : (int64_t)trunc(part);
}

static int64_t changed(const json_t *config, const json_t *step, int64_t now_count)
{
	const char *type = str_or(json_get_str(config, "AdjustmentType"), "");
	int64_t by = json_get_i64(step, "ScalingAdjustment", 0),
		least = json_get_i64(config, "MinAdjustmentMagnitude", 0);

	if (str_eq(type, "ExactCapacity"))
		return by;
	if (str_eq(type, "PercentChangeInCapacity")) {
		by = share(now_count, by);
		if (by && llabs(by) < least)
			by = by > 0 ? least : -least;
	}
	return MAX(now_count + by, (int64_t)0);
}

/* An alarm that was set by hand, of a metric without values, is at its threshold. */
int64_t scaling_steps(struct engine *e, const struct document *policy, const struct document *alarm, int64_t now_count)
{
	const json_t *config = json_object_get(policy->doc, "StepScalingPolicyConfiguration"), *step;
	bool below = str_starts(str_or(json_get_str(alarm->doc, "ComparisonOperator"), ""), "LessThan");
	double value =
		scaling_metric(e, alarm->doc, json_get_i64(alarm->doc, "Period", 60) * e->opt.scaling_minute_ms / 60);
	double beyond = isnan(value) ? 0 : value - json_get_f64(alarm->doc, "Threshold", 0);
	size_t i;

	json_array_foreach(json_object_get(config, "StepAdjustments"), i, step)
	{
		if (holds(step, beyond, below))
			return changed(config, step, now_count);
	}
	return now_count;
}
