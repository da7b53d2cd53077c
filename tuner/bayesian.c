/* Bayesian search: a space-filling start, then where a Gaussian process expects the
 * greatest improvement. Inside, less is always better. */
#include <math.h>

#include "tuner/gp.h"
#include "tuner/minimise.h"
#include "tuner/propose_impl.h"
#include "tuner/sobol.h"

/* What the process looks at at most: the better half of it and the newest. */
#define POINTS_MAX 140
#define SCRAMBLES 24 /* of the start; the one whose points keep most apart is taken */
#define START_KEPT_APART 64
#define SPREAD 1000 /* candidates over the whole space */
#define NEAR 256    /* ... and around the best points */
#define BEST 4	    /* points that have candidates around them */
#define CLIMBS 6    /* candidates from which is climbed */
#define CLIMB_CALLS 30

static size_t start_size(const struct tuner_problem *p)
{
	return MAX(MAX(p->space->n + 2, p->parallel), 4);
}

/* --- the start ------------------------------------------------------------------------- */

static double least_distance(const struct tuner_sobol *s, size_t n)
{
	double points[START_KEPT_APART][TUNER_MAX_RANGES], least = INFINITY;

	for (size_t i = 0; i < n; i++) {
		tuner_sobol_point(s, (uint32_t)i, points[i]);
		for (size_t j = 0; j < i; j++) {
			double sum = 0;

			for (size_t d = 0; d < s->dims; d++)
				sum += (points[i][d] - points[j][d]) * (points[i][d] - points[j][d]);
			least = MIN(least, sum);
		}
	}
	return least;
}

/* Point i of the start. */
static void start_point(const struct tuner_problem *p, size_t i, double *values)
{
	struct tuner_random random;
	struct tuner_sobol best, next;
	double apart = -1, point[TUNER_MAX_RANGES];

	tuner_random_begin(&random, p->seed, UINT64_MAX);
	for (int k = 0; k < SCRAMBLES; k++) {
		tuner_sobol_begin(&next, p->space->n, &random);
		double distance = least_distance(&next, MIN(start_size(p), START_KEPT_APART));

		if (distance > apart) {
			apart = distance;
			best = next;
		}
	}
	tuner_sobol_point(&best, (uint32_t)i, point);
	for (size_t d = 0; d < p->space->n; d++)
		values[d] = tuner_range_value(&p->space->ranges[d], point[d]);
}

static double badness(const struct tuner_problem *p, const struct tuner_trial *t)
{
	return p->maximise ? -t->objective : t->objective;
}

/* The best point of the parents that this job has not tried; false where none is left. */
static bool parents_best(const struct tuner_problem *p, const struct tuner_trial *trials, size_t n, double *values)
{
	const struct tuner_trial *best = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct tuner_trial *t = &trials[i];

		if (!t->own && t->state == TUNER_KNOWN && (!best || badness(p, t) < badness(p, best)) &&
		    !tuner_was_tried(p, trials, n, t->values))
			best = t;
	}
	if (best)
		memcpy(values, best->values, p->space->n * sizeof(*values));
	return best != NULL;
}

/* --- what is known ------------------------------------------------------------------------ */

struct known {
	size_t n, n_values; /* points, and those in front that have a value */
	double *codes, *values;
	double best; /* the least value */
};

struct scored {
	const struct tuner_trial *trial;
	double value;
	size_t at;
};

static int by_value(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;

	return (x->value > y->value) - (x->value < y->value);
}

static int by_age(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

/* Yeo and Johnson's transformation. */
static double transformed(double y, double lambda)
{
	if (y >= 0)
		return fabs(lambda) < 1e-9 ? log1p(y) : expm1(lambda * log1p(y)) / lambda;
	return fabs(lambda - 2) < 1e-9 ? -log1p(-y) : -expm1((2 - lambda) * log1p(-y)) / (2 - lambda);
}

static void standardise(double *y, size_t n)
{
	double mean = 0, square = 0;

	for (size_t i = 0; i < n; i++)
		mean += y[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		square += (y[i] - mean) * (y[i] - mean) / (double)n;
	for (size_t i = 0; i < n; i++)
		y[i] = square > 0 ? (y[i] - mean) / sqrt(square) : 0;
}

static double normal_likelihood(const double *y, size_t n, double lambda)
{
	double mean = 0, square = 0, stretch = 0;

	for (size_t i = 0; i < n; i++) {
		double t = transformed(y[i], lambda);

		mean += t / (double)n;
		square += t * t / (double)n;
		stretch += (lambda - 1) * copysign(log1p(fabs(y[i])), y[i]);
	}
	return -0.5 * (double)n * log(MAX(square - mean * mean, 1e-12)) + stretch;
}

/* Objectives of which a few lie far off hide what happens near the best: they are bent
 * until they look normal, never so that the far side is stretched. */
static void bend(double *y, size_t n)
{
	double best = 1, likelihood;

	standardise(y, n);
	if (n < 5)
		return;
	likelihood = normal_likelihood(y, n, 1);
	for (double lambda = 0.9; lambda > -2.05; lambda -= 0.1) {
		double l = normal_likelihood(y, n, lambda);

		if (l > likelihood) {
			likelihood = l;
			best = lambda;
		}
	}
	for (size_t i = 0; i < n; i++)
		y[i] = transformed(y[i], best);
	standardise(y, n);
}

/* Trials with a value, the failed ones with the worst of all; at most POINTS_MAX. */
static size_t choose(const struct tuner_problem *p, const struct tuner_trial *trials, size_t n, struct scored *chosen)
{
	double worst = -INFINITY;
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (trials[i].state == TUNER_KNOWN && (trials[i].own || !p->transfer))
			worst = MAX(worst, badness(p, &trials[i]));
	}
	for (size_t i = 0; i < n; i++) {
		const struct tuner_trial *t = &trials[i];

		if (t->state == TUNER_PENDING || (!t->own && p->transfer) || !isfinite(worst))
			continue;
		chosen[count++] = (struct scored){t, t->state == TUNER_KNOWN ? badness(p, t) : worst, i};
	}
	if (count <= POINTS_MAX)
		return count;
	qsort(chosen, count, sizeof(*chosen), by_value);
	qsort(chosen + POINTS_MAX / 2, count - POINTS_MAX / 2, sizeof(*chosen), by_age);
	memmove(chosen + POINTS_MAX / 2, chosen + count - POINTS_MAX / 2, POINTS_MAX / 2 * sizeof(*chosen));
	return POINTS_MAX;
}

static void add_code(const struct tuner_space *s, const double *values, double *code)
{
	for (size_t d = 0; d < s->n; d++)
		code[d] = tuner_range_code(&s->ranges[d], values[d]);
}

static void gather(const struct tuner_problem *p, const struct tuner_trial *trials, size_t n, struct known *k)
{
	struct scored *chosen = xcalloc(MAX(n, 1), sizeof(*chosen));
	size_t dims = p->space->n, pending = 0;

	k->n_values = k->n = choose(p, trials, n, chosen);
	k->codes = xcalloc(MAX(n, 1) * dims, sizeof(double));
	k->values = xcalloc(MAX(n, 1), sizeof(double));
	for (size_t i = 0; i < k->n; i++) {
		add_code(p->space, chosen[i].trial->values, &k->codes[i * dims]);
		k->values[i] = chosen[i].value;
	}
	for (size_t i = n; i-- > 0 && pending < POINTS_MAX / 2;) {
		if (trials[i].state != TUNER_PENDING || !trials[i].own)
			continue;
		add_code(p->space, trials[i].values, &k->codes[k->n++ * dims]);
		pending++;
	}
	if (k->n_values)
		bend(k->values, k->n_values);
	free(chosen);
}

/* --- expected improvement -------------------------------------------------------------------- */

struct search {
	const struct tuner_problem *p;
	const struct gp *g;
	double best;
};

/* log(pdf(z) + z cdf(z)) */
static double log_gain(double z)
{
	if (z < -6)
		return -0.5 * z * z - 0.5 * log(2 * M_PI) - log(z * z + 3);
	return log(exp(-0.5 * z * z) / sqrt(2 * M_PI) + z * 0.5 * erfc(-z * M_SQRT1_2));
}

static double log_improvement(double best, double mean, double deviation)
{
	return log(deviation) + log_gain((best - mean) / deviation);
}

/* Minus its logarithm, with the slope; categories stay as they are. */
static double negative_improvement(void *user, const double *code, double *gradient)
{
	const struct search *s = user;
	size_t dims = s->p->space->n;
	double mean, deviation, mean_slope[TUNER_MAX_RANGES], deviation_slope[TUNER_MAX_RANGES];

	gp_predict_slope(s->g, code, &mean, &deviation, mean_slope, deviation_slope);
	double z = (s->best - mean) / deviation, gain = log_gain(z);
	double pdf = exp(-0.5 * z * z - 0.5 * log(2 * M_PI) - gain), cdf;

	/* Both over the gain; far out the share of the cdf is 1 / |z| of the pdf's. */
	cdf = z < -6 ? pdf / -z : 0.5 * erfc(-z * M_SQRT1_2) / exp(gain);
	for (size_t d = 0; d < dims; d++)
		gradient[d] = (cdf * mean_slope[d] - pdf * deviation_slope[d]) / deviation;
	return -(log(deviation) + gain);
}

/* The code of the values that a code stands for. */
static void settle(const struct tuner_space *s, double *code)
{
	for (size_t d = 0; d < s->n; d++)
		code[d] = tuner_range_code(&s->ranges[d], tuner_range_value(&s->ranges[d], code[d]));
}

static void near_point(const struct tuner_space *s, struct tuner_random *random, const double *from, double *code)
{
	static const double widths[] = {0.2, 0.07, 0.02};
	double width = widths[tuner_random_next(random) % 3], share = MIN(1, 3.0 / (double)s->n);

	for (size_t d = 0; d < s->n; d++) {
		code[d] = from[d];
		if (tuner_random_unit(random) >= share)
			continue;
		if (s->ranges[d].type == TUNER_CATEGORICAL)
			code[d] = tuner_random_unit(random);
		else
			code[d] = MIN(MAX(from[d] + width * tuner_random_normal(random), 0), 1);
	}
}

/* The whole space, and around the best points that are known. */
static double *make_candidates(const struct search *s, const struct known *k, struct tuner_random *random, size_t *ret)
{
	const struct tuner_space *space = s->p->space;
	size_t order[BEST], n_best = 0, dims = space->n;
	double *codes = xreallocarray(NULL, (SPREAD + NEAR) * dims, sizeof(*codes));
	struct tuner_sobol sobol;

	tuner_sobol_begin(&sobol, dims, random);
	for (size_t i = 0; i < SPREAD; i++)
		tuner_sobol_point(&sobol, (uint32_t)i, &codes[i * dims]);
	for (size_t i = 0; i < k->n_values; i++) {
		size_t at = n_best < BEST ? n_best++ : BEST;

		for (; at > 0 && k->values[i] < k->values[order[at - 1]]; at--) {
			if (at < BEST)
				order[at] = order[at - 1];
		}
		if (at < BEST)
			order[at] = i;
	}
	for (size_t i = 0; i < NEAR; i++)
		near_point(space, random, &k->codes[order[i % n_best] * dims], &codes[(SPREAD + i) * dims]);
	for (size_t i = 0; i < SPREAD + NEAR; i++)
		settle(space, &codes[i * dims]);
	*ret = SPREAD + NEAR;
	return codes;
}

static double improvement_at(const struct search *s, const double *code)
{
	double mean, deviation;

	gp_predict(s->g, code, 1, &mean, &deviation);
	return log_improvement(s->best, mean, deviation);
}

/* Climb from the better candidates; the best place found goes into `found`. */
static void climb(const struct search *s, const double *codes, const double *scores, size_t n, double *found)
{
	size_t dims = s->p->space->n;
	double low[TUNER_MAX_RANGES] = {0}, high[TUNER_MAX_RANGES], best = -INFINITY, bound = INFINITY;

	for (size_t d = 0; d < dims; d++)
		high[d] = 1;
	for (int c = 0; c < CLIMBS; c++) {
		double code[TUNER_MAX_RANGES];
		size_t at = n;

		for (size_t i = 0; i < n; i++) {
			if (scores[i] < bound && (at == n || scores[i] > scores[at]))
				at = i;
		}
		if (at == n)
			return;
		bound = scores[at];
		if (bound > best) {
			best = bound;
			memcpy(found, &codes[at * dims], dims * sizeof(*found));
		}
		memcpy(code, &codes[at * dims], dims * sizeof(*code));
		(void)minimise(negative_improvement, (void *)s, dims, code, low, high, CLIMB_CALLS);
		settle(s->p->space, code);
		double score = improvement_at(s, code);

		if (score > best) {
			best = score;
			memcpy(found, code, dims * sizeof(*found));
		}
	}
}

/* What was tried, or runs, is no candidate. */
static void score_candidates(const struct search *s, const double *codes, size_t n, double *scores)
{
	size_t dims = s->p->space->n;
	double *mean = xreallocarray(NULL, n, sizeof(*mean)), *deviation = xreallocarray(NULL, n, sizeof(*mean));

	gp_predict(s->g, codes, n, mean, deviation);
	for (size_t i = 0; i < n; i++) {
		scores[i] = log_improvement(s->best, mean[i], deviation[i]);
		for (size_t k = 0; k < s->g->n; k++) {
			if (memcmp(&codes[i * dims], &s->g->codes[k * dims], dims * sizeof(*codes)) == 0)
				scores[i] = -INFINITY;
		}
	}
	free(mean);
	free(deviation);
}

static void search_improvement(const struct tuner_problem *p, const struct gp *g, const struct known *k,
			       struct tuner_random *random, double *values)
{
	struct search s = {.p = p, .g = g, .best = INFINITY};
	size_t n, dims = p->space->n;
	double *codes = make_candidates(&s, k, random, &n), *scores = xreallocarray(NULL, n, sizeof(*scores)),
	       found[TUNER_MAX_RANGES], *means = xcalloc(k->n_values, sizeof(*means)),
	       *deviations = xcalloc(k->n_values, sizeof(*means));

	/* The best that is believed, not a lucky noise. */
	gp_predict(g, k->codes, k->n_values, means, deviations);
	for (size_t i = 0; i < k->n_values; i++)
		s.best = MIN(s.best, means[i]);
	memcpy(found, codes, dims * sizeof(*found));
	score_candidates(&s, codes, n, scores);
	climb(&s, codes, scores, n, found);
	for (size_t d = 0; d < dims; d++)
		values[d] = tuner_range_value(&p->space->ranges[d], found[d]);
	free(codes);
	free(scores);
	free(means);
	free(deviations);
}

int tuner_propose_bayesian(const struct tuner_problem *p, const struct tuner_trial *trials, size_t n, double *values,
			   struct err *err)
{
	struct known k = {0};
	struct tuner_random random;
	size_t own = 0, parents = 0;
	struct gp g;
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		own += trials[i].own;
		parents += !trials[i].own && trials[i].state == TUNER_KNOWN;
	}
	if (p->transfer && own < start_size(p) && parents_best(p, trials, n, values))
		return 0;
	gather(p, trials, n, &k);
	if ((own < start_size(p) && (p->transfer || parents < start_size(p))) || k.n_values < 2) {
		start_point(p, own, values);
	} else {
		tuner_random_begin(&random, p->seed, own);
		rc = gp_fit(&g, p->space, k.codes, k.n, k.values, k.n_values, err);
		if (rc == 0) {
			search_improvement(p, &g, &k, &random, values);
			gp_done(&g);
		}
	}
	free(k.codes);
	free(k.values);
	return rc;
}
