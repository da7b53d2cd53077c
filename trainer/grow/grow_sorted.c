/* A faster way for small data: every column's rows in the order of their bins, four
 * columns side by side, so that no empty bin is visited and four gains come out of
 * one step.
 *
 * Its sums are taken in another order than the histograms'. They are the same all
 * the same, for it is only used where every sum of these gradients is exact: floats
 * of 24 bits whose exponents lie close enough together lose nothing in a double of
 * 53. sorted_begin looks at every tree's gradients and says so.
 */
#include <math.h>

#include "trainer/grow/grow_impl.h"
#include "trainer/grow/grow_vector.h"

#define LANES 4
#define ROWS_MAX 1024 /* beyond, a column has more rows than bins */

struct sorted {
	const struct grow_settings *s;
	const struct bins *bins;
	uint32_t *order; /* columns x rows: entries of all rows, ascending by bin */
	/* Of this tree, of the rows drawn: */
	size_t rows, groups;	 /* of LANES columns */
	uint32_t *lists;	 /* groups x rows x lanes: entries */
	uint32_t *aside;	 /* rows x lanes */
	const uint32_t *columns; /* of the lanes, in order; the last group may be short */
	size_t n_columns;
	pair *gradients; /* by row */
	uint8_t *flags;	 /* by row: drawn; then whether it goes left */
};

/* An entry is the row and, above it, its bin; a missing cell's is the one after the column's
 * last, so that they stand at the end. */
static uint32_t entry_row(uint32_t e)
{
	return e & 0xFFFF;
}

static uint32_t bins_of(const struct bins *b, size_t column)
{
	return b->cuts.first[column + 1] - b->cuts.first[column];
}

static uint32_t bin_of_cell(const struct bins *b, size_t column, size_t row)
{
	return b->codes8 ? b->codes8[column * b->rows + row] : b->codes16[column * b->rows + row];
}

struct sorted *sorted_new(const struct grow_settings *s, const struct bins *b)
{
	if (b->rows > ROWS_MAX || !s->plain || s->by_level != 1 || s->by_node != 1)
		return NULL;
	struct sorted *w = NEW(struct sorted);
	size_t cells = b->rows * b->columns, padded = b->rows * (b->columns + LANES);
	*w = (struct sorted){.s = s, .bins = b};
	w->order = xreallocarray(NULL, cells, sizeof(*w->order));
	w->lists = xcalloc(padded, sizeof(*w->lists));
	w->aside = xcalloc(b->rows * LANES, sizeof(*w->aside));
	w->gradients = xreallocarray(NULL, b->rows, sizeof(*w->gradients));
	w->flags = xcalloc(b->rows, 1);
	for (size_t c = 0; c < b->columns; c++) {
		uint32_t *column = w->order + c * b->rows;
		for (size_t r = 0; r < b->rows; r++)
			column[r] = bin_of_cell(b, c, r) << 16 | (uint32_t)r;
		qsort(column, b->rows, sizeof(*column), compare_u32);
	}
	return w;
}

void sorted_free(struct sorted *w)
{
	if (!w)
		return;
	free(w->order);
	free(w->lists);
	free(w->aside);
	free(w->gradients);
	free(w->flags);
	free(w);
}

/* --- exact sums ------------------------------------------------------------------------ */

/* The range of the bits of some floats, as powers of two. */
struct bit_range {
	int lowest, highest;
};

static void range_add(struct bit_range *r, float x)
{
	uint32_t u;

	memcpy(&u, &x, sizeof(u));
	int exponent = (int)(u >> 23 & 255);
	uint32_t fraction = (u & 0x7FFFFF) | (exponent ? 0x800000 : 0);
	if (!fraction)
		return;
	exponent = MAX(exponent, 1);
	r->lowest = MIN(r->lowest, exponent + __builtin_ctz(fraction));
	r->highest = MAX(r->highest, exponent + 24);
}

static bool sums_are_exact(const struct gradient *g, size_t n)
{
	struct bit_range grad = {INT16_MAX, INT16_MIN}, hess = grad;
	int carry = 1;

	for (size_t i = 0; i < n; i++) {
		if (!isfinite(g[i].grad) || !isfinite(g[i].hess))
			return false;
		range_add(&grad, g[i].grad);
		range_add(&hess, g[i].hess);
	}
	while ((size_t)1 << carry < n)
		carry++;
	return grad.highest - grad.lowest + carry <= 53 && hess.highest - hess.lowest + carry <= 53;
}

/* --- a tree ------------------------------------------------------------------------------- */

static void fill_lane(struct sorted *w, const uint32_t *order, uint32_t *lane)
{
	for (size_t r = 0; r < w->bins->rows; r++) {
		*lane = order[r];
		lane += LANES * w->flags[entry_row(order[r])];
	}
}

bool sorted_begin(struct sorted *w, const struct gradient *g, const struct column_list *columns, struct sums *ret_all,
		  size_t *ret_rows)
{
	const struct bins *b = w->bins;

	pair all = {0, 0};
	if (!sums_are_exact(g, b->rows))
		return false;
	w->rows = 0;
	for (size_t r = 0; r < b->rows; r++) {
		w->flags[r] = g[r].grad != 0 || g[r].hess != 0;
		w->rows += w->flags[r];
		w->gradients[r] = (pair){(double)g[r].grad, (double)g[r].hess};
		all += w->gradients[r];
	}
	w->columns = columns->items;
	w->n_columns = columns->n;
	w->groups = (columns->n + LANES - 1) / LANES;
	/* A lane without a column is walked with the others, so it must hold entries,
	 * but it does not matter which: zeros, or those of earlier trees. */
	for (size_t k = 0; w->rows && k < columns->n; k++)
		fill_lane(w, w->order + columns->items[k] * b->rows,
			  w->lists + k / LANES * w->rows * LANES + k % LANES);
	*ret_all = (struct sums){all[0], all[1]};
	*ret_rows = w->rows;
	return true;
}

/* --- the search ----------------------------------------------------------------------------- */

/* The best place of each lane: behind which entry, and its gain. */
struct lanes {
	floats gain;
	words at;
};

/* A node while a group of its lanes is walked. */
struct walk {
	const struct sums *node;
	pair lambda, least;
	float own_gain;
	pair grad[2], hess[2]; /* of what goes left, two lanes each */
};

/* What the lanes would gain by it; 0 where it is not allowed, or no number to go by. */
static inline floats walk_gain(const struct walk *w)
{
	pair rest0 = w->node->hess - w->hess[0], rest1 = w->node->hess - w->hess[1];
	words allowed = join_masks((words)(w->hess[0] >= w->least) & (words)(rest0 >= w->least),
				   (words)(w->hess[1] >= w->least) & (words)(rest1 >= w->least));
	floats gain = join_floats(w->grad[0] * w->grad[0], w->grad[1] * w->grad[1]) /
		      join_floats(w->hess[0] + w->lambda, w->hess[1] + w->lambda);
	pair other0 = w->node->grad - w->grad[0], other1 = w->node->grad - w->grad[1];

	gain = gain +
	       join_floats(other0 * other0, other1 * other1) / join_floats(rest0 + w->lambda, rest1 + w->lambda) -
	       w->own_gain;
	return (floats)((words)gain & allowed & (words)(gain < INFINITY));
}

static inline void walk_place(struct walk *w, pair a, pair b, pair c, pair d)
{
	w->grad[0] = (pair){a[0], b[0]};
	w->grad[1] = (pair){c[0], d[0]};
	w->hess[0] = (pair){a[1], b[1]};
	w->hess[1] = (pair){c[1], d[1]};
}

static struct walk walk_begin(const struct sorted *w, const struct sums *node, float own_gain)
{
	return (struct walk){.node = node,
			     .lambda = pair_of((double)w->s->lambda),
			     .least = pair_of((double)w->s->min_child_weight),
			     .own_gain = own_gain};
}

static void search_group(const struct sorted *w, const uint32_t *list, size_t n, const struct sums *node,
			 float own_gain, struct lanes *ret)
{
	struct walk walk = walk_begin(w, node, own_gain);
	const pair *g = w->gradients;
	pair a = {0, 0}, b = {0, 0}, c = {0, 0}, d = {0, 0}; /* sums of the lanes */
	floats most = {0};
	words at = {0};

	for (uint32_t i = 0; i + 1 < n; i++) {
		words here, next;
		memcpy(&here, list + i * LANES, sizeof(here));
		memcpy(&next, list + (i + 1) * LANES, sizeof(next));
		a += g[entry_row(here[0])];
		b += g[entry_row(here[1])];
		c += g[entry_row(here[2])];
		d += g[entry_row(here[3])];
		walk_place(&walk, a, b, c, d);
		floats gain = walk_gain(&walk);
		words better = (words)((here ^ next) >> 16 != 0) & (words)(gain > most);
		most = (floats)choose(better, (words)gain, (words)most);
		at = choose(better, (words){i, i, i, i}, at);
	}
	*ret = (struct lanes){most, at};
}

/* --- with missing cells ----------------------------------------------------------------------- */

#define BEFORE_ALL UINT32_MAX /* the place before the first entry: missing cells alone go left */

/* Of a group of lanes: what their missing cells add up to, and where they begin. */
struct absent {
	uint32_t first[LANES]; /* entries from it on are missing cells */
	pair sums[LANES];
	bool any;
};

static void absent_find(const struct sorted *w, const uint32_t *list, size_t n, size_t group, struct absent *ret)
{
	*ret = (struct absent){0};
	for (size_t k = 0; k < LANES; k++) {
		size_t lane = group * LANES + k;

		ret->first[k] = UINT32_MAX;
		if (lane >= w->n_columns)
			continue;
		ret->first[k] = bins_of(w->bins, w->columns[lane]) << 16;
		for (size_t i = n; i-- > 0 && list[i * LANES + k] >= ret->first[k];) {
			ret->sums[k] += w->gradients[entry_row(list[i * LANES + k])];
			ret->any = true;
		}
	}
}

/* The library walks a column from below, missing cells going right, and then from above, missing
 * cells going left: there the first of equal gains is the one furthest up. Both in one go, the
 * second's places being the first's with the missing cells added. */
static void search_absent(const struct sorted *w, const uint32_t *list, size_t n, const struct sums *node,
			  float own_gain, const struct absent *m, struct lanes *up, struct lanes *down)
{
	struct walk walk = walk_begin(w, node, own_gain);
	const pair *g = w->gradients;
	pair a = {0, 0}, b = {0, 0}, c = {0, 0}, d = {0, 0};
	words first, none = {BEFORE_ALL, BEFORE_ALL, BEFORE_ALL, BEFORE_ALL};

	memcpy(&first, m->first, sizeof(first));
	walk_place(&walk, m->sums[0], m->sums[1], m->sums[2], m->sums[3]);
	*up = (struct lanes){{0}, {0}};
	*down = (struct lanes){walk_gain(&walk), none};
	for (uint32_t i = 0; i + 1 < n; i++) {
		words here, next, place = {i, i, i, i};
		memcpy(&here, list + i * LANES, sizeof(here));
		memcpy(&next, list + (i + 1) * LANES, sizeof(next));
		words edge = (words)((here ^ next) >> 16 != 0);
		a += g[entry_row(here[0])];
		b += g[entry_row(here[1])];
		c += g[entry_row(here[2])];
		d += g[entry_row(here[3])];
		walk_place(&walk, a, b, c, d);
		floats gain = walk_gain(&walk);
		words better = edge & (words)(gain > up->gain);
		up->gain = (floats)choose(better, (words)gain, (words)up->gain);
		up->at = choose(better, place, up->at);
		walk_place(&walk, a + m->sums[0], b + m->sums[1], c + m->sums[2], d + m->sums[3]);
		gain = walk_gain(&walk);
		better = edge & (words)(next < first) & (words)(gain >= down->gain);
		down->gain = (floats)choose(better, (words)gain, (words)down->gain);
		down->at = choose(better, place, down->at);
	}
}

/* --- the best of all lanes ---------------------------------------------------------------------- */

/* Where the best split so far lies. */
struct found {
	const uint32_t *lane; /* NULL: none */
	uint32_t behind;
	bool downward;
};

static void take_lanes(const struct sorted *w, size_t group, const uint32_t *list, const struct lanes *up,
		       const struct lanes *down, struct split *best, struct found *found)
{
	for (size_t k = 0; k < LANES && group * LANES + k < w->n_columns; k++)
		for (int way = 0; way < 1 + (down != NULL); way++) {
			const struct lanes *l = way ? down : up;

			if (!(l->gain[k] > best->gain))
				continue;
			best->gain = l->gain[k];
			best->column = w->columns[group * LANES + k];
			*found = (struct found){list + k, l->at[k], way != 0};
		}
}

static void fill_split(const struct sorted *w, const struct found *f, size_t n, const struct sums *node,
		       struct split *best)
{
	const struct cuts *cuts = &w->bins->cuts;
	size_t lefts = f->behind == BEFORE_ALL ? 0 : f->behind + 1;
	uint32_t absent = bins_of(w->bins, best->column) << 16;
	pair left = {0, 0};

	for (size_t i = 0; i < lefts; i++)
		left += w->gradients[entry_row(f->lane[i * LANES])];
	for (size_t i = n; f->downward && i-- > lefts && f->lane[i * LANES] >= absent;)
		left += w->gradients[entry_row(f->lane[i * LANES])];
	best->left = (struct sums){left[0], left[1]};
	best->right = (struct sums){node->grad - left[0], node->hess - left[1]};
	best->missing_left = f->downward;
	best->bin = f->downward ? (int)(f->lane[lefts * LANES] >> 16) - 1 : (int)(f->lane[f->behind * LANES] >> 16);
	best->condition = best->bin < 0 ? cuts->least[best->column]
					: cuts->values[cuts->first[best->column] + (uint32_t)best->bin];
}

void sorted_search(const struct sorted *w, size_t first, size_t n, const struct sums *node, float own_gain,
		   struct split *best)
{
	struct found found = {0};

	*best = (struct split){0};
	for (size_t g = 0; n && g < w->groups; g++) {
		const uint32_t *list = w->lists + (g * w->rows + first) * LANES;
		struct lanes up, down;
		struct absent absent = {0};

		if (w->bins->any_missing)
			absent_find(w, list, n, g, &absent);
		if (absent.any)
			search_absent(w, list, n, node, own_gain, &absent, &up, &down);
		else
			search_group(w, list, n, node, own_gain, &up);
		take_lanes(w, g, list, &up, absent.any ? &down : NULL, best, &found);
	}
	if (found.lane)
		fill_split(w, &found, n, node, best);
}

/* --- parting ------------------------------------------------------------------------------------ */

/* The entries of one lane to the front where their row goes left, else aside. */
static size_t part_lane(const struct sorted *w, uint32_t *lane, uint32_t *aside, size_t n)
{
	size_t left = 0, right = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t e = lane[i * LANES];
		size_t to_left = w->flags[entry_row(e)];
		aside[right * LANES] = e;
		lane[left * LANES] = e;
		left += to_left;
		right += 1 - to_left;
	}
	return left;
}

size_t sorted_part(struct sorted *w, size_t first, size_t n, const uint32_t *rows, size_t lefts, size_t all)
{
	size_t left = 0;

	for (size_t i = 0; i < all; i++)
		w->flags[rows[i]] = i < lefts;
	for (size_t g = 0; g < w->groups; g++) {
		uint32_t *list = w->lists + (g * w->rows + first) * LANES;
		for (size_t k = 0; k < LANES && g * LANES + k < w->n_columns; k++)
			left = part_lane(w, list + k, w->aside + k, n);
		memcpy(list + left * LANES, w->aside, (n - left) * LANES * sizeof(*list));
	}
	return left;
}
