/* advice_settings.c - rules about how jobs are run: packing, spot, MaxRuntime, early stopping,
 * warm pools. */
#include "model/advice_impl.h"

#include <math.h>

#define PACK_JOBS 20	   /* so many short ones */
#define PACK_LONGEST_S 600 /* is short */
#define PACK_OVERHEAD 0.2  /* share of the time that a start takes */
#define PACK_SIZE 10
#define SPOT_LONG_S 3600 /* without checkpoints too much to lose */
#define HUNG_FACTOR 3.0	 /* times the longest completed job */
#define RUN_ROOM 3.0
#define EARLY_SHARE 0.3 /* of the rounds after the best */
#define EARLY_KEPT 0.1	/* of the rounds are still needed to see that it was the best */
#define EARLY_ROUNDS 20
#define POOL_JOBS 5 /* that follow each other */
#define POOL_GAP_MS 600000
#define POOL_WAIT_S 60 /* for instances, on average */
#define POOL_LONGEST_S 900
#define POOL_KEPT_SHARE 0.5 /* of what is billed goes for keeping the pool */

static bool is_priced(const struct advice_group *g)
{
	return g->cost_micro != USD_UNKNOWN && g->cost_micro > 0;
}

/* --- packing ---------------------------------------------------------------------------------- */

void advice_pack(struct advices *l, const struct advice_group *g)
{
	double overhead = 0;
	size_t known = 0;

	for (size_t i = 0; i < g->n; i++) {
		if (g->jobs[i]->download_s < 0)
			continue;
		overhead += g->jobs[i]->download_s;
		known++;
	}
	if (g->n < PACK_JOBS || !known || g->median_s > PACK_LONGEST_S || !is_priced(g) || g->median_s <= 0)
		return;
	overhead /= (double)known;
	double saving = (double)g->cost_micro * MIN(overhead / g->median_s, 1.0) * (1 - 1.0 / PACK_SIZE);

	if (overhead < PACK_OVERHEAD * g->median_s || saving < ADVICE_SAVING_LEAST)
		return;
	struct advice *a =
		advice_add(l, g, ADVICE_PACK, saving, xasprintf("let one job do the work of %d", PACK_SIZE),
			   xasprintf("%zu jobs of %.0f s (median), %.0f s of each for image and data", g->n,
				     g->median_s, overhead),
			   xasprintf("sagetop estimate --entities %zu --minutes %.3g --pack %d --type %s%s", g->n,
				     g->median_s / 60, PACK_SIZE, str_or(g->newest->instance_type, "?"),
				     g->newest->spot ? " --spot" : ""));

	if (g->is_short)
		advice_warn(a, "all of them ran under 5 minutes");
}

/* --- spot ------------------------------------------------------------------------------------- */

void advice_spot(struct advices *l, const struct advice_group *g)
{
	struct duration_spot spot = {.mid = DURATION_SPOT_USUAL};
	const struct job *j = g->newest;

	if (j->spot || !is_priced(g))
		return;
	if (g->in->history)
		duration_spot(g->in->history, j->instance_type, &spot);
	double saving = (double)g->cost_micro * spot.mid;

	if (saving < ADVICE_SAVING_LEAST)
		return;
	int64_t run = j->max_runtime_s > 0 ? j->max_runtime_s : 86400;
	struct advice *a = advice_add(
		l, g, ADVICE_SPOT, saving, xstrdup("use managed spot"),
		xasprintf("%zu jobs on demand; spot saves %.0f %%, %s", g->n, spot.mid * 100,
			  *spot.why ? spot.why : "as is usually reckoned with"),
		xasprintf("sagetop clone %s --set EnableManagedSpotTraining=true --set "
			  "StoppingCondition.MaxWaitTimeInSeconds=%lld%s",
			  j->name, (long long)run * 2,
			  j->rare->keep_alive_s > 0 ? " --set ResourceConfig.KeepAlivePeriodInSeconds=null" : ""));

	if (spot.jobs == 0)
		advice_warn(a, "no spot job of this account is known");
	if (g->longest_s > SPOT_LONG_S)
		advice_warn(a, "an interruption costs up to the whole run: set CheckpointConfig as well");
	if (g->is_short)
		advice_warn(a, "all of them ran under 5 minutes");
}

/* --- MaxRuntime ------------------------------------------------------------------------------- */

/* What jobs that did not complete were billed for beyond what any that did has taken. */
void advice_max_run(struct advices *l, const struct advice_group *g)
{
	double limit_s = MAX(ceil(g->longest_s * RUN_ROOM / 600) * 600, 600.0), beyond_s = 0;
	size_t hung = 0;

	for (size_t i = 0; i < g->n_others; i++) {
		const struct job *j = g->others[i]->job;
		double ran = (double)MAX(j->billable_s, (int64_t)0);

		if (ran < HUNG_FACTOR * g->longest_s || ran <= limit_s)
			continue;
		beyond_s += (ran - limit_s) * MAX(j->instance_count, 1);
		hung++;
	}
	if (!hung || g->rate_micro == USD_UNKNOWN || beyond_s * (double)g->rate_micro / 3600 < ADVICE_SAVING_LEAST)
		return;
	struct advice *a = advice_add(
		l, g, ADVICE_MAX_RUN, beyond_s * (double)g->rate_micro / 3600,
		xasprintf("stop after %.0f minutes", limit_s / 60),
		xasprintf(
			"%zu jobs hung for %.1f hours beyond that; the longest of %zu that completed took %.0f minutes",
			hung, beyond_s / 3600, g->n, g->longest_s / 60),
		xasprintf("sagetop clone %s --set StoppingCondition.MaxRuntimeInSeconds=%.0f", g->newest->name,
			  limit_s));

	advice_warn(a, "told by jobs that failed or were stopped");
	if (g->is_short)
		advice_warn(a, "those that completed ran under 5 minutes");
}

/* --- the learning curve ------------------------------------------------------------------------- */

void advice_early(struct advices *l, const struct advice_group *g)
{
	double after = 0;
	int64_t most_rounds = 0, best = 0;
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++) {
		const struct advice_job *j = g->jobs[i];

		if (j->best_round < 0 || j->rounds < EARLY_ROUNDS)
			continue;
		after += 1 - (double)(j->best_round + 1) / (double)j->rounds;
		most_rounds = MAX(most_rounds, j->rounds);
		best = MAX(best, j->best_round + 1);
		n++;
	}
	if (!n || !is_priced(g))
		return;
	after /= (double)n;
	double saving = (double)g->cost_micro * (after - EARLY_KEPT);

	if (after < EARLY_SHARE || saving < ADVICE_SAVING_LEAST)
		return;
	struct advice *a = advice_add(
		l, g, ADVICE_EARLY, saving, xstrdup("stop once the validation metric gets no better"),
		xasprintf(
			"%zu of %zu jobs looked at: %.0f %% of up to %lld rounds came after the best, which was round "
			"%lld at the latest",
			n, g->n, after * 100, (long long)most_rounds, (long long)best),
		xasprintf("sagetop clone %s --set HyperParameters.early_stopping_rounds=%lld", g->newest->name,
			  MAX((long long)llround(EARLY_KEPT * (double)most_rounds), 5LL)));

	if (g->is_short)
		advice_warn(a, "all of them ran under 5 minutes");
}

/* --- warm pools --------------------------------------------------------------------------------- */

static double wait_of(const struct job *j)
{
	return j->start_ms == TIME_UNKNOWN || j->created_ms == TIME_UNKNOWN
		       ? 0
		       : (double)MAX(j->start_ms - j->created_ms, (int64_t)0) / 1000;
}

/* Instances that are kept, and hardly used again. */
static void find_idle_pool(struct advices *l, const struct advice_group *g)
{
	double kept = 0;
	size_t reused = 0;

	for (size_t i = 0; i < g->n; i++) {
		const struct job *j = g->jobs[i]->job;

		kept += (double)MAX(j->rare->retained_s, (int64_t)0) * MAX(j->instance_count, 1);
		reused += str_eq(j->rare->warm_pool_status, "Reused") || str_eq(j->rare->warm_pool_status, "InUse");
	}
	double usd = kept * (double)g->rate_micro / 3600;

	if (kept < POOL_KEPT_SHARE * g->billed_s || reused * 2 > g->n || usd < ADVICE_SAVING_LEAST)
		return;
	(void)advice_add(
		l, g, ADVICE_POOL, usd, xstrdup("keep no warm pool"),
		xasprintf("instances of %zu jobs were kept for %.1f hours, %zu of these jobs' pools were used again",
			  g->n, kept / 3600, reused),
		xasprintf("sagetop clone %s --set ResourceConfig.KeepAlivePeriodInSeconds=null", g->newest->name));
}

void advice_pool(struct advices *l, const struct advice_group *g)
{
	double waited = 0, gap = 0;
	size_t follows = 0;

	if (g->rate_micro == USD_UNKNOWN || g->newest->spot)
		return;
	if (g->newest->rare->keep_alive_s > 0) {
		find_idle_pool(l, g);
		return;
	}
	for (size_t i = 1; i < g->n; i++) {
		const struct job *before = g->jobs[i - 1]->job, *j = g->jobs[i]->job;

		if (before->end_ms == TIME_UNKNOWN || j->created_ms < before->end_ms ||
		    j->created_ms > before->end_ms + POOL_GAP_MS)
			continue;
		waited += wait_of(j);
		gap += (double)(j->created_ms - before->end_ms) / 1000;
		follows++;
	}
	if (follows < POOL_JOBS || waited < POOL_WAIT_S * (double)follows || g->median_s > POOL_LONGEST_S)
		return;
	struct advice *a =
		advice_add(l, g, ADVICE_POOL, -gap * MAX(g->newest->instance_count, 1) * (double)g->rate_micro / 3600,
			   xstrdup("keep the instances for the next job"),
			   xasprintf("%zu jobs began within 10 minutes of the one before, and waited %.0f s for "
				     "instances each: %.1f hours "
				     "in all",
				     follows, waited / (double)follows, waited / 3600),
			   xasprintf("sagetop clone %s --set ResourceConfig.KeepAlivePeriodInSeconds=%.0f",
				     g->newest->name, MIN(MAX(ceil(gap / (double)follows / 60) * 120, 120.0), 3600.0)));

	advice_warn(a, "it saves time, and costs the minutes between jobs");
	if (g->is_short)
		advice_warn(a, "all of them ran under 5 minutes");
}
