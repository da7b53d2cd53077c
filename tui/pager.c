/* A log on the screen: place, wrapping, what is visible. */
#include "tui/pager_internal.h"

#include "base/timefmt.h"
#include "base/utf8.h"

#define CLOCK_CELLS 13 /* 14:04:41.120 and a blank */
#define SINCE_CELLS 11
#define TAG_CELLS 12
#define NAME_CELLS 21
#define SCROLL_STEP 20
#define TAB_STOP 8

void pager_init(struct pager *p)
{
	*p = (struct pager){.follow = true, .wrap = false};
}

void pager_done(struct pager *p)
{
	search_free(p->search);
	p->search = NULL;
}

/* --- which lines --- */

size_t pager_n(const struct pager *p)
{
	size_t n;

	if (!p->log)
		return 0;
	if (!p->only_hits || !p->search)
		return p->log->n;
	(void)search_hits(p->search, &n);
	return n;
}

size_t pager_line_index(const struct pager *p, size_t i)
{
	size_t n;

	if (!p->only_hits || !p->search)
		return i;
	return search_hits(p->search, &n)[i];
}

static const struct log_line *line_at(const struct pager *p, size_t i)
{
	return &p->log->lines[pager_line_index(p, i)];
}

static void remember_place(struct pager *p)
{
	size_t n = pager_n(p);

	p->seen_n = p->log ? p->log->n : 0;
	p->seen_dropped = p->log ? p->log->n_dropped : 0;
	p->seen_before = p->log ? p->log->n_before : 0;
	p->anchor_seq = p->top < n ? line_at(p, p->top)->seq : 0;
}

/* Late lines came in above: the line at the top is now further down. */
static void find_anchor(struct pager *p)
{
	size_t grown = p->log->n - MIN(p->seen_n, p->log->n);

	for (size_t i = 1; i <= grown && p->top + i < p->log->n; i++)
		if (p->log->lines[p->top + i].seq == p->anchor_seq) {
			p->top += i;
			p->current += i;
			return;
		}
}

/* Older lines have come before the first one. */
static void make_way(struct pager *p)
{
	size_t n = p->seen_n > 0 ? p->log->n_before - p->seen_before : 0;

	p->current += n;
	if (!p->only_hits)
		p->top += n;
}

void pager_update(struct pager *p, const struct loglines *log)
{
	p->log = log;
	if (log)
		make_way(p);
	if (!log || log->n < p->seen_n - MIN(p->seen_n, log->n_dropped - p->seen_dropped)) {
		p->top = p->top_row = 0; /* another log, or none */
		p->has_current = false;
		if (p->search)
			search_restart(p->search);
	} else if (log->n_dropped != p->seen_dropped) { /* old lines were given up */
		size_t dropped = log->n_dropped - p->seen_dropped;
		if (p->search)
			search_restart(p->search);
		if (!p->only_hits)
			p->top -= MIN(p->top, dropped);
		p->has_current = p->has_current && p->current >= dropped;
		p->current -= MIN(p->current, dropped);
	} else if (!p->only_hits && p->anchor_seq && p->top < log->n && log->lines[p->top].seq != p->anchor_seq) {
		find_anchor(p);
	}
	if (p->search && log)
		search_check(p->search, log);
	remember_place(p);
}

/* --- geometry --- */

static bool has_tags(const struct pager *p)
{
	return p->log && p->log->streams.n > (p->tag_is_name ? 0 : 1) && (p->cols >= 70 || p->tag_is_name);
}

static int tag_cells(const struct pager *p)
{
	return p->tag_is_name ? MIN(NAME_CELLS, p->cols / 4) : TAG_CELLS;
}

static int prefix_cells(const struct pager *p)
{
	int cells = p->time == PAGER_CLOCK ? CLOCK_CELLS : p->time == PAGER_SINCE ? SINCE_CELLS : 0;

	if (p->cols < 50 && p->time == PAGER_CLOCK)
		cells = 9; /* without the milliseconds */
	if (has_tags(p))
		cells += tag_cells(p);
	return cells;
}

static int text_cells(const struct pager *p)
{
	return MAX(4, p->cols - 2 - prefix_cells(p));
}

/* The cells that a code point takes at a column: a tab goes to the next stop. */
static int cells_at(uint32_t cp, int col)
{
	return cp == '\t' ? TAB_STOP - col % TAB_STOP : utf8_cp_width(cp);
}

/* How many of the n bytes fit into that many cells; *ret_cells (may be NULL) is what
 * they take. */
static size_t fit(const char *text, size_t n, int cells, int *ret_cells)
{
	size_t i = 0;
	int used = 0;

	while (i < n) {
		uint32_t cp;
		size_t step = utf8_decode(text + i, n - i, &cp);
		int w = cells_at(cp, used);

		if (used + w > cells)
			break;
		used += w;
		i += step;
	}
	if (ret_cells)
		*ret_cells = used;
	return i;
}

/* Where the row ends that begins at a byte of a line: at a newline of the event's own,
 * or where the screen ends. At least one byte further where any is left of the row. */
static size_t row_end(const struct pager *p, const struct log_line *l, size_t at)
{
	const char *newline = memchr(l->text + at, '\n', l->len - at);
	size_t n = newline ? (size_t)(newline - l->text) - at : l->len - at;
	size_t fits = p->wrap ? fit(l->text + at, n, text_cells(p), NULL) : n;

	if (fits < n && l->text[at + fits] == '\t') /* at the margin it ends the row */
		fits++;
	return at + (fits || !n ? fits : 1);
}

static size_t row_next(const struct log_line *l, size_t end)
{
	return end < l->len && l->text[end] == '\n' ? end + 1 : end;
}

static size_t line_rows(const struct pager *p, const struct log_line *l)
{
	size_t rows = 1;

	for (size_t at = row_next(l, row_end(p, l, 0)); at < l->len; rows++)
		at = row_next(l, row_end(p, l, at));
	return rows;
}

static bool row_up(struct pager *p)
{
	if (p->top_row > 0) {
		p->top_row--;
		return true;
	}
	if (p->top == 0)
		return false;
	p->top--;
	p->top_row = line_rows(p, line_at(p, p->top)) - 1;
	return true;
}

static void to_end(struct pager *p)
{
	size_t n = pager_n(p);

	p->top = n ? n - 1 : 0;
	p->top_row = n ? line_rows(p, line_at(p, p->top)) - 1 : 0;
	for (int i = 1; i < p->rows && row_up(p); i++)
		;
}

/* At the end nothing is left below the screen: the top may not go further down. */
static void clamp(struct pager *p)
{
	size_t n = pager_n(p);
	struct pager end = *p;

	if (p->top >= n) {
		to_end(p);
		return;
	}
	if (p->top + (size_t)MAX(p->rows, 1) <= n)
		return;
	to_end(&end);
	if (p->top > end.top || (p->top == end.top && p->top_row > end.top_row)) {
		p->top = end.top;
		p->top_row = end.top_row;
	}
}

static bool at_end(const struct pager *p)
{
	struct pager end = *p;

	to_end(&end);
	return p->top > end.top || (p->top == end.top && p->top_row >= end.top_row);
}

static void row_down(struct pager *p)
{
	size_t n = pager_n(p);

	if (p->top >= n)
		return;
	if (p->top_row + 1 < line_rows(p, line_at(p, p->top))) {
		p->top_row++;
	} else if (p->top + 1 < n) {
		p->top++;
		p->top_row = 0;
	}
}

/* The first row says that there are older lines. */
static bool has_mark(const struct pager *p)
{
	return p->before && p->top == 0 && p->top_row == 0 && pager_n(p) > (size_t)MAX(p->rows, 1);
}

static size_t text_rows(const struct pager *p)
{
	return (size_t)MAX(p->rows - has_mark(p), 1);
}

static void scroll(struct pager *p, int by)
{
	for (; by < 0 && row_up(p); by++)
		p->follow = false;
	bool down = by > 0;
	for (; by > 0; by--)
		row_down(p);
	clamp(p);
	if (down && at_end(p)) /* as far down as it goes means to go on from there */
		p->follow = true;
	remember_place(p);
}

void pager_show_line(struct pager *p, size_t line)
{
	size_t at = line;

	if (p->only_hits && p->search)
		at = search_lower_bound(p->search, line);
	p->current = line;
	p->has_current = true;
	p->follow = false;
	if (at < p->top || at >= p->top + text_rows(p)) { /* a third down the screen */
		p->top = at;
		p->top_row = 0;
		for (int i = 0; i < p->rows / 3 && row_up(p); i++)
			;
	}
	/* Lines of several rows may have pushed it out below. */
	size_t rows = 0;
	for (size_t i = p->top; i < at && i < pager_n(p); i++)
		rows += line_rows(p, line_at(p, i));
	if (rows >= (size_t)MAX(p->rows, 1)) {
		p->top = at;
		p->top_row = 0;
	}
	clamp(p);
	remember_place(p);
}

/* --- drawing --- */

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
	(void)fit(h->text, MAX(from, h->from) - h->from, INT32_MAX, &left);
	(void)fit(h->text, MIN(to, h->to) - h->from, INT32_MAX, &right);
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

static void draw_prefix(struct pager *p, struct area a, int row, const struct log_line *l)
{
	char text[TIMEFMT_LEN], tag[64];
	int col = 1;

	if (p->time == PAGER_CLOCK) {
		bool narrow = p->cols < 50;
		area_put(a, row, col, ST_DIM,
			 narrow ? timefmt_clock(text, l->time_ms) : timefmt_clock_ms(text, l->time_ms));
		col += narrow ? 9 : CLOCK_CELLS;
	} else if (p->time == PAGER_SINCE) {
		double s = (double)(l->time_ms - p->log->lines[0].time_ms) / 1000.0;
		snprintf(text, sizeof(text), "%+9.1fs", s);
		area_put(a, row, col, ST_DIM, text);
		col += SINCE_CELLS;
	}
	if (has_tags(p) && l->stream < p->log->streams.n) {
		if (p->tag_is_name)
			str_copy(tag, sizeof(tag), p->log->streams.items[l->stream]);
		else
			log_stream_host(tag, sizeof(tag), p->log->streams.items[l->stream]);
		area_put_middle(a, row, col, tag_cells(p) - 1, (enum style)(ST_SERIES_1 + l->stream % ST_SERIES_COUNT),
				tag);
	}
}

void pager_plain(struct buf *out, const char *text, size_t n)
{
	int col = 0;

	for (const char *tab; (tab = memchr(text, '\t', n));) {
		size_t before = (size_t)(tab - text);
		int cells;

		(void)buf_add(out, text, before);
		(void)fit(text, before, INT32_MAX, &cells);
		col += cells;
		for (int i = cells_at('\t', col); i > 0; i--, col++)
			(void)buf_addc(out, ' ');
		text = tab + 1;
		n -= before + 1;
	}
	(void)buf_add(out, text, n);
}

static void put_log_text(struct area box, enum style st, const char *text, size_t n, int skip)
{
	AUTO(buf) struct buf plain = BUF_INIT(n * TAB_STOP + 1);

	pager_plain(&plain, text, n);
	area_put_scrolled(box, 0, 0, st, buf_str(&plain), plain.len, skip);
}

/* The row of a line that holds the bytes from `at` to `end`. */
static void draw_row(struct pager *p, struct area a, int row, const struct log_line *l, size_t index, size_t at,
		     size_t end)
{
	int cells = text_cells(p), skip = p->wrap ? 0 : p->left;
	struct area box = area_part(a, row, 1 + prefix_cells(p), 1, cells);
	size_t shown = at + fit(l->text + at, end - at, skip + cells, NULL);
	bool current = p->has_current && p->current == index;

	put_log_text(box, line_style(l), l->text + at, shown - at, skip);
	if (!p->wrap && shown < end) /* more to the right */
		area_put(box, 0, box.cols - 1, ST_DIM, "…");
	if (p->search) {
		struct highlight h = {.a = box, .skip = skip, .text = l->text + at, .from = at, .to = shown};

		h.style = current ? ST_MATCH_CURRENT : ST_MATCH;
		search_each_match(p->search, l->text, l->len, shown, highlight_match, &h);
	}
	if (current)
		area_put(a, row, 0, ST_STRONG, "▸");
}

void pager_draw(struct pager *p, struct area a)
{
	p->rows = a.rows;
	p->cols = a.cols;
	if (!p->log)
		return;
	if (p->follow)
		to_end(p);
	else
		clamp(p);
	size_t n = pager_n(p), skip_rows = p->top_row;
	int row = has_mark(p);
	if (row)
		area_put(a, 0, 1, ST_DIM, p->before);
	for (size_t i = p->top; i < n && row < a.rows; i++) {
		const struct log_line *l = line_at(p, i);
		size_t at = 0, index = pager_line_index(p, i);
		for (; skip_rows > 0 && at < l->len; skip_rows--)
			at = row_next(l, row_end(p, l, at));
		if (at == 0)
			draw_prefix(p, a, row, l);
		do {
			size_t end = row_end(p, l, at);

			draw_row(p, a, row++, l, index, at, end);
			at = row_next(l, end);
		} while (at < l->len && row < a.rows);
	}
	remember_place(p);
}

/* --- moving --- */

static bool find_level(const struct loglines *log, enum log_line_level level, size_t from, size_t to, int by,
		       size_t *ret)
{
	for (size_t i = from; i != to; i += (size_t)by)
		if (log->lines[i].level == level) {
			*ret = i;
			return true;
		}
	return false;
}

/* The next line of that level; from the other end where there is none. */
static const char *step_level(struct pager *p, enum log_line_level level, int by)
{
	size_t n = pager_n(p), from, at;

	if (!p->log || !n)
		return NULL;
	from = p->has_current ? p->current + (by > 0) : pager_line_index(p, MIN(p->top, n - 1));
	const char *note = NULL;
	bool found = by > 0 ? find_level(p->log, level, MIN(from, p->log->n), p->log->n, 1, &at)
			    : from > 0 && find_level(p->log, level, MIN(from, p->log->n) - 1, (size_t)-1, -1, &at);
	if (!found) {
		note = by > 0 ? "past the end: from the top again" : "past the top: from the end again";
		found = by > 0 ? find_level(p->log, level, 0, p->log->n, 1, &at)
			       : find_level(p->log, level, p->log->n - 1, (size_t)-1, -1, &at);
	}
	if (!found)
		return level == LINE_ERROR ? "no line looks like an error" : "no line looks like a warning";
	p->only_hits = false;
	pager_show_line(p, at);
	return note;
}

static void toggle_hits(struct pager *p)
{
	size_t n = pager_n(p), line = p->top < n ? pager_line_index(p, p->top) : 0;

	if (p->has_current)
		line = p->current;
	p->only_hits = !p->only_hits;
	p->top = p->only_hits ? search_lower_bound(p->search, line) : line;
	p->top_row = 0;
	for (int i = 0; p->has_current && i < p->rows / 3 && row_up(p); i++)
		;
	clamp(p);
}

static bool move_action(struct pager *p, enum action a)
{
	int page = MAX(1, p->rows - 1);

	switch (a) {
	case ACT_UP:
		scroll(p, -1);
		return true;
	case ACT_DOWN:
		scroll(p, 1);
		return true;
	case ACT_PAGE_UP:
		scroll(p, -page);
		return true;
	case ACT_PAGE_DOWN:
		scroll(p, page);
		return true;
	case ACT_HALF_UP:
		scroll(p, -MAX(1, page / 2));
		return true;
	case ACT_HALF_DOWN:
		scroll(p, MAX(1, page / 2));
		return true;
	case ACT_TOP:
		p->top = p->top_row = 0;
		p->follow = at_end(p);
		remember_place(p);
		return true;
	case ACT_BOTTOM:
		p->follow = true;
		p->has_current = false;
		to_end(p);
		remember_place(p);
		return true;
	case ACT_SCROLL_LEFT:
		p->left = MAX(0, p->left - SCROLL_STEP);
		return true;
	case ACT_SCROLL_RIGHT:
		p->left = MIN(p->left + SCROLL_STEP, 4 << 20);
		return true;
	default:
		return false;
	}
}

bool pager_action(struct pager *p, enum action a, const char **ret_note)
{
	const char *note = NULL;
	bool used = true;

	if (move_action(p, a))
		return true;
	switch (a) {
	case ACT_FOLLOW:
		p->follow = !p->follow;
		break;
	case ACT_WRAP:
		p->wrap = !p->wrap;
		p->top_row = 0;
		p->left = 0;
		break;
	case ACT_TIME:
		p->time = (enum pager_time)((p->time + 1) % 3);
		p->top_row = 0;
		break;
	case ACT_SEARCH_NEXT:
		note = search_step(p, 1);
		break;
	case ACT_SEARCH_PREVIOUS:
		note = search_step(p, -1);
		break;
	case ACT_MATCHES_ONLY:
		if (p->search)
			toggle_hits(p);
		else
			note = "search first: /";
		break;
	case ACT_ERROR_NEXT:
		note = step_level(p, LINE_ERROR, 1);
		break;
	case ACT_ERROR_PREVIOUS:
		note = step_level(p, LINE_ERROR, -1);
		break;
	case ACT_WARNING_NEXT:
		note = step_level(p, LINE_WARNING, 1);
		break;
	case ACT_WARNING_PREVIOUS:
		note = step_level(p, LINE_WARNING, -1);
		break;
	default:
		used = false;
		break;
	}
	if (ret_note)
		*ret_note = note;
	return used;
}

void pager_visible(const struct pager *p, size_t *first, size_t *last)
{
	size_t n = pager_n(p), rows = has_mark(p);

	*first = *last = 0;
	if (!n || p->top >= n)
		return;
	*first = p->top + 1;
	for (size_t i = p->top; i < n && rows < (size_t)MAX(p->rows, 1); i++) {
		rows += line_rows(p, line_at(p, i)) - (i == p->top ? p->top_row : 0);
		*last = i + 1;
	}
}

const struct log_line *pager_line_at_hand(const struct pager *p)
{
	size_t first, last, n = pager_n(p);

	if (!n || p->top >= n)
		return NULL;
	pager_visible(p, &first, &last);
	for (size_t i = first - 1; p->has_current && i < last; i++)
		if (pager_line_index(p, i) == p->current)
			return line_at(p, i);
	return line_at(p, p->top);
}
