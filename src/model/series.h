/* series.h - metric time series: one name, points in order of x.
 *
 * x is the wall time in ms; step is the boosting round or training step where
 * one is known (-1 otherwise). Adding keeps the order and replaces a point of
 * the same x and step. */
#ifndef SAGETOP_MODEL_SERIES_H
#define SAGETOP_MODEL_SERIES_H

#include "base/str.h"
#include "model/job.h"
#include "model/loglines.h"

struct point {
	int64_t time_ms;
	int64_t step;
	double value;
};

struct series {
	char *name; /* "validation:rmse", "CPUUtilization" */
	char *unit; /* may be NULL: "%", "s" */
	struct point *points;
	size_t n, cap;
};

struct series_set {
	struct series *items;
	size_t n, cap;
	uint64_t generation;
};

void series_set_done(struct series_set *s);
AUTO_EMBEDDED(series_set, struct series_set, series_set_done)
struct series *series_find(const struct series_set *s, const char *name); /* NULL where absent */
struct series *series_get(struct series_set *s, const char *name);	  /* makes it where absent */
bool series_add(struct series_set *s, const char *name, int64_t time_ms, int64_t step, double value);
/* Whether any point knows its step: a final value alone, or CloudWatch, does not. */
bool series_has_steps(const struct series *s);
/* A line of up to `cells` bars over the series; "" where fewer than two points. out
 * holds 3*cells+1 bytes. */
char *series_spark(char *out, int cells, const struct series *s);
bool series_range(const struct series *s, double *min, double *max);

/* Extracts metrics from log lines: by the job's MetricDefinitions (PCRE2), and
 * by XGBoost's own line ("[12]\ttrain-rmse:1.5\tvalidation-rmse:1.7", the tab
 * also as "#011" or a blank) where the job defines none. */
struct metric_rules;
struct metric_rules *metric_rules_new(const struct job *j) NODISCARD;
void metric_rules_free(struct metric_rules *r);
void metric_rules_apply(const struct metric_rules *r, const struct log_line *line, struct series_set *out);

#endif
