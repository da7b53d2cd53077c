/* list_marks.c - the marked things of a list, also those that the filter hides, and what
 * is done with them. */
#include "tui/list_draw.h"
#include "tui/thing.h"

static struct list *list_of(const struct view *v)
{
	return v->state;
}

static void mark(struct list *l, const char *name, bool on)
{
	if (on)
		(void)map_put(&l->marks, name, l);
	else
		(void)map_remove(&l->marks, name);
	l->hidden_known = false;
}

static void mark_selected(struct list *l)
{
	const struct resource *r;

	list_pin(l);
	r = list_selected(l);
	if (!r)
		return;
	mark(l, r->name, !map_get(&l->marks, r->name));
	str_set(&l->last_mark, r->name);
	table_action(&l->table, ACT_DOWN);
	list_remember(l);
}

static void mark_range(struct list *l)
{
	long from = l->last_mark ? list_find(l, l->last_mark) : -1;

	if (!l->n)
		return;
	list_pin(l);
	size_t to = l->table.selected;
	size_t first = from < 0 ? to : MIN((size_t)from, to), last = from < 0 ? to : MAX((size_t)from, to);
	for (size_t i = first; i <= last; i++)
		mark(l, l->rows[i].item->name, true);
	str_set(&l->last_mark, l->rows[to].item->name);
}

bool list_mark_action(struct view *v, enum action a)
{
	struct list *l = list_of(v);

	switch (a) {
	case ACT_MARK:
		mark_selected(l);
		return true;
	case ACT_MARK_RANGE:
		mark_range(l);
		return true;
	case ACT_MARK_ALL:
		for (size_t i = 0; i < l->n; i++)
			mark(l, l->rows[i].item->name, true);
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
	const struct resources *t = &ui_session(v->ui)->tables[l->kind->id];
	struct field_context x = {.session = ui_session(v->ui), .now_ms = ui_now_ms(v->ui)};
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
		snprintf(buf, size, "%zu marked, %zu of them hidden by the filter", l->marks.n, l->n_hidden);
}

void list_chosen(struct view *v, struct strlist *out)
{
	struct list *l = list_of(v);

	for (size_t i = 0; l->marks.n && i < l->n; i++)
		if (map_get(&l->marks, l->rows[i].item->name))
			strlist_add(out, l->rows[i].item->name);
	(void)hidden(v, out);
	list_pin(l);
	if (!out->n && list_selected(l))
		strlist_add(out, list_selected(l)->name);
}

bool list_thing_action(struct view *v, enum action a)
{
	AUTO(strlist) struct strlist names = {0};
	char text[64];

	if (!thing_is_action(a))
		return false;
	list_chosen(v, &names);
	const struct resource *r = list_selected(list_of(v));
	list_hidden_text(v, text, sizeof(text));
	if (text[0] && thing_takes_many(a))
		ui_notice(v->ui, NOTICE_INFO, "%s", text);
	return r && thing_action(v, a, r, &names);
}
