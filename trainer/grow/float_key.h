/* float_key.h - floats as integers of the same order, for sorting by digits. */
#ifndef SAGETOP_TRAINER_FLOAT_KEY_H
#define SAGETOP_TRAINER_FLOAT_KEY_H

#include <stdint.h>
#include <string.h>

/* x is no NaN. -0 stands just before 0. */
static inline uint32_t float_key(float x)
{
	uint32_t u;

	memcpy(&u, &x, sizeof(u));
	return u & 0x80000000u ? ~u : u | 0x80000000u;
}

static inline float float_of_key(uint32_t k)
{
	float x;

	k = k & 0x80000000u ? k & 0x7FFFFFFFu : ~k;
	memcpy(&x, &k, sizeof(x));
	return x;
}

#endif
