/* rows.h - some rows of a data set as a data set of their own: a fold, an entity. */
#ifndef SAGETOP_TRAINER_ROWS_H
#define SAGETOP_TRAINER_ROWS_H

#include "trainer/read/dataset.h"

/* A copy of the rows listed, in that order, with labels, weights, query ids, names
 * and kinds of columns. */
struct dataset *rows_take(const struct dataset *d, const uint32_t *rows, size_t n) NODISCARD;

/* All rows of a followed by all rows of b, which has the same columns (sparse data:
 * the wider counts); a's names are kept. */
struct dataset *rows_join(const struct dataset *a, const struct dataset *b) NODISCARD;

/* The rows of each group: rows[first[g]] to rows[first[g + 1] - 1] belong to group
 * g, in the order of the data. */
struct row_groups {
	uint32_t *rows;
	size_t *first; /* n + 1 */
	size_t n;
};
void row_groups_done(struct row_groups *g);
AUTO_EMBEDDED(row_groups, struct row_groups, row_groups_done)
void row_groups_make(const uint32_t *group_of_row, size_t rows, size_t groups, struct row_groups *ret);

#endif
