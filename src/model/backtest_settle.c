/* Blending and intervals, cycle by cycle. */
#include "model/backtest_settle.h"

#include <math.h>

#include "model/judge_impl.h"

/* The columns that are blended, and the rows in order of their cycles. */
struct blend {
	struct backtest_rows *rows;
	const double *columns[BACKTEST_COLUMNS_MAX + 1];
	size_t n;
	size_t models;
	size_t *order; /* rows by cycle; of a cycle as they stand */
	double *mean;  /* of the models, where that is a column */
};

static size_t model_columns(const struct backtest_rows *r, const double **ret)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_columns; i++)
		if (r->columns[i].kind == BACKTEST_MODEL)
			ret[n++] = r->columns[i].values;
	return n;
}

static void order_rows(struct blend *b)
{
	size_t *first = xcalloc(b->rows->n_cycles + 2, sizeof(*first));

	for (size_t i = 0; i < b->rows->n; i++)
		first[b->rows->cycle[i] + 1]++;
	for (size_t c = 0; c < b->rows->n_cycles; c++)
		first[c + 1] += first[c];
	b->order = xcalloc(b->rows->n + 1, sizeof(*b->order));
	for (size_t i = 0; i < b->rows->n; i++)
		b->order[first[b->rows->cycle[i]]++] = i;
	free(first);
}

/* --- weights --------------------------------------------------------------------------------- */

static double blended(const struct blend *b, const int *steps, size_t row)
{
	double sum = 0;

	for (size_t k = 0; k < b->n; k++)
		if (steps[k])
			sum += b->columns[k][row] * steps[k];
	return sum / SETTLE_STEPS;
}

/* The summed error of the rows order[0 .. n). */
static double blend_error(const struct blend *b, const int *steps, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		size_t row = b->order[i];
		double e = b->rows->scored[row] ? blended(b, steps, row) - b->rows->fixed[BACKTEST_ACTUAL][row] : NAN;

		if (!isnan(e))
			sum += fabs(e);
	}
	return sum;
}

/* Move a step where it lowers the error most; false where none does. */
static bool improve(const struct blend *b, int *steps, size_t n, double *error)
{
	size_t best_from = 0, best_to = 0;
	double best = *error;

	for (size_t from = 0; from < b->n; from++)
		for (size_t to = 0; to < b->n && steps[from]; to++) {
			if (from == to)
				continue;
			steps[from]--;
			steps[to]++;
			double e = blend_error(b, steps, n);

			steps[from]++;
			steps[to]--;
			if (e < best) {
				best = e;
				best_from = from;
				best_to = to;
			}
		}
	if (best_from == best_to)
		return false;
	steps[best_from]--;
	steps[best_to]++;
	*error = best;
	return true;
}

static void equal_steps(const struct blend *b, int *steps)
{
	int left = SETTLE_STEPS;

	for (size_t k = 0; k < b->n; k++)
		left -= steps[k] = SETTLE_STEPS / (int)b->n;
	for (size_t k = 0; left > 0; k++, left--)
		steps[k]++;
}

/* Rows order[from .. to) are of one cycle, those before it of the cycles before. */
static void blend_cycle(const struct blend *b, int *steps, size_t from, size_t to)
{
	double error = blend_error(b, steps, from);

	while (from && improve(b, steps, from, &error))
		;
	for (size_t i = from; i < to; i++)
		b->rows->fixed[BACKTEST_PREDICTION][b->order[i]] = blended(b, steps, b->order[i]);
}

/* --- intervals --------------------------------------------------------------------------------- */

struct residual {
	double prediction, value;
};

static int by_prediction(const void *a, const void *b)
{
	const struct residual *x = a, *y = b;

	return (x->prediction > y->prediction) - (x->prediction < y->prediction);
}

struct bins {
	size_t n;
	double *edges, *low, *high; /* edges: the greatest prediction of each bin but the last */
};

static void make_bins(struct residual *past, size_t n, const struct settle_options *opt, struct bins *ret)
{
	double *values = xcalloc(n + 1, sizeof(*values));

	ret->n = MIN(opt->bins, n / SETTLE_BIN_LEAST);
	if (ret->n)
		qsort(past, n, sizeof(*past), by_prediction);
	for (size_t k = 0; k < ret->n; k++) {
		size_t from = n * k / ret->n, to = n * (k + 1) / ret->n;

		ret->edges[k] = past[to - 1].prediction;
		for (size_t i = from; i < to; i++)
			values[i - from] = past[i].value;
		doubles_sort(values, to - from);
		ret->low[k] = judge_quantile(values, to - from, (1 - opt->coverage) / 2);
		ret->high[k] = judge_quantile(values, to - from, (1 + opt->coverage) / 2);
	}
	free(values);
}

static void set_interval(struct backtest_rows *r, size_t row, const struct bins *bins)
{
	double p = r->fixed[BACKTEST_PREDICTION][row];
	size_t k = 0;

	r->fixed[BACKTEST_LOW][row] = r->fixed[BACKTEST_HIGH][row] = NAN;
	if (isnan(p) || !bins->n)
		return;
	while (k + 1 < bins->n && p > bins->edges[k])
		k++;
	r->fixed[BACKTEST_LOW][row] = p + bins->low[k];
	r->fixed[BACKTEST_HIGH][row] = p + bins->high[k];
}

static size_t collect_residuals(const struct blend *b, size_t n, struct residual *ret)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		size_t row = b->order[i];
		double p = b->rows->fixed[BACKTEST_PREDICTION][row];

		if (b->rows->scored[row] && !isnan(p))
			ret[found++] = (struct residual){p, b->rows->fixed[BACKTEST_ACTUAL][row] - p};
	}
	return found;
}

/* As they are for each model, whether they were blended themselves or their mean was, and
 * for the baseline behind them. */
static void tell_weights(const struct blend *b, const int *steps, double *ret)
{
	bool shrinks = b->n > (b->mean ? 1 : b->models);

	for (size_t k = 0; k < b->models; k++)
		ret[k] = (double)(b->mean ? steps[0] : steps[k]) / SETTLE_STEPS / (b->mean ? (double)b->models : 1);
	ret[b->models] = shrinks ? (double)steps[b->n - 1] / SETTLE_STEPS : 0;
}

/* --- all cycles ---------------------------------------------------------------------------------- */

static void settle_cycles(const struct blend *b, const struct settle_options *opt, double *weights)
{
	struct residual *past = xcalloc(b->rows->n + 1, sizeof(*past));
	double *numbers = xcalloc(3 * opt->bins + 1, sizeof(*numbers));
	int steps[BACKTEST_COLUMNS_MAX + 1] = {0};

	equal_steps(b, steps);
	for (size_t from = 0, to = 0; from < b->rows->n; from = to) {
		uint32_t cycle = b->rows->cycle[b->order[from]];
		struct bins bins = {0, numbers, numbers + opt->bins, numbers + 2 * opt->bins};

		while (to < b->rows->n && b->rows->cycle[b->order[to]] == cycle)
			to++;
		if (b->n > 1)
			blend_cycle(b, steps, from, to);
		else
			for (size_t i = from; i < to; i++)
				b->rows->fixed[BACKTEST_PREDICTION][b->order[i]] = b->columns[0][b->order[i]];
		make_bins(past, collect_residuals(b, from, past), opt, &bins);
		for (size_t i = from; i < to; i++)
			set_interval(b->rows, b->order[i], &bins);
		if (weights)
			tell_weights(b, steps, weights + cycle * (b->models + 1));
	}
	free(numbers);
	free(past);
}

static void take_mean(struct blend *b, size_t models)
{
	b->mean = xcalloc(b->rows->n + 1, sizeof(*b->mean));
	for (size_t i = 0; i < b->rows->n; i++) {
		for (size_t k = 0; k < models; k++)
			b->mean[i] += b->columns[k][i];
		b->mean[i] /= (double)models;
	}
	b->columns[0] = b->mean;
	b->n = 1;
}

int backtest_settle(struct backtest_rows *rows, const struct settle_options *opt, double **weights, struct err *err)
{
	struct blend b = {.rows = rows};
	size_t models = model_columns(rows, b.columns);

	if (!models)
		return err_set(err, ERR_INVALID, "the predictions have no column of a model");
	b.n = b.models = models;
	if (!opt->learned)
		take_mean(&b, models);
	if (!str_empty(opt->shrink_to)) {
		const struct backtest_column *c = backtest_rows_baseline(rows, opt->shrink_to);

		if (!c) {
			free(b.mean);
			return err_set(err, ERR_INVALID, "shrink_to: the predictions have no baseline %s",
				       opt->shrink_to);
		}
		b.columns[b.n++] = c->values;
	}
	double *found = weights ? xcalloc(rows->n_cycles * (models + 1), sizeof(*found)) : NULL;

	order_rows(&b);
	settle_cycles(&b, opt, found);
	free(b.order);
	free(b.mean);
	if (weights)
		*weights = found;
	return 0;
}
