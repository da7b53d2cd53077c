/* gp.h - a Gaussian process over the unit cube: Matérn-5/2 with a length for every
 * range, constant mean, noise. Two categories are either the same or one step apart.
 *
 * Lengths and noise are those of the highest posterior (L-BFGS on the marginal
 * likelihood with weak priors); mean and variance follow from them. Points without a
 * value (children that still run) join at their posterior mean, so that they lower
 * the variance around them and change no prediction.
 */
#ifndef SAGETOP_TUNER_GP_H
#define SAGETOP_TUNER_GP_H

#include "tuner/space.h"

#define GP_MAX_POINTS 256

struct gp {
	const struct tuner_space *space;
	size_t n, n_known;			 /* points, and how many of them, in front, have a value */
	double *codes;				 /* n x ranges, row by row */
	double *values;				 /* n_known; those behind it are filled in */
	double *factor;				 /* n x n */
	double *weights;			 /* K^-1 (y - mean) */
	double lengths[TUNER_MAX_RANGES], noise; /* noise: in units of variance */
	double mean, variance;
};

/* Copies codes (n <= GP_MAX_POINTS rows) and values (n_known, at least 2). ERR_INTERNAL where no
 * covariance of these points can be factored. */
int gp_fit(struct gp *g, const struct tuner_space *space, const double *codes, size_t n, const double *values,
	   size_t n_known, struct err *err) NODISCARD;
void gp_done(struct gp *g);

/* Mean and standard deviation at m points, row by row. */
void gp_predict(const struct gp *g, const double *codes, size_t m, double *mean, double *deviation);
/* At one point, with the gradients by its codes. */
void gp_predict_slope(const struct gp *g, const double *code, double *mean, double *deviation, double *mean_slope,
		      double *deviation_slope);

#endif
