/* list_shape.c - how a list is looked at, as texts: filter, order, columns, groups. */
#include "model/groups.h"
#include "tui/list_draw.h"

void view_shape_done(struct view_shape *s)
{
	free(s->filter);
	free(s->order);
	free(s->columns);
	free(s->group);
	free(s->selected);
	memset(s, 0, sizeof(*s));
}

static char *order_text(const struct list *l)
{
	AUTO(str) char *word = field_ref_text(&l->sort);

	return xasprintf("%s%s", list_descending(l) ? "-" : "+", word);
}

static char *columns_text(const struct list *l)
{
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);

	for (size_t i = 0; i < l->n_usual; i++) {
		AUTO(str) char *word = field_ref_text(&l->columns.items[i]);

		(void)buf_addf(&text, "%s%s", i ? "," : "", word);
	}
	return xstrdup(buf_str(&text));
}

void list_shape(const struct view *v, struct view_shape *ret)
{
	const struct list *l = v->state;
	char words[GROUPS_WORDS_LEN];

	*ret = (struct view_shape){
		.filter = xstrdup(l->filter),
		.order = order_text(l),
		.columns = l->chosen ? columns_text(l) : NULL,
		.group = l->grouping ? xstrdup(list_groups_words(l, words)) : NULL,
		.faults = l->faults,
		.wide = l->wide,
		.selected = l->pinned ? xstrdup(l->selected) : NULL,
	};
}

const struct resource *list_current(struct view *v)
{
	const struct list *l = v->state;

	return l->groups && list_group_at(l, l->table.selected) ? NULL : list_selected(l);
}

/* Each text is one that the list would take. */
static int check(const struct kind *k, const struct view_shape *s, struct err *err)
{
	AUTO(field_list) struct field_list columns = {0};
	AUTO(query) struct query *q = NULL;
	struct field_ref order = {0};
	enum spend_by by;
	const char *tag;

	if (s->filter && query_parse(k, s->filter, &q, err) < 0)
		return -err->code;
	if (s->order && field_ref_parse(k, s->order + strspn(s->order, "+-"), &order, err) < 0)
		return -err->code;
	free(order.key);
	if (s->columns && field_list_parse(k, s->columns, false, &columns, err) < 0)
		return -err->code;
	if (s->group && groups_parse(s->group, &by, &tag, err) < 0)
		return -err->code;
	return 0;
}

int list_reshape(struct view *v, const struct view_shape *s, struct err *err)
{
	struct list *l = v->state;

	if (check(l->kind, s, err) < 0)
		return -err->code;
	l->faults = s->faults;
	l->wide = s->wide;
	list_choose_order(l, s->order);
	l->pinned = false; /* to the first row */
	if (list_filter(v, str_or(s->filter, ""), err) < 0 || list_columns(v, str_or(s->columns, ""), err) < 0)
		return -err->code;
	if (v->ops->group && v->ops->group(v, s->group, err) < 0)
		return -err->code;
	if (s->selected)
		list_await(v, s->selected);
	return 0;
}
