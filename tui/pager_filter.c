/* A log on the screen: what its lines must match, and must not. */
#include "base/str.h"
#include "tui/pager_internal.h"

void filters_done(struct pager *p)
{
	for (size_t i = 0; i < p->n_filters; i++)
		pattern_free(p->filters[i].pattern);
	p->n_filters = 0;
	line_set_done(&p->passing);
	line_set_done(&p->silences);
}

bool pager_is_filtered(const struct pager *p)
{
	for (size_t i = 0; i < p->n_filters; i++)
		if (p->filters[i].on)
			return true;
	return false;
}

bool filters_pass(const struct pager *p, const struct log_line *l)
{
	for (size_t i = 0; i < p->n_filters; i++) {
		const struct pager_filter *f = &p->filters[i];

		if (f->on && pattern_matches(f->pattern, l->text, l->len) == f->must_not)
			return false;
	}
	return true;
}

int pager_filter_add(struct pager *p, const char *pattern, bool must_not, struct err *err)
{
	struct pager_filter *f = p->filters;

	while (f < p->filters + p->n_filters && (f->must_not != must_not || !str_eq(pattern_text(f->pattern), pattern)))
		f++;
	if (f == p->filters + PAGER_FILTERS_MAX)
		return err_set(err, ERR_USAGE, "%d filters are the most: :filters lists them", PAGER_FILTERS_MAX);
	if (f == p->filters + p->n_filters) {
		*f = (struct pager_filter){pattern_new(pattern, PATTERN_CASE_SMART, err), must_not, false};
		if (!f->pattern)
			return -err->code;
		p->n_filters++;
	}
	f->on = true;
	lines_changed(p);
	return 0;
}

void pager_filter_switch(struct pager *p, size_t i, bool on)
{
	p->filters[i].on = on;
	lines_changed(p);
}

void pager_filter_drop(struct pager *p, size_t i)
{
	pattern_free(p->filters[i].pattern);
	memmove(p->filters + i, p->filters + i + 1, (--p->n_filters - i) * sizeof(*p->filters));
	lines_changed(p);
}

bool pager_filters_off(struct pager *p)
{
	bool were_on = pager_is_filtered(p);

	for (size_t i = 0; i < p->n_filters; i++)
		p->filters[i].on = false;
	if (were_on)
		lines_changed(p);
	return were_on;
}

size_t pager_passing(const struct pager *p, bool *ret_complete)
{
	bool all = !p->log || !pager_is_filtered(p);

	*ret_complete = all || line_set_is_complete(&p->passing, p->log);
	return !p->log ? 0 : all ? p->log->n : p->passing.n;
}
