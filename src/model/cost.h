/* cost.h - what a job cost, costs so far, or will cost at most.
 *
 * Billed seconds x instances x hourly rate, summed over the groups of a mixed
 * cluster, and the same of what a warm pool is kept for. The spot discount lies in
 * the billable seconds already: no further discount is ever applied. What cannot
 * be said (a price that is not known, a product that no integer holds, the part of
 * a training plan, which is paid for as a whole) is USD_UNKNOWN, for a whole cluster
 * where it is so for one of its groups. */
#ifndef SAGETOP_MODEL_COST_H
#define SAGETOP_MODEL_COST_H

#include "model/jobs.h"
#include "model/price.h"

enum cost_kind {
	COST_UNKNOWN = 0, /* no price, or no time yet */
	COST_BILLED,	  /* finished: the service's billable seconds */
	COST_SO_FAR	  /* it grows: a running job's elapsed seconds, or a warm pool that is kept */
};

struct cost {
	enum cost_kind kind;
	bool estimate;	     /* counted by us, by a neighbouring rate, or not all of it is told */
	int64_t usd_micro;   /* USD_UNKNOWN where unknown */
	int64_t pool_micro;  /* of it for keeping the instances afterwards */
	int64_t saved_micro; /* by spot, against training seconds; 0 where none */
	int64_t seconds;     /* billed for training, of each instance; -1 unknown */
	int64_t retained_s;  /* billed for keeping a warm pool, of each instance */
	int64_t billed_s;    /* both x instances */
	int64_t rate_micro;  /* dollars an hour of all instances while they train; USD_UNKNOWN */

	/* Where the rate is from; borrowed. price: its row (of a mixed cluster the one
	 * that is oldest), NULL where unknown; unpriced: the first type without one. */
	const struct price *price;
	const char *unpriced;
	const char *plan; /* the training plan that pays for it; there is no rate then */
};

struct cost cost_of_job(const struct job *j, const struct price_table *prices, const char *region, int64_t now_ms);
/* What was billed, as it is reckoned: "billed 544 s × 2 × $0.230/h + warm pool 5m00s"; nothing where a part of it is
 * not known. */
void cost_reckoning_add(struct buf *out, const struct job *j, const struct cost *c);
/* Seconds x instances at a rate, rounded to the nearest micro-dollar. */
int64_t cost_micro(int64_t seconds, int64_t instances, int64_t usd_micro_per_hour);
/* What a specification can cost at most: the longest run and the longest time that
 * its pool is kept (0 without one), of all groups. */
int64_t cost_ceiling_micro(const struct job_group *groups, size_t n, int64_t max_runtime_s, int64_t keep_alive_s,
			   bool spot, const struct price_table *prices, const char *region);
/* Dollars an hour of everything that is being billed now, kept warm pools among
 * it, without what a training plan has paid for; *ret_unpriced counts those without a price, which the sum lacks. */
int64_t cost_burn_rate_micro(const struct resources *jobs, const struct price_table *prices, const char *region,
			     int64_t now_ms, size_t *ret_unpriced);

#endif
