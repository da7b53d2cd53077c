/* The best split of a node: every column's bins are walked from below and, where
 * cells are missing, from above. Sums are doubles, gains floats, as in libxgboost
 * (src/tree/param.h, split_evaluator.h, hist/evaluate_splits.h). */
#include <math.h>

#include "trainer/grow_impl.h"

static double shrink(double grad, float alpha)
{
	if (grad > (double)+alpha)
		return grad - (double)alpha;
	if (grad < (double)-alpha)
		return grad + (double)alpha;
	return 0;
}

float weight_of(const struct grow_settings *s, const struct sums *x)
{
	if (x->hess < (double)s->min_child_weight || x->hess <= 0)
		return 0;
	double w = -shrink(x->grad, s->alpha) / (x->hess + (double)s->lambda);
	if (s->max_delta_step != 0 && fabs(w) > (double)s->max_delta_step)
		w = copysign((double)s->max_delta_step, w);
	return (float)w;
}

float gain_of(const struct grow_settings *s, const struct sums *x)
{
	if (x->hess <= 0)
		return 0;
	if (s->max_delta_step == 0) {
		double grad = shrink(x->grad, s->alpha);
		return (float)(grad * grad) / (float)(x->hess + (double)s->lambda);
	}
	float w = weight_of(s, x), grad = (float)x->grad, hess = (float)x->hess;
	return -(2.0f * grad * w + (hess + s->lambda) * (w * w));
}

void split_better(struct split *best, const struct split *other)
{
	if (other->gain > best->gain || (other->gain == best->gain && other->gain > 0 && other->column < best->column))
		*best = *other;
}

struct search {
	const struct grow_settings *s;
	const struct bins *b;
	const struct sums *node;
	float own_gain;
	struct split *best;
};

typedef double pair __attribute__((vector_size(16)));
typedef float floats __attribute__((vector_size(16)));

/* Gains of both sides at once, by the short formula. */
static inline float plain_gain(pair left, pair right, float lambda)
{
	pair grad = {left[0], right[0]}, hess = {left[1], right[1]};
	grad *= grad;
	hess += (double)lambda;
	floats g = {(float)grad[0], (float)grad[1], 0, 0}, h = {(float)hess[0], (float)hess[1], 1, 1};
	floats both = g / h;
	return both[0] + both[1];
}

static inline float both_gains(const struct grow_settings *s, bool plain, pair left, pair right)
{
	if (plain)
		return plain_gain(left, right, s->lambda);
	struct sums l = {left[0], left[1]}, r = {right[0], right[1]};
	return gain_of(s, &l) + gain_of(s, &r);
}

/* Take the split between bin and bin + 1, or between bin - 1 and bin. */
static void take(const struct search *w, size_t column, int bin, bool upward, float gain, pair passed, pair rest)
{
	const struct cuts *cuts = &w->b->cuts;
	const float *values = cuts->values + cuts->first[column];
	struct sums a = {passed[0], passed[1]}, b = {rest[0], rest[1]};
	if (isinf(gain))
		return;
	*w->best = (struct split){
		.gain = gain,
		.column = (uint32_t)column,
		.bin = upward ? bin : bin - 1,
		.condition = upward ? values[bin] : bin ? values[bin - 1] : cuts->least[column],
		.missing_left = !upward,
		.left = upward ? a : b,
		.right = upward ? b : a,
	};
}

/* Walk one column; returns the sum over its bins. An empty bin changes neither
 * side, so it is no better than the one before it. */
static inline __attribute__((always_inline)) pair walk(const struct search *w, size_t column, const pair *hist,
						       bool upward, bool plain)
{
	const struct grow_settings *s = w->s;
	const pair node = {w->node->grad, w->node->hess};
	const double least = (double)s->min_child_weight;
	int n = (int)(w->b->cuts.first[column + 1] - w->b->cuts.first[column]);
	pair passed = {0, 0};
	for (int k = 0; k < n; k++) {
		int bin = upward ? k : n - 1 - k;
		pair here = hist[bin];
		if (k && here[0] == 0 && here[1] == 0)
			continue;
		passed += here;
		pair rest = node - passed;
		if (!(passed[1] >= least && rest[1] >= least))
			continue;
		float gain = (upward ? both_gains(s, plain, passed, rest) : both_gains(s, plain, rest, passed)) - w->own_gain;
		if (gain > w->best->gain)
			take(w, column, bin, upward, gain, passed, rest);
	}
	return passed;
}

static inline __attribute__((always_inline)) void search_columns(const struct search *w, const pair *hist,
								 const uint32_t *columns, size_t n, bool plain)
{
	for (size_t i = 0; i < n; i++) {
		size_t column = columns[i];
		const pair *bins = hist + w->b->slot[column];
		pair all = walk(w, column, bins, true, plain);
		/* Where nothing is missing both sums may still differ in their last
		 * bits; the library looks from above then, too. */
		if (all[0] != w->node->grad || all[1] != w->node->hess)
			(void)walk(w, column, bins, false, plain);
	}
}

void split_search(const struct grow_settings *s, const struct bins *b, const struct sums *hist,
		  const struct sums *node, float own_gain, const uint32_t *columns, size_t n, struct split *best)
{
	struct search w = {s, b, node, own_gain, best};
	if (s->plain)
		search_columns(&w, (const pair *)hist, columns, n, true);
	else
		search_columns(&w, (const pair *)hist, columns, n, false);
}
