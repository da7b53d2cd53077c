/* Children that stop early: their curves, the median rule, Hyperband's rungs. */
#include "aws/local/kept/metric_store.h"
#include "aws/local/running/runner.h"
#include "aws/local/services/tuning_impl.h"

/* What a child's log has said of the objective. */
struct curve {
	double *values;
	size_t n, cap;
	size_t checked; /* epochs that were looked at */
	bool whole;	/* it has ended: nothing comes any more */
};

void tuning_forget_curve(struct engine *e, const char *child)
{
	struct curve *c = map_remove(&e->tuning->curves, child);

	if (c)
		free(c->values);
	free(c);
}

/* Where its present attempt began: what an attempt before it said is not its curve. */
static int64_t attempt_began(const struct training_job *job)
{
	for (size_t i = job->n_transitions; i-- > 0;) {
		if (str_eq(job->transitions[i].status, "Training"))
			return job->transitions[i].start_ms;
	}
	return INT64_MAX - 1;
}

static struct curve *read_curve(struct look *l, const json_t *child)
{
	struct map *all = &l->e->tuning->curves;
	struct curve *c = map_get(all, child_name(child));
	const struct training_job *job = child_job(l, child);
	AUTO(strmap) struct strmap dims = {0};
	struct metric_point *points = NULL;
	size_t n = 0;

	if (!c) {
		c = NEW(struct curve);
		(void)map_put(all, child_name(child), c);
	}
	if (c->whole || !job)
		return c;
	strmap_set(&dims, "TrainingJobName", job->name);
	int64_t series = metric_series(l->e, TRAINING_NAMESPACE, child_definition(l, child)->metric, &dims, false);

	if (series)
		metric_read(l->e, series, attempt_began(job), INT64_MAX, &points, &n);
	GROW(c->values, c->cap, n);
	for (size_t i = 0; i < n; i++)
		c->values[i] = points[i].sum;
	c->n = n;
	c->whole = training_job_is_over(job);
	free(points);
	return c;
}

/* Why the child should stop now; NULL: it goes on. Owned by the caller. */
static char *reason_to_stop(const struct look *l, const struct tuner_curve *curves, size_t n, size_t which,
			    struct curve *c)
{
	bool maximise = l->plan.definitions[0].maximise;
	size_t rung =
		l->plan.strategy == TUNER_HYPERBAND ? tuner_rung(c->n, l->plan.min_resource, l->plan.max_resource) : 0;
	double median = 0;

	if (rung > c->checked && tuner_halving_stops(curves, n, which, rung, maximise))
		return xasprintf("Stopping the training job: at epoch %zu its objective is not in the better third "
				 "(Hyperband)",
				 rung);
	if (l->plan.strategy == TUNER_HYPERBAND && c->n >= l->plan.max_resource)
		return xasprintf("Stopping the training job: it has had the %zu epochs of MaxResource (Hyperband)",
				 l->plan.max_resource);
	if (l->plan.early_stopping && tuner_median_stops(curves, n, which, maximise, &median))
		return xasprintf("Stopping the training job: at epoch %zu its objective %.6g is worse than the median "
				 "%.6g of the jobs before it (early stopping)",
				 c->n, c->values[c->n - 1], median);
	return NULL;
}

void tuning_stop_early(struct look *l)
{
	size_t n = json_array_size(l->children), i;
	struct tuner_curve *curves = xcalloc(MAX(n, 1), sizeof(*curves));
	struct curve **kept = xcalloc(MAX(n, 1), sizeof(struct curve *));

	if (l->plan.early_stopping || l->plan.strategy == TUNER_HYPERBAND) {
		for (i = 0; i < n; i++) {
			kept[i] = read_curve(l, json_array_get(l->children, i));
			curves[i] = (struct tuner_curve){kept[i]->values, kept[i]->n, kept[i]->whole};
		}
		for (i = 0; i < n; i++) {
			struct training_job *job = child_job(l, json_array_get(l->children, i));

			if (!job || job->status != JOB_IN_PROGRESS || kept[i]->n == kept[i]->checked)
				continue;
			AUTO(str) char *reason = reason_to_stop(l, curves, n, i, kept[i]);

			kept[i]->checked = kept[i]->n;
			if (reason)
				runner_stop_job_because(l->e, job, reason);
		}
	}
	free(curves);
	free(kept);
}
