/* test_tuner.c - the tuner: spaces, the four strategies, the rules that end children and
 * tuning jobs. What its search is worth against others is bench_tuner.py's to measure. */
#include "unit.h"

#include <math.h>

#include "tuner/gp.h"
#include "tuner/linear.h"
#include "tuner/minimise.h"
#include "tuner/propose.h"
#include "tuner/rules.h"
#include "tuner/sobol.h"

#define CHILDREN 200

static struct tuner_range *add(struct tuner_space *s, const char *name, enum tuner_type type, double low, double high,
			       const char *scale)
{
	struct tuner_range *r = tuner_space_add(s, name, type);

	r->low = low;
	r->high = high;
	assert_int_equal(tuner_range_set_scale(r, scale, NULL), 0);
	return r;
}

static void add_words(struct tuner_space *s, const char *name, const char *words)
{
	strlist_split(&tuner_space_add(s, name, TUNER_CATEGORICAL)->words, words, ',');
}

/* --- spaces ------------------------------------------------------------------------- */

static void test_codes(void **state)
{
	AUTO(tuner_space) struct tuner_space s = {0};

	add(&s, "depth", TUNER_INTEGER, 3, 10, "Linear");
	add(&s, "rate", TUNER_CONTINUOUS, 0.01, 0.2, "Logarithmic");
	add(&s, "momentum", TUNER_CONTINUOUS, 0.9, 0.999, "ReverseLogarithmic");
	add_words(&s, "booster", "gbtree,dart,gblinear");
	assert_true(fabs(tuner_range_code(&s.ranges[0], 3) - 0.5 / 8) < 1e-12);
	assert_true(fabs(tuner_range_code(&s.ranges[1], sqrt(0.002)) - 0.5) < 1e-12);
	/* 1 - x falls by 10 in the first half: 0.9 -> 0.99 -> 0.999. */
	assert_true(fabs(tuner_range_code(&s.ranges[2], 0.99) - 0.5) < 1e-12);
	for (int i = 0; i <= 1000; i++) {
		double u = i / 1000.0;

		for (size_t d = 0; d < s.n; d++) {
			const struct tuner_range *r = &s.ranges[d];
			double v = tuner_range_value(r, u), back;
			AUTO(str) char *text = tuner_range_text(r, v);

			assert_true(tuner_range_parse(r, text, &back));
			assert_true(back == v);
			assert_true(tuner_range_value(r, tuner_range_code(r, v)) == v);
			assert_true(d == 3 || (v >= r->low && v <= r->high));
		}
	}
}

/* Every integer has the same share of the cube, whatever the scaling makes of the range's ends. */
static void test_equal_shares(void **state)
{
	AUTO(tuner_space) struct tuner_space s = {0};
	int counts[8] = {0};

	add(&s, "depth", TUNER_INTEGER, 3, 10, "Linear");
	for (int i = 0; i < 8000; i++)
		counts[(int)tuner_range_value(&s.ranges[0], (i + 0.5) / 8000) - 3]++;
	for (int i = 0; i < 8; i++)
		assert_int_equal(counts[i], 1000);
}

static void refuses_scale(enum tuner_type type, double low, double high, const char *scale, const char *says)
{
	AUTO(tuner_space) struct tuner_space s = {0};
	struct tuner_range *r = tuner_space_add(&s, "x", type);
	struct err err = {0};

	r->low = low;
	r->high = high;
	assert_int_equal(tuner_range_set_scale(r, scale, &err), -ERR_INVALID);
	if (!strstr(err.msg, says))
		fail_msg("%s", err.msg);
}

static void test_bad_scales(void **state)
{
	refuses_scale(TUNER_CONTINUOUS, 0, 1, "Logarithmic", "above 0");
	refuses_scale(TUNER_INTEGER, 0, 9, "Logarithmic", "above 0");
	refuses_scale(TUNER_CONTINUOUS, 0.5, 1, "ReverseLogarithmic", "0 <= x < 1");
	refuses_scale(TUNER_INTEGER, 0, 0, "ReverseLogarithmic", "continuous");
	refuses_scale(TUNER_CONTINUOUS, 0, 1, "Cubic", "no scaling");
}

static void test_auto_scale(void **state)
{
	AUTO(tuner_space) struct tuner_space s = {0};

	assert_int_equal(add(&s, "a", TUNER_CONTINUOUS, 1e-6, 1, "Auto")->scale, TUNER_LOG);
	assert_int_equal(add(&s, "b", TUNER_CONTINUOUS, 0.5, 1, "Auto")->scale, TUNER_LINEAR);
	assert_int_equal(add(&s, "c", TUNER_INTEGER, 0, 1000, NULL)->scale, TUNER_LINEAR);
}

/* The first 2^k points of a Sobol sequence have one in each of 2^k slices of every side. */
static void test_sobol_slices(void **state)
{
	struct tuner_sobol sobol;
	struct tuner_random random;

	tuner_random_begin(&random, 7, 1);
	tuner_sobol_begin(&sobol, TUNER_MAX_RANGES, &random);
	for (size_t d = 0; d < TUNER_MAX_RANGES; d++) {
		bool taken[64] = {false};

		for (uint32_t i = 0; i < 64; i++) {
			double point[TUNER_MAX_RANGES];

			tuner_sobol_point(&sobol, i, point);
			assert_true(point[d] > 0 && point[d] < 1);
			assert_false(taken[(int)(point[d] * 64)]);
			taken[(int)(point[d] * 64)] = true;
		}
	}
}

/* --- numbers -------------------------------------------------------------------------- */

static double rosenbrock2(void *user, const double *x, double *gradient)
{
	double a = x[1] - x[0] * x[0], b = 1 - x[0];

	++*(int *)user;
	gradient[0] = -400 * x[0] * a - 2 * b;
	gradient[1] = 200 * a;
	return 100 * a * a + b * b;
}

static void test_minimise(void **state)
{
	double x[2] = {-1.2, 1}, low[2] = {-2, -2}, high[2] = {2, 2}, tight[2] = {0.5, 2};
	int calls = 0;

	assert_true(minimise(rosenbrock2, &calls, 2, x, low, high, 200) < 1e-8);
	assert_true(calls <= 200);
	assert_true(fabs(x[0] - 1) < 1e-3 && fabs(x[1] - 1) < 1e-3);
	/* On the wall: there the best is 0.5, 0.25. */
	x[0] = -1.2;
	x[1] = 1;
	assert_true(fabs(minimise(rosenbrock2, &calls, 2, x, low, tight, 200) - 0.25) < 1e-6);
	assert_true(fabs(x[0] - 0.5) < 1e-12);
}

/* Slopes of the process against differences, and its own points. */
static void test_process(void **state)
{
	AUTO(tuner_space) struct tuner_space s = {0};
	double codes[60], values[20], mean[20], deviation[20];
	struct tuner_random random;
	struct gp g;

	for (int i = 0; i < 3; i++)
		add(&s, "x", TUNER_CONTINUOUS, 0, 1, "Linear");
	tuner_random_begin(&random, 3, 3);
	for (int i = 0; i < 20; i++) {
		for (int d = 0; d < 3; d++)
			codes[i * 3 + d] = tuner_random_unit(&random);
		values[i] = sin(5 * codes[i * 3]) + codes[i * 3 + 1] * codes[i * 3 + 1];
	}
	assert_int_equal(gp_fit(&g, &s, codes, 20, values, 16, NULL), 0);
	gp_predict(&g, codes, 20, mean, deviation);
	for (int i = 0; i < 16; i++)
		assert_true(fabs(mean[i] - values[i]) < 0.02);
	/* Points without a value have their posterior mean, and no uncertainty is left there. */
	for (int i = 16; i < 20; i++)
		assert_true(fabs(mean[i] - values[i]) < 0.3 && deviation[i] < 0.05);
	/* The third range says nothing: its length is the longest. */
	assert_true(g.lengths[2] > g.lengths[0] && g.lengths[2] > g.lengths[1]);
	double at[3] = {0.3, 0.6, 0.2}, m, dev, m_slope[3], dev_slope[3];

	gp_predict_slope(&g, at, &m, &dev, m_slope, dev_slope);
	for (int d = 0; d < 3; d++) {
		double low[3], high[3], ml, mh, dl, dh, h = 1e-5;

		memcpy(low, at, sizeof(at));
		memcpy(high, at, sizeof(at));
		low[d] -= h;
		high[d] += h;
		gp_predict(&g, low, 1, &ml, &dl);
		gp_predict(&g, high, 1, &mh, &dh);
		assert_true(fabs(m_slope[d] - (mh - ml) / (2 * h)) < 1e-5 * (1 + fabs(m_slope[d])));
		assert_true(fabs(dev_slope[d] - (dh - dl) / (2 * h)) < 1e-3 * (1 + fabs(dev_slope[d])));
	}
	gp_done(&g);
}

/* --- strategies ------------------------------------------------------------------------- */

typedef double objective_fn(const double *values);

struct run {
	struct tuner_trial trials[CHILDREN];
	double values[CHILDREN][TUNER_MAX_RANGES];
	size_t n;
};

/* Children, `parallel` at a time; returns how many the space had. */
static size_t run_search(struct run *r, const struct tuner_problem *p, objective_fn *fn, size_t n)
{
	struct err err = {0};

	r->n = 0;
	for (size_t i = 0; i < n; i++) {
		size_t oldest = i - MIN(i, p->parallel - 1) - 1;
		int rc;

		if (i >= p->parallel) {
			r->trials[oldest].state = TUNER_KNOWN;
			r->trials[oldest].objective = fn(r->values[oldest]);
		}
		rc = tuner_propose(p, r->trials, i, r->values[i], &err);
		if (rc < 0)
			fail_msg("%s", err.msg);
		if (rc == 0)
			break;
		r->trials[r->n++] = (struct tuner_trial){.values = r->values[i], .own = true};
	}
	return r->n;
}

static bool has_repeats(const struct run *r, const struct tuner_space *s)
{
	for (size_t i = 0; i < r->n; i++) {
		for (size_t j = 0; j < i; j++) {
			if (tuner_space_same(s, r->values[i], r->values[j]))
				return true;
		}
	}
	return false;
}

static double bowl(const double *v)
{
	return (v[0] - 5) * (v[0] - 5) + v[1];
}

static void test_grid(void **state)
{
	AUTO(tuner_space) struct tuner_space s = {0};
	struct tuner_problem p = {.space = &s, .strategy = TUNER_GRID, .parallel = 3};
	static struct run r;

	add_words(&s, "a", "x,y,z");
	add_words(&s, "b", "1,2,3,4");
	assert_int_equal(run_search(&r, &p, bowl, 50), 12);
	assert_false(has_repeats(&r, &s));
}

/* Every point once, then the end; for all that choose freely. */
static void test_no_repeats(void **state)
{
	AUTO(tuner_space) struct tuner_space s = {0};
	static struct run r;

	add(&s, "depth", TUNER_INTEGER, 3, 9, "Linear");
	add_words(&s, "kind", "a,b,c");
	for (int strategy = TUNER_RANDOM; strategy <= TUNER_HYPERBAND; strategy++) {
		struct tuner_problem p = {
			.space = &s, .strategy = (enum tuner_strategy)strategy, .seed = 5, .parallel = 4};

		assert_int_equal(run_search(&r, &p, bowl, 60), 21);
		assert_false(has_repeats(&r, &s));
	}
}

static void test_same_seed(void **state)
{
	AUTO(tuner_space) struct tuner_space s = {0};
	static struct run a, b, c;

	add(&s, "depth", TUNER_INTEGER, 3, 30, "Linear");
	add(&s, "rate", TUNER_CONTINUOUS, 0.01, 0.2, "Logarithmic");
	for (int strategy = TUNER_RANDOM; strategy <= TUNER_HYPERBAND; strategy++) {
		struct tuner_problem p = {
			.space = &s, .strategy = (enum tuner_strategy)strategy, .seed = 5, .parallel = 3};

		run_search(&a, &p, bowl, 15);
		run_search(&b, &p, bowl, 15);
		p.seed = 6;
		run_search(&c, &p, bowl, 15);
		for (size_t i = 0; i < a.n; i++)
			assert_memory_equal(a.values[i], b.values[i], 2 * sizeof(double));
		assert_true(memcmp(a.values[0], c.values[0], 2 * sizeof(double)) != 0);
	}
}

static double low_end(const double *v)
{
	return fabs(log10(v[0]) + 5.2);
}

/* The optimum near the low end of 1e-6..1, within 30. */
static void test_log_range(void **state)
{
	AUTO(tuner_space) struct tuner_space s = {0};
	struct tuner_problem p = {.space = &s, .strategy = TUNER_BAYESIAN, .parallel = 1};
	static struct run r;

	add(&s, "rate", TUNER_CONTINUOUS, 1e-6, 1, "Logarithmic");
	for (p.seed = 0; p.seed < 5; p.seed++) {
		double best = INFINITY;

		run_search(&r, &p, low_end, 30);
		for (size_t i = 0; i < r.n; i++)
			best = MIN(best, low_end(r.values[i]));
		assert_true(best < 0.05);
	}
}

static double hill(const double *v)
{
	return 3 - (v[0] - 0.3) * (v[0] - 0.3) - (v[1] - 0.8) * (v[1] - 0.8);
}

/* Five at a time, more is better: near the top by 30, and random search is far from it. */
static void test_parallel_maximum(void **state)
{
	AUTO(tuner_space) struct tuner_space s = {0};
	struct tuner_problem p = {.space = &s, .strategy = TUNER_BAYESIAN, .parallel = 5, .seed = 11, .maximise = true};
	static struct run r;
	double best = -INFINITY;

	add(&s, "a", TUNER_CONTINUOUS, 0, 1, "Linear");
	add(&s, "b", TUNER_CONTINUOUS, 0, 1, "Linear");
	run_search(&r, &p, hill, 30);
	for (size_t i = 0; i < r.n; i++)
		best = MAX(best, hill(r.values[i]));
	assert_true(best > 3 - 1e-4);
}

/* What failed counts as bad: it is not tried again and again beside it. */
static void test_failed_children(void **state)
{
	AUTO(tuner_space) struct tuner_space s = {0};
	struct tuner_problem p = {.space = &s, .strategy = TUNER_BAYESIAN, .parallel = 1, .seed = 2};
	static struct run r;
	size_t failing = 0;

	add(&s, "a", TUNER_CONTINUOUS, 0, 1, "Linear");
	for (size_t i = 0; i < 30; i++) {
		assert_int_equal(tuner_propose(&p, r.trials, i, r.values[i], NULL), 1);
		bool fails = r.values[i][0] > 0.5;

		failing += i >= 10 && fails;
		r.trials[i] = (struct tuner_trial){.values = r.values[i],
						   .own = true,
						   .state = fails ? TUNER_FAILED : TUNER_KNOWN,
						   .objective = 1 - r.values[i][0]};
	}
	assert_true(failing <= 10);
	/* And where all fail, the search goes on. */
	for (size_t i = 0; i < 30; i++)
		r.trials[i].state = TUNER_FAILED;
	assert_int_equal(tuner_propose(&p, r.trials, 30, r.values[30], NULL), 1);
}

/* Parents of the same data are what the job knows already; of other data, where it begins. */
static void test_warm_start(void **state)
{
	AUTO(tuner_space) struct tuner_space s = {0};
	struct tuner_problem p = {.space = &s, .strategy = TUNER_BAYESIAN, .parallel = 1, .seed = 4};
	static struct run r;
	double next[2];

	add(&s, "a", TUNER_CONTINUOUS, 0, 1, "Linear");
	add(&s, "b", TUNER_CONTINUOUS, 0, 1, "Linear");
	p.maximise = true;
	run_search(&r, &p, hill, 30);
	for (size_t i = 0; i < r.n; i++) {
		r.trials[i].own = false;
		r.trials[i].state = TUNER_KNOWN;
		r.trials[i].objective = hill(r.values[i]);
	}
	assert_int_equal(tuner_propose(&p, r.trials, r.n, next, NULL), 1);
	assert_true(hill(next) > 2.9);
	size_t best = 0;

	for (size_t i = 0; i < r.n; i++)
		best = r.trials[i].objective > r.trials[best].objective ? i : best;
	p.transfer = true;
	assert_int_equal(tuner_propose(&p, r.trials, r.n, next, NULL), 1);
	assert_memory_equal(next, r.values[best], sizeof(next));
}

/* --- rules -------------------------------------------------------------------------------- */

static void test_median_rule(void **state)
{
	static const double a[] = {4, 2, 1}, b[] = {5, 3, 2}, c[] = {6, 4, 3}, low[] = {9, 3.4}, high[] = {9, 4.1};
	struct tuner_curve all[] = {{a, 3, true}, {b, 3, true}, {c, 3, true}, {low, 2, false}, {high, 2, false}};
	double median = 0;

	/* Running averages at the second epoch: 3, 4, 5. */
	assert_false(tuner_median_stops(all, 5, 3, false, &median));
	assert_true(tuner_median_stops(all, 5, 4, false, &median));
	assert_true(median == 4);
	assert_true(tuner_median_stops(all, 5, 3, true, &median));
	/* Two that have come as far are too few; those that run do not count. */
	all[2].over = false;
	assert_false(tuner_median_stops(all, 5, 4, false, &median));
}

static void test_halving(void **state)
{
	static const double a[] = {1}, b[] = {2}, c[] = {3}, d[] = {0.5};
	struct tuner_curve all[] = {{a, 1, false}, {b, 1, false}, {c, 1, false}, {d, 1, false}};

	assert_int_equal(tuner_rung(0, 1, 27), 0);
	assert_int_equal(tuner_rung(1, 1, 27), 1);
	assert_int_equal(tuner_rung(8, 1, 27), 3);
	assert_int_equal(tuner_rung(26, 1, 27), 9);
	assert_int_equal(tuner_rung(100, 10, 100), 90);
	assert_int_equal(tuner_rung(9, 10, 100), 0);
	assert_false(tuner_halving_stops(all, 2, 1, 1, false));
	assert_true(tuner_halving_stops(all, 3, 1, 1, false));
	assert_false(tuner_halving_stops(all, 3, 0, 1, false));
	assert_true(tuner_halving_stops(all, 3, 0, 1, true));
	assert_false(tuner_halving_stops(all, 4, 3, 1, false));
}

static void test_completion(void **state)
{
	static const double values[] = {10, 8, 7.99, 7.95, 7.94, 7.93};
	struct tuner_criteria target = {.has_target = true, .target = 8}, idle = {.not_improving = 3},
			      flat = {.convergence = true}, none = {0};
	double many[40];

	assert_int_equal(tuner_completion(&target, values, 1, 2, false), TUNER_GOES_ON);
	assert_int_equal(tuner_completion(&target, values, 2, 2, false), TUNER_TARGET_REACHED);
	assert_int_equal(tuner_completion(&target, values, 1, 2, true), TUNER_TARGET_REACHED);
	/* Steps of less than 1 % are none. */
	assert_int_equal(tuner_completion(&idle, values, 4, 2, false), TUNER_GOES_ON);
	assert_int_equal(tuner_completion(&idle, values, 5, 2, false), TUNER_NOT_IMPROVING);
	for (int i = 0; i < 40; i++)
		many[i] = i < 20 ? 10 - i * 0.4 : 2.4;
	assert_int_equal(tuner_completion(&flat, many, 25, 2, false), TUNER_GOES_ON);
	assert_int_equal(tuner_completion(&flat, many, 30, 2, false), TUNER_CONVERGED);
	assert_int_equal(tuner_completion(&none, many, 40, 2, false), TUNER_GOES_ON);
	assert_int_equal(tuner_completion(&target, values, 0, 2, false), TUNER_GOES_ON);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes),		cmocka_unit_test(test_equal_shares),
		cmocka_unit_test(test_bad_scales),	cmocka_unit_test(test_auto_scale),
		cmocka_unit_test(test_sobol_slices),	cmocka_unit_test(test_minimise),
		cmocka_unit_test(test_process),		cmocka_unit_test(test_grid),
		cmocka_unit_test(test_no_repeats),	cmocka_unit_test(test_same_seed),
		cmocka_unit_test(test_log_range),	cmocka_unit_test(test_parallel_maximum),
		cmocka_unit_test(test_failed_children), cmocka_unit_test(test_warm_start),
		cmocka_unit_test(test_median_rule),	cmocka_unit_test(test_halving),
		cmocka_unit_test(test_completion),
	};

	return cmocka_run_group_tests_name("tuner", tests, NULL, NULL);
}
