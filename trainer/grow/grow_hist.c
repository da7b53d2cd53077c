/* Sums of gradients by bin: where a large job spends its time. A bin is one pair
 * of doubles, so one instruction adds both; rows ahead are fetched early, since
 * the rows of a deep node lie far apart. */
#include "trainer/grow/grow_impl.h"
#include "trainer/grow/grow_vector.h"

#define BLOCK_ROWS 256
#define AHEAD 12 /* rows fetched before their turn */

/* --- who adds which rows ------------------------------------------------------------- */

void shares_deal(struct shares *s, const size_t *rows_of_node, size_t n, int threads)
{
	size_t blocks = 0, before = 0;

	s->threads = threads;
	s->n = n;
	GROW(s->items, s->cap, n * (size_t)threads);
	for (size_t i = 0; i < n; i++)
		blocks += (rows_of_node[i] + BLOCK_ROWS - 1) / BLOCK_ROWS;
	size_t run = blocks / (size_t)threads + (blocks % (size_t)threads != 0);
	for (size_t i = 0; i < n; i++) {
		size_t here = (rows_of_node[i] + BLOCK_ROWS - 1) / BLOCK_ROWS;
		for (int t = 0; t < threads; t++) {
			size_t first = MAX(run * (size_t)t, before), end = MIN(run * ((size_t)t + 1), before + here);
			struct share *share = &s->items[i * (size_t)threads + (size_t)t];
			*share = (struct share){0};
			if (first < end)
				*share = (struct share){(first - before) * BLOCK_ROWS,
							MIN((end - before) * BLOCK_ROWS, rows_of_node[i])};
		}
		before += here;
	}
}

int shares_leader(const struct shares *s, size_t node)
{
	for (int t = 0; t < s->threads; t++)
		if (share_of(s, node, t)->first < share_of(s, node, t)->end)
			return t;
	return -1;
}

/* --- adding ------------------------------------------------------------------------------ */

/* One function for each width of the codes and for all or some of the columns,
 * made from this one by constant arguments. */
static inline __attribute__((always_inline)) void add_rows(const struct bins *b, const struct column_list *columns,
							   bool wide, bool all, const uint32_t *rows, size_t n,
							   const struct gradient *g, pair *hist)
{
	const uint32_t *list = columns->items, *slot = b->slot;
	const size_t width = b->columns, used = all ? width : columns->n;

	for (size_t i = 0; i < n; i++) {
		size_t row = rows[i], at = row * width;
		if (i + AHEAD < n) {
			size_t later = rows[i + AHEAD];
			const char *codes = wide ? (const char *)(b->by_row16 + later * width)
						 : (const char *)(b->by_row8 + later * width);
			__builtin_prefetch(g + later);
			__builtin_prefetch(codes);
			__builtin_prefetch(codes + width * (wide ? 2 : 1) - 1);
		}
		if (g[row].grad == 0 && g[row].hess == 0)
			continue; /* not drawn */
		const pair x = {(double)g[row].grad, (double)g[row].hess};
		for (size_t k = 0; k < used; k++) {
			size_t c = all ? k : list[k];
			hist[slot[c] + (wide ? b->by_row16[at + c] : b->by_row8[at + c])] += x;
		}
	}
}

void hist_add(const struct bins *b, const struct column_list *columns, const uint32_t *rows, size_t n,
	      const struct gradient *g, struct sums *hist)
{
	bool all = columns->n == b->columns;

	if (b->by_row16 && all)
		add_rows(b, columns, true, true, rows, n, g, (pair *)hist);
	else if (b->by_row16)
		add_rows(b, columns, true, false, rows, n, g, (pair *)hist);
	else if (all)
		add_rows(b, columns, false, true, rows, n, g, (pair *)hist);
	else
		add_rows(b, columns, false, false, rows, n, g, (pair *)hist);
}
