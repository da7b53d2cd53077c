/* metric_stat.h - what a metric's points say of periods: the statistics of CloudWatch. */
#ifndef SAGETOP_LOCAL_METRIC_STAT_H
#define SAGETOP_LOCAL_METRIC_STAT_H

#include "aws/local/kept/metric_store.h"

/* A period that has points; it begins at a multiple of its length. */
struct metric_period {
	int64_t time_ms;
	double sum, n, low, high;
	size_t first, count; /* its points, for percentiles */
};

/* Name and Value of each member of a list of dimensions. */
void metric_dimensions(const json_t *list, struct strmap *ret);

/* SampleCount, Average, Sum, Minimum, Maximum, or a percentile as "p95". */
bool metric_stat_valid(const char *stat);

/* Of points in order of time; periods without points are left out. Owned by the caller. */
struct metric_period *metric_periods(const struct metric_point *points, size_t n, int64_t period_ms, size_t *ret_n);
/* points: those that the periods were made of; stat is valid. */
double metric_stat(const struct metric_point *points, const struct metric_period *p, const char *stat);

#endif
