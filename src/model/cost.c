/* cost.c - billed seconds x instances x hourly rate, over groups and warm pools. */
#include "model/cost.h"

#include "base/buf.h"
#include "base/timefmt.h"

int64_t cost_micro(int64_t seconds, int64_t instances, int64_t usd_micro_per_hour)
{
	__int128 product;

	if (seconds < 0 || instances < 0 || usd_micro_per_hour < 0)
		return USD_UNKNOWN;
	/* Three such factors may exceed even 128 bits. */
	if (__builtin_mul_overflow((__int128)seconds * instances, (__int128)usd_micro_per_hour, &product) ||
	    product > (__int128)USD_MICRO_MAX * 3600)
		return USD_UNKNOWN;
	return (int64_t)((product + 1800) / 3600);
}

/* --- the rate of a cluster ------------------------------------------------------- */

struct rate {
	int64_t micro; /* an hour, of all instances; USD_UNKNOWN */
	bool exact;    /* by the component's own rows */
	const struct price *price;
	const char *unpriced;
	const char *plan;
};

/* What a group is used for decides the component that prices it. */
enum use { USE_TRAINING, USE_SPOT, USE_POOL };

static const struct price *price_for(const struct price_table *t, const char *type, const char *region, enum use use)
{
	return use == USE_POOL ? price_warm_pool(t, type, region) : price_training(t, type, region, use == USE_SPOT);
}

static struct rate rate_of(const struct job_group *groups, size_t n, enum use use, const struct price_table *prices,
			   const char *region)
{
	static const char *const components[] = {
		[USE_TRAINING] = "Training", [USE_SPOT] = "SpotTraining", [USE_POOL] = "Training Warm Pool"};
	struct rate r = {.micro = 0, .exact = true};

	for (size_t i = 0; i < n; i++) {
		const char *type = str_or(groups[i].instance_type, "?");
		const struct price *p = price_for(prices, type, region, use);
		int64_t group;

		if (!p || groups[i].count < 1 ||
		    __builtin_mul_overflow(p->usd_micro, (int64_t)groups[i].count, &group)) {
			r.micro = USD_UNKNOWN;
			r.unpriced = !p && !r.unpriced ? type : r.unpriced;
			continue;
		}
		r.micro = money_sum(r.micro, group);
		r.exact = r.exact && str_eq(p->component, components[use]);
		if (!r.price || strcmp(str_or(p->as_of, ""), str_or(r.price->as_of, "")) < 0)
			r.price = p;
	}
	if (n == 0 || r.micro == USD_UNKNOWN)
		return (struct rate){.micro = USD_UNKNOWN, .unpriced = r.unpriced};
	return r;
}

static struct rate rate_of_job(const struct job *j, bool pool, const struct price_table *prices, const char *region)
{
	struct job_group one = {.instance_type = j->instance_type, .count = j->instance_count};
	enum use use = pool ? USE_POOL : j->spot ? USE_SPOT : USE_TRAINING;

	if (j->rare->training_plan)
		return (struct rate){.micro = USD_UNKNOWN, .plan = j->rare->training_plan};
	if (j->rare->n_groups)
		return rate_of(j->rare->groups, j->rare->n_groups, use, prices, region);
	return rate_of(&one, j->instance_type ? 1 : 0, use, prices, region);
}

/* --- the time that is billed ----------------------------------------------------- */

/* Seconds since the start without those in which it waited for instances; -1 where
 * it has not started. A job whose course is not known is taken not to have waited. */
static int64_t held_seconds(const struct job *j, int64_t end_ms)
{
	if (j->start_ms == TIME_UNKNOWN)
		return -1;
	int64_t since = j->rare->waiting_since_ms;

	/* A summary says that it waits, its last change at the latest since when. */
	if (since == TIME_UNKNOWN && job_is_active(j) && !str_empty(j->secondary_text) &&
	    !job_state_is_billed(j->secondary_text) && j->modified_ms != TIME_UNKNOWN)
		since = MAX(j->modified_ms, j->start_ms);
	if (since != TIME_UNKNOWN)
		end_ms = MIN(end_ms, since);
	return MAX((end_ms - j->start_ms) / 1000 - MAX(j->waited_s, (int64_t)0), (int64_t)0);
}

/* What a job that is over was billed for; -1 unknown. */
static int64_t final_seconds(const struct job *j, struct cost *c)
{
	if (j->billable_s >= 0)
		return j->billable_s;
	/* Nothing ran, nothing is billed: provisioning is free of charge. What completed did run, however little
	 * the service says of it. */
	if (j->start_ms == TIME_UNKNOWN && j->training_s < 0)
		return j->state == STATE_GOOD ? -1 : 0;
	c->estimate = true;
	if (j->waited_s >= 0 && j->end_ms != TIME_UNKNOWN)
		return held_seconds(j, j->end_ms);
	return j->spot ? -1 : job_elapsed_s(j, 0); /* how long spot waited is not known */
}

static int64_t billed_seconds(const struct job *j, int64_t now_ms, struct cost *c)
{
	if (job_is_terminal(j)) {
		c->kind = COST_BILLED;
		return final_seconds(j, c);
	}
	if (!job_is_active(j))
		return -1;
	/* While it runs the service's figures lag: count from the start. */
	c->kind = COST_SO_FAR;
	c->estimate = true;
	return held_seconds(j, now_ms);
}

static bool is_pool_kept(const struct job *j, int64_t now_ms)
{
	return job_is_terminal(j) && str_eq(j->rare->warm_pool_status, "Available") && j->end_ms != TIME_UNKNOWN &&
	       j->rare->keep_alive_s > 0 && now_ms < j->end_ms + j->rare->keep_alive_s * 1000;
}

/* Instances kept after the end are billed until another job takes them, or the
 * pool's time is over. */
static int64_t retained_seconds(const struct job *j, int64_t now_ms, struct cost *c)
{
	int64_t told = MAX(j->rare->retained_s, (int64_t)0);

	if (!job_is_terminal(j))
		return told;
	if (!j->rare->warm_pool_status && j->rare->retained_s < 0) {
		c->estimate |= j->rare->keep_alive_s > 0 && j->start_ms != TIME_UNKNOWN;
		return 0;
	}
	if (!str_eq(j->rare->warm_pool_status, "Available")) {
		c->estimate |= j->rare->retained_s < 0;
		return told;
	}
	if (is_pool_kept(j, now_ms))
		c->kind = COST_SO_FAR;
	c->estimate = true;
	if (j->end_ms == TIME_UNKNOWN || j->rare->keep_alive_s < 0)
		return told;
	return MAX(told, MAX(MIN((now_ms - j->end_ms) / 1000, j->rare->keep_alive_s), (int64_t)0));
}

/* --- what it costs --------------------------------------------------------------- */

static struct cost unknown_cost(const struct rate *r)
{
	return (struct cost){.usd_micro = USD_UNKNOWN,
			     .seconds = -1,
			     .rate_micro = r->micro,
			     .price = r->price,
			     .unpriced = r->unpriced,
			     .plan = r->plan};
}

struct cost cost_of_job(const struct job *j, const struct price_table *prices, const char *region, int64_t now_ms)
{
	struct rate rate = rate_of_job(j, false, prices, region);
	struct cost c = unknown_cost(&rate);

	if (j->detail < DETAIL_SEARCHED)
		return c;
	c.seconds = billed_seconds(j, now_ms, &c);
	if (c.seconds < 0)
		return unknown_cost(&rate);
	c.retained_s = retained_seconds(j, now_ms, &c);
	c.billed_s = MIN(c.seconds + c.retained_s, JOB_SECONDS_MAX) * MAX(j->instance_count, 1);
	if (c.billed_s == 0 && c.kind == COST_BILLED) {
		c.usd_micro = 0;
		return c;
	}
	c.usd_micro = cost_micro(c.seconds, 1, rate.micro);
	if (c.retained_s > 0) {
		struct rate pool = rate_of_job(j, true, prices, region);

		c.pool_micro = MAX(cost_micro(c.retained_s, 1, pool.micro), (int64_t)0);
		c.usd_micro = money_sum(c.usd_micro, cost_micro(c.retained_s, 1, pool.micro));
		rate.exact = rate.exact && pool.exact;
	}
	if (c.usd_micro == USD_UNKNOWN) {
		c.kind = COST_UNKNOWN;
		return c;
	}
	c.estimate |= !rate.exact;
	if (c.kind == COST_BILLED && j->spot && j->billable_s >= 0 && j->training_s > j->billable_s)
		c.saved_micro = MAX(cost_micro(j->training_s - j->billable_s, 1, rate.micro), (int64_t)0);
	return c;
}

int64_t cost_ceiling_micro(const struct job_group *groups, size_t n, int64_t max_runtime_s, int64_t keep_alive_s,
			   bool spot, const struct price_table *prices, const char *region)
{
	struct rate run = rate_of(groups, n, spot ? USE_SPOT : USE_TRAINING, prices, region);
	struct rate pool = rate_of(groups, n, USE_POOL, prices, region);
	int64_t most = cost_micro(max_runtime_s, 1, run.micro);

	return keep_alive_s > 0 ? money_sum(most, cost_micro(keep_alive_s, 1, pool.micro)) : most;
}

static bool is_held_now(const struct job *j)
{
	if (!job_is_active(j) || (j->detail >= DETAIL_SEARCHED && j->start_ms == TIME_UNKNOWN))
		return false;
	return job_state_is_billed(j->secondary_text);
}

int64_t cost_burn_rate_micro(const struct resources *jobs, const struct price_table *prices, const char *region,
			     int64_t now_ms, size_t *ret_unpriced)
{
	int64_t sum = 0;
	size_t unpriced = 0;

	for (size_t i = 0; i < jobs->n; i++) {
		const struct job *j = jobs_at(jobs, i);
		bool kept = is_pool_kept(j, now_ms);

		if (j->rare->training_plan || (!kept && !is_held_now(j)))
			continue;
		int64_t more = money_sum(sum, rate_of_job(j, kept, prices, region).micro);

		if (more == USD_UNKNOWN)
			unpriced++;
		else
			sum = more;
	}
	if (ret_unpriced)
		*ret_unpriced = unpriced;
	return sum;
}

void cost_reckoning_add(struct buf *out, const struct job *j, const struct cost *c)
{
	char rate[24], kept[TIMEFMT_LEN];

	if (c->kind == COST_UNKNOWN || !c->price)
		return;
	(void)buf_addf(out, "%s %lld s × ", c->kind == COST_BILLED ? "billed" : "so far", (long long)c->seconds);
	if (j->rare->n_groups)
		(void)buf_addf(out, "%s/h", money_rate_text(rate, c->rate_micro));
	else
		(void)buf_addf(out, "%d × %s/h", MAX(j->instance_count, 1), money_rate_text(rate, c->price->usd_micro));
	if (c->retained_s > 0)
		(void)buf_addf(out, " + warm pool %s", timefmt_duration(kept, c->retained_s * 1000));
}
