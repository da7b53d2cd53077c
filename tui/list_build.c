/* list_build.c - the rows of a list: chosen by its filter and put in order a few milliseconds
 * at a time, between keys; and a few things that changed, put among rows that stand. */
#include "base/clock.h"
#include "base/utf8.h"
#include "tui/list_draw.h"

#define LOOKS 64 /* at so many things between two looks at the clock */

/* Rows that are being made. The old ones stay until these are whole. */
struct list_build {
	struct field_order *order;    /* NULL: they are in order */
	const struct resource **rows; /* in order, to be grouped */
	size_t n_rows;
	size_t next;	    /* thing of the table */
	struct heard heard; /* as it began */
	struct field_context x;
	size_t n_all, n_bad;
	int64_t newest_ms;
	uint64_t name_widths;
	struct query_vain vain;
};

static const struct resources *things(const struct view *v)
{
	const struct list *l = v->state;

	return &view_session(v)->tables[l->kind->id];
}

static struct heard heard_now(const struct resources *t)
{
	return (struct heard){.generation = t->generation, .changes = t->n_changes, .gone = t->n_gone};
}

bool list_lets_through(const struct query *q, bool only_failed, const struct resource *r, const struct field_context *x)
{
	return (!only_failed || r->state == STATE_BAD) && (!q || query_match(q, r, x));
}

bool list_passes(const struct list *l, const struct resource *r, const struct field_context *x)
{
	return list_lets_through(l->query, l->faults, r, x);
}

/* A bit for how wide the name stands there. */
static uint64_t name_cells(const struct list *l, const struct resource *r, const struct field_context *x)
{
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);
	int cells;

	if (l->hooks->text && l->hooks->text(l->columns.items[0].field, r, &text))
		cells = utf8_width(buf_str(&text));
	else
		cells = utf8_width(str_or(field_get(&l->columns.items[0], r, x).text, ""));
	return 1ull << MIN(cells, LIST_NAME_CELLS_MAX);
}

/* --- all rows ---------------------------------------------------------------------------- */

void list_build_cancel(struct list *l)
{
	if (!l->build)
		return;
	field_order_free(l->build->order);
	free(l->build->rows);
	free(TAKE(l->build));
	list_groups_cancel(l);
}

void list_build_begin(struct view *v)
{
	struct list *l = v->state;

	list_build_cancel(l);
	l->build = NEW(struct list_build);
	l->build->order = field_order_new(l->sort.field, list_descending(l));
	l->build->heard = heard_now(things(v));
	l->build->x = (struct field_context){.session = view_session(v), .now_ms = ui_now_ms(v->ui)};
}

/* What it has borrowed is still there: a thing that is gone, or a text that has changed, is not. */
bool list_build_stands(const struct view *v)
{
	const struct list *l = v->state;
	const struct list_build *b = l->build;
	const struct resources *t = things(v);

	bool borrows = (b->order && field_order_has_texts(b->order)) || list_groups_borrow(l);

	return b->heard.gone == t->n_gone && (b->heard.generation == t->generation || !borrows);
}

static void look_at(struct list *l, const struct resource *r)
{
	struct list_build *b = l->build;

	if (l->parent && !str_eq(r->parent, l->parent))
		return;
	b->n_all++;
	if (!list_passes(l, r, &b->x))
		return;
	struct field_value value = field_get(&l->sort, r, &b->x);

	b->n_bad += r->state == STATE_BAD;
	b->newest_ms = MAX(b->newest_ms, r->created_ms);
	b->name_widths |= name_cells(l, r, &b->x);
	field_order_add(b->order, r, &value);
}

static bool choose(struct list *l, const struct resources *t, int64_t until_us)
{
	struct list_build *b = l->build;

	while (b->next < t->n) {
		if (until_us != FIELD_ORDER_AT_ONCE && clock_mono_us() >= until_us)
			return false;
		for (size_t end = MIN(b->next + LOOKS, t->n); b->next < end; b->next++)
			look_at(l, t->items[b->next]);
	}
	return true;
}

/* Why there is nothing: a value that no thing has. */
static bool find_vain(struct list *l, const struct resources *t, int64_t until_us)
{
	struct list_build *b = l->build;

	if (!l->query || field_order_count(b->order) || t->partial)
		return true;
	while (!query_vain_turn(l->query, t, &b->x, &b->vain, LOOKS))
		if (until_us != FIELD_ORDER_AT_ONCE && clock_mono_us() >= until_us)
			return false;
	return true;
}

static void adopt(struct view *v)
{
	struct list *l = v->state;
	struct list_build *b = l->build;

	free(l->rows);
	l->rows = TAKE(b->rows);
	l->n = l->cap = b->n_rows;
	l->table.n = l->n_things = l->n;
	l->n_all = b->n_all;
	l->n_bad = b->n_bad;
	l->newest_ms = MAX(l->newest_ms, b->newest_ms);
	if (l->other_widths)
		memset(l->seen, 0, sizeof(l->seen));
	l->name_widths = b->name_widths | (l->other_widths ? 0 : l->name_widths);
	l->other_widths = false;
	l->hidden_known = false;
	l->vain = b->vain.word;
	l->heard = b->heard;
	l->whole = true;
	l->built++;
	memset(&l->measured, 0, sizeof(l->measured)); /* other rows stand there now */
	list_groups_adopt(l);
	list_build_cancel(l);
	list_invite_guests(l);
	list_place_cursor(v);
	ui_redraw(v->ui);
}

bool list_build_turn(struct view *v, int64_t until_us)
{
	struct list *l = v->state;
	struct list_build *b = l->build;

	if (b->order) {
		if (!choose(l, things(v), until_us) || !find_vain(l, things(v), until_us) ||
		    !field_order_turn(b->order, until_us))
			return false;
		b->rows = field_order_take(b->order, &b->n_rows);
		field_order_free(TAKE(b->order));
	}
	if (!list_groups_turn(v, b->rows, b->n_rows, until_us))
		return false;
	adopt(v);
	return true;
}

/* --- a few of them ------------------------------------------------------------------------- */

#define MARKS 65536 /* bits; most rows are told from what has changed by one of them */

struct changed {
	struct resource_change items[RESOURCES_CHANGES_MAX]; /* by address, each once */
	size_t n;
	uint64_t marks[MARKS / 64];
};

static size_t mark_of(const struct resource *r)
{
	return (size_t)(((uintptr_t)r * 0x9e3779b97f4a7c15ull) >> 32) % MARKS;
}

static int by_address(const void *pa, const void *pb)
{
	const struct resource_change *a = pa, *b = pb;
	uintptr_t x = (uintptr_t)a->item, y = (uintptr_t)b->item;

	return x != y ? (x > y) - (x < y) : (a->at > b->at) - (a->at < b->at);
}

/* Of each thing the last that happened, or of those that are gone only. False where they are too many. */
static bool find_changed(const struct resources *t, uint64_t since, bool only_gone, struct changed *ret)
{
	size_t n;

	if (!resources_changes(t, since, ret->items, &n))
		return false;
	qsort(ret->items, n, sizeof(*ret->items), by_address);
	for (size_t i = 0; i < n; i++) {
		if ((i + 1 < n && ret->items[i + 1].item == ret->items[i].item) || (only_gone && !ret->items[i].gone))
			continue;
		ret->items[ret->n++] = ret->items[i];
		ret->marks[mark_of(ret->items[i].item) / 64] |= 1ull << mark_of(ret->items[i].item) % 64;
	}
	return true;
}

static bool has_changed(const struct changed *c, const struct resource *r)
{
	size_t low = 0, high = c->n;

	if (!(c->marks[mark_of(r) / 64] >> mark_of(r) % 64 & 1))
		return false;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if ((uintptr_t)c->items[middle].item < (uintptr_t)r)
			low = middle + 1;
		else
			high = middle;
	}
	return low < c->n && c->items[low].item == r;
}

/* Without a look at them: some may be gone. */
static void drop_rows(struct list *l, const struct changed *c)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (!has_changed(c, l->rows[i]))
			l->rows[n++] = l->rows[i];
	l->n = n;
}

/* Where it belongs among the first n rows. */
static size_t place_of(const struct list *l, size_t n, const struct resource *r, const struct field_context *x)
{
	struct field_value value = field_get(&l->sort, r, x);
	size_t low = 0;

	while (low < n) {
		size_t middle = (low + n) / 2;
		struct field_value other = field_get(&l->sort, l->rows[middle], x);

		if (field_order_compare(l->sort.field, list_descending(l), l->rows[middle], &other, r, &value) < 0)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}

static void insert_rows(struct list *l, const struct changed *c, const struct field_context *x)
{
	AUTO(field_order) struct field_order *order = field_order_new(l->sort.field, list_descending(l));
	size_t n_new, n = l->n;

	for (size_t i = 0; i < c->n; i++) {
		const struct resource *r = c->items[i].item;

		if (c->items[i].gone)
			continue;
		struct field_value value = field_get(&l->sort, r, x);

		field_order_add(order, r, &value);
		l->newest_ms = MAX(l->newest_ms, r->created_ms);
		l->name_widths |= name_cells(l, r, x);
	}
	(void)field_order_turn(order, FIELD_ORDER_AT_ONCE);
	const struct resource **fresh = field_order_take(order, &n_new);

	GROW(l->rows, l->cap, n + n_new);
	l->n = n + n_new;
	while (n_new) { /* from the end, so that each row moves once */
		size_t at = place_of(l, n, fresh[n_new - 1], x);

		memmove(&l->rows[at + n_new], &l->rows[at], (n - at) * sizeof(*l->rows));
		n_new--;
		l->rows[at + n_new] = fresh[n_new];
		n = at;
	}
	free(fresh);
}

/* Whether its values, or what the list leaves out, change though no thing does. */
static bool moves_by_itself(const struct list *l, const struct resources *t)
{
	switch (l->sort.field->type) {
	case FIELD_TEXT:
	case FIELD_STATE:
	case FIELD_MACHINE:
	case FIELD_LINK:
	case FIELD_FLAG:
	case FIELD_TIME:
	case FIELD_AGE:
		break;
	case FIELD_SPARK:
		return true;
	default: /* what runs takes longer and costs more */
		if (t->n_running)
			return true;
	}
	return l->query || l->faults || l->parent || l->grouping || (l->sort.field->flags & FIELD_LINKED);
}

bool list_merge_changes(struct view *v)
{
	struct list *l = v->state;
	const struct resources *t = things(v);
	struct field_context x = {.session = view_session(v), .now_ms = ui_now_ms(v->ui)};

	/* Generations that no thing has changed with: of prices, or of a column. */
	if (!l->whole || moves_by_itself(l, t) ||
	    t->generation - l->heard.generation != t->n_changes - l->heard.changes)
		return false;
	struct changed *c = NEW(struct changed);
	bool few = find_changed(t, l->heard.changes, false, c);

	if (few) {
		drop_rows(l, c);
		insert_rows(l, c, &x);
		l->table.n = l->n_things = l->n;
		l->n_all = t->n;
		l->hidden_known = false;
		l->heard = heard_now(t);
		l->built++;
		list_place_cursor(v);
	}
	free(c);
	return few;
}

/* Rows of what is gone are not looked at again. */
void list_hear_of_gone(struct view *v)
{
	struct list *l = v->state;
	const struct resources *t = things(v);

	if (!l->whole || l->heard.gone == t->n_gone)
		return;
	struct changed *c = NEW(struct changed);

	if (!l->groups && !l->grouping && find_changed(t, l->heard.changes, true, c)) {
		drop_rows(l, c);
	} else { /* which, nobody knows */
		list_groups_lose(l);
		l->n = 0;
		l->whole = false;
	}
	l->table.n = l->n_things = l->n;
	l->heard.gone = t->n_gone;
	l->built++;
	free(c);
}
