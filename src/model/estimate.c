/* estimate.c - jobs into seconds and dollars. */
#include "model/estimate.h"

#include <assert.h>
#include <math.h>

int64_t estimate_usd(double seconds, int64_t rate_micro)
{
	double micro = rate_micro == USD_UNKNOWN ? -1 : seconds * (double)rate_micro / 3600;

	return !(micro >= 0) || micro > (double)USD_MICRO_MAX ? USD_UNKNOWN : (int64_t)llround(micro);
}

void estimate_begin(struct estimate *e, const struct estimate_terms *terms)
{
	int64_t places = terms->quota ? MIN(terms->quota, terms->concurrency) : terms->concurrency;

	assert(places > 0);
	*e = (struct estimate){.terms = terms, .places = (size_t)places};
	e->free_at = xcalloc(e->places, sizeof(*e->free_at));
}

/* The place that is free first takes the job; each begins when it was launched and a place
 * is free. */
void estimate_add(struct estimate *e, size_t units, double seconds)
{
	const struct estimate_terms *t = e->terms;
	struct estimate_quote *q = &e->quote;
	double launched = t->launches_a_s > 0 ? (double)q->jobs / t->launches_a_s : 0;
	double ends = MAX(e->free_at[0], launched) + t->start_s + seconds;
	size_t at = 0, child;

	q->jobs++;
	q->units += units;
	q->billed_s += seconds;
	q->wall_s = MAX(q->wall_s, ends);
	while ((child = 2 * at + 1) < e->places) {
		if (child + 1 < e->places && e->free_at[child + 1] < e->free_at[child])
			child++;
		if (e->free_at[child] >= ends)
			break;
		e->free_at[at] = e->free_at[child];
		at = child;
	}
	e->free_at[at] = ends;
}

struct estimate_quote estimate_end(struct estimate *e)
{
	const struct estimate_terms *t = e->terms;
	struct estimate_quote *q = &e->quote;
	int64_t rate = t->spot ? t->spot_micro : t->demand_micro;
	double most_s = (double)q->jobs * (double)t->max_run_s;

	/* The discount of spot lies in the seconds that are billed: at most it is none. */
	if (t->spot && t->demand_micro != USD_UNKNOWN && rate != USD_UNKNOWN)
		rate = MAX(rate, t->demand_micro);
	q->spot_micro = estimate_usd(q->billed_s, t->spot_micro);
	q->demand_micro = estimate_usd(q->billed_s, t->demand_micro);
	q->most_micro = estimate_usd(most_s, rate);
	q->retried_micro = estimate_usd(most_s * (double)(1 + t->retries), rate);
	free(e->free_at);
	e->free_at = NULL;
	return *q;
}

static int check_season(const struct estimate_terms *t, const struct estimate_season *s, struct err *err)
{
	const struct {
		const char *what;
		int64_t value, most;
	} rows[] = {{"entities", s->entities, ESTIMATE_JOBS_MAX},
		    {"cycles", s->cycles, ESTIMATE_JOBS_MAX},
		    {"entities of a pack", s->pack, ESTIMATE_JOBS_MAX},
		    {"instances of a job", s->instances, ESTIMATE_PLACES_MAX},
		    {"jobs at a time", t->concurrency, ESTIMATE_PLACES_MAX}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].value < 1 || rows[i].value > rows[i].most)
			return err_set(err, ERR_INVALID, "%lld %s cannot be: from 1 to %lld are wanted",
				       (long long)rows[i].value, rows[i].what, (long long)rows[i].most);
	if (!(s->job_s > 0) || !(s->model_s >= 0) || t->quota < 0)
		return err_set(err, ERR_INVALID, "times and quotas must not be negative, and a job takes some time");
	int64_t jobs = (s->entities + s->pack - 1) / s->pack;

	if (jobs > ESTIMATE_JOBS_MAX / s->cycles)
		return err_set(err, ERR_INVALID, "%lld jobs in each of %lld cycles are more than %d: pack more of them",
			       (long long)jobs, (long long)s->cycles, ESTIMATE_JOBS_MAX);
	return 0;
}

int estimate_season(const struct estimate_terms *terms, const struct estimate_season *s, struct estimate_quote *ret,
		    struct err *err)
{
	struct estimate_terms job = *terms;
	struct estimate e;

	if (check_season(terms, s, err) < 0)
		return -ERR_INVALID;
	/* A place holds a job's instances: the quota counts those. */
	if (job.quota)
		job.quota = MAX(job.quota / s->instances, 1);
	estimate_begin(&e, &job);
	for (int64_t c = 0; c < s->cycles; c++) {
		for (int64_t left = s->entities; left > 0; left -= s->pack) {
			int64_t units = MIN(left, s->pack);

			estimate_add(&e, (size_t)units, s->job_s + (double)(units - 1) * s->model_s);
		}
	}
	*ret = estimate_end(&e);
	return 0;
}
