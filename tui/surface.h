/* surface.h - an off-screen grid of cells; every screen draws here.
 *
 * Pure memory: term.c carries it to the terminal, tests read it as text. A cell
 * holds a code point with up to two combining marks, a style (a role such as
 * "failed", never a colour) and attributes. Drawing goes through struct area, a
 * clipped rectangle passed by value; nothing drawn can leave it.
 */
#ifndef SAGETOP_TUI_SURFACE_H
#define SAGETOP_TUI_SURFACE_H

#include "base/buf.h"

/* What a text is; theme.c says how that looks. */
enum style {
	ST_NORMAL = 0,
	ST_DIM,	    /* less important: units, headings of sections */
	ST_STRONG,  /* names, what the eye should find first */
	ST_HEADER,  /* the top line */
	ST_TITLE,   /* the line below it */
	ST_HEADING, /* column headings */
	ST_KEY,	    /* a key in the footer */
	ST_RUNNING,
	ST_PENDING,
	ST_GOOD,
	ST_BAD,
	ST_WARN,
	ST_STOPPED,
	ST_MARK,  /* marked rows */
	ST_MATCH, /* search hits */
	ST_MATCH_CURRENT,
	ST_INPUT, /* where text is typed */
	ST_BUTTON,
	ST_BUTTON_FOCUS,
	ST_ADDED,
	ST_REMOVED,
	ST_SERIES_1,
	ST_SERIES_2,
	ST_SERIES_3,
	ST_SERIES_4,
	ST_SERIES_5,
	ST_SERIES_6,
	ST_COUNT
};
#define ST_SERIES_COUNT 6

enum { ATTR_SELECTED = 1 }; /* the row under the cursor */

struct cell {
	uint32_t cp;	  /* 0: the right half of a wide character */
	uint32_t mark[2]; /* combining code points, 0 where none */
	uint8_t style;
	uint8_t attr;
	uint8_t width; /* 1 or 2; 0 for a right half */
	uint8_t unused;
};

/* Braille has the most dots in a cell; blocks are for fonts that have none of it. */
enum chart_marks { MARKS_BRAILLE = 0, MARKS_BLOCKS, MARKS_LETTERS, MARKS_COUNT };

/* Where a click does something: what was drawn there says what. */
enum spot_act {
	SPOT_KEY,  /* as this key */
	SPOT_ROW,  /* the cursor goes so many rows down, or up; where it is, as Enter */
	SPOT_SORT, /* the list is sorted by that column */
};
#define SPOT_WORD_LEN 64
struct spot {
	int row, col, cells;
	enum spot_act act;
	int n; /* the key, or the rows */
	char word[SPOT_WORD_LEN];
};

struct surface {
	struct cell *cells;
	int rows, cols;
	int cursor_row, cursor_col; /* -1: hidden */
	bool ascii;		    /* replace what is not ASCII by its nearest likeness */
	enum chart_marks marks;	    /* what charts are drawn with, where it is not ASCII alone */
	bool mono;		    /* shown without colours: styles may look alike */
	bool mouse;		    /* spots are wanted; those of what was drawn last, the topmost at the end */
	struct spot *spots;
	size_t n_spots, cap_spots;
};

void surface_done(struct surface *s);
AUTO_EMBEDDED(surface, struct surface, surface_done)
/* Content is undefined afterwards until cleared. Sizes are clamped to 1..1000. */
void surface_resize(struct surface *s, int rows, int cols);
void surface_clear(struct surface *s);
bool cell_equal(const struct cell *a, const struct cell *b);

/* A rectangle of a surface. Coordinates given to area_* are relative to it. */
struct area {
	struct surface *s;
	int row, col, rows, cols;
};
struct area surface_area(struct surface *s);
/* A part of a; clipped to it. Negative rows or cols count as 0. */
struct area area_part(struct area a, int row, int col, int rows, int cols);

/* Put text (sanitised UTF-8) at row, col; what does not fit is cut. Returns the
 * column after the last cell used. */
int area_put(struct area a, int row, int col, enum style st, const char *text);
int area_putf(struct area a, int row, int col, enum style st, const char *fmt, ...) PRINTF_LIKE(5, 6);
/* In at most `cells` cells, with an ellipsis where cut. Returns as area_put. */
int area_put_cut(struct area a, int row, int col, int cells, enum style st, const char *text);
/* As area_put_cut, but cut in the middle: names differ at their ends. */
int area_put_middle(struct area a, int row, int col, int cells, enum style st, const char *text);
/* Right-aligned so that it ends before column `end`. Returns the start column. */
int area_put_right(struct area a, int row, int end, enum style st, const char *text);
/* Wrapped at blanks to `cells` cells, at most max_rows rows, '\n' breaks a line too;
 * an ellipsis where it was cut. Returns the row below. */
int area_put_wrapped(struct area a, int row, int col, int cells, int max_rows, enum style st, const char *text);
/* Rows that area_put_wrapped would use. */
int text_wrapped_rows(int cells, const char *text);
/* n bytes of text, the first skip cells left out (horizontal scroll). */
int area_put_scrolled(struct area a, int row, int col, enum style st, const char *text, size_t n, int skip);
void area_fill(struct area a, int row, int col, int cells, enum style st, uint32_t cp);
void area_clear(struct area a);
/* Note a spot; word (NULL: "") is copied, with one that is too long there is no spot. */
void area_spot(struct area a, int row, int col, int cells, enum spot_act act, int n, const char *word);
/* Until something is drawn again nothing is clicked. */
void surface_forget_spots(struct surface *s);
/* What is at that place of the surface; NULL. */
const struct spot *surface_spot(const struct surface *s, int row, int col);
void area_restyle(struct area a, int row, int col, int cells, enum style st);
void area_set_attr(struct area a, int row, int col, int cells, int attr);
void area_cursor(struct area a, int row, int col);
void area_box(struct area a, enum style st); /* a frame around the whole area */

/* The screen as text, one line a row, trailing blanks cut. */
void surface_text(const struct surface *s, struct buf *out);

#endif
