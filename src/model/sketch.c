/* sketch.c - a KLL sketch: see sketch.h. */
#include "model/sketch.h"

#include <math.h>

#include "base/doubles.h"

#define CAPACITY_MIN 8

void sketch_done(struct sketch *s)
{
	for (size_t i = 0; i < s->n_levels; i++)
		free(s->levels[i].items);
	*s = (struct sketch){0};
}

static size_t capacity(const struct sketch *s, size_t level)
{
	double c = ceil(SKETCH_K * pow(SKETCH_C, (double)(s->n_levels - 1 - level)));

	return MAX((size_t)c, (size_t)CAPACITY_MIN);
}

static void add_level(struct sketch *s)
{
	s->n_levels++;
	s->max_items = 0;
	for (size_t i = 0; i < s->n_levels; i++)
		s->max_items += capacity(s, i);
}

static void push(struct sketch_level *l, double v)
{
	GROW(l->items, l->cap, l->n + 1);
	l->items[l->n++] = v;
}

/* xorshift64*: one bit. */
static size_t draw(struct sketch *s)
{
	s->random = s->random ? s->random : 0x9E3779B97F4A7C15U;
	s->random ^= s->random >> 12;
	s->random ^= s->random << 25;
	s->random ^= s->random >> 27;
	return (size_t)((s->random * 0x2545F4914F6CDD1DU) >> 63);
}

/* Half of a level's numbers go up; of an odd number the greatest stays, so that the weight
 * of all is their count. */
static void compact(struct sketch *s, size_t level)
{
	if (level + 1 == s->n_levels)
		add_level(s);

	struct sketch_level *l = &s->levels[level], *up = &s->levels[level + 1];
	size_t pairs = l->n / 2;

	doubles_sort(l->items, l->n);
	for (size_t i = draw(s); i < pairs * 2; i += 2)
		push(up, l->items[i]);
	if (l->n % 2)
		l->items[0] = l->items[l->n - 1];
	l->n %= 2;
	s->n_items -= pairs;
}

void sketch_add(struct sketch *s, double v)
{
	if (!s->n_levels)
		add_level(s);
	if (s->n_items >= s->max_items) {
		for (size_t i = 0; i < s->n_levels; i++)
			if (s->levels[i].n >= capacity(s, i)) {
				compact(s, i);
				break;
			}
	}
	push(&s->levels[0], v);
	s->n_items++;
	s->count++;
}

/* --- distributions ------------------------------------------------------------------- */

void sketch_points_done(struct sketch_points *p)
{
	free(p->items);
	*p = (struct sketch_points){0};
}

void sketch_points_add(struct sketch_points *p, double value, double weight)
{
	GROW(p->items, p->cap, p->n + 1);
	p->items[p->n++] = (struct sketch_point){value, weight};
}

static int compare_points(const void *pa, const void *pb)
{
	const struct sketch_point *a = pa, *b = pb;

	return (a->value > b->value) - (a->value < b->value);
}

void sketch_points_settle(struct sketch_points *p)
{
	size_t n = 0;

	if (!p->n)
		return;
	qsort(p->items, p->n, sizeof(*p->items), compare_points);
	for (size_t i = 1; i < p->n; i++) {
		p->items[i].below += p->items[n].below;
		if (p->items[i].value > p->items[n].value)
			n++;
		p->items[n] = p->items[i];
	}
	p->n = n + 1;
}

void sketch_points(const struct sketch *s, struct sketch_points *ret)
{
	for (size_t l = 0; l < s->n_levels; l++)
		for (size_t i = 0; i < s->levels[l].n; i++)
			sketch_points_add(ret, s->levels[l].items[i], ldexp(1, (int)l));
	sketch_points_settle(ret);
}

double sketch_points_total(const struct sketch_points *p)
{
	return p->n ? p->items[p->n - 1].below : 0;
}

double sketch_points_rank(const struct sketch_points *p, double v, bool equal)
{
	size_t low = 0, high = p->n; /* those before low count, those from high on do not */

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (p->items[middle].value < v || (equal && p->items[middle].value <= v))
			low = middle + 1;
		else
			high = middle;
	}
	return low ? p->items[low - 1].below : 0;
}

double sketch_points_distance(const struct sketch_points *a, const struct sketch_points *b)
{
	double total_a = sketch_points_total(a), total_b = sketch_points_total(b), below_a = 0, below_b = 0, most = 0;

	for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
		double v = MIN(a->items[i].value, b->items[k].value);

		if (a->items[i].value <= v)
			below_a = a->items[i++].below / total_a;
		if (b->items[k].value <= v)
			below_b = b->items[k++].below / total_b;
		most = MAX(most, fabs(below_a - below_b));
	}
	return most;
}
