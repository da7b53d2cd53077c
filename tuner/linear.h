/* linear.h - the linear algebra of a Gaussian process: LAPACK, opened with the first
 * proposal. Matrices are n x n doubles, column by column; of a symmetric one the lower
 * triangle is read and written.
 */
#ifndef SAGETOP_TUNER_LINEAR_H
#define SAGETOP_TUNER_LINEAR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* Once, before any other call. ERR_IO where there is no LAPACK. */
int linear_open(struct err *err) NODISCARD;

/* A = L L'; false where A is not positive definite. */
bool linear_factor(double *a, size_t n) NODISCARD;
/* The inverse of A out of its factor, in its place. */
bool linear_invert(double *factor, size_t n) NODISCARD;
/* b becomes L^-1 b, or L'^-1 b where transposed; it has `columns` columns of n. */
void linear_solve(const double *factor, size_t n, bool transposed, double *b, size_t columns);

#endif
