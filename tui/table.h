/* table.h - the geometry of a list: column widths, cursor, scrolling.
 *
 * Widths follow from the terminal's width alone, never from the data, so nothing
 * moves when data arrives. Columns are dropped by priority where they do not fit. */
#ifndef SAGETOP_TUI_TABLE_H
#define SAGETOP_TUI_TABLE_H

#include "tui/keymap.h"
#include "tui/surface.h"

#define TABLE_COLUMNS_MAX 16

struct table_column {
	const char *title;
	int min, max;	/* cells, without the gap before it */
	int want;	/* grows to this first, in order; 0: min */
	int priority;	/* 0 is never dropped; the highest is dropped first */
	bool right;	/* numbers */
	bool wide_only; /* shown with ctrl-w */
};

/* Fill ret[i] with the width of each column, 0 where dropped. gap cells stand
 * before every column but the first. */
void table_layout(const struct table_column *cols, size_t n, int width, int gap, bool wide, int *ret);

struct table_view {
	size_t n;	 /* rows */
	size_t selected; /* < n, or 0 */
	size_t top;	 /* first row on the screen */
	int page;	 /* rows on the screen, set when drawn */
};

/* Moves the cursor; false where the action is not one of moving. */
bool table_action(struct table_view *t, enum action a);
/* Keep the cursor within the rows and on the screen. */
void table_settle(struct table_view *t, int page);

/* A table as most screens have it: a mark before the row that is selected, headings
 * where there is room for them. */
#define TABLE_GUTTER 3 /* cells before a row */
#define TABLE_GAP 2
/* Draw a cell: of the row, of the column, from col on. */
typedef void table_cell_fn(void *user, size_t row, int column, struct area a, int line, int col, int width);
struct table_look {
	const struct table_column *columns;
	int n;
	table_cell_fn *cell;
	void *user;
};
void table_draw(struct table_view *t, struct area a, const struct table_look *look);
/* That a click on that line is one on that row. */
void table_spot(const struct table_view *t, struct area a, int line, size_t row);
/* The row under the cursor, once its cells are drawn. */
void table_mark(struct area a, int line);
/* Draw a cell's text in its column. */
void table_put(struct area a, int row, int col, int width, bool right, enum style st, const char *text);

#endif
