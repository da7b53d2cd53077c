/* estimate_job.c - a job's seconds at its rate, and on other types. */
#include "model/estimate_job.h"

#include <math.h>

#include "base/timefmt.h"
#include "model/cost.h"
#include "model/estimate.h"

/* An hour of all instances; of the user's rate by their number. */
static int64_t rate_of(const struct estimate_question *q, bool spot)
{
	int64_t instances = 0;

	if (q->training_plan)
		return 0;
	for (size_t i = 0; i < q->n_groups; i++)
		instances += q->groups[i].count;
	if (q->rate_micro != USD_UNKNOWN)
		return cost_micro(3600, instances, q->rate_micro);
	return cost_ceiling_micro(q->groups, q->n_groups, 3600, 0, spot, q->prices, q->region);
}

/* The range of a product: its factors err independently, in logarithms. */
static double joint_factor(double a, double b)
{
	return exp(sqrt(log(a) * log(a) + log(b) * log(b)));
}

static void price_range(struct job_estimate *e, double share, double max_run_s)
{
	const struct duration_range *told = &e->parts[DURATION_BILLED],
				    *billed = &(struct duration_range){.low_s = MIN(told->low_s, max_run_s),
								       .mid_s = MIN(told->mid_s, max_run_s),
								       .high_s = MIN(told->high_s, max_run_s)};
	const struct duration_spot *s = &e->spot;
	bool has_range = billed->low_s > 0, spot_range = share < 1 && s->low >= 0 && s->high < 1;
	double up = 1, down = 1;

	e->mid_micro = estimate_usd(billed->mid_s * share, e->rate_micro);
	e->low_micro = e->high_micro = USD_UNKNOWN;
	if (!has_range)
		return;
	if (spot_range) {
		up = (1 - s->low) / share;
		down = share / (1 - s->high);
	}
	up = joint_factor(billed->high_s / billed->mid_s, MAX(up, 1.0));
	down = joint_factor(billed->mid_s / billed->low_s, MAX(down, 1.0));
	e->low_micro = estimate_usd(billed->mid_s * share / down, e->rate_micro);
	e->high_micro = estimate_usd(billed->mid_s * share * up, e->rate_micro);
}

void estimate_job(const struct estimate_question *q, struct job_estimate *ret)
{
	double share = 1;

	*ret = (struct job_estimate){.instance_type = q->job.instance_type, .training_plan = q->training_plan};
	for (enum duration_part p = 0; p < DURATION_PARTS; p++)
		duration_predict(q->model, &q->job, p, &ret->parts[p]);
	if (q->spot) {
		duration_spot(q->history, q->job.instance_type, &ret->spot);
		share = 1 - MAX(MIN(ret->spot.mid, 0.99), 0.0);
	}
	ret->rate_micro = rate_of(q, q->spot);
	if (q->rate_micro == USD_UNKNOWN && q->n_groups && !q->training_plan)
		ret->price = price_training(q->prices, q->groups[0].instance_type, q->region, q->spot);
	price_range(ret, share, (double)q->max_run_s);
	ret->stopped = ret->parts[DURATION_BILLED].mid_s > (double)q->max_run_s;
	ret->demand_micro =
		estimate_usd(MIN(ret->parts[DURATION_BILLED].mid_s, (double)q->max_run_s), rate_of(q, false));
	ret->most_micro = q->training_plan ? 0
			  : q->rate_micro == USD_UNKNOWN
				  ? cost_ceiling_micro(q->groups, q->n_groups, q->max_run_s, q->keep_alive_s, q->spot,
						       q->prices, q->region)
				  : cost_micro(q->max_run_s + q->keep_alive_s, 1, ret->rate_micro);
	ret->done_s = ret->parts[DURATION_STARTUP].mid_s + ret->parts[DURATION_BILLED].mid_s;
}

/* --- other types ---------------------------------------------------------------------------- */

static int compare_estimates(const void *a, const void *b)
{
	const struct job_estimate *x = a, *y = b;

	if (x->mid_micro != y->mid_micro)
		return x->mid_micro < y->mid_micro ? -1 : 1;
	if (x->done_s != y->done_s)
		return x->done_s < y->done_s ? -1 : 1;
	return strcmp(x->instance_type, y->instance_type);
}

/* In order of cost: what is faster than all that is cheaper. */
static void mark_best(struct job_estimate *e, size_t n)
{
	double fastest = INFINITY;

	for (size_t i = 0; i < n; i++) {
		e[i].best = e[i].done_s < fastest;
		fastest = MIN(fastest, e[i].done_s);
	}
}

/* Each type once, by its Training row or what stands in for it. */
static bool is_candidate(const struct price_table *t, size_t i, const char *region)
{
	const struct price *p = &t->items[i];

	return str_eq(p->region, region) && price_training(t, p->instance_type, region, false) == p;
}

size_t estimate_job_compare(const struct estimate_question *q, struct job_estimate **ret)
{
	struct job_estimate *e = xcalloc(q->prices->n + 1, sizeof(*e));
	struct job_group group = {.count = (int)MAX(q->job.instances, 1)};
	size_t n = 0;

	for (size_t i = 0; i < q->prices->n; i++) {
		struct estimate_question other = *q;

		if (!is_candidate(q->prices, i, q->region))
			continue;
		group.instance_type = q->prices->items[i].instance_type;
		other.job.instance_type = group.instance_type;
		other.groups = &group;
		other.n_groups = 1;
		other.rate_micro = USD_UNKNOWN;
		other.training_plan = NULL; /* it has instances of one type */
		estimate_job(&other, &e[n]);
		n += e[n].mid_micro != USD_UNKNOWN;
	}
	qsort(e, n, sizeof(*e), compare_estimates);
	mark_best(e, n);
	*ret = e;
	return n;
}

/* --- in one line ---------------------------------------------------------------------------- */

static char *span_text(char *buf, double seconds)
{
	return timefmt_duration(buf, llround(seconds) * 1000);
}

/* " (4m-6m)"; "" where both ends read as the middle does. */
static char *range_text(const char *mid, const char *low, const char *high)
{
	return str_eq(low, mid) && str_eq(high, mid) ? xstrdup("") : xasprintf(" (%s-%s)", low, high);
}

/* "$0.05 ($0.03-$0.08)", or what pays instead. The caller's. */
static char *dollars_text(const struct job_estimate *e, bool range)
{
	char usd[24], low[24], high[24];

	if (e->training_plan)
		return xasprintf("by the training plan %s", e->training_plan);
	money_text(usd, e->mid_micro);
	if (!range || e->low_micro == USD_UNKNOWN)
		return xstrdup(usd);
	AUTO(str) char *span = range_text(usd, money_text(low, e->low_micro), money_text(high, e->high_micro));

	return xasprintf("%s%s", usd, span);
}

char *estimate_job_text(const struct job_estimate *e)
{
	const struct duration_range *r = &e->parts[DURATION_BILLED];
	bool range = !e->stopped && r->low_s >= 0;
	char mid[TIMEFMT_LEN], low[TIMEFMT_LEN], high[TIMEFMT_LEN];
	AUTO(str) char *usd = dollars_text(e, range);
	AUTO(str)
	char *from = e->price ? xasprintf("%s; price of %s", r->why, str_or(e->price->as_of, "an unknown day"))
			      : xstrdup(r->why);

	span_text(mid, r->mid_s);
	if (e->stopped)
		return xasprintf("about %s, but MaxRuntime stops it before%s %s; %s", mid,
				 e->training_plan ? "," : ", at", usd, from);
	AUTO(str)
	char *spans = range ? range_text(mid, span_text(low, r->low_s), span_text(high, r->high_s)) : xstrdup("");

	return xasprintf("about %s%s, %s; %s", mid, spans, usd, from);
}

/* --- of several ------------------------------------------------------------------------------ */

static int64_t add_micro(int64_t sum, int64_t more)
{
	return sum == USD_UNKNOWN || more == USD_UNKNOWN ? USD_UNKNOWN : sum + more;
}

void estimate_sum_add(struct estimate_sum *s, int64_t mid_micro, int64_t most_micro)
{
	if (s->n++ == 0) {
		s->mid_micro = s->first_mid_micro = mid_micro;
		s->most_micro = s->first_most_micro = most_micro;
		return;
	}
	s->differ |= mid_micro != s->first_mid_micro || most_micro != s->first_most_micro;
	s->mid_micro = add_micro(s->mid_micro, mid_micro);
	s->most_micro = add_micro(s->most_micro, most_micro);
}

/* "$0.20 ($0.05 each)" */
static char *shared_text(const struct estimate_sum *s, int64_t all_micro, int64_t each_micro)
{
	char all[24], each[24];

	money_text(all, all_micro);
	return s->differ ? xstrdup(all) : xasprintf("%s (%s each)", all, money_text(each, each_micro));
}

char *estimate_sum_text(const struct estimate_sum *s)
{
	if (s->most_micro == USD_UNKNOWN)
		return xstrdup(s->differ ? "cost unknown (no price for some of these instances here)"
					 : "cost unknown (no price for this instance here)");
	AUTO(str) char *most = shared_text(s, s->most_micro, s->first_most_micro);

	if (s->mid_micro == USD_UNKNOWN)
		return xasprintf("at most %s", most);
	AUTO(str) char *mid = shared_text(s, s->mid_micro, s->first_mid_micro);

	return xasprintf("about %s, at most %s", mid, most);
}
