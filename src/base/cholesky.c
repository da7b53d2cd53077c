/* Cholesky's decomposition, and the solution by it. */
#include "base/cholesky.h"

#include <math.h>

void cholesky_decompose(double *gram, size_t n, double least)
{
	for (size_t k = 0; k < n; k++) {
		double *line = gram + k * n, pivot = line[k];

		if (pivot <= least) {
			for (size_t j = k; j < n; j++)
				line[j] = 0;
			line[k] = INFINITY;
			continue;
		}
		pivot = sqrt(pivot);
		for (size_t j = k; j < n; j++)
			line[j] /= pivot;
		for (size_t i = k + 1; i < n; i++) {
			double factor = line[i], *below = gram + i * n;

			for (size_t j = i; j < n; j++)
				below[j] -= factor * line[j];
		}
	}
}

void cholesky_solve(const double *u, size_t n, double *b)
{
	for (size_t i = 0; i < n; i++) {
		if (isinf(u[i * n + i])) {
			b[i] = 0;
			continue;
		}
		b[i] /= u[i * n + i];
		for (size_t j = i + 1; j < n; j++)
			b[j] -= u[i * n + j] * b[i];
	}
	for (size_t i = n; i-- > 0;) {
		double sum = b[i];

		if (isinf(u[i * n + i]))
			continue;
		for (size_t j = i + 1; j < n; j++)
			sum -= u[i * n + j] * b[j];
		b[i] = sum / u[i * n + i];
	}
}
