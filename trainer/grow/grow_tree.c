/* One tree: the nodes of a level (or the best one, by lossguide) are split, their
 * rows parted, the smaller child's gradients added up, the other child's taken as
 * the difference to the parent's, and the best split of each child searched.
 * Node numbers, ties and the order of draws are those of libxgboost
 * (src/tree/updater_quantile_hist.cc, driver.h). */
#include <math.h>

#include "trainer/grow/grow_level.h"

#define GAIN_MIN 1e-6f	/* a split must bring more */
#define LEVEL_BATCH 256 /* nodes of a level that are split together */

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
	t->nodes[t->n] = (struct node){.parent = parent,
				       .left = -1,
				       .right = -1,
				       .condition = value,
				       .cover = (float)sums->hess,
				       .weight = value};
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
	level_part(g);
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
	level_build(g);
	level_search(g);
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
	level_build(g);
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
	level_search(g);
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

/* --- a grown tree ----------------------------------------------------------------------------- */

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
