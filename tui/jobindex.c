#include "tui/jobindex.h"

#include <math.h>

#include "tui/jobtext.h"

void job_index_done(struct job_index *x)
{
	free(x->rows);
	memset(x, 0, sizeof(*x));
}

static const char *const sort_names[SORT_COUNT] = {"name", "status", "instance", "age", "train", "cost", "metric"};

const char *job_sort_name(enum job_sort s)
{
	return sort_names[s];
}

bool job_sort_parse(const char *name, enum job_sort *ret)
{
	for (int i = 0; i < SORT_COUNT; i++)
		if (str_ieq(sort_names[i], name)) {
			*ret = (enum job_sort)i;
			return true;
		}
	return false;
}

static double status_rank(const struct job *j)
{
	static const int rank[JOB_STATUS_COUNT] = {
		[JOB_IN_PROGRESS] = 0, [JOB_STOPPING] = 1, [JOB_FAILED] = 2,	     [JOB_STOPPED] = 3,
		[JOB_COMPLETED] = 4,   [JOB_DELETING] = 5, [JOB_STATUS_UNKNOWN] = 6,
	};

	return rank[j->status];
}

/* Smaller comes first; unknown comes last, which is +infinity. */
static void fill_key(struct job_row *r, const struct session *s, enum job_sort sort, int64_t now_ms)
{
	const struct job *j = r->job;
	const char *name;
	double v;

	switch (sort) {
	case SORT_NAME:
		r->text = j->name;
		break;
	case SORT_STATUS:
		r->number = status_rank(j);
		r->text = job_state_text(j);
		break;
	case SORT_INSTANCE:
		r->text = j->instance_type ? j->instance_type : "\x7f";
		break;
	case SORT_AGE:
		r->number = j->created_ms == TIME_UNKNOWN ? INFINITY : -(double)j->created_ms;
		break;
	case SORT_TRAIN: {
		int64_t t = job_elapsed_s(j, now_ms);
		r->number = t < 0 ? INFINITY : -(double)t;
		break;
	}
	case SORT_COST: {
		struct cost c = cost_of_job(j, &s->prices, s->region, now_ms);
		r->number = c.kind == COST_UNKNOWN || c.usd_micro == USD_UNKNOWN ? INFINITY : -(double)c.usd_micro;
		break;
	}
	case SORT_METRIC:
		r->number = jobtext_objective(s, j, &name, &v) && !isnan(v) ? v : INFINITY;
		break;
	case SORT_COUNT:
		break;
	}
}

static int by_key(const void *pa, const void *pb, void *user)
{
	const struct job_row *a = pa, *b = pb;
	int sign = *(const bool *)user ? -1 : 1, c;

	/* Unknown stays last in both directions. */
	if (isinf(a->number) || isinf(b->number)) {
		if (isinf(a->number) != isinf(b->number))
			return isinf(a->number) ? 1 : -1;
	} else if (a->number != b->number) {
		return a->number < b->number ? -sign : sign;
	}
	if (a->text && b->text && (c = strcmp(a->text, b->text)))
		return sign * c;
	if (a->job->created_ms != b->job->created_ms)
		return a->job->created_ms > b->job->created_ms ? -1 : 1;
	return strcmp(a->job->name, b->job->name);
}

void job_index_build(struct job_index *x, const struct session *s, const struct query *filter, bool faults_only,
		     enum job_sort sort, bool reverse, int64_t now_ms)
{
	struct field_context x2 = {.session = s, .now_ms = now_ms};

	x->n = 0;
	GROW(x->rows, x->cap, session_jobs(s)->n);
	for (size_t i = 0; i < session_jobs(s)->n; i++) {
		const struct job *j = jobs_at(session_jobs(s), i);
		if (faults_only && j->status != JOB_FAILED)
			continue;
		if (filter && !query_match(filter, job_resource(j), &x2))
			continue;
		struct job_row *r = &x->rows[x->n++];
		*r = (struct job_row){.job = j};
		fill_key(r, s, sort, now_ms);
	}
	if (x->n > 1)
		qsort_r(x->rows, x->n, sizeof(*x->rows), by_key, &reverse);
}

long job_index_find(const struct job_index *x, const char *name)
{
	for (size_t i = 0; i < x->n; i++)
		if (!strcmp(x->rows[i].job->name, name))
			return (long)i;
	return -1;
}
