/* Tuning jobs as pictures. */
#include "model/search.h"

#include <math.h>

#include "model/cost.h"
#include "model/kind.h"
#include "model/objective.h"

#define GROUPS_MAX 5 /* of the children, by one range */
#define PER_GROUP 3  /* children at least */

void search_done(struct search *ret)
{
	free(ret->children);
	free(ret->ranges);
	*ret = (struct search){.best = -1};
}

double search_value(const struct search_child *c, const char *range)
{
	const char *text = strmap_get(&resource_record(c->r)->keyed, range);
	double value;

	return text && str_to_f64(text, &value) ? value : NAN;
}

/* What its list tells of a thing, by the field's path. */
static const char *told(const struct resource *r, const char *path)
{
	const struct record *record = resource_record(r);

	for (size_t i = 0; r->kind->fields[i].name; i++) {
		const char *own = r->kind->fields[i].path;
		size_t n = strlen(path);

		if (own && record->values[i] && strncmp(own, path, n) == 0 && (!own[n] || own[n] == '|'))
			return record->values[i];
	}
	return strmap_get(&record->members, path);
}

/* --- children -------------------------------------------------------------------------- */

static int by_end(const void *a, const void *b)
{
	const struct search_child *x = a, *y = b;
	int64_t xe = x->ended_ms == TIME_UNKNOWN ? INT64_MAX : x->ended_ms,
		ye = y->ended_ms == TIME_UNKNOWN ? INT64_MAX : y->ended_ms;

	if (xe != ye)
		return xe < ye ? -1 : 1;
	return strcmp(x->r->name, y->r->name);
}

static void add_child(struct search *ret, const struct resource *r)
{
	const char *objective = told(r, "FinalHyperParameterTuningJobObjectiveMetric.Value");
	struct search_child *c = &ret->children[ret->n++];

	*c = (struct search_child){.r = r, .objective = NAN, .ended_ms = r->end_ms};
	ret->n_running += r->state == STATE_RUNNING;
	ret->n_stopped += r->state == STATE_NEUTRAL;
	ret->n_bad += r->state == STATE_BAD;
	if (r->state == STATE_RUNNING || (objective && !str_to_f64(objective, &c->objective)) || !objective)
		c->objective = NAN;
	ret->n_measured += isfinite(c->objective);
	if (!ret->metric)
		ret->metric = told(r, "FinalHyperParameterTuningJobObjectiveMetric.MetricName");
}

static void add_children(struct search *ret, const struct session *s, const char *tuning)
{
	const struct resources *all = &s->tables[KIND_TUNING_CHILD];

	ret->children = xcalloc(all->n + 1, sizeof(*ret->children));
	for (size_t i = 0; i < all->n; i++) {
		if (str_eq(all->items[i]->parent, tuning))
			add_child(ret, all->items[i]);
	}
	if (ret->n)
		qsort(ret->children, ret->n, sizeof(*ret->children), by_end);
}

/* A child that failed is no best. */
static void find_best(struct search *ret)
{
	for (size_t i = 0; i < ret->n; i++) {
		double v = ret->children[i].objective;

		if (!isfinite(v) || ret->children[i].r->state == STATE_BAD)
			continue;
		if (ret->best < 0 ||
		    (ret->maximise ? v > ret->children[ret->best].objective : v < ret->children[ret->best].objective))
			ret->best = (long)i;
	}
}

/* --- importance --------------------------------------------------------------------------- */

struct dot {
	double x, y; /* x: the value, or a word's number */
};

static int by_x(const void *a, const void *b)
{
	const struct dot *p = a, *q = b;

	return (p->x > q->x) - (p->x < q->x);
}

/* Words get numbers in the order of their first appearance. */
static size_t collect(const struct search *ret, const char *range, struct dot *points, bool *ret_numeric)
{
	AUTO(strlist) struct strlist words = {0};
	size_t n = 0;

	*ret_numeric = true;
	for (size_t i = 0; i < ret->n; i++)
		*ret_numeric = *ret_numeric && isfinite(search_value(&ret->children[i], range));
	for (size_t i = 0; i < ret->n; i++) {
		const struct search_child *c = &ret->children[i];
		const char *word = str_or(strmap_get(&resource_record(c->r)->keyed, range), "");
		size_t at = 0;

		if (!isfinite(c->objective))
			continue;
		while (at < words.n && !str_eq(words.items[at], word))
			at++;
		if (at == words.n)
			strlist_add(&words, word);
		points[n++] = (struct dot){*ret_numeric ? search_value(c, range) : (double)at, c->objective};
	}
	return n;
}

/* Where group g of `groups` ends; values that are equal are not torn apart. */
static size_t group_end(const struct dot *points, size_t n, size_t g, size_t groups, bool numeric, size_t from)
{
	size_t end = numeric ? MAX(n * (g + 1) / groups, from) : from + 1;

	while (end > 0 && end < n && points[end].x == points[end - 1].x)
		end++;
	return end;
}

static double share_explained(struct dot *points, size_t n, bool numeric)
{
	size_t groups = MIN(n / PER_GROUP, (size_t)GROUPS_MAX), used = 0, from = 0;
	double mean = 0, total = 0, within = 0;

	if (groups < 2)
		return NAN;
	qsort(points, n, sizeof(*points), by_x);
	for (size_t i = 0; i < n; i++)
		mean += points[i].y / (double)n;
	for (size_t i = 0; i < n; i++)
		total += (points[i].y - mean) * (points[i].y - mean);
	for (size_t g = 0; from < n; g++, used++) {
		size_t end = group_end(points, n, g, groups, numeric, from);
		double own = 0;

		for (size_t i = from; i < end; i++)
			own += points[i].y / (double)(end - from);
		for (size_t i = from; i < end; i++)
			within += (points[i].y - own) * (points[i].y - own);
		from = end;
	}
	if (used < 2 || used >= n || total <= 0)
		return used < 2 || total <= 0 ? 0 : NAN;
	return MAX(0, 1 - within / total * (double)(n - 1) / (double)(n - used));
}

static int by_importance(const void *a, const void *b)
{
	const struct search_range *x = a, *y = b;
	double xi = isnan(x->importance) ? -1 : x->importance, yi = isnan(y->importance) ? -1 : y->importance;

	if (xi != yi)
		return xi > yi ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void add_ranges(struct search *ret)
{
	const struct strmap *tuned = ret->n ? &resource_record(ret->children[0].r)->keyed : NULL;
	struct dot *points = xcalloc(ret->n + 1, sizeof(*points));

	ret->ranges = xcalloc(tuned ? tuned->n + 1 : 1, sizeof(*ret->ranges));
	for (size_t i = 0; tuned && i < tuned->n; i++) {
		struct search_range *r = &ret->ranges[ret->n_ranges++];

		r->name = tuned->items[i].name;
		size_t n = collect(ret, r->name, points, &r->numeric);

		r->importance = share_explained(points, n, r->numeric);
	}
	if (ret->n_ranges)
		qsort(ret->ranges, ret->n_ranges, sizeof(*ret->ranges), by_importance);
	free(points);
}

/* --- cost --------------------------------------------------------------------------------- */

/* What the children took so far at the definition's rate, and, by their mean, what all of
 * them will. Unknown where instances or price are. */
static void add_cost(struct search *ret, const struct session *s, int64_t now_ms)
{
	const char *type = told(ret->tuning, "TrainingJobDefinition.ResourceConfig.InstanceType"),
		   *count = told(ret->tuning, "TrainingJobDefinition.ResourceConfig.InstanceCount"),
		   *spot = told(ret->tuning, "TrainingJobDefinition.EnableManagedSpotTraining");
	const struct price *price =
		type ? price_training(&s->prices, type, str_or(s->region, ""), str_eq(spot, "true")) : NULL;
	int64_t instances, seconds = 0, begun = 0;

	if (!price || !count || !str_to_i64(count, &instances))
		return;
	for (size_t i = 0; i < ret->n; i++) {
		const struct resource *r = ret->children[i].r;

		if (r->start_ms == TIME_UNKNOWN)
			continue;
		seconds += ((r->end_ms != TIME_UNKNOWN ? r->end_ms : now_ms) - r->start_ms) / 1000;
		begun++;
	}
	ret->spent_micro = cost_micro(seconds, instances, price->usd_micro);
	if (begun && ret->max_jobs)
		ret->projected_micro =
			cost_micro(seconds * MAX(ret->max_jobs, begun) / begun, instances, price->usd_micro);
}

void search_build(struct search *ret, const struct session *s, const char *tuning, int64_t now_ms)
{
	search_done(ret);
	ret->spent_micro = ret->projected_micro = USD_UNKNOWN;
	ret->tuning = resources_lookup(&s->tables[KIND_TUNING_JOB], tuning);
	if (ret->tuning) {
		static const char objective[] = "HyperParameterTuningJobConfig.HyperParameterTuningJobObjective.";
		AUTO(str) char *name = xasprintf("%sMetricName", objective);
		AUTO(str) char *type = xasprintf("%sType", objective);
		const char *direction = told(ret->tuning, type),
			   *most = told(ret->tuning, "ResourceLimits.MaxNumberOfTrainingJobs");

		if (!most)
			most = told(ret->tuning,
				    "HyperParameterTuningJobConfig.ResourceLimits.MaxNumberOfTrainingJobs");

		ret->metric = told(ret->tuning, name);
		ret->maximise = str_eq(direction, "Maximize");
		if (!most || !str_to_i64(most, &ret->max_jobs))
			ret->max_jobs = 0;
		add_children(ret, s, ret->tuning->name);
		if (!direction && ret->metric)
			ret->maximise = metric_direction(ret->metric, NULL) == METRIC_LARGER;
		find_best(ret);
		add_ranges(ret);
		add_cost(ret, s, now_ms);
	}
}
