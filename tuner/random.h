/* random.h - the tuner's random numbers: xoshiro256** seeded by splitmix64, so that
 * the same seed gives the same children on every machine.
 */
#ifndef SAGETOP_TUNER_RANDOM_H
#define SAGETOP_TUNER_RANDOM_H

#include <math.h>
#include <stdint.h>

struct tuner_random {
	uint64_t s[4];
};

static inline uint64_t tuner_random_mix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* A stream of its own for every pair of seed and number. */
static inline void tuner_random_begin(struct tuner_random *r, uint64_t seed, uint64_t number)
{
	uint64_t state = seed;

	state = tuner_random_mix(&state) ^ number * 0xd1342543de82ef95u;
	for (int i = 0; i < 4; i++)
		r->s[i] = tuner_random_mix(&state);
}

static inline uint64_t tuner_random_next(struct tuner_random *r)
{
	uint64_t *s = r->s, x = s[1] * 5, t = s[1] << 17, out = (x << 7 | x >> 57) * 9;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = s[3] << 45 | s[3] >> 19;
	return out;
}

/* In [0, 1). */
static inline double tuner_random_unit(struct tuner_random *r)
{
	return (double)(tuner_random_next(r) >> 11) * 0x1p-53;
}

static inline double tuner_random_normal(struct tuner_random *r)
{
	double u = 1 - tuner_random_unit(r), v = tuner_random_unit(r);

	return sqrt(-2 * log(u)) * cos(2 * M_PI * v);
}

#endif
