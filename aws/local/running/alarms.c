/* The states of alarms, from the values of their metrics. */
#include "aws/local/running/alarms.h"

#include "aws/local/kept/metric_stat.h"
#include "base/map.h"
#include "base/timefmt.h"

#define LOOK_MS 2000
#define OLDER_PERIODS 2 /* that may stand for missing ones, besides those that are asked for */
#define PERIODS_MAX 1000

struct alarms {
	struct map ends; /* by name: the end of the period that was evaluated last, in seconds */
	uint64_t timer;
};

/* What of an alarm is evaluated. */
struct rule {
	const json_t *doc;
	const char *stat, *comparison, *missing;
	double threshold;
	int64_t period_ms;
	size_t n, m; /* periods, and how many of them must breach */
};

/* The newest values, newest first; how many periods ago each was, from 1. */
struct evidence {
	double values[PERIODS_MAX];
	int64_t times_ms[PERIODS_MAX];
	size_t ages[PERIODS_MAX];
	size_t n, n_breaching, oldest_breach; /* its age */
};

/* --- the rule ------------------------------------------------------------------------------------- */

static bool read_rule(const json_t *doc, struct rule *r)
{
	int64_t n = json_get_i64(doc, "EvaluationPeriods", 1);

	*r = (struct rule){.doc = doc,
			   .stat = str_or(json_get_str(doc, "Statistic"), json_get_str(doc, "ExtendedStatistic")),
			   .comparison = str_or(json_get_str(doc, "ComparisonOperator"), ""),
			   .missing = str_or(json_get_str(doc, "TreatMissingData"), "missing"),
			   .threshold = json_get_f64(doc, "Threshold", 0),
			   .period_ms = json_get_i64(doc, "Period", 0) * 1000,
			   .n = (size_t)n,
			   .m = (size_t)json_get_i64(doc, "DatapointsToAlarm", n)};
	return json_get_str(doc, "MetricName") && r->stat && metric_stat_valid(r->stat) && r->period_ms > 0 && n > 0 &&
	       n <= PERIODS_MAX && str_ends(r->comparison, "Threshold") && json_object_get(doc, "Threshold");
}

static bool breaches(const struct rule *r, double v)
{
	bool greater = str_starts(r->comparison, "Greater"), equal = strstr(r->comparison, "OrEqual") != NULL;

	if (v == r->threshold)
		return equal;
	return greater ? v > r->threshold : v < r->threshold;
}

/* --- what the metric says -------------------------------------------------------------------------- */

/* False where there is no such metric. */
static bool gather(struct engine *e, const struct rule *r, int64_t end_ms, struct evidence *ret)
{
	AUTO(strmap) struct strmap dims = {0};
	struct metric_point *points = NULL;
	size_t n_points = 0, n = 0;

	metric_dimensions(json_object_get(r->doc, "Dimensions"), &dims);
	int64_t series = metric_series(e, str_or(json_get_str(r->doc, "Namespace"), ""),
				       json_get_str(r->doc, "MetricName"), &dims, false);

	if (!series)
		return false;
	metric_read(e, series, end_ms - (int64_t)(r->n + OLDER_PERIODS) * r->period_ms, end_ms, &points, &n_points);
	struct metric_period *periods = metric_periods(points, n_points, r->period_ms, &n);

	while (n > 0 && ret->n < r->n) {
		const struct metric_period *p = &periods[--n];
		size_t i = ret->n++;

		ret->values[i] = metric_stat(points, p, r->stat);
		ret->times_ms[i] = p->time_ms;
		ret->ages[i] = (size_t)((end_ms - p->time_ms) / r->period_ms);
		if (breaches(r, ret->values[i])) {
			ret->n_breaching++;
			ret->oldest_breach = ret->ages[i];
		}
	}
	free(periods);
	free(points);
	return true;
}

/* The state; NULL: as it is. */
static const char *state_of(const struct rule *r, const struct evidence *x)
{
	size_t missing = r->n - x->n, breaching = x->n_breaching;

	if (str_eq(r->missing, "breaching"))
		return breaching + missing >= r->m ? "ALARM" : "OK";
	if (breaching >= r->m)
		return "ALARM";
	if (str_eq(r->missing, "notBreaching") || breaching < x->n)
		return "OK";
	if (str_eq(r->missing, "ignore"))
		return NULL;
	if (x->n == 0)
		return "INSUFFICIENT_DATA";
	return x->oldest_breach >= r->m ? "ALARM" : NULL; /* too early */
}

/* --- the state -------------------------------------------------------------------------------------- */

static char *reason_of(const struct rule *r, const struct evidence *x, const char *state)
{
	struct buf out = BUF_INIT(4096);
	char time[TIMEFMT_LEN];

	if (str_eq(state, "INSUFFICIENT_DATA")) {
		(void)buf_addf(&out, "Insufficient Data: %zu datapoint%s unknown.", r->n,
			       r->n == 1 ? " was" : "s were");
		return buf_take(&out);
	}
	(void)buf_addf(&out, "Threshold Crossed: %zu out of the last %zu datapoint%s", x->n_breaching, r->n,
		       r->n == 1 ? "" : "s");
	for (size_t i = 0; i < MIN(x->n, (size_t)5); i++)
		(void)buf_addf(&out, "%s%.15g (%s)", i ? ", " : " [", x->values[i], timefmt_iso(time, x->times_ms[i]));
	(void)buf_addf(&out, "%s crossed the threshold (%.15g) by %s, %zu %s needed.", x->n ? "]" : "", r->threshold,
		       r->comparison, r->m, r->m == 1 ? "is" : "are");
	return buf_take(&out);
}

static void change(struct engine *e, struct document *d, const struct rule *r, const struct evidence *x,
		   const char *state)
{
	AUTO(str) char *reason = reason_of(r, x, state);
	json_t *now = json_epoch(engine_now_ms(e));

	json_object_set_new(d->doc, "StateValue", json_string(state));
	json_object_set_new(d->doc, "StateReason", json_string(reason));
	json_object_set(d->doc, "StateUpdatedTimestamp", now);
	json_object_set_new(d->doc, "StateTransitionedTimestamp", now);
	document_save(e, d);
}

/* Once for each period that has ended. */
static void evaluate(struct engine *e, struct document *d)
{
	struct rule r;

	if (!read_rule(d->doc, &r))
		return;
	int64_t end_ms = engine_now_ms(e) / r.period_ms * r.period_ms;

	if ((intptr_t)map_put(&e->alarms->ends, d->key, (void *)(intptr_t)(end_ms / 1000)) == end_ms / 1000)
		return;
	struct evidence *x = NEW(struct evidence);
	const char *state = gather(e, &r, end_ms, x) ? state_of(&r, x) : NULL;

	if (state && !str_eq(state, json_get_str(d->doc, "StateValue")))
		change(e, d, &r, x, state);
	free(x);
}

/* --- the timer --------------------------------------------------------------------------------------- */

static void look(void *user);

static void wake(struct engine *e)
{
	if (!e->alarms->timer)
		e->alarms->timer = loop_after(e->loop, LOOK_MS, look, e);
}

static void look(void *user)
{
	struct engine *e = user;
	const struct document_list *list = documents_of(e, ALARM_KIND);

	e->alarms->timer = 0;
	for (size_t i = 0; i < list->n; i++)
		evaluate(e, list->items[i]);
	state_commit(e->db);
	if (list->n)
		wake(e);
}

void alarms_put(struct engine *e, const char *name)
{
	if (!e->alarms)
		return;
	(void)map_remove(&e->alarms->ends, name);
	wake(e);
}

void alarms_start(struct engine *e)
{
	e->alarms = NEW(struct alarms);
	wake(e);
}

void alarms_stop(struct engine *e)
{
	if (!e->alarms)
		return;
	loop_cancel(e->loop, e->alarms->timer);
	map_done(&e->alarms->ends);
	free(TAKE(e->alarms));
}
