/* list_marks.c - the marked things of a list, also those that the filter hides, and what
 * is done with them. */
#include "tui/list_draw.h"
#include "tui/thing.h"

static struct list *list_of(const struct view *v)
{
	return v->state;
}

static void mark(struct list *l, const struct resource *r, bool on)
{
	AUTO(buf) struct buf buf = BUF_INIT(BUF_MAX_TEXT);
	const char *name = list_name_of(l, r, &buf);

	if (on)
		(void)map_put(&l->marks, name, l);
	else
		(void)map_remove(&l->marks, name);
	l->hidden_known = false;
}

/* What a row stands for: a group for all of its jobs. */
static void mark_row(struct list *l, size_t row, bool on)
{
	size_t n = 0;
	const struct group *one = list_group_at(l, row);
	const struct resource *const *members = one ? list_members(l, one, &n) : NULL;

	for (size_t i = 0; i < n; i++)
		mark(l, members[i], on);
	if (!one)
		mark(l, l->rows[row], on);
}

bool list_is_marked(const struct list *l, const struct resource *r)
{
	AUTO(buf) struct buf name = BUF_INIT(BUF_MAX_TEXT);

	return l->marks.n && map_get(&l->marks, list_name_of(l, r, &name));
}

bool list_row_is_marked(const struct list *l, size_t row)
{
	size_t n = 0;
	const struct group *one = list_group_at(l, row);
	const struct resource *const *members = one ? list_members(l, one, &n) : NULL;

	for (size_t i = 0; i < n; i++)
		if (!list_is_marked(l, members[i]))
			return false;
	return one || list_is_marked(l, l->rows[row]);
}

static void mark_selected(struct view *v)
{
	struct list *l = list_of(v);
	const struct resource *r;
	AUTO(buf) struct buf name = BUF_INIT(BUF_MAX_TEXT);

	list_pin(v);
	r = list_selected(l);
	if (!r)
		return;
	mark_row(l, l->table.selected, !list_row_is_marked(l, l->table.selected));
	str_set(&l->last_mark, list_name_of(l, r, &name));
	table_action(&l->table, ACT_DOWN);
	list_remember(l);
}

static void mark_range(struct view *v)
{
	struct list *l = list_of(v);
	long from = l->last_mark ? list_find(v, l->last_mark) : -1;
	AUTO(buf) struct buf name = BUF_INIT(BUF_MAX_TEXT);

	if (!l->n)
		return;
	list_pin(v);
	size_t to = l->table.selected;
	size_t first = from < 0 ? to : MIN((size_t)from, to), last = from < 0 ? to : MAX((size_t)from, to);
	for (size_t i = first; i <= last; i++) /* what stands below an unfolded group counts by itself */
		if (!list_group_at(l, i) || i == last || list_group_at(l, i + 1))
			mark_row(l, i, true);
	str_set(&l->last_mark, list_name_of(l, l->rows[to], &name));
}

bool list_mark_action(struct view *v, enum action a)
{
	struct list *l = list_of(v);
	const struct resource *const *rows;
	size_t n;

	switch (a) {
	case ACT_MARK:
		mark_selected(v);
		return true;
	case ACT_MARK_RANGE:
		mark_range(v);
		return true;
	case ACT_MARK_ALL:
		list_settle(v); /* what the filter says, not what it said */
		rows = list_members(l, NULL, &n);
		for (size_t i = 0; i < n; i++)
			mark(l, rows[i], true);
		return true;
	case ACT_UNMARK:
		map_clear(&l->marks);
		l->hidden_known = false;
		return true;
	default:
		return false;
	}
}

/* Add (out not NULL) and count the marked ones that the filter leaves out. */
static size_t hidden(const struct view *v, struct strlist *out)
{
	const struct list *l = list_of(v);
	const struct resources *t = &view_session(v)->tables[l->kind->id];
	struct field_context x = {.session = view_session(v), .now_ms = ui_now_ms(v->ui)};
	size_t n = 0;
	const char *name;
	void *value;

	for (size_t i = 0; (l->query || l->faults) && map_next(&l->marks, &i, &name, &value);) {
		const struct resource *r = resources_find(t, name);

		if (!r || list_passes(l, r, &x))
			continue;
		n++;
		if (out)
			strlist_add(out, name);
	}
	return n;
}

void list_hidden_text(struct view *v, char *buf, size_t size)
{
	struct list *l = list_of(v);

	if (!l->hidden_known)
		l->n_hidden = hidden(v, NULL);
	l->hidden_known = true;
	buf[0] = '\0';
	if (l->n_hidden == l->marks.n && l->n_hidden)
		snprintf(buf, size, "%zu marked, hidden by the filter", l->n_hidden);
	else if (l->n_hidden)
		snprintf(buf, size, "%zu marked, %zu hidden by the filter", l->marks.n, l->n_hidden);
}

/* The marked things in the list's order, those that the filter hides behind them; else the one that is seen to be
 * selected, to which the cursor then keeps. */
static void chosen_names(struct view *v, struct strlist *out)
{
	struct list *l = list_of(v);
	AUTO(buf) struct buf name = BUF_INIT(BUF_MAX_TEXT);
	size_t n;
	const struct resource *const *rows = list_members(l, NULL, &n);

	for (size_t i = 0; l->marks.n && i < n; i++)
		if (list_is_marked(l, rows[i]))
			strlist_add(out, list_name_of(l, rows[i], &name));
	(void)hidden(v, out);
	list_pin(v);
	if (out->n || !list_selected(l))
		return;
	const struct group *one = list_group_at(l, l->table.selected);

	if (one)
		rows = list_members(l, one, &n);
	for (size_t i = 0; one && i < n; i++)
		strlist_add(out, list_name_of(l, rows[i], &name));
	if (!one)
		strlist_add(out, list_name_of(l, list_selected(l), &name));
}

const char *list_among(struct view *v)
{
	return list_of(v)->marks.n ? "the marked" : list_groups_selected(v) ? "the group" : "them";
}

bool list_thing_action(struct view *v, enum action a)
{
	AUTO(strlist) struct strlist names = {0};
	char text[64];

	if (!thing_is_action(a))
		return false;
	chosen_names(v, &names);
	const struct resource *r = list_selected(list_of(v));
	list_hidden_text(v, text, sizeof(text));
	if (text[0] && thing_takes_many(a))
		ui_notice(v->ui, NOTICE_INFO, "%s", text);
	return r && thing_action(v, a, r, &names);
}
