/* csv_layout.h - what each column of a CSV file is: found out once, from the
 * options and the first line, and then held against every further file.
 */
#ifndef SAGETOP_TRAINER_CSV_LAYOUT_H
#define SAGETOP_TRAINER_CSV_LAYOUT_H

#include "trainer/read/dataset_build.h"

enum csv_role { CSV_FEATURE, CSV_CATEGORY, CSV_LABEL, CSV_WEIGHT, CSV_ENTITY, CSV_DATE, CSV_IGNORED };

struct csv_column {
	enum csv_role role;
	size_t target; /* feature: its place among the features */
	size_t text;   /* category and entity: which dictionary */
};

struct csv_layout {
	char delimiter;
	size_t width; /* columns in the file */
	struct csv_column *columns;
	struct strlist names; /* of the file's columns; empty without a header */
	size_t features;
	size_t text_columns;  /* dictionaries needed */
	size_t label, weight; /* column numbers, or CSV_NO_COLUMN */
	bool plain;	      /* only label, weight and features, in place */
	size_t first_feature; /* where plain: the column of feature 0 */
};
#define CSV_NO_COLUMN SIZE_MAX

/* A table being read: CSV, and Parquet too, whose columns have the same roles. */
struct csv {
	const struct dataset_options *opt;
	struct csv_layout layout;
	bool laid_out;
	struct dictionary *text; /* one for each column of text */
	bool *frozen;		 /* its words come from opt->like */
	const char *unstarted;	 /* the file whose first line that is not blank has not come yet, or NULL */
	size_t blank_lines;	 /* of it, so far */
	size_t blank_line;	 /* number in the current file of one that no row has followed yet, or 0 */
	bool passed_over;	 /* blank lines before the columns were known */
};
void csv_make_dictionaries(struct csv *c); /* once it is laid out */
/* The code of a word in dictionary k of the table itself, new or not;
 * DICTIONARY_NONE where it is frozen and does not have it. */
uint32_t csv_word(struct csv *c, size_t k, const char *word);
/* Set what says which arrays the rows have. */
void csv_prepare(const struct csv *c, struct builder *b);

/* YYYYMMDD or YYYY-MM-DD, whatever time of day follows the latter. */
bool csv_date(const char *p, const char *end, int32_t *ret);

void csv_layout_done(struct csv_layout *l);

/* From the first line that is not blank, [p, end) without its newline. name is
 * the file's, line its number, for messages. */
int csv_layout_find(struct csv_layout *l, const struct dataset_options *opt, const char *p, const char *end,
		    const char *name, size_t line, struct err *err) NODISCARD;

/* The same where the cells of the first line (or the names of the columns, with
 * opt->header) are known already. */
int csv_layout_assign(struct csv_layout *l, const struct dataset_options *opt, struct strlist *cells, const char *name,
		      size_t line, struct err *err) NODISCARD;

/* A header line of a later file: the same names in the same order? */
int csv_layout_check(const struct csv_layout *l, const char *p, const char *end, const char *name, size_t line,
		     struct err *err) NODISCARD;

/* "column 3 (age)" without the word column: the name part, or "". */
const char *csv_layout_name(const struct csv_layout *l, size_t column);

#endif
