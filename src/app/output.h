/* output.h - what commands print: tables and JSON, and when which.
 *
 * A table is aligned for a person (--format table, the default on a terminal),
 * tab-separated for a program (--format tsv, the default in a pipe), or CSV as RFC 4180
 * has it (--csv, where a command takes it); --format json is made by each command with
 * its own members. Cells hold sanitised text, so neither tab nor newline can break a row.
 */
#ifndef SAGETOP_APP_OUTPUT_H
#define SAGETOP_APP_OUTPUT_H

#include "app/app.h"
#include "base/json.h"

enum output_format { OUTPUT_TABLE, OUTPUT_TSV, OUTPUT_CSV, OUTPUT_JSON };
enum output_format output_format(const struct app *a);

/* What becomes of a column's cells on a terminal that is too narrow for the table. */
enum table_fit {
	TABLE_WHOLE,  /* nothing */
	TABLE_MIDDLE, /* cut from the middle, the widest columns first */
	TABLE_ALIKE   /* the same, out of what is alike in all such cells of a row */
};

struct table {
	struct table_column {
		const char *title; /* borrowed */
		bool right;
		bool named; /* see table_column_named */
		enum table_fit fit;
		short priority; /* where the terminal is too narrow the highest is left out first; 0: never */
		int width;	/* 0: left out */
	} * columns;
	size_t n_columns, cap_columns;
	bool cut;	      /* aligned rows end at the terminal's margin */
	struct strlist cells; /* row by row */
};
void table_done(struct table *t);
AUTO_EMBEDDED(table, struct table, table_done)
void table_column(struct table *t, const char *title, bool right);	/* "COST"; of CSV "cost" */
void table_column_named(struct table *t, const char *name, bool right); /* a name of somebody else's, always as it is */
void table_column_fit(struct table *t, enum table_fit fit, short priority); /* of the last that was added */
void table_cell(struct table *t, const char *text); /* NULL or "": nothing known, a dash when aligned */
/* Only these columns, by their titles in any case, in that order; columns is what --columns has, NULL: all. ERR_USAGE
 * names those that there are. */
int table_choose(struct table *t, const char *columns, struct err *err) NODISCARD;
void table_print(struct table *t, const struct app *a);
void table_print_aligned(struct table *t, const struct app *a); /* whatever the format: part of a text */

/* Text for a person: the marks in it are ASCII where the terminal, or its locale, has nothing else. */
void output_text(const struct app *a, const char *text);
/* Pretty-printed with a newline; j is borrowed. */
void output_json(const struct app *a, const json_t *j);

/* Members that may be unknown: null, never 0. Each steals nothing. */
void json_put_str(json_t *object, const char *name, const char *value);
void json_put_time(json_t *object, const char *name, int64_t ms);
void json_put_usd(json_t *object, const char *name, int64_t usd_micro);
void json_put_seconds(json_t *object, const char *name, int64_t seconds); /* -1: unknown */

/* Dollars for people, "$0.035", or for programs, "0.034876", by the format; nothing where they are
 * unknown. buf holds OUTPUT_USD_LEN bytes. */
#define OUTPUT_USD_LEN 32
char *output_usd(const struct app *a, char *buf, int64_t usd_micro);

/* The price table's date, which stands with every total: as a line below a table of money (of one
 * for programs on standard error), and as the member prices_as_of. */
void output_prices(const struct app *a);
void json_put_prices(json_t *object, const struct session *s);

/* Cells the output is wide: the terminal's, or 0 in a pipe; and lines it is high. */
int output_width(const struct app *a);
int output_height(const struct app *a);

/* "name  value" lines of a detail page, aligned at a fixed column; in a pipe
 * separated by a tab. Nothing is printed for an empty value. */
void output_field(const struct app *a, const char *name, const char *value);

#endif
