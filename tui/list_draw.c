/* list_draw.c - how a list looks: widths of its columns, headings, cells by type. */
#include <assert.h>

#include "base/utf8.h"
#include "tui/list_draw.h"

#define NAME_CELLS_CALM 40
#define NAME_CELLS_MIN 20
#define NAME_CELLS_LEAST 8 /* where all names are shorter: the heading has room as well */
#define REASON_CELLS 30	   /* of what has failed, where failures are shown */
#define STATE_CELLS_MAX 22
#define STATE_CELLS_LEAST 13 /* a longer one is cut rather than that a column goes */
#define PRIORITIES 100	     /* more than any field has */
/* Columns of a lower priority give way before a name is cut; the others do not. */
#define PRIORITY_BEFORE_NAMES 4
/* Those up to this one stay where cutting a long state makes room for them. */
#define PRIORITY_BEFORE_STATES 5

/* The longest name that is at most `cells` wide. */
static int name_width(const struct list *l, int cells)
{
	int w = MIN(cells, LIST_NAME_CELLS_MAX);

	while (w > 0 && !(l->name_widths >> w & 1))
		w--;
	return w;
}

static bool is_number(const struct field *f)
{
	return field_is_number(f) && f->type != FIELD_SPARK;
}

static bool is_sorted_by(const struct list *l, size_t i)
{
	return l->columns.items[i].field == l->sort.field && str_eq(l->columns.items[i].key, l->sort.key);
}

/* The heading, with an arrow where the list is sorted by it: up is the smallest first. */
static const char *heading_of(struct view *v, size_t i, struct buf *out)
{
	const struct list *l = v->state;
	const struct field_ref *f = &l->columns.items[i];
	char text[FIELD_HEADING_LEN];
	const char *other = l->hooks->heading ? l->hooks->heading(v, f->field) : NULL;

	buf_clear(out);
	(void)buf_adds(out, other ? other : field_heading(f, text));
	if (is_sorted_by(l, i))
		(void)buf_adds(out, list_descending(l) ? "↓" : "↑");
	return buf_str(out);
}

/* Where all have failed the reason stands for the curve, and for the room of the states. */
static void prefer_reason(const struct list *l, size_t i, int width, struct table_column *t)
{
	const struct field *f = l->columns.items[i].field;

	if (f->type == FIELD_STATE) {
		t->min = MIN(t->min, MAX(l->seen[i], 7));
	} else if ((f->type == FIELD_SPARK || str_eq(f->name, "cause")) && !is_sorted_by(l, i)) {
		t->min = 0;
	} else if (str_eq(f->name, "reason")) {
		t->min = MIN(MAX(l->seen[i], REASON_CELLS), width / 2);
		t->min = MIN(t->min, MAX(width - NAME_CELLS_MIN - LIST_GAP, 8));
		t->want = t->max = MAX(width, REASON_CELLS);
		t->priority = 0;
		t->wide_only = false;
	}
}

/* A number is never cut, a state hardly ever (squeeze_states), a text only where no column is free. */
static struct table_column column_of(struct view *v, size_t i, int width)
{
	const struct list *l = v->state;
	const struct field *f = l->columns.items[i].field;
	const struct field_cells *c = &f->cells;
	struct table_column t = {.min = c->min, .max = c->max, .want = c->want, .priority = c->priority};
	bool asked = i && l->asked[i];

	t.right = is_number(f);
	t.wide_only = i >= l->n_usual && !asked;
	if (t.wide_only && l->chosen)
		t.priority += PRIORITIES;
	if (t.right || f->type == FIELD_STATE)
		t.min = MAX(t.min, t.right ? l->seen[i] : MIN(l->seen[i], STATE_CELLS_MAX));
	if (asked) { /* never dropped, so never wider than there is room for */
		AUTO(buf) struct buf text = BUF_INIT(4096);

		t.priority = 0;
		t.min = MAX(t.min, MIN(utf8_width(heading_of(v, i, &text)), STATE_CELLS_MAX));
		t.min = t.right ? t.min : MIN(t.min, MAX(width - NAME_CELLS_MIN - LIST_GAP, 8));
	}
	t.max = MAX(MAX(t.max, t.min), l->seen[i]);
	if (f->type == FIELD_MACHINE || f->type == FIELD_SPARK)
		t.want = MAX(t.want, MIN(l->seen[i], c->max));
	if (list_shows_failures(l))
		prefer_reason(l, i, width, &t);
	return t;
}

/* Cells of a state's column beyond what it needs. */
static int spare_of_state(const struct list *l, size_t i, const struct table_column *c)
{
	bool is = l->columns.items[i].field->type == FIELD_STATE;

	return is && !c->wide_only ? MAX(c->min - STATE_CELLS_LEAST, 0) : 0;
}

/* One long state takes no column from all rows where it has more than it needs to be known by. */
static void squeeze_states(const struct list *l, struct table_column *c, int width)
{
	int over = -width - LIST_GAP, spare = 0;

	for (size_t i = 0; i < l->columns.n; i++) {
		if (c[i].priority > PRIORITY_BEFORE_STATES || c[i].wide_only)
			continue;
		over += c[i].min + LIST_GAP;
		spare += spare_of_state(l, i, &c[i]);
	}
	for (size_t i = 0; over > 0 && over <= spare && i < l->columns.n; i++) {
		int less = MIN(over, spare_of_state(l, i, &c[i]));

		c[i].min -= less;
		over -= less;
	}
}

/* Names come first: their column is as wide as the longest of them, at the cost
 * of all others but state, age, time and money. A name beyond NAME_CELLS_CALM is
 * shown whole only where there is room to spare. */
static void lay_out(struct view *v, int cols, int *widths)
{
	const struct list *l = v->state;
	struct table_column c[TABLE_COLUMNS_MAX];
	int width = cols - LIST_GUTTER, kept = 0;

	assert(l->columns.n); /* every kind has a name */
	for (size_t i = 0; i < l->columns.n; i++) {
		c[i] = column_of(v, i, width);
		if (i && c[i].priority <= PRIORITY_BEFORE_NAMES && !c[i].wide_only)
			kept += c[i].min + LIST_GAP;
	}
	int longest = name_width(l, LIST_NAME_CELLS_MAX);
	c[0].max = c[0].want ? longest : MAX(longest, 32); /* jobs keep some room for those to come */
	c[0].want = MIN(c[0].want, longest);
	if (longest) /* else it is no text */
		c[0].min = MIN(c[0].min, MAX(longest, NAME_CELLS_LEAST));
	c[0].min = MAX(c[0].min, name_width(l, MIN(width - kept, NAME_CELLS_CALM)));
	squeeze_states(l, c, width);
	table_layout(c, l->columns.n, width, LIST_GAP, l->wide, widths);
}

/* --- cells --- */

static void cell_text(const struct view *v, const struct field_ref *ref, const struct resource *r, struct buf *out)
{
	const struct list *l = v->state;
	const struct field *f = ref->field;
	struct field_context x = {.session = view_session(v), .now_ms = ui_now_ms(v->ui)};
	char text[FIELD_VALUE_LEN];

	buf_clear(out);
	if (l->hooks->text && l->hooks->text(f, r, out))
		return;
	struct field_value value = field_get(ref, r, &x);
	if (f->type == FIELD_STATE)
		(void)buf_addf(out, "%s ", state_symbol(r));
	if (!value.known && !value.missing)
		(void)buf_adds(out, f->type == FIELD_TEXT || f->type == FIELD_TIME ? "" : "–");
	else if (value.known && (f->type == FIELD_SPARK || f->type == FIELD_VALUE))
		(void)buf_adds(out, field_value_text(text, value.number));
	else
		field_show(f, r, &value, FIELD_FOR_PEOPLE, out);
	if (f->type == FIELD_MACHINE && value.known && value.number > 1)
		(void)buf_addf(out, "×%.0f", value.number);
	if (f->type == FIELD_TIME && out->len > 16) { /* 2026-11-21T05:48:00Z */
		buf_truncate(out, 16);
		out->data[10] = ' ';
	}
}

static void put_cell(struct view *v, struct area a, int row, int col, int width, size_t i, const struct resource *r,
		     struct buf *text)
{
	struct list *l = v->state;
	const struct field *f = l->columns.items[i].field;

	if (l->hooks->cell && l->hooks->cell(v, a, row, col, width, f, r))
		return;
	cell_text(v, &l->columns.items[i], r, text);
	if (i == 0)
		area_put_middle(a, row, col, width, list_is_marked(l, r) ? ST_MARK : ST_NORMAL, buf_str(text));
	else if (f->type == FIELD_STATE)
		area_put_cut(a, row, col, width, state_style(r), buf_str(text));
	else if (f->type == FIELD_MACHINE)
		area_put_middle(a, row, col, width, resource_is_running(r) ? ST_NORMAL : ST_DIM, buf_str(text));
	else if (f->type == FIELD_LINK)
		area_put_middle(a, row, col, width, ST_DIM, buf_str(text));
	else
		table_put(a, row, col, width, is_number(f), f->type == FIELD_TIME ? ST_DIM : ST_NORMAL, buf_str(text));
}

static int cells_of(struct view *v, const struct field_ref *f, const struct resource *r, struct buf *text)
{
	const struct list *l = v->state;

	if (f->field->type == FIELD_SPARK)
		return l->hooks->cells ? l->hooks->cells(v, r) : 0;
	cell_text(v, f, r, text);
	return utf8_width(buf_str(text));
}

/* Widths that the rows on the screen want. They only grow, until the filter changes:
 * scrolling does not make columns jump back and forth. */
static void measure(struct view *v, size_t rows, struct buf *text)
{
	struct list *l = v->state;
	bool again = l->measured.built != l->built || ui_now_ms(v->ui) - l->measured.at_ms >= 1000;
	size_t from = again ? 0 : l->measured.top, to = again ? 0 : from + l->measured.n;

	l->measured.at_ms = again ? ui_now_ms(v->ui) : l->measured.at_ms;
	l->measured.built = l->built;
	l->measured.top = l->table.top;
	l->measured.n = rows;
	for (size_t at = l->table.top; at < l->n && at < l->table.top + rows; at++) {
		if ((at >= from && at < to) || list_group_at(l, at))
			continue;
		for (size_t i = 1; i < l->columns.n; i++) {
			const struct field_ref *f = &l->columns.items[i];

			bool reason = list_shows_failures(l) && str_eq(f->field->name, "reason");
			if (f->field->type == FIELD_TEXT && !reason)
				continue;
			int cells = cells_of(v, f, l->rows[at], text);
			l->seen[i] = (short)MAX(l->seen[i], MIN(cells, 400));
		}
	}
}

static void draw_headings(struct view *v, struct area a, const int *widths, struct buf *text)
{
	const struct list *l = v->state;
	int col = LIST_GUTTER;

	for (size_t i = 0; i < l->columns.n; i++) {
		if (!widths[i])
			continue;
		AUTO(str) char *word = field_ref_text(&l->columns.items[i]);

		table_put(a, 0, col, widths[i], is_number(l->columns.items[i].field), ST_HEADING,
			  heading_of(v, i, text));
		area_spot(a, 0, col, widths[i], SPOT_SORT, 0, word);
		col += widths[i] + LIST_GAP;
	}
}

static void draw_row(struct view *v, struct area a, int line, const int *widths, size_t at, struct buf *text)
{
	const struct list *l = v->state;
	const struct resource *r = l->rows[at];
	const struct group *one = list_group_at(l, at);
	int col = LIST_GUTTER;

	if (list_row_is_marked(l, at))
		area_put(a, line, 0, ST_MARK, "+");
	else if (!one && l->hooks->alarms && l->hooks->alarms(v, r))
		area_put(a, line, 0, ST_WARN, "!");
	if (one)
		list_groups_draw_row(v, a, line, widths, one);
	for (size_t i = 0; !one && i < l->columns.n; i++) {
		if (!widths[i])
			continue;
		put_cell(v, a, line, col, widths[i], i, r, text);
		col += widths[i] + LIST_GAP;
	}
	if (at == l->table.selected)
		table_mark(a, line);
	table_spot(&l->table, a, line, at);
}

/* Once, of those that were chosen. */
static void tell_left_out(struct view *v, const int *widths)
{
	struct list *l = v->state;
	AUTO(buf) struct buf names = BUF_INIT(BUF_MAX_TEXT);
	char title[FIELD_HEADING_LEN];

	for (size_t i = l->n_usual - l->n_new; i < l->n_usual; i++)
		if (!widths[i])
			(void)buf_addf(&names, "%s%s", names.len ? ", " : "",
				       field_heading(&l->columns.items[i], title));
	l->n_new = 0;
	if (names.len)
		ui_notice(v->ui, NOTICE_WARNING, "no room here for %s: %s takes others out", buf_str(&names),
			  KEY_OF(THINGS, COLUMNS));
}

void list_draw(struct view *v, struct area a)
{
	struct list *l = v->state;
	int widths[TABLE_COLUMNS_MAX], headings = a.rows > 2;
	AUTO(buf) struct buf text = BUF_INIT(65536); /* of one cell after the other */

	if (!l->n) {
		if (!l->build) /* that there is nothing is not known before */
			l->hooks->empty(v, a);
		return;
	}
	table_settle(&l->table, a.rows - headings);
	measure(v, (size_t)(a.rows - headings), &text);
	lay_out(v, a.cols, widths);
	tell_left_out(v, widths);
	if (headings && !list_groups_draw_headings(v, a, widths[0]))
		draw_headings(v, a, widths, &text);
	list_remember(l);
	if (list_groups_are_old(v))
		list_rebuild(v);
	for (int line = headings; line < a.rows && l->table.top + (size_t)(line - headings) < l->n; line++)
		draw_row(v, a, line, widths, l->table.top + (size_t)(line - headings), &text);
}
