/* Sobol's sequence. */
#include "tuner/sobol.h"

/* Whether the polynomial (bit i: the coefficient of x^i) of this degree generates
 * all non-zero remainders: x has the order 2^degree - 1. */
static bool is_primitive(uint32_t polynomial, int degree)
{
	uint32_t x = 1, order = 0;

	do {
		x <<= 1;
		if (x >> degree & 1)
			x ^= polynomial;
		order++;
	} while (x != 1 && x && order <= 1u << degree);
	return x == 1 && order == (1u << degree) - 1;
}

/* The next primitive polynomial behind *polynomial; returns its degree. */
static int next_primitive(uint32_t *polynomial)
{
	for (;;) {
		int degree;

		*polynomial += 2;
		degree = 31 - __builtin_clz(*polynomial);
		if (is_primitive(*polynomial, degree))
			return degree;
	}
}

static void set_directions(uint32_t *v, uint32_t polynomial, int degree, struct tuner_random *random)
{
	for (int i = 0; i < 32; i++) {
		if (i < degree) {
			/* An odd number below 2^(i+1). */
			uint32_t m = (uint32_t)(tuner_random_next(random) >> 32 & ((1u << i) - 1)) << 1 | 1;

			v[i] = m << (31 - i);
			continue;
		}
		v[i] = v[i - degree] ^ v[i - degree] >> degree;
		for (int k = 1; k < degree; k++) {
			if (polynomial >> (degree - k) & 1)
				v[i] ^= v[i - k];
		}
	}
}

void tuner_sobol_begin(struct tuner_sobol *s, size_t dims, struct tuner_random *random)
{
	uint32_t polynomial = 1; /* the next is x + 1 */

	s->dims = dims;
	for (size_t d = 0; d < dims; d++) {
		if (d == 0) {
			for (int i = 0; i < 32; i++)
				s->directions[0][i] = 1u << (31 - i);
		} else {
			int degree = next_primitive(&polynomial);

			set_directions(s->directions[d], polynomial, degree, random);
		}
		s->shift[d] = (uint32_t)(tuner_random_next(random) >> 32);
	}
}

void tuner_sobol_point(const struct tuner_sobol *s, uint32_t i, double *point)
{
	for (size_t d = 0; d < s->dims; d++) {
		uint32_t bits = s->shift[d];

		for (int k = 0; i >> k; k++) {
			if (i >> k & 1)
				bits ^= s->directions[d][k];
		}
		point[d] = ((double)bits + 0.5) * 0x1p-32;
	}
}
