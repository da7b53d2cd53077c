/* estimate_job.h - what one job will take and cost, before it is launched: the learned ranges
 * (duration.h) at the price table's rates. Pure. */
#ifndef SAGETOP_MODEL_ESTIMATE_JOB_H
#define SAGETOP_MODEL_ESTIMATE_JOB_H

#include "model/duration.h"
#include "model/price.h"

/* All borrowed. */
struct estimate_question {
	struct duration_case job;
	const struct job_group *groups; /* of its cluster, one of a plain one */
	size_t n_groups;
	bool spot;
	int64_t max_run_s, keep_alive_s;

	const struct duration_model *model;
	const struct duration_history *history;
	const struct price_table *prices;
	const char *region;
	int64_t rate_micro;	   /* an hour of an instance, where the user says so; else USD_UNKNOWN */
	const char *training_plan; /* that pays for its instances; NULL */
};

/* Dollars are USD_UNKNOWN where the price is, and low and high also where the time has no range. */
struct job_estimate {
	const char *instance_type; /* borrowed */
	struct duration_range parts[DURATION_PARTS];
	struct duration_spot spot; /* where it is asked for */
	const struct price *price; /* borrowed; NULL: unknown, or the user's */
	int64_t rate_micro;	   /* an hour of all instances */
	int64_t low_micro, mid_micro, high_micro;
	int64_t demand_micro; /* mid, without spot */
	int64_t most_micro;
	const char *training_plan; /* borrowed: the one that pays for it, so that all dollars are 0; NULL */
	bool stopped;		   /* what is expected is longer than MaxRuntime: dollars are those until then */
	double done_s;		   /* start-up and all that is billed */
	bool best;		   /* of a comparison: none is both cheaper and faster */
};
void estimate_job(const struct estimate_question *q, struct job_estimate *ret);

/* The same on every type that has a price for training there, the cheapest first; types without
 * a price are not among them. Owned by the caller (free). */
size_t estimate_job_compare(const struct estimate_question *q, struct job_estimate **ret);

/* "about 12m (8m-19m), $0.05 ($0.03-$0.08), 34 jobs of this image ...": one line. Owned by the caller. */
char *estimate_job_text(const struct job_estimate *e) NODISCARD;

/* What several jobs cost together; zeroed there are none. Dollars are USD_UNKNOWN once those of one are. */
struct estimate_sum {
	size_t n;
	int64_t mid_micro, most_micro;
	int64_t first_mid_micro, first_most_micro;
	bool differ; /* from the first */
};
void estimate_sum_add(struct estimate_sum *s, int64_t mid_micro, int64_t most_micro);
/* "about $0.20 ($0.05 each), at most $0.92 ($0.23 each)", or without each where they differ; what is not known is left
 * out. Owned by the caller. */
char *estimate_sum_text(const struct estimate_sum *s) NODISCARD;

#endif
