/* The best split of a node: every column's bins are walked from below and, where
 * cells are missing, from above. Sums are doubles, gains floats, as in libxgboost
 * (src/tree/param.h, split_evaluator.h, hist/evaluate_splits.h). */
#include <math.h>

#include "trainer/grow/grow_impl.h"
#include "trainer/grow/grow_vector.h"

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
		.condition = upward ? values[bin]
			     : bin  ? values[bin - 1]
				    : cuts->least[column],
		.missing_left = !upward,
		.left = upward ? a : b,
		.right = upward ? b : a,
	};
}

/* Walk one column; returns the sum over its bins. */
static pair walk(const struct search *w, size_t column, const pair *hist, bool upward)
{
	const struct grow_settings *s = w->s;
	const double least = (double)s->min_child_weight;
	int n = (int)(w->b->cuts.first[column + 1] - w->b->cuts.first[column]);

	pair passed = {0, 0};
	for (int k = 0; k < n; k++) {
		int bin = upward ? k : n - 1 - k;
		passed += hist[bin];
		pair rest = (pair){w->node->grad, w->node->hess} - passed;
		if (!(passed[1] >= least && rest[1] >= least))
			continue;
		struct sums a = {passed[0], passed[1]}, b = {rest[0], rest[1]};
		float gain = gain_of(s, &a) + gain_of(s, &b) - w->own_gain;
		if (gain > w->best->gain)
			take(w, column, bin, upward, gain, passed, rest);
	}
	return passed;
}

/* --- the same by the short formula, four bins at a time ------------------------------- */

#define RUN 256 /* bins looked at together */

/* Bins that are not empty, in the order of the walk. An empty one changes neither
 * side, so it is no better than the one before it. */
struct run {
	size_t n;
	int bin[RUN];
	double grad[RUN + 4], hess[RUN + 4]; /* of the bin; then summed up to it */
	float gain[RUN + 4];
};

static void run_fill(struct run *r, const pair *hist, int first, int end, bool upward)
{
	size_t n = 0;
	int bin = upward ? first : end - 1, step = upward ? 1 : -1;

	for (int k = first; k < end; k++, bin += step) {
		int64_t bits[2];
		memcpy(bits, &hist[bin], sizeof(bits));
		r->bin[n] = bin;
		memcpy(&r->grad[n], &bits[0], sizeof(double));
		memcpy(&r->hess[n], &bits[1], sizeof(double));
		n += (uint64_t)(bits[0] | bits[1]) << 1 != 0; /* -0 is 0 */
	}
	r->n = n;
}

static pair run_sum(struct run *r, pair passed)
{
	size_t n = r->n;

	for (size_t i = 0; i < n; i++) {
		passed += (pair){r->grad[i], r->hess[i]};
		r->grad[i] = passed[0];
		r->hess[i] = passed[1];
	}
	for (size_t i = n; i < n + 4; i++)
		r->grad[i] = r->hess[i] = 0; /* too light to be taken */
	return passed;
}

/* The greatest gain of the run, -inf where no split is allowed. */
static float run_gains(struct run *r, const struct search *w)
{
	const pair lambda = pair_of((double)w->s->lambda), least = pair_of((double)w->s->min_child_weight);
	const floats none = {-INFINITY, -INFINITY, -INFINITY, -INFINITY};
	floats most = none;

	for (size_t i = 0; i < r->n; i += 4) {
		pair grad[2], hess[2];
		memcpy(grad, r->grad + i, sizeof(grad));
		memcpy(hess, r->hess + i, sizeof(hess));
		pair rest0 = w->node->hess - hess[0], rest1 = w->node->hess - hess[1];
		words allowed = join_masks((words)(hess[0] >= least) & (words)(rest0 >= least),
					   (words)(hess[1] >= least) & (words)(rest1 >= least));
		floats below = join_floats(grad[0] * grad[0], grad[1] * grad[1]) /
			       join_floats(hess[0] + lambda, hess[1] + lambda);
		grad[0] = w->node->grad - grad[0];
		grad[1] = w->node->grad - grad[1];
		floats above =
			join_floats(grad[0] * grad[0], grad[1] * grad[1]) / join_floats(rest0 + lambda, rest1 + lambda);
		floats gain = (floats)choose(allowed, (words)(below + above - w->own_gain), (words)none);
		memcpy(r->gain + i, &gain, sizeof(gain));
		most = (floats)choose((words)(gain > most), (words)gain, (words)most);
	}
	return fmaxf(fmaxf(most[0], most[1]), fmaxf(most[2], most[3]));
}

/* As walk. */
static pair walk_runs(const struct search *w, size_t column, const pair *hist, bool upward)
{
	struct run r;
	int n = (int)(w->b->cuts.first[column + 1] - w->b->cuts.first[column]);

	pair passed = {0, 0};
	for (int done = 0; done < n; done += RUN) {
		int here = MIN(RUN, n - done), first = upward ? done : n - done - here;
		run_fill(&r, hist, first, first + here, upward);
		passed = run_sum(&r, passed);
		float most = run_gains(&r, w);
		if (isinf(most) && most > 0)
			return walk(w, column, hist, upward); /* it takes finite gains only */
		if (!(most > w->best->gain))
			continue;
		size_t i = 0;
		while (r.gain[i] != most)
			i++;
		pair sum = {r.grad[i], r.hess[i]};
		take(w, column, r.bin[i], upward, most, sum, (pair){w->node->grad, w->node->hess} - sum);
	}
	return passed;
}

void split_search(const struct grow_settings *s, const struct bins *b, const struct sums *hist, const struct sums *node,
		  float own_gain, const uint32_t *columns, size_t n, struct split *best)
{
	struct search w = {s, b, node, own_gain, best};

	for (size_t i = 0; i < n; i++) {
		const pair *bins = (const pair *)hist + b->slot[columns[i]];
		pair (*step)(const struct search *, size_t, const pair *, bool) = s->plain ? walk_runs : walk;
		pair all = step(&w, columns[i], bins, true);
		/* Where nothing is missing both sums may still differ in their last
		 * bits; the library looks from above then, too. */
		if (all[0] != node->grad || all[1] != node->hess)
			(void)step(&w, columns[i], bins, false);
	}
}
