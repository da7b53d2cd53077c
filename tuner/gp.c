/* The Gaussian process. Parameters of the fit are the logarithms of the lengths and,
 * last, of the noise. */
#include "tuner/gp.h"

#include <assert.h>
#include <math.h>

#include "tuner/linear.h"
#include "tuner/minimise.h"

#define SQRT5 2.2360679774997896964
/* Weak priors: where a length and the noise lie, and how sure that is (in logarithms). */
#define LENGTH_AT 0.4 /* times the root of the number of ranges */
#define LENGTH_SPREAD 1.1
#define NOISE_AT 1e-5
#define NOISE_SPREAD 3.0
#define LENGTH_LOW 0.02
#define LENGTH_HIGH 30.0
#define NOISE_LOW 1e-8
#define NOISE_HIGH 1.0
#define CALLS_FIRST 6 /* of the likelihood, from each start */
#define CALLS_LAST 16 /* ... and from the best of them */

static double squared_step(const struct tuner_range *r, double a, double b)
{
	if (r->type == TUNER_CATEGORICAL)
		return fabs(a - b) > 1e-9 ? 1 : 0;
	return (a - b) * (a - b);
}

static double matern(double squared)
{
	double r = SQRT5 * sqrt(squared);

	return (1 + r + r * r / 3) * exp(-r);
}

/* --- the likelihood ------------------------------------------------------------------ */

struct fit {
	size_t n, dims;
	const double *squares; /* pairs below the diagonal, column by column, dims of each */
	const double *values;
	double *slopes; /* of each pair: what a squared, scaled step weighs in the derivative */
	double *matrix, *solved;
	double mean, variance;
	double length_at;
};

static void fill_matrix(struct fit *f, const double *inverse_squares, double noise)
{
	const double *squares = f->squares;
	size_t pair = 0;

	for (size_t j = 0; j < f->n; j++) {
		f->matrix[j * f->n + j] = 1 + noise;
		for (size_t i = j + 1; i < f->n; i++, pair++, squares += f->dims) {
			double sum = 0;

			for (size_t d = 0; d < f->dims; d++)
				sum += squares[d] * inverse_squares[d];
			double r = SQRT5 * sqrt(sum), e = exp(-r);

			f->matrix[j * f->n + i] = (1 + r + r * r / 3) * e;
			f->slopes[pair] = 5.0 / 3 * (1 + r) * e;
		}
	}
}

/* y = A x for the symmetric A of which the lower triangle stands. */
static void multiply(const double *a, size_t n, const double *x, double *y)
{
	for (size_t i = 0; i < n; i++)
		y[i] = a[i * n + i] * x[i];
	for (size_t j = 0; j < n; j++) {
		double sum = 0;

		for (size_t i = j + 1; i < n; i++) {
			sum += a[j * n + i] * x[i];
			y[i] += a[j * n + i] * x[j];
		}
		y[j] += sum;
	}
}

/* Mean and variance that suit the inverse in f->matrix best; f->solved = K^-1 (y - mean). */
static void profile(struct fit *f)
{
	double rest[GP_MAX_POINTS] = {0}, sums[GP_MAX_POINTS], total = 0, weighted = 0, square = 0;

	for (size_t i = 0; i < f->n; i++)
		rest[i] = 1;
	multiply(f->matrix, f->n, rest, sums);
	for (size_t i = 0; i < f->n; i++) {
		total += sums[i];
		weighted += sums[i] * f->values[i];
	}
	f->mean = weighted / total;
	for (size_t i = 0; i < f->n; i++)
		rest[i] = f->values[i] - f->mean;
	multiply(f->matrix, f->n, rest, f->solved);
	for (size_t i = 0; i < f->n; i++)
		square += rest[i] * f->solved[i];
	f->variance = MAX(square / (double)f->n, 1e-12);
}

static void add_slopes(const struct fit *f, const double *inverse_squares, double noise, double *gradient)
{
	const double *squares = f->squares;
	size_t pair = 0;

	for (size_t j = 0; j < f->n; j++) {
		double own = f->matrix[j * f->n + j] - f->solved[j] * f->solved[j] / f->variance;

		gradient[f->dims] += 0.5 * own * noise;
		for (size_t i = j + 1; i < f->n; i++, pair++, squares += f->dims) {
			double w = f->matrix[j * f->n + i] - f->solved[i] * f->solved[j] / f->variance;

			w *= f->slopes[pair];
			for (size_t d = 0; d < f->dims; d++)
				gradient[d] += w * squares[d] * inverse_squares[d];
		}
	}
}

static double add_priors(const struct fit *f, const double *x, double *gradient)
{
	double value = 0;

	for (size_t d = 0; d <= f->dims; d++) {
		double at = d < f->dims ? f->length_at : log(NOISE_AT),
		       spread = d < f->dims ? LENGTH_SPREAD : NOISE_SPREAD, step = (x[d] - at) / spread;

		value += 0.5 * step * step;
		gradient[d] += step / spread;
	}
	return value;
}

/* Minus the logarithm of the posterior, without its constants. */
static double negative_posterior(void *user, const double *x, double *gradient)
{
	struct fit *f = user;
	double inverse_squares[TUNER_MAX_RANGES] = {0}, noise = exp(x[f->dims]), value = 0;

	for (size_t d = 0; d < f->dims; d++)
		inverse_squares[d] = exp(-2 * x[d]);
	fill_matrix(f, inverse_squares, noise);
	if (!linear_factor(f->matrix, f->n))
		return INFINITY;
	for (size_t i = 0; i < f->n; i++)
		value += log(f->matrix[i * f->n + i]);
	if (!linear_invert(f->matrix, f->n))
		return INFINITY;
	profile(f);
	memset(gradient, 0, (f->dims + 1) * sizeof(*gradient));
	add_slopes(f, inverse_squares, noise, gradient);
	return value + 0.5 * (double)f->n * log(f->variance) + add_priors(f, x, gradient);
}

/* Several starts, a few steps from each, the rest from the best. */
static double search(struct fit *f, double *best)
{
	static const struct {
		double length, noise;
	} starts[] = {{1, NOISE_AT}, {0.35, 1e-3}, {3, 1e-2}};
	double low[TUNER_MAX_RANGES + 1], high[TUNER_MAX_RANGES + 1], best_value = INFINITY;

	for (size_t d = 0; d <= f->dims; d++) {
		low[d] = log(d < f->dims ? LENGTH_LOW : NOISE_LOW);
		high[d] = log(d < f->dims ? LENGTH_HIGH : NOISE_HIGH);
		best[d] = d < f->dims ? f->length_at : log(NOISE_HIGH);
	}
	for (size_t s = 0; s < ARRAY_LEN(starts); s++) {
		double x[TUNER_MAX_RANGES + 1];

		for (size_t d = 0; d < f->dims; d++)
			x[d] = f->length_at + log(starts[s].length);
		x[f->dims] = log(starts[s].noise);
		double value = minimise(negative_posterior, f, f->dims + 1, x, low, high, CALLS_FIRST);

		if (value < best_value) {
			best_value = value;
			memcpy(best, x, (f->dims + 1) * sizeof(*x));
		}
	}
	return minimise(negative_posterior, f, f->dims + 1, best, low, high, CALLS_LAST);
}

/* --- the process ---------------------------------------------------------------------- */

static double kernel(const struct gp *g, const double *a, const double *b)
{
	double sum = 0;

	for (size_t d = 0; d < g->space->n; d++)
		sum += squared_step(&g->space->ranges[d], a[d], b[d]) / (g->lengths[d] * g->lengths[d]);
	return matern(sum);
}

/* The factor over the first n points, and the weights of their values. */
static int factor_points(struct gp *g, size_t n, struct err *err)
{
	double extra = 0;

	for (int tries = 0; tries < 8; tries++, extra = extra ? extra * 10 : 1e-9) {
		for (size_t j = 0; j < n; j++) {
			for (size_t i = j; i < n; i++)
				g->factor[j * n + i] =
					kernel(g, &g->codes[i * g->space->n], &g->codes[j * g->space->n]);
			g->factor[j * n + j] += g->noise + extra;
		}
		if (!linear_factor(g->factor, n))
			continue;
		for (size_t i = 0; i < n; i++)
			g->weights[i] = g->values[i] - g->mean;
		linear_solve(g->factor, n, false, g->weights, 1);
		linear_solve(g->factor, n, true, g->weights, 1);
		return 0;
	}
	return err_set(err, ERR_INTERNAL, "the children's values have no Gaussian process");
}

static double *all_squares(const struct gp *g)
{
	size_t dims = g->space->n, n = g->n_known, pair = 0;
	double *squares = xreallocarray(NULL, MAX(n * (n - 1) / 2 * dims, 1), sizeof(*squares));

	for (size_t j = 0; j < n; j++) {
		for (size_t i = j + 1; i < n; i++) {
			for (size_t d = 0; d < dims; d++)
				squares[pair++] = squared_step(&g->space->ranges[d], g->codes[i * dims + d],
							       g->codes[j * dims + d]);
		}
	}
	return squares;
}

static void find_parameters(struct gp *g)
{
	size_t n = g->n_known, dims = g->space->n;
	double best[TUNER_MAX_RANGES + 1], *squares = all_squares(g);
	struct fit f = {.n = n,
			.dims = dims,
			.squares = squares,
			.values = g->values,
			.slopes = xreallocarray(NULL, n * n, sizeof(double)),
			.matrix = g->factor,
			.solved = g->weights,
			.length_at = log(LENGTH_AT * sqrt((double)dims))};
	double slopes[TUNER_MAX_RANGES + 1];

	(void)search(&f, best);
	/* Once more at the best: mean and variance are of the last call. */
	f.mean = 0;
	f.variance = 1;
	(void)negative_posterior(&f, best, slopes);
	for (size_t d = 0; d < dims; d++)
		g->lengths[d] = exp(best[d]);
	g->noise = exp(best[dims]);
	g->mean = f.mean;
	g->variance = f.variance;
	free(squares);
	free(f.slopes);
}

int gp_fit(struct gp *g, const struct tuner_space *space, const double *codes, size_t n, const double *values,
	   size_t n_known, struct err *err)
{
	assert(n_known >= 2 && n_known <= n && n <= GP_MAX_POINTS);
	*g = (struct gp){.space = space, .n = n, .n_known = n_known};
	g->codes = xmemdup(codes, n * space->n * sizeof(*codes));
	g->values = xcalloc(n, sizeof(*values));
	g->factor = xreallocarray(NULL, n * n, sizeof(*values));
	g->weights = xcalloc(n, sizeof(*values));
	memcpy(g->values, values, n_known * sizeof(*values));
	int rc = linear_open(err);

	if (rc == 0) {
		find_parameters(g);
		rc = factor_points(g, n_known, err);
	}
	if (rc == 0 && n > n_known) {
		double deviation[GP_MAX_POINTS];

		g->n = n_known;
		gp_predict(g, &codes[n_known * space->n], n - n_known, &g->values[n_known], deviation);
		g->n = n;
		rc = factor_points(g, n, err);
	}
	if (rc < 0)
		gp_done(g);
	return rc;
}

void gp_done(struct gp *g)
{
	free(g->codes);
	free(g->values);
	free(g->factor);
	free(g->weights);
	*g = (struct gp){0};
}

void gp_predict(const struct gp *g, const double *codes, size_t m, double *mean, double *deviation)
{
	double *near = xreallocarray(NULL, MAX(g->n * m, 1), sizeof(*near));

	for (size_t c = 0; c < m; c++) {
		double sum = 0;

		for (size_t i = 0; i < g->n; i++) {
			double k = kernel(g, &codes[c * g->space->n], &g->codes[i * g->space->n]);

			near[c * g->n + i] = k;
			sum += k * g->weights[i];
		}
		mean[c] = g->mean + sum;
	}
	linear_solve(g->factor, g->n, false, near, m);
	for (size_t c = 0; c < m; c++) {
		double known = 0;

		for (size_t i = 0; i < g->n; i++)
			known += near[c * g->n + i] * near[c * g->n + i];
		deviation[c] = sqrt(g->variance * MAX(1 - known, 1e-12));
	}
	free(near);
}

void gp_predict_slope(const struct gp *g, const double *code, double *mean, double *deviation, double *mean_slope,
		      double *deviation_slope)
{
	size_t dims = g->space->n;
	double near[GP_MAX_POINTS], solved[GP_MAX_POINTS], known = 0;

	*mean = g->mean;
	for (size_t i = 0; i < g->n; i++) {
		near[i] = solved[i] = kernel(g, code, &g->codes[i * dims]);
		*mean += near[i] * g->weights[i];
	}
	linear_solve(g->factor, g->n, false, solved, 1);
	for (size_t i = 0; i < g->n; i++)
		known += solved[i] * solved[i];
	linear_solve(g->factor, g->n, true, solved, 1);
	*deviation = sqrt(g->variance * MAX(1 - known, 1e-12));
	memset(mean_slope, 0, dims * sizeof(*mean_slope));
	memset(deviation_slope, 0, dims * sizeof(*deviation_slope));
	for (size_t i = 0; i < g->n; i++) {
		const double *point = &g->codes[i * dims];
		double sum = 0;

		for (size_t d = 0; d < dims; d++)
			sum += squared_step(&g->space->ranges[d], code[d], point[d]) / (g->lengths[d] * g->lengths[d]);
		double r = SQRT5 * sqrt(sum), slope = -5.0 / 3 * (1 + r) * exp(-r);

		for (size_t d = 0; d < dims; d++) {
			if (g->space->ranges[d].type == TUNER_CATEGORICAL)
				continue;
			double by = slope * (code[d] - point[d]) / (g->lengths[d] * g->lengths[d]);

			mean_slope[d] += by * g->weights[i];
			deviation_slope[d] -= by * solved[i] * g->variance / *deviation;
		}
	}
}
