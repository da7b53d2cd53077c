/* One level of a tree: the nodes to split and what is known of each. */
#include "trainer/grow/grow_level.h"

void id_add(struct id_list *l, int32_t id)
{
	GROW(l->items, l->cap, l->n + 1);
	l->items[l->n++] = id;
}

static size_t site_rows(const struct tree_grower *g, int32_t id)
{
	return g->sites[id].end - g->sites[id].begin;
}

/* --- histograms --------------------------------------------------------------------- */

static struct sums *hist_take(struct tree_grower *g)
{
	return g->n_spare ? g->spare[--g->n_spare] : xreallocarray(NULL, g->slots, sizeof(struct sums));
}

void hist_return(struct tree_grower *g, int32_t id)
{
	if (!g->sites[id].hist)
		return;
	GROW(g->spare, g->spare_cap, g->n_spare + 1);
	g->spare[g->n_spare++] = TAKE(g->sites[id].hist);
}

static void deal_rows(struct tree_grower *g, const struct id_list *nodes)
{
	size_t threads = (size_t)team_size(g->team);

	GROW(g->counts, g->count_cap, nodes->n * threads);
	for (size_t i = 0; i < nodes->n; i++)
		g->counts[i] = site_rows(g, nodes->items[i]);
	shares_deal(&g->shares, g->counts, nodes->n, (int)threads);
}

/* A thread's part of the nodes built: into the node's own histogram where it is
 * the first there, else into its extra one. A thread shares only the first of its
 * nodes with those before it, so one extra is enough. */
static void add_part(void *context, int thread)
{
	struct tree_grower *g = context;

	for (size_t i = 0; i < g->built.n; i++) {
		const struct share *part = share_of(&g->shares, i, thread);
		const struct site *site = &g->sites[g->built.items[i]];
		if (part->first == part->end)
			continue;
		struct sums *hist = shares_leader(&g->shares, i) == thread ? site->hist : g->extra[thread];
		memset(hist, 0, g->slots * sizeof(*hist));
		hist_add(g->bins, &g->added, g->rows + site->begin + part->first, part->end - part->first, g->gradients,
			 hist);
	}
}

/* One thread's run of the slots of every node built: the threads' parts together,
 * then the sibling's as the parent's less this one, in the parent's place. */
static void join_part(void *context, int thread)
{
	struct tree_grower *g = context;
	size_t threads = (size_t)team_size(g->team), first = g->slots * (size_t)thread / threads,
	       end = g->slots * ((size_t)thread + 1) / threads;

	for (size_t i = 0; i < g->built.n; i++) {
		int leader = shares_leader(&g->shares, i);
		double *own = (double *)g->sites[g->built.items[i]].hist;
		for (int t = leader + 1; leader >= 0 && t < (int)threads; t++) {
			const double *part = (const double *)g->extra[t];
			if (share_of(&g->shares, i, t)->first == share_of(&g->shares, i, t)->end)
				continue;
			for (size_t k = 2 * first; k < 2 * end; k++)
				own[k] += part[k];
		}
		if (g->derived.items[i] < 0)
			continue;
		double *rest = (double *)g->sites[g->derived.items[i]].hist;
		for (size_t k = 2 * first; k < 2 * end; k++)
			rest[k] -= own[k];
	}
}

void level_build(struct tree_grower *g)
{
	if (!g->built.n)
		return;
	deal_rows(g, &g->built);
	for (size_t i = 0; i < g->built.n; i++) {
		struct site *site = &g->sites[g->built.items[i]];
		site->hist = hist_take(g);
		if (shares_leader(&g->shares, i) < 0)
			memset(site->hist, 0, g->slots * sizeof(*site->hist));
	}
	team_run(g->team, add_part, g);
	team_run(g->team, join_part, g);
}

/* --- the search ------------------------------------------------------------------------ */

static void search_part(void *context, int thread)
{
	struct tree_grower *g = context;
	size_t threads = (size_t)team_size(g->team);

	for (size_t i = 0; i < g->searched.n; i++) {
		const struct site *site = &g->sites[g->searched.items[i]];
		const struct column_list *list = g->lists[i];
		struct split *best = &g->found[i * threads + (size_t)thread];
		size_t first = list->n * (size_t)thread / threads, end = list->n * ((size_t)thread + 1) / threads;
		*best = (struct split){0};
		if (g->by_lists && site->drawn && !thread)
			sorted_search(g->sorted, site->first, site->drawn, &site->sums, site->own_gain, best);
		else if (site->hist)
			split_search(g->s, g->bins, site->hist, &site->sums, site->own_gain, list->items + first,
				     end - first, best);
	}
}

/* Every node draws its columns, in this order, whether it is searched or not. */
static void draw_lists(struct tree_grower *g)
{
	size_t n = g->searched.n;

	GROW(g->lists, g->list_cap, n);
	for (size_t i = 0; i < n; i++) {
		const struct column_list *list = column_draw_node(g->draw, g->sites[g->searched.items[i]].depth);
		if (g->s->by_node != 1) {
			if (i == g->own_cap) {
				g->own_lists = xreallocarray(g->own_lists, ++g->own_cap, sizeof(*g->own_lists));
				g->own_lists[i].items = xreallocarray(NULL, g->bins->columns, sizeof(uint32_t));
			}
			memcpy(g->own_lists[i].items, list->items, list->n * sizeof(uint32_t));
			g->own_lists[i].n = list->n;
		} else {
			g->lists[i] = list;
		}
	}
	for (size_t i = 0; g->s->by_node != 1 && i < n; i++)
		g->lists[i] = &g->own_lists[i];
}

void level_search(struct tree_grower *g)
{
	size_t threads = (size_t)team_size(g->team);

	draw_lists(g);
	GROW(g->found, g->found_cap, g->searched.n * threads);
	team_run(g->team, search_part, g);
	for (size_t i = 0; i < g->searched.n; i++) {
		struct split *best = &g->sites[g->searched.items[i]].best;
		*best = (struct split){0};
		for (size_t t = 0; t < threads; t++)
			split_better(best, &g->found[i * threads + t]);
	}
}

/* --- parting rows -------------------------------------------------------------------------- */

/* codes8 or codes16: of one column. Returns how many go left. */
static inline __attribute__((always_inline)) size_t part_rows(const uint8_t *codes8, const uint16_t *codes16,
							      const uint32_t *rows, size_t n, int bin, int missing_code,
							      bool missing_left, uint32_t *left, uint32_t *right)
{
	size_t lefts = 0, rights = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t row = rows[i];
		int code = codes8 ? codes8[row] : codes16[row];
		bool to_left = code == missing_code ? missing_left : code <= bin;
		left[lefts] = row;
		right[rights] = row;
		lefts += to_left;
		rights += !to_left;
	}
	return lefts;
}

/* A thread's part of the rows of every node that is split, to left_rows and
 * right_rows. */
static void part_share(void *context, int thread)
{
	struct tree_grower *g = context;
	const struct bins *b = g->bins;

	for (size_t i = 0; i < g->expand.n; i++) {
		const struct site *site = &g->sites[g->expand.items[i]];
		const struct share *share = share_of(&g->shares, i, thread);
		const struct split *s = &site->best;
		size_t at = site->begin + share->first, n = share->end - share->first;
		int missing = b->any_missing ? (int)(b->cuts.first[s->column + 1] - b->cuts.first[s->column]) : -1;
		g->counts[i * (size_t)team_size(g->team) + (size_t)thread] =
			b->codes8 ? part_rows(b->codes8 + s->column * b->rows, NULL, g->rows + at, n, s->bin, missing,
					      s->missing_left, g->left_rows + at, g->right_rows + at)
				  : part_rows(NULL, b->codes16 + s->column * b->rows, g->rows + at, n, s->bin, missing,
					      s->missing_left, g->left_rows + at, g->right_rows + at);
	}
}

/* Back to rows: first all left ones of a node, then all right ones, in order. */
static void gather_share(void *context, int thread)
{
	struct tree_grower *g = context;
	size_t threads = (size_t)team_size(g->team);

	for (size_t i = 0; i < g->expand.n; i++) {
		const struct site *site = &g->sites[g->expand.items[i]];
		const struct share *share = share_of(&g->shares, i, thread);
		const size_t *counts = g->counts + i * threads;
		size_t at = site->begin + share->first, n = share->end - share->first, lefts = counts[thread];
		size_t left = site->begin, right = g->sites[g->tree->nodes[g->expand.items[i]].right].begin;
		for (int t = 0; t < thread; t++) {
			left += counts[t];
			right += share_of(&g->shares, i, t)->end - share_of(&g->shares, i, t)->first - counts[t];
		}
		memcpy(g->rows + left, g->left_rows + at, lefts * sizeof(uint32_t));
		memcpy(g->rows + right, g->right_rows + at, (n - lefts) * sizeof(uint32_t));
	}
}

void level_part(struct tree_grower *g)
{
	size_t threads = (size_t)team_size(g->team);

	deal_rows(g, &g->expand);
	team_run(g->team, part_share, g);
	for (size_t i = 0; i < g->expand.n; i++) {
		const struct site *site = &g->sites[g->expand.items[i]];
		const struct node *node = &g->tree->nodes[g->expand.items[i]];
		size_t middle = site->begin;
		for (size_t t = 0; t < threads; t++)
			middle += g->counts[i * threads + t];
		g->sites[node->left].begin = site->begin;
		g->sites[node->left].end = g->sites[node->right].begin = middle;
		g->sites[node->right].end = site->end;
	}
	team_run(g->team, gather_share, g);
}

/* --- what the tree says of its rows --------------------------------------------------------- */

struct adding {
	struct tree_grower *g;
	float *margins;
	size_t stride;
};

static void add_share(void *context, int thread)
{
	const struct adding *a = context;
	const struct tree_grower *g = a->g;

	for (size_t i = 0; i < g->expand.n; i++) {
		int32_t id = g->expand.items[i];
		const struct share *share = share_of(&g->shares, i, thread);
		const uint32_t *rows = g->rows + g->sites[id].begin;
		float value = g->tree->nodes[id].condition;
		for (size_t k = share->first; k < share->end; k++)
			a->margins[rows[k] * a->stride] += value;
	}
}

void tree_grower_add(struct tree_grower *g, float *margins, size_t stride)
{
	struct adding a = {g, margins, stride};

	g->expand.n = 0;
	for (size_t i = 0; i < g->tree->n; i++)
		if (g->tree->nodes[i].left < 0)
			id_add(&g->expand, (int32_t)i);
	deal_rows(g, &g->expand);
	team_run(g->team, add_share, &a);
}
