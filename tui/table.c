/* Columns that fit the width, rows, selection. */
#include "tui/table.h"

#include "base/utf8.h"

void table_layout(const struct table_column *cols, size_t n, int width, int gap, bool wide, int *ret)
{
	int used = 0;
	size_t shown = 0;

	for (size_t i = 0; i < n; i++) {
		ret[i] = cols[i].wide_only && !wide ? 0 : cols[i].min;
		if (ret[i]) {
			used += ret[i] + (shown ? gap : 0);
			shown++;
		}
	}
	while (used > width) {
		size_t worst = n;
		for (size_t i = 0; i < n; i++)
			if (ret[i] && cols[i].priority > 0 && (worst == n || cols[i].priority > cols[worst].priority))
				worst = i;
		if (worst == n)
			break;
		used -= ret[worst] + gap;
		ret[worst] = 0;
	}
	/* The room left goes to what is wanted most, then evenly to those that may grow. */
	int spare = width - used;
	for (size_t i = 0; i < n; i++)
		if (ret[i] && ret[i] < cols[i].want) {
			int more = MIN(spare, cols[i].want - ret[i]);
			ret[i] += MAX(more, 0);
			spare -= MAX(more, 0);
		}
	while (spare > 0) {
		int given = 0;
		for (size_t i = 0; i < n && spare > 0; i++)
			if (ret[i] && ret[i] < cols[i].max) {
				ret[i]++;
				spare--;
				given++;
			}
		if (!given)
			break;
	}
}

static void move_by(struct table_view *t, long by)
{
	long to = (long)t->selected + by;

	t->selected = t->n == 0 || to < 0 ? 0 : MIN((size_t)to, t->n - 1);
}

bool table_action(struct table_view *t, enum action a)
{
	int page = MAX(1, t->page);

	switch (a) {
	case ACT_UP:
		move_by(t, -1);
		return true;
	case ACT_DOWN:
		move_by(t, 1);
		return true;
	case ACT_PAGE_UP:
		move_by(t, -page);
		return true;
	case ACT_PAGE_DOWN:
		move_by(t, page);
		return true;
	case ACT_HALF_UP:
		move_by(t, -MAX(1, page / 2));
		return true;
	case ACT_HALF_DOWN:
		move_by(t, MAX(1, page / 2));
		return true;
	case ACT_TOP:
		t->selected = 0;
		return true;
	case ACT_BOTTOM:
		t->selected = t->n ? t->n - 1 : 0;
		return true;
	default:
		return false;
	}
}

void table_settle(struct table_view *t, int page)
{
	t->page = MAX(1, page);
	size_t rows = (size_t)t->page;
	if (t->selected >= t->n)
		t->selected = t->n ? t->n - 1 : 0;
	if (t->selected < t->top)
		t->top = t->selected;
	if (t->selected >= t->top + rows)
		t->top = t->selected - rows + 1;
	if (t->top + rows > t->n)
		t->top = t->n > rows ? t->n - rows : 0;
}

void table_put(struct area a, int row, int col, int width, bool right, enum style st, const char *text)
{
	if (right) {
		int w = utf8_width(text);
		if (w <= width) {
			area_put(a, row, col + width - w, st, text);
			return;
		}
	}
	area_put_cut(a, row, col, width, st, text);
}

void table_mark(struct area a, int line)
{
	area_put(a, line, 1, ST_STRONG, "▸");
	area_set_attr(a, line, 0, a.cols, ATTR_SELECTED);
}

void table_spot(const struct table_view *t, struct area a, int line, size_t row)
{
	area_spot(a, line, 0, a.cols, SPOT_ROW, (int)((long)row - (long)t->selected), NULL);
}

static void draw_row(const struct table_view *t, struct area a, int line, const struct table_look *look,
		     const int *widths, size_t row)
{
	int col = TABLE_GUTTER;

	for (int i = 0; i < look->n; i++) {
		if (!widths[i])
			continue;
		look->cell(look->user, row, i, a, line, col, widths[i]);
		col += widths[i] + TABLE_GAP;
	}
	if (row == t->selected)
		table_mark(a, line);
}

void table_draw(struct table_view *t, struct area a, const struct table_look *look)
{
	int widths[TABLE_COLUMNS_MAX], headings = a.rows > 2, col = TABLE_GUTTER;

	table_layout(look->columns, (size_t)look->n, a.cols - TABLE_GUTTER, TABLE_GAP, false, widths);
	table_settle(t, a.rows - headings);
	for (int i = 0; headings && i < look->n; i++) {
		if (!widths[i])
			continue;
		table_put(a, 0, col, widths[i], look->columns[i].right, ST_HEADING, look->columns[i].title);
		col += widths[i] + TABLE_GAP;
	}
	for (int line = headings; line < a.rows; line++) {
		size_t row = t->top + (size_t)(line - headings);

		if (row >= t->n)
			break;
		draw_row(t, a, line, look, widths, row);
		table_spot(t, a, line, row);
	}
}
