/* grow_impl.h - what the files of the grower share; nobody else includes it.
 *
 * grow_sketch.c finds the cuts of each column, grow_bins.c puts every cell into
 * its bin, grow_gradient.c turns margins into gradients and grow_metric.c into
 * metrics, grow_draw.c draws rows and columns, grow_hist.c adds gradients up by bin,
 * grow_split.c searches the best split, grow_sorted.c does both in one for small
 * data, grow_level.c does this for the nodes of a level on all threads, grow_tree.c
 * makes a tree of them, grow_model.c writes and reads trees as libxgboost does,
 * grow.c goes round after round.
 *
 * Every sum is taken in the order and in the precision of libxgboost 1.7's hist
 * updater, so the trees are the same (x86-64; elsewhere, where it is not used, the
 * library's own compiler may have fused multiplications with additions, and ours
 * must not: -ffp-contract=off). Formulas and orders were read from its sources:
 * src/tree/updater_quantile_hist.cc, src/tree/hist/, src/common/quantile.h and
 * random.h.
 */
#ifndef SAGETOP_TRAINER_GROW_IMPL_H
#define SAGETOP_TRAINER_GROW_IMPL_H

#include "base/buf.h"
#include "trainer/grow/grow.h"
#include "trainer/read/parallel.h"

struct gradient {
	float grad, hess;
};

struct sums {
	double grad, hess;
};

/* --- settings -------------------------------------------------------------------- */

/* As the library holds them: its own defaults, its own rounding of the text. */
struct grow_settings {
	float eta, gamma, min_child_weight, lambda, alpha, max_delta_step;
	float subsample, by_tree, by_level, by_node;
	float scale_pos_weight, variance_power, poisson_step;
	int max_depth, max_leaves, max_bin; /* 0: no limit, for the first two */
	bool loss_guide;
	int groups; /* trees a round: classes, or 1 */
	uint32_t seed;
	/* No L1 term, no step limit, every leaf has weight: the short formula holds. */
	bool plain;
};

/* --- cuts and bins ---------------------------------------------------------------- */

/* Bin i of a column holds the values below values[first[column] + i] that are in
 * no bin before it. */
struct cuts {
	size_t columns;
	uint32_t *first; /* columns + 1 */
	float *values;
	float *least; /* of each column: less than all its values */
};
void cuts_done(struct cuts *c);
/* filled: of each column, the cells that are not missing. */
void cuts_make(const struct dataset *d, size_t columns, const size_t *filled, int max_bin, struct team *team,
	       struct cuts *ret);

struct bins {
	size_t rows, columns;
	struct cuts cuts;
	uint32_t *slot;	  /* columns + 1: where a column begins in a histogram */
	bool any_missing; /* then each column has one slot more, after its cuts, for missing cells */
	/* Each cell's place among the cuts of its column, in one of the two widths: rows x
	 * columns for adding up, columns x rows for parting rows. */
	uint8_t *by_row8, *codes8;
	uint16_t *by_row16, *codes16;
};
void bins_done(struct bins *b);
/* ERR_INVALID where a cell is infinite. */
int bins_make(const struct dataset *d, size_t columns, int max_bin, struct team *team, struct bins *ret,
	      struct err *err) NODISCARD;

/* A row of any data set as dense cells: its own, or copied into scratch. */
const float *row_cells(const struct dataset *d, size_t row, size_t columns, float *scratch);

int compare_u32(const void *a, const void *b); /* for qsort: ascending */

/* --- draws -------------------------------------------------------------------------- */

struct mt19937 {
	uint32_t state[624];
	unsigned at;
};
void mt19937_seed(struct mt19937 *m, uint32_t seed);
uint32_t mt19937_next(struct mt19937 *m);

/* Columns of a tree, of a level, of a node, each drawn from the one before; every
 * list is sorted. */
struct column_list {
	uint32_t *items;
	size_t n;
};
struct column_draw {
	struct mt19937 random;
	const struct grow_settings *settings;
	size_t columns;
	struct column_list tree, node;
	struct column_list *levels; /* by depth; n 0: not drawn yet */
	size_t n_levels;
	uint32_t *scratch;
};
void column_draw_init(struct column_draw *c, const struct grow_settings *s, size_t columns, uint32_t seed);
void column_draw_done(struct column_draw *c);
void column_draw_tree(struct column_draw *c);
/* Valid until the next call. */
const struct column_list *column_draw_node(struct column_draw *c, int depth);

/* Rows that are not drawn lose their gradient; threads matters to the result. */
void rows_draw(struct gradient *g, size_t rows, float share, uint32_t seed, int threads);

/* --- gradients ------------------------------------------------------------------------ */

struct loss;
const struct loss *loss_find(const char *objective); /* NULL where it is not ours */
/* Gradients of the rows first .. end - 1 for every group: out[group][row]. */
void loss_gradients(const struct loss *l, const struct grow_settings *s, const float *margins, const float *labels,
		    const float *weights, size_t first, size_t end, struct gradient *const *out);

float sigmoid(float x);

/* Appends the job's metrics of one set; false, and nothing, where one of them is the
 * library's to compute. names: none for the objective's own. */
bool rows_judge(const char *objective, const struct strlist *names, const float *margins, const struct dataset *d,
		struct team *team, size_t set, struct eval_values *out);

/* --- histograms ------------------------------------------------------------------------- */

/* The shares of `threads` threads in the rows of some nodes: blocks of 256 rows,
 * node after node, dealt to the threads in runs of equal length. */
struct share {
	size_t first, end; /* rows within the node; equal: none */
};
struct shares {
	int threads;
	size_t n;	     /* nodes */
	struct share *items; /* n x threads */
	size_t cap;
};
void shares_deal(struct shares *s, const size_t *rows_of_node, size_t n, int threads);
static inline const struct share *share_of(const struct shares *s, size_t node, int thread)
{
	return &s->items[node * (size_t)s->threads + (size_t)thread];
}
/* The first thread with a share in the node; -1 where it has no rows. */
int shares_leader(const struct shares *s, size_t node);

/* Adds the gradients of rows[0 .. n - 1] to hist. */
void hist_add(const struct bins *b, const struct column_list *columns, const uint32_t *rows, size_t n,
	      const struct gradient *g, struct sums *hist);

/* --- splits --------------------------------------------------------------------------------- */

struct split {
	float gain; /* 0: none found */
	uint32_t column;
	float condition;   /* below it: left */
	int bin;	   /* cells in this bin of the column and before it go left; -1: none does */
	bool missing_left; /* where cells that are missing go */
	struct sums left, right;
};

/* The better one; of two equal ones that of the lower column, as the order of
 * threads must not matter. */
void split_better(struct split *best, const struct split *other);

/* Search some columns of a node. own_gain: gain_of(sums). */
void split_search(const struct grow_settings *s, const struct bins *b, const struct sums *hist, const struct sums *node,
		  float own_gain, const uint32_t *columns, size_t n, struct split *best);

/* The other way, for small data (grow_sorted.c); NULL where it is not for it. */
struct sorted;
struct sorted *sorted_new(const struct grow_settings *s, const struct bins *b);
void sorted_free(struct sorted *w);
/* Before each tree, with its columns: false where this tree needs histograms. The
 * sum of all gradients, and the number of rows that were drawn. */
bool sorted_begin(struct sorted *w, const struct gradient *g, const struct column_list *columns, struct sums *ret_all,
		  size_t *ret_rows);
/* A node has entries first .. first + n - 1 of every column's list, the tree's root
 * all of them. */
void sorted_search(const struct sorted *w, size_t first, size_t n, const struct sums *node, float own_gain,
		   struct split *best);
/* Its left child's entries to the front; returns their number. rows: `all` rows of
 * the node, drawn or not, the first `lefts` of which go left. */
size_t sorted_part(struct sorted *w, size_t first, size_t n, const uint32_t *rows, size_t lefts, size_t all);

float weight_of(const struct grow_settings *s, const struct sums *x);
float gain_of(const struct grow_settings *s, const struct sums *x);

/* --- trees ------------------------------------------------------------------------------------ */

#define NO_PARENT INT32_MAX

struct node {
	int32_t parent, left, right; /* left < 0: a leaf */
	uint32_t column;
	float condition; /* of a leaf: its value */
	bool missing_left;
	float gain, cover, weight; /* loss change, sum of hessians, value before it is split */
};

struct tree {
	struct node *nodes;
	size_t n, cap;
};
void tree_done(struct tree *t);
float tree_value(const struct tree *t, const float *cells);

struct tree_grower;
struct tree_grower *tree_grower_new(const struct grow_settings *s, const struct bins *b, struct team *team);
void tree_grower_free(struct tree_grower *g);
/* Grow one tree on g; *out is emptied first. */
void tree_grow(struct tree_grower *g, struct column_draw *columns, const struct gradient *gradients, struct tree *out);
/* Add the last tree's values to margins[row * stride]. */
void tree_grower_add(struct tree_grower *g, float *margins, size_t stride);

/* --- the model's bytes -------------------------------------------------------------------------- */

/* Appends one tree as an object of UBJSON. */
int model_add_tree(struct buf *out, const struct tree *t, size_t id, size_t columns, struct err *err) NODISCARD;
/* shell: the UBJSON bytes of a model without trees and attributes; trees: n objects
 * as above. */
struct model_parts {
	const struct buf *shell;
	const struct strmap *attributes; /* may be NULL */
	const char *trees;
	size_t len, n;
	int groups;
};
int model_assemble(const struct model_parts *parts, struct buf *out, struct err *err) NODISCARD;
/* The place of the trees in the bytes of a model; their number to *n. */
int model_find_trees(const char *model, size_t len, size_t *ret_first, size_t *ret_end, size_t *n,
		     struct err *err) NODISCARD;
/* Read the object at *at, which moves behind it. */
int model_read_tree(const char *bytes, size_t len, size_t *at, struct tree *ret, struct err *err) NODISCARD;

#endif
