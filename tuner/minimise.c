/* L-BFGS in a box. */
#include "tuner/minimise.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

#define MEMORY 8
#define TOLERANCE 1e-6

struct memory {
	double steps[MEMORY][MINIMISE_MAX_DIMS], changes[MEMORY][MINIMISE_MAX_DIMS], rho[MEMORY];
	int n; /* all that were ever kept; the last MEMORY stand */
};

static double dot(const double *a, const double *b, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* direction = - H gradient, by the two loops over what is remembered. */
static void find_direction(const struct memory *m, size_t n, const double *gradient, double *direction)
{
	double weights[MEMORY];
	int first = MAX(0, m->n - MEMORY);

	for (size_t i = 0; i < n; i++)
		direction[i] = -gradient[i];
	for (int k = m->n - 1; k >= first; k--) {
		int at = k % MEMORY;

		weights[at] = m->rho[at] * dot(m->steps[at], direction, n);
		for (size_t i = 0; i < n; i++)
			direction[i] -= weights[at] * m->changes[at][i];
	}
	if (m->n) {
		int at = (m->n - 1) % MEMORY;
		double scale = 1 / (m->rho[at] * dot(m->changes[at], m->changes[at], n));

		for (size_t i = 0; i < n; i++)
			direction[i] *= scale;
	}
	for (int k = first; k < m->n; k++) {
		int at = k % MEMORY;
		double change = weights[at] - m->rho[at] * dot(m->changes[at], direction, n);

		for (size_t i = 0; i < n; i++)
			direction[i] += change * m->steps[at][i];
	}
}

static void remember(struct memory *m, size_t n, const double *from, const double *to, const double *gradient_from,
		     const double *gradient_to)
{
	int at = m->n % MEMORY;

	for (size_t i = 0; i < n; i++) {
		m->steps[at][i] = to[i] - from[i];
		m->changes[at][i] = gradient_to[i] - gradient_from[i];
	}
	double curvature = dot(m->steps[at], m->changes[at], n);

	if (curvature <= 1e-12)
		return;
	m->rho[at] = 1 / curvature;
	m->n++;
}

/* What leads out of the box is no direction. Returns the slope along the rest. */
static double keep_inside(size_t n, const double *x, const double *low, const double *high, const double *gradient,
			  double *direction)
{
	for (size_t i = 0; i < n; i++) {
		if ((x[i] <= low[i] && direction[i] < 0) || (x[i] >= high[i] && direction[i] > 0))
			direction[i] = 0;
	}
	return dot(direction, gradient, n);
}

double minimise(minimise_fn *fn, void *user, size_t n, double *x, const double *low, const double *high, int max_calls)
{
	double gradient[MINIMISE_MAX_DIMS], next[MINIMISE_MAX_DIMS], next_gradient[MINIMISE_MAX_DIMS],
		direction[MINIMISE_MAX_DIMS];
	struct memory m = {.n = 0};
	double value = fn(user, x, gradient);
	int calls = 1;

	while (calls < max_calls && isfinite(value)) {
		find_direction(&m, n, gradient, direction);
		double slope = keep_inside(n, x, low, high, gradient, direction), step = 1, moved = 0, found = value;

		if (slope >= 0) {
			if (!m.n)
				break;
			m.n = 0; /* what is remembered misleads */
			continue;
		}
		if (!m.n)
			step = MIN(1, 0.5 / sqrt(dot(direction, direction, n)));
		while (calls < max_calls) {
			for (size_t i = 0; i < n; i++)
				next[i] = MIN(MAX(x[i] + step * direction[i], low[i]), high[i]);
			found = fn(user, next, next_gradient);
			calls++;
			if (isfinite(found) && found <= value + 1e-4 * step * slope)
				break;
			step *= isfinite(found) ? 0.4 : 0.1;
			if (step < 1e-8)
				return value;
		}
		if (!(found < value))
			break;
		remember(&m, n, x, next, gradient, next_gradient);
		for (size_t i = 0; i < n; i++)
			moved = MAX(moved, fabs(next[i] - x[i]));
		double gained = value - found;

		memcpy(x, next, n * sizeof(*x));
		memcpy(gradient, next_gradient, n * sizeof(*x));
		value = found;
		if (gained < TOLERANCE * (1 + fabs(value)) && moved < 1e-3)
			break;
	}
	return value;
}
