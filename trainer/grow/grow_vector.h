/* grow_vector.h - the vectors of the split searches: GCC's and clang's own, which
 * every processor has in some form; on x86-64 they are SSE2 registers. */
#ifndef SAGETOP_TRAINER_GROW_VECTOR_H
#define SAGETOP_TRAINER_GROW_VECTOR_H

#include <stdint.h>

typedef double pair __attribute__((vector_size(16)));
typedef float floats __attribute__((vector_size(16)));
typedef uint32_t words __attribute__((vector_size(16)));

static inline pair pair_of(double x)
{
	return (pair){x, x};
}

/* Two pairs as four floats. */
static inline floats join_floats(pair a, pair b)
{
	return (floats){(float)a[0], (float)a[1], (float)b[0], (float)b[1]};
}

/* Two masks of 64 bits a lane as one of 32. */
static inline words join_masks(words a, words b)
{
	return __builtin_shufflevector(a, b, 0, 2, 4, 6);
}

/* a where the mask is set, else b. */
static inline words choose(words mask, words a, words b)
{
	return (a & mask) | (b & ~mask);
}

#endif
