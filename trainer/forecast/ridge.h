/* ridge.h - least squares with a penalty on the size of the coefficients:
 *
 *   minimise |y - a - Z b|^2 + alpha |b|^2,  Z = (x - mean) / deviation
 *
 * mean and deviation (with n, not n - 1) are those of the rows that it learns from; a
 * missing value is the mean; the intercept a is free. A column that never changes gets
 * no weight.
 */
#ifndef SAGETOP_TRAINER_RIDGE_H
#define SAGETOP_TRAINER_RIDGE_H

#include "base/json.h"

struct ridge {
	size_t n; /* columns */
	double intercept;
	double *means, *weights; /* prediction: intercept + sum weights (x - means) */
};
void ridge_free(struct ridge *r);
AUTO_POINTER(ridge, struct ridge, ridge_free)

/* x: row-major, columns wide; the rows that are named, y likewise. ERR_INVALID where there
 * are fewer than 2 rows. */
int ridge_fit(const double *x, size_t columns, const double *y, const size_t *rows, size_t n, double alpha,
	      struct ridge **ret, struct err *err) NODISCARD;
double ridge_predict(const struct ridge *r, const double *row);

/* As a model is stored: names of the columns with mean and weight. New reference. */
json_t *ridge_json(const struct ridge *r, const struct strlist *names) NODISCARD;
int ridge_parse(const json_t *doc, const struct strlist *names, struct ridge **ret, struct err *err) NODISCARD;

#endif
