/* A log on the screen: place, wrapping, what is visible. */
#include "tui/pager_internal.h"

#include "base/timefmt.h"
#include "base/utf8.h"

#define CLOCK_CELLS 13 /* 14:04:41.120 and a blank */
#define SINCE_CELLS 11
#define TAG_CELLS 12
#define SCROLL_STEP 20

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
	p->anchor_text = p->top < n ? line_at(p, p->top)->text : NULL;
}

/* Late lines came in above: the line at the top is now further down. */
static void find_anchor(struct pager *p)
{
	size_t grown = p->log->n - MIN(p->seen_n, p->log->n);

	for (size_t i = 1; i <= grown && p->top + i < p->log->n; i++)
		if (p->log->lines[p->top + i].text == p->anchor_text) {
			p->top += i;
			p->current += i;
			return;
		}
}

void pager_update(struct pager *p, const struct loglines *log)
{
	p->log = log;
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
	} else if (!p->only_hits && p->anchor_text && p->top < log->n && log->lines[p->top].text != p->anchor_text) {
		find_anchor(p);
	}
	if (p->search && log)
		search_check(p->search, log);
	remember_place(p);
}

/* --- geometry --- */

static bool has_tags(const struct pager *p)
{
	return p->log && p->log->streams.n > 1;
}

static int prefix_cells(const struct pager *p)
{
	int cells = p->time == PAGER_CLOCK ? CLOCK_CELLS : p->time == PAGER_SINCE ? SINCE_CELLS : 0;

	if (p->cols < 50 && p->time == PAGER_CLOCK)
		cells = 9; /* without the milliseconds */
	if (has_tags(p) && p->cols >= 70)
		cells += TAG_CELLS;
	return cells;
}

static int text_cells(const struct pager *p)
{
	return MAX(4, p->cols - 2 - prefix_cells(p));
}

/* Bytes of the next row of text; at least one where any is left. */
static size_t row_bytes(const char *text, int cells)
{
	size_t n = utf8_fit(text, cells);

	return n || !*text ? n : 1;
}

static size_t line_rows(const struct pager *p, const struct log_line *l)
{
	int cells = text_cells(p);
	size_t rows = 1, at = 0;

	if (!p->wrap || l->len <= (size_t)cells)
		return 1;
	for (at = row_bytes(l->text, cells); at < l->len; rows++)
		at += row_bytes(l->text + at, cells);
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
	if (at < p->top || at >= p->top + (size_t)MAX(p->rows, 1)) { /* a third down the screen */
		p->top = at;
		p->top_row = 0;
		for (int i = 0; i < p->rows / 3 && row_up(p); i++)
			;
	}
	/* Wrapped lines may have pushed it out below. */
	size_t rows = 0;
	for (size_t i = p->top; p->wrap && i < at && i < pager_n(p); i++)
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
	int row, col, cells;
	const char *text; /* of the row */
	size_t from, to;  /* its bytes within the line */
	enum style style;
};

static void highlight_match(void *user, size_t from, size_t to)
{
	struct highlight *h = user;

	if (to <= h->from || from >= h->to)
		return;
	from = MAX(from, h->from) - h->from;
	to = MIN(to, h->to) - h->from;
	AUTO(str) char *before = xstrndup(h->text, from);
	AUTO(str) char *match = xstrndup(h->text + from, to - from);
	int col = utf8_width(before), width = utf8_width(match);
	area_restyle(h->a, h->row, h->col + col, MIN(width, h->cells - col), h->style);
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

/* "algo-1" of "job/algo-1-1700000000". */
static void stream_tag(char *out, size_t size, const char *stream)
{
	const char *slash = strrchr(stream, '/');

	str_copy(out, size, slash ? slash + 1 : stream);
	char *dash = strrchr(out, '-');
	if (dash && strlen(dash) > 6)
		*dash = '\0';
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
	if (has_tags(p) && p->cols >= 70 && l->stream < p->log->streams.n) {
		stream_tag(tag, sizeof(tag), p->log->streams.items[l->stream]);
		area_put_cut(a, row, col, TAG_CELLS - 1, (enum style)(ST_SERIES_1 + l->stream % ST_SERIES_COUNT), tag);
	}
}

/* CloudWatch writes a tab as "#011": shown as blanks of the same length, so that
 * columns and matches stay where they are. */
static void put_log_text(struct area box, enum style st, const char *text, size_t n, int skip)
{
	static const char tab[] = "#011";

	if (!memmem(text, n, tab, 4)) {
		area_put_scrolled(box, 0, 0, st, text, n, skip);
		return;
	}
	AUTO(str) char *copy = xstrndup(text, n);
	for (char *s = strstr(copy, tab); s; s = strstr(s, tab))
		memset(s, ' ', 4);
	area_put_scrolled(box, 0, 0, st, copy, n, skip);
}

/* One row of a line: the bytes from `at`; returns how many it shows. */
static size_t draw_row(struct pager *p, struct area a, int row, const struct log_line *l, size_t index, size_t at)
{
	int col = 1 + prefix_cells(p), cells = text_cells(p), skip = p->wrap ? 0 : p->left;
	const char *text = l->text + at;
	struct area box = area_part(a, row, col, 1, cells);
	size_t shown = p->wrap ? row_bytes(text, cells) : l->len - at;
	bool current = p->has_current && p->current == index;

	put_log_text(box, line_style(l), text, p->wrap ? shown : utf8_fit(text, skip + cells), skip);
	if (!p->wrap) {
		size_t end = utf8_fit(text, skip + cells);
		if (end < shown) /* more to the right */
			area_put(box, 0, box.cols - 1, ST_DIM, "…");
		shown = end;
	}
	if (p->search) {
		size_t from = p->wrap ? 0 : utf8_fit(text, skip); /* where the visible part begins */
		struct highlight h = {
			.a = box, .cells = box.cols, .text = text + from, .from = at + from, .to = at + shown};
		h.style = current ? ST_MATCH_CURRENT : ST_MATCH;
		search_each_match(p->search, l->text, l->len, at + shown, highlight_match, &h);
	}
	if (current)
		area_put(a, row, 0, ST_STRONG, "▸");
	return shown;
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
	int row = 0;
	for (size_t i = p->top; i < n && row < a.rows; i++) {
		const struct log_line *l = line_at(p, i);
		size_t at = 0, index = pager_line_index(p, i);
		for (; skip_rows > 0; skip_rows--)
			at += row_bytes(l->text + at, text_cells(p));
		if (at == 0)
			draw_prefix(p, a, row, l);
		do {
			at += draw_row(p, a, row++, l, index, at);
		} while (p->wrap && at < l->len && row < a.rows);
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
	size_t n = pager_n(p), rows = 0;

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
