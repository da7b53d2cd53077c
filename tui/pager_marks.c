/* A log on the screen: the cursor's steps, the lines that are marked, and jumps among these.
 *
 * Lines move but keep their order, so the marks stand in the order of the log and where one is now is found by
 * its time and its number. */
#include "tui/pager_internal.h"

#define NOWHERE SIZE_MAX

static size_t first_mark_at(const struct pager *p, int64_t time_ms)
{
	size_t lo = 0, hi = p->n_marks;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (p->marks[mid].time_ms < time_ms)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Which of the marks a line has; NOWHERE: none. */
static size_t mark_of(const struct pager *p, const struct log_line *l)
{
	for (size_t i = first_mark_at(p, l->time_ms); i < p->n_marks && p->marks[i].time_ms == l->time_ms; i++)
		if (p->marks[i].seq == l->seq)
			return i;
	return NOWHERE;
}

bool pager_is_marked(const struct pager *p, size_t line)
{
	return p->n_marks && mark_of(p, &p->log->lines[line]) != NOWHERE;
}

size_t pager_find(const struct pager *p, struct pager_mark mark, size_t from)
{
	const struct loglines *log = p->log;

	for (size_t i = MAX(from, pager_line_at_time(p, mark.time_ms));
	     i < log->n && log->lines[i].time_ms == mark.time_ms; i++)
		if (log->lines[i].seq == mark.seq)
			return i;
	return NOWHERE;
}

void marks_follow(struct pager *p)
{
	size_t n = 0, from = 0;

	for (size_t i = 0; i < p->n_marks; i++) {
		size_t line = pager_find(p, p->marks[i], from);

		if (line == NOWHERE)
			continue;
		p->marks[n++] = p->marks[i];
		from = line + 1;
	}
	p->n_marks = n;
}

size_t pager_place_after(const struct pager *p, struct pager_mark mark)
{
	const struct line_set *s = lines_shown(p);
	size_t line = 0;

	if (mark.seq) {
		line = pager_find(p, mark, 0);
		line = line == NOWHERE ? pager_line_at_time(p, mark.time_ms) : line + 1;
	}
	return s ? line_set_place(s, line) : line;
}

void marks_done(struct pager *p)
{
	free(p->marks);
	p->marks = NULL;
	p->n_marks = 0;
	p->last_mark = (struct pager_mark){0};
}

/* That of the line at a place. */
static struct pager_mark mark_at(const struct pager *p, size_t place)
{
	const struct log_line *l = pager_line_at(p, place);

	return (struct pager_mark){l->time_ms, l->seq};
}

/* The shown lines from the one place to the other as well, among those that are marked. */
static const char *mark_lines(struct pager *p, size_t first, size_t last)
{
	static char note[80];
	size_t n_new = last - first + 1, n = 0, next = first, from = 0;

	if (n_new + p->n_marks > PAGER_MARKS_MAX) {
		snprintf(note, sizeof(note), "at most %d lines are marked; :save FILE writes all that are shown",
			 PAGER_MARKS_MAX);
		return note;
	}
	struct pager_mark *marks = xcalloc(n_new + p->n_marks, sizeof(*marks));
	for (size_t i = 0; i < p->n_marks; i++) {
		size_t line = pager_find(p, p->marks[i], from);

		for (; next <= last && pager_line_index(p, next) < line; next++)
			marks[n++] = mark_at(p, next);
		if (next <= last && pager_line_index(p, next) == line)
			next++;
		marks[n++] = p->marks[i];
		from = line + 1;
	}
	for (; next <= last; next++)
		marks[n++] = mark_at(p, next);
	free(p->marks);
	p->marks = marks;
	p->n_marks = n;
	return NULL;
}

/* --- the cursor --- */

/* The place of the line that a key means: the current one where it is visible, else the one at the top. */
static size_t place_at_hand(const struct pager *p)
{
	size_t first, last;

	pager_visible(p, &first, &last);
	for (size_t i = first - 1; p->has_current && i < last; i++)
		if (pager_line_index(p, i) == p->current)
			return i;
	return p->top;
}

const struct log_line *pager_line_at_hand(const struct pager *p)
{
	return p->top < pager_n(p) ? pager_line_at(p, place_at_hand(p)) : NULL;
}

/* To a line, which is at the screen's edge where it was not on it. */
static void cursor_to(struct pager *p, size_t place)
{
	size_t first, last;

	if (place < p->top) {
		p->top = place;
		p->top_row = 0;
	}
	pager_visible(p, &first, &last);
	if (place >= last) {
		p->top = place;
		p->top_row = 0;
		for (size_t rows = rows_at(p, place); rows < (size_t)MAX(p->rows, 1) && pager_row_up(p); rows++)
			;
	}
	pager_show_line(p, pager_line_index(p, place));
}

static void cursor_step(struct pager *p, int by)
{
	size_t n = pager_n(p), at = p->top < n ? place_at_hand(p) : 0;

	if (p->top >= n)
		return;
	if (p->has_current && pager_line_index(p, at) == p->current)
		at = by > 0 ? MIN(at + 1, n - 1) : at - MIN(at, 1);
	cursor_to(p, at);
}

/* --- what keys do --- */

static const char *toggle(struct pager *p)
{
	size_t place = place_at_hand(p), at = mark_of(p, pager_line_at(p, place));
	const char *note = NULL;

	p->last_mark = mark_at(p, place);
	if (at != NOWHERE)
		memmove(p->marks + at, p->marks + at + 1, (--p->n_marks - at) * sizeof(*p->marks));
	else
		note = mark_lines(p, place, place);
	cursor_to(p, MIN(place + 1, pager_n(p) - 1));
	return note;
}

/* From the line that was marked last, or unmarked, to the one at hand. */
static const char *mark_range(struct pager *p)
{
	const struct line_set *shown = lines_shown(p);
	size_t to = place_at_hand(p), from = p->last_mark.seq ? pager_find(p, p->last_mark, 0) : NOWHERE;

	if (from != NOWHERE && shown && !line_set_covers(shown, from))
		return "the lines from there are still being looked at: once more";
	size_t other = from == NOWHERE ? to : MIN(lines_place(p, from), pager_n(p) - 1);
	p->last_mark = mark_at(p, to);
	return mark_lines(p, MIN(to, other), MAX(to, other));
}

/* The next line that is marked; from the other end where there is none. */
static const char *step_marked(struct pager *p, int by)
{
	static char note[80];
	size_t from = p->has_current ? p->current : pager_line_index(p, p->top), line = 0;
	size_t first = NOWHERE, last = NOWHERE, before = NOWHERE, after = NOWHERE;

	for (size_t i = 0; i < p->n_marks; i++, line++) {
		line = pager_find(p, p->marks[i], line);
		if (!pager_passes(p, line))
			continue;
		first = MIN(first, line);
		last = line;
		if (line < from)
			before = line;
		if (line > from || (line == from && !p->has_current))
			after = MIN(after, line);
	}
	if (first == NOWHERE && p->n_marks)
		return "the filters hide all lines that are marked";
	if (first == NOWHERE) {
		snprintf(note, sizeof(note), "no line is marked: %s marks one", KEY_OF(LOGS, MARK));
		return note;
	}
	p->lines = PAGER_ALL;
	size_t to = by > 0 ? after : before;
	pager_show_line(p, to != NOWHERE ? to : by > 0 ? first : last);
	if (to != NOWHERE)
		return NULL;
	return by > 0 ? "past the end: from the top again" : "past the top: from the end again";
}

bool marks_action(struct pager *p, enum action a, const char **ret_note)
{
	bool any = p->log && p->top < pager_n(p);

	switch (a) {
	case ACT_LINE_NEXT:
	case ACT_LINE_PREVIOUS:
		cursor_step(p, a == ACT_LINE_NEXT ? 1 : -1);
		return true;
	case ACT_MARK:
		*ret_note = any ? toggle(p) : NULL;
		return true;
	case ACT_MARK_RANGE:
		*ret_note = any ? mark_range(p) : NULL;
		return true;
	case ACT_UNMARK:
		marks_done(p);
		return true;
	case ACT_MARKED_NEXT:
	case ACT_MARKED_PREVIOUS:
		*ret_note = any ? step_marked(p, a == ACT_MARKED_NEXT ? 1 : -1) : NULL;
		return true;
	default:
		return false;
	}
}
