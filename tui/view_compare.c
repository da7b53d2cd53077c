/* view_compare.c - two things of a kind, or many, beside each other: the rows that differ,
 * or all of them. The cursor is on a row and on one of the things. */
#include <strings.h>

#include "base/timefmt.h"
#include "base/utf8.h"
#include "model/compare.h"
#include "tui/table.h"
#include "tui/thing.h"

#define GAP 3
#define LABEL_MIN 12
#define LABEL_MAX 28
#define VALUE_MIN 12
#define VALUE_MAX 40
#define THINGS_MAX 100

struct compare_state {
	struct strlist names, called;	/* as it was opened; of those that are there */
	const struct resource **things; /* borrowed until the next update; fewer than names where some are gone */
	struct compare compare;
	struct table_view table;
	size_t *rows; /* those that are shown, as indices */
	struct {
		int label, value; /* cells of the widest of the rows that are shown */
	} widest;
	size_t thing; /* under the cursor */
	size_t first; /* the leftmost on the screen */
	bool all;     /* also what does not differ */
	char *filter; /* part of a row's name or of a value; NULL */
	char *filter_before;
};

static int compare_open(struct view *v, const struct view_arg *arg, struct err *err)
{
	struct compare_state *st = v->state;

	if (arg->names.n < 2)
		return err_set(err, ERR_USAGE, "compare needs two names or more: mark them with %s, then %s",
			       KEY_OF(JOBS, MARK), KEY_OF(JOBS, COMPARE));
	if (arg->names.n > THINGS_MAX)
		return err_set(err, ERR_USAGE, "at most %d can be compared, not %zu", THINGS_MAX, arg->names.n);
	if (thing_open_names(v, arg, &st->names, err) < 0)
		return -err->code;
	st->things = xcalloc(st->names.n, sizeof(*st->things));
	thing_watch(v, &st->names, true);
	return 0;
}

static void compare_close(struct view *v)
{
	struct compare_state *st = v->state;

	thing_watch(v, &st->names, false);
	strlist_done(&st->names);
	strlist_done(&st->called);
	compare_done(&st->compare);
	free(st->things);
	free(st->rows);
	free(st->filter);
	free(st->filter_before);
}

static uint64_t compare_generation(struct view *v)
{
	const struct compare_state *st = v->state;
	uint64_t h = view_session(v)->tables[v->kind->id].generation + 1;

	for (size_t i = 0; i < st->names.n; i++) {
		const struct feed *f = view_feed(v, v->kind, st->names.items[i]);
		h = h * 1000003 + (f ? f->metrics.generation : 0);
	}
	return h;
}

static bool row_matches(const struct compare_state *st, const struct compare_row *r)
{
	bool found = !st->filter || strcasestr(r->label, st->filter);

	for (size_t i = 0; !found && i < st->compare.n_things; i++)
		found = r->values[i] && strcasestr(r->values[i], st->filter);
	return found && (st->all || r->differs);
}

static void measure(struct compare_state *st)
{
	int label = LABEL_MIN, value = VALUE_MIN;

	for (size_t k = 0; k < st->table.n; k++) {
		const struct compare_row *r = &st->compare.rows[st->rows[k]];

		label = MAX(label, utf8_width(r->label));
		for (size_t i = 0; i < st->compare.n_things; i++)
			value = MAX(value, utf8_width(str_or(r->values[i], "")) + 2);
	}
	for (size_t i = 0; i < st->compare.n_things; i++)
		value = MAX(value, utf8_width(st->called.items[i]));
	st->widest.label = MIN(label, LABEL_MAX);
	st->widest.value = MIN(value, VALUE_MAX);
}

static void choose_rows(struct compare_state *st)
{
	st->table.n = 0;
	for (size_t i = 0; i < st->compare.n; i++)
		if (row_matches(st, &st->compare.rows[i]))
			st->rows[st->table.n++] = i;
	if (st->table.selected >= st->table.n)
		st->table.selected = st->table.n ? st->table.n - 1 : 0;
	measure(st);
}

static void compare_update(struct view *v)
{
	struct compare_state *st = v->state;
	struct field_context x = {.session = view_session(v), .now_ms = ui_now_ms(v->ui)};
	AUTO(buf) struct buf name = BUF_INIT(BUF_MAX_TEXT);
	size_t n = 0;

	strlist_done(&st->called);
	for (size_t i = 0; i < st->names.n; i++) {
		const struct resource *r = resources_find(&x.session->tables[v->kind->id], st->names.items[i]);
		if (!r)
			continue;
		strlist_add(&st->called, session_name_of(x.session, r, &name));
		st->things[n++] = r;
	}
	compare_build(&st->compare, st->things, n, FIELD_FOR_PEOPLE, &x);
	free(st->rows);
	st->rows = xcalloc(st->compare.n + 1, sizeof(*st->rows));
	st->thing = MIN(st->thing, n ? n - 1 : 0);
	choose_rows(st);
}

static void compare_title(struct view *v, struct buf *left, struct buf *right)
{
	const struct compare_state *st = v->state;

	(void)buf_addf(left, "compare · %zu %s · %s", st->compare.n_things, kind_word(v->kind),
		       st->all ? "all rows" : "rows that differ");
	if (st->filter)
		(void)buf_addf(left, " · %s", st->filter);
	(void)buf_addf(right, "%zu of %zu rows", st->table.n, st->compare.n);
}

/* --- drawing ------------------------------------------------------------------------ */

struct geometry {
	int label, value; /* cells */
	size_t first, n;  /* things on the screen */
};

static struct geometry lay_out(struct compare_state *st, int cols)
{
	struct geometry g;
	int room, n = (int)st->compare.n_things;

	g.label = MIN(st->widest.label, MAX(cols / 3, 6));
	room = MAX(cols - TABLE_GUTTER - g.label - 1, 1);
	g.value = MIN(st->widest.value, MAX(room / MAX(n, 1) - GAP, VALUE_MIN));
	g.value = MAX(MIN(g.value, room - GAP), 1);
	g.n = (size_t)MAX(room / (g.value + GAP), 1);
	if (g.n < st->compare.n_things) /* what is left over makes them wider */
		g.value = MAX(MIN(st->widest.value, (room - 1) / (int)g.n - GAP), 1);
	if (st->thing < st->first)
		st->first = st->thing;
	if (st->thing >= st->first + g.n)
		st->first = st->thing - g.n + 1;
	if (st->first + g.n > st->compare.n_things)
		st->first = st->compare.n_things > g.n ? st->compare.n_things - g.n : 0;
	g.first = st->first;
	g.n = MIN(g.n, st->compare.n_things - g.first);
	return g;
}

static void draw_names(const struct compare_state *st, struct area a, const struct geometry *g)
{
	int col = TABLE_GUTTER + g->label + GAP;

	for (size_t i = g->first; i < g->first + g->n; i++, col += g->value + GAP) {
		if (i == st->thing)
			area_put(a, 0, col - 2, ST_STRONG, "▸");
		area_put_middle(a, 0, col, g->value, i == st->thing ? ST_STRONG : ST_HEADING, st->called.items[i]);
	}
	if (g->first + g->n < st->compare.n_things)
		area_put(a, 0, a.cols - 1, ST_DIM, "›");
	if (g->first)
		area_put(a, 0, TABLE_GUTTER + g->label - 1, ST_DIM, "‹");
}

static void put(struct area a, int line, int col, int cells, enum style st, const char *text, size_t matters)
{
	AUTO(buf) struct buf cut = BUF_INIT(BUF_MAX_TEXT);

	utf8_add_middle(&cut, text, matters, cells);
	area_put(a, line, col, st, buf_str(&cut));
}

static void draw_row(const struct compare_state *st, struct area a, int line, const struct geometry *g, size_t at)
{
	const struct compare_row *r = &st->compare.rows[st->rows[at]];
	const char *key = strchr(r->label, '.');
	size_t differs = utf8_alike((const char *const *)r->values, st->compare.n_things);
	int col = TABLE_GUTTER + g->label + GAP;

	put(a, line, TABLE_GUTTER, g->label, r->differs ? ST_NORMAL : ST_DIM, r->label,
	    key ? (size_t)(key - r->label) + 1 : 0);
	for (size_t i = g->first; i < g->first + g->n; i++, col += g->value + GAP) {
		bool best = r->best == (long)i;
		AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);

		(void)buf_addf(&text, "%s%s", str_or(r->values[i], "–"), best ? " ✓" : "");
		put(a, line, col, g->value,
		    best	   ? ST_GOOD
		    : r->values[i] ? ST_NORMAL
				   : ST_DIM,
		    buf_str(&text), differs);
	}
	if (at == st->table.selected)
		table_mark(a, line);
}

static void compare_draw(struct view *v, struct area a)
{
	struct compare_state *st = v->state;

	if (!st->compare.n_things) {
		area_put(a, 0, TABLE_GUTTER, ST_DIM, "The service no longer knows them.");
		return;
	}
	struct geometry g = lay_out(st, a.cols);
	draw_names(st, a, &g);
	table_settle(&st->table, a.rows - 1);
	if (!st->table.n && st->filter)
		area_putf(a, 1, TABLE_GUTTER, ST_DIM, "No row matches. %s shows them again.", KEY_OF(GLOBAL, BACK));
	else if (!st->table.n)
		area_putf(a, 1, TABLE_GUTTER, ST_DIM, "Nothing differs. %s shows all rows.", KEY_OF(COMPARE, ALL_ROWS));
	for (int line = 1; line < a.rows; line++) {
		size_t at = st->table.top + (size_t)line - 1;
		if (at < st->table.n)
			draw_row(st, a, line, &g, at);
	}
}

static void compare_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct compare_state *st = v->state;

	if (st->table.n && st->compare.n_things) {
		const struct compare_row *r = &st->compare.rows[st->rows[st->table.selected]];
		(void)buf_addf(left, "%s: %s", st->called.items[st->thing], str_or(r->values[st->thing], "–"));
	}
	if (st->compare.n_things)
		(void)buf_addf(right, "%zu of %zu", st->thing + 1, st->compare.n_things);
}

/* --- keys ------------------------------------------------------------------------- */

static void filter_changed(struct view *v, const char *text, struct err *err)
{
	struct compare_state *st = v->state;

	str_set(&st->filter, str_empty(text) ? NULL : text);
	choose_rows(st);
}

static void filter_done(struct view *v, const char *text)
{
	const struct compare_state *st = v->state;

	filter_changed(v, text ? text : st->filter_before, NULL);
}

static void export(struct view *v)
{
	const struct compare_state *st = v->state;
	AUTO(buf) struct buf out = BUF_INIT(BUF_MAX_TEXT);
	AUTO(str) char *stem = timefmt_name("sagetop-compare", ui_now_ms(v->ui));
	AUTO(str) char *path = xasprintf("%s.csv", stem);

	compare_csv(&st->compare, st->all, &out);
	ui_save(v->ui, path, NULL, &out, "written to");
}

/* Of the thing under the cursor; all of them in one chart, or stopped together. */
static bool act_on_things(struct view *v, enum action a)
{
	const struct compare_state *st = v->state;
	AUTO(strlist) struct strlist names = {0};

	if (!st->compare.n_things || !thing_is_action(a) || a == ACT_COMPARE)
		return false;
	for (size_t i = 0; a == ACT_METRICS && i < st->compare.n_things; i++)
		strlist_add(&names, st->called.items[i]);
	if (!names.n)
		strlist_add(&names, st->called.items[st->thing]);
	return thing_action(v, a, st->things[st->thing], &names);
}

static bool compare_action(struct view *v, enum action a)
{
	static const struct prompt_ops ops = {PROMPT_PART, filter_changed, filter_done};
	struct compare_state *st = v->state;

	if (table_action(&st->table, a))
		return true;
	switch (a) {
	case ACT_CURSOR_LEFT:
		st->thing -= st->thing > 0;
		return true;
	case ACT_CURSOR_RIGHT:
		st->thing += st->thing + 1 < st->compare.n_things;
		return true;
	case ACT_ALL_ROWS:
		st->all = !st->all;
		choose_rows(st);
		return true;
	case ACT_FILTER:
		str_set(&st->filter_before, st->filter);
		ui_prompt(v, &ops, st->filter);
		return true;
	case ACT_EXPORT:
		export(v);
		return true;
	case ACT_BACK:
		if (!st->filter)
			return false;
		filter_changed(v, NULL, NULL);
		return true;
	default:
		return act_on_things(v, a);
	}
}

static bool compare_offers(struct view *v, enum action a)
{
	return thing_offers(v->kind, a);
}

const struct view_ops view_compare_ops = {
	.name = "compare",
	.argument = "NAME NAME...",
	.takes = TAKES_NAMES,
	.help = "Jobs, or things of another kind, beside each other: what differs, or all",
	.contexts = {CTX_COMPARE, CTX_LIST},
	.state_size = sizeof(struct compare_state),
	.open = compare_open,
	.close = compare_close,
	.generation = compare_generation,
	.update = compare_update,
	.title = compare_title,
	.draw = compare_draw,
	.status = compare_status,
	.action = compare_action,
	.offers = compare_offers,
};
