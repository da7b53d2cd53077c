/* metric_store.h - metric series and their points, as they were put. */
#ifndef SAGETOP_LOCAL_METRIC_STORE_H
#define SAGETOP_LOCAL_METRIC_STORE_H

#include "aws/local/core/engine.h"

struct metric_point {
	int64_t time_ms;
	double sum, n, low, high;
};

/* dims: name=value pairs in any order. create: make the series where it is new
 * (else 0 for an unknown one). */
int64_t metric_series(struct engine *e, const char *ns, const char *name, const struct strmap *dims, bool create);
void metric_add(struct engine *e, int64_t series, int64_t time_ms, double value);
void metric_add_set(struct engine *e, int64_t series, const struct metric_point *p);
/* Points with from <= time < to, ascending. *ret is owned by the caller. */
void metric_read(struct engine *e, int64_t series, int64_t from_ms, int64_t to_ms, struct metric_point **ret,
		 size_t *ret_n);

#endif
