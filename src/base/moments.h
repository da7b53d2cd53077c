/* moments.h - count, mean, deviation, least and greatest of numbers, in one pass.
 *
 * Welford's update, so that a large mean does not cost the deviation its digits; two of
 * them can be merged. A struct of zeros is one of no numbers.
 */
#ifndef SAGETOP_BASE_MOMENTS_H
#define SAGETOP_BASE_MOMENTS_H

#include <math.h>
#include <stddef.h>

struct moments {
	size_t count;
	double mean, m2, least, greatest; /* m2: sum of squared distances from the mean */
};

static inline void moments_add(struct moments *m, double v)
{
	double delta = v - m->mean;

	m->least = m->count && m->least < v ? m->least : v;
	m->greatest = m->count && m->greatest > v ? m->greatest : v;
	m->count++;
	m->mean += delta / (double)m->count;
	m->m2 += delta * (v - m->mean);
}

static inline void moments_merge(struct moments *a, const struct moments *b)
{
	double n = (double)a->count + (double)b->count, delta = b->mean - a->mean;

	if (!b->count)
		return;
	if (!a->count) {
		*a = *b;
		return;
	}
	a->m2 += b->m2 + delta * delta * (double)a->count * (double)b->count / n;
	a->mean += delta * (double)b->count / n;
	a->least = b->least < a->least ? b->least : a->least;
	a->greatest = b->greatest > a->greatest ? b->greatest : a->greatest;
	a->count += b->count;
}

/* Of the numbers themselves, and as they are a sample of more; 0 of a single one. */
static inline double moments_deviation(const struct moments *m)
{
	return m->count ? sqrt(m->m2 / (double)m->count) : 0;
}
static inline double moments_sample_deviation(const struct moments *m)
{
	return m->count > 1 ? sqrt(m->m2 / (double)(m->count - 1)) : 0;
}

#endif
