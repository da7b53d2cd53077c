/* Statistics of metrics over periods. */
#include "aws/local/kept/metric_stat.h"

#include <assert.h>
#include <math.h>

void metric_dimensions(const json_t *list, struct strmap *ret)
{
	size_t i;
	json_t *d;

	json_array_foreach((json_t *)list, i, d)
		strmap_set(ret, str_or(json_get_str(d, "Name"), ""), str_or(json_get_str(d, "Value"), ""));
}

bool metric_stat_valid(const char *stat)
{
	double p;

	return str_eq(stat, "Average") || str_eq(stat, "Sum") || str_eq(stat, "Minimum") || str_eq(stat, "Maximum") ||
	       str_eq(stat, "SampleCount") || (stat[0] == 'p' && str_to_f64(stat + 1, &p) && p >= 0 && p <= 100);
}

struct metric_period *metric_periods(const struct metric_point *points, size_t n, int64_t period_ms, size_t *ret_n)
{
	struct metric_period *periods = NULL;
	size_t n_periods = 0, cap = 0;

	for (size_t i = 0; i < n; i++) {
		int64_t at = points[i].time_ms / period_ms * period_ms;

		if (!n_periods || periods[n_periods - 1].time_ms != at) {
			GROW(periods, cap, n_periods + 1);
			periods[n_periods++] = (struct metric_period){
				.time_ms = at, .low = points[i].low, .high = points[i].high, .first = i};
		}
		struct metric_period *p = &periods[n_periods - 1];

		p->sum += points[i].sum;
		p->n += points[i].n;
		p->low = fmin(p->low, points[i].low);
		p->high = fmax(p->high, points[i].high);
		p->count++;
	}
	*ret_n = n_periods;
	return periods;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double percentile(const struct metric_point *points, const struct metric_period *period, double p)
{
	double *values = xcalloc(period->count, sizeof(*values));

	assert(period->count && points); /* there are no empty periods */
	for (size_t i = 0; i < period->count; i++)
		values[i] = points[period->first + i].sum / points[period->first + i].n;
	qsort(values, period->count, sizeof(*values), by_value);
	double rank = p / 100 * (double)(period->count - 1);
	size_t low = (size_t)rank, high = MIN(low + 1, period->count - 1);
	double v = values[low] + (values[high] - values[low]) * (rank - (double)low);

	free(values);
	return v;
}

double metric_stat(const struct metric_point *points, const struct metric_period *p, const char *stat)
{
	double percent = 50;

	switch (stat[0]) {
	case 'A':
		return p->sum / p->n;
	case 'M':
		return stat[1] == 'i' ? p->low : p->high;
	case 'S':
		return stat[1] == 'u' ? p->sum : p->n;
	default:
		str_to_f64(stat + 1, &percent);
		return percentile(points, p, percent);
	}
}
