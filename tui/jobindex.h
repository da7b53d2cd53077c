/* jobindex.h - which jobs a list shows, and in what order.
 *
 * Pure: built from the jobs by a filter and a sort column; pointers to the jobs
 * stay valid until the jobs' generation changes, then it is built again. */
#ifndef SAGETOP_TUI_JOBINDEX_H
#define SAGETOP_TUI_JOBINDEX_H

#include "model/query.h"
#include "model/session.h"

enum job_sort {
	SORT_NAME = 0,
	SORT_STATUS, /* active first, then failed, stopped, completed */
	SORT_INSTANCE,
	SORT_AGE, /* newest first */
	SORT_TRAIN,
	SORT_COST, /* highest first */
	SORT_METRIC,
	SORT_COUNT
};

struct job_index {
	struct job_row {
		const struct job *job;
		const char *text; /* sort key, NULL where the column is a number */
		double number;
	} * rows;
	size_t n, cap;
};

void job_index_done(struct job_index *x);
void job_index_build(struct job_index *x, const struct session *s, const struct query *filter, bool faults_only,
		     enum job_sort sort, bool reverse, int64_t now_ms);
/* Row of that job; -1 where it is not shown. */
long job_index_find(const struct job_index *x, const char *name);
const char *job_sort_name(enum job_sort s);
bool job_sort_parse(const char *name, enum job_sort *ret);

#endif
