/* Our own metrics of numbers and classes, as sums that hosts can add up. */
#include "trainer/fit/metric_compute.h"
#include "trainer/library/booster.h"

/* Squared error and spread, as sums so that hosts can add theirs. Rows count
 * alike: as in the image whose metrics these are, weights have no part here. */
static int squared_metrics(const struct metric *m, const struct dataset *d, const float *p, size_t columns, double *ret,
			   struct err *err)
{
	double sums[2] = {0, (double)d->rows}; /* labels, rows */

	for (size_t i = 0; i < d->rows; i++)
		sums[0] += (double)d->labels[i];
	int rc = booster_sum(sums, 2, err);
	if (rc)
		return rc;
	double mean = sums[0] / sums[1];
	double squares[2] = {0, 0}; /* residual, total */
	for (size_t i = 0; i < d->rows; i++) {
		double y = (double)d->labels[i], e = y - (double)p[i * columns];
		squares[0] += e * e;
		squares[1] += (y - mean) * (y - mean);
	}
	rc = booster_sum(squares, 2, err);
	if (rc)
		return rc;
	if (str_eq(m->name, "mse"))
		*ret = squares[0] / sums[1];
	else if (squares[1] > 0)
		*ret = 1 - squares[0] / squares[1];
	else
		*ret = squares[0] > 0 ? 0 : 1; /* constant labels: scikit-learn's convention */
	return 0;
}

/* The class of row i: over the threshold, the most probable, or as predicted. */
static size_t predicted_class(const struct objective *o, const float *p, size_t columns, size_t i)
{
	if (o->kind == KIND_BINARY)
		return (double)p[i] > o->threshold;
	if (columns == 1)
		return (size_t)p[i];
	size_t best = 0;
	for (size_t k = 1; k < columns; k++)
		if (p[i * columns + k] > p[i * columns + best])
			best = k;
	return best;
}

struct class_counts {
	double hit, truth, guess; /* true positives, rows of the class, rows predicted as it */
};

static double ratio(double a, double b)
{
	return b > 0 ? a / b : 0;
}

static double class_score(const struct class_counts *c, const char *name)
{
	double precision = ratio(c->hit, c->guess), recall = ratio(c->hit, c->truth);

	if (str_starts(name, "precision"))
		return precision;
	if (str_starts(name, "recall"))
		return recall;
	return ratio(2 * c->hit, c->guess + c->truth);
}

static double score_classes(const struct metric *m, const struct class_counts *c, size_t n)
{
	double hits = 0, rows = 0, sum = 0;
	size_t seen = 0, present = 0;

	for (size_t k = 0; k < n; k++) {
		hits += c[k].hit;
		rows += c[k].truth;
		present += c[k].truth > 0;
		seen += c[k].truth > 0 || c[k].guess > 0;
	}
	/* With every row in exactly one class, the micro averages are the accuracy. */
	if (str_eq(m->name, "accuracy") || str_ends(m->name, "_micro"))
		return ratio(hits, rows);
	if (m->binary_only)
		return n > 1 ? class_score(&c[1], m->name) : 0;
	bool balanced = str_eq(m->name, "balanced_accuracy");
	for (size_t k = 0; k < n; k++) {
		if (balanced && c[k].truth > 0)
			sum += ratio(c[k].hit, c[k].truth);
		else if (!balanced && (c[k].truth > 0 || c[k].guess > 0))
			sum += class_score(&c[k], m->name);
	}
	return ratio(sum, (double)(balanced ? present : seen));
}

static int class_metrics(const struct metric *m, const struct objective *o, int classes, const struct dataset *d,
			 const float *p, size_t columns, double *ret, struct err *err)
{
	size_t n = o->kind == KIND_BINARY ? 2 : (size_t)classes;
	struct class_counts *counts = xcalloc(n, sizeof(*counts));

	for (size_t i = 0; i < d->rows; i++) {
		size_t truth = o->kind == KIND_BINARY ? d->labels[i] > 0.5F : (size_t)d->labels[i];
		size_t guess = MIN(predicted_class(o, p, columns, i), n - 1);
		counts[truth].truth++;
		counts[guess].guess++;
		counts[truth].hit += truth == guess;
	}
	int rc = booster_sum((double *)counts, 3 * n, err);
	if (!rc)
		*ret = score_classes(m, counts, n);
	free(counts);
	return rc;
}

int metric_compute(const struct metric *m, const struct objective *o, int classes, const struct dataset *d,
		   const float *predictions, size_t columns, double *ret, struct err *err)
{
	if (m->classes_only)
		return class_metrics(m, o, classes, d, predictions, columns, ret, err);
	if (columns == 1 || o->kind != KIND_MULTICLASS)
		return squared_metrics(m, d, predictions, columns, ret, err);
	/* multi:softprob: the class predicted stands for the number. */
	float *guess = xreallocarray(NULL, MAX(d->rows, 1), sizeof(float));
	for (size_t i = 0; i < d->rows; i++)
		guess[i] = (float)predicted_class(o, predictions, columns, i);
	int rc = squared_metrics(m, d, guess, 1, ret, err);
	free(guess);
	return rc;
}
