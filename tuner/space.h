/* space.h - what a tuning job may choose from: its ranges, and the unit cube in which
 * the strategies think.
 *
 * A value is a double: a number, or the index of a category. A code is the same in
 * [0, 1], behind the range's scaling; every integer and every category has an equal
 * (for a logarithmic range: logarithmic) share of it and the middle of that share is
 * its code.
 */
#ifndef SAGETOP_TUNER_SPACE_H
#define SAGETOP_TUNER_SPACE_H

#include "base/str.h"

#define TUNER_MAX_RANGES 30 /* the service's limit */

enum tuner_type { TUNER_INTEGER, TUNER_CONTINUOUS, TUNER_CATEGORICAL };
enum tuner_scale { TUNER_LINEAR, TUNER_LOG, TUNER_REVERSE_LOG };

struct tuner_range {
	char *name;
	enum tuner_type type;
	enum tuner_scale scale;
	double low, high;     /* both can be chosen */
	struct strlist words; /* the categories */
};

struct tuner_space {
	struct tuner_range *ranges;
	size_t n, cap;
};

void tuner_space_done(struct tuner_space *s);
AUTO_EMBEDDED(tuner_space, struct tuner_space, tuner_space_done)

/* Appends one whose members are still to be set; borrowed, until the next. */
struct tuner_range *tuner_space_add(struct tuner_space *s, const char *name, enum tuner_type type);
/* The scaling that ScalingType names for this range ("Auto" and NULL: logarithmic where
 * the bounds lie two orders of magnitude apart). ERR_INVALID where it cannot be had:
 * log of 0, a reverse log beyond [0, 1), or of integers. */
int tuner_range_set_scale(struct tuner_range *r, const char *name, struct err *err) NODISCARD;

double tuner_range_code(const struct tuner_range *r, double value);
double tuner_range_value(const struct tuner_range *r, double code);
/* As a hyperparameter says it. Owned by the caller. */
char *tuner_range_text(const struct tuner_range *r, double value) NODISCARD;
/* False where the text is none of the range's values. */
bool tuner_range_parse(const struct tuner_range *r, const char *text, double *ret);

/* How many different points there are; INFINITY with a continuous range. */
double tuner_space_size(const struct tuner_space *s);
/* Point `index` of all, the last range runs fastest. For spaces of a finite size. */
void tuner_space_point(const struct tuner_space *s, uint64_t index, double *values);
bool tuner_space_same(const struct tuner_space *s, const double *a, const double *b);

#endif
