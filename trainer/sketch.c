#include <math.h>

#include "trainer/parallel.h"
#include "trainer/sketch.h"

#define BLOCK 4 /* columns gathered in one walk over the rows: they share cache lines */

struct sketch {
	const struct dataset *d;
	struct dataset *out;
};

/* The bits of a float in an order that integers have too. */
static uint32_t sort_key(float x)
{
	uint32_t u;
	memcpy(&u, &x, sizeof(u));
	return u & 0x80000000u ? ~u : u | 0x80000000u;
}

static float key_value(uint32_t k)
{
	float x;
	k = k & 0x80000000u ? k & 0x7FFFFFFFu : ~k;
	memcpy(&x, &k, sizeof(x));
	return x;
}

/* Least significant digit first, 11 bits a pass; the result is in keys. */
static void radix_sort(uint32_t **keys, uint32_t **other, size_t n)
{
	size_t count[3][2048] = {{0}};
	for (size_t i = 0; i < n; i++) {
		uint32_t k = (*keys)[i];
		count[0][k & 2047]++;
		count[1][k >> 11 & 2047]++;
		count[2][k >> 22]++;
	}
	for (int pass = 0; pass < 3; pass++) {
		size_t at = 0, *c = count[pass];
		for (int digit = 0; digit < 2048; digit++) {
			size_t here = c[digit];
			c[digit] = at;
			at += here;
		}
		for (size_t i = 0; i < n; i++) {
			uint32_t k = (*keys)[i];
			(*other)[c[k >> (11 * pass) & 2047]++] = k;
		}
		uint32_t *t = *keys;
		*keys = *other;
		*other = t;
	}
}

static size_t distinct(const uint32_t *keys, size_t n, size_t limit)
{
	size_t count = n > 0;
	for (size_t i = 1; i < n && count <= limit; i++)
		count += keys[i] != keys[i - 1];
	return count;
}

static void fill_column(struct sketch *s, size_t column, const uint32_t *keys, size_t n)
{
	struct dataset *out = s->out;
	size_t at = 0;
	if (distinct(keys, n, SKETCH_ROWS) <= SKETCH_ROWS) {
		for (size_t i = 0; i < n; i++)
			if (!i || keys[i] != keys[i - 1])
				out->dense[at++ * out->columns + column] = key_value(keys[i]);
	} else {
		for (; at < SKETCH_ROWS; at++) {
			size_t rank = (size_t)((double)at / (SKETCH_ROWS - 1) * (double)(n - 1) + 0.5);
			out->dense[at * out->columns + column] = key_value(keys[rank]);
		}
	}
	for (; at < out->rows; at++)
		out->dense[at * out->columns + column] = NAN;
}

static void sketch_block(void *context, size_t block)
{
	struct sketch *s = context;
	const struct dataset *d = s->d;
	size_t first = block * BLOCK, width = MIN((size_t)BLOCK, d->columns - first), n[BLOCK] = {0};
	uint32_t *keys[BLOCK], *other = xreallocarray(NULL, MAX(d->rows, 1), sizeof(uint32_t));
	for (size_t k = 0; k < width; k++)
		keys[k] = xreallocarray(NULL, MAX(d->rows, 1), sizeof(uint32_t));
	for (size_t r = 0; r < d->rows; r++) {
		const float *row = d->dense + r * d->columns + first;
		for (size_t k = 0; k < width; k++)
			if (!isnan(row[k]))
				keys[k][n[k]++] = sort_key(row[k]);
	}
	for (size_t k = 0; k < width; k++) {
		radix_sort(&keys[k], &other, n[k]);
		fill_column(s, first + k, keys[k], n[k]);
		free(keys[k]);
	}
	free(other);
}

struct dataset *sketch_rows(const struct dataset *d, int threads)
{
	struct sketch s = {.d = d, .out = NEW(struct dataset)};
	s.out->rows = MIN(d->rows, (size_t)SKETCH_ROWS);
	s.out->columns = d->columns;
	s.out->dense = xreallocarray(NULL, MAX(s.out->rows * d->columns, 1), sizeof(float));
	s.out->labels = xcalloc(MAX(s.out->rows, 1), sizeof(float));
	if (d->categorical)
		s.out->categorical = xmemdup(d->categorical, MAX(d->columns, 1));
	for (size_t i = 0; i < d->feature_names.n; i++)
		strlist_add(&s.out->feature_names, d->feature_names.items[i]);
	parallel_for((d->columns + BLOCK - 1) / BLOCK, threads, sketch_block, &s);
	return s.out;
}
