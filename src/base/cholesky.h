/* cholesky.h - symmetric systems of equations, a few hundred unknowns at most: what a ridge
 * needs. A linear algebra library would bring megabytes for thirty lines. */
#ifndef SAGETOP_BASE_CHOLESKY_H
#define SAGETOP_BASE_CHOLESKY_H

#include <stddef.h>

/* gram (n x n, row-major, its upper triangle is read) = U'U in place; a column whose pivot is
 * at most `least` is taken out of the system: its pivot becomes infinite. */
void cholesky_decompose(double *gram, size_t n, double least);
/* U'U x = b in place, by what cholesky_decompose left; 0 for what was taken out. */
void cholesky_solve(const double *u, size_t n, double *b);

#endif
