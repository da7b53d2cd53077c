/* Ridge regression by its normal equations and Cholesky's decomposition: a few dozen
 * columns, well conditioned by alpha. */
#include "trainer/forecast/ridge.h"

#include <math.h>

#include "base/cholesky.h"

#define PIVOT_LEAST 1e-12 /* of the number of rows: a column that others make up */

void ridge_free(struct ridge *r)
{
	if (!r)
		return;
	free(r->means);
	free(r->weights);
	free(r);
}

/* Means over what is known, deviations with a missing value at the mean. */
static void standards(const double *x, size_t columns, const size_t *rows, size_t n, double *means, double *deviations)
{
	size_t *known = xcalloc(columns + 1, sizeof(*known));

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < columns; k++) {
			double v = x[rows[i] * columns + k];

			if (isnan(v))
				continue;
			known[k]++;
			means[k] += v;
		}
	for (size_t k = 0; k < columns; k++)
		means[k] = known[k] ? means[k] / (double)known[k] : 0;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < columns; k++) {
			double d = x[rows[i] * columns + k] - means[k];

			if (!isnan(d))
				deviations[k] += d * d;
		}
	for (size_t k = 0; k < columns; k++)
		deviations[k] = sqrt(deviations[k] / (double)n);
	free(known);
}

/* The upper triangle of Z'Z, and Z'y with y around its mean. */
static void products(const double *x, size_t columns, const double *y, const size_t *rows, size_t n, double mean_y,
		     const double *means, const double *deviations, double *gram, double *right)
{
	double *z = xcalloc(columns + 1, sizeof(*z));

	for (size_t i = 0; i < n; i++) {
		double dy = y[rows[i]] - mean_y;

		for (size_t k = 0; k < columns; k++) {
			double d = x[rows[i] * columns + k] - means[k];

			z[k] = isnan(d) || deviations[k] == 0 ? 0 : d / deviations[k];
		}
		for (size_t a = 0; a < columns; a++) {
			double *line = gram + a * columns, za = z[a];

			right[a] += za * dy;
			for (size_t b = a; b < columns; b++)
				line[b] += za * z[b];
		}
	}
	free(z);
}

int ridge_fit(const double *x, size_t columns, const double *y, const size_t *rows, size_t n, double alpha,
	      struct ridge **ret, struct err *err)
{
	if (n < 2)
		return err_set(err, ERR_INVALID, "a ridge needs two rows to learn from, and there %s %zu",
			       n == 1 ? "is" : "are", n);
	AUTO(ridge) struct ridge *r = NEW(struct ridge);
	double *deviations = xcalloc(columns + 1, sizeof(*deviations));
	double *gram = xcalloc(columns * columns + 1, sizeof(*gram));

	r->n = columns;
	r->means = xcalloc(columns + 1, sizeof(double));
	r->weights = xcalloc(columns + 1, sizeof(double));
	for (size_t i = 0; i < n; i++)
		r->intercept += y[rows[i]];
	r->intercept /= (double)n;
	standards(x, columns, rows, n, r->means, deviations);
	products(x, columns, y, rows, n, r->intercept, r->means, deviations, gram, r->weights);
	for (size_t k = 0; k < columns; k++)
		gram[k * columns + k] = deviations[k] == 0 ? 0 : gram[k * columns + k] + alpha;
	cholesky_decompose(gram, columns, PIVOT_LEAST * (double)n);
	cholesky_solve(gram, columns, r->weights);
	for (size_t k = 0; k < columns; k++)
		r->weights[k] = deviations[k] == 0 ? 0 : r->weights[k] / deviations[k];
	free(deviations);
	free(gram);
	*ret = TAKE(r);
	return 0;
}

double ridge_predict(const struct ridge *r, const double *row)
{
	double sum = r->intercept;

	for (size_t k = 0; k < r->n; k++)
		if (!isnan(row[k]))
			sum += r->weights[k] * (row[k] - r->means[k]);
	return sum;
}

json_t *ridge_json(const struct ridge *r, const struct strlist *names)
{
	json_t *columns = json_array();

	for (size_t k = 0; k < r->n; k++)
		json_array_append_new(columns, json_pack("{s:s, s:f, s:f}", "name", names->items[k], "mean",
							 r->means[k], "weight", r->weights[k]));
	return json_pack("{s:s, s:f, s:o}", "model", "ridge", "intercept", r->intercept, "columns", columns);
}

int ridge_parse(const json_t *doc, const struct strlist *names, struct ridge **ret, struct err *err)
{
	const json_t *columns = json_object_get(doc, "columns");

	if (!str_eq(json_get_str(doc, "model"), "ridge") || json_array_size(columns) != names->n)
		return err_set(err, ERR_PARSE, "this is not a ridge of %zu columns", names->n);
	AUTO(ridge) struct ridge *r = NEW(struct ridge);

	r->n = names->n;
	r->means = xcalloc(names->n + 1, sizeof(double));
	r->weights = xcalloc(names->n + 1, sizeof(double));
	r->intercept = json_get_f64(doc, "intercept", NAN);
	for (size_t k = 0; k < names->n; k++) {
		const json_t *c = json_array_get(columns, k);

		r->means[k] = json_get_f64(c, "mean", NAN);
		r->weights[k] = json_get_f64(c, "weight", NAN);
		if (!str_eq(json_get_str(c, "name"), names->items[k]) || isnan(r->means[k]) || isnan(r->weights[k]))
			return err_set(err, ERR_PARSE, "column %zu of the ridge is not %s", k + 1, names->items[k]);
	}
	if (isnan(r->intercept))
		return err_set(err, ERR_PARSE, "the ridge has no intercept");
	*ret = TAKE(r);
	return 0;
}
