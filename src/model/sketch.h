/* sketch.h - the distribution of a stream of numbers in bounded memory: a KLL sketch.
 *
 * Up to SKETCH_K numbers are kept as they are. Beyond, a full level is sorted and every
 * other of its numbers goes one level up, where it stands for twice as many; capacities
 * shrink by SKETCH_C from the top level down. A rank is then off by at most SKETCH_ERROR of
 * the count. Which half goes up is drawn by a generator with a fixed seed, so the same
 * stream gives the same sketch.
 */
#ifndef SAGETOP_MODEL_SKETCH_H
#define SAGETOP_MODEL_SKETCH_H

#include "base/mem.h"

#define SKETCH_K 2048
#define SKETCH_C 0.64
#define SKETCH_ERROR 0.005
#define SKETCH_LEVELS_MAX 60

struct sketch {
	size_t count;
	struct sketch_level { /* a number of level l stands for 2^l */
		double *items;
		size_t n, cap;
	} levels[SKETCH_LEVELS_MAX];
	size_t n_levels;
	size_t n_items, max_items; /* in all levels */
	uint64_t random;
};
void sketch_done(struct sketch *s);
AUTO_EMBEDDED(sketch, struct sketch, sketch_done)

/* A struct of zeros is an empty one. v is no NaN. */
void sketch_add(struct sketch *s, double v);

/* A distribution as what a sketch, or a file, holds of it: values in rising order, and the
 * weight of all up to each. */
struct sketch_points {
	struct sketch_point {
		double value, below; /* below: weight of the values up to this one, itself included */
	} * items;
	size_t n, cap;
};
void sketch_points_done(struct sketch_points *p);
AUTO_EMBEDDED(sketch_points, struct sketch_points, sketch_points_done)

void sketch_points(const struct sketch *s, struct sketch_points *ret);
/* One value with its weight, in any order; sketch_points_settle then sorts and sums. */
void sketch_points_add(struct sketch_points *p, double value, double weight);
void sketch_points_settle(struct sketch_points *p);

double sketch_points_total(const struct sketch_points *p);
/* The weight of values below v, with `equal` of those up to it. */
double sketch_points_rank(const struct sketch_points *p, double v, bool equal);
/* The largest distance of the two distribution functions, 0 to 1 (Kolmogorov and Smirnov's). */
double sketch_points_distance(const struct sketch_points *a, const struct sketch_points *b);

#endif
