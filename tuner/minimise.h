/* minimise.h - a smooth function's minimum within a box: L-BFGS whose steps are put
 * back into the box.
 */
#ifndef SAGETOP_TUNER_MINIMISE_H
#define SAGETOP_TUNER_MINIMISE_H

#include <stddef.h>

#define MINIMISE_MAX_DIMS 40

/* The value at x; its gradient goes into `gradient`. INFINITY where there is none. */
typedef double minimise_fn(void *user, const double *x, double *gradient);

/* From x, within low and high, by at most max_calls calls; x is then the best point,
 * whose value is returned. */
double minimise(minimise_fn *fn, void *user, size_t n, double *x, const double *low, const double *high, int max_calls);

#endif
