/* table.h - a CSV file with a header as columns: numbers as doubles (NaN: missing), text
 * as codes into a list of words. Several files become one table by the names of their
 * columns. Plain or gzip.
 */
#ifndef SAGETOP_TRAINER_TABLE_H
#define SAGETOP_TRAINER_TABLE_H

#include "base/str.h"

#define TABLE_NO_COLUMN SIZE_MAX
#define TABLE_NO_WORD UINT32_MAX

struct table_column {
	char *name;
	bool text;	 /* some cell is not a number: words and codes; else numbers */
	double *numbers; /* rows; NULL where text */
	uint32_t *codes; /* rows: index into words, TABLE_NO_WORD where empty; NULL where numbers */
	struct strlist words;
};

struct table {
	struct table_column *columns;
	size_t n_columns, n_rows;
};
void table_free(struct table *t);
AUTO_POINTER(table, struct table, table_free)

/* text: names of columns that are text whatever their cells look like (an entity's id); may
 * be NULL. The error names file, line and column. */
int table_load(const struct strlist *paths, const struct strlist *text, struct table **ret, struct err *err) NODISCARD;
int table_load_memory(const void *data, size_t n, const char *what, const struct strlist *text, struct table **ret,
		      struct err *err) NODISCARD;
size_t table_find(const struct table *t, const char *name); /* TABLE_NO_COLUMN */
/* The rows in another order: row i of the result is row order[i]; n may be fewer. */
void table_reorder(struct table *t, const size_t *order, size_t n);

#endif
