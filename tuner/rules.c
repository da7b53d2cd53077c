/* Rules that end children and tuning jobs. */
#include "tuner/rules.h"

#include <math.h>

#include "base/doubles.h"
#include "base/mem.h"

static double median_of(double *values, size_t n)
{
	doubles_sort(values, n);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

bool tuner_median_stops(const struct tuner_curve *children, size_t n, size_t which, bool maximise, double *ret_median)
{
	size_t epoch = children[which].n, count = 0;
	double *averages = xcalloc(MAX(n, 1), sizeof(*averages));
	bool stops = false;

	for (size_t i = 0; epoch && i < n; i++) {
		double sum = 0;

		if (i == which || !children[i].over || children[i].n < epoch)
			continue;
		for (size_t k = 0; k < epoch; k++)
			sum += children[i].values[k];
		averages[count++] = sum / (double)epoch;
	}
	if (count >= TUNER_MEDIAN_MIN) {
		double now = children[which].values[epoch - 1], median = median_of(averages, count);

		stops = maximise ? now < median : now > median;
		*ret_median = median;
	}
	free(averages);
	return stops;
}

size_t tuner_rung(size_t epochs, size_t min, size_t max)
{
	size_t rung = 0;

	for (size_t next = MAX(min, 1); next <= epochs && next < max; next *= TUNER_REDUCTION)
		rung = next;
	return rung;
}

bool tuner_halving_stops(const struct tuner_curve *children, size_t n, size_t which, size_t rung, bool maximise)
{
	double own = children[which].values[rung - 1];
	size_t reached = 0, better = 0;

	for (size_t i = 0; i < n; i++) {
		if (children[i].n < rung)
			continue;
		reached++;
		better += maximise ? children[i].values[rung - 1] > own : children[i].values[rung - 1] < own;
	}
	return reached >= TUNER_REDUCTION && better >= reached / TUNER_REDUCTION;
}

static bool improves(double next, double best, double by, bool maximise)
{
	return maximise ? next > best + by : next < best - by;
}

/* Children since the last one that improved the best by 1 %. */
static size_t count_idle(const double *objectives, size_t n, bool maximise)
{
	double best = objectives[0];
	size_t idle = 0;

	for (size_t i = 1; i < n; i++) {
		idle++;
		if (improves(objectives[i], best, 0.01 * fabs(best), maximise)) {
			best = objectives[i];
			idle = 0;
		}
	}
	return idle;
}

static bool has_converged(const double *objectives, size_t n, size_t ranges, bool maximise)
{
	size_t last = MAX((size_t)10, 2 * ranges), before = n > last ? n - last : 0;
	double low = n ? objectives[0] : 0, high = low;

	if (before < last)
		return false;
	for (size_t i = 0; i < before; i++) {
		low = MIN(low, objectives[i]);
		high = MAX(high, objectives[i]);
	}
	double best = maximise ? high : low;

	for (size_t i = before; i < n; i++) {
		if (improves(objectives[i], best, 0.001 * (high - low), maximise))
			return false;
	}
	return true;
}

enum tuner_end tuner_completion(const struct tuner_criteria *c, const double *objectives, size_t n, size_t ranges,
				bool maximise)
{
	if (!n)
		return TUNER_GOES_ON;
	for (size_t i = 0; c->has_target && i < n; i++) {
		if (maximise ? objectives[i] >= c->target : objectives[i] <= c->target)
			return TUNER_TARGET_REACHED;
	}
	if (c->not_improving && count_idle(objectives, n, maximise) >= c->not_improving)
		return TUNER_NOT_IMPROVING;
	return c->convergence && has_converged(objectives, n, ranges, maximise) ? TUNER_CONVERGED : TUNER_GOES_ON;
}
