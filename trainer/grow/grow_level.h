/* grow_level.h - what the nodes of one level of a tree need, done by the whole team:
 * their histograms, their best splits, the parting of their rows. grow_tree.c says
 * which nodes these are.
 */
#ifndef SAGETOP_TRAINER_GROW_LEVEL_H
#define SAGETOP_TRAINER_GROW_LEVEL_H

#include "trainer/grow/grow_impl.h"

/* What is known of a node while the tree grows. */
struct site {
	size_t begin, end; /* its rows: rows[begin .. end - 1] */
	struct sums sums;
	float own_gain;
	int depth;
	struct split best;
	struct sums *hist;   /* NULL: none is needed any more */
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
	struct sums **extra;   /* one a thread but the first, for its part of a node that it shares */
	size_t slots;	       /* of a histogram */
	struct sorted *sorted; /* NULL: the data is not for it */
	bool by_lists;	       /* this tree is grown on the sorted lists, not by histograms */
	struct shares shares;
	size_t *counts; /* of left rows, as shares; then other sizes of nodes */
	size_t count_cap;
	struct id_list queue, expand, built, derived, searched;
	struct split *found;		  /* searched.n x threads */
	const struct column_list **lists; /* of each node searched */
	struct column_list *own_lists;	  /* where each node draws its own */
	size_t found_cap, list_cap, own_cap;
};

void id_add(struct id_list *l, int32_t id);

/* Histograms of `built`, and of their siblings in `derived` (-1: not needed) in the
 * place of their parents'. */
void level_build(struct tree_grower *g);
void hist_return(struct tree_grower *g, int32_t id); /* may have none */
/* The best split of every node in `searched`. */
void level_search(struct tree_grower *g);
/* The rows of the nodes in `expand`, to their children. */
void level_part(struct tree_grower *g);

#endif
