/* cost.c - billed seconds x instances x hourly rate. */
#include "model/cost.h"

int64_t cost_micro(int64_t seconds, int instances, int64_t usd_micro_per_hour)
{
	if (seconds < 0 || instances < 0 || usd_micro_per_hour < 0)
		return USD_UNKNOWN;
	__int128 product = (__int128)seconds * instances * usd_micro_per_hour;

	return (int64_t)((product + 1800) / 3600);
}

/* The seconds that are (or will be) billed, per instance; -1 unknown. */
static int64_t billed_seconds(const struct job *j, int64_t now_ms, struct cost *c)
{
	if (j->billable_s >= 0 && job_is_terminal(j)) {
		c->kind = COST_BILLED;
		return j->billable_s;
	}
	if (job_is_terminal(j)) {
		/* Nothing ran, nothing is billed: provisioning is free of charge. */
		if (j->detail >= DETAIL_SEARCHED && j->start_ms == TIME_UNKNOWN) {
			c->kind = COST_BILLED;
			return 0;
		}
		int64_t s = j->spot ? -1 : job_elapsed_s(j, now_ms);

		c->kind = s >= 0 ? COST_BILLED : COST_UNKNOWN;
		c->estimate = true;
		return s;
	}
	if (!job_is_active(j))
		return -1;
	/* While it runs the service's figures lag: count from the start. */
	int64_t s = -1;

	if (j->start_ms != TIME_UNKNOWN)
		s = MAX((now_ms - j->start_ms) / 1000, (int64_t)0);
	c->kind = s >= 0 ? COST_SO_FAR : COST_UNKNOWN;
	c->estimate = true;
	return s;
}

struct cost cost_of_job(const struct job *j, const struct price_table *prices, const char *region, int64_t now_ms)
{
	struct cost c = {.usd_micro = USD_UNKNOWN};
	int64_t seconds = billed_seconds(j, now_ms, &c);
	int instances = j->instance_count;

	if (seconds < 0 || j->detail < DETAIL_SEARCHED)
		return (struct cost){.usd_micro = USD_UNKNOWN};
	c.billed_s = seconds * MAX(instances, 1);
	c.price = price_training(prices, j->instance_type, region, j->spot);
	if (seconds == 0 && c.kind == COST_BILLED && j->start_ms == TIME_UNKNOWN) {
		c.usd_micro = 0;
		return c;
	}
	if (!c.price || instances < 1) {
		c.kind = COST_UNKNOWN;
		return c;
	}
	if (!str_eq(c.price->component, j->spot ? "SpotTraining" : "Training"))
		c.estimate = true;
	c.usd_micro = cost_micro(seconds, instances, c.price->usd_micro);
	if (c.kind == COST_BILLED && j->spot && j->training_s > j->billable_s && j->billable_s >= 0)
		c.saved_micro = cost_micro(j->training_s - j->billable_s, instances, c.price->usd_micro);
	return c;
}

int64_t cost_ceiling_micro(const char *instance_type, int instances, int64_t max_runtime_s, bool spot,
			   const struct price_table *prices, const char *region)
{
	const struct price *p = price_training(prices, instance_type, region, spot);

	if (!p || instances < 1 || max_runtime_s < 0)
		return USD_UNKNOWN;
	return cost_micro(max_runtime_s, instances, p->usd_micro);
}

/* Provisioning and waiting for spot capacity are not billed. */
static bool is_billed_now(const struct job *j)
{
	static const char *const free_states[] = {"Starting", "Pending", "LaunchingMLInstances", "Interrupted",
						  "PreparingTrainingStack"};

	if (!job_is_active(j) || (j->detail >= DETAIL_SEARCHED && j->start_ms == TIME_UNKNOWN))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(free_states); i++) {
		if (str_eq(j->secondary_text, free_states[i]))
			return false;
	}
	return true;
}

int64_t cost_burn_rate_micro(const struct resources *jobs, const struct price_table *prices, const char *region,
			     size_t *ret_unpriced)
{
	int64_t sum = 0;
	size_t unpriced = 0;

	for (size_t i = 0; i < jobs->n; i++) {
		const struct job *j = jobs_at(jobs, i);

		if (!is_billed_now(j))
			continue;
		const struct price *p = price_training(prices, j->instance_type, region, j->spot);

		if (p && j->instance_count > 0)
			sum += p->usd_micro * j->instance_count;
		else
			unpriced++;
	}
	if (ret_unpriced)
		*ret_unpriced = unpriced;
	return sum;
}
