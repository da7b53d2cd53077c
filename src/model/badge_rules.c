/* badge_rules.c - what calls for a look at a job that runs: a rule each. */
#include <math.h>

#include "base/timefmt.h"
#include "model/badge_impl.h"
#include "model/cost.h"
#include "model/instance.h"
#include "model/objective.h"

#define SAMPLE_MS ((int64_t)120000) /* a window's first and last sample may be so far from its ends */

/* The largest sample of the last `ms` of any instance, where all of that time was sampled;
 * negative where not. */
static double busiest(const struct badge_look *look, const char *name, int64_t ms)
{
	double most = -1;
	const struct series_set *set = look->feed ? &look->feed->metrics : NULL;

	for (size_t i = 0; set && i < set->n; i++) {
		const struct series *s = &set->items[i];
		int64_t from = look->now_ms - ms;

		if (!str_eq(s->name, name))
			continue;
		if (!s->n || s->points[0].time_ms > from + SAMPLE_MS ||
		    s->points[s->n - 1].time_ms < look->now_ms - 2 * SAMPLE_MS)
			return -1;
		for (size_t k = s->n; k-- && s->points[k].time_ms >= from;)
			if (isfinite(s->points[k].value))
				most = MAX(most, s->points[k].value);
	}
	return most;
}

/* The service's shares are of one processor, or one GPU. */
static bool is_idle(const struct badge_look *look, const char *name, int units, const char *what, struct buf *why)
{
	double most = units > 0 ? busiest(look, name, BADGE_IDLE_MS) : -1;

	if (most < 0 || most / units >= BADGE_IDLE_PCT)
		return false;
	(void)buf_addf(why, "%s at most %.1f %% busy in the last %lld minutes", what, most / units,
		       (long long)(BADGE_IDLE_MS / 60000));
	return true;
}

bool badge_idle_cpu(const struct badge_look *look, struct buf *why)
{
	struct instance_spec spec;

	return !look->job->rare->n_groups && instance_spec_find(look->job->instance_type, &spec) &&
	       is_idle(look, "CPUUtilization", spec.vcpu, "processors", why);
}

bool badge_idle_gpu(const struct badge_look *look, struct buf *why)
{
	struct instance_spec spec;

	return !look->job->rare->n_groups && instance_spec_find(look->job->instance_type, &spec) &&
	       is_idle(look, "GPUUtilization", spec.gpus, "GPUs", why);
}

static bool is_training(const struct job *j)
{
	return str_eq(j->secondary_text, "Training");
}

/* Only of a log that is being read. */
bool badge_silent(const struct badge_look *look, struct buf *why)
{
	const struct feed *f = look->feed;
	const struct loglines *l = f ? &f->logs : NULL;
	int64_t last = l && l->n ? l->lines[l->n - 1].time_ms : look->job->start_ms;
	char text[TIMEFMT_LEN];

	if (!f || !f->logs_loaded || !f->following || !is_training(look->job) || last == TIME_UNKNOWN ||
	    look->now_ms - last < BADGE_SILENT_MS)
		return false;
	(void)buf_addf(why, "no line in its log for %s", timefmt_duration(text, look->now_ms - last));
	return true;
}

bool badge_limit(const struct badge_look *look, struct buf *why)
{
	int64_t s = job_elapsed_s(look->job, look->now_ms), most = look->job->max_runtime_s;
	char text[TIMEFMT_LEN];

	if (s < 0 || most <= 0 || (double)s < BADGE_LIMIT_SHARE * (double)most)
		return false;
	if (s < most)
		(void)buf_addf(why, "MaxRuntime stops it in %s", timefmt_duration(text, (most - s) * 1000));
	else
		(void)buf_adds(why, "MaxRuntime is over");
	return true;
}

bool badge_spot(const struct badge_look *look, struct buf *why)
{
	int n = job_interruptions(look->job);

	if (n < BADGE_INTERRUPTIONS)
		return false;
	(void)buf_addf(why, "spot took its instances %d times", n);
	return true;
}

/* It waits for its first instances, or for new ones. */
bool badge_pending(const struct badge_look *look, struct buf *why)
{
	const struct job *j = look->job;
	int64_t since = j->rare->waiting_since_ms != TIME_UNKNOWN ? j->rare->waiting_since_ms
			: j->start_ms == TIME_UNKNOWN		  ? j->created_ms
								  : TIME_UNKNOWN;
	char text[TIMEFMT_LEN];

	if (j->detail < DETAIL_SEARCHED || since == TIME_UNKNOWN || look->now_ms - since < BADGE_PENDING_MS)
		return false;
	(void)buf_addf(why, "without instances for %s", timefmt_duration(text, look->now_ms - since));
	return true;
}

/* As many rounds since the best one as led to it. */
bool badge_flat(const struct badge_look *look, struct buf *why)
{
	const char *name = job_objective_name(look->job);
	const struct series *s = look->feed && name ? series_find(&look->feed->metrics, name) : NULL;
	enum metric_direction d = metric_direction(name, look->job);
	double best;
	int64_t step, last = s && s->n ? s->points[s->n - 1].step : -1;

	if (last < 0 || d == METRIC_EITHER || !series_best(s, d, &best, &step) || step < 0 ||
	    last - step < MAX(step, (int64_t)BADGE_FLAT_ROUNDS))
		return false;
	(void)buf_addf(why, "%s has not got better since round %lld of %lld", name, (long long)step, (long long)last);
	return true;
}
