/* A log on the screen: where it stands, and how that moves. */
#include "base/timefmt.h"
#include "tui/pager_internal.h"

#define SCROLL_STEP 20

void pager_init(struct pager *p)
{
	*p = (struct pager){.follow = true, .wrap = false, .time = timefmt_shows_local() ? PAGER_LOCAL : PAGER_UTC};
}

void pager_done(struct pager *p)
{
	search_free(p->search);
	p->search = NULL;
	filters_done(p);
	marks_done(p);
}

/* What has changed since is told by this. */
static void remember_log(struct pager *p)
{
	const struct loglines *log = p->log;

	p->seen_n = log ? log->n : 0;
	p->seen_dropped = log ? log->n_dropped : 0;
	p->seen_before = log ? log->n_before : 0;
}

static bool anchor_holds(const struct pager *p)
{
	return p->anchor_seq && p->log && p->anchor_line < p->log->n &&
	       p->log->lines[p->anchor_line].seq == p->anchor_seq;
}

void pager_remember_place(struct pager *p)
{
	p->anchor_line = 0;
	p->anchor_seq = 0;
	p->anchor_ruled = false;
	if (p->top >= pager_n(p))
		return;
	p->anchor_ruled = rules_rows(p, p->top) > 0;
	p->anchor_line = pager_line_index(p, p->top);
	p->anchor_seq = p->log->lines[p->anchor_line].seq;
}

/* By late lines that came in above it the line at the top is now further down. */
static size_t find_anchor(const struct pager *p, size_t from, size_t grown)
{
	for (size_t i = 0; i <= grown && from + i < p->log->n; i++)
		if (p->log->lines[from + i].seq == p->anchor_seq)
			return from + i;
	return from;
}

/* Where the line at the top and the current one are now, after older lines came before the first, the oldest were
 * given up, and late ones came in between. */
static void move_along(struct pager *p)
{
	size_t before = p->seen_n > 0 ? p->log->n_before - p->seen_before : 0;
	size_t dropped = p->log->n_dropped - p->seen_dropped;
	size_t was = p->seen_n + before - MIN(p->seen_n + before, dropped);

	p->current += before;
	p->has_current = p->has_current && p->current >= dropped;
	p->current -= MIN(p->current, dropped);
	p->anchor_line += before;
	p->anchor_line -= MIN(p->anchor_line, dropped);
	if (!p->anchor_seq)
		return;
	size_t at = find_anchor(p, p->anchor_line, p->log->n - MIN(was, p->log->n));
	p->current += at - p->anchor_line;
	p->anchor_line = at;
}

void pager_update(struct pager *p, const struct loglines *log)
{
	p->log = log;
	if (!log || log->n < p->seen_n - MIN(p->seen_n, log->n_dropped - p->seen_dropped)) {
		p->top = p->top_row = 0; /* another log, or none */
		p->has_current = false;
		marks_done(p);
		line_set_begin(&p->silences, log, 0);
		lines_restart(p);
	} else {
		move_along(p);
		marks_follow(p);
		lines_follow(p);
	}
	remember_log(p);
	if (!anchor_holds(p))
		pager_remember_place(p);
}

/* --- geometry --- */

bool pager_row_up(struct pager *p)
{
	if (p->top_row > 0) {
		p->top_row--;
		return true;
	}
	if (p->top == 0)
		return false;
	p->top--;
	p->top_row = rows_at(p, p->top) - 1;
	return true;
}

static void to_end(struct pager *p)
{
	size_t n = pager_n(p);

	p->top = n ? n - 1 : 0;
	p->top_row = n ? rows_at(p, p->top) - 1 : 0;
	for (int i = 1; i < p->rows && pager_row_up(p); i++)
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
	if (p->top + (size_t)MAX(p->rows, 1) <= n || !lines_end_is_known(p))
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
	if (p->top_row + 1 < rows_at(p, p->top)) {
		p->top_row++;
	} else if (p->top + 1 < n) {
		p->top++;
		p->top_row = 0;
	}
}

static void scroll(struct pager *p, int by)
{
	for (; by < 0 && pager_row_up(p); by++)
		p->follow = false;
	bool down = by > 0;
	for (; by > 0; by--)
		row_down(p);
	clamp(p);
	if (down && at_end(p)) /* as far down as it goes means to go on from there */
		p->follow = true;
	pager_remember_place(p);
}

void pager_show_line(struct pager *p, size_t line)
{
	size_t at = lines_place(p, line);

	p->current = line;
	p->has_current = true;
	p->follow = false;
	if (at < p->top || at >= p->top + (size_t)MAX(p->rows, 1)) { /* a third down the screen */
		p->top = at;
		p->top_row = 0;
		for (int i = 0; i < p->rows / 3 && pager_row_up(p); i++)
			;
	}
	/* Rules and lines of several rows may have pushed it out below. */
	size_t rows = at < pager_n(p) ? rules_rows(p, at) : 0;
	for (size_t i = p->top; i < at && i < pager_n(p); i++)
		rows += rows_at(p, i);
	if (rows >= (size_t)MAX(p->rows, 1)) {
		p->top = at;
		p->top_row = 0;
	}
	clamp(p);
	pager_remember_place(p);
}

size_t pager_line_at_time(const struct pager *p, int64_t time_ms)
{
	size_t lo = 0, hi = p->log ? p->log->n : 0;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (p->log->lines[mid].time_ms < time_ms)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The first shown line there or behind it, else the last one; false where nothing is shown. */
static bool show_from(struct pager *p, size_t line)
{
	size_t at = lines_place(p, line), n = pager_n(p);

	if (n)
		pager_show_line(p, pager_line_index(p, MIN(at, n - 1)));
	return n > 0;
}

bool pager_go_to(struct pager *p, int64_t time_ms)
{
	return show_from(p, pager_line_at_time(p, time_ms));
}

void pager_jump(struct pager *p, size_t line)
{
	p->lines = PAGER_ALL;
	(void)show_from(p, line);
}

/* Where a rule has come or gone above the line at the top, its text stays where it is. */
static void keep_row(struct pager *p)
{
	if (!anchor_holds(p) || p->top >= pager_n(p) || pager_line_index(p, p->top) != p->anchor_line)
		return;
	bool ruled = rules_rows(p, p->top) > 0;

	if (ruled && !p->anchor_ruled && (p->top > 0 || p->top_row > 0))
		p->top_row++;
	else if (!ruled && p->anchor_ruled && p->top_row > 0)
		p->top_row--;
	p->anchor_ruled = ruled;
}

static struct pager_mark last_line(const struct pager *p)
{
	const struct log_line *l = p->log && p->log->n ? &p->log->lines[p->log->n - 1] : NULL;

	return l ? (struct pager_mark){l->time_ms, l->seq} : (struct pager_mark){0};
}

size_t pager_news(const struct pager *p)
{
	size_t at = p->log && p->end.seq && !p->follow ? pager_find(p, p->end, 0) : SIZE_MAX;

	return at == SIZE_MAX ? 0 : p->log->n - 1 - at;
}

/* Cells to the left of what is shown, so that the line at hand is seen to its end. */
static int to_line_end(const struct pager *p)
{
	const struct log_line *l = pager_line_at_hand(p);
	int widest = 0;

	for (size_t at = 0; l && !p->wrap && at < l->len;) {
		size_t end = rows_end(p, l, at);
		int cells;

		(void)rows_fit(l->text + at, end - at, INT32_MAX, &cells);
		widest = MAX(widest, cells);
		at = rows_next(l, end);
	}
	return MAX(widest - rows_text_cells(p), 0);
}

void pager_settle(struct pager *p)
{
	keep_row(p);
	size_t top = p->top, row = p->top_row;

	if (p->follow || !p->end.seq)
		p->end = last_line(p);
	if (p->follow)
		to_end(p);
	else
		clamp(p);
	if (p->top != top || p->top_row != row || !anchor_holds(p))
		pager_remember_place(p);
}

/* --- moving --- */

static bool find_level(const struct pager *p, enum log_line_level level, size_t from, size_t to, int by, size_t *ret)
{
	for (size_t i = from; i != to; i += (size_t)by)
		if (p->log->lines[i].level == level && pager_passes(p, i)) {
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
	bool found = by > 0 ? find_level(p, level, MIN(from, p->log->n), p->log->n, 1, &at)
			    : from > 0 && find_level(p, level, MIN(from, p->log->n) - 1, (size_t)-1, -1, &at);
	if (!found) {
		note = by > 0 ? "past the end: from the top again" : "past the top: from the end again";
		found = by > 0 ? find_level(p, level, 0, p->log->n, 1, &at)
			       : find_level(p, level, p->log->n - 1, (size_t)-1, -1, &at);
	}
	if (!found)
		return level == LINE_ERROR ? "no line looks like an error" : "no line looks like a warning";
	p->lines = PAGER_ALL;
	pager_show_line(p, at);
	return note;
}

/* All lines, the hits, the hits with lines around them, all again. */
static void next_lines(struct pager *p)
{
	size_t n = pager_n(p), line = p->top < n ? pager_line_index(p, p->top) : 0;

	if (p->has_current)
		line = p->current;
	p->lines = (enum pager_lines)((p->lines + 1) % (PAGER_AROUND + 1));
	if (p->lines == PAGER_AROUND && p->log)
		lines_around_begin(p, MIN(line, p->log->n));
	p->top = lines_place(p, line);
	p->top_row = 0;
	for (int i = 0; p->has_current && i < p->rows / 3 && pager_row_up(p); i++)
		;
	clamp(p);
	pager_remember_place(p);
}

/* A local clock that is UTC's is passed by. */
static void next_time(struct pager *p)
{
	int64_t last_ms = p->log && p->log->n ? p->log->lines[p->log->n - 1].time_ms : 0;

	p->time = (enum pager_time)((p->time + 1) % PAGER_TIMES);
	if (p->time == PAGER_LOCAL && timefmt_local_offset(last_ms) == 0)
		p->time = PAGER_SINCE;
	p->top_row = 0;
}

int64_t pager_offset(const struct pager *p, int64_t ms)
{
	if (p->time == PAGER_UTC)
		return 0;
	return p->time == PAGER_LOCAL ? timefmt_local_offset(ms) : timefmt_offset(ms);
}

const char *pager_time_name(const struct pager *p)
{
	static const char *const names[PAGER_TIMES] = {"UTC", "", "since the first line", "no times"};

	return p->time != PAGER_LOCAL || !p->log || !p->log->n
		       ? names[p->time]
		       : timefmt_local_name(p->log->lines[p->log->n - 1].time_ms);
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
		pager_remember_place(p);
		return true;
	case ACT_BOTTOM:
		p->follow = true;
		p->has_current = false;
		to_end(p);
		pager_remember_place(p);
		return true;
	case ACT_SCROLL_LEFT:
		p->left = MAX(0, p->left - SCROLL_STEP);
		return true;
	case ACT_LINE_START:
		p->left = 0;
		return true;
	case ACT_LINE_END:
		p->left = to_line_end(p);
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
		next_time(p);
		break;
	case ACT_SEARCH_NEXT:
		note = search_step(p, 1);
		break;
	case ACT_SEARCH_PREVIOUS:
		note = search_step(p, -1);
		break;
	case ACT_MATCHES_ONLY:
		if (p->search)
			next_lines(p);
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
		used = marks_action(p, a, &note);
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
		size_t above = i == p->top ? p->top_row : 0, ruled = rules_rows(p, i);

		if (rows + ruled - MIN(ruled, above) < (size_t)MAX(p->rows, 1)) /* more than its rule */
			*last = i + 1;
		rows += ruled + rows_of_line(p, pager_line_at(p, i)) - above;
	}
}
