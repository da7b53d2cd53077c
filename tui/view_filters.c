/* view_filters.c - the filters of the log below: which are on, which are off. */
#include "tui/jobtext.h"
#include "tui/pager.h"
#include "tui/table.h"
#include "tui/view.h"

struct filters_state {
	struct table_view table;
};

static int filters_open(struct view *v, const struct view_arg *arg, struct err *err)
{
	if (!ui_pager(v->ui))
		return err_set(err, ERR_USAGE, "filters are those of a log: open one, then :filters");
	return 0;
}

static size_t n_on(const struct pager *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_filters; i++)
		n += p->filters[i].on;
	return n;
}

static void filters_title(struct view *v, struct buf *left, struct buf *right)
{
	const struct pager *p = ui_pager(v->ui);

	if (p)
		(void)buf_addf(left, "filters · %zu of %zu on", n_on(p), p->n_filters);
}

static void cell(void *user, size_t row, int column, struct area a, int line, int col, int width)
{
	const struct pager *p = user;
	const struct pager_filter *f = &p->filters[row];

	if (column == 0)
		area_put(a, line, col, f->on ? ST_MARK : ST_DIM, f->on ? "on" : "off");
	if (column == 1)
		area_put(a, line, col, ST_DIM, f->must_not ? "must not" : "must");
	if (column == 2)
		area_put_cut(a, line, col, width, f->on ? ST_STRONG : ST_DIM, pattern_text(f->pattern));
}

static void filters_draw(struct view *v, struct area a)
{
	static const struct table_column columns[] = {
		{.title = "", .min = 3, .max = 3},
		{.title = "LINES", .min = 8, .max = 8},
		{.title = "MATCH", .min = 8, .max = 200, .want = 200},
	};
	struct filters_state *st = v->state;
	struct pager *p = ui_pager(v->ui);

	if (!p)
		return;
	st->table.n = p->n_filters;
	if (p->n_filters)
		table_draw(&st->table, a, &(struct table_look){columns, ARRAY_LEN(columns), cell, p});
	else
		area_putf(a, 0, 1, ST_DIM, "No filter: %s keeps lines that match, %s hides them.",
			  KEY_OF(FILTERS, MUST), KEY_OF(FILTERS, MUST_NOT));
}

static void filters_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct filters_state *st = v->state;
	const struct pager *p = ui_pager(v->ui);
	char pass[32], all[32];
	bool complete;

	if (!p || !p->log)
		return;
	size_t n = pager_passing(p, &complete);
	(void)buf_addf(left, "%s of %s lines pass", jobtext_count(pass, n), jobtext_count(all, p->log->n));
	if (!complete)
		(void)buf_adds(left, " so far");
	if (p->n_filters)
		(void)buf_addf(right, "%zu of %zu", st->table.selected + 1, p->n_filters);
}

static bool filters_action(struct view *v, enum action a)
{
	struct filters_state *st = v->state;
	struct pager *p = ui_pager(v->ui);
	size_t at = st->table.selected;

	if (!p)
		return false;
	switch (a) {
	case ACT_MARK:
		if (at < p->n_filters)
			pager_filter_switch(p, at, !p->filters[at].on);
		return true;
	case ACT_DELETE:
		if (at < p->n_filters)
			pager_filter_drop(p, at);
		return true;
	case ACT_MUST:
	case ACT_MUST_NOT:
		ui_ask_filter(v, a == ACT_MUST_NOT);
		return true;
	case ACT_OPEN:
		ui_pop(v->ui);
		return true;
	default:
		return table_action(&st->table, a);
	}
}

/* The lines that pass are counted here as well. */
static bool filters_work(struct view *v, int64_t budget_us)
{
	struct pager *p = ui_pager(v->ui);

	return p && pager_work(p, budget_us);
}

const struct view_ops view_filters_ops = {
	.name = "filters",
	.argument = "",
	.help = "The filters of the log: switch them on and off, or drop them",
	.contexts = {CTX_FILTERS, CTX_LIST},
	.passing = true,
	.state_size = sizeof(struct filters_state),
	.open = filters_open,
	.title = filters_title,
	.draw = filters_draw,
	.status = filters_status,
	.action = filters_action,
	.work = filters_work,
};
