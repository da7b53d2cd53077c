/* One tree: the nodes of a level (or the best one, by lossguide) are split, their
 * rows parted, the smaller child's gradients added up, the other child's taken as
 * the difference to the parent's, and the best split of each child searched.
 * Node numbers, ties and the order of draws are those of libxgboost
 * (src/tree/updater_quantile_hist.cc, driver.h). */
#include <math.h>

#include "trainer/grow_impl.h"

#define GAIN_MIN 1e-6f	/* a split must bring more */
#define LEVEL_BATCH 256 /* nodes of a level that are split together */

/* What is known of a node while the tree grows. */
struct site {
	size_t begin, end; /* its rows: rows[begin .. end - 1] */
	struct sums sums;
	float own_gain;
	int depth;
	struct split best;
	struct sums *hist;  /* NULL: none is needed any more */
	size_t first, drawn; /* its entries in the sorted lists */
};

struct id_list {
	int32_t *items;
	size_t n, cap;
};

struct tree_grower {
	const struct grow_settings *s;
	const struct bins *bins;
	struct team *team;
	const struct gradient *gradients;
	struct column_draw *draw;
	struct tree *tree; /* the last one grown; borrowed */
	struct site *sites;
	size_t site_cap;
	uint32_t *rows, *left_rows, *right_rows;
	struct column_list added; /* columns whose gradients are added up in this tree */
	struct sums **spare;	  /* histograms not in use */
	size_t n_spare, spare_cap;
	struct sums **extra; /* one a thread but the first, for its part of a node that it shares */
	size_t slots;	     /* of a histogram */
	struct sorted *sorted; /* NULL: the data is not for it */
	bool by_lists;	       /* this tree is grown on the sorted lists, not by histograms */
	struct shares shares;
	size_t *counts; /* of left rows, as shares; then other sizes of nodes */
	size_t count_cap;
	struct id_list queue, expand, built, derived, searched;
	struct split *found;		   /* searched.n x threads */
	const struct column_list **lists;  /* of each node searched */
	struct column_list *own_lists;	   /* where each node draws its own */
	size_t found_cap, list_cap, own_cap;
};

struct tree_grower *tree_grower_new(const struct grow_settings *s, const struct bins *b, struct team *team)
{
	struct tree_grower *g = NEW(struct tree_grower);
	*g = (struct tree_grower){.s = s, .bins = b, .team = team, .slots = b->slot[b->columns]};
	g->rows = xreallocarray(NULL, MAX(b->rows, (size_t)1), sizeof(uint32_t));
	g->left_rows = xreallocarray(NULL, MAX(b->rows, (size_t)1), sizeof(uint32_t));
	g->right_rows = xreallocarray(NULL, MAX(b->rows, (size_t)1), sizeof(uint32_t));
	g->added.items = xreallocarray(NULL, b->columns + 1, sizeof(uint32_t));
	g->sorted = sorted_new(s, b);
	g->extra = xcalloc((size_t)team_size(team), sizeof(*g->extra));
	for (int t = 1; t < team_size(team); t++)
		g->extra[t] = xreallocarray(NULL, g->slots, sizeof(struct sums));
	return g;
}

static void id_list_done(struct id_list *l)
{
	free(l->items);
}

void tree_grower_free(struct tree_grower *g)
{
	if (!g)
		return;
	for (int t = 1; t < team_size(g->team); t++)
		free(g->extra[t]);
	for (size_t i = 0; i < g->n_spare; i++)
		free(g->spare[i]);
	for (size_t i = 0; i < g->own_cap; i++)
		free(g->own_lists[i].items);
	sorted_free(g->sorted);
	id_list_done(&g->queue);
	id_list_done(&g->expand);
	id_list_done(&g->built);
	id_list_done(&g->derived);
	id_list_done(&g->searched);
	free(g->extra);
	free(g->spare);
	free(g->own_lists);
	free(g->lists);
	free(g->found);
	free(g->counts);
	free(g->shares.items);
	free(g->added.items);
	free(g->rows);
	free(g->left_rows);
	free(g->right_rows);
	free(g->sites);
	free(g);
}

static void id_add(struct id_list *l, int32_t id)
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

static void hist_return(struct tree_grower *g, int32_t id)
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

static void build_histograms(struct tree_grower *g)
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

static void search_nodes(struct tree_grower *g)
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

/* Whether any split can leave both sides enough weight. */
static bool may_split(const struct grow_settings *s, const struct sums *x)
{
	return x->hess >= 2 * (double)s->min_child_weight * (1 - 1e-12);
}

/* --- which nodes come next --------------------------------------------------------------- */

static bool is_valid(const struct tree_grower *g, int32_t id, size_t leaves)
{
	const struct grow_settings *s = g->s;
	const struct site *site = &g->sites[id];
	return !(site->best.gain <= GAIN_MIN) && site->best.left.hess != 0 && site->best.right.hess != 0 &&
	       !(site->best.gain < s->gamma) && !(s->max_depth > 0 && site->depth == s->max_depth) &&
	       !(s->max_leaves > 0 && leaves == (size_t)s->max_leaves);
}

static bool may_have_grandchildren(const struct tree_grower *g, int32_t id, size_t leaves)
{
	const struct grow_settings *s = g->s;
	return !(s->max_depth > 0 && g->sites[id].depth + 1 >= s->max_depth) &&
	       !(s->max_leaves > 0 && leaves >= (size_t)s->max_leaves);
}

static void queue_remove(struct tree_grower *g, size_t at)
{
	memmove(g->queue.items + at, g->queue.items + at + 1, (--g->queue.n - at) * sizeof(int32_t));
}

/* The nodes to split now, to g->expand: by lossguide the best one (an invalid one
 * ends the tree), else those of the uppermost level. Node numbers grow with the
 * depth, so the queue is in their order. */
static void next_nodes(struct tree_grower *g, size_t *leaves)
{
	g->expand.n = 0;
	if (!g->queue.n)
		return;
	if (g->s->loss_guide) {
		size_t best = 0;
		for (size_t i = 1; i < g->queue.n; i++)
			if (g->sites[g->queue.items[i]].best.gain > g->sites[g->queue.items[best]].best.gain)
				best = i;
		int32_t id = g->queue.items[best];
		queue_remove(g, best);
		if (is_valid(g, id, *leaves)) {
			++*leaves;
			id_add(&g->expand, id);
		}
		return;
	}
	int level = g->sites[g->queue.items[0]].depth;
	size_t taken = 0;
	while (taken < g->queue.n && g->sites[g->queue.items[taken]].depth == level && g->expand.n < LEVEL_BATCH) {
		int32_t id = g->queue.items[taken++];
		if (is_valid(g, id, *leaves)) {
			++*leaves;
			id_add(&g->expand, id);
		} else {
			hist_return(g, id);
		}
	}
	memmove(g->queue.items, g->queue.items + taken, (g->queue.n -= taken) * sizeof(int32_t));
}

/* --- splitting --------------------------------------------------------------------------- */

static int32_t add_node(struct tree_grower *g, int32_t parent, const struct sums *sums, float value, int depth)
{
	struct tree *t = g->tree;
	GROW(t->nodes, t->cap, t->n + 1);
	GROW(g->sites, g->site_cap, t->n + 1);
	t->nodes[t->n] = (struct node){
		.parent = parent, .left = -1, .right = -1, .condition = value, .cover = (float)sums->hess, .weight = value};
	g->sites[t->n] = (struct site){.sums = *sums, .own_gain = gain_of(g->s, sums), .depth = depth};
	return (int32_t)t->n++;
}

static void split_node(struct tree_grower *g, int32_t id)
{
	const struct split best = g->sites[id].best;
	struct sums both = {best.left.grad + best.right.grad, best.left.hess + best.right.hess};
	int depth = g->sites[id].depth + 1;
	int32_t left = add_node(g, id, &best.left, weight_of(g->s, &best.left) * g->s->eta, depth);
	int32_t right = add_node(g, id, &best.right, weight_of(g->s, &best.right) * g->s->eta, depth);
	struct node *node = &g->tree->nodes[id];
	node->left = left;
	node->right = right;
	node->column = best.column;
	node->condition = best.condition;
	node->missing_left = best.missing_left;
	node->gain = best.gain;
	node->cover = (float)both.hess;
	node->weight = weight_of(g->s, &both);
}

/* codes8 or codes16: of one column. Returns how many go left. */
static inline __attribute__((always_inline)) size_t part_rows(const uint8_t *codes8, const uint16_t *codes16,
							      const uint32_t *rows, size_t n, int bin,
							      int missing_code, bool missing_left, uint32_t *left,
							      uint32_t *right)
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

static void part_nodes(struct tree_grower *g)
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

/* Which children's gradients are added up, and which are differences: as the
 * library, the one with less weight is added up. What no search needs is left out. */
static void plan_histograms(struct tree_grower *g, int32_t id)
{
	const struct node *node = &g->tree->nodes[id];
	struct site *parent = &g->sites[id];
	bool fewer_right = parent->best.right.hess < parent->best.left.hess;
	int32_t build = fewer_right ? node->right : node->left, derive = fewer_right ? node->left : node->right;
	bool derive_needed = may_split(g->s, &g->sites[derive].sums);
	if (derive_needed || may_split(g->s, &g->sites[build].sums)) {
		id_add(&g->built, build);
		id_add(&g->derived, derive_needed ? derive : -1);
	}
	if (derive_needed)
		g->sites[derive].hist = TAKE(parent->hist);
	hist_return(g, id);
}

/* The entries of the children, where any of them is searched. */
static void part_entries(struct tree_grower *g, int32_t id)
{
	const struct node *node = &g->tree->nodes[id];
	const struct site *parent = &g->sites[id];
	struct site *left = &g->sites[node->left], *right = &g->sites[node->right];
	if (!may_split(g->s, &left->sums) && !may_split(g->s, &right->sums))
		return;
	size_t lefts = sorted_part(g->sorted, parent->first, parent->drawn, g->rows + parent->begin,
				   left->end - left->begin, parent->end - parent->begin);
	left->first = parent->first;
	left->drawn = may_split(g->s, &left->sums) ? lefts : 0;
	right->first = parent->first + lefts;
	right->drawn = may_split(g->s, &right->sums) ? parent->drawn - lefts : 0;
}

static void expand_nodes(struct tree_grower *g, size_t leaves)
{
	for (size_t i = 0; i < g->expand.n; i++)
		split_node(g, g->expand.items[i]);
	part_nodes(g);
	g->built.n = g->derived.n = g->searched.n = 0;
	for (size_t i = 0; i < g->expand.n; i++) {
		int32_t id = g->expand.items[i];
		if (!may_have_grandchildren(g, id, leaves)) {
			hist_return(g, id);
			continue;
		}
		if (g->by_lists)
			part_entries(g, id);
		else
			plan_histograms(g, id);
		id_add(&g->searched, g->tree->nodes[id].left);
		id_add(&g->searched, g->tree->nodes[id].right);
	}
	build_histograms(g);
	search_nodes(g);
	for (size_t i = 0; i < g->searched.n; i++) {
		int32_t id = g->searched.items[i];
		if (g->sites[id].best.gain > GAIN_MIN)
			id_add(&g->queue, id);
		else
			hist_return(g, id);
	}
}

/* --- the root -------------------------------------------------------------------------------- */

static void choose_columns(struct tree_grower *g)
{
	column_draw_tree(g->draw);
	const struct column_list *drawn = &g->draw->tree;
	size_t extra = !g->bins->any_missing && drawn->items[0] != 0;
	/* The first column's bins are the root's sum, see root_sums. */
	g->added.items[0] = 0;
	memcpy(g->added.items + extra, drawn->items, drawn->n * sizeof(uint32_t));
	g->added.n = drawn->n + extra;
}

/* Without missing cells the library adds the bins of the first column, else the
 * rows: the last bits differ. */
static struct sums root_sums(const struct tree_grower *g, const struct sums *hist)
{
	struct sums all = {0};
	if (!g->bins->any_missing) {
		for (uint32_t i = 0; i < g->bins->slot[1]; i++) {
			all.grad += hist[i].grad;
			all.hess += hist[i].hess;
		}
		return all;
	}
	for (size_t i = 0; i < g->bins->rows; i++) {
		all.grad += (double)g->gradients[i].grad;
		all.hess += (double)g->gradients[i].hess;
	}
	return all;
}

/* The root's histogram, or entries; returns the sum of all gradients. */
static struct sums open_root(struct tree_grower *g, int32_t root)
{
	struct sums all;
	g->by_lists = g->sorted && sorted_begin(g->sorted, g->gradients, &g->draw->tree, &all, &g->sites[root].drawn);
	if (g->by_lists)
		return all;
	id_add(&g->built, root);
	id_add(&g->derived, -1);
	build_histograms(g);
	return root_sums(g, g->sites[root].hist);
}

static void plant(struct tree_grower *g)
{
	struct sums none = {0};
	for (size_t i = 0; i < g->bins->rows; i++)
		g->rows[i] = (uint32_t)i;
	int32_t root = add_node(g, NO_PARENT, &none, 0, 0);
	g->sites[root].end = g->bins->rows;
	g->built.n = g->derived.n = g->searched.n = g->queue.n = 0;
	struct sums all = open_root(g, root);
	float weight = weight_of(g->s, &all);
	g->sites[root].sums = all;
	g->sites[root].own_gain = gain_of(g->s, &all);
	g->tree->nodes[root].cover = (float)all.hess;
	g->tree->nodes[root].weight = weight;
	g->tree->nodes[root].condition = g->s->eta * weight;
	id_add(&g->searched, root);
	search_nodes(g);
	id_add(&g->queue, root);
}

void tree_grow(struct tree_grower *g, struct column_draw *columns, const struct gradient *gradients, struct tree *out)
{
	size_t leaves = 1;
	g->draw = columns;
	g->gradients = gradients;
	g->tree = out;
	out->n = 0;
	choose_columns(g);
	plant(g);
	for (next_nodes(g, &leaves); g->expand.n; next_nodes(g, &leaves))
		expand_nodes(g, leaves);
	for (size_t i = 0; i < out->n; i++)
		hist_return(g, (int32_t)i);
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

void tree_done(struct tree *t)
{
	free(t->nodes);
	*t = (struct tree){0};
}

float tree_value(const struct tree *t, const float *cells)
{
	const struct node *node = t->nodes;
	while (node->left >= 0) {
		float x = cells[node->column];
		bool left = isnan(x) ? node->missing_left : x < node->condition;
		node = &t->nodes[left ? node->left : node->right];
	}
	return node->condition;
}
