/* cost.h - what a job cost, costs so far, or will cost at most.
 *
 * billed seconds x instances x hourly rate. The spot discount lies in the
 * billable seconds already: no further discount is ever applied. */
#ifndef SAGETOP_MODEL_COST_H
#define SAGETOP_MODEL_COST_H

#include "model/jobs.h"
#include "model/price.h"

enum cost_kind {
	COST_UNKNOWN = 0, /* no price, or no time yet */
	COST_BILLED,	  /* finished: the service's billable seconds */
	COST_SO_FAR	  /* running: elapsed seconds, an estimate */
};

struct cost {
	enum cost_kind kind;
	bool estimate;		   /* running, or spot priced by the on-demand rate */
	int64_t usd_micro;	   /* USD_UNKNOWN where unknown */
	int64_t saved_micro;	   /* by spot, against training seconds; 0 where none */
	int64_t billed_s;	   /* seconds x instances */
	const struct price *price; /* borrowed; NULL where unknown */
};

struct cost cost_of_job(const struct job *j, const struct price_table *prices, const char *region, int64_t now_ms);
/* Seconds x instances at a rate, rounded to the nearest micro-dollar. */
int64_t cost_micro(int64_t seconds, int instances, int64_t usd_micro_per_hour);
/* What a specification can cost at most: max_runtime x instances x rate. */
int64_t cost_ceiling_micro(const char *instance_type, int instances, int64_t max_runtime_s, bool spot,
			   const struct price_table *prices, const char *region);
/* Dollars an hour of everything that is being billed now; *ret_unpriced counts
 * the active jobs without a price. */
int64_t cost_burn_rate_micro(const struct resources *jobs, const struct price_table *prices, const char *region,
			     size_t *ret_unpriced);

#endif
