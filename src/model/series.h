/* series.h - metric time series: points in order of time, in the order of their
 * arrival where times are equal. nan and the infinities are values like others.
 *
 * x is the wall time in ms; step is the boosting round or training step where one is
 * known (-1 otherwise). What several instances report are several series of one name.
 * Where steps begin again (a restart, the next fold) a new segment begins: the newest
 * is the one that counts. */
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
	char *name;   /* "validation:rmse", "CPUUtilization" */
	char *source; /* the instance that reports it: "algo-2"; NULL unknown */
	char *unit;   /* may be NULL: "%", "s" */
	struct point *points;
	size_t n, cap;
	bool is_final; /* only the service's final value: its log is not read, or has none */
};

struct series_set {
	struct series *items;
	size_t n, cap;
	uint64_t generation;
};

void series_set_done(struct series_set *s);
AUTO_EMBEDDED(series_set, struct series_set, series_set_done)
/* The first of that name; NULL where there is none. */
struct series *series_find(const struct series_set *s, const char *name);
/* That of one source (may be NULL), made where absent. */
struct series *series_get(struct series_set *s, const char *name, const char *source);
/* Whether any of them is more than a final value of the service's. */
bool series_set_has_curves(const struct series_set *s);
/* What a list calls it: the name, and its source where several report it. */
char *series_label(char *buf, size_t size, const struct series_set *set, const struct series *x);

/* The same for points of the log: a final value of the service's gives way to them. */
struct series *series_get_of_log(struct series_set *s, const char *name, const char *source);
/* What is drawn together: "rmse" of train:rmse and validation:rmse. Borrowed from name, or static. */
const char *series_group(const char *name);

/* One more point, whatever there is of that time and step. */
void series_append(struct series *x, int64_t time_ms, int64_t step, double value);
void series_add(struct series_set *s, const char *name, const char *source, int64_t time_ms, int64_t step,
		double value);
/* A sample of a clock, which may be asked for again: replaces that of the same time.
 * True where anything changed. */
bool series_put(struct series_set *s, const char *name, const char *source, int64_t time_ms, double value);
/* The service's final value: only where the log has none. */
void series_put_final(struct series_set *s, const char *name, int64_t time_ms, double value);

/* Whether any point knows its step: a final value alone, or CloudWatch, does not. */
bool series_has_steps(const struct series *s);
/* A line of up to `cells` bars over the series; "" where fewer than two points. out
 * holds 3*cells+1 bytes. */
char *series_spark(char *out, int cells, const struct series *s);
/* Where the newest segment begins; 0 where steps never went back. */
size_t series_segment(const struct series *s);
/* Whether a new segment begins with point i > 0. */
bool series_breaks_at(const struct series *s, size_t i);

/* Extracts metrics from log lines: by the job's MetricDefinitions (PCRE2), and
 * by XGBoost's own line ("[12]\ttrain-rmse:1.5\tvalidation-rmse:1.7", the tab
 * also as "#011" or a blank; of a cross validation the mean) where the job defines
 * none. A number is read as people write it (1,234.5 is one) or not at all. An
 * event may come as the service has it or as log_text_clean leaves it. */
struct metric_rules;
struct metric_rules *metric_rules_new(const struct job *j) NODISCARD;
void metric_rules_free(struct metric_rules *r);
/* source: the instance that wrote the line; may be NULL. */
void metric_rules_apply(struct metric_rules *r, const char *source, const struct log_line *line,
			struct series_set *out);

#endif
