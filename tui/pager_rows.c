/* How a line of a log lies in rows of the screen: behind its time and its stream's name,
 * cut or wrapped, tabs as blanks. */
#include "tui/pager_internal.h"

#include "base/utf8.h"

#define TAG_CELLS 12
#define NAME_CELLS 21

bool rows_have_tags(const struct pager *p)
{
	return p->log && p->log->streams.n > (p->tag_is_name ? 0 : 1) && (p->cols >= 70 || p->tag_is_name);
}

int rows_tag_cells(const struct pager *p)
{
	return p->tag_is_name ? MIN(NAME_CELLS, p->cols / 4) : TAG_CELLS;
}

int rows_time_cells(const struct pager *p)
{
	switch (p->time) {
	case PAGER_UTC:
	case PAGER_LOCAL:
		return p->cols < 50 ? PAGER_SHORT_CLOCK_CELLS : PAGER_CLOCK_CELLS;
	case PAGER_SINCE:
		return PAGER_SINCE_CELLS;
	default:
		return 0;
	}
}

int rows_prefix_cells(const struct pager *p)
{
	int cells = rows_time_cells(p);

	if (rows_have_tags(p))
		cells += rows_tag_cells(p);
	return cells;
}

int rows_text_cells(const struct pager *p)
{
	return MAX(4, p->cols - 2 - rows_prefix_cells(p));
}

int rows_cells_at(uint32_t cp, int col)
{
	return cp == '\t' ? PAGER_TAB_STOP - col % PAGER_TAB_STOP : utf8_cp_width(cp);
}

size_t rows_fit(const char *text, size_t n, int cells, int *ret_cells)
{
	size_t i = 0;
	int used = 0;

	while (i < n) {
		uint32_t cp;
		size_t step = utf8_decode(text + i, n - i, &cp);
		int w = rows_cells_at(cp, used);

		if (used + w > cells)
			break;
		used += w;
		i += step;
	}
	if (ret_cells)
		*ret_cells = used;
	return i;
}

size_t rows_end(const struct pager *p, const struct log_line *l, size_t at)
{
	const char *newline = memchr(l->text + at, '\n', l->len - at);
	size_t n = newline ? (size_t)(newline - l->text) - at : l->len - at;
	size_t fits = p->wrap ? rows_fit(l->text + at, n, rows_text_cells(p), NULL) : n;

	if (fits < n && l->text[at + fits] == '\t') /* at the margin it ends the row */
		fits++;
	return at + (fits || !n ? fits : 1);
}

size_t rows_next(const struct log_line *l, size_t end)
{
	return end < l->len && l->text[end] == '\n' ? end + 1 : end;
}

size_t rows_of_line(const struct pager *p, const struct log_line *l)
{
	size_t rows = 1;

	for (size_t at = rows_next(l, rows_end(p, l, 0)); at < l->len; rows++)
		at = rows_next(l, rows_end(p, l, at));
	return rows;
}

size_t rows_at(const struct pager *p, size_t place)
{
	return rules_rows(p, place) + rows_of_line(p, pager_line_at(p, place));
}
