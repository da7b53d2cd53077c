/* The grid of cells that screens are drawn into. */
#include "tui/surface.h"

#include "base/str.h"
#include "base/utf8.h"

void surface_done(struct surface *s)
{
	free(s->cells);
	free(s->spots);
	s->cells = NULL;
	s->spots = NULL;
	s->n_spots = s->cap_spots = 0;
	s->rows = s->cols = 0;
}

void surface_resize(struct surface *s, int rows, int cols)
{
	s->rows = MAX(1, MIN(rows, 1000));
	s->cols = MAX(1, MIN(cols, 1000));
	s->cells = xreallocarray(s->cells, (size_t)s->rows * (size_t)s->cols, sizeof(*s->cells));
	surface_clear(s);
}

void surface_clear(struct surface *s)
{
	const struct cell blank = {.cp = ' ', .width = 1};

	for (int i = 0; i < s->rows * s->cols; i++)
		s->cells[i] = blank;
	s->cursor_row = s->cursor_col = -1;
	surface_forget_spots(s);
}

void surface_forget_spots(struct surface *s)
{
	s->n_spots = 0;
}

void area_spot(struct area a, int row, int col, int cells, enum spot_act act, int n, const char *word)
{
	struct surface *s = a.s;
	struct spot spot = {
		.row = a.row + row, .col = a.col + col, .cells = MIN(cells, a.cols - col), .act = act, .n = n};

	if (!s->mouse || row < 0 || row >= a.rows || strlen(str_or(word, "")) >= SPOT_WORD_LEN)
		return;
	str_copy(spot.word, sizeof(spot.word), str_or(word, ""));
	GROW(s->spots, s->cap_spots, s->n_spots + 1);
	s->spots[s->n_spots++] = spot;
}

const struct spot *surface_spot(const struct surface *s, int row, int col)
{
	for (size_t i = s->n_spots; i-- > 0;) {
		const struct spot *p = &s->spots[i];

		if (p->row == row && col >= p->col && col < p->col + p->cells)
			return p;
	}
	return NULL;
}

bool cell_equal(const struct cell *a, const struct cell *b)
{
	return a->cp == b->cp && a->mark[0] == b->mark[0] && a->mark[1] == b->mark[1] && a->style == b->style &&
	       a->attr == b->attr && a->width == b->width;
}

struct area surface_area(struct surface *s)
{
	return (struct area){.s = s, .rows = s->rows, .cols = s->cols};
}

struct area area_part(struct area a, int row, int col, int rows, int cols)
{
	row = MAX(0, MIN(row, a.rows));
	col = MAX(0, MIN(col, a.cols));
	return (struct area){
		.s = a.s,
		.row = a.row + row,
		.col = a.col + col,
		.rows = MAX(0, MIN(rows, a.rows - row)),
		.cols = MAX(0, MIN(cols, a.cols - col)),
	};
}

static struct cell *area_cell(struct area a, int row, int col)
{
	if (row < 0 || row >= a.rows || col < 0 || col >= a.cols)
		return NULL;
	return &a.s->cells[(size_t)(a.row + row) * (size_t)a.s->cols + (size_t)(a.col + col)];
}

/* A wide character loses its other half when one half is written over. */
static void heal_neighbours(struct area a, int row, int col, int width)
{
	row += a.row; /* the other half may lie outside the area */
	col += a.col;
	a = surface_area(a.s);
	struct cell *c = area_cell(a, row, col);
	if (c && c->width == 0) {
		struct cell *left = area_cell(a, row, col - 1);
		if (left && left->width == 2)
			left->cp = ' ', left->width = 1, left->mark[0] = left->mark[1] = 0;
	}
	c = area_cell(a, row, col + width);
	if (c && c->width == 0)
		c->cp = ' ', c->width = 1;
}

static void put_cell(struct area a, int row, int col, uint32_t cp, int width, enum style st)
{
	struct cell *c = area_cell(a, row, col), *right;

	if (!c)
		return;
	if (a.s->ascii) {
		uint32_t as = utf8_likeness(cp);

		cp = as || !cp ? as : '?';
		if (width == 2) { /* keep the room it takes */
			put_cell(a, row, col, '?', 1, st);
			put_cell(a, row, col + 1, '?', 1, st);
			return;
		}
	}
	heal_neighbours(a, row, col, width);
	right = width == 2 ? area_cell(a, row, col + 1) : NULL;
	if (width == 2 && !right) { /* half of it would stick out */
		cp = ' ';
		width = 1;
	}
	*c = (struct cell){.cp = cp, .style = (uint8_t)st, .attr = c->attr, .width = (uint8_t)width};
	if (right)
		*right = (struct cell){.cp = 0, .style = (uint8_t)st, .attr = right->attr, .width = 0};
}

static void put_mark(struct area a, int row, int col, uint32_t cp)
{
	struct cell *c = area_cell(a, row, col);

	if (c && c->width == 0)
		c = area_cell(a, row, col - 1);
	if (!c || a.s->ascii)
		return;
	if (!c->mark[0])
		c->mark[0] = cp;
	else if (!c->mark[1])
		c->mark[1] = cp;
}

int area_put_scrolled(struct area a, int row, int col, enum style st, const char *text, size_t n, int skip)
{
	size_t i = 0;
	int at = col - skip, last = -1;

	if (row < 0 || row >= a.rows)
		return col;
	while (i < n && at < a.cols) {
		uint32_t cp;
		int w;
		if ((unsigned char)text[i] >= 0x20 && (unsigned char)text[i] < 0x7f) {
			cp = (unsigned char)text[i++];
			w = 1;
		} else {
			i += utf8_decode(text + i, n - i, &cp);
			if (cp < 0x20 ||
			    (cp >= 0x7f && cp < 0xa0)) /* never reaches a terminal, whatever the caller forgot */
				cp = 0xfffd;
			w = utf8_cp_width(cp);
		}
		if (w == 0) {
			if (last >= col)
				put_mark(a, row, last, cp);
			continue;
		}
		if (at >= col)
			put_cell(a, row, at, cp, w, st);
		else if (at + w > col)
			put_cell(a, row, col, ' ', 1, st);
		last = at;
		at += w;
	}
	return MAX(col, MIN(at, a.cols));
}

int area_put(struct area a, int row, int col, enum style st, const char *text)
{
	return area_put_scrolled(a, row, col, st, text, strlen(text), 0);
}

int area_putf(struct area a, int row, int col, enum style st, const char *fmt, ...)
{
	char small[256];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < (int)sizeof(small))
		return area_put(a, row, col, st, small);
	va_start(ap, fmt);
	AUTO(str) char *large = xvasprintf(fmt, ap);
	va_end(ap);
	return area_put(a, row, col, st, large);
}

int area_put_cut(struct area a, int row, int col, int cells, enum style st, const char *text)
{
	if (cells <= 0)
		return col;
	/* Enough bytes for `cells` + 1 cells decide whether it must be cut at all. */
	size_t fits = utf8_fit(text, cells);
	if (!text[fits])
		return area_put_scrolled(a, row, col, st, text, fits, 0);
	fits = utf8_fit(text, cells - 1);
	int at = area_put_scrolled(a, row, col, st, text, fits, 0);
	return area_put(a, row, at, st, "…");
}

int area_put_middle(struct area a, int row, int col, int cells, enum style st, const char *text)
{
	AUTO(buf) struct buf cut = BUF_INIT(BUF_MAX_TEXT);

	utf8_add_middle(&cut, text, 0, cells);
	return area_put(a, row, col, st, buf_str(&cut));
}

/* Bytes of the next row of text, up to a newline or `cells`, broken at a blank
 * where there is one; *ret_next is where the row after it begins. */
static size_t wrap_row(const char *text, int cells, size_t *ret_next)
{
	size_t line = strcspn(text, "\n"), fits = MIN(utf8_fit(text, MAX(cells, 2)), line), cut = fits;

	if (fits < line) {
		while (cut > 0 && text[cut] != ' ')
			cut--;
		if (cut == 0)
			cut = MAX(fits, (size_t)1);
	}
	*ret_next = cut;
	while (*ret_next < line && text[*ret_next] == ' ')
		(*ret_next)++;
	if (*ret_next == line && text[line] == '\n')
		(*ret_next)++;
	return cut;
}

int area_put_wrapped(struct area a, int row, int col, int cells, int max_rows, enum style st, const char *text)
{
	for (int i = 0; i < max_rows && *text; i++) {
		size_t next, n = wrap_row(text, cells, &next);
		int end = area_put_scrolled(a, row, col, st, text, n, 0);
		text += next;
		if (i + 1 == max_rows && *text)
			area_put(a, row, MIN(end, col + cells - 1), st, "…");
		row++;
	}
	return row;
}

int text_wrapped_rows(int cells, const char *text)
{
	int rows = 0;

	for (size_t next; *text; rows++) {
		(void)wrap_row(text, cells, &next);
		text += next;
	}
	return rows;
}

int area_put_right(struct area a, int row, int end, enum style st, const char *text)
{
	int start = end - utf8_width(text);

	if (start < 0)
		return area_put_cut(a, row, 0, end, st, text), 0;
	area_put(a, row, start, st, text);
	return start;
}

void area_fill(struct area a, int row, int col, int cells, enum style st, uint32_t cp)
{
	for (int i = MAX(0, -col); i < cells && col + i < a.cols; i++)
		put_cell(a, row, col + i, cp, 1, st);
}

void area_clear(struct area a)
{
	for (int row = 0; row < a.rows; row++)
		area_fill(a, row, 0, a.cols, ST_NORMAL, ' ');
}

void area_restyle(struct area a, int row, int col, int cells, enum style st)
{
	for (int i = 0; i < cells; i++) {
		struct cell *c = area_cell(a, row, col + i);
		if (c)
			c->style = (uint8_t)st;
	}
}

void area_set_attr(struct area a, int row, int col, int cells, int attr)
{
	for (int i = 0; i < cells; i++) {
		struct cell *c = area_cell(a, row, col + i);
		if (c)
			c->attr = (uint8_t)attr;
	}
}

void area_cursor(struct area a, int row, int col)
{
	if (row < 0 || row >= a.rows || a.cols <= 0)
		return;
	a.s->cursor_row = a.row + row;
	a.s->cursor_col = a.col + MAX(0, MIN(col, a.cols - 1));
}

void area_box(struct area a, enum style st)
{
	if (a.rows < 2 || a.cols < 2)
		return;
	for (int c = 1; c < a.cols - 1; c++) {
		put_cell(a, 0, c, 0x2500, 1, st);
		put_cell(a, a.rows - 1, c, 0x2500, 1, st);
	}
	for (int r = 1; r < a.rows - 1; r++) {
		put_cell(a, r, 0, 0x2502, 1, st);
		put_cell(a, r, a.cols - 1, 0x2502, 1, st);
	}
	put_cell(a, 0, 0, 0x250c, 1, st);
	put_cell(a, 0, a.cols - 1, 0x2510, 1, st);
	put_cell(a, a.rows - 1, 0, 0x2514, 1, st);
	put_cell(a, a.rows - 1, a.cols - 1, 0x2518, 1, st);
}

void surface_text(const struct surface *s, struct buf *out)
{
	for (int row = 0; row < s->rows; row++) {
		const struct cell *line = &s->cells[(size_t)row * (size_t)s->cols];
		int end = s->cols;
		while (end > 0 && (line[end - 1].cp == ' ' && !line[end - 1].mark[0]))
			end--;
		for (int col = 0; col < end; col++) {
			char utf8[4];
			if (line[col].width == 0)
				continue;
			(void)buf_add(out, utf8, utf8_encode(line[col].cp, utf8));
			for (int m = 0; m < 2 && line[col].mark[m]; m++)
				(void)buf_add(out, utf8, utf8_encode(line[col].mark[m], utf8));
		}
		(void)buf_addc(out, '\n');
	}
}
