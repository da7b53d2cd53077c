/* A log on the screen: rules between its lines, where it was silent, where lines are missing, and
 * where one hit's context ends and the next begins.
 *
 * A rule is a row of the line below it and no line itself: nothing counts, finds or marks it. Silences are about the
 * log, not about what is shown of it: where lines are hidden between two that are shown, it tells whether the log was
 * silent anywhere among them. Those silences are a set, kept where lines are hidden only; between neighbours their
 * times say it. */
#include "base/timefmt.h"
#include "tui/jobtext.h"
#include "tui/pager_internal.h"

bool rules_is_silence(const struct pager *p, size_t line)
{
	const struct log_line *l = p->log->lines;

	return p->gap_ms && line > 0 && l[line].time_ms - l[line - 1].time_ms > p->gap_ms;
}

void rules_follow(struct pager *p)
{
	struct line_set *s = &p->silences;
	size_t grown = p->log->n_before - s->seen_before;

	if (line_set_follow(s, p->log) && grown && s->from == grown) /* the first line has one before it now */
		line_set_cut_front(s, p->log, MIN(grown + 1, p->log->n));
}

/* How often the log was silent behind one line until another; *ret_line: where the first time ended. */
static size_t silences(const struct pager *p, size_t after, size_t until, size_t *ret_line)
{
	const struct line_set *s = &p->silences;

	*ret_line = until;
	if (until == after + 1 || !line_set_covers(s, after + 1) || !line_set_covers(s, until + 1))
		return rules_is_silence(p, until);
	size_t first = line_set_place(s, after + 1), n = line_set_place(s, until + 1) - first;
	if (n)
		*ret_line = s->lines[first];
	return n;
}

/* Of hits in their context: how many lines lie between one context and the next, of those that pass the filters. */
static size_t left_out_before(const struct pager *p, size_t place)
{
	size_t before = pager_line_index(p, place - 1), here = pager_line_index(p, place);

	if (p->lines != PAGER_AROUND)
		return 0;
	if (pager_is_filtered(p)) {
		before = line_set_place(&p->passing, before);
		here = line_set_place(&p->passing, here);
	}
	return here - before - 1;
}

bool rules_text(const struct pager *p, size_t place, char *text, size_t size)
{
	char time[TIMEFMT_LEN], count[32];
	size_t line;

	if (place == 0) {
		snprintf(text, size, "%s", str_or(p->before, ""));
		return p->before != NULL;
	}
	size_t n = silences(p, pager_line_index(p, place - 1), pager_line_index(p, place), &line);
	size_t left_out = left_out_before(p, place);

	text[0] = '\0';
	if (n == 1)
		snprintf(text, size, "%s without a line%s",
			 timefmt_duration(time, p->log->lines[line].time_ms - p->log->lines[line - 1].time_ms),
			 left_out ? " · " : "");
	else if (n > 1)
		snprintf(text, size, "%zu times more than %s without a line%s", n, timefmt_duration(time, p->gap_ms),
			 left_out ? " · " : "");
	if (left_out) {
		size_t used = strlen(text);

		snprintf(text + used, size - used, "%s line%s between", jobtext_count(count, left_out),
			 left_out == 1 ? "" : "s");
	}
	return n || left_out;
}

size_t rules_rows(const struct pager *p, size_t place)
{
	size_t line;

	if (place == 0)
		return p->before != NULL;
	return left_out_before(p, place) ||
	       silences(p, pager_line_index(p, place - 1), pager_line_index(p, place), &line) > 0;
}
