/* view_chooser.c - which columns the list below has: all fields of its kind with what they say,
 * the chosen ones first, in the order of the columns. */
#include "tui/table.h"
#include "tui/ui.h"
#include "tui/view.h"

#define KEYS_OFFERED 60	     /* of a keyed field: hp.eta, hp.max_depth ... */
#define THINGS_LOOKED_AT 300 /* for their keys, the newest ones */

struct chooser_state {
	struct field_ref *rows; /* the first n_chosen are columns, in this order; names always stand first */
	size_t n, cap, n_chosen;
	char *filter;  /* what a row's name or meaning must hold; NULL: all are shown */
	size_t *shown; /* the rows that are, as many as table.n */
	struct table_view table;
};

static bool has(const struct chooser_state *st, const struct field *f, const char *key)
{
	for (size_t i = 0; i < st->n; i++)
		if (st->rows[i].field == f && str_eq(st->rows[i].key, key))
			return true;
	return false;
}

static void add(struct chooser_state *st, const struct field *f, const char *key)
{
	if (has(st, f, key))
		return;
	GROW(st->rows, st->cap, st->n + 1);
	st->rows[st->n++] = (struct field_ref){f, xstrdup(key)};
}

/* Keys that the things are known to have. */
static void add_keys(struct chooser_state *st, const struct field *f, const struct resources *t)
{
	AUTO(strlist) struct strlist keys = {0};

	for (size_t i = t->n; i-- > 0 && t->n - i <= THINGS_LOOKED_AT && keys.n < KEYS_OFFERED;) {
		AUTO(strlist) struct strlist own = {0};

		field_add_keys(f, t->items[i], &own);
		for (size_t k = 0; k < own.n && keys.n < KEYS_OFFERED; k++)
			if (!strlist_has(&keys, own.items[k]) && !strpbrk(own.items[k], ", "))
				strlist_add(&keys, own.items[k]);
	}
	strlist_sort(&keys);
	for (size_t i = 0; i < keys.n; i++)
		add(st, f, keys.items[i]);
}

static bool passes(const struct chooser_state *st, const struct field_ref *c)
{
	AUTO(str) char *name = field_ref_text(c);

	return !st->filter || strcasestr(name, st->filter) || strcasestr(c->field->help, st->filter);
}

/* Others are shown, or the same in another order. */
static void show(struct chooser_state *st)
{
	st->shown = xreallocarray(st->shown, st->n + 1, sizeof(*st->shown));
	st->table.n = 0;
	for (size_t i = 0; i < st->n; i++)
		if (passes(st, &st->rows[i]))
			st->shown[st->table.n++] = i;
}

static int chooser_open(struct view *v, const struct view_arg *arg, struct err *err)
{
	struct chooser_state *st = v->state;
	AUTO(field_list) struct field_list shown = {0};
	const struct kind *k = ui_top_kind(v->ui);

	if (!ui_top_ops(v->ui)->shown)
		return err_set(err, ERR_USAGE, "columns are those of a list: open one, then :chooser");
	ui_shown_columns(v->ui, &shown);
	v->kind = k;
	for (size_t i = 0; i < shown.n; i++)
		add(st, shown.items[i].field, shown.items[i].key);
	st->n_chosen = st->n;
	for (const struct field *f = k->fields; f->name; f++)
		if (f->flags & FIELD_KEYED)
			add_keys(st, f, &view_session(v)->tables[k->id]);
		else if (!(f->flags & FIELD_NO_COLUMN))
			add(st, f, NULL);
	show(st);
	return 0;
}

static void chooser_close(struct view *v)
{
	struct chooser_state *st = v->state;

	for (size_t i = 0; i < st->n; i++)
		free(st->rows[i].key);
	free(st->rows);
	free(st->filter);
	free(st->shown);
}

/* --- looks ------------------------------------------------------------------------------- */

static void cell(void *user, size_t at, int column, struct area a, int line, int col, int width)
{
	const struct chooser_state *st = user;
	size_t row = st->shown[at];
	const struct field_ref *c = &st->rows[row];
	bool chosen = row < st->n_chosen;

	if (column == 0 && chosen)
		area_putf(a, line, col, ST_MARK, "%2zu", row + 1);
	if (column == 1) {
		AUTO(str) char *name = field_ref_text(c);
		area_put_middle(a, line, col, width, chosen ? ST_STRONG : ST_NORMAL, name);
	}
	if (column == 2)
		area_put_cut(a, line, col, width, ST_DIM, c->field->help);
}

static void chooser_draw(struct view *v, struct area a)
{
	static const struct table_column columns[] = {
		{.title = "", .min = 2, .max = 2},
		{.title = "COLUMN", .min = 14, .max = 24, .want = 20},
		{.title = "WHAT IT SAYS", .min = 8, .max = 200, .priority = 1},
	};
	struct chooser_state *st = v->state;

	if (st->table.n)
		table_draw(&st->table, a, &(struct table_look){columns, ARRAY_LEN(columns), cell, st});
	else
		area_putf(a, 0, TABLE_GUTTER, ST_DIM, "No column has %s. Esc shows all again.", st->filter);
}

static void chooser_title(struct view *v, struct buf *left, struct buf *right)
{
	const struct chooser_state *st = v->state;

	(void)buf_addf(left, "columns · %s · %zu of %zu", v->kind->title, st->n_chosen, st->n);
	if (st->filter)
		(void)buf_addf(left, " · %s", st->filter);
}

static void chooser_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct chooser_state *st = v->state;

	(void)buf_adds(left, "kept for the next start; :columns alone takes the usual ones");
	if (st->table.n)
		(void)buf_addf(right, "%zu of %zu", st->table.selected + 1, st->table.n);
}

/* --- keys -------------------------------------------------------------------------------- */

static void move_row(struct chooser_state *st, size_t from, size_t to)
{
	struct field_ref c = st->rows[from];

	if (from < to)
		memmove(&st->rows[from], &st->rows[from + 1], (to - from) * sizeof(c));
	else
		memmove(&st->rows[to + 1], &st->rows[to], (from - to) * sizeof(c));
	st->rows[to] = c;
}

/* What is chosen goes to the end of the columns, what no longer is behind them; the cursor is
 * then on the row that came next. */
static void toggle(struct view *v)
{
	struct chooser_state *st = v->state;
	size_t at = st->table.n ? st->shown[st->table.selected] : 0;

	if (!st->table.n)
		return;
	if (at == 0) {
		ui_notice(v->ui, NOTICE_INFO, "names always stand first");
	} else if (at < st->n_chosen) {
		move_row(st, at, --st->n_chosen);
	} else if (st->n_chosen == TABLE_COLUMNS_MAX) {
		ui_notice(v->ui, NOTICE_WARNING, "%d columns are the most", TABLE_COLUMNS_MAX);
	} else {
		move_row(st, at, st->n_chosen++);
		table_action(&st->table, ACT_DOWN);
	}
	show(st);
}

/* The chosen one under the cursor to the left or to the right. */
static void shift(struct chooser_state *st, int by)
{
	long at = st->table.n ? (long)st->shown[st->table.selected] : -1, to = at + by;

	if (at < 1 || to < 1 || (size_t)at >= st->n_chosen || (size_t)to >= st->n_chosen)
		return; /* names stand first */
	move_row(st, (size_t)at, (size_t)to);
	show(st);
	while (st->table.selected > 0 && st->shown[st->table.selected] > (size_t)to)
		st->table.selected--;
	while (st->table.selected + 1 < st->table.n && st->shown[st->table.selected] < (size_t)to)
		st->table.selected++;
}

static void filter(struct view *v, const char *text)
{
	struct chooser_state *st = v->state;

	str_set(&st->filter, str_empty(text) ? NULL : text);
	st->table.selected = 0;
	show(st);
}

static void filter_changed(struct view *v, const char *text, struct err *err)
{
	filter(v, text);
}

static void ask_filter(struct view *v)
{
	static const struct prompt_ops ops = {PROMPT_PART, filter_changed, filter};
	const struct chooser_state *st = v->state;

	ui_prompt(v, &ops, st->filter);
}

/* As if it had been typed: the command keeps it as well. v is gone afterwards. */
static void take(struct view *v)
{
	const struct chooser_state *st = v->state;
	AUTO(buf) struct buf line = BUF_INIT(BUF_MAX_TEXT);
	struct ui *ui = v->ui;

	for (size_t i = 0; i < st->n_chosen; i++) {
		AUTO(str) char *name = field_ref_text(&st->rows[i]);
		(void)buf_addf(&line, "%s%s", i ? "," : "columns ", name);
	}
	ui_pop(ui);
	ui_command(ui, buf_str(&line));
}

static bool chooser_action(struct view *v, enum action a)
{
	struct chooser_state *st = v->state;

	switch (a) {
	case ACT_MARK:
		toggle(v);
		return true;
	case ACT_NEXT:
	case ACT_PREVIOUS:
		shift(st, a == ACT_NEXT ? 1 : -1);
		return true;
	case ACT_FILTER:
		ask_filter(v);
		return true;
	case ACT_BACK:
		if (!st->filter)
			return false;
		filter(v, NULL);
		return true;
	case ACT_OPEN:
		take(v);
		return true;
	default:
		return table_action(&st->table, a);
	}
}

const struct view_ops view_chooser_ops = {
	.name = "chooser",
	.argument = "",
	.help = "Choose and order the columns of the list",
	.contexts = {CTX_CHOOSER, CTX_LIST},
	.passing = true,
	.state_size = sizeof(struct chooser_state),
	.open = chooser_open,
	.close = chooser_close,
	.title = chooser_title,
	.draw = chooser_draw,
	.status = chooser_status,
	.action = chooser_action,
};
