/* cloudwatch.h - CloudWatch GetMetricData (JSON 1.0, "GraniteServiceVersion20100801."). */
#ifndef SAGETOP_AWS_CLOUDWATCH_H
#define SAGETOP_AWS_CLOUDWATCH_H

#include "aws/client.h"

struct cw_query {
	const char *id; /* [a-z][A-Za-z0-9_]* unique in the call */
	const char *name_space, *metric;
	const char *dimension, *dimension_value; /* "Host", "job/algo-1" */
	const char *stat;			 /* Average, Maximum ... */
	int period_s;
	const char *dimension2, *dimension2_value; /* NULL: it has one only */
};
struct cw_series {
	const char *id;
	const int64_t *times_ms; /* ascending */
	const double *values;
	size_t n;
};
typedef void cw_data_fn(void *user, const struct cw_series *series, size_t n, const char *next_token,
			const struct err *err);
struct aws_request *cw_get_metric_data(struct aws_client *c, const struct cw_query *queries, size_t n, int64_t start_ms,
				       int64_t end_ms, const char *next_token, enum aws_priority p, cw_data_fn *fn,
				       void *user);

/* The same to its last page: take is called for each page's series (one that goes on has its id again), then end once.
 * The queries are borrowed until then. */
typedef void cw_take_fn(void *user, const struct cw_series *series, size_t n);
typedef void cw_end_fn(void *user, const struct err *err);
struct cw_reading {
	const struct cw_query *queries;
	size_t n;
	int64_t start_ms, end_ms;
	enum aws_priority priority;
	cw_take_fn *take;
	cw_end_fn *end;
	void *user;
};
void cw_read(struct aws_client *c, const struct cw_reading *r);

/* Pure: one of MetricDataResults. id is borrowed, the rest is freed by cw_series_done. */
void cw_parse_series(const json_t *result, struct cw_series *out);
void cw_series_done(struct cw_series *s);

#endif
