/* search.h - a tuning job's children as a picture: the best so far, each range against the
 * objective, how much each range matters, what it costs. Pure; built anew from the session.
 */
#ifndef SAGETOP_MODEL_SEARCH_H
#define SAGETOP_MODEL_SEARCH_H

#include "model/session.h"

struct search_child {
	const struct resource *r; /* borrowed: until the session's generation grows */
	double objective;	  /* nan: not known */
	int64_t ended_ms;	  /* TIME_UNKNOWN while it runs */
};

struct search_range {
	const char *name; /* borrowed likewise */
	bool numeric;
	/* Share of the objective's variance that this range alone explains, by groups of
	 * equal size, adjusted for their number: 0 to 1; nan with too few children. */
	double importance;
};

struct search {
	const struct resource *tuning; /* NULL: not known (yet) */
	bool maximise;
	const char *metric;	       /* NULL: not known */
	struct search_child *children; /* what has ended first, in order of their end */
	size_t n, n_measured, n_running, n_stopped, n_bad;
	long best;		     /* its place in children; -1 */
	int64_t max_jobs;	     /* 0: not known */
	struct search_range *ranges; /* the most important first */
	size_t n_ranges;
	int64_t spent_micro, projected_micro; /* USD_UNKNOWN */
};

void search_build(struct search *ret, const struct session *s, const char *tuning, int64_t now_ms);
void search_done(struct search *ret);

/* A child's tuned value; nan where it is no number. */
double search_value(const struct search_child *c, const char *range);

#endif
