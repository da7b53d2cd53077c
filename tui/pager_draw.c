/* A log on the screen: its rows, with levels and matches marked. */
#include "tui/pager_internal.h"

#include "base/timefmt.h"

struct highlight {
	struct area a;
	int skip;	  /* cells of the row that are left of the screen */
	const char *text; /* of the row */
	size_t from, to;  /* its bytes within the line */
	enum style style;
};

static void highlight_match(void *user, size_t from, size_t to)
{
	struct highlight *h = user;
	int left, right;

	if (to <= h->from || from >= h->to)
		return;
	(void)rows_fit(h->text, MAX(from, h->from) - h->from, INT32_MAX, &left);
	(void)rows_fit(h->text, MIN(to, h->to) - h->from, INT32_MAX, &right);
	left = MAX(left - h->skip, 0);
	right = MIN(right - h->skip, h->a.cols);
	if (right > left)
		area_restyle(h->a, 0, left, right - left, h->style);
}

static enum style line_style(const struct log_line *l)
{
	switch (l->level) {
	case LINE_ERROR:
		return ST_BAD;
	case LINE_WARNING:
		return ST_WARN;
	case LINE_DEBUG:
		return ST_DIM;
	default:
		return ST_NORMAL;
	}
}

static void draw_prefix(struct pager *p, struct area a, int row, const struct log_line *l, bool marked)
{
	char text[TIMEFMT_LEN], tag[64];
	int cells = rows_time_cells(p), col = 1 + cells;

	if (p->time == PAGER_SINCE)
		snprintf(text, sizeof(text), "%+9.1fs", (double)(l->time_ms - p->log->lines[0].time_ms) / 1000.0);
	else
		timefmt_clock_at(text, l->time_ms, pager_offset(p, l->time_ms));
	if (cells)
		area_put(area_part(a, row, 1, 1, cells - 1), 0, 0, marked ? ST_MARK : ST_DIM, text);
	if (rows_have_tags(p) && l->stream < p->log->streams.n) {
		if (p->tag_is_name)
			str_copy(tag, sizeof(tag), p->log->streams.items[l->stream]);
		else
			log_stream_host(tag, sizeof(tag), p->log->streams.items[l->stream]);
		area_put_middle(a, row, col, rows_tag_cells(p) - 1,
				(enum style)(ST_SERIES_1 + l->stream % ST_SERIES_COUNT), tag);
	}
}

void pager_plain(struct buf *out, const char *text, size_t n)
{
	int col = 0;

	for (const char *tab; (tab = memchr(text, '\t', n));) {
		size_t before = (size_t)(tab - text);
		int cells;

		(void)buf_add(out, text, before);
		(void)rows_fit(text, before, INT32_MAX, &cells);
		col += cells;
		for (int i = rows_cells_at('\t', col); i > 0; i--, col++)
			(void)buf_addc(out, ' ');
		text = tab + 1;
		n -= before + 1;
	}
	(void)buf_add(out, text, n);
}

static void put_log_text(struct area box, enum style st, const char *text, size_t n, int skip)
{
	AUTO(buf) struct buf plain = BUF_INIT(n * PAGER_TAB_STOP + 1);

	pager_plain(&plain, text, n);
	area_put_scrolled(box, 0, 0, st, buf_str(&plain), plain.len, skip);
}

/* The row of a line that holds the bytes from `at` to `end`. */
static void draw_row(struct pager *p, struct area a, int row, const struct log_line *l, size_t index, size_t at,
		     size_t end)
{
	int cells = rows_text_cells(p), skip = p->wrap ? 0 : p->left;
	struct area box = area_part(a, row, 1 + rows_prefix_cells(p), 1, cells);
	size_t shown = at + rows_fit(l->text + at, end - at, skip + cells, NULL);
	bool current = p->has_current && p->current == index, marked = pager_is_marked(p, index);

	put_log_text(box, line_style(l), l->text + at, shown - at, skip);
	if (!p->wrap && shown < end) /* more to the right */
		area_put(box, 0, box.cols - 1, ST_DIM, "…");
	if (p->search) {
		struct highlight h = {.a = box, .skip = skip, .text = l->text + at, .from = at, .to = shown};

		h.style = current ? ST_MATCH_CURRENT : ST_MATCH;
		pattern_each(p->search->pattern, l->text, l->len, shown, highlight_match, &h);
	}
	if (current || marked)
		area_put(a, row, 0, marked ? ST_MARK : ST_STRONG, !marked ? "▸" : current ? "*" : "+");
}

/* The rule above a line, or none; returns its rows. *skip_rows are above the screen. */
static int draw_rule(const struct pager *p, struct area a, int row, size_t place, size_t *skip_rows)
{
	char text[200];

	if (!rules_text(p, place, text, sizeof(text)))
		return 0;
	if (*skip_rows) {
		--*skip_rows;
		return 0;
	}
	area_fill(a, row, 1, a.cols - 2, ST_DIM, 0x2500);
	int end = area_put_cut(a, row, 4, a.cols - 8, ST_DIM, text);
	area_put(a, row, 3, ST_DIM, " ");
	area_put(a, row, end, ST_DIM, " ");
	return 1;
}

void pager_draw(struct pager *p, struct area a)
{
	p->rows = a.rows;
	p->cols = a.cols;
	if (!p->log)
		return;
	pager_settle(p);
	size_t n = pager_n(p), skip_rows = p->top_row;
	int row = 0;
	for (size_t i = p->top; i < n && row < a.rows; i++) {
		const struct log_line *l = pager_line_at(p, i);
		size_t at = 0, index = pager_line_index(p, i);
		row += draw_rule(p, a, row, i, &skip_rows);
		if (row == a.rows)
			break;
		for (; skip_rows > 0 && at < l->len; skip_rows--)
			at = rows_next(l, rows_end(p, l, at));
		if (at == 0)
			draw_prefix(p, a, row, l, pager_is_marked(p, index));
		do {
			size_t end = rows_end(p, l, at);

			draw_row(p, a, row++, l, index, at, end);
			at = rows_next(l, end);
		} while (at < l->len && row < a.rows);
	}
}
