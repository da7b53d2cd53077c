#include <math.h>

#include "trainer/booster.h"
#include "trainer/objective.h"

static const struct metric metrics[] = {
	/* name, maximize, own, classes_only, binary_only */
	{"rmse", false, false, false, false},
	{"rmsle", false, false, false, false},
	{"mae", false, false, false, false},
	{"mape", false, false, false, false},
	{"mphe", false, false, false, false},
	{"logloss", false, false, false, false},
	{"error", false, false, false, false},
	{"merror", false, false, false, false},
	{"mlogloss", false, false, false, false},
	{"auc", true, false, false, false},
	{"aucpr", true, false, false, false},
	{"ndcg", true, false, false, false},
	{"map", true, false, false, false},
	{"poisson-nloglik", false, false, false, false},
	{"gamma-nloglik", false, false, false, false},
	{"gamma-deviance", false, false, false, false},
	{"tweedie-nloglik", false, false, false, false},
	{"cox-nloglik", false, false, false, false},
	{"aft-nloglik", false, false, false, false},
	{"interval-regression-accuracy", true, false, false, false},
	{"mse", false, true, false, false},
	{"r2", true, true, false, false},
	{"accuracy", true, true, true, false},
	{"balanced_accuracy", true, true, true, false},
	{"f1", true, true, true, false},
	{"f1_binary", true, true, true, true},
	{"f1_macro", true, true, true, false},
	{"precision", true, true, true, true},
	{"precision_macro", true, true, true, false},
	{"precision_micro", true, true, true, false},
	{"recall", true, true, true, true},
	{"recall_macro", true, true, true, false},
	{"recall_micro", true, true, true, false},
};

static bool takes_threshold(const char *name)
{
	return str_eq(name, "error") || str_eq(name, "ndcg") || str_eq(name, "map");
}

const struct metric *metric_find(const char *name)
{
	char base[48];

	str_copy(base, sizeof(base), name);
	char *at = strchr(base, '@');
	if (at)
		*at = '\0';
	if (at && !takes_threshold(base))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(metrics); i++)
		if (str_eq(metrics[i].name, base))
			return &metrics[i];
	return NULL;
}

static int unknown_metric(const char *name, struct err *err)
{
	const char *names[ARRAY_LEN(metrics)];

	for (size_t i = 0; i < ARRAY_LEN(metrics); i++)
		names[i] = metrics[i].name;
	const char *near = str_nearest(name, names, ARRAY_LEN(names));
	return err_set(err, ERR_INVALID, "Metric '%s' is not supported%s%s%s", name, near ? "; did you mean " : "",
		       near ? near : "", near ? "?" : "");
}

/* error@0.7, ndcg@5, ndcg@5-, ndcg- */
static int check_threshold(const char *name, const char *at, struct err *err)
{
	double value;
	AUTO(str) char *text = xstrdup(at + 1);
	size_t n = strlen(text);

	if (n > 1 && text[n - 1] == '-' && !str_starts(name, "error"))
		text[n - 1] = '\0';
	AUTO(str) char *base = xstrndup(name, (size_t)(at - name));
	if (!takes_threshold(base))
		return err_set(err, ERR_INVALID,
			       "Metric '%s' is not supported. Parameter 'eval_metric' with customized threshold should "
			       "be one of these options: 'error', 'ndcg', 'map'.",
			       name);
	if (!str_to_f64(text, &value))
		return err_set(err, ERR_INVALID, "Threshold value 't' in '%s@t' expects float input, not '%s'.", base,
			       at + 1);
	return 0;
}

static bool ranks_pairs(const struct objective *o)
{
	return o->kind == KIND_BINARY || o->kind == KIND_RANKING || str_eq(o->name, "multi:softprob") ||
	       str_eq(o->name, "reg:logistic");
}

int metric_check(const char *name, const struct objective *o, int classes, struct err *err)
{
	if (strstr(name, "<function"))
		return err_set(err, ERR_INVALID, "User defined evaluation metric %s is not supported yet.", name);
	const char *at = strchr(name, '@');
	if (at) {
		int rc = check_threshold(name, at, err);
		if (rc)
			return rc;
	}
	const struct metric *m = metric_find(name);
	if (!m)
		return unknown_metric(name, err);
	if ((str_eq(m->name, "auc") || str_eq(m->name, "aucpr")) && !ranks_pairs(o))
		return err_set(err, ERR_INVALID,
			       "Metric '%s' can only be applied for classification and ranking problems.", m->name);
	if ((str_eq(m->name, "aft-nloglik") || str_eq(m->name, "interval-regression-accuracy")) &&
	    !str_eq(o->name, "survival:aft"))
		return err_set(err, ERR_INVALID, "Metric '%s' can only be applied for 'survival:aft' objective.",
			       m->name);
	if (str_eq(m->name, "cox-nloglik") && !str_eq(o->name, "survival:cox"))
		return err_set(err, ERR_INVALID, "Metric '%s' can only be applied for 'survival:cox' objective.",
			       m->name);
	if ((str_eq(m->name, "merror") || str_eq(m->name, "mlogloss")) && o->kind != KIND_MULTICLASS)
		return err_set(err, ERR_INVALID, "Metric '%s' can only be applied for multi-classification.", m->name);
	if ((str_eq(m->name, "error") || str_eq(m->name, "logloss")) && o->kind == KIND_MULTICLASS)
		return err_set(err, ERR_INVALID, "Metric '%s' can only be applied for two classes: use m%s.", m->name,
			       m->name);
	if (m->classes_only && o->kind != KIND_BINARY && o->kind != KIND_MULTICLASS)
		return err_set(err, ERR_INVALID, "Metric '%s' can only be applied for classification problems.",
			       m->name);
	if (m->binary_only && o->kind == KIND_MULTICLASS && classes > 2)
		return err_set(err, ERR_INVALID,
			       "Metric '%s' can only be applied for two classes: use %s_macro (num_class is %d).",
			       m->name, str_starts(m->name, "f1") ? "f1" : m->name, classes);
	return 0;
}

/* --- our own metrics ------------------------------------------------------------- */

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
