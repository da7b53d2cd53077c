/* list.c - which rows a list has, in what order, and what its keys do. */
#include "tui/list.h"

#include <assert.h>

#include "base/timefmt.h"
#include "base/utf8.h"
#include "model/groups.h"
#include "tui/list_draw.h"

static struct list *list_of(const struct view *v)
{
	return v->state;
}

static const struct resources *things(const struct view *v)
{
	return &ui_session(v->ui)->tables[list_of(v)->kind->id];
}

void list_choose_order(struct list *l, const char *text)
{
	free(l->sort.key);
	l->reverse = false;
	l->sort = list_usual_order(l->kind);
	if (!text || field_ref_parse(l->kind, text + (*text == '-' || *text == '+'), &l->sort, NULL) < 0)
		return;
	bool usually_descending = !(l->sort.field->flags & FIELD_ASCENDING);

	l->reverse = usually_descending != (*text == '-');
}

void list_open(struct view *v, const struct kind *kind, const char *parent, const struct list_hooks *hooks)
{
	struct list *l = list_of(v);

	l->kind = v->rows = kind;
	l->parent = xstrdup(parent);
	l->hooks = hooks;
	list_choose_columns(l, ui_columns_of(v->ui, kind));
	list_choose_order(l, ui_order_of(v->ui, kind));
	l->stale = true;
	list_want_cold(v);
}

void list_close(struct view *v)
{
	struct list *l = list_of(v);

	list_groups_free(l);
	free(l->rows);
	field_list_done(&l->columns);
	free(l->sort.key);
	query_free(l->query);
	free(l->parent);
	free(l->filter);
	free(l->filter_before);
	free(l->selected);
	free(l->awaited);
	free(l->last_mark);
	map_done(&l->marks);
}

uint64_t list_generation(struct view *v)
{
	return things(v)->generation * 2 + list_of(v)->stale;
}

/* --- rows --- */

bool list_descending(const struct list *l)
{
	return !(l->sort.field->flags & FIELD_ASCENDING) != l->reverse;
}

bool list_passes(const struct list *l, const struct resource *r, const struct field_context *x)
{
	return (!l->faults || r->state == STATE_BAD) && (!l->query || query_match(l->query, r, x));
}

/* How wide the name stands there. */
static int name_cells(const struct list *l, const struct resource *r, const struct field_context *x)
{
	AUTO(buf) struct buf text = BUF_INIT(BUF_MAX_TEXT);

	if (l->hooks->text && l->hooks->text(l->columns.items[0].field, r, &text))
		return utf8_width(buf_str(&text));
	return utf8_width(str_or(field_get(&l->columns.items[0], r, x).text, ""));
}

static void build_rows(struct view *v)
{
	struct list *l = list_of(v);
	const struct resources *t = things(v);
	struct field_context x = {.session = ui_session(v->ui), .now_ms = ui_now_ms(v->ui)};

	l->n = l->n_all = l->n_bad = 0;
	l->hidden_known = false;
	GROW(l->rows, l->cap, t->n);
	for (size_t i = 0; i < t->n; i++) {
		const struct resource *r = t->items[i];
		if (l->parent && !str_eq(r->parent, l->parent))
			continue;
		l->n_all++;
		if (!list_passes(l, r, &x))
			continue;
		l->n_bad += r->state == STATE_BAD;
		l->newest_ms = MAX(l->newest_ms, r->created_ms);
		l->rows[l->n++] = (struct list_row){.item = r, .value = field_get(&l->sort, r, &x)};
		l->name_widths |= 1ull << MIN(name_cells(l, r, &x), LIST_NAME_CELLS_MAX);
	}
	field_order(l->rows, l->n, sizeof(*l->rows), l->sort.field, list_descending(l));
	l->table.n = l->n_things = l->n;
	if (l->groups)
		list_groups_build(v);
}

long list_find(const struct list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->rows[i].item->name, name))
			return (long)i;
	return -1;
}

const struct resource *list_selected(const struct list *l)
{
	return l->table.selected < l->n ? l->rows[l->table.selected].item : NULL;
}

void list_remember(struct list *l)
{
	const struct resource *r = list_selected(l);

	if (r && !str_eq(l->selected, r->name))
		str_set(&l->selected, r->name);
}

/* Why there is nothing: a value that no thing has. */
static void find_vain(struct view *v)
{
	struct list *l = list_of(v);
	struct field_context x = {.session = ui_session(v->ui), .now_ms = ui_now_ms(v->ui)};

	l->vain = l->query && !l->n && !things(v)->partial ? query_vain_term(l->query, things(v), &x) : NULL;
}

void list_pin(struct list *l)
{
	long at = !l->pinned && l->selected ? list_find(l, l->selected) : -1;

	if (at >= 0)
		l->table.selected = (size_t)at;
	l->pinned = true;
}

/* Build the rows again. The selected thing stays selected and, where the list is
 * scrolled, on the same line of the screen; without having been chosen, the first is. */
void list_update(struct view *v)
{
	struct list *l = list_of(v);
	size_t line = l->table.selected - l->table.top;

	if (!l->stale && l->built == things(v)->generation && l->sort.field->type != FIELD_SPARK)
		return; /* only a curve has grown */
	l->built = things(v)->generation;
	build_rows(v);
	list_invite_guests(l);
	find_vain(v);
	l->stale = false;
	if (l->awaited && list_find(l, l->awaited) >= 0) {
		free(l->selected);
		l->selected = TAKE(l->awaited);
		l->pinned = true;
	}
	if (!l->pinned) {
		l->table.selected = l->table.top = 0;
		return;
	}
	long at = l->selected ? list_find(l, l->selected) : -1;
	if (at >= 0) {
		bool scrolled = l->table.top > 0;
		l->table.selected = (size_t)at;
		if (scrolled)
			l->table.top = (size_t)at > line ? (size_t)at - line : 0;
	} else if (l->table.selected >= l->n) { /* keys may come before the next painting */
		l->table.selected = l->n ? l->n - 1 : 0;
	}
}

void list_rebuild(struct view *v)
{
	struct list *l = list_of(v);

	l->stale = true;
	memset(&l->measured, 0, sizeof(l->measured)); /* other rows stand there now */
	ui_redraw(v->ui);
}

/* --- title and status --- */

static void count_text(const struct view *v, struct buf *out)
{
	const struct list *l = list_of(v);
	const struct resources *t = things(v);
	bool filtered = l->query || l->faults;
	size_t n = l->parent ? l->n_all : t->n, all = l->parent ? l->n_all : MAX(t->n, t->total_hint);
	const char *more = t->complete || l->parent ? "" : "+";
	char shown[32], of[32];

	jobtext_count(of, all);
	jobtext_count(shown, filtered ? l->n_things : n);
	if (filtered || n < all)
		(void)buf_addf(out, "%s of %s%s", shown, of, more);
	else
		(void)buf_addf(out, "%s%s", shown, t->n ? more : "");
}

/* Rows above the screen that were not there when the first row was last seen. */
static size_t count_above(struct list *l)
{
	size_t top = MIN(l->table.top, l->table.selected); /* where it will be drawn */

	if (top == 0)
		l->seen_ms = l->newest_ms;
	if (top == 0 || l->newest_ms <= l->seen_ms)
		return l->above.n = 0;
	if (l->above.top == top && l->above.built == l->built)
		return l->above.n;
	l->above.n = 0;
	l->above.top = top;
	l->above.built = l->built;
	for (size_t i = 0; i < top && i < l->n; i++)
		l->above.n += !l->rows[i].group && l->rows[i].item->created_ms > l->seen_ms;
	return l->above.n;
}

char *list_sort_word(char *buf, const struct field_ref *f)
{
	field_heading(f, buf);
	str_lower(buf);
	return buf;
}

void list_title(struct view *v, const char *what, struct buf *left, struct buf *right)
{
	struct list *l = list_of(v);
	char word[FIELD_HEADING_LEN], words[GROUPS_WORDS_LEN];

	(void)buf_addf(left, "%s ", what);
	count_text(v, left);
	if (l->parent)
		(void)buf_addf(left, " · of %s", l->parent);
	if (l->faults)
		(void)buf_adds(left, " · only failed");
	if (l->filter)
		(void)buf_addf(left, " · %s", l->filter);
	if (l->groups)
		(void)buf_addf(left, " · %zu group%s by %s", list_groups_count(l), list_groups_count(l) == 1 ? "" : "s",
			       list_groups_words(l, words));
	(void)buf_addf(left, " · by %s", list_sort_word(word, &l->sort));
	if (l->marks.n)
		(void)buf_addf(right, "%zu marked", l->marks.n);
	if (count_above(l))
		(void)buf_addf(right, "%s↑ %zu new", right->len ? " · " : "", l->above.n);
}

void list_status(struct view *v, struct buf *left, struct buf *right)
{
	const struct list *l = list_of(v);
	const struct resources *t = things(v);
	char at[32], of[32], age[TIMEFMT_LEN], hidden[64];

	if (l->marks.n) {
		list_hidden_text(v, hidden, sizeof(hidden));
		if (hidden[0])
			(void)buf_adds(left, hidden);
		else
			(void)buf_addf(left, "%zu marked", l->marks.n);
		if (l->hooks->marked)
			l->hooks->marked(v, left);
	}
	if (t->synced_ms != TIME_UNKNOWN) {
		int64_t ms = MAX(0, ui_now_ms(v->ui) - t->synced_ms);
		if (ms < 1000)
			(void)buf_adds(right, "now");
		else
			(void)buf_addf(right, "%s ago", timefmt_age(age, ms));
	} else if (t->n) {
		(void)buf_adds(right, "as last seen");
	}
	if (l->n)
		(void)buf_addf(right, "%s%s of %s", right->len ? " · " : "", jobtext_count(at, l->table.selected + 1),
			       jobtext_count(of, l->n));
}

/* --- order and filter --- */

static void set_sort(struct view *v, const struct field_ref *f)
{
	struct list *l = list_of(v);
	bool same = l->sort.field == f->field && str_eq(l->sort.key, f->key);
	char *key = xstrdup(f->key); /* f may be the order's own */

	l->reverse = same && !l->reverse;
	free(l->sort.key);
	l->sort = (struct field_ref){f->field, key};
	if (f->field->flags & FIELD_COLD)
		ui_want_columns(v, l->kind, &(struct field_list){.items = &l->sort, .n = 1});
	l->pinned = false; /* to the first row of the new order */
	list_rebuild(v);
}

/* By the word of a heading, else by the name of a field. */
int list_sort(struct view *v, const char *text, struct err *err)
{
	struct list *l = list_of(v);
	struct field_ref ref;
	char word[FIELD_HEADING_LEN];

	for (size_t i = 0; i < l->columns.n; i++)
		if (str_ieq(text, list_sort_word(word, &l->columns.items[i]))) {
			set_sort(v, &l->columns.items[i]);
			return 0;
		}
	if (str_empty(text))
		return err_set(err, ERR_USAGE, "sort by which column? Tab behind :sort lists them");
	if (field_ref_parse(l->kind, text, &ref, err) < 0)
		return -err->code;
	set_sort(v, &ref);
	free(ref.key);
	return 0;
}

static void sort_by_next(struct view *v, int by)
{
	struct list *l = list_of(v);
	size_t n = l->wide ? l->n_own : l->n_usual, at = 0;

	while (at < n &&
	       (l->columns.items[at].field != l->sort.field || !str_eq(l->columns.items[at].key, l->sort.key)))
		at++;
	assert(n); /* every kind has a column */
	set_sort(v, &l->columns.items[(at + n + (size_t)(by + (int)n)) % n]);
}

bool list_key(struct view *v, int key)
{
	for (const struct field *f = list_of(v)->kind->fields; f->name; f++)
		if (f->key && keyc_parse(f->key) == key) {
			set_sort(v, &(struct field_ref){.field = f});
			return true;
		}
	return false;
}

void list_forget_widths(struct list *l)
{
	l->name_widths = 0;
	memset(l->seen, 0, sizeof(l->seen));
}

/* Takes the text over as the filter; a faulty one leaves the old and sets err. */
int list_filter(struct view *v, const char *text, struct err *err)
{
	struct list *l = list_of(v);
	AUTO(field_list) struct field_list cold = {0};
	struct query *q = NULL;

	if (!str_empty(text)) {
		int rc = query_parse(l->kind, text, &q, err);
		if (rc < 0)
			return rc;
		query_cold_fields(q, &cold);
		if (cold.n)
			ui_want_columns(v, l->kind, &cold);
	}
	query_free(l->query);
	l->query = q;
	l->vain = NULL;
	str_set(&l->filter, q ? text : NULL);
	list_forget_widths(l);
	list_rebuild(v);
	return 0;
}

static void filter_changed(struct view *v, const char *text, struct err *err)
{
	(void)!list_filter(v, text, err);
}

static void filter_done(struct view *v, const char *text)
{
	struct err err = {0};

	if (list_filter(v, text ? text : str_or(list_of(v)->filter_before, ""), &err) < 0)
		ui_notice(v->ui, NOTICE_WARNING, "%s", err.msg);
}

static void ask_filter(struct view *v)
{
	static const struct prompt_ops ops = {PROMPT_FILTER, filter_changed, filter_done};
	struct list *l = list_of(v);

	str_set(&l->filter_before, l->filter);
	ui_prompt(v, &ops, l->filter);
}

/* --- keys --- */

static bool go_back(struct view *v)
{
	struct list *l = list_of(v);

	if (l->query || l->faults) {
		l->faults = false;
		(void)!list_filter(v, "", NULL);
		return true;
	}
	return l->marks.n && list_mark_action(v, ACT_UNMARK);
}

static bool move(struct list *l, enum action a)
{
	bool was_pinned = l->pinned;

	list_pin(l);
	if (!table_action(&l->table, a)) {
		l->pinned = was_pinned;
		return false;
	}
	l->pinned = a != ACT_TOP;
	str_set(&l->awaited, NULL); /* the user goes elsewhere */
	list_remember(l);
	return true;
}

bool list_action(struct view *v, enum action a)
{
	struct list *l = list_of(v);

	if (move(l, a) || list_mark_action(v, a) || (l->kind == TRAINING_KIND && list_groups_action(v, a)))
		return true;
	switch (a) {
	case ACT_SORT_NEXT:
	case ACT_SORT_PREVIOUS:
		sort_by_next(v, a == ACT_SORT_NEXT ? 1 : -1);
		return true;
	case ACT_SORT_REVERSE:
		set_sort(v, &l->sort);
		return true;
	case ACT_FILTER:
		ask_filter(v);
		return true;
	case ACT_FAULTS:
		l->faults = !l->faults;
		list_forget_widths(l);
		list_rebuild(v);
		return true;
	case ACT_WIDE:
		l->wide = !l->wide;
		return true;
	case ACT_COLUMNS:
		ui_push(v->ui, VIEW_CHOOSER, NULL);
		return true;
	case ACT_BACK:
		return go_back(v);
	default:
		return false;
	}
}

const char *list_neighbour(struct view *v, const char *name, int by)
{
	struct list *l = list_of(v);
	long from = list_find(l, name), at = from + by;

	while (from >= 0 && at >= 0 && (size_t)at < l->n && l->rows[at].group)
		at += by;
	if (from < 0 || at < 0 || (size_t)at >= l->n)
		return NULL;
	str_set(&l->selected, l->rows[at].item->name);
	l->table.selected = (size_t)at;
	l->pinned = true;
	return l->rows[at].item->name;
}

void list_await(struct view *v, const char *name)
{
	struct list *l = list_of(v);

	str_set(&l->awaited, name);
	l->stale = true;
}

const char *list_beside(struct view *v, const char *name)
{
	const struct list *l = list_of(v);
	long at = list_find(l, name);

	if (at < 0 || l->n < 2)
		return NULL;
	if ((size_t)at + 1 < l->n && !l->rows[at + 1].group)
		return l->rows[at + 1].item->name;
	return at > 0 && !l->rows[at - 1].group ? l->rows[at - 1].item->name : NULL;
}
