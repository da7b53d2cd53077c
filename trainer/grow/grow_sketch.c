/* The cuts of each column, from a weighted quantile summary as libxgboost keeps
 * one: values are sorted in queues, and full queues are merged and thinned level
 * by level (Greenwald and Khanna's scheme with weights, src/common/quantile.h).
 * All ranks are floats, and are added in the library's order, so the cuts are the
 * library's. What takes the time is the sorting, and here it is a radix sort. */
#include <math.h>

#include "trainer/grow/float_key.h"
#include "trainer/grow/grow_impl.h"

#define FACTOR 8      /* a summary holds this many times max_bin entries */
#define GATHERED 8    /* columns read in one walk over dense rows: they share cache lines */
#define SPARSE_RUN 64 /* the same of sparse rows: each is searched for its first one */

struct entry {
	float rmin, rmax, wmin, value; /* ranks, least and greatest; weight; value */
};

struct summary {
	struct entry *items;
	size_t n;
};

struct sketch {
	size_t limit;	  /* entries of a level */
	uint64_t *queue;  /* sort key of the value in the upper half, weight in the lower */
	uint64_t *sorted; /* scratch of the same size */
	size_t queued, queue_size;
	struct summary *levels; /* 0 is scratch */
	size_t n_levels;
	struct summary temp; /* 2 x limit */
};

/* --- keys --------------------------------------------------------------------------- */

/* 0 and -0 are one value. */
static uint32_t key_of(float x)
{
	return float_key(x + 0.0f);
}

static float low_float(uint64_t x)
{
	float f;
	uint32_t u = (uint32_t)x;

	memcpy(&f, &u, sizeof(f));
	return f;
}

static uint64_t pack(uint32_t key, float weight)
{
	uint32_t u;

	memcpy(&u, &weight, sizeof(u));
	return (uint64_t)key << 32 | u;
}

static void insertion_sort(uint64_t *q, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		uint64_t x = q[i];
		size_t k = i;
		for (; k && q[k - 1] >> 32 > x >> 32; k--)
			q[k] = q[k - 1];
		q[k] = x;
	}
}

/* By the upper half, 11 bits a pass; passes in which all agree are left out. The
 * result is in *q. */
static void radix_sort(uint64_t **q, uint64_t **other, size_t n)
{
	uint32_t count[3][2048] = {{0}};

	for (size_t i = 0; i < n; i++) {
		uint64_t x = (*q)[i];
		count[0][x >> 32 & 2047]++;
		count[1][x >> 43 & 2047]++;
		count[2][x >> 54]++;
	}
	for (int pass = 0; pass < 3; pass++) {
		int shift = 32 + 11 * pass;
		uint32_t at = 0, *c = count[pass];
		if (c[**q >> shift & 2047] == n)
			continue;
		for (int digit = 0; digit < 2048; digit++) {
			uint32_t here = c[digit];
			c[digit] = at;
			at += here;
		}
		for (size_t i = 0; i < n; i++) {
			uint64_t x = (*q)[i];
			(*other)[c[x >> shift & 2047]++] = x;
		}
		uint64_t *t = *q;
		*q = *other;
		*other = t;
	}
}

/* --- summaries ---------------------------------------------------------------------------- */

static inline float rank_after(const struct entry *e)
{
	return e->rmin + e->wmin;
}

static inline float rank_before(const struct entry *e)
{
	return e->rmax - e->wmin;
}

static void summary_copy(struct summary *to, const struct summary *from)
{
	memcpy(to->items, from->items, from->n * sizeof(*from->items));
	to->n = from->n;
}

/* Thin `from` to at most `most` entries, evenly by rank. */
static void summary_prune(struct summary *to, const struct summary *from, size_t most)
{
	const struct entry *f = from->items;

	if (from->n <= most) {
		summary_copy(to, from);
		return;
	}
	const float begin = f[0].rmax, range = f[from->n - 1].rmin - f[0].rmax;
	const size_t n = most - 1;
	size_t i = 1, last = 0;
	to->items[0] = f[0];
	to->n = 1;
	for (size_t k = 1; k < n; k++) {
		float twice = 2 * (((float)k * range) / (float)n + begin);
		while (i < from->n - 1 && twice >= f[i + 1].rmax + f[i + 1].rmin)
			i++;
		if (i == from->n - 1)
			break;
		size_t chosen = twice < rank_after(&f[i]) + rank_before(&f[i + 1]) ? i : i + 1;
		if (chosen != last) {
			to->items[to->n++] = f[chosen];
			last = chosen;
		}
	}
	if (last != from->n - 1)
		to->items[to->n++] = f[from->n - 1];
}

/* Rounding may have broken the order of the ranks. */
static void summary_mend(struct summary *s)
{
	float least = 0, most = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct entry *e = &s->items[i];
		if (e->rmin < least)
			e->rmin = least;
		else
			least = e->rmin;
		if (e->rmax < most)
			e->rmax = most;
		if (e->rmax < rank_after(e))
			e->rmax = rank_after(e);
		most = e->rmax;
	}
}

/* a and b are not to itself. */
static void summary_merge(struct summary *to, const struct summary *sa, const struct summary *sb)
{
	if (!sa->n || !sb->n) {
		summary_copy(to, sa->n ? sa : sb);
		return;
	}
	const struct entry *a = sa->items, *a_end = a + sa->n, *b = sb->items, *b_end = b + sb->n;
	struct entry *out = to->items;
	float a_before = 0, b_before = 0;
	while (a != a_end && b != b_end) {
		if (a->value == b->value) {
			*out++ = (struct entry){a->rmin + b->rmin, a->rmax + b->rmax, a->wmin + b->wmin, a->value};
			a_before = rank_after(a++);
			b_before = rank_after(b++);
		} else if (a->value < b->value) {
			*out++ = (struct entry){a->rmin + b_before, a->rmax + rank_before(b), a->wmin, a->value};
			a_before = rank_after(a++);
		} else {
			*out++ = (struct entry){b->rmin + a_before, b->rmax + rank_before(a), b->wmin, b->value};
			b_before = rank_after(b++);
		}
	}
	for (float rest = b_end[-1].rmax; a != a_end; a++)
		*out++ = (struct entry){a->rmin + b_before, a->rmax + rest, a->wmin, a->value};
	for (float rest = a_end[-1].rmax; b != b_end; b++)
		*out++ = (struct entry){b->rmin + a_before, b->rmax + rest, b->wmin, b->value};
	to->n = (size_t)(out - to->items);
	summary_mend(to);
}

/* --- one column's sketch -------------------------------------------------------------------- */

static size_t level_limit(size_t rows, double eps)
{
	size_t limit;

	for (size_t levels = 1;; levels++) {
		limit = MIN(rows, (size_t)ceil((double)levels / eps) + 1);
		if (((size_t)1 << levels) * limit >= rows)
			return limit;
	}
}

static void sketch_init(struct sketch *s, size_t rows, int max_bin)
{
	size_t bins = MAX(MIN((size_t)max_bin, rows), (size_t)1);
	double eps = 1.0 / (double)((float)bins * FACTOR);

	*s = (struct sketch){.limit = level_limit(rows, eps)};
	s->queue_size = MAX(2 * s->limit, (size_t)1);
	s->queue = xreallocarray(NULL, s->queue_size, sizeof(*s->queue));
	s->sorted = xreallocarray(NULL, s->queue_size, sizeof(*s->sorted));
	s->temp.items = xreallocarray(NULL, s->queue_size, sizeof(struct entry));
}

static void sketch_done(struct sketch *s)
{
	for (size_t i = 0; i < s->n_levels; i++)
		free(s->levels[i].items);
	free(s->levels);
	free(s->queue);
	free(s->sorted);
	free(s->temp.items);
}

/* The queue, sorted, as a summary in temp; it is empty then. */
static void queue_summarise(struct sketch *s)
{
	float ranks = 0;

	if (s->queued <= 96)
		insertion_sort(s->queue, s->queued);
	else
		radix_sort(&s->queue, &s->sorted, s->queued);
	s->temp.n = 0;
	for (size_t i = 0; i < s->queued;) {
		uint32_t key = (uint32_t)(s->queue[i] >> 32);
		float weight = low_float(s->queue[i]);
		for (i++; i < s->queued && (uint32_t)(s->queue[i] >> 32) == key; i++)
			weight += low_float(s->queue[i]);
		s->temp.items[s->temp.n++] = (struct entry){ranks, ranks + weight, weight, float_of_key(key)};
		ranks += weight;
	}
	s->queued = 0;
}

static void reserve_levels(struct sketch *s, size_t n)
{
	if (n <= s->n_levels)
		return;
	s->levels = xreallocarray(s->levels, n, sizeof(*s->levels));
	for (; s->n_levels < n; s->n_levels++)
		s->levels[s->n_levels] =
			(struct summary){.items = xreallocarray(NULL, MAX(s->limit, (size_t)1), sizeof(struct entry))};
}

/* Carry temp up to the first level that has room. */
static void sketch_carry(struct sketch *s)
{
	for (size_t l = 1;; l++) {
		reserve_levels(s, l + 1);
		struct summary *level = &s->levels[l];
		if (!level->n) {
			summary_prune(level, &s->temp, s->limit);
			return;
		}
		summary_prune(&s->levels[0], &s->temp, s->limit);
		summary_merge(&s->temp, &s->levels[0], level);
		if (s->temp.n <= s->limit) {
			summary_copy(level, &s->temp);
			return;
		}
		level->n = 0;
	}
}

static inline void sketch_push(struct sketch *s, float value, float weight)
{
	uint32_t key = key_of(value);

	if (s->queued && (uint32_t)(s->queue[s->queued - 1] >> 32) == key) {
		uint64_t *last = &s->queue[s->queued - 1];
		*last = pack(key, low_float(*last) + weight);
		return;
	}
	if (s->queued == s->queue_size) {
		queue_summarise(s);
		sketch_carry(s);
	}
	s->queue[s->queued++] = pack(key, weight);
}

/* All of it in temp, at most limit entries. */
static void sketch_finish(struct sketch *s)
{
	queue_summarise(s);
	if (!s->n_levels) {
		struct summary few = {.items = xreallocarray(NULL, MAX(s->limit, (size_t)1), sizeof(struct entry))};
		summary_prune(&few, &s->temp, s->limit);
		summary_copy(&s->temp, &few);
		free(few.items);
		return;
	}
	struct summary *all = &s->levels[0];
	summary_prune(all, &s->temp, s->limit);
	for (size_t l = 1; l < s->n_levels; l++) {
		if (!s->levels[l].n)
			continue;
		if (!all->n) {
			summary_copy(all, &s->levels[l]);
		} else {
			summary_merge(&s->temp, all, &s->levels[l]);
			summary_prune(all, &s->temp, s->limit);
		}
	}
	summary_copy(&s->temp, all);
}

/* --- cuts ---------------------------------------------------------------------------------------- */

/* Greater than the greatest value of a column; rounded once, from double. */
static float above(float x)
{
	return (float)((double)x + (fabs((double)x) + (double)1e-5f));
}

/* The cuts of one column to out (room for max_bin); returns their number. */
static size_t sketch_cuts(struct sketch *s, size_t rows, int max_bin, float *out, float *least)
{
	size_t middle = MIN(rows, (size_t)((float)max_bin * FACTOR)), most = MIN(middle, (size_t)max_bin), n = 0;

	if (!rows) {
		*least = 1e-5f;
		*out = above(*least);
		return 1;
	}
	sketch_finish(s);
	struct summary part = {.items = xreallocarray(NULL, middle + 1, sizeof(struct entry))};
	struct summary last = {.items = xreallocarray(NULL, most + 1, sizeof(struct entry))};
	summary_prune(&part, &s->temp, middle);
	summary_prune(&last, &part, most + 1);
	double first = (double)last.items[0].value;
	*least = (float)(first - fabs(first) - (double)1e-5f);
	for (size_t i = 1; i < MIN(last.n, most); i++)
		if (i == 1 || last.items[i].value > out[n - 1])
			out[n++] = last.items[i].value;
	out[n++] = above(last.items[last.n - 1].value);
	free(part.items);
	free(last.items);
	return n;
}

struct cutting {
	const struct dataset *d;
	size_t columns;
	int max_bin;
	float *values; /* columns x room */
	uint32_t *n;   /* of each column */
	float *least;  /* of each column */
	size_t room;
	const size_t *filled; /* cells of each column that are not missing */
};

static float weight_at(const struct dataset *d, size_t row)
{
	return d->weights ? d->weights[row] : 1;
}

static void cut_columns(const struct cutting *c, struct sketch *sketches, size_t first, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		size_t column = first + k;
		c->n[column] = (uint32_t)sketch_cuts(&sketches[k], c->filled[column], c->max_bin,
						     c->values + column * c->room, &c->least[column]);
		sketch_done(&sketches[k]);
	}
}

/* Some neighbouring columns of dense data in one walk over the rows. */
static void cut_dense(void *context, size_t block)
{
	const struct cutting *c = context;
	const struct dataset *d = c->d;
	size_t first = block * GATHERED, n = MIN((size_t)GATHERED, c->columns - first);
	struct sketch sketches[GATHERED];

	for (size_t k = 0; k < n; k++)
		sketch_init(&sketches[k], c->filled[first + k], c->max_bin);
	for (size_t r = 0; r < d->rows; r++) {
		const float *cells = d->dense + r * d->columns + first, weight = weight_at(d, r);
		for (size_t k = 0; k < n; k++)
			if (!isnan(cells[k]))
				sketch_push(&sketches[k], cells[k], weight);
	}
	cut_columns(c, sketches, first, n);
}

/* The first entry of a row at the column or behind it: rows are sorted. */
static size_t entry_from(const struct dataset *d, size_t row, size_t column)
{
	size_t at = d->row_start[row];

	for (size_t end = d->row_start[row + 1]; at < end;) {
		size_t middle = at + (end - at) / 2;
		if (d->column_index[middle] < column)
			at = middle + 1;
		else
			end = middle;
	}
	return at;
}

/* A run of columns of sparse data. */
static void cut_sparse(void *context, size_t block)
{
	const struct cutting *c = context;
	const struct dataset *d = c->d;
	size_t first = block * SPARSE_RUN, n = MIN((size_t)SPARSE_RUN, c->columns - first);
	struct sketch sketches[SPARSE_RUN];

	for (size_t k = 0; k < n; k++)
		sketch_init(&sketches[k], c->filled[first + k], c->max_bin);
	for (size_t r = 0; r < d->rows; r++)
		for (size_t i = entry_from(d, r, first); i < d->row_start[r + 1] && d->column_index[i] < first + n; i++)
			if (!isnan(d->values[i]))
				sketch_push(&sketches[d->column_index[i] - first], d->values[i], weight_at(d, r));
	cut_columns(c, sketches, first, n);
}

void cuts_done(struct cuts *c)
{
	free(c->first);
	free(c->values);
	free(c->least);
	*c = (struct cuts){0};
}

void cuts_make(const struct dataset *d, size_t columns, const size_t *filled, int max_bin, struct team *team,
	       struct cuts *ret)
{
	struct cutting c = {
		.d = d,
		.columns = columns,
		.max_bin = max_bin,
		.room = MAX(MIN((size_t)max_bin, d->rows), (size_t)1),
		.n = xcalloc(columns, sizeof(uint32_t)),
		.least = xcalloc(columns, sizeof(float)),
		.filled = filled,
	};

	c.values = xreallocarray(NULL, columns * c.room, sizeof(float));
	size_t width = d->dense ? GATHERED : SPARSE_RUN;
	team_for(team, (columns + width - 1) / width, d->dense ? cut_dense : cut_sparse, &c);
	*ret = (struct cuts){.columns = columns, .least = c.least};
	ret->first = xcalloc(columns + 1, sizeof(uint32_t));
	for (size_t i = 0; i < columns; i++) {
		memmove(c.values + ret->first[i], c.values + i * c.room, c.n[i] * sizeof(float));
		ret->first[i + 1] = ret->first[i] + c.n[i];
	}
	ret->values = c.values;
	free(c.n);
}
