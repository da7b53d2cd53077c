/* profile.h - what the columns of data look like, cell by cell as they are read, in memory
 * that does not grow with the rows: how many are there and missing, of what type they are,
 * moments and distribution of numbers, counts of texts.
 *
 * Types are Model Monitor's: a column with a text is String, one with a fraction among its
 * numbers Fractional, else Integral; one without a value is Unknown.
 */
#ifndef SAGETOP_MODEL_PROFILE_H
#define SAGETOP_MODEL_PROFILE_H

#include "base/moments.h"
#include "base/str.h"
#include "model/sketch.h"
#include "model/tally.h"

#define PROFILE_COLUMNS_MAX 4096
#define PROFILE_CATEGORIES_MAX 120 /* a column of more different texts has no distribution */

enum cell_type { CELL_MISSING, CELL_INTEGRAL, CELL_FRACTIONAL, CELL_TEXT, CELL_TYPES };
enum column_type { COLUMN_UNKNOWN, COLUMN_INTEGRAL, COLUMN_FRACTIONAL, COLUMN_STRING };
extern const char *const column_type_names[]; /* "Unknown", "Integral" ... */

struct profile_column {
	char *name;
	size_t cells[CELL_TYPES]; /* those that were there, by type; missing ones are not counted here */
	struct moments moments;	  /* of numbers */
	double sum, sum_error;	  /* of numbers; the sum is both together */
	size_t negative;
	struct sketch sketch;
	struct tally tally;    /* of all cells as texts */
	size_t last_row;       /* that has a cell of it, from 1 on */
	size_t first_text_row; /* 0: none */
	char *first_text;
};

struct profile {
	struct profile_column *columns;
	size_t n, cap;
	struct map by_name; /* place + 1 */
	size_t rows;
	size_t tally_budget; /* bytes that all tallies may still keep */
};
void profile_init(struct profile *p);
void profile_done(struct profile *p);
AUTO_EMBEDDED(profile, struct profile, profile_done)

#define PROFILE_NONE SIZE_MAX
size_t profile_find(const struct profile *p, const char *name); /* PROFILE_NONE */
/* The place of the column of that name, which is added where it is not there. ERR_TOOBIG. */
int profile_column(struct profile *p, const char *name, size_t *ret, struct err *err) NODISCARD;

/* Empty and NaN are missing. Spaces around a number do not count. */
enum cell_type cell_parse(const char *text, double *ret);

/* A row begins; then its cells, each column at most once: a second one is left out. */
void profile_begin_row(struct profile *p);
void profile_add(struct profile *p, size_t column, enum cell_type type, double number, const char *text);

size_t profile_present(const struct profile_column *c);
size_t profile_missing(const struct profile *p, const struct profile_column *c);
enum column_type profile_type(const struct profile_column *c);
double profile_sum(const struct profile_column *c);

/* Counts in `n` parts of equal width from least to greatest, each with its lower bound, the
 * last with its upper one too. Of more than SKETCH_K numbers they are as exact as the sketch. */
void profile_buckets(const struct profile_column *c, size_t n, double *counts);
/* The bound below part i of n. */
double profile_bound(const struct profile_column *c, size_t i, size_t n);

#endif
