/* logs_words.c - what the title and the status line of a log say: whose it is, what of it is shown, how far it is read.
 */
#include "tui/jobtext.h"
#include "tui/logs_internal.h"

#define WILD_GUESS 200 /* times as many lines as were read: nothing to be told */

void logs_filters_text(const struct pager *p, struct buf *left)
{
	char pass[32], all[32];
	bool complete;

	if (!pager_is_filtered(p))
		return;
	(void)buf_adds(left, " ·");
	for (size_t i = 0; i < p->n_filters; i++)
		if (p->filters[i].on)
			(void)buf_addf(left, " %s%s", p->filters[i].must_not ? "!" : "&",
				       pattern_text(p->filters[i].pattern));
	size_t n = pager_passing(p, &complete);
	(void)buf_addf(left, " %s%s of %s lines", jobtext_count(pass, n), complete ? "" : "+",
		       jobtext_count(all, p->log ? p->log->n : 0));
}

void logs_name(const struct view *v, char *buf, size_t size)
{
	const struct logs_state *st = v->state;

	if (logs_is_merged(st))
		snprintf(buf, size, "%zu %s merged", st->names.n, kind_word(v->kind));
	else
		snprintf(buf, size, "%s", st->name);
}

/* "hits only · /broke/ 10 of 1,000,000": how the lines are looked at stands first, where nothing cuts it. */
static void add_hits(const struct logs_state *st, struct buf *left)
{
	static const char *const modes[] = {
		[PAGER_ALL] = "", [PAGER_HITS] = "hits only · ", [PAGER_AROUND] = "hits in context · "};
	char hits[32], all[32];
	bool complete, all_known;
	size_t n = pager_hits(&st->pager, &complete), of = pager_passing(&st->pager, &all_known);

	(void)buf_addf(left, "%s/%s/ %s%s of %s%s", modes[st->pager.lines], pager_search_pattern(&st->pager),
		       jobtext_count(hits, n), complete ? "" : "+", jobtext_count(all, of), all_known ? "" : "+");
}

/* "Completed", of several "2 of 3 ended", and whether new lines are followed. */
static void add_course(struct view *v, struct buf *right)
{
	const struct logs_state *st = v->state;
	const struct resource *r = logs_thing(v);
	size_t n = 0;

	for (size_t i = 0; i < st->names.n; i++)
		n += logs_has_ended(resources_find(&view_session(v)->tables[v->kind->id], st->names.items[i]));
	if (logs_is_merged(st) && n)
		(void)buf_addf(right, "%zu of %zu ended", n, st->names.n);
	else if (n)
		(void)buf_addf(right, "%s %s", state_symbol(r), resource_state_text(r));
	if (n < st->names.n)
		(void)buf_addf(right, "%s%s", n ? " · " : "", st->pager.follow ? "following" : "holding still");
}

void logs_title(struct view *v, struct buf *left, struct buf *right)
{
	const struct logs_state *st = v->state;
	const struct feed *f = logs_feed(v);
	bool searched = pager_search_pattern(&st->pager)[0], only_hits = st->pager.lines != PAGER_ALL;
	char count[32], money[24], name[160];

	if (searched && only_hits) {
		add_hits(st, left);
		(void)buf_adds(left, " · ");
	}
	logs_name(v, name, sizeof(name));
	(void)buf_addf(left, "logs · %s", name);
	logs_filters_text(&st->pager, left);
	if (searched && !only_hits) {
		(void)buf_adds(left, " · ");
		add_hits(st, left);
		(void)buf_adds(left, " lines");
	}
	if (st->pager.n_marks)
		(void)buf_addf(right, "%s marked · ", jobtext_count(count, st->pager.n_marks));
	if (f && f->live)
		(void)buf_addf(right, "live%s %s · ", f->live_sampled ? ", sampled" : "",
			       money_text(money, f->live_usd_micro));
	add_course(v, right);
	if (pager_news(&st->pager))
		(void)buf_addf(right, " · +%s new", jobtext_count(count, pager_news(&st->pager)));
}

static void reading_status(struct view *v, struct buf *out)
{
	const struct logs_state *st = v->state;
	const struct feed *f = logs_feed(v);
	char n[32], m[32];

	if (logs_reading(v) == 0)
		return;
	(void)buf_adds(out, out->len ? " · " : "");
	if (logs_is_merged(st))
		(void)buf_addf(out, "reading older lines of %zu log%s", logs_reading(v),
			       logs_reading(v) == 1 ? "" : "s");
	else if (f->logs_about / WILD_GUESS >= f->logs.n)
		(void)buf_addf(out, "reading, newest %s, more above", jobtext_count(n, f->logs.n));
	else if (f->logs_about > f->logs.n)
		(void)buf_addf(out, "reading, newest %s of about %s", jobtext_count(n, f->logs.n),
			       jobtext_count(m, f->logs_about));
	else
		(void)buf_addf(out, "reading, newest %s", jobtext_count(n, f->logs.n));
}

void logs_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct logs_state *st = v->state;
	const struct feed *f = logs_feed(v);
	const struct loglines *l = logs_lines(v);
	char n[32], m[32];
	size_t first, last;
	bool complete;

	if (!f || !l)
		return;
	if (st->zoomed) {
		if (st->zoom_lines)
			(void)buf_addf(left, "a traceback of %zu lines · %s shows the log again", st->zoom_lines,
				       KEY_OF(GLOBAL, BACK));
		else
			(void)buf_addf(left, "one line · %s shows the log again", KEY_OF(GLOBAL, BACK));
		doc_position(&st->zoom, right);
		return;
	}
	if (f->logs_note[0] && l->n && !logs_is_merged(st))
		(void)buf_adds(left, f->logs_note);
	else if (pager_hit_number(&st->pager))
		(void)buf_addf(left, "hit %s of %s", jobtext_count(n, pager_hit_number(&st->pager)),
			       jobtext_count(m, pager_hits(&st->pager, &complete)));
	reading_status(v, left);
	if (st->saving.draft)
		(void)buf_addf(left, "%ssaving, %s lines so far", left->len ? " · " : "",
			       jobtext_count(n, st->saving.n));
	if (!left->len && (l->n_errors || l->n_warnings))
		(void)buf_addf(left, "%s error%s, %s warning%s", jobtext_count(n, l->n_errors),
			       l->n_errors == 1 ? "" : "s", jobtext_count(m, l->n_warnings),
			       l->n_warnings == 1 ? "" : "s");
	if (l->n_dropped)
		(void)buf_addf(left, "%sthe first %s lines were given up to save memory", left->len ? " · " : "",
			       jobtext_count(n, l->n_dropped));
	if (l->n_replaced)
		(void)buf_addf(left, "%s%s character%s could not be read", left->len ? " · " : "",
			       jobtext_count(n, l->n_replaced), l->n_replaced == 1 ? "" : "s");
	pager_visible(&st->pager, &first, &last);
	if (last)
		(void)buf_addf(right, "%s of %s · %s", jobtext_count(n, last), jobtext_count(m, pager_n(&st->pager)),
			       pager_time_name(&st->pager));
}
