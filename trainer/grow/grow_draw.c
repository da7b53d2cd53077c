/* Random numbers as the C++ library of libxgboost draws them: std::mt19937, the
 * pairwise std::shuffle, and the generator of the row sampling. */
#include "trainer/grow/grow_impl.h"

void mt19937_seed(struct mt19937 *m, uint32_t seed)
{
	m->state[0] = seed;
	for (uint32_t i = 1; i < 624; i++)
		m->state[i] = 1812433253u * (m->state[i - 1] ^ m->state[i - 1] >> 30) + i;
	m->at = 624;
}

static void mt19937_turn(struct mt19937 *m)
{
	uint32_t *s = m->state;

	for (unsigned i = 0; i < 624; i++) {
		uint32_t y = (s[i] & 0x80000000u) | (s[(i + 1) % 624] & 0x7FFFFFFFu);
		s[i] = s[(i + 397) % 624] ^ y >> 1 ^ (y & 1 ? 0x9908B0DFu : 0);
	}
	m->at = 0;
}

uint32_t mt19937_next(struct mt19937 *m)
{
	if (m->at >= 624)
		mt19937_turn(m);
	uint32_t y = m->state[m->at++];
	y ^= y >> 11;
	y ^= y << 7 & 0x9D2C5680u;
	y ^= y << 15 & 0xEFC60000u;
	return y ^ y >> 18;
}

/* Evenly from 0 .. range - 1, by multiplication (Lemire 2019). */
static uint32_t draw_below(struct mt19937 *m, uint32_t range)
{
	uint64_t product = (uint64_t)mt19937_next(m) * range;

	if ((uint32_t)product < range) {
		uint32_t threshold = -range % range;
		while ((uint32_t)product < threshold)
			product = (uint64_t)mt19937_next(m) * range;
	}
	return (uint32_t)(product >> 32);
}

static void swap(uint32_t *items, size_t a, size_t b)
{
	uint32_t t = items[a];

	items[a] = items[b];
	items[b] = t;
}

/* Two places are drawn with one number while their product fits in it. */
static void shuffle(struct mt19937 *m, uint32_t *items, size_t n)
{
	size_t i = 1;

	if (!n)
		return;
	if (UINT32_MAX / n < n) {
		for (; i < n; i++)
			swap(items, i, draw_below(m, (uint32_t)i + 1));
		return;
	}
	if (n % 2 == 0) {
		swap(items, i, draw_below(m, 2));
		i++;
	}
	while (i < n) {
		uint32_t range = (uint32_t)i + 1, both = draw_below(m, range * (range + 1));
		swap(items, i++, both / (range + 1));
		swap(items, i++, both % (range + 1));
	}
}

int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void draw_columns(struct column_draw *c, const struct column_list *from, float share, struct column_list *to)
{
	size_t n = (size_t)MAX(1, (int)(share * (float)from->n));

	memcpy(c->scratch, from->items, from->n * sizeof(uint32_t));
	shuffle(&c->random, c->scratch, from->n);
	qsort(c->scratch, n, sizeof(uint32_t), compare_u32);
	memcpy(to->items, c->scratch, n * sizeof(uint32_t));
	to->n = n;
}

void column_draw_init(struct column_draw *c, const struct grow_settings *s, size_t columns, uint32_t seed)
{
	*c = (struct column_draw){.settings = s, .columns = columns};
	mt19937_seed(&c->random, seed);
	c->tree.items = xreallocarray(NULL, columns, sizeof(uint32_t));
	c->node.items = xreallocarray(NULL, columns, sizeof(uint32_t));
	c->scratch = xreallocarray(NULL, columns, sizeof(uint32_t));
}

void column_draw_done(struct column_draw *c)
{
	for (size_t i = 0; i < c->n_levels; i++)
		free(c->levels[i].items);
	free(c->levels);
	free(c->tree.items);
	free(c->node.items);
	free(c->scratch);
	*c = (struct column_draw){0};
}

void column_draw_tree(struct column_draw *c)
{
	for (size_t i = 0; i < c->columns; i++)
		c->tree.items[i] = (uint32_t)i;
	c->tree.n = c->columns;
	if (c->settings->by_tree != 1)
		draw_columns(c, &c->tree, c->settings->by_tree, &c->tree);
	for (size_t i = 0; i < c->n_levels; i++)
		c->levels[i].n = 0;
}

static const struct column_list *level_columns(struct column_draw *c, int depth)
{
	if ((size_t)depth >= c->n_levels) {
		size_t n = (size_t)depth + 1;
		c->levels = xreallocarray(c->levels, n, sizeof(*c->levels));
		for (; c->n_levels < n; c->n_levels++)
			c->levels[c->n_levels] =
				(struct column_list){.items = xreallocarray(NULL, c->columns, sizeof(uint32_t))};
	}
	struct column_list *level = &c->levels[depth];
	if (!level->n)
		draw_columns(c, &c->tree, c->settings->by_level, level);
	return level;
}

const struct column_list *column_draw_node(struct column_draw *c, int depth)
{
	const struct grow_settings *s = c->settings;

	if (s->by_level == 1 && s->by_node == 1)
		return &c->tree;
	const struct column_list *level = s->by_level == 1 ? &c->tree : level_columns(c, depth);
	if (s->by_node == 1)
		return level;
	draw_columns(c, level, s->by_node, &c->node);
	return &c->node;
}

/* --- rows --------------------------------------------------------------------------- */

#define DRAW_BASE 16807u
#define DRAW_MASK (((uint64_t)1 << 63) - 1) /* x' = 16807 x mod 2^63 */

/* The state after `steps` steps, by squaring. */
static uint64_t draw_skip(uint64_t steps, uint64_t state)
{
	uint64_t factor = 1, base = DRAW_BASE;

	for (; steps; steps >>= 1) {
		if (steps & 1)
			factor = factor * base & DRAW_MASK;
		base = base * base & DRAW_MASK;
	}
	return factor * state & DRAW_MASK;
}

void rows_draw(struct gradient *g, size_t rows, float share, uint32_t seed, int threads)
{
	size_t step = rows / (size_t)threads;

	for (int t = 0; t < threads; t++) {
		size_t end = t == threads - 1 ? rows : (size_t)(t + 1) * step;
		uint64_t state = draw_skip((size_t)t * step, seed);
		if (!state)
			state = 1;
		for (size_t i = (size_t)t * step; i < end; i++) {
			if (g[i].hess >= 0) {
				state = state * DRAW_BASE & DRAW_MASK;
				if ((double)(state - 1) / 9223372036854775808.0 < (double)share)
					continue;
			}
			g[i] = (struct gradient){0};
		}
	}
}
