/* Searching a log by a regular expression: the pattern, and jumps from hit to hit. */
#include "base/str.h"
#include "tui/pager_internal.h"

void search_free(struct pager_search *s)
{
	if (!s)
		return;
	pattern_free(s->pattern);
	line_set_done(&s->hits);
	line_set_done(&s->around);
	free(s);
}

static bool is_complete(const struct pager *p)
{
	return !p->search || !p->log || line_set_is_complete(&p->search->hits, p->log);
}

int pager_search_set(struct pager *p, const char *pattern, bool jump, struct err *err)
{
	struct pager_search *s = NULL;
	size_t n = pager_n(p), line = p->top < n ? pager_line_index(p, p->top) : 0;

	if (pattern[0] && p->search && str_eq(pattern_text(p->search->pattern), pattern)) {
		s = p->search;
	} else if (pattern[0]) {
		struct pattern *compiled = pattern_new(pattern, PATTERN_CASE_SMART, err);
		if (!compiled)
			return -ERR_INVALID;
		s = NEW(struct pager_search);
		s->pattern = compiled;
	}
	if (s != p->search) {
		bool were_hits = p->search && p->lines != PAGER_ALL;

		search_free(p->search);
		p->search = s;
		p->lines = PAGER_ALL;
		if (s)
			line_set_begin(&s->hits, p->log, 0);
		if (were_hits) { /* the hits it stood on are gone */
			p->top = lines_place(p, line);
			p->top_row = 0;
		}
	}
	if (s && jump) {
		s->step = 1;
		s->step_at = true;
		s->step_from = line;
	}
	return 0;
}

const char *pager_search_pattern(const struct pager *p)
{
	return p->search ? pattern_text(p->search->pattern) : "";
}

size_t pager_hits(const struct pager *p, bool *ret_complete)
{
	*ret_complete = is_complete(p);
	return p->search ? p->search->hits.n : 0;
}

size_t pager_hit_number(const struct pager *p)
{
	if (!p->search || !p->has_current || !line_set_has(&p->search->hits, p->current))
		return 0;
	return line_set_place(&p->search->hits, p->current) + 1;
}

/* Carry out a jump that waits, where what has been looked at decides it. */
static const char *settle_step(struct pager *p)
{
	struct pager_search *s = p->search;
	const struct line_set *hits = &s->hits;
	bool complete = is_complete(p);

	if (!s->step || s->step_from < hits->from)
		return NULL;
	if (s->step > 0) {
		size_t at = line_set_place(hits, s->step_from + !s->step_at);
		if (at < hits->n) {
			s->step = 0;
			pager_show_line(p, hits->lines[at]);
		} else if (complete) {
			s->step = 0;
			if (!hits->n)
				return "no hit";
			pager_show_line(p, hits->lines[0]);
			return "past the end: from the top again";
		}
		return NULL;
	}
	if (hits->scanned < s->step_from && !complete)
		return NULL;
	size_t at = line_set_place(hits, s->step_from);
	if (at == 0 && !complete)
		return NULL; /* the last one is not known yet */
	s->step = 0;
	if (!hits->n)
		return "no hit";
	pager_show_line(p, hits->lines[at ? at - 1 : hits->n - 1]);
	return at ? NULL : "past the top: from the end again";
}

void search_settle_step(struct pager *p)
{
	if (p->search)
		(void)settle_step(p);
}

const char *search_step(struct pager *p, int by)
{
	struct pager_search *s = p->search;

	if (!s)
		return "search first: /";
	if (!p->log || !p->log->n)
		return "no hit";
	size_t n = pager_n(p);
	s->step = by;
	s->step_at = !p->has_current && by > 0;
	s->step_from = p->has_current ? p->current : p->top < n ? pager_line_index(p, p->top) : 0;
	return settle_step(p);
}
