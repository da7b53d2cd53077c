/* sobol.h - a scrambled Sobol sequence: points that fill the unit cube evenly however
 * few of them are taken.
 *
 * Primitive polynomials are found by counting; the free direction numbers and the
 * digital shift are drawn, which is the scrambling.
 */
#ifndef SAGETOP_TUNER_SOBOL_H
#define SAGETOP_TUNER_SOBOL_H

#include <stddef.h>

#include "tuner/random.h"
#include "tuner/space.h"

struct tuner_sobol {
	size_t dims;
	uint32_t directions[TUNER_MAX_RANGES][32], shift[TUNER_MAX_RANGES];
};

void tuner_sobol_begin(struct tuner_sobol *s, size_t dims, struct tuner_random *random);
/* Point i in [0, 1) per dimension. */
void tuner_sobol_point(const struct tuner_sobol *s, uint32_t i, double *point);

#endif
