/* metric_defs.h - a job's MetricDefinitions: regexes over its log lines, the
 * first group a number. Hostile patterns are bounded by match limits. */
#ifndef SAGETOP_LOCAL_METRIC_DEFS_H
#define SAGETOP_LOCAL_METRIC_DEFS_H

#include "base/json.h"

struct metric_defs;
typedef void metric_found_fn(void *user, const char *name, double value);

/* definitions: AlgorithmSpecification.MetricDefinitions, or NULL. A pattern that
 * does not compile is left out (the service, too, runs the job). */
struct metric_defs *metric_defs_new(const json_t *definitions) NODISCARD;
void metric_defs_free(struct metric_defs *d);
/* fn for each value that a line of n bytes holds; name is borrowed for the call. */
void metric_defs_apply(const struct metric_defs *d, const char *line, size_t n, metric_found_fn *fn, void *user);

#endif
