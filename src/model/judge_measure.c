/* judge_measure.c - a column's errors, rank correlation by slate, and intervals. */
#include "model/judge_impl.h"

double judge_quantile(const double *sorted, size_t n, double f)
{
	double at = f * (double)(n - 1), below = floor(at);
	size_t i = (size_t)below;

	return i + 1 < n ? sorted[i] + (at - below) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

/* --- rank correlation --------------------------------------------------------- */

static int compare_ranked(const void *pa, const void *pb)
{
	const struct judge_ranked *a = pa, *b = pb;

	return (a->value > b->value) - (a->value < b->value);
}

/* Ranks from 1, equal values share their mean one; false where all are equal. */
static bool rank_values(const double *values, size_t n, struct judge_ranked *sorted, double *ret)
{
	for (size_t i = 0; i < n; i++)
		sorted[i] = (struct judge_ranked){values[i], (uint32_t)i};
	qsort(sorted, n, sizeof(*sorted), compare_ranked);
	for (size_t from = 0, to; from < n; from = to) {
		for (to = from + 1; to < n && sorted[to].value == sorted[from].value; to++)
			;
		for (size_t k = from; k < to; k++)
			ret[sorted[k].at] = (double)(from + 1 + to) / 2;
	}
	return sorted[0].value != sorted[n - 1].value;
}

/* Of the n pairs in room->a and b; NAN where it has no meaning. */
static double spearman(struct judge_room *room, size_t n)
{
	double mean = (double)(n + 1) / 2, ab = 0, aa = 0, bb = 0;

	if (n < 3 || !rank_values(room->a, n, room->ranked, room->ranks_a) ||
	    !rank_values(room->b, n, room->ranked, room->ranks_b))
		return NAN;
	for (size_t i = 0; i < n; i++) {
		double a = room->ranks_a[i] - mean, b = room->ranks_b[i] - mean;
		ab += a * b;
		aa += a * a;
		bb += b * b;
	}
	return ab / sqrt(aa * bb);
}

static void measure_ranks(const struct judge_input *in, struct judge_pick pick, const double *values,
			  struct judge_room *room, struct judge_measures *ret)
{
	const uint32_t *slate = in->of[JUDGE_BY_SLATE];
	double sum = 0;

	for (size_t i = 0; i < pick.n;) {
		uint32_t of = slate[pick.rows[i]];
		size_t n = 0;
		for (; i < pick.n && slate[pick.rows[i]] == of; i++) {
			uint32_t row = pick.rows[i];
			if (!judge_counts(in, values, row))
				continue;
			room->a[n] = values[row];
			room->b[n++] = in->actual[row];
		}
		double r = spearman(room, n);
		if (isnan(r))
			continue;
		sum += r;
		ret->rank_slates++;
	}
	ret->rank = ret->rank_slates ? sum / (double)ret->rank_slates : NAN;
}

void judge_measure(const struct judge_input *in, struct judge_pick pick, const double *values, struct judge_room *room,
		   struct judge_measures *ret)
{
	double absolute = 0, square = 0, sum = 0, scaled = 0;

	*ret = (struct judge_measures){0};
	for (size_t i = 0; i < pick.n; i++) {
		uint32_t row = pick.rows[i];
		if (!judge_counts(in, values, row))
			continue;
		double error = values[row] - in->actual[row];
		ret->n++;
		absolute += fabs(error);
		square += error * error;
		sum += error;
		if (in->scale[row] > 0) {
			ret->mase_n++;
			scaled += fabs(error) / in->scale[row];
		}
	}
	ret->mae = ret->n ? absolute / (double)ret->n : NAN;
	ret->rmse = ret->n ? sqrt(square / (double)ret->n) : NAN;
	ret->bias = ret->n ? sum / (double)ret->n : NAN;
	ret->mase = ret->mase_n ? scaled / (double)ret->mase_n : NAN;
	measure_ranks(in, pick, values, room, ret);
}

void judge_measure_intervals(const struct judge_input *in, struct judge_pick pick, struct judge_intervals *ret)
{
	double width = 0, outside = 0;
	size_t covered = 0;

	*ret = (struct judge_intervals){0};
	for (size_t i = 0; i < pick.n; i++) {
		uint32_t row = pick.rows[i];
		if (!judge_counts(in, in->prediction, row) || isnan(in->low[row]))
			continue;
		double y = in->actual[row], low = in->low[row], high = in->high[row];
		ret->n++;
		width += high - low;
		outside += y < low ? low - y : y > high ? y - high : 0;
		covered += low <= y && y <= high;
	}
	double n = (double)ret->n;
	ret->coverage = ret->n ? (double)covered / n : NAN;
	ret->width = ret->n ? width / n : NAN;
	ret->score = ret->n ? (width + 2 / (1 - in->coverage) * outside) / n : NAN;
}
